//! drand rounds of two schemes (`tests/vectors/drand.json`, facts from public test suites): each verifies
//! under its chain, and what is not a round of the chain is refused by name.

use expert_draw::codec::{Hash, Json, from_hex, to_hex};
use expert_draw::draw::beacon::{BeaconError, ChainInfo, verify};

fn vectors() -> Json {
    let bytes = std::fs::read(crate::vectors::path("drand.json")).unwrap();
    Json::parse(&bytes, 1 << 20).unwrap()
}

fn text<'a>(json: &'a Json, key: &str) -> Option<&'a str> {
    json.as_map().unwrap().get(key).and_then(Json::as_str)
}

fn chain(vectors: &Json, name: &str) -> ChainInfo {
    ChainInfo::read(&vectors.as_map().unwrap()["chains"].as_map().unwrap()[name], name).unwrap()
}

fn judge(vectors: &Json, round: &Json) -> Result<[u8; 32], BeaconError> {
    let chain = chain(vectors, text(round, "chain").unwrap());
    let number = round.as_map().unwrap()["round"].as_int().unwrap() as u64;
    let previous = text(round, "previous").map(|hex| from_hex(hex).unwrap());
    verify(&chain, number, &from_hex(text(round, "signature").unwrap()).unwrap(), previous.as_deref())
}

#[test]
fn published_rounds_of_both_schemes_verify_and_chains_have_the_published_hashes() {
    let vectors = vectors();
    let map = vectors.as_map().unwrap();
    for name in ["quicknet", "default"] {
        let chain = chain(&vectors, name);
        assert_eq!(Some(chain.hash()), Hash::from_hex(text(&map["hashes"], name).unwrap()), "{name}");
        assert_eq!(ChainInfo::read(&chain.to_json(), ""), Ok(chain.clone()));
        assert_eq!(chain.time_of(1), i64::try_from(chain.genesis).ok());
        assert_eq!(chain.time_of(0), None);
        assert_eq!(chain.time_of(u64::MAX), None);
    }
    let rounds = map["rounds"].as_list().unwrap();
    assert!(rounds.len() >= 7);
    for round in rounds {
        let randomness = judge(&vectors, round).unwrap();
        assert_eq!(Some(to_hex(&randomness).as_str()), text(round, "randomness"));
    }
}

#[test]
fn what_is_no_round_of_the_chain_is_refused_by_name() {
    let vectors = vectors();
    let refusals = vectors.as_map().unwrap()["refusals"].as_list().unwrap();
    assert!(refusals.len() >= 17);
    for (n, round) in refusals.iter().enumerate() {
        let word = match judge(&vectors, round).unwrap_err() {
            BeaconError::Key => "key",
            BeaconError::Round => "round",
            BeaconError::Encoding => "encoding",
            BeaconError::Previous => "previous",
            BeaconError::Signature => "signature",
        };
        assert_eq!(Some(word), text(round, "refused"), "refusal {n}");
    }
}
