//! The threads by which a running service gathers contributions: one for what needs nobody and for the
//! beacon, one for each witness that contributes. A slow witness holds up only the draws that name it.

use std::sync::Arc;
use std::time::Duration;

use crate::outside::asking::{HttpAnswerer, HttpRelay, Relay};
use crate::service::Service;
use crate::service::refusal::Refusal;
use crate::service::workers::Workers;

/// How often draws are looked at when nothing was written.
const EVERY: Duration = Duration::from_secs(1);
/// After trouble, so that nobody is asked in a hurry.
const PAUSE: Duration = Duration::from_secs(2);

/// Begins, over HTTP.
pub fn gather(service: &Arc<Service>) -> std::io::Result<Workers> {
    let mut workers = Workers::default();
    let relays: Vec<Box<dyn Relay>> = service
        .beacon
        .iter()
        .flat_map(|beacon| &beacon.relays)
        .map(|url| Box::new(HttpRelay::new(url)) as Box<dyn Relay>)
        .collect();
    workers.spawn(service, "contributions", Duration::ZERO, move |service| {
        let done = service.advance_contributions().and_then(|_| service.ask_beacon(&relays));
        rest_after(done)
    })?;
    for witness in service.witnesses().iter().filter(|witness| witness.vrf.is_some()).cloned() {
        let answerer = HttpAnswerer::new(&witness.url);
        workers.spawn(service, "answers", Duration::ZERO, move |service| {
            rest_after(service.ask_witness(&witness, &answerer))
        })?;
    }
    Ok(workers)
}

fn rest_after(done: Result<usize, Refusal>) -> Duration {
    match done {
        Ok(_) => EVERY,
        Err(refusal) => {
            tracing::error!("contributions: {refusal} {:?}", refusal.cause);
            PAUSE
        }
    }
}
