//! API tokens of an account: made with scopes, listed, revoked.

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
use crate::service::tokens::{TokenDraft, TokenView};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create).service(list).service(revoke);
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenInput {
    /// What it is for, 1–64 characters.
    #[schema(min_length = 1, max_length = 64)]
    label: String,
    /// Names of actions (`GET /account` lists them), or `read` for all reading.
    scopes: Vec<String>,
    /// Days until it expires; never later than the account.
    #[schema(minimum = 1, maximum = 366)]
    days: u32,
}

/// A token.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// Its id.
    id: String,
    /// The account.
    account: String,
    /// What it is for.
    label: String,
    /// What it allows.
    scopes: Vec<String>,
    /// When it was made.
    created: Rfc3339,
    /// When it was last used, to the minute.
    used: Rfc3339,
    /// When it expires.
    expires: Rfc3339,
}

/// A new token with its secret.
#[derive(Serialize, ToSchema)]
pub struct CreatedToken {
    /// The token.
    #[serde(flatten)]
    details: Token,
    /// The secret `edt_…`, shown this once; absent when the request was repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl From<TokenView> for Token {
    fn from(view: TokenView) -> Self {
        Self {
            id: view.id,
            account: view.account,
            label: view.label,
            scopes: view.scopes,
            created: Rfc3339(view.created),
            used: Rfc3339(view.used),
            expires: Rfc3339(view.expires),
        }
    }
}

/// 新建接口令牌 · Makes an API token: of the own account, signed in, or of an account without a login
/// that the caller keeps.
#[utoipa::path(
    tag = "accounts",
    params(
        ("id" = String, Path, description = "Account id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = TokenInput,
    responses((status = 201, body = CreatedToken))
)]
#[post("/accounts/{id}/tokens")]
async fn create(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<TokenInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let TokenInput { label, scopes, days } = body.value;
    let draft = TokenDraft { label, scopes, days };
    let made = run(&service, move |service| service.create_token(&caller.0, &id, &draft, Some(&key))).await?;
    let location = format!("/api/v1/accounts/{}/tokens/{}", made.token.account, made.token.id);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .json(CreatedToken { details: made.token.into(), token: made.secret }))
}

/// 接口令牌列表 · The tokens of an account that are still taken, without their secrets.
#[utoipa::path(
    tag = "accounts",
    params(("id" = String, Path, description = "Account id"), PageParams),
    responses((status = 200, body = List<Token>))
)]
#[get("/accounts/{id}/tokens")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    let page = run(&service, move |service| service.tokens(&caller.0, &id, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, Token::from)))
}

/// 吊销接口令牌 · Revokes a token; revoking it again changes nothing.
#[utoipa::path(
    tag = "accounts",
    params(
        ("id" = String, Path, description = "Account id"),
        ("token" = String, Path, description = "Token id")
    ),
    responses((status = 204, description = "revoked"))
)]
#[delete("/accounts/{id}/tokens/{token}")]
async fn revoke(
    caller: Caller,
    service: web::Data<Service>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, token) = path.into_inner();
    run(&service, move |service| service.revoke_token(&caller.0, &id, &token)).await?;
    Ok(HttpResponse::NoContent().finish())
}
