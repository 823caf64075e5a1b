//! What is sent and answered about an expert. Field names are `registry::Draft`'s, so that problems
//! of the use-cases name the fields that were sent.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::registry::{Draft, DraftEmployment, DraftPast, Standing, Until};
use crate::service::experts::{ExpertRecord, ExpertSummary};

/// An expert to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpertInput {
    /// 姓名, 1–64 characters.
    name: String,
    /// GA/T 517 kind of identity document; only `111` 居民身份证.
    #[schema(example = "111")]
    id_kind: String,
    /// 公民身份号码 (GB 11643).
    id_number: String,
    /// 手机号.
    phone: String,
    /// Present employers, the unit first, at most 8; absent: not known; empty: none.
    employments: Option<Vec<Employment>>,
    /// Former employers, at most 32.
    #[serde(default)]
    past: Vec<PastEmployment>,
    /// `senior` 正高级, `deputy_senior` 副高级, `intermediate` 中级.
    title_level: String,
    /// The day since when the expert works in the field, `YYYY-MM-DD`.
    field_since: String,
    /// `scheme:code`, 1–16.
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
}

/// What is to be changed: fields that are absent stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    /// As in a registration.
    name: Option<String>,
    /// As in a registration.
    id_number: Option<String>,
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
}

/// A present employer (工作单位).
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Employment {
    /// Credit code.
    unit: String,
    /// Full name.
    name: String,
    /// First day, `YYYY-MM-DD`.
    since: String,
}

/// A former employer.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PastEmployment {
    /// Credit code.
    unit: String,
    /// First day, `YYYY-MM-DD`.
    from: String,
    /// Last day, `YYYY-MM-DD`.
    to: String,
}

/// What lists show of an expert: nothing that names anybody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExpertSummary)]
pub struct Summary {
    /// Expert number.
    number: String,
    /// `active`, `suspended`, `dismissed`, `banned`, as last decided.
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
    /// Last day of the term, `YYYY-MM-DD`.
    term_to: String,
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
    /// 公民身份号码.
    id_number: String,
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
    /// `active`, `suspended`, `dismissed`, `banned`.
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
}

impl ExpertInput {
    /// As the registry takes it.
    pub(super) fn draft(self) -> Draft {
        Draft {
            name: self.name,
            id_kind: self.id_kind,
            id_number: self.id_number,
            phone: self.phone,
            employments: self.employments.map(employments),
            past: past(self.past),
            title_level: self.title_level,
            field_since: self.field_since,
            specialities: self.specialities,
            regions: self.regions,
            declared_units: self.declared_units,
            term_from: self.term_from,
            term_to: self.term_to,
            ..Draft::default()
        }
    }
}

impl Amendment {
    /// Puts what is given into a draft.
    pub(super) fn apply(self, draft: &mut Draft) {
        fn put<T>(field: &mut T, given: Option<T>) {
            if let Some(value) = given {
                *field = value;
            }
        }
        put(&mut draft.name, self.name);
        put(&mut draft.id_number, self.id_number);
        put(&mut draft.phone, self.phone);
        put(&mut draft.employments, self.employments.map(|known| known.map(employments)));
        put(&mut draft.past, self.past.map(past));
        put(&mut draft.title_level, self.title_level);
        put(&mut draft.field_since, self.field_since);
        put(&mut draft.specialities, self.specialities);
        put(&mut draft.regions, self.regions);
        put(&mut draft.declared_units, self.declared_units);
        put(&mut draft.term_from, self.term_from);
        put(&mut draft.term_to, self.term_to);
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
            term_to: view.term_to,
            version: view.version,
        }
    }
}

impl ExpertFacts {
    /// Of one expert.
    pub(super) fn of(record: &ExpertRecord) -> Self {
        let (expert, draft) = (&record.expert, record.expert.draft());
        let employment = |e: DraftEmployment| Employment { unit: e.unit, name: e.name, since: e.since };
        let past = |p: DraftPast| PastEmployment { unit: p.unit, from: p.from, to: p.to };
        Self {
            number: expert.number().as_str().to_owned(),
            name: draft.name,
            id_kind: draft.id_kind,
            id_number: draft.id_number,
            phone: draft.phone,
            employments: draft.employments.map(|list| list.into_iter().map(employment).collect()),
            past: draft.past.into_iter().map(past).collect(),
            title_level: draft.title_level,
            field_since: draft.field_since,
            specialities: draft.specialities,
            regions: draft.regions,
            declared_units: draft.declared_units,
            term_from: draft.term_from,
            term_to: draft.term_to,
            standing: StandingFacts::of(expert.standing()),
            standing_today: expert.standing().on(record.today).kind().as_str(),
            version: record.version,
            entry: record.entry,
        }
    }
}

impl StandingFacts {
    fn of(standing: Standing) -> Self {
        let (returns, until) = match standing {
            Standing::Suspended(until) => {
                let returns = match until {
                    Until::Day(_) => "itself",
                    Until::RequestAfter(_) => "request",
                    Until::Reinstated => "decision",
                };
                (Some(returns), until.day().map(|day| day.to_string()))
            }
            _ => (None, None),
        };
        let reason = match standing {
            Standing::Dismissed(reason) => Some(reason.number()),
            _ => None,
        };
        Self { state: standing.kind().as_str(), returns, until, reason }
    }
}

fn employments(list: Vec<Employment>) -> Vec<DraftEmployment> {
    list.into_iter().map(|e| DraftEmployment { unit: e.unit, name: e.name, since: e.since }).collect()
}

fn past(list: Vec<PastEmployment>) -> Vec<DraftPast> {
    list.into_iter()
        .map(|p| DraftPast { unit: p.unit, from: p.from, to: p.to, ..DraftPast::default() })
        .collect()
}

/// Tells `null` from absence.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
