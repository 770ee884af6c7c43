//! `returned` (§7) against `attributes` and `excludedAttributes` (RFC 7644 §3.9).

use crate::support::*;
use scimstack_schema::projection::ProjectionError;
use scimstack_schema::{Attribute, Mutability, Projection, Registry, ResourceType, Returned, Schema, Type};
use std::sync::Arc;

fn ann() -> String {
    format!(
        r#"{{"schemas":["{USER}","{ENTERPRISE}"],"id":"u1","externalId":"E-7","userName":"ann@x.test","name":{{"givenName":"Ann","familyName":"Lee"}},"emails":[{{"value":"a@x.test","type":"work"}},{{"value":"b@x.test"}}],"{ENTERPRISE}":{{"employeeNumber":"007","manager":{{"value":"u9","displayName":"Boss"}}}},"meta":{{"resourceType":"User","version":"W/\"1\""}}}}"#
    )
}

fn shown(r#type: &ResourceType, document: &str, attributes: &str, excluded: &str) -> String {
    let mut document = json(document);
    let projection = Projection::from_query(Some(attributes), Some(excluded)).unwrap();
    projection.apply(r#type, document.as_object_mut().unwrap());
    document.to_string()
}

#[test]
fn a_user_shows_what_was_asked_for_with_schemas_and_id() {
    let head = format!(r#""schemas":["{USER}","{ENTERPRISE}"],"id":"u1""#);
    for (attributes, rest) in [
        ("userName", r#","userName":"ann@x.test""#.to_owned()),
        (" USERNAME , , shoeSize ", r#","userName":"ann@x.test""#.to_owned()),
        (&format!("{USER}:userName"), r#","userName":"ann@x.test""#.to_owned()),
        ("shoeSize", String::new()),
        ("emails[type eq \"work\"]", String::new()),
        ("name", r#","name":{"givenName":"Ann","familyName":"Lee"}"#.to_owned()),
        ("name.givenName", r#","name":{"givenName":"Ann"}"#.to_owned()),
        ("name.givenName,name", r#","name":{"givenName":"Ann","familyName":"Lee"}"#.to_owned()),
        ("emails.type", r#","emails":[{"type":"work"}]"#.to_owned()),
        ("emails.display", String::new()),
        ("externalId,meta.version", r#","externalId":"E-7","meta":{"version":"W/\"1\""}"#.to_owned()),
        ("employeeNumber", String::new()),
        (&format!("{ENTERPRISE}:employeeNumber"), format!(r#","{ENTERPRISE}":{{"employeeNumber":"007"}}"#)),
        (
            &ENTERPRISE.to_uppercase(),
            format!(r#","{ENTERPRISE}":{{"employeeNumber":"007","manager":{{"value":"u9","displayName":"Boss"}}}}"#),
        ),
        (&format!("{ENTERPRISE}:manager.value"), format!(r#","{ENTERPRISE}":{{"manager":{{"value":"u9"}}}}"#)),
        (&format!("{ENTERPRISE}:division"), String::new()),
        ("password", String::new()),
    ] {
        assert_eq!(shown(&user_type(), &ann(), attributes, ""), format!("{{{head}{rest}}}"), "{attributes}");
    }
    // The URI of the base schema names what that schema declares.
    let base = shown(&user_type(), &ann(), USER, "");
    assert!(base.contains("userName") && base.contains("emails") && !base.contains("meta") && !base.contains("007"));
}

#[test]
fn a_user_hides_what_was_excluded_but_schemas_and_id() {
    for (excluded, without) in [
        ("meta", r#","meta":{"resourceType":"User","version":"W/\"1\""}"#),
        ("META.VERSION", r#","version":"W/\"1\"""#),
        ("emails.type", r#","type":"work""#),
        ("name.givenName", r#""givenName":"Ann","#),
        ("schemas,id,shoeSize,externalId", r#","externalId":"E-7""#),
    ] {
        assert_eq!(shown(&user_type(), &ann(), "", excluded), ann().replace(without, ""), "{excluded}");
    }
    let whole = shown(&user_type(), &ann(), "", ENTERPRISE);
    assert!(!whole.contains("007") && whole.contains("userName"));
    let parts = format!("{ENTERPRISE}:manager,{ENTERPRISE}:employeeNumber");
    assert_eq!(shown(&user_type(), &ann(), "", &parts), whole);
    let names = shown(&user_type(), &ann(), "", "name.givenName,name.familyName,emails.value");
    assert!(!names.contains(r#""name""#));
    assert!(names.contains(r#""emails":[{"type":"work"}]"#), "{names}");
}

#[test]
fn nothing_asked_shows_everything_but_what_is_hidden_or_undeclared() {
    assert_eq!(shown(&user_type(), &ann(), "", ""), ann());
    let with_secrets = ann().replace(r#""id":"u1","#, r#""id":"u1","password":"x","retired":1,"urn:gone":{"a":1},"#);
    assert_eq!(shown(&user_type(), &with_secrets, "", ""), ann());
}

#[test]
fn both_parameters_exclude_each_other() {
    assert_eq!(Projection::from_query(Some("a"), Some("b")), Err(ProjectionError::Both));
    assert_eq!(Projection::from_query(Some("a"), Some(" , ")).unwrap().attributes, ["a"]);
    assert_eq!(Projection::from_query(Some(""), Some("b,c")).unwrap().excluded, ["b", "c"]);
    assert!(Projection::from_query(None, None).unwrap().is_default());
}

/// A type with one attribute of each kind, and in `object` one sub-attribute of each.
fn returned_type() -> Arc<ResourceType> {
    let kinds = || {
        [Returned::Always, Returned::Default, Returned::Request, Returned::Never]
            .map(|returned| Attribute::new(returned.as_str(), Type::String).with_returned(returned))
    };
    let mut schema = Schema::new("urn:example:T", "T");
    for attribute in kinds() {
        schema = schema.with_attribute(attribute);
    }
    let write_only = Attribute::new("writeOnly", Type::String).with_mutability(Mutability::WriteOnly);
    let schema = schema
        .with_attribute(write_only)
        .with_attribute(Attribute::new("object", Type::Complex).with_sub_attributes(kinds()));
    let registry = Registry::builder().resource_type("T", "/Ts", "", schema).build().unwrap();
    registry.resource_types()[0].clone()
}

/// What is shown, as a list of paths.
fn paths(attributes: &[&str], excluded: &[&str], written: &[&str]) -> String {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let projection = Projection { attributes: owned(attributes), excluded: owned(excluded) };
    let mut document = json(
        r#"{"schemas":[],"id":"1","always":"x","default":"x","request":"x","never":"x","writeOnly":"x",
            "object":{"always":"x","default":"x","request":"x","never":"x"}}"#,
    );
    let written: Vec<String> = owned(written);
    projection.apply_after_write(&returned_type(), document.as_object_mut().unwrap(), &written);
    let mut out = Vec::new();
    for (name, value) in document.as_object().unwrap().iter().skip(2) {
        match value.as_object() {
            Some(object) => out.extend(object.iter().map(|(sub, _)| format!(".{sub}"))),
            None => out.push(name.to_owned()),
        }
        let asked = value.as_object().is_none_or(|object| !object.is_empty());
        assert!(asked, "{name} is empty");
        assert!(projection.shows(&returned_type(), name) || !written.is_empty(), "{name}");
    }
    out.join(" ")
}

#[test]
fn the_matrix_of_returned_holds_for_attributes_and_sub_attributes() {
    for (attributes, excluded, written, out) in [
        // nothing asked
        (vec![], vec![], vec![], "always default .always .default"),
        (vec![], vec![], vec!["request", "never", "writeOnly"], "always default request .always .default"),
        (vec![], vec![], vec!["object.request"], "always default .always .default .request"),
        (vec![], vec![], vec!["object"], "always default .always .default .request"),
        // attributes
        (vec!["nothing"], vec![], vec![], "always .always"),
        (vec!["always"], vec![], vec![], "always .always"),
        (vec!["default"], vec![], vec![], "always default .always"),
        (vec!["REQUEST"], vec![], vec![], "always request .always"),
        (vec!["never", "writeOnly", "object.never"], vec![], vec![], "always .always"),
        (vec!["object"], vec![], vec![], "always .always .default"),
        (vec!["object.default"], vec![], vec![], "always .always .default"),
        (vec!["object.request"], vec![], vec![], "always .always .request"),
        (vec!["object", "object.request"], vec![], vec![], "always .always .default .request"),
        (vec!["default"], vec![], vec!["request", "object.request"], "always default .always"),
        // excludedAttributes
        (vec![], vec!["nothing"], vec![], "always default .always .default"),
        (vec![], vec!["always", "object.always"], vec![], "always default .always .default"),
        (vec![], vec!["default"], vec![], "always .always .default"),
        (vec![], vec!["object"], vec![], "always default .always"),
        (vec![], vec!["object.default"], vec![], "always default .always"),
        (vec![], vec!["request"], vec!["request"], "always default .always .default"),
        (vec![], vec!["default"], vec!["request"], "always request .always .default"),
    ] {
        assert_eq!(paths(&attributes, &excluded, &written), out, "{attributes:?} -{excluded:?} +{written:?}");
    }
}

#[test]
fn a_complex_attribute_follows_the_matrix_as_a_whole() {
    let subs =
        || [Returned::Always, Returned::Default].map(|r| Attribute::new(r.as_str(), Type::String).with_returned(r));
    let complex =
        |name: &str, returned| Attribute::new(name, Type::Complex).with_returned(returned).with_sub_attributes(subs());
    let schema = Schema::new("urn:example:T", "T")
        .with_attribute(complex("a", Returned::Always))
        .with_attribute(complex("r", Returned::Request))
        .with_attribute(complex("n", Returned::Never));
    let registry = Registry::builder().resource_type("T", "/Ts", "", schema).build().unwrap();
    let inner = r#"{"always":"x","default":"x"}"#;
    let document = format!(r#"{{"a":{inner},"r":{inner},"n":{inner}}}"#);
    for (attributes, excluded, out) in [
        ("", "", format!(r#"{{"a":{inner}}}"#)),
        ("nothing", "", format!(r#"{{"a":{inner}}}"#)),
        ("a.always", "", r#"{"a":{"always":"x"}}"#.to_owned()),
        ("r,n", "", format!(r#"{{"a":{inner},"r":{inner}}}"#)),
        ("r.default,n.default", "", format!(r#"{{"a":{inner},"r":{inner}}}"#)),
        ("r.always", "", format!(r#"{{"a":{inner},"r":{{"always":"x"}}}}"#)),
        ("", "a", format!(r#"{{"a":{inner}}}"#)),
        ("", "a.default,r.default", r#"{"a":{"always":"x"}}"#.to_owned()),
    ] {
        let r#type = &registry.resource_types()[0];
        assert_eq!(shown(r#type, &document, attributes, excluded), out, "{attributes} -{excluded}");
    }
}

#[test]
fn what_is_not_shown_need_not_be_read() {
    let group = group_type();
    for (attributes, excluded, name, shows) in [
        ("", "", "members", true),
        ("displayName", "", "members", false),
        ("members.value", "", "MEMBERS", true),
        ("", "members", "members", false),
        ("", "members.display", "members", true),
        ("", "members.value,members.$ref,members.type,members.display", "members", false),
        ("displayName", "", "meta", false),
        ("displayName", "", "id", true),
        ("displayName", "", "schemas", true),
        ("", "", "nothing", false),
    ] {
        let projection = Projection::from_query(Some(attributes), Some(excluded)).unwrap();
        assert_eq!(projection.shows(&group, name), shows, "{attributes} -{excluded} {name}");
    }
    let user = user_type();
    assert!(!Projection::all().shows(&user, "password"));
    assert!(Projection::all().shows(&user, "groups"));
    let department = Projection::from_query(Some(&format!("{ENTERPRISE}:department")), None).unwrap();
    assert!(
        department.shows(&user, ENTERPRISE) && !department.shows(&user, HAYSTACK) && !department.shows(&user, "groups")
    );
}

#[test]
fn an_empty_list_the_server_wrote_stays_one() {
    let group = r#"{"schemas":[],"id":"g1","displayName":"g","members":[]}"#;
    assert_eq!(shown(&group_type(), group, "", ""), group);
    assert_eq!(shown(&group_type(), group, "members.value", ""), r#"{"schemas":[],"id":"g1","members":[]}"#);
    assert_eq!(shown(&group_type(), group, "", "members"), r#"{"schemas":[],"id":"g1","displayName":"g"}"#);
}
