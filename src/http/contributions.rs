//! What others contribute to a draw (共同随机): a supervisor's commitment to a nonce and its reveal, declarations
//! that nothing is released, and how a draw's contributions stand.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::idempotency::Key;
use super::problem::Problem;
use super::run::run;
use super::times::Rfc3339;
use crate::codec::{Hash, from_hex, to_hex};
use crate::draw::contributions::{NonceCommitted, NotReleased, Reveal};
use crate::draw::vrf::Beta;
use crate::registry::Problem as FieldProblem;
use crate::service::Service;
use crate::service::contributions::{ContributionView, ContributionsView};
use crate::service::refusal::Refusal;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(next_attempt).service(commit).service(standing).service(reveal).service(withhold);
}

/// What a supervisor commits a nonce to.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextAttempt {
    /// The log's origin.
    log: String,
    /// 包号标签: package tag, 128 hex digits.
    package_tag: String,
    /// 第几次抽取: number of the next attempt.
    attempt: u32,
}

/// A supervisor's commitment to a nonce (draw-v3 §2.2), made by `expert-draw supervisor commit`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNonce {
    /// Digest of the supervisor's key, hex.
    key: String,
    /// The commitment, hex.
    commitment: String,
    /// 包号标签, 128 hex digits.
    package_tag: String,
    /// Attempt, from 1.
    attempt: u32,
    /// Signature by the supervisor's key, 128 hex digits.
    signature: String,
}

/// Where a commitment was filed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FiledNonce {
    /// Log index of its entry.
    entry: u64,
}

/// A nonce revealed (draw-v3 §2.3), made by `expert-draw supervisor reveal`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReveal {
    /// Digest of the supervisor's key, hex.
    key: String,
    /// The nonce, hex.
    nonce: String,
    /// Signature by the supervisor's key, 128 hex digits.
    signature: String,
}

/// A declaration that nothing is released (draw-v3 §4).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNotReleased {
    /// Digest of the supervisor's key, or of the witness's VRF key, hex.
    key: String,
    /// The declarer's clock, Unix seconds.
    stated: i64,
    /// Signature by the party, 128 hex digits.
    signature: String,
}

/// How a draw's contributions stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct Contributions {
    /// The draw's alpha, hex.
    alpha: String,
    /// Log index of the commitment.
    index: u64,
    /// 期限: until when contributions count.
    deadline: Rfc3339,
    /// `waiting`, `overdue` (void it with `contribution_missing`), `decided`, `drawn`, `ended`.
    state: &'static str,
    /// In committed order.
    contributions: Vec<Contribution>,
    /// 最高保证等级: `operator`, `witnessed`, `beacon`; what it is for an auditor says the auditor's own file.
    at_most: &'static str,
    /// 保证等级说明
    at_most_zh: &'static str,
}

/// One contributor.
#[derive(Debug, Serialize, ToSchema)]
pub struct Contribution {
    /// `nonce`, `operator`, `witness`, `beacon`.
    kind: &'static str,
    /// Digest of the party's key; a beacon's chain, hex.
    key: String,
    /// Who holds the key, as registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Round of a beacon.
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<u64>,
    /// When that round is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Rfc3339>,
    /// Log index of the contribution; absent while it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
    /// Whether the party has declared that it releases nothing.
    withheld: bool,
}

impl From<ContributionsView> for Contributions {
    fn from(view: ContributionsView) -> Self {
        let at_most_zh = view.at_most_zh();
        let one = |view: ContributionView| Contribution {
            kind: view.kind,
            key: view.key.to_hex(),
            name: view.name,
            round: view.round,
            due: view.due.map(Rfc3339),
            entry: view.entry,
            withheld: view.withheld,
        };
        Self {
            alpha: view.alpha.to_hex(),
            index: view.index,
            deadline: Rfc3339(view.deadline),
            state: view.state,
            contributions: view.contributions.into_iter().map(one).collect(),
            at_most: view.at_most,
            at_most_zh,
        }
    }
}

/// Reads hexadecimal fields and collects what is wrong with them.
#[derive(Default)]
struct Hex(Vec<FieldProblem>);

impl Hex {
    fn bytes<const N: usize>(&mut self, field: &str, text: &str) -> [u8; N] {
        let bytes = from_hex(text).and_then(|bytes| <[u8; N]>::try_from(bytes).ok());
        bytes.unwrap_or_else(|| {
            let (zh, en) = (format!("须为{}位十六进制小写", 2 * N), format!("must be {} hex digits", 2 * N));
            self.0.push(FieldProblem::new(field, text, "hex", zh, en));
            [0; N]
        })
    }

    fn within(&mut self, field: &str, n: i64, range: std::ops::RangeInclusive<i64>) {
        if !range.contains(&n) {
            let (zh, en) = ("数字超出范围", "out of range");
            self.0.push(FieldProblem::new(field, &n.to_string(), "range", zh, en));
        }
    }

    fn done(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::invalid(self.0)) }
    }
}

/// 下次抽取的包号标签 · Tag and number of the next attempt at a package: what a supervisor commits a nonce to.
#[utoipa::path(tag = "contributions", responses((status = 200, body = NextAttempt)))]
#[get("/packages/{id}/next-attempt")]
async fn next_attempt(
    caller: Caller,
    id: web::Path<String>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let next = run(&service, move |service| service.next_attempt_of(&caller.0, &id)).await?;
    let package_tag = to_hex(&next.package_tag.0);
    Ok(HttpResponse::Ok().json(NextAttempt { log: next.log, package_tag, attempt: next.attempt }))
}

/// 监督员随机数承诺 · Files a supervisor's commitment to a nonce; whose it is says the signature.
#[utoipa::path(
    tag = "contributions",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    responses((status = 201, body = FiledNonce))
)]
#[post("/nonces")]
async fn commit(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<NewNonce>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let new = body.value;
    let mut hex = Hex::default();
    let said = NonceCommitted {
        key: Hash(hex.bytes("key", &new.key)),
        commitment: Hash(hex.bytes("commitment", &new.commitment)),
        package_tag: Beta(hex.bytes("package_tag", &new.package_tag)),
        attempt: new.attempt,
        signature: hex.bytes("signature", &new.signature),
    };
    hex.within("attempt", i64::from(new.attempt), 1..=1_000_000);
    hex.done()?;
    let entry = run(&service, move |service| service.commit_nonce(&caller.0, &said, &key)).await?;
    Ok(HttpResponse::Created().json(FiledNonce { entry }))
}

/// 共同随机进展 · What is there of a draw's contributions, what is missing, until when.
#[utoipa::path(tag = "contributions", responses((status = 200, body = Contributions)))]
#[get("/draws/{id}/contributions")]
async fn standing(
    caller: Caller,
    id: web::Path<String>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let view = run(&service, move |service| service.contributions(&caller.0, &id)).await?;
    Ok(HttpResponse::Ok().json(Contributions::from(view)))
}

/// 公开监督员随机数 · A supervisor's nonce, revealed; the draw goes as far as it can.
#[utoipa::path(
    tag = "contributions",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    responses((status = 200, body = Contributions))
)]
#[post("/draws/{id}/reveals")]
async fn reveal(
    caller: Caller,
    key: Key,
    id: web::Path<String>,
    service: web::Data<Service>,
    body: Body<NewReveal>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let new = body.value;
    let mut hex = Hex::default();
    let said = Reveal {
        alpha: Hash([0; 32]),
        key: Hash(hex.bytes("key", &new.key)),
        nonce: hex.bytes("nonce", &new.nonce),
        signature: hex.bytes("signature", &new.signature),
    };
    hex.done()?;
    let view = run(&service, move |service| {
        service.reveal_nonce(&caller.0, &id, said, &key)?;
        service.contributions(&caller.0, &id)
    });
    Ok(HttpResponse::Ok().json(Contributions::from(view.await?)))
}

/// 声明未释放 · A party declares that it has released nothing about a draw and never will.
#[utoipa::path(
    tag = "contributions",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    responses((status = 200, body = Contributions))
)]
#[post("/draws/{id}/not-released")]
async fn withhold(
    caller: Caller,
    key: Key,
    id: web::Path<String>,
    service: web::Data<Service>,
    body: Body<NewNotReleased>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let new = body.value;
    let mut hex = Hex::default();
    let said = NotReleased {
        alpha: Hash([0; 32]),
        key: Hash(hex.bytes("key", &new.key)),
        stated: new.stated,
        signature: hex.bytes("signature", &new.signature),
    };
    hex.within("stated", new.stated, 0..=crate::codec::json::MAX_INTEGER);
    hex.done()?;
    let view = run(&service, move |service| {
        service.declare_not_released(&caller.0, &id, said, &key)?;
        service.contributions(&caller.0, &id)
    });
    Ok(HttpResponse::Ok().json(Contributions::from(view.await?)))
}
