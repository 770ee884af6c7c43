//! The Admin Console's forms, as a browser without JavaScript sends them: what they change is what the command line shows,
//! what they refuse is refused there too, and no workspace reaches into another. (In a real browser: `tests/console`.)

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use serde_json::{Value, json};
use support::{Answer, Browser, Place, Server};

const ATTRIBUTES: &str = "/console/acme/provisioning/attributes";
const KEYS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// Two workspaces, a server and the administrator's password.
fn workspaces() -> (Place, Server, String) {
    let place = Place::new();
    for name in ["acme", "other"] {
        place.ok(&["tenant", "create", name]);
    }
    let server = place.start();
    let password = place.ok(&["admin", "password"]);
    (place, server, password)
}

fn shown(place: &Place, connection: &str) -> Value {
    place.json(&["connection", "show", "--tenant", "acme", "--connection", connection])
}

/// The error at a field.
fn complaint(answer: &Answer, field: &str) -> String {
    let at = format!("id=\"{field}-error\"");
    let found = answer.body.split(&at).nth(1).and_then(|rest| rest.split('>').nth(1)?.split('<').next());
    let found = found.unwrap_or_else(|| panic!("no error at {field}: {}", answer.body));
    found.replace("&quot;", "\"").replace("&amp;", "&").replace("&#39;", "'")
}

fn create(server: &Server, tenant: &str, token: &str, name: &str, manager: &str) -> String {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name,
        enterprise: {"manager": {"value": manager}}});
    let answer = server.post(&format!("/t/{tenant}/api/scim/v2/Users"), token, &body.to_string());
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn who_owns_which_attribute_is_set_as_on_the_command_line() {
    let (place, server, password) = workspaces();
    let browser = server.log_in(&password);
    let saved = browser.post(
        ATTRIBUTES,
        &[
            ("connection", "default"),
            ("attribute", "User:title"),
            ("owner", "manual"),
            ("attribute", "User:nickName"),
            ("owner", "locked"),
            ("attribute", "Group:members"),
            ("owner", "hidden"),
            ("attribute", " User:urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter "),
            ("owner", "read-only"),
            ("attribute", ""),
            ("owner", "manual"),
            ("manager_by", "email"),
            ("manager_by", ""),
            ("manager_by", "user-name"),
            ("adopt_invited", "anyone"),
        ],
    );
    assert_eq!(saved.status, 200, "{}", saved.body);
    let found = shown(&place, "default");
    assert_eq!(found["manual"], json!({"User": ["title"]}));
    assert_eq!(found["locked"], json!({"User": ["nickName"]}));
    assert_eq!(found["hidden"], json!({"Group": ["members"]}));
    let cost_center = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter";
    assert_eq!(found["readOnly"], json!({"User": [cost_center]}));
    assert_eq!((&found["managerBy"], &found["adoptInvited"]), (&json!(["email", "user-name"]), &json!("anyone")));
    // What is not named is taken out; the switches stay.
    let emptied = browser.post(ATTRIBUTES, &[("attribute", ""), ("owner", ""), ("adopt_invited", "never")]);
    assert_eq!(emptied.status, 200);
    let found = shown(&place, "default");
    assert_eq!((&found["manual"], &found["locked"], &found["managerBy"]), (&json!({}), &json!({}), &json!([])));
    assert_eq!((&found["createUsers"], &found["enabled"]), (&json!(true), &json!(true)));
}

#[test]
fn what_the_command_line_refuses_is_refused_at_its_field_with_the_same_words() {
    let (place, server, password) = workspaces();
    let browser = server.log_in(&password);
    let before = shown(&place, "default");
    for (attribute, owner) in [
        ("User:userName", "read-only"),
        ("User:userName", "locked"),
        ("User:robot", "hidden"),
        ("title", "manual"),
        ("User:active", "manual"),
        ("User:name.givenName", "manual"),
        ("Robot:title", "read-only"),
        ("User:meta", "hidden"),
    ] {
        let flag = format!("--{owner}");
        let refused = place.run(&["connection", "set", "--tenant", "acme", &flag, attribute]);
        assert_ne!(refused.code, Some(0), "{attribute}");
        let answer = browser.post(
            ATTRIBUTES,
            &[
                ("attribute", "User:title"),
                ("owner", "manual"),
                ("attribute", attribute),
                ("owner", owner),
                ("manager_by", "external-id"),
                ("adopt_invited", "anyone"),
            ],
        );
        assert_eq!(answer.status, 400, "{attribute}");
        let why = complaint(&answer, "attribute-1");
        assert!(refused.stderr.contains(&why), "{why} is not what the command line says: {}", refused.stderr);
        for kept in [
            format!("value=\"{attribute}\""),
            "value=\"User:title\"".to_owned(),
            format!("<option value=\"{owner}\" selected"),
            "<option value=\"external-id\" selected".to_owned(),
            "value=\"anyone\" checked".to_owned(),
        ] {
            assert!(answer.body.contains(&kept), "{kept} is gone");
        }
        assert!(!answer.body.contains("attribute-0-error"), "what is good is marked");
    }
    let answer = browser.post(ATTRIBUTES, &[("manager_by", "shoe-size"), ("adopt_invited", "unclaimed")]);
    assert_eq!((answer.status, complaint(&answer, "manager_by-0").contains("shoe-size")), (400, true));
    let answer = browser.post(ATTRIBUTES, &[("adopt_invited", "some")]);
    assert_eq!((answer.status, complaint(&answer, "adopt_invited").contains("some")), (400, true));
    let answer = browser.post(ATTRIBUTES, &[("attribute", "User:title"), ("owner", ""), ("adopt_invited", "never")]);
    assert_eq!(complaint(&answer, "attribute-0"), "Choose who owns it.");
    assert_eq!(shown(&place, "default"), before, "something was saved");
}

#[test]
fn each_connection_has_a_page_of_its_own() {
    let (place, server, password) = workspaces();
    place.ok(&["connection", "set", "--tenant", "acme", "--connection", "second", "--push-groups", "off"]);
    let browser = server.log_in(&password);
    let page = server_until(&browser, "/console/acme/provisioning", "connection=second");
    assert!(page.contains("acme.default"), "{page}");
    let page = browser.get("/console/acme/provisioning?connection=second").body;
    assert!(page.contains("acme.second"), "{page}");
    let form = [("connection", "second"), ("attribute", "User:title"), ("owner", "manual"), ("adopt_invited", "never")];
    assert_eq!(browser.post(ATTRIBUTES, &form).status, 200);
    let switches =
        [("connection", "second"), ("enabled", "on"), ("max_deactivations", "7"), ("deactivation_window", "60")];
    assert_eq!(browser.post("/console/acme/provisioning", &switches).status, 200);
    let made = browser.post("/console/acme/tokens", &[("connection", "second"), ("kind", "token")]);
    assert!(made.body.contains("The new token."));
    let (first, second) = (shown(&place, "default"), shown(&place, "second"));
    assert_eq!((&first["manual"], &second["manual"]), (&json!({}), &json!({"User": ["title"]})));
    assert_eq!((&first["maxDeactivations"], &second["maxDeactivations"]), (&json!(0), &json!(7)));
    assert_eq!((&first["createUsers"], &second["createUsers"]), (&json!(true), &json!(false)));
    let tokens = place.json(&["token", "list", "--tenant", "acme"]);
    assert_eq!(tokens[0]["connection"], "second");
    assert_eq!(browser.get("/console/acme/provisioning?connection=third").status, 404);
}

#[test]
fn the_settings_of_a_connection_are_those_of_the_command_line() {
    let (place, server, password) = workspaces();
    let browser = server.log_in(&password);
    let path = "/console/acme/provisioning/settings";
    let form = |dialect, members, delay| {
        [("connection", "default"), ("dialect", dialect), ("unknown_members", members), ("welcome_delay", delay)]
    };
    let saved = browser.post(path, &form("entra-compliant", "park", " 90 "));
    assert_eq!(saved.status, 200, "{}", saved.body);
    let found = shown(&place, "default");
    assert_eq!((&found["dialect"], &found["unknownMembers"]), (&json!("entra-compliant"), &json!("park")));
    assert_eq!(found["welcomeDelay"], 90);
    let page = browser.get("/console/acme/provisioning").body;
    for part in ["value=\"entra-compliant\" selected", "value=\"park\" checked", "value=\"90\""] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for (dialect, members, delay, field, kept) in [
        ("oktaa", "refuse", "5", "dialect", "value=\"oktaa\" selected"),
        ("okta", "some", "5", "unknown_members", "value=\"5\""),
        ("okta", "refuse", "soon", "welcome_delay", "value=\"soon\""),
        ("okta", "refuse", "-1", "welcome_delay", "value=\"refuse\" checked"),
        ("okta", "refuse", "4294967296", "welcome_delay", "value=\"okta\" selected"),
    ] {
        let answer = browser.post(path, &form(dialect, members, delay));
        assert_eq!(answer.status, 400, "{dialect} {members} {delay}");
        assert!(complaint(&answer, field).len() > 20);
        assert!(answer.body.contains(kept), "{kept} is gone");
        assert!(answer.body.contains("href=\"#settings\""));
        let flags = ["--dialect", dialect, "--unknown-members", members, "--welcome-delay", delay];
        let refused = place.run(&[&["connection", "set", "--tenant", "acme"], flags.as_slice()].concat());
        assert_ne!(refused.code, Some(0), "{dialect} {members} {delay}");
    }
    assert_eq!(shown(&place, "default"), found, "something was saved");
    assert_eq!(browser.post(path, &form("auto", "auto", "")).status, 200);
    let emptied = shown(&place, "default");
    assert_eq!((&emptied["dialect"], &emptied["welcomeDelay"]), (&json!("auto"), &Value::Null));
    assert_eq!(browser.post(path, &[("connection", "none"), ("dialect", "okta")]).status, 404);
}

#[test]
fn a_connection_is_made_with_a_token_that_is_shown_once() {
    let (place, server, password) = workspaces();
    let browser = server.log_in(&password);
    let path = "/console/acme/connections";
    assert!(browser.get("/console/acme/provisioning").body.contains(&format!("href=\"{path}\"")));
    for (name, why) in [("", "1 to 63"), ("entra id", "1 to 63"), ("-a", "1 to 63"), ("Default", "exists already")] {
        let answer = browser.post(path, &[("name", name), ("dialect", "entra")]);
        assert_eq!(answer.status, 400, "{name}");
        assert!(complaint(&answer, "name").contains(why), "{name}: {}", complaint(&answer, "name"));
        assert!(answer.body.contains("value=\"entra\" selected"), "what was chosen is gone");
        assert!(answer.body.contains(&format!("value=\"{name}\"")), "what was typed is gone");
    }
    let both = browser.post(path, &[("name", "a b"), ("dialect", "none")]);
    assert!(complaint(&both, "dialect").len() > 20 && complaint(&both, "name").contains("a b"));
    assert_eq!(place.json(&["token", "list", "--tenant", "acme"]), json!([]), "a token for nothing");

    let made = browser.post(path, &[("name", " Entra "), ("dialect", "entra")]);
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(made.body.contains("The connection entra is made") && made.body.contains("acme.entra"), "{}", made.body);
    let token = made.body.split("id=\"new-token\">").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(server.get("/t/acme/api/scim/v2/Users", token).status, 200);
    assert_eq!(shown(&place, "entra")["dialect"], "entra");
    let tokens = place.json(&["token", "list", "--tenant", "acme"]);
    assert_eq!((&tokens[0]["connection"], &tokens[0]["label"]), (&json!("entra"), &json!("Microsoft Entra ID")));
    assert!(!browser.get("/console/acme/provisioning?connection=entra").body.contains(token));
    let again = browser.post(path, &[("name", "entra"), ("dialect", "okta")]);
    assert!(complaint(&again, "name").contains("exists already"));
    assert_eq!(shown(&place, "entra")["dialect"], "entra", "it was changed");
    assert!(!browser.get("/console/other/connections").body.contains("entra</a>"), "of another workspace");

    // Beside an HRIS integration it is made, and waits.
    let hris = [("hris", "on"), ("max_deactivations", "0"), ("deactivation_window", "60"), ("connection", "entra")];
    assert_eq!(browser.post("/console/acme/provisioning", &hris[1..]).status, 200, "the new one is switched off");
    assert_eq!(browser.post("/console/acme/provisioning", &hris[..3]).status, 200);
    let made = browser.post(path, &[("name", "third"), ("dialect", "auto")]);
    assert!(made.body.contains("switched off as long as"), "{}", made.body);
    assert_eq!(shown(&place, "third")["enabled"], false);
}

/// The page, once it says this: what another process changed is seen within a second.
fn server_until(browser: &Browser<'_>, path: &str, part: &str) -> String {
    let found = std::iter::repeat_with(|| browser.get(path).body).take(10_000).find(|body| body.contains(part));
    found.unwrap_or_else(|| panic!("{path} does not say {part}"))
}

#[test]
fn numbers_that_are_none_and_switches_that_exclude_each_other_are_marked() {
    let (place, server, password) = workspaces();
    let browser = server.log_in(&password);
    let before = shown(&place, "default");
    let path = "/console/acme/provisioning";
    for (most, window, field) in
        [("many", "60", "max_deactivations"), ("5", "0", "deactivation_window"), ("", "60", "max_deactivations")]
    {
        let form = [("enabled", "on"), ("max_deactivations", most), ("deactivation_window", window)];
        let answer = browser.post(path, &form);
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(complaint(&answer, field).starts_with("A whole number from "));
    }
    let both = [("enabled", "on"), ("hris", "on"), ("max_deactivations", "5"), ("deactivation_window", "60")];
    let answer = browser.post(path, &both);
    assert_eq!(answer.status, 400);
    assert!(complaint(&answer, "hris").contains("either from an HRIS integration or by provisioning"));
    assert!(answer.body.contains("value=\"5\""), "what was typed is gone");
    assert_eq!(shown(&place, "default"), before);
    assert_eq!(browser.post(path, &both[1..]).status, 200);
    assert_eq!(shown(&place, "default")["hris"], true);
}

#[test]
fn issuers_are_trusted_and_removed_in_their_own_workspace_only() {
    let (place, server, password) = workspaces();
    let browser = server.log_in(&password);
    let path = "/console/acme/issuers";
    let form = |issuer, keys| [("issuer", issuer), ("audience", "api://haystack"), ("keys", keys), ("scope", "read")];
    for (keys, why) in [
        ("/etc/passwd", "command line"),
        ("http://login.test/keys", "https"),
        ("http://127.0.0.1:9/keys", "private network"),
        ("https://169.254.169.254/latest/meta-data", "private network"),
        ("https://[::ffff:10.0.0.1]/keys", "private network"),
        ("https://2130706433/keys", "private network"),
        ("{", "no JSON"),
        (r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#, "private key"),
        ("", "the place of the keys is empty"),
    ] {
        let answer = browser.post(path, &form("https://login.test", keys));
        assert_eq!(answer.status, 400, "{keys}");
        assert!(complaint(&answer, "keys").contains(why), "{keys}: {}", complaint(&answer, "keys"));
        assert!(answer.body.contains("value=\"https://login.test\""), "what was typed is gone");
    }
    assert!(complaint(&browser.post(path, &form("", KEYS)), "issuer").contains("the issuer is empty"));
    assert_eq!(place.json(&["issuer", "list"]), json!([]));

    let answer = browser.post(path, &form("https://login.test", KEYS));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!answer.body.contains("11qYAYKx"), "keys are shown again");
    let listed = place.json(&["issuer", "list", "--tenant", "acme"]);
    assert_eq!((&listed[0]["scope"], &listed[0]["connection"]), (&json!("read"), &json!("default")));
    let again = browser.post(path, &form("https://login.test", KEYS));
    assert!(complaint(&again, "issuer").contains("exists already"));

    let id = listed[0]["id"].as_str().unwrap();
    assert!(!browser.get("/console/other/provisioning").body.contains("login.test"));
    assert_eq!(browser.post(&format!("/console/other/issuers/{id}/remove"), &[]).status, 404);
    assert_eq!(place.json(&["issuer", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(browser.post(&format!("/console/acme/issuers/{id}/remove"), &[]).status, 303);
    assert_eq!(place.json(&["issuer", "list"]), json!([]));
}

#[test]
fn people_who_were_here_before_are_shown_first_and_then_linked() {
    let (place, server, password) = workspaces();
    for (tenant, name) in [("acme", "ann"), ("acme", "bob"), ("acme", "cid"), ("other", "zoe")] {
        place.ok(&["person", "invite", "--tenant", tenant, name]);
    }
    let unowned = |tenant: &str| {
        let found = place.json(&["adopt", "--tenant", tenant]);
        let names = found["unowned"].as_array().unwrap().iter().map(|it| it["userName"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let browser = server.log_in(&password);
    let path = "/console/acme/adoption";
    let page = browser.get(path).body;
    assert!(["ann", "bob", "cid"].iter().all(|name| page.contains(&format!("value=\"{name}\""))), "{page}");
    assert!(!page.contains("zoe"), "a person of another workspace");

    let list = "userName,externalId\nann,e1\nzoe,e2\nnew,e3\n";
    let answer = browser.post(path, &[("roster", list), ("do", "look")]);
    assert!(answer.body.contains("1 would be linked, 0 linked already, 0 not to be linked, 0 ambiguous, 2 new."));
    assert_eq!(unowned("acme").len(), 3, "looking changes nothing");
    let answer = browser.post(path, &[("roster", list), ("do", "link")]);
    assert!(answer.body.contains("1 person linked to the connection default."), "{}", answer.body);
    assert_eq!(unowned("acme"), ["bob", "cid"]);
    let answer = browser.post(path, &[("roster", list), ("do", "look")]);
    assert!(answer.body.contains("0 would be linked, 1 linked already"), "{}", answer.body);

    let answer = browser.post(path, &[("do", "pick"), ("person", "cid"), ("person", "zoe")]);
    assert!(answer.body.contains("1 linked, 0 linked already, 0 not to be linked, 0 ambiguous, 1 new."));
    assert_eq!((unowned("acme"), unowned("other")), (vec!["bob".to_owned()], vec!["zoe".to_owned()]));

    for (bad, why) in [("name\nann\n", "names none of the columns"), ("userName\n", "nobody"), ("", "none of the")] {
        let answer = browser.post(path, &[("roster", bad), ("do", "link")]);
        assert_eq!(answer.status, 400, "{bad:?}");
        assert!(complaint(&answer, "roster").contains(why), "{bad:?}: {}", complaint(&answer, "roster"));
    }
    let long: String = std::iter::once("userName\n".to_owned()).chain((0..5_001).map(|n| format!("p{n}\n"))).collect();
    let answer = browser.post(path, &[("roster", &long), ("do", "look")]);
    assert!(complaint(&answer, "roster").contains("5001 people, more than 5000"));
    assert_eq!(browser.post(path, &[("roster", list), ("do", "look"), ("connection", "none")]).status, 404);
}

/// What the page says of linking without a list, by what a provider then meets.
#[test]
fn who_is_linked_without_a_list_has_no_external_id_until_the_provider_sends_it() {
    let (place, server, password) = workspaces();
    for name in ["ann", "bob", "cid"] {
        place.ok(&["person", "invite", "--tenant", "acme", name]);
    }
    let token = place.ok(&["token", "create", "--tenant", "acme"]).trim_end().to_owned();
    let users = "/t/acme/api/scim/v2/Users";
    server.until(200, |server| server.get(users, &token));
    let browser = server.log_in(&password);
    let page = browser.get("/console/acme/adoption").body;
    assert!(page.contains("no <code>externalId</code> is entered"), "{page}");
    let linked = browser.post("/console/acme/adoption", &[("do", "pick"), ("person", "ann")]).body;
    assert!(linked.contains("For that person no <code>externalId</code> is given"), "{linked}");
    let list = "userName,externalId\nbob,e2\n";
    let linked = browser.post("/console/acme/adoption", &[("roster", list), ("do", "link")]).body;
    assert!(!linked.contains("<code>externalId</code> is given"), "{linked}");

    let find = |attribute: &str, value: &str| {
        let found = server.get(&format!("{users}?filter={attribute}%20eq%20%22{value}%22"), &token).json();
        found["Resources"].as_array().and_then(|found| found.first().cloned())
    };
    // By user name whoever is linked is found; by externalId only who is linked by a list that has it.
    let ann = find("userName", "ann").unwrap();
    assert_eq!(ann["externalId"], Value::Null);
    assert!(find("externalId", "e1").is_none());
    assert_eq!(find("externalId", "e2").unwrap()["userName"], "bob");
    let person = |name: &str, external_id: &str| {
        let schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"];
        json!({"schemas": schemas, "userName": name, "externalId": external_id}).to_string()
    };
    assert_eq!(server.post(users, &token, &person("ann", "e1")).status, 409, "a create of someone linked");
    // The first update brings it.
    let path = format!("{users}/{}", ann["id"].as_str().unwrap());
    let update = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": {"externalId": "e1", "displayName": "Ann"}}]});
    assert_eq!(server.patch(&path, &token, &update.to_string()).status, 200);
    assert_eq!(find("externalId", "e1").unwrap()["id"], ann["id"]);
    // Who was not linked is linked by the create.
    let cid = find("userName", "cid").unwrap();
    let made = server.post(users, &token, &person("cid", "e3"));
    assert_eq!((made.status, &made.json()["id"]), (201, &cid["id"]));
}

#[test]
fn a_long_list_is_looked_at_page_by_page() {
    let (place, server, password) = workspaces();
    place.ok(&["person", "invite", "--tenant", "acme", "p150"]);
    let browser = server.log_in(&password);
    let list: String = std::iter::once("userName\n".to_owned()).chain((0..250).map(|n| format!("p{n}\n"))).collect();
    let page = |n: &str| browser.post("/console/acme/adoption", &[("roster", &list), ("page", n)]).body;
    let (first, second) = (page("1"), page("2"));
    assert!(first.contains("250 in all · page 1 of 3") && !first.contains("would be linked</span>"));
    assert!(second.contains("page 2 of 3") && second.contains("would be linked</span>"), "{second}");
    assert_eq!(place.json(&["adopt", "--tenant", "acme"])["unowned"].as_array().unwrap().len(), 1);
}

#[test]
fn the_overview_counts_people_by_state_and_goes_with_what_changes() {
    let (place, server, password) = workspaces();
    let token = place.ok(&["token", "create", "--tenant", "acme"]).trim_end().to_owned();
    server.until(200, |server| server.get("/t/acme/api/scim/v2/Users", &token));
    let browser = server.log_in(&password);
    let figures = |tenant: &str| -> Vec<String> {
        let page = browser.get(&format!("/console/{tenant}")).body;
        let figures = page.split("<strong>").skip(1).map(|rest| rest.split("</strong>").next().unwrap_or_default());
        figures.take(6).map(str::to_owned).collect()
    };
    // People, active, unclaimed, deactivated, groups, health.
    assert_eq!(figures("acme"), ["0", "0", "0", "0", "0", "0%"]);
    let ann = create(&server, "acme", &token, "ann", "");
    for name in ["bob", "cid", "dan"] {
        create(&server, "acme", &token, name, "");
    }
    assert_eq!(figures("acme"), ["4", "0", "4", "0", "0", "0%"]);
    place.ok(&["person", "sign-in", "--tenant", "acme", "ann"]);
    place.ok(&["person", "sign-in", "--tenant", "acme", "bob"]);
    assert_eq!(figures("acme"), ["4", "2", "2", "0", "0", "50%"]);
    let path = format!("/t/acme/api/scim/v2/Users/{ann}");
    let activity = |active: bool| {
        let patch = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "active", "value": active}]});
        assert_eq!(server.patch(&path, &token, &patch.to_string()).status, 200);
    };
    activity(false);
    assert_eq!(figures("acme"), ["4", "1", "2", "1", "0", "33%"]);
    activity(true);
    assert_eq!(figures("acme"), ["4", "2", "2", "0", "0", "50%"]);
    assert_eq!(figures("other"), ["0", "0", "0", "0", "0", "0%"]);
}

#[test]
fn the_org_chart_begins_at_the_top_and_opens_a_branch() {
    let (place, server, password) = workspaces();
    let token = place.ok(&["token", "create", "--tenant", "acme"]).trim_end().to_owned();
    server.until(200, |server| server.get("/t/acme/api/scim/v2/Users", &token));
    let boss = create(&server, "acme", &token, "boss", "");
    let middle = create(&server, "acme", &token, "middle", "boss");
    for n in 0..60 {
        create(&server, "acme", &token, &format!("low{n:02}"), "middle");
    }
    create(&server, "acme", &token, "lost", "nobody@x.test");
    create(&server, "acme", &token, "own", "own");
    let browser = server.log_in(&password);
    let chart = "/console/acme/org-chart";
    let page = browser.get(chart).body;
    for part in
        ["64 people.", "1 person waits", ">boss<", "1 report →", ">lost<", "manager not here: nobody@x.test", ">own<"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains(">middle<") && !page.contains(">low"), "more is shown than the top");

    let page = browser.get(&format!("{chart}?person={middle}")).body;
    let boxes = |page: &str| page.matches("<rect").count();
    assert!(page.contains(">boss<") && page.contains(">middle<"), "{page}");
    assert_eq!(boxes(&page), 52, "the line, the person and fifty reports");
    let next = page.split("after=").nth(1).unwrap().split('"').next().unwrap();
    let later = browser.get(&format!("{chart}?person={middle}&after={next}")).body;
    assert_eq!(boxes(&later), 12, "the rest");
    assert!(later.contains("First page"));
    assert!(browser.get(&format!("{chart}?root={boss}")).body.contains("60 reports →"), "addresses from before work");

    let troubles = browser.get(&format!("{chart}/troubles")).body;
    for part in [">lost<", "nobody of this name is here yet", ">own<", "is named as their own manager"] {
        assert!(troubles.contains(part), "{part}: {troubles}");
    }
    for path in ["org-chart?after=!", "org-chart?after=CQ", "org-chart/troubles?after=CQ", "adoption?after=!"] {
        assert_eq!(browser.get(&format!("/console/acme/{path}")).status, 400, "{path}");
    }
    // Of another workspace nobody is shown.
    for path in [format!("org-chart?person={boss}"), "org-chart?person=nobody".to_owned()] {
        assert_eq!(browser.get(&format!("/console/other/{path}")).status, 404, "{path}");
    }
    assert!(browser.get("/console/other/org-chart").body.contains("No reporting lines are known yet"));
    assert!(!browser.get("/console/other/org-chart/troubles").body.contains("lost"));
}

#[test]
fn circles_are_looked_for_when_they_are_asked_for() {
    let (place, server, password) = workspaces();
    let token = place.ok(&["token", "create", "--tenant", "acme"]).trim_end().to_owned();
    server.until(200, |server| server.get("/t/acme/api/scim/v2/Users", &token));
    let one = create(&server, "acme", &token, "one", "two");
    create(&server, "acme", &token, "two", "one");
    let browser = server.log_in(&password);
    let page = browser.get(&format!("/console/acme/org-chart?person={one}"));
    assert!(page.body.contains("runs in a circle"), "{}", page.body);
    assert!(browser.get("/console/acme/org-chart/troubles").body.contains("Look for circles"));
    let found = browser.get("/console/acme/org-chart/troubles?circles=1").body;
    assert!(found.contains(">one<") && found.contains(">two<") && found.contains("and round again"), "{found}");
}

#[test]
fn the_top_is_found_by_an_index() {
    let (place, server, _) = workspaces();
    let token = place.ok(&["token", "create", "--tenant", "acme"]).trim_end().to_owned();
    server.until(200, |server| server.get("/t/acme/api/scim/v2/Users", &token));
    create(&server, "acme", &token, "boss", "");
    for n in 0..20 {
        create(&server, "acme", &token, &format!("low{n}"), "boss");
    }
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";
    let haystack = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User:managerExternalId";
    let filter = format!("not ({enterprise} pr) and not ({haystack} pr)");
    let explained = place.ok(&["explain", &filter, "--tenant", "acme"]);
    assert!(explained.contains("those without") && explained.contains("which are the matches"), "{explained}");
}

#[test]
fn a_form_that_was_not_made_for_the_session_changes_nothing() {
    let (place, server, password) = workspaces();
    place.ok(&["person", "invite", "--tenant", "acme", "ann"]);
    let browser = server.log_in(&password);
    let before = shown(&place, "default");
    for path in [
        "provisioning",
        "provisioning/check",
        "provisioning/attributes",
        "provisioning/settings",
        "connections",
        "security",
        "security/welcome",
        "fields",
        "fields/remove",
        "issuers",
        "issuers/1/remove",
        "adoption",
        "tokens",
        "tokens/1/revoke",
        "holds/1/release",
    ] {
        for csrf in ["", "0000"] {
            let form = [
                ("csrf", csrf),
                ("do", "pick"),
                ("person", "ann"),
                ("adopt_invited", "never"),
                ("dialect", "okta"),
                ("name", "third"),
            ];
            let answer = browser.post_as_is(&format!("/console/acme/{path}"), &form);
            assert_eq!(answer.status, 403, "{path}: {}", answer.body);
        }
        let stranger = server.form(&format!("/console/acme/{path}"), "csrf=");
        assert_eq!(stranger.status, 303, "{path}");
        assert!(stranger.head.contains("/console/login"), "{path}");
    }
    assert_eq!(shown(&place, "default"), before);
    assert_eq!(place.run(&["connection", "show", "--tenant", "acme", "--connection", "third"]).code, Some(1));
    assert_eq!(place.json(&["adopt", "--tenant", "acme"])["unowned"].as_array().unwrap().len(), 1);
}
