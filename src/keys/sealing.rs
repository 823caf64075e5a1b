//! The sealing keys: the generations of the key that wraps the data keys of subjects.
//!
//! Generation 1 is the file `sealing.key`, generation n is `sealing-n.key`. A rotation makes the next
//! file and then re-wraps every data key; an earlier generation is needed until that is done, and its
//! file may then be retired. Which generation is in force is said by the database (so many rotations
//! were begun), not by the files: a file may lie ready on every machine before any of them uses it.
//!
//! *Invariants:* a file is made once and never overwritten; the generation in force is one whose key
//! is at hand. Deliberately absent: rotation of the uniqueness key, which would make every keyed hash
//! in the registry another one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use zeroize::{Zeroize, Zeroizing};

use super::{KeysError, read_hex, write_new};
use crate::codec::{Hash, LabelledHash, to_hex};
use crate::ports::Entropy;

/// One generation's key.
pub type SealingKey = Arc<Zeroizing<[u8; 32]>>;

/// The sealing keys of a directory.
pub struct SealingKeys {
    dir: PathBuf,
    ring: RwLock<Ring>,
}

struct Ring {
    keys: BTreeMap<u32, SealingKey>,
    current: (u32, SealingKey),
}

impl SealingKeys {
    /// Reads all generations of a directory. The first one found is in force until
    /// [`SealingKeys::use_generation`] says otherwise.
    pub(super) fn load(dir: &Path) -> Result<Self, KeysError> {
        let mut keys = BTreeMap::new();
        for generation in generations(dir)? {
            keys.insert(generation, Arc::new(read_hex(&path(dir, generation))?));
        }
        let first = keys.first_key_value().map(|(generation, key)| (*generation, key.clone()));
        let current = first.ok_or_else(|| KeysError::Content(path(dir, 1)))?;
        Ok(Self { dir: dir.to_owned(), ring: RwLock::new(Ring { keys, current }) })
    }

    /// One key of generation 1 and no directory: that of a private export.
    pub fn only(key: Zeroizing<[u8; 32]>) -> Self {
        let key = Arc::new(key);
        let ring = Ring { keys: BTreeMap::from([(1, key.clone())]), current: (1, key) };
        Self { dir: PathBuf::from("/nonexistent"), ring: RwLock::new(ring) }
    }

    /// The directory.
    pub fn folder(&self) -> &Path {
        &self.dir
    }

    /// All keys at hand, for the check that they are distinct.
    pub(super) fn all(&self) -> Vec<SealingKey> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).keys.values().cloned().collect()
    }

    /// The generation in force and its key: what is wrapped now is wrapped under it.
    pub fn current(&self) -> (u32, SealingKey) {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).current.clone()
    }

    /// The key of a generation, read from its file if another process made it meanwhile.
    pub fn of(&self, generation: u32) -> Result<SealingKey, KeysError> {
        let known = self.ring.read().unwrap_or_else(PoisonError::into_inner).keys.get(&generation).cloned();
        if let Some(key) = known {
            return Ok(key);
        }
        let file = path(&self.dir, generation);
        let key = Arc::new(read_hex(&file)?);
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        if ring.keys.values().any(|known| **known == *key) {
            return Err(KeysError::NotDistinct);
        }
        Ok(ring.keys.entry(generation).or_insert(key).clone())
    }

    /// Puts a generation in force, as the database says.
    pub fn use_generation(&self, generation: u32) -> Result<(), KeysError> {
        let key = self.of(generation)?;
        self.ring.write().unwrap_or_else(PoisonError::into_inner).current = (generation, key);
        Ok(())
    }

    /// Makes the file of a generation, unless one lies ready (copied from another machine); whether it
    /// was made.
    pub fn prepare(&self, generation: u32, entropy: &dyn Entropy) -> Result<bool, KeysError> {
        let file = path(&self.dir, generation);
        let made = !file.exists();
        if made {
            let mut seed = [0u8; 32];
            entropy.fill(&mut seed);
            let text = Zeroizing::new(format!("{}\n", to_hex(&seed)));
            seed.zeroize();
            write_new(&file, text.as_bytes())?;
            let synced = fs::File::open(&self.dir).and_then(|dir| dir.sync_all());
            synced.map_err(|source| KeysError::Io { path: self.dir.clone(), source })?;
        }
        self.of(generation)?;
        Ok(made)
    }

    /// A digest that two machines can compare to see whether they hold the same key.
    pub fn fingerprint(&self, generation: u32) -> Result<Hash, KeysError> {
        let key = self.of(generation)?;
        Ok(LabelledHash::new("sealing-key").fixed(&**key).finish())
    }

    /// The generations whose files are there, ascending.
    pub fn generations(&self) -> Result<Vec<u32>, KeysError> {
        generations(&self.dir)
    }

    /// Removes the files of all generations before one; the caller has made sure that nothing is
    /// wrapped under them. Answers which were removed.
    pub fn retire(&self, before: u32) -> Result<Vec<u32>, KeysError> {
        // The one that stays is there and readable, or nothing goes.
        self.of(before)?;
        let mut removed = Vec::new();
        for generation in generations(&self.dir)?.into_iter().filter(|generation| *generation < before) {
            let file = path(&self.dir, generation);
            fs::remove_file(&file).map_err(|source| KeysError::Io { path: file, source })?;
            self.ring.write().unwrap_or_else(PoisonError::into_inner).keys.remove(&generation);
            removed.push(generation);
        }
        Ok(removed)
    }
}

fn path(dir: &Path, generation: u32) -> PathBuf {
    dir.join(if generation == 1 { "sealing.key".to_owned() } else { format!("sealing-{generation}.key") })
}

fn generations(dir: &Path) -> Result<Vec<u32>, KeysError> {
    let io = |source| KeysError::Io { path: dir.to_owned(), source };
    let mut found = Vec::new();
    for file in fs::read_dir(dir).map_err(io)? {
        let name = file.map_err(io)?.file_name();
        let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".key")) else { continue };
        let generation = match stem.strip_prefix("sealing-") {
            Some(number) => number.parse().ok().filter(|n: &u32| *n > 1 && n.to_string() == number),
            None => (stem == "sealing").then_some(1),
        };
        found.extend(generation);
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SeededEntropy;

    #[test]
    fn a_generation_is_made_once_read_by_others_and_retired_only_when_another_stands() {
        let dir = std::env::temp_dir().join(format!("expert_draw_sealing_{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let entropy = SeededEntropy::new(5);
        write_new(&dir.join("sealing.key"), format!("{}\n", "11".repeat(32)).as_bytes()).unwrap();
        let (here, there) = (SealingKeys::load(&dir).unwrap(), SealingKeys::load(&dir).unwrap());
        assert_eq!(here.current().0, 1);
        assert!(there.of(2).is_err() && there.retire(2).is_err());
        assert!(here.prepare(2, &entropy).unwrap());
        assert!(!here.prepare(2, &entropy).unwrap());
        assert_eq!(here.current().0, 1, "a file that lies ready is not in force yet");
        assert_eq!(there.fingerprint(2).unwrap(), here.fingerprint(2).unwrap());
        there.use_generation(2).unwrap();
        assert_eq!(there.current().0, 2);
        assert_eq!(there.generations().unwrap(), [1, 2]);
        assert_eq!(there.retire(2).unwrap(), [1]);
        assert!(there.of(1).is_err());
        assert_eq!(SealingKeys::load(&dir).unwrap().current().0, 2);
        fs::remove_dir_all(dir).unwrap();
    }
}
