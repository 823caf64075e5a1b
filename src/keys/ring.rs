//! The generations of the operator's keys: log, statements, draw VRF, tag VRF.
//!
//! The first generation of a use is `log.pem`, `statements.pem`, `draw-vrf.key`, `tag-vrf.key`; the nth is
//! `log-n.pem` and so on. Ed25519 keys may lie in a token instead ([`super::token`]). Which key may sign
//! what is said by the log (`log::KeyBook`), never by the files: a file may lie ready that the log does
//! not know; nothing signs with it until an entry registers it.
//!
//! *Invariants:* a file is made once, whole (written under another name and synced first), and never
//! overwritten. A key is named by the digest of its public half. Earlier generations stay: a draw is
//! finished with the key that its commitment names. Deliberately absent: removing files of retired keys;
//! that is the operator's hand, and what the service then lacks it says by name.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use ed25519_dalek::{Signer, SigningKey};
use zeroize::{Zeroize, Zeroizing};

use super::token::{Token, TokenKey};
use super::{KeysError, read, read_hex, write_new};
use crate::codec::{Hash, to_hex};
use crate::draw::vrf::VrfSecret;
use crate::log::{KeyUse, key_digest};
use crate::ports::Entropy;

/// The operator's uses, in the order of entry 0.
pub const USES: [KeyUse; 4] = [KeyUse::Log, KeyUse::Statements, KeyUse::DrawVrf, KeyUse::TagVrf];

/// The private half of a key.
enum Secret {
    Ed25519(SigningKey),
    Token(TokenKey),
    Vrf(VrfSecret),
}

/// A key at hand.
pub struct Held {
    /// What it is for.
    pub usage: KeyUse,
    /// Which generation of that use, from 1.
    pub generation: u32,
    /// The public half.
    pub public: [u8; 32],
    /// Digest of the public half, by which statements name the key.
    pub digest: Hash,
    secret: Secret,
}

impl Held {
    fn new(usage: KeyUse, generation: u32, public: [u8; 32], secret: Secret) -> Arc<Self> {
        Arc::new(Self { usage, generation, public, digest: key_digest(&public), secret })
    }

    /// An Ed25519 signature over a text. Error: a VRF key, or the token fails.
    pub fn sign(&self, text: &[u8]) -> Result<[u8; 64], KeysError> {
        match &self.secret {
            Secret::Ed25519(key) => Ok(key.sign(text).to_bytes()),
            Secret::Token(key) => key.sign(text),
            Secret::Vrf(_) => Err(KeysError::Missing(self.usage.name(), self.digest)),
        }
    }

    /// The VRF key. Error: a key that signs.
    pub fn vrf(&self) -> Result<&VrfSecret, KeysError> {
        match &self.secret {
            Secret::Vrf(key) => Ok(key),
            _ => Err(KeysError::Missing(self.usage.name(), self.digest)),
        }
    }

    /// Whether it lies in a token.
    pub fn is_in_token(&self) -> bool {
        matches!(self.secret, Secret::Token(_))
    }

    /// Proof of possession over a text (`api-spec/log-v2.md` §1.3).
    pub fn possession(&self, text: &[u8]) -> Result<Vec<u8>, KeysError> {
        match &self.secret {
            Secret::Vrf(key) => Ok(key.prove(text).as_bytes().to_vec()),
            _ => self.sign(text).map(|signature| signature.to_vec()),
        }
    }
}

/// All keys of the four uses that are at hand.
pub struct Ring {
    dir: PathBuf,
    token: Option<Arc<Token>>,
    held: RwLock<Vec<Arc<Held>>>,
}

impl Ring {
    /// Reads every generation; `seen` hears each seed, for the check that keys are distinct.
    pub(super) fn load(
        dir: &Path,
        token: Option<Arc<Token>>,
        seen: &mut dyn FnMut(&[u8; 32]) -> bool,
    ) -> Result<Self, KeysError> {
        let ring = Self { dir: dir.to_owned(), token, held: RwLock::default() };
        let found = ring.scan(&[], seen)?;
        for usage in USES {
            if !found.iter().any(|held| held.usage == usage) {
                return Err(KeysError::Io {
                    path: file(dir, usage, 1),
                    source: std::io::ErrorKind::NotFound.into(),
                });
            }
        }
        *ring.held.write().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(ring)
    }

    /// What lies in the directory and in the token, beside what is known; every key once.
    fn scan(
        &self,
        known: &[Arc<Held>],
        seen: &mut dyn FnMut(&[u8; 32]) -> bool,
    ) -> Result<Vec<Arc<Held>>, KeysError> {
        let mut found: Vec<Arc<Held>> = known.to_vec();
        for usage in USES {
            for generation in generations(&self.dir, usage)? {
                let place = |held: &&Arc<Held>| held.usage == usage && held.generation == generation;
                if known.iter().filter(place).any(|held| !held.is_in_token()) {
                    continue;
                }
                let (seed, secret) = read_secret(&file(&self.dir, usage, generation), usage)?;
                if !seen(&seed) {
                    return Err(KeysError::NotDistinct);
                }
                let public = match &secret {
                    Secret::Vrf(key) => *key.public().as_bytes(),
                    Secret::Ed25519(key) => key.verifying_key().to_bytes(),
                    Secret::Token(key) => key.public(),
                };
                found.push(Held::new(usage, generation, public, secret));
            }
            if usage.is_vrf() {
                continue;
            }
            for (generation, key) in self.token.iter().map(|token| token.keys(usage)).flat_map(flatten) {
                let (generation, key) = (generation, key?);
                if !found.iter().any(|held| held.public == key.public()) {
                    found.push(Held::new(usage, generation, key.public(), Secret::Token(key)));
                }
            }
        }
        found.sort_by_key(|held| (held.usage, held.generation));
        let mut publics: Vec<_> = found.iter().map(|held| held.public).collect();
        publics.sort_unstable();
        if publics.is_sorted_by(|a, b| a < b) { Ok(found) } else { Err(KeysError::NotDistinct) }
    }

    /// Reads what another process may have made meanwhile.
    fn look_again(&self) -> Result<(), KeysError> {
        let known = self.all();
        let found = self.scan(&known, &mut |_| true)?;
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }

    /// Every key at hand, by use and generation.
    pub fn all(&self) -> Vec<Arc<Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key with a digest, read anew if another process made it meanwhile.
    pub fn find(&self, digest: &Hash) -> Option<Arc<Held>> {
        let here = || self.all().into_iter().find(|held| held.digest == *digest);
        here().or_else(|| {
            // A file that cannot be read is no reason to lose the keys that can.
            self.look_again().ok().and_then(|()| here())
        })
    }

    /// The first key of a use: the one with which a new log begins.
    pub fn first(&self, usage: KeyUse) -> Option<Arc<Held>> {
        self.all().into_iter().find(|held| held.usage == usage)
    }

    /// The key that is registered next: one that lies ready and that the log does not know (made before a
    /// crash, or copied from another machine), otherwise a new one. It is on disk, synced, when this
    /// answers; whether it was made now.
    pub fn prepare(
        &self,
        usage: KeyUse,
        is_known: &dyn Fn(&Hash) -> bool,
        entropy: &dyn Entropy,
    ) -> Result<(Arc<Held>, bool), KeysError> {
        self.look_again()?;
        let of_use: Vec<_> = self.all().into_iter().filter(|held| held.usage == usage).collect();
        if let Some(ready) = of_use.iter().find(|held| !is_known(&held.digest)) {
            return Ok((ready.clone(), false));
        }
        let next = of_use.iter().map(|held| held.generation).max().unwrap_or(0) + 1;
        let digest = match self.token.as_ref().filter(|_| !usage.is_vrf()) {
            Some(token) => key_digest(&token.generate(usage, next)?.public()),
            None => {
                make(&self.dir, usage, next, entropy)?;
                let (_, secret) = read_secret(&file(&self.dir, usage, next), usage)?;
                let public = match &secret {
                    Secret::Vrf(key) => *key.public().as_bytes(),
                    Secret::Ed25519(key) => key.verifying_key().to_bytes(),
                    Secret::Token(key) => key.public(),
                };
                key_digest(&public)
            }
        };
        let made = self.find(&digest).ok_or(KeysError::Missing(usage.name(), digest))?;
        Ok((made, true))
    }
}

/// A listing of the token, or the one error that it gave.
fn flatten(listed: Result<Vec<(u32, TokenKey)>, KeysError>) -> Vec<(u32, Result<TokenKey, KeysError>)> {
    match listed {
        Ok(keys) => keys.into_iter().map(|(generation, key)| (generation, Ok(key))).collect(),
        Err(error) => vec![(0, Err(error))],
    }
}

/// Makes the file of a generation.
pub(super) fn make(
    dir: &Path,
    usage: KeyUse,
    generation: u32,
    entropy: &dyn Entropy,
) -> Result<(), KeysError> {
    let path = file(dir, usage, generation);
    let mut seed = [0u8; 32];
    entropy.fill(&mut seed);
    let text = if usage.is_vrf() {
        Zeroizing::new(format!("{}\n", to_hex(&seed)))
    } else {
        // `KeypairBytes` without a public key is PKCS#8 v1, which OpenSSL 3.0 reads.
        let pair = KeypairBytes { secret_key: seed, public_key: None };
        pair.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeysError::Content(path.clone()))?
    };
    seed.zeroize();
    write_new(&path, text.as_bytes())
}

fn read_secret(path: &Path, usage: KeyUse) -> Result<(Zeroizing<[u8; 32]>, Secret), KeysError> {
    if usage.is_vrf() {
        let seed = read_hex(path)?;
        let secret = Secret::Vrf(VrfSecret::from_seed(*seed));
        return Ok((seed, secret));
    }
    let text = read(path)?;
    let pair = KeypairBytes::from_pkcs8_pem(&text).map_err(|_| KeysError::Content(path.to_owned()))?;
    let seed = Zeroizing::new(pair.secret_key);
    let secret = Secret::Ed25519(SigningKey::from_bytes(&seed));
    Ok((seed, secret))
}

/// Stem and ending of a use's files.
fn name(usage: KeyUse) -> (&'static str, &'static str) {
    match usage {
        KeyUse::Log => ("log", "pem"),
        KeyUse::Statements => ("statements", "pem"),
        KeyUse::DrawVrf => ("draw-vrf", "key"),
        _ => ("tag-vrf", "key"),
    }
}

fn file(dir: &Path, usage: KeyUse, generation: u32) -> PathBuf {
    let (stem, ending) = name(usage);
    dir.join(if generation == 1 {
        format!("{stem}.{ending}")
    } else {
        format!("{stem}-{generation}.{ending}")
    })
}

/// The generations whose files are there, ascending.
fn generations(dir: &Path, usage: KeyUse) -> Result<Vec<u32>, KeysError> {
    let io = |source| KeysError::Io { path: dir.to_owned(), source };
    let (stem, ending) = name(usage);
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_suffix(ending)?.strip_suffix('.')) else {
            continue;
        };
        found.extend(generation_of(rest, stem));
    }
    found.sort_unstable();
    Ok(found)
}

/// The generation that a name stands for: `stem` is 1, `stem-n` is n.
pub(super) fn generation_of(name: &str, stem: &str) -> Option<u32> {
    match name.strip_prefix(stem)? {
        "" => Some(1),
        rest => {
            let number = rest.strip_prefix('-')?;
            number.parse().ok().filter(|n: &u32| *n > 1 && n.to_string() == number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SeededEntropy;

    #[test]
    fn a_name_says_one_generation() {
        for (name, generation) in [("log", Some(1)), ("log-2", Some(2)), ("log-12", Some(12))] {
            assert_eq!(generation_of(name, "log"), generation);
        }
        for name in ["log-1", "log-02", "log-0", "log2", "logs", "log-", "statements"] {
            assert_eq!(generation_of(name, "log"), None, "{name}");
        }
    }

    #[test]
    fn a_key_that_lies_ready_is_taken_and_another_process_finds_it() {
        let dir = std::env::temp_dir().join(format!("expert_draw_ring_{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let entropy = SeededEntropy::new(7);
        for usage in USES {
            make(&dir, usage, 1, &entropy).unwrap();
        }
        let load = || Ring::load(&dir, None, &mut |_| true).unwrap();
        let (here, there) = (load(), load());
        let first = here.first(KeyUse::Log).unwrap().digest;
        let known = |digest: &Hash| *digest == first;
        let (made, new) = here.prepare(KeyUse::Log, &known, &entropy).unwrap();
        assert!(new && made.generation == 2 && made.usage == KeyUse::Log);
        let (again, new) = there.prepare(KeyUse::Log, &known, &entropy).unwrap();
        assert!(!new && again.digest == made.digest);
        assert_eq!(there.find(&made.digest).unwrap().public, made.public);
        // A torn file has another name and is nobody's key; an own key under two names is refused.
        fs::write(dir.join("log-3.pem.new"), "torn").unwrap();
        assert_eq!(load().all().len(), 5);
        fs::copy(dir.join("log.pem"), dir.join("log-3.pem")).unwrap();
        assert!(matches!(Ring::load(&dir, None, &mut |_| true), Err(KeysError::NotDistinct)));
        fs::remove_file(dir.join("log-3.pem")).unwrap();
        fs::remove_file(dir.join("tag-vrf.key")).unwrap();
        assert!(matches!(Ring::load(&dir, None, &mut |_| true), Err(KeysError::Io { .. })));
        fs::remove_dir_all(dir).unwrap();
    }
}
