//! Who owns which attribute, how managers are looked up, and whom a create links: a part of the page User Provisions &
//! Login. The rules are those of `connection set` on the command line, and so are the errors; each stands at its field.

use super::App;
use super::form::{Fields, Sent, Typed, complaint, word};
use super::page::{Failure, Shell};
use super::provisioning::{self, Notice, Page};
use crate::cli::{attributes, keyword};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};
use scimstack_protocol::policy::Attributes;
use scimstack_protocol::{AdoptInvited, ConnectionPolicy, ManagerKey, TenantPolicy};
use scimstack_schema::Registry;
use scimstack_server::Admin;
use scimstack_server::admin::AdminError;
use scimstack_store::TenantId;

/// Empty rows for attributes that are still to be named.
const EMPTY_ROWS: usize = 3;
/// Rows of one form, at most.
const MOST_ROWS: usize = 500;
/// Common attributes (RFC 7643 §3.1) are nobody's.
const NEVER: [&str; 4] = ["id", "schemas", "meta", "externalId"];

/// Who owns an attribute: the name in the form, what is chosen, and what that does.
const OWNERS: [(&str, &str, &str); 4] = [
    (
        "manual",
        "People: what they enter stays",
        "The connection fills it when it creates someone; from then on it may send it, and what people entered here stays.",
    ),
    (
        "locked",
        "Connections: locked for people",
        "Only connections write it, and people cannot change it in their profiles (in the whole workspace).",
    ),
    (
        "read-only",
        "Closed: the connection only sees it",
        "The connection sees it and never changes it; a PATCH that tries is refused.",
    ),
    ("hidden", "Closed: hidden from the connection", "The connection neither sees nor changes it."),
];

const KEYS: [(&str, &str); 4] =
    [("id", "Id here"), ("user-name", "User name"), ("external-id", "External id"), ("email", "E-mail address")];

const ADOPT: [(&str, &str, &str); 3] = [
    ("never", "Nobody", "A create of a user name that is taken is always refused."),
    (
        "unclaimed",
        "People who never signed in",
        "Whoever was invited and has not signed in is linked by their user name; no account is taken over.",
    ),
    (
        "anyone",
        "Anyone",
        "Also people who have signed in: only when the identity provider is the authority on user names.",
    ),
];

/// A row of the table: an attribute, and who owns it.
#[derive(Clone, Debug, Default)]
struct Row {
    attribute: Typed,
    owner: String,
}

/// The form, as it is stored or as it was sent.
#[derive(Debug)]
pub(super) struct Ownership {
    rows: Vec<Row>,
    /// What is wrong with the rows together.
    together: Option<String>,
    keys: [Typed; KEYS.len()],
    adopt: Typed,
}

impl Ownership {
    /// What is stored.
    pub(super) fn of(policy: &ConnectionPolicy, settings: &TenantPolicy) -> Self {
        let lists = [&policy.manual, &settings.locked, &policy.read_only, &policy.hidden];
        let mut rows: Vec<Row> = OWNERS
            .iter()
            .zip(lists)
            .flat_map(|((owner, ..), list)| {
                let each = list.iter().flat_map(|(kind, paths)| paths.iter().map(move |path| format!("{kind}:{path}")));
                each.map(|attribute| Row { attribute: Typed::new(attribute), owner: (*owner).to_owned() })
            })
            .collect();
        rows.sort_by(|a, b| a.attribute.text.cmp(&b.attribute.text));
        let mut keys: [Typed; KEYS.len()] = Default::default();
        for (typed, key) in keys.iter_mut().zip(&policy.manager_by) {
            typed.text = word(key);
        }
        Self { rows, together: None, keys, adopt: Typed::new(word(&policy.adopt_invited)) }
    }

    /// What was sent. Rows without an attribute are taken out.
    fn sent(fields: &Fields) -> Self {
        let rows =
            fields.all("attribute").zip(fields.all("owner")).filter(|(attribute, _)| !attribute.trim().is_empty());
        let rows = rows.map(|(attribute, owner)| Row { attribute: Typed::new(attribute), owner: owner.to_owned() });
        let mut keys: [Typed; KEYS.len()] = Default::default();
        for (typed, key) in keys.iter_mut().zip(fields.all("manager_by")) {
            typed.text = key.to_owned();
        }
        Self { rows: rows.collect(), together: None, keys, adopt: Typed::new(fields.text("adopt_invited")) }
    }

    /// Puts what was sent into the settings; `None`, and the errors are kept, when not all of it can be.
    async fn read(
        &mut self,
        admin: &Admin,
        tenant: TenantId,
        policy: &mut ConnectionPolicy,
        settings: &mut TenantPolicy,
    ) -> Result<Option<()>, AdminError> {
        let mut is_good = true;
        let mut lists: [Attributes; OWNERS.len()] = Default::default();
        if self.rows.len() > MOST_ROWS {
            self.together = Some(format!("At most {MOST_ROWS} attributes can be named."));
            return Ok(None);
        }
        for row in &mut self.rows {
            let at = OWNERS.iter().position(|(owner, ..)| *owner == row.owner);
            let read = |text: &str| {
                let at = at.ok_or_else(|| "Choose who owns it.".to_owned())?;
                attributes(text).map(|named| (at, named))
            };
            let Some((at, named)) = row.attribute.read(read) else {
                is_good = false;
                continue;
            };
            if let Err(why) = admin.check_connection(tenant, &alone(at, &named)).await {
                match why {
                    AdminError::Invalid(why) => row.attribute.error = Some(why),
                    other => return Err(other),
                }
                is_good = false;
                continue;
            }
            let Some(list) = lists.get_mut(at) else { continue };
            for (kind, paths) in named {
                let known = list.entry(kind).or_default();
                for path in paths {
                    if !known.contains(&path) {
                        known.push(path);
                    }
                }
            }
        }
        let mut keys: Vec<ManagerKey> = Vec::new();
        for typed in &mut self.keys {
            if typed.text.is_empty() {
                continue;
            }
            match typed.read(keyword::<ManagerKey>) {
                // Once more changes nothing.
                Some(key) if keys.contains(&key) => {}
                Some(key) => keys.push(key),
                None => is_good = false,
            }
        }
        let adopt = self.adopt.read(keyword::<AdoptInvited>);
        let (Some(adopt), true) = (adopt, is_good) else { return Ok(None) };
        [policy.manual, settings.locked, policy.read_only, policy.hidden] = lists;
        policy.manager_by = keys;
        policy.adopt_invited = adopt;
        match admin.check_connection(tenant, policy).await {
            Ok(()) => Ok(Some(())),
            Err(AdminError::Invalid(why)) => {
                self.together = Some(why);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}

/// A connection with which one row can be looked at by itself. What may be locked is what may be closed.
fn alone(at: usize, named: &Attributes) -> ConnectionPolicy {
    let mut policy = ConnectionPolicy::default();
    policy.enabled = false;
    match at {
        0 => policy.manual = named.clone(),
        1 | 2 => policy.read_only = named.clone(),
        _ => policy.hidden = named.clone(),
    }
    policy
}

/// Every attribute that can have an owner, as it is written here.
fn known(registry: &Registry) -> Vec<String> {
    let mut known = Vec::new();
    for of in registry.resource_types() {
        let is_open = |attribute: &&std::sync::Arc<scimstack_schema::Attribute>| {
            !attribute.required && !NEVER.iter().any(|never| attribute.name.eq_ignore_ascii_case(never))
        };
        known.extend(of.schema.attributes.iter().filter(is_open).map(|it| format!("{}:{}", of.name, it.name)));
        for extension in &of.extensions {
            let uri = &extension.schema.id;
            let attributes = extension.schema.attributes.iter().filter(is_open);
            known.extend(attributes.map(|it| format!("{}:{uri}:{}", of.name, it.name)));
        }
    }
    known
}

/// The form.
pub(super) fn panel(shell: &Shell, connection: &str, registry: &Registry, form: &Ownership) -> Markup {
    let empty = Row::default();
    let rows = form.rows.iter().chain(std::iter::repeat_n(&empty, EMPTY_ROWS));
    html! {
        section.panel #attributes {
            h2 { "Attributes and managers" }
            form method="post" action=(shell.link("provisioning/attributes")) {
                (shell.csrf())
                input type="hidden" name="connection" value=(connection);
                fieldset {
                    legend { "Who owns an attribute" }
                    p.hint { "An attribute that is not named here is written by whoever writes last, the connection or people. Empty a row to take it out." }
                    (complaint("together", form.together.as_deref()))
                    datalist #known-attributes { @for name in known(registry) { option value=(name) {} } }
                    @for (at, row) in rows.enumerate() {
                        @let name = format!("attribute-{at}");
                        div.row.top-aligned.owner {
                            label {
                                span.visually-hidden[at > 0] { "Attribute" }
                                input id=(name) name="attribute" list="known-attributes" value=(row.attribute.text) placeholder="User:title" autocomplete="off" spellcheck="false"
                                    aria-invalid=[row.attribute.invalid()] aria-describedby=[row.attribute.described(&name)];
                                (row.attribute.complaint(&name))
                            }
                            label {
                                span.visually-hidden[at > 0] { "Owner" }
                                select name="owner" {
                                    option value="" { "Choose…" }
                                    @for (owner, label, _) in OWNERS { option value=(owner) selected[row.owner == owner] { (label) } }
                                }
                            }
                        }
                    }
                    dl.explained { @for (_, label, hint) in OWNERS { dt { (label) } dd { (hint) } } }
                }
                fieldset {
                    legend { "How a manager is looked up" }
                    p.hint { "By which of a person's attributes the value of a manager is looked for, the first that finds anyone deciding; with nothing chosen: id, user name, external id, e-mail address. It counts for what is written from now on." }
                    div.row.top-aligned {
                        @for (at, typed) in form.keys.iter().enumerate() {
                            @let name = format!("manager_by-{at}");
                            label {
                                (if at == 0 { "First by" } else { "then by" })
                                select id=(name) name="manager_by" aria-invalid=[typed.invalid()] aria-describedby=[typed.described(&name)] {
                                    option value="" { "(nothing)" }
                                    @for (key, label) in KEYS { option value=(key) selected[typed.text == key] { (label) } }
                                    @if !typed.text.is_empty() && !KEYS.iter().any(|(key, _)| *key == typed.text) { option value=(typed.text) selected { (typed.text) } }
                                }
                                (typed.complaint(&name))
                            }
                        }
                    }
                }
                fieldset {
                    legend { "Whom a create links" }
                    p.hint { "When the identity provider creates someone with the user name of a person who was made by hand, that person can come under the connection, under the same id." }
                    @for (value, label, hint) in ADOPT {
                        label.switch {
                            input type="radio" name="adopt_invited" value=(value) checked[form.adopt.text == value];
                            span { (label) span.hint { (hint) } }
                        }
                    }
                    (form.adopt.complaint("adopt_invited"))
                }
                p { button type="submit" { "Save Attributes and Managers" } }
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
    let found = console.admin.tenant(&tenant).await?;
    let (id, mut settings) = (found.id, found.policy);
    let mut policy = console.admin.connection(id, connection).await?.policy;
    let mut form = Ownership::sent(&fields);
    let page = match form.read(&console.admin, id, &mut policy, &mut settings).await? {
        Some(()) => {
            console.admin.set_tenant_policy(id, settings).await?;
            console.admin.set_connection(id, policy).await?;
            Page::with(Notice::Text("Attributes and managers are saved.".to_owned()))
        }
        None => Page {
            ownership: Some(form),
            ..Page::wrong("Nothing was saved. See what is marked under Attributes and managers.")
        },
    };
    provisioning::render(&console, session, &tenant, connection, &headers, page).await
}
