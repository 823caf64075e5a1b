//! The life cycle of an expert's standing as a table that people read: who decides, with what, by
//! which article. [`Standing::apply`](super::Standing::apply) is what is applied; a test holds the two
//! against each other. A standing is no case; `standing` is a name in the document.

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

/// 评审专家状态.
pub const STANDING: Lifecycle = Lifecycle {
    name: "standing",
    title_zh: "评审专家状态",
    transitions: &[
        Transition {
            from: BEGINNING,
            event: "enter",
            to: "active",
            by: &[Party::Registrar, Party::Approver],
            needs: "终审通过；既有专家由登记岗登记",
            needs_en: "final review passed; experts of an earlier registry are entered by the registrar",
            source: "财库〔2016〕198号第9条",
        },
        Transition {
            from: "active",
            event: "suspend",
            to: "suspended",
            by: &[Party::Registrar, Party::Approver],
            needs: "3、6、12 个月或到某日；截止日不早于决定日",
            needs_en: "3, 6 or 12 months or until a day; the last day is not before the decision",
            source: "福建2025年办法（阶梯）；项目规则",
        },
        Transition {
            from: "stale",
            event: "suspend",
            to: "suspended",
            by: &[Party::Registrar, Party::Approver],
            needs: "3、6、12 个月或到某日；截止日不早于决定日",
            needs_en: "3, 6 or 12 months or until a day; the last day is not before the decision",
            source: "福建2025年办法（阶梯）；项目规则",
        },
        Transition {
            from: "suspended",
            event: "expire",
            to: "active",
            by: &[Party::Clock],
            needs: "截止日已过，且该暂停自行终止",
            needs_en: "the last day is over and the suspension ends by itself",
            source: "福建2025年办法（3个月）",
        },
        Transition {
            from: "suspended",
            event: "reinstate",
            to: "active",
            by: &[Party::Registrar, Party::Approver],
            needs: "提出与确认为不同的人",
            needs_en: "proposed by one, confirmed by another",
            source: "福建2025年办法（6、12个月）",
        },
        Transition {
            from: "active",
            event: "mark_stale",
            to: "stale",
            by: &[Party::Clock, Party::Registrar],
            needs: "超过规定期限未确认、无法联系或临近年龄上限",
            needs_en: "not confirmed in time, unreachable, or near the age limit",
            source: "财库〔2016〕198号第4条（动态管理）；项目规则",
        },
        Transition {
            from: "stale",
            event: "refresh",
            to: "active",
            by: &[Party::Expert, Party::Registrar],
            needs: "本人确认或重新取得联系",
            needs_en: "confirmed by the expert, or reached again",
            source: "财库〔2016〕198号第10条；项目规则",
        },
        Transition {
            from: "active",
            event: "dismiss",
            to: "dismissed",
            by: &[Party::Approver],
            needs: "第11条四项原因之一；提出与确认为不同的人",
            needs_en: "one of the four reasons of art 11; proposed by one, confirmed by another",
            source: "财库〔2016〕198号第11条",
        },
        Transition {
            from: "suspended",
            event: "dismiss",
            to: "dismissed",
            by: &[Party::Approver],
            needs: "第11条四项原因之一；提出与确认为不同的人",
            needs_en: "one of the four reasons of art 11; proposed by one, confirmed by another",
            source: "财库〔2016〕198号第11条",
        },
        Transition {
            from: "stale",
            event: "dismiss",
            to: "dismissed",
            by: &[Party::Approver],
            needs: "第11条四项原因之一；提出与确认为不同的人",
            needs_en: "one of the four reasons of art 11; proposed by one, confirmed by another",
            source: "财库〔2016〕198号第11条",
        },
        Transition {
            from: "dismissed",
            event: "reenter",
            to: "active",
            by: &[Party::Approver],
            needs: "新的申请通过；等待期依地区规则",
            needs_en: "a new application passed; the waiting time is the profile’s",
            source: "财库〔2016〕198号第6条、第9条",
        },
        Transition {
            from: "active",
            event: "ban",
            to: "banned",
            by: &[Party::Approver],
            needs: "处罚决定；提出与确认为不同的人",
            needs_en: "a punishment decision; proposed by one, confirmed by another",
            source: "政府采购法实施条例第75条",
        },
        Transition {
            from: "suspended",
            event: "ban",
            to: "banned",
            by: &[Party::Approver],
            needs: "处罚决定；提出与确认为不同的人",
            needs_en: "a punishment decision; proposed by one, confirmed by another",
            source: "政府采购法实施条例第75条",
        },
        Transition {
            from: "stale",
            event: "ban",
            to: "banned",
            by: &[Party::Approver],
            needs: "处罚决定；提出与确认为不同的人",
            needs_en: "a punishment decision; proposed by one, confirmed by another",
            source: "政府采购法实施条例第75条",
        },
        Transition {
            from: "dismissed",
            event: "ban",
            to: "banned",
            by: &[Party::Approver],
            needs: "处罚决定；提出与确认为不同的人",
            needs_en: "a punishment decision; proposed by one, confirmed by another",
            source: "政府采购法实施条例第75条",
        },
        Transition {
            from: "active",
            event: "decease",
            to: "deceased",
            by: &[Party::Approver],
            needs: "提出与确认为不同的人",
            needs_en: "proposed by one, confirmed by another",
            source: "项目规则",
        },
        Transition {
            from: "suspended",
            event: "decease",
            to: "deceased",
            by: &[Party::Approver],
            needs: "提出与确认为不同的人",
            needs_en: "proposed by one, confirmed by another",
            source: "项目规则",
        },
        Transition {
            from: "stale",
            event: "decease",
            to: "deceased",
            by: &[Party::Approver],
            needs: "提出与确认为不同的人",
            needs_en: "proposed by one, confirmed by another",
            source: "项目规则",
        },
        Transition {
            from: "dismissed",
            event: "decease",
            to: "deceased",
            by: &[Party::Approver],
            needs: "提出与确认为不同的人",
            needs_en: "proposed by one, confirmed by another",
            source: "项目规则",
        },
        Transition {
            from: "active",
            event: "merge",
            to: "merged",
            by: &[Party::Approver],
            needs: "与另一记录为同一人；提出与确认为不同的人",
            needs_en: "the same person as another record; proposed by one, confirmed by another",
            source: "项目规则",
        },
        Transition {
            from: "suspended",
            event: "merge",
            to: "merged",
            by: &[Party::Approver],
            needs: "与另一记录为同一人；提出与确认为不同的人",
            needs_en: "the same person as another record; proposed by one, confirmed by another",
            source: "项目规则",
        },
        Transition {
            from: "stale",
            event: "merge",
            to: "merged",
            by: &[Party::Approver],
            needs: "与另一记录为同一人；提出与确认为不同的人",
            needs_en: "the same person as another record; proposed by one, confirmed by another",
            source: "项目规则",
        },
        Transition {
            from: "dismissed",
            event: "merge",
            to: "merged",
            by: &[Party::Approver],
            needs: "与另一记录为同一人；提出与确认为不同的人",
            needs_en: "the same person as another record; proposed by one, confirmed by another",
            source: "项目规则",
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::super::expert::ExpertNumber;
    use super::super::standing::{DismissalReason, Event, EventKind, StaleReason, Standing, Until};
    use super::*;
    use crate::time::Date;

    #[test]
    fn the_table_allows_exactly_what_the_code_allows() {
        let day = Date::parse("2026-11-24").unwrap();
        let until = Until::RequestAfter(Date::parse("2027-05-24").unwrap());
        let number = || ExpertNumber::from_random([1; 10]);
        let states = [
            Standing::Active,
            Standing::Suspended(until),
            Standing::Stale(StaleReason::Unconfirmed),
            Standing::Dismissed(DismissalReason::OwnRequest),
            Standing::Banned,
            Standing::Deceased,
            Standing::Merged(number()),
        ];
        let events = [
            Event::Suspend(until),
            Event::Reinstate,
            Event::MarkStale(StaleReason::Unreachable),
            Event::Refresh,
            Event::Dismiss(DismissalReason::BadConduct),
            Event::Reenter,
            Event::Ban,
            Event::Decease,
            Event::Merge(number()),
        ];
        let mut allowed = 0;
        for state in &states {
            for event in &events {
                let rows = STANDING.transitions.iter();
                let row = rows
                    .filter(|row| row.from == state.kind().as_str() && row.event == event.kind().as_str())
                    .map(|row| row.to.to_owned())
                    .next();
                let after = state.clone().apply(event.clone(), day).ok();
                assert_eq!(row, after.map(|s| s.kind().as_str().to_owned()), "{state:?} {event:?}");
                allowed += usize::from(row.is_some());
            }
        }
        // All but the entry and the end of a suspension by its date, which are no decisions.
        assert_eq!((allowed, events.len()), (STANDING.transitions.len() - 2, EventKind::ALL.len()));
    }
}
