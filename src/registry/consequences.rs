//! What follows from a decision (处理后果): a table that the notice to the expert, the decision's
//! answer and the specification show alike.
//!
//! *Deliberately not here:* the carrying out (`service::decisions`), open seats of running draws (a
//! later issue), the publication of bad conduct (the conduct record's own life cycle).
//!
//! Sources: 财库〔2016〕198号 arts 6, 11 (C2), 29 (C2); 实施条例 arts 63, 75 (C). Waiting periods of a
//! province are profile data and marked there.

use super::decision::{Act, ActKind};
use super::standing::DismissalReason;

/// One thing that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// Stable name.
    pub code: &'static str,
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
    /// The article, or `项目规则`.
    pub source: &'static str,
}

const fn of(code: &'static str, zh: &'static str, en: &'static str, source: &'static str) -> Consequence {
    Consequence { code, zh, en, source }
}

const NOT_DRAWN: Consequence = of(
    "not_drawn",
    "自决定之日起不再参加抽取",
    "not drawn any more from the day of the decision",
    "财库〔2016〕198号第2条、第11条",
);
const AFFAIRS_CLOSED: Consequence = of(
    "affairs_closed",
    "未办结的变更、续聘、请假和提醒一并终结",
    "open changes, renewals, leaves and reminders end with it",
    "项目规则",
);
const APPLY_ANEW: Consequence = of(
    "apply_anew",
    "重新符合条件后可按程序重新申请；本省规定等待期的，从其规定",
    "may apply anew once the conditions are met; a waiting period of the province applies",
    "财库〔2016〕198号第6条、第9条",
);
const THREE_YEARS: Consequence = of(
    "three_years",
    "三年内不得重新申请（申请前三年内无不良行为记录）；提供虚假申请材料的，从本省规定",
    "no new application within three years (no bad conduct in the three years before it); after false material the \
     province's rule applies",
    "财库〔2016〕198号第6条第（六）项、第29条",
);
const RECORDED: Consequence = of(
    "recorded",
    "不良行为纳入统一的信用信息平台",
    "the bad conduct is recorded on the unified credit platform",
    "实施条例第63条",
);
const CREDIT_EXAMINED: Consequence = of(
    "credit_examined",
    "再次申请须审查信用信息：受贿、欺诈等不良信用记录者不得选聘",
    "a new application is examined for credit: nobody with a record of bribery or fraud is selected",
    "财库〔2016〕198号第6条第（一）项、第9条",
);
const BAN_EXAMINED: Consequence = of(
    "ban_examined",
    "构成实施条例第75条情形的，另行决定禁止参加评审",
    "a ban is decided separately where art 75 applies",
    "实施条例第75条",
);
const FINAL: Consequence = of(
    "final",
    "不得再参加政府采购评审活动；评审意见无效者不得获取评审费",
    "never again in procurement reviews; no fee for an opinion that is void",
    "实施条例第75条",
);
const DECEASED: Consequence = of(
    "kept_for_the_file",
    "记录仅为采购档案所需而保留（采购文件保存期十五年）",
    "the record is kept for what procurement files need (15 years)",
    "政府采购法第42条",
);
const ANSWERABLE: Consequence = of(
    "number_stays_answerable",
    "原编号继续可查，指向保留的记录",
    "the number stays answerable and points to the record that goes on",
    "项目规则",
);
const PAUSED: Consequence = of(
    "paused",
    "暂停期间不参加抽取；期限与恢复方式见决定",
    "not drawn while suspended; the decision says how it ends",
    "项目规则",
);
const DRAWN_AGAIN: Consequence =
    of("drawn_again", "自决定之日起恢复抽取", "drawn again from the day of the decision", "项目规则");

/// What follows from an act, in the order in which a notice says it.
pub fn consequences(act: &Act) -> Vec<Consequence> {
    let ending = |more: &[Consequence]| [&[NOT_DRAWN, AFFAIRS_CLOSED], more].concat();
    match (act.kind(), act) {
        (ActKind::Suspend, _) => vec![PAUSED],
        (_, Act::Reinstate(file)) => match file.test {
            Some(super::decision::Test::Failed) => ending(&[APPLY_ANEW]),
            _ => vec![DRAWN_AGAIN],
        },
        (_, Act::Dismiss(reason)) => match reason {
            DismissalReason::ConditionsLost | DismissalReason::OwnRequest => ending(&[APPLY_ANEW]),
            DismissalReason::BadConduct => ending(&[RECORDED, THREE_YEARS, BAN_EXAMINED]),
            DismissalReason::CriminalPunishment => ending(&[CREDIT_EXAMINED, BAN_EXAMINED]),
        },
        (ActKind::Decease, _) => ending(&[DECEASED]),
        (ActKind::Merge, _) => ending(&[ANSWERABLE]),
        _ => ending(&[RECORDED, FINAL]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_of_dismissal_ends_affairs_and_says_when_the_person_may_come_back() {
        for (reason, code) in [
            (DismissalReason::ConditionsLost, "apply_anew"),
            (DismissalReason::OwnRequest, "apply_anew"),
            (DismissalReason::BadConduct, "three_years"),
            (DismissalReason::CriminalPunishment, "credit_examined"),
        ] {
            let act = Act::Dismiss(reason);
            let codes: Vec<&str> = consequences(&act).iter().map(|c| c.code).collect();
            assert!(
                codes.starts_with(&["not_drawn", "affairs_closed"]) && codes.contains(&code),
                "{codes:?}"
            );
            assert!(act.kind().ends_affairs());
        }
        assert!(consequences(&Act::Ban).iter().any(|c| c.code == "final"));
    }
}
