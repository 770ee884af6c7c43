//! §4: the typed views of User, Group and the extensions.

use crate::support::*;
use scimstack_schema::views::{EnterpriseUser, Group, HaystackUser, Manager, Member, Name, User};
use scimstack_schema::{Registry, Value};

#[test]
fn a_user_is_read_from_its_wire_spelling() {
    let text = format!(
        r#"{{"schemas":["{USER}"],"id":"u1","externalId":"E-7","userName":"ann","name":{{"formatted":"Ann Lee","familyName":"Lee","givenName":"Ann","middleName":"M","honorificPrefix":"Dr","honorificSuffix":"II"}},"displayName":"Ann L","nickName":"An","profileUrl":"https://x.test/ann","title":"CEO","userType":"Employee","preferredLanguage":"nb","locale":"nb-NO","timezone":"Europe/Oslo","active":true,"emails":[{{"value":"a@x.test","display":"A","type":"work","primary":true}}],"phoneNumbers":[{{"value":"tel:+47-1","type":"work"}}],"ims":[{{"value":"ann","type":"xmpp"}}],"photos":[{{"value":"https://x.test/p","type":"photo"}}],"addresses":[{{"formatted":"f","streetAddress":"s","locality":"l","region":"r","postalCode":"p","country":"NO","type":"work","primary":true}}],"groups":[{{"value":"g1","$ref":"../Groups/g1","display":"Staff","type":"direct"}}],"entitlements":[{{"value":"e"}}],"roles":[{{"value":"r"}}],"x509Certificates":[{{"value":"aGk="}}],"{ENTERPRISE}":{{"employeeNumber":"7","costCenter":"c","organization":"o","division":"d","department":"p","manager":{{"value":"u9","$ref":"../Users/u9","displayName":"Boss"}}}},"{HAYSTACK}":{{"joinDate":"2021-03-01","photoUrl":"https://x.test/p","managerExternalId":"E-9"}},"meta":{{"resourceType":"User","created":"2026-01-01T10:00:00Z","lastModified":"2026-02-01T10:00:00Z","location":"https://x.test/Users/u1","version":"W/\"1\""}}}}"#
    );
    let user: User = serde_json::from_str(&text).unwrap();
    assert!(user.other.is_empty(), "{:?}", user.other);
    assert_eq!(user.name.as_ref().unwrap().honorific_suffix.as_deref(), Some("II"));
    assert_eq!(user.addresses[0].street_address.as_deref(), Some("s"));
    assert_eq!(user.groups[0].reference.as_deref(), Some("../Groups/g1"));
    assert_eq!(user.x509_certificates[0].value.as_deref(), Some("aGk="));
    assert_eq!(user.enterprise.as_ref().unwrap().manager.as_ref().unwrap().display_name.as_deref(), Some("Boss"));
    assert_eq!(user.haystack.as_ref().unwrap().manager_external_id.as_deref(), Some("E-9"));
    assert_eq!(user.meta.as_ref().unwrap().version.as_deref(), Some("W/\"1\""));
    assert_eq!(json(&serde_json::to_string(&user).unwrap()), {
        // Written again, it also lists the schemas of the extensions it carries.
        let mut expected = json(&text);
        expected.as_object_mut().unwrap().insert("schemas", vec![USER, ENTERPRISE, HAYSTACK]);
        expected
    });
}

#[test]
fn what_a_view_does_not_know_or_cannot_hold_is_not_lost() {
    let text = format!(
        r#"{{"schemas":["{USER}"],"userName":7,"title":["x"],"emails":[{{"value":"a","x":1.10}},{{"value":5}}],"phoneNumbers":["y"],"active":"True","name":"Ann","custom":{{"a":[1e2]}},"meta":null}}"#
    );
    let user: User = serde_json::from_str(&text).unwrap();
    assert_eq!(user.user_name, "");
    assert_eq!(user.emails[1].value, None);
    assert_eq!(user.emails[1].other.get("value"), Some(&Value::from(5)));
    assert_eq!(user.to_value(), json(&text));
}

#[test]
fn a_field_wins_over_a_leftover_of_its_name() {
    let mut user: User = serde_json::from_str(r#"{"userName":"a","active":"True"}"#).unwrap();
    user.active = Some(false);
    assert_eq!(user.to_value(), json(&format!(r#"{{"schemas":["{USER}"],"userName":"a","active":false}}"#)));
}

#[test]
fn a_user_that_was_built_in_code_is_a_document() {
    let user = User {
        user_name: "ann".into(),
        name: Some(Name { given_name: Some("Ann".into()), ..Name::default() }),
        enterprise: Some(EnterpriseUser {
            manager: Some(Manager { value: Some("u9".into()), ..Manager::default() }),
            ..EnterpriseUser::default()
        }),
        ..User::default()
    };
    let expected = format!(
        r#"{{"schemas":["{USER}","{ENTERPRISE}"],"userName":"ann","name":{{"givenName":"Ann"}},"{ENTERPRISE}":{{"manager":{{"value":"u9"}}}}}}"#
    );
    assert_eq!(user.to_value().to_string(), expected);
    let resource = ingest(&user_type(), user.to_value(), &refusing()).resource;
    assert_eq!(String::from_utf8(resource.to_bytes()).unwrap(), expected);
    assert_eq!(EnterpriseUser::from_resource(&resource), user.enterprise);
    assert_eq!(HaystackUser::from_resource(&resource), None);
    assert_eq!(Group::from_resource(&resource), None);
}

#[test]
fn a_group_is_written_with_its_members() {
    let group = Group { display_name: "g".into(), members: vec![Member::new("u1")], ..Group::default() };
    let found = ingest(&group_type(), group.to_value(), &refusing());
    assert_eq!(found.relations, [("members".to_owned(), vec![json(r#"{"value":"u1"}"#)])]);
    let back = Group::from_resource(&found.resource).unwrap();
    assert_eq!((back.display_name.as_str(), back.members.len()), ("g", 0));
    assert_eq!(User::from_resource(&found.resource), None);
}

#[test]
fn join_dates_are_shown_as_days() {
    let user = Registry::haystack();
    assert!(user.schema(HAYSTACK).is_some());
    for (text, day) in [
        ("2021-03-01", Some("2021-03-01")),
        (" 2021-03-01 ", Some("2021-03-01")),
        ("2021-03-01T22:00:00Z", Some("2021-03-01")),
        ("2021-03-01T22:00:00.000-05:00", Some("2021-03-01")),
        ("2021-03-01T22:00", Some("2021-03-01")),
        ("2021-03-01 22:00:00", Some("2021-03-01")),
        ("2021-02-29", None),
        ("2021-3-1", None),
        ("03/01/2021", None),
        ("2021-03-01x", None),
        ("1 March 2021", None),
        ("2021-03-0\u{661}", None),
        ("", None),
    ] {
        let haystack: HaystackUser = serde_json::from_value(serde_json::json!({ "joinDate": text })).unwrap();
        assert_eq!(haystack.join_date().as_deref(), day, "{text:?}");
    }
}
