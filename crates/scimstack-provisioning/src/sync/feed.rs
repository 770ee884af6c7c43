//! From a plan back to the source: the item of a change, made of its row, which is read once more.

use super::compare::hash;
use super::job::Item;
use super::links::{Link, Links};
use super::plan::{Action, Plan, wanted_hash};
use super::show::Change;
use scimstack_schema::Object;

/// The source says something else than it said when the plan was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {row} of the source is not what it was when the plan was made; make it again")]
#[non_exhaustive]
pub struct Stale {
    /// The row.
    pub row: u32,
}

impl Plan {
    /// The change of a row.
    #[must_use]
    pub fn change_of(&self, row: u32) -> Option<Change<'_>> {
        // Rows come in their order, and what has none comes after them.
        let at = self.steps.partition_point(|step| step.row.is_some_and(|other| other < row));
        let step = self.steps.get(at).filter(|step| step.row == Some(row))?;
        Some(Change::of(self, *step))
    }

    /// The changes that concern no row of the source.
    pub fn changes_without_row(&self) -> impl Iterator<Item = Change<'_>> {
        let at = self.steps.partition_point(|step| step.row.is_some());
        self.steps.get(at..).unwrap_or_default().iter().map(|&step| Change::of(self, step))
    }

    /// What is needed to carry out a change: of one with a row, that row; of groups, the people.
    ///
    /// # Errors
    /// The row is not what it was.
    pub fn item(&self, change: &Change<'_>, record: Option<&Object>, people: Option<&Links>) -> Result<Item, Stale> {
        let step = change.step;
        let id = change.id().map(str::to_owned);
        let endpoint = self.checked.endpoint().trim_start_matches('/');
        let Some(row) = step.row else {
            let name = format!("{endpoint} id {}", id.as_deref().unwrap_or_default());
            return Ok(Item {
                name,
                label: change.label().unwrap_or_default().to_owned(),
                row: None,
                action: step.action,
                id,
                desired: None,
                members: None,
                sent: Vec::new(),
                relinks: self.relinks,
                hash: step.hash,
                fingerprints: Vec::new(),
            });
        };
        let stale = Stale { row };
        let record = record.ok_or(stale)?;
        let mut desired = self.checked.desired(record).map_err(|_| stale)?;
        self.table.resolve(&self.checked, &mut desired);
        let mut scratch = Vec::new();
        let fingerprints = self.checked.wanted(&desired, &mut scratch);
        let names = people.filter(|_| self.checked.has_members()).map(|_| self.checked.members(record));
        let sum =
            names.iter().flatten().fold(0_u64, |sum, name| sum.wrapping_add(hash(name.to_lowercase().as_bytes())));
        if wanted_hash(&fingerprints, sum, &mut scratch) != step.hash {
            return Err(stale);
        }
        let members = people.zip(names).map(|(people, names)| {
            let known = names.iter().filter_map(|name| match people.find(name) {
                Link::Known(id) => Some(id.to_owned()),
                _ => None,
            });
            let mut ids: Vec<String> = known.collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        });
        Ok(Item {
            name: self.checked.item(&desired),
            label: self.checked.label(&desired),
            row: Some(row),
            action: if id.is_none() { Action::Create } else { Action::Update },
            id,
            fingerprints: self.checked.prints(&desired, &mut scratch),
            desired: Some(desired),
            members,
            sent: Vec::new(),
            relinks: self.relinks,
            hash: step.hash,
        })
    }
}
