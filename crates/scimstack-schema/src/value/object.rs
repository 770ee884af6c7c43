//! JSON objects: members in order, names found without case.

use super::{Text, Value, write_string};

/// A JSON object: members in order. Member names are unique when it came from [`Value::parse`] (without case).
///
/// Objects with the same members are equal in whatever order these come.
#[derive(Clone, Debug, Default)]
pub struct Object {
    pub(super) members: Vec<(Text, Value)>,
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        let names_in_step = self.iter().zip(other.iter()).all(|((a, _), (b, _))| a == b);
        if names_in_step {
            return self.members == other.members;
        }
        let mut ours: Vec<&(Text, Value)> = self.members.iter().collect();
        let mut theirs: Vec<&(Text, Value)> = other.members.iter().collect();
        ours.sort_by_key(|(name, _)| name);
        theirs.sort_by_key(|(name, _)| name);
        ours == theirs
    }
}

impl Object {
    /// An object without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// True without members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// The member called `name` without ASCII case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    /// The member called `name` without ASCII case, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.members.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    /// Sets a member: in its place when it is there (keeping its spelling), else at the end. The old value comes back.
    pub fn insert(&mut self, name: impl Into<Text>, value: impl Into<Value>) -> Option<Value> {
        let name = name.into();
        let value = value.into();
        match self.get_mut(&name) {
            Some(old) => Some(std::mem::replace(old, value)),
            None => {
                self.members.push((name, value));
                None
            }
        }
    }

    /// Adds a member at the end that the caller knows is not there yet.
    pub(crate) fn push(&mut self, name: Text, value: Value) {
        debug_assert!(self.get(&name).is_none(), "{name} is there already");
        self.members.push((name, value));
    }

    /// An object without members, with room for some.
    pub(crate) fn with_capacity(members: usize) -> Self {
        Self { members: Vec::with_capacity(members) }
    }

    /// The member called `name`, made as an empty object when it is not there.
    pub fn entry(&mut self, name: &str) -> &mut Value {
        let at = match self.members.iter().position(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some(at) => at,
            None => {
                self.members.push((name.into(), Value::Object(Object::new())));
                self.members.len() - 1
            }
        };
        #[allow(clippy::indexing_slicing, reason = "the position was found or made in the lines above")]
        &mut self.members[at].1
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.members.iter().position(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(self.members.remove(at).1)
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The members in order, values to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.members.iter_mut().map(|(name, value)| (name.as_str(), value))
    }

    /// Keeps the members for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.members.retain_mut(|(name, value)| keep(name, value));
    }

    /// Appends the compact JSON text.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (i, (name, value)) in self.members.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            write_string(name, out);
            out.push(b':');
            value.write(out);
        }
        out.push(b'}');
    }
}

impl IntoIterator for Object {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

impl<N: Into<Text>, V: Into<Value>> FromIterator<(N, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(members: I) -> Self {
        let mut object = Self::new();
        for (name, value) in members {
            object.insert(name, value);
        }
        object
    }
}
