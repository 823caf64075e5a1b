//! Cases (办件): one way to keep every process of the registry, whatever its kind.
//!
//! A case is a record with an id, a kind (which life cycle it follows, `registry::lifecycle`), a state
//! and a body. Each change is one entry: statement `registry.record` {image}, image = H("record"; salt ‖
//! canonical record) (`sealing::OpaqueRecord`). A case about a person is sealed under that person's
//! data key and has the person as the entry's subject: the person's history is one query, and erasing
//! the person erases what their cases say. Other cases have a data key of their own.
//!
//! *Invariant:* the row in `case_file` is a function of the newest record (`Case::row`); `fsck_cases`
//! holds every row against it.
//!
//! *Deliberately not here:* what the kinds mean. Each has a file of its own, which checks the
//! transition in its table, changes the case and puts it into a `changes::Changes`.

use super::Service;
use super::actor::Actor;
use super::experts::within;
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use super::sealing::SubjectKey;
use crate::codec::{Fields, Json, Object, ShapeError, object};
use crate::registry::lifecycle::{BEGINNING, Lifecycle, NoStep, Party, Transition};
use crate::store::case::{CaseFilter, CaseRow};
use crate::store::{self, Append, Conn, StoreError};

/// Statement type of every case (`api-spec/registry-v1.md` §1). It stands in no evidence file.
pub(super) const RECORDED: &str = "registry.record";

/// A case as of its newest entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Opaque id: a letter of its kind and 16 characters.
    pub id: String,
    /// Which life cycle it follows.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// What it is about: an expert's number, a unit's code, …
    pub subject: Option<String>,
    /// The region that scopes it.
    pub region: Option<String>,
    /// The case that it is a part of.
    pub parent: Option<String>,
    /// The account whose turn or property it is.
    pub owner: Option<String>,
    /// Unix seconds until when something has to happen.
    pub due: Option<i64>,
    /// The event that led to this state.
    pub event: String,
    /// The account that did it.
    pub by: String,
    /// Grows by one with every change.
    pub version: i64,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds.
    pub updated: i64,
    /// What the kind keeps: canonical JSON, an object.
    pub body: Json,
    /// Whose data key seals it: an expert's number, or the case's own id.
    pub sealed_for: String,
}

/// A case to begin.
#[derive(Clone, Debug)]
pub struct NewCase<'a> {
    /// The life cycle.
    pub lifecycle: &'static Lifecycle,
    /// Letter of the id.
    pub letter: char,
    /// As [`Case::subject`].
    pub subject: Option<&'a str>,
    /// As [`Case::region`].
    pub region: Option<&'a str>,
    /// As [`Case::parent`].
    pub parent: Option<&'a str>,
    /// As [`Case::owner`].
    pub owner: Option<&'a str>,
    /// As [`Case::due`].
    pub due: Option<i64>,
    /// As [`Case::body`].
    pub body: Json,
    /// An existing subject whose data key seals the case (an expert's number); `None`: a key of its own.
    pub sealed_for: Option<&'a str>,
}

impl Case {
    /// The row, but for `entry`, which is known in the writer only.
    pub(super) fn row(&self) -> CaseRow {
        CaseRow {
            id: self.id.clone(),
            kind: self.kind.clone(),
            state: self.state.clone(),
            subject: self.subject.clone(),
            region: self.region.clone(),
            parent: self.parent.clone(),
            owner: self.owner.clone(),
            due: self.due,
            version: self.version,
            entry: 0,
            created: self.created,
            updated: self.updated,
        }
    }

    /// The record that is sealed.
    pub(super) fn record(&self) -> Json {
        Object::new()
            .with("v", 1u32)
            .with("id", self.id.as_str())
            .with("kind", self.kind.as_str())
            .with("state", self.state.as_str())
            .with_some("subject", self.subject.clone())
            .with_some("region", self.region.clone())
            .with_some("parent", self.parent.clone())
            .with_some("owner", self.owner.clone())
            .with_some("due", self.due)
            .with("event", self.event.as_str())
            .with("by", self.by.as_str())
            .with("version", self.version)
            .with("created", self.created)
            .with("updated", self.updated)
            .with("body", self.body.clone())
            .into()
    }

    /// Reads a record back; `sealed_for` is the subject of its entry.
    pub(super) fn read(record: &Json, sealed_for: &str) -> Result<Case, ShapeError> {
        let text = |f: &mut Fields<'_>, key: &str| f.str(key).map(str::to_owned);
        let some = |f: &mut Fields<'_>, key: &str| -> Result<Option<String>, ShapeError> {
            match f.optional(key) {
                None => Ok(None),
                Some(value) => match value.as_str() {
                    Some(text) => Ok(Some(text.to_owned())),
                    None => Err(f.wrong(key, "must be a string")),
                },
            }
        };
        object(record, "", |f| {
            f.int("v", 1..=1)?;
            Ok(Case {
                id: text(f, "id")?,
                kind: text(f, "kind")?,
                state: text(f, "state")?,
                subject: some(f, "subject")?,
                region: some(f, "region")?,
                parent: some(f, "parent")?,
                owner: some(f, "owner")?,
                due: match f.optional("due") {
                    None => None,
                    Some(value) => Some(value.as_int().ok_or_else(|| f.wrong("due", "must be a number"))?),
                },
                event: text(f, "event")?,
                by: text(f, "by")?,
                version: f.int("version", 1..=i64::MAX)?,
                created: f.int("created", 0..=i64::MAX)?,
                updated: f.int("updated", 0..=i64::MAX)?,
                body: f.required("body")?.clone(),
                sealed_for: sealed_for.to_owned(),
            })
        })
    }
}

/// A change of one case, ready for the writer.
#[derive(Clone)]
pub(super) struct CaseChange {
    /// The entry.
    pub entry: Append,
    /// The row; its `entry` is known in the writer only.
    pub row: CaseRow,
    /// The data key, to be stored if it is new.
    pub key: SubjectKey,
}

impl Service {
    /// Begins a case: checks its first transition and makes the record. Nothing is written yet.
    pub(super) fn begin_case(
        &self,
        actor: &Actor,
        parties: &[Party],
        event: &'static str,
        new: NewCase<'_>,
    ) -> Result<Case, Refusal> {
        let row = new.lifecycle.step(BEGINNING, event, parties).map_err(no_step)?;
        let now = self.clock.now().0;
        let id = self.opaque_id(new.letter);
        Ok(Case {
            sealed_for: new.sealed_for.map_or_else(|| id.clone(), str::to_owned),
            id,
            kind: new.lifecycle.name.to_owned(),
            state: row.to.to_owned(),
            subject: new.subject.map(str::to_owned),
            region: new.region.map(str::to_owned),
            parent: new.parent.map(str::to_owned),
            owner: new.owner.map(str::to_owned),
            due: new.due,
            event: event.to_owned(),
            by: actor.account.clone(),
            version: 1,
            created: now,
            updated: now,
            body: new.body,
        })
    }

    /// Steps a case along its life cycle; the caller then changes body, due date and owner.
    pub(super) fn step_case(
        &self,
        actor: &Actor,
        parties: &[Party],
        lifecycle: &'static Lifecycle,
        case: &mut Case,
        event: &'static str,
    ) -> Result<&'static Transition, Refusal> {
        let row = lifecycle.step(&case.state, event, parties).map_err(no_step)?;
        case.state = row.to.to_owned();
        case.event = event.to_owned();
        case.by = actor.account.clone();
        case.version += 1;
        case.updated = self.clock.now().0.max(case.created);
        Ok(row)
    }

    /// Ends a proposal: with a reason it is rejected, by another account than the one that proposed;
    /// without one it is withdrawn, by that account alone. The reason is kept in the body as `answer`.
    pub(super) fn end_proposal(
        &self,
        actor: &Actor,
        lifecycle: &'static Lifecycle,
        case: &mut Case,
        proposed_by: &str,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        let event = match reason {
            Some(_) => another_person(actor, proposed_by).map(|()| "reject")?,
            None if proposed_by == actor.account => "withdraw",
            None => return Err(Refusal::forbidden()),
        };
        self.step_case(actor, &actor.parties(), lifecycle, case, event)?;
        if let (Json::Map(body), Some(reason)) = (&mut case.body, reason) {
            body.insert("answer".to_owned(), Json::from(reason));
        }
        Ok(())
    }

    /// Everything of a change that can be made outside the writer. The journal kind is
    /// `case.<kind>.<event>`.
    pub(super) fn case_change(&self, case: &Case) -> Result<CaseChange, Refusal> {
        let stored = case.version > 1 || case.sealed_for != case.id;
        let key = self.subject_key(&case.sealed_for, stored)?;
        Ok(self.case_change_under(case, key))
    }

    /// As [`Service::case_change`] under a data key that is at hand (of somebody registered in the same
    /// write).
    pub(super) fn case_change_under(&self, case: &Case, key: SubjectKey) -> CaseChange {
        let kind = format!("case.{}.{}", case.kind, case.event);
        let record = self.opaque_record(&case.record());
        let entry = Append {
            actor: case.by.clone(),
            subject: case.sealed_for.clone(),
            statement: record.statement(RECORDED),
            image: Some(self.sealer().seal(&key, &kind, &record.bytes)),
            kind,
            registry: false,
        };
        CaseChange { entry, row: case.row(), key }
    }

    /// A case of a kind as it stands; not found when it is of another kind or outside the region of
    /// the account.
    pub(super) fn case(&self, actor: &Actor, lifecycle: &Lifecycle, id: &str) -> Result<Case, Refusal> {
        let case = self.store.read(|conn| self.read_case(conn, id))?;
        let case = case.filter(|case| case.kind == lifecycle.name && actor.covers(case.region.as_deref()));
        case.ok_or_else(no_case)
    }

    /// A case within a read, whatever its kind.
    pub(super) fn read_case(&self, conn: &mut Conn, id: &str) -> Result<Option<Case>, Refusal> {
        let Some(row) = store::case::find(conn, id)? else { return Ok(None) };
        self.open_case(conn, &row).map(Some)
    }

    /// The record that a row's newest entry holds.
    pub(super) fn open_case(&self, conn: &mut Conn, row: &CaseRow) -> Result<Case, Refusal> {
        let entry = store::journal::find(conn, row.entry.unsigned_abs())?
            .ok_or_else(|| Refusal::internal(format!("case {}: no entry {}", row.id, row.entry)))?;
        let record = match self.archive().opaque(conn, &entry) {
            Ok(record) => record,
            Err(refusal) => {
                let erased = self.archive().erased(conn)?.covers(&entry.subject, entry.index());
                return Err(if erased { Refusal::erased() } else { refusal });
            }
        };
        Case::read(&record, &entry.subject).map_err(Refusal::internal)
    }

    /// As [`Service::open_case`]; nothing for a case whose person was erased.
    pub(super) fn open_unless_erased(&self, conn: &mut Conn, row: &CaseRow) -> Result<Option<Case>, Refusal> {
        match self.open_case(conn, row) {
            Ok(case) => Ok(Some(case)),
            Err(refusal) if refusal.kind == Kind::Gone => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// A page of cases, opened; those of people who were erased are left out, so a page may hold fewer
    /// than asked for. The filter is narrowed to the account's region.
    pub(super) fn cases(
        &self,
        actor: &Actor,
        filter: CaseFilter,
        paging: &Paging,
    ) -> Result<Listed<Case>, Refusal> {
        let filter = scoped(actor, filter);
        self.store.read(|conn| {
            let page =
                paging.read(|page| store::case::list(conn, &filter, page), |row| &row.id, |row| row)?;
            let mut items = Vec::with_capacity(page.items.len());
            for row in &page.items {
                items.extend(self.open_unless_erased(conn, row)?);
            }
            Ok(Listed { items, next: page.next })
        })
    }

    /// All cases of a filter, for what has to see them together (counts, campaigns, jobs). Not
    /// narrowed: the caller has checked who asks.
    pub(super) fn all_cases(&self, conn: &mut Conn, filter: &CaseFilter) -> Result<Vec<Case>, Refusal> {
        let mut found = Vec::new();
        for row in all_rows(conn, filter)? {
            found.extend(self.open_unless_erased(conn, &row)?);
        }
        Ok(found)
    }
}

/// All rows of a filter, page by page.
pub(super) fn all_rows(conn: &mut Conn, filter: &CaseFilter) -> Result<Vec<CaseRow>, StoreError> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store::Page { after: after.clone(), limit: store::Page::MAX };
        let rows = store::case::list(conn, filter, &page)?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = Some(last.id.clone());
        found.extend(rows);
    }
}

/// A filter narrowed to the account's region; a region asked for outside it finds nothing.
pub(super) fn scoped(actor: &Actor, mut filter: CaseFilter) -> CaseFilter {
    if let Some(own) = actor.region.map(within) {
        filter.region_prefix = Some(match filter.region_prefix {
            Some(asked) if asked.starts_with(&own) => asked,
            Some(asked) if own.starts_with(&asked) => own,
            // No code begins so.
            Some(_) => "~".to_owned(),
            None => own,
        });
    }
    filter
}

/// Why an event is refused.
pub(super) fn no_step(why: NoStep) -> Refusal {
    match why {
        NoStep::NotYours => Refusal::forbidden(),
        NoStep::WrongState => Refusal::new(
            Kind::Conflict,
            "wrong_state",
            "办件当前状态不允许此操作",
            "the case's present state does not allow this",
        ),
    }
}

/// No such case, or not visible.
pub(super) fn no_case() -> Refusal {
    Refusal::not_found("办件", "case")
}

/// Refuses when the account that decides is the one that proposed (双人复核).
pub(super) fn another_person(actor: &Actor, proposed_by: &str) -> Result<(), Refusal> {
    if actor.account != proposed_by {
        return Ok(());
    }
    let en = "another account than the one that proposed has to confirm";
    Err(Refusal::new(Kind::Conflict, "second_person_required", "须由提出者以外的另一账号确认", en))
}

#[cfg(test)]
mod tests {
    use super::super::actor::Role;
    use super::*;
    use crate::codes::Region;

    fn case() -> Case {
        Case {
            id: "C0000000000000000".into(),
            kind: "test".into(),
            state: "open".into(),
            subject: Some("E0000000000000000".into()),
            region: Some("430600".into()),
            parent: None,
            owner: None,
            due: Some(7),
            event: "file".into(),
            by: "A1".into(),
            version: 1,
            created: 5,
            updated: 6,
            body: Object::new().with("note", "甲").into(),
            sealed_for: "E0000000000000000".into(),
        }
    }

    #[test]
    fn a_record_reads_back_as_the_case_it_was() {
        let case = case();
        assert_eq!(Case::read(&case.record(), &case.sealed_for).unwrap(), case);
        let bare = Case { subject: None, region: None, due: None, ..case };
        assert_eq!(Case::read(&bare.record(), &bare.sealed_for).unwrap(), bare);
    }

    #[test]
    fn a_filter_never_leaves_the_region_of_the_account() {
        let mut actor = Actor::of_role("A", Role::Bureau);
        let prefix = |actor: &Actor, asked: Option<&str>| {
            let filter = CaseFilter { region_prefix: asked.map(str::to_owned), ..CaseFilter::default() };
            scoped(actor, filter).region_prefix
        };
        assert_eq!(prefix(&actor, None), None);
        actor.region = Region::parse("430600").ok();
        assert_eq!(prefix(&actor, None).as_deref(), Some("4306"));
        assert_eq!(prefix(&actor, Some("43")).as_deref(), Some("4306"));
        assert_eq!(prefix(&actor, Some("430602")).as_deref(), Some("430602"));
        assert_eq!(prefix(&actor, Some("4301")).as_deref(), Some("~"));
    }
}
