//! `scim server`: the servers of the configuration.

use crate::config::{self, Config, Credentials, Place};
use crate::connection::Connection;
use crate::failure::{Result, usage};
use crate::output;
use crate::token::Written;
use clap::{Args, Subcommand};
use std::io::BufRead as _;
use std::path::PathBuf;

/// Manages the servers of the configuration
#[derive(Debug, Subcommand)]
pub(crate) enum Server {
    /// Adds a server at --url, or changes the one of that name
    Add(Add),
    /// Lists the servers; secrets are not shown
    List,
    /// Removes a server
    Remove {
        /// The server
        name: String,
    },
}

/// Adds a server
#[derive(Args, Debug)]
pub(crate) struct Add {
    /// What to call it
    name: String,
    /// The variable of the environment that holds the token
    #[arg(long, value_name = "VARIABLE", group = "how")]
    token_env: Option<String>,
    /// The command that prints the token, such as `pass show scim`
    #[arg(long, value_name = "COMMAND", group = "how")]
    token_command: Option<String>,
    /// The token is read from the standard input, and kept in the configuration
    #[arg(long, group = "how")]
    token_stdin: bool,
    /// OAuth client credentials: the token endpoint
    #[arg(long, value_name = "URL", group = "how", requires = "client_id")]
    token_url: Option<String>,
    /// OAuth client credentials: who asks
    #[arg(long, value_name = "ID", requires = "token_url")]
    client_id: Option<String>,
    /// OAuth client credentials: the variable of the environment that holds the secret
    #[arg(long, value_name = "VARIABLE", group = "secret", requires = "token_url")]
    client_secret_env: Option<String>,
    /// OAuth client credentials: the command that prints the secret
    #[arg(long, value_name = "COMMAND", group = "secret", requires = "token_url")]
    client_secret_command: Option<String>,
    /// OAuth client credentials: the secret is read from the standard input, and kept in the configuration
    #[arg(long, group = "secret", requires = "token_url")]
    client_secret_stdin: bool,
    /// OAuth client credentials: scopes, separated by spaces
    #[arg(long, requires = "token_url")]
    scope: Option<String>,
    /// OAuth client credentials: where the secret stands in the request
    #[arg(long, value_enum, default_value_t = Place::Basic, requires = "token_url")]
    client_authentication: Place,
    /// Certificates to trust beside the system's when this server is asked, in PEM
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Makes it the one that is meant when none is named
    #[arg(long)]
    default: bool,
}

impl Server {
    pub(crate) fn run(self, connection: &Connection) -> Result {
        let path = connection.config_path()?;
        let mut config = Config::load(&path)?;
        match self {
            Self::Add(add) => {
                let url = connection.url.clone().ok_or_else(|| usage("where is it? Give --url"))?;
                let name = add.name.clone();
                let is_default = add.default || config.servers.is_empty();
                config.servers.insert(name.clone(), add.server(url)?);
                if is_default {
                    config.default = Some(name);
                }
                config.save(&path)
            }
            Self::List => {
                let heading = ["name", "url", "lets in by", "default"].map(str::to_owned);
                let rows: Vec<Vec<String>> = config
                    .servers
                    .iter()
                    .map(|(name, server)| {
                        let is_default = config.default.as_ref() == Some(name);
                        let star = if is_default { "*".to_owned() } else { String::new() };
                        vec![name.clone(), server.url.clone(), server.manner(), star]
                    })
                    .collect();
                output::print(&output::table(&heading, &rows))
            }
            Self::Remove { name } => {
                if config.servers.remove(&name).is_none() {
                    return Err(usage(format!("there is no server {name:?}")));
                }
                config.default = config.default.filter(|default| *default != name);
                config.save(&path)
            }
        }
    }
}

impl Add {
    fn server(self, url: String) -> Result<config::Server> {
        let token = if self.token_stdin { Some(line("the token")?) } else { None };
        let client_credentials = match (self.token_url, self.client_id) {
            (Some(token_url), Some(client_id)) => {
                if !self.client_secret_stdin && self.client_secret_env.is_none() && self.client_secret_command.is_none()
                {
                    return Err(usage(
                        "give --client-secret-env, --client-secret-command or --client-secret-stdin, too",
                    ));
                }
                Some(Credentials {
                    token_url,
                    client_id,
                    client_secret: if self.client_secret_stdin { Some(line("the client secret")?) } else { None },
                    client_secret_env: self.client_secret_env,
                    client_secret_command: self.client_secret_command,
                    scope: self.scope,
                    authentication: self.client_authentication,
                })
            }
            _ => None,
        };
        // What cannot be a base URL is found now and not with the first request.
        scimstack_client::Client::with_authorization(NoTransport, &url, scimstack_client::Secret::from("x"))?;
        Ok(config::Server {
            url,
            token,
            token_env: self.token_env,
            token_command: self.token_command,
            root_certificates: self.trust,
            client_credentials,
        })
    }
}

/// Carries nothing: the client is made to judge the URL.
struct NoTransport;

#[async_trait::async_trait]
impl scimstack_client::Transport for NoTransport {
    async fn send(
        &self,
        _: http::Request<bytes::Bytes>,
    ) -> std::result::Result<http::Response<bytes::Bytes>, scimstack_client::BoxError> {
        Err("nothing is sent".into())
    }
}

/// The first line of the standard input.
fn line(what: &str) -> Result<Written> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_line(&mut text);
    read.map_err(|error| usage(format!("{what} cannot be read: {error}")))?;
    match text.trim() {
        "" => Err(usage(format!("{what} is expected on the standard input"))),
        text => Ok(Written::new(text)),
    }
}
