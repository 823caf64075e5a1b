//! Calls: invitations, answers on the own page and over a gateway, windows, replacements, shortfall, stop;
//! who sees what; and the faults of the systems before, each by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use expert_draw::codec::Hash;
use expert_draw::evidence::Audience;
use expert_draw::outside::reference::{Sent, Unkind};
use expert_draw::outside::wire::Said;
use expert_draw::profile_source::{compile, embedded_source};
use expert_draw::rules::Profile;
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::{Action, Actor};
use expert_draw::service::calls::terms::{CallSite, CallTerms};
use expert_draw::service::calls::{Decline, InvitationState, InvitationView};
use expert_draw::service::draws::{DrawDraft, GroupDraft};
use expert_draw::service::idempotency::IdempotencyKey;
use expert_draw::service::leave::Whose;
use expert_draw::service::listing::Paging;
use expert_draw::store::{Failpoint, Failpoints, Fault};
use expert_draw::time::Timestamp;
use serde_json::{Value, json};

use crate::app::{NOW, TestApp, credit_code, expert};
use crate::draws::{pool, recorded, verified};
use crate::leave::of_expert;
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    an_invitation_tells_time_city_and_hours_and_nothing_of_the_project
    who_answers_first_gets_no_seat_for_it
    an_expert_who_declined_is_never_invited_again
    nobody_is_passed_over_before_the_window_has_closed
    a_shortfall_is_said_and_not_passed_over_in_silence
    a_gateway_that_loses_doubles_and_reorders_changes_no_seat
    a_message_is_sent_once_though_it_is_asked_for_until_it_is_taken
    one_slot_is_accepted_once_and_leave_is_no_way_out_of_it
    who_withdraws_leaves_the_seat_to_the_next_by_rank
    a_void_during_calls_tells_everybody_who_waits
    several_processes_say_everything_once
    identity_is_opened_to_an_auditor_for_a_purpose_only
    a_commitment_is_judged_anew_when_somebody_was_invited_meanwhile
    an_open_invitation_locks_the_hours_of_its_review_and_a_no_frees_them
    a_draw_that_is_cut_off_before_its_first_invitation_goes_on_by_itself
}

pub fn operations() -> Vec<Operation> {
    use Action::*;
    let (none, empty) = (Value::Null, json!({}));
    vec![
        ("GET", "/draws/{id}/calls", ReadDraws, none.clone()),
        ("POST", "/draws/{id}/calls/advance", RunCalls, empty.clone()),
        ("POST", "/draws/{id}/calls/open", AuditEvidence, json!({"purpose": "审计"})),
        ("POST", "/draws/{id}/stop", ProposeVoid, json!({"reason": "procurement_stopped"})),
        ("POST", "/draws/{id}/stop/confirm", ConfirmVoid, empty.clone()),
        ("GET", "/me/invitations", OwnRecord, none.clone()),
        ("GET", "/me/invitations/{id}", OwnRecord, none),
        ("POST", "/me/invitations/{id}/accept", OwnRecord, empty.clone()),
        ("POST", "/me/invitations/{id}/decline", OwnRecord, json!({"reason": "busy"})),
        ("POST", "/me/invitations/{id}/withdraw", OwnRecord, empty),
    ]
}

const HOUR: i64 = 3600;

/// The start of the review: 2026-11-27T09:00 in China.
pub fn start() -> Timestamp {
    Timestamp::parse("2026-11-27T01:00:00Z").unwrap()
}

pub fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(text, Hash([7; 32])).unwrap()
}

/// Two seats in Yueyang and one elsewhere in the province; four hours.
pub fn draft(package: &str, start: Timestamp, seats: u32) -> DrawDraft {
    let group = |speciality: &str, within: &str, except: Option<&str>, seats, site| GroupDraft {
        speciality: speciality.into(),
        within: vec![within.into()],
        except: except.into_iter().map(str::to_owned).collect(),
        seats,
        site,
    };
    let site =
        |site, city: &str| CallSite { site, city: city.into(), place: Some(format!("{site}号评审室")) };
    DrawDraft {
        package: package.into(),
        review_start: start,
        groups: vec![
            group("ndrc316:A0832", "430600", None, seats, 1),
            group("ndrc316:C06", "430000", Some("430600"), 1, 2),
        ],
        calls: Some(CallTerms {
            hours: 4,
            sign_in_by: start.0 - 600,
            travel_minutes: 60,
            cutoff_hours: 24,
            sites: vec![site(1, "430600"), site(2, "430100")],
        }),
    }
}

/// An app with a drawn panel whose invitations are out.
pub struct Called {
    pub app: TestApp,
    pub draw: String,
    pub agency: Actor,
    pub experts: Vec<String>,
}

impl Called {
    pub fn new(kind: Kind, people: u32) -> Self {
        Self::of(TestApp::new(kind), people)
    }

    pub fn of(app: TestApp, people: u32) -> Self {
        pool(&app, people);
        Self::among(app)
    }

    /// Drawn among the people that there are.
    pub fn among(app: TestApp) -> Self {
        let bureau = app.service.authenticate(&app.bureau).unwrap();
        let all = Paging { limit: 200, after: None };
        let listed = app.service.experts(&bureau, &Default::default(), &all).unwrap();
        let experts = listed.items.iter().map(|line| line.number.clone()).collect();
        let agency = app.service.authenticate(&app.agency).unwrap();
        let package = recorded(&app, 1);
        let made = app.service.request_draw(&agency, &draft(&package, start(), 2), &key("draw")).unwrap();
        assert_eq!(made.state, "calling");
        Self { app, draw: made.id, agency, experts }
    }

    /// Another draw of another package at a time.
    pub fn another(&self, number: u32, start: Timestamp, seats: u32) -> String {
        let package = recorded(&self.app, number);
        let draft = draft(&package, start, seats);
        self.app.service.request_draw(&self.agency, &draft, &key(&format!("draw-{number}"))).unwrap().id
    }

    pub fn calls(&self) -> Value {
        self.app.get(&self.app.agency, &format!("/api/v1/draws/{}/calls", self.draw)).expect(200).json()
    }

    pub fn advance(&self) -> Value {
        let path = format!("/api/v1/draws/{}/calls/advance", self.draw);
        let size = self.app.size();
        self.app.post(&self.app.bureau, &path, &format!("advance-{size}"), &json!({})).expect(200).json()
    }

    /// The invitations of everybody to the draw of this app, by expert.
    pub fn invitations(&self) -> BTreeMap<String, InvitationView> {
        let mut found = BTreeMap::new();
        for number in &self.experts {
            for invitation in mine(&self.app, number) {
                found.insert(number.clone(), invitation);
            }
        }
        found
    }

    /// Everybody whose invitation stands so.
    pub fn who(&self, state: InvitationState) -> Vec<String> {
        let all = self.invitations().into_iter();
        all.filter(|(_, view)| view.state == state).map(|(number, _)| number).collect()
    }

    pub fn accept(&self, number: &str) -> InvitationView {
        let id = &mine(&self.app, number)[0].id;
        self.app.service.accept_invitation(&of_expert(number), id, &key(&format!("a-{number}"))).unwrap()
    }

    pub fn decline(&self, number: &str) -> InvitationView {
        let id = &mine(&self.app, number)[0].id;
        let decline = Decline { reason: None, note: Some("家中有事".into()) };
        self.app
            .service
            .decline_invitation(&of_expert(number), id, &decline, &key(&format!("d-{number}")))
            .unwrap()
    }

    pub fn withdraw(&self, number: &str) -> InvitationView {
        let id = &mine(&self.app, number)[0].id;
        self.app
            .service
            .withdraw_acceptance(&of_expert(number), id, None, &key(&format!("w-{number}")))
            .unwrap()
    }

    /// The window closes.
    pub fn window_closes(&self) {
        self.app.clock.advance(HOUR + 1);
    }

    /// The seats of the newest statement that names some, by expert: of the draw, or of a settlement.
    pub fn seats(&self) -> Vec<(u64, u64)> {
        let mut seats = Vec::new();
        for statement in self.statements() {
            if let Some(found) = statement["seats"].as_array() {
                let seat =
                    |seat: &Value| (seat["position"].as_u64().unwrap(), seat["group"].as_u64().unwrap());
                seats = found.iter().map(seat).collect();
            }
        }
        seats
    }

    /// The draw's statements in the public evidence.
    pub fn statements(&self) -> Vec<Value> {
        let path = format!("/api/v1/draws/{}/evidence", self.draw);
        let file = self.app.ask("GET", &path, &[], b"").expect(200).json();
        let life: BTreeSet<u64> =
            file["life"].as_array().unwrap().iter().map(|i| i.as_u64().unwrap()).collect();
        let entries = file["entries"].as_array().unwrap().iter();
        let own = entries.filter(|entry| life.contains(&entry["index"].as_u64().unwrap()));
        own.map(|entry| {
            serde_json::from_str(entry["note"].as_str().unwrap().lines().next().unwrap()).unwrap()
        })
        .collect()
    }

    /// Number by pool position, as an auditor sees it.
    pub fn positions(&self) -> BTreeMap<u64, String> {
        let path = format!("/api/v1/draws/{}/calls/open", self.draw);
        let size = self.app.size();
        let opened =
            self.app.post(&self.app.auditor, &path, &format!("look-{size}"), &json!({"purpose": "核对"}));
        let opened = opened.expect(200).json();
        let people = opened["items"].as_array().unwrap().iter();
        people.map(|p| (p["position"].as_u64().unwrap(), p["number"].as_str().unwrap().to_owned())).collect()
    }

    /// The public evidence verifies.
    pub fn verified(&self) {
        let path = format!("/api/v1/draws/{}/evidence", self.draw);
        let file = self.app.ask("GET", &path, &[], b"").expect(200);
        verified(&self.app, &file, Audience::Public);
    }

    pub fn is_sound(&self) {
        assert_eq!(self.app.fsck(), Vec::<String>::new());
    }
}

pub fn mine(app: &TestApp, number: &str) -> Vec<InvitationView> {
    app.service.my_invitations(&of_expert(number), &Paging { limit: 100, after: None }).unwrap().items
}

fn an_invitation_tells_time_city_and_hours_and_nothing_of_the_project(kind: Kind) {
    let called = Called::new(kind, 12);
    let app = &called.app;
    let calls = called.calls();
    assert_eq!((&calls["state"], &calls["open_seats"]), (&json!("calling"), &json!(3)));
    assert_eq!((&calls["rounds"][0]["invited"], &calls["rounds"][0]["accepted"]), (&json!(5), &json!(0)));
    assert_eq!(calls["messages"], json!({"waiting": 5}));
    assert_eq!(calls["sites"][1], json!({"site": 2, "city": "430100", "place": "2号评审室"}));
    let shown = calls.to_string();
    assert!(called.experts.iter().all(|number| !shown.contains(number)), "{shown}");
    app.get(&app.other_agency, &format!("/api/v1/draws/{}/calls", called.draw)).problem(404, "not_found");

    let invited = called.who(InvitationState::Open);
    assert_eq!(invited.len(), 5, "three members and two beyond the panel");
    // Over HTTP, with a token of the expert's own.
    let draft =
        AccountDraft { expert: Some(invited[0].clone()), ..AccountDraft::new("expert", "专家", None, 30) };
    let token = app.service.found_account(&draft).unwrap().token.unwrap();
    let list = app.get(&token, "/api/v1/me/invitations").expect(200).json();
    let one = &list["items"][0];
    assert_eq!(
        (&one["state"], &one["hours"], &one["start"]),
        (&json!("open"), &json!(4), &json!("2026-11-27T01:00:00Z"))
    );
    assert!(one["cities"][0].as_str().unwrap().starts_with("湖南省"), "{one}");
    let text = list.to_string();
    for secret in ["智慧校园", "单位", "HNYY", called.draw.as_str(), "评审室"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let path = format!("/api/v1/me/invitations/{}", one["id"].as_str().unwrap());
    assert_eq!(app.get(&token, &path).expect(200).json(), *one);
    // Somebody else's is not there.
    let other = &mine(app, &invited[1])[0].id;
    app.get(&token, &format!("/api/v1/me/invitations/{other}")).problem(404, "not_found");
    app.post(&token, &format!("/api/v1/me/invitations/{other}/accept"), "x", &json!({}))
        .problem(404, "not_found");
    app.post(&token, &format!("{path}/decline"), "no", &json!({"reason": "whim"})).names(
        422,
        "reason",
        "unknown_reason",
    );
    let accepted = app.post(&token, &format!("{path}/accept"), "yes", &json!({})).expect(200).json();
    assert_eq!((&accepted["state"], &accepted["by"]), (&json!("accepted"), &json!("expert")));
    let size = app.size();
    assert_eq!(app.post(&token, &format!("{path}/accept"), "yes", &json!({})).expect(200).json(), accepted);
    app.post(&token, &format!("{path}/decline"), "other", &json!({})).problem(409, "answered_before");
    assert_eq!(app.size(), size);

    let (gateway, client) = app.gateway(Unkind::default());
    // Who has answered on the own page needs no message any more.
    let report = app.service.send_waiting(&client).unwrap();
    assert_eq!((report.sent, report.failed), (4, 1));
    for Sent { text, kind, .. } in gateway.sent() {
        assert_eq!(kind, "invitation");
        assert!(text.contains("2026年11月27日9时00分") && text.contains("预计4小时"), "{text}");
        for secret in ["智慧校园", "单位", "HNYY", "专家1", "评审室"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    called.is_sound();
}

fn who_answers_first_gets_no_seat_for_it(kind: Kind) {
    let called = Called::new(kind, 12);
    let drawn = called.seats();
    let of = called.positions();
    let members: Vec<String> = drawn.iter().map(|(position, _)| of[position].clone()).collect();
    let beyond: Vec<String> = of.values().filter(|number| !members.contains(number)).cloned().collect();
    assert_eq!(beyond.len(), 2);
    // Two beyond the panel say yes in the first second, the members in the last.
    for number in &beyond {
        assert_eq!(called.accept(number).state, InvitationState::Accepted);
    }
    called.app.clock.advance(HOUR);
    for number in members.iter().rev() {
        called.accept(number);
    }
    // Everybody has answered: settled without waiting, by rank.
    let calls = called.calls();
    assert_eq!(
        (&calls["state"], &calls["open_seats"], &calls["standby"]),
        (&json!("filled"), &json!(0), &json!(2))
    );
    assert_eq!(called.seats(), drawn);
    assert_eq!(called.who(InvitationState::Seated), {
        let mut m = members.clone();
        m.sort();
        m
    });
    assert_eq!(called.who(InvitationState::Standby), {
        let mut b = beyond.clone();
        b.sort();
        b
    });
    let seat = &mine(&called.app, &members[0])[0];
    assert!(seat.place.as_deref().is_some_and(|place| place.contains("评审室")));
    assert_eq!(
        called.calls()["messages"],
        json!({"waiting": 10}),
        "five invitations, three seats, two standby"
    );
    called.verified();
    called.is_sound();
}

fn an_expert_who_declined_is_never_invited_again(kind: Kind) {
    let called = Called::new(kind, 24);
    let (mut asked, mut no) = (BTreeSet::new(), BTreeSet::new());
    for round in 1..=3 {
        let open = called.who(InvitationState::Open);
        assert!(!open.is_empty(), "round {round}");
        for number in &open {
            assert!(asked.insert(number.clone()), "{number} is asked again in round {round}");
            called.decline(number);
            no.insert(number.clone());
        }
        assert_eq!(
            called.calls()["rounds"].as_array().unwrap().len(),
            round + 1,
            "the next round follows at once"
        );
    }
    assert_eq!(called.calls()["out"]["declined"], no.len());
    // Nor over the gateway: one invitation per person.
    let (gateway, client) = called.app.gateway(Unkind::default());
    called.app.service.send_waiting(&client).unwrap();
    let mut phones: Vec<String> = gateway.sent().iter().map(|sent| sent.key.clone()).collect();
    let sent = phones.len();
    phones.sort();
    phones.dedup();
    assert_eq!(phones.len(), sent);
    called.verified();
}

fn nobody_is_passed_over_before_the_window_has_closed(kind: Kind) {
    let called = Called::new(kind, 12);
    let (drawn, size) = (called.seats(), called.app.size());
    for seconds in [1, HOUR - 2, 1] {
        called.app.clock.advance(seconds);
        called.advance();
        called.app.service.run_due_often().unwrap();
    }
    assert_eq!(called.app.size(), size, "the last second of the window is the experts'");
    assert_eq!(called.calls()["rounds"].as_array().unwrap().len(), 1);
    let of = called.positions();
    let late = of[&drawn[0].0].clone();
    called.app.clock.advance(1);
    let id = mine(&called.app, &late)[0].id.clone();
    let refused = called.app.service.accept_invitation(&of_expert(&late), &id, &key("late")).unwrap_err();
    assert_eq!(refused.code, "window_closed");
    // The clock settles and opens the next round; those who did not answer are out, on the operator's word,
    // because no channel said that the invitation reached them.
    let report = called.app.service.run_due_often().unwrap();
    assert_eq!(report.count("calls_advanced"), 2);
    let calls = called.calls();
    assert_eq!(
        (&calls["out"], &calls["passed_over_on_operators_word"]),
        (&json!({"no_answer": 5}), &json!(5))
    );
    assert_eq!(mine(&called.app, &late)[0].state.name(), "no_answer");
    assert_eq!(called.app.service.run_due_often().unwrap().count("calls_advanced"), 0);
    called.verified();
    called.is_sound();
}

fn a_shortfall_is_said_and_not_passed_over_in_silence(kind: Kind) {
    let called = Called::new(kind, 12);
    let app = &called.app;
    let mut rounds = 0;
    loop {
        let open = called.who(InvitationState::Open);
        if open.is_empty() {
            break;
        }
        rounds += 1;
        open.iter().for_each(|number| drop(called.decline(number)));
    }
    assert!(rounds > 1);
    let calls = called.calls();
    assert_eq!((&calls["state"], &calls["shortfall"]), (&json!("calling"), &json!("infeasible")));
    called.verified();
    let path = format!("/api/v1/draws/{}", called.draw);
    app.post(&app.bureau, &format!("{path}/unseal"), "u", &json!({"announcement": "1"}))
        .problem(409, "wrong_state");
    app.post(&app.bureau, &format!("{path}/stop"), "x", &json!({"reason": "whim"})).names(
        422,
        "reason",
        "unknown_reason",
    );
    app.post(&app.bureau, &format!("{path}/stop/confirm"), "early", &json!({})).problem(409, "wrong_state");
    let proposed = app
        .post(&app.agency, &format!("{path}/stop"), "p", &json!({"reason": "shortfall"}))
        .expect(200)
        .json();
    assert_eq!(proposed["proposed_stop"]["reason"], "shortfall");
    let stopped = app.post(&app.bureau, &format!("{path}/stop/confirm"), "c", &json!({})).expect(200).json();
    assert_eq!((&stopped["state"], &stopped["stopped"]), (&json!("stopped"), &json!("shortfall")));
    assert_eq!(
        app.post(&app.bureau, &format!("{path}/stop/confirm"), "c", &json!({})).expect(200).json(),
        stopped
    );
    app.post(&app.bureau, &format!("{path}/stop"), "again", &json!({"reason": "shortfall"}))
        .problem(409, "wrong_state");
    called.verified();
    called.is_sound();
}

fn a_gateway_that_loses_doubles_and_reorders_changes_no_seat(kind: Kind) {
    let called = Called::new(kind, 12);
    let app = &called.app;
    let unkind = Unkind { lose_request: 60, lose_answer: 60, double: 100, delay: 100, reorder: true };
    let (gateway, client) = app.gateway(unkind);
    while app.service.send_waiting(&client).unwrap().later > 0 {
        app.clock.advance(60);
    }
    let sent = gateway.sent();
    assert_eq!(sent.len(), 5);
    assert_eq!(sent.iter().map(|sent| &sent.key).collect::<BTreeSet<_>>().len(), 5);
    // One is not reached, one says no, the others come.
    for (n, message) in sent.iter().enumerate() {
        if n > 0 {
            gateway.happened(&message.key, &Said::Delivered);
        }
        match n {
            0 => {}
            1 => gateway
                .happened(&message.key, &Said::Answered { accepted: false, reason: Some("ill".into()) }),
            _ => gateway.happened(&message.key, &Said::Answered { accepted: true, reason: None }),
        }
    }
    for _ in 0..40 {
        gateway.round();
    }
    let outcomes: Vec<String> = gateway.taken().into_iter().map(|(_, answer)| answer).collect();
    assert!(outcomes.iter().any(|outcome| outcome.contains("repeated")), "{outcomes:?}");
    let calls = called.calls();
    assert_eq!((&calls["rounds"][0]["accepted"], &calls["rounds"][0]["declined"]), (&json!(3), &json!(1)));
    called.window_closes();
    let calls = called.advance();
    assert_eq!(calls["out"], json!({"declined": 1, "no_answer": 1}));
    assert_eq!(calls["passed_over_on_operators_word"], 1, "the one whom no receipt says was reached");
    called.verified();

    // An answer after the window is told so and changes nothing.
    let size = app.size();
    let post = |body: &[u8], headers: [(&str, String); 2]| {
        let mut all = vec![("Content-Type", "application/json"), ("Idempotency-Key", "r")];
        all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
        app.ask("POST", "/api/v1/gateway/answers", &all, body)
    };
    let body = expert_draw::outside::wire::report_body(
        &sent[0].key,
        1,
        &Said::Answered { accepted: true, reason: None },
    );
    let late = post(&body, gateway.signed(&body)).expect(200).json();
    assert_eq!(late["outcome"], "too_late");
    assert!(late["reply"].as_str().unwrap().contains("时限已过"));
    let [named, _] = gateway.signed(&body);
    post(&body, [named, ("Expert-Draw-Signature", "ed25519=00".into())]).problem(401, "unauthenticated");
    let nobody = expert_draw::outside::wire::report_body("Mnone", 1, &Said::Delivered);
    post(&nobody, gateway.signed(&nobody)).problem(404, "not_found");
    let misshapen = br#"{"key":"M","time":1,"type":"read","v":1}"#;
    post(misshapen, gateway.signed(misshapen)).names(422, "body", "report");
    assert_eq!(app.size(), size);
    called.is_sound();
}

fn a_message_is_sent_once_though_it_is_asked_for_until_it_is_taken(kind: Kind) {
    let called = Called::new(kind, 12);
    let app = &called.app;
    let (gateway, client) = app.gateway(Unkind { lose_answer: 255, ..Unkind::default() });
    // Taken by the gateway, its answer lost: as if this process had died before writing it down.
    assert_eq!(app.service.send_waiting(&client).unwrap().later, 5);
    let other = app.second_process();
    assert_eq!(other.send_waiting(&client).unwrap(), Default::default(), "nobody sends before its time");
    app.clock.advance(60);
    assert_eq!(other.send_waiting(&client).unwrap().later, 5);
    let sent = gateway.sent();
    assert_eq!(sent.len(), 5);
    assert!(sent.iter().all(|message| message.requests == 2), "{sent:?}");
    // A delivery report is proof enough that it was taken.
    gateway.happened(&sent[0].key, &Said::Delivered);
    gateway.happened(&sent[1].key, &Said::Undeliverable);
    gateway.round();
    assert_eq!(called.calls()["messages"], json!({"waiting": 3, "delivered": 1, "failed": 1}));
    // The window closes: what was not taken has no use any more.
    called.window_closes();
    let report = app.service.send_waiting(&client).unwrap();
    assert_eq!((report.expired, report.sent), (3, 0));
    assert_eq!(gateway.sent().len(), 5);
    // Every attempt is an entry of its own.
    called.is_sound();
}

fn one_slot_is_accepted_once_and_leave_is_no_way_out_of_it(kind: Kind) {
    let called = Called::new(kind, 8);
    let app = &called.app;
    // The same day, an hour later: everybody in the small pool may be asked twice under rules that do not
    // look at slots; only one can be accepted.
    let second = called.another(2, Timestamp(start().0 + HOUR), 2);
    let both: Vec<String> =
        called.experts.iter().filter(|number| mine(app, number).len() == 2).cloned().collect();
    assert!(!both.is_empty());
    let number = &both[0];
    let expert = of_expert(number);
    let invitations = mine(app, number);
    let accept =
        |n: usize, name: &str| app.service.accept_invitation(&expert, &invitations[n].id, &key(name));
    let leave = |from: i64, to: i64| {
        let span = (Timestamp(start().0 + from * HOUR), Timestamp(start().0 + to * HOUR));
        app.service.set_leave(&expert, &Whose::Own, span, None, None).map_err(|refusal| refusal.code)
    };
    assert_eq!(leave(0, 2).unwrap_err(), "invited");
    accept(0, "first").unwrap();
    assert_eq!(accept(1, "second").unwrap_err().code, "slot_taken");
    assert_eq!(leave(0, 2).unwrap_err(), "invited", "the other invitation waits too");
    app.service.decline_invitation(&expert, &invitations[1].id, &Decline::default(), &key("no")).unwrap();
    assert_eq!(leave(0, 2).unwrap_err(), "engaged");
    app.clock.set(Timestamp(start().0 - 20 * HOUR));
    assert_eq!(leave(0, 2).unwrap_err(), "leave_closed");
    leave(30, 40).unwrap();
    assert_ne!(called.draw, second);
    called.is_sound();
}

fn who_withdraws_leaves_the_seat_to_the_next_by_rank(kind: Kind) {
    let called = Called::new(kind, 12);
    for number in called.who(InvitationState::Open) {
        called.accept(&number);
    }
    assert_eq!(called.calls()["state"], "filled");
    let before = called.seats();
    let of = called.positions();
    let leaver = of[&before[0].0].clone();
    let id = mine(&called.app, &leaver)[0].id.clone();
    let withdraw = |name: &str| {
        called.app.service.withdraw_acceptance(&of_expert(&leaver), &id, Some("生病"), &key(name))
    };
    // After the cut-off: late, and possible all the same.
    called.app.clock.set(Timestamp(start().0 - HOUR));
    assert_eq!(withdraw("w").unwrap().state.name(), "withdrawn");
    assert_eq!(withdraw("w").unwrap().state.name(), "withdrawn");
    assert_eq!(withdraw("w2").unwrap_err().code, "is_out");
    let path = format!("/api/v1/draws/{}/calls/open", called.draw);
    let look = json!({"purpose": "核对退出"});
    let opened = called.app.post(&called.app.auditor, &path, "left", &look).expect(200).json();
    let left =
        opened["items"].as_array().unwrap().iter().find(|one| one["number"] == leaver.as_str()).unwrap();
    assert_eq!((&left["left_late"], &left["left_note"]), (&json!(true), &json!("生病")));
    let after = called.seats();
    assert!(!after.iter().any(|(position, _)| *position == before[0].0));
    let kept: Vec<_> = before[1..].iter().map(|(position, _)| *position).collect();
    assert!(kept.iter().all(|position| after.iter().any(|(p, _)| p == position)), "{before:?} {after:?}");
    let calls = called.calls();
    // Somebody on standby has the seat without a new invitation, or the next by rank is invited.
    let rounds = calls["rounds"].as_array().unwrap().len();
    assert!(
        calls["state"] == "filled" && rounds == 1 || calls["state"] == "calling" && rounds == 2,
        "{calls}"
    );
    called.verified();
    called.is_sound();
}

fn a_void_during_calls_tells_everybody_who_waits(kind: Kind) {
    let called = Called::new(kind, 12);
    let app = &called.app;
    let open = called.who(InvitationState::Open);
    called.accept(&open[0]);
    called.decline(&open[1]);
    let second =
        app.service.found_account(&AccountDraft::new("bureau", "第二人", None, 30)).unwrap().token.unwrap();
    let path = format!("/api/v1/draws/{}", called.draw);
    app.post(&app.bureau, &format!("{path}/void"), "p", &json!({"reason": "request_wrong"})).expect(200);
    let voided = app.post(&second, &format!("{path}/void/confirm"), "c", &json!({})).expect(200).json();
    assert_eq!(voided["state"], "voided");
    let calls = called.calls();
    // Five invitations; cancelled for all but the one who had declined.
    assert_eq!(calls["messages"], json!({"waiting": 9}));
    assert_eq!(called.who(InvitationState::Cancelled).len(), 4);
    let id = mine(app, &open[2])[0].id.clone();
    assert_eq!(
        app.service.accept_invitation(&of_expert(&open[2]), &id, &key("x")).unwrap_err().code,
        "wrong_state"
    );
    called.window_closes();
    assert_eq!(app.service.run_due_often().unwrap().count("calls_advanced"), 0);
    let (gateway, client) = app.gateway(Unkind::default());
    let report = app.service.send_waiting(&client).unwrap();
    // Invitations that nobody sent yet are not sent after the end.
    assert_eq!(report.sent, 4);
    assert!(gateway.sent().iter().all(|sent| sent.kind == "cancelled" && sent.text.contains("评审取消")));
    called.verified();
    called.is_sound();
}

fn several_processes_say_everything_once(kind: Kind) {
    let called = Called::new(kind, 16);
    let others: Vec<_> = (0..2).map(|_| called.app.second_process()).collect();
    let services: Vec<&expert_draw::service::Service> =
        std::iter::once(called.app.service.as_ref()).chain(&others).collect();
    let open = called.who(InvitationState::Open);
    std::thread::scope(|scope| {
        for (n, number) in open.iter().enumerate() {
            let service = services[n % services.len()];
            scope.spawn(move || {
                let id = service
                    .my_invitations(&of_expert(number), &Paging { limit: 9, after: None })
                    .unwrap()
                    .items[0]
                    .id
                    .clone();
                let expert = of_expert(number);
                if n % 2 == 0 {
                    service.accept_invitation(&expert, &id, &key(&format!("a{n}"))).unwrap();
                } else {
                    service
                        .decline_invitation(&expert, &id, &Decline::default(), &key(&format!("d{n}")))
                        .unwrap();
                }
                service.run_due_often().unwrap();
            });
        }
    });
    let calls = called.calls();
    assert_eq!((&calls["rounds"][0]["accepted"], &calls["rounds"][0]["declined"]), (&json!(3), &json!(2)));
    assert!(calls["rounds"][0]["settled"].is_string(), "{calls}");
    let settled = called.statements().iter().filter(|said| said["type"] == "draw.settled").count();
    assert_eq!(settled, 1, "settled once, whoever came first");
    called.window_closes();
    std::thread::scope(|scope| {
        for service in &services {
            scope.spawn(|| service.run_due_often().unwrap());
        }
    });
    let kinds: Vec<String> =
        called.statements().iter().map(|said| said["type"].as_str().unwrap().to_owned()).collect();
    let count = |kind: &str| kinds.iter().filter(|known| *known == kind).count();
    assert!(count("draw.invited") <= 3 && count("draw.settled") <= 2, "{kinds:?}");
    called.verified();
    called.is_sound();
}

fn identity_is_opened_to_an_auditor_for_a_purpose_only(kind: Kind) {
    let called = Called::new(kind, 12);
    let app = &called.app;
    let open = called.who(InvitationState::Open);
    called.decline(&open[0]);
    let path = format!("/api/v1/draws/{}/calls/open", called.draw);
    let purpose = json!({"purpose": "核对答复"});
    for token in [&app.bureau, &app.agency, &app.other_agency] {
        app.post(token, &path, "look", &purpose).problem(403, "not_permitted");
    }
    app.post(&app.auditor, &path, "no", &json!({"purpose": ""})).expect(422);
    let size = app.size();
    let opened = app.post(&app.auditor, &path, "look", &purpose).expect(200).json();
    assert_eq!(app.size(), size + 1, "the look is an entry");
    let people = opened["items"].as_array().unwrap();
    assert_eq!(people.len(), 5);
    let one = people.iter().find(|person| person["number"] == open[0].as_str()).unwrap();
    assert_eq!(
        (&one["answer"], &one["by"], &one["note"]),
        (&json!("declined"), &json!("expert"), &json!("家中有事"))
    );
    assert!(one["name"].as_str().unwrap().starts_with("专家"));
    assert_eq!(one["messages"][0]["kind"], "invitation");
    // What is public says positions and words of the closed list; nobody's own words, nobody's number.
    let public: String = called.statements().iter().map(Value::to_string).collect();
    assert!(!public.contains("家中有事") && called.experts.iter().all(|number| !public.contains(number)));
}

fn a_commitment_is_judged_anew_when_somebody_was_invited_meanwhile(kind: Kind) {
    let called = Called::new(kind, 16);
    // Commitments of several packages at once: each is judged by all invitations said before it.
    let packages: Vec<String> = (2..6).map(|n| recorded(&called.app, n)).collect();
    std::thread::scope(|scope| {
        for (n, package) in packages.iter().enumerate() {
            let (app, agency) = (&called.app, &called.agency);
            scope.spawn(move || {
                let start = Timestamp(start().0 + (n as i64 + 1) * 48 * HOUR);
                let made = app
                    .service
                    .request_draw(agency, &draft(package, start, 1), &key(&format!("p{n}")))
                    .unwrap();
                assert_eq!(made.state, "calling");
            });
        }
    });
    // No commitment stands between the result of another draw and its invitations.
    let mut waiting: BTreeSet<String> = BTreeSet::new();
    for (kind, subject) in crate::calls::journal(&called.app) {
        match kind.as_str() {
            "draw.committed" => {
                assert!(waiting.is_empty(), "committed while {waiting:?} had not invited");
                waiting.insert(subject);
            }
            "draw.invited" => drop(waiting.remove(&subject)),
            _ => {}
        }
    }
    assert!(waiting.is_empty());
    called.is_sound();
}

/// The rules of Hunan in the second form, but for draws without a plan.
fn rules() -> Profile {
    let find = |name: &str| embedded_source(name).map(str::to_owned);
    let text = "name = \"test\"\nedition = \"1\"\nparent = \"hunan\"\ntitle = \"测试\"\njurisdiction = \"430000\"\n\
                valid_from = \"2026-01-01\"\n[rules.plan_approved]\napplies = \"no\"\nsource = \"测试\"\nstatus = \"policy\"\n";
    compile("test", text, &find).unwrap().profile
}

fn an_open_invitation_locks_the_hours_of_its_review_and_a_no_frees_them(kind: Kind) {
    let app = TestApp::drawing_under(kind, rules());
    for serial in 0..24 {
        let mut one = expert(serial);
        one["employments"][0]["unit"] = json!(credit_code(100 + serial));
        one["past"] = json!([]);
        one["e_evaluation"] = json!("yes");
        app.post(&app.bureau, "/api/v1/experts", &format!("pool-{serial}"), &one).expect(201);
    }
    let called = Called::among(app);
    let app = &called.app;
    let locked = |draw: &str| {
        let seen = app.get(&app.bureau, &format!("/api/v1/draws/{draw}")).expect(200).json();
        let out = seen["excluded"]["availability"].as_u64().unwrap_or_default();
        assert_eq!(seen["commitment"]["pool_size"].as_u64().unwrap() + out, 24, "{seen}");
        usize::try_from(out).unwrap()
    };
    let invited = called.who(InvitationState::Open);
    assert!(invited.len() > 3, "{invited:?}");
    // Two hours later on the same day, and two days later.
    let overlapping = called.another(2, Timestamp(start().0 + 2 * HOUR), 1);
    assert_eq!(locked(&overlapping), invited.len());
    let both = invited.iter().filter(|number| mine(app, number).len() > 1).count();
    assert_eq!(both, 0, "nobody is asked twice for the same hours");
    let apart = called.another(3, Timestamp(start().0 + 48 * HOUR), 1);
    assert_eq!(locked(&apart), 0);
    // A no frees the hours; a yes keeps them.
    let now = |number: &str| {
        let open = |view: &InvitationView| {
            matches!(view.state, InvitationState::Open | InvitationState::Accepted)
                && view.start.0 < start().0 + 24 * HOUR
        };
        mine(app, number).iter().any(open)
    };
    let answer = |number: &str, accepts: bool| {
        let views = mine(app, number);
        let id = &views.iter().find(|view| view.start == start()).unwrap().id;
        let expert = of_expert(number);
        if accepts {
            app.service.accept_invitation(&expert, id, &key("yes")).unwrap();
        } else {
            app.service.decline_invitation(&expert, id, &Decline::default(), &key("no")).unwrap();
        }
    };
    answer(&invited[0], false);
    answer(&invited[1], true);
    let taken = called.experts.iter().filter(|number| now(number)).count();
    assert!(!now(&invited[0]) && now(&invited[1]));
    let later = called.another(4, Timestamp(start().0 + HOUR), 1);
    assert_eq!(locked(&later), taken);
    // Pools and exclusions follow from the journal, engagements included.
    called.is_sound();
}

fn a_draw_that_is_cut_off_before_its_first_invitation_goes_on_by_itself(kind: Kind) {
    let app = TestApp::new(kind);
    pool(&app, 12);
    let agency = app.service.authenticate(&app.agency).unwrap();
    // Commitment, contribution, result, first invitations: the fourth write fails, and any after it
    // that is not made: who asked looks once more before the answer.
    let cut_off = |number: u32, place: fn(&Failpoints) -> &Failpoint, fault: Fault| {
        let package = recorded(&app, number);
        let points = Arc::new(Failpoints::default());
        let other = app.process_with(points.clone());
        place(&points).arm_nth(fault, 4);
        let draft = draft(&package, Timestamp(start().0 + i64::from(number) * 48 * HOUR), 1);
        other.request_draw(&agency, &draft, &key(&format!("cut-{number}"))).unwrap()
    };
    let undone = cut_off(1, |points| &points.before_commit, Fault::Outage);
    assert_eq!(undone.state, "drawn");
    // The clock, in any process.
    assert_eq!(app.service.run_due_often().unwrap().count("calls_advanced"), 1);
    // Failed but persisted: nothing is left to do, and it is not said twice.
    let done = cut_off(2, |points| &points.after_commit, Fault::Error);
    assert_eq!(done.state, "calling");
    assert_eq!(app.service.run_due_often().unwrap().count("calls_advanced"), 0);
    // The next commitment: whoever makes it takes the other draw to its invitations first.
    let undone = cut_off(3, |points| &points.before_commit, Fault::Outage);
    assert_eq!(undone.state, "drawn");
    let package = recorded(&app, 4);
    let next = draft(&package, Timestamp(start().0 + 400 * HOUR), 1);
    app.service.request_draw(&agency, &next, &key("next")).unwrap();
    // And a start.
    let undone = cut_off(5, |points| &points.before_commit, Fault::Outage);
    drop(app.second_process());
    for draw in [&undone.id, &done.id] {
        let calls = app.get(&app.bureau, &format!("/api/v1/draws/{draw}/calls")).expect(200).json();
        assert_eq!(calls["rounds"].as_array().unwrap().len(), 1);
    }
    let lines = journal(&app);
    let invited = lines.iter().filter(|(kind, _)| kind == "draw.invited").count();
    assert_eq!(invited, 5, "each draw once");
    assert_eq!(app.fsck(), Vec::<String>::new());
}

/// Kinds and subjects of the journal's draw entries, in order.
fn journal(app: &TestApp) -> Vec<(String, String)> {
    let reader =
        expert_draw::store::Reader::open(&app.fresh.database, 1, std::time::Duration::from_secs(20)).unwrap();
    let lines = reader.read(|conn| expert_draw::store::journal::draw_lines(conn, 0, u64::MAX >> 1, 10_000));
    lines.unwrap().into_iter().map(|line| (line.kind, line.subject)).collect()
}

#[test]
fn the_clock_of_the_tests_stands_before_the_review() {
    assert!(NOW < start());
}
