//! The evidence file of a draw of sites, both ways (`api-spec/sites-v1.md` §7; with the log's entries about
//! keys `sites-v2.md`).
//!
//! A small file of its own beside the evidence of the experts' draw: both carry the same package tag.
//! [`verify`] recomputes everything and believes nothing.
//!
//! *Invariant:* what [`SitesEvidence::read`] accepts, [`SitesEvidence::write`] writes back byte for byte.

mod verify;

use super::bundle::{Audience, EvidenceEntry, FileError};
use crate::codec::{Hash, Json, Object, ShapeError, from_hex, object, sha256, to_hex};
use crate::draw::sites::SitesRequest;
use crate::draw::vrf::Proof;
pub use verify::{CHECKS, SitesCheck, SitesFacts, SitesReport, verify};

/// Value of the field `format`.
pub const FORMAT: &str = "expert-draw/sites-v1";
/// The same of a file with entries about keys.
pub const FORMAT_V2: &str = "expert-draw/sites-v2";
/// The largest file that is read, in bytes.
pub const FILE_LIMIT: usize = 16 << 20;

/// One venue opened: whose record its leaf commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueOpening {
    /// Its id.
    pub venue: String,
    /// Region code of its city.
    pub city: String,
    /// Digest of its record.
    pub record: Hash,
    /// Log index of the entry that holds that digest.
    pub index: u64,
}

/// What an auditor's file opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitesOpenings {
    /// The request.
    pub request: SitesRequest,
    /// The key of all salts.
    pub sites_key: Hash,
    /// Proof of the plan tag.
    pub plan_proof: Proof,
    /// Proof of the package tag.
    pub package_proof: Proof,
    /// Venues by position.
    pub venues: Vec<VenueOpening>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitesEvidence {
    /// For whom.
    pub audience: Audience,
    /// Checkpoint note.
    pub checkpoint: String,
    /// Entries by index.
    pub entries: Vec<EvidenceEntry>,
    /// The draw of sites.
    pub alpha: Hash,
    /// Indices of its own entries, the commitment first.
    pub life: Vec<u64>,
    /// Raw leaves by position.
    pub leaves: Vec<Vec<u8>>,
    /// Openings; exactly in an auditor's file.
    pub openings: Option<SitesOpenings>,
    /// Indices of the log's entries about keys: exactly in a file of sites-v2.
    pub keys: Option<Vec<u64>>,
}

impl SitesEvidence {
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
            .with("v", if self.keys.is_some() { 2u32 } else { 1 })
            .with("format", if self.keys.is_some() { FORMAT_V2 } else { FORMAT })
            .with_some(
                "keys",
                self.keys.as_ref().map(|keys| keys.iter().map(|i| Json::from(*i)).collect::<Json>()),
            )
            .with("audience", self.audience.name())
            .with("checkpoint", self.checkpoint.as_str())
            .with("entries", self.entries.iter().map(entry).collect::<Json>())
            .with("alpha", self.alpha)
            .with("life", self.life.iter().map(|index| Json::from(*index)).collect::<Json>())
            .with("leaves", self.leaves.iter().map(|leaf| Json::from(to_hex(leaf))).collect::<Json>())
            .with_some("openings", self.openings.as_ref().map(SitesOpenings::to_json));
        let digest = sha256(&[&Json::from(bare.clone()).canonical()]);
        Json::from(bare.with("digest", digest)).canonical()
    }

    /// Reads a file and checks its digest.
    pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let mut json = Json::parse_canonical(bytes, FILE_LIMIT)?;
        let wrong = || ShapeError::new("digest", "must be 64 lower-case hex digits");
        let Json::Map(map) = &mut json else { return Err(ShapeError::new("", "must be an object").into()) };
        let said = map.remove("digest").ok_or_else(wrong)?;
        let said = said.as_str().and_then(Hash::from_hex).ok_or_else(wrong)?;
        if sha256(&[&json.canonical()]) != said {
            return Err(FileError::Digest);
        }
        let file = object(&json, "", |f| {
            let later = f.int("v", 1..=2)? == 2;
            f.literal("format", if later { FORMAT_V2 } else { FORMAT })?;
            let index = |item: &Json, path: &str| {
                let index = item.as_int().and_then(|n| u64::try_from(n).ok());
                index.ok_or_else(|| ShapeError::new(path, "must be a log index"))
            };
            let audience = Audience::parse(f.str("audience")?);
            Ok(Self {
                audience: audience.ok_or_else(|| f.wrong("audience", "must be public or auditor"))?,
                checkpoint: f.str("checkpoint")?.to_owned(),
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
                life: f.each("life", index)?,
                keys: if later { Some(f.each("keys", index)?) } else { None },
                leaves: f.each("leaves", |item, path| {
                    item.as_str().and_then(from_hex).ok_or_else(|| ShapeError::new(path, "must be hex"))
                })?,
                openings: match f.optional("openings") {
                    Some(json) => Some(SitesOpenings::read(json)?),
                    None => None,
                },
            })
        })?;
        if (file.audience == Audience::Auditor) != file.openings.is_some() {
            return Err(ShapeError::new("openings", "stand exactly in an auditor's file").into());
        }
        Ok(file)
    }

    /// Whether bytes are a file of this format, as far as its head says.
    pub fn is_meant(bytes: &[u8]) -> bool {
        [FORMAT, FORMAT_V2].iter().any(|format| {
            let needle = format!("\"format\":\"{format}\"");
            bytes.len() <= FILE_LIMIT && bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
        })
    }
}

impl SitesOpenings {
    fn to_json(&self) -> Object {
        let venue = |venue: &VenueOpening| -> Json {
            Object::new()
                .with("venue", venue.venue.as_str())
                .with("city", venue.city.as_str())
                .with("record", venue.record)
                .with("index", venue.index)
                .into()
        };
        Object::new()
            .with("request", self.request.to_json())
            .with("sites_key", self.sites_key)
            .with("plan_proof", self.plan_proof.to_hex())
            .with("package_proof", self.package_proof.to_hex())
            .with("venues", self.venues.iter().map(venue).collect::<Json>())
    }

    fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "openings", |f| {
            let mut proof =
                |key: &str| Proof::from_hex(f.str(key)?).map_err(|_| f.wrong(key, "must be a proof"));
            let (plan_proof, package_proof) = (proof("plan_proof")?, proof("package_proof")?);
            Ok(Self {
                request: SitesRequest::from_json(f.required("request")?, "openings.request")?,
                sites_key: f.hash("sites_key")?,
                plan_proof,
                package_proof,
                venues: f.each("venues", |item, path| {
                    object(item, path, |f| {
                        Ok(VenueOpening {
                            venue: f.str("venue")?.to_owned(),
                            city: f.str("city")?.to_owned(),
                            record: f.hash("record")?,
                            index: f.u64("index")?,
                        })
                    })
                })?,
            })
        })
    }
}
