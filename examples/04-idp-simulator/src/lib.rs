//! Plays an identity provider against any SCIM server: Okta's application wizard and catalogue, Microsoft Entra ID with and
//! without its flag, OneLogin, JumpCloud, authentik and Keycloak ([`Profile`]). [`Company`] is whom it provisions,
//! [`Mapping`] what of them, [`Simulator`] what it can do, [`Scenario`] what it does in which order, [`Faults`] a network
//! that fails in between, and [`Report`] how it went, with what the server shows at the end compared to what it was told.
//!
//! ```
//! let company = idp_simulator::Company::sample(1);
//! assert_eq!(company.len(), 60);
//! assert_eq!(company.depth(), 5);
//! ```

mod badge;
mod company;
mod dice;
mod faults;
mod job;
mod mapping;
mod meter;
mod names;
mod scenario;
mod simulator;
mod verify;

pub use company::{Company, Person, Team};
pub use faults::{Fault, Faults};
pub use job::Setbacks;
pub use mapping::{ManagerBy, Mapping};
pub use meter::Traffic;
pub use scenario::{Progress, Report, Scenario, Step};
pub use scimstack_provisioning::connector::Profile;
pub use simulator::Simulator;
pub use verify::Agreement;
