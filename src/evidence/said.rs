//! Statements by type: the closed lists of what a log may say: `api-spec/log-v1.md` §4, and the types
//! of calls that `api-spec/draw-v2.md` §3 adds, and those of keys and of contributions by others that
//! `log-v2.md` §1 adds.

use crate::codec::{Hash, Json, ShapeError, object};
use crate::draw::calls::Call;
use crate::draw::commitment::Commitment;
use crate::draw::contributions::{NonceCommitted, NotReleased, Share};
use crate::draw::statements::{Contributed, Drawn, Unsealed, Void};
use crate::log::opened::LogOpened;
use crate::log::{KeyRegistered, KeyRetired, TagsMoved};

/// Type of the statement that records an expert's after-image.
pub const REGISTRY_EXPERT: &str = "registry.expert";
/// Type of the statement that records a unit's after-image.
pub const REGISTRY_UNIT: &str = "registry.unit";
/// Type of the statement that records a rule profile.
pub const PROFILE_LOADED: &str = "profile.loaded";
/// Types that carry the digest of a sealed private record and say nothing else.
pub const OPAQUE: [&str; 4] = ["package.recorded", "account.changed", "access.recorded", "draw.planned"];

/// Whether entries of this type tell the life of a draw from its commitment on: the types that an
/// evidence file holds of it.
pub fn tells_a_draw(kind: &str) -> bool {
    const DRAW: [&str; 7] = [
        Commitment::TYPE,
        Contributed::TYPE,
        NotReleased::TYPE,
        Drawn::TYPE,
        Void::PROPOSED,
        Void::CONFIRMED,
        Unsealed::TYPE,
    ];
    DRAW.contains(&kind) || Call::TYPES.contains(&kind)
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Entry 0.
    Opened(LogOpened),
    /// An expert's after-image.
    Expert(Hash),
    /// A unit's after-image.
    Unit(Hash),
    /// A rule profile.
    Profile(Hash),
    /// A sealed private record.
    Opaque(Hash),
    /// A draw's commitment.
    Committed(Box<Commitment>),
    /// The operator's contribution.
    Contributed(Box<Contributed>),
    /// The contribution of another (draw-v3).
    Shared(Box<Share>),
    /// Somebody withholds their contribution for good (draw-v3).
    NotReleased(NotReleased),
    /// A supervisor's commitment to a nonce (draw-v3).
    NonceCommitted(Box<NonceCommitted>),
    /// A key (log-v2).
    KeyRegistered(KeyRegistered),
    /// The end of a key (log-v2).
    KeyRetired(KeyRetired),
    /// New tags of packages (log-v2).
    TagsMoved(Box<TagsMoved>),
    /// A result.
    Drawn(Drawn),
    /// A void, proposed.
    VoidProposed(Void),
    /// A void, confirmed.
    Voided(Void),
    /// The result was announced.
    Unsealed(Unsealed),
    /// Anything about calls (draw-v2).
    Call(Call),
}

impl Said {
    /// Reads a statement's own fields by its type; unknown types and fields are refused.
    pub fn read(kind: &str, fields: &Json) -> Result<Self, ShapeError> {
        let digest = |key: &str| object(fields, "", |f| f.hash(key));
        match kind {
            LogOpened::TYPE => LogOpened::read(fields).map(Self::Opened),
            REGISTRY_EXPERT => digest("image").map(Self::Expert),
            REGISTRY_UNIT => digest("image").map(Self::Unit),
            PROFILE_LOADED => digest("profile").map(Self::Profile),
            Commitment::TYPE => Commitment::read(fields).map(|c| Self::Committed(Box::new(c))),
            Share::TYPE => Share::read(fields).map(|share| match share {
                Share::Operator(contributed) => Self::Contributed(Box::new(contributed)),
                share => Self::Shared(Box::new(share)),
            }),
            NotReleased::TYPE => NotReleased::read(fields).map(Self::NotReleased),
            NonceCommitted::TYPE => NonceCommitted::read(fields).map(|n| Self::NonceCommitted(Box::new(n))),
            KeyRegistered::TYPE => KeyRegistered::read(fields).map(Self::KeyRegistered),
            KeyRetired::TYPE => KeyRetired::read(fields).map(Self::KeyRetired),
            TagsMoved::TYPE => TagsMoved::read(fields).map(|moved| Self::TagsMoved(Box::new(moved))),
            Drawn::TYPE => Drawn::read(fields).map(Self::Drawn),
            Void::PROPOSED => Void::read(fields, false).map(Self::VoidProposed),
            Void::CONFIRMED => Void::read(fields, true).map(Self::Voided),
            Unsealed::TYPE => Unsealed::read(fields).map(Self::Unsealed),
            opaque if OPAQUE.contains(&opaque) => digest("image").map(Self::Opaque),
            other => Call::read(other, fields)
                .unwrap_or_else(|| Err(ShapeError::new("type", "unknown type of statement")))
                .map(Self::Call),
        }
    }

    /// Whether an entry of this type moves the registry's position (`registry` of a commitment).
    pub fn moves_registry(&self) -> bool {
        matches!(self, Self::Expert(_) | Self::Unit(_) | Self::Profile(_))
    }

    /// Whether only evidence-v3 files hold entries of this type.
    pub fn is_of_v3(&self) -> bool {
        matches!(
            self,
            Self::Shared(_)
                | Self::NotReleased(_)
                | Self::NonceCommitted(_)
                | Self::KeyRegistered(_)
                | Self::KeyRetired(_)
        )
    }

    /// The draw that a later statement of a draw is about.
    pub fn alpha(&self) -> Option<&Hash> {
        match self {
            Self::Contributed(said) => Some(&said.alpha),
            Self::Shared(said) => Some(said.alpha()),
            Self::NotReleased(said) => Some(&said.alpha),
            Self::Drawn(said) => Some(&said.alpha),
            Self::VoidProposed(said) | Self::Voided(said) => Some(&said.alpha),
            Self::Unsealed(said) => Some(&said.alpha),
            Self::Call(said) => Some(said.alpha()),
            _ => None,
        }
    }
}
