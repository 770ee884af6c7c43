//! What Okta sends, in its order: the app-wizard integration (whole resources by PUT), the catalogue integration (PATCH),
//! and the assertions of Okta's own SCIM 2.0 suite.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use support::{Call, ENTERPRISE, GROUP, Setting, USER, World};

over_every_store! {
    the_connection_test_asks_for_two_users in Setting::directory();
    the_suite_of_okta_passes in Setting::directory();
    a_joiner_is_looked_for_and_then_made in Setting::directory();
    a_mover_is_read_and_put_back in Setting::directory();
    a_leaver_by_put_and_a_rehire_keep_the_person in Setting::directory();
    a_leaver_by_patch_and_a_rehire_keep_the_person in Setting::directory();
    passwords_are_synchronised_into_nothing in Setting::directory();
    a_group_is_pushed_by_put in Setting::directory();
    a_group_is_pushed_by_patch in Setting::directory();
    an_unlinked_group_is_deleted_and_its_people_stay in Setting::directory();
    cleared_attributes_arrive_empty in Setting::directory();
    a_manager_is_named_before_it_arrives in Setting::directory();
}

/// A request as Okta's client makes it.
trait FromOkta {
    fn okta(self) -> Self;
}

impl FromOkta for Call<'_> {
    fn okta(self) -> Self {
        self.header("accept", "application/scim+json")
            .header("accept-charset", "utf-8")
            .header("user-agent", "Okta SCIM Client 1.0.0")
            .header("content-type", "application/scim+json; charset=utf-8")
    }
}

fn create(w: &World, name: &str) -> String {
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"{name}","name":{{"givenName":"Test","familyName":"User"}},
        "emails":[{{"primary":true,"value":"{name}","type":"work"}}],"displayName":"Test User","locale":"en-US",
        "externalId":"00u{name}","groups":[],"password":"1mz050nq","active":true}}"#
    );
    w.post("/Users", body).okta().send().expect(201).shows(&format!(r#"{{"userName":"{name}","active":true}}"#)).id()
}

fn the_connection_test_asks_for_two_users(w: &World) {
    let answer = w.get("/Users?startIndex=1&count=2").okta().send().expect(200);
    answer.shows(r#"{"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}"#);
    w.get("/Groups?startIndex=1&count=100").okta().send().expect(200);
}

fn the_suite_of_okta_passes(w: &World) {
    let body = |first: &str, last: &str| {
        format!(
            r#"{{"schemas":["{USER}"],"userName":"{first}{last}@atko.com","name":{{"givenName":"{first}","familyName":"{last}"}},
            "emails":[{{"primary":true,"value":"{first}{last}@atko.com","type":"work"}}],"displayName":"{first} {last}","active":true}}"#
        )
    };
    w.post("/Users", body("First", "User")).send().expect(201);

    let list = w.get("/Users?count=1&startIndex=1").okta().send().expect(200);
    let found = list.json();
    assert_eq!(found["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:ListResponse");
    for name in ["itemsPerPage", "startIndex", "totalResults"] {
        assert!(found[name].is_u64(), "{name}");
    }
    let first = &found["Resources"][0];
    assert!(first["id"].is_string() && first["userName"].is_string() && first["active"].is_boolean());
    assert!(first["name"]["familyName"].is_string() && first["emails"][0]["value"].is_string());
    let id = first["id"].as_str().unwrap();
    assert_eq!(&w.get(&format!("/Users/{id}")).okta().send().expect(200).json(), first);

    for filter in ["userName eq \"abcdefgh@atko.com\"", "userName eq \"Runscope123Abc@atko.com\""] {
        let answer = w.get(&format!("/Users?filter={filter}")).okta().send().expect(200);
        assert_eq!(answer.json()["totalResults"], 0);
    }
    w.get("/Users/010101001010101011001010101011").okta().send().expect(404);

    let json = "application/json";
    let made = w.post("/Users", body("Runscope300Xyz", "Abc")).header("content-type", json).send().expect(201);
    assert_eq!(made.json()["userName"], "Runscope300XyzAbc@atko.com");
    assert_eq!(made.json()["schemas"][0], USER);
    w.get(&format!("/Users/{}", made.id()))
        .okta()
        .send()
        .expect(200)
        .shows(r#"{"name":{"familyName":"Abc","givenName":"Runscope300Xyz"},"userName":"Runscope300XyzAbc@atko.com"}"#);
    w.post("/Users", body("Runscope300Xyz", "Abc")).header("content-type", json).send().expect(409);
    let shouted = w.get("/Users?filter=userName eq \"RUNSCOPE300XYZABC@ATKO.COM\"").okta().send().expect(200);
    assert_eq!(shouted.ids(), [made.id()]);
    assert_eq!(w.get("/Groups").okta().send().expect(200).json()["totalResults"], 0);
    w.get("/Users?filter=userName eq \"x\"").okta().header("authorization", "non-token").send().expect(401);
    w.get("/Users/00919288221112222").okta().send().expect(404);
}

fn a_joiner_is_looked_for_and_then_made(w: &World) {
    let filter = "/Users?filter=userName eq \"test.user@okta.local\"&startIndex=1&count=100";
    assert_eq!(w.get(filter).okta().send().expect(200).json()["totalResults"], 0);
    let id = create(w, "test.user@okta.local");
    assert_eq!(w.get(filter).okta().send().expect(200).ids(), [id.as_str()]);
    let older = "/t/acme/api/scim/v2/Users?filter=userName+eq+%22test.user%40okta.local%22&startIndex=1&count=100";
    let bearer = format!("Bearer {}", w.token);
    let found = w.raw(http::Method::GET, older).header("authorization", &bearer).okta().send().expect(200);
    assert_eq!(found.ids(), [id.as_str()]);
}

fn a_mover_is_read_and_put_back(w: &World) {
    let id = create(w, "mona@okta.local");
    w.group("Staff", &[&id]);
    let path = format!("/Users/{id}");
    let mut document = w.get(&path).okta().send().expect(200).json();
    assert!(document["groups"].is_array() && document["meta"].is_object());
    document["name"] =
        serde_json::json!({"formatted": "Mona Octocat", "givenName": "Monalisa", "familyName": "Octocat"});
    document[ENTERPRISE] = serde_json::json!({"department": "Design", "manager": {"value": "boss@okta.local"}});
    document["schemas"] = serde_json::json!([USER, ENTERPRISE]);
    document["password"] = "TkdFNVdIVkxhM2c9".into();
    w.clock.pass_seconds(30);
    let answer = w.put(&path, document.to_string()).okta().send().expect(200);
    answer.shows(&format!(
        r#"{{"name":{{"formatted":"Mona Octocat","givenName":"Monalisa"}},"{ENTERPRISE}":{{"department":"Design",
        "manager":{{"value":"boss@okta.local"}}}},"meta":{{"version":"W/\"2\""}},"groups":[{{"display":"Staff"}}]}}"#
    ));
    let log = w.events("log");
    let event = log.last().unwrap();
    assert_eq!((&event["dialect"], &event["userAgent"]), (&"okta".into(), &"okta".into()));
    let changed = event["changed"].to_string();
    for name in
        ["name.givenName", "name.formatted", &format!("{ENTERPRISE}:department"), &format!("{ENTERPRISE}:manager")]
    {
        assert!(changed.contains(name), "{name} in {changed}");
    }
    for value in ["Design", "Monalisa", "boss@okta.local", "TkdFNVdIVkxhM2c9"] {
        assert!(!event.to_string().contains(value), "{event}");
    }
}

fn leaves_and_comes_back(w: &World, switch: impl Fn(&World, &str, bool)) {
    let id = create(w, "leaver@okta.local");
    let group = w.group("Staff", &[&id]);
    let path = format!("/Users/{id}");
    switch(w, &id, false);
    w.get(&path).okta().send().expect(200).shows(r#"{"active":false}"#);
    let filter = "/Users?filter=userName eq \"leaver@okta.local\"&startIndex=1&count=100";
    assert_eq!(w.get(filter).okta().send().expect(200).ids(), [id.as_str()]);
    switch(w, &id, true);
    w.get(&path).okta().send().expect(200).shows(r#"{"active":true}"#);
    assert_eq!(w.members(&group), [id.as_str()], "memberships outlast the absence");
    let kinds: Vec<String> =
        w.events("outbox").iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["sessions.revoke", "directory.hide", "directory.show"]);
    let effect = w.events("outbox").remove(0);
    assert_eq!((&effect["resourceId"], &effect["userName"]), (&id.as_str().into(), &"leaver@okta.local".into()));
    assert!(!effect["id"].as_str().unwrap().contains("{id}"), "{effect}");
}

fn a_leaver_by_put_and_a_rehire_keep_the_person(w: &World) {
    leaves_and_comes_back(w, |w, id, active| {
        let path = format!("/Users/{id}");
        let mut document = w.get(&path).okta().send().expect(200).json();
        document["active"] = active.into();
        w.put(&path, document.to_string()).okta().send().expect(200);
    });
}

fn a_leaver_by_patch_and_a_rehire_keep_the_person(w: &World) {
    leaves_and_comes_back(w, |w, id, active| {
        let operations = format!(r#"[{{"op":"replace","value":{{"active":{active}}}}}]"#);
        let answer = w.patch(&format!("/Users/{id}"), &operations).okta().send().expect(200);
        assert_eq!(answer.json()["active"], active);
    });
}

fn passwords_are_synchronised_into_nothing(w: &World) {
    let id = create(w, "p@okta.local");
    let operations = r#"[{"op":"replace","value":{"password":"hunter2"}}]"#;
    let answer = w.patch(&format!("/Users/{id}"), operations).okta().send().expect(200);
    assert!(!answer.text().contains("hunter2"));
    assert_eq!(answer.etag(), "W/\"1\"");
}

fn a_group_is_pushed_by_put(w: &World) {
    let (ann, bob) = (create(w, "ann@okta.local"), create(w, "bob@okta.local"));
    let filter = "/Groups?filter=displayName eq \"Test SCIMv2\"&startIndex=1&count=100";
    assert_eq!(w.get(filter).okta().send().expect(200).json()["totalResults"], 0);
    let body = format!(r#"{{"schemas":["{GROUP}"],"displayName":"Test SCIMv2","members":[]}}"#);
    let made = w.post("/Groups", body).okta().send().expect(201).shows(r#"{"members":[]}"#);
    let path = format!("/Groups/{}", made.id());
    w.get(&path).okta().send().expect(200);
    let whole = |members: &str| {
        format!(r#"{{"schemas":["{GROUP}"],"id":"{}","displayName":"Test SCIMv2","members":[{members}]}}"#, made.id())
    };
    let both =
        format!(r#"{{"value":"{ann}","display":"ann@okta.local"}},{{"value":"{bob}","display":"bob@okta.local"}}"#);
    let first = w.put(&path, whole(&both)).okta().send().expect(200);
    assert_eq!(first.json()["members"].as_array().unwrap().len(), 2);
    assert_eq!(w.put(&path, whole(&both)).okta().send().expect(200).etag(), first.etag());
    w.put(&path, whole(&format!(r#"{{"value":"{bob}","display":"bob@okta.local"}}"#))).okta().send().expect(200);
    assert_eq!(w.members(&made.id()), [bob.as_str()]);
    w.put(&path, whole("")).okta().send().expect(200).shows(r#"{"members":[]}"#);
}

fn a_group_is_pushed_by_patch(w: &World) {
    let (ann, bob) = (create(w, "ann@okta.local"), create(w, "bob@okta.local"));
    let group = w.group("Test SCIMv2", &[&ann]);
    let path = format!("/Groups/{group}");
    let rename = format!(r#"[{{"op":"replace","value":{{"id":"{group}","displayName":"Test SCIMv2"}}}}]"#);
    w.patch(&path, &rename).okta().send().expect(204);
    let swap = format!(
        r#"[{{"op":"remove","path":"members[value eq \"{ann}\"]"}},
        {{"op":"add","path":"members","value":[{{"value":"{bob}","display":"bob@okta.local"}}]}}]"#
    );
    w.patch(&path, &swap).okta().send().expect(204);
    assert_eq!(w.members(&group), [bob.as_str()]);
    for (members, count) in [(format!(r#"[{{"value":"{ann}"}},{{"value":"{bob}"}}]"#), 2), ("[]".to_owned(), 0)] {
        let push = format!(r#"[{{"op":"replace","path":"members","value":{members}}}]"#);
        w.patch(&path, &push).okta().send().expect(204);
        assert_eq!(w.members(&group).len(), count);
    }
}

fn an_unlinked_group_is_deleted_and_its_people_stay(w: &World) {
    let ann = create(w, "ann@okta.local");
    let group = w.group("G", &[&ann]);
    w.delete(&format!("/Groups/{group}")).okta().send().expect(204);
    let found = w.get(&format!("/Users/{ann}")).okta().send().expect(200).json();
    assert_eq!(found.get("groups"), None);
}

fn cleared_attributes_arrive_empty(w: &World) {
    let id = create(w, "ann@okta.local");
    let path = format!("/Users/{id}");
    let mut document = w.get(&path).okta().send().expect(200).json();
    document["title"] = "Engineer".into();
    w.put(&path, document.to_string()).okta().send().expect(200).shows(r#"{"title":"Engineer"}"#);
    document["title"] = "".into();
    document["locale"] = serde_json::Value::Null;
    let cleared = w.put(&path, document.to_string()).okta().send().expect(200).json();
    assert_eq!((cleared.get("title"), cleared.get("locale")), (None, None));
    document["userName"] = "".into();
    w.put(&path, document.to_string()).okta().send().refused(400, "invalidValue");
}

fn a_manager_is_named_before_it_arrives(w: &World) {
    let body = format!(
        r#"{{"schemas":["{USER}","{ENTERPRISE}"],"userName":"ann@okta.local","{ENTERPRISE}":{{"manager":{{"value":"Boss@okta.local"}}}}}}"#
    );
    let ann = w.post("/Users", body).okta().send().expect(201).id();
    let manager = || w.get(&format!("/Users/{ann}")).okta().send().expect(200).json()[ENTERPRISE]["manager"].clone();
    assert_eq!(manager(), serde_json::json!({"value": "Boss@okta.local"}));
    let boss = create(w, "boss@okta.local");
    let found = manager();
    assert_eq!(found["value"], "Boss@okta.local", "the value comes back as it was sent");
    assert!(found["$ref"].as_str().unwrap().ends_with(&boss), "{found}");
    w.delete(&format!("/Users/{boss}")).okta().send().expect(204);
    assert_eq!(manager(), serde_json::json!({"value": "Boss@okta.local"}));
}
