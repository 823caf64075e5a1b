//! Fixed vectors of `tests/vectors`: our own code is held against them, and so is every other
//! implementation. They are data, written once; `EXPERT_DRAW_TEST_WRITE_VECTORS=1` writes them
//! anew, which a reviewer sees as a changed file, never as a passing test.

use std::fs;
use std::path::{Path, PathBuf};

use expert_draw::codec::{Hash, Json, Object, from_hex, to_hex};
use expert_draw::draw::identity::DrawKey;
use expert_draw::draw::lots::{self, Seed};
use expert_draw::draw::seed::{self, Contribution};
use expert_draw::draw::vrf::{Proof, VrfPublic};
use expert_draw::evidence::Audience;
use expert_draw::evidence::verify::verify;
use expert_draw::log::Policy;

use crate::fixture::{Draw, Life, bytes};

pub fn path(name: &str) -> PathBuf {
    Path::new("tests/vectors").join(name)
}

pub fn hold(name: &str, ours: &[u8]) {
    let path = path(name);
    if std::env::var_os("EXPERT_DRAW_TEST_WRITE_VECTORS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, ours).unwrap();
    }
    let theirs = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(theirs == ours, "{} is not what the code gives", path.display());
}

#[test]
fn every_stage_of_a_draw_gives_the_fixed_bytes() {
    let draw = Draw::new(Life::Unsealed);
    let drawn = draw.drawn.as_ref().unwrap();
    let first = &draw.people[0];
    let own: Vec<u8> = draw.pool.leaves.iter().map(|leaf| leaf.lots).collect();
    let tickets = lots::tickets(&Seed(drawn.seed.0), &own, draw.commitment.lots).unwrap();
    let order = lots::order(&tickets);
    let weighted = [1u8, 3, 2, 8, 5];
    let weighted_tickets = lots::tickets(&Seed(bytes("weighted")), &weighted, 8).unwrap();
    let ticket = |t: &u128| Json::from(format!("{t:032x}"));
    let seat = |s: &expert_draw::draw::seats::Seated| -> Json {
        Object::new().with("position", s.position).with("group", u32::from(s.group)).into()
    };
    let stages = Object::new()
        .with("draw_key", to_hex(&draw.key.0))
        .with("number", first.number.as_str())
        .with("image", first.image)
        .with("registry", first.registry)
        .with("draw_salt", to_hex(&draw.key.candidate_salt(&first.number)))
        .with(
            "identity",
            expert_draw::draw::identity::identity(
                &draw.key.candidate_salt(&first.number),
                &first.image,
                first.registry,
            ),
        )
        .with("unit_tag_own", to_hex(&draw.key.unit_tag(&format!("expert:{}", first.number))))
        .with("unit_tag", to_hex(&draw.key.unit_tag("910000000000000001")))
        .with("relation_tag", to_hex(&draw.key.relation_tag("E2", "E11")))
        .with("request_canonical", String::from_utf8(draw.request.to_json().canonical()).unwrap())
        .with("request_digest", draw.commitment.request)
        .with("names_digest", draw.commitment.names)
        .with("excluded_digest", draw.commitment.excluded)
        .with("plan_tag", to_hex(&draw.tags.plan.0))
        .with("plan_proof", draw.tags.plan_proof.to_hex())
        .with("package_tag", to_hex(&draw.tags.package.0))
        .with("package_proof", draw.tags.package_proof.to_hex())
        .with("pool", draw.pool.leaves.iter().map(|l| Json::from(to_hex(&l.to_bytes()))).collect::<Json>())
        .with("pool_root", draw.commitment.pool_root)
        .with("alpha", draw.alpha)
        .with("seed", drawn.seed)
        .with("tickets", tickets.iter().map(ticket).collect::<Json>())
        .with("order", order.iter().map(|p| Json::from(*p)).collect::<Json>())
        .with("panel", drawn.seats.iter().map(seat).collect::<Json>())
        .with("branches", drawn.branches);
    let weighted = Object::new()
        .with("seed", to_hex(&bytes("weighted")))
        .with("l", 8u32)
        .with("lots", weighted.iter().map(|n| Json::from(u32::from(*n))).collect::<Json>())
        .with("tickets", weighted_tickets.iter().map(ticket).collect::<Json>())
        .with("order", lots::order(&weighted_tickets).iter().map(|p| Json::from(*p)).collect::<Json>());
    let all = Object::new()
        .with("stages", stages)
        .with("weighted_lots", weighted)
        .with("seeds", seeds(&draw.alpha))
        .with("vrf_refusals", vrf_refusals(&draw));
    hold("draw.json", &Json::from(all).canonical());
}

/// Seeds of all four kinds of contribution.
fn seeds(alpha: &Hash) -> Json {
    let wide = |name: &str| {
        let mut wide = [0u8; 64];
        wide[..32].copy_from_slice(&bytes(name));
        wide[32..].copy_from_slice(&bytes(&format!("{name}'")));
        wide
    };
    let lists = [
        vec![Contribution::Operator(wide("operator"))],
        vec![
            Contribution::Nonce(bytes("nonce")),
            Contribution::Operator(wide("operator")),
            Contribution::Witness(wide("w1")),
            Contribution::Witness(wide("w2")),
            Contribution::Beacon(bytes("beacon")),
        ],
    ];
    let one = |list: &Vec<Contribution>| -> Json {
        let part = |c: &Contribution| -> Json {
            Object::new().with("kind", u32::from(c.kind())).with("bytes", to_hex(c.bytes())).into()
        };
        let seed = seed::seed(alpha, list).unwrap();
        Object::new()
            .with("alpha", *alpha)
            .with("contributions", list.iter().map(part).collect::<Json>())
            .with("seed", seed)
            .with("sub_calls", seed::sub_seed("calls", &seed))
            .into()
    };
    lists.iter().map(one).collect()
}

/// Proofs that must be refused: one bit changed, s + q, another alpha.
fn vrf_refusals(draw: &Draw) -> Json {
    let key = draw.log.draw_vrf.public();
    let good = draw.log.draw_vrf.prove(draw.alpha.as_bytes());
    let mut plus_q = good.0;
    let q = from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0u16;
    for (s, q) in plus_q[48..].iter_mut().zip(&q) {
        let sum = u16::from(*s) + u16::from(*q) + carry;
        *s = sum as u8;
        carry = sum >> 8;
    }
    let mut flipped = good.0;
    flipped[40] ^= 1;
    let case = |name: &str, proof: [u8; 80], alpha: Hash| -> Json {
        let refused = VrfPublic::verify(&key, alpha.as_bytes(), &Proof(proof)).is_err();
        assert!(refused, "{name} was accepted");
        Object::new()
            .with("name", name)
            .with("key", to_hex(key.as_bytes()))
            .with("alpha", alpha)
            .with("proof", to_hex(&proof))
            .into()
    };
    Json::from_iter([
        case("s plus q", plus_q, draw.alpha),
        case("one bit of c", flipped, draw.alpha),
        case("another alpha", good.0, Hash([1; 32])),
        case("all zero", [0; 80], draw.alpha),
    ])
}

const FILES: [(&str, Life, Audience, bool); 5] = [
    ("drawn_public", Life::Drawn, Audience::Public, false),
    ("unsealed_public", Life::Unsealed, Audience::Public, true),
    ("unsealed_auditor", Life::Unsealed, Audience::Auditor, true),
    ("voided_public", Life::Voided, Audience::Public, false),
    ("voided_after_drawn_auditor", Life::VoidedAfterDrawn, Audience::Auditor, true),
];

#[test]
fn evidence_files_are_fixed_and_verified() {
    for (name, life, audience, open) in FILES {
        let draw = Draw::new(life);
        hold(&format!("evidence/{name}.json"), &draw.evidence(audience, open).write());
        hold("evidence/trust.policy", draw.log.policy_text().as_bytes());
    }
}

#[test]
fn refused_evidence_files_fail_the_check_that_their_name_says() {
    let draw = Draw::new(Life::Unsealed);
    let made = |change: &dyn Fn(&mut expert_draw::evidence::Evidence)| {
        let mut evidence = draw.evidence(Audience::Auditor, true);
        change(&mut evidence);
        evidence.write()
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("pool", made(&|e| e.pool.swap(0, 1))),
        ("profile", made(&|e| e.profile.push(' '))),
        ("ending", {
            let mut evidence = Draw::new(Life::VoidedAfterDrawn).evidence(Audience::Auditor, true);
            let proposed = evidence.life.remove(3);
            evidence.entries.retain(|entry| entry.index != proposed);
            evidence.write()
        }),
        ("entries", made(&|e| e.entries[2].proof.reverse())),
        ("openings.package", made(&|e| e.openings.as_mut().unwrap().package.package = "3".into())),
        ("openings.names", made(&|e| e.openings.as_mut().unwrap().names.groups[0].speciality = "x".into())),
        ("openings.seated", made(&|e| e.openings.as_mut().unwrap().seated[0].name = "别人".into())),
        (
            "openings.request",
            made(&|e| {
                let auditor = e.openings.as_mut().unwrap().auditor.as_mut().unwrap();
                auditor.request.suppliers.pop();
            }),
        ),
        (
            "openings.candidates",
            made(&|e| {
                let auditor = e.openings.as_mut().unwrap().auditor.as_mut().unwrap();
                auditor.candidates[1].unit = None;
                auditor.candidates[2].unit = Some("x".into());
            }),
        ),
        (
            "openings.excluded",
            made(&|e| {
                let auditor = e.openings.as_mut().unwrap().auditor.as_mut().unwrap();
                auditor.excluded.pop();
            }),
        ),
    ];
    for (check, file) in cases {
        hold(&format!("evidence/refused/{check}.json"), &file);
        let report = verify(&file, &draw.log.policy(), None);
        let first = report.checks.iter().find(|c| !c.passed).map(|c| c.name);
        assert_eq!(first, Some(check), "{:?}", report.checks);
    }
}

#[test]
fn the_files_verify_as_they_lie_there() {
    let policy = Policy::parse(&fs::read(path("evidence/trust.policy")).unwrap()).unwrap();
    for (name, _, audience, _) in FILES {
        let file = fs::read(path(&format!("evidence/{name}.json"))).unwrap();
        assert!(verify(&file, &policy, Some(audience)).verified(), "{name}");
    }
    assert_eq!(DrawKey(bytes("draw key")).0, bytes("draw key"));
}
