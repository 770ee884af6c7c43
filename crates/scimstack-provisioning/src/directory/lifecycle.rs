//! [`Lifecycle`]: the machine behind the engine's hook. It reads what a request changes, asks the [`Person`], and turns
//! the outcome into a [`Decision`]. Groups have no state of their own, only a switch; other types have neither.

use super::claim;
use super::departures::{DepartureLimit, Departures};
use super::difference::Update;
use super::person::{Outcome, Person, Rules};
use super::refusal::{Deed, Refusal, Taken};
use scimstack_protocol::{
    Accept, Before, Change, Decide, Decision, Effect, EffectKind, Facts, FactsWanted, Hold, ScimError,
};
use scimstack_schema::uri::HAYSTACK_USER;
use scimstack_schema::views::HaystackUser;
use scimstack_schema::{Resource, Timestamp, Value};

/// Seconds after which a change that is on hold is to be sent again: an integer, which every provider takes.
const RETRY_HELD: u32 = 300;

/// The directory lifecycle, for an engine.
///
/// ```
/// use scimstack_protocol::{Change, ConnectionPolicy, Decide, Decision, Facts, TenantPolicy};
/// use scimstack_provisioning::directory::{Lifecycle, Person, PersonState};
/// use scimstack_schema::{Registry, Resource, Timestamp};
///
/// let user = Registry::haystack().resource_type("User").unwrap().clone();
/// let ann = Resource::from_stored(user.clone(), br#"{"userName":"ann@x.test","active":false}"#)?;
/// let (connection, tenant) = (ConnectionPolicy::default(), TenantPolicy::default());
/// let facts = Facts::new(&user, &connection, &tenant, Timestamp::from_seconds(0));
///
/// let Decision::Accept(accept) = Lifecycle.decide(&Change::Create { after: &ann }, &facts) else { panic!() };
/// assert_eq!(Person::decode(&accept.private)?.state(), PersonState::Deactivated { claimed: false });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Lifecycle;

impl Decide for Lifecycle {
    fn wants(&self, change: &Change<'_>) -> FactsWanted {
        let mut wanted = FactsWanted::default();
        let may_leave = match change {
            Change::Delete => true,
            // A create may turn out to be of someone who is here.
            Change::Create { after } | Change::Update { after } => {
                after.root().get("active").and_then(Value::as_bool) == Some(false)
            }
            _ => false,
        };
        wanted.reports = may_leave;
        wanted.connection_state = may_leave;
        wanted
    }

    fn decide(&self, change: &Change<'_>, facts: &Facts<'_>) -> Decision {
        let decided = match &*facts.resource_type.name {
            "User" => person(change, facts).map_err(ScimError::from).map(|(accept, outcome)| (accept, Some(outcome))),
            "Group" => group(change, facts).map(|accept| (accept, None)),
            _ => other(change, facts).map(|accept| (accept, None)),
        };
        match decided {
            Ok((accept, Some(Outcome::Deactivated | Outcome::Deleted))) => guard(accept, facts),
            Ok((accept, _)) => Decision::Accept(accept),
            Err(error) => Decision::Refuse(error),
        }
    }

    fn owner(&self, private: &[u8]) -> Option<String> {
        Person::decode(private).ok()?.connection().map(str::to_owned)
    }
}

/// Counts a departure, or holds it when too many have left lately.
fn guard(mut accept: Accept, facts: &Facts<'_>) -> Decision {
    let Some(limit) = DepartureLimit::of(facts.connection) else {
        return Decision::Accept(accept);
    };
    let Ok(mut departures) = Departures::decode(facts.connection_state) else {
        return Decision::Refuse(Refusal::Unreadable.into());
    };
    let was_held = departures.held_since().is_some();
    if departures.handle_departure(limit, facts.now) {
        accept.connection_state = Some(departures.encode());
        return Decision::Accept(accept);
    }
    let name = &facts.connection.name;
    let mut hold = Hold::new(
        RETRY_HELD,
        format!(
            "more than {} people would be deactivated or deleted within {} seconds by connection {name}. Until it is \
             released nobody is deactivated or deleted by it; everything else goes on.",
            facts.connection.max_deactivations, facts.connection.deactivation_window
        ),
    );
    if !was_held {
        hold.connection_state = Some(departures.encode());
        hold.effects.push(Effect::new(
            format!("held:{name}:{}", facts.now.as_micros()),
            EffectKind::Held,
            format!("Tell administrators that the connection {name} is on hold: {}", hold.reason),
        ));
    }
    Decision::Hold(hold)
}

fn person(change: &Change<'_>, facts: &Facts<'_>) -> Result<(Accept, Outcome), Refusal> {
    let rules = Rules::new(facts.connection, facts.tenant).by_application(facts.application);
    let rules = rules.starting(match change {
        Change::Create { after } | Change::Update { after } => starts(after),
        _ => facts.before.and_then(|before| starts(before.resource)),
    });
    if let Change::Create { after } = change {
        let active = after.root().get("active").and_then(Value::as_bool).unwrap_or(true);
        return match facts.conflict {
            Some(holder) => claim::claim(rules, after, active, holder, facts),
            None => Ok((accept(Person::handle_create(rules, active, facts.now)?, None, None), Outcome::Updated)),
        };
    }
    let before = facts.before.ok_or(Refusal::Deleted)?;
    let mut person = recall(before)?;
    let waited = person.welcome_at();
    let outcome = match change {
        Change::Update { after } => {
            if let Some(holder) = facts.conflict {
                return Err(Refusal::Taken {
                    value: claim::value_in_use(after, holder.resource),
                    why: Taken::NoCreate,
                });
            }
            let update = Update::between(before.resource, after).with_reports(facts.counts.reports);
            person.handle_update(rules, &update, facts.now)?
        }
        Change::Relate => {
            let update = Update::default().with_attribute("a relation");
            person.handle_update(rules, &update, facts.now)?
        }
        Change::Delete => person.handle_delete(rules, facts.counts.reports, facts.now)?,
        Change::SignIn => person.handle_sign_in(facts.now)?,
        Change::Adopt { after, by_email } => {
            claim::adopt(rules, &mut person, before.resource, after, *by_email, facts)?
        }
        Change::Due => person.handle_due(rules, facts.now)?,
        Change::Welcome => person.handle_welcome(rules, facts.now)?,
        // A change this version knows nothing of is none of its business.
        _ => Outcome::Unchanged,
    };
    let kept = (outcome == Outcome::Unchanged).then(|| before.private.to_vec());
    Ok((accept(person, kept, waited), outcome))
}

/// When a person starts: the beginning of the day that the product's `joinDate` names, by UTC. What is no date says
/// nothing.
fn starts(resource: &Resource) -> Option<Timestamp> {
    let sent = resource.root().get(HAYSTACK_USER)?.get("joinDate")?.as_str()?;
    let day = HaystackUser { join_date_as_sent: Some(sent.to_owned()), ..HaystackUser::default() }.join_date()?;
    Timestamp::parse_date_time(&format!("{day}T00:00:00Z"))
}

/// The machine as it was left; derived from the document where nothing was kept.
pub(super) fn recall(before: Before<'_>) -> Result<Person, Refusal> {
    if before.private.is_empty() {
        let active = before.resource.root().get("active").and_then(Value::as_bool).unwrap_or(true);
        return Ok(Person::unrecorded(active));
    }
    Person::decode(before.private).map_err(|_| Refusal::Unreadable)
}

/// What the engine commits. `kept` are the bytes as they are when nothing changed, `waited` is until when a message waited.
pub(super) fn accept(mut person: Person, kept: Option<Vec<u8>>, waited: Option<Timestamp>) -> Accept {
    let mut accept = Accept::default();
    while let Some(effect) = person.poll_effect() {
        accept.effects.push(effect);
    }
    accept.private = kept.unwrap_or_else(|| person.encode());
    accept.remind = person.welcome_at().filter(|at| Some(*at) != waited);
    accept.former_user_names = person.former_user_names().to_vec();
    accept
}

fn group(change: &Change<'_>, facts: &Facts<'_>) -> Result<Accept, ScimError> {
    Refusal::unless_allowed(facts.connection, &[Deed::Group])?;
    other(change, facts)
}

/// What has no lifecycle: everything is accepted but a value in use.
fn other(change: &Change<'_>, facts: &Facts<'_>) -> Result<Accept, ScimError> {
    if facts.conflict.is_some() {
        let name = match change {
            Change::Create { after } | Change::Update { after } => {
                after.root().get("displayName").and_then(Value::as_str)
            }
            _ => None,
        };
        let name = name.map(|name| format!(" \"{name}\"")).unwrap_or_default();
        return Err(ScimError::uniqueness(format!(
            "There is already a {}{name} with a value that must be unique; look it up and update it, or choose another \
             value.",
            facts.resource_type.name
        )));
    }
    let mut accept = Accept::default();
    accept.private = facts.before.map(|before| before.private.to_vec()).unwrap_or_default();
    Ok(accept)
}
