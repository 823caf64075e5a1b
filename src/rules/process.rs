//! Rules about the day of the review and what follows: chair (财政部令第87号 art 45), secrecy of the list
//! (财库〔2016〕198号 art 20, 第87号 art 47), evaluations in time (198号 art 21).

use super::plan_finding::{PlanFinding, fail, finding, pass, unknown};
use super::profile::Profile;
use super::rule::Rule;
use crate::time::{Calendar, Date};

/// `chair_not_rep`: whether the member chosen as chair is a representative of the purchaser; `None`:
/// nobody was chosen yet. `None` as the answer: the profile does not apply the rule.
pub fn chair(profile: &Profile, is_representative: Option<bool>) -> Option<PlanFinding> {
    finding(Rule::ChairNotRep, profile, &[], || match is_representative {
        Some(false) => pass("组长不是采购人代表", "the chair is no representative of the purchaser"),
        Some(true) => fail("采购人代表不得担任组长", "a representative of the purchaser may not chair"),
        None => unknown("尚未推选组长", "no chair was chosen yet"),
    })
}

/// `list_sealed_until_announced`: whether the list may be opened, the result being announced or not.
pub fn opening_the_list(profile: &Profile, announced: Option<bool>) -> Option<PlanFinding> {
    finding(Rule::ListSealedUntilAnnounced, profile, &[], || match announced {
        Some(true) => pass("采购结果已公告", "the result is announced"),
        Some(false) => {
            fail("采购结果公告前，评审专家名单应当保密", "the list is secret until the result is announced")
        }
        None => unknown("采购结果是否已公告不明", "whether the result is announced is not known"),
    })
}

/// `evaluation_due_5wd`: a review that ended on a day, evaluated on another or not yet.
pub fn evaluation(
    profile: &Profile,
    review_ended: Date,
    evaluated: Option<Date>,
    today: Date,
    calendar: &Calendar,
) -> Option<PlanFinding> {
    finding(Rule::EvaluationDue5wd, profile, &[], || {
        let days = profile.parameters().evaluation_working_days;
        let due = match calendar.working_days_after(review_ended, days) {
            Ok(due) => due,
            Err(outside) => return unknown(outside.message_zh(), outside.to_string()),
        };
        let zh = |what: &str| format!("{what}（评审结束后{days}个工作日，截至{due}）");
        let en = |what: &str| format!("{what} ({days} working days after the review, until {due})");
        match evaluated {
            Some(day) if day <= due => pass(zh("已按期评价"), en("evaluated in time")),
            Some(_) => fail(zh("评价逾期"), en("evaluated late")),
            None if today <= due => pass(zh("尚在评价期限内"), en("still in time")),
            None => fail(zh("逾期未评价"), en("not evaluated in time")),
        }
    })
}
