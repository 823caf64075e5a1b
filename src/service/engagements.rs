//! Who is invited, has accepted, has a seat, and when: the trails of all draws with calls, following the
//! journal. What the rules ask about a person's time and past is answered here (`availability`,
//! `load_cap`, `cooldown`, `no_repeat_in_draw`).
//!
//! *Invariants:* the book is a fold of the journal up to [`Engagements::position`]; a commitment is written only
//! if no entry that changes an engagement came after the position at which its people were judged
//! ([`moved`], under the writer's lock), as the registry's position guards the pool. An invitation locks
//! the slot from the moment it is said until it is declined, missed or cancelled.
//!
//! *Deliberately not here:* draws without calls; who was drawn there never said that they come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLockReadGuard};

use super::Service;
use super::archive::Archive;
use super::calls::trail::{Ended, Trail};
use super::refusal::Refusal;
use crate::codes::CreditCode;
use crate::draw::calls::{Answered, Delivered, Invited, Settled, SignedIn, Stopped, Vacated, Why};
use crate::draw::commitment::Commitment;
use crate::draw::statements::{Drawn, Unsealed, Void};
use crate::log::Statement;
use crate::rules::people_facts::{self as rules, EngagementBook};
use crate::store::{self, Conn, StoreError, Tx};
use crate::time::{Date, Timestamp};

/// Types of entries that change an engagement.
pub(super) const MOVING: [&str; 6] =
    [Invited::TYPE, Answered::TYPE, Vacated::TYPE, Settled::TYPE, Stopped::TYPE, Void::CONFIRMED];
/// Types of entries that trails take besides.
const FOLLOWED: [&str; 4] = [Drawn::TYPE, Delivered::TYPE, SignedIn::TYPE, Unsealed::TYPE];
/// Journal lines read at once while the book follows.
const BATCH: u32 = 2_000;

/// How far an engagement has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hold {
    /// Invited; may still answer.
    Invited,
    /// Accepted, without a seat so far (候补).
    Accepted,
    /// Accepted, with a seat.
    Seated,
}

/// A locked slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Id of the draw.
    pub draw: String,
    /// Id of the package.
    pub package: String,
    /// From when, travel included, Unix seconds.
    pub from: i64,
    /// Until when, travel included, exclusive.
    pub to: i64,
    /// Start of the review itself.
    pub start: i64,
    /// From when on leave is closed and a withdrawal late.
    pub cutoff: i64,
    /// How far.
    pub hold: Hold,
}

/// A review with a seat, past or to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Id of the draw.
    pub draw: String,
    /// Id of the package.
    pub package: String,
    /// The day of the review in China.
    pub day: Date,
    /// Credit code of the purchaser.
    pub purchaser: String,
    /// Credit code of the agency.
    pub agency: String,
}

/// Why somebody is out of a package: of this attempt or an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOf {
    /// Id of the draw.
    pub draw: String,
    /// Id of the package.
    pub package: String,
    /// Why.
    pub why: Why,
    /// The day of the review in China.
    pub day: Date,
}

/// The book.
#[derive(Clone, Default)]
pub struct Engagements {
    /// The journal number from which entries have not been folded.
    next: u64,
    trails: BTreeMap<String, Arc<Trail>>,
    by_number: BTreeMap<String, BTreeSet<String>>,
    book: Arc<EngagementBook>,
}

impl Engagements {
    /// Everything below this journal number is folded.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// The slots that somebody's invitations and seats lock.
    pub fn slots(&self, number: &str) -> Vec<Slot> {
        self.of(number).filter_map(|(trail, position)| slot(trail, position)).collect()
    }

    /// A slot of somebody that overlaps a span of time, leaving out draws of one package (its own
    /// earlier attempts).
    pub fn overlap(&self, number: &str, from: i64, to: i64, but: Option<&str>) -> Option<Slot> {
        let slots = self.slots(number).into_iter();
        slots.filter(|slot| but != Some(slot.package.as_str())).find(|slot| slot.from < to && from < slot.to)
    }

    /// The reviews in which somebody has, or had, a seat.
    pub fn reviews(&self, number: &str) -> Vec<Review> {
        let review = |(trail, position): (&Trail, u32)| {
            let person = trail.people.get(&position)?;
            let seated = person.accepted() && trail.seat_of(position).is_some();
            let stands = matches!(trail.ended, None | Some(Ended::Unsealed));
            (seated && stands).then(|| Review {
                draw: trail.id.clone(),
                package: trail.package.clone(),
                day: Date::of(Timestamp(trail.request.review_start)),
                purchaser: trail.request.purchaser.code.clone(),
                agency: trail.request.agency.code.clone(),
            })
        };
        self.of(number).filter_map(review).collect()
    }

    /// Where somebody is out, and why: declined, did not answer, withdrew, was absent, recused.
    pub fn outs(&self, number: &str) -> Vec<OutOf> {
        let out = |(trail, position): (&Trail, u32)| {
            let why = trail.people.get(&position)?.out?;
            Some(OutOf {
                draw: trail.id.clone(),
                package: trail.package.clone(),
                why,
                day: Date::of(Timestamp(trail.request.review_start)),
            })
        };
        self.of(number).filter_map(out).collect()
    }

    /// Why somebody is out of a package, if they are.
    pub fn out_of_package(&self, number: &str, package: &str) -> Option<Why> {
        self.outs(number).into_iter().find(|out| out.package == package).map(|out| out.why)
    }

    /// Everybody's engagements as rules read them; kept in step line by line.
    pub(super) fn book(&self) -> Arc<EngagementBook> {
        self.book.clone()
    }

    /// One person's engagements in the words of the rules: the hours of the reviews themselves, since each
    /// rule adds its own travel. Members of a draw that ended without a panel are out of nothing.
    fn for_rules(&self, number: &str) -> Result<rules::Engagements, Refusal> {
        let code = |code: &str| CreditCode::parse(code).map_err(Refusal::internal);
        let mut person = rules::Engagements::default();
        for slot in self.slots(number) {
            let travel = slot.start.saturating_sub(slot.from);
            let to = Timestamp(slot.to.saturating_sub(travel));
            let seated = slot.hold == Hold::Seated;
            person.slots.push(rules::Slot { from: Timestamp(slot.start), to, seated });
        }
        for review in self.reviews(number) {
            let (purchaser, agency) = (code(&review.purchaser)?, code(&review.agency)?);
            person.reviews.push(rules::PastReview { day: review.day, purchaser, agency });
        }
        person.out_of.extend(self.outs(number).into_iter().map(|out| (out.package, rules_out(out.why))));
        Ok(person)
    }

    /// The draws in which somebody was invited or kept, with the position there.
    pub(super) fn of<'a>(&'a self, number: &'a str) -> impl Iterator<Item = (&'a Trail, u32)> {
        let draws = self.by_number.get(number).into_iter().flatten();
        draws.filter_map(move |draw| {
            let trail = self.trails.get(draw)?;
            trail.position(number).map(|position| (trail.as_ref(), position))
        })
    }

    /// The trail of a draw.
    pub(super) fn trail(&self, draw: &str) -> Option<&Arc<Trail>> {
        self.trails.get(draw)
    }

    /// Follows the journal up to (not including) an index.
    pub(super) fn follow(&mut self, conn: &mut Conn, archive: &Archive<'_>, end: u64) -> Result<(), Refusal> {
        while self.next < end {
            let lines = store::journal::draw_lines(conn, self.next, end, BATCH)?;
            for line in &lines {
                self.line(conn, archive, line)?;
            }
            self.next = match lines.last() {
                Some(last) if lines.len() == BATCH as usize => last.idx.unsigned_abs() + 1,
                _ => end,
            };
        }
        Ok(())
    }

    fn line(
        &mut self,
        conn: &mut Conn,
        archive: &Archive<'_>,
        line: &store::journal::Line,
    ) -> Result<(), Refusal> {
        let index = line.idx.unsigned_abs();
        if line.kind == Drawn::TYPE
            && let Some(trail) = archive.trail(conn, &line.subject)?
        {
            self.trails.insert(line.subject.clone(), Arc::new(trail));
        }
        let Some(trail) = self.trails.get_mut(&line.subject) else { return Ok(()) };
        let kind = line.kind.as_str();
        if !MOVING.contains(&kind) && !FOLLOWED.contains(&kind) {
            return Ok(());
        }
        let entry = store::journal::find(conn, index)?;
        let entry = entry.ok_or_else(|| Refusal::internal(format!("entry {index} is missing")))?;
        let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
        let trail = Arc::make_mut(trail);
        trail.fold(index, &statement).map_err(Refusal::internal)?;
        let mut changed = Vec::new();
        for position in trail.people.keys() {
            if let Some(number) = trail.number(*position) {
                let draws = self.by_number.entry(number.to_owned()).or_default();
                draws.insert(trail.id.clone());
                changed.push(number.to_owned());
            }
        }
        for number in changed {
            let person = self.for_rules(&number)?;
            Arc::make_mut(&mut self.book).put(number, person);
        }
        Ok(())
    }
}

/// Why somebody is out, in the words of the rules.
fn rules_out(why: Why) -> rules::Out {
    match why {
        Why::Declined | Why::NoAnswer | Why::Withdrawn | Why::Absent => rules::Out::Refused,
        Why::Recused | Why::Conflict => rules::Out::Recused,
        Why::Unfit => rules::Out::Violated,
    }
}

/// The slot that a draw locks for a position, if it does.
fn slot(trail: &Trail, position: u32) -> Option<Slot> {
    let person = trail.people.get(&position)?;
    let seated = trail.seat_of(position).is_some();
    let hold = match trail.ended {
        Some(Ended::Voided | Ended::Stopped(_)) => return None,
        None | Some(Ended::Unsealed) if person.accepted() && seated => Hold::Seated,
        None | Some(Ended::Unsealed) if person.accepted() => Hold::Accepted,
        None if person.out.is_none() && person.answered.is_none() => Hold::Invited,
        None | Some(Ended::Unsealed) => return None,
    };
    let (from, to) = trail.terms.slot(&trail.request);
    Some(Slot {
        draw: trail.id.clone(),
        package: trail.package.clone(),
        from,
        to,
        start: trail.request.review_start,
        cutoff: trail.terms.cutoff(&trail.request),
        hold,
    })
}

/// Under the lock: whether an entry at this index or later changed an engagement, those of this group
/// that are not in the database yet included.
pub fn moved(tx: &mut Tx<'_>, since: u64) -> Result<bool, StoreError> {
    let pending = tx.pending().iter().any(|entry| MOVING.contains(&entry.kind.as_str()));
    Ok(pending || store::journal::any_of(tx, since, &MOVING)?)
}

impl Archive<'_> {
    /// The trail of a draw with calls, still without its result; `None`: it has none.
    pub(super) fn trail(&self, conn: &mut Conn, draw: &str) -> Result<Option<Trail>, Refusal> {
        let Some(row) = store::draw::find(conn, draw)? else { return Ok(None) };
        let at = row.committed_entry.unwrap_or_default().unsigned_abs();
        let Some(entry) = store::journal::find(conn, at)? else { return Ok(None) };
        let record = self.draw_record(conn, &entry)?;
        let Some(terms) = record.header.calls.clone() else { return Ok(None) };
        let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
        let commitment = Commitment::read(&statement.body_json()).map_err(Refusal::internal)?;
        Ok(Some(Trail::new(draw, &row.package, &commitment, record, terms, at)))
    }

    /// The engagements as they stood before a journal index: what a commitment at that index was judged by.
    pub fn engagements_before(&self, conn: &mut Conn, index: u64) -> Result<Engagements, Refusal> {
        let mut engagements = Engagements::default();
        engagements.follow(conn, self, index)?;
        Ok(engagements)
    }
}

impl Service {
    /// The engagements, after they have followed the journal to its present end.
    pub(super) fn engagements(&self) -> Result<RwLockReadGuard<'_, Engagements>, Refusal> {
        let head = self.store.read(store::head::read)?;
        {
            let book = self.engaged.read().unwrap_or_else(PoisonError::into_inner);
            if book.next >= head.size {
                return Ok(book);
            }
        }
        {
            let mut book = self.engaged.write().unwrap_or_else(PoisonError::into_inner);
            if book.next < head.size {
                let followed = self.store.read(|conn| book.follow(conn, &self.archive(), head.size));
                if followed.is_err() {
                    // Half folded: begun anew, nothing is folded twice.
                    *book = Engagements::default();
                }
                followed?;
            }
        }
        Ok(self.engaged.read().unwrap_or_else(PoisonError::into_inner))
    }
}
