//! What is sent and answered about applications and changes. The record itself goes as a merge patch
//! (RFC 7396) over its written form, so that every field of a record can be sent and is shown again
//! under the same name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::experts::region;
use super::paging::paging;
use super::problem::Problem;
use super::times::Rfc3339;
use crate::codec::Json;
use crate::rules::conditions::ConditionFinding;
use crate::service::applications::body::{ApplicationBody, Opinion, Verdict};
use crate::service::applications::{
    ApplicationEdit, ApplicationRecord, CasesAsked, Decision, ReviewInput, VerdictInput,
};
use crate::service::cases::Case;
use crate::service::facts_patch::FactsPatch;
use crate::service::listing::Paging;
use crate::time::Timestamp;

/// The longest value of a record's field, in bytes; a body is shorter anyway.
const FACT_LIMIT: usize = 1 << 20;

/// An application to begin, or what is saved of one; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationInput {
    /// `public_call` 公开征集, `unit_recommendation` 单位推荐, `self_recommendation` 自我推荐; required to begin.
    #[schema(example = "self_recommendation")]
    channel: Option<String>,
    /// Number of the public call.
    #[schema(max_length = 64)]
    call: Option<String>,
    /// Credit code of the unit that recommends.
    recommender: Option<String>,
    /// Units to avoid: `listed` (those of `facts.declared_units`) or `none`; one of both must be declared.
    #[schema(example = "none")]
    declaration: Option<String>,
    /// Version of the privacy notice that was read.
    #[schema(max_length = 64)]
    privacy_notice: Option<String>,
    /// Why a relaxation for a scarce speciality is asked for, at most 200 characters.
    #[schema(max_length = 200)]
    relaxation: Option<String>,
    /// Region of the bureau that it goes to; the main review region, once `facts.regions` has one.
    #[schema(example = "430600")]
    region: Option<String>,
    /// The record as a merge patch: fields as they are shown again; `null` clears one. Material is in
    /// `documents`, with the kinds of the profile.
    #[serde(default)]
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
}

/// A review of one level.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationReview {
    /// `pass`, `return` 退回补正, `reject` 不予通过.
    #[schema(example = "pass")]
    decision: String,
    /// Why, at most 200 characters; required for `return` and `reject`.
    #[schema(max_length = 200)]
    reason: Option<String>,
    /// 材料; required to pass, as are the other two.
    material: Option<VerdictBody>,
    /// 专业, one by one.
    #[serde(default)]
    specialities: Vec<SpecialityVerdict>,
    /// 信用.
    credit: Option<VerdictBody>,
    /// 紧缺专业放宽条件, granted by the final review.
    relaxation: Option<RelaxationBody>,
    /// Number of the certificate of appointment, at most 32 characters; the expert's number if absent.
    #[schema(max_length = 32)]
    certificate: Option<String>,
}

/// One decision.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictBody {
    /// Whether it passes.
    pass: bool,
    /// Why; required when it does not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    reason: Option<String>,
}

/// The decision on one speciality.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecialityVerdict {
    /// `scheme:code`.
    code: String,
    /// Whether it passes.
    pass: bool,
    /// Why; required when it does not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    reason: Option<String>,
}

/// A relaxation for scarce specialities.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelaxationBody {
    /// Why.
    #[schema(max_length = 200)]
    reason: String,
    /// The scarce specialities.
    specialities: Vec<String>,
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CasesParams {
    /// In this state.
    state: Option<String>,
    /// In this region or a part of it (GB/T 2260).
    region: Option<String>,
    /// Due at this time or before, RFC 3339.
    due_by: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// What lists show of an application or a change: nothing that names anybody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewItem)]
pub struct CaseLine {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: String,
    /// The expert that it is about or made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expert: Option<String>,
    /// The region that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Until when the next step is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Rfc3339>,
    /// When it was begun.
    pub created: Rfc3339,
    /// When it was changed last.
    pub updated: Rfc3339,
    /// Grows with every change; the ETag.
    pub version: i64,
}

/// An application, everything.
#[derive(Serialize, ToSchema)]
pub struct Application {
    #[serde(flatten)]
    line: CaseLine,
    /// 申请渠道.
    channel: &'static str,
    /// `applicant` or `bureau`: who writes it.
    by: &'static str,
    /// Number of the public call.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    /// Unit that recommends.
    #[serde(skip_serializing_if = "Option::is_none")]
    recommender: Option<String>,
    /// Units to avoid, as declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    declaration: Option<&'static str>,
    /// Version of the privacy notice that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy_notice: Option<String>,
    /// Why a relaxation is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    relaxation: Option<String>,
    /// The record as written.
    #[schema(value_type = Object)]
    facts: Value,
    /// What was decided, in order.
    opinions: Vec<OpinionView>,
    /// Points of the test.
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<u32>,
    /// What the conditions of selection say today.
    conditions: Vec<ConditionView>,
    /// Positions in `facts.documents` of those whose content was not filed as an attachment.
    not_filed: Vec<usize>,
}

/// What one level decided.
#[derive(Serialize, ToSchema)]
#[schema(as = Opinion)]
pub struct OpinionView {
    /// `first` 初审, `final` 终审.
    level: &'static str,
    /// `pass`, `return`, `reject`, `approve`, `enter`.
    event: String,
    /// The account.
    by: String,
    /// When.
    at: Rfc3339,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// 材料.
    #[serde(skip_serializing_if = "Option::is_none")]
    material: Option<VerdictBody>,
    /// 专业.
    specialities: Vec<SpecialityVerdict>,
    /// 信用.
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<VerdictBody>,
    /// 放宽条件.
    #[serde(skip_serializing_if = "Option::is_none")]
    relaxation: Option<RelaxationBody>,
}

/// What one condition of selection answers; no values.
#[derive(Serialize, ToSchema)]
#[schema(as = ConditionFinding)]
pub struct ConditionView {
    /// Its name in the profile.
    condition: &'static str,
    /// `pass`, `fail`, `unknown`.
    answer: &'static str,
    /// Whether it stands in the way of entry.
    excludes: bool,
    /// Whether it is met by a relaxation only.
    relaxed: bool,
    /// The profile's wording.
    title: String,
    /// The same in English.
    title_en: String,
    /// The legal source.
    source: String,
    /// How sure the source is: `C`, `C2`, `Knn`, `P`.
    status: String,
    /// The fields of the record that were asked.
    facts: &'static [&'static str],
}

impl ApplicationInput {
    pub(super) fn parts(self) -> Result<(ApplicationEdit, FactsPatch), Problem> {
        let patch = patch(self.facts)?;
        let edit = ApplicationEdit {
            channel: self.channel,
            call: self.call,
            recommender: self.recommender,
            declaration: self.declaration,
            privacy_notice: self.privacy_notice,
            relaxation: self.relaxation,
            region: self.region,
        };
        Ok((edit, patch))
    }
}

impl ApplicationReview {
    pub(super) fn input(self) -> Result<ReviewInput, Problem> {
        let verdict = |body: VerdictBody| VerdictInput { pass: body.pass, reason: body.reason };
        let decision = Decision::parse(&self.decision).ok_or_else(|| {
            let (zh, en) = ("应为 pass、return 或 reject", "must be pass, return or reject");
            Problem::field("decision", "decision", zh, en)
        })?;
        let specialities = self
            .specialities
            .into_iter()
            .map(|item| (item.code, VerdictInput { pass: item.pass, reason: item.reason }));
        Ok(ReviewInput {
            decision,
            reason: self.reason,
            material: self.material.map(verdict),
            specialities: specialities.collect(),
            credit: self.credit.map(verdict),
            relaxation: self.relaxation.map(|granted| (granted.reason, granted.specialities)),
            certificate: self.certificate,
        })
    }
}

impl CasesParams {
    /// Checks the query; `states` are those of the kind.
    pub(super) fn check(self, states: &[&str]) -> Result<(CasesAsked, Paging), Problem> {
        let paging = paging(self.limit.as_deref(), self.after)?;
        if let Some(state) = &self.state
            && !states.contains(&state.as_str())
        {
            let all = states.join(", ");
            let (zh, en) = (format!("应为 {all} 之一"), format!("must be one of {all}"));
            return Err(Problem::field("state", "state", zh, en));
        }
        let due_by = self.due_by.as_deref().map(|text| {
            Timestamp::parse(text).map_err(|_| {
                let zh = "应为 RFC 3339 时间，例如 2026-11-24T02:00:00Z";
                let en = "must be a time as in RFC 3339, such as 2026-11-24T02:00:00Z";
                Problem::field("due_by", "time", zh, en)
            })
        });
        let asked = CasesAsked {
            state: self.state,
            region: self.region.as_deref().map(region).transpose()?,
            due_by: due_by.transpose()?,
        };
        Ok((asked, paging))
    }
}

/// A merge patch as the use-cases take it.
pub(super) fn patch(facts: Map<String, Value>) -> Result<FactsPatch, Problem> {
    let (mut set, mut clear) = (BTreeMap::new(), Vec::new());
    for (name, value) in facts {
        let sound = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if !sound {
            return Err(Problem::field("facts", "unknown_field", "有未知字段", "has an unknown field"));
        }
        if value.is_null() {
            clear.push(name);
            continue;
        }
        let bytes = serde_json::to_vec(&value).unwrap_or_default();
        let json = Json::parse(&bytes, FACT_LIMIT).map_err(|_| {
            let zh = "只接受文本、整数、列表和对象，字段名为小写字母";
            let en = "only texts, integers, lists and objects, with lower-case names";
            Problem::field(&format!("facts.{name}"), "type", zh, en)
        })?;
        set.insert(name, json);
    }
    Ok(FactsPatch { set, clear })
}

/// A value of the written form as it is answered.
pub(super) fn value(json: &Json) -> Value {
    match json {
        Json::Int(n) => Value::from(*n),
        Json::Str(text) => Value::from(text.as_str()),
        Json::List(items) => items.iter().map(value).collect(),
        Json::Map(map) => Value::Object(map.iter().map(|(key, json)| (key.clone(), value(json))).collect()),
    }
}

impl From<Case> for CaseLine {
    fn from(case: Case) -> Self {
        Self {
            id: case.id,
            state: case.state,
            expert: case.subject,
            region: case.region,
            due: case.due.map(Rfc3339::of),
            created: Rfc3339::of(case.created),
            updated: Rfc3339::of(case.updated),
            version: case.version,
        }
    }
}

impl From<ApplicationRecord> for Application {
    fn from(record: ApplicationRecord) -> Self {
        let ApplicationBody { channel, by_bureau, call, recommender, .. } = record.body;
        let mut facts = value(&record.body.facts.to_json());
        if let Value::Object(fields) = &mut facts {
            fields.remove("v");
        }
        Self {
            line: CaseLine::from(record.case),
            channel: channel.name(),
            by: if by_bureau { "bureau" } else { "applicant" },
            call,
            recommender,
            declaration: record.body.declaration.map(|declared| declared.name()),
            privacy_notice: record.body.privacy_notice,
            relaxation: record.body.relaxation,
            facts,
            opinions: record.body.opinions.into_iter().map(OpinionView::from).collect(),
            points: record.body.points,
            conditions: record.conditions.into_iter().map(ConditionView::from).collect(),
            not_filed: record.not_filed,
        }
    }
}

impl From<Verdict> for VerdictBody {
    fn from(verdict: Verdict) -> Self {
        Self { pass: verdict.pass, reason: verdict.reason }
    }
}

impl From<Opinion> for OpinionView {
    fn from(opinion: Opinion) -> Self {
        let speciality = |(code, verdict): (String, Verdict)| SpecialityVerdict {
            code,
            pass: verdict.pass,
            reason: verdict.reason,
        };
        Self {
            level: opinion.level.name(),
            event: opinion.event,
            by: opinion.by,
            at: Rfc3339::of(opinion.at),
            reason: opinion.reason,
            material: opinion.material.map(VerdictBody::from),
            specialities: opinion.specialities.into_iter().map(speciality).collect(),
            credit: opinion.credit.map(VerdictBody::from),
            relaxation: opinion
                .relaxation
                .map(|(reason, specialities)| RelaxationBody { reason, specialities }),
        }
    }
}

impl From<ConditionFinding> for ConditionView {
    fn from(finding: ConditionFinding) -> Self {
        Self {
            condition: finding.condition.name(),
            answer: finding.answer.as_str(),
            excludes: finding.excludes,
            relaxed: finding.relaxed,
            title: finding.title,
            title_en: finding.title_en,
            source: finding.source.to_string(),
            status: finding.status.text(),
            facts: finding.facts,
        }
    }
}
