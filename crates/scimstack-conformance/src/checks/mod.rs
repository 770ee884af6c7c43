//! The checks, by theme. Adding one means adding a row to the table at the head of its file, and a liar to the tests.

mod bulk;
mod characteristics;
mod create;
mod cursor;
mod delete;
mod discovery;
mod errors;
mod etag;
mod filter;
mod filter_values;
mod hostile;
mod http;
mod me;
mod paging;
mod patch;
mod patch_lists;
mod patch_refusals;
mod projection;
mod read;
mod relations;
mod replace;
mod search;
mod sort;
mod unique;
mod values;

use crate::check::Check;

/// The themes, in the order they run.
pub(crate) const ALL: &[&[Check]] = &[
    discovery::CHECKS,
    http::CHECKS,
    errors::CHECKS,
    create::CHECKS,
    read::CHECKS,
    values::CHECKS,
    unique::CHECKS,
    characteristics::CHECKS,
    replace::CHECKS,
    patch::CHECKS,
    patch_lists::CHECKS,
    patch_refusals::CHECKS,
    delete::CHECKS,
    filter::CHECKS,
    filter_values::CHECKS,
    sort::CHECKS,
    paging::CHECKS,
    cursor::CHECKS,
    search::CHECKS,
    projection::CHECKS,
    etag::CHECKS,
    relations::CHECKS,
    bulk::CHECKS,
    me::CHECKS,
    hostile::CHECKS,
];
