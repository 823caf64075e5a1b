//! `tests/vectors/witness.json`: a cosigned head, an answer, a statement that there is none, and refusals, from fixed
//! seeds. `EXPERT_DRAW_TEST_WRITE_VECTORS=1` writes them anew.

use std::fs;

use expert_draw::codec::{Json, Object, to_hex};
use expert_draw::draw::statements::Void;

use crate::answers::{ANSWER, Draw, NOT_RELEASED, bytes};
use crate::log::ORIGIN;
use crate::site::Told;

const PATH: &str = "tests/vectors/witness.json";

fn case(request: &[u8], told: &Told) -> Object {
    let request = String::from_utf8(request.to_vec()).unwrap();
    Object::new().with("request", request).with("response", told.body.as_str())
}

#[test]
fn what_a_witness_says_is_what_the_vectors_hold() {
    let (site, mut draw) = Draw::new();
    let proposed = draw.propose(Void::PROPOSED);
    let size = draw.log.size();
    site.cosigns(&draw.log, 0, size);
    let vrf = to_hex(draw.operator.public().as_bytes());
    let with = |entries: &[u64], field: &str, value: Json| {
        bytes(draw.request(entries, size).with("vrf", vrf.as_str()).with(field, value))
    };
    let all = draw.entries.as_slice();
    let spoilt = [
        with(all, "please", 1u32.into()),
        with(all, "log", "draw.example/x".into()),
        with(all, "size", (size - 1).into()),
        with(&[all, &[proposed]].concat(), "v", 1u32.into()),
        with(&all[..3], "v", 1u32.into()),
        with(&all[1..], "v", 1u32.into()),
        with(all, "vrf", "11".repeat(32).into()),
    ];
    let refused: Json = spoilt
        .iter()
        .map(|request| {
            let told = site.client.post(ANSWER, request);
            assert_ne!(told.status, 200, "{}", told.body);
            let error = told.json().as_map().unwrap()["error"].clone();
            let case = Object::new().with("error", error).with("status", u32::from(told.status));
            Json::from(case.with("request", String::from_utf8(request.clone()).unwrap()))
        })
        .collect();
    let head = site.client.get(&format!("/expert-draw/v1/head?log={ORIGIN}")).body;
    let keys = site.client.get("/expert-draw/v1/keys").json();
    let request = draw.asks(size);
    let answer = case(&request, &site.client.post(ANSWER, &request));
    let (other, mut withheld) = Draw::new();
    let proposed = withheld.propose(Void::PROPOSED);
    other.cosigns(&withheld.log, 0, size);
    let request = withheld.withholds(proposed, size);
    let not_released = case(&request, &other.client.post(NOT_RELEASED, &request));
    let file = Object::new()
        .with("log", draw.log.key.to_string())
        .with("keys", keys)
        .with("head", head)
        .with("answer", answer)
        .with("not_released", not_released)
        .with("refused", refused);
    let ours = Json::from(file).canonical();
    if std::env::var_os("EXPERT_DRAW_TEST_WRITE_VECTORS").is_some() {
        fs::write(PATH, &ours).unwrap();
    }
    assert!(fs::read(PATH).unwrap() == ours, "{PATH} is not what the witness says");
}
