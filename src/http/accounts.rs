//! Accounts (the bureau's): made with a token that is shown once, listed, revoked.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::idempotency::Key;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::service::Service;
use crate::service::accounts::{AccountDraft, AccountView};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create).service(list).service(revoke);
}

/// An account to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// `bureau` 财政局, `agency` 采购代理机构, `auditor` 审计监督.
    #[schema(example = "agency")]
    role: String,
    /// Whose account it is, 1–64 characters.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// Credit code of the unit; required for an agency.
    unit: Option<String>,
    /// Days until the token expires.
    #[schema(minimum = 1, maximum = 366)]
    days: u32,
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
    /// From when its token is no longer taken.
    expires: Rfc3339,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<Rfc3339>,
}

/// A new account with its token.
#[derive(Serialize, ToSchema)]
pub struct CreatedAccount {
    /// The account.
    #[serde(flatten)]
    account: Account,
    /// The token, shown this once; absent when the request was repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
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
        }
    }
}

/// 新建账号 · Makes an account; the token is in the answer and nowhere else.
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
    let NewAccount { role, name, unit, days } = body.value;
    let draft = AccountDraft { role, name, unit, days };
    let made = run(&service, move |service| service.create_account(&caller.0, &draft, Some(&key))).await?;
    let account = Account::from(made.account);
    let location = format!("/api/v1/accounts/{}", account.id);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .json(CreatedAccount { account, token: made.token }))
}

/// 账号列表 · The accounts, revoked and expired ones included; no tokens.
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
