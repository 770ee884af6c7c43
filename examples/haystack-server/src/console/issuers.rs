//! Trusted issuers of JSON Web Tokens on the page User Provisions & Login: listed, trusted, trusted no more, by the rules
//! of `issuer` on the command line. Left out: keys in a file of the server's machine, which only who is on that machine
//! may name.

use super::App;
use super::form::{Fields, Sent, Typed};
use super::page::{Failure, Shell};
use super::provisioning::{self, Notice, Page};
use super::tokens::day;
use crate::key_source::{self, Networks};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use scimstack_server::TokenScopes;
use scimstack_server::admin::{AdminError, Issuer, NewIssuer};
use serde_json::Value;

const SCOPES: [(&str, &str); 4] =
    [("read", "Read"), ("write", "Read and write"), ("users", "Only users"), ("groups", "Only groups")];

/// Members of a JSON Web Key that only who signs may know (RFC 7518 §6).
const SECRET: [&str; 8] = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"];

/// The form that trusts an issuer, empty or as it was sent.
#[derive(Debug, Default)]
pub(super) struct NewTrust {
    issuer: Typed,
    audience: Typed,
    subject: Typed,
    keys: Typed,
    scopes: Vec<String>,
}

impl NewTrust {
    fn sent(fields: &Fields) -> Self {
        Self {
            issuer: Typed::new(fields.text("issuer")),
            audience: Typed::new(fields.text("audience")),
            subject: Typed::new(fields.text("subject")),
            keys: Typed::new(fields.text("keys")),
            scopes: fields.all("scope").map(str::to_owned).collect(),
        }
    }

    /// What is to be trusted; `None`, and the errors are kept, when it cannot be.
    fn read(&mut self, connection: &str, networks: Networks) -> Option<NewIssuer> {
        let keys = self.keys.read(|text| check_keys(text, networks));
        let scopes: TokenScopes = self.scopes.join(" ").parse().ok()?;
        let text = |typed: &Typed| typed.text.trim().to_owned();
        let mut new = NewIssuer::new(connection, text(&self.issuer), text(&self.audience)).keys(keys?).scopes(scopes);
        if !self.subject.text.trim().is_empty() {
            new = new.subject(text(&self.subject));
        }
        Some(new)
    }

    /// Puts an error at the field it is about.
    fn complain(&mut self, why: String) {
        let field = match why.strip_prefix("the ").unwrap_or_default() {
            of if of.starts_with("audience") => &mut self.audience,
            of if of.starts_with("subject") => &mut self.subject,
            of if of.starts_with("place of the keys") => &mut self.keys,
            _ => &mut self.issuer,
        };
        field.error = Some(why);
    }
}

/// An address that nobody in between can answer for and the server may go to, or a set of public keys written out.
fn check_keys(text: &str, networks: Networks) -> Result<String, String> {
    if text.starts_with('{') {
        check_set(text)?;
    } else if key_source::web(text).is_some() {
        key_source::check(text, networks)?;
    } else if !text.is_empty() {
        return Err(
            "an https address or the key set itself is expected; a file on the server is named on its command line \
             (haystack-server issuer add --keys FILE)"
                .to_owned(),
        );
    }
    Ok(text.to_owned())
}

fn check_set(text: &str) -> Result<(), String> {
    let set: Value = serde_json::from_str(text).map_err(|error| format!("this is no JSON: {error}"))?;
    let keys = set.get("keys").and_then(Value::as_array).filter(|keys| !keys.is_empty());
    let keys = keys.ok_or("this is no JSON Web Key Set: it has no \"keys\"")?;
    if keys.iter().any(|key| SECRET.iter().any(|member| key.get(member).is_some())) {
        return Err(
            "this has a private key in it: give public keys only, and take that one for known to others".to_owned()
        );
    }
    Ok(())
}

/// Where keys are, for people: keys that were written out are not shown again.
fn place(keys: &str) -> Markup {
    html! { @if keys.trim_start().starts_with('{') { "key set, as it was entered" } @else { code { (keys) } } }
}

/// The issuers, and the form that trusts one more.
pub(super) fn panel(shell: &Shell, connection: &str, issuers: &[Issuer], form: &NewTrust) -> Markup {
    let field = |name: &'static str, label: &str, placeholder: &str, required: bool, typed: &Typed| {
        html! {
            label {
                (label)
                input name=(name) placeholder=(placeholder) required[required] maxlength="2000" autocomplete="off" spellcheck="false" value=(typed.text)
                    aria-invalid=[typed.invalid()] aria-describedby=[typed.described(name)];
                (typed.complaint(name))
            }
        }
    };
    html! {
        section.panel #issuers {
            h2 { "Trusted issuers" }
            p { "Workload identity federation (Entra ID) and " code { "private_key_jwt" } " (Okta): tokens that an issuer signs are good as bearer tokens, and as assertions at the token endpoint." }
            @if issuers.is_empty() { p.empty { "No issuer is trusted." } }
            @else {
                table {
                    thead { tr { th { "Issuer" } th { "Audience" } th { "Subject" } th { "Keys" } th { "May" } th { "Connection" } th { "Since" } th {} } }
                    tbody { @for issuer in issuers { tr {
                        td { code { (issuer.issuer) } }
                        td { code { (issuer.audience) } }
                        td { @match &issuer.subject { Some(subject) => code { (subject) }, None => span.soft { "anyone" } } }
                        td { (place(&issuer.keys)) }
                        td { @if issuer.scopes.is_everything() { "everything" } @else { (issuer.scopes) } }
                        td { (issuer.connection) }
                        td { (day(issuer.created)) }
                        td { form method="post" action=(shell.link(&format!("issuers/{}/remove", issuer.id))) {
                            (shell.csrf())
                            input type="hidden" name="connection" value=(connection);
                            button.danger type="submit" { "Remove" }
                        } }
                    } } }
                }
            }
            form method="post" action=(shell.link("issuers")) {
                (shell.csrf())
                input type="hidden" name="connection" value=(connection);
                div.row.top-aligned {
                    (field("issuer", "Issuer (iss)", "https://login.microsoftonline.com/…/v2.0", true, &form.issuer))
                    (field("audience", "Audience (aud)", "api://…", true, &form.audience))
                    (field("subject", "Subject (sub), or anyone's", "", false, &form.subject))
                }
                label {
                    "Keys: the https address of its JSON Web Key Set, or the set itself"
                    textarea.short name="keys" required maxlength="65536" spellcheck="false" placeholder="https://login.microsoftonline.com/…/discovery/v2.0/keys"
                        aria-invalid=[form.keys.invalid()] aria-describedby=[form.keys.described("keys")] { (form.keys.text) }
                    (form.keys.complaint("keys"))
                }
                div.choices role="group" aria-label="What its tokens may be used for" {
                    span { "May (everything, unless some is ticked)" }
                    @for (scope, label) in SCOPES {
                        label.choice { input type="checkbox" name="scope" value=(scope) checked[form.scopes.iter().any(|it| it == scope)]; (label) }
                    }
                }
                p { button type="submit" { "Trust this issuer" } }
            }
        }
    }
}

pub(super) async fn add(
    State(console): App,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Sent { session, fields }: Sent,
) -> Result<Response, Failure> {
    let connection = fields.connection();
    let id = console.admin.tenant(&tenant).await?.id;
    let mut form = NewTrust::sent(&fields);
    let trusted = match form.read(connection, console.issuers) {
        None => false,
        Some(new) => match console.admin.trust_issuer(id, &new).await {
            Ok(_) => true,
            Err(AdminError::Invalid(why)) => {
                form.complain(why);
                false
            }
            Err(error @ AdminError::Exists(_)) => {
                form.complain(error.to_string());
                false
            }
            Err(error) => return Err(error.into()),
        },
    };
    let page = if trusted {
        Page::with(Notice::Text(format!("Tokens of {} are good from now on.", fields.text("issuer").trim())))
    } else {
        let page = Page::wrong("The issuer is not trusted. See what is marked under Trusted issuers.");
        Page { trust: Some(form), ..page }
    };
    provisioning::render(&console, session, &tenant, connection, &headers, page).await
}

pub(super) async fn remove(
    State(console): App,
    Path((tenant, issuer)): Path<(String, String)>,
    Sent { fields, .. }: Sent,
) -> Result<Response, Failure> {
    let id = console.admin.tenant(&tenant).await?.id;
    if !console.admin.issuers(Some(id)).await?.iter().any(|known| known.id == issuer) {
        return Err(Failure::not_found("There is no such issuer in this workspace."));
    }
    console.admin.distrust_issuer(&issuer).await?;
    Ok(Redirect::to(&provisioning::address(&tenant, fields.connection())).into_response())
}

#[cfg(test)]
mod tests {
    use super::check_keys;
    use crate::key_source::Networks::Public;

    #[test]
    fn keys_are_public_and_come_over_https_or_are_written_out() {
        for (keys, expected) in [
            ("https://login.test/keys", None),
            (r#"{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b"}]}"#, None),
            ("http://login.test/keys", Some("https")),
            ("ftp://login.test/keys", Some("https")),
            ("https://169.254.169.254/keys", Some("private network")),
            ("/etc/passwd", Some("command line")),
            ("keys.json", Some("command line")),
            ("{", Some("no JSON")),
            (r#"{"keys":[]}"#, Some("no \"keys\"")),
            (r#"{"keys":[{"kty":"EC","d":"secret"}]}"#, Some("private key")),
            (r#"{"keys":[{"kty":"oct","k":"secret"}]}"#, Some("private key")),
        ] {
            match (check_keys(keys, Public), expected) {
                (Ok(_), None) => {}
                (Err(why), Some(part)) => assert!(why.contains(part), "{keys}: {why}"),
                (found, _) => panic!("{keys}: {found:?}"),
            }
        }
    }
}
