//! Who cosigns the log: how it stands with each witness, and the heads that were cosigned.
//!
//! Public: an auditor must be able to see that a witness is behind, without asking anybody.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::codec::to_hex;
use crate::service::Service;
use crate::service::witnesses::quorum::CosignedEntry;
use crate::service::witnesses::{CosignedHead, Cosigner, Standing, Trouble};
use crate::time::Timestamp;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(witnesses).service(heads).service(heads_file).service(of_draw);
}

/// How it stands with the witnesses.
#[derive(Debug, Serialize, ToSchema)]
pub struct Witnesses {
    /// Entries in the log.
    size: u64,
    /// The witnesses of the configuration.
    witnesses: Vec<WitnessStanding>,
}

/// How it stands with one witness.
#[derive(Debug, Serialize, ToSchema)]
pub struct WitnessStanding {
    /// Who it is, as the operator says.
    name: String,
    /// Its cosigning key (C2SP vkey).
    vkey: String,
    /// Its VRF key, hex; absent: it contributes to no draw.
    #[serde(skip_serializing_if = "Option::is_none")]
    vrf: Option<String>,
    /// `current`, `behind`, `failing`, `never` (not asked yet).
    state: &'static str,
    /// Size of the head that it cosigned last, as far as is known.
    size: u64,
    /// Entries since then.
    behind: u64,
    /// Its own time in its newest cosignature.
    #[serde(skip_serializing_if = "Option::is_none")]
    cosigned: Option<Rfc3339>,
    /// The last time it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    tried: Option<Rfc3339>,
    /// The last time it gave a cosignature.
    #[serde(skip_serializing_if = "Option::is_none")]
    succeeded: Option<Rfc3339>,
    /// Failed tries since then.
    failures: u64,
    /// When it is tried again; absent while it does not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_try: Option<Rfc3339>,
    /// The last trouble, kept after it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<WitnessTrouble>,
}

/// What went wrong with a witness.
#[derive(Debug, Serialize, ToSchema)]
pub struct WitnessTrouble {
    /// Class: `unreachable`, `timeout`, `bad_cosignature`, `inconsistent`, …
    class: &'static str,
    /// 说明
    title_zh: &'static str,
    /// What it means.
    title_en: &'static str,
    /// When.
    time: Rfc3339,
}

/// 见证方状态 · How it stands with each witness: last size, last success, last trouble.
#[utoipa::path(tag = "log", security(()), responses((status = 200, body = Witnesses)))]
#[get("/log/witnesses")]
async fn witnesses(service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let (size, standings) = run(&service, Service::witness_standings).await?;
    let witnesses = standings.into_iter().map(|standing| view(size, standing)).collect();
    Ok(HttpResponse::Ok().json(Witnesses { size, witnesses }))
}

fn view(size: u64, standing: Standing) -> WitnessStanding {
    let state = match (standing.failures, standing.tried) {
        (1.., _) => "failing",
        (0, None) => "never",
        (0, Some(_)) if standing.size >= size => "current",
        (0, Some(_)) => "behind",
    };
    let trouble = |(trouble, time): (Trouble, Timestamp)| {
        let (title_zh, title_en) = trouble.texts();
        WitnessTrouble { class: trouble.word(), title_zh, title_en, time: Rfc3339(time) }
    };
    WitnessStanding {
        name: standing.witness.name,
        vkey: standing.witness.key.to_string(),
        vrf: standing.witness.vrf.map(|key| to_hex(&key)),
        state,
        size: standing.size,
        behind: size.saturating_sub(standing.size),
        cosigned: standing.cosigned.map(Rfc3339),
        tried: standing.tried.map(Rfc3339),
        succeeded: standing.succeeded.map(Rfc3339),
        failures: standing.failures,
        next_try: standing.next_try.map(Rfc3339),
        trouble: standing.trouble.map(trouble),
    }
}

/// Which heads.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct HeadsAsked {
    /// Heads wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before: a size.
    #[param(value_type = Option<u64>)]
    after: Option<String>,
    /// Only the heads that date the entry of this index: the first that covers it, and each later one that
    /// has a cosigner whom none before it had beside its others.
    #[param(value_type = Option<u64>)]
    covering: Option<String>,
}

/// A head that was cosigned.
#[derive(Debug, Serialize, ToSchema)]
pub struct CosignedHeadView {
    /// Number of entries.
    size: u64,
    /// Root of the tree, hex.
    root: String,
    /// The checkpoint with all cosignatures.
    note: String,
    /// Who cosigned it, and when.
    cosignatures: Vec<CosignatureView>,
}

/// A cosignature.
#[derive(Debug, Serialize, ToSchema)]
pub struct CosignatureView {
    /// vkey of the witness.
    witness: String,
    /// The witness's time.
    time: Rfc3339,
}

/// 已获见证的检查点 · Heads that at least one witness cosigned, ascending by size; `covering` asks for those
/// that date an entry.
#[utoipa::path(tag = "log", security(()), params(HeadsAsked), responses((status = 200, body = List<CosignedHeadView>)))]
#[get("/log/heads")]
async fn heads(service: web::Data<Service>, asked: Params<HeadsAsked>) -> Result<HttpResponse, Problem> {
    let (after, covering) = (number("after", asked.0.after)?, number("covering", asked.0.covering)?);
    let limit = paging(asked.0.limit.as_deref(), None)?.limit;
    if let Some(index) = covering {
        if after.is_some() {
            let (zh, en) = ("不能与 covering 同时使用", "does not go with `covering`");
            return Err(Problem::field("after", "not_together", zh, en));
        }
        let heads = run(&service, move |service| service.cosigned_heads_covering(index)).await?;
        let items = heads.into_iter().map(head_view).collect();
        return Ok(HttpResponse::Ok().json(List { items, next: None }));
    }
    let found = run(&service, move |service| service.cosigned_heads(after.unwrap_or_default(), limit + 1));
    let mut heads = found.await?;
    let more = heads.len() > limit as usize;
    heads.truncate(limit as usize);
    let next = heads.last().filter(|_| more).map(|head| head.size.to_string());
    Ok(HttpResponse::Ok().json(List { items: heads.into_iter().map(head_view).collect(), next }))
}

fn head_view(head: CosignedHead) -> CosignedHeadView {
    CosignedHeadView {
        size: head.size,
        root: head.root.to_hex(),
        note: head.note,
        cosignatures: head.cosigners.into_iter().map(CosignatureView::from).collect(),
    }
}

impl From<Cosigner> for CosignatureView {
    fn from(cosigner: Cosigner) -> Self {
        Self { witness: cosigner.vkey, time: Rfc3339(cosigner.time) }
    }
}

/// How a draw is witnessed.
#[derive(Debug, Serialize, ToSchema)]
pub struct DrawCosignatures {
    /// Witnesses of the configuration.
    witnesses: usize,
    /// The draw's entries from its commitment on.
    entries: Vec<EntryCosignatures>,
}

/// An entry of a draw with whoever has cosigned it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryCosignatures {
    /// Log index.
    index: u64,
    /// Type of the statement.
    kind: String,
    /// Time of the statement.
    time: Rfc3339,
    /// Every witness that has cosigned a head that covers it, with its time in the first such head.
    cosignatures: Vec<CosignatureView>,
}

impl From<CosignedEntry> for EntryCosignatures {
    fn from(entry: CosignedEntry) -> Self {
        Self {
            index: entry.index,
            kind: entry.kind,
            time: Rfc3339(entry.time),
            cosignatures: entry.cosigners.into_iter().map(CosignatureView::from).collect(),
        }
    }
}

/// 抽取的见证情况 · Who has cosigned each entry of a draw, and when.
#[utoipa::path(
    tag = "draws",
    params(("id" = String, Path, description = "Draw id")),
    responses((status = 200, body = DrawCosignatures))
)]
#[get("/draws/{id}/cosignatures")]
async fn of_draw(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let configured = service.witnesses().len();
    let entries = run(&service, move |service| service.draw_cosignatures(&caller.0, &id)).await?;
    let entries = entries.into_iter().map(EntryCosignatures::from).collect();
    Ok(HttpResponse::Ok().json(DrawCosignatures { witnesses: configured, entries }))
}

fn number(field: &str, text: Option<String>) -> Result<Option<u64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let digits = !text.is_empty() && text.len() <= 16 && text.bytes().all(|b| b.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    let wrong = || Problem::field(field, "number", "应为非负整数", "must be a whole number");
    number.map(Some).ok_or_else(wrong)
}

/// 已获见证的检查点文件 · The notes of the cosigned heads beside a bundle of entries (log-files-v1 §4):
/// `<N>`. Ascending by size, an empty line between two; 404 if there is none.
#[utoipa::path(
    tag = "log",
    security(()),
    params(("path" = String, Path, description = "path of the bundle after `tile/entries/`, never partial")),
    responses((status = 200, content_type = "text/plain", description = "signed notes"))
)]
#[get("/log/heads/{path:.*}")]
async fn heads_file(service: web::Data<Service>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let path = format!("heads/{path}");
    let text = run(&service, move |service| service.heads_file(&path)).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header(("Cache-Control", "public, max-age=2, must-revalidate"))
        .body(text))
}
