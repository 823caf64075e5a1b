//! Conduct cases from clue to clearing, through different hands; non-punitive records; tiers.

use expert_draw::service::actor::{Action, Actor, Role};
use expert_draw::service::conduct::Step;
use expert_draw::service::listing::Paging;
use expert_draw::service::remarks::RemarkStep;
use serde_json::{Value, json};

use crate::app::{TestApp, credit_code};
use crate::draws::{drawn, one};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    a_clue_goes_from_report_to_clearing_through_different_hands
    a_decision_keeps_to_the_law_of_amounts_and_to_two_people
    a_reversal_brings_the_standing_back_and_leaves_both_in_the_case
    a_reversal_does_not_undo_what_was_decided_since
    the_expert_speaks_from_the_hearing_on_and_never_learns_who_reported
    an_agency_reports_by_seat_and_learns_no_number
    an_overdue_case_is_urged_once_a_week
    a_second_clue_about_the_same_matter_is_joined
    a_remark_counts_until_two_people_correct_it
    a_tier_follows_from_the_table_and_nobody_sets_it
}

const PATH: &str = "/api/v1/conduct";

/// The operations of conduct.
pub fn operations() -> Vec<Operation> {
    use Action::*;
    let (none, reason, text) = (Value::Null, json!({"reason": "理由"}), json!({"text": "说明"}));
    let reasons = json!({"reasons": "理由"});
    let proposal = json!({"effect": "dismiss", "warning": true, "basis": "第29条"});
    let clue =
        json!({"expert": "E0000000000000000", "source": "audit", "secrecy": "open", "summary": "线索"});
    let remark = json!({"expert": "E0000000000000000", "what": "late", "day": "2026-11-20"});
    let clear = json!({"remedy": "无", "executed": "是", "library_updated": "是", "loophole": "无"});
    vec![
        ("POST", "/conduct", ReportConduct, clue),
        ("GET", "/conduct", ReadCases, none.clone()),
        ("GET", "/conduct/{id}?purpose=xx", ReadCases, none.clone()),
        ("GET", "/conduct/{id}/reporter?purpose=xx", ReviewCases, none.clone()),
        ("POST", "/conduct/{id}/register", ProposeDecision, json!({"number": "1"})),
        ("POST", "/conduct/{id}/join", ProposeDecision, json!({"of": "C1"})),
        ("POST", "/conduct/{id}/assign", ApproveCases, json!({"handler": "A", "until": "2026-12-01"})),
        ("POST", "/conduct/{id}/begin", ReviewCases, json!({"allegation": "事项"})),
        ("POST", "/conduct/{id}/evidence", ReviewCases, text.clone()),
        ("POST", "/conduct/{id}/extension", ReviewCases, json!({"reason": "x", "until": "2026-12-01"})),
        ("POST", "/conduct/{id}/extension/grant", ApproveCases, none.clone()),
        ("POST", "/conduct/{id}/extension/refuse", ApproveCases, reason.clone()),
        ("POST", "/conduct/{id}/unfounded", ReviewCases, reasons.clone()),
        ("POST", "/conduct/{id}/establish", ReviewCases, json!({"code": "art29_2", "facts": "事实"})),
        ("POST", "/conduct/{id}/propose", ReviewCases, proposal),
        ("POST", "/conduct/{id}/confirm", ConfirmDecision, none.clone()),
        ("POST", "/conduct/{id}/reject", ConfirmDecision, reason.clone()),
        ("POST", "/conduct/{id}/transfer", ApproveCases, json!({"to": "监委", "receipt": "1"})),
        (
            "POST",
            "/conduct/{id}/publish",
            ApproveCases,
            json!({"from": "2026-12-01", "to": "2026-12-08", "platform": "信用平台"}),
        ),
        ("POST", "/conduct/{id}/uphold", ConfirmDecision, reasons.clone()),
        ("POST", "/conduct/{id}/reverse", ConfirmDecision, reasons),
        ("POST", "/conduct/{id}/clear", ApproveCases, clear),
        ("GET", "/me/conduct", OwnRecord, none.clone()),
        ("POST", "/me/conduct/{id}/statement", OwnRecord, text.clone()),
        ("POST", "/me/conduct/{id}/appeal", OwnRecord, text.clone()),
        ("POST", "/remarks", ProposeDecision, remark),
        ("GET", "/remarks", ReadCases, none.clone()),
        ("GET", "/remarks/{id}?purpose=xx", ReadCases, none.clone()),
        ("POST", "/remarks/{id}/correction", ProposeDecision, reason),
        ("POST", "/remarks/{id}/correction/confirm", ConfirmDecision, none.clone()),
        ("POST", "/remarks/{id}/correction/reject", ConfirmDecision, none.clone()),
        ("GET", "/me/remarks", OwnRecord, none.clone()),
        ("POST", "/me/remarks/{id}/statement", OwnRecord, text),
        ("GET", "/experts/{number}/tier?purpose=xx", ReadRegistry, none.clone()),
        ("GET", "/me/tier", OwnRecord, none),
    ]
}

/// A further account: its id and token.
pub fn account(app: &TestApp, role: &str, unit: Option<u32>) -> (String, String) {
    let mut draft = json!({"role": role, "name": "某人", "days": 200});
    if let Some(unit) = unit {
        draft["unit"] = json!(credit_code(unit));
    }
    let key = format!("account-{}", app.size());
    let made = app.post(&app.bureau, "/api/v1/accounts", &key, &draft).expect(201).json();
    (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
}

/// A token of the expert's own account.
pub fn expert_account(app: &TestApp, number: &str) -> String {
    let draft = json!({"role": "expert", "name": "某专家", "expert": number, "days": 200});
    let key = format!("account-{}", app.size());
    let made = app.post(&app.bureau, "/api/v1/accounts", &key, &draft).expect(201).json();
    made["token"].as_str().unwrap().to_owned()
}

/// The expert's own account, as the service sees it.
pub fn own(number: &str) -> Actor {
    Actor { expert: Some(number.to_owned()), ..Actor::of_role("AEXPERT", Role::Expert) }
}

pub fn all() -> Paging {
    Paging { limit: 200, after: None }
}

/// One step over the API, under a key of its own.
struct Case<'a> {
    app: &'a TestApp,
    id: String,
    steps: std::cell::Cell<u32>,
}

impl<'a> Case<'a> {
    fn reported(app: &'a TestApp, expert: &str) -> Self {
        let clue = json!({
            "expert": expert, "source": "complaint", "secrecy": "secret", "alleged": "art29_2",
            "occurred": "2026-11-01", "summary": "评审现场有人向外发信息", "reporter": "举报人赵某"
        });
        let made = app.post(&app.bureau, PATH, &format!("clue-{}", app.size()), &clue).expect(201);
        let id = made.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(made.header("Location"), format!("{PATH}/{id}"));
        assert!(!made.text().contains("赵某"));
        Self { app, id, steps: 0.into() }
    }

    fn ask(&self, token: &str, step: &str, body: &Value) -> crate::app::Answer {
        self.steps.set(self.steps.get() + 1);
        let key = format!("{}-{}", self.id, self.steps.get());
        self.app.post(token, &format!("{PATH}/{}/{step}", self.id), &key, body)
    }

    fn step(&self, token: &str, step: &str, body: &Value, state: &str) {
        let answer = self.ask(token, step, body).expect(200);
        assert_eq!(answer.json()["state"], state, "{step}");
    }

    /// Up to the hearing, with this handler.
    fn heard(&self, handler: &(String, String)) {
        self.step(&self.app.bureau, "register", &json!({"number": "XS-2026-7"}), "registered");
        let assignment = json!({"handler": handler.0, "until": "2026-12-04"});
        self.step(&self.app.bureau, "assign", &assignment, "assigned");
        self.step(&handler.1, "begin", &json!({"allegation": "评审期间对外发送信息"}), "verifying");
    }

    /// Up to a proposal on a code.
    fn proposed(&self, handler: &(String, String), code: &str, proposal: &Value) {
        self.heard(handler);
        self.step(&handler.1, "establish", &json!({"code": code, "facts": "经查属实"}), "established");
        self.step(&handler.1, "propose", proposal, "proposed");
    }

    fn file(&self) -> Value {
        self.app.get(&self.app.auditor, &format!("{PATH}/{}?purpose=审计", self.id)).expect(200).json()["body"].clone()
    }
}

fn standing(app: &TestApp, number: &str) -> String {
    let listed = app.get(&app.auditor, "/api/v1/experts?limit=200").expect(200).json();
    let items = listed["items"].as_array().unwrap();
    let found = items.iter().find(|item| item["number"] == number).unwrap();
    found["standing"].as_str().unwrap().to_owned()
}

fn a_clue_goes_from_report_to_clearing_through_different_hands(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let (handler, office) = (account(&app, "bureau", None), account(&app, "bureau", None));
    let before = app.size();
    let case = Case::reported(&app, &number);
    assert_eq!(app.size(), before + 2, "the case, and apart from it who reported");
    case.heard(&handler);
    case.ask(&office.1, "evidence", &json!({"text": "聊天记录"})).problem(409, "not_the_handler");
    case.step(
        &handler.1,
        "evidence",
        &json!({"text": "聊天记录", "attachment": "ab".repeat(32)}),
        "verifying",
    );
    case.ask(&handler.1, "evidence", &json!({"text": "x", "attachment": "zz"})).names(
        422,
        "attachment",
        "digest",
    );

    // More time: asked by one, granted by another; the limit moves.
    let more = json!({"reason": "须外调", "until": "2026-12-18"});
    case.ask(&handler.1, "extension", &json!({"reason": "x", "until": "2026-12-01"}))
        .names(422, "until", "later");
    case.step(&handler.1, "extension", &more, "extension");
    case.ask(&handler.1, "extension/grant", &json!({})).problem(409, "second_person_required");
    case.step(&office.1, "extension/grant", &json!({}), "verifying");
    let listed =
        app.get(&app.auditor, &format!("{PATH}?expert={number}&due_before=2026-12-18")).expect(200).json();
    assert_eq!(listed["items"][0]["due"], "2026-12-18T15:59:59Z");
    assert_eq!(listed["items"][0]["owner"], handler.0);
    assert!(!listed.to_string().contains("发信息"));

    case.step(&handler.1, "establish", &json!({"code": "art29_2", "facts": "经查属实"}), "established");
    let proposal =
        json!({"effect": "dismiss", "warning": true, "fine_yuan": 2000, "basis": "实施条例第75条"});
    case.step(&handler.1, "propose", &proposal, "proposed");
    case.ask(
        &office.1,
        "clear",
        &json!({"remedy": "a", "executed": "b", "library_updated": "c", "loophole": "d"}),
    )
    .problem(409, "wrong_state");
    case.step(&office.1, "reject", &json!({"reason": "补充依据"}), "established");
    case.step(&handler.1, "propose", &proposal, "proposed");
    assert_eq!(standing(&app, &number), "active");
    case.ask(&handler.1, "confirm", &json!({})).problem(409, "second_person_required");
    let size = app.size();
    let path = format!("{PATH}/{}/confirm", case.id);
    for _ in 0..2 {
        let confirmed = app.post(&office.1, &path, "confirm", &json!({})).expect(200).json();
        assert_eq!(
            (confirmed["state"].as_str(), app.size()),
            (Some("decided"), size + 2),
            "expert and case at once"
        );
    }
    assert_eq!(standing(&app, &number), "dismissed");

    let published = |from: &str, to: &str| json!({"from": from, "to": to, "platform": "湖南省信用平台"});
    case.ask(&office.1, "publish", &published("2026-11-23", "2026-12-01")).names(
        422,
        "from",
        "before_decision",
    );
    case.ask(&office.1, "publish", &published("2026-11-25", "2026-11-24")).names(422, "to", "before_from");
    case.step(&office.1, "publish", &published("2026-11-25", "2027-11-24"), "published");
    let checklist = json!({"remedy": "已整改", "executed": "已缴清", "library_updated": "已解聘", "loophole": "手机管理"});
    case.ask(&handler.1, "clear", &checklist).problem(409, "handler_cannot_clear");
    case.step(&office.1, "clear", &checklist, "cleared");
    let body = case.file();
    assert_eq!(
        (&body["decision"]["fine_yuan"], &body["rejected"][0]["reason"]),
        (&json!(2000), &json!("补充依据"))
    );
    assert_eq!(body["extensions"][0]["answer"], "granted");
    assert!(body.get("reporter").is_none());
}

fn a_decision_keeps_to_the_law_of_amounts_and_to_two_people(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let handler = account(&app, "bureau", None);
    let case = Case::reported(&app, &number);
    case.heard(&handler);
    case.ask(&handler.1, "establish", &json!({"code": "art29_8", "facts": "x"})).names(
        422,
        "code",
        "conduct_code",
    );
    case.ask(&handler.1, "establish", &json!({"code": "late", "facts": "x"})).names(
        422,
        "code",
        "conduct_code",
    );
    case.step(&handler.1, "establish", &json!({"code": "art29_4", "facts": "收受礼金"}), "established");
    let size = app.size();
    for (proposal, field, rule) in [
        (json!({"effect": "ban", "fine_yuan": 19999, "basis": "75"}), "fine_yuan", "fine_range"),
        (json!({"effect": "ban", "fine_yuan": 50001, "basis": "75"}), "fine_yuan", "fine_range"),
        (json!({"effect": "dismiss", "fine_yuan": 30000, "basis": "75"}), "effect", "ban_with_grave_fine"),
        (json!({"effect": "ban", "basis": "75"}), "effect", "ban_grounds"),
        (
            json!({"effect": "suspend", "months": 3, "warning": true, "basis": "75"}),
            "effect",
            "dismissal_required",
        ),
        (json!({"effect": "suspend", "months": 4, "basis": "75"}), "months", "months"),
        (json!({"effect": "dismiss", "months": 3, "basis": "75"}), "months", "months"),
        (json!({"effect": "forgive", "basis": "75"}), "effect", "effect"),
        (json!({"effect": "dismiss", "basis": ""}), "basis", "required"),
    ] {
        case.ask(&handler.1, "propose", &proposal).names(422, field, rule);
    }
    assert_eq!(app.size(), size);
    let others = app.get(&app.auditor, "/api/v1/cases?kind=clue_reporter").expect(200).json();
    let note = others["items"][0]["id"].as_str().unwrap();
    app.get(&app.auditor, &format!("/api/v1/cases/{note}?purpose=核对")).problem(404, "not_found");
    case.step(
        &handler.1,
        "propose",
        &json!({"effect": "ban", "fine_yuan": 50000, "basis": "75"}),
        "proposed",
    );
    // Whatever the person has open ends with the next run of what is due.
    let span = [86_400, 2 * 86_400].map(|later| expert_draw::time::Timestamp(crate::app::NOW.0 + later));
    let whose = expert_draw::service::leave::Whose::Own;
    app.service.set_leave(&own(&number), &whose, (span[0], span[1]), None, None).unwrap();
    case.step(&app.bureau, "confirm", &json!({}), "decided");
    assert_eq!(standing(&app, &number), "banned");
    assert_eq!(app.service.run_due().unwrap().count("affairs_ended"), 1);
    assert_eq!(app.service.run_due().unwrap().count("affairs_ended"), 0);
}

fn a_reversal_brings_the_standing_back_and_leaves_both_in_the_case(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let (handler, office, third) =
        (account(&app, "bureau", None), account(&app, "bureau", None), account(&app, "bureau", None));
    let case = Case::reported(&app, &number);
    case.proposed(
        &handler,
        "art29_4",
        &json!({"effect": "ban", "fine_yuan": 20000, "basis": "实施条例第75条"}),
    );
    case.step(&office.1, "confirm", &json!({}), "decided");
    assert_eq!(standing(&app, &number), "banned");
    let tier = format!("/api/v1/experts/{number}/tier?purpose=核对");
    assert_eq!(app.get(&app.auditor, &tier).json()["row"]["name"], "d");

    case.ask(&third.1, "reverse", &json!({"reasons": "x"})).problem(409, "wrong_state");
    let appeal = Step::Appeal("收据系伪造".into());
    let line = app.service.conduct_step(&own(&number), &case.id, &appeal, None).unwrap();
    assert_eq!(line.state, "appealed");
    for who in [&handler, &office] {
        case.ask(&who.1, "reverse", &json!({"reasons": "x"})).problem(409, "second_person_required");
    }
    case.step(&third.1, "reverse", &json!({"reasons": "证据不足"}), "reversed");
    assert_eq!(standing(&app, &number), "active", "as if it had not been decided");
    let body = case.file();
    assert_eq!(body["decision"]["effect"], "ban");
    assert_eq!(
        (&body["appeal"]["answer"]["outcome"], &body["appeal"]["answer"]["effect"]),
        (&json!("reversed"), &json!("lifted"))
    );
    assert_eq!(app.get(&app.auditor, &tier).json()["row"]["name"], "b");
    let again = app.service.conduct_step(&own(&number), &case.id, &appeal, None).unwrap_err();
    assert_eq!(again.code, "wrong_state");
}

fn a_reversal_does_not_undo_what_was_decided_since(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let (handler, office, third) =
        (account(&app, "bureau", None), account(&app, "bureau", None), account(&app, "bureau", None));
    let first = Case::reported(&app, &number);
    let suspension = json!({"effect": "suspend", "months": 6, "warning": true, "basis": "87号令第62条"});
    first.proposed(&handler, "order87_62", &suspension);
    first.step(&office.1, "confirm", &json!({}), "decided");
    assert_eq!(standing(&app, &number), "suspended");
    let second = Case::reported(&app, &number);
    second.proposed(&handler, "art29_1", &json!({"effect": "dismiss", "warning": true, "basis": "第11条"}));
    second.step(&office.1, "confirm", &json!({}), "decided");
    app.service.conduct_step(&own(&number), &first.id, &Step::Appeal("不服".into()), None).unwrap();
    let size = app.size();
    first.step(&third.1, "reverse", &json!({"reasons": "程序不当"}), "reversed");
    assert_eq!((standing(&app, &number).as_str(), app.size()), ("dismissed", size + 1));
    assert_eq!(first.file()["appeal"]["answer"]["effect"], "standing_changed_since");
}

fn the_expert_speaks_from_the_hearing_on_and_never_learns_who_reported(kind: Kind) {
    let app = TestApp::new(kind);
    let (number, other) = (app.expert(1), app.expert(2));
    let handler = account(&app, "bureau", None);
    let case = Case::reported(&app, &number);
    let view = Step::State("当时手机已上交".into());
    let seen = |who: &str| app.service.own_conduct(&own(who), &all()).unwrap().items;
    let says = |who: &str| app.service.conduct_step(&own(who), &case.id, &view, None);
    assert!(seen(&number).is_empty(), "an unverified clue is not tipped off");
    assert_eq!(says(&number).unwrap_err().code, "not_found");
    case.heard(&handler);
    assert_eq!(says(&other).unwrap_err().code, "not_found", "another expert's case is not there");
    says(&number).unwrap();
    case.step(&handler.1, "establish", &json!({"code": "order87_62", "facts": "离开座位"}), "established");
    says(&number).unwrap();
    let own_view = serde_json::to_string(&seen(&number)[0].body).unwrap();
    for shown in ["评审期间对外发送信息", "离开座位", "当时手机已上交"] {
        assert!(own_view.contains(shown), "{own_view}");
    }
    for hidden in ["赵某", "有人向外发信息", "complaint", "secret", "bureau"] {
        assert!(!own_view.contains(hidden), "{hidden}: {own_view}");
    }
    assert_eq!(case.file()["statements"].as_array().unwrap().len(), 2, "both views are kept");

    // The same over the API, and what was looked at is told to the expert only now.
    let (own_token, other_token) = (expert_account(&app, &number), expert_account(&app, &other));
    let statement = format!("/api/v1/me/conduct/{}/statement", case.id);
    app.post(&other_token, &statement, "s", &json!({"text": "我"})).problem(404, "not_found");
    app.post(&own_token, &statement, "s", &json!({"text": ""})).names(422, "text", "required");
    app.post(&own_token, &statement, "s2", &json!({"text": "补充说明"})).expect(200);
    let listed = app.get(&own_token, "/api/v1/me/conduct").expect(200);
    assert!(listed.text().contains("补充说明") && !listed.text().contains("赵某"), "{}", listed.text());
    assert_eq!(app.get(&other_token, "/api/v1/me/conduct").expect(200).json()["items"], json!([]));
    app.get(&own_token, &format!("{PATH}/{}?purpose=查看", case.id)).problem(403, "not_permitted");

    // Who reported: apart, for a purpose, recorded; and not for an auditor.
    let size = app.size();
    let path = format!("{PATH}/{}/reporter", case.id);
    app.get(&app.auditor, &format!("{path}?purpose=核对")).problem(403, "not_permitted");
    app.get(&handler.1, &path).expect(400);
    assert_eq!(app.size(), size);
    let reporter = app.get(&handler.1, &format!("{path}?purpose=回访")).expect(200).json();
    assert_eq!((reporter["body"]["reporter"].as_str(), app.size()), (Some("举报人赵某"), size + 1));
    case.step(
        &handler.1,
        "propose",
        &json!({"effect": "suspend", "months": 3, "warning": true, "basis": "87号令第62条"}),
        "proposed",
    );
    case.step(&app.bureau, "confirm", &json!({}), "decided");
    assert_eq!(says(&number).unwrap_err().code, "wrong_state", "after the decision there is the appeal");
}

fn an_agency_reports_by_seat_and_learns_no_number(kind: Kind) {
    let app = TestApp::new(kind);
    let draw = drawn(&app);
    let position = draw["result"]["seats"][0]["position"].clone();
    let mut clue = json!({
        "draw": draw["id"], "position": position, "source": "buyer_report", "secrecy": "open", "summary": "拒绝签字"
    });
    app.post(&app.agency, PATH, "early", &clue).problem(409, "wrong_state");
    let announced = json!({"announcement": "岳采公告2026-1"});
    app.post(&app.bureau, &format!("{}/unseal", one(&draw)), "unseal", &announced).expect(200);
    app.post(&app.other_agency, PATH, "other", &clue).problem(404, "not_found");
    let purchaser = account(&app, "purchaser", Some(21));
    let stranger = account(&app, "purchaser", Some(22));
    app.post(&stranger.1, PATH, "stranger", &clue).problem(404, "not_found");
    app.post(&purchaser.1, PATH, "purchaser", &clue).expect(201);
    let made = app.post(&app.agency, PATH, "agency", &clue).expect(201).json();
    assert!(made.get("expert").is_none() && made.get("region").is_none(), "{made}");
    clue["position"] = json!(9_999);
    app.post(&app.agency, PATH, "nobody", &clue).problem(404, "not_found");
    clue["source"] = json!("audit");
    app.post(&app.agency, PATH, "source", &clue).names(422, "source", "source");
    let by_number =
        json!({"expert": "E0000000000000000", "source": "buyer_report", "secrecy": "open", "summary": "x"});
    app.post(&app.agency, PATH, "number", &by_number).names(422, "draw", "required");
    let half = json!({"draw": draw["id"], "source": "buyer_report", "secrecy": "open", "summary": "x"});
    app.post(&app.agency, PATH, "half", &half).names(400, "position", "required");
    let listed = app.get(&app.auditor, &format!("{PATH}?state=reported")).expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

fn an_overdue_case_is_urged_once_a_week(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let handler = account(&app, "bureau", None);
    let case = Case::reported(&app, &number);
    case.heard(&handler);
    assert_eq!(app.service.due_conduct(app.service.now()).unwrap(), 0);
    app.clock.advance(11 * 86_400);
    for expected in [1, 0] {
        assert_eq!(app.service.due_conduct(app.service.now()).unwrap(), expected);
    }
    app.clock.advance(7 * 86_400);
    let report = app.service.run_due().unwrap();
    assert_eq!(report.count("conduct_urged"), 1);
    let body = case.file();
    assert_eq!(body["urged"].as_array().unwrap().len(), 2);
    assert_eq!(body["deadline"], 1_796_399_999, "the limit itself did not move");
    case.step(&handler.1, "unfounded", &json!({"reasons": "查无实据"}), "unfounded");
    app.clock.advance(30 * 86_400);
    assert_eq!(app.service.due_conduct(app.service.now()).unwrap(), 0);
}

fn a_second_clue_about_the_same_matter_is_joined(kind: Kind) {
    let app = TestApp::new(kind);
    let (number, other) = (app.expert(1), app.expert(2));
    let (first, second) = (Case::reported(&app, &number), Case::reported(&app, &number));
    let elsewhere = Case::reported(&app, &other);
    for wrong in [&second.id, &elsewhere.id] {
        second.ask(&app.bureau, "join", &json!({"of": wrong})).names(422, "of", "same_expert");
    }
    second.step(&app.bureau, "join", &json!({"of": first.id}), "duplicate");
    second.ask(&app.bureau, "register", &json!({"number": "1"})).problem(409, "wrong_state");
    // A narrowed account elsewhere does not see it.
    let mut narrow = Actor::of_role("AN", Role::Bureau);
    narrow.region = expert_draw::codes::Region::parse("430100").ok();
    assert_eq!(app.service.conduct_case(&narrow, &first.id, "核对").unwrap_err().code, "not_found");
    for (query, field) in [
        ("state=x", "state"),
        ("region=999999", "region"),
        ("due_before=x", "due_before"),
        ("expert=", "expert"),
    ] {
        assert_eq!(
            app.get(&app.auditor, &format!("{PATH}?{query}")).expect(400).json()["errors"][0]["field"],
            field
        );
    }
}

fn a_remark_counts_until_two_people_correct_it(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let second = account(&app, "bureau", None);
    let remark =
        |what: &str, day: &str| json!({"expert": number, "what": what, "day": day, "note": "未到场"});
    let path = "/api/v1/remarks";
    app.post(&app.bureau, path, "k0", &remark("art29_1", "2026-11-20")).names(422, "what", "remark");
    app.post(&app.bureau, path, "k0", &remark("poor_evaluation", "2026-11-20")).names(422, "what", "remark");
    app.post(&app.bureau, path, "k0", &remark("late", "2026-11-25")).names(422, "day", "not_future");
    let made = app.post(&app.bureau, path, "k1", &remark("absent", "2026-11-20")).expect(201).json();
    app.post(&app.bureau, path, "k2", &remark("absent", "2026-11-21")).expect(201);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let tier =
        || app.get(&app.auditor, &format!("/api/v1/experts/{number}/tier?purpose=核对")).expect(200).json();
    assert_eq!((&tier()["points"], &tier()["row"]["name"]), (&json!(8), &json!("c")));
    assert_eq!(standing(&app, &number), "active", "never by itself an effect on the standing");

    let said = RemarkStep::State("当天航班取消".into());
    app.service.remark_step(&own(&number), made["id"].as_str().unwrap(), &said, None).unwrap();
    let stranger =
        app.service.remark_step(&own("E1111111111111111"), made["id"].as_str().unwrap(), &said, None);
    assert_eq!(stranger.unwrap_err().code, "not_found");
    app.post(&app.bureau, &format!("{one}/correction"), "c1", &json!({"reason": "航班取消属实"})).expect(200);
    assert_eq!(tier()["points"], 8, "a proposal changes nothing");
    app.post(&app.bureau, &format!("{one}/correction/confirm"), "c2", &json!({}))
        .problem(409, "second_person_required");
    app.post(&second.1, &format!("{one}/correction/reject"), "c3", &json!({})).expect(200);
    app.post(&app.bureau, &format!("{one}/correction"), "c4", &json!({"reason": "补充证明"})).expect(200);
    app.post(&second.1, &format!("{one}/correction/confirm"), "c5", &json!({})).expect(200);
    assert_eq!((&tier()["points"], &tier()["row"]["name"]), (&json!(4), &json!("b")));
    let size = app.size();
    let body = app.get(&app.auditor, &format!("{one}?purpose=核对")).expect(200).json()["body"].clone();
    assert_eq!(app.size(), size + 1);
    assert_eq!(
        (body["corrections"].as_array().unwrap().len(), body["statements"].as_array().unwrap().len()),
        (2, 1)
    );
    let own_list = app.service.own_remarks(&own(&number), &all()).unwrap();
    assert_eq!(own_list.items.len(), 2);
}

fn a_tier_follows_from_the_table_and_nobody_sets_it(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let table = app.ask("GET", "/api/v1/tiers", &[], b"").expect(200).json();
    assert_eq!(table["status"], "K92");
    let lots: Vec<i64> =
        table["rows"].as_array().unwrap().iter().map(|row| row["lots"].as_i64().unwrap()).collect();
    assert_eq!(lots, [4, 3, 2, 1]);
    let path = format!("/api/v1/experts/{number}/tier");
    let size = app.size();
    let tier = app.get(&app.auditor, &format!("{path}?purpose=核对")).expect(200).json();
    assert_eq!((&tier["row"], &tier["row_number"], app.size()), (&table["rows"][1], &json!(2), size + 1));
    let own_tier = app.service.own_tier(&own(&number)).unwrap();
    assert_eq!(own_tier.row.name, "b");
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let authorization = crate::app::bearer(&app.bureau);
        let answer = app.ask(method, &path, &[("Authorization", &authorization)], b"");
        assert_eq!(answer.status, 405, "{method}");
    }
    app.get(&app.auditor, "/api/v1/experts/E0000000000000000/tier?purpose=核对").problem(404, "not_found");
}
