//! Groups within groups: everyone who is in one, and everything someone is in.

use super::{EDGES, Org};
use scimstack_store::{Anchor, Key, StoreError};
use std::collections::HashSet;

const MEMBERS: &str = "members";
/// Groups within groups, at most.
const DEPTH: usize = 32;

/// Someone, or a group, in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupMember {
    /// Who or what.
    pub key: Key,
    /// How they are shown.
    pub name: Option<String>,
    /// Whether they are active; groups are.
    pub active: bool,
    /// The group they are in: the one asked for, or one within it.
    pub of: Key,
}

/// A group that someone is in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Membership {
    /// The group.
    pub key: Key,
    /// Its name.
    pub name: Option<String>,
    /// Whether they are in it themself, and not only in a group within it.
    pub direct: bool,
}

impl Org {
    /// Who is in a group, its own members first, then those of the groups within it; each once, at most so many, and whether
    /// there are more. Groups within it are among them, the group itself is not.
    ///
    /// # Errors
    /// A store that cannot be reached.
    pub async fn members(&self, group: &Key, most: usize) -> Result<(Vec<GroupMember>, bool), StoreError> {
        let (mut found, mut seen) = (Vec::new(), HashSet::from([group.clone()]));
        let mut level = vec![group.clone()];
        for _ in 0..DEPTH {
            let mut within = Vec::new();
            let mut after = None;
            loop {
                let page = self.page(MEMBERS, Anchor::Sources(level.clone()), after, EDGES).await?;
                for edge in page.edges {
                    // Who is not here yet is in nothing.
                    let Some(key) = edge.target else { continue };
                    if !seen.insert(key.clone()) {
                        continue;
                    }
                    if found.len() >= most {
                        return Ok((found, true));
                    }
                    let (name, active) = edge.peer.map_or((None, None), |peer| (peer.display, peer.active));
                    if key.kind == edge.source.kind {
                        within.push(key.clone());
                    }
                    found.push(GroupMember { key, name, active: active != Some(false), of: edge.source });
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            if within.is_empty() {
                return Ok((found, false));
            }
            level = within;
        }
        Ok((found, true))
    }

    /// The groups someone is in, the nearest first; each once, at most so many, and whether there are more.
    ///
    /// # Errors
    /// A store that cannot be reached.
    pub async fn groups(&self, member: &Key, most: usize) -> Result<(Vec<Membership>, bool), StoreError> {
        let (mut found, mut seen) = (Vec::new(), HashSet::from([member.clone()]));
        let mut level = vec![member.clone()];
        for depth in 0..DEPTH {
            let mut above = Vec::new();
            let mut after = None;
            loop {
                let page = self.page(MEMBERS, Anchor::Targets(level.clone()), after, EDGES).await?;
                for edge in page.edges {
                    if !seen.insert(edge.source.clone()) {
                        continue;
                    }
                    if found.len() >= most {
                        return Ok((found, true));
                    }
                    let is_within = edge.peer.as_ref().is_none_or(|peer| peer.is_target);
                    if is_within {
                        above.push(edge.source.clone());
                    }
                    let name = edge.peer.and_then(|peer| peer.display);
                    found.push(Membership { key: edge.source, name, direct: depth == 0 });
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            if above.is_empty() {
                return Ok((found, false));
            }
            level = above;
        }
        Ok((found, true))
    }
}
