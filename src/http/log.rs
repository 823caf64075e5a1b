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
use crate::log::{KeyUse, RetiredBecause};
use crate::ports::LogSigner;
use crate::service::Service;
use crate::service::keys::KeyLine;

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

/// Public keys and the trust policy. Those named one by one are in force now.
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
    /// C2SP tlog-policy text that pins the log keys that sign now.
    policy: String,
    /// Every key that the log registers, in that order.
    registered: Vec<RegisteredKey>,
    /// vkeys of the second signatures (SM2 with SM3) of checkpoints and of statements, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    sm2: Option<[String; 2]>,
}

/// A key that the log registers (log-v2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogKey)]
pub struct RegisteredKey {
    /// `log`, `statements`, `draw_vrf`, `tag_vrf`, `witness`, `witness_vrf`, `supervisor`.
    r#use: String,
    /// Digest of the key, hex.
    digest: String,
    /// The public key, hex.
    key: String,
    /// Log index of the entry that registers it.
    registered: u64,
    /// Who holds it, as the operator says; others' keys only.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Whether it is in force; the operator's keys only.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force: Option<bool>,
    /// Log index of the entry that retires it.
    #[serde(skip_serializing_if = "Option::is_none")]
    retired: Option<u64>,
    /// `succeeded`, `retired`, `compromised`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// From which log index on what it signed is doubtful; compromised keys only.
    #[serde(skip_serializing_if = "Option::is_none")]
    doubtful_from: Option<u64>,
}

impl From<KeyLine> for RegisteredKey {
    fn from(line: KeyLine) -> Self {
        let retired = line.key.retired;
        let doubtful_from = match retired {
            Some((_, RetiredBecause::Compromised { doubtful_from })) => Some(doubtful_from),
            _ => None,
        };
        Self {
            r#use: line.key.usage.name().to_owned(),
            digest: line.key.digest.to_hex(),
            key: to_hex(&line.key.key),
            registered: line.key.index,
            name: line.key.name,
            in_force: line.in_force,
            retired: retired.map(|(index, _)| index),
            reason: retired.map(|(_, because)| because.name().to_owned()),
            doubtful_from,
        }
    }
}

/// 公钥与信任策略 · The public keys of this log and a policy to begin with.
#[utoipa::path(tag = "log", security(()), responses((status = 200, body = Keys)))]
#[get("/keys")]
async fn keys(service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let keys = run(&service, |service| {
        // Another process may have registered some.
        let registered = service.registered_keys()?;
        let keys = service.keys();
        Ok(Keys {
            origin: keys.origin().to_owned(),
            log: keys.vkey_in_force(KeyUse::Log),
            statements: keys.vkey_in_force(KeyUse::Statements),
            draw_vrf: to_hex(&keys.in_force(KeyUse::DrawVrf)),
            tag_vrf: to_hex(&keys.in_force(KeyUse::TagVrf)),
            policy: keys.trust_policy(),
            registered: registered.into_iter().map(RegisteredKey::from).collect(),
            sm2: keys.sm2().map(|sm2| sm2.vkeys()),
        })
    })
    .await?;
    Ok(HttpResponse::Ok().json(keys))
}
