//! What a connection may not change or see of a resource, while others may: attributes that are closed for it
//! (RFC 7643 §7: `readOnly`, `never`).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use futures_executor::block_on;
use scimstack_protocol::ConnectionPolicy;
use scimstack_protocol::policy::Attributes;
use scimstack_server::admin::AdminError;
use support::{ENTERPRISE, GROUP, Setting, USER, World};

over_every_store! {
    what_is_read_only_for_a_connection_is_shown_and_stays in Setting::directory();
    what_is_hidden_from_a_connection_is_neither_shown_nor_found_nor_lost in Setting::directory();
    members_can_be_read_only_for_a_connection in Setting::directory();
    discovery_says_what_is_closed in Setting::directory();
    a_policy_about_what_cannot_be_closed_is_refused in Setting::directory();
}

fn attributes(of: &[(&str, &[&str])]) -> Attributes {
    let owned = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect();
    of.iter().map(|&(name, paths)| (name.to_owned(), owned(paths))).collect()
}

fn set(w: &World, read_only: Attributes, hidden: Attributes) -> Result<(), AdminError> {
    let mut policy = ConnectionPolicy::default();
    (policy.read_only, policy.hidden) = (read_only, hidden);
    block_on(w.engine.admin().set_connection(w.tenant, policy))
}

/// Makes Ann with everything before anything is closed.
fn ann(w: &World) -> String {
    let body = format!(
        r#"{{"schemas":["{USER}","{ENTERPRISE}"],"userName":"ann","title":"Engineer","nickName":"A",
        "phoneNumbers":[{{"value":"1","type":"work"}}],"{ENTERPRISE}":{{"costCenter":"7","department":"R&D"}}}}"#
    );
    w.post("/Users", body).send().expect(201).id()
}

fn what_is_read_only_for_a_connection_is_shown_and_stays(w: &World) {
    let ann = ann(w);
    let cost_center = format!("{ENTERPRISE}:costCenter");
    set(w, attributes(&[("User", &["title", &cost_center])]), Attributes::new()).unwrap();
    let path = format!("/Users/{ann}");
    let shown = format!(r#"{{"title":"Engineer","{ENTERPRISE}":{{"costCenter":"7","department":"Sales"}}}}"#);
    let put = format!(
        r#"{{"schemas":["{USER}","{ENTERPRISE}"],"userName":"ann","title":"Chief","{ENTERPRISE}":{{"costCenter":"8","department":"Sales"}}}}"#
    );
    w.put(&path, put).send().expect(200).shows(&shown);
    let put = format!(r#"{{"schemas":["{USER}"],"userName":"ann","{ENTERPRISE}":{{"department":"Sales"}}}}"#);
    w.put(&path, put).send().expect(200).shows(&shown);
    w.patch(&path, r#"[{"op":"replace","path":"title","value":"Chief"}]"#).send().refused(400, "mutability");
    w.patch(&path, &format!(r#"[{{"op":"remove","path":"{cost_center}"}}]"#)).send().refused(400, "mutability");
    w.get(&path).send().expect(200).shows(&shown);
    // It is found by, and a new person has none of it.
    assert_eq!(w.get(r#"/Users?filter=title eq "Engineer""#).send().expect(200).ids(), [ann]);
    let bob = w.post("/Users", format!(r#"{{"schemas":["{USER}"],"userName":"bob","title":"Chief"}}"#)).send();
    assert!(bob.expect(201).json().get("title").is_none());
}

fn what_is_hidden_from_a_connection_is_neither_shown_nor_found_nor_lost(w: &World) {
    let ann = ann(w);
    let path = format!("/Users/{ann}");
    let cost_center = format!("{ENTERPRISE}:costCenter");
    set(w, Attributes::new(), attributes(&[("User", &["phoneNumbers", "groups", &cost_center])])).unwrap();
    w.group("team", &[&ann]);
    for asked in ["", "?attributes=phoneNumbers,groups", "?excludedAttributes=title"] {
        let shown = w.get(&format!("{path}{asked}")).send().expect(200).json();
        assert!(shown.get("phoneNumbers").is_none() && shown.get("groups").is_none(), "{shown}");
        assert!(shown[ENTERPRISE].get("costCenter").is_none(), "{shown}");
    }
    for filter in ["phoneNumbers.value eq \"1\"", &format!("{cost_center} pr"), "groups.value pr"] {
        w.get(&format!("/Users?filter={filter}")).send().expect(403);
    }
    let put = format!(r#"{{"schemas":["{USER}"],"userName":"ann","title":"Chief","phoneNumbers":[]}}"#);
    w.put(&path, put).send().expect(200).shows(r#"{"title":"Chief"}"#);
    w.patch(&path, r#"[{"op":"add","path":"phoneNumbers","value":[{"value":"2"}]}]"#).send().refused(400, "mutability");
    // For others everything is as it was.
    set(w, Attributes::new(), Attributes::new()).unwrap();
    let after = format!(
        r#"{{"title":"Chief","phoneNumbers":[{{"value":"1","type":"work"}}],"{ENTERPRISE}":{{"costCenter":"7"}}}}"#
    );
    let shown = w.get(&path).send().expect(200).shows(&after);
    assert_eq!(shown.json()["groups"].as_array().unwrap().len(), 1);
}

fn members_can_be_read_only_for_a_connection(w: &World) {
    let ann = ann(w);
    let team = w.group("team", &[&ann]);
    let path = format!("/Groups/{team}");
    set(w, attributes(&[("Group", &["members"])]), Attributes::new()).unwrap();
    let put = format!(r#"{{"schemas":["{GROUP}"],"displayName":"Team","members":[]}}"#);
    w.put(&path, put).send().expect(200).shows(r#"{"displayName":"Team"}"#);
    assert_eq!(w.members(&team), [ann.as_str()]);
    let bob = w.user("bob");
    for operation in [
        format!(r#"[{{"op":"add","path":"members","value":[{{"value":"{bob}"}}]}}]"#),
        format!(r#"[{{"op":"remove","path":"members[value eq \"{ann}\"]"}}]"#),
        r#"[{"op":"replace","path":"members","value":[]}]"#.to_owned(),
        r#"[{"op":"remove","path":"members"}]"#.to_owned(),
    ] {
        w.patch(&path, &operation).send().refused(400, "mutability");
    }
    w.post("/Groups", format!(r#"{{"schemas":["{GROUP}"],"displayName":"x","members":[{{"value":"{ann}"}}]}}"#))
        .send()
        .expect(201)
        .shows(r#"{"members":[]}"#);
    set(w, Attributes::new(), attributes(&[("Group", &["members"])])).unwrap();
    assert!(w.get(&path).send().expect(200).json().get("members").is_none());
    assert!(w.get(&format!("{path}?attributes=members")).send().expect(200).json().get("members").is_none());
    w.get(&format!("/Groups?filter=members.value eq \"{ann}\"")).send().expect(403);
}

fn discovery_says_what_is_closed(w: &World) {
    set(w, attributes(&[("User", &["title"])]), attributes(&[("User", &["nickName"])])).unwrap();
    let schema = w.get(&format!("/Schemas/{USER}")).send().expect(200).json();
    let found = |name: &str| {
        let attribute = schema["attributes"].as_array().unwrap().iter().find(|a| a["name"] == name).unwrap();
        (attribute["mutability"].clone(), attribute["returned"].clone())
    };
    assert_eq!(found("title"), ("readOnly".into(), "default".into()));
    assert_eq!(found("nickName"), ("readOnly".into(), "never".into()));
    assert_eq!(found("displayName"), ("readWrite".into(), "default".into()));
}

fn a_policy_about_what_cannot_be_closed_is_refused(w: &World) {
    for (resource_type, path) in
        [("User", "userName"), ("User", "robot"), ("Robot", "title"), ("User", "name.givenName"), ("User", "id")]
    {
        let refused = set(w, attributes(&[(resource_type, &[path])]), Attributes::new());
        assert!(matches!(refused, Err(AdminError::Invalid(_))), "{path}: {refused:?}");
    }
    w.get("/Users").send().expect(200);
}
