//! The log as C2SP clients read it: checkpoint, tiles, entry bundles; signatures; proofs by index; the keys.
//!
//! Public: statements say nothing private.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::codec::to_hex;
use crate::ports::LogSigner;
use crate::service::Service;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(checkpoint).service(tile).service(signatures).service(proof).service(keys);
}

/// Tiles and bundles never change.
const IMMUTABLE: (&str, &str) = ("Cache-Control", "public, max-age=31536000, immutable");
/// What grows may be some seconds old.
const SHORT: (&str, &str) = ("Cache-Control", "public, max-age=2, must-revalidate");
const TEXT: &str = "text/plain; charset=utf-8";

/// Which checkpoint.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CheckpointAsked {
    /// The newest that at least so many witnesses of this log have cosigned; absent: the newest.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 32)]
    witnessed: Option<String>,
}

/// 最新检查点 · The newest checkpoint (C2SP tlog-checkpoint), with the cosignatures that it has so far; with
/// `witnessed`, the newest that has so many.
#[utoipa::path(
    tag = "log",
    security(()),
    params(CheckpointAsked),
    responses((status = 200, content_type = "text/plain", description = "signed note"))
)]
#[get("/log/checkpoint")]
async fn checkpoint(
    service: web::Data<Service>,
    asked: Params<CheckpointAsked>,
) -> Result<HttpResponse, Problem> {
    let note = match asked.0.witnessed {
        None => run(&service, Service::checkpoint).await?,
        Some(text) => {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            let least = if digits { text.parse().ok() } else { None }.filter(|n| (1..=32).contains(n));
            let range = || Problem::field("witnessed", "range", "应为 1 至 32", "must be 1 to 32");
            let least: u32 = least.ok_or_else(range)?;
            run(&service, move |service| service.witnessed_checkpoint(least)).await?
        }
    };
    Ok(HttpResponse::Ok().content_type(TEXT).insert_header(SHORT).body(note))
}

/// A hash tile or an entry bundle (C2SP tlog-tiles): `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`.
#[utoipa::path(
    tag = "log",
    security(()),
    params(("path" = String, Path, description = "tile path after `tile/`")),
    responses((status = 200, content_type = "application/octet-stream", description = "hashes or entries"))
)]
#[get("/log/tile/{path:.*}")]
async fn tile(service: web::Data<Service>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    immutable(&service, format!("tile/{path}")).await
}

/// 条目签名 · Signatures of the statements (log-files-v1 §3), bundle for bundle beside `tile/entries`:
/// `<N>[.p/<W>]`.
#[utoipa::path(
    tag = "log",
    security(()),
    params(("path" = String, Path, description = "path of the bundle after `tile/entries/`")),
    responses((status = 200, content_type = "application/octet-stream", description = "signature lines"))
)]
#[get("/log/signatures/{path:.*}")]
async fn signatures(service: web::Data<Service>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    immutable(&service, format!("signatures/{path}")).await
}

async fn immutable(service: &web::Data<Service>, path: String) -> Result<HttpResponse, Problem> {
    let bytes = run(service, move |service| service.log_file(&path)).await?;
    Ok(HttpResponse::Ok().content_type("application/octet-stream").insert_header(IMMUTABLE).body(bytes))
}

/// A statement with its proof.
#[derive(Debug, Serialize, ToSchema)]
pub struct Proof {
    /// Log index.
    index: u64,
    /// The statement's signed note.
    note: String,
    /// C2SP tlog-proof: index, hashes, checkpoint.
    proof: String,
}

/// One entry's statement and its inclusion proof in the newest checkpoint.
#[utoipa::path(
    tag = "log",
    security(()),
    params(("index" = u64, Path, description = "log index")),
    responses((status = 200, body = Proof))
)]
#[get("/log/proofs/{index}")]
async fn proof(service: web::Data<Service>, index: web::Path<u64>) -> Result<HttpResponse, Problem> {
    let index = *index;
    let (note, proof) = run(&service, move |service| service.log_proof(index)).await?;
    Ok(HttpResponse::Ok().json(Proof { index, note, proof }))
}

/// Public keys and the trust policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct Keys {
    /// Log origin.
    origin: String,
    /// vkey of the log key.
    log: String,
    /// vkey of the statements key.
    statements: String,
    /// Draw VRF key, hex.
    draw_vrf: String,
    /// Tag VRF key, hex.
    tag_vrf: String,
    /// C2SP tlog-policy text that pins the log key.
    policy: String,
}

/// 公钥与信任策略 · The public keys of this log and a policy to begin with.
#[utoipa::path(tag = "log", security(()), responses((status = 200, body = Keys)))]
#[get("/keys")]
async fn keys(service: web::Data<Service>) -> HttpResponse {
    let keys = service.keys();
    HttpResponse::Ok().json(Keys {
        origin: keys.origin().to_owned(),
        log: keys.log_key().to_string(),
        statements: keys.statements_key().to_string(),
        draw_vrf: to_hex(keys.draw_vrf.public().as_bytes()),
        tag_vrf: to_hex(keys.tag_vrf.public().as_bytes()),
        policy: keys.trust_policy(),
    })
}
