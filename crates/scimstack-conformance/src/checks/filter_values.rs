//! Filters on values of each data type and shape (RFC 7644 §3.4.2.2): order, instants, numbers, sub-attributes, lists.

use crate::attribute::{Attribute, Type, member};
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, ensure};
use crate::world::{Made, World, quoted};
use serde_json::Value;

table! { "filter-value";
    Must each attributes "filter-every-attribute-by-eq" ["P-3.4.2.2-04" "P-3.4.2.2-19"]
        "Find with eq a resource by the value of any attribute, whatever its type.";
    Must each text_order "filter-order-of-text" ["P-3.4.2.2-10"]
        "Compare texts with gt, ge, lt and le by their letters.";
    Must each number_order "filter-order-of-numbers" ["P-3.4.2.2-10"]
        "Compare numbers with gt, ge, lt and le by their value.";
    Must each time_order "filter-order-of-times" ["P-3.4.2.2-10"]
        "Compare times with gt, ge, lt and le as instants.";
    Must each boolean_order "filter-order-of-booleans-is-refused" ["P-3.4.2.2-09"]
        "Refuse gt, ge, lt and le on Boolean attributes with 400 and the scimType invalidFilter.";
    Must each sub_attribute "filter-by-sub-attribute" ["P-3.4.2.2-19"]
        "Find a resource by a sub-attribute of an object or of any value of a list.";
    Must each value_path "filter-value-path" ["P-3.4.2.2-14" "P-3.4.2.2-15"]
        "Hold the conditions inside brackets against one and the same value of a list.";
    Must each exact "filter-case-exact" ["P-3.4.2.2-24" "S-7-09"]
        "Compare texts with regard to case where the schema says that case matters.";
    Must each meta "filter-by-meta" ["P-3.4.2.2-10" "P-3.4.2.2-04"]
        "Find resources by meta.created and meta.lastModified.";
    Must each id "filter-by-id" ["P-3.4.2.2-04"]
        "Find a resource by its id.";
    Must each external_id "filter-by-external-id" ["P-3.4.2.2-04" "S-3-07"]
        "Find a resource by its externalId.";
}

/// How often `filter` finds the resource: the filter is joined with its id.
async fn finds(w: &World<'_>, kind: &Kind, made: &Made, filter: &str) -> Result<bool> {
    let found = w.found(kind, &format!("({filter}) and id eq {}", quoted(&made.id))).await?;
    Ok(found == [made.id.as_str()])
}

async fn has(w: &World<'_>, kind: &Kind, made: &Made, filter: &str, expected: bool) -> Result {
    let found = finds(w, kind, made, filter).await?;
    let not = if expected { "" } else { "not " };
    ensure!(found == expected, "the filter {filter} should {not}find {}", made.id);
    Ok(())
}

fn single(kind: &Kind, of: &[Type]) -> Result<Attribute> {
    let any = |a: &&Attribute| !a.multi && of.contains(&a.kind) && a.comes_back();
    kind.writable().find(any).cloned().or_not_applicable("the type has no such attribute that can be written and read")
}

async fn attributes(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let mut wrong = Vec::new();
    let simple: Vec<_> =
        kind.writable().filter(|a| !matches!(a.kind, Type::Complex | Type::Binary) && a.comes_back()).collect();
    simple.first().or_not_applicable("the type has no simple attribute that can be written and read")?;
    let made = w.make_having(kind, &simple).await?;
    let shown = w.read(&made).await?;
    for attribute in simple {
        let Some(value) = attribute.find(&shown) else { continue };
        let value = value.as_array().and_then(|list| list.last()).unwrap_or(value);
        if !finds(w, kind, &made, &format!("{} eq {value}", attribute.path())).await? {
            wrong.push(format!("{} eq {value}", attribute.path()));
        }
    }
    ensure!(wrong.is_empty(), "a resource is not found by {}", wrong.join("; "));
    Ok(())
}

async fn text_order(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let key = kind.key().or_not_applicable("the type has no attribute to find a resource by")?.path();
    let made = w.make(kind).await?;
    let (own, above, below) = (quoted(&made.key), quoted("zzzz"), quoted("0000"));
    for (operator, value, expected) in [
        ("gt", &below, true),
        ("gt", &own, false),
        ("ge", &own, true),
        ("ge", &above, false),
        ("lt", &above, true),
        ("lt", &own, false),
        ("le", &own, true),
        ("le", &below, false),
    ] {
        has(w, kind, &made, &format!("{key} {operator} {value}"), expected).await?;
    }
    Ok(())
}

async fn number_order(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let number = single(kind, &[Type::Integer, Type::Decimal])?;
    let made = w.make_having(kind, &[&number]).await?;
    let value = number.find(&Value::Object(made.sent.clone())).and_then(Value::as_f64).unwrap_or_default();
    let path = number.path();
    // As text, 9 would be above 40 and -1 above everything.
    for (filter, expected) in [
        (format!("{path} gt -1"), true),
        (format!("{path} lt 100"), true),
        (format!("{path} ge {value}"), true),
        (format!("{path} gt {value}"), false),
        (format!("{path} le {value}"), true),
        (format!("{path} lt {value}"), false),
    ] {
        has(w, kind, &made, &filter, expected).await?;
    }
    Ok(())
}

async fn time_order(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let time = single(kind, &[Type::DateTime])?;
    let made = w.make_having(kind, &[&time]).await?;
    let path = time.path();
    // What is sent is 2024-01-05T10:20:30Z; half past eleven an hour further east is the same day's 10:30.
    for (filter, expected) in [
        (format!("{path} gt \"2024-01-05T10:20:29Z\""), true),
        (format!("{path} lt \"2024-01-05T11:30:00+01:00\""), true),
        (format!("{path} gt \"2024-01-05T11:10:00+01:00\""), true),
        (format!("{path} lt \"2024-01-05T10:20:30Z\""), false),
        (format!("{path} le \"2024-01-05T10:20:30.000Z\""), true),
        (format!("{path} eq \"2024-01-05T11:20:30+01:00\""), true),
    ] {
        has(w, kind, &made, &filter, expected).await?;
    }
    Ok(())
}

async fn boolean_order(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let boolean = kind.attributes.iter().find(|a| a.kind == Type::Boolean && !a.multi);
    let boolean = boolean.or_not_applicable("the type has no Boolean attribute")?;
    let answer = w.query(kind, &[("filter", &format!("{} gt true", boolean.path()))]).await?;
    let word = answer.text("/scimType");
    let is_right = answer.status == 400 && word == Some("invalidFilter");
    ensure!(is_right, "expected 400 invalidFilter, got {} with the scimType {word:?}", answer.status);
    Ok(())
}

async fn sub_attribute(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let object = kind.object().map(|(object, sub, _)| (object, sub.name.clone()));
    let list = kind.list().map(|list| (list, "value".to_owned()));
    object.as_ref().or(list.as_ref()).or_not_applicable("the type has neither an object nor a list")?;
    for (attribute, sub) in object.into_iter().chain(list) {
        let made = w.make_having(kind, &[attribute]).await?;
        let sent = Value::Object(made.sent.clone());
        let value = attribute.find(&sent).map(|value| value.as_array().and_then(|list| list.last()).unwrap_or(value));
        let value = value.and_then(|value| member(value, &sub)).cloned().unwrap_or_default();
        has(w, kind, &made, &format!("{}.{sub} eq {value}", attribute.path()), true).await?;
        has(w, kind, &made, &format!("{}.{sub} eq \"scimcheck\"", attribute.path()), false).await?;
    }
    Ok(())
}

async fn value_path(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let list = kind.list().or_not_applicable("the type has no list of objects with value and type")?;
    let made = w.make_having(kind, &[list]).await?;
    let sent = Value::Object(made.sent.clone());
    let values = list.find(&sent).and_then(Value::as_array).cloned().unwrap_or_default();
    let of = |at: usize, name: &str| {
        let text = values.get(at).and_then(|value| member(value, name)).and_then(Value::as_str);
        quoted(text.unwrap_or_default())
    };
    let path = list.path();
    let (one, two) = (of(0, "value"), of(1, "value"));
    let kind_of_one = of(0, "type");
    has(w, kind, &made, &format!("{path}[type eq {kind_of_one} and value eq {one}]"), true).await?;
    has(w, kind, &made, &format!("{path}[type eq {kind_of_one} and value eq {two}]"), false).await
}

async fn exact(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let is_meant =
        |a: &&Attribute| a.kind == Type::String && !a.multi && a.case_exact && a.canonical.is_empty() && a.comes_back();
    let text = kind.writable().find(is_meant).or_not_applicable("there is no text in which case matters")?;
    let made = w.make_having(kind, &[text]).await?;
    let value = text.find(&Value::Object(made.sent.clone())).and_then(Value::as_str).unwrap_or_default().to_owned();
    has(w, kind, &made, &format!("{} eq {}", text.path(), quoted(&value)), true).await?;
    has(w, kind, &made, &format!("{} eq {}", text.path(), quoted(&value.to_uppercase())), false).await
}

async fn meta(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let made = w.make(kind).await?;
    for name in ["created", "lastModified"] {
        has(w, kind, &made, &format!("meta.{name} gt \"1999-01-01T00:00:00Z\""), true).await?;
        has(w, kind, &made, &format!("meta.{name} lt \"1999-01-01T00:00:00Z\""), false).await?;
    }
    Ok(())
}

async fn id(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let made = w.make(kind).await?;
    let found = w.found(kind, &format!("id eq {}", quoted(&made.id))).await?;
    ensure!(found == [made.id.as_str()], "the resource {} is not found by its id", made.id);
    Ok(())
}

async fn external_id(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let external = w.name();
    let made = w.make_with(kind, crate::world::members(serde_json::json!({"externalId": external}))).await?;
    let found = w.found(kind, &format!("externalId eq {}", quoted(&external))).await?;
    ensure!(found == [made.id.as_str()], "the resource {} is not found by its externalId", made.id);
    Ok(())
}
