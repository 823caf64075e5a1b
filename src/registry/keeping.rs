//! Keeping a record alive (动态管理): leave, yearly confirmation, reminders, reports that somebody cannot
//! be reached. Their life cycles and what their cases keep.
//!
//! *Invariants:* a leave is whole hours, never in the past, at most [`LEAVE_DAYS`] days; a body reads
//! back as what it was written from.
//!
//! *Deliberately not here:* which leaves a draw regards (`rules`), the numbers of months and days (the
//! registry profile), the clock.
//!
//! Sources: 财库〔2016〕198号 arts 4 (dynamic management), 10 (changes in time); the rest is 项目规则.

use crate::codec::{Json, Object, ShapeError, object};
use crate::time::{Date, Timestamp};

use super::decision::{some_date, some_text};
use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};
use super::problem::Problem;

/// The longest leave, in days.
pub const LEAVE_DAYS: i64 = 180;
/// Leave begins at most so many days from now.
pub const LEAVE_AHEAD_DAYS: i64 = 366;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

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

const SELF_OR_REGISTRAR: &[Party] = &[Party::Expert, Party::Registrar];
const BY_DATE: &[Party] = &[Party::Clock];
const GONE: (&str, &str) =
    ("该专家已解聘、禁止、死亡或并入", "the expert was dismissed, banned, has died or was merged");

/// Leave (请假).
pub const LEAVE: Lifecycle = Lifecycle {
    name: "leave",
    title_zh: "请假",
    transitions: &[
        row(
            BEGINNING,
            "set",
            "set",
            SELF_OR_REGISTRAR,
            (
                "整点起止；不溯及既往；不超过 180 日；不与其他请假重叠；登记岗代办须注明专家的请求",
                "whole hours; not in the past; at most 180 days; no overlap; the registrar notes the expert's request",
            ),
            "项目规则",
        ),
        row("set", "cancel", "cancelled", SELF_OR_REGISTRAR, ("尚未开始", "not begun"), "项目规则"),
        row(
            "set",
            "cut",
            "ended",
            SELF_OR_REGISTRAR,
            ("已开始：至本小时末为止", "begun: it ends with this hour"),
            "项目规则",
        ),
        row("set", "elapse", "ended", BY_DATE, ("期满", "its end is past"), "项目规则"),
        row("set", "end", "ended", BY_DATE, GONE, "项目规则"),
    ],
};

/// Yearly confirmation (年度确认), and a registrar's word that a record is right.
pub const CONFIRMATION: Lifecycle = Lifecycle {
    name: "confirmation",
    title_zh: "信息确认",
    transitions: &[row(
        BEGINNING,
        "confirm",
        "confirmed",
        SELF_OR_REGISTRAR,
        ("登记岗办理须注明依据", "the registrar notes on what ground"),
        "财库〔2016〕198号第4条、第10条（动态管理）；项目规则",
    )],
};

/// A reminder (提醒).
pub const REMINDER: Lifecycle = Lifecycle {
    name: "reminder",
    title_zh: "提醒",
    transitions: &[
        row(
            BEGINNING,
            "remind",
            "open",
            BY_DATE,
            ("规则档案规定的提前日数", "the days that the profile says"),
            "项目规则",
        ),
        row("open", "remind_again", "open", BY_DATE, ("下一提前日数", "the next of these days"), "项目规则"),
        row("open", "settle", "settled", BY_DATE, ("事由已消除", "what it was about is settled"), "项目规则"),
        row("open", "lapse", "lapsed", BY_DATE, ("该日已过", "its day is past"), "项目规则"),
        row("open", "end", "ended", BY_DATE, GONE, "项目规则"),
    ],
};

/// A report that somebody cannot be reached (失联).
pub const UNREACHABLE: Lifecycle = Lifecycle {
    name: "unreachable",
    title_zh: "失联核查",
    transitions: &[
        row(
            BEGINNING,
            "report",
            "reported",
            &[Party::Registrar],
            ("注明联系方式与时间", "how and when it was tried"),
            "项目规则",
        ),
        row(
            "reported",
            "report_again",
            "unreachable",
            &[Party::Registrar],
            ("另一日；专家转待确认", "on another day; the record becomes stale"),
            "财库〔2016〕198号第4条（动态管理）；项目规则",
        ),
        row(
            "reported",
            "reach",
            "reached",
            SELF_OR_REGISTRAR,
            ("已确认信息", "the record is confirmed"),
            "项目规则",
        ),
        row(
            "unreachable",
            "reach",
            "reached",
            SELF_OR_REGISTRAR,
            ("已确认信息", "the record is confirmed"),
            "项目规则",
        ),
        row("reported", "end", "ended", BY_DATE, GONE, "项目规则"),
        row("unreachable", "end", "ended", BY_DATE, GONE, "项目规则"),
    ],
};

/// What a leave's case keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveBody {
    /// First second.
    pub from: Timestamp,
    /// The second after the last.
    pub to: Timestamp,
    /// Why, or who asked for it.
    pub note: Option<String>,
}

impl LeaveBody {
    /// What is wrong with a leave asked for at `now`.
    pub fn problems(from: Timestamp, to: Timestamp, now: Timestamp) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut refuse = |field: &str, rule, zh: &str, en: &str| {
            problems.push(Problem::new(field, "", rule, zh, en));
        };
        for (field, time) in [("from", from), ("to", to)] {
            if time.0.rem_euclid(HOUR) != 0 {
                refuse(field, "whole_hour", "应为整点", "must be a whole hour");
            }
        }
        if from < now {
            refuse("from", "past", "不得早于现在", "must not lie in the past");
        } else if from.0 - now.0 > LEAVE_AHEAD_DAYS * DAY {
            refuse("from", "range", "不得晚于一年之后", "must begin within a year");
        }
        if to <= from {
            refuse("to", "order", "应晚于开始", "must be after the beginning");
        } else if to.0 - from.0 > LEAVE_DAYS * DAY {
            refuse("to", "range", "每次不得超过 180 日", "must be at most 180 days long");
        }
        problems
    }

    /// When a leave that runs at `now` ends if it is cut: with this hour, and never later than before.
    pub fn cut_at(&self, now: Timestamp) -> Timestamp {
        Timestamp((now.0.div_euclid(HOUR) + 1) * HOUR).min(self.to)
    }

    /// As the case keeps it.
    pub fn to_json(&self) -> Json {
        let body = Object::new().with("from", self.from.0).with("to", self.to.0);
        body.with_some("note", self.note.clone()).into()
    }

    /// Reads what [`LeaveBody::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape.
    pub fn from_json(json: &Json) -> Result<LeaveBody, ShapeError> {
        object(json, "", |f| {
            Ok(LeaveBody {
                from: Timestamp(f.int("from", 0..=i64::MAX)?),
                to: Timestamp(f.int("to", 0..=i64::MAX)?),
                note: some_text(f, "note")?,
            })
        })
    }
}

/// What a reminder is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// 聘期届满
    TermEnd,
    /// 达到年龄上限
    AgeLimit,
    /// 证书到期
    Certificate,
    /// 应当确认信息
    Confirmation,
}

impl Topic {
    /// All.
    pub const ALL: [Topic; 4] = [Self::TermEnd, Self::AgeLimit, Self::Certificate, Self::Confirmation];

    /// The word in the body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TermEnd => "term_end",
            Self::AgeLimit => "age_limit",
            Self::Certificate => "certificate",
            Self::Confirmation => "confirmation",
        }
    }

    /// Reads what [`Topic::as_str`] writes.
    pub fn parse(text: &str) -> Option<Topic> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == text)
    }

    /// In Chinese.
    pub fn title_zh(self) -> &'static str {
        match self {
            Self::TermEnd => "聘期届满",
            Self::AgeLimit => "达到年龄上限",
            Self::Certificate => "证书到期",
            Self::Confirmation => "应当确认信息",
        }
    }
}

/// What a reminder's case keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReminderBody {
    /// What about.
    pub topic: Topic,
    /// The day on which it happens.
    pub day: Date,
    /// The newest of the profile's days before it that was reached.
    pub days_before: u32,
}

impl ReminderBody {
    /// As the case keeps it.
    pub fn to_json(&self) -> Json {
        Object::new()
            .with("topic", self.topic.as_str())
            .with("day", self.day.to_string())
            .with("days_before", self.days_before)
            .into()
    }

    /// Reads what [`ReminderBody::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape.
    pub fn from_json(json: &Json) -> Result<ReminderBody, ShapeError> {
        object(json, "", |f| {
            Ok(ReminderBody {
                topic: Topic::parse(f.str("topic")?).ok_or_else(|| f.wrong("topic", "unknown topic"))?,
                day: some_date(f, "day")?.ok_or_else(|| f.wrong("day", "required"))?,
                days_before: f.u32("days_before", 3_660)?,
            })
        })
    }
}

/// The corresponding day so many months later (earlier if negative), or that month's last day
/// (民法典 arts 201, 202).
pub fn months_after(day: Date, months: i32) -> Date {
    let month = i32::try_from(day.month()).unwrap_or(1) - 1;
    let all = day.year().saturating_mul(12).saturating_add(month).saturating_add(months);
    let (year, month) = (all.div_euclid(12), u32::try_from(all.rem_euclid(12) + 1).unwrap_or(1));
    let beyond = if months < 0 { Date::MIN } else { Date::MAX };
    (1..=day.day()).rev().find_map(|candidate| Date::new(year, month, candidate).ok()).unwrap_or(beyond)
}

/// The newest of the profile's days (descending) before `day` that is reached on `today`; `None`:
/// none yet, or the day is past.
pub fn reminder_due(day: Date, today: Date, days: &[u32]) -> Option<u32> {
    let left = day.days_since(today);
    if left < 0 {
        return None;
    }
    days.iter().copied().filter(|before| left <= i64::from(*before)).min()
}

/// What a confirmation's case keeps: the day, and the registrar's note.
pub fn confirmation_body(day: Date, note: Option<&str>) -> Json {
    Object::new().with("day", day.to_string()).with_some("note", note).into()
}

/// What a report's case keeps: each attempt with its day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReachBody {
    /// Day and note of each report.
    pub reports: Vec<(Date, String)>,
}

impl ReachBody {
    /// As the case keeps it.
    pub fn to_json(&self) -> Json {
        let report = |(day, note): &(Date, String)| {
            Json::from(Object::new().with("day", day.to_string()).with("note", note.as_str()))
        };
        Object::new().with("reports", self.reports.iter().map(report).collect::<Json>()).into()
    }

    /// Reads what [`ReachBody::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape.
    pub fn from_json(json: &Json) -> Result<ReachBody, ShapeError> {
        object(json, "", |f| {
            let reports = f.each("reports", |item, path| {
                object(item, path, |f| {
                    let day = some_date(f, "day")?.ok_or_else(|| f.wrong("day", "required"))?;
                    Ok((day, f.str("note")?.to_owned()))
                })
            })?;
            Ok(ReachBody { reports })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_485_600);

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn problems(from: i64, to: i64) -> Vec<(String, &'static str)> {
        let found = LeaveBody::problems(Timestamp(NOW.0 + from), Timestamp(NOW.0 + to), NOW);
        found.into_iter().map(|p| (p.field, p.rule)).collect()
    }

    #[test]
    fn a_leave_is_whole_hours_not_in_the_past_and_not_too_long() {
        let one = |field: &str, rule| vec![(field.to_owned(), rule)];
        assert_eq!(problems(0, HOUR), []);
        assert_eq!(problems(-HOUR, HOUR), one("from", "past"));
        assert_eq!(problems(60, HOUR), one("from", "whole_hour"));
        assert_eq!(problems(HOUR, HOUR), one("to", "order"));
        assert_eq!(problems(0, LEAVE_DAYS * DAY), []);
        assert_eq!(problems(0, LEAVE_DAYS * DAY + HOUR), one("to", "range"));
        let far = (LEAVE_AHEAD_DAYS + 1) * DAY;
        assert_eq!(problems(far, far + HOUR), one("from", "range"));
        let leave = LeaveBody { from: NOW, to: Timestamp(NOW.0 + DAY), note: None };
        assert_eq!(leave.cut_at(Timestamp(NOW.0 + 1)), Timestamp(NOW.0 + HOUR));
        assert_eq!(leave.cut_at(Timestamp(NOW.0 + DAY - 1)), leave.to);
        assert_eq!(LeaveBody::from_json(&leave.to_json()).unwrap(), leave);
    }

    #[test]
    fn a_reminder_is_due_on_each_of_the_days_once_and_not_after_its_day() {
        let (end, days) = (day("2027-03-31"), [90, 30, 7]);
        for (today, due) in [
            ("2026-12-30", None),
            ("2026-12-31", Some(90)),
            ("2027-02-28", Some(90)),
            ("2027-03-01", Some(30)),
            ("2027-03-24", Some(7)),
            ("2027-03-31", Some(7)),
            ("2027-04-01", None),
        ] {
            assert_eq!(reminder_due(end, day(today), &days), due, "{today}");
        }
    }

    #[test]
    fn months_are_counted_in_both_directions_and_end_with_the_month() {
        for (from, months, to) in [
            ("2027-11-30", 3, "2028-02-29"),
            ("2026-11-24", -15, "2025-08-24"),
            ("2026-03-31", -1, "2026-02-28"),
            ("2026-01-15", -1, "2025-12-15"),
            ("2026-01-15", 12, "2027-01-15"),
        ] {
            assert_eq!(months_after(day(from), months), day(to), "{from} {months}");
        }
        assert_eq!(months_after(Date::MIN, -1), Date::MIN);
        assert_eq!(months_after(Date::MAX, 1), Date::MAX);
    }

    #[test]
    fn bodies_read_back_as_they_were() {
        for topic in Topic::ALL {
            let body = ReminderBody { topic, day: day("2027-03-31"), days_before: 30 };
            assert_eq!(ReminderBody::from_json(&body.to_json()).unwrap(), body);
        }
        let body = ReachBody { reports: vec![(day("2027-03-31"), "停机".into())] };
        assert_eq!(ReachBody::from_json(&body.to_json()).unwrap(), body);
    }
}
