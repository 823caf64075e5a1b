//! The life cycle of a saved list (常用名单): a filter under a name, kept by one account for itself.
//!
//! *Invariant:* a filter is kept, never its results, and never a person's name: a list shows what the registry
//! says when it is opened, to whoever may see it then.

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

/// State of a list that can be opened.
pub const KEPT: &str = "kept";
/// State of one that was given up.
pub const DROPPED: &str = "dropped";

/// Who keeps lists: whoever reads the registry. An auditor, who is no party to any process, does so as a
/// supervisor does.
pub const OWNERS: &[Party] = &[Party::Registrar, Party::Reviewer, Party::Approver, Party::Supervisor];

/// A saved list.
pub const SAVED_LIST: Lifecycle = Lifecycle {
    name: "saved_list",
    title_zh: "常用名单",
    transitions: &[
        Transition {
            from: BEGINNING,
            event: "save",
            to: KEPT,
            by: OWNERS,
            needs: "只存筛选条件，不含姓名",
            needs_en: "a filter only, without a name",
            source: "项目规则",
        },
        Transition {
            from: KEPT,
            event: "drop",
            to: DROPPED,
            by: OWNERS,
            needs: "本人的名单",
            needs_en: "one's own list",
            source: "项目规则",
        },
    ],
};
