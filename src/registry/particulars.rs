//! What a record tells of an expert beyond the facts that every draw needs: contacts, education,
//! titles, certificates, claims, relatives, documents, leave (财库〔2016〕198号 arts 6–8, 10).
//!
//! *Invariants:* values are checked (`draft_check`); lists keep the order in which they were written;
//! claims hold those only that say more than "approved", and those that are not; leaves ascend and do
//! not overlap. Nothing here is shown by `Debug`.
//!
//! *Deliberately not here:* what follows from them (`rules`); the bytes of documents.

use std::fmt;

use crate::codes::{CreditCode, EducationLevel, Speciality};
use crate::time::{Date, Timestamp};

use super::expert::TitleLevel;

/// Everything beyond the base of a record; an expert of whom no more is known has the default.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Particulars {
    /// Further phones, at most 4.
    pub further_phones: Vec<String>,
    /// 电子邮箱.
    pub mail: Option<String>,
    /// 通信地址.
    pub address: Option<String>,
    /// 在职 / 退休 / 自由职业.
    pub work_status: Option<WorkStatus>,
    /// 学历, at most 8.
    pub educations: Vec<Education>,
    /// 职称, at most 8; the record's title level is the highest of them.
    pub titles: Vec<Title>,
    /// 同等专业水平.
    pub equal_level: Option<EqualLevel>,
    /// 执业资格, at most 16.
    pub certificates: Vec<Certificate>,
    /// Claims that are pending or rejected, or approved with evidence, day or reason.
    pub claims: Vec<Claim>,
    /// Relatives as declared, at most 32.
    pub relatives: Vec<Relative>,
    /// Whether the expert can work with electronic evaluation (电子评审); `None`: not known.
    pub e_evaluation: Option<bool>,
    /// 培训, at most 32.
    pub trainings: Vec<Training>,
    /// 紧缺专业放宽.
    pub relaxation: Option<Relaxation>,
    /// Photo and documents, at most 64.
    pub documents: Vec<Document>,
    /// Leave (请假), at most 64, ascending.
    pub leaves: Vec<Leave>,
    /// Employers of a change that is not decided yet, at most 8.
    pub pending_units: Vec<CreditCode>,
    /// Day of the last yearly confirmation.
    pub confirmed: Option<Date>,
    /// 聘书.
    pub appointment: Option<Appointment>,
}

/// A closed list of words: variants, words of the API, Chinese names.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$line:meta])* $variant:ident = $word:literal $zh:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$line])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The word in the API and in images.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the word.
            pub fn parse(text: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }

            /// In Chinese.
            pub fn title_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }
        }
    };
}

words! {
    /// Whether somebody works, and how.
    WorkStatus {
        /// 在职
        Employed = "employed" "在职",
        /// 退休; may be re-employed.
        Retired = "retired" "退休",
        /// 自由职业
        Free = "free" "自由职业",
    }
}

words! {
    /// What was decided about a claimed speciality.
    ClaimDecision {
        /// 待审
        Pending = "pending" "待审",
        /// 通过
        Approved = "approved" "通过",
        /// 不通过
        Rejected = "rejected" "不通过",
    }
}

words! {
    /// How a relative is related, in the words of 财库〔2016〕198号 art 16.
    Relation {
        /// 配偶
        Spouse = "spouse" "配偶",
        /// 直系血亲
        Lineal = "lineal" "直系血亲",
        /// 三代以内旁系血亲
        Collateral = "collateral" "三代以内旁系血亲",
        /// 近姻亲
        InLaw = "in_law" "近姻亲",
    }
}

/// A completed education (学历).
#[derive(Clone, PartialEq, Eq)]
pub struct Education {
    /// Level of GB/T 4658.
    pub level: EducationLevel,
    /// 毕业院校.
    pub school: Option<String>,
    /// 学位.
    pub degree: Option<String>,
    /// Day of the certificate.
    pub date: Option<Date>,
}

/// A professional title (职称).
#[derive(Clone, PartialEq, Eq)]
pub struct Title {
    /// Raw code of GB/T 8561, never interpreted.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: TitleLevel,
    /// Day of the certificate.
    pub date: Option<Date>,
    /// Who awarded it.
    pub issuer: Option<String>,
}

/// What stands for a title (同等专业水平, art 6(2)).
#[derive(Clone, PartialEq, Eq)]
pub struct EqualLevel {
    /// In which respect.
    pub text: String,
    /// Digests of attachments, or what the proof is called; at least one.
    pub evidence: Vec<String>,
}

/// A professional qualification (执业资格).
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: String,
    /// Day of issue.
    pub issued: Date,
    /// Last day; `None`: without end.
    pub valid_to: Option<Date>,
}

/// A claimed speciality (申报专业, art 8).
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// The speciality.
    pub speciality: Speciality,
    /// Digests of attachments, or what the proof is called.
    pub evidence: Vec<String>,
    /// What was decided.
    pub decision: ClaimDecision,
    /// When.
    pub decided: Option<Date>,
    /// Why; always there when rejected.
    pub reason: Option<String>,
}

impl Claim {
    /// An approved claim of which nothing else is known: that of an older record.
    pub fn approved(speciality: Speciality) -> Claim {
        let decision = ClaimDecision::Approved;
        Claim { speciality, evidence: Vec::new(), decision, decided: None, reason: None }
    }

    /// Whether it says no more than [`Claim::approved`].
    pub(super) fn is_plain(&self) -> bool {
        *self == Claim::approved(self.speciality)
    }
}

/// A relative as declared.
#[derive(Clone, PartialEq, Eq)]
pub struct Relative {
    /// How related.
    pub relation: Relation,
    /// Name.
    pub name: Option<String>,
    /// The units that they lead, own or work for, at most 8.
    pub units: Vec<CreditCode>,
}

/// A training (培训).
#[derive(Clone, PartialEq, Eq)]
pub struct Training {
    /// What it was.
    pub name: String,
    /// When it was completed.
    pub date: Date,
}

/// A relaxation for scarce specialities (art 6, last paragraph).
#[derive(Clone, PartialEq, Eq)]
pub struct Relaxation {
    /// Why.
    pub reason: String,
    /// Account that approved it.
    pub approved_by: String,
    /// The scarce specialities.
    pub specialities: Vec<Speciality>,
}

/// A photo or document.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// `[a-z0-9_]{1,32}`; `photo` is the photo.
    pub kind: String,
    /// Digest of the bytes, 64 hexadecimal digits.
    pub digest: String,
    /// What it is called.
    pub name: Option<String>,
}

/// A leave (请假): not to be drawn for a review that begins or runs in `[from, to)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leave {
    /// First second.
    pub from: Timestamp,
    /// The second after the last.
    pub to: Timestamp,
}

impl Leave {
    /// Whether `[from, to)` and this leave have a second in common.
    pub fn meets(&self, from: Timestamp, to: Timestamp) -> bool {
        self.from < to && from < self.to
    }
}

/// The certificate of appointment (聘书).
#[derive(Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Its number.
    pub number: String,
    /// Day of issue.
    pub issued: Date,
}

/// A person's; shown by nobody's mistake.
macro_rules! silent {
    ($($name:ident)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })*
    };
}

silent!(Particulars Education Title EqualLevel Certificate Claim Relative Training Relaxation);
silent!(Document Leave Appointment);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leave_meets_what_shares_a_second_with_it() {
        let leave = Leave { from: Timestamp(100), to: Timestamp(200) };
        for (from, to, meets) in
            [(0, 100, false), (0, 101, true), (150, 160, true), (199, 300, true), (200, 300, false)]
        {
            assert_eq!(leave.meets(Timestamp(from), Timestamp(to)), meets, "{from} {to}");
        }
    }

    #[test]
    fn each_word_is_read_back() {
        assert!(WorkStatus::ALL.iter().all(|word| WorkStatus::parse(word.as_str()) == Some(*word)));
        assert!(ClaimDecision::ALL.iter().all(|word| ClaimDecision::parse(word.as_str()) == Some(*word)));
        assert!(Relation::ALL.iter().all(|word| Relation::parse(word.as_str()) == Some(*word)));
        assert_eq!(Relation::parse("cousin"), None);
    }
}
