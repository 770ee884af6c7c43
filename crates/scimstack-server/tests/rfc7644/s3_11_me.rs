//! RFC 7644 §3.11: `/Me` is the resource of whom the request is authenticated for.

use crate::support::{BASE, GROUP, Setting, USER, World};
use bytes::Bytes;
use futures_executor::block_on;
use http::{Method, Request};
use scimstack_server::Subject;
use scimstack_server::admin::NewToken;

over_every_store! {
    me_is_answered_as_the_resource_itself in Setting::directory();
    a_post_makes_the_resource_of_the_subject in Setting::directory();
    a_token_without_a_subject_has_no_me in Setting::directory();
    the_host_can_say_who_asks in Setting::directory();
    the_switches_of_the_connection_bind_me_too in Setting::directory().policy(|policy| policy.update_attributes = false);
    me_is_one_of_the_paths_of_a_bulk_request in Setting::directory();
}

/// A world whose token is made for `id`.
fn token_for(w: &World, id: &str) -> String {
    let subject = Subject::new("User", id);
    let new = NewToken::new("default").label("ann's").subject(subject.clone());
    let made = block_on(w.engine.admin().create_token_with(w.tenant, &new)).unwrap();
    assert_eq!(made.0.subject, Some(subject));
    format!("Bearer {}", made.1.reveal())
}

fn me_is_answered_as_the_resource_itself(w: &World) {
    let ann = w.user("ann");
    let bearer = token_for(w, &ann);
    let permanent = format!("{BASE}/Users/{ann}");
    let patch = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"title","value":"x"}]}"#;
    let put = format!(r#"{{"schemas":["{USER}"],"userName":"anna"}}"#);
    for (method, body, shows) in [
        (Method::GET, "", r#""userName":"ann""#),
        (Method::PATCH, patch, r#""title":"x""#),
        (Method::PUT, put.as_str(), r#""userName":"anna""#),
    ] {
        let answer = w.call(method.clone(), "/Me").header("authorization", &bearer).body(body).send().expect(200);
        assert!(answer.text().contains(shows), "{method}: {}", answer.text());
        assert_eq!(answer.header("location"), Some(permanent.as_str()), "{method}");
        assert_eq!(answer.header("content-location"), Some(permanent.as_str()), "{method}");
        let itself = w.get(&format!("/Users/{ann}")).send().expect(200);
        assert_eq!((answer.json(), answer.etag()), (itself.json(), itself.etag()), "{method}");
        assert_eq!(answer.json()["meta"]["location"], permanent);
    }
    let me = |method: Method, query: &str| w.call(method, &format!("/Me{query}")).header("authorization", &bearer);
    let shown = me(Method::GET, "?attributes=userName").send().expect(200).json();
    assert_eq!(shown, serde_json::json!({"schemas":[USER],"id":ann,"userName":"anna"}));
    me(Method::GET, "").header("if-none-match", "W/\"3\"").send().expect(304);
    me(Method::DELETE, "").header("if-match", "W/\"1\"").send().expect(412);
    me(Method::DELETE, "").send().expect(204);
    me(Method::GET, "").send().expect(404);
    me(Method::GET, "/name").send().expect(404);
}

fn a_post_makes_the_resource_of_the_subject(w: &World) {
    let id = "019c0a3e-7b2f-7d31-8f00-0123456789ab";
    let bearer = token_for(w, id);
    let post = |body: &str| w.post("/Me", body).header("authorization", &bearer).send();
    w.get("/Me").header("authorization", &bearer).send().expect(404);
    post(&format!(r#"{{"schemas":["{GROUP}"],"displayName":"x"}}"#)).expect(400);
    let body = format!(r#"{{"schemas":["{USER}"],"id":"mine","userName":"ann"}}"#);
    let made = post(&body).expect(201);
    assert_eq!(made.header("location"), Some(format!("{BASE}/Users/{id}").as_str()));
    assert_eq!((made.id().as_str(), &made.json()["meta"]["resourceType"]), (id, &"User".into()));
    w.get("/Me").header("authorization", &bearer).send().expect(200).shows(r#"{"userName":"ann"}"#);
    post(&body).refused(409, "uniqueness");
}

fn a_token_without_a_subject_has_no_me(w: &World) {
    for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = w.call(method, "/Me").body("{}").send().expect(501);
        assert!(answer.text().contains("connection"), "{}", answer.text());
    }
    w.raw(Method::GET, "/t/acme/api/scim/v2/Me").send().expect(401);
    let admin = w.engine.admin();
    for subject in [Subject::new("Robot", "1"), Subject::new("User", "")] {
        block_on(admin.create_token_with(w.tenant, &NewToken::new("default").subject(subject.clone()))).unwrap_err();
    }
}

fn the_host_can_say_who_asks(w: &World) {
    let team = w.group("team", &[]);
    let ask = |subject: Option<Subject>| {
        let mut request = Request::get("/t/acme/api/scim/v2/Me")
            .header("authorization", token_for(w, &w.tenant.to_string()))
            .body(Bytes::new())
            .unwrap();
        request.extensions_mut().extend(
            subject
                .map(|subject| {
                    let mut extensions = http::Extensions::new();
                    extensions.insert(subject);
                    extensions
                })
                .unwrap_or_default(),
        );
        block_on(w.engine.handle(request))
    };
    let answer = ask(Some(Subject::new("Group", team.as_str())));
    assert_eq!(answer.status(), 200, "what the host says counts, whatever the token says");
    assert_eq!(answer.headers()["location"], format!("{BASE}/Groups/{team}"));
    assert_eq!(ask(Some(Subject::new("Robot", "1"))).status(), 404);
    assert_eq!(ask(None).status(), 404);
}

fn the_switches_of_the_connection_bind_me_too(w: &World) {
    let ann = w.user("ann");
    let bearer = token_for(w, &ann);
    let operation = r#"[{"op":"add","path":"title","value":"x"}]"#;
    let alone = w.patch(&format!("/Users/{ann}"), operation).send().expect(403);
    let me = w.patch("/Me", operation).header("authorization", &bearer).send().expect(403);
    assert_eq!(me.json(), alone.json());
}

fn me_is_one_of_the_paths_of_a_bulk_request(w: &World) {
    let ann = w.user("ann");
    let body = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"PATCH","path":"/Me","data":[{"op":"add","path":"title","value":"x"}]}]}"#;
    let answer = w.post("/Bulk", body).header("authorization", &token_for(w, &ann)).send().expect(200);
    answer.shows(&format!(r#"{{"Operations":[{{"status":"200","location":"{BASE}/Users/{ann}"}}]}}"#));
}
