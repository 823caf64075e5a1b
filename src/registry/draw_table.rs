//! The life of a draw as one table: `(state, event, by whom) → state`, from the commitment to the unsealing
//! or to an end without a panel.
//!
//! The row of a draw moves by this table alone: `service::draws::steps` looks every change up here before it
//! is written. What a statement needs beyond its row is draw-v1 and draw-v2; who may ask for it, the table
//! of permissions.
//!
//! *Invariants:* once the review has begun a round of calls follows a vacancy and nothing else, and after the
//! report is signed there is none (财政部令第87号 art 49); names are opened from four states only, and never after a void or a stop; an end without
//! a panel takes two people; nothing follows an end.

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

const AGENCY: &[Party] = &[Party::Agency];
const DRAWS: &[Party] = &[Party::Draws];
const PROPOSES: &[Party] = &[Party::Agency, Party::Draws];
const CLOCK: &[Party] = &[Party::Clock];
const VENUE: &[Party] = &[Party::Venue];
const CHANNEL: &[Party] = &[Party::Channel];
const ANSWERS: &[Party] = &[Party::Expert, Party::Channel];
const SITTING: &[Party] = &[Party::Expert, Party::Agency, Party::Draws];
const LEAVES: &[Party] = &[Party::Expert, Party::Channel, Party::Agency, Party::Draws, Party::Clock];

const RULE: &str = "项目规则";
const DRAWN: &str = "财库〔2016〕198号 arts 12, 14；draw-v1 §9";
const CALLS: &str = "draw-v2 §4；项目规则";
const ART_17: &str = "财库〔2016〕198号 art 17；财政部令第87号 art 49；draw-v2 §4.5";
const ART_49: &str = "财政部令第87号 art 49；财库〔2016〕198号 arts 16, 17";
const VOID: &str = "draw-v1 §9.1；draw-v2 §6.3";
const STOP: &str = "财库〔2016〕198号 art 17；财政部令第87号 arts 29, 49；draw-v2 §4.9";
const OPEN: &str = "财库〔2016〕198号 art 20；财政部令第87号 art 69；draw-v2 §6.2";

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
const COMMIT: Needs = (
    "经同意的方案或规则档案允许的申请；候选池可行；该包没有其他未结束的抽取",
    "an approved plan, or a request where the profile asks for none; a feasible pool; no other open draw of the package",
);
const FORCED: Needs =
    ("同上，且有人在任何完整小组中都必入选", "the same, and somebody sits in every full panel");
const DUE: Needs = (
    "有空出的席位；到期即办，任何人催办不改变内容；评审开始后只因成员离席而有，评审报告签署后不再有",
    "a seat is open; done when due, and who asks for it changes nothing of it; once the review has begun only after a member left, and none after the report is signed",
);
const IN_WINDOW: Needs = (
    "本轮受邀且时限未过；每人一次；先答复不先得席位",
    "invited in the open round and in time; once; first to answer is not first to sit",
);
const LEAVING: Needs = (
    "在席且已接受；场所报告的须另一账号确认；核对供应商名单出现回避情形的由系统办理",
    "seated and accepted; what a venue reports another account confirms; a conflict with the full list of suppliers by the service",
);
const LEAVES_REVIEW: Needs = (
    "评审中本人申请回避，或场所报告离席并经另一账号确认；其意见无效，席位按抽取顺序补足后重新开始评审",
    "recused, or reported by the venue and confirmed by another account; what they said is void, and the review begins anew once the seat is filled by drawn order",
);
const SIGNED: Needs =
    ("评审已结束；全部成员签署报告", "the review is over; every member has signed the report");
const SETTLES: Needs = (
    "时限已过或均已答复，或席位空出；按抽取顺序补足，不足即载明缺额",
    "the window has closed or all have answered, or somebody left; by drawn order, and a shortfall is said",
);
const FILLS: Needs = ("同上，且全部席位均已应邀", "the same, and every seat has a member who accepted");
const PROPOSE: Needs = ("写明理由（固定清单）", "a reason of the fixed list");
const SECOND: Needs = (
    "提出者以外的另一账号；名单永久封存",
    "another account than the proposer's; the names stay sealed for ever",
);
const ARRIVES: Needs = (
    "在席且已接受；本场所；现场核验身份",
    "seated and accepted; of this site; the identity is checked on the spot",
);
const BEGINS: Needs = (
    "全部席位均已签到并声明；已推选组长；评审时间已到",
    "every seat signed in and declared; a chair; the time has come",
);
const UNSEALS: Needs = (
    "结果公告编号；没有待确认的作废；全部席位有人；开设评审当日的，报告已签署",
    "the announcement's number; no void waits; every seat is taken; where there is a day, its report is signed",
);

/// A draw.
pub const DRAW: Lifecycle = Lifecycle {
    name: "draw",
    title_zh: "抽取",
    transitions: &[
        row(BEGINNING, "commit", "committed", AGENCY, COMMIT, DRAWN),
        row(BEGINNING, "plan", "planned", AGENCY, FORCED, RULE),
        row("planned", "accept", "committed", DRAWS, ("逐项确认必选席位", "forced seats accepted"), RULE),
        row("planned", "withdraw", "withdrawn", AGENCY, NOTHING, RULE),
        row("committed", "draw", "drawn", CLOCK, ("随机贡献按时", "the contribution in time"), DRAWN),
        row(
            "committed",
            "draw_kept",
            "filled",
            CLOCK,
            ("补抽保留全部成员，均已应邀", "a supplementary draw that keeps everybody; all have accepted"),
            "财政部令第87号 art 49；draw-v2 §7",
        ),
        // Calls.
        row("drawn", "invite", "calling", CLOCK, DUE, CALLS),
        row("calling", "invite", "calling", CLOCK, DUE, CALLS),
        row("calling", "deliver", "calling", CHANNEL, ("送达回执", "a receipt of delivery"), CALLS),
        row("calling", "answer", "calling", ANSWERS, IN_WINDOW, CALLS),
        row("calling", "settle", "calling", CLOCK, SETTLES, CALLS),
        row("calling", "fill", "filled", CLOCK, FILLS, CALLS),
        row("filled", "settle", "filled", CLOCK, SETTLES, CALLS),
        row("in_review", "settle", "in_review", CLOCK, SETTLES, CALLS),
        // Seats that become vacant, and people on standby who leave.
        row("drawn", "vacate", "calling", LEAVES, LEAVING, ART_17),
        row("calling", "vacate", "calling", LEAVES, LEAVING, ART_17),
        row("filled", "vacate", "calling", LEAVES, LEAVING, ART_17),
        row("in_review", "vacate", "calling", SITTING, LEAVES_REVIEW, ART_49),
        row("filled", "leave_standby", "filled", ANSWERS, ("候补人员", "on standby"), CALLS),
        row("in_review", "leave_standby", "in_review", ANSWERS, ("候补人员", "on standby"), CALLS),
        // The day.
        row("calling", "sign_in", "calling", VENUE, ARRIVES, "财政部令第87号 art 45；draw-v2 §4.8"),
        row("filled", "sign_in", "filled", VENUE, ARRIVES, "财政部令第87号 art 45；draw-v2 §4.8"),
        row("filled", "begin", "in_review", AGENCY, BEGINS, "财政部令第87号 art 45"),
        row("in_review", "sign_report", "reviewed", AGENCY, SIGNED, "财库〔2016〕198号 art 19"),
        // Endings.
        row(
            "drawn",
            "unseal",
            "unsealed",
            DRAWS,
            ("结果公告编号；不经通知程序的抽取", "the announcement's number; a draw without calls"),
            OPEN,
        ),
        row("filled", "unseal", "unsealed", DRAWS, UNSEALS, OPEN),
        row("in_review", "unseal", "unsealed", DRAWS, UNSEALS, OPEN),
        row("reviewed", "unseal", "unsealed", DRAWS, UNSEALS, OPEN),
        row("committed", "propose_void", "committed", PROPOSES, PROPOSE, VOID),
        row("drawn", "propose_void", "drawn", PROPOSES, PROPOSE, VOID),
        row("calling", "propose_void", "calling", PROPOSES, PROPOSE, VOID),
        row("filled", "propose_void", "filled", PROPOSES, PROPOSE, VOID),
        row("in_review", "propose_void", "in_review", PROPOSES, PROPOSE, VOID),
        row("reviewed", "propose_void", "reviewed", PROPOSES, PROPOSE, VOID),
        row("committed", "void", "voided", DRAWS, SECOND, VOID),
        row("drawn", "void", "voided", DRAWS, SECOND, VOID),
        row("calling", "void", "voided", DRAWS, SECOND, VOID),
        row("filled", "void", "voided", DRAWS, SECOND, VOID),
        row("in_review", "void", "voided", DRAWS, SECOND, VOID),
        row("reviewed", "void", "voided", DRAWS, SECOND, VOID),
        row("drawn", "propose_stop", "drawn", PROPOSES, PROPOSE, STOP),
        row("calling", "propose_stop", "calling", PROPOSES, PROPOSE, STOP),
        row("filled", "propose_stop", "filled", PROPOSES, PROPOSE, STOP),
        row("in_review", "propose_stop", "in_review", PROPOSES, PROPOSE, STOP),
        row("reviewed", "propose_stop", "reviewed", PROPOSES, PROPOSE, STOP),
        row("drawn", "stop", "stopped", DRAWS, SECOND, STOP),
        row("calling", "stop", "stopped", DRAWS, SECOND, STOP),
        row("filled", "stop", "stopped", DRAWS, SECOND, STOP),
        row("in_review", "stop", "stopped", DRAWS, SECOND, STOP),
        row("reviewed", "stop", "stopped", DRAWS, SECOND, STOP),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_opened_by_the_bureau_from_four_states_and_nothing_follows() {
        let opens: Vec<&Transition> = DRAW.transitions.iter().filter(|row| row.to == "unsealed").collect();
        assert_eq!(
            opens.iter().map(|row| row.from).collect::<Vec<_>>(),
            ["drawn", "filled", "in_review", "reviewed"]
        );
        assert!(opens.iter().all(|row| row.event == "unseal" && row.by == DRAWS));
        let ends: Vec<&str> = DRAW.states().into_iter().filter(|state| DRAW.is_final(state)).collect();
        assert_eq!(ends, ["withdrawn", "unsealed", "voided", "stopped"]);
    }

    #[test]
    fn after_the_beginning_a_round_follows_a_vacancy_only_and_after_the_report_there_is_none() {
        let out = |state: &'static str| DRAW.transitions.iter().filter(move |row| row.from == state);
        let calls = ["invite", "deliver", "answer", "fill"];
        for state in ["in_review", "reviewed"] {
            assert!(!out(state).any(|row| calls.contains(&row.event)), "{state}");
        }
        // Back to the calls leads one way, and no channel and no clock goes it.
        let back: Vec<&Transition> = out("in_review").filter(|row| row.to == "calling").collect();
        assert_eq!(back.iter().map(|row| (row.event, row.by)).collect::<Vec<_>>(), [("vacate", SITTING)]);
        assert!(!out("in_review").any(|row| ["drawn", "filled"].contains(&row.to)));
        // From a signed report nothing leads anywhere but to an end.
        assert!(out("reviewed").all(|row| row.to == "reviewed" || DRAW.is_final(row.to)));
        assert!(out("reviewed").all(|row| !["vacate", "settle", "leave_standby"].contains(&row.event)));
    }

    #[test]
    fn from_every_state_that_is_no_end_some_people_can_end_it() {
        for state in DRAW.states().into_iter().filter(|state| !DRAW.is_final(state)) {
            let ends = |row: &&Transition| row.from == state && DRAW.is_final(row.to);
            let without = ["voided", "stopped", "withdrawn"];
            let (mut open, mut sealed) = (0, 0);
            for row in DRAW.transitions.iter().filter(ends) {
                if without.contains(&row.to) { sealed += 1 } else { open += 1 }
            }
            assert!(sealed > 0, "{state}: {open} ways to open, none to end sealed");
        }
    }

    #[test]
    fn no_agency_ends_a_draw_and_no_clock_opens_one() {
        for row in DRAW.transitions.iter().filter(|row| ["unsealed", "voided", "stopped"].contains(&row.to)) {
            assert_eq!(row.by, DRAWS, "{} {}", row.from, row.event);
        }
    }
}
