//! The lifecycle behind the engine's hook, from documents to decisions: switches, conflicts, texts, effects.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

use proptest::prelude::*;
use scimstack_protocol::{
    Accept, Before, Change, ConnectionPolicy, Decide, Decision, EffectKind, Facts, Notify, ScimError, ScimType,
    TenantPolicy,
};
use scimstack_provisioning::directory::{Lifecycle, Person, PersonState};
use scimstack_schema::{Registry, Resource, ResourceType, Timestamp};
use std::sync::Arc;

fn of(name: &str) -> Arc<ResourceType> {
    Registry::haystack().resource_type(name).unwrap().clone()
}

fn user(json: &str) -> Resource {
    Resource::from_stored(of("User"), json.as_bytes()).unwrap()
}

/// A store of one person, and an engine as small as can be.
#[derive(Clone, Default)]
struct Directory {
    connection: ConnectionPolicy,
    tenant: TenantPolicy,
    stored: Option<(Resource, Vec<u8>)>,
    reports: u64,
}

impl Directory {
    fn ask(&self, kind: &str, change: &Change<'_>, conflict: bool) -> Result<Accept, ScimError> {
        let r#type = of(kind);
        let mut facts = Facts::new(&r#type, &self.connection, &self.tenant, Timestamp::from_seconds(9));
        let stored = self.stored.as_ref().map(|(resource, private)| Before { id: "7", resource, private });
        if conflict {
            facts.conflict = stored;
        } else {
            facts.before = stored;
        }
        if Lifecycle.wants(change).reports {
            facts.counts.reports = self.reports;
        }
        match Lifecycle.decide(change, &facts) {
            Decision::Accept(accept) => Ok(accept),
            Decision::Refuse(error) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    fn keep(&mut self, document: Resource, accept: Accept) -> Accept {
        self.stored = Some((document, accept.private.clone()));
        accept
    }

    fn create(&mut self, json: &str) -> Result<Accept, ScimError> {
        let after = user(json);
        let accept = self.ask("User", &Change::Create { after: &after }, self.stored.is_some())?;
        Ok(self.keep(after, accept))
    }

    fn update(&mut self, json: &str) -> Result<Accept, ScimError> {
        let after = user(json);
        let accept = self.ask("User", &Change::Update { after: &after }, false)?;
        Ok(self.keep(after, accept))
    }

    fn state(&self) -> PersonState {
        Person::decode(&self.stored.as_ref().unwrap().1).unwrap().state()
    }
}

const ANN: &str = r#"{"userName":"ann@x.test","externalId":"00u1","active":true}"#;
const ANN_OFF: &str = r#"{"userName":"ann@x.test","externalId":"00u1","active":false}"#;

fn effects(accept: &Accept) -> Vec<&str> {
    accept.effects.iter().map(|effect| effect.id.as_str()).collect()
}

#[test]
fn leaving_and_returning_have_effects_with_stable_ids() {
    let mut directory = Directory { reports: 3, ..Directory::default() };
    assert_eq!(effects(&directory.create(ANN).unwrap()), [""; 0]);
    assert_eq!(
        effects(&directory.update(ANN_OFF).unwrap()),
        ["deactivate:{id}:1:sessions.revoke", "deactivate:{id}:1:directory.hide", "deactivate:{id}:1:reports.flag"]
    );
    assert_eq!(effects(&directory.update(ANN_OFF).unwrap()), [""; 0]);
    assert_eq!(effects(&directory.update(ANN).unwrap()), ["reactivate:{id}:2:directory.show"]);
    let accept = directory.ask("User", &Change::Delete, false).unwrap();
    assert_eq!(
        effects(&accept),
        ["delete:{id}:3:sessions.revoke", "delete:{id}:3:directory.hide", "delete:{id}:3:reports.flag"]
    );
    assert_eq!(accept.effects[2].text, "3 people report to someone who was deleted.");
    directory.update(ANN_OFF).unwrap();
    assert_eq!(effects(&directory.ask("User", &Change::Delete, false).unwrap()), [""; 0]);
}

#[test]
fn a_welcome_is_sent_only_where_everyone_is_notified() {
    for (notify, json, welcomed) in [
        (Notify::Everyone, ANN, true),
        (Notify::Everyone, r#"{"userName":"ann@x.test"}"#, true),
        (Notify::Everyone, ANN_OFF, false),
        (Notify::SignedIn, ANN, false),
        (Notify::Nobody, ANN, false),
    ] {
        let mut directory = Directory::default();
        directory.tenant.notify = notify;
        let accept = directory.create(json).unwrap();
        let kinds: Vec<EffectKind> = accept.effects.iter().map(|effect| effect.kind).collect();
        assert_eq!(kinds, if welcomed { vec![EffectKind::Welcome] } else { vec![] }, "{notify:?} {json}");
        assert_eq!(Person::decode(&accept.private).unwrap().is_welcomed(), welcomed);
    }
}

#[test]
fn a_switch_that_is_off_is_named_to_the_administrator() {
    let off = |switch: &str| {
        let mut connection = ConnectionPolicy::default();
        match switch {
            "create" => connection.create_users = false,
            "update" => connection.update_attributes = false,
            "deactivate" => connection.deactivate_users = false,
            _ => connection.push_groups = false,
        }
        connection
    };
    let refusal = |off_switch: &str, before: Option<&str>, after: &str| {
        let mut directory = Directory::default();
        if let Some(before) = before {
            directory.create(before).unwrap();
        }
        directory.connection = off(off_switch);
        match before {
            Some(_) => directory.update(after).unwrap_err(),
            None => directory.create(after).unwrap_err(),
        }
    };
    let titled = r#"{"userName":"ann@x.test","externalId":"00u1","active":true,"title":"Head"}"#;
    for (error, start, asks) in [
        (refusal("create", None, ANN), "Create Users is switched off", "would create a person,"),
        (refusal("create", Some(ANN_OFF), ANN), "Create Users is switched off", "would reactivate a person,"),
        (refusal("update", Some(ANN), titled), "Update User Attributes is switched off", "would change title,"),
        (refusal("deactivate", Some(ANN), ANN_OFF), "Deactivate Users is switched off", "would deactivate a person,"),
    ] {
        assert_eq!((error.status, error.scim_type), (403, None));
        let place = "for connection default in Haystack's Admin Console, User Provisions & Login";
        for part in [start, place, asks, "nothing was changed", "Switch it on there"] {
            assert!(error.detail.contains(part), "{part:?} is missing in: {}", error.detail);
        }
    }
}

#[test]
fn a_request_that_needs_two_switches_is_told_both() {
    let mut directory = Directory::default();
    directory.create(ANN).unwrap();
    directory.connection.update_attributes = false;
    directory.connection.deactivate_users = false;
    let json = r#"{"userName":"ann@x.test","externalId":"00u1","active":false,"title":"Head","nickName":"A"}"#;
    let detail = directory.update(json).unwrap_err().detail;
    assert!(detail.starts_with("Deactivate Users and Update User Attributes are switched off"), "{detail}");
    assert!(detail.contains("deactivate a person and change "), "{detail}");
    assert!(detail.contains("title") && detail.contains("nickName"), "{detail}");
    assert!(detail.contains("Switch them on there"), "{detail}");
    assert_eq!(directory.state(), PersonState::Unclaimed);
}

#[test]
fn a_request_without_a_difference_needs_no_switch() {
    let mut directory = Directory::default();
    directory.create(ANN).unwrap();
    let before = directory.stored.clone().unwrap().1;
    directory.connection.create_users = false;
    directory.connection.update_attributes = false;
    directory.connection.deactivate_users = false;
    for same in [ANN, r#"{"externalId":"00u1","userName":"ann@x.test"}"#] {
        let accept = directory.update(same).unwrap();
        assert_eq!(accept.private, before);
    }
}

#[test]
fn groups_have_a_switch_and_other_types_have_none() {
    let group = Resource::from_stored(of("Group"), br#"{"displayName":"Sales"}"#).unwrap();
    let directory = Directory::default();
    let mut closed = directory.clone();
    closed.connection.push_groups = false;
    for change in [Change::Create { after: &group }, Change::Update { after: &group }, Change::Relate, Change::Delete] {
        assert!(directory.ask("Group", &change, false).is_ok());
        let error = closed.ask("Group", &change, false).unwrap_err();
        assert_eq!(error.status, 403);
        assert!(error.detail.starts_with("Push Groups is switched off for connection default"), "{}", error.detail);
    }
}

#[test]
fn the_same_person_returns_by_the_external_id_on_record_and_by_nothing_else() {
    let mut left = Directory::default();
    left.create(ANN).unwrap();
    left.ask("User", &Change::SignIn, false).map(|accept| left.stored.as_mut().unwrap().1 = accept.private).unwrap();
    let live = left.clone();
    left.update(ANN_OFF).unwrap();

    let mut returns = left.clone();
    let accept = returns.create(ANN).unwrap();
    assert!(accept.adopt_conflict && accept.resource.is_none());
    assert_eq!(effects(&accept), ["reactivate:{id}:2:directory.show"]);
    assert_eq!(returns.state(), PersonState::Active);

    let mut still_off = left.clone();
    assert!(still_off.create(ANN_OFF).unwrap().adopt_conflict);
    assert_eq!(still_off.state(), PersonState::Deactivated { claimed: true });

    let mut never = left.clone();
    never.connection.reactivate_on_create = false;
    let nobody = r#"{"userName":"ANN@x.test"}"#;
    let other = r#"{"userName":"ann@x.test","externalId":"00U1"}"#;
    for (mut directory, json, why) in [
        (left.clone(), nobody, "a deactivated person, and the externalId of this request is not the one on record"),
        (left.clone(), other, "a deactivated person, and the externalId of this request is not the one on record"),
        (never, ANN, "bringing people back by a create is switched off"),
        (live, ANN, "an active person"),
    ] {
        let error = directory.create(json).unwrap_err();
        assert_eq!((error.status, error.scim_type), (409, Some(ScimType::Uniqueness)));
        let name = user(json).root().get("userName").unwrap().as_str().unwrap().to_owned();
        assert!(
            error.detail.starts_with(&format!("The userName \"{name}\" is already in use by ")),
            "{}",
            error.detail
        );
        assert!(error.detail.contains(why), "{}", error.detail);
    }

    let mut closed = left;
    closed.connection.create_users = false;
    assert!(closed.create(ANN).unwrap_err().detail.starts_with("Create Users is switched off"));
}

#[test]
fn a_conflict_on_another_value_names_the_holder() {
    let mut directory = Directory::default();
    directory.create(ANN).unwrap();
    let error = directory.create(r#"{"userName":"bob@x.test"}"#).unwrap_err();
    assert!(error.detail.contains("the person \"ann@x.test\" has the same"), "{}", error.detail);
}

#[test]
fn an_update_that_wants_a_value_in_use_is_a_conflict() {
    let (before, after) = (user(ANN), user(r#"{"userName":"Bob@x.test"}"#));
    let r#type = of("User");
    let (connection, tenant) = (ConnectionPolicy::default(), TenantPolicy::default());
    let mut facts = Facts::new(&r#type, &connection, &tenant, Timestamp::from_seconds(9));
    let bob = user(r#"{"userName":"bob@x.test"}"#);
    facts.before = Some(Before { id: "1", resource: &before, private: b"" });
    facts.conflict = Some(Before { id: "2", resource: &bob, private: b"" });
    let Decision::Refuse(error) = Lifecycle.decide(&Change::Update { after: &after }, &facts) else { panic!() };
    assert_eq!(error.status, 409);
    assert_eq!(
        error.detail,
        "The userName \"Bob@x.test\" is already in use by another person; choose another value, or change that person \
         first."
    );
}

#[test]
fn a_group_name_in_use_is_a_conflict() {
    let group = Resource::from_stored(of("Group"), br#"{"displayName":"Sales"}"#).unwrap();
    let directory = Directory { stored: Some((group.clone(), Vec::new())), ..Directory::default() };
    let error = directory.ask("Group", &Change::Create { after: &group }, true).unwrap_err();
    assert_eq!((error.status, error.scim_type), (409, Some(ScimType::Uniqueness)));
    assert!(error.detail.contains("already a Group \"Sales\""), "{}", error.detail);
}

#[test]
fn a_deactivated_person_cannot_sign_in() {
    let mut directory = Directory::default();
    directory.create(ANN_OFF).unwrap();
    let error = directory.ask("User", &Change::SignIn, false).unwrap_err();
    assert_eq!(error.status, 403);
    assert!(error.detail.starts_with("This person is deactivated and cannot sign in"), "{}", error.detail);
}

#[test]
fn nobody_can_be_changed_who_is_not_there() {
    let directory = Directory::default();
    let error = directory.ask("User", &Change::SignIn, false).unwrap_err();
    assert_eq!(error.status, 404);
    assert_eq!(error.detail, "This person was deleted; create the person anew.");
}

#[test]
fn a_person_without_a_record_is_read_from_the_document() {
    for (json, state) in [(ANN, PersonState::Active), (r#"{"userName":"a"}"#, PersonState::Active)] {
        let mut directory = Directory { stored: Some((user(json), Vec::new())), ..Directory::default() };
        let accept = directory.ask("User", &Change::SignIn, false).unwrap();
        directory.stored.as_mut().unwrap().1 = accept.private;
        assert_eq!(directory.state(), state);
    }
    let off = Directory { stored: Some((user(ANN_OFF), Vec::new())), ..Directory::default() };
    assert_eq!(off.ask("User", &Change::SignIn, false).unwrap_err().status, 403);
}

#[test]
fn a_record_that_cannot_be_read_is_the_operators_business() {
    let directory = Directory { stored: Some((user(ANN), b"?".to_vec())), ..Directory::default() };
    let error = directory.ask("User", &Change::Delete, false).unwrap_err();
    assert_eq!(error.status, 500);
    assert!(error.detail.contains("operator"), "{}", error.detail);
}

#[test]
fn a_renamed_person_is_still_found_by_the_former_name() {
    let mut directory = Directory::default();
    directory.create(ANN).unwrap();
    let accept = directory.update(r#"{"userName":"ann.lee@x.test","externalId":"00u1","active":true}"#).unwrap();
    assert_eq!(accept.former_user_names, ["ann@x.test"]);
    // An update about something else keeps it; taking the name back forgets it.
    let accept = directory.update(r#"{"userName":"ann.lee@x.test","externalId":"00u1","title":"t"}"#).unwrap();
    assert_eq!(accept.former_user_names, ["ann@x.test"]);
    let accept = directory.update(ANN).unwrap();
    assert_eq!(accept.former_user_names, ["ann.lee@x.test"]);
}

#[derive(Clone, Debug)]
enum Step {
    Create { name: usize, active: Option<bool>, external: bool },
    Update { name: usize, active: Option<bool>, title: Option<usize> },
    Delete,
    SignIn,
    Switch { create: bool, update: bool, deactivate: bool, notify: Notify },
}

fn step() -> impl Strategy<Value = Step> {
    let active = || proptest::option::of(any::<bool>());
    prop_oneof![
        (0..3_usize, active(), any::<bool>()).prop_map(|(name, active, external)| Step::Create {
            name,
            active,
            external
        }),
        (0..3_usize, active(), proptest::option::of(0..2_usize)).prop_map(|(name, active, title)| Step::Update {
            name,
            active,
            title
        }),
        Just(Step::Delete),
        Just(Step::SignIn),
        (any::<bool>(), any::<bool>(), any::<bool>(), 0..3).prop_map(|(create, update, deactivate, notify)| {
            Step::Switch {
                create,
                update,
                deactivate,
                notify: match notify {
                    0 => Notify::Nobody,
                    1 => Notify::SignedIn,
                    _ => Notify::Everyone,
                },
            }
        }),
    ]
}

fn document(name: usize, active: Option<bool>, external: bool, title: Option<usize>) -> String {
    let mut out = format!(r#"{{"userName":"user{name}@x.test""#);
    if external {
        out += r#","externalId":"00u1""#;
    }
    if let Some(active) = active {
        out += &format!(r#","active":{active}"#);
    }
    if let Some(title) = title {
        out += &format!(r#","title":"t{title}""#);
    }
    out + "}"
}

proptest! {
    /// However documents, sign-ins and switches follow each other: what is shown is what is active, an effect is emitted
    /// once, nobody is welcomed twice, and a refusal changes nothing.
    #[test]
    fn sequences_keep_the_laws(steps in proptest::collection::vec(step(), 1..40)) {
        let mut directory = Directory::default();
        let mut visible = false;
        let mut ids = std::collections::HashSet::new();
        for step in steps {
            let before = directory.stored.clone();
            let was = before.as_ref().map(|_| directory.state());
            let result = match &step {
                Step::Create { name, active, external } => {
                    let result = directory.create(&document(*name, *active, *external, None));
                    if let Ok(accept) = &result {
                        prop_assert_eq!(accept.adopt_conflict, before.is_some());
                        if !accept.adopt_conflict {
                            visible = *active != Some(false);
                        }
                    }
                    result
                }
                Step::Update { name, active, title } if before.is_some() => {
                    // The engine keeps `active` when a replacement leaves it out.
                    let kept = active.unwrap_or(directory.state().is_active());
                    directory.update(&document(*name, Some(kept), true, *title))
                }
                Step::Delete if before.is_some() => {
                    let result = directory.ask("User", &Change::Delete, false);
                    if let Ok(accept) = &result {
                        prop_assert_eq!(Person::decode(&accept.private).unwrap().state(), PersonState::Deleted);
                        directory.stored = None;
                    }
                    result
                }
                Step::SignIn if before.is_some() => {
                    let result = directory.ask("User", &Change::SignIn, false);
                    prop_assert_eq!(result.is_ok(), directory.state().is_active());
                    if let (Ok(accept), Some(stored)) = (&result, &mut directory.stored) {
                        stored.1.clone_from(&accept.private);
                    }
                    result
                }
                Step::Switch { create, update, deactivate, notify } => {
                    directory.connection.create_users = *create;
                    directory.connection.update_attributes = *update;
                    directory.connection.deactivate_users = *deactivate;
                    directory.tenant.notify = *notify;
                    continue;
                }
                Step::Update { .. } | Step::Delete | Step::SignIn => continue,
            };
            let Ok(accept) = result else {
                prop_assert_eq!(&directory.stored, &before);
                continue;
            };
            for effect in &accept.effects {
                prop_assert!(ids.insert(effect.id.clone()), "{} twice", effect.id);
                match effect.kind {
                    EffectKind::Hide => visible = false,
                    EffectKind::Show => visible = true,
                    EffectKind::Welcome => prop_assert_eq!(directory.tenant.notify, Notify::Everyone),
                    _ => {}
                }
            }
            match &directory.stored {
                // The next create makes someone new, with other ids.
                None => {
                    prop_assert!(!visible);
                    ids.clear();
                }
                Some((_, private)) => {
                    let person = Person::decode(private).unwrap();
                    prop_assert_eq!(visible, person.state().is_active());
                    if let (Some(PersonState::Deactivated { claimed }), true) = (was, visible) {
                        prop_assert_eq!(person.claimed_at().is_some(), claimed);
                    }
                    prop_assert!(accept.former_user_names.len() <= 5);
                    prop_assert_eq!(&accept.former_user_names, person.former_user_names());
                }
            }
        }
    }
}
