//! Performance (履职评价): the life cycle of one side's evaluation after a review.
//!
//! Purchaser or agency records the expert's performance (198号 art 21, five working days: C2), the
//! expert the purchaser's or agency's (art 22, K92). Each side is a task of its own; both about one
//! expert and one package are a pair. Back-to-back (项目规则): nobody reads the other side's answers
//! before both are final, and nobody can answer after having read.
//!
//! *Deliberately not here:* questions and scores (profile), days (`time::workdays`).

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

/// Whose evaluation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The agency or purchaser, about the expert.
    Unit,
    /// The expert, about the agency or purchaser.
    Expert,
}

impl Side {
    /// The word in case bodies and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Expert => "expert",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Unit, Self::Expert].into_iter().find(|side| side.name() == word)
    }
}

const SIDES: &[Party] = &[Party::Agency, Party::Purchaser, Party::Expert];
const OPENERS: &[Party] = &[Party::Agency, Party::Purchaser, Party::Clock];
const ART: &str = "财库〔2016〕198号第21条（C2）、第22条（K92）";

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

/// The life cycle of one side's evaluation.
pub const EVALUATION: Lifecycle = Lifecycle {
    name: "evaluation",
    title_zh: "履职评价",
    transitions: &[
        row(
            BEGINNING,
            "open",
            "open",
            OPENERS,
            (
                "抽取结果已公开；评审日后五个工作日内",
                "the draw is unsealed; due five working days after the review",
            ),
            ART,
        ),
        row("open", "answer", "answered", SIDES, ("本方；问卷完整", "this side; every question"), ART),
        row("urged", "answer", "answered", SIDES, ("本方；记为逾期", "this side; marked late"), ART),
        row("open", "urge", "urged", &[Party::Clock], ("期限已过", "the time has passed"), "项目规则"),
        row(
            "urged",
            "lapse",
            "lapsed",
            &[Party::Clock],
            ("宽限期已过", "the grace period has passed"),
            "项目规则",
        ),
        row(
            "answered",
            "state",
            "answered",
            &[Party::Expert],
            ("本人，对本人的评价；双方均已结束", "the expert, about the own record; both sides final"),
            "财库〔2016〕198号第21条（C2）",
        ),
    ],
};

/// Whether a side can no longer change what it says.
pub fn is_in(state: &str) -> bool {
    matches!(state, "answered" | "lapsed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_answers_once_a_side_is_final() {
        for row in EVALUATION.transitions.iter().filter(|row| row.event == "answer") {
            assert!(!is_in(row.from));
        }
        assert!(EVALUATION.is_final("lapsed"));
        assert!(is_in("answered") && is_in("lapsed") && !is_in("open") && !is_in("urged"));
    }
}
