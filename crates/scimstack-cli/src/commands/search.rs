//! `scim search`: a list by POST (RFC 7644 §3.4.3), of one endpoint or of all.

use super::list::{Asked, show};
use crate::connection::Connection;
use crate::failure::Result;
use crate::output::{Columns, Output};
use crate::reference::Reference;
use clap::Args;
use scimstack_schema::Object;

/// Searches by POST: for filters that are too long, or too private, for a URL
#[derive(Args, Debug)]
pub(crate) struct Search {
    /// Where: Users, Groups, another endpoint; without it, everywhere
    endpoint: Option<String>,
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    output: Output,
}

impl Search {
    pub(crate) async fn run(self, connection: &Connection) -> Result {
        let client = connection.client()?;
        let endpoint = self.endpoint.as_deref().map_or_else(|| "/".to_owned(), |text| Reference::parse(text).endpoint);
        let mut columns = self.columns;
        if endpoint == "/" && columns.columns.is_empty() {
            columns.columns = ["meta.resourceType", "id", "userName", "displayName"].map(str::to_owned).to_vec();
        }
        let query = self.asked.query(&endpoint, &columns, self.output.output);
        let page = client.endpoint::<Object>(&endpoint).search(&query).await?;
        show(&client, &endpoint, page, &columns, self.output.output).await
    }
}
