//! Workstations by lot (工位随机分配) at sign-in: a further use of a draw's seed (draw-v1 §5.4).
//!
//! Specification: `api-spec/day-v1.md` §3. Under H("sub"; "workstations/<site>") of the seed runs one
//! ChaCha20 stream; the ticket of position p for workstation w of n is the 128-bit little-endian number
//! at byte 16·(p·n + w − 1). Who signs in takes the free workstation with the smallest of their tickets.
//!
//! *Invariant:* nobody's arrival moves another's tickets: order matters only where two want one place.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::seed::sub_seed;
use crate::codec::Hash;

/// The most workstations of one site.
pub const WORKSTATIONS_MAX: u32 = 256;

/// The workstation, from 1 to `count`, of the member at a pool position, of those that are not `taken`.
/// `None`: there is none, or `count` is not from 1 to [`WORKSTATIONS_MAX`].
pub fn workstation(seed: &Hash, site: u32, count: u32, position: u32, taken: &[u32]) -> Option<u32> {
    if !(1..=WORKSTATIONS_MAX).contains(&count) {
        return None;
    }
    let sub = sub_seed(&format!("workstations/{site}"), seed);
    let mut stream = ChaCha20Rng::from_seed(sub.0);
    // In words of 4 bytes.
    stream.set_word_pos(u128::from(position) * u128::from(count) * 4);
    let mut best: Option<(u128, u32)> = None;
    for station in 1..=count {
        let mut bytes = [0u8; 16];
        stream.fill_bytes(&mut bytes);
        let ticket = (u128::from_le_bytes(bytes), station);
        if !taken.contains(&station) && best.is_none_or(|best| ticket < best) {
            best = Some(ticket);
        }
    }
    best.map(|(_, station)| station)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Hash = Hash([9; 32]);

    #[test]
    fn everybody_has_one_place_and_the_last_one_takes_what_is_left() {
        let mut taken = Vec::new();
        for position in [4, 17, 2, 30] {
            let station = workstation(&SEED, 1, 4, position, &taken).unwrap();
            assert!((1..=4).contains(&station) && !taken.contains(&station));
            taken.push(station);
        }
        assert_eq!(workstation(&SEED, 1, 4, 5, &taken), None, "the site is full");
        assert_eq!(workstation(&SEED, 1, 0, 5, &[]), None);
        assert_eq!(workstation(&SEED, 1, WORKSTATIONS_MAX + 1, 5, &[]), None);
    }

    #[test]
    fn whose_first_place_is_free_gets_it_whoever_came_before() {
        for position in 0..40 {
            let first = workstation(&SEED, 2, 20, position, &[]).unwrap();
            let others: Vec<u32> = (1..=20).filter(|station| *station != first).take(12).collect();
            assert_eq!(workstation(&SEED, 2, 20, position, &others), Some(first));
        }
    }

    #[test]
    fn places_are_spread_and_differ_between_sites() {
        let at = |site| (0..400).map(|p| workstation(&SEED, site, 10, p, &[]).unwrap()).collect::<Vec<_>>();
        let (one, two) = (at(1), at(2));
        assert_ne!(one, two);
        for station in 1..=10 {
            let count = one.iter().filter(|s| **s == station).count();
            assert!((20..=60).contains(&count), "{station}: {count} of 400");
        }
    }

    #[test]
    fn the_fixed_vectors_hold() {
        let text = include_str!("../../tests/vectors/workstations.json");
        let json = crate::codec::Json::parse(text.as_bytes(), 1 << 16).unwrap();
        let cases = json.as_map().unwrap()["cases"].as_list().unwrap();
        assert!(cases.len() >= 5);
        for case in cases {
            let map = case.as_map().unwrap();
            let int = |key: &str| u32::try_from(map[key].as_int().unwrap()).unwrap();
            let seed = Hash::from_hex(map["seed"].as_str().unwrap()).unwrap();
            let taken = map["taken"].as_list().unwrap();
            let taken: Vec<u32> = taken.iter().map(|n| n.as_int().unwrap() as u32).collect();
            let found = workstation(&seed, int("site"), int("count"), int("position"), &taken);
            assert_eq!(found, map.get("workstation").map(|n| n.as_int().unwrap() as u32), "{case:?}");
        }
    }
}
