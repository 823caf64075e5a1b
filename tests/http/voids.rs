//! A void is no way out of an unwelcome result: what draw-v3 §5 asks of one is asked before it is written.

use std::sync::Arc;

use expert_draw::codec::Hash;
use expert_draw::evidence::Audience;
use expert_draw::evidence::verify::verify_with;
use expert_draw::service::idempotency::IdempotencyKey;
use expert_draw::store::{Failpoints, Fault};
use serde_json::{Value, json};

use crate::contributions::{ask_for, committed_to, judged, people, reveal_all, state, void};
use crate::draws::one;
use crate::shared_site::{Site, wait};
use crate::support::{Kind, on_both};

on_both! {
    nothing_is_called_missing_that_is_there_or_may_still_come
    a_draw_that_can_be_finished_is_finished_before_it_is_voided
    an_operator_that_kept_its_contribution_back_is_told_of_by_the_file
}

fn proposed(site: &Site, draw: &Value, reason: &str, key: &str) -> crate::app::Answer {
    let path = format!("{}/void", one(draw));
    site.app.post(&site.app.agency, &path, key, &json!({"reason": reason}))
}

fn nothing_is_called_missing_that_is_there_or_may_still_come(kind: Kind) {
    let site = Site::new(kind, 1, 0, false);
    people(&site);
    let draw = ask_for(&site, &committed_to(&site, 1));
    proposed(&site, &draw, "contribution_missing", "early").problem(409, "before_deadline");
    assert_eq!(state(&site, &draw), "committed");
    reveal_all(&site, &draw);
    assert_eq!(state(&site, &draw), "drawn");
    wait(&site.app.clock, 120 * 60 + 1);
    proposed(&site, &draw, "contribution_missing", "late").problem(409, "nothing_missing");
    void(&site, &draw, "request_wrong");
    assert_eq!(judged(&site, &draw).facts.shared.unwrap().seen_voids, 1);
}

/// A draw with every nonce revealed, and an operator that was killed before its own contribution.
fn revealed_and_killed(site: &Site) -> Value {
    people(site);
    let draw = ask_for(site, &committed_to(site, 1));
    let points = Arc::new(Failpoints::default());
    let other = site.app.process_with(points.clone());
    let bureau = other.authenticate(&site.app.bureau).unwrap();
    let key = IdempotencyKey::new("reveal", Hash([7; 32])).unwrap();
    points.before_commit.arm_nth(Fault::Error, 2);
    let said = site.revealed(0, &draw, [10; 32]);
    other.reveal_nonce(&bureau, draw["id"].as_str().unwrap(), said, &key).unwrap_err();
    let standing = site.standing(&draw);
    let entries = standing["contributions"].as_array().unwrap().iter().map(|one| one["entry"].is_u64());
    assert_eq!(entries.collect::<Vec<_>>(), [true, false], "revealed, and the operator owes");
    draw
}

fn a_draw_that_can_be_finished_is_finished_before_it_is_voided(kind: Kind) {
    let site = Site::new(kind, 1, 0, false);
    let draw = revealed_and_killed(&site);
    void(&site, &draw, "request_wrong");
    let report = judged(&site, &draw);
    let facts = report.facts.shared.as_ref().unwrap();
    assert_eq!((facts.missing, facts.seen_voids, facts.blind_voids), (0, 1, 0));
    assert!(!report.facts.seats.is_empty(), "the result that was given up is in the log");
    assert_eq!(site.app.fsck(), Vec::<String>::new());
}

fn an_operator_that_kept_its_contribution_back_is_told_of_by_the_file(kind: Kind) {
    let site = Site::new(kind, 1, 0, false);
    let draw = revealed_and_killed(&site);
    wait(&site.app.clock, 120 * 60 + 1);
    // Down until the deadline: no other reason is taken, and this one cannot be told from holding back.
    proposed(&site, &draw, "request_wrong", "other").problem(409, "operator_owes");
    void(&site, &draw, "contribution_missing");
    assert_eq!(state(&site, &draw), "voided");
    let file = site.app.ask("GET", &format!("{}/evidence", one(&draw)), &[], b"").expect(200);
    let report = verify_with(&file.bytes, &site.policy(), Some(&site.parties()), Some(Audience::Public));
    let failed = report.checks.iter().find(|one| !one.passed).map(|one| one.name);
    assert_eq!(failed, Some("ending"));
}
