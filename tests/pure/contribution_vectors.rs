//! `tests/vectors/contributions.json`: what supervisors and witnesses sign, text by text, and signatures that
//! must be refused and why (`api-spec/draw-v3.md` §§2–4). Written from fixed seeds.

use ed25519_dalek::{Signer, SigningKey};
use expert_draw::codec::{Hash, Json, Object, to_hex};
use expert_draw::draw::contributions::texts::{
    AnswerText, nonce_commitment, nonce_text, not_released_text, reveal_text, verifies,
};
use expert_draw::draw::vrf::{Beta, VrfSecret};
use expert_draw::log::{Origin, key_digest};

use crate::fixture::bytes;
use crate::vectors::hold;

/// Order of the base point, little-endian (RFC 8032 §5.1).
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

struct Party {
    secret: SigningKey,
    public: [u8; 32],
    digest: Hash,
}

fn party(name: &str) -> Party {
    let secret = SigningKey::from_bytes(&bytes(name));
    let public = secret.verifying_key().to_bytes();
    Party { secret, public, digest: key_digest(&public) }
}

/// A text with its signature, and what it was made of.
fn signed(by: &Party, text: &str, parts: Object) -> Object {
    let signature = by.secret.sign(text.as_bytes()).to_bytes();
    assert!(verifies(&by.public, text, &signature));
    parts.with("public_key", to_hex(&by.public)).with("text", text).with("signature", to_hex(&signature))
}

/// The same signature with s + L, which a lax verifier takes.
fn high_s(signature: [u8; 64]) -> [u8; 64] {
    let (mut out, mut carry) = (signature, 0u16);
    for (byte, order) in out[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    out
}

#[test]
fn what_supervisors_and_witnesses_sign_is_what_the_vectors_hold() {
    let log = Origin::new("draw.example/430600").unwrap();
    let other_log = Origin::new("draw.example/430700").unwrap();
    let supervisor = party("supervisor");
    let witness = party("witness");
    let tag = Beta({
        let mut tag = [0; 64];
        tag[..32].copy_from_slice(&bytes("tag"));
        tag[32..].copy_from_slice(&bytes("tag'"));
        tag
    });
    let (alpha, nonce) = (Hash(bytes("alpha")), bytes("nonce"));

    let nonces = [1u32, 2, 1_000_000].map(|attempt| {
        let commitment = nonce_commitment(&supervisor.digest, &tag, attempt, &nonce);
        let parts = Object::new()
            .with("key", supervisor.digest)
            .with("package_tag", to_hex(&tag.0))
            .with("attempt", attempt)
            .with("nonce", to_hex(&nonce))
            .with("commitment", commitment);
        Json::from(signed(&supervisor, &nonce_text(&log, &tag, attempt, &commitment), parts))
    });
    let reveal = reveal_text(&log, &alpha, &nonce);
    let occasion = |nonce: &[u8; 32], commitment: Hash| {
        Object::new()
            .with("key", supervisor.digest)
            .with("package_tag", to_hex(&tag.0))
            .with("attempt", 1u32)
            .with("nonce", to_hex(nonce))
            .with("commitment", commitment)
    };
    let first = nonce_commitment(&supervisor.digest, &tag, 1, &nonce);
    let reveals = [Json::from(signed(&supervisor, &reveal, occasion(&nonce, first).with("alpha", alpha)))];
    // Signed as it should be, and no nonce of this commitment: each differs in one part.
    let other_nonce = bytes("other nonce");
    let unopened: Vec<Json> = [
        ("other_nonce", occasion(&other_nonce, first)),
        ("other_attempt", occasion(&nonce, nonce_commitment(&supervisor.digest, &tag, 2, &nonce))),
        ("other_key", occasion(&nonce, nonce_commitment(&witness.digest, &tag, 1, &nonce))),
        ("other_package", occasion(&nonce, nonce_commitment(&supervisor.digest, &Beta([1; 64]), 1, &nonce))),
    ]
    .into_iter()
    .map(|(why, parts)| parts.with("why", why).into())
    .collect();

    let vrf = VrfSecret::from_seed(bytes("witness vrf"));
    let proof = vrf.prove(alpha.as_bytes());
    let beta = vrf.public().verify(alpha.as_bytes(), &proof).unwrap();
    let (vrf_key, root) = (key_digest(vrf.public().as_bytes()), Hash(bytes("root")));
    let answer = |index: u64, size: u64, answered: i64| {
        let text =
            AnswerText { index, alpha: &alpha, key: &vrf_key, proof: &proof, size, root: &root, answered };
        let parts = Object::new()
            .with("index", index)
            .with("alpha", alpha)
            .with("vrf_public_key", to_hex(vrf.public().as_bytes()))
            .with("key", vrf_key)
            .with("proof", proof.to_hex())
            .with("beta", to_hex(&beta.0))
            .with("size", size)
            .with("root", root)
            .with("answered", answered);
        Json::from(signed(&witness, &text.text(&log), parts))
    };
    let answers = [answer(55, 58, 1_795_485_600), answer(0, 1, 0)];
    let not_released = not_released_text(&log, &alpha, &vrf_key, 1_795_485_700);
    let stated =
        |key: Hash| Object::new().with("alpha", alpha).with("key", key).with("stated", 1_795_485_700i64);
    let by_witness = stated(vrf_key).with("vrf_public_key", to_hex(vrf.public().as_bytes()));
    let own = not_released_text(&log, &alpha, &supervisor.digest, 1_795_485_700);
    let declared = [
        Json::from(signed(&witness, &not_released, by_witness)),
        Json::from(signed(&supervisor, &own, stated(supervisor.digest))),
    ];

    // Each of these is a signature of somebody, and none is one of `public_key` over `text`.
    let good = supervisor.secret.sign(reveal.as_bytes()).to_bytes();
    let of_other_log = supervisor.secret.sign(reveal_text(&other_log, &alpha, &nonce).as_bytes()).to_bytes();
    let of_other_purpose = supervisor.secret.sign(nonce_text(&log, &tag, 1, &first).as_bytes()).to_bytes();
    let without_newline = supervisor.secret.sign(reveal.trim_end().as_bytes()).to_bytes();
    let over = |alpha: &Hash, nonce: &[u8; 32]| {
        supervisor.secret.sign(reveal_text(&log, alpha, nonce).as_bytes()).to_bytes()
    };
    let (of_other_draw, of_other_nonce) = (over(&Hash([7; 32]), &nonce), over(&alpha, &other_nonce));
    let mut identity = [0u8; 32];
    identity[0] = 1;
    let mut small_order = [0u8; 64];
    small_order[0] = 1;
    let refused: Vec<Json> = [
        ("other_log", supervisor.public, of_other_log),
        ("other_purpose", supervisor.public, of_other_purpose),
        ("other_draw", supervisor.public, of_other_draw),
        ("other_nonce", supervisor.public, of_other_nonce),
        ("other_key", witness.public, good),
        ("no_last_newline", supervisor.public, without_newline),
        ("s_not_reduced", supervisor.public, high_s(good)),
        ("key_of_small_order", identity, small_order),
    ]
    .into_iter()
    .map(|(why, key, signature)| {
        assert!(!verifies(&key, &reveal, &signature), "{why}");
        let refused = Object::new().with("why", why).with("public_key", to_hex(&key));
        refused.with("text", reveal.as_str()).with("signature", to_hex(&signature)).into()
    })
    .collect();

    let all = Object::new()
        .with("log", log.as_str())
        .with("nonces", nonces.into_iter().collect::<Json>())
        .with("reveals", reveals.into_iter().collect::<Json>())
        .with("answers", answers.into_iter().collect::<Json>())
        .with("not_released", declared.into_iter().collect::<Json>())
        .with("unopened", unopened.into_iter().collect::<Json>())
        .with("refused", refused.into_iter().collect::<Json>());
    hold("contributions.json", &Json::from(all).canonical());
}
