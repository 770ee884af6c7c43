//! RFC 7644 §3.14: versions and preconditions.

use crate::support::{Setting, USER, World};

over_every_store! {
    a_client_that_has_it_is_not_sent_it_again in Setting::directory();
    a_write_on_another_version_is_refused in Setting::directory();
    a_write_on_this_version_goes_on in Setting::directory();
    members_are_covered_by_the_version in Setting::directory();
    the_header_and_the_resource_name_the_same_version in Setting::directory();
}

const RENAME: &str = r#"[{"op":"replace","path":"title","value":"x"}]"#;

fn a_client_that_has_it_is_not_sent_it_again(w: &World) {
    let path = format!("/Users/{}", w.user("ann"));
    let tag = w.get(&path).send().etag();
    for value in [tag.as_str(), "\"1\"", "W/\"7\", W/\"1\"", "*"] {
        let answer = w.get(&path).header("if-none-match", value).send().expect(304);
        assert_eq!((answer.text(), answer.etag()), ("", tag.clone()), "{value}");
    }
    w.get(&path).header("if-none-match", "W/\"2\"").send().expect(200);
    w.get(&format!("{path}?attributes=id")).header("if-none-match", &tag).send().expect(304);
}

fn a_write_on_another_version_is_refused(w: &World) {
    let path = format!("/Users/{}", w.user("ann"));
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"eve"}}"#);
    for value in ["W/\"2\"", "\"0\"", "W/\"x\""] {
        w.put(&path, body.as_str()).header("if-match", value).send().expect(412);
        w.patch(&path, RENAME).header("if-match", value).send().expect(412);
        w.delete(&path).header("if-match", value).send().expect(412);
    }
    w.get(&path).send().expect(200).shows(r#"{"userName":"ann","meta":{"version":"W/\"1\""}}"#);
    w.delete("/Users/nobody").header("if-match", "*").send().expect(404);
}

fn a_write_on_this_version_goes_on(w: &World) {
    let path = format!("/Users/{}", w.user("ann"));
    let answer = w.patch(&path, RENAME).header("if-match", "W/\"1\"").send().expect(200);
    assert_eq!(answer.etag(), "W/\"2\"");
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"eve"}}"#);
    w.put(&path, body.as_str()).header("if-match", "W/\"1\"").send().expect(412);
    assert_eq!(w.put(&path, body).header("if-match", "\"2\"").send().expect(200).etag(), "W/\"3\"");
    w.delete(&path).header("if-match", "*").send().expect(204);
}

fn members_are_covered_by_the_version(w: &World) {
    let (ann, bob) = (w.user("ann"), w.user("bob"));
    let path = format!("/Groups/{}", w.group("G", &[&ann]));
    let tag = w.get(&path).send().etag();
    let add = format!(r#"[{{"op":"add","path":"members","value":[{{"value":"{bob}"}}]}}]"#);
    let after = w.patch(&path, &add).header("if-match", &tag).send().expect(204).etag();
    assert_ne!(after, tag);
    w.get(&path).header("if-none-match", &tag).send().expect(200);
    let remove = format!(r#"[{{"op":"remove","path":"members[value eq \"{bob}\"]"}}]"#);
    w.patch(&path, &remove).header("if-match", &tag).send().expect(412);
    w.patch(&path, &remove).header("if-match", &after).send().expect(204);
}

fn the_header_and_the_resource_name_the_same_version(w: &World) {
    let body = |title: &str| format!(r#"{{"schemas":["{USER}"],"userName":"ann","title":"{title}"}}"#);
    let made = w.post("/Users", body("a")).send().expect(201);
    let path = format!("/Users/{}", made.id());
    let mut seen = Vec::new();
    for answer in [
        made,
        w.get(&path).send().expect(200),
        w.put(&path, body("b")).send().expect(200),
        w.patch(&path, RENAME).send().expect(200),
        w.get(&path).send().expect(200),
    ] {
        assert_eq!(answer.json()["meta"]["version"], answer.etag(), "{}", answer.text());
        seen.push(answer.etag());
    }
    assert_eq!(seen, ["W/\"1\"", "W/\"1\"", "W/\"2\"", "W/\"3\"", "W/\"3\""]);
    let list = w.get("/Users").send().expect(200).json();
    assert_eq!(list["Resources"][0]["meta"]["version"], "W/\"3\"");
}
