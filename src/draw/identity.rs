//! Commitments to people: what a leaf of the pool says about somebody without naming them.
//!
//! Everything is derived from one *draw key* (32 random bytes, sealed with the draw), so nothing can
//! be linked between two draws, opening one person opens no other, and a replay reproduces every
//! byte (`api-spec/draw-v1.md` §2).

use crate::codec::{Hash, Json, LabelledHash, hmac_sha256};

/// The 32 random bytes of one draw from which all its salts are derived.
#[derive(Clone, zeroize::ZeroizeOnDrop)]
pub struct DrawKey(pub [u8; 32]);

/// The first 16 bytes of a labelled hash: unit and relation tags on leaves.
pub type Tag = [u8; 16];

impl DrawKey {
    /// A salt of this draw: HMAC-SHA-256(draw key, purpose ‖ "\n" ‖ about).
    fn salt(&self, purpose: &str, about: &[u8]) -> [u8; 32] {
        hmac_sha256(&self.0, &[purpose.as_bytes(), b"\n", about])
    }

    /// The draw salt of an expert, which opens their identity commitment.
    pub fn candidate_salt(&self, number: &str) -> [u8; 32] {
        self.salt("candidate", number.as_bytes())
    }

    /// The salt of the reasons for which an expert was excluded.
    pub fn reasons_salt(&self, number: &str) -> [u8; 32] {
        self.salt("reasons", number.as_bytes())
    }

    /// The salt of the request's digest.
    pub fn request_salt(&self) -> [u8; 32] {
        self.salt("request", b"")
    }

    /// The salt of the group names' digest.
    pub fn names_salt(&self) -> [u8; 32] {
        self.salt("names", b"")
    }

    /// Bytes from which ids of messages and invitations are made: without meaning to whoever has not
    /// the draw key, the same whenever they are made.
    pub fn calls_salt(&self, about: &str) -> [u8; 32] {
        self.salt("calls", about.as_bytes())
    }

    /// The salt of the digest over the table of exclusions.
    pub fn excluded_salt(&self) -> [u8; 32] {
        self.salt("excluded", b"")
    }

    /// The code with which a member shows at the desk that they are the one who is expected: eight digits,
    /// from HMAC of the draw key over "sign_in" and the number (`api-spec/day-v1.md` §2).
    pub fn sign_in_code(&self, number: &str) -> String {
        let bytes = self.salt("sign_in", number.as_bytes());
        let first = bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        format!("{:08}", first % 100_000_000)
    }

    /// The unit tag: first 16 bytes of H("unit"; salt 32 ‖ id).
    pub fn unit_tag(&self, id: &str) -> Tag {
        let salt = self.salt("unit", id.as_bytes());
        first_16(LabelledHash::new("unit").fixed(&salt).variable(id.as_bytes()).finish())
    }

    /// The relation tag of two experts, the same whichever is named first: first 16 bytes of
    /// H("relation"; salt 32 ‖ smaller number ‖ greater number).
    pub fn relation_tag(&self, one: &str, other: &str) -> Tag {
        let (low, high) = if one.as_bytes() <= other.as_bytes() { (one, other) } else { (other, one) };
        let mut about = Vec::new();
        for number in [low, high] {
            about.extend_from_slice(&u32::try_from(number.len()).unwrap_or(u32::MAX).to_be_bytes());
            about.extend_from_slice(number.as_bytes());
        }
        let salt = self.salt("relation", &about);
        let hash = LabelledHash::new("relation").fixed(&salt);
        first_16(hash.variable(low.as_bytes()).variable(high.as_bytes()).finish())
    }
}

/// The unit id of an expert without an employer: a unit of their own.
pub fn own_unit(number: &str) -> String {
    format!("expert:{number}")
}

/// The identity commitment: H("candidate"; draw salt 32 ‖ image digest ‖ u64 registry index).
pub fn identity(draw_salt: &[u8; 32], image: &Hash, registry: u64) -> Hash {
    LabelledHash::new("candidate").fixed(draw_salt).fixed(image.as_bytes()).u64(registry).finish()
}

/// The digest of the reasons of an exclusion: H("reasons"; salt 32 ‖ canonical list of rule names).
pub fn reasons_digest(salt: &[u8; 32], rules: &[String]) -> Hash {
    let reasons: Json = rules.iter().map(|rule| Json::from(rule.as_str())).collect();
    LabelledHash::new("reasons").fixed(salt).variable(&reasons.canonical()).finish()
}

fn first_16(hash: Hash) -> Tag {
    let mut tag = [0u8; 16];
    tag.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_has_one_tag_whoever_is_named_first() {
        let key = DrawKey([3; 32]);
        assert_eq!(key.relation_tag("E1", "E22"), key.relation_tag("E22", "E1"));
        // The border between the two numbers is part of the tag.
        assert_ne!(key.relation_tag("E1", "E22"), key.relation_tag("E12", "E2"));
        assert_ne!(key.unit_tag("E1"), key.relation_tag("E1", "E1"));
    }

    #[test]
    fn nothing_links_the_same_person_in_two_draws() {
        let (image, one, two) = (Hash([9; 32]), DrawKey([1; 32]), DrawKey([2; 32]));
        assert_ne!(
            identity(&one.candidate_salt("E1"), &image, 4),
            identity(&two.candidate_salt("E1"), &image, 4)
        );
        assert_ne!(
            identity(&one.candidate_salt("E1"), &image, 4),
            identity(&one.candidate_salt("E1"), &image, 5)
        );
    }
}
