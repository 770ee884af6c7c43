//! The providers that are known: how each talks ([`Manner`]), which headers it sends, how patient it is ([`Retry`]) and
//! what it does with what fails ([`Aftercare`]). What is written here was observed on the wire or is documented by the
//! provider; where neither says anything, the comment says so.

use super::manner::{
    Booleans, CreatedWith, Discovery, DocumentForm, Fill, GroupManner, LookUp, Manner, MemberForm, PatchForm, Removal,
    Switch, Update,
};
use super::patience::Retry;
use std::fmt;
use std::str::FromStr;

/// A provider, as it is set up.
///
/// ```
/// use scimstack_provisioning::connector::{Aftercare, Profile};
///
/// let entra: Profile = "entra".parse()?;
/// assert_eq!(entra.aftercare(), Aftercare::Escrow);
/// assert!(entra.headers().user_agent.unwrap().contains("Azure"));
/// # Ok::<(), scimstack_provisioning::connector::UnknownProfile>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Okta, an application made with its wizard: GET and PUT.
    OktaAppWizard,
    /// Okta, an application of its catalogue: PATCH for status and groups.
    OktaCatalogue,
    /// Microsoft Entra ID as it is by default.
    Entra,
    /// Microsoft Entra ID with `aadOptscim062020`.
    EntraCompliant,
    /// OneLogin, with an administrator's template. It provisions no groups.
    OneLogin,
    /// JumpCloud.
    JumpCloud,
    /// authentik.
    Authentik,
    /// Keycloak with a plugin. What its plugin maps has neither names nor managers.
    Keycloak,
}

/// What stands at the head of every request of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Headers {
    /// `User-Agent`, where it is known.
    pub user_agent: Option<&'static str>,
    /// `Accept`
    pub accept: &'static str,
    /// `Accept-Charset`
    pub accept_charset: Option<&'static str>,
    /// `Content-Type` of what has a body.
    pub content_type: &'static str,
    /// What is appended to the address.
    pub flag: Option<&'static str>,
    /// Whether a space in a parameter is written `+`, not `%20`.
    pub plus_for_space: bool,
}

/// What a provider does with a conversation that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aftercare {
    /// It is a task for a person, who reads why and tries again.
    Task,
    /// It is tried again by itself, later and later ([`super::Escrow`]).
    Escrow,
    /// The next synchronisation tries it again.
    NextSync,
}

/// No provider has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no profile {name:?}; there are {}", names())]
pub struct UnknownProfile {
    name: String,
}

fn names() -> String {
    Profile::ALL.map(Profile::name).join(", ")
}

/// How many members a PATCH has is published for authentik only, which goes by `bulk.maxOperations`. This many every server
/// takes: AWS caps at 100.
const BATCH: usize = 100;

const PLAIN_PATCH: PatchForm =
    PatchForm { capital: false, batched: false, booleans: Booleans::Plain, manager_is_text: false };

const PLAIN_DOCUMENT: DocumentForm = DocumentForm {
    booleans: Booleans::Plain,
    object_for_list: false,
    manager_is_text: false,
    lists_extensions: true,
    always_enterprise: false,
    names_type: false,
    own_location: false,
};

const PLAIN_GROUPS: GroupManner = GroupManner {
    pushed: true,
    discovery: Discovery::Never,
    created: CreatedWith::NoMembers,
    fill: Fill::Add,
    removal: Removal::Values,
    one_by_one: false,
    batch: BATCH,
    names_along: false,
    look_up_without_members: false,
    member: MemberForm::Bare,
    microsoft_schema: false,
};

const OKTA_APP_WIZARD: Manner = Manner {
    look_up: LookUp::First,
    pages_look_up: true,
    update: Update::ReadAndReplace,
    switch: Switch::Update,
    patch: PLAIN_PATCH,
    document: PLAIN_DOCUMENT,
    missing_is_nobody: true,
    rematches: false,
    groups: GroupManner {
        created: CreatedWith::EmptyMembers,
        fill: Fill::ReadAndReplace,
        removal: Removal::Filter,
        member: MemberForm::Named,
        ..PLAIN_GROUPS
    },
};

const OKTA_CATALOGUE: Manner = Manner {
    switch: Switch::Value,
    groups: GroupManner { fill: Fill::ReplaceMembers, names_along: true, ..OKTA_APP_WIZARD.groups },
    ..OKTA_APP_WIZARD
};

const ENTRA: Manner = Manner {
    look_up: LookUp::First,
    pages_look_up: false,
    update: Update::PatchChanges,
    switch: Switch::Path,
    patch: PatchForm { capital: true, batched: false, booleans: Booleans::CapitalText, manager_is_text: true },
    document: DocumentForm { lists_extensions: false, always_enterprise: true, names_type: true, ..PLAIN_DOCUMENT },
    missing_is_nobody: false,
    rematches: true,
    groups: GroupManner {
        look_up_without_members: true,
        member: MemberForm::NullReference,
        microsoft_schema: true,
        ..PLAIN_GROUPS
    },
};

const ENTRA_COMPLIANT: Manner = Manner {
    patch: PatchForm { capital: false, batched: true, booleans: Booleans::Plain, manager_is_text: true },
    groups: GroupManner { removal: Removal::Filter, ..ENTRA.groups },
    ..ENTRA
};

/// The body is the administrator's template: Booleans in quotes, one address as an object, the manager as text.
const ONE_LOGIN: Manner = Manner {
    look_up: LookUp::First,
    pages_look_up: false,
    update: Update::ReadAndReplace,
    switch: Switch::Update,
    patch: PLAIN_PATCH,
    document: DocumentForm {
        booleans: Booleans::Text,
        object_for_list: true,
        manager_is_text: true,
        names_type: true,
        ..PLAIN_DOCUMENT
    },
    missing_is_nobody: true,
    rematches: false,
    groups: GroupManner { pushed: false, ..OKTA_APP_WIZARD.groups },
};

const JUMP_CLOUD: Manner = Manner {
    look_up: LookUp::First,
    pages_look_up: false,
    update: Update::PatchAll,
    switch: Switch::Path,
    patch: PLAIN_PATCH,
    document: PLAIN_DOCUMENT,
    missing_is_nobody: true,
    rematches: false,
    groups: GroupManner { created: CreatedWith::Members, fill: Fill::Compare, ..PLAIN_GROUPS },
};

const AUTHENTIK: Manner = Manner {
    look_up: LookUp::AfterConflict,
    pages_look_up: false,
    update: Update::Replace,
    switch: Switch::Update,
    patch: PLAIN_PATCH,
    document: PLAIN_DOCUMENT,
    missing_is_nobody: true,
    rematches: true,
    groups: GroupManner { discovery: Discovery::Uncounted, fill: Fill::Compare, one_by_one: true, ..PLAIN_GROUPS },
};

const KEYCLOAK: Manner = Manner {
    look_up: LookUp::List,
    pages_look_up: false,
    update: Update::Replace,
    switch: Switch::Path,
    patch: PatchForm { booleans: Booleans::Text, ..PLAIN_PATCH },
    document: DocumentForm { own_location: true, ..PLAIN_DOCUMENT },
    missing_is_nobody: true,
    rematches: false,
    groups: GroupManner {
        discovery: Discovery::Counted,
        created: CreatedWith::Members,
        fill: Fill::Replace,
        member: MemberForm::RelativeReference,
        ..PLAIN_GROUPS
    },
};

const SCIM: &str = "application/scim+json";
const SCIM_UTF8: &str = "application/scim+json; charset=utf-8";

const UNKNOWN_AGENT: Headers = Headers {
    user_agent: None,
    accept: SCIM,
    accept_charset: None,
    content_type: SCIM,
    flag: None,
    plus_for_space: false,
};

const OKTA_HEADERS: Headers = Headers {
    user_agent: Some("Okta SCIM Client 1.0.0"),
    accept_charset: Some("utf-8"),
    content_type: SCIM_UTF8,
    ..UNKNOWN_AGENT
};

const ENTRA_HEADERS: Headers = Headers {
    user_agent: Some("Microsoft Azure AD SCIM provisioning 1.0.0"),
    content_type: SCIM_UTF8,
    plus_for_space: true,
    ..UNKNOWN_AGENT
};

impl Profile {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::OktaAppWizard,
        Self::OktaCatalogue,
        Self::Entra,
        Self::EntraCompliant,
        Self::OneLogin,
        Self::JumpCloud,
        Self::Authentik,
        Self::Keycloak,
    ];

    /// Its name, as it is written on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OktaAppWizard => "okta-app-wizard",
            Self::OktaCatalogue => "okta-catalogue",
            Self::Entra => "entra",
            Self::EntraCompliant => "entra-compliant",
            Self::OneLogin => "onelogin",
            Self::JumpCloud => "jumpcloud",
            Self::Authentik => "authentik",
            Self::Keycloak => "keycloak",
        }
    }

    /// How it talks.
    #[must_use]
    pub fn manner(self) -> Manner {
        match self {
            Self::OktaAppWizard => OKTA_APP_WIZARD,
            Self::OktaCatalogue => OKTA_CATALOGUE,
            Self::Entra => ENTRA,
            Self::EntraCompliant => ENTRA_COMPLIANT,
            Self::OneLogin => ONE_LOGIN,
            Self::JumpCloud => JUMP_CLOUD,
            Self::Authentik => AUTHENTIK,
            Self::Keycloak => KEYCLOAK,
        }
    }

    /// The headers it sends.
    #[must_use]
    pub fn headers(self) -> Headers {
        match self {
            Self::OktaAppWizard | Self::OktaCatalogue => OKTA_HEADERS,
            Self::Entra => ENTRA_HEADERS,
            Self::EntraCompliant => Headers { flag: Some("aadOptscim062020"), ..ENTRA_HEADERS },
            Self::OneLogin => Headers { accept: "application/json", content_type: "application/json", ..UNKNOWN_AGENT },
            Self::JumpCloud | Self::Authentik | Self::Keycloak => UNKNOWN_AGENT,
        }
    }

    /// How patient it is within a conversation. Of OneLogin, JumpCloud and authentik nothing is published; they have the
    /// patience of a careful client.
    #[must_use]
    pub fn retry(self) -> Retry {
        match self {
            Self::OktaAppWizard | Self::OktaCatalogue => Retry::default(),
            Self::Entra | Self::EntraCompliant => Retry::never(),
            Self::OneLogin | Self::JumpCloud | Self::Authentik => Retry::careful(),
            Self::Keycloak => Retry::lost_only(),
        }
    }

    /// What it does with what failed.
    #[must_use]
    pub fn aftercare(self) -> Aftercare {
        match self {
            Self::OktaAppWizard | Self::OktaCatalogue | Self::OneLogin => Aftercare::Task,
            Self::Entra | Self::EntraCompliant => Aftercare::Escrow,
            Self::JumpCloud | Self::Authentik | Self::Keycloak => Aftercare::NextSync,
        }
    }

    /// Whether it deletes people who have left for good. Okta never does.
    #[must_use]
    pub fn deletes(self) -> bool {
        !matches!(self, Self::OktaAppWizard | Self::OktaCatalogue)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        let found = Self::ALL.into_iter().find(|profile| profile.name() == name);
        found.ok_or_else(|| UnknownProfile { name: name.to_owned() })
    }
}
