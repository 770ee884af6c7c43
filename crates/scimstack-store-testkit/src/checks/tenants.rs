//! Scopes are apart: nothing that is done in one is seen from another.

use crate::check::{Check, Need};
use crate::world::{Outcome, World, add, delete, emit, group, ids, other_tenant, plain, same, some, tenant, user};
use scimstack_store::{Anchor, FeedQuery, FeedScope, Key, Op, ResourceId, Scope};

pub(super) const CHECKS: &[Check] = &[
    check!("tenants may have the same ids, names and values", &[], same_names),
    check!("a tenant does not see another's records", &[], unseen),
    check!("references never reach into another tenant", &[Need::Edges], references),
    check!("a tenant's feed has only its own changes", &[Need::Feed], feeds),
    check!("idempotency keys belong to one tenant", &[], idempotency),
    check!("the system's records are apart from every tenant's", &[], system),
];

async fn same_names(world: World) -> Outcome {
    let other = world.at(other_tenant());
    for world in [&world, &other] {
        let ann = r#"{"id":"u1","userName":"ann","externalId":"E-1"}"#;
        world.commit(vec![world.user_of("u1", ann)?, world.group("g1", "One")?]).await?;
    }
    world.commit(vec![world.rename("u1", "anna")?]).await?;
    same("the version here", world.version(&user("u1")).await?, 2)?;
    same("the version there", other.version(&user("u1")).await?, 1)?;
    same("the name there", other.get(&user("u1")).await?.core.unique.as_deref(), Some("ann"))?;
    other.commit(vec![delete(user("u1"))]).await?;
    same("the version here", world.version(&user("u1")).await?, 2)?;
    same("the user there", other.find(&user("u1")).await?, None)
}

async fn unseen(world: World) -> Outcome {
    let other = world.at(other_tenant());
    let ann =
        r#"{"id":"u1","userName":"ann","externalId":"E-1","displayName":"Ann","emails":[{"value":"ann@x.test"}]}"#;
    world.commit(vec![world.user_of("u1", ann)?]).await?;
    other.commit(vec![other.user("u2", "bob")?]).await?;
    same("the user", other.find(&user("u1")).await?, None)?;
    for filter in [
        r#"id eq "u1""#,
        r#"userName eq "ann""#,
        r#"externalId eq "E-1""#,
        r#"displayName eq "Ann""#,
        r#"emails.value eq "ann@x.test""#,
        r#"userName eq "nobody" or userName sw "a""#,
        r#"not (userName eq "bob")"#,
    ] {
        let page = other.matching("User", Some(filter)).await?;
        same(&format!("what {filter} finds"), ids(&page.items), vec![])?;
    }
    let page = other.matching("User", None).await?;
    same("all users there", ids(&page.items), vec!["u2"])?;
    let page = world.matching("User", None).await?;
    same("all users here", ids(&page.items), vec!["u1"])?;
    let third = world.at(tenant(u32::MAX));
    same("the users of the last tenant", third.matching("User", None).await?.items.len(), 0)
}

async fn references(world: World) -> Outcome {
    let other = world.at(other_tenant());
    world.commit(vec![world.user("u1", "ann")?]).await?;
    // Neither at once,
    other.commit(vec![other.group("g1", "One")?, add("g1", &["u1", "ann", "bob"])]).await?;
    let pending = ["?ann", "?bob", "?u1"].map(str::to_owned).to_vec();
    same("the members there", other.members("g1").await?, pending.clone())?;
    // nor when somebody appears.
    world.commit(vec![world.user("u2", "bob")?, world.group("g1", "One")?, add("g1", &["u1"])]).await?;
    same("the members there", other.members("g1").await?, pending)?;
    same("the version there", other.version(&group("g1")).await?, 2)?;
    same("the groups of u1 here", world.edges("members", Anchor::Targets(vec![user("u1")])).await?.len(), 1)?;
    same("the groups of u1 there", other.edges("members", Anchor::Targets(vec![user("u1")])).await?.len(), 0)?;
    same("all edges here", world.edges("members", Anchor::All).await?.len(), 1)?;
    // Deleting here leaves what is there.
    other.commit(vec![other.user("u1", "ann")?]).await?;
    world.commit(vec![delete(user("u1")), delete(group("g1"))]).await?;
    same("the members there", other.members("g1").await?, ["?bob", "u1"].map(str::to_owned).to_vec())
}

async fn feeds(world: World) -> Outcome {
    let other = world.at(other_tenant());
    world.commit(vec![world.user("u1", "ann")?, emit("outbox", "e1")]).await?;
    other.commit(vec![other.user("u1", "ann")?, emit("outbox", "e1")]).await?;
    world.commit(vec![delete(user("u1"))]).await?;
    let here = world.history(3).await?;
    let there = other.history(2).await?;
    same("the scopes here", here.iter().filter(|change| change.scope == world.scope).count(), 3)?;
    same("the scopes there", there.iter().filter(|change| change.scope == other.scope).count(), 2)?;
    let mut query = FeedQuery::new(FeedScope::All, 100);
    let mut all = world.history_of(&query, 5).await?;
    all.sort_by_key(|change| (change.scope, change.position));
    same("everyone's changes", all, here.into_iter().chain(there).collect())?;
    query.key = Some(user("u1"));
    same("everyone's changes of u1", world.history_of(&query, 3).await?.len(), 3)?;
    query.scope = FeedScope::One(other.scope);
    same("its changes there", other.history_of(&query, 1).await?.len(), 1)
}

async fn idempotency(world: World) -> Outcome {
    let other = world.at(other_tenant());
    for world in [&world, &other] {
        let mut changes = world.changes(vec![world.user("u1", "ann")?]);
        changes.idempotency_key = Some("key".to_owned());
        let receipt = world.store.commit(world.scope, changes).await?;
        same("whether it was a replay", receipt.replayed, false)?;
        same("the version", world.version(&user("u1")).await?, 1)?;
    }
    Ok(())
}

async fn system(world: World) -> Outcome {
    let system = world.at(Scope::System);
    let token = Key::new("Token", some("an id", ResourceId::new("t1"))?);
    system.commit(vec![Op::Create { key: token.clone(), record: plain(r#"{"id":"t1","hash":"x"}"#) }]).await?;
    system.commit(vec![system.user("u1", "ann")?]).await?;
    same("the token there", system.version(&token).await?, 1)?;
    same("the token here", world.find(&token).await?, None)?;
    same("the user here", world.find(&user("u1")).await?, None)?;
    world.commit(vec![world.user("u1", "ann")?, Op::Create { key: token.clone(), record: plain("{}") }]).await?;
    system.commit(vec![delete(token.clone())]).await?;
    same("the token here", world.version(&token).await?, 1)
}
