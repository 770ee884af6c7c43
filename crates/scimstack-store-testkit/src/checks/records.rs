//! One record: made, read, replaced, deleted; its versions.

use crate::check::Check;
use crate::world::{Outcome, World, delete, ensure, plain, refused, replace, same, user};
use bytes::Bytes;
use scimstack_schema::Timestamp;
use scimstack_store::{Core, Expect, Op, StoreError, Version, Want};

pub(super) const CHECKS: &[Check] = &[
    check!("a record is read as it was written", &[], read_back),
    check!("what is not there is not read", &[], absent),
    check!("only what is wanted of a record is read", &[], wanted),
    check!("a record that exists is not created", &[], create_twice),
    check!("every replacement adds one to the version", &[], versions),
    check!("a replacement keeps when the record was created", &[], created_is_kept),
    check!("what does not exist is neither replaced nor deleted", &[], missing),
    check!("a change that expects another version is refused", &[], expectations),
    check!("what was deleted is gone, and may be created again", &[], deleted),
    check!("of changes that expect the same version one wins", &[], lost_updates),
];

async fn read_back(world: World) -> Outcome {
    let mut record = plain(r#"{"id":"u1","userName":"Ann \u00e9 \"quoted\" %_\u0000 😀"}"#);
    record.private = Bytes::from_static(br#"{"state":"active","n":[1,2]}"#);
    record.core = Core {
        unique: Some("ann é 😀'%_".to_owned()),
        external_id: Some("E/1".to_owned()),
        sort_name: Some("ann".to_owned()),
        display: Some("Ann É".to_owned()),
        active: Some(false),
        created: Timestamp::from_micros(1_750_000_000_123_456),
        modified: Timestamp::from_micros(1_750_000_001_654_321),
    };
    world.commit(vec![Op::Create { key: user("u1"), record: record.clone() }]).await?;
    let stored = world.get(&user("u1")).await?;
    same("the key", &stored.key, &user("u1"))?;
    same("the version", stored.version, Version(1))?;
    same("the columns", &stored.core, &record.core)?;
    same("the document", &stored.doc, &record.doc)?;
    same("the private part", &stored.private, &record.private)?;
    same("the number of edges", stored.edge_count, 0)?;

    let bare = plain("{}");
    world.commit(vec![Op::Create { key: user("u2"), record: bare.clone() }]).await?;
    let stored = world.get(&user("u2")).await?;
    same("the columns of a record without any", &stored.core, &bare.core)?;
    same("the private part of a record without one", &stored.private, &Bytes::new())
}

async fn absent(world: World) -> Outcome {
    same("a record in an empty store", world.find(&user("u1")).await?, None)?;
    world.commit(vec![world.user("u1", "ann")?]).await?;
    for id in ["u2", "U1", "u1 ", "u1'--", "%", "a\u{0}b", "é", &"x".repeat(256)] {
        same(&format!("the user {id:?}"), world.find(&user(id)).await?, None)?;
    }
    same("a group with a user's id", world.find(&crate::world::group("u1")).await?, None)
}

async fn wanted(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    let whole = world.get(&user("u1")).await?;
    ensure("the record has a document and a private part", !whole.doc.is_empty() && !whole.private.is_empty())?;
    for (want, document, private) in [
        (Want::DOCUMENT, true, false),
        (Want::HEAD, false, false),
        (Want { document: false, private: true }, false, true),
    ] {
        let part = world.store.read(world.scope, &user("u1"), want).await?;
        let mut expected = whole.clone();
        expected.doc = if document { expected.doc } else { Bytes::new() };
        expected.private = if private { expected.private } else { Bytes::new() };
        same(&format!("the record with {want:?}"), part, Some(expected))?;
    }
    Ok(())
}

async fn create_twice(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    let again = world.commit(vec![world.user("u1", "bob")?]).await;
    refused("a second record with the key", again, |e| matches!(e, StoreError::Exists { op: 0 }))?;
    same("the name", world.get(&user("u1")).await?.core.unique.as_deref(), Some("ann"))?;
    // Ids are unique per kind.
    world.commit(vec![world.group("u1", "A group")?]).await?;
    same("the group's version", world.version(&crate::world::group("u1")).await?, 1)
}

async fn versions(world: World) -> Outcome {
    let created = world.version_after(world.user("u1", "ann")?).await?;
    same("the version of a new record in the receipt", created, Version(1))?;
    for expected in 2..6 {
        let after = world.version_after(world.rename("u1", &format!("ann{expected}"))?).await?;
        same("the version in the receipt", after, Version(expected))?;
        let stored = world.get(&user("u1")).await?;
        same("the version that is read", stored.version, Version(expected))?;
        same("the name that is read", stored.core.unique, Some(format!("ann{expected}")))?;
    }
    // One changeset may change a record more than once.
    let receipt = world.commit(vec![world.rename("u1", "x")?, world.rename("u1", "y")?]).await?;
    let versions: Vec<_> = receipt.ops.iter().map(|op| (op.version, op.changed)).collect();
    same("two in one changeset", versions, vec![(Some(Version(6)), true), (Some(Version(7)), true)])?;
    same("whether it was a replay", receipt.replayed, false)
}

async fn created_is_kept(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    let before = world.get(&user("u1")).await?.core;
    world.commit(vec![world.rename("u1", "anna")?]).await?;
    let after = world.get(&user("u1")).await?.core;
    same("when it was created", after.created, before.created)?;
    ensure("when it was modified has moved", after.modified > before.modified)
}

async fn missing(world: World) -> Outcome {
    let is_it = |e: &StoreError| matches!(e, StoreError::NotFound { op: 0 });
    refused("a replacement", world.commit(vec![world.rename("u1", "ann")?]).await, is_it)?;
    refused("a deletion", world.commit(vec![delete(user("u1"))]).await, is_it)?;
    let record = world.record("User", r#"{"id":"u1","userName":"ann"}"#)?;
    let versioned = Op::Replace { key: user("u1"), expect: Expect::Version(Version(1)), record };
    refused("a replacement of a version", world.commit(vec![versioned]).await, is_it)?;
    same("the record", world.find(&user("u1")).await?, None)
}

async fn expectations(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    world.commit(vec![world.rename("u1", "anna")?]).await?;
    let record = || world.record("User", r#"{"id":"u1","userName":"late"}"#);
    for stale in [0, 1, 3] {
        let expect = Expect::Version(Version(stale));
        let is_it = |e: &StoreError| matches!(e, StoreError::VersionMismatch { op: 0, current: Version(2) });
        let replaced = world.commit(vec![Op::Replace { key: user("u1"), expect, record: record()? }]).await;
        refused(&format!("a replacement of version {stale}"), replaced, is_it)?;
        let deleted = world.commit(vec![Op::Delete { key: user("u1"), expect }]).await;
        refused(&format!("a deletion of version {stale}"), deleted, is_it)?;
    }
    same("the name", world.get(&user("u1")).await?.core.unique.as_deref(), Some("anna"))?;
    let expect = Expect::Version(Version(2));
    world.commit(vec![Op::Replace { key: user("u1"), expect, record: record()? }]).await?;
    world.commit(vec![Op::Delete { key: user("u1"), expect: Expect::Version(Version(3)) }]).await?;
    same("the record", world.find(&user("u1")).await?, None)
}

async fn deleted(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    same("the version", world.version(&user("u1")).await?, 1)?;
    let receipt = world.commit(vec![delete(user("u1"))]).await?;
    let ops: Vec<_> = receipt.ops.iter().map(|op| (op.version, op.changed)).collect();
    same("the receipt", ops, vec![(None, true)])?;
    same("the record", world.find(&user("u1")).await?, None)?;
    same("the users", world.matching("User", None).await?.items.len(), 0)?;
    same("those found by name", world.matching("User", Some(r#"userName eq "ann""#)).await?.items.len(), 0)?;
    world.commit(vec![world.user("u1", "ann")?]).await?;
    same("the version of the new one", world.version(&user("u1")).await?, 1)
}

async fn lost_updates(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    let mut writers = Vec::new();
    for i in 0..8 {
        let record = world.record("User", &format!(r#"{{"id":"u1","userName":"ann{i}"}}"#))?;
        let mut op = replace(user("u1"), record);
        if let Op::Replace { expect, .. } = &mut op {
            *expect = Expect::Version(Version(1));
        }
        writers.push(world.commit(vec![op]));
    }
    let done = futures_util::future::join_all(writers).await;
    let won = done.iter().filter(|result| result.is_ok()).count();
    same("the number of writers that won", won, 1)?;
    for lost in done.into_iter().filter(Result::is_err) {
        refused("the others", lost, |e| matches!(e, StoreError::VersionMismatch { op: 0, current: Version(2) }))?;
    }
    same("the version", world.version(&user("u1")).await?, 2)
}
