//! Sign-ins, as the application reports them: the lifecycle learns that a person has been here, or refuses it.

use super::{Engine, judge};
use crate::admin::AdminError;
use bytes::Bytes;
use scimstack_protocol::{Before, Change, Decision, Facts, ScimError};
use scimstack_schema::{Object, Resource, Value};
use scimstack_store::{Actor, ChangeSet, Expect, Key, Op, ResourceId, Scope, StoreError};

/// The topic of sign-ins: who came, when, and whether they were let in.
pub const SIGN_IN_TOPIC: &str = "sign-in";

/// The type of people.
const USER: &str = "User";

/// Why a person cannot sign in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// There is no such tenant, or it has no users.
    #[error("there is no tenant {0}")]
    NoTenant(String),
    /// Nobody of this name was provisioned.
    #[error("nobody is called {0}")]
    NoPerson(String),
    /// The lifecycle refuses: the person is deactivated.
    #[error("{}", .0.detail)]
    Refused(ScimError),
    /// The server could not do it now.
    #[error("the sign-in could not be recorded")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<AdminError> for SignInError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotFound(what) => Self::NoTenant(what),
            other => Self::Failed(Box::new(other)),
        }
    }
}

impl Engine {
    /// Reports that a person signed in, by user name (any case); the person's id comes back.
    ///
    /// # Errors
    /// [`SignInError::Refused`] when the person may not sign in, and the others as they say.
    pub async fn sign_in(&self, tenant: &str, user_name: &str) -> Result<ResourceId, SignInError> {
        let tenant = self.admin.tenant(tenant).await?;
        let registry = self.admin.registry(tenant.id).await?;
        let resource_type = registry.resource_type(USER).ok_or_else(|| SignInError::NoTenant(tenant.name.clone()))?;
        for _ in 0..self.limits.attempts {
            let stored = self.admin.person(tenant.id, user_name).await?;
            let stored = stored.ok_or_else(|| SignInError::NoPerson(user_name.to_owned()))?;
            let resource = Resource::from_stored(resource_type.clone(), &stored.doc)
                .map_err(|error| SignInError::Failed(Box::new(error)))?;
            let now = self.admin.environment().now();
            let policy = self.policy_of(tenant.id, &stored.private).await?;
            let mut facts = Facts::new(resource_type, &policy, &tenant.policy, now);
            facts.before = Some(Before { id: stored.key.id.as_str(), resource: &resource, private: &stored.private });
            let (ops, refusal) = match self.decide.decide(&Change::SignIn, &facts) {
                Decision::Accept(accept) => {
                    let mut ops = judge::events(&accept.effects, &stored.key, judge::name(&resource), now);
                    if accept.private != stored.private {
                        let record = judge::record(
                            &resource,
                            &accept,
                            &policy.manager_by,
                            stored.core.created,
                            stored.core.modified,
                        );
                        let expect = Expect::Version(stored.version);
                        ops.push(Op::Replace { key: stored.key.clone(), expect, record });
                    }
                    (ops, None)
                }
                Decision::Refuse(error) => (Vec::new(), Some(error)),
                Decision::Hold(hold) => {
                    (Vec::new(), Some(ScimError::new(429, hold.reason).with_retry_after(hold.retry_after)))
                }
                _ => (Vec::new(), Some(super::failure::internal())),
            };
            let id = self.admin.environment().new_id();
            let mut changes = ChangeSet::new(now, Actor("application".to_owned()), id.as_str());
            changes.ops = ops;
            changes.ops.push(event(&id, &stored.key, user_name, now, refusal.as_ref()));
            match self.admin.store().commit(Scope::Tenant(tenant.id), changes).await {
                Err(StoreError::VersionMismatch { .. } | StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return refusal.map_or(Ok(stored.key.id), |error| Err(SignInError::Refused(error))),
            }
        }
        Err(SignInError::Failed(Box::new(super::failure::busy())))
    }
}

fn event(id: &str, key: &Key, user_name: &str, now: scimstack_schema::Timestamp, refusal: Option<&ScimError>) -> Op {
    let mut payload = Object::new();
    payload.insert("at", now.to_string());
    payload.insert("userName", user_name);
    payload.insert("resourceId", key.id.as_str());
    payload.insert("accepted", refusal.is_none());
    if let Some(error) = refusal {
        payload.insert("detail", error.detail.as_str());
    }
    Op::Emit {
        topic: SIGN_IN_TOPIC.to_owned(),
        id: id.to_owned(),
        key: Some(key.clone()),
        payload: Bytes::from(Value::Object(payload).to_bytes()),
    }
}
