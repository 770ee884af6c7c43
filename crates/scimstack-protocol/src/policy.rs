//! What administrators decide: the switches of a connection and the settings of a tenant. They are kept as JSON, and what
//! such a document leaves out is as it is by default.
//!
//! ```
//! use scimstack_protocol::{ConnectionPolicy, Dialect, UnknownMembers};
//!
//! let policy: ConnectionPolicy = serde_json::from_str(r#"{"name": "hr", "dialect": "entra-compliant"}"#).unwrap();
//! assert_eq!(policy.dialect, Dialect::EntraCompliant);
//! assert!(policy.enabled && policy.create_users);
//! assert_eq!(policy.unknown_members, UnknownMembers::Auto);
//! ```

use scimstack_schema::ReferenceKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The switches of one connection (one identity provider's integration).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ConnectionPolicy {
    /// The connection's name; the first is `default`.
    pub name: String,
    /// Provisioning is on at all. Off: every request is refused (403).
    pub enabled: bool,
    /// "To App": Create Users.
    pub create_users: bool,
    /// "To App": Update User Attributes.
    pub update_attributes: bool,
    /// "To App": Deactivate Users.
    pub deactivate_users: bool,
    /// Push Groups.
    pub push_groups: bool,
    /// A POST for a deactivated person with the externalId on record brings the same person back.
    pub reactivate_on_create: bool,
    /// The most people that may be deactivated or deleted within [`ConnectionPolicy::deactivation_window`]; the next one
    /// puts the connection on hold until an administrator releases it. 0: any number.
    pub max_deactivations: u32,
    /// The window of [`ConnectionPolicy::max_deactivations`], in seconds.
    pub deactivation_window: u32,
    /// Seconds between a person's arrival and the first message. `None`: ten minutes in the dialect
    /// [`Dialect::Jumpcloud`], whose connection test makes a person and deletes them again; else none at all.
    pub welcome_delay: Option<u32>,
    /// What to do with members that name nobody.
    pub unknown_members: UnknownMembers,
    /// By which keys `manager.value` names a manager, the first that finds anyone deciding; empty: as the schema declares it
    /// (id, user name, externalId, e-mail). It counts for what is written from then on.
    pub manager_by: Vec<ManagerKey>,
    /// The dialect profile.
    pub dialect: Dialect,
    /// Attributes by resource type that the connection sees and does not change: what it sends of them is ignored.
    pub read_only: Attributes,
    /// Attributes by resource type that the connection neither sees nor changes.
    pub hidden: Attributes,
    /// Attributes by resource type that the application owns once a resource is there: a connection may send them, is told
    /// nothing of it, and what is stored stays. To a create they are as any other. Unlike
    /// [`ConnectionPolicy::read_only`] they are published as they are declared and refused in no request: a provider that
    /// maps them anyway goes on.
    pub manual: Attributes,
    /// Whom a create brings under the connection, when its user name is that of a person the application has made.
    pub adopt_invited: AdoptInvited,
}

/// Paths of attributes by the name of their resource type: `{"User": ["title"]}`.
pub type Attributes = BTreeMap<String, Vec<String>>;

impl Default for ConnectionPolicy {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            enabled: true,
            create_users: true,
            update_attributes: true,
            deactivate_users: true,
            push_groups: true,
            reactivate_on_create: true,
            max_deactivations: 0,
            deactivation_window: 3_600,
            welcome_delay: None,
            unknown_members: UnknownMembers::default(),
            manager_by: Vec::new(),
            dialect: Dialect::default(),
            read_only: Attributes::new(),
            hidden: Attributes::new(),
            manual: Attributes::new(),
            adopt_invited: AdoptInvited::default(),
        }
    }
}

/// Which people the application has made a create of the same user name links to the connection: the same id, answered 201.
/// Others are in its way (409). By e-mail address alone nobody is ever linked so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AdoptInvited {
    /// Nobody.
    Never,
    /// Those who were invited and have never signed in: there is no account yet that could be taken over.
    #[default]
    Unclaimed,
    /// Also those who have signed in: for tenants whose identity provider is the authority on user names.
    Anyone,
}

/// What to do with members that name nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownMembers {
    /// Refuse values shaped like our own ids (they can never resolve), keep others until their person arrives.
    #[default]
    Auto,
    /// Refuse them all.
    Refuse,
    /// Keep them all.
    Park,
}

/// A key by which a manager is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ManagerKey {
    /// The id that this server gave.
    Id,
    /// `userName`, also a former one.
    UserName,
    /// `externalId`.
    ExternalId,
    /// One of the e-mail addresses.
    Email,
}

impl From<ManagerKey> for ReferenceKey {
    fn from(key: ManagerKey) -> Self {
        match key {
            ManagerKey::Id => Self::Id,
            ManagerKey::UserName => Self::UserName,
            ManagerKey::ExternalId => Self::ExternalId,
            ManagerKey::Email => Self::Email,
        }
    }
}

/// A dialect profile: the set of named leniencies for one identity provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Dialect {
    /// By the request's User-Agent.
    #[default]
    Auto,
    /// Okta, app integration wizard.
    Okta,
    /// Okta, catalogue integration.
    OktaOin,
    /// Microsoft Entra ID.
    Entra,
    /// Microsoft Entra ID with its compliance flag.
    EntraCompliant,
    /// OneLogin.
    Onelogin,
    /// JumpCloud.
    Jumpcloud,
    /// authentik.
    Authentik,
    /// Keycloak.
    Keycloak,
    /// PingOne.
    Pingone,
    /// SailPoint.
    Sailpoint,
    /// Accepts what does no harm.
    Generic,
    /// The letter of the RFCs.
    Rfc,
    /// As [`Dialect::Generic`], but refuses unknown attributes.
    RefuseUnknown,
    /// The IETF interop draft.
    Interop,
}

/// The settings of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct TenantPolicy {
    /// Security Settings: who gets notifications.
    pub notify: Notify,
    /// Attributes by resource type that only connections write, and the application does not: locked for people in their
    /// profiles.
    pub locked: Attributes,
    /// People come from an HRIS integration. It is either that or provisioning: no connection can be enabled meanwhile.
    pub hris: bool,
}

/// Who gets notifications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notify {
    /// Nobody.
    Nobody,
    /// Only people who have signed in at least once.
    #[default]
    SignedIn,
    /// Everyone, also people who have never signed in.
    Everyone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_on_record_are_these() {
        assert_eq!(
            serde_json::to_string(&ConnectionPolicy::default()).unwrap(),
            r#"{"name":"default","enabled":true,"createUsers":true,"updateAttributes":true,"deactivateUsers":true,"pushGroups":true,"reactivateOnCreate":true,"maxDeactivations":0,"deactivationWindow":3600,"welcomeDelay":null,"unknownMembers":"auto","managerBy":[],"dialect":"auto","readOnly":{},"hidden":{},"manual":{},"adoptInvited":"unclaimed"}"#
        );
        assert_eq!(
            serde_json::to_string(&TenantPolicy::default()).unwrap(),
            r#"{"notify":"signed-in","locked":{},"hris":false}"#
        );
    }

    #[test]
    fn every_dialect_is_kept_under_a_name_of_its_own() {
        for (dialect, name) in [
            (Dialect::Auto, "auto"),
            (Dialect::Okta, "okta"),
            (Dialect::OktaOin, "okta-oin"),
            (Dialect::Entra, "entra"),
            (Dialect::EntraCompliant, "entra-compliant"),
            (Dialect::Onelogin, "onelogin"),
            (Dialect::Jumpcloud, "jumpcloud"),
            (Dialect::Authentik, "authentik"),
            (Dialect::Keycloak, "keycloak"),
            (Dialect::Pingone, "pingone"),
            (Dialect::Sailpoint, "sailpoint"),
            (Dialect::Generic, "generic"),
            (Dialect::Rfc, "rfc"),
            (Dialect::RefuseUnknown, "refuse-unknown"),
            (Dialect::Interop, "interop"),
        ] {
            let json = format!("\"{name}\"");
            assert_eq!(serde_json::to_string(&dialect).unwrap(), json);
            assert_eq!(serde_json::from_str::<Dialect>(&json).unwrap(), dialect);
        }
    }
}
