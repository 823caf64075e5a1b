//! Leave (请假), confirmation (信息确认), reports of lost contact (失联): by the expert, or by a registrar
//! at the expert's word.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::etag::etag;
use super::idempotency::Key;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::service::Service;
use crate::service::leave::{KeptView, LeaveView, Whose};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(my_leaves).service(set_mine).service(cancel_mine).service(confirm_mine);
    config.service(set).service(cancel).service(confirm).service(report);
}

/// A leave of the account's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnLeave {
    /// Beginning, a whole hour, not in the past.
    from: Rfc3339,
    /// End, a whole hour; at most 180 days later.
    to: Rfc3339,
    /// At most 200 characters.
    note: Option<String>,
}

/// A leave that a registrar enters at the expert's request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveInput {
    /// Beginning, a whole hour, not in the past.
    from: Rfc3339,
    /// End, a whole hour; at most 180 days later.
    to: Rfc3339,
    /// How the expert asked for it, 1–200 characters.
    note: String,
}

/// Why a registrar acts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// 1–200 characters.
    note: String,
}

/// A leave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Leave)]
pub struct LeaveAnswer {
    /// Id.
    id: String,
    /// Expert number.
    expert: String,
    /// `set`, `ended`, `cancelled`.
    state: String,
    /// Beginning.
    from: Rfc3339,
    /// End.
    to: Rfc3339,
    /// Grows with every change.
    version: i64,
}

/// A confirmation, or a report of lost contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptRecord)]
pub struct Kept {
    /// Id of its case.
    id: String,
    /// `confirmation` or `unreachable`.
    kind: String,
    /// State of the case.
    state: String,
    /// Expert number.
    expert: String,
    /// Standing afterwards.
    standing: String,
}

/// 我的请假 · The leaves of the expert whose account this is.
#[utoipa::path(tag = "me", params(PageParams), responses((status = 200, body = List<LeaveAnswer>)))]
#[get("/me/leaves")]
async fn my_leaves(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let page = params.0.check()?;
    let found = run(&service, move |service| service.my_leaves(&caller.0, &page)).await?;
    Ok(HttpResponse::Ok().json(List::of(found, LeaveAnswer::from)))
}

/// 请假 · Enters a leave of one's own.
#[utoipa::path(
    tag = "me",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = OwnLeave,
    responses((status = 201, body = LeaveAnswer))
)]
#[post("/me/leaves")]
async fn set_mine(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<OwnLeave>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let leave = body.value;
    let made = run(&service, move |service| {
        let span = (leave.from.0, leave.to.0);
        service.set_leave(&caller.0, &Whose::Own, span, leave.note.as_deref(), Some(&key))
    });
    Ok(created(made.await?))
}

/// 销假 · Cancels a leave of one's own; one that runs ends with this hour.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Id of the leave"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = LeaveAnswer))
)]
#[post("/me/leaves/{id}/cancel")]
async fn cancel_mine(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done =
        run(&service, move |service| service.cancel_leave(&caller.0, &Whose::Own, &id, Some(&key))).await?;
    Ok(HttpResponse::Ok().insert_header(etag(done.version)).json(LeaveAnswer::from(done)))
}

/// 确认本人信息 · The yearly confirmation: the own record is right as of today.
#[utoipa::path(
    tag = "me",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    responses((status = 201, body = Kept))
)]
#[post("/me/confirmation")]
async fn confirm_mine(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.confirm_record(&caller.0, &Whose::Own, None, Some(&key)))
        .await?;
    Ok(HttpResponse::Created().json(Kept::from(done)))
}

/// 代为登记请假 · Enters an expert's leave at the expert's request.
#[utoipa::path(
    tag = "experts",
    params(
        ("number" = String, Path, description = "Expert number"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = LeaveInput,
    responses((status = 201, body = LeaveAnswer))
)]
#[post("/experts/{number}/leaves")]
async fn set(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    number: web::Path<String>,
    body: Body<LeaveInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let leave = body.value;
    let made = run(&service, move |service| {
        let (whose, span) = (Whose::Of(number.into_inner()), (leave.from.0, leave.to.0));
        service.set_leave(&caller.0, &whose, span, Some(&leave.note), Some(&key))
    });
    Ok(created(made.await?))
}

/// 代为销假 · Cancels an expert's leave at the expert's request.
#[utoipa::path(
    tag = "experts",
    params(
        ("number" = String, Path, description = "Expert number"),
        ("id" = String, Path, description = "Id of the leave"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = LeaveAnswer))
)]
#[post("/experts/{number}/leaves/{id}/cancel")]
async fn cancel(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    path: web::Path<(String, String)>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| {
        let (number, id) = path.into_inner();
        service.cancel_leave(&caller.0, &Whose::Of(number), &id, Some(&key))
    });
    let done = done.await?;
    Ok(HttpResponse::Ok().insert_header(etag(done.version)).json(LeaveAnswer::from(done)))
}

/// 代为确认信息 · A registrar's word that the record is right; a stale one is drawn again.
#[utoipa::path(
    tag = "experts",
    params(
        ("number" = String, Path, description = "Expert number"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Note,
    responses((status = 201, body = Kept))
)]
#[post("/experts/{number}/confirm")]
async fn confirm(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    number: web::Path<String>,
    body: Body<Note>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let note = body.value.note;
    let done = run(&service, move |service| {
        let whose = Whose::Of(number.into_inner());
        service.confirm_record(&caller.0, &whose, Some(&note), Some(&key))
    });
    Ok(HttpResponse::Created().json(Kept::from(done.await?)))
}

/// 登记失联 · Reports that an expert cannot be reached; the second report, on another day, makes the
/// record stale.
#[utoipa::path(
    tag = "experts",
    params(
        ("number" = String, Path, description = "Expert number"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Note,
    responses((status = 201, body = Kept))
)]
#[post("/experts/{number}/unreachable")]
async fn report(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    number: web::Path<String>,
    body: Body<Note>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let note = body.value.note;
    let done =
        run(&service, move |service| service.report_unreachable(&caller.0, &number, &note, Some(&key)))
            .await?;
    Ok(HttpResponse::Created().json(Kept::from(done)))
}

fn created(made: LeaveView) -> HttpResponse {
    HttpResponse::Created().insert_header(etag(made.version)).json(LeaveAnswer::from(made))
}

impl From<LeaveView> for LeaveAnswer {
    fn from(view: LeaveView) -> Self {
        Self {
            id: view.id,
            expert: view.expert,
            state: view.state,
            from: Rfc3339(view.from),
            to: Rfc3339(view.to),
            version: view.version,
        }
    }
}

impl From<KeptView> for Kept {
    fn from(view: KeptView) -> Self {
        Self { id: view.id, kind: view.kind, state: view.state, expert: view.expert, standing: view.standing }
    }
}
