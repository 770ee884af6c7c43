//! What is stored for one resource: the document, and what the schema layer computed from it so that every back end
//! finds, sorts and refers alike. Back ends store these fields; they never look into the document to find more.
//! Left out: computing them ([`crate::plan::record`]).
//!
//! ```
//! use bytes::Bytes;
//! use scimstack_schema::{Registry, Resource, Timestamp};
//! use scimstack_store::plan;
//!
//! let user = Registry::core().resource_type("User").unwrap().clone();
//! let document = br#"{"id":"u1","userName":"Ann@X.test","emails":[{"value":"Ann@Work.test","type":"work"}]}"#;
//! let resource = Resource::from_stored(user, document).unwrap();
//! let now = Timestamp::from_seconds(1_767_225_600);
//! let record = plan::record(&resource, Bytes::new(), now, now);
//! assert_eq!(record.core.unique.as_deref(), Some("ann@x.test"));
//! assert_eq!(record.core.display.as_deref(), Some("Ann@X.test"));
//! assert_eq!(record.names[0].value, "ann@work.test", "a manager may be named by e-mail");
//! ```

use crate::key::{Key, Kind, Version};
use bytes::Bytes;
use scimstack_schema::value::Text;
use scimstack_schema::{ReferenceKey, Relation, Timestamp};
use std::sync::Arc;

/// A record to be written.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// The computed columns.
    pub core: Core,
    /// The canonical document: without `meta`, and without what lives as edges.
    pub doc: Bytes,
    /// The lifecycle's own state; committed with the document, never shown.
    pub private: Bytes,
    /// What filters find it by.
    pub index: Index,
    /// Values that may occur once per scope and kind, besides [`Core::unique`].
    pub unique: Vec<UniqueValue>,
    /// Names by which references may find it, besides its id, [`Core::unique`] and [`Core::external_id`]: e-mail
    /// addresses, former user names.
    pub names: Vec<Name>,
    /// What its single-valued relations refer to (`manager`). The set is complete: what is not in it is gone.
    pub references: Vec<Reference>,
}

impl Record {
    /// A record of a document and its columns, with nothing else.
    #[must_use]
    pub fn new(core: Core, doc: impl Into<Bytes>) -> Self {
        Self {
            core,
            doc: doc.into(),
            private: Bytes::new(),
            index: Index::default(),
            unique: Vec::new(),
            names: Vec::new(),
            references: Vec::new(),
        }
    }
}

/// The columns every back end has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Core {
    /// The folded value of the type's own unique attribute (`userName`); once per scope and kind.
    pub unique: Option<String>,
    /// `externalId`, case-exact: by [`scimstack_schema::fold::exact`].
    pub external_id: Option<String>,
    /// The folded `displayName`, cut by [`scimstack_schema::fold::truncate_key`].
    pub sort_name: Option<String>,
    /// How references show it: `displayName`, else the user name as sent.
    pub display: Option<String>,
    /// `active`.
    pub active: Option<bool>,
    /// `meta.created`.
    pub created: Timestamp,
    /// `meta.lastModified`.
    pub modified: Timestamp,
}

/// What a record has in the indexes that its resource type declares.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    /// The declaration this was made under ([`ResourceType::index_declaration`](scimstack_schema::ResourceType)); empty
    /// for one that declares nothing. A store keeps it beside what it indexes, and uses an index only when every record
    /// of the kind was made under a declaration that has it.
    pub declaration: Arc<str>,
    /// One entry for each value of each indexed path.
    pub entries: Vec<IndexEntry>,
    /// The texts of searched paths, as filters compare them ([`crate::plan::part_key`]), whole, each once.
    pub texts: Vec<String>,
}

/// One value of an indexed path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexEntry {
    /// The canonical path: `emails.value`.
    pub path: String,
    /// The value's order-preserving key (see [`crate::plan::index_key`]), cut to 256 bytes.
    pub value: String,
    /// The element's place in its list.
    pub element: u32,
    /// The element's `type`, folded.
    pub kind: Option<String>,
}

/// A value that may occur once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueValue {
    /// The canonical path.
    pub path: String,
    /// The folded or exact value, whole.
    pub value: String,
}

/// A further name of a resource, for references.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// What kind of name.
    pub key: ReferenceKey,
    /// The value, normalised by [`normalize_name`].
    pub value: String,
}

/// A value that names another resource.
///
/// It is *bound* to its target, or *pending* while none or several answer to it. A pending reference is tried again
/// whenever a record that answers to its raw value, or did, is created, replaced or deleted. A bound one stays bound
/// when its target is renamed, and until its own raw value is rewritten or the target is deleted. It may name the record
/// it belongs to. It never finds a target in another scope. Of several pending edges of one source and relation that turn
/// out to name the same target, or one that is bound to it already, one stays: the bound one, else that with the least raw
/// value.
///
/// ```
/// use scimstack_schema::ReferenceKey;
/// use scimstack_store::{Reference, ReferenceRule};
/// use std::sync::Arc;
///
/// let rule = ReferenceRule { relation: "members".into(), keys: vec![ReferenceKey::Id], targets: vec!["User".into()] };
/// let rule = Arc::new(rule);
/// let members: Vec<Reference> = ["u1", "u2"].map(|raw| Reference::new(&rule, raw)).into();
/// assert!(Arc::ptr_eq(&members[0].rule, &members[1].rule));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// How it finds its target. References of one relation share it: there may be a hundred thousand of them.
    pub rule: Arc<ReferenceRule>,
    /// The value as sent.
    pub raw: Text,
}

impl Reference {
    /// The reference that the value is by the rule.
    pub fn new(rule: &Arc<ReferenceRule>, raw: impl Into<Text>) -> Self {
        Self { rule: rule.clone(), raw: raw.into() }
    }
}

/// How the references of one relation find their targets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReferenceRule {
    /// The relation: `manager`, `members`.
    pub relation: String,
    /// The keys by which it may find its target, in order. The first key with any match decides; more than one match is
    /// ambiguous and leaves the reference pending.
    pub keys: Vec<ReferenceKey>,
    /// The kinds a target may be of.
    pub targets: Vec<Kind>,
}

impl ReferenceRule {
    /// The rule that a resource type declares for a relation.
    #[must_use]
    pub fn of(relation: &Relation) -> Self {
        Self {
            relation: relation.name.clone(),
            keys: relation.keys.clone(),
            targets: relation.targets.iter().map(|target| Kind::from(target.as_str())).collect(),
        }
    }
}

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Stored {
    /// What names it.
    pub key: Key,
    /// Its version.
    pub version: Version,
    /// The computed columns.
    pub core: Core,
    /// The canonical document; empty when [`crate::Want::document`] was off.
    pub doc: Bytes,
    /// The lifecycle's state; empty when [`crate::Want::private`] was off.
    pub private: Bytes,
    /// How many edges start here in edges-only relations (a group's members, resolved and pending).
    pub edge_count: u64,
}

impl Stored {
    /// For back ends.
    #[must_use]
    pub fn new(key: Key, version: Version, core: Core, doc: Bytes, private: Bytes, edge_count: u64) -> Self {
        Self { key, version, core, doc, private, edge_count }
    }
}

/// A raw value as the names of kind `key` are compared: folded for user names and e-mail addresses, case-exact for
/// external ids, byte for byte for ids.
#[must_use]
pub fn normalize_name(key: ReferenceKey, raw: &str) -> String {
    match key {
        ReferenceKey::UserName | ReferenceKey::Email => scimstack_schema::fold::fold(raw.trim()).into_owned(),
        ReferenceKey::ExternalId => scimstack_schema::fold::exact(raw).into_owned(),
        ReferenceKey::Id => raw.to_owned(),
    }
}
