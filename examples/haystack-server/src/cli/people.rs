//! The part of the command line that is about people.

use super::{DatabaseArg, ShowArgs};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Which person.
#[derive(Args, Clone, Debug)]
pub struct PersonArg {
    /// The tenant.
    #[arg(long)]
    pub tenant: String,
    /// The user name.
    pub user_name: String,
}

/// `person …`
#[derive(Subcommand, Debug)]
pub enum PersonCommand {
    /// Show a person: state, manager, groups.
    Show {
        /// Who.
        #[command(flatten)]
        person: PersonArg,
        /// As a JSON object.
        #[arg(long)]
        json: bool,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// Report a sign-in, as the application does.
    SignIn {
        /// Who.
        #[command(flatten)]
        person: PersonArg,
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
    /// Make a person by hand, as the application does who invites somebody. They belong to no connection until one meets
    /// them.
    Invite {
        /// Who.
        #[command(flatten)]
        person: PersonArg,
        /// An e-mail address.
        #[arg(long)]
        email: Option<String>,
        /// How they are called.
        #[arg(long)]
        display_name: Option<String>,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// Change an attribute by hand, as the application does. What the tenant has locked is refused.
    Edit {
        /// Who.
        #[command(flatten)]
        person: PersonArg,
        /// The attribute's path: title, name.givenName, urn:…:User:department.
        path: String,
        /// Its value: a text, or JSON for anything else. Without it the attribute is taken out.
        value: Option<String>,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}

/// `adopt`
#[derive(Args, Clone, Debug)]
pub struct AdoptArgs {
    /// The tenant.
    #[arg(long)]
    pub tenant: String,
    /// The connection they are to belong to.
    #[arg(long, default_value = "default")]
    pub connection: String,
    /// The people it is going to push: CSV with a first line that names columns of userName, externalId and email (others
    /// are passed over), or a JSON object with these members on each line. Without it only those are listed who belong to
    /// no connection.
    pub list: Option<PathBuf>,
    /// Link whoever is certain.
    #[arg(long, requires = "list")]
    pub apply: bool,
    /// As a JSON object.
    #[arg(long)]
    pub json: bool,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArg,
}

/// `org …`
#[derive(Subcommand, Debug)]
pub enum OrgCommand {
    /// Whom a person reports to, and whom these do, the nearest first.
    Line {
        /// Who.
        #[command(flatten)]
        person: PersonArg,
        /// How it is shown, and of which database.
        #[command(flatten)]
        shown: ShowArgs,
    },
    /// Who reports to a person directly.
    Reports {
        /// Who.
        #[command(flatten)]
        person: PersonArg,
        /// How it is shown, and of which database.
        #[command(flatten)]
        shown: ShowArgs,
    },
    /// Everyone below a person, level by level.
    Below {
        /// Who.
        #[command(flatten)]
        person: PersonArg,
        /// So many levels.
        #[arg(long, default_value_t = 50)]
        levels: usize,
        /// So many people.
        #[arg(long, default_value_t = 10_000)]
        most: usize,
        /// How it is shown, and of which database.
        #[command(flatten)]
        shown: ShowArgs,
    },
    /// People whose manager waits, is ambiguous, is deactivated, is themself, or runs in a circle.
    Troubles {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// How it is shown, and of which database.
        #[command(flatten)]
        shown: ShowArgs,
    },
    /// Everyone in a group, also through the groups within it.
    Members {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The group's displayName or id.
        group: String,
        /// So many members.
        #[arg(long, default_value_t = 10_000)]
        most: usize,
        /// How it is shown, and of which database.
        #[command(flatten)]
        shown: ShowArgs,
    },
    /// The groups a person is in, also through others.
    Groups {
        /// Who.
        #[command(flatten)]
        person: PersonArg,
        /// How it is shown, and of which database.
        #[command(flatten)]
        shown: ShowArgs,
    },
}
