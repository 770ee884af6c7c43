//! Names and ids by place, in both directions and without a table: every place has a name of its own, and an id from which
//! its place can be read again.

use crate::dice::Dice;

/// What the place is multiplied with, modulo 2^64; any odd number can be undone.
const SPREAD: u64 = 0xd134_2543_de82_ef95;

/// The length of what a place becomes: eleven digits of base 59 hold 64 bits.
const DIGITS: usize = 11;

/// How the people of one company are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Badges {
    seed: u64,
    names: usize,
    step: usize,
    first: usize,
}

impl Badges {
    /// Badges for a company with so many different names.
    pub(crate) fn new(seed: u64, names: usize) -> Self {
        let mut dice = Dice::new(seed ^ 0x0bad_9e50);
        let names = names.max(1);
        let mut step = 1 + dice.below(names);
        while common(step, names) > 1 {
            step += 1;
        }
        Self { seed, names, step, first: dice.below(names) }
    }

    /// Which name someone has, and how many have had it before.
    pub(crate) fn name(&self, place: usize) -> (usize, usize) {
        let round = place / self.names;
        ((place % self.names * self.step + self.first) % self.names, round)
    }

    /// An id as Okta makes them: twenty letters and digits.
    pub(crate) fn external_id(&self, place: usize) -> String {
        let number = (place as u64).wrapping_add(self.seed).wrapping_mul(SPREAD);
        let mut digits: Vec<u8> = Vec::with_capacity(DIGITS);
        let (base, mut left) = (Dice::LETTERS.len() as u64, number);
        for _ in 0..DIGITS {
            let digit = usize::try_from(left % base).unwrap_or(0);
            digits.extend(Dice::LETTERS.get(digit));
            left /= base;
        }
        let digits: String = digits.into_iter().map(char::from).collect();
        format!("00u{digits}{}", Dice::of(self.seed ^ 0x1d, place).code(6))
    }

    /// The place an id was made of, if it was.
    pub(crate) fn place(&self, external_id: &str) -> Option<usize> {
        let digits = external_id.as_bytes().get(3..3 + DIGITS)?;
        let base = Dice::LETTERS.len() as u64;
        let mut number: u64 = 0;
        for digit in digits.iter().rev() {
            let digit = Dice::LETTERS.iter().position(|letter| letter == digit)?;
            number = number.wrapping_mul(base).wrapping_add(digit as u64);
        }
        // Newton's iteration doubles the bits that are right; of an odd number three are to begin with.
        let inverse =
            (0..5).fold(SPREAD, |inverse, _| inverse.wrapping_mul(2_u64.wrapping_sub(SPREAD.wrapping_mul(inverse))));
        usize::try_from(number.wrapping_mul(inverse).wrapping_sub(self.seed)).ok()
    }
}

/// The greatest common divisor.
fn common(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common(b, a % b) }
}
