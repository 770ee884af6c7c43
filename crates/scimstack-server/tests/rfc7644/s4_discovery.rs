//! RFC 7644 §4: discovery says what is so.

use crate::support::{BASE, Setting, USER, World};
use scimstack_schema::uri::HAYSTACK_USER;

over_every_store! {
    resource_types_name_endpoints_that_answer in Setting::directory();
    schemas_hold_every_extension in Setting::directory();
    the_configuration_tells_the_truth in Setting::directory();
    discovery_cannot_be_filtered_or_paged in Setting::directory();
    the_configuration_is_one_object_with_its_schema in Setting::directory();
    every_schema_is_listed_once in Setting::directory();
    order_and_pages_are_ignored in Setting::directory();
}

fn resource_types_name_endpoints_that_answer(w: &World) {
    let list = w.get("/ResourceTypes").send().expect(200).json();
    assert_eq!((&list["totalResults"], &list["itemsPerPage"], &list["startIndex"]), (&2.into(), &2.into(), &1.into()));
    for resource_type in list["Resources"].as_array().unwrap() {
        let id = resource_type["id"].as_str().unwrap();
        assert_eq!(resource_type["meta"]["location"], format!("{BASE}/ResourceTypes/{id}"));
        assert_eq!(&w.get(&format!("/ResourceTypes/{id}")).send().expect(200).json(), resource_type);
        w.get(resource_type["endpoint"].as_str().unwrap()).send().expect(200);
        w.get(&format!("/Schemas/{}", resource_type["schema"].as_str().unwrap())).send().expect(200);
    }
    let user = w.get("/ResourceTypes/User").send().expect(200).json();
    let extensions = user["schemaExtensions"].as_array().unwrap();
    assert!(extensions.iter().any(|extension| extension["schema"] == HAYSTACK_USER), "{extensions:?}");
    w.get("/ResourceTypes/Robot").send().expect(404);
}

fn schemas_hold_every_extension(w: &World) {
    let list = w.get("/Schemas?startIndex=3&count=1").send().expect(200).json();
    let ids: Vec<&str> = list["Resources"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    for urn in [USER, HAYSTACK_USER, "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"] {
        assert!(ids.contains(&urn), "{urn} in {ids:?}");
        let one = w.get(&format!("/Schemas/{urn}")).send().expect(200).json();
        assert_eq!(one["meta"]["location"], format!("{BASE}/Schemas/{urn}"));
    }
    w.get(&format!("/Schemas/{}", USER.to_uppercase())).send().expect(200).shows(&format!(r#"{{"id":"{USER}"}}"#));
    w.get("/Schemas/urn:ietf:params:scim:api:messages:2.0:Error").send().expect(404);
}

fn the_configuration_tells_the_truth(w: &World) {
    let config = w.get("/ServiceProviderConfig").send().expect(200).json();
    assert_eq!(config["patch"]["supported"], true);
    let path = format!("/Users/{}", w.user("ann"));
    w.patch(&path, r#"[{"op":"add","path":"title","value":"x"}]"#).send().expect(200);
    assert_eq!(config["bulk"], serde_json::json!({"supported":true,"maxOperations":1000,"maxPayloadSize":67108864}));
    let operation = format!(r#"{{"method":"DELETE","path":"{path}","version":"W/\"9\""}}"#);
    let bulk =
        format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{operation}]}}"#);
    w.post("/Bulk", bulk).send().expect(200).shows(r#"{"Operations":[{"method":"DELETE","status":"412"}]}"#);
    assert_eq!(config["etag"]["supported"], true);
    w.get(&path).header("if-none-match", "W/\"2\"").send().expect(304);
    assert_eq!(config["sort"]["supported"], true);
    assert_eq!(
        (&config["pagination"]["cursor"], &config["pagination"]["cursorTimeout"]),
        (&true.into(), &3_600.into())
    );
    w.get("/Users?cursor&count=1").send().expect(200);
    let most = config["filter"]["maxResults"].as_u64().unwrap();
    assert_eq!(config["pagination"]["maxPageSize"], most);
}

fn discovery_cannot_be_filtered_or_paged(w: &World) {
    for path in ["/Schemas", "/ResourceTypes"] {
        w.get(&format!("{path}?filter=id pr")).send().expect(403);
        w.put(path, "{}").send().expect(405);
    }
}

#[test]
fn a_custom_schema_is_seen_and_enforced_at_once() {
    use scimstack_schema::{Attribute, Schema, Type};
    let w = Setting::directory().in_memory();
    let urn = "urn:example:params:scim:schemas:extension:badge:1.0:User";
    let ann = w.user("ann");
    let set = format!(r#"[{{"op":"add","path":"{urn}:number","value":7}}]"#);
    w.patch(&format!("/Users/{ann}"), &set).send().refused(400, "noTarget");
    let schema = Schema::new(urn, "Badge").with_attribute(Attribute::new("number", Type::Integer));
    futures_executor::block_on(w.engine.admin().add_schemas(w.tenant, "User", vec![schema])).unwrap();
    w.get(&format!("/Schemas/{urn}")).send().expect(200);
    let found = w.patch(&format!("/Users/{ann}"), &set).send().expect(200).json();
    assert_eq!(found[urn]["number"], 7);
    assert_eq!(w.get(&format!("/Users?filter={urn}:number eq 7")).send().expect(200).ids(), [ann.as_str()]);
}

fn the_configuration_is_one_object_with_its_schema(w: &World) {
    let config = w.get("/ServiceProviderConfig?attributes=patch&count=0").send().expect(200).json();
    assert_eq!(config["schemas"], serde_json::json!(["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"]));
    assert_eq!(config.get("Resources"), None);
    assert_eq!(config["meta"]["location"], format!("{BASE}/ServiceProviderConfig"));
}

fn every_schema_is_listed_once(w: &World) {
    let texts = |value: &serde_json::Value, name: &str| -> Vec<String> {
        value.as_array().into_iter().flatten().map(|element| element[name].as_str().unwrap().to_owned()).collect()
    };
    let list = w.get("/Schemas").send().expect(200).json();
    assert_eq!(list["schemas"], serde_json::json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
    let mut listed = texts(&list["Resources"], "id");
    let mut expected: Vec<String> = ["ServiceProviderConfig", "ResourceType", "Schema"]
        .map(|name| format!("urn:ietf:params:scim:schemas:core:2.0:{name}"))
        .into();
    for resource_type in w.get("/ResourceTypes").send().expect(200).json()["Resources"].as_array().unwrap() {
        expected.push(resource_type["schema"].as_str().unwrap().to_owned());
        expected.extend(texts(&resource_type["schemaExtensions"], "schema"));
    }
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
    assert_eq!(list["totalResults"], expected.len());
}

fn order_and_pages_are_ignored(w: &World) {
    for path in ["/Schemas", "/ResourceTypes"] {
        let all = w.get(path).send().expect(200);
        for query in [
            "startIndex=2&count=1",
            "count=0",
            "count=abc",
            "cursor=x",
            "sortBy=id&sortOrder=descending",
            "attributes=id",
            "excludedAttributes=meta",
            "anything=1",
        ] {
            assert_eq!(w.get(&format!("{path}?{query}")).send().expect(200).text(), all.text(), "{path}?{query}");
        }
    }
}
