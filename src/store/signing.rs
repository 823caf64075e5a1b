//! Which key signs what, as the log itself says, and the signing of entries and checkpoints
//! (`api-spec/log-v2.md` §2).
//!
//! *Invariants:* what is signed at an index is signed with the keys in force there, whichever process
//! writes; a statement about a key that breaks a rule of log-v2 never becomes an entry. A log whose
//! entry 0 registers no keys is signed with those that the signer opens logs with.
//!
//! Deliberately not here: private keys (`ports::LogSigner`).

use std::collections::BTreeMap;

use super::connection::Conn;
use super::error::StoreError;
use super::journal::{self, Entry};
use crate::codec::Hash;
use crate::draw::contributions::VRF_KEYS;
use crate::log::opened::LogOpened;
use crate::log::{
    Algorithm, Checkpoint, KeyBook, KeyRegistered, KeyRetired, KeyUse, Origin, SignatureLine, SignedNote,
    Statement, VerifierKey, key_digest,
};
use crate::ports::LogSigner;

/// The keys of a log by index.
#[derive(Clone, Debug)]
pub struct LogKeys {
    origin: Origin,
    first_log: VerifierKey,
    first_statements: VerifierKey,
    book: Option<KeyBook>,
    /// Signing keys of the book by digest.
    verifiers: BTreeMap<Hash, VerifierKey>,
    /// The newest entry that registers or retires a key.
    newest: Option<u64>,
    /// Whether entry 0 was looked at.
    begun: bool,
}

impl LogKeys {
    /// Before entry 0.
    pub(super) fn new(signer: &dyn LogSigner) -> Result<Self, StoreError> {
        let origin = Origin::new(signer.origin())
            .map_err(|error| StoreError::Schema(format!("the keys' origin is not one: {error}")))?;
        Ok(Self {
            origin,
            first_log: signer.log_key().clone(),
            first_statements: signer.statements_key().clone(),
            book: None,
            verifiers: BTreeMap::new(),
            newest: None,
            begun: false,
        })
    }

    /// As the journal says now. Entries that break a rule of keys are the check's to report.
    pub(super) fn load(conn: &mut Conn, signer: &dyn LogSigner) -> Result<Self, StoreError> {
        let mut keys = Self::new(signer)?;
        let first = journal::find(conn, 0)?;
        let later = journal::about_keys(conn)?;
        for entry in first.iter().chain(&later) {
            if let Ok(statement) = Statement::parse(&entry.statement) {
                let _ = keys.apply(entry.index(), &statement);
            }
        }
        Ok(keys)
    }

    /// Whether these are the keys of a log with this head.
    pub(super) fn are_of(&self, size: u64, last_key_entry: Option<u64>) -> bool {
        self.begun == (size > 0) && self.newest == last_key_entry
    }

    /// Takes a statement in; whether it was about a key. Error: the rule of log-v2 §5 that it breaks.
    pub(super) fn apply(&mut self, index: u64, statement: &Statement) -> Result<bool, String> {
        let body = statement.body_json();
        self.begun = true;
        match statement.kind() {
            LogOpened::TYPE if index == 0 => {
                let opened = LogOpened::read(&body).map_err(|shape| shape.to_string())?;
                let book = KeyBook::open(self.origin.as_str(), &opened, VRF_KEYS);
                self.book = Some(book.map_err(|refusal| refusal.name().to_owned())?);
            }
            KeyRegistered::TYPE => {
                let said = KeyRegistered::read(&body).map_err(|shape| format!("shape: {shape}"))?;
                let book = self.book.as_mut().ok_or("the log registers no keys")?;
                book.register(index, &said).map_err(|refusal| refusal.name().to_owned())?;
                self.newest = Some(index);
            }
            KeyRetired::TYPE => {
                let said = KeyRetired::read(&body).map_err(|shape| format!("shape: {shape}"))?;
                let book = self.book.as_mut().ok_or("the log registers no keys")?;
                book.retire(index, &said).map_err(|refusal| refusal.name().to_owned())?;
                self.newest = Some(index);
            }
            _ => return Ok(false),
        }
        for key in self.book.iter().flat_map(|book| book.all()) {
            let name = match key.usage {
                KeyUse::Log => self.origin.log_key_name().clone(),
                KeyUse::Statements => self.origin.statements_key_name(),
                _ => continue,
            };
            if let Ok(verifier) = VerifierKey::new(name, Algorithm::Ed25519, key.key) {
                self.verifiers.entry(key.digest).or_insert(verifier);
            }
        }
        Ok(true)
    }

    /// The book of keys; `None` for a log whose entry 0 registers none.
    pub fn book(&self) -> Option<&KeyBook> {
        self.book.as_ref()
    }

    /// The newest entry that registers or retires a key.
    pub(super) fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// The key that signs the note of an entry.
    pub(super) fn of_statement(&self, index: u64) -> &VerifierKey {
        let key = self.book.as_ref().and_then(|book| book.in_force(KeyUse::Statements, index));
        key.and_then(|key| self.verifiers.get(&key.digest)).unwrap_or(&self.first_statements)
    }

    /// The keys that sign the checkpoint of a size, the oldest first.
    pub(super) fn of_checkpoint(&self, size: u64) -> Vec<&VerifierKey> {
        let Some(book) = self.book.as_ref().filter(|_| size > 0) else { return vec![&self.first_log] };
        book.of_checkpoint(size).filter_map(|key| self.verifiers.get(&key.digest)).collect()
    }

    /// Every log key that was ever registered.
    pub(super) fn log_keys(&self) -> Vec<&VerifierKey> {
        let Some(book) = &self.book else { return vec![&self.first_log] };
        let of_log = book.all().iter().filter(|key| key.usage == KeyUse::Log);
        of_log.filter_map(|key| self.verifiers.get(&key.digest)).collect()
    }

    /// Whether a note is signed by every log key that signs checkpoints of a size.
    pub(super) fn sign(&self, note: &SignedNote, size: u64) -> bool {
        let keys = self.of_checkpoint(size);
        !keys.is_empty() && keys.iter().all(|key| note.verify(key).is_ok())
    }

    /// The keys that the next entry and its checkpoint need and that the signer does not have.
    pub(super) fn missing(&self, signer: &dyn LogSigner, size: u64) -> Vec<Hash> {
        let checkpoint = self.of_checkpoint(size);
        let needed = std::iter::once(self.of_statement(size)).chain(checkpoint);
        needed.filter(|key| !signer.holds(key)).map(|key| key_digest(key.key_bytes())).collect()
    }

    /// Signs the checkpoint of a tree: the whole note.
    pub(super) fn checkpoint(
        &self,
        signer: &dyn LogSigner,
        size: u64,
        root: Hash,
    ) -> Result<String, StoreError> {
        let text = Checkpoint { origin: self.origin.clone(), size, root }.to_text();
        let failed = |error: &dyn std::fmt::Display| StoreError::Sign(error.to_string());
        let mut lines = Vec::new();
        for key in self.of_checkpoint(size) {
            let signature = signer.sign(key, text.as_bytes()).map_err(|error| failed(&error))?;
            lines.push(SignatureLine::by(key, signature.to_vec()));
        }
        if let Some(second) = signer.second() {
            lines.push(second.checkpoint_line(text.as_bytes()).map_err(|error| failed(&error))?);
        }
        let note = SignedNote::new(text, lines).map_err(|error| failed(&error))?;
        // A mistaken key or device must not produce a checkpoint that nobody can verify.
        if self.sign(&note, size) {
            Ok(note.to_string())
        } else {
            Err(failed(&"the checkpoint's signature does not verify"))
        }
    }

    /// Signs one entry; the second line, if there is one, is answered.
    pub(super) fn entry(
        &self,
        signer: &dyn LogSigner,
        entry: &mut Entry,
    ) -> Result<Option<String>, StoreError> {
        let key = self.of_statement(entry.index());
        let mut text = entry.statement.clone();
        text.push(b'\n');
        let failed = |error: crate::ports::SignError| StoreError::Sign(error.to_string());
        let signature = signer.sign(key, &text).map_err(failed)?;
        entry.signature = [key.id().as_slice(), &signature].concat();
        let second =
            signer.second().map(|second| second.statement_line(&text)).transpose().map_err(failed)?;
        Ok(second.map(|line| line.to_string()))
    }
}

/// The keys of a log as its journal says, for whoever only reads. `None` before entry 0, or when that
/// registers no keys.
pub fn key_book(conn: &mut Conn) -> Result<Option<KeyBook>, StoreError> {
    let Some(first) = journal::find(conn, 0)? else { return Ok(None) };
    let parse = |entry: &Entry| {
        Statement::parse(&entry.statement)
            .map_err(|error| StoreError::Schema(format!("entry {}: {error}", entry.index())))
    };
    let statement = parse(&first)?;
    if statement.kind() != LogOpened::TYPE {
        return Ok(None);
    }
    let wrong = |index: u64, why: &dyn std::fmt::Display| StoreError::Schema(format!("entry {index}: {why}"));
    let opened = LogOpened::read(&statement.body_json()).map_err(|shape| wrong(0, &shape))?;
    let mut book =
        KeyBook::open(statement.log().as_str(), &opened, VRF_KEYS).map_err(|refusal| wrong(0, &refusal))?;
    for entry in journal::about_keys(conn)? {
        let (index, statement) = (entry.index(), parse(&entry)?);
        let body = statement.body_json();
        if statement.kind() == KeyRegistered::TYPE {
            let said = KeyRegistered::read(&body).map_err(|shape| wrong(index, &shape))?;
            book.register(index, &said).map_err(|refusal| wrong(index, &refusal))?;
        } else {
            let said = KeyRetired::read(&body).map_err(|shape| wrong(index, &shape))?;
            book.retire(index, &said).map_err(|refusal| wrong(index, &refusal))?;
        }
    }
    Ok(Some(book))
}

/// The log keys that a policy may pin, as the journal says: all but those that were found out.
pub fn pinned_log_keys(conn: &mut Conn) -> Result<Vec<VerifierKey>, StoreError> {
    let (Some(book), Some(head)) = (key_book(conn)?, super::head::find(conn)?) else { return Ok(Vec::new()) };
    let origin = Origin::new(head.origin).map_err(|error| StoreError::Schema(error.to_string()))?;
    let verifier =
        |key: [u8; 32]| VerifierKey::new(origin.log_key_name().clone(), Algorithm::Ed25519, key).ok();
    Ok(book.log_keys().filter_map(|key| verifier(key.key)).collect())
}

/// Whether a statement's bytes may be about a key; cheap, and never wrongly no.
pub(super) fn may_be_about_a_key(statement: &[u8]) -> bool {
    const MARK: &[u8] = b"\"type\":\"key.";
    statement.windows(MARK.len()).any(|part| part == MARK)
}
