//! What is said: the plan before, what came of it after, and what differs when that is all that was asked for.

use super::execute::Sum;
use super::look::Planned;
use crate::failure::Result;
use crate::output::{self, Format};
use scimstack_provisioning::sync::{Change, Ledger};
use scimstack_schema::{Object, Value};

/// Each change once, those of rows with what the rows are called.
fn each(planned: &Planned, mut say: impl FnMut(&Change<'_>, Option<String>) -> Result<bool>) -> Result {
    if planned.plan.is_empty() {
        return Ok(());
    }
    let checked = planned.plan.checked();
    for row in planned.source.rows()? {
        let (line, row) = row?;
        if let Some(change) = planned.plan.change_of(line) {
            let label = checked.desired(&row).ok().map(|desired| checked.label(&desired));
            if !say(&change, label)? {
                return Ok(());
            }
        }
    }
    for change in planned.plan.changes_without_row() {
        if !say(&change, None)? {
            return Ok(());
        }
    }
    Ok(())
}

/// The plan.
pub(super) fn plan(all: &[&Planned], format: Format, show: usize) -> Result {
    let mut document = Object::new();
    for planned in all {
        let mut changes = Vec::new();
        let mut shown = 0;
        each(planned, |change, label| {
            shown += 1;
            match format {
                Format::Table if shown > show => return Ok(false),
                Format::Table => {
                    let label = label.filter(|_| change.id().is_none()).map(|label| format!(" ({label})"));
                    let line = format!("{change}{}", label.unwrap_or_default());
                    output::print(&format!("{}\n", output::plain(&line).replace('\n', " ")))?;
                }
                Format::Jsonl => output::print(&format!("{}\n", named(change, label)))?,
                Format::Json => changes.push(named(change, label)),
            }
            Ok(true)
        })?;
        let (counts, count) = (planned.plan.counts(), planned.plan.changes().count());
        match format {
            Format::Table => {
                if count > show {
                    output::print(&format!("… and {} more; --output json shows all\n", count - show))?;
                }
                output::print(&format!("{}: {counts}\n", planned.kind()))?;
            }
            Format::Jsonl => {
                let line = Object::from_iter([("counts", counts.to_value()), ("type", planned.kind().into())]);
                output::print(&format!("{}\n", Value::from(line)))?;
            }
            Format::Json => {
                let notes = planned.plan.notes().iter().map(|note| {
                    let mut out = Object::from_iter([("text", note.text.as_str())]);
                    out.insert("line", i64::from(note.row));
                    out.into()
                });
                let mut part = Object::from_iter([("counts", counts.to_value())]);
                part.insert("changes", Value::Array(changes));
                part.insert("notes", Value::Array(notes.collect()));
                document.insert(planned.kind(), part);
            }
        }
    }
    if format == Format::Json { output::print(&output::pretty(&document.into())) } else { Ok(()) }
}

fn named(change: &Change<'_>, label: Option<String>) -> Value {
    let mut value = change.to_value();
    if let (Some(object), Some(label)) = (value.as_object_mut(), label) {
        object.insert("name", label);
    }
    value
}

/// What nobody but people can decide, on the standard error stream.
pub(super) fn notes(all: &[&Planned]) {
    for planned in all {
        let name = planned.source.name();
        for note in planned.plan.notes() {
            eprintln!("scim: {name}: line {}: {}", note.row, output::plain(&note.text).replace('\n', " "));
        }
        if planned.plan.is_withheld() {
            eprintln!("scim: {}: some rows cannot be used, so that nobody is taken for missing", planned.kind());
        }
    }
}

/// What came of it.
pub(super) fn ended(sum: &Sum, all: &[&Planned], format: Format) -> Result {
    match format {
        Format::Table => {
            let said: Vec<String> = sum.done.iter().map(|(word, count)| format!("{count} {word}")).collect();
            let aside = (sum.aside > 0).then(|| format!("{} set aside", sum.aside));
            let said: Vec<String> = said.into_iter().chain(aside).collect();
            let said = if said.is_empty() { "nothing to do".to_owned() } else { said.join(", ") };
            output::print(&format!("{said}\n"))
        }
        Format::Json | Format::Jsonl => {
            let number = |count: u64| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
            let mut out: Object = sum.done.iter().map(|(word, count)| (*word, number(*count))).collect();
            out.insert("aside", number(sum.aside));
            let plans = all.iter().map(|planned| (planned.kind(), planned.plan.counts().to_value()));
            out.insert("plan", plans.collect::<Object>());
            let text =
                if format == Format::Json { output::pretty(&out.into()) } else { format!("{}\n", Value::from(out)) };
            output::print(&text)
        }
    }
}

/// What differs.
pub(super) fn drift(all: &[&Planned], ledger: &Ledger, format: Format) -> Result {
    let mut found = Vec::new();
    for planned in all {
        let report = planned.plan.drift(ledger);
        let mut say = |drift: scimstack_provisioning::sync::Drift| match format {
            Format::Table => output::print(&format!("{}\n", output::plain(&drift.to_string()).replace('\n', " "))),
            Format::Jsonl => output::print(&format!("{}\n", drift.to_value())),
            Format::Json => {
                found.push(drift.to_value());
                Ok(())
            }
        };
        for row in planned.source.rows()? {
            let (line, row) = row?;
            report.of_row(line, &row).map_or(Ok(()), &mut say)?;
        }
        report.extra().try_for_each(&mut say)?;
    }
    notes(all);
    if format == Format::Json { output::print(&output::pretty(&Value::Array(found))) } else { Ok(()) }
}
