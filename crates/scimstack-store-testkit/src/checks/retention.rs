//! What is removed of the feed: the oldest, no more than was said, and never without readers being told.

use crate::check::{Check, Need};
use crate::world::{Outcome, World, broken, delete, emit, ensure, other_tenant, refused, same, some, user};
use scimstack_schema::Timestamp;
use scimstack_store::{Change, FeedQuery, FeedScope, Op, Position, Prune, StoreError};

const FEED: &[Need] = &[Need::Feed];

pub(super) const CHECKS: &[Check] = &[
    check!("what is pruned is the oldest, and at most so much", FEED, oldest),
    check!("pruning goes no further than a place in the feed", FEED, up_to),
    check!("a reader who has missed what was pruned is told", FEED, told),
    check!("a refused changeset prunes nothing", &[Need::Feed, Need::Atomic], taken_back),
    check!("pruning leaves other tenants alone", FEED, tenants),
    check!("an idempotency key is known until it is pruned", FEED, keys),
];

async fn emitted(world: &World, count: usize) -> Result<Vec<Change>, crate::world::Broken> {
    for n in 0..count {
        world.commit(vec![emit("outbox", &format!("e{n}"))]).await?;
    }
    world.history(count).await
}

fn later(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_micros() + 1)
}

async fn prune(world: &World, prune: Prune) -> Result<bool, crate::world::Broken> {
    let receipt = world.commit(vec![Op::Prune(prune)]).await?;
    Ok(some("the receipt", receipt.ops.first())?.changed)
}

fn place(changes: &[Change], at: usize) -> Result<&Change, crate::world::Broken> {
    some("a change of the kit's own", changes.get(at))
}

async fn oldest(world: World) -> Outcome {
    let all = emitted(&world, 8).await?;
    let before = place(&all, 5)?.at;
    same("nothing is old enough", prune(&world, Prune::new(10).changes_before(place(&all, 0)?.at)).await?, false)?;
    same("what is left", world.history(8).await?, all.clone())?;
    same("the first ones", prune(&world, Prune::new(3).changes_before(before)).await?, true)?;
    same("what is left", world.history(5).await?, all.iter().skip(3).cloned().collect())?;
    same("the others", prune(&world, Prune::new(3).changes_before(before)).await?, true)?;
    same("what is left", world.history(3).await?, all.iter().skip(5).cloned().collect())?;
    same("once more", prune(&world, Prune::new(3).changes_before(before)).await?, false)?;
    // What was removed is not known any more; what is left is.
    world.commit(vec![emit("outbox", "e0"), emit("outbox", "e7")]).await?;
    same("the last", place(&world.history(4).await?, 3)?.event_id.clone(), Some("e0".to_owned()))
}

async fn up_to(world: World) -> Outcome {
    let all = emitted(&world, 6).await?;
    let everything = Prune::new(100).changes_before(later(place(&all, 5)?.at));
    same("nothing before", prune(&world, everything.clone().up_to(Some(Position::default()))).await?, false)?;
    same("up to the third", prune(&world, everything.clone().up_to(Some(place(&all, 2)?.position))).await?, true)?;
    same("what is left", world.history(3).await?, all.iter().skip(3).cloned().collect())?;
    same("the rest", prune(&world, everything).await?, true)?;
    world.history(0).await.map(drop)
}

async fn told(world: World) -> Outcome {
    let all = emitted(&world, 6).await?;
    prune(&world, Prune::new(100).changes_before(place(&all, 4)?.at)).await?;
    let last = place(&all, 3)?.position;
    for scope in [FeedScope::One(world.scope), FeedScope::All] {
        let mut query = FeedQuery::new(scope, 10);
        for missed in [Position::default(), place(&all, 0)?.position, place(&all, 2)?.position] {
            query.after = Some(missed);
            let is_it = |error: &StoreError| matches!(error, StoreError::Pruned { up_to } if *up_to == last);
            refused(&format!("reading on from {missed}"), world.store.changes(&query).await, is_it)?;
        }
        query.newest_first = true;
        query.after = Some(place(&all, 5)?.position);
        same("backwards", world.history_of(&query, 1).await?, vec![place(&all, 4)?.clone()])?;
        query.newest_first = false;
        let rest: Vec<_> = all.iter().skip(4).cloned().collect();
        query.after = Some(last);
        same("who has seen all of it reads on", world.history_of(&query, 2).await?, rest.clone())?;
        query.after = None;
        same("who has seen nothing begins with what there is", world.history_of(&query, 2).await?, rest)?;
    }
    Ok(())
}

async fn taken_back(world: World) -> Outcome {
    let all = emitted(&world, 3).await?;
    let everything = Op::Prune(Prune::new(100).changes_before(later(place(&all, 2)?.at)));
    let done = world.commit(vec![everything, delete(user("nobody"))]).await;
    refused("a deletion of nobody", done, |error| matches!(error, StoreError::NotFound { op: 1 }))?;
    same("the feed", world.history(3).await?, all)?;
    let mut query = FeedQuery::new(FeedScope::One(world.scope), 10);
    query.after = Some(Position::default());
    world.history_of(&query, 3).await.map(drop)
}

async fn tenants(world: World) -> Outcome {
    let other = world.at(other_tenant());
    emitted(&world, 3).await?;
    for id in ["o1", "o2"] {
        other.commit(vec![emit("outbox", id)]).await?;
    }
    let theirs = other.history(2).await?;
    same("pruned", prune(&world, Prune::new(100).changes_before(world.now())).await?, true)?;
    world.history(0).await?;
    let mut query = FeedQuery::new(FeedScope::One(other.scope), 10);
    query.after = Some(Position::default());
    same("the other's feed", other.history_of(&query, 2).await?, theirs)
}

async fn keys(world: World) -> Outcome {
    let mut changesets = Vec::new();
    for n in 0..3 {
        let mut changes = world.changes(vec![emit("outbox", &format!("e{n}"))]);
        changes.idempotency_key = Some(format!("key-{n}"));
        world.store.commit(world.scope, changes.clone()).await?;
        changesets.push(changes);
    }
    let [first, second, third] = changesets.as_slice() else { return Err(broken("three changesets")) };
    same("none is old enough", prune(&world, Prune::new(10).keys_before(first.at)).await?, false)?;
    same("at most one", prune(&world, Prune::new(1).keys_before(third.at)).await?, true)?;
    for (changes, known) in [(second, true), (third, true), (first, false)] {
        let receipt = world.store.commit(world.scope, changes.clone()).await?;
        same(&format!("whether {:?} is known", changes.idempotency_key), receipt.replayed, known)?;
    }
    same("the second", prune(&world, Prune::new(10).keys_before(third.at)).await?, true)?;
    let receipt = world.store.commit(world.scope, second.clone()).await?;
    ensure("the second is done again", !receipt.replayed)?;
    let receipt = world.store.commit(world.scope, third.clone()).await?;
    ensure("the third is still known", receipt.replayed)?;
    world.history(3).await.map(drop)
}
