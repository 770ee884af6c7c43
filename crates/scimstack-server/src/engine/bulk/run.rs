//! Does the operations of a bulk request as the plan has them (RFC 7644 §3.7, §3.7.1, §3.7.3).
//!
//! Operations that do not depend on each other are under way at the same time, so that a store can write them together.
//! With `failOnErrors` that is kept within what doing them one by one would have done: operations are begun in the order
//! of the plan, and one is begun only when it would be even if all that are under way should fail.
//!
//! Resources that refer to each other get their ids before any of them is made, so that each is written once, whole. Either
//! all of them are made or none: when one is refused, those that were made already are taken back.

use super::plan::Unit;
use super::{Step, each_reference, references, shown};
use crate::engine::call::{Call, Part};
use crate::engine::commit;
use crate::engine::document::Content;
use crate::engine::failure::{Failure, Fault, Outcome};
use crate::engine::log::Entry;
use crate::engine::observe::Seen;
use crate::engine::permit;
use crate::engine::respond::{Reply, told};
use crate::engine::target::{Target, allowed};
use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use http::Method;
use scimstack_protocol::bulk::BulkResult;
use scimstack_protocol::{ETag, Preconditions, ScimError};
use scimstack_schema::ResourceType;
use scimstack_store::{Key, Want};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What became of an operation.
pub(super) struct Done {
    pub(super) result: BulkResult,
    pub(super) fault: Option<Fault>,
    /// The resource.
    id: Option<String>,
    /// False when it failed only because another did, and nothing was tried.
    tried: bool,
}

/// An operation with everything it refers to.
struct Work {
    at: usize,
    step: Step,
    /// The id the resource will have, when others refer to it before it is made.
    id: Option<String>,
    refused: Option<ScimError>,
}

/// Does the operations; of those that were not begun there is nothing.
pub(super) async fn run(
    call: &Call<'_>,
    steps: Vec<Step>,
    made: &HashMap<String, usize>,
    plan: &[Unit],
    fail_on_errors: Option<u32>,
) -> Vec<Option<Done>> {
    let most_errors = fail_on_errors.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    let mut done: Vec<Option<Done>> = steps.iter().map(|_| None).collect();
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let mut waiting: Vec<usize> = plan.iter().map(|unit| unit.after.len()).collect();
    let mut followers: Vec<Vec<usize>> = plan.iter().map(|_| Vec::new()).collect();
    for (at, unit) in plan.iter().enumerate() {
        for &other in &unit.after {
            if let Some(followers) = followers.get_mut(other) {
                followers.push(at);
            }
        }
    }
    let mut ready: BTreeSet<usize> = (0..plan.len()).filter(|at| waiting.get(*at) == Some(&0)).collect();
    let mut under_way = FuturesUnordered::new();
    // Operations begun, units begun, errors so far.
    let (mut busy, mut begun, mut errors) = (0, 0, 0);
    loop {
        while let Some(&at) = ready.first()
            && under_way.len() < call.limits().bulk_in_flight.max(1)
            && (fail_on_errors.is_none() || (at == begun && errors + busy < most_errors))
            && let Some(unit) = plan.get(at)
        {
            ready.remove(&at);
            begun += 1;
            busy += unit.operations.len();
            let works = works(call, unit, &mut steps, &done, made);
            under_way.push(do_unit(call, at, unit.circular, works));
        }
        let Some((at, results)) = under_way.next().await else { return done };
        busy -= results.len();
        for (operation, result) in results {
            let failed = result.result.outcome.is_err();
            if failed && !result.tried && errors >= most_errors {
                continue;
            }
            errors += usize::from(failed);
            if let Some(done) = done.get_mut(operation) {
                *done = Some(result);
            }
        }
        for &follower in followers.get(at).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(follower) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(follower);
                }
            }
        }
    }
}

/// The operations of a unit, with ids in the places of bulkIds.
fn works(
    call: &Call<'_>,
    unit: &Unit,
    steps: &mut [Option<Step>],
    done: &[Option<Done>],
    made: &HashMap<String, usize>,
) -> Vec<Work> {
    let environment = call.engine.admin.environment();
    let reserved: HashMap<usize, String> = match unit.circular {
        true => unit.operations.iter().map(|&at| (at, environment.new_id())).collect(),
        false => HashMap::new(),
    };
    let id_of = |other: usize| {
        let made = done.get(other).and_then(Option::as_ref).filter(|done| done.result.outcome.is_ok());
        reserved.get(&other).or_else(|| made?.id.as_ref())
    };
    let mut works = Vec::with_capacity(unit.operations.len());
    for &at in &unit.operations {
        let Some(mut step) = steps.get_mut(at).and_then(Option::take) else { continue };
        let needed = step.about.iter().chain(&step.refers);
        let missing = needed.copied().find(|&other| id_of(other).is_none());
        let refused = step.refused.take().or_else(|| missing.map(|other| lost(made, other)));
        if refused.is_none() {
            if let (Some(id), Some(segment)) = (step.about.and_then(id_of), step.segments.last_mut()) {
                segment.clone_from(id);
            }
            step.write_ids(|text| {
                let (before, id) = references::bulk_id(text)?;
                id_of(*made.get(id)?).map(|id| format!("{before}{id}"))
            });
        }
        works.push(Work { at, id: reserved.get(&at).cloned(), step, refused });
    }
    works
}

impl Step {
    /// Writes something else in the places of references.
    fn write_ids(&mut self, mut with: impl FnMut(&str) -> Option<String>) {
        if let (Some(resource_type), Some(data), false) = (&self.resource_type, &mut self.data, self.refers.is_empty())
        {
            each_reference(&self.method, resource_type, data, &mut with);
        }
    }
}

fn lost(made: &HashMap<String, usize>, other: usize) -> ScimError {
    let id = made.iter().find(|(_, at)| **at == other).map_or("", |(id, _)| id.as_str());
    ScimError::new(
        409,
        format!("The operation refers to bulkId:{}, whose own operation failed; see the error there.", shown(id)),
    )
}

/// Does one operation, or a circle of them.
async fn do_unit(call: &Call<'_>, at: usize, circular: bool, works: Vec<Work>) -> (usize, Vec<(usize, Done)>) {
    if circular {
        return (at, Box::pin(circle(call, works)).await);
    }
    let mut results = Vec::with_capacity(works.len());
    for work in works {
        let (at, part) = (work.at, Part::default());
        results.push((at, Box::pin(perform(call, work, "", part)).await));
    }
    (at, results)
}

/// An operation as a request of its own, under an id of its own.
fn as_request<'a>(call: &Call<'a>, at: usize, suffix: &str, version: Option<&str>, part: Part) -> Call<'a> {
    Call {
        engine: call.engine,
        principal: call.principal,
        profile: call.profile,
        base: call.base.clone(),
        id: format!("{}:{at}{suffix}", call.id),
        now: call.engine.admin.environment().now(),
        query: &[],
        preconditions: Preconditions::from_headers(version, None),
        subject: call.subject,
        seen: Seen::default(),
        part: Some(part),
    }
}

impl Work {
    /// The address the operation is about: of every operation but a POST it is known before.
    fn location(&self, call: &Call<'_>) -> Option<String> {
        if self.step.method == Method::POST {
            return None;
        }
        match (&self.step.resource_type, self.step.segments.as_slice()) {
            (Some(resource_type), [_, id]) => Some(call.location(resource_type, id)),
            (_, segments) => Some(format!("{}/{}", call.base, segments.join("/"))),
        }
    }

    fn done(&self, call: &Call<'_>, outcome: Outcome<Reply>, id: Option<String>) -> Done {
        let (outcome, version, location, fault) = match outcome {
            Ok(reply) => (Ok(reply.status), reply.etag, reply.location, None),
            Err(failure) => (Err(told(&failure.error, &call.id)), None, None, failure.fault),
        };
        let result = BulkResult {
            method: self.step.sent_method.clone(),
            bulk_id: self.step.bulk_id.clone(),
            location: location.or_else(|| self.location(call)),
            version,
            outcome,
        };
        Done { result, fault, id, tried: true }
    }
}

/// Does one operation: from here on it is a request like any other.
async fn perform(call: &Call<'_>, mut work: Work, suffix: &str, part: Part) -> Done {
    let version = work.step.version.take().filter(|_| work.step.method != Method::POST);
    let call = as_request(call, work.at, suffix, version.as_deref(), part);
    let segments = work.step.segments.clone();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let Some(target) = Target::of(&segments, &call) else {
        let refused = work.refused.take();
        let failure = refused.map_or_else(|| Failure::no_endpoint(&segments.join("/"), call.registry()), Failure::from);
        return work.done(&call, Err(failure), None);
    };
    let mut entry = target.entry(&work.step.method);
    let content = work.step.data.take().map_or_else(|| Content::Bytes(Bytes::new()), Content::Value);
    let outcome = match work.refused.take() {
        Some(error) => Err(error.into()),
        None => match allowed(&work.step.method, target.allow()) {
            Ok(verb) => match permit::permit(&call, &target, &verb) {
                Ok(()) => Box::pin(target.answer(&call, verb, content, entry.as_mut())).await,
                Err(failure) => Err(failure),
            },
            Err(failure) => Err(failure),
        },
    };
    commit::record_refusal(&call, entry.as_ref(), outcome.as_ref().err()).await;
    let id = entry.and_then(|entry| entry.resource_id);
    work.done(&call, outcome, id)
}

/// Makes resources that refer to each other: all of them, or none.
async fn circle(call: &Call<'_>, works: Vec<Work>) -> Vec<(usize, Done)> {
    let arriving = Arc::new(works.iter().filter_map(|work| work.id.clone()).collect());
    let mut failed = works.iter().any(|work| work.refused.is_some());
    let mut members = Vec::with_capacity(works.len());
    for mut work in works {
        let member = Member {
            at: work.at,
            id: work.id.clone(),
            resource_type: work.step.resource_type.clone(),
            again: Some(work.again()),
        };
        let is_own = work.refused.is_some();
        if failed && !is_own {
            work.refused = Some(broken());
        }
        let part = Part { arriving: Arc::clone(&arriving), id: work.id.clone() };
        let mut done = Box::pin(perform(call, work, "", part)).await;
        done.tried = !failed || is_own;
        failed |= done.result.outcome.is_err();
        members.push((member, done));
    }
    if !failed {
        failed = !settle(call, &mut members).await;
    }
    for (member, done) in &mut members {
        if failed && done.result.outcome.is_ok() {
            member.take_back(call, done).await;
        } else if let (Some(key), Ok(_)) = (member.key(done), &done.result.outcome)
            && let Ok(Some(stored)) = call.store().read(call.scope(), &key, Want::HEAD).await
        {
            done.result.version = Some(ETag(stored.version.0));
        }
    }
    members.into_iter().map(|(member, done)| (member.at, done)).collect()
}

fn broken() -> ScimError {
    ScimError::new(
        409,
        "The operation refers to others in a circle, and one of them failed; none of the circle was made. See the error \
         there.",
    )
}

/// One of a circle.
struct Member {
    at: usize,
    /// The id that the others know.
    id: Option<String>,
    resource_type: Option<Arc<ResourceType>>,
    /// The same operation as a PUT.
    again: Option<Work>,
}

impl Work {
    /// The same once more, as a PUT of the resource that was made.
    fn again(&self) -> Self {
        let step = Step {
            method: Method::PUT,
            sent_method: String::new(),
            bulk_id: None,
            version: None,
            segments: self.step.segments.clone(),
            resource_type: self.step.resource_type.clone(),
            data: self.step.data.clone(),
            about: None,
            refers: self.step.refers.clone(),
            refused: None,
        };
        Self { at: self.at, step, id: None, refused: None }
    }
}

/// When a create brought a resource back that was there before, it has another id than the circle knows; then the
/// references to it are written again.
async fn settle(call: &Call<'_>, members: &mut [(Member, Done)]) -> bool {
    let other: HashMap<String, String> = members
        .iter()
        .filter_map(|(member, done)| Some((member.id.clone()?, done.id.clone()?)))
        .filter(|(reserved, id)| reserved != id)
        .collect();
    if other.is_empty() {
        return true;
    }
    for (member, done) in members {
        let (Some(mut again), Some(id)) = (member.again.take(), &done.id) else { return false };
        again.step.segments.push(id.clone());
        again.step.write_ids(|text| {
            let tail = text.rfind('/').map_or(0, |at| at + 1);
            let (before, id) = text.split_at_checked(tail)?;
            other.get(id).map(|id| format!("{before}{id}"))
        });
        if Box::pin(perform(call, again, ":again", Part::default())).await.result.outcome.is_err() {
            return false;
        }
    }
    true
}

impl Member {
    fn key(&self, done: &Done) -> Option<Key> {
        let call_id = done.id.as_deref()?;
        let id = scimstack_store::ResourceId::new(call_id)?;
        Some(Key::new(&*self.resource_type.as_ref()?.name, id))
    }

    /// Takes the resource back, unless it was there before.
    async fn take_back(&self, call: &Call<'_>, done: &mut Done) {
        let error = broken();
        if let (Some(key), true) = (self.key(done), self.id == done.id) {
            let entry = Entry {
                method: Method::POST.to_string(),
                resource_type: key.kind.as_str().to_owned(),
                resource_id: Some(key.id.as_str().to_owned()),
                ..Entry::default()
            };
            let call = as_request(call, self.at, ":back", None, Part::default());
            if let Err(failure) = commit::take_back(&call, &key, &entry, &error).await {
                done.result.outcome = Err(told(&failure.error, &call.id));
                done.fault = failure.fault;
                return;
            }
        }
        done.result.outcome = Err(error);
        done.result.location = None;
        done.result.version = None;
    }
}
