//! The command line, which is a contract: scripts depend on every name here. What the commands do is in `commands`.

mod access;
mod people;

pub use access::{IssuerCommand, IssuerNetworks, TokenCommand};
pub use people::{AdoptArgs, OrgCommand, PersonArg, PersonCommand};

use crate::database::Database;
use crate::error::Error;
use crate::{commands, demo};
use clap::{Args, Parser, Subcommand, ValueEnum};
use scimstack_protocol::policy::Attributes;
use scimstack_protocol::{AdoptInvited, Dialect, ManagerKey, Notify, UnknownMembers};
use std::path::PathBuf;
use std::process::ExitCode;

/// A SCIM server with an Admin Console: people and groups pushed by Okta, Microsoft Entra ID and others.
#[derive(Parser, Debug)]
#[command(name = "haystack-server", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// For `serve` without its name.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// The database a command works on.
#[derive(Args, Clone, Debug)]
pub struct DatabaseArg {
    /// sqlite:FILE, sqlite::memory: (serve and demo only), or postgres://…
    #[arg(long, env = "HAYSTACK_DATABASE", hide_env_values = true, default_value = "sqlite:haystack.db")]
    pub database: Database,
}

/// A list of what all tenants have, or one.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Only this tenant's.
    #[arg(long)]
    pub tenant: Option<String>,
    /// As a JSON array.
    #[arg(long)]
    pub json: bool,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArg,
}

/// A list of what one tenant has.
#[derive(Args, Clone, Debug)]
pub struct TenantListArgs {
    /// The tenant.
    #[arg(long)]
    pub tenant: String,
    /// As a JSON array.
    #[arg(long)]
    pub json: bool,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArg,
}

/// How something is shown, and of which database.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArg,
}

/// `serve`
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// The address to listen on; with port 0 the system picks one.
    #[arg(long, env = "HAYSTACK_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArg,
    /// Where clients reach this server, when a proxy stands in front: `https://scim.example.com`
    #[arg(long, env = "HAYSTACK_PUBLIC_URL", value_parser = origin)]
    pub public_url: Option<String>,
    /// How many days changes are kept (the provisioning log and the history); 0 keeps them for ever
    #[arg(long, env = "HAYSTACK_RETENTION_DAYS", default_value_t = crate::retention::DAYS)]
    pub retention_days: u32,
    /// An address on which /metrics is answered, for Prometheus: 127.0.0.1:9464. It tells what tenants there are; keep it
    /// from others. Without it nothing is measured
    #[arg(long, env = "HAYSTACK_METRICS", value_name = "ADDRESS")]
    pub metrics: Option<String>,
    /// Where the keys of trusted issuers may be.
    #[command(flatten)]
    pub issuers: IssuerNetworks,
}

/// A URL that addresses are made from: scheme and host, perhaps a path.
fn origin(text: &str) -> Result<String, String> {
    let bad = || format!("\"{text}\" is no address such as https://scim.example.com");
    let url: http::Uri = text.parse().map_err(|_| bad())?;
    let is_web = matches!(url.scheme_str(), Some("http" | "https"));
    if is_web && url.host().is_some_and(|host| !host.is_empty()) && url.query().is_none() {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(bad())
    }
}

/// `demo`
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// The address to listen on; with port 0 the system picks one.
    #[arg(long, env = "HAYSTACK_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// A database to keep; without it a temporary one is made and removed.
    #[arg(long)]
    pub database: Option<Database>,
    /// Who provisions: okta-app-wizard, okta-catalogue, entra, entra-compliant, onelogin, jumpcloud, authentik, keycloak
    #[arg(long, default_value_t = idp_simulator::Profile::OktaAppWizard)]
    pub profile: idp_simulator::Profile,
    /// End when everything is provisioned and checked: exit code 0, or 1 when anything failed.
    #[arg(long)]
    pub once: bool,
}

/// The subcommands.
#[derive(Subcommand, Debug)]
#[non_exhaustive]
pub enum Command {
    /// Run the server (the default).
    Serve(ServeArgs),
    /// Run the server with a sample company that a simulated identity provider provisions.
    Demo(DemoArgs),
    /// Tenants: one for each customer.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Bearer tokens for identity providers.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Issuers whose JSON Web Tokens stand for a connection.
    #[command(subcommand)]
    Issuer(IssuerCommand),
    /// Custom schemas.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Indexes: what filters and orders go by instead of looking at everyone.
    #[command(subcommand)]
    Index(IndexCommand),
    /// How a filter would be answered: by which index, and how many people would be looked at one by one. Exit code 1 when
    /// it would be refused for that.
    Explain {
        /// The filter, as a client sends it.
        filter: String,
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The resource type.
        #[arg(long, default_value = "User")]
        resource_type: String,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// The To App switches and settings of a connection.
    #[command(subcommand)]
    Connection(ConnectionCommand),
    /// People, as the application sees them.
    #[command(subcommand)]
    Person(PersonCommand),
    /// Who reports to whom, what is wrong with managers, who is in a group.
    #[command(subcommand)]
    Org(OrgCommand),
    /// Link people who were here before to a connection, by a list of those it is going to push. Shows what would be linked;
    /// with --apply it is.
    Adopt(AdoptArgs),
    /// Notifications and other effects, in order.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// The provisioning log.
    #[command(subcommand)]
    Log(LogCommand),
    /// Connections that wait for an administrator.
    #[command(subcommand)]
    Hold(HoldCommand),
    /// Administrators of the console.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Copy the database to a new file, also while servers run on it. Nothing is overwritten.
    Backup {
        /// The file to make.
        file: PathBuf,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// Put a backup where the database is to be. No server may run on it; the backup is checked first.
    Restore {
        /// The backup, which is only read.
        file: PathBuf,
        /// In the place of the database that is there, which is gone then.
        #[arg(long)]
        replace: bool,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// Read the whole database and list what is wrong with it, a line each. Exit code 1 when anything is.
    Check {
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}

/// `tenant …`
#[derive(Subcommand, Debug)]
pub enum TenantCommand {
    /// Make a tenant. Exit code 2 when it exists.
    Create {
        /// Its name, a DNS label: it becomes part of addresses.
        name: String,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// All tenants, a line each.
    List {
        /// As a JSON array.
        #[arg(long)]
        json: bool,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}

/// `schema …`
#[derive(Subcommand, Debug)]
pub enum SchemaCommand {
    /// Register the SCIM Schema resource (or array of them) in a file as extensions of a resource type.
    Add {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The resource type.
        #[arg(long, default_value = "User")]
        resource_type: String,
        /// The file, JSON.
        file: PathBuf,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// Registered schemas, a line each.
    List(ListArgs),
    /// Take a schema out. Values that are there stay stored.
    Remove {
        /// Its URN.
        urn: String,
        /// Only from this tenant; else from all that have it.
        #[arg(long)]
        tenant: Option<String>,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}

/// `index …`
#[derive(Subcommand, Debug)]
pub enum IndexCommand {
    /// Index an attribute, custom or standard. Those who are there are brought in while the server runs.
    Add {
        /// The path: title, addresses.locality, urn:…:User:joinDate.
        path: String,
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The resource type.
        #[arg(long, default_value = "User")]
        resource_type: String,
        /// By parts of the text (co, ew), instead of by its value (eq, sw, order).
        #[arg(long)]
        parts: bool,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// What is indexed, a line each, and whether everyone is in it.
    List(TenantListArgs),
    /// Take back what `index add` declared.
    Remove {
        /// The path.
        path: String,
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The resource type.
        #[arg(long, default_value = "User")]
        resource_type: String,
        /// The index by parts.
        #[arg(long)]
        parts: bool,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}

/// `connection …`
#[derive(Subcommand, Debug)]
pub enum ConnectionCommand {
    /// Show the switches.
    Show {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The connection.
        #[arg(long, default_value = "default")]
        connection: String,
        /// How it is shown, and of which database.
        #[command(flatten)]
        shown: ShowArgs,
    },
    /// Change switches; what is not named stays.
    Set {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The connection; made when it is not there.
        #[arg(long, default_value = "default")]
        connection: String,
        /// What to change.
        #[command(flatten)]
        switches: Switches,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}

/// What `connection set` can change.
#[derive(Args, Clone, Debug)]
pub struct Switches {
    /// Provisioning at all.
    #[arg(long)]
    pub enabled: Option<Switch>,
    /// Create Users.
    #[arg(long)]
    pub create_users: Option<Switch>,
    /// Update User Attributes.
    #[arg(long)]
    pub update_attributes: Option<Switch>,
    /// Deactivate Users.
    #[arg(long)]
    pub deactivate_users: Option<Switch>,
    /// Push Groups.
    #[arg(long)]
    pub push_groups: Option<Switch>,
    /// A create for a deactivated person with the external id on record brings the same person back.
    #[arg(long)]
    pub reactivate_on_create: Option<Switch>,
    /// The most people that may be deactivated or deleted within --per seconds; the next one puts the connection on hold
    /// until `hold release`. 0: any number.
    #[arg(long, value_name = "N")]
    pub max_deactivations: Option<u32>,
    /// Seconds between a person's arrival and the first message, or auto: ten minutes in the dialect jumpcloud, whose
    /// connection test makes a person and deletes them again; else none.
    #[arg(long, value_name = "SECONDS", value_parser = welcome_delay)]
    pub welcome_delay: Option<Delay>,
    /// The window of --max-deactivations.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub per: Option<u32>,
    /// The identity provider's dialect: auto, okta, okta-oin, entra, entra-compliant, onelogin, jumpcloud, authentik,
    /// keycloak, pingone, sailpoint, generic, rfc, refuse-unknown, interop.
    #[arg(long, value_parser = keyword::<Dialect>)]
    pub dialect: Option<Dialect>,
    /// Members that name nobody: auto, refuse, park.
    #[arg(long, value_parser = keyword::<UnknownMembers>)]
    pub unknown_members: Option<UnknownMembers>,
    /// By which keys manager.value names a manager, in this order, with commas between: id, user-name, external-id, email. An
    /// empty text: as the schema declares it.
    #[arg(long, value_parser = manager_keys)]
    pub manager_by: Option<ManagerKeys>,
    /// Attributes the connection sees and does not change, with commas between: User:title,Group:members. Those of an
    /// extension with its URI. An empty text opens them again.
    #[arg(long, value_parser = attributes)]
    pub read_only: Option<Attributes>,
    /// Attributes the connection neither sees nor changes, written in the same way.
    #[arg(long, value_parser = attributes)]
    pub hidden: Option<Attributes>,
    /// Attributes the application owns once a resource is there, written in the same way: a connection may send them, and
    /// what is stored stays.
    #[arg(long, value_parser = attributes)]
    pub manual: Option<Attributes>,
    /// Attributes only connections write, and people in their profiles do not (the tenant's setting), written in the same
    /// way.
    #[arg(long, value_parser = attributes)]
    pub locked: Option<Attributes>,
    /// People come from an HRIS integration (the tenant's setting): either that or provisioning.
    #[arg(long)]
    pub hris: Option<Switch>,
    /// Which people made by hand a create of the same user name links: never, unclaimed (never signed in), anyone.
    #[arg(long, value_parser = keyword::<AdoptInvited>)]
    pub adopt_invited: Option<AdoptInvited>,
    /// Who gets notifications (the tenant's setting): nobody, signed-in, everyone.
    #[arg(long, value_parser = keyword::<Notify>)]
    pub notify: Option<Notify>,
}

/// A delay in seconds, or none that an administrator chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay(pub Option<u32>);

fn welcome_delay(text: &str) -> Result<Delay, String> {
    match text {
        "auto" => Ok(Delay(None)),
        seconds => seconds.parse().map(|n| Delay(Some(n))).map_err(|_| "seconds, or auto, are expected".to_owned()),
    }
}

/// Keys by which managers are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerKeys(pub Vec<ManagerKey>);

fn manager_keys(text: &str) -> Result<ManagerKeys, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(keyword::<ManagerKey>).collect::<Result<_, _>>().map(ManagerKeys)
}

/// `on` or `off`.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// `User:title,User:urn:…:User:costCenter,Group:members`
pub(crate) fn attributes(text: &str) -> Result<Attributes, String> {
    let mut attributes = Attributes::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let pair = part.split_once(':').filter(|(name, path)| !name.is_empty() && !path.is_empty());
        let (name, path) = pair.ok_or_else(|| format!("\"{part}\" is no attribute such as User:title"))?;
        attributes.entry(name.to_owned()).or_default().push(path.to_owned());
    }
    Ok(attributes)
}

/// A keyword as the policies spell it.
pub(crate) fn keyword<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(|e| e.to_string())
}

/// `outbox …`
#[derive(Subcommand, Debug)]
pub enum OutboxCommand {
    /// Effects in the order they were decided.
    List(TenantListArgs),
}

/// `log …`
#[derive(Subcommand, Debug)]
pub enum LogCommand {
    /// What the identity provider asked for, in order.
    List {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// Only what was refused.
        #[arg(long)]
        errors: bool,
        /// As a JSON array.
        #[arg(long)]
        json: bool,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}

/// `hold …`
#[derive(Subcommand, Debug)]
pub enum HoldCommand {
    /// Connections on hold, a line each.
    List(ListArgs),
    /// Let a connection go on.
    Release {
        /// The hold's id, from `hold list`.
        id: String,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}

/// `admin …`
#[derive(Subcommand, Debug)]
pub enum AdminCommand {
    /// Give an administrator a new password and print it, this once.
    Password {
        /// The administrator.
        #[arg(long, default_value = crate::serve::FIRST_ADMINISTRATOR)]
        name: String,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}

/// Runs a command line.
///
/// # Errors
/// What to tell the person at the terminal.
pub fn run(cli: Cli) -> Result<ExitCode, Error> {
    let command = cli.command.unwrap_or(Command::Serve(cli.serve));
    let mut builder = match command {
        Command::Serve(_) | Command::Demo(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = builder.enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve(args) => commands::serve::run(args).await,
            Command::Demo(args) => demo::run(args).await,
            Command::Tenant(command) => commands::tenant::run(command).await,
            Command::Token(command) => commands::token::run(command).await,
            Command::Issuer(command) => commands::issuer::run(command).await,
            Command::Schema(command) => commands::schema::run(command).await,
            Command::Index(command) => commands::index::run(command).await,
            Command::Explain { filter, tenant, resource_type, database } => {
                commands::index::explain(&filter, &tenant, &resource_type, database).await
            }
            Command::Connection(command) => commands::connection::run(command).await,
            Command::Person(command) => commands::person::run(command).await,
            Command::Org(command) => commands::org::run(command).await,
            Command::Adopt(args) => commands::adopt::run(args).await,
            Command::Outbox(OutboxCommand::List(TenantListArgs { tenant, json, database })) => {
                commands::events::outbox(&database.database, &tenant, json).await
            }
            Command::Log(LogCommand::List { tenant, errors, json, database }) => {
                commands::events::log(&database.database, &tenant, errors, json).await
            }
            Command::Hold(command) => commands::hold::run(command).await,
            Command::Backup { file, database } => commands::keep::backup(database.database, file).await,
            Command::Restore { file, replace, database } => {
                commands::keep::restore(database.database, file, replace).await
            }
            Command::Check { database } => commands::keep::check(database.database).await,
            Command::Admin(AdminCommand::Password { name, database }) => {
                let admin = commands::admin(&database.database).await?;
                let password = crate::serve::set_new_password(&admin, &name).await?;
                commands::print(&password);
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_subcommand_it_serves() {
        let cli = Cli::try_parse_from(["haystack-server", "--listen", "127.0.0.1:0"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.listen, "127.0.0.1:0");
    }

    #[test]
    fn switches_are_on_or_off_and_keywords_are_checked() {
        let line = [
            "haystack-server",
            "connection",
            "set",
            "--tenant",
            "a",
            "--create-users",
            "off",
            "--dialect",
            "okta-oin",
            "--notify",
            "signed-in",
        ];
        assert!(Cli::try_parse_from(line).is_ok());
        for (flag, bad) in [("--create-users", "maybe"), ("--dialect", "oktaa"), ("--notify", "some")] {
            assert!(Cli::try_parse_from(["haystack-server", "connection", "set", "--tenant", "a", flag, bad]).is_err());
        }
    }

    #[test]
    fn a_public_url_has_a_scheme_and_a_host() {
        assert_eq!(origin("https://scim.example.com/"), Ok("https://scim.example.com".to_owned()));
        assert_eq!(origin("http://[::1]:8080"), Ok("http://[::1]:8080".to_owned()));
        for bad in ["scim.example.com", "https://", "ftp://x.test", "https://x.test/?a=b", "/scim", ""] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
