//! What was planned, done: people first, then groups, each row read once more.

use super::look::Planned;
use super::source::Rows;
use crate::failure::{Failure, Result, usage};
use crate::output;
use crate::progress::Progress;
use scimstack_client::connector::sync::{self, Journal, Steps, SyncError};
use scimstack_client::{BoxError, Client, Timer as _, TokioTimer};
use scimstack_provisioning::sync::{Deed, Item, Ledger, Links, Outcome, Run, Settled, TargetProfile};
use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::Arc;

/// How many there were of each.
#[derive(Debug, Default)]
pub(super) struct Sum {
    /// By the word for what was done.
    pub(super) done: BTreeMap<&'static str, u64>,
    pub(super) aside: u64,
}

impl Sum {
    /// Whether somebody was made.
    pub(super) fn made(&self) -> bool {
        self.done.contains_key(Deed::Created.as_str())
    }

    pub(super) fn add(&mut self, other: Self) {
        for (word, count) in other.done {
            *self.done.entry(word).or_default() += count;
        }
        // Who is set aside twice is one.
        self.aside = self.aside.max(other.aside);
    }
}

/// Carries out everything.
pub(super) async fn all(
    client: &Client,
    profile: &TargetProfile,
    people: Option<&Planned>,
    groups: Option<&Planned>,
    links: Option<Links>,
    ledger: Arc<Ledger>,
    journal: &mut dyn Journal,
) -> Result<Sum> {
    let (mut sum, mut links) = (Sum::default(), links);
    if let Some(planned) = people {
        let made = one(client, profile, planned, None, ledger.clone(), journal, &mut sum).await?;
        if let Some(links) = &mut links {
            made.iter().for_each(|(row, id)| links.handle_made(*row, id));
        }
    }
    if let Some(planned) = groups {
        one(client, profile, planned, links.as_ref(), ledger, journal, &mut sum).await?;
    }
    Ok(sum)
}

/// Carries out one plan; the resources that its rows have come to.
async fn one(
    client: &Client,
    profile: &TargetProfile,
    planned: &Planned,
    links: Option<&Links>,
    ledger: Arc<Ledger>,
    journal: &mut dyn Journal,
    sum: &mut Sum,
) -> Result<Vec<(u32, String)>> {
    if planned.plan.is_empty() {
        return Ok(Vec::new());
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any number will do")]
    let seed = (TokioTimer.chance() * 1e18) as u64;
    let mut run = Run::new(&planned.plan, profile.clone(), seed).with_ledger(ledger);
    let count = planned.plan.changes().count() as u64;
    let mut feed = Feed {
        planned,
        links,
        rows: Some(planned.source.rows()?),
        rest: planned
            .plan
            .changes_without_row()
            .map(|change| planned.plan.item(&change, None, None))
            .collect::<Vec<_>>()
            .into_iter(),
        progress: Progress::new(Some(count), if links.is_some() { "groups" } else { "done" }),
        sum,
        made: Vec::new(),
    };
    let ended = Box::pin(sync::run(client, &TokioTimer, &mut run, journal, &mut feed)).await;
    ended.map_err(failed)?;
    Ok(feed.made)
}

struct Feed<'a> {
    planned: &'a Planned,
    links: Option<&'a Links>,
    rows: Option<Rows>,
    rest: std::vec::IntoIter<std::result::Result<Item, scimstack_provisioning::sync::Stale>>,
    progress: Progress,
    sum: &'a mut Sum,
    made: Vec<(u32, String)>,
}

impl Steps for Feed<'_> {
    fn item(&mut self) -> std::result::Result<Option<Item>, BoxError> {
        let plan = &self.planned.plan;
        while let Some(rows) = &mut self.rows {
            match rows.next() {
                Some(Ok((line, row))) => {
                    if let Some(change) = plan.change_of(line) {
                        return Ok(Some(plan.item(&change, Some(&row), self.links)?));
                    }
                }
                Some(Err(failure)) => return Err(failure.to_string().into()),
                None => self.rows = None,
            }
        }
        Ok(self.rest.next().transpose()?)
    }

    fn settled(&mut self, settled: Settled) {
        self.progress.add(1);
        let made = match &settled.outcome {
            Outcome::Done(deed) => {
                *self.sum.done.entry(deed.as_str()).or_default() += 1;
                !matches!(deed, Deed::Deleted | Deed::Gone)
            }
            Outcome::DoneBefore => {
                *self.sum.done.entry("done before").or_default() += 1;
                true
            }
            Outcome::Aside { failure, still, .. } => {
                self.sum.aside += 1;
                let (name, label) = (self.planned.source.name(), output::plain(&settled.label));
                let at = settled.row.map(|row| format!("{name}: line {row}: ")).unwrap_or_default();
                let still = if *still { "is still set aside: " } else { "" };
                self.progress.say(&format!("scim: {at}{label}: {still}{}", output::plain(&failure.to_string())));
                false
            }
            _ => false,
        };
        if let (true, Some(row), Some(id)) = (made, settled.row, settled.id) {
            self.made.push((row, id));
        }
    }
}

fn failed(error: SyncError) -> Failure {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let text = format!("{error}{cause}; what was done is done, and the same command goes on");
    match &error {
        SyncError::Stopped(failure) => match failure.status {
            Some(401) => Failure::Closed(text),
            Some(403) => Failure::No(text),
            _ => Failure::Unreachable(text),
        },
        _ => usage(text),
    }
}
