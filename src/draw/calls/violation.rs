//! What may not be said where it stands: every rule of `api-spec/draw-v2.md` §4 that a statement can
//! break, by name.

/// Why a statement may not stand at its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Its alpha is another draw's.
    #[error("is about another draw")]
    OtherDraw,
    /// The draw was stopped before.
    #[error("stands after the draw was stopped")]
    Stopped,
    /// A settlement found no full panel; only sign-in, vacancies and endings may follow.
    #[error("stands after a shortfall")]
    AfterShortfall,
    /// The round before has not been settled.
    #[error("round {0} is still open")]
    RoundOpen(u32),
    /// A vacancy waits for its settlement, which comes first.
    #[error("vacancies wait for their settlement")]
    Unsettled,
    /// Every seat's member has accepted.
    #[error("invites though no seat is open")]
    NoOpenSeat,
    /// Another round number than the one that it must have.
    #[error("must name round {0}")]
    Round(u32),
    /// The window is not the committed one.
    #[error("must close at {0}")]
    Closes(i64),
    /// Invitees or sites differ from the computed ones; the first position that differs.
    #[error("the invitees are not those who are next: position {0}")]
    Invitees(u32),
    /// No round is open.
    #[error("no round is open")]
    NoRound,
    /// The window had closed.
    #[error("came after the window closed at {0}")]
    Late(i64),
    /// The position was not invited in the open round.
    #[error("position {0} was not invited in this round")]
    NotInvited(u32),
    /// A second answer.
    #[error("position {0} has answered before")]
    AnsweredBefore(u32),
    /// A second receipt of delivery.
    #[error("position {0} was reached before")]
    DeliveredBefore(u32),
    /// Said by somebody who may not say why: `absent`, `unfit` and `conflict` are staff's to record.
    #[error("{0} is the operator's to say, with its author")]
    By(&'static str),
    /// The position has not accepted.
    #[error("position {0} has not accepted")]
    NotAccepted(u32),
    /// The position is out already.
    #[error("position {0} is out already")]
    IsOut(u32),
    /// The position holds no seat of the present panel.
    #[error("position {0} holds no seat")]
    NotSeated(u32),
    /// The position has signed in.
    #[error("position {0} has signed in")]
    SignedIn(u32),
    /// Nothing has happened since the last settlement.
    #[error("nothing is to be settled")]
    NothingToSettle,
    /// The window is still open and somebody has not answered.
    #[error("settles while the window is open until {0}")]
    WindowOpen(i64),
    /// Who is newly out differs from what was said; the first position that differs.
    #[error("those newly out are not who declined, did not answer or left: position {0}")]
    Out(u32),
    /// The seats are not those of the walk.
    #[error("the seats are not those that the walk gives")]
    Seats,
    /// The number of branches is another.
    #[error("{counted} branches counted, said were {said}")]
    Branches {
        /// By the walk.
        counted: u64,
        /// In the statement.
        said: u64,
    },
    /// A shortfall where there is a panel, a panel where there is none, or another cause.
    #[error("the walk comes to {0}")]
    Outcome(&'static str),
    /// Another group than that of the seat.
    #[error("the seat is of group {0}")]
    Group(u32),
    /// Another site than that of the group.
    #[error("the seat is at site {0}")]
    Site(u32),
    /// A stop for shortfall without one.
    #[error("no settlement found a shortfall")]
    NoShortfall,
    /// Somebody's seat is still open, or a round is.
    #[error("the panel is not filled, or a round is open")]
    NotFilled,
}

impl Violation {
    /// The name of the rule, stable.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OtherDraw => "other_draw",
            Self::Stopped => "stopped",
            Self::AfterShortfall => "after_shortfall",
            Self::RoundOpen(_) => "round_open",
            Self::Unsettled => "unsettled",
            Self::NoOpenSeat => "no_open_seat",
            Self::Round(_) => "round",
            Self::Closes(_) => "closes",
            Self::Invitees(_) => "invitees",
            Self::NoRound => "no_round",
            Self::Late(_) => "late",
            Self::NotInvited(_) => "not_invited",
            Self::AnsweredBefore(_) => "answered_before",
            Self::DeliveredBefore(_) => "delivered_before",
            Self::By(_) => "by",
            Self::NotAccepted(_) => "not_accepted",
            Self::IsOut(_) => "is_out",
            Self::NotSeated(_) => "not_seated",
            Self::SignedIn(_) => "signed_in",
            Self::NothingToSettle => "nothing_to_settle",
            Self::WindowOpen(_) => "window_open",
            Self::Out(_) => "out",
            Self::Seats => "seats",
            Self::Branches { .. } => "branches",
            Self::Outcome(_) => "outcome",
            Self::Group(_) => "group",
            Self::Site(_) => "site",
            Self::NoShortfall => "no_shortfall",
            Self::NotFilled => "not_filled",
        }
    }
}
