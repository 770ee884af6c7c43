//! Measuring by the clock: all contenders in turn, many rounds, so that whatever else the machine does hits all of them.

use crate::contender::Contender;
use std::time::{Duration, Instant};

const ROUNDS: usize = 60;
/// How long one contender has in one round, about.
const TURN: Duration = Duration::from_millis(2);

/// Nanoseconds for parsing once.
#[derive(Clone, Copy)]
pub(crate) struct Time {
    pub(crate) median: f64,
    pub(crate) least: f64,
}

/// The times of those that accept `text`, in their order; `None` is one that does not.
pub(crate) fn measure(contenders: &[Contender], text: &str) -> Vec<Option<Time>> {
    let mut turns: Vec<_> = contenders
        .iter()
        .map(|contender| contender.accepts(text).then(|| (contender, repeats(contender, text), Vec::new())))
        .collect();
    for _ in 0..ROUNDS {
        for (contender, repeats, times) in turns.iter_mut().flatten() {
            times.push(once(contender, text, *repeats).as_nanos() as f64 / *repeats as f64);
        }
    }
    turns.into_iter().map(|turn| turn.and_then(|(_, _, times)| summary(times))).collect()
}

/// How often `contender` parses `text` in a turn; found by doubling, which also warms it up.
fn repeats(contender: &Contender, text: &str) -> u64 {
    let mut repeats = 1;
    while once(contender, text, repeats) < TURN {
        repeats *= 2;
    }
    repeats
}

fn once(contender: &Contender, text: &str, times: u64) -> Duration {
    let start = Instant::now();
    let accepted = (contender.run)(text, times);
    let taken = start.elapsed();
    assert_eq!(accepted, times, "{} refuses what it accepted before: {text}", contender.name);
    taken
}

fn summary(mut times: Vec<f64>) -> Option<Time> {
    times.sort_by(f64::total_cmp);
    Some(Time { least: *times.first()?, median: *times.get(times.len() / 2)? })
}
