//! Lists and searches (RFC 7644 §3.4.2, §3.4.3; RFC 9865): GET on an endpoint or the base URL, and POST on `.search`.

use super::call::Call;
use super::cursor::{self, Cursors, Place};
use super::failure::Outcome;
use super::project::{self, Piece, View};
use super::respond::Reply;
use super::{document::Content, project::body};
use scimstack_filter::{AttrPath, Filter, ResolveError, Resolved};
use scimstack_protocol::list::SEARCH_REQUEST;
use scimstack_protocol::{ListQuery, ListResponse, ScimError, ScimType};
use scimstack_schema::{ResolvedPath, ResourceType, Type};
use scimstack_store::{CountMode, Kind, Paging, Query, Sort, Stored, Target, Total, Want};
use std::sync::Arc;

/// GET: the query is in the URL.
pub(crate) async fn list(call: &Call<'_>, resource_types: &[Arc<ResourceType>]) -> Outcome<Reply> {
    let query = call.list_query()?;
    answer(call, resource_types, &query, true).await
}

/// POST: the query is in the body, and nothing in the URL counts.
pub(crate) async fn search(call: &Call<'_>, resource_types: &[Arc<ResourceType>], body: Content) -> Outcome<Reply> {
    let body = body.parse()?;
    let query = ListQuery::from_search_request(&body)?;
    let says_what_it_is = body.as_object().and_then(|body| body.get("schemas")).is_some_and(|s| !s.is_unassigned());
    if !says_what_it_is && !call.profile.patch.missing_schemas {
        let detail = format!("The search has no schemas; a search has the schemas [\"{SEARCH_REQUEST}\"].");
        return Err(ScimError::invalid_syntax(detail).into());
    }
    if !says_what_it_is {
        call.seen.lenient(&["missing-schemas"]);
    }
    answer(call, resource_types, &query, false).await
}

async fn answer(
    call: &Call<'_>,
    resource_types: &[Arc<ResourceType>],
    asked: &ListQuery,
    in_url: bool,
) -> Outcome<Reply> {
    cursor::check(asked)?;
    let limits = call.limits();
    let start = asked.start_index.unwrap_or(1);
    let count = asked.count.map(|count| count.min(limits.max_page));
    let cursors = match &asked.cursor {
        Some(_) => Some(Cursors::of(call, resource_types, asked).await?),
        None => None,
    };
    let place = match (&cursors, &asked.cursor) {
        (Some(cursors), Some(cursor)) if !cursor.is_empty() => cursors.open(cursor, count)?,
        _ => Place { after: None, count: count.unwrap_or(limits.default_page), total: None },
    };
    let by_cursor = cursors.filter(|_| place.count > 0);
    let query = Query {
        targets: targets(call, resource_types, asked.filter.as_deref(), in_url)?,
        sort: sort(call, resource_types, asked)?,
        page: match &by_cursor {
            Some(_) => Paging::Cursor { after: place.after.clone(), count: place.count },
            None => Paging::Index { start, count: place.count },
        },
        // By index the total is exact, or the question is refused. By cursor it may be left out (RFC 9865 §2): it is
        // counted where that is cheap; what a filter finds once, for the first page.
        count: match (&by_cursor, &place.after) {
            (None, _) => CountMode::Exact,
            (Some(_), Some(_)) if asked.filter.is_some() => CountMode::None,
            (Some(_), _) => CountMode::Cheap,
        },
        want: Want::DOCUMENT,
        budget: limits.budget,
    };
    let page = call.store().query(call.scope(), &query).await?;
    call.seen.looked_at(page.looked_at);
    let shown = represent(call, resource_types, page.items, asked).await?;
    let total = match page.total {
        Total::Exact(n) | Total::AtLeast(n) => Some(n),
        Total::Unknown => place.total,
    };
    let items_per_page = shown.len() as u64;
    let envelope = ListResponse { total_results: total, start_index: start, items_per_page };
    let length = shown.iter().flatten().map(|piece| match piece {
        Piece::Text(text) => text.len() + 1,
        Piece::Edges(_) => 0,
    });
    // With room for the rest of the envelope.
    let mut head = Vec::with_capacity(length.sum::<usize>() + 512);
    match (&by_cursor, &asked.cursor) {
        (_, None) => envelope.open(&mut head),
        (cursors, Some(_)) => {
            let next = cursors.as_ref().zip(page.next).map(|(cursors, next)| cursors.seal(&next, place.count, total));
            envelope.open_at_cursor(next.as_deref(), &mut head);
        }
    }
    Ok(Reply::ok(body(call, in_envelope(head, shown))))
}

/// The pieces of the whole answer after its head; neighbouring texts are one.
fn in_envelope(head: Vec<u8>, shown: Vec<Vec<Piece>>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = head;
    for (i, resource) in shown.into_iter().enumerate() {
        if i > 0 {
            text.push(b',');
        }
        for piece in resource {
            match piece {
                Piece::Text(part) => text.extend_from_slice(&part),
                edges @ Piece::Edges(_) => {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    pieces.push(edges);
                }
            }
        }
    }
    ListResponse::close(&mut text);
    pieces.push(Piece::Text(text));
    pieces
}

/// What to look in. Over several types an attribute that one of them lacks has no value there; one that all lack is an
/// error.
fn targets(
    call: &Call<'_>,
    resource_types: &[Arc<ResourceType>],
    filter: Option<&str>,
    in_url: bool,
) -> Outcome<Vec<Target>> {
    let parsed = filter.map(|text| Filter::parse_with(text, &call.limits().filter)).transpose();
    let mut parsed = parsed.map_err(|error| ScimError::from(&error))?;
    if let Some(filter) = &mut parsed {
        call.seen.lenient(&call.profile.read_filter(resource_types, filter));
    }
    let several = resource_types.len() > 1;
    if let (Some(filter), true) = (&parsed, several) {
        known_somewhere(resource_types, filter, "")?;
    }
    let mut targets = Vec::with_capacity(resource_types.len());
    for resource_type in resource_types {
        let filter: Option<Resolved> = match &parsed {
            None => None,
            Some(filter) => {
                let options = call.profile.resolve.with_unknown_is_absent(several);
                Some(filter.resolve(resource_type, options).map_err(|error| refused(&error, in_url))?)
            }
        };
        targets.push(Target {
            kind: Kind::from(&*resource_type.name),
            resource_type: resource_type.clone(),
            filter: filter.map(Arc::new),
        });
    }
    Ok(targets)
}

/// Refuses a filter with an attribute that none of the types has; `outer` is the attribute before the brackets, with a
/// dot.
fn known_somewhere(resource_types: &[Arc<ResourceType>], filter: &Filter, outer: &str) -> Result<(), ScimError> {
    let known = |path: &AttrPath| {
        let path = format!("{outer}{path}");
        if resource_types.iter().any(|t| t.resolve(&path).is_some()) {
            return Ok(());
        }
        let detail = format!("The filter cannot be used: \"{path}\" is not an attribute of any resource here.");
        Err(ScimError::invalid_filter(detail))
    };
    let inside = |path: &AttrPath, inner: &Filter| {
        known(path)?;
        // Elements of simple attributes are themselves compared as `value`, which no path names.
        let is_complex =
            |t: &Arc<ResourceType>| t.resolve(&path.text).is_some_and(|p| p.leaf().r#type == Type::Complex);
        match resource_types.iter().any(is_complex) {
            true => known_somewhere(resource_types, inner, &format!("{path}.")),
            false => Ok(()),
        }
    };
    match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().try_for_each(|part| known_somewhere(resource_types, part, outer))
        }
        Filter::Not(inner) => known_somewhere(resource_types, inner, outer),
        Filter::Present(path) | Filter::Compare(path, ..) => known(path),
        Filter::Element(path, inner) => inside(path, inner),
        Filter::ElementSub(sub) => inside(&sub.path, &sub.filter),
    }
}

/// A secret in a URL is worse than one in a body (RFC 7644 §7.5.2).
fn refused(error: &ResolveError, in_url: bool) -> ScimError {
    match error {
        ResolveError::Hidden(_) if in_url => ScimError::of(ScimType::Sensitive, format!("{error}.")),
        _ => ScimError::from(error),
    }
}

/// The order asked for. What cannot be sorted by is ignored, unless the connection is strict.
fn sort(call: &Call<'_>, resource_types: &[Arc<ResourceType>], asked: &ListQuery) -> Outcome<Option<Sort>> {
    let Some(text) = &asked.sort_by else { return Ok(None) };
    let sortable = |path: &ResolvedPath| {
        !path.attribute.is_hidden()
            && (path.leaf().r#type != Type::Complex || path.leaf().sub_attribute("value").is_some())
    };
    match resource_types.iter().find_map(|t| t.resolve(text)).filter(sortable) {
        Some(path) => Ok(Some(Sort { path, descending: asked.descending })),
        None if call.profile.strict_sort => {
            let detail = format!("sortBy is \"{text}\", which is no attribute that can be sorted by.");
            Err(ScimError::of(ScimType::InvalidPath, detail).into())
        }
        None => Ok(None),
    }
}

/// The representations of a page, each type's at once, in the page's order.
async fn represent(
    call: &Call<'_>,
    resource_types: &[Arc<ResourceType>],
    items: Vec<Stored>,
    asked: &ListQuery,
) -> Outcome<Vec<Vec<Piece>>> {
    let view = View::of(asked.projection.clone());
    let order: Vec<String> = items.iter().map(|item| item.key.kind.as_str().to_owned()).collect();
    let mut by_type = Vec::with_capacity(resource_types.len());
    let mut rest = items;
    for resource_type in resource_types {
        let (ours, others): (Vec<Stored>, Vec<Stored>) =
            rest.into_iter().partition(|item| item.key.kind.as_str() == &*resource_type.name);
        rest = others;
        let shown = project::represent(call, resource_type, &ours, &view).await?;
        by_type.push((resource_type.name.clone(), shown.into_iter()));
    }
    let next = |kind: String| {
        let shown = by_type.iter_mut().find(|(name, _)| **name == *kind)?;
        shown.1.next()
    };
    Ok(order.into_iter().filter_map(next).collect())
}
