//! Replay of pools: from the journal alone, whom every committed draw had to have in its pool, whom it had
//! to exclude and by which rules, held against the sealed record and the committed digests.
//!
//! | file | holds |
//! |---|---|
//! | `asked` | what a draw asked for |
//! | `differences` | record against rules, each difference by name |
//! | `contributors` | whether a commitment waits for whom its profile asks |
//! | `judged_by` | whether what people were judged by was what stood, and the plan's own |
//! | `brief` | records that stood for a moment around a draw |
//!
//! The registry, the units, the engagements and the tiers are followed as of each commitment; people are
//! judged by the profile that the commitment names and by what its record says it was judged by. An
//! auditor's evidence shows that the record fits the commitment; this shows that the record is what the
//! registry and the rules come to.
//!
//! *Invariants:* nothing is read from a table that the journal does not carry, except where an entry lies
//! and which text a profile's digest stands for; what an entry is, its signed statement says and no column.
//! People who were erased since cannot be judged again: they are counted and left out of the comparison, on
//! both sides.
//!
//! *Deliberately not here:* randomness, seats and calls (every verifier recomputes those); the rows of
//! tables (`fsck`).

mod asked;
mod brief;
mod contributors;
mod differences;
mod judged_by;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::archive::{Archive, draw_entries};
use super::draws::prepare::{Inputs, people};
use super::draws::record::DrawRecord;
use super::engagements::Engagements;
use super::erased::Erased;
use super::following::Followed;
use super::fsck::Progress;
use super::index::DrawingIndex;
use super::refusal::Refusal;
use super::tier_book::{Lots, TierBook};
use crate::codec::Hash;
use crate::draw::commitment::Commitment;
use crate::draw::pool;
use crate::draw::request::names_digest;
use crate::draw::statements::Drawn;
use crate::evidence::said::{PROFILE_LOADED, REGISTRY_EXPERT, REGISTRY_UNIT};
use crate::keys::Keys;
use crate::log::Statement;
use crate::ports::Entropy;
use crate::rules::people_facts::PersonFacts;
use crate::rules::{Answer, Profile, Rule, panel};
use crate::store::{self, Conn, Reader};
use crate::time::{Date, Timestamp};

use asked::Asked;
pub use brief::BRIEF;
use brief::{BriefRecords, JudgedBy};
use contributors::Filed;
use differences::differences;
pub use differences::{Difference, NAMES};
use judged_by::Plans;

/// Journal entries read at once.
const BATCH: u32 = 1_000;
/// At most so many differences are told of one draw.
const TOLD: usize = 20;

/// What a replay found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// What differs; empty if nothing does.
    pub findings: Vec<Difference>,
    /// What breaks no rule and somebody should look at.
    pub notices: Vec<Difference>,
    /// Draws whose pools were rebuilt.
    pub draws: u64,
    /// People judged again, candidates and excluded, over all draws.
    pub people: u64,
    /// People of those draws who were erased since and could not be judged again.
    pub erased: u64,
}

/// Rebuilds the pool of every committed draw. Needs no running service.
///
/// # Errors
/// When the journal cannot be read at all; everything else is a finding.
pub fn pools(
    reader: &Reader,
    keys: &Keys,
    entropy: &dyn Entropy,
    progress: Progress<'_>,
) -> Result<Replayed, Refusal> {
    pools_of(reader, Archive::new(keys, entropy), 0, &mut |done, of, _| {
        progress(done, of);
        true
    })
}

/// Who hears how far a replay is (entries done, in all) and what it has found so far, and says whether to go
/// on.
pub type Going<'a> = &'a mut dyn FnMut(u64, u64, &Replayed) -> bool;

/// The same with whatever opens the journal's images. Draws committed below the entry `done` were rebuilt
/// before: they are followed and not judged again, unless they are so young that a brief record around them
/// may still be undone.
pub(super) fn pools_of(
    reader: &Reader,
    archive: Archive<'_>,
    done: u64,
    going: Going<'_>,
) -> Result<Replayed, Refusal> {
    reader.read(|conn| {
        let size = store::head::read(conn)?.size;
        let mut replay = Replay {
            erased: Some(archive.erased(conn)?),
            archive,
            index: DrawingIndex::default(),
            tiers: TierBook::default(),
            engagements: Engagements::default(),
            plans: Plans::default(),
            filed: Filed::default(),
            brief: BriefRecords::default(),
            done: (done, Timestamp(0)),
            found: Replayed::default(),
        };
        if let Some(last) = store::journal::find(conn, done.saturating_sub(1))? {
            replay.done.1 = Timestamp(last.time - BRIEF);
        }
        let mut next = 0;
        while next < size {
            let entries = store::journal::range(conn, next, BATCH)?;
            let Some(last) = entries.last() else { break };
            next = last.index() + 1;
            for entry in &entries {
                replay.entry(conn, entry)?;
            }
            if !going(next.min(size), size, &replay.found) {
                break;
            }
        }
        Ok(replay.found)
    })
}

struct Replay<'a> {
    archive: Archive<'a>,
    /// Always there: what was erased is read once.
    erased: Option<Erased>,
    index: DrawingIndex,
    tiers: TierBook,
    engagements: Engagements,
    plans: Plans,
    filed: Filed,
    brief: BriefRecords,
    /// Draws below this entry and before this time are not judged again.
    done: (u64, Timestamp),
    found: Replayed,
}

impl Replay<'_> {
    fn entry(&mut self, conn: &mut Conn, entry: &store::journal::Entry) -> Result<(), Refusal> {
        let at = entry.index();
        let statement = match Statement::parse(&entry.statement) {
            Ok(statement) => statement,
            Err(error) => {
                self.say("image", at, "", format!("is no statement: {error}"));
                return Ok(());
            }
        };
        if statement.kind() == Commitment::TYPE {
            if at < self.done.0 && statement.time() < self.done.1.0 {
                return Ok(());
            }
            if let Err(refusal) = self.draw(conn, entry, &statement) {
                self.say(
                    "not_replayed",
                    at,
                    &entry.subject,
                    format!("cannot be replayed: {}", said(&refusal)),
                );
            }
            return Ok(());
        }
        self.filed.take(at, &statement);
        if let Err(refusal) = self.plans.take(&self.archive, conn, entry, &statement, self.erased.as_ref()) {
            self.say("image", at, "", format!("cannot be opened: {}", said(&refusal)));
        }
        match self.archive.followed(conn, entry, &mut self.erased) {
            Ok(Some(followed)) => {
                let when = (at, statement.time());
                let undone = match &followed {
                    Followed::Stands(now) => {
                        let number = now.expert.number().as_str();
                        self.brief.changes(number, Some(now.as_ref()), when, &self.index)
                    }
                    Followed::Closed(_) | Followed::Erased(_) | Followed::Unit(_) => Vec::new(),
                };
                self.found.notices.extend(undone);
                followed.apply(&mut self.index);
            }
            Ok(None) => {}
            Err(refusal) => self.say("image", at, "", format!("cannot be followed: {}", said(&refusal))),
        }
        self.index.advanced(at + 1, moves_pools(statement.kind()).then_some(at));
        Ok(())
    }

    /// Rebuilds the pool of one commitment and holds it against record and statement.
    fn draw(
        &mut self,
        conn: &mut Conn,
        entry: &store::journal::Entry,
        statement: &Statement,
    ) -> Result<(), Refusal> {
        let (at, draw) = (entry.index(), entry.subject.as_str());
        let commitment = Commitment::read(&statement.body_json()).map_err(Refusal::internal)?;
        let record = self.archive.draw_record(conn, entry)?;
        let profile = profile(conn, commitment.profile)?;
        let asked = Asked::of(&record)?;
        let (engagements, lots) = match &record.header.judged {
            None => (None, Arc::default()),
            Some(judged) => {
                self.engagements(conn, judged.before)?;
                let lots = if profile.applies(Rule::TieredProbability) {
                    self.lots(conn, judged.before, judged.registry_profile, judged.day)?
                } else {
                    Arc::default()
                };
                (Some(self.engagements.book()), lots)
            }
        };
        if self.index.position() != Some(commitment.registry) {
            let now =
                self.index.position().map_or_else(|| "none".to_owned(), |position| position.to_string());
            let then = commitment.registry;
            let what = format!("committed at registry position {then}, the journal says {now}");
            self.say("registry_state", at, draw, what);
        }
        if (record.header.judged.is_some()) != (profile.version() > 1) {
            self.say("judged_by", at, draw, "the record does not say what people were judged by".into());
        }
        for what in self.not_judged_by(conn, (at, statement.time()), &record)? {
            self.say("judged_by", at, draw, what);
        }
        let row = profile.contributions(self.stakes(&record).as_ref());
        for what in self.filed.differences((at, statement.time()), &commitment, row) {
            self.say("contributors", at, draw, what);
        }
        let inputs = Inputs {
            project: &asked.project,
            requirements: &asked.requirements,
            engagements: engagements.as_deref(),
            lots: &lots,
        };
        let rebuilt = match people(&self.index, &profile, &inputs, &record.header.key) {
            Some(Ok(people)) => people,
            Some(Err(unfit)) => {
                let what = format!("the pool cannot be built again: {unfit:?}");
                self.say("not_replayed", at, draw, what);
                return Ok(());
            }
            None => {
                self.say("not_replayed", at, draw, "the registry was empty".into());
                return Ok(());
            }
        };
        let known = pool::build(&record.header.key, &record.candidates, &record.related);
        let known = known.map_err(Refusal::internal)?;
        if pool::root(&known.leaves) != commitment.pool_root {
            self.say("draw_record", at, draw, "the sealed record does not give the committed pool".into());
        }
        let (key, request) = (&record.header.key, &record.header.request);
        if request.digest(&key.request_salt()) != commitment.request
            || names_digest(&key.names_salt(), &request.groups) != commitment.names
        {
            self.say("draw_record", at, draw, "the sealed record does not give the committed request".into());
        }
        if pool::excluded_digest(&record.header.key, &record.excluded) != commitment.excluded {
            let what = "the sealed record does not give the committed exclusions".to_owned();
            self.say("draw_record", at, draw, what);
        }
        let (differences, erased) = differences(&record, &rebuilt, self.erased.as_ref());
        let told = differences.len();
        let mut last = "pool_person";
        for (name, what) in differences.into_iter().take(TOLD) {
            last = name;
            self.say(name, at, draw, what);
        }
        if told > TOLD {
            self.say(last, at, draw, format!("{} further differences", told - TOLD));
        }
        self.found.draws += 1;
        self.found.people += (record.candidates.len() + record.excluded.len()) as u64 - erased;
        self.found.erased += erased;
        self.panel(conn, entry, &record, &profile)?;
        let inside: BTreeSet<&str> = record.candidates.iter().map(|person| person.number.as_str()).collect();
        let by = JudgedBy {
            index: at,
            draw: draw.to_owned(),
            time: statement.time(),
            profile,
            asked,
            engagements,
            lots,
        };
        self.brief.drawn(by, &|number| inside.contains(number), &self.index);
        Ok(())
    }

    /// Whether those who were drawn keep the rules about panels, by the facts of the commitment.
    fn panel(
        &mut self,
        conn: &mut Conn,
        entry: &store::journal::Entry,
        record: &DrawRecord,
        profile: &Profile,
    ) -> Result<(), Refusal> {
        let mut seats = Vec::new();
        for later in draw_entries(conn, &entry.subject, entry.index())? {
            if later.kind == Drawn::TYPE {
                let statement = Statement::parse(&later.statement).map_err(Refusal::internal)?;
                seats = Drawn::read(&statement.body_json()).map_err(Refusal::internal)?.seats;
            }
        }
        let seated = seats.iter().filter_map(|seat| record.candidates.get(seat.position as usize));
        let members: Vec<PersonFacts<'_>> = seated
            .filter_map(|person| self.index.find(&person.number))
            .map(|indexed| PersonFacts {
                keys: Some(&indexed.keys),
                ..PersonFacts::of_record(&indexed.expert)
            })
            .collect();
        let findings = panel::findings(&members, &record.related, profile, self.index.same());
        let broken: Vec<String> = findings
            .iter()
            .filter(|finding| finding.answer == Answer::Fail)
            .map(|finding| format!("the panel breaks {}", finding.rule.name()))
            .collect();
        for what in broken {
            self.say("panel_rule", entry.index(), &entry.subject, what);
        }
        Ok(())
    }

    /// Folds engagements up to a journal number; from the start again if it lies before what is folded.
    fn engagements(&mut self, conn: &mut Conn, before: u64) -> Result<(), Refusal> {
        if before < self.engagements.position() {
            self.engagements = Engagements::default();
        }
        self.engagements.follow(conn, &self.archive, before)
    }

    /// Everybody's lots as of a journal number.
    fn lots(
        &mut self,
        conn: &mut Conn,
        before: u64,
        registry_profile: Hash,
        day: Date,
    ) -> Result<Arc<Lots>, Refusal> {
        if before < self.tiers.next() {
            self.tiers = TierBook::default();
        }
        self.tiers.follow(&self.archive, conn, before)?;
        let profile = self.tiers.profile(&registry_profile.to_hex());
        let profile = profile.ok_or_else(|| Refusal::internal("the registry profile was never loaded"))?;
        self.tiers.lots(&profile, day)
    }

    fn say(&mut self, name: &'static str, index: u64, draw: &str, what: String) {
        self.found.findings.push(Difference { name, index, draw: draw.to_owned(), what });
    }
}

/// Whether pools built before an entry of a type are out of date.
pub(super) fn moves_pools(kind: &str) -> bool {
    [REGISTRY_EXPERT, REGISTRY_UNIT, PROFILE_LOADED].contains(&kind)
}

/// What a refusal says to whoever may see causes.
fn said(refusal: &Refusal) -> String {
    refusal.cause.clone().unwrap_or_else(|| refusal.to_string())
}

/// The rules of a commitment.
fn profile(conn: &mut Conn, digest: Hash) -> Result<Profile, Refusal> {
    let row = store::profile::find(conn, &digest.to_hex())?;
    let row = row.ok_or_else(|| Refusal::internal("the profile of the commitment is missing"))?;
    let profile = Profile::parse(row.text.as_bytes()).map_err(Refusal::internal)?;
    if profile.digest() == digest {
        Ok(profile)
    } else {
        Err(Refusal::internal("the text of the profile is not the committed one"))
    }
}

#[cfg(test)]
mod tests;
