//! Migration of speciality claims along a crosswalk (专业对照迁移): proposed by one person, confirmed by
//! another, carried out in parts.
//!
//! *Deliberately not here:* which claims move (`scheme::Crosswalk`: those that lead to exactly one code).

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

const SOURCE: &str = "财库〔2016〕198号 art 4（专业分类标准）；项目规则";

/// A migration.
pub const CLAIM_MIGRATION: Lifecycle = Lifecycle {
    name: "claim_migration",
    title_zh: "专业对照迁移",
    transitions: &[
        Transition {
            from: BEGINNING,
            event: "propose",
            to: "proposed",
            by: &[Party::Registrar, Party::Reviewer],
            needs: "对照表已加载；没有未办结的同一迁移",
            needs_en: "the crosswalk is loaded; no other migration along it is open",
            source: SOURCE,
        },
        Transition {
            from: "proposed",
            event: "confirm",
            to: "running",
            by: &[Party::Approver],
            needs: "提出者以外的另一人",
            needs_en: "another person than the proposer",
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
        Transition {
            from: "running",
            event: "proceed",
            to: "running",
            by: &[Party::Approver],
            needs: "一批专家的唯一对应申报改为新代码，同一次写入",
            needs_en: "claims of a batch of experts that lead to exactly one code are moved in the same write",
            source: SOURCE,
        },
        Transition {
            from: "running",
            event: "finish",
            to: "done",
            by: &[Party::Approver],
            needs: "再无可迁移的唯一对应申报；不能迁移的逐人列明",
            needs_en: "no claim is left that leads to exactly one code and can move; the others are named",
            source: SOURCE,
        },
    ],
};
