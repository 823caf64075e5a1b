//! The section `conduct_points`: how much each record counts, and a province's own items of conduct.
//!
//! Every non-punitive record (`registry::remark`) and every one of the seven codes (`registry::conduct`)
//! has exactly one entry; further entries are the province's own items, which lead to a warning or a
//! suspension and never stand for one of the seven codes.

use crate::codec::{Fields, ShapeError};
use crate::registry::conduct::ConductCode;
use crate::registry::remark::RemarkKind;

use super::read::{self, Rule};

/// What one record counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointsItem {
    /// A kind of remark, a code, or the province's own word, `[a-z0-9_]{1,32}`.
    pub name: String,
    /// In Chinese.
    pub title: String,
    /// In English.
    pub title_en: String,
    /// Points, 0–100; more is worse.
    pub points: u32,
    /// Its source.
    pub rule: Rule,
}

/// The section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConductPoints {
    items: Vec<PointsItem>,
}

impl ConductPoints {
    /// All entries, in the order of the file.
    pub fn items(&self) -> &[PointsItem] {
        &self.items
    }

    /// An entry.
    pub fn item(&self, name: &str) -> Option<&PointsItem> {
        self.items.iter().find(|item| item.name == name)
    }

    /// A province's own item of conduct.
    pub fn provincial(&self, name: &str) -> Option<&PointsItem> {
        self.item(name).filter(|item| !is_named(&item.name))
    }

    pub(super) fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        let items = f.each("items", |json, path| {
            read::item(json, path, |f| {
                let name = read::line(f, "name")?;
                let sound = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
                if !sound || name.len() > 32 {
                    return Err(f.wrong("name", "must be [a-z0-9_]{1,32}"));
                }
                Ok(PointsItem {
                    name,
                    title: read::line(f, "title")?,
                    title_en: read::line(f, "title_en")?,
                    points: f.u32("points", 100)?,
                    rule: read::rule(f)?,
                })
            })
        })?;
        let count = |name: &str| items.iter().filter(|item| item.name == name).count();
        if let Some(twice) = items.iter().find(|item| count(&item.name) > 1) {
            return Err(f.wrong("items", format!("{} stands twice", twice.name)));
        }
        let kinds = RemarkKind::ALL.into_iter().map(RemarkKind::name);
        match kinds.chain(ConductCode::ALL.into_iter().map(ConductCode::name)).find(|name| count(name) == 0) {
            Some(missing) => Err(f.wrong("items", format!("{missing} is missing"))),
            None => Ok(Self { items }),
        }
    }
}

fn is_named(name: &str) -> bool {
    RemarkKind::parse(name).is_some() || ConductCode::parse(name).is_some()
}
