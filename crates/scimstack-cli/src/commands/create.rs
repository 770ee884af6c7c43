//! `scim create`: one resource from the command line, or many from a file, in bulk where the server has it.

use crate::connection::Connection;
use crate::document::{name_schemas, object, objects, read, set};
use crate::failure::{Failure, Result, refused, usage};
use crate::output::{self, Format, Output};
use crate::progress::Progress;
use crate::reference::Reference;
use clap::Args;
use scimstack_client::{Bulk, BulkFailure, BulkResult, Capabilities, Client};
use scimstack_schema::{Object, Value};
use std::error::Error as _;

/// How many are sent between two looks at the bar, when the server does not say how many it takes at once.
const BATCH: usize = 100;

/// Makes a resource, or many from a file
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// Where: Users, Groups, or another endpoint
    endpoint: String,
    /// A document, an array of them, or one a line; `-` is the standard input
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    file: Option<String>,
    /// The document
    #[arg(long)]
    json: Option<String>,
    /// An attribute of the document; may be given more than once
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    output: Output,
}

impl Create {
    pub(crate) async fn run(self, connection: &Connection) -> Result {
        let client = connection.client()?;
        let endpoint = Reference::parse(&self.endpoint).endpoint;
        let mut documents = match (&self.file, &self.json) {
            (Some(path), _) => objects(&read(path)?, path)?,
            (None, Some(text)) => vec![(1, object(text, "--json")?)],
            (None, None) if self.set.is_empty() => {
                return Err(usage("there is nothing to make; give --set, --json or --file"));
            }
            (None, None) => vec![(1, Object::new())],
        };
        let capabilities = client.discover().await?;
        let resource_type = capabilities.resource_type(&endpoint);
        for (_, document) in &mut documents {
            for assignment in &self.set {
                set(document, assignment, resource_type.as_deref())?;
            }
            name_schemas(document, &endpoint, &capabilities);
        }
        match documents.as_slice() {
            [(_, document)] => {
                let made = client.endpoint::<Object>(&endpoint).create(document).await?;
                output::resource(&made, self.output.output)
            }
            _ => many(&client, &capabilities, &endpoint, documents, self.output.output).await,
        }
    }
}

/// Makes many; what failed is told by its line, and the rest is made all the same.
async fn many(
    client: &Client,
    capabilities: &Capabilities,
    endpoint: &str,
    documents: Vec<(usize, Object)>,
    format: Format,
) -> Result {
    let (total, mut failed, mut made) = (documents.len(), 0, Vec::new());
    let progress = Progress::new(Some(total as u64), "made");
    let size = capabilities.bulk.map_or(BATCH, |limits| limits.max_operations.clamp(1, 1_000));
    let mut stopped = None;
    for batch in documents.chunks(size) {
        let mut bulk = Bulk::new();
        for (_, document) in batch {
            bulk.create(endpoint, document.clone());
        }
        for ((line, _), result) in batch.iter().zip(client.bulk(&bulk).await?) {
            match &result.outcome {
                Ok(done) => {
                    let id = done.id.clone().unwrap_or_default();
                    let location = done.location.clone().unwrap_or_default();
                    if format != Format::Table {
                        progress.aside(|| row(*line, &id, &location))?;
                    }
                    made.push(vec![line.to_string(), id, location]);
                }
                Err(failure) => {
                    failed += 1;
                    report(*line, failure, &result, format, &progress)?;
                    if matches!(failure, BulkFailure::Request(_)) {
                        stopped = Some(*line);
                    }
                }
            }
        }
        progress.at((made.len() + failed) as u64);
        if stopped.is_some() {
            break;
        }
    }
    drop(progress);
    if format == Format::Table {
        output::print(&output::table(&["line", "id", "location"].map(str::to_owned), &made))?;
    }
    match (failed, stopped) {
        (0, _) => Ok(()),
        (_, Some(line)) => {
            Err(Failure::Partly(format!("{} of {total} were made; it ended at line {line}", made.len())))
        }
        (_, None) => Err(Failure::Partly(format!("{} of {total} were made, {failed} were not", made.len()))),
    }
}

fn report(line: usize, failure: &BulkFailure, result: &BulkResult, format: Format, progress: &Progress) -> Result {
    let why = match failure {
        BulkFailure::Refused(refusal) => refused(refusal),
        BulkFailure::Request(error) => match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
        other => other.to_string(),
    };
    progress.say(&format!("scim: line {line}: {}", output::plain(&why)));
    if format == Format::Table {
        return Ok(());
    }
    let mut row = Object::from_iter([("error", Value::from(why))]);
    row.insert("line", i64::try_from(line).unwrap_or(i64::MAX));
    row.insert("path", result.path.as_str());
    progress.aside(|| output::print(&format!("{}\n", Value::from(row))))
}

/// What was made, as a line of JSON.
fn row(line: usize, id: &str, location: &str) -> Result {
    let mut row = Object::from_iter([("id", id), ("location", location)]);
    row.insert("line", i64::try_from(line).unwrap_or(i64::MAX));
    output::print(&format!("{}\n", Value::from(row)))
}
