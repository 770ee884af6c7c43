//! `scim replace`: a resource as a whole (RFC 7644 §3.5.1).

use crate::connection::Connection;
use crate::document::{name_schemas, object, read};
use crate::failure::{Result, usage};
use crate::output::{self, Output};
use crate::reference::Reference;
use clap::Args;
use scimstack_schema::Object;

/// Replaces a resource
#[derive(Args, Debug)]
pub(crate) struct Replace {
    /// What: Users/ID, Groups/ID
    resource: String,
    /// The document; `-` is the standard input
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    file: Option<String>,
    /// The document
    #[arg(long)]
    json: Option<String>,
    /// Only if the resource still has this version
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl Replace {
    pub(crate) async fn run(self, connection: &Connection) -> Result {
        let client = connection.client()?;
        let (endpoint, id) = Reference::resource(&self.resource)?;
        let mut document = match (&self.file, &self.json) {
            (Some(path), _) => object(&read(path)?, path)?,
            (None, Some(text)) => object(text, "--json")?,
            (None, None) => return Err(usage("there is nothing to put in its place; give --file or --json")),
        };
        name_schemas(&mut document, &endpoint, &*client.discover().await?);
        let mut at = client.endpoint::<Object>(&endpoint);
        if let Some(version) = &self.if_match {
            at = at.if_match(version)?;
        }
        match at.replace(&id, &document).await? {
            Some(object) => output::resource(&object, self.output.output),
            None => {
                eprintln!("scim: replaced");
                Ok(())
            }
        }
    }
}
