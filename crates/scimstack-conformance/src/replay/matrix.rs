//! The matrix of tolerances: which way of departing from the RFCs, or of using them, each identity provider has, and what a
//! server does about it. Data, in `peers/tolerances.json`.

use serde::Deserialize;
use std::sync::LazyLock;

/// One row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Tolerance {
    /// Its code: `F-10`.
    pub row: String,
    /// What is seen on the wire.
    pub shape: String,
    /// What a server does that works with those who send it.
    pub rule: String,
    /// The providers that send it, by the names of their conversations.
    pub senders: Vec<String>,
    /// Whether the letter of the RFCs is enough, and a strict server accepts it, too.
    pub letter: bool,
    /// What of it a server does only for a provider it has recognised; null when it can be done for everybody.
    #[serde(default)]
    pub own: Option<String>,
}

/// A file that is wrong would leave nothing here; a test reads it.
static TOLERANCES: LazyLock<Vec<Tolerance>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../peers/tolerances.json")).unwrap_or_default());

/// The rows, in their order.
///
/// ```
/// let row = scimstack_conformance::tolerances().iter().find(|tolerance| tolerance.row == "F-10").unwrap();
/// assert!(row.senders.contains(&"entra".to_owned()));
/// ```
#[must_use]
pub fn tolerances() -> &'static [Tolerance] {
    &TOLERANCES
}
