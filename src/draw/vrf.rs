//! The verifiable random function ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381 §5, suite 0x03), strict.
//!
//! A proof is Γ (32 bytes) ‖ c (16, little-endian) ‖ s (32, little-endian); its output β is 64
//! bytes. For one key and one α there is one β, whoever computes it; only the owner of the key can.
//!
//! Stricter than the RFC asks, so that one fact has one spelling: every point is the canonical
//! encoding of an element of the prime-order subgroup other than the identity, for Γ as for the
//! key; s < q; lengths exact. (The RFC leaves Γ's subgroup to the cofactor, and implementations
//! differ about non-canonical encodings.)
//!
//! *Invariants:* a [`VrfPublic`] has passed `validate_key` (§5.4.5); operations on secrets are
//! constant-time and secrets are wiped when dropped. Deliberately absent: any salt but the public
//! key, which §5.5 prescribes.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, Zeroizing};

use crate::codec::{from_hex, to_hex};

const SUITE: u8 = 0x03;
const ENCODE_TO_CURVE: u8 = 0x01;
const CHALLENGE: u8 = 0x02;
const PROOF_TO_HASH: u8 = 0x03;
const END: u8 = 0x00;

/// Length of a proof in bytes.
pub const PROOF_LENGTH: usize = 80;

/// Why a key or a proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VrfError {
    /// A proof that is not 80 bytes, or not their hexadecimal.
    #[error("a VRF proof has 80 bytes")]
    Length,
    /// The key is not the canonical encoding of a point.
    #[error("VRF key: not a canonical point encoding")]
    KeyEncoding,
    /// The key is of small order, or not in the prime-order subgroup.
    #[error("VRF key: not in the prime-order subgroup")]
    KeySubgroup,
    /// Γ is not the canonical encoding of a point.
    #[error("VRF proof: gamma is not a canonical point encoding")]
    GammaEncoding,
    /// Γ is of small order, or not in the prime-order subgroup.
    #[error("VRF proof: gamma is not in the prime-order subgroup")]
    GammaSubgroup,
    /// s is not below the group order q.
    #[error("VRF proof: s is not below the group order")]
    ScalarRange,
    /// The proof does not belong to this key and α.
    #[error("VRF proof: challenge mismatch")]
    Challenge,
    /// No counter from 0 to 255 maps α to the curve. The chance is below 2^-250.
    #[error("VRF input has no point on the curve")]
    NoPoint,
}

/// The output β of the function, 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beta(pub [u8; 64]);

/// A proof π as 80 bytes. Any 80 bytes make one; [`VrfPublic::verify`] judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof(pub [u8; PROOF_LENGTH]);

impl Proof {
    /// Takes exactly 80 bytes. Error: [`VrfError::Length`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, VrfError> {
        bytes.try_into().map(Self).map_err(|_| VrfError::Length)
    }

    /// Reads 160 lower-case hexadecimal characters. Error: [`VrfError::Length`].
    pub fn from_hex(text: &str) -> Result<Self, VrfError> {
        Self::from_slice(&from_hex(text).ok_or(VrfError::Length)?)
    }

    /// The 80 bytes.
    pub fn as_bytes(&self) -> &[u8; PROOF_LENGTH] {
        &self.0
    }

    /// 160 lower-case hexadecimal characters.
    pub fn to_hex(&self) -> String {
        to_hex(&self.0)
    }

    /// The output that belongs to this proof if it is one (§5.2); says nothing about its truth.
    /// Errors: [`VrfError::Length`], [`VrfError::GammaEncoding`], [`VrfError::GammaSubgroup`],
    /// [`VrfError::ScalarRange`].
    pub fn to_beta(&self) -> Result<Beta, VrfError> {
        let (gamma, _, s) = self.parts().ok_or(VrfError::Length)?;
        let gamma = canonical_point(gamma).ok_or(VrfError::GammaEncoding)?;
        if !in_prime_subgroup(&gamma) {
            return Err(VrfError::GammaSubgroup);
        }
        Option::<Scalar>::from(Scalar::from_canonical_bytes(s)).ok_or(VrfError::ScalarRange)?;
        Ok(beta(&gamma))
    }

    /// Γ, c and s.
    fn parts(&self) -> Option<([u8; 32], [u8; 16], [u8; 32])> {
        let (gamma, rest) = self.0.split_first_chunk::<32>()?;
        let (c, s) = rest.split_first_chunk::<16>()?;
        Some((*gamma, *c, s.try_into().ok()?))
    }
}

/// A public key Y that has passed `validate_key`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VrfPublic {
    bytes: [u8; 32],
    point: EdwardsPoint,
}

impl VrfPublic {
    /// Checks the 32 bytes of a key. Errors: [`VrfError::KeyEncoding`], [`VrfError::KeySubgroup`].
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, VrfError> {
        let point = canonical_point(bytes).ok_or(VrfError::KeyEncoding)?;
        if !in_prime_subgroup(&point) {
            return Err(VrfError::KeySubgroup);
        }
        Ok(Self { bytes, point })
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Checks a proof over `alpha` and answers β (§5.3). Errors: every kind but those about keys.
    pub fn verify(&self, alpha: &[u8], proof: &Proof) -> Result<Beta, VrfError> {
        let (gamma_bytes, c_bytes, s_bytes) = proof.parts().ok_or(VrfError::Length)?;
        let gamma = canonical_point(gamma_bytes).ok_or(VrfError::GammaEncoding)?;
        if !in_prime_subgroup(&gamma) {
            return Err(VrfError::GammaSubgroup);
        }
        let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s_bytes)).ok_or(VrfError::ScalarRange)?;
        let c = challenge_scalar(&c_bytes);
        let h = encode_to_curve(&self.bytes, alpha).ok_or(VrfError::NoPoint)?;
        let u = EdwardsPoint::vartime_double_scalar_mul_basepoint(&-c, &self.point, &s);
        let v = EdwardsPoint::vartime_multiscalar_mul([s, -c], [h, gamma]);
        if challenge(&self.bytes, &h, &gamma, &u, &v) != c_bytes {
            return Err(VrfError::Challenge);
        }
        Ok(beta(&gamma))
    }
}

impl std::fmt::Debug for VrfPublic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VrfPublic({})", to_hex(&self.bytes))
    }
}

/// A secret key, expanded from a 32-byte seed as Ed25519 does (§5.5); wiped when dropped.
pub struct VrfSecret {
    x: Scalar,
    nonce_key: [u8; 32],
    public: VrfPublic,
}

impl VrfSecret {
    /// The key of a seed. Any 32 bytes are a seed.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        let expanded = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(seed.as_slice())));
        let mut low = Zeroizing::new([0; 32]);
        let mut nonce_key = [0; 32];
        for (index, byte) in expanded.iter().enumerate() {
            let half = if index < 32 { low.as_mut_slice() } else { nonce_key.as_mut_slice() };
            if let Some(place) = half.get_mut(index % 32) {
                *place = *byte;
            }
        }
        // The clamped integer is a multiple of 8 between 2^254 and 2^255. Every point it meets is
        // of prime order q, so x mod q serves alike; it is not 0 mod q, because q is prime to 8
        // and no multiple of 8q lies in that range.
        let x = Scalar::from_bytes_mod_order(clamp_integer(*low));
        let point = EdwardsPoint::mul_base(&x);
        Self { x, nonce_key, public: VrfPublic { bytes: point.compress().to_bytes(), point } }
    }

    /// The public key.
    pub fn public(&self) -> VrfPublic {
        self.public
    }

    /// Proves the output over `alpha` (§5.1); the same input gives the same proof.
    pub fn prove(&self, alpha: &[u8]) -> Proof {
        // An input without a point (one in 2^250) has no proof; these bytes verify as none.
        let Some(h) = encode_to_curve(&self.public.bytes, alpha) else { return Proof([0; PROOF_LENGTH]) };
        let gamma = self.x * h;
        let k = Zeroizing::new(self.nonce(&h));
        let (u, v) = (EdwardsPoint::mul_base(&k), *k * h);
        let c = challenge(&self.public.bytes, &h, &gamma, &u, &v);
        let s = *k + challenge_scalar(&c) * self.x;
        let mut proof = Proof([0; PROOF_LENGTH]);
        let parts = gamma.compress().to_bytes().into_iter().chain(c).chain(s.to_bytes());
        proof.0.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
        proof
    }

    /// The nonce k of RFC 8032, over the encoded H (§5.4.2.2).
    fn nonce(&self, h: &EdwardsPoint) -> Scalar {
        let mut wide: [u8; 64] = Sha512::new()
            .chain_update(self.nonce_key)
            .chain_update(h.compress().as_bytes())
            .finalize()
            .into();
        let k = Scalar::from_bytes_mod_order_wide(&wide);
        wide.zeroize();
        k
    }
}

impl Drop for VrfSecret {
    fn drop(&mut self) {
        self.x.zeroize();
        self.nonce_key.zeroize();
    }
}

impl std::fmt::Debug for VrfSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VrfSecret(of {})", to_hex(&self.public.bytes))
    }
}

/// A point by its canonical encoding only. The curve library reduces y mod p and takes a sign bit
/// on x = 0; what it would write differs from what it read in just these cases.
fn canonical_point(bytes: [u8; 32]) -> Option<EdwardsPoint> {
    let point = CompressedEdwardsY(bytes).decompress()?;
    (point.compress().to_bytes() == bytes).then_some(point)
}

fn in_prime_subgroup(point: &EdwardsPoint) -> bool {
    !point.is_small_order() && point.is_torsion_free()
}

/// Try-and-increment (§5.4.1.1), the salt being the public key.
fn encode_to_curve(public: &[u8; 32], alpha: &[u8]) -> Option<EdwardsPoint> {
    (0..=u8::MAX).find_map(|counter| {
        let candidate = Sha512::new()
            .chain_update([SUITE, ENCODE_TO_CURVE])
            .chain_update(public)
            .chain_update(alpha)
            .chain_update([counter, END])
            .finalize();
        let point = canonical_point(*candidate.first_chunk::<32>()?)?.mul_by_cofactor();
        (!point.is_identity()).then_some(point)
    })
}

/// The challenge c over Y, H, Γ, U, V (§5.4.3), 16 bytes.
fn challenge(
    public: &[u8; 32],
    h: &EdwardsPoint,
    gamma: &EdwardsPoint,
    u: &EdwardsPoint,
    v: &EdwardsPoint,
) -> [u8; 16] {
    let mut state = Sha512::new().chain_update([SUITE, CHALLENGE]).chain_update(public);
    for point in [h, gamma, u, v] {
        state.update(point.compress().as_bytes());
    }
    state.update([END]);
    let digest: [u8; 64] = state.finalize().into();
    digest.first_chunk().copied().unwrap_or_default()
}

fn challenge_scalar(c: &[u8; 16]) -> Scalar {
    Scalar::from(u128::from_le_bytes(*c))
}

/// β of Γ (§5.2).
fn beta(gamma: &EdwardsPoint) -> Beta {
    let point = gamma.mul_by_cofactor().compress();
    let state = Sha512::new().chain_update([SUITE, PROOF_TO_HASH]).chain_update(point.as_bytes());
    Beta(state.chain_update([END]).finalize().into())
}

#[cfg(test)]
#[path = "vrf_tests.rs"]
mod tests;
