//! One resource on its way into an answer (RFC 7643 §3): the text it is stored as, with what is added to it, where the
//! request sees all of that text; else a tree.
//! Left out: what is added, and the reading of it ([`super::project`]).

use super::call::location;
use super::failure::Outcome;
use super::memberships;
use super::project::View;
use scimstack_schema::projection::{Look, TextMember, TextProjection, TextShapes};
use scimstack_schema::value::write_string;
use scimstack_schema::{Object, Relation, ResolvedPath, ResourceType, SchemaUri, Type, Value};
use scimstack_store::{Stored, plan};
use std::io::Write as _;
use std::ops::Range;

/// How the resources of one type become drafts.
pub(crate) struct Drafts<'a> {
    resource_type: &'a ResourceType,
    base: &'a str,
    texts: TextProjection<'a>,
    /// Whether what is added stands beside what is stored, so that stored text may be shown.
    is_beside: bool,
    edges_only: Vec<&'a Relation>,
    /// Those whose value is completed with what is known of its target.
    completed: Vec<&'a Relation>,
    /// All of `meta` is shown, and of `groups`.
    shows_added: bool,
    shows_groups: bool,
}

/// A resource, to be completed.
pub(crate) struct Draft<'a> {
    /// All of it; with a text, only what is added to that and what of it may change.
    pub(crate) tree: Object,
    text: Option<Text<'a>>,
}

/// A stored text all of which is shown.
struct Text<'a> {
    text: &'a str,
    /// The values that are in the tree and are written from there, in order.
    changing: Vec<(ResolvedPath, Range<usize>)>,
    /// What is added, as text, each member after a comma; `None` when not all of it is shown, so that it is in the tree.
    added: Option<Vec<u8>>,
}

impl<'a> Drafts<'a> {
    pub(crate) fn new(base: &'a str, resource_type: &'a ResourceType, view: &View) -> Self {
        let (edges_only, completed): (Vec<_>, Vec<_>) = resource_type
            .relations
            .iter()
            .filter(|relation| relation.edges_only || relation.path.attribute.r#type == Type::Complex)
            .partition(|relation| relation.edges_only);
        let is_beside = edges_only.iter().all(|relation| relation.path.extension.is_none());
        let texts = view.projection.of_texts(resource_type, &view.written);
        let shows_groups = memberships::shows_groups(resource_type);
        let shows_added = texts.shows_whole("meta") && (!shows_groups || texts.shows_whole("groups"));
        Self { resource_type, base, texts, is_beside, edges_only, completed, shows_added, shows_groups }
    }

    pub(crate) fn resource_type(&self) -> &'a ResourceType {
        self.resource_type
    }

    /// Whether any of a top-level attribute is shown.
    pub(crate) fn shows(&self, name: &str) -> bool {
        self.texts.shows(name)
    }

    /// Whether the groups of the resources are shown.
    pub(crate) fn shows_groups(&self) -> bool {
        self.shows_groups && self.shows("groups")
    }

    /// Stored resources with their `id` and `meta`.
    pub(crate) fn drafts(&self, stored: &'a [Stored]) -> Outcome<Vec<Draft<'a>>> {
        let mut shapes = (stored.len() > 1).then(|| self.texts.shapes());
        stored.iter().map(|one| self.draft(one, shapes.as_mut())).collect()
    }

    fn draft(&self, stored: &'a Stored, shapes: Option<&mut TextShapes<'_, 'a>>) -> Outcome<Draft<'a>> {
        let mut text = self.text(stored, shapes);
        let mut tree = match &text {
            Some(text) => text.changing()?,
            None => plan::complete(stored, self.resource_type)?,
        };
        let location = location(self.base, self.resource_type, stored.key.id.as_str());
        if let Some(added) = text.as_mut().and_then(|text| text.added.as_mut()) {
            self.write_meta(stored, &location, added);
        } else {
            let mut meta = plan::meta(stored, self.resource_type);
            meta.insert("location", location);
            tree.insert("meta", meta);
        }
        Ok(Draft { tree, text })
    }

    /// The `meta` of [`plan::meta`] as text.
    fn write_meta(&self, stored: &Stored, location: &str, out: &mut Vec<u8>) {
        let (created, modified, version) = (stored.core.created, stored.core.modified, stored.version);
        out.extend_from_slice(br#","meta":{"resourceType":"#);
        write_string(&self.resource_type.name, out);
        // Writing to memory does not fail.
        let _ = write!(
            out,
            r#","created":"{created}","lastModified":"{modified}","version":"W/\"{version}\"","location":"#
        );
        write_string(location, out);
        out.push(b'}');
    }

    /// The stored text, when all of it is shown and nothing that is added stands in it already.
    fn text(&self, stored: &'a Stored, shapes: Option<&mut TextShapes<'_, 'a>>) -> Option<Text<'a>> {
        if !self.is_beside {
            return None;
        }
        let text = std::str::from_utf8(&stored.doc).ok()?;
        let (mut is_ours, mut changing) = (false, Vec::new());
        let mut look = |member: TextMember<'a>| match (member.extension, member.name) {
            (None, "id") => {
                let id = text.get(member.value).and_then(|id| id.strip_prefix('"')?.strip_suffix('"'));
                is_ours = id == Some(stored.key.id.as_str());
                if is_ours { Look::StaysHere } else { Look::Goes }
            }
            (None, name) if self.is_added(name) => Look::Goes,
            (extension, name) => match self.completed(extension, name) {
                Some(relation) => {
                    changing.push((relation.path.clone(), member.value));
                    Look::StaysHere
                }
                None => Look::Stays,
            },
        };
        let is_whole = match shapes {
            Some(shapes) => shapes.leaves(text, look),
            None => self.texts.leaves(text, |member| look(member) != Look::Goes),
        };
        let added = self.shows_added.then(|| Vec::with_capacity(512));
        (is_whole && is_ours).then_some(Text { text, changing, added })
    }

    /// Whether a member of this name comes from somewhere else than the text.
    fn is_added(&self, name: &str) -> bool {
        name == "meta"
            || (self.shows_groups && name == "groups")
            || self.edges_only.iter().any(|relation| *relation.path.attribute.name == *name)
    }

    /// The single-valued relation whose value is completed with what is known of its target.
    fn completed(&self, extension: Option<&SchemaUri>, name: &str) -> Option<&Relation> {
        let is_it = |relation: &&&Relation| {
            *relation.path.attribute.name == *name && relation.path.extension.as_ref() == extension
        };
        self.completed.iter().find(is_it).copied()
    }
}

impl Text<'_> {
    /// The values that may change, as a document of their own.
    fn changing(&self) -> Outcome<Object> {
        let mut tree = Object::new();
        for (path, value) in &self.changing {
            let value = Value::parse(self.text.get(value.clone()).unwrap_or_default().as_bytes())?;
            if let Some(container) = container(path, &mut tree) {
                container.insert(&path.attribute.name, value);
            }
        }
        Ok(tree)
    }
}

/// The object a path's attribute is a member of.
fn container<'a>(path: &ResolvedPath, tree: &'a mut Object) -> Option<&'a mut Object> {
    match &path.extension {
        Some(uri) => tree.entry(uri.as_str()).as_object_mut(),
        None => Some(tree),
    }
}

impl Draft<'_> {
    /// Adds a member, whose value is JSON text, to the document; its name is one that is written as it is.
    pub(crate) fn add(&mut self, name: &str, value: &[u8]) -> Outcome<()> {
        let Some(added) = self.text.as_mut().and_then(|text| text.added.as_mut()) else {
            self.tree.insert(name, Value::parse(value)?);
            return Ok(());
        };
        for part in [b",\"", name.as_bytes(), b"\":", value] {
            added.extend_from_slice(part);
        }
        Ok(())
    }

    /// The JSON text of what is left after the projection of [`Draft::tree`].
    pub(crate) fn write(mut self) -> Vec<u8> {
        let Some(Text { text, changing, added }) = self.text else {
            let mut out = Vec::with_capacity(1_024);
            self.tree.write(&mut out);
            return out;
        };
        let added = added.unwrap_or_default();
        let mut out = Vec::with_capacity(text.len() + added.len() + 128);
        let mut done = 0;
        for (path, value) in &changing {
            let changed = container(path, &mut self.tree).and_then(|object| object.remove(&path.attribute.name));
            if let Some(changed) = changed {
                out.extend_from_slice(text.get(done..value.start).unwrap_or_default().as_bytes());
                changed.write(&mut out);
                done = value.end;
            }
        }
        for uri in changing.iter().filter_map(|(path, _)| path.extension.as_ref()) {
            self.tree.remove(uri.as_str());
        }
        // Up to the brace that closes the document, which comes after what is added.
        out.extend_from_slice(text.get(done..text.len() - 1).unwrap_or_default().as_bytes());
        out.extend_from_slice(&added);
        if self.tree.is_empty() {
            out.push(b'}');
            return out;
        }
        let brace = out.len();
        self.tree.write(&mut out);
        if let Some(brace) = out.get_mut(brace) {
            *brace = b',';
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use scimstack_schema::{Projection, Registry, Resource, strategies};
    use scimstack_store::{Core, Key, ResourceId, Version};
    use std::sync::Arc;

    const BASE: &str = "https://acme.example.com/scim/v2";

    fn user() -> Arc<ResourceType> {
        Registry::haystack().resource_type("User").unwrap().clone()
    }

    fn stored(doc: Vec<u8>) -> Stored {
        let key = Key::new("User", ResourceId::new("u1").unwrap());
        Stored::new(key, Version(7), Core::default(), doc.into(), Vec::new().into(), 0)
    }

    /// What is written of the last draft once its manager's name is known and its groups are added.
    fn answer(drafts: &Drafts<'_>, stored: &[Stored], view: &View) -> String {
        let mut draft = drafts.drafts(stored).unwrap().pop().unwrap();
        for relation in drafts.resource_type.relations.iter().filter(|relation| !relation.edges_only) {
            let path = &relation.path;
            let container = match &path.extension {
                Some(uri) => draft.tree.get_mut(uri.as_str()).and_then(Value::as_object_mut),
                None => Some(&mut draft.tree),
            };
            let holder = container.and_then(|container| container.get_mut(&path.attribute.name)?.as_object_mut());
            if let Some(holder) = holder {
                holder.insert("displayName", "Bo \"the boss\" Example");
            }
        }
        draft.add("groups", br#"[{"value":"g1","type":"direct"}]"#).unwrap();
        view.projection.apply_after_write(drafts.resource_type, &mut draft.tree, &view.written);
        String::from_utf8(draft.write()).unwrap()
    }

    /// The same by way of the text, where it is shown whole, and always by way of the tree.
    fn both(document: Vec<u8>, view: &View) -> (bool, String, String) {
        let (user, stored) = (user(), stored(document));
        let with_texts = Drafts::new(BASE, &user, view);
        let without = Drafts { is_beside: false, ..Drafts::new(BASE, &user, view) };
        let is_text = with_texts.draft(&stored, None).unwrap().text.is_some();
        let other = self::stored(r#"{"id":"u1","userName":"bob"}"#.into());
        let (several, one) = ([stored.clone(), other, stored.clone()], [stored]);
        let by_text = answer(&with_texts, &one, view);
        assert_eq!(answer(&with_texts, &several, view), by_text);
        (is_text, by_text, answer(&without, &one, view))
    }

    #[test]
    fn a_person_with_a_manager_is_shown_without_building_the_tree() {
        let document = br#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u1","userName":"ann",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R","manager":{"value":"bo"}}}"#;
        let document = Value::parse(document).unwrap().to_string().into_bytes();
        let (is_text, by_text, by_tree) = both(document, &View::of(Projection::all()));
        assert!(is_text);
        assert_eq!(by_text, by_tree);
        assert!(by_text.contains(r#""manager":{"value":"bo","displayName":"Bo \"the boss\" Example"}}"#), "{by_text}");
    }

    #[test]
    fn what_is_not_to_be_shown_or_stands_in_the_text_already_is_left_to_the_tree() {
        for document in [
            r#"{"userName":"without an id"}"#,
            r#"{"id":"u2","userName":"another's id"}"#,
            r#"{"id":"u1","password":"secret"}"#,
            r#"{"id":"u1","userName":"ann","meta":{"version":"W/\"1\""}}"#,
            r#"{"id":"u1","userName":"ann","groups":[{"value":"g2"}]}"#,
            r#"{"id":"u1","userName":"ann","urn:example:gone":{"a":1}}"#,
        ] {
            let (is_text, by_text, by_tree) = both(document.into(), &View::of(Projection::all()));
            assert!(!is_text, "{document}");
            assert_eq!(by_text, by_tree);
            assert!(!by_text.contains("secret") && !by_text.contains("gone"), "{by_text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_tree_give_the_same_bytes(
            resource in strategies::resource(&user()),
            projection in prop_oneof![Just(Projection::all()), strategies::projection(&user())],
            written in any::<bool>(),
        ) {
            let mut resource: Resource = resource;
            resource.set_id("u1");
            resource.normalize();
            let written = if written { super::super::project::paths(&resource) } else { Vec::new() };
            let view = View::after_write(projection, written);
            let (_, by_text, by_tree) = both(resource.to_bytes(), &view);
            prop_assert_eq!(by_text, by_tree);
        }
    }
}
