//! What a request is about, which methods are possible there, and which module answers (RFC 7644 §3.2). Requests that come
//! by themselves and the operations of a bulk request meet here, and go the same way from here on.

use super::bulk;
use super::call::Call;
use super::document::Content;
use super::failure::{Failure, Outcome};
use super::log::Entry;
use super::respond::Reply;
use super::{Limits, commit, create, delete, discovery, list, me, modify, permit, read, replace};
use http::Method;
use scimstack_protocol::ScimError;
use scimstack_schema::ResourceType;
use std::sync::Arc;

/// What a request is about.
pub(crate) enum Target<'a> {
    Schemas(Option<&'a str>),
    ResourceTypes(Option<&'a str>),
    /// Every resource.
    Root,
    RootSearch,
    Collection(&'a Arc<ResourceType>),
    Search(&'a Arc<ResourceType>),
    Resource(&'a Arc<ResourceType>, &'a str),
    /// The resource of whom the request is authenticated for (RFC 7644 §3.11).
    Me(&'a Arc<ResourceType>, &'a str),
    /// Many operations at once (RFC 7644 §3.7).
    Bulk,
    /// An endpoint of the standard that this server does not have.
    Missing(&'static str),
}

impl<'a> Target<'a> {
    pub(crate) fn of(segments: &[&'a str], call: &'a Call<'a>) -> Option<Self> {
        let registry = call.registry();
        Some(match segments {
            [] => Self::Root,
            [".search"] => Self::RootSearch,
            ["Schemas"] => Self::Schemas(None),
            ["Schemas", urn] => Self::Schemas(Some(urn)),
            ["ResourceTypes"] => Self::ResourceTypes(None),
            ["ResourceTypes", name] => Self::ResourceTypes(Some(name)),
            ["Me", below @ ..] => match call.subject {
                Some(subject) if below.is_empty() => {
                    Self::Me(registry.resource_type(subject.resource_type())?, subject.id())
                }
                Some(_) => return None,
                None => Self::Missing("/Me for this token: it stands for a connection, not for a person"),
            },
            ["Bulk"] if call.limits().bulk_operations > 0 => Self::Bulk,
            ["Bulk"] => Self::Missing("/Bulk: send the operations one by one"),
            [endpoint] => Self::Collection(registry.resource_type_at(endpoint)?),
            [endpoint, ".search"] => Self::Search(registry.resource_type_at(endpoint)?),
            [endpoint, id] => Self::Resource(registry.resource_type_at(endpoint)?, id),
            _ => return None,
        })
    }

    /// The methods that are possible.
    pub(crate) fn allow(&self) -> &'static str {
        match self {
            Self::Schemas(_) | Self::ResourceTypes(_) | Self::Root => "GET, HEAD, OPTIONS",
            Self::RootSearch | Self::Search(_) | Self::Bulk => "POST, OPTIONS",
            Self::Collection(_) => "GET, HEAD, POST, OPTIONS",
            Self::Resource(..) => "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
            Self::Me(..) | Self::Missing(_) => "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        }
    }

    /// What a request does, in a word.
    pub(crate) fn operation(&self, method: &Method) -> &'static str {
        match (self, method) {
            (_, &Method::OPTIONS) => "options",
            (Self::Schemas(_) | Self::ResourceTypes(_), _) => "discovery",
            (Self::RootSearch | Self::Search(_), _) => "search",
            (Self::Bulk, _) => "bulk",
            (Self::Missing(_), _) => "none",
            (Self::Collection(_) | Self::Me(..), &Method::POST) => "create",
            (Self::Root | Self::Collection(_), _) => "list",
            (Self::Resource(..) | Self::Me(..), &Method::PUT) => "replace",
            (Self::Resource(..) | Self::Me(..), &Method::PATCH) => "modify",
            (Self::Resource(..) | Self::Me(..), &Method::DELETE) => "delete",
            (Self::Resource(..) | Self::Me(..), _) => "read",
        }
    }

    /// The type of what a request is about, if it is about one.
    pub(crate) fn resource_type(&self) -> Option<&'a Arc<str>> {
        match self {
            Self::Collection(t) | Self::Search(t) | Self::Resource(t, _) | Self::Me(t, _) => Some(&t.name),
            _ => None,
        }
    }

    /// The log entry of a request that would write.
    pub(crate) fn entry(&self, method: &Method) -> Option<Entry> {
        let (resource_type, id) = match self {
            Self::Collection(resource_type) => (resource_type, None),
            Self::Me(resource_type, _) if *method == Method::POST => (resource_type, None),
            Self::Resource(resource_type, id) | Self::Me(resource_type, id) => (resource_type, Some((*id).to_owned())),
            _ => return None,
        };
        let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method);
        writes.then(|| Entry {
            method: method.to_string(),
            resource_type: resource_type.name.to_string(),
            resource_id: id,
            ..Entry::default()
        })
    }

    /// How long a body may be.
    pub(crate) fn body_limit(&self, limits: &Limits) -> usize {
        match self {
            Self::Bulk => limits.bulk_body,
            Self::Collection(t) | Self::Resource(t, _) | Self::Me(t, _) if commit::has_edges(t) => limits.group_body,
            _ => limits.body,
        }
    }

    /// The error of reading a body; of a bulk request it names the limit as it is published (RFC 7644 §3.7.4).
    pub(crate) fn too_large(&self, limits: &Limits, error: ScimError) -> ScimError {
        match self {
            Self::Bulk if error.status == 413 => bulk::too_large(limits),
            _ => error,
        }
    }

    /// Answers a request that may be made.
    pub(crate) async fn answer(
        self,
        call: &Call<'_>,
        verb: Verb,
        body: Content,
        entry: Option<&mut Entry>,
    ) -> Outcome<Reply> {
        let mut unlogged = Entry::default();
        let entry = entry.unwrap_or(&mut unlogged);
        match (self, verb) {
            (Self::Missing(what), _) => Err(ScimError::new(501, format!("This server has no {what}.")).into()),
            (Self::Schemas(urn), _) => discovery::schemas(call, urn),
            (Self::ResourceTypes(name), _) => discovery::resource_types(call, name),
            (Self::Bulk, _) => Box::pin(bulk::bulk(call, body)).await,
            (Self::Root, _) => Box::pin(list::list(call, &permit::readable(call))).await,
            (Self::RootSearch, _) => Box::pin(list::search(call, &permit::readable(call), body)).await,
            (Self::Search(t), _) => Box::pin(list::search(call, std::slice::from_ref(t), body)).await,
            (Self::Collection(t), Verb::Post) => {
                let id = call.part.as_ref().and_then(|part| part.id.as_deref());
                Box::pin(create::create(call, t, id, body, entry)).await
            }
            (Self::Collection(t), _) => Box::pin(list::list(call, std::slice::from_ref(t))).await,
            (Self::Me(t, id), Verb::Post) => Box::pin(me::create(call, t, id, body, entry)).await,
            (Self::Me(t, id), verb) => {
                let reply = one(call, t, id, verb, body, entry).await?;
                Ok(me::at_its_address(call, t, id, reply))
            }
            (Self::Resource(t, id), verb) => one(call, t, id, verb, body, entry).await,
        }
    }
}

/// Answers a request about one resource.
async fn one(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    id: &str,
    verb: Verb,
    body: Content,
    entry: &mut Entry,
) -> Outcome<Reply> {
    match verb {
        Verb::Put => Box::pin(replace::replace(call, resource_type, id, body, entry)).await,
        Verb::Patch => Box::pin(modify::modify(call, resource_type, id, body, entry)).await,
        Verb::Delete => Box::pin(delete::delete(call, resource_type, id, entry)).await,
        _ => Box::pin(read::read(call, resource_type, id)).await,
    }
}

/// A method that is possible.
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Options(&'static str),
}

/// The method, when it is one of `allow`.
///
/// # Errors
/// 405.
pub(crate) fn allowed(method: &Method, allow: &'static str) -> Outcome<Verb> {
    let mut names = allow.as_bytes().split(|&byte| byte == b',');
    if !names.any(|name| name.trim_ascii_start() == method.as_str().as_bytes()) {
        return Err(Failure::method(method, allow));
    }
    Ok(match *method {
        Method::POST => Verb::Post,
        Method::PUT => Verb::Put,
        Method::PATCH => Verb::Patch,
        Method::DELETE => Verb::Delete,
        Method::OPTIONS => Verb::Options(allow),
        _ => Verb::Get,
    })
}

/// The answer to OPTIONS.
pub(crate) fn options(allow: &'static str) -> Reply {
    Reply { allow: Some(allow), ..Reply::empty(204) }
}
