//! An audit with private records: the export replayed offline, and an operator who cheats inside what the
//! public log does not show. The log and the sealed records are written anew with the real keys; what no
//! public check can name, the replay names (`api-spec/audit-v1.md` §6).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use expert_draw::audit::finding::FINDINGS;
use expert_draw::codec::{Hash, from_hex, to_hex};
use expert_draw::draw::commitment::{Commitment, Contributor};
use expert_draw::draw::pool as draw_pool;
use expert_draw::draw::pool::Excluded;
use expert_draw::draw::request::names_digest;
use expert_draw::keys::sealing::SealingKeys;
use expert_draw::log::{GrownTree, Statement};
use expert_draw::ports::SystemEntropy;
use expert_draw::service::draws::judged::Judged;
use expert_draw::service::draws::record::DrawRecord;
use expert_draw::service::private_export::PrivateExport;
use expert_draw::service::refusal::Refusal;
use expert_draw::service::replay::{BRIEF, NAMES, Replayed};
use expert_draw::service::sealing::Sealer;
use expert_draw::store::{Database, Reader, journal};
use expert_draw::time::{Date, Timestamp};
use serde_json::{Value, json};

use crate::app::{NOW, TestApp};
use crate::audited::{Asked, Served};
use crate::draws::{pool, recorded, request};
use crate::plans::{approved, may_be_drawn, plan, step};
use crate::replay::{hunan, people, person};
use crate::shared_site::Site;
use crate::support::{Kind, on_both, run_sqlite};

on_both! {
    an_export_holds_what_a_replay_needs_and_nobody_else_opens_it
    an_export_of_another_history_is_named
    a_pool_that_was_bent_is_named_by_how
    a_sealed_record_that_was_swapped_or_left_out_is_named
    whoever_was_judged_by_something_else_than_what_stood_is_named
    a_draw_that_waits_for_others_than_its_profile_asks_for_is_named
    an_expert_who_was_out_for_a_minute_is_named
    what_was_rebuilt_before_is_followed_and_not_rebuilt_again
}

/// A log with one draw, made an hour after its experts were entered, and its export.
struct Exported {
    app: TestApp,
    folder: PathBuf,
    key: PathBuf,
}

impl Exported {
    fn new(kind: Kind) -> Self {
        let app = TestApp::drawing_under(kind, hunan());
        people(&app, 0..8);
        person(&app, 20, |one| one["e_evaluation"] = json!("no"));
        app.clock.set(Timestamp(NOW.0 + 3600));
        let id = recorded(&app, 1);
        app.post(&app.agency, "/api/v1/draws", "draw", &request(&id, 2)).expect(201);
        let (folder, key) = app.private_export();
        Self { app, folder, key }
    }

    /// The same of a draw from an approved plan, with calls.
    fn planned(kind: Kind) -> Self {
        let app = TestApp::ruled(kind, "hunan");
        pool(&app, 14);
        let plan = approved(&app, &plan(&recorded(&app, 1)));
        may_be_drawn(&app);
        step(&app, &app.agency, &plan, "draw", &json!({})).expect(201);
        let (folder, key) = app.private_export();
        Self { app, folder, key }
    }

    /// A copy of the export, for one trick.
    fn copied(&self, name: &str) -> PathBuf {
        let folder = self.app.fresh.folder.join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(PrivateExport::file(&self.folder), PrivateExport::file(&folder)).unwrap();
        run_sqlite(&PrivateExport::file(&folder), "DROP TRIGGER journal_no_update").unwrap();
        folder
    }

    fn replayed(&self, folder: &Path) -> Replayed {
        let export = PrivateExport::open(folder, &self.key).unwrap();
        export.replay(&SystemEntropy, 0, &mut |_, _, _| true).unwrap()
    }

    fn names(&self, folder: &Path) -> Vec<&'static str> {
        self.replayed(folder).findings.iter().map(|found| found.name).collect()
    }

    fn sealing(&self) -> Arc<SealingKeys> {
        let text = std::fs::read_to_string(&self.key).unwrap();
        let hex = text.lines().nth(1).unwrap().strip_prefix("sealing ").unwrap();
        let key: [u8; 32] = from_hex(hex).unwrap().try_into().unwrap();
        Arc::new(SealingKeys::only(key.into()))
    }

    /// What names the public cannot see: the draw committed anew, record and statement fitting each other.
    fn bent(&self, name: &str, change: impl FnOnce(&mut DrawRecord)) -> Vec<&'static str> {
        self.committed_anew(name, change, |_| {})
    }

    fn committed_anew(
        &self,
        name: &str,
        change: impl FnOnce(&mut DrawRecord),
        say: impl FnOnce(&mut Commitment),
    ) -> Vec<&'static str> {
        let folder = self.copied(name);
        let file = PrivateExport::file(&folder);
        let sealing = self.sealing();
        let sealer = Sealer::new(&sealing, &SystemEntropy);
        let reader = Reader::open(&Database::Sqlite(file.clone()), 1, Duration::from_secs(5)).unwrap();
        let (at, statement, sealed) = reader
            .read(|conn| {
                let at = journal::indices_of(conn, Commitment::TYPE)?[0];
                let entry = journal::find(conn, at)?.unwrap();
                let key = sealer.stored_key(conn, &entry.subject)?;
                let opened = key.open(&entry.kind, entry.image.as_deref().unwrap())?;
                let mut record = DrawRecord::from_bytes(&opened).unwrap();
                change(&mut record);
                let said = Statement::parse(&entry.statement).unwrap();
                let mut commitment = Commitment::read(&said.body_json()).unwrap();
                let draw_key = &record.header.key;
                // Candidates lie in the record by position; whoever bends it sorts it as it has to be.
                let sorted = draw_pool::build(draw_key, &record.candidates, &record.related).unwrap();
                record.candidates =
                    sorted.origin.iter().map(|origin| record.candidates[*origin].clone()).collect();
                record.excluded.sort_by(|a, b| a.number.cmp(&b.number));
                commitment.pool_size = u32::try_from(sorted.leaves.len()).unwrap();
                commitment.pool_root = draw_pool::root(&sorted.leaves);
                commitment.excluded = draw_pool::excluded_digest(draw_key, &record.excluded);
                commitment.request = record.header.request.digest(&draw_key.request_salt());
                commitment.names = names_digest(&draw_key.names_salt(), &record.header.request.groups);
                say(&mut commitment);
                let expert_draw::codec::Json::Map(body) = commitment.fields().into() else { unreachable!() };
                let anew = Statement::new(Commitment::TYPE, said.log().clone(), said.time(), body).unwrap();
                let sealed = sealer.seal(&key, &entry.kind, &record.to_bytes());
                Ok::<_, Refusal>((at, anew, sealed))
            })
            .unwrap();
        let change = format!(
            "UPDATE journal SET statement = x'{}', leaf_hash = x'{}', image = x'{}' WHERE idx = {at}",
            to_hex(&statement.to_bytes()),
            statement.leaf_hash(),
            to_hex(&sealed)
        );
        run_sqlite(&file, &change).unwrap();
        self.names(&folder)
    }
}

fn an_export_holds_what_a_replay_needs_and_nobody_else_opens_it(kind: Kind) {
    let exported = Exported::new(kind);
    let replayed = exported.replayed(&exported.folder);
    assert_eq!((replayed.findings, replayed.notices), (vec![], vec![]));
    assert_eq!((replayed.draws, replayed.people), (1, 9));
    let bytes = std::fs::read(PrivateExport::file(&exported.folder)).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds("专家3") && !holds("1380000"), "nothing about a person lies open in it");
    // Who looked, accounts and tokens stay where they are.
    let reader =
        Reader::open(&Database::Sqlite(PrivateExport::file(&exported.folder)), 1, Duration::from_secs(5))
            .unwrap();
    let entries = reader.read(|conn| journal::range(conn, 0, 500)).unwrap();
    assert!(entries.iter().all(|entry| entry.actor.is_empty()));
    let kept =
        |kind: &str| entries.iter().filter(|entry| entry.kind.starts_with(kind)).all(|e| e.image.is_none());
    assert!(kept("access.") && kept("account.") && entries.iter().any(|e| e.kind.starts_with("account.")));
    let told = Command::new(&exported);
    // Another export's key, no key file, and a key that others may read.
    let (_, other) = exported.app.private_export();
    assert_eq!(told.names_under(&other), Err("image"));
    assert_eq!(told.names_under(&exported.app.fresh.folder.join("trust")), Err("private_export"));
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&exported.key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(told.names_under(&exported.key), Err("private_export"));
    // Every name that a replay can say has its words in the report.
    for name in NAMES {
        assert!(FINDINGS.iter().any(|(known, ..)| *known == name), "{name}");
    }
}

/// Opening with a key file.
struct Command<'a>(&'a Exported);

impl<'a> Command<'a> {
    fn new(exported: &'a Exported) -> Self {
        Self(exported)
    }

    /// The first finding, or why the export does not open.
    fn names_under(&self, key: &Path) -> Result<(), &'static str> {
        let export = PrivateExport::open(&self.0.folder, key).map_err(|refusal| refusal.code)?;
        let replayed =
            export.replay(&SystemEntropy, 0, &mut |_, _, _| true).map_err(|refusal| refusal.code)?;
        replayed.findings.first().map_or(Ok(()), |found| Err(found.name))
    }
}

fn an_export_of_another_history_is_named(kind: Kind) {
    let exported = Exported::new(kind);
    let (app, served) = (&exported.app, Served(&exported.app));
    let export = PrivateExport::open(&exported.folder, &exported.key).unwrap();
    // The log has gone on since: the export is still of its history.
    recorded(app, 2);
    let names = |tree: &GrownTree| Asked::new(app).with(&served).beside(tree).names(&served);
    assert_eq!(names(&export.tree), [""; 0]);
    // An entry replaced by another one that nobody has published.
    let folder = exported.copied("another");
    let change = "UPDATE journal SET statement = (SELECT statement FROM journal WHERE idx = 3) WHERE idx = 4";
    run_sqlite(&PrivateExport::file(&folder), change).unwrap();
    let other = PrivateExport::open(&folder, &exported.key).unwrap();
    assert_eq!(names(&other.tree), ["private_log"]);
    // One that is ahead of what was published says so.
    let mut ahead = PrivateExport::open(&exported.app.private_export().0, &exported.key);
    assert_eq!(ahead.as_mut().map(|ahead| names(&ahead.tree)).unwrap(), [""; 0]);
    let mut ahead = ahead.unwrap().tree;
    ahead.push(Hash([9; 32]));
    assert_eq!(names(&ahead), ["private_ahead"]);
}

fn a_pool_that_was_bent_is_named_by_how(kind: Kind) {
    let exported = Exported::new(kind);
    assert_eq!(exported.bent("as-it-was", |_| {}), [""; 0]);
    assert_eq!(exported.bent("dropped", |record| drop(record.candidates.remove(2))), ["pool_dropped"]);
    let hidden = exported.bent("hidden", |record| {
        let gone = record.candidates.remove(2);
        let rules = vec!["age_limit".to_owned()];
        record.header.excluded.insert("age_limit".into(), 1);
        let (number, image, registry) = (gone.number, gone.image, gone.registry);
        record.excluded.push(Excluded { number, image, registry, rules });
    });
    assert_eq!(hidden, ["pool_dropped", "exclusion", "exclusion"]);
    let slipped = exported.bent("slipped", |record| {
        let one = record.excluded.remove(0);
        record.header.excluded.clear();
        let model = record.candidates[0].clone();
        let (number, image, registry) = (one.number, one.image, one.registry);
        let unit = Some(crate::app::credit_code(120));
        record.candidates.push(draw_pool::Candidate { number, image, registry, unit, ..model });
    });
    assert_eq!(slipped, ["pool_slipped_in", "exclusion", "exclusion"]);
    assert_eq!(exported.bent("lots", |record| record.candidates[1].lots = 1), ["lots"]);
    assert_eq!(exported.bent("groups", |record| record.candidates[1].unit = None), ["pool_person"]);
    let related = exported.bent("related", |record| {
        let mut pair = [record.candidates[0].number.clone(), record.candidates[1].number.clone()];
        pair.sort();
        record.related.push(pair.into());
    });
    assert_eq!(related, ["relations"]);
    let unlike = exported.committed_anew("unlike", |_| {}, |said| said.pool_root = Hash([7; 32]));
    assert_eq!(unlike, ["draw_record"]);
    let unlike = exported.committed_anew("request", |_| {}, |said| said.request = Hash([7; 32]));
    assert_eq!(unlike, ["draw_record"]);
    let older = exported.committed_anew("older", |_| {}, |said| said.registry -= 1);
    assert_eq!(older, ["registry_state"]);
}

fn a_sealed_record_that_was_swapped_or_left_out_is_named(kind: Kind) {
    let exported = Exported::new(kind);
    let experts =
        "SELECT idx FROM journal WHERE CAST(statement AS TEXT) LIKE '%registry.expert%' ORDER BY idx";
    let alter = |name: &str, change: &str| {
        let folder = exported.copied(name);
        run_sqlite(&PrivateExport::file(&folder), change).unwrap();
        exported.names(&folder)
    };
    let swapped = format!(
        "UPDATE journal SET image = (SELECT image FROM journal WHERE idx = ({experts} LIMIT 1 OFFSET 1)) WHERE idx = ({experts} LIMIT 1)"
    );
    assert_eq!(alter("swapped", &swapped)[0], "image");
    let gone = format!("UPDATE journal SET image = NULL WHERE idx = ({experts} LIMIT 1)");
    // Without the record nobody knows the person, who was in the pool.
    assert_eq!(alter("gone", &gone), ["image", "pool_slipped_in"]);
    // A column that the log does not sign hides nobody.
    let flag = "UPDATE journal SET registry = FALSE";
    assert_eq!(alter("flag", flag), [""; 0]);
    let keyless = "DELETE FROM subject_key WHERE subject LIKE 'E%' OR subject LIKE '43%'";
    assert!(alter("keyless", keyless).contains(&"image"));
    let kind = "UPDATE journal SET kind = 'draw.other' WHERE kind = 'draw.committed'";
    assert_eq!(alter("kind", kind), ["image"]);
}

fn whoever_was_judged_by_something_else_than_what_stood_is_named(kind: Kind) {
    let exported = Exported::new(kind);
    let judged = |name: &str, change: fn(&mut Judged)| {
        exported.bent(name, |record| change(record.header.judged.as_mut().unwrap()))
    };
    assert_eq!(judged("before", |judged| judged.before = 4), ["judged_by"]);
    assert_eq!(judged("later", |judged| judged.before += 500), ["judged_by"]);
    assert_eq!(judged("day", |judged| judged.day = Date::of(Timestamp(NOW.0 - 86_400 * 3))), ["judged_by"]);
    // Somebody barred by the record alone: the pool is then as the record says, and the plan is missing.
    let barred = exported.bent("barred", |record| {
        let gone = record.candidates.remove(0);
        record.header.judged.as_mut().unwrap().barred = vec![gone.number.clone()];
        let rules = vec!["barred_by_violation".to_owned()];
        let (number, image, registry) = (gone.number, gone.image, gone.registry);
        record.excluded.push(Excluded { number, image, registry, rules });
    });
    assert_eq!(barred[0], "judged_by");
    // And of a draw from a plan: others than the approved plan names, or other hours.
    let planned = Exported::planned(kind);
    assert_eq!(planned.names(&planned.folder), [""; 0]);
    let judged = |name: &str, change: fn(&mut Judged)| {
        planned.bent(name, |record| change(record.header.judged.as_mut().unwrap()))
    };
    // Nobody of that number is in the registry: the pool stays as it is.
    assert_eq!(judged("bars", |judged| judged.barred = vec!["E4306260099999".into()]), ["judged_by"]);
    assert_eq!(judged("part", |judged| judged.involved = None), ["judged_by"]);
    assert_eq!(judged("hours", |judged| judged.hours = 5), ["judged_by"]);
}

fn a_draw_that_waits_for_others_than_its_profile_asks_for_is_named(kind: Kind) {
    let site = Site::new(kind, 2, 1, true);
    crate::contributions::people(&site);
    let package = crate::contributions::committed_to(&site, 1);
    // Changed their mind: the newest counts.
    site.commit(0, &package, [40; 32]).expect(201);
    crate::contributions::ask_for(&site, &package);
    let (folder, key) = site.app.private_export();
    let exported = Exported { app: site.app, folder, key };
    let bent = |name: &str, change: fn(&mut Commitment)| exported.committed_anew(name, |_| {}, change);
    let one = ["contributors"];
    assert_eq!(bent("as-it-was", |_| {}), [""; 0]);
    // A supervisor left out: fewer than asked, and this one.
    assert_eq!(bent("nonce", |said| _ = said.contributions.remove(0)), ["contributors", "contributors"]);
    let earlier = bent("earlier", |said| {
        for wanted in &mut said.contributions {
            if let Contributor::Nonce { commitment, .. } = wanted {
                *commitment = Hash([7; 32]);
                break;
            }
        }
    });
    assert_eq!(earlier, one);
    assert_eq!(bent("witness", |said| said.contributions.retain(|wanted| wanted.kind() != 3)), one);
    assert_eq!(bent("beacon", |said| said.contributions.retain(|wanted| wanted.kind() != 4)), one);
    assert_eq!(bent("deadline", |said| said.deadline += 1), one);
    // And where the profile asks for nobody.
    let alone = Exported::new(kind);
    let invited = alone.committed_anew(
        "invited",
        |_| {},
        |said| said.contributions.push(Contributor::Witness { key: Hash([7; 32]) }),
    );
    assert_eq!(invited, one);
}

fn an_expert_who_was_out_for_a_minute_is_named(kind: Kind) {
    let app = TestApp::drawing_under(kind, hunan());
    people(&app, 0..8);
    let skill = |number: &str, word: &str| {
        let path = format!("/api/v1/experts/{number}");
        let shown = app.get(&app.bureau, &format!("{path}?purpose=核对")).expect(200);
        let change = json!({"e_evaluation": word});
        app.patch(&app.bureau, &path, shown.header("ETag"), &change).expect(200);
    };
    let later = |seconds: i64| app.clock.set(Timestamp(app.service.now().0 + seconds));
    let draw = |number: u32| {
        let id = recorded(&app, number);
        let key = format!("draw-{number}");
        let mut asked = request(&id, 2);
        asked["review_start"] = json!("2026-12-18T01:00:00Z");
        let made: Value = app.post(&app.agency, "/api/v1/draws", &key, &asked).expect(201).json();
        made["id"].as_str().unwrap().to_owned()
    };
    let (out, inside) = (person(&app, 30, |_| {}), person(&app, 31, |one| one["e_evaluation"] = json!("no")));
    later(BRIEF + 3600);
    // One is out for a minute, another is in for a minute.
    skill(&out, "no");
    skill(&inside, "yes");
    later(30);
    let id = draw(1);
    later(30);
    skill(&out, "yes");
    skill(&inside, "no");
    let replayed = app.replay();
    assert_eq!(replayed.findings, []);
    let told: Vec<String> =
        replayed.notices.iter().map(|notice| format!("{} {}", notice.draw, notice.what)).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with(&format!("{id} {out} was out of the pool by a record that stood 60 seconds"))
    );
    assert!(told[1].starts_with(&format!("{id} {inside} was in the pool by a record that stood 60 seconds")));
    // A change that lasts is none of this, and neither is one with no draw within.
    skill(&out, "no");
    later(60);
    skill(&out, "yes");
    later(BRIEF);
    skill(&out, "no");
    draw(2);
    later(BRIEF + 1);
    skill(&out, "yes");
    assert_eq!(app.replay().notices.len(), 2);
}

fn what_was_rebuilt_before_is_followed_and_not_rebuilt_again(kind: Kind) {
    let Exported { app, .. } = Exported::new(kind);
    let draws = |done: u64| {
        let (folder, key) = app.private_export();
        let export = PrivateExport::open(&folder, &key).unwrap();
        let mut reached = vec![];
        let replayed = export.replay(&SystemEntropy, done, &mut |next, of, _| {
            reached.push((next, of));
            true
        });
        let replayed = replayed.unwrap();
        assert_eq!(replayed.findings, []);
        assert_eq!(reached.last(), Some(&(app.size(), app.size())));
        (replayed.draws, export.tree.size())
    };
    let (first, size) = draws(0);
    assert_eq!(first, 1);
    assert_eq!(draws(size).0, 1, "a record around it may still be undone");
    app.clock.set(Timestamp(app.service.now().0 + BRIEF + 60));
    let id = recorded(&app, 2);
    let mut asked = request(&id, 2);
    asked["review_start"] = json!("2026-12-18T01:00:00Z");
    app.post(&app.agency, "/api/v1/draws", "second", &asked).expect(201);
    assert_eq!(draws(0).0, 2);
    let (again, size) = draws(app.size());
    assert_eq!(again, 1, "the older draw is followed only");
    // Whoever asks to stop is heard after the next batch.
    let (folder, key) = app.private_export();
    let export = PrivateExport::open(&folder, &key).unwrap();
    let mut heard = 0;
    export
        .replay(&SystemEntropy, size, &mut |_, _, _| {
            heard += 1;
            false
        })
        .unwrap();
    assert_eq!(heard, 1);
}
