//! Values to send, made from an attribute's description, and whether what came back is what was sent. For the attributes
//! of the RFC whose form a server may check, the value has that form.

use crate::attribute::{Attribute, Type, member};
use serde_json::{Map, Number, Value};

/// A certificate for `example.com`, self-signed, for `x509Certificates`.
const CERTIFICATE: &str = "MIIBgzCCASmgAwIBAgIUNJjtv1LMd7T0reXM/crQfa/BEAowCgYIKoZIzj0EAwIwFjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wIBcNMjYxMTI3MTUwMDIwWhgPMjEyNjExMDMxNTAwMjBaMBYxFDASBgNVBAMMC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbVMO0N/Sm/NXlvKnbtTXVprBacViaAdS+oPfmBSvGoBJq6f7x56fEgnaZyTHEzposOpHPHqLo5D9s5JCpWw8EqNTMFEwHQYDVR0OBBYEFCQEAOrbVBXqTvyAMQpzPMYm1556MB8GA1UdIwQYMBaAFCQEAOrbVBXqTvyAMQpzPMYm1556MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgFNbMz343wVRFmQW7ABHgtXuP2m9yaSWnie3z8zha2MECIQC1v16eIvkQuLUnOzGMNpoDKSXbc2AeI8SQuJitPzaypw==";

/// Words that say what a text is, and two texts of that kind.
const FORMS: &[(&str, [&str; 2])] = &[
    ("locale", ["en-US", "de-DE"]),
    ("preferredlanguage", ["en-US", "de-DE"]),
    ("timezone", ["Europe/Berlin", "America/New_York"]),
    ("country", ["DE", "US"]),
    ("password", ["Sc1m-check/Pa55word", "Sc1m-check/0therPa55"]),
];

impl Attribute {
    /// A value; another `n`, another value. `name` is what the resource is called.
    pub(crate) fn sample(&self, n: usize, name: &str) -> Option<Value> {
        match self.multi {
            false => self.one(n, name, ""),
            true if self.kind == Type::Complex => {
                Some(Value::Array(vec![self.one(n * 2, name, "")?, self.one(n * 2 + 1, name, "")?]))
            }
            true => Some(Value::Array(vec![self.one(n * 2, name, "")?, self.one(n * 2 + 1, name, "")?])),
        }
    }

    /// One value of a list, or the value of what is none.
    pub(crate) fn one(&self, n: usize, name: &str, of: &str) -> Option<Value> {
        if self.is_relation() || !self.is_writable() {
            return None;
        }
        Some(match self.kind {
            Type::String => Value::String(self.words(n, name, of)),
            Type::Boolean => Value::Bool(n.is_multiple_of(2)),
            Type::Integer => Value::Number(Number::from(40 + n)),
            Type::Decimal => Value::Number(Number::from_f64(f64::from(u16::try_from(n).unwrap_or(0)) + 0.5)?),
            Type::DateTime => Value::String(format!("2024-0{}-05T10:20:30Z", n % 9 + 1)),
            Type::Binary if of.eq_ignore_ascii_case("x509Certificates") => Value::String(CERTIFICATE.to_owned()),
            Type::Binary => Value::String(["c2NpbWNoZWNrIDA=", "c2NpbWNoZWNrIDE="].get(n % 2)?.to_string()),
            Type::Reference => Value::String(format!("https://example.com/{}/{n}", self.name.trim_start_matches('$'))),
            Type::Complex => {
                let subs = self.subs.iter().filter(|sub| !sub.is_named("$ref"));
                let value: Map<String, Value> = subs
                    .filter_map(|sub| {
                        let value = match sub.multi {
                            true => Value::Array(vec![sub.one(n, name, &self.name)?]),
                            false => sub.one(n, name, &self.name)?,
                        };
                        // One value of a list is the primary one, and only of the first list that is sent.
                        let value = if sub.is_named("primary") { Value::Bool(n.is_multiple_of(2)) } else { value };
                        Some((sub.name.clone(), value))
                    })
                    .collect();
                if value.is_empty() {
                    return None;
                }
                Value::Object(value)
            }
        })
    }

    fn words(&self, n: usize, name: &str, of: &str) -> String {
        if let Some(word) = n.checked_rem(self.canonical.len()).and_then(|at| self.canonical.get(at)) {
            return word.clone();
        }
        let (own, of) = (self.name.to_ascii_lowercase(), of.to_ascii_lowercase());
        if let Some((_, texts)) = FORMS.iter().find(|(word, _)| own == *word) {
            return texts.get(n % 2).copied().unwrap_or_default().to_owned();
        }
        match (of.as_str(), own.as_str()) {
            ("emails", "value") | (_, "email" | "username") => format!("{name}-{n}@example.com"),
            ("phonenumbers" | "faxnumbers", "value") | (_, "phone" | "mobile") => format!("tel:+1-201-555-01{n:02}"),
            (_, "externalid") => format!("{name}-{n}"),
            ("photos", "value") => format!("https://example.com/photos/{n}.jpg"),
            (_, "type") => ["work", "home", "other"].get(n % 3).copied().unwrap_or("work").to_owned(),
            _ if self.uniqueness != "none" => format!("{name}-{own}-{n}"),
            (_, "value") => format!("{name}-{n}"),
            _ => format!("Check {own} {n}"),
        }
    }

    /// Whether any text will do.
    pub(crate) fn is_free_text(&self) -> bool {
        let own = self.name.to_ascii_lowercase();
        !FORMS.iter().any(|(word, _)| own == *word)
            && !matches!(own.as_str(), "email" | "phone" | "mobile" | "externalid")
    }

    /// Whether what came back is what was sent: times as instants, numbers by value, text with case where case matters,
    /// lists in any order. A server may add sub-attributes.
    pub(crate) fn is_same(&self, sent: &Value, got: &Value) -> bool {
        match (sent, got) {
            (Value::Array(sent), Value::Array(got)) if self.multi => {
                sent.len() == got.len() && sent.iter().all(|one| got.iter().any(|other| self.is_same_one(one, other)))
            }
            _ if self.multi => false,
            _ => self.is_same_one(sent, got),
        }
    }

    pub(crate) fn is_same_one(&self, sent: &Value, got: &Value) -> bool {
        match (self.kind, sent, got) {
            (Type::Complex, Value::Object(sent), Value::Object(_)) => sent.iter().all(|(name, value)| {
                let Some(sub) = self.sub(name).filter(|sub| sub.comes_back()) else { return true };
                // What does not say that it is primary is not (RFC 7643 §2.4).
                let is_false = sub.is_named("primary") && *value == Value::Bool(false);
                member(got, name).map_or(is_false, |got| sub.is_same(value, got))
            }),
            (Type::DateTime, Value::String(sent), Value::String(got)) => instant(sent) == instant(got),
            (Type::Integer | Type::Decimal, Value::Number(sent), Value::Number(got)) => sent.as_f64() == got.as_f64(),
            (Type::String, Value::String(sent), Value::String(got)) if !self.case_exact => {
                sent.to_lowercase() == got.to_lowercase()
            }
            _ => sent == got,
        }
    }
}

/// A time in UTC in one spelling, for the times that the suite sends itself.
fn instant(text: &str) -> String {
    let text = text.trim_end_matches("+00:00").trim_end_matches(['Z', 'z']);
    match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole.to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn attribute(description: Value) -> Attribute {
        Attribute::read(&description, None).unwrap()
    }

    #[test]
    fn each_type_has_samples_that_differ() {
        for kind in ["string", "boolean", "decimal", "integer", "dateTime", "binary"] {
            let attribute = attribute(json!({"name": "a", "type": kind}));
            assert_ne!(attribute.sample(0, "x"), attribute.sample(1, "x"), "{kind}");
        }
    }

    #[test]
    fn a_list_is_the_same_in_any_order_and_with_more_in_it() {
        let emails = attribute(json!({"name": "emails", "type": "complex", "multiValued": true, "subAttributes": [
            {"name": "value"}, {"name": "primary", "type": "boolean"}]}));
        let sent = json!([{"value": "a", "primary": true}, {"value": "b", "primary": false}]);
        assert!(emails.is_same(&sent, &json!([{"value": "B"}, {"value": "a", "primary": true, "display": "x"}])));
        assert!(!emails.is_same(&sent, &json!([{"value": "a", "primary": true}])));
        assert!(!emails.is_same(&sent, &json!([{"value": "b"}, {"value": "a"}])));
    }

    #[test]
    fn times_are_compared_as_instants_and_numbers_by_value() {
        let time = attribute(json!({"name": "a", "type": "dateTime"}));
        assert!(time.is_same(&json!("2024-01-05T10:20:30Z"), &json!("2024-01-05T10:20:30.000+00:00")));
        assert!(!time.is_same(&json!("2024-01-05T10:20:30Z"), &json!("2024-01-05T10:20:31Z")));
        let number = attribute(json!({"name": "a", "type": "decimal"}));
        assert!(number.is_same(&json!(1.0), &json!(1)));
    }

    #[test]
    fn what_names_other_resources_is_not_made_up() {
        let manager = attribute(json!({"name": "manager", "type": "complex", "subAttributes": [
            {"name": "value"}, {"name": "$ref", "type": "reference", "referenceTypes": ["User"]}]}));
        assert_eq!(manager.sample(0, "x"), None);
    }
}
