//! What Microsoft Entra ID sends, with and without its compliance flag, and the tests of Microsoft's validators.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use scimstack_protocol::Dialect;
use scimstack_schema::uri::HAYSTACK_USER;
use support::{Call, ENTERPRISE, GROUP, Setting, USER, World};

over_every_store! {
    the_connection_test_finds_nobody in Setting::directory();
    people_are_matched_by_every_attribute in Setting::directory();
    a_user_is_made_with_all_its_oddities in Setting::directory();
    one_operation_for_each_attribute in Setting::directory();
    many_attributes_in_one_operation in Setting::directory();
    elements_are_made_by_their_filter in Setting::directory();
    roles_are_found_by_a_boolean_in_a_string in Setting::directory();
    a_person_is_disabled_and_enabled_by_text in Setting::directory();
    a_manager_comes_in_every_form in Setting::directory();
    cleared_attributes_are_absent in Setting::directory();
    a_group_has_a_name_of_its_own in Setting::directory();
    members_are_added_and_removed in Setting::directory();
    operations_on_one_attribute_follow_each_other in Setting::directory();
    what_is_deleted_twice_is_not_found in Setting::directory();
    names_are_found_in_any_case in Setting::directory();
    pages_start_where_they_were_asked_to in Setting::directory();
    every_mapped_attribute_can_be_discovered in Setting::directory();
}

/// A request as Entra's client makes it.
trait FromEntra {
    fn entra(self) -> Self;
}

impl FromEntra for Call<'_> {
    fn entra(self) -> Self {
        self.header("user-agent", "Microsoft Azure AD SCIM provisioning 1.0.0")
            .header("content-type", "application/scim+json; charset=utf-8")
            .header("accept", "application/scim+json")
    }
}

fn create(w: &World, name: &str) -> String {
    let body = format!(
        r#"{{"schemas":["{USER}","{ENTERPRISE}"],"externalId":"ext-{name}","userName":"{name}","active":true,
        "emails":[{{"primary":true,"type":"work","value":"{name}@testuser.com"}}],"meta":{{"resourceType":"User"}},
        "name":{{"formatted":"given family","familyName":"family","givenName":"given"}},"roles":[]}}"#
    );
    w.post("/Users", body).entra().send().expect(201).id()
}

fn the_connection_test_finds_nobody(w: &World) {
    for path in [
        "/Users?filter=userName eq \"54D3C1E4-0000-4000-8000-000000000000\"",
        "/Users?filter=emails[type eq \"work\"].value eq \"54D3C1E4\"",
        "/Groups?excludedAttributes=members&filter=displayName eq \"54D3C1E4\"",
    ] {
        w.get(path).entra().send().expect(200).shows(r#"{"totalResults":0,"Resources":[]}"#);
    }
    w.get("/Users?filter=externalId eq jyoung").entra().send().refused(400, "invalidFilter");
}

fn people_are_matched_by_every_attribute(w: &World) {
    let id = create(w, "Test_User");
    create(w, "Other");
    for filter in [
        "userName eq \"test_user\"",
        "externalId eq \"ext-Test_User\"",
        "emails[type eq \"work\"].value eq \"test_user@TESTUSER.com\"",
        "userName Eq \"TEST_USER\" And active EQ \"True\"",
    ] {
        assert_eq!(
            w.get(&format!("/Users?filter={filter}")).entra().send().expect(200).ids(),
            [id.as_str()],
            "{filter}"
        );
    }
}

fn a_user_is_made_with_all_its_oddities(w: &World) {
    let body = format!(
        r#"{{"schemas":["{USER}","urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],"userName":"odd","active":true,
        "addresses":null,"phoneNumbers":null,"title":null,"preferredLanguage":"EEQKCKVTLCGE","profileUrl":"PSEDIKWEYFMO",
        "department":null,"manager":null,"roles":[{{"primary":"True","display":"d","value":"v","type":"t"}}],
        "{ENTERPRISE}":{{"employeeNumber":"7","manager":{{"value":"XYMKVVRYDIOO"}}}},"{HAYSTACK_USER}":{{"joinDate":"2021-03-01"}}}}"#
    );
    let answer = w.post("/Users", body).entra().send().expect(201);
    answer.shows(&format!(
        r#"{{"profileUrl":"PSEDIKWEYFMO","preferredLanguage":"EEQKCKVTLCGE","roles":[{{"primary":true,"value":"v"}}],
        "{ENTERPRISE}":{{"manager":{{"value":"XYMKVVRYDIOO"}}}},"{HAYSTACK_USER}":{{"joinDate":"2021-03-01"}}}}"#
    ));
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"bare","{ENTERPRISE}":{{"manager":"123456"}}}}"#);
    let bare = w.post("/Users", body).entra().send().expect(201).json();
    assert_eq!(bare[ENTERPRISE]["manager"]["value"], "123456");
    let log = w.events("log").pop().unwrap();
    assert!(!log["leniencies"].as_array().unwrap().is_empty(), "{log}");
    assert_eq!(log["dialect"], "entra");
}

fn one_operation_for_each_attribute(w: &World) {
    let id = create(w, "u");
    let operations = format!(
        r#"[{{"op":"Replace","path":"displayName","value":"Pvlo"}},
        {{"op":"Replace","path":"emails[type eq \"work\"].value","value":"a@b.com"}},
        {{"op":"Replace","path":"name.givenName","value":"Gtfd"}},{{"op":"Replace","path":"externalId","value":"Eqpj"}},
        {{"op":"Add","path":"{ENTERPRISE}:employeeNumber","value":"Eqpj"}},
        {{"op":"Replace","path":"{HAYSTACK_USER}:managerExternalId","value":"ext-boss"}}]"#
    );
    w.patch(&format!("/Users/{id}"), &operations).entra().send().expect(200).shows(&format!(
        r#"{{"displayName":"Pvlo","emails":[{{"value":"a@b.com","type":"work","primary":true}}],"name":{{"givenName":"Gtfd",
        "familyName":"family"}},"externalId":"Eqpj","{ENTERPRISE}":{{"employeeNumber":"Eqpj"}},
        "{HAYSTACK_USER}":{{"managerExternalId":"ext-boss"}}}}"#
    ));
}

fn many_attributes_in_one_operation(w: &World) {
    let id = create(w, "u");
    let operations = format!(
        r#"[{{"op":"replace","value":{{"displayName":"Bjfe","name.givenName":"Kkom","name.familyName":"Unua",
        "{ENTERPRISE}:employeeNumber":"Aklq","active":false}}}}]"#
    );
    w.patch(&format!("/Users/{id}?aadOptscim062020"), &operations).entra().send().expect(200).shows(&format!(
        r#"{{"displayName":"Bjfe","name":{{"givenName":"Kkom","familyName":"Unua"}},"active":false,
        "{ENTERPRISE}":{{"employeeNumber":"Aklq"}}}}"#
    ));
}

fn elements_are_made_by_their_filter(w: &World) {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"bare"}}"#);
    let id = w.post("/Users", body).entra().send().expect(201).id();
    for op in ["Add", "Replace"] {
        let operations = format!(
            r#"[{{"op":"{op}","path":"emails[type eq \"work\"].value","value":"x@{op}.test"}},
            {{"op":"{op}","path":"emails[type eq \"work\"].primary","value":true}},
            {{"op":"{op}","path":"phoneNumbers[type eq \"mobile\"].value","value":"+1 {op}"}},
            {{"op":"{op}","path":"addresses[type eq \"work\"].locality","value":"{op} Town"}}]"#
        );
        w.patch(&format!("/Users/{id}"), &operations).entra().send().expect(200).shows(&format!(
            r#"{{"emails":[{{"type":"work","value":"x@{op}.test","primary":true}}],
            "phoneNumbers":[{{"type":"mobile","value":"+1 {op}"}}],"addresses":[{{"type":"work","locality":"{op} Town"}}]}}"#
        ));
    }
}

fn roles_are_found_by_a_boolean_in_a_string(w: &World) {
    let id = create(w, "u");
    let path = format!("/Users/{id}");
    for value in ["one", "two"] {
        let operations = format!(
            r#"[{{"op":"Add","path":"roles[primary eq \"True\"].display","value":"{value}"}},
            {{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"{value}"}}]"#
        );
        let expected = format!(r#"{{"roles":[{{"primary":true,"display":"{value}","value":"{value}"}}]}}"#);
        w.patch(&path, &operations).entra().send().expect(200).shows(&expected);
    }
}

fn a_person_is_disabled_and_enabled_by_text(w: &World) {
    let id = create(w, "u");
    let path = format!("/Users/{id}");
    for (value, active) in [
        ("\"False\"", false),
        ("\"True\"", true),
        ("false", false),
        ("\"true\"", true),
        ("\"FALSE\"", false),
        ("true", true),
    ] {
        let operations = format!(r#"[{{"op":"Replace","path":"active","value":{value}}}]"#);
        let answer = w.patch(&path, &operations).entra().send().expect(200);
        assert_eq!(answer.json()["active"], active, "{value}");
        assert_eq!(w.get("/Users?filter=userName eq \"u\"").entra().send().expect(200).ids(), [id.as_str()]);
    }
    let nonsense = r#"[{"op":"Replace","path":"active","value":"Falsch"}]"#;
    w.patch(&path, nonsense).entra().send().refused(400, "invalidValue");
}

fn a_manager_comes_in_every_form(w: &World) {
    let (ann, one, two) = (create(w, "ann"), create(w, "one"), create(w, "two"));
    let path = format!("/Users/{ann}");
    let long = format!("{ENTERPRISE}:manager");
    let send = |operation: &str| {
        let answer = w.patch(&path, &format!("[{operation}]")).entra().send().expect(200).json();
        answer[ENTERPRISE].get("manager").map(|manager| manager["value"].as_str().unwrap().to_owned())
    };
    for operation in [
        format!(r#"{{"op":"Add","path":"{long}","value":"{one}"}}"#),
        format!(r#"{{"op":"Add","path":"manager","value":[{{"$ref":"http://x.test/Users/{one}","value":"{one}"}}]}}"#),
        format!(r#"{{"op":"Replace","path":"{long}","value":{{"value":"{one}"}}}}"#),
        format!(r#"{{"op":"Replace","path":"{long}.value","value":"{one}"}}"#),
    ] {
        assert_eq!(send(&operation).as_deref(), Some(one.as_str()), "{operation}");
        let change = format!(r#"{{"op":"Replace","path":"{long}","value":"{two}"}}"#);
        assert_eq!(send(&change).as_deref(), Some(two.as_str()));
    }
    for filter in [
        format!("id eq \"{ann}\" and manager eq \"{two}\""),
        format!("{long} eq \"{two}\" and id eq \"{ann}\""),
        format!("{long}.value eq \"{two}\""),
    ] {
        let found = w.get(&format!("/Users?filter={filter}&attributes=id")).entra().send().expect(200);
        assert_eq!(found.ids(), [ann.as_str()], "{filter}");
    }
    let at_the_root = format!("/?filter=manager eq \"{two}\"");
    assert_eq!(w.get(&at_the_root).entra().send().expect(200).ids(), [ann.as_str()]);
    for removal in [
        format!(r#"{{"op":"replace","path":"{long}","value":""}}"#),
        format!(r#"{{"op":"replace","path":"{long}","value":{{"value":""}}}}"#),
        format!(r#"{{"op":"Remove","path":"{long}"}}"#),
        format!(r#"{{"op":"replace","path":"{long}","value":null}}"#),
        r#"{"op":"Remove","path":"manager"}"#.to_owned(),
    ] {
        send(&format!(r#"{{"op":"Add","path":"{long}","value":"{one}"}}"#));
        assert_eq!(send(&removal), None, "{removal}");
    }
}

fn cleared_attributes_are_absent(w: &World) {
    let id = create(w, "u");
    let path = format!("/Users/{id}");
    let fill = format!(
        r#"[{{"op":"replace","value":{{"title":"t","nickName":"n","name.givenName":"g","{ENTERPRISE}:department":"d"}}}}]"#
    );
    for (clear, batch) in [("\"\"", false), ("null", false), ("\"\"", true), ("null", true)] {
        w.patch(&path, &fill).entra().send().expect(200).shows(r#"{"title":"t"}"#);
        let department = format!("{ENTERPRISE}:department");
        let names = ["title", "nickName", "name.givenName", department.as_str()];
        let operations = if batch {
            let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":{clear}")).collect();
            format!(r#"[{{"op":"replace","value":{{{}}}}}]"#, members.join(","))
        } else {
            let operations = names.map(|name| format!(r#"{{"op":"replace","path":"{name}","value":{clear}}}"#));
            format!("[{}]", operations.join(","))
        };
        w.patch(&path, &operations).entra().send().expect(200);
        let found = w.get(&path).entra().send().expect(200).json();
        assert_eq!((found.get("title"), found.get("nickName"), found["name"].get("givenName")), (None, None, None));
        assert_eq!(found.get(ENTERPRISE), None, "{clear} {batch}");
    }
}

fn group<'w>(w: &'w World, name: &str) -> Call<'w> {
    let body = format!(
        r#"{{"schemas":["{GROUP}","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId":"8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159","displayName":"{name}","meta":{{"resourceType":"Group"}}}}"#
    );
    w.post("/Groups", body).entra()
}

fn a_group_has_a_name_of_its_own(w: &World) {
    let id = group(w, "Group").send().expect(201).shows(r#"{"members":[]}"#).id();
    group(w, "GROUP").send().refused(409, "uniqueness");
    let path = format!("/Groups/{id}");
    w.patch(&path, r#"[{"op":"Replace","path":"displayName","value":"New"}]"#).entra().send().expect(204);
    w.patch(&path, r#"[{"op":"replace","value":{"externalId":"e2"}}]"#).entra().send().expect(204);
    let found = w.get(&format!("{path}?excludedAttributes=members")).entra().send().expect(200);
    assert_eq!(found.json().get("members"), None);
    found.shows(r#"{"displayName":"New","externalId":"e2"}"#);
    for filter in ["displayName eq \"NEW\"", "externalId eq \"e2\""] {
        let found = w.get(&format!("/Groups?filter={filter}&excludedAttributes=members")).entra().send().expect(200);
        assert_eq!(found.ids(), [id.as_str()]);
    }
    group(w, "Group").send().expect(201);
    w.post("/Groups", format!(r#"{{"schemas":["{GROUP}"],"displayName":"New"}}"#)).send().expect(201);
}

fn members_are_added_and_removed(w: &World) {
    let (ann, bob) = (create(w, "ann"), create(w, "bob"));
    let id = group(w, "G").send().expect(201).id();
    let path = format!("/Groups/{id}");
    for (operations, expected) in [
        (format!(r#"[{{"op":"Add","path":"members","value":[{{"$ref":null,"value":"{ann}"}}]}}]"#), 1),
        (
            format!(
                r#"[{{"op":"Add","path":"members","value":[{{"$ref":null,"value":"{ann}"}},{{"$ref":null,"value":"{bob}"}}]}}]"#
            ),
            2,
        ),
        (format!(r#"[{{"op":"Remove","path":"members","value":[{{"$ref":null,"value":"{ann}"}}]}}]"#), 1),
        (format!(r#"[{{"op":"Remove","path":"members","value":[{{"$ref":null,"value":"{ann}"}}]}}]"#), 1),
        (format!(r#"[{{"op":"remove","path":"members[value eq \"{bob}\"]"}}]"#), 0),
        (format!(r#"[{{"op":"replace","path":"members","value":[{{"value":"{ann}"}}]}}]"#), 1),
        (r#"[{"op":"Remove","path":"members"}]"#.to_owned(), 0),
    ] {
        w.patch(&path, &operations).entra().send().expect(204);
        assert_eq!(w.members(&id).len(), expected, "{operations}");
    }
}

fn operations_on_one_attribute_follow_each_other(w: &World) {
    let ann = create(w, "ann");
    let id = group(w, "G").send().expect(201).id();
    let operations = format!(
        r#"[{{"op":"Add","path":"members","value":[{{"value":"{ann}"}}]}},{{"op":"Remove","path":"members[value eq \"{ann}\"]"}}]"#
    );
    w.patch(&format!("/Groups/{id}"), &operations).entra().send().expect(204);
    assert_eq!(w.members(&id).len(), 0);
    let operations =
        r#"[{"op":"Replace","path":"displayName","value":"a"},{"op":"Replace","path":"displayName","value":"b"}]"#;
    w.patch(&format!("/Users/{ann}"), operations).entra().send().expect(200).shows(r#"{"displayName":"b"}"#);
}

fn what_is_deleted_twice_is_not_found(w: &World) {
    for path in [format!("/Users/{}", create(w, "u")), format!("/Groups/{}", group(w, "G").send().expect(201).id())] {
        w.delete(&path).entra().send().expect(204);
        w.get(&path).entra().send().expect(404);
        w.delete(&path).entra().send().expect(404);
    }
}

fn names_are_found_in_any_case(w: &World) {
    let (user, made) = (create(w, "MixedCase"), group(w, "MixedGroup").send().expect(201).id());
    assert_eq!(w.get("/Users?filter=userName eq \"mIXEDcASE\"").entra().send().ids(), [user]);
    assert_eq!(w.get("/Groups?filter=displayName eq \"mIXEDgROUP\"").entra().send().ids(), [made]);
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"MIXEDCASE"}}"#);
    w.post("/Users", body).entra().send().refused(409, "uniqueness");
}

fn pages_start_where_they_were_asked_to(w: &World) {
    for n in 0..11 {
        create(w, &format!("p{n}"));
    }
    for (start, items) in [(1, 5), (6, 5), (11, 1)] {
        let page = w.get(&format!("/Users?startIndex={start}&count=5")).entra().send().expect(200).json();
        assert_eq!((&page["startIndex"], &page["itemsPerPage"]), (&start.into(), &items.into()));
    }
}

fn every_mapped_attribute_can_be_discovered(w: &World) {
    let answer = w.get("/Schemas").entra().send().expect(200);
    assert!(!answer.text().contains("null"), "no nulls");
    for part in [GROUP, USER, ENTERPRISE, HAYSTACK_USER, "\"readWrite\"", "\"managerExternalId\"", "\"joinDate\""] {
        assert!(answer.text().contains(part), "{part}");
    }
}

#[test]
fn other_profiles_know_neither_the_short_path_nor_unique_groups() {
    let w = Setting::directory().dialect(Dialect::Okta).in_memory();
    let id = create(&w, "u");
    let operations = r#"[{"op":"Add","path":"manager","value":"x"}]"#;
    w.patch(&format!("/Users/{id}"), operations).send().refused(400, "noTarget");
    group(&w, "G").send().expect(201);
    group(&w, "G").send().expect(201);
}
