//! Checkpoints (C2SP tlog-checkpoint): three lines that state a tree's origin, size and root.
//!
//! Stricter than the specification: no extension lines, sizes up to 2^53 − 1, and an origin
//! as `api-spec/log-v1.md` §1.2 has it. *Invariant:* [`Checkpoint::to_text`] and [`Checkpoint::parse`] are inverse to each
//! other.

use super::base64;
use super::key::Origin;
use super::merkle::MAX_SIZE;
use super::note::SignedNote;
use crate::codec::Hash;

/// Why a note's text is not a checkpoint of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not exactly three lines, each ending with a newline; extension lines are refused.
    #[error("a checkpoint is three lines: origin, size, root")]
    Lines,
    /// The first line is not an [`Origin`].
    #[error("bad origin line")]
    Origin,
    /// Not a decimal number without leading zeros up to 2^53 − 1.
    #[error("bad tree size")]
    Size,
    /// Not the base64 of 32 bytes.
    #[error("bad root hash")]
    Root,
}

/// A tree head: which log, how many leaves, which root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's origin.
    pub origin: Origin,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads the text of a note. Error: which line is wrong.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines);
        };
        Ok(Self {
            origin: Origin::new(origin).map_err(|_| CheckpointError::Origin)?,
            size: base64::decimal(size).filter(|n| *n <= MAX_SIZE).ok_or(CheckpointError::Size)?,
            root: base64::decode_hash(root).ok_or(CheckpointError::Root)?,
        })
    }

    /// Reads the text of a signed note; checks no signature.
    pub fn from_note(note: &SignedNote) -> Result<Self, CheckpointError> {
        Self::parse(note.text())
    }

    /// The text that is signed: three lines, the last newline included.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, base64::encode(self.root.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{field, text, vector};
    use super::*;

    const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

    #[test]
    fn the_published_checkpoint_reads_and_writes_back() {
        let file = vector("c2sp_notes.json");
        let note = text(field(&file, "checkpoint"), "note");
        let note = SignedNote::parse(note.as_bytes()).unwrap();
        let checkpoint = Checkpoint::from_note(&note).unwrap();
        assert_eq!(checkpoint.origin.as_str(), "example.com/behind-the-sofa");
        assert_eq!(checkpoint.size, 20_852_163);
        assert_eq!(checkpoint.to_text(), note.text());
    }

    #[test]
    fn every_wrong_line_is_named() {
        let read = |text: String| Checkpoint::parse(&text);
        assert!(read(format!("o\n0\n{ROOT}\n")).is_ok());
        for (bad, fault) in [
            (format!("o\n1\n{ROOT}"), CheckpointError::Lines),
            (format!("o\n1\n{ROOT}\nextension\n"), CheckpointError::Lines),
            (format!("o\n1\n{ROOT}\n\n"), CheckpointError::Lines),
            (format!("1\n{ROOT}\n"), CheckpointError::Lines),
            (format!("\n1\n{ROOT}\n"), CheckpointError::Origin),
            (format!("o o\n1\n{ROOT}\n"), CheckpointError::Origin),
            (format!("o\n01\n{ROOT}\n"), CheckpointError::Size),
            (format!("o\n+1\n{ROOT}\n"), CheckpointError::Size),
            (format!("o\n9007199254740992\n{ROOT}\n"), CheckpointError::Size),
            ("o\n1\nAAAA\n".into(), CheckpointError::Root),
            (format!("o\n1\n{}\n", ROOT.replace("2I=", "2J=")), CheckpointError::Root),
        ] {
            assert_eq!(read(bad.clone()), Err(fault), "{bad:?}");
        }
    }
}
