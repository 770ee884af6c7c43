//! Taking turns: ours and the floor one after the other, so that whatever else the machine does falls on both.

use std::time::{Duration, Instant};

/// What was found: medians.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) ours: Duration,
    pub(crate) floor: Duration,
}

impl Pair {
    pub(crate) fn ratio(self) -> f64 {
        self.ours.as_secs_f64() / self.floor.as_secs_f64()
    }
}

/// Runs both `rounds` times, in turn, and prints a line: medians, their ratio, and what it should be at most.
pub(crate) fn pair(
    name: &str,
    at_most: f64,
    rounds: usize,
    mut ours: impl FnMut(usize),
    mut floor: impl FnMut(usize),
) -> Pair {
    let (mut of_ours, mut of_floor) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 0..rounds {
        // Each begins every other time.
        if round % 2 == 0 {
            of_ours.push(time(|| ours(round)));
            of_floor.push(time(|| floor(round)));
        } else {
            of_floor.push(time(|| floor(round)));
            of_ours.push(time(|| ours(round)));
        }
    }
    let pair = Pair { ours: median(&mut of_ours), floor: median(&mut of_floor) };
    println!("| {name} | {} | {} | {:.2} | {at_most} |", shown(pair.floor), shown(pair.ours), pair.ratio());
    pair
}

/// Two figures that are no times.
pub(crate) fn line(name: &str, at_most: f64, ours: f64, floor: f64) {
    println!("| {name} | {floor:.0} | {ours:.0} | {:.2} | {at_most} |", ours / floor);
}

pub(crate) fn time(run: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    run();
    begun.elapsed()
}

pub(crate) fn median(of: &mut [Duration]) -> Duration {
    percentile(of, 50)
}

pub(crate) fn percentile(of: &mut [Duration], part: usize) -> Duration {
    of.sort_unstable();
    of[(of.len() * part / 100).min(of.len() - 1)]
}

pub(crate) fn shown(time: Duration) -> String {
    match time.as_secs_f64() * 1e6 {
        us if us < 1_000.0 => format!("{us:.1} µs"),
        us if us < 1e6 => format!("{:.2} ms", us / 1e3),
        us => format!("{:.2} s", us / 1e6),
    }
}
