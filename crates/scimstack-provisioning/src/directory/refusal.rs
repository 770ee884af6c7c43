//! What the lifecycle refuses, and how an administrator is told: one place for the texts, one status for each.

use scimstack_protocol::{ConnectionPolicy, ScimError};
use std::fmt;

/// What a request would do, each governed by a switch of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deed {
    /// Make a person.
    Create,
    /// Bring a person back.
    Reactivate,
    /// Change attributes.
    Update {
        /// Which, by path.
        attributes: Vec<String>,
    },
    /// Deactivate a person.
    Deactivate,
    /// Delete a person.
    Delete,
    /// Create, change or delete a group.
    Group,
}

impl Deed {
    /// The switch that governs it, as the Admin Console calls it.
    #[must_use]
    pub fn switch(&self) -> &'static str {
        match self {
            Self::Create | Self::Reactivate => "Create Users",
            Self::Update { .. } => "Update User Attributes",
            Self::Deactivate | Self::Delete => "Deactivate Users",
            Self::Group => "Push Groups",
        }
    }

    fn is_allowed(&self, connection: &ConnectionPolicy) -> bool {
        match self {
            Self::Create | Self::Reactivate => connection.create_users,
            Self::Update { .. } => connection.update_attributes,
            Self::Deactivate | Self::Delete => connection.deactivate_users,
            Self::Group => connection.push_groups,
        }
    }
}

impl fmt::Display for Deed {
    /// What was asked: `create this person`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create => f.write_str("create a person"),
            Self::Reactivate => f.write_str("reactivate a person"),
            Self::Update { attributes } => write!(f, "change {}", attributes.join(", ")),
            Self::Deactivate => f.write_str("deactivate a person"),
            Self::Delete => f.write_str("delete a person, which takes more than to deactivate one"),
            Self::Group => f.write_str("change a group"),
        }
    }
}

/// Why a unique value that someone else holds does not lead to that person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Taken {
    /// The holder is active.
    Active,
    /// The holder is deactivated; the create's externalId is missing or not the one on record.
    OtherExternalId,
    /// The holder is deactivated; bringing people back by a create is switched off.
    ReturnIsOff,
    /// The holder was made by the application, and the connection adopts nobody.
    NotAdopted,
    /// The holder was made by the application and has signed in since, or may have.
    Claimed,
    /// The request was no create.
    NoCreate,
}

/// Why the lifecycle refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Switches are off; at least one deed.
    #[error("{}", switches_off(.connection, .deeds))]
    Switches {
        /// The connection's name.
        connection: String,
        /// What was asked and is not allowed.
        deeds: Vec<Deed>,
    },
    /// A deactivated person wants to sign in.
    #[error(
        "This person is deactivated and cannot sign in; an administrator of the identity provider can assign the application again."
    )]
    SignIn,
    /// The person was deleted.
    #[error("This person was deleted; create the person anew.")]
    Deleted,
    /// A unique value is in use by another person.
    #[error("{}", in_use(.value, *.why))]
    Taken {
        /// The value, named: `userName "ann@x.test"`.
        value: String,
        /// Why the holder is not meant.
        why: Taken,
    },
    /// An administrator wants a connection to own a person whom it must not.
    #[error("{0}")]
    NotAdoptable(String),
    /// Someone who never signed in is to be sent a message, and Security Settings keep that from everybody.
    #[error(
        "Security Settings notify nobody who has never signed in; choose \"Everyone\" there before people are welcomed."
    )]
    NobodyIsNotified,
    /// What is kept of the person cannot be read.
    #[error("The state kept for this person cannot be read; the server's operator has to look at it.")]
    Unreadable,
}

impl Refusal {
    /// Refuses unless the switches of all deeds are on.
    pub(super) fn unless_allowed(connection: &ConnectionPolicy, deeds: &[Deed]) -> Result<(), Self> {
        let refused: Vec<Deed> = deeds.iter().filter(|deed| !deed.is_allowed(connection)).cloned().collect();
        if refused.is_empty() {
            return Ok(());
        }
        Err(Self::Switches { connection: connection.name.clone(), deeds: refused })
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Switches { .. } | Self::SignIn => 403,
            Self::Deleted => 404,
            Self::Taken { .. } | Self::NotAdoptable(_) | Self::NobodyIsNotified => 409,
            Self::Unreadable => 500,
        }
    }
}

impl From<Refusal> for ScimError {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Taken { .. } => Self::uniqueness(detail),
            _ => Self::new(refusal.status(), detail),
        }
    }
}

fn switches_off(connection: &str, deeds: &[Deed]) -> String {
    let mut names: Vec<&str> = deeds.iter().map(Deed::switch).collect();
    names.dedup();
    let (is, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
    let asked: Vec<String> = deeds.iter().map(ToString::to_string).collect();
    format!(
        "{} {is} switched off for connection {connection} in Haystack's Admin Console, User Provisions & Login; this \
         request would {}, and nothing was changed. Switch {them} on there and send the request again, or switch the \
         same option off in the identity provider.",
        names.join(" and "),
        asked.join(" and "),
    )
}

fn in_use(value: &str, why: Taken) -> String {
    let advice = match why {
        Taken::Active => "an active person; look this person up and update it, or choose another value.",
        Taken::OtherExternalId => {
            "a deactivated person, and the externalId of this request is not the one on record. To bring this person \
             back, look it up by userName and set active to true, or create it with the same externalId."
        }
        Taken::ReturnIsOff => {
            "a deactivated person, and bringing people back by a create is switched off for this connection. To bring \
             this person back, look it up by userName and set active to true."
        }
        Taken::NotAdopted => {
            "a person who was made by hand, and this connection adopts nobody by a create (setting \"adopt-invited\"). An \
             administrator can link both; or look this person up and update it."
        }
        Taken::Claimed => {
            "a person who was made by hand and uses the account, which no create takes over (setting \"adopt-invited\"). An \
             administrator can link both; or look this person up and update it."
        }
        Taken::NoCreate => "another person; choose another value, or change that person first.",
    };
    format!("The {value} is already in use by {advice}")
}
