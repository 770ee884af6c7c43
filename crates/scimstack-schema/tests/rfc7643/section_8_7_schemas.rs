//! §8.7: the schema documents this library serves against the ones the RFC prints, member by member. Every difference is
//! a line of `data/printed_schemas.md` with its reason; one that is not there fails, and so does one that is there no
//! more. Descriptions are our own sentences and are not compared, only looked for; characteristics that were left out
//! count as left out, so that a default printed on one side alone is a difference too. The order of attributes is
//! compared over those that both sides have.

use crate::support::*;
use scimstack_schema::discovery::{discovery_schemas, schema_document};
use scimstack_schema::{Registry, Schema, Value};

const DIFFERENCES: &str = include_str!("../data/printed_schemas.md");

const PRINTED: [&str; 6] = [
    example!("rfc7643/8.7.1-schema-user.json"),
    example!("rfc7643/8.7.1-schema-group.json"),
    example!("rfc7643/8.7.1-schema-enterprise-user.json"),
    example!("rfc7643/8.7.2-schema-service-provider-config.json"),
    example!("rfc7643/8.7.2-schema-resource-type.json"),
    example!("rfc7643/8.7.2-schema-schema.json"),
];

fn id(document: &Value) -> &str {
    document.get("id").unwrap().as_str().unwrap()
}

/// The document we serve for `uri`.
fn served(uri: &str) -> Value {
    let core = Registry::core();
    let schema: &Schema = match core.schema(uri) {
        Some(schema) => schema,
        None => discovery_schemas().iter().find(|schema| schema.id.as_str() == uri).unwrap(),
    };
    // What goes over the wire, not what is in memory.
    Value::parse(&schema_document(schema, "/v2").to_bytes()).unwrap()
}

fn named<'v>(list: &'v [Value], name: &str) -> Option<&'v Value> {
    list.iter().find(|attribute| attribute.get("name").unwrap().as_str() == Some(name))
}

fn names(list: &[Value]) -> Vec<&str> {
    list.iter().map(|attribute| attribute.get("name").unwrap().as_str().unwrap()).collect()
}

/// The members of `printed` and of `served` that differ, as `path|member|printed|served`.
fn compare(path: &str, printed: &Value, served: &Value, nested: &str, out: &mut Vec<String>) {
    let text = |value: Option<&Value>| value.map_or_else(|| "-".to_owned(), ToString::to_string);
    let known: Vec<&str> = printed.as_object().unwrap().iter().map(|(name, _)| name).collect();
    let added = served.as_object().unwrap().iter().map(|(name, _)| name).filter(|name| !known.contains(name));
    for name in known.iter().copied().chain(added) {
        let (left, right) = (printed.get(name), served.get(name));
        if name == "description" {
            assert!(left.is_some() && right.is_some(), "{path} has a description on one side only");
        } else if name != nested && left != right {
            out.push(format!("{path}|{name}|{}|{}", text(left), text(right)));
        }
    }
    let list = |side: &'static str, value: &Value| match value.get(nested) {
        Some(list) => list.as_array().unwrap_or_else(|| panic!("{path}: {nested} of the {side} schema")).to_vec(),
        None => Vec::new(),
    };
    let (printed, served) = (list("printed", printed), list("served", served));
    let common: Vec<&str> = names(&printed).into_iter().filter(|name| named(&served, name).is_some()).collect();
    let order: Vec<&str> = names(&served).into_iter().filter(|name| named(&printed, name).is_some()).collect();
    assert_eq!(order, common, "the order of the attributes of {path}");
    for attribute in &served {
        let name = attribute.get("name").unwrap().as_str().unwrap();
        let path = if path == "(schema)" { name.to_owned() } else { format!("{path}.{name}") };
        match named(&printed, name) {
            Some(printed) => compare(&path, printed, attribute, "subAttributes", out),
            None => out.push(format!("{path}|(attribute)|-|added")),
        }
    }
    for name in names(&printed).into_iter().filter(|name| named(&served, name).is_none()) {
        out.push(format!("{path}.{name}|(attribute)|printed|-"));
    }
}

#[test]
fn what_is_served_is_what_is_printed_but_for_the_listed_differences() {
    let sections: Vec<&str> = DIFFERENCES.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), PRINTED.len());
    for text in PRINTED {
        let printed = json(text);
        let uri = id(&printed);
        let section = sections.iter().find_map(|section| section.strip_prefix(uri)?.strip_prefix('\n'));
        let listed: Vec<(&str, &str)> = section
            .unwrap_or_else(|| panic!("no section for {uri}"))
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| line.rsplit_once('|').unwrap())
            .collect();
        for (difference, reason) in &listed {
            assert!(
                reason.starts_with("erratum ") || reason.starts_with('§') || reason.starts_with("RFC "),
                "{difference}"
            );
        }
        let mut found = Vec::new();
        compare("(schema)", &printed, &served(uri), "attributes", &mut found);
        assert_eq!(found, listed.into_iter().map(|(difference, _)| difference).collect::<Vec<_>>(), "{uri}");
    }
}

#[test]
fn the_printed_schemas_can_be_read_and_all_but_one_can_be_built_from() {
    for text in PRINTED {
        let schema = Schema::from_json(&json(text)).unwrap();
        // `Schema` alone nests complex attributes (§7), which no registry may.
        assert_eq!(schema.check().is_ok(), schema.name != "Schema", "{}", schema.id);
        let names: Vec<&str> = schema.attributes.iter().map(|attribute| &*attribute.name).collect();
        assert_eq!(names, self::names(json(text).get("attributes").unwrap().as_array().unwrap()));
    }
}
