//! Who refers to whom, and an order in which what is referred to comes first. Circles stay together, at the end.

use super::{Bulk, Operation, REFERENCE};
use scimstack_schema::{Object, Value};
use std::collections::BTreeSet;

/// The operations by index, in an order to do them in.
pub(super) struct Order {
    /// Each after what it refers to; otherwise as they were collected.
    pub(super) straight: Vec<usize>,
    /// Those that are in a circle, or refer to one: only to be done together.
    pub(super) circle: Vec<usize>,
    /// For each operation, those that it refers to.
    pub(super) needs: Vec<BTreeSet<usize>>,
}

impl Order {
    pub(super) fn of(bulk: &Bulk) -> Self {
        let count = bulk.operations.len();
        let needs: Vec<BTreeSet<usize>> = (0..count)
            .zip(&bulk.operations)
            .map(|(own, operation)| references(operation, count).into_iter().filter(|other| *other != own).collect())
            .collect();
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (user, needed) in needs.iter().enumerate().flat_map(|(user, all)| all.iter().map(move |n| (user, *n))) {
            if let Some(users) = users.get_mut(needed) {
                users.push(user);
            }
        }
        let mut open: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
        let mut ready: BTreeSet<usize> =
            (0..count).zip(&open).filter(|(_, open)| **open == 0).map(|(i, _)| i).collect();
        let mut straight = Vec::with_capacity(count);
        while let Some(next) = ready.pop_first() {
            straight.push(next);
            for user in users.get(next).into_iter().flatten() {
                if let Some(open) = open.get_mut(*user) {
                    *open -= 1;
                    if *open == 0 {
                        ready.insert(*user);
                    }
                }
            }
        }
        let circle = (0..count).zip(&open).filter(|(_, open)| **open > 0).map(|(i, _)| i).collect();
        Self { straight, circle, needs }
    }
}

/// The operation that a text refers to, by index.
pub(super) fn reference(text: &str, count: usize) -> Option<usize> {
    let number: usize = text.strip_prefix(REFERENCE)?.parse().ok()?;
    number.checked_sub(1).filter(|index| *index < count)
}

fn references(operation: &Operation, count: usize) -> BTreeSet<usize> {
    let mut found: BTreeSet<usize> = operation.path.split('/').filter_map(|part| reference(part, count)).collect();
    if let Some(data) = &operation.data {
        collect(data, count, &mut found);
    }
    found
}

// Values nest no deeper than `scimstack_schema::value::MAX_DEPTH` when they were read.
fn collect(value: &Value, count: usize, found: &mut BTreeSet<usize>) {
    match value {
        Value::String(text) => found.extend(reference(text, count)),
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, count, found)),
        Value::Object(object) => object.iter().for_each(|(_, value)| collect(value, count, found)),
        _ => {}
    }
}

/// The value with references replaced by what `id` knows of them.
pub(super) fn filled(value: &Value, count: usize, id: &dyn Fn(usize) -> Option<String>) -> Value {
    match value {
        Value::String(text) => match reference(text, count).and_then(id) {
            Some(id) => id.into(),
            None => value.clone(),
        },
        Value::Array(elements) => Value::Array(elements.iter().map(|element| filled(element, count, id)).collect()),
        Value::Object(object) => {
            let mut copy = Object::new();
            for (name, value) in object.iter() {
                copy.insert(name, filled(value, count, id));
            }
            copy.into()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(references: &[&[usize]]) -> Bulk {
        let mut bulk = Bulk::new();
        for numbers in references {
            let values: Vec<Value> = numbers.iter().map(|n| Value::from(format!("{REFERENCE}{n}"))).collect();
            bulk.create("/Groups", Object::from_iter([("members", Value::Array(values))]));
        }
        bulk
    }

    #[test]
    fn what_is_referred_to_comes_first_and_the_rest_stays_in_order() {
        let order = Order::of(&bulk(&[&[3], &[], &[4], &[], &[1]]));
        assert_eq!(order.straight, [1, 3, 2, 0, 4]);
        assert_eq!(order.circle, [0; 0]);
        assert_eq!(Order::of(&bulk(&[&[], &[1], &[1, 2]])).straight, [0, 1, 2]);
    }

    #[test]
    fn circles_and_what_hangs_on_them_are_set_apart() {
        let order = Order::of(&bulk(&[&[2], &[1], &[1], &[], &[5]]));
        assert_eq!((order.straight, order.circle), (vec![3, 4], vec![0, 1, 2]));
    }

    #[test]
    fn a_reference_to_nothing_is_left_alone() {
        let order = Order::of(&bulk(&[&[0], &[9]]));
        assert_eq!(order.straight, [0, 1]);
        let value = Value::from("bulkId:9");
        assert_eq!(filled(&value, 2, &|_| Some("x".to_owned())), value);
        assert_eq!(filled(&Value::from("bulkId:2"), 2, &|at| Some(format!("id{at}"))), Value::from("id1"));
    }
}
