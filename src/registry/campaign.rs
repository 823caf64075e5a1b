//! Special check campaigns (专项核查清理): the life cycles of a campaign and of its items.
//!
//! An item exists only for somebody about whom something was found; the others are counted. A
//! suspension or dismissal is proposed on the item and confirmed by another account. Source: the local
//! scheme that asks for the check of every expert's qualification and speciality with summary and
//! problem tables; no instrument fixes the steps: 项目规则, and 198号 arts 4, 11 for what follows.

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

const REVIEWER: &[Party] = &[Party::Reviewer];
const APPROVER: &[Party] = &[Party::Approver];
const CLOCK: &[Party] = &[Party::Clock];
const RULE: &str = "项目规则";

/// The life cycle of a campaign.
pub const CAMPAIGN: Lifecycle = Lifecycle {
    name: "campaign",
    title_zh: "专项核查清理",
    transitions: &[
        row(
            BEGINNING,
            "plan",
            "running",
            REVIEWER,
            ("依据、核查范围、期限", "a basis, a population, a due day"),
            RULE,
        ),
        row(
            "running",
            "examine",
            "running",
            REVIEWER,
            ("一批", "one chunk"),
            "财库〔2016〕198号第4条、第6条",
        ),
        row("running", "examined", "open", REVIEWER, ("范围已核查完", "the population is examined"), RULE),
        row("running", "cancel", "cancelled", APPROVER, ("理由", "a reason"), RULE),
        row(
            "open",
            "cancel",
            "cancelled",
            APPROVER,
            ("理由；无待确认事项", "a reason; nothing waits for confirmation"),
            RULE,
        ),
        row("open", "urge", "open", CLOCK, ("期限已过", "the due day has passed"), RULE),
        row("open", "close", "closed", APPROVER, ("全部办结", "every item is final"), RULE),
    ],
};

/// The life cycle of an item.
pub const CHECK_ITEM: Lifecycle = Lifecycle {
    name: "check_item",
    title_zh: "核查事项",
    transitions: &[
        row(
            BEGINNING,
            "find",
            "open",
            REVIEWER,
            ("至少一项问题", "at least one finding"),
            "财库〔2016〕198号第6条",
        ),
        row("open", "keep", "kept", REVIEWER, ("理由", "a reason"), RULE),
        row(
            "open",
            "correct",
            "corrected",
            REVIEWER,
            ("更正说明", "what was corrected"),
            "财库〔2016〕198号第10条",
        ),
        row("open", "propose_suspend", "proposed", REVIEWER, ("月数、理由", "months and a reason"), RULE),
        row(
            "open",
            "propose_dismiss",
            "proposed",
            REVIEWER,
            ("理由", "a reason"),
            "财库〔2016〕198号第11条第1项",
        ),
        row(
            "proposed",
            "confirm",
            "done",
            APPROVER,
            ("另一人；专家状态同时变更", "another person; the expert's standing changes with it"),
            "财库〔2016〕198号第11条",
        ),
        row("proposed", "reject", "open", APPROVER, ("另一人；理由", "another person; a reason"), RULE),
    ],
};

/// Whether nothing more happens to an item.
pub fn is_done(state: &str) -> bool {
    CHECK_ITEM.is_final(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_touches_the_standing_passes_a_second_person() {
        let finals: Vec<&str> = CHECK_ITEM.states().into_iter().filter(|s| is_done(s)).collect();
        assert_eq!(finals, ["kept", "corrected", "done"]);
        for row in CHECK_ITEM.transitions.iter().filter(|row| row.to == "done") {
            assert_eq!((row.from, row.by), ("proposed", APPROVER));
        }
    }
}
