//! Stretches of an ordered index: what `sw`, `gt`, `ge`, `lt` and `le` ask for (RFC 7644 §3.4.2.2), as keys from one to
//! before another. Where a key may be cut, the stretch is longer than what matches, never shorter.

use super::extract::{instant_key, operand_key, unique_attribute};
use super::{On, is_indexed, is_sort_name, is_whole};
use scimstack_filter::{Operand, Operator, Test};
use scimstack_schema::fold::truncate_key;
use scimstack_schema::{Timestamp, Type};

/// What has keys in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ordered {
    /// [`crate::Core::unique`].
    Unique,
    /// [`crate::Core::external_id`].
    ExternalId,
    /// [`crate::Core::sort_name`].
    SortName,
    /// [`crate::Core::created`]; its keys are as those of [`super::index_key`] for instants.
    Created,
    /// [`crate::Core::modified`], likewise.
    Modified,
    /// The index of this canonical path.
    Index(String),
}

/// Keys from one, before another; `None` for no bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

impl Stretch {
    /// Where both are.
    pub(super) fn and(self, other: Self) -> Self {
        let to = match (self.to, other.to) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self { from: self.from.max(other.from), to }
    }
}

/// The stretch a test asks for, and whether all keys in it match. `None` when nothing has the keys in order.
pub(super) fn of_test(on: On<'_>, test: &Test) -> Option<(Ordered, Stretch, bool)> {
    let operator = test.operator?;
    let path = &test.path;
    if path.extension.is_none() && &*path.attribute.name == "meta" {
        let of = match path.sub_attribute.as_ref().map(|sub| &*sub.name) {
            Some("created") => Ordered::Created,
            Some("lastModified") => Ordered::Modified,
            _ => return None,
        };
        let Operand::Instant(at) = &test.operand else { return None };
        let (stretch, exact) = of_shown_instant(operator, *at)?;
        return Some((of, stretch, exact));
    }
    let of = if is_indexed(on, path) {
        Ordered::Index(path.to_string())
    } else {
        let top = path.extension.is_none() && path.sub_attribute.is_none() && path.attribute.r#type == Type::String;
        match &*path.attribute.name {
            _ if !top => return None,
            name if unique_attribute(on.resource_type).is_some_and(|unique| *unique.name == *name) => Ordered::Unique,
            "externalId" if path.attribute.case_exact => Ordered::ExternalId,
            "displayName" if is_sort_name(&path.attribute) => Ordered::SortName,
            _ => return None,
        }
    };
    let (stretch, exact) = match &test.operand {
        Operand::Text(text) => of_text(operator, text)?,
        Operand::Number(_) | Operand::Instant(_) => (of_key(operator, operand_key(path, &test.operand)?)?, true),
        _ => return None,
    };
    (stretch != Stretch::default()).then_some((of, stretch, exact))
}

/// Of texts, whose keys may be cut.
fn of_text(operator: Operator, text: &str) -> Option<(Stretch, bool)> {
    let key = truncate_key(text);
    let prefix = || Stretch { from: Some(key.to_owned()), to: after_all(key) };
    if operator == Operator::Sw {
        return Some((prefix(), is_whole(text)));
    }
    if is_whole(text) {
        return Some((of_key(operator, key.to_owned())?, true));
    }
    let Stretch { from, to } = prefix();
    let stretch = match operator {
        Operator::Gt | Operator::Ge => Stretch { from, to: None },
        Operator::Lt | Operator::Le => Stretch { from: None, to },
        _ => return None,
    };
    Some((stretch, false))
}

/// Of whole keys.
fn of_key(operator: Operator, key: String) -> Option<Stretch> {
    let next = |key: &str| Some(format!("{key}\0"));
    match operator {
        Operator::Gt => Some(Stretch { from: next(&key), to: None }),
        Operator::Ge => Some(Stretch { from: Some(key), to: None }),
        Operator::Lt => Some(Stretch { from: None, to: Some(key) }),
        Operator::Le => Some(Stretch { from: None, to: next(&key) }),
        _ => None,
    }
}

/// Of `meta.created` and `meta.lastModified`, which are shown, and so compared, without what is below a millisecond.
fn of_shown_instant(operator: Operator, at: Timestamp) -> Option<(Stretch, bool)> {
    const MILLISECOND: i64 = 1_000;
    let micros = at.as_micros();
    // Before 1970 it depends on who rounds in which direction.
    let exact = micros >= MILLISECOND;
    let slack = if exact { 0 } else { MILLISECOND };
    let floor = micros.div_euclid(MILLISECOND).saturating_mul(MILLISECOND);
    let is_shown = floor == micros;
    let next = floor.saturating_add(MILLISECOND);
    let (from, to) = match operator {
        Operator::Eq => (Some(floor), Some(next)),
        Operator::Gt => (Some(next), None),
        Operator::Ge => (Some(if is_shown { floor } else { next }), None),
        Operator::Lt => (None, Some(if is_shown { floor } else { next })),
        Operator::Le => (None, Some(next)),
        _ => return None,
    };
    let key = |micros: i64| instant_key(Timestamp::from_micros(micros));
    let stretch = Stretch {
        from: from.map(|micros| key(micros.saturating_sub(slack))),
        to: to.map(|micros| key(micros.saturating_add(slack))),
    };
    Some((stretch, exact && (is_shown || operator != Operator::Eq)))
}

/// The least text that is after all that begin with `prefix`; `None` when there is none.
fn after_all(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        let next = match last {
            char::MAX => continue,
            '\u{d7ff}' => '\u{e000}',
            other => char::from_u32(u32::from(other) + 1)?,
        };
        text.push(next);
        return Some(text);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_begins_with_a_prefix_is_before_what_comes_after_all_of_it(prefix: String, rest: String, other: String) {
            let end = after_all(&prefix);
            let is_within = |text: &str| *text >= *prefix && end.as_deref().is_none_or(|end| text < end);
            let whole = format!("{prefix}{rest}");
            prop_assert!(is_within(&whole));
            prop_assert_eq!(is_within(&other), other.starts_with(&prefix));
        }

        #[test]
        fn shown_instants_are_within_when_they_match(at in -5_000i64..5_000, of in -5_000i64..5_000, n in 0usize..5) {
            let operators = [Operator::Eq, Operator::Gt, Operator::Ge, Operator::Lt, Operator::Le];
            let Some(operator) = operators.get(n) else { return Ok(()) };
            let (stretch, exact) = of_shown_instant(*operator, Timestamp::from_micros(of)).unwrap();
            let key = instant_key(Timestamp::from_micros(at));
            let is_within = stretch.from.is_none_or(|from| key >= from) && stretch.to.is_none_or(|to| key < to);
            let shown = Timestamp::parse_date_time(&Timestamp::from_micros(at).to_string()).unwrap().as_micros();
            let matches = match operator {
                Operator::Eq => shown == of,
                Operator::Gt => shown > of,
                Operator::Ge => shown >= of,
                Operator::Lt => shown < of,
                _ => shown <= of,
            };
            prop_assert!(is_within || !matches);
            // What is before 1970 has no key of its own here.
            prop_assert!(!exact || at < 0 || is_within == matches);
        }
    }
}
