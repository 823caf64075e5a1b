//! What a date brings: once, whatever is run how often, and the tables say it.

use expert_draw::registry::{StaleReason, Standing};
use expert_draw::service::leave::Whose;
use serde_json::json;

use crate::app::{NOW, TestApp, expert};
use crate::applications::{applicant, application};
use crate::decisions::{decided, fresh, propose, second, sound};
use crate::leave::of_expert;
use crate::support::{Kind, on_both};

on_both! {
    a_suspension_of_three_months_ends_in_the_tables_too
    overdue_proposals_are_urged_and_leave_that_is_over_ends
    overdue_applications_and_changes_are_urged_and_stay_whose_they_are
    an_unconfirmed_record_becomes_stale_and_a_confirmation_keeps_it
    reminders_come_once_for_each_of_the_days_and_close_when_settled
}

const DAY: i64 = 86_400;

fn run(app: &TestApp, step: &str) -> u64 {
    app.service.run_due().unwrap().count(step)
}

fn listed(app: &TestApp, query: &str) -> Vec<serde_json::Value> {
    let token = fresh(app, "查");
    app.get(&token, &format!("/api/v1/cases?{query}")).expect(200).json()["items"].as_array().unwrap().clone()
}

fn a_suspension_of_three_months_ends_in_the_tables_too(kind: Kind) {
    let app = TestApp::new(kind);
    let (short, long) = (app.expert(1), app.expert(2));
    let second = second(&app);
    decided(&app, &second, &short, "suspend", &json!({"months": 3}));
    decided(&app, &second, &long, "suspend", &json!({"months": 6}));
    assert_eq!(run(&app, "suspensions_ended"), 0);
    app.clock.advance(93 * DAY);
    let token = fresh(&app, "甲");
    let suspended = |standing: &str| {
        let found = app.get(&token, &format!("/api/v1/experts?standing={standing}")).expect(200).json();
        found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["number"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(suspended("suspended").len(), 2);
    let answer = app.post(&token, "/api/v1/due", "d", &json!({})).expect(200).json();
    assert_eq!(answer["items"][0], json!({"step": "suspensions_ended", "count": 1}));
    assert_eq!((suspended("suspended"), suspended("active")), (vec![long], vec![short]));
    let before = app.size();
    app.service.run_due().unwrap();
    assert_eq!(app.size(), before, "a second run finds nothing to do");
    app.get(&token, "/api/v1/due").problem(405, "method_not_allowed");
    sound(&app);
}

fn overdue_proposals_are_urged_and_leave_that_is_over_ends(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let ban = json!({"act": "ban", "expert": number, "basis": "岳财采〔2026〕1号"});
    let id = propose(&app, "p", &ban);
    let span = (expert_draw::time::Timestamp(NOW.0 + DAY), expert_draw::time::Timestamp(NOW.0 + 2 * DAY));
    app.service.set_leave(&of_expert(&number), &Whose::Own, span, None, None).unwrap();
    assert_eq!((run(&app, "cases_urged"), run(&app, "leaves_elapsed")), (0, 0));
    app.clock.advance(8 * DAY);
    let report = app.service.run_due_often().unwrap();
    assert_eq!((report.count("cases_urged"), report.count("leaves_elapsed")), (1, 1));
    assert_eq!(report.counts.iter().find(|(step, _)| *step == "records_marked_stale"), None);
    let urged = listed(&app, "kind=decision");
    assert_eq!((urged[0]["id"].as_str(), urged[0]["version"].as_u64()), (Some(id.as_str()), Some(2)));
    assert_eq!(urged[0]["due"], "2026-12-09T02:00:00Z");
    assert_eq!(listed(&app, "kind=leave")[0]["state"], "ended");
    assert_eq!(run(&app, "cases_urged"), 0);
    app.clock.advance(8 * DAY);
    assert_eq!(run(&app, "cases_urged"), 1);
    sound(&app);
}

fn overdue_applications_and_changes_are_urged_and_stay_whose_they_are(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let applicant = applicant(&app);
    let made = app.post(&applicant, "/api/v1/me/applications", "a", &application(2)).expect(201).json();
    let path = format!("/api/v1/me/applications/{}", made["id"].as_str().unwrap());
    app.post(&applicant, &format!("{path}/submit"), "s", &json!({})).expect(200);
    let change = json!({"facts": {"regions": ["430600"]}});
    app.post(&app.bureau, &format!("/api/v1/experts/{number}/changes"), "c", &change).expect(201);
    let before = [listed(&app, "kind=application"), listed(&app, "kind=change")];
    assert_eq!(run(&app, "cases_urged"), 0);
    app.clock.advance(40 * DAY);
    assert_eq!((run(&app, "cases_urged"), run(&app, "cases_urged")), (2, 0));
    for (before, after) in before.iter().zip([listed(&app, "kind=application"), listed(&app, "kind=change")])
    {
        assert_eq!((&after[0]["state"], &after[0]["id"]), (&before[0]["state"], &before[0]["id"]));
        assert!(after[0]["due"].as_str() > before[0]["due"].as_str(), "it has a new date: {}", after[0]);
    }
    sound(&app);
}

fn an_unconfirmed_record_becomes_stale_and_a_confirmation_keeps_it(kind: Kind) {
    let app = TestApp::new(kind);
    let (silent, heard) = (app.expert(1), app.expert(2));
    // hunan-2023: stale after 15 months. A month before, one of the two confirms.
    app.clock.advance(420 * DAY);
    assert_eq!(run(&app, "records_marked_stale"), 0);
    app.service.confirm_record(&of_expert(&heard), &Whose::Own, None, None).unwrap();
    app.clock.advance(60 * DAY);
    assert_eq!(run(&app, "records_marked_stale"), 1);
    assert_eq!(run(&app, "records_marked_stale"), 0);
    let token = fresh(&app, "甲");
    let actor = app.service.authenticate(&token).unwrap();
    let standing = |number: &str| app.service.expert(&actor, number, "核对").unwrap().expert.standing();
    assert_eq!(standing(&silent), Standing::Stale(StaleReason::Unconfirmed));
    assert_eq!(standing(&heard), Standing::Active);
    app.service.confirm_record(&of_expert(&silent), &Whose::Own, None, None).unwrap();
    assert_eq!((standing(&silent), run(&app, "records_marked_stale")), (Standing::Active, 0));
    sound(&app);
}

fn reminders_come_once_for_each_of_the_days_and_close_when_settled(kind: Kind) {
    let app = TestApp::new(kind);
    let mut body = expert(1);
    // hunan-2023 reminds 90, 30 and 7 days before.
    body["term_to"] = json!("2027-02-28");
    let made = app.post(&app.bureau, "/api/v1/experts", "e", &body).expect(201).json();
    let number = made["number"].as_str().unwrap().to_owned();
    let mut tally = vec![run(&app, "reminders_sent")];
    for days in [5, 1, 60, 0, 25, 10] {
        app.clock.advance(days * DAY);
        tally.push(run(&app, "reminders_sent"));
    }
    // 2026-11-24: 96 days left; then 91, 90, 30, 30, 5, and past.
    assert_eq!(tally, [0, 0, 1, 1, 0, 1, 0]);
    let query = format!("kind=reminder&subject={number}");
    let found = listed(&app, &query);
    assert_eq!(
        (found.len(), found[0]["state"].as_str(), found[0]["version"].as_u64()),
        (1, Some("lapsed"), Some(4))
    );

    // Another term: reminded of, then settled because it was prolonged.
    let token = fresh(&app, "甲");
    let path = format!("/api/v1/experts/{number}");
    let version = format!(
        "\"{}\"",
        app.service.expert(&app.service.authenticate(&token).unwrap(), &number, "核对").unwrap().version
    );
    let amended = app.patch(&token, &path, &version, &json!({"term_to": "2027-04-30"})).expect(200);
    assert_eq!(run(&app, "reminders_sent"), 1);
    app.patch(&token, &path, amended.header("ETag"), &json!({"term_to": "2030-04-30"})).expect(200);
    assert_eq!((run(&app, "reminders_closed"), run(&app, "reminders_closed")), (1, 0));
    let mut states: Vec<String> =
        listed(&app, &query).iter().map(|case| case["state"].as_str().unwrap().to_owned()).collect();
    states.sort();
    assert_eq!(states, ["lapsed", "settled"]);
    sound(&app);
}
