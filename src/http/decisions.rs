//! Decisions (处理决定): proposed by one person, confirmed or rejected by another, withdrawn.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::etag::etag;
use super::experts::PurposeParams;
use super::idempotency::Key;
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::registry::act_draft::ActDraft;
use crate::registry::consequences;
use crate::registry::decision::{Act, OnFile, Term};
use crate::service::Service;
use crate::service::decisions::{DecisionDraft, DecisionView};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(propose).service(find).service(confirm).service(reject).service(withdraw);
}

/// A decision to propose. Every act has its own fields; those of other acts are refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionInput {
    /// `suspend`, `reinstate`, `dismiss`, `ban`, `decease`, `merge`.
    act: String,
    /// Expert number; either this or `experts`.
    expert: Option<String>,
    /// A bulk act: 1–500 expert numbers, none twice.
    experts: Option<Vec<String>>,
    /// 依据: number or title of the document, 2–200 characters.
    basis: String,
    /// At most 1000 characters; required to lift a suspension that still runs.
    note: Option<String>,
    /// Attachments by digest, at most 8.
    #[serde(default)]
    documents: Vec<String>,
    /// suspend: 3 (ends by itself), 6 or 12 (ends on request).
    months: Option<u32>,
    /// suspend: `itself` after `until`, on `request` after `until`, or by `decision` only.
    returns: Option<String>,
    /// suspend: last day, `YYYY-MM-DD`.
    until: Option<String>,
    /// dismiss: item of 财库〔2016〕198号 art. 11, 1–4.
    reason: Option<u32>,
    /// reinstate: day of the expert's written request, `YYYY-MM-DD`.
    request: Option<String>,
    /// reinstate: day of the expert's pledge, `YYYY-MM-DD`.
    pledge: Option<String>,
    /// reinstate: `passed` or `failed` (then the expert is dismissed).
    test: Option<String>,
    /// decease: the day, `YYYY-MM-DD`.
    died: Option<String>,
    /// merge: expert number of the record that goes on; `expert` is the duplicate.
    into: Option<String>,
}

/// Why a proposal is rejected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// 1–1000 characters.
    pub(super) reason: String,
}

/// One person of a decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecidedPerson {
    /// Expert number.
    number: String,
    /// `proposed`, `done`, or the rule by which it was not done.
    result: String,
}

/// One thing that follows from a decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct Consequence {
    /// Stable name.
    code: &'static str,
    /// In Chinese.
    text: &'static str,
    /// In English.
    text_en: &'static str,
    /// The article, or `项目规则`.
    source: &'static str,
}

/// A decision. Basis, note, documents and reason are shown after a recorded look only.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decision {
    /// Id.
    id: String,
    /// `decision` or `bulk_decision`.
    kind: String,
    /// `proposed`, `confirmed`, `rejected`, `withdrawn` or `ended`.
    state: String,
    /// The act.
    act: &'static str,
    /// The act in Chinese.
    act_zh: &'static str,
    /// suspend: months.
    #[serde(skip_serializing_if = "Option::is_none")]
    months: Option<u32>,
    /// suspend: last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// dismiss: item of art. 11.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<u32>,
    /// reinstate: result of the test.
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<&'static str>,
    /// merge: the number that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    into: Option<String>,
    /// What follows when it is confirmed.
    consequences: Vec<Consequence>,
    /// The persons, in the order given.
    persons: Vec<DecidedPerson>,
    /// How many of them are `done`.
    done: usize,
    /// The bulk act that this is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// Account that proposed.
    proposed_by: String,
    /// Account that confirmed, rejected or withdrew.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<String>,
    /// Day of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_on: Option<String>,
    /// Basis.
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<String>,
    /// Note.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Attachments by digest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<String>,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Until when it is to be decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Rfc3339>,
    /// Grows with every change; the ETag.
    version: i64,
    /// When it was proposed.
    created: Rfc3339,
    /// Newest change.
    updated: Rfc3339,
}

/// 提出处理决定 · Proposes a decision about one expert or, in bulk, about up to 500. Nothing changes
/// before another account confirms.
#[utoipa::path(
    tag = "decisions",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = DecisionInput,
    responses((status = 201, body = Decision, headers(("ETag" = String, description = "the version"))))
)]
#[post("/decisions")]
async fn propose(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<DecisionInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let draft = body.value.draft()?;
    let made = run(&service, move |service| service.propose_decision(&caller.0, &draft, Some(&key))).await?;
    let location = format!("/api/v1/decisions/{}", made.id);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .insert_header(etag(made.version))
        .json(Decision::from(made)))
}

/// 查看处理决定 · One decision with its grounds. The look is recorded with its purpose.
#[utoipa::path(
    tag = "decisions",
    params(("id" = String, Path, description = "Id of the decision"), PurposeParams),
    responses((status = 200, body = Decision, headers(("ETag" = String, description = "the version"))))
)]
#[get("/decisions/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    let found = run(&service, move |service| service.decision(&caller.0, &id, &purpose)).await?;
    Ok(answer(found))
}

/// 确认处理决定 · Confirms what another account proposed and carries it out, whole.
#[utoipa::path(
    tag = "decisions",
    params(
        ("id" = String, Path, description = "Id of the decision"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Decision, headers(("ETag" = String, description = "the version"))))
)]
#[post("/decisions/{id}/confirm")]
async fn confirm(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.confirm_decision(&caller.0, &id, Some(&key))).await?;
    Ok(answer(done))
}

/// 不予批准 · Rejects what another account proposed.
#[utoipa::path(
    tag = "decisions",
    params(
        ("id" = String, Path, description = "Id of the decision"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Rejection,
    responses((status = 200, body = Decision, headers(("ETag" = String, description = "the version"))))
)]
#[post("/decisions/{id}/reject")]
async fn reject(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Rejection>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let why = body.value.reason;
    let done =
        run(&service, move |service| service.reject_decision(&caller.0, &id, &why, Some(&key))).await?;
    Ok(answer(done))
}

/// 撤回 · Withdraws what this account proposed.
#[utoipa::path(
    tag = "decisions",
    params(
        ("id" = String, Path, description = "Id of the decision"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Decision, headers(("ETag" = String, description = "the version"))))
)]
#[post("/decisions/{id}/withdraw")]
async fn withdraw(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.withdraw_decision(&caller.0, &id, Some(&key))).await?;
    Ok(answer(done))
}

fn answer(view: DecisionView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(view.version)).json(Decision::from(view))
}

impl DecisionInput {
    fn draft(self) -> Result<DecisionDraft, Problem> {
        let (experts, bulk) = match (self.expert, self.experts) {
            (Some(one), None) => (vec![one], false),
            (None, Some(many)) => (many, true),
            (Some(_), Some(_)) => {
                let (zh, en) = ("不得与 expert 同时给出", "cannot stand beside expert");
                return Err(Problem::field("experts", "one_of", zh, en));
            }
            (None, None) => return Err(Problem::field("expert", "required", "必填", "required")),
        };
        Ok(DecisionDraft {
            act: ActDraft {
                kind: self.act,
                months: self.months,
                returns: self.returns,
                until: self.until,
                reason: self.reason,
                request: self.request,
                pledge: self.pledge,
                test: self.test,
                died: self.died,
                into: self.into,
            },
            experts,
            bulk,
            basis: self.basis,
            note: self.note,
            documents: self.documents,
        })
    }
}

impl From<consequences::Consequence> for Consequence {
    fn from(one: consequences::Consequence) -> Self {
        Self { code: one.code, text: one.zh, text_en: one.en, source: one.source }
    }
}

impl From<DecisionView> for Decision {
    fn from(view: DecisionView) -> Self {
        let kind = view.act.kind();
        let (months, until) = match &view.act {
            Act::Suspend(Term::Months(months)) => (Some(*months), None),
            Act::Suspend(Term::Until(until)) => (None, until.day().map(|day| day.to_string())),
            _ => (None, None),
        };
        let reason = if let Act::Dismiss(reason) = &view.act { Some(reason.number()) } else { None };
        let test = match &view.act {
            Act::Reinstate(OnFile { test, .. }) => test.map(|test| test.as_str()),
            _ => None,
        };
        let (basis, note, documents, why) = match view.grounds {
            Some(grounds) => (Some(grounds.basis), grounds.note, grounds.documents, grounds.why),
            None => (None, None, Vec::new(), None),
        };
        Self {
            id: view.id,
            kind: view.kind,
            state: view.state,
            act: kind.as_str(),
            act_zh: kind.title_zh(),
            months,
            until,
            reason,
            test,
            into: if let Act::Merge(into) = &view.act { Some(into.as_str().to_owned()) } else { None },
            consequences: view.consequences.into_iter().map(Consequence::from).collect(),
            done: view.persons.iter().filter(|(_, result)| result == "done").count(),
            persons: view
                .persons
                .into_iter()
                .map(|(number, result)| DecidedPerson { number, result })
                .collect(),
            parent: view.parent,
            proposed_by: view.proposed_by,
            decided_by: view.decided_by,
            decided_on: view.decided_on.map(|day| day.to_string()),
            basis,
            note,
            documents,
            why,
            due: view.due.map(Rfc3339::of),
            version: view.version,
            created: Rfc3339::of(view.created),
            updated: Rfc3339::of(view.updated),
        }
    }
}
