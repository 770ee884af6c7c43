//! `scim patch`: operations from the command line or a file (RFC 7644 §3.5.2).

use crate::connection::Connection;
use crate::document::{is_list, object, read, split, value};
use crate::failure::{Result, usage};
use crate::output::{self, Output};
use crate::reference::Reference;
use clap::Args;
use scimstack_client::Patch as Operations;
use scimstack_filter::patch::{OpKind, PatchOptions};
use scimstack_filter::{Op, PatchPath};
use scimstack_schema::{Object, ResourceType, Value};

/// Changes a resource
#[derive(Args, Debug)]
pub(crate) struct Patch {
    /// What: Users/ID, Groups/ID
    resource: String,
    /// Takes a value away; these are done first
    #[arg(long, value_name = "PATH")]
    remove: Vec<String>,
    /// Sets a value anew; these are done next
    #[arg(long, value_name = "PATH=VALUE")]
    replace: Vec<String>,
    /// Adds a value; these are done last
    #[arg(long, value_name = "PATH=VALUE")]
    add: Vec<String>,
    /// A PATCH message, as `scim diff --output json` prints it, or an array of operations; `-` is the standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["remove", "replace", "add"])]
    operations: Option<String>,
    /// Only if the resource still has this version
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
    /// Prints the message, and sends nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

impl Patch {
    pub(crate) async fn run(self, connection: &Connection) -> Result {
        let client = connection.client()?;
        let (endpoint, id) = Reference::resource(&self.resource)?;
        let patch = match &self.operations {
            Some(path) => message(path)?,
            None => {
                let resource_type = client.discover().await?.resource_type(&endpoint);
                self.collect(resource_type.as_deref())?
            }
        };
        if patch.operations.is_empty() {
            return Err(usage("there is nothing to change; give --add, --replace, --remove or --operations"));
        }
        if self.dry_run {
            return output::print(&output::pretty(&patch.to_value()));
        }
        let mut at = client.endpoint::<Object>(&endpoint);
        if let Some(version) = &self.if_match {
            at = at.if_match(version)?;
        }
        match at.patch(&id, &patch).await? {
            Some(object) => output::resource(&object, self.output.output),
            None => {
                eprintln!("scim: changed");
                Ok(())
            }
        }
    }

    fn collect(&self, resource_type: Option<&ResourceType>) -> Result<Operations> {
        let mut operations = Vec::new();
        for path in &self.remove {
            operations.push(Op { kind: OpKind::Remove, path: Some(checked(path)?), value: None });
        }
        for (kind, all) in [(OpKind::Replace, &self.replace), (OpKind::Add, &self.add)] {
            for assignment in all {
                let (path, text) = split(assignment)?;
                let mut given = value(path, text, resource_type)?;
                if is_list(path, resource_type) && given.as_array().is_none() {
                    given = Value::Array(vec![given]);
                }
                operations.push(Op { kind, path: Some(checked(path)?), value: Some(given) });
            }
        }
        Ok(Operations { operations })
    }
}

/// A path that can be read.
fn checked(path: &str) -> Result<String> {
    match PatchPath::parse(path) {
        Ok(_) => Ok(path.to_owned()),
        Err(error) => Err(usage(format!("the path {path:?} cannot be read: {error}"))),
    }
}

/// The message of a file.
fn message(path: &str) -> Result<Operations> {
    let text = read(path)?;
    let body = match Value::parse(text.as_bytes()) {
        Ok(Value::Array(operations)) => {
            let mut body = Object::new();
            body.insert("schemas", vec!["urn:ietf:params:scim:api:messages:2.0:PatchOp"]);
            body.insert("Operations", Value::Array(operations));
            body
        }
        _ => object(&text, path)?,
    };
    Operations::from_value(body.into(), &PatchOptions::default()).map_err(|error| usage(format!("{path}: {error}")))
}
