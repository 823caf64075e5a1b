//! Merging two records of one unit (单位合并): proposed by one person, confirmed by another.
//!
//! *Deliberately not here:* what a merge does to the records (`unit::Unit::merged`) and for draws
//! (`rules::same_units`).

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

const SOURCE: &str = "项目规则";

/// A merge.
pub const UNIT_MERGE: Lifecycle = Lifecycle {
    name: "unit_merge",
    title_zh: "单位合并",
    transitions: &[
        Transition {
            from: BEGINNING,
            event: "propose",
            to: "proposed",
            by: &[Party::Registrar, Party::Reviewer],
            needs: "两个单位均在库、均未合并；说明理由",
            needs_en: "both units are recorded and neither is merged; a reason",
            source: SOURCE,
        },
        Transition {
            from: "proposed",
            event: "confirm",
            to: "merged",
            by: &[Party::Approver],
            needs: "提出者以外的另一人；两个单位仍未合并",
            needs_en: "another person than the proposer; neither unit was merged meanwhile",
            source: SOURCE,
        },
        Transition {
            from: "proposed",
            event: "reject",
            to: "rejected",
            by: &[Party::Approver],
            needs: "提出者以外的另一人；说明理由",
            needs_en: "another person than the proposer; a reason",
            source: SOURCE,
        },
        Transition {
            from: "proposed",
            event: "withdraw",
            to: "withdrawn",
            by: &[Party::Registrar, Party::Reviewer],
            needs: "提出者本人",
            needs_en: "the proposer",
            source: SOURCE,
        },
    ],
};
