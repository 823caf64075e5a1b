//! The material of an application: filed by whoever writes it, seen by who reviews it with a recorded
//! purpose, kept with the expert, gone when an application that failed is erased.

use expert_draw::service::erasure::Ground;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, bearer};
use crate::applications::{ALL, OWN, Staff, applicant, application, entered, id, pass, step, taken};
use crate::decisions::sound;
use crate::support::{Kind, on_both};

on_both! {
    a_document_whose_content_nobody_filed_is_pointed_out
    the_side_that_writes_an_application_files_its_documents
    what_an_application_held_stays_with_the_expert
    an_application_that_failed_is_erased_with_its_documents
}

const LIFE: &[u8] = b"%PDF-1.7 my life";

fn attach(app: &TestApp, token: &str, base: &str, id: &str, content: &[u8]) -> Answer {
    let (authorization, key) = (bearer(token), format!("a-{}", app.size()));
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Idempotency-Key", key.as_str()),
        ("Content-Type", "application/pdf"),
    ];
    app.ask("POST", &format!("{base}/{id}/attachments?kind=cv"), &headers, content)
}

fn a_document_whose_content_nobody_filed_is_pointed_out(kind: Kind) {
    let app = TestApp::new(kind);
    let own = applicant(&app);
    let begun = app.post(&own, OWN, "b", &application(1)).expect(201);
    assert_eq!(begun.json()["not_filed"], json!([0, 1, 2, 3, 4, 5]));
    let id = id(&begun);
    let filed = attach(&app, &own, OWN, &id, LIFE).expect(201).json();
    let mut documents = application(1)["facts"]["documents"].clone();
    documents[0]["digest"] = filed["digest"].clone();
    let patch = json!({"facts": {"documents": documents}});
    let saved = app.patch(&own, &format!("{OWN}/{id}"), "\"1\"", &patch).expect(200);
    assert_eq!(saved.json()["not_filed"], json!([1, 2, 3, 4, 5]));
}

fn the_side_that_writes_an_application_files_its_documents(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let own = id(&app.post(&staff.applicant, OWN, "b", &application(1)).expect(201));
    let entered = id(&app.post(&staff.registrar, ALL, "r", &application(2)).expect(201));
    attach(&app, &staff.registrar, ALL, &own, LIFE).problem(409, "applicants_own");
    attach(&app, &applicant(&app), OWN, &own, LIFE).problem(404, "not_found");
    attach(&app, &staff.applicant, OWN, &entered, LIFE).problem(404, "not_found");
    let one = attach(&app, &staff.applicant, OWN, &own, LIFE).expect(201).json();
    let other = attach(&app, &staff.registrar, ALL, &entered, LIFE).expect(201).json();
    assert_ne!(one["digest"], other["digest"], "equal documents of two people are not seen to be equal");
    attach(&app, &staff.registrar, ALL, &entered, b"MZ\x90").names(422, "body", "media");
    sound(&app);
}

fn what_an_application_held_stays_with_the_expert(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let case = id(&app.post(&staff.applicant, OWN, "b", &application(1)).expect(201));
    let filed = attach(&app, &staff.applicant, OWN, &case, LIFE).expect(201).json();
    step(&app, &staff.applicant, &case, "own-submit", &Value::Null).expect(200);
    step(&app, &staff.reviewer, &case, "take", &Value::Null).expect(200);
    let listed = app.get(&staff.reviewer, &format!("{ALL}/{case}/attachments")).expect(200).json();
    assert_eq!(listed["items"][0]["id"], filed["id"]);
    let path = format!("/api/v1/attachments/{}", filed["id"].as_str().unwrap());
    let before = app.size();
    let read = app.get(&staff.reviewer, &format!("{path}?purpose=初审材料")).expect(200);
    assert_eq!((read.bytes.as_slice(), app.size()), (LIFE, before + 1), "the look is recorded first");
    step(&app, &staff.reviewer, &case, "first-review", &pass()).expect(200);
    let done = step(&app, &staff.approver, &case, "final-review", &pass()).expect(200).json();
    let path = format!("/api/v1/experts/{}/attachments", done["expert"].as_str().unwrap());
    assert_eq!(app.get(&app.auditor, &path).expect(200).json()["items"][0]["id"], filed["id"]);
    sound(&app);
}

fn an_application_that_failed_is_erased_with_its_documents(kind: Kind) {
    let app = TestApp::new(kind);
    let staff = Staff::of(&app);
    let stays = entered(&app, &staff, 2);
    let own = Staff { applicant: applicant(&app), ..Staff::of(&app) };
    let begun = id(&app.post(&own.applicant, OWN, "b", &application(1)).expect(201));
    let filed = attach(&app, &own.applicant, OWN, &begun, LIFE).expect(201).json();
    let (registrar, approver) = (
        app.service.authenticate(&staff.registrar).unwrap(),
        app.service.authenticate(&staff.approver).unwrap(),
    );
    let ask = || app.service.propose_erasure(&registrar, &begun, Ground::Request, "本人书面申请", None);
    assert_eq!(ask().unwrap_err().code, "not_erasable", "a draft is withdrawn first");
    step(&app, &own.applicant, &begun, "own-withdraw", &Value::Null).expect(200);
    let proposed = ask().unwrap();
    let done = app.service.confirm_erasure(&approver, &proposed.id, None).unwrap();
    assert_eq!((done.state.as_str(), done.subjects.contains(&begun)), ("done", true));

    app.get(&staff.reviewer, &format!("{ALL}/{begun}?purpose=核对")).problem(410, "erased");
    let path = format!("/api/v1/attachments/{}?purpose=核对", filed["id"].as_str().unwrap());
    app.get(&staff.reviewer, &path).problem(410, "erased");
    let name = filed["digest"].as_str().unwrap();
    let file = app.fresh.folder.join("attachments").join(&name[..2]).join(name);
    app.service.sweep_attachments().unwrap();
    assert!(!file.exists(), "its sealed file is gone too");
    assert_eq!(
        app.get(&app.auditor, &format!("/api/v1/experts/{stays}?purpose=核对")).expect(200).status,
        200
    );
    // The same person may apply again: nothing of the first time is left to stand in the way.
    taken(&app, &Staff { applicant: applicant(&app), ..Staff::of(&app) }, 1);
    sound(&app);
}
