//! Who looked at whom, when and why: for auditor and supervisor by person or by account, for an expert
//! the own record without the names of those who looked.
//!
//! What is listed is the journal: each record is opened with the key of the account that looked and
//! held against its signed digest. Looks at a case of a person count as looks at the person.
//!
//! A look is **flagged** when its account looked, within a day up to it, at [`ALIKE`] different people
//! or more who share a speciality and the main review region: what somebody does who wants to know
//! who could be drawn (domain: 查询与待抽项目关联).

use std::collections::{BTreeMap, BTreeSet};

use super::Service;
use super::actor::{Action, Actor};
use super::experts::no_expert;
use super::listing::{Listed, Paging};
use super::refusal::Refusal;
use super::sealing::OpaqueRecord;
use crate::codec::{Hash, Json, ShapeError, object};
use crate::codes::Region;
use crate::log::Statement;
use crate::store::case::CaseFilter;
use crate::store::journal::{Entry, LOOK_LIMITED, Looks};
use crate::store::{self, Conn};
use crate::time::Timestamp;

/// So many people of one speciality and region within a day are many.
pub const ALIKE: usize = 10;
/// The day of the flag, in seconds.
const DAY: i64 = 86_400;
/// The most looks that are read back to judge the flags of a page.
const READ_BACK: u32 = 2_000;

/// One look, as auditor and supervisor see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookLine {
    /// Its journal entry.
    pub entry: u64,
    /// When.
    pub time: Timestamp,
    /// Account that looked.
    pub account: String,
    /// Its role at that time.
    pub role: String,
    /// The office: region of a bureau's account, unit of others; `None`: the whole registry.
    pub office: Option<String>,
    /// What sort of thing; `limit` is no look but a refusal for too many.
    pub what: String,
    /// What exactly.
    pub about: String,
    /// Why, in the words of who looked.
    pub purpose: String,
    /// Whether this account looked at many people of one speciality and region shortly before.
    pub many_alike: bool,
}

/// Which looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LooksAsked {
    /// At this expert, and at the cases about them.
    Expert(String),
    /// By this account; refusals for too many included.
    Account(String),
    /// All, refusals included.
    All,
}

impl Service {
    /// Looks, newest first.
    pub fn looks(
        &self,
        actor: &Actor,
        asked: &LooksAsked,
        paging: &Paging,
    ) -> Result<Listed<LookLine>, Refusal> {
        actor.check(Action::ReadLooks)?;
        if let LooksAsked::Expert(number) = asked {
            let row = self.store.read(|conn| store::expert::find(conn, number))?.ok_or_else(no_expert)?;
            // Somebody erased has no region any more; who looked at them stays known to all of these.
            if !row.row.region.is_empty() {
                actor.check_region(Some(&row.row.region), "专家", "expert")?;
            }
        }
        self.looks_page(asked, paging)
    }

    /// Looks at the expert's own record, newest first.
    pub fn own_looks(&self, actor: &Actor, paging: &Paging) -> Result<Listed<LookLine>, Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = actor.expert.clone().ok_or_else(no_expert)?;
        self.looks_page(&LooksAsked::Expert(number), paging)
    }

    fn looks_page(&self, asked: &LooksAsked, paging: &Paging) -> Result<Listed<LookLine>, Refusal> {
        let before = match &paging.after {
            None => None,
            Some(text) => Some(text.parse::<i64>().map_err(|_| {
                let (zh, en) = ("应为上一页给出的 next", "must be the `next` of the page before");
                Refusal::field("after", text, "cursor", zh, en)
            })?),
        };
        self.store.read(|conn| {
            let mut filter = Looks { before, ..Looks::default() };
            match asked {
                LooksAsked::Expert(number) => filter.subjects = self.person_subjects(conn, number)?,
                LooksAsked::Account(account) => filter.actor = Some(account.clone()),
                LooksAsked::All => {}
            }
            let limit = paging.limit.clamp(1, 200);
            let mut entries = store::journal::looks(conn, &filter, limit + 1)?;
            let more = entries.len() > limit as usize;
            entries.truncate(limit as usize);
            let next = entries.last().filter(|_| more).map(|last| last.idx.to_string());
            let flags = Alike::of(conn, &entries)?;
            let mut items = Vec::with_capacity(entries.len());
            for entry in &entries {
                items.push(LookLine { many_alike: flags.many(entry), ..self.look_line(conn, entry)? });
            }
            Ok(Listed { items, next })
        })
    }

    /// The subjects under which a person is looked at: the number and the cases about them.
    fn person_subjects(&self, conn: &mut Conn, number: &str) -> Result<Vec<String>, Refusal> {
        let filter = CaseFilter { subject: Some(number.to_owned()), ..CaseFilter::default() };
        let mut subjects = vec![number.to_owned()];
        subjects.extend(super::cases::all_rows(conn, &filter)?.into_iter().map(|row| row.id));
        Ok(subjects)
    }

    fn look_line(&self, conn: &mut Conn, entry: &Entry) -> Result<LookLine, Refusal> {
        let wrong = |what: &str| Refusal::internal(format!("entry {}: {what}", entry.index()));
        let sealed = entry.image.as_deref().ok_or_else(|| wrong("has no record"))?;
        // Sealed for the account that looked, not for what it looked at.
        let key = self.sealer().stored_key(conn, &entry.actor)?;
        let opened = match key.open(&entry.kind, sealed) {
            Err(_) if self.archive().erased(conn)?.covers(&entry.actor, entry.index()) => {
                return Ok(erased_look(entry));
            }
            other => other?,
        };
        let (record, digest) = OpaqueRecord::read(&opened).map_err(Refusal::internal)?;
        let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
        let said = statement.body().get("image").and_then(|json| json.as_str()).and_then(Hash::from_hex);
        if said != Some(digest) {
            return Err(wrong("the record is not the one that was signed"));
        }
        read_look(&record, entry).map_err(Refusal::internal)
    }
}

/// A look by an account whose owner was erased: that it was, when, and at what.
fn erased_look(entry: &Entry) -> LookLine {
    LookLine {
        entry: entry.index(),
        time: Timestamp(entry.time),
        account: entry.actor.clone(),
        role: String::new(),
        office: None,
        what: super::erasure::ERASED.to_owned(),
        about: entry.subject.clone(),
        purpose: String::new(),
        many_alike: false,
    }
}

fn read_look(record: &Json, entry: &Entry) -> Result<LookLine, ShapeError> {
    object(record, "", |f| {
        let region = f.optional("region").and_then(|json| json.as_str()).map(str::to_owned);
        let unit = f.optional("unit").and_then(|json| json.as_str()).map(str::to_owned);
        let named =
            region.as_deref().and_then(|code| Region::parse(code).ok()).map(|region| region.full_name());
        Ok(LookLine {
            entry: entry.index(),
            time: Timestamp(entry.time),
            account: f.str("account")?.to_owned(),
            role: f.str("role")?.to_owned(),
            office: named.or(unit),
            what: f.str("what")?.to_owned(),
            about: f.str("about")?.to_owned(),
            purpose: f.str("purpose")?.to_owned(),
            many_alike: false,
        })
    })
}

/// Which people each account of a page looked at, when, and what they have in common.
struct Alike {
    /// By account: time and person of each look, newest first.
    looks: BTreeMap<String, Vec<(i64, String)>>,
    /// By person: main region and speciality, each pair one key.
    traits: BTreeMap<String, Vec<(String, String)>>,
}

impl Alike {
    fn of(conn: &mut Conn, page: &[Entry]) -> Result<Self, Refusal> {
        let mut made = Self { looks: BTreeMap::new(), traits: BTreeMap::new() };
        let (Some(newest), Some(oldest)) = (page.first(), page.last()) else { return Ok(made) };
        let accounts: BTreeSet<&String> = page.iter().map(|entry| &entry.actor).collect();
        for account in accounts {
            let filter = Looks {
                actor: Some(account.clone()),
                since: Some(oldest.time - DAY),
                before: Some(newest.idx + 1),
                ..Looks::default()
            };
            let found = store::journal::looks(conn, &filter, READ_BACK)?;
            let people = found.into_iter().filter(|entry| entry.kind != LOOK_LIMITED);
            let people: Vec<_> = people.map(|entry| (entry.time, entry.subject)).collect();
            for (_, subject) in &people {
                if !made.traits.contains_key(subject) {
                    let row = store::expert::find(conn, subject)?;
                    let pairs = row.map(|row| {
                        let region = row.row.region;
                        row.specialities.into_iter().map(|code| (region.clone(), code)).collect()
                    });
                    made.traits.insert(subject.clone(), pairs.unwrap_or_default());
                }
            }
            made.looks.insert(account.clone(), people);
        }
        Ok(made)
    }

    /// Whether the account of this look had by then looked at many people alike, this one included.
    fn many(&self, entry: &Entry) -> bool {
        let Some(own) = self.traits.get(&entry.subject).filter(|_| entry.kind != LOOK_LIMITED) else {
            return false;
        };
        let Some(looks) = self.looks.get(&entry.actor) else { return false };
        let near = |time: i64| time <= entry.time && time > entry.time - DAY;
        let people: BTreeSet<&String> =
            looks.iter().filter(|(time, _)| near(*time)).map(|(_, person)| person).collect();
        own.iter().any(|pair| {
            let alike = people
                .iter()
                .filter(|person| self.traits.get(**person).is_some_and(|pairs| pairs.contains(pair)));
            alike.count() >= ALIKE
        })
    }
}
