//! What can be decided about an expert's standing (处理): the acts, each with its particulars.
//!
//! *Invariants:* [`Act::event`] is the only way from a decision to the life cycle of the standing; an
//! act reads back as what it was written from.
//!
//! *Deliberately not here:* who may decide (`decision`), what follows (`consequences`).
//!
//! Sources: 财库〔2016〕198号 arts 6, 11 (C2); 实施条例 art 75 (C).

use crate::codec::{Json, Object, ShapeError, object};
use crate::time::Date;

use super::decision::{some_date, some_text};
use super::expert::ExpertNumber;
use super::standing::{DismissalReason, Event, Until};

/// How long a suspension is to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// 3, 6 or 12 months from the day of the confirmation.
    Months(u32),
    /// Any other end.
    Until(Until),
}

/// Result of the test on the rules that ends a suspension of twelve months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// 合格
    Passed,
    /// 不合格: the expert is dismissed.
    Failed,
}

impl Test {
    /// `passed`, `failed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }

    /// Reads what [`Test::as_str`] writes.
    pub fn parse(text: &str) -> Option<Test> {
        [Self::Passed, Self::Failed].into_iter().find(|test| test.as_str() == text)
    }
}

/// What is on file when a suspension is lifted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnFile {
    /// Day of the expert's written request.
    pub request: Option<Date>,
    /// Day of the expert's pledge (承诺书).
    pub pledge: Option<Date>,
    /// Result of the test.
    pub test: Option<Test>,
}

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// 暂停
    Suspend(Term),
    /// 恢复
    Reinstate(OnFile),
    /// 解聘
    Dismiss(DismissalReason),
    /// 禁止参加评审
    Ban,
    /// 去世, on a day.
    Decease(Date),
    /// 归并: this record is a duplicate of the one that goes on.
    Merge(ExpertNumber),
}

/// The acts by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActKind {
    /// 暂停
    Suspend,
    /// 恢复
    Reinstate,
    /// 解聘
    Dismiss,
    /// 禁止参加评审
    Ban,
    /// 去世
    Decease,
    /// 归并
    Merge,
}

impl ActKind {
    /// All.
    pub const ALL: [ActKind; 6] =
        [Self::Suspend, Self::Reinstate, Self::Dismiss, Self::Ban, Self::Decease, Self::Merge];

    /// The word in the API and the body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
            Self::Dismiss => "dismiss",
            Self::Ban => "ban",
            Self::Decease => "decease",
            Self::Merge => "merge",
        }
    }

    /// Reads what [`ActKind::as_str`] writes.
    pub fn parse(text: &str) -> Option<ActKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// In Chinese.
    pub fn title_zh(self) -> &'static str {
        match self {
            Self::Suspend => "暂停抽取",
            Self::Reinstate => "恢复抽取",
            Self::Dismiss => "解聘",
            Self::Ban => "禁止参加政府采购评审活动",
            Self::Decease => "登记去世",
            Self::Merge => "归并重复记录",
        }
    }

    /// Whether the person's open affairs end with it.
    pub fn ends_affairs(self) -> bool {
        match self {
            Self::Dismiss | Self::Ban | Self::Decease | Self::Merge => true,
            Self::Suspend | Self::Reinstate => false,
        }
    }
}

impl Act {
    /// Which act.
    pub fn kind(&self) -> ActKind {
        match self {
            Self::Suspend(_) => ActKind::Suspend,
            Self::Reinstate(_) => ActKind::Reinstate,
            Self::Dismiss(_) => ActKind::Dismiss,
            Self::Ban => ActKind::Ban,
            Self::Decease(_) => ActKind::Decease,
            Self::Merge(_) => ActKind::Merge,
        }
    }

    /// The event in the life cycle of the standing, decided on a day. A test that was not passed
    /// turns the request for reinstatement into a dismissal: who does not know the rules no longer
    /// meets art 6(3). `None`: months for which there is no ladder.
    pub fn event(&self, decided: Date) -> Option<Event> {
        match self {
            Self::Suspend(Term::Months(months)) => Event::suspend_months(*months, decided),
            Self::Suspend(Term::Until(until)) => Some(Event::Suspend(*until)),
            Self::Reinstate(OnFile { test: Some(Test::Failed), .. }) => {
                Some(Event::Dismiss(DismissalReason::ConditionsLost))
            }
            Self::Reinstate(_) => Some(Event::Reinstate),
            Self::Dismiss(reason) => Some(Event::Dismiss(*reason)),
            Self::Ban => Some(Event::Ban),
            Self::Decease(_) => Some(Event::Decease),
            Self::Merge(into) => Some(Event::Merge(into.clone())),
        }
    }

    /// As the body of a case keeps it.
    pub fn to_json(&self) -> Json {
        let act = Object::new().with("kind", self.kind().as_str());
        let day = |day: Option<Date>| day.map(|day| day.to_string());
        match self {
            Self::Suspend(Term::Months(months)) => act.with("months", *months),
            Self::Suspend(Term::Until(until)) => {
                act.with("returns", until.returns()).with_some("until", day(until.day()))
            }
            Self::Reinstate(file) => act
                .with_some("request", day(file.request))
                .with_some("pledge", day(file.pledge))
                .with_some("test", file.test.map(Test::as_str)),
            Self::Dismiss(reason) => act.with("reason", reason.number()),
            Self::Ban => act,
            Self::Decease(day) => act.with("died", day.to_string()),
            Self::Merge(into) => act.with("into", into.as_str()),
        }
        .into()
    }

    /// Reads what [`Act::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape.
    pub fn from_json(json: &Json, path: &str) -> Result<Act, ShapeError> {
        object(json, path, |f| {
            let kind = ActKind::parse(f.str("kind")?).ok_or_else(|| f.wrong("kind", "unknown act"))?;
            Ok(match kind {
                ActKind::Ban => Act::Ban,
                ActKind::Decease => {
                    Act::Decease(some_date(f, "died")?.ok_or_else(|| f.wrong("died", "required"))?)
                }
                ActKind::Merge => {
                    let into = ExpertNumber::parse(f.str("into")?);
                    Act::Merge(into.ok_or_else(|| f.wrong("into", "must be an expert number"))?)
                }
                ActKind::Dismiss => {
                    let reason = DismissalReason::from_number(f.u32("reason", 4)?);
                    Act::Dismiss(reason.ok_or_else(|| f.wrong("reason", "must be 1 to 4"))?)
                }
                ActKind::Reinstate => Act::Reinstate(OnFile {
                    request: some_date(f, "request")?,
                    pledge: some_date(f, "pledge")?,
                    test: match some_text(f, "test")? {
                        None => None,
                        Some(text) => Some(
                            Test::parse(&text).ok_or_else(|| f.wrong("test", "must be passed or failed"))?,
                        ),
                    },
                }),
                ActKind::Suspend => match f.optional("months").and_then(Json::as_int) {
                    Some(_) => Act::Suspend(Term::Months(f.u32("months", 120)?)),
                    None => {
                        let until = some_date(f, "until")?;
                        let returns = f.str("returns")?;
                        let until =
                            read_until(returns, until).ok_or_else(|| f.wrong("returns", "unknown"))?;
                        Act::Suspend(Term::Until(until))
                    }
                },
            })
        })
    }
}

/// An end of a suspension from its two words; `None` if they do not fit together.
pub fn read_until(returns: &str, until: Option<Date>) -> Option<Until> {
    match (returns, until) {
        ("itself", Some(day)) => Some(Until::Day(day)),
        ("request", Some(day)) => Some(Until::RequestAfter(day)),
        ("decision", None) => Some(Until::Reinstated),
        _ => None,
    }
}
