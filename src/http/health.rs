//! Whether the service answers, and the API document.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;

use super::problem::Problem;
use super::run::run;
use crate::service::Service;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(health).service(openapi);
}

/// The state of the service.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`; any fault is an error status instead.
    status: &'static str,
    /// The program's version.
    version: &'static str,
    /// The log's name.
    log: String,
    /// Number of log entries.
    size: u64,
}

/// 服务状态 · Whether the service reaches its database, and how long the log is.
#[utoipa::path(tag = "health", security(()), responses((status = 200, body = Health)))]
#[get("/health")]
async fn health(service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let (log, size) = run(&service, Service::health).await?;
    Ok(HttpResponse::Ok().json(Health { status: "ok", version: env!("CARGO_PKG_VERSION"), log, size }))
}

/// 接口文档 · This document.
#[utoipa::path(tag = "health", security(()), responses((status = 200, description = "OpenAPI 3.1")))]
#[get("/openapi.json")]
async fn openapi(document: web::Data<OpenApi>) -> HttpResponse {
    HttpResponse::Ok().json(document.get_ref())
}
