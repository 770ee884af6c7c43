//! What can be asked of one resource type: the operations of RFC 7644 §3.3 to §3.6, preconditions of §3.14.

use crate::client::{Client, nothing};
use crate::document::Document;
use crate::error::Error;
use crate::pages::{ListAll, Page};
use http::header::{ETAG, IF_MATCH};
use http::{HeaderName, HeaderValue, Method};
use scimstack_filter::Patch;
use scimstack_protocol::ListQuery;
use scimstack_schema::{Object, Value};
use std::marker::PhantomData;

/// The resources at one endpoint.
///
/// ```
/// # use bytes::Bytes;
/// # use scimstack_client::{Client, ListQuery};
/// # futures_executor::block_on(async {
/// # let transport = |request: http::Request<Bytes>| async move {
/// #     assert_eq!(request.uri().query(), Some("filter=userName%20sw%20%22a%22&startIndex=1"));
/// #     Ok(http::Response::new(Bytes::from(r#"{"totalResults":1,"Resources":[{"id":"7","userName":"ann"}]}"#)))
/// # };
/// # let client = Client::new(transport, "https://scim.test/v2", "s3cret")?;
/// let mut query = ListQuery::default();
/// query.filter = Some(r#"userName sw "a""#.to_owned());
/// let mut people = client.users().list_all(query);
/// while let Some(person) = people.next().await {
///     assert_eq!(person?.user_name, "ann");
/// }
/// # Ok::<(), scimstack_client::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Endpoint<'a, T> {
    client: &'a Client,
    path: String,
    if_match: Option<HeaderValue>,
    of: PhantomData<fn() -> T>,
}

/// A resource with the version it was shown in.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Versioned<T> {
    /// The resource.
    pub resource: T,
    /// The ETag, for [`Endpoint::if_match`].
    pub version: Option<String>,
}

impl<'a, T> Endpoint<'a, T> {
    pub(crate) fn new(client: &'a Client, path: &str) -> Self {
        let path = format!("/{}", path.trim_matches('/'));
        Self { client, path, if_match: None, of: PhantomData }
    }

    /// Only if the resource still has this version, else the server answers 412.
    ///
    /// # Errors
    /// [`Error::Setup`] for what cannot stand in a header.
    pub fn if_match(mut self, version: &str) -> Result<Self, Error> {
        let value = HeaderValue::try_from(version)
            .map_err(|_| Error::Setup(format!("{version:?} cannot be a version: it cannot stand in a header")))?;
        self.if_match = Some(value);
        Ok(self)
    }

    /// Deletes a resource.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.about(Method::DELETE, id, None).await.map(drop)
    }

    async fn about(&self, method: Method, id: &str, body: Option<&Value>) -> Result<Option<Object>, Error> {
        let path = format!("{}/{}", self.path, Client::segment(id));
        self.client.send_with(method, &path, &[], body, self.precondition()).await?.object()
    }

    fn precondition(&self) -> Option<(HeaderName, HeaderValue)> {
        self.if_match.clone().map(|version| (IF_MATCH, version))
    }
}

impl<'a, T: Document> Endpoint<'a, T> {
    /// One resource.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn get(&self, id: &str) -> Result<T, Error> {
        self.about(Method::GET, id, None).await?.map(T::from_object).ok_or_else(nothing)
    }

    /// One resource with its version.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn get_versioned(&self, id: &str) -> Result<Versioned<T>, Error> {
        let path = format!("{}/{}", self.path, Client::segment(id));
        let answer = self.client.send(Method::GET, &path, &[], None).await?;
        let tag = answer.headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let object = answer.object()?.ok_or_else(nothing)?;
        let shown = || object.get("meta")?.get("version")?.as_str().map(str::to_owned);
        let version = tag.or_else(shown);
        Ok(Versioned { resource: T::from_object(object), version })
    }

    /// One page. Without a `count` the server decides how many.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn list(&self, query: &ListQuery) -> Result<Page<T>, Error> {
        let parameters = parameters(query);
        let borrowed: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let list = self.client.json(Method::GET, &self.path, &borrowed, None).await?;
        Page::read(list.ok_or_else(nothing)?)
    }

    /// All resources that match, page after page as they are asked for.
    #[must_use]
    pub fn list_all(self, query: ListQuery) -> ListAll<'a, T> {
        ListAll::new(self, query)
    }

    /// Makes a resource; as the server made it comes back.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn create(&self, resource: &T) -> Result<T, Error> {
        let body = resource.to_value();
        let made = self.client.json(Method::POST, &self.path, &[], Some(&body)).await?;
        made.map(T::from_object).ok_or_else(nothing)
    }

    /// Replaces a resource; as it is now comes back, when the server shows it.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn replace(&self, id: &str, resource: &T) -> Result<Option<T>, Error> {
        let body = resource.to_value();
        Ok(self.about(Method::PUT, id, Some(&body)).await?.map(T::from_object))
    }

    /// Changes a resource; as it is now comes back, when the server shows it.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn patch(&self, id: &str, patch: &Patch) -> Result<Option<T>, Error> {
        let body = patch.to_value();
        Ok(self.about(Method::PATCH, id, Some(&body)).await?.map(T::from_object))
    }
}

/// A query as parameters.
fn parameters(query: &ListQuery) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let mut put = |name, value: Option<String>| out.extend(value.map(|value| (name, value)));
    put("filter", query.filter.clone());
    put("sortBy", query.sort_by.clone());
    put("sortOrder", query.descending.then(|| "descending".to_owned()));
    put("startIndex", query.start_index.map(|n| n.to_string()));
    put("count", query.count.map(|n| n.to_string()));
    put("cursor", query.cursor.clone());
    let names = |names: &[String]| (!names.is_empty()).then(|| names.join(","));
    put("attributes", names(&query.projection.attributes));
    put("excludedAttributes", names(&query.projection.excluded));
    out
}
