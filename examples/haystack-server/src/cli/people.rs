//! The part of the command line that is about people.

use super::DatabaseArg;
use clap::Subcommand;

/// `person …`
#[derive(Subcommand, Debug)]
pub enum PersonCommand {
    /// Show a person: state, manager, groups.
    Show {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The user name.
        user_name: String,
        /// As a JSON object.
        #[arg(long)]
        json: bool,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// Report a sign-in, as the application does.
    SignIn {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The user name.
        user_name: String,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// Welcome everyone who is here and never was: the first message goes to people who have never signed in, once, and to
    /// those who start later on their day. For the day on which notifications are opened to everyone.
    Welcome {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}
