//! Fees (评审劳务报酬): tables of regions, what is due to the members of a panel, travel, payment.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::case_views::{CaseFileView, CaseLineView, files};
use super::draws::Nothing;
use super::idempotency::Key;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::service::Service;
use crate::service::case_body::CaseLine;
use crate::service::fees::{FeeTableView, VoucherDraft};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(tables).service(propose).service(confirm).service(reject).service(withdraw);
    config.service(of_draw).service(settle).service(give_back).service(pay);
    config.service(own).service(claim);
}

/// A table as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFeeTable {
    /// The file's text: JSON as `api-spec/day-v1.md` §6 has it, at most 64 KiB.
    table: String,
}

/// A table.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeeTable {
    /// Id of the case.
    id: String,
    /// `in_force`, or `proposed` for who may decide.
    state: String,
    /// Name.
    name: String,
    /// Region where it holds.
    region: String,
    /// China day from which on it holds.
    valid_from: String,
    /// Minutes that the first amount covers, and the amount, 分.
    first_minutes: u32,
    /// 分.
    first_fen: u32,
    /// Minutes of each further unit, and the amount, 分.
    further_minutes: u32,
    /// 分.
    further_fen: u32,
    /// The most of one day, 分; 0: no cap.
    day_cap_fen: u32,
    /// 误工补助, 分.
    waiting_fen: u32,
    /// The whole file, with the source of every number.
    text: String,
}

/// Tables.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeeTables {
    /// By id.
    items: Vec<FeeTable>,
}

/// Why something is rejected or given back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// 1–2,000 characters.
    reason: String,
}

/// Fees of a draw.
#[derive(Debug, Serialize, ToSchema)]
pub struct Fees {
    /// By id.
    items: Vec<CaseFileView>,
}

/// A voucher.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Voucher {
    /// `rail` 火车, `air` 飞机, `coach` 长途客车, `ship` 轮船, `lodging` 住宿. Transport within a town is none.
    kind: String,
    /// Amount, 分.
    #[schema(minimum = 1, maximum = 10_000_000)]
    fen: u64,
    /// Number of the voucher, 1–64 characters.
    number: String,
}

/// A claim of travel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TravelClaim {
    /// 1–64.
    vouchers: Vec<Voucher>,
}

/// A payment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// 付款凭证号, 1–64 characters.
    reference: String,
}

impl From<FeeTableView> for FeeTable {
    fn from(view: FeeTableView) -> Self {
        let table = view.table;
        Self {
            id: view.line.id,
            state: view.line.state,
            name: table.name,
            region: table.region.as_str().to_owned(),
            valid_from: table.valid_from.to_string(),
            first_minutes: table.first_minutes.value,
            first_fen: table.first_fen.value,
            further_minutes: table.further_minutes.value,
            further_fen: table.further_fen.value,
            day_cap_fen: table.day_cap_fen.value,
            waiting_fen: table.waiting_fen.value,
            text: view.text,
        }
    }
}

/// 劳务报酬标准 · Tables in force; who decides about them sees proposals too.
#[utoipa::path(tag = "fees", responses((status = 200, body = FeeTables)))]
#[get("/fee-tables")]
async fn tables(caller: Caller, service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let items = run(&service, move |service| service.fee_tables(&caller.0)).await?;
    Ok(HttpResponse::Ok().json(FeeTables { items: items.into_iter().map(FeeTable::from).collect() }))
}

/// 提出劳务报酬标准 · Proposes the table of a region; another account confirms it.
#[utoipa::path(
    tag = "fees",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = NewFeeTable,
    responses((status = 201, body = CaseLineView))
)]
#[post("/fee-tables")]
async fn propose(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<NewFeeTable>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let file = body.value.table;
    let line = run(&service, move |service| service.propose_fee_table(&caller.0, &file, Some(&key))).await?;
    Ok(super::case_views::begun("fee-tables", line, CaseLineView::from))
}

/// 确认劳务报酬标准 · Puts a table in force that another account proposed.
#[utoipa::path(
    tag = "fees",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = CaseLineView))
)]
#[post("/fee-tables/{id}/confirm")]
async fn confirm(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let line = run(&service, move |service| service.confirm_fee_table(&caller.0, &id, Some(&key)));
    Ok(super::case_views::stepped(line.await?))
}

/// 驳回劳务报酬标准 · Rejects a table that another account proposed.
#[utoipa::path(
    tag = "fees",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Why,
    responses((status = 200, body = CaseLineView))
)]
#[post("/fee-tables/{id}/reject")]
async fn reject(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Why>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let reason = body.value.reason;
    let line = run(&service, move |service| service.end_fee_table(&caller.0, &id, Some(&reason), Some(&key)));
    Ok(super::case_views::stepped(line.await?))
}

/// 撤回劳务报酬标准 · Withdraws an own proposal.
#[utoipa::path(
    tag = "fees",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = CaseLineView))
)]
#[post("/fee-tables/{id}/withdraw")]
async fn withdraw(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let line = run(&service, move |service| service.end_fee_table(&caller.0, &id, None, Some(&key)));
    Ok(super::case_views::stepped(line.await?))
}

/// 评审劳务报酬 · Fees of an own draw, once it is unsealed.
#[utoipa::path(
    tag = "fees",
    params(("id" = String, Path, description = "Draw id")),
    responses((status = 200, body = Fees))
)]
#[get("/draws/{id}/fees")]
async fn of_draw(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let items = run(&service, move |service| service.fees_of_draw(&caller.0, &id)).await?;
    let view = |file: crate::service::case_body::CaseFile| CaseFileView {
        case: CaseLineView::without_number(file.line),
        body: file.body,
    };
    Ok(HttpResponse::Ok().json(Fees { items: items.into_iter().map(view).collect() }))
}

/// 核定差旅费 · Settles travel as claimed.
#[utoipa::path(
    tag = "fees",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = CaseLineView))
)]
#[post("/fees/{id}/settle")]
async fn settle(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let line = run(&service, move |service| service.check_travel(&caller.0, &id, None, Some(&key)));
    Ok(shown(line.await?))
}

/// 退回差旅凭据 · Gives a claim back with a reason.
#[utoipa::path(
    tag = "fees",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Why,
    responses((status = 200, body = CaseLineView))
)]
#[post("/fees/{id}/return")]
async fn give_back(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Why>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let reason = body.value.reason;
    let line = run(&service, move |service| service.check_travel(&caller.0, &id, Some(&reason), Some(&key)));
    Ok(shown(line.await?))
}

/// 登记付款 · Records the payment; only the unit that has to pay.
#[utoipa::path(
    tag = "fees",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Payment,
    responses((status = 200, body = CaseLineView))
)]
#[post("/fees/{id}/pay")]
async fn pay(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Payment>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let reference = body.value.reference;
    let line = run(&service, move |service| service.pay_fee(&caller.0, &id, &reference, Some(&key)));
    Ok(shown(line.await?))
}

/// 本人劳务报酬 · An expert's own fees.
#[utoipa::path(tag = "me", params(PageParams), responses((status = 200, body = List<CaseFileView>)))]
#[get("/me/fees")]
async fn own(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    Ok(files(run(&service, move |service| service.own_fees(&caller.0, &paging)).await?))
}

/// 申报差旅费 · Claims travel to another city, against vouchers.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = TravelClaim,
    responses((status = 200, body = CaseLineView))
)]
#[post("/me/fees/{id}/travel")]
async fn claim(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<TravelClaim>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let voucher = |sent: Voucher| VoucherDraft { kind: sent.kind, fen: sent.fen, number: sent.number };
    let vouchers: Vec<VoucherDraft> = body.value.vouchers.into_iter().map(voucher).collect();
    let line = run(&service, move |service| service.claim_travel(&caller.0, &id, &vouchers, Some(&key)));
    Ok(super::case_views::stepped(line.await?))
}

/// For agency and purchaser, who see no expert numbers.
fn shown(line: CaseLine) -> HttpResponse {
    let version = super::etag::etag(line.version);
    HttpResponse::Ok().insert_header(version).json(CaseLineView::without_number(line))
}
