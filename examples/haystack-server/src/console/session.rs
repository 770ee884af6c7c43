//! Log-in, sessions and CSRF tokens. A session is a cookie signed with the server's own key: name, expiry, HMAC; a CSRF
//! token is an HMAC of the session. Passwords are checked with argon2; failures are limited.

use super::App;
use super::data::Console;
use super::form::Sent;
use super::page::{self, Failure};
use argon2::{Argon2, PasswordVerifier};
use axum::Form;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use hmac::{Hmac, KeyInit, Mac};
use maud::html;
use scimstack_schema::Timestamp;
use serde::Deserialize;
use sha2::Sha256;
use std::sync::Arc;

const COOKIE: &str = "haystack_console";
/// How long a session lasts, in seconds.
const LIFETIME: i64 = 12 * 60 * 60;
/// How many failed log-ins there may be in [`FAILURE_WINDOW`] seconds, over all names, before all wait.
const MAX_FAILURES: usize = 20;
const FAILURE_WINDOW: i64 = 60;

/// Someone who is logged in.
#[derive(Clone)]
pub(super) struct Session {
    name: String,
    csrf: String,
}

impl Session {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Refuses a form that was not made for this session.
    pub(super) fn check(&self, csrf: &str) -> Result<(), Failure> {
        if constant_time_eq(csrf.as_bytes(), self.csrf.as_bytes()) {
            return Ok(());
        }
        Err(Failure::new(StatusCode::FORBIDDEN, "This form is out of date. Go back, reload the page and try again."))
    }
}

fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}

fn sign(key: &[u8; 32], what: &str, text: &str) -> String {
    // HMAC takes keys of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(what.as_bytes());
    mac.update(b"|");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cookie_value(key: &[u8; 32], name: &str, expires: Timestamp) -> String {
    let text = format!("{name}|{}", expires.as_micros());
    format!("{text}|{}", sign(key, "session", &text))
}

/// The session in a cookie's value, when it is genuine and not over.
fn read_cookie(key: &[u8; 32], value: &str, now: Timestamp) -> Option<Session> {
    let (text, mac) = value.rsplit_once('|')?;
    if !constant_time_eq(mac.as_bytes(), sign(key, "session", text).as_bytes()) {
        return None;
    }
    let (name, expires) = text.rsplit_once('|')?;
    let expires = Timestamp::from_micros(expires.parse().ok()?);
    (now < expires).then(|| Session { name: name.to_owned(), csrf: sign(key, "csrf", value) })
}

impl FromRequestParts<Arc<Console>> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Response> {
        let key = console.session_key().await.map_err(IntoResponse::into_response)?;
        let now = console.now();
        let session = parts
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
            .find_map(|value| read_cookie(&key, value, now));
        session.ok_or_else(|| Redirect::to("/console/login").into_response())
    }
}

/// The log-in form.
pub(super) async fn form() -> Response {
    login_page(StatusCode::OK, None)
}

fn login_page(status: StatusCode, error: Option<&str>) -> Response {
    let body = html! {
        form.login.panel method="post" action="/console/login" {
            h1 { "Log in" }
            @if let Some(error) = error { p.error role="alert" { (error) } }
            label { "Administrator" input name="name" value="admin" autocomplete="username" required; }
            label { "Password" input name="password" type="password" autocomplete="current-password" required autofocus; }
            button type="submit" { "Log in" }
            p.hint { "The first start of the server printed the password. " code { "haystack-server admin password" } " makes a new one." }
        }
    };
    (status, page::plain("Log in", None, body)).into_response()
}

#[derive(Deserialize)]
pub(super) struct LogIn {
    name: String,
    password: String,
}

/// Checks name and password; the same answer and about the same time whether the name exists or not.
pub(super) async fn log_in(
    State(console): App,
    headers: HeaderMap,
    Form(form): Form<LogIn>,
) -> Result<Response, Failure> {
    let now = console.now();
    if console.failures(now, FAILURE_WINDOW) >= MAX_FAILURES {
        return Ok(login_page(
            StatusCode::TOO_MANY_REQUESTS,
            Some("Too many failed log-ins. Wait a minute and try again."),
        ));
    }
    let stored = console.admin.administrator(&form.name).await?;
    let password = form.password;
    let right = tokio::task::spawn_blocking(move || match &stored {
        Some(hash) => argon2::password_hash::phc::PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()),
        None => {
            let mut out = [0_u8; 32];
            let _ = Argon2::default().hash_password_into(password.as_bytes(), b"no such administrator", &mut out);
            false
        }
    })
    .await
    .unwrap_or(false);
    if !right {
        console.note_failure(now);
        return Ok(login_page(StatusCode::UNAUTHORIZED, Some("Name or password is wrong.")));
    }
    let key = console.session_key().await?;
    let value = cookie_value(&key, &form.name, now.plus_seconds(LIFETIME));
    let secure = if console.is_https(&headers) { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={value}; Path=/console; HttpOnly; SameSite=Strict; Max-Age={LIFETIME}{secure}");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/console")).into_response())
}

/// Forgets the session in the browser.
pub(super) async fn log_out(_: Sent) -> Response {
    let cookie = format!("{COOKIE}=; Path=/console; HttpOnly; SameSite=Strict; Max-Age=0");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/console/login")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn a_genuine_cookie_opens_a_session_until_it_expires() {
        let value = cookie_value(&KEY, "admin", Timestamp::from_seconds(100));
        assert_eq!(read_cookie(&KEY, &value, Timestamp::from_seconds(99)).unwrap().name(), "admin");
        assert!(read_cookie(&KEY, &value, Timestamp::from_seconds(100)).is_none());
    }

    #[test]
    fn a_changed_cookie_or_another_key_opens_nothing() {
        let value = cookie_value(&KEY, "admin", Timestamp::from_seconds(100));
        let now = Timestamp::from_seconds(1);
        assert!(read_cookie(&[8; 32], &value, now).is_none());
        assert!(read_cookie(&KEY, &value.replace("admin", "other"), now).is_none());
        for broken in ["", "|", "a|b|c", "admin|9999999999999999|"] {
            assert!(read_cookie(&KEY, broken, now).is_none(), "{broken}");
        }
    }

    #[test]
    fn a_csrf_token_fits_its_own_session_only() {
        let first =
            read_cookie(&KEY, &cookie_value(&KEY, "a", Timestamp::from_seconds(100)), Timestamp::default()).unwrap();
        let second =
            read_cookie(&KEY, &cookie_value(&KEY, "b", Timestamp::from_seconds(100)), Timestamp::default()).unwrap();
        assert!(first.check(first.csrf()).is_ok());
        assert!(first.check(second.csrf()).is_err());
        assert!(first.check("").is_err());
    }
}
