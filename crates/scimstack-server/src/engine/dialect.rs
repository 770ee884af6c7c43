//! Dialects: what is accepted beyond the letter for one identity provider, each leniency under its name. A profile is a
//! set of options for the layers below, a few rewrites of bodies, and choices in answers. Strict behaviour is the
//! engine's own.
//!
//! `spec/dialects.md` has the table of the names, with where each was observed and which profiles have it on; it is held to
//! what the engine does by `tests/dialects.rs`, over every profile. The log has them for requests that write; those of every
//! request are counted, and stand in its line (`super::observe`).

use super::log::Entry;
use scimstack_filter::{AttrPath, Filter, Limits, PatchOptions, ResolveOptions};
use scimstack_protocol::Dialect;
use scimstack_schema::{IngestOptions, Object, ResourceType, Value};
use std::sync::Arc;

/// What is accepted of one connection, and how it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// The kind of client by its User-Agent, for the log.
    pub(crate) agent: &'static str,
    pub(crate) ingest: IngestOptions,
    pub(crate) patch: PatchOptions,
    pub(crate) resolve: ResolveOptions,
    /// A second group of the same name is refused: the client matches groups by name.
    pub(crate) unique_group_names: bool,
    /// An unknown `sortBy` is refused instead of being ignored.
    pub(crate) strict_sort: bool,
    /// Documents in the manner of SCIM 1.1 are rewritten: the core 1.0 URN, `manager.managerId`.
    first_version: bool,
}

/// The kind of client a User-Agent names.
fn agent(user_agent: Option<&str>) -> &'static str {
    let Some(text) = user_agent else { return "none" };
    let mut rest = text.as_bytes();
    let mut kind = "other";
    while let Some(first) = rest.first() {
        let names = |word: &[u8]| rest.get(..word.len()).is_some_and(|text| text.eq_ignore_ascii_case(word));
        match first {
            b'o' | b'O' if names(b"okta") => return "okta",
            b'a' | b'A' if names(b"azure") => kind = "entra",
            b'e' | b'E' if names(b"entra") => kind = "entra",
            _ => {}
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    kind
}

/// The profile of a connection, by the client's User-Agent where the connection leaves it open.
pub(crate) fn profile(dialect: Dialect, user_agent: Option<&str>, limits: Limits) -> Profile {
    let agent = agent(user_agent);
    let dialect = match (dialect, agent) {
        (Dialect::Auto, "okta") => Dialect::Okta,
        (Dialect::Auto, "entra") => Dialect::Entra,
        (Dialect::Auto, _) => Dialect::Generic,
        (chosen, _) => chosen,
    };
    let mut profile = generic(name(dialect), agent, limits);
    if !matches!(dialect, Dialect::Generic | Dialect::RefuseUnknown | Dialect::Rfc | Dialect::Interop) {
        profile.keep_text_for_reference();
    }
    match dialect {
        Dialect::Okta | Dialect::OktaOin => profile.accept_all(),
        Dialect::Entra | Dialect::EntraCompliant => {
            profile.accept_all();
            profile.patch.short_manager = true;
            profile.unique_group_names = true;
        }
        Dialect::Onelogin => profile.first_version = true,
        Dialect::Rfc | Dialect::Interop => profile.accept_the_letter(),
        Dialect::RefuseUnknown => profile.refuse_unknown(),
        _ => {}
    }
    profile
}

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Okta => "okta",
        Dialect::OktaOin => "okta-oin",
        Dialect::Entra => "entra",
        Dialect::EntraCompliant => "entra-compliant",
        Dialect::Onelogin => "onelogin",
        Dialect::Jumpcloud => "jumpcloud",
        Dialect::Authentik => "authentik",
        Dialect::Keycloak => "keycloak",
        Dialect::Pingone => "pingone",
        Dialect::Sailpoint => "sailpoint",
        Dialect::Rfc => "rfc",
        Dialect::RefuseUnknown => "refuse-unknown",
        Dialect::Interop => "interop",
        _ => "generic",
    }
}

/// What does no harm to a client that follows the RFCs.
fn generic(name: &'static str, agent: &'static str, limits: Limits) -> Profile {
    let mut ingest = IngestOptions::default();
    ingest.boolean_strings = true;
    ingest.object_for_list = true;
    ingest.string_for_complex = true;
    let mut patch = PatchOptions::default();
    patch.limits = limits;
    Profile {
        name,
        agent,
        ingest,
        patch,
        resolve: ResolveOptions::default().with_boolean_strings(true).with_entra_paths(true),
        unique_group_names: false,
        strict_sort: false,
        first_version: false,
    }
}

impl Profile {
    /// Also what reads a valid request in another way: `replace` that creates, `""` that unassigns.
    fn accept_all(&mut self) {
        self.ingest.empty_string_unassigns = true;
        self.patch.empty_string_unassigns = true;
        self.patch.upsert_on_replace = true;
    }

    /// Providers map whatever their directory has to `profileUrl` and `photos`.
    fn keep_text_for_reference(&mut self) {
        self.ingest.text_for_reference = true;
        self.patch.text_for_reference = true;
    }

    fn accept_the_letter(&mut self) {
        self.ingest = IngestOptions::default();
        self.patch.missing_schemas = false;
        self.patch.op_case = false;
        self.patch.boolean_strings = false;
        self.patch.unwrap_single = false;
        self.patch.string_for_complex = false;
        self.patch.upsert_on_add = false;
        self.patch.remove_listed = false;
        self.patch.keys_are_paths = false;
        self.resolve = ResolveOptions::default();
        self.strict_sort = true;
        self.refuse_unknown();
    }

    fn refuse_unknown(&mut self) {
        self.ingest.refuse_unknown = true;
        self.patch.refuse_unknown = true;
    }

    /// Rewrites what this identity provider gets wrong in a filter: `manager`, which is an attribute of an extension,
    /// without the extension's URI. The names of what is read leniently come back, also of what needs no rewriting.
    pub(crate) fn read_filter(&self, types: &[Arc<ResourceType>], filter: &mut Filter) -> Vec<&'static str> {
        let mut fired = Vec::new();
        self.read_part(types, filter, &mut fired);
        fired
    }

    fn read_part(&self, types: &[Arc<ResourceType>], filter: &mut Filter, fired: &mut Vec<&'static str>) {
        let path = match filter {
            Filter::And(parts) | Filter::Or(parts) => {
                return parts.iter_mut().for_each(|part| self.read_part(types, part, fired));
            }
            Filter::Not(inner) => return self.read_part(types, inner, fired),
            Filter::Present(path) | Filter::Compare(path, ..) | Filter::Element(path, _) => path,
            Filter::ElementSub(sub) => {
                if self.resolve.entra_paths {
                    fired.push("filter-sub-attribute");
                }
                &mut sub.path
            }
        };
        if self.patch.short_manager && types.iter().any(|resource_type| long_manager(resource_type, path)) {
            fired.push("short-manager");
        }
    }

    /// Rewrites what this identity provider gets wrong in a document; the names of what was rewritten come back.
    pub(crate) fn rewrite(&self, resource_type: &ResourceType, document: &mut Value) -> Vec<&'static str> {
        let mut fired = Vec::new();
        if let (true, Some(document)) = (self.first_version, document.as_object_mut()) {
            if first_version_schema(resource_type, document) {
                fired.push("onelogin.core-1.0-urn");
            }
            let managers =
                document.iter_mut().filter_map(|(name, value)| manager_id(name, value).then_some(())).count();
            if managers > 0 {
                fired.push("onelogin.manager-id");
            }
        }
        let lists_less = document.as_object().is_some_and(|document| lists_less(resource_type, document));
        if lists_less && !self.ingest.refuse_unknown {
            fired.push("unlisted-schema");
        }
        fired
    }
}

/// Remembers what was dropped because nothing declares it, and that this is a leniency.
pub(crate) fn dropped(entry: &mut Entry, unknown: Vec<String>) {
    if !unknown.is_empty() {
        entry.leniencies(&["unknown-dropped"]);
    }
    entry.unknown(unknown);
}

/// Whether `schemas` lacks an extension that has attributes in the document (RFC 7643 §3).
fn lists_less(resource_type: &ResourceType, document: &Object) -> bool {
    let Some(listed) = document.get("schemas").and_then(Value::as_array) else {
        return false;
    };
    let is_listed = |uri: &str| listed.iter().filter_map(Value::as_str).any(|other| other.eq_ignore_ascii_case(uri));
    let mut extensions = document.iter().filter(|(_, value)| value.as_object().is_some_and(|part| !part.is_empty()));
    extensions.any(|(name, _)| resource_type.extension(name).is_some() && !is_listed(name))
}

/// `manager` with the URI of the extension that has it; whether it came without.
fn long_manager(resource_type: &ResourceType, path: &mut AttrPath) -> bool {
    let name = path.text.split('.').next().unwrap_or_default();
    if !name.eq_ignore_ascii_case("manager") || resource_type.resolve(&path.text).is_some() {
        return false;
    }
    match resource_type.extensions.iter().find(|e| e.schema.attribute(name).is_some()) {
        Some(extension) => {
            path.text = format!("{}:{}", extension.schema.id, path.text).into();
            true
        }
        None => false,
    }
}

/// `urn:scim:schemas:core:1.0` for the base schema's URI.
fn first_version_schema(resource_type: &ResourceType, document: &mut Object) -> bool {
    let Some(Value::Array(schemas)) = document.get_mut("schemas") else {
        return false;
    };
    let first =
        |schema: &Value| schema.as_str().is_some_and(|uri| uri.eq_ignore_ascii_case("urn:scim:schemas:core:1.0"));
    let mut done = false;
    for schema in schemas.iter_mut().filter(|schema| first(schema)) {
        *schema = Value::from(resource_type.schema.id.as_str());
        done = true;
    }
    done
}

/// `"manager": {"managerId": "x"}`, at the top or in an extension, for `"manager": {"value": "x"}`.
fn manager_id(name: &str, value: &mut Value) -> bool {
    let manager = if name.eq_ignore_ascii_case("manager") {
        value.as_object_mut()
    } else {
        value.as_object_mut().and_then(|extension| extension.get_mut("manager")?.as_object_mut())
    };
    let Some(manager) = manager.filter(|manager| manager.get("value").is_none()) else {
        return false;
    };
    match manager.remove("managerId") {
        Some(id) => {
            manager.insert("value", id);
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_schema::Registry;

    fn of(dialect: Dialect, user_agent: Option<&str>) -> Profile {
        profile(dialect, user_agent, Limits::default())
    }

    #[test]
    fn the_profile_goes_by_user_agent_only_where_it_is_left_open() {
        for (dialect, user_agent, name, agent) in [
            (Dialect::Auto, Some("Okta SCIM Client 1.0.0"), "okta", "okta"),
            (Dialect::Auto, Some("OKTA SCIM Integration"), "okta", "okta"),
            (Dialect::Auto, Some("Microsoft Azure AD SCIM provisioning 1.0.0"), "entra", "entra"),
            (Dialect::Auto, Some("Microsoft-Entra/1"), "entra", "entra"),
            (Dialect::Auto, Some("curl/8"), "generic", "other"),
            (Dialect::Auto, None, "generic", "none"),
            (Dialect::Rfc, Some("Okta SCIM Client 1.0.0"), "rfc", "okta"),
            (Dialect::Jumpcloud, None, "jumpcloud", "none"),
        ] {
            let profile = of(dialect, user_agent);
            assert_eq!((profile.name, profile.agent), (name, agent));
        }
    }

    #[test]
    fn each_profile_has_its_rows_of_the_tolerance_matrix_on() {
        // name, boolean strings, upsert on add, on replace, "" unassigns, short manager, unique group names, text for
        // a reference
        for (dialect, rows) in [
            (Dialect::Generic, [true, true, false, false, false, false, false]),
            (Dialect::RefuseUnknown, [true, true, false, false, false, false, false]),
            (Dialect::Okta, [true, true, true, true, false, false, true]),
            (Dialect::OktaOin, [true, true, true, true, false, false, true]),
            (Dialect::Entra, [true, true, true, true, true, true, true]),
            (Dialect::EntraCompliant, [true, true, true, true, true, true, true]),
            (Dialect::Jumpcloud, [true, true, false, false, false, false, true]),
            (Dialect::Rfc, [false, false, false, false, false, false, false]),
            (Dialect::Interop, [false, false, false, false, false, false, false]),
        ] {
            let p = of(dialect, None);
            assert_eq!(p.ingest.text_for_reference, p.patch.text_for_reference);
            assert_eq!(p.ingest.boolean_strings, p.patch.boolean_strings);
            assert_eq!(p.ingest.empty_string_unassigns, p.patch.empty_string_unassigns);
            let found = [
                p.patch.boolean_strings,
                p.patch.upsert_on_add,
                p.patch.upsert_on_replace,
                p.patch.empty_string_unassigns,
                p.patch.short_manager,
                p.unique_group_names,
                p.ingest.text_for_reference,
            ];
            assert_eq!(found, rows, "{dialect:?}");
        }
    }

    #[test]
    fn entra_filters_may_leave_out_the_uri_of_manager() {
        let registry = Registry::core();
        let user = registry.resource_type("User").unwrap();
        let rewritten = |dialect, text: &str| {
            let mut filter = Filter::parse(text).unwrap();
            let fired = of(dialect, None).read_filter(std::slice::from_ref(user), &mut filter);
            (filter.to_string(), fired)
        };
        let uri = scimstack_schema::uri::ENTERPRISE_USER;
        let text = r#"id eq "1" and (not (Manager.value eq "2") or title pr)"#;
        assert_eq!(rewritten(Dialect::Generic, text), (text.to_owned(), vec![]));
        let long = text.replace("Manager", &format!("{uri}:Manager"));
        assert_eq!(rewritten(Dialect::Entra, text), (long.clone(), vec!["short-manager"]));
        assert_eq!(rewritten(Dialect::Entra, &long), (long, vec![]));
        let sub = r#"emails[type eq "work"].value eq "a""#;
        assert_eq!(rewritten(Dialect::Generic, sub), (sub.to_owned(), vec!["filter-sub-attribute"]));
        assert_eq!(rewritten(Dialect::Rfc, sub), (sub.to_owned(), vec![]));
    }

    #[test]
    fn onelogin_documents_of_the_first_version_are_rewritten_and_no_others() {
        let registry = Registry::core();
        let user = registry.resource_type("User").unwrap();
        let text = r#"{"schemas":["urn:scim:schemas:core:1.0"],"urn:x":{"manager":{"managerId":"m1"}}}"#;
        let mut document = Value::parse(text.as_bytes()).unwrap();
        assert!(of(Dialect::Generic, None).rewrite(user, &mut document).is_empty());
        assert_eq!(document.to_string(), text);
        let fired = of(Dialect::Onelogin, None).rewrite(user, &mut document);
        assert_eq!(fired, ["onelogin.core-1.0-urn", "onelogin.manager-id"]);
        assert_eq!(
            document.to_string(),
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"urn:x":{"manager":{"value":"m1"}}}"#
        );
    }
}
