//! The evidence file's shape, both ways (`api-spec/evidence-v1.md` §1, `evidence-v2.md` §1, `evidence-v3.md`
//! §1): one shape under three names, which say what statements a file may hold; the third has heads, keys
//! and a beacon's chain besides.
//!
//! *Invariant:* what [`Evidence::read`] accepts, [`Evidence::write`] writes back byte for byte.

use std::collections::BTreeMap;

use super::openings::Openings;
use crate::codec::{Fields, Hash, Json, Object, ShapeError, from_hex, object, sha256, to_hex};
use crate::draw::beacon::ChainInfo;

/// Which rules a file is made and read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// evidence-v1: a draw without calls.
    V1,
    /// evidence-v2: a draw with calls.
    V2,
    /// evidence-v3: a draw with contributions of others, or with keys that succeeded.
    V3,
}

impl Format {
    /// Value of the field `format`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "expert-draw/evidence-v1",
            Self::V2 => "expert-draw/evidence-v2",
            Self::V3 => "expert-draw/evidence-v3",
        }
    }

    /// The format that a file says it has, whatever else is wrong with it.
    pub fn claimed(bytes: &[u8]) -> Option<Self> {
        let json = Json::parse(bytes, FILE_LIMIT).ok()?;
        let name = json.as_map()?.get("format")?.as_str()?;
        [Self::V1, Self::V2, Self::V3].into_iter().find(|format| format.name() == name)
    }

    /// Value of the field `v`.
    fn version(self) -> u32 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }

    /// Whether statements about calls may stand in a file.
    pub fn may_have_calls(self) -> bool {
        self != Self::V1
    }
}

/// The largest file that is read, in bytes.
pub const FILE_LIMIT: usize = 512 << 20;

/// For whom a file is made: which openings it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Anybody: no openings before the draw is unsealed, names of the seated after.
    Public,
    /// An auditor: everything.
    Auditor,
}

impl Audience {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Auditor => "auditor",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Public, Self::Auditor].into_iter().find(|audience| audience.name() == word)
    }
}

/// One log entry with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceEntry {
    /// Log index.
    pub index: u64,
    /// The statement's signed note.
    pub note: String,
    /// Inclusion proof in the checkpoint's tree.
    pub proof: Vec<Hash>,
}

/// A head of the log's history (evidence-v3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadEntry {
    /// Tree size.
    pub size: u64,
    /// Root.
    pub root: Hash,
    /// Consistency proof to the file's checkpoint.
    pub proof: Vec<Hash>,
    /// The checkpoint note with its cosignatures; absent where a witness's answer alone names the head.
    pub note: Option<String>,
}

/// What only an evidence-v3 file has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Heads, ascending by size.
    pub heads: Vec<HeadEntry>,
    /// Indices of the entries about keys.
    pub keys: Vec<u64>,
    /// The drand chain, if the commitment names a beacon.
    pub chain: Option<ChainInfo>,
}

/// The most heads in a file.
pub const HEAD_LIMIT: usize = 256;

/// One evidence file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// By which rules.
    pub format: Format,
    /// For whom.
    pub audience: Audience,
    /// Checkpoint note.
    pub checkpoint: String,
    /// Entries by index.
    pub entries: Vec<EvidenceEntry>,
    /// The draw.
    pub alpha: Hash,
    /// Indices of the draw's own entries, the commitment first. Says which entries this file was
    /// made of, so that one cannot be left out by itself; not that the log holds no others.
    pub life: Vec<u64>,
    /// Text of the rule profile.
    pub profile: String,
    /// Raw leaves by position.
    pub pool: Vec<Vec<u8>>,
    /// Openings, if the audience has any.
    pub openings: Option<Openings>,
    /// Heads, keys and chain: in an evidence-v3 file, and in no other.
    pub shared: Option<Shared>,
}

/// Why bytes are no evidence file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Not canonical JSON within the limits.
    #[error("{0}")]
    Json(#[from] crate::codec::JsonError),
    /// Canonical JSON of another shape.
    #[error("{0}")]
    Shape(#[from] ShapeError),
    /// The field `digest` is not that of the rest.
    #[error("digest: the file was changed or damaged after it was written")]
    Digest,
}

impl Evidence {
    /// The canonical file, `digest` included.
    pub fn write(&self) -> Vec<u8> {
        let entry = |entry: &EvidenceEntry| -> Json {
            Object::new()
                .with("index", entry.index)
                .with("note", entry.note.as_str())
                .with("proof", entry.proof.iter().map(|hash| Json::from(*hash)).collect::<Json>())
                .into()
        };
        let bare = Object::new()
            .with("v", self.format.version())
            .with("format", self.format.name())
            .with("audience", self.audience.name())
            .with("checkpoint", self.checkpoint.as_str())
            .with("entries", self.entries.iter().map(entry).collect::<Json>())
            .with("alpha", self.alpha)
            .with("life", self.life.iter().map(|index| Json::from(*index)).collect::<Json>())
            .with("profile", self.profile.as_str())
            .with("pool", self.pool.iter().map(|leaf| Json::from(to_hex(leaf))).collect::<Json>())
            .with_some("openings", self.openings.as_ref().map(Openings::to_json));
        let bare = match &self.shared {
            Some(shared) => shared.write(bare),
            None => bare,
        };
        let digest = sha256(&[&Json::from(bare.clone()).canonical()]);
        Json::from(bare.with("digest", digest)).canonical()
    }

    /// Reads a file and checks its digest.
    pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let mut json = Json::parse_canonical(bytes, FILE_LIMIT)?;
        let said = take_digest(&mut json)?;
        // What was read is canonical, so the file without its digest is its own bytes around it.
        let digested = match around_digest(bytes, &said) {
            Some((before, after)) => sha256(&[before, after]),
            None => sha256(&[&json.canonical()]),
        };
        if digested != said {
            return Err(FileError::Digest);
        }
        Ok(object(&json, "", Self::read_fields)?)
    }

    fn read_fields(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        let format = match f.int("v", 1..=3)? {
            1 => Format::V1,
            2 => Format::V2,
            _ => Format::V3,
        };
        f.literal("format", format.name())?;
        let audience = Audience::parse(f.str("audience")?)
            .ok_or_else(|| f.wrong("audience", "must be public or auditor"))?;
        let openings = match f.optional("openings") {
            Some(json) => Some(Openings::read(json, "openings", audience)?),
            None => None,
        };
        Ok(Self {
            format,
            audience,
            checkpoint: f.str("checkpoint")?.to_owned(),
            shared: if format == Format::V3 { Some(Shared::read(f)?) } else { None },
            entries: f.each("entries", |item, path| {
                object(item, path, |f| {
                    Ok(EvidenceEntry {
                        index: f.u64("index")?,
                        note: f.str("note")?.to_owned(),
                        proof: f.hashes("proof")?,
                    })
                })
            })?,
            alpha: f.hash("alpha")?,
            life: f.each("life", log_index)?,
            profile: f.str("profile")?.to_owned(),
            pool: f.each("pool", |item, path| {
                item.as_str().and_then(from_hex).ok_or_else(|| ShapeError::new(path, "must be hex"))
            })?,
            openings,
        })
    }
}

impl Shared {
    fn write(&self, bare: Object) -> Object {
        let head = |head: &HeadEntry| -> Json {
            Object::new()
                .with("size", head.size)
                .with("root", head.root)
                .with("proof", head.proof.iter().map(|hash| Json::from(*hash)).collect::<Json>())
                .with_some("note", head.note.as_deref())
                .into()
        };
        bare.with("heads", self.heads.iter().map(head).collect::<Json>())
            .with("keys", self.keys.iter().map(|index| Json::from(*index)).collect::<Json>())
            .with_some("chain", self.chain.as_ref().map(ChainInfo::to_json))
    }

    fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        let heads = f.each("heads", |item, path| {
            object(item, path, |f| {
                let note = if f.optional("note").is_some() { Some(f.str("note")?.to_owned()) } else { None };
                Ok(HeadEntry { size: f.u64("size")?, root: f.hash("root")?, proof: f.hashes("proof")?, note })
            })
        })?;
        if heads.len() > HEAD_LIMIT || !heads.is_sorted_by(|a, b| a.size < b.size) {
            return Err(f.wrong("heads", "at most 256, strictly ascending by size"));
        }
        let chain = match f.optional("chain") {
            Some(json) => Some(ChainInfo::read(json, "chain")?),
            None => None,
        };
        Ok(Self { heads, keys: f.each("keys", log_index)?, chain })
    }
}

fn log_index(item: &Json, path: &str) -> Result<u64, ShapeError> {
    let index = item.as_int().and_then(|n| u64::try_from(n).ok());
    index.ok_or_else(|| ShapeError::new(path, "must be a log index"))
}

/// The bytes of a canonical file before and after its field `digest`; `None` where that is the first field or
/// the last. Within a text a quotation mark is escaped, so the pattern stands for the field alone; a field of
/// that name further in has another value or comes later.
fn around_digest<'a>(bytes: &'a [u8], said: &Hash) -> Option<(&'a [u8], &'a [u8])> {
    let field = format!(",\"digest\":\"{}\",", said.to_hex());
    let at = bytes.windows(field.len()).position(|window| window == field.as_bytes())?;
    let (before, rest) = bytes.split_at_checked(at)?;
    Some((before, rest.get(field.len() - 1..)?))
}

/// Takes the field `digest` out of a file's JSON.
fn take_digest(json: &mut Json) -> Result<Hash, ShapeError> {
    let wrong = || ShapeError::new("digest", "must be 64 lower-case hex digits");
    let Json::Map(map) = json else { return Err(ShapeError::new("", "must be an object")) };
    let taken = BTreeMap::remove(map, "digest").ok_or_else(wrong)?;
    taken.as_str().and_then(Hash::from_hex).ok_or_else(wrong)
}
