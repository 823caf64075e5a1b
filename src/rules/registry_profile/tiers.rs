//! The section `tiers` (阶梯): the published table from which every expert's tier is computed.
//!
//! The first row whose bounds an expert keeps is the expert's; the last row has none, so everybody has
//! a tier. 阶梯抽取概率 rests on 198号 art 21 by memory only (K92) and the bounds are the deployment's
//! choice (P). A draw gives everybody one lot until a later version applies `lots`.

use crate::codec::{Fields, ShapeError};

use super::read::{self, Number, Rule};

/// The greatest number of lots of a tier (draw-v1).
pub const LOTS_MAX: u32 = 8;

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierRow {
    /// Its name, `[a-z0-9-]{1,64}`.
    pub name: String,
    /// In Chinese.
    pub title: String,
    /// Lots in a draw, 1–8, once draws apply them.
    pub lots: u32,
    /// At most so many points within the window; `None`: any number.
    pub max_points: Option<u32>,
    /// An average score of at least this, if there is any evaluation; `None`: any.
    pub min_score: Option<u32>,
    /// At least so many evaluations within the window.
    pub min_reviews: u32,
}

/// The section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierRules {
    /// How many months back records and evaluations count.
    pub months: Number,
    /// Where the table as a whole comes from.
    pub rule: Rule,
    rows: Vec<TierRow>,
}

impl TierRules {
    /// The rows, best first; never empty.
    pub fn rows(&self) -> &[TierRow] {
        &self.rows
    }

    pub(super) fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        let rows = f.each("rows", |json, path| {
            read::item(json, path, |f| {
                let mut some = |key: &str, max: u32| -> Result<Option<u32>, ShapeError> {
                    if f.optional(key).is_some() { f.u32(key, max).map(Some) } else { Ok(None) }
                };
                let (max_points, min_score) = (some("max_points", 10_000)?, some("min_score", 100)?);
                let min_reviews = some("min_reviews", 1_000)?.unwrap_or(0);
                Ok(TierRow {
                    name: read::name(f, "name")?,
                    title: read::line(f, "title")?,
                    lots: read::between(f, "lots", 1, LOTS_MAX)?,
                    max_points,
                    min_score,
                    min_reviews,
                })
            })
        })?;
        let open =
            |row: &TierRow| row.max_points.is_none() && row.min_score.is_none() && row.min_reviews == 0;
        match rows.split_last() {
            Some((last, above)) if open(last) && !above.iter().any(open) => {}
            _ => return Err(f.wrong("rows", "the last row, and only the last, must have no bounds")),
        }
        for (n, row) in rows.iter().enumerate() {
            if rows.iter().skip(n + 1).any(|other| other.name == row.name || other.lots > row.lots) {
                return Err(f.wrong("rows", "names must differ and lots must not grow downwards"));
            }
        }
        Ok(Self { months: read::number(f, "months", 1, 120)?, rule: read::rule(f)?, rows })
    }
}
