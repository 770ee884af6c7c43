//! Reading a resource (RFC 7644 §3.4.1, RFC 7643 §3).

use crate::attribute::member;
use crate::check::table;
use crate::service::{Kind, list_at};
use crate::stop::{OrNotApplicable as _, Result, applies, ensure};
use crate::world::World;
use serde_json::Value;

table! { "read";
    Must each read_200 "read-200" ["P-3.4.1-01" "S-3.1-10"]
        "Answer GET of a resource with 200 and the resource.";
    Must each as_created "read-shows-what-was-made" ["P-3.1-05" "P-3.4-02"]
        "Show in a GET what the answer to the creation showed.";
    Must each names_schemas "resources-name-their-schemas" ["S-3-02" "S-3-03" "S-3.3-03" "S-3.3-02" "S-2.1-01"]
        "Name in schemas the base schema, and each extension whose attributes are there.";
    Must each schemas_once "schemas-are-of-the-type-and-once" ["S-3-04" "S-3-05"]
        "Name in schemas only what belongs to the resource type, and nothing twice.";
    Must each no_order "schemas-have-no-order" ["S-3-06"]
        "Read schemas in any order.";
    Must each meta_stays "meta-is-in-every-resource" ["S-3.1-01" "S-3.1-16"]
        "Show meta with resourceType, location, created and lastModified in every resource.";
    Must each content_location "content-location-is-meta-location" ["S-3.1-19"]
        "Give in Content-Location, where it is sent, what meta.location says.";
    Must each extension_container "extensions-have-their-container" ["S-3-08" "S-3.3-06"]
        "Show the attributes of an extension in an object named by its URI.";
}

async fn read_200(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let answer = w.get(&made.path).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(answer.text("/id") == Some(&made.id), "expected the resource {}", made.id);
    Ok(())
}

async fn as_created(w: &World<'_>, kind: &Kind) -> Result {
    let wanted: Vec<_> = kind.plain().filter(|a| a.urn.is_none()).take(4).collect();
    let made = w.make_having(kind, &wanted).await?;
    applies!(made.answer.json.is_object(), "the answer to the creation has no body");
    let shown = w.read(&made).await?;
    for attribute in kind.key().into_iter().chain(wanted) {
        let (then, now) = (attribute.find(&made.answer.json), attribute.find(&shown));
        ensure!(then == now, "{} was {then:?} in the answer to the creation, and is {now:?}", attribute.path());
    }
    Ok(())
}

async fn names_schemas(w: &World<'_>, kind: &Kind) -> Result {
    let extended: Vec<_> = kind.plain().filter(|a| a.urn.is_some()).take(1).collect();
    let made = w.make_having(kind, &extended).await?;
    let shown = w.read(&made).await?;
    let is_named = |uri: &str| crate::target::has_schema(&shown, uri);
    ensure!(is_named(&kind.schema), "schemas does not name {}", kind.schema);
    for (uri, _) in &kind.extensions {
        ensure!(member(&shown, uri).is_none() || is_named(uri), "the resource has {uri}, and schemas does not name it");
    }
    Ok(())
}

async fn schemas_once(w: &World<'_>, kind: &Kind) -> Result {
    let shown = w.read(&w.make(kind).await?).await?;
    let mut seen: Vec<String> = Vec::new();
    for uri in list_at(&shown, "schemas").filter_map(Value::as_str).map(str::to_ascii_lowercase) {
        let is_of_type = kind.schema.eq_ignore_ascii_case(&uri)
            || kind.extensions.iter().any(|(extension, _)| extension.eq_ignore_ascii_case(&uri));
        ensure!(is_of_type, "schemas names {uri}, which does not belong to {}", kind.name);
        ensure!(!seen.contains(&uri), "schemas names {uri} twice");
        seen.push(uri);
    }
    Ok(())
}

async fn no_order(w: &World<'_>, kind: &Kind) -> Result {
    let extended = kind.plain().find(|a| a.urn.is_some()).or_not_applicable("the type has no extension to write to")?;
    w.make_having(kind, &[extended]).await?;
    let name = w.name();
    let mut document = kind.minimal(&name);
    extended.set(&mut document, extended.sample(0, &name).unwrap_or_default());
    if let Some(Value::Array(schemas)) = document.get_mut("schemas") {
        schemas.reverse();
    }
    let answer = w.post(&kind.endpoint, &Value::Object(document)).await?;
    ensure!(answer.is_success(), "with schemas in another order the document was answered with {}", answer.status);
    ensure!(extended.find(&answer.json).is_some(), "with schemas in another order {} is lost", extended.path());
    Ok(())
}

async fn meta_stays(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let shown = w.read(&made).await?;
    for name in ["resourceType", "location", "created", "lastModified"] {
        let is_there = shown.pointer(&format!("/meta/{name}")).is_some_and(Value::is_string);
        ensure!(is_there, "a GET shows no meta.{name}");
    }
    Ok(())
}

async fn content_location(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let answer = w.get(&made.path).await?;
    let said = answer.header("content-location").or_not_applicable("no Content-Location is sent")?;
    let location = answer.text("/meta/location");
    ensure!(location == Some(said), "Content-Location is {said}, and meta.location {location:?}");
    Ok(())
}

async fn extension_container(w: &World<'_>, kind: &Kind) -> Result {
    let attribute =
        kind.plain().find(|a| a.urn.is_some()).or_not_applicable("the type has no extension to write to")?;
    let made = w.make_having(kind, &[attribute]).await?;
    let shown = w.read(&made).await?;
    ensure!(
        attribute.find(&shown).is_some(),
        "{} was sent, and is not in the object of its extension",
        attribute.path()
    );
    Ok(())
}
