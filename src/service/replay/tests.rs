//! Tests of what a replay tells of a pool that is not what the rules come to.

use super::differences::differences;
use crate::codec::Hash;
use crate::draw::identity::DrawKey;
use crate::draw::pool::{Candidate, Excluded};
use crate::draw::request::tests::sample;
use crate::draw::vrf::Proof;
use crate::service::draws::prepare::People;
use crate::service::draws::record::DrawRecord;
use crate::service::draws::record::Header;

fn candidate(number: &str) -> Candidate {
    Candidate {
        number: number.into(),
        image: Hash([1; 32]),
        registry: 5,
        groups: 1,
        lots: 1,
        unit: None,
        further_units: Vec::new(),
    }
}

fn excluded(number: &str, rule: &str) -> Excluded {
    Excluded { number: number.into(), image: Hash([2; 32]), registry: 6, rules: vec![rule.into()] }
}

fn record() -> DrawRecord {
    let header = Header {
        key: DrawKey([7; 32]),
        request: sample(),
        excluded: [("age_limit".to_owned(), 1)].into(),
        plan_proof: Proof([1; 80]),
        package_proof: Proof([2; 80]),
        judged: None,
        calls: None,
    };
    let candidates = vec![candidate("E1"), candidate("E2")];
    DrawRecord { header, candidates, excluded: vec![excluded("E3", "age_limit")], related: Vec::new() }
}

fn rebuilt(change: impl FnOnce(&mut People)) -> Vec<(&'static str, String)> {
    let record = record();
    let mut people = People {
        registry: 6,
        leaves: Vec::new(),
        candidates: record.candidates.clone(),
        excluded: record.excluded.clone(),
        related: Vec::new(),
    };
    change(&mut people);
    differences(&record, &people, None).0
}

#[test]
fn whoever_was_left_out_put_in_or_weighed_otherwise_is_named() {
    assert_eq!(rebuilt(|_| {}), Vec::new());
    let one = |name: &'static str, text: &str| vec![(name, text.to_owned())];
    assert_eq!(
        rebuilt(|people| people.candidates.push(candidate("E9"))),
        one("pool_dropped", "candidate E9: is missing from the record")
    );
    assert_eq!(
        rebuilt(|people| drop(people.candidates.remove(0))),
        one("pool_slipped_in", "candidate E1: the rules come to something else")
    );
    assert_eq!(
        rebuilt(|people| people.candidates[1].lots = 2),
        one("lots", "candidate E2: drew with 1 lots, the table gives 2")
    );
    assert_eq!(
        rebuilt(|people| people.excluded[0].rules = vec!["e_skill".into()]),
        ["excluded person E3: differs", "the counts by rule differ"]
            .map(|what| ("exclusion", what.to_owned()))
    );
    assert_eq!(
        rebuilt(|people| people.related.push(("E1".into(), "E2".into()))),
        one("relations", "the pairs of related candidates differ")
    );
}
