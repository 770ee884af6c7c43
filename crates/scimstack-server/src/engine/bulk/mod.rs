//! Bulk requests (RFC 7644 §3.7): many operations in one message. Each is done as the same request alone would be, from
//! [`Target`] on: the same switches, lifecycle, dialect, log entry and atomic commit; one that fails takes no other with
//! it but those that refer to what it was to make.
//!
//! [`references`] knows where a `bulkId` can stand, [`plan`] in which order operations are done, [`run`] does them.

mod plan;
mod references;
mod run;

use super::Limits;
use super::call::Call;
use super::document::Content;
use super::failure::{Failure, Outcome};
use super::respond::Reply;
use super::target::{Target, allowed};
use bytes::Bytes;
use http::Method;
use percent_encoding::percent_decode_str;
use plan::{About, Wish};
use scimstack_protocol::ScimError;
use scimstack_protocol::bulk::{BULK_REQUEST, BulkOperation, BulkRequest, BulkResult, write_response};
use scimstack_schema::{Object, ResourceType, Value};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// 413 for a body that is too long.
pub(crate) fn too_large(limits: &Limits) -> ScimError {
    let detail = format!(
        "The bulk request is longer than maxPayloadSize ({} bytes); send its operations in several requests.",
        limits.bulk_body
    );
    ScimError::new(413, detail)
}

/// Does the operations of a bulk request.
pub(crate) async fn bulk(call: &Call<'_>, body: Content) -> Outcome<Reply> {
    let request = BulkRequest::from_value(body.parse()?)?;
    if !request.has_schemas && !call.profile.patch.missing_schemas {
        let detail = format!("The bulk request has no schemas; it has the schemas [\"{BULK_REQUEST}\"].");
        return Err(ScimError::invalid_syntax(detail).into());
    }
    let (count, most) = (request.operations.len(), call.limits().bulk_operations);
    if count > usize::try_from(most).unwrap_or(usize::MAX) {
        let detail = format!(
            "The bulk request has {count} operations, more than maxOperations ({most}); send them in several requests."
        );
        return Err(ScimError::new(413, detail).into());
    }
    let made = made(&request.operations);
    let (steps, wishes): (Vec<Step>, Vec<Wish>) =
        request.operations.into_iter().enumerate().map(|(at, operation)| Step::of(call, &made, at, operation)).unzip();
    let plan = plan::plan(&wishes);
    drop(wishes);
    let mut fault = None;
    let done = run::run(call, steps, &made, &plan, request.fail_on_errors).await;
    let results: Vec<BulkResult> = done
        .into_iter()
        .flatten()
        .map(|done| {
            fault = fault.take().or(done.fault);
            done.result
        })
        .collect();
    Ok(Reply { fault, ..Reply::ok(Bytes::from(write_response(&results))) })
}

/// The POST that each bulkId is for; the first, when there are several.
fn made(operations: &[BulkOperation]) -> HashMap<String, usize> {
    let mut made = HashMap::new();
    for (at, operation) in operations.iter().enumerate() {
        if let (Some(id), "POST") = (&operation.bulk_id, operation.method.as_str())
            && let Entry::Vacant(entry) = made.entry(id.clone())
        {
            entry.insert(at);
        }
    }
    made
}

/// An operation that is looked through and not yet done.
struct Step {
    method: Method,
    /// As in the request, for the answer.
    sent_method: String,
    bulk_id: Option<String>,
    version: Option<String>,
    /// The path below the base URL, decoded.
    segments: Vec<String>,
    resource_type: Option<Arc<ResourceType>>,
    data: Option<Value>,
    /// The POST whose resource the path names.
    about: Option<usize>,
    /// The POSTs whose resources the data refers to.
    refers: Vec<usize>,
    /// Why it cannot be done, whatever becomes of the others.
    refused: Option<ScimError>,
}

impl Step {
    fn of(call: &Call<'_>, made: &HashMap<String, usize>, at: usize, operation: BulkOperation) -> (Self, Wish) {
        let mut step = Self {
            method: Method::from_bytes(operation.method.as_bytes()).unwrap_or_default(),
            sent_method: operation.method,
            bulk_id: operation.bulk_id,
            version: operation.version,
            segments: segments(&operation.path, &call.base),
            resource_type: None,
            data: operation.data,
            about: None,
            refers: Vec::new(),
            refused: operation.fault,
        };
        let mut wish = Wish { creates: step.method == Method::POST, ..Wish::default() };
        if step.refused.is_none() {
            step.refused = step.look_through(call, made, at, &mut wish).err().map(|failure| failure.error);
        }
        match step.refused {
            Some(_) => wish = Wish { creates: wish.creates, ..Wish::default() },
            None => step.refers.clone_from(&wish.refers),
        }
        (step, wish)
    }

    fn look_through(
        &mut self,
        call: &Call<'_>,
        made: &HashMap<String, usize>,
        at: usize,
        wish: &mut Wish,
    ) -> Outcome<()> {
        let segments: Vec<&str> = self.segments.iter().map(String::as_str).collect();
        let path = || segments.join("/");
        let target = Target::of(&segments, call).ok_or_else(|| Failure::no_endpoint(&path(), call.registry()))?;
        let resource_type = match &target {
            Target::Collection(t) | Target::Resource(t, _) | Target::Me(t, _) => (*t).clone(),
            Target::Missing(what) => return Err(ScimError::new(501, format!("This server has no {what}.")).into()),
            _ => {
                let detail =
                    format!("\"/{}\" holds no resources; an operation of a bulk request is about one.", path());
                return Err(ScimError::invalid_value(detail).into());
            }
        };
        allowed(&self.method, target.allow())?;
        if let Target::Resource(_, id) = &target {
            self.about = match references::bulk_id(id) {
                Some(("", id)) => Some(known(made, id)?),
                _ => None,
            };
        }
        if !wish.creates {
            wish.about = Some(self.about.map_or_else(|| About::There(path()), About::Made));
        } else if let Some(id) = &self.bulk_id
            && made.get(id) != Some(&at)
        {
            let detail = format!("Another operation of the request has the bulkId \"{}\" too.", shown(id));
            return Err(ScimError::invalid_value(detail).into());
        }
        self.resource_type = Some(resource_type.clone());
        self.read_data(&resource_type, made, wish)
    }

    fn read_data(
        &mut self,
        resource_type: &ResourceType,
        made: &HashMap<String, usize>,
        wish: &mut Wish,
    ) -> Outcome<()> {
        if self.method == Method::DELETE {
            self.data = None;
        }
        let Some(data) = &mut self.data else { return Ok(()) };
        if self.method == Method::PATCH && data.as_array().is_some() {
            let operations = std::mem::replace(data, Value::Null);
            let mut message = Object::new();
            message.insert("schemas", vec![PATCH_OP]);
            message.insert("Operations", operations);
            *data = message.into();
        }
        let mut unknown = None;
        let mut visit = |text: &str| {
            match references::bulk_id(text) {
                None => wish.asks.push(references::fold(text)),
                Some((_, id)) => match known(made, id) {
                    Ok(other) => wish.refers.push(other),
                    Err(error) => unknown = unknown.take().or(Some(error)),
                },
            }
            None
        };
        each_reference(&self.method, resource_type, data, &mut visit);
        wish.refers.sort_unstable();
        wish.refers.dedup();
        if wish.creates {
            wish.names = references::names(resource_type, data);
        }
        unknown.map_or(Ok(()), |error| Err(error.into()))
    }
}

fn each_reference(method: &Method, resource_type: &ResourceType, data: &mut Value, visit: references::Visit<'_>) {
    match *method {
        Method::PATCH => references::in_patch(resource_type, data, visit),
        _ => references::in_document(resource_type, data, visit),
    }
}

fn known(made: &HashMap<String, usize>, id: &str) -> Result<usize, ScimError> {
    made.get(id).copied().ok_or_else(|| {
        ScimError::invalid_value(format!(
            "The operation refers to bulkId:{}, which no POST of this request has as its bulkId.",
            shown(id)
        ))
    })
}

fn shown(id: &str) -> String {
    id.chars().take(64).collect()
}

/// A path relative to the base URL, or the whole address below it, decoded; a query does not count.
fn segments(path: &str, base: &str) -> Vec<String> {
    let path = path.strip_prefix(base).unwrap_or(path);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    let mut segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect();
    // The version belongs to the base URL; some clients repeat it.
    if segments.first().is_some_and(|first| first == "v2") {
        segments.remove(0);
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_below_the_base_url() {
        for (path, expected) in [
            ("/Users", vec!["Users"]),
            ("Users/1", vec!["Users", "1"]),
            ("/v2/Users/1/", vec!["Users", "1"]),
            ("https://x.test/v2/Users/a%40b?attributes=id", vec!["Users", "a@b"]),
            ("/Users/bulkId:a", vec!["Users", "bulkId:a"]),
            ("/", vec![]),
        ] {
            assert_eq!(segments(path, "https://x.test/v2"), expected, "{path}");
        }
    }
}
