//! Small tools for what a case keeps in its body, and its rows as lists show them.
//!
//! A body is canonical JSON without booleans and null: "none" is an absent field, a yes is `yes`.

use super::Service;
use super::actor::Actor;
use super::cases::{Case, scoped};
use super::changes::Changes;
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use crate::codec::{Json, Object};
use crate::registry::Problem;
use crate::store;
use crate::store::case::{CaseFilter, CaseRow};
use crate::time::Date;

/// The longest free text in a case, in characters.
pub(super) const TEXT_MAX: usize = 2_000;
/// The most entries of a list in a case (statements, evidence, …).
pub(super) const ENTRIES_MAX: usize = 100;

/// What a list shows of a case: nothing that names anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseLine {
    /// Its id.
    pub id: String,
    /// Which life cycle.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// An expert's number.
    pub subject: Option<String>,
    /// The region that scopes it.
    pub region: Option<String>,
    /// The case or package that it is a part of.
    pub parent: Option<String>,
    /// Whose turn it is.
    pub owner: Option<String>,
    /// Unix seconds.
    pub due: Option<i64>,
    /// Grows with every change.
    pub version: i64,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds.
    pub updated: i64,
}

impl From<CaseRow> for CaseLine {
    fn from(row: CaseRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            state: row.state,
            subject: row.subject,
            region: row.region,
            parent: row.parent,
            owner: row.owner,
            due: row.due,
            version: row.version,
            created: row.created,
            updated: row.updated,
        }
    }
}

impl From<&Case> for CaseLine {
    fn from(case: &Case) -> Self {
        Self::from(case.row())
    }
}

/// A case with what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFile {
    /// The row.
    pub line: CaseLine,
    /// The body, or the part of it that this account sees.
    pub body: Json,
}

impl CaseFile {
    /// The whole body.
    pub(super) fn whole(case: &Case) -> Self {
        Self { line: CaseLine::from(case), body: case.body.clone() }
    }

    /// Only these fields of the body.
    pub(super) fn of_fields(case: &Case, keys: &[&str]) -> Self {
        let body =
            keys.iter().fold(Object::new(), |body, key| body.with_some(key, get(&case.body, key).cloned()));
        Self { line: CaseLine::from(case), body: body.into() }
    }
}

/// A field of a body.
pub(super) fn get<'a>(body: &'a Json, key: &str) -> Option<&'a Json> {
    body.as_map()?.get(key)
}

/// A text of a body; the path names objects inside.
pub(super) fn text<'a>(body: &'a Json, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(body, |json, key| get(json, key))?.as_str()
}

/// A number of a body.
pub(super) fn int(body: &Json, path: &[&str]) -> Option<i64> {
    path.iter().try_fold(body, |json, key| get(json, key))?.as_int()
}

/// Puts a field into a body.
pub(super) fn set(body: &mut Json, key: &str, value: impl Into<Json>) {
    if let Json::Map(map) = body {
        map.insert(key.to_owned(), value.into());
    }
}

/// Takes a field out of a body.
pub(super) fn take(body: &mut Json, key: &str) -> Option<Json> {
    if let Json::Map(map) = body { map.remove(key) } else { None }
}

/// Adds to a list of a body, which begins empty.
pub(super) fn push(body: &mut Json, key: &'static str, item: Object) -> Result<(), Refusal> {
    if let Json::Map(map) = body {
        let list = map.entry(key.to_owned()).or_insert_with(|| Json::List(Vec::new()));
        if let Json::List(items) = list {
            if items.len() >= ENTRIES_MAX {
                let (zh, en) =
                    (format!("不得超过 {ENTRIES_MAX} 条"), format!("at most {ENTRIES_MAX} entries"));
                return Err(Refusal::invalid(vec![Problem::new(key, "", "count", &zh, &en)]));
            }
            items.push(item.into());
        }
    }
    Ok(())
}

/// A text of 1 to [`TEXT_MAX`] characters; line breaks are allowed, other control characters not.
pub(super) fn free_text(field: &str, value: &str) -> Result<(), Refusal> {
    let count = value.chars().count();
    let wrong = |rule, zh: &str, en: &str| Err(Refusal::field(field, value, rule, zh, en));
    if value.trim().is_empty() {
        wrong("required", "必填", "required")
    } else if count > TEXT_MAX {
        wrong("length", "不得超过2000个字符", "must have at most 2000 characters")
    } else if value.chars().any(|c| c.is_control() && c != '\n') {
        wrong("characters", "不得含换行以外的控制字符", "must have no control characters but line breaks")
    } else {
        Ok(())
    }
}

/// Last second of a China day: until when something due on that day may happen.
pub(super) fn end_of(day: Date) -> i64 {
    day.plus_days(1).start().0 - 1
}

impl Service {
    /// A page of rows, narrowed to the account's region.
    pub(super) fn case_lines(
        &self,
        actor: &Actor,
        filter: CaseFilter,
        paging: &Paging,
    ) -> Result<Listed<CaseLine>, Refusal> {
        let filter = scoped(actor, filter);
        let page = self.store.read(|conn| {
            paging.read(|page| store::case::list(conn, &filter, page), |row| &row.id, CaseLine::from)
        })?;
        Ok(page)
    }

    /// Writes what a date brings; `false` if somebody changed one of the cases meanwhile: the next run
    /// reads them anew.
    pub(super) fn write_or_later(&self, name: &'static str, changes: Changes) -> Result<bool, Refusal> {
        match self.write_changes(name, changes) {
            Ok(()) => Ok(true),
            Err(refusal) if refusal.kind == Kind::Stale => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    /// The row of a case that an earlier request under the same key made or changed.
    pub(super) fn case_line(&self, id: &str) -> Result<CaseLine, Refusal> {
        let found = self.store.read(|conn| store::case::find(conn, id))?;
        found.map(CaseLine::from).ok_or_else(super::cases::no_case)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_a_body_grows_to_its_limit_and_no_further() {
        let mut body = Json::from(Object::new());
        for _ in 0..ENTRIES_MAX {
            push(&mut body, "views", Object::new().with("text", "甲")).unwrap();
        }
        assert_eq!(push(&mut body, "views", Object::new()).unwrap_err().problems[0].rule, "count");
        assert_eq!(get(&body, "views").unwrap().as_list().unwrap().len(), ENTRIES_MAX);
    }

    #[test]
    fn a_free_text_may_have_lines_and_nothing_else_that_controls() {
        assert!(free_text("text", "一\n二").is_ok());
        for (bad, rule) in [(" \n", "required"), ("a\tb", "characters"), (&"长".repeat(2_001), "length")] {
            assert_eq!(free_text("text", bad).unwrap_err().problems[0].rule, rule);
        }
    }

    #[test]
    fn a_day_lasts_until_its_last_second_in_china() {
        let day = Date::parse("2026-11-24").unwrap();
        assert_eq!(end_of(day) + 1, Date::parse("2026-11-25").unwrap().start().0);
    }
}
