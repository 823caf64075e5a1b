//! What the log says of calls: rounds, answers, settlements, and any of them as [`Call`].
//!
//! Positions, never names; each statement carries the draw's alpha. Fields, ranges and words are those
//! of `api-spec/draw-v2.md` §3; whether a statement may stand where it stands is [`super::CallBook`]'s.

use super::day::{SignedIn, Stopped, Vacated};
use super::words::{Answer, AnsweredBy, Reason, Shortfall, Why};
use crate::codec::{Fields, Hash, Json, Object, ShapeError, object};
use crate::draw::seats::Seated;

/// The most rounds of one draw.
pub const ROUND_LIMIT: i64 = 1_000_000;

/// One invited person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invitee {
    /// Pool position.
    pub position: u32,
    /// Site of the seat; `None` for somebody invited beyond the panel.
    pub site: Option<u32>,
}

/// `draw.invited`: a round begins; its window is the same for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The draw.
    pub alpha: Hash,
    /// Number of the round, from 1.
    pub round: u32,
    /// Until when answers count, Unix seconds, inclusive.
    pub closes: i64,
    /// Who is invited, ascending by position.
    pub invitees: Vec<Invitee>,
}

/// `draw.delivered`: the channel signed that it delivered an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The draw.
    pub alpha: Hash,
    /// The open round.
    pub round: u32,
    /// Who was reached.
    pub position: u32,
    /// SHA-256 of the channel's signed receipt.
    pub receipt: Hash,
}

/// `draw.answered`: an invitee accepts or declines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The draw.
    pub alpha: Hash,
    /// The open round.
    pub round: u32,
    /// Who answers.
    pub position: u32,
    /// What.
    pub answer: Answer,
    /// By which way.
    pub by: AnsweredBy,
    /// Why, in one word; only with [`Answer::Declined`].
    pub reason: Option<Reason>,
    /// SHA-256 of the channel's signed receipt; exactly with [`AnsweredBy::Channel`].
    pub receipt: Option<Hash>,
}

/// Somebody who is out since the last settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewlyOut {
    /// Pool position.
    pub position: u32,
    /// Why.
    pub why: Why,
}

/// What a settlement comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A full panel.
    Seats {
        /// The panel in drawn order.
        seats: Vec<Seated>,
        /// Branches counted by the walk.
        branches: u64,
    },
    /// No full panel.
    Shortfall(Shortfall),
}

/// `draw.settled`: all vacancies since the last settlement, filled by one walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The draw.
    pub alpha: Hash,
    /// The last round whose window has ended; 0 before the first.
    pub round: u32,
    /// Who is newly out, ascending by position.
    pub out: Vec<NewlyOut>,
    /// The panel, or why there is none.
    pub outcome: Outcome,
}

/// Any statement of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// A round begins.
    Invited(Invited),
    /// An invitation reached its invitee.
    Delivered(Delivered),
    /// An invitee answers.
    Answered(Answered),
    /// Somebody who had accepted is out.
    Vacated(Vacated),
    /// Vacancies are settled.
    Settled(Settled),
    /// A member signs in.
    SignedIn(SignedIn),
    /// The draw ends without a panel.
    Stopped(Stopped),
}

impl Call {
    /// Every statement type of calls, in the order of draw-v2 §3.
    pub const TYPES: [&'static str; 7] = [
        "draw.invited",
        "draw.delivered",
        "draw.answered",
        "draw.vacated",
        "draw.settled",
        "draw.signed_in",
        "draw.stopped",
    ];

    /// The statement type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invited(_) => Invited::TYPE,
            Self::Delivered(_) => Delivered::TYPE,
            Self::Answered(_) => Answered::TYPE,
            Self::Vacated(_) => Vacated::TYPE,
            Self::Settled(_) => Settled::TYPE,
            Self::SignedIn(_) => SignedIn::TYPE,
            Self::Stopped(_) => Stopped::TYPE,
        }
    }

    /// The draw.
    pub fn alpha(&self) -> &Hash {
        match self {
            Self::Invited(said) => &said.alpha,
            Self::Delivered(said) => &said.alpha,
            Self::Answered(said) => &said.alpha,
            Self::Vacated(said) => &said.alpha,
            Self::Settled(said) => &said.alpha,
            Self::SignedIn(said) => &said.alpha,
            Self::Stopped(said) => &said.alpha,
        }
    }

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        match self {
            Self::Invited(said) => said.fields(),
            Self::Delivered(said) => said.fields(),
            Self::Answered(said) => said.fields(),
            Self::Vacated(said) => said.fields(),
            Self::Settled(said) => said.fields(),
            Self::SignedIn(said) => said.fields(),
            Self::Stopped(said) => said.fields(),
        }
    }

    /// Reads a statement's own fields by its type; `None` for a type that is not of calls.
    pub fn read(kind: &str, json: &Json) -> Option<Result<Self, ShapeError>> {
        Some(match kind {
            Invited::TYPE => Invited::read(json).map(Self::Invited),
            Delivered::TYPE => Delivered::read(json).map(Self::Delivered),
            Answered::TYPE => Answered::read(json).map(Self::Answered),
            Vacated::TYPE => Vacated::read(json).map(Self::Vacated),
            Settled::TYPE => Settled::read(json).map(Self::Settled),
            SignedIn::TYPE => SignedIn::read(json).map(Self::SignedIn),
            Stopped::TYPE => Stopped::read(json).map(Self::Stopped),
            _ => return None,
        })
    }
}

impl Invited {
    /// Statement type.
    pub const TYPE: &'static str = "draw.invited";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        let invitee = |invitee: &Invitee| -> Json {
            Object::new().with("position", invitee.position).with_some("site", invitee.site).into()
        };
        Object::new()
            .with("alpha", self.alpha)
            .with("round", self.round)
            .with("closes", self.closes)
            .with("invitees", self.invitees.iter().map(invitee).collect::<Json>())
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            let invitees = f.each("invitees", |item, path| {
                object(item, path, |f| {
                    let site = if f.optional("site").is_some() { Some(number(f, "site", 32)?) } else { None };
                    Ok(Invitee { position: f.u32("position", u32::MAX)?, site })
                })
            })?;
            if invitees.is_empty() || !invitees.is_sorted_by(|a, b| a.position < b.position) {
                return Err(f.wrong("invitees", "at least one, strictly ascending by position"));
            }
            let closes = f.int("closes", 0..=crate::codec::json::MAX_INTEGER)?;
            Ok(Self { alpha: f.hash("alpha")?, round: number(f, "round", ROUND_LIMIT)?, closes, invitees })
        })
    }
}

impl Delivered {
    /// Statement type.
    pub const TYPE: &'static str = "draw.delivered";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new()
            .with("alpha", self.alpha)
            .with("round", self.round)
            .with("position", self.position)
            .with("receipt", self.receipt)
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            Ok(Self {
                alpha: f.hash("alpha")?,
                round: number(f, "round", ROUND_LIMIT)?,
                position: f.u32("position", u32::MAX)?,
                receipt: f.hash("receipt")?,
            })
        })
    }
}

impl Answered {
    /// Statement type.
    pub const TYPE: &'static str = "draw.answered";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new()
            .with("alpha", self.alpha)
            .with("round", self.round)
            .with("position", self.position)
            .with("answer", self.answer.name())
            .with("by", self.by.name())
            .with_some("reason", self.reason.map(Reason::name))
            .with_some("receipt", self.receipt)
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            let (answer, by) = (Answer::read(f, "answer")?, AnsweredBy::read(f, "by")?);
            let reason = if f.optional("reason").is_some() { Some(Reason::read(f, "reason")?) } else { None };
            if reason.is_some() && answer != Answer::Declined {
                return Err(f.wrong("reason", "only with answer declined"));
            }
            Ok(Self {
                alpha: f.hash("alpha")?,
                round: number(f, "round", ROUND_LIMIT)?,
                position: f.u32("position", u32::MAX)?,
                answer,
                by,
                reason,
                receipt: receipt(f, by == AnsweredBy::Channel)?,
            })
        })
    }
}

impl Settled {
    /// Statement type.
    pub const TYPE: &'static str = "draw.settled";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        let out = |out: &NewlyOut| -> Json {
            Object::new().with("position", out.position).with("why", out.why.name()).into()
        };
        let seat = |seat: &Seated| -> Json {
            Object::new().with("position", seat.position).with("group", u32::from(seat.group)).into()
        };
        let fields = Object::new()
            .with("alpha", self.alpha)
            .with("round", self.round)
            .with("out", self.out.iter().map(out).collect::<Json>());
        match &self.outcome {
            Outcome::Seats { seats, branches } => {
                fields.with("seats", seats.iter().map(seat).collect::<Json>()).with("branches", *branches)
            }
            Outcome::Shortfall(shortfall) => fields.with("shortfall", shortfall.name()),
        }
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            let out = f.each("out", |item, path| {
                object(item, path, |f| {
                    Ok(NewlyOut { position: f.u32("position", u32::MAX)?, why: Why::read(f, "why")? })
                })
            })?;
            if !out.is_sorted_by(|a, b| a.position < b.position) {
                return Err(f.wrong("out", "strictly ascending by position"));
            }
            let outcome = if f.optional("shortfall").is_some() {
                Outcome::Shortfall(Shortfall::read(f, "shortfall")?)
            } else {
                let seats = f.each("seats", |item, path| {
                    object(item, path, |f| {
                        let group = u8::try_from(f.int("group", 1..=32)?).unwrap_or(0);
                        Ok(Seated { position: f.u32("position", u32::MAX)?, group })
                    })
                })?;
                Outcome::Seats { seats, branches: f.u64("branches")? }
            };
            let round = u32::try_from(f.int("round", 0..=ROUND_LIMIT)?).unwrap_or(0);
            Ok(Self { alpha: f.hash("alpha")?, round, out, outcome })
        })
    }
}

/// A whole number from 1.
pub(super) fn number(f: &mut Fields<'_>, key: &str, max: impl Into<i64>) -> Result<u32, ShapeError> {
    let n = f.int(key, 1..=max.into())?;
    u32::try_from(n).map_err(|_| f.wrong(key, "out of range"))
}

/// A receipt, there exactly when a channel is the source.
pub(super) fn receipt(f: &mut Fields<'_>, channel: bool) -> Result<Option<Hash>, ShapeError> {
    match (f.optional("receipt").is_some(), channel) {
        (true, true) => f.hash("receipt").map(Some),
        (false, false) => Ok(None),
        _ => Err(f.wrong("receipt", "there exactly when by is channel")),
    }
}
