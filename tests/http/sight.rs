//! The sight table, walked through the API: every role that may ask sees exactly what its cells say.

use expert_draw::http::seen::grouped;
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::{Action, Actor, Right, Role};
use expert_draw::service::sight::{Field, Sight, Stage, View};
use serde_json::json;

use crate::app::{TestApp, credit_code, expert, id_number};
use crate::support::{Kind, on_both};

on_both! {
    every_role_sees_of_an_expert_what_its_cells_say
    an_account_of_another_region_finds_nobody
}

/// The id of a venue.
pub const VENUE: &str = "V0000000000000000";

/// A field of the facts that stands for each group.
const STANDS_FOR: [(Field, &str); 7] = [
    (Field::Number, "number"),
    (Field::Codes, "specialities"),
    (Field::Name, "name"),
    (Field::Identity, "id_number"),
    (Field::Contacts, "phone"),
    (Field::Employers, "past"),
    (Field::DeclaredUnits, "declared_units"),
];

fn every_role_sees_of_an_expert_what_its_cells_say(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let path = format!("/api/v1/experts/{number}?purpose=核对");
    let mut cells = 0;
    let bureaus = Right::ALL.map(|right| (Role::Bureau, Some(right)));
    let roles = Role::ALL.into_iter().filter(|role| *role != Role::Bureau).map(|role| (role, None));
    for (role, right) in bureaus.into_iter().chain(roles) {
        let unit = match role {
            Role::Agency | Role::Purchaser => Some(credit_code(51)),
            Role::Venue => Some(VENUE.to_owned()),
            _ => None,
        };
        let rights = right.map(|right| vec![right.name().to_owned()]);
        let draft = AccountDraft { rights, ..AccountDraft::new(role.name(), "测试", unit, 30) };
        let token = app.service.found_account(&draft).unwrap().token.unwrap();
        let rights = right.map_or(Vec::new(), |right| vec![right]);
        let actor = Actor { rights, ..Actor::of_role("A", role) };
        let sight = Sight::of(&actor, &number, Stage::Registry);
        let answer = app.get(&token, &path);
        if !actor.may(Action::ReadRegistry) {
            answer.problem(403, "not_permitted");
            assert!(Field::ALL.into_iter().all(|field| sight.sees(field) == View::No), "{role:?} {right:?}");
            cells += Field::ALL.len();
            continue;
        }
        let facts = answer.expect(200).json();
        let sent = expert(1);
        for (field, name) in STANDS_FOR {
            let shown = facts.get(name);
            match sight.sees(field) {
                View::No => assert_eq!(shown, None, "{role:?} {name}"),
                View::Masked => {
                    let text = shown.unwrap().as_str().unwrap();
                    let whole = sent[name].as_str().unwrap();
                    assert_eq!(text.len(), whole.len(), "{role:?} {name}");
                    assert!(text.starts_with("****") && whole.ends_with(text.trim_start_matches('*')));
                }
                View::Purpose | View::Yes => {
                    let whole = if name == "number" { json!(number) } else { sent[name].clone() };
                    assert_eq!(shown, Some(&whole), "{role:?} {name}");
                }
            }
            cells += 1;
        }
        // Nothing else than what has a group is shown.
        assert!(facts.as_object().unwrap().keys().all(|name| grouped().contains(name.as_str())), "{facts}");
        if role == Role::Supervisor {
            assert!(!facts.to_string().contains(&id_number(1)) && !facts.to_string().contains("13800000000"));
        }
    }
    assert!(cells > 100, "{cells}");
}

fn an_account_of_another_region_finds_nobody(kind: Kind) {
    let app = TestApp::new(kind);
    let number = app.expert(1);
    let bureau = |region: &str| {
        let region = Some(region.to_owned());
        let draft = AccountDraft { region, ..AccountDraft::new("bureau", "市县财政", None, 30) };
        app.service.found_account(&draft).unwrap().token.unwrap()
    };
    let (own, other) = (bureau("430600"), bureau("430100"));
    let path = format!("/api/v1/experts/{number}");
    app.get(&own, &format!("{path}?purpose=核对")).expect(200);
    let before = app.size();
    // 430100 is a review region of the expert, but not the main one.
    app.get(&other, &format!("{path}?purpose=核对")).problem(404, "not_found");
    app.get(&other, &format!("{path}/attachments")).problem(404, "not_found");
    assert_eq!(app.get(&other, "/api/v1/experts").expect(200).json()["items"], json!([]));
    assert_eq!(app.get(&own, "/api/v1/experts").json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.size(), before, "nothing was looked at");
}
