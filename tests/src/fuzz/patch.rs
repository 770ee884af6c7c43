//! PATCH bodies: all or nothing, what comes out is in order and valid, `changed` tells the truth, a PATCH printed is the
//! PATCH read, and `apply(diff(a, b), a) = b` (RFC 7644 §3.5.2).

use super::{Outcome, documents};
use scimstack_filter::{Patch, PatchOptions};
use scimstack_schema::{Resource, Value};

pub(super) fn run(data: &[u8]) -> Outcome {
    let Ok(body) = Value::parse(data) else {
        return Outcome::Refused;
    };
    let mut accepted = false;
    for options in readings() {
        match Patch::from_value(body.clone(), &options) {
            Err(error) => assert!(!error.detail.is_empty(), "a body is refused without a word"),
            Ok(patch) => {
                let printed = patch.to_value();
                let again = Patch::from_value(printed.clone(), &options).expect("what was printed can be read");
                assert_eq!(again, patch, "what was printed is another PATCH: {printed}");
                accepted |= apply_everywhere(&patch);
            }
        }
    }
    if accepted { Outcome::Accepted } else { Outcome::Refused }
}

/// The letter of the RFC, the default, and everything that is ever accepted.
fn readings() -> [PatchOptions; 3] {
    let everything =
        PatchOptions::default().with_upsert_on_replace(true).with_empty_string_unassigns(true).with_short_manager(true);
    [PatchOptions::strict(), PatchOptions::default(), everything]
}

/// Applies a PATCH to every sample under every reading; whether it could be applied anywhere.
pub(super) fn apply_everywhere(patch: &Patch) -> bool {
    let mut applied = false;
    for options in readings() {
        for before in documents::samples() {
            applied |= apply(patch, before, &options);
            // Another way to the same answer, or to none; here it only must not panic.
            let _ = patch.as_relation_delta(before.resource_type(), &options);
        }
    }
    applied
}

/// Applies a PATCH to a resource under one reading; whether it could be applied.
pub(super) fn apply(patch: &Patch, before: &Resource, options: &PatchOptions) -> bool {
    let mut after = before.clone();
    match patch.apply(&mut after, options) {
        Err(error) => {
            assert!(&after == before, "a PATCH was refused and has changed something: {}", patch.to_value());
            assert!(!error.detail.is_empty(), "a PATCH is refused without a word");
            assert!(error.operation.is_none_or(|index| index < patch.operations.len()), "the error names no operation");
            false
        }
        Ok(outcome) => {
            let shown = patch.to_value();
            documents::assert_canonical(&after, &format!("the PATCH {shown}"));
            assert_eq!(outcome.changed, &after != before, "`changed` does not tell the truth: {shown}");
            assert_eq!(after.id(), before.id(), "a PATCH has changed the id: {shown}");
            assert_diff(before, &after);
            assert_diff(&after, before);
            true
        }
    }
}

/// The PATCH that leads from one document to the other does, even under the letter of the RFC.
fn assert_diff(from: &Resource, to: &Resource) {
    let patch = Patch::diff(from, to);
    let mut reached = from.clone();
    if !patch.operations.is_empty() {
        let shown = patch.to_value();
        let applied = patch.apply(&mut reached, &PatchOptions::strict());
        assert!(applied.is_ok(), "a PATCH of our own making is refused: {applied:?}: {shown}");
    }
    let (reached_text, text) = (reached.to_bytes(), to.to_bytes());
    let (reached_text, text) = (String::from_utf8_lossy(&reached_text), String::from_utf8_lossy(&text));
    assert!(
        &reached == to,
        "a PATCH of our own making, {}, leads to {reached_text} instead of {text}",
        patch.to_value()
    );
}
