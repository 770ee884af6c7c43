//! What queries find, in which order, in which pages, and how they count.

use crate::check::{Check, Need};
use crate::people::{TEAM_FILTERS, USER_FILTERS, USER_ORDERS, in_order, people, settle, teams};
use crate::world::{Broken, Outcome, World, broken, delete, ensure, group, ids, refused, same, some, tenant, user};
use bytes::Bytes;
use scimstack_store::{CountMode, Page, Paging, Query, Sort, StoreError, Stored, Total, Want};

pub(super) const CHECKS: &[Check] = &[
    check!("a filter finds just the users that match", &[Need::Edges], user_filters),
    check!("a filter finds just the groups that match", &[Need::Edges], group_filters),
    check!("a filter follows every change", &[], filter_follows),
    check!("long values that begin alike are told apart", &[], long_values),
    check!("without an order the order is by id", &[], by_id),
    check!("an order is by value, then by id, those without a value last", &[Need::Edges], sorted),
    check!("index pages cut the order without gap or overlap", &[Need::Edges], index_pages),
    check!("cursor pages cut the order without gap or overlap", &[Need::Edges], cursor_pages),
    check!("paging by cursor under writes neither repeats nor misses what is not written", &[], cursor_under_writes),
    check!("a cursor of another making is refused", &[], bad_cursor),
    check!("matches are counted as far as was asked", &[Need::Edges], counts),
    check!("several kinds are found at once, each by its own filter", &[Need::Edges], several_kinds),
    check!("a query brings what is wanted of each match", &[], wanted),
];

async fn user_filters(world: World) -> Outcome {
    settle(&world).await?;
    let people = people();
    for (filter, matches) in USER_FILTERS {
        let mut expected: Vec<&str> = people.iter().filter(|p| matches(p)).map(|p| p.id.as_str()).collect();
        expected.sort_unstable();
        found(&world, "User", filter, &expected).await?;
    }
    Ok(())
}

async fn group_filters(world: World) -> Outcome {
    settle(&world).await?;
    let teams = teams();
    for (filter, matches) in TEAM_FILTERS {
        let mut expected: Vec<&str> = teams.iter().filter(|t| matches(t)).map(|t| t.id).collect();
        expected.sort_unstable();
        found(&world, "Group", filter, &expected).await?;
    }
    Ok(())
}

async fn found(world: &World, kind: &str, filter: &str, expected: &[&str]) -> Outcome {
    let page = world.matching(kind, Some(filter)).await.map_err(|e| broken(format!("{filter}: {}", e.0)))?;
    same(filter, ids(&page.items), expected.to_vec())?;
    same(&format!("the total of {filter}"), page.total, Total::Exact(expected.len() as u64))
}

async fn filter_follows(world: World) -> Outcome {
    let document = |name: &str, email: &str, family: &str| {
        format!(
            r#"{{"id":"u1","userName":"{name}","externalId":"{name}-x","displayName":"{name}","name":{{"familyName":"{family}"}},"emails":[{{"value":"{email}","type":"work"}}]}}"#
        )
    };
    let filters = |name: &str, email: &str, family: &str| {
        [
            format!(r#"userName eq "{name}""#),
            format!(r#"externalId eq "{name}-x""#),
            format!(r#"displayName eq "{name}""#),
            format!(r#"emails.value eq "{email}""#),
            format!(r#"emails[type eq "work" and value eq "{email}"]"#),
            format!(r#"name.familyName eq "{family}""#),
        ]
    };
    world.commit(vec![world.user_of("u1", &document("ann", "a@x.test", "Kelly"))?]).await?;
    for filter in filters("ann", "a@x.test", "Kelly") {
        found(&world, "User", &filter, &["u1"]).await?;
    }
    let record = world.record("User", &document("bea", "b@x.test", "Kelso"))?;
    world.commit(vec![crate::world::replace(user("u1"), record)]).await?;
    for filter in filters("ann", "a@x.test", "Kelly") {
        found(&world, "User", &filter, &[]).await?;
    }
    for filter in filters("bea", "b@x.test", "Kelso") {
        found(&world, "User", &filter, &["u1"]).await?;
    }
    world.commit(vec![delete(user("u1"))]).await?;
    for filter in filters("bea", "b@x.test", "Kelso") {
        found(&world, "User", &filter, &[]).await?;
    }
    Ok(())
}

async fn long_values(world: World) -> Outcome {
    let long = "é".repeat(200);
    for (id, end) in [("u1", "one"), ("u2", "two"), ("u3", "")] {
        let text = format!("{long}{end}");
        let document = format!(
            r#"{{"id":"{id}","userName":"{text}","displayName":"{text}","externalId":"{text}","name":{{"familyName":"{text}"}},"emails":[{{"value":"{text}","type":"work"}}]}}"#
        );
        world.commit(vec![world.user_of(id, &document)?]).await?;
    }
    for path in ["userName", "displayName", "externalId", "name.familyName", "emails.value"] {
        for (id, end) in [("u1", "one"), ("u2", "two"), ("u3", "")] {
            found(&world, "User", &format!(r#"{path} eq "{long}{end}""#), &[id]).await?;
        }
        found(&world, "User", &format!(r#"{path} eq "{long}three""#), &[]).await?;
        found(&world, "User", &format!(r#"{path} sw "{long}""#), &["u1", "u2", "u3"]).await?;
    }
    Ok(())
}

async fn by_id(world: World) -> Outcome {
    for id in ["m", "a", "z", "b2", "b10", "B"] {
        world.commit(vec![world.user(id, &format!("name-{id}"))?]).await?;
    }
    let expected = vec!["B", "a", "b10", "b2", "m", "z"];
    same("the users", ids(&world.matching("User", None).await?.items), expected.clone())?;
    world.commit(vec![world.rename("b10", "another name")?]).await?;
    same("the users after a change", ids(&world.matching("User", None).await?.items), expected)
}

fn order(world: &World, path: &str, descending: bool) -> Result<Option<Sort>, Broken> {
    let resource_type = some("User", world.registry.resource_type("User"))?;
    let path = some(path, resource_type.resolve(path))?;
    Ok(Some(Sort { path, descending }))
}

/// Every order there is, as a query for all users and the ids it should give.
fn orders(world: &World) -> Result<Vec<(String, Query, Vec<String>)>, Broken> {
    let mut orders = Vec::new();
    for (path, value) in USER_ORDERS {
        for descending in [false, true] {
            let mut query = Query::new(world.target("User", None)?, 1_000);
            query.sort = order(world, path, descending)?;
            let name = format!("{path}{}", if descending { " descending" } else { "" });
            orders.push((name, query, in_order(&people(), *value, descending)));
        }
    }
    Ok(orders)
}

fn owned(items: &[Stored]) -> Vec<String> {
    items.iter().map(|stored| stored.key.id.to_string()).collect()
}

async fn sorted(world: World) -> Outcome {
    settle(&world).await?;
    for (name, query, expected) in orders(&world)? {
        same(&format!("by {name}"), owned(&world.query(&query).await?.items), expected)?;
    }
    // With a filter.
    let mut query = Query::new(world.target("User", Some("title pr"))?, 1_000);
    query.sort = order(&world, "name.familyName", true)?;
    let titled: Vec<_> = people().into_iter().filter(|person| person.title.is_some()).collect();
    let expected = in_order(&titled, |person| Some(person.family.to_lowercase()), true);
    same("filtered, by name.familyName descending", owned(&world.query(&query).await?.items), expected)
}

async fn index_pages(world: World) -> Outcome {
    settle(&world).await?;
    for (name, mut query, expected) in orders(&world)? {
        for size in [7_u32, 50] {
            let mut found = Vec::new();
            for start in (1..=50).step_by(size as usize) {
                query.page = Paging::Index { start, count: size };
                let page = world.query(&query).await?;
                same("the total on every page", page.total, Total::Exact(50))?;
                same("the cursor of an index page", page.next, None)?;
                found.extend(owned(&page.items));
            }
            same(&format!("pages of {size} by {name}"), found, expected.clone())?;
        }
    }
    let mut query = Query::new(world.target("User", Some("active eq false"))?, 10);
    let all = world.query(&query).await?.total;
    for (start, count) in [(51, 10), (1_000_000, 10), (u64::MAX, u32::MAX), (1, 0)] {
        query.page = Paging::Index { start, count };
        let page = world.query(&query).await?;
        same(&format!("the users from {start}, at most {count}"), page.items.len(), 0)?;
        same(&format!("the total from {start}, at most {count}"), page.total, all)?;
    }
    Ok(())
}

async fn cursor_pages(world: World) -> Outcome {
    settle(&world).await?;
    let mut by_id: Vec<String> = people().into_iter().map(|person| person.id).collect();
    by_id.sort();
    let mut all = orders(&world)?;
    all.push(("id, without an order".to_owned(), Query::new(world.target("User", None)?, 1), by_id.clone()));
    let filtered = Query::new(world.target("User", Some("userName pr"))?, 1);
    all.push(("id, with a filter".to_owned(), filtered, by_id));
    for (name, query, expected) in all {
        for size in [7, 49, 50, 51] {
            let found = owned(&world.by_cursor(&query, size).await?);
            same(&format!("cursor pages of {size} by {name}"), found, expected.clone())?;
        }
    }
    Ok(())
}

async fn cursor_under_writes(world: World) -> Outcome {
    for descending in [false, true] {
        let world = world.at(tenant(if descending { 8 } else { 9 }));
        for i in 0..40 {
            world.commit(vec![world.user(&format!("u{i:02}"), &format!("name{:02}", 39 - i))?]).await?;
        }
        let mut query = Query::new(world.target("User", None)?, 8);
        query.sort = order(&world, "userName", descending)?;
        let (mut seen, mut after) = (Vec::new(), None);
        for round in 0..60 {
            query.page = Paging::Cursor { after, count: 8 };
            let page = world.query(&query).await?;
            seen.extend(owned(&page.items));
            after = page.next;
            if after.is_none() {
                break;
            }
            // What was seen goes, what is to come is renamed to both ends, and new ones appear at both.
            let (gone, low, high) = (round * 2, 39 - round * 2, 38 - round * 2);
            if round < 5 {
                world.commit(vec![delete(user(&format!("u{gone:02}")))]).await?;
                world.commit(vec![world.rename(&format!("u{low:02}"), &format!("a{round}"))?]).await?;
                world.commit(vec![world.rename(&format!("u{high:02}"), &format!("z{round}"))?]).await?;
                world.commit(vec![world.user(&format!("x{round}"), &format!("aa{round}"))?]).await?;
                world.commit(vec![world.user(&format!("y{round}"), &format!("zz{round}"))?]).await?;
            }
        }
        same("the end of the pages", after, None)?;
        // Rounds 0 to 4 touch u00, u02, … u08 and u30 to u39.
        let untouched = (0..40).filter(|i| !matches!(i, 0 | 2 | 4 | 6 | 8 | 30..)).map(|i| format!("u{i:02}"));
        for id in untouched {
            let times = seen.iter().filter(|other| **other == id).count();
            same(&format!("how often the untouched {id} was seen"), times, 1)?;
        }
    }
    Ok(())
}

async fn bad_cursor(world: World) -> Outcome {
    for i in 0..4 {
        world.commit(vec![world.user(&format!("u{i}"), &format!("name{i}"))?]).await?;
    }
    let mut query = Query::new(world.target("User", None)?, 2);
    for nonsense in [&b""[..], b"nonsense", b"[1,2]", b"\0\0\0\0", b"\xff\xfe"] {
        query.page = Paging::Cursor { after: Some(Bytes::from_static(nonsense)), count: 2 };
        let answer = world.store.query(world.scope, &query).await;
        refused(&format!("the cursor {nonsense:?}"), answer, |e| matches!(e, StoreError::BadCursor))?;
    }
    Ok(())
}

async fn counts(world: World) -> Outcome {
    settle(&world).await?;
    for (filter, all) in [(None, 50), (Some("name.familyName sw \"k\""), 15), (Some("userName eq \"user7@x.test\""), 1)]
    {
        let mut query = Query::new(world.target("User", filter)?, 3);
        for count in [CountMode::Exact, CountMode::UpTo(all), CountMode::UpTo(all + 1)] {
            query.count = count;
            same(&format!("{filter:?} counted {count:?}"), world.query(&query).await?.total, Total::Exact(all))?;
        }
        query.count = CountMode::None;
        same(&format!("{filter:?} not counted"), world.query(&query).await?.total, Total::Unknown)?;
        for most in (1..all).step_by(7) {
            query.count = CountMode::UpTo(most);
            let total = world.query(&query).await?.total;
            let is_right = match total {
                Total::Exact(n) => n == all,
                Total::AtLeast(n) => (most..=all).contains(&n),
                _ => false,
            };
            ensure(&format!("{filter:?} counted up to {most} of {all} is {total:?}"), is_right)?;
        }
    }
    Ok(())
}

async fn several_kinds(world: World) -> Outcome {
    settle(&world).await?;
    let mut query = Query::new(world.target("User", Some(r#"userName sw "user1""#))?, 1_000);
    query.targets.push(world.target("Group", Some(r#"displayName co "o""#))?);
    let mut expected: Vec<_> = people()
        .iter()
        .filter(|person| person.user_name.to_lowercase().starts_with("user1"))
        .map(|person| user(&person.id))
        .chain(teams().iter().filter(|team| team.name.to_lowercase().contains('o')).map(|team| group(team.id)))
        .collect();
    expected.sort_by(|one, other| one.id.cmp(&other.id));
    let keys = |items: Vec<Stored>| items.into_iter().map(|stored| stored.key).collect::<Vec<_>>();
    let Page { items, total, .. } = world.query(&query).await?;
    same("the total", total, Total::Exact(expected.len() as u64))?;
    same("what was found", keys(items), expected.clone())?;
    same("by cursor", keys(world.by_cursor(&query, 3).await?), expected.clone())?;
    let mut paged = Vec::new();
    for start in (1..=expected.len() as u64).step_by(4) {
        query.page = Paging::Index { start, count: 4 };
        paged.extend(keys(world.query(&query).await?.items));
    }
    same("by index", paged, expected)
}

async fn wanted(world: World) -> Outcome {
    world.commit(vec![world.user("u1", "ann")?]).await?;
    let whole = world.get(&user("u1")).await?;
    for filter in [None, Some(r#"userName eq "ann""#), Some("active eq true")] {
        let mut query = Query::new(world.target("User", filter)?, 10);
        same(&format!("all of {filter:?}"), world.query(&query).await?.items, vec![whole.clone()])?;
        query.want = Want::DOCUMENT;
        let mut expected = whole.clone();
        expected.private = Bytes::new();
        same(&format!("the document of {filter:?}"), world.query(&query).await?.items, vec![expected.clone()])?;
        query.want = Want::HEAD;
        expected.doc = Bytes::new();
        same(&format!("the head of {filter:?}"), world.query(&query).await?.items, vec![expected])?;
    }
    Ok(())
}
