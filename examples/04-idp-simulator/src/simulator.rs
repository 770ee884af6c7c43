//! What a provider's client does, one action at a time, with the headers it sends. Every action is a conversation of
//! `scimstack-provisioning` in the manner of a [`Profile`], executed by `scimstack-client`. Waits are skipped unless
//! [`Simulator::with_pause`] makes them real.

use crate::company::{Company, Person};
use crate::job::{Job, Pause, Setbacks, Task};
use crate::mapping::Mapping;
use crate::meter::{Meter, Traffic};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_CHARSET, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, Uri};
use scimstack_client::{Answer, BoxError, Client, Error, Transport};
use scimstack_provisioning::connector::{
    DesiredGroup, DesiredUser, Failure, GroupChange, GroupManner, GroupSync, Headers, Manner, Profile, Retry, Synced,
    UserSync,
};
use scimstack_schema::{Object, Value};
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

/// Whom JumpCloud makes to see whether it can.
const TEST_USER: &str = "test.user@acme.example";

/// A provider's provisioning client, as one of its profiles sets it up.
#[derive(Clone, Debug)]
pub struct Simulator {
    client: Client,
    meter: Arc<Meter>,
    profile: Profile,
    manner: Manner,
    mapping: Mapping,
    retry: Retry,
    job: Job,
}

impl Simulator {
    /// Okta's wizard, which provisions the server at `base_url` with this bearer token.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn new(transport: impl Transport + 'static, base_url: &str, token: &str) -> Result<Self, Error> {
        Self::playing(Profile::OktaAppWizard, transport, base_url, token)
    }

    /// Another provider.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn playing(
        profile: Profile,
        transport: impl Transport + 'static,
        base_url: &str,
        token: &str,
    ) -> Result<Self, Error> {
        let meter = Arc::new(Meter::default());
        let headers = profile.headers();
        let wire = Wire { inner: Box::new(transport), meter: meter.clone(), headers };
        let client = Client::new(wire, base_url, token)?.with_header(ACCEPT, HeaderValue::from_static(headers.accept));
        Ok(Self {
            client,
            meter,
            profile,
            manner: profile.manner(),
            mapping: Mapping::of(profile),
            retry: profile.retry(),
            job: Job::new(profile.aftercare()),
        })
    }

    /// With another patience than the provider's.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// With other attribute mappings than the provider's own.
    #[must_use]
    pub fn with_mapping(mut self, mapping: Mapping) -> Self {
        self.mapping = mapping;
        self
    }

    /// With so many conversations at the same time; four unless it is said.
    #[must_use]
    pub fn with_concurrency(mut self, conversations: usize) -> Self {
        self.job.concurrency = conversations;
        self
    }

    /// With an administrator, or a synchronisation, that tries again so often what failed; nobody does unless it is said.
    #[must_use]
    pub fn with_rounds(mut self, rounds: u32) -> Self {
        self.job.rounds = rounds;
        self
    }

    /// With something that happens while the clock goes on by so many seconds, such as waiting for some of them.
    #[must_use]
    pub fn with_pause<F>(mut self, pause: impl Fn(u64) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let pause: Pause = Arc::new(move |seconds| Box::pin(pause(seconds)));
        self.job.pause = pause;
        self
    }

    /// Which provider it is.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// What it sends of people.
    #[must_use]
    pub fn mapping(&self) -> Mapping {
        self.mapping
    }

    /// How many requests were sent.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.meter.requests()
    }

    /// What was sent and how it was answered.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.meter.traffic()
    }

    /// What went wrong and was got over.
    #[must_use]
    pub fn setbacks(&self) -> Setbacks {
        self.job.setbacks()
    }

    /// The client, to read back with.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What it does with groups.
    pub(crate) fn groups(&self) -> GroupManner {
        self.manner.groups
    }

    /// "Test Connector Configuration" and its like: what the provider asks when the connection is set up, and what the
    /// answer must be.
    ///
    /// # Errors
    /// What the administrator would be shown.
    pub async fn test_connector(&mut self) -> Result<(), String> {
        match self.profile {
            Profile::Entra | Profile::EntraCompliant => {
                // A random name, which nobody has.
                self.nobody("/Users", "userName").await?;
                self.nobody("/Groups", "displayName").await?;
                self.schemas().await
            }
            Profile::OneLogin => self.nobody("/Users", "userName").await,
            Profile::JumpCloud => self.test_user_and_group().await,
            Profile::Authentik => self.configuration().await,
            Profile::Keycloak => self.list(&[("startIndex", "1"), ("count", "1")]).await.map(|_| ()),
            _ => self.list(&[("startIndex", "1"), ("count", "2")]).await.map(|_| ()),
        }
    }

    async fn list(&self, query: &[(&str, &str)]) -> Result<Value, String> {
        self.listed("/Users", query).await
    }

    async fn listed(&self, endpoint: &str, query: &[(&str, &str)]) -> Result<Value, String> {
        let list = self.get(endpoint, query).await?;
        for name in ["totalResults", "startIndex", "itemsPerPage"] {
            if !matches!(list.get(name), Some(Value::Number(number)) if number.is_integer()) {
                return Err(format!("GET {endpoint}: {name} should be a whole number in a list response"));
            }
        }
        Ok(list)
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, String> {
        let answer = self.request(Method::GET, path, query, None, &[200]).await?;
        Value::parse(&answer.body).map_err(|error| format!("GET {path}: the answer is no JSON: {error}"))
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
        expected: &[u16],
    ) -> Result<Answer, String> {
        let answer = self.client.send(method.clone(), path, query, body).await;
        let answer = answer.map_err(|error| with_cause(&error))?;
        if !expected.contains(&answer.status) {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(format!("{method} {path} was answered with status {}: {text}", answer.status));
        }
        Ok(answer)
    }

    /// An empty list for a value that nobody has.
    async fn nobody(&self, endpoint: &str, attribute: &str) -> Result<(), String> {
        let filter = format!("{attribute} eq \"5a1b2e64-0d5f-4c1e-9f0a-7d0f3c2b1a90\"");
        let mut query = vec![("filter", filter.as_str())];
        if endpoint == "/Groups" {
            query.insert(0, ("excludedAttributes", "members"));
        }
        let list = self.listed(endpoint, &query).await?;
        match list.get("totalResults") {
            Some(Value::Number(number)) if number.as_i64() == Some(0) => Ok(()),
            _ => Err(format!("GET {endpoint}: a filter that nobody matches should find nobody")),
        }
    }

    async fn schemas(&self) -> Result<(), String> {
        let schemas = self.get("/Schemas", &[]).await?;
        let shown = schemas.get("Resources").and_then(Value::as_array).unwrap_or_default();
        match shown.iter().any(|schema| schema.get("id").and_then(Value::as_str) == Some(scimstack_schema::uri::USER)) {
            true => Ok(()),
            false => Err("GET /Schemas: the schema of users should be listed".to_owned()),
        }
    }

    /// JumpCloud makes a person and a group, and deletes both.
    async fn test_user_and_group(&self) -> Result<(), String> {
        self.request(Method::GET, "/Users", &[("count", "1"), ("startIndex", "1")], None, &[200]).await?;
        let mail: Object = [("value", TEST_USER), ("type", "work")].into_iter().collect();
        let user: Object =
            [("userName", Value::from(TEST_USER)), ("emails", vec![mail].into()), ("active", true.into())]
                .into_iter()
                .collect();
        let failed = |failure: Failure| failure.to_string();
        let user = self.talk(UserSync::assign(DesiredUser::new(user)));
        let user = self.one(Task::new(0, user)).await.map_err(failed)?;
        let group = self.push_group(DesiredGroup::new("JumpCloud Test Group", Vec::new())).await.map_err(failed)?;
        self.delete_group(&group.id).await.map_err(failed)?;
        self.delete(&user.id).await.map_err(failed)?;
        Ok(())
    }

    /// authentik goes by what the server says it can do, and by its `maxOperations` though it never calls `/Bulk`.
    async fn configuration(&mut self) -> Result<(), String> {
        let configuration = self.get("/ServiceProviderConfig", &[]).await?;
        for feature in ["patch", "filter"] {
            let supported = configuration.get(feature).and_then(|feature| feature.get("supported"));
            if supported.and_then(Value::as_bool) != Some(true) {
                return Err(format!("GET /ServiceProviderConfig: {feature} should be supported"));
            }
        }
        let most = configuration.get("bulk").and_then(|bulk| match bulk.get("maxOperations") {
            Some(Value::Number(number)) => number.as_i64().and_then(|most| usize::try_from(most).ok()),
            _ => None,
        });
        self.manner.groups.batch = most.filter(|most| *most > 0).unwrap_or(usize::MAX);
        Ok(())
    }

    pub(crate) fn assignment(&self, company: &Company, person: &Person) -> UserSync {
        let desired = DesiredUser::new(self.mapping.document(company, person));
        self.talk(UserSync::assign(desired.with_on_create(self.mapping.on_create(person))))
    }

    pub(crate) fn update_of(&self, company: &Company, id: &str, person: &Person) -> UserSync {
        self.talk(UserSync::update(id, DesiredUser::new(self.mapping.document(company, person))))
    }

    pub(crate) fn reference_of(&self, id: &str, manager: &str) -> UserSync {
        self.talk(UserSync::update(id, DesiredUser::new(self.mapping.reference(manager))))
    }

    /// Who writes people whole says so with everything else.
    pub(crate) fn deactivation(&self, company: &Company, id: &str, person: &Person) -> UserSync {
        match self.profile {
            Profile::Authentik => self.update_of(company, id, person),
            _ => self.talk(UserSync::deactivate(id)),
        }
    }

    pub(crate) fn deletion(&self, id: &str) -> UserSync {
        self.talk(UserSync::delete(id))
    }

    fn talk(&self, sync: UserSync) -> UserSync {
        sync.with_manner(self.manner).with_retry(self.retry)
    }

    pub(crate) fn talk_of_group(&self, sync: GroupSync) -> GroupSync {
        sync.with_manner(self.manner).with_retry(self.retry)
    }

    /// The application is assigned: the person is found and linked, or created.
    ///
    /// # Errors
    /// The failure that would become a task for an administrator, or stays in escrow to its end.
    pub async fn assign(&self, company: &Company, person: &Person) -> Result<Synced, Failure> {
        self.one(Task::new(0, self.assignment(company, person))).await
    }

    /// The profile of a linked person changed.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn update(&self, company: &Company, id: &str, person: &Person) -> Result<Synced, Failure> {
        self.one(Task::new(0, self.update_of(company, id, person))).await
    }

    /// A linked person has a manager, whose id at the server is known.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn refer(&self, id: &str, manager: &str) -> Result<Synced, Failure> {
        self.one(Task::new(0, self.reference_of(id, manager)).reference()).await
    }

    /// The application is no longer assigned to a linked person.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn deactivate(&self, company: &Company, id: &str, person: &Person) -> Result<Synced, Failure> {
        self.one(Task::new(0, self.deactivation(company, id, person))).await
    }

    /// A linked person is gone for good.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn delete(&self, id: &str) -> Result<Synced, Failure> {
        self.one(Task::new(0, self.deletion(id))).await
    }

    /// A group is pushed for the first time.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn push_group(&self, group: DesiredGroup) -> Result<Synced, Failure> {
        self.one(Task::new(0, self.talk_of_group(GroupSync::push(group)))).await
    }

    /// Name or members of a pushed group changed.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn update_group(&self, id: &str, group: DesiredGroup) -> Result<Synced, Failure> {
        self.one(Task::new(0, self.talk_of_group(GroupSync::update(id, group)))).await
    }

    /// Some members of a pushed group come and go.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn change_group(&self, id: &str, change: GroupChange) -> Result<Synced, Failure> {
        self.one(Task::new(0, self.talk_of_group(GroupSync::change(id, change)))).await
    }

    /// A group is no longer pushed, and is to go at the server.
    ///
    /// # Errors
    /// As [`Simulator::assign`].
    pub async fn delete_group(&self, id: &str) -> Result<Synced, Failure> {
        self.one(Task::new(0, self.talk_of_group(GroupSync::delete(id)))).await
    }

    async fn one(&self, task: Task) -> Result<Synced, Failure> {
        let mut ended = None;
        self.run(std::iter::once(task), |_, result| ended = Some(result)).await;
        let never = || Failure::new(&scimstack_provisioning::connector::Request::new("/"), "it has not ended");
        ended.unwrap_or_else(|| Err(never()))
    }

    /// Does many things at the same time.
    pub(crate) async fn run(
        &self,
        tasks: impl Iterator<Item = Task>,
        done: impl FnMut(usize, Result<Synced, Failure>),
    ) {
        self.job.run(&self.client, tasks, done).await;
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

/// Counts, and writes headers and addresses as the provider does.
struct Wire {
    inner: Box<dyn Transport>,
    meter: Arc<Meter>,
    headers: Headers,
}

impl Wire {
    /// The address with the provider's spelling of spaces, and its flag.
    fn address(&self, uri: &Uri) -> Option<Uri> {
        let query = uri.query();
        let mut parts: Vec<String> = query.map(str::to_owned).into_iter().collect();
        if self.headers.plus_for_space {
            parts.iter_mut().for_each(|query| *query = query.replace("%20", "+"));
        }
        parts.extend(self.headers.flag.map(str::to_owned));
        if parts.is_empty() {
            return None;
        }
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        format!("{scheme}://{authority}{}?{}", uri.path(), parts.join("&")).parse().ok()
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        if let Some(uri) = self.address(request.uri()) {
            *request.uri_mut() = uri;
        }
        let headers = request.headers_mut();
        match self.headers.user_agent {
            Some(agent) => headers.insert(USER_AGENT, HeaderValue::from_static(agent)),
            None => headers.remove(USER_AGENT),
        };
        if let Some(charset) = self.headers.accept_charset {
            headers.insert(ACCEPT_CHARSET, HeaderValue::from_static(charset));
        }
        if let Some(content_type) = headers.get_mut(CONTENT_TYPE) {
            *content_type = HeaderValue::from_static(self.headers.content_type);
        }
        self.meter.sent();
        let begun = Instant::now();
        let answer = self.inner.send(request).await;
        self.meter.answered(answer.as_ref().ok().map(|answer| answer.status().as_u16()), begun.elapsed());
        answer
    }
}
