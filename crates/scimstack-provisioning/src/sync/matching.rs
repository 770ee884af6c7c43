//! Which resource of the target a row of the source is: found by the surest attribute that both have, and never guessed.
//!
//! Of a resource a few numbers are kept, so that a million of them fit into memory; the texts they stand for are hashed to
//! 128 bits.

use super::check::{Checked, Desired};
use scimstack_schema::fold::{exact, fold};
use scimstack_schema::{Object, Value};
use std::hash::{DefaultHasher, Hash, Hasher};

/// An attribute's value, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64, u64);

impl Key {
    pub(super) fn of(rule: usize, text: &str) -> Self {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, rule, text).hash(&mut hasher);
            hasher.finish()
        };
        Self(half(1), half(2))
    }
}

/// What matching has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    None,
    One(u32),
    /// Several have the value.
    Many {
        rule: usize,
    },
    /// One has it, and another value of a surer attribute.
    Other {
        rule: usize,
        at: u32,
    },
}

impl Checked {
    /// The key of a text, by the attribute's rule of case.
    pub(super) fn key(&self, rule: usize, text: &str) -> Option<Key> {
        let leaf = self.rules.get(rule)?.place.leaf();
        let text = text.trim();
        let folded = if leaf.case_exact { exact(text) } else { fold(text) };
        (!text.is_empty()).then(|| Key::of(rule, &folded))
    }

    /// The keys of a row.
    pub(super) fn keys_of(&self, desired: &Desired) -> impl Iterator<Item = (usize, Key)> {
        self.matched_by.iter().filter_map(|&rule| Some((rule, self.key(rule, desired.text(rule)?)?)))
    }

    /// The keys of a resource.
    pub(super) fn keys_in(&self, document: &Object) -> Vec<(usize, Key)> {
        let text = |rule: usize| self.rules.get(rule)?.place.read(document)?.as_str();
        self.matched_by.iter().filter_map(|&rule| Some((rule, self.key(rule, text(rule)?)?))).collect()
    }

    /// How a row is known for ever: the surest attribute it has, and its value.
    #[must_use]
    pub fn item(&self, desired: &Desired) -> String {
        let mut named = self.matched_by.iter().filter_map(|&rule| {
            let text = desired.text(rule).filter(|text| !text.trim().is_empty())?;
            Some(format!(
                "{} {} {}",
                self.endpoint().trim_start_matches('/'),
                self.rules.get(rule)?.rule.to,
                text.trim()
            ))
        });
        named.next().unwrap_or_default()
    }

    /// The filters that look a row up, the surest first: path and value.
    pub(super) fn look_ups(&self, desired: &Desired) -> Vec<(usize, String, String)> {
        let each = self.matched_by.iter().filter_map(|&rule| {
            let text = desired.text(rule).map(str::trim).filter(|text| !text.is_empty())?;
            Some((rule, self.rules.get(rule)?.rule.to.clone(), text.to_owned()))
        });
        each.collect()
    }

    /// Whether a resource has the value that a look-up asked for.
    pub(super) fn has(&self, document: &Object, rule: usize, text: &str) -> bool {
        let shown = self.rules.get(rule).and_then(|rule| rule.place.read(document)).and_then(Value::as_str);
        shown.and_then(|shown| self.key(rule, shown)) == self.key(rule, text)
    }
}

/// Keys and whose they are, to be looked up once all are there.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    entries: Vec<(Key, u32)>,
}

impl Index {
    pub(super) fn push(&mut self, key: Key, at: u32) {
        self.entries.push((key, at));
    }

    /// No more will come.
    pub(super) fn close(&mut self) {
        self.entries.sort_unstable();
        self.entries.dedup();
        self.entries.shrink_to_fit();
    }

    /// Who has a key.
    pub(super) fn all(&self, key: Key) -> impl Iterator<Item = u32> {
        let rest = self.entries.get(self.first(key)..).unwrap_or_default();
        rest.iter().take_while(move |(other, _)| *other == key).map(|(_, at)| *at)
    }

    /// Where the entries of a key begin. Hashes are spread evenly, so that the place can be guessed, and is near the guess.
    fn first(&self, key: Key) -> usize {
        let count = self.entries.len();
        let guess = ((u128::from(key.0) * count as u128) >> 64) as usize;
        let is_before = |at: usize| self.entries.get(at).is_some_and(|(other, _)| *other < key);
        let mut step = 64;
        let (mut low, mut high) = (guess, guess);
        while low > 0 && !is_before(low) {
            low = low.saturating_sub(step);
            step *= 2;
        }
        step = 64;
        while high < count && is_before(high) {
            high = high.saturating_add(step).min(count);
            step *= 2;
        }
        let near = self.entries.get(low..high.max(low)).unwrap_or_default();
        low + near.partition_point(|(other, _)| *other < key)
    }

    /// Keys that several have, each with all who have it.
    pub(super) fn shared(&self) -> impl Iterator<Item = Vec<u32>> {
        let runs = self.entries.chunk_by(|(a, _), (b, _)| a == b).filter(|run| run.len() > 1);
        runs.map(|run| run.iter().map(|(_, at)| *at).collect())
    }
}

/// The resources of a target, as far as they are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// Ids and labels one after another, and where each ends.
    texts: String,
    ends: Vec<usize>,
    /// For each resource, a fingerprint a rule.
    fingerprints: Vec<u32>,
    width: usize,
    /// For each resource, a key (if it has the attribute) for each rule to match by.
    keys: Vec<Option<Key>>,
    active: Vec<bool>,
    index: Index,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.active.len()
    }

    /// Keeps a resource; its number.
    pub(super) fn push(&mut self, id: &str, document: &Object, checked: &Checked, scratch: &mut Vec<u8>) -> u32 {
        let at = u32::try_from(self.len()).unwrap_or(u32::MAX);
        for text in [id, checked.label_of(document)] {
            self.texts.push_str(text);
            self.ends.push(self.texts.len());
        }
        let prints = checked.fingerprints(document, scratch);
        self.width = prints.len();
        self.fingerprints.extend(prints);
        let keys = checked.keys_in(document);
        for &rule in &checked.matched_by {
            let key = keys.iter().find(|(of, _)| *of == rule).map(|(_, key)| *key);
            self.keys.push(key);
            if let Some(key) = key {
                self.index.push(key, at);
            }
        }
        self.active.push(checked.is_active(document));
        at
    }

    pub(super) fn close(&mut self) {
        self.index.close();
        self.texts.shrink_to_fit();
        self.fingerprints.shrink_to_fit();
        self.keys.shrink_to_fit();
    }

    fn text(&self, at: usize) -> &str {
        let before = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let end = self.ends.get(at).copied().unwrap_or_default();
        self.texts.get(before..end).unwrap_or_default()
    }

    pub(super) fn id(&self, at: u32) -> &str {
        self.text(at as usize * 2)
    }

    pub(super) fn label(&self, at: u32) -> &str {
        self.text(at as usize * 2 + 1)
    }

    pub(super) fn is_active(&self, at: u32) -> bool {
        self.active.get(at as usize).copied().unwrap_or(true)
    }

    pub(super) fn fingerprints(&self, at: u32) -> &[u32] {
        let from = at as usize * self.width;
        self.fingerprints.get(from..from + self.width).unwrap_or_default()
    }

    pub(super) fn all(&self, key: Key) -> impl Iterator<Item = u32> {
        self.index.all(key)
    }

    /// Puts ids in place of the names of people; how many are not there (yet), and left as they are.
    pub(super) fn resolve(&self, checked: &Checked, desired: &mut Desired) -> u64 {
        let mut waiting = 0;
        for (_, value) in checked.rules.iter().zip(&mut desired.values).filter(|(rule, _)| rule.rule.person) {
            let Some(Value::String(name)) = value else { continue };
            let id = self.named(checked, name).map(Value::from);
            waiting += u64::from(id.is_none());
            *value = id;
        }
        waiting
    }

    /// The id of whoever a text names, when that is one.
    fn named(&self, checked: &Checked, name: &str) -> Option<&str> {
        for &rule in &checked.matched_by {
            let Some(key) = checked.key(rule, name) else { continue };
            let mut all = self.index.all(key);
            match (all.next(), all.next()) {
                (Some(at), None) => return Some(self.id(at)),
                (Some(_), Some(_)) => return None,
                (None, _) => {}
            }
        }
        None
    }

    /// Which resource a row is. `relink` takes one whose surer attribute has another value.
    pub(super) fn find(&self, checked: &Checked, desired: &Desired, relink: bool) -> Found {
        for (rule, key) in checked.keys_of(desired) {
            let mut all = self.index.all(key);
            match (all.next(), all.next()) {
                (None, _) => {}
                (Some(_), Some(_)) => return Found::Many { rule },
                (Some(at), None) if relink || self.agrees(at, checked, desired, rule) => return Found::One(at),
                (Some(at), None) => return Found::Other { rule, at },
            }
        }
        Found::None
    }

    /// Whether a resource has no other value of an attribute surer than `rule` than the row has.
    fn agrees(&self, at: u32, checked: &Checked, desired: &Desired, rule: usize) -> bool {
        let count = checked.matched_by.len();
        let keys = self.keys.get(at as usize * count..(at as usize + 1) * count).unwrap_or_default();
        let surer = checked.matched_by.iter().zip(keys).take_while(|(of, _)| **of != rule);
        let wanted = |rule: usize| checked.key(rule, desired.text(rule)?);
        surer.into_iter().all(|(of, key)| match (key, wanted(*of)) {
            (Some(is), Some(wanted)) => *is == wanted,
            _ => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_key_is_found_wherever_it_stands() {
        let mut index = Index::default();
        for n in 0..5_000_u32 {
            index.push(Key::of(1, &format!("{}", n / 2)), n);
        }
        for (at, key) in [Key(0, 0), Key(u64::MAX, u64::MAX), Key(0, 1)].into_iter().enumerate() {
            index.push(key, 10_000 + at as u32);
        }
        index.close();
        for n in 0..2_500 {
            assert_eq!(index.all(Key::of(1, &n.to_string())).collect::<Vec<_>>(), [2 * n, 2 * n + 1]);
            assert_eq!(index.all(Key::of(2, &n.to_string())).next(), None);
        }
        assert_eq!(index.all(Key(0, 0)).collect::<Vec<_>>(), [10_000]);
        assert_eq!(index.all(Key(u64::MAX, u64::MAX)).collect::<Vec<_>>(), [10_001]);
        assert_eq!(index.all(Key(0, 1)).collect::<Vec<_>>(), [10_002]);
        assert_eq!(Index::default().all(Key(5, 5)).next(), None);
        assert_eq!(index.shared().count(), 2_500);
    }

    #[test]
    fn entries_that_lie_on_one_side_are_found_too() {
        let mut index = Index::default();
        (0..1_000).for_each(|n| index.push(Key(u64::from(n), 0), n));
        index.close();
        (0..1_000).for_each(|n| assert_eq!(index.all(Key(u64::from(n), 0)).next(), Some(n)));
    }
}
