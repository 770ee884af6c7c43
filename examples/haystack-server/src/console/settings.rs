//! How a connection is spoken with: the provider's profile, members who are not here, when newcomers are written to. A part
//! of the page User Provisions & Login; what can be set, and what is refused, is as with `connection set` on the command
//! line.

use super::App;
use super::form::{Fields, Sent, Typed, word};
use super::page::{Failure, Shell};
use super::provisioning::{self, Notice, Page, whole_number};
use crate::cli::keyword;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};
use scimstack_protocol::{ConnectionPolicy, Dialect, UnknownMembers};
use scimstack_server::admin::AdminError;

/// The profiles of providers: the keyword, and what it is called here.
const PROFILES: [(&str, &str); 15] = [
    ("auto", "Recognise the provider by its User-Agent"),
    ("okta", "Okta, app integration wizard"),
    ("okta-oin", "Okta, catalogue integration"),
    ("entra", "Microsoft Entra ID"),
    ("entra-compliant", "Microsoft Entra ID with its compliance flag (aadOptscim062020)"),
    ("onelogin", "OneLogin"),
    ("jumpcloud", "JumpCloud"),
    ("authentik", "authentik"),
    ("keycloak", "Keycloak"),
    ("pingone", "PingOne"),
    ("sailpoint", "SailPoint"),
    ("generic", "Another provider: accept what does no harm"),
    ("refuse-unknown", "Another provider: refuse attributes that nobody declared"),
    ("rfc", "The letter of the standard"),
    ("interop", "The IETF's draft for interoperability"),
];

const MEMBERS: [(&str, &str, &str); 3] = [
    (
        "auto",
        "Wait for them, unless they can never come",
        "They join the group when they arrive; a value that looks like an id of this server names nobody for ever and is refused.",
    ),
    ("refuse", "Refuse them", "A change of a group that names anyone who is not here is refused with their names."),
    (
        "park",
        "Wait for all of them",
        "Whatever the value looks like, it is kept, and joins when someone answers to it.",
    ),
];

/// The form, as it is stored or as it was sent.
#[derive(Debug)]
pub(super) struct Settings {
    profile: Typed,
    members: Typed,
    /// Empty: as the profile has it.
    delay: Typed,
}

impl Settings {
    /// What is stored.
    pub(super) fn of(policy: &ConnectionPolicy) -> Self {
        Self {
            profile: Typed::new(word(&policy.dialect)),
            members: Typed::new(word(&policy.unknown_members)),
            delay: Typed::new(policy.welcome_delay.map(|seconds| seconds.to_string()).unwrap_or_default()),
        }
    }

    fn sent(fields: &Fields) -> Self {
        Self {
            profile: Typed::new(fields.text("dialect")),
            members: Typed::new(fields.text("unknown_members")),
            delay: Typed::new(fields.text("welcome_delay")),
        }
    }

    /// Puts what was sent into the policy; `None`, and the errors are kept, when it cannot mean anything.
    fn read(&mut self, policy: &mut ConnectionPolicy) -> Option<()> {
        let profile = read_profile(&mut self.profile);
        let members = self.members.read(|text| {
            keyword::<UnknownMembers>(text).map_err(|_| "Choose what is to be done with them.".to_owned())
        });
        let delay = self.delay.read(|text| match text {
            "" => Ok(None),
            text => whole_number(text, 0, u32::MAX).map(Some),
        });
        (policy.dialect, policy.unknown_members, policy.welcome_delay) = (profile?, members?, delay?);
        Some(())
    }
}

/// The profile that was chosen.
pub(super) fn read_profile(typed: &mut Typed) -> Option<Dialect> {
    typed.read(|text| keyword(text).map_err(|_| "Choose one of the profiles.".to_owned()))
}

/// What a profile is called.
pub(super) fn profile_name(keyword: &str) -> &str {
    PROFILES.iter().find(|(known, _)| *known == keyword).map_or(keyword, |(_, name)| name)
}

/// The choice of a profile.
pub(super) fn profile_choice(typed: &Typed) -> Markup {
    html! {
        label {
            "Identity provider"
            select name="dialect" aria-invalid=[typed.invalid()] aria-describedby=[typed.described("dialect")] {
                @for (keyword, name) in PROFILES { option value=(keyword) selected[typed.text == keyword] { (name) } }
                @if !PROFILES.iter().any(|(known, _)| *known == typed.text) { option value=(typed.text) selected { (typed.text) } }
            }
            (typed.complaint("dialect"))
            span.hint { "Every provider departs from the standard in ways of its own; its profile says which of them are accepted." }
        }
    }
}

/// The panel.
pub(super) fn panel(shell: &Shell, connection: &str, form: &Settings) -> Markup {
    html! {
        section.panel #settings {
            h2 { "Connection settings" }
            form method="post" action=(shell.link("provisioning/settings")) {
                (shell.csrf())
                input type="hidden" name="connection" value=(connection);
                (profile_choice(&form.profile))
                fieldset {
                    legend { "Members who are not here" }
                    p.hint { "A provider may push a group before the people who are in it." }
                    @for (value, label, hint) in MEMBERS {
                        label.switch {
                            input type="radio" name="unknown_members" value=(value) checked[form.members.text == value];
                            span { (label) span.hint { (hint) } }
                        }
                    }
                    (form.members.complaint("unknown_members"))
                }
                fieldset {
                    legend { "First messages" }
                    label.narrow {
                        "Seconds between arrival and the first message"
                        input inputmode="numeric" name="welcome_delay" autocomplete="off" placeholder="as the profile has it" value=(form.delay.text)
                            aria-invalid=[form.delay.invalid()] aria-describedby=[form.delay.described("welcome_delay")];
                        (form.delay.complaint("welcome_delay"))
                    }
                    p.hint { "A person whom a connection test makes and deletes at once is gone before the message. Empty: ten minutes with the profile JumpCloud, whose test does that; none with the others." }
                }
                p { button type="submit" { "Save Connection Settings" } }
            }
        }
    }
}

pub(super) async fn save(
    State(console): App,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Sent { session, fields }: Sent,
) -> Result<Response, Failure> {
    let connection = fields.connection();
    let id = console.admin.tenant(&tenant).await?.id;
    let mut policy = console.admin.connection(id, connection).await?.policy;
    let mut form = Settings::sent(&fields);
    let page = match form.read(&mut policy) {
        None => Page::wrong("Nothing was saved. See what is marked under Connection settings.").settings(form),
        Some(()) => match console.admin.set_connection(id, policy).await {
            Ok(()) => Page::with(Notice::Text("The connection's settings are saved.".to_owned())),
            // Another setting than these stands against it, such as an attribute that is gone.
            Err(AdminError::Invalid(why)) => Page::wrong(&format!("Nothing was saved: {why}.")).settings(form),
            Err(error) => return Err(error.into()),
        },
    };
    provisioning::render(&console, session, &tenant, connection, &headers, page).await
}

#[cfg(test)]
mod tests {
    use super::{MEMBERS, PROFILES};
    use crate::cli::keyword;
    use scimstack_protocol::{Dialect, UnknownMembers};
    use std::collections::HashSet;

    #[test]
    fn what_is_offered_is_what_there_is() {
        let profiles: HashSet<Dialect> = PROFILES.iter().map(|(word, _)| keyword(word).unwrap()).collect();
        assert_eq!(profiles.len(), PROFILES.len());
        assert!(MEMBERS.iter().all(|(word, ..)| keyword::<UnknownMembers>(word).is_ok()));
        // The error for a keyword that is none names all there are.
        let all = keyword::<Dialect>("no such profile").unwrap_err();
        assert_eq!(all.matches('`').count(), 2 * (PROFILES.len() + 1), "{all}");
    }
}
