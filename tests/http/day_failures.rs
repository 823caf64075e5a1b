//! The day when something goes wrong: nobody comes, a conflict shows only in the full list of suppliers, somebody
//! recuses themselves, a site fails, the draw is stopped.

use expert_draw::service::calls::InvitationState;
use expert_draw::service::listing::Paging;
use expert_draw::time::Timestamp;
use serde_json::json;

use crate::calls::{key, mine, start};
use crate::day::Ready;
use crate::leave::of_expert;
use crate::support::{Kind, on_both};

on_both! {
    who_does_not_come_in_time_is_replaced_on_two_peoples_word
    a_conflict_that_only_the_full_list_shows_reopens_the_seat
    who_recuses_themselves_is_replaced_and_their_vote_with_them
    a_failure_before_the_start_stands_still_and_then_asks_for_a_decision
    a_failure_during_the_review_ends_it_after_four_hours
    who_leaves_during_the_review_is_replaced_and_their_opinion_is_void
    once_the_review_has_begun_only_a_vacancy_calls_anybody_and_after_the_report_nothing_does
    who_was_absent_or_withdrew_late_has_it_on_record_once_announced
    a_supplier_that_comes_once_the_day_is_open_is_held_against_who_signs_in
    a_conflict_whose_finding_was_cut_off_is_found_before_the_review_begins
    a_seat_is_not_taken_from_who_could_not_have_come_yet
    the_day_of_a_draw_that_ends_after_its_review_ends_with_it
}

fn who_does_not_come_in_time_is_replaced_on_two_peoples_word(kind: Kind) {
    let ready = Ready::new(kind, 12).opened().in_the_morning();
    let app = ready.app();
    let seats = ready.seats();
    let (late, site) = seats[0];
    for (position, site) in &seats[1..] {
        ready.sign_in(*position, *site).expect(200);
    }
    let report = |token: &str, position: u64| {
        let body = json!({"position": position, "why": "absent", "reason": "签到时限内未到"});
        app.post(token, &ready.path("/vacancies"), &format!("report-{}", app.size()), &body)
    };
    let confirm = |token: &str| {
        let body = json!({"position": late});
        app.post(token, &ready.path("/vacancies/confirm"), &format!("confirm-{}", app.size()), &body)
    };
    report(&ready.desks[&site], late).problem(409, "too_early");
    confirm(&app.agency).problem(409, "not_reported");
    // The invitation said ten minutes before nine.
    app.clock.set(Timestamp(start().0 - 599));
    ready.sign_in(late, site).problem(409, "too_late");
    report(&ready.desks[&(3 - site)], late).problem(404, "not_expected");
    let (other, there) = seats[1];
    report(&ready.desks[&there], other).problem(409, "signed_in");
    report(&ready.desks[&site], late).expect(200);
    let replaced = confirm(&app.agency).expect(200).json();
    assert!(replaced["vacancies"][0]["confirmed_by"].is_string());
    // One who had accepted beyond the panel takes the seat by rank, and has no time to have missed.
    let now = ready.seats();
    assert!(now.iter().all(|(position, _)| *position != late), "{now:?}");
    if let Some((next, site)) = now.iter().find(|(position, _)| !seats.iter().any(|(p, _)| p == position)) {
        ready.sign_in(*next, *site).expect(200);
    }
    let said = ready.called.statements();
    let vacated = said.iter().find(|said| said["type"] == "draw.vacated").unwrap();
    assert_eq!((&vacated["why"], &vacated["by"]), (&json!("absent"), &json!("operator")));
    assert!(vacated["actor"].is_string() && vacated["approver"].is_string(), "two people: {vacated}");
    ready.called.verified();
    ready.called.is_sound();
}

fn a_conflict_that_only_the_full_list_shows_reopens_the_seat(kind: Kind) {
    let ready = Ready::new(kind, 12);
    let app = ready.app();
    // The employer of somebody on the panel turns out to take part.
    let evidence = app
        .get(
            &app.auditor,
            &format!("/api/v1/draws/{}/evidence?audience=auditor&purpose=核对", ready.called.draw),
        )
        .expect(200)
        .json();
    let seated = ready.called.seats()[0].0;
    let unit = evidence["openings"]["candidates"][usize::try_from(seated).unwrap()]["unit"].clone();
    let mut body = ready.body();
    body["suppliers"][3] = json!({"code": unit, "name": "后来的供应商"});
    app.post(&app.agency, &ready.path(""), "open", &body).expect(201);
    app.clock.set(Timestamp(start().0 - 3_600));
    let (position, site) = *ready.seats().iter().find(|(position, _)| *position == seated).unwrap();
    let day = ready.sign_in(position, site).expect(200).json();
    let gone = day["members"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["position"] == seated && m["left"] == "conflict");
    assert!(gone.is_some(), "{day}");
    assert!(ready.seats().iter().all(|(position, _)| *position != seated));
    assert_eq!(ready.seat(seated).left.as_deref(), Some("conflict"));
    let refused = app.service.show_suppliers(
        &of_expert(&ready.positions[&seated]),
        &ready.invitation(seated),
        &key("look"),
    );
    assert_eq!(refused.unwrap_err().code, "not_signed_in", "who may not review sees no suppliers");
    let said = ready.called.statements();
    let kinds: Vec<&str> = said.iter().filter_map(|said| said["type"].as_str()).collect();
    let at = |kind: &str| kinds.iter().rposition(|known| *known == kind).unwrap();
    assert!(
        at("draw.signed_in") < at("draw.vacated") && at("draw.vacated") < at("draw.settled"),
        "{kinds:?}"
    );
    ready.called.verified();
    ready.called.is_sound();
}

fn who_recuses_themselves_is_replaced_and_their_vote_with_them(kind: Kind) {
    let ready = Ready::new(kind, 12).opened().in_the_morning().assembled();
    let app = ready.app();
    let seats = ready.seats();
    let chair = ready.day()["chair"].as_u64().unwrap();
    assert_eq!(chair, seats[0].0);
    let actor = of_expert(&ready.positions[&chair]);
    let left = app.service.recuse(&actor, &ready.invitation(chair), &key("recuse")).unwrap();
    assert_eq!(left.left.as_deref(), Some("recused"));
    let again = app.service.recuse(&actor, &ready.invitation(chair), &key("recuse")).unwrap();
    assert_eq!(again, left);
    let day = ready.day();
    assert!(day.get("chair").is_none(), "{day}");
    app.clock.set(start());
    ready.act("begin", &json!({})).expect(409);
    ready.called.verified();
    ready.called.is_sound();
}

fn a_failure_before_the_start_stands_still_and_then_asks_for_a_decision(kind: Kind) {
    let ready = Ready::new(kind, 12).opened().in_the_morning();
    let app = ready.app();
    let (position, site) = ready.seats()[0];
    let pause = |token: &str, site: u64| {
        let body = json!({"site": site, "what": "网络中断"});
        app.post(token, &ready.path("/pause"), &format!("pause-{}", app.size()), &body)
    };
    pause(&ready.desks[&1], 2).problem(403, "not_permitted");
    pause(&ready.desks[&1], 7).names(422, "site", "site");
    let paused = pause(&ready.desks[&2], 2).expect(200).json();
    assert_eq!((&paused["state"], &paused["due"]), (&json!("waiting"), &json!("2026-11-27T02:00:00Z")));
    ready.sign_in(position, site).problem(409, "wrong_state");
    app.clock.advance(1_200);
    let resumed = ready.act("resume", &json!({})).expect(200).json();
    assert_eq!(resumed["sign_in_to"], "2026-11-27T01:10:00Z", "nobody is late for a failure of the site");
    pause(&ready.desks[&1], 1).expect(200);
    assert_eq!(app.service.due_days(app.service.now()).unwrap(), 0);
    app.clock.advance(2 * 3_600 + 1);
    assert_eq!(app.service.due_days(app.service.now()).unwrap(), 1);
    assert_eq!(app.service.due_days(app.service.now()).unwrap(), 0, "once");
    assert_eq!(ready.day()["state"], "undecided");
    // The purchaser decides to wait.
    ready.act("resume", &json!({})).expect(200);
    ready.sign_in(position, site).expect(200);
    ready.called.is_sound();
}

fn a_failure_during_the_review_ends_it_after_four_hours(kind: Kind) {
    let ready = Ready::new(kind, 12).reviewing();
    let app = ready.app();
    app.clock.advance(1_800);
    let body = json!({"site": 2, "what": "音视频中断"});
    app.post(&ready.desks[&2], &ready.path("/pause"), "pause", &body).expect(200);
    app.clock.advance(4 * 3_600);
    let day = ready.act("resume", &json!({})).expect(200).json();
    assert_eq!(day["sittings"].as_array().unwrap().len(), 2, "mended within four hours: the review goes on");
    app.post(&ready.desks[&2], &ready.path("/pause"), "again", &body).expect(200);
    app.clock.advance(4 * 3_600 + 1);
    ready.act("resume", &json!({})).problem(409, "failed");
    assert_eq!(app.service.due_days(app.service.now()).unwrap(), 1);
    assert_eq!(ready.day()["state"], "failed");
    let path = format!("/api/v1/draws/{}", ready.called.draw);
    let unseal = json!({"announcement": "岳采公告2026-1"});
    app.post(&app.bureau, &format!("{path}/unseal"), "unseal", &unseal).problem(409, "not_reviewed");
    app.post(&app.agency, &format!("{path}/stop"), "stop", &json!({"reason": "site_failure"})).expect(200);
    app.post(&app.bureau, &format!("{path}/stop/confirm"), "confirm", &json!({})).expect(200);
    app.service.run_due_often().unwrap();
    assert_eq!(ready.day()["state"], "archived");
    let package = app.get(&app.agency, &format!("{path}/dossier?purpose=归档")).expect(200);
    assert!(package.bytes.starts_with(b"PK"));
    let pdf = app.get(&app.agency, &format!("{path}/record.pdf")).expect(200);
    let sealed: String =
        "公告前保密".encode_utf16().flat_map(u16::to_be_bytes).map(|b| format!("{b:02X}")).collect();
    let shown = String::from_utf8_lossy(&pdf.bytes).to_uppercase();
    assert_eq!(shown.matches(&sealed).count(), 3, "sealed for ever");
    app.get(&app.agency, &format!("{path}/fees")).expect(200);
    ready.called.verified();
    ready.called.is_sound();
}

fn who_leaves_during_the_review_is_replaced_and_their_opinion_is_void(kind: Kind) {
    let ready = Ready::new(kind, 12).reviewing();
    let app = ready.app();
    app.clock.advance(1_800);
    let (position, site) = ready.seats()[1];
    let body = json!({"position": position, "why": "unfit", "reason": "突发疾病"});
    app.post(&ready.desks[&site], &ready.path("/vacancies"), "report", &body).expect(200);
    assert_eq!(ready.day()["state"], "in_review", "one person's word changes nothing");
    let confirm = json!({"position": position});
    let day =
        app.post(&app.bureau, &ready.path("/vacancies/confirm"), "confirm", &confirm).expect(200).json();
    assert_eq!((&day["state"], &day["void_opinions"]), (&json!("signing_in"), &json!([position])));
    assert!(day["sittings"][0]["to"].is_string(), "{day}");
    let path = format!("/api/v1/draws/{}", ready.called.draw);
    let state = app.get(&app.agency, &path).expect(200).json()["state"].clone();
    assert!(["calling", "filled"].contains(&state.as_str().unwrap()), "{state}");
    ready.act("end", &json!({})).problem(409, "wrong_state");
    // Whoever takes the seat signs in, declares; then the review goes on.
    let seats = ready.seats();
    let fresh = seats.iter().find(|(p, _)| ready.seat(*p).workstation.is_none());
    if let (Some((next, site)), "filled") = (fresh, state.as_str().unwrap()) {
        ready.sign_in(*next, *site).expect(200);
        ready.declares(*next);
        ready.act("begin", &json!({})).expect(200);
        assert_eq!(ready.day()["sittings"].as_array().unwrap().len(), 2);
        let breach = json!({"position": next, "what": "拍摄评审资料"});
        let noted =
            app.post(&ready.desks[site], &ready.path("/breaches"), "breach", &breach).expect(200).json();
        let member = noted["members"].as_array().unwrap().iter().find(|m| m["position"] == *next).unwrap();
        assert_eq!(member["breach"], true);
    }
    ready.called.verified();
    ready.called.is_sound();
}

fn once_the_review_has_begun_only_a_vacancy_calls_anybody_and_after_the_report_nothing_does(kind: Kind) {
    let ready = Ready::new(kind, 12).reviewing();
    let app = ready.app();
    let path = format!("/api/v1/draws/{}", ready.called.draw);
    let state = || app.get(&app.agency, &path).expect(200).json()["state"].clone();
    let kinds = || -> Vec<String> {
        let said = ready.called.statements();
        said.iter().filter_map(|said| said["type"].as_str()).map(str::to_owned).collect()
    };
    let rounds = || kinds().iter().filter(|kind| *kind == "draw.invited").count();
    let before = kinds();
    // Whoever asks, and whoever of the line leaves: nobody is called while every seat is taken.
    ready.called.advance();
    assert_eq!(kinds(), before);
    let standby = ready.called.who(InvitationState::Standby);
    assert!(standby.len() > 1, "somebody stands by");
    ready.called.withdraw(&standby[0]);
    ready.called.advance();
    assert_eq!((rounds(), state()), (1, json!("in_review")));
    // Everybody who stands by leaves, then a member recuses themselves: that seat is called for, and no other.
    for number in &standby[1..] {
        ready.called.withdraw(number);
    }
    let (gone, _) = ready.seats()[1];
    let actor = of_expert(&ready.positions[&gone]);
    app.service.recuse(&actor, &ready.invitation(gone), &key("recuse")).unwrap();
    ready.called.advance();
    assert_eq!((rounds(), state()), (2, json!("calling")), "{:?}", kinds());
    let invited = ready.called.statements().into_iter().rfind(|said| said["type"] == "draw.invited").unwrap();
    let seats = invited["invitees"].as_array().unwrap().iter().filter(|one| one["site"].is_u64()).count();
    assert_eq!(seats, 1, "{invited}");
    assert_eq!(ready.day()["void_opinions"], json!([gone]), "what the recused said is void");
    ready.act("begin", &json!({})).problem(409, "not_filled");
    for number in ready.called.who(InvitationState::Open) {
        ready.called.accept(&number);
    }
    // The review begins anew with the new member, and ends.
    let ready = ready.again();
    let app = ready.app();
    let fresh = ready.seats().into_iter().find(|(p, _)| ready.seat(*p).workstation.is_none()).unwrap();
    ready.sign_in(fresh.0, fresh.1).expect(200);
    ready.declares(fresh.0);
    ready.act("begin", &json!({})).expect(200);
    ready.act("end", &json!({})).expect(200);
    ready.act("report", &json!({"digest": "ab".repeat(32), "signed": 5, "dissents": 0})).expect(200);
    assert_eq!(app.get(&app.agency, &path).expect(200).json()["state"], "reviewed");
    assert_eq!(app.fsck(), Vec::<String>::new());
    // The report is signed: nobody leaves, nobody is called.
    let last = ready.called.statements().len();
    let body = json!({"position": fresh.0, "why": "unfit", "reason": "突发疾病"});
    app.post(&ready.desks[&fresh.1], &ready.path("/vacancies"), "late", &body).problem(409, "wrong_state");
    let actor = of_expert(&ready.positions[&fresh.0]);
    let refused = app.service.recuse(&actor, &ready.invitation(fresh.0), &key("too-late"));
    assert_eq!(refused.unwrap_err().code, "wrong_state");
    let refused = app.service.withdraw_acceptance(&actor, &ready.invitation(fresh.0), None, &key("leave"));
    assert_eq!(refused.unwrap_err().code, "wrong_state");
    for number in ready.called.who(InvitationState::Standby) {
        let refused = app.service.withdraw_acceptance(
            &of_expert(&number),
            &mine(app, &number)[0].id,
            None,
            &key(&format!("leave-{number}")),
        );
        assert_eq!(refused.unwrap_err().code, "wrong_state");
    }
    ready.called.advance();
    app.service.run_due_often().unwrap();
    assert_eq!(ready.called.statements().len(), last);
    ready.called.verified();
    ready.called.is_sound();
}

fn who_was_absent_or_withdrew_late_has_it_on_record_once_announced(kind: Kind) {
    let mut ready = Ready::new(kind, 20);
    let accept_all = |ready: &Ready| {
        for number in ready.called.who(InvitationState::Open) {
            ready.called.accept(&number);
        }
        assert_eq!(ready.called.calls()["state"], "filled");
    };
    let seated = |ready: &Ready, nth: usize| {
        let position = ready.called.seats()[nth].0;
        ready.called.positions()[&position].clone()
    };
    // Two days before; then behind the cut-off.
    let early = seated(&ready, 0);
    ready.called.withdraw(&early);
    accept_all(&ready);
    ready.app().clock.set(Timestamp(start().0 - 2 * 3_600));
    let late = seated(&ready, 1);
    ready.called.withdraw(&late);
    accept_all(&ready);
    ready = ready.again().opened().in_the_morning();
    let seats = ready.seats();
    let (missing, site) = seats[2];
    for (position, site) in &seats[..2] {
        ready.sign_in(*position, *site).expect(200);
    }
    let app = ready.app();
    app.clock.set(Timestamp(start().0 - 599));
    let body = json!({"position": missing, "why": "absent", "reason": "签到时限内未到"});
    app.post(&ready.desks[&site], &ready.path("/vacancies"), "report", &body).expect(200);
    let body = json!({"position": missing});
    app.post(&app.agency, &ready.path("/vacancies/confirm"), "confirm", &body).expect(200);
    let absent = ready.positions[&missing].clone();
    accept_all(&ready);
    let ready = ready.again();
    let app = ready.app();
    let remarks =
        || app.get(&app.bureau, "/api/v1/remarks").expect(200).json()["items"].as_array().unwrap().clone();
    for (position, site) in ready.seats() {
        if !seats[..2].iter().any(|(here, _)| *here == position) {
            ready.sign_in(position, site).expect(200);
        }
        ready.declares(position);
    }
    let chair = ready.seat(ready.seats()[0].0).workstation.unwrap();
    for (position, _) in ready.seats() {
        ready.votes(position, (chair.0, &chair.1));
    }
    app.clock.set(start());
    ready.act("begin", &json!({})).expect(200);
    app.clock.advance(3_600);
    ready.act("end", &json!({})).expect(200);
    let report = json!({"digest": "ab".repeat(32), "signed": 5, "dissents": 0});
    ready.act("report", &report).expect(200);
    app.service.due_archives().unwrap();
    assert_eq!(remarks().len(), 0, "nobody is named before the announcement");

    let unseal = json!({"announcement": "岳采公告2026-1"});
    let path = format!("/api/v1/draws/{}/unseal", ready.called.draw);
    app.post(&app.bureau, &path, "unseal", &unseal).expect(200);
    app.service.due_archives().unwrap();
    let mut made: Vec<_> = remarks().iter().map(|one| one["expert"].as_str().unwrap().to_owned()).collect();
    made.sort();
    let mut expected = [late.clone(), absent.clone()];
    expected.sort();
    assert_eq!(made, expected, "each once, and not {early}");
    for (number, what) in [(&late, "late_cancel"), (&absent, "absent")] {
        let page = Paging { limit: 10, after: None };
        let own = app.service.own_remarks(&of_expert(number), &page).unwrap().items;
        let own: serde_json::Value = serde_json::from_slice(&own[0].body.canonical()).unwrap();
        assert_eq!((&own["what"], &own["day"]), (&json!(what), &json!("2026-11-27")));
    }
    ready.called.verified();
    ready.called.is_sound();
}

/// The employer of whoever sits at a position, by the auditor's file.
fn employer(ready: &Ready, position: u64) -> serde_json::Value {
    let app = ready.app();
    let path = format!("/api/v1/draws/{}/evidence?audience=auditor&purpose=核对", ready.called.draw);
    let file = app.get(&app.auditor, &path).expect(200).json();
    file["openings"]["candidates"][usize::try_from(position).unwrap()]["unit"].clone()
}

fn a_supplier_that_comes_once_the_day_is_open_is_held_against_who_signs_in(kind: Kind) {
    let ready = Ready::new(kind, 12).opened().in_the_morning();
    let app = ready.app();
    let (position, site) = ready.seats()[0];
    let unit = employer(&ready, position);
    let package =
        app.get(&app.agency, &format!("/api/v1/draws/{}", ready.called.draw)).json()["package"].clone();
    let path = format!("/api/v1/packages/{}", package.as_str().unwrap());
    let late = json!({"add_suppliers": [{"code": unit, "name": "后来的供应商"}]});
    let tag = app.get(&app.agency, &path).expect(200).header("ETag").to_owned();
    app.patch(&app.agency, &path, &tag, &late).expect(200);
    let day = ready.sign_in(position, site).expect(200).json();
    let mut members = day["members"].as_array().unwrap().iter();
    assert!(members.any(|m| m["position"] == position && m["left"] == "conflict"), "{day}");
    // Everybody else is shown it too.
    let (other, there) = *ready.seats().iter().find(|(other, _)| *other != position).unwrap();
    ready.sign_in(other, there).expect(200);
    let (actor, invitation) = (of_expert(&ready.positions[&other]), ready.invitation(other));
    let digest = expert_draw::codec::sha256(&[crate::day::DISCIPLINE.as_bytes()]).to_hex();
    app.service.acknowledge_discipline(&actor, &invitation, &digest, &key("ack")).unwrap();
    let shown = app.service.show_suppliers(&actor, &invitation, &key("sup")).unwrap();
    assert!(shown.suppliers.iter().any(|one| unit == one.code.as_str()));
    ready.called.verified();
    ready.called.is_sound();
}

fn a_conflict_whose_finding_was_cut_off_is_found_before_the_review_begins(kind: Kind) {
    let ready = Ready::new(kind, 12);
    let app = ready.app();
    let (position, site) = ready.called.seats()[0];
    let mut body = ready.body();
    body["suppliers"][3] = json!({"code": employer(&ready, position), "name": "后来的供应商"});
    app.post(&app.agency, &ready.path(""), "open", &body).expect(201);
    app.clock.set(Timestamp(start().0 - 3_600));
    let site = ready.seats().iter().find(|(p, _)| *p == position).map_or(site, |(_, site)| *site);
    // The look, the sign-in, the conflict: the third write fails, as if the process had ended there.
    let points = std::sync::Arc::new(expert_draw::store::Failpoints::default());
    let other = app.process_with(points.clone());
    points.before_commit.arm_nth(expert_draw::store::Fault::Error, 3);
    let desk = app.service.authenticate(&ready.desks[&site]).unwrap();
    let shown = expert_draw::service::day::Presented::Code(ready.seat(position).code.unwrap());
    let cut = other.sign_in_member(&desk, &ready.called.draw, &shown, "id_card", &key("cut"));
    assert!(cut.is_err(), "the conflict was not written");
    drop(other);
    assert!(ready.seats().iter().any(|(here, _)| *here == position), "signed in, and nobody was told");
    app.clock.set(start());
    ready.act("begin", &json!({})).expect(409);
    let gone = ready.day()["members"]
        .as_array()
        .unwrap()
        .iter()
        .any(|m| m["position"] == position && m["left"] == "conflict");
    assert!(gone, "{}", ready.day());
    ready.called.verified();
    ready.called.is_sound();
}

fn a_seat_is_not_taken_from_who_could_not_have_come_yet(kind: Kind) {
    let ready = Ready::new(kind, 12).opened().in_the_morning();
    let app = ready.app();
    let report = |ready: &Ready, (position, site): (u64, u64), why: &str| {
        let body = json!({"position": position, "why": why, "reason": "未到"});
        let id = format!("report-{}", ready.app().size());
        ready.app().post(&ready.desks[&site], &ready.path("/vacancies"), &id, &body)
    };
    let seats = ready.seats();
    // Nobody says for another that they do not want to.
    report(&ready, seats[0], "withdrawn").problem(409, "not_signed_in");
    app.clock.set(Timestamp(start().0 - 599));
    report(&ready, seats[0], "absent").expect(200);
    let body = json!({"position": seats[0].0});
    app.post(&app.agency, &ready.path("/vacancies/confirm"), "confirm", &body).expect(200);
    for number in ready.called.who(InvitationState::Open) {
        ready.called.accept(&number);
    }
    let ready = ready.again();
    let new = *ready.seats().iter().find(|(position, _)| !seats.iter().any(|(p, _)| p == position)).unwrap();
    report(&ready, new, "absent").problem(409, "too_early");
    ready.app().clock.advance(3 * 3_600);
    report(&ready, new, "absent").expect(200);
    ready.called.is_sound();
}

fn the_day_of_a_draw_that_ends_after_its_review_ends_with_it(kind: Kind) {
    let ready = Ready::new(kind, 12).reviewing();
    let app = ready.app();
    app.clock.advance(3_600);
    ready.act("end", &json!({})).expect(200);
    let report = json!({"digest": "ab".repeat(32), "signed": 5, "dissents": 0});
    ready.act("report", &report).expect(200);
    let path = format!("/api/v1/draws/{}", ready.called.draw);
    app.post(&app.agency, &format!("{path}/void"), "void", &json!({"reason": "request_wrong"})).expect(200);
    app.post(&app.bureau, &format!("{path}/void/confirm"), "voided", &json!({})).expect(200);
    app.service.run_due_often().unwrap();
    app.service.run_due_often().unwrap();
    assert_eq!(ready.day()["state"], "archived");
    ready.called.is_sound();
}
