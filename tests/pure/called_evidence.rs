//! Evidence files of draws with calls (`api-spec/evidence-v2.md`): whole ones are fixed and verified,
//! broken ones fail first at the check that is their name, and a file changed at any place is never
//! verified.

use expert_draw::codec::{Hash, Json};
use expert_draw::draw::calls::{
    Answer, Answered, AnsweredBy, Call, Outcome, Settled, SignedIn, StopReason, Stopped, Vacated, VacatedBy,
    Why,
};
use expert_draw::draw::statements::Unsealed;
use expert_draw::evidence::verify::{CHECKS, Ending, HEADS, OF_CALLS, Report, verify, verify_after};
use expert_draw::evidence::{Audience, Evidence, Format};
use expert_draw::log::Policy;

use crate::called::{Called, Fate};
use crate::evidence::{failed, mutate, with_digest};
use crate::fixture::{Attempt, Draw, Life};
use crate::vectors::{hold, path};

const FILES: [(&str, Fate, Audience, bool); 13] = [
    ("filled_public", Fate::Filled, Audience::Public, false),
    ("unsealed_public", Fate::Unsealed, Audience::Public, true),
    ("unsealed_auditor", Fate::Unsealed, Audience::Auditor, true),
    ("calling_public", Fate::Calling, Audience::Public, false),
    ("vacated_auditor", Fate::Vacated, Audience::Auditor, true),
    ("shortfall_public", Fate::Shortfall, Audience::Public, false),
    ("stopped_public", Fate::Stopped, Audience::Public, false),
    ("stopped_auditor", Fate::Stopped, Audience::Auditor, true),
    ("site_failure_public", Fate::SiteFailure, Audience::Public, false),
    ("voided_public", Fate::Voided, Audience::Public, false),
    ("voided_auditor", Fate::Voided, Audience::Auditor, true),
    ("supplementary_public", Fate::Supplementary, Audience::Public, true),
    ("supplementary_auditor", Fate::Supplementary, Audience::Auditor, true),
];

fn first_failure(report: &Report) -> Option<&'static str> {
    report.checks.iter().find(|check| !check.passed).map(|check| check.name)
}

#[test]
fn files_of_called_draws_are_fixed_and_verified() {
    for (name, fate, audience, open) in FILES {
        let called = Called::new(fate);
        let bytes = called.draw.evidence(audience, open).write();
        let policy = called.draw.log.policy();
        hold(&format!("evidence2/{name}.json"), &bytes);
        hold("evidence2/trust.policy", called.draw.log.policy_text().as_bytes());
        let report = verify(&bytes, &policy, Some(audience));
        assert_eq!(failed(&report), Vec::<&str>::new(), "{name}: {:?}", report.checks);
        let names: Vec<&str> = report.checks.iter().map(|check| check.name).collect();
        let expected = CHECKS.iter().map(|(name, _)| *name).filter(|name| *name != HEADS);
        let opened = |name: &str| match audience {
            Audience::Auditor => true,
            Audience::Public => open && ["package", "names", "seated"].iter().any(|end| name.ends_with(end)),
        };
        let expected = expected.filter(|name| !name.starts_with("openings.") || opened(name));
        assert_eq!(names, expected.collect::<Vec<_>>(), "{name}");
        let calls = report.facts.calls.as_ref().unwrap();
        assert_eq!(calls.members, called.book.members(), "{name}");
        assert_eq!(
            report.facts.unsealed,
            matches!(fate, Fate::Unsealed | Fate::Vacated | Fate::Supplementary)
        );
        let numbers = calls.out.iter().filter(|out| out.number.is_some()).count();
        assert_eq!(numbers, if audience == Audience::Auditor { calls.out.len() } else { 0 }, "{name}");
    }
}

#[test]
fn verdicts_say_what_the_calls_came_to() {
    let report = |fate, audience, open| {
        let called = Called::new(fate);
        let bytes = called.draw.evidence(audience, open).write();
        verify(&bytes, &called.draw.log.policy(), None)
    };
    let unsealed = report(Fate::Unsealed, Audience::Public, true);
    let calls = unsealed.facts.calls.as_ref().unwrap();
    // One was silent without a receipt; one declined on their own page.
    assert_eq!((calls.passed_over_on_operators_word, calls.out_on_own_pages, calls.rounds), (1, 1, 2));
    assert!(calls.filled && calls.members != calls.drawn);
    assert_eq!((unsealed.facts.names.len(), unsealed.seen_voids()), (5, 0));
    let vacated = report(Fate::Vacated, Audience::Auditor, true);
    // One absence was confirmed by a second person; one recusal was not.
    assert_eq!(vacated.facts.calls.as_ref().unwrap().passed_over_on_operators_word, 1);
    let stopped = report(Fate::Stopped, Audience::Public, false);
    assert_eq!((stopped.facts.ending, stopped.seen_voids()), (Some(Ending::Stopped), 0));
    let failed = report(Fate::SiteFailure, Audience::Public, false);
    assert_eq!((failed.facts.ending, failed.seen_voids()), (Some(Ending::Stopped), 1));
    let voided = report(Fate::Voided, Audience::Public, false);
    assert_eq!((voided.facts.ending, voided.seen_voids()), (Some(Ending::VoidedAfterDrawn), 1));
    let second = report(Fate::Supplementary, Audience::Auditor, true);
    assert_eq!(
        (second.facts.attempt, second.facts.calls.as_ref().map(|calls| calls.kept)),
        (Some(2), Some(4))
    );
    let json = second.to_json();
    for field in ["drawn_seats", "out", "out_on_own_pages", "passed_over_on_operators_word", "rounds"] {
        assert!(json.as_map().unwrap().contains_key(field), "{field}");
    }
    let plain = Draw::new(Life::Drawn);
    let plain = verify(&plain.evidence(Audience::Public, false).write(), &plain.log.policy(), None);
    assert!(plain.checks.iter().all(|check| !OF_CALLS.contains(&check.name)));
    assert!(!plain.to_json().as_map().unwrap().contains_key("rounds"));
}

/// The successor of the stopped draw, after somebody has meddled with whom it keeps and excludes.
fn successor(meddle: impl FnOnce(&mut Attempt, &mut Vec<String>)) -> Vec<u8> {
    let mut called = Called::new(Fate::Stopped);
    called.succeed(meddle);
    called.round(|_, _| Some(Answer::Accepted));
    called.draw.members = Some(called.book.members());
    called.draw.look();
    called.draw.evidence(Audience::Auditor, true).write()
}

#[test]
fn a_supplementary_draw_keeps_all_who_remained_and_nobody_who_was_out() {
    let stopped = Called::new(Fate::Stopped);
    let policy = stopped.draw.log.policy();
    let before = stopped.draw.evidence(Audience::Auditor, true).write();
    let verdict = |after: &[u8], before: &[u8]| {
        let report = verify_after(after, before, &policy, Some(Audience::Auditor));
        let first: Vec<&str> = failed(&report);
        let last = report.checks.last().unwrap();
        assert_eq!((last.name, last.title().is_empty()), ("predecessor", false));
        assert!(first.is_empty() || first == ["predecessor"], "{:?}", report.checks);
        if first.is_empty() { None } else { Some(last.detail.clone()) }
    };
    let refused = |after: &[u8], before: &[u8], what: &str| {
        let detail = verdict(after, before).unwrap_or_default();
        assert!(detail.contains(what), "{detail}, not: {what}");
    };
    let after = Called::new(Fate::Supplementary);
    assert_eq!(after.draw.commitment.kept.len(), 4);
    assert!(after.draw.commitment.kept.iter().all(|kept| !after.book.was_invited(kept.position())));
    let after = after.draw.evidence(Audience::Auditor, true).write();
    assert_eq!(verdict(&after, &before), None);
    assert_eq!(verdict(&successor(|_, _| {}), &before), None);
    // One dropped, one at another place, one who was out let in again; nobody kept is a re-forming.
    let remained = "not all who remained";
    refused(&successor(|attempt, _| drop(attempt.kept.pop())), &before, remained);
    let signed = |attempt: &mut Attempt| {
        attempt.kept.iter_mut().for_each(|(_, _, group)| *group = None);
    };
    refused(&successor(|attempt, _| signed(attempt)), &before, remained);
    refused(&successor(|_, gone| gone.clear()), &before, "was out and is in the pool");
    refused(&after, &after, "another predecessor");
    let running = Called::new(Fate::Shortfall).draw.evidence(Audience::Auditor, true).write();
    refused(&after, &running, "had not ended");
    let public = stopped.draw.evidence(Audience::Public, false).write();
    refused(&after, &public, "refused at file");
}

#[test]
fn names_of_a_voided_or_stopped_draw_are_in_no_public_file() {
    for fate in [Fate::Voided, Fate::Stopped, Fate::SiteFailure, Fate::Filled] {
        let called = Called::new(fate);
        let bytes = called.draw.evidence(Audience::Public, true).write();
        let report = verify(&bytes, &called.draw.log.policy(), None);
        assert_eq!(first_failure(&report), Some("openings.package"), "{fate:?}");
    }
}

#[test]
fn each_kind_of_draw_has_its_kind_of_file() {
    let called = Called::new(Fate::Filled);
    let mut evidence = called.draw.evidence(Audience::Public, false);
    evidence.format = Format::V1;
    let report = verify(&evidence.write(), &called.draw.log.policy(), None);
    assert_eq!(first_failure(&report), Some("entries"));
    assert!(report.checks[2].detail.contains("unknown type"), "{:?}", report.checks);
    assert!(report.checks.iter().all(|check| !OF_CALLS.contains(&check.name)));
    let plain = Draw::new(Life::Drawn);
    let mut evidence = plain.evidence(Audience::Public, false);
    evidence.format = Format::V2;
    let report = verify(&evidence.write(), &plain.log.policy(), None);
    assert_eq!(first_failure(&report), Some("entries"));
    assert!(OF_CALLS.iter().all(|name| failed(&report).contains(name)));
}

/// A life that goes on with what no book would accept.
fn broken(fate: Fate, break_it: impl FnOnce(&mut Called)) -> Evidence {
    let mut called = Called::new(fate);
    break_it(&mut called);
    called.draw.look();
    called.draw.evidence(Audience::Public, false)
}

fn note(called: &mut Called, call: &Call) {
    called.note(call.kind(), call.fields());
}

fn refused() -> Vec<(&'static str, &'static str, Evidence)> {
    let answer = |called: &Called, position| {
        Call::Answered(Answered {
            alpha: called.draw.alpha,
            round: called.book.round(),
            position,
            answer: Answer::Accepted,
            by: AnsweredBy::Expert,
            reason: None,
            receipt: None,
        })
    };
    vec![
        (
            "calls",
            "calls",
            broken(Fate::Calling, |called| {
                let closes = called.book.window().unwrap().closes;
                called.draw.log.waited += closes + 1 - called.draw.log.next_time();
                let position = called.book.open_seats()[0].position;
                let late = answer(called, position);
                note(called, &late);
            }),
        ),
        (
            "calls",
            "calls-invitees",
            broken(Fate::Settled, |called| {
                let mut invited = called.book.due_invitation(called.draw.log.next_time()).unwrap();
                invited.invitees.pop();
                note(called, &Call::Invited(invited));
            }),
        ),
        (
            "calls",
            "calls-by",
            broken(Fate::Filled, |called| {
                let (alpha, position) = (called.draw.alpha, called.book.panel()[0].position);
                note(
                    called,
                    &Call::Vacated(Vacated {
                        alpha,
                        position,
                        why: Why::Conflict,
                        by: VacatedBy::Expert,
                        receipt: None,
                        actor: None,
                        approver: None,
                    }),
                );
            }),
        ),
        (
            "settlements",
            "settlements",
            broken(Fate::Calling, |called| {
                let closes = called.book.window().unwrap().closes;
                called.draw.log.waited += closes + 1 - called.draw.log.next_time();
                let mut due = called.book.due_settlement(called.draw.log.next_time()).unwrap();
                if let Outcome::Seats { seats, .. } = &mut due.outcome {
                    let last = seats.len() - 1;
                    // Somebody who was never next.
                    let seated: Vec<u32> = seats.iter().map(|seat| seat.position).collect();
                    let friend = (0..40).find(|p| !seated.contains(p) && called.book.out_why(*p).is_none());
                    seats[last].position = friend.unwrap();
                }
                note(called, &Call::Settled(due));
            }),
        ),
        (
            "settlements",
            "settlements-early",
            broken(Fate::Calling, |called| {
                let mut later = called.book.due_settlement(i64::MAX).unwrap();
                later.out.clear();
                note(called, &Call::Settled(Settled { ..later }));
            }),
        ),
        (
            "sign_in",
            "sign_in",
            broken(Fate::Filled, |called| {
                let seat = called.book.panel()[0];
                let group = u32::from(seat.group) % 3 + 1;
                let site = called.draw.commitment.groups[group as usize - 1].site;
                let alpha = called.draw.alpha;
                note(called, &Call::SignedIn(SignedIn { alpha, position: seat.position, group, site }));
            }),
        ),
        (
            "outcome",
            "outcome",
            broken(Fate::Calling, |called| {
                let unsealed =
                    Unsealed { alpha: called.draw.alpha, announcement: "岳采公告2026-17".into() };
                called.note(Unsealed::TYPE, unsealed.fields());
            }),
        ),
        (
            "outcome",
            "outcome-stopped",
            broken(Fate::Filled, |called| {
                let alpha = called.draw.alpha;
                let (actor, approver) = ("A-agency".into(), "A-bureau".into());
                let reason = StopReason::Shortfall;
                note(called, &Call::Stopped(Stopped { alpha, reason, actor, approver }));
            }),
        ),
        (
            "ending",
            "ending",
            broken(Fate::Stopped, |called| {
                let position = called.book.panel()[0].position;
                let after = answer(called, position);
                note(called, &after);
            }),
        ),
        ("entries", "entries", {
            let called = Called::new(Fate::Filled);
            let mut evidence = called.draw.evidence(Audience::Public, false);
            evidence.life.remove(4);
            evidence
        }),
        ("calls", "calls-dropped", {
            let called = Called::new(Fate::Filled);
            let mut evidence = called.draw.evidence(Audience::Public, false);
            let invited = evidence.life.remove(3);
            evidence.entries.retain(|entry| entry.index != invited);
            evidence
        }),
        (
            "entries",
            "entries-alpha",
            broken(Fate::Filled, |called| {
                let seat = called.book.panel()[0];
                let (group, site) = (u32::from(seat.group), called.book.site_of(seat.position).unwrap());
                let alpha = Hash([9; 32]);
                note(called, &Call::SignedIn(SignedIn { alpha, position: seat.position, group, site }));
            }),
        ),
        ("openings.candidates", "openings.candidates", {
            let mut evidence = Called::new(Fate::Unsealed).draw.evidence(Audience::Auditor, true);
            let people = evidence.openings.as_mut().and_then(|open| open.auditor.as_mut()).unwrap();
            people.candidates.swap(0, 1);
            evidence
        }),
        ("openings.seated", "openings.seated", {
            let mut called = Called::new(Fate::Unsealed);
            called.draw.members = called.draw.drawn.as_ref().map(|drawn| drawn.seats.clone());
            called.draw.evidence(Audience::Auditor, true)
        }),
    ]
}

#[test]
fn refused_files_of_called_draws_fail_the_check_that_their_name_says() {
    let policy = Draw::committed(5, 5).log.policy();
    for (check, name, evidence) in refused() {
        let bytes = evidence.write();
        hold(&format!("evidence2/refused/{name}.json"), &bytes);
        let report = verify(&bytes, &policy, None);
        assert_eq!(first_failure(&report), Some(check), "{name}: {:?}", report.checks);
        for name in OF_CALLS {
            assert!(report.checks.iter().any(|check| check.name == name), "{name}");
        }
        let opened = report.checks.iter().filter(|check| check.name.starts_with("openings."));
        let due = name == "outcome" || name.starts_with("openings.");
        assert_eq!(opened.count() > 0, due, "{name}: {:?}", report.checks);
        // Numbers are told where `openings.candidates` binds them to positions, and nowhere else.
        let mut out = report.facts.calls.iter().flat_map(|calls| &calls.out);
        let told = name == "openings.seated";
        assert!(out.all(|out| out.number.is_some() == told), "{name}");
    }
}

#[test]
fn the_files_of_called_draws_verify_as_they_lie_there() {
    let read = |name: &str| std::fs::read(path(&format!("evidence2/{name}"))).unwrap();
    let policy = Policy::parse(&read("trust.policy")).unwrap();
    for (name, _, audience, _) in FILES {
        let bytes = read(&format!("{name}.json"));
        assert!(verify(&bytes, &policy, Some(audience)).verified(), "{name}");
        assert_eq!(Evidence::read(&bytes).unwrap().write(), bytes, "{name}");
    }
}

#[test]
fn a_file_of_a_called_draw_changed_at_any_place_is_never_verified() {
    // Small pools, and without what evidence-v1's test of the same name changes in the same shape: pool,
    // profile, checkpoint, candidates; of notes and inclusion proofs one place in some.
    for (fate, audience) in [(Fate::Vacated, Audience::Auditor), (Fate::Stopped, Audience::Public)] {
        let called = Called::on(Draw::committed(18, 18), fate);
        let bytes = called.draw.evidence(audience, audience == Audience::Auditor).write();
        let policy = called.draw.log.policy();
        let whole = verify(&bytes, &policy, None);
        assert!(whole.verified(), "{:?}", whole.checks);
        let json = Json::parse(&bytes, usize::MAX).unwrap();
        let same =
            [".pool", ".profile", ".digest", ".checkpoint", ".openings.candidates", ".openings.request"];
        let (mut changes, mut seen) = (0, 0);
        mutate(&json, "", &mut |changed, what| {
            seen += 1;
            let often = if what.contains(".proof[") { 61 } else { 3 };
            let rare =
                [".proof[", ".note character"].iter().any(|part| what.contains(part)) && seen % often != 0;
            if rare || same.iter().any(|part| what.starts_with(part)) {
                return;
            }
            changes += 1;
            let report = verify(&with_digest(changed), &policy, None);
            assert!(!report.verified(), "{what}, digest computed anew");
        });
        assert!(changes > 500, "only {changes} changes tried");
    }
}

#[test]
fn a_signed_statement_of_calls_changed_at_any_place_is_never_verified() {
    let mut called = Called::on(Draw::committed(18, 18), Fate::Vacated);
    let policy = called.draw.log.policy();
    // What no rule can know: which receipt, which accounts, which announcement, for which reason.
    let free = [".receipt", ".reason", ".actor", ".approver", ".announcement"];
    let (mut changes, mut accepted) = (0, 0);
    let own = called.draw.entries[5..].to_vec();
    for at in own {
        let honest = called.draw.log.statements[at as usize].body().clone();
        mutate(&Json::Map(honest.clone()), "", &mut |changed, what| {
            // One place of a hash is like another.
            if what.contains("alpha character") && !what.ends_with("character 9") {
                return;
            }
            let Json::Map(body) = changed else { panic!("{what}: no statement") };
            called.draw.log.replace(at as usize, body).unwrap();
            let bytes = called.draw.evidence(Audience::Public, true).write();
            let verified = verify(&bytes, &policy, None).verified();
            changes += 1;
            accepted += u32::from(verified);
            assert!(!verified || free.iter().any(|part| what.starts_with(part)), "{at}: {what}");
        });
        called.draw.log.replace(at as usize, honest).unwrap();
    }
    assert!(changes > 200 && accepted > 0, "{changes} changes tried, {accepted} accepted");
}
