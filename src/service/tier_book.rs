//! What tiers are computed from, followed along the journal: remarks, conduct, evaluations, and the
//! registry profiles with the tables. A draw takes everybody's lots from here, and a replay gets the same
//! from the same entries.
//!
//! *Invariants:* the book is a function of the entries below [`TierBook::next`]; cases of somebody who was
//! erased leave it. Nothing here is shown: who sees a tier is `tier`'s business.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::archive::Archive;
use super::cases::{Case, RECORDED};
use super::erased::TOMBSTONE;
use super::refusal::Refusal;
use super::tier::tier_from;
use crate::codec::{Hash, Json};
use crate::log::Statement;
use crate::registry::conduct::CONDUCT;
use crate::registry::performance::EVALUATION;
use crate::registry::remark::REMARK;
use crate::registry::rules_in_force::REGISTRY_PROFILE;
use crate::rules::RegistryProfile;
use crate::store::{self, Conn};
use crate::time::Date;

/// Journal entries read at once.
const BATCH: u32 = 2_000;

/// Cases that count for tiers, by person and id, and profiles by digest.
#[derive(Default)]
pub(super) struct TierBook {
    next: u64,
    people: BTreeMap<String, BTreeMap<String, Case>>,
    profiles: BTreeMap<String, String>,
    /// The newest answer of [`TierBook::lots`], as long as no counted case has changed.
    answered: Option<(Hash, Date, Arc<Lots>)>,
}

/// How many lots everybody has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lots {
    people: BTreeMap<String, u32>,
    others: Option<u32>,
}

impl Lots {
    /// A person's; `None`: nobody weighs.
    pub(super) fn of(&self, number: &str) -> Option<u32> {
        self.people.get(number).copied().or(self.others)
    }
}

impl TierBook {
    /// Everything below this journal number was taken.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Takes every entry below `end` that was not taken yet.
    pub(super) fn follow(&mut self, archive: &Archive<'_>, conn: &mut Conn, end: u64) -> Result<(), Refusal> {
        while self.next < end {
            let entries = store::journal::range(conn, self.next, BATCH)?;
            let Some(last) = entries.last() else { break };
            let after = last.index() + 1;
            for entry in entries.iter().filter(|entry| entry.index() < end) {
                self.take(archive, conn, entry)?;
            }
            self.next = after.min(end);
        }
        Ok(())
    }

    /// Takes one entry.
    pub(super) fn take(
        &mut self,
        archive: &Archive<'_>,
        conn: &mut Conn,
        entry: &store::journal::Entry,
    ) -> Result<(), Refusal> {
        if entry.kind == TOMBSTONE {
            self.people.remove(&entry.subject);
            self.answered = None;
        }
        let kinds = [REMARK.name, CONDUCT.name, EVALUATION.name, REGISTRY_PROFILE.name];
        let kind = entry.kind.strip_prefix("case.").and_then(|rest| rest.split_once('.'));
        if !kind.is_some_and(|(kind, _)| kinds.contains(&kind))
            || !Statement::parse(&entry.statement).is_ok_and(|statement| statement.kind() == RECORDED)
        {
            return Ok(());
        }
        // The cases of somebody erased open no more; whether that was lawful is fsck's question.
        let Ok(record) = archive.opaque(conn, entry) else { return Ok(()) };
        let case = Case::read(&record, &entry.subject).map_err(Refusal::internal)?;
        if case.kind == REGISTRY_PROFILE.name {
            let field = |key: &str| case.body.as_map()?.get(key)?.as_str().map(str::to_owned);
            if let (Some(digest), Some(text)) = (field("digest"), field("text")) {
                self.profiles.insert(digest, text);
            }
        } else if let Some(number) = case.subject.clone() {
            let newest = Case { body: counted(&case.body), ..case };
            self.people.entry(number).or_default().insert(newest.id.clone(), newest);
            self.answered = None;
        }
        Ok(())
    }

    /// Everybody's lots on a day, by the table of a profile.
    pub(super) fn lots(&mut self, profile: &RegistryProfile, day: Date) -> Result<Arc<Lots>, Refusal> {
        let digest = profile.digest();
        if let Some((_, _, lots)) = self.answered.as_ref().filter(|(of, on, _)| (*of, *on) == (digest, day)) {
            return Ok(lots.clone());
        }
        let mut lots = Lots { people: BTreeMap::new(), others: Some(tier_from(profile, &[], day)?.row.lots) };
        for (number, cases) in &self.people {
            let cases: Vec<Case> = cases.values().cloned().collect();
            lots.people.insert(number.clone(), tier_from(profile, &cases, day)?.row.lots);
        }
        let lots = Arc::new(lots);
        self.answered = Some((digest, day, lots.clone()));
        Ok(lots)
    }

    /// The registry profile with that digest (hexadecimal), if one was loaded.
    pub(super) fn profile(&self, digest: &str) -> Option<RegistryProfile> {
        RegistryProfile::parse(self.profiles.get(digest)?.as_bytes()).ok()
    }
}

/// What a tier asks of a body; texts about people are not kept in memory.
fn counted(body: &Json) -> Json {
    const KEYS: [&str; 8] = ["day", "what", "appeal", "decision", "finding", "side", "score", "answered"];
    let fields = body.as_map().into_iter().flatten();
    Json::Map(
        fields.filter(|(key, _)| KEYS.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect(),
    )
}
