//! Speciality schemes (专业分类标准): loaded, listed, browsed; which specialities exist.
//!
//! A scheme or crosswalk that a bureau loads is one entry: statement `scheme.recorded` {image}, the
//! sealed record {v, id, by, created, text} (`sealing::OpaqueRecord`), subject `scheme:` and the id. It is
//! never changed: the same id with another text is refused, a newer edition is another id that says
//! `supersedes`, and a crosswalk leads from the one to the other.
//!
//! *Deliberately not here:* the schemes in memory and which specialities exist (`scheme_book`); what
//! becomes of claims (`claims`).

use std::collections::BTreeMap;

use super::Service;
use super::actor::{Action, Actor};
use super::changes::Changes;
use super::idempotency::IdempotencyKey;
use super::refusal::{Kind, Refusal};
use super::scheme_book::open;
use crate::codec::{Hash, Object, sha256};
use crate::codes::{CodeError, Speciality};
use crate::registry::{Crosswalk, Head, SchemeTable};
use crate::store::{self, Append};

/// Statement type of a scheme and of a crosswalk.
pub(super) const SCHEME: &str = "scheme.recorded";
/// What the subject of an entry begins with.
pub(super) const SUBJECT: &str = "scheme:";

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

impl Service {
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
