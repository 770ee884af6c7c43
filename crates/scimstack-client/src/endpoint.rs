//! What can be asked of one resource type: the operations of RFC 7644 §3.3 to §3.6, preconditions of §3.14.

use crate::client::{Answer, Client, nothing};
use crate::difference::Difference;
use crate::document::Document;
use crate::error::Error;
use crate::pages::{ListAll, Page};
use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderName, HeaderValue, Method};
use scimstack_filter::Patch;
use scimstack_protocol::ListQuery;
use scimstack_protocol::list::SEARCH_REQUEST;
use scimstack_schema::{Number, Object, Projection, Value};
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

impl<T> Clone for Endpoint<'_, T> {
    fn clone(&self) -> Self {
        Self { client: self.client, path: self.path.clone(), if_match: self.if_match.clone(), of: PhantomData }
    }
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

/// What [`Endpoint::update`] did.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Updated<T> {
    /// Nothing differs: nothing was sent.
    Unchanged,
    /// By PATCH; the resource, when the server shows it.
    Patched(Option<T>),
    /// By PUT; the resource, when the server shows it.
    Replaced(Option<T>),
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
        self.if_match = Some(tag(version)?);
        Ok(self)
    }

    /// Only if the resource is still as it was read; without a version, whatever it is now.
    ///
    /// # Errors
    /// [`Error::Setup`] for a version that cannot stand in a header.
    pub fn unchanged_since<V>(self, read: &Versioned<V>) -> Result<Self, Error> {
        match &read.version {
            Some(version) => self.if_match(version),
            None => Ok(self),
        }
    }

    /// Deletes a resource. One that is not there any more when an earlier attempt was lost on the way was deleted by that.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        let path = self.resource(id)?;
        let answer = self.client.send_with(Method::DELETE, &path, &[], None, self.precondition()).await?;
        if answer.after_loss && answer.status == 404 {
            return Ok(());
        }
        answer.accepted().map(drop)
    }

    pub(crate) fn client(&self) -> &'a Client {
        self.client
    }

    /// One page, as objects.
    pub(crate) async fn objects(&self, query: &ListQuery) -> Result<Page<Object>, Error> {
        let parameters = parameters(query);
        let borrowed: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let list = self.client.json(Method::GET, &self.path, &borrowed, None).await?;
        Page::read(list.ok_or_else(nothing)?)
    }

    /// The path of a resource. What would be another path altogether is no id.
    fn resource(&self, id: &str) -> Result<String, Error> {
        if matches!(id, "" | "." | "..") {
            return Err(Error::Setup(format!("{id:?} cannot be the id of a resource")));
        }
        Ok(format!("{}/{}", self.path, Client::segment(id)))
    }

    async fn about(&self, method: Method, id: &str, body: Option<&Value>) -> Result<Option<Object>, Error> {
        let path = self.resource(id)?;
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
        versioned(self.client.send(Method::GET, &self.resource(id)?, &[], None).await?)
    }

    /// One resource, if it is not the version that the caller has (`If-None-Match`); `None` when it is.
    ///
    /// # Errors
    /// All of [`Error`]; [`Error::Setup`] for a version that cannot stand in a header.
    pub async fn get_if_changed(&self, id: &str, version: &str) -> Result<Option<Versioned<T>>, Error> {
        let extra = Some((IF_NONE_MATCH, tag(version)?));
        let answer = self.client.send_with(Method::GET, &self.resource(id)?, &[], None, extra).await?;
        if answer.status == 304 { Ok(None) } else { versioned(answer).map(Some) }
    }

    /// One resource with some of its attributes: `attributes` or `excludedAttributes` of the query (RFC 7644 §3.9).
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn get_projected(&self, id: &str, projection: &Projection) -> Result<T, Error> {
        let mut query = ListQuery::default();
        query.projection = projection.clone();
        let parameters = parameters(&query);
        let borrowed: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let found = self.client.json(Method::GET, &self.resource(id)?, &borrowed, None).await?;
        found.map(T::from_object).ok_or_else(nothing)
    }

    /// One page. Without a `count` the server decides how many.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn list(&self, query: &ListQuery) -> Result<Page<T>, Error> {
        let Page { total_results, start_index, resources, next_cursor } = self.objects(query).await?;
        let resources = resources.into_iter().map(T::from_object).collect();
        Ok(Page { total_results, start_index, resources, next_cursor })
    }

    /// One page, asked for by POST (`.search`, RFC 7644 §3.4.3): for filters too long, or too private, for a URL.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn search(&self, query: &ListQuery) -> Result<Page<T>, Error> {
        let path = format!("{}/.search", self.path.trim_end_matches('/'));
        let list = self.client.json(Method::POST, &path, &[], Some(&search_request(query))).await?;
        Page::read(list.ok_or_else(nothing)?)
    }

    /// All resources that match, page after page as they are asked for: by cursor when the query has one (an empty one
    /// begins), else by index.
    #[must_use]
    pub fn list_all(self, query: ListQuery) -> ListAll<'a, T>
    where
        T: 'a,
    {
        ListAll::new(self, query, false)
    }

    /// [`Endpoint::list_all`], in pages as the server says it likes them ([`Client::discover`]): by cursor where there are
    /// cursors, no larger than it gives.
    #[must_use]
    pub fn all(self, query: ListQuery) -> ListAll<'a, T>
    where
        T: 'a,
    {
        ListAll::new(self, query, true)
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

    /// Makes a resource that was read into `after`, in the way the server has ([`Client::discover`]): the smallest PATCH,
    /// or PUT where there is no PATCH or where it could not say what differs. Only if it is still as it was read, when the
    /// server has versions and one was shown; else 412 ([`crate::ErrorKind::VersionMismatch`]).
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn update(&self, id: &str, before: &Versioned<T>, after: &T) -> Result<Updated<T>, Error> {
        let capabilities = self.client.discover().await?;
        let mut endpoint = self.clone();
        if endpoint.if_match.is_none() && capabilities.etag != Some(false) {
            endpoint = endpoint.unchanged_since(before)?;
        }
        let difference = match (capabilities.resource_type(&self.path), before.resource.to_value(), after.to_value()) {
            (Some(kind), Value::Object(old), Value::Object(new)) => Some(Difference::between(&kind, &old, &new)),
            _ => None,
        };
        match difference {
            Some(difference) if difference.is_empty() => return Ok(Updated::Unchanged),
            Some(difference) if difference.undeclared.is_empty() && capabilities.patch != Some(false) => {
                match endpoint.patch(id, &difference.patch).await {
                    // It did not say that it has PATCH, and it has not.
                    Err(error) if capabilities.patch.is_none() && is_missing(&error) => {}
                    patched => return patched.map(Updated::Patched),
                }
            }
            _ => {}
        }
        endpoint.replace(id, after).await.map(Updated::Replaced)
    }
}

/// Whether the server says that it does not know the method.
fn is_missing(error: &Error) -> bool {
    matches!(error.status(), Some(405 | 501))
}

fn tag(version: &str) -> Result<HeaderValue, Error> {
    HeaderValue::try_from(version)
        .map_err(|_| Error::Setup(format!("{version:?} cannot be a version: it cannot stand in a header")))
}

/// The resource of an answer, with the version from the header or from `meta`.
fn versioned<T: Document>(answer: Answer) -> Result<Versioned<T>, Error> {
    let tag = answer.headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let object = answer.object()?.ok_or_else(nothing)?;
    let shown = || object.get("meta")?.get("version")?.as_str().map(str::to_owned);
    let version = tag.or_else(shown);
    Ok(Versioned { resource: T::from_object(object), version })
}

/// A query as a SearchRequest.
fn search_request(query: &ListQuery) -> Value {
    let mut body = Object::new();
    body.insert("schemas", vec![SEARCH_REQUEST]);
    for (name, value) in parameters(query) {
        match name {
            "attributes" | "excludedAttributes" => body.insert(name, value.split(',').collect::<Vec<_>>()),
            "startIndex" | "count" => match Number::parse(&value) {
                Some(number) => body.insert(name, number),
                None => None,
            },
            _ => body.insert(name, value),
        };
    }
    body.into()
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
