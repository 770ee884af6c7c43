//! Sends the operations: fills requests up to the limits, reads the answers, remembers the ids that references stand for.

use super::order::{Order, filled, reference};
use super::{Bulk, BulkDone, BulkFailure, BulkResult, Operation};
use crate::client::{Answer, Client};
use crate::discovery::BulkLimits;
use crate::error::{Error, Refusal};
use http::header::{ETAG, IF_MATCH, LOCATION};
use http::{HeaderValue, Method};
use percent_encoding::percent_decode_str;
use scimstack_protocol::bulk::BULK_REQUEST;
use scimstack_schema::{Number, Object, Value};
use std::sync::Arc;

type Outcome = Result<BulkDone, BulkFailure>;

/// Bytes of a request beside its operations, generously.
const ENVELOPE: usize = 160;

pub(super) struct Run<'a> {
    client: &'a Client,
    bulk: &'a Bulk,
    order: Order,
    outcomes: Vec<Option<Outcome>>,
    errors: u32,
    /// Nothing more is to be tried.
    stopped: bool,
}

impl<'a> Run<'a> {
    pub(super) fn new(client: &'a Client, bulk: &'a Bulk) -> Self {
        let outcomes = vec![None; bulk.operations.len()];
        Self { client, bulk, order: Order::of(bulk), outcomes, errors: 0, stopped: false }
    }

    pub(super) async fn all(mut self, limits: Option<BulkLimits>) -> Vec<BulkResult> {
        match limits {
            Some(limits) => self.in_bulk(limits).await,
            None => self.one_by_one().await,
        }
        let outcomes = std::mem::take(&mut self.outcomes);
        let results = self.bulk.operations.iter().zip(outcomes);
        results
            .map(|(operation, outcome)| BulkResult {
                method: operation.method.clone(),
                path: operation.path.clone(),
                outcome: outcome.unwrap_or(Err(BulkFailure::NotTried)),
            })
            .collect()
    }

    async fn one_by_one(&mut self) {
        for index in std::mem::take(&mut self.order.circle) {
            self.set(index, Err(BulkFailure::Circle));
        }
        for index in std::mem::take(&mut self.order.straight) {
            if self.stopped {
                return;
            }
            let Some(operation) = self.next(index) else { continue };
            let outcome = self.alone(&operation).await;
            self.stopped |= matches!(&outcome, Err(BulkFailure::Request(_)));
            self.set(index, outcome);
        }
    }

    async fn alone(&self, operation: &Operation) -> Outcome {
        let extra = match &operation.version {
            Some(version) => match HeaderValue::try_from(version) {
                Ok(value) => Some((IF_MATCH, value)),
                Err(_) => return Err(request(Error::Setup(format!("{version:?} cannot stand in a header")))),
            },
            None => None,
        };
        let (method, data) = (operation.method.clone(), operation.data.as_ref());
        let answer = self.client.send_with(method, &operation.path, &[], data, extra).await;
        let answer = match answer.and_then(Answer::accepted) {
            Ok(answer) => answer,
            Err(Error::Refused(refusal)) => return Err(BulkFailure::Refused(refusal)),
            Err(error) => return Err(request(error)),
        };
        let header = |name| answer.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok()).map(str::to_owned);
        let (status, location, version) = (answer.status, header(LOCATION), header(ETAG));
        let resource = match Value::parse(&answer.body) {
            Ok(Value::Object(object)) => Some(object),
            _ => None,
        };
        Ok(done(status, location, version, resource))
    }

    async fn in_bulk(&mut self, limits: BulkLimits) {
        let straight = std::mem::take(&mut self.order.straight);
        let (mut batch, mut size) = (Vec::new(), ENVELOPE);
        for index in straight {
            if self.stopped {
                break;
            }
            // What it needs may be in the request that is being filled; then it is sent with that, by reference.
            let Some(mut value) = self.written(index) else { continue };
            let mut length = value.to_bytes().len() + 1;
            if batch.len() >= limits.max_operations || size.saturating_add(length) > limits.max_payload_size {
                self.send(std::mem::take(&mut batch)).await;
                size = ENVELOPE;
                if self.stopped {
                    return;
                }
                // It is written anew: the ids it refers to are known now.
                let Some(anew) = self.written(index) else { continue };
                length = anew.to_bytes().len() + 1;
                value = anew;
            }
            if ENVELOPE.saturating_add(length) > limits.max_payload_size {
                self.set(index, Err(BulkFailure::TooLarge(limits.max_payload_size)));
                continue;
            }
            size += length;
            batch.push((index, value));
        }
        self.send(batch).await;
        self.circle(limits).await;
    }

    async fn circle(&mut self, limits: BulkLimits) {
        if self.stopped {
            return;
        }
        let circle = std::mem::take(&mut self.order.circle);
        let batch: Vec<(usize, Value)> =
            circle.iter().filter_map(|index| Some((*index, self.written(*index)?))).collect();
        let size = batch.iter().map(|(_, value)| value.to_bytes().len() + 1).sum::<usize>() + ENVELOPE;
        if batch.len() > limits.max_operations || size > limits.max_payload_size {
            for (index, _) in batch {
                self.set(index, Err(BulkFailure::Circle));
            }
            return;
        }
        self.send(batch).await;
    }

    /// Sends one request, and notes what its answer says.
    async fn send(&mut self, batch: Vec<(usize, Value)>) {
        if batch.is_empty() {
            return;
        }
        let (indices, operations): (Vec<usize>, Vec<Value>) = batch.into_iter().unzip();
        let mut body = Object::new();
        body.insert("schemas", vec![BULK_REQUEST]);
        if let Some(errors) = self.bulk.fail_on_errors {
            body.insert("failOnErrors", Number::from(i64::from(errors.saturating_sub(self.errors).max(1))));
        }
        body.insert("Operations", Value::Array(operations));
        let answer = self.client.send(Method::POST, "/Bulk", &[], Some(&body.into())).await;
        let shown = answer.as_ref().ok().and_then(|answer| answer.shown.clone());
        let said = match answer.and_then(Answer::object) {
            Ok(answer) => answer.and_then(|mut answer| answer.remove("Operations")),
            Err(error) => {
                let error = Arc::new(error);
                for index in indices {
                    self.set(index, Err(BulkFailure::Request(error.clone())));
                }
                self.stopped = true;
                return;
            }
        };
        let said = match said {
            Some(Value::Array(said)) => said,
            _ => Vec::new(),
        };
        let complete = said.len() == indices.len();
        let number = |value: &Value| value.get("bulkId")?.as_str()?.parse::<usize>().ok();
        for (at, index) in indices.into_iter().enumerate() {
            let own = said.iter().find(|value| number(value) == Some(index + 1));
            // Not every server repeats the bulkId of what is no POST; then the place says it.
            let own = own.or_else(|| said.get(at).filter(|value| complete && number(value).is_none()));
            let outcome = match own {
                Some(value) => read(value, shown.as_ref()),
                None if self.enough() => Err(BulkFailure::NotTried),
                None => Err(BulkFailure::Unmentioned),
            };
            self.set(index, outcome);
        }
    }

    fn enough(&self) -> bool {
        self.bulk.fail_on_errors.is_some_and(|most| self.errors >= most)
    }

    fn set(&mut self, index: usize, outcome: Outcome) {
        if matches!(outcome, Err(BulkFailure::Refused(_) | BulkFailure::TooLarge(_))) {
            self.errors += 1;
            self.stopped |= self.enough();
        }
        if let Some(place) = self.outcomes.get_mut(index) {
            *place = Some(outcome);
        }
    }

    /// The operation with the ids that are known; `None` when what it refers to was not done.
    fn next(&mut self, index: usize) -> Option<Operation> {
        let operation = self.bulk.operations.get(index)?;
        let is_lost = |needed: &&usize| matches!(self.outcomes.get(**needed), Some(Some(Err(_))));
        if let Some(lost) = self.order.needs.get(index)?.iter().find(is_lost).copied() {
            self.set(index, Err(BulkFailure::Dependency(lost + 1)));
            return None;
        }
        let count = self.bulk.operations.len();
        let id = |at: usize| self.outcomes.get(at)?.as_ref()?.as_ref().ok()?.id.clone();
        let part = |part: &str| match reference(part, count).and_then(id) {
            Some(id) => Client::segment(&id),
            None => part.to_owned(),
        };
        Some(Operation {
            method: operation.method.clone(),
            path: operation.path.split('/').map(part).collect::<Vec<_>>().join("/"),
            data: operation.data.as_ref().map(|data| filled(data, count, &id)),
            version: operation.version.clone(),
        })
    }

    /// The operation as it stands in a request (RFC 7644 §3.7).
    fn written(&mut self, index: usize) -> Option<Value> {
        let operation = self.next(index)?;
        let mut value = Object::new();
        value.insert("method", operation.method.as_str());
        value.insert("bulkId", (index + 1).to_string());
        if let Some(version) = operation.version {
            value.insert("version", version);
        }
        value.insert("path", operation.path);
        if let Some(data) = operation.data {
            value.insert("data", data);
        }
        Some(value.into())
    }
}

fn request(error: Error) -> BulkFailure {
    BulkFailure::Request(Arc::new(error))
}

/// One operation of an answer (RFC 7644 §3.7.3).
fn read(value: &Value, shown: Option<&HeaderValue>) -> Outcome {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let status = match value.get("status") {
        Some(Value::Number(number)) => number.as_i64().and_then(|n| u16::try_from(n).ok()),
        Some(Value::String(text)) => text.trim().parse().ok(),
        // As SCIM 1.1 had it.
        Some(Value::Object(status)) => status.get("code").and_then(Value::as_str).and_then(|code| code.parse().ok()),
        _ => None,
    };
    let response = value.get("response").cloned();
    match status {
        Some(status @ 200..300) => {
            let resource = response.and_then(|response| match response {
                Value::Object(object) => Some(object),
                _ => None,
            });
            Ok(done(status, text("location"), text("version"), resource))
        }
        Some(status) => {
            let body = response.map(|response| response.to_bytes()).unwrap_or_default();
            Err(BulkFailure::Refused(Refusal::read(status, &body, None).without(shown)))
        }
        None => Err(BulkFailure::Unmentioned),
    }
}

fn done(status: u16, location: Option<String>, version: Option<String>, resource: Option<Object>) -> BulkDone {
    let inner = |name: &str| resource.as_ref()?.get("meta")?.get(name)?.as_str().map(str::to_owned);
    let location = location.or_else(|| inner("location"));
    let version = version.or_else(|| inner("version"));
    let shown = resource.as_ref().and_then(|resource| Some(resource.get("id")?.as_str()?.to_owned()));
    let named = || {
        let last = location.as_ref()?.trim_end_matches('/').rsplit('/').next()?;
        Some(percent_decode_str(last).decode_utf8().ok()?.into_owned())
    };
    BulkDone { status, id: shown.or_else(named), location, version, resource }
}
