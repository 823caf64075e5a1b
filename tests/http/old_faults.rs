//! The faults of the systems before, each by its name, so that nobody has to look for the test that forbids it:
//!
//! | fault | forbidden by |
//! |---|---|
//! | the first N rows of a query are the "draw" | `it_is_not_the_first_rows_of_a_table` |
//! | a random start, then N neighbouring rows | `it_is_not_a_window_of_neighbouring_rows` |
//! | fewer people than asked for, without a word | `calls::a_shortfall_is_said_and_not_passed_over_in_silence`, `draws::impossible_seats_are_explained_to_each_role_as_far_as_it_may_know` |
//! | who refused is invited again | `calls::an_expert_who_declined_is_never_invited_again` |
//! | a redraw overwrites the first draw | `a_redraw_leaves_the_first_draw_where_it_was` |
//! | the cached result is given out for another number of seats | `another_number_of_seats_is_another_draw_and_no_cached_result` |
//! | reset and draw again until the list pleases | `draws::a_void_takes_two_people_and_allows_one_repeat`, `no_draw_is_reset_without_a_trace_nor_without_end` |
//! | the same with the sub-venues | `drawn_sites_are_not_ended_and_drawn_again_until_they_suit` |

use std::collections::BTreeSet;

use expert_draw::evidence::Audience;
use expert_draw::service::accounts::AccountDraft;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::draws::{one, pool, recorded, request, verified};
use crate::plans::{approved, may_be_drawn, plan, step};
use crate::plans_remote::{approved_by_rule, centres, checked, remote};
use crate::support::{Kind, on_both};

on_both! {
    it_is_not_the_first_rows_of_a_table
    it_is_not_a_window_of_neighbouring_rows
    a_redraw_leaves_the_first_draw_where_it_was
    another_number_of_seats_is_another_draw_and_no_cached_result
    no_draw_is_reset_without_a_trace_nor_without_end
    drawn_sites_are_not_ended_and_drawn_again_until_they_suit
}

const PATH: &str = "/api/v1/draws";
/// Experts of the pools here, in the order in which they were registered.
const EXPERTS: u32 = 24;
/// Packages drawn for.
const DRAWS: u32 = 8;

/// A draw for a package: seats in Yueyang and one elsewhere.
fn draw(app: &TestApp, package: &str, seats: u32) -> Value {
    let key = format!("draw-{}", app.size());
    app.post(&app.agency, PATH, &key, &request(package, seats)).expect(201).json()
}

/// Who sits in a draw, by the order in which they were registered; the bureau looks, and that is recorded.
fn seated(app: &TestApp, draw: &Value) -> BTreeSet<u32> {
    let key = format!("look-{}", app.size());
    let opened = app.post(&app.bureau, &format!("{}/open", one(draw)), &key, &json!({"purpose": "核对"}));
    let items = opened.expect(200).json()["items"].as_array().unwrap().clone();
    let serial =
        |member: &Value| member["name"].as_str().unwrap().trim_start_matches("专家").parse().unwrap();
    items.iter().map(serial).collect()
}

/// Panels of five for several packages over the same pool.
fn panels(app: &TestApp) -> Vec<BTreeSet<u32>> {
    pool(app, EXPERTS);
    (1..=DRAWS).map(|number| seated(app, &draw(app, &recorded(app, number), 4))).collect()
}

fn it_is_not_the_first_rows_of_a_table(kind: Kind) {
    let app = TestApp::new(kind);
    let panels = panels(&app);
    let first: BTreeSet<u32> = (0..5).collect();
    let last: BTreeSet<u32> = (EXPERTS - 5..EXPERTS).collect();
    assert!(panels.iter().all(|panel| panel.len() == 5 && *panel != first && *panel != last), "{panels:?}");
    // The same pool, asked eight times: never twice the same panel, and the draws reach far into the table.
    assert_eq!(panels.iter().collect::<BTreeSet<_>>().len(), DRAWS as usize, "{panels:?}");
    let reached: BTreeSet<u32> = panels.iter().flatten().copied().collect();
    assert!(reached.len() > 12 && reached.iter().any(|n| *n >= EXPERTS / 2), "{reached:?}");
}

fn it_is_not_a_window_of_neighbouring_rows(kind: Kind) {
    let app = TestApp::new(kind);
    for panel in panels(&app) {
        // Neighbours in a circle: one gap and no more.
        let next = |n: u32| (n + 1) % EXPERTS;
        let gaps = panel.iter().filter(|n| !panel.contains(&next(**n))).count();
        assert!(gaps > 1, "a window of the table: {panel:?}");
    }
}

fn a_redraw_leaves_the_first_draw_where_it_was(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, EXPERTS);
    let package = recorded(&app, 1);
    let first = draw(&app, &package, 4);
    let seats = first["result"]["seats"].clone();
    let second = AccountDraft::new("bureau", "第二人", None, 30);
    let second = app.service.found_account(&second).unwrap().token.unwrap();
    let path = one(&first);
    app.post(&app.bureau, &format!("{path}/void"), "p", &json!({"reason": "request_wrong"})).expect(200);
    app.post(&second, &format!("{path}/void/confirm"), "c", &json!({})).expect(200);
    let redrawn = draw(&app, &package, 4);
    assert_ne!(redrawn["id"], first["id"]);
    // The first is there as it was drawn, with its reason to be void, and everybody can verify it.
    let kept = app.get(&app.agency, &path).expect(200).json();
    assert_eq!((&kept["state"], &kept["result"]["seats"]), (&json!("voided"), &seats));
    let file = app.ask("GET", &format!("{path}/evidence"), &[], b"").expect(200);
    assert_eq!(verified(&app, &file, Audience::Public).seen_voids(), 1);
    // The second says that it is the second, and after which.
    let file = app.ask("GET", &format!("{}/evidence", one(&redrawn)), &[], b"").expect(200);
    assert_eq!(verified(&app, &file, Audience::Public).facts.attempt, Some(2));
    assert!(file.text().contains(kept["commitment"]["alpha"].as_str().unwrap()), "names its predecessor");
    let listed = app.get(&app.agency, &format!("{PATH}?package={package}")).expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn another_number_of_seats_is_another_draw_and_no_cached_result(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, EXPERTS);
    let (small, large, again) = (recorded(&app, 1), recorded(&app, 2), recorded(&app, 3));
    let of = |package: &str, seats: u32| {
        let drawn = draw(&app, package, seats);
        assert_eq!(drawn["result"]["seats"].as_array().unwrap().len() as u32, seats + 1);
        seated(&app, &drawn)
    };
    let (three, seven, other) = (of(&small, 2), of(&large, 6), of(&again, 2));
    assert_eq!((three.len(), seven.len(), other.len()), (3, 7, 3));
    assert_ne!(three, other, "the same question about another package is another draw");
    // The same key with another number is refused, not answered with the old list.
    let key = "same-key";
    let last = recorded(&app, 4);
    app.post(&app.agency, PATH, key, &request(&last, 2)).expect(201);
    app.post(&app.agency, PATH, key, &request(&last, 4)).problem(409, "idempotency_key_reused");
    app.post(&app.agency, PATH, "other-key", &request(&last, 4)).problem(409, "wrong_state");
}

fn no_draw_is_reset_without_a_trace_nor_without_end(kind: Kind) {
    let app = TestApp::ruled(kind, "hunan");
    may_be_drawn(&app);
    pool(&app, EXPERTS);
    let package = recorded(&app, 1);
    let ready = approved(&app, &plan(&package));
    let first = step(&app, &app.agency, &ready, "draw", &json!({})).expect(201).json();
    let path = one(&first);
    // While it stands: no second draw, no other plan, no change of the plan.
    step(&app, &app.agency, &ready, "draw", &json!({})).problem(409, "wrong_state");
    app.post(&app.agency, "/api/v1/plans", "again", &plan(&package)).problem(409, "plan_exists");
    step(&app, &app.agency, &ready, "cancel", &json!({"reason": "换一批"})).problem(409, "draw_stands");
    // Its end takes two people of two houses and stands in the log, counted for every reader.
    let stop = json!({"reason": "procurement_stopped"});
    app.post(&app.agency, &format!("{path}/stop"), "p", &stop).expect(200);
    app.post(&app.agency, &format!("{path}/stop/confirm"), "own", &json!({})).problem(403, "not_permitted");
    app.post(&app.bureau, &format!("{path}/stop/confirm"), "c", &json!({})).expect(200);
    let file = app.ask("GET", &format!("{path}/evidence"), &[], b"").expect(200);
    assert_eq!(verified(&app, &file, Audience::Public).seen_voids(), 1);
    // What follows is the second attempt of this package, and says so.
    let next = step(&app, &app.agency, &ready, "draw", &json!({})).expect(201).json();
    assert_eq!(next["attempt"], 2);
    let file = app.ask("GET", &format!("{}/evidence", one(&next)), &[], b"").expect(200);
    assert_eq!(verified(&app, &file, Audience::Public).facts.attempt, Some(2));
    assert!(file.text().contains(first["commitment"]["alpha"].as_str().unwrap()));
    app.get(&app.agency, &path).expect(200);
    // Nor without end: agency and bureau together have one repeat, whatever they call the end.
    app.post(&app.agency, &format!("{}/stop", one(&next)), "p2", &json!({"reason": "site_failure"}))
        .expect(200);
    app.post(&app.bureau, &format!("{}/stop/confirm", one(&next)), "c2", &json!({})).expect(200);
    step(&app, &app.agency, &ready, "draw", &json!({})).problem(409, "attempts_used_up");
    assert_eq!(app.fsck(), Vec::<String>::new());
}

fn drawn_sites_are_not_ended_and_drawn_again_until_they_suit(kind: Kind) {
    let app = TestApp::ruled(kind, "fujian");
    centres(&app);
    let package = recorded(&app, 1);
    let mut plan = approved_by_rule(&app, &remote(&package));
    // Agency and bureau together end what was drawn and draw once more, and that is seen by every reader.
    for attempt in 1..=2u32 {
        let drawn = step(&app, &app.agency, &plan, "sites", &json!({})).expect(200).json();
        let draw = drawn["sites_draw"].as_str().unwrap();
        assert_eq!(checked(&app, draw, Audience::Public).facts.attempt, Some(attempt));
        step(&app, &app.agency, &plan, "sites/end", &json!({"reason": "site_failure"})).expect(200);
        step(&app, &app.bureau, &plan, "sites/end/confirm", &json!({})).expect(200);
    }
    let refused = step(&app, &app.agency, &plan, "sites", &json!({})).problem(409, "attempts_used_up");
    assert!(refused["detail"].as_str().unwrap().contains("副场"), "{refused}");
    assert!(refused["detail_en"].as_str().unwrap().contains("sites"), "{refused}");
    // Nor by another plan for the same package.
    step(&app, &app.agency, &plan, "cancel", &json!({"reason": "另立方案"})).expect(200);
    step(&app, &app.bureau, &plan, "cancel/confirm", &json!({})).expect(200);
    plan = approved_by_rule(&app, &remote(&package));
    let size = app.size();
    step(&app, &app.agency, &plan, "sites", &json!({})).problem(409, "attempts_used_up");
    assert_eq!(app.size(), size, "nothing was written");
    // What was drawn and ended stays where it was; another package has its own two.
    let other = approved_by_rule(&app, &remote(&recorded(&app, 2)));
    step(&app, &app.agency, &other, "sites", &json!({})).expect(200);
    assert_eq!(app.fsck(), Vec::<String>::new());
}
