//! Dice: uniform and weighted choices by integer arithmetic from ChaCha20, the same everywhere.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of choices that a seed determines.
pub(super) struct Dice(ChaCha20Rng);

impl Dice {
    /// The key is the seed in little-endian bytes, then zeros: spelled out here because
    /// `seed_from_u64` may change with the library.
    pub fn new(seed: u64) -> Dice {
        let mut key = [0; 32];
        for (slot, byte) in key.iter_mut().zip(seed.to_le_bytes()) {
            *slot = byte;
        }
        Dice(ChaCha20Rng::from_seed(key))
    }

    /// Uniform in 0..n (0 for n = 0). A value of the uneven last stretch is thrown again.
    pub fn below(&mut self, n: u32) -> u32 {
        let n = u64::from(n.max(1));
        let even = u64::MAX - u64::MAX % n;
        loop {
            let value = self.0.next_u64();
            if value < even {
                return u32::try_from(value % n).expect("below a u32");
            }
        }
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    /// One of a list, each as likely.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.index(list.len())]
    }

    /// An index below `length`, which must not be 0.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).expect("lists here are short")) as usize
    }

    /// An index below `length`, small ones far more often: below a number that is uniform itself.
    pub fn skewed_index(&mut self, length: usize) -> usize {
        let bound = self.index(length) + 1;
        self.index(bound)
    }

    /// One of a list by weight.
    pub fn weighted<'a, T>(&mut self, list: &'a [(T, u32)]) -> &'a T {
        let total = list.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(total);
        for (item, weight) in list {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return item,
            }
        }
        unreachable!("the throw is below the sum of the weights")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throws_stay_in_range_and_follow_their_weights() {
        let mut dice = Dice::new(1);
        assert!((0..1000).all(|_| dice.below(7) < 7));
        assert_eq!((dice.below(0), dice.below(1)), (0, 0));
        let heavy =
            (0..4000).filter(|_| *dice.weighted(&[("light", 1), ("heavy", 3), ("never", 0)]) == "heavy");
        assert!((2800..3200).contains(&heavy.count()));
        let small = (0..4000).filter(|_| dice.skewed_index(100) < 10).count();
        assert!((1200..1450).contains(&small), "about 33 of 100, {small}");
    }
}
