//! The hook between the engine and a lifecycle: synchronous and sans-IO. The engine says what a request would change and
//! hands over the facts; the lifecycle accepts, perhaps with its own state and effects, refuses, or holds. Neither knows
//! the other; the examples wire them.
//!
//! ```
//! use scimstack_protocol::{Accept, Change, Decide, Decision, Facts, FactsWanted, ScimError};
//!
//! /// Nobody is deleted; everything else goes on.
//! struct Archive;
//!
//! impl Decide for Archive {
//!     fn wants(&self, _: &Change<'_>) -> FactsWanted {
//!         FactsWanted::default()
//!     }
//!
//!     fn decide(&self, change: &Change<'_>, _: &Facts<'_>) -> Decision {
//!         match change {
//!             Change::Delete => Decision::Refuse(ScimError::forbidden("Here people are deactivated, not deleted.")),
//!             _ => Decision::Accept(Accept::default()),
//!         }
//!     }
//! }
//! # let user = scimstack_schema::Registry::core().resource_type("User").unwrap().clone();
//! # let (connection, tenant) = Default::default();
//! # let facts = Facts::new(&user, &connection, &tenant, scimstack_schema::Timestamp::from_seconds(0));
//! # assert!(matches!(Archive.decide(&Change::Delete, &facts), Decision::Refuse(_)));
//! ```

use crate::error::ScimError;
use crate::policy::{ConnectionPolicy, TenantPolicy};
use scimstack_schema::fold::fold;
use scimstack_schema::{Resource, ResourceType, Timestamp, Uniqueness};

/// What a request would change, whatever its verb.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change<'a> {
    /// A resource is made.
    Create {
        /// The resource, without an id yet.
        after: &'a Resource,
    },
    /// A resource becomes this (PUT, PATCH), the same id.
    Update {
        /// The resource afterwards.
        after: &'a Resource,
    },
    /// Only edges of a resource change (a group's members).
    Relate,
    /// A resource is deleted.
    Delete,
    /// A person signed in, as the application reports.
    SignIn,
    /// An administrator wants the connection to own a person who is here already.
    Adopt {
        /// The person, as the connection knows them.
        after: &'a Resource,
        /// Nothing but an e-mail address says that it is the same person.
        by_email: bool,
    },
    /// The time has come that [`Accept::remind`] named.
    Due,
    /// An administrator wants whoever was never welcomed to be welcomed.
    Welcome,
}

/// What the lifecycle needs to know beyond the resource before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FactsWanted {
    /// [`Counts::reports`].
    pub reports: bool,
    /// [`Facts::connection_state`], of a connection that limits departures
    /// ([`ConnectionPolicy::max_deactivations`]). Whoever else wants it waits meanwhile.
    pub connection_state: bool,
}

/// What is known.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Facts<'a> {
    /// The resource's type.
    pub resource_type: &'a ResourceType,
    /// What is stored.
    pub before: Option<Before<'a>>,
    /// Who holds a unique value that the change wants, when the engine asks a second time.
    pub conflict: Option<Before<'a>>,
    /// The connection the request came by.
    pub connection: &'a ConnectionPolicy,
    /// The tenant's settings.
    pub tenant: &'a TenantPolicy,
    /// Counts asked for by [`Decide::wants`].
    pub counts: Counts,
    /// The lifecycle's own state for the connection, as [`Accept::connection_state`] or [`Hold::connection_state`] left
    /// it; empty when there is none, when it was not asked for, and after a hold was released.
    pub connection_state: &'a [u8],
    /// The application itself asks, and no identity provider.
    pub application: bool,
    /// The time.
    pub now: Timestamp,
}

impl<'a> Facts<'a> {
    /// The facts that are always there.
    #[must_use]
    pub fn new(
        resource_type: &'a ResourceType,
        connection: &'a ConnectionPolicy,
        tenant: &'a TenantPolicy,
        now: Timestamp,
    ) -> Self {
        let (before, conflict, counts) = (None, None, Counts::default());
        let (connection_state, application): (&[u8], bool) = (&[], false);
        Self { resource_type, before, conflict, connection, tenant, counts, connection_state, application, now }
    }
}

/// A stored resource with the lifecycle's state.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// Its id.
    pub id: &'a str,
    /// The resource.
    pub resource: &'a Resource,
    /// The lifecycle's state, as [`Accept::private`] left it; empty when there is none.
    pub private: &'a [u8],
}

/// Counts of related resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// How many people report to this one.
    pub reports: u64,
}

/// The lifecycle's answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Decision {
    /// Go on.
    Accept(Accept),
    /// Answer with this error.
    Refuse(ScimError),
    /// Not before an administrator decides: answer 429.
    Hold(Hold),
}

/// A change that waits for an administrator. Nothing of it is done; the connection is on hold from then on, which means
/// what the lifecycle takes it to mean.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Hold {
    /// Seconds the client is asked to wait.
    pub retry_after: u32,
    /// Why, for administrators.
    pub reason: String,
    /// The lifecycle's state for the connection to store instead of the one it was shown.
    pub connection_state: Option<Vec<u8>>,
    /// What is to happen elsewhere because the connection is on hold; committed with that state, and not without it.
    pub effects: Vec<Effect>,
}

impl Hold {
    /// A change that waits.
    pub fn new(retry_after: u32, reason: impl Into<String>) -> Self {
        Self { retry_after, reason: reason.into(), ..Self::default() }
    }
}

/// What is committed when the lifecycle accepts.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Accept {
    /// The resource to store in place of the one proposed.
    pub resource: Option<Resource>,
    /// Use the conflicting resource's identity: the create becomes an update of it, answered like a create (201).
    pub adopt_conflict: bool,
    /// The lifecycle's state to store with it.
    pub private: Vec<u8>,
    /// Former user names under which references still find it.
    pub former_user_names: Vec<String>,
    /// What is to happen elsewhere because of this change; committed with it.
    pub effects: Vec<Effect>,
    /// The lifecycle's state for the connection to store with the change, where it was asked for: the change is done only
    /// if nobody else has written that state meanwhile, and judged again otherwise.
    pub connection_state: Option<Vec<u8>>,
    /// When the lifecycle wants to be asked about the resource again, with [`Change::Due`]. The latest time counts.
    pub remind: Option<Timestamp>,
}

/// Something to happen elsewhere, emitted once with the change and delivered at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Effect {
    /// A stable id: a second effect with the same id in the tenant is dropped. `{id}` in it stands for the resource's id,
    /// which a create does not know yet.
    pub id: String,
    /// What.
    pub kind: EffectKind,
    /// For people.
    pub text: String,
}

impl Effect {
    /// An effect.
    pub fn new(id: impl Into<String>, kind: EffectKind, text: impl Into<String>) -> Self {
        Self { id: id.into(), kind, text: text.into() }
    }
}

/// The kinds of [`Effect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EffectKind {
    /// Send the person a first message (`notify.welcome`).
    Welcome,
    /// End sessions, tokens and magic links (`sessions.revoke`).
    RevokeSessions,
    /// Take out of directory and search (`directory.hide`).
    Hide,
    /// Put back into directory and search (`directory.show`).
    Show,
    /// Reports have lost their active manager (`reports.flag`).
    FlagReports,
    /// Tell administrators that a connection waits for them (`connection.held`).
    Held,
}

impl EffectKind {
    /// The name in the outbox.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Welcome => "notify.welcome",
            Self::RevokeSessions => "sessions.revoke",
            Self::Hide => "directory.hide",
            Self::Show => "directory.show",
            Self::FlagReports => "reports.flag",
            Self::Held => "connection.held",
        }
    }
}

/// A lifecycle.
pub trait Decide: Send + Sync + 'static {
    /// What it needs to know to judge this change.
    fn wants(&self, change: &Change<'_>) -> FactsWanted;

    /// Judges a change. Called with the facts; and again with [`Facts::conflict`] when the store reported that a unique
    /// value is in use.
    fn decide(&self, change: &Change<'_>, facts: &Facts<'_>) -> Decision;

    /// The name of the connection that owns a resource with this state ([`Before::private`]). By its policy a change is
    /// judged that no connection asks for: a sign-in, what is due.
    fn owner(&self, private: &[u8]) -> Option<String> {
        let _ = private;
        None
    }
}

/// The lifecycle that accepts everything: plain RFC 7644.
#[derive(Clone, Copy, Debug, Default)]
pub struct AcceptAll;

impl Decide for AcceptAll {
    fn wants(&self, _: &Change<'_>) -> FactsWanted {
        FactsWanted::default()
    }

    fn decide(&self, change: &Change<'_>, facts: &Facts<'_>) -> Decision {
        if let Some(holder) = &facts.conflict {
            return Decision::Refuse(ScimError::uniqueness(in_use(change, facts.resource_type, holder)));
        }
        let private = facts.before.map(|before| before.private.to_vec()).unwrap_or_default();
        Decision::Accept(Accept { private, ..Accept::default() })
    }
}

/// Says which value is in use, when the two resources show it.
fn in_use(change: &Change<'_>, resource_type: &ResourceType, holder: &Before<'_>) -> String {
    let wanted = match change {
        Change::Create { after } | Change::Update { after } => Some(*after),
        _ => None,
    };
    let shared = wanted.and_then(|wanted| {
        let unique = resource_type.schema.attributes.iter().filter(|a| a.uniqueness != Uniqueness::None);
        unique
            .filter_map(|a| Some((&a.name, text(wanted, &a.name)?)))
            .find(|(name, value)| text(holder.resource, name).is_some_and(|other| fold(other) == fold(value)))
    });
    match shared {
        Some((name, value)) => format!(
            "{name} \"{value}\" is already in use by the {} with the id {}; update that one, or choose another value.",
            resource_type.name, holder.id
        ),
        None => format!(
            "A value that may occur only once is already in use by the {} with the id {}.",
            resource_type.name, holder.id
        ),
    }
}

fn text<'a>(resource: &'a Resource, name: &str) -> Option<&'a str> {
    resource.root().get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_schema::{Registry, Value};

    #[test]
    fn a_conflict_names_attribute_value_and_holder() {
        let registry = Registry::core();
        let user = registry.resource_type("User").unwrap();
        let resource = |json: &str| {
            let root = Value::parse(json.as_bytes()).unwrap().as_object().unwrap().clone();
            Resource::from_canonical(user.clone(), root)
        };
        let (wanted, held) = (resource(r#"{"userName":"ANN@x.test"}"#), resource(r#"{"userName":"ann@x.test"}"#));
        let (connection, tenant) = (ConnectionPolicy::default(), TenantPolicy::default());
        let mut facts = Facts::new(user, &connection, &tenant, Timestamp::from_seconds(0));
        facts.conflict = Some(Before { id: "u1", resource: &held, private: b"" });
        let Decision::Refuse(error) = AcceptAll.decide(&Change::Create { after: &wanted }, &facts) else {
            panic!("accepted");
        };
        assert_eq!(error.status, 409);
        for part in ["userName", "ANN@x.test", "u1"] {
            assert!(error.detail.contains(part), "{}", error.detail);
        }
    }

    #[test]
    fn the_state_of_a_lifecycle_is_kept_as_it_is() {
        let registry = Registry::core();
        let user = registry.resource_type("User").unwrap();
        let resource = Resource::from_canonical(user.clone(), scimstack_schema::Object::new());
        let (connection, tenant) = (ConnectionPolicy::default(), TenantPolicy::default());
        let mut facts = Facts::new(user, &connection, &tenant, Timestamp::from_seconds(0));
        facts.before = Some(Before { id: "u1", resource: &resource, private: b"kept" });
        let Decision::Accept(accept) = AcceptAll.decide(&Change::Update { after: &resource }, &facts) else {
            panic!("refused");
        };
        assert_eq!(accept.private, b"kept");
    }
}
