//! What outlives a PUT (§7 `mutability`; RFC 7644 §3.5.1).

use crate::support::*;
use scimstack_schema::{Attribute, Mutability, Registry, Resource, ResourceType, Schema, Type, Value, ViolationKind};
use std::sync::Arc;

const BADGE: &str = "urn:example:params:scim:schemas:extension:badge:1.0:User";

fn badge_type() -> Arc<ResourceType> {
    let immutable = |name: &str| Attribute::new(name, Type::String).with_mutability(Mutability::Immutable);
    let badge = Schema::new(BADGE, "Badge")
        .with_attribute(immutable("number"))
        .with_attribute(immutable("serial").with_case_exact(true))
        .with_attribute(immutable("doors").with_multi_valued(true))
        .with_attribute(Attribute::new("issued", Type::DateTime).with_mutability(Mutability::ReadOnly))
        .with_attribute(Attribute::new("color", Type::String))
        .with_attribute(
            Attribute::new("holder", Type::Complex)
                .with_sub_attributes([immutable("value"), Attribute::new("note", Type::String)]),
        );
    let registry = Registry::core().to_builder().extension("User", badge, false).unwrap().build().unwrap();
    registry.resource_type("User").unwrap().clone()
}

fn stored(members: &str) -> Resource {
    let mut resource = Resource::from_stored(badge_type(), format!("{{{members}}}").as_bytes()).unwrap();
    resource.normalize();
    resource
}

/// The badge after a PUT of `new` over `old`, or the paths that were refused.
fn put(old: &str, new: &str) -> Result<String, Vec<String>> {
    let before = stored(&format!(r#""id":"u1","userName":"a","title":"t","{BADGE}":{old}"#));
    let document = json(&format!(r#"{{"schemas":["{USER}","{BADGE}"],"id":"zzz","userName":"b","{BADGE}":{new}}}"#));
    let mut after = ingest(&badge_type(), document, &strict()).resource;
    match badge_type().carry_over(&before, &mut after) {
        Ok(()) => {
            assert_eq!(after.id(), Some("u1"));
            assert_eq!(after.root().get("userName").and_then(Value::as_str), Some("b"));
            assert!(after.root().get("title").is_none(), "what was left out is cleared");
            Ok(after.root().get(BADGE).map_or("-".into(), Value::to_string))
        }
        Err(violations) => {
            assert!(violations.0.iter().all(|v| v.kind == ViolationKind::Mutability));
            Err(violations.0.iter().map(|v| v.path.replace(BADGE, "badge")).collect())
        }
    }
}

#[test]
fn immutable_values_are_set_once_and_kept() {
    let cases = [
        // unset before: set
        ("{}", r#"{"number":"7"}"#, r#"{"number":"7"}"#),
        // equal: as it was
        (r#"{"number":"Ab"}"#, r#"{"number":"aB"}"#, r#"{"number":"Ab"}"#),
        (r#"{"serial":"Ab"}"#, r#"{"serial":"Ab"}"#, r#"{"serial":"Ab"}"#),
        (r#"{"doors":["a","b"]}"#, r#"{"doors":["B","a"]}"#, r#"{"doors":["a","b"]}"#),
        // left out: kept
        (r#"{"number":"7","color":"red"}"#, r#"{"color":"blue"}"#, r#"{"color":"blue","number":"7"}"#),
        (r#"{"number":"7","color":"red"}"#, "null", r#"{"number":"7"}"#),
        (r#"{"doors":["a"]}"#, r#"{"doors":[]}"#, r#"{"doors":["a"]}"#),
        (
            r#"{"holder":{"value":"h","note":"n"}}"#,
            r#"{"holder":{"note":"m"}}"#,
            r#"{"holder":{"note":"m","value":"h"}}"#,
        ),
        (r#"{"holder":{"value":"h","note":"n"}}"#, "{}", r#"{"holder":{"value":"h"}}"#),
        // read-only: the server's, whatever was sent
        (
            r#"{"issued":"2026-01-01T00:00:00Z"}"#,
            r#"{"issued":"2027-01-01T00:00:00Z"}"#,
            r#"{"issued":"2026-01-01T00:00:00Z"}"#,
        ),
        // neither: replaced, cleared
        (r#"{"color":"red"}"#, r#"{"color":"blue"}"#, r#"{"color":"blue"}"#),
        (r#"{"color":"red"}"#, "{}", "-"),
    ];
    for (old, new, outcome) in cases {
        assert_eq!(put(old, new), Ok(outcome.to_owned()), "{old} {new}");
    }
}

#[test]
fn immutable_values_that_would_change_are_refused() {
    for (old, new, paths) in [
        (r#"{"number":"7"}"#, r#"{"number":"8"}"#, vec!["badge:number"]),
        (r#"{"serial":"Ab"}"#, r#"{"serial":"aB"}"#, vec!["badge:serial"]),
        (r#"{"doors":["a","b"]}"#, r#"{"doors":["a"]}"#, vec!["badge:doors"]),
        (r#"{"doors":["a","b"]}"#, r#"{"doors":["a","a"]}"#, vec!["badge:doors"]),
        (r#"{"holder":{"value":"h"}}"#, r#"{"holder":{"value":"i"}}"#, vec!["badge:holder.value"]),
        (r#"{"number":"7","serial":"s"}"#, r#"{"number":"8","serial":"t"}"#, vec!["badge:number", "badge:serial"]),
    ] {
        assert_eq!(put(old, new), Err(paths.into_iter().map(ToOwned::to_owned).collect()), "{old} {new}");
    }
}
