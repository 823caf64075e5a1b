//! What an entry says, as far as an audit asks: the closed lists of all documents of `api-spec/`.

use crate::codec::{Hash, Json, ShapeError, object};
use crate::draw::sites::{SitesCommitted, SitesDrawn, SitesEnded};
use crate::evidence::said::Said;

/// Types that carry the digest of something private and say nothing else to the public (registry-v1,
/// gateway-v1): `image`.
const DIGESTS: [&str; 5] =
    ["registry.record", "scheme.recorded", "calls.recorded", "calls.stop_proposed", "access.limited"];

/// One statement.
pub enum Told {
    /// Of the draws and their keys.
    Draw(Box<Said>),
    /// A draw of sites begins.
    SitesCommitted(Box<SitesCommitted>),
    /// Its result.
    SitesDrawn(Hash),
    /// Its end without one.
    SitesEnded(Hash),
    /// Nothing that an audit of public things looks into.
    Opaque,
}

impl Told {
    /// Reads a statement's own fields by its type; unknown types and shapes are refused.
    pub fn read(kind: &str, fields: &Json) -> Result<Self, ShapeError> {
        match kind {
            SitesCommitted::TYPE => {
                SitesCommitted::read(fields).map(|said| Self::SitesCommitted(Box::new(said)))
            }
            SitesDrawn::TYPE => SitesDrawn::read(fields).map(|said| Self::SitesDrawn(said.alpha)),
            SitesEnded::TYPE => SitesEnded::read(fields).map(|said| Self::SitesEnded(said.alpha)),
            known if DIGESTS.contains(&known) => {
                object(fields, "", |f| f.hash("image")).map(|_| Self::Opaque)
            }
            _ => Said::read(kind, fields).map(|said| Self::Draw(Box::new(said))),
        }
    }
}
