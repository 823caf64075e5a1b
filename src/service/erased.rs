//! What was erased, read back from the journal with the keys: which entries an erasure closed, the
//! tombstone of an expert, what a draw keeps of a member. Needs no running service.
//!
//! *Invariant:* an erasure is believed only from its signed and sealed record; a row of a table only says
//! where to look. Whoever has the database and not the keys cannot make a fault look lawful.
//!
//! *Deliberately not here:* how somebody is erased (`erasure`).

use std::collections::BTreeMap;

use super::archive::{Archive, SeatedCard};
use super::cases::{Case, RECORDED, all_rows};
use super::erasure::view;
use super::refusal::Refusal;
use crate::codec::object;
use crate::registry::privacy::{ERASURE, KEPT_OPENING, Tombstone};
use crate::store::case::CaseFilter;
use crate::store::expert::ExpertRow;
use crate::store::{self, Conn};

/// The standing of a tombstone's row.
pub const ERASED: &str = "erased";
/// The journal kind of a tombstone.
pub(super) const TOMBSTONE: &str = "expert.erased";

/// What was erased, by subject: the entry of the record that says so. Entries about a subject before
/// it open no more; those after it do.
#[derive(Clone, Debug, Default)]
pub struct Erased(BTreeMap<String, u64>);

impl Erased {
    /// Whether an entry is one that an erasure closed.
    pub fn covers(&self, subject: &str, entry: u64) -> bool {
        self.0.get(subject).is_some_and(|erased| entry < *erased)
    }

    /// The subjects that were erased.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl Archive<'_> {
    /// Every erasure that was carried out, each read from its signed and sealed record. A row of the
    /// table only says where to look.
    pub(super) fn erased(&self, conn: &mut Conn) -> Result<Erased, Refusal> {
        let filter = CaseFilter {
            kinds: vec![ERASURE.name.into()],
            states: vec!["done".into()],
            ..CaseFilter::default()
        };
        let mut erased = Erased::default();
        for row in all_rows(conn, &filter)? {
            let Some(entry) = store::journal::find(conn, row.entry.unsigned_abs())? else { continue };
            if !entry.kind.starts_with("case.erasure.") || !says(&entry, RECORDED) {
                continue;
            }
            let Ok(record) = self.opaque(conn, &entry) else { continue };
            let Ok(case) = Case::read(&record, &entry.subject) else { continue };
            if (case.kind.as_str(), case.state.as_str()) != (ERASURE.name, "done") {
                continue;
            }
            for subject in view(&case).map_err(Refusal::internal)?.subjects {
                erased.0.insert(subject, entry.index());
            }
        }
        Ok(erased)
    }

    /// What a draw keeps of a member who was erased.
    pub(super) fn kept_opening(
        &self,
        conn: &mut Conn,
        draw: &str,
        number: &str,
    ) -> Result<Option<SeatedCard>, Refusal> {
        let filter = CaseFilter {
            kinds: vec![KEPT_OPENING.name.into()],
            subject: Some(draw.to_owned()),
            ..CaseFilter::default()
        };
        for row in all_rows(conn, &filter)? {
            let Some(entry) = store::journal::find(conn, row.entry.unsigned_abs())? else { continue };
            let case = Case::read(&self.opaque(conn, &entry)?, &entry.subject).map_err(Refusal::internal)?;
            let card = object(&case.body, "body", |f| {
                Ok(SeatedCard {
                    number: f.str("number")?.to_owned(),
                    name: f.str("name")?.to_owned(),
                    phone: None,
                    card_salt: f.hash("card_salt")?,
                    rest: f.hash("rest")?,
                })
            });
            let card = card.map_err(Refusal::internal)?;
            if card.number == number {
                return Ok(Some(card));
            }
        }
        Ok(None)
    }

    /// The tombstone that an entry holds, if it is one.
    pub(super) fn tombstone(
        &self,
        conn: &mut Conn,
        entry: &store::journal::Entry,
    ) -> Result<Option<Tombstone>, Refusal> {
        if entry.kind != TOMBSTONE {
            return Ok(None);
        }
        let (_, image) = self.image(conn, entry)?;
        image.open().map(Some).map_err(Refusal::internal)
    }
}

fn says(entry: &store::journal::Entry, kind: &str) -> bool {
    crate::log::Statement::parse(&entry.statement).is_ok_and(|statement| statement.kind() == kind)
}

/// The row of a tombstone: the number, and what keeps somebody barred from coming back.
pub(super) fn row(tombstone: &Tombstone, version: i64) -> store::expert::Expert {
    store::expert::Expert {
        row: ExpertRow {
            number: tombstone.number.as_str().to_owned(),
            id_hash: tombstone.id_hash.as_bytes().to_vec(),
            standing: ERASED.to_owned(),
            region: String::new(),
            unit: None,
            term_to: String::new(),
            version,
            entry: 0,
            title_level: String::new(),
            term_from: String::new(),
            confirmed: None,
        },
        specialities: Vec::new(),
        regions: Vec::new(),
    }
}
