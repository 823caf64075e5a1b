//! The sealing keys: which generation is in force, and its rotation in the background.

use actix_web::{HttpResponse, get, post, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Nothing;
use super::idempotency::Key;
use super::problem::Problem;
use super::run::run;
use super::times::Rfc3339;
use crate::service::Service;
use crate::service::reseal::SealingState;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(progress).service(rotate);
}

/// How far the sealing keys are.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sealing {
    /// Generation in force, from 1.
    generation: u32,
    /// `running`: data keys are being put under it; `done`: all are.
    state: &'static str,
    /// Data keys in all.
    keys: u64,
    /// Data keys still under an earlier generation.
    behind: u64,
    /// Digest of the key in force, to compare machines.
    fingerprint: String,
    /// When the newest rotation was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<Rfc3339>,
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<Rfc3339>,
}

impl From<SealingState> for Sealing {
    fn from(state: SealingState) -> Self {
        Self {
            generation: state.generation,
            state: state.state,
            keys: state.keys,
            behind: state.behind,
            fingerprint: state.fingerprint,
            started: state.rotated.map(|(started, _)| Rfc3339(started)),
            finished: state.rotated.and_then(|(_, finished)| finished).map(Rfc3339),
        }
    }
}

/// 封存密钥状态 · Which sealing key is in force and how far its rotation is.
#[utoipa::path(tag = "keys", responses((status = 200, body = Sealing)))]
#[get("/keys/sealing")]
async fn progress(caller: Caller, service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let state = run(&service, move |service| service.sealing_state(&caller.0)).await?;
    Ok(HttpResponse::Ok().json(Sealing::from(state)))
}

/// 更换封存密钥 · Makes a new sealing key and puts every data key under it, in the background.
#[utoipa::path(
    tag = "keys",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    responses((status = 202, body = Sealing))
)]
#[post("/keys/sealing/rotate")]
async fn rotate(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let state = run(&service, move |service| service.rotate_sealing(&caller.0, Some(&key))).await?;
    go_on(&service);
    Ok(HttpResponse::Accepted().json(Sealing::from(state)))
}

/// Carries a rotation that is running to its end, on a thread of its own. What stops it (a missing key
/// file, the end of the process) leaves it to be gone on with at the next start.
pub fn go_on(service: &web::Data<Service>) {
    let service = service.clone().into_inner();
    let spawned =
        std::thread::Builder::new().name("reseal".into()).spawn(move || match service.reseal(&mut |_| {}) {
            Ok(0) => {}
            Ok(keys) => tracing::info!(keys, "data keys are under the new sealing key"),
            Err(refusal) => tracing::error!(%refusal, cause = refusal.cause, "the rotation stands still"),
        });
    if let Err(error) = spawned {
        tracing::error!(%error, "the rotation could not be gone on with");
    }
}
