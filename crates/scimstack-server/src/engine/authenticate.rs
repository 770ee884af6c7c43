//! Who asks (RFC 7644 §2, RFC 6750): a bearer token, within the tenant the address names. An unknown tenant and a bad
//! token are answered alike, so that tenants cannot be probed for.

use super::failure::{Failure, Outcome};
use crate::admin::{Admin, AdminError, Denied, Principal};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use scimstack_protocol::ScimError;

/// How every token of this server begins; some identity providers send it without `Bearer`.
const TOKEN_PREFIX: &str = "hsk_";

/// Who a request comes from.
///
/// # Errors
/// 401 without a good token, 403 when the connection is switched off.
pub(crate) async fn authenticate(admin: &Admin, tenant: &str, headers: &HeaderMap) -> Outcome<Principal> {
    let Some(token) = bearer(headers) else {
        return Err(unauthorized(
            "The request carries no bearer token. Send the header \"Authorization: Bearer\" followed by a token that an \
             administrator made for this connection.",
            false,
        ));
    };
    let principal = match admin.authenticate(tenant, &token).await {
        Ok(Ok(principal)) => principal,
        Ok(Err(denied)) => return Err(unauthorized(reason(denied), true)),
        Err(AdminError::NotFound(_) | AdminError::Invalid(_)) => {
            return Err(unauthorized(reason(Denied::Unknown), true));
        }
        Err(error) => return Err(error.into()),
    };
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

/// The token of `Authorization: Bearer …`, or a bare one that shows it is ours.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let token = match value.split_once([' ', '\t']) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        None if value.starts_with(TOKEN_PREFIX) => value,
        _ => return None,
    };
    (!token.is_empty()).then(|| token.to_owned())
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

fn unauthorized(detail: &str, invalid_token: bool) -> Failure {
    Failure { invalid_token, ..ScimError::new(401, detail).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_in_both_forms_and_nothing_else_is_one() {
        for (header, token) in [
            ("Bearer hsk_x", Some("hsk_x")),
            ("bEARER   abc ", Some("abc")),
            ("hsk_x", Some("hsk_x")),
            ("non-token", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("Basic aHNrX3g6", None),
            ("hsk_x y", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, header.parse().unwrap());
            assert_eq!(bearer(&headers).as_deref(), token, "{header}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
