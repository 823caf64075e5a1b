//! The threads by which a running service gathers contributions: one for what needs nobody, one for the
//! beacon, one for each witness that contributes. A slow witness or relay holds up only the draws that name it.

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

/// Waited after every step, so that a busy log is not followed at every commit.
const PACE: Duration = Duration::from_millis(100);

/// Begins, over HTTP.
pub fn gather(service: &Arc<Service>) -> std::io::Result<Workers> {
    let mut workers = Workers::default();
    workers.spawn(service, "contributions", PACE, |service| {
        rest_after(service.advance_contributions().map(|()| 0))
    })?;
    if let Some(beacon) = &service.beacon {
        let relay = |url: &String| Box::new(HttpRelay::new(url)) as Box<dyn Relay>;
        let relays: Vec<Box<dyn Relay>> = beacon.relays.iter().map(relay).collect();
        workers.spawn(service, "beacon", PACE, move |service| rest_after(service.ask_beacon(&relays)))?;
    }
    for witness in service.witnesses().iter().filter(|witness| witness.vrf.is_some()).cloned() {
        let answerer = HttpAnswerer::new(&witness.url);
        workers.spawn(service, "answers", PACE, move |service| {
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
