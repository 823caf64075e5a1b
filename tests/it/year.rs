//! A year of one bureau, through the API alone, with the clock passed in: 300 applications with
//! reviews, returns and rejections; entries; changes; leave; a special check; sanctions, an appeal and
//! a reversal; dismissals, suspensions that end by themselves; confirmations and what becomes of those
//! who do not confirm; renewals. At the end a replay of the journal must give exactly the tables.
//!
//! Who does what follows from the serial number, so that every count at the end is known beforehand.

use expert_draw::time::Timestamp;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, credit_code, expert, id_number};
use crate::support::{Kind, on_both};

on_both! {
    a_year_of_one_bureau_is_in_its_journal
}

/// Monday, 5 January 2026, 09:00 in China.
const START: Timestamp = Timestamp(1_767_574_800);
const DAY: i64 = 86_400;
const APPLICANTS: u32 = 300;
/// Registered before the year began, with terms that end with it.
const OLD: u32 = 20;

struct Year {
    app: TestApp,
    registrar: String,
    reviewer: String,
    approver: String,
    second: String,
    keys: std::cell::Cell<u32>,
}

/// Somebody who applied: serial, token, number once entered.
struct Person {
    serial: u32,
    token: String,
    number: Option<String>,
}

impl Year {
    fn new(kind: Kind) -> Self {
        let app = TestApp::at(kind, START);
        let account = |right: &str, name: &str| {
            let body =
                json!({"role": "bureau", "name": name, "rights": [right], "region": "430600", "days": 366});
            let key = format!("account-{}", app.size());
            let made = app.post(&app.bureau, "/api/v1/accounts", &key, &body).expect(201).json();
            made["token"].as_str().unwrap().to_owned()
        };
        let (registrar, reviewer) = (account("registrar", "登记"), account("reviewer", "初审"));
        let (approver, second) = (account("approver", "审批"), account("approver", "复核"));
        Self { app, registrar, reviewer, approver, second, keys: 0.into() }
    }

    fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.keys.set(self.keys.get() + 1);
        self.app.post(token, &format!("/api/v1{path}"), &format!("year-{}", self.keys.get()), body)
    }

    fn days(&self, days: i64) {
        self.app.clock.advance(days * DAY);
    }

    /// The state that a step of an application leads to.
    fn step(&self, token: &str, id: &str, step: &str, body: &Value) -> String {
        let own = if step == "submit" || step == "withdraw" { "/me" } else { "" };
        let done = self.post(token, &format!("{own}/applications/{id}/{step}"), body).expect(200).json();
        done["state"].as_str().unwrap().to_owned()
    }

    fn count(&self, path: &str) -> usize {
        self.count_as(&self.app.auditor, path)
    }

    fn count_as(&self, token: &str, path: &str) -> usize {
        let (mut found, mut after) = (0, String::new());
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = format!("/api/v1{path}{joint}limit=200{after}");
            let page = self.app.get(token, &page).expect(200).json();
            found += page["items"].as_array().unwrap().len();
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return found,
            }
        }
    }

    /// A decision proposed by the registrar and confirmed by an approver.
    fn decided(&self, body: &Value) {
        let id = self.post(&self.registrar, "/decisions", body).expect(201).json();
        let path = format!("/decisions/{}/confirm", id["id"].as_str().unwrap());
        self.post(&self.registrar, &path, &json!({})).problem(403, "not_permitted");
        self.post(&self.approver, &path, &json!({})).expect(200);
    }
}

fn application(serial: u32) -> Value {
    let document = |kind: &str| json!({"kind": kind, "digest": "ab".repeat(32), "name": "扫描件.pdf"});
    let material: Vec<Value> =
        ["cv", "application", "commitment", "degree", "title", "id_card"].map(document).to_vec();
    json!({
        "channel": "self_recommendation", "declaration": "listed", "privacy_notice": "2026-01",
        "region": "430600",
        "facts": {
            "name": format!("申请人{serial}"), "id_number": id_number(serial),
            "phone": format!("139{serial:08}"),
            "employments": [{"unit": credit_code(500 + serial % 40), "name": "某大学", "since": "2015-09-01"}],
            "past": [{"unit": credit_code(12), "from": "1995-07-01", "to": "2015-08-31"}],
            "title_level": "senior", "field_since": "1995-07-01",
            "specialities": ["ndrc316:A0832"],
            "claims": [{"speciality": "ndrc316:A0832", "evidence": ["高级工程师"]}],
            "regions": [if serial.is_multiple_of(2) { "430602" } else { "430621" }],
            "declared_units": [credit_code(13)], "e_evaluation": "yes", "documents": material
        }
    })
}

fn pass() -> Value {
    let yes = json!({"pass": true});
    json!({"decision": "pass", "material": yes, "credit": yes,
        "specialities": [{"code": "ndrc316:A0832", "pass": true}]})
}

fn no(decision: &str) -> Value {
    json!({"decision": decision, "reason": "材料与声明不符"})
}

fn withdraws(serial: u32) -> bool {
    serial % 50 == 11
}

fn rejected_first(serial: u32) -> bool {
    serial % 30 == 7
}

fn rejected_last(serial: u32) -> bool {
    serial % 60 == 13
}

fn entered(serial: u32) -> bool {
    !(withdraws(serial) || rejected_first(serial) || rejected_last(serial))
}

/// January to March: everybody applies; the reviews take their time.
fn applications(year: &Year) -> Vec<Person> {
    let mut people = Vec::new();
    for serial in 1..=APPLICANTS {
        let account = json!({"role": "expert", "name": "申请人", "days": 366});
        let made = year.post(&year.app.bureau, "/accounts", &account).expect(201).json();
        let token = made["token"].as_str().unwrap().to_owned();
        let mut body = application(serial);
        let lacks = serial % 10 == 3;
        if lacks {
            body["facts"]["documents"].as_array_mut().unwrap().remove(3);
        }
        let begun = year.post(&token, "/me/applications", &body).expect(201);
        let id = begun.json()["id"].as_str().unwrap().to_owned();
        if lacks {
            year.post(&token, &format!("/me/applications/{id}/submit"), &json!({})).names(
                422,
                "facts.documents.degree",
                "required",
            );
            let path = format!("/api/v1/me/applications/{id}");
            year.app.patch(&token, &path, begun.header("ETag"), &application(serial)).expect(200);
        }
        assert_eq!(year.step(&token, &id, "submit", &json!({})), "submitted");
        let mut person = Person { serial, token, number: None };
        review(year, &mut person, &id);
        assert_eq!(person.number.is_some(), entered(serial), "{serial}");
        people.push(person);
        if serial % 10 == 0 {
            year.days(2);
        }
    }
    people
}

fn review(year: &Year, person: &mut Person, id: &str) {
    let (serial, step) =
        (person.serial, |token: &str, step: &str, body: &Value| year.step(token, id, step, body));
    if withdraws(serial) {
        assert_eq!(step(&person.token, "withdraw", &json!({})), "withdrawn");
        return;
    }
    step(&year.reviewer, "take", &json!({}));
    if serial % 15 == 5 {
        assert_eq!(step(&year.reviewer, "first-review", &no("return")), "draft");
        step(&person.token, "submit", &json!({}));
        step(&year.reviewer, "take", &json!({}));
    }
    if rejected_first(serial) {
        assert_eq!(step(&year.reviewer, "first-review", &no("reject")), "rejected");
        return;
    }
    assert_eq!(step(&year.reviewer, "first-review", &pass()), "final_review");
    if rejected_last(serial) {
        assert_eq!(step(&year.approver, "final-review", &no("reject")), "rejected");
        return;
    }
    let path = format!("/applications/{id}/final-review");
    let done = year.post(&year.approver, &path, &pass()).expect(200).json();
    assert_eq!(done["state"], "active");
    person.number = Some(done["expert"].as_str().unwrap().to_owned());
}

/// April: contacts alone, employers with review, one refused, one taken back.
fn changes(year: &Year, experts: &[&Person]) {
    for (position, person) in experts.iter().enumerate() {
        if position % 9 == 0 {
            // Two of them get one number: the special check will find them.
            let phone = if position < 18 { "13900000000".to_owned() } else { format!("138{position:08}") };
            let body = json!({"facts": {"phone": phone}});
            assert_eq!(year.post(&person.token, "/me/changes", &body).expect(201).json()["state"], "entered");
        }
        if position % 11 == 1 {
            let employer = json!([{"unit": credit_code(600), "name": "新单位", "since": "2026-03-01"}]);
            let body = json!({"facts": {"employments": employer}, "reason": "调动"});
            let filed = year.post(&person.token, "/me/changes", &body).expect(201).json();
            assert_eq!(
                (&filed["state"], &filed["pending_units"][0]),
                (&json!("open"), &json!(credit_code(600)))
            );
            let id = filed["id"].as_str().unwrap();
            if position % 33 == 12 {
                year.post(&person.token, &format!("/me/changes/{id}/withdraw"), &json!({})).expect(200);
            } else {
                let approve = position % 22 == 1;
                let decision = json!({"approve": approve, "reason": "已核"});
                let decided = year.post(&year.reviewer, &format!("/changes/{id}/decide"), &decision);
                let expected = if approve { "entered" } else { "refused" };
                assert_eq!(decided.expect(200).json()["state"], expected);
            }
        }
    }
}

/// Leave by the hour; some come back earlier.
fn leave(year: &Year, experts: &[&Person]) {
    for (position, person) in experts.iter().enumerate().filter(|(position, _)| position % 7 == 2) {
        let begin = year.app.service.now().0 / 3600 * 3600 + 5 * DAY;
        let span = |from: i64, to: i64| json!({"from": Timestamp(from).to_string(), "to": Timestamp(to).to_string(), "note": "出国"});
        let made = year.post(&person.token, "/me/leaves", &span(begin, begin + 10 * DAY)).expect(201).json();
        if position % 3 == 0 {
            let path = format!("/me/leaves/{}/cancel", made["id"].as_str().unwrap());
            assert_eq!(year.post(&person.token, &path, &json!({})).expect(200).json()["state"], "cancelled");
        }
    }
}

/// May: a special check of the whole city, decided by two people, closed with its tables.
fn special_check(year: &Year) {
    let plan = json!({
        "title": "评审专家专项核查清理", "basis": "岳发改法规〔2024〕382号", "due": "2026-07-31",
        "population": {"region": "430600"},
        "checks": ["age", "title", "clean_record", "not_banned", "same_phone", "same_person", "employer_unknown"]
    });
    let made = year.post(&year.reviewer, "/campaigns", &plan).expect(201).json();
    let campaign = format!("/campaigns/{}", made["id"].as_str().unwrap());
    let mut runs = 0;
    loop {
        runs += 1;
        let answer =
            year.post(&year.reviewer, &format!("{campaign}/run"), &json!({"people": 100})).expect(200);
        if answer.json()["state"] == "open" {
            break;
        }
        assert!(runs < 20);
    }
    assert!(runs > 1, "in chunks");
    let path = format!("/api/v1{campaign}/items?limit=200");
    let items = year.app.get(&year.app.auditor, &path).expect(200).json()["items"].clone();
    let ids: Vec<Value> = items.as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    assert_eq!(ids.len(), 2, "the two with one phone");
    let decide = |items: Value, body: Value| {
        let mut body = body;
        body["items"] = items;
        year.post(&year.reviewer, &format!("{campaign}/decide"), &body).expect(200);
    };
    decide(json!([ids[0]]), json!({"decision": "correct", "reason": "已改号"}));
    decide(json!([ids[1]]), json!({"decision": "suspend", "months": 3, "reason": "联系不上"}));
    let close = |code| year.post(&year.approver, &format!("{campaign}/close"), &json!({})).expect(code);
    close(409);
    let confirm = json!({"items": [ids[1]]});
    year.post(&year.approver, &format!("{campaign}/confirm"), &confirm).expect(200);
    assert_eq!(close(200).json()["state"], "closed");
    for table in ["summary?format=xlsx", "problems?format=xlsx&purpose=上报"] {
        let file = year.app.get(&year.app.auditor, &format!("/api/v1{campaign}/{table}")).expect(200);
        assert!(file.bytes.starts_with(b"PK"), "{table}");
    }
}

/// June and July: three clues. One is unfounded, one ends with a ban that an appeal reverses, one with
/// a dismissal.
fn sanctions(year: &Year, experts: &[&Person]) {
    let handler = json!({"role": "bureau", "name": "经办", "rights": ["reviewer", "registrar"], "region": "430600", "days": 366});
    let handler = year.post(&year.app.bureau, "/accounts", &handler).expect(201).json();
    let (id, token) = (handler["id"].clone(), handler["token"].as_str().unwrap().to_owned());
    for (position, ends) in ["unfounded", "reversed", "dismissed"].into_iter().enumerate() {
        let person = experts[100 + position];
        let clue = json!({"expert": person.number, "source": "complaint", "secrecy": "secret",
            "alleged": "art29_2", "summary": "评审期间对外发送信息", "reporter": "某投标人"});
        let case = year.post(&token, "/conduct", &clue).expect(201).json();
        let case = case["id"].as_str().unwrap();
        let step = |token: &str, step: &str, body: Value| {
            year.post(token, &format!("/conduct/{case}/{step}"), &body).expect(200).json()["state"].clone()
        };
        step(&token, "register", json!({"number": format!("XS-2026-{position}")}));
        let until = expert_draw::time::Date::of(year.app.service.now()).plus_days(20).to_string();
        step(&year.approver, "assign", json!({"handler": id, "until": until}));
        step(&token, "begin", json!({"allegation": "评审期间对外发送信息"}));
        let path = format!("/me/conduct/{case}/statement");
        year.post(&person.token, &path, &json!({"text": "当时在联系家人"})).expect(200);
        if ends == "unfounded" {
            assert_eq!(step(&token, "unfounded", json!({"reasons": "查无实据"})), "unfounded");
            continue;
        }
        let code = if ends == "reversed" { "art29_4" } else { "art29_2" };
        step(&token, "establish", json!({"code": code, "facts": "经查属实"}));
        let effect = if ends == "reversed" {
            json!({"effect": "ban", "warning": true, "fine_yuan": 20000, "basis": "实施条例第75条"})
        } else {
            json!({"effect": "dismiss", "warning": true, "basis": "财库〔2016〕198号第11条、第29条"})
        };
        step(&token, "propose", effect);
        assert_eq!(step(&year.approver, "confirm", json!({})), "decided");
        if ends == "reversed" {
            let path = format!("/me/conduct/{case}/appeal");
            year.post(&person.token, &path, &json!({"text": "记录有误"})).expect(200);
            assert_eq!(step(&year.second, "reverse", json!({"reasons": "证据不足"})), "reversed");
        }
        year.days(3);
    }
}

/// August: people leave, one dies, some are suspended together.
fn decisions(year: &Year, experts: &[&Person]) {
    let number = |position: usize| experts[position].number.clone().unwrap();
    for position in 110..115 {
        year.decided(
            &json!({"act": "dismiss", "expert": number(position), "reason": 2, "basis": "本人申请"}),
        );
    }
    let died = expert_draw::time::Date::of(year.app.service.now()).plus_days(-3).to_string();
    year.decided(&json!({"act": "decease", "expert": number(115), "died": died, "basis": "家属来函"}));
    let many: Vec<String> = (120..130).map(number).collect();
    year.decided(&json!({"act": "suspend", "experts": many, "months": 3, "basis": "岳财采〔2026〕9号"}));
}

fn a_year_of_one_bureau_is_in_its_journal(kind: Kind) {
    let year = Year::new(kind);
    for serial in 1..=OLD {
        let mut old = expert(1000 + serial);
        old["name"] = json!(format!("老专家{serial}"));
        old["phone"] = json!(format!("137{serial:08}"));
        old["term_to"] = json!("2026-12-31");
        year.post(&year.registrar, "/experts", &old).expect(201);
    }
    let people = applications(&year);
    let experts: Vec<&Person> = people.iter().filter(|person| person.number.is_some()).collect();
    let expected = (1..=APPLICANTS).filter(|serial| entered(*serial)).count();
    assert_eq!((experts.len(), year.count("/experts")), (expected, expected + OLD as usize));
    for (state, wanted) in [
        ("active", expected),
        ("withdrawn", (1..=APPLICANTS).filter(|s| withdraws(*s)).count()),
        (
            "rejected",
            (1..=APPLICANTS).filter(|s| !withdraws(*s) && (rejected_first(*s) || rejected_last(*s))).count(),
        ),
        ("submitted", 0),
    ] {
        assert_eq!(year.count(&format!("/applications?state={state}")), wanted, "{state}");
    }

    year.days(10);
    changes(&year, &experts);
    leave(&year, &experts);
    year.days(20);
    year.app.service.run_due().unwrap();
    special_check(&year);
    year.days(20);
    sanctions(&year, &experts);
    year.days(20);
    decisions(&year, &experts);
    // Ten in bulk and one by the special check.
    assert_eq!(year.count("/experts?standing=suspended"), 11);
    assert_eq!(year.count("/experts?standing=deceased"), 1);

    // Three months are over; the tables say so after the day's work, which is done once.
    year.days(95);
    let report = year.app.service.run_due().unwrap();
    assert!(report.counts.iter().any(|(_, count)| *count > 0), "{report:?}");
    let size = year.app.size();
    year.app.service.run_due().unwrap();
    assert_eq!(year.app.size(), size, "what was due is done");
    assert_eq!(year.count("/experts?standing=suspended"), 0);
    // Five at their own request, one for conduct; the ban was reversed.
    assert_eq!(year.count("/experts?standing=dismissed"), 6);
    assert_eq!(year.count("/experts?standing=banned"), 0);
    for person in experts.iter().filter(|person| person.serial.is_multiple_of(2)) {
        // Whoever left has nothing to confirm.
        let answer = year.post(&person.token, "/me/confirmation", &json!({}));
        assert!([201, 409].contains(&answer.status), "{}", answer.text());
    }

    year.days(95);
    // December: the old ones are renewed in one batch, by two people.
    let window = json!({"basis": "2026年度续聘", "region": "430600",
        "term_to_from": "2026-12-01", "term_to_until": "2026-12-31"});
    let batch = year.post(&year.registrar, "/renewals", &window).expect(201).json();
    assert_eq!((&batch["passed"], &batch["failed"]), (&json!(OLD), &json!(0)), "{batch}");
    let path = format!("/renewals/{}/confirm", batch["id"].as_str().unwrap());
    let done = year.post(&year.approver, &path, &json!({})).expect(200).json();
    assert_eq!(done["renewed"], json!(OLD));

    // Half a year into 2027 whoever did not confirm is stale, and whoever did is not.
    let active = year.count("/experts?standing=active");
    year.days(200);
    year.app.service.run_due().unwrap();
    // The tokens of the year have run out.
    let token = year.app.service.found_account(&auditor()).unwrap().token.unwrap();
    let (stale, left) =
        (year.count_as(&token, "/experts?standing=stale"), year.count_as(&token, "/experts?standing=active"));
    assert_eq!(stale + left, active, "whoever was active is one or the other");
    assert!(stale > 50 && left > 50, "{stale} stale, {left} active of {active}");

    // The journal adds up to the tables, and a second process reads the same from it.
    assert_eq!(year.app.fsck(), [""; 0]);
    let size = year.app.size();
    drop(year.app.second_process());
    assert_eq!(year.app.size(), size);
    assert!(size > 3_000, "{size} entries");
}

fn auditor() -> expert_draw::service::accounts::AccountDraft {
    expert_draw::service::accounts::AccountDraft::new("auditor", "审计", None, 30)
}
