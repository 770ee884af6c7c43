//! A [`Person`] as bytes, kept with the resource: a JSON object with a version. Members that a later version added are
//! kept as they are; a later version keeps the meaning of those known here.

use super::person::{Person, PersonState};
use scimstack_schema::value::JsonError;
use scimstack_schema::{Object, Timestamp, Value};

/// The version written here.
const VERSION: i64 = 1;

/// Why bytes are no person.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No JSON.
    #[error("the lifecycle's record is no JSON")]
    Json(#[from] JsonError),
    /// A member is missing or of the wrong form.
    #[error("the lifecycle's record has no usable \"{0}\"")]
    Member(&'static str),
}

fn integer_of(value: Option<Value>, name: &'static str) -> Result<Option<i64>, DecodeError> {
    match value {
        None => Ok(None),
        Some(Value::Number(number)) => number.as_i64().map(Some).ok_or(DecodeError::Member(name)),
        Some(_) => Err(DecodeError::Member(name)),
    }
}

impl Person {
    /// Reads what [`Person::encode`] wrote.
    ///
    /// # Errors
    /// Bytes that are no record; no bytes at all are none either.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Value::Object(mut record) = Value::parse(bytes)? else {
            return Err(DecodeError::Member("v"));
        };
        let mut integer = |name: &'static str| integer_of(record.remove(name), name);
        if integer("v")?.is_none_or(|version| version < VERSION) {
            return Err(DecodeError::Member("v"));
        }
        let since = integer("since")?.ok_or(DecodeError::Member("since"))?;
        let claimed_at = integer("claimedAt")?.map(Timestamp::from_micros);
        let transitions =
            u64::try_from(integer("transitions")?.unwrap_or(0)).map_err(|_| DecodeError::Member("transitions"))?;
        let before = record.remove("before");
        let state = match record.remove("state").as_ref().and_then(Value::as_str) {
            Some("unclaimed") => PersonState::Unclaimed,
            Some("active") => PersonState::Active,
            Some("deactivated") => match before.as_ref().and_then(Value::as_str) {
                Some("unclaimed") => PersonState::Deactivated { claimed: false },
                Some("active") => PersonState::Deactivated { claimed: true },
                _ => return Err(DecodeError::Member("before")),
            },
            Some("deleted") => PersonState::Deleted,
            _ => return Err(DecodeError::Member("state")),
        };
        let welcome_at = integer_of(record.remove("welcomeAt"), "welcomeAt")?.map(Timestamp::from_micros);
        let welcomed = record.remove("welcomed").and_then(|value| value.as_bool()).unwrap_or(false);
        let mut person = Self::from_record(state, Timestamp::from_micros(since), claimed_at, welcomed, transitions);
        person.welcome_at = welcome_at;
        if let Some(Value::Array(names)) = record.remove("formerUserNames") {
            person.former_user_names = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        }
        person.connection = record.remove("connection").and_then(|value| value.as_str().map(str::to_owned));
        person.unknown = record;
        Ok(person)
    }

    /// The bytes to keep with the resource.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut record = Object::new();
        record.insert("v", VERSION);
        let (state, before) = match self.state {
            PersonState::Unclaimed => ("unclaimed", None),
            PersonState::Active => ("active", None),
            PersonState::Deactivated { claimed: false } => ("deactivated", Some("unclaimed")),
            PersonState::Deactivated { claimed: true } => ("deactivated", Some("active")),
            PersonState::Deleted => ("deleted", None),
        };
        record.insert("state", state);
        if let Some(before) = before {
            record.insert("before", before);
        }
        record.insert("since", self.since.as_micros());
        if let Some(at) = self.claimed_at {
            record.insert("claimedAt", at.as_micros());
        }
        if self.welcomed {
            record.insert("welcomed", true);
        }
        if let Some(at) = self.welcome_at {
            record.insert("welcomeAt", at.as_micros());
        }
        if !self.former_user_names.is_empty() {
            record.insert("formerUserNames", self.former_user_names.clone());
        }
        if let Some(connection) = &self.connection {
            record.insert("connection", connection.as_str());
        }
        if self.transitions > 0 {
            record.insert("transitions", i64::try_from(self.transitions).unwrap_or(i64::MAX));
        }
        for (name, value) in self.unknown.iter() {
            record.insert(name, value.clone());
        }
        Value::Object(record).to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        for text in [
            r#"{"v":1,"state":"unclaimed","since":5}"#,
            r#"{"v":1,"state":"active","since":5,"claimedAt":4,"welcomed":true,"connection":"default"}"#,
            r#"{"v":1,"state":"deactivated","before":"active","since":5,"claimedAt":4,"transitions":3}"#,
            r#"{"v":1,"state":"deactivated","before":"unclaimed","since":5,"formerUserNames":["ann@x.test","a@x.test"]}"#,
            r#"{"v":1,"state":"unclaimed","since":5,"welcomeAt":9}"#,
            r#"{"v":1,"state":"deleted","since":-5,"transitions":1}"#,
        ] {
            let person = Person::decode(text.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(person.encode()).unwrap(), text);
        }
    }

    #[test]
    fn members_of_a_later_version_are_kept() {
        let text = r#"{"v":1,"state":"active","since":5,"lockedBy":{"admin":"root","at":1.50}}"#;
        assert_eq!(String::from_utf8(Person::decode(text.as_bytes()).unwrap().encode()).unwrap(), text);
    }

    #[test]
    fn bytes_that_are_no_record_are_refused_by_name() {
        for (text, named) in [
            ("", "no JSON"),
            ("[]", "\"v\""),
            ("{}", "\"v\""),
            (r#"{"v":0,"state":"active","since":1}"#, "\"v\""),
            (r#"{"v":1,"since":1}"#, "\"state\""),
            (r#"{"v":1,"state":"gone","since":1}"#, "\"state\""),
            (r#"{"v":1,"state":"deactivated","since":1}"#, "\"before\""),
            (r#"{"v":1,"state":"active"}"#, "\"since\""),
            (r#"{"v":1,"state":"active","since":"now"}"#, "\"since\""),
            (r#"{"v":1,"state":"active","since":1,"transitions":-1}"#, "\"transitions\""),
        ] {
            let error = Person::decode(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
