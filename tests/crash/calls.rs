//! `kill -9` during calls, again and again on one database: experts answer on their own pages and over a
//! gateway, windows are settled, rounds follow, messages go out. No invitation is sent twice, no answer that
//! was taken is lost, seats are by rank (the auditor's binary says so), and the tables are what the journal
//! says. And the process ends exactly before or exactly after each COMMIT of a settlement and of the sender.
//!
//! The moments come from a seed that is printed; `EXPERT_DRAW_TEST_SEED` repeats them (the machine's own
//! timing it cannot repeat), `EXPERT_DRAW_TEST_KILLS` asks for more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use expert_draw::codec::{Hash, sha256};
use expert_draw::outside::reference::{ReferenceGateway, Sent, Settings, Unkind};
use expert_draw::outside::wire::Said;
use expert_draw::ports::{Clock, SystemClock, SystemEntropy};
use expert_draw::registry::{PackageDraft, PartyDraft};
use expert_draw::service::Service;
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::Actor;
use expert_draw::service::calls::terms::{CallSite, CallTerms};
use expert_draw::service::draws::{DrawDraft, GroupDraft};
use expert_draw::service::experts::ExpertsAsked;
use expert_draw::service::idempotency::IdempotencyKey;
use expert_draw::service::listing::Paging;
use expert_draw::time::Timestamp;
use serde_json::{Value, json};

use crate::kills::{Random, setting};
use crate::site::{Server, Site, credit_code};
use crate::support::{Kind, on_both};

on_both! {
    calls_outlive_kill_9_and_nobody_is_invited_twice
    a_process_that_ends_around_a_commit_of_calls_leaves_them_undone_or_goes_on
    a_process_that_ends_around_a_commit_of_the_sender_sends_nothing_twice
}

const KILLS: u64 = 50;
const CHECKED_EVERY: u64 = 10;
/// The kill comes after so many answers on pages were begun, or messages and reports went over the gateway,
/// in turns; and so long after that.
const MOST_BEGUN: u64 = 5;
const LATEST_MS: u64 = 40;
/// How long that is waited for, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(20);
/// Draws whose calls are open at the beginning of a round of kills.
const DRAWS: usize = 24;
/// What is drawn for.
const SPECIALITIES: [&str; 2] = ["ndrc316:A0832", "ndrc316:C06"];
/// Clients of experts at a time.
const CLIENTS: usize = 6;

/// The site with its people, its gateway and its draws.
struct Place {
    site: Site,
    gateway: ReferenceGateway,
    auditor: String,
    bureau: String,
    /// Token of each expert.
    tokens: BTreeMap<String, String>,
    draws: Vec<String>,
}

impl Place {
    /// With a page for every expert, or for nobody.
    fn new(kind: Kind, unkind: Unkind, pages: bool) -> Self {
        let mut site = Site::new(kind);
        let secret = site.fresh.folder.join("gateway.key");
        std::fs::write(&secret, "03".repeat(32)).unwrap();
        std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let settings = Settings {
            secret: [3; 32],
            seed: [4; 32],
            unkind,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        };
        let gateway = ReferenceGateway::start("127.0.0.1:0".parse().unwrap(), settings).unwrap();
        site.environment = vec![
            ("EXPERT_DRAW_GATEWAY_SECRET", secret.display().to_string()),
            ("EXPERT_DRAW_GATEWAY_KEY", gateway.public_key()),
        ];
        let service = site.service();
        let account = |draft: AccountDraft| service.found_account(&draft).unwrap().token.unwrap();
        let auditor = account(AccountDraft::new("auditor", "审计", None, 30));
        let bureau = account(AccountDraft::new("bureau", "财政", None, 30));
        let actor = service.authenticate(&bureau).unwrap();
        // Those who can be invited: of the specialities that are drawn for.
        let mut numbers = BTreeSet::new();
        for speciality in SPECIALITIES {
            let asked = ExpertsAsked { speciality: Some(speciality.to_owned()), ..ExpertsAsked::default() };
            let mut paging = Paging { limit: 200, after: None };
            loop {
                let page = service.experts(&actor, &asked, &paging).unwrap();
                numbers.extend(page.items.into_iter().map(|line| line.number));
                let Some(next) = page.next else { break };
                paging.after = Some(next);
            }
        }
        assert!(numbers.len() > 20, "too few people to invite");
        let tokens = numbers.into_iter().filter(|_| pages).map(|number| {
            let draft = AccountDraft {
                expert: Some(number.clone()),
                ..AccountDraft::new("expert", "专家", None, 30)
            };
            (number, account(draft))
        });
        let tokens = tokens.collect();
        drop(service);
        Self { site, gateway, auditor, bureau, tokens, draws: Vec::new() }
    }

    /// Draws `n` more panels, while nobody serves; their first invitations stand in the outbox.
    fn draw(&mut self, n: usize) {
        let service = self.site.service();
        let agency = service.authenticate(&self.site.agency).unwrap();
        for _ in 0..n {
            let number = self.draws.len();
            self.draws.push(draw(&service, &agency, number));
        }
    }

    fn serve(&mut self, failpoint: &str, with_gateway: bool) -> Result<Server, String> {
        self.site.environment.retain(|(name, _)| *name != "EXPERT_DRAW_GATEWAY");
        if with_gateway {
            self.site.environment.push(("EXPERT_DRAW_GATEWAY", self.gateway.url()));
        }
        let server = self.site.try_serve(failpoint)?;
        // Reports go to a server that sends, not to one that is only looked at.
        let reports = with_gateway.then(|| format!("http://{}/api/v1/gateway/answers", server.address));
        self.gateway.report_to(reports);
        Ok(server)
    }

    fn agent(&self) -> ureq::Agent {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        config.into()
    }
}

/// A draw of five seats, on days of its own, so that no slot is asked for twice.
fn draw(service: &Service, agency: &Actor, number: usize) -> String {
    let party = |serial: u32| PartyDraft { code: credit_code(serial), name: format!("单位{serial}") };
    let package = PackageDraft {
        plan_no: format!("CALLS-{}", number + 1),
        package_no: "1".into(),
        title: "测试".into(),
        purchaser: party(21),
        agency: party(1),
        suppliers: vec![party(31)],
        created_by: String::new(),
    };
    let key = |text: String| IdempotencyKey::new(&text, Hash([1; 32])).unwrap();
    let package = service.record_package(agency, &package, Some(&key(format!("package-{number}")))).unwrap();
    // Two days from now on, a draw every eight hours.
    let hours = i64::try_from(number).unwrap() * 8 + 72;
    let start = Timestamp(SystemClock.now().0 / 3600 * 3600 + hours * 3600);
    let group = |speciality: &str, seats| GroupDraft {
        speciality: speciality.into(),
        within: vec!["430000".into()],
        except: Vec::new(),
        seats,
        site: 1,
    };
    let draft = DrawDraft {
        package: package.summary.id.clone(),
        review_start: start,
        groups: vec![group(SPECIALITIES[0], 3), group(SPECIALITIES[1], 2)],
        calls: Some(CallTerms {
            hours: 4,
            sign_in_by: start.0,
            travel_minutes: 60,
            cutoff_hours: 24,
            sites: vec![CallSite { site: 1, city: "430600".into(), place: None }],
        }),
    };
    let made = service.request_draw(agency, &draft, &key(format!("draw-{number}"))).unwrap();
    assert_eq!(made.state, "calling");
    made.id
}

/// What somebody answers: always the same to one invitation, yes more often than no.
fn comes(id: &str) -> bool {
    sha256(&[id.as_bytes()]).0[0] % 5 < 3
}

/// One answer of an expert on the own page, as told or not told.
#[derive(Clone, Debug)]
struct Said1 {
    number: String,
    invitation: String,
    accepted: bool,
    told: bool,
}

fn answer(agent: &ureq::Agent, address: &str, token: &str, id: &str, accepted: bool) -> Option<(u16, Value)> {
    let (verb, body) = if accepted { ("accept", json!({})) } else { ("decline", json!({"reason": "busy"})) };
    let request = agent
        .post(format!("http://{address}/api/v1/me/invitations/{id}/{verb}"))
        .header("Authorization", format!("Bearer {token}"))
        .header("Idempotency-Key", format!("{verb}-{id}"));
    let mut answer = request.send_json(&body).ok()?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().read_to_string().ok()?;
    Some((status, serde_json::from_str(&text).ok()?))
}

fn get(agent: &ureq::Agent, address: &str, token: &str, path: &str) -> Option<Value> {
    let request = agent
        .get(format!("http://{address}/api/v1{path}"))
        .header("Authorization", format!("Bearer {token}"));
    let mut answer = request.call().ok()?;
    let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().ok()?;
    assert_eq!(answer.status(), 200, "{path}: {text}");
    serde_json::from_str(&text).ok()
}

fn post(
    agent: &ureq::Agent,
    address: &str,
    token: &str,
    path: &str,
    key: &str,
    body: &Value,
) -> Option<(u16, Value)> {
    let request = agent
        .post(format!("http://{address}/api/v1{path}"))
        .header("Authorization", format!("Bearer {token}"))
        .header("Idempotency-Key", key);
    let mut answer = request.send_json(body).ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    Some((answer.status().as_u16(), serde_json::from_str(&text).ok()?))
}

/// What the kills met.
#[derive(Debug, Default)]
struct Seen {
    /// Kills after which an answer stood that nobody was told of, or a settlement or the next round was still
    /// to come.
    inside_a_write: u32,
    /// Draws that were left between an answer, its settlement and the next round.
    half_made: u64,
    /// Reports that stood and were not answered.
    reports_untold: u64,
    /// Kills after which the gateway had a message that was not written down as sent.
    inside_a_send: u32,
    /// Page answers under way when the process was killed, and of those the ones that stood.
    under_way: u32,
    stood_unanswered: u32,
}

fn calls_outlive_kill_9_and_nobody_is_invited_twice(kind: Kind) {
    let mut random = Random::new();
    let kills = setting("EXPERT_DRAW_TEST_KILLS").unwrap_or(KILLS);
    let unkind = Unkind { lose_request: 10, lose_answer: 20, double: 40, delay: 40, reorder: true };
    let mut place = Place::new(kind, unkind, true);
    place.gateway.report_by_itself().unwrap();
    place.draw(DRAWS);
    let (mut seen, mut said): (Seen, Vec<Said1>) = Default::default();
    let mut heard: BTreeSet<String> = BTreeSet::new();
    for round in 0..kills {
        if round % CHECKED_EVERY == CHECKED_EVERY - 1 {
            place.draw(DRAWS / 3);
        }
        let mut server = place.serve("", true).unwrap();
        if round % CHECKED_EVERY == CHECKED_EVERY - 1 {
            after_the_start(&place, &server, &said, &mut seen, false);
            server.stop();
            place.site.is_sound();
            server = place.serve("", true).unwrap();
        }
        let untold = untold_reports(&place);
        let when = (round % 2 == 0, random.between(1, MOST_BEGUN), random.between(0, LATEST_MS));
        let new = killed(&place, &mut server, &mut heard, when);
        // Asked of the database itself, before anybody mends anything.
        let unwritten = sent_and_waiting(&place);
        seen.inside_a_send += u32::from(unwritten > 0);
        let half = place.site.count("SELECT count(*) AS n FROM draw_calls WHERE due = 0");
        let reports = untold_reports(&place).saturating_sub(untold);
        seen.half_made += half;
        seen.reports_untold += reports;
        let server = place.serve("", false).unwrap();
        let stood = stood(&place, &server, &new, &mut seen);
        seen.inside_a_write += u32::from(stood > 0 || reports > 0 || half > 0);
        said.extend(new);
        server.stop();
    }
    let server = place.serve("", true).unwrap();
    after_the_start(&place, &server, &said, &mut seen, true);
    server.stop();
    place.site.is_sound();
    let told = said.iter().filter(|one| one.told).count();
    let reported = place.gateway.taken().iter().filter(|(_, answer)| answer.contains("\"recorded\"")).count();
    println!(
        "{kind:?}: {kills} kills, {} draws, {told} page answers told, {} reports taken, {} messages sent, {seen:?}",
        place.draws.len(),
        place.gateway.taken().len(),
        place.gateway.sent().len(),
    );
    assert!((told + reported) as u64 > kills && told > 0, "too few answers to say anything");
    assert!(seen.inside_a_write > 0, "no kill landed inside a write: {seen:?}");
    assert!(seen.inside_a_send > 0, "no kill landed inside a send: {seen:?}");
}

/// Lets experts and gateway work and kills the server under them; what the page clients said.
fn killed(
    place: &Place,
    server: &mut Server,
    heard: &mut BTreeSet<String>,
    (by_pages, begun, after_ms): (bool, u64, u64),
) -> Vec<Said1> {
    let ready = Barrier::new(CLIENTS + 2);
    let (stop, pages) = (AtomicBool::new(false), AtomicU64::new(0));
    let over_gateway = || (place.gateway.sent().len() + place.gateway.taken().len()) as u64;
    let before = over_gateway();
    let said = Mutex::new(Vec::new());
    let people: Vec<(&String, &String)> = place.tokens.iter().collect();
    std::thread::scope(|scope| {
        for part in people.chunks(people.len().div_ceil(CLIENTS)) {
            let (ready, stop, said, pages, address) = (&ready, &stop, &said, &pages, server.address.clone());
            scope.spawn(move || {
                let agent = place.agent();
                ready.wait();
                // Elsewhere each time: a round is too short for everybody.
                let begin = usize::try_from(before + after_ms).unwrap() % part.len();
                'work: loop {
                    for (number, token) in part[begin..].iter().chain(&part[..begin]) {
                        if stop.load(Ordering::SeqCst) {
                            break 'work;
                        }
                        let Some(mine) = get(&agent, &address, token, "/me/invitations") else { break 'work };
                        for one in
                            mine["items"].as_array().unwrap().iter().filter(|one| one["state"] == "open")
                        {
                            let id = one["id"].as_str().unwrap();
                            // Every third invitation is left to the gateway.
                            if sha256(&[id.as_bytes()]).0[1].is_multiple_of(3) {
                                continue;
                            }
                            let accepted = comes(id);
                            pages.fetch_add(1, Ordering::SeqCst);
                            let told = answer(&agent, &address, token, id, accepted);
                            if let Some((status, body)) = &told {
                                // The gateway may have been first.
                                assert!([200, 409].contains(status), "{body}");
                            }
                            let told = told.map(|(status, _)| status);
                            if told != Some(409) {
                                said.lock().unwrap().push(Said1 {
                                    number: (*number).clone(),
                                    invitation: id.to_owned(),
                                    accepted,
                                    told: told == Some(200),
                                });
                            }
                            if told.is_none() {
                                break 'work;
                            }
                        }
                    }
                }
            });
        }
        let (ready, stop) = (&ready, &stop);
        scope.spawn(move || {
            ready.wait();
            // Whoever is reached answers.
            while !stop.load(Ordering::SeqCst) {
                for sent in place.gateway.sent() {
                    if sent.kind == "invitation" && heard.insert(sent.key.clone()) {
                        place.gateway.happened(&sent.key, &Said::Delivered);
                        let reason = None;
                        place
                            .gateway
                            .happened(&sent.key, &Said::Answered { accepted: comes(&sent.key), reason });
                    }
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        ready.wait();
        let since = std::time::Instant::now();
        let reached = || {
            let now = if by_pages { pages.load(Ordering::SeqCst) } else { over_gateway() - before };
            now >= begun
        };
        while !reached() && since.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(after_ms));
        server.kill();
        stop.store(true, Ordering::SeqCst);
    });
    said.into_inner().unwrap()
}

/// Answers over the gateway that stand and that the gateway was not told of.
fn untold_reports(place: &Place) -> u64 {
    let stand = place
        .site
        .count("SELECT count(*) AS n FROM journal WHERE kind = 'draw.answered' AND actor = 'gateway'");
    let told = place
        .gateway
        .taken()
        .into_iter()
        .filter(|(_, answer)| answer.contains("\"recorded\"") || answer.contains("\"repeated\""));
    let told: BTreeSet<String> = told
        .map(|(body, _)| serde_json::from_slice::<Value>(&body).unwrap())
        .filter(|body| body["type"] == "answered")
        .map(|body| body["key"].as_str().unwrap().to_owned())
        .collect();
    stand.saturating_sub(told.len() as u64)
}

/// Messages that the gateway has and the outbox has not written down.
fn sent_and_waiting(place: &Place) -> usize {
    let sent: BTreeSet<String> = place.gateway.sent().into_iter().map(|sent| sent.key).collect();
    let waiting = place.site.texts("SELECT id AS t FROM outbox WHERE state = 'waiting' AND tries > 0");
    waiting.iter().filter(|id| sent.contains(*id)).count()
}

/// Page answers that were not told: how many stood all the same. Asking again under the same key answers
/// what stands, or records it now; either way once.
fn stood(place: &Place, server: &Server, new: &[Said1], seen: &mut Seen) -> u32 {
    let agent = place.agent();
    let mut stood = 0;
    for one in new.iter().filter(|one| !one.told) {
        let token = &place.tokens[&one.number];
        let path = format!("/me/invitations/{}", one.invitation);
        let before = get(&agent, &server.address, token, &path).unwrap();
        seen.under_way += 1;
        if before["by"] == "expert" {
            stood += 1;
            assert_eq!(before["answer"], if one.accepted { "accepted" } else { "declined" }, "{before}");
            let (status, again) =
                answer(&agent, &server.address, token, &one.invitation, one.accepted).unwrap();
            assert_eq!((status, &again), (200, &before), "the same key, the same answer");
        }
    }
    seen.stood_unanswered += stood;
    stood
}

/// Holds the started service against what was told, what was sent, and the protocol.
fn after_the_start(place: &Place, server: &Server, said: &[Said1], seen: &mut Seen, all: bool) {
    let agent = place.agent();
    // No lost answer: whoever was told of it finds it.
    for one in said.iter().filter(|one| one.told) {
        let path = format!("/me/invitations/{}", one.invitation);
        let found = get(&agent, &server.address, &place.tokens[&one.number], &path).unwrap();
        let answer = if one.accepted { "accepted" } else { "declined" };
        assert_eq!(
            (found["answer"].as_str(), found["by"].as_str()),
            (Some(answer), Some("expert")),
            "{found}"
        );
    }
    // No double invitation, by the gateway's own record: one per person and review.
    let mut invited = BTreeSet::new();
    for Sent { phone, text, kind, .. } in place.gateway.sent() {
        if kind == "invitation" {
            let review = text.split('，').next().unwrap().to_owned();
            assert!(invited.insert((phone.clone(), review.clone())), "{phone} was invited twice: {review}");
        }
    }
    // Nor by ours; and what the gateway was told is recorded stands, with the receipt of it.
    let recorded: BTreeMap<String, Value> = place
        .gateway
        .taken()
        .into_iter()
        .filter(|(_, answer)| answer.contains("\"recorded\"") || answer.contains("\"repeated\""))
        .map(|(body, _)| serde_json::from_slice::<Value>(&body).unwrap())
        .filter(|body| body["type"] == "answered")
        .map(|body| (body["key"].as_str().unwrap().to_owned(), body))
        .collect();
    let mut held = 0;
    for (n, draw) in place.draws.iter().enumerate() {
        if !all && n % 3 != 0 {
            continue;
        }
        let key = format!("look-{n}-{}", seen.under_way + u32::from(all) * 100_000);
        let path = format!("/draws/{draw}/calls/open");
        let purpose = json!({"purpose": "核对"});
        let (status, opened) = post(&agent, &server.address, &place.auditor, &path, &key, &purpose).unwrap();
        assert_eq!(status, 200, "{opened}");
        for person in opened["items"].as_array().unwrap() {
            let messages = person["messages"].as_array().unwrap();
            let invitations = messages.iter().filter(|message| message["kind"] == "invitation").count();
            assert_eq!(invitations, 1, "{person}");
            let id = messages.iter().find(|message| message["kind"] == "invitation").unwrap()["id"]
                .as_str()
                .unwrap();
            if let Some(body) = recorded.get(id) {
                assert_eq!(
                    (&person["answer"], &person["by"]),
                    (&body["answer"], &json!("channel")),
                    "{person}"
                );
                assert!(person["receipt"].as_str().unwrap().contains("signature"));
                held += 1;
            }
        }
        // Seats by rank: the auditor's binary computes them anew.
        let evidence = agent.get(format!("http://{}/api/v1/draws/{draw}/evidence", server.address)).call();
        let evidence = evidence.unwrap().body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
        let (code, said) = place.site.verify(&evidence);
        assert_eq!(code, Some(0), "{said}");
    }
    assert!(!all || held > 0, "no answer over the gateway was held against its receipt");
    let path = format!("/draws/{}/calls", place.draws[0]);
    get(&agent, &server.address, &place.bureau, &path).unwrap();
}

/// Entries of the journal, asked of the database itself.
fn entries(place: &Place) -> u64 {
    place.site.count("SELECT count(*) AS n FROM journal")
}

/// The people with an open invitation, with its id.
fn open(place: &Place, address: &str) -> Vec<(String, String)> {
    let agent = place.agent();
    let mut found = Vec::new();
    for (number, token) in &place.tokens {
        let mine = get(&agent, address, token, "/me/invitations").unwrap();
        for one in mine["items"].as_array().unwrap().iter().filter(|one| one["state"] == "open") {
            found.push((number.clone(), one["id"].as_str().unwrap().to_owned()));
        }
    }
    found
}

fn a_process_that_ends_around_a_commit_of_calls_leaves_them_undone_or_goes_on(kind: Kind) {
    // The last answer of a window brings three writes: the answer, the settlement, the next round.
    let places = [
        ("before_commit:1", 0),
        ("after_commit:1", 1),
        ("before_commit:2", 1),
        ("after_commit:2", 2),
        ("before_commit:3", 2),
        ("after_commit:3", 3),
    ];
    let mut place = Place::new(kind, Unkind::default(), true);
    for (failpoint, written) in places {
        place.draw(1);
        let agent = place.agent();
        let server = place.serve("", false).unwrap();
        let invited = open(&place, &server.address);
        let ((last, last_id), others) = invited.split_last().unwrap();
        for (number, id) in others {
            let (status, body) = answer(&agent, &server.address, &place.tokens[number], id, false).unwrap();
            assert_eq!(status, 200, "{body}");
        }
        server.stop();
        let before = entries(&place);
        let mut server = place.serve(failpoint, false).unwrap();
        assert!(
            answer(&agent, &server.address, &place.tokens[last], last_id, false).is_none(),
            "{failpoint}"
        );
        assert!(server.ended_by_signal(), "{failpoint}");
        assert_eq!(entries(&place), before + written, "{failpoint}");

        let server = place.serve("", false).unwrap();
        // The same key: recorded now, or found recorded; what follows is for the clock, or whoever asks.
        let (status, told) = answer(&agent, &server.address, &place.tokens[last], last_id, false).unwrap();
        assert_eq!((status, &told["answer"]), (200, &json!("declined")), "{failpoint}: {told}");
        let draw = place.draws.last().unwrap();
        let path = format!("/draws/{draw}/calls/advance");
        let (_, calls) = post(&agent, &server.address, &place.bureau, &path, failpoint, &json!({})).unwrap();
        assert_eq!(entries(&place), before + 3, "{failpoint}: {calls}");
        let rounds = calls["rounds"].as_array().unwrap();
        assert_eq!((rounds.len(), &rounds[0]["declined"]), (2, &json!(7)), "{failpoint}: {calls}");
        let again = open(&place, &server.address);
        assert!(again.iter().all(|(number, _)| !invited.iter().any(|(before, _)| before == number)));
        // Nobody of this draw shall be open in the next one's list.
        for (number, id) in again {
            answer(&agent, &server.address, &place.tokens[&number], &id, true).unwrap();
        }
        server.stop();
        place.site.is_sound();
    }
}

fn a_process_that_ends_around_a_commit_of_the_sender_sends_nothing_twice(kind: Kind) {
    // The sender's first two writes: seven messages taken, seven written down.
    let mut place = Place::new(kind, Unkind::default(), false);
    for (failpoint, sent, waiting) in [
        ("before_commit:1", 0, 7),
        ("after_commit:1", 0, 7),
        ("before_commit:2", 7, 7),
        ("after_commit:2", 7, 0),
    ] {
        place.draw(1);
        let before = place.gateway.sent().len();
        // It may end before it says where it listens.
        if let Ok(mut server) = place.serve(failpoint, true) {
            assert!(server.ended_by_signal(), "{failpoint}");
        }
        assert_eq!(place.gateway.sent().len() - before, sent, "{failpoint}");
        let waits = "SELECT count(*) AS n FROM outbox WHERE state = 'waiting'";
        assert_eq!(place.site.count(waits), waiting, "{failpoint}");
        // What was taken by the process that died is taken again when its lease has ended.
        by_hand(&place);
        let server = place.serve("", true).unwrap();
        let agent = place.agent();
        let path = format!("/draws/{}/calls", place.draws.last().unwrap());
        let calls = (0..600).find_map(|_| {
            let calls = get(&agent, &server.address, &place.bureau, &path).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            (calls["messages"] == json!({"sent": 7})).then_some(calls)
        });
        assert!(calls.is_some(), "{failpoint}: all are sent at last");
        let messages = place.gateway.sent().split_off(before);
        assert_eq!(messages.len(), 7, "{failpoint}: every key once");
        let twice = messages.iter().filter(|message| message.requests == 2).count();
        assert_eq!(twice, if failpoint == "before_commit:2" { 7 } else { 0 }, "{failpoint}: asked for again");
        server.stop();
        place.site.is_sound();
    }
}

/// Ends the leases, as if half a minute had passed.
fn by_hand(place: &Place) {
    place.site.fresh.by_hand("UPDATE outbox SET next_try = 0 WHERE state = 'waiting'").unwrap();
}
