//! RFC 7644 §3.4.1: GET of one resource, with what the server derives: `groups`, `manager`, members.

use crate::support::{BASE, ENTERPRISE, GROUP, Setting, USER, World};

over_every_store! {
    ids_nobody_has_are_not_found in Setting::directory();
    a_user_shows_its_groups_direct_and_through_nesting in Setting::directory();
    groups_in_a_circle_do_no_harm in Setting::directory();
    a_known_manager_is_shown_with_name_and_address in Setting::directory();
    large_groups_are_streamed_and_whole in Setting::directory();
}

fn ids_nobody_has_are_not_found(w: &World) {
    let long = "x".repeat(300);
    for id in ["010101001010101011001010101011", "00919288221112222", "a b", "*", "$", ".", "ünknown", &long] {
        w.get(&format!("/Users/{id}")).send().expect(404);
        w.delete(&format!("/Users/{id}")).send().expect(404);
    }
}

fn a_user_shows_its_groups_direct_and_through_nesting(w: &World) {
    let ann = w.user("ann");
    let inner = w.group("Inner", &[&ann]);
    let outer = w.group("Outer", &[&inner]);
    let top = w.group("Top", &[&outer]);
    let path = format!("/Users/{ann}");
    let answer = w.get(&path).send().expect(200);
    assert_eq!(answer.etag(), "W/\"1\"", "memberships are the groups' business");
    answer.shows(&format!(
        r#"{{"groups":[{{"value":"{inner}","$ref":"{BASE}/Groups/{inner}","display":"Inner","type":"direct"}},
        {{"value":"{outer}","display":"Outer","type":"indirect"}},{{"value":"{top}","display":"Top","type":"indirect"}}]}}"#
    ));
    let list = w.get("/Users").send().expect(200);
    assert_eq!(list.json()["Resources"][0], w.get(&path).send().json(), "a list shows the same as the resource");
    let without = w.get(&format!("{path}?excludedAttributes=groups")).send().expect(200);
    assert_eq!(without.json().get("groups"), None);
    w.delete(&format!("/Groups/{inner}")).send().expect(204);
    assert_eq!(w.get(&path).send().json().get("groups"), None);
}

fn groups_in_a_circle_do_no_harm(w: &World) {
    let ann = w.user("ann");
    let a = w.group("A", &[&ann]);
    let b = w.group("B", &[&a]);
    w.patch(&format!("/Groups/{a}"), &format!(r#"[{{"op":"add","path":"members","value":[{{"value":"{b}"}}]}}]"#))
        .send()
        .expect(204);
    let groups = w.get(&format!("/Users/{ann}")).send().expect(200).json()["groups"].clone();
    let values: Vec<&str> = groups.as_array().unwrap().iter().map(|g| g["value"].as_str().unwrap()).collect();
    assert_eq!(values, [a.as_str(), b.as_str()]);
}

fn a_known_manager_is_shown_with_name_and_address(w: &World) {
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"ann","{ENTERPRISE}":{{"manager":{{"value":"Boss@x.test","displayName":"?"}}}}}}"#
    );
    let ann = w.post("/Users", body).send().expect(201);
    assert_eq!(ann.json()[ENTERPRISE]["manager"], serde_json::json!({"value": "Boss@x.test"}));
    let path = format!("/Users/{}", ann.id());
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"boss@x.test","displayName":"The Boss"}}"#);
    let boss = w.post("/Users", body).send().expect(201).id();
    let shown = w.get(&path).send().expect(200);
    assert_eq!(
        shown.json()[ENTERPRISE]["manager"],
        serde_json::json!({
            "value": "Boss@x.test", "$ref": format!("{BASE}/Users/{boss}"), "displayName": "The Boss"
        })
    );
    let again = w.put(&path, shown.text()).send().expect(200);
    assert_eq!(again.json(), shown.json(), "what was shown can be sent back and changes nothing");
}

fn large_groups_are_streamed_and_whole(w: &World) {
    let names: Vec<String> = (0..2_500).map(|n| format!(r#"{{"value":"p{n:04}@x.test"}}"#)).collect();
    let body = format!(r#"{{"schemas":["{GROUP}"],"displayName":"All","members":[{}]}}"#, names.join(","));
    let made = w.post("/Groups", body).send().expect(201);
    assert!(made.is_stream);
    let small = w.group("Small", &["p0001@x.test"]);
    let path = format!("/Groups/{}", made.id());
    let read = w.get(&path).send().expect(200);
    assert!(read.is_stream);
    assert_eq!(read.json(), made.json());
    assert_eq!(w.members(&made.id()).len(), 2_500);

    let without = w.get(&format!("{path}?excludedAttributes=members")).send().expect(200);
    assert!(!without.is_stream);
    assert_eq!(without.json().get("members"), None);

    let values = w.get(&format!("{path}?attributes=members.value")).send().expect(200).json();
    assert_eq!(values["members"][7].as_object().unwrap().len(), 1);
    assert_eq!(values.get("displayName"), None);

    let list = w.get("/Groups").send().expect(200);
    assert!(list.is_stream);
    let list = list.json();
    assert_eq!(list["totalResults"], 2);
    for group in list["Resources"].as_array().unwrap() {
        let expected = if group["id"] == small.as_str() { 1 } else { 2_500 };
        assert_eq!(group["members"].as_array().unwrap().len(), expected);
    }
}
