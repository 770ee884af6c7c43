//! Pages by cursor (RFC 9865). Where the configuration does not name them, the checks do not apply.

use super::paging::several;
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, applies, ensure};
use crate::target::Answer;
use crate::world::{SEARCH, World};
use serde_json::{Value, json};

table! { "cursor";
    Must each walk "cursor-shows-everything-once" ["C-2-09" "C-2-10"]
        "Show every match on exactly one page when each page's nextCursor is followed, and end with a page without one.";
    Must each limit "cursor-count-is-a-limit" ["C-2-05"]
        "Show on a page by cursor no more resources than count says.";
    Must each first_page "cursor-first-page-has-no-previous" ["C-2-13"]
        "Give no previousCursor with the first page.";
    Must each letters "cursors-are-unreserved" ["C-2-02"]
        "Make cursors of unreserved characters, so that they can stand in a URL as they are.";
    Must each zero "cursor-count-zero-only-counts" ["C-2-04"]
        "Answer a count of 0 with totalResults and without resources.";
    Must each negative "cursor-negative-count-is-zero" ["C-2-03"]
        "Take a negative count for 0.";
    Must each server_chooses "cursor-without-count" ["C-2-07"]
        "Choose the size of a page when count is not there.";
    Must each forged "forged-cursor-is-invalid-cursor" ["C-2.1-02" "C-5.2-04"]
        "Answer a cursor that was never given with 400 and the scimType invalidCursor.";
    Must each sorted "cursor-pages-are-sorted" ["C-2.2-01"]
        "Sort pages by cursor as others are.";
    Must each by_post "cursor-in-a-search" ["C-3-01"]
        "Take cursor and count in the body of a search.";
    Must each stays_index "index-stays-the-default" ["C-2.4-02" "C-2.4-03"]
        "Page as the configuration's default says when a query has neither cursor nor startIndex.";
}

fn pages_by_cursor(w: &World<'_>) -> Result {
    applies!(
        w.service.pages_by("cursor") == Some(true),
        "the configuration does not say that there are pages by cursor"
    );
    Ok(())
}

async fn page(w: &World<'_>, kind: &Kind, filter: &str, cursor: &str, more: &[(&str, &str)]) -> Result<Answer> {
    let mut parameters = vec![("filter", filter), ("cursor", cursor)];
    parameters.extend(more);
    let answer = w.query(kind, &parameters).await?;
    ensure!(answer.status == 200, "a page by cursor was answered with {}", answer.status);
    Ok(answer)
}

/// All ids, page by page.
async fn pages(w: &World<'_>, kind: &Kind, filter: &str, more: &[(&str, &str)]) -> Result<Vec<String>> {
    let (mut seen, mut cursor): (Vec<String>, String) = (Vec::new(), String::new());
    for _ in 0..10 {
        let answer = page(w, kind, filter, &cursor, more).await?;
        seen.extend(answer.ids().into_iter().map(ToOwned::to_owned));
        match answer.text("/nextCursor") {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    Ok(seen)
}

async fn walk(w: &World<'_>, kind: &Kind) -> Result {
    pages_by_cursor(w)?;
    let (filter, mut ids) = several(w, kind, 5).await?;
    let mut seen = pages(w, kind, &filter, &[("count", "2")]).await?;
    seen.sort();
    ids.sort();
    ensure!(seen == ids, "the pages should show {ids:?}, and show {seen:?}");
    Ok(())
}

async fn limit(w: &World<'_>, kind: &Kind) -> Result {
    pages_by_cursor(w)?;
    let (filter, _) = several(w, kind, 3).await?;
    let shown = page(w, kind, &filter, "", &[("count", "2")]).await?.resources().len();
    ensure!(shown <= 2, "count is 2, and {shown} are shown");
    Ok(())
}

async fn first_page(w: &World<'_>, kind: &Kind) -> Result {
    pages_by_cursor(w)?;
    let (filter, _) = several(w, kind, 3).await?;
    let answer = page(w, kind, &filter, "", &[("count", "2")]).await?;
    let previous = answer.json.get("previousCursor").filter(|cursor| !cursor.is_null());
    ensure!(previous.is_none(), "the first page has the previousCursor {previous:?}");
    Ok(())
}

async fn letters(w: &World<'_>, kind: &Kind) -> Result {
    pages_by_cursor(w)?;
    let (filter, _) = several(w, kind, 3).await?;
    let answer = page(w, kind, &filter, "", &[("count", "2")]).await?;
    let cursor =
        answer.text("/nextCursor").or_not_applicable("there is no nextCursor; see cursor-shows-everything-once")?;
    let is_plain = cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    ensure!(is_plain, "the cursor is {cursor:?}");
    Ok(())
}

async fn zero(w: &World<'_>, kind: &Kind) -> Result {
    pages_by_cursor(w)?;
    let (filter, _) = several(w, kind, 1).await?;
    let answer = page(w, kind, &filter, "", &[("count", "0")]).await?;
    ensure!(answer.resources().is_empty(), "{} resources are shown", answer.resources().len());
    ensure!(answer.number("/totalResults") == Some(1), "one matches, and totalResults does not say so");
    Ok(())
}

async fn negative(w: &World<'_>, kind: &Kind) -> Result {
    pages_by_cursor(w)?;
    let (filter, _) = several(w, kind, 1).await?;
    let answer = page(w, kind, &filter, "", &[("count", "-1")]).await?;
    ensure!(answer.resources().is_empty(), "{} resources are shown", answer.resources().len());
    Ok(())
}

async fn server_chooses(w: &World<'_>, kind: &Kind) -> Result {
    pages_by_cursor(w)?;
    let (filter, ids) = several(w, kind, 1).await?;
    let answer = page(w, kind, &filter, "", &[]).await?;
    ensure!(answer.ids() == ids, "the page should show {ids:?}, and shows {:?}", answer.ids());
    Ok(())
}

async fn forged(w: &World<'_>, kind: &Kind) -> Result {
    pages_by_cursor(w)?;
    let answer = w.query(kind, &[("cursor", "scimcheck-no-such-cursor"), ("count", "2")]).await?;
    let word = answer.text("/scimType");
    let is_right = answer.status == 400 && word == Some("invalidCursor");
    ensure!(is_right, "expected 400 invalidCursor, got {} with the scimType {word:?}", answer.status);
    Ok(())
}

async fn sorted(w: &World<'_>, kind: &Kind) -> Result {
    pages_by_cursor(w)?;
    w.service.needs("sort")?;
    let (filter, mut ids) = several(w, kind, 3).await?;
    let key = kind.key().or_not_applicable("the type has no attribute to sort by")?.path();
    ids.reverse();
    let seen = pages(w, kind, &filter, &[("count", "2"), ("sortBy", &key), ("sortOrder", "descending")]).await?;
    ensure!(seen == ids, "descending by {key} the pages should show {ids:?}, and show {seen:?}");
    Ok(())
}

async fn by_post(w: &World<'_>, kind: &Kind) -> Result {
    pages_by_cursor(w)?;
    let (filter, mut ids) = several(w, kind, 3).await?;
    let path = format!("{}/.search", kind.endpoint);
    let (mut seen, mut cursor): (Vec<String>, Value) = (Vec::new(), json!(""));
    for _ in 0..5 {
        let body = json!({"schemas": [SEARCH], "filter": filter, "count": 2, "cursor": cursor});
        let answer = w.post(&path, &body).await?;
        ensure!(answer.status == 200, "a search with a cursor was answered with {}", answer.status);
        seen.extend(answer.ids().into_iter().map(ToOwned::to_owned));
        match answer.json.get("nextCursor").filter(|next| next.is_string()) {
            Some(next) => cursor = next.clone(),
            None => break,
        }
    }
    seen.sort();
    ids.sort();
    ensure!(seen == ids, "the pages should show {ids:?}, and show {seen:?}");
    Ok(())
}

async fn stays_index(w: &World<'_>, kind: &Kind) -> Result {
    pages_by_cursor(w)?;
    let default = w.service.config.pointer("/pagination/defaultPaginationMethod").and_then(Value::as_str);
    let is_index =
        default.is_none_or(|way| way.eq_ignore_ascii_case("index")) && w.service.pages_by("index") == Some(true);
    let (filter, _) = several(w, kind, 3).await?;
    let answer = w.query(kind, &[("filter", &filter), ("count", "2")]).await?;
    let has_cursor = answer.json.get("nextCursor").is_some_and(Value::is_string);
    ensure!(
        has_cursor != is_index,
        "the default is {default:?}, and a page without a cursor has a nextCursor: {has_cursor}"
    );
    Ok(())
}
