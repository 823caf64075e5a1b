//! The parts of an expert's record as they are sent and answered: field for field those of
//! `registry::Draft*`. An optional text that is absent is an empty one there.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::registry;

/// A field that stands in a body in one form and in a draft in another.
pub(super) trait Wire<T> {
    /// For the draft.
    fn into_draft(self) -> T;

    /// For an answer.
    fn show(draft: T) -> Self;
}

impl Wire<String> for String {
    fn into_draft(self) -> String {
        self
    }

    fn show(draft: String) -> Self {
        draft
    }
}

impl Wire<String> for Option<String> {
    fn into_draft(self) -> String {
        self.unwrap_or_default()
    }

    fn show(draft: String) -> Self {
        (!draft.is_empty()).then_some(draft)
    }
}

impl<T, W: Wire<T>> Wire<Vec<T>> for Vec<W> {
    fn into_draft(self) -> Vec<T> {
        self.into_iter().map(Wire::into_draft).collect()
    }

    fn show(draft: Vec<T>) -> Self {
        draft.into_iter().map(W::show).collect()
    }
}

/// Implemented for parts only, lest `Option<String>` mean two things.
pub(super) trait WirePart {}

impl<T, W: Wire<T> + WirePart> Wire<Option<T>> for Option<W> {
    fn into_draft(self) -> Option<T> {
        self.map(Wire::into_draft)
    }

    fn show(draft: Option<T>) -> Self {
        draft.map(W::show)
    }
}

/// Present employers: not known, or a list.
impl Wire<Option<Vec<registry::DraftEmployment>>> for Option<Vec<Employment>> {
    fn into_draft(self) -> Option<Vec<registry::DraftEmployment>> {
        self.map(Wire::into_draft)
    }

    fn show(draft: Option<Vec<registry::DraftEmployment>>) -> Self {
        draft.map(Wire::show)
    }
}

/// A body and the part of a draft that it is.
macro_rules! part {
    ($(#[$doc:meta])* $body:ident = $draft:ident {
        $($(#[$line:meta])* $field:ident: $type:ty,)*
    }) => {
        #[derive(Deserialize, Serialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$doc])*
        pub struct $body { $($(#[$line])* $field: $type,)* }

        impl WirePart for $body {}

        impl Wire<registry::$draft> for $body {
            fn into_draft(self) -> registry::$draft {
                registry::$draft { $($field: self.$field.into_draft(),)* }
            }

            fn show(draft: registry::$draft) -> Self {
                Self { $($field: Wire::show(draft.$field),)* }
            }
        }
    };
}

part! {
    /// A present employer (工作单位).
    Employment = DraftEmployment {
        /// Credit code.
        unit: String,
        /// Full name.
        name: String,
        /// First day, `YYYY-MM-DD`.
        since: String,
    }
}

part! {
    /// A former employer.
    PastEmployment = DraftPast {
        /// Credit code.
        unit: String,
        /// Full name.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// First day, `YYYY-MM-DD`.
        from: String,
        /// Last day, `YYYY-MM-DD`.
        to: String,
    }
}

part! {
    /// A completed education (学历).
    #[schema(as = ExpertEducation)]
    Education = DraftEducation {
        /// Code of GB/T 4658-2006, two digits.
        #[schema(example = "21")]
        code: String,
        /// 毕业院校.
        #[serde(skip_serializing_if = "Option::is_none")]
        school: Option<String>,
        /// 学位.
        #[serde(skip_serializing_if = "Option::is_none")]
        degree: Option<String>,
        /// Day of the certificate, `YYYY-MM-DD`.
        #[serde(skip_serializing_if = "Option::is_none")]
        date: Option<String>,
    }
}

part! {
    /// A professional title (职称).
    #[schema(as = ExpertTitle)]
    Title = DraftTitle {
        /// Raw code of GB/T 8561, three digits.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Its name.
        name: String,
        /// `senior`, `deputy_senior`, `intermediate`, `junior`, `none`.
        level: String,
        /// Day of the certificate, `YYYY-MM-DD`.
        #[serde(skip_serializing_if = "Option::is_none")]
        date: Option<String>,
        /// Who awarded it.
        #[serde(skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
    }
}

part! {
    /// What stands for a title (同等专业水平).
    #[schema(as = ExpertEqualLevel)]
    EqualLevel = DraftEqualLevel {
        /// In which respect, at most 200 characters.
        text: String,
        /// Digests of attachments, or what the proof is called, 1–8.
        evidence: Vec<String>,
    }
}

part! {
    /// A professional qualification (执业资格).
    #[schema(as = ExpertCertificate)]
    Certificate = DraftCertificate {
        /// Its name.
        name: String,
        /// Its number.
        number: String,
        /// Day of issue, `YYYY-MM-DD`.
        issued: String,
        /// Last day, `YYYY-MM-DD`; absent: without end.
        #[serde(skip_serializing_if = "Option::is_none")]
        valid_to: Option<String>,
    }
}

part! {
    /// A claimed speciality with the decision about it.
    #[schema(as = ExpertClaim)]
    Claim = DraftClaim {
        /// `scheme:code`.
        speciality: String,
        /// Digests of attachments, or what the proof is called, at most 8.
        #[serde(default)]
        evidence: Vec<String>,
        /// `pending`, `approved`, `rejected`; absent: pending.
        #[serde(skip_serializing_if = "Option::is_none")]
        decision: Option<String>,
        /// Day of the decision, `YYYY-MM-DD`.
        #[serde(skip_serializing_if = "Option::is_none")]
        decided: Option<String>,
        /// Why, at most 200 characters; needed to reject.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

part! {
    /// A relative as the expert declares them; as little as possible.
    #[schema(as = ExpertRelative)]
    Relative = DraftRelative {
        /// `spouse` 配偶, `lineal` 直系血亲, `collateral` 三代以内旁系血亲, `in_law` 近姻亲.
        relation: String,
        /// Name.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Credit codes of the units that they lead, own or work for, at most 8.
        #[serde(default)]
        units: Vec<String>,
    }
}

part! {
    /// A training (培训).
    #[schema(as = ExpertTraining)]
    Training = DraftTraining {
        /// What it was.
        name: String,
        /// When it was completed, `YYYY-MM-DD`.
        date: String,
    }
}

part! {
    /// A relaxation for scarce specialities.
    #[schema(as = ExpertRelaxation)]
    Relaxation = DraftRelaxation {
        /// Why, at most 200 characters.
        reason: String,
        /// Account that approved it.
        approved_by: String,
        /// The scarce specialities, `scheme:code`, 1–16.
        specialities: Vec<String>,
    }
}

part! {
    /// A photo or document by its digest.
    #[schema(as = ExpertDocument)]
    Document = DraftDocument {
        /// `[a-z0-9_]`, 1–32; `photo` is the photo.
        kind: String,
        /// Digest of the bytes, 64 lower-case hexadecimal digits.
        digest: String,
        /// What it is called.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    }
}

part! {
    /// A certificate of appointment (聘书).
    #[schema(as = ExpertAppointment)]
    Appointment = DraftAppointment {
        /// Its number.
        number: String,
        /// Day of issue, `YYYY-MM-DD`.
        issued: String,
    }
}

/// A leave (请假): not drawn for a review that has a second in common with it.
#[derive(Serialize, ToSchema)]
#[schema(as = ExpertLeave)]
pub struct Leave {
    /// First second, RFC 3339.
    from: String,
    /// The second after the last, RFC 3339.
    to: String,
}

impl Leave {
    /// As answered.
    pub(super) fn of(leave: registry::Leave) -> Self {
        Self { from: leave.from.to_string(), to: leave.to.to_string() }
    }
}
