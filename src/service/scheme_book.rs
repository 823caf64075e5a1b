//! The book of schemes: every speciality scheme and crosswalk that the journal holds, and the two of the
//! product, in memory. It follows the journal, whichever process wrote.
//!
//! The core checks the form of a speciality, the book whether it exists: everything that lets a
//! speciality in asks it ([`Service::known`]).
//!
//! *Deliberately not here:* loading (`schemes`).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Service;
use super::archive::Archive;
use super::refusal::Refusal;
use super::schemes::SchemeView;
use crate::codec::{Fields, Hash, Json, ShapeError, object, sha256};
use crate::codes::{CodeError, Speciality};
use crate::registry::{Crosswalk, Draft, Problem, SchemeTable};
use crate::store::{self, Conn, Page, StoreError};

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
    pub(super) schemes: BTreeMap<String, Arc<Loaded>>,
    walks: BTreeMap<(String, String), Arc<Walk>>,
}

/// The book, and the size of the journal that it has followed.
pub(super) struct Shelf(RwLock<(u64, Arc<Book>)>);

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

    pub(super) fn view(&self, loaded: &Loaded) -> SchemeView {
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

    /// Refuses a draft with specialities that no scheme has.
    pub(super) fn known_specialities(&self, draft: &Draft) -> Result<(), Refusal> {
        let problems = self.book()?.of_draft(draft);
        if problems.is_empty() { Ok(()) } else { Err(Refusal::invalid(problems)) }
    }

    /// What `Draft::check` said, with the specialities added that no scheme has. Every use-case that lets
    /// a draft in asks this: `Draft::check` knows their form only.
    pub(super) fn known<T>(&self, draft: &Draft, checked: Result<T, Vec<Problem>>) -> Result<T, Refusal> {
        let unknown = self.book()?.of_draft(draft);
        match checked {
            Ok(value) if unknown.is_empty() => Ok(value),
            Ok(_) => Err(Refusal::invalid(unknown)),
            Err(problems) => Err(Refusal::invalid(problems.into_iter().chain(unknown).collect())),
        }
    }
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
pub(super) fn open(archive: &Archive<'_>, conn: &mut Conn, index: i64) -> Result<Kept, Refusal> {
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
