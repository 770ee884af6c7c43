//! What a check is, and the list of all of them. The checks themselves are below [`crate::checks`], by theme.

use crate::service::Kind;
use crate::stop::Result;
use crate::world::World;
use std::future::Future;
use std::pin::Pin;

/// How binding a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// MUST, SHALL, REQUIRED, or behaviour that the RFC describes without a key word.
    Must,
    /// SHOULD, RECOMMENDED.
    Should,
    /// The RFC permits it; most servers do it.
    May,
    /// The RFC is silent or two-minded, and clients rely on it: failing is a deviation from common practice.
    Deviation,
}

impl Level {
    /// All, the most binding first.
    pub const ALL: [Self; 4] = [Self::Must, Self::Should, Self::May, Self::Deviation];

    /// `must`, `should`, `may`, `deviation`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
            Self::Deviation => "deviation",
        }
    }
}

pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result> + Send + 'a>>;

/// What a check is done on.
#[derive(Clone, Copy)]
pub(crate) enum Runs {
    /// The server, once.
    Once(for<'a> fn(&'a World<'a>) -> Running<'a>),
    /// Each resource type that the server names.
    Each(for<'a> fn(&'a World<'a>, &'a Kind) -> Running<'a>),
}

/// One check.
pub struct Check {
    /// Stable, in kebab case.
    pub id: &'static str,
    /// What it belongs to: `create`, `filter`.
    pub theme: &'static str,
    /// The clauses it comes from, by their ids in the ledger: `P-3.3-05` is of RFC 7644 §3.3, `S-` of RFC 7643, `C-` of
    /// RFC 9865.
    pub clauses: &'static [&'static str],
    /// How binding it is.
    pub level: Level,
    /// What the server has to do, as an order.
    pub demand: &'static str,
    pub(crate) runs: Runs,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("id", &self.id).field("level", &self.level).finish_non_exhaustive()
    }
}

impl Check {
    /// The sections of the RFCs: `RFC 7644 §3.3`, each once.
    #[must_use]
    pub fn sections(&self) -> Vec<String> {
        let mut sections: Vec<String> = Vec::new();
        for section in self.clauses.iter().filter_map(|id| section(id)) {
            if !sections.contains(&section) {
                sections.push(section);
            }
        }
        sections
    }
}

/// The section that a clause's id names.
fn section(id: &str) -> Option<String> {
    let mut parts = id.split('-');
    let document = match parts.next()? {
        "P" => "7644",
        "S" => "7643",
        "C" => "9865",
        _ => return None,
    };
    Some(format!("RFC {document} §{}", parts.next()?))
}

/// Rows of checks: `level once|each function "id" ["clause"…] "demand";`.
macro_rules! table {
    ($theme:literal; $($level:ident $scope:ident $function:ident $id:literal [$($clause:literal)*] $demand:literal;)+) => {
        pub(crate) const CHECKS: &[$crate::check::Check] = &[$($crate::check::Check {
            id: $id,
            theme: $theme,
            clauses: &[$($clause),*],
            level: $crate::check::Level::$level,
            demand: $demand,
            runs: $crate::check::table!(@ $scope $function),
        }),+];
    };
    (@ once $function:ident) => { $crate::check::Runs::Once(|world| Box::pin($function(world))) };
    (@ each $function:ident) => { $crate::check::Runs::Each(|world, kind| Box::pin($function(world, kind))) };
}

pub(crate) use table;

/// Every check, in the order they run.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    crate::checks::ALL.iter().flat_map(|theme| theme.iter())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_kebab_case_and_given_once() {
        let mut seen = BTreeSet::new();
        for check in checks() {
            assert!(
                check.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{}",
                check.id
            );
            assert!(seen.insert(check.id), "{} is given twice", check.id);
        }
    }

    #[test]
    fn every_check_says_what_it_demands_and_where_from() {
        for check in checks() {
            assert!(check.demand.ends_with('.') && check.demand.len() > 20, "{}", check.id);
            assert!(!check.clauses.is_empty() && check.sections().len() <= check.clauses.len(), "{}", check.id);
        }
        assert_eq!(section("P-3.4.2.2-09").as_deref(), Some("RFC 7644 §3.4.2.2"));
    }
}
