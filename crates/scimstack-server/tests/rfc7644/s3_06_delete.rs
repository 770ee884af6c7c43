//! RFC 7644 §3.6: deleting resources, and what goes with them.

use crate::support::{ENTERPRISE, Setting, USER, World};

over_every_store! {
    what_was_deleted_is_gone_for_every_method in Setting::directory();
    a_name_is_free_again_and_the_id_is_new in Setting::directory();
    what_was_deleted_is_in_no_list in Setting::directory();
    what_was_deleted_is_in_nobodys_way in Setting::directory();
    memberships_go_with_their_member in Setting::directory();
}

fn what_was_deleted_is_gone_for_every_method(w: &World) {
    let ann = w.user("ann");
    let path = format!("/Users/{ann}");
    let body = w.get(&path).send().expect(200).text().to_owned();
    let answer = w.delete(&path).send().expect(204);
    assert_eq!((answer.text(), answer.header("content-type")), ("", None));
    w.delete(&path).send().expect(404);
    w.get(&path).send().expect(404);
    w.put(&path, body).send().expect(404);
    w.patch(&path, r#"[{"op":"replace","path":"title","value":"x"}]"#).send().expect(404);
    assert_eq!(w.get("/Users").send().json()["totalResults"], 0);
}

fn a_name_is_free_again_and_the_id_is_new(w: &World) {
    let first = w.user("ann");
    w.delete(&format!("/Users/{first}")).send().expect(204);
    assert_ne!(w.user("ANN"), first);
}

fn memberships_go_with_their_member(w: &World) {
    let (ann, bob) = (w.user("ann"), w.user("bob"));
    let group = w.group("G", &[&ann, &bob]);
    let before = w.get(&format!("/Groups/{group}")).send().etag();
    w.delete(&format!("/Users/{ann}")).send().expect(204);
    assert_eq!(w.members(&group), [bob.as_str()]);
    assert_ne!(w.get(&format!("/Groups/{group}")).send().etag(), before);
    w.delete(&format!("/Groups/{group}")).send().expect(204);
    w.get(&format!("/Users/{bob}")).send().expect(200);
}

fn what_was_deleted_is_in_no_list(w: &World) {
    let (ann, bob) = (w.user("ann"), w.user("bob"));
    let group = w.group("G", &[&ann]);
    w.delete(&format!("/Users/{ann}")).send().expect(204);
    w.delete(&format!("/Groups/{group}")).send().expect(204);
    for (path, expected) in [
        ("/Users".to_owned(), vec![bob.as_str()]),
        (String::new(), vec![bob.as_str()]),
        ("/Groups".to_owned(), vec![]),
        ("/Users?filter=userName eq \"ann\"".to_owned(), vec![]),
        ("/Users?filter=userName pr&sortBy=userName".to_owned(), vec![bob.as_str()]),
        ("/Users?cursor&count=5".to_owned(), vec![bob.as_str()]),
        (format!("/Users?filter=id eq \"{ann}\""), vec![]),
        (format!("/Users?filter=groups.value eq \"{group}\""), vec![]),
        (format!("/Groups?filter=members eq \"{ann}\""), vec![]),
        ("/Groups?filter=displayName eq \"G\"".to_owned(), vec![]),
    ] {
        let list = w.get(&path).send().expect(200);
        assert_eq!(
            (list.ids(), &list.json()["totalResults"]),
            (expected.iter().map(|id| (*id).to_owned()).collect(), &expected.len().into()),
            "{path}"
        );
    }
    let search = w.post("/.search", r#"{"filter":"userName eq \"ann\" or displayName eq \"G\""}"#).send().expect(200);
    assert_eq!(search.json()["totalResults"], 0);
}

fn what_was_deleted_is_in_nobodys_way(w: &World) {
    let body = |name: &str| {
        format!(
            r#"{{"schemas":["{USER}"],"userName":"{name}","externalId":"e1","emails":[{{"value":"a@x.test"}}],
            "{ENTERPRISE}":{{"employeeNumber":"7"}}}}"#
        )
    };
    let first = w.post("/Users", body("ann")).send().expect(201).id();
    w.delete(&format!("/Users/{first}")).send().expect(204);
    let second = w.post("/Users", body("ann")).send().expect(201).id();
    assert_ne!(second, first);
    assert_eq!(w.get("/Users?filter=externalId eq \"e1\"").send().expect(200).ids(), [second.as_str()]);
    w.delete(&format!("/Users/{second}")).send().expect(204);
    let bob = w.user("bob");
    w.put(&format!("/Users/{bob}"), body("ANN")).send().expect(200).shows(r#"{"userName":"ANN"}"#);
}
