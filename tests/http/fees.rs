//! Fees: tables by two people, what is due to whom, travel against vouchers, payment by who has to pay.

use expert_draw::rules::fees::FeeTable;
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::Action;
use expert_draw::time::Timestamp;
use serde_json::{Value, json};

use crate::app::{TestApp, credit_code};
use crate::calls::start;
use crate::conduct::account;
use crate::day::Ready;
use crate::roles::Operation;
use crate::support::{Kind, on_both};

on_both! {
    a_table_is_in_force_once_two_people_wanted_it
    the_payer_pays_what_the_table_gives_and_travel_against_vouchers
    who_was_in_breach_gets_nothing_and_a_profile_helps_where_no_table_is
}

/// The operations of fees.
pub fn operations() -> Vec<Operation> {
    use Action::*;
    let (none, empty, reason) = (Value::Null, json!({}), json!({"reason": "理由"}));
    vec![
        ("POST", "/fee-tables", ProposeDecision, json!({"table": text("430000")})),
        ("POST", "/fee-tables/{id}/confirm", ConfirmDecision, empty.clone()),
        ("POST", "/fee-tables/{id}/reject", ConfirmDecision, reason.clone()),
        ("POST", "/fee-tables/{id}/withdraw", ProposeDecision, empty.clone()),
        ("GET", "/draws/{id}/fees", PayFees, none.clone()),
        ("POST", "/fees/{id}/settle", PayFees, empty),
        ("POST", "/fees/{id}/return", PayFees, reason),
        ("POST", "/fees/{id}/pay", PayFees, json!({"reference": "1"})),
        ("GET", "/me/fees", OwnRecord, none),
        (
            "POST",
            "/me/fees/{id}/travel",
            OwnRecord,
            json!({"vouchers": [{"kind": "rail", "fen": 100, "number": "1"}]}),
        ),
    ]
}

/// The table of Shandong, as if it held in another region.
fn text(region: &str) -> String {
    let shandong = FeeTable::embedded("fees-shandong").unwrap();
    shandong.replace("370000", region).replace("fees-shandong", &format!("fees-{region}"))
}

/// Proposed by the bureau's account, confirmed by another.
pub fn table_in_force(app: &TestApp, region: &str) {
    let body = json!({"table": text(region)});
    let made =
        app.post(&app.bureau, "/api/v1/fee-tables", &format!("table-{region}"), &body).expect(201).json();
    let (_, second) = account(app, "bureau", None);
    let path = format!("/api/v1/fee-tables/{}/confirm", made["id"].as_str().unwrap());
    app.post(&second, &path, "confirm", &json!({})).expect(200);
}

fn a_table_is_in_force_once_two_people_wanted_it(kind: Kind) {
    let app = TestApp::new(kind);
    let path = "/api/v1/fee-tables";
    let spoilt = |from: &str, to: &str, field: &str| {
        let body = json!({"table": text("430000").replacen(from, to, 1)});
        app.post(&app.bureau, path, &format!("spoilt-{field}"), &body).names(422, field, "shape");
    };
    spoilt("\"status\": \"C2\"", "\"status\": \"sure\"", "table.first_minutes.status");
    spoilt("\"v\": 1", "\"v\": 2", "table.v");
    let body = json!({"table": text("430000")});
    let made = app.post(&app.bureau, path, "propose", &body).expect(201).json();
    assert_eq!(app.post(&app.bureau, path, "propose", &body).expect(201).json(), made);
    app.post(&app.bureau, path, "same", &body).problem(409, "name_taken");
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    app.post(&app.bureau, &format!("{one}/confirm"), "own", &json!({}))
        .problem(409, "second_person_required");
    let seen = |token: &str| app.get(token, path).expect(200).json()["items"].as_array().unwrap().len();
    assert_eq!((seen(&app.bureau), seen(&app.agency)), (1, 0), "a proposal is for those who decide");
    let (_, second) = account(&app, "bureau", None);
    app.post(&second, &format!("{one}/confirm"), "yes", &json!({})).expect(200);
    let listed = app.get(&app.agency, path).expect(200).json();
    let table = &listed["items"][0];
    assert_eq!((&table["region"], &table["first_fen"]), (&json!("430000"), &json!(40_000)));
    assert!(table["text"].as_str().unwrap().contains("\"status\": \"C2\""), "with every source");
    app.post(&second, &format!("{one}/reject"), "late", &json!({"reason": "理由"}))
        .problem(409, "wrong_state");

    let region = Some("430600".to_owned());
    let draft = AccountDraft { region, ..AccountDraft::new("bureau", "市财政", None, 30) };
    let narrow = app.service.found_account(&draft).unwrap().token.unwrap();
    let province = json!({"table": text("430100")});
    app.post(&narrow, path, "outside", &province).names(422, "region", "outside");
    let other = app.post(&app.bureau, path, "other", &province).expect(201).json();
    let two = format!("{path}/{}", other["id"].as_str().unwrap());
    app.post(&second, &format!("{two}/withdraw"), "not-mine", &json!({})).problem(403, "not_permitted");
    app.post(&app.bureau, &format!("{two}/withdraw"), "mine", &json!({})).expect(200);
    assert_eq!(app.fsck(), Vec::<String>::new());
}

/// The review is over after so many seconds, and announced.
fn announced(ready: &Ready, seconds: i64) {
    let app = ready.app();
    app.clock.advance(seconds);
    ready.act("end", &json!({})).expect(200);
    ready.act("report", &json!({"digest": "ab".repeat(32), "signed": 5})).expect(200);
    let path = format!("/api/v1/draws/{}/unseal", ready.called.draw);
    app.post(&app.bureau, &path, "unseal", &json!({"announcement": "岳采公告2026-1"})).expect(200);
}

fn the_payer_pays_what_the_table_gives_and_travel_against_vouchers(kind: Kind) {
    let ready = Ready::new(kind, 12).reviewing();
    let app = ready.app();
    table_in_force(app, "430000");
    let fees = format!("/api/v1/draws/{}/fees", ready.called.draw);
    assert_eq!(app.get(&app.agency, &fees).expect(200).json()["items"], json!([]));
    announced(&ready, 3 * 3_600 + 60);
    let listed = app.get(&app.agency, &fees).expect(200).json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert!(items.iter().all(|fee| fee["body"]["fee_fen"] == 50_000 && fee["body"]["payer"] == "purchaser"));
    assert!(!listed.to_string().contains("\"expert\""), "an agency learns no number");
    app.get(&app.other_agency, &fees).problem(404, "not_found");
    // Everybody lives in Yueyang; who sat in Changsha travelled.
    let away = items.iter().find(|fee| fee["body"]["place"] == "430100").unwrap();
    let near = items.iter().find(|fee| fee["body"]["place"] == "430600").unwrap();
    let token = |fee: &Value| {
        let number = &ready.positions[&fee["body"]["position"].as_u64().unwrap()];
        crate::conduct::expert_account(app, number)
    };
    let (traveller, local) = (token(away), token(near));
    let own = app.get(&traveller, "/api/v1/me/fees").expect(200).json();
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    let id = |fee: &Value| fee["case"]["id"].as_str().unwrap().to_owned();
    let claim = |kind: &str| json!({"vouchers": [{"kind": kind, "fen": 14_950, "number": "E123456789"}]});
    let travel = |fee: &Value| format!("/api/v1/me/fees/{}/travel", id(fee));
    app.post(&local, &travel(near), "near", &claim("rail")).problem(409, "same_city");
    app.post(&local, &travel(away), "theirs", &claim("rail")).problem(404, "not_found");
    app.post(&traveller, &travel(away), "taxi", &claim("taxi")).names(
        422,
        "vouchers[0].kind",
        "voucher_kind",
    );
    app.post(&traveller, &travel(away), "claim", &claim("rail")).expect(200);
    let step = |what: &str| format!("/api/v1/fees/{}/{what}", id(away));
    let (_, purchaser) = account(app, "purchaser", Some(21));
    let payment = json!({"reference": "国库支付2026-77"});
    app.post(&purchaser, &step("pay"), "unchecked", &payment).problem(409, "wrong_state");
    app.post(&app.agency, &step("return"), "return", &json!({"reason": "凭据不清"})).expect(200);
    app.post(&traveller, &travel(away), "again", &claim("rail")).expect(200);
    app.post(&app.agency, &step("settle"), "settle", &json!({})).expect(200);
    app.post(&app.agency, &step("pay"), "social", &payment).problem(404, "not_found");
    let (_, stranger) = account(app, "purchaser", Some(22));
    app.post(&stranger, &step("pay"), "stranger", &payment).problem(404, "not_found");
    let paid = app.post(&purchaser, &step("pay"), "pay", &payment).expect(200).json();
    assert_eq!(paid["state"], "paid");
    let own = app.get(&traveller, "/api/v1/me/fees").expect(200).json();
    assert_eq!(own["items"][0]["body"]["paid_fen"], 64_950);
    assert_eq!(app.get(&purchaser, &fees).expect(200).json()["items"].as_array().unwrap().len(), 3);
    app.get(&stranger, &fees).problem(404, "not_found");
    ready.called.is_sound();
}

fn who_was_in_breach_gets_nothing_and_a_profile_helps_where_no_table_is(kind: Kind) {
    let ready = Ready::new(kind, 12);
    let mut body = ready.body();
    body["central_body"] = json!({"code": credit_code(77), "name": "集中采购机构"});
    let app = ready.app();
    app.post(&app.agency, &ready.path(""), "open", &body).expect(201);
    app.clock.set(Timestamp(start().0 - 3_600));
    let ready = ready.assembled();
    let app = ready.app();
    app.clock.set(start());
    ready.act("begin", &json!({})).expect(200);
    let (position, _) = ready.seats()[0];
    ready.act("breaches", &json!({"position": position, "what": "私自与供应商联系"})).expect(200);
    announced(&ready, 7_200);
    let fees = format!("/api/v1/draws/{}/fees", ready.called.draw);
    // The old profile has no table and none is in force: nothing is guessed, the clock comes back.
    assert_eq!(app.get(&app.agency, &fees).expect(200).json()["items"], json!([]));
    let day = ready.day()["state"].clone();
    assert_eq!(day, "announced", "not archived before its fees are known");
    table_in_force(app, "430000");
    app.service.run_due_often().unwrap();
    let listed = app.get(&app.agency, &fees).expect(200).json();
    for fee in listed["items"].as_array().unwrap() {
        let breach = fee["body"]["position"] == position;
        let (state, amount) = if breach { ("nothing_due", 0) } else { ("computed", 40_000) };
        assert_eq!(
            (&fee["case"]["state"], &fee["body"]["fee_fen"]),
            (&json!(state), &json!(amount)),
            "{fee}"
        );
        assert_eq!(fee["body"]["payer"], "central_body");
        assert_eq!(fee["body"].get("unpaid").is_some(), breach);
    }
    assert_eq!(ready.day()["state"], "archived");
    ready.called.is_sound();
}
