//! What one run of a PATCH keeps beside the document: where it is (for errors), what it may do, what it has found.

use super::{PatchError, PatchErrorKind, PatchOptions, PatchOutcome};
use crate::error::shown;
use scimstack_schema::ResourceType;
use std::collections::HashSet;

/// The names under which [`PatchOutcome::leniencies`] reports what was used.
pub(super) mod leniency {
    pub(crate) const MISSING_SCHEMAS: &str = "missing-schemas";
    pub(crate) const OP_CASE: &str = "op-case";
    pub(crate) const BOOLEAN_STRING: &str = "boolean-string";
    pub(crate) const UNWRAP_SINGLE: &str = "unwrap-single";
    pub(crate) const STRING_FOR_COMPLEX: &str = "string-for-complex";
    pub(crate) const TEXT_FOR_REFERENCE: &str = "text-for-reference";
    pub(crate) const UPSERT_ON_ADD: &str = "upsert-on-add";
    pub(crate) const UPSERT_ON_REPLACE: &str = "upsert-on-replace";
    pub(crate) const REMOVE_LISTED: &str = "remove-listed";
    pub(crate) const EMPTY_STRING: &str = "empty-string";
    pub(crate) const KEYS_ARE_PATHS: &str = "keys-are-paths";
    pub(crate) const SHORT_MANAGER: &str = "short-manager";
}

pub(super) struct Context<'a> {
    pub(super) resource_type: &'a ResourceType,
    pub(super) options: &'a PatchOptions,
    /// The operation's index.
    pub(super) operation: usize,
    /// The path, or the member of a path-less value, as sent.
    pub(super) place: Option<String>,
    pub(super) outcome: PatchOutcome,
    /// What is in `outcome.unknown`.
    seen_unknown: HashSet<String>,
    /// How many looks at values there were.
    visits: usize,
}

impl<'a> Context<'a> {
    pub(super) fn new(resource_type: &'a ResourceType, options: &'a PatchOptions) -> Self {
        Self {
            resource_type,
            options,
            operation: 0,
            place: None,
            outcome: PatchOutcome::default(),
            seen_unknown: HashSet::new(),
            visits: 0,
        }
    }

    /// An error here; `problem` goes on after "operation 2, path "title": ".
    pub(super) fn error(&self, kind: PatchErrorKind, problem: impl AsRef<str>) -> PatchError {
        let (number, problem) = (self.operation + 1, problem.as_ref());
        let detail = match &self.place {
            Some(place) => format!("operation {number}, \"{}\": {problem}", shown(place)),
            None => format!("operation {number}: {problem}"),
        };
        PatchError { kind, operation: Some(self.operation), detail }
    }

    pub(super) fn invalid_value(&self, problem: impl AsRef<str>) -> PatchError {
        self.error(PatchErrorKind::InvalidValue, problem)
    }

    pub(super) fn mutability(&self, problem: impl AsRef<str>) -> PatchError {
        self.error(PatchErrorKind::Mutability, problem)
    }

    /// Charges for so many looks at values of lists.
    pub(super) fn visit(&mut self, looks: usize) -> Result<(), PatchError> {
        self.visits = self.visits.saturating_add(looks);
        if self.visits <= self.options.limits.visits {
            return Ok(());
        }
        let problem = "the lists are too long for so many changes in one request; send several, or replace the list";
        Err(self.error(PatchErrorKind::TooMany, problem))
    }

    /// Notes that a leniency was used.
    pub(super) fn used(&mut self, leniency: &'static str) {
        if !self.outcome.leniencies.contains(&leniency) {
            self.outcome.leniencies.push(leniency);
        }
    }

    /// Notes a member that nothing declares, or refuses it.
    pub(super) fn unknown(&mut self, path: String) -> Result<(), PatchError> {
        if self.options.refuse_unknown {
            let problem = format!("\"{}\" is not an attribute of {}", shown(&path), self.resource_type.name);
            return Err(self.error(PatchErrorKind::InvalidSyntax, problem));
        }
        if self.seen_unknown.insert(path.clone()) {
            self.outcome.unknown.push(path);
        }
        Ok(())
    }
}
