//! The file's shape (`api-spec/membership-v1.md` §1; with the log's entries about keys `membership-v2.md`).
//!
//! *Invariant:* what [`Membership::read`] accepts, [`Membership::write`] writes back byte for byte.

use std::collections::BTreeMap;

use crate::codec::{Fields, Hash, Json, Object, ShapeError, from_hex, object, sha256, to_hex};
use crate::evidence::bundle::FileError;

/// Value of the field `format`.
pub const FORMAT: &str = "expert-draw/membership-v1";
/// The same of a file with entries about keys.
pub const FORMAT_V2: &str = "expert-draw/membership-v2";
/// The largest file that is read, in bytes.
pub const FILE_LIMIT: usize = 1 << 20;

/// One log entry with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Log index.
    pub index: u64,
    /// The statement's signed note.
    pub note: String,
    /// Inclusion proof in the checkpoint's tree.
    pub proof: Vec<Hash>,
}

/// Who it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Expert number.
    pub number: String,
    /// Name.
    pub name: String,
    /// Salt of the card.
    pub card_salt: Hash,
    /// Digest of everything else in the image.
    pub rest: Hash,
    /// The draw's salt of this person.
    pub draw_salt: Hash,
}

/// Where they stand in the draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Among the candidates.
    Pool {
        /// Position.
        position: u32,
        /// The leaf's bytes.
        leaf: Vec<u8>,
        /// Inclusion proof in the pool's tree.
        proof: Vec<Hash>,
    },
    /// Among the excluded.
    Excluded {
        /// Place in the tree of exclusions.
        index: u32,
        /// Size of that tree.
        count: u32,
        /// Its root.
        root: Hash,
        /// The salt of its digest.
        salt: Hash,
        /// The salt of the reasons.
        reasons_salt: Hash,
        /// Names of the rules, strictly ascending, at least one.
        rules: Vec<String>,
        /// Inclusion proof in that tree.
        proof: Vec<Hash>,
    },
}

/// The seat of a member of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Group, from 1.
    pub group: u8,
}

/// A whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Checkpoint note.
    pub checkpoint: String,
    /// The draw.
    pub alpha: Hash,
    /// Entry 0.
    pub opened: Quoted,
    /// The person's registry entry that the draw took.
    pub registry: Quoted,
    /// The commitment.
    pub committed: Quoted,
    /// The statement that gives the panel; of a candidate only.
    pub result: Option<Quoted>,
    /// The unsealing.
    pub unsealed: Quoted,
    /// Who it is about.
    pub person: Person,
    /// Where they stand.
    pub place: Place,
    /// Their seat, if the result gives them one.
    pub seat: Option<Seat>,
    /// The log's entries about keys, ascending: exactly in a file of membership-v2.
    pub keys: Option<Vec<Quoted>>,
}

impl Membership {
    /// The canonical file, `digest` included.
    pub fn write(&self) -> Vec<u8> {
        let person = &self.person;
        let who = Object::new()
            .with("number", person.number.as_str())
            .with("name", person.name.as_str())
            .with("card_salt", person.card_salt)
            .with("rest", person.rest)
            .with("draw_salt", person.draw_salt);
        let seat = self.seat.map(|seat| Object::new().with("group", u32::from(seat.group)));
        let bare = Object::new()
            .with("v", if self.keys.is_some() { 2u32 } else { 1 })
            .with("format", if self.keys.is_some() { FORMAT_V2 } else { FORMAT })
            .with_some(
                "keys",
                self.keys.as_ref().map(|keys| keys.iter().map(|k| Json::from(quoted(k))).collect::<Json>()),
            )
            .with("checkpoint", self.checkpoint.as_str())
            .with("alpha", self.alpha)
            .with("opened", quoted(&self.opened))
            .with("registry", quoted(&self.registry))
            .with("committed", quoted(&self.committed))
            .with_some("result", self.result.as_ref().map(quoted))
            .with("unsealed", quoted(&self.unsealed))
            .with("person", who)
            .with("place", place(&self.place))
            .with_some("seat", seat);
        let digest = sha256(&[&Json::from(bare.clone()).canonical()]);
        Json::from(bare.with("digest", digest)).canonical()
    }

    /// Reads a file and checks its digest.
    ///
    /// # Errors
    /// Not canonical, another shape, or another digest.
    pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let mut json = Json::parse_canonical(bytes, FILE_LIMIT)?;
        let said = take_digest(&mut json)?;
        if sha256(&[&json.canonical()]) != said {
            return Err(FileError::Digest);
        }
        Ok(object(&json, "", Self::read_fields)?)
    }

    fn read_fields(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        let later = f.int("v", 1..=2)? == 2;
        f.literal("format", if later { FORMAT_V2 } else { FORMAT })?;
        let keys =
            if later { Some(f.each("keys", |item, path| object(item, path, read_quoted))?) } else { None };
        let place = f.object("place", read_place)?;
        let of_candidate = matches!(place, Place::Pool { .. });
        let result =
            if f.optional("result").is_some() { Some(f.object("result", read_quoted)?) } else { None };
        let seat = if f.optional("seat").is_some() { Some(f.object("seat", read_seat)?) } else { None };
        if result.is_some() != of_candidate {
            return Err(f.wrong("result", "stands there exactly for a candidate"));
        }
        if seat.is_some() && !of_candidate {
            return Err(f.wrong("seat", "only a candidate has one"));
        }
        Ok(Self {
            checkpoint: f.str("checkpoint")?.to_owned(),
            alpha: f.hash("alpha")?,
            opened: f.object("opened", read_quoted)?,
            registry: f.object("registry", read_quoted)?,
            committed: f.object("committed", read_quoted)?,
            unsealed: f.object("unsealed", read_quoted)?,
            person: f.object("person", |f| {
                Ok(Person {
                    number: f.str("number")?.to_owned(),
                    name: f.str("name")?.to_owned(),
                    card_salt: f.hash("card_salt")?,
                    rest: f.hash("rest")?,
                    draw_salt: f.hash("draw_salt")?,
                })
            })?,
            result,
            place,
            seat,
            keys,
        })
    }
}

fn quoted(entry: &Quoted) -> Object {
    Object::new()
        .with("index", entry.index)
        .with("note", entry.note.as_str())
        .with("proof", hashes(&entry.proof))
}

fn read_quoted(f: &mut Fields<'_>) -> Result<Quoted, ShapeError> {
    Ok(Quoted { index: f.u64("index")?, note: f.str("note")?.to_owned(), proof: f.hashes("proof")? })
}

fn place(place: &Place) -> Object {
    match place {
        Place::Pool { position, leaf, proof } => Object::new()
            .with("kind", "pool")
            .with("position", *position)
            .with("leaf", to_hex(leaf))
            .with("proof", hashes(proof)),
        Place::Excluded { index, count, root, salt, reasons_salt, rules, proof } => Object::new()
            .with("kind", "excluded")
            .with("index", *index)
            .with("count", *count)
            .with("root", *root)
            .with("salt", *salt)
            .with("reasons_salt", *reasons_salt)
            .with("rules", rules.iter().map(|rule| Json::from(rule.as_str())).collect::<Json>())
            .with("proof", hashes(proof)),
    }
}

fn read_place(f: &mut Fields<'_>) -> Result<Place, ShapeError> {
    match f.str("kind")? {
        "pool" => Ok(Place::Pool {
            position: f.u32("position", u32::MAX)?,
            leaf: f.str("leaf").map(from_hex)?.ok_or_else(|| f.wrong("leaf", "must be hex"))?,
            proof: f.hashes("proof")?,
        }),
        "excluded" => {
            let rules = f.each("rules", |item, path| {
                item.as_str().map(str::to_owned).ok_or_else(|| ShapeError::new(path, "must be a string"))
            })?;
            if rules.is_empty() || !rules.is_sorted_by(|a, b| a < b) {
                return Err(f.wrong("rules", "must be strictly ascending, at least one"));
            }
            Ok(Place::Excluded {
                index: f.u32("index", u32::MAX)?,
                count: f.u32("count", u32::MAX)?,
                root: f.hash("root")?,
                salt: f.hash("salt")?,
                reasons_salt: f.hash("reasons_salt")?,
                rules,
                proof: f.hashes("proof")?,
            })
        }
        _ => Err(f.wrong("kind", "must be pool or excluded")),
    }
}

fn read_seat(f: &mut Fields<'_>) -> Result<Seat, ShapeError> {
    let group = u8::try_from(f.int("group", 1..=32)?).unwrap_or_default();
    Ok(Seat { group })
}

fn hashes(list: &[Hash]) -> Json {
    list.iter().map(|hash| Json::from(*hash)).collect()
}

/// Takes the field `digest` out of a file's JSON.
fn take_digest(json: &mut Json) -> Result<Hash, ShapeError> {
    let wrong = || ShapeError::new("digest", "must be 64 lower-case hex digits");
    let Json::Map(map) = json else { return Err(ShapeError::new("", "must be an object")) };
    let taken = BTreeMap::remove(map, "digest").ok_or_else(wrong)?;
    taken.as_str().and_then(Hash::from_hex).ok_or_else(wrong)
}
