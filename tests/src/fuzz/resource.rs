//! Documents: JSON printed is JSON read, and what an ingest makes is in order, valid, and the same when it is sent back
//! (RFC 7643 §2, §3).

use super::{Outcome, documents};
use scimstack_schema::{IngestOptions, Value};

pub(super) fn run(data: &[u8]) -> Outcome {
    let document = match Value::parse(data) {
        Ok(document) => document,
        Err(error) => {
            assert!(!error.to_string().is_empty(), "JSON is refused without a word");
            return Outcome::Refused;
        }
    };
    documents::assert_round_trip(&document);

    let mut accepted = false;
    for resource_type in documents::resource_types() {
        for options in readings() {
            let made = match resource_type.ingest(document.clone(), &options) {
                Ok(made) => made,
                Err(violations) => {
                    assert!(!violations.0.is_empty(), "a document is refused for no reason");
                    assert!(violations.0.iter().all(|one| !one.detail.is_empty()), "{violations:?}: without a word");
                    continue;
                }
            };
            accepted = true;
            documents::assert_canonical(&made.resource, "an ingest");
        }
    }
    if accepted { Outcome::Accepted } else { Outcome::Refused }
}

/// The letter of the RFC, and everything that is ever accepted.
fn readings() -> [IngestOptions; 2] {
    let mut everything = IngestOptions::default();
    everything.boolean_strings = true;
    everything.object_for_list = true;
    everything.string_for_complex = true;
    everything.empty_string_unassigns = true;
    [IngestOptions::default(), everything]
}
