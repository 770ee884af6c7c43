//! References that wait for their target, find it, keep it and lose it.

use crate::check::{Check, Need};
use crate::world::{
    Broken, Outcome, World, add, delete, draft, ensure, group, member, put, relate, remove, replace, same, shown, user,
};
use futures_util::future::join;
use scimstack_schema::ReferenceKey;
use scimstack_store::{Anchor, EdgeChange, EdgeDraft, EdgeStep, Name, Op, Reference, ReferenceRule};
use std::sync::Arc;

const EDGES: &[Need] = &[Need::Edges];

pub(super) const CHECKS: &[Check] = &[
    check!("a member is found by id, user name and external id", EDGES, by_unique_keys),
    check!("a pending member is found when it is created", EDGES, member_appears),
    check!("a pending member is found when it is renamed", EDGES, member_is_renamed),
    check!("a group and its member that arrive at once find each other", EDGES, arrive_at_once),
    check!("two pending values that turn out to name the same become one member", EDGES, two_names),
    check!("a bound member stays bound when it is renamed", EDGES, stays_bound),
    check!("the first key with a match decides", EDGES, first_key),
    check!("an ambiguous reference waits until it is not", EDGES, ambiguous),
    check!("only a record of a kind that may be meant is found", EDGES, kinds),
    check!("a manager is found by every key, before and after", EDGES, manager),
    check!("a manager who goes leaves the reference pending, or to another", EDGES, manager_goes),
    check!("a reference that is rewritten is looked up again", EDGES, rewritten),
    check!("a reference that is left out is gone", EDGES, left_out),
    check!("a record may refer to itself", EDGES, itself),
    check!("former names find a record", EDGES, aliases),
];

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn boss(world: &World, id: &str, name: &str, manager: &str) -> Result<scimstack_store::Record, Broken> {
    world.record(
        "User",
        &format!(
            r#"{{"id":"{id}","userName":"{name}","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"manager":{{"value":"{manager}"}}}}}}"#
        ),
    )
}

async fn by_unique_keys(world: World) -> Outcome {
    let ann = r#"{"id":"u1","userName":"Ann@X.test","externalId":"E-1","emails":[{"value":"mail@x.test"}]}"#;
    world.commit(vec![world.user_of("u1", ann)?, world.group("g1", "One")?, world.group("g2", "Two")?]).await?;
    for (raw, expected) in [
        ("u1", "u1"),
        ("ann@x.TEST", "u1"),
        ("E-1", "u1"),
        ("e-1", "?e-1"),
        ("U1", "?U1"),
        ("mail@x.test", "?mail@x.test"),
        ("g2", "g2"),
        ("Two", "?Two"),
    ] {
        world.commit(vec![put("g1", vec![draft(raw)])]).await?;
        same(&format!("the member {raw}"), world.members("g1").await?, texts([expected]))?;
    }
    Ok(())
}

async fn member_appears(world: World) -> Outcome {
    let raws = ["u1", "ANN", "E-3", "ghost"];
    world
        .commit(vec![world.group("g1", "One")?, world.group("g2", "Two")?, add("g1", &raws), add("g2", &["g9"])])
        .await?;
    same("the members", world.members("g1").await?, texts(["?ANN", "?E-3", "?ghost", "?u1"]))?;
    let external = r#"{"id":"u3","userName":"cleo","externalId":"E-3"}"#;
    for (op, version) in
        [(world.user("u1", "first")?, 3), (world.user("u2", "ann")?, 4), (world.user_of("u3", external)?, 5)]
    {
        let changes = world.changes(vec![op]);
        let at = changes.at;
        world.store.commit(world.scope, changes).await?;
        let stored = world.get(&group("g1")).await?;
        same("the version of the group", stored.version.0, version)?;
        same("when it was modified", stored.core.modified, at)?;
        same("the number of edges", stored.edge_count, 4)?;
    }
    same("the members", world.members("g1").await?, texts(["?ghost", "u1", "u2", "u3"]))?;
    let found = world.edges("members", Anchor::Targets(vec![user("u2")])).await?;
    same("the groups of u2", found.iter().map(|edge| &edge.source).collect(), vec![&group("g1")])?;
    same("the raw value of u2", found.iter().map(|edge| edge.raw.as_str()).collect(), vec!["ANN"])?;
    world.commit(vec![world.group("g9", "Nine")?]).await?;
    same("the members of g2", world.members("g2").await?, texts(["g9"]))?;
    same("the version of a new user", world.version(&user("u1")).await?, 1)?;
    // Who goes does not wait to come back.
    world.commit(vec![delete(user("u2"))]).await?;
    world.commit(vec![world.user("u5", "ann")?]).await?;
    same("the members", world.members("g1").await?, texts(["?ghost", "u1", "u3"]))
}

async fn member_is_renamed(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?, world.group("g1", "One")?, add("g1", &["Anna", "E-1"])]).await?;
    world.commit(vec![world.rename("u1", "ANNA")?]).await?;
    same("the members", world.members("g1").await?, texts(["?E-1", "u1"]))?;
    same("the version of the group", world.version(&group("g1")).await?, 3)?;
    let record = world.record("User", r#"{"id":"u2","userName":"bob"}"#)?;
    world.commit(vec![Op::Create { key: user("u2"), record }]).await?;
    let record = world.record("User", r#"{"id":"u2","userName":"bob","externalId":"E-1"}"#)?;
    world.commit(vec![replace(user("u2"), record)]).await?;
    same("the members", world.members("g1").await?, texts(["u1", "u2"]))?;
    same("the version of the group", world.version(&group("g1")).await?, 4)
}

async fn arrive_at_once(world: World) -> Outcome {
    world.commit(vec![world.group("g1", "One")?]).await?;
    let mut expected = Vec::new();
    for i in 0..10 {
        let id = format!("u{i}");
        let member = world.commit(vec![add("g1", &[&format!("name{i}")])]);
        let person = world.commit(vec![world.user(&id, &format!("name{i}"))?]);
        let (one, other) = if i % 2 == 0 { join(member, person).await } else { join(person, member).await };
        one?;
        other?;
        expected.push(id);
        same("the members", world.members("g1").await?, expected.clone())?;
    }
    Ok(())
}

async fn two_names(world: World) -> Outcome {
    world.commit(vec![world.group("g1", "One")?, add("g1", &["ann", "E-1"])]).await?;
    let ann = r#"{"id":"u1","userName":"Ann","externalId":"E-1"}"#;
    world.commit(vec![world.user_of("u1", ann)?]).await?;
    same("the members", world.members("g1").await?, texts(["u1"]))?;
    let stored = world.get(&group("g1")).await?;
    same("the number of edges", stored.edge_count, 1)?;
    ensure("the version of the group has moved", stored.version.0 > 2)?;
    // The same when one of them was bound already.
    world.commit(vec![world.user("u2", "bob")?, add("g1", &["bob", "E-2"])]).await?;
    let record = world.record("User", r#"{"id":"u2","userName":"bob","externalId":"E-2"}"#)?;
    world.commit(vec![replace(user("u2"), record)]).await?;
    same("the members", world.members("g1").await?, texts(["u1", "u2"]))?;
    same("the number of edges", world.get(&group("g1")).await?.edge_count, 2)
}

async fn stays_bound(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?, world.group("g1", "One")?, add("g1", &["ann"])]).await?;
    let before = world.get(&group("g1")).await?;
    world.commit(vec![world.rename("u1", "anna")?]).await?;
    same("the members", world.members("g1").await?, texts(["u1"]))?;
    // Sent again, it is the same member still.
    for op in [put("g1", vec![draft("ann")]), add("g1", &["ann"])] {
        world.commit(vec![op]).await?;
        same("the group", world.get(&group("g1")).await?, before.clone())?;
    }
    // Somebody else who takes the name is not meant.
    world.commit(vec![world.user("u2", "ann")?]).await?;
    same("the members", world.members("g1").await?, texts(["u1"]))?;
    same("the group", world.get(&group("g1")).await?, before)
}

async fn first_key(world: World) -> Outcome {
    let (one, two, three) = (
        r#"{"id":"u1","userName":"x","externalId":"y"}"#,
        r#"{"id":"x","userName":"y","externalId":"z"}"#,
        r#"{"id":"u3","userName":"z","externalId":"x"}"#,
    );
    world.commit(vec![world.user_of("u1", one)?, world.user_of("x", two)?, world.user_of("u3", three)?]).await?;
    world.commit(vec![world.group("g1", "One")?, add("g1", &["x"])]).await?;
    same("the member called x, by id", world.members("g1").await?, texts(["x"]))?;
    world.commit(vec![put("g1", vec![draft("y")])]).await?;
    same("the member called y, by user name", world.members("g1").await?, texts(["x"]))?;
    world.commit(vec![put("g1", vec![draft("z")])]).await?;
    same("the member called z, by user name", world.members("g1").await?, texts(["u3"]))?;
    let mut reference = member("x");
    Arc::make_mut(&mut reference.rule).keys = vec![ReferenceKey::ExternalId, ReferenceKey::UserName];
    let draft = EdgeDraft { reference, ..draft("x") };
    world.commit(vec![put("g1", vec![draft])]).await?;
    same("the member called x, by external id first", world.members("g1").await?, texts(["u3"]))
}

async fn ambiguous(world: World) -> Outcome {
    let twin = |id: &str, external: &str| {
        let document = format!(r#"{{"id":"{id}","userName":"name-{id}","externalId":"{external}"}}"#);
        Ok::<_, Broken>(Op::Create { key: user(id), record: world.record("User", &document)? })
    };
    world.commit(vec![twin("u1", "E")?, twin("u2", "E")?, world.group("g1", "One")?, add("g1", &["E"])]).await?;
    same("the members, of two who answer", world.members("g1").await?, texts(["?E"]))?;
    world.commit(vec![twin("u3", "E")?]).await?;
    same("the members, of three who answer", world.members("g1").await?, texts(["?E"]))?;
    world.commit(vec![delete(user("u1"))]).await?;
    same("the members, of two again", world.members("g1").await?, texts(["?E"]))?;
    let record = world.record("User", r#"{"id":"u2","userName":"name-u2","externalId":"other"}"#)?;
    world.commit(vec![replace(user("u2"), record)]).await?;
    same("the members, of one who is left", world.members("g1").await?, texts(["u3"]))?;
    // Who is bound stays bound when a second one answers; a new reference is ambiguous again.
    world.commit(vec![twin("u4", "E")?, world.group("g2", "Two")?, add("g2", &["E"])]).await?;
    same("the members of g1", world.members("g1").await?, texts(["u3"]))?;
    same("the members of g2", world.members("g2").await?, texts(["?E"]))?;
    world.commit(vec![delete(user("u3"))]).await?;
    same("the members of g1", world.members("g1").await?, texts([]))?;
    same("the members of g2", world.members("g2").await?, texts(["u4"]))
}

async fn kinds(world: World) -> Outcome {
    let only_users = |raw: &str| {
        let rule = ReferenceRule { targets: vec!["User".into()], ..(*member(raw).rule).clone() };
        let reference = Reference::new(&Arc::new(rule), raw);
        EdgeDraft { reference, ..draft(raw) }
    };
    world.commit(vec![world.group("g1", "One")?, world.group("x", "X")?]).await?;
    let steps = ["x", "g1"].map(only_users).map(EdgeStep::Add).to_vec();
    let change = EdgeChange { replace: None, steps };
    world.commit(vec![relate("g1", change)]).await?;
    same("the members", world.members("g1").await?, texts(["?g1", "?x"]))?;
    world.commit(vec![world.user("x", "name")?]).await?;
    same("the members", world.members("g1").await?, texts(["?g1", "x"]))?;
    let found = world.edges("members", Anchor::Targets(vec![group("x")])).await?;
    same("the groups of the group x", found.len(), 0)?;
    // Given again they are the same; by a rule that lets more kinds answer, the one that waits is found.
    let before = world.get(&group("g1")).await?;
    world.commit(vec![put("g1", vec![only_users("g1"), only_users("x")])]).await?;
    same("the group", world.get(&group("g1")).await?, before)?;
    world.commit(vec![put("g1", vec![draft("g1"), only_users("x")])]).await?;
    same("the members", world.members("g1").await?, texts(["g1", "x"]))?;
    // Where both may be meant, both answer.
    world.commit(vec![world.group("g2", "Two")?, add("g2", &["x"])]).await?;
    same("the members of g2", world.members("g2").await?, texts(["?x"]))
}

async fn manager(world: World) -> Outcome {
    let chief = r#"{"id":"u9","userName":"Chief@X.test","externalId":"E-9","emails":[{"value":"Boss@Mail.test"},{"value":"b2@mail.test"}]}"#;
    let raws = ["u9", "chief@x.TEST", "E-9", "boss@mail.test", "B2@mail.test"];
    for (at, raw) in raws.iter().enumerate() {
        let id = format!("before{at}");
        world.commit(vec![Op::Create { key: user(&id), record: boss(&world, &id, &id, raw)? }]).await?;
        same(&format!("the manager {raw}, pending"), world.reference("manager", &id).await?, vec![format!("?{raw}")])?;
    }
    world.commit(vec![world.user_of("u9", chief)?]).await?;
    for (at, raw) in raws.iter().enumerate() {
        let id = format!("after{at}");
        world.commit(vec![Op::Create { key: user(&id), record: boss(&world, &id, &id, raw)? }]).await?;
        for id in [format!("before{at}"), id] {
            same(&format!("the manager {raw} of {id}"), world.reference("manager", &id).await?, texts(["u9"]))?;
            same(&format!("the version of {id}"), world.version(&user(&id)).await?, 1)?;
        }
    }
    let reports = world.edges("manager", Anchor::Targets(vec![user("u9")])).await?;
    same("the number of reports", reports.len(), 10)?;
    same("the number of edges-only edges", world.get(&user("before0")).await?.edge_count, 0)?;
    // Members are never found by e-mail.
    world.commit(vec![world.group("g1", "One")?, add("g1", &["boss@mail.test"])]).await?;
    same("the members", world.members("g1").await?, texts(["?boss@mail.test"]))
}

async fn manager_goes(world: World) -> Outcome {
    let shared = |id: &str| {
        let document = format!(r#"{{"id":"{id}","userName":"name-{id}","emails":[{{"value":"desk@x.test"}}]}}"#);
        Ok::<_, Broken>(Op::Create { key: user(id), record: world.record("User", &document)? })
    };
    let report = Op::Create { key: user("u1"), record: boss(&world, "u1", "ann", "desk@x.test")? };
    world.commit(vec![shared("b1")?, report]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts(["b1"]))?;
    // A second one with the address does not disturb what is bound, and takes over when the first goes.
    world.commit(vec![shared("b2")?]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts(["b1"]))?;
    world.commit(vec![delete(user("b1"))]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts(["b2"]))?;
    world.commit(vec![delete(user("b2"))]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts(["?desk@x.test"]))?;
    same("the version of the report", world.version(&user("u1")).await?, 1)?;
    // And back.
    world.commit(vec![shared("b1")?]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts(["b1"]))?;
    // With its source, the reference goes.
    world.commit(vec![delete(user("u1"))]).await?;
    same("the reports of b1", world.edges("manager", Anchor::Targets(vec![user("b1")])).await?.len(), 0)
}

async fn rewritten(world: World) -> Outcome {
    let report = Op::Create { key: user("u1"), record: boss(&world, "u1", "ann", "bea")? };
    world.commit(vec![world.user("b1", "bea")?, world.user("b2", "bob")?, report]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts(["b1"]))?;
    // The manager is renamed, and somebody else takes the name.
    world.commit(vec![world.rename("b1", "beatrix")?]).await?;
    world.commit(vec![world.user("b3", "bea")?]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts(["b1"]))?;
    // The same raw value is not rewritten.
    world.commit(vec![replace(user("u1"), boss(&world, "u1", "anna", "bea")?)]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts(["b1"]))?;
    world.commit(vec![replace(user("u1"), boss(&world, "u1", "anna", "BOB")?)]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts(["b2"]))?;
    world.commit(vec![replace(user("u1"), boss(&world, "u1", "anna", "bea")?)]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts(["b3"]))?;
    same("the reports of b1", world.edges("manager", Anchor::Targets(vec![user("b1")])).await?.len(), 0)
}

async fn left_out(world: World) -> Outcome {
    let extension = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User";
    let both = format!(
        r#"{{"id":"u1","userName":"ann","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"manager":{{"value":"b1"}}}},"{extension}":{{"managerExternalId":"E-2"}}}}"#
    );
    world.commit(vec![world.user("b1", "bea")?, world.user_of("u1", &both)?]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts(["b1"]))?;
    same("the other", world.reference("managerExternalId", "u1").await?, texts(["?E-2"]))?;
    world.commit(vec![world.rename("u1", "ann")?]).await?;
    same("the manager", world.reference("manager", "u1").await?, texts([]))?;
    same("the other", world.reference("managerExternalId", "u1").await?, texts([]))?;
    let late = r#"{"id":"b2","userName":"bob","externalId":"E-2"}"#;
    world.commit(vec![world.user_of("b2", late)?]).await?;
    same("the other", world.reference("managerExternalId", "u1").await?, texts([]))?;
    same("all references", shown(&world.edges("manager", Anchor::All).await?), texts([]))
}

async fn itself(world: World) -> Outcome {
    for (id, manager) in [("u1", "u1"), ("u2", "NAME2")] {
        let name = id.replace('u', "name");
        world.commit(vec![Op::Create { key: user(id), record: boss(&world, id, &name, manager)? }]).await?;
        same("the manager", world.reference("manager", id).await?, texts([id]))?;
    }
    world.commit(vec![world.group("g1", "One")?, add("g1", &["g1"])]).await?;
    same("the members", world.members("g1").await?, texts(["g1"]))?;
    same("the version of the group", world.version(&group("g1")).await?, 2)?;
    world.commit(vec![remove("g1", &["g1"]), add("g1", &["g1"]), delete(group("g1")), delete(user("u1"))]).await?;
    same("the group", world.find(&group("g1")).await?, None)?;
    same("the edges that are left", world.edges("members", Anchor::All).await?.len(), 0)?;
    same("the manager that is left", shown(&world.edges("manager", Anchor::All).await?), texts(["u2"]))
}

async fn aliases(world: World) -> Outcome {
    world.commit(vec![world.group("g1", "One")?, add("g1", &["Maiden"])]).await?;
    let mut record = world.record("User", r#"{"id":"u1","userName":"married"}"#)?;
    record.names.push(Name { key: ReferenceKey::UserName, value: "maiden".to_owned() });
    world.commit(vec![Op::Create { key: user("u1"), record }]).await?;
    same("the members", world.members("g1").await?, texts(["u1"]))?;
    world.commit(vec![world.group("g2", "Two")?, add("g2", &["MAIDEN"])]).await?;
    same("the members of g2", world.members("g2").await?, texts(["u1"]))?;
    // A name that was given up finds nobody.
    world.commit(vec![world.rename("u1", "married")?, world.group("g3", "Three")?, add("g3", &["maiden"])]).await?;
    same("the members of g3", world.members("g3").await?, texts(["?maiden"]))
}
