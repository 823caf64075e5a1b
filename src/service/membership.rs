//! Prove-me (本人抽取情况): after the unsealing an expert asks whether they stood in the pool of a draw, at
//! which position, seated or not, or by which rules they were excluded, and gets the proof as a file
//! (`api-spec/membership-v1.md`).
//!
//! *Invariants:* only of oneself; only of a draw that is unsealed; each answer is a recorded look first.
//! Somebody in neither tree is told so, without a proof: an absence is not provable here.

use super::Service;
use super::actor::{Action, Actor};
use super::archive::{Archive, Committed, draw_entries};
use super::conduct::own_number;
use super::draws::record::Header;
use super::draws::state;
use super::evidence::entries_about_keys;
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use super::witnesses;
use crate::codec::Hash;
use crate::codes::Speciality;
use crate::draw::commitment::Commitment;
use crate::draw::pool::{self, Leaf};
use crate::draw::statements::Unsealed;
use crate::evidence::membership::{Membership, Person, Place, Quoted, Seat};
use crate::log::{Statement, merkle};
use crate::registry::Expert;
use crate::store::{self, Conn};
use crate::time::Timestamp;

/// Why the look is made; it stands in the list of looks.
const PURPOSE: &str = "本人查询抽取情况";

/// An unsealed draw, as far as it is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDraw {
    /// Id.
    pub id: String,
    /// Alpha: names the draw in the log.
    pub alpha: Hash,
    /// Number of the result announcement.
    pub announcement: String,
    /// When it was unsealed.
    pub unsealed: Timestamp,
    /// Specialities of its groups.
    pub specialities: Vec<String>,
}

/// Where somebody stood in a draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnPlace {
    /// Among the candidates.
    Pool {
        /// Position, from 0.
        position: u32,
        /// Candidates in all.
        size: u32,
        /// Group of the seat as unsealed.
        group: Option<u8>,
    },
    /// Among the excluded.
    Excluded {
        /// Names of the rules.
        rules: Vec<String>,
    },
    /// Matched no group's speciality and region.
    Neither,
}

impl Service {
    /// Unsealed draws with a group in one of the expert's specialities. A page may hold fewer than asked.
    pub fn concerning_draws(&self, actor: &Actor, paging: &Paging) -> Result<Listed<OwnDraw>, Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = own_number(actor)?;
        let own: Vec<Speciality> = {
            let index = self.current_index()?;
            let claims = |found: &super::index::Indexed| found.expert.specialities().to_vec();
            index.find(&number).map(claims).unwrap_or_default()
        };
        let filter = store::draw::DrawFilter { state: Some(state::UNSEALED.into()), ..Default::default() };
        let list = |conn: &mut Conn, page: &store::Page| store::draw::list(conn, &filter, page);
        self.store.read(|conn| {
            let page = paging.read(|page| list(conn, page), |row| &row.id, |row| row)?;
            let mut items = Vec::new();
            for row in &page.items {
                let draw = self.unsealed_facts(conn, row)?;
                if draw.specialities.iter().any(|wanted| concerns(&own, wanted)) {
                    items.push(draw);
                }
            }
            Ok(Listed { items, next: page.next })
        })
    }

    /// Where this expert stood in a draw. Recorded first.
    pub fn own_place(&self, actor: &Actor, id: &str) -> Result<(OwnDraw, OwnPlace), Refusal> {
        let number = self.ask_about_oneself(actor, id)?;
        self.store.read(|conn| {
            let committed = self.archive().committed(conn, id)?;
            Ok((self.unsealed_facts(conn, &committed.row)?, place_of(&committed, &number)?))
        })
    }

    /// The file that proves it. Recorded first; `no_proof` for somebody in neither tree.
    pub fn membership_file(&self, actor: &Actor, id: &str) -> Result<Vec<u8>, Refusal> {
        let number = self.ask_about_oneself(actor, id)?;
        self.store.read(|conn| {
            let committed = self.archive().committed(conn, id)?;
            self.archive().membership(conn, &committed, &number).map(|file| file.write())
        })
    }

    /// The number of an expert who may ask about a draw; the look is recorded.
    fn ask_about_oneself(&self, actor: &Actor, id: &str) -> Result<String, Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = own_number(actor)?;
        let row = self.store.read(|conn| store::draw::find(conn, id))?;
        // A draw that is not unsealed does not exist for an expert: who is on the panel shows nothing here.
        if row.is_none_or(|row| row.state != state::UNSEALED) {
            return Err(Refusal::not_found("已公开的抽取", "unsealed draw"));
        }
        self.record_look(actor, "membership", &number, PURPOSE)?;
        Ok(number)
    }

    /// What is public of an unsealed draw, from its first and last entries.
    fn unsealed_facts(&self, conn: &mut Conn, row: &store::draw::Draw) -> Result<OwnDraw, Refusal> {
        let from = row.committed_entry.unwrap_or_default().unsigned_abs();
        let journal = draw_entries(conn, &row.id, from)?;
        let sealed = journal.first().and_then(|entry| entry.image.as_deref());
        let sealed = sealed.ok_or_else(|| Refusal::internal("commitment without record"))?;
        let bytes = self.sealer().stored_key(conn, &row.id)?.open(Commitment::TYPE, sealed)?;
        let header = Header::of(&bytes).map_err(Refusal::internal)?;
        let said = journal.iter().find(|entry| entry.kind == Unsealed::TYPE);
        let said = said.ok_or_else(|| Refusal::internal("unsealed draw without its entry"))?;
        let statement = Statement::parse(&said.statement).map_err(Refusal::internal)?;
        let unsealed = Unsealed::read(&statement.body_json()).map_err(Refusal::internal)?;
        Ok(OwnDraw {
            id: row.id.clone(),
            alpha: unsealed.alpha,
            announcement: unsealed.announcement,
            unsealed: Timestamp(statement.time()),
            specialities: header.request.groups.iter().map(|group| group.speciality.clone()).collect(),
        })
    }
}

/// Whether one of these claims is a speciality or lies below it.
fn concerns(own: &[Speciality], wanted: &str) -> bool {
    let Ok(wanted) = Speciality::parse(wanted) else { return false };
    own.iter().any(|claim| claim.ancestors().any(|code| code == wanted))
}

fn position_of(committed: &Committed, number: &str) -> Option<usize> {
    committed.record.candidates.iter().position(|person| person.number == number)
}

fn place_of(committed: &Committed, number: &str) -> Result<OwnPlace, Refusal> {
    if let Some(position) = position_of(committed, number) {
        let position = u32::try_from(position).map_err(Refusal::internal)?;
        let (_, seats) = committed.panel()?;
        let seat = seats.iter().find(|seat| seat.position == position);
        let size = committed.commitment.pool_size;
        return Ok(OwnPlace::Pool { position, size, group: seat.map(|seat| seat.group) });
    }
    let out = committed.record.excluded.iter().find(|person| person.number == number);
    Ok(out.map_or(OwnPlace::Neither, |person| OwnPlace::Excluded { rules: person.rules.clone() }))
}

impl Archive<'_> {
    /// The membership file of somebody in a draw that is unsealed.
    pub(super) fn membership(
        &self,
        conn: &mut Conn,
        committed: &Committed,
        number: &str,
    ) -> Result<Membership, Refusal> {
        let key = &committed.record.header.key;
        let (place, registry, seat) = match position_of(committed, number) {
            Some(position) => {
                let leaves: Vec<Hash> = committed.leaves.iter().map(Leaf::hash).collect();
                let leaf = committed.leaves.get(position).ok_or_else(|| Refusal::internal("no leaf"))?;
                let person = committed.record.candidates.get(position);
                let person = person.ok_or_else(|| Refusal::internal("no candidate"))?;
                let at = position as u64;
                let proof = merkle::inclusion_proof(&leaves, at).map_err(Refusal::internal)?;
                let position = u32::try_from(position).map_err(Refusal::internal)?;
                let place = Place::Pool { position, leaf: leaf.to_bytes(), proof };
                let (_, seats) = committed.panel()?;
                let seat = seats.iter().find(|seat| seat.position == position);
                (place, person.registry, seat.map(|seat| Seat { group: seat.group }))
            }
            None => {
                let leaves = pool::excluded_leaves(key, &committed.record.excluded);
                let of = |at: &usize| committed.record.excluded.get(*at);
                let found = leaves.iter().position(|(.., at)| of(at).is_some_and(|p| p.number == number));
                let index = found.ok_or_else(no_proof)?;
                let person = leaves.get(index).and_then(|(.., at)| of(at)).ok_or_else(no_proof)?;
                let hashes: Vec<Hash> = leaves
                    .iter()
                    .map(|(identity, reasons, _)| pool::excluded_leaf(identity, reasons))
                    .collect();
                let small = |n: usize| u32::try_from(n).map_err(Refusal::internal);
                let place = Place::Excluded {
                    index: small(index)?,
                    count: small(hashes.len())?,
                    root: merkle::root(&hashes),
                    salt: Hash(key.excluded_salt()),
                    reasons_salt: Hash(key.reasons_salt(number)),
                    rules: person.rules.clone(),
                    proof: merkle::inclusion_proof(&hashes, index as u64).map_err(Refusal::internal)?,
                };
                (place, person.registry, None)
            }
        };
        let unsealed = committed.entry_of(Unsealed::TYPE);
        let unsealed = unsealed.ok_or_else(|| Refusal::internal("unsealed draw without its entry"))?;
        // Nothing that the file quotes comes after it.
        let head = witnesses::head_covering(conn, unsealed)?;
        let entry = store::journal::find(conn, registry)?;
        let entry = entry.ok_or_else(|| Refusal::internal("registry entry missing"))?;
        let (_, image) = self.image(conn, &entry)?;
        let expert = image.open::<Expert>().map_err(Refusal::internal)?;
        let committed_at = committed.row.committed_entry.unwrap_or_default().unsigned_abs();
        let result = match place {
            Place::Pool { .. } => Some(committed.panel()?.0),
            Place::Excluded { .. } => None,
        };
        let mut told = vec![0, registry, committed_at, unsealed];
        told.extend(result);
        let commitment = &committed.commitment;
        let named: Vec<Hash> = std::iter::once(commitment.tag_key).chain(commitment.operator_key()).collect();
        let keys = entries_about_keys(conn, &named, &told, head.size)?;
        let mut quoted = |index: u64| self.quoted(conn, head.size, index);
        Ok(Membership {
            alpha: committed.alpha,
            opened: quoted(0)?,
            registry: quoted(registry)?,
            committed: quoted(committed_at)?,
            unsealed: quoted(unsealed)?,
            checkpoint: head.note,
            result: result.map(&mut quoted).transpose()?,
            keys: keys.map(|keys| keys.into_iter().map(&mut quoted).collect()).transpose()?,
            person: Person {
                number: number.to_owned(),
                name: expert.name().to_owned(),
                card_salt: Hash(image.card_salt),
                rest: image.rest_digest(),
                draw_salt: Hash(key.candidate_salt(number)),
            },
            place,
            seat,
        })
    }

    fn quoted(&self, conn: &mut Conn, size: u64, index: u64) -> Result<Quoted, Refusal> {
        let entry = store::journal::find(conn, index)?;
        let entry = entry.ok_or_else(|| Refusal::internal(format!("entry {index} is missing")))?;
        let proof = self.inclusion(conn, size, index)?;
        Ok(Quoted { index, note: self.note_of(&entry)?, proof })
    }
}

fn no_proof() -> Refusal {
    let zh = "本人不在该次抽取的候选池或排除表中（专业或区域不符），没有可供证明的位置";
    let en = "you stood neither in the pool nor among the excluded (speciality or region): nothing to prove";
    Refusal::new(Kind::NotFound, "no_proof", zh, en)
}
