//! Accounts, for whoever keeps them: made with a token or a one-time password that is shown once,
//! listed, changed, locked, revoked.

use actix_web::{HttpResponse, delete, get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::etag::{IfMatch, etag};
use super::idempotency::Key;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::service::Service;
use crate::service::account_changes::AccountAmendment;
use crate::service::accounts::{self, AccountDraft, AccountView};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create).service(list).service(find).service(amend).service(revoke);
    config.service(lock).service(unlock).service(reset).service(drop_totp);
}

/// An account to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// `bureau` 财政局, `agency` 采购代理机构, `purchaser` 采购人, `expert` 评审专家, `auditor` 审计,
    /// `supervisor` 纪检监察, `administrator` 系统管理员, `venue` 评审场所.
    #[schema(example = "agency")]
    role: String,
    /// Whose account it is, 1–64 characters. Not needed and not kept for an expert, whose account is
    /// named by the number.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// Credit code of the unit; required for an agency and a purchaser. Of a venue's account the id of
    /// the venue, required.
    unit: Option<String>,
    /// Days until the account expires.
    #[schema(minimum = 1, maximum = 366)]
    days: u32,
    /// Rights of a bureau's account: `registrar` 登记, `reviewer` 初审, `approver` 审批, `draws`
    /// 抽取监督, `accounts` 账号管理. All if absent.
    rights: Option<Vec<String>>,
    /// Region code (GB/T 2260): a bureau's, auditor's or supervisor's account is narrowed to it.
    region: Option<String>,
    /// Number of the registered expert; an expert's account without it is an applicant's.
    expert: Option<String>,
    /// Login name, 3–32 of a–z, 0–9, `.`, `_`, `-`: the account signs in with a password.
    #[schema(min_length = 3, max_length = 32)]
    login: Option<String>,
    /// Id number of the person (GB 11643); only a keyed hash is kept, by which two accounts of
    /// different hands are refused.
    id_number: Option<String>,
    /// Whether it needs a second factor.
    #[serde(default)]
    totp_required: bool,
}

/// What is changed of an account; absent is unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChanges {
    /// All rights of a bureau's account.
    rights: Option<Vec<String>>,
    /// Region code; an empty text lifts the narrowing.
    region: Option<String>,
    /// Days from now until the account expires. Its first token is not prolonged.
    #[schema(minimum = 1, maximum = 366)]
    days: Option<u32>,
    /// Whether it needs a second factor.
    totp_required: Option<bool>,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    /// Its id.
    id: String,
    /// Role.
    role: String,
    /// Whose it is.
    name: String,
    /// Credit code of the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// When it was made.
    created: Rfc3339,
    /// From when it is no longer taken.
    expires: Rfc3339,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<Rfc3339>,
    /// Rights of a bureau's account.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rights: Vec<String>,
    /// Region code.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    /// Number of the expert.
    #[serde(skip_serializing_if = "Option::is_none")]
    expert: Option<String>,
    /// Login name.
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<String>,
    /// Whether it needs a second factor, by its own setting or by the rule for bureaus.
    totp_required: bool,
    /// Whether it has a second factor.
    totp: bool,
    /// When somebody locked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked: Option<Rfc3339>,
    /// Until when it does not sign in, after too many failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_until: Option<Rfc3339>,
}

/// A new account, or one with a new password, with what lets its owner in.
#[derive(Serialize, ToSchema)]
pub struct CreatedAccount {
    /// The account.
    #[serde(flatten)]
    account: Account,
    /// The token of an account without a login, shown this once; absent when the request was repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The one-time password of an account with a login, likewise. It must be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl From<AccountView> for Account {
    fn from(view: AccountView) -> Self {
        Self {
            id: view.id,
            role: view.role,
            name: view.name,
            unit: view.unit,
            created: Rfc3339(view.created),
            expires: Rfc3339(view.expires),
            revoked: view.revoked.map(Rfc3339),
            rights: view.rights,
            region: view.region,
            expert: view.expert,
            login: view.login,
            totp_required: view.totp_required,
            totp: view.totp,
            locked: view.locked.map(Rfc3339),
            locked_until: view.locked_until.map(Rfc3339),
        }
    }
}

impl From<accounts::NewAccount> for CreatedAccount {
    fn from(made: accounts::NewAccount) -> Self {
        Self { account: made.account.into(), token: made.token, password: made.password }
    }
}

fn shown(view: AccountView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(view.version)).json(Account::from(view))
}

/// 新建账号 · Makes an account; the token or one-time password is in the answer and nowhere else.
#[utoipa::path(
    tag = "accounts",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = NewAccount,
    responses((status = 201, body = CreatedAccount))
)]
#[post("/accounts")]
async fn create(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<NewAccount>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let asked = body.value;
    let draft = AccountDraft {
        role: asked.role,
        name: asked.name,
        unit: asked.unit,
        days: asked.days,
        rights: asked.rights,
        region: asked.region,
        expert: asked.expert,
        login: asked.login,
        id_number: asked.id_number,
        totp_required: asked.totp_required,
    };
    let made = run(&service, move |service| service.create_account(&caller.0, &draft, Some(&key))).await?;
    let location = format!("/api/v1/accounts/{}", made.account.id);
    Ok(HttpResponse::Created().insert_header(("Location", location)).json(CreatedAccount::from(made)))
}

/// 账号列表 · The accounts of the own region, revoked and expired ones included; no tokens.
#[utoipa::path(tag = "accounts", params(PageParams), responses((status = 200, body = List<Account>)))]
#[get("/accounts")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    let page = run(&service, move |service| service.accounts(&caller.0, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, Account::from)))
}

/// 查看账号 · One account.
#[utoipa::path(
    tag = "accounts",
    params(("id" = String, Path, description = "Account id")),
    responses((status = 200, body = Account, headers(("ETag" = String, description = "the version"))))
)]
#[get("/accounts/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(shown(run(&service, move |service| service.account(&caller.0, &id)).await?))
}

/// 变更账号 · Changes rights, region, validity or the need of a second factor of another account.
#[utoipa::path(
    tag = "accounts",
    params(
        ("id" = String, Path, description = "Account id"),
        ("If-Match" = String, Header, description = "the ETag that was read")
    ),
    request_body = AccountChanges,
    responses((status = 200, body = Account, headers(("ETag" = String, description = "the version"))))
)]
#[patch("/accounts/{id}")]
async fn amend(
    caller: Caller,
    version: IfMatch,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<AccountChanges>,
) -> Result<HttpResponse, Problem> {
    let AccountChanges { rights, region, days, totp_required } = body.value;
    let amendment = AccountAmendment { rights, region, days, totp_required };
    let amended = run(&service, move |service| service.amend_account(&caller.0, &id, version.0, &amendment));
    Ok(shown(amended.await?))
}

/// 吊销账号 · Revokes an account; revoking it again changes nothing.
#[utoipa::path(
    tag = "accounts",
    params(("id" = String, Path, description = "Account id")),
    responses((status = 204, description = "revoked"))
)]
#[delete("/accounts/{id}")]
async fn revoke(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    run(&service, move |service| service.revoke_account(&caller.0, &id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// 锁定账号 · Locks an account: its password and its tokens are refused until it is unlocked.
#[utoipa::path(
    tag = "accounts",
    params(
        ("id" = String, Path, description = "Account id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Account, headers(("ETag" = String, description = "the version"))))
)]
#[post("/accounts/{id}/lock")]
async fn lock(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.lock_account(&caller.0, &id, Some(&key))).await?))
}

/// 解锁账号 · Unlocks an account and lifts a lockout after too many failures.
#[utoipa::path(
    tag = "accounts",
    params(
        ("id" = String, Path, description = "Account id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Account, headers(("ETag" = String, description = "the version"))))
)]
#[post("/accounts/{id}/unlock")]
async fn unlock(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.unlock_account(&caller.0, &id, Some(&key))).await?))
}

/// 重置口令 · Gives an account with a login a one-time password, shown this once.
#[utoipa::path(
    tag = "accounts",
    params(
        ("id" = String, Path, description = "Account id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = CreatedAccount))
)]
#[post("/accounts/{id}/password")]
async fn reset(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let made = run(&service, move |service| service.reset_password(&caller.0, &id, Some(&key))).await?;
    Ok(HttpResponse::Ok().json(CreatedAccount::from(made)))
}

/// 取消动态验证码 · Takes an account's second factor away, after a lost device.
#[utoipa::path(
    tag = "accounts",
    params(("id" = String, Path, description = "Account id")),
    responses((status = 204, description = "there is no second factor"))
)]
#[delete("/accounts/{id}/totp")]
async fn drop_totp(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    run(&service, move |service| service.drop_second_factor(&caller.0, &id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
