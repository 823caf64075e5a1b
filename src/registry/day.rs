//! The day of a review (评审当日): from the first arrival to the signed report, as one table.
//!
//! *Deliberately not here:* the statements of the log that some of these events make (draw-v2:
//! `draw.signed_in`, `draw.vacated`), numbers of minutes (`rules::day`), and who is who: a day knows
//! positions, not names.

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

const AGENCY: &[Party] = &[Party::Agency];
const VENUE: &[Party] = &[Party::Venue];
const EXPERT: &[Party] = &[Party::Expert];
const SITE: &[Party] = &[Party::Venue, Party::Agency];
const CLOCK: &[Party] = &[Party::Clock];
const CONFIRMS: &[Party] = &[Party::Agency, Party::Draws];
const STOPS: &[Party] = &[Party::Agency, Party::Draws, Party::Clock];

const ART_16: &str = "财库〔2016〕198号第16条（C2）";
const ART_17: &str = "财库〔2016〕198号第17条（C2）；财政部令第87号第49条（C2）";
const LATE: &str = "福建做法（题库转述）：逾时未签到视为迟到，重新抽取（C2）；时限：项目规则";
const BEFORE: &str = "丽江远程异地评标办法第20条（C）";
const DURING: &str = "丽江远程异地评标办法第21条（C）";
const REPORT: &str = "财库〔2016〕198号第19条（C2）";
const PROJECT: &str = "项目规则";

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
const ARRIVES: (&str, &str) = (
    "本场所的已接受邀请的在席专家；在签到时段内；现场核验身份，证件号码不留存；不得代签",
    "a seated member of this site who accepted; within the time of sign-in; identity checked on the spot, no number kept; no proxy",
);
const ABSENT: (&str, &str) = (
    "缺席须签到时限已过；身份不符、健康等其他原因写明",
    "absent only after the time of sign-in; identity, health and the like: the reason",
);
const SECOND: (&str, &str) =
    ("报告人以外的另一账号；席位随即空出", "another account than the one that reported; the seat is vacated");
const CONFLICT: (&str, &str) = (
    "本人声明，或完整供应商名单核对出回避情形；席位随即空出",
    "declared, or found against the full list of suppliers; the seat is vacated",
);
const LEAVES: (&str, &str) = ("写明原因", "a reason");
const VOID: (&str, &str) = (
    "席位空出，重新签到；此前意见无效",
    "the seat is vacated and signing in begins again; opinions given so far are void",
);

/// The day of a draw.
pub const DAY: Lifecycle = Lifecycle {
    name: "day",
    title_zh: "评审当日",
    transitions: &[
        row(
            BEGINNING,
            "open",
            "signing_in",
            AGENCY,
            (
                "本机构的抽取，已全部应邀；各场所与工位数；完整供应商名单；评审纪律文本",
                "an own draw whose seats are all accepted; venues and workstations; the full list of suppliers; the text of the discipline",
            ),
            "财库〔2016〕198号第15条、第16条（C2）；财政部令第87号第45条（C2）",
        ),
        row(
            "signing_in",
            "arrive",
            "signing_in",
            VENUE,
            ARRIVES,
            "财政部令第87号第45条（C2）；福建做法（C2）",
        ),
        row(
            "signing_in",
            "acknowledge",
            "signing_in",
            EXPERT,
            ("已签到；已阅评审纪律", "signed in; the discipline was read"),
            "财库〔2016〕198号第15条（C2）",
        ),
        row(
            "signing_in",
            "declare",
            "signing_in",
            EXPERT,
            ("已阅纪律、已看供应商名单", "discipline read, suppliers seen"),
            ART_16,
        ),
        row("signing_in", "recuse", "signing_in", EXPERT, CONFLICT, ART_16),
        row("signing_in", "find_conflict", "signing_in", CLOCK, CONFLICT, ART_16),
        row("signing_in", "report_vacancy", "signing_in", VENUE, ABSENT, LATE),
        row("signing_in", "confirm_vacancy", "signing_in", CONFIRMS, SECOND, LATE),
        row(
            "signing_in",
            "vote_chair",
            "signing_in",
            EXPERT,
            (
                "已签到；过半数专家推选者为组长，采购人代表不得担任",
                "signed in; whom more than half of the experts name; never a representative",
            ),
            "财政部令第87号第45条（C2）",
        ),
        row("signing_in", "pause", "waiting", SITE, ("写明场所与故障", "the site and what failed"), BEFORE),
        row("waiting", "resume", "signing_in", SITE, NOTHING, BEFORE),
        row(
            "waiting",
            "overdue",
            "undecided",
            CLOCK,
            (
                "开始前故障已满 2 小时（规则档案）：由采购人决定等待或停止",
                "2 hours before the start are over (profile): the purchaser decides to wait or to stop",
            ),
            BEFORE,
        ),
        row("undecided", "resume", "signing_in", SITE, NOTHING, BEFORE),
        row(
            "signing_in",
            "begin",
            "in_review",
            AGENCY,
            (
                "全部席位已签到、已阅纪律、已声明无须回避；已选出组长",
                "every seat signed in, discipline read, no recusal; a chair was chosen",
            ),
            "财政部令第87号第45条（C2）",
        ),
        row("in_review", "report_vacancy", "in_review", VENUE, LEAVES, ART_17),
        row("in_review", "confirm_vacancy", "signing_in", CONFIRMS, VOID, ART_17),
        row("in_review", "recuse", "signing_in", EXPERT, VOID, ART_16),
        row(
            "in_review",
            "note_breach",
            "in_review",
            SITE,
            ("写明事实", "what happened"),
            "财库〔2016〕198号第26条、第28条",
        ),
        row(
            "in_review",
            "pause",
            "paused",
            SITE,
            ("写明场所与故障；系统锁定，资料封存", "the site and what failed; locked and sealed"),
            DURING,
        ),
        row(
            "paused",
            "resume",
            "in_review",
            SITE,
            ("4 小时内恢复（规则档案）", "restored within 4 hours (profile)"),
            DURING,
        ),
        row(
            "paused",
            "fail",
            "failed",
            CLOCK,
            ("评审中故障已满 4 小时：封存，重新组建", "4 hours during the review are over: seal and re-form"),
            DURING,
        ),
        row("in_review", "end", "ended", AGENCY, NOTHING, REPORT),
        row(
            "ended",
            "note_breach",
            "ended",
            SITE,
            ("写明事实", "what happened"),
            "财库〔2016〕198号第26条、第28条",
        ),
        row(
            "ended",
            "sign_report",
            "reviewed",
            AGENCY,
            ("报告摘要；签署人数", "digest of the report; how many signed"),
            REPORT,
        ),
        row("signing_in", "stop", "stopped", STOPS, ("抽取已终止", "the draw was stopped"), ART_17),
        row("waiting", "stop", "stopped", STOPS, ("抽取已终止", "the draw was stopped"), BEFORE),
        row("undecided", "stop", "stopped", STOPS, ("抽取已终止", "the draw was stopped"), BEFORE),
        row("in_review", "stop", "stopped", STOPS, ("抽取已终止", "the draw was stopped"), ART_17),
        row("paused", "stop", "stopped", STOPS, ("抽取已终止", "the draw was stopped"), DURING),
        row("failed", "stop", "stopped", STOPS, ("抽取已终止", "the draw was stopped"), DURING),
        row("ended", "stop", "stopped", CLOCK, ("抽取已终止", "the draw was stopped"), PROJECT),
        row("reviewed", "stop", "stopped", CLOCK, ("抽取已终止", "the draw was stopped"), PROJECT),
        row(
            "reviewed",
            "announce",
            "announced",
            &[Party::Draws, Party::Clock],
            ("结果公告后公开名单", "the result is announced and the names are unsealed"),
            "财库〔2016〕198号第20条（C2）；实施条例第43条（C）",
        ),
        row(
            "announced",
            "archive",
            "archived",
            CLOCK,
            (
                "履职评价已发起，费用已计算，档案包摘要已记录",
                "evaluations opened, fees computed, the digest of the archive package recorded",
            ),
            "政府采购法第42条（C）；项目规则",
        ),
        row(
            "stopped",
            "archive",
            "archived",
            CLOCK,
            ("档案包摘要已记录；名单不公开", "the digest of the archive package recorded; names stay sealed"),
            PROJECT,
        ),
    ],
};

/// Whether somebody may still sign in.
pub fn takes_arrivals(state: &str) -> bool {
    state == "signing_in"
}

/// Whether the review is over, well or not.
pub fn is_over(state: &str) -> bool {
    matches!(state, "reviewed" | "announced" | "archived" | "stopped")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_signs_in_once_the_review_has_begun_and_no_failure_is_silently_over() {
        for row in DAY.transitions.iter().filter(|row| row.event == "arrive") {
            assert!(takes_arrivals(row.from));
            assert_eq!(row.by, VENUE, "an expert never signs in for themselves");
        }
        assert!(!DAY.transitions.iter().any(|row| row.from == "failed" && row.event == "resume"));
        for row in DAY.transitions.iter().filter(|row| matches!(row.event, "confirm_vacancy" | "recuse")) {
            assert_eq!(
                row.to, "signing_in",
                "a seat that is open has to be filled before the review goes on"
            );
        }
        assert!(is_over("stopped") && is_over("reviewed") && !is_over("ended"));
    }
}
