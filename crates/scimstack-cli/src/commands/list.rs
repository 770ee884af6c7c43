//! `scim list`: a page of resources, or all of them.

use super::get::Projected;
use crate::connection::Connection;
use crate::failure::Result;
use crate::output::{self, Columns, Format, Output, Table};
use crate::progress::Progress;
use crate::reference::Reference;
use clap::Args;
use scimstack_client::{Client, ListQuery, Page};
use scimstack_schema::{Object, Value};

/// Lists resources
#[derive(Args, Debug)]
pub(crate) struct List {
    /// What: Users, Groups, or another endpoint
    endpoint: String,
    #[command(flatten)]
    asked: Asked,
    /// All pages, one after the other
    #[arg(long)]
    all: bool,
    /// With --all: no more than so many
    #[arg(long, value_name = "N", requires = "all")]
    limit: Option<usize>,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    output: Output,
}

/// Which resources are asked for, and what of them.
#[derive(Args, Clone, Debug)]
pub(crate) struct Asked {
    /// Only what matches, such as 'userName sw "a"'
    #[arg(long, short = 'f')]
    filter: Option<String>,
    /// In the order of this attribute
    #[arg(long, value_name = "PATH")]
    sort_by: Option<String>,
    /// The last first
    #[arg(long, requires = "sort_by")]
    descending: bool,
    /// From this index, counted from 1
    #[arg(long, value_name = "N")]
    start: Option<u64>,
    /// So many on a page
    #[arg(long, value_name = "N")]
    count: Option<u32>,
    #[command(flatten)]
    projection: Projected,
}

impl Asked {
    /// The query. A table of groups does not ask for their members, which may be many, unless it shows them.
    pub(crate) fn query(&self, endpoint: &str, columns: &Columns, format: Format) -> ListQuery {
        let mut query = ListQuery::default();
        query.filter.clone_from(&self.filter);
        query.sort_by.clone_from(&self.sort_by);
        query.descending = self.descending;
        query.start_index = self.start;
        query.count = self.count;
        query.projection = self.projection.projection();
        let shows = |path: &String| path.to_ascii_lowercase().starts_with("members");
        let silent = query.projection.attributes.is_empty() && query.projection.excluded.is_empty();
        if endpoint == "/Groups" && format == Format::Table && silent && !columns.columns.iter().any(shows) {
            query.projection.excluded.push("members".to_owned());
        }
        query
    }
}

impl List {
    pub(crate) async fn run(self, connection: &Connection) -> Result {
        let client = connection.client()?;
        let endpoint = Reference::parse(&self.endpoint).endpoint;
        let query = self.asked.query(&endpoint, &self.columns, self.output.output);
        if self.all {
            return self.all(&client, &endpoint, query).await;
        }
        let page = client.endpoint::<Object>(&endpoint).list(&query).await?;
        show(&client, &endpoint, page, &self.columns, self.output.output).await
    }

    async fn all(&self, client: &Client, endpoint: &str, query: ListQuery) -> Result {
        let format = self.output.output;
        // How many there are is asked for the bar alone, and a server that does not say so is no harm.
        let mut first = query.clone();
        first.count = Some(0);
        let progress = Progress::new(None, "read");
        if let Ok(page) = client.endpoint::<Object>(endpoint).list(&first).await
            && page.total_results > 0
        {
            progress.length(page.total_results);
        }
        let mut all = client.endpoint::<Object>(endpoint).all(query);
        let (mut found, mut count) = (Vec::new(), 0);
        while let Some(object) = all.next().await {
            if self.limit.is_some_and(|limit| count >= limit) {
                break;
            }
            let object = object?;
            count += 1;
            progress.add(1);
            match format {
                Format::Jsonl => progress.aside(|| output::print(&format!("{}\n", Value::from(object))))?,
                _ => found.push(object),
            }
        }
        drop(progress);
        if format == Format::Jsonl {
            return Ok(());
        }
        print(client, endpoint, &found, &self.columns, format).await
    }
}

/// Prints a page, and says beside it when there is more.
pub(crate) async fn show(
    client: &Client,
    endpoint: &str,
    page: Page<Object>,
    columns: &Columns,
    format: Format,
) -> Result {
    let came = page.resources.len() as u64;
    print(client, endpoint, &page.resources, columns, format).await?;
    if page.next_cursor.is_some() || page.start_index.saturating_add(came) <= page.total_results {
        eprintln!("scim: {came} of {}; the rest comes with --start, --count or `list --all`", page.total_results);
    }
    Ok(())
}

async fn print(client: &Client, endpoint: &str, found: &[Object], columns: &Columns, format: Format) -> Result {
    match format {
        Format::Jsonl => {
            found.iter().try_for_each(|object| output::print(&format!("{}\n", Value::from(object.clone()))))
        }
        Format::Json => output::print(&output::pretty(&Value::Array(found.iter().cloned().map(Value::from).collect()))),
        Format::Table => {
            // What the server says of its types is only needed where the type is not well known.
            let known = matches!(endpoint, "/Users" | "/Groups") && columns.columns.iter().all(|c| !c.contains(':'));
            let resource_type = match known {
                true => scimstack_schema::Registry::core().resource_type_at(endpoint).cloned(),
                false => client.discover().await?.resource_type(endpoint),
            };
            let table = Table::new(&columns.columns, endpoint, resource_type);
            let rows: Vec<Vec<String>> = found.iter().map(|object| table.row(object)).collect();
            output::print(&output::table(table.columns(), &rows))
        }
    }
}
