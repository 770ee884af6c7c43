//! Stores that fail, and writers that meet: what the client is told is what happened.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use async_trait::async_trait;
use scimstack_server::Fault;
use scimstack_store::{ChangeSet, EdgePage, EdgeQuery, Op, Receipt, Scope, Store, StoreError, Version};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::watched::{Watch, Watched};
use support::{GROUP, Setting, USER, World};

over_every_store! {
    members_added_at_once_are_all_there in Setting::directory();
    attributes_changed_at_once_are_all_changed in Setting::directory();
    of_two_that_want_one_name_one_gets_it in Setting::directory();
    of_two_with_the_same_version_one_wins in Setting::directory();
}

/// Runs a task on several threads at once.
fn at_once(count: usize, task: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for n in 0..count {
            let task = &task;
            scope.spawn(move || task(n));
        }
    });
}

fn members_added_at_once_are_all_there(w: &World) {
    let group = w.group("G", &[]);
    let path = format!("/Groups/{group}");
    let people: Vec<String> = (0..5).map(|n| w.user(&format!("p{n}"))).collect();
    at_once(5, |n| {
        let add = format!(r#"[{{"op":"Add","path":"members","value":[{{"value":"{}"}}]}}]"#, people[n]);
        w.patch(&path, &add).send().expect(204);
    });
    assert_eq!(w.members(&group).len(), 5);
}

fn attributes_changed_at_once_are_all_changed(w: &World) {
    let path = format!("/Users/{}", w.user("ann"));
    let names = ["title", "nickName", "userType", "locale"];
    at_once(names.len(), |n| {
        let set = format!(r#"[{{"op":"replace","path":"{}","value":"x"}}]"#, names[n]);
        w.patch(&path, &set).send().expect(200);
    });
    let found = w.get(&path).send().expect(200).json();
    for name in names {
        assert_eq!(found[name], "x", "{name}");
    }
    assert_eq!(found["meta"]["version"], "W/\"5\"");
}

fn of_two_that_want_one_name_one_gets_it(w: &World) {
    let made = AtomicUsize::new(0);
    at_once(4, |n| {
        let body = format!(r#"{{"schemas":["{USER}"],"userName":"ann","externalId":"e{n}"}}"#);
        match w.post("/Users", body).send() {
            answer if answer.status == 201 => drop(made.fetch_add(1, Ordering::SeqCst)),
            answer => drop(answer.refused(409, "uniqueness")),
        }
    });
    assert_eq!(made.into_inner(), 1);
    assert_eq!(w.get("/Users").send().expect(200).json()["totalResults"], 1);
}

fn of_two_with_the_same_version_one_wins(w: &World) {
    let path = format!("/Users/{}", w.user("ann"));
    let won = AtomicUsize::new(0);
    at_once(4, |n| {
        let set = format!(r#"[{{"op":"replace","path":"title","value":"{n}"}}]"#);
        match w.patch(&path, &set).header("if-match", "W/\"1\"").send() {
            answer if answer.status == 200 => drop(won.fetch_add(1, Ordering::SeqCst)),
            answer => drop(answer.expect(412)),
        }
    });
    assert_eq!(won.into_inner(), 1);
}

/// How a [`Failing`] store fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// Not at all.
    Sound,
    /// Commits are done, and then their outcome is lost.
    InDoubt,
    /// The next commit comes too late: someone else has written.
    Overtaken,
    /// Commits are not done.
    Unavailable,
    /// Commits fail inside.
    Broken,
    /// The second page of edges cannot be read.
    HalfRead,
}

/// Makes a store fail when it holds a resource of a tenant; the server's own records are safe.
struct Failing {
    mode: std::sync::Mutex<Mode>,
    commits: AtomicUsize,
}

impl Failing {
    fn mode(&self) -> Mode {
        *self.mode.lock().unwrap()
    }

    fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }
}

fn cause() -> Box<dyn std::error::Error + Send + Sync> {
    "disk 7 is on fire".into()
}

#[async_trait]
impl Watch for Failing {
    async fn edges(&self, store: &dyn Store, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, StoreError> {
        match self.mode() {
            Mode::HalfRead if query.after.is_some() => Err(StoreError::Unavailable(cause())),
            _ => store.edges(scope, query).await,
        }
    }

    async fn commit(&self, store: &dyn Store, scope: Scope, changes: ChangeSet) -> Result<Receipt, StoreError> {
        let writes = changes.ops.iter().any(|op| !matches!(op, Op::Emit { .. }));
        match self.mode() {
            Mode::InDoubt if writes => {
                self.commits.fetch_add(1, Ordering::SeqCst);
                let receipt = store.commit(scope, changes).await?;
                if receipt.replayed { Ok(receipt) } else { Err(StoreError::InDoubt(cause())) }
            }
            Mode::Overtaken => {
                self.set(Mode::Sound);
                Err(StoreError::VersionMismatch { op: 0, current: Version(7) })
            }
            Mode::Unavailable => Err(StoreError::Unavailable(cause())),
            Mode::Broken if writes => Err(StoreError::Internal(cause())),
            _ => store.commit(scope, changes).await,
        }
    }
}

fn failing() -> (World, Arc<Watched<Failing>>) {
    let failing = Failing { mode: std::sync::Mutex::new(Mode::Sound), commits: AtomicUsize::new(0) };
    let store = Watched::in_memory(failing);
    (Setting::directory().over(store.clone()), store)
}

#[test]
fn an_outcome_in_doubt_is_asked_for_and_done_once() {
    let (w, store) = failing();
    store.watch.set(Mode::InDoubt);
    let ann = w.user("ann");
    assert_eq!(store.watch.commits.load(Ordering::SeqCst), 2);
    let path = format!("/Users/{ann}");
    let set = r#"[{"op":"replace","path":"title","value":"x"}]"#;
    assert_eq!(w.patch(&path, set).send().expect(200).etag(), "W/\"2\"");
    store.watch.set(Mode::Sound);
    assert_eq!(w.get(&path).send().expect(200).etag(), "W/\"2\"");
    assert_eq!(w.events("log").len(), 2);
    assert_eq!(w.get("/Users").send().expect(200).json()["totalResults"], 1);
}

#[test]
fn a_write_that_comes_too_late_is_made_again() {
    let (w, store) = failing();
    let ann = w.user("ann");
    let group = w.group("G", &[]);
    let add = format!(r#"[{{"op":"add","path":"members","value":[{{"value":"{ann}"}}]}}]"#);
    store.watch.set(Mode::Overtaken);
    w.patch(&format!("/Groups/{group}"), &add).header("if-match", "*").send().expect(204);
    assert_eq!(w.members(&group), [ann.as_str()]);
    store.watch.set(Mode::Overtaken);
    let set = r#"[{"op":"replace","path":"title","value":"x"}]"#;
    w.patch(&format!("/Users/{ann}"), set).send().expect(200).shows(r#"{"title":"x"}"#);
    store.watch.set(Mode::Overtaken);
    let body = format!(r#"{{"schemas":["{GROUP}"],"displayName":"H"}}"#);
    w.put(&format!("/Groups/{group}"), body).send().expect(200).shows(r#"{"displayName":"H","members":[]}"#);
    store.watch.set(Mode::Overtaken);
    w.delete(&format!("/Groups/{group}")).send().expect(204);
    w.get(&format!("/Groups/{group}")).send().expect(404);
}

#[test]
fn a_store_that_cannot_be_reached_is_asked_again_later() {
    let (w, store) = failing();
    store.watch.set(Mode::Unavailable);
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"ann"}}"#);
    let answer = w.post("/Users", body.as_str()).send().expect(503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert!(!answer.text().contains("disk 7"));
    store.watch.set(Mode::Sound);
    w.post("/Users", body).send().expect(201);
}

#[test]
fn what_fails_inside_is_told_to_the_host_and_not_to_the_client() {
    let (w, store) = failing();
    store.watch.set(Mode::Broken);
    let request = http::Request::post("/t/acme/api/scim/v2/Users")
        .header("authorization", format!("Bearer {}", w.token))
        .body(bytes::Bytes::from(format!(r#"{{"schemas":["{USER}"],"userName":"ann"}}"#)))
        .unwrap();
    let response = futures_executor::block_on(w.engine.handle(request));
    assert_eq!(response.status(), 500);
    let fault = response.extensions().get::<Fault>().unwrap();
    let cause = std::error::Error::source(fault.error()).unwrap().to_string();
    assert_eq!(cause, "disk 7 is on fire");
    let body = String::from_utf8(response.into_body().as_bytes().unwrap().to_vec()).unwrap();
    assert!(!body.contains("disk 7"), "{body}");
}

#[test]
fn an_answer_that_breaks_off_does_not_look_whole() {
    let (w, store) = failing();
    let names: Vec<String> = (0..2_500).map(|n| format!(r#"{{"value":"p{n:04}@x.test"}}"#)).collect();
    let body = format!(r#"{{"schemas":["{GROUP}"],"displayName":"All","members":[{}]}}"#, names.join(","));
    let path = format!("/t/acme/api/scim/v2/Groups/{}", w.post("/Groups", body).send().expect(201).id());
    store.watch.set(Mode::HalfRead);
    let request = http::Request::get(path)
        .header("authorization", format!("Bearer {}", w.token))
        .body(bytes::Bytes::new())
        .unwrap();
    let response = futures_executor::block_on(w.engine.handle(request));
    assert_eq!(response.status(), 200);
    assert!(futures_executor::block_on(response.into_body().collect()).is_err());
}
