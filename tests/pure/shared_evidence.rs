//! Evidence files of draws with other contributors, or succeeded keys (`api-spec/evidence-v3.md`): whole
//! ones are fixed and verified, broken ones fail first at the check that is their name, the level follows
//! from the auditor's own file, and a file changed at any place is never verified.

use expert_draw::codec::{Hash, Json, Object};
use expert_draw::draw::contributions::{Reveal, Share};
use expert_draw::draw::seed::Contribution;
use expert_draw::draw::statements::VoidReason;
use expert_draw::evidence::verify::{CHECKS, Level, Report, SharedFacts, verify, verify_with};
use expert_draw::evidence::{Audience, Evidence};
use expert_draw::log::key_digest;

use crate::called::{Called, Fate};
use crate::evidence::{failed, mutate, with_digest};
use crate::shared::{ALL, BEACON, DEPENDENT, Keys, NOBODY, NONCE, Others, Shared, WITNESSED, without_line};
use crate::vectors::hold;

/// One file with what a verdict must say of it.
struct File {
    name: &'static str,
    make: fn() -> (Shared, Evidence),
    with: Level,
    missing: u32,
    voids: (u32, u32),
}

const fn file(name: &'static str, with: Level, make: fn() -> (Shared, Evidence)) -> File {
    File { name, make, with, missing: 0, voids: (0, 0) }
}

fn drawn(others: Others) -> Shared {
    let mut shared = Shared::committed(others, Keys::First);
    shared.contribute();
    shared.draw_now();
    shared
}

fn public(mut shared: Shared, open: bool) -> (Shared, Evidence) {
    let evidence = shared.evidence(Audience::Public, open);
    (shared, evidence)
}

fn unsealed(others: Others, keys: Keys) -> Shared {
    let mut shared = Shared::committed(others, keys);
    shared.contribute();
    shared.draw_now();
    shared.unseal();
    shared
}

/// Everybody but the witnesses and the beacon.
fn half(others: Others) -> Shared {
    let mut shared = Shared::committed(others, Keys::First);
    shared.reveal();
    shared.operate();
    shared
}

fn files() -> Vec<File> {
    vec![
        file("all_public", Level::Beacon, || public(drawn(ALL), false)),
        file("all_unsealed_auditor", Level::Beacon, || {
            let mut shared = unsealed(ALL, Keys::First);
            let evidence = shared.evidence(Audience::Auditor, true);
            (shared, evidence)
        }),
        file("witnessed_unsealed_public", Level::Witnessed, || {
            public(unsealed(WITNESSED, Keys::First), true)
        }),
        file("nonce_public", Level::Witnessed, || public(drawn(NONCE), false)),
        file("beacon_public", Level::Beacon, || public(drawn(BEACON), false)),
        file("dependent_public", Level::Operator, || public(drawn(DEPENDENT), false)),
        file("late_beacon_public", Level::Operator, || {
            let mut shared = Shared::committed(BEACON, Keys::First);
            shared.wait_for_round();
            shared.operate();
            shared.beacon();
            shared.draw_now();
            public(shared, false)
        }),
        file("succeeded_keys_public", Level::Operator, || public(unsealed(NOBODY, Keys::Succeeded), true)),
        file("succeeded_keys_auditor", Level::Beacon, || {
            let mut shared = unsealed(ALL, Keys::Succeeded);
            let evidence = shared.evidence(Audience::Auditor, true);
            (shared, evidence)
        }),
        file("called_unsealed_public", Level::Witnessed, || called(Fate::Unsealed, true)),
        file("called_stopped_public", Level::Witnessed, || called(Fate::Stopped, false)),
        File {
            missing: 2,
            ..file("open_public", Level::Witnessed, || {
                let mut shared = half(Others { beacon: false, ..ALL });
                shared.cosign();
                public(shared, false)
            })
        },
        File {
            missing: 1,
            voids: (0, 1),
            ..file("missing_voided_public", Level::Operator, || {
                let mut shared = half(WITNESSED);
                shared.answer(1);
                shared.cosign();
                shared.wait_until_deadline_is_past();
                shared.void(VoidReason::ContributionMissing);
                public(shared, false)
            })
        },
        File {
            missing: 3,
            voids: (0, 1),
            ..file("undated_voided_public", Level::Operator, || {
                // No quorum dated anything in time: all is missing, though the operator's part stands in the log.
                let mut shared = half(WITNESSED);
                shared.answer(1);
                shared.cosign();
                shared.wait_until_deadline_is_past();
                shared.void(VoidReason::ContributionMissing);
                let (shared, mut evidence) = public(shared, false);
                // One that a witness answered over stays, without a date.
                let over = |note: &str| {
                    let said = Json::parse_canonical(note.lines().next()?.as_bytes(), 1 << 20).ok()?;
                    let map = said.as_map()?;
                    let witness = map.get("kind")?.as_str()? == "witness";
                    map.get("size")?.as_int().filter(|_| witness)?.try_into().ok()
                };
                let answered: Vec<u64> =
                    evidence.entries.iter().filter_map(|entry| over(&entry.note)).collect();
                let told = evidence.shared.as_mut().unwrap();
                told.heads.retain(|head| answered.contains(&head.size));
                for head in &mut told.heads {
                    head.note = None;
                }
                (shared, evidence)
            })
        },
        File {
            missing: 1,
            voids: (0, 1),
            ..file("beacon_and_a_missing_witness_public", Level::Witnessed, || {
                let mut shared = half(ALL);
                shared.answer(0);
                shared.cosign();
                shared.wait_for_round();
                shared.beacon();
                shared.cosign();
                shared.wait_until_deadline_is_past();
                shared.void(VoidReason::ContributionMissing);
                public(shared, false)
            })
        },
        File {
            missing: 3,
            voids: (0, 1),
            ..file("found_out_voided_public", Level::Operator, || {
                // The operator can contribute no more: its key was stolen, and it said so.
                let mut shared = Shared::committed(WITNESSED, Keys::First);
                shared.reveal();
                shared.operator_is_found_out();
                shared.wait_until_deadline_is_past();
                shared.void(VoidReason::ContributionMissing);
                public(shared, false)
            })
        },
        File {
            missing: 2,
            voids: (1, 0),
            ..file("blind_voided_public", Level::Operator, || {
                let mut shared = half(WITNESSED);
                let (key, signer) =
                    (key_digest(shared.vrfs[0].public().as_bytes()), shared.witnesses[0].clone());
                shared.withhold(key, signer);
                shared.void(VoidReason::RequestWrong);
                public(shared, false)
            })
        },
        File {
            missing: 1,
            voids: (1, 0),
            ..file("blind_by_beacon_auditor", Level::Operator, || {
                let mut shared = half(BEACON);
                shared.void(VoidReason::ProcurementEnded);
                shared.cosign();
                let evidence = shared.evidence(Audience::Auditor, true);
                (shared, evidence)
            })
        },
        File {
            voids: (0, 1),
            ..file("voided_after_drawn_public", Level::Beacon, || {
                let mut shared = drawn(ALL);
                shared.void(VoidReason::RegistryWrong);
                public(shared, false)
            })
        },
    ]
}

/// A draw of both witnesses that is called.
fn called(fate: Fate, open: bool) -> (Shared, Evidence) {
    let mut shared = drawn(WITNESSED);
    let own = std::mem::replace(&mut shared.draw, crate::fixture::Draw::committed(5, 5));
    shared.draw = Called::after(own, fate).draw;
    public(shared, open)
}

fn shared_facts(report: &Report) -> &SharedFacts {
    report.facts.shared.as_ref().unwrap()
}

#[test]
fn files_are_fixed_verified_and_as_strong_as_the_auditors_own_file_says() {
    let mut expected = Object::new();
    for file in files() {
        let name = file.name;
        let (shared, evidence) = (file.make)();
        let bytes = evidence.write();
        hold(&format!("evidence3/{name}.json"), &bytes);
        let policy = shared.policy();
        let trust = if name.starts_with("succeeded") { "succeeded.policy" } else { "trust.policy" };
        hold(&format!("evidence3/{trust}"), shared.policy_text().as_bytes());
        hold("evidence3/trust.parties", shared.parties_text().as_bytes());
        let parties = shared.parties();
        let with = verify_with(&bytes, &policy, Some(&parties), None);
        let without = verify(&bytes, &policy, None);
        assert_eq!(failed(&with), Vec::<&str>::new(), "{name}: {:?}", with.checks);
        assert_eq!(with.checks, without.checks, "{name}: checks do not depend on whom one believes");
        let names: Vec<&str> = with.checks.iter().map(|check| check.name).collect();
        let plain = CHECKS.iter().map(|(name, _)| *name).filter(|name| !name.starts_with("openings."));
        assert!(plain.eq(names.iter().copied().filter(|name| !name.starts_with("openings."))), "{name}");
        let facts = shared_facts(&with);
        assert_eq!((facts.level, with.level()), (file.with, file.with.name()), "{name}");
        assert_eq!(
            (facts.missing, facts.blind_voids, facts.seen_voids),
            (file.missing, file.voids.0, file.voids.1),
            "{name}"
        );
        assert_eq!(without.level(), "operator", "{name}");
        assert_eq!(without.seen_voids(), file.voids.0 + file.voids.1, "{name}: blind for nobody");
        let doubtful = !facts.doubtful.is_empty();
        assert_eq!(doubtful, name.starts_with("succeeded"), "{name}: {:?}", facts.doubtful);
        expected = expected.with(name, verdicts(&with, &without));
    }
    hold("evidence3/expected.json", &Json::from(expected).canonical());
}

/// What other implementations must say as well: the machine form without the texts of people.
fn verdicts(with: &Report, without: &Report) -> Object {
    let bare = |report: &Report| {
        let Json::Map(mut map) = report.to_json() else { unreachable!() };
        for texts in
            ["checks", "not_shown", "unknown_signatures", "pool_size", "committed", "origin", "tree_size"]
        {
            map.remove(texts);
        }
        Json::Map(map)
    };
    Object::new().with("with_parties", bare(with)).with("without", bare(without))
}

/// A broken file: its name up to the first hyphen is the check at which it fails first.
type Broken = (&'static str, fn() -> (Shared, Evidence));

const BROKEN: [Broken; 24] = [
    ("keys-retired-log-key", || {
        // Signed by a log key that was retired below this size, and that the policy still pins.
        let (mut shared, _) = public(unsealed(NOBODY, Keys::Succeeded), true);
        shared.log_keys = vec![crate::fixture::Log::new().log_key];
        let evidence = shared.evidence(Audience::Public, true);
        (shared, evidence)
    }),
    ("entries-key-left-out", || {
        let (shared, mut evidence) = public(drawn(WITNESSED), false);
        let last = *shared.keys.last().unwrap();
        evidence.entries.retain(|entry| entry.index != last);
        (shared, evidence)
    }),
    ("signatures-retired-key", || {
        // The old statements key signs after its successor is in force.
        let (mut shared, _) = public(unsealed(NOBODY, Keys::Succeeded), true);
        let old = crate::fixture::Log::new().statements_key;
        let new = std::mem::replace(&mut shared.draw.log.statements_key, old);
        let index = *shared.draw.entries.last().unwrap() as usize;
        let body = shared.draw.log.statements[index].body().clone();
        shared.draw.log.replace(index, body).unwrap();
        shared.draw.log.statements_key = new;
        let evidence = shared.evidence(Audience::Public, true);
        (shared, evidence)
    }),
    ("heads-other-history", || {
        let (shared, mut evidence) = public(drawn(WITNESSED), false);
        let heads = &mut evidence.shared.as_mut().unwrap().heads;
        heads[0].root = Hash([7; 32]);
        (shared, evidence)
    }),
    ("heads-missing", || {
        let (shared, mut evidence) = public(drawn(WITNESSED), false);
        // The head that the witnesses' answers name.
        evidence.shared.as_mut().unwrap().heads.remove(1);
        (shared, evidence)
    }),
    ("heads-unnamed", || {
        let (shared, mut evidence) = public(drawn(WITNESSED), false);
        evidence.shared.as_mut().unwrap().heads[0].note = None;
        (shared, evidence)
    }),
    ("heads-not-the-logs", || {
        let (shared, mut evidence) = public(drawn(WITNESSED), false);
        let head = &mut evidence.shared.as_mut().unwrap().heads[0];
        head.note = Some(without_line(head.note.as_ref().unwrap(), 0));
        (shared, evidence)
    }),
    ("commitment-unknown-witness", || {
        with_commitment(|contributors| {
            let stranger = Hash([9; 32]);
            contributors.push(expert_draw::draw::commitment::Contributor::Witness { key: stranger });
        })
    }),
    ("commitment-same-witness-twice", || {
        with_commitment(|contributors| {
            let again = contributors.last().unwrap().clone();
            contributors.push(again);
        })
    }),
    ("commitment-no-nonce", || {
        with_commitment(|contributors| {
            let key =
                key_digest(&Shared::committed(NONCE, Keys::First).supervisors[0].verifying_key().to_bytes());
            let nobodys =
                expert_draw::draw::commitment::Contributor::Nonce { key, commitment: Hash([1; 32]) };
            contributors.insert(0, nobodys);
        })
    }),
    ("contributions-missing", || {
        let mut shared = half(WITNESSED);
        shared.answer(0);
        shared.cosign();
        shared.draw_now();
        public(shared, false)
    }),
    ("contributions-late", || {
        let mut shared = half(WITNESSED);
        shared.wait_until_deadline_is_past();
        let size = shared.draw.entries.last().unwrap() + 1;
        for n in [0, 1] {
            let (said, beta) = shared.answer_over(n, size, shared.draw.commitment.deadline - 1);
            shared.say(Share::Witness(said), Contribution::Witness(beta));
        }
        shared.cosign();
        shared.draw_now();
        public(shared, false)
    }),
    ("contributions-in-no-dated-head", || {
        // In time by the operator's clock, and in no head that the quorum dated before the deadline.
        let mut shared = half(WITNESSED);
        shared.answer(0);
        shared.answer(1);
        shared.wait_until_deadline_is_past();
        shared.cosign();
        shared.draw_now();
        public(shared, false)
    }),
    ("contributions-early-head", || {
        // A witness that answers over a head without the operator's contribution.
        let mut shared = half(WITNESSED);
        let size = shared.draw.entries[2] + 1;
        for n in [0, 1] {
            let (said, beta) = shared.answer_over(n, size, shared.draw.log.next_time() - 10);
            shared.say(Share::Witness(said), Contribution::Witness(beta));
        }
        shared.cosign();
        shared.draw_now();
        public(shared, false)
    }),
    ("contributions-operator-before-a-reveal", || {
        // Voided after the deadline; still the operator may not speak before all nonces are there.
        let mut shared = Shared::committed(ALL, Keys::First);
        shared.reveal_one(0);
        shared.operate();
        shared.cosign();
        shared.wait_until_deadline_is_past();
        shared.void(VoidReason::ContributionMissing);
        public(shared, false)
    }),
    ("contributions-other-nonce", || {
        let mut shared = Shared::committed(NONCE, Keys::First);
        let nonce = [5; 32];
        let key = key_digest(&shared.supervisors[0].verifying_key().to_bytes());
        let alpha = shared.draw.alpha;
        let text =
            expert_draw::draw::contributions::texts::reveal_text(&shared.draw.log.origin, &alpha, &nonce);
        let signature = ed25519_dalek::Signer::sign(&shared.supervisors[0], text.as_bytes()).to_bytes();
        shared.say(Share::Nonce(Reveal { alpha, key, nonce, signature }), Contribution::Nonce(nonce));
        shared.operate();
        shared.draw_now();
        public(shared, false)
    }),
    ("contributions-operator-first", || {
        let mut shared = Shared::committed(NONCE, Keys::First);
        shared.operate();
        shared.reveal();
        shared.cosign();
        shared.given.swap(0, 1);
        shared.draw_now();
        public(shared, false)
    }),
    ("contributions-other-witness-signs", || {
        let mut shared = half(WITNESSED);
        shared.witnesses.swap(0, 1);
        shared.answer(0);
        shared.answer(1);
        shared.witnesses.swap(0, 1);
        shared.cosign();
        shared.draw_now();
        public(shared, false)
    }),
    ("contributions-other-round", || {
        let mut shared = half(BEACON);
        shared.round += 1;
        shared.wait_for_round();
        shared.beacon();
        shared.round -= 1;
        shared.draw_now();
        public(shared, false)
    }),
    ("contributions-withheld-and-given", || {
        let mut shared = half(WITNESSED);
        let (key, signer) = (key_digest(shared.vrfs[0].public().as_bytes()), shared.witnesses[0].clone());
        shared.withhold(key, signer);
        shared.answer(0);
        shared.answer(1);
        shared.cosign();
        shared.draw_now();
        public(shared, false)
    }),
    ("ending-nothing-missing", || {
        let mut shared = drawn(WITNESSED);
        shared.wait_until_deadline_is_past();
        shared.void(VoidReason::ContributionMissing);
        public(shared, false)
    }),
    ("ending-before-the-deadline", || {
        let mut shared = half(WITNESSED);
        shared.void(VoidReason::ContributionMissing);
        public(shared, false)
    }),
    ("ending-operator-withholds", || {
        // All nonces are revealed, and the operator voids instead of contributing.
        let mut shared = Shared::committed(NONCE, Keys::First);
        shared.reveal();
        shared.cosign();
        shared.void(VoidReason::RequestWrong);
        public(shared, false)
    }),
    ("ending-operator-withholds-then-is-found-out", || {
        // The theft is told only after the void: until then the operator could have contributed.
        let mut shared = Shared::committed(NONCE, Keys::First);
        shared.reveal();
        shared.cosign();
        shared.void(VoidReason::RequestWrong);
        shared.operator_is_found_out();
        public(shared, false)
    }),
];

/// A draw whose commitment names somebody whom it may not.
fn with_commitment(change: fn(&mut Vec<expert_draw::draw::commitment::Contributor>)) -> (Shared, Evidence) {
    let mut shared = Shared::committed(WITNESSED, Keys::First);
    let index = shared.draw.entries[2];
    change(&mut shared.draw.commitment.contributions);
    let Json::Map(body) = Json::from(shared.draw.commitment.fields()) else { unreachable!() };
    shared.draw.log.replace(index as usize, body).unwrap();
    shared.draw.alpha = expert_draw::draw::seed::alpha(index, &shared.draw.log.leaf_hashes()[index as usize]);
    public(shared, false)
}

#[test]
fn broken_files_fail_first_at_the_check_that_is_their_name() {
    for (name, make) in BROKEN {
        let (shared, evidence) = make();
        let bytes = evidence.write();
        hold(&format!("evidence3/refused/{name}.json"), &bytes);
        let mut policy = shared.policy_text();
        if name == "keys-retired-log-key" {
            hold("evidence3/refused/keys-retired-log-key.policy", policy.as_bytes());
        } else if name == "signatures-retired-key" {
            hold("evidence3/refused/signatures-retired-key.policy", policy.as_bytes());
        } else {
            policy =
                String::from_utf8(std::fs::read(crate::vectors::path("evidence3/trust.policy")).unwrap())
                    .unwrap();
        }
        let policy = expert_draw::log::Policy::parse(policy.as_bytes()).unwrap();
        let report = verify_with(&bytes, &policy, Some(&shared.parties()), None);
        let first = failed(&report).first().copied();
        let check = name.split('-').next();
        assert_eq!(first, check, "{name}: {:?}", report.checks.iter().find(|check| !check.passed));
    }
}

#[test]
fn a_file_of_shared_draws_changed_at_any_place_is_never_verified() {
    let (shared, evidence) = public(drawn(ALL), false);
    let (policy, parties) = (shared.policy(), shared.parties());
    let bytes = evidence.write();
    let whole = verify_with(&bytes, &policy, Some(&parties), None);
    assert!(whole.verified());
    let json = Json::parse(&bytes, usize::MAX).unwrap();
    let (mut changes, mut weaker) = (0, 0);
    mutate(&json, "", &mut |changed, what| {
        changes += 1;
        assert!(
            !verify_with(&changed.canonical(), &policy, Some(&parties), None).verified(),
            "{what}, digest kept"
        );
        if what.starts_with(".digest") {
            return;
        }
        let report = verify_with(&with_digest(changed), &policy, Some(&parties), None);
        if report.verified() {
            // What only the digest guards: a head that no check needs, and cosignatures. Without them the file
            // is weaker, never stronger.
            let (now, then) = (shared_facts(&report), shared_facts(&whole));
            let line = what.starts_with(".heads[") && what.contains("].note character");
            let head = what.starts_with(".heads[")
                && (what.ends_with("] dropped") || what.ends_with("].note dropped"));
            assert!(line || head, "{what}, digest computed anew");
            assert!(now.level <= then.level, "{what}");
            for (now, then) in [(now.committed_by, then.committed_by), (now.decided_by, then.decided_by)] {
                assert!(now.is_none_or(|now| then.is_some_and(|then| now >= then)), "{what}");
            }
            weaker += 1;
        }
    });
    assert!(changes > 2_000, "only {changes} changes tried");
    assert!(weaker > 0 && weaker < 200, "{weaker} changes passed");
}

#[test]
fn an_auditor_who_asks_for_no_quorum_gets_no_date_and_no_beacon() {
    let (shared, evidence) = public(drawn(ALL), false);
    let log = shared.policy_text().lines().next().unwrap().to_owned();
    let policy = expert_draw::log::Policy::parse(format!("{log}\nquorum none\n").as_bytes()).unwrap();
    let report = verify_with(&evidence.write(), &policy, Some(&shared.parties()), None);
    assert!(report.verified(), "{:?}", report.checks);
    let facts = shared_facts(&report);
    assert_eq!((facts.level, facts.committed_by, facts.decided_by), (Level::Witnessed, None, None));
    assert!(facts.beacon_remark.is_some());
}
