//! The step from async to the use-cases: they are synchronous and run on the blocking pool.

use actix_web::web;

use super::problem::Problem;
use crate::service::Service;
use crate::service::refusal::Refusal;

/// Runs a use-case off the async threads. A panic in it is a fault of this request alone.
pub async fn run<T: Send + 'static>(
    service: &web::Data<Service>,
    call: impl FnOnce(&Service) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Problem> {
    let service = service.clone();
    Ok(web::block(move || call(&service)).await??)
}
