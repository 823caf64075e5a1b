//! Who asks: `Authorization: Bearer <token>` (RFC 6750 §2.1) → [`Actor`].
//!
//! Tokens are 256 random bits and looked up by their SHA-256, so comparing needs no constant time.
//! A token is taken from the header only, never from a URL (URLs are logged by everybody).
//!
//! The middleware [`authenticate`] runs before the router: a wrong token is refused everywhere, no
//! token leaves the request anonymous, and [`Caller`], which every handler that needs an account
//! takes as its first argument, refuses anonymous requests.

use std::future::{Ready, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, web};

use super::problem::Problem;
use super::run::run;
use crate::service::Service;
use crate::service::actor::Actor;

/// The account that asks.
#[derive(Clone, Debug)]
pub struct Caller(
    /// The account.
    pub Actor,
);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let actor = request.extensions().get::<Actor>().cloned();
        ready(actor.map(Self).ok_or_else(Problem::unauthenticated))
    }
}

/// The account that asks, if any: for what both accounts and the public may read.
#[derive(Clone, Debug)]
pub struct MaybeCaller(
    /// The account.
    pub Option<Actor>,
);

impl FromRequest for MaybeCaller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.extensions().get::<Actor>().cloned())))
    }
}

/// Puts the [`Actor`] into the request.
pub async fn authenticate<B: MessageBody + 'static>(
    service: web::Data<Service>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let actor = match token(&request) {
        Ok(None) => Ok(None),
        Ok(Some(token)) => run(&service, move |service| service.authenticate(&token)).await.map(Some),
        Err(problem) => Err(problem),
    };
    match actor {
        Ok(actor) => {
            if let Some(actor) = actor {
                request.extensions_mut().insert(actor);
            }
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(problem) => Ok(request.into_response(HttpResponse::from_error(problem)).map_into_right_body()),
    }
}

fn token(request: &ServiceRequest) -> Result<Option<String>, Problem> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), other) = (values.next(), values.next()) else { return Ok(None) };
    let (scheme, token) =
        value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(Problem::unauthenticated)?;
    if other.is_some() || !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::unauthenticated());
    }
    Ok(Some(token.trim().to_owned()))
}
