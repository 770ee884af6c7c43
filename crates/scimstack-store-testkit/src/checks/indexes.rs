//! Indexes decide what a query costs, never what it finds: texts found by their parts, and paths that are declared after
//! records were written.

use crate::check::{Check, Need};
use crate::world::{
    Broken, Outcome, World, broken, delete, ensure, ids, other_tenant, refused, replace, same, some, user,
};
use scimstack_store::{CountMode, Index, Kind, Op, Query, ResourceId, Sort, StoreError, Version, Want, reindex};

pub(super) const CHECKS: &[Check] = &[
    check!("texts are found by their parts wherever these stand", &[], parts),
    check!("what was written before a path was declared is found by it", &[], declared_later),
    check!("indexing anew moves neither versions nor the feed", &[Need::Feed], unseen),
    check!("indexing anew leaves alone what was written in between", &[], overtaken),
    check!("what is written under an older declaration is found all the same", &[], written_by_the_old),
    check!("what nothing is indexed for is found by cursor, a budget at a time", &[], in_part),
    check!("records to be indexed anew are those of the tenant and kind", &[], of_the_tenant),
    check!("an explanation says how many records there are and how many would be looked at", &[], explained),
];

/// So many that back ends which look at few records one by one go by their indexes.
const MANY: usize = 600;

fn title(n: usize) -> &'static str {
    ["Engineer", "engineering manager", "Chief \"Fun\" Officer", "100% Öl_Maler"]
        .into_iter()
        .cycle()
        .nth(n)
        .unwrap_or("")
}

fn id(n: usize) -> String {
    format!("u{n:04}")
}

fn document(n: usize) -> String {
    let title = title(n).replace('"', "\\\"");
    format!(
        r#"{{"id":"{}","userName":"Given{n}.Family{}@X.test","displayName":"Given{n} Müller","title":"{title}","emails":[{{"value":"mail{n}@{}.example","type":"work"}}]}}"#,
        id(n),
        n % 10,
        if n.is_multiple_of(2) { "even" } else { "odd" },
    )
}

async fn settle(world: &World) -> Result<(), Broken> {
    for chunk in (0..MANY).collect::<Vec<_>>().chunks(50) {
        let ops = chunk.iter().map(|&n| world.user_of(&id(n), &document(n))).collect::<Result<_, _>>()?;
        world.commit(ops).await?;
    }
    Ok(())
}

async fn found(world: &World, filter: &str, is_it: impl Fn(usize) -> bool) -> Outcome {
    let expected: Vec<String> = (0..MANY).filter(|&n| is_it(n)).map(id).collect();
    let page = world.matching("User", Some(filter)).await.map_err(|e| broken(format!("{filter}: {}", e.0)))?;
    same(filter, ids(&page.items), expected.iter().map(String::as_str).collect())
}

async fn parts(world: World) -> Outcome {
    settle(&world).await?;
    found(&world, r#"userName co "N17""#, |n| n.to_string().starts_with("17")).await?;
    found(&world, r#"userName co "7.family7@""#, |n| n % 10 == 7).await?;
    found(&world, r#"displayName co "N5 M""#, |n| n == 5).await?;
    found(&world, r#"displayName ew "müller""#, |_| true).await?;
    found(&world, r#"emails[type eq "work" and value co "@Even."] and userName co "n12""#, |n| {
        n.is_multiple_of(2) && n.to_string().starts_with("12")
    })
    .await?;
    found(&world, r#"emails.value ew "9@odd.example""#, |n| n % 10 == 9).await?;
    found(&world, r#"userName co "nobody here""#, |_| false).await?;
    // Shorter than what indexes know.
    found(&world, r#"userName co "n1" and userName co "y1""#, |n| n.to_string().starts_with('1') && n % 10 == 1)
        .await?;
    // What has changed.
    let record = world.record("User", &document(17).replace("Given17", "Other"))?;
    world.commit(vec![replace(user(&id(17)), record), delete(user(&id(170)))]).await?;
    found(&world, r#"userName co "given17""#, |n| (171..180).contains(&n)).await?;
    found(&world, r#"userName co "other.fam""#, |n| n == 17).await
}

/// The same store, under a registry that declares more.
fn later(world: &World) -> Result<World, Broken> {
    let declared = |error| broken(format!("the kit's registry: {error}"));
    let builder = world.registry.to_builder().indexed("User", "title").map_err(declared)?;
    let builder = builder.searched("User", "title").map_err(declared)?;
    Ok(world.under(builder.build().map_err(declared)?))
}

async fn all_is_found(world: &World) -> Outcome {
    found(world, r#"title eq "ENGINEER""#, |n| n.is_multiple_of(4)).await?;
    found(world, r#"title sw "engineer""#, |n| n % 4 < 2).await?;
    found(world, r#"title co "\"fun\"""#, |n| n % 4 == 2).await?;
    found(world, r#"title ew "maler" or title eq "engineer" and userName co "n10""#, |n| {
        n % 4 == 3 || n.is_multiple_of(4) && n.to_string().starts_with("10")
    })
    .await?;
    found(world, r#"emails.value eq "mail7@odd.example""#, |n| n == 7).await
}

/// Indexes what is to be, some at a time; how many that were.
async fn index_all(world: &World) -> Result<u64, Broken> {
    let resource_type = some("users", world.registry.resource_type("User"))?;
    let (mut after, mut done) = (None, 0);
    for _ in 0..MANY {
        let step = reindex(&*world.store, world.scope, resource_type, after.as_ref(), 64, world.now()).await?;
        match step {
            Some(step) => (done, after) = (done + step.done, Some(step.last)),
            None => return Ok(done),
        }
    }
    Err(broken("indexing anew does not come to an end"))
}

async fn outdated(world: &World, after: Option<&str>, limit: u32) -> Result<Vec<String>, Broken> {
    let resource_type = some("users", world.registry.resource_type("User"))?;
    let after = after.and_then(ResourceId::new);
    let declaration = resource_type.index_declaration();
    let kind = Kind::from("User");
    let found = world.store.outdated(world.scope, &kind, declaration, after.as_ref(), limit).await?;
    ensure("what is to be indexed anew comes with its document", found.iter().all(|stored| !stored.doc.is_empty()))?;
    Ok(found.iter().map(|stored| stored.key.id.to_string()).collect())
}

async fn declared_later(world: World) -> Outcome {
    settle(&world).await?;
    same("nothing is outdated", outdated(&world, None, 10).await?, Vec::new())?;
    let later = later(&world)?;
    all_is_found(&later).await?;
    same("the first to be indexed", outdated(&later, None, 2).await?, vec![id(0), id(1)])?;
    same("the next to be indexed", outdated(&later, Some(&id(1)), 1).await?, vec![id(2)])?;
    // While some are and some are not.
    let record = later.record("User", &document(8))?;
    later.commit(vec![replace(user(&id(8)), record)]).await?;
    all_is_found(&later).await?;
    same("the rest", index_all(&later).await?, MANY as u64 - 1)?;
    same("nothing is left", outdated(&later, None, 10).await?, Vec::new())?;
    all_is_found(&later).await?;
    // And those who know only the old declaration.
    all_is_found(&world).await
}

async fn unseen(world: World) -> Outcome {
    world.commit(vec![world.user_of(&id(0), &document(0))?]).await?;
    let before = world.get(&user(&id(0))).await?;
    let later = later(&world)?;
    same("indexed", index_all(&later).await?, 1)?;
    same("the record", world.get(&user(&id(0))).await?, before)?;
    world.history(1).await.map(drop)
}

async fn overtaken(world: World) -> Outcome {
    world.commit(vec![world.user_of(&id(0), &document(0))?]).await?;
    let stale = Op::Reindex { key: user(&id(0)), version: Version(1), index: Index::default() };
    let record = world.record("User", &document(0).replace("mail0@", "other@"))?;
    world.commit(vec![replace(user(&id(0)), record)]).await?;
    let nobody = Op::Reindex { key: user("nobody"), version: Version(1), index: Index::default() };
    let receipt = world.commit(vec![stale, nobody]).await?;
    ensure("nothing was changed", receipt.ops.iter().all(|op| !op.changed))?;
    same("the version", world.version(&user(&id(0))).await?, 2)?;
    same("nothing is outdated", outdated(&world, None, 10).await?, Vec::new())?;
    found(&world, r#"emails.value eq "other@even.example""#, |n| n == 0).await?;
    let is_not_found = |error: &StoreError| matches!(error, StoreError::NotFound { .. });
    refused("deleting nobody", world.commit(vec![delete(user("nobody"))]).await, is_not_found)
}

async fn written_by_the_old(world: World) -> Outcome {
    settle(&world).await?;
    let later = later(&world)?;
    index_all(&later).await?;
    let boss = document(3).replace(title(3), "Boss");
    world.commit(vec![replace(user(&id(3)), world.record("User", &boss)?)]).await?;
    found(&later, r#"title eq "boss""#, |n| n == 3).await?;
    found(&later, r#"title co "oss" and title ge "b""#, |n| n == 3).await?;
    same("to be indexed", outdated(&later, None, 10).await?, vec![id(3)])?;
    // One that is deleted needs nothing more.
    later.commit(vec![delete(user(&id(3)))]).await?;
    same("nothing is left", outdated(&later, None, 10).await?, Vec::new())?;
    found(&later, r#"title co "oss""#, |_| false).await
}

async fn in_part(world: World) -> Outcome {
    settle(&world).await?;
    let mut query = Query::new(world.target("User", Some(r#"title co "n" and title sw "engineering""#))?, 10);
    (query.budget, query.count) = (70, CountMode::Cheap);
    for descending in [false, true] {
        for path in [None, Some("userName"), Some("meta.created")] {
            let resource_type = some("users", world.registry.resource_type("User"))?;
            query.sort = match path {
                None => None,
                Some(path) => Some(Sort { path: some(path, resource_type.resolve(path))?, descending }),
            };
            let items = world.by_cursor(&query, 20).await?;
            let mut found = ids(&items);
            found.sort_unstable();
            let expected: Vec<String> = (0..MANY).filter(|n| n % 4 == 1).map(id).collect();
            same(&format!("by {path:?}"), found, expected.iter().map(String::as_str).collect())?;
        }
    }
    Ok(())
}

async fn of_the_tenant(world: World) -> Outcome {
    let other = world.at(other_tenant());
    for world in [&world, &other] {
        world.commit(vec![world.user_of(&id(0), &document(0))?, world.group("g1", "Engineers")?]).await?;
    }
    let later = later(&world)?;
    same("the tenant's", outdated(&later, None, 10).await?, vec![id(0)])?;
    same("indexed", index_all(&later).await?, 1)?;
    let of_other = later.at(other_tenant());
    same("the other's", outdated(&of_other, None, 10).await?, vec![id(0)])
}

async fn explained(world: World) -> Outcome {
    settle(&world).await?;
    for (filter, matches) in [
        (Some(r#"userName eq "given7.family7@x.test""#), 1),
        (Some(r#"title co "fun""#), MANY as u64 / 4),
        (Some(r#"userName co "n17""#), 11),
        (None, MANY as u64),
    ] {
        let mut query = Query::new(world.target("User", filter)?, 10);
        query.want = Want::HEAD;
        let explanation = world.store.explain(world.scope, &query).await?;
        let about = some("an explanation", explanation.targets.first())?;
        let what = format!("{filter:?}: {about}");
        same(&format!("records, {what}"), about.records, MANY as u64)?;
        ensure(&format!("candidates, {what}"), (matches..=MANY as u64).contains(&about.candidates))?;
        let page = world.query(&query).await?;
        same(&format!("looked at, {what}"), page.looked_at, explanation.looked_at())?;
        query.budget = 5;
        let explanation = world.store.explain(world.scope, &query).await?;
        let about = some("an explanation", explanation.targets.first())?;
        ensure(&format!("no more is counted, {about}"), about.plan.exact || about.candidates <= 6)?;
    }
    Ok(())
}
