//! What is measured of any store, beside the raw driver on the same database.

use crate::clock::{Pair, line, median, pair, percentile, shown, time};
use crate::people::{
    changed, changes, group, key, member, record, registry, relate, scope, some, user, user_id, user_name,
};
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_store::{
    CountMode, EdgeChange, EdgeStep, Key, Op, Paging, Query, Record, Sort, Store, Target, Total, Want,
};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Operations in one changeset of a load.
pub(crate) const LOAD: usize = 1_000;

/// What can be measured alone.
pub(crate) const PARTS: [&str; 5] = ["reads", "writes", "members", "put", "writers"];

/// Members of the group that is given whole.
const PUT: usize = 100_000;

/// The raw driver: the same rows, the same durability.
pub(crate) trait Floor {
    fn get(&self, id: &str);
    fn by_name(&self, name: &str);
    fn by_index(&self, path: &str, value: &str);
    /// A hundred users in the order of a column, after a value.
    fn page(&self, by: Order, after: &str);
    fn create(&self, id: &str, record: &Record);
    fn replace(&self, id: &str, record: &Record);
    fn add_member(&self, group: &str, id: &str);
    /// Reads all members of a group; how many there are.
    fn members(&self, group: &str) -> usize;
    /// Bytes in the log of the database so far.
    fn logged(&self) -> f64;
}

/// What a page is ordered by.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    Id,
    UserName,
}

/// Runs futures to their end.
#[derive(Clone)]
pub(crate) enum Wait {
    Plain,
    Tokio(tokio::runtime::Handle),
}

impl Wait {
    pub(crate) fn on<T>(&self, future: impl Future<Output = T>) -> T {
        match self {
            Self::Plain => futures_executor::block_on(future),
            Self::Tokio(handle) => handle.block_on(future),
        }
    }
}

pub(crate) struct Bench<S, F> {
    pub(crate) users: usize,
    pub(crate) store: S,
    pub(crate) floor: F,
    pub(crate) wait: Wait,
    /// The next user that is not there yet.
    pub(crate) next: AtomicUsize,
}

/// Fills a store.
pub(crate) fn load(store: &impl Store, wait: &Wait, users: usize) {
    let took = time(|| {
        for from in (0..users).step_by(LOAD) {
            wait.on(store.commit(scope(), changes((from..users.min(from + LOAD)).map(user)))).unwrap();
        }
    });
    let bytes = record(7, "Engineer").doc.len();
    println!(
        "Loaded in {}: {:.0} users a second, {bytes} bytes each.\n",
        shown(took),
        users as f64 / took.as_secs_f64()
    );
}

/// How much more ours grows than the floor from the fewest users to the most.
pub(crate) fn growth(reads: &[(usize, [Pair; 2])]) {
    if let [(small, before), .., (large, after)] = reads {
        println!("\nFrom {small} to {large} users, ours grows so many times as much as the floor (at most 1.15):");
        for (name, before, after) in [("get", before[0], after[0]), ("emails.value eq", before[1], after[1])] {
            println!("- {name}: {:.2}", after.ratio() / before.ratio());
        }
    }
}

impl<S: Store, F: Floor> Bench<S, F> {
    fn query(&self, filter: Option<&str>, sort: Option<&str>, page: Paging) -> Query {
        let resource_type = registry().resource_type("User").unwrap().clone();
        let filter = filter.map(|text| {
            Arc::new(Filter::parse(text).unwrap().resolve(&resource_type, ResolveOptions::default()).unwrap())
        });
        let sort = sort.map(|path| Sort { path: resource_type.resolve(path).unwrap(), descending: false });
        let mut query = Query::new(Target { kind: "User".into(), resource_type, filter }, 100);
        query.want = Want::DOCUMENT;
        query.page = page;
        query.sort = sort;
        query
    }

    /// Measures these parts; returns get and indexed look-up.
    pub(crate) fn parts(&self, parts: &[&str]) -> Option<[Pair; 2]> {
        let has = |part| parts.contains(&part);
        let reads = has("reads").then(|| self.reads());
        if has("writes") {
            self.writes();
        }
        if has("members") || has("put") {
            self.groups(has("members"), has("put"));
        }
        if has("writers") {
            self.many_writers();
        }
        reads
    }

    fn reads(&self) -> [Pair; 2] {
        let (users, floor) = (self.users, &self.floor);
        let keys: Vec<Key> = (0..5_000).map(|n| key("User", &user_id(some(n, users)))).collect();
        let get = pair(
            "get by id",
            1.3,
            20_000,
            |n| {
                let found = self.wait.on(self.store.read(scope(), &keys[n % 5_000], Want::DOCUMENT)).unwrap();
                assert!(found.is_some());
            },
            |n| floor.get(keys[(n + 1) % 5_000].id.as_str()),
        );
        let found = |query: &Query, matches: u64, items: usize| {
            let page = self.wait.on(self.store.query(scope(), query)).unwrap();
            assert!(page.items.len() == items && (page.total == Total::Exact(matches) || matches == 0));
        };
        let one = Paging::Index { start: 1, count: 100 };
        let by_name: Vec<Query> = (0..2_000)
            .map(|n| self.query(Some(&format!("userName eq \"{}\"", user_name(some(n, users)))), None, one.clone()))
            .collect();
        pair(
            "userName eq",
            1.3,
            10_000,
            |n| found(&by_name[n % 2_000], 1, 1),
            |n| floor.by_name(&user_name(some((n + 1) % 2_000, users))),
        );
        let by_mail: Vec<Query> = (0..2_000)
            .map(|n| self.query(Some(&format!("emails.value eq \"u{}@home.test\"", some(n, users))), None, one.clone()))
            .collect();
        let indexed = pair(
            "emails.value eq",
            1.3,
            10_000,
            |n| found(&by_mail[n % 2_000], 1, 1),
            |n| floor.by_index("emails.value", &format!("u{}@home.test", some((n + 1) % 2_000, users))),
        );
        let page = users.min(100);
        let first = Paging::Cursor { after: None, count: 100 };
        let by_id = self.query(None, None, one);
        pair(
            "page of 100 by id, counted",
            1.3,
            500,
            |_| found(&by_id, users as u64, page),
            |_| floor.page(Order::Id, ""),
        );
        let mut sorted = self.query(None, Some("userName"), first);
        sorted.count = CountMode::None;
        pair("page of 100 by userName", 1.3, 500, |_| found(&sorted, 0, page), |_| floor.page(Order::UserName, ""));
        let mut deep = sorted.clone();
        let (mut after, mut passed) = (None, 0);
        // To four fifths of the way, in large steps.
        while passed < users * 4 / 5 {
            let count = (users * 4 / 5 - passed).min(50_000) as u32;
            let mut step = sorted.clone();
            (step.page, step.want) = (Paging::Cursor { after, count }, Want::HEAD);
            after = self.wait.on(self.store.query(scope(), &step)).unwrap().next;
            passed += count as usize;
        }
        deep.page = Paging::Cursor { after, count: 100 };
        let at_least = (users / 5).min(100);
        pair(
            "that page at four fifths of the depth, beside the first",
            1.1,
            500,
            |_| found(&deep, 0, at_least),
            |_| {
                found(&sorted, 0, page);
            },
        );
        [get, indexed]
    }

    fn next(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn commit(&self, op: Op) {
        self.wait.on(self.store.commit(scope(), changes([op]))).unwrap();
    }

    fn writes(&self) {
        let rounds = 300;
        let mut ours: Vec<Op> = (0..rounds).map(|_| user(self.next())).rev().collect();
        let mut theirs: Vec<(String, Record)> =
            (0..rounds).map(|_| self.next()).map(|n| (user_id(n), record(n, "Engineer"))).collect();
        pair(
            "create",
            1.5,
            rounds,
            |_| self.commit(ours.pop().unwrap()),
            |_| {
                let (id, record) = theirs.pop().unwrap();
                self.floor.create(&id, &record);
            },
        );
        let mut ours: Vec<Op> = (0..rounds).map(|n| changed(some(n, self.users))).collect();
        let theirs: Vec<(String, Record)> =
            (0..rounds).map(|n| some(n, self.users)).map(|n| (user_id(n), record(n, "Chief Engineer"))).collect();
        pair(
            "replace",
            1.5,
            rounds,
            |_| self.commit(ours.pop().unwrap()),
            |n| {
                self.floor.replace(&theirs[n].0, &theirs[n].1);
            },
        );
        // Users that neither has read before.
        let mut ours: Vec<(Key, Op)> =
            (0..rounds).map(|n| some(n + rounds, self.users)).map(|n| (key("User", &user_id(n)), changed(n))).collect();
        let theirs: Vec<(String, Record)> = (2 * rounds..3 * rounds)
            .map(|n| some(n, self.users))
            .map(|n| (user_id(n), record(n, "Chief Engineer")))
            .collect();
        pair(
            "PATCH: read and replace",
            1.5,
            rounds,
            |_| {
                let (key, op) = ours.pop().unwrap();
                self.wait.on(self.store.read(scope(), &key, Want::ALL)).unwrap();
                self.commit(op);
            },
            |n| {
                self.floor.get(&theirs[n].0);
                self.floor.replace(&theirs[n].0, &theirs[n].1);
            },
        );
    }

    /// One member more and one less, and all of them given anew.
    fn groups(&self, one: bool, all: bool) {
        let mut sizes = vec![10, PUT, 1_000_000];
        sizes.retain(|size| *size <= self.users && (one || *size == PUT));
        let mut logs = Vec::new();
        for size in sizes {
            let (group, create) = group(size);
            self.commit(create);
            for from in (0..size).step_by(100_000) {
                let steps = (from..size.min(from + 100_000)).map(|n| EdgeStep::Add(member(n))).collect();
                self.commit(relate(&group, EdgeChange { replace: None, steps }));
            }
            let members: Vec<usize> = (0..300).map(|_| self.next()).collect();
            for n in &members {
                self.commit(user(*n));
            }
            if one {
                logs.push((size, self.one_member(&group, size, &members)));
            }
            if all && size == PUT {
                self.put(&group, &members);
            }
        }
        if let [(small, few), .., (large, many)] = logs[..] {
            line(&format!("bytes logged for one member less, {large} beside {small}"), 1.2, many, few);
        }
    }

    /// Returns the bytes logged for one member less.
    fn one_member(&self, group: &Key, size: usize, members: &[usize]) -> f64 {
        let (mut ours, mut theirs) = (members[..150].iter(), members[150..].iter());
        pair(
            &format!("one member more at {size}"),
            1.6,
            150,
            |_| {
                let steps = vec![EdgeStep::Add(member(*ours.next().unwrap()))];
                self.commit(relate(group, EdgeChange { replace: None, steps }));
            },
            |_| self.floor.add_member(group.id.as_str(), &user_id(*theirs.next().unwrap())),
        );
        let before = self.floor.logged();
        for n in &members[..100] {
            let reference = member(*n).reference;
            self.commit(relate(group, EdgeChange { replace: None, steps: vec![EdgeStep::Remove(reference)] }));
        }
        (self.floor.logged() - before) / 100.0
    }

    /// A group of the first users, given again and again with one that is another; beside reading it.
    fn put(&self, group: &Key, others: &[usize]) {
        let all = |other: Option<usize>| {
            // Each with values of its own, as a request has them.
            let members = (0..PUT).map(|n| if Some(n) == other { member(others[n % others.len()]) } else { member(n) });
            relate(group, EdgeChange { replace: Some(members.collect()), steps: Vec::new() })
        };
        self.commit(all(None));
        let mut puts: Vec<Op> = (0..12).map(|n| all(Some(n * 7_919))).collect();
        pair(
            &format!("PUT of {PUT} members that changes one"),
            1.5,
            12,
            |_| self.commit(puts.pop().unwrap()),
            |_| assert!(self.floor.members(group.id.as_str()) >= PUT),
        );
    }

    fn many_writers(&self) {
        let each = 150;
        let alone = time(|| {
            for _ in 0..each * 4 {
                let n = self.next();
                self.floor.create(&user_id(n), &record(n, "Engineer"));
            }
        });
        let mut stalls = Vec::new();
        let together = time(|| {
            let (store, next, wait) = (&self.store, &self.next, &self.wait);
            let took: Vec<Duration> = std::thread::scope(|threads| {
                let writers: Vec<_> = (0..16)
                    .map(|_| {
                        threads.spawn(move || {
                            let ops: Vec<Op> = (0..each).map(|_| user(next.fetch_add(1, Ordering::Relaxed))).collect();
                            let commit = |op| drop(wait.on(store.commit(scope(), changes([op]))).unwrap());
                            ops.into_iter().map(|op| time(|| commit(op))).collect::<Vec<_>>()
                        })
                    })
                    .collect();
                writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
            });
            stalls = took;
        });
        let a_second = |n: usize, took: Duration| n as f64 / took.as_secs_f64();
        let (ours, floor) = (a_second(each * 16, together), a_second(each * 4, alone));
        line("creates a second, 16 writers beside one transaction each (at least)", 1.8, ours, floor);
        let ops: Vec<Op> = (0..5 * LOAD).map(|_| user(self.next())).collect();
        let mut ops = ops.into_iter();
        let bulk = time(|| {
            for _ in 0..5 {
                self.wait.on(self.store.commit(scope(), changes(ops.by_ref().take(LOAD)))).unwrap();
            }
        });
        let singles: Vec<Op> = (0..500).map(|_| user(self.next())).collect();
        let single = time(|| singles.into_iter().for_each(|op| self.commit(op)));
        line(
            "users a second in bulk beside one at a time (at least)",
            5.0,
            a_second(5 * LOAD, bulk),
            a_second(500, single),
        );
        println!(
            "\nThe longest of those commits by 16 writers took {}, the median {}.",
            shown(percentile(&mut stalls, 100)),
            shown(median(&mut stalls)),
        );
    }
}
