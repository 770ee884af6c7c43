//! What identity providers really send, as the bodies of their create and replace requests.

use crate::support::*;
use scimstack_schema::{Value, ViolationKind};

#[test]
fn okta_creates_a_user_with_a_password_and_empty_groups() {
    let sent = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName":"test.user@okta.local","name":{"givenName":"Test","familyName":"User"},
        "emails":[{"primary":true,"value":"test.user@okta.local","type":"work"}],
        "displayName":"Test User","locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7",
        "groups":[],"password":"1mz050nq","active":true}"#;
    for options in [strict(), lenient(), refusing()] {
        let found = ingest(&user_type(), json(sent), &options);
        assert_eq!(
            String::from_utf8(found.resource.to_bytes()).unwrap(),
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"externalId":"00ujl29u0le5T6Aj10h7","userName":"test.user@okta.local","name":{"givenName":"Test","familyName":"User"},"emails":[{"primary":true,"value":"test.user@okta.local","type":"work"}],"displayName":"Test User","locale":"en-US","active":true}"#
        );
        assert_eq!(found.hidden, [("password".to_owned(), Value::from("1mz050nq"))]);
        assert!(found.unknown.is_empty() && found.leniencies.is_empty() && found.relations.is_empty());
    }
}

#[test]
fn okta_replaces_a_user_with_everything_it_was_given() {
    let sent = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:haystack:1.0:User"],
        "id":"b7c1","externalId":"00ujl29u0le5T6Aj10h7",
        "meta":{"resourceType":"User","created":"2026-01-01T10:00:00.000Z","lastModified":"2026-01-01T10:00:00.000Z",
                "location":"https://acme.idp.test/scim/v2/Users/b7c1","version":"W/\"3\""},
        "userName":"mona@okta.local","name":{"givenName":"Mona","familyName":"Lisa","formatted":"Mona Octocat"},
        "emails":[{"primary":true,"value":"mona@okta.local","type":"work","display":"mona@okta.local"}],
        "groups":[{"value":"g1","$ref":"https://acme.idp.test/scim/v2/Groups/g1","display":"Staff","type":"direct"}],
        "urn:ietf:params:scim:schemas:extension:haystack:1.0:User":{"joinDate":"2021-03-01","photoUrl":""},
        "active":false}"#;
    let found = ingest(&user_type(), json(sent), &refusing());
    let root = found.resource.root();
    assert_eq!(found.resource.id(), None, "the id is the URL's");
    assert!(root.get("meta").is_none() && root.get("groups").is_none());
    assert_eq!(root.get("name").unwrap().get("formatted").unwrap().as_str(), Some("Mona Octocat"));
    assert_eq!(root.get("active").unwrap().as_bool(), Some(false));
    assert_eq!(root.get(HAYSTACK).unwrap().to_string(), r#"{"joinDate":"2021-03-01","photoUrl":""}"#);
}

#[test]
fn okta_misspells_a_namespace_and_the_user_is_still_made() {
    let sent = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","rn:ietf:params:scim:schemas:extension:haystack:1.0:User"],
        "userName":"a","rn:ietf:params:scim:schemas:extension:haystack:1.0:User":{"joinDate":"2021-03-01"}}"#;
    let found = ingest(&user_type(), json(sent), &strict());
    assert_eq!(found.unknown, ["rn:ietf:params:scim:schemas:extension:haystack:1.0:User"]);
}

#[test]
fn okta_replaces_a_group_with_its_members() {
    let sent = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"abf4dd94","displayName":"Test SCIMv2",
        "members":[{"value":"89bb1940","display":"test.user@okta.local"},{"value":"23a35c27","display":"b@okta.local"}]}"#;
    let found = ingest(&group_type(), json(sent), &strict());
    assert_eq!(found.relations[0].1.len(), 2);
    assert_eq!(found.relations[0].1[0].to_string(), r#"{"value":"89bb1940","display":"test.user@okta.local"}"#);
}

#[test]
fn entra_creates_a_user_with_an_enterprise_urn_and_nothing_under_it() {
    let sent = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef","userName":"Test_User_x","active":true,
        "emails":[{"primary":true,"type":"work","value":"x@testuser.com"}],"meta":{"resourceType":"User"},
        "name":{"formatted":"givenName familyName","familyName":"familyName","givenName":"givenName"},"roles":[]}"#;
    let found = ingest(&user_type(), json(sent), &strict());
    assert_eq!(found.resource.root().get("schemas"), Some(&Value::from(vec![USER])));
    assert_eq!(found.resource.root().get("userName").unwrap().as_str(), Some("Test_User_x"));
    assert!(found.unknown.is_empty());
}

#[test]
fn entra_sends_nulls_misplaced_attributes_and_a_misspelt_schema() {
    let sent = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
        "userName":"x","addresses":null,"phoneNumbers":null,"title":null,"preferredLanguage":null,"department":null,"manager":null,
        "urn:ietf:params:scim:schemas:extension:haystack:1.0:User":{"managerExternalId":"0a21f0f2"}}"#;
    let found = ingest(&user_type(), json(sent), &strict());
    assert_eq!(found.unknown, ["urn:ietf:params:scim:schemas:extension:enterprise:2.0User", "department", "manager"]);
    assert_eq!(
        String::from_utf8(found.resource.to_bytes()).unwrap(),
        format!(
            r#"{{"schemas":["{USER}","{HAYSTACK}"],"userName":"x","{HAYSTACK}":{{"managerExternalId":"0a21f0f2"}}}}"#
        )
    );
}

#[test]
fn entra_sends_role_flags_as_strings_and_managers_bare() {
    let sent = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "userName":"x","roles":[{"primary":"True","display":"d","value":"{\"id\":\"06b0\"}","type":"t"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":"123456"}}"#;
    let mut options = strict();
    options.boolean_strings = true;
    options.string_for_complex = true;
    let found = ingest(&user_type(), json(sent), &options);
    let root = found.resource.root();
    let role = r#"[{"primary":true,"display":"d","value":"{\"id\":\"06b0\"}","type":"t"}]"#;
    assert_eq!(root.get("roles").unwrap().to_string(), role);
    assert_eq!(root.get(ENTERPRISE).unwrap().to_string(), r#"{"manager":{"value":"123456"}}"#);
    assert_eq!(found.leniencies, ["boolean-string", "string-for-complex"]);
    assert_eq!(refusals(&user_type(), json(sent), &strict()).len(), 2);
}

#[test]
fn onelogin_sends_strings_for_flags_one_object_for_a_list_and_an_old_manager() {
    let sent = r#"{"schemas":["urn:scim:schemas:core:1.0","urn:ietf:params:scim:schemas:core:2.0:User"],
        "id":null,"userName":"ann","active":"true","meta":{"resourceType":"User"},"emails":{"value":"ann@x.test","type":"work"},
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"managerId":"9","displayName":"Boss"}}}"#;
    let found = ingest(&user_type(), json(sent), &lenient());
    assert_eq!(
        String::from_utf8(found.resource.to_bytes()).unwrap(),
        format!(
            r#"{{"schemas":["{USER}"],"userName":"ann","active":true,"emails":[{{"value":"ann@x.test","type":"work"}}]}}"#
        )
    );
    assert_eq!(found.unknown, ["urn:scim:schemas:core:1.0", &format!("{ENTERPRISE}:manager.managerId")]);
    assert_eq!(found.leniencies, ["boolean-string", "object-for-list"]);

    let old_only = r#"{"schemas":["urn:scim:schemas:core:1.0"],"userName":"ann"}"#;
    let violations = refusals(&user_type(), json(old_only), &lenient());
    assert_eq!(kinds(&violations), [("schemas", ViolationKind::Structure)]);
}
