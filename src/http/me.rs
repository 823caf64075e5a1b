//! What an expert sees of the own record, and the rules that the registry keeps.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::application_bodies::value;
use super::auth::Caller;
use super::expert_bodies::ExpertFacts;
use super::problem::Problem;
use super::run::run;
use crate::codec::Json;
use crate::rules::REGISTRY_PROFILE_LIMIT;
use crate::service::Service;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(me).service(profile);
}

/// One's own record.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// The account.
    account: String,
    /// The record; absent for an applicant.
    #[serde(skip_serializing_if = "Option::is_none")]
    expert: Option<ExpertFacts>,
}

/// A registry profile.
#[derive(Serialize, ToSchema)]
pub struct RegistryProfile {
    /// Its name.
    name: String,
    /// H("registry-profile"; text).
    digest: String,
    /// The file: conditions, material, terms, with sources.
    #[schema(value_type = Object)]
    profile: Value,
}

/// 本人信息 · One's own record, without a purpose.
#[utoipa::path(tag = "me", responses((status = 200, body = Me)))]
#[get("/me")]
async fn me(caller: Caller, service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let account = caller.0.account.clone();
    let record = run(&service, move |service| service.own_record(&caller.0)).await?;
    Ok(HttpResponse::Ok().json(Me { account, expert: record.as_ref().map(ExpertFacts::of) }))
}

/// 专家库规则档案 · The registry profile in force, with the source of every parameter.
#[utoipa::path(tag = "codes", responses((status = 200, body = RegistryProfile)))]
#[get("/registry-profile")]
async fn profile(_caller: Caller, service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let profile = service.registry_profile();
    let json = Json::parse(profile.bytes(), REGISTRY_PROFILE_LIMIT).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().json(RegistryProfile {
        name: profile.name().to_owned(),
        digest: profile.digest().to_hex(),
        profile: value(&json),
    }))
}
