//! What differs between a resource as it is and as it is wanted, rule by rule, and how little is kept of a resource to
//! see it: a fingerprint of each mapped attribute.

use super::check::{Checked, Desired};
use super::mapping::When;
use scimstack_schema::{Object, Value, uri};

/// Which rules, as a set.
pub(super) type Rules = u128;

/// What a rule of no value has.
const NOTHING: u32 = 0;

/// A text's 64 bits (FNV-1a, and a turn that spreads them): the same for ever, because journals keep them.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let sum = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let spread = (sum ^ (sum >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    spread ^ (spread >> 29)
}

impl Checked {
    /// The fingerprints of the mapped attributes of a resource.
    pub(super) fn fingerprints(&self, document: &Object, scratch: &mut Vec<u8>) -> Vec<u32> {
        (0..self.rules.len()).map(|at| self.fingerprint(at, self.read(at, document), scratch)).collect()
    }

    /// The fingerprints that a resource will have; `None` where it is left as it is.
    pub(super) fn wanted(&self, desired: &Desired, scratch: &mut Vec<u8>) -> Vec<Option<u32>> {
        let each = (0..self.rules.len()).map(|at| match self.rules.get(at) {
            Some(rule) if rule.rule.when == When::Always => {
                desired.value(at).map(|value| self.fingerprint(at, Some(value), scratch))
            }
            _ => None,
        });
        each.collect()
    }

    /// What a resource is sent as, to be kept: the fingerprints, and last the number of the rules they belong to.
    pub(super) fn prints(&self, desired: &Desired, scratch: &mut Vec<u8>) -> Vec<Option<u32>> {
        let mut prints = self.wanted(desired, scratch);
        let rules: Vec<&str> = self.paths().collect();
        prints.push(Some(hash(rules.join("\n").as_bytes()) as u32));
        prints
    }

    fn read<'a>(&self, rule: usize, document: &'a Object) -> Option<&'a Value> {
        self.rules.get(rule)?.place.read(document)
    }

    fn fingerprint(&self, rule: usize, value: Option<&Value>, scratch: &mut Vec<u8>) -> u32 {
        let (Some(value), Some(rule)) = (value, self.rules.get(rule)) else { return NOTHING };
        let value = rule.place.canonical(value, rule.rule.ignore_case);
        if value.is_unassigned() {
            return NOTHING;
        }
        scratch.clear();
        value.write(scratch);
        let hash = hash(scratch);
        // The two halves together, and never what stands for nothing.
        ((hash >> 32) as u32 ^ hash as u32).max(1)
    }

    /// The rules whose attribute has another value than is wanted.
    pub(super) fn differing(&self, current: &Object, desired: &Desired) -> Rules {
        let mut found = 0;
        for (at, rule) in self.rules.iter().enumerate() {
            let Some(wanted) = desired.value(at).filter(|_| rule.rule.when == When::Always) else { continue };
            let is = rule.place.read(current).unwrap_or(&Value::Null);
            let canonical = |value| rule.place.canonical(value, rule.rule.ignore_case);
            let (is, wanted) = (canonical(is), canonical(wanted));
            if is != wanted && !(is.is_unassigned() && wanted.is_unassigned()) {
                found |= 1 << at;
            }
        }
        found
    }

    /// The resource with these rules' attributes as they are wanted.
    pub(super) fn overlay(&self, current: &Object, desired: &Desired, rules: Rules) -> Object {
        let mut after = current.clone();
        for (at, rule) in self.rules.iter().enumerate() {
            if rules & (1 << at) != 0
                && let Some(wanted) = desired.value(at)
            {
                rule.place.write(&mut after, wanted.clone());
            }
        }
        after
    }

    /// The document that makes the resource.
    pub(super) fn creation(&self, desired: &Desired) -> Object {
        let mut document = Object::new();
        for (at, rule) in self.rules.iter().enumerate() {
            if let Some(wanted) = desired.value(at).filter(|value| !value.is_unassigned()) {
                rule.place.write(&mut document, wanted.clone());
            }
        }
        self.with_schemas(document)
    }

    /// The document with `schemas`: what it names already, the type's own, the extensions it holds.
    pub(super) fn with_schemas(&self, mut document: Object) -> Object {
        let mut schemas: Vec<String> = Vec::new();
        let named = document.remove("schemas");
        let named = named.as_ref().and_then(Value::as_array).unwrap_or_default().iter().filter_map(Value::as_str);
        let held = document.iter().map(|(name, _)| name).filter(|name| name.starts_with("urn:"));
        for schema in std::iter::once(self.resource_type.schema.id.as_str()).chain(named).chain(held) {
            if !schemas.iter().any(|known| known.eq_ignore_ascii_case(schema)) {
                schemas.push(schema.to_owned());
            }
        }
        let mut out = Object::from_iter([("schemas", Value::from(schemas))]);
        for (name, value) in document {
            out.insert(name, value);
        }
        out
    }

    /// Names of the rules of a set.
    pub(super) fn names(&self, rules: Rules) -> Vec<String> {
        let named = self.rules.iter().enumerate().filter(|(at, _)| rules & (1 << at) != 0);
        named.map(|(_, rule)| rule.rule.to.clone()).collect()
    }

    /// Whether it is groups that are made.
    pub(super) fn is_group(&self) -> bool {
        self.resource_type.schema.id.matches(uri::GROUP) || self.resource_type.schema.attribute("members").is_some()
    }

    /// Whether a person is wanted to be inactive.
    pub(super) fn wants_inactive(&self, desired: &Desired) -> bool {
        let wanted = self.active_rule.and_then(|rule| desired.value(rule));
        wanted.and_then(Value::as_bool) == Some(false)
    }

    /// Whether a resource of the target is active; who does not say so is.
    pub(super) fn is_active(&self, document: &Object) -> bool {
        let Some(place) = &self.active else { return true };
        let shown = place.read(document).map(|value| place.canonical(value, false).into_owned());
        shown.and_then(|value| value.as_bool()) != Some(false)
    }
}
