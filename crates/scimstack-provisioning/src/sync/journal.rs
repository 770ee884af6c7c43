//! What a run writes down, so that another can go on where it was cut off: before each request that changes something,
//! that it will be sent; after it, what came of it. One JSON document a line, only ever added to.
//!
//! An entry names people by what they are matched by, and holds ids and fingerprints, never other values: a journal is to
//! be kept where its owner alone can read it.
//!
//! ```
//! use scimstack_provisioning::sync::{Entry, Ledger};
//!
//! let mut ledger = Ledger::default();
//! for line in [
//!     r#"{"entry":"begin","plan":"2a","at":1800000000}"#,
//!     r#"{"entry":"intent","item":"Users userName ann","verb":"POST"}"#,
//! ] {
//!     ledger.handle_entry(&Entry::parse(line)?);
//! }
//! assert!(ledger.is_open("Users userName ann"), "nobody knows whether she was made");
//! # Ok::<(), scimstack_provisioning::sync::EntryError>(())
//! ```

use super::job::Deed;
use super::wire::Verb;
use scimstack_schema::{Object, Timestamp, Value};

/// One line of a journal.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Entry {
    /// A run begins.
    Begin {
        /// The plan's number.
        plan: u64,
        /// When.
        at: Timestamp,
    },
    /// A request that changes something is about to be sent.
    Intent {
        /// What it is about.
        item: String,
        /// The method.
        verb: Verb,
        /// The resource, when it is known.
        id: Option<String>,
    },
    /// It was answered, or its answer was lost.
    Outcome {
        /// What it was about.
        item: String,
        /// The status; `None` when nobody knows what was done, 0 when it never left.
        status: Option<u16>,
        /// The resource.
        id: Option<String>,
        /// Members who came by it.
        added: Vec<String>,
        /// Members who went by it.
        removed: Vec<String>,
    },
    /// A resource is as it is wanted.
    Settled {
        /// Which.
        item: String,
        /// Its id; `None` when it is gone.
        id: Option<String>,
        /// What was done.
        deed: Deed,
        /// Of everything that was wanted.
        hash: u64,
        /// Of the attributes that were wanted, in the order of the rules.
        fingerprints: Vec<Option<u32>>,
    },
    /// It is set aside.
    Aside(Aside),
    /// A run ends.
    End {
        /// When.
        at: Timestamp,
    },
}

/// Something that has failed, and is left alone until its time comes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Aside {
    /// What it is.
    pub item: String,
    /// Why: what the target said.
    pub reason: String,
    /// The status of its answer.
    pub status: Option<u16>,
    /// How often it has failed.
    pub times: u32,
    /// When it failed first.
    pub first: Timestamp,
    /// When it is tried again; `None`: not before it changes.
    pub next: Option<Timestamp>,
    /// Of everything that was wanted: when that changes, it is tried again at once.
    pub hash: u64,
}

impl Aside {
    /// Whether it is left alone at a time, when this is wanted of it.
    #[must_use]
    pub fn holds(&self, hash: u64, now: Timestamp) -> bool {
        self.hash == hash && self.next.is_none_or(|next| next > now)
    }
}

/// Why a line is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no entry of a journal: {0}")]
pub struct EntryError(String);

impl Entry {
    /// Reads a line.
    ///
    /// # Errors
    /// A line that is no entry.
    pub fn parse(line: &str) -> Result<Self, EntryError> {
        let wrong = |why: &str| EntryError(why.to_owned());
        let value = Value::parse(line.as_bytes()).map_err(|error| wrong(&error.to_string()))?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let item = || text("item").ok_or_else(|| wrong("it has no item"));
        let number = |name: &str| match value.get(name) {
            Some(Value::Number(number)) => number.as_i64(),
            _ => None,
        };
        let time = |name: &str| number(name).map(Timestamp::from_seconds);
        let hash = |name: &str| {
            text(name).and_then(|text| u64::from_str_radix(&text, 16).ok()).ok_or_else(|| wrong("it has no number"))
        };
        let status = || number("status").and_then(|status| u16::try_from(status).ok());
        let list = |name: &str| {
            let list = value.get(name).and_then(Value::as_array).unwrap_or_default();
            list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
        };
        Ok(match text("entry").unwrap_or_default().as_str() {
            "begin" => Self::Begin { plan: hash("plan")?, at: time("at").ok_or_else(|| wrong("it has no time"))? },
            "intent" => {
                let verb = text("verb").unwrap_or_default();
                let verbs = [Verb::Post, Verb::Put, Verb::Patch, Verb::Delete];
                let verb = verbs.into_iter().find(|known| known.as_str() == verb);
                Self::Intent { item: item()?, verb: verb.ok_or_else(|| wrong("it has no verb"))?, id: text("id") }
            }
            "outcome" => Self::Outcome {
                item: item()?,
                status: status(),
                id: text("id"),
                added: list("added"),
                removed: list("removed"),
            },
            "settled" => {
                let deed = text("deed").unwrap_or_default();
                let deed = Deed::ALL.into_iter().find(|known| known.as_str() == deed);
                let deed = deed.ok_or_else(|| wrong("it has no deed"))?;
                let prints = fingerprints(&text("prints").unwrap_or_default());
                let prints = prints.ok_or_else(|| wrong("its fingerprints cannot be read"))?;
                Self::Settled { item: item()?, id: text("id"), deed, hash: hash("hash")?, fingerprints: prints }
            }
            "aside" => Self::Aside(Aside {
                item: item()?,
                reason: text("reason").unwrap_or_default(),
                status: status(),
                times: number("times").and_then(|times| u32::try_from(times).ok()).unwrap_or(1),
                first: time("first").ok_or_else(|| wrong("it has no time"))?,
                next: time("next"),
                hash: hash("hash")?,
            }),
            "end" => Self::End { at: time("at").ok_or_else(|| wrong("it has no time"))? },
            other => return Err(wrong(&format!("{other:?} is not known"))),
        })
    }

    /// The line, without its end.
    #[must_use]
    pub fn line(&self) -> String {
        let mut out = Object::new();
        let time = |at: Timestamp| Value::from(at.as_micros().div_euclid(1_000_000));
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                out.insert(name, value);
            }
        };
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        let hex = |hash: u64| Some(Value::from(format!("{hash:x}")));
        let list = |of: &[String]| (!of.is_empty()).then(|| of.iter().map(String::as_str).collect::<Vec<_>>().into());
        match self {
            Self::Begin { plan, at } => {
                put("entry", Some("begin".into()));
                put("plan", hex(*plan));
                put("at", Some(time(*at)));
            }
            Self::Intent { item, verb, id } => {
                put("entry", Some("intent".into()));
                put("item", Some(item.as_str().into()));
                put("verb", Some(verb.as_str().into()));
                put("id", text(id));
            }
            Self::Outcome { item, status, id, added, removed } => {
                put("entry", Some("outcome".into()));
                put("item", Some(item.as_str().into()));
                put("status", status.map(|status| i64::from(status).into()));
                put("id", text(id));
                put("added", list(added));
                put("removed", list(removed));
            }
            Self::Settled { item, id, deed, hash, fingerprints } => {
                put("entry", Some("settled".into()));
                put("item", Some(item.as_str().into()));
                put("id", text(id));
                put("deed", Some(deed.as_str().into()));
                put("hash", hex(*hash));
                put("prints", Some(spelled(fingerprints).into()));
            }
            Self::Aside(aside) => {
                put("entry", Some("aside".into()));
                put("item", Some(aside.item.as_str().into()));
                put("reason", Some(aside.reason.as_str().into()));
                put("status", aside.status.map(|status| i64::from(status).into()));
                put("times", Some(i64::from(aside.times).into()));
                put("first", Some(time(aside.first)));
                put("next", aside.next.map(time));
                put("hash", hex(aside.hash));
            }
            Self::End { at } => {
                put("entry", Some("end".into()));
                put("at", Some(time(*at)));
            }
        }
        Value::from(out).to_string()
    }
}

/// Eight digits each, a dash for those that were not wanted.
fn spelled(fingerprints: &[Option<u32>]) -> String {
    let each = fingerprints.iter().map(|print| print.map_or_else(|| "-".to_owned(), |print| format!("{print:08x}")));
    each.collect()
}

fn fingerprints(text: &str) -> Option<Vec<Option<u32>>> {
    let (mut found, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('-') {
            found.push(None);
            rest = after;
        } else {
            found.push(Some(u32::from_str_radix(rest.get(..8)?, 16).ok()?));
            rest = rest.get(8..)?;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let at = Timestamp::from_seconds(1_800_000_000);
        let item = || "Users externalId 7 \"x\"".to_owned();
        for entry in [
            Entry::Begin { plan: u64::MAX, at },
            Entry::Intent { item: item(), verb: Verb::Post, id: None },
            Entry::Intent { item: item(), verb: Verb::Delete, id: Some("7".to_owned()) },
            Entry::Outcome { item: item(), status: None, id: None, added: Vec::new(), removed: Vec::new() },
            Entry::Outcome {
                item: item(),
                status: Some(204),
                id: Some("g".to_owned()),
                added: vec!["a".to_owned()],
                removed: vec!["b".to_owned(), "c".to_owned()],
            },
            Entry::Settled {
                item: item(),
                id: Some("7".to_owned()),
                deed: Deed::Created,
                hash: 3,
                fingerprints: vec![Some(0), None, Some(u32::MAX), None],
            },
            Entry::Aside(Aside {
                item: item(),
                reason: "no".to_owned(),
                status: Some(400),
                times: 2,
                first: at,
                next: None,
                hash: 9,
            }),
            Entry::End { at },
        ] {
            let line = entry.line();
            assert!(!line.contains('\n'));
            assert_eq!(Entry::parse(&line).unwrap(), entry, "{line}");
        }
    }

    #[test]
    fn a_line_that_is_no_entry_is_refused() {
        for line in [
            "",
            "{",
            "[]",
            r#"{"entry":"other"}"#,
            r#"{"entry":"intent","item":"x","verb":"GET"}"#,
            r#"{"entry":"intent","verb":"POST"}"#,
            r#"{"entry":"begin","plan":"x","at":1}"#,
            r#"{"entry":"settled","item":"x","deed":"created","hash":"1","prints":"00é"}"#,
            r#"{"entry":"settled","item":"x","deed":"eaten","hash":"1"}"#,
        ] {
            assert!(Entry::parse(line).is_err(), "{line}");
        }
    }
}
