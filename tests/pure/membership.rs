//! Membership files: of a candidate who is seated, of one who is not, of somebody excluded; each changed at
//! every place and refused, even when its digest is computed anew. The files are vectors.

use std::fs;
use std::path::Path;

use expert_draw::codec::{Hash, Json, sha256};
use expert_draw::draw::pool::Leaf;
use expert_draw::draw::pool::{excluded_leaf, excluded_leaves};
use expert_draw::evidence::membership::{CHECKS, Membership, Person, Place, Quoted, Report, Seat, verify};
use expert_draw::log::{KeyRetired, KeyUse, Policy, RetiredBecause, merkle};

use crate::fixture::{Draw, Life};

fn quoted(draw: &Draw, index: u64) -> Quoted {
    Quoted {
        index,
        note: draw.log.notes[index as usize].clone(),
        proof: merkle::inclusion_proof(&draw.log.leaf_hashes(), index).unwrap(),
    }
}

fn file(draw: &Draw, who: usize, place: Place, seat: Option<Seat>) -> Membership {
    let person = &draw.people[who];
    let [_, _, committed, _, drawn, unsealed] = draw.entries[..] else { panic!("not unsealed") };
    let of_candidate = matches!(place, Place::Pool { .. });
    Membership {
        keys: None,
        checkpoint: draw.log.checkpoint(),
        alpha: draw.alpha,
        opened: quoted(draw, 0),
        registry: quoted(draw, person.registry),
        committed: quoted(draw, committed),
        result: of_candidate.then(|| quoted(draw, drawn)),
        unsealed: quoted(draw, unsealed),
        person: Person {
            number: person.number.clone(),
            name: person.name.clone(),
            card_salt: Hash(person.card_salt),
            rest: person.rest,
            draw_salt: Hash(draw.key.candidate_salt(&person.number)),
        },
        place,
        seat,
    }
}

/// The file of whoever stands at a position.
fn of_position(draw: &Draw, position: usize) -> Membership {
    let leaves: Vec<Hash> = draw.pool.leaves.iter().map(Leaf::hash).collect();
    let place = Place::Pool {
        position: position as u32,
        leaf: draw.pool.leaves[position].to_bytes(),
        proof: merkle::inclusion_proof(&leaves, position as u64).unwrap(),
    };
    let seats = &draw.drawn.as_ref().unwrap().seats;
    let seat = seats.iter().find(|seat| seat.position as usize == position);
    file(draw, draw.pool.origin[position], place, seat.map(|seat| Seat { group: seat.group }))
}

fn seated(draw: &Draw) -> Membership {
    of_position(draw, draw.drawn.as_ref().unwrap().seats[0].position as usize)
}

fn unseated(draw: &Draw) -> Membership {
    let seats = &draw.drawn.as_ref().unwrap().seats;
    let free = (0..40).find(|at| seats.iter().all(|seat| seat.position as usize != *at)).unwrap();
    of_position(draw, free)
}

fn excluded(draw: &Draw) -> Membership {
    let leaves = excluded_leaves(&draw.key, &draw.excluded);
    let hashes: Vec<Hash> =
        leaves.iter().map(|(identity, reasons, _)| excluded_leaf(identity, reasons)).collect();
    let at = leaves[1].2;
    let person = &draw.excluded[at];
    let who = draw.people.iter().position(|one| one.number == person.number).unwrap();
    let place = Place::Excluded {
        index: 1,
        count: hashes.len() as u32,
        root: merkle::root(&hashes),
        salt: Hash(draw.key.excluded_salt()),
        reasons_salt: Hash(draw.key.reasons_salt(&person.number)),
        rules: person.rules.clone(),
        proof: merkle::inclusion_proof(&hashes, 1).unwrap(),
    };
    file(draw, who, place, None)
}

fn first_failed(report: &Report) -> &'static str {
    assert_eq!(report.checks.len(), CHECKS.len(), "every check has its line");
    report.checks.iter().find(|check| !check.passed).map_or("none", |check| check.name)
}

fn hold(name: &str, ours: &[u8]) {
    let path = Path::new("tests/vectors/membership").join(name);
    if std::env::var_os("EXPERT_DRAW_TEST_WRITE_VECTORS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, ours).unwrap();
    }
    let theirs = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(theirs == ours, "{} is not what the code gives", path.display());
}

#[test]
fn a_candidate_and_an_excluded_person_prove_their_place() {
    let draw = Draw::new(Life::Unsealed);
    let policy = draw.log.policy();
    let report = |file: &Membership| verify(&file.write(), &policy);
    let one = report(&seated(&draw));
    assert_eq!(first_failed(&one), "none", "{:?}", one.checks);
    assert_eq!(one.facts.group, Some(draw.drawn.as_ref().unwrap().seats[0].group));
    let other = report(&unseated(&draw));
    assert!(other.verified() && other.facts.group.is_none() && other.facts.position.is_some());
    let out = report(&excluded(&draw));
    assert!(out.verified(), "{:?}", out.checks);
    assert_eq!(out.facts.rules, ["age_limit", "conflict_employment_3y"]);
    assert_eq!(out.facts.announcement.as_deref(), Some("岳采公告2026-17"));
}

#[test]
fn the_files_are_the_fixed_vectors_and_each_refusal_fails_first_at_its_name() {
    let draw = Draw::new(Life::Unsealed);
    hold("trust.policy", draw.log.policy_text().as_bytes());
    hold("seated.json", &seated(&draw).write());
    hold("unseated.json", &unseated(&draw).write());
    hold("excluded.json", &excluded(&draw).write());
    let policy = Policy::parse(draw.log.policy_text().as_bytes()).unwrap();
    let spoilt = |name: &'static str, change: &dyn Fn(&mut Membership)| {
        let mut file = if name == "place" { excluded(&draw) } else { seated(&draw) };
        change(&mut file);
        let bytes = file.write();
        assert_eq!(first_failed(&verify(&bytes, &policy)), name);
        hold(&format!("refused/{name}.json"), &bytes);
    };
    let other = unseated(&draw);
    spoilt("checkpoint", &|file| file.checkpoint = file.checkpoint.replace("430600", "430700"));
    spoilt("entries", &|file| file.registry.proof.reverse());
    spoilt("commitment", &|file| file.alpha = Hash([7; 32]));
    spoilt("unsealed", &|file| file.unsealed = quoted(&draw, draw.log.notes.len() as u64 - 1));
    spoilt("person", &|file| file.person.name = "张三".into());
    spoilt("place", &|file| {
        if let Place::Excluded { rules, .. } = &mut file.place {
            rules.pop();
        }
    });
    spoilt("seat", &|file| file.seat = None);
    // A signature by another key over the same statement.
    spoilt("signatures", &|file| {
        let (text, line) = file.committed.note.split_once("\n\n").unwrap();
        let (_, others) = other.registry.note.split_once("\n\n").unwrap();
        assert_ne!(line, others);
        file.committed.note = format!("{text}\n\n{others}");
    });
    let mut bytes = seated(&draw).write();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    assert_eq!(first_failed(&verify(&bytes, &policy)), "file");
    hold("refused/file.json", &bytes);
}

#[test]
fn files_with_later_keys_are_fixed_and_each_refusal_fails_first_at_its_name() {
    let mut draw = Draw::new(Life::Unsealed);
    let first = draw.log.notes.len() as u64;
    let before = draw.log.rotate(KeyUse::Log);
    let said = KeyRetired { key: before, reason: RetiredBecause::Succeeded };
    draw.log.say(KeyRetired::TYPE, said.fields());
    draw.log.rotate(KeyUse::Statements);
    let with_keys = |file: Membership| {
        let keys = (first..first + 3).map(|index| quoted(&draw, index)).collect();
        Membership { keys: Some(keys), ..file }
    };
    hold("../membership2/trust.policy", draw.log.policy_text().as_bytes());
    let policy = draw.log.policy();
    for (name, file) in [("seated", seated(&draw)), ("excluded", excluded(&draw))] {
        let file = with_keys(file);
        let bytes = file.write();
        assert_eq!(Membership::read(&bytes).unwrap(), file);
        assert_eq!(first_failed(&verify(&bytes, &policy)), "none", "{name}");
        hold(&format!("../membership2/{name}.json"), &bytes);
        for changed in changes(&Json::parse_canonical(&bytes, 1 << 20).unwrap()) {
            let report = verify(&with_digest(changed.clone()), &policy);
            assert!(!report.verified(), "{}", String::from_utf8_lossy(&changed.canonical()));
        }
    }
    let spoilt = |name: &str, change: &dyn Fn(&mut Vec<Quoted>)| {
        let mut file = with_keys(seated(&draw));
        change(file.keys.as_mut().unwrap());
        let bytes = file.write();
        assert_eq!(Some(first_failed(&verify(&bytes, &policy))), name.split('-').next(), "{name}");
        hold(&format!("../membership2/refused/{name}.json"), &bytes);
    };
    spoilt("entries-order", &|keys| keys.swap(0, 2));
    spoilt("entries-kind", &|keys| keys[2] = quoted(&draw, 0));
    spoilt("signatures-no-log-key", &|keys| keys.truncate(0));
    spoilt("signatures-in-force", &|keys| drop(keys.remove(0)));
}

#[test]
fn nobody_takes_the_place_of_another_and_no_place_is_changed_unnoticed() {
    let draw = Draw::new(Life::Unsealed);
    let policy = draw.log.policy();
    let (mine, theirs) = (seated(&draw), unseated(&draw));
    let taken =
        Membership { person: theirs.person.clone(), registry: theirs.registry.clone(), ..mine.clone() };
    assert_eq!(first_failed(&verify(&taken.write(), &policy)), "place");
    let claimed = Membership { seat: Some(Seat { group: 1 }), ..theirs };
    assert_eq!(first_failed(&verify(&claimed.write(), &policy)), "seat");
    for file in [mine, excluded(&draw)] {
        let whole = Json::parse_canonical(&file.write(), 1 << 20).unwrap();
        let mut tried = 0;
        for changed in changes(&whole) {
            tried += 1;
            let report = verify(&with_digest(changed.clone()), &policy);
            assert!(!report.verified(), "{}", String::from_utf8_lossy(&changed.canonical()));
        }
        assert!(tried > 50, "{tried}");
    }
}

/// The document with one value changed, for every value.
fn changes(json: &Json) -> Vec<Json> {
    match json {
        Json::Map(map) => map
            .iter()
            .filter(|(key, _)| key.as_str() != "digest")
            .flat_map(|(key, value)| {
                changes(value).into_iter().map(|changed| {
                    let mut map = map.clone();
                    map.insert(key.clone(), changed);
                    Json::Map(map)
                })
            })
            .collect(),
        Json::List(items) => {
            let inner = items.iter().enumerate().flat_map(|(at, item)| {
                changes(item).into_iter().map(move |changed| {
                    let mut items = items.clone();
                    items[at] = changed;
                    Json::List(items)
                })
            });
            let mut all: Vec<Json> = inner.collect();
            if !items.is_empty() {
                all.push(Json::List(items[1..].to_vec()));
            }
            all
        }
        other => match (other.as_int(), other.as_str()) {
            (Some(n), _) => vec![Json::from(n + 1)],
            (None, Some(text)) => {
                let mut chars: Vec<char> = text.chars().collect();
                let middle = chars.len() / 2;
                if let Some(c) = chars.get_mut(middle) {
                    *c = if *c == '0' { '1' } else { '0' };
                }
                vec![Json::from(chars.into_iter().collect::<String>())]
            }
            _ => vec![],
        },
    }
}

/// Puts the right digest on a changed file.
fn with_digest(mut json: Json) -> Vec<u8> {
    if let Json::Map(map) = &mut json {
        map.remove("digest");
        let digest = sha256(&[&Json::Map(map.clone()).canonical()]);
        map.insert("digest".into(), Json::from(digest));
    }
    json.canonical()
}
