//! What a server says of itself (RFC 7644 §4, RFC 7643 §5 to §7).

use crate::attribute::Type;
use crate::check::table;
use crate::service::{list, list_at};
use crate::stop::{Result, Stop, applies, ensure};
use crate::target::{As, Ask};
use crate::world::{LIST, World};
use serde_json::{Value, json};

table! { "discovery";
    Must once config_is_served "config-is-served" ["P-4-02"]
        "Answer GET /ServiceProviderConfig with 200 and a document that names its schema.";
    Must once config_names_features "config-names-features" ["S-5-03" "S-5-04" "S-5-05" "S-5-06" "S-5-07" "S-5-08"]
        "Say in the configuration of patch, bulk, filter, changePassword, sort and etag whether each is supported, with the limits of bulk and filter.";
    Must once config_names_schemes "config-names-schemes" ["S-5-09" "S-5-12"]
        "Name the ways to authenticate, each with one of the five types, a name and a description.";
    Should once config_is_public "config-is-public" ["S-5-10"]
        "Answer GET /ServiceProviderConfig without authentication, so that a client can learn how to authenticate.";
    Should once config_says_how_it_pages "config-says-how-it-pages" ["C-4-01"]
        "Say in the configuration's pagination which ways of paging there are.";
    Must once config_pagination_is_whole "config-pagination-is-whole" ["C-4-03"]
        "Say of paging by cursor and of paging by index, with true or false, whether it is there.";
    Must once config_is_read_only "config-is-read-only" ["S-5-01"]
        "Refuse to create anything at /ServiceProviderConfig.";
    Must once types_are_listed "resource-types-are-listed" ["P-4-05"]
        "Answer GET /ResourceTypes with a ListResponse that counts what is in it.";
    Must once types_are_whole "resource-types-are-whole" ["S-6-04" "S-6-06" "S-6-09" "S-6-02"]
        "Give each resource type a name of its own, an endpoint and a schema, and say of each extension whether it is required.";
    Must once type_by_name "resource-type-by-name" ["P-4-04"]
        "Answer GET /ResourceTypes/{name} with that resource type.";
    Must once unknown_type "unknown-resource-type-is-404" ["P-4-04"]
        "Answer GET of an unknown resource type with 404.";
    Must once types_are_read_only "resource-types-are-read-only" ["S-6-01"]
        "Refuse to create anything at /ResourceTypes.";
    Must once schemas_are_listed "schemas-are-listed" ["P-4-03" "S-7-01"]
        "List at /Schemas, in a ListResponse, the schema of every resource type and of every extension.";
    Must once schema_by_uri "schema-by-uri" ["P-4-04" "S-7-03" "S-6-05" "S-6-08"]
        "Answer GET /Schemas/{uri} with the schema whose id is that URI, for each that a resource type names.";
    Must once unknown_schema "unknown-schema-is-404" ["P-4-04"]
        "Answer GET of an unknown schema with 404.";
    Must once schemas_are_well_formed "schemas-are-well-formed" ["S-7-05" "S-2.1-02" "S-2.3.8-02" "S-1.2-02" "S-8-02"]
        "Describe each attribute with a valid name, one of the eight types, known key words, and sub-attributes exactly where the type is complex.";
    Must once no_message_schemas "message-schemas-are-not-listed" ["P-3.1-03"]
        "Leave the schemas of messages out of /Schemas.";
    Should once filters_are_refused "discovery-refuses-filters" ["P-4-07"]
        "Answer a filter on /Schemas or /ResourceTypes with 403.";
    Must once pages_are_ignored "discovery-ignores-pages" ["P-4-06"]
        "Ignore startIndex, count and sortBy at /Schemas and /ResourceTypes, and list everything.";
}

async fn config_is_served(w: &World<'_>) -> Result {
    let answer = w.get("/ServiceProviderConfig").await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    let schema = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
    ensure!(answer.has_schema(schema), "expected {schema} in schemas");
    Ok(())
}

async fn config_names_features(w: &World<'_>) -> Result {
    let answer = w.get("/ServiceProviderConfig").await?;
    let mut wrong = Vec::new();
    for feature in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        let supported = answer.json.pointer(&format!("/{feature}/supported"));
        if !supported.is_some_and(Value::is_boolean) {
            wrong.push(format!("{feature}.supported is not true or false"));
        }
    }
    for limit in ["bulk/maxOperations", "bulk/maxPayloadSize", "filter/maxResults"] {
        if answer.number(&format!("/{limit}")).is_none() {
            wrong.push(format!("{} is not a number", limit.replace('/', ".")));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

async fn config_names_schemes(w: &World<'_>) -> Result {
    let answer = w.get("/ServiceProviderConfig").await?;
    let schemes = answer.json.get("authenticationSchemes").and_then(Value::as_array);
    let Some(schemes) = schemes else { return Err(Stop::Failed("there is no list authenticationSchemes".to_owned())) };
    for scheme in schemes {
        let text = |name: &str| scheme.get(name).and_then(Value::as_str).unwrap_or_default();
        let kinds = ["oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"];
        ensure!(kinds.contains(&text("type")), "an authentication scheme has the type {:?}", text("type"));
        ensure!(!text("name").is_empty(), "an authentication scheme has no name");
        ensure!(!text("description").is_empty(), "an authentication scheme has no description");
    }
    Ok(())
}

async fn config_is_public(w: &World<'_>) -> Result {
    let answer = w.ask(Ask::new("GET", "/ServiceProviderConfig").who(As::Nobody)).await?;
    ensure!(answer.status == 200, "without authentication it is answered with {}", answer.status);
    let schemes = answer.json.get("authenticationSchemes");
    ensure!(schemes.is_some_and(Value::is_array), "without authentication it names no way to authenticate");
    Ok(())
}

async fn config_says_how_it_pages(w: &World<'_>) -> Result {
    let answer = w.get("/ServiceProviderConfig").await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(answer.json.get("pagination").is_some(), "the configuration has no pagination");
    Ok(())
}

async fn config_pagination_is_whole(w: &World<'_>) -> Result {
    let answer = w.get("/ServiceProviderConfig").await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    applies!(answer.json.get("pagination").is_some(), "the configuration has no pagination");
    for way in ["cursor", "index"] {
        let said = answer.json.pointer(&format!("/pagination/{way}"));
        ensure!(said.is_some_and(Value::is_boolean), "pagination.{way} is not true or false");
    }
    Ok(())
}

async fn config_is_read_only(w: &World<'_>) -> Result {
    let answer = w.post("/ServiceProviderConfig", &json!({"schemas": []})).await?;
    ensure!(answer.is_refusal() || answer.status == 501, "a POST was answered with {}", answer.status);
    Ok(())
}

async fn types_are_listed(w: &World<'_>) -> Result {
    listed(w, "/ResourceTypes").await
}

async fn listed(w: &World<'_>, path: &str) -> Result {
    let answer = w.get(path).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(answer.has_schema(LIST), "the answer does not name the schema of a ListResponse");
    let (total, shown) = (answer.number("/totalResults"), answer.resources().len());
    ensure!(total == u64::try_from(shown).ok(), "totalResults is {total:?}, and {shown} are shown");
    ensure!(shown > 0, "the list is empty");
    Ok(())
}

async fn types_are_whole(w: &World<'_>) -> Result {
    let answer = w.get("/ResourceTypes").await?;
    let mut names: Vec<String> = Vec::new();
    ensure!(!answer.resources().is_empty(), "no resource type is listed");
    for resource_type in answer.resources() {
        let text = |name: &str| resource_type.get(name).and_then(Value::as_str).unwrap_or_default();
        for name in ["name", "endpoint", "schema"] {
            ensure!(!text(name).is_empty(), "a resource type has no {name}: {resource_type}");
        }
        let name = text("name").to_ascii_lowercase();
        ensure!(!names.contains(&name), "two resource types are called {name}");
        names.push(name);
        for extension in list_at(resource_type, "schemaExtensions") {
            let is_said = extension.get("required").is_some_and(Value::is_boolean);
            let is_named = extension.get("schema").is_some_and(Value::is_string);
            ensure!(is_said && is_named, "an extension lacks its schema or required: {extension}");
        }
    }
    Ok(())
}

async fn type_by_name(w: &World<'_>) -> Result {
    ensure!(!w.service.kinds.is_empty(), "the server names no resource type");
    for kind in &w.service.kinds {
        let answer = w.get(format!("/ResourceTypes/{}", kind.name)).await?;
        ensure!(answer.status == 200, "the resource type {} was answered with {}", kind.name, answer.status);
        ensure!(answer.text("/name") == Some(&kind.name), "expected the resource type {}", kind.name);
    }
    Ok(())
}

async fn unknown_type(w: &World<'_>) -> Result {
    let answer = w.get("/ResourceTypes/ScimcheckNoSuchType").await?;
    ensure!(answer.status == 404, "expected 404, got {}", answer.status);
    Ok(())
}

async fn types_are_read_only(w: &World<'_>) -> Result {
    let answer = w.post("/ResourceTypes", &json!({"schemas": []})).await?;
    ensure!(answer.is_refusal() || answer.status == 501, "a POST was answered with {}", answer.status);
    Ok(())
}

async fn schemas_are_listed(w: &World<'_>) -> Result {
    listed(w, "/Schemas").await?;
    let answer = w.get("/Schemas").await?;
    for uri in uris(w) {
        let is_there = answer.resources().iter().any(|schema| is_of(schema, uri));
        ensure!(is_there, "the schema {uri} of a resource type is not listed");
    }
    Ok(())
}

fn uris<'w>(w: &'w World<'_>) -> impl Iterator<Item = &'w String> {
    w.service.kinds.iter().flat_map(|kind| [&kind.schema].into_iter().chain(kind.extensions.iter().map(|(uri, _)| uri)))
}

fn is_of(schema: &Value, uri: &str) -> bool {
    schema.get("id").and_then(Value::as_str).is_some_and(|id| id.eq_ignore_ascii_case(uri))
}

async fn schema_by_uri(w: &World<'_>) -> Result {
    ensure!(!w.service.kinds.is_empty(), "the server names no resource type");
    for uri in uris(w) {
        let answer = w.get(format!("/Schemas/{uri}")).await?;
        ensure!(answer.status == 200, "the schema {uri} was answered with {}", answer.status);
        ensure!(is_of(&answer.json, uri), "expected the schema with the id {uri}");
    }
    Ok(())
}

async fn unknown_schema(w: &World<'_>) -> Result {
    let answer = w.get("/Schemas/urn:scimcheck:no:such:schema").await?;
    ensure!(answer.status == 404, "expected 404, got {}", answer.status);
    Ok(())
}

async fn schemas_are_well_formed(w: &World<'_>) -> Result {
    let answer = w.get("/Schemas").await?;
    ensure!(!answer.resources().is_empty(), "no schema is listed");
    let mut wrong = Vec::new();
    for schema in answer.resources() {
        let id = schema.get("id").and_then(Value::as_str).unwrap_or_default();
        for attribute in list_at(schema, "attributes") {
            described(attribute, id, false, &mut wrong);
        }
    }
    wrong.truncate(12);
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

fn described(attribute: &Value, of: &str, is_sub: bool, wrong: &mut Vec<String>) {
    let text = |name: &str| attribute.get(name).and_then(Value::as_str);
    let name = text("name").unwrap_or_default();
    let mut letters = name.trim_start_matches('$').bytes();
    let begins_well = letters.next().is_some_and(|b| b.is_ascii_alphabetic());
    if !begins_well || !letters.all(|b| b.is_ascii_alphanumeric() || b"$-_".contains(&b)) {
        wrong.push(format!("{of}: {name:?} is not the name of an attribute"));
    }
    let kind = Type::parse(text("type").unwrap_or("string"));
    let subs = list_at(attribute, "subAttributes").count();
    match kind {
        None => wrong.push(format!("{of}: {name} has the unknown type {:?}", text("type").unwrap_or_default())),
        // The standard's own schema of schemas describes sub-attributes as sub-attributes.
        Some(Type::Complex) if is_sub && name == "subAttributes" => {}
        Some(Type::Complex) if is_sub => wrong.push(format!("{of}: {name} is complex within a complex attribute")),
        Some(Type::Complex) if subs == 0 => wrong.push(format!("{of}: {name} is complex and has no sub-attributes")),
        Some(Type::Complex) => {}
        Some(_) if subs > 0 => wrong.push(format!("{of}: {name} is not complex and has sub-attributes")),
        Some(_) => {}
    }
    for (word, known) in [
        ("mutability", ["readOnly", "readWrite", "immutable", "writeOnly"].as_slice()),
        ("returned", &["always", "never", "default", "request"]),
        ("uniqueness", &["none", "server", "global"]),
    ] {
        if let Some(said) = text(word).filter(|said| !known.iter().any(|k| k.eq_ignore_ascii_case(said))) {
            wrong.push(format!("{of}: {name} has the {word} {said:?}"));
        }
    }
    for sub in list_at(attribute, "subAttributes") {
        described(sub, &format!("{of}: {name}"), true, wrong);
    }
}

async fn no_message_schemas(w: &World<'_>) -> Result {
    let answer = w.get("/Schemas").await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(list(&answer.json).next().is_some(), "no schema is listed");
    for schema in list(&answer.json) {
        let id = schema.get("id").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        ensure!(!id.starts_with("urn:ietf:params:scim:api:messages"), "{id} is listed");
    }
    Ok(())
}

async fn filters_are_refused(w: &World<'_>) -> Result {
    for path in ["/Schemas", "/ResourceTypes"] {
        let answer = w.get(format!("{path}?filter=id%20pr")).await?;
        ensure!(answer.status == 403, "expected 403, got {}", answer.status);
    }
    Ok(())
}

async fn pages_are_ignored(w: &World<'_>) -> Result {
    for path in ["/Schemas", "/ResourceTypes"] {
        let whole = w.get(path).await?.resources().len();
        let answer = w.get(format!("{path}?startIndex=2&count=1&sortBy=id")).await?;
        let shown = answer.resources().len();
        ensure!(answer.status == 200 && shown == whole && whole > 0, "of {whole} only {shown} are shown");
    }
    Ok(())
}
