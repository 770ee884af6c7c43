//! Consumers of the feed: a batch is one worker's, nothing is missed, and what is acknowledged stays acknowledged.

use crate::check::{Check, Need};
use crate::world::{Broken, Outcome, World, broken, emit, ensure, other_tenant, same};
use futures_util::future::join_all;
use scimstack_schema::Timestamp;
use scimstack_store::{Batch, Consumer, ConsumerError, Next, ResourceId};

const FEED: &[Need] = &[Need::Feed];

pub(super) const CHECKS: &[Check] = &[
    check!("consumers read every change once, each at its own pace", FEED, own_pace),
    check!("a consumer of a topic gets its events and nothing else", FEED, topic),
    check!("a lease that ended is another worker's, with the same batch", FEED, taken_over),
    check!("a worker whose lease is lost can acknowledge nothing", FEED, too_late),
    check!("of workers that ask at once, one is lent the batch", FEED, at_once),
    check!("consumers of the same name in two tenants are two", FEED, two_tenants),
];

impl From<ConsumerError> for Broken {
    fn from(error: ConsumerError) -> Self {
        match error {
            ConsumerError::Store(error) => error.into(),
            other => broken(format!("a consumer was told: {other}")),
        }
    }
}

fn consumer(world: &World, name: &str, batch: usize) -> Result<Consumer, Broken> {
    let name = ResourceId::new(name).ok_or_else(|| broken("a name"))?;
    Ok(Consumer::new(name, world.scope).with_batch(batch).with_lease_seconds(60))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(crate::world::EPOCH + 1_000 + seconds)
}

/// The next batch. A feed may lag behind the commits while others are running.
async fn next(world: &World, consumer: &Consumer, worker: &str, now: Timestamp) -> Result<Batch, Broken> {
    for _ in 0..200 {
        match consumer.next(&*world.store, worker, now).await? {
            Next::Batch(batch) => return Ok(batch),
            Next::Leased { until } => return Err(broken(format!("{worker} is told to wait until {until}"))),
            Next::Nothing => {}
        }
    }
    Err(broken(format!("{worker} is told that there is nothing")))
}

fn events(batch: &Batch) -> Vec<String> {
    batch
        .changes()
        .iter()
        .map(|change| change.event_id.clone().unwrap_or_else(|| format!("{:?}", change.kind)))
        .collect()
}

async fn emitted(world: &World, range: std::ops::Range<usize>) -> Result<Vec<String>, Broken> {
    let ids: Vec<String> = range.map(|n| format!("e{n}")).collect();
    for id in &ids {
        world.commit(vec![emit("outbox", id)]).await?;
    }
    Ok(ids)
}

/// Reads and acknowledges until there is nothing more.
async fn drain(world: &World, consumer: &Consumer) -> Result<Vec<String>, Broken> {
    let mut seen = Vec::new();
    for _ in 0..100 {
        match consumer.next(&*world.store, "worker", at(0)).await? {
            Next::Batch(batch) => {
                ensure("a batch has a change", !batch.changes().is_empty())?;
                seen.extend(events(&batch));
                consumer.acknowledge(&*world.store, &batch, batch.end(), at(0)).await?;
            }
            Next::Nothing => return Ok(seen),
            Next::Leased { .. } => return Err(broken("what was acknowledged is still leased")),
        }
    }
    Err(broken("consumers keep each other busy"))
}

async fn own_pace(world: World) -> Outcome {
    let mut expected = emitted(&world, 0..12).await?;
    let (small, large) = (consumer(&world, "small", 1)?, consumer(&world, "large", 5)?);
    same("what one reads, change by change", drain(&world, &small).await?, expected.clone())?;
    same("what the other reads, in larger batches", drain(&world, &large).await?, expected.clone())?;
    same("once more", drain(&world, &small).await?, Vec::new())?;
    expected = emitted(&world, 12..15).await?;
    same("what came later", drain(&world, &small).await?, expected.clone())?;
    same("what came later, for the other", drain(&world, &large).await?, expected)
}

async fn topic(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?, emit("log", "l1"), emit("outbox", "e1")]).await?;
    world.commit(vec![emit("outbox", "e2"), emit("log", "l2")]).await?;
    let outbox = consumer(&world, "outbox", 10)?.with_topic("outbox");
    same("the topic's events", drain(&world, &outbox).await?, vec!["e1".to_owned(), "e2".to_owned()])
}

async fn taken_over(world: World) -> Outcome {
    emitted(&world, 0..5).await?;
    let (one, other) = (consumer(&world, "mailer", 3)?, consumer(&world, "mailer", 5)?);
    let first = next(&world, &one, "one", at(0)).await?;
    same("the end of the lease", first.until(), at(60))?;
    let meanwhile = other.next(&*world.store, "other", at(59)).await?;
    same("before the lease ends", meanwhile, Next::Leased { until: at(60) })?;
    let again = next(&world, &other, "other", at(60)).await?;
    same("the batch that is taken over", events(&again), events(&first))?;
    same("its size", events(&first).len(), 3)?;
    // Up to the first change only: the others are lent again.
    let [done, ..] = again.changes() else { return Err(broken("an empty batch")) };
    other.acknowledge(&*world.store, &again, done.position, at(61)).await?;
    let rest = next(&world, &other, "other", at(61)).await?;
    same("what is left", events(&rest), (1..5).map(|n| format!("e{n}")).collect())?;
    same("the position", other.position(&*world.store).await?, done.position)
}

async fn too_late(world: World) -> Outcome {
    emitted(&world, 0..3).await?;
    let mailer = consumer(&world, "mailer", 2)?;
    let mut slow = next(&world, &mailer, "slow", at(0)).await?;
    mailer.renew(&*world.store, &mut slow, at(50)).await?;
    same("the renewed lease", mailer.next(&*world.store, "quick", at(100)).await?, Next::Leased { until: at(110) })?;
    let quick = next(&world, &mailer, "quick", at(110)).await?;
    let late = mailer.acknowledge(&*world.store, &slow, slow.end(), at(111)).await;
    ensure("who comes too late is told", matches!(late, Err(ConsumerError::LeaseLost)))?;
    let late = mailer.renew(&*world.store, &mut slow, at(111)).await;
    ensure("a lease that is lost is not renewed", matches!(late, Err(ConsumerError::LeaseLost)))?;
    mailer.acknowledge(&*world.store, &quick, quick.end(), at(112)).await?;
    let again = mailer.acknowledge(&*world.store, &quick, quick.end(), at(112)).await;
    ensure("a batch is acknowledged once", matches!(again, Err(ConsumerError::LeaseLost)))?;
    let rest = next(&world, &mailer, "quick", at(112)).await?;
    same("what comes next", events(&rest), vec!["e2".to_owned()])?;
    let outside = mailer.acknowledge(&*world.store, &rest, quick.end(), at(112)).await;
    ensure("a position outside the batch is refused", matches!(outside, Err(ConsumerError::NotInBatch(_))))
}

async fn at_once(world: World) -> Outcome {
    emitted(&world, 0..4).await?;
    let mailer = consumer(&world, "mailer", 2)?;
    // Wait until the feed has them, so that all ask for the same.
    world.history(4).await?;
    for round in 0..2 {
        let workers = (0..8).map(|n| {
            let (mailer, store) = (mailer.clone(), world.store.clone());
            async move { mailer.next(&*store, &format!("worker-{n}"), at(0)).await }
        });
        let mut lent = Vec::new();
        for answer in join_all(workers).await {
            match answer? {
                Next::Batch(batch) => lent.push(batch),
                Next::Leased { .. } => {}
                Next::Nothing => return Err(broken("a worker is told that there is nothing")),
            }
        }
        let [batch] = lent.as_slice() else {
            return Err(broken(format!("{} workers were lent a batch, not one", lent.len())));
        };
        same("the batch", events(batch), (2 * round..2 * round + 2).map(|n| format!("e{n}")).collect())?;
        mailer.acknowledge(&*world.store, batch, batch.end(), at(0)).await?;
    }
    Ok(())
}

async fn two_tenants(world: World) -> Outcome {
    let other = world.at(other_tenant());
    world.commit(vec![emit("outbox", "mine")]).await?;
    other.commit(vec![emit("outbox", "theirs")]).await?;
    for (world, event) in [(&world, "mine"), (&other, "theirs")] {
        let batch = next(world, &consumer(world, "mailer", 5)?, "worker", at(0)).await?;
        same("the tenant's batch", events(&batch), vec![event.to_owned()])?;
    }
    Ok(())
}
