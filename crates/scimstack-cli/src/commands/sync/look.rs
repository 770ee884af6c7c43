//! What is to be done: the target is read, then the table, and neither is kept.

use super::are_listed;
use super::source::Source;
use crate::failure::Result;
use crate::progress::Progress;
use futures_util::stream::{StreamExt as _, iter};
use scimstack_client::{Client, ListQuery};
use scimstack_provisioning::sync::{Checked, Ledger, Links, MembersShown, Plan, PlanOptions, Planner, TargetProfile};
use scimstack_schema::{Object, Value};
use std::sync::Arc;

/// A table, and what it becomes.
pub(super) struct Side {
    pub(super) source: Source,
    pub(super) checked: Arc<Checked>,
}

/// A table, and what has to be done for it.
pub(super) struct Planned {
    pub(super) source: Source,
    pub(super) plan: Plan,
}

impl Planned {
    /// `Users` or `Groups`.
    pub(super) fn kind(&self) -> &str {
        self.plan.checked().endpoint().trim_start_matches('/')
    }
}

/// What has to be done for people.
pub(super) async fn people(
    client: &Client,
    profile: &TargetProfile,
    side: Side,
    options: PlanOptions,
    scope: Option<&str>,
) -> Result<Planned> {
    let mut planner = Planner::new(side.checked.clone(), options);
    let mut query = ListQuery::default();
    query.filter = scope.map(str::to_owned);
    target(client, profile, &side.checked, query, &mut planner).await?;
    Ok(Planned { plan: source(&side.source, planner, None)?, source: side.source })
}

/// What has to be done for groups.
pub(super) async fn groups(
    client: &Client,
    profile: &TargetProfile,
    side: Side,
    options: PlanOptions,
    people: Option<&Links>,
    ledger: &Ledger,
) -> Result<Planned> {
    let mut planner = Planner::new(side.checked.clone(), options);
    let mut query = ListQuery::default();
    let moves = side.checked.has_members();
    if !moves || !are_listed(profile) {
        query.projection.excluded.push("members".to_owned());
    }
    let shown = target(client, profile, &side.checked, query, &mut planner).await?;
    if moves {
        members(client, profile, &side.checked, &shown, ledger, &mut planner).await?;
    }
    Ok(Planned { plan: source(&side.source, planner, people)?, source: side.source })
}

/// Shows the planner everything there is; the numbers and ids.
async fn target(
    client: &Client,
    profile: &TargetProfile,
    checked: &Checked,
    mut query: ListQuery,
    planner: &mut Planner,
) -> Result<Vec<(u32, String)>> {
    query.count = Some(profile.page);
    let progress = Progress::new(None, "read from the target");
    let mut all = client.endpoint::<Object>(checked.endpoint()).all(query);
    let mut found = Vec::new();
    let keeps = checked.has_members() && !are_listed(profile);
    while let Some(document) = all.next().await {
        let document = document?;
        let at = planner.handle_target(&document);
        if let (true, Some(at), Some(id)) = (keeps, at, document.get("id").and_then(Value::as_str)) {
            found.push((at, id.to_owned()));
        }
        progress.add(1);
    }
    Ok(found)
}

/// The members of groups that are not in the list: each group is read, or what was sent is taken for it.
async fn members(
    client: &Client,
    profile: &TargetProfile,
    checked: &Checked,
    shown: &[(u32, String)],
    ledger: &Ledger,
    planner: &mut Planner,
) -> Result {
    match profile.members {
        MembersShown::Listed => {}
        MembersShown::Never => {
            let sent = ledger.sent_members();
            for (at, id) in shown {
                planner.handle_members(*at, sent.get(id.as_str()).into_iter().flatten().copied());
            }
        }
        MembersShown::Read => {
            let endpoint = client.endpoint::<Object>(checked.endpoint());
            let read = |(at, id): &(u32, String)| {
                let (endpoint, at, id) = (endpoint.clone(), *at, id.clone());
                async move { (at, endpoint.get(&id).await) }
            };
            let progress = Progress::new(Some(shown.len() as u64), "groups read");
            let mut reading = iter(shown.iter().map(read)).buffer_unordered(profile.concurrency);
            while let Some((at, group)) = reading.next().await {
                match group {
                    Ok(group) => {
                        let list = group.get("members").and_then(Value::as_array).unwrap_or_default();
                        planner.handle_members(at, list.iter().filter_map(|one| one.get("value")?.as_str()));
                    }
                    // It went away in between.
                    Err(error) if error.status() == Some(404) => {}
                    Err(error) => return Err(error.into()),
                }
                progress.add(1);
            }
        }
    }
    Ok(())
}

fn source(source: &Source, mut planner: Planner, people: Option<&Links>) -> Result<Plan> {
    for row in source.rows()? {
        let (line, row) = row?;
        planner.handle_source(line, &row, people);
    }
    Ok(planner.finish())
}
