//! A black-box conformance suite for any SCIM 2.0 server, whoever made it. It knows nothing but JSON and the RFCs: it
//! uses none of scimstack's other crates, so that it judges from outside.
//!
//! [`run`] takes a [`Transport`] and a base URL, reads the server's discovery documents, and runs every one of [`checks`]
//! that what they say makes applicable: for each resource type, with documents made from its own schema. Every check names
//! the clauses it comes from and how binding they are. What is made is deleted again.
//!
//! ```no_run
//! # async fn doc(transport: impl scimstack_conformance::Transport) {
//! use scimstack_conformance::{Options, Target, run};
//! let target = Target::new("https://scim.example.com/v2", "a token");
//! let report = run(&transport, &target, &Options::default()).await;
//! println!("{report}");
//! assert!(report.is_conformant());
//! # }
//! ```
//!
//! [`replay`] plays what Okta, Microsoft Entra ID and other identity providers send, step by step, from conversations that
//! are data ([`conversations`]), and says where the server would fail them; or, by [`Expect::Letter`], where it would let
//! pass what the RFCs refuse.
//!
//! # Limits
//! Requests are sent one after the other, at most 20 000 of them ([`Options::max_requests`]), a check of a published limit
//! only where the limit is small enough to be passed without harm.

mod attribute;
mod check;
mod checks;
mod options;
mod replay;
mod report;
mod run;
mod sample;
mod service;
mod session;
mod stop;
mod target;
mod world;

pub use check::{Check, Level, checks};
pub use options::{Cancel, NAME_PREFIX, Options};
pub use replay::{
    Content, Conversation, Expect, Letter, Played, Replay, ReplayOptions, Shows, Statuses, Step, Then, Tolerance, Who,
    conversation, conversations, replay, replays_to_json, replays_to_junit, tolerances,
};
pub use report::{Exchange, Outcome, Report, Verdict};
pub use run::{cleanup, run};
pub use target::{Target, Transport, TransportError};
