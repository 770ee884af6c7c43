//! `scim delete`: one resource or several, after a question.

use crate::connection::Connection;
use crate::failure::{Failure, Result, usage};
use crate::output::{self, confirmed};
use crate::reference::Reference;
use clap::Args;
use scimstack_schema::Object;

/// Deletes resources
#[derive(Args, Debug)]
pub(crate) struct Delete {
    /// What: Users/ID, Groups/ID
    #[arg(required = true)]
    resources: Vec<String>,
    /// Does not ask
    #[arg(long, short = 'y')]
    yes: bool,
    /// Only if the resource still has this version
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
}

impl Delete {
    pub(crate) async fn run(self, connection: &Connection) -> Result {
        let client = connection.client()?;
        let named = self.resources.iter().map(|text| Reference::resource(text)).collect::<Result<Vec<_>>>()?;
        if self.if_match.is_some() && named.len() > 1 {
            return Err(usage("a version is that of one resource; delete them one by one"));
        }
        if !self.yes && !confirmed(&format!("Delete {} at {}?", self.resources.join(", "), client.base_url()))? {
            return Err(usage("nothing was deleted"));
        }
        let mut first = None;
        let mut failed = 0;
        for (text, (endpoint, id)) in self.resources.iter().zip(&named) {
            let mut at = client.endpoint::<Object>(endpoint);
            if let Some(version) = &self.if_match {
                at = at.if_match(version)?;
            }
            if let Err(error) = at.delete(id).await {
                failed += 1;
                let failure = Failure::from(error);
                if named.len() > 1 {
                    eprintln!("scim: {text}: {}", output::plain(&failure.to_string()));
                }
                first.get_or_insert(failure);
            }
        }
        match first {
            None => Ok(()),
            Some(_) if failed < named.len() => {
                Err(Failure::Partly(format!("{failed} of {} were not deleted", named.len())))
            }
            Some(failure) => Err(failure),
        }
    }
}
