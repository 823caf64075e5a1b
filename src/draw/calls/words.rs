//! The closed lists of words in the statements of calls (`api-spec/draw-v2.md` §3): each word has one
//! spelling, and one that is not on its list is refused.

use crate::codec::{Fields, ShapeError};

/// An enumeration with its words.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every word of the closed list, in its order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in statements.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads a word; `None` for one that is not on the list.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// Reads the word of a field.
            pub(super) fn read(f: &mut Fields<'_>, key: &str) -> Result<Self, ShapeError> {
                Self::parse(f.str(key)?).ok_or_else(|| f.wrong(key, "not on the list"))
            }
        }
    };
}

words! {
    /// What an invitee answered.
    Answer {
        /// Accepts (参加).
        Accepted = "accepted",
        /// Declines (不参加).
        Declined = "declined",
    }
}

words! {
    /// By which way an answer came.
    AnsweredBy {
        /// On the service's own page or interface, under the expert's own account.
        Expert = "expert",
        /// Through a channel that signed a receipt.
        Channel = "channel",
    }
}

words! {
    /// Why an invitee declines, in one word.
    Reason {
        /// Has no time.
        Busy = "busy",
        /// Is ill.
        Ill = "ill",
        /// Is out of town.
        Away = "away",
        /// Would have to recuse.
        Conflict = "conflict",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// Why somebody is out of a draw for good (set U).
    Why {
        /// Declined the invitation.
        Declined = "declined",
        /// Did not answer while the window was open.
        NoAnswer = "no_answer",
        /// Accepted and took it back.
        Withdrawn = "withdrawn",
        /// Did not come, or came too late.
        Absent = "absent",
        /// Recused themselves (回避).
        Recused = "recused",
        /// Was found to be in conflict of interest.
        Conflict = "conflict",
        /// Came and may not review: identity, fitness, refusal of the discipline.
        Unfit = "unfit",
    }
}

impl Why {
    /// Whether only staff can say it: a judgement about somebody, not their own word.
    pub fn is_staffs(self) -> bool {
        matches!(self, Self::Absent | Self::Conflict | Self::Unfit)
    }
}

words! {
    /// Who says that somebody is out.
    VacatedBy {
        /// The expert, under their own account.
        Expert = "expert",
        /// A channel, with its signed receipt.
        Channel = "channel",
        /// Staff.
        Operator = "operator",
    }
}

words! {
    /// Why a settlement finds no full panel.
    Shortfall {
        /// Groups and cap allow none.
        Infeasible = "infeasible",
        /// Conflicts between people allow none.
        Relations = "relations",
        /// The walk ended at its limit of branches.
        Limit = "limit",
    }
}

words! {
    /// Why a draw ends without a valid panel.
    StopReason {
        /// A settlement found no full panel.
        Shortfall = "shortfall",
        /// A review site failed.
        SiteFailure = "site_failure",
        /// The procurement was stopped.
        ProcurementStopped = "procurement_stopped",
    }
}
