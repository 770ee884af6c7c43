//! The checks, by the promise they are about. Each is an async function over a [`World`] of its own; nothing a check does
//! depends on another.

/// A check of an async function, for the tables of this module.
macro_rules! check {
    ($name:literal, $needs:expr, $function:path) => {
        $crate::check::Check::new($name, $needs, |world| Box::pin($function(world)))
    };
}

mod atomic;
mod consumers;
mod edges;
mod feed;
pub(crate) mod history;
mod indexes;
mod pending;
mod query;
mod records;
mod retention;
mod size;
mod tenants;
mod unique;

use crate::check::Check;

pub(crate) fn all() -> Vec<Check> {
    [
        records::CHECKS,
        unique::CHECKS,
        query::CHECKS,
        indexes::CHECKS,
        edges::CHECKS,
        pending::CHECKS,
        tenants::CHECKS,
        feed::CHECKS,
        consumers::CHECKS,
        retention::CHECKS,
        atomic::CHECKS,
        size::CHECKS,
        history::CHECKS,
    ]
    .concat()
}
