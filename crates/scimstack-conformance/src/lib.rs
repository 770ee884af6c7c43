//! A black-box conformance suite for any SCIM 2.0 server, whoever made it. It knows nothing but JSON and the RFCs: it
//! uses none of scimstack's other crates, so that it judges from outside.
//!
//! [`run`] takes a [`Transport`] and a base URL, makes what it needs, cleans up after itself, and returns a [`Report`]
//! with one [`Outcome`] for each check. Every check names the clause it comes from and how binding that clause is.
//!
//! ```no_run
//! # async fn doc(transport: impl scimstack_conformance::Transport) {
//! use scimstack_conformance::{Target, run};
//! let report = run(&transport, &Target::new("https://scim.example.com/v2", "a token")).await;
//! println!("{report}");
//! assert!(report.is_conformant());
//! # }
//! ```

pub mod checks;
pub mod report;
pub mod target;

pub use checks::{CHECKS, Check, run};
pub use report::{Level, Outcome, Report, Verdict};
pub use target::{Answer, Target, Transport, TransportError};
