//! Renewals (续聘): batches and the persons in them; who fails, why, and the two ways out.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::decisions::Rejection;
use super::etag::etag;
use super::experts::region;
use super::idempotency::Key;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::table_file::{self, Form};
use super::times::Rfc3339;
use crate::registry::renewal;
use crate::service::Service;
use crate::service::renewals::{RenewalBatchView, RenewalView, Whom};
use crate::time::Date;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(propose).service(find).service(persons).service(table);
    config.service(confirm).service(reject).service(withdraw);
    config.service(relax).service(confirm_one).service(refuse_one).service(dismissal);
}

/// Whom to renew: `experts`, or `term_to_from` and `term_to_until` with or without a region.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewalInput {
    /// The document or occasion, 1–200 characters.
    basis: String,
    /// 1–500 expert numbers, none twice.
    experts: Option<Vec<String>>,
    /// Main region, or one above it (GB/T 2260).
    region: Option<String>,
    /// Terms that end on this day or later, `YYYY-MM-DD`.
    term_to_from: Option<String>,
    /// Terms that end on this day or earlier, `YYYY-MM-DD`.
    term_to_until: Option<String>,
}

/// Why the conditions are relaxed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelaxationInput {
    /// 1–200 characters; stands in the expert's record.
    reason: String,
}

/// The dismissal that is proposed instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissalInput {
    /// 依据: number or title of the document, 1–200 characters.
    basis: String,
}

/// A page of persons, with the purpose of the look.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PersonsParams {
    /// Why, 2–200 characters; kept with the record of the look.
    purpose: String,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    #[param(max_length = 128)]
    after: Option<String>,
}

/// A file, with the purpose of the look.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TableParams {
    /// Why, 2–200 characters; kept with the record of the look.
    purpose: String,
    /// `xlsx`, `csv` (UTF-8 with a byte order mark) or `csv_gb18030`; `xlsx` if absent.
    format: Option<String>,
}

/// A batch: counts, no persons.
#[derive(Debug, Serialize, ToSchema)]
pub struct RenewalBatch {
    /// Id.
    id: String,
    /// `proposed`, `confirmed`, `rejected`, `withdrawn`.
    state: String,
    /// The document or occasion.
    basis: String,
    /// How many passed when it was proposed.
    passed: u32,
    /// How many failed then.
    failed: u32,
    /// Who fits and did not go into it: beyond 500, in another open one, or too early.
    left_off: u32,
    /// How many were renewed.
    renewed: u32,
    /// Account that proposed.
    proposed_by: String,
    /// Account that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<String>,
    /// Day of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_on: Option<String>,
    /// Until when it is to be decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Rfc3339>,
    /// Grows with every change.
    version: i64,
}

/// A condition that stands in the way, or is met only by a relaxation.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailingCondition {
    /// Name.
    condition: String,
    /// `fail`, `unknown` or `relaxed`.
    answer: String,
    /// The profile's wording.
    title: String,
    /// Its source.
    source: String,
}

/// One person of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct Renewal {
    /// Id of the case.
    id: String,
    /// The batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<String>,
    /// Expert number.
    expert: String,
    /// `passed`, `failed`, `renewed`, `relaxed`, `dropped`, `dismissal_proposed`, `ended`.
    state: String,
    /// Last day of the old term.
    old_to: String,
    /// First day of the new term.
    term_from: String,
    /// Last day of the new term.
    term_to: String,
    /// Every condition that stands in the way.
    failing: Vec<FailingCondition>,
    /// The dismissal that was proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
    /// Grows with every change.
    version: i64,
}

/// 提出续聘 · Proposes renewals; every person is examined anew by the conditions of art 6.
#[utoipa::path(
    tag = "renewals",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = RenewalInput,
    responses((status = 201, body = RenewalBatch, headers(("ETag" = String, description = "the version"))))
)]
#[post("/renewals")]
async fn propose(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<RenewalInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let (basis, whom) = body.value.whom()?;
    let made =
        run(&service, move |service| service.propose_renewals(&caller.0, &whom, &basis, Some(&key))).await?;
    let location = format!("/api/v1/renewals/{}", made.id);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .insert_header(etag(made.version))
        .json(RenewalBatch::from(made)))
}

/// 续聘批次 · One batch: counts, no persons.
#[utoipa::path(
    tag = "renewals",
    params(("id" = String, Path, description = "Id of the batch")),
    responses((status = 200, body = RenewalBatch, headers(("ETag" = String, description = "the version"))))
)]
#[get("/renewals/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(batch(run(&service, move |service| service.renewals(&caller.0, &id)).await?))
}

/// 续聘名单 · The persons of a batch with what fails. The look is recorded with its purpose.
#[utoipa::path(
    tag = "renewals",
    params(("id" = String, Path, description = "Id of the batch"), PersonsParams),
    responses((status = 200, body = List<Renewal>))
)]
#[get("/renewals/{id}/persons")]
async fn persons(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PersonsParams>,
) -> Result<HttpResponse, Problem> {
    let params = params.0;
    let page = paging(params.limit.as_deref(), params.after)?;
    let found =
        run(&service, move |service| service.renewal_persons(&caller.0, &id, &params.purpose, &page)).await?;
    Ok(HttpResponse::Ok().json(List::of(found, Renewal::from)))
}

/// 续聘结果表 · The result of a batch as a file. The look is recorded with its purpose.
#[utoipa::path(
    tag = "renewals",
    params(("id" = String, Path, description = "Id of the batch"), TableParams),
    responses((status = 200, description = "XLSX or CSV", content_type = "application/octet-stream"))
)]
#[get("/renewals/{id}/table")]
async fn table(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<TableParams>,
) -> Result<HttpResponse, Problem> {
    let form = Form::parse(params.0.format.as_deref())?;
    let purpose = params.0.purpose;
    let table = run(&service, move |service| service.renewal_table(&caller.0, &id, &purpose)).await?;
    table_file::answer(&table, form)
}

/// 确认续聘 · Confirms a batch that another account proposed; terms are extended at once.
#[utoipa::path(
    tag = "renewals",
    params(
        ("id" = String, Path, description = "Id of the batch"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = RenewalBatch, headers(("ETag" = String, description = "the version"))))
)]
#[post("/renewals/{id}/confirm")]
async fn confirm(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.confirm_renewals(&caller.0, &id, Some(&key))).await?;
    Ok(batch(done))
}

/// 不予批准 · Rejects a batch that another account proposed.
#[utoipa::path(
    tag = "renewals",
    params(
        ("id" = String, Path, description = "Id of the batch"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Rejection,
    responses((status = 200, body = RenewalBatch, headers(("ETag" = String, description = "the version"))))
)]
#[post("/renewals/{id}/reject")]
async fn reject(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Rejection>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let why = body.value.reason;
    let done = run(&service, move |service| service.drop_renewals(&caller.0, &id, Some(&why), Some(&key)));
    Ok(batch(done.await?))
}

/// 撤回 · Withdraws a batch that this account proposed.
#[utoipa::path(
    tag = "renewals",
    params(
        ("id" = String, Path, description = "Id of the batch"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = RenewalBatch, headers(("ETag" = String, description = "the version"))))
)]
#[post("/renewals/{id}/withdraw")]
async fn withdraw(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.drop_renewals(&caller.0, &id, None, Some(&key))).await?;
    Ok(batch(done))
}

/// 放宽条件 · Proposes the relaxation for scarce specialities for somebody who failed.
#[utoipa::path(
    tag = "renewals",
    params(
        ("id" = String, Path, description = "Id of the person's renewal"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = RelaxationInput,
    responses((status = 200, body = Renewal, headers(("ETag" = String, description = "the version"))))
)]
#[post("/renewals/persons/{id}/relax")]
async fn relax(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<RelaxationInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let why = body.value.reason;
    Ok(one(run(&service, move |service| service.relax_renewal(&caller.0, &id, &why, Some(&key))).await?))
}

/// 确认放宽 · Confirms a relaxation that another account proposed, and renews the term.
#[utoipa::path(
    tag = "renewals",
    params(
        ("id" = String, Path, description = "Id of the person's renewal"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Renewal, headers(("ETag" = String, description = "the version"))))
)]
#[post("/renewals/persons/{id}/confirm")]
async fn confirm_one(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.confirm_relaxed_renewal(&caller.0, &id, Some(&key)));
    Ok(one(done.await?))
}

/// 不予放宽 · Refuses a relaxation that another account proposed.
#[utoipa::path(
    tag = "renewals",
    params(
        ("id" = String, Path, description = "Id of the person's renewal"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Renewal, headers(("ETag" = String, description = "the version"))))
)]
#[post("/renewals/persons/{id}/refuse")]
async fn refuse_one(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.refuse_relaxed_renewal(&caller.0, &id, Some(&key)));
    Ok(one(done.await?))
}

/// 提出解聘 · Proposes the dismissal (reason 1) of somebody who failed.
#[utoipa::path(
    tag = "renewals",
    params(
        ("id" = String, Path, description = "Id of the person's renewal"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = DismissalInput,
    responses((status = 200, body = Renewal, headers(("ETag" = String, description = "the version"))))
)]
#[post("/renewals/persons/{id}/dismissal")]
async fn dismissal(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<DismissalInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let basis = body.value.basis;
    let done = run(&service, move |service| {
        service.propose_dismissal_of_renewal(&caller.0, &id, &basis, Some(&key))
    });
    Ok(one(done.await?))
}

fn batch(view: RenewalBatchView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(view.version)).json(RenewalBatch::from(view))
}

fn one(view: RenewalView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(view.version)).json(Renewal::from(view))
}

impl RenewalInput {
    fn whom(self) -> Result<(String, Whom), Problem> {
        let day = |field: &str, text: Option<String>| {
            let text = text.ok_or_else(|| Problem::field(field, "required", "必填", "required"))?;
            Date::parse(&text)
                .map_err(|error| Problem::field(field, "date", error.message_zh(), error.to_string()))
        };
        let by_term = self.region.is_some() || self.term_to_from.is_some() || self.term_to_until.is_some();
        let whom = match self.experts {
            Some(_) if by_term => {
                let zh = "不得与 region、term_to_from、term_to_until 同时给出";
                let en = "cannot stand beside region, term_to_from and term_to_until";
                return Err(Problem::field("experts", "one_of", zh, en));
            }
            Some(numbers) => Whom::Numbers(numbers),
            None => Whom::Ending {
                region: self.region.as_deref().map(region).transpose()?,
                from: day("term_to_from", self.term_to_from)?,
                to: day("term_to_until", self.term_to_until)?,
            },
        };
        Ok((self.basis, whom))
    }
}

impl From<RenewalBatchView> for RenewalBatch {
    fn from(view: RenewalBatchView) -> Self {
        Self {
            id: view.id,
            state: view.state,
            basis: view.body.basis,
            passed: view.body.passed,
            failed: view.body.failed,
            left_off: view.body.left_off,
            renewed: view.body.renewed,
            proposed_by: view.body.proposed_by,
            decided_by: view.body.decided_by,
            decided_on: view.body.decided_on.map(|day| day.to_string()),
            due: view.due.map(Rfc3339::of),
            version: view.version,
        }
    }
}

impl From<renewal::Failing> for FailingCondition {
    fn from(one: renewal::Failing) -> Self {
        Self { condition: one.condition, answer: one.answer, title: one.title, source: one.source }
    }
}

impl From<RenewalView> for Renewal {
    fn from(view: RenewalView) -> Self {
        Self {
            id: view.id,
            batch: view.batch,
            expert: view.expert,
            state: view.state,
            old_to: view.body.old_to.to_string(),
            term_from: view.body.term_from.to_string(),
            term_to: view.body.term_to.to_string(),
            failing: view.body.failing.into_iter().map(FailingCondition::from).collect(),
            decision: view.body.decision,
            version: view.version,
        }
    }
}
