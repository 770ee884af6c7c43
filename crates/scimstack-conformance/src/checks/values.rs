//! Values of every data type come back as they were sent (RFC 7643 §2.3 to §2.5): one check for each type, over all
//! attributes of a resource type that clients may write.

use crate::attribute::{Attribute, Type};
use crate::check::table;
use crate::service::Kind;
use crate::stop::{Result, Stop, applies, ensure};
use crate::world::World;
use serde_json::{Value, json};

table! { "values";
    Must each strings "strings-come-back" ["S-2.3-02" "P-3.1-05"]
        "Keep texts as they are sent.";
    Must each exact_strings "case-exact-strings-keep-their-case" ["S-7-10"]
        "Keep the case of texts in which case matters.";
    Must each booleans "booleans-come-back" ["S-2.3.2-01"]
        "Keep Boolean values, and write them as true and false.";
    Must each integers "integers-come-back" ["S-2.3.4-01"]
        "Keep integers, without fraction or exponent.";
    Must each decimals "decimals-come-back" ["S-2.3.3-01"]
        "Keep decimals with their fraction.";
    Must each times "times-come-back" ["S-2.3.5-01" "S-2.3.5-03"]
        "Keep times, and write them as xsd:dateTime.";
    Must each binaries "binaries-come-back" ["S-2.3.6-01" "S-2.3.6-04"]
        "Keep binary values, and write them as base64.";
    Must each references "references-come-back" ["S-2.3.7-08" "S-2.3.7-02"]
        "Keep URIs as they are sent.";
    Must each objects "complex-values-come-back" ["S-2.3.8-01" "P-3.1-05"]
        "Keep every sub-attribute of a complex attribute.";
    Must each lists "lists-come-back" ["S-2.4-01" "P-3.1-05"]
        "Keep every value of a list.";
    Must each extensions "extension-values-come-back" ["S-3-08" "S-3.3-06"]
        "Keep the attributes of extensions.";
    Must each one_primary "two-primary-values-are-not-kept" ["S-2.4-03"]
        "Never show two values of one list as primary.";
    Should each dates_are_checked "wrong-times-are-refused" ["S-2.3.5-01" "S-2.3.5-02"]
        "Answer a dateTime without a time of day with 400.";
    Should each binaries_are_checked "wrong-binaries-are-refused" ["S-2.3.6-01"]
        "Answer a binary value that is not base64 with 400.";
}

/// Sends every attribute of the kind that is meant, all at once; where that is refused or one is lost, one by one, so that
/// the report names the attribute.
async fn come_back(w: &World<'_>, kind: &Kind, is_meant: impl Fn(&Attribute) -> bool + Send) -> Result {
    let attributes: Vec<&Attribute> = kind.writable().filter(|a| a.comes_back() && is_meant(a)).collect();
    applies!(!attributes.is_empty(), "the type has no such attribute that can be written and read");
    let lost = match w.make_having(kind, &attributes).await {
        Ok(made) => {
            let shown = w.read(&made).await?;
            lost(&attributes, &Value::Object(made.sent), &shown)
        }
        Err(Stop::Untested(_)) => {
            // Without any of them it has to work.
            w.make(kind).await?;
            let mut lost = Vec::new();
            for attribute in attributes {
                match w.make_having(kind, &[attribute]).await {
                    Ok(made) => {
                        let shown = w.read(&made).await?;
                        lost.extend(self::lost(&[attribute], &Value::Object(made.sent), &shown));
                    }
                    Err(Stop::Untested(why)) => lost.push(format!("{} is not taken: {why}", attribute.path())),
                    Err(other) => return Err(other),
                }
            }
            lost
        }
        Err(other) => return Err(other),
    };
    ensure!(lost.is_empty(), "{}", lost.join("; "));
    Ok(())
}

fn lost(attributes: &[&Attribute], sent: &Value, shown: &Value) -> Vec<String> {
    let mut lost = Vec::new();
    for attribute in attributes {
        let (Some(sent), found) = (attribute.find(sent), attribute.find(shown)) else { continue };
        if !found.is_some_and(|found| attribute.is_same(sent, found)) {
            let found = found.map_or_else(|| "nothing".to_owned(), Value::to_string);
            lost.push(format!("{} was sent as {sent} and came back as {found}", attribute.path()));
        }
    }
    lost
}

fn is_single(a: &Attribute, kind: Type) -> bool {
    a.urn.is_none() && !a.multi && a.kind == kind
}

async fn strings(w: &World<'_>, kind: &Kind) -> Result {
    come_back(w, kind, |a| is_single(a, Type::String) && !a.case_exact).await
}

async fn exact_strings(w: &World<'_>, kind: &Kind) -> Result {
    come_back(w, kind, |a| is_single(a, Type::String) && a.case_exact).await
}

/// Booleans, numbers, times and the like are rare in the core schemas: extensions and the sub-attributes of objects count.
fn has(a: &Attribute, kind: Type) -> bool {
    !a.multi && (a.kind == kind || a.kind == Type::Complex && a.subs.iter().any(|sub| sub.kind == kind))
}

async fn booleans(w: &World<'_>, kind: &Kind) -> Result {
    come_back(w, kind, |a| has(a, Type::Boolean)).await
}

async fn integers(w: &World<'_>, kind: &Kind) -> Result {
    come_back(w, kind, |a| has(a, Type::Integer)).await
}

async fn decimals(w: &World<'_>, kind: &Kind) -> Result {
    come_back(w, kind, |a| has(a, Type::Decimal)).await
}

async fn times(w: &World<'_>, kind: &Kind) -> Result {
    come_back(w, kind, |a| has(a, Type::DateTime)).await
}

async fn binaries(w: &World<'_>, kind: &Kind) -> Result {
    let holds = |a: &Attribute| a.kind == Type::Binary || a.subs.iter().any(|sub| sub.kind == Type::Binary);
    come_back(w, kind, holds).await
}

async fn references(w: &World<'_>, kind: &Kind) -> Result {
    come_back(w, kind, |a| !a.multi && a.kind == Type::Reference).await
}

async fn objects(w: &World<'_>, kind: &Kind) -> Result {
    come_back(w, kind, |a| is_single(a, Type::Complex)).await
}

async fn lists(w: &World<'_>, kind: &Kind) -> Result {
    let holds = |a: &Attribute| a.kind == Type::Binary || a.subs.iter().any(|sub| sub.kind == Type::Binary);
    come_back(w, kind, |a| a.multi && !holds(a)).await
}

async fn extensions(w: &World<'_>, kind: &Kind) -> Result {
    come_back(w, kind, |a| a.urn.is_some() && !a.multi && matches!(a.kind, Type::String | Type::Complex)).await
}

async fn one_primary(w: &World<'_>, kind: &Kind) -> Result {
    let list = kind.list().filter(|list| list.sub("primary").is_some());
    let Some(list) = list else {
        return Err(Stop::NotApplicable("the type has no list with a primary value".to_owned()));
    };
    let name = w.name();
    let mut document = kind.minimal(&name);
    let mut values = list.sample(0, &name).unwrap_or_default();
    for value in values.as_array_mut().into_iter().flatten() {
        if let Some(value) = value.as_object_mut() {
            value.insert("primary".to_owned(), json!(true));
        }
    }
    list.set(&mut document, values);
    let answer = w.post(&kind.endpoint, &Value::Object(document)).await?;
    // Refusing them and keeping one are both right.
    let shown = list.find(&answer.json).and_then(Value::as_array).into_iter().flatten();
    let primary = shown.filter(|value| value.get("primary") == Some(&json!(true))).count();
    ensure!(primary < 2, "{primary} values of {} are primary", list.path());
    Ok(())
}

/// The answer to a value of this text for the first attribute of a type.
async fn refused(w: &World<'_>, kind: &Kind, of: Type, value: &str) -> Result {
    let attribute = kind.writable().find(|a| !a.multi && a.kind == of);
    let Some(attribute) = attribute else {
        return Err(Stop::NotApplicable("the type has no such attribute that can be written".to_owned()));
    };
    w.make(kind).await?;
    let mut document = kind.minimal(&w.name());
    attribute.set(&mut document, json!(value));
    let answer = w.post(&kind.endpoint, &Value::Object(document)).await?;
    ensure!(answer.status == 400, "{} as {value:?} was answered with {}", attribute.path(), answer.status);
    Ok(())
}

async fn dates_are_checked(w: &World<'_>, kind: &Kind) -> Result {
    refused(w, kind, Type::DateTime, "2024-01-05").await
}

async fn binaries_are_checked(w: &World<'_>, kind: &Kind) -> Result {
    refused(w, kind, Type::Binary, "not*base64").await
}
