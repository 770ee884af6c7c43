//! The directory lifecycle (receiving side): what becomes of a person, and what follows from it elsewhere.
//!
//! [`Person`] is the machine: one per person, kept as bytes with the resource. [`Lifecycle`] is the machine behind the
//! engine's hook [`scimstack_protocol::Decide`]: it reads the difference that a request makes and asks the machine.
//! Whether a connection is enabled at all, and how often effects are delivered, is not decided here.
//!
//! # States and events
//!
//! | event | no such person | `Unclaimed` | `Active` | `Deactivated` (was *b*) | `Deleted` |
//! |---|---|---|---|---|---|
//! | create, active | → `Unclaimed`; welcome ¹ | 409 | 409 | with the externalId on record ²: → *b*; show. Else 409 | a new person |
//! | create, inactive | → `Deactivated` (was `Unclaimed`) | 409 | 409 | with the externalId on record ²: stays. Else 409 | a new person |
//! | update, active | 404 | stays | stays | → *b*; show; welcome ¹ | 404 |
//! | update, inactive | 404 | → `Deactivated`; leave ³ | → `Deactivated`; leave ³ | stays | 404 |
//! | update without `active` | 404 | stays | stays | stays | 404 |
//! | delete | 404 | → `Deleted`; leave ³ | → `Deleted`; leave ³ | → `Deleted` | 404 |
//! | sign-in | 404 | → `Active` | stays | 403 | 404 |
//! | a time that was waited for | 404 | welcome ¹ | stays | stays | 404 |
//! | an administrator welcomes those who are here | 404 | welcome, if never done | stays | stays | 404 |
//!
//! 1. Only when Security Settings notify everyone, the person has never been welcomed, and becomes active for the very
//!    first time: nobody is welcomed twice, nor for coming back, nor while inactive. Who starts on a later day (`joinDate`
//!    of the product's schema, by UTC) is welcomed on that day, and who comes by a connection with a delay after it: until
//!    then the machine waits ([`Person::welcome_at`]). An update that moves the day moves the welcome; who leaves, signs in
//!    or is deleted meanwhile gets none. So a person whom a connection test makes and deletes is never written to.
//! 2. Only while the connection's `reactivate_on_create` is on, and both externalIds are there and equal.
//! 3. Revoke sessions, hide from the directory, and flag the reports when there are any.
//!
//! # Switches
//!
//! The difference decides, not the verb. A request whose difference needs several switches needs all of them; a request
//! without a difference needs none.
//!
//! | difference | switch |
//! |---|---|
//! | a new person, or `active` from false to true | Create Users |
//! | any other attribute | Update User Attributes |
//! | `active` from true to false, or a deletion | Deactivate Users |
//! | anything about a group | Push Groups |
//!
//! # Who is who
//!
//! People whom the application has made (invited by hand, imported, there before provisioning was switched on) belong to no
//! connection until one of them: a connection changes them by their id, a create of the same user name finds them, or an
//! administrator links them.
//!
//! | who is here | a create of the same user name |
//! |---|---|
//! | made by the application, never signed in | `adopt_invited` `unclaimed` (the default) or `anyone`: linked, the same id; `never`: 409 |
//! | made by the application, has signed in | `anyone`: linked; else 409: no account is taken over |
//!
//! An administrator's adoption ([`scimstack_protocol::Change::Adopt`]) links both, but nobody who has signed in by an e-mail
//! address alone, and nobody who belongs to another connection or has another externalId on record.
//!
//! # Many at once
//!
//! A connection may have a limit on how many people it deactivates or deletes in a while ([`Departures`]). Past it, these
//! wait for an administrator; everything else goes on.
//!
//! # Example
//! ```
//! use scimstack_protocol::{ConnectionPolicy, EffectKind, TenantPolicy};
//! use scimstack_provisioning::directory::{Outcome, Person, PersonState, Rules, Update};
//! use scimstack_schema::Timestamp;
//!
//! let (connection, tenant) = (ConnectionPolicy::default(), TenantPolicy::default());
//! let rules = Rules::new(&connection, &tenant);
//! let now = Timestamp::from_seconds(1_800_000_000);
//!
//! let mut ann = Person::handle_create(rules, true, now)?;
//! ann.handle_sign_in(now)?;
//! assert_eq!(ann.state(), PersonState::Active);
//!
//! let leaves = Update::default().with_active(false);
//! assert_eq!(ann.handle_update(rules, &leaves, now)?, Outcome::Deactivated);
//! assert_eq!(ann.poll_effect().unwrap().kind, EffectKind::RevokeSessions);
//! assert_eq!(ann.poll_effect().unwrap().kind, EffectKind::Hide);
//! assert_eq!(ann.poll_effect(), None);
//! # Ok::<(), scimstack_provisioning::directory::Refusal>(())
//! ```

mod claim;
mod departures;
mod difference;
mod lifecycle;
mod person;
mod record;
mod refusal;

pub use departures::{DepartureLimit, Departures, SLICES};
pub use difference::Update;
pub use lifecycle::Lifecycle;
pub use person::{MAX_FORMER_USER_NAMES, Outcome, Person, PersonState, Rules};
pub use record::DecodeError;
pub use refusal::{Deed, Refusal, Taken};
