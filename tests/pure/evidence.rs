//! Evidence files: whole ones are verified, and a file changed at any place is not, even when its
//! digest is computed anew.

use expert_draw::codec::{Json, sha256};
use expert_draw::evidence::Audience;
use expert_draw::evidence::verify::{Ending, Report, verify};
use expert_draw::log::{Policy, SignatureLine, SignedNote};

use crate::fixture::{Draw, Life};

pub fn failed(report: &Report) -> Vec<&'static str> {
    report.checks.iter().filter(|check| !check.passed).map(|check| check.name).collect()
}

#[test]
fn whole_files_are_verified_in_every_life_and_for_every_audience() {
    for (life, audience, open, ending) in [
        (Life::Drawn, Audience::Public, false, Ending::Drawn),
        (Life::Drawn, Audience::Auditor, true, Ending::Drawn),
        (Life::Unsealed, Audience::Public, true, Ending::Drawn),
        (Life::Unsealed, Audience::Auditor, true, Ending::Drawn),
        (Life::Voided, Audience::Public, false, Ending::Voided),
        (Life::Voided, Audience::Auditor, true, Ending::Voided),
        (Life::VoidedAfterDrawn, Audience::Public, false, Ending::VoidedAfterDrawn),
    ] {
        let draw = Draw::new(life);
        let bytes = draw.evidence(audience, open).write();
        let report = verify(&bytes, &draw.log.policy(), Some(audience));
        assert_eq!(failed(&report), Vec::<&str>::new(), "{:?}", report.checks);
        assert!(report.verified());
        assert_eq!(report.facts.ending, Some(ending));
        assert_eq!(report.facts.names.len(), if open && life != Life::Voided { 5 } else { 0 });
        assert_eq!(report.seen_voids(), u32::from(ending != Ending::Drawn));
    }
}

#[test]
fn openings_are_there_exactly_when_the_audience_should_see_them() {
    let sealed = Draw::new(Life::Drawn);
    let early = verify(&sealed.evidence(Audience::Public, true).write(), &sealed.log.policy(), None);
    assert!(failed(&early).contains(&"openings.seated"), "{:?}", early.checks);
    let unsealed = Draw::new(Life::Unsealed);
    let missing = verify(&unsealed.evidence(Audience::Public, false).write(), &unsealed.log.policy(), None);
    assert!(failed(&missing).contains(&"openings.seated"));
    let public = unsealed.evidence(Audience::Public, true).write();
    let expecting = verify(&public, &unsealed.log.policy(), Some(Audience::Auditor));
    assert!(failed(&expecting).contains(&"file"));
}

#[test]
fn another_log_or_an_unmet_quorum_is_refused_and_unknown_signatures_count_for_nothing() {
    let draw = Draw::new(Life::Unsealed);
    let mut evidence = draw.evidence(Audience::Public, true);
    let other = "log draw.example/430700+00000000+AQ==\nquorum none\n";
    assert!(Policy::parse(other.as_bytes()).is_err());
    let statements_key = format!("log {}\nquorum none\n", draw.log.verifier(true));
    let wrong_key = Policy::parse(statements_key.as_bytes()).unwrap();
    assert_eq!(failed(&verify(&evidence.write(), &wrong_key, None))[0], "checkpoint");
    let witness = "witness w w.example+8d9f6b3f+BAe0JsLmjtuZJBuxKW0rlvwMUzZxJpcLUGDz2h+jzVJr\n";
    if let Ok(quorum) =
        Policy::parse(format!("log {}\n{witness}quorum w\n", draw.log.verifier(false)).as_bytes())
    {
        assert_eq!(failed(&verify(&evidence.write(), &quorum, None))[0], "checkpoint");
    }
    let mut note = SignedNote::parse(evidence.checkpoint.as_bytes()).unwrap();
    note.add(SignatureLine::by(&draw.log.verifier(true), vec![7; 64])).unwrap();
    evidence.checkpoint = note.to_string();
    let report = verify(&evidence.write(), &draw.log.policy(), None);
    assert!(report.verified(), "{:?}", report.checks);
    assert_eq!(report.facts.unknown_signatures, 1);
}

/// Puts the right digest on a changed file.
pub fn with_digest(mut json: Json) -> Vec<u8> {
    if let Json::Map(map) = &mut json {
        map.remove("digest");
    }
    let digest = sha256(&[&json.canonical()]);
    if let Json::Map(map) = &mut json {
        map.insert("digest".into(), Json::from(digest));
    }
    json.canonical()
}

/// Every change of one place: each string one character, each number ±1, each array one element
/// dropped, doubled, swapped; each object one field dropped.
pub fn mutate(json: &Json, path: &str, sink: &mut dyn FnMut(Json, String)) {
    match json {
        Json::Int(n) => {
            sink(Json::Int(n + 1), format!("{path} +1"));
            sink(Json::Int(n - 1), format!("{path} -1"));
        }
        Json::Str(text) => mutate_text(text, path, sink),
        Json::List(items) => {
            for i in 0..items.len() {
                let mut dropped = items.clone();
                let item = dropped.remove(i);
                sink(Json::List(dropped), format!("{path}[{i}] dropped"));
                let mut doubled = items.clone();
                doubled.insert(i, item);
                sink(Json::List(doubled), format!("{path}[{i}] doubled"));
                if i + 1 < items.len() && items[i] != items[i + 1] {
                    let mut swapped = items.clone();
                    swapped.swap(i, i + 1);
                    sink(Json::List(swapped), format!("{path}[{i}] swapped"));
                }
                mutate(&items[i], &format!("{path}[{i}]"), &mut |changed, what| {
                    let mut all = items.clone();
                    all[i] = changed;
                    sink(Json::List(all), what);
                });
            }
        }
        Json::Map(map) => {
            for (key, value) in map {
                let mut dropped = map.clone();
                dropped.remove(key);
                sink(Json::Map(dropped), format!("{path}.{key} dropped"));
                mutate(value, &format!("{path}.{key}"), &mut |changed, what| {
                    let mut all = map.clone();
                    all.insert(key.clone(), changed);
                    sink(Json::Map(all), what);
                });
            }
        }
    }
}

/// Changes characters of a string: all of a short one, a sample of a long one (first, last, and one
/// in every 17), each to its neighbour in the alphabet so that hex stays hex where it can.
fn mutate_text(text: &str, path: &str, sink: &mut dyn FnMut(Json, String)) {
    let characters: Vec<char> = text.chars().collect();
    if characters.is_empty() {
        sink(Json::Str("x".into()), format!("{path} filled"));
    }
    for (i, character) in characters.iter().enumerate() {
        let sampled = characters.len() <= 70 || i == 0 || i + 1 == characters.len() || i % 17 == 0;
        if !sampled {
            continue;
        }
        let changed = match character {
            '9' => '8',
            'f' => 'e',
            'z' => 'y',
            'Z' => 'Y',
            c => char::from_u32(*c as u32 + 1).unwrap_or('x'),
        };
        let mut copy = characters.clone();
        copy[i] = changed;
        sink(Json::Str(copy.into_iter().collect()), format!("{path} character {i}"));
    }
}

#[test]
fn a_file_changed_at_any_place_is_never_verified() {
    for (life, audience) in [(Life::Unsealed, Audience::Auditor), (Life::VoidedAfterDrawn, Audience::Public)]
    {
        let draw = Draw::new(life);
        let bytes = draw.evidence(audience, audience == Audience::Auditor).write();
        let policy = draw.log.policy();
        assert!(verify(&bytes, &policy, None).verified());
        let json = Json::parse(&bytes, usize::MAX).unwrap();
        let mut changes = 0;
        mutate(&json, "", &mut |changed, what| {
            changes += 1;
            if what.starts_with(".digest") {
                assert!(!verify(&changed.canonical(), &policy, None).verified(), "{what}");
                return;
            }
            assert!(!verify(&changed.canonical(), &policy, None).verified(), "{what}, digest kept");
            let report = verify(&with_digest(changed), &policy, None);
            assert!(!report.verified(), "{what}, digest computed anew");
            assert!(!failed(&report).is_empty());
        });
        assert!(changes > 2_000, "only {changes} changes tried");
    }
}
