//! Queries by POST to `/.search`, and of the base URL (RFC 7644 §3.4.2.1, §3.4.3).

use super::paging::several;
use crate::attribute::member;
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, applies, ensure};
use crate::world::{LIST, SEARCH, World, quoted};
use serde_json::{Value, json};

table! { "search";
    Must each like_a_query "search-is-a-query" ["P-3.4.3-02" "P-3.4.3-10"]
        "Answer a POST to an endpoint's /.search as the same query by GET.";
    Must each makes_nothing "search-makes-nothing" ["P-3.4.3-02"]
        "Make nothing of a POST to /.search, and answer it with 200.";
    Must each pages "search-has-pages" ["P-3.4.3-10"]
        "Take startIndex and count in the body of a search.";
    Must each projection "search-has-attributes" ["P-3.4.3-10" "P-3.4.2.5-02"]
        "Take attributes in the body of a search.";
    Must each order "search-is-sorted" ["P-3.4.3-10"]
        "Take sortBy and sortOrder in the body of a search.";
    Must each broken "search-with-a-broken-filter-is-400" ["P-3.4.3-10" "P-3.4.2.2-17"]
        "Refuse a search whose filter does not follow the grammar with 400.";
    Must each everywhere "search-of-the-base-url" ["P-3.4.2.1-02" "P-3.4.2.1-05"]
        "Search resources of every type by a POST to the base URL's /.search.";
    Must each only_there "search-of-the-base-url-knows-types" ["P-3.4.2.1-06"]
        "Take a condition on what a type does not have for false.";
}

async fn search(w: &World<'_>, path: &str, more: Value) -> Result<crate::target::Answer> {
    let mut body = json!({"schemas": [SEARCH]});
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    let answer = w.post(path, &body).await?;
    applies!(!matches!(answer.status, 404 | 405 | 501), "the server has no {path}: {}", answer.status);
    Ok(answer)
}

fn path(kind: &Kind) -> String {
    format!("{}/.search", kind.endpoint)
}

async fn like_a_query(w: &World<'_>, kind: &Kind) -> Result {
    let (filter, _) = several(w, kind, 2).await?;
    let got = w.query(kind, &[("filter", &filter)]).await?;
    let answer = search(w, &path(kind), json!({"filter": filter})).await?;
    ensure!(answer.has_schema(LIST), "the answer does not name the schema of a ListResponse");
    let (mut one, mut other) = (got.ids(), answer.ids());
    one.sort_unstable();
    other.sort_unstable();
    ensure!(one == other, "a GET finds {one:?}, and the search {other:?}");
    let (one, other) = (got.number("/totalResults"), answer.number("/totalResults"));
    ensure!(one == other, "totalResults is {one:?} by GET, and {other:?} by the search");
    Ok(())
}

async fn makes_nothing(w: &World<'_>, kind: &Kind) -> Result {
    let answer = search(w, &path(kind), json!({"count": 1})).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    Ok(())
}

async fn pages(w: &World<'_>, kind: &Kind) -> Result {
    let (filter, _) = several(w, kind, 3).await?;
    let answer = search(w, &path(kind), json!({"filter": filter, "startIndex": 2, "count": 1})).await?;
    let (start, shown) = (answer.number("/startIndex"), answer.resources().len());
    ensure!(start == Some(2) && shown == 1, "startIndex is {start:?}, and {shown} are shown");
    Ok(())
}

async fn projection(w: &World<'_>, kind: &Kind) -> Result {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let made = w.make_having(kind, &[text]).await?;
    let filter = format!("id eq {}", quoted(&made.id));
    let answer = search(w, &path(kind), json!({"filter": filter, "attributes": [text.path()]})).await?;
    let found = answer.resources().first().cloned().unwrap_or_default();
    let key = kind.key().filter(|key| key.returned != "always").and_then(|key| key.find(&found));
    ensure!(text.find(&found).is_some(), "{} was asked for, and is not shown", text.path());
    ensure!(key.is_none(), "{key:?} is shown, and was not asked for");
    Ok(())
}

async fn order(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("sort")?;
    let (filter, mut ids) = several(w, kind, 3).await?;
    ids.reverse();
    let key = kind.key().or_not_applicable("the type has no attribute to sort by")?.path();
    let more = json!({"filter": filter, "sortBy": key, "sortOrder": "descending"});
    let answer = search(w, &path(kind), more).await?;
    ensure!(answer.ids() == ids, "the order should be {ids:?}, and is {:?}", answer.ids());
    Ok(())
}

async fn broken(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let answer = search(w, &path(kind), json!({"filter": "id eq"})).await?;
    ensure!(answer.status == 400, "expected 400, got {}", answer.status);
    Ok(())
}

async fn everywhere(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let made = w.make(kind).await?;
    let answer = search(w, "/.search", json!({"filter": format!("id eq {}", quoted(&made.id))})).await?;
    let found = answer.ids();
    ensure!(found == [made.id.as_str()], "the search of the base URL should find {}, and finds {found:?}", made.id);
    let shown = answer.resources().first().and_then(|resource| member(resource, "schemas"));
    ensure!(shown.is_some(), "the resource that is found has no schemas");
    Ok(())
}

async fn only_there(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let made = w.make(kind).await?;
    let all = w.service.kinds.iter().filter(|other| other.name != kind.name);
    let foreign = all
        .flat_map(|other| other.plain())
        .find(|a| a.urn.is_none() && !a.multi && !kind.attributes.iter().any(|own| own.is_named(&a.name)));
    let foreign = foreign.or_not_applicable("no other type has an attribute that this one lacks")?;
    let filter = format!("{} pr and id eq {}", foreign.path(), quoted(&made.id));
    let answer = search(w, "/.search", json!({"filter": filter})).await?;
    ensure!(answer.status == 200, "the search was answered with {}", answer.status);
    ensure!(answer.ids().is_empty(), "a condition on {}, which the type lacks, is true", foreign.path());
    Ok(())
}
