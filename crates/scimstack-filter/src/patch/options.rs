//! What a PATCH may do that RFC 7644 §3.5.2 does not say. The strictest reading is [`PatchOptions::strict`].

use crate::limits::Limits;

/// What PATCH accepts beyond the letter; each field is one named leniency.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PatchOptions {
    /// A body without the PatchOp URN in `schemas`.
    pub missing_schemas: bool,
    /// `Add`, `Replace`, `REMOVE`… for the `op`, which JSON compares exactly.
    pub op_case: bool,
    /// `"True"`, `"false"`… for booleans, in values and in path filters.
    pub boolean_strings: bool,
    /// A list of one where a boolean is declared.
    pub unwrap_single: bool,
    /// A bare string, or a list of one, for a complex attribute with `value` (`manager`); `""` and `{"value": ""}` remove it.
    pub string_for_complex: bool,
    /// `add` through a value path without a match creates the element from the filter's `eq` terms.
    pub upsert_on_add: bool,
    /// The same for `replace`.
    pub upsert_on_replace: bool,
    /// `remove` with a `value` list removes only the values listed.
    pub remove_listed: bool,
    /// Text that cannot be a URI for a reference.
    pub text_for_reference: bool,
    /// `""` for an optional attribute unassigns it.
    pub empty_string_unassigns: bool,
    /// Dotted and URN keys in a path-less value are paths.
    pub keys_are_paths: bool,
    /// The path `manager` on a type that has the enterprise extension.
    pub short_manager: bool,
    /// Unknown members of path-less values are an error instead of being dropped.
    pub refuse_unknown: bool,
    /// How much it may ask for.
    pub limits: Limits,
}

impl Default for PatchOptions {
    /// What does no harm to a client that follows the RFC: everything but `upsert_on_replace`, `text_for_reference`,
    /// `empty_string_unassigns`, `short_manager` and `refuse_unknown`.
    fn default() -> Self {
        Self {
            missing_schemas: true,
            op_case: true,
            boolean_strings: true,
            unwrap_single: true,
            string_for_complex: true,
            upsert_on_add: true,
            upsert_on_replace: false,
            remove_listed: true,
            text_for_reference: false,
            empty_string_unassigns: false,
            keys_are_paths: true,
            short_manager: false,
            refuse_unknown: false,
            limits: Limits::default(),
        }
    }
}

impl PatchOptions {
    /// The letter of the RFC: every leniency off, unknown members of path-less values dropped (as in POST and PUT).
    #[must_use]
    pub fn strict() -> Self {
        Self {
            missing_schemas: false,
            op_case: false,
            boolean_strings: false,
            unwrap_single: false,
            string_for_complex: false,
            upsert_on_add: false,
            upsert_on_replace: false,
            remove_listed: false,
            text_for_reference: false,
            empty_string_unassigns: false,
            keys_are_paths: false,
            short_manager: false,
            refuse_unknown: false,
            limits: Limits::default(),
        }
    }

    /// Sets the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets [`PatchOptions::missing_schemas`].
    #[must_use]
    pub fn with_missing_schemas(mut self, on: bool) -> Self {
        self.missing_schemas = on;
        self
    }

    /// Sets [`PatchOptions::op_case`].
    #[must_use]
    pub fn with_op_case(mut self, on: bool) -> Self {
        self.op_case = on;
        self
    }

    /// Sets [`PatchOptions::boolean_strings`].
    #[must_use]
    pub fn with_boolean_strings(mut self, on: bool) -> Self {
        self.boolean_strings = on;
        self
    }

    /// Sets [`PatchOptions::unwrap_single`].
    #[must_use]
    pub fn with_unwrap_single(mut self, on: bool) -> Self {
        self.unwrap_single = on;
        self
    }

    /// Sets [`PatchOptions::string_for_complex`].
    #[must_use]
    pub fn with_string_for_complex(mut self, on: bool) -> Self {
        self.string_for_complex = on;
        self
    }

    /// Sets [`PatchOptions::upsert_on_add`].
    #[must_use]
    pub fn with_upsert_on_add(mut self, on: bool) -> Self {
        self.upsert_on_add = on;
        self
    }

    /// Sets [`PatchOptions::upsert_on_replace`].
    #[must_use]
    pub fn with_upsert_on_replace(mut self, on: bool) -> Self {
        self.upsert_on_replace = on;
        self
    }

    /// Sets [`PatchOptions::remove_listed`].
    #[must_use]
    pub fn with_remove_listed(mut self, on: bool) -> Self {
        self.remove_listed = on;
        self
    }

    /// Sets [`PatchOptions::text_for_reference`].
    #[must_use]
    pub fn with_text_for_reference(mut self, on: bool) -> Self {
        self.text_for_reference = on;
        self
    }

    /// Sets [`PatchOptions::empty_string_unassigns`].
    #[must_use]
    pub fn with_empty_string_unassigns(mut self, on: bool) -> Self {
        self.empty_string_unassigns = on;
        self
    }

    /// Sets [`PatchOptions::keys_are_paths`].
    #[must_use]
    pub fn with_keys_are_paths(mut self, on: bool) -> Self {
        self.keys_are_paths = on;
        self
    }

    /// Sets [`PatchOptions::short_manager`].
    #[must_use]
    pub fn with_short_manager(mut self, on: bool) -> Self {
        self.short_manager = on;
        self
    }

    /// Sets [`PatchOptions::refuse_unknown`].
    #[must_use]
    pub fn with_refuse_unknown(mut self, on: bool) -> Self {
        self.refuse_unknown = on;
        self
    }
}
