//! All routes together, with the rim around them.
//!
//! The routes and the API document are collected by the same calls, so neither can have what the
//! other has not; the answers 404 and 405 of what matches no route are made from the document.

use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::{ResourceDef, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpRequest, HttpResponse, web};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};

use super::body::Limits;
use super::problem::Problem;
use super::rim::RequestIds;
use super::{
    accounts, applications, attachments, auth, calls, campaigns, cases, changes, claim_migrations, codes,
    conduct, conduct_steps, contributions, day, decisions, draws, due, erasures, evidence, experts, exports,
    fees, health, imports, invitations, leave, log, log_witnesses, looks, me, my_draws, openapi, own_account,
    packages, performance, plan_steps, plans, remarks, renewals, rim, schemes, sealing, search, sessions,
    tiers, tokens, unit_merges, units, venues, verifier,
};
use crate::service::Service;

/// Where the API begins.
pub const BASE: &str = "/api/v1";

/// What all workers of a server share.
#[derive(Clone)]
pub struct Shared {
    service: web::Data<Service>,
    limits: web::Data<Limits>,
    ids: web::Data<RequestIds>,
}

impl Shared {
    /// For a service, with limits of bodies.
    pub fn new(service: web::Data<Service>, limits: Limits) -> Self {
        Self { service, limits: web::Data::new(limits), ids: web::Data::new(RequestIds::default()) }
    }
}

/// Every resource. A new file of handlers is named here.
pub fn resources(config: &mut ServiceConfig<'_>) {
    health::routes(config);
    accounts::routes(config);
    // Before the experts: `/experts/counts` is no number.
    search::routes(config);
    own_account::routes(config);
    sessions::routes(config);
    tokens::routes(config);
    experts::routes(config);
    applications::routes(config);
    changes::routes(config);
    me::routes(config);
    my_draws::routes(config);
    decisions::routes(config);
    cases::routes(config);
    leave::routes(config);
    due::routes(config);
    renewals::routes(config);
    units::routes(config);
    unit_merges::routes(config);
    imports::routes(config);
    exports::routes(config);
    packages::routes(config);
    plans::routes(config);
    plan_steps::routes(config);
    venues::routes(config);
    draws::routes(config);
    calls::routes(config);
    invitations::routes(config);
    evidence::routes(config);
    day::routes(config);
    log::routes(config);
    log_witnesses::routes(config);
    contributions::routes(config);
    codes::routes(config);
    conduct::routes(config);
    conduct_steps::routes(config);
    remarks::routes(config);
    tiers::routes(config);
    performance::routes(config);
    fees::routes(config);
    campaigns::routes(config);
    schemes::routes(config);
    claim_migrations::routes(config);
    looks::routes(config);
    attachments::routes(config);
    erasures::routes(config);
    sealing::routes(config);
}

/// The whole application.
pub fn app(
    shared: &Shared,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let (app, document) = collected();
    let document = web::Data::new(openapi::finished(document));
    let known = web::Data::new(Known::of(&document));
    app.app_data(shared.service.clone())
        .app_data(shared.limits.clone())
        .app_data(shared.ids.clone())
        .app_data(document)
        .app_data(known)
        .configure(verifier::routes)
        .default_service(web::to(unmatched))
        .wrap(from_fn(auth::authenticate::<BoxBody>))
        .wrap(from_fn(rim::rim::<EitherBody<BoxBody>>))
}

/// The document as the handlers say, without what `openapi` adds.
pub(super) fn raw_document() -> OpenApi {
    collected().1
}

fn collected() -> (
    App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<BoxBody>,
            Error = Error,
            InitError = (),
        > + use<>,
    >,
    OpenApi,
) {
    App::new()
        .into_utoipa_app()
        .openapi(openapi::base())
        .service(scope::scope(BASE).configure(resources))
        .split_for_parts()
}

/// The paths of the document with their methods.
struct Known(Vec<(ResourceDef, Vec<Method>)>);

impl Known {
    fn of(document: &OpenApi) -> Self {
        let paths = document.paths.paths.iter();
        Self(paths.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item))).collect())
    }
}

fn methods(item: &PathItem) -> Vec<Method> {
    [
        (Method::GET, item.get.is_some()),
        (Method::HEAD, item.get.is_some()),
        (Method::POST, item.post.is_some()),
        (Method::PUT, item.put.is_some()),
        (Method::PATCH, item.patch.is_some()),
        (Method::DELETE, item.delete.is_some()),
    ]
    .into_iter()
    .filter_map(|(method, there)| there.then_some(method))
    .collect()
}

/// What no route matches: another method of a known path, or nothing.
async fn unmatched(request: HttpRequest, known: web::Data<Known>) -> HttpResponse {
    let found = known.0.iter().find(|(path, _)| path.is_match(request.path()));
    HttpResponse::from_error(match found {
        Some((_, allowed)) => Problem::method_not_allowed(allowed),
        None => Problem::no_such_path(),
    })
}
