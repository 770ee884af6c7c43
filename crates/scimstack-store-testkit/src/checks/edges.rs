//! Edges: made, removed, replaced, read from both ends in pages; what they do to their source's version.

use crate::check::{Check, Need};
use crate::world::{
    Outcome, World, add, delete, draft, draft_with, edge_query, ensure, group, json, member, put, refused, relate,
    remove, same, shown, user,
};
use bytes::Bytes;
use futures_util::future::join_all;
use scimstack_store::{Anchor, Edge, EdgeChange, EdgeDraft, EdgeStep, Expect, Op, Peer, StoreError, Version, Want};

const EDGES: &[Need] = &[Need::Edges];

pub(super) const CHECKS: &[Check] = &[
    check!("edges are read forward, with what came with them", EDGES, forward),
    check!("edges are read backward", EDGES, backward),
    check!("edges are read for several records, and for all", EDGES, anchors),
    check!("edges come in pages without gap or overlap", EDGES, pages),
    check!("a change of edges moves the version of their source once", EDGES, versions),
    check!("adding a member twice and removing a stranger change nothing", EDGES, idempotent),
    check!("a member is removed by its id and by its raw value", EDGES, removal),
    check!("replacing the members writes the difference only", EDGES, replacement),
    check!("steps follow a replacement, in order", EDGES, steps),
    check!("a change of edges expects a version of its source", EDGES, expectations),
    check!("who must exist and does not is named", EDGES, must_exist),
    check!("deleting a member takes it out of its groups", EDGES, delete_member),
    check!("deleting a group takes its edges along", EDGES, delete_group),
    check!("replacing a record leaves its members alone", EDGES, replace_record),
    check!("members added at once are all there", EDGES, concurrent),
];

/// Users u1 to u9 called name1 to name9, and groups g1 to g3.
async fn settle(world: &World) -> Outcome {
    let mut ops = Vec::new();
    for i in 1..10 {
        ops.push(world.user(&format!("u{i}"), &format!("name{i}"))?);
    }
    for i in 1..4 {
        ops.push(world.group(&format!("g{i}"), &format!("Group {i}"))?);
    }
    world.commit(ops).await?;
    Ok(())
}

async fn forward(world: World) -> Outcome {
    settle(&world).await?;
    let data = r#"{"display":"As sent","x":[1.50]}"#;
    world.commit(vec![put("g1", vec![draft_with("u1", data), draft("NAME2"), draft("ghost"), draft("g2")])]).await?;
    let mut query = edge_query("members", Anchor::Sources(vec![group("g1")]), 100);
    let found = world.store.edges(world.scope, &query).await?;
    same("the cursor of the only page", found.next, None)?;
    same("the members", shown(&found.edges), vec!["g2".to_owned(), "u1".to_owned(), "u2".to_owned()])?;
    ensure("no peer without being asked", found.edges.iter().all(|edge| edge.peer.is_none()))?;
    query.pending = true;
    query.peer = true;
    let found = world.store.edges(world.scope, &query).await?.edges;
    let peer = |display: &str, active| Some(Peer { display: Some(display.to_owned()), active, is_target: false });
    let edge = |target: Option<scimstack_store::Key>, raw: &str, data: &'static str, peer| Edge {
        source: group("g1"),
        target,
        raw: raw.to_owned(),
        data: Bytes::from_static(data.as_bytes()),
        peer,
    };
    let expected = [
        edge(Some(user("u1")), "u1", data, peer("name1", Some(true))),
        edge(Some(user("u2")), "NAME2", "", peer("name2", Some(true))),
        edge(Some(group("g2")), "g2", "", peer("Group 2", None)),
        edge(None, "ghost", "", None),
    ];
    same("the number of edges", found.len(), expected.len())?;
    for edge in &expected {
        ensure(&format!("{edge:?} is among {found:?}"), found.contains(edge))?;
    }
    same("the last edge, which is the pending one", found.last(), expected.last())?;
    same("the number of edges that start here", world.get(&group("g1")).await?.edge_count, 4)
}

async fn backward(world: World) -> Outcome {
    settle(&world).await?;
    world.commit(vec![add("g1", &["u1", "u2"]), add("g2", &["u1", "g1"]), add("g3", &["ghost"])]).await?;
    let mut query = edge_query("members", Anchor::Targets(vec![user("u1")]), 100);
    query.peer = true;
    let found = world.store.edges(world.scope, &query).await?.edges;
    let peer = |display: &str, is_target| Some(Peer { display: Some(display.to_owned()), active: None, is_target });
    let found: Vec<_> = found.into_iter().map(|edge| (edge.source, edge.target, edge.peer)).collect();
    let expected = vec![
        (group("g1"), Some(user("u1")), peer("Group 1", true)),
        (group("g2"), Some(user("u1")), peer("Group 2", false)),
    ];
    same("the groups of u1", found, expected)?;
    same("the groups of u9", world.edges("members", Anchor::Targets(vec![user("u9")])).await?.len(), 0)?;
    same("other edges to u1", world.edges("manager", Anchor::Targets(vec![user("u1")])).await?.len(), 0)
}

async fn anchors(world: World) -> Outcome {
    settle(&world).await?;
    world.commit(vec![add("g1", &["u1", "ghost"]), add("g2", &["u1", "u2"]), add("g3", &["u3"])]).await?;
    let pairs = |edges: Vec<Edge>| {
        let mut pairs: Vec<String> = edges
            .iter()
            .map(|edge| format!("{}>{}", edge.source.id, shown(std::slice::from_ref(edge)).concat()))
            .collect();
        pairs.sort();
        pairs
    };
    let sources = Anchor::Sources(vec![group("g1"), group("g2"), group("none"), user("u1")]);
    let found = pairs(world.edges("members", sources).await?);
    same("the edges of two groups", found, ["g1>?ghost", "g1>u1", "g2>u1", "g2>u2"].map(str::to_owned).to_vec())?;
    let targets = Anchor::Targets(vec![user("u1"), user("u3"), user("none")]);
    let found = pairs(world.edges("members", targets).await?);
    same("the edges to two users", found, ["g1>u1", "g2>u1", "g3>u3"].map(str::to_owned).to_vec())?;
    let found = pairs(world.edges("members", Anchor::All).await?);
    let all = ["g1>?ghost", "g1>u1", "g2>u1", "g2>u2", "g3>u3"].map(str::to_owned).to_vec();
    same("all edges", found, all)?;
    let found = pairs(world.edges("members", Anchor::Nowhere).await?);
    same("the edges that lead to nobody else", found, vec!["g1>?ghost".to_owned()])?;
    world.commit(vec![add("g2", &["g2", "g1"])]).await?;
    let found = pairs(world.edges("members", Anchor::Nowhere).await?);
    let expected = ["g1>?ghost", "g2>g2"].map(str::to_owned).to_vec();
    same("the edges that lead to nobody else, with a group in itself", found, expected)?;
    let mut bound = edge_query("members", Anchor::Nowhere, 10);
    bound.pending = false;
    let found = pairs(world.store.edges(world.scope, &bound).await?.edges);
    same("those of them that do not wait", found, vec!["g2>g2".to_owned()])?;
    world.commit(vec![remove("g2", &["g2", "g1"])]).await?;
    same("once they are gone", world.edges("members", Anchor::Nowhere).await?.len(), 1)?;
    same("the edges of nobody", world.edges("members", Anchor::Sources(vec![])).await?.len(), 0)?;
    same("the edges of another relation", world.edges("owners", Anchor::All).await?.len(), 0)
}

async fn pages(world: World) -> Outcome {
    settle(&world).await?;
    let known: Vec<String> = (1..10).map(|i| format!("u{i}")).collect();
    let pending: Vec<String> = (0..10).map(|i| format!("ghost{i}")).collect();
    let raws: Vec<&str> = known.iter().chain(&pending).map(String::as_str).collect();
    world.commit(vec![add("g1", &raws), add("g2", &raws), add("g3", &["u1"])]).await?;
    for anchor in [
        Anchor::Sources(vec![group("g1")]),
        Anchor::Sources(vec![group("g1"), group("g2")]),
        Anchor::Targets(vec![user("u1")]),
        Anchor::Targets(known.iter().map(|id| user(id)).collect()),
        Anchor::All,
        Anchor::Nowhere,
    ] {
        let whole = world.edges("members", anchor.clone()).await?;
        for limit in [1, 3, 7, 38, 39] {
            let mut query = edge_query("members", anchor.clone(), limit);
            query.pending = !matches!(anchor, Anchor::Targets(_));
            let mut found = Vec::new();
            for _ in 0..100 {
                let page = world.store.edges(world.scope, &query).await?;
                ensure("a page is not larger than was asked for", page.edges.len() <= limit)?;
                found.extend(page.edges);
                query.after = page.next;
                if query.after.is_none() {
                    break;
                }
            }
            same(&format!("pages of {limit} around {anchor:?}"), found, whole.clone())?;
        }
    }
    let all = world.edges("members", Anchor::All).await?;
    same("the number of edges", all.len(), 39)?;
    let one = world.edges("members", Anchor::Sources(vec![group("g1")])).await?;
    let first_pending = one.iter().position(|edge| edge.target.is_none());
    same("the place of the first pending edge of a group", first_pending, Some(9))?;
    let mut query = edge_query("members", Anchor::All, 5);
    query.after = Some(Bytes::from_static(b"nonsense"));
    let answer = world.store.edges(world.scope, &query).await;
    refused("a cursor of another making", answer, |e| matches!(e, StoreError::BadCursor))
}

async fn versions(world: World) -> Outcome {
    settle(&world).await?;
    let before = world.get(&group("g1")).await?;
    let changes = world.changes(vec![add("g1", &["u1", "u2", "ghost"])]);
    let at = changes.at;
    let receipt = world.store.commit(world.scope, changes).await?;
    let done: Vec<_> = receipt.ops.iter().map(|op| (op.version, op.changed)).collect();
    same("the receipt", done, vec![(Some(Version(2)), true)])?;
    let after = world.get(&group("g1")).await?;
    same("the version", after.version, Version(2))?;
    same("when it was modified", after.core.modified, at)?;
    same("when it was created", after.core.created, before.core.created)?;
    same("the document", after.doc, before.doc)?;
    same("the number of edges", after.edge_count, 3)?;
    same("the version of a member", world.version(&user("u1")).await?, 1)?;
    same("the version of another group", world.version(&group("g2")).await?, 1)?;
    let counted = world.store.read(world.scope, &group("g1"), Want::HEAD).await?.map(|stored| stored.edge_count);
    same("the number of edges in the head", counted, Some(3))
}

async fn idempotent(world: World) -> Outcome {
    settle(&world).await?;
    world.commit(vec![add("g1", &["u1", "ghost"])]).await?;
    let before = world.get(&group("g1")).await?;
    for op in [
        add("g1", &["u1"]),
        add("g1", &["NAME1"]),
        add("g1", &["ghost", "ghost"]),
        remove("g1", &["u2", "nobody", "name2"]),
        relate("g1", EdgeChange { replace: None, steps: vec![EdgeStep::Add(draft_with("u1", r#"{"display":"x"}"#))] }),
        relate("g1", EdgeChange::default()),
        put("g1", vec![draft("ghost"), draft("u1"), draft("u1")]),
    ] {
        let receipt = world.commit(vec![op.clone()]).await?;
        let done: Vec<_> = receipt.ops.iter().map(|op| (op.version, op.changed)).collect();
        same(&format!("the receipt of {op:?}"), done, vec![(Some(Version(2)), false)])?;
        same(&format!("the group after {op:?}"), world.get(&group("g1")).await?, before.clone())?;
    }
    same("the members", world.members("g1").await?, vec!["?ghost".to_owned(), "u1".to_owned()])
}

async fn removal(world: World) -> Outcome {
    settle(&world).await?;
    world.commit(vec![add("g1", &["u1", "name2", "Name3", "ghost", "u4"])]).await?;
    world.commit(vec![remove("g1", &["u1", "u2"])]).await?;
    same("after two ids", world.members("g1").await?, vec!["?ghost".to_owned(), "u3".to_owned(), "u4".to_owned()])?;
    world.commit(vec![remove("g1", &["Name3", "ghost"])]).await?;
    same("after two raw values", world.members("g1").await?, vec!["u4".to_owned()])?;
    same("the number of edges", world.get(&group("g1")).await?.edge_count, 1)?;
    same("the groups of u1", world.edges("members", Anchor::Targets(vec![user("u1")])).await?.len(), 0)?;
    same("the version", world.version(&group("g1")).await?, 4)
}

async fn replacement(world: World) -> Outcome {
    settle(&world).await?;
    world.commit(vec![put("g1", ["u1", "u2", "u3", "ghost"].map(draft).to_vec())]).await?;
    world.commit(vec![put("g1", ["u3", "u4", "phantom", "u1"].map(draft).to_vec())]).await?;
    let expected = ["?phantom", "u1", "u3", "u4"].map(str::to_owned).to_vec();
    same("the members", world.members("g1").await?, expected)?;
    same("the version", world.version(&group("g1")).await?, 3)?;
    same("the number of edges", world.get(&group("g1")).await?.edge_count, 4)?;
    // The data of an element is replaced with it.
    let mut drafts = ["u3", "u4", "phantom"].map(draft).to_vec();
    drafts.push(draft_with("u1", r#"{"display":"Ann"}"#));
    world.commit(vec![put("g1", drafts)]).await?;
    same("the version", world.version(&group("g1")).await?, 4)?;
    let found = world.edges("members", Anchor::Sources(vec![group("g1")])).await?;
    let data = found.into_iter().find(|edge| edge.target == Some(user("u1"))).map(|edge| edge.data).unwrap_or_default();
    same("the data of u1", json(&data)?, json(br#"{"display":"Ann"}"#)?)?;
    // Of two drafts of the same member the first counts.
    world.commit(vec![put("g1", vec![draft_with("u1", r#"{"n":1}"#), draft_with("name1", r#"{"n":2}"#)])]).await?;
    let found = world.edges("members", Anchor::Sources(vec![group("g1")])).await?;
    let data: Vec<_> =
        found.iter().map(|edge| (shown(std::slice::from_ref(edge)).concat(), edge.data.clone())).collect();
    same("the members", data, vec![("u1".to_owned(), Bytes::from_static(br#"{"n":1}"#))])?;
    world.commit(vec![put("g1", Vec::new())]).await?;
    same("the members", world.members("g1").await?.len(), 0)?;
    same("the number of edges", world.get(&group("g1")).await?.edge_count, 0)
}

async fn steps(world: World) -> Outcome {
    settle(&world).await?;
    world.commit(vec![add("g1", &["u1", "u2"])]).await?;
    let add = |raw: &str| EdgeStep::Add(draft(raw));
    let remove = |raw: &str| EdgeStep::Remove(member(raw));
    let steps = vec![add("u5"), remove("u4"), remove("u6"), add("u6"), add("u7"), remove("name7")];
    let change = EdgeChange { replace: Some(["u3", "u4", "u6"].map(draft).to_vec()), steps };
    world.commit(vec![relate("g1", change)]).await?;
    let expected = ["u3", "u5", "u6", "u7"].map(str::to_owned).to_vec();
    // name7 is neither the id of u7 nor the raw value it was added by.
    same("the members", world.members("g1").await?, expected)?;
    same("the version", world.version(&group("g1")).await?, 3)
}

async fn expectations(world: World) -> Outcome {
    settle(&world).await?;
    let op = |source, expect, raw: &str| Op::Relate {
        source,
        relation: "members".to_owned(),
        expect,
        change: EdgeChange { replace: None, steps: vec![EdgeStep::Add(draft(raw))] },
    };
    world.commit(vec![op(group("g1"), Expect::Version(Version(1)), "u1")]).await?;
    let late = world.commit(vec![op(group("g1"), Expect::Version(Version(1)), "u2")]).await;
    let is_it = |e: &StoreError| matches!(e, StoreError::VersionMismatch { op: 0, current: Version(2) });
    refused("a change of a version that is gone", late, is_it)?;
    // Even when it would change nothing.
    let late = world.commit(vec![op(group("g1"), Expect::Version(Version(1)), "u1")]).await;
    refused("a change to nothing of a version that is gone", late, is_it)?;
    let nowhere = world.commit(vec![op(group("none"), Expect::Any, "u2")]).await;
    refused("a change of a group that is not there", nowhere, |e| matches!(e, StoreError::NotFound { op: 0 }))?;
    same("the members", world.members("g1").await?, vec!["u1".to_owned()])
}

async fn must_exist(world: World) -> Outcome {
    settle(&world).await?;
    let strict = |raw: &str| EdgeDraft { must_exist: true, ..draft(raw) };
    world.commit(vec![put("g1", vec![strict("u1"), strict("NAME2"), draft("ghost")])]).await?;
    same("the members", world.members("g1").await?, ["?ghost", "u1", "u2"].map(str::to_owned).to_vec())?;
    let drafts = vec![strict("u3"), strict("nobody"), draft("phantom"), strict("no one")];
    let answer = world.commit(vec![world.user("u10", "name10")?, put("g1", drafts)]).await;
    let named = |e: &StoreError| match e {
        StoreError::UnknownTargets { op: 1, values } => {
            let mut values = values.clone();
            values.sort();
            values == ["no one", "nobody"]
        }
        _ => false,
    };
    refused("two who are not there", answer, named)?;
    // Nor is it enough that the group has such a member, who waits.
    let answer = world.commit(vec![put("g1", vec![strict("u1"), strict("NAME2"), strict("ghost")])]).await;
    let named = |e: &StoreError| matches!(e, StoreError::UnknownTargets { op: 0, values } if *values == ["ghost"]);
    refused("one who waits", answer, named)?;
    let many: Vec<String> = (0..25).map(|i| format!("nobody{i}")).collect();
    let steps = many.iter().map(|raw| EdgeStep::Add(strict(raw))).collect();
    let answer = world.commit(vec![relate("g1", EdgeChange { replace: None, steps })]).await;
    let named = |e: &StoreError| match e {
        StoreError::UnknownTargets { op: 0, values } => values.len() == 10 && values.iter().all(|v| many.contains(v)),
        _ => false,
    };
    refused("many who are not there", answer, named)?;
    same("the members", world.members("g1").await?, ["?ghost", "u1", "u2"].map(str::to_owned).to_vec())?;
    same("the version", world.version(&group("g1")).await?, 2)?;
    same("the user created beside", world.find(&user("u10")).await?, None)?;
    // Who is made in the same changeset exists.
    let steps = vec![EdgeStep::Add(strict("name10"))];
    let change = EdgeChange { replace: None, steps };
    world.commit(vec![world.user("u10", "name10")?, relate("g1", change)]).await?;
    same("the version", world.version(&group("g1")).await?, 3)
}

async fn delete_member(world: World) -> Outcome {
    settle(&world).await?;
    world.commit(vec![add("g1", &["u1", "u2"]), add("g2", &["name1", "g1"]), add("g3", &["u2"])]).await?;
    let changes = world.changes(vec![delete(user("u1"))]);
    let at = changes.at;
    world.store.commit(world.scope, changes).await?;
    same("the members of g1", world.members("g1").await?, vec!["u2".to_owned()])?;
    same("the members of g2", world.members("g2").await?, vec!["g1".to_owned()])?;
    for (id, version, count) in [("g1", 3, 1), ("g2", 3, 1), ("g3", 2, 1)] {
        let stored = world.get(&group(id)).await?;
        same(&format!("the version of {id}"), stored.version.0, version)?;
        same(&format!("the number of edges of {id}"), stored.edge_count, count)?;
        same(&format!("whether {id} was modified"), stored.core.modified == at, version == 3)?;
    }
    // The membership does not come back with its member.
    world.commit(vec![world.user("u1", "name1")?]).await?;
    same("the members of g1", world.members("g1").await?, vec!["u2".to_owned()])
}

async fn delete_group(world: World) -> Outcome {
    settle(&world).await?;
    world.commit(vec![add("g1", &["u1", "ghost"]), add("g2", &["g1", "u1"])]).await?;
    world.commit(vec![delete(group("g1"))]).await?;
    same("the edges of g1", world.members("g1").await?.len(), 0)?;
    same("the members of g2", world.members("g2").await?, vec!["u1".to_owned()])?;
    same("the groups of u1", world.edges("members", Anchor::Targets(vec![user("u1")])).await?.len(), 1)?;
    same("the version of u1", world.version(&user("u1")).await?, 1)?;
    world.commit(vec![world.group("g1", "Again")?, world.user("u10", "ghost")?]).await?;
    same("the members of a new g1", world.members("g1").await?.len(), 0)?;
    same("its version", world.version(&group("g1")).await?, 1)
}

async fn replace_record(world: World) -> Outcome {
    settle(&world).await?;
    world.commit(vec![add("g1", &["u1", "ghost"]), add("g2", &["g1"])]).await?;
    let record = world.record("Group", r#"{"id":"g1","displayName":"Renamed"}"#)?;
    world.commit(vec![crate::world::replace(group("g1"), record)]).await?;
    same("the members of g1", world.members("g1").await?, vec!["?ghost".to_owned(), "u1".to_owned()])?;
    same("the number of edges", world.get(&group("g1")).await?.edge_count, 2)?;
    same("the members of g2", world.members("g2").await?, vec!["g1".to_owned()])?;
    let mut query = edge_query("members", Anchor::Sources(vec![group("g2")]), 10);
    query.peer = true;
    let shown = world.store.edges(world.scope, &query).await?.edges;
    let display: Vec<_> = shown.into_iter().filter_map(|edge| edge.peer?.display).collect();
    same("how g1 is shown now", display, vec!["Renamed".to_owned()])
}

async fn concurrent(world: World) -> Outcome {
    settle(&world).await?;
    let ids: Vec<String> = (1..10).map(|i| format!("u{i}")).collect();
    let done = join_all(ids.iter().map(|id| world.commit(vec![add("g1", &[id])]))).await;
    for result in done {
        result?;
    }
    same("the members", world.members("g1").await?, ids)?;
    same("the version", world.version(&group("g1")).await?, 10)?;
    same("the number of edges", world.get(&group("g1")).await?.edge_count, 9)
}
