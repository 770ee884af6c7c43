//! Large documents, large groups, large changesets.

use crate::check::{Check, Need};
use crate::world::{
    Outcome, World, add, delete, draft, edge_query, ensure, group, json, plain, put, replace, same, some, user,
};
use scimstack_schema::Value;
use scimstack_store::{Anchor, EdgeDraft, FeedQuery, FeedScope, Op};

pub(super) const CHECKS: &[Check] = &[
    check!("a document of a mebibyte comes back", &[], document),
    check!("a group of two thousand is kept, read in pages and changed", &[Need::Edges, Need::Feed], members),
];

async fn document(world: World) -> Outcome {
    let big = |letter: &str| format!(r#"{{"id":"u1","nickName":"{}"}}"#, letter.repeat(1 << 20));
    let mut record = plain(&big("a"));
    record.private = record.doc.clone();
    world.commit(vec![Op::Create { key: user("u1"), record: record.clone() }]).await?;
    let stored = world.get(&user("u1")).await?;
    ensure("the document is what was written", stored.doc == record.doc)?;
    ensure("the private part is what was written", stored.private == record.private)?;
    let record = plain(&big("é"));
    world.commit(vec![replace(user("u1"), record.clone())]).await?;
    ensure("the document is what was written next", world.get(&user("u1")).await?.doc == record.doc)?;
    let found = world.matching("User", Some(r#"nickName sw "éééé""#)).await?.items;
    ensure("a filter looks into it", found.first().is_some_and(|stored| stored.doc == record.doc))
}

async fn members(world: World) -> Outcome {
    const MANY: usize = 2_000;
    let all: Vec<String> = (0..MANY).map(|i| format!("u{i:04}")).collect();
    let mut ops = vec![world.group("g1", "Everyone")?];
    for id in &all {
        ops.push(world.user(id, &format!("name-{id}"))?);
    }
    world.commit(ops).await?;
    let drafts = |ids: &[String]| -> Vec<EdgeDraft> { ids.iter().map(|id| draft(id)).collect() };
    world.commit(vec![put("g1", drafts(&all))]).await?;
    same("the number of edges", world.get(&group("g1")).await?.edge_count, MANY as u64)?;
    same("the members", world.members("g1").await?, all.clone())?;
    let page = world.store.edges(world.scope, &edge_query("members", Anchor::Sources(vec![group("g1")]), 100)).await?;
    same("a page of them", (page.edges.len(), page.next.is_some()), (100, true))?;

    let mut other = all.clone();
    other.retain(|id| id != "u0777");
    world.commit(vec![put("g1", drafts(&other))]).await?;
    world.commit(vec![add("g1", &["u0777", "u0001"])]).await?;
    world.commit(vec![delete(user("u1234"))]).await?;
    other.retain(|id| id != "u1234");
    other.push("u0777".to_owned());
    other.sort();
    same("the members", world.members("g1").await?, other)?;
    same("the version", world.version(&group("g1")).await?, 5)?;

    let mut query = FeedQuery::new(FeedScope::One(world.scope), 100);
    query.key = Some(group("g1"));
    let told = world.history_of(&query, 5).await?;
    let lengths = |change: usize| {
        let payload = json(&some("the change", told.get(change))?.payload)?;
        let length = |name: &str| payload.get(name).and_then(Value::as_array).unwrap_or_default().len();
        let more = payload.get("more").and_then(Value::as_bool).unwrap_or_default();
        Ok::<_, crate::world::Broken>((length("added"), length("removed"), more))
    };
    same("what the feed lists of the first change", lengths(1)?, (1_000, 0, true))?;
    same("what it lists of the replacement", lengths(2)?, (0, 1, false))?;
    same("what it lists of the addition", lengths(3)?, (1, 0, false))?;
    same("what it lists of the deletion", lengths(4)?, (0, 1, false))?;
    world.commit(vec![delete(group("g1"))]).await?;
    same("the edges that are left", world.edges("members", Anchor::All).await?.len(), 0)
}
