//! The file of named servers. It is read as it is written by hand, in TOML, and written anew by `scim server add` and
//! `remove`, for its owner alone to read; one that others can read, too, is warned about when it holds secrets.

use crate::failure::{Result, usage};
use crate::token::{Source, Written};
use scimstack_client::{ClientAuthentication, Secret};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file's content.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Config {
    /// The server that is meant when none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<String>,
    /// The servers by name.
    #[serde(default)]
    pub(crate) servers: BTreeMap<String, Server>,
}

/// One server: where it is, and how to be let in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Server {
    /// The base URL.
    pub(crate) url: String,
    /// The bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<Written>,
    /// The variable that holds the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_env: Option<String>,
    /// The command that prints the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_command: Option<String>,
    /// A file of certificates to trust beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) root_certificates: Option<PathBuf>,
    /// OAuth client credentials in place of a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_credentials: Option<Credentials>,
}

/// OAuth client credentials (RFC 6749 §4.4).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Credentials {
    /// The token endpoint.
    pub(crate) token_url: String,
    /// Who asks.
    pub(crate) client_id: String,
    /// The secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret: Option<Written>,
    /// The variable that holds the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret_env: Option<String>,
    /// The command that prints the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret_command: Option<String>,
    /// Scopes, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    /// Where the secret stands in the request.
    #[serde(default)]
    pub(crate) authentication: Place,
}

/// Where a client's secret stands in the token request.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// In the header (client_secret_basic)
    #[default]
    Basic,
    /// In the body (client_secret_post)
    Post,
}

impl From<Place> for ClientAuthentication {
    fn from(place: Place) -> Self {
        match place {
            Place::Basic => Self::Basic,
            Place::Post => Self::Post,
        }
    }
}

impl Server {
    /// The bearer token; `None` without one.
    pub(crate) fn secret(&self) -> Result<Option<Secret>> {
        Source {
            what: "the token",
            option: "token",
            written: self.token.as_ref(),
            variable: self.token_env.as_deref(),
            command: self.token_command.as_deref(),
        }
        .get()
    }

    /// How it is let in, in words.
    pub(crate) fn manner(&self) -> String {
        match (&self.client_credentials, &self.token, &self.token_env, &self.token_command) {
            (Some(credentials), ..) => format!("client credentials of {}", credentials.client_id),
            (_, Some(_), ..) => "token".to_owned(),
            (_, _, Some(variable), _) => format!("token from {variable}"),
            (_, _, _, Some(_)) => "token from a command".to_owned(),
            _ => "nothing".to_owned(),
        }
    }

    fn holds_secrets(&self) -> bool {
        self.token.is_some() || self.client_credentials.as_ref().is_some_and(|c| c.client_secret.is_some())
    }
}

impl Credentials {
    pub(crate) fn secret(&self) -> Result<Secret> {
        let source = Source {
            what: "the client secret",
            option: "client-secret",
            written: self.client_secret.as_ref(),
            variable: self.client_secret_env.as_deref(),
            command: self.client_secret_command.as_deref(),
        };
        source
            .get()?
            .ok_or_else(|| usage("client-credentials need client-secret, client-secret-env or client-secret-command"))
    }
}

/// Where the file is when nobody says.
pub(crate) fn default_path() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|text| !text.is_empty()).map(PathBuf::from);
    let base = folder("XDG_CONFIG_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| if cfg!(windows) { folder("APPDATA") } else { folder("HOME").map(|home| home.join(".config")) });
    base.map(|base| base.join("scim").join("config.toml"))
}

impl Config {
    /// The file's content; one that does not exist is empty.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(usage(format!("{} cannot be read: {error}", path.display()))),
        };
        // The error's own text would print the line, and with it perhaps a token.
        let config: Self = toml::from_str(&text).map_err(|error| {
            let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.lines().count().max(1));
            let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
            usage(format!("{}{line}: {}", path.display(), error.message()))
        })?;
        if config.servers.values().any(Server::holds_secrets)
            && let Some(warning) = others_can_read(path)
        {
            eprintln!("scim: warning: {warning}");
        }
        Ok(config)
    }

    /// Writes the file in one step, for its owner alone.
    pub(crate) fn save(&self, path: &Path) -> Result {
        let text = toml::to_string(self).map_err(|error| usage(format!("the configuration: {error}")))?;
        let wrong = |error: std::io::Error| usage(format!("{} cannot be written: {error}", path.display()));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(wrong)?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}", std::process::id()));
        let beside = PathBuf::from(beside);
        let written = write_private(&beside, &text).and_then(|()| std::fs::rename(&beside, path));
        if written.is_err() {
            // What is left of an attempt that failed is of no use to anybody.
            let _ = std::fs::remove_file(&beside);
        }
        written.map_err(wrong)
    }
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    let path = path.display();
    (mode & 0o077 != 0).then(|| format!("others can read {path}, which holds secrets; chmod 600 it"))
}

#[cfg(not(unix))]
fn others_can_read(_path: &Path) -> Option<String> {
    None
}
