//! Plays an identity provider against any SCIM server: today Okta's app-integration wizard, the one that writes with GET
//! and PUT. [`Company`] is whom it provisions, [`Simulator`] what it can do, [`Scenario`] what it does in which order, and
//! [`Report`] how that went, with what the server shows at the end compared to what was sent.
//!
//! ```
//! let company = idp_simulator::Company::sample(1);
//! assert_eq!(company.people().len(), 60);
//! assert_eq!(company.depth(), 5);
//! ```

mod company;
mod dice;
mod names;
mod scenario;
mod simulator;
mod verify;

pub use company::{Company, Person, Team};
pub use scenario::{Progress, Report, Scenario, Step};
pub use simulator::Simulator;
