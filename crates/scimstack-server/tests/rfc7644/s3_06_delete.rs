//! RFC 7644 §3.6: deleting resources, and what goes with them.

use crate::support::{Setting, World};

over_every_store! {
    what_was_deleted_is_gone_for_every_method in Setting::directory();
    a_name_is_free_again_and_the_id_is_new in Setting::directory();
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
