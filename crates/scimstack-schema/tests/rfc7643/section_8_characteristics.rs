//! §8.7: every attribute of every embedded schema against an independent table, characteristic by characteristic.

use scimstack_schema::discovery::discovery_schemas;
use scimstack_schema::{Attribute, Registry, Schema, Type};
use std::sync::Arc;

const TABLE: &str = include_str!("../data/characteristics.md");

/// The row an attribute has in the table.
fn row(path: &str, attribute: &Attribute) -> String {
    let when = |applies: bool, text: &str| if applies { text.to_owned() } else { "n/a".to_owned() };
    let values = match attribute.canonical_values.as_deref() {
        None => String::new(),
        Some([]) => "(empty list)".to_owned(),
        Some(values) => values.join(", "),
    };
    let is_text = matches!(attribute.r#type, Type::String | Type::Reference | Type::Binary);
    let is_unique = !matches!(attribute.r#type, Type::Complex | Type::Boolean | Type::Binary);
    [
        path.to_owned(),
        attribute.r#type.to_string(),
        attribute.multi_valued.to_string(),
        attribute.required.to_string(),
        when(is_text, &attribute.case_exact.to_string()),
        attribute.mutability.to_string(),
        attribute.returned.to_string(),
        when(is_unique, attribute.uniqueness.as_str()),
        values,
        attribute.reference_types.join(", "),
    ]
    .join("|")
}

fn rows(attributes: &[Arc<Attribute>], prefix: &str, out: &mut Vec<String>) {
    for attribute in attributes {
        let path = format!("{prefix}{}", attribute.name);
        out.push(row(&path, attribute));
        rows(&attribute.sub_attributes, &format!("{path}."), out);
    }
}

#[test]
fn every_characteristic_is_the_published_one_with_errata_applied() {
    let registry = Registry::haystack();
    let all: Vec<&Schema> = registry.schemas().iter().map(|s| &**s).chain(discovery_schemas()).collect();
    let sections: Vec<&str> = TABLE.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), all.len());
    for section in sections {
        let (head, body) = section.split_once('\n').unwrap();
        let (_, uri) = head.rsplit_once(' ').unwrap();
        let schema = all.iter().find(|schema| schema.id.as_str() == uri).unwrap_or_else(|| panic!("no {uri}"));
        let mut found = Vec::new();
        rows(&schema.attributes, "", &mut found);
        let expected: Vec<&str> = body.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(found, expected, "{uri}");
    }
}

#[test]
fn every_attribute_says_what_it_is_for() {
    fn check(path: &str, attributes: &[Arc<Attribute>]) {
        for attribute in attributes {
            let path = format!("{path}.{}", attribute.name);
            assert!(attribute.description.ends_with('.') && attribute.description.len() > 10, "{path}");
            check(&path, &attribute.sub_attributes);
        }
    }
    for schema in Registry::haystack().schemas().iter().map(|s| &**s).chain(discovery_schemas()) {
        assert!(!schema.description.is_empty());
        check(schema.id.as_str(), &schema.attributes);
    }
}
