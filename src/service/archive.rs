//! The journal read back with the keys: images, draws, proofs. Needs a database connection and no
//! running service, so evidence can be made even when the service refuses to start.
//!
//! *Invariant:* an image is held against the digest that its statement carries before it is used.

use std::sync::Arc;

use super::contributions::told::known_chain;
use super::draws::record::DrawRecord;
use super::private_export::ExportKeys;
use super::refusal::{Kind, Refusal};
use super::sealing::{OpaqueRecord, Sealer};
use crate::codec::{Hash, Json, hmac_sha256};
use crate::draw::beacon::ChainInfo;
use crate::draw::calls::{Call, CallBook, Outcome, Settled};
use crate::draw::commitment::Commitment;
use crate::draw::pool::{self, Candidate, Leaf};
use crate::draw::seats::Seated;
use crate::draw::statements::Drawn;
use crate::evidence::said::tells_a_draw;
use crate::keys::Keys;
use crate::keys::sealing::SealingKeys;
use crate::log::{KeyName, SignatureLine, Statement, inclusion_from_tiles, root_from_tiles};
use crate::ports::{Entropy, LogSigner};
use crate::registry::{Expert, SealedImage};
use crate::store::{self, Conn, StoreError};

/// The journal with the keys that open it.
#[derive(Clone, Copy)]
pub struct Archive<'a> {
    sealing: &'a Arc<SealingKeys>,
    uniqueness: &'a [u8; 32],
    statements: &'a KeyName,
    entropy: &'a dyn Entropy,
    /// The beacon's chain of the configuration.
    configured: Option<&'a ChainInfo>,
}

/// What the journal says about a committed draw.
pub(crate) struct Committed {
    pub row: store::draw::Draw,
    pub alpha: Hash,
    pub commitment: Commitment,
    pub record: DrawRecord,
    /// Leaves by position, rebuilt from the record.
    pub leaves: Vec<Leaf>,
    /// Entries of this draw from the commitment on, with their statements.
    pub entries: Vec<(u64, Statement)>,
}

/// What is opened of a member of a panel.
#[derive(Clone)]
pub(crate) struct SeatedCard {
    pub number: String,
    pub name: String,
    /// Gone with the record of somebody who was erased.
    pub phone: Option<String>,
    pub card_salt: Hash,
    /// Digest of everything else.
    pub rest: Hash,
}

impl<'a> Archive<'a> {
    /// With the keys of the log; entropy is for what is sealed anew.
    pub fn new(keys: &'a Keys, entropy: &'a dyn Entropy) -> Self {
        let statements = keys.statements_key().name();
        Self { sealing: &keys.sealing, uniqueness: &keys.uniqueness, statements, entropy, configured: None }
    }

    /// With the keys of a private export, which open and sign nothing else.
    pub(super) fn of_export(keys: &'a ExportKeys, entropy: &'a dyn Entropy) -> Self {
        Self {
            sealing: &keys.sealing,
            uniqueness: &keys.uniqueness,
            statements: &keys.statements,
            entropy,
            configured: None,
        }
    }

    /// With the beacon's chain of the configuration, beside those that are known by name.
    pub(super) fn with_chain(self, configured: Option<&'a ChainInfo>) -> Self {
        Self { configured, ..self }
    }

    /// The chain that a commitment names by its hash.
    pub(super) fn chain(&self, hash: &Hash) -> Result<ChainInfo, Refusal> {
        let unknown = || Refusal::internal("the chain of a commitment's beacon is not configured");
        known_chain(self.configured, hash).ok_or_else(unknown)
    }

    /// The hash by which two entries of one person are found.
    pub(super) fn id_hash(&self, expert: &Expert) -> [u8; 32] {
        hmac_sha256(self.uniqueness, &[expert.id_kind().as_bytes(), b"\n", expert.id_number().as_bytes()])
    }

    /// The keyed hash of a text about a person, as key persons of units have it.
    pub(super) fn keyed(&self, text: &str) -> Hash {
        Hash(hmac_sha256(self.uniqueness, &[text.as_bytes()]))
    }

    pub(super) fn sealer(&self) -> Sealer<'a> {
        Sealer::new(self.sealing, self.entropy)
    }

    /// Opens the image of an expert's, unit's or package's entry and checks it against the statement.
    pub(super) fn image(
        &self,
        conn: &mut Conn,
        entry: &store::journal::Entry,
    ) -> Result<(Hash, SealedImage), Refusal> {
        let wrong = |what: &str| Refusal::internal(format!("entry {}: {what}", entry.index()));
        let key = self.sealer().stored_key(conn, &entry.subject)?;
        let sealed = entry.image.as_deref().ok_or_else(|| wrong("has no image"))?;
        let image = SealedImage::from_bytes(&key.open(&entry.kind, sealed)?).map_err(Refusal::internal)?;
        let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
        let said = statement.body().get("image").and_then(|json| json.as_str()).and_then(Hash::from_hex);
        if said != Some(image.digest()) {
            return Err(wrong("the private image is not the one that was signed"));
        }
        Ok((image.digest(), image))
    }

    /// Opens the private record of an opaque entry and checks it against the statement.
    pub(super) fn opaque(&self, conn: &mut Conn, entry: &store::journal::Entry) -> Result<Json, Refusal> {
        let wrong = |what: &str| Refusal::internal(format!("entry {}: {what}", entry.index()));
        let key = self.sealer().stored_key(conn, &entry.subject)?;
        let sealed = entry.image.as_deref().ok_or_else(|| wrong("has no record"))?;
        let opened = key.open(&entry.kind, sealed)?;
        let (record, digest) = OpaqueRecord::read(&opened).map_err(Refusal::internal)?;
        let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
        let said = statement.body().get("image").and_then(|json| json.as_str()).and_then(Hash::from_hex);
        if said == Some(digest) {
            Ok(record)
        } else {
            Err(wrong("the record is not the one that was signed"))
        }
    }

    /// The sealed record of a draw, from the entry of its commitment.
    pub(super) fn draw_record(
        &self,
        conn: &mut Conn,
        entry: &store::journal::Entry,
    ) -> Result<DrawRecord, Refusal> {
        let sealed = entry.image.as_deref();
        let sealed = sealed.ok_or_else(|| Refusal::internal("commitment without record"))?;
        let key = self.sealer().stored_key(conn, &entry.subject)?;
        DrawRecord::from_bytes(&key.open(Commitment::TYPE, sealed)?).map_err(Refusal::internal)
    }

    /// Everything the journal holds of a committed draw, leaves rebuilt and held against the
    /// committed root.
    pub(crate) fn committed(&self, conn: &mut Conn, id: &str) -> Result<Committed, Refusal> {
        let row = store::draw::find(conn, id)?.ok_or_else(|| Refusal::not_found("抽取", "draw"))?;
        let (Some(alpha), Some(index)) =
            (row.alpha.as_deref().and_then(Hash::from_slice), row.committed_entry)
        else {
            let en = "the draw is not committed yet";
            return Err(Refusal::new(Kind::Conflict, "wrong_state", "抽取尚未承诺", en));
        };
        let from = u64::try_from(index).map_err(Refusal::internal)?;
        let journal = draw_entries(conn, id, from)?;
        let first = journal.first().filter(|entry| entry.index() == from);
        let first =
            first.ok_or_else(|| Refusal::internal(format!("entry {from} of draw {id} is missing")))?;
        let sealed = first.image.as_deref().ok_or_else(|| Refusal::internal("commitment without record"))?;
        let key = self.sealer().stored_key(conn, id)?;
        let record =
            DrawRecord::from_bytes(&key.open(Commitment::TYPE, sealed)?).map_err(Refusal::internal)?;
        let mut entries = Vec::new();
        for entry in journal.iter().filter(|entry| tells_a_draw(&entry.kind)) {
            entries.push((entry.index(), Statement::parse(&entry.statement).map_err(Refusal::internal)?));
        }
        let body = entries.first().map_or(Json::from(0u32), |(_, statement)| statement.body_json());
        let commitment = Commitment::read(&body).map_err(Refusal::internal)?;
        let pool = pool::build(&record.header.key, &record.candidates, &record.related);
        let pool = pool.map_err(Refusal::internal)?;
        Ok(Committed { row, alpha, commitment, record, leaves: pool.leaves, entries })
    }

    /// The final members, in drawn order, as of the registry entries that their leaves commit to.
    pub(crate) fn members(
        &self,
        conn: &mut Conn,
        committed: &Committed,
    ) -> Result<Vec<(Seated, SeatedCard)>, Refusal> {
        let mut members = Vec::new();
        for seat in committed.members()? {
            let person = committed.record.candidates.get(seat.position as usize);
            let person = person.ok_or_else(|| Refusal::internal("seat outside the pool"))?;
            members.push((seat, self.seated_card(conn, &committed.row.id, person)?));
        }
        Ok(members)
    }

    /// What is opened of a seated candidate: from the registry entry, or from what the draw keeps of
    /// somebody who was erased.
    pub(super) fn seated_card(
        &self,
        conn: &mut Conn,
        draw: &str,
        person: &Candidate,
    ) -> Result<SeatedCard, Refusal> {
        let entry = store::journal::find(conn, person.registry)?;
        let entry = entry.ok_or_else(|| Refusal::internal("registry entry missing"))?;
        match self.image(conn, &entry) {
            Ok((_, image)) => {
                let expert = image.open::<Expert>().map_err(Refusal::internal)?;
                Ok(SeatedCard {
                    number: person.number.clone(),
                    name: expert.name().to_owned(),
                    phone: Some(expert.phone().to_owned()),
                    card_salt: Hash(image.card_salt),
                    rest: image.rest_digest(),
                })
            }
            Err(refusal) => self.kept_opening(conn, draw, &person.number)?.ok_or(refusal),
        }
    }

    /// Everybody in the pool of a committed draw, and every seat that somebody ever held in it, without
    /// rebuilding the leaves.
    pub(super) fn pool_and_seats(
        &self,
        conn: &mut Conn,
        row: &store::draw::Draw,
    ) -> Result<(Vec<Candidate>, Vec<Seated>), Refusal> {
        let from = row.committed_entry.unwrap_or_default().unsigned_abs();
        let journal = draw_entries(conn, &row.id, from)?;
        let first = journal.first().filter(|entry| entry.index() == from);
        let sealed = first.and_then(|entry| entry.image.as_deref());
        let sealed = sealed.ok_or_else(|| Refusal::internal("commitment without record"))?;
        let key = self.sealer().stored_key(conn, &row.id)?;
        let record =
            DrawRecord::from_bytes(&key.open(Commitment::TYPE, sealed)?).map_err(Refusal::internal)?;
        let mut seats = Vec::new();
        for entry in &journal {
            let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
            if statement.kind() == Drawn::TYPE {
                seats = Drawn::read(&statement.body_json()).map_err(Refusal::internal)?.seats;
            }
            if statement.kind() == Settled::TYPE {
                let settled = Settled::read(&statement.body_json()).map_err(Refusal::internal)?;
                if let Outcome::Seats { seats: more, .. } = settled.outcome {
                    seats.extend(more);
                }
            }
        }
        Ok((record.candidates, seats))
    }

    /// The inclusion proof of an entry in the tree of a size.
    pub(super) fn inclusion(&self, conn: &mut Conn, size: u64, index: u64) -> Result<Vec<Hash>, Refusal> {
        let tiles = store::tile::Stored(std::cell::RefCell::new(conn));
        inclusion_from_tiles(&tiles, size, index).map_err(Refusal::internal)
    }

    /// The signed note of an entry's statement.
    pub(super) fn note_of(&self, entry: &store::journal::Entry) -> Result<String, Refusal> {
        let text = String::from_utf8(entry.statement.clone()).map_err(Refusal::internal)?;
        let lines = signature_lines(self.statements, entry)?;
        Ok(format!("{text}\n\n{lines}"))
    }
}

/// The root of the log's tree at a size, from its tiles.
pub(super) fn root_of(conn: &mut Conn, size: u64) -> Result<Hash, Refusal> {
    let tiles = store::tile::Stored(std::cell::RefCell::new(conn));
    root_from_tiles(&tiles, size).map_err(Refusal::internal)
}

/// What follows the text and the empty line in the signed note of an entry's statement: its signature lines,
/// each with its newline. `name` is that of the statements key.
pub(super) fn signature_lines(name: &KeyName, entry: &store::journal::Entry) -> Result<String, Refusal> {
    let short = || Refusal::internal(format!("entry {}: signature too short", entry.index()));
    let (id, signature) = entry.signature.split_first_chunk::<4>().ok_or_else(short)?;
    let line = SignatureLine { name: name.clone(), key_id: *id, signature: signature.to_vec() };
    Ok(format!("{line}\n"))
}

/// A draw's own entries from an index on; looks at it are about the draw too, and are left out.
pub(crate) fn draw_entries(
    conn: &mut Conn,
    id: &str,
    from: u64,
) -> Result<Vec<store::journal::Entry>, StoreError> {
    const AT_ONCE: u32 = 500;
    let (mut all, mut next) = (Vec::new(), from);
    loop {
        let batch = store::journal::of_subject(conn, id, next, AT_ONCE)?;
        let Some(last) = batch.last() else { return Ok(all) };
        next = last.index() + 1;
        all.extend(batch.into_iter().filter(|entry| entry.kind.starts_with("draw.")));
    }
}

impl Committed {
    /// Index of the first entry of a type.
    pub fn entry_of(&self, kind: &str) -> Option<u64> {
        self.entries.iter().find(|(_, statement)| statement.kind() == kind).map(|(index, _)| *index)
    }

    /// The panel as it stands, and the index of the statement that gives it.
    pub fn panel(&self) -> Result<(u64, Vec<Seated>), Refusal> {
        let mut panel = None;
        for (index, statement) in &self.entries {
            let body = statement.body_json();
            if statement.kind() == Drawn::TYPE {
                panel = Some((*index, Drawn::read(&body).map_err(Refusal::internal)?.seats));
            } else if statement.kind() == Settled::TYPE {
                let settled = Settled::read(&body).map_err(Refusal::internal)?;
                if let Outcome::Seats { seats, .. } = settled.outcome {
                    panel = Some((*index, seats));
                }
            }
        }
        panel.ok_or_else(|| Refusal::internal("a draw without a result"))
    }

    /// The result, if there is one.
    pub fn drawn(&self) -> Result<Option<Drawn>, Refusal> {
        let drawn = self.entries.iter().find(|(_, statement)| statement.kind() == Drawn::TYPE);
        drawn.map(|(_, statement)| Drawn::read(&statement.body_json())).transpose().map_err(Refusal::internal)
    }

    /// Whether anything about calls was said.
    pub fn has_calls(&self) -> bool {
        self.entries.iter().any(|(_, statement)| Call::TYPES.contains(&statement.kind()))
    }

    /// The calls so far, folded; `None` before a result. A journal that breaks a rule of calls is an
    /// internal error, which nobody mends by calling on.
    pub fn calls(&self) -> Result<Option<CallBook>, Refusal> {
        let Some(drawn) = self.drawn()? else { return Ok(None) };
        let book = CallBook::of_drawn(&self.commitment, &self.leaves, &drawn);
        let mut book = book.map_err(Refusal::internal)?;
        for (index, statement) in &self.entries {
            let Some(call) = Call::read(statement.kind(), &statement.body_json()) else { continue };
            let broken = |rule: &dyn std::fmt::Display| Refusal::internal(format!("entry {index}: {rule}"));
            let call = call.map_err(|shape| broken(&shape))?;
            book.apply(&call, statement.time()).map_err(|violation| broken(&violation))?;
        }
        Ok(Some(book))
    }

    /// The final members: as drawn, or, of a draw with calls, those of the present panel who are not out.
    pub fn members(&self) -> Result<Vec<Seated>, Refusal> {
        if self.has_calls() {
            return Ok(self.calls()?.map(|book| book.members()).unwrap_or_default());
        }
        Ok(self.drawn()?.map(|drawn| drawn.seats).unwrap_or_default())
    }
}
