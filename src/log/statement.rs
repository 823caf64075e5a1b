//! The envelope of a statement: one canonical JSON object with `v`, `type`, `log`, `time` and the
//! fields of its type, and the signed note it is kept as (`api-spec/log-v1.md` §3).
//!
//! A leaf of the log is the statement's bytes. The note's text is these bytes and one newline,
//! signed under the key name `<origin>/statements`: one line where a checkpoint has three, and
//! another key name, so that neither can be taken for the other.
//!
//! *Invariant:* a [`Statement`] is at most 65,535 bytes and reads back from its bytes unchanged.
//! Deliberately absent: what the types mean and which fields they have; `draw` and `evidence` know.

use std::collections::BTreeMap;

use super::key::{KeyName, Origin, VerifierKey};
use super::merkle::leaf_hash;
use super::note::{NoteError, SignedNote, sign_note};
use crate::codec::json::{MAX_INTEGER, STATEMENT_LIMIT};
use crate::codec::{Hash, Json, JsonError, ShapeError, sha256};

/// The only version.
const VERSION: i64 = 1;
/// The fields of the envelope, which a body cannot hold.
const ENVELOPE: [&str; 4] = ["v", "type", "log", "time"];

/// Why bytes, a note or a body are not a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Too long, not acceptable JSON, or not canonical.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A field of the envelope is missing or wrong, or the body holds one of its names.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The note was refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note's text is not one line.
    #[error("the text of a statement's note must be the statement and one newline")]
    Text,
    /// The statement names another log.
    #[error("the statement belongs to another log")]
    OtherLog,
    /// The key's name is not `<origin>/statements`.
    #[error("the key {0} does not sign statements of this log")]
    KeyName(KeyName),
}

/// A statement: type, log, time, and the fields of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    kind: String,
    log: Origin,
    time: i64,
    body: BTreeMap<String, Json>,
}

impl Statement {
    /// A statement from its parts: `kind` is 1–64 characters of `[a-z0-9_.]`, `time` Unix seconds
    /// from 0 to 2^53 − 1. Errors: [`StatementError::Shape`] for these or a body with a name of the
    /// envelope; [`StatementError::Json`] for a body that canonical JSON cannot hold or that makes
    /// the statement longer than 65,535 bytes.
    pub fn new(
        kind: impl Into<String>,
        log: Origin,
        time: i64,
        body: BTreeMap<String, Json>,
    ) -> Result<Self, StatementError> {
        let statement = Self { kind: kind.into(), log, time, body };
        if let Some(name) = ENVELOPE.iter().find(|name| statement.body.contains_key(**name)) {
            return Err(ShapeError::new(*name, "belongs to the envelope").into());
        }
        // Reading back applies every rule once and for all, the length and the keys' spelling too.
        Self::parse(&statement.to_bytes())
    }

    /// Reads a statement from its canonical bytes. Errors: [`StatementError::Json`],
    /// [`StatementError::Shape`].
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        let Json::Map(mut body) = Json::parse_canonical(bytes, STATEMENT_LIMIT)? else {
            return Err(ShapeError::new("", "must be an object").into());
        };
        let mut take = |name: &str| body.remove(name).ok_or_else(|| ShapeError::new(name, "required"));
        let (version, kind, log, time) = (take("v")?, take("type")?, take("log")?, take("time")?);
        if version != Json::Int(VERSION) {
            return Err(ShapeError::new("v", "must be 1").into());
        }
        let kind = kind.as_str().filter(|kind| is_kind(kind));
        let kind = kind.ok_or_else(|| ShapeError::new("type", "must be 1 to 64 characters of [a-z0-9_.]"))?;
        let log = log.as_str().and_then(|log| Origin::new(log).ok());
        let log = log.ok_or_else(|| ShapeError::new("log", "must be an origin"))?;
        let time = time.as_int().filter(|time| (0..=MAX_INTEGER).contains(time));
        let time = time.ok_or_else(|| ShapeError::new("time", "must be Unix seconds from 0"))?;
        Ok(Self { kind: kind.to_owned(), log, time, body })
    }

    /// The canonical bytes: the leaf.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut map = self.body.clone();
        map.insert("v".to_owned(), Json::Int(VERSION));
        map.insert("type".to_owned(), Json::Str(self.kind.clone()));
        map.insert("log".to_owned(), Json::Str(self.log.as_str().to_owned()));
        map.insert("time".to_owned(), Json::Int(self.time));
        Json::Map(map).canonical()
    }

    /// Hash of the leaf.
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.to_bytes())
    }

    /// The type, such as `draw.committed`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The log it belongs to.
    pub fn log(&self) -> &Origin {
        &self.log
    }

    /// When it was written, Unix seconds.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// The fields of its type, without the envelope's.
    pub fn body(&self) -> &BTreeMap<String, Json> {
        &self.body
    }

    /// The fields of its type as a JSON object, for [`crate::codec::object`].
    pub fn body_json(&self) -> Json {
        Json::Map(self.body.clone())
    }
}

/// Signs a statement with the statements key of its log; `sign` gets the note's text.
/// Errors: [`StatementError::KeyName`], [`StatementError::Note`].
pub fn sign_statement(
    statement: &Statement,
    key: &VerifierKey,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> Result<SignedNote, StatementError> {
    right_key(&statement.log, key)?;
    // Canonical JSON is UTF-8 and escapes every control character, so it is one line of text.
    let text = String::from_utf8(statement.to_bytes()).map_err(|_| StatementError::Text)?;
    Ok(sign_note(&format!("{text}\n"), key, sign)?)
}

/// Checks a statement's note: text, signature by the statements key, log. Errors: every kind.
pub fn open_statement_note(
    note: &SignedNote,
    log: &Origin,
    key: &VerifierKey,
) -> Result<Statement, StatementError> {
    right_key(log, key)?;
    note.verify(key)?;
    let line = note.text().strip_suffix('\n').filter(|line| !line.contains('\n'));
    let statement = Statement::parse(line.ok_or(StatementError::Text)?.as_bytes())?;
    if statement.log == *log { Ok(statement) } else { Err(StatementError::OtherLog) }
}

/// Digest by which statements name a key: SHA-256 of the whole raw public key.
pub fn key_digest(public_key: &[u8]) -> Hash {
    sha256(&[public_key])
}

fn right_key(log: &Origin, key: &VerifierKey) -> Result<(), StatementError> {
    let fits = *key.name() == log.statements_key_name();
    if fits { Ok(()) } else { Err(StatementError::KeyName(key.name().clone())) }
}

fn is_kind(kind: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.';
    (1..=64).contains(&kind.len()) && kind.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::super::key::Algorithm;
    use super::super::samples::TestKey;
    use super::*;

    fn origin() -> Origin {
        Origin::new("log.example/430600").unwrap()
    }

    fn key() -> TestKey {
        TestKey::new("log.example/430600/statements", Algorithm::Ed25519, 5)
    }

    fn statement() -> Statement {
        let body = BTreeMap::from([("image".to_owned(), Json::from("换行\n\u{1}"))]);
        Statement::new("registry.expert", origin(), 1_800_000_000, body).unwrap()
    }

    #[test]
    fn the_envelope_is_canonical_json_and_reads_back() {
        let bytes = statement().to_bytes();
        let expected = r#"{"image":"换行\n\u0001","log":"log.example/430600","time":1800000000,"type":"registry.expert","v":1}"#;
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        let read = Statement::parse(&bytes).unwrap();
        assert_eq!(read, statement());
        assert_eq!(read.leaf_hash(), leaf_hash(&bytes));
        assert_eq!((read.kind(), read.time(), read.body().len()), ("registry.expert", 1_800_000_000, 1));
    }

    #[test]
    fn what_is_not_a_statement_is_refused_by_field() {
        let path = |text: &str| match Statement::parse(text.as_bytes()) {
            Err(StatementError::Shape(error)) => error.path,
            other => format!("{other:?}"),
        };
        assert_eq!(path(r#"{"log":"o","time":1,"type":"a","v":2}"#), "v");
        assert_eq!(path(r#"{"log":"o","time":1,"type":"a"}"#), "v");
        assert_eq!(path(r#"{"log":"o o","time":1,"type":"a","v":1}"#), "log");
        assert_eq!(path(r#"{"log":"o","time":-1,"type":"a","v":1}"#), "time");
        assert_eq!(path(r#"{"log":"o","time":"1","type":"a","v":1}"#), "time");
        assert_eq!(path(r#"{"log":"o","time":1,"type":"A","v":1}"#), "type");
        assert_eq!(path(r#"[]"#), "");
        let canonical = Statement::parse(br#"{"v":1,"log":"o","time":1,"type":"a"}"#);
        assert_eq!(canonical, Err(JsonError::NotCanonical.into()));
    }

    #[test]
    fn a_body_that_no_statement_can_hold_is_refused() {
        let make = |name: &str, value: Json| {
            Statement::new("a", origin(), 0, BTreeMap::from([(name.to_owned(), value)]))
        };
        assert!(make("x", Json::Int(1)).is_ok());
        for name in ENVELOPE {
            assert!(matches!(make(name, Json::Int(1)), Err(StatementError::Shape(_))), "{name}");
        }
        assert!(matches!(make("X", Json::Int(1)), Err(StatementError::Json(_))));
        assert!(matches!(make("x", Json::Int(MAX_INTEGER + 1)), Err(StatementError::Json(_))));
        let rest = make("x", Json::from("")).unwrap().to_bytes().len();
        assert!(make("x", Json::Str("y".repeat(STATEMENT_LIMIT - rest))).is_ok());
        let long = make("x", Json::Str("y".repeat(STATEMENT_LIMIT - rest + 1)));
        assert_eq!(long, Err(JsonError::TooLong { limit: STATEMENT_LIMIT }.into()));
    }

    #[test]
    fn a_statement_note_opens_with_its_key_and_log_only() {
        let key = key();
        let note = sign_statement(&statement(), &key.public, |m| key.sign(m)).unwrap();
        let note = SignedNote::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(open_statement_note(&note, &origin(), &key.public), Ok(statement()));
        let log_key = TestKey::new("log.example/430600", Algorithm::Ed25519, 5);
        let refused = sign_statement(&statement(), &log_key.public, |m| log_key.sign(m));
        assert!(matches!(refused, Err(StatementError::KeyName(_))));
        let refused = open_statement_note(&note, &origin(), &log_key.public);
        assert!(matches!(refused, Err(StatementError::KeyName(_))));
        let other = TestKey::new("log.example/430600/statements", Algorithm::Ed25519, 6).public;
        let refused = open_statement_note(&note, &origin(), &other);
        assert!(matches!(refused, Err(StatementError::Note(NoteError::NotSigned(_)))));
    }

    #[test]
    fn a_validly_signed_text_that_is_no_statement_of_this_log_is_refused() {
        let key = key();
        let open = |text: &str| {
            let note = sign_note(text, &key.public, |m| key.sign(m)).unwrap();
            open_statement_note(&note, &origin(), &key.public)
        };
        let good = String::from_utf8(statement().to_bytes()).unwrap();
        assert!(open(&format!("{good}\n")).is_ok());
        for bad in [format!("{good}\n\n"), format!("\n{good}\n"), format!("{good}\n{good}\n")] {
            assert_eq!(open(&bad), Err(StatementError::Text), "{bad:?}");
        }
        assert_eq!(open(&format!("{good} \n")), Err(JsonError::NotCanonical.into()));
        let moved = good.replace("log.example/430600", "log.example/430700");
        assert_eq!(open(&format!("{moved}\n")), Err(StatementError::OtherLog));
    }

    #[test]
    fn a_key_digest_covers_the_whole_key() {
        assert_eq!(key_digest(b"abc"), sha256(&[b"abc"]));
        assert_ne!(key_digest(&[1; 32]), key_digest(&[1; 31]));
    }
}
