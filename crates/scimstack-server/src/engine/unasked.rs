//! What the lifecycle is asked without a request of an identity provider: what has become due, and the welcome of those
//! who are here already. People are looked at a page at a time; each is committed by itself, so that a run that stops
//! half-way goes on where it was when it is begun again, and nobody is welcomed twice.

use super::{Engine, judge, reminders};
use crate::admin::{AdminError, Tenant};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use scimstack_protocol::{Before, Change, ConnectionPolicy, Decision, Facts, ScimError};
use scimstack_schema::value::JsonError;
use scimstack_schema::{Resource, ResourceType};
use scimstack_store::{
    ChangeSet, CountMode, Expect, Kind, Op, Paging, Query, Scope, StoreError, Stored, Target, TenantId, Want,
};
use std::collections::HashSet;
use std::sync::Arc;

/// People on a page.
const PAGE: u32 = 500;
/// People asked about at the same time: stores write together what comes together.
const AT_ONCE: usize = 16;
/// The type of people.
const USER: &str = "User";

/// Why the lifecycle could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnaskedError {
    /// The lifecycle refuses.
    #[error("{}", .0.detail)]
    Refused(ScimError),
    /// There is no such tenant, or it has no people; the store.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// What is stored cannot be read.
    #[error("what is stored of a person cannot be read")]
    Unreadable(#[from] JsonError),
}

impl From<StoreError> for UnaskedError {
    fn from(error: StoreError) -> Self {
        Self::Admin(error.into())
    }
}

/// Who was welcomed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Welcomed {
    /// So many people were looked at.
    pub seen: u64,
    /// To so many a first message goes out.
    pub now: u64,
    /// So many wait for it until they start.
    pub later: u64,
}

/// What became of one question.
#[derive(Clone, Copy, Default)]
struct Answer {
    effects: bool,
    reminds: bool,
}

impl Engine {
    /// Welcomes everyone who is here and never was, once: for the day on which Security Settings are opened. The
    /// lifecycle says who that is. Running it again does no harm.
    ///
    /// # Errors
    /// [`UnaskedError::Refused`] while Security Settings keep messages from those who never signed in; a store that
    /// cannot be reached, when some were welcomed already and the rest are with the next run.
    pub async fn welcome(&self, tenant: &str) -> Result<Welcomed, UnaskedError> {
        let tenant = self.admin.tenant(tenant).await?;
        let user = self.people_of(&tenant).await?;
        let target = Target { kind: Kind::from(USER), resource_type: user.clone(), filter: None };
        let mut query = Query::new(target, PAGE);
        query.count = CountMode::None;
        query.budget = u64::MAX;
        let (mut welcomed, mut after): (Welcomed, Option<Bytes>) = (Welcomed::default(), None);
        loop {
            query.page = Paging::Cursor { after, count: PAGE };
            let page = self.admin.store().query(Scope::Tenant(tenant.id), &query).await?;
            let asked = page.items.into_iter().map(|stored| self.ask(&tenant, &user, stored, &Change::Welcome, None));
            let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
            while let Some(answer) = answers.try_next().await? {
                welcomed.seen += 1;
                welcomed.now += u64::from(answer.effects);
                welcomed.later += u64::from(answer.reminds);
            }
            after = page.next;
            if after.is_none() {
                return Ok(welcomed);
            }
        }
    }

    /// Does what has become due in a tenant ([`scimstack_protocol::Accept::remind`]): to be called now and then, once a
    /// minute or once an hour; only what is due is read. How many resources something became of comes back. Several servers
    /// may do so at once.
    ///
    /// # Errors
    /// A store that cannot be reached; what was not done is due the next time.
    pub async fn do_what_is_due(&self, tenant: &str) -> Result<u64, UnaskedError> {
        let tenant = self.admin.tenant(tenant).await?;
        let registry = self.admin.registry(tenant.id).await?;
        let Some(any) = registry.resource_types().first().cloned() else { return Ok(0) };
        let (scope, now) = (Scope::Tenant(tenant.id), self.admin.environment().now());
        let (mut done, mut after) = (0, None);
        // One that is set anew meanwhile may come again; it is for the next time.
        let mut asked = HashSet::new();
        loop {
            let (page, next) = reminders::due(&**self.admin.store(), scope, &any, now, after, PAGE).await?;
            for reminder in page {
                if !asked.insert(reminder.of.id.clone()) {
                    continue;
                }
                let of = match registry.resource_type(reminder.of.kind.as_str()) {
                    Some(of) => self.admin.store().read(scope, &reminder.of, Want::ALL).await?.map(|it| (of, it)),
                    None => None,
                };
                match of {
                    Some((of, stored)) => {
                        let answer = self.ask(&tenant, of, stored, &Change::Due, Some(&reminder)).await?;
                        done += u64::from(answer.effects);
                    }
                    None => self.forget(scope, &reminder).await?,
                }
            }
            after = next;
            if after.is_none() {
                return Ok(done);
            }
        }
    }

    pub(crate) async fn people_of(&self, tenant: &Tenant) -> Result<Arc<ResourceType>, UnaskedError> {
        let registry = self.admin.registry(tenant.id).await?;
        let user = registry.resource_type(USER).cloned();
        user.ok_or_else(|| AdminError::NotFound(format!("resource type {USER}")).into())
    }

    /// Asks about one resource and commits the answer, again when others write to it meanwhile.
    async fn ask(
        &self,
        tenant: &Tenant,
        resource_type: &Arc<ResourceType>,
        stored: Stored,
        change: &Change<'_>,
        reminder: Option<&reminders::Reminder>,
    ) -> Result<Answer, UnaskedError> {
        let (scope, mut found) = (Scope::Tenant(tenant.id), Some(stored));
        for _ in 0..self.limits.attempts {
            // Gone meanwhile.
            let Some(stored) = found else { return Ok(Answer::default()) };
            let (mut ops, answer) = self.answered(tenant, resource_type, &stored, change).await?;
            // A new reminder takes the place of the old one.
            ops.extend(reminder.filter(|_| !answer.reminds).map(reminders::Reminder::done));
            if ops.is_empty() {
                return Ok(answer);
            }
            match self.commit_unasked(scope, ops).await {
                Ok(()) => return Ok(answer),
                Err(error) if is_race(&error) => found = self.admin.store().read(scope, &stored.key, Want::ALL).await?,
                Err(error) => return Err(error.into()),
            }
        }
        // Others are at it; the reminder is still there.
        Ok(Answer::default())
    }

    async fn answered(
        &self,
        tenant: &Tenant,
        resource_type: &Arc<ResourceType>,
        stored: &Stored,
        change: &Change<'_>,
    ) -> Result<(Vec<Op>, Answer), UnaskedError> {
        let resource = Resource::from_stored(resource_type.clone(), &stored.doc)?;
        let policy = self.policy_of(tenant.id, &stored.private).await?;
        let now = self.admin.environment().now();
        let mut facts = Facts::new(resource_type, &policy, &tenant.policy, now);
        facts.before = Some(Before { id: stored.key.id.as_str(), resource: &resource, private: &stored.private });
        let accept = match self.decide.decide(change, &facts) {
            Decision::Accept(accept) => accept,
            Decision::Refuse(error) => return Err(UnaskedError::Refused(error)),
            _ => return Ok((Vec::new(), Answer::default())),
        };
        let answer = Answer { effects: !accept.effects.is_empty(), reminds: accept.remind.is_some() };
        let mut ops = Vec::new();
        if accept.private != stored.private {
            let record =
                judge::record(&resource, &accept, &policy.manager_by, stored.core.created, stored.core.modified);
            let (key, expect) = (stored.key.clone(), Expect::Version(stored.version));
            ops.push(Op::Replace { key, expect, record });
        }
        ops.extend(judge::events(&accept.effects, &stored.key, judge::name(&resource), now));
        if let Some(at) = accept.remind {
            let scope = Scope::Tenant(tenant.id);
            ops.push(reminders::set(&**self.admin.store(), scope, &stored.key, at, now).await?);
        }
        Ok((ops, answer))
    }

    /// The policy of the connection that owns a resource with this state; of none, that of the first.
    pub(crate) async fn policy_of(&self, tenant: TenantId, private: &[u8]) -> Result<ConnectionPolicy, AdminError> {
        for name in self.decide.owner(private).as_deref().into_iter().chain(["default"]) {
            match self.admin.connection(tenant, name).await {
                Ok(connection) => return Ok(connection.policy),
                Err(AdminError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ConnectionPolicy::default())
    }

    async fn forget(&self, scope: Scope, reminder: &reminders::Reminder) -> Result<(), UnaskedError> {
        match self.commit_unasked(scope, vec![reminder.done()]).await {
            Err(error) if !is_race(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(crate) async fn commit_unasked(&self, scope: Scope, ops: Vec<Op>) -> Result<(), StoreError> {
        let id = self.admin.environment().new_id();
        let mut changes = ChangeSet::new(self.admin.environment().now(), self.admin.actor().clone(), id.as_str());
        changes.idempotency_key = Some(id);
        changes.ops = ops;
        let mut done = self.admin.store().commit(scope, changes.clone()).await;
        if let Err(StoreError::InDoubt(_)) = done {
            done = self.admin.store().commit(scope, changes).await;
        }
        done.map(|_| ())
    }
}

/// Whether someone else was faster.
fn is_race(error: &StoreError) -> bool {
    matches!(error, StoreError::Exists { .. } | StoreError::VersionMismatch { .. } | StoreError::NotFound { .. })
}
