//! RFC 7644 §3.3: making resources by POST, and who comes back by one.

use crate::support::{BASE, ENTERPRISE, GROUP, Setting, USER, World};

over_every_store! {
    the_answer_is_the_whole_resource in Setting::rfc();
    the_id_and_meta_of_the_client_do_not_count in Setting::directory();
    what_is_read_only_is_not_taken_from_a_body in Setting::directory();
    the_type_is_the_one_of_the_endpoint in Setting::directory();
    a_name_in_use_is_refused_whatever_its_case in Setting::directory();
    what_is_required_is_named in Setting::directory();
    bodies_that_are_no_resource_are_refused in Setting::directory();
    passwords_are_swallowed in Setting::directory();
    extensions_are_kept_and_listed in Setting::directory();
    a_group_is_made_with_its_members in Setting::directory();
    members_nobody_answers_to_are_refused_or_kept in Setting::directory();
    unknown_attributes_are_dropped_and_logged in Setting::directory();
    a_deactivated_person_comes_back_by_the_external_id_on_record in Setting::directory();
}

fn the_answer_is_the_whole_resource(w: &World) {
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"bjensen","externalId":"bj","name":{{"formatted":"Ms. Barbara J Jensen III",
        "familyName":"Jensen","givenName":"Barbara"}},"emails":[{{"value":"bj@x.test","type":"work","primary":true}}]}}"#
    );
    let answer = w.post("/Users", body).send().expect(201);
    let id = answer.id();
    let location = format!("{BASE}/Users/{id}");
    assert_eq!(answer.header("location"), Some(location.as_str()));
    assert_eq!(answer.header("etag"), Some("W/\"1\""));
    assert_eq!(answer.header("content-type"), Some("application/scim+json"));
    assert!(answer.header("x-request-id").is_some());
    let answer = answer.shows(&format!(
        r#"{{"schemas":["{USER}"],"userName":"bjensen","externalId":"bj","active":true,"name":{{"familyName":"Jensen"}},
        "emails":[{{"value":"bj@x.test","type":"work","primary":true}}],
        "meta":{{"resourceType":"User","created":"2026-01-01T00:00:00.000Z","lastModified":"2026-01-01T00:00:00.000Z",
        "location":"{location}","version":"W/\"1\""}}}}"#
    ));
    assert_eq!(w.get(&format!("/Users/{id}")).send().expect(200).json(), answer.json());
}

fn the_id_and_meta_of_the_client_do_not_count(w: &World) {
    let body = format!(
        r#"{{"schemas":["{USER}"],"id":"mine","userName":"a","groups":[],"meta":{{"version":"W/\"9\"","resourceType":"X"}}}}"#
    );
    let answer = w.post("/Users", body).send().expect(201);
    assert_ne!(answer.id(), "mine");
    assert_eq!(answer.json()["meta"]["version"], "W/\"1\"");
    w.get("/Users/mine").send().expect(404);
}

fn what_is_read_only_is_not_taken_from_a_body(w: &World) {
    let group = w.group("G", &[]);
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"ann","ID":"mine","groups":[{{"value":"{group}","display":"G"}}],
        "meta":{{"created":"1999-01-01T00:00:00Z","lastModified":"1999-01-01T00:00:00Z","location":"https://x.test/1"}},
        "{ENTERPRISE}":{{"manager":{{"value":"boss","displayName":"Mine"}}}}}}"#
    );
    let made = w.post("/Users", body).send().expect(201);
    assert_ne!(made.id(), "mine");
    let path = format!("/Users/{}", made.id());
    for found in [made.json(), w.get(&path).send().expect(200).json()] {
        assert_eq!((found.get("groups"), found.get("ID")), (None, None));
        assert_eq!(found["meta"]["created"], "2026-01-01T00:00:00.000Z");
        assert_eq!(found["meta"]["lastModified"], "2026-01-01T00:00:00.000Z");
        assert_eq!(found["meta"]["location"], format!("{BASE}{path}"));
        assert_eq!(found[ENTERPRISE]["manager"], serde_json::json!({"value": "boss"}));
    }
    assert_eq!(w.members(&group), [""; 0]);
}

fn the_type_is_the_one_of_the_endpoint(w: &World) {
    for (endpoint, schema, name, resource_type, other) in
        [("/Users", USER, "userName", "User", "Group"), ("/Groups", GROUP, "displayName", "Group", "User")]
    {
        for sent in ["", &format!(r#","meta":{{"resourceType":"{other}"}}"#)] {
            let body = format!(r#"{{"schemas":["{schema}"],"{name}":"a{}"{sent}}}"#, sent.len());
            let made = w.post(endpoint, body).send().expect(201);
            assert_eq!(made.json()["meta"]["resourceType"], resource_type);
            let read = w.get(&format!("{endpoint}/{}", made.id())).send().expect(200);
            assert_eq!(read.json()["meta"]["resourceType"], resource_type);
        }
    }
}

fn a_name_in_use_is_refused_whatever_its_case(w: &World) {
    w.user("Ann@x.test");
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"ANN@x.test"}}"#);
    let answer = w.post("/Users", body).send().refused(409, "uniqueness");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("userName") && detail.to_lowercase().contains("ann@x.test"), "{detail}");
}

fn what_is_required_is_named(w: &World) {
    for (endpoint, schema, body, missing) in [
        ("/Users", USER, "", "userName"),
        ("/Users", USER, r#","userName":"""#, "userName"),
        ("/Groups", GROUP, "", "displayName"),
    ] {
        let answer =
            w.post(endpoint, format!(r#"{{"schemas":["{schema}"]{body}}}"#)).send().refused(400, "invalidValue");
        assert!(answer.text().contains(missing), "{}", answer.text());
    }
}

fn bodies_that_are_no_resource_are_refused(w: &World) {
    for body in [
        "",
        "{",
        "[]",
        "\"x\"",
        "\u{feff}{}",
        r#"{"userName":"a","USERNAME":"b","schemas":[]}"#,
        r#"{"userName":"a","schemas":["urn:scim:schemas:core:1.0"]}"#,
        r#"{"userName":"a","schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]}"#,
    ] {
        w.post("/Users", body).send().refused(400, "invalidSyntax");
    }
    for body in [
        format!(r#"{{"schemas":["{USER}"],"userName":7}}"#),
        format!(r#"{{"schemas":["{USER}"],"userName":"a","active":"perhaps"}}"#),
        format!(r#"{{"schemas":["{USER}"],"userName":"a","emails":[5]}}"#),
        format!(r#"{{"schemas":["{USER}"],"userName":"a","name":"x"}}"#),
    ] {
        w.post("/Users", body.as_str()).send().refused(400, "invalidValue");
    }
    assert_eq!(w.get("/Users").send().expect(200).json()["totalResults"], 0);
}

fn passwords_are_swallowed(w: &World) {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"a","password":"geheim123"}}"#);
    let answer = w.post("/Users", body).send().expect(201);
    let path = format!("/Users/{}", answer.id());
    let read = w.get(&format!("{path}?attributes=password,userName")).send().expect(200);
    for text in [answer.text(), read.text(), &format!("{:?}", w.events("log"))] {
        assert!(!text.contains("geheim123") && !text.contains("password\":"), "{text}");
    }
}

fn extensions_are_kept_and_listed(w: &World) {
    let haystack = scimstack_schema::uri::HAYSTACK_USER;
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"a","{haystack}":{{"joinDate":"2021-03-01","photoUrl":"https://x.test/a.png"}},
        "{ENTERPRISE}":{{"department":"Sales"}}}}"#
    );
    let id = w.post("/Users", body).send().expect(201).id();
    let found = w.get(&format!("/Users/{id}")).send().expect(200);
    assert_eq!(found.json()[haystack]["joinDate"], "2021-03-01");
    assert_eq!(found.json()["schemas"], serde_json::json!([USER, ENTERPRISE, haystack]));
}

fn a_group_is_made_with_its_members(w: &World) {
    let (ann, bob) = (w.user("ann"), w.user("bob"));
    let inner = w.group("Inner", &[&bob]);
    let body = format!(
        r#"{{"schemas":["{GROUP}"],"displayName":"Outer","members":[{{"value":"{ann}","$ref":null,"display":"Ann"}},
        {{"value":"{inner}","type":"Group"}},{{"value":"{ann}"}}]}}"#
    );
    let answer = w.post("/Groups", body).send().expect(201);
    let members = answer.json()["members"].clone();
    assert_eq!(members.as_array().unwrap().len(), 2);
    for member in members.as_array().unwrap() {
        let (endpoint, kind) = if member["value"] == ann.as_str() { ("Users", "User") } else { ("Groups", "Group") };
        assert_eq!(member["type"], kind);
        assert_eq!(member["$ref"], format!("{BASE}/{endpoint}/{}", member["value"].as_str().unwrap()));
    }
    assert_eq!(w.get(&format!("/Groups/{}", answer.id())).send().expect(200).json()["members"], members);

    let empty = w.post("/Groups", format!(r#"{{"schemas":["{GROUP}"],"displayName":"Empty"}}"#)).send().expect(201);
    assert_eq!(empty.json()["members"], serde_json::json!([]));
}

fn members_nobody_answers_to_are_refused_or_kept(w: &World) {
    let body =
        |value: &str| format!(r#"{{"schemas":["{GROUP}"],"displayName":"G","members":[{{"value":"{value}"}}]}}"#);
    let unknown = "019b7a00-0000-7000-8000-00000000dead";
    let answer = w.post("/Groups", body(unknown)).send().refused(400, "invalidValue");
    assert!(answer.text().contains(unknown), "{}", answer.text());
    assert_eq!(w.get("/Groups").send().expect(200).json()["totalResults"], 0, "nothing is left of a refused group");

    let group = w.post("/Groups", body("late@x.test")).send().expect(201).id();
    assert_eq!(w.members(&group), ["late@x.test"]);
    let late = w.user("late@x.test");
    assert_eq!(w.members(&group), [late.as_str()]);
    w.post("/Groups", format!(r#"{{"schemas":["{GROUP}"],"displayName":"G","members":[{{"display":"x"}}]}}"#))
        .send()
        .refused(400, "invalidValue");
}

fn unknown_attributes_are_dropped_and_logged(w: &World) {
    let body = format!(
        r#"{{"schemas":["{USER}","urn:x:1.0:User"],"userName":"a","shoeSize":42,"urn:x:1.0:User":{{"secret":"s3cr3t"}}}}"#
    );
    let answer = w.post("/Users", body).send().expect(201);
    assert!(!answer.text().contains("shoeSize") && !answer.text().contains("s3cr3t"));
    let log = w.events("log");
    let unknown = log.last().unwrap()["unknown"].to_string();
    assert!(unknown.contains("shoeSize") && unknown.contains("urn:x:1.0:User"), "{unknown}");
    assert!(!format!("{log:?}").contains("s3cr3t"));
}

fn a_deactivated_person_comes_back_by_the_external_id_on_record(w: &World) {
    let body = |external_id: &str, title: &str| {
        format!(
            r#"{{"schemas":["{USER}"],"userName":"ann@x.test","externalId":"{external_id}","title":"{title}","active":true}}"#
        )
    };
    let first = w.post("/Users", body("e1", "first")).send().expect(201);
    let id = first.id();
    w.post("/Users", body("e1", "again")).send().refused(409, "uniqueness");
    w.patch(&format!("/Users/{id}"), r#"[{"op":"replace","path":"active","value":false}]"#).send().expect(200);
    w.post("/Users", body("e2", "stranger")).send().refused(409, "uniqueness");
    w.clock.pass_seconds(60);
    let back = w.post("/Users", body("e1", "back")).send().expect(201);
    assert_eq!(back.id(), id);
    assert_eq!(back.header("location"), Some(format!("{BASE}/Users/{id}").as_str()));
    back.shows(
        r#"{"title":"back","active":true,"meta":{"created":"2026-01-01T00:00:00.000Z",
        "lastModified":"2026-01-01T00:01:00.000Z","version":"W/\"3\""}}"#,
    );
}

#[test]
fn an_unknown_attribute_is_refused_where_the_connection_says_so() {
    let w = Setting::directory().dialect(scimstack_protocol::Dialect::RefuseUnknown).in_memory();
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"a","shoeSize":42}}"#);
    assert!(w.post("/Users", body).send().refused(400, "invalidSyntax").text().contains("shoeSize"));
}
