//! What may occur once per scope and kind.

use crate::check::{Check, Need};
use crate::world::{Outcome, World, delete, group, plain, refused, replace, same, user};
use futures_util::future::join_all;
use scimstack_store::{Core, Key, Op, Record, StoreError, UniqueValue};

pub(super) const CHECKS: &[Check] = &[
    check!("a user name is given once, whatever its case", &[], user_name),
    check!("a name is free again when its holder lets go of it", &[], freed),
    check!("a record may keep its own names", &[], own),
    check!("further unique values are given once", &[], further),
    check!("records of different kinds may have the same unique value", &[], kinds),
    check!("of those who claim a name at once, one gets it", &[Need::RaceFreeUnique], race),
    check!("of those who rename to a name at once, one gets it", &[Need::RaceFreeUnique], rename_race),
];

/// A conflict over `path`, held by `holder` if the store knows.
fn conflict<'a>(path: &'a str, holder: &'a Key) -> impl Fn(&StoreError) -> bool + 'a {
    move |error| match error {
        StoreError::Conflict { op: 0, path: found, holder: who } => {
            found == path && who.as_ref().is_none_or(|who| who == holder)
        }
        _ => false,
    }
}

async fn user_name(world: World) -> Outcome {
    let straße = r#"{"id":"u1","userName":"Ann.Straße@X.test"}"#;
    world.commit(vec![world.user_of("u1", straße)?]).await?;
    for name in ["Ann.Straße@X.test", "ann.straße@x.test", "ANN.STRASSE@X.TEST"] {
        let created = world.commit(vec![world.user("u2", name)?]).await;
        refused(&format!("another user called {name}"), created, conflict("userName", &user("u1")))?;
        same("the refused user", world.find(&user("u2")).await?, None)?;
    }
    world.commit(vec![world.user("u2", "bob")?]).await?;
    let renamed = world.commit(vec![world.rename("u2", "ANN.straße@x.test")?]).await;
    refused("a rename to a taken name", renamed, conflict("userName", &user("u1")))?;
    same("the version of who was not renamed", world.version(&user("u2")).await?, 1)
}

async fn freed(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    world.commit(vec![world.rename("u1", "anna")?]).await?;
    world.commit(vec![world.user("u2", "ann")?]).await?;
    world.commit(vec![delete(user("u2"))]).await?;
    // Also within one changeset.
    world.commit(vec![delete(user("u1")), world.user("u3", "ANNA")?, world.user("u4", "ann")?]).await?;
    let page = world.matching("User", None).await?;
    same("the users", crate::world::ids(&page.items), vec!["u3", "u4"])
}

async fn own(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    world.commit(vec![world.rename("u1", "ann")?]).await?;
    world.commit(vec![world.rename("u1", "ANN")?]).await?;
    same("the version", world.version(&user("u1")).await?, 3)
}

fn badge(value: &str) -> Record {
    let mut record = plain("{}");
    record.unique = vec![UniqueValue { path: "urn:example:badge".to_owned(), value: value.to_owned() }];
    record
}

async fn further(world: World) -> Outcome {
    let long = "x".repeat(1_000);
    world.commit(vec![Op::Create { key: user("u1"), record: badge("7") }]).await?;
    world.commit(vec![Op::Create { key: user("u2"), record: badge(&format!("{long}2")) }]).await?;
    world.commit(vec![Op::Create { key: user("u3"), record: badge(&format!("{long}3")) }]).await?;
    let holder = user("u1");
    let created = world.commit(vec![Op::Create { key: user("u4"), record: badge("7") }]).await;
    refused("a second record with the value", created, conflict("urn:example:badge", &holder))?;
    let replaced = world.commit(vec![replace(user("u2"), badge("7"))]).await;
    refused("a replacement with the value", replaced, conflict("urn:example:badge", &holder))?;
    let holder = user("u2");
    let created = world.commit(vec![Op::Create { key: user("u4"), record: badge(&format!("{long}2")) }]).await;
    refused("a second record with a long value", created, conflict("urn:example:badge", &holder))?;
    // The same value at another path is another value; a value that its holder gave up is free.
    let mut elsewhere = badge("7");
    for value in &mut elsewhere.unique {
        value.path = "urn:example:locker".to_owned();
    }
    world.commit(vec![Op::Create { key: user("u4"), record: elsewhere }]).await?;
    world.commit(vec![replace(user("u1"), badge("8")), replace(user("u2"), badge("7"))]).await?;
    same("the version of who has the value now", world.version(&user("u2")).await?, 2)
}

async fn kinds(world: World) -> Outcome {
    let named = || Record::new(Core { unique: Some("same".to_owned()), ..Core::default() }, "{}");
    world.commit(vec![Op::Create { key: user("x"), record: named() }]).await?;
    world.commit(vec![Op::Create { key: group("x"), record: named() }]).await?;
    world.commit(vec![Op::Create { key: user("y"), record: badge("7") }]).await?;
    world.commit(vec![Op::Create { key: group("y"), record: badge("7") }]).await?;
    let created = world.commit(vec![Op::Create { key: group("z"), record: named() }]).await;
    refused("a second group with the value", created, conflict("unique", &group("x")))
}

async fn race(world: World) -> Outcome {
    let mut writers = Vec::new();
    for i in 0..16 {
        let name = if i % 2 == 0 { "Ann@X.test" } else { "ann@x.TEST" };
        writers.push(world.commit(vec![world.user(&format!("u{i}"), name)?]));
    }
    let done = join_all(writers).await;
    same("the number of users that were created", done.iter().filter(|result| result.is_ok()).count(), 1)?;
    for lost in done.into_iter().filter(Result::is_err) {
        let is_it = |e: &StoreError| matches!(e, StoreError::Conflict { op: 0, path, .. } if path == "userName");
        refused("the others", lost, is_it)?;
    }
    same("the number of users", world.matching("User", None).await?.items.len(), 1)
}

async fn rename_race(world: World) -> Outcome {
    let mut writers = Vec::new();
    for i in 0..8 {
        world.commit(vec![world.user(&format!("u{i}"), &format!("user{i}"))?]).await?;
    }
    for i in 0..8 {
        writers.push(world.commit(vec![world.rename(&format!("u{i}"), "chosen")?]));
    }
    let done = join_all(writers).await;
    same("the number of users that were renamed", done.iter().filter(|result| result.is_ok()).count(), 1)?;
    let found = world.matching("User", Some(r#"userName eq "chosen""#)).await?;
    same("the number of users called so", found.items.len(), 1)
}
