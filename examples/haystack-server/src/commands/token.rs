//! `token create`, `token list`, `token revoke`.

use super::{admin, names, print, tenant, tenant_called};
use crate::cli::{ListArgs, TokenCommand};
use crate::error::Error;
use scimstack_server::Subject;
use scimstack_server::admin::NewToken;
use serde_json::json;
use std::process::ExitCode;

/// A duration such as `90d`, `12h`, `30m`, `45s`, in seconds.
pub(crate) fn seconds(text: &str) -> Result<i64, String> {
    let bad = || format!("\"{text}\" is no duration; write 90d, 12h, 30m or 45s");
    let unit = text.chars().next_back().ok_or_else(bad)?;
    let number = text.strip_suffix(unit).ok_or_else(bad)?;
    let factor = match unit {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        's' => 1,
        _ => return Err(bad()),
    };
    let number: i64 = number.parse().map_err(|_| bad())?;
    number.checked_mul(factor).filter(|&seconds| seconds > 0 && seconds <= 3_650 * 86_400).ok_or_else(bad)
}

pub(crate) async fn run(command: TokenCommand) -> Result<ExitCode, Error> {
    match command {
        TokenCommand::Create { tenant, connection, label, expires, scope, user, client_secret, database } => {
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?.id;
            let expires = expires.map(|seconds| admin.environment().now().plus_seconds(seconds));
            let mut token = NewToken::new(connection).label(label).expires(expires).scopes(scope);
            if client_secret {
                token = token.client_secret();
            }
            if let Some(id) = user {
                token = token.subject(Subject::new("User", id));
            }
            let (_, secret) = admin.create_token_with(tenant, &token).await?;
            print(secret.reveal());
        }
        TokenCommand::List(ListArgs { tenant: name, json, database }) => {
            let admin = admin(&database.database).await?;
            let now = admin.environment().now();
            let tokens = admin.tokens(tenant(&admin, name.as_deref()).await?).await?;
            let names = names(&admin).await?;
            let mut list = Vec::new();
            for token in &tokens {
                let name = names.get(&token.tenant).map_or("?", String::as_str);
                let state = match (token.revoked, token.expires) {
                    (Some(_), _) => "revoked",
                    (None, Some(at)) if at <= now => "expired",
                    _ => "valid",
                };
                let expires = token.expires.map(|at| at.to_string());
                if json {
                    list.push(json!({
                        "id": token.id, "tenant": name, "connection": token.connection, "label": token.label,
                        "hint": token.hint, "state": state, "clientSecret": token.is_client_secret, "created": token.created.to_string(), "expires": expires,
                        "user": token.subject.as_ref().map(Subject::id), "scope": token.scopes.to_string(),
                    }));
                } else {
                    let expires = expires.as_deref().unwrap_or("never");
                    let scope =
                        if token.scopes.is_everything() { "everything".into() } else { token.scopes.to_string() };
                    let kind = if token.is_client_secret { "client secret" } else { "token" };
                    print(&format!(
                        "{}  {name}/{}  {kind}  {}  {state}  expires {expires}  {scope}  {}",
                        token.id, token.connection, token.hint, token.label
                    ));
                }
            }
            if json {
                print(&json!(list).to_string());
            }
        }
        TokenCommand::Revoke { id, database } => {
            admin(&database.database).await?.revoke_token(&id).await?;
            print(&format!("token {id} is revoked"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_have_a_unit_and_a_bound() {
        for (text, expected) in [("90d", 7_776_000), ("12h", 43_200), ("30m", 1_800), ("45s", 45)] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["", "d", "90", "-1d", "0s", "9223372036854775807d", "10y", "1.5h", "3651d"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
