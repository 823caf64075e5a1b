//! A unit as somebody wrote it, and its check into a [`Unit`]: every problem at once.

use std::fmt;

use crate::codec::Hash;
use crate::codes::{CreditCode, NationalId, Region};
use crate::time::Date;

use super::check::{Check, Order, all, at};
use super::expert::limits;
use super::problem::Problem;
use super::unit::{
    Edge, ExcludedKind, FormerName, KeyPerson, Position, UNIT_LIST_MAX, Unit, UnitKind, WHOLE,
};

/// A unit as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UnitDraft {
    /// Credit code (统一社会信用代码).
    pub code: String,
    /// Full name, 1–128 characters.
    pub name: String,
    /// Region where it has its seat.
    pub region: String,
    /// Names that it had.
    pub former_names: Vec<DraftFormerName>,
    /// `purchaser`, `agency`, `supplier`, `employer`; several.
    pub kinds: Vec<String>,
    /// `agency` or `supervision`, if a condition keeps its staff out.
    pub excluded_kind: Option<String>,
    /// Credit code of the competent department.
    pub department: Option<String>,
    /// Units above it.
    pub parents: Vec<DraftEdge>,
    /// Units that it controls.
    pub controls: Vec<DraftEdge>,
    /// Legal representative and other key persons.
    pub persons: Vec<DraftPerson>,
    /// Credit code of the record that stays; set by a merge only.
    pub merged_into: Option<String>,
}

/// A former name as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftFormerName {
    /// The name.
    pub name: String,
    /// Its last day.
    pub until: String,
}

/// An edge as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftEdge {
    /// Credit code of the other unit.
    pub unit: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: Option<String>,
    /// Share in ten thousandths.
    pub share: Option<i64>,
}

/// A key person as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftPerson {
    /// Position.
    pub position: String,
    /// Name.
    pub name: String,
    /// Id number; hashed, never kept.
    pub id_number: Option<String>,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: Option<String>,
    /// The hash of the id number from the record that is amended.
    pub kept: Option<Hash>,
}

impl fmt::Debug for UnitDraft {
    /// Shows the code alone: there are persons in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnitDraft({})", self.code)
    }
}

const ENDS_AFTER_BEGINNING: Order = Order { zh: "截止日早于起始日", en: "ends before it begins" };

impl UnitDraft {
    /// Checks every rule. `keyed` makes the keyed hash of a text.
    ///
    /// # Errors
    /// All problems.
    pub fn check(&self, keyed: &dyn Fn(&str) -> Hash) -> Result<Unit, Vec<Problem>> {
        self.check_by(&|person, id| {
            let id_hash = id.map(|id| keyed(&format!("111\n{}", id.as_str()))).or(person.kept);
            (id_hash, keyed(&format!("name\n{}", person.name)))
        })
    }

    pub(super) fn check_by(
        &self,
        hashes: &dyn Fn(&DraftPerson, Option<NationalId>) -> (Option<Hash>, Hash),
    ) -> Result<Unit, Vec<Problem>> {
        let mut check = Check::default();
        let code: Option<CreditCode> = check.code("code", &self.code);
        let name = check.text("name", &self.name, limits::UNIT_NAME);
        let region: Option<Region> = check.code("region", &self.region);
        let former_names = check_former(&mut check, &self.former_names);
        let word = (
            "应为 purchaser、agency、supplier 或 employer",
            "must be purchaser, agency, supplier or employer",
        );
        let mut kinds = Vec::new();
        check.count("kinds", self.kinds.len(), 0, UnitKind::ALL.len());
        for (position, kind) in self.kinds.iter().enumerate().take(UnitKind::ALL.len()) {
            kinds.push(UnitKind::parse(kind));
            if UnitKind::parse(kind).is_none() {
                check.refuse(&at("kinds", position), kind, "kind", word.0, word.1);
            }
        }
        let written: Vec<_> = self.kinds.iter().map(String::as_str).zip(kinds.iter().copied()).collect();
        check.distinct("kinds", "duplicate", &written);
        let excluded_kind = self.excluded_kind.as_deref().map(|word| {
            let kind = ExcludedKind::parse(word);
            if kind.is_none() {
                let (zh, en) = ("应为 agency 或 supervision", "must be agency or supervision");
                check.refuse("excluded_kind", word, "kind", zh, en);
            }
            kind
        });
        let own = code.as_ref();
        let department = check_unit(&mut check, "department", self.department.as_deref(), own);
        let parents = check_edges(&mut check, "parents", &self.parents, own);
        let controls = check_edges(&mut check, "controls", &self.controls, own);
        let persons = check_persons(&mut check, &self.persons, hashes);
        let merged_into = check_unit(&mut check, "merged_into", self.merged_into.as_deref(), own);
        let unit = (|| {
            let mut kinds = all(kinds)?;
            kinds.sort();
            Some(Unit {
                code: code.clone()?,
                name: name?,
                region: region?,
                former_names: former_names?,
                kinds,
                excluded_kind: match excluded_kind {
                    None => None,
                    Some(kind) => Some(kind?),
                },
                department: department?,
                parents: parents?,
                controls: controls?,
                persons: persons?,
                merged_into: merged_into?,
            })
        })();
        check.finish(unit)
    }
}

fn check_former(check: &mut Check, written: &[DraftFormerName]) -> Option<Vec<FormerName>> {
    check.count("former_names", written.len(), 0, UNIT_LIST_MAX);
    let mut read = Vec::new();
    for (position, item) in written.iter().enumerate().take(UNIT_LIST_MAX) {
        let place = at("former_names", position);
        let name = check.text(&format!("{place}.name"), &item.name, limits::UNIT_NAME);
        let until = check.date(&format!("{place}.until"), &item.until);
        read.push((|| Some(FormerName { name: name?, until: until? }))());
    }
    all(read)
}

/// The outer `None`: a problem was noted.
fn check_unit(
    check: &mut Check,
    field: &str,
    written: Option<&str>,
    own: Option<&CreditCode>,
) -> Option<Option<CreditCode>> {
    let Some(written) = written else { return Some(None) };
    let code: Option<CreditCode> = check.code(field, written);
    if code.is_some() && code.as_ref() == own {
        check.refuse(field, written, "itself", "不得为本单位", "must be another unit");
        return None;
    }
    code.map(Some)
}

/// A last day that may be missing; the outer `None`: a problem was noted.
fn check_end(
    check: &mut Check,
    field: &str,
    written: Option<&str>,
    from: Option<Date>,
) -> Option<Option<Date>> {
    let Some(written) = written else { return Some(None) };
    let to = check.date(field, written);
    check.order(field, written, from, to, ENDS_AFTER_BEGINNING);
    to.map(Some)
}

fn check_edges(
    check: &mut Check,
    field: &str,
    written: &[DraftEdge],
    own: Option<&CreditCode>,
) -> Option<Vec<Edge>> {
    check.count(field, written.len(), 0, UNIT_LIST_MAX);
    let mut read = Vec::new();
    for (position, item) in written.iter().enumerate().take(UNIT_LIST_MAX) {
        let place = at(field, position);
        let unit = check_unit(check, &format!("{place}.unit"), Some(&item.unit), own).flatten();
        let from = check.date(&format!("{place}.from"), &item.from);
        let to = check_end(check, &format!("{place}.to"), item.to.as_deref(), from);
        let share = match item.share {
            Some(share) if !(1..=WHOLE).contains(&share) => {
                let (zh, en) = ("应为 1 至 10000（万分之）", "must be 1 to 10000 (ten thousandths)");
                check.refuse(&format!("{place}.share"), &share.to_string(), "range", zh, en);
                None
            }
            share => Some(share.and_then(|share| u32::try_from(share).ok())),
        };
        read.push((|| Some(Edge { unit: unit?, from: from?, to: to?, share: share? }))());
    }
    all(read)
}

fn check_persons(
    check: &mut Check,
    written: &[DraftPerson],
    hashes: &dyn Fn(&DraftPerson, Option<NationalId>) -> (Option<Hash>, Hash),
) -> Option<Vec<KeyPerson>> {
    check.count("persons", written.len(), 0, UNIT_LIST_MAX);
    let mut read = Vec::new();
    for (number, item) in written.iter().enumerate().take(UNIT_LIST_MAX) {
        let place = at("persons", number);
        let position = Position::parse(&item.position);
        if position.is_none() {
            let words: Vec<&str> = Position::ALL.into_iter().map(Position::name).collect();
            let words = words.join(", ");
            let (zh, en) = (format!("应为 {words} 之一"), format!("must be one of {words}"));
            check.refuse(&format!("{place}.position"), &item.position, "position", &zh, &en);
        }
        let name = check.text(&format!("{place}.name"), &item.name, limits::NAME);
        let before = check.found();
        let id: Option<NationalId> =
            item.id_number.as_deref().and_then(|id| check.code(&format!("{place}.id_number"), id));
        let sound = check.found() == before;
        let from = check.date(&format!("{place}.from"), &item.from);
        let to = check_end(check, &format!("{place}.to"), item.to.as_deref(), from);
        let (id_hash, name_hash) = hashes(item, id);
        read.push((|| {
            let (position, name) = (position?, name.filter(|_| sound)?);
            Some(KeyPerson { position, name, from: from?, to: to?, id_hash, name_hash })
        })());
    }
    all(read)
}
