//! What a witness keeps, as records in one chain: each line of the journal is a digest and canonical JSON, the
//! digest SHA-256(digest before ‖ JSON). Pure.
//!
//! *Invariant:* a record reads back from its JSON unchanged, and a line that was altered, moved or taken
//! out from among others has not its digest.

use super::state::Head;
use crate::codec::{Hash, Json, Object, ShapeError, object, sha256};

/// The longest record, in bytes; a checkpoint's text is at most 16 KiB.
pub const RECORD_LIMIT: usize = 1 << 20;
/// The digest before the first record.
pub const BEGINNING: Hash = Hash([0; 32]);

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The first: whose journal this is.
    Opened {
        /// Drawn when the keys were made; the mark beside the keys names it too.
        id: String,
        /// The cosigner's vkey.
        cosigner: String,
        /// The VRF key, hex.
        vrf: String,
    },
    /// A head was cosigned.
    Head {
        /// The log's origin.
        log: String,
        /// The head with its note, cosignature included.
        head: Head,
    },
    /// A draw was answered: the answer as it leaves.
    Answer(Json),
    /// A draw will never be answered: the statement as it leaves.
    NotReleased(Json),
}

impl Record {
    /// As JSON.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Opened { id, cosigner, vrf } => Object::new()
                .with("kind", "opened")
                .with("id", id.as_str())
                .with("cosigner", cosigner.as_str())
                .with("vrf", vrf.as_str()),
            Self::Head { log, head } => Object::new()
                .with("kind", "head")
                .with("log", log.as_str())
                .with("size", head.size)
                .with("root", head.root)
                .with("time", head.time)
                .with("note", head.note.as_str()),
            Self::Answer(value) => Object::new().with("kind", "answer").with("value", value.clone()),
            Self::NotReleased(value) => {
                Object::new().with("kind", "not_released").with("value", value.clone())
            }
        }
        .into()
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| match f.str("kind")? {
            "opened" => Ok(Self::Opened {
                id: f.str("id")?.to_owned(),
                cosigner: f.str("cosigner")?.to_owned(),
                vrf: f.str("vrf")?.to_owned(),
            }),
            "head" => Ok(Self::Head {
                log: f.str("log")?.to_owned(),
                head: Head {
                    size: f.u64("size")?,
                    root: f.hash("root")?,
                    time: f.int("time", 1..=crate::codec::MAX_INTEGER)?,
                    note: f.str("note")?.to_owned(),
                },
            }),
            "answer" => Ok(Self::Answer(f.required("value")?.clone())),
            "not_released" => Ok(Self::NotReleased(f.required("value")?.clone())),
            _ => Err(f.wrong("kind", "must be opened, head, answer or not_released")),
        })
    }

    /// The line that follows a digest, newline included, and its own digest.
    pub fn line(&self, before: &Hash) -> (Vec<u8>, Hash) {
        let json = self.to_json().canonical();
        let digest = sha256(&[before.as_bytes(), &json]);
        let mut line = digest.to_hex().into_bytes();
        line.push(b' ');
        line.extend_from_slice(&json);
        line.push(b'\n');
        (line, digest)
    }

    /// Reads a line without its newline; `None` if it does not follow that digest.
    pub fn from_line(line: &[u8], before: &Hash) -> Option<(Self, Hash)> {
        let (digest, rest) = line.split_at_checked(64)?;
        let json = rest.strip_prefix(b" ")?;
        let digest = Hash::from_hex(std::str::from_utf8(digest).ok()?)?;
        if sha256(&[before.as_bytes(), json]) != digest {
            return None;
        }
        let json = Json::parse_canonical(json, RECORD_LIMIT).ok()?;
        Some((Self::read(&json).ok()?, digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back_and_a_changed_moved_or_missing_line_breaks_the_chain() {
        let value = Json::from(Object::new().with("alpha", Hash([1; 32])));
        let head = Head { size: 3, root: Hash([2; 32]), time: 9, note: "o\n3\n…\n".into() };
        let records = [
            Record::Opened { id: "00".into(), cosigner: "w+1+2".into(), vrf: "aa".into() },
            Record::Head { log: "log.example/x".into(), head },
            Record::Answer(value.clone()),
            Record::NotReleased(value),
        ];
        let mut before = BEGINNING;
        for record in &records {
            let (line, digest) = record.line(&before);
            let bare = line.strip_suffix(b"\n").unwrap();
            assert_eq!(Record::from_line(bare, &before), Some((record.clone(), digest)));
            assert_eq!(Record::from_line(bare, &digest), None, "moved");
            for at in 0..bare.len() {
                let mut changed = bare.to_vec();
                changed[at] ^= 1;
                assert_eq!(Record::from_line(&changed, &before), None, "byte {at}");
                assert_eq!(Record::from_line(&bare[..at], &before), None, "torn at {at}");
            }
            before = digest;
        }
    }
}
