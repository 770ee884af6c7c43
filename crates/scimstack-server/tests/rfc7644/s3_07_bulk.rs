//! RFC 7644 §3.7: bulk requests. Many operations, each as if it came alone; bulkIds; limits.

use crate::support::{Answer, BASE, ENTERPRISE, GROUP, Setting, USER, World};

over_every_store! {
    the_printed_request_for_a_group_is_done in Setting::rfc();
    the_printed_request_for_a_manager_is_done in Setting::rfc();
    the_printed_circle_is_made_whole in Setting::rfc();
    every_method_is_done_and_answered_in_the_order_of_the_request in Setting::rfc();
    references_forward_and_backward_are_the_same in Setting::rfc();
    circles_of_every_shape_are_made_whole in Setting::rfc();
    a_circle_is_made_whole_or_not_at_all in Setting::rfc();
    one_that_fails_takes_only_those_with_it_that_refer_to_it in Setting::rfc();
    what_an_operation_lacks_is_its_own_error in Setting::rfc();
    fail_on_errors_ends_the_request_after_so_many in Setting::rfc();
    a_version_guards_its_operation_alone in Setting::rfc();
    bulk_ids_are_references_only_where_references_stand in Setting::rfc();
    paths_can_name_what_the_request_makes in Setting::rfc();
    what_is_no_bulk_request_is_refused_whole in Setting::rfc();
    each_operation_has_its_own_entry_in_the_log in Setting::directory();
    every_operation_obeys_the_switches_of_the_connection in Setting::directory().policy(|policy| policy.create_users = false);
    a_circle_is_made_where_unknown_members_are_refused in Setting::rfc().policy(|policy| policy.unknown_members = scimstack_protocol::UnknownMembers::Refuse);
    names_are_taken_in_the_order_of_the_request in Setting::rfc();
}

/// The text of a file in `spec/examples`.
macro_rules! example {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/examples/", $name))
    };
}

pub(crate) fn bulk(w: &World, operations: &str) -> Answer {
    send(w, "", operations)
}

pub(crate) fn send(w: &World, more: &str, operations: &str) -> Answer {
    let body = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],{more}"Operations":[{operations}]}}"#
    );
    let answer = w.post("/Bulk", body).send().expect(200);
    let whole = answer.json();
    assert_eq!(whole["schemas"], serde_json::json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
    assert_eq!(whole.get("failOnErrors"), None, "it belongs to requests");
    for operation in whole["Operations"].as_array().unwrap() {
        let (status, method) = (operation["status"].as_str().unwrap(), operation["method"].as_str().unwrap());
        let failed = !status.starts_with('2');
        assert_eq!(operation.get("response").is_some(), failed, "{operation}");
        if failed {
            let error = &operation["response"];
            assert_eq!(error["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{operation}");
            assert_eq!(error["status"], status, "{operation}");
            assert!(error["detail"].as_str().unwrap().len() > 10, "{operation}");
        }
        let has_location = operation["location"].as_str().is_some_and(|location| location.starts_with(BASE));
        assert!(has_location || (failed && method == "POST") || method.is_empty(), "{operation}");
        assert!(!(failed && method == "POST" && operation.get("location").is_some()), "{operation}");
    }
    answer
}

pub(crate) fn statuses(answer: &Answer) -> Vec<String> {
    let whole = answer.json();
    whole["Operations"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap().to_owned()).collect()
}

/// The id in the location of each operation, as far as it has one.
fn ids(answer: &Answer) -> Vec<String> {
    let whole = answer.json();
    let location = |one: &serde_json::Value| one["location"].as_str().unwrap_or_default().to_owned();
    whole["Operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| location(one).rsplit('/').next().unwrap_or_default().to_owned())
        .collect()
}

pub(crate) fn user(bulk_id: &str, name: &str) -> String {
    format!(
        r#"{{"method":"POST","path":"/Users","bulkId":"{bulk_id}","data":{{"schemas":["{USER}"],"userName":"{name}"}}}}"#
    )
}

fn report(bulk_id: &str, name: &str, manager: &str) -> String {
    format!(
        r#"{{"method":"POST","path":"/Users","bulkId":"{bulk_id}","data":{{"schemas":["{USER}","{ENTERPRISE}"],"userName":"{name}","{ENTERPRISE}":{{"manager":{{"value":"{manager}"}}}}}}}}"#
    )
}

pub(crate) fn group(bulk_id: &str, members: &[&str]) -> String {
    let members: Vec<String> = members.iter().map(|id| format!(r#"{{"value":"{id}"}}"#)).collect();
    format!(
        r#"{{"method":"POST","path":"/Groups","bulkId":"{bulk_id}","data":{{"schemas":["{GROUP}"],"displayName":"{bulk_id}","members":[{}]}}}}"#,
        members.join(",")
    )
}

pub(crate) fn patch(path: &str, operations: &str) -> String {
    format!(
        r#"{{"method":"PATCH","path":"{path}","data":{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{operations}}}}}"#
    )
}

fn count(w: &World, path: &str) -> u64 {
    w.get(&format!("{path}?count=0")).send().expect(200).json()["totalResults"].as_u64().unwrap()
}

fn manager(w: &World, id: &str) -> serde_json::Value {
    w.get(&format!("/Users/{id}")).send().expect(200).json()[ENTERPRISE]["manager"].clone()
}

fn the_printed_request_for_a_group_is_done(w: &World) {
    let answer = w.post("/Bulk", example!("rfc7644/3.7.2-bulk-request-group.json")).send().expect(200);
    let answer = answer.shows(
        r#"{"Operations":[{"method":"POST","bulkId":"qwerty","status":"201"},{"method":"POST","bulkId":"ytrewq","status":"201"}]}"#,
    );
    let ids = ids(&answer);
    assert_eq!(w.members(&ids[1]), [ids[0].as_str()]);
    let shown = w.get(&format!("/Groups/{}", ids[1])).send().expect(200);
    shown.shows(&format!(r#"{{"members":[{{"type":"User","$ref":"{BASE}/Users/{}"}}]}}"#, ids[0]));
}

fn the_printed_request_for_a_manager_is_done(w: &World) {
    let answer = w.post("/Bulk", example!("rfc7644/3.7.2-bulk-request-manager.json")).send().expect(200);
    assert_eq!(statuses(&answer), ["201", "201"]);
    let ids = ids(&answer);
    assert_eq!(manager(w, &ids[1])["value"], ids[0]);
    assert_eq!(manager(w, &ids[1])["$ref"], format!("{BASE}/Users/{}", ids[0]));
}

fn the_printed_circle_is_made_whole(w: &World) {
    let answer = w.post("/Bulk", example!("rfc7644/3.7.1-bulk-request.json")).send().expect(200);
    assert_eq!(statuses(&answer), ["201", "201"]);
    let ids = ids(&answer);
    for (one, other) in [(&ids[0], &ids[1]), (&ids[1], &ids[0])] {
        let shown = w.get(&format!("/Groups/{one}")).send().expect(200);
        shown.shows(&format!(r#"{{"members":[{{"value":"{other}","type":"Group","$ref":"{BASE}/Groups/{other}"}}]}}"#));
    }
}

fn every_method_is_done_and_answered_in_the_order_of_the_request(w: &World) {
    let (ann, bob, eve) = (w.user("ann"), w.user("bob"), w.user("eve"));
    let answer = bulk(
        w,
        &[
            user("a", "zoe"),
            format!(r#"{{"method":"put","path":"/Users/{ann}","bulkId":"kept","data":{{"schemas":["{USER}"],"userName":"anna"}}}}"#),
            patch(&format!("/Users/{bob}"), r#"[{"op":"add","path":"title","value":"boss"}]"#),
            format!(r#"{{"method":"DELETE","path":"/Users/{eve}"}}"#),
            format!(r#"{{"method":"DELETE","path":"{BASE}/Users/nobody"}}"#),
        ]
        .join(","),
    );
    let zoe = &ids(&answer)[0];
    let answer = answer.shows(&format!(
        r#"{{"Operations":[
            {{"method":"POST","bulkId":"a","location":"{BASE}/Users/{zoe}","version":"W/\"1\"","status":"201"}},
            {{"method":"PUT","bulkId":"kept","location":"{BASE}/Users/{ann}","version":"W/\"2\"","status":"200"}},
            {{"method":"PATCH","location":"{BASE}/Users/{bob}","version":"W/\"2\"","status":"200"}},
            {{"method":"DELETE","location":"{BASE}/Users/{eve}","status":"204"}},
            {{"method":"DELETE","location":"{BASE}/Users/nobody","status":"404","response":{{"status":"404"}}}}
        ]}}"#
    ));
    assert!(!answer.text().contains("userName"), "resources are not sent back: {}", answer.text());
    w.get(&format!("/Users/{zoe}")).send().expect(200).shows(r#"{"userName":"zoe","meta":{"version":"W/\"1\""}}"#);
    w.get(&format!("/Users/{ann}")).send().expect(200).shows(r#"{"userName":"anna"}"#);
    w.get(&format!("/Users/{bob}")).send().expect(200).shows(r#"{"title":"boss"}"#);
    w.get(&format!("/Users/{eve}")).send().expect(404);
}

fn references_forward_and_backward_are_the_same(w: &World) {
    for (n, forward) in [false, true].into_iter().enumerate() {
        let mut operations = vec![user("u", &format!("u{n}")), report("r", &format!("r{n}"), "bulkId:u")];
        operations.push(group("g", &["bulkId:u", "bulkId:r"]));
        if forward {
            operations.reverse();
        }
        let answer = bulk(w, &operations.join(","));
        assert_eq!(statuses(&answer), ["201"; 3]);
        let mut ids = ids(&answer);
        if forward {
            ids.reverse();
        }
        assert_eq!(manager(w, &ids[1])["value"], ids[0]);
        let mut members = vec![ids[0].clone(), ids[1].clone()];
        members.sort();
        assert_eq!(w.members(&ids[2]), members);
    }
}

fn circles_of_every_shape_are_made_whole(w: &World) {
    // Each manages the next; one manages itself; a group in itself; and what refers to them from outside.
    let answer = bulk(
        w,
        &[
            group("all", &["bulkId:a", "bulkId:self", "bulkId:all"]),
            report("a", "a", "bulkId:b"),
            report("b", "b", "bulkId:c"),
            report("c", "c", "bulkId:a"),
            report("self", "self", "bulkId:self"),
            report("d", "d", "bulkId:c"),
        ]
        .join(","),
    );
    assert_eq!(statuses(&answer), ["201"; 6]);
    let ids = ids(&answer);
    for (who, boss) in [(1, 2), (2, 3), (3, 1), (4, 4), (5, 3)] {
        assert_eq!(manager(w, &ids[who])["value"], ids[boss], "{who}");
        assert_eq!(manager(w, &ids[who])["$ref"], format!("{BASE}/Users/{}", ids[boss]), "{who}");
    }
    let mut members = vec![ids[0].clone(), ids[1].clone(), ids[4].clone()];
    members.sort();
    assert_eq!(w.members(&ids[0]), members);
    for (n, operation) in answer.json()["Operations"].as_array().unwrap().iter().enumerate() {
        let endpoint = if n == 0 { "Groups" } else { "Users" };
        assert_eq!(operation["version"], w.get(&format!("/{endpoint}/{}", ids[n])).send().etag(), "{n}");
    }
}

fn a_circle_is_made_whole_or_not_at_all(w: &World) {
    w.user("taken");
    for operations in [
        [report("a", "a", "bulkId:b"), report("b", "taken", "bulkId:a"), report("c", "c", "bulkId:a")],
        [report("b", "taken", "bulkId:a"), report("a", "a", "bulkId:b"), report("c", "c", "bulkId:a")],
    ] {
        let answer = bulk(w, &operations.join(","));
        assert_eq!(statuses(&answer), ["409"; 3]);
        let whole = answer.json();
        let kinds = whole["Operations"].as_array().unwrap().iter().map(|one| one["response"].get("scimType").is_some());
        assert_eq!(kinds.filter(|is_own| *is_own).count(), 1, "{whole}");
        assert_eq!(count(w, "/Users"), 1, "nothing is left of it");
    }
    let answer = bulk(w, &[report("a", "a", "bulkId:b"), report("b", "b", "bulkId:a")].join(","));
    assert_eq!(statuses(&answer), ["201"; 2], "and nothing is in the way of another try");
}

fn one_that_fails_takes_only_those_with_it_that_refer_to_it(w: &World) {
    w.user("taken");
    let answer = bulk(
        w,
        &[
            user("a", "taken"),
            group("g", &["bulkId:a"]),
            user("b", "b"),
            group("h", &["bulkId:g"]),
            patch("/Users/bulkId:a", r#"[{"op":"add","path":"title","value":"x"}]"#),
            patch("/Users/bulkId:b", r#"[{"op":"add","path":"title","value":"x"}]"#),
        ]
        .join(","),
    );
    assert_eq!(statuses(&answer), ["409", "409", "201", "409", "409", "200"]);
    let whole = answer.json();
    assert_eq!(whole["Operations"][0]["response"]["scimType"], "uniqueness");
    for (n, id) in [(1, "bulkId:a"), (3, "bulkId:g"), (4, "bulkId:a")] {
        let error = &whole["Operations"][n]["response"];
        assert!(error["detail"].as_str().unwrap().contains(id) && error.get("scimType").is_none(), "{error}");
    }
    assert_eq!(whole["Operations"][4]["location"], format!("{BASE}/Users/bulkId:a"));
    assert_eq!((count(w, "/Users"), count(w, "/Groups")), (2, 0));
}

fn what_an_operation_lacks_is_its_own_error(w: &World) {
    let ann = w.user("ann");
    let data = format!(r#""data":{{"schemas":["{USER}"],"userName":"x"}}"#);
    let cases = [
        (format!(r#"{{"path":"/Users",{data}}}"#), "400", Some("invalidSyntax")),
        (format!(r#"{{"method":"GET","path":"/Users/{ann}"}}"#), "400", Some("invalidSyntax")),
        (format!(r#"{{"method":"POST","bulkId":"p",{data}}}"#), "400", Some("invalidSyntax")),
        (format!(r#"{{"method":"POST","path":"/Users",{data}}}"#), "400", Some("invalidSyntax")),
        (r#"{"method":"POST","path":"/Users","bulkId":"d"}"#.to_owned(), "400", Some("invalidSyntax")),
        (format!(r#"{{"method":"PUT","path":"/Users/{ann}"}}"#), "400", Some("invalidSyntax")),
        (format!(r#"{{"method":"PATCH","path":"/Users/{ann}"}}"#), "400", Some("invalidSyntax")),
        (format!(r#"{{"method":"POST","path":"/Users/{ann}","bulkId":"q",{data}}}"#), "405", None),
        (format!(r#"{{"method":"PUT","path":"/Users",{data}}}"#), "405", None),
        (r#"{"method":"DELETE","path":"/Groups"}"#.to_owned(), "405", None),
        (format!(r#"{{"method":"POST","path":"/Robots","bulkId":"r",{data}}}"#), "404", None),
        (r#"{"method":"DELETE","path":"/Users/1/2"}"#.to_owned(), "404", None),
        (format!(r#"{{"method":"POST","path":"/Bulk","bulkId":"s",{data}}}"#), "400", Some("invalidValue")),
        (format!(r#"{{"method":"POST","path":"/Users/.search","bulkId":"t",{data}}}"#), "400", Some("invalidValue")),
        (r#"{"method":"DELETE","path":"/Schemas"}"#.to_owned(), "400", Some("invalidValue")),
        (r#"{"method":"DELETE","path":"/Me"}"#.to_owned(), "501", None),
        (r#"{"method":"DELETE","path":"/Users/bulkId:nobody"}"#.to_owned(), "400", Some("invalidValue")),
        (group("u", &["bulkId:nope"]), "400", Some("invalidValue")),
        (user("twice", "first"), "201", None),
        (user("twice", "second"), "400", Some("invalidValue")),
        (patch(&format!("/Users/{ann}"), r#"[{"op":"add","path":"nothing","value":1}]"#), "400", Some("noTarget")),
        (patch(&format!("/Users/{ann}"), r#"[{"op":"replace","path":"id","value":"x"}]"#), "400", Some("mutability")),
        (user("last", "last"), "201", None),
    ];
    let operations: Vec<&str> = cases.iter().map(|(operation, ..)| operation.as_str()).collect();
    let whole = bulk(w, &operations.join(",")).json();
    for (n, (operation, status, scim_type)) in cases.iter().enumerate() {
        let found = &whole["Operations"][n];
        assert_eq!(found["status"], *status, "{operation}: {found}");
        assert_eq!(found["response"]["scimType"].as_str(), *scim_type, "{operation}: {found}");
    }
    assert_eq!(count(w, "/Users"), 3);
}

fn fail_on_errors_ends_the_request_after_so_many(w: &World) {
    w.user("taken");
    let operations = |run: usize| {
        [
            user("a", &format!("a{run}")),
            user("b", "taken"),
            user("c", &format!("c{run}")),
            user("d", "taken"),
            user("e", &format!("e{run}")),
        ]
        .join(",")
    };
    for (most, expected) in [
        ("1", vec!["201", "409"]),
        ("2", vec!["201", "409", "201", "409"]),
        ("3", vec!["201", "409", "201", "409", "201"]),
        ("null", vec!["201", "409", "201", "409", "201"]),
        ("4294967296", vec!["201", "409", "201", "409", "201"]),
    ] {
        let before = count(w, "/Users");
        let run = usize::try_from(before).unwrap();
        let answer = send(w, &format!(r#""failOnErrors":{most},"#), &operations(run));
        assert_eq!(statuses(&answer), expected, "{most}");
        let made = expected.iter().filter(|status| **status == "201").count();
        assert_eq!(count(w, "/Users") - before, made as u64, "what was not answered was not done, what was done stays");
    }
    // What waits for the one that fails is never begun.
    let answer = send(w, r#""failOnErrors":1,"#, &[group("g", &["bulkId:x"]), user("x", "taken")].join(","));
    answer.shows(r#"{"Operations":[{"bulkId":"x","status":"409"}]}"#);
    let circle = [report("a", "taken", "bulkId:b"), report("b", "b", "bulkId:a"), user("c", "cc")].join(",");
    let answer = send(w, r#""failOnErrors":1,"#, &circle);
    answer.shows(r#"{"Operations":[{"bulkId":"a","status":"409"}]}"#);
}

fn a_version_guards_its_operation_alone(w: &World) {
    let (ann, bob) = (w.user("ann"), w.user("bob"));
    let delete = |id: &str, version: &str| format!(r#"{{"method":"DELETE","path":"/Users/{id}","version":{version}}}"#);
    let put = format!(
        r#"{{"method":"PUT","path":"/Users/{ann}","version":"W/\"1\"","data":{{"schemas":["{USER}"],"userName":"anna"}}}}"#
    );
    // The header of the whole request is for none of its operations.
    let body = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{}]}}"#,
        [delete(&ann, r#""W/\"7\"""#), put.clone(), put, delete(&bob, r#""W/\"1\"""#)].join(",")
    );
    let answer = w.post("/Bulk", body).header("if-match", "W/\"99\"").send().expect(200);
    assert_eq!(statuses(&answer), ["412", "200", "412", "204"]);
    let first = &answer.json()["Operations"][0];
    assert_eq!(first["location"], format!("{BASE}/Users/{ann}"));
    assert_eq!(first["response"]["status"], "412");
}

fn bulk_ids_are_references_only_where_references_stand(w: &World) {
    let operation = format!(
        r#"{{"method":"POST","path":"/Users","bulkId":"a","data":{{"schemas":["{USER}"],"userName":"bulkId:a","title":"bulkId:nobody","emails":[{{"value":"bulkId:b"}}]}}}}"#
    );
    let answer = bulk(w, &operation);
    let shown = w.get(&format!("/Users/{}", ids(&answer)[0])).send().expect(200);
    shown.shows(r#"{"userName":"bulkId:a","title":"bulkId:nobody","emails":[{"value":"bulkId:b"}]}"#);
    // In a PATCH: in values with and without a path, and in the filter of a path.
    let (ann, team) = (w.user("ann"), w.group("team", &[]));
    let path = format!("/Groups/{team}");
    let answer = bulk(
        w,
        &[
            patch(&path, r#"[{"op":"add","path":"members","value":[{"value":"bulkId:x"},{"value":"bulkId:y"}]}]"#),
            patch(&path, r#"[{"op":"remove","path":"members[value eq \"bulkId:x\"]"}]"#),
            patch(&path, r#"[{"op":"add","value":{"members":[{"value":"bulkId:z"}]}}]"#),
            patch(
                &format!("/Users/{ann}"),
                &format!(r#"[{{"op":"add","path":"{ENTERPRISE}:manager.value","value":"bulkId:x"}}]"#),
            ),
            user("x", "x"),
            user("y", "y"),
            user("z", "z"),
        ]
        .join(","),
    );
    assert_eq!(statuses(&answer), ["204", "204", "204", "200", "201", "201", "201"]);
    let ids = ids(&answer);
    let mut members = vec![ids[5].clone(), ids[6].clone()];
    members.sort();
    assert_eq!(w.members(&team), members);
    assert_eq!(manager(w, &ann)["value"], ids[4]);
}

fn paths_can_name_what_the_request_makes(w: &World) {
    let put = |id: &str, name: &str| {
        format!(r#"{{"method":"PUT","path":"/Users/bulkId:{id}","data":{{"schemas":["{USER}"],"userName":"{name}"}}}}"#)
    };
    let answer = bulk(
        w,
        &[
            user("a", "ann"),
            put("a", "anna"),
            patch("/Users/bulkId:a", r#"[{"op":"add","path":"title","value":"boss"}]"#),
            user("b", "bob"),
            group("g", &["bulkId:b"]),
            r#"{"method":"DELETE","path":"/Users/bulkId:b"}"#.to_owned(),
            put("c", "carla"),
            user("c", "carl"),
            r#"{"method":"DELETE","path":"/Groups/bulkId:a"}"#.to_owned(),
            user("again", "bob"),
        ]
        .join(","),
    );
    assert_eq!(statuses(&answer), ["201", "200", "200", "201", "201", "204", "200", "201", "404", "201"]);
    let ids = ids(&answer);
    assert_eq!((&ids[1], &ids[6]), (&ids[0], &ids[7]), "locations have the id");
    w.get(&format!("/Users/{}", ids[0])).send().expect(200).shows(r#"{"userName":"anna","title":"boss"}"#);
    w.get(&format!("/Users/{}", ids[7])).send().expect(200).shows(r#"{"userName":"carla"}"#);
    w.get(&format!("/Users/{}", ids[3])).send().expect(404);
    assert_eq!(w.members(&ids[4]), [""; 0]);
}

fn what_is_no_bulk_request_is_refused_whole(w: &World) {
    let schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
    for (body, scim_type) in [
        (String::new(), "invalidSyntax"),
        ("[]".to_owned(), "invalidSyntax"),
        (r#"{"Operations":[]}"#.to_owned(), "invalidSyntax"),
        (r#"{"schemas":["urn:x"],"Operations":[]}"#.to_owned(), "invalidSyntax"),
        (format!(r#"{{"schemas":["{schema}"]}}"#), "invalidSyntax"),
        (format!(r#"{{"schemas":["{schema}"],"Operations":[{},7]}}"#, user("a", "a")), "invalidSyntax"),
        (format!(r#"{{"schemas":["{schema}"],"failOnErrors":0,"Operations":[{}]}}"#, user("a", "a")), "invalidValue"),
    ] {
        w.post("/Bulk", body).send().refused(400, scim_type);
    }
    assert_eq!(count(w, "/Users"), 0);
    w.raw(http::Method::POST, "/t/acme/api/scim/v2/Bulk").body("{}").send().expect(401);
    assert_eq!(statuses(&bulk(w, "")), [""; 0]);
}

fn each_operation_has_its_own_entry_in_the_log(w: &World) {
    let ann = w.user("ann");
    let before = w.events("log").len();
    let array =
        format!(r#"{{"method":"PATCH","path":"/Users/{ann}","data":[{{"op":"add","path":"title","value":"x"}}]}}"#);
    let answer = bulk(w, &[user("a", "new"), user("b", "ANN"), array, "{}".to_owned()].join(","));
    assert_eq!(statuses(&answer), ["201", "409", "200", "400"]);
    let entries: Vec<(String, u64, String)> = w.events("log")[before..]
        .iter()
        .map(|event| {
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            (text("method"), event["status"].as_u64().unwrap(), text("subject"))
        })
        .collect();
    let expected = [("POST", 201, "new"), ("POST", 409, "ANN"), ("PATCH", 200, "ann")];
    assert_eq!(entries, expected.map(|(method, status, subject)| (method.to_owned(), status, subject.to_owned())));
}

fn every_operation_obeys_the_switches_of_the_connection(w: &World) {
    let alone = w.post("/Users", format!(r#"{{"schemas":["{USER}"],"userName":"ann"}}"#)).send().expect(403).json();
    let answer = bulk(w, &[user("a", "ann"), group("g", &[]), group("h", &["bulkId:a"])].join(","));
    assert_eq!(statuses(&answer), ["403", "201", "409"]);
    assert_eq!(answer.json()["Operations"][0]["response"], alone);
}

fn a_circle_is_made_where_unknown_members_are_refused(w: &World) {
    let answer = bulk(w, &[group("g", &["bulkId:h"]), group("h", &["bulkId:g"]), group("i", &["nobody"])].join(","));
    assert_eq!(statuses(&answer), ["201", "201", "400"]);
    let ids = ids(&answer);
    assert_eq!(w.members(&ids[0]), [ids[1].as_str()]);
}

fn names_are_taken_in_the_order_of_the_request(w: &World) {
    let ann = w.user("ann");
    let delete = format!(r#"{{"method":"DELETE","path":"/Users/{ann}"}}"#);
    let many: Vec<String> = (0..20).map(|n| user(&format!("n{n}"), if n % 2 == 0 { "Same" } else { "sAME" })).collect();
    let answer = bulk(w, &[user("a", "ann"), delete, user("b", "ANN"), many.join(",")].join(","));
    let statuses = statuses(&answer);
    assert_eq!(statuses[..4], ["409", "204", "201", "201"]);
    assert!(statuses[4..].iter().all(|status| status == "409"), "{statuses:?}");
}

#[test]
fn limits_are_enforced_as_published_and_named() {
    let w = Setting::rfc()
        .limits(|limits| {
            limits.bulk_operations = 2;
            limits.bulk_body = 1_000;
        })
        .in_memory();
    let config = w.get("/ServiceProviderConfig").send().expect(200).json();
    assert_eq!(config["bulk"], serde_json::json!({"supported":true,"maxOperations":2,"maxPayloadSize":1000}));
    let body = |count: usize| {
        let operations: Vec<String> = (0..count).map(|n| user(&format!("b{n}"), &format!("u{count}{n}"))).collect();
        format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{}]}}"#,
            operations.join(",")
        )
    };
    let answer = w.post("/Bulk", body(3)).send().expect(413);
    assert!(answer.text().contains("maxOperations (2)"), "{}", answer.text());
    let answer = w.post("/Bulk", format!("{}{}", " ".repeat(1_000), body(1))).send().expect(413);
    assert!(answer.text().contains("maxPayloadSize (1000"), "{}", answer.text());
    let whole = body(2);
    let padded = format!("{whole}{}", " ".repeat(1_000 - whole.len()));
    assert_eq!(statuses(&w.post("/Bulk", padded).send().expect(200)), ["201", "201"]);
}

#[test]
fn a_dialect_that_asks_for_no_schemas_asks_for_none_here() {
    let w = Setting::directory().in_memory();
    // As Microsoft sends it.
    let body =
        format!(r#"{{"Operations":[{}],"failOnErrors":null}}"#, user("897401c2-2de4-4b87-a97f-c02de3bcfc61", "ann"));
    assert_eq!(statuses(&w.post("/Bulk", body).send().expect(200)), ["201"]);
}

#[test]
fn a_circle_with_someone_who_comes_back_names_the_person_that_was_there() {
    let w = Setting::directory().policy(|policy| policy.reactivate_on_create = true).in_memory();
    let person = format!(r#"{{"schemas":["{USER}"],"userName":"boss","externalId":"e1"}}"#);
    let boss = w.post("/Users", person).send().expect(201).id();
    w.patch(&format!("/Users/{boss}"), r#"[{"op":"replace","path":"active","value":false}]"#).send().expect(200);
    let back = report("b", "boss", "bulkId:a").replace(r#""userName""#, r#""externalId":"e1","userName""#);
    let answer = bulk(&w, &[report("a", "ann", "bulkId:b"), back].join(","));
    assert_eq!(statuses(&answer), ["201", "201"]);
    let ids = ids(&answer);
    assert_eq!(ids[1], boss);
    assert_eq!(manager(&w, &ids[0])["value"], boss.as_str());
    assert_eq!(manager(&w, &boss)["value"], ids[0].as_str());
    assert_eq!(manager(&w, &ids[0])["$ref"], format!("{BASE}/Users/{boss}"));
}
