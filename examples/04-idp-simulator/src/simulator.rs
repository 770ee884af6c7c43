//! What Okta's client does, one action at a time, with the headers it sends. Every action is a conversation of
//! `scimstack-provisioning`, executed by `scimstack-client`.

use crate::company::Person;
use crate::dice::Dice;
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT_CHARSET, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, Response};
use scimstack_client::{BoxError, Client, Error, Transport, connector};
use scimstack_provisioning::connector::{
    Conversation, DesiredGroup, DesiredUser, Failure, GroupSync, Retry, Synced, UserSync,
};
use scimstack_schema::{Object, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Okta's provisioning client, as its app-integration wizard sets it up.
#[derive(Clone, Debug)]
pub struct Simulator {
    client: Client,
    requests: Arc<AtomicU64>,
    retry: Retry,
}

impl Simulator {
    /// A provider that provisions the server at `base_url` with this bearer token.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn new(transport: impl Transport + 'static, base_url: &str, token: &str) -> Result<Self, Error> {
        let requests = Arc::new(AtomicU64::new(0));
        let wire = Wire { inner: Box::new(transport), requests: requests.clone() };
        let client = Client::new(wire, base_url, token)?
            .with_header(USER_AGENT, HeaderValue::from_static("Okta SCIM Client 1.0.0"))
            .with_header(ACCEPT_CHARSET, HeaderValue::from_static("utf-8"));
        Ok(Self { client, requests, retry: Retry::default().with_first_wait(1) })
    }

    /// With another patience than one second, doubled ten times.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// How many requests were sent.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The client, to read back with.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// "Test Connector Configuration": two people are asked for, and the answer must be a list.
    ///
    /// # Errors
    /// What the administrator would be shown.
    pub async fn test_connector(&self) -> Result<(), String> {
        let query = [("startIndex", "1"), ("count", "2")];
        let answer = self.client.send(http::Method::GET, "/Users", &query, None).await;
        let answer = answer.map_err(|error| with_cause(&error))?;
        if answer.status != 200 {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(format!("GET /Users was answered with status {}: {text}", answer.status));
        }
        let list = Value::parse(&answer.body).map_err(|error| format!("GET /Users: the answer is no JSON: {error}"))?;
        for name in ["totalResults", "startIndex", "itemsPerPage"] {
            if !matches!(list.get(name), Some(Value::Number(number)) if number.is_integer()) {
                return Err(format!("GET /Users: {name} should be a whole number in a list response"));
            }
        }
        Ok(())
    }

    /// The application is assigned: the person is found and linked, or created.
    ///
    /// # Errors
    /// The failure that would become a task for an administrator.
    pub async fn assign(&self, person: &Person) -> Result<Synced, Failure> {
        // Okta sends a random password even where passwords are not synchronized, and an empty list of groups.
        let password = Dice::new(person.employee_number.parse().unwrap_or(0)).code(8);
        let on_create: Object =
            [("groups", Value::Array(Vec::new())), ("password", password.into())].into_iter().collect();
        let desired = DesiredUser::new(person.document()).with_on_create(on_create);
        self.run(UserSync::assign(desired).with_retry(self.retry)).await
    }

    /// The profile of a linked person changed.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn update(&self, id: &str, person: &Person) -> Result<Synced, Failure> {
        self.run(UserSync::update(id, DesiredUser::new(person.document())).with_retry(self.retry)).await
    }

    /// The application is no longer assigned to a linked person.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn deactivate(&self, id: &str) -> Result<Synced, Failure> {
        self.run(UserSync::deactivate(id).with_retry(self.retry)).await
    }

    /// A group is pushed for the first time.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn push_group(&self, group: DesiredGroup) -> Result<Synced, Failure> {
        self.run(GroupSync::push(group).with_retry(self.retry)).await
    }

    /// The members of a pushed group changed.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn update_group(&self, id: &str, group: DesiredGroup) -> Result<Synced, Failure> {
        self.run(GroupSync::update(id, group).with_retry(self.retry)).await
    }

    async fn run(&self, mut conversation: impl Conversation) -> Result<Synced, Failure> {
        let pause = |seconds: u32| tokio::time::sleep(Duration::from_secs(seconds.into()));
        connector::run(&self.client, &mut conversation, pause).await
    }
}

/// An error with what caused it.
pub(crate) fn with_cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Counts, and writes the content type as Okta does.
struct Wire {
    inner: Box<dyn Transport>,
    requests: Arc<AtomicU64>,
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(content_type) = request.headers_mut().get_mut(CONTENT_TYPE) {
            *content_type = HeaderValue::from_static("application/scim+json; charset=utf-8");
        }
        self.inner.send(request).await
    }
}
