//! Venues as the draw of sites shows them: a commitment to the venue's record, a tag of its city and
//! how many workstations are free (`api-spec/sites-v1.md` §2).

use crate::codec::{Hash, LabelledHash, hmac_sha256};
use crate::log::merkle;

/// The most venues of one draw.
pub const SITES_LIMIT: usize = 4_096;
const LEAF: usize = 50;

/// The first 16 bytes of a labelled hash: equal cities have equal tags within one draw.
pub type CityTag = [u8; 16];

/// The 32 random bytes of one draw of sites from which all its salts are derived.
#[derive(Clone, zeroize::ZeroizeOnDrop)]
pub struct SitesKey(pub [u8; 32]);

impl SitesKey {
    fn salt(&self, purpose: &str, about: &[u8]) -> [u8; 32] {
        hmac_sha256(&self.0, &[purpose.as_bytes(), b"\n", about])
    }

    /// The salt of a venue's commitment; `venue` is its id.
    pub fn site_salt(&self, venue: &str) -> [u8; 32] {
        self.salt("site", venue.as_bytes())
    }

    /// The salt of the request's digest.
    pub fn request_salt(&self) -> [u8; 32] {
        self.salt("sites-request", b"")
    }

    /// The tag of a city: first 16 bytes of H("city"; salt 32 ‖ region code).
    pub fn city_tag(&self, region: &str) -> CityTag {
        let salt = self.salt("city", region.as_bytes());
        let hash = LabelledHash::new("city").fixed(&salt).variable(region.as_bytes()).finish();
        let mut tag = [0u8; 16];
        tag.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
        tag
    }
}

/// The commitment to a venue: H("site"; salt 32 ‖ digest of its newest record ‖ u64 index of that entry).
pub fn identity(salt: &[u8; 32], record: &Hash, index: u64) -> Hash {
    LabelledHash::new("site").fixed(salt).fixed(record.as_bytes()).u64(index).finish()
}

/// One venue that can be picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteLeaf {
    /// Commitment to the venue.
    pub identity: Hash,
    /// Tag of its city.
    pub city: CityTag,
    /// Workstations that are free for the review.
    pub workstations: u16,
}

impl SiteLeaf {
    /// The leaf's 50 bytes: identity 32 ‖ city tag 16 ‖ workstations u16, big-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LEAF);
        bytes.extend_from_slice(self.identity.as_bytes());
        bytes.extend_from_slice(&self.city);
        bytes.extend_from_slice(&self.workstations.to_be_bytes());
        bytes
    }

    /// Reads a leaf; the error names the broken rule.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let (identity, rest) = bytes.split_first_chunk::<32>().ok_or("not 50 bytes")?;
        let (city, rest) = rest.split_first_chunk::<16>().ok_or("not 50 bytes")?;
        match rest {
            [high, low] => Ok(Self {
                identity: Hash(*identity),
                city: *city,
                workstations: u16::from_be_bytes([*high, *low]),
            }),
            _ => Err("not 50 bytes"),
        }
    }
}

/// The RFC 6962 root over the leaves.
pub fn root(leaves: &[SiteLeaf]) -> Hash {
    merkle::root_of_leaves(leaves.iter().map(SiteLeaf::to_bytes))
}

/// Whether leaves ascend strictly by their commitments, as they must.
pub fn are_ordered(leaves: &[SiteLeaf]) -> bool {
    leaves.len() <= SITES_LIMIT && leaves.is_sorted_by(|a, b| a.identity < b.identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_has_fifty_bytes_and_reads_back() {
        let key = SitesKey([5; 32]);
        let leaf = SiteLeaf {
            identity: identity(&key.site_salt("V1"), &Hash([1; 32]), 9),
            city: key.city_tag("430100"),
            workstations: 258,
        };
        let bytes = leaf.to_bytes();
        assert_eq!((bytes.len(), &bytes[48..]), (50, &[1u8, 2][..]));
        assert_eq!(SiteLeaf::from_bytes(&bytes), Ok(leaf));
        assert!(SiteLeaf::from_bytes(&bytes[1..]).is_err());
        assert_ne!(key.city_tag("430100"), SitesKey([6; 32]).city_tag("430100"), "no link between draws");
    }
}
