//! What the log says of the day and of a draw that fails: vacated, signed in, stopped.
//!
//! Fields, ranges and words are those of `api-spec/draw-v2.md` §3. Accounts stand here by number;
//! everything else about a person or a reason is in sealed records.

use super::statements::{number, receipt};
use super::words::{StopReason, VacatedBy, Why};
use crate::codec::{Fields, Hash, Json, Object, ShapeError, object};

/// The longest account number, in bytes.
const ACCOUNT_LIMIT: usize = 400;

/// `draw.vacated`: somebody who has accepted will not sit after all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vacated {
    /// The draw.
    pub alpha: Hash,
    /// Who.
    pub position: u32,
    /// Why; neither `declined` nor `no_answer`.
    pub why: Why,
    /// Who says so.
    pub by: VacatedBy,
    /// SHA-256 of the channel's signed receipt; exactly with [`VacatedBy::Channel`].
    pub receipt: Option<Hash>,
    /// Account of who recorded it; exactly with [`VacatedBy::Operator`].
    pub actor: Option<String>,
    /// Account of a second person who confirmed it; only with an actor.
    pub approver: Option<String>,
}

/// `draw.signed_in`: a member came to their site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The draw.
    pub alpha: Hash,
    /// Who.
    pub position: u32,
    /// Group of their seat, from now on their only one.
    pub group: u32,
    /// Site of that group.
    pub site: u32,
}

/// `draw.stopped`: the draw ends without a valid panel; its names stay sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The draw.
    pub alpha: Hash,
    /// Why.
    pub reason: StopReason,
    /// Account of who proposed it.
    pub actor: String,
    /// Account of who confirmed it, another one.
    pub approver: String,
}

impl Vacated {
    /// Statement type.
    pub const TYPE: &'static str = "draw.vacated";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new()
            .with("alpha", self.alpha)
            .with("position", self.position)
            .with("why", self.why.name())
            .with("by", self.by.name())
            .with_some("receipt", self.receipt)
            .with_some("actor", self.actor.as_deref())
            .with_some("approver", self.approver.as_deref())
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            let (why, by) = (Why::read(f, "why")?, VacatedBy::read(f, "by")?);
            if matches!(why, Why::Declined | Why::NoAnswer) {
                return Err(f.wrong("why", "not a reason of somebody who had accepted"));
            }
            let operator = by == VacatedBy::Operator;
            let actor = account(f, "actor")?;
            let approver = account(f, "approver")?;
            if actor.is_some() != operator {
                return Err(f.wrong("actor", "there exactly when by is operator"));
            }
            if approver.is_some() && (!operator || approver == actor) {
                return Err(f.wrong("approver", "only by operator, another account than the actor"));
            }
            let receipt = receipt(f, by == VacatedBy::Channel)?;
            let position = f.u32("position", u32::MAX)?;
            Ok(Self { alpha: f.hash("alpha")?, position, why, by, receipt, actor, approver })
        })
    }
}

impl SignedIn {
    /// Statement type.
    pub const TYPE: &'static str = "draw.signed_in";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new()
            .with("alpha", self.alpha)
            .with("position", self.position)
            .with("group", self.group)
            .with("site", self.site)
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            Ok(Self {
                alpha: f.hash("alpha")?,
                position: f.u32("position", u32::MAX)?,
                group: number(f, "group", 32)?,
                site: number(f, "site", 32)?,
            })
        })
    }
}

impl Stopped {
    /// Statement type.
    pub const TYPE: &'static str = "draw.stopped";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new()
            .with("alpha", self.alpha)
            .with("reason", self.reason.name())
            .with("actor", self.actor.as_str())
            .with("approver", self.approver.as_str())
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            let missing = |f: &Fields<'_>, key: &str| f.wrong(key, "required");
            let actor = account(f, "actor")?.ok_or_else(|| missing(f, "actor"))?;
            let approver = account(f, "approver")?.ok_or_else(|| missing(f, "approver"))?;
            if approver == actor {
                return Err(f.wrong("approver", "must be another account than the actor"));
            }
            let reason = StopReason::read(f, "reason")?;
            Ok(Self { alpha: f.hash("alpha")?, reason, actor, approver })
        })
    }
}

/// An account number, if there is one.
fn account(f: &mut Fields<'_>, key: &str) -> Result<Option<String>, ShapeError> {
    if f.optional(key).is_none() {
        return Ok(None);
    }
    let text = f.str(key)?;
    if text.is_empty() || text.len() > ACCOUNT_LIMIT || text.chars().any(char::is_control) {
        return Err(f.wrong(key, "1 to 400 bytes without control characters"));
    }
    Ok(Some(text.to_owned()))
}
