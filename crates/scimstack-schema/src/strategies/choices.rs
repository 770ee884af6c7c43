//! Decisions drawn beforehand, so that plain functions can make random documents of given ones and proptest still
//! shrinks what they make. What is decided is up to those functions.

use proptest::prelude::*;

/// Decisions, one after the other. When none are left, or they are shrunk away, each is 0: whoever asks makes that the
/// tamest answer.
///
/// ```
/// use scimstack_schema::strategies::Choices;
///
/// let mut choices = Choices::new(vec![7, 1]);
/// assert_eq!((choices.below(4), choices.below(4), choices.below(4)), (3, 1, 0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Choices(std::vec::IntoIter<u8>);

impl Choices {
    /// From the numbers behind them.
    #[must_use]
    pub fn new(numbers: Vec<u8>) -> Self {
        Self(numbers.into_iter())
    }

    /// A number below `limit`, which is at most 256; 0 when that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::from(self.0.next().unwrap_or_default()).checked_rem(limit).unwrap_or_default()
    }

    /// True once in `odds` times.
    pub fn once_in(&mut self, odds: usize) -> bool {
        odds > 0 && self.below(odds) == odds - 1
    }

    /// One of `list`; the first when nothing is decided.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        let at = self.below(list.len());
        list.get(at).copied()
    }
}

/// Up to `most` decisions.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::strategies::choices;
/// proptest!(ProptestConfig::with_cases(8), |(mut choices in choices(20))| {
///     prop_assert!(choices.below(3) < 3);
/// });
/// ```
pub fn choices(most: usize) -> BoxedStrategy<Choices> {
    proptest::collection::vec(any::<u8>(), 0..=most).prop_map(Choices::new).boxed()
}
