//! The evidence of a draw with calls, from a journal into which another process has written them: of
//! format 2, verified, with the final members opened and not those who were drawn.

use std::sync::Arc;

use expert_draw::codec::Hash;
use expert_draw::draw::calls::{Answer, Answered, AnsweredBy, Call, CallBook, SignedIn};
use expert_draw::draw::commitment::Commitment;
use expert_draw::draw::pool::Leaf;
use expert_draw::draw::statements::Drawn;
use expert_draw::evidence::said::Said;
use expert_draw::evidence::{Audience, Evidence, Format};
use expert_draw::keys::Keys;
use expert_draw::log::{SignedNote, Statement};
use expert_draw::store::{Append, Store, StoreConfig, StoreError, WriteError};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::calls::Called;
use crate::draws::{drawn, one, verified};
use crate::privacy::{ended, erased};
use crate::support::{Kind, on_both};

on_both! {
    a_called_draw_has_a_file_of_the_second_format_with_its_final_members
    nobody_is_erased_while_a_draw_may_still_call_them
}

/// The book of a drawn draw, from its public evidence.
fn book(file: &[u8]) -> (Hash, CallBook) {
    let evidence = Evidence::read(file).unwrap();
    assert_eq!(evidence.format, Format::V1);
    let leaves: Vec<Leaf> = evidence.pool.iter().map(|bytes| Leaf::from_bytes(bytes).unwrap()).collect();
    let said = |kind: &str| {
        evidence.entries.iter().find_map(|entry| {
            let note = SignedNote::parse(entry.note.as_bytes()).unwrap();
            let statement = Statement::parse(note.text().trim_end().as_bytes()).unwrap();
            (statement.kind() == kind).then(|| Said::read(kind, &statement.body_json()).unwrap())
        })
    };
    let Some(Said::Committed(commitment)) = said(Commitment::TYPE) else { panic!("no commitment") };
    let Some(Said::Drawn(drawn)) = said(Drawn::TYPE) else { panic!("no result") };
    (evidence.alpha, CallBook::of_drawn(&commitment, &leaves, &drawn).unwrap())
}

/// Another process that writes what the book accepts.
struct Caller {
    store: Store,
    draw: String,
    alpha: Hash,
    book: CallBook,
}

impl Caller {
    fn say(&mut self, call: Call) {
        let append = Append {
            actor: "test".into(),
            kind: call.kind().into(),
            subject: self.draw.clone(),
            statement: call.fields().with("type", call.kind()),
            image: None,
            registry: false,
        };
        let made: Result<_, WriteError<StoreError>> =
            self.store.write("call", move |tx| tx.append(append.clone()));
        self.book.apply(&call, made.unwrap().time.0).unwrap();
    }

    fn answer(&mut self, position: u32, answer: Answer) {
        self.say(Call::Answered(Answered {
            alpha: self.alpha,
            round: self.book.round(),
            position,
            answer,
            by: AnsweredBy::Expert,
            reason: None,
            receipt: None,
        }));
    }

    /// A round: who declines, and everybody else accepts.
    fn round(&mut self, now: i64, declines: Option<u32>) {
        let invited = self.book.due_invitation(now).unwrap();
        let who: Vec<u32> = invited.invitees.iter().map(|invitee| invitee.position).collect();
        self.say(Call::Invited(invited));
        for position in who {
            let accepts = declines != Some(position);
            self.answer(position, if accepts { Answer::Accepted } else { Answer::Declined });
        }
        let due = self.book.due_settlement(now).unwrap();
        self.say(Call::Settled(due));
    }
}

fn a_called_draw_has_a_file_of_the_second_format_with_its_final_members(kind: Kind) {
    let app = TestApp::new(kind);
    let draw = drawn(&app);
    let path = one(&draw);
    let public = |app: &TestApp| app.ask("GET", &format!("{path}/evidence"), &[], b"").expect(200);
    let keys = Arc::new(Keys::load(&app.fresh.folder.join("keys")).unwrap());
    let config = StoreConfig {
        migrate: false,
        ..StoreConfig::new(app.fresh.database.clone(), keys, app.clock.clone())
    };
    let (alpha, book) = book(&public(&app).bytes);
    let id = draw["id"].as_str().unwrap().to_owned();
    let mut caller = Caller { store: Store::open(config).unwrap(), draw: id, alpha, book };
    let first = caller.book.panel()[0].position;
    let now = app.service.now().0;
    caller.round(now, Some(first));
    assert!(caller.book.is_filled(), "the margin has accepted");
    let running = verified(&app, &public(&app), Audience::Public);
    assert_eq!(running.facts.calls.as_ref().unwrap().out.len(), 1);
    assert_eq!(Evidence::read(&public(&app).bytes).unwrap().format, Format::V2);
    for seat in caller.book.panel().to_vec() {
        let site = caller.book.site_of(seat.position).unwrap();
        let group = u32::from(seat.group);
        caller.say(Call::SignedIn(SignedIn { alpha, position: seat.position, group, site }));
    }
    let announced = json!({"announcement": "岳采公告2026-31"});
    let unsealed = app.post(&app.bureau, &format!("{path}/unseal"), "unseal", &announced).expect(200).json();
    let shown: Vec<u64> = unsealed["result"]["seats"]
        .as_array()
        .unwrap()
        .iter()
        .map(|seat: &Value| seat["position"].as_u64().unwrap())
        .collect();
    let members: Vec<u64> = caller.book.members().iter().map(|seat| u64::from(seat.position)).collect();
    assert_eq!(shown, members);
    assert!(!members.contains(&u64::from(first)));
    let report = verified(&app, &public(&app), Audience::Public);
    assert_eq!((report.facts.names.len(), report.facts.unsealed), (3, true));
    let auditor =
        app.get(&app.auditor, &format!("{path}/evidence?audience=auditor&purpose=审计")).expect(200);
    let report = verified(&app, &auditor, Audience::Auditor);
    let calls = report.facts.calls.as_ref().unwrap();
    assert_eq!((calls.out_on_own_pages, calls.passed_over_on_operators_word), (1, 0));
    assert!(calls.out.iter().all(|out| out.number.is_some()));
    // Who came to the panel by a settlement is kept for the file when they are erased.
    let drawn: Vec<u32> = calls.drawn.iter().map(|seat| seat.position).collect();
    let late = calls.members.iter().position(|seat| !drawn.contains(&seat.position)).unwrap();
    let opened = Evidence::read(&auditor.bytes).unwrap().openings.unwrap();
    let number = &opened.seated[late].number;
    ended(&app, number, "dismissed");
    erased(&app, number);
    assert_eq!(verified(&app, &public(&app), Audience::Public).facts.names.len(), 3);
}

fn nobody_is_erased_while_a_draw_may_still_call_them(kind: Kind) {
    let called = Called::new(kind, 8);
    let number = &called.experts[0];
    ended(&called.app, number, "dismissed");
    let propose = json!({"about": number, "ground": "request", "basis": "本人书面申请"});
    let refused = called.app.post(&called.app.bureau, "/api/v1/erasures", "e", &propose);
    let refused = refused.problem(409, "not_erasable");
    assert!(refused["detail_en"].as_str().unwrap().contains("running"), "{refused}");
}
