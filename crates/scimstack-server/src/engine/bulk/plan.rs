//! In which order the operations of a bulk request are done, and which may be under way at the same time (RFC 7644 §3.7:
//! a server may reorder, and must keep what the client meant).
//!
//! Operations are done in the order of the request, except that one waits for the resources it refers to. Those that
//! refer to each other in a circle are one [`Unit`] (§3.7.1). Of that order nothing is given up by doing several at once:
//! only creates run side by side, and only those of which none has a name that another has or asks for. A PUT, PATCH or
//! DELETE waits for everything before it, and everything after it waits for it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// What is known of an operation before it is done. Operations are named by their place in the request.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    /// A POST.
    pub(crate) creates: bool,
    /// The POSTs whose resources its data refers to.
    pub(crate) refers: Vec<usize>,
    /// What a PUT, PATCH or DELETE is about.
    pub(crate) about: Option<About>,
    /// Names the resource will have that can clash with another's.
    pub(crate) names: Vec<String>,
    /// Names by which it asks for others.
    pub(crate) asks: Vec<String>,
}

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum About {
    /// The one a POST makes.
    Made(usize),
    /// One that is there, by its path.
    There(String),
}

/// Operations that are done together: one, or those of a circle.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) operations: Vec<usize>,
    /// Whether they refer to each other, or one to itself.
    pub(crate) circular: bool,
    /// The units, by their place in the plan, that must be done before it.
    pub(crate) after: Vec<usize>,
}

/// The units in the order they are begun.
pub(crate) fn plan(wishes: &[Wish]) -> Vec<Unit> {
    let circles = circles(wishes);
    let mut unit_of = vec![0; wishes.len()];
    for (unit, operations) in circles.iter().enumerate() {
        for &operation in operations {
            if let Some(of) = unit_of.get_mut(operation) {
                *of = unit;
            }
        }
    }
    let unit = |operation: usize| unit_of.get(operation).copied().unwrap_or_default();
    let wanted = wanted(wishes, &circles, unit);
    let order = order(&circles, &wanted);
    let mut place = vec![0; circles.len()];
    for (at, &unit) in order.iter().enumerate() {
        if let Some(place) = place.get_mut(unit) {
            *place = at;
        }
    }
    let mut plan: Vec<Unit> = Vec::with_capacity(order.len());
    let mut names = Names::default();
    // Everything from here on waits for what stands here, a write of something that is there.
    let mut since = 0_usize;
    for (at, &unit) in order.iter().enumerate() {
        let operations = circles.get(unit).cloned().unwrap_or_default();
        let wish = |operation: &usize| wishes.get(*operation);
        let creates = operations.iter().filter_map(wish).all(|wish| wish.creates);
        let mut after: Vec<usize> = Vec::new();
        if creates {
            after.extend(since.checked_sub(1));
            let needed = wanted.get(unit).into_iter().flatten().filter_map(|&other| place.get(other).copied());
            after.extend(needed.filter(|&other| other >= since));
            operations.iter().filter_map(wish).for_each(|wish| names.meet(wish, at, &mut after));
        } else {
            after.extend(since.saturating_sub(1)..at);
            since = at + 1;
            names = Names::default();
        }
        after.sort_unstable();
        after.dedup();
        after.retain(|&other| other != at);
        let itself = |operation: &usize| wish(operation).is_some_and(|wish| wish.refers.contains(operation));
        let circular = operations.len() > 1 || operations.iter().any(itself);
        plan.push(Unit { operations, circular, after });
    }
    plan
}

/// Which units each waits for, whatever the order of the request.
fn wanted(wishes: &[Wish], circles: &[Vec<usize>], unit: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
    let mut wanted = vec![Vec::new(); circles.len()];
    let mut last: HashMap<&About, usize> = HashMap::new();
    let mut referrers: HashMap<usize, Vec<usize>> = HashMap::new();
    for (operation, wish) in wishes.iter().enumerate() {
        let Some(waits) = wanted.get_mut(unit(operation)) else { continue };
        waits.extend(wish.refers.iter().map(|&other| unit(other)));
        if let Some(about) = &wish.about {
            waits.extend(last.insert(about, operation).map(&unit));
            if let About::Made(made) = about {
                waits.push(unit(*made));
                // Who refers to it was to find it as it was.
                waits.extend(referrers.remove(made).into_iter().flatten().map(&unit));
            }
        }
        for &other in &wish.refers {
            referrers.entry(other).or_default().push(operation);
        }
    }
    for (unit, waits) in wanted.iter_mut().enumerate() {
        waits.sort_unstable();
        waits.dedup();
        waits.retain(|&other| other != unit);
    }
    wanted
}

/// The units, each after those it waits for, otherwise in the order of the request; a circle counts as its last.
fn order(circles: &[Vec<usize>], wanted: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = wanted.iter().map(Vec::len).collect();
    let mut followers = vec![Vec::new(); circles.len()];
    for (unit, waits) in wanted.iter().enumerate() {
        for &other in waits {
            if let Some(followers) = followers.get_mut(other) {
                followers.push(unit);
            }
        }
    }
    let rank = |unit: usize| Reverse((circles.get(unit).and_then(|all| all.iter().max()).copied(), unit));
    let mut ready: BinaryHeap<_> =
        waiting.iter().enumerate().filter(|(_, count)| **count == 0).map(|(unit, _)| rank(unit)).collect();
    let mut order = Vec::with_capacity(circles.len());
    while let Some(Reverse((_, unit))) = ready.pop() {
        order.push(unit);
        for &follower in followers.get(unit).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(follower) {
                *count -= 1;
                if *count == 0 {
                    ready.push(rank(follower));
                }
            }
        }
    }
    order
}

/// The creates that refer to each other, every other operation alone: the strongly connected components of the
/// references between POSTs, found without recursion (Tarjan's algorithm).
fn circles(wishes: &[Wish]) -> Vec<Vec<usize>> {
    let count = wishes.len();
    let refers = |at: usize| wishes.get(at).filter(|wish| wish.creates).map_or(&[][..], |wish| &wish.refers);
    let mut found = Vec::with_capacity(count);
    let mut index: Vec<Option<usize>> = vec![None; count];
    let mut low = vec![0; count];
    let mut is_open = vec![false; count];
    let (mut open, mut path, mut next) = (Vec::new(), Vec::new(), 0);
    let set = |list: &mut Vec<usize>, at: usize, value: usize| {
        if let Some(slot) = list.get_mut(at) {
            *slot = value.min(*slot);
        }
    };
    for start in 0..count {
        if index.get(start).copied().flatten().is_none() {
            path.push((start, 0));
        }
        while let Some((at, edge)) = path.pop() {
            if edge == 0 {
                if let (Some(index), Some(low), Some(is_open)) =
                    (index.get_mut(at), low.get_mut(at), is_open.get_mut(at))
                {
                    (*index, *low, *is_open) = (Some(next), next, true);
                }
                open.push(at);
                next += 1;
            }
            if let Some(&other) = refers(at).get(edge) {
                path.push((at, edge + 1));
                match index.get(other).copied().flatten() {
                    None => path.push((other, 0)),
                    Some(seen) if is_open.get(other).copied().unwrap_or_default() => set(&mut low, at, seen),
                    Some(_) => {}
                }
                continue;
            }
            let lowest = low.get(at).copied().unwrap_or_default();
            if let Some((parent, _)) = path.last() {
                set(&mut low, *parent, lowest);
            }
            if index.get(at).copied().flatten() == Some(lowest) {
                let mut circle = Vec::new();
                while let Some(member) = open.pop() {
                    if let Some(is_open) = is_open.get_mut(member) {
                        *is_open = false;
                    }
                    circle.push(member);
                    if member == at {
                        break;
                    }
                }
                circle.sort_unstable();
                found.push(circle);
            }
        }
    }
    found
}

/// Who has which name and who asks for it, among creates that could run side by side.
#[derive(Default)]
struct Names<'a> {
    /// The last that has the name.
    has: HashMap<&'a str, usize>,
    /// Who asked for it since.
    asked: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Names<'a> {
    fn meet(&mut self, wish: &'a Wish, at: usize, after: &mut Vec<usize>) {
        for name in &wish.asks {
            after.extend(self.has.get(name.as_str()));
            self.asked.entry(name).or_default().push(at);
        }
        for name in &wish.names {
            after.extend(self.has.insert(name, at));
            after.extend(self.asked.remove(name.as_str()).into_iter().flatten());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(refers: &[usize]) -> Wish {
        Wish { creates: true, refers: refers.to_vec(), ..Wish::default() }
    }

    fn write(about: About) -> Wish {
        Wish { about: Some(about), ..Wish::default() }
    }

    fn called(name: &str) -> Wish {
        Wish { names: vec![name.to_owned()], ..post(&[]) }
    }

    fn planned(wishes: &[Wish]) -> Vec<(Vec<usize>, Vec<usize>)> {
        plan(wishes).into_iter().map(|unit| (unit.operations, unit.after)).collect()
    }

    #[test]
    fn the_order_is_that_of_the_request_as_far_as_references_allow() {
        for (wishes, order) in [
            (vec![post(&[]), post(&[]), post(&[])], vec![vec![0], vec![1], vec![2]]),
            (vec![post(&[2]), post(&[]), post(&[])], vec![vec![1], vec![2], vec![0]]),
            (vec![post(&[1]), post(&[2]), post(&[])], vec![vec![2], vec![1], vec![0]]),
            (vec![post(&[1]), post(&[0]), post(&[0])], vec![vec![0, 1], vec![2]]),
            (vec![post(&[0])], vec![vec![0]]),
            (vec![write(About::Made(1)), post(&[])], vec![vec![1], vec![0]]),
            // A circle, somebody it refers to, somebody who refers to it, and a change of one of them.
            (
                vec![post(&[1, 3]), post(&[0]), post(&[1]), post(&[]), write(About::Made(0))],
                vec![vec![3], vec![0, 1], vec![2], vec![4]],
            ),
            // What is deleted goes after those who referred to it before, even when they have to wait.
            (
                vec![post(&[]), post(&[0, 3]), write(About::Made(0)), post(&[])],
                vec![vec![0], vec![3], vec![1], vec![2]],
            ),
            // Two writes of the same stay in their order.
            (
                vec![
                    Wish { refers: vec![2], ..write(About::There("x".into())) },
                    write(About::There("x".into())),
                    post(&[]),
                ],
                vec![vec![2], vec![0], vec![1]],
            ),
        ] {
            let found: Vec<Vec<usize>> = plan(&wishes).into_iter().map(|unit| unit.operations).collect();
            assert_eq!(found, order, "{wishes:?}");
        }
    }

    #[test]
    fn creates_wait_for_names_and_references_only() {
        let asks = Wish { asks: vec!["a".into()], ..post(&[]) };
        let wishes = [called("a"), called("b"), called("a"), asks, called("a"), post(&[1])];
        let after: Vec<Vec<usize>> = plan(&wishes).into_iter().map(|unit| unit.after).collect();
        assert_eq!(after, [vec![], vec![], vec![0], vec![2], vec![2, 3], vec![1]]);
    }

    #[test]
    fn a_write_waits_for_all_and_all_wait_for_it() {
        let wishes = [called("a"), called("b"), write(About::There("x".into())), called("a"), called("c")];
        let after: Vec<Vec<usize>> = plan(&wishes).into_iter().map(|unit| unit.after).collect();
        assert_eq!(after, [vec![], vec![], vec![0, 1], vec![2], vec![2]]);
    }

    #[test]
    fn a_long_chain_and_a_large_circle_are_planned_without_recursion() {
        let count = 20_000;
        let chain: Vec<Wish> = (0..count).map(|at| if at + 1 < count { post(&[at + 1]) } else { post(&[]) }).collect();
        assert_eq!(planned(&chain).first().map(|unit| unit.0.clone()), Some(vec![count - 1]));
        let circle: Vec<Wish> = (0..count).map(|at| post(&[(at + 1) % count])).collect();
        assert_eq!(plan(&circle).len(), 1);
    }
}
