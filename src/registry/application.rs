//! The life cycle of an application (入库申请): from the draft to an expert with a number
//! (财库〔2016〕198号 arts 5–9).
//!
//! First review lies with the city or county, final review with the province (逐级审核); each gives
//! three decisions: on the material, on each speciality, on the credit record. Whoever entered an
//! application, reviewed it first, and approves it are three accounts.
//!
//! *Deliberately not here:* which material and which conditions (`rules::registry_profile`,
//! `rules::conditions`); the expert's own life cycle after entry (`standing`).

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

/// Being written.
pub const DRAFT: &str = "draft";
/// Handed in, not yet taken up.
pub const SUBMITTED: &str = "submitted";
/// Taken up by a reviewer of its region.
pub const FIRST_REVIEW: &str = "first_review";
/// Before an approver.
pub const FINAL_REVIEW: &str = "final_review";
/// Approved but for the test.
pub const IN_TEST: &str = "in_test";
/// Entered: the person is an expert.
pub const ACTIVE: &str = "active";
/// Rejected, with reasons.
pub const REJECTED: &str = "rejected";
/// Withdrawn by who applied.
pub const WITHDRAWN: &str = "withdrawn";

/// States in which an application is before the bureau.
pub const PENDING: [&str; 4] = [SUBMITTED, FIRST_REVIEW, FINAL_REVIEW, IN_TEST];

const WHO_APPLIES: &[Party] = &[Party::Applicant, Party::Registrar];
const REVIEWER: &[Party] = &[Party::Reviewer];
const APPROVER: &[Party] = &[Party::Approver];
const CLOCK: &[Party] = &[Party::Clock];
const CHANNELS: &str = "财库〔2016〕198号第5条、第7条";
const REVIEW: &str = "财库〔2016〕198号第9条；逐级审核（题库）";
const POLICY: &str = "项目规则";

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

const NOTHING: (&str, &str) = ("", "");
const OVERDUE: (&str, &str) = ("已过期限", "overdue");
const RETURN: (&str, &str) = ("写明理由", "reasons");
const REJECT: (&str, &str) =
    ("写明理由；再次申请的间隔依规则档案", "reasons; when to apply again is the profile's");
const ENTER: (&str, &str) = (
    "另一人；材料、信用通过，至少一个专业通过；选聘条件重新核对；身份证号未在库",
    "another person; material and credit pass, one speciality at least; conditions asked anew; id number not registered",
);

/// An application.
pub const APPLICATION: Lifecycle = Lifecycle {
    name: "application",
    title_zh: "入库申请",
    transitions: &[
        row(BEGINNING, "begin", DRAFT, WHO_APPLIES, ("选定申请渠道", "a channel"), CHANNELS),
        row(DRAFT, "save", DRAFT, WHO_APPLIES, NOTHING, POLICY),
        row(
            DRAFT,
            "submit",
            SUBMITTED,
            WHO_APPLIES,
            (
                "材料齐全；声明回避单位（没有的声明没有）；已阅隐私告知；符合选聘条件；无其他在办申请",
                "complete material; units to avoid declared, be it none; privacy notice read; conditions met; no other open application",
            ),
            "财库〔2016〕198号第6条至第8条；个人信息保护法第17条",
        ),
        row(SUBMITTED, "take", FIRST_REVIEW, REVIEWER, ("辖区内", "in the reviewer's region"), REVIEW),
        row(
            FIRST_REVIEW,
            "pass",
            FINAL_REVIEW,
            REVIEWER,
            (
                "另一人；材料、逐个专业、信用三项意见",
                "another person; decisions on material, each speciality, credit",
            ),
            REVIEW,
        ),
        row(FIRST_REVIEW, "return", DRAFT, REVIEWER, RETURN, REVIEW),
        row(FIRST_REVIEW, "reject", REJECTED, REVIEWER, REJECT, REVIEW),
        row(
            FINAL_REVIEW,
            "approve",
            IN_TEST,
            APPROVER,
            ("规则档案要求测试；其余同 enter", "the profile asks for a test; else as enter"),
            "福建省规定（2025，题库转述）：普法测试",
        ),
        row(FINAL_REVIEW, "enter", ACTIVE, APPROVER, ENTER, "财库〔2016〕198号第9条"),
        row(FINAL_REVIEW, "return", DRAFT, APPROVER, RETURN, REVIEW),
        row(FINAL_REVIEW, "reject", REJECTED, APPROVER, REJECT, REVIEW),
        row(
            IN_TEST,
            "enter",
            ACTIVE,
            APPROVER,
            ("成绩达到及格线；选聘条件重新核对", "the pass mark reached; conditions asked anew"),
            "福建省规定（2025，题库转述）：普法测试",
        ),
        row(
            IN_TEST,
            "fail",
            REJECTED,
            APPROVER,
            ("成绩未达及格线", "the pass mark missed"),
            "福建省规定（2025，题库转述）：普法测试",
        ),
        row(SUBMITTED, "urge", SUBMITTED, CLOCK, OVERDUE, POLICY),
        row(FIRST_REVIEW, "urge", FIRST_REVIEW, CLOCK, OVERDUE, POLICY),
        row(FINAL_REVIEW, "urge", FINAL_REVIEW, CLOCK, OVERDUE, POLICY),
        row(DRAFT, "withdraw", WITHDRAWN, WHO_APPLIES, NOTHING, POLICY),
        row(SUBMITTED, "withdraw", WITHDRAWN, WHO_APPLIES, NOTHING, POLICY),
        row(FIRST_REVIEW, "withdraw", WITHDRAWN, WHO_APPLIES, NOTHING, POLICY),
        row(FINAL_REVIEW, "withdraw", WITHDRAWN, WHO_APPLIES, NOTHING, POLICY),
        row(IN_TEST, "withdraw", WITHDRAWN, WHO_APPLIES, NOTHING, POLICY),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_ends_entered_rejected_or_withdrawn_and_nowhere_else() {
        let ends: Vec<&str> =
            APPLICATION.states().into_iter().filter(|state| APPLICATION.is_final(state)).collect();
        assert_eq!(ends, [REJECTED, ACTIVE, WITHDRAWN]);
        for state in PENDING {
            assert!(APPLICATION.step(state, "withdraw", &[Party::Applicant]).is_ok(), "{state}");
        }
    }

    #[test]
    fn nobody_who_applies_can_review() {
        for (state, event) in [(FIRST_REVIEW, "pass"), (FINAL_REVIEW, "enter"), (FINAL_REVIEW, "reject")] {
            for party in WHO_APPLIES {
                assert!(APPLICATION.step(state, event, &[*party]).is_err(), "{state} {event}");
            }
        }
        assert!(APPLICATION.step(FINAL_REVIEW, "enter", &[Party::Reviewer]).is_err());
    }
}
