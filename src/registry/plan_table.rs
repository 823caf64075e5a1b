//! The life cycle of a plan (抽取方案): one table, `(state, event, by whom) → state`.
//!
//! draft → submitted → confirmed → approved → drawn → closed; returned with reasons, cancelled with reason
//! and another person's approval. A change after approval is a new version and passes everybody anew
//! (§6 of the domain: conditions narrowed after the first look at the pool).

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

/// Being written by the agency.
pub const DRAFT: &str = "draft";
/// Submitted; before the purchaser.
pub const SUBMITTED: &str = "submitted";
/// Returned with reasons.
pub const RETURNED: &str = "returned";
/// Confirmed by the purchaser; before the bureau.
pub const CONFIRMED: &str = "confirmed";
/// Approved: may be drawn.
pub const APPROVED: &str = "approved";
/// A draw was made from it.
pub const DRAWN: &str = "drawn";
/// Every expert is self-selected and the committee stands without a draw.
pub const FORMED: &str = "formed";
/// Done.
pub const CLOSED: &str = "closed";
/// Cancelled; what was drawn from it stays sealed for ever.
pub const CANCELLED: &str = "cancelled";

/// States in which nothing follows any more.
pub const ENDED: [&str; 2] = [CLOSED, CANCELLED];
/// States in which a plan is being made or waits for somebody.
pub const OPEN: [&str; 7] = [DRAFT, SUBMITTED, RETURNED, CONFIRMED, APPROVED, DRAWN, FORMED];

const AGENCY: &[Party] = &[Party::Agency];
const PURCHASER: &[Party] = &[Party::Purchaser];
const DRAWS: &[Party] = &[Party::Draws];
const CLOCK: &[Party] = &[Party::Clock];
const RULE: &str = "项目规则";
const COMMITTEE: &str = "财政部令第87号 art 47；第74号 art 7；财库〔2014〕214号 art 14";
const CONFIRM: &str = "粤财规〔2025〕art 23；题库";
const APPROVE: &str = "湖南系统流程（抽取方案审核）；项目规则";
const SITES: &str = "福建异地评审规定（题库转述）；发改办法规〔2025〕807号";
const WIDEN: &str = "财库〔2016〕198号 art 12";

type Needs = (&'static str, &'static str);

const fn row(
    from: &'static str,
    event: &'static str,
    to: &'static str,
    by: &'static [Party],
    needs: Needs,
    source: &'static str,
) -> Transition {
    Transition { from, event, to, by, needs: needs.0, needs_en: needs.1, source }
}

const NOTHING: Needs = ("", "");
const NEW_VERSION: Needs =
    ("新版本；须重新提交、确认、审核", "a new version; submitted, confirmed and approved anew");
const FINDINGS: Needs = (
    "组成人数、专业、时间各项通过，或“原则上”的规则写明理由；自行选定附主管预算单位同意文件；跨省已备案",
    "committee, specialities and timing pass, or rules that hold in principle are departed from with a reason; self-selection has its consent document; another province's experts were filed",
);
const QUERY: Needs = (
    "只答足与不足；每次记录，次数过多向财政部门和监督提示",
    "answered yes or no only; each recorded, too many shown to bureau and supervision",
);
const REASON: Needs = ("写明理由", "a reason");
const PROPOSE: Needs =
    ("写明理由；没有未作废、未终止的抽取", "a reason; every draw of it was voided, withdrawn or stopped");
const SECOND: Needs = ("提出者以外的另一人", "another person than who proposed");
const SHORT: Needs = (
    "候选人数不足；只按规则档案的固定规则；记入新版本",
    "the pool is short; by the profile's fixed rule only; recorded as a new version",
);
const SITES_END: Needs = (
    "场所不可用，或评审时间、副场变更；已抽取副场",
    "a venue failed, or time or number of the sites changed; sites were drawn",
);
const DRAW: Needs = (
    "采购人、财政已同意的版本；不早于最早抽取时间；候选人数达到最低倍数；须抽副场的已抽",
    "the version that was approved; not before the earliest time; the pool has the least ratio; sites are drawn where the profile wants it",
);

/// A plan.
pub const PLAN: Lifecycle = Lifecycle {
    name: "plan",
    title_zh: "抽取方案",
    transitions: &[
        row(
            BEGINNING,
            "create",
            DRAFT,
            AGENCY,
            ("本机构的包；该包没有其他在办方案", "a package of the own agency; it has no other open plan"),
            "财政部令第87号 art 47；粤财规〔2025〕art 23",
        ),
        row(
            BEGINNING,
            "reform",
            DRAFT,
            AGENCY,
            (
                "原方案的抽取已终止并封存；违规成员不得再次参加",
                "the draws of the plan before were stopped and sealed; who violated the rules may not sit again",
            ),
            "财库〔2016〕198号 art 17；财政部令第87号 arts 49, 67",
        ),
        row(DRAFT, "amend", DRAFT, AGENCY, NOTHING, RULE),
        row(RETURNED, "amend", DRAFT, AGENCY, NOTHING, RULE),
        row(APPROVED, "amend", DRAFT, AGENCY, NEW_VERSION, RULE),
        row(
            DRAWN,
            "amend",
            DRAFT,
            AGENCY,
            (
                "全部抽取已作废、撤回或终止；新版本须重新同意",
                "every draw of it was voided, withdrawn or stopped; the new version is approved anew",
            ),
            "财库〔2016〕198号 art 17",
        ),
        row(DRAFT, "query", DRAFT, AGENCY, QUERY, RULE),
        row(RETURNED, "query", RETURNED, AGENCY, QUERY, RULE),
        row(SUBMITTED, "query", SUBMITTED, AGENCY, QUERY, RULE),
        row(CONFIRMED, "query", CONFIRMED, AGENCY, QUERY, RULE),
        row(APPROVED, "query", APPROVED, AGENCY, QUERY, RULE),
        row(DRAFT, "submit", SUBMITTED, AGENCY, FINDINGS, COMMITTEE),
        row(SUBMITTED, "withdraw", DRAFT, AGENCY, NOTHING, RULE),
        row(SUBMITTED, "confirm", CONFIRMED, PURCHASER, ("本单位的包", "a package of the own unit"), CONFIRM),
        row(
            SUBMITTED,
            "confirm_by_rule",
            CONFIRMED,
            CLOCK,
            ("规则档案不要求采购人确认", "the profile asks for no confirmation"),
            RULE,
        ),
        row(SUBMITTED, "return", RETURNED, PURCHASER, REASON, CONFIRM),
        row(
            CONFIRMED,
            "approve",
            APPROVED,
            DRAWS,
            ("逐项同意“原则上”规则的例外", "each departure from a rule accepted by its name"),
            APPROVE,
        ),
        row(
            CONFIRMED,
            "approve_by_rule",
            APPROVED,
            CLOCK,
            (
                "规则档案不要求审核；没有例外、没有自行选定",
                "the profile asks for no approval; there is no departure and no self-selection",
            ),
            RULE,
        ),
        row(CONFIRMED, "return", RETURNED, DRAWS, REASON, APPROVE),
        row(APPROVED, "widen", APPROVED, AGENCY, SHORT, WIDEN),
        row(
            APPROVED,
            "recommend",
            APPROVED,
            AGENCY,
            ("推荐人员的入库申请编号", "the application of the person recommended for entry"),
            WIDEN,
        ),
        row(
            APPROVED,
            "draw_sites",
            APPROVED,
            AGENCY,
            (
                "方案要求抽副场；先于专家；终止后只可重抽一次",
                "the plan asks for it; before the experts; once more after an end, and no further",
            ),
            SITES,
        ),
        row(APPROVED, "draw", DRAWN, AGENCY, DRAW, "财库〔2016〕198号 arts 12, 14"),
        row(
            DRAWN,
            "draw_again",
            DRAWN,
            AGENCY,
            (
                "上次抽取已作废、撤回或终止；补抽保留已应邀成员",
                "the last draw was voided, withdrawn or stopped; a supplementary draw keeps those who accepted",
            ),
            "财库〔2016〕198号 art 17；财政部令第87号 art 49",
        ),
        row(
            APPROVED,
            "form",
            FORMED,
            AGENCY,
            ("全部专家由采购人自行选定", "every expert is selected by the purchaser"),
            "财库〔2016〕198号 art 13",
        ),
        row(
            FORMED,
            "announce",
            CLOSED,
            DRAWS,
            ("结果公告编号；名单注明自行选定", "the announcement's number; the list is marked self-selected"),
            "财库〔2016〕198号 art 20",
        ),
        row(
            DRAWN,
            "close",
            CLOSED,
            &[Party::Draws, Party::Clock],
            ("抽取名单已公开", "the draw is unsealed"),
            RULE,
        ),
        row(
            DRAWN,
            "re_formed",
            CLOSED,
            AGENCY,
            ("另立新方案", "a new plan stands in its place"),
            "财库〔2016〕198号 art 17；财政部令第87号 art 67",
        ),
        row(DRAFT, "discard", CANCELLED, AGENCY, REASON, RULE),
        row(RETURNED, "discard", CANCELLED, AGENCY, REASON, RULE),
        row(SUBMITTED, "propose_cancel", SUBMITTED, AGENCY, PROPOSE, RULE),
        row(CONFIRMED, "propose_cancel", CONFIRMED, AGENCY, PROPOSE, RULE),
        row(APPROVED, "propose_cancel", APPROVED, AGENCY, PROPOSE, RULE),
        row(DRAWN, "propose_cancel", DRAWN, AGENCY, PROPOSE, "财政部令第87号 art 29"),
        row(DRAFT, "propose_sites_end", DRAFT, AGENCY, SITES_END, SITES),
        row(DRAFT, "end_sites", DRAFT, DRAWS, SECOND, SITES),
        row(RETURNED, "propose_sites_end", RETURNED, AGENCY, SITES_END, SITES),
        row(RETURNED, "end_sites", RETURNED, DRAWS, SECOND, SITES),
        row(SUBMITTED, "propose_sites_end", SUBMITTED, AGENCY, SITES_END, SITES),
        row(SUBMITTED, "end_sites", SUBMITTED, DRAWS, SECOND, SITES),
        row(CONFIRMED, "propose_sites_end", CONFIRMED, AGENCY, SITES_END, SITES),
        row(CONFIRMED, "end_sites", CONFIRMED, DRAWS, SECOND, SITES),
        row(APPROVED, "propose_sites_end", APPROVED, AGENCY, SITES_END, SITES),
        row(APPROVED, "end_sites", APPROVED, DRAWS, SECOND, SITES),
        row(DRAWN, "propose_sites_end", DRAWN, AGENCY, SITES_END, SITES),
        row(DRAWN, "end_sites", DRAWN, DRAWS, SECOND, SITES),
        row(SUBMITTED, "cancel", CANCELLED, DRAWS, SECOND, RULE),
        row(CONFIRMED, "cancel", CANCELLED, DRAWS, SECOND, RULE),
        row(APPROVED, "cancel", CANCELLED, DRAWS, SECOND, RULE),
        row(DRAWN, "cancel", CANCELLED, DRAWS, SECOND, "财政部令第87号 art 29"),
        row(SUBMITTED, "keep", SUBMITTED, DRAWS, REASON, RULE),
        row(CONFIRMED, "keep", CONFIRMED, DRAWS, REASON, RULE),
        row(APPROVED, "keep", APPROVED, DRAWS, REASON, RULE),
        row(DRAWN, "keep", DRAWN, DRAWS, REASON, RULE),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_but_what_was_confirmed_and_approved() {
        for row in PLAN.transitions.iter().filter(|row| row.to == DRAWN && row.from != DRAWN) {
            assert_eq!((row.from, row.event), (APPROVED, "draw"));
        }
        for row in PLAN.transitions.iter().filter(|row| row.to == APPROVED && row.from != APPROVED) {
            assert_eq!(row.from, CONFIRMED);
            assert!([DRAWS, CLOCK].contains(&row.by));
        }
    }

    #[test]
    fn no_agency_approves_and_no_bureau_draws() {
        for row in PLAN.transitions {
            let agency = row.by.contains(&Party::Agency);
            assert!(!(agency && ["confirm", "approve", "cancel", "return", "announce"].contains(&row.event)));
            assert!(agency || !row.event.starts_with("draw"), "{}", row.event);
        }
    }

    #[test]
    fn a_plan_ends_closed_or_cancelled_and_in_no_other_state() {
        let finals: Vec<&str> = PLAN.states().into_iter().filter(|state| PLAN.is_final(state)).collect();
        assert_eq!(finals, ENDED);
        assert!(PLAN.states().into_iter().all(|state| ENDED.contains(&state) != OPEN.contains(&state)));
    }
}
