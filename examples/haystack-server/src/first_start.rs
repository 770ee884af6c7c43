//! What a first start makes, and shows once: a tenant with a token, and the administrator with a password.

use crate::clock;
use crate::error::Error;
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use scimstack_server::Admin;
use scimstack_server::admin::AdminError;

/// The tenant a first start makes.
pub const FIRST_TENANT: &str = "demo";
/// The administrator a first start makes.
pub const FIRST_ADMINISTRATOR: &str = "admin";

/// What a first start made. Shown once; only hashes are stored. `Debug` hides it.
#[derive(Clone)]
pub struct FirstStart {
    /// A bearer token of the first tenant.
    pub token: String,
    /// The administrator's password.
    pub password: String,
}

impl std::fmt::Debug for FirstStart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FirstStart(…)")
    }
}

/// Makes the first tenant, its token and the administrator, unless the administrator is there. The administrator is made
/// last: a start that is cut off is done again, and of several servers that start at the same time one shows its secrets.
pub(crate) async fn run(admin: &Admin) -> Result<Option<FirstStart>, Error> {
    if admin.administrator(FIRST_ADMINISTRATOR).await?.is_some() {
        return Ok(None);
    }
    match admin.create_tenant(FIRST_TENANT).await {
        Ok(_) | Err(AdminError::Exists(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let tenant = admin.tenant(FIRST_TENANT).await?.id;
    let (token, secret) = admin.create_token(tenant, "default", "first start", None).await?;
    let (password, hash) = new_password().await?;
    match admin.create_administrator(FIRST_ADMINISTRATOR, &hash).await {
        Ok(()) => Ok(Some(FirstStart { token: secret.reveal().to_owned(), password })),
        Err(AdminError::Exists(_)) => {
            admin.revoke_token(&token.id).await?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives an administrator a new password and returns it. An administrator of another name than the first is made.
///
/// # Errors
/// Before the first start, which makes the first administrator; and the store's.
pub async fn set_new_password(admin: &Admin, name: &str) -> Result<String, Error> {
    if admin.administrator(FIRST_ADMINISTRATOR).await?.is_none() {
        return Err(Error::new(
            "no server has been started on this database yet. Start one with `haystack-server`: it makes the administrator \
             and prints the password.",
        ));
    }
    let (password, hash) = new_password().await?;
    admin.set_administrator(name, &hash).await?;
    Ok(password)
}

/// A password and its hash.
async fn new_password() -> Result<(String, String), Error> {
    let password = clock::new_password();
    let clear = password.clone();
    let hash =
        tokio::task::spawn_blocking(move || Argon2::default().hash_password(clear.as_bytes()).map(|h| h.to_string()))
            .await
            .map_err(|e| Error::new(e.to_string()))?
            .map_err(|e| Error::new(format!("the password could not be hashed: {e}")))?;
    Ok((password, hash))
}
