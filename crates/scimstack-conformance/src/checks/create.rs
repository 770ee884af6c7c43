//! Making a resource (RFC 7644 §3.3, RFC 7643 §3.1).

use crate::attribute::{Type, member};
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, Stop, applies, ensure};
use crate::world::{World, members};
use serde_json::{Value, json};

table! { "create";
    Must each minimal "create-minimal" ["S-1.1-01"]
        "Accept a document that has what is required and nothing else.";
    Must each full "create-full" ["S-1.1-01" "S-2.3-02"]
        "Accept a document that has every attribute a client may write.";
    Must each status_201 "create-201" ["P-3.3-05"]
        "Answer a successful creation with 201.";
    Must each location_header "create-location" ["P-3.3-07"]
        "Give the address of a new resource in Location, so that a GET of it brings the resource.";
    Must each meta_location "create-meta-location" ["P-3.3-07"]
        "Give the address of a new resource in meta.location, the same as in Location.";
    Must each resource_type "create-meta-resource-type" ["P-3.3.1-01"]
        "Set meta.resourceType to the type that belongs to the endpoint.";
    Should each whole_resource "create-returns-the-resource" ["P-3.3-06"]
        "Answer a creation with the whole new resource.";
    Must each times "create-meta-times" ["S-3.1-17" "S-3.1-18" "S-2.3.5-02"]
        "Give a new resource meta.created and meta.lastModified, both a dateTime and both the same.";
    Must each own_id "id-is-the-servers" ["S-3.1-02" "P-3.3-01"]
        "Ignore an id that a client sends when it makes a resource.";
    Must each stable_ids "ids-are-not-empty-and-differ" ["S-3.1-05" "S-3.1-06" "S-3.1-07"]
        "Give every resource an id that is not empty and that no other has.";
    Must each no_bulk_id "ids-do-not-contain-bulkid" ["S-3.1-09"]
        "Give no id that contains the word bulkId.";
    Must each meta_is_ignored "meta-of-a-client-is-ignored" ["S-3.1-15" "S-3.1-16" "P-3.3-01"]
        "Ignore meta in the body of a POST.";
    Must each read_only "read-only-is-ignored-on-create" ["P-3.3-01"]
        "Ignore attributes that are read-only in the body of a POST.";
    Must each external_id "external-id-comes-back" ["S-3.1-13" "S-3-07"]
        "Keep the externalId that a client gives a resource.";
    Must each no_external_id "external-id-is-not-invented" ["S-3.1-12"]
        "Never set an externalId that no client has sent.";
    Must each required "missing-required-is-refused" ["S-1.1-01"]
        "Refuse a document that lacks an attribute which the schema says is required.";
    Should each required_type "missing-required-is-invalid-value" ["P-3.12-05" "P-3.12-11"]
        "Answer a document that lacks a required attribute with 400 and the scimType invalidValue.";
    Should each wrong_type "wrong-type-is-400" ["S-2.3-02" "P-3.12-05"]
        "Answer a value whose type is not that of its attribute with 400.";
    Deviation each no_schemas "missing-schemas-are-refused" ["S-2.1-01" "S-3-02"]
        "Refuse a document without schemas with 400.";
    Deviation each foreign_schema "foreign-schemas-are-refused" ["S-3-04"]
        "Refuse a document whose schemas do not have the one of the endpoint with 400.";
    Must each names_without_case "names-have-no-case" ["S-2.1-03"]
        "Read the names of attributes without regard to case.";
    Must each null_is_nothing "null-and-empty-lists-are-nothing" ["S-2.5-01" "S-2.5-02"]
        "Take null and an empty list for an attribute without a value.";
}

async fn minimal(w: &World<'_>, kind: &Kind) -> Result {
    let document = Value::Object(kind.minimal(&w.name()));
    applies!(kind.key().is_some(), "clients write no text of this type");
    let answer = w.post(&kind.endpoint, &document).await?;
    ensure!(answer.is_success(), "expected success, got {}", answer.status);
    let has_id = answer.text("/id").is_some() || answer.header("location").is_some();
    ensure!(has_id, "the answer has neither an id nor a Location");
    Ok(())
}

async fn full(w: &World<'_>, kind: &Kind) -> Result {
    let name = w.name();
    let mut document = kind.minimal(&name);
    for attribute in kind.writable() {
        if let Some(value) = attribute.sample(0, &name) {
            attribute.set(&mut document, value);
        }
    }
    let answer = w.post(&kind.endpoint, &Value::Object(document)).await?;
    ensure!(answer.is_success(), "expected success, got {}", answer.status);
    Ok(())
}

async fn status_201(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    ensure!(made.answer.status == 201, "expected 201, got {}", made.answer.status);
    Ok(())
}

async fn location_header(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let location = made.answer.header("location").unwrap_or_default();
    ensure!(!location.is_empty(), "the answer has no Location");
    ensure!(location.ends_with(&made.path), "Location is {location}, and does not end in {}", made.path);
    Ok(())
}

async fn meta_location(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let location = made.answer.text("/meta/location").unwrap_or_default();
    ensure!(location.ends_with(&made.path), "meta.location is {location:?}, and does not end in {}", made.path);
    let header = made.answer.header("location").unwrap_or(location);
    ensure!(header == location, "meta.location is {location}, and Location {header}");
    Ok(())
}

async fn resource_type(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let said = made.answer.text("/meta/resourceType");
    ensure!(said == Some(&kind.name), "meta.resourceType is {said:?}, and not {}", kind.name);
    Ok(())
}

async fn whole_resource(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let has_id = made.answer.text("/id") == Some(&made.id);
    ensure!(has_id && made.answer.has_schema(&kind.schema), "the answer is not the resource");
    let key = kind.key().or_not_applicable("clients write no text of this type")?;
    ensure!(key.find(&made.answer.json).is_some(), "the answer lacks {}", key.path());
    Ok(())
}

async fn times(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let [created, modified] =
        ["/meta/created", "/meta/lastModified"].map(|at| made.answer.text(at).unwrap_or_default());
    for (name, time) in [("created", created), ("lastModified", modified)] {
        let is_time = time.len() >= 19 && time.get(4..5) == Some("-") && time.get(10..11) == Some("T");
        ensure!(is_time, "meta.{name} is {time:?}, which is no dateTime");
    }
    ensure!(created == modified, "meta.created is {created}, and meta.lastModified {modified}");
    Ok(())
}

async fn own_id(w: &World<'_>, kind: &Kind) -> Result {
    let chosen = w.name();
    let made = w.make_with(kind, members(json!({"id": chosen}))).await?;
    ensure!(made.id != chosen, "the resource has the id that the client chose");
    Ok(())
}

async fn stable_ids(w: &World<'_>, kind: &Kind) -> Result {
    let (one, other) = (w.make(kind).await?, w.make(kind).await?);
    ensure!(!one.id.is_empty() && one.id != other.id, "two resources have the id {:?}", one.id);
    let shown = w.read(&one).await?;
    let id = member(&shown, "id").and_then(Value::as_str);
    ensure!(id == Some(&one.id), "the id was {} and is now {id:?}", one.id);
    Ok(())
}

async fn no_bulk_id(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    ensure!(!made.id.to_ascii_lowercase().contains("bulkid"), "the id is {}", made.id);
    Ok(())
}

async fn meta_is_ignored(w: &World<'_>, kind: &Kind) -> Result {
    let time = "1999-01-02T03:04:05Z";
    let meta = json!({"resourceType": "Scimcheck", "created": time, "lastModified": time, "version": "W/\"scimcheck\"",
        "location": "https://example.com/scimcheck"});
    let made = w.make_with(kind, members(json!({"meta": meta}))).await?;
    let shown = w.read(&made).await?;
    let shown = member(&shown, "meta").cloned().unwrap_or_default();
    for name in ["resourceType", "created", "version", "location"] {
        ensure!(shown.get(name).is_none() || shown.get(name) != meta.get(name), "meta.{name} is what the client sent");
    }
    Ok(())
}

async fn read_only(w: &World<'_>, kind: &Kind) -> Result {
    let mut tried = 0;
    for attribute in kind.attributes.iter().filter(|a| !a.is_writable() && a.kind != Type::Complex && !a.is_named("id"))
    {
        let mut open = attribute.clone();
        open.mutability = "readwrite".to_owned();
        let Some(value) = open.sample(0, &w.name()) else { continue };
        let mut more = kind.skeleton();
        attribute.set(&mut more, value.clone());
        let document = {
            let mut document = kind.minimal(&w.name());
            document.extend(more);
            document
        };
        tried += 1;
        let answer = w.post(&kind.endpoint, &Value::Object(document)).await?;
        ensure!(
            answer.is_success(),
            "{} is read-only, and sending it was answered with {}",
            attribute.path(),
            answer.status
        );
        let is_taken = attribute.find(&answer.json).is_some_and(|found| open.is_same(&value, found));
        ensure!(!is_taken, "{} is read-only, and has the value that was sent", attribute.path());
    }
    applies!(tried > 0, "the type has no simple attribute that is read-only");
    Ok(())
}

async fn external_id(w: &World<'_>, kind: &Kind) -> Result {
    let sent = w.name();
    let made = w.make_with(kind, members(json!({"externalId": sent}))).await?;
    let shown = w.read(&made).await?;
    let found = member(&shown, "externalId").and_then(Value::as_str);
    ensure!(found == Some(&sent), "sent the externalId {sent}, and read {found:?}");
    Ok(())
}

async fn no_external_id(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let shown = w.read(&made).await?;
    let found = member(&shown, "externalId");
    ensure!(found.is_none_or(Value::is_null), "no externalId was sent, and the resource has {found:?}");
    Ok(())
}

/// The answer to a document without the first attribute that is required.
async fn without_required(w: &World<'_>, kind: &Kind) -> Result<(String, crate::target::Answer)> {
    let required = kind.attributes.iter().find(|a| a.required && a.is_writable() && a.urn.is_none());
    let required = required.or_not_applicable("the schema requires nothing")?;
    let mut document = kind.minimal(&w.name());
    document.remove(&required.name);
    let answer = w.post(&kind.endpoint, &Value::Object(document)).await?;
    Ok((required.path(), answer))
}

async fn required(w: &World<'_>, kind: &Kind) -> Result {
    let (name, answer) = without_required(w, kind).await?;
    ensure!(answer.is_refusal(), "a document without {name} was answered with {}", answer.status);
    Ok(())
}

async fn required_type(w: &World<'_>, kind: &Kind) -> Result {
    let (name, answer) = without_required(w, kind).await?;
    if answer.is_success() {
        return Err(Stop::Untested("the document is accepted; see missing-required-is-refused".to_owned()));
    }
    let word = answer.text("/scimType");
    let is_right = answer.status == 400 && word == Some("invalidValue");
    ensure!(is_right, "a document without {name} was answered with {} and the scimType {word:?}", answer.status);
    Ok(())
}

async fn wrong_type(w: &World<'_>, kind: &Kind) -> Result {
    let mut tried = 0;
    for attribute in kind.writable().filter(|a| !a.multi && a.kind != Type::Complex) {
        let wrong =
            if matches!(attribute.kind, Type::Boolean) { json!("scimcheck") } else { json!({"scimcheck": [1]}) };
        let mut document = kind.minimal(&w.name());
        attribute.set(&mut document, wrong);
        tried += 1;
        let answer = w.post(&kind.endpoint, &Value::Object(document)).await?;
        ensure!(answer.status == 400, "{} of a wrong type was answered with {}", attribute.path(), answer.status);
    }
    applies!(tried > 0, "the type has no simple attribute that can be written");
    Ok(())
}

async fn no_schemas(w: &World<'_>, kind: &Kind) -> Result {
    let mut document = kind.minimal(&w.name());
    document.remove("schemas");
    let answer = w.post(&kind.endpoint, &Value::Object(document)).await?;
    ensure!(answer.status == 400, "expected 400, got {}", answer.status);
    Ok(())
}

async fn foreign_schema(w: &World<'_>, kind: &Kind) -> Result {
    let mut document = kind.minimal(&w.name());
    document.insert("schemas".to_owned(), json!(["urn:scimcheck:no:such:schema"]));
    let answer = w.post(&kind.endpoint, &Value::Object(document)).await?;
    ensure!(answer.status == 400, "expected 400, got {}", answer.status);
    Ok(())
}

async fn names_without_case(w: &World<'_>, kind: &Kind) -> Result {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let mut shouting = text.clone();
    shouting.name = text.name.to_ascii_uppercase();
    let mut more = kind.skeleton();
    shouting.set(&mut more, json!("Scimcheck"));
    let made = w.make_with(kind, more).await?;
    let found = w.read(&made).await?;
    let found = text.find(&found).and_then(Value::as_str);
    ensure!(found == Some("Scimcheck"), "sent {}, and {} is {found:?}", shouting.path(), text.path());
    Ok(())
}

async fn null_is_nothing(w: &World<'_>, kind: &Kind) -> Result {
    let mut document = kind.minimal(&w.name());
    let nothing: Vec<_> = kind.text().into_iter().chain(kind.list()).collect();
    applies!(!nothing.is_empty(), "the type has neither a free text nor a list");
    for attribute in &nothing {
        attribute.set(&mut document, if attribute.multi { json!([]) } else { Value::Null });
    }
    let answer = w.post(&kind.endpoint, &Value::Object(document)).await?;
    ensure!(answer.is_success(), "null and an empty list were answered with {}", answer.status);
    for attribute in nothing {
        ensure!(attribute.find(&answer.json).is_none(), "{} has a value", attribute.path());
    }
    Ok(())
}
