//! How a provider talks, as data: by what it looks people up, which verb it changes them with, how it writes a change, and
//! what it does with groups. [`super::Profile`] has the manners that were observed; a manner of one's own is a variation
//! of one of them.

/// How a provider talks to a server.
///
/// ```
/// use scimstack_provisioning::connector::{Manner, Profile, Update};
///
/// let careful = Manner { update: Update::ReadAndReplace, ..Profile::Entra.manner() };
/// assert!(careful.patch.capital);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// When and how it looks for someone who may be there.
    pub look_up: LookUp,
    /// Whether a look-up says `startIndex=1&count=100`.
    pub pages_look_up: bool,
    /// How a person is changed.
    pub update: Update,
    /// How a person is switched off, and on where nothing else is to be said.
    pub switch: Switch,
    /// How a PATCH is written.
    pub patch: PatchForm,
    /// How a whole person is written.
    pub document: DocumentForm,
    /// Whether a look-up answered with 404 found nobody; else it has failed.
    pub missing_is_nobody: bool,
    /// Whether someone linked who is gone (404) is looked for again; else a person has to see to it.
    pub rematches: bool,
    /// What it does with groups.
    pub groups: GroupManner,
}

/// When and how a provider looks for someone who may be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LookUp {
    /// By a filter, before it creates.
    First,
    /// By a filter, after a creation met a conflict.
    AfterConflict,
    /// Page by page and without a filter, after a creation met a conflict or was lost.
    List,
}

/// How a provider changes a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Update {
    /// GET, then PUT of what came back with the mapped attributes overwritten.
    ReadAndReplace,
    /// PUT of the mapped attributes, and nothing else.
    Replace,
    /// GET, then PATCH of what is different; nothing when nothing is.
    PatchChanges,
    /// PATCH of every mapped attribute.
    PatchAll,
}

/// How a provider switches a person off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Switch {
    /// As it changes anything else.
    Update,
    /// PATCH without a path: `{"active": false}`.
    Value,
    /// PATCH of the path `active`.
    Path,
}

/// How a provider writes a PATCH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PatchForm {
    /// `Add`, `Replace`, `Remove`.
    pub capital: bool,
    /// What has one value goes into one operation without a path, whose keys are paths.
    pub batched: bool,
    /// How a Boolean is written.
    pub booleans: Booleans,
    /// A manager is a bare id, not an object.
    pub manager_is_text: bool,
}

/// How a provider writes a Boolean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Booleans {
    /// `true`
    Plain,
    /// `"true"`
    Text,
    /// `"True"`
    CapitalText,
}

/// How a provider writes a whole person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DocumentForm {
    /// How a Boolean is written.
    pub booleans: Booleans,
    /// Lists of one object are written as the object.
    pub object_for_list: bool,
    /// A manager is text, not an object.
    pub manager_is_text: bool,
    /// Whether `schemas` names the extensions that are no standard.
    pub lists_extensions: bool,
    /// A creation names the enterprise extension, whether there is anything in it or not.
    pub always_enterprise: bool,
    /// A creation has a `meta.resourceType`.
    pub names_type: bool,
    /// A PUT has a `meta` with a location relative to the base URL.
    pub own_location: bool,
}

/// What a provider does with groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupManner {
    /// Whether it has any.
    pub pushed: bool,
    /// Whether it looks through all groups before it creates one.
    pub discovery: Discovery,
    /// What a group is created with.
    pub created: CreatedWith,
    /// How all members are brought to a group that is there.
    pub fill: Fill,
    /// How a member is taken out by PATCH.
    pub removal: Removal,
    /// Whether a PATCH has an operation for each member.
    pub one_by_one: bool,
    /// The most members that one PATCH takes in and out; more are several requests.
    pub batch: usize,
    /// Whether a PATCH of members is followed by one of the name.
    pub names_along: bool,
    /// Whether a look-up says `excludedAttributes=members`.
    pub look_up_without_members: bool,
    /// How a member is written.
    pub member: MemberForm,
    /// Whether a creation has `meta.resourceType` and the schema of Microsoft's own directory.
    pub microsoft_schema: bool,
}

/// How a provider looks through all groups before it creates one. Names of groups need not be unique: who looks only after
/// a conflict would make a second group when it has to begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Discovery {
    /// Not at all; it goes by [`Manner::look_up`].
    Never,
    /// Page by page, `startIndex=1&count=100`.
    Counted,
    /// Page by page, `startIndex=1`.
    Uncounted,
}

/// What a provider creates a group with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CreatedWith {
    /// `"members": []`
    EmptyMembers,
    /// No `members`.
    NoMembers,
    /// All members.
    Members,
}

/// How a provider brings all members to a group that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fill {
    /// GET, then PUT with all of them.
    ReadAndReplace,
    /// PUT with all of them.
    Replace,
    /// PATCH that replaces `members`.
    ReplaceMembers,
    /// GET, then PATCH of the difference.
    Compare,
    /// PATCH that adds all of them; who is there besides stays.
    Add,
}

/// How a member is taken out by PATCH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Removal {
    /// By the path `members[value eq "id"]`.
    Filter,
    /// By the path `members` and a list of values.
    Values,
}

/// How a provider writes a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberForm {
    /// `value` and `display`.
    Named,
    /// `value`.
    Bare,
    /// `value`, and a `$ref` that is null.
    NullReference,
    /// `value`, and a `$ref` relative to the base URL.
    RelativeReference,
}

impl Fill {
    /// Whether the whole group is written when some of its members change.
    #[must_use]
    pub fn is_whole(self) -> bool {
        matches!(self, Self::ReadAndReplace | Self::Replace)
    }
}
