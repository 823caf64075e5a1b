//! The lots (签): from the seed to everybody's ticket, and from the tickets to the drawn order.
//!
//! One ChaCha20 keystream (20 rounds, 64-bit block counter from 0, stream 0) under the seed; lot *k*
//! of the candidate at position *i* is the 128-bit little-endian number at byte 16·(i·L + k). A
//! candidate owns the first `lots` of its L numbers and its ticket is the smallest of them, so a
//! better tier (阶梯) has more lots in the same urn. Specification: `api-spec/draw-v1.md` §6
//! (after RFC 8439 §2.3 for the block function; the counter is 64 bits wide as in the original ChaCha).
//!
//! *Invariant:* the numbers of a position depend on the seed, the position and L alone; how many lots
//! others own does not move them.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::parts::{in_parts, part_length};

/// The greatest number of lots that a rule profile may give one candidate.
pub const MAX_LOTS: u8 = 8;

/// The seed of a draw: 32 bytes, the key of the keystream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

/// Why lots cannot be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LotsError {
    /// L is not from 1 to 8.
    #[error("the number of lots per candidate must be from 1 to 8, not {0}")]
    Most(u8),
    /// A candidate owns no lot, or more than L.
    #[error("the candidate at position {position} owns {lots} lots")]
    Owned {
        /// The pool position.
        position: usize,
        /// The lots it is said to own.
        lots: u8,
    },
}

/// The ticket of each pool position: the smallest of its first `lots` numbers.
///
/// `lots` has one entry per position, each from 1 to `most`; `most` is L of the profile, from 1 to 8.
pub fn tickets(seed: &Seed, lots: &[u8], most: u8) -> Result<Vec<u128>, LotsError> {
    if !(1..=MAX_LOTS).contains(&most) {
        return Err(LotsError::Most(most));
    }
    if let Some((position, lots)) = lots.iter().copied().enumerate().find(|(_, n)| !(1..=most).contains(n)) {
        return Err(LotsError::Owned { position, lots });
    }
    let parts =
        in_parts(lots, part_length(lots.len(), ALONE), |first, part| part_tickets(seed, first, part, most));
    Ok(parts.concat())
}

/// Up to how many positions one thread reads the keystream alone (3 ms); a multiple of 256.
const ALONE: usize = 65_536;

/// The tickets of consecutive positions from `first` on, a multiple of 256; all within the limits.
fn part_tickets(seed: &Seed, first: usize, lots: &[u8], most: u8) -> Vec<u128> {
    let width = 16 * usize::from(most);
    let mut stream = ChaCha20Rng::from_seed(seed.0);
    // In words of 4 bytes, of which 256 candidates use whole blocks.
    stream.set_word_pos((first as u128) * (width as u128) / 4);
    // Whole blocks of the cipher and whole candidates: 16·L·256 bytes at a time.
    let mut buffer = vec![0u8; width * 256];
    let mut tickets = Vec::with_capacity(lots.len());
    for owned in lots.chunks(256) {
        stream.fill_bytes(&mut buffer);
        for (owned, numbers) in owned.iter().zip(buffer.chunks_exact(width)) {
            let (numbers, _) = numbers.as_chunks::<16>();
            // A number that the candidate does not own counts as the greatest there is: with no branch
            // on it, the processor has nothing to guess wrong. At least the first is owned.
            let ticket = (0u8..).zip(numbers).fold(u128::MAX, |least, (k, bytes)| {
                let not_owned = 0u128.wrapping_sub(u128::from(k >= *owned));
                least.min(u128::from_le_bytes(*bytes) | not_owned)
            });
            tickets.push(ticket);
        }
    }
    tickets
}

/// The drawn order: pool positions by ticket, the smallest first, equal tickets by position.
///
/// A pool has at most 2^32 − 1 positions (the specification's own limit is far below).
pub fn order(tickets: &[u128]) -> Vec<u32> {
    let keys = (0u32..).zip(tickets).map(|(i, ticket)| ((ticket >> 96) as u32, i)).collect();
    sorted(keys, |i| tickets.get(i as usize))
}

/// The second halves of `keys`, which ascend, in the order of `full`, equal ones as they stand. The
/// first halves are the upper 32 bits of `full`, so the few that agree in them are compared in full.
pub(super) fn sorted<T: Ord>(mut keys: Vec<(u32, u32)>, full: impl Fn(u32) -> T) -> Vec<u32> {
    if keys.len() < RADIX_FROM {
        keys.sort_unstable();
    } else {
        let mut other = vec![(0, 0); keys.len()];
        for shift in [0, 11, 22] {
            scatter(&keys, &mut other, shift);
            std::mem::swap(&mut keys, &mut other);
        }
    }
    for run in keys.chunk_by_mut(|a, b| a.0 == b.0) {
        if run.len() > 1 {
            run.sort_unstable_by_key(|&(_, i)| (full(i), i));
        }
    }
    keys.into_iter().map(|(_, i)| i).collect()
}

/// From this many keys on, three passes over them beat comparing (0.01 s for 1,000,000).
const RADIX_FROM: usize = 512;

/// One pass of a radix sort: by 11 bits of the key, equal ones as they stand.
fn scatter(from: &[(u32, u32)], to: &mut [(u32, u32)], shift: u32) {
    let digit = |key: u32| (key >> shift & 0x7ff) as usize;
    let mut starts = vec![0usize; 0x800];
    for (key, _) in from {
        starts.get_mut(digit(*key)).into_iter().for_each(|n| *n += 1);
    }
    let mut start = 0;
    for n in &mut starts {
        start += std::mem::replace(n, start);
    }
    for entry in from {
        let slot = starts.get_mut(digit(entry.0)).and_then(|start| {
            *start += 1;
            to.get_mut(*start - 1)
        });
        slot.into_iter().for_each(|slot| *slot = *entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_keystream_is_chacha20_of_the_seed_from_block_zero() {
        // Key 0, nonce 0, block 0 of ChaCha20 (RFC 8439 A.1, test vector 1): 76b8e0ada0f13d90…
        let tickets = tickets(&Seed([0; 32]), &[1, 1], 1).unwrap();
        assert_eq!(tickets[0].to_le_bytes()[..8], [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
        assert_eq!(tickets[1].to_le_bytes()[..4], [0xbd, 0xd2, 0x19, 0xb8]);
    }

    #[test]
    fn block_one_follows_block_zero_in_one_stream() {
        // RFC 8439 A.1, test vector 2: key 0, block 1 begins 9f07e7be5551387a…
        let tickets = tickets(&Seed([0; 32]), &[1; 5], 1).unwrap();
        assert_eq!(tickets[4].to_le_bytes()[..8], [0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a]);
    }

    #[test]
    fn a_ticket_is_the_smallest_of_the_lots_owned_and_of_no_others() {
        let seed = Seed([7; 32]);
        for most in 1..=MAX_LOTS {
            let lots: Vec<u8> = (0..1000).map(|i| (i % u32::from(most)) as u8 + 1).collect();
            let single = tickets(&seed, &vec![1; lots.len() * usize::from(most)], 1).unwrap();
            let drawn = tickets(&seed, &lots, most).unwrap();
            for (i, ticket) in drawn.iter().enumerate() {
                let own = &single[i * usize::from(most)..][..usize::from(lots[i])];
                assert_eq!(ticket, own.iter().min().unwrap(), "L = {most}, position {i}");
            }
        }
    }

    #[test]
    fn a_pool_drawn_in_parts_has_the_tickets_of_one_keystream() {
        let (seed, lots) = (Seed([8; 32]), vec![3; 3 * ALONE + 1]);
        assert_eq!(tickets(&seed, &lots, 3).unwrap(), part_tickets(&seed, 0, &lots, 3));
    }

    #[test]
    fn lots_outside_their_limits_are_refused_by_position() {
        let seed = Seed([1; 32]);
        assert_eq!(tickets(&seed, &[1], 0), Err(LotsError::Most(0)));
        assert_eq!(tickets(&seed, &[1], 9), Err(LotsError::Most(9)));
        assert_eq!(tickets(&seed, &[2, 0], 2), Err(LotsError::Owned { position: 1, lots: 0 }));
        assert_eq!(tickets(&seed, &[3], 2), Err(LotsError::Owned { position: 0, lots: 3 }));
        assert_eq!(tickets(&seed, &[], 2), Ok(vec![]));
    }

    #[test]
    fn the_order_is_by_ticket_and_then_by_position() {
        proptest!(|(high in prop::collection::vec(0u8..4, 0..40), low in prop::collection::vec(0u8..3, 40))| {
            let tickets: Vec<u128> =
                high.iter().zip(&low).map(|(h, l)| (u128::from(*h) << 64) | u128::from(*l)).collect();
            let mut expected: Vec<u32> = (0..tickets.len() as u32).collect();
            expected.sort_by_key(|i| tickets[*i as usize]);
            prop_assert_eq!(order(&tickets), expected);
        });
    }

    #[test]
    fn a_large_pool_is_ordered_as_a_small_one() {
        let tickets = tickets(&Seed([3; 32]), &vec![2; 3 * RADIX_FROM], 3).unwrap();
        // Coarse tickets as well, so that many agree in their upper bits.
        let coarse: Vec<u128> = tickets.iter().map(|t| (t >> 118 << 118) | (t & 7)).collect();
        for tickets in [tickets, coarse] {
            let mut expected: Vec<u32> = (0..tickets.len() as u32).collect();
            expected.sort_by_key(|i| tickets[*i as usize]);
            assert_eq!(order(&tickets), expected);
        }
    }
}
