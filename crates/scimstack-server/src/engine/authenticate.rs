//! Who asks (RFC 7644 §2, RFC 6750): a bearer token, or whoever the host vouches for, within the tenant the address names. An unknown tenant and a bad
//! token are answered alike, so that tenants cannot be probed for.

use super::failure::{Challenge, Failure, Outcome};
use super::identity::Identity;
use super::throttle::{ClientAddress, Throttle};
use crate::admin::{Admin, AdminError, Denied, Principal};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use scimstack_protocol::ScimError;

/// How every token of this server begins; some identity providers send it without `Bearer`.
const TOKEN_PREFIX: &str = "hsk_";

/// Who a request comes from.
///
/// # Errors
/// 401 without good credentials, 429 when there were too many that are not good, 403 when the connection is switched off.
pub(crate) async fn authenticate(
    admin: &Admin,
    throttle: &Throttle,
    tenant: &str,
    parts: &Parts,
) -> Outcome<Principal> {
    let found = match (parts.extensions.get::<Identity>(), token(&parts.headers)) {
        (Some(identity), _) => admin.vouched(tenant, identity).await,
        (None, Some(token)) => admin.authenticate(tenant, &token).await,
        (None, None) => {
            return Err(unauthorized(
                "The request carries no bearer token. Send the header \"Authorization: Bearer\" followed by a token that an \
                 administrator made for this connection.",
                Challenge::Missing,
            ));
        }
    };
    let denied = match found {
        Ok(Ok(principal)) => return enabled(principal),
        Ok(Err(denied)) => denied,
        Err(AdminError::NotFound(_) | AdminError::Invalid(_)) => Denied::Unknown,
        Err(error) => return Err(error.into()),
    };
    let address = parts.extensions.get::<ClientAddress>().map(|address| address.0);
    match throttle.refused(address, admin.environment().now()) {
        None => Err(unauthorized(reason(denied), Challenge::InvalidToken)),
        Some(seconds) => Err(ScimError::new(
            429,
            format!(
                "Too many requests with tokens that are not good came from here. Compare the token with the one in the \
                 administration console, and try again in {seconds} seconds."
            ),
        )
        .with_retry_after(seconds)
        .into()),
    }
}

fn enabled(principal: Principal) -> Outcome<Principal> {
    let policy = &principal.connection.policy;
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
fn token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let token = match value.split_once([' ', '\t']) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim().to_owned(),
        Some((scheme, pair)) if scheme.eq_ignore_ascii_case("basic") => {
            let pair = String::from_utf8(BASE64_STANDARD.decode(pair.trim()).ok()?).ok()?;
            pair.split_once(':').filter(|(_, password)| password.starts_with(TOKEN_PREFIX))?.1.to_owned()
        }
        None if value.starts_with(TOKEN_PREFIX) => value.to_owned(),
        _ => return None,
    };
    (!token.is_empty()).then_some(token)
}

fn reason(denied: Denied) -> &'static str {
    match denied {
        Denied::Expired => {
            "The token has expired. Make a new one in the administration console and give it to the identity provider."
        }
        Denied::Revoked => {
            "The token was revoked. Make a new one in the administration console and give it to the identity provider."
        }
        _ => {
            "The token is not known here. Compare the base URL and the token with those in the administration console."
        }
    }
}

fn unauthorized(detail: &str, challenge: Challenge) -> Failure {
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
