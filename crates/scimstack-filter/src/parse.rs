//! The parser.
use crate::{Filter, Limits, ParseError};

pub(crate) fn filter(_: &str, _: &Limits) -> Result<Filter, ParseError> {
    todo!()
}
