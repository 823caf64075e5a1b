//! The draw of sites: fixed vectors, the file verified, and refused wherever it is altered.

use std::fs;

use expert_draw::codec::{Hash, Json, Object, sha256, to_hex};
use expert_draw::draw::lots::{self, Seed};
use expert_draw::draw::seed::{self, Contribution};
use expert_draw::draw::sites::leaves::{identity, root};
use expert_draw::draw::sites::{
    self, Limits, Picked, SiteLeaf, SitesCommitted, SitesDrawn, SitesEnded, SitesEnding, SitesKey,
    SitesRequest,
};
use expert_draw::draw::statements::Contributed;
use expert_draw::draw::tags::{Tags, tags};
use expert_draw::evidence::sites::{SitesEvidence, SitesOpenings, VenueOpening, verify};
use expert_draw::evidence::{Audience, EvidenceEntry};
use expert_draw::log::opened::LogOpened;
use expert_draw::log::{KeyRetired, KeyUse, Policy, RetiredBecause, key_digest, merkle};

use crate::fixture::{Log, bytes};
use crate::vectors::hold;

/// Venues of the fixture: id, city, free workstations.
const VENUES: [(&str, &str, u16); 7] = [
    ("V1", "430100", 6),
    ("V2", "430100", 4),
    ("V3", "430200", 3),
    ("V4", "430300", 2),
    ("V5", "430400", 8),
    ("V6", "430700", 3),
    ("V7", "430700", 9),
];

/// What the operator does although the pages forbid it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trick {
    None,
    /// The first venue stands with an older record beside its newest.
    VenueTwice,
    /// One record stands under two ids.
    RecordTwice,
    /// Venues from outside the request's regions.
    Outside,
    /// The result is written before the contribution that it lists.
    ResultFirst,
}

struct Made {
    log: Log,
    key: SitesKey,
    request: SitesRequest,
    tags: Tags,
    venues: Vec<VenueOpening>,
    leaves: Vec<SiteLeaf>,
    committed: SitesCommitted,
    alpha: Hash,
    drawn: SitesDrawn,
    life: Vec<u64>,
    keys: Option<Vec<u64>>,
}

impl Made {
    fn new(ended: bool) -> Self {
        Self::with_keys(ended, false)
    }

    /// With or without keys that succeeded before the commitment.
    fn with_keys(ended: bool, rotated: bool) -> Self {
        Self::cheated(ended, rotated, Trick::None)
    }

    /// As an operator with its own keys would write it.
    fn cheated(ended: bool, rotated: bool, trick: Trick) -> Self {
        let mut log = Log::new();
        let opened = LogOpened {
            jurisdiction: "430600".into(),
            log: log.log_key.verifying_key().to_bytes(),
            statements: log.statements_key.verifying_key().to_bytes(),
            draw_vrf: *log.draw_vrf.public().as_bytes(),
            tag_vrf: *log.tag_vrf.public().as_bytes(),
        };
        log.say(LogOpened::TYPE, opened.fields());
        let key = SitesKey(bytes("sites key"));
        let mut listed: Vec<(VenueOpening, SiteLeaf)> = Vec::new();
        let again = match trick {
            Trick::VenueTwice => Some(VENUES[0]),
            Trick::RecordTwice => Some(("V8", VENUES[6].1, VENUES[6].2)),
            _ => None,
        };
        for (n, (venue, city, workstations)) in VENUES.into_iter().chain(again).enumerate() {
            let (record, index) = match listed.last() {
                Some((before, _)) if n == 7 && trick == Trick::RecordTwice => (before.record, before.index),
                _ => {
                    let record = Hash(bytes(if n == 7 { "V1 newer" } else { venue }));
                    (record, log.say("registry.record", Object::new().with("image", record)))
                }
            };
            let opening = VenueOpening { venue: venue.into(), city: city.into(), record, index };
            let identity = identity(&key.site_salt(venue), &record, index);
            listed.push((opening, SiteLeaf { identity, city: key.city_tag(city), workstations }));
        }
        let mut keys = Vec::new();
        if rotated {
            for usage in [KeyUse::Log, KeyUse::Statements, KeyUse::DrawVrf, KeyUse::TagVrf] {
                keys.push(log.statements.len() as u64);
                let before = log.rotate(usage);
                if usage == KeyUse::Log {
                    let said = KeyRetired { key: before, reason: RetiredBecause::Succeeded };
                    keys.push(log.say(KeyRetired::TYPE, said.fields()));
                }
            }
        }
        listed.sort_by_key(|(_, leaf)| leaf.identity);
        let (venues, leaves): (Vec<_>, Vec<SiteLeaf>) = listed.into_iter().unzip();
        let limits = Limits::strictest(3, 3, &leaves).unwrap();
        assert_eq!((limits.min_cities, limits.max_per_city), (3, 1));
        let request = SitesRequest {
            plan: "430600-2026-17".into(),
            package: "2".into(),
            review_start: 1_790_700_000,
            review_end: 1_790_714_400,
            within: if trick == Trick::Outside {
                // A province, a city of the venues, a county of another: one venue in 430300 is in none.
                vec!["430102".into(), "430200".into(), "430400".into(), "430700".into(), "440000".into()]
            } else {
                vec!["430000".into()]
            },
            host: Some("430600".into()),
            limits,
        };
        let tags = tags(&log.tag_vrf, &request.plan, &request.package).unwrap();
        let contributor = key_digest(log.draw_vrf.public().as_bytes());
        let committed = SitesCommitted {
            attempt: 1,
            predecessor: None,
            package_tag: tags.package,
            plan_tag: tags.plan,
            tag_key: key_digest(log.tag_vrf.public().as_bytes()),
            request: request.digest(&key.request_salt()),
            root: root(&leaves),
            size: leaves.len() as u32,
            limits,
            contributor,
            deadline: log.next_time() + 86_400,
        };
        let index = log.say(SitesCommitted::TYPE, committed.fields());
        let alpha = seed::alpha(index, &log.leaf_hashes()[index as usize]);
        let proof = log.draw_vrf.prove(alpha.as_bytes());
        let beta = log.draw_vrf.public().verify(alpha.as_bytes(), &proof).unwrap();
        let said = Contributed { alpha, key: contributor, proof };
        let contribution = match trick {
            Trick::ResultFirst => index + 2,
            _ => log.say(Contributed::TYPE, said.fields()),
        };
        let seed = seed::seed(&alpha, &[Contribution::Operator(beta.0)]).unwrap();
        let sites = sites::pick(&limits, &leaves, &seed).unwrap();
        let drawn = SitesDrawn { alpha, contribution, seed, sites };
        let result = log.say(SitesDrawn::TYPE, drawn.fields());
        if trick == Trick::ResultFirst {
            log.say(Contributed::TYPE, said.fields());
        }
        let mut life = vec![index, contribution.min(result), contribution.max(result)];
        if ended {
            let end = SitesEnded {
                alpha,
                reason: SitesEnding::SiteFailure,
                actor: "A-agency".into(),
                approver: "A-bureau".into(),
            };
            life.push(log.say(SitesEnded::TYPE, end.fields()));
        }
        log.say("access.recorded", Object::new().with("image", Hash(bytes("look"))));
        let keys = rotated.then_some(keys);
        Self { log, key, request, tags, venues, leaves, committed, alpha, drawn, life, keys }
    }

    fn file(&self, audience: Audience) -> SitesEvidence {
        let hashes = self.log.leaf_hashes();
        let open = audience == Audience::Auditor;
        let mut indices: Vec<u64> = [0].into_iter().chain(self.life.iter().copied()).collect();
        if open {
            indices.extend(self.venues.iter().map(|venue| venue.index));
        }
        indices.extend(self.keys.iter().flatten());
        indices.sort_unstable();
        indices.dedup();
        let entry = |index: u64| EvidenceEntry {
            index,
            note: self.log.notes[index as usize].clone(),
            proof: merkle::inclusion_proof(&hashes, index).unwrap(),
        };
        let openings = SitesOpenings {
            request: self.request.clone(),
            sites_key: Hash(self.key.0),
            plan_proof: self.tags.plan_proof,
            package_proof: self.tags.package_proof,
            venues: self.venues.clone(),
        };
        SitesEvidence {
            audience,
            checkpoint: self.log.checkpoint(),
            entries: indices.into_iter().map(entry).collect(),
            alpha: self.alpha,
            keys: self.keys.clone(),
            life: self.life.clone(),
            leaves: self.leaves.iter().map(SiteLeaf::to_bytes).collect(),
            openings: open.then_some(openings),
        }
    }

    fn policy(&self) -> Policy {
        self.log.policy()
    }
}

fn refused_at(file: &[u8], policy: &Policy) -> Option<&'static str> {
    verify(file, policy, None).checks.iter().find(|check| !check.passed).map(|check| check.name)
}

#[test]
fn every_stage_of_a_draw_of_sites_gives_the_fixed_bytes() {
    let made = Made::new(false);
    let tickets = lots::tickets(&Seed(made.drawn.seed.0), &vec![1; made.leaves.len()], 1).unwrap();
    let picks = |picked: &[Picked]| -> Json {
        let one =
            |p: &Picked| -> Json { Object::new().with("position", p.position).with("site", p.site).into() };
        picked.iter().map(one).collect()
    };
    let stages = Object::new()
        .with("sites_key", to_hex(&made.key.0))
        .with("venue", "V1")
        .with("site_salt", to_hex(&made.key.site_salt("V1")))
        .with("city_tag_430100", to_hex(&made.key.city_tag("430100")))
        .with("request_canonical", String::from_utf8(made.request.to_json().canonical()).unwrap())
        .with("request_digest", made.committed.request)
        .with("leaves", made.leaves.iter().map(|leaf| Json::from(to_hex(&leaf.to_bytes()))).collect::<Json>())
        .with("root", made.committed.root)
        .with("alpha", made.alpha)
        .with("seed", made.drawn.seed)
        .with("order", lots::order(&tickets).iter().map(|p| Json::from(*p)).collect::<Json>())
        .with("picks", picks(&made.drawn.sites));
    let choices: Json = [
        (&[(1u8, 4u16), (1, 4), (2, 4), (3, 1)][..], 2, 2, 2, 1, &[0u32, 1, 2, 3][..]),
        (&[(1, 4), (1, 4), (2, 4)], 2, 2, 1, 2, &[1, 0, 2]),
        (&[(1, 4), (1, 4), (2, 1)], 2, 2, 2, 1, &[0, 1, 2]),
        (&[(1, 4), (2, 4), (2, 4), (3, 4)], 3, 1, 2, 2, &[1, 2, 0, 3]),
        (&[(1, 4), (2, 4), (2, 4), (3, 4)], 3, 1, 3, 1, &[2, 1, 3, 0]),
    ]
    .into_iter()
    .map(|(venues, count, workstations, min_cities, max_per_city, order)| {
        let leaf = |(n, (city, free)): (usize, &(u8, u16))| SiteLeaf {
            identity: Hash([n as u8; 32]),
            city: [*city; 16],
            workstations: *free,
        };
        let leaves: Vec<SiteLeaf> = venues.iter().enumerate().map(leaf).collect();
        let limits = Limits { picks: count, workstations, min_cities, max_per_city };
        let chosen = sites::choose(&limits, &leaves, order).ok().map(|picked| picks(&picked));
        let pair = |(city, free): &(u8, u16)| {
            Json::from_iter([Json::from(u32::from(*city)), Json::from(u32::from(*free))])
        };
        Object::new()
            .with("picks", count)
            .with("workstations", workstations)
            .with("min_cities", min_cities)
            .with("max_per_city", max_per_city)
            .with("leaves", venues.iter().map(pair).collect::<Json>())
            .with("order", order.iter().map(|p| Json::from(*p)).collect::<Json>())
            .with_some("chosen", chosen)
            .into()
    })
    .collect();
    hold(
        "sites.json",
        &Json::from(Object::new().with("stages", stages).with("choices", choices)).canonical(),
    );
}

#[test]
fn files_of_sites_are_fixed_and_verified() {
    for (name, ended, audience) in [
        ("public", false, Audience::Public),
        ("auditor", false, Audience::Auditor),
        ("ended_public", true, Audience::Public),
    ] {
        let made = Made::new(ended);
        let file = made.file(audience).write();
        assert_eq!(SitesEvidence::read(&file).unwrap().write(), file);
        assert!(SitesEvidence::is_meant(&file));
        let report = verify(&file, &made.policy(), Some(audience));
        assert!(report.verified(), "{name}: {:?}", report.checks);
        assert_eq!(report.facts.ended, ended.then_some("site_failure"));
        hold(&format!("sites/{name}.json"), &file);
        hold("sites/trust.policy", made.log.policy_text().as_bytes());
        let other = if audience == Audience::Public { Audience::Auditor } else { Audience::Public };
        assert_eq!(verify(&file, &made.policy(), Some(other)).checks[0].name, "file");
        assert!(!verify(&file, &made.policy(), Some(other)).verified());
    }
}

#[test]
fn refused_files_of_sites_fail_first_at_the_check_that_their_name_says() {
    let made = Made::new(true);
    let policy = made.policy();
    let spoilt = |change: &dyn Fn(&mut SitesEvidence)| {
        let mut file = made.file(Audience::Auditor);
        change(&mut file);
        file.write()
    };
    let hash = |n: u8| Hash([n; 32]);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("file", made.file(Audience::Auditor).write().split_last().unwrap().1.to_vec()),
        ("checkpoint", spoilt(&|f| f.checkpoint = f.checkpoint.replace("430600", "430601"))),
        ("entries", spoilt(&|f| f.life.truncate(f.life.len() - 1))),
        ("commitment", spoilt(&|f| drop(f.entries.remove(f.entries.len() - 4)))),
        ("leaves", spoilt(&|f| f.leaves.swap(0, 1))),
        ("openings.package", spoilt(&|f| f.openings.as_mut().unwrap().request.package = "3".into())),
        ("openings.request", spoilt(&|f| f.openings.as_mut().unwrap().sites_key = hash(1))),
        ("openings.venues", spoilt(&|f| f.openings.as_mut().unwrap().venues.swap(0, 1))),
    ];
    for (check, file) in cases {
        // Without its commitment a file fails earlier: life names an entry that is not there.
        let first = if check == "commitment" { "entries" } else { check };
        assert_eq!(refused_at(&file, &policy), Some(first), "{check}");
        if first == check {
            hold(&format!("sites/refused/{check}.json"), &file);
        }
    }
    // Written against the rules by the operator itself, with its own keys.
    for (name, trick) in [
        ("openings.venues-venue-twice", Trick::VenueTwice),
        ("openings.venues-record-twice", Trick::RecordTwice),
        ("openings.venues-outside", Trick::Outside),
        ("ending-result-first", Trick::ResultFirst),
    ] {
        let file = Made::cheated(false, false, trick).file(Audience::Auditor).write();
        assert_eq!(refused_at(&file, &policy), name.split('-').next(), "{name}");
        hold(&format!("sites/refused/{name}.json"), &file);
    }
    // Said otherwise in the log itself: the checks behind the signatures.
    let lying = |index: usize, change: &dyn Fn(&mut std::collections::BTreeMap<String, Json>)| {
        let mut made = Made::new(false);
        let Json::Map(mut body) = made.log.statements[index].body_json() else { unreachable!() };
        change(&mut body);
        made.log.replace(index, body).unwrap();
        let file = made.file(Audience::Public).write();
        refused_at(&file, &made.policy())
    };
    let (contributed, drawn) = (made.life[1] as usize, made.life[2] as usize);
    let set = |key: &'static str, value: Json| {
        move |body: &mut std::collections::BTreeMap<String, Json>| {
            body.insert(key.to_owned(), value.clone());
        }
    };
    assert_eq!(lying(contributed, &set("key", Json::from(hash(3)))), Some("contributions"));
    assert_eq!(lying(drawn, &set("seed", Json::from(hash(4)))), Some("seed"));
    let two = [Picked { position: 0, site: 2 }, Picked { position: 1, site: 3 }];
    let fields = Json::from(SitesDrawn { sites: two.to_vec(), ..made.drawn.clone() }.fields());
    let sites = fields.as_map().unwrap()["sites"].clone();
    assert_eq!(lying(drawn, &set("sites", sites)), Some("picks"));
}

/// Every text and number of a value, altered one at a time.
fn altered(value: &Json) -> Vec<Json> {
    match value {
        Json::Int(n) => vec![Json::Int(n + 1)],
        Json::Str(text) => {
            let mut other: Vec<char> = text.chars().collect();
            let middle = other.len() / 2;
            match other.get_mut(middle) {
                Some(c) => *c = if *c == '0' { '1' } else { '0' },
                None => other.push('0'),
            }
            vec![Json::Str(other.into_iter().collect())]
        }
        Json::List(items) => (0..items.len())
            .flat_map(|i| {
                let put = move |new: Json| {
                    let mut items = items.clone();
                    items[i] = new;
                    Json::List(items)
                };
                let mut shorter = items.clone();
                shorter.remove(i);
                altered(&items[i]).into_iter().map(put).chain([Json::List(shorter)]).collect::<Vec<_>>()
            })
            .collect(),
        Json::Map(map) => map
            .iter()
            .flat_map(|(key, inner)| {
                let put = move |new: Json| {
                    let mut map = map.clone();
                    map.insert(key.clone(), new);
                    Json::Map(map)
                };
                altered(inner).into_iter().map(put).collect::<Vec<_>>()
            })
            .collect(),
    }
}

#[test]
fn a_file_of_sites_altered_anywhere_is_refused_even_with_a_fresh_digest() {
    for (ended, audience) in [(true, Audience::Public), (false, Audience::Auditor)] {
        let made = Made::new(ended);
        let policy = made.policy();
        let mut json = Json::parse_canonical(&made.file(audience).write(), 1 << 24).unwrap();
        let Json::Map(map) = &mut json else { unreachable!() };
        map.remove("digest");
        let mut refused = 0;
        for spoilt in altered(&json) {
            let digest = sha256(&[&spoilt.canonical()]);
            let Json::Map(mut map) = spoilt else { unreachable!() };
            map.insert("digest".into(), Json::from(digest));
            let file = Json::Map(map).canonical();
            let report = verify(&file, &policy, Some(audience));
            assert!(!report.verified(), "{}", String::from_utf8_lossy(&file));
            refused += 1;
        }
        assert!(refused > 50, "{refused}");
    }
}

#[test]
fn the_files_of_sites_verify_as_they_lie_there() {
    let policy = Policy::parse(&fs::read("tests/vectors/sites/trust.policy").unwrap()).unwrap();
    for name in ["public", "auditor", "ended_public"] {
        let file = fs::read(format!("tests/vectors/sites/{name}.json")).unwrap();
        assert!(verify(&file, &policy, None).verified(), "{name}");
    }
    for entry in fs::read_dir("tests/vectors/sites/refused").unwrap() {
        let path = entry.unwrap().path();
        // What follows a hyphen tells two refusals at one check apart.
        let check = path.file_stem().unwrap().to_str().unwrap().split('-').next();
        assert_eq!(refused_at(&fs::read(&path).unwrap(), &policy), check);
    }
}

#[test]
fn files_of_sites_with_later_keys_are_fixed_and_each_refusal_fails_first_at_its_name() {
    let made = Made::with_keys(true, true);
    let policy = made.policy();
    hold("sites2/trust.policy", made.log.policy_text().as_bytes());
    for (name, audience) in [("public", Audience::Public), ("auditor", Audience::Auditor)] {
        let file = made.file(audience).write();
        assert_eq!(SitesEvidence::read(&file).unwrap().write(), file);
        assert!(SitesEvidence::is_meant(&file));
        let report = verify(&file, &policy, Some(audience));
        assert!(report.verified(), "{name}: {:?}", report.checks);
        hold(&format!("sites2/{name}.json"), &file);
        let mut json = Json::parse_canonical(&file, 1 << 24).unwrap();
        let Json::Map(map) = &mut json else { unreachable!() };
        map.remove("digest");
        for spoilt in altered(&json) {
            let digest = sha256(&[&spoilt.canonical()]);
            let Json::Map(mut map) = spoilt else { unreachable!() };
            map.insert("digest".into(), Json::from(digest));
            let file = Json::Map(map).canonical();
            assert!(!verify(&file, &policy, None).verified(), "{}", String::from_utf8_lossy(&file));
        }
    }
    let without = |place: usize| {
        let mut file = made.file(Audience::Public);
        let index = file.keys.as_mut().unwrap().remove(place);
        file.entries.retain(|entry| entry.index != index);
        file.write()
    };
    let unlisted = || {
        let mut file = made.file(Audience::Public);
        file.keys.as_mut().unwrap().pop();
        file.write()
    };
    // In their order: the log key, the end of the first one, the key of statements, of draws, of tags.
    for (name, file) in [
        ("entries", unlisted()),
        ("keys", without(0)),
        ("signatures", without(2)),
        ("commitment", without(3)),
        ("commitment-tag", without(4)),
    ] {
        assert_eq!(refused_at(&file, &policy), name.split('-').next(), "{name}");
        hold(&format!("sites2/refused/{name}.json"), &file);
    }
    // A verifier of sites-v1 reads no such file, and one of these pages no such statements in sites-v1.
    let plain = SitesEvidence { keys: None, ..made.file(Audience::Public) };
    assert_eq!(refused_at(&plain.write(), &policy), Some("entries"));
    // Whoever still pins the first log key alone accepts nothing that the second signed.
    let first = Policy::parse(Log::new().policy_text().as_bytes()).unwrap();
    assert_eq!(refused_at(&made.file(Audience::Public).write(), &first), Some("checkpoint"));
}
