//! What the service needs from the world outside, as traits: the clock, randomness, the log's keys.
//!
//! Passing them in makes every test repeatable; the doubles for tests and the demo stand below.
//! Deliberately not here: the database (`store`), the network (`outside`), key files (`keys`).

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::log::{KeyBook, SignatureLine, VerifierKey};
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

/// Why nothing was signed; the text is for the operator, in Chinese and English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SignError(pub String);

/// The private keys of a log. Which of them signs what is decided by the log, index by index
/// (`api-spec/log-v2.md` §2), not here: the store asks for a signature by a key that it names.
pub trait LogSigner: Send + Sync {
    /// The log's origin line.
    fn origin(&self) -> &str;

    /// The key of checkpoints with which a new log begins.
    fn log_key(&self) -> &VerifierKey;

    /// The key of statements with which a new log begins.
    fn statements_key(&self) -> &VerifierKey;

    /// Whether the private half of a key is at hand and may be used.
    fn holds(&self, key: &VerifierKey) -> bool;

    /// Signs a text with the private half of a key. May be called from several threads at once.
    /// Error: the key is not at hand, was retired, or the device that holds it fails.
    fn sign(&self, key: &VerifierKey, text: &[u8]) -> Result<[u8; 64], SignError>;

    /// Hears which keys the log knows, at start and whenever that changes.
    fn follow(&self, book: &KeyBook) {
        let _ = book;
    }

    /// The second signature that every note gets, if one is configured (`api-spec/log-v2.md` §6).
    fn second(&self) -> Option<&dyn SecondSigner> {
        None
    }
}

/// A second signature, of another algorithm, beside the one that C2SP readers check.
pub trait SecondSigner: Send + Sync {
    /// The line under a checkpoint's text.
    fn checkpoint_line(&self, text: &[u8]) -> Result<SignatureLine, SignError>;

    /// The line under a statement's text.
    fn statement_line(&self, text: &[u8]) -> Result<SignatureLine, SignError>;

    /// Whether a line under a statement's text is by this key and verifies.
    fn accepts_statement(&self, text: &[u8], line: &SignatureLine) -> bool;
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
