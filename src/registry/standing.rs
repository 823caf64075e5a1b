//! An expert's standing (状态) and its life cycle: `(state, event) → state`, one table.
//!
//! States: active, suspended (暂停抽取), stale (信息待确认: not drawn until the record is confirmed),
//! dismissed (解聘, 财库〔2016〕198号 art 11), banned (禁止参加评审, 实施条例 art 75; final), deceased and
//! merged (归并: a duplicate; both final). Leave and open changes are facts of the record, not
//! standings. Who may decide what, and with whose consent, is in `standing_table` (`LIFECYCLE`).
//!
//! A suspension for three months ends by itself, one for six or twelve months only on the expert's
//! request (the ladder of Fujian's rules of 2025; a decision may name any other day). So the state
//! on a day is asked with [`Standing::on`]; there is no clock here. A suspension of a stale record
//! ends in *active*: whatever made it stale is looked at anew by the job that marks records.
//!
//! A banned record stays banned: no death and no merge takes the word away from it. A duplicate of a
//! banned record is merged into that one.

use crate::time::Date;

use super::expert::ExpertNumber;

/// Where an expert stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// 在库: may be drawn.
    Active,
    /// 暂停: not drawn until it ends.
    Suspended(Until),
    /// 待确认: not drawn until the record is refreshed.
    Stale(StaleReason),
    /// 解聘: no longer an expert of this registry.
    Dismissed(DismissalReason),
    /// 禁止参加政府采购评审活动: final.
    Banned,
    /// 去世: final.
    Deceased,
    /// 归并: a duplicate of the record that goes on; final.
    Merged(ExpertNumber),
}

/// Why a record is stale (198号 art 4 动态管理; which of them a job marks is the profile's).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StaleReason {
    /// 未按期确认.
    Unconfirmed,
    /// 无法联系.
    Unreachable,
    /// 临近年龄上限.
    NearLimit,
}

impl StaleReason {
    /// All three.
    pub const ALL: [StaleReason; 3] = [Self::Unconfirmed, Self::Unreachable, Self::NearLimit];

    /// `unconfirmed`, `unreachable`, `near_limit`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Unreachable => "unreachable",
            Self::NearLimit => "near_limit",
        }
    }

    /// Reads what [`StaleReason::as_str`] writes.
    pub fn parse(text: &str) -> Option<StaleReason> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// In Chinese.
    pub fn title_zh(self) -> &'static str {
        match self {
            Self::Unconfirmed => "未按期确认",
            Self::Unreachable => "无法联系",
            Self::NearLimit => "临近年龄上限",
        }
    }
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

    /// `itself`, `request`, `decision`: the word in images and answers.
    pub fn returns(self) -> &'static str {
        match self {
            Until::Day(_) => "itself",
            Until::RequestAfter(_) => "request",
            Until::Reinstated => "decision",
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Suspended for 3, 6 or 12 months, or until some other day.
    Suspend(Until),
    /// The suspension is lifted.
    Reinstate,
    /// Marked as stale.
    MarkStale(StaleReason),
    /// Confirmed or reached again.
    Refresh,
    /// Dismissed for one of four reasons.
    Dismiss(DismissalReason),
    /// Entered again after a dismissal, by a new application; the waiting time is the profile's.
    Reenter,
    /// Banned by a punishment decision.
    Ban,
    /// Died.
    Decease,
    /// Found to be a duplicate of another record.
    Merge(ExpertNumber),
}

impl Event {
    /// A suspension for 3, 6 or 12 months decided on `decided`; `None` for another number. The last
    /// day is the corresponding day of the last month, or that month's last day (民法典 arts 201, 202).
    pub fn suspend_months(months: u32, decided: Date) -> Option<Event> {
        let last = decided.plus_months(months);
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
            Event::MarkStale(_) => EventKind::MarkStale,
            Event::Refresh => EventKind::Refresh,
            Event::Dismiss(_) => EventKind::Dismiss,
            Event::Reenter => EventKind::Reenter,
            Event::Ban => EventKind::Ban,
            Event::Decease => EventKind::Decease,
            Event::Merge(_) => EventKind::Merge,
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
    /// 转待确认
    MarkStale,
    /// 确认
    Refresh,
    /// 解聘
    Dismiss,
    /// 重新入库
    Reenter,
    /// 禁止
    Ban,
    /// 去世
    Decease,
    /// 归并
    Merge,
}

impl EventKind {
    /// All nine.
    pub const ALL: [EventKind; 9] = [
        Self::Suspend,
        Self::Reinstate,
        Self::MarkStale,
        Self::Refresh,
        Self::Dismiss,
        Self::Reenter,
        Self::Ban,
        Self::Decease,
        Self::Merge,
    ];

    /// `suspend`, `reinstate`, `mark_stale`, `refresh`, `dismiss`, `reenter`, `ban`, `decease`, `merge`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
            Self::MarkStale => "mark_stale",
            Self::Refresh => "refresh",
            Self::Dismiss => "dismiss",
            Self::Reenter => "reenter",
            Self::Ban => "ban",
            Self::Decease => "decease",
            Self::Merge => "merge",
        }
    }
}

/// The states by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StandingKind {
    /// 在库
    Active,
    /// 暂停
    Suspended,
    /// 待确认
    Stale,
    /// 解聘
    Dismissed,
    /// 禁止
    Banned,
    /// 去世
    Deceased,
    /// 归并
    Merged,
}

impl StandingKind {
    /// All seven.
    pub const ALL: [StandingKind; 7] = [
        Self::Active,
        Self::Suspended,
        Self::Stale,
        Self::Dismissed,
        Self::Banned,
        Self::Deceased,
        Self::Merged,
    ];

    /// `active`, `suspended`, `stale`, `dismissed`, `banned`, `deceased`, `merged`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Stale => "stale",
            Self::Dismissed => "dismissed",
            Self::Banned => "banned",
            Self::Deceased => "deceased",
            Self::Merged => "merged",
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
            Self::Stale => "信息待确认",
            Self::Dismissed => "解聘",
            Self::Banned => "禁止参加评审",
            Self::Deceased => "去世",
            Self::Merged => "已归并",
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
    /// Suspended anyway: whether the record is stale is asked when the suspension ends.
    #[error("a suspended expert is not marked stale")]
    SuspendedNotStale,
    /// Stale already.
    #[error("the record is stale already")]
    AlreadyStale,
    /// Nothing to refresh.
    #[error("the record is not stale")]
    NotStale,
    /// Not in the registry, so the record cannot be stale.
    #[error("a dismissed expert's record is not marked stale")]
    DismissedNotStale,
    /// Only somebody who was dismissed enters again.
    #[error("only a dismissed expert enters again")]
    NotDismissed,
    /// Death is final.
    #[error("the expert has died")]
    DeceasedIsFinal,
    /// The record is closed; the one that goes on is meant.
    #[error("the record was merged into another one, which goes on")]
    MergedIsFinal,
    /// A record is no duplicate of itself.
    #[error("a record cannot be merged into itself")]
    MergedIntoItself,
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
            Refusal::SuspendedNotStale => "suspended_not_stale",
            Refusal::AlreadyStale => "already_stale",
            Refusal::NotStale => "not_stale",
            Refusal::DismissedNotStale => "dismissed_not_stale",
            Refusal::NotDismissed => "not_dismissed",
            Refusal::DeceasedIsFinal => "deceased_is_final",
            Refusal::MergedIsFinal => "merged_is_final",
            Refusal::MergedIntoItself => "merged_into_itself",
        }
    }

    /// Where the rule comes from; `项目规则` (project rule) where no instrument says so.
    pub fn source(self) -> &'static str {
        match self {
            Refusal::BannedIsFinal => "政府采购法实施条例第75条",
            Refusal::AlreadyDismissed | Refusal::DismissedNotSuspended => "财库〔2016〕198号第11条",
            Refusal::DismissedNotReinstated => "财库〔2016〕198号第6条、第9条、第11条",
            _ => "项目规则",
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
            Refusal::SuspendedNotStale => "暂停期间不转为待确认",
            Refusal::AlreadyStale => "该专家的信息已为待确认",
            Refusal::NotStale => "该专家的信息不是待确认",
            Refusal::DismissedNotStale => "已解聘的专家不转为待确认",
            Refusal::NotDismissed => "只有已解聘的专家才重新入库",
            Refusal::DeceasedIsFinal => "该专家已去世",
            Refusal::MergedIsFinal => "该记录已归并到另一记录，请办理存续的记录",
            Refusal::MergedIntoItself => "记录不能归并到自身",
        }
    }
}

impl Standing {
    /// Which state, without its particulars.
    pub fn kind(&self) -> StandingKind {
        match self {
            Standing::Active => StandingKind::Active,
            Standing::Suspended(_) => StandingKind::Suspended,
            Standing::Stale(_) => StandingKind::Stale,
            Standing::Dismissed(_) => StandingKind::Dismissed,
            Standing::Banned => StandingKind::Banned,
            Standing::Deceased => StandingKind::Deceased,
            Standing::Merged(_) => StandingKind::Merged,
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
    /// | | suspend | reinstate | mark stale | refresh | dismiss | reenter | ban | decease | merge |
    /// |---|---|---|---|---|---|---|---|---|---|
    /// | active | suspended | `not_suspended` | stale | `not_stale` | dismissed | `not_dismissed` | banned | deceased | merged |
    /// | suspended | `already_suspended` | active | `suspended_not_stale` | `not_stale` | dismissed | `not_dismissed` | banned | deceased | merged |
    /// | stale | suspended | `not_suspended` | `already_stale` | active | dismissed | `not_dismissed` | banned | deceased | merged |
    /// | dismissed | `dismissed_not_suspended` | `dismissed_not_reinstated` | `dismissed_not_stale` | `not_stale` | `already_dismissed` | active | banned | deceased | merged |
    /// | banned | `banned_is_final` everywhere | | | | | | | | |
    /// | deceased | `deceased_is_final` everywhere | | | | | | | | |
    /// | merged | `merged_is_final` everywhere | | | | | | | | |
    ///
    /// # Errors
    /// The named [`Refusal`]; also when a suspension's last day lies before `decided`.
    pub fn apply(self, event: Event, decided: Date) -> Result<Standing, Refusal> {
        match (self.on(decided), event) {
            (Standing::Banned, _) => Err(Refusal::BannedIsFinal),
            (Standing::Deceased, _) => Err(Refusal::DeceasedIsFinal),
            (Standing::Merged(_), _) => Err(Refusal::MergedIsFinal),
            (_, Event::Ban) => Ok(Standing::Banned),
            (_, Event::Decease) => Ok(Standing::Deceased),
            (_, Event::Merge(into)) => Ok(Standing::Merged(into)),
            (Standing::Dismissed(_), Event::Reenter) => Ok(Standing::Active),
            (_, Event::Reenter) => Err(Refusal::NotDismissed),
            (Standing::Dismissed(_), Event::Dismiss(_)) => Err(Refusal::AlreadyDismissed),
            (_, Event::Dismiss(reason)) => Ok(Standing::Dismissed(reason)),
            (Standing::Active | Standing::Stale(_), Event::Suspend(until)) => {
                if until.day().is_some_and(|last| last < decided) {
                    return Err(Refusal::EndsBeforeItBegins);
                }
                Ok(Standing::Suspended(until))
            }
            (Standing::Suspended(_), Event::Suspend(_)) => Err(Refusal::AlreadySuspended),
            (Standing::Dismissed(_), Event::Suspend(_)) => Err(Refusal::DismissedNotSuspended),
            (Standing::Suspended(_), Event::Reinstate) => Ok(Standing::Active),
            (Standing::Dismissed(_), Event::Reinstate) => Err(Refusal::DismissedNotReinstated),
            (_, Event::Reinstate) => Err(Refusal::NotSuspended),
            (Standing::Active, Event::MarkStale(why)) => Ok(Standing::Stale(why)),
            (Standing::Stale(_), Event::MarkStale(_)) => Err(Refusal::AlreadyStale),
            (Standing::Suspended(_), Event::MarkStale(_)) => Err(Refusal::SuspendedNotStale),
            (Standing::Dismissed(_), Event::MarkStale(_)) => Err(Refusal::DismissedNotStale),
            (Standing::Stale(_), Event::Refresh) => Ok(Standing::Active),
            (_, Event::Refresh) => Err(Refusal::NotStale),
        }
    }
}
