//! The life cycle of a conduct case (问题线索销号), and of the note of who reported.
//!
//! Sources: 财库〔2016〕198号 arts 21, 28, 29, 政府采购法实施条例 arts 63, 75; the steps from assignment to
//! clearing follow the local scheme for clues (限期办理、督办、销号), of which no instrument fixes the
//! details: those rows say `项目规则`.
//!
//! *Invariants:* the office in charge clears, never the handler; nothing is cleared before it is decided,
//! unfounded or handed over; the expert speaks from the hearing on, and before it sees nothing.

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

const fn row(
    from: &'static str,
    event: &'static str,
    to: &'static str,
    by: &'static [Party],
    needs: (&'static str, &'static str),
    source: &'static str,
) -> Transition {
    Transition { from, event, to, by, needs: needs.0, needs_en: needs.1, source }
}

const DESK: &[Party] = &[Party::Registrar, Party::Reviewer];
const HANDLER: &[Party] = &[Party::Reviewer];
const OFFICE: &[Party] = &[Party::Approver];
const EXPERT: &[Party] = &[Party::Expert];
const CLOCK: &[Party] = &[Party::Clock];
const NOTHING: (&str, &str) = ("", "");
const IS_HANDLER: (&str, &str) = ("承办人本人", "the handler's own account");
const VIEW: (&str, &str) =
    ("本人；决定之前随时可以，全部保留", "the expert; any time before the decision, all kept");
const LATE: (&str, &str) = ("办理期限已过", "the time limit has passed");
const RULE: &str = "项目规则";
const A28: &str = "财库〔2016〕198号第28条";
const A29: &str = "财库〔2016〕198号第29条";
const A75: &str = "政府采购法实施条例第75条；财库〔2016〕198号第11条、第27条";

/// The life cycle of a conduct case.
pub const CONDUCT: Lifecycle = Lifecycle {
    name: "conduct",
    title_zh: "问题线索与不良行为",
    transitions: &[
        row(
            BEGINNING,
            "report",
            "reported",
            &[Party::Registrar, Party::Reviewer, Party::Agency, Party::Purchaser, Party::Supervisor],
            (
                "线索来源、保密级别；代理机构、采购人限本单位项目",
                "source and secrecy; agency and purchaser for their own packages",
            ),
            A28,
        ),
        row(
            "reported",
            "register",
            "registered",
            DESK,
            ("编号；已查重", "a number; checked for duplicates"),
            RULE,
        ),
        row(
            "reported",
            "join",
            "duplicate",
            DESK,
            ("同一专家的另一件", "another case about the same expert"),
            RULE,
        ),
        row(
            "registered",
            "assign",
            "assigned",
            OFFICE,
            ("承办人、办理期限", "a handler and a time limit"),
            RULE,
        ),
        row(
            "assigned",
            "begin",
            "verifying",
            HANDLER,
            ("承办人本人；告知专家的事项", "the handler; what the expert is told"),
            RULE,
        ),
        row("verifying", "evidence", "verifying", HANDLER, IS_HANDLER, RULE),
        row(
            "verifying",
            "ask_extension",
            "extension",
            HANDLER,
            ("承办人本人；理由、新期限", "the handler; reason and new limit"),
            RULE,
        ),
        row("extension", "grant_extension", "verifying", OFFICE, ("另一人", "another person"), RULE),
        row(
            "extension",
            "refuse_extension",
            "verifying",
            OFFICE,
            ("另一人；理由", "another person; a reason"),
            RULE,
        ),
        row(
            "verifying",
            "unfounded",
            "unfounded",
            HANDLER,
            ("承办人本人；理由", "the handler; reasons"),
            RULE,
        ),
        row(
            "verifying",
            "establish",
            "established",
            HANDLER,
            (
                "承办人本人；七种情形之一或省级条目",
                "the handler; one of the seven codes or a provincial item",
            ),
            A29,
        ),
        row("verifying", "state", "verifying", EXPERT, VIEW, "财库〔2016〕198号第21条"),
        row("extension", "state", "extension", EXPERT, VIEW, "财库〔2016〕198号第21条"),
        row("established", "state", "established", EXPERT, VIEW, "财库〔2016〕198号第21条"),
        row("proposed", "state", "proposed", EXPERT, VIEW, "财库〔2016〕198号第21条"),
        row(
            "established",
            "propose",
            "proposed",
            HANDLER,
            ("承办人本人；依据、金额在幅度内", "the handler; a basis, an amount in range"),
            A75,
        ),
        row("proposed", "reject", "established", OFFICE, ("另一人；理由", "another person; a reason"), RULE),
        row(
            "proposed",
            "confirm",
            "decided",
            OFFICE,
            ("另一人；专家状态同时变更", "another person; the expert's standing changes with it"),
            A75,
        ),
        row(
            "established",
            "transfer",
            "transferred",
            OFFICE,
            ("接收机关、回执", "the organ and its receipt"),
            RULE,
        ),
        row(
            "decided",
            "publish",
            "published",
            OFFICE,
            ("公示起止日、平台", "first and last day, the platform"),
            "政府采购法实施条例第63条",
        ),
        row(
            "upheld",
            "publish",
            "published",
            OFFICE,
            ("尚未公示的", "not published before"),
            "政府采购法实施条例第63条",
        ),
        row(
            "decided",
            "appeal",
            "appealed",
            EXPERT,
            ("本人；理由；一次", "the expert; reasons; once"),
            "项目规则（行政复议、诉讼另行，K95）",
        ),
        row(
            "published",
            "appeal",
            "appealed",
            EXPERT,
            ("本人；理由；一次", "the expert; reasons; once"),
            "项目规则（行政复议、诉讼另行，K95）",
        ),
        row(
            "appealed",
            "uphold",
            "upheld",
            OFFICE,
            ("决定人、提出人以外；理由", "neither proposer nor confirmer; reasons"),
            RULE,
        ),
        row(
            "appealed",
            "reverse",
            "reversed",
            OFFICE,
            (
                "决定人、提出人以外；理由；撤销状态变更",
                "neither proposer nor confirmer; reasons; the effect is lifted",
            ),
            RULE,
        ),
        row(
            "unfounded",
            "clear",
            "cleared",
            OFFICE,
            ("承办人以外；销号清单", "not the handler; the checklist"),
            RULE,
        ),
        row(
            "published",
            "clear",
            "cleared",
            OFFICE,
            ("承办人以外；销号清单", "not the handler; the checklist"),
            RULE,
        ),
        row(
            "upheld",
            "clear",
            "cleared",
            OFFICE,
            ("承办人以外；已公示；销号清单", "not the handler; published; the checklist"),
            RULE,
        ),
        row(
            "reversed",
            "clear",
            "cleared",
            OFFICE,
            ("承办人以外；销号清单", "not the handler; the checklist"),
            RULE,
        ),
        row(
            "transferred",
            "clear",
            "cleared",
            OFFICE,
            ("承办人以外；销号清单", "not the handler; the checklist"),
            RULE,
        ),
        row("assigned", "urge", "assigned", CLOCK, LATE, RULE),
        row("verifying", "urge", "verifying", CLOCK, LATE, RULE),
        row("extension", "urge", "extension", CLOCK, LATE, RULE),
        row("established", "urge", "established", CLOCK, LATE, RULE),
        row("proposed", "urge", "proposed", CLOCK, LATE, RULE),
    ],
};

/// States in which the expert sees the case: from the hearing on. Before, an unverified clue would
/// be tipped off (项目规则).
pub fn seen_by_expert(state: &str) -> bool {
    !matches!(state, "reported" | "registered" | "duplicate" | "assigned")
}

/// Who reported a clue: kept apart from the case, so that nothing that shows the case shows it.
pub const CLUE_REPORTER: Lifecycle = Lifecycle {
    name: "clue_reporter",
    title_zh: "线索举报人",
    transitions: &[row(
        BEGINNING,
        "record",
        "recorded",
        &[Party::Registrar, Party::Reviewer, Party::Agency, Party::Purchaser, Party::Supervisor],
        NOTHING,
        RULE,
    )],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_cleared_before_it_is_decided_and_no_handler_clears() {
        for row in CONDUCT.transitions.iter().filter(|row| row.to == "cleared") {
            assert_eq!(row.by, [Party::Approver]);
            assert!(["unfounded", "published", "upheld", "reversed", "transferred"].contains(&row.from));
        }
        assert!(CONDUCT.is_final("cleared") && CONDUCT.is_final("duplicate"));
        let open: Vec<&str> = CONDUCT.states().into_iter().filter(|s| CONDUCT.is_final(s)).collect();
        assert_eq!(open, ["duplicate", "cleared"]);
    }

    #[test]
    fn the_expert_sees_nothing_before_the_hearing_and_speaks_until_the_decision() {
        for row in CONDUCT.transitions {
            if row.by.contains(&Party::Expert) {
                assert!(seen_by_expert(row.from), "{}", row.from);
            }
        }
        let may_state: Vec<&str> =
            CONDUCT.transitions.iter().filter(|row| row.event == "state").map(|row| row.from).collect();
        assert_eq!(may_state, ["verifying", "extension", "established", "proposed"]);
    }
}
