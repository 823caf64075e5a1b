//! Sessions: sign in, see who is signed in, sign out.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::OpenBody;
use super::idempotency::Key;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::service::Service;
use crate::service::sessions::{Credentials, SessionView};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(sign_in).service(list).service(end);
}

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Login name.
    login: String,
    /// Password.
    password: String,
    /// Code of the second factor, if the account has one.
    totp: Option<String>,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct Session {
    /// Its id.
    id: String,
    /// The account.
    account: String,
    /// When it was made.
    created: Rfc3339,
    /// When it was last used, to the minute; it ends 30 minutes later.
    used: Rfc3339,
    /// When it ends in any case.
    expires: Rfc3339,
    /// Whether it is the one that asks.
    current: bool,
}

/// A new session with its token.
#[derive(Serialize, ToSchema)]
pub struct CreatedSession {
    /// The session.
    #[serde(flatten)]
    session: Session,
    /// The token `eds_…`, shown this once.
    token: String,
    /// What has to be done first: `password_change_required` or `second_factor_required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    duty: Option<&'static str>,
}

/// Whose sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SessionParams {
    /// An account, for whoever keeps it; the own one if absent.
    account: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

impl From<SessionView> for Session {
    fn from(view: SessionView) -> Self {
        Self {
            id: view.id,
            account: view.account,
            created: Rfc3339(view.created),
            used: Rfc3339(view.used),
            expires: Rfc3339(view.expires),
            current: view.current,
        }
    }
}

/// 登录 · Signs in. Every failure has one text. Nothing is remembered under the Idempotency-Key:
/// signing in again makes another session.
#[utoipa::path(
    tag = "sessions",
    security(()),
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = SignIn,
    responses((status = 201, body = CreatedSession))
)]
#[post("/sessions")]
async fn sign_in(
    _key: Key,
    service: web::Data<Service>,
    body: OpenBody<SignIn>,
) -> Result<HttpResponse, Problem> {
    let SignIn { login, password, totp } = body.0;
    let given = Credentials { login, password, code: totp };
    let made = run(&service, move |service| service.sign_in(&given)).await?;
    let session = Session::from(made.session);
    let location = format!("/api/v1/sessions/{}", session.id);
    let duty = made.duty.map(|duty| duty.name());
    Ok(HttpResponse::Created().insert_header(("Location", location)).json(CreatedSession {
        session,
        token: made.token,
        duty,
    }))
}

/// 会话列表 · Open sessions: the own ones, or those of an account that the caller keeps.
#[utoipa::path(tag = "sessions", params(SessionParams), responses((status = 200, body = List<Session>)))]
#[get("/sessions")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<SessionParams>,
) -> Result<HttpResponse, Problem> {
    let SessionParams { account, limit, after } = params.0;
    let paging = paging(limit.as_deref(), after)?;
    let page = run(&service, move |service| service.sessions(&caller.0, account.as_deref(), &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, Session::from)))
}

/// 退出登录 · Ends a session: an own one, or one of an account that the caller keeps.
#[utoipa::path(
    tag = "sessions",
    params(("id" = String, Path, description = "Session id")),
    responses((status = 204, description = "ended"))
)]
#[delete("/sessions/{id}")]
async fn end(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    run(&service, move |service| service.end_session(&caller.0, &id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
