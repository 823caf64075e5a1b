//! Keys in generations for the two small files: a draw of sites and one person's place (sites-v2,
//! membership-v2). They carry the log's entries about keys, and every key is judged by index
//! (`api-spec/log-v2.md` §2). The experts' draw has its own checks (`verify/shared`).

use crate::draw::contributions::VRF_KEYS;
use crate::log::opened::LogOpened;
use crate::log::{
    Algorithm, Checkpoint, KeyBook, KeyRegistered, KeyRetired, KeyUse, Policy, SignedNote, Statement,
    VerifierKey,
};

/// Whether statements of this type are about keys.
pub(super) fn is_about_a_key(kind: &str) -> bool {
    [KeyRegistered::TYPE, KeyRetired::TYPE].contains(&kind)
}

/// The book of keys after entry 0 and the entries about keys, in the order of the log.
pub(super) fn book<'a>(
    head: &Checkpoint,
    opened: &LogOpened,
    entries: impl Iterator<Item = (u64, &'a Statement)>,
) -> Result<KeyBook, String> {
    let mut book =
        KeyBook::open(head.origin.as_str(), opened, VRF_KEYS).map_err(|e| format!("entry 0: {e}"))?;
    for (index, statement) in entries {
        let (at, body) = (|e: &dyn std::fmt::Display| format!("entry {index}: {e}"), statement.body_json());
        let added = if statement.kind() == KeyRegistered::TYPE {
            book.register(index, &KeyRegistered::read(&body).map_err(|e| at(&e))?)
        } else {
            book.retire(index, &KeyRetired::read(&body).map_err(|e| at(&e))?)
        };
        added.map_err(|e| at(&format!("{e} ({})", e.name())))?;
    }
    Ok(book)
}

/// Whether a checkpoint is signed by a log key that the policy pins and that is in use at its size.
pub(super) fn is_signed(note: &SignedNote, head: &Checkpoint, policy: &Policy, book: &KeyBook) -> bool {
    let live: Vec<[u8; 32]> = book.of_checkpoint(head.size).map(|key| key.key).collect();
    let mut pinned = policy.logs().iter().filter(|key| key.name() == head.origin.log_key_name());
    pinned.any(|key| live.contains(key.key_bytes()) && note.verify(key).is_ok())
}

/// The key that signs the note of an entry.
pub(super) fn of_statement(head: &Checkpoint, book: &KeyBook, index: u64) -> Result<VerifierKey, String> {
    let key = book.in_force(KeyUse::Statements, index);
    let key = key.ok_or_else(|| format!("entry {index}: no statements key is in force"))?;
    VerifierKey::new(head.origin.statements_key_name(), Algorithm::Ed25519, key.key)
        .map_err(|e| format!("entry {index}: {e}"))
}
