//! The PatchOp message: from JSON to operations and back (RFC 7644 §3.5.2). Paths and values are looked at later.

use super::context::leniency;
use super::{Op, OpKind, Patch, PatchError, PatchErrorKind, PatchOptions};
use crate::error::shown;
use scimstack_schema::{Object, Value};

/// The message's schema URI.
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The operations, and the names of the leniencies that were used.
pub(super) fn read(body: Value, options: &PatchOptions) -> Result<(Patch, Vec<&'static str>), PatchError> {
    let Value::Object(mut body) = body else {
        return Err(syntax(
            None,
            format!("a PATCH body is an object with \"schemas\" and \"Operations\", not {}", body.kind()),
        ));
    };
    let schemas = body.get("schemas").and_then(Value::as_array).unwrap_or_default();
    let is_patch = schemas.iter().any(|uri| uri.as_str().is_some_and(|uri| uri.eq_ignore_ascii_case(PATCH_OP)));
    if !is_patch && !options.missing_schemas {
        return Err(syntax(None, format!("the \"schemas\" of a PATCH body must hold \"{PATCH_OP}\"")));
    }
    let operations = match body.remove("Operations") {
        Some(Value::Array(operations)) if !operations.is_empty() => operations,
        Some(other) if !other.is_unassigned() => {
            return Err(syntax(None, format!("\"Operations\" must be a list of operations, not {}", other.kind())));
        }
        _ => {
            return Err(syntax(None, "the PATCH body has no \"Operations\"; at least one is needed".to_owned()));
        }
    };
    let most = options.limits.operations;
    if operations.len() > most {
        return Err(PatchError {
            kind: PatchErrorKind::TooMany,
            operation: None,
            detail: format!(
                "the PATCH has {} operations, at most {most} are accepted in one request",
                operations.len()
            ),
        });
    }
    let mut used = if is_patch { Vec::new() } else { vec![leniency::MISSING_SCHEMAS] };
    let mut other_case = false;
    let mut read = Vec::with_capacity(operations.len());
    for (index, value) in operations.into_iter().enumerate() {
        let (operation, is_exact) = operation(index, value)?;
        if !is_exact && !options.op_case {
            let (number, right) = (index + 1, operation.kind);
            return Err(syntax(Some(index), format!("the op of operation {number} must be {right}, in lower case")));
        }
        other_case |= !is_exact;
        read.push(operation);
    }
    if other_case {
        used.push(leniency::OP_CASE);
    }
    Ok((Patch { operations: read }, used))
}

/// An operation, and whether its `op` is spelt exactly.
fn operation(index: usize, value: Value) -> Result<(Op, bool), PatchError> {
    let number = index + 1;
    let wrong = |detail: String| Err(syntax(Some(index), detail));
    let Value::Object(mut members) = value else {
        return wrong(format!("operation {number} must be an object with \"op\", not {}", value.kind()));
    };
    let (kind, is_exact) = match members.get("op") {
        Some(Value::String(op)) => {
            let known = [OpKind::Add, OpKind::Remove, OpKind::Replace];
            match known.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(op)) {
                Some(kind) => (kind, kind.as_str() == op.as_str()),
                None => {
                    return wrong(format!(
                        "operation {number} has the op \"{}\"; it must be add, remove or replace",
                        shown(op)
                    ));
                }
            }
        }
        _ => {
            return wrong(format!("operation {number} has no \"op\"; it must be add, remove or replace"));
        }
    };
    let path = match members.remove("path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) => Some(path.into()),
        Some(other) => {
            return wrong(format!("the \"path\" of operation {number} must be a string, not {}", other.kind()));
        }
    };
    Ok((Op { kind, path, value: members.remove("value") }, is_exact))
}

fn syntax(operation: Option<usize>, detail: String) -> PatchError {
    PatchError { kind: PatchErrorKind::InvalidSyntax, operation, detail }
}

pub(super) fn write(patch: &Patch) -> Value {
    let operations = patch.operations.iter().map(|op| {
        let mut members = Object::new();
        members.insert("op", op.kind.as_str());
        if let Some(path) = &op.path {
            members.insert("path", path.as_str());
        }
        if let Some(value) = &op.value {
            members.insert("value", value.clone());
        }
        Value::Object(members)
    });
    let operations = Value::Array(operations.collect());
    Object::from_iter([("schemas", Value::from(vec![PATCH_OP])), ("Operations", operations)]).into()
}
