//! Operations on multi-valued attributes: appending what is not there, elements selected by a filter, one primary
//! (RFC 7644 §3.5.2, RFC 7643 §2.4).

use super::apply::Run;
use super::coerce::{Element, Parts, same, same_scalar};
use super::context::leniency;
use super::target::{Selection, Slot};
use super::{OpKind, PatchError, PatchErrorKind};
use crate::ast::{Filter, Literal, Operator};
use crate::error::shown;
use crate::eval::matches_element;
use scimstack_schema::value::distinct;
use scimstack_schema::{Attribute, Object, ResolvedPath, Type, Value};

impl Run<'_> {
    pub(super) fn list(&mut self, kind: OpKind, slot: &Slot, value: Option<Value>) -> Result<(), PatchError> {
        let attribute = slot.path.attribute.clone();
        match (&slot.selection, &slot.path.sub_attribute, kind) {
            (Some(selection), _, OpKind::Remove) => self.remove_selected(slot, selection),
            (Some(selection), _, _) => self.set_selected(kind, slot, selection, value.unwrap_or_default()),
            (None, Some(sub), _) => {
                let problem = format!(
                    "{} has several values; say which with a filter, as in {}[{} eq \"…\"].{}",
                    attribute.name,
                    attribute.name,
                    if attribute.sub_attribute("type").is_some() { "type" } else { "value" },
                    sub.name
                );
                Err(self.context.error(PatchErrorKind::InvalidPath, problem))
            }
            (None, None, OpKind::Remove) => match value {
                None | Some(Value::Null) => self.store(&slot.path, None),
                Some(listed) => self.remove_listed(&slot.path, listed),
            },
            (None, None, OpKind::Add) => self.append(&slot.path, value.unwrap_or_default()),
            (None, None, OpKind::Replace) => {
                let elements = self.context.elements(&attribute, value.unwrap_or_default())?;
                let mut elements: Vec<Value> = elements.into_iter().map(Element::into_value).collect();
                collapse(&attribute, &mut elements);
                let primary = |(at, element): (usize, &Value)| is_primary(element).then_some(at);
                let made_primary: Vec<usize> = elements.iter().enumerate().filter_map(primary).collect();
                self.settle_primary(&attribute, &mut elements, &made_primary)?;
                self.store_elements(&slot.path, elements)
            }
        }
    }

    /// A copy of the values, to change.
    fn elements_of(&mut self, path: &ResolvedPath) -> Result<Vec<Value>, PatchError> {
        let elements = match self.current(path) {
            Some(Value::Array(elements)) => elements.clone(),
            Some(single) => vec![single.clone()],
            None => Vec::new(),
        };
        self.context.visit(elements.len())?;
        Ok(elements)
    }

    /// Elements that a change has made equal collapse into the first, as they do in a POST.
    fn store_elements(&mut self, path: &ResolvedPath, mut elements: Vec<Value>) -> Result<(), PatchError> {
        collapse(&path.attribute, &mut elements);
        self.store(path, (!elements.is_empty()).then_some(Value::Array(elements)))
    }

    /// `add`: each element goes to the end unless it is there; one that differs in details only is completed.
    fn append(&mut self, path: &ResolvedPath, value: Value) -> Result<(), PatchError> {
        let attribute = path.attribute.clone();
        let given = self.context.elements(&attribute, value)?;
        if given.is_empty() {
            return Ok(());
        }
        let mut elements = self.elements_of(path)?;
        let mut made_primary = Vec::new();
        for element in given {
            self.context.visit(elements.len())?;
            let sets_primary = element.sets_primary();
            let place = match &element {
                Element::Simple(value) => elements.iter().position(|there| same_scalar(&attribute, there, value)),
                Element::Complex(parts) => find(&attribute, &elements, parts),
            };
            let at = place.unwrap_or(elements.len());
            match (elements.get_mut(at), element) {
                (Some(Value::Object(there)), Element::Complex(parts)) => {
                    if !holds(&attribute, there, &parts) {
                        self.merge(&attribute, there, parts)?;
                    }
                }
                (Some(_), _) => {}
                (None, element) => elements.push(element.into_value()),
            }
            if sets_primary && !made_primary.contains(&at) {
                made_primary.push(at);
            }
        }
        self.settle_primary(&attribute, &mut elements, &made_primary)?;
        self.store_elements(path, elements)
    }

    /// `add` and `replace` through a value path.
    fn set_selected(
        &mut self,
        kind: OpKind,
        slot: &Slot,
        selection: &Selection,
        value: Value,
    ) -> Result<(), PatchError> {
        let attribute = slot.path.attribute.clone();
        let new = match &slot.path.sub_attribute {
            Some(sub) => {
                let part = self.context.part(&attribute, sub, value)?;
                Some(Element::Complex(Parts(vec![(sub.clone(), part)])))
            }
            None if attribute.r#type == Type::Complex => {
                self.context.complex(&attribute, value, "")?.map(Element::Complex)
            }
            None => self.context.scalar(&attribute, value, "")?.map(Element::Simple),
        };
        let mut elements = self.elements_of(&slot.path)?;
        self.context.visit(elements.len().saturating_mul(selection.terms))?;
        let mut matched: Vec<usize> = selected(&elements, selection).collect();
        let mut sets_primary = new.as_ref().is_some_and(Element::sets_primary);
        let mut whole = kind == OpKind::Replace && slot.path.sub_attribute.is_none();
        if matched.is_empty() {
            let created = self.upsert(kind, &attribute, selection)?;
            if !new.as_ref().is_some_and(Element::is_assigned) {
                return Ok(());
            }
            sets_primary |= created.get("primary") == Some(&Value::Bool(true));
            whole = false;
            matched.push(elements.len());
            elements.push(Value::Object(created));
        }
        let Some(new) = new else {
            return self.remove_selected(slot, selection);
        };
        for at in &matched {
            match (elements.get_mut(*at), new.clone()) {
                (Some(Value::Object(there)), Element::Complex(parts)) if !whole => {
                    self.merge(&attribute, there, parts)?;
                }
                (Some(there), new) => *there = new.into_value(),
                (None, _) => {}
            }
        }
        if sets_primary {
            self.settle_primary(&attribute, &mut elements, &matched)?;
        }
        elements.retain(|element| !element.is_unassigned());
        self.store_elements(&slot.path, elements)
    }

    /// The element that a value path without a match asks for, when that is accepted.
    fn upsert(&mut self, kind: OpKind, attribute: &Attribute, selection: &Selection) -> Result<Object, PatchError> {
        let (accepted, name) = match kind {
            OpKind::Add => (self.context.options.upsert_on_add, leniency::UPSERT_ON_ADD),
            _ => (self.context.options.upsert_on_replace, leniency::UPSERT_ON_REPLACE),
        };
        let mut terms = Vec::new();
        if !accepted || attribute.r#type != Type::Complex || !equalities(&selection.written, &mut terms) {
            let filter = selection.written.to_string();
            let problem = format!("no value of {} matches [{}]", attribute.name, shown(&filter));
            return Err(self.context.error(PatchErrorKind::NoTarget, problem));
        }
        self.context.used(name);
        let mut object = Object::new();
        for (name, literal) in terms {
            let Some(sub) = attribute.sub_attribute(name).cloned() else {
                continue;
            };
            let value = match literal {
                Literal::Null => continue,
                Literal::Bool(b) => Value::Bool(*b),
                Literal::Number(number) => Value::Number(number.clone()),
                Literal::String(text) => Value::String(text.clone()),
            };
            if let Some(value) = self.context.scalar(&sub, value, name)? {
                object.insert(&*sub.name, value);
            }
        }
        Ok(object)
    }

    /// `remove` through a value path: elements, or one sub-attribute of each.
    fn remove_selected(&mut self, slot: &Slot, selection: &Selection) -> Result<(), PatchError> {
        let mut elements = self.elements_of(&slot.path)?;
        self.context.visit(elements.len().saturating_mul(selection.terms))?;
        let matched: Vec<usize> = selected(&elements, selection).collect();
        for at in &matched {
            match (&slot.path.sub_attribute, elements.get_mut(*at)) {
                (Some(sub), Some(Value::Object(object))) => {
                    let attribute = slot.path.attribute.clone();
                    self.merge(&attribute, object, Parts(vec![(sub.clone(), None)]))?;
                }
                (None, Some(element)) => *element = Value::Null,
                _ => {}
            }
        }
        if matched.is_empty() {
            return Ok(());
        }
        elements.retain(|element| !element.is_unassigned());
        self.store_elements(&slot.path, elements)
    }

    /// `remove` with a `value`: only what is listed goes, where that is accepted. It never means all.
    fn remove_listed(&mut self, path: &ResolvedPath, listed: Value) -> Result<(), PatchError> {
        self.accept_listed(&path.attribute)?;
        let attribute = path.attribute.clone();
        let listed = self.context.elements(&attribute, listed)?;
        let mut elements = self.elements_of(path)?;
        self.context.visit(elements.len().saturating_mul(listed.len()))?;
        elements.retain(|there| {
            !listed.iter().any(|listed| match (listed, there) {
                (Element::Simple(value), there) => same_scalar(&attribute, there, value),
                (Element::Complex(parts), Value::Object(there)) => is_listed(&attribute, there, parts),
                (Element::Complex(_), _) => false,
            })
        });
        self.store_elements(path, elements)
    }

    /// Refuses a `remove` with a `value` unless it is accepted: by the letter it would take everything away, and nobody
    /// who lists values means that.
    pub(super) fn accept_listed(&mut self, attribute: &Attribute) -> Result<(), PatchError> {
        if !self.context.options.remove_listed {
            let problem = format!(
                "remove takes no value; select what to remove in the path, as in {}[value eq \"…\"]",
                attribute.name
            );
            return Err(self.context.invalid_value(problem));
        }
        self.context.used(leniency::REMOVE_LISTED);
        Ok(())
    }

    /// After an operation has made the elements at `made` primary: at most one may be, and the others no longer are.
    fn settle_primary(&self, attribute: &Attribute, elements: &mut [Value], made: &[usize]) -> Result<(), PatchError> {
        if attribute.sub_attribute("primary").is_none_or(|sub| sub.r#type != Type::Boolean) {
            return Ok(());
        }
        let [only] = made else {
            if made.is_empty() {
                return Ok(());
            }
            let problem = format!("would make {} values of {} primary; at most one can be", made.len(), attribute.name);
            return Err(self.context.invalid_value(problem));
        };
        for (at, element) in elements.iter_mut().enumerate() {
            if at != *only
                && is_primary(element)
                && let Some(object) = element.as_object_mut()
            {
                object.insert("primary", false);
            }
        }
        Ok(())
    }
}

fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// Complex elements each once; simple ones are compared by what they mean, elsewhere.
fn collapse(attribute: &Attribute, elements: &mut Vec<Value>) {
    if attribute.r#type == Type::Complex {
        distinct(elements);
    }
}

fn selected<'a>(elements: &'a [Value], selection: &'a Selection) -> impl Iterator<Item = usize> {
    elements.iter().enumerate().filter(|(_, element)| matches_element(&selection.resolved, element)).map(|(at, _)| at)
}

/// The element that is the one described: all that is said of it is so, or else its value and type are.
fn find(attribute: &Attribute, elements: &[Value], parts: &Parts) -> Option<usize> {
    let position = |is: &dyn Fn(&Object) -> bool| elements.iter().position(|there| there.as_object().is_some_and(is));
    position(&|there| holds(attribute, there, parts)).or_else(|| {
        parts.get("value")?;
        position(&|there| ["value", "type"].into_iter().all(|name| agrees(attribute, there, parts, name)))
    })
}

/// Whether everything the parts say is so in `there`.
fn holds(attribute: &Attribute, there: &Object, parts: &Parts) -> bool {
    parts.0.iter().all(|(sub, _)| agrees(attribute, there, parts, &sub.name))
}

/// Whether a sub-attribute is the same in both: equal, or unassigned in both.
fn agrees(attribute: &Attribute, there: &Object, parts: &Parts, name: &str) -> bool {
    match (there.get(name), parts.get(name)) {
        (Some(left), Some(right)) => match attribute.sub_attribute(name) {
            Some(sub) if !sub.multi_valued => same_scalar(sub, left, right),
            _ => same(left, right),
        },
        (None, None) => true,
        _ => false,
    }
}

/// Whether a listed element means `there`: by its value, and its type when given; without a value by all it says.
fn is_listed(attribute: &Attribute, there: &Object, parts: &Parts) -> bool {
    if parts.get("value").is_some() {
        return agrees(attribute, there, parts, "value")
            && (parts.get("type").is_none() || agrees(attribute, there, parts, "type"));
    }
    let mut said = parts.0.iter().filter(|(_, value)| value.is_some()).peekable();
    said.peek().is_some() && said.all(|(sub, _)| agrees(attribute, there, parts, &sub.name))
}

/// Collects the terms of a conjunction of `eq`; false when the filter is anything else.
fn equalities<'a>(filter: &'a Filter, terms: &mut Vec<(&'a str, &'a Literal)>) -> bool {
    match filter {
        Filter::Compare(path, Operator::Eq, literal) => {
            terms.push((&path.text, literal));
            true
        }
        Filter::And(parts) => parts.iter().all(|part| equalities(part, terms)),
        _ => false,
    }
}
