//! All or nothing: refused changesets, dropped commits, repeated ones.

use crate::check::{Check, Need};
use crate::world::{
    Broken, Outcome, World, add, broken, delete, draft, emit, ensure, group, refused, relate, same, tenant, user,
};
use futures_util::future::join_all;
use scimstack_store::{
    Anchor, Change, Edge, EdgeChange, EdgeDraft, EdgeStep, Expect, FeedQuery, FeedScope, Op, StoreError, Stored,
    Version,
};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

const ATOMIC: &[Need] = &[Need::Atomic, Need::Feed, Need::Edges];

pub(super) const CHECKS: &[Check] = &[
    check!("a changeset that is refused changes nothing", ATOMIC, refused_whole),
    check!("operations see what those before them did", ATOMIC, in_sequence),
    check!("a dropped commit is whole or not at all", ATOMIC, dropped),
    check!("a changeset with a known idempotency key is not done again", &[], replayed),
    check!("a refused changeset does not use up its idempotency key", &[], key_of_refused),
    check!("of commits with the same idempotency key at once one is done", &[Need::RaceFreeUnique], replay_race),
    check!("what was acknowledged is seen at once", &[], read_after_write),
];

/// All that is to be seen of a scope.
#[derive(Debug, PartialEq)]
struct Seen {
    records: Vec<Stored>,
    edges: Vec<Edge>,
    feed: Vec<Change>,
}

async fn look(world: &World) -> Result<Seen, Broken> {
    let mut records = world.matching("User", None).await?.items;
    records.extend(world.matching("Group", None).await?.items);
    let mut edges = world.edges("members", Anchor::All).await?;
    edges.extend(world.edges("manager", Anchor::All).await?);
    let feed = world.feed(&FeedQuery::new(FeedScope::One(world.scope), 10_000)).await?.changes;
    Ok(Seen { records, edges, feed })
}

/// u1 with a manager, u2, u3; g1 with u1, u2 and a pending one.
async fn settle(world: &World) -> Outcome {
    let report = r#"{"id":"u1","userName":"name1","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"u2"}}}"#;
    world.commit(vec![world.user_of("u1", report)?, world.user("u2", "name2")?, world.user("u3", "name3")?]).await?;
    world.commit(vec![world.group("g1", "One")?, add("g1", &["u1", "u2", "ghost"])]).await?;
    world.history(5).await?;
    Ok(())
}

type Refusal = (&'static str, Op, fn(&StoreError) -> bool);

async fn refused_whole(world: World) -> Outcome {
    settle(&world).await?;
    let before = look(&world).await?;
    let record = || world.record("User", r#"{"id":"u3","userName":"late"}"#);
    let stranger = EdgeDraft { must_exist: true, ..draft("stranger") };
    let strict = EdgeChange { replace: None, steps: vec![EdgeStep::Add(stranger)] };
    let refusals: Vec<Refusal> = vec![
        ("creating what exists", world.user("u3", "other")?, |e| matches!(e, StoreError::Exists { op: 6 })),
        ("deleting nobody", delete(user("u9")), |e| matches!(e, StoreError::NotFound { op: 6 })),
        (
            "replacing another version",
            Op::Replace { key: user("u3"), expect: Expect::Version(Version(7)), record: record()? },
            |e| matches!(e, StoreError::VersionMismatch { op: 6, current: Version(1) }),
        ),
        ("taking a taken name", world.user("u8", "NAME3")?, |e| matches!(e, StoreError::Conflict { op: 6, .. })),
        ("relating nobody", add("g9", &["u1"]), |e| matches!(e, StoreError::NotFound { op: 6 })),
        ("adding a stranger", relate("g1", strict), |e| matches!(e, StoreError::UnknownTargets { op: 6, .. })),
    ];
    for (name, op, is_it) in refusals {
        let ops = vec![
            world.user("u4", "ghost")?,
            world.rename("u1", "renamed")?,
            delete(user("u2")),
            add("g1", &["u3", "phantom"]),
            emit("outbox", "e1"),
            world.group("g2", "Two")?,
            op,
            world.user("u5", "name5")?,
        ];
        let mut changes = world.changes(ops);
        changes.idempotency_key = Some(name.to_owned());
        refused(name, world.store.commit(world.scope, changes).await, is_it)?;
        same(&format!("what is to be seen after {name}"), look(&world).await?, before_again(&before))?;
    }
    // Nor does anything of it come to light later.
    world.commit(vec![world.user("u4", "name4")?, world.group("g2", "Two")?, emit("outbox", "e1")]).await?;
    same("the members", world.members("g1").await?, ["?ghost", "u1", "u2"].map(str::to_owned).to_vec())?;
    same("the version of the group", world.version(&group("g1")).await?, 2)?;
    world.history(8).await?;
    Ok(())
}

fn before_again(seen: &Seen) -> Seen {
    Seen { records: seen.records.clone(), edges: seen.edges.clone(), feed: seen.feed.clone() }
}

async fn in_sequence(world: World) -> Outcome {
    let expect = |version| Expect::Version(Version(version));
    let record = world.record("User", r#"{"id":"u1","userName":"second"}"#)?;
    let ops = vec![
        world.group("g1", "One")?,
        add("g1", &["first"]),
        world.user("u1", "first")?,
        Op::Replace { key: user("u1"), expect: expect(1), record },
        world.user("u2", "first")?,
        Op::Delete { key: user("u1"), expect: expect(2) },
        world.user("u1", "third")?,
        add("g1", &["third"]),
    ];
    let receipt = world.commit(ops).await?;
    let versions: Vec<_> = receipt.ops.iter().map(|op| op.version.map(|version| version.0)).collect();
    // The group: made, related, bound to u1, rid of u1, related.
    let expected = vec![Some(1), Some(2), Some(1), Some(2), Some(1), None, Some(1), Some(5)];
    same("the versions in the receipt", versions, expected)?;
    same("the members", world.members("g1").await?, vec!["u1".to_owned()])?;
    same("the version of the group", world.version(&group("g1")).await?, 5)?;
    same("the name of u2", world.get(&user("u2")).await?.core.unique.as_deref(), Some("first"))
}

/// A future that is polled so many times at most, and then dropped with what is in it.
struct Dropped<F> {
    inner: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for Dropped<F> {
    /// What came out, when it did in time.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        match self.inner.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

async fn dropped(world: World) -> Outcome {
    for polls in 0..12 {
        let world = world.at(tenant(100 + polls));
        settle(&world).await?;
        let ops = vec![
            world.user("u4", "ghost")?,
            world.rename("u1", "renamed")?,
            delete(user("u2")),
            add("g1", &["u3"]),
            emit("outbox", "e1"),
        ];
        let mut changes = world.changes(ops);
        changes.idempotency_key = Some("key".to_owned());
        let request = changes.request_id.clone();
        let inner = Box::pin(world.store.commit(world.scope, changes.clone()));
        if let Some(done) = (Dropped { inner, polls: polls as usize }).await {
            ensure("a commit that ends is acknowledged", done.is_ok_and(|receipt| !receipt.replayed))?;
        }
        // It may still be under way; but whoever looks, in one look sees all of it or nothing.
        let users = world.matching("User", None).await?.items;
        let users: Vec<_> = users.iter().map(|stored| (stored.key.id.as_str(), stored.version.0)).collect();
        ensure(
            &format!("after {polls} polls the users are {users:?}"),
            users == [("u1", 1), ("u2", 1), ("u3", 1)] || users == [("u1", 2), ("u3", 1), ("u4", 1)],
        )?;
        let feed = world.feed(&FeedQuery::new(FeedScope::One(world.scope), 1_000)).await?.changes;
        let told = feed.iter().filter(|change| change.request_id == request).count();
        // Five operations, two of which move the group as well.
        ensure(&format!("after {polls} polls the feed tells {told} changes of it"), told == 0 || told == 7)?;
        // Asking again settles it.
        world.store.commit(world.scope, changes).await?;
        let users = world.matching("User", None).await?.items;
        let users: Vec<_> = users.iter().map(|stored| (stored.key.id.as_str(), stored.version.0)).collect();
        same("the users", users, vec![("u1", 2), ("u3", 1), ("u4", 1)])?;
        same("the members", world.members("g1").await?, ["u1", "u3", "u4"].map(str::to_owned).to_vec())?;
        same("the version of the group", world.version(&group("g1")).await?, 5)?;
        world.history(12).await?;
    }
    Ok(())
}

async fn replayed(world: World) -> Outcome {
    let mut changes = world.changes(vec![world.user("u1", "ann")?, emit("outbox", "e1")]);
    changes.idempotency_key = Some("key".to_owned());
    let first = world.store.commit(world.scope, changes.clone()).await?;
    same("whether the first was a replay", first.replayed, false)?;
    world.commit(vec![world.rename("u1", "anna")?]).await?;
    let again = world.store.commit(world.scope, changes.clone()).await?;
    same("whether the second was a replay", again.replayed, true)?;
    same("what it tells", again.ops, first.ops.clone())?;
    same("the version", world.version(&user("u1")).await?, 2)?;
    // The key counts, not what comes with it.
    changes.ops = vec![world.user("u2", "bob")?];
    let other = world.store.commit(world.scope, changes).await?;
    same("what another with the key tells", (other.replayed, other.ops), (true, first.ops))?;
    same("the other's record", world.find(&user("u2")).await?, None)?;
    // What an operation came to is told again, too: this event was there already.
    let mut known = world.changes(vec![emit("outbox", "e1")]);
    known.idempotency_key = Some("another key".to_owned());
    let first = world.store.commit(world.scope, known.clone()).await?;
    let again = world.store.commit(world.scope, known).await?;
    same("what a repeated event tells again", (again.replayed, again.ops), (true, first.ops))?;
    // Without a key everything is done again.
    let twice = world.commit(vec![world.user("u1", "ann")?]).await;
    refused("a second creation", twice, |e| matches!(e, StoreError::Exists { op: 0 }))
}

async fn key_of_refused(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    let mut changes = world.changes(vec![world.user("u2", "ann")?]);
    changes.idempotency_key = Some("key".to_owned());
    let answer = world.store.commit(world.scope, changes.clone()).await;
    refused("a taken name", answer, |e| matches!(e, StoreError::Conflict { .. }))?;
    world.commit(vec![delete(user("u1"))]).await?;
    let receipt = world.store.commit(world.scope, changes).await?;
    same("whether it was a replay", receipt.replayed, false)?;
    same("the version", world.version(&user("u2")).await?, 1)
}

async fn replay_race(world: World) -> Outcome {
    let mut changes = world.changes(vec![world.user("u1", "ann")?]);
    changes.idempotency_key = Some("key".to_owned());
    let done = join_all((0..8).map(|_| world.store.commit(world.scope, changes.clone()))).await;
    let mut first = 0;
    for result in done {
        let receipt = result?;
        first += usize::from(!receipt.replayed);
        same("what each tells", receipt.ops.len(), 1)?;
    }
    same("the number of those that were done", first, 1)?;
    same("the version", world.version(&user("u1")).await?, 1)
}

async fn read_after_write(world: World) -> Outcome {
    for round in 1..=20_u64 {
        let name = format!("name{round}");
        let op = if round == 1 { world.user("u1", &name)? } else { world.rename("u1", &name)? };
        world.commit(vec![op]).await?;
        same("the version that is read", world.version(&user("u1")).await?, round)?;
        let found = world.matching("User", Some(&format!(r#"userName eq "{name}""#))).await?.items;
        let found = found.first().ok_or_else(|| broken(format!("nobody is called {name}")))?;
        same("the version that is found", found.version.0, round)?;
    }
    Ok(())
}
