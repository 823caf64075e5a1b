//! Non-punitive records (履职记录): late, absent, cancelled late, poor evaluation. A stream of their own
//! with points of the profile; they are never bad conduct of article 29 by themselves.
//!
//! A correction is proposed by one account and confirmed by another; what was recorded stays in the
//! journal. Source of the separation: 项目规则; the records themselves: 198号 art 21.

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

/// What is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemarkKind {
    /// 迟到.
    Late,
    /// 已确认而缺席.
    Absent,
    /// 临近评审取消.
    LateCancel,
    /// 履职评价得分低.
    PoorEvaluation,
}

impl RemarkKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Late, Self::Absent, Self::LateCancel, Self::PoorEvaluation];

    /// The word in the API, in case bodies and in the table of points.
    pub fn name(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Absent => "absent",
            Self::LateCancel => "late_cancel",
            Self::PoorEvaluation => "poor_evaluation",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }

    /// In Chinese.
    pub fn title_zh(self) -> &'static str {
        match self {
            Self::Late => "迟到",
            Self::Absent => "已确认而缺席",
            Self::LateCancel => "临近评审取消",
            Self::PoorEvaluation => "履职评价得分低",
        }
    }
}

const DESK: &[Party] = &[Party::Registrar, Party::Reviewer];

/// The life cycle of a non-punitive record.
pub const REMARK: Lifecycle = Lifecycle {
    name: "remark",
    title_zh: "履职记录（非处罚）",
    transitions: &[
        Transition {
            from: BEGINNING,
            event: "record",
            to: "recorded",
            by: &[Party::Registrar, Party::Reviewer, Party::Clock],
            needs: "发生日；低分评价由系统记",
            needs_en: "the day; a poor evaluation is recorded by the service",
            source: "财库〔2016〕198号第21条",
        },
        Transition {
            from: "recorded",
            event: "state",
            to: "recorded",
            by: &[Party::Expert],
            needs: "本人；全部保留",
            needs_en: "the expert; all kept",
            source: "财库〔2016〕198号第21条",
        },
        Transition {
            from: "recorded",
            event: "propose_correction",
            to: "correcting",
            by: DESK,
            needs: "理由",
            needs_en: "a reason",
            source: "项目规则",
        },
        Transition {
            from: "correcting",
            event: "confirm_correction",
            to: "corrected",
            by: &[Party::Approver],
            needs: "另一人；不再计分",
            needs_en: "another person; no longer counted",
            source: "项目规则",
        },
        Transition {
            from: "correcting",
            event: "reject_correction",
            to: "recorded",
            by: &[Party::Approver],
            needs: "另一人",
            needs_en: "another person",
            source: "项目规则",
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::super::conduct::ConductCode;
    use super::*;

    #[test]
    fn no_remark_is_a_code_of_article_29() {
        for kind in RemarkKind::ALL {
            assert_eq!(RemarkKind::parse(kind.name()), Some(kind));
            assert_eq!(ConductCode::parse(kind.name()), None);
        }
    }

    #[test]
    fn a_record_counts_until_a_second_person_confirms_its_correction() {
        let to = |event| REMARK.transitions.iter().find(|row| row.event == event).unwrap();
        assert_eq!(to("confirm_correction").by, [Party::Approver]);
        assert!(!to("propose_correction").by.contains(&Party::Approver));
        assert!(REMARK.is_final("corrected"));
    }
}
