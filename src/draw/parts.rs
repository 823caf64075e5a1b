//! Work on a large pool in parts, one thread each.
//!
//! *Invariant:* what comes out depends on the items and on the length of a part alone, never on the
//! number of processors or on which thread is done first; a part for which there is no thread is done
//! by the caller. Deliberately absent: shared state, and a choice of how many threads.

use std::thread;

/// The results of `work` on consecutive parts of `items`, in their order. `work` gets the index of the
/// part's first item and the part; all parts have `length` items but the last, which may have fewer.
pub(crate) fn in_parts<T: Sync, R: Send>(
    items: &[T],
    length: usize,
    work: impl Fn(usize, &[T]) -> R + Sync,
) -> Vec<R> {
    let length = length.max(1);
    if items.len() <= length {
        return vec![work(0, items)];
    }
    let work = &work;
    thread::scope(|scope| {
        let start = |(n, part)| {
            let first = n * length;
            (first, part, thread::Builder::new().spawn_scoped(scope, move || work(first, part)).ok())
        };
        let parts: Vec<_> = items.chunks(length).enumerate().map(start).collect();
        let finish = |(first, part, running): (_, _, Option<thread::ScopedJoinHandle<'_, R>>)| {
            running.and_then(|thread| thread.join().ok()).unwrap_or_else(|| work(first, part))
        };
        parts.into_iter().map(finish).collect()
    })
}

/// The length of a part for a pool of `size`: a power of two, at most 8 parts, and one only up to
/// `alone`, a power of two, for which threads do not pay.
pub(crate) fn part_length(size: usize, alone: usize) -> usize {
    (size.next_power_of_two() / 8).max(alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_in_their_order_with_their_places() {
        let items: Vec<usize> = (0..100).collect();
        for length in [1, 7, 99, 100, 101] {
            let parts = in_parts(&items, length, |first, part| {
                assert_eq!(part[0], first);
                part.to_vec()
            });
            assert_eq!(parts.concat(), items);
        }
        assert_eq!(in_parts(&[0u8; 0], 4, |first, part| (first, part.len())), [(0, 0)]);
        for size in [0, 1, 1024, 1025, 8192, 8193, 4_000_000] {
            assert!(part_length(size, 1024).is_power_of_two());
            assert!(size.div_ceil(part_length(size, 1024)) <= 8);
        }
    }
}
