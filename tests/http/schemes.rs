//! Speciality schemes: loaded once, never edited, browsed, and asked wherever a speciality is let in.

use serde_json::{Value, json};

use expert_draw::service::actor::Action;

use crate::app::{Answer, TestApp, bearer, expert, package};
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    the_schemes_of_the_product_are_there_with_source_and_status
    a_scheme_is_loaded_once_and_never_edited
    what_is_no_scheme_is_refused_by_line_and_rule
    a_speciality_exists_as_soon_as_its_scheme_is_loaded
    the_tree_is_browsed_and_searched
    a_crosswalk_leads_between_schemes_that_are_loaded
    another_process_sees_what_was_loaded
    a_report_names_the_claims_that_lead_to_none_or_to_several
    claims_move_where_one_code_is_meant_and_two_people_agree
}

/// The operations of this area.
pub fn operations() -> Vec<Operation> {
    let none = Value::Null;
    vec![
        ("POST", "/schemes?id=x", Action::KeepRegistry, none.clone()),
        ("POST", "/schemes/{id}/crosswalks?to=x", Action::KeepRegistry, none.clone()),
        ("GET", "/schemes/{id}/crosswalks/{to}/report", Action::ReadRegistry, none.clone()),
        ("GET", "/schemes/{id}/crosswalks/{to}/report/file", Action::ReadRegistry, none.clone()),
        (
            "POST",
            "/claim-migrations",
            Action::ProposeDecision,
            json!({"from": "mof31", "to": "gp1", "reason": "新目录"}),
        ),
        ("GET", "/claim-migrations", Action::ReadCases, none.clone()),
        ("GET", "/claim-migrations/{id}", Action::ReadCases, none),
        ("POST", "/claim-migrations/{id}/confirm", Action::ConfirmDecision, json!({})),
        ("POST", "/claim-migrations/{id}/continue", Action::ConfirmDecision, json!({})),
        ("POST", "/claim-migrations/{id}/reject", Action::ConfirmDecision, json!({"reason": "再议"})),
        ("POST", "/claim-migrations/{id}/withdraw", Action::ProposeDecision, json!({})),
    ]
}

const PATH: &str = "/api/v1/schemes";
const GP: &str = "# title: 某省采购品目\n# source: 某厅〔2026〕1号\n# status: 试行\n# date: 2026-01-01\n# supersedes: mof31\n\
code,name\nA,货物\nA02,设备\nA0201,计算机设备\nA020101,服务器\nA02010101,\"塔式, 机架式\"\nC,服务\n";

fn load(app: &TestApp, token: &str, path: &str, key: &str, text: &str) -> Answer {
    let authorization = bearer(token);
    let headers =
        [("Authorization", authorization.as_str()), ("Idempotency-Key", key), ("Content-Type", "text/csv")];
    app.ask("POST", &format!("{PATH}{path}"), &headers, text.as_bytes())
}

fn the_schemes_of_the_product_are_there_with_source_and_status(kind: Kind) {
    let app = TestApp::new(kind);
    let found = app.get(&app.agency, PATH).expect(200).json();
    let ids: Vec<&str> =
        found["items"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["mof31", "ndrc316"]);
    assert!(found["items"][0]["status"].as_str().unwrap().contains("K85"));
    assert!(found["items"][1]["source"].as_str().unwrap().contains("发改法规〔2018〕316号"));
    assert_eq!((&found["items"][1]["levels"], found["items"][1].get("loaded")), (&json!(4), None));
    let text = app.get(&app.auditor, &format!("{PATH}/mof31/file")).expect(200);
    assert_eq!(text.header("Content-Type"), "text/csv; charset=utf-8");
    assert!(text.text().contains("\nA08,无形资产\n"));
    app.get(&app.auditor, &format!("{PATH}/gb2260")).problem(404, "not_found");
}

fn a_scheme_is_loaded_once_and_never_edited(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let made = load(&app, &app.bureau, "?id=gp1", "k", GP).expect(201);
    assert_eq!((made.header("Location"), app.size()), ("/api/v1/schemes/gp1", before + 1));
    let view = made.json();
    assert_eq!(
        (&view["codes"], &view["levels"], &view["supersedes"]),
        (&json!(6), &json!(5), &json!("mof31"))
    );
    assert_eq!(
        (&view["title"], &view["status"], &view["date"]),
        (&json!("某省采购品目"), &json!("试行"), &json!("2026-01-01"))
    );
    // Repeated: by its key, and by its bytes under another key.
    assert_eq!(load(&app, &app.bureau, "?id=gp1", "k", GP).expect(201).json(), view);
    assert_eq!(load(&app, &app.bureau, "?id=gp1", "l", GP).expect(201).json(), view);
    let edited = GP.replace("服务器", "服务器类");
    load(&app, &app.bureau, "?id=gp1", "m", &edited).problem(409, "scheme_in_use");
    load(&app, &app.bureau, "?id=mof31", "m", GP).problem(409, "scheme_in_use");
    load(&app, &app.bureau, "?id=ndrc316", "m", GP).problem(409, "scheme_in_use");
    load(&app, &app.agency, "?id=gp2", "m", GP).problem(403, "not_permitted");
    assert_eq!(app.size(), before + 1);
    assert_eq!(app.get(&app.agency, &format!("{PATH}/gp1/file")).expect(200).text(), GP);
    assert_eq!(app.get(&app.agency, &format!("{PATH}/mof31")).json()["superseded_by"], json!(["gp1"]));

    // At once from many sides: one entry.
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..6)
            .map(|n| {
                let app = &app;
                scope.spawn(move || load(app, &app.bureau, "?id=gp3", &format!("c{n}"), GP).status)
            })
            .collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(
        answers.contains(&201) && answers.iter().all(|status| [201, 409].contains(status)),
        "{answers:?}"
    );
    assert_eq!(app.size(), before + 2);
}

fn what_is_no_scheme_is_refused_by_line_and_rule(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let refused = |text: &str, field: &str, rule: &str| {
        load(&app, &app.bureau, "?id=gp1", "k", text).names(422, field, rule);
    };
    refused("code,name\nA,甲\n", "source", "required");
    refused(&format!("{GP}B0101,乙\n"), "line 13: code", "parent");
    refused(&format!("{GP}C,又\n"), "line 13: code", "duplicate");
    refused(&format!("{GP}c,丙\n"), "line 13: code", "form");
    refused(&GP.replace("supersedes: mof31", "supersedes: gp9"), "supersedes", "unknown_scheme");
    refused("", "source", "required");
    load(&app, &app.bureau, "?id=GP1", "k", GP).names(400, "id", "form");
    load(&app, &app.bureau, "", "k", GP).names(400, "id", "required");
    let long = format!("{GP}{}", "# x\n".repeat(3 << 20));
    load(&app, &app.bureau, "?id=gp1", "k", &long).problem(413, "too_large");
    assert_eq!(app.size(), before);

    // A scheme of the greatest size is read, kept and read back.
    let mut large = String::from("# source: 试验\ncode,name\n");
    let mut rows = 0;
    let mut push = |code: String| {
        large.push_str(&format!("{code},专业{code}\n"));
        rows += 1;
        rows < 100_000
    };
    'all: for letter in 'A'..='Z' {
        push(letter.to_string());
        for a in 0..100 {
            push(format!("{letter}{a:02}"));
            for b in 0..100 {
                if !push(format!("{letter}{a:02}{b:02}")) {
                    break 'all;
                }
            }
        }
    }
    let view = load(&app, &app.bureau, "?id=large", "large", &large).expect(201).json();
    assert_eq!(view["codes"], 100_000);
    assert!(app.get(&app.auditor, &format!("{PATH}/large/file")).expect(200).text() == large);
    load(&app, &app.bureau, "?id=large2", "large2", &format!("{large}Z,又\n")).names(422, "file", "count");
}

fn a_speciality_exists_as_soon_as_its_scheme_is_loaded(kind: Kind) {
    let app = TestApp::new(kind);
    let mut body = expert(1);
    body["specialities"] = json!(["ndrc316:A0832", "gp1:A020101"]);
    let post = |body: &Value, key: &str| app.post(&app.bureau, "/api/v1/experts", key, body);
    post(&body, "e").names(422, "specialities[1]", "unknown_scheme");
    let draw = |speciality: &str| {
        let package = app.post(&app.agency, "/api/v1/packages", "p", &package(1)).expect(201).json();
        let draw = json!({
            "package": package["id"], "review_start": "2026-11-27T01:00:00Z",
            "groups": [{"speciality": speciality, "within": ["430600"], "seats": 1, "site": 1}]
        });
        app.post(&app.agency, "/api/v1/draws/check", "d", &draw)
    };
    draw("gp1:A02").names(422, "groups[0].speciality", "unknown_scheme");
    draw("ndrc316:A9999").names(422, "groups[0].speciality", "unknown_speciality");

    load(&app, &app.bureau, "?id=gp1", "k", GP).expect(201);
    body["specialities"] = json!(["gp1:A020102"]);
    post(&body, "e").names(422, "specialities[0]", "unknown_speciality");
    body["name"] = json!("");
    assert_eq!(post(&body, "e").json()["errors"].as_array().unwrap().len(), 2);
    body["name"] = json!("王小明");
    body["specialities"] = json!(["ndrc316:A0832", "gp1:A020101"]);
    let made = post(&body, "e").expect(201).json();
    let one = format!("/api/v1/experts/{}", made["number"].as_str().unwrap());
    let change = json!({"specialities": ["gp1:B"]});
    app.patch(&app.bureau, &one, "\"1\"", &change).names(422, "specialities[0]", "unknown_speciality");
    // The expert is found by the speciality that is asked for, or one above it.
    let listed = app.get(&app.bureau, "/api/v1/experts?speciality=gp1:A02").expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let forecast = draw("gp1:A02").expect(200).json();
    assert_eq!(forecast["forced_seats"], 1, "{forecast}");
    // A coarser claim does not serve.
    draw("gp1:A02010101").problem(422, "no_full_panel");
}

fn the_tree_is_browsed_and_searched(kind: Kind) {
    let app = TestApp::new(kind);
    load(&app, &app.bureau, "?id=gp1", "k", GP).expect(201);
    let found = |query: &str| {
        let answer = app.get(&app.agency, &format!("/api/v1/specialities?{query}")).expect(200).json();
        let codes: Vec<String> = answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["code"].as_str().unwrap().to_owned())
            .collect();
        (codes, answer["next"].as_str().map(str::to_owned))
    };
    assert_eq!(found("scheme=gp1&level=1").0, ["gp1:A", "gp1:C"]);
    assert_eq!(found("under=gp1:A02").0, ["gp1:A0201"]);
    assert_eq!(found("q=机架").0, ["gp1:A02010101"]);
    assert_eq!(found("q=无形资产").0, ["mof31:A08"]);
    assert_eq!(found("scheme=gp1&q=A0201").0, ["gp1:A0201", "gp1:A020101", "gp1:A02010101"]);
    let (first, next) = found("scheme=gp1&limit=4");
    assert_eq!((first.len(), next.as_deref()), (4, Some("gp1:A020101")));
    assert_eq!(
        found("scheme=gp1&limit=4&after=gp1:A020101"),
        (vec!["gp1:A02010101".into(), "gp1:C".into()], None)
    );
    let whole = found("scheme=ndrc316");
    assert_eq!((whole.0.len(), whole.1), (3 + 31 + 313 + 2, None));
    let item = app.get(&app.agency, "/api/v1/specialities?under=mof31:A").json()["items"][0].clone();
    assert_eq!((&item["parent"], &item["children"]), (&json!("mof31:A"), &json!(0)));
    let wrong = |query: &str, status: u16, field: &str, rule: &str| {
        app.get(&app.agency, &format!("/api/v1/specialities?{query}")).names(status, field, rule);
    };
    wrong("scheme=GP", 400, "scheme", "unknown_scheme");
    wrong("scheme=gp9", 422, "scheme", "unknown_scheme");
    wrong("under=gp1:x", 400, "under", "unknown_speciality");
    wrong("limit=1001", 400, "limit", "range");
    wrong("level=0", 400, "level", "range");
    wrong("q=", 400, "q", "length");
}

fn a_crosswalk_leads_between_schemes_that_are_loaded(kind: Kind) {
    let app = TestApp::new(kind);
    load(&app, &app.bureau, "?id=gp1", "k", GP).expect(201);
    let text = "# source: 某厅\nfrom,to\nA02,A02\nA02,A0201\n";
    load(&app, &app.bureau, "/mof31/crosswalks?to=gp9", "w", text).problem(404, "not_found");
    load(&app, &app.bureau, "/gp1/crosswalks?to=gp1", "w", text).names(422, "to", "itself");
    let broken = text.replace("A0201", "A0203");
    load(&app, &app.bureau, "/mof31/crosswalks?to=gp1", "w", &broken).names(
        422,
        "line 4: to",
        "unknown_speciality",
    );
    let before = app.size();
    let made = load(&app, &app.bureau, "/mof31/crosswalks?to=gp1", "w", text).expect(201);
    assert_eq!((made.json()["rows"].clone(), app.size()), (json!(2), before + 1));
    assert_eq!(
        load(&app, &app.bureau, "/mof31/crosswalks?to=gp1", "w", text).expect(201).json(),
        made.json()
    );
    load(&app, &app.bureau, "/mof31/crosswalks?to=gp1", "x", &text.replace("某", "另"))
        .problem(409, "scheme_in_use");
    assert_eq!(app.get(&app.agency, made.header("Location")).expect(200).json(), made.json());
    assert_eq!(app.get(&app.agency, &format!("{}/file", made.header("Location"))).expect(200).text(), text);
    assert_eq!(app.get(&app.agency, &format!("{PATH}/mof31")).json()["crosswalks"], json!(["gp1"]));
    app.get(&app.agency, &format!("{PATH}/gp1/crosswalks/mof31")).problem(404, "not_found");
}

fn another_process_sees_what_was_loaded(kind: Kind) {
    let app = TestApp::new(kind);
    let other = app.second_process();
    load(&app, &app.bureau, "?id=gp1", "k", GP).expect(201);
    load(&app, &app.bureau, "/mof31/crosswalks?to=gp1", "w", "# source: 某厅\nfrom,to\nA,A\n").expect(201);
    let book = other.book().unwrap();
    assert_eq!(book.scheme("gp1").unwrap().table.name("A020101"), Some("服务器"));
    assert_eq!(book.walk("mof31", "gp1").unwrap().rows.count(), 1);
    assert_eq!(app.fsck(), [""; 0]);
}

/// Experts with claims of the catalogue: A02 → one code, A05 → two, A08 → none; a crosswalk to gp1.
fn claimed(app: &TestApp) -> Vec<String> {
    load(app, &app.bureau, "?id=gp1", "k", GP).expect(201);
    let text = "# source: 某厅\nfrom,to\nA02,A0201\nA05,A02\nA05,C\nA,A\nA01,A0201\n";
    load(app, &app.bureau, "/mof31/crosswalks?to=gp1", "w", text).expect(201);
    let claims = [
        json!(["mof31:A02", "ndrc316:A0832"]),
        json!(["mof31:A02", "mof31:A05", "mof31:A01"]),
        json!(["mof31:A08"]),
        json!(["ndrc316:A0832"]),
    ];
    let register = |(serial, claims): (u32, &Value)| {
        let mut body = expert(serial);
        body["specialities"] = claims.clone();
        let made = app.post(&app.bureau, "/api/v1/experts", &format!("e{serial}"), &body).expect(201);
        made.json()["number"].as_str().unwrap().to_owned()
    };
    (1..).zip(&claims).map(register).collect()
}

fn a_report_names_the_claims_that_lead_to_none_or_to_several(kind: Kind) {
    let app = TestApp::new(kind);
    let numbers = claimed(&app);
    let path = format!("{PATH}/mof31/crosswalks/gp1/report");
    let report = app.get(&app.auditor, &path).expect(200).json();
    let totals = ["experts", "unique", "none", "several"].map(|key| report[key].as_u64().unwrap());
    assert_eq!(totals, [3, 3, 1, 1]);
    let codes: Vec<_> = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["code"].as_str().unwrap(),
                item["mapping"].as_str().unwrap(),
                item["experts"].as_u64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("mof31:A01", "unique", 1),
        ("mof31:A02", "unique", 2),
        ("mof31:A05", "several", 1),
        ("mof31:A08", "none", 1),
    ];
    assert_eq!(codes, expected);
    assert_eq!(report["items"][2]["targets"], json!(["gp1:A02", "gp1:C"]));
    assert_eq!(
        (&report["items"][3]["numbers"], &report["items"][3]["name"]),
        (&json!([numbers[2]]), &json!("无形资产"))
    );
    let page = app.get(&app.auditor, &format!("{path}?limit=3&after=mof31:A01")).expect(200).json();
    assert_eq!((page["items"].as_array().unwrap().len(), page.get("next")), (3, None));
    assert_eq!(app.get(&app.auditor, &format!("{path}?limit=1")).json()["next"], "mof31:A01");
    let file = app.get(&app.auditor, &format!("{path}/file?format=csv")).expect(200).text();
    assert_eq!(file.lines().count(), 1 + 5);
    assert!(file.contains(&format!("mof31:A08,无形资产,none,,{}", numbers[2])), "{file}");
    app.get(&app.auditor, &format!("{PATH}/gp1/crosswalks/mof31/report")).problem(404, "not_found");
}

fn claims_move_where_one_code_is_meant_and_two_people_agree(kind: Kind) {
    let app = TestApp::new(kind);
    let numbers = claimed(&app);
    let other = crate::units::colleague(&app);
    let path = "/api/v1/claim-migrations";
    let input = json!({"from": "mof31", "to": "gp1", "reason": "启用新目录"});
    let back = json!({"from": "gp1", "to": "mof31", "reason": "启用新目录"});
    app.post(&app.bureau, path, "a", &back).problem(404, "not_found");
    let first = app.post(&app.bureau, path, "b", &input).expect(201).header("Location").to_owned();
    app.post(&app.bureau, path, "c", &input).problem(409, "already_proposed");
    app.post(&app.bureau, &format!("{first}/withdraw"), "d", &json!({})).expect(200);
    let one = app.post(&app.bureau, path, "e", &input).expect(201).header("Location").to_owned();
    app.post(&app.bureau, &format!("{one}/confirm"), "f", &json!({})).problem(409, "second_person_required");
    app.post(&other, &format!("{one}/continue"), "g", &json!({})).problem(409, "wrong_state");
    let claims = |number: &str| {
        let facts =
            app.get(&app.bureau, &format!("/api/v1/experts/{number}?purpose=核对")).expect(200).json();
        facts["specialities"].clone()
    };
    assert_eq!(claims(&numbers[0]), json!(["mof31:A02", "ndrc316:A0832"]));
    let before = app.size();
    let done = app.post(&other, &format!("{one}/confirm"), "h", &json!({})).expect(200).json();
    assert_eq!((&done["state"], &done["moved"], &done["failed"]), (&json!("done"), &json!(2), &json!([])));
    // Confirmed, two experts and the progress, finished.
    assert_eq!(app.size(), before + 5);
    assert_eq!(app.post(&other, &format!("{one}/confirm"), "h", &json!({})).expect(200).json(), done);
    assert_eq!(claims(&numbers[0]), json!(["gp1:A0201", "ndrc316:A0832"]));
    // Two claims that lead to one code are one; what leads to several waits for a person.
    assert_eq!(claims(&numbers[1]), json!(["gp1:A0201", "mof31:A05"]));
    assert_eq!(claims(&numbers[2]), json!(["mof31:A08"]));
    let report = app.get(&app.auditor, &format!("{PATH}/mof31/crosswalks/gp1/report")).expect(200).json();
    assert_eq!((&report["unique"], &report["experts"]), (&json!(0), &json!(2)));
    let listed = app.get(&app.auditor, &format!("{path}?state=done")).expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.get(&app.auditor, &one).expect(200).json(), done);
    assert_eq!(app.fsck(), [""; 0]);
}
