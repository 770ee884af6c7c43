//! Resolution and evaluation.
use crate::ast::Filter;
use crate::error::ResolveError;
use crate::resolve::{ResolveOptions, Resolved};
use scimstack_schema::{Object, ResourceType};

pub(crate) fn resolve(_: &Filter, _: &ResourceType, _: ResolveOptions) -> Result<Resolved, ResolveError> {
    todo!()
}

pub(crate) fn matches(_: &Resolved, _: &Object) -> bool {
    todo!()
}
