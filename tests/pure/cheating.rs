//! The cheating operator: whoever holds every key of the log and the whole database, and what each trick looks
//! like to an auditor (`api-spec/threats.md`). Each test does the trick with the real keys and names the check
//! that shows it; where nothing can show it at a level, the test shows that too.
//!
//! Tricks that need a service, a database or the whole log: `tests/http/audit.rs`.

use expert_draw::codec::{Hash, Json, Object};
use expert_draw::draw::commitment::Contributor;
use expert_draw::draw::contributions::Share;
use expert_draw::draw::decide;
use expert_draw::draw::seats::Seated;
use expert_draw::draw::seed::{self, Contribution};
use expert_draw::draw::statements::{Drawn, VoidReason};
use expert_draw::draw::vrf::VrfSecret;
use expert_draw::evidence::verify::{Level, Report, verify_with};
use expert_draw::evidence::{Audience, Evidence};
use expert_draw::log::{Policy, key_digest, merkle};

use crate::evidence::failed;
use crate::fixture::{Draw, bytes};
use crate::shared::{ALL, BEACON, Keys, NOBODY, Others, Shared, WITNESSED};

fn judge(shared: &mut Shared) -> Report {
    let evidence = shared.evidence(Audience::Public, false);
    judge_file(shared, &evidence)
}

fn judge_file(shared: &Shared, evidence: &Evidence) -> Report {
    verify_with(&evidence.write(), &shared.policy(), Some(&shared.parties()), None)
}

fn level(report: &Report) -> Level {
    assert!(report.verified(), "{:?}", report.checks.iter().find(|check| !check.passed));
    report.facts.shared.as_ref().unwrap().level
}

/// The check that names the trick: the first that fails.
fn named(report: &Report) -> &'static str {
    assert!(!report.verified());
    failed(report)[0]
}

/// Commits to a draw under a draw key of the operator's choice: one of many commitments that it may grind.
fn commitment(others: Others, number: u8) -> Shared {
    Shared::committed_under(others, Keys::First, bytes(&format!("draw key {number}")))
}

/// Who would be seated first if the operator's own part were all there is.
fn foreseen(shared: &Shared) -> u32 {
    let alpha = shared.draw.alpha;
    let vrf = &shared.draw.log.draw_vrf;
    let beta = vrf.public().verify(alpha.as_bytes(), &vrf.prove(alpha.as_bytes())).unwrap();
    let seed = seed::seed(&alpha, &[Contribution::Operator(beta.0)]).unwrap();
    decide::panel(&shared.draw.commitment, &shared.draw.pool.leaves, &seed).unwrap().seats[0].position
}

/// The person at a position.
fn person(shared: &Shared, position: u32) -> usize {
    shared.draw.pool.origin[position as usize]
}

#[test]
fn grinding_commitments_works_at_level_operator_and_the_verdict_says_so() {
    // It wants a certain person first, and tries draw keys until its own VRF seats them.
    let favoured = person(&commitment(NOBODY, 0), foreseen(&commitment(NOBODY, 0)));
    let lucky = (1..200).map(|n| commitment(NOBODY, n)).find(|one| person(one, foreseen(one)) == favoured);
    let mut lucky = lucky.expect("a lucky commitment among two hundred");
    lucky.contribute();
    lucky.draw_now();
    // Keys of entry 0 and nobody else: such a draw has an evidence-v1 file, at level `operator`.
    let file = lucky.draw.evidence(Audience::Public, false).write();
    let report = verify_with(&file, &lucky.draw.log.policy(), None, None);
    assert!(report.verified());
    assert_eq!(report.level(), "operator");
    let first = report.facts.seats[0].0;
    assert_eq!(person(&lucky, first), favoured, "the operator chose, and no check can show it");
}

#[test]
fn grinding_and_early_evaluation_are_blind_when_a_witness_contributes() {
    let wanted = person(&commitment(WITNESSED, 0), foreseen(&commitment(WITNESSED, 0)));
    let (mut tried, mut came) = (0, 0);
    for number in 1..250 {
        let mut one = commitment(WITNESSED, number);
        if person(&one, foreseen(&one)) != wanted {
            continue;
        }
        tried += 1;
        one.contribute();
        one.draw_now();
        let report = judge(&mut one);
        assert_eq!(level(&report), Level::Witnessed);
        came += u32::from(person(&one, report.facts.seats[0].0) == wanted);
    }
    assert!(tried > 0 && came < tried, "{came} of {tried} lucky commitments came out as foreseen");
}

#[test]
fn an_answer_made_for_the_witness_by_the_operator_is_named() {
    let mut shared = Shared::committed(WITNESSED, Keys::First);
    shared.operate();
    // Its own VRF and its own signature in the witness's place.
    let honest = std::mem::replace(&mut shared.vrfs[0], VrfSecret::from_seed(bytes("forged")));
    let size = shared.draw.entries.last().unwrap() + 1;
    let (mut forged, beta) = shared.answer_over(0, size, shared.draw.log.next_time());
    forged.key = key_digest(honest.public().as_bytes());
    shared.say(Share::Witness(forged), Contribution::Witness(beta));
    shared.answer(1);
    shared.cosign();
    shared.draw_now();
    shared.vrfs[0] = honest;
    assert_eq!(named(&judge(&mut shared)), "contributions");
}

#[test]
fn choosing_which_witness_to_use_is_named() {
    // The commitment names the first; the second's answer suits better.
    let only_first = Others { witnesses: &[0], ..WITNESSED };
    let mut shared = Shared::committed(only_first, Keys::First);
    shared.operate();
    shared.answer(1);
    shared.cosign();
    shared.draw_now();
    assert_eq!(named(&judge(&mut shared)), "contributions");
    // Naming two and waiting for the better one only: n of n.
    let mut shared = Shared::committed(WITNESSED, Keys::First);
    shared.operate();
    shared.answer(1);
    shared.cosign();
    shared.draw_now();
    assert_eq!(named(&judge(&mut shared)), "contributions");
}

#[test]
fn taking_another_round_of_the_beacon_is_named() {
    let mut shared = Shared::committed(BEACON, Keys::First);
    shared.operate();
    shared.wait_for_round();
    shared.round += 1;
    shared.beacon();
    shared.round -= 1;
    shared.draw_now();
    assert_eq!(named(&judge(&mut shared)), "contributions");
}

#[test]
fn a_commitment_after_its_round_was_public_is_named_or_loses_the_level() {
    // It writes the commitment late and dates it early: its own clock is its own, the witnesses' is not.
    let mut shared = Shared::committed(BEACON, Keys::First);
    shared.heads_are_late(4_000);
    shared.contribute();
    shared.draw_now();
    let report = judge(&mut shared);
    assert_eq!(level(&report), Level::Operator);
    assert!(report.facts.shared.as_ref().unwrap().beacon_remark.is_some(), "and the verdict says why");
}

#[test]
fn swapping_or_trimming_the_pool_after_the_commitment_is_named() {
    let mut shared = Shared::committed(ALL, Keys::First);
    shared.contribute();
    shared.draw_now();
    let mut evidence = shared.evidence(Audience::Public, false);
    evidence.pool.swap(0, 1);
    assert_eq!(named(&judge_file(&shared, &evidence)), "pool");
    let mut evidence = shared.evidence(Audience::Public, false);
    evidence.pool.pop();
    assert_eq!(named(&judge_file(&shared, &evidence)), "pool");
    // One more lot for a friend.
    let mut evidence = shared.evidence(Audience::Public, false);
    evidence.pool[3][36] += 1;
    assert_eq!(named(&judge_file(&shared, &evidence)), "pool");
}

#[test]
fn seating_somebody_else_than_the_seed_gives_is_named() {
    let mut shared = Shared::committed(ALL, Keys::First);
    shared.contribute();
    shared.draw_now();
    let mut drawn: Drawn = shared.draw.drawn.clone().unwrap();
    let seated: Vec<u32> = drawn.seats.iter().map(|seat| seat.position).collect();
    let same_group =
        |p: &u32| shared.draw.pool.leaves[*p as usize].groups & 1 << (drawn.seats[0].group - 1) != 0;
    let friend = (0..40).find(|p| !seated.contains(p) && same_group(p)).unwrap();
    drawn.seats[0] = Seated { position: friend, ..drawn.seats[0] };
    let index = *shared.draw.entries.last().unwrap() as usize;
    let Json::Map(body) = Json::from(drawn.fields()) else { unreachable!() };
    shared.draw.log.replace(index, body).unwrap();
    assert_eq!(named(&judge(&mut shared)), "panel");
    // Another seed, so that the panel follows.
    let mut shared = Shared::committed(ALL, Keys::First);
    shared.contribute();
    shared.given.pop();
    shared.draw_now();
    assert_eq!(named(&judge(&mut shared)), "seed");
}

#[test]
fn an_old_entry_rewritten_and_signed_again_is_in_no_head_of_the_witnesses() {
    let mut shared = Shared::committed(ALL, Keys::First);
    shared.contribute();
    shared.draw_now();
    let before = shared.evidence(Audience::Public, false);
    // It changes the package's record, signs again, and can show no head that the witnesses cosigned.
    let index = shared.nonces[0] as usize - 1;
    let Json::Map(body) = Json::from(Object::new().with("image", Hash(bytes("other package")))) else {
        unreachable!()
    };
    shared.draw.log.replace(index, body).unwrap();
    let leaves = shared.draw.log.leaf_hashes();
    let mut after = shared.evidence(Audience::Public, false);
    after.checkpoint = before.checkpoint.clone();
    assert_eq!(named(&judge_file(&shared, &after)), "entries");
    // Its own new head without them does not satisfy the quorum.
    let mut alone = shared.evidence(Audience::Public, false);
    alone.checkpoint = shared.draw.log.checkpoint();
    assert_eq!(named(&judge_file(&shared, &alone)), "checkpoint");
    // And the two histories do not agree, which is what a witness refuses.
    let old = before.shared.unwrap().heads[0].clone();
    let proof = merkle::consistency_proof(&leaves, old.size).unwrap();
    let root = merkle::root(&leaves);
    assert!(merkle::verify_consistency(old.size, leaves.len() as u64, &old.root, &root, &proof).is_err());
}

#[test]
fn two_logs_for_two_auditors_need_two_sets_of_cosignatures() {
    let honest = Shared::committed(ALL, Keys::First);
    let mut second = Shared::committed_under(ALL, Keys::First, bytes("another draw key"));
    second.contribute();
    second.draw_now();
    // The log's key signs the second history too; the witnesses, who know the first, do not.
    let mut evidence = second.evidence(Audience::Public, false);
    evidence.checkpoint = second.draw.log.checkpoint();
    let heads = &mut evidence.shared.as_mut().unwrap().heads;
    heads.retain(|head| head.note.is_some());
    let report = judge_file(&honest, &evidence);
    assert_eq!(named(&report), "checkpoint");
    // An auditor whose policy asks for no witness cannot tell: that is what a quorum is for.
    let log = honest.policy_text().lines().next().unwrap().to_owned();
    let alone = Policy::parse(format!("{log}\nquorum none\n").as_bytes()).unwrap();
    let evidence = second.evidence(Audience::Public, false);
    assert!(verify_with(&evidence.write(), &alone, None, None).verified());
}

#[test]
fn voiding_a_draw_that_nobody_likes_is_counted_and_withholding_its_own_part_is_named() {
    let mut shared = Shared::committed(WITNESSED, Keys::First);
    shared.contribute();
    shared.draw_now();
    shared.void(VoidReason::RegistryWrong);
    let report = judge(&mut shared);
    assert_eq!((level(&report), report.seen_voids()), (Level::Witnessed, 1));
    // It sees the nonces, foresees the rest, and voids before it contributes.
    let nonces = Others { supervisors: &[0, 1], witnesses: &[], beacon: false };
    let mut shared = Shared::committed(nonces, Keys::First);
    shared.reveal();
    shared.cosign();
    shared.void(VoidReason::RequestWrong);
    assert_eq!(named(&judge(&mut shared)), "ending");
    // It says that a contribution is missing which it keeps back.
    let mut shared = Shared::committed(WITNESSED, Keys::First);
    shared.contribute();
    shared.wait_until_deadline_is_past();
    shared.void(VoidReason::ContributionMissing);
    shared.cosign();
    assert_eq!(named(&judge(&mut shared)), "ending");
}

#[test]
fn a_key_that_was_retired_signs_nothing_that_counts() {
    let mut shared = Shared::committed(NOBODY, Keys::Succeeded);
    shared.contribute();
    shared.draw_now();
    let old = crate::fixture::Log::new().statements_key;
    let new = std::mem::replace(&mut shared.draw.log.statements_key, old);
    let index = *shared.draw.entries.last().unwrap() as usize;
    let body = shared.draw.log.statements[index].body().clone();
    shared.draw.log.replace(index, body).unwrap();
    shared.draw.log.statements_key = new;
    assert_eq!(named(&judge(&mut shared)), "signatures");
    let mut shared = Shared::committed(NOBODY, Keys::Succeeded);
    shared.draw.log.draw_vrf = crate::fixture::Log::new().draw_vrf;
    shared.operate();
    shared.draw_now();
    assert_eq!(named(&judge(&mut shared)), "contributions");
}

#[test]
fn a_stranger_in_the_auditors_eyes_lifts_nothing() {
    // The operator registers a witness of its own under an official name: the auditor's file decides.
    let own = Others { supervisors: &[1], witnesses: &[1], beacon: false };
    let mut shared = Shared::committed(own, Keys::First);
    shared.contribute();
    shared.draw_now();
    assert_eq!(level(&judge(&mut shared)), Level::Operator);
    let named_by_operator = shared.draw.commitment.contributions.iter();
    assert_eq!(named_by_operator.filter(|c| !matches!(c, Contributor::Operator { .. })).count(), 2);
}

#[test]
fn the_old_formats_are_no_way_around() {
    // Somebody leaves the other contributors out of the telling.
    let mut shared = Shared::committed(WITNESSED, Keys::First);
    shared.contribute();
    shared.draw_now();
    let plain = shared.draw.evidence(Audience::Public, false).write();
    let report = verify_with(&plain, &shared.draw.log.policy(), Some(&shared.parties()), None);
    assert_eq!(named(&report), "entries");
    let _: &Draw = &shared.draw;
}
