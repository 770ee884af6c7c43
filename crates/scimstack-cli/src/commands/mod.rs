//! The commands, one file each: its arguments, and `run`. A new one is a file, a line in [`Command`] and a line in `run`.

mod check;
mod completions;
mod create;
mod delete;
mod diff;
mod get;
mod list;
mod patch;
mod replace;
mod search;
mod server;
mod sync;

use crate::connection::Connection;
use crate::failure::Result;
use clap::Subcommand;

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows a resource, or any other document of the server
    Get(get::Get),
    /// Lists resources
    List(list::List),
    /// Makes a resource, or many from a file
    Create(create::Create),
    /// Changes a resource
    Patch(patch::Patch),
    /// Replaces a resource
    Replace(replace::Replace),
    /// Deletes resources
    Delete(delete::Delete),
    /// Searches by POST: for filters that are too long, or too private, for a URL
    Search(search::Search),
    /// Says what differs between two resources, as the smallest PATCH
    Diff(diff::Diff),
    /// Brings a whole directory to what a table of people, and one of groups, says
    Sync(Box<sync::Sync>),
    /// Judges the server by the RFCs
    Check(check::Check),
    /// Manages the servers of the configuration
    #[command(subcommand)]
    Server(server::Server),
    /// Prints a script that completes this command's words in a shell
    Completions(completions::Completions),
}

impl Command {
    pub(crate) async fn run(self, connection: &Connection) -> Result {
        match self {
            Self::Get(command) => command.run(connection).await,
            Self::List(command) => command.run(connection).await,
            Self::Create(command) => command.run(connection).await,
            Self::Patch(command) => command.run(connection).await,
            Self::Replace(command) => command.run(connection).await,
            Self::Delete(command) => command.run(connection).await,
            Self::Search(command) => command.run(connection).await,
            Self::Diff(command) => command.run(connection).await,
            Self::Sync(command) => command.run(connection).await,
            Self::Check(command) => command.run(connection).await,
            Self::Server(command) => command.run(connection),
            Self::Completions(command) => command.run(),
        }
    }
}
