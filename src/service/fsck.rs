//! `fsck`: the tables held against a replay of the journal.
//!
//! The store checks the journal itself (statements, signatures, tree, checkpoint); this follows the
//! same entries, opens their images and says which rows are not what the journal adds up to.

use std::collections::BTreeMap;

use super::archive::Archive;
use super::draws::state;
use super::fsck_attachments;
use super::fsck_calls;
use super::fsck_cases::Cases;
use super::fsck_rows::Rows;
use super::refusal::Refusal;
use super::witnesses;
use crate::draw::calls::{Invited, Stopped};
use crate::draw::commitment::Commitment;
use crate::draw::seed;
use crate::draw::statements::{Contributed, Drawn, Unsealed, Void};
use crate::evidence::said::REGISTRY_EXPERT;
use crate::keys::Keys;
use crate::log::{Statement, merkle};
use crate::ports::Entropy;
use crate::registry::Expert;
use crate::store::files::Files;
use crate::store::{self, Against, Conn, Finding, Follow, Page, Reader, check};

/// Who hears how far the check is: entries done, entries in all.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// What a check found.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is wrong; empty if nothing is.
    pub findings: Vec<Finding>,
    /// Entries that open no more because the person was erased lawfully.
    pub erased_entries: u64,
    /// Subjects (people, their applications) that were erased lawfully.
    pub erased_subjects: u64,
}

/// Checks a database without a running service: the journal, then every table that it adds up to.
/// An empty list means that nothing is wrong.
pub fn fsck(
    reader: &Reader,
    keys: &Keys,
    entropy: &dyn Entropy,
    against: &Against<'_>,
    progress: Progress<'_>,
) -> Result<Vec<Finding>, Refusal> {
    examine(reader, keys, entropy, against, None, progress).map(|checked| checked.findings)
}

/// As [`fsck`], with the sealed files too, and counting what was erased.
pub fn examine(
    reader: &Reader,
    keys: &Keys,
    entropy: &dyn Entropy,
    against: &Against<'_>,
    files: Option<&Files>,
    progress: Progress<'_>,
) -> Result<Checked, Refusal> {
    let mut replay = Replay {
        progress,
        experts: BTreeMap::new(),
        expert_entries: Vec::new(),
        draws: BTreeMap::new(),
        rows: Rows::default(),
        cases: Cases::default(),
    };
    let archive = Archive::new(keys, entropy);
    reader.read(|conn| {
        let mut found = check(conn, against, &mut replay)?;
        let erased = archive.erased(conn)?;
        replay.experts(conn, &archive, &mut found)?;
        replay.draws(conn, &archive, &mut found)?;
        replay.rows.check(conn, &archive, &mut found)?;
        witnesses::fsck(conn, &mut found)?;
        let closed = replay.cases.check(conn, &archive, &erased, &mut found)?;
        if let Some(files) = files {
            fsck_attachments::check(conn, &archive, files, &erased, &mut found)?;
        }
        let experts = replay.expert_entries.iter().filter(|(subject, idx)| erased.covers(subject, *idx));
        Ok(Checked {
            findings: found,
            erased_entries: closed + experts.count() as u64,
            erased_subjects: erased.subjects().count() as u64,
        })
    })
}

/// What the journal says a draw should look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct DrawState {
    state: &'static str,
    /// Known once committed.
    attempt: Option<i64>,
    alpha: Option<Vec<u8>>,
    committed: Option<i64>,
    drawn: Option<i64>,
    ended: Option<i64>,
}

/// Follows the check entry by entry and remembers what the tables should hold.
struct Replay<'a> {
    progress: Progress<'a>,
    /// Newest entry of each expert.
    experts: BTreeMap<String, i64>,
    /// Every entry of an expert, to say how many were erased.
    expert_entries: Vec<(String, u64)>,
    draws: BTreeMap<String, DrawState>,
    rows: Rows,
    cases: Cases,
}

impl Follow for Replay<'_> {
    fn progress(&mut self, done: u64, total: u64) {
        (self.progress)(done, total);
    }

    fn entry(&mut self, entry: &store::journal::Entry) -> Vec<Finding> {
        let Ok(statement) = Statement::parse(&entry.statement) else { return Vec::new() };
        if statement.kind() == REGISTRY_EXPERT {
            self.experts.insert(entry.subject.clone(), entry.idx);
            self.expert_entries.push((entry.subject.clone(), entry.index()));
        } else if statement.kind() == Contributed::TYPE {
            // Changes no row; and a draw of sites has no row at all.
        } else if statement.kind().starts_with("draw.") {
            self.draw_entry(entry, &statement);
        } else {
            self.rows.follow(entry, statement.kind());
            self.cases.follow(entry, statement.kind());
        }
        Vec::new()
    }
}

impl Replay<'_> {
    fn draw_entry(&mut self, entry: &store::journal::Entry, statement: &Statement) {
        let draw = self.draws.entry(entry.subject.clone()).or_default();
        match statement.kind() {
            Commitment::TYPE => {
                let alpha = seed::alpha(entry.index(), &merkle::leaf_hash(&entry.statement));
                draw.state = state::COMMITTED;
                let commitment = Commitment::read(&statement.body_json());
                draw.attempt = commitment.ok().map(|commitment| i64::from(commitment.attempt));
                draw.alpha = Some(alpha.0.to_vec());
                draw.committed = Some(entry.idx);
            }
            Drawn::TYPE => {
                draw.state = state::DRAWN;
                draw.drawn = Some(entry.idx);
            }
            Invited::TYPE => draw.state = state::CALLING,
            Stopped::TYPE => {
                draw.state = state::STOPPED;
                draw.ended = Some(entry.idx);
            }
            Void::CONFIRMED => {
                draw.state = state::VOIDED;
                draw.ended = Some(entry.idx);
            }
            Unsealed::TYPE => {
                draw.state = state::UNSEALED;
                draw.ended = Some(entry.idx);
            }
            // The first opaque entry records a plan, a second one gives it up.
            "draw.planned" if draw.state == state::PLANNED => {
                draw.state = state::WITHDRAWN;
                draw.ended = Some(entry.idx);
            }
            "draw.planned" => draw.state = state::PLANNED,
            _ => {}
        }
    }

    fn experts(
        &self,
        conn: &mut Conn,
        archive: &Archive<'_>,
        found: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let rows = store::expert::count(conn)?;
        if rows != self.experts.len() as u64 {
            let what = format!("the table holds {rows} experts, the journal {}", self.experts.len());
            found.push(Finding::of("experts", what));
        }
        for (number, idx) in &self.experts {
            let index = idx.unsigned_abs();
            let wrong = |what: &str| Finding::at("expert", index, format!("expert {number}: {what}"));
            let Some(row) = store::expert::find(conn, number)? else {
                found.push(wrong("is missing from the table"));
                continue;
            };
            if row.row.entry != *idx {
                found.push(wrong("the table names another entry as the newest"));
                continue;
            }
            // Without it the person would be missing from every pool, and nothing in the log says so.
            if store::subject_key::find(conn, number)?.is_none() {
                found.push(wrong("the data key is missing"));
                continue;
            }
            let Some(entry) = store::journal::find(conn, index)? else { continue };
            match archive.tombstone(conn, &entry) {
                Ok(None) => {}
                Ok(Some(tombstone)) => {
                    let mut expected = super::erased::row(&tombstone, row.row.version);
                    expected.row.entry = *idx;
                    if expected != row {
                        found.push(wrong("the table differs from the signed tombstone"));
                    }
                    continue;
                }
                Err(_) => {
                    found.push(wrong("the sealed tombstone is not the one that was signed"));
                    continue;
                }
            }
            let opened = archive.image(conn, &entry);
            match opened.and_then(|(_, image)| image.open::<Expert>().map_err(Refusal::internal)) {
                Err(_) => found.push(wrong("the sealed image is not the one that was signed")),
                Ok(expert) => {
                    let id_hash: [u8; 32] = row.row.id_hash.as_slice().try_into().unwrap_or_default();
                    let mut expected = super::experts::row(&expert, &id_hash, row.row.version);
                    expected.row.entry = *idx;
                    if expected != row {
                        found.push(wrong("the table differs from the signed image"));
                    }
                    if archive.id_hash(&expert) != id_hash {
                        found.push(wrong("the hash of the id number is another person's"));
                    }
                }
            }
        }
        Ok(())
    }

    fn draws(&self, conn: &mut Conn, archive: &Archive<'_>, found: &mut Vec<Finding>) -> Result<(), Refusal> {
        let mut seen = 0usize;
        let mut after: Option<String> = None;
        loop {
            let page = Page { after: after.clone(), limit: Page::MAX };
            let rows = store::draw::list(conn, &store::draw::DrawFilter::default(), &page)?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id.clone());
            seen += rows.len();
            for row in &rows {
                let is =
                    (row.state.as_str(), &row.alpha, row.committed_entry, row.drawn_entry, row.ended_entry);
                let mut should = self.draws.get(&row.id).cloned();
                let terms = store::draw_calls::find(conn, &row.id)?.is_some();
                let called = |should: &&mut DrawState| {
                    should.state == state::CALLING || terms && should.state == state::DRAWN
                };
                if let Some(should) = should.as_mut().filter(called) {
                    // Which of the states it is, the book of the calls says; that the day has begun, the day.
                    let committed = archive.committed(conn, &row.id)?;
                    let waits = !committed.has_calls();
                    should.state = match committed.calls()? {
                        Some(book) if waits && !book.may_be_unsealed() => state::DRAWN,
                        Some(book) => fsck_calls::state_of(&book),
                        None => should.state,
                    };
                    if should.state == state::FILLED
                        && let Some(reached) = fsck_calls::reached_on_the_day(conn, &row.id)?
                    {
                        should.state = reached;
                    }
                }
                fsck_calls::check(conn, archive, row, found)?;
                let should = should.as_ref();
                let attempt = should.is_some_and(|s| s.attempt.is_none_or(|n| n == row.attempt));
                if !attempt || should.map(|s| (s.state, &s.alpha, s.committed, s.drawn, s.ended)) != Some(is)
                {
                    let index = row.committed_entry.unwrap_or_default().unsigned_abs();
                    let what = format!("draw {}: the table differs from the journal", row.id);
                    found.push(Finding::at("draw", index, what));
                }
            }
        }
        if seen != self.draws.len() {
            let what = format!("the table holds {seen} draws, the journal {}", self.draws.len());
            found.push(Finding::of("draws", what));
        }
        Ok(())
    }
}
