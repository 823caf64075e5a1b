//! Tests of `standing`.

use super::expert::ExpertNumber;
use super::standing::*;
use crate::time::Date;

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn states() -> Vec<Standing> {
    vec![
        Standing::Active,
        Standing::Suspended(Until::RequestAfter(day("2026-12-31"))),
        Standing::Stale(StaleReason::Unconfirmed),
        Standing::Dismissed(DismissalReason::OwnRequest),
        Standing::Banned,
        Standing::Deceased,
        Standing::Merged(ExpertNumber::from_random([1; 10])),
    ]
}

fn events() -> Vec<Event> {
    vec![
        Event::Suspend(Until::Day(day("2027-02-24"))),
        Event::Reinstate,
        Event::MarkStale(StaleReason::Unreachable),
        Event::Refresh,
        Event::Dismiss(DismissalReason::BadConduct),
        Event::Reenter,
        Event::Ban,
        Event::Decease,
        Event::Merge(ExpertNumber::from_random([2; 10])),
    ]
}

#[test]
fn every_event_in_every_state_does_what_the_table_says() {
    use Refusal::*;
    let suspended = || Ok(Standing::Suspended(Until::Day(day("2027-02-24"))));
    let stale = || Ok(Standing::Stale(StaleReason::Unreachable));
    let dismissed = || Ok(Standing::Dismissed(DismissalReason::BadConduct));
    let active = || Ok(Standing::Active);
    let ends = || {
        [
            Ok(Standing::Banned),
            Ok(Standing::Deceased),
            Ok(Standing::Merged(ExpertNumber::from_random([2; 10]))),
        ]
    };
    let row = |first: [Result<Standing, Refusal>; 6]| first.into_iter().chain(ends()).collect::<Vec<_>>();
    let table = [
        row([suspended(), Err(NotSuspended), stale(), Err(NotStale), dismissed(), Err(NotDismissed)]),
        row([
            Err(AlreadySuspended),
            active(),
            Err(SuspendedNotStale),
            Err(NotStale),
            dismissed(),
            Err(NotDismissed),
        ]),
        row([suspended(), Err(NotSuspended), Err(AlreadyStale), active(), dismissed(), Err(NotDismissed)]),
        row([
            Err(DismissedNotSuspended),
            Err(DismissedNotReinstated),
            Err(DismissedNotStale),
            Err(NotStale),
            Err(AlreadyDismissed),
            active(),
        ]),
        vec![Err(BannedIsFinal); 9],
        vec![Err(DeceasedIsFinal); 9],
        vec![Err(MergedIsFinal); 9],
    ];
    assert!(states().iter().map(Standing::kind).eq(StandingKind::ALL));
    assert!(events().iter().map(Event::kind).eq(EventKind::ALL));
    for (state, row) in states().into_iter().zip(table) {
        assert_eq!(row.len(), EventKind::ALL.len());
        for (event, expected) in events().into_iter().zip(row) {
            assert_eq!(
                state.clone().apply(event.clone(), day("2026-11-24")),
                expected,
                "{state:?} {event:?}"
            );
        }
    }
}

#[test]
fn every_word_is_read_back_and_every_refusal_speaks_both_languages() {
    assert!(StandingKind::ALL.into_iter().all(|kind| StandingKind::parse(kind.as_str()) == Some(kind)));
    assert!(StaleReason::ALL.into_iter().all(|why| StaleReason::parse(why.as_str()) == Some(why)));
    for state in states() {
        for event in events() {
            if let Err(refusal) = state.clone().apply(event, day("2026-11-24")) {
                assert!(!refusal.name().is_empty() && !refusal.message_zh().is_empty());
                assert!(!refusal.source().is_empty() && !refusal.to_string().is_empty());
            }
        }
    }
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
    assert_eq!(three.clone().on(last), three);
    assert_eq!(three.on(last.plus_days(1)), Standing::Active);
    for (months, ends) in [(6, "2027-05-30"), (12, "2027-11-30")] {
        let event = Event::suspend_months(months, decided).unwrap();
        assert_eq!(event, Event::Suspend(Until::RequestAfter(day(ends))));
        let state = Standing::Active.apply(event, decided).unwrap();
        assert_eq!(state.clone().on(Date::MAX), state);
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
        assert_eq!(day(from).plus_months(months), day(to), "{from} {months}");
    }
    assert_eq!(Date::MAX.plus_months(3), Date::MAX);
}

#[test]
fn a_new_suspension_may_follow_one_that_has_ended_by_itself() {
    let state = Standing::Suspended(Until::Day(day("2026-03-31")));
    let again = Event::Suspend(Until::Reinstated);
    assert_eq!(state.clone().apply(again.clone(), day("2026-03-31")), Err(Refusal::AlreadySuspended));
    assert_eq!(state.clone().apply(again, day("2026-04-01")), Ok(Standing::Suspended(Until::Reinstated)));
    assert_eq!(state.apply(Event::Reinstate, day("2026-04-01")), Err(Refusal::NotSuspended));
}

#[test]
fn a_suspension_that_ends_before_its_decision_is_refused() {
    let yesterday = Event::Suspend(Until::Day(day("2026-11-23")));
    let refused = Standing::Active.apply(yesterday.clone(), day("2026-11-24"));
    assert_eq!(refused, Err(Refusal::EndsBeforeItBegins));
    assert!(Standing::Active.apply(yesterday, day("2026-11-23")).is_ok());
}
