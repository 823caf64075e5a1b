//! Tests of the VRF: the vectors of RFC 9381, a second implementation, and everything that must be
//! refused.

use super::*;
use crate::codec::Json;
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use proptest::prelude::*;

/// The order of the prime-order group, q = 2^252 + 27742317777372353535851937790883648493.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn vectors() -> Vec<Json> {
    let path = format!("{}/tests/vectors/rfc9381_edwards25519_tai.json", env!("CARGO_MANIFEST_DIR"));
    let file = Json::parse(&std::fs::read(path).unwrap(), 1 << 20).unwrap();
    file.as_map().unwrap()["vectors"].as_list().unwrap().to_vec()
}

fn bytes<const N: usize>(case: &Json, name: &str) -> [u8; N] {
    from_hex(case.as_map().unwrap()[name].as_str().unwrap()).unwrap().try_into().unwrap()
}

fn sample() -> (VrfSecret, Proof) {
    let secret = VrfSecret::from_seed([9; 32]);
    let proof = secret.prove(b"alpha");
    (secret, proof)
}

/// A proof with another Γ, c or s.
fn replaced(proof: &Proof, at: usize, part: &[u8]) -> Proof {
    let mut bytes = *proof.as_bytes();
    bytes[at..at + part.len()].copy_from_slice(part);
    Proof(bytes)
}

/// The eight points of small order, by their canonical encodings.
fn torsion() -> Vec<EdwardsPoint> {
    // A point of order 8: any curve point times q loses all but its torsion.
    let generator = (0u8..)
        .filter_map(|i| CompressedEdwardsY([i; 32]).decompress())
        .map(|point| -Scalar::ONE * point + point)
        .find(|point| !(point * Scalar::from(4u8)).is_identity())
        .unwrap();
    (0u8..8).map(|i| generator * Scalar::from(i)).collect()
}

/// The encodings of curve points in which y is not reduced or x = 0 carries a sign.
fn non_canonical() -> Vec<[u8; 32]> {
    let mut spellings = Vec::new();
    for sign in [0u8, 0x80] {
        for i in 0..19u8 {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (0xed + i, 0x7f | sign);
            spellings.push(bytes);
        }
    }
    // x = 0 with the sign bit: y = 1 and y = −1.
    let mut one = [0; 32];
    (one[0], one[31]) = (1, 0x80);
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    spellings.extend([one, minus_one]);
    spellings.into_iter().filter(|bytes| CompressedEdwardsY(*bytes).decompress().is_some()).collect()
}

#[test]
fn the_vectors_of_the_rfc_pass_in_every_field() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 3);
    for case in &vectors {
        let secret = VrfSecret::from_seed(bytes(case, "sk"));
        let public = secret.public();
        let alpha = from_hex(case.as_map().unwrap()["alpha"].as_str().unwrap()).unwrap();
        assert_eq!(public.as_bytes(), &bytes(case, "pk"));
        assert_eq!(secret.x, Scalar::from_bytes_mod_order(bytes(case, "x")));
        let h = encode_to_curve(public.as_bytes(), &alpha).unwrap();
        assert_eq!(h.compress().to_bytes(), bytes(case, "h"));
        let k = secret.nonce(&h);
        assert_eq!(k.to_bytes(), bytes(case, "k"));
        assert_eq!(Scalar::from_bytes_mod_order_wide(&bytes(case, "k_string")), k);
        assert_eq!(EdwardsPoint::mul_base(&k).compress().to_bytes(), bytes(case, "u"));
        assert_eq!((k * h).compress().to_bytes(), bytes(case, "v"));
        let proof = secret.prove(&alpha);
        assert_eq!(proof.as_bytes(), &bytes(case, "pi"));
        let beta = VrfPublic::from_bytes(bytes(case, "pk")).unwrap().verify(&alpha, &proof).unwrap();
        assert_eq!(beta, Beta(bytes(case, "beta")));
    }
}

#[test]
fn the_counter_of_the_second_vector_is_one() {
    // That vector is the one that shows a wrong increment; hold that it does.
    let case = &vectors()[1];
    let (public, alpha) = (bytes::<32>(case, "pk"), bytes::<1>(case, "alpha"));
    let at_zero = Sha512::new()
        .chain_update([SUITE, ENCODE_TO_CURVE])
        .chain_update(public)
        .chain_update(alpha)
        .chain_update([0, END])
        .finalize();
    assert_eq!(case.as_map().unwrap()["counter"].as_int(), Some(1));
    assert!(canonical_point(at_zero[..32].try_into().unwrap()).is_none());
}

#[test]
fn a_second_implementation_makes_and_accepts_the_same_proofs() {
    use vrf_rfc9381::ec::edwards25519::tai::EdVrfEdwards25519TaiPublicKey as TheirPublic;
    use vrf_rfc9381::ec::edwards25519::tai::EdVrfEdwards25519TaiSecretKey as TheirSecret;
    use vrf_rfc9381::{Proof as _, Prover as _, Verifier as _};
    proptest!(ProptestConfig::with_cases(64), |(seed in any::<[u8; 32]>(), alpha in any::<Vec<u8>>())| {
        let ours = VrfSecret::from_seed(seed);
        let proof = ours.prove(&alpha);
        let theirs = TheirSecret::from_slice(&seed).unwrap();
        let their_proof = theirs.prove(&alpha).unwrap();
        prop_assert_eq!(their_proof.encode_to_pi(), proof.as_bytes().to_vec());
        let their_beta = TheirPublic::from_slice(ours.public().as_bytes()).unwrap().verify(&alpha, their_proof);
        let beta = ours.public().verify(&alpha, &proof).unwrap();
        prop_assert_eq!(their_beta.unwrap().to_vec(), beta.0.to_vec());
    });
}

#[test]
fn every_changed_bit_of_proof_input_or_key_is_refused() {
    let (secret, proof) = sample();
    let public = secret.public();
    assert!(public.verify(b"alpha", &proof).is_ok());
    for bit in 0..PROOF_LENGTH * 8 {
        let mut changed = proof;
        changed.0[bit / 8] ^= 1 << (bit % 8);
        assert!(public.verify(b"alpha", &changed).is_err(), "bit {bit}");
    }
    for bit in 0..40 {
        let mut alpha = *b"alpha";
        alpha[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(public.verify(&alpha, &proof), Err(VrfError::Challenge));
    }
    for bit in 0..256 {
        let mut key = *public.as_bytes();
        key[bit / 8] ^= 1 << (bit % 8);
        assert!(VrfPublic::from_bytes(key).and_then(|key| key.verify(b"alpha", &proof)).is_err());
    }
}

#[test]
fn s_plus_the_group_order_is_refused() {
    let (secret, proof) = sample();
    let mut sum = [0u8; 32];
    let mut carry = 0u16;
    for (i, place) in sum.iter_mut().enumerate() {
        carry += u16::from(proof.as_bytes()[48 + i]) + u16::from(ORDER[i]);
        *place = carry as u8;
        carry >>= 8;
    }
    assert_eq!(Scalar::from_bytes_mod_order(sum).as_bytes(), &proof.as_bytes()[48..]);
    let changed = replaced(&proof, 48, &sum);
    assert_eq!(secret.public().verify(b"alpha", &changed), Err(VrfError::ScalarRange));
    let order = replaced(&proof, 48, &ORDER);
    assert_eq!(secret.public().verify(b"alpha", &order), Err(VrfError::ScalarRange));
}

#[test]
fn non_canonical_encodings_are_refused_although_the_curve_library_takes_them() {
    let (secret, proof) = sample();
    let spellings = non_canonical();
    assert!(spellings.len() >= 6, "the check would hardly be tested: {}", spellings.len());
    for spelling in spellings {
        assert_eq!(VrfPublic::from_bytes(spelling), Err(VrfError::KeyEncoding));
        let changed = replaced(&proof, 0, &spelling);
        assert_eq!(secret.public().verify(b"alpha", &changed), Err(VrfError::GammaEncoding));
    }
    // Neither are bytes that are no point at all.
    let no_point = (0u8..).map(|i| [i; 32]).find(|b| CompressedEdwardsY(*b).decompress().is_none()).unwrap();
    assert_eq!(VrfPublic::from_bytes(no_point), Err(VrfError::KeyEncoding));
}

#[test]
fn points_of_small_or_mixed_order_are_refused() {
    let (secret, proof) = sample();
    let gamma = canonical_point(proof.parts().unwrap().0).unwrap();
    let torsion = torsion();
    assert_eq!(torsion.iter().filter(|point| point.is_small_order()).count(), 8);
    for (order, point) in torsion.iter().enumerate() {
        let small = point.compress().to_bytes();
        assert_eq!(VrfPublic::from_bytes(small), Err(VrfError::KeySubgroup));
        let changed = replaced(&proof, 0, &small);
        assert_eq!(secret.public().verify(b"alpha", &changed), Err(VrfError::GammaSubgroup));
        if order != 0 {
            let mixed = (secret.public().point + point).compress().to_bytes();
            assert_eq!(VrfPublic::from_bytes(mixed), Err(VrfError::KeySubgroup));
            let changed = replaced(&proof, 0, (gamma + point).compress().as_bytes());
            assert_eq!(secret.public().verify(b"alpha", &changed), Err(VrfError::GammaSubgroup));
        }
    }
    assert!(VrfPublic::from_bytes(ED25519_BASEPOINT_POINT.compress().to_bytes()).is_ok());
}

#[test]
fn a_forged_proof_with_torsion_in_gamma_would_pass_without_the_subgroup_check() {
    // With T of order 2 added to Γ and an even c, c·T vanishes: V is the same, β is the same, and
    // one α would have two accepted proofs. The owner of the key can make such a proof.
    let (secret, _) = sample();
    let t = torsion().into_iter().find(|p| !p.is_identity() && (p + p).is_identity()).unwrap();
    let forged = (0u32..)
        .find_map(|i| {
            let alpha = i.to_be_bytes();
            let h = encode_to_curve(&secret.public.bytes, &alpha)?;
            let (gamma, k) = (secret.x * h + t, secret.nonce(&h));
            let c = challenge(&secret.public.bytes, &h, &gamma, &EdwardsPoint::mul_base(&k), &(k * h));
            let s = k + challenge_scalar(&c) * secret.x;
            let proof = [gamma.compress().as_bytes().as_slice(), &c, s.as_bytes()].concat();
            (c[0] & 1 == 0).then(|| (alpha, Proof::from_slice(&proof).unwrap()))
        })
        .unwrap();
    assert_eq!(secret.public().verify(&forged.0, &forged.1), Err(VrfError::GammaSubgroup));
    let (gamma, c, s) = forged.1.parts().unwrap();
    let (gamma, c_scalar) = (canonical_point(gamma).unwrap(), challenge_scalar(&c));
    let s = Scalar::from_bytes_mod_order(s);
    let h = encode_to_curve(&secret.public.bytes, &forged.0).unwrap();
    let u = EdwardsPoint::mul_base(&s) - c_scalar * secret.public.point;
    let v = s * h - c_scalar * gamma;
    assert_eq!(challenge(&secret.public.bytes, &h, &gamma, &u, &v), c, "all other checks pass");
}

#[test]
fn another_length_is_no_proof() {
    let (_, proof) = sample();
    assert_eq!(Proof::from_slice(&proof.as_bytes()[1..]), Err(VrfError::Length));
    assert_eq!(Proof::from_hex(&format!("{}00", proof.to_hex())), Err(VrfError::Length));
    assert_eq!(Proof::from_hex(&proof.to_hex()), Ok(proof));
}

#[test]
fn a_secret_shows_nothing_of_itself() {
    let shown = format!("{:?}", VrfSecret::from_seed([9; 32]));
    assert!(!shown.contains(&to_hex(&[9; 32])) && shown.starts_with("VrfSecret(of "));
}
