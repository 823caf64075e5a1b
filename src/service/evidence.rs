//! The evidence of a draw, assembled from the journal: what `api-spec/evidence-v1.md` asks for, of a
//! draw with calls `evidence-v2.md`, of one with later keys `evidence-v3.md`, and nothing else. Needs no running service beyond the store and the keys.

use super::Service;
use super::actor::{Action, Actor};
use super::draws::state;
use super::refusal::{Kind, Refusal};
use super::witnesses;
use crate::codec::Hash;
use crate::draw::commitment::Contributor;
use crate::evidence::openings::{
    AuditorOpenings, CandidateOpening, ExcludedOpening, NamesOpening, PackageOpening, SeatedOpening,
};
use crate::evidence::{Audience, Evidence, EvidenceEntry, Format, Openings};
use crate::keys::Keys;
use crate::log::{KeyUse, RegisteredKey};
use crate::ports::Entropy;
use crate::service::archive::{Archive, Committed};
use crate::service::contributions::told;
use crate::store::{self, Conn};

impl Service {
    /// The public evidence of a draw: for anybody, with names only after unsealing.
    pub fn public_evidence(&self, id: &str) -> Result<Vec<u8>, Refusal> {
        self.store
            .read(|conn| self.archive().evidence(conn, id, Audience::Public))
            .map(|evidence| evidence.write())
    }

    /// Every opening, for what the service itself puts together; the look is the caller's to record.
    pub(super) fn full_evidence(&self, id: &str) -> Result<Vec<u8>, Refusal> {
        self.store
            .read(|conn| self.archive().evidence(conn, id, Audience::Auditor))
            .map(|evidence| evidence.write())
    }

    /// The auditor's evidence: every opening, for a stated purpose, recorded first.
    pub fn auditor_evidence(&self, actor: &Actor, id: &str, purpose: &str) -> Result<Vec<u8>, Refusal> {
        actor.check(Action::AuditEvidence)?;
        self.draw_row(actor, id)?;
        self.record_look(actor, "evidence", id, purpose)?;
        self.store
            .read(|conn| self.archive().evidence(conn, id, Audience::Auditor))
            .map(|evidence| evidence.write())
    }
}

/// The evidence of a draw straight from a database, for the operator's command line: it works even
/// when the service refuses to start, because what is wrong then is what a verifier must see.
pub fn evidence_of(
    reader: &store::Reader,
    keys: &Keys,
    entropy: &dyn Entropy,
    id: &str,
    audience: Audience,
) -> Result<Vec<u8>, Refusal> {
    let archive = Archive::new(keys, entropy);
    reader.read(|conn| archive.evidence(conn, id, audience)).map(|evidence| evidence.write())
}

impl Archive<'_> {
    /// The public file of a draw of experts.
    pub(super) fn public_file(&self, conn: &mut Conn, id: &str) -> Result<Vec<u8>, Refusal> {
        self.evidence(conn, id, Audience::Public).map(|evidence| evidence.write())
    }

    fn evidence(&self, conn: &mut Conn, id: &str, audience: Audience) -> Result<Evidence, Refusal> {
        let committed = self.committed(conn, id)?;
        // A draw whose members were all kept from an earlier attempt is filled and reviewed without a call.
        // One that waits for others can be looked at while it waits (evidence-v3).
        let waits = committed.row.state == state::COMMITTED && committed.commitment.contributions.len() > 1;
        let none = [state::PLANNED, state::COMMITTED, state::WITHDRAWN];
        if !waits && none.contains(&committed.row.state.as_str()) {
            return Err(Refusal::new(
                Kind::Conflict,
                "not_ended",
                "抽取尚未结束，暂无证据文件",
                "the draw has not ended, there is no evidence yet",
            ));
        }
        let digest = committed.commitment.profile;
        let profile = store::profile::find(conn, &digest.to_hex())?;
        let profile = profile.ok_or_else(|| Refusal::internal("profile of the commitment is missing"))?;
        let profile_entry = u64::try_from(profile.entry).map_err(Refusal::internal)?;
        let open = audience == Audience::Auditor || committed.row.state == state::UNSEALED;
        let openings = if open { Some(self.openings(conn, &committed, audience)?) } else { None };
        let mut indices: Vec<u64> = committed.entries.iter().map(|(index, _)| *index).collect();
        indices.extend([0, profile_entry]);
        indices.extend(openings.iter().flat_map(|o| o.seated.iter().map(|member| member.registry)));
        indices.extend(told::nonces(conn, &committed.commitment)?);
        let newest = indices.iter().max().copied().unwrap_or_default();
        let head = witnesses::head_covering(conn, newest)?;
        let later = later_keys(conn, &committed, &indices, head.size)?;
        indices.extend(later.iter().flatten());
        indices.sort_unstable();
        indices.dedup();
        let mut entries = Vec::new();
        for index in indices {
            let entry = store::journal::find(conn, index)?;
            let entry = entry.ok_or_else(|| Refusal::internal(format!("entry {index} is missing")))?;
            let proof = self.inclusion(conn, head.size, index)?;
            entries.push(EvidenceEntry { index, note: self.note_of(&entry)?, proof });
        }
        Ok(Evidence {
            format: match &later {
                Some(_) => Format::V3,
                None if committed.has_calls() => Format::V2,
                None => Format::V1,
            },
            audience,
            checkpoint: head.note,
            entries,
            alpha: committed.alpha,
            life: committed.entries.iter().map(|(index, _)| *index).collect(),
            profile: profile.text,
            pool: committed.leaves.iter().map(|leaf| leaf.to_bytes()).collect(),
            openings,
            shared: match later {
                Some(keys) => Some(told::part(self, conn, &committed, keys, head.size)?),
                None => None,
            },
        })
    }

    fn openings(
        &self,
        conn: &mut Conn,
        committed: &Committed,
        audience: Audience,
    ) -> Result<Openings, Refusal> {
        let header = &committed.record.header;
        let mut seated = Vec::new();
        for seat in committed.members()? {
            let person = committed.record.candidates.get(seat.position as usize);
            let person = person.ok_or_else(|| Refusal::internal("seat outside the pool"))?;
            let card = self.seated_card(conn, &committed.row.id, person)?;
            seated.push(SeatedOpening {
                draw_salt: Hash(header.key.candidate_salt(&person.number)),
                number: person.number.clone(),
                name: card.name,
                card_salt: card.card_salt,
                rest: card.rest,
                registry: person.registry,
            });
        }
        let request = &header.request;
        Ok(Openings {
            package: PackageOpening {
                plan: request.plan.clone(),
                package: request.package.clone(),
                plan_proof: header.plan_proof,
                package_proof: header.package_proof,
            },
            names: NamesOpening { salt: Hash(header.key.names_salt()), groups: request.groups.clone() },
            seated,
            auditor: (audience == Audience::Auditor).then(|| auditor_part(committed)),
        })
    }
}

/// The indices of all entries about keys, when the draw has to be told with them (`api-spec/evidence-v3.md`):
/// it names a contributor beside the operator, or later keys have to do with it.
fn later_keys(
    conn: &mut Conn,
    committed: &Committed,
    indices: &[u64],
    size: u64,
) -> Result<Option<Vec<u64>>, Refusal> {
    let commitment = &committed.commitment;
    let others = commitment.contributions.iter().any(|c| !matches!(c, Contributor::Operator { .. }));
    let named: Vec<Hash> = std::iter::once(commitment.tag_key).chain(commitment.operator_key()).collect();
    match entries_about_keys(conn, &named, indices, size)? {
        None if others => {
            let book = store::signing::key_book(conn)?;
            let below = |index: &u64| *index < size;
            Ok(book.map(|book| book.entries().into_iter().filter(below).collect()))
        }
        found => Ok(found),
    }
}

/// The indices of all entries about keys, if one of the operator's keys that is not of entry 0 is named, or
/// signs one of these entries; or if the log key of entry 0 does not sign checkpoints of this size, or was
/// found out later, so that no policy pins it.
pub(super) fn entries_about_keys(
    conn: &mut Conn,
    named: &[Hash],
    indices: &[u64],
    size: u64,
) -> Result<Option<Vec<u64>>, Refusal> {
    let Some(book) = store::signing::key_book(conn)? else { return Ok(None) };
    let is_later = |key: &RegisteredKey| key.index > 0;
    let names_later = named.iter().any(|digest| book.find(digest).is_some_and(is_later));
    let signed = |index: &u64| book.in_force(KeyUse::Statements, *index).is_some_and(is_later);
    let first_log_key = book.of_checkpoint(size).any(|key| key.index == 0 && !key.is_compromised());
    let later = names_later || indices.iter().any(signed) || !first_log_key;
    Ok(later.then(|| book.entries().into_iter().filter(|index| *index < size).collect()))
}

fn auditor_part(committed: &Committed) -> AuditorOpenings {
    let record = &committed.record;
    AuditorOpenings {
        request: record.header.request.clone(),
        draw_key: Hash(record.header.key.0),
        candidates: record
            .candidates
            .iter()
            .map(|person| CandidateOpening {
                number: person.number.clone(),
                image: person.image,
                registry: person.registry,
                unit: person.unit.clone(),
                further_units: person.further_units.clone(),
                relations: record.related_to(&person.number),
            })
            .collect(),
        excluded: record
            .excluded
            .iter()
            .map(|person| ExcludedOpening {
                number: person.number.clone(),
                image: person.image,
                registry: person.registry,
                rules: person.rules.clone(),
            })
            .collect(),
    }
}
