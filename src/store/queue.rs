//! The queue before the writer: bounded, with a stated wait, and a place can be given up.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Why there was no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// Full until the deadline.
    Busy,
    /// Closed.
    Closed,
}

/// A first-in-first-out queue between threads.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    arrived: Condvar,
    room: Condvar,
    capacity: usize,
}

struct State<T> {
    waiting: VecDeque<(u64, T)>,
    next: u64,
    closed: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State { waiting: VecDeque::new(), next: 0, closed: false };
        Self {
            state: Mutex::new(state),
            arrived: Condvar::new(),
            room: Condvar::new(),
            capacity: capacity.max(1),
        }
    }

    /// Takes a place, waiting for room until the deadline; answers the place's number.
    pub(super) fn push(&self, item: T, deadline: Instant) -> Result<u64, NoPlace> {
        let mut state = self.lock();
        while !state.closed && state.waiting.len() >= self.capacity {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(NoPlace::Busy);
            }
            state = self.room.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.closed {
            return Err(NoPlace::Closed);
        }
        let place = state.next;
        state.next += 1;
        state.waiting.push_back((place, item));
        self.arrived.notify_one();
        Ok(place)
    }

    /// Gives a place up; `false` if its turn has come already.
    pub(super) fn give_up(&self, place: u64) -> bool {
        let mut state = self.lock();
        let found = state.waiting.iter().position(|(number, _)| *number == place);
        let item = found.and_then(|at| state.waiting.remove(at));
        drop(state);
        self.room.notify_one();
        item.is_some()
    }

    /// Waits for something, then takes what has arrived, at most `max`; nothing once the queue is
    /// closed and empty.
    pub(super) fn take(&self, max: usize) -> Vec<T> {
        let mut state = self.lock();
        while state.waiting.is_empty() && !state.closed {
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let count = state.waiting.len().min(max);
        let taken = state.waiting.drain(..count).map(|(_, item)| item).collect();
        drop(state);
        self.room.notify_all();
        taken
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Takes no more; what waits is still served.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
        self.room.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_is_busy_and_a_place_given_up_is_free_again() {
        let queue = Queue::new(2);
        let now = Instant::now();
        let first = queue.push('a', now).unwrap();
        queue.push('b', now).unwrap();
        assert_eq!(queue.push('c', now), Err(NoPlace::Busy));
        assert!(queue.give_up(first) && !queue.give_up(first));
        queue.push('c', now).unwrap();
        assert_eq!(queue.take(9), ['b', 'c']);
    }

    #[test]
    fn a_closed_queue_serves_what_waits_and_then_nothing() {
        let queue = Queue::new(2);
        queue.push(1, Instant::now()).unwrap();
        queue.close();
        assert_eq!(queue.push(2, Instant::now()), Err(NoPlace::Closed));
        assert_eq!((queue.take(1), queue.take(1)), (vec![1], vec![]));
    }
}
