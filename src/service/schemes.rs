//! Speciality schemes (专业分类标准): loaded, listed, browsed; which specialities exist.
//!
//! A scheme or crosswalk that a bureau loads is one entry: statement `scheme.recorded` {image}, the
//! sealed record {v, id, by, created, text} (`sealing::OpaqueRecord`), subject `scheme:` and the id. It is
//! never changed: the same id with another text is refused, a newer edition is another id that says
//! `supersedes`, and a crosswalk leads from the one to the other.
//!
//! *Invariant:* the **book** holds every scheme that the journal holds and the two of the product; it
//! follows the journal, whichever process wrote. The core checks the form of a speciality, the book
//! whether it exists: everything that lets a speciality in asks it.
//!
//! *Deliberately not here:* what becomes of claims (`claims`).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Service;
use super::actor::{Action, Actor};
use super::archive::Archive;
use super::changes::Changes;
use super::idempotency::IdempotencyKey;
use super::refusal::{Kind, Refusal};
use crate::codec::{Fields, Hash, Json, Object, ShapeError, object, sha256};
use crate::codes::{CodeError, Speciality};
use crate::registry::{Crosswalk, Draft, Head, Problem, SchemeTable};
use crate::store::{self, Append, Conn, Page, StoreError};

/// Statement type of a scheme and of a crosswalk.
pub(super) const SCHEME: &str = "scheme.recorded";
/// What the subject of an entry begins with.
pub(super) const SUBJECT: &str = "scheme:";

/// A scheme of the book.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The tree.
    pub table: SchemeTable,
    /// SHA-256 of its text.
    pub digest: Hash,
    /// The entry that holds it and when it was loaded; `None`: it came with the product.
    pub entry: Option<(i64, i64)>,
}

/// A crosswalk of the book.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The rows.
    pub rows: Crosswalk,
    /// SHA-256 of its text.
    pub digest: Hash,
    /// The entry that holds it and when it was loaded.
    pub entry: (i64, i64),
}

/// All schemes and crosswalks.
#[derive(Clone, Debug, Default)]
pub struct Book {
    schemes: BTreeMap<String, Arc<Loaded>>,
    walks: BTreeMap<(String, String), Arc<Walk>>,
}

/// The book, and the size of the journal that it has followed.
pub(super) struct Shelf(RwLock<(u64, Arc<Book>)>);

/// A scheme as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeView {
    /// What stands before the colon.
    pub id: String,
    /// What its comments say.
    pub head: Head,
    /// How many codes.
    pub codes: usize,
    /// How many levels.
    pub levels: usize,
    /// SHA-256 of the text.
    pub digest: Hash,
    /// The newer editions that supersede it.
    pub superseded_by: Vec<String>,
    /// The schemes to which a crosswalk leads from here.
    pub crosswalks: Vec<String>,
    /// When it was loaded, Unix seconds; `None`: it came with the product.
    pub loaded: Option<i64>,
    /// The journal entry that holds it.
    pub entry: Option<i64>,
}

/// A crosswalk as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrosswalkView {
    /// From this scheme.
    pub from: String,
    /// To this one.
    pub to: String,
    /// What its comments say.
    pub head: Head,
    /// How many rows.
    pub rows: usize,
    /// SHA-256 of the text.
    pub digest: Hash,
    /// When it was loaded, Unix seconds.
    pub loaded: i64,
    /// The journal entry that holds it.
    pub entry: i64,
}

/// One speciality as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialityView {
    /// `scheme:code`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The one above it.
    pub parent: Option<String>,
    /// How many stand directly below it.
    pub children: usize,
}

/// Which specialities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecialitiesAsked {
    /// Of this scheme; all if absent.
    pub scheme: Option<String>,
    /// Directly below this one.
    pub under: Option<Speciality>,
    /// On this level: 1 is a letter alone.
    pub level: Option<usize>,
    /// Whose name contains this, or whose code begins so.
    pub text: Option<String>,
}

impl Default for Shelf {
    fn default() -> Self {
        let loaded = |(table, text): (SchemeTable, &str)| Loaded {
            table,
            digest: sha256(&[text.as_bytes()]),
            entry: None,
        };
        let schemes = SchemeTable::embedded().into_iter().map(loaded);
        let schemes = schemes.map(|each| (each.table.id().to_owned(), Arc::new(each))).collect();
        Self(RwLock::new((0, Arc::new(Book { schemes, walks: BTreeMap::new() }))))
    }
}

impl Book {
    /// A scheme.
    pub fn scheme(&self, id: &str) -> Option<&Arc<Loaded>> {
        self.schemes.get(id)
    }

    /// A crosswalk.
    pub fn walk(&self, from: &str, to: &str) -> Option<&Arc<Walk>> {
        self.walks.get(&(from.to_owned(), to.to_owned()))
    }

    /// The name of a speciality.
    pub fn name(&self, speciality: &Speciality) -> Option<&str> {
        self.schemes.get(speciality.scheme())?.table.name(speciality.code())
    }

    /// Whether a speciality exists.
    pub fn knows(&self, speciality: &Speciality) -> Result<(), CodeError> {
        let scheme = self.schemes.get(speciality.scheme()).ok_or(CodeError::UnknownScheme)?;
        scheme.table.name(speciality.code()).map(|_| ()).ok_or(CodeError::UnknownSpeciality)
    }

    /// The problem with a well-formed speciality that does not exist; `None` also where the form is
    /// wrong, which the core names.
    pub fn problem(&self, field: &str, written: &str) -> Option<Problem> {
        let error = self.knows(&Speciality::parse(written).ok()?).err()?;
        let rule = match error {
            CodeError::UnknownScheme => "unknown_scheme",
            _ => "unknown_speciality",
        };
        Some(Problem::new(field, written, rule, error.message_zh(), error.to_string()))
    }

    /// The problems of a list of specialities, by position.
    pub fn problems(&self, field: &str, written: &[String]) -> Vec<Problem> {
        let at = |(position, text): (usize, &String)| self.problem(&format!("{field}[{position}]"), text);
        written.iter().enumerate().filter_map(at).collect()
    }

    /// The problems of every speciality that a draft names: listed, claimed, or relaxed for.
    pub fn of_draft(&self, draft: &Draft) -> Vec<Problem> {
        let mut problems = self.problems("specialities", &draft.specialities);
        for (position, claim) in draft.claims.iter().enumerate() {
            problems.extend(self.problem(&format!("claims[{position}].speciality"), &claim.speciality));
        }
        if let Some(relaxation) = &draft.relaxation {
            problems.extend(self.problems("relaxation.specialities", &relaxation.specialities));
        }
        problems
    }

    fn view(&self, loaded: &Loaded) -> SchemeView {
        let id = loaded.table.id();
        let newer = self.schemes.values().filter(|each| each.table.head().supersedes.as_deref() == Some(id));
        SchemeView {
            id: id.to_owned(),
            head: loaded.table.head().clone(),
            codes: loaded.table.count(),
            levels: loaded.table.levels(),
            digest: loaded.digest,
            superseded_by: newer.map(|each| each.table.id().to_owned()).collect(),
            crosswalks: self.walks.keys().filter(|(from, _)| from == id).map(|(_, to)| to.clone()).collect(),
            loaded: loaded.entry.map(|(_, created)| created),
            entry: loaded.entry.map(|(entry, _)| entry),
        }
    }

    /// The book with what a row holds.
    fn with(&mut self, row: &store::scheme::Scheme, text: &str) -> Result<(), Refusal> {
        let wrong = |_| Refusal::internal(format!("the text of scheme {} does not read back", row.id));
        let (digest, entry) = (sha256(&[text.as_bytes()]), (row.entry, row.created));
        match row.id.split_once('/') {
            None => {
                let table = SchemeTable::read(&row.id, text).map_err(wrong)?;
                self.schemes.insert(row.id.clone(), Arc::new(Loaded { table, digest, entry: Some(entry) }));
            }
            Some((from, to)) => {
                let of = |id: &str| self.schemes.get(id).cloned().ok_or_else(|| wrong(Vec::new()));
                let rows = Crosswalk::read(&of(from)?.table, &of(to)?.table, text).map_err(wrong)?;
                self.walks.insert((from.to_owned(), to.to_owned()), Arc::new(Walk { rows, digest, entry }));
            }
        }
        Ok(())
    }
}

impl Service {
    /// All schemes and crosswalks as of the journal's present end.
    pub fn book(&self) -> Result<Arc<Book>, Refusal> {
        let size = self.store.read(store::head::read)?.size;
        {
            let shelf = self.schemes.0.read().unwrap_or_else(PoisonError::into_inner);
            if shelf.0 >= size {
                return Ok(shelf.1.clone());
            }
        }
        let mut shelf = self.schemes.0.write().unwrap_or_else(PoisonError::into_inner);
        if shelf.0 < size {
            let mut book = Book::clone(&shelf.1);
            let known = |book: &Book, id: &str| match id.split_once('/') {
                None => book.scheme(id).is_some(),
                Some((from, to)) => book.walk(from, to).is_some(),
            };
            self.store.read(|conn| {
                let mut rows = all_rows(conn)?;
                rows.retain(|row| !known(&book, &row.id));
                // A crosswalk comes after both its schemes.
                rows.sort_by_key(|row| row.entry);
                for row in rows {
                    let record = open(&self.archive(), conn, row.entry)?;
                    book.with(&row, &record.text)?;
                }
                Ok::<_, Refusal>(())
            })?;
            *shelf = (size, Arc::new(book));
        }
        Ok(shelf.1.clone())
    }

    /// Refuses a draft with specialities that no scheme has. Every use-case that lets a draft in asks
    /// this beside `Draft::check`, which knows the form only.
    pub(super) fn known_specialities(&self, draft: &Draft) -> Result<(), Refusal> {
        let problems = self.book()?.of_draft(draft);
        if problems.is_empty() { Ok(()) } else { Err(Refusal::invalid(problems)) }
    }

    /// What `Draft::check` said, with the problems of [`Service::known_specialities`] added.
    pub(super) fn known<T>(&self, draft: &Draft, checked: Result<T, Vec<Problem>>) -> Result<T, Refusal> {
        let unknown = self.book()?.of_draft(draft);
        match checked {
            Ok(value) if unknown.is_empty() => Ok(value),
            Ok(_) => Err(Refusal::invalid(unknown)),
            Err(problems) => Err(Refusal::invalid(problems.into_iter().chain(unknown).collect())),
        }
    }

    /// Loads a scheme.
    pub fn load_scheme(
        &self,
        actor: &Actor,
        id: &str,
        text: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<SchemeView, Refusal> {
        check_loader(actor)?;
        self.once(
            actor,
            key,
            |id| self.scheme_view(id),
            || {
                let book = self.book()?;
                if let Some(known) = book.scheme(id) {
                    return if known.digest == sha256(&[text.as_bytes()]) {
                        Ok(book.view(known))
                    } else {
                        Err(in_use())
                    };
                }
                let table = SchemeTable::read(id, text).map_err(Refusal::invalid)?;
                if let Some(older) = &table.head().supersedes
                    && book.scheme(older).is_none()
                {
                    let (zh, en) = ("被取代的分类标准未加载", "the scheme that it supersedes is not loaded");
                    return Err(Refusal::field("supersedes", older, "unknown_scheme", zh, en));
                }
                self.keep(actor, "scheme.loaded", id, text, key)?;
                self.scheme_view(id)
            },
        )
    }

    /// Loads a crosswalk.
    pub fn load_crosswalk(
        &self,
        actor: &Actor,
        from: &str,
        to: &str,
        text: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<CrosswalkView, Refusal> {
        check_loader(actor)?;
        self.once(
            actor,
            key,
            |_| self.crosswalk(actor, from, to),
            || {
                let book = self.book()?;
                let (Some(old), Some(new)) = (book.scheme(from), book.scheme(to)) else {
                    return Err(no_scheme());
                };
                if from == to {
                    let (zh, en) = ("两个分类标准须不同", "must be another scheme");
                    return Err(Refusal::field("to", to, "itself", zh, en));
                }
                if let Some(known) = book.walk(from, to) {
                    return if known.digest == sha256(&[text.as_bytes()]) {
                        self.crosswalk(actor, from, to)
                    } else {
                        Err(in_use())
                    };
                }
                Crosswalk::read(&old.table, &new.table, text).map_err(Refusal::invalid)?;
                self.keep(actor, "crosswalk.loaded", &format!("{from}/{to}"), text, key)?;
                self.crosswalk(actor, from, to)
            },
        )
    }

    fn keep(
        &self,
        actor: &Actor,
        kind: &str,
        id: &str,
        text: &str,
        given: Option<&IdempotencyKey>,
    ) -> Result<(), Refusal> {
        let created = self.clock.now().0;
        let subject = format!("{SUBJECT}{id}");
        let key = self.subject_key(&subject, false)?;
        let record = Object::new()
            .with("v", 1u32)
            .with("id", id)
            .with("by", actor.account.as_str())
            .with("created", created)
            .with("text", text);
        let record = self.opaque_record(&record.into());
        let entry = Append {
            actor: actor.account.clone(),
            kind: kind.to_owned(),
            subject,
            statement: record.statement(SCHEME),
            image: Some(self.sealer().seal(&key, kind, &record.bytes)),
            registry: false,
        };
        let row = store::scheme::Scheme { id: id.to_owned(), entry: 0, created };
        let changes = Changes::once(self.idempotency_row(actor, given, id, 201));
        let written = self.write_changes(
            "load scheme",
            changes.part(move |tx| {
                // The row first: a scheme that exists is named so, not by its data key.
                let entry = tx.append(entry.clone())?.entry();
                store::scheme::insert(tx, &store::scheme::Scheme { entry, ..row.clone() })?;
                key.store(tx)
            }),
        );
        written.map_err(|refusal| if refusal.code == "already_exists" { in_use() } else { refusal })
    }

    /// All schemes, ascending by id.
    pub fn schemes(&self, _: &Actor) -> Result<Vec<SchemeView>, Refusal> {
        let book = self.book()?;
        Ok(book.schemes.values().map(|loaded| book.view(loaded)).collect())
    }

    /// One scheme.
    pub fn scheme(&self, _: &Actor, id: &str) -> Result<SchemeView, Refusal> {
        self.scheme_view(id)
    }

    fn scheme_view(&self, id: &str) -> Result<SchemeView, Refusal> {
        let book = self.book()?;
        book.scheme(id).map(|loaded| book.view(loaded)).ok_or_else(no_scheme)
    }

    /// The text of a scheme as it was loaded.
    pub fn scheme_text(&self, _: &Actor, id: &str) -> Result<String, Refusal> {
        let book = self.book()?;
        let loaded = book.scheme(id).ok_or_else(no_scheme)?;
        match loaded.entry {
            Some((entry, _)) => self.kept_text(entry),
            None => SchemeTable::embedded()
                .into_iter()
                .find(|(table, _)| table.id() == id)
                .map(|(_, text)| text.to_owned())
                .ok_or_else(no_scheme),
        }
    }

    /// The text of a crosswalk as it was loaded.
    pub fn crosswalk_text(&self, _: &Actor, from: &str, to: &str) -> Result<String, Refusal> {
        let entry = self.book()?.walk(from, to).ok_or_else(no_walk)?.entry.0;
        self.kept_text(entry)
    }

    fn kept_text(&self, entry: i64) -> Result<String, Refusal> {
        self.store.read(|conn| Ok(open(&self.archive(), conn, entry)?.text))
    }

    /// One crosswalk.
    pub fn crosswalk(&self, _: &Actor, from: &str, to: &str) -> Result<CrosswalkView, Refusal> {
        let book = self.book()?;
        let walk = book.walk(from, to).ok_or_else(no_walk)?;
        Ok(CrosswalkView {
            from: from.to_owned(),
            to: to.to_owned(),
            head: walk.rows.head().clone(),
            rows: walk.rows.count(),
            digest: walk.digest,
            loaded: walk.entry.1,
            entry: walk.entry.0,
        })
    }

    /// A page of specialities in the order of their written form.
    pub fn specialities(
        &self,
        _: &Actor,
        asked: &SpecialitiesAsked,
        limit: usize,
        after: Option<&str>,
    ) -> Result<(Vec<SpecialityView>, Option<String>), Refusal> {
        let book = self.book()?;
        if let Some(id) = &asked.scheme
            && book.scheme(id).is_none()
        {
            let error = CodeError::UnknownScheme;
            let (zh, en) = (error.message_zh(), error.to_string());
            return Err(Refusal::field("scheme", id, "unknown_scheme", &zh, &en));
        }
        let wanted = |table: &SchemeTable, code: &str, name: &str| {
            let below = |under: &Speciality| {
                under.scheme() == table.id()
                    && code.starts_with(under.code())
                    && code.len() == under.code().len() + 2
            };
            let text = asked.text.as_deref();
            asked.under.as_ref().is_none_or(below)
                && asked.level.is_none_or(|level| code.len() / 2 + 1 == level)
                && text.is_none_or(|text| name.contains(text) || code.starts_with(text))
        };
        let (mut items, mut more) = (Vec::new(), false);
        // Ids are letters and digits, all behind the colon: ascending ids are not ascending written
        // forms (`x:` comes after `x1:`), so the written forms are sorted.
        let mut tables: Vec<&SchemeTable> = book.schemes.values().map(|loaded| &loaded.table).collect();
        tables.sort_by_key(|table| format!("{}:", table.id()));
        for table in tables {
            if asked.scheme.as_deref().is_some_and(|id| id != table.id()) {
                continue;
            }
            for (code, name) in table.codes() {
                if !wanted(table, code, name) {
                    continue;
                }
                let written = format!("{}:{code}", table.id());
                if after.is_some_and(|after| written.as_str() <= after) {
                    continue;
                }
                if items.len() == limit {
                    more = true;
                    break;
                }
                items.push(shown(table, code, name, written));
            }
            if more {
                break;
            }
        }
        let next = items.last().filter(|_| more).map(|last: &SpecialityView| last.code.clone());
        Ok((items, next))
    }

    /// The names of specialities, as far as their schemes have them.
    pub fn speciality_names<'a>(
        &self,
        written: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, String>, Refusal> {
        let book = self.book()?;
        let named = |code: &str| {
            let name = book.name(&Speciality::parse(code).ok()?)?;
            Some((code.to_owned(), name.to_owned()))
        };
        Ok(written.filter_map(named).collect())
    }
}

fn shown(table: &SchemeTable, code: &str, name: &str, written: String) -> SpecialityView {
    let above = code.len().checked_sub(2).and_then(|length| code.get(..length));
    SpecialityView {
        code: written,
        name: name.to_owned(),
        parent: above.map(|above| format!("{}:{above}", table.id())),
        children: table.children(code),
    }
}

/// Schemes are the whole registry's: an account that is narrowed to a region loads none.
fn check_loader(actor: &Actor) -> Result<(), Refusal> {
    actor.check(Action::KeepRegistry)?;
    if actor.covers(None) { Ok(()) } else { Err(Refusal::forbidden()) }
}

fn in_use() -> Refusal {
    Refusal::new(
        Kind::Conflict,
        "scheme_in_use",
        "该标识已用于另一文本；使用中的分类标准和对照表不得修改，新版本须另立标识",
        "this id is another text's; what is in use is never edited: a new edition has a new id",
    )
}

pub(super) fn no_scheme() -> Refusal {
    Refusal::not_found("专业分类标准", "scheme")
}

pub(super) fn no_walk() -> Refusal {
    Refusal::not_found("对照表", "crosswalk")
}

/// All rows, ascending by id.
pub(super) fn all_rows(conn: &mut Conn) -> Result<Vec<store::scheme::Scheme>, StoreError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let rows = store::scheme::list(conn, &Page { after: after.clone(), limit: Page::MAX })?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = Some(last.id.clone());
        all.extend(rows);
    }
}

/// What an entry of a scheme holds.
pub(super) struct Kept {
    pub id: String,
    pub created: i64,
    pub text: String,
}

/// Opens the entry of a scheme or crosswalk.
fn open(archive: &Archive<'_>, conn: &mut Conn, index: i64) -> Result<Kept, Refusal> {
    let entry = store::journal::find(conn, index.unsigned_abs())?
        .ok_or_else(|| Refusal::internal(format!("scheme: no entry {index}")))?;
    read(&archive.opaque(conn, &entry)?).map_err(Refusal::internal)
}

/// Reads the sealed record.
pub(super) fn read(record: &Json) -> Result<Kept, ShapeError> {
    object(record, "", |f: &mut Fields<'_>| {
        f.int("v", 1..=1)?;
        f.str("by")?;
        Ok(Kept {
            id: f.str("id")?.to_owned(),
            created: f.int("created", 0..=i64::MAX)?,
            text: f.str("text")?.to_owned(),
        })
    })
}
