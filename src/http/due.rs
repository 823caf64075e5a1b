//! What is due (到期办理), run once at a registrar's wish; `serve` runs it every minute anyway.

use actix_web::{HttpResponse, post, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Nothing;
use super::idempotency::Key;
use super::problem::Problem;
use super::run::run;
use crate::service::Service;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(run_due);
}

/// What one step did.
#[derive(Debug, Serialize, ToSchema)]
pub struct DueCount {
    /// Name of the step.
    step: &'static str,
    /// Changes written.
    count: u64,
}

/// What was done, in the order of the steps.
#[derive(Debug, Serialize, ToSchema)]
pub struct DueReport {
    /// The steps.
    items: Vec<DueCount>,
}

/// 办理到期事项 · Runs everything that a date brings. A second run finds nothing to do, so a repeated
/// request needs no memory of the first.
#[utoipa::path(
    tag = "cases",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    responses((status = 200, body = DueReport))
)]
#[post("/due")]
async fn run_due(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    key.of(body.request)?;
    let report = run(&service, move |service| service.run_due_for(&caller.0)).await?;
    let items = report.counts.into_iter().map(|(step, count)| DueCount { step, count }).collect();
    Ok(HttpResponse::Ok().json(DueReport { items }))
}
