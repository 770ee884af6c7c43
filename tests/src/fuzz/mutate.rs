//! Deterministic mutations of seeds, for the run on stable: small damage to the text, and for JSON also changes that
//! leave it JSON. The same number gives the same mutations on every machine.

use serde_json::Value;

/// Pieces that mean something to one of the languages.
const PIECES: &[&str] = &[
    " and ",
    " or ",
    "not ",
    "not(",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    ":",
    ",",
    "\"",
    "\\",
    "\\u0000",
    "\\ud83d",
    " ",
    "pr",
    " eq ",
    " ne ",
    " co ",
    " gt ",
    "null",
    "true",
    "\"True\"",
    "1e400",
    "-0",
    "1.0",
    "\u{0}",
    "\u{301}",
    "\u{130}",
    "ß",
    "😀",
    "value",
    "primary",
    "emails",
    "members",
    "schemas",
    "id",
    "meta",
    "$ref",
    "password",
    "urn:ietf:params:scim:schemas:core:2.0:User:",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:",
];

/// Values that some attribute will not like.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "1e400",
    "\"\"",
    "\"x\"",
    "\"True\"",
    "[]",
    "{}",
    "[null]",
    "[[]]",
    "[{}]",
    "{\"value\":\"x\"}",
    "[{\"value\":\"x\",\"primary\":true},{\"value\":\"y\",\"primary\":true}]",
    "{\"value\":null}",
    "\"urn:ietf:params:scim:schemas:core:2.0:User\"",
    "\"members[value eq \\\"u1\\\"]\"",
    "\"emails.value\"",
    "\"emails[type eq \\\"work\\\"]\"",
    "\"emails[type eq \\\"home\\\"].value\"",
    "\"emails[value pr]\"",
    "\"emails.primary\"",
    "\"name\"",
    "\"userName\"",
    "\"active\"",
    "\"externalId\"",
    "\"schemas\"",
    "\"password\"",
    "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"",
    "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value\"",
    "{\"name.givenName\":\"x\",\"EMAILS\":[],\"unknown\":1}",
    "{\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":\"x\"}}",
    "\"2026-03-01T24:00:00Z\"",
    "\"remove\"",
    "\"Add\"",
];

/// A source of chance that is the same everywhere: xorshift64*.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The same `seed` gives the same numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `limit`, or 0 when that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16;
        usize::try_from(number).unwrap_or(usize::MAX).checked_rem(limit).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let at = self.below(list.len());
        list.get(at)
    }
}

/// A mutation of one of `seeds`, by one to four changes.
pub fn mutate(seeds: &[Vec<u8>], json: bool, chance: &mut Chance) -> Vec<u8> {
    let mut data = chance.pick(seeds).cloned().unwrap_or_default();
    for _ in 0..=chance.below(4) {
        data = match (json && chance.below(4) > 0, serde_json::from_slice::<Value>(&data)) {
            (true, Ok(mut value)) => {
                mutate_json(&mut value, seeds, chance);
                value.to_string().into_bytes()
            }
            _ => mutate_text(data, seeds, chance),
        };
    }
    data
}

fn mutate_text(mut data: Vec<u8>, seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let at = chance.below(data.len() + 1);
    match chance.below(6) {
        0 => {
            let bit = chance.below(8);
            if let Some(byte) = data.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        1 => {
            let piece = chance.pick(PIECES).map(|piece| piece.as_bytes().to_vec()).unwrap_or_default();
            data.splice(at..at, piece);
        }
        2 => {
            let end = (at + 1 + chance.below(8)).min(data.len());
            data.drain(at.min(end)..end);
        }
        3 => {
            let end = (at + 1 + chance.below(40)).min(data.len());
            let copy = data.get(at..end).unwrap_or_default().to_vec();
            let times = 1 + chance.below(3);
            data.splice(at..at, copy.repeat(times));
        }
        4 => {
            let other = chance.pick(seeds).cloned().unwrap_or_default();
            let from = chance.below(other.len() + 1);
            data.truncate(at);
            data.extend(other.get(from..).unwrap_or_default());
        }
        _ => {
            // The letters after this one in the other case: names compare without it.
            let end = (at + 1 + chance.below(12)).min(data.len());
            for byte in data.get_mut(at..end).unwrap_or_default() {
                if byte.is_ascii_alphabetic() {
                    *byte ^= 0x20;
                }
            }
        }
    }
    data
}

fn mutate_json(value: &mut Value, seeds: &[Vec<u8>], chance: &mut Chance) {
    let nodes = count(value);
    let target = chance.below(nodes);
    let donor = chance.pick(seeds).and_then(|seed| serde_json::from_slice::<Value>(seed).ok());
    let Some(node) = nth(value, &mut target.clone()) else {
        return;
    };
    match (chance.below(6), &mut *node) {
        (0, Value::Object(members)) => {
            let name = members.keys().nth(chance.below(members.len())).cloned();
            if let Some(name) = name {
                members.remove(&name);
            }
        }
        (1, Value::Object(members)) => {
            let name = members.keys().nth(chance.below(members.len())).cloned();
            if let Some(kept) = name.and_then(|name| members.remove(&name)) {
                members.insert(chance.pick(PIECES).map(|piece| piece.trim().to_owned()).unwrap_or_default(), kept);
            }
        }
        (0 | 1, Value::Array(elements)) => {
            let at = chance.below(elements.len());
            if let Some(element) = elements.get(at).cloned() {
                elements.insert(chance.below(elements.len()), element);
            }
        }
        (2, Value::Array(elements)) => {
            elements.pop();
        }
        (2, Value::String(text)) => {
            let mutated = mutate_text(text.clone().into_bytes(), &[], chance);
            *text = String::from_utf8_lossy(&mutated).into_owned();
        }
        (3, _) => {
            if let Some(mut donor) = donor {
                let from = chance.below(count(&donor));
                if let Some(part) = nth(&mut donor, &mut from.clone()) {
                    *node = part.take();
                }
            }
        }
        (4, other) => {
            let kept = other.take();
            *other = Value::Array(vec![kept]);
        }
        (_, other) => {
            let text = chance.pick(VALUES).copied().unwrap_or("null");
            // `1e400` is JSON that this parser cannot hold.
            *other = serde_json::from_str(text).unwrap_or(Value::Null);
        }
    }
}

/// How many values there are, the whole among them.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// The value at a place in the order of [`count`].
fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(elements) => elements.iter_mut().find_map(|element| nth(element, left)),
        Value::Object(members) => members.values_mut().find_map(|member| nth(member, left)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_mutations() {
        let seeds = [br#"{"a": [1, {"b": "text"}]}"#.to_vec(), br#"{"c": null}"#.to_vec()];
        let run = |number| {
            let mut chance = Chance::new(number);
            (0..50).map(|_| mutate(&seeds, true, &mut chance)).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(9));
    }

    #[test]
    fn many_mutations_of_json_are_json_and_most_differ_from_the_seed() {
        let seeds = [br#"{"a":[1,{"b":"text"}],"c":{"d":true}}"#.to_vec()];
        let mut chance = Chance::new(1);
        let mutated: Vec<_> = (0..1000).map(|_| mutate(&seeds, true, &mut chance)).collect();
        let valid = mutated.iter().filter(|data| serde_json::from_slice::<Value>(data).is_ok()).count();
        assert!(valid > 300, "{valid} of 1000 are JSON");
        let other = mutated.iter().filter(|data| **data != seeds[0]).count();
        assert!(other > 900, "{other} of 1000 differ");
    }

    #[test]
    fn without_seeds_there_is_still_something() {
        let mut chance = Chance::new(1);
        let lengths: usize = (0..100).map(|_| mutate(&[], false, &mut chance).len()).sum();
        assert!(lengths > 0);
    }
}
