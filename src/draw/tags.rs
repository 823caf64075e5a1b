//! Package tags: what lets anybody count the attempts on a package without knowing which it is.
//!
//! A tag is the 64-byte VRF output (RFC 9381 beta) of the tag key over a canonical JSON object:
//! `{"package":…,"plan":…}` for the package tag, `{"plan":…}` for the plan tag
//! (`api-spec/draw-v1.md` §3.2). Number and proof are opened when the draw is unsealed.
//!
//! *Invariant:* one package has one spelling: upper-case letters and digits in components joined by
//! single hyphens, no component beginning with 0 unless it is `0`.

use super::vrf::{Beta, Proof, VrfError, VrfPublic, VrfSecret};
use crate::codec::{Json, Object};

/// The longest plan or package number, in characters.
pub const NUMBER_LIMIT: usize = 64;

/// Whether a plan or package number is in its only spelling: `[0-9A-Z]+(-[0-9A-Z]+)*`, no component
/// beginning with 0 unless it is `0`, at most 64 characters.
pub fn is_number(text: &str) -> bool {
    text.len() <= NUMBER_LIMIT
        && text.split('-').all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
                && (part == "0" || !part.starts_with('0'))
        })
}

/// The VRF input of a package tag.
pub fn package_input(plan: &str, package: &str) -> Vec<u8> {
    Json::from(Object::new().with("plan", plan).with("package", package)).canonical()
}

/// The VRF input of a plan tag.
pub fn plan_input(plan: &str) -> Vec<u8> {
    Json::from(Object::new().with("plan", plan)).canonical()
}

/// Both tags of a package with the proofs that open them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tags {
    /// Package tag, 64 bytes.
    pub package: Beta,
    /// Proof of the package tag, 80 bytes.
    pub package_proof: Proof,
    /// Plan tag, 64 bytes.
    pub plan: Beta,
    /// Proof of the plan tag, 80 bytes.
    pub plan_proof: Proof,
}

/// Makes both tags; the errors are those of checking one's own proof, which a sound key never meets.
pub fn tags(key: &VrfSecret, plan: &str, package: &str) -> Result<Tags, VrfError> {
    let make = |input: Vec<u8>| {
        let proof = key.prove(&input);
        key.public().verify(&input, &proof).map(|beta| (beta, proof))
    };
    let (plan_tag, plan_proof) = make(plan_input(plan))?;
    let (package_tag, package_proof) = make(package_input(plan, package))?;
    Ok(Tags { package: package_tag, package_proof, plan: plan_tag, plan_proof })
}

/// Opens both tags: the values that the proofs give under the tag key.
pub fn open(
    key: &VrfPublic,
    plan: &str,
    package: &str,
    plan_proof: &Proof,
    package_proof: &Proof,
) -> Result<(Beta, Beta), VrfError> {
    Ok((
        key.verify(&plan_input(plan), plan_proof)?,
        key.verify(&package_input(plan, package), package_proof)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        for good in ["0", "A", "430600-2026-17", "YYCG-2026-0-3B"] {
            assert!(is_number(good), "{good}");
        }
        for bad in ["", "-", "a", "A--B", "A-", "01", "A-007", "A 1", "Ａ", &"9".repeat(65)] {
            assert!(!is_number(bad), "{bad}");
        }
    }

    #[test]
    fn the_plan_tag_and_the_package_tag_differ_and_open() {
        let key = VrfSecret::from_seed([7; 32]);
        let made = tags(&key, "P-1", "2").unwrap();
        assert_ne!(made.plan, made.package);
        let opened = open(&key.public(), "P-1", "2", &made.plan_proof, &made.package_proof).unwrap();
        assert_eq!(opened, (made.plan, made.package));
        assert!(open(&key.public(), "P-1", "3", &made.plan_proof, &made.package_proof).is_err());
    }
}
