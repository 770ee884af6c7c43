//! Whether someone who is here already is the person that a connection means: by a create that finds its user name in use, or
//! because an administrator says so. What must not happen is that an account is taken over: a user name may link, an
//! externalId on record does, an e-mail address alone never links someone who has signed in.
//!
//! | who is here | a create of the same user name | an administrator's adoption |
//! |---|---|---|
//! | deactivated, externalId on record sent (and `reactivate_on_create`) | the same person returns | linked |
//! | deactivated otherwise | 409 | linked, unless another externalId is on record |
//! | made by the application, never signed in | `adopt_invited`: linked, else 409 | linked |
//! | made by the application, has signed in | `adopt_invited: anyone`: linked, else 409 | linked; by e-mail alone refused |
//! | from before there was a lifecycle | as one who has signed in | as one who has signed in |
//! | belongs to this connection | 409 | nothing to do; another externalId: refused |
//! | belongs to another connection | 409 | refused |
//!
//! A person linked by a create keeps what it does not say; what the application owns stays in any case.

use super::difference::{Update, user_name};
use super::lifecycle::{accept, recall};
use super::person::{Outcome, Person, PersonState, Rules};
use super::refusal::{Deed, Refusal, Taken};
use scimstack_protocol::{Accept, AdoptInvited, Before, Facts};
use scimstack_schema::fold::fold;
use scimstack_schema::{Object, Resource, Value};

/// A create named someone who is there: the same person returns or is linked, or the value is in use.
pub(super) fn claim(
    rules: Rules<'_>,
    after: &Resource,
    active: bool,
    holder: Before<'_>,
    facts: &Facts<'_>,
) -> Result<(Accept, Outcome), Refusal> {
    Refusal::unless_allowed(facts.connection, &[Deed::Create])?;
    let mut person = recall(holder)?;
    let same_external_id = after.external_id().is_some() && after.external_id() == holder.resource.external_id();
    let same_name = match (user_name(after), user_name(holder.resource)) {
        (Some(wanted), Some(held)) => fold(wanted) == fold(held),
        _ => false,
    };
    let is_invited = person.connection().is_none() && !facts.application && same_name;
    // Of those from before there was a lifecycle nobody knows whether they have signed in.
    let is_unclaimed = person.state() == PersonState::Unclaimed && !holder.private.is_empty();
    let why = match person.state() {
        PersonState::Deactivated { .. } if !facts.connection.reactivate_on_create => Some(Taken::ReturnIsOff),
        PersonState::Deactivated { .. } if !same_external_id => Some(Taken::OtherExternalId),
        PersonState::Deactivated { .. } => None,
        _ if !is_invited => Some(Taken::Active),
        _ => match facts.connection.adopt_invited {
            AdoptInvited::Anyone => None,
            AdoptInvited::Unclaimed if is_unclaimed => None,
            AdoptInvited::Unclaimed => Some(Taken::Claimed),
            _ => Some(Taken::NotAdopted),
        },
    };
    if let Some(why) = why {
        return Err(Refusal::Taken { value: value_in_use(after, holder.resource), why });
    }
    let waited = person.welcome_at();
    let returns = matches!(person.state(), PersonState::Deactivated { .. });
    let (resource, outcome) = if returns {
        let update = Update::between(holder.resource, after).with_active(active);
        (None, person.handle_return(rules, &update, facts.now)?)
    } else {
        let mut both = after.clone();
        fill_in(both.root_mut(), holder.resource.root());
        both.normalize();
        let update = Update::between(holder.resource, &both).with_active(active).with_reports(facts.counts.reports);
        (Some(both), person.handle_adoption(rules, &update, facts.now)?)
    };
    let mut accept = accept(person, None, waited);
    accept.resource = resource;
    accept.adopt_conflict = true;
    Ok((accept, outcome))
}

/// An administrator wants the connection to own someone.
pub(super) fn adopt(
    rules: Rules<'_>,
    person: &mut Person,
    before: &Resource,
    after: &Resource,
    by_email: bool,
    facts: &Facts<'_>,
) -> Result<Outcome, Refusal> {
    let connection = &facts.connection.name;
    let on_record = before.external_id().filter(|known| after.external_id().is_some_and(|wanted| wanted != *known));
    if let Some(known) = on_record {
        return Err(Refusal::NotAdoptable(format!("another externalId (\"{known}\") is on record for this person")));
    }
    match person.connection() {
        Some(owner) if owner == connection => {
            let update = Update::between(before, after);
            return Ok(if update.attributes.is_empty() { Outcome::Unchanged } else { Outcome::Updated });
        }
        Some(owner) => {
            return Err(Refusal::NotAdoptable(format!("this person belongs to the connection {owner}")));
        }
        None => {}
    }
    let was_recorded = facts.before.is_some_and(|before| !before.private.is_empty());
    let may_be_claimed = match person.state() {
        PersonState::Unclaimed => !was_recorded,
        PersonState::Deactivated { claimed } => claimed || !was_recorded,
        _ => true,
    };
    if by_email && may_be_claimed {
        return Err(Refusal::NotAdoptable(
            "only the e-mail address is the same, and this person has signed in, or may have: name the person by userName \
             or externalId when it is the same one"
                .to_owned(),
        ));
    }
    person.handle_adoption(rules, &Update::between(before, after), facts.now)
}

/// Names the value that both have; the store does not say which it was.
pub(super) fn value_in_use(wanted: &Resource, holder: &Resource) -> String {
    match (user_name(wanted), user_name(holder)) {
        (Some(wanted), Some(held)) if fold(wanted) == fold(held) => format!("userName \"{wanted}\""),
        (_, Some(held)) => format!("unique value of this request (the person \"{held}\" has the same)"),
        _ => "unique value of this request".to_owned(),
    }
}

/// Adds what only `old` has; of extensions, each attribute.
fn fill_in(new: &mut Object, old: &Object) {
    for (name, value) in old.iter().filter(|(name, _)| !matches!(*name, "schemas" | "id" | "meta")) {
        match (new.get_mut(name), value) {
            (None, value) => {
                new.insert(name, value.clone());
            }
            (Some(Value::Object(new)), Value::Object(old)) if name.contains(':') => fill_in(new, old),
            _ => {}
        }
    }
}
