//! The own account: who am I and what may I, change the password, set up the second factor.
//! A session does this; an API token sees the account only.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::accounts::Account;
use super::auth::Caller;
use super::body::Body;
use super::idempotency::Key;
use super::problem::Problem;
use super::run::run;
use crate::service::Service;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(own).service(change).service(begin).service(confirm);
}

/// The own account.
#[derive(Serialize, ToSchema)]
pub struct OwnAccount {
    /// The account.
    #[serde(flatten)]
    account: Account,
    /// What the token in use allows, by the names of scopes.
    actions: Vec<&'static str>,
    /// What has to be done first: `password_change_required` or `second_factor_required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    duty: Option<&'static str>,
}

/// A password and the one that follows it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password in force.
    #[schema(max_length = 128)]
    old: String,
    /// The new one: 10–128 characters, three of upper case, lower case, digits, others; without the
    /// login.
    #[schema(min_length = 10, max_length = 128)]
    new: String,
}

/// The password, asked for again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordAgain {
    /// The password in force.
    #[schema(max_length = 128)]
    password: String,
}

/// A second factor begun; shown this once, in force when a code confirms it.
#[derive(Serialize, ToSchema)]
pub struct SecondFactor {
    /// The secret in base 32 (RFC 6238: SHA-1, 30 seconds, 6 digits).
    secret: String,
    /// `otpauth://…`, to be shown as a QR code.
    uri: String,
}

/// A code of the second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Six digits.
    #[schema(min_length = 6, max_length = 6)]
    code: String,
}

/// 本人账号 · The own account and what it may do with the token in use.
#[utoipa::path(tag = "sessions", responses((status = 200, body = OwnAccount)))]
#[get("/account")]
async fn own(caller: Caller, service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let own = run(&service, move |service| service.own_account(&caller.0)).await?;
    let duty = own.duty.map(|duty| duty.name());
    Ok(HttpResponse::Ok().json(OwnAccount { account: own.account.into(), actions: own.actions, duty }))
}

/// 修改口令 · Changes the own password; all other sessions of the account end.
#[utoipa::path(
    tag = "sessions",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = PasswordChange,
    responses((status = 204, description = "changed"))
)]
#[post("/account/password")]
async fn change(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<PasswordChange>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let PasswordChange { old, new } = body.value;
    run(&service, move |service| service.change_password(&caller.0, &old, &new, Some(&key))).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// 启用动态验证码 · Begins a second factor. Asking again, under any key, makes another secret.
#[utoipa::path(
    tag = "sessions",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = PasswordAgain,
    responses((status = 200, body = SecondFactor))
)]
#[post("/account/totp")]
async fn begin(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<PasswordAgain>,
) -> Result<HttpResponse, Problem> {
    key.of(body.request)?;
    let password = body.value.password;
    let begun = run(&service, move |service| service.begin_second_factor(&caller.0, &password)).await?;
    Ok(HttpResponse::Ok().json(SecondFactor { secret: begun.secret, uri: begun.uri }))
}

/// 确认动态验证码 · Puts the second factor in force with a code that it shows.
#[utoipa::path(
    tag = "sessions",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = Code,
    responses((status = 204, description = "in force"))
)]
#[post("/account/totp/confirm")]
async fn confirm(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<Code>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let code = body.value.code;
    run(&service, move |service| service.confirm_second_factor(&caller.0, &code, Some(&key))).await?;
    Ok(HttpResponse::NoContent().finish())
}
