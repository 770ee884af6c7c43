//! Asks the lifecycle, with the facts it wants, and turns what it accepts into operations.

use super::call::{Call, Loaded};
use super::failure::Outcome;
use bytes::Bytes;
use scimstack_protocol::{Accept, Before, Change, Counts, Decision, Effect, Facts, FactsWanted, ScimError};
use scimstack_schema::{Object, Resource, ResourceType, Timestamp, Value};
use scimstack_store::plan::unique_attribute;
use scimstack_store::record::normalize_name;
use scimstack_store::{Anchor, EdgeQuery, Key, Name, Op, Record, plan};
use std::collections::HashSet;

/// The topic of effects.
pub const OUTBOX_TOPIC: &str = "outbox";

/// Reports counted, at most.
const MOST_REPORTS: usize = 1_000;

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
) -> Outcome<Accept> {
    let decide = &call.engine.decide;
    let policy = &call.principal.connection.policy;
    let mut facts = Facts::new(resource_type, policy, &call.principal.tenant.policy, call.now);
    facts.before = before.map(seen);
    facts.conflict = conflict.map(seen);
    if let Some(before) = before {
        facts.counts = counts(call, decide.wants(change), &before.stored.key).await?;
    }
    match decide.decide(change, &facts) {
        Decision::Accept(accept) => Ok(accept),
        Decision::Refuse(error) => Err(error.into()),
        Decision::Hold { retry_after, reason } => {
            call.engine.admin.hold(call.principal.tenant.id, &policy.name, &reason).await?;
            let detail = format!(
                "This change waits for an administrator: {reason} It can be released in the administration console; \
                 until then send it again later."
            );
            Err(ScimError::new(429, detail).with_retry_after(retry_after).into())
        }
        _ => Err(super::failure::internal().into()),
    }
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

/// The effects as events.
pub(crate) fn effects(call: &Call<'_>, accept: &Accept, key: &Key, name: Option<&str>) -> Vec<Op> {
    events(&accept.effects, key, name, call.now)
}

/// [`effects`], without a request.
pub(crate) fn events(effects: &[Effect], key: &Key, name: Option<&str>, now: Timestamp) -> Vec<Op> {
    let event = |effect: &Effect| {
        let id = effect.id.replace("{id}", key.id.as_str());
        let mut payload = Object::new();
        payload.insert("id", id.as_str());
        payload.insert("kind", effect.kind.as_str());
        payload.insert("resourceType", key.kind.as_str());
        payload.insert("resourceId", key.id.as_str());
        if let Some(name) = name {
            payload.insert("userName", name);
        }
        payload.insert("text", effect.text.as_str());
        payload.insert("at", now.to_string());
        Op::Emit {
            topic: OUTBOX_TOPIC.to_owned(),
            id,
            key: Some(key.clone()),
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
pub(crate) fn record(resource: &Resource, accept: &Accept, created: Timestamp, modified: Timestamp) -> Record {
    let mut record = plan::record(resource, Bytes::from(accept.private.clone()), created, modified);
    let key = scimstack_schema::ReferenceKey::UserName;
    let former = accept.former_user_names.iter().map(|name| Name { key, value: normalize_name(key, name) });
    record.names.extend(former);
    record.names.sort();
    record.names.dedup();
    record
}
