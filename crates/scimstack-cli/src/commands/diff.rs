//! `scim diff`: what turns one resource into another, as the smallest PATCH; each is a resource of the server or a file.

use super::get;
use crate::connection::Connection;
use crate::document::{object, read};
use crate::failure::{Failure, Result, usage};
use crate::output::{self, Format, Output};
use crate::reference::{Reference, is_file};
use clap::Args;
use scimstack_client::{Client, Difference};
use scimstack_filter::Op;
use scimstack_filter::patch::OpKind;
use scimstack_schema::{Object, Projection, ResourceType, Value};
use std::sync::Arc;

/// Says what differs between two resources, as the smallest PATCH
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// What is: Users/ID, or a file (`-` is the standard input)
    before: String,
    /// What is to be: Users/ID, or a file
    after: String,
    /// Where resources like these are (Users), when both are files
    #[arg(long = "type", value_name = "ENDPOINT")]
    kind: Option<String>,
    /// Ends with exit code 1 when there is a difference
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    output: Output,
}

impl Diff {
    pub(crate) async fn run(self, connection: &Connection) -> Result {
        let sides = [&self.before, &self.after];
        let references: Vec<Option<Reference>> =
            sides.iter().map(|text| (!is_file(text)).then(|| Reference::parse(text))).collect();
        let client = connection.client()?;
        let mut documents = Vec::new();
        for (text, reference) in sides.into_iter().zip(&references) {
            documents.push(match reference {
                Some(reference) => {
                    Reference::resource(text)?;
                    get::read(&client, reference, &Projection::default()).await?
                }
                None => object(&read(text)?, text)?,
            });
        }
        let [before, after] = documents.as_slice() else { return Ok(()) };
        let named = references.iter().flatten().next().map(|reference| reference.endpoint.clone());
        let endpoint = self.kind.as_deref().map(|kind| Reference::parse(kind).endpoint).or(named);
        let Some(endpoint) = endpoint.or_else(|| from_schemas(before).or_else(|| from_schemas(after))) else {
            return Err(usage("what are these? Give --type, such as --type Users"));
        };
        let kind = resource_type(&client, &endpoint, references.iter().any(Option::is_some)).await?;
        let Some(kind) = kind else { return Err(usage(format!("the server says nothing of {endpoint}"))) };
        self.print(&Difference::between(&kind, before, after), before)
    }

    fn print(&self, found: &Difference, before: &Object) -> Result {
        for path in &found.undeclared {
            eprintln!(
                "scim: {path} differs, and no schema of the server declares it; only `scim replace` can change it"
            );
        }
        match self.output.output {
            Format::Json => output::print(&output::pretty(&found.patch.to_value()))?,
            Format::Jsonl => output::print(&format!("{}\n", found.patch.to_value()))?,
            Format::Table => {
                let lines = found.patch.operations.iter().map(|operation| line(operation, before));
                output::print(&lines.collect::<String>())?;
            }
        }
        match (self.exit_code, found.is_empty()) {
            (true, false) => Err(Failure::No(String::new())),
            _ => Ok(()),
        }
    }
}

/// The type; two files can be compared without a server, when they are what RFC 7643 describes.
async fn resource_type(client: &Client, endpoint: &str, asks: bool) -> Result<Option<Arc<ResourceType>>> {
    let core = scimstack_schema::Registry::core().resource_type_at(endpoint).cloned();
    match (asks, core) {
        (false, Some(core)) => Ok(Some(core)),
        (_, core) => Ok(client.discover().await?.resource_type(endpoint).or(core)),
    }
}

/// The endpoint of a well-known schema.
fn from_schemas(document: &Object) -> Option<String> {
    let registry = scimstack_schema::Registry::core();
    let schemas = document.get("schemas").and_then(Value::as_array)?;
    let found = registry
        .resource_types()
        .iter()
        .find(|kind| schemas.iter().filter_map(Value::as_str).any(|schema| kind.schema.id.matches(schema)));
    found.map(|kind| kind.endpoint.clone())
}

/// An operation in words.
fn line(operation: &Op, before: &Object) -> String {
    let path = operation.path.as_deref().unwrap_or("the whole");
    let value = operation.value.as_ref().map(ToString::to_string).unwrap_or_default();
    let text = match operation.kind {
        OpKind::Remove => format!("- {path}"),
        OpKind::Add => format!("+ {path} = {value}"),
        OpKind::Replace => match before.get(path) {
            Some(old) => format!("~ {path}: {old} -> {value}"),
            None => format!("~ {path} = {value}"),
        },
    };
    format!("{}\n", output::plain(&text).replace('\n', " "))
}
