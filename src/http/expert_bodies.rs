//! What is sent and answered about an expert. Field names are `registry::Draft`'s, so that problems
//! of the use-cases name the fields that were sent.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::expert_parts::{
    Appointment, Certificate, Claim, Document, Education, Employment, EqualLevel, Leave, PastEmployment,
    Relative, Relaxation, Title, Training, Wire,
};
use crate::registry::{Draft, Standing};
use crate::service::experts::{ExpertRecord, ExpertSummary};

/// An expert to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpertInput {
    /// 姓名, 1–64 characters.
    name: String,
    /// GA/T 517 kind of identity document, three digits; `111` is 居民身份证.
    #[schema(example = "111")]
    id_kind: String,
    /// Its number: 公民身份号码 (GB 11643) for `111`, otherwise 4–32 visible ASCII characters.
    id_number: String,
    /// Birth date, `YYYY-MM-DD`; needed unless the kind is `111`, whose number tells it.
    birth: Option<String>,
    /// Sex as GB/T 2261.1 codes it: `0`, `1`, `2`, `9`; needed as `birth` is.
    sex: Option<String>,
    /// 手机号.
    phone: String,
    /// Present employers, the unit first, at most 8; absent: not known; empty: none.
    employments: Option<Vec<Employment>>,
    /// Former employers, at most 32.
    #[serde(default)]
    past: Vec<PastEmployment>,
    /// `senior` 正高级, `deputy_senior` 副高级, `intermediate` 中级, `junior` 初级, `none` 无; the highest
    /// of `titles` where there are any.
    title_level: String,
    /// The day since when the expert works in the field, `YYYY-MM-DD`.
    field_since: String,
    /// The drawable specialities, `scheme:code`, 1–16; left out: the approved ones of `claims`.
    #[serde(default)]
    specialities: Vec<String>,
    /// Review regions, the main one first, 1–8.
    regions: Vec<String>,
    /// Credit codes of units from whose projects the expert recuses, at most 64.
    #[serde(default)]
    declared_units: Vec<String>,
    /// First day of the term, `YYYY-MM-DD`.
    term_from: String,
    /// Last day of the term, `YYYY-MM-DD`.
    term_to: String,
    /// Further phones, at most 4.
    #[serde(default)]
    further_phones: Vec<String>,
    /// 电子邮箱; empty: none.
    mail: Option<String>,
    /// 通信地址, at most 128 characters; empty: none.
    address: Option<String>,
    /// `employed` 在职, `retired` 退休, `free` 自由职业; empty: not known.
    work_status: Option<String>,
    /// 学历, at most 8.
    #[serde(default)]
    educations: Vec<Education>,
    /// 职称, at most 8.
    #[serde(default)]
    titles: Vec<Title>,
    /// 同等专业水平.
    equal_level: Option<EqualLevel>,
    /// 执业资格, at most 16.
    #[serde(default)]
    certificates: Vec<Certificate>,
    /// Claimed specialities with evidence and decision, at most 32; approved ones stand in `specialities`, others do not.
    #[serde(default)]
    claims: Vec<Claim>,
    /// Relatives as declared, at most 32.
    #[serde(default)]
    relatives: Vec<Relative>,
    /// Skill in electronic evaluation: `yes`, `no`; empty: not known.
    e_evaluation: Option<String>,
    /// 培训, at most 32.
    #[serde(default)]
    trainings: Vec<Training>,
    /// Relaxation for scarce specialities (紧缺专业放宽).
    relaxation: Option<Relaxation>,
    /// Photo and documents by digest, at most 64.
    #[serde(default)]
    documents: Vec<Document>,
    /// 聘书.
    appointment: Option<Appointment>,
}

/// What is to be changed: fields that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    /// As in a registration.
    name: Option<String>,
    /// As in a registration.
    id_kind: Option<String>,
    /// As in a registration.
    id_number: Option<String>,
    /// As in a registration.
    birth: Option<String>,
    /// As in a registration.
    sex: Option<String>,
    /// As in a registration.
    phone: Option<String>,
    /// As in a registration; `null`: not known.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<Employment>>)]
    employments: Option<Option<Vec<Employment>>>,
    /// As in a registration.
    past: Option<Vec<PastEmployment>>,
    /// As in a registration.
    title_level: Option<String>,
    /// As in a registration.
    field_since: Option<String>,
    /// As in a registration.
    specialities: Option<Vec<String>>,
    /// As in a registration.
    regions: Option<Vec<String>>,
    /// As in a registration.
    declared_units: Option<Vec<String>>,
    /// As in a registration.
    term_from: Option<String>,
    /// As in a registration.
    term_to: Option<String>,
    /// As in a registration.
    further_phones: Option<Vec<String>>,
    /// As in a registration; empty: not known any more.
    mail: Option<String>,
    /// As in a registration; empty: not known any more.
    address: Option<String>,
    /// As in a registration; empty: not known any more.
    work_status: Option<String>,
    /// As in a registration.
    educations: Option<Vec<Education>>,
    /// As in a registration.
    titles: Option<Vec<Title>>,
    /// As in a registration; `null`: there is none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<EqualLevel>)]
    equal_level: Option<Option<EqualLevel>>,
    /// As in a registration.
    certificates: Option<Vec<Certificate>>,
    /// As in a registration.
    claims: Option<Vec<Claim>>,
    /// As in a registration.
    relatives: Option<Vec<Relative>>,
    /// As in a registration; empty: not known any more.
    e_evaluation: Option<String>,
    /// As in a registration.
    trainings: Option<Vec<Training>>,
    /// As in a registration; `null`: there is none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Relaxation>)]
    relaxation: Option<Option<Relaxation>>,
    /// As in a registration.
    documents: Option<Vec<Document>>,
    /// As in a registration; `null`: there is none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Appointment>)]
    appointment: Option<Option<Appointment>>,
}

/// What lists show of an expert: nothing that names anybody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExpertSummary)]
pub struct Summary {
    /// Expert number.
    number: String,
    /// `active`, `suspended`, `stale`, `dismissed`, `banned`, `deceased`, `merged`, as last decided.
    standing: String,
    /// Main review region.
    region: String,
    /// All review regions, ascending.
    regions: Vec<String>,
    /// Specialities, ascending.
    specialities: Vec<String>,
    /// Credit code of the unit; absent: none or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// Level of the professional title.
    title_level: String,
    /// First day of the term, `YYYY-MM-DD`.
    term_from: String,
    /// Last day of the term, `YYYY-MM-DD`.
    term_to: String,
    /// Day of the last yearly confirmation, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<String>,
    /// Grows with every change; the ETag.
    version: i64,
}

/// Everything about one expert.
#[derive(Serialize, ToSchema)]
#[schema(as = Expert)]
pub struct ExpertFacts {
    /// Expert number.
    number: String,
    /// 姓名.
    name: String,
    /// Kind of identity document.
    id_kind: String,
    /// Its number.
    id_number: String,
    /// Birth date.
    birth: String,
    /// Sex as GB/T 2261.1 codes it.
    sex: String,
    /// 手机号.
    phone: String,
    /// Present employers, the unit first; absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    employments: Option<Vec<Employment>>,
    /// Former employers.
    past: Vec<PastEmployment>,
    /// Level of the professional title.
    title_level: String,
    /// The day since when the expert works in the field.
    field_since: String,
    /// Specialities.
    specialities: Vec<String>,
    /// Review regions, the main one first.
    regions: Vec<String>,
    /// Units from whose projects the expert recuses.
    declared_units: Vec<String>,
    /// First day of the term.
    term_from: String,
    /// Last day of the term.
    term_to: String,
    /// Further phones, at most 4.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    further_phones: Vec<String>,
    /// 电子邮箱.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<String>,
    /// 通信地址, at most 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// `employed` 在职, `retired` 退休, `free` 自由职业.
    #[serde(skip_serializing_if = "Option::is_none")]
    work_status: Option<String>,
    /// 学历, at most 8.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    educations: Vec<Education>,
    /// 职称, at most 8.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    titles: Vec<Title>,
    /// 同等专业水平.
    #[serde(skip_serializing_if = "Option::is_none")]
    equal_level: Option<EqualLevel>,
    /// 执业资格, at most 16.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    certificates: Vec<Certificate>,
    /// Claimed specialities with evidence and decision, at most 32; approved ones stand in `specialities`, others do not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    claims: Vec<Claim>,
    /// Relatives as declared, at most 32.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relatives: Vec<Relative>,
    /// Skill in electronic evaluation: `yes`, `no`.
    #[serde(skip_serializing_if = "Option::is_none")]
    e_evaluation: Option<String>,
    /// 培训, at most 32.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trainings: Vec<Training>,
    /// Relaxation for scarce specialities (紧缺专业放宽).
    #[serde(skip_serializing_if = "Option::is_none")]
    relaxation: Option<Relaxation>,
    /// Photo and documents by digest, at most 64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<Document>,
    /// 聘书.
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment: Option<Appointment>,
    /// Leave, ascending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    leaves: Vec<Leave>,
    /// Employers of a change that is not decided yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pending_units: Vec<String>,
    /// Day of the last yearly confirmation.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<String>,
    /// Standing as last decided.
    standing: StandingFacts,
    /// Standing today: a suspension that ends by itself may be over.
    standing_today: &'static str,
    /// Grows with every change; the ETag.
    version: i64,
    /// Log index of the newest change.
    entry: i64,
}

/// A standing with its particulars.
#[derive(Serialize, ToSchema)]
#[schema(as = Standing)]
pub struct StandingFacts {
    /// `active`, `suspended`, `stale`, `dismissed`, `banned`, `deceased`, `merged`.
    state: &'static str,
    /// How a suspension ends: `itself`, `request`, `decision`.
    #[serde(skip_serializing_if = "Option::is_none")]
    returns: Option<&'static str>,
    /// Last day of a suspension.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Item of 财库〔2016〕198号 art. 11 by which the expert was dismissed, 1–4.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<u32>,
    /// Why a record is stale: `unconfirmed`, `unreachable`, `near_limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    /// Number of the record into which this one was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    into: Option<String>,
}

/// The fields that are the same in a body and in a draft, both ways.
macro_rules! same_fields {
    ($with:ident) => {
        $with! {
            name id_kind id_number birth sex phone employments past title_level field_since specialities
            regions declared_units term_from term_to further_phones mail address work_status educations
            titles equal_level certificates claims relatives e_evaluation trainings relaxation documents
            appointment
        }
    };
}

impl ExpertInput {
    /// As the registry takes it.
    pub(super) fn draft(self) -> Draft {
        macro_rules! taken {
            ($($field:ident)*) => { Draft { $($field: self.$field.into_draft(),)* ..Draft::default() } };
        }
        same_fields!(taken)
    }
}

impl Amendment {
    /// Puts what is given into a draft. Of specialities and claims the one that is given alone brings
    /// the other into step.
    pub(super) fn apply(mut self, draft: &mut Draft) {
        match (self.specialities.take(), self.claims.take()) {
            (Some(specialities), None) => draft.set_specialities(specialities),
            (None, Some(claims)) => draft.set_claims(claims.into_draft()),
            (Some(specialities), Some(claims)) => {
                (draft.specialities, draft.claims) = (specialities, claims.into_draft());
            }
            (None, None) => {}
        }
        macro_rules! put {
            ($($field:ident)*) => {
                $(if let Some(value) = self.$field {
                    draft.$field = value.into_draft();
                })*
            };
        }
        put! {
            name id_kind id_number birth sex phone employments past title_level field_since regions
            declared_units term_from term_to further_phones mail address work_status educations titles
            equal_level certificates relatives e_evaluation trainings relaxation documents appointment
        }
    }
}

impl From<ExpertSummary> for Summary {
    fn from(view: ExpertSummary) -> Self {
        Self {
            number: view.number,
            standing: view.standing,
            region: view.region,
            regions: view.regions,
            specialities: view.specialities,
            unit: view.unit,
            title_level: view.title_level,
            term_from: view.term_from,
            term_to: view.term_to,
            confirmed: view.confirmed,
            version: view.version,
        }
    }
}

impl ExpertFacts {
    /// Of one expert.
    pub(super) fn of(record: &ExpertRecord) -> Self {
        let expert = &record.expert;
        // An identity card tells these two; the draft does not repeat them.
        let (birth, sex) = (expert.birth().to_string(), expert.sex().code().to_string());
        let draft = Draft { birth, sex, ..expert.draft() };
        macro_rules! shown {
            ($($field:ident)*) => {
                Self {
                    number: expert.number().as_str().to_owned(),
                    standing: StandingFacts::of(&expert.standing()),
                    standing_today: expert.standing().on(record.today).kind().as_str(),
                    version: record.version,
                    entry: record.entry,
                    leaves: draft.leaves.into_iter().map(Leave::of).collect(),
                    pending_units: draft.pending_units,
                    confirmed: Wire::show(draft.confirmed),
                    $($field: Wire::show(draft.$field),)*
                }
            };
        }
        same_fields!(shown)
    }
}

impl StandingFacts {
    fn of(standing: &Standing) -> Self {
        let facts = Self {
            state: standing.kind().as_str(),
            returns: None,
            until: None,
            reason: None,
            why: None,
            into: None,
        };
        match standing {
            Standing::Active | Standing::Banned | Standing::Deceased => facts,
            Standing::Suspended(until) => Self {
                returns: Some(until.returns()),
                until: until.day().map(|day| day.to_string()),
                ..facts
            },
            Standing::Stale(why) => Self { why: Some(why.as_str()), ..facts },
            Standing::Dismissed(reason) => Self { reason: Some(reason.number()), ..facts },
            Standing::Merged(into) => Self { into: Some(into.as_str().to_owned()), ..facts },
        }
    }
}

/// Tells `null` from absence.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
