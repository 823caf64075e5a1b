//! What the service needs from the world outside, as traits: the clock, randomness, the log's keys.
//!
//! Passing them in makes every test repeatable; the doubles for tests and the demo stand below.
//! Deliberately not here: the database (`store`), the network (`outside`), key files (`keys`).

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::codec::Hash;
use crate::log::VerifierKey;
use crate::time::Timestamp;

/// The time now.
pub trait Clock: Send + Sync {
    /// Whole seconds, UTC, cut off (not rounded).
    fn now(&self) -> Timestamp;
}

/// A source of secret random bytes.
pub trait Entropy: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// Key id (4 bytes) and Ed25519 signature (64 bytes) of a signed note's line, before base64.
pub type LineSignature = [u8; 68];

/// The log's two private keys: one signs checkpoints, one signs statements.
pub trait LogSigner: Send + Sync {
    /// The log's origin line.
    fn origin(&self) -> &str;

    /// The checkpoint of a tree as a whole signed note, lines ending in a newline.
    fn sign_checkpoint(&self, size: u64, root: Hash) -> String;

    /// Signs one statement: the signature is over its canonical bytes and one newline, under the
    /// key name `<origin>/statements`. May be called from several threads at once.
    fn sign_statement(&self, statement: &[u8]) -> LineSignature;

    /// The key that checks checkpoints.
    fn log_key(&self) -> &VerifierKey;

    /// The key that checks statements signed now.
    fn statements_key(&self) -> &VerifierKey;

    /// Statement keys used before, for the entries that they signed.
    fn earlier_statements_keys(&self) -> &[VerifierKey] {
        &[]
    }
}

/// The machine's clock. A clock before 1970 reads as 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }
}

/// The operating system's random bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// If the operating system has no randomness: no key or salt may be made then.
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no random bytes: {error}");
        }
    }
}

/// A clock that stands where it is put; for tests and the demo.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock standing at a time.
    pub fn new(time: Timestamp) -> Self {
        Self(AtomicI64::new(time.0))
    }

    /// Puts the clock to another time, back too.
    pub fn set(&self, time: Timestamp) {
        self.0.store(time.0, Ordering::SeqCst);
    }

    /// Moves the clock by some seconds.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that follow from a seed (ChaCha20); for tests and the demo, never for keys in use.
pub struct SeededEntropy(Mutex<ChaCha20Rng>);

impl SeededEntropy {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_stands_until_it_is_moved() {
        let clock = FixedClock::new(Timestamp(100));
        assert_eq!((clock.now(), clock.now()), (Timestamp(100), Timestamp(100)));
        clock.advance(5);
        assert_eq!(clock.now(), Timestamp(105));
        clock.set(Timestamp(7));
        assert_eq!(clock.now(), Timestamp(7));
    }

    #[test]
    fn seeded_bytes_repeat_and_system_bytes_do_not() {
        let bytes = |source: &dyn Entropy| {
            let mut bytes = [0; 32];
            source.fill(&mut bytes);
            bytes
        };
        let seeded = SeededEntropy::new(1);
        let first = bytes(&seeded);
        assert_eq!(first, bytes(&SeededEntropy::new(1)));
        assert_ne!(first, bytes(&seeded));
        assert_ne!(first, bytes(&SeededEntropy::new(2)));
        assert_ne!(bytes(&SystemEntropy), bytes(&SystemEntropy));
    }
}
