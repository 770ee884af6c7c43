//! Which database a URL names, and how it is opened. Opening creates and migrates what is missing.

use crate::error::{Error, chain};
use scimstack_store::Store;
use scimstack_store_postgres::PostgresStore;
use scimstack_store_sqlite::{SqliteOptions, SqliteStore};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// A database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// `sqlite:PATH`
    File(PathBuf),
    /// `sqlite::memory:`
    Memory,
    /// `postgres://…`
    Postgres(String),
}

impl FromStr for Database {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        if url == "sqlite::memory:" {
            return Ok(Self::Memory);
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        match url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
            Some("") => Err("the path is missing after \"sqlite:\"; for instance sqlite:haystack.db".to_owned()),
            Some(path) => Ok(Self::File(path.into())),
            None => Err("expected sqlite:FILE, sqlite::memory: or postgres://…".to_owned()),
        }
    }
}

impl Database {
    /// Opens it for a server.
    ///
    /// # Errors
    /// In words for the person at the terminal.
    pub async fn open(&self) -> Result<Arc<dyn Store>, Error> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                // Opening may migrate, which takes its time.
                let opened = tokio::task::spawn_blocking(move || open_file(&path));
                Ok(Arc::new(opened.await.map_err(|e| Error::new(format!("the database could not be opened: {e}")))??))
            }
            Self::Memory => {
                let store = SqliteStore::in_memory().map_err(|e| Error::new(chain(&e)))?;
                Ok(Arc::new(store))
            }
            Self::Postgres(url) => {
                let store = PostgresStore::connect(url)
                    .await
                    .map_err(|e| Error::new(format!("cannot open the PostgreSQL database: {}", chain(&e))))?;
                Ok(Arc::new(store))
            }
        }
    }

    /// Opens it for a command beside a server: a database in another process's memory cannot be reached.
    ///
    /// # Errors
    /// As [`Database::open`]; and for a database in memory.
    pub async fn open_shared(&self) -> Result<Arc<dyn Store>, Error> {
        match self {
            Self::Memory => Err(Error::usage(
                "sqlite::memory: is a database inside one server process; a command cannot reach it. \
                 Start the server with --database sqlite:FILE and give the same to this command.",
            )),
            other => other.open().await,
        }
    }
}

/// Opens a database file; makes it when there is none.
pub(crate) fn open_file(path: &Path) -> Result<SqliteStore, Error> {
    SqliteStore::open(path, SqliteOptions::default())
        .map_err(|e| Error::new(format!("cannot open the database {}: {}", path.display(), chain(&e))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_databases() {
        for (url, database) in [
            ("sqlite:haystack.db", Database::File("haystack.db".into())),
            ("sqlite:/var/lib/h.db", Database::File("/var/lib/h.db".into())),
            ("sqlite:///var/lib/h.db", Database::File("/var/lib/h.db".into())),
            ("sqlite::memory:", Database::Memory),
            ("postgres://u@h/d", Database::Postgres("postgres://u@h/d".into())),
        ] {
            assert_eq!(url.parse::<Database>().unwrap(), database, "{url}");
        }
        for url in ["", "haystack.db", "sqlite:", "mysql://x"] {
            assert!(url.parse::<Database>().is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_command_cannot_use_a_database_in_memory() {
        assert!(Database::Memory.open_shared().await.is_err());
    }
}
