//! Reporting lines: whom a person reports to, who reports to a person, and everyone below.

use super::{MANAGERS, Org};
use bytes::Bytes;
use scimstack_store::{Anchor, Edge, Key, StoreError};
use std::collections::{HashMap, HashSet};

/// A person of a reporting line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// Who.
    pub key: Key,
    /// How they are shown.
    pub name: Option<String>,
    /// Whether they are active; nobody who is not is left out.
    pub active: bool,
}

/// A person's manager.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Manager {
    /// Nobody is named.
    None,
    /// This person.
    Known(Person),
    /// Someone who is not here, or several: named so, as it was sent.
    Waiting(String),
    /// The person themself, which counts as nobody.
    Themself,
}

/// Whom a person reports to, and whom these do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// The nearest first.
    pub people: Vec<Person>,
    /// Why it ends.
    pub end: LineEnd,
}

/// Why a line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineEnd {
    /// The last one has no manager.
    Top,
    /// The last one's manager is not here: named so.
    Waiting(String),
    /// The last one reports to this one, who is in the line already or began it.
    Circle(Key),
    /// It goes on.
    Cut,
}

/// A page of direct reports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reports {
    /// These, perhaps fewer than were asked for.
    pub people: Vec<Person>,
    /// Where to go on; `None` on the last page.
    pub next: Option<Bytes>,
}

/// Everyone below a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Below {
    /// Level by level: each person with the one they report to.
    pub levels: Vec<Vec<(Person, Key)>>,
    /// Whether there are more: further down, or because it was as many as asked for.
    pub more: bool,
}

/// The effective edge of a person, and by which relation.
type Chosen = HashMap<Key, (Edge, usize)>;

impl Org {
    /// The managers of people, in their order.
    ///
    /// # Errors
    /// A store that cannot be reached.
    pub async fn managers(&self, people: &[Key]) -> Result<Vec<Manager>, StoreError> {
        let mut chosen = self.chosen(people).await?;
        let mut manager = |key: &Key| chosen.remove(key).map_or(Manager::None, |(edge, _)| manager(edge));
        Ok(people.iter().map(&mut manager).collect())
    }

    /// The line upward, at most so many people.
    ///
    /// # Errors
    /// A store that cannot be reached.
    pub async fn line(&self, person: &Key, most: usize) -> Result<Line, StoreError> {
        let (mut people, mut seen) = (Vec::new(), HashSet::from([person.clone()]));
        let mut at = person.clone();
        loop {
            let found = self.managers(std::slice::from_ref(&at)).await?.pop().unwrap_or(Manager::None);
            let end = match found {
                Manager::Known(next) if !seen.insert(next.key.clone()) => LineEnd::Circle(next.key),
                Manager::Known(_) if people.len() >= most => LineEnd::Cut,
                Manager::Known(next) => {
                    at = next.key.clone();
                    people.push(next);
                    continue;
                }
                Manager::Waiting(raw) => LineEnd::Waiting(raw),
                Manager::None | Manager::Themself => LineEnd::Top,
            };
            return Ok(Line { people, end });
        }
    }

    /// Who reports to a person directly, a page of them.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`]; a store that cannot be reached.
    pub async fn reports(&self, person: &Key, after: Option<Bytes>, limit: usize) -> Result<Reports, StoreError> {
        let (at, after) = match after {
            None => (0, None),
            Some(cursor) => match cursor.split_first() {
                Some((&at, rest)) if usize::from(at) < MANAGERS.len() => {
                    (usize::from(at), Some(rest).filter(|rest| !rest.is_empty()).map(Bytes::copy_from_slice))
                }
                _ => return Err(StoreError::BadCursor),
            },
        };
        let Some(relation) = MANAGERS.get(at) else { return Err(StoreError::BadCursor) };
        let page = self.page(relation, Anchor::Targets(vec![person.clone()]), after, limit.max(1)).await?;
        let edges = self.effective(page.edges, at).await?;
        let people = edges.into_iter().map(|edge| report(edge).0).collect();
        let cursor = |at: usize, rest: &[u8]| {
            let at = u8::try_from(at).unwrap_or_default();
            Bytes::from([&[at], rest].concat())
        };
        let next = match page.next {
            Some(next) => Some(cursor(at, &next)),
            None if at + 1 < MANAGERS.len() => Some(cursor(at + 1, &[])),
            None => None,
        };
        Ok(Reports { people, next })
    }

    /// Everyone below a person, so many levels down and so many people in all.
    ///
    /// # Errors
    /// A store that cannot be reached.
    pub async fn below(&self, person: &Key, levels: usize, most: usize) -> Result<Below, StoreError> {
        let mut below = Below::default();
        let mut seen = HashSet::from([person.clone()]);
        let (mut level, mut left) = (vec![person.clone()], most);
        for _ in 0..levels {
            let mut found: Vec<(Person, Key)> = Vec::new();
            for (at, relation) in MANAGERS.iter().enumerate() {
                let (edges, more) = self.around(relation, &level, Anchor::Targets, left.saturating_add(1)).await?;
                below.more |= more;
                for edge in self.effective(edges, at).await? {
                    let (person, manager) = report(edge);
                    if seen.contains(&person.key) {
                        continue;
                    }
                    if left == 0 {
                        below.more = true;
                        break;
                    }
                    left -= 1;
                    seen.insert(person.key.clone());
                    found.push((person, manager));
                }
            }
            level = found.iter().map(|(person, _)| person.key.clone()).collect();
            if found.is_empty() {
                return Ok(below);
            }
            below.levels.push(found);
            if below.more {
                return Ok(below);
            }
        }
        // Whether anyone is below the last level.
        for relation in MANAGERS {
            let (edges, _) = self.around(relation, &level, Anchor::Targets, 1).await?;
            below.more |= edges.iter().any(|edge| !seen.contains(&edge.source));
        }
        Ok(below)
    }

    /// Of edges of a relation those that count: not those of somebody to themself, nor the weaker where the stronger names
    /// someone.
    pub(super) async fn effective(&self, edges: Vec<Edge>, at: usize) -> Result<Vec<Edge>, StoreError> {
        let mut edges = edges;
        edges.retain(|edge| edge.target.as_ref() != Some(&edge.source));
        if at == 0 || edges.is_empty() {
            return Ok(edges);
        }
        let sources: Vec<Key> = edges.iter().map(|edge| edge.source.clone()).collect();
        let chosen = self.chosen(&sources).await?;
        edges.retain(|edge| chosen.get(&edge.source).is_some_and(|(_, relation)| *relation == at));
        Ok(edges)
    }

    /// For each person the edge that counts: of the stronger relation that names someone, else the first that waits.
    pub(super) async fn chosen(&self, people: &[Key]) -> Result<Chosen, StoreError> {
        let mut chosen = Chosen::new();
        for (at, relation) in MANAGERS.iter().enumerate() {
            let (edges, _) = self.around(relation, people, Anchor::Sources, usize::MAX).await?;
            for edge in edges {
                let is_better = match chosen.get(&edge.source) {
                    None => true,
                    Some((known, _)) => known.target.is_none() && edge.target.is_some(),
                };
                if is_better {
                    chosen.insert(edge.source.clone(), (edge, at));
                }
            }
        }
        Ok(chosen)
    }
}

fn manager(edge: Edge) -> Manager {
    let Some(key) = edge.target else { return Manager::Waiting(edge.raw) };
    if key == edge.source {
        return Manager::Themself;
    }
    let (name, active) = edge.peer.map_or((None, None), |peer| (peer.display, peer.active));
    Manager::Known(Person { key, name, active: active != Some(false) })
}

/// The one who reports, and to whom.
fn report(edge: Edge) -> (Person, Key) {
    let (name, active) = edge.peer.map_or((None, None), |peer| (peer.display, peer.active));
    let manager = edge.target.unwrap_or_else(|| edge.source.clone());
    (Person { key: edge.source, name, active: active != Some(false) }, manager)
}
