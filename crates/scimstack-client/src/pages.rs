//! Lists: one page, and all pages one after the other by index (RFC 7644 §3.4.2.4).

use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::error::Error;
use scimstack_protocol::ListQuery;
use scimstack_schema::{Object, Value};
use std::collections::VecDeque;

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// How many match in all, as the server says; without it, how many came.
    pub total_results: u64,
    /// The index of the first one, from 1.
    pub start_index: u64,
    /// The resources.
    pub resources: Vec<T>,
    /// Where the next page begins, when the server pages by cursor (RFC 9865).
    pub next_cursor: Option<String>,
}

impl<T: Document> Page<T> {
    pub(crate) fn read(mut list: Object) -> Result<Self, Error> {
        let number = |value: Option<&Value>| match value {
            Some(Value::Number(number)) => number.as_i64().and_then(|n| u64::try_from(n).ok()),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let total = number(list.get("totalResults"));
        let start_index = number(list.get("startIndex")).unwrap_or(1);
        let next_cursor = list.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
        let found = match list.remove("Resources") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(found)) => found,
            Some(other) => return Err(Error::Answer(format!("\"Resources\" is {}, not an array", other.kind()))),
        };
        let resources = found
            .into_iter()
            .map(|resource| match resource {
                Value::Object(object) => Ok(T::from_object(object)),
                other => Err(Error::Answer(format!("a resource is {}, not an object", other.kind()))),
            })
            .collect::<Result<Vec<T>, _>>()?;
        Ok(Self { total_results: total.unwrap_or(resources.len() as u64), start_index, resources, next_cursor })
    }
}

/// All resources that match a query. A page is asked for when the one before is used up; it ends with the number the
/// server promised, with an empty page, or after an error.
#[derive(Debug)]
pub struct ListAll<'a, T> {
    endpoint: Endpoint<'a, T>,
    query: ListQuery,
    ready: VecDeque<T>,
    ended: bool,
}

impl<'a, T: Document> ListAll<'a, T> {
    pub(crate) fn new(endpoint: Endpoint<'a, T>, mut query: ListQuery) -> Self {
        if query.cursor.is_none() {
            query.start_index = Some(query.start_index.unwrap_or(1).max(1));
        }
        Self { endpoint, query, ready: VecDeque::new(), ended: false }
    }

    /// The next resource; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        while self.ready.is_empty() && !self.ended {
            match self.endpoint.list(&self.query).await {
                Ok(page) => self.turn(page),
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        self.ready.pop_front().map(Ok)
    }

    /// All of them.
    ///
    /// # Errors
    /// The first error, as [`Endpoint::list`].
    pub async fn collect(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(resource) = self.next().await {
            all.push(resource?);
        }
        Ok(all)
    }

    fn turn(&mut self, page: Page<T>) {
        let came = page.resources.len() as u64;
        if self.query.cursor.is_some() {
            // A page may be empty and not the last; the same cursor again would lead nowhere.
            self.ended = page.next_cursor.is_none() || (came == 0 && page.next_cursor == self.query.cursor);
            self.query.cursor = page.next_cursor;
        } else {
            let next = self.query.start_index.unwrap_or(1).saturating_add(came);
            self.query.start_index = Some(next);
            self.ended = came == 0 || next > page.total_results;
        }
        self.ready = page.resources.into();
    }
}
