//! The operations one after the other on the document (RFC 7644 §3.5.2.1 to §3.5.2.3): where each goes, the rules of
//! mutability, and single-valued attributes. Lists are in [`super::list`], relations in [`super::relation`]. What was
//! there before is in a [`super::journal`], so that all operations are done or none.

use super::coerce::{Parts, same};
use super::context::{Context, leniency};
use super::journal::Journal;
use super::target::{Slot, Target};
use super::{Op, OpKind, Patch, PatchError, PatchErrorKind, PatchOptions, PatchOutcome};
use scimstack_schema::registry::Extension;
use scimstack_schema::{Attribute, Mutability, Object, ResolvedPath, Resource, ResourceType, Type, Value};

/// Attributes that are made when a resource is shown, so that a value sent for them cannot be compared.
const DERIVED: [&str; 2] = ["meta", "groups"];

pub(super) fn apply(
    patch: &Patch,
    resource: &mut Resource,
    options: &PatchOptions,
) -> Result<PatchOutcome, PatchError> {
    let resource_type = resource.resource_type().clone();
    let mut run = Run::new(&resource_type, options, std::mem::take(resource.root_mut()));
    let done = run.all(patch);
    let changed = done.is_ok() && run.journal.has_changed(&run.root);
    if !changed {
        run.journal.undo(&mut run.root);
    }
    *resource.root_mut() = run.root;
    done?;
    if changed {
        resource.normalize();
    }
    let mut outcome = run.context.outcome;
    outcome.changed = changed;
    Ok(outcome)
}

/// One run over the document, in which an attribute that was taken away is `null` until the end.
pub(super) struct Run<'a> {
    pub(super) context: Context<'a>,
    root: Object,
    journal: Journal,
}

impl<'a> Run<'a> {
    pub(super) fn new(resource_type: &'a ResourceType, options: &'a PatchOptions, root: Object) -> Self {
        Self { context: Context::new(resource_type, options), root, journal: Journal::default() }
    }

    pub(super) fn all(&mut self, patch: &Patch) -> Result<(), PatchError> {
        for (index, op) in patch.operations.iter().enumerate() {
            self.context.operation = index;
            self.context.place.clone_from(&op.path);
            let extensions = &self.context.resource_type.extensions;
            let needed: Vec<&Extension> = extensions.iter().filter(|e| e.required && self.has(e)).collect();
            self.operation(op)?;
            if let Some(gone) = needed.into_iter().find(|extension| !self.has(extension)) {
                let problem = format!("every {} needs {}", self.context.resource_type.name, gone.schema.id);
                return Err(self.context.mutability(problem));
            }
        }
        Ok(())
    }

    /// Whether an extension holds anything.
    fn has(&self, extension: &Extension) -> bool {
        let object = self.root.get(extension.schema.id.as_str()).and_then(Value::as_object);
        object.is_some_and(|object| object.iter().any(|(_, value)| !value.is_unassigned()))
    }

    fn operation(&mut self, op: &Op) -> Result<(), PatchError> {
        match (&op.path, op.kind, &op.value) {
            (Some(path), kind, value) => {
                let target = self.context.locate(path)?;
                self.at(kind, target, value.clone())
            }
            (None, OpKind::Remove, _) => {
                Err(self.context.error(PatchErrorKind::NoTarget, "remove needs a path that says what to remove"))
            }
            (None, kind, Some(Value::Object(members))) => {
                for (name, value) in members.iter() {
                    self.context.place = Some(name.to_owned());
                    self.member(kind, name, value)?;
                }
                Ok(())
            }
            (None, kind, other) => {
                let found = other.as_ref().map_or("none", Value::kind);
                let problem = format!("{kind} without a path needs an object of attributes as value, found {found}");
                Err(self.context.invalid_value(problem))
            }
        }
    }

    /// A member of a path-less value. Extension attributes come with their URI before the name.
    fn member(&mut self, kind: OpKind, name: &str, value: &Value) -> Result<(), PatchError> {
        if name.eq_ignore_ascii_case("schemas") {
            return self.schemas_member(value);
        }
        if let Some(extension) = self.context.resource_type.extension(name).cloned() {
            return self.extension(kind, &extension, Some(value.clone()));
        }
        if !name.contains(['.', ':', '['])
            && let Some(path) = self.context.resolve(name)
        {
            return self.attribute_member(kind, Slot::attribute(path), value);
        }
        if self.context.options.keys_are_paths && name.contains(['.', ':', '[']) {
            match self.context.locate(name) {
                Ok(Target::Slot(slot)) => {
                    self.context.used(leniency::KEYS_ARE_PATHS);
                    return self.attribute_member(kind, slot, value);
                }
                Ok(Target::Extension(extension)) => return self.extension(kind, &extension, Some(value.clone())),
                Err(error) if name.contains('[') && error.kind != PatchErrorKind::NoTarget => return Err(error),
                Err(_) => {}
            }
        }
        self.context.unknown(name.to_owned())
    }

    /// A member that names an attribute: a read-only one may come along when it says what is so.
    fn attribute_member(&mut self, kind: OpKind, slot: Slot, value: &Value) -> Result<(), PatchError> {
        let attribute = &slot.path.attribute;
        if !attribute.is_read_only() {
            if slot.path.leaf().is_read_only() {
                return Ok(());
            }
            return self.at(kind, Target::Slot(slot), Some(value.clone()));
        }
        let derived = slot.path.extension.is_none() && DERIVED.contains(&&*attribute.name);
        let current = self.current(&slot.path).map(|current| match &slot.path.sub_attribute {
            Some(sub) => current.get(&sub.name).cloned().unwrap_or_default(),
            None => current.clone(),
        });
        if derived || value.is_unassigned() || current.is_some_and(|current| same(&current, value)) {
            return Ok(());
        }
        Err(self.context.mutability("is read-only and cannot be changed"))
    }

    /// An operation on a whole extension: on each attribute in it.
    fn extension(&mut self, kind: OpKind, extension: &Extension, value: Option<Value>) -> Result<(), PatchError> {
        let uri = extension.schema.id.clone();
        match (kind, value) {
            (OpKind::Remove, _) | (OpKind::Replace, Some(Value::Null)) => {
                for attribute in &extension.schema.attributes {
                    let path = ResolvedPath {
                        extension: Some(uri.clone()),
                        attribute: attribute.clone(),
                        sub_attribute: None,
                    };
                    if self.current(&path).is_some() || self.context.edges(&path).is_some() {
                        self.at(OpKind::Remove, Target::Slot(Slot::attribute(path)), None)?;
                    }
                }
                Ok(())
            }
            (OpKind::Add, Some(Value::Null)) => Ok(()),
            (_, Some(Value::Object(members))) => {
                for (name, value) in members {
                    let path = format!("{uri}:{name}");
                    self.context.place = Some(path.clone());
                    match self.context.resource_type.resolve(&path) {
                        Some(resolved) if resolved.sub_attribute.is_none() => {
                            self.attribute_member(kind, Slot::attribute(resolved), &value)?;
                        }
                        _ => self.member(kind, &path, &value)?,
                    }
                }
                Ok(())
            }
            (kind, other) => {
                let found = other.as_ref().map_or("none", Value::kind);
                let problem = format!("{kind} needs an object of the extension's attributes as value, found {found}");
                Err(self.context.invalid_value(problem))
            }
        }
    }

    /// An operation on what its path names.
    pub(super) fn at(&mut self, kind: OpKind, target: Target, value: Option<Value>) -> Result<(), PatchError> {
        let slot = match target {
            Target::Extension(extension) => return self.extension(kind, &extension, value),
            Target::Slot(slot) => slot,
        };
        let attribute = slot.path.attribute.clone();
        if slot.path.extension.is_none() && &*attribute.name == "schemas" {
            return self.schemas(kind, &slot, value);
        }
        if attribute.is_read_only() || slot.path.leaf().is_read_only() {
            return Err(self.context.mutability("is read-only and cannot be changed"));
        }
        if let Some(relation) = self.context.edges(&slot.path) {
            return self.relation(kind, &relation, &slot, value);
        }
        let value = match (kind, value) {
            (OpKind::Remove, value) => value,
            (_, Some(value)) => Some(value),
            (kind, None) => return Err(self.context.invalid_value(format!("{kind} needs a \"value\""))),
        };
        if attribute.is_hidden() || slot.path.leaf().is_hidden() {
            return self.hidden(kind, &slot, value);
        }
        if attribute.multi_valued {
            return self.list(kind, &slot, value);
        }
        self.single(kind, &slot.path, value.unwrap_or_default())
    }

    /// A value that is never stored goes to the caller; `null` when it is to be taken away.
    fn hidden(&mut self, kind: OpKind, slot: &Slot, value: Option<Value>) -> Result<(), PatchError> {
        let leaf = slot.path.leaf().clone();
        let value = match (kind, value) {
            (OpKind::Remove, _) | (_, None) => None,
            (_, Some(value)) if leaf.multi_valued || leaf.r#type == Type::Complex => Some(value),
            (_, Some(value)) => self.context.scalar(&leaf, value, "")?,
        };
        self.context.outcome.hidden.push((slot.path.to_string(), value.unwrap_or_default()));
        Ok(())
    }

    /// An operation on a single-valued attribute or one of its sub-attributes.
    fn single(&mut self, kind: OpKind, path: &ResolvedPath, value: Value) -> Result<(), PatchError> {
        let attribute = path.attribute.clone();
        let removes = kind == OpKind::Remove;
        if attribute.r#type != Type::Complex {
            let value = if removes { None } else { self.context.scalar(&attribute, value, "")? };
            return self.store(path, value);
        }
        let parts = match &path.sub_attribute {
            None if removes => None,
            None => self.context.complex(&attribute, value, "")?,
            Some(sub) => {
                let part = if removes { None } else { self.context.part(&attribute, sub, value)? };
                Some(Parts(vec![(sub.clone(), part)]))
            }
        };
        let Some(parts) = parts else {
            return self.store(path, None);
        };
        let mut object = match self.current(path) {
            Some(Value::Object(object)) => object.clone(),
            _ => Object::new(),
        };
        self.merge(&attribute, &mut object, parts)?;
        self.store(path, (!object.is_empty()).then_some(Value::Object(object)))
    }

    /// Sets the parts in a complex value, keeping the others. Where the parts say whom the value refers to, what was
    /// derived from the former reference goes.
    pub(super) fn merge(&self, attribute: &Attribute, object: &mut Object, parts: Parts) -> Result<(), PatchError> {
        let refers = attribute.sub_attribute("$ref").is_some();
        let moved = refers
            && !parts.names("$ref")
            && parts.names("value")
            && !object.get("value").is_some_and(|now| parts.get("value").is_some_and(|then| same(now, then)));
        for (sub, value) in parts.0 {
            let now = object.get(&sub.name);
            let unchanged = now.is_some() && now == value.as_ref();
            if sub.mutability == Mutability::Immutable && now.is_some() && !unchanged {
                return Err(self.context.mutability(format!("{} cannot be changed once it is set", sub.name)));
            }
            match value {
                Some(value) => {
                    object.insert(&*sub.name, value);
                }
                None if sub.required && now.is_some() && object.len() > 1 => {
                    return Err(self.context.mutability(format!("{} is required and cannot be removed", sub.name)));
                }
                None => {
                    object.remove(&sub.name);
                }
            }
        }
        if moved {
            let derived = |sub: &Attribute| &*sub.name == "$ref" || sub.is_read_only();
            object.retain(|name, _| !attribute.sub_attribute(name).is_some_and(|sub| derived(sub)));
        }
        Ok(())
    }

    /// The value of the attribute a path is about, whole.
    pub(super) fn current(&self, path: &ResolvedPath) -> Option<&Value> {
        let container = match &path.extension {
            Some(uri) => self.root.get(uri.as_str())?.as_object()?,
            None => &self.root,
        };
        container.get(&path.attribute.name).filter(|value| !value.is_unassigned())
    }

    /// Sets or unassigns an attribute as a whole, if it may be.
    pub(super) fn store(&mut self, path: &ResolvedPath, value: Option<Value>) -> Result<(), PatchError> {
        let attribute = &path.attribute;
        let now = self.current(path);
        if now.is_some() && value.is_none() && attribute.required {
            return Err(self.context.mutability("is required and cannot be removed"));
        }
        if attribute.mutability == Mutability::Immutable
            && let Some(now) = now
            && !value.as_ref().is_some_and(|value| same(now, value))
        {
            return Err(self.context.mutability("cannot be changed once it is set"));
        }
        self.journal.write(&mut self.root, path, value);
        Ok(())
    }
}
