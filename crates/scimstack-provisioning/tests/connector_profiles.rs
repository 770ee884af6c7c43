//! What each provider sends, as conversations written down; bodies are raw JSON. The shapes are those of the recorded
//! conversations in `scimstack-conformance/peers`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

use scimstack_provisioning::connector::{
    After, Aftercare, Conversation, DesiredGroup, DesiredUser, Fill, GroupChange, GroupSync, Manner, Member, Profile,
    Retry, Step, Synced, Synchronized, UserSync,
};
use scimstack_schema::{Object, Value};

const NOBODY: &str = r#"{"totalResults":0,"Resources":[]}"#;
const FOUND: &str = r#"{"totalResults":1,"Resources":[{"id":"7","userName":"ann@x.test","displayName":"Sales"}]}"#;
const PATCH: &str = r#""schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations""#;
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const HAYSTACK: &str = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User";
const GROUP: &str = r#""schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]"#;

fn object(json: &str) -> Object {
    match Value::parse(json.as_bytes()).unwrap() {
        Value::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

/// What is expected to be sent, `METHOD path?query body`, and the answer to it.
fn play(machine: &mut dyn Conversation, lines: &[(String, u16, &str)]) -> Synced {
    for (expected, status, answer) in lines {
        let Step::Send(request) = machine.poll_request() else {
            panic!("{expected} was expected, not {:?}", machine.poll_request())
        };
        let mut line = request.to_string();
        for (i, (name, value)) in request.query.iter().enumerate() {
            line += &format!("{}{name}={value}", if i == 0 { "?" } else { "&" });
        }
        if let Some(body) = &request.body {
            line += &format!(" {body}");
        }
        assert_eq!(&line, expected);
        machine.handle_response(*status, answer.as_bytes(), None);
    }
    match machine.poll_request() {
        Step::Done(synced) => synced,
        other => panic!("{other:?}"),
    }
}

fn line(expected: &str, status: u16, answer: &'static str) -> (String, u16, &'static str) {
    (expected.to_owned(), status, answer)
}

fn ann() -> DesiredUser {
    DesiredUser::new(object(&format!(
        r#"{{"userName":"ann@x.test","name":{{"givenName":"Ann"}},"emails":[{{"value":"ann@x.test","type":"work","primary":true}}],
            "active":true,"{ENTERPRISE}":{{"department":"Sales","manager":{{"value":"boss"}}}},"{HAYSTACK}":{{"joinDate":"2021-03-01"}}}}"#
    )))
}

fn member(value: &str) -> Member {
    Member { value: value.to_owned(), display: format!("{value}@x.test") }
}

fn sales(members: &[&str]) -> DesiredGroup {
    DesiredGroup::new("Sales", members.iter().map(|value| member(value)).collect())
}

fn change(add: &[&str], remove: &[&str]) -> GroupChange {
    let members = |values: &[&str]| values.iter().map(|value| member(value)).collect();
    GroupChange { display_name: None, add: members(add), remove: members(remove) }
}

fn user_look_up(page: &str) -> String {
    format!(r#"GET /Users?filter=userName eq "ann@x.test"{page}"#)
}

const PAGE: &str = "&startIndex=1&count=100";

#[test]
fn entra_creates_with_its_schemas_and_patches_what_is_different_path_by_path() {
    let manner = Profile::Entra.manner();
    let post = format!(
        r#"POST /Users {{"schemas":["{USER}","{ENTERPRISE}"],"userName":"ann@x.test","name":{{"givenName":"Ann"}},"emails":[{{"value":"ann@x.test","type":"work","primary":true}}],"active":true,"{ENTERPRISE}":{{"department":"Sales","manager":{{"value":"boss"}}}},"{HAYSTACK}":{{"joinDate":"2021-03-01"}},"meta":{{"resourceType":"User"}}}}"#
    );
    let lines = [line(&user_look_up(""), 200, NOBODY), line(&post, 201, r#"{"id":"7"}"#)];
    let synced = play(&mut UserSync::assign(ann()).with_manner(manner), &lines);
    assert_eq!((synced.id.as_str(), synced.deed), ("7", Synchronized::Created));

    let patch = format!(
        r#"PATCH /Users/7 {{{PATCH}:[{{"op":"Replace","path":"name.givenName","value":"Ann"}},{{"op":"Add","path":"emails[type eq \"work\"].value","value":"ann@x.test"}},{{"op":"Add","path":"emails[type eq \"work\"].primary","value":"True"}},{{"op":"Replace","path":"active","value":"True"}},{{"op":"Add","path":"{ENTERPRISE}:department","value":"Sales"}},{{"op":"Add","path":"{ENTERPRISE}:manager","value":"boss"}},{{"op":"Add","path":"{HAYSTACK}:joinDate","value":"2021-03-01"}}]}}"#
    );
    let shown = r#"{"id":"7","userName":"ann@x.test","name":{"givenName":"Anna"},"emails":[{"type":"home","value":"h@x.test"}],"active":false}"#;
    let lines = [line(&user_look_up(""), 200, FOUND), line("GET /Users/7", 200, shown), line(&patch, 204, "")];
    play(&mut UserSync::assign(ann()).with_manner(manner), &lines);
}

#[test]
fn entra_sends_nothing_when_nothing_is_different_and_asks_again_for_whom_it_lost() {
    let manner = Profile::Entra.manner();
    let shown = r#"{"id":"7","userName":"ann@x.test","active":true,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"boss","$ref":"../Users/boss"}}}"#;
    let ann = DesiredUser::new(object(&format!(
        r#"{{"userName":"ann@x.test","active":true,"{ENTERPRISE}":{{"manager":{{"value":"boss"}}}}}}"#
    )));
    let synced = play(&mut UserSync::update("7", ann.clone()).with_manner(manner), &[line("GET /Users/7", 200, shown)]);
    assert_eq!(synced.deed, Synchronized::Updated);

    let lines = [line("GET /Users/6", 404, ""), line(&user_look_up(""), 200, FOUND), line("GET /Users/7", 200, shown)];
    assert_eq!(play(&mut UserSync::update("6", ann).with_manner(manner), &lines).id, "7");
}

#[test]
fn entra_removes_a_manager_by_an_operation() {
    let none =
        DesiredUser::new(object(&format!(r#"{{"{ENTERPRISE}":{{"manager":{{"value":null}},"costCenter":null}}}}"#)));
    let shown =
        r#"{"id":"7","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"boss"}}}"#;
    let patch = format!(r#"PATCH /Users/7 {{{PATCH}:[{{"op":"Remove","path":"{ENTERPRISE}:manager"}}]}}"#);
    let lines = [line("GET /Users/7", 200, shown), line(&patch, 204, "")];
    play(&mut UserSync::update("7", none).with_manner(Profile::Entra.manner()), &lines);
}

#[test]
fn the_flag_makes_entra_write_small_letters_and_one_operation_with_paths_for_keys() {
    let shown = r#"{"id":"7","userName":"ann@x.test","active":false}"#;
    let patch = format!(
        r#"PATCH /Users/7 {{{PATCH}:[{{"op":"add","path":"emails[type eq \"work\"].value","value":"ann@x.test"}},{{"op":"add","path":"emails[type eq \"work\"].primary","value":true}},{{"op":"replace","value":{{"name.givenName":"Ann","active":true,"{ENTERPRISE}:department":"Sales","{ENTERPRISE}:manager":"boss","{HAYSTACK}:joinDate":"2021-03-01"}}}}]}}"#
    );
    let lines = [line("GET /Users/7", 200, shown), line(&patch, 200, "{}")];
    play(&mut UserSync::update("7", ann()).with_manner(Profile::EntraCompliant.manner()), &lines);
}

#[test]
fn each_provider_switches_off_in_its_own_way() {
    let shown = r#"{"id":"7","userName":"ann@x.test","active":true}"#;
    let read = || line("GET /Users/7", 200, shown);
    let put = |active: &str| {
        line(
            &format!(r#"PUT /Users/7 {{"schemas":["{USER}"],"id":"7","userName":"ann@x.test","active":{active}}}"#),
            200,
            shown,
        )
    };
    let patch = |operation: &str| line(&format!("PATCH /Users/7 {{{PATCH}:[{operation}]}}"), 200, shown);
    for (profile, lines) in [
        (Profile::OktaAppWizard, vec![read(), put("false")]),
        (Profile::OktaCatalogue, vec![patch(r#"{"op":"replace","value":{"active":false}}"#)]),
        (Profile::Entra, vec![patch(r#"{"op":"Replace","path":"active","value":"False"}"#)]),
        (Profile::EntraCompliant, vec![patch(r#"{"op":"replace","path":"active","value":false}"#)]),
        (Profile::OneLogin, vec![read(), put(r#""false""#)]),
        (Profile::JumpCloud, vec![patch(r#"{"op":"replace","path":"active","value":false}"#)]),
        (Profile::Authentik, vec![read(), put("false")]),
        (Profile::Keycloak, vec![patch(r#"{"op":"replace","path":"active","value":"false"}"#)]),
    ] {
        let synced = play(&mut UserSync::deactivate("7").with_manner(profile.manner()), &lines);
        assert_eq!(synced.deed, Synchronized::Deactivated, "{profile}");
    }
}

#[test]
fn oktas_catalogue_switches_on_by_a_patch_before_it_puts_the_profile() {
    let shown = r#"{"id":"7","userName":"ann@x.test","active":false}"#;
    let desired = DesiredUser::new(object(r#"{"userName":"ann@x.test","title":"Lead","active":true}"#));
    let lines = [
        line(&user_look_up(PAGE), 200, FOUND),
        line("GET /Users/7", 200, shown),
        line(&format!(r#"PATCH /Users/7 {{{PATCH}:[{{"op":"replace","value":{{"active":true}}}}]}}"#), 204, ""),
        line(
            &format!(
                r#"PUT /Users/7 {{"schemas":["{USER}"],"id":"7","userName":"ann@x.test","active":true,"title":"Lead"}}"#
            ),
            200,
            shown,
        ),
    ];
    play(&mut UserSync::assign(desired).with_manner(Profile::OktaCatalogue.manner()), &lines);
}

#[test]
fn onelogins_template_has_text_for_booleans_an_object_for_the_addresses_and_text_for_the_manager() {
    let post = format!(
        r#"POST /Users {{"schemas":["{USER}","{ENTERPRISE}","{HAYSTACK}"],"userName":"ann@x.test","name":{{"givenName":"Ann"}},"emails":{{"value":"ann@x.test","type":"work","primary":true}},"active":"true","{ENTERPRISE}":{{"department":"Sales","manager":"boss"}},"{HAYSTACK}":{{"joinDate":"2021-03-01"}},"meta":{{"resourceType":"User"}}}}"#
    );
    let lines = [line(&user_look_up(""), 404, ""), line(&post, 201, r#"{"id":"7"}"#)];
    play(&mut UserSync::assign(ann()).with_manner(Profile::OneLogin.manner()), &lines);
    assert!(!Profile::OneLogin.manner().groups.pushed);
}

#[test]
fn jumpcloud_patches_every_attribute_by_its_path() {
    let patch = format!(
        r#"PATCH /Users/7 {{{PATCH}:[{{"op":"replace","path":"userName","value":"ann@x.test"}},{{"op":"replace","path":"name.givenName","value":"Ann"}},{{"op":"replace","path":"emails","value":[{{"value":"ann@x.test","type":"work","primary":true}}]}},{{"op":"replace","path":"active","value":true}},{{"op":"replace","path":"{ENTERPRISE}:department","value":"Sales"}},{{"op":"replace","path":"{ENTERPRISE}:manager","value":{{"value":"boss"}}}},{{"op":"replace","path":"{HAYSTACK}:joinDate","value":"2021-03-01"}}]}}"#
    );
    let lines = [line(&user_look_up(""), 200, FOUND), line(&patch, 200, "{}")];
    play(&mut UserSync::assign(ann()).with_manner(Profile::JumpCloud.manner()), &lines);
    let lines = [line("DELETE /Users/7", 404, "")];
    assert_eq!(play(&mut UserSync::delete("7"), &lines).deed, Synchronized::Deleted);
}

#[test]
fn authentik_creates_first_and_looks_only_when_it_is_told_of_a_conflict() {
    let desired = DesiredUser::new(object(r#"{"userName":"ann@x.test","active":true}"#));
    let body = |id: &str| format!(r#"{{"schemas":["{USER}"],"userName":"ann@x.test","active":true{id}}}"#);
    let conflict = r#"{"status":"409","scimType":"uniqueness","detail":"taken"}"#;
    let lines = [
        line(&format!("POST /Users {}", body("")), 409, conflict),
        line(&user_look_up(""), 200, FOUND),
        line(&format!("PUT /Users/7 {}", body(r#","id":"7""#)), 200, "{}"),
    ];
    play(&mut UserSync::assign(desired.clone()).with_manner(Profile::Authentik.manner()), &lines);
    // Someone deleted by hand is made anew.
    let lines = [
        line(&format!("PUT /Users/7 {}", body(r#","id":"7""#)), 404, ""),
        line(&format!("POST /Users {}", body("")), 201, r#"{"id":"8"}"#),
    ];
    assert_eq!(play(&mut UserSync::update("7", desired).with_manner(Profile::Authentik.manner()), &lines).id, "8");
}

#[test]
fn keycloak_finds_whom_it_conflicts_with_page_by_page_and_puts_a_location_of_its_own() {
    let desired = DesiredUser::new(object(r#"{"userName":"ann@x.test","active":true}"#))
        .with_on_create(object(r#"{"id":"4711"}"#));
    let full: &'static str = {
        let others: Vec<String> = (0..100).map(|i| format!(r#"{{"id":"o{i}","userName":"o{i}"}}"#)).collect();
        format!(r#"{{"totalResults":101,"Resources":[{}]}}"#, others.join(",")).leak()
    };
    let conflict = r#"{"status":"409","detail":"taken"}"#;
    let lines = [
        line(
            &format!(r#"POST /Users {{"schemas":["{USER}"],"userName":"ann@x.test","active":true,"id":"4711"}}"#),
            409,
            conflict,
        ),
        line("GET /Users?startIndex=1&count=100", 200, full),
        line("GET /Users?startIndex=101&count=100", 200, r#"{"Resources":[{"id":"7","userName":"ANN@x.test"}]}"#),
        line(
            &format!(
                r#"PUT /Users/7 {{"schemas":["{USER}"],"userName":"ann@x.test","active":true,"id":"7","meta":{{"resourceType":"User","location":"Users/7"}}}}"#
            ),
            200,
            "{}",
        ),
    ];
    play(&mut UserSync::assign(desired).with_manner(Profile::Keycloak.manner()), &lines);
}

#[test]
fn groups_come_with_members_or_get_them_afterwards() {
    let filter = r#"filter=displayName eq "Sales""#;
    let desired = sales(&["7", "8"]).with_external_id("e1");
    let made = r#"{"id":"g1","displayName":"Sales"}"#;
    for (profile, lines) in [
        (
            Profile::OktaCatalogue,
            vec![
                line(&format!("GET /Groups?{filter}{PAGE}"), 200, NOBODY),
                line(
                    &format!(r#"POST /Groups {{{GROUP},"externalId":"e1","displayName":"Sales","members":[]}}"#),
                    201,
                    made,
                ),
                line(
                    &format!(
                        r#"PATCH /Groups/g1 {{{PATCH}:[{{"op":"add","path":"members","value":[{{"value":"7","display":"7@x.test"}},{{"value":"8","display":"8@x.test"}}]}}]}}"#
                    ),
                    204,
                    "",
                ),
                line(
                    &format!(
                        r#"PATCH /Groups/g1 {{{PATCH}:[{{"op":"replace","value":{{"id":"g1","displayName":"Sales"}}}}]}}"#
                    ),
                    204,
                    "",
                ),
            ],
        ),
        (
            Profile::Entra,
            vec![
                line(&format!("GET /Groups?excludedAttributes=members&{filter}"), 200, NOBODY),
                line(
                    r#"POST /Groups {"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"e1","displayName":"Sales","meta":{"resourceType":"Group"}}"#,
                    201,
                    made,
                ),
                line(
                    &format!(
                        r#"PATCH /Groups/g1 {{{PATCH}:[{{"op":"Add","path":"members","value":[{{"$ref":null,"value":"7"}},{{"$ref":null,"value":"8"}}]}}]}}"#
                    ),
                    204,
                    "",
                ),
            ],
        ),
        (
            Profile::JumpCloud,
            vec![
                line(&format!("GET /Groups?{filter}"), 200, NOBODY),
                line(
                    &format!(
                        r#"POST /Groups {{{GROUP},"externalId":"e1","displayName":"Sales","members":[{{"value":"7"}},{{"value":"8"}}]}}"#
                    ),
                    201,
                    made,
                ),
            ],
        ),
        (
            Profile::Authentik,
            vec![
                line(
                    "GET /Groups?startIndex=1",
                    200,
                    r#"{"totalResults":2,"Resources":[{"id":"0","displayName":"Other"}]}"#,
                ),
                line("GET /Groups?startIndex=2", 200, NOBODY),
                line(&format!(r#"POST /Groups {{{GROUP},"externalId":"e1","displayName":"Sales"}}"#), 201, made),
                line(
                    &format!(
                        r#"PATCH /Groups/g1 {{{PATCH}:[{{"op":"add","path":"members","value":[{{"value":"7"}}]}},{{"op":"add","path":"members","value":[{{"value":"8"}}]}}]}}"#
                    ),
                    204,
                    "",
                ),
            ],
        ),
        (
            Profile::Keycloak,
            vec![
                line("GET /Groups?startIndex=1&count=100", 200, NOBODY),
                line(
                    &format!(
                        r#"POST /Groups {{{GROUP},"externalId":"e1","displayName":"Sales","members":[{{"value":"7","$ref":"Users/7"}},{{"value":"8","$ref":"Users/8"}}]}}"#
                    ),
                    201,
                    made,
                ),
            ],
        ),
    ] {
        let synced = play(&mut GroupSync::push(desired.clone()).with_manner(profile.manner()), &lines);
        assert_eq!((synced.id.as_str(), synced.deed), ("g1", Synchronized::Created), "{profile}");
    }
}

#[test]
fn members_come_and_go_in_each_providers_words() {
    let patch = |operations: &str| vec![line(&format!("PATCH /Groups/g1 {{{PATCH}:[{operations}]}}"), 204, "")];
    for (profile, lines) in [
        (
            Profile::OktaCatalogue,
            patch(
                r#"{"op":"remove","path":"members[value eq \"8\"]"},{"op":"add","path":"members","value":[{"value":"7","display":"7@x.test"}]}"#,
            ),
        ),
        (
            Profile::Entra,
            patch(
                r#"{"op":"Remove","path":"members","value":[{"$ref":null,"value":"8"}]},{"op":"Add","path":"members","value":[{"$ref":null,"value":"7"}]}"#,
            ),
        ),
        (
            Profile::EntraCompliant,
            patch(
                r#"{"op":"remove","path":"members[value eq \"8\"]"},{"op":"add","path":"members","value":[{"$ref":null,"value":"7"}]}"#,
            ),
        ),
        (
            Profile::JumpCloud,
            patch(
                r#"{"op":"remove","path":"members","value":[{"value":"8"}]},{"op":"add","path":"members","value":[{"value":"7"}]}"#,
            ),
        ),
        (
            Profile::OktaAppWizard,
            vec![
                line(
                    "GET /Groups/g1",
                    200,
                    r#"{"id":"g1","displayName":"Sales","members":[{"value":"6"},{"value":"8"}]}"#,
                ),
                line(
                    &format!(
                        r#"PUT /Groups/g1 {{{GROUP},"id":"g1","displayName":"Sales","members":[{{"value":"6"}},{{"value":"7","display":"7@x.test"}}]}}"#
                    ),
                    200,
                    "{}",
                ),
            ],
        ),
    ] {
        let mut sync = GroupSync::change("g1", change(&["7"], &["8"])).with_manner(profile.manner());
        assert_eq!(play(&mut sync, &lines).deed, Synchronized::Updated, "{profile}");
    }
}

#[test]
fn who_compares_sends_the_difference_and_nothing_when_there_is_none() {
    let manner = Profile::JumpCloud.manner();
    let shown = r#"{"id":"g1","displayName":"Old","members":[{"value":"6"},{"value":"7"}]}"#;
    let patch = format!(
        r#"PATCH /Groups/g1 {{{PATCH}:[{{"op":"remove","path":"members","value":[{{"value":"6"}}]}},{{"op":"add","path":"members","value":[{{"value":"8"}}]}},{{"op":"replace","path":"displayName","value":"Sales"}}]}}"#
    );
    let lines = [line("GET /Groups/g1", 200, shown), line(&patch, 204, "")];
    play(&mut GroupSync::update("g1", sales(&["7", "8"])).with_manner(manner), &lines);
    let same = r#"{"id":"g1","displayName":"Sales","members":[{"value":"8"},{"value":"7"}]}"#;
    play(&mut GroupSync::update("g1", sales(&["7", "8"])).with_manner(manner), &[line("GET /Groups/g1", 200, same)]);
}

#[test]
fn a_full_push_of_oktas_catalogue_replaces_the_members_also_with_nobody() {
    let lines = [
        line(&format!(r#"PATCH /Groups/g1 {{{PATCH}:[{{"op":"replace","path":"members","value":[]}}]}}"#), 204, ""),
        line(
            &format!(
                r#"PATCH /Groups/g1 {{{PATCH}:[{{"op":"replace","value":{{"id":"g1","displayName":"Sales"}}}}]}}"#
            ),
            204,
            "",
        ),
    ];
    play(&mut GroupSync::update("g1", sales(&[])).with_manner(Profile::OktaCatalogue.manner()), &lines);
}

#[test]
fn a_manner_can_be_varied() {
    let entra = Profile::Entra.manner();
    let compares = Manner {
        groups: scimstack_provisioning::connector::GroupManner { fill: Fill::Compare, ..entra.groups },
        ..entra
    };
    let same = r#"{"id":"7","displayName":"Sales","members":[]}"#;
    let look_up = r#"GET /Groups?excludedAttributes=members&filter=displayName eq "Sales""#;
    let lines = [line(look_up, 200, FOUND), line("GET /Groups/7", 200, same)];
    play(&mut GroupSync::push(sales(&[])).with_manner(compares), &lines);
}

#[test]
fn entra_gives_up_at_once_whatever_it_is_asked_to_wait_and_leaves_the_rest_to_its_escrow() {
    let profile = Profile::Entra;
    assert_eq!((profile.retry().after, profile.aftercare()), (After::Nothing, Aftercare::Escrow));
    for status in [429, 500, 503] {
        let mut sync = UserSync::update("7", ann()).with_manner(profile.manner()).with_retry(profile.retry());
        sync.handle_response(status, br#"{"detail":"later"}"#, Some(120));
        let Step::Failed(failure) = sync.poll_request() else { panic!("{status}") };
        assert_eq!((failure.status, failure.detail.as_str()), (Some(status), "later"));
    }
    let mut sync = UserSync::update("7", ann()).with_manner(profile.manner()).with_retry(profile.retry());
    sync.handle_lost();
    assert!(matches!(sync.poll_request(), Step::Failed(_)));
}

#[test]
fn a_creation_answered_with_a_fault_of_the_server_is_looked_up_before_it_is_sent_again() {
    let mut sync = UserSync::assign(ann()).with_manner(Profile::JumpCloud.manner()).with_retry(Retry::careful());
    sync.handle_response(200, NOBODY.as_bytes(), None);
    sync.handle_response(502, b"<html>", None);
    assert_eq!(sync.poll_request(), Step::Wait(2));
    sync.handle_timeout();
    let Step::Send(request) = sync.poll_request() else { panic!() };
    assert_eq!(request.to_string(), "GET /Users");
}

#[test]
fn profiles_are_known_by_their_names() {
    for profile in Profile::ALL {
        assert_eq!(profile.name().parse(), Ok(profile));
        assert_eq!(profile.to_string(), profile.name());
    }
    let error = "okta".parse::<Profile>().unwrap_err().to_string();
    assert!(error.starts_with("there is no profile \"okta\"; there are okta-app-wizard, okta-catalogue, "), "{error}");
}

#[test]
fn many_members_are_several_requests() {
    let entra = Profile::Entra.manner();
    let small = Manner { groups: scimstack_provisioning::connector::GroupManner { batch: 2, ..entra.groups }, ..entra };
    let patch = |operations: &str| line(&format!("PATCH /Groups/g1 {{{PATCH}:[{operations}]}}"), 204, "");
    let lines = [
        patch(
            r#"{"op":"Remove","path":"members","value":[{"$ref":null,"value":"1"}]},{"op":"Add","path":"members","value":[{"$ref":null,"value":"2"}]}"#,
        ),
        patch(r#"{"op":"Add","path":"members","value":[{"$ref":null,"value":"3"},{"$ref":null,"value":"4"}]}"#),
        patch(r#"{"op":"Replace","path":"displayName","value":"New"}"#),
    ];
    let change = GroupChange { display_name: Some("New".into()), ..change(&["2", "3", "4"], &["1"]) };
    play(&mut GroupSync::change("g1", change).with_manner(small), &lines);
}

#[test]
fn a_look_up_answered_with_404_is_nobody_to_okta_and_a_broken_server_to_entra() {
    for (profile, ends) in [(Profile::OktaAppWizard, false), (Profile::Entra, true)] {
        let mut sync = UserSync::assign(ann()).with_manner(profile.manner());
        sync.handle_response(404, b"", None);
        assert_eq!(matches!(sync.poll_request(), Step::Failed(_)), ends, "{profile}");
    }
}
