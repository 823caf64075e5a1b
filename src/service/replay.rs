//! Replay of pools: from the journal alone, whom every committed draw had to have in its pool, whom it had
//! to exclude and by which rules, held against the sealed record and the committed digests.
//!
//! The registry, the units, the engagements and the tiers are followed as of each commitment; people are
//! judged by the profile that the commitment names and by what its record says it was judged by. An
//! auditor's evidence shows that the record fits the commitment; this shows that the record is what the
//! registry and the rules come to.
//!
//! *Invariants:* nothing is read from a table that the journal does not carry, except where an entry lies
//! and which text a profile's digest stands for. People who were erased since cannot be judged again:
//! they are counted and left out of the comparison, on both sides.
//!
//! *Deliberately not here:* randomness, seats and calls (every verifier recomputes those); the rows of
//! tables (`fsck`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::archive::{Archive, draw_entries};
use super::draws::prepare::{Inputs, People, people};
use super::draws::record::DrawRecord;
use super::engagements::Engagements;
use super::erased::Erased;
use super::fsck::Progress;
use super::index::DrawingIndex;
use super::refusal::Refusal;
use super::tier_book::{Lots, TierBook};
use crate::codec::Hash;
use crate::codes::{CreditCode, Region, Speciality};
use crate::draw::commitment::Commitment;
use crate::draw::pool::{self, Candidate, Excluded};
use crate::draw::request::Request;
use crate::draw::statements::Drawn;
use crate::keys::Keys;
use crate::log::Statement;
use crate::ports::Entropy;
use crate::rules::people_facts::PersonFacts;
use crate::rules::{Answer, Profile, Project, Requirement, Rule, SameUnits, panel};
use crate::store::{self, Conn, Finding, Reader};
use crate::time::{Date, Timestamp};

/// Journal entries read at once.
const BATCH: u32 = 1_000;
/// At most so many differences are told of one draw.
const TOLD: usize = 20;

/// What a replay found.
#[derive(Debug, Default)]
pub struct Replayed {
    /// What differs; empty if nothing does.
    pub findings: Vec<Finding>,
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
    let archive = Archive::new(keys, entropy);
    reader.read(|conn| {
        let size = store::head::read(conn)?.size;
        let mut replay = Replay {
            erased: Some(archive.erased(conn)?),
            archive,
            index: DrawingIndex::default(),
            tiers: TierBook::default(),
            engagements: Engagements::default(),
            found: Replayed::default(),
        };
        let mut next = 0;
        while next < size {
            let entries = store::journal::range(conn, next, BATCH)?;
            let Some(last) = entries.last() else { break };
            next = last.index() + 1;
            for entry in &entries {
                replay.entry(conn, entry)?;
            }
            progress(next.min(size), size);
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
    found: Replayed,
}

impl Replay<'_> {
    fn entry(&mut self, conn: &mut Conn, entry: &store::journal::Entry) -> Result<(), Refusal> {
        let at = entry.index();
        if entry.kind == Commitment::TYPE {
            if let Err(refusal) = self.draw(conn, entry) {
                self.say(at, &entry.subject, format!("cannot be replayed: {refusal}"));
            }
            return Ok(());
        }
        match self.archive.followed(conn, entry, &mut self.erased) {
            Ok(Some(followed)) => followed.apply(&mut self.index),
            Ok(None) => {}
            Err(refusal) => {
                let what = format!("cannot be followed: {refusal}");
                self.found.findings.push(Finding::at("replay", at, what));
            }
        }
        self.index.advanced(at + 1, entry.registry.then_some(at));
        Ok(())
    }

    /// Rebuilds the pool of one commitment and holds it against record and statement.
    fn draw(&mut self, conn: &mut Conn, entry: &store::journal::Entry) -> Result<(), Refusal> {
        let (at, draw) = (entry.index(), entry.subject.as_str());
        let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
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
            self.say(at, draw, format!("committed at registry position {then}, the journal says {now}"));
        }
        if (record.header.judged.is_some()) != (profile.version() > 1) {
            self.say(at, draw, "the record does not say what people were judged by".into());
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
                self.say(at, draw, format!("the pool cannot be built again: {unfit:?}"));
                return Ok(());
            }
            None => {
                self.say(at, draw, "the registry was empty".into());
                return Ok(());
            }
        };
        let known = pool::build(&record.header.key, &record.candidates, &record.related);
        let known = known.map_err(Refusal::internal)?;
        if pool::root(&known.leaves) != commitment.pool_root {
            self.say(at, draw, "the sealed record does not give the committed pool".into());
        }
        if pool::excluded_digest(&record.header.key, &record.excluded) != commitment.excluded {
            self.say(at, draw, "the sealed record does not give the committed exclusions".into());
        }
        let (differences, erased) = differences(&record, &rebuilt, self.erased.as_ref());
        let told = differences.len();
        for what in differences.into_iter().take(TOLD) {
            self.say(at, draw, what);
        }
        if told > TOLD {
            self.say(at, draw, format!("{} further differences", told - TOLD));
        }
        self.found.draws += 1;
        self.found.people += (record.candidates.len() + record.excluded.len()) as u64 - erased;
        self.found.erased += erased;
        self.panel(conn, entry, &record, &profile)
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
            self.say(entry.index(), &entry.subject, what);
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

    fn say(&mut self, at: u64, draw: &str, what: String) {
        self.found.findings.push(Finding::at("replay", at, format!("draw {draw}: {what}")));
    }
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

/// What a draw asked for, read back from its record.
struct Asked {
    project: Project,
    requirements: Vec<Requirement>,
}

impl Asked {
    fn of(record: &DrawRecord) -> Result<Asked, Refusal> {
        let request: &Request = &record.header.request;
        let code = |code: &str| CreditCode::parse(code).map_err(Refusal::internal);
        let start = Timestamp(request.review_start);
        let project = Project {
            purchaser: code(&request.purchaser.code)?,
            agency: code(&request.agency.code)?,
            suppliers: request
                .suppliers
                .iter()
                .map(|supplier| code(&supplier.code))
                .collect::<Result<_, _>>()?,
            review_date: Date::of(start),
            review_start: start,
            review_end: start,
            package: None,
            involved: None,
            barred: Vec::new(),
            same: SameUnits::default(),
        }
        .lasting(crate::rules::REVIEW_HOURS);
        let project = match &record.header.judged {
            Some(judged) => judged.complete(project),
            None => project,
        };
        let regions = |codes: &[String]| -> Result<Vec<Region>, Refusal> {
            codes.iter().map(|code| Region::parse(code).map_err(Refusal::internal)).collect()
        };
        let mut requirements = Vec::new();
        for group in &request.groups {
            requirements.push(Requirement {
                speciality: Speciality::parse(&group.speciality).map_err(Refusal::internal)?,
                within: regions(&group.within)?,
                except: regions(&group.except)?,
            });
        }
        Ok(Asked { project, requirements })
    }
}

/// Where record and rebuilt people differ, and how many of the record were erased since.
fn differences(record: &DrawRecord, rebuilt: &People, erased: Option<&Erased>) -> (Vec<String>, u64) {
    let gone: BTreeSet<&str> = erased.iter().flat_map(|erased| erased.subjects()).collect();
    let mut found = Vec::new();
    let inside = |people: &[Candidate]| -> BTreeMap<String, Candidate> {
        let left = people.iter().filter(|person| !gone.contains(person.number.as_str()));
        left.map(|person| (person.number.clone(), person.clone())).collect()
    };
    let outside = |people: &[Excluded]| -> BTreeMap<String, Excluded> {
        let left = people.iter().filter(|person| !gone.contains(person.number.as_str()));
        left.map(|person| (person.number.clone(), person.clone())).collect()
    };
    compare(&mut found, "candidate", &inside(&record.candidates), &inside(&rebuilt.candidates));
    compare(&mut found, "excluded person", &outside(&record.excluded), &outside(&rebuilt.excluded));
    let numbers = record.candidates.iter().map(|person| &person.number);
    let numbers = numbers.chain(record.excluded.iter().map(|person| &person.number));
    let erased = numbers.filter(|number| gone.contains(number.as_str())).count() as u64;
    // Whom an erased person was related to cannot be found again.
    if erased == 0 {
        if record.related != rebuilt.related {
            found.push("the pairs of related candidates differ".to_owned());
        }
        if record.header.excluded != rebuilt.counts() {
            found.push("the counts by rule differ".to_owned());
        }
    }
    (found, erased)
}

fn compare<T: PartialEq>(
    found: &mut Vec<String>,
    what: &str,
    sealed: &BTreeMap<String, T>,
    rebuilt: &BTreeMap<String, T>,
) {
    for (number, person) in sealed {
        match rebuilt.get(number) {
            None => found.push(format!("{what} {number}: the rules come to something else")),
            Some(other) if other != person => found.push(format!("{what} {number}: differs")),
            Some(_) => {}
        }
    }
    for number in rebuilt.keys().filter(|number| !sealed.contains_key(*number)) {
        found.push(format!("{what} {number}: is missing from the record"));
    }
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
