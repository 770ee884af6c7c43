//! Which attributes are shown: `attributes` and `excludedAttributes` (RFC 7644 §3.4.2.5, §3.9).

use crate::attribute::{Attribute, member};
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, applies, ensure};
use crate::target::{Answer, Ask, encode};
use crate::world::{Made, World, quoted};
use serde_json::{Value, json};

table! { "projection";
    Must each shown "attributes-shows-what-is-named" ["P-3.9-02" "P-3.9-03" "P-3.4.2.5-03"]
        "Show with attributes what it names.";
    Must each hidden "attributes-hides-the-rest" ["P-3.9-02" "P-3.4.2.5-03"]
        "Show with attributes nothing that it does not name, except what is always shown.";
    Must each excluded "excluded-attributes-hides-what-is-named" ["P-3.9-04" "P-3.4.2.5-03"]
        "Leave out with excludedAttributes what it names.";
    Must each others "excluded-attributes-shows-the-rest" ["P-3.9-04"]
        "Show with excludedAttributes everything else.";
    Must each always "excluded-attributes-never-hides-id" ["P-3.4.2.5-05" "P-3.9-04"]
        "Show id also when excludedAttributes names it.";
    Must each several_names "attributes-takes-a-list" ["P-3.9-05"]
        "Read several names in attributes, separated by commas.";
    Must each sub_attribute "attributes-names-sub-attributes" ["P-3.9-03"]
        "Show of a complex attribute only the sub-attribute that attributes names.";
    Must each without_case "attributes-has-no-case" ["P-3.10-03" "S-2.1-03"]
        "Read the names in attributes without regard to case.";
    Must each long_name "attributes-takes-long-names" ["P-3.10-03" "P-3.9-03"]
        "Read in attributes names that begin with the URI of their schema.";
    Must each on_create "attributes-on-create" ["P-3.4.2.5-02"]
        "Take attributes with a POST that makes a resource.";
    Must each on_replace "attributes-on-replace" ["P-3.4.2.5-02"]
        "Take attributes with a PUT.";
    Must each on_list "attributes-on-a-list" ["P-3.4.2.5-02"]
        "Take attributes with a query.";
    Must each excluded_on_list "excluded-attributes-on-a-list" ["P-3.4.2.5-02" "P-3.9-04"]
        "Take excludedAttributes with a query.";
}

/// A resource with two texts in it.
async fn two<'k>(w: &World<'_>, kind: &'k Kind) -> Result<(&'k Attribute, &'k Attribute, Made)> {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    // What is always shown cannot be hidden; the key of the suite often is not.
    let other = kind.second_text().or_else(|| kind.key().filter(|key| key.returned == "default"));
    let other = other.or_not_applicable("the type has no second text")?;
    let is_key = kind.key().is_some_and(|key| key.path() == other.path());
    let wanted: Vec<&Attribute> = if is_key { vec![text] } else { vec![text, other] };
    Ok((text, other, w.make_having(kind, &wanted).await?))
}

async fn with(w: &World<'_>, made: &Made, parameter: &str, value: &str) -> Result<Answer> {
    let answer = w.get(format!("{}?{parameter}={}", made.path, encode(value))).await?;
    ensure!(answer.status == 200, "a GET with {parameter} was answered with {}", answer.status);
    Ok(answer)
}

fn is_shown(attribute: &Attribute, shown: &Value) -> Result {
    ensure!(attribute.find(shown).is_some(), "{} should be shown, and is not", attribute.path());
    Ok(())
}

fn is_hidden(attribute: &Attribute, shown: &Value) -> Result {
    ensure!(attribute.find(shown).is_none(), "{} should not be shown, and is", attribute.path());
    Ok(())
}

async fn shown(w: &World<'_>, kind: &Kind) -> Result {
    let (text, _, made) = two(w, kind).await?;
    is_shown(text, &with(w, &made, "attributes", &text.path()).await?.json)
}

async fn hidden(w: &World<'_>, kind: &Kind) -> Result {
    let (text, other, made) = two(w, kind).await?;
    is_hidden(other, &with(w, &made, "attributes", &text.path()).await?.json)
}

async fn excluded(w: &World<'_>, kind: &Kind) -> Result {
    let (text, _, made) = two(w, kind).await?;
    is_hidden(text, &with(w, &made, "excludedAttributes", &text.path()).await?.json)
}

async fn others(w: &World<'_>, kind: &Kind) -> Result {
    let (text, other, made) = two(w, kind).await?;
    is_shown(other, &with(w, &made, "excludedAttributes", &text.path()).await?.json)
}

async fn always(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let answer = with(w, &made, "excludedAttributes", "id,meta").await?;
    ensure!(answer.text("/id") == Some(&made.id), "id is not shown");
    Ok(())
}

async fn several_names(w: &World<'_>, kind: &Kind) -> Result {
    let (text, other, made) = two(w, kind).await?;
    let answer = with(w, &made, "attributes", &format!("{},{}", text.path(), other.path())).await?;
    is_shown(text, &answer.json)?;
    is_shown(other, &answer.json)
}

async fn sub_attribute(w: &World<'_>, kind: &Kind) -> Result {
    let (object, one, other) = kind.object().or_not_applicable("the type has no object with two texts in it")?;
    let made = w.make_having(kind, &[object]).await?;
    let answer = with(w, &made, "attributes", &format!("{}.{}", object.path(), one.name)).await?;
    let of = |name: &str| object.find(&answer.json).and_then(|object| member(object, name));
    ensure!(of(&one.name).is_some(), "{}.{} should be shown, and is not", object.path(), one.name);
    ensure!(of(&other.name).is_none(), "{}.{} should not be shown, and is", object.path(), other.name);
    Ok(())
}

async fn without_case(w: &World<'_>, kind: &Kind) -> Result {
    let (text, _, made) = two(w, kind).await?;
    is_shown(text, &with(w, &made, "attributes", &text.path().to_ascii_uppercase()).await?.json)
}

async fn long_name(w: &World<'_>, kind: &Kind) -> Result {
    let base = |a: &&Attribute| a.urn.is_none();
    let (text, _, made) = two(w, kind).await?;
    if base(&text) {
        let long = format!("{}:{}", kind.schema, text.path());
        is_shown(text, &with(w, &made, "attributes", &long).await?.json)?;
    }
    let Some(extended) = kind.plain().find(|a| a.urn.is_some()) else { return Ok(()) };
    let made = w.make_having(kind, &[extended]).await?;
    is_shown(extended, &with(w, &made, "attributes", &extended.path()).await?.json)
}

async fn on_create(w: &World<'_>, kind: &Kind) -> Result {
    let (text, other, made) = two(w, kind).await?;
    let mut document = made.sent.clone();
    if let Some(key) = kind.key() {
        key.set(&mut document, json!(kind.key_value(&w.name())));
    }
    let path = format!("{}?attributes={}", kind.endpoint, text.path());
    let answer = w.ask(Ask::new("POST", path).json(&Value::Object(document))).await?;
    ensure!(answer.is_success(), "a POST with attributes was answered with {}", answer.status);
    is_shown(text, &answer.json)?;
    is_hidden(other, &answer.json)
}

async fn on_replace(w: &World<'_>, kind: &Kind) -> Result {
    let (text, other, made) = two(w, kind).await?;
    let path = format!("{}?attributes={}", made.path, text.path());
    let answer = w.ask(Ask::new("PUT", path).json(&Value::Object(made.sent.clone()))).await?;
    applies!(answer.is_success(), "the PUT was refused; see replace-200");
    is_shown(text, &answer.json)?;
    is_hidden(other, &answer.json)
}

async fn listed(w: &World<'_>, kind: &Kind, made: &Made, parameter: &str, value: &str) -> Result<Value> {
    w.service.needs("filter")?;
    let answer = w.query(kind, &[("filter", &format!("id eq {}", quoted(&made.id))), (parameter, value)]).await?;
    Ok(answer.resources().first().cloned().unwrap_or_default())
}

async fn on_list(w: &World<'_>, kind: &Kind) -> Result {
    let (text, other, made) = two(w, kind).await?;
    let shown = listed(w, kind, &made, "attributes", &text.path()).await?;
    is_shown(text, &shown)?;
    is_hidden(other, &shown)
}

async fn excluded_on_list(w: &World<'_>, kind: &Kind) -> Result {
    let (text, other, made) = two(w, kind).await?;
    let shown = listed(w, kind, &made, "excludedAttributes", &text.path()).await?;
    is_hidden(text, &shown)?;
    is_shown(other, &shown)
}
