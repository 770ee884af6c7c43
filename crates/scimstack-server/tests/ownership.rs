//! Who owns whom, and what: people whom the application has made, met by a connection; and attributes that the application
//! owns, or only connections.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use bytes::Bytes;
use futures_executor::block_on;
use http::{Method, Request};
use scimstack_protocol::AdoptInvited;
use scimstack_server::admin::AdminError;
use scimstack_server::{Adoption, Found, Identity, RosterEntry};
use serde_json::{Value, json};
use support::{ENTERPRISE, Setting, USER, World};

over_every_store! {
    a_create_links_who_was_invited_and_has_never_signed_in in Setting::directory();
    a_create_takes_over_no_account in Setting::directory();
    whom_a_create_links_is_the_administrators_choice in Setting::directory();
    by_an_e_mail_address_alone_no_create_links_anyone in Setting::directory();
    who_is_linked_inactive_leaves_and_counts in Setting::directory().policy(|policy| policy.max_deactivations = 1);
    who_is_changed_by_a_connection_belongs_to_it in Setting::directory();
    a_list_says_who_is_meant_before_anyone_is_linked in Setting::directory();
    two_lines_that_mean_one_person_link_nobody in Setting::directory();
    by_an_e_mail_address_alone_no_list_links_who_has_signed_in in Setting::directory();
    what_the_application_owns_stays_whatever_is_pushed in Setting::directory();
    members_that_the_application_owns_stay in Setting::directory();
    what_is_locked_only_connections_write in Setting::directory();
}

/// A request of the application itself.
fn by_hand(w: &World, method: Method, path: &str, body: &str) -> (u16, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/t/acme/api/scim/v2{path}"))
        .body(Bytes::from(body.to_owned()))
        .unwrap();
    request.extensions_mut().insert(Identity::application("acme", "administrator:root"));
    block_on(async {
        let (parts, body) = w.engine.handle(request).await.into_parts();
        let body = body.collect().await.unwrap();
        (parts.status.as_u16(), serde_json::from_slice(&body).unwrap_or(Value::Null))
    })
}

/// The id of a person made by hand.
fn invite(w: &World, name: &str, more: &str) -> String {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"{name}"{more}}}"#);
    let (status, shown) = by_hand(w, Method::POST, "/Users", &body);
    assert_eq!(status, 201, "{shown}");
    shown["id"].as_str().unwrap().to_owned()
}

fn edit(w: &World, id: &str, operations: &str) -> (u16, Value) {
    let body = format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{operations}}}"#);
    by_hand(w, Method::PATCH, &format!("/Users/{id}"), &body)
}

fn pushed(name: &str, more: &str) -> String {
    format!(r#"{{"schemas":["{USER}"],"userName":"{name}","externalId":"ext-{name}"{more}}}"#)
}

fn sign_in(w: &World, name: &str) {
    block_on(w.engine.sign_in("acme", name)).unwrap();
}

fn choose(w: &World, adopt_invited: AdoptInvited) {
    let mut policy = block_on(w.engine.admin().connection(w.tenant, "default")).unwrap().policy;
    policy.adopt_invited = adopt_invited;
    block_on(w.engine.admin().set_connection(w.tenant, policy)).unwrap();
}

fn unowned(w: &World) -> Vec<String> {
    let (people, next) = block_on(w.engine.unowned("acme", None, 100)).unwrap();
    assert_eq!(next, None);
    let mut names: Vec<String> = people.into_iter().filter_map(|stored| stored.core.unique).collect();
    names.sort();
    names
}

fn a_create_links_who_was_invited_and_has_never_signed_in(w: &World) {
    let ann = invite(w, "ann@x.test", r#","title":"CFO","nickName":"Annie""#);
    assert_eq!(unowned(w), ["ann@x.test"]);
    let shown = w.post("/Users", pushed("ANN@x.test", r#","title":"CEO""#)).send().expect(201);
    assert_eq!(shown.id(), ann);
    let shown = w.get(&format!("/Users/{ann}")).send().expect(200).json();
    assert_eq!(
        (&shown["title"], &shown["nickName"], &shown["externalId"]),
        (&json!("CEO"), &json!("Annie"), &json!("ext-ANN@x.test")),
        "what the create does not say is kept"
    );
    assert!(unowned(w).is_empty());
    w.post("/Users", pushed("ann@x.test", "")).send().refused(409, "uniqueness");
    assert_eq!(w.get("/Users").send().expect(200).ids(), [ann]);
    let log = w.events("log");
    assert_eq!((&log[0]["connection"], &log[1]["connection"]), (&json!("application"), &json!("default")));
}

fn a_create_takes_over_no_account(w: &World) {
    let ann = invite(w, "ann", r#","title":"CFO""#);
    sign_in(w, "ann");
    let answer = w.post("/Users", pushed("ann", r#","title":"x""#)).send().refused(409, "uniqueness");
    assert!(answer.text().contains("made by hand") && answer.text().contains("adopt-invited"), "{}", answer.text());
    let shown = w.get(&format!("/Users/{ann}")).send().expect(200).json();
    assert_eq!((&shown["title"], &shown["externalId"]), (&json!("CFO"), &Value::Null));
    // Nor does the application take over anyone.
    w.user("bob");
    let (status, error) = by_hand(w, Method::POST, "/Users", &pushed("bob", ""));
    assert_eq!((status, &error["scimType"]), (409, &json!("uniqueness")));
}

fn whom_a_create_links_is_the_administrators_choice(w: &World) {
    let (ann, bob) = (invite(w, "ann", ""), invite(w, "bob", ""));
    sign_in(w, "bob");
    choose(w, AdoptInvited::Never);
    w.post("/Users", pushed("ann", "")).send().refused(409, "uniqueness");
    w.post("/Users", pushed("bob", "")).send().refused(409, "uniqueness");
    choose(w, AdoptInvited::Anyone);
    assert_eq!(w.post("/Users", pushed("ann", "")).send().expect(201).id(), ann);
    assert_eq!(w.post("/Users", pushed("bob", "")).send().expect(201).id(), bob);
    sign_in(w, "bob");
}

fn by_an_e_mail_address_alone_no_create_links_anyone(w: &World) {
    choose(w, AdoptInvited::Anyone);
    let email = r#","emails":[{"value":"ann@x.test","type":"work"}]"#;
    let ann = invite(w, "ann", email);
    let other = w.post("/Users", pushed("ann@x.test", email)).send().expect(201).id();
    assert_ne!(other, ann);
    assert_eq!(unowned(w), ["ann"]);
}

fn who_is_linked_inactive_leaves_and_counts(w: &World) {
    let (ann, _) = (invite(w, "ann", ""), invite(w, "bob", ""));
    assert_eq!(w.post("/Users", pushed("ann", r#","active":false"#)).send().expect(201).id(), ann);
    let kinds: Vec<Value> = w.events("outbox").into_iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["sessions.revoke", "directory.hide"]);
    w.post("/Users", pushed("bob", r#","active":false"#)).send().expect(429);
    assert_eq!(unowned(w), ["bob"]);
}

fn who_is_changed_by_a_connection_belongs_to_it(w: &World) {
    let ann = invite(w, "ann", "");
    sign_in(w, "ann");
    edit(w, &ann, r#"[{"op":"replace","path":"title","value":"CFO"}]"#);
    assert_eq!(unowned(w), ["ann"], "what the application does makes nobody a connection's");
    // As providers do it: found by a filter, then changed by id.
    assert_eq!(w.get(r#"/Users?filter=userName eq "ann""#).send().expect(200).ids(), [ann.as_str()]);
    w.patch(&format!("/Users/{ann}"), r#"[{"op":"add","path":"externalId","value":"00u1"}]"#).send().expect(200);
    assert!(unowned(w).is_empty());
}

fn adopt(w: &World, lines: &[(&str, &str, &str)], apply: bool) -> Adoption {
    let roster = lines.iter().map(|(external_id, user_name, email)| {
        RosterEntry::default().with_external_id(*external_id).with_user_name(*user_name).with_email(*email)
    });
    block_on(w.engine.adopt("acme", "default", roster.collect(), apply)).unwrap()
}

/// What was found, in words.
fn words(adoption: &Adoption) -> Vec<String> {
    let word = |found: &Found| match found {
        Found::Match(here) => format!("match {}", here.user_name),
        Found::Linked(here) => format!("linked {}", here.user_name),
        Found::Refused(here, _) => format!("refused {}", here.user_name),
        Found::Ambiguous(several) => format!("ambiguous {}", several.len()),
        Found::Nobody => "nobody".to_owned(),
        _ => "?".to_owned(),
    };
    adoption.lines.iter().map(|(_, found)| word(found)).collect()
}

fn a_list_says_who_is_meant_before_anyone_is_linked(w: &World) {
    let email = |address: &str| format!(r#","emails":[{{"value":"{address}"}}]"#);
    let ann = invite(w, "ann", &email("ann@x.test"));
    sign_in(w, "ann");
    invite(w, "bob", &email("shared@x.test"));
    invite(w, "cid", &email("shared@x.test"));
    invite(w, "dan", &email("dan@x.test"));
    invite(w, "eve", r#","externalId":"e-1""#);
    invite(w, "left alone", "");
    w.post("/Users", pushed("pushed", "")).send().expect(201);
    let lines = [
        ("a-1", "ANN", "ann@x.test"),
        ("", "unknown", "shared@x.test"),
        ("d-1", "dan@x.test", ""),
        ("e-1", "somebody else", ""),
        ("e-2", "eve", ""),
        ("ext-pushed", "pushed", ""),
        ("other", "pushed", ""),
        ("n-1", "new", "new@x.test"),
        ("x-1", "ann", "dan@x.test"),
        ("", "", ""),
    ];
    let one_by_one = |apply| -> Vec<String> {
        lines.iter().flat_map(|line| words(&adopt(w, std::slice::from_ref(line), apply))).collect()
    };
    let expected = [
        "match ann",
        "ambiguous 2",
        "match dan",
        "match eve",
        "refused eve",
        "linked pushed",
        "refused pushed",
        "nobody",
        "ambiguous 2",
        "nobody",
    ];
    let before = w.get(&format!("/Users/{ann}")).send().expect(200).etag();
    assert_eq!(one_by_one(false), expected);
    assert_eq!(one_by_one(false), expected, "looking changes nothing");
    assert_eq!(w.get(&format!("/Users/{ann}")).send().expect(200).etag(), before);

    let certain = [lines[0], lines[2], lines[3], lines[7]];
    let applied = adopt(w, &certain, true);
    assert_eq!(words(&applied), ["match ann", "match dan", "match eve", "nobody"]);
    assert!(applied.applied);
    assert_eq!(words(&adopt(w, &certain, true)), ["linked ann", "linked dan", "linked eve", "nobody"]);
    assert_eq!(unowned(w), ["bob", "cid", "left alone"]);
    let shown = w.get(r#"/Users?filter=externalId eq "a-1""#).send().expect(200);
    assert_eq!(shown.ids(), [ann.as_str()]);
    sign_in(w, "ann");
    let nowhere = block_on(w.engine.adopt("acme", "nowhere", Vec::new(), false));
    assert!(nowhere.is_err());
}

fn two_lines_that_mean_one_person_link_nobody(w: &World) {
    invite(w, "ann", r#","emails":[{"value":"ann@x.test"}]"#);
    let lines = [("a-1", "ann", ""), ("a-2", "", "ann@x.test")];
    assert_eq!(words(&adopt(w, &lines, true)), ["ambiguous 1", "ambiguous 1"]);
    assert_eq!(unowned(w), ["ann"]);
}

fn by_an_e_mail_address_alone_no_list_links_who_has_signed_in(w: &World) {
    invite(w, "ann", r#","emails":[{"value":"ann@x.test"}]"#);
    let line = [("a-1", "elsewhere", "ann@x.test")];
    assert_eq!(words(&adopt(w, &line, false)), ["match ann"]);
    sign_in(w, "ann");
    let refused = adopt(w, &line, true);
    assert_eq!(words(&refused), ["refused ann"]);
    let Found::Refused(_, why) = &refused.lines[0].1 else { panic!("linked") };
    assert!(why.contains("e-mail"), "{why}");
    assert_eq!(unowned(w), ["ann"]);
}

fn what_the_application_owns_stays_whatever_is_pushed(w: &World) {
    let mut policy = block_on(w.engine.admin().connection(w.tenant, "default")).unwrap().policy;
    let department = format!("{ENTERPRISE}:department");
    policy.manual.insert("User".into(), vec!["title".into(), "nickName".into(), department.clone()]);
    block_on(w.engine.admin().set_connection(w.tenant, policy.clone())).unwrap();
    let both = |title: &str, nick: &str| {
        pushed(
            "ann",
            &format!(r#","title":"{title}"{nick},"{ENTERPRISE}":{{"department":"{title}","costCenter":"7"}}"#),
        )
    };
    let ann = w.post("/Users", both("pushed", "")).send().expect(201).id();
    let path = format!("/Users/{ann}");
    let shown = |w: &World| w.get(&path).send().expect(200).json();
    assert_eq!(shown(w)["title"], "pushed", "a create says what there is to begin with");
    let by_hand = format!(
        r#"[{{"op":"replace","path":"title","value":"by hand"}},{{"op":"remove","path":"{department}"}},
            {{"op":"add","path":"nickName","value":"Annie"}}]"#
    );
    assert_eq!(edit(w, &ann, &by_hand).0, 200);

    let logged = w.events("log").len();
    w.put(&path, both("again", r#","nickName":"x""#)).send().expect(200);
    let patch = format!(
        r#"[{{"op":"replace","path":"title","value":"x"}},{{"op":"add","path":"{department}","value":"x"}},
            {{"op":"remove","path":"nickName"}},{{"op":"replace","path":"displayName","value":"Ann"}}]"#
    );
    w.patch(&path, &patch).send().expect(200);
    let now = shown(w);
    assert_eq!((&now["title"], &now["nickName"]), (&json!("by hand"), &json!("Annie")));
    assert_eq!((&now[ENTERPRISE], &now["displayName"]), (&json!({"costCenter": "7"}), &json!("Ann")));
    let log = &w.events("log")[logged..];
    let last = log.last().unwrap();
    assert_eq!((&last["changed"], &last["leniencies"]), (&json!(["displayName"]), &json!(["kept-manual"])));
    w.patch(&path, r#"[{"op":"replace","path":"active","value":false}]"#).send().expect(200);
    assert_eq!(w.post("/Users", both("rehired", "")).send().expect(201).id(), ann);
    assert_eq!(shown(w)["title"], "by hand");

    for (bad, why) in [("active", "Deactivate Users"), ("userName", "required"), ("nothing", "no attribute")] {
        let mut policy = policy.clone();
        policy.manual.insert("User".into(), vec![bad.into()]);
        let refused = block_on(w.engine.admin().set_connection(w.tenant, policy));
        assert!(matches!(&refused, Err(AdminError::Invalid(text)) if text.contains(why)), "{refused:?}");
    }
    policy.name = "application".into();
    assert!(block_on(w.engine.admin().set_connection(w.tenant, policy)).is_err());
}

fn members_that_the_application_owns_stay(w: &World) {
    let mut policy = block_on(w.engine.admin().connection(w.tenant, "default")).unwrap().policy;
    policy.manual.insert("Group".into(), vec!["members".into()]);
    block_on(w.engine.admin().set_connection(w.tenant, policy)).unwrap();
    let (ann, bob) = (w.user("ann"), w.user("bob"));
    let group = w.group("G", &[&ann]);
    let path = format!("/Groups/{group}");
    let add = format!(r#"[{{"op":"add","path":"members","value":[{{"value":"{bob}"}}]}}]"#);
    w.patch(&path, &add).send().expect(204);
    w.put(&path, format!(r#"{{"schemas":["{}"],"displayName":"H"}}"#, support::GROUP)).send().expect(200);
    assert_eq!(w.members(&group), [ann.as_str()]);
    let body = format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{add}}}"#);
    assert_eq!(by_hand(w, Method::PATCH, &path, &body).0, 204);
    assert_eq!(w.members(&group).len(), 2);
}

fn what_is_locked_only_connections_write(w: &World) {
    let mut policy = block_on(w.engine.admin().tenant("acme")).unwrap().policy;
    policy.locked.insert("User".into(), vec!["title".into()]);
    block_on(w.engine.admin().set_tenant_policy(w.tenant, policy.clone())).unwrap();
    let ann = w.post("/Users", pushed("ann", r#","title":"pushed""#)).send().expect(201).id();
    let (status, error) = edit(w, &ann, r#"[{"op":"replace","path":"title","value":"mine"}]"#);
    assert_eq!((status, &error["scimType"]), (400, &json!("mutability")));
    assert_eq!(edit(w, &ann, r#"[{"op":"replace","path":"nickName","value":"Annie"}]"#).0, 200);
    w.patch(&format!("/Users/{ann}"), r#"[{"op":"replace","path":"title","value":"x"}]"#).send().expect(200);
    policy.locked.insert("User".into(), vec!["nothing".into()]);
    assert!(block_on(w.engine.admin().set_tenant_policy(w.tenant, policy)).is_err());
}
