//! The check of one entry by itself: canonical statement, envelope, leaf hash, signature.

use super::check::Finding;
use super::journal::Entry;
use super::signing::LogKeys;
use crate::codec::Hash;
use crate::log::{SignatureLine, SignedNote, Statement, VerifierKey, merkle};

/// What one entry is.
pub(super) struct Checked {
    /// Hash of the statement as it stands.
    pub(super) leaf_hash: Hash,
    /// The statement's type, if it can be read.
    pub(super) kind: Option<String>,
    /// What is wrong with it.
    pub(super) found: Vec<Finding>,
}

/// Recomputes everything that follows from the row alone.
/// `keys`: those of the log, with every entry before this one taken in; `None` leaves signatures out.
pub(super) fn check(entry: &Entry, origin: &str, keys: Option<&LogKeys>) -> Checked {
    let mut found = Vec::new();
    let mut wrong = |code, what: &str| found.push(Finding::at(code, entry.index(), what));
    let leaf_hash = merkle::leaf_hash(&entry.statement);
    if entry.leaf_hash != leaf_hash.0 {
        wrong("leaf-hash", "the statement is not the one that was entered");
    }
    let statement = Statement::parse(&entry.statement);
    match &statement {
        Err(error) => wrong("statement", &format!("not a statement: {error}")),
        Ok(statement) => {
            if statement.log().as_str() != origin {
                wrong("origin", "the statement belongs to another log");
            }
            if statement.time() != entry.time {
                wrong("time", "the row's time is not the statement's");
            }
        }
    }
    let kind = statement.ok().map(|statement| statement.kind().to_owned());
    if !keys.is_none_or(|keys| accepts(keys.of_statement(entry.index()), entry)) {
        wrong("signature", "the statement's signature does not verify");
    }
    Checked { leaf_hash, kind, found }
}

/// Whether an entry's signature is by the key that is in force at its index.
fn accepts(key: &VerifierKey, entry: &Entry) -> bool {
    let (Ok(statement), Some((id, signature))) =
        (std::str::from_utf8(&entry.statement), entry.signature.split_first_chunk::<4>())
    else {
        return false;
    };
    if key.id() != *id {
        return false;
    }
    let line = SignatureLine::by(key, signature.to_vec());
    SignedNote::new(format!("{statement}\n"), vec![line]).is_ok_and(|note| note.verify(key).is_ok())
}
