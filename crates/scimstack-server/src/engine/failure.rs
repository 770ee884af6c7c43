//! What a step of the engine answers when it cannot go on: a SCIM error, with what only the host may see apart
//! (RFC 7644 §3.12). One table from the store's errors to the wire.

use crate::admin::AdminError;
use scimstack_protocol::{ScimError, ScimType};
use scimstack_schema::value::JsonError;
use scimstack_schema::{Registry, Violations};
use scimstack_store::StoreError;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a request failed inside, for the host's own log; never sent. It is among the extensions of a 5xx response.
#[derive(Clone)]
pub struct Fault(pub(crate) Arc<dyn Error + Send + Sync>);

impl Fault {
    /// The error.
    #[must_use]
    pub fn error(&self) -> &(dyn Error + Send + Sync) {
        &*self.0
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A refusal.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ScimError,
    /// `Allow`, with 405.
    pub(crate) allow: Option<&'static str>,
    /// What is said beside 401, or 403 for a token that may not.
    pub(crate) challenge: Option<Challenge>,
    pub(crate) fault: Option<Fault>,
}

/// What a challenge says of the credentials that came (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// None came.
    Missing,
    /// They are not good.
    InvalidToken,
    /// They are good for something else.
    InsufficientScope,
}

pub(crate) type Outcome<T> = Result<T, Failure>;

impl From<ScimError> for Failure {
    fn from(error: ScimError) -> Self {
        Self { error, allow: None, challenge: None, fault: None }
    }
}

impl From<&Violations> for Failure {
    fn from(violations: &Violations) -> Self {
        ScimError::from(violations).into()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let scim = match &error {
            StoreError::TooExpensive { advice, .. } => ScimError::of(
                ScimType::TooMany,
                format!("The query would look at more resources one by one than is accepted; {advice}."),
            ),
            StoreError::UnknownTargets { values, .. } => ScimError::invalid_value(format!(
                "Nobody here is called {}. Provision these first and send the change again, or let the connection keep \
                 unknown members until they arrive.",
                quoted(values)
            )),
            StoreError::BadCursor => ScimError::of(ScimType::InvalidCursor, "The cursor is not one of this server's."),
            StoreError::NotFound { .. } => ScimError::not_found("The resource is not there any more."),
            StoreError::VersionMismatch { .. } => busy(),
            StoreError::Conflict { path, .. } => in_use(path),
            StoreError::InDoubt(_) | StoreError::Unavailable(_) => {
                ScimError::new(503, "The server cannot reach its database at the moment; send the request again later.")
                    .with_retry_after(5)
            }
            _ => internal(),
        };
        Self::from_fault(scim, error)
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Store(error) => error.into(),
            other => Self::from_fault(internal(), other),
        }
    }
}

impl From<JsonError> for Failure {
    /// For stored documents; what a client sends is read elsewhere.
    fn from(error: JsonError) -> Self {
        Self::from_fault(internal(), error)
    }
}

impl Failure {
    fn from_fault(error: ScimError, fault: impl Error + Send + Sync + 'static) -> Self {
        let fault = (error.status >= 500).then(|| Fault(Arc::new(fault)));
        Self { error, allow: None, challenge: None, fault }
    }

    /// 503: something that is needed is away.
    pub(crate) fn unavailable(error: Box<dyn Error + Send + Sync>) -> Self {
        let scim = ScimError::new(503, "The server cannot tell at the moment who asks; send the request again later.");
        Self { fault: Some(Fault(Arc::from(error))), ..scim.with_retry_after(5).into() }
    }

    /// 404 for a resource.
    pub(crate) fn no_resource(resource_type: &str, id: &str) -> Self {
        let id: String = id.chars().take(64).collect();
        ScimError::not_found(format!("There is no {resource_type} with the id \"{id}\".")).into()
    }

    /// 404 for a path that is no endpoint.
    pub(crate) fn no_endpoint(path: &str, registry: &Registry) -> Self {
        let path: String = path.chars().take(64).collect();
        let endpoints: Vec<&str> = registry.resource_types().iter().map(|t| t.endpoint.as_str()).collect();
        ScimError::not_found(format!(
            "There is no endpoint \"/{path}\" here; there are {}, /Schemas, /ResourceTypes and /ServiceProviderConfig.",
            endpoints.join(", ")
        ))
        .into()
    }

    /// 405.
    pub(crate) fn method(method: &http::Method, allow: &'static str) -> Self {
        let error = ScimError::new(405, format!("{method} is not possible here; what is possible: {allow}."));
        Self { allow: Some(allow), ..Self::from(error) }
    }

    /// 412.
    pub(crate) fn precondition(current: impl fmt::Display) -> Self {
        ScimError::new(
            412,
            format!(
                "The resource has changed: its version is {current}, not the one the request names. Read it again."
            ),
        )
        .into()
    }
}

/// 500 without internals.
pub(crate) fn internal() -> ScimError {
    ScimError::new(500, "The server could not do this because of an error of its own.")
}

/// Lost against other writers too often.
pub(crate) fn busy() -> ScimError {
    ScimError::new(409, "Others are changing the same resource at this moment; send the request again.")
}

/// A unique value is in use, by someone who could not be found any more.
pub(crate) fn in_use(path: &str) -> ScimError {
    ScimError::uniqueness(format!("The value of {path} is already in use; choose another one."))
}

fn quoted(values: &[String]) -> String {
    let shown: Vec<String> =
        values.iter().take(10).map(|value| format!("\"{}\"", value.chars().take(100).collect::<String>())).collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_store::Version;

    #[test]
    fn every_store_error_has_one_answer() {
        let cause = || -> Box<dyn Error + Send + Sync> { "disk".into() };
        for (error, status, scim_type) in [
            (StoreError::Exists { op: 0 }, 500, None),
            (StoreError::NotFound { op: 0 }, 404, None),
            (StoreError::VersionMismatch { op: 0, current: Version(2) }, 409, None),
            (StoreError::Conflict { op: 0, path: "userName".into(), holder: None }, 409, Some(ScimType::Uniqueness)),
            (StoreError::UnknownTargets { op: 0, values: vec!["x".into()] }, 400, Some(ScimType::InvalidValue)),
            (StoreError::TooExpensive { budget: 1, advice: "ask for less".into() }, 400, Some(ScimType::TooMany)),
            (StoreError::BadCursor, 400, Some(ScimType::InvalidCursor)),
            (StoreError::InDoubt(cause()), 503, None),
            (StoreError::Unavailable(cause()), 503, None),
            (StoreError::Internal(cause()), 500, None),
        ] {
            let text = error.to_string();
            let failure = Failure::from(error);
            assert_eq!((failure.error.status, failure.error.scim_type), (status, scim_type), "{text}");
            assert_eq!(failure.fault.is_some(), status >= 500, "{text}");
            assert_eq!(failure.error.retry_after, (status == 503).then_some(5), "{text}");
            assert!(!failure.error.detail.contains("disk"), "{text}");
        }
    }
}
