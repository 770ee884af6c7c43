//! RFC 7644 §3.9, §3.10: `attributes` and `excludedAttributes`, in every answer that shows resources; names with their
//! schema.

use crate::support::{ENTERPRISE, Setting, USER, World};

over_every_store! {
    only_what_is_asked_for_is_shown in Setting::directory();
    writes_show_what_is_asked_for_too in Setting::directory();
    excluded_members_are_absent in Setting::directory();
    long_names_have_no_case_wherever_they_stand in Setting::directory();
}

fn ann(w: &World) -> String {
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"ann","name":{{"givenName":"A","familyName":"L"}},
        "emails":[{{"value":"w@x.test","type":"work"}},{{"value":"h@x.test","type":"home"}}],"{ENTERPRISE}":{{"department":"d"}}}}"#
    );
    w.post("/Users", body).send().expect(201).id()
}

fn only_what_is_asked_for_is_shown(w: &World) {
    let id = ann(w);
    let schemas = serde_json::json!([USER, ENTERPRISE]);
    for (query, expected) in [
        ("attributes=userName", serde_json::json!({"userName": "ann"})),
        ("attributes=username, NAME.givenName", serde_json::json!({"userName": "ann", "name": {"givenName": "A"}})),
        ("attributes=emails.type", serde_json::json!({"emails": [{"type": "work"}, {"type": "home"}]})),
        ("attributes=shoeSize", serde_json::json!({})),
        (
            "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            serde_json::json!({ENTERPRISE: {"department": "d"}}),
        ),
    ] {
        let mut expected = expected;
        expected["schemas"] = schemas.clone();
        expected["id"] = id.as_str().into();
        assert_eq!(w.get(&format!("/Users/{id}?{query}")).send().expect(200).json(), expected, "{query}");
        assert_eq!(w.get(&format!("/Users?{query}")).send().expect(200).json()["Resources"][0], expected, "{query}");
    }
    let rest =
        w.get(&format!("/Users/{id}?excludedAttributes=emails,name.familyName,id,meta")).send().expect(200).json();
    assert_eq!((rest.get("emails"), rest.get("meta"), &rest["id"]), (None, None, &id.as_str().into()));
    assert_eq!(rest["name"], serde_json::json!({"givenName": "A"}));
    w.get(&format!("/Users/{id}?attributes=id&excludedAttributes=name")).send().refused(400, "invalidValue");
}

fn writes_show_what_is_asked_for_too(w: &World) {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"bob"}}"#);
    let made = w.post("/Users?attributes=userName", body.as_str()).send().expect(201);
    assert_eq!(made.json(), serde_json::json!({"schemas": [USER], "id": made.id(), "userName": "bob"}));
    let path = format!("/Users/{}?attributes=title", made.id());
    let put = w.put(&path, body.replace("}", r#","title":"t"}"#)).send().expect(200).json();
    assert_eq!(put, serde_json::json!({"schemas": [USER], "id": made.id(), "title": "t"}));
    let patched = w.patch(&path, r#"[{"op":"remove","path":"title"}]"#).send().expect(200).json();
    assert_eq!(patched, serde_json::json!({"schemas": [USER], "id": made.id()}));
}

fn excluded_members_are_absent(w: &World) {
    let ann = w.user("ann");
    let id = w.group("G", &[&ann]);
    for path in [
        format!("/Groups/{id}?excludedAttributes=members"),
        "/Groups?excludedAttributes=members&filter=displayName eq \"g\"".to_owned(),
        "/Groups?filter=displayName eq \"G\"&excludedAttributes=members".to_owned(),
    ] {
        let found = w.get(&path).send().expect(200);
        assert!(found.text().contains("displayName") && !found.text().contains("members"), "{path}: {}", found.text());
    }
}

#[test]
fn what_is_returned_on_request_is_shown_after_a_write_of_it() {
    use scimstack_schema::{Attribute, Registry, Returned, Schema, Type};
    let urn = "urn:example:params:scim:schemas:extension:note:1.0:User";
    let note = Attribute::new("note", Type::String).with_returned(Returned::Request);
    let schema = Schema::new(urn, "Note").with_attribute(note);
    let registry = Registry::core().to_builder().extension("User", schema, false).unwrap().build().unwrap();
    let w = Setting::rfc().registry(registry).in_memory();
    let body = format!(r#"{{"schemas":["{USER}","{urn}"],"userName":"a","{urn}":{{"note":"x"}}}}"#);
    let made = w.post("/Users", body.as_str()).send().expect(201);
    assert_eq!(made.json()[urn]["note"], "x");
    let path = format!("/Users/{}", made.id());
    assert_eq!(w.get(&path).send().expect(200).json().get(urn), None);
    assert_eq!(w.get(&format!("{path}?attributes={urn}:note")).send().expect(200).json()[urn]["note"], "x");
    let other = r#"[{"op":"replace","path":"title","value":"t"}]"#;
    assert_eq!(w.patch(&path, other).send().expect(200).json().get(urn), None);
    let set = format!(r#"[{{"op":"replace","path":"{urn}:note","value":"y"}}]"#);
    assert_eq!(w.patch(&path, &set).send().expect(200).json()[urn]["note"], "y");
}

fn long_names_have_no_case_wherever_they_stand(w: &World) {
    let id = ann(w);
    let path = format!("/Users/{id}");
    let (user, enterprise) = (USER.to_uppercase(), ENTERPRISE.to_uppercase());
    let name = serde_json::json!({"schemas": [USER, ENTERPRISE], "id": id, "name": {"givenName": "A"}});
    let attributes = format!("{path}?attributes={user}:NAME.GivenName");
    assert_eq!(w.get(&attributes).send().expect(200).json(), name);
    let rest = w.get(&format!("{path}?excludedAttributes={enterprise},{user}:EMAILS")).send().expect(200).json();
    assert_eq!((rest.get("emails"), rest.get(ENTERPRISE), &rest["userName"]), (None, None, &"ann".into()));
    for filter in [format!("{user}:Name.FAMILYNAME eq \"l\""), format!("{enterprise}:DEPARTMENT eq \"D\"")] {
        assert_eq!(w.get(&format!("/Users?filter={filter}")).send().expect(200).ids(), [id.as_str()], "{filter}");
    }
    let search = format!(r#"{{"sortBy":"{user}:USERNAME","attributes":["{user}:Name.GIVENNAME"]}}"#);
    assert_eq!(w.post("/Users/.search", search).send().expect(200).json()["Resources"], serde_json::json!([name]));
    let operations = format!(r#"[{{"op":"replace","path":"{enterprise}:Department","value":"e"}}]"#);
    assert_eq!(w.patch(&path, &operations).send().expect(200).json()[ENTERPRISE]["department"], "e");
}
