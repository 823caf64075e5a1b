//! An expert's standing (状态) and its life cycle: `(state, event) → state`, one table.
//!
//! States: active, suspended (暂停抽取), dismissed (解聘, 财库〔2016〕198号 art 11), banned (禁止参加评审,
//! 实施条例 art 75; final). Entry (draft, review, test), leave, pending changes, stale records and
//! **re-entry after dismissal** are not here: they come with the wider life cycle, which adds rows to
//! [`Standing::apply`] and changes none.
//!
//! A suspension for three months ends by itself, one for six or twelve months only on the expert's
//! request (the ladder of Fujian's rules of 2025; a decision may name any other day). So the state
//! on a day is asked with [`Standing::on`]; there is no clock here.

use crate::time::Date;

/// Where an expert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// 在库: may be drawn.
    Active,
    /// 暂停: not drawn until it ends.
    Suspended(Until),
    /// 解聘: no longer an expert of this registry.
    Dismissed(DismissalReason),
    /// 禁止参加政府采购评审活动: final.
    Banned,
}

/// How a suspension ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// By itself, after this last day.
    Day(Date),
    /// By a reinstatement that the expert may request after this last day.
    RequestAfter(Date),
    /// By a reinstatement only; no day is set.
    Reinstated,
}

impl Until {
    /// The last day, if one is set.
    pub fn day(self) -> Option<Date> {
        match self {
            Until::Day(day) | Until::RequestAfter(day) => Some(day),
            Until::Reinstated => None,
        }
    }
}

/// Why an expert is dismissed: the four items of 198号 art 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DismissalReason {
    /// 1: no longer meets the conditions of art 6 (不再符合条件).
    ConditionsLost,
    /// 2: at the expert's own request (本人申请).
    OwnRequest,
    /// 3: bad conduct of art 29 (不良行为记录).
    BadConduct,
    /// 4: criminal punishment (受到刑事处罚).
    CriminalPunishment,
}

impl DismissalReason {
    /// All four, in the order of the article.
    pub const ALL: [DismissalReason; 4] =
        [Self::ConditionsLost, Self::OwnRequest, Self::BadConduct, Self::CriminalPunishment];

    /// The item's number in art 11, 1–4.
    pub fn number(self) -> u32 {
        match self {
            Self::ConditionsLost => 1,
            Self::OwnRequest => 2,
            Self::BadConduct => 3,
            Self::CriminalPunishment => 4,
        }
    }

    /// The item with that number; `None` outside 1–4.
    pub fn from_number(number: u32) -> Option<DismissalReason> {
        Self::ALL.into_iter().find(|reason| reason.number() == number)
    }
}

/// A decision about an expert's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Suspended for 3, 6 or 12 months, or until some other day.
    Suspend(Until),
    /// The suspension is lifted.
    Reinstate,
    /// Dismissed for one of four reasons.
    Dismiss(DismissalReason),
    /// Banned by a punishment decision.
    Ban,
}

impl Event {
    /// A suspension for 3, 6 or 12 months decided on `decided`; `None` for another number. The last
    /// day is the corresponding day of the last month, or that month's last day (民法典 arts 201, 202).
    pub fn suspend_months(months: u32, decided: Date) -> Option<Event> {
        let last = plus_months(decided, months);
        match months {
            3 => Some(Event::Suspend(Until::Day(last))),
            6 | 12 => Some(Event::Suspend(Until::RequestAfter(last))),
            _ => None,
        }
    }

    /// Which event, without its particulars.
    pub fn kind(&self) -> EventKind {
        match self {
            Event::Suspend(_) => EventKind::Suspend,
            Event::Reinstate => EventKind::Reinstate,
            Event::Dismiss(_) => EventKind::Dismiss,
            Event::Ban => EventKind::Ban,
        }
    }
}

/// The events by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// 暂停
    Suspend,
    /// 恢复
    Reinstate,
    /// 解聘
    Dismiss,
    /// 禁止
    Ban,
}

/// The states by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StandingKind {
    /// 在库
    Active,
    /// 暂停
    Suspended,
    /// 解聘
    Dismissed,
    /// 禁止
    Banned,
}

impl StandingKind {
    /// All four.
    pub const ALL: [StandingKind; 4] = [Self::Active, Self::Suspended, Self::Dismissed, Self::Banned];

    /// `active`, `suspended`, `dismissed`, `banned`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Dismissed => "dismissed",
            Self::Banned => "banned",
        }
    }

    /// Reads what [`StandingKind::as_str`] writes.
    pub fn parse(text: &str) -> Option<StandingKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// In Chinese.
    pub fn title_zh(self) -> &'static str {
        match self {
            Self::Active => "在库",
            Self::Suspended => "暂停抽取",
            Self::Dismissed => "解聘",
            Self::Banned => "禁止参加评审",
        }
    }
}

/// Why an event is refused in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A ban is final.
    #[error("a banned expert stays banned")]
    BannedIsFinal,
    /// Already dismissed.
    #[error("the expert is already dismissed")]
    AlreadyDismissed,
    /// A dismissed expert is not in the registry, so cannot be suspended.
    #[error("a dismissed expert cannot be suspended")]
    DismissedNotSuspended,
    /// A dismissed expert comes back only by a new application.
    #[error("a dismissed expert comes back only by a new application")]
    DismissedNotReinstated,
    /// A suspension runs already; lift it first if the new decision replaces it.
    #[error("a suspension already runs")]
    AlreadySuspended,
    /// Nothing to lift.
    #[error("the expert is not suspended")]
    NotSuspended,
    /// The last day lies before the decision.
    #[error("the suspension would end before the day of its decision")]
    EndsBeforeItBegins,
}

impl Refusal {
    /// The rule's name.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::BannedIsFinal => "banned_is_final",
            Refusal::AlreadyDismissed => "already_dismissed",
            Refusal::DismissedNotSuspended => "dismissed_not_suspended",
            Refusal::DismissedNotReinstated => "dismissed_not_reinstated",
            Refusal::AlreadySuspended => "already_suspended",
            Refusal::NotSuspended => "not_suspended",
            Refusal::EndsBeforeItBegins => "ends_before_it_begins",
        }
    }

    /// Where the rule comes from; `项目规则` (project rule) where no instrument says so.
    pub fn source(self) -> &'static str {
        match self {
            Refusal::BannedIsFinal => "政府采购法实施条例第75条",
            Refusal::AlreadyDismissed | Refusal::DismissedNotSuspended => "财库〔2016〕198号第11条",
            Refusal::DismissedNotReinstated => "财库〔2016〕198号第6条、第9条、第11条",
            Refusal::AlreadySuspended | Refusal::NotSuspended | Refusal::EndsBeforeItBegins => "项目规则",
        }
    }

    /// The message in Chinese.
    pub fn message_zh(self) -> &'static str {
        match self {
            Refusal::BannedIsFinal => "已被禁止参加评审，不可变更",
            Refusal::AlreadyDismissed => "该专家已解聘",
            Refusal::DismissedNotSuspended => "已解聘的专家不能暂停",
            Refusal::DismissedNotReinstated => "已解聘的专家须重新申请入库",
            Refusal::AlreadySuspended => "该专家正在暂停期间；如以新决定代替，请先恢复",
            Refusal::NotSuspended => "该专家未被暂停",
            Refusal::EndsBeforeItBegins => "暂停的截止日早于决定日",
        }
    }
}

impl Standing {
    /// Which state, without its particulars.
    pub fn kind(&self) -> StandingKind {
        match self {
            Standing::Active => StandingKind::Active,
            Standing::Suspended(_) => StandingKind::Suspended,
            Standing::Dismissed(_) => StandingKind::Dismissed,
            Standing::Banned => StandingKind::Banned,
        }
    }

    /// The standing on a day: a suspension that ends by itself is over on the day after its last.
    pub fn on(self, day: Date) -> Standing {
        match self {
            Standing::Suspended(Until::Day(last)) if day > last => Standing::Active,
            other => other,
        }
    }

    /// The state after an event decided on `decided`.
    ///
    /// | | suspend | reinstate | dismiss | ban |
    /// |---|---|---|---|---|
    /// | active | suspended | `not_suspended` | dismissed | banned |
    /// | suspended | `already_suspended` | active | dismissed | banned |
    /// | dismissed | `dismissed_not_suspended` | `dismissed_not_reinstated` | `already_dismissed` | banned |
    /// | banned | `banned_is_final` | `banned_is_final` | `banned_is_final` | `banned_is_final` |
    ///
    /// # Errors
    /// The named [`Refusal`]; also when a suspension's last day lies before `decided`.
    pub fn apply(self, event: Event, decided: Date) -> Result<Standing, Refusal> {
        match (self.on(decided), event) {
            (Standing::Active, Event::Suspend(until)) => {
                if until.day().is_some_and(|last| last < decided) {
                    return Err(Refusal::EndsBeforeItBegins);
                }
                Ok(Standing::Suspended(until))
            }
            (Standing::Active, Event::Reinstate) => Err(Refusal::NotSuspended),
            (Standing::Suspended(_), Event::Suspend(_)) => Err(Refusal::AlreadySuspended),
            (Standing::Suspended(_), Event::Reinstate) => Ok(Standing::Active),
            (Standing::Active | Standing::Suspended(_), Event::Dismiss(reason)) => {
                Ok(Standing::Dismissed(reason))
            }
            (Standing::Dismissed(_), Event::Suspend(_)) => Err(Refusal::DismissedNotSuspended),
            (Standing::Dismissed(_), Event::Reinstate) => Err(Refusal::DismissedNotReinstated),
            (Standing::Dismissed(_), Event::Dismiss(_)) => Err(Refusal::AlreadyDismissed),
            (Standing::Banned, _) => Err(Refusal::BannedIsFinal),
            (_, Event::Ban) => Ok(Standing::Banned),
        }
    }
}

fn plus_months(day: Date, months: u32) -> Date {
    let month = day.month() - 1 + months;
    let (years, month) = (i32::try_from(month / 12).unwrap_or(0), month % 12 + 1);
    let year = day.year().saturating_add(years);
    // The corresponding day, or the month's last: at most three steps down.
    (1..=day.day()).rev().find_map(|candidate| Date::new(year, month, candidate).ok()).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn every_event_in_every_state_does_what_the_table_says() {
        use DismissalReason::*;
        let today = day("2026-11-24");
        let until = Until::Day(day("2027-02-24"));
        let (active, suspended, dismissed, banned) = (
            Standing::Active,
            Standing::Suspended(Until::RequestAfter(day("2026-12-31"))),
            Standing::Dismissed(OwnRequest),
            Standing::Banned,
        );
        let (suspend, reinstate, dismiss, ban) =
            (Event::Suspend(until), Event::Reinstate, Event::Dismiss(BadConduct), Event::Ban);
        let table = [
            (active, suspend, Ok(Standing::Suspended(until))),
            (active, reinstate, Err(Refusal::NotSuspended)),
            (active, dismiss, Ok(Standing::Dismissed(BadConduct))),
            (active, ban, Ok(banned)),
            (suspended, suspend, Err(Refusal::AlreadySuspended)),
            (suspended, reinstate, Ok(active)),
            (suspended, dismiss, Ok(Standing::Dismissed(BadConduct))),
            (suspended, ban, Ok(banned)),
            (dismissed, suspend, Err(Refusal::DismissedNotSuspended)),
            (dismissed, reinstate, Err(Refusal::DismissedNotReinstated)),
            (dismissed, dismiss, Err(Refusal::AlreadyDismissed)),
            (dismissed, ban, Ok(banned)),
            (banned, suspend, Err(Refusal::BannedIsFinal)),
            (banned, reinstate, Err(Refusal::BannedIsFinal)),
            (banned, dismiss, Err(Refusal::BannedIsFinal)),
            (banned, ban, Err(Refusal::BannedIsFinal)),
        ];
        for (state, event, expected) in table {
            assert_eq!(state.apply(event, today), expected, "{state:?} {event:?}");
        }
        let pairs: std::collections::BTreeSet<_> =
            table.iter().map(|(s, e, _)| (s.kind(), e.kind())).collect();
        assert_eq!(pairs.len(), 16);
    }

    #[test]
    fn each_reason_of_dismissal_is_kept_and_has_the_number_of_its_item() {
        for (reason, number) in DismissalReason::ALL.into_iter().zip(1..) {
            assert_eq!(reason.number(), number);
            assert_eq!(DismissalReason::from_number(number), Some(reason));
            let after = Standing::Active.apply(Event::Dismiss(reason), day("2026-01-01"));
            assert_eq!(after, Ok(Standing::Dismissed(reason)));
        }
        assert_eq!(DismissalReason::from_number(0), None);
        assert_eq!(DismissalReason::from_number(5), None);
    }

    #[test]
    fn three_months_end_by_themselves_and_longer_ones_do_not() {
        let decided = day("2026-11-30");
        let last = day("2027-02-28");
        let three = Standing::Active.apply(Event::suspend_months(3, decided).unwrap(), decided).unwrap();
        assert_eq!(three, Standing::Suspended(Until::Day(last)));
        assert_eq!(three.on(last), three);
        assert_eq!(three.on(last.plus_days(1)), Standing::Active);
        for (months, ends) in [(6, "2027-05-30"), (12, "2027-11-30")] {
            let event = Event::suspend_months(months, decided).unwrap();
            assert_eq!(event, Event::Suspend(Until::RequestAfter(day(ends))));
            let state = Standing::Active.apply(event, decided).unwrap();
            assert_eq!(state.on(Date::MAX), state);
        }
        assert_eq!(Event::suspend_months(4, decided), None);
    }

    #[test]
    fn months_end_on_the_corresponding_day_or_the_last_of_the_month() {
        for (from, months, to) in [
            ("2027-11-30", 3, "2028-02-29"),
            ("2026-12-31", 3, "2027-03-31"),
            ("2026-08-31", 6, "2027-02-28"),
            ("2026-05-05", 6, "2026-11-05"),
            ("2026-01-01", 12, "2027-01-01"),
            ("2028-02-29", 12, "2029-02-28"),
        ] {
            assert_eq!(plus_months(day(from), months), day(to), "{from} {months}");
        }
        assert_eq!(plus_months(Date::MAX, 3), Date::MAX);
    }

    #[test]
    fn a_new_suspension_may_follow_one_that_has_ended_by_itself() {
        let state = Standing::Suspended(Until::Day(day("2026-03-31")));
        let again = Event::Suspend(Until::Reinstated);
        assert_eq!(state.apply(again, day("2026-03-31")), Err(Refusal::AlreadySuspended));
        assert_eq!(state.apply(again, day("2026-04-01")), Ok(Standing::Suspended(Until::Reinstated)));
        assert_eq!(state.apply(Event::Reinstate, day("2026-04-01")), Err(Refusal::NotSuspended));
    }

    #[test]
    fn a_suspension_that_ends_before_its_decision_is_refused() {
        let yesterday = Event::Suspend(Until::Day(day("2026-11-23")));
        let refused = Standing::Active.apply(yesterday, day("2026-11-24"));
        assert_eq!(refused, Err(Refusal::EndsBeforeItBegins));
        assert!(Standing::Active.apply(yesterday, day("2026-11-23")).is_ok());
    }
}
