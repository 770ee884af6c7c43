//! Which server, and how it is reached: the options that every command has, and the client that comes of them.

use crate::config::{Config, Server, default_path};
use crate::failure::{Result, usage};
use clap::Args;
use http::HeaderValue;
use http::header::USER_AGENT;
use scimstack_client::{Authorization, Client, ClientCredentials, ReqwestTransport, Retry, Secret, TokioTimer};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How often a request is sent again when nobody says.
const RETRIES: u32 = 3;

/// Which server, and how it is reached.
#[derive(Args, Debug)]
pub(crate) struct Connection {
    /// A server of the configuration
    #[arg(long, short = 's', global = true, value_name = "NAME", help_heading = "Connection")]
    pub(crate) server: Option<String>,
    /// The base URL, such as `https://acme.example/scim/v2`
    #[arg(long, global = true, env = "SCIM_URL", help_heading = "Connection")]
    pub(crate) url: Option<String>,
    /// The bearer token; others can see what stands in a command line, so better in the environment
    #[arg(long, global = true, env = "SCIM_TOKEN", hide_env_values = true, help_heading = "Connection")]
    token: Option<TokenArg>,
    /// The configuration [default: scim/config.toml in $XDG_CONFIG_HOME or ~/.config]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Connection")]
    config: Option<PathBuf>,
    /// Certificates to trust beside the system's, in PEM
    #[arg(long, global = true, value_name = "FILE", help_heading = "Connection")]
    root_certificates: Option<PathBuf>,
    /// Seconds for one request with its answer
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..), help_heading = "Connection")]
    pub(crate) timeout: u64,
    /// How often a request is sent again when the server is busy or an answer is lost, as far as that is safe
    /// [default: 3; of `sync`, the profile's]
    #[arg(long, global = true, value_name = "TIMES", help_heading = "Connection")]
    retries: Option<u32>,
}

/// A token on the command line; `Debug` does not show it.
#[derive(Clone, Debug)]
struct TokenArg(Secret);

impl From<String> for TokenArg {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// How a server lets the client in, to be shared by what asks it.
#[derive(Clone)]
pub(crate) struct Shared(Arc<dyn Authorization>);

#[async_trait::async_trait]
impl Authorization for Shared {
    async fn value(&self) -> std::result::Result<Option<HeaderValue>, scimstack_client::Error> {
        self.0.value().await
    }

    async fn refused(&self, value: &HeaderValue) -> bool {
        self.0.refused(value).await
    }
}

/// A server that can be asked.
pub(crate) struct Reached {
    pub(crate) url: String,
    pub(crate) transport: ReqwestTransport,
    pub(crate) authorization: Shared,
}

/// Nothing to show: a server that lets everybody in.
struct Nobody;

#[async_trait::async_trait]
impl Authorization for Nobody {
    async fn value(&self) -> std::result::Result<Option<HeaderValue>, scimstack_client::Error> {
        Ok(None)
    }
}

impl Connection {
    /// The path of the configuration.
    pub(crate) fn config_path(&self) -> Result<PathBuf> {
        let path = self.config.clone().or_else(default_path);
        path.ok_or_else(|| usage("there is no home directory for the configuration; give --config"))
    }

    /// The client.
    pub(crate) fn client(&self) -> Result<Client> {
        let retry = Retry::default().with_attempts(self.retries.unwrap_or(RETRIES).saturating_add(1));
        Ok(self.hasty_client()?.with_retry(retry, TokioTimer))
    }

    /// How often a request is to be sent again, when that was said.
    pub(crate) fn told_retries(&self) -> Option<u32> {
        self.retries
    }

    /// A client that waits for nobody and sends nothing again: for whoever does that themselves.
    pub(crate) fn hasty_client(&self) -> Result<Client> {
        let reached = self.reach(None)?;
        let agent = HeaderValue::from_static(concat!("scim/", env!("CARGO_PKG_VERSION")));
        let client = Client::with_authorization(reached.transport, &reached.url, reached.authorization)?;
        Ok(client.with_header(USER_AGENT, agent))
    }

    /// The server that is meant; `url` is what the command itself names.
    pub(crate) fn reach(&self, url: Option<&str>) -> Result<Reached> {
        let named = self.named(url.is_some())?;
        let url = match (&named, url.or(self.url.as_deref())) {
            (Some(server), _) => server.url.clone(),
            (None, Some(url)) => url.to_owned(),
            (None, None) => {
                return Err(usage(
                    "which server? Give --url or set SCIM_URL, or name one with --server after `scim server add`",
                ));
            }
        };
        let mut builder =
            ReqwestTransport::builder().with_timeout(Duration::from_secs(self.timeout)).with_environment_proxies();
        let certificates = named.as_ref().and_then(|server| server.root_certificates.as_ref());
        for path in self.root_certificates.iter().chain(certificates) {
            let pem = std::fs::read(path).map_err(|error| usage(format!("{}: {error}", path.display())))?;
            builder = builder.with_root_certificates(&pem);
        }
        let transport = builder.build()?;
        let authorization: Arc<dyn Authorization> = match (&named, &self.token) {
            (None, Some(token)) => Arc::new(token.0.clone()),
            (Some(server), _) => self.authorization(server, &transport)?,
            (None, None) => Arc::new(Nobody),
        };
        Ok(Reached { url, transport, authorization: Shared(authorization) })
    }

    /// The server of the configuration that is meant: the one that is named, or the default when no URL is given.
    fn named(&self, has_url: bool) -> Result<Option<Server>> {
        if self.server.is_none() && (has_url || self.url.is_some()) {
            return Ok(None);
        }
        let Some(path) = self.config.clone().or_else(default_path) else { return Ok(None) };
        let config = Config::load(&path)?;
        let Some(name) = self.server.clone().or(config.default) else { return Ok(None) };
        match config.servers.get(&name) {
            Some(server) => Ok(Some(server.clone())),
            None => {
                let known: Vec<&str> = config.servers.keys().map(String::as_str).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                Err(usage(format!("{} has no server {name:?}; it has {known}", path.display())))
            }
        }
    }

    fn authorization(&self, server: &Server, transport: &ReqwestTransport) -> Result<Arc<dyn Authorization>> {
        let Some(credentials) = &server.client_credentials else {
            return Ok(match (server.secret()?, &self.token) {
                (Some(token), _) => Arc::new(token),
                (None, Some(token)) => Arc::new(token.0.clone()),
                (None, None) => Arc::new(Nobody),
            });
        };
        if server.token.is_some() || server.token_env.is_some() || server.token_command.is_some() {
            return Err(usage("a server has a token or client-credentials, not both"));
        }
        let (id, secret) = (credentials.client_id.as_str(), credentials.secret()?);
        let mut found = ClientCredentials::new(transport.clone(), TokioTimer, &credentials.token_url, id, secret)?
            .with_authentication(credentials.authentication.into())
            .with_retry(Retry::default().with_attempts(self.retries.unwrap_or(RETRIES).saturating_add(1)));
        if let Some(scope) = &credentials.scope {
            found = found.with_scope(scope);
        }
        Ok(Arc::new(found))
    }
}
