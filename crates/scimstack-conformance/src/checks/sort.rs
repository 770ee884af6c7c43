//! The order of results (RFC 7644 §3.4.2.3). Where the server does not say that it sorts, the checks do not apply.

use crate::attribute::Attribute;
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, ensure};
use crate::world::{World, quoted};
use serde_json::{Value, json};

table! { "sort";
    Must each ascending "sort-ascending" ["P-3.4.2.3-03"]
        "Order results by the attribute in sortBy.";
    Must each by_default "sort-is-ascending-by-default" ["P-3.4.2.3-06"]
        "Order results ascending when sortOrder is not there.";
    Must each descending "sort-descending" ["P-3.4.2.3-03"]
        "Order results the other way round when sortOrder is descending.";
    Must each without_case "sort-regards-no-case" ["P-3.4.2.3-07"]
        "Order texts without regard to case where the schema does not say that case matters.";
    Must each without_value "sort-puts-what-has-no-value-last" ["P-3.4.2.3-05"]
        "Put resources without a value last when ascending, and first when descending.";
    Must each by_sub_attribute "sort-by-sub-attribute" ["P-3.4.2.3-04"]
        "Order results by a sub-attribute that sortBy names.";
}

/// Three resources in another order than that of their texts, and a fourth without a text when asked for.
struct Sorted<'k> {
    text: &'k Attribute,
    /// Ids, in the order of their texts.
    ids: Vec<String>,
    filter: String,
}

async fn sorted<'k>(w: &World<'_>, kind: &'k Kind, with_none: bool) -> Result<Sorted<'k>> {
    w.service.needs("sort")?;
    w.service.needs("filter")?;
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let prefix = w.name();
    let mut ids: Vec<(usize, String)> = Vec::new();
    // With regard to case, B would come before a.
    for (place, value) in [(1, Some("B")), (0, Some("a")), (2, Some("c")), (3, None)] {
        if value.is_none() && !with_none {
            continue;
        }
        let mut document = kind.minimal(&format!("{prefix}-{place}"));
        if let Some(value) = value {
            text.set(&mut document, json!(format!("{value} {prefix}")));
        }
        ids.push((place, w.make_of(kind, document).await?.id));
    }
    ids.sort();
    let ids = ids.into_iter().map(|(_, id)| id).collect();
    Ok(Sorted { text, ids, filter: w.beginning(kind, &format!("{prefix}-"))? })
}

async fn order(w: &World<'_>, kind: &Kind, filter: &str, by: &str, order: Option<&str>) -> Result<Vec<String>> {
    let mut parameters = vec![("filter", filter), ("sortBy", by)];
    parameters.extend(order.map(|order| ("sortOrder", order)));
    let answer = w.query(kind, &parameters).await?;
    ensure!(answer.status == 200, "a query with sortBy was answered with {}", answer.status);
    Ok(answer.ids().into_iter().map(ToOwned::to_owned).collect())
}

async fn is(w: &World<'_>, kind: &Kind, sorted: &Sorted<'_>, how: Option<&str>, expected: &[&String]) -> Result {
    let found = order(w, kind, &sorted.filter, &sorted.text.path(), how).await?;
    let expected: Vec<String> = expected.iter().map(|id| (*id).clone()).collect();
    ensure!(found == expected, "by {} the order should be {expected:?}, and is {found:?}", sorted.text.path());
    Ok(())
}

async fn ascending(w: &World<'_>, kind: &Kind) -> Result {
    let mut sorted = sorted(w, kind, false).await?;
    // The middle one, whose text has a capital, belongs to another check.
    let middle = sorted.ids.remove(1);
    sorted.filter = format!("{} and not (id eq {})", sorted.filter, quoted(&middle));
    let expected: Vec<&String> = sorted.ids.iter().collect();
    is(w, kind, &sorted, Some("ascending"), &expected).await
}

async fn by_default(w: &World<'_>, kind: &Kind) -> Result {
    let sorted = sorted(w, kind, false).await?;
    let (said, unsaid) = (
        order(w, kind, &sorted.filter, &sorted.text.path(), Some("ascending")).await?,
        order(w, kind, &sorted.filter, &sorted.text.path(), None).await?,
    );
    ensure!(said == unsaid, "ascending the order is {said:?}, and without sortOrder {unsaid:?}");
    Ok(())
}

async fn descending(w: &World<'_>, kind: &Kind) -> Result {
    let sorted = sorted(w, kind, false).await?;
    let mut up = order(w, kind, &sorted.filter, &sorted.text.path(), Some("ascending")).await?;
    let down = order(w, kind, &sorted.filter, &sorted.text.path(), Some("descending")).await?;
    up.reverse();
    ensure!(up == down, "descending the order should be {up:?}, and is {down:?}");
    Ok(())
}

async fn without_case(w: &World<'_>, kind: &Kind) -> Result {
    let sorted = sorted(w, kind, false).await?;
    (!sorted.text.case_exact).then_some(()).or_not_applicable("case matters in the text")?;
    let expected: Vec<&String> = sorted.ids.iter().collect();
    is(w, kind, &sorted, Some("ascending"), &expected).await
}

async fn without_value(w: &World<'_>, kind: &Kind) -> Result {
    let sorted = sorted(w, kind, true).await?;
    let none = sorted.ids.last().cloned();
    let up = order(w, kind, &sorted.filter, &sorted.text.path(), Some("ascending")).await?;
    ensure!(up.last() == none.as_ref(), "ascending, {none:?} without a value should be last of {up:?}");
    let down = order(w, kind, &sorted.filter, &sorted.text.path(), Some("descending")).await?;
    ensure!(down.first() == none.as_ref(), "descending, {none:?} without a value should be first of {down:?}");
    Ok(())
}

async fn by_sub_attribute(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("sort")?;
    w.service.needs("filter")?;
    let (object, sub, _) = kind.object().or_not_applicable("the type has no object with texts in it")?;
    let prefix = w.name();
    let mut ids = Vec::new();
    for (place, value) in [(1, "b"), (0, "a")] {
        let mut document = kind.minimal(&format!("{prefix}-{place}"));
        let mut value_of = serde_json::Map::new();
        value_of.insert(sub.name.clone(), Value::String(format!("{value} {prefix}")));
        object.set(&mut document, Value::Object(value_of));
        ids.insert(0, w.make_of(kind, document).await?.id);
    }
    let filter = w.beginning(kind, &format!("{prefix}-"))?;
    let by = format!("{}.{}", object.path(), sub.name);
    let found = order(w, kind, &filter, &by, None).await?;
    ensure!(found == ids, "by {by} the order should be {ids:?}, and is {found:?}");
    Ok(())
}
