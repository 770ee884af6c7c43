//! `scim get`: one resource, or a document such as ServiceProviderConfig.

use crate::connection::Connection;
use crate::failure::Result;
use crate::output::{self, Output};
use crate::reference::Reference;
use clap::Args;
use http::Method;
use scimstack_client::{Client, Endpoint};
use scimstack_schema::{Object, Projection, Value};

/// Shows a resource, or any other document of the server
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// What: Users/ID, Groups/ID, Me, ServiceProviderConfig, Schemas/URN
    resource: String,
    #[command(flatten)]
    projection: Projected,
    #[command(flatten)]
    output: Output,
}

/// Which attributes are asked for.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Projected {
    /// Only these attributes, separated by commas
    #[arg(long, value_name = "PATHS", value_delimiter = ',', conflicts_with = "excluded")]
    pub(crate) attributes: Vec<String>,
    /// Without these attributes, separated by commas
    #[arg(long, value_name = "PATHS", value_delimiter = ',')]
    pub(crate) excluded: Vec<String>,
}

impl Projected {
    pub(crate) fn projection(&self) -> Projection {
        let mut projection = Projection::default();
        projection.attributes.clone_from(&self.attributes);
        projection.excluded.clone_from(&self.excluded);
        projection
    }
}

impl Get {
    pub(crate) async fn run(self, connection: &Connection) -> Result {
        let client = connection.client()?;
        let object = read(&client, &Reference::parse(&self.resource), &self.projection.projection()).await?;
        output::resource(&object, self.output.output)
    }
}

/// Reads a resource; without an id, whatever is at the endpoint.
pub(crate) async fn read(client: &Client, what: &Reference, projection: &Projection) -> Result<Object> {
    let endpoint: Endpoint<'_, Object> = client.endpoint(&what.endpoint);
    if let Some(id) = &what.id {
        return Ok(endpoint.get_projected(id, projection).await?);
    }
    let (attributes, excluded) = (projection.attributes.join(","), projection.excluded.join(","));
    let query: Vec<(&str, &str)> = [("attributes", attributes.as_str()), ("excludedAttributes", excluded.as_str())]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let answer = client.send(Method::GET, &what.endpoint, &query, None::<&Value>).await?;
    Ok(answer.into_object()?)
}
