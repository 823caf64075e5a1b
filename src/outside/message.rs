//! What a message to an expert may say, and how it reads.
//!
//! An invitation tells time, city, expected hours, until when to sign in and until when to answer
//! (shared practice of 三盲: the expert learns neither project nor purchaser before sign-in). *Invariant:*
//! there is no field for project, package, purchaser, agency, suppliers or other members, so no text can
//! name them.
//!
//! Times are China times to the minute. Texts are Chinese: their readers are experts.

use crate::time::{Date, Timestamp};

/// The longest text, in characters: what gateways take as one long message.
pub const TEXT_LIMIT: usize = 500;

/// When a review is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// Start of the review.
    pub start: Timestamp,
    /// Expected hours.
    pub hours: u32,
    /// Until when to sign in.
    pub sign_in_by: Timestamp,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// 邀请: can you come?
    Invitation {
        /// When.
        when: When,
        /// Cities in question: the one of the seat, or those where the person may be needed.
        cities: Vec<String>,
        /// Until when to answer.
        answer_by: Timestamp,
    },
    /// 入席通知: you have a seat.
    Seat {
        /// When.
        when: When,
        /// City.
        city: String,
        /// The place, if it is told beforehand.
        place: Option<String>,
    },
    /// 候补通知: you are not needed now; you may be asked again.
    Standby {
        /// When.
        when: When,
    },
    /// 取消通知.
    Cancelled {
        /// Start of the review that is off.
        start: Timestamp,
    },
}

impl Notice {
    /// The word in the outbox, the journal and the gateway's contract.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => INVITATION,
            Self::Seat { .. } => SEAT,
            Self::Standby { .. } => STANDBY,
            Self::Cancelled { .. } => CANCELLED,
        }
    }

    /// After this time the message has no use: the end of the window, or the start of the review.
    pub fn last_use(&self) -> Timestamp {
        match self {
            Self::Invitation { answer_by, .. } => *answer_by,
            Self::Seat { when, .. } | Self::Standby { when } => when.start,
            Self::Cancelled { start } => *start,
        }
    }

    /// Until when an answer counts; only of an invitation.
    pub fn answer_by(&self) -> Option<Timestamp> {
        if let Self::Invitation { answer_by, .. } = self { Some(*answer_by) } else { None }
    }

    /// The text.
    pub fn text(&self) -> String {
        match self {
            Self::Invitation { when, cities, answer_by } => format!(
                "【评审邀请】{}，{}，政府采购评审，预计{}小时，请于{}前签到。能否参加请于{}前回复短信或登录本人页面答复，答复先后不影响\
                 席位；逾期未答复视为不参加。请勿向他人透露。",
                said(when.start),
                cities.join("或"),
                when.hours,
                said(when.sign_in_by),
                said(*answer_by),
            ),
            Self::Seat { when, city, place } => format!(
                "【参加评审】您已确定参加{}的政府采购评审，地点：{}{}，预计{}小时，请携带身份证件于{}前签到，不得由他人代替。\
                 不能参加请立即告知。请勿向他人透露。",
                said(when.start),
                city,
                place.as_deref().map(|place| format!("，{place}")).unwrap_or_default(),
                when.hours,
                said(when.sign_in_by),
            ),
            Self::Standby { when } => format!(
                "【评审候补】感谢答复。{}的政府采购评审席位目前已满，您为候补；如需您参加将另行通知。",
                said(when.start),
            ),
            Self::Cancelled { start } => {
                format!("【评审取消】原定{}的政府采购评审不再需要您参加，请不必前往。", said(*start))
            }
        }
    }
}

/// Word of [`Notice::Invitation`].
pub const INVITATION: &str = "invitation";
/// Word of [`Notice::Seat`].
pub const SEAT: &str = "seat";
/// Word of [`Notice::Standby`].
pub const STANDBY: &str = "standby";
/// Word of [`Notice::Cancelled`].
pub const CANCELLED: &str = "cancelled";

/// A message on its way to one person. `Debug` shows neither phone nor address.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The message's key: the same for every attempt, for no other message.
    pub key: String,
    /// What it says.
    pub notice: Notice,
    /// Phone number, if there is one.
    pub phone: Option<String>,
    /// Mail address, if there is one.
    pub mail: Option<String>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter").field("key", &self.key).field("kind", &self.notice.kind()).finish()
    }
}

/// `2026年11月27日9时30分`, China time.
fn said(time: Timestamp) -> String {
    let day = Date::of(time);
    let seconds = time.0 - day.start().0;
    let (hour, minute) = (seconds / 3600, seconds % 3600 / 60);
    format!("{}年{}月{}日{hour}时{minute:02}分", day.year(), day.month(), day.day())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn when() -> When {
        // 2026-11-27T09:00 in China.
        let start = Timestamp::parse("2026-11-27T01:00:00Z").unwrap();
        When { start, hours: 4, sign_in_by: Timestamp(start.0 - 600) }
    }

    pub(crate) fn letter() -> Letter {
        let notice = Notice::Invitation {
            when: when(),
            cities: vec!["湖南省岳阳市".into()],
            answer_by: Timestamp(when().start.0 - 86_400),
        };
        let (phone, mail) = (Some("13800000000".into()), Some("wang@example.cn".into()));
        Letter { key: "M0123456789abcdef".into(), notice, phone, mail }
    }

    #[test]
    fn an_invitation_tells_time_city_hours_and_deadlines() {
        let text = letter().notice.text();
        for part in
            ["2026年11月27日9时00分", "湖南省岳阳市", "预计4小时", "8时50分前签到", "2026年11月26日9时00分前"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.chars().count() < TEXT_LIMIT);
    }

    #[test]
    fn every_kind_reads_within_the_limit() {
        let notices = [
            Notice::Seat {
                when: when(), city: "湖南省长沙市".into(), place: Some("某路1号".into())
            },
            Notice::Seat { when: when(), city: "湖南省长沙市".into(), place: None },
            Notice::Standby { when: when() },
            Notice::Cancelled { start: when().start },
        ];
        for notice in notices {
            let text = notice.text();
            assert!(text.contains("2026年11月27日9时00分") && text.chars().count() < TEXT_LIMIT, "{text}");
        }
    }

    #[test]
    fn a_letter_in_a_log_shows_no_phone_and_no_address() {
        let shown = format!("{:?}", letter());
        assert!(
            !shown.contains("138") && !shown.contains('@') && shown.contains("M0123456789abcdef"),
            "{shown}"
        );
    }
}
