//! Numbers that look random and are the same every time: SplitMix64.

/// A source of numbers, the same for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Letters and digits that are not taken for each other.
    pub(crate) const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789";

    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Those of one place among many.
    pub(crate) fn of(seed: u64, place: usize) -> Self {
        Self(seed ^ Self(place as u64).roll())
    }

    /// Whether something happens that happens so often, from 0 to 1.
    pub(crate) fn happens(&mut self, rate: f64) -> bool {
        // 53 bits are what a float holds.
        let roll = (self.roll() >> 11) as f64 / (1_u64 << 53) as f64;
        roll < rate
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 when that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        self.roll().checked_rem(end).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
    }

    /// One of them; the default when there are none.
    pub(crate) fn one_of<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        choices.get(self.below(choices.len())).copied().unwrap_or_default()
    }

    /// The numbers below `end` in any order.
    pub(crate) fn shuffled(&mut self, end: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..end).collect();
        for last in (1..end).rev() {
            let other = self.below(last + 1);
            order.swap(last, other);
        }
        order
    }

    /// So many letters and digits.
    pub(crate) fn code(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(self.one_of(Self::LETTERS))).collect()
    }
}
