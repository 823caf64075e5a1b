//! The life cycle of a registry profile (专家库规则档案) in a deployment: which rules were in force from
//! when to when stands in the journal, so that a decision can be judged by the rules of its day.
//!
//! *Invariant:* at most one profile is in force; loading another one retires it in the same write.
//!
//! *Deliberately not here:* what a profile says (`rules::registry_profile`).

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

/// State of the profile by which the registry decides.
pub const IN_FORCE: &str = "in_force";
/// State of one that was.
pub const RETIRED: &str = "retired";

const SOURCE: &str = "财库〔2016〕198号附则（省级可制定具体规定）；项目规则";

/// A registry profile in this deployment.
pub const REGISTRY_PROFILE: Lifecycle = Lifecycle {
    name: "registry_profile",
    title_zh: "专家库规则档案",
    transitions: &[
        Transition {
            from: BEGINNING,
            event: "load",
            to: IN_FORCE,
            by: &[Party::Administrator],
            needs: "同名档案的文本从未不同",
            needs_en: "no other text was ever loaded under the name",
            source: SOURCE,
        },
        Transition {
            from: IN_FORCE,
            event: "retire",
            to: RETIRED,
            by: &[Party::Administrator],
            needs: "同时启用另一档案",
            needs_en: "another profile is loaded in the same write",
            source: SOURCE,
        },
        Transition {
            from: RETIRED,
            event: "load",
            to: IN_FORCE,
            by: &[Party::Administrator],
            needs: "文本与此前相同",
            needs_en: "the text is the same as before",
            source: SOURCE,
        },
    ],
};
