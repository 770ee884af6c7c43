//! What the target has that differs from what it was sent, or from what is wanted now: who is missing there, who is there
//! besides, which attributes were changed and on which side.
//!
//! ```
//! use scimstack_provisioning::sync::{Checked, Entry, Ledger, Mapping, PlanOptions, Planner};
//! use scimstack_schema::{Registry, Value};
//! use std::sync::Arc;
//!
//! # let mapping = Mapping::parse(br#"{"people": {"match": ["userName"], "rules": [{"to": "userName", "from": "mail"}]}}"#)?;
//! # let user = Registry::core().resource_type("User").unwrap().clone();
//! # let checked = Arc::new(Checked::new(&mapping.people.unwrap(), &user).unwrap());
//! let object = |text: &str| Value::parse(text.as_bytes()).unwrap().as_object().unwrap().clone();
//! let mut ledger = Ledger::default();
//! let line = r#"{"entry":"settled","item":"Users userName ann","id":"7","deed":"created","hash":"1","prints":"-"}"#;
//! ledger.handle_entry(&Entry::parse(line).unwrap());
//!
//! let mut planner = Planner::new(checked, PlanOptions::default());
//! planner.handle_target(&object(r#"{"id": "8", "userName": "bob"}"#));
//! planner.handle_source(2, &object(r#"{"mail": "ann"}"#), None);
//! let plan = planner.finish();
//! let report = plan.drift(&ledger);
//! let missing = report.of_row(2, &object(r#"{"mail": "ann"}"#)).unwrap();
//! assert_eq!(missing.to_string(), "missing: ann; it was there as 7");
//! let extra: Vec<String> = report.extra().map(|drift| drift.to_string()).collect();
//! assert_eq!(extra, ["extra: Users/8 (bob)"]);
//! # Ok::<(), scimstack_provisioning::sync::MappingError>(())
//! ```

use super::ledger::Ledger;
use super::plan::{Action, Plan};
use scimstack_schema::{Object, Value};
use std::collections::HashSet;
use std::fmt;

/// Where something was changed since it was sent last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// At the target: by whoever else works there.
    Target,
    /// In the source.
    Source,
    /// On both.
    Both,
    /// It was never sent, or nothing is known of that.
    Unknown,
}

/// One difference between a target and what is wanted of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Drift {
    /// It is wanted, and not there.
    Missing {
        /// The row of the source.
        row: u32,
        /// What it is called.
        label: String,
        /// The resource that it was.
        was: Option<String>,
    },
    /// It is there, and no row names it.
    Extra {
        /// The resource.
        id: String,
        /// What it is called.
        label: String,
        /// The endpoint, without its slash.
        kind: String,
        /// It was sent from here.
        is_ours: bool,
    },
    /// It is there, and not as it is wanted.
    Changed {
        /// The row of the source.
        row: u32,
        /// The resource.
        id: String,
        /// What it is called.
        label: String,
        /// The attributes, and where they were changed.
        attributes: Vec<(String, Side)>,
        /// Members that are missing, and members that are there besides.
        members: (u32, u32),
    },
}

/// The differences of a plan.
#[derive(Debug)]
pub struct DriftReport<'a> {
    plan: &'a Plan,
    ledger: &'a Ledger,
    ours: HashSet<&'a str>,
}

impl Plan {
    /// What differs, in the light of what was sent before.
    #[must_use]
    pub fn drift<'a>(&'a self, ledger: &'a Ledger) -> DriftReport<'a> {
        DriftReport { plan: self, ledger, ours: ledger.ids().map(|(_, id)| id).collect() }
    }
}

impl DriftReport<'_> {
    /// What differs for a row of the source; `None` when nothing does.
    #[must_use]
    pub fn of_row(&self, row: u32, record: &Object) -> Option<Drift> {
        let change = self.plan.change_of(row)?;
        let mut desired = self.plan.checked.desired(record).ok()?;
        self.plan.table.resolve(&self.plan.checked, &mut desired);
        let item = self.plan.checked.item(&desired);
        let label = self.plan.checked.label(&desired);
        let Some(at) = change.step.target.filter(|_| change.step.action == Action::Update) else {
            return Some(Drift::Missing { row, label, was: self.ledger.id(&item).map(str::to_owned) });
        };
        let wanted = self.plan.checked.prints(&desired, &mut Vec::new());
        let sent = self.ledger.fingerprints(&item).filter(|sent| sent.last() == wanted.last());
        let is = self.plan.table.fingerprints(at);
        let side = |rule: usize| {
            let sent = sent.and_then(|sent| *sent.get(rule)?);
            let (wanted, is) = (wanted.get(rule).copied().flatten(), is.get(rule).copied());
            match sent {
                None => Side::Unknown,
                sent if sent == wanted => Side::Target,
                sent if sent == is => Side::Source,
                _ => Side::Both,
            }
        };
        let rules = (0..wanted.len()).filter(|rule| change.step.rules.checked_shr(*rule as u32).unwrap_or(0) & 1 == 1);
        let attributes = rules.zip(change.attributes()).map(|(rule, name)| (name, side(rule))).collect();
        let id = self.plan.table.id(at).to_owned();
        Some(Drift::Changed { row, id, label, attributes, members: change.members() })
    }

    /// What is at the target, and in no row of the source.
    pub fn extra(&self) -> impl Iterator<Item = Drift> {
        let kind = self.plan.checked.endpoint().trim_start_matches('/').to_owned();
        self.plan.extra.iter().map(move |&at| {
            let id = self.plan.table.id(at).to_owned();
            let is_ours = self.ours.contains(id.as_str());
            Drift::Extra { id, label: self.plan.table.label(at).to_owned(), kind: kind.clone(), is_ours }
        })
    }
}

impl Side {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Source => "source",
            Self::Both => "both",
            Self::Unknown => "unknown",
        }
    }
}

impl Drift {
    /// The difference as a document.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let text = |text: &str| Value::from(text);
        match self {
            Self::Missing { row, label, was } => {
                let mut out = Object::from_iter([("drift", text("missing")), ("name", text(label))]);
                out.insert("line", i64::from(*row));
                if let Some(was) = was {
                    out.insert("was", was.as_str());
                }
                out.into()
            }
            Self::Extra { id, label, kind, is_ours } => {
                let mut out = Object::from_iter([("drift", text("extra")), ("type", text(kind)), ("id", text(id))]);
                out.insert("name", label.as_str());
                out.insert("ours", *is_ours);
                out.into()
            }
            Self::Changed { row, id, label, attributes, members } => {
                let mut out = Object::from_iter([("drift", text("changed")), ("id", text(id)), ("name", text(label))]);
                out.insert("line", i64::from(*row));
                let sides = attributes.iter().map(|(name, side)| (name.as_str(), side.as_str()));
                out.insert("attributes", sides.collect::<Object>());
                if *members != (0, 0) {
                    out.insert("membersMissing", i64::from(members.0));
                    out.insert("membersExtra", i64::from(members.1));
                }
                out.into()
            }
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { label, was, .. } => {
                write!(f, "missing: {label}")?;
                was.iter().try_for_each(|was| write!(f, "; it was there as {was}"))
            }
            Self::Extra { id, label, kind, is_ours } => {
                write!(f, "extra: {kind}/{id} ({label})")?;
                if *is_ours { f.write_str("; it was sent from here") } else { Ok(()) }
            }
            Self::Changed { label, attributes, members, .. } => {
                let side = |side: Side| match side {
                    Side::Target => " (changed at the target)",
                    Side::Source => " (changed in the source)",
                    Side::Both => " (changed on both sides)",
                    Side::Unknown => "",
                };
                let mut said: Vec<String> =
                    attributes.iter().map(|(name, at)| format!("{name}{}", side(*at))).collect();
                said.extend((members.0 > 0).then(|| format!("{} members missing", members.0)));
                said.extend((members.1 > 0).then(|| format!("{} members too many", members.1)));
                write!(f, "changed: {label}: {}", said.join(", "))
            }
        }
    }
}
