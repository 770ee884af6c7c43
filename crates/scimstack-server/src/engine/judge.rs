//! Asks the lifecycle, with the facts it wants, and turns what it accepts into operations.

use super::call::{Call, Loaded};
use super::commit;
use super::failure::Outcome;
use super::reminders;
use super::turn::Turn;
use bytes::Bytes;
use scimstack_protocol::{
    Accept, Before, Change, Counts, Decision, Effect, Facts, FactsWanted, Hold, ManagerKey, ScimError,
};
use scimstack_schema::{Object, Resource, ResourceType, Timestamp, Value};
use scimstack_store::plan::unique_attribute;
use scimstack_store::record::normalize_name;
use scimstack_store::{Anchor, EdgeQuery, Key, Name, Op, Record, ReferenceRule, plan};
use std::collections::HashSet;
use std::ops::Deref;
use std::sync::Arc;

/// The topic of effects.
pub const OUTBOX_TOPIC: &str = "outbox";

/// The relation that a connection may have keys of its own for.
const MANAGER: &str = "manager";

/// Reports counted, at most.
const MOST_REPORTS: usize = 1_000;

/// What the lifecycle accepted, to be committed while nobody else of this process has the connection's state.
pub(crate) struct Verdict {
    accept: Accept,
    turn: Option<Turn>,
    /// By which keys a manager is named.
    pub(crate) manager_by: Vec<ManagerKey>,
}

impl Deref for Verdict {
    type Target = Accept;

    fn deref(&self) -> &Accept {
        &self.accept
    }
}

/// Judges a change.
///
/// # Errors
/// The lifecycle's refusal; 429 when it waits for an administrator.
pub(crate) async fn judge(
    call: &Call<'_>,
    change: &Change<'_>,
    resource_type: &ResourceType,
    before: Option<&Loaded>,
    conflict: Option<&Loaded>,
) -> Outcome<Verdict> {
    let decide = &call.engine.decide;
    let policy = &call.principal.connection.policy;
    let about = before.or(conflict);
    let wanted = if about.is_some() { decide.wants(change) } else { FactsWanted::default() };
    let counts = match about {
        Some(about) => counts(call, wanted, &about.stored.key).await?,
        None => Counts::default(),
    };
    for _ in 0..call.limits().attempts {
        let turn = match wanted.connection_state && policy.max_deactivations > 0 {
            true => Some(Turn::take(call).await?),
            false => None,
        };
        let mut facts = Facts::new(resource_type, policy, &call.principal.tenant.policy, call.now);
        facts.before = before.map(seen);
        facts.conflict = conflict.map(seen);
        facts.counts = counts;
        facts.application = call.principal.is_application();
        facts.connection_state = turn.as_ref().map(|turn| &*turn.state).unwrap_or_default();
        match decide.decide(change, &facts) {
            Decision::Accept(accept) => {
                let manager_by = match about {
                    // Whom a connection's person reports to is said in that connection's words, whoever writes.
                    Some(about) if facts.application => {
                        call.engine.policy_of(call.principal.tenant.id, &about.stored.private).await?.manager_by
                    }
                    _ => policy.manager_by.clone(),
                };
                return Ok(Verdict { accept, turn, manager_by });
            }
            Decision::Refuse(error) => return Err(error.into()),
            Decision::Hold(hold) => {
                if put_on_hold(call, turn.as_ref(), &hold).await? {
                    let detail = format!(
                        "This change waits for an administrator: {} It can be released in the administration console; \
                         until then send it again later.",
                        hold.reason
                    );
                    return Err(ScimError::new(429, detail).with_retry_after(hold.retry_after).into());
                }
            }
            _ => return Err(super::failure::internal().into()),
        }
    }
    Err(super::failure::busy().into())
}

/// Puts the connection on hold, once; `false` when someone else has written its state meanwhile.
async fn put_on_hold(call: &Call<'_>, turn: Option<&Turn>, hold: &Hold) -> Outcome<bool> {
    if let (Some(turn), Some(state)) = (turn, &hold.connection_state) {
        let mut ops = vec![turn.write(state, call.now)];
        ops.extend(emitted(&hold.effects, None, Some(&call.principal.connection.policy.name), None, call.now));
        if !commit::held(call, ops).await? {
            return Ok(false);
        }
    }
    let (tenant, connection) = (call.principal.tenant.id, &call.principal.connection.policy.name);
    let made = call.engine.admin.hold_anew(tenant, connection, &hold.reason).await?;
    if let (Some(id), Some(turn)) = (made, turn)
        && !turn.is_kept(call).await?
    {
        // It was released between the look and the hold.
        call.engine.admin.end_hold(&id).await?;
    }
    Ok(true)
}

fn seen(loaded: &Loaded) -> Before<'_> {
    Before { id: loaded.stored.key.id.as_str(), resource: &loaded.resource, private: &loaded.stored.private }
}

async fn counts(call: &Call<'_>, wanted: FactsWanted, key: &Key) -> Outcome<Counts> {
    let mut counts = Counts::default();
    if wanted.reports {
        let mut reports = HashSet::new();
        for relation in ["manager", "managerExternalId"] {
            let query = EdgeQuery {
                relation: relation.to_owned(),
                anchor: Anchor::Targets(vec![key.clone()]),
                pending: false,
                peer: false,
                values: true,
                after: None,
                limit: MOST_REPORTS,
            };
            let page = call.store().edges(call.scope(), &query).await?;
            reports.extend(page.edges.into_iter().map(|edge| edge.source).filter(|source| source != key));
        }
        counts.reports = reports.len() as u64;
    }
    Ok(counts)
}

/// What is committed beside an accepted change: the effects as events, the connection's state, a reminder.
///
/// # Errors
/// A store that cannot be asked.
pub(crate) async fn effects(call: &Call<'_>, verdict: &Verdict, key: &Key, name: Option<&str>) -> Outcome<Vec<Op>> {
    let mut ops = events(&verdict.effects, key, name, call.now);
    if let (Some(turn), Some(state)) = (&verdict.turn, &verdict.connection_state) {
        ops.push(turn.write(state, call.now));
    }
    if let Some(at) = verdict.remind {
        ops.push(reminders::set(&**call.store(), call.scope(), key, at, call.now).await?);
    }
    Ok(ops)
}

/// Effects about a resource as events.
pub(crate) fn events(effects: &[Effect], key: &Key, name: Option<&str>, now: Timestamp) -> Vec<Op> {
    emitted(effects, Some(key), None, name, now)
}

fn emitted(
    effects: &[Effect],
    key: Option<&Key>,
    connection: Option<&str>,
    name: Option<&str>,
    now: Timestamp,
) -> Vec<Op> {
    let event = |effect: &Effect| {
        let id = key.map_or_else(|| effect.id.clone(), |key| effect.id.replace("{id}", key.id.as_str()));
        let mut payload = Object::new();
        payload.insert("id", id.as_str());
        payload.insert("kind", effect.kind.as_str());
        if let Some(key) = key {
            payload.insert("resourceType", key.kind.as_str());
            payload.insert("resourceId", key.id.as_str());
        }
        if let Some(connection) = connection {
            payload.insert("connection", connection);
        }
        if let Some(name) = name {
            payload.insert("userName", name);
        }
        payload.insert("text", effect.text.as_str());
        payload.insert("at", now.to_string());
        Op::Emit {
            topic: OUTBOX_TOPIC.to_owned(),
            id,
            key: key.cloned(),
            payload: Value::Object(payload).to_bytes().into(),
        }
    };
    effects.iter().map(event).collect()
}

/// How people call a resource: its unique name (`userName`), else `displayName`.
pub(crate) fn name(resource: &Resource) -> Option<&str> {
    let unique = unique_attribute(resource.resource_type()).and_then(|a| resource.root().get(&a.name));
    unique.or_else(|| resource.root().get("displayName"))?.as_str()
}

/// What is stored of an accepted resource.
pub(crate) fn record(
    resource: &Resource,
    accept: &Accept,
    manager_by: &[ManagerKey],
    created: Timestamp,
    modified: Timestamp,
) -> Record {
    let mut record = plan::record(resource, Bytes::from(accept.private.clone()), created, modified);
    if !manager_by.is_empty() {
        for reference in record.references.iter_mut().filter(|reference| reference.rule.relation == MANAGER) {
            let rule = ReferenceRule {
                keys: manager_by.iter().map(|key| (*key).into()).collect(),
                ..(*reference.rule).clone()
            };
            reference.rule = Arc::new(rule);
        }
    }
    let key = scimstack_schema::ReferenceKey::UserName;
    let former = accept.former_user_names.iter().map(|name| Name { key, value: normalize_name(key, name) });
    record.names.extend(former);
    record.names.sort();
    record.names.dedup();
    record
}
