//! Operations on relations whose values live only as edges (`members`): nothing is read, what is to happen is collected
//! as a [`MemberDelta`].

use super::apply::Run;
use super::coerce::Element;
use super::context::Context;
use super::target::{Slot, Target};
use super::{MemberDelta, MemberStep, Op, OpKind, Patch, PatchError, PatchErrorKind, PatchOptions, PatchOutcome};
use crate::ast::{Filter, Literal, Operator};
use scimstack_schema::{Object, Relation, ResourceType, Value};

/// The delta of a PATCH that concerns such relations alone.
pub(super) fn delta(
    patch: &Patch,
    resource_type: &ResourceType,
    options: &PatchOptions,
) -> Result<Option<PatchOutcome>, PatchError> {
    let mut context = Context::new(resource_type, options);
    if !patch.operations.iter().all(|op| concerns_edges(op, &mut context)) {
        return Ok(None);
    }
    let mut run = Run::new(resource_type, options, Object::new());
    run.all(patch)?;
    Ok(Some(run.context.outcome))
}

/// Whether an operation is about such relations and nothing else. What cannot be told is not.
fn concerns_edges(op: &Op, context: &mut Context<'_>) -> bool {
    match (&op.path, op.kind, &op.value) {
        (Some(path), _, _) => {
            matches!(context.locate(path), Ok(Target::Slot(slot)) if context.edges(&slot.path).is_some())
        }
        (None, OpKind::Add | OpKind::Replace, Some(Value::Object(members))) => {
            let mut edges = 0;
            members.iter().all(|(name, _)| {
                let path = context.resource_type.resolve(name).filter(|path| path.sub_attribute.is_none());
                let found = path.is_some_and(|path| context.edges(&path).is_some());
                edges += usize::from(found);
                found || name.eq_ignore_ascii_case("schemas")
            }) && edges > 0
        }
        _ => false,
    }
}

impl Run<'_> {
    pub(super) fn relation(
        &mut self,
        kind: OpKind,
        relation: &Relation,
        slot: &Slot,
        value: Option<Value>,
    ) -> Result<(), PatchError> {
        let name = slot.path.attribute.name.clone();
        if let Some(selection) = &slot.selection {
            if slot.path.sub_attribute.is_some() || kind != OpKind::Remove {
                let problem = "cannot be changed in place; remove it and add the new one";
                return Err(self.context.mutability(problem));
            }
            let mut values = Vec::new();
            if !named_values(&selection.written, &mut values) {
                let problem = format!("values of {name} are selected as in {name}[value eq \"…\"] only");
                return Err(self.context.error(PatchErrorKind::InvalidFilter, problem));
            }
            let delta = self.delta_of(relation);
            delta.steps.extend(values.into_iter().map(MemberStep::Remove));
            return Ok(());
        }
        if slot.path.sub_attribute.is_some() {
            let problem = format!("say which values of {name} are meant, as in {name}[value eq \"…\"]");
            return Err(self.context.error(PatchErrorKind::InvalidPath, problem));
        }
        match (kind, value) {
            (OpKind::Remove, None | Some(Value::Null)) => {
                if slot.path.attribute.required {
                    return Err(self.context.mutability("is required and cannot be removed"));
                }
                *self.delta_of(relation) = MemberDelta { replace: Some(Vec::new()), steps: Vec::new() };
            }
            (OpKind::Remove, Some(listed)) => {
                self.accept_listed(&slot.path.attribute)?;
                let members = self.members(slot, listed)?;
                let values = members.iter().filter_map(|member| member.get("value").and_then(Value::as_str));
                let steps: Vec<_> = values.map(|value| MemberStep::Remove(value.to_owned())).collect();
                self.delta_of(relation).steps.extend(steps);
            }
            (kind, None) => return Err(self.context.invalid_value(format!("{kind} needs a \"value\""))),
            (OpKind::Add, Some(value)) => {
                let members = self.members(slot, value)?;
                self.delta_of(relation).steps.extend(members.into_iter().map(MemberStep::Add));
            }
            (OpKind::Replace, Some(value)) => {
                let members = self.members(slot, value)?;
                *self.delta_of(relation) = MemberDelta { replace: Some(members), steps: Vec::new() };
            }
        }
        Ok(())
    }

    fn delta_of(&mut self, relation: &Relation) -> &mut MemberDelta {
        let relations = &mut self.context.outcome.relations;
        let at = match relations.iter().position(|(name, _)| *name == relation.name) {
            Some(at) => at,
            None => {
                relations.push((relation.name.clone(), MemberDelta::default()));
                relations.len() - 1
            }
        };
        #[allow(clippy::indexing_slicing, reason = "the position was found or made in the lines above")]
        &mut relations[at].1
    }

    /// The members a value lists, each with a `value` that is not empty.
    fn members(&mut self, slot: &Slot, value: Value) -> Result<Vec<Value>, PatchError> {
        let attribute = slot.path.attribute.clone();
        let given = match &value {
            Value::Array(elements) => elements.iter().filter(|element| **element != Value::Null).count(),
            other => usize::from(*other != Value::Null),
        };
        let members: Vec<Value> =
            self.context.elements(&attribute, value)?.into_iter().map(Element::into_value).collect();
        let nameless = |member: &Value| member.get("value").and_then(Value::as_str).is_none_or(str::is_empty);
        let problem = "has no \"value\"; each must name its target, as in {\"value\": \"…\"}";
        match members.iter().position(nameless) {
            Some(at) => Err(self.context.invalid_value(format!("value[{at}] {problem}"))),
            None if members.len() < given => Err(self.context.invalid_value(format!("an element {problem}"))),
            None => Ok(members),
        }
    }
}

/// Collects the values of `value eq "…"` terms joined by `or`; false when the filter is anything else.
fn named_values(filter: &Filter, values: &mut Vec<String>) -> bool {
    match filter {
        Filter::Compare(path, Operator::Eq, Literal::String(text)) if path.text.eq_ignore_ascii_case("value") => {
            values.push(text.into());
            true
        }
        Filter::Or(parts) => parts.iter().all(|part| named_values(part, values)),
        _ => false,
    }
}
