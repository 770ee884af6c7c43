//! The language of filters (RFC 7644 §3.4.2.2): operators, logic, names. What each data type does is next door.

use crate::attribute::Attribute;
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, ensure};
use crate::world::{Made, World, quoted};
use serde_json::{Value, json};

table! { "filter";
    Must each eq "filter-eq" ["P-3.4.2.2-04"]
        "Find with eq the resource that has the value, and no other.";
    Must each ne "filter-ne" ["P-3.4.2.2-04"]
        "Leave out with ne the resource that has the value.";
    Must each co "filter-co" ["P-3.4.2.2-12"]
        "Find with co what holds the text.";
    Must each sw "filter-sw" ["P-3.4.2.2-12"]
        "Find with sw what begins with the text.";
    Must each ew "filter-ew" ["P-3.4.2.2-12"]
        "Find with ew what ends with the text.";
    Must each pr "filter-pr" ["P-3.4.2.2-11"]
        "Find with pr what has a value, and only that.";
    Must each and "filter-and" ["P-3.4.2.2-18"]
        "Find with and what meets both conditions.";
    Must each or "filter-or" ["P-3.4.2.2-18"]
        "Find with or what meets one of the conditions.";
    Must each not "filter-not" ["P-3.4.2.2-18"]
        "Find with not what does not meet the condition.";
    Must each precedence "filter-and-binds-before-or" ["P-3.4.2.2-18"]
        "Let and bind before or, and parentheses before both.";
    Must each names "filter-names-have-no-case" ["P-3.4.2.2-05"]
        "Read the names of attributes in filters without regard to case.";
    Must each operators "filter-operators-have-no-case" ["P-3.4.2.2-05"]
        "Read operators without regard to case.";
    Must each values_without_case "filter-values-have-no-case" ["P-3.4.2.2-24" "S-7-09"]
        "Compare texts without regard to case where the schema does not say that case matters.";
    Must each long_name "filter-long-names" ["P-3.10-03"]
        "Read in filters names that begin with the URI of their schema.";
    Must each escapes "filter-values-are-json" ["P-3.4.2.2-17" "S-1.1-02"]
        "Read the texts in filters as JSON, escapes included.";
    Must each no_match "filter-without-match-is-empty" ["P-3.4.2-10"]
        "Answer a filter that nothing matches with 200 and totalResults 0.";
    Must each unknown_operator "filter-unknown-operator-is-invalid-filter" ["P-3.4.2.2-23"]
        "Refuse a filter with an unknown operator with 400 and the scimType invalidFilter.";
    Must each broken "filter-broken-is-400" ["P-3.4.2.2-17"]
        "Refuse a filter that does not follow the grammar with 400.";
    Must each without_value "filter-of-what-is-not-there" ["P-3.4.2.1-06" "P-3.4.2.2-11"]
        "Take presence and equality for false where the attribute has no value.";
}

/// A resource with a text of its own, and the attribute that is filtered on.
async fn with_text<'k>(w: &World<'_>, kind: &'k Kind) -> Result<(&'k Attribute, Made)> {
    w.service.needs("filter")?;
    let key = kind.key().or_not_applicable("the type has no attribute to find a resource by")?;
    Ok((key, w.make(kind).await?))
}

/// The filter finds the resource, and nothing but it.
async fn only(w: &World<'_>, kind: &Kind, made: &Made, filter: &str) -> Result {
    let found = w.found(kind, filter).await?;
    ensure!(found == [made.id.as_str()], "the filter {filter} should find {} alone, and finds {found:?}", made.id);
    Ok(())
}

/// The filter finds nothing.
async fn nothing(w: &World<'_>, kind: &Kind, filter: &str) -> Result {
    let found = w.found(kind, filter).await?;
    ensure!(found.is_empty(), "the filter {filter} should find nothing, and finds {found:?}");
    Ok(())
}

/// The text cut in two.
fn halves(text: &str) -> (String, String) {
    let (first, second) = text.split_at_checked(text.len() / 2).unwrap_or((text, ""));
    (first.to_owned(), second.to_owned())
}

async fn eq(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    w.make(kind).await?;
    only(w, kind, &made, &format!("{} eq {}", key.path(), quoted(&made.key))).await
}

async fn ne(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    let (key, value) = (key.path(), quoted(&made.key));
    nothing(w, kind, &format!("{key} ne {value} and id eq {}", quoted(&made.id))).await?;
    only(w, kind, &made, &format!("{key} ne \"scimcheck\" and id eq {}", quoted(&made.id))).await
}

async fn co(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    let inner: String = made.key.chars().skip(1).take(made.key.chars().count() - 2).collect();
    // What is within the name may be within others.
    only(w, kind, &made, &format!("{} co {} and id eq {}", key.path(), quoted(&inner), quoted(&made.id))).await?;
    only(w, kind, &made, &format!("{} co {}", key.path(), quoted(&made.key))).await
}

async fn sw(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    let most: String = made.key.chars().take(made.key.chars().count() - 1).collect();
    let found = w.found(kind, &format!("{} sw {}", key.path(), quoted(&most))).await?;
    ensure!(found.contains(&made.id), "sw with {most:?} does not find {}", made.key);
    let (_, second) = halves(&made.key);
    nothing(w, kind, &format!("{} sw {}", key.path(), quoted(&second))).await
}

async fn ew(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    let tail: String = made.key.chars().skip(1).collect();
    only(w, kind, &made, &format!("{} ew {}", key.path(), quoted(&tail))).await?;
    let (first, _) = halves(&made.key);
    nothing(w, kind, &format!("{} ew {} and id eq {}", key.path(), quoted(&first), quoted(&made.id))).await
}

async fn pr(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    only(w, kind, &made, &format!("{} pr and id eq {}", key.path(), quoted(&made.id))).await?;
    let text = kind.text().or_not_applicable("the type has no free text")?;
    nothing(w, kind, &format!("{} pr and id eq {}", text.path(), quoted(&made.id))).await
}

async fn and(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    let (is, id) = (format!("{} eq {}", key.path(), quoted(&made.key)), format!("id eq {}", quoted(&made.id)));
    only(w, kind, &made, &format!("{is} and {id}")).await?;
    nothing(w, kind, &format!("{is} and id eq \"scimcheck\"")).await
}

async fn or(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    let (is, no) = (format!("{} eq {}", key.path(), quoted(&made.key)), format!("{} eq \"scimcheck\"", key.path()));
    only(w, kind, &made, &format!("{is} or {no}")).await?;
    only(w, kind, &made, &format!("{no} or {is}")).await
}

async fn not(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    let id = quoted(&made.id);
    nothing(w, kind, &format!("not ({} eq {}) and id eq {id}", key.path(), quoted(&made.key))).await?;
    only(w, kind, &made, &format!("not ({} eq \"scimcheck\") and id eq {id}", key.path())).await
}

async fn precedence(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    let (yes, no) = (format!("{} eq {}", key.path(), quoted(&made.key)), "id eq \"scimcheck\"");
    only(w, kind, &made, &format!("{yes} or {no} and {no}")).await?;
    nothing(w, kind, &format!("({yes} or {no}) and {no}")).await
}

async fn names(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    only(w, kind, &made, &format!("{} eq {}", key.path().to_ascii_uppercase(), quoted(&made.key))).await
}

async fn operators(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    only(w, kind, &made, &format!("{} EQ {} AND id PR", key.path(), quoted(&made.key))).await
}

async fn values_without_case(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    (!key.case_exact).then_some(()).or_not_applicable("case matters in what the type is found by")?;
    only(w, kind, &made, &format!("{} eq {}", key.path(), quoted(&made.key.to_uppercase()))).await
}

async fn long_name(w: &World<'_>, kind: &Kind) -> Result {
    let (key, made) = with_text(w, kind).await?;
    only(w, kind, &made, &format!("{}:{} eq {}", kind.schema, key.path(), quoted(&made.key))).await?;
    let own =
        |a: &&Attribute| a.urn.is_some() && !a.multi && a.kind == crate::attribute::Type::String && a.is_free_text();
    let Some(text) = kind.plain().find(own) else { return Ok(()) };
    let made = w.make_having(kind, &[text]).await?;
    let value = text.find(&Value::Object(made.sent.clone())).and_then(Value::as_str).unwrap_or_default().to_owned();
    only(w, kind, &made, &format!("{} eq {} and id eq {}", text.path(), quoted(&value), quoted(&made.id))).await
}

async fn escapes(w: &World<'_>, kind: &Kind) -> Result {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    w.service.needs("filter")?;
    let mut more = kind.skeleton();
    let value = "say \"hi\" \\ é";
    text.set(&mut more, json!(value));
    let made = w.make_with(kind, more).await?;
    let escaped = quoted(value).replace('é', "\\u00e9");
    only(w, kind, &made, &format!("{} eq {escaped} and id eq {}", text.path(), quoted(&made.id))).await
}

async fn no_match(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let key = kind.key().or_not_applicable("the type has no attribute to find a resource by")?;
    let answer = w.query(kind, &[("filter", &format!("{} eq {}", key.path(), quoted(&w.name())))]).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(answer.number("/totalResults") == Some(0), "totalResults is not 0");
    Ok(())
}

async fn unknown_operator(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let answer = w.query(kind, &[("filter", "id scimcheck \"a\"")]).await?;
    let word = answer.text("/scimType");
    let is_right = answer.status == 400 && word == Some("invalidFilter");
    ensure!(is_right, "expected 400 invalidFilter, got {} with the scimType {word:?}", answer.status);
    Ok(())
}

async fn broken(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    for filter in ["id eq", "(id pr", "id eq \"a", "id pr and", "and", "id pr id pr"] {
        let answer = w.query(kind, &[("filter", filter)]).await?;
        ensure!(answer.status == 400, "the filter {filter} was answered with {}", answer.status);
    }
    Ok(())
}

async fn without_value(w: &World<'_>, kind: &Kind) -> Result {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let (_, made) = with_text(w, kind).await?;
    nothing(w, kind, &format!("{} eq \"scimcheck\" and id eq {}", text.path(), quoted(&made.id))).await?;
    nothing(w, kind, &format!("{} co \"scimcheck\" and id eq {}", text.path(), quoted(&made.id))).await
}
