//! Random histories: what must hold whatever happens, and the comparison with the store in memory.
//!
//! The world is small (five users, three groups, few names), so that names clash, references wait, find and lose their
//! targets, and changesets are refused all the time.

use crate::check::{Check, Need};
use crate::people::Dice;
use crate::world::{
    Broken, Outcome, World, add, broken, delete, draft, draft_with, emit, ensure, group, member, relate, remove,
    replace, same, tenant, user,
};
use scimstack_schema::{ReferenceKey, Value};
use scimstack_store::{
    Anchor, ChangeKind, ChangeSet, Edge, EdgeChange, EdgeDraft, EdgeStep, Expect, FeedQuery, FeedScope, Key,
    MemoryStore, Op, StoreError, Stored, Version,
};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

const ALL: &[Need] = &[Need::Atomic, Need::Feed, Need::Edges];

pub(super) const CHECKS: &[Check] = &[
    check!("whatever happens, versions, edges and names are in order", ALL, invariants),
    check!("whatever happens, it is as in the store in memory", ALL, as_in_memory),
];

/// How many histories, and of how many changesets.
const HISTORIES: u32 = 8;
const STEPS: usize = 60;

const NAMES: [&str; 9] = ["ann", "Ann", "bob", "CLEO", "dan", "u1", "finn", "Hal", "one@x.test"];
const EXTERNAL: [&str; 4] = ["E-1", "E-2", "u0", "ann"];
const EMAILS: [&str; 2] = ["one@x.test", "two@x.test"];
const RAWS: [&str; 14] =
    ["u0", "u1", "u2", "g0", "g1", "ann", "BOB", "cleo", "E-1", "E-2", "one@x.test", "TWO@x.test", "nobody", "dan"];

fn user_document(dice: &mut Dice, id: &str) -> String {
    let mut document = format!(r#"{{"id":"{id}","userName":"{}","displayName":"{id}""#, dice.pick(&NAMES));
    if dice.below(2) == 0 {
        document.push_str(&format!(r#","externalId":"{}""#, dice.pick(&EXTERNAL)));
    }
    if dice.below(3) == 0 {
        document.push_str(&format!(r#","emails":[{{"value":"{}"}}]"#, dice.pick(&EMAILS)));
    }
    if dice.below(2) == 0 {
        let raw = dice.pick(&RAWS);
        document.push_str(&format!(
            r#","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"manager":{{"value":"{raw}"}}}}"#
        ));
    }
    document.push('}');
    document
}

/// Mostly an id of those that are there, or of those that are not.
fn choose(dice: &mut Dice, all: &[&str], there: &[Key], wanted: bool) -> String {
    let fitting = |id: &&&str| there.iter().any(|key| key.id.as_str() == **id) == wanted;
    let fitting: Vec<&str> = all.iter().filter(fitting).copied().collect();
    let from = if fitting.is_empty() || dice.below(12) == 0 { all } else { &fitting };
    dice.pick(from).to_owned()
}

fn operation(world: &World, dice: &mut Dice, there: &[Key]) -> Result<Op, Broken> {
    const USERS: [&str; 5] = ["u0", "u1", "u2", "u3", "u4"];
    const GROUPS: [&str; 3] = ["g0", "g1", "g2"];
    let (id, team) = (choose(dice, &USERS, there, true), choose(dice, &GROUPS, there, true));
    let (one, other) = (dice.pick(&RAWS), dice.pick(&RAWS));
    let step = |step| relate(&team, EdgeChange { replace: None, steps: vec![step] });
    Ok(match dice.below(20) {
        0..4 => {
            let id = choose(dice, &USERS, there, false);
            world.user_of(&id, &user_document(dice, &id))?
        }
        4..7 => replace(user(&id), world.record("User", &user_document(dice, &id))?),
        7 => {
            let (record, version) =
                (world.record("User", &user_document(dice, &id))?, Version(1 + dice.below(3) as u64));
            Op::Replace { key: user(&id), expect: Expect::Version(version), record }
        }
        8 => delete(user(&id)),
        9 | 10 => world.group(&choose(dice, &GROUPS, there, false), "A group")?,
        11 if dice.below(3) == 0 => delete(group(&team)),
        11 | 12 => {
            let drafts = (0..dice.below(5)).map(|_| draft(dice.pick(&RAWS))).collect();
            relate(&team, EdgeChange { replace: Some(drafts), steps: Vec::new() })
        }
        13 => {
            let replace = Some(vec![draft_with(one, r#"{"display":"x"}"#), draft(other)]);
            relate(&team, EdgeChange { replace, steps: vec![EdgeStep::Remove(member(dice.pick(&RAWS)))] })
        }
        14 | 15 => add(&team, &[one]),
        16 => add(&team, &[one, other]),
        17 => remove(&team, &[one]),
        18 => step(EdgeStep::Add(EdgeDraft { must_exist: true, ..draft(&id) })),
        _ => emit("outbox", &format!("e{}", dice.below(6))),
    })
}

async fn changeset(world: &World, dice: &mut Dice) -> Result<ChangeSet, Broken> {
    let there: Vec<Key> = records(world).await?.into_keys().collect();
    let more = if dice.below(3) == 0 { dice.below(3) } else { 0 };
    let ops = (0..=more).map(|_| operation(world, dice, &there)).collect::<Result<_, _>>()?;
    let mut changes = world.changes(ops);
    if dice.below(8) == 0 {
        changes.idempotency_key = Some(format!("key{}", dice.below(8)));
    }
    Ok(changes)
}

async fn records(world: &World) -> Result<BTreeMap<Key, Stored>, Broken> {
    let mut all = world.matching("User", None).await?.items;
    all.extend(world.matching("Group", None).await?.items);
    Ok(all.into_iter().map(|stored| (stored.key.clone(), stored)).collect())
}

async fn invariants(world: World) -> Outcome {
    for seed in 0..HISTORIES {
        let world = world.at(tenant(1_000 + seed));
        let mut dice = Dice::new(u64::from(seed));
        for step in 0..STEPS {
            let changes = changeset(&world, &mut dice).await?;
            let told = format!("history {seed}, step {step}, {:?}", changes.ops);
            let _ = world.store.commit(world.scope, changes).await;
            in_order(&world).await.map_err(|e| broken(format!("{}; after {told}", e.0)))?;
        }
        feed_in_order(&world).await.map_err(|e| broken(format!("{}; after history {seed}", e.0)))?;
    }
    Ok(())
}

/// What must hold of the records and edges of a scope.
async fn in_order(world: &World) -> Outcome {
    let records = records(world).await?;
    let mut names: Vec<_> =
        records.values().filter_map(|stored| Some(stored.core.unique.as_deref()?.to_lowercase())).collect();
    let given = names.len();
    names.sort_unstable();
    names.dedup();
    same("the number of different user names", names.len(), given)?;
    for relation in ["members", "manager"] {
        let edges = world.edges(relation, Anchor::All).await?;
        let is_members = relation == "members";
        for edge in &edges {
            ensure(&format!("the source of {edge:?} is there"), records.contains_key(&edge.source))?;
            match &edge.target {
                Some(target) => ensure(&format!("the target of {edge:?} is there"), records.contains_key(target))?,
                None => {
                    let answer = answer(&records, &edge.raw, is_members);
                    ensure(&format!("{edge:?} waits, though {answer:?} answers"), answer.len() != 1)?;
                }
            }
            let twins = edges.iter().filter(|other| other.source == edge.source && is_same(other, edge)).count();
            same(&format!("the number of edges like {edge:?}"), twins, 1)?;
        }
        for (key, stored) in records.iter().filter(|_| is_members) {
            let count = edges.iter().filter(|edge| edge.source == *key).count() as u64;
            same(&format!("the number of edges of {key}"), stored.edge_count, count)?;
        }
    }
    Ok(())
}

fn is_same(one: &Edge, other: &Edge) -> bool {
    one.target == other.target && (one.target.is_some() || one.raw == other.raw)
}

/// Who answers to a raw value by the first key by which anybody does.
fn answer<'a>(records: &'a BTreeMap<Key, Stored>, raw: &str, is_members: bool) -> Vec<&'a Key> {
    let email = |stored: &Stored| {
        let emails = Value::parse(&stored.doc).ok().and_then(|document| document.get("emails").cloned());
        emails.is_some_and(|emails| emails.to_string().to_lowercase().contains(&format!("\"{}\"", raw.to_lowercase())))
    };
    let keys = [ReferenceKey::Id, ReferenceKey::UserName, ReferenceKey::ExternalId, ReferenceKey::Email];
    let answers = |stored: &Stored, by: ReferenceKey| match by {
        ReferenceKey::Id => stored.key.id.as_str() == raw,
        ReferenceKey::UserName => stored.core.unique.as_deref() == Some(&raw.to_lowercase()),
        ReferenceKey::ExternalId => stored.core.external_id.as_deref() == Some(raw),
        ReferenceKey::Email => !is_members && email(stored),
    };
    let meant = || records.iter().filter(|(key, _)| is_members || key.kind.as_str() == "User");
    let by = |by| meant().filter(|(_, stored)| answers(stored, by)).map(|(key, _)| key).collect::<Vec<_>>();
    keys.into_iter().map(by).find(|found| !found.is_empty()).unwrap_or_default()
}

/// Each record's versions are told one by one, from 1 to what it has.
async fn feed_in_order(world: &World) -> Outcome {
    let mut versions: BTreeMap<Key, u64> = BTreeMap::new();
    for change in world.feed(&FeedQuery::new(FeedScope::One(world.scope), 10_000)).await?.changes {
        let (Some(key), kind) = (change.key.clone(), change.kind) else { continue };
        match (kind, change.version) {
            (ChangeKind::Created, Some(Version(version))) => {
                same(&format!("the version of the new {key}"), version, 1)?;
                same(&format!("whether {key} was there"), versions.insert(key, 1).is_some(), false)?;
            }
            (ChangeKind::Replaced | ChangeKind::Related, Some(Version(version))) => {
                let last = versions.insert(key.clone(), version);
                let is_next = last.is_some_and(|last| version == last + 1);
                // Two relations of one source, or one that was freed and taken, may move at once.
                let is_same = kind == ChangeKind::Related && last == Some(version);
                ensure(&format!("version {version} of {key} after {last:?}"), is_next || is_same)?;
            }
            (ChangeKind::Deleted, _) => {
                ensure(&format!("the deleted {key} was there"), versions.remove(&key).is_some())?;
            }
            (ChangeKind::Created | ChangeKind::Replaced | ChangeKind::Related, None) => {
                return Err(broken(format!("{change:?} tells no version")));
            }
            _ => {}
        }
    }
    let has: BTreeMap<Key, u64> =
        records(world).await?.into_iter().map(|(key, stored)| (key, stored.version.0)).collect();
    same("the versions told in the feed", versions, has)
}

/// All there is to compare, in an order that does not depend on the store.
#[derive(Debug, PartialEq)]
struct Picture {
    records: BTreeMap<Key, Stored>,
    edges: Vec<String>,
    feed: Vec<String>,
    found: Vec<Vec<String>>,
}

async fn picture(world: &World) -> Result<Picture, Broken> {
    let mut edges = Vec::new();
    for relation in ["members", "manager"] {
        edges.extend(world.edges(relation, Anchor::All).await?.iter().map(|edge| format!("{relation} {edge:?}")));
    }
    edges.sort();
    let feed = world.feed(&FeedQuery::new(FeedScope::One(world.scope), 10_000)).await?.changes;
    let mut feed: Vec<String> = feed
        .into_iter()
        .map(|change| {
            let (kind, key, version) = (change.kind, change.key, change.version);
            let version = version.filter(|_| kind != ChangeKind::Deleted);
            format!("{} {kind:?} {key:?} {version:?} {:?} {:?}", change.request_id, change.event_id, change.before)
        })
        .collect();
    feed.sort();
    let mut found = Vec::new();
    for (kind, filter) in [
        ("User", r#"userName eq "ann""#),
        ("User", r#"emails.value eq "ONE@x.test" or externalId eq "E-1""#),
        ("User", r#"groups.value eq "g0""#),
        ("Group", r#"members.value eq "u1""#),
        ("Group", r#"members.value eq "nobody" and not (members.display pr)"#),
    ] {
        let items = world.matching(kind, Some(filter)).await?.items;
        found.push(items.into_iter().map(|stored| stored.key.to_string()).collect());
    }
    Ok(Picture { records: records(world).await?, edges, feed, found })
}

/// What a commit said, as far as the contract says what it has to say.
fn verdict(result: Result<scimstack_store::Receipt, StoreError>) -> Result<String, Broken> {
    match result {
        Ok(receipt) => Ok(format!("{receipt:?}")),
        Err(StoreError::Conflict { op, path, .. }) => Ok(format!("operation {op}: conflict over {path}")),
        Err(StoreError::UnknownTargets { op, mut values }) => {
            values.sort();
            Ok(format!("operation {op}: nobody is called {values:?}"))
        }
        Err(error @ (StoreError::Exists { .. } | StoreError::NotFound { .. } | StoreError::VersionMismatch { .. })) => {
            Ok(error.to_string())
        }
        Err(error) => Err(error.into()),
    }
}

async fn as_in_memory(world: World) -> Outcome {
    compare(world, 100..100 + HISTORIES).await
}

/// Does the same to the store and to one in memory, and looks at both.
pub(crate) async fn compare(world: World, seeds: Range<u32>) -> Outcome {
    let memory = World::new(Arc::new(MemoryStore::new()));
    for seed in seeds {
        let scope = tenant(seed.saturating_add(1_000));
        let (world, memory) = (world.at(scope), memory.at(scope));
        let mut dice = Dice::new(u64::from(seed));
        let mut told = Vec::new();
        for step in 0..STEPS {
            let changes = changeset(&world, &mut dice).await?;
            let expected = verdict(memory.store.commit(scope, changes.clone()).await)?;
            told.push(format!("{:?}: {expected}", changes.ops));
            let what = |what: &str| {
                format!("history {seed}, {what} after step {step}; the last steps were {:#?}", last(&told))
            };
            same(&what("the answer"), verdict(world.store.commit(scope, changes).await)?, expected)?;
            if step % 4 == 3 {
                same(&what("all there is"), picture(&world).await?, picture(&memory).await?)?;
            }
        }
    }
    Ok(())
}

fn last(told: &[String]) -> &[String] {
    told.get(told.len().saturating_sub(4)..).unwrap_or_default()
}
