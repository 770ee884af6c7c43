//! Administrators of the server, and its own random keys. Both are kept in the lifecycle column, which is never shown and
//! of which the feed keeps no copy.

use super::model::AdminError;
use super::{Admin, system};
use bytes::Bytes;
use scimstack_schema::Object;
use scimstack_store::StoreError;

/// Longest name of an administrator, in bytes.
const MAX_NAME: usize = 100;

fn named(name: &str) -> String {
    format!("administrator \"{}\"", name.escape_debug())
}

fn check(name: &str) -> Result<(), AdminError> {
    if name.is_empty() || name.len() > MAX_NAME || name.trim() != name || name.contains(char::is_control) {
        return Err(AdminError::Invalid(format!(
            "\"{}\" cannot be an administrator's name: take 1 to {MAX_NAME} bytes without blanks at the beginning or end",
            name.escape_debug()
        )));
    }
    Ok(())
}

impl Admin {
    /// Makes an administrator with a password hash (a PHC string; hashing is the caller's). Of several callers at the same
    /// time, one succeeds.
    ///
    /// # Errors
    /// [`AdminError::Exists`], [`AdminError::Invalid`] for a name that cannot be one.
    pub async fn create_administrator(&self, name: &str, password_hash: &str) -> Result<(), AdminError> {
        check(name)?;
        let mut object = Object::new();
        object.insert("name", name);
        let (id, now) = (self.environment.new_id(), self.environment.now());
        let hash = Bytes::copy_from_slice(password_hash.as_bytes());
        let op = self.create_op(system::ADMINISTRATOR, &id, object, hash, now)?;
        match self.commit(vec![op]).await {
            Err(StoreError::Conflict { .. }) => Err(AdminError::Exists(format!("the {}", named(name)))),
            done => Ok(done?),
        }
    }

    /// Sets an administrator's password hash (a PHC string; hashing is the caller's), making the administrator.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for a name that cannot be one.
    pub async fn set_administrator(&self, name: &str, password_hash: &str) -> Result<(), AdminError> {
        match self.create_administrator(name, password_hash).await {
            Err(AdminError::Exists(_)) => {}
            done => return done,
        }
        let found = self.row_by_unique(system::ADMINISTRATOR, name).await?;
        let id = found.ok_or_else(|| AdminError::NotFound(named(name)))?.id;
        let hash = Bytes::copy_from_slice(password_hash.as_bytes());
        self.change(
            system::ADMINISTRATOR,
            &id,
            || named(name),
            |row| {
                row.private = hash.clone();
                Ok(true)
            },
        )
        .await
    }

    /// An administrator's password hash; the name without case.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn administrator(&self, name: &str) -> Result<Option<String>, AdminError> {
        let row = self.row_by_unique(system::ADMINISTRATOR, name).await?;
        Ok(row.and_then(|row| String::from_utf8(row.private.to_vec()).ok()))
    }

    /// A random key of the server's own, made the first time it is asked for and the same ever after, in every process.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for a name that cannot be one.
    pub async fn secret(&self, name: &str) -> Result<[u8; 32], AdminError> {
        check(name)?;
        let load = async {
            if let Some(key) = self.stored_secret(name).await? {
                return Ok(Some(key));
            }
            let mut key = [0; 32];
            self.environment.fill_random(&mut key);
            let mut object = Object::new();
            object.insert("name", name);
            let (id, now) = (self.environment.new_id(), self.environment.now());
            let op = self.create_op(system::SECRET, &id, object, Bytes::copy_from_slice(&key), now)?;
            match self.commit(vec![op]).await {
                Ok(()) => Ok(Some(key)),
                Err(StoreError::Conflict { .. }) => self.stored_secret(name).await,
                Err(error) => Err(error.into()),
            }
        };
        let key = self
            .cached(
                |entries| entries.secrets.get(name).copied(),
                load,
                |entries, key| {
                    let _ = entries.secrets.insert(name.to_owned(), key);
                },
            )
            .await?;
        key.ok_or_else(|| AdminError::NotFound(format!("secret \"{}\"", name.escape_debug())))
    }

    async fn stored_secret(&self, name: &str) -> Result<Option<[u8; 32]>, AdminError> {
        let Some(row) = self.row_by_unique(system::SECRET, name).await? else { return Ok(None) };
        let key = <[u8; 32]>::try_from(row.private.as_ref());
        key.map(Some).map_err(|e| AdminError::Store(StoreError::Internal(Box::new(e))))
    }
}
