//! The ledger as it is written in `spec/clauses.toml`: a table for each clause of RFC 7643, 7644 and 9865 that binds a
//! server or whoever writes a schema. Owns the file's form; what must be true of its rows is [`super::check`].

use crate::error::{Doing, Result};
use serde::Deserialize;
use std::fmt;

/// Where the ledger lies.
pub(crate) const PATH: &str = "spec/clauses.toml";

/// All clauses, in the order of the documents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ledger {
    #[serde(rename = "clause", default)]
    pub(crate) clauses: Vec<Clause>,
}

/// One clause.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clause {
    /// `P-3.3-05`: document, section, number within it.
    pub(crate) id: String,
    /// `7644 §3.3`.
    pub(crate) rfc: String,
    pub(crate) level: Level,
    pub(crate) binds: Binds,
    /// What is demanded, in our words.
    pub(crate) says: String,
    pub(crate) status: Status,
    /// `crates/…/s3_03_create.rs::name_of_the_function`, with `#…` for one of the data that it runs over.
    #[serde(default)]
    pub(crate) tests: Vec<String>,
    /// Why it is not met or has no test, and what happens instead.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

/// The document's own key word (RFC 2119); `TEXT` is behaviour that it describes without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Level {
    Must,
    #[serde(rename = "MUST NOT")]
    MustNot,
    Shall,
    #[serde(rename = "SHALL NOT")]
    ShallNot,
    Required,
    Should,
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    Recommended,
    #[serde(rename = "NOT RECOMMENDED")]
    NotRecommended,
    Text,
}

/// How much a key word demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strength {
    Must,
    Should,
    Text,
}

impl Strength {
    pub(crate) const ALL: [Self; 3] = [Self::Must, Self::Should, Self::Text];
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST, SHALL, REQUIRED",
            Self::Should => "SHOULD, RECOMMENDED",
            Self::Text => "without a key word",
        })
    }
}

impl Level {
    pub(crate) fn strength(self) -> Strength {
        match self {
            Self::Must | Self::MustNot | Self::Shall | Self::ShallNot | Self::Required => Strength::Must,
            Self::Should | Self::ShouldNot | Self::Recommended | Self::NotRecommended => Strength::Should,
            Self::Text => Strength::Text,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Shall => "SHALL",
            Self::ShallNot => "SHALL NOT",
            Self::Required => "REQUIRED",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::Recommended => "RECOMMENDED",
            Self::NotRecommended => "NOT RECOMMENDED",
            Self::Text => "TEXT",
        })
    }
}

/// Whom a clause obliges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Binds {
    Server,
    /// Servers and clients.
    Both,
    #[serde(rename = "schema author")]
    SchemaAuthor,
}

impl fmt::Display for Binds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Both => "both sides",
            Self::SchemaAuthor => "schema author",
        })
    }
}

/// What has become of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Met,
    Partly,
    Missing,
    /// The duty of whoever runs the program, or of a proxy before it.
    #[serde(rename = "not ours")]
    NotOurs,
}

impl Status {
    pub(crate) const ALL: [Self; 4] = [Self::Met, Self::Partly, Self::Missing, Self::NotOurs];
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Met => "met",
            Self::Partly => "partly",
            Self::Missing => "missing",
            Self::NotOurs => "not ours",
        })
    }
}

/// A document whose clauses are in the ledger.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// What the ids of its clauses begin with.
    pub(crate) letter: &'static str,
    /// Its number.
    pub(crate) rfc: &'static str,
    pub(crate) title: &'static str,
}

/// The documents, in the ledger's order.
pub(crate) const DOCUMENTS: [Document; 3] = [
    Document { letter: "P", rfc: "7644", title: "protocol" },
    Document { letter: "S", rfc: "7643", title: "schema" },
    Document { letter: "C", rfc: "9865", title: "cursor-based pagination" },
];

/// The parts of a clause's id. They are ordered as the clauses are: by document, section, number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The document's place in [`DOCUMENTS`].
    pub(crate) document: usize,
    /// `3.4.2` as numbers.
    pub(crate) section: Vec<u32>,
    pub(crate) number: u32,
}

impl Place {
    /// Reads an id.
    pub(crate) fn parse(id: &str) -> Option<Self> {
        let mut parts = id.split('-');
        let (letter, section, number) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || number.len() != 2 {
            return None;
        }
        let section: Option<Vec<u32>> = section.split('.').map(|part| part.parse().ok()).collect();
        Some(Self {
            document: DOCUMENTS.iter().position(|document| document.letter == letter)?,
            section: section?,
            number: number.parse().ok()?,
        })
    }

    /// Its document.
    pub(crate) fn document(&self) -> Option<&'static Document> {
        DOCUMENTS.get(self.document)
    }

    /// `3.4.2`.
    pub(crate) fn section(&self) -> String {
        joined(&self.section)
    }

    /// The section's first two numbers, `3.4`: fine enough for a table that fits on a screen.
    pub(crate) fn group(&self) -> String {
        joined(self.section.get(..2).unwrap_or(&self.section))
    }
}

fn joined(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

impl Ledger {
    /// Reads the text of the ledger.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).doing(format_args!("read {PATH}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"
        [[clause]]
        id = "P-3.3-05"
        rfc = "7644 §3.3"
        level = "SHALL"
        binds = "server"
        says = "A successful creation is answered with 201."
        status = "met"
        tests = ["a.rs::b"]
    "#;

    #[test]
    fn a_row_is_read() {
        let ledger = Ledger::parse(ROW).unwrap();
        let clause = &ledger.clauses[0];
        assert_eq!((clause.level, clause.binds, clause.status), (Level::Shall, Binds::Server, Status::Met));
        assert_eq!((&*clause.tests[0], &clause.reason), ("a.rs::b", &None));
    }

    #[test]
    fn every_word_for_a_level_or_a_status_is_read_as_it_is_printed() {
        for word in
            "MUST,MUST NOT,SHALL,SHALL NOT,REQUIRED,SHOULD,SHOULD NOT,RECOMMENDED,NOT RECOMMENDED,TEXT".split(',')
        {
            let ledger = Ledger::parse(&ROW.replace("SHALL", word)).unwrap();
            assert_eq!(ledger.clauses[0].level.to_string(), word);
        }
        for word in ["met", "partly", "missing", "not ours"] {
            let ledger = Ledger::parse(&ROW.replace("\"met\"", &format!("\"{word}\""))).unwrap();
            assert_eq!(ledger.clauses[0].status.to_string(), word);
        }
        for word in ["server", "both", "schema author"] {
            assert!(Ledger::parse(&ROW.replace("server", word)).is_ok(), "{word}");
        }
    }

    #[test]
    fn what_is_misspelt_is_refused() {
        for (right, wrong) in [
            ("SHALL", "shall"),
            ("SHALL", "MAY"),
            ("\"server\"", "\"client\""),
            ("\"met\"", "\"done\""),
            ("tests", "test"),
            ("says", "sais"),
            ("[[clause]]", "[[clauses]]"),
            ("\"met\"", "\"met"),
        ] {
            assert!(Ledger::parse(&ROW.replace(right, wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ids_are_ordered_as_the_documents_are() {
        let ids = ["P-1.3-01", "P-2-01", "P-2.1-01", "P-3.4.2.2-09", "P-3.4.2.2-10", "P-3.10-01", "S-1-01", "C-2-01"];
        let places: Vec<Place> = ids.iter().map(|id| Place::parse(id).unwrap()).collect();
        assert!(places.is_sorted());
        assert_eq!((places[3].section(), places[3].group()), ("3.4.2.2".to_owned(), "3.4".to_owned()));
        for wrong in ["", "P", "P-3", "P-3.3", "X-3.3-01", "P-3.3-1", "P-3..3-01", "P-3.x-01", "P-3.3-01-2"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}
