//! The check of one entry by itself: canonical statement, envelope, leaf hash, signature.

use super::check::{Depth, Finding};
use super::journal::Entry;
use crate::codec::Hash;
use crate::log::{SignatureLine, SignedNote, Statement, VerifierKey, merkle};
use crate::ports::LogSigner;

/// The keys that statements may be signed by; none if signatures are not looked at.
pub(super) struct Keys(Option<Vec<VerifierKey>>);

impl Keys {
    /// The keys of a signer, present and past.
    pub(super) fn of(signer: &dyn LogSigner, depth: Depth) -> Self {
        let present = std::iter::once(signer.statements_key());
        let all = || present.chain(signer.earlier_statements_keys()).cloned().collect();
        Self((depth == Depth::Full).then(all))
    }
}

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
pub(super) fn check(entry: &Entry, origin: &str, keys: &Keys) -> Checked {
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
    if !keys.accept(entry) {
        wrong("signature", "the statement's signature does not verify");
    }
    Checked { leaf_hash, kind, found }
}

impl Keys {
    fn accept(&self, entry: &Entry) -> bool {
        let Some(keys) = &self.0 else { return true };
        let (Ok(statement), Some((id, signature))) =
            (std::str::from_utf8(&entry.statement), entry.signature.split_first_chunk::<4>())
        else {
            return false;
        };
        // Ids collide, so every key with this id may be the one.
        keys.iter().filter(|key| key.id() == *id).any(|key| {
            let line = SignatureLine::by(key, signature.to_vec());
            SignedNote::new(format!("{statement}\n"), vec![line]).is_ok_and(|note| note.verify(key).is_ok())
        })
    }
}
