//! Bulk messages (RFC 7644 §3.7): the request, read so that what is wrong with one operation stays that operation's
//! error, and the answer. What operations mean, and how `bulkId` references are resolved, is the engine's work.
//!
//! ```
//! use scimstack_protocol::bulk::BulkRequest;
//! use scimstack_schema::Value;
//!
//! let text = br#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":1,
//!     "Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"ann"}}]}"#;
//! let request = BulkRequest::from_value(Value::parse(text).unwrap()).unwrap();
//! assert_eq!(request.fail_on_errors, Some(1));
//! assert_eq!(request.operations[0].bulk_id.as_deref(), Some("a"));
//! ```

use crate::error::ScimError;
use crate::etag::ETag;
use scimstack_schema::value::write_string;
use scimstack_schema::{Object, Value};

/// The schema of bulk requests.
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The schema of bulk answers.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// A bulk request.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BulkRequest {
    /// Whether the message says what it is.
    pub has_schemas: bool,
    /// `failOnErrors`: after so many errors nothing more is done; at least 1.
    pub fail_on_errors: Option<u32>,
    /// `Operations`, in the order of the request.
    pub operations: Vec<BulkOperation>,
}

/// One operation, as sent.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BulkOperation {
    /// `method`, in capitals; empty when it is missing.
    pub method: String,
    /// `bulkId`.
    pub bulk_id: Option<String>,
    /// `version`: the operation is for this version alone.
    pub version: Option<String>,
    /// `path`, below the base URL; empty when it is missing.
    pub path: String,
    /// `data`.
    pub data: Option<Value>,
    /// Why it cannot be done whatever the server has: a member is missing or of the wrong type.
    pub fault: Option<ScimError>,
}

/// What became of one operation.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkResult {
    /// `method`, as in the request.
    pub method: String,
    /// `bulkId`, as in the request.
    pub bulk_id: Option<String>,
    /// `location`: of every operation but a POST that failed.
    pub location: Option<String>,
    /// `version` of the resource afterwards.
    pub version: Option<ETag>,
    /// `status`: that of the operation sent alone; or the error.
    pub outcome: Result<u16, ScimError>,
}

impl BulkRequest {
    /// From the body of a request. `null` is as if absent, unknown members are ignored, names are without case.
    ///
    /// # Errors
    /// 400 `invalidSyntax` for what is no bulk request, 400 `invalidValue` for a `failOnErrors` that is no number of
    /// errors.
    pub fn from_value(body: Value) -> Result<Self, ScimError> {
        let Value::Object(mut body) = body else {
            return Err(ScimError::invalid_syntax(format!(
                "A bulk request is a JSON object with the schema {BULK_REQUEST}, but the body is {}.",
                body.kind()
            )));
        };
        let schemas = body.get("schemas").filter(|schemas| !schemas.is_unassigned());
        if let Some(schemas) = schemas {
            let is_bulk = |schema: &Value| schema.as_str().is_some_and(|s| s.eq_ignore_ascii_case(BULK_REQUEST));
            if !schemas.as_array().is_some_and(|schemas| schemas.iter().any(is_bulk)) {
                return Err(ScimError::invalid_syntax(format!(
                    "The schemas of a bulk request must contain {BULK_REQUEST}."
                )));
            }
        }
        let has_schemas = schemas.is_some();
        let fail_on_errors = fail_on_errors(body.get("failOnErrors"))?;
        let operations = match body.remove("Operations") {
            Some(Value::Array(operations)) => operations,
            None | Some(Value::Null) => {
                return Err(ScimError::invalid_syntax("The bulk request has no Operations; they are a list."));
            }
            Some(other) => {
                let detail = format!("The Operations of a bulk request are a list, not {}.", other.kind());
                return Err(ScimError::invalid_syntax(detail));
            }
        };
        let operations: Result<_, _> = operations.into_iter().enumerate().map(BulkOperation::read).collect();
        Ok(Self { has_schemas, fail_on_errors, operations: operations? })
    }
}

fn fail_on_errors(value: Option<&Value>) -> Result<Option<u32>, ScimError> {
    let wrong = |value: &Value| {
        ScimError::invalid_value(format!(
            "failOnErrors is {value}; it is a whole number of errors, 1 or more, or is left out to do every operation."
        ))
    };
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value @ Value::Number(n)) => match n.as_i64() {
            Some(n @ 1..) => Ok(Some(u32::try_from(n).unwrap_or(u32::MAX))),
            _ => Err(wrong(value)),
        },
        Some(value) => Err(wrong(value)),
    }
}

impl BulkOperation {
    fn read((at, value): (usize, Value)) -> Result<Self, ScimError> {
        let number = at + 1;
        let Value::Object(mut members) = value else {
            return Err(ScimError::invalid_syntax(format!(
                "Operation {number} of the bulk request is {}; it must be an object with method and path.",
                value.kind()
            )));
        };
        let mut operation = Self::default();
        let mut text = |name: &str, members: &mut Object| match members.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.as_str().to_owned()),
            Some(other) => {
                operation.fault.get_or_insert_with(|| {
                    ScimError::invalid_syntax(format!(
                        "{name} of operation {number} must be a string, not {}.",
                        other.kind()
                    ))
                });
                None
            }
        };
        let method = text("method", &mut members);
        let bulk_id = text("bulkId", &mut members).filter(|id| !id.is_empty());
        let version = text("version", &mut members);
        let path = text("path", &mut members);
        operation.method = method.unwrap_or_default().trim().to_ascii_uppercase();
        operation.bulk_id = bulk_id;
        operation.version = version.filter(|version| !version.trim().is_empty());
        operation.path = path.unwrap_or_default().trim().to_owned();
        operation.data = members.remove("data").filter(|data| *data != Value::Null);
        operation.fault = operation.fault.take().or_else(|| operation.missing(number));
        Ok(operation)
    }

    fn missing(&self, number: usize) -> Option<ScimError> {
        let detail = match self.method.as_str() {
            "" => format!("Operation {number} has no method; it is POST, PUT, PATCH or DELETE."),
            "POST" | "PUT" | "PATCH" | "DELETE" if self.path.is_empty() => format!(
                "Operation {number} has no path; it is the endpoint for a POST (/Users), and the resource otherwise \
                 (/Users/{{id}})."
            ),
            "POST" if self.bulk_id.is_none() => format!(
                "Operation {number} is a POST without a bulkId; give it one that no other operation of the request has."
            ),
            "POST" | "PUT" | "PATCH" if self.data.is_none() => {
                format!("Operation {number} has no data; it is what the body of a {} would be.", self.method)
            }
            "POST" | "PUT" | "PATCH" | "DELETE" => return None,
            other => {
                let other: String = other.chars().take(32).collect();
                format!(
                    "Operation {number} has the method {other}; in a bulk request it is POST, PUT, PATCH or DELETE."
                )
            }
        };
        Some(ScimError::invalid_syntax(detail))
    }
}

/// Writes a bulk answer (RFC 7644 §3.7.3). Of an operation that succeeded the resource is not sent back.
///
/// ```
/// use scimstack_protocol::bulk::{BulkResult, write_response};
/// use scimstack_protocol::ETag;
///
/// let result = BulkResult {
///     method: "POST".into(),
///     bulk_id: Some("a".into()),
///     location: Some("https://idp.test/v2/Users/1".into()),
///     version: Some(ETag(1)),
///     outcome: Ok(201),
/// };
/// assert_eq!(
///     String::from_utf8(write_response(&[result])).unwrap(),
///     r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],"Operations":[{"location":"https://idp.test/v2/Users/1","method":"POST","bulkId":"a","version":"W/\"1\"","status":"201"}]}"#,
/// );
/// ```
#[must_use]
pub fn write_response(results: &[BulkResult]) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + results.len() * 192);
    out.extend_from_slice(br#"{"schemas":[""#);
    out.extend_from_slice(BULK_RESPONSE.as_bytes());
    out.extend_from_slice(br#""],"Operations":["#);
    for (i, result) in results.iter().enumerate() {
        out.extend_from_slice(if i > 0 { b",{" } else { b"{" });
        let mut member = |name: &str, text: &str| {
            write_string(name, &mut out);
            out.push(b':');
            write_string(text, &mut out);
            out.push(b',');
        };
        if let Some(location) = &result.location {
            member("location", location);
        }
        member("method", &result.method);
        if let Some(bulk_id) = &result.bulk_id {
            member("bulkId", bulk_id);
        }
        if let Some(version) = &result.version {
            member("version", &version.to_string());
        }
        let status = result.outcome.as_ref().map_or_else(|error| error.status, |status| *status);
        write_string("status", &mut out);
        out.push(b':');
        write_string(&status.to_string(), &mut out);
        if let Err(error) = &result.outcome {
            out.extend_from_slice(br#","response":"#);
            out.extend_from_slice(&error.to_json());
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(members: &str) -> Result<BulkRequest, ScimError> {
        BulkRequest::from_value(Value::parse(members.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_no_bulk_request_is_refused_whole() {
        for (text, keyword) in [
            ("[]", "invalidSyntax"),
            ("{}", "invalidSyntax"),
            (r#"{"Operations":null}"#, "invalidSyntax"),
            (r#"{"Operations":{}}"#, "invalidSyntax"),
            (r#"{"Operations":[1]}"#, "invalidSyntax"),
            (r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[]}"#, "invalidSyntax"),
            (r#"{"failOnErrors":0,"Operations":[]}"#, "invalidValue"),
            (r#"{"failOnErrors":-1,"Operations":[]}"#, "invalidValue"),
            (r#"{"failOnErrors":1.5,"Operations":[]}"#, "invalidValue"),
            (r#"{"failOnErrors":"1","Operations":[]}"#, "invalidValue"),
        ] {
            let error = request(text).unwrap_err();
            assert_eq!((error.status, error.scim_type.unwrap().as_str()), (400, keyword), "{text}");
        }
    }

    #[test]
    fn null_is_as_if_absent_and_names_are_without_case() {
        let text = r#"{"SCHEMAS":["URN:ietf:params:scim:api:messages:2.0:bulkrequest"],"failOnErrors":null,
            "operations":[{"Method":"delete","PATH":" /Users/1 ","version":null,"bulkid":null,"data":null}]}"#;
        let found = request(text).unwrap();
        assert!(found.has_schemas && found.fail_on_errors.is_none());
        let operation = &found.operations[0];
        assert_eq!((operation.method.as_str(), operation.path.as_str()), ("DELETE", "/Users/1"));
        assert_eq!(operation.fault, None);
    }

    #[test]
    fn what_an_operation_lacks_is_its_own_error() {
        for (operation, says) in [
            ("{}", "method"),
            (r#"{"method":"GET","path":"/Users"}"#, "GET"),
            (r#"{"method":"POST","bulkId":"a","data":{}}"#, "path"),
            (r#"{"method":"POST","path":"/Users","data":{}}"#, "bulkId"),
            (r#"{"method":"POST","path":"/Users","bulkId":"","data":{}}"#, "bulkId"),
            (r#"{"method":"POST","path":"/Users","bulkId":7,"data":{}}"#, "bulkId"),
            (r#"{"method":"POST","path":"/Users","bulkId":"a"}"#, "data"),
            (r#"{"method":"PATCH","path":"/Users/1","data":null}"#, "data"),
            (r#"{"method":"PUT","path":["/Users"],"data":{}}"#, "path"),
        ] {
            let found = request(&format!(r#"{{"Operations":[{operation}]}}"#)).unwrap();
            let fault = found.operations[0].fault.clone().unwrap_or_else(|| panic!("{operation}"));
            assert_eq!(fault.status, 400, "{operation}");
            assert!(fault.detail.contains(says), "{}", fault.detail);
        }
    }
}
