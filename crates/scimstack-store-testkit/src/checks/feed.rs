//! The change feed: what it says, in which order, and what it is asked.

use crate::check::{Check, Need};
use crate::world::{Outcome, World, add, broken, delete, draft, emit, ensure, group, json, put, same, some, user};
use bytes::Bytes;
use futures_util::future::join_all;
use scimstack_schema::Value;
use scimstack_store::{Change, ChangeKind, FeedQuery, FeedScope, Op, Version};

const FEED: &[Need] = &[Need::Feed];
const FEED_OF_EDGES: &[Need] = &[Need::Feed, Need::Edges];

pub(super) const CHECKS: &[Check] = &[
    check!("the feed tells every change in order", FEED, in_order),
    check!("the feed tells who, when and why", FEED, who),
    check!("the feed keeps what was before", FEED, before),
    check!("the feed tells which edges changed", FEED_OF_EDGES, related),
    check!("the feed tells what a change did to others", FEED_OF_EDGES, knock_on),
    check!("the feed is read in pages, from both ends", FEED, pages),
    check!("the feed is read by topic and by record", FEED, by_topic_and_key),
    check!("an event is emitted once", FEED, emitted_once),
    check!("a refused changeset leaves no trace in the feed", FEED, no_trace),
    check!("changes made at once are all in the feed, once", FEED, concurrent),
];

fn kinds(changes: &[Change]) -> Vec<(ChangeKind, String, Option<u64>)> {
    let id = |change: &Change| change.key.as_ref().map(|key| key.id.to_string()).unwrap_or_default();
    changes.iter().map(|change| (change.kind, id(change), change.version.map(|version| version.0))).collect()
}

async fn in_order(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?, emit("outbox", "e1"), world.user("u2", "bob")?]).await?;
    world.commit(vec![world.rename("u1", "anna")?]).await?;
    world.commit(vec![delete(user("u2")), world.user("u3", "bob")?]).await?;
    let changes = world.history(6).await?;
    let mut found = kinds(&changes);
    for (kind, _, version) in &mut found {
        // What a deleted record's version would be, nobody asks.
        if *kind == ChangeKind::Deleted {
            *version = None;
        }
    }
    let expected = [
        (ChangeKind::Created, "u1", Some(1)),
        (ChangeKind::Emitted, "", None),
        (ChangeKind::Created, "u2", Some(1)),
        (ChangeKind::Replaced, "u1", Some(2)),
        (ChangeKind::Deleted, "u2", None),
        (ChangeKind::Created, "u3", Some(1)),
    ];
    same("the changes", found, expected.map(|(kind, id, version)| (kind, id.to_owned(), version)).to_vec())?;
    let positions: Vec<_> = changes.iter().map(|change| change.position).collect();
    ensure("positions grow", positions.is_sorted_by(|one, other| one < other))?;
    ensure("positions are after the beginning", positions.first().is_some_and(|first| *first > Default::default()))
}

async fn who(world: World) -> Outcome {
    let mut changes = world.changes(vec![world.user("u1", "ann")?, emit("log", "e1")]);
    changes.actor.0 = "administrator:admin".to_owned();
    changes.request_id = "request-é".to_owned();
    let at = changes.at;
    world.store.commit(world.scope, changes).await?;
    let found = world.history(2).await?;
    for change in &found {
        same("the actor", change.actor.as_str(), "administrator:admin")?;
        same("the request", change.request_id.as_str(), "request-é")?;
        same("when", change.at, at)?;
        same("the scope", change.scope, world.scope)?;
    }
    let event = some("the event", found.get(1))?;
    same("its topic", event.topic.as_deref(), Some("log"))?;
    same("its id", event.event_id.as_deref(), Some("e1"))?;
    same("its payload", event.payload.clone(), Bytes::from_static(br#"{"kind":"welcome"}"#))?;
    let created = some("the creation", found.first())?;
    same("the topic of a creation", created.topic.clone(), None)?;
    same("the key of a creation", created.key.clone(), Some(user("u1")))
}

async fn before(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    let first = world.get(&user("u1")).await?.doc;
    world.commit(vec![world.rename("u1", "anna")?]).await?;
    let second = world.get(&user("u1")).await?.doc;
    world.commit(vec![delete(user("u1"))]).await?;
    let images: Vec<_> = world.history(3).await?.into_iter().map(|change| change.before).collect();
    same("what was before", images, vec![None, Some(first), Some(second)])
}

/// The relation, what was added, what was removed, whether there was more.
fn moved(change: &Change) -> Result<(String, Vec<String>, Vec<String>, bool), crate::world::Broken> {
    let payload = json(&change.payload)?;
    let list = |name: &str| {
        let mut ids: Vec<String> = payload
            .get(name)
            .and_then(Value::as_array)
            .unwrap_or_default()
            .iter()
            .map(|id| id.as_str().unwrap_or("not a text").to_owned())
            .collect();
        ids.sort();
        ids
    };
    let relation = payload.get("relation").and_then(Value::as_str).unwrap_or_default().to_owned();
    let more = payload.get("more").and_then(Value::as_bool).unwrap_or_default();
    Ok((relation, list("added"), list("removed"), more))
}

async fn related(world: World) -> Outcome {
    let mut ops = vec![world.group("g1", "One")?];
    for i in 1..5 {
        ops.push(world.user(&format!("u{i}"), &format!("name{i}"))?);
    }
    world.commit(ops).await?;
    world.commit(vec![add("g1", &["u1", "name2", "ghost"])]).await?;
    world.commit(vec![add("g1", &["u1"])]).await?;
    world.commit(vec![put("g1", ["u2", "u3", "u4"].map(draft).to_vec())]).await?;
    let changes = world.history(7).await?;
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let [first, second] = changes.get(5..).unwrap_or_default() else {
        return Err(broken("two changes of edges"));
    };
    for (change, version) in [(first, 2), (second, 3)] {
        same("the kind", change.kind, ChangeKind::Related)?;
        same("the record", change.key.clone(), Some(group("g1")))?;
        same("the version", change.version, Some(Version(version)))?;
    }
    let expected = ("members".to_owned(), texts(&["ghost", "u1", "u2"]), texts(&[]), false);
    same("the first change", moved(first)?, expected)?;
    let expected = ("members".to_owned(), texts(&["u3", "u4"]), texts(&["ghost", "u1"]), false);
    same("the second change", moved(second)?, expected)
}

async fn knock_on(world: World) -> Outcome {
    world.commit(vec![world.group("g1", "One")?, world.group("g2", "Two")?]).await?;
    world.commit(vec![add("g1", &["ann"]), add("g2", &["u1"])]).await?;
    world.commit(vec![world.user("u1", "ann")?]).await?;
    world.commit(vec![delete(user("u1"))]).await?;
    let changes = world.history(10).await?;
    for (stretch, first, added) in
        [(changes.get(4..7), ChangeKind::Created, true), (changes.get(7..), ChangeKind::Deleted, false)]
    {
        let Some([cause, rest @ ..]) = stretch else {
            return Err(broken("a change and what it did"));
        };
        same("the cause", (cause.kind, cause.key.clone()), (first, Some(user("u1"))))?;
        let mut sources: Vec<_> = rest.iter().map(|change| (change.key.clone(), change.kind, change.version)).collect();
        sources.sort_by_key(|(key, ..)| key.clone());
        let version = Some(Version(if added { 3 } else { 4 }));
        let expected = [group("g1"), group("g2")].map(|key| (Some(key), ChangeKind::Related, version));
        same("what it did to others", sources, expected.to_vec())?;
        for change in rest {
            let (relation, came, went, _) = moved(change)?;
            same("the relation", relation.as_str(), "members")?;
            let which = if added { came } else { went };
            ensure(&format!("{} is told in {:?}", "u1", change.payload), which.contains(&"u1".to_owned()))?;
        }
    }
    Ok(())
}

async fn pages(world: World) -> Outcome {
    let none = world.feed(&FeedQuery::new(FeedScope::One(world.scope), 5)).await?;
    same("an empty feed", (none.changes.len(), none.more), (0, false))?;
    for i in 0..13 {
        world.commit(vec![world.user(&format!("u{i:02}"), &format!("name{i}"))?]).await?;
    }
    let whole = world.history(13).await?;
    for newest_first in [false, true] {
        for limit in [1, 5, 12, 13, 14] {
            let mut query = FeedQuery::new(FeedScope::One(world.scope), limit);
            query.newest_first = newest_first;
            let mut found = Vec::new();
            for _ in 0..100 {
                let page = world.feed(&query).await?;
                ensure("a page is not larger than was asked for", page.changes.len() <= limit)?;
                query.after = page.changes.last().map(|change| change.position).or(query.after);
                found.extend(page.changes);
                same("whether there is more", page.more, found.len() < 13)?;
                if !page.more {
                    break;
                }
            }
            if newest_first {
                found.reverse();
            }
            same(&format!("pages of {limit}, newest first {newest_first}"), found, whole.clone())?;
        }
    }
    // Reading on from the end finds what comes, and nothing that was read.
    let mut query = FeedQuery::new(FeedScope::One(world.scope), 100);
    query.after = whole.last().map(|change| change.position);
    same("what is after the end", world.feed(&query).await?.changes.len(), 0)?;
    world.commit(vec![world.rename("u03", "other")?]).await?;
    let found = world.history_of(&query, 1).await?;
    same("what came", kinds(&found), vec![(ChangeKind::Replaced, "u03".to_owned(), Some(2))])
}

async fn by_topic_and_key(world: World) -> Outcome {
    let about = |topic: &str, id: &str| {
        let mut op = emit(topic, id);
        if let Op::Emit { key, .. } = &mut op {
            *key = Some(user("u1"));
        }
        op
    };
    world.commit(vec![world.user("u1", "ann")?, about("outbox", "e1"), emit("outbox", "e2")]).await?;
    world.commit(vec![world.user("u2", "bob")?, about("log", "e3")]).await?;
    world.commit(vec![world.group("u1", "A group with a user's id")?, world.rename("u1", "anna")?]).await?;
    world.commit(vec![about("outbox", "e4"), delete(user("u1"))]).await?;
    world.history(9).await?;
    let told = |changes: &[Change]| {
        let name = |change: &Change| change.event_id.clone().unwrap_or_else(|| format!("{:?}", change.kind));
        changes.iter().map(name).collect::<Vec<_>>()
    };
    let ask = |topic: Option<&str>, key: Option<&str>, newest_first: bool| {
        let mut query = FeedQuery::new(FeedScope::One(world.scope), 100);
        query.topic = topic.map(str::to_owned);
        query.key = key.map(user);
        query.newest_first = newest_first;
        query
    };
    for (topic, key, expected) in [
        (Some("outbox"), None, vec!["e1", "e2", "e4"]),
        (Some("log"), None, vec!["e3"]),
        (Some("none"), None, vec![]),
        (None, Some("u1"), vec!["Created", "e1", "e3", "Replaced", "e4", "Deleted"]),
        (None, Some("u2"), vec!["Created"]),
        (Some("outbox"), Some("u1"), vec!["e1", "e4"]),
    ] {
        let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        let found = world.feed(&ask(topic, key, false)).await?;
        same(&format!("topic {topic:?}, record {key:?}"), told(&found.changes), expected.clone())?;
        expected.reverse();
        let found = world.feed(&ask(topic, key, true)).await?;
        same(&format!("topic {topic:?}, record {key:?}, newest first"), told(&found.changes), expected.clone())?;
        // `more` is about what was asked for.
        let mut query = ask(topic, key, true);
        query.limit = expected.len();
        same("whether there is more", world.feed(&query).await?.more, false)?;
    }
    Ok(())
}

async fn emitted_once(world: World) -> Outcome {
    let receipt = world.commit(vec![emit("outbox", "e1"), emit("outbox", "e1"), emit("log", "e1")]).await?;
    let changed: Vec<_> = receipt.ops.iter().map(|op| (op.version, op.changed)).collect();
    same("the receipt", changed, vec![(None, true), (None, false), (None, true)])?;
    let receipt = world.commit(vec![emit("outbox", "e1"), world.user("u1", "ann")?]).await?;
    let changed: Vec<_> = receipt.ops.iter().map(|op| op.changed).collect();
    same("the second receipt", changed, vec![false, true])?;
    let changes = world.history(3).await?;
    let events: Vec<_> = changes.iter().map(|change| (change.topic.as_deref(), change.event_id.as_deref())).collect();
    same("the feed", events, vec![(Some("outbox"), Some("e1")), (Some("log"), Some("e1")), (None, None)])
}

async fn no_trace(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    let refused = world.commit(vec![world.user("u2", "bob")?, emit("outbox", "e1"), delete(user("u9"))]).await;
    ensure("deleting nobody is refused", refused.is_err())?;
    world.commit(vec![emit("outbox", "e1")]).await?;
    let expected = vec![(ChangeKind::Created, "u1".to_owned(), Some(1)), (ChangeKind::Emitted, String::new(), None)];
    same("the feed", kinds(&world.history(2).await?), expected)
}

async fn concurrent(world: World) -> Outcome {
    let mut writers = Vec::new();
    for i in 0..32 {
        let id = format!("u{i:02}");
        writers.push(world.commit(vec![world.user(&id, &id)?, emit("outbox", &id)]));
    }
    // A reader that follows while they write misses none and sees none twice.
    let follow = async {
        let mut query = FeedQuery::new(FeedScope::One(world.scope), 7);
        let mut seen = Vec::new();
        for _ in 0..1_000 {
            let page = world.feed(&query).await?;
            query.after = page.changes.last().map(|change| change.position).or(query.after);
            seen.extend(page.changes);
            if seen.len() >= 64 {
                break;
            }
        }
        Ok::<_, crate::world::Broken>(seen)
    };
    let (done, seen) = futures_util::future::join(join_all(writers), follow).await;
    for result in done {
        result?;
    }
    let seen = seen?;
    let whole = world.history(64).await?;
    // The one who followed may have run out of patience, not of order.
    same("what the follower saw", seen.as_slice(), whole.get(..seen.len()).unwrap_or_default())?;
    for pair in whole.chunks(2) {
        let [created, emitted] = pair else {
            return Err(broken("an event for each user"));
        };
        let id = created.key.as_ref().map(|key| key.id.to_string());
        same("the event after the user", emitted.event_id.clone(), id)?;
    }
    let mut created: Vec<_> = whole.iter().filter_map(|change| change.key.clone()).collect();
    created.sort();
    same("the users", created, (0..32).map(|i| user(&format!("u{i:02}"))).collect())
}
