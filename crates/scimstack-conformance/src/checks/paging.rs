//! Lists, and their pages by index (RFC 7644 §3.4.2, §3.4.2.4).

use crate::check::table;
use crate::service::Kind;
use crate::stop::{Result, ensure};
use crate::target::Answer;
use crate::world::{LIST, World};
use serde_json::Value;

table! { "paging";
    Must each envelope "list-is-a-list-response" ["P-3.4.2-04" "P-3.4.2-05"]
        "Answer a query with a ListResponse that has totalResults.";
    Must each resources "list-has-resources" ["P-3.4.2-06"]
        "Show in Resources what a query has found.";
    Must each whole_resources "list-shows-whole-resources" ["P-3.4-02" "S-3.1-05" "S-3-02"]
        "Show each resource of a list as a GET does, with id, schemas and meta.";
    Must each start_and_count "page-says-where-it-is" ["P-3.4.2-08" "P-3.4.2-09" "P-3.4.2.4-08"]
        "Say in a list that shows a part where it begins (startIndex) and how much it shows (itemsPerPage).";
    Must each total "page-counts-all-matches" ["P-3.4.2.4-08"]
        "Count in totalResults everything that matches, not what is on the page.";
    Must each limit "count-is-a-limit" ["P-3.4.2.4-05"]
        "Show no more resources than count says.";
    Must each walk "pages-show-everything-once" ["P-3.4.2.4-07" "P-3.4.2.4-08"]
        "Show every match on exactly one page when the pages are read one after the other.";
    Must each zero "count-zero-only-counts" ["P-3.4.2.4-04"]
        "Answer a count of 0 with totalResults and without resources.";
    Must each negative "negative-count-is-zero" ["P-3.4.2.4-03"]
        "Take a negative count for 0.";
    Must each below_one "start-below-one-is-one" ["P-3.4.2.4-02"]
        "Take a startIndex below 1 for 1.";
    Must each past_the_end "start-past-the-end-is-empty" ["P-3.4.2.4-08"]
        "Answer a startIndex past the last match with no resources, and the same totalResults.";
    Must each published_limit "max-results-is-kept" ["S-5-05"]
        "Show no more resources than filter.maxResults says, whatever count asks for.";
    Should each not_a_number "count-that-is-no-number-is-400" ["P-3.12-05"]
        "Answer a count that is no number with 400.";
}

/// Makes so many resources; the filter that finds them.
pub(super) async fn several(w: &World<'_>, kind: &Kind, many: usize) -> Result<(String, Vec<String>)> {
    w.service.needs("filter")?;
    let prefix = w.name();
    let mut ids = Vec::new();
    for place in 0..many {
        ids.push(w.make_of(kind, kind.minimal(&format!("{prefix}-{place}"))).await?.id);
    }
    Ok((w.beginning(kind, &format!("{prefix}-"))?, ids))
}

async fn page(w: &World<'_>, kind: &Kind, filter: &str, more: &[(&str, &str)]) -> Result<Answer> {
    let mut parameters = vec![("filter", filter)];
    parameters.extend(more);
    let answer = w.query(kind, &parameters).await?;
    ensure!(answer.status == 200, "the query was answered with {}", answer.status);
    Ok(answer)
}

async fn envelope(w: &World<'_>, kind: &Kind) -> Result {
    let answer = w.query(kind, &[("count", "1")]).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(answer.has_schema(LIST), "the answer does not name the schema of a ListResponse");
    ensure!(answer.number("/totalResults").is_some(), "totalResults is not a number");
    Ok(())
}

async fn resources(w: &World<'_>, kind: &Kind) -> Result {
    let (filter, ids) = several(w, kind, 2).await?;
    let answer = page(w, kind, &filter, &[]).await?;
    let found = answer.ids();
    ensure!(ids.iter().all(|id| found.contains(&id.as_str())), "of {ids:?} the list shows {found:?}");
    Ok(())
}

async fn whole_resources(w: &World<'_>, kind: &Kind) -> Result {
    let (filter, _) = several(w, kind, 1).await?;
    let answer = page(w, kind, &filter, &[]).await?;
    for resource in answer.resources() {
        for name in ["id", "schemas", "meta"] {
            ensure!(resource.get(name).is_some(), "a resource of the list has no {name}");
        }
    }
    Ok(())
}

async fn start_and_count(w: &World<'_>, kind: &Kind) -> Result {
    let (filter, _) = several(w, kind, 3).await?;
    let answer = page(w, kind, &filter, &[("startIndex", "2"), ("count", "1")]).await?;
    let (start, items) = (answer.number("/startIndex"), answer.number("/itemsPerPage"));
    ensure!(start == Some(2), "startIndex is {start:?}, and 2 was asked for");
    let shown = u64::try_from(answer.resources().len()).ok();
    ensure!(items == shown, "itemsPerPage is {items:?}, and {shown:?} are shown");
    Ok(())
}

async fn total(w: &World<'_>, kind: &Kind) -> Result {
    let (filter, _) = several(w, kind, 3).await?;
    let answer = page(w, kind, &filter, &[("count", "1")]).await?;
    let total = answer.number("/totalResults");
    ensure!(total == Some(3), "three match, and totalResults is {total:?}");
    Ok(())
}

async fn limit(w: &World<'_>, kind: &Kind) -> Result {
    let (filter, _) = several(w, kind, 3).await?;
    let answer = page(w, kind, &filter, &[("count", "2")]).await?;
    let shown = answer.resources().len();
    ensure!(shown <= 2, "count is 2, and {shown} are shown");
    ensure!(shown > 0, "count is 2, and none is shown");
    Ok(())
}

async fn walk(w: &World<'_>, kind: &Kind) -> Result {
    let (filter, mut ids) = several(w, kind, 5).await?;
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..ids.len() {
        let start = (seen.len() + 1).to_string();
        let answer = page(w, kind, &filter, &[("startIndex", start.as_str()), ("count", "2")]).await?;
        let shown = answer.ids();
        if shown.is_empty() {
            break;
        }
        seen.extend(shown.into_iter().map(ToOwned::to_owned));
    }
    seen.sort();
    ids.sort();
    ensure!(seen == ids, "the pages should show {ids:?}, and show {seen:?}");
    Ok(())
}

async fn zero(w: &World<'_>, kind: &Kind) -> Result {
    let answer = w.query(kind, &[("count", "0")]).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(answer.number("/totalResults").is_some(), "totalResults is not a number");
    ensure!(answer.resources().is_empty(), "{} resources are shown", answer.resources().len());
    Ok(())
}

async fn negative(w: &World<'_>, kind: &Kind) -> Result {
    let answer = w.query(kind, &[("count", "-2")]).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(answer.resources().is_empty(), "{} resources are shown", answer.resources().len());
    Ok(())
}

async fn below_one(w: &World<'_>, kind: &Kind) -> Result {
    let (filter, _) = several(w, kind, 2).await?;
    let one = page(w, kind, &filter, &[("startIndex", "1"), ("count", "1")]).await?;
    for start in ["0", "-3"] {
        let answer = w.query(kind, &[("filter", &filter), ("startIndex", start), ("count", "1")]).await?;
        ensure!(answer.status == 200, "startIndex {start} was answered with {}", answer.status);
        ensure!(answer.ids() == one.ids(), "startIndex {start} does not bring the first page");
    }
    Ok(())
}

async fn past_the_end(w: &World<'_>, kind: &Kind) -> Result {
    let (filter, _) = several(w, kind, 2).await?;
    let answer = w.query(kind, &[("filter", &filter), ("startIndex", "100"), ("count", "10")]).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    let total = answer.number("/totalResults");
    ensure!(answer.resources().is_empty() && total == Some(2), "two match, and totalResults is {total:?}");
    Ok(())
}

async fn published_limit(w: &World<'_>, kind: &Kind) -> Result {
    let most = w.service.number("/filter/maxResults").unwrap_or(u64::MAX);
    let answer = w.query(kind, &[("count", "1000000")]).await?;
    ensure!(answer.status == 200, "a count of 1000000 was answered with {}", answer.status);
    let shown = answer.resources().len();
    ensure!(u64::try_from(shown).is_ok_and(|shown| shown <= most), "{shown} are shown, and the limit is {most}");
    let items = answer.json.get("itemsPerPage").and_then(Value::as_u64);
    ensure!(items.is_none_or(|items| items <= most), "itemsPerPage is {items:?}, and the limit is {most}");
    Ok(())
}

async fn not_a_number(w: &World<'_>, kind: &Kind) -> Result {
    let answer = w.query(kind, &[("count", "scimcheck")]).await?;
    ensure!(answer.status == 400, "expected 400, got {}", answer.status);
    Ok(())
}
