//! The engine and the lifecycle together: switches, effects, sign-ins, holds, the provisioning log.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use futures_executor::block_on;
use scimstack_protocol::{Change, Decide, Decision, Facts, FactsWanted, Hold};
use scimstack_server::SignInError;
use support::{ENTERPRISE, Setting, USER, World};

over_every_store! {
    a_sign_in_claims_the_account in Setting::directory();
    a_deactivated_person_cannot_sign_in in Setting::directory();
    a_leaver_with_reports_flags_them in Setting::directory();
    former_user_names_still_find_the_person in Setting::directory();
    the_log_says_who_did_what_to_whom in Setting::directory();
    what_changed_nothing_is_not_logged in Setting::directory();
}

fn a_sign_in_claims_the_account(w: &World) {
    let ann = w.user("ann@x.test");
    let before = w.get(&format!("/Users/{ann}")).send().expect(200).json();
    w.clock.pass_seconds(60);
    let id = block_on(w.engine.sign_in("acme", "ANN@x.test")).unwrap();
    assert_eq!(id.as_str(), ann);
    let after = w.get(&format!("/Users/{ann}")).send().expect(200).json();
    assert_eq!(after["meta"]["lastModified"], before["meta"]["lastModified"], "the person is as before");
    let event = w.events("sign-in").pop().unwrap();
    assert_eq!((&event["resourceId"], &event["accepted"]), (&ann.as_str().into(), &true.into()));
    assert!(matches!(block_on(w.engine.sign_in("acme", "nobody")), Err(SignInError::NoPerson(_))));
    assert!(matches!(block_on(w.engine.sign_in("nowhere", "ann@x.test")), Err(SignInError::NoTenant(_))));
}

fn a_deactivated_person_cannot_sign_in(w: &World) {
    let ann = w.user("ann");
    w.patch(&format!("/Users/{ann}"), r#"[{"op":"replace","path":"active","value":false}]"#).send().expect(200);
    let Err(SignInError::Refused(error)) = block_on(w.engine.sign_in("acme", "ann")) else { panic!("let in") };
    assert_eq!(error.status, 403);
    assert_eq!(w.events("sign-in").pop().unwrap()["accepted"], false);
}

fn a_leaver_with_reports_flags_them(w: &World) {
    let boss = w.user("boss");
    let leave = r#"[{"op":"replace","path":"active","value":false}]"#;
    let kinds = |w: &World| -> Vec<String> {
        w.events("outbox").iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    };
    for name in ["ann", "bob"] {
        let body =
            format!(r#"{{"schemas":["{USER}"],"userName":"{name}","{ENTERPRISE}":{{"manager":{{"value":"boss"}}}}}}"#);
        w.post("/Users", body).send().expect(201);
    }
    w.patch(&format!("/Users/{boss}"), leave).send().expect(200);
    assert_eq!(kinds(w), ["sessions.revoke", "directory.hide", "reports.flag"]);
    w.patch(&format!("/Users/{boss}"), leave).send().expect(200);
    assert_eq!(kinds(w).len(), 3, "nobody leaves twice");
    assert!(w.events("outbox")[2]["text"].as_str().unwrap().contains('2'), "{:?}", w.events("outbox")[2]);
}

fn former_user_names_still_find_the_person(w: &World) {
    let boss = w.user("old@x.test");
    w.patch(&format!("/Users/{boss}"), r#"[{"op":"replace","path":"userName","value":"new@x.test"}]"#)
        .send()
        .expect(200);
    let body =
        format!(r#"{{"schemas":["{USER}"],"userName":"ann","{ENTERPRISE}":{{"manager":{{"value":"old@x.test"}}}}}}"#);
    let ann = w.post("/Users", body).send().expect(201).json();
    assert!(ann[ENTERPRISE]["manager"]["$ref"].as_str().unwrap().ends_with(&boss), "{ann}");
}

fn the_log_says_who_did_what_to_whom(w: &World) {
    let ann = w.user("ann@x.test");
    let body = r#"[{"op":"Replace","path":"active","value":"False"}]"#;
    let answer = w.patch(&format!("/Users/{ann}"), body).header("user-agent", "curl/8").send().expect(200);
    assert!(answer.header("x-request-id").is_some());
    let log = w.events("log");
    assert_eq!(log.len(), 2);
    let leniencies = log[1]["leniencies"].clone();
    assert!(!leniencies.as_array().unwrap().is_empty());
    assert_eq!(
        log[1],
        serde_json::json!({
            "at": "2026-01-01T00:00:00.000Z", "connection": "default", "dialect": "generic", "userAgent": "other",
            "method": "PATCH", "resourceType": "User", "resourceId": ann, "subject": "ann@x.test", "status": 200,
            "changed": ["active"], "leniencies": leniencies, "unknown": []
        })
    );
    assert_eq!((&log[0]["method"], &log[0]["status"]), (&"POST".into(), &201.into()));
}

fn what_changed_nothing_is_not_logged(w: &World) {
    let ann = w.user("ann");
    let logged = w.events("log").len();
    w.patch(&format!("/Users/{ann}"), r#"[{"op":"replace","path":"userName","value":"ann"}]"#).send().expect(200);
    assert_eq!(w.events("log").len(), logged);
}

#[test]
fn switches_judge_the_difference() {
    let w = Setting::directory().policy(|policy| policy.update_attributes = false).in_memory();
    let ann = w.user("ann");
    let path = format!("/Users/{ann}");
    let shown = w.get(&path).send().expect(200).text().to_owned();
    w.put(&path, shown).send().expect(200);
    w.patch(&path, r#"[{"op":"replace","path":"title","value":"x"}]"#).send().expect(403);
    w.patch(&path, r#"[{"op":"replace","path":"active","value":false}]"#).send().expect(200);
    assert_eq!(w.events("log").last().unwrap()["changed"], serde_json::json!(["active"]));

    let w = Setting::directory().policy(|policy| policy.push_groups = false).in_memory();
    let body = format!(r#"{{"schemas":["{}"],"displayName":"G"}}"#, support::GROUP);
    w.post("/Groups", body).send().expect(403);
}

/// Holds every deletion.
struct Cautious;

impl Decide for Cautious {
    fn wants(&self, change: &Change<'_>) -> FactsWanted {
        scimstack_protocol::decide::AcceptAll.wants(change)
    }

    fn decide(&self, change: &Change<'_>, facts: &Facts<'_>) -> Decision {
        match change {
            Change::Delete => Decision::Hold(Hold::new(300, "Too many people would go.")),
            _ => scimstack_protocol::decide::AcceptAll.decide(change, facts),
        }
    }
}

#[test]
fn what_waits_for_an_administrator_is_asked_for_again_later() {
    let w = Setting::directory().decide(Cautious).in_memory();
    let path = format!("/Users/{}", w.user("ann"));
    for _ in 0..2 {
        let answer = w.delete(&path).send().expect(429);
        assert_eq!(answer.header("retry-after"), Some("300"));
    }
    w.get(&path).send().expect(200);
    let holds = block_on(w.engine.admin().holds(Some(w.tenant))).unwrap();
    assert_eq!(holds.len(), 1);
    assert_eq!(holds[0].connection, "default");
}
