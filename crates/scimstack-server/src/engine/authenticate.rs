//! Who asks (RFC 7644 §2, RFC 6750): a token of the server's own, whoever an authenticator knows, or whom the host vouches
//! for, within the tenant the address names. An unknown tenant and a bad token are answered alike, so that tenants cannot be
//! probed for.

use super::Engine;
use super::authenticator::{Authenticator, Verdict};
use super::failure::{Challenge, Failure, Outcome};
use super::identity::Identity;
use super::throttle::ClientAddress;
use crate::admin::{ACCESS_PREFIX, AdminError, Denied, Principal, TOKEN_PREFIX};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use scimstack_protocol::ScimError;
use std::borrow::Cow;
use std::sync::Arc;

/// Who a request comes from.
///
/// # Errors
/// 401 without good credentials, 429 when there were too many that are not good, 403 when the connection is switched off,
/// 503 when nobody can tell at the moment.
pub(crate) async fn authenticate(engine: &Engine, tenant: &str, parts: &Parts) -> Outcome<Arc<Principal>> {
    let admin = &engine.admin;
    let token = token(&parts.headers);
    let found = match (identity(&engine.authenticators, tenant, parts, token.as_deref()).await, token) {
        (Verdict::Known(identity), _) => admin.vouched(tenant, &identity).await,
        (Verdict::Refused(detail), _) => return Err(refused(engine, parts, detail)),
        (Verdict::Unavailable(error), _) => return Err(Failure::unavailable(error)),
        (Verdict::NotMine, Some(token)) => admin.authenticate(tenant, &token).await,
        (Verdict::NotMine, None) => {
            return Err(unauthorized(
                "The request carries no bearer token. Send the header \"Authorization: Bearer\" followed by a token that an \
                 administrator made for this connection.",
                Challenge::Missing,
            ));
        }
    };
    match found {
        Ok(Ok(principal)) => enabled(principal),
        Ok(Err(denied)) => Err(refused(engine, parts, reason(denied).to_owned())),
        Err(AdminError::NotFound(_) | AdminError::Invalid(_)) => {
            Err(refused(engine, parts, reason(Denied::Unknown).to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whom the host vouches for, or an authenticator knows. What is a token of this server's own is nobody else's.
async fn identity(
    authenticators: &[Arc<dyn Authenticator>],
    tenant: &str,
    parts: &Parts,
    token: Option<&str>,
) -> Verdict {
    if let Some(identity) = parts.extensions.get::<Identity>() {
        return Verdict::Known(identity.clone());
    }
    if token.is_some_and(|token| token.starts_with(TOKEN_PREFIX) || token.starts_with(ACCESS_PREFIX)) {
        return Verdict::NotMine;
    }
    for authenticator in authenticators {
        match authenticator.authenticate(tenant, parts).await {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
    }
    Verdict::NotMine
}

/// 401, or 429 when there were too many of them.
fn refused(engine: &Engine, parts: &Parts, detail: String) -> Failure {
    let address = parts.extensions.get::<ClientAddress>().map(|address| address.0);
    match engine.throttle.refused(address, engine.admin.environment().now()) {
        None => unauthorized(detail, Challenge::InvalidToken),
        Some(seconds) => ScimError::new(
            429,
            format!(
                "Too many requests with tokens that are not good came from here. Compare the token with the one in the \
                 administration console, and try again in {seconds} seconds."
            ),
        )
        .with_retry_after(seconds)
        .into(),
    }
}

fn enabled(principal: Arc<Principal>) -> Outcome<Arc<Principal>> {
    let policy = &principal.connection.policy;
    if principal.tenant.policy.hris && !principal.is_application() {
        // Whoever switched both on at the same moment gets neither.
        return Err(ScimError::forbidden(
            "People of this workspace come from an HRIS integration, and then nobody else provisions them. An administrator \
             can switch it off in the administration console under User Provisions & Login.",
        )
        .into());
    }
    if !policy.enabled {
        return Err(ScimError::forbidden(format!(
            "Provisioning is switched off for the connection \"{}\". An administrator can switch it on in the \
             administration console under User Provisions & Login.",
            policy.name
        ))
        .into());
    }
    Ok(principal)
}

/// The token of `Authorization: Bearer …`; or a bare one that shows it is ours; or one that is the password of
/// `Authorization: Basic …` (RFC 7617), whatever the user name, where a client can do nothing else.
fn token(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let token = match value.split_once([' ', '\t']) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Cow::Borrowed(token.trim()),
        Some((scheme, pair)) if scheme.eq_ignore_ascii_case("basic") => {
            let pair = String::from_utf8(BASE64_STANDARD.decode(pair.trim()).ok()?).ok()?;
            pair.split_once(':').filter(|(_, password)| password.starts_with(TOKEN_PREFIX))?.1.to_owned().into()
        }
        None if value.starts_with(TOKEN_PREFIX) || value.starts_with(ACCESS_PREFIX) => value.into(),
        _ => return None,
    };
    (!token.is_empty()).then_some(token)
}

/// Whether the token came without `Bearer`.
pub(crate) fn is_bare(headers: &HeaderMap) -> bool {
    let value = headers.get(AUTHORIZATION).map(http::HeaderValue::as_bytes).unwrap_or_default();
    value.starts_with(TOKEN_PREFIX.as_bytes()) || value.starts_with(ACCESS_PREFIX.as_bytes())
}

fn reason(denied: Denied) -> &'static str {
    match denied {
        Denied::Expired => {
            "The token has expired. Make a new one in the administration console and give it to the identity provider."
        }
        Denied::Revoked => {
            "The token was revoked. Make a new one in the administration console and give it to the identity provider."
        }
        Denied::ClientSecret => {
            "This is a client's secret, which opens nothing by itself. Give it to the identity provider as the client secret, \
             with the token endpoint and the client id; or make a bearer token in the administration console."
        }
        _ => {
            "The token is not known here. Compare the base URL and the token with those in the administration console."
        }
    }
}

fn unauthorized(detail: impl Into<String>, challenge: Challenge) -> Failure {
    Failure { challenge: Some(challenge), ..ScimError::new(401, detail).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_in_their_three_forms_and_nothing_else_is_one() {
        for (header, expected) in [
            ("Bearer hsk_x", Some("hsk_x")),
            ("bEARER   abc ", Some("abc")),
            ("hsk_x", Some("hsk_x")),
            ("non-token", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("Basic aHNrX3g6", None),
            ("Basic ZGVmYXVsdDpoc2tfeDp5", Some("hsk_x:y")),
            ("basic Omhza194", Some("hsk_x")),
            ("Basic YW5uOnNlY3JldA==", None),
            ("Basic %%%", None),
            ("Basic", None),
            ("hsk_x y", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, header.parse().unwrap());
            assert_eq!(token(&headers).as_deref(), expected, "{header}");
        }
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
