//! The application's own table of users, as it was before there was SCIM, with two columns more. Orders and the like refer
//! to `id`; `theme` is nobody's business but the application's.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use scimstack_schema::{Object, Value};
use scimstack_store::mirror::{Refusal, Table, TableError};
use scimstack_store::{Key, Scope, Version};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS users(
        id INTEGER PRIMARY KEY,
        customer INTEGER NOT NULL,
        email TEXT NOT NULL COLLATE NOCASE,
        name TEXT NOT NULL DEFAULT '',
        may_log_in INTEGER NOT NULL DEFAULT 1,
        theme TEXT NOT NULL DEFAULT 'light',
        -- For SCIM: who this is in the directory, and the version the row was written from.
        scim_id TEXT,
        scim_version INTEGER NOT NULL DEFAULT 0,
        UNIQUE(customer, email),
        UNIQUE(customer, scim_id)
    )";

/// The table.
pub(crate) struct Users(Mutex<Connection>);

/// A row, as the application reads it.
#[derive(Debug, PartialEq)]
pub(crate) struct User {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) may_log_in: bool,
    pub(crate) theme: String,
    pub(crate) scim_id: Option<String>,
}

impl Users {
    pub(crate) fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        let connection = Connection::open(path)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Mutex::new(connection)))
    }

    fn connection(&self) -> Result<MutexGuard<'_, Connection>, TableError> {
        self.0.lock().map_err(|_| "the table's lock is broken".into())
    }

    pub(crate) fn find(&self, customer: u32, email: &str) -> Result<Option<User>, TableError> {
        let connection = self.connection()?;
        let columns = "SELECT email, name, may_log_in, theme, scim_id FROM users WHERE customer = ?1 AND email = ?2";
        let row = connection.query_row(columns, params![customer, email], |row| {
            Ok(User {
                email: row.get(0)?,
                name: row.get(1)?,
                may_log_in: row.get(2)?,
                theme: row.get(3)?,
                scim_id: row.get(4)?,
            })
        });
        Ok(row.optional()?)
    }

    /// Someone who signs up without a directory.
    pub(crate) fn sign_up(&self, customer: u32, email: &str) -> Result<(), TableError> {
        self.connection()?.execute("INSERT INTO users(customer, email) VALUES(?1, ?2)", params![customer, email])?;
        Ok(())
    }

    /// A column of the application's own is changed as ever.
    pub(crate) fn set_theme(&self, customer: u32, email: &str, theme: &str) -> Result<bool, TableError> {
        let set = "UPDATE users SET theme = ?3 WHERE customer = ?1 AND email = ?2";
        Ok(self.connection()?.execute(set, params![customer, email, theme])? > 0)
    }
}

/// What the table has of a resource. Identity providers send the address as the user name.
fn columns(person: &Object) -> (&str, String, bool) {
    let text = |object: Option<&Object>, name: &str| {
        object.and_then(|object| object.get(name)).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let name = person.get("name").and_then(Value::as_object);
    let whole = match text(Some(person), "displayName") {
        shown if shown.is_empty() => format!("{} {}", text(name, "givenName"), text(name, "familyName")),
        shown => shown,
    };
    let email = person.get("userName").and_then(Value::as_str).unwrap_or_default();
    // Absent means that nobody has said otherwise.
    let is_active = person.get("active").and_then(Value::as_bool).unwrap_or(true);
    (email, whole.trim().to_owned(), is_active)
}

#[async_trait]
impl Table for Users {
    async fn check(&self, scope: Scope, key: &Key, person: &Object) -> Result<(), Refusal> {
        let other = self.find(scope.number(), columns(person).0).map_err(Refusal::Unavailable)?;
        // A row without an id is someone who was there before the directory: it becomes theirs.
        match other.and_then(|user| user.scim_id).filter(|id| *id != key.id.as_str()) {
            Some(_) => Err(Refusal::Taken { path: "userName".to_owned() }),
            None => Ok(()),
        }
    }

    async fn put(&self, scope: Scope, key: &Key, version: Version, person: &Object) -> Result<(), TableError> {
        let (email, name, may_log_in) = columns(person);
        let (customer, id) = (scope.number(), key.id.as_str());
        let version = i64::try_from(version.0)?;
        let connection = self.connection()?;
        let row = params![customer, id, version, email, name, may_log_in];
        let known = connection.execute(
            "UPDATE users SET scim_id = ?2, scim_version = ?3, email = ?4, name = ?5, may_log_in = ?6 \
             WHERE customer = ?1 AND (scim_id = ?2 OR scim_id IS NULL AND email = ?4) AND scim_version < ?3",
            row,
        )?;
        if known == 0 {
            // There is none, or it is newer.
            connection.execute(
                "INSERT INTO users(customer, scim_id, scim_version, email, name, may_log_in) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6 \
                 WHERE NOT EXISTS (SELECT 1 FROM users WHERE customer = ?1 AND scim_id = ?2)",
                row,
            )?;
        }
        Ok(())
    }

    /// Orders refer to the row, so it stays.
    async fn delete(&self, scope: Scope, key: &Key) -> Result<(), TableError> {
        self.connection()?.execute(
            "UPDATE users SET may_log_in = 0, scim_id = NULL, scim_version = 0 WHERE customer = ?1 AND scim_id = ?2",
            params![scope.number(), key.id.as_str()],
        )?;
        Ok(())
    }
}
