//! What administrators look up among a tenant's own records: a person by user name, the events of a topic.

use super::Admin;
use super::model::AdminError;
use super::records::equals;
use scimstack_filter::Operand;
use scimstack_schema::fold::fold;
use scimstack_store::{
    Change, CountMode, FeedQuery, FeedScope, Kind, Position, Query, Scope, Stored, Target, TenantId, plan,
};

/// The resource type of people.
const USER: &str = "User";

impl Admin {
    /// The person with this user name, whatever its case.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] when the tenant's registry has no people.
    pub async fn person(&self, tenant: TenantId, user_name: &str) -> Result<Option<Stored>, AdminError> {
        let registry = self.registry(tenant).await?;
        let user = registry.resource_type(USER);
        let user = user.ok_or_else(|| AdminError::NotFound(format!("resource type {USER}")))?;
        let filter = plan::unique_attribute(user)
            .and_then(|unique| equals(user, &unique.name, Operand::Text(fold(user_name).into_owned())));
        if filter.is_none() {
            return Ok(None);
        }
        let mut query = Query::new(Target { kind: Kind::from(USER), resource_type: user.clone(), filter }, 1);
        query.count = CountMode::None;
        let page = self.store.query(Scope::Tenant(tenant), &query).await?;
        Ok(page.items.into_iter().next())
    }

    /// Events of a topic (`outbox`, `log`) of a tenant, oldest first, after a place in the feed.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn events(
        &self,
        tenant: TenantId,
        topic: &str,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Change>, AdminError> {
        let mut query = FeedQuery::new(FeedScope::One(Scope::Tenant(tenant)), limit);
        query.after = after;
        query.topic = Some(topic.to_owned());
        Ok(self.store.changes(&query).await?.changes)
    }
}
