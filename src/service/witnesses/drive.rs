//! A thread for each witness: after every commit, and every second for the commits of other processes and for
//! what is tried again. One that waits for a slow witness holds up nobody else.

use std::sync::Arc;
use std::time::Duration;

use super::super::Service;
use super::push::Pushed;
use crate::outside::witness::{Cosigner, HttpWitness, Trouble, Witness};
use crate::service::workers::Workers;

/// How often the log is looked at when this process wrote nothing.
const EVERY: Duration = Duration::from_secs(1);
/// Between two steps, so that a busy log is cosigned a few times a second and not at every commit.
const PACE: Duration = Duration::from_millis(100);

/// Begins for every witness of the configuration, over HTTP.
pub fn push_to_witnesses(service: &Arc<Service>) -> std::io::Result<Workers> {
    push_over(service, |witness| Box::new(HttpWitness::new(&witness.url)))
}

/// Begins, each witness reached as `reach` says; its calls end in bounded time.
pub fn push_over(
    service: &Arc<Service>,
    reach: impl Fn(&Witness) -> Box<dyn Cosigner>,
) -> std::io::Result<Workers> {
    let mut workers = Workers::default();
    for witness in service.witnesses() {
        let (witness, cosigner) = (witness.clone(), reach(witness));
        let name = format!("witness {}", witness.key.name());
        workers.spawn(service, &name, PACE, move |service| step(service, &witness, cosigner.as_ref()))?;
    }
    Ok(workers)
}

/// One head, and how long to rest.
fn step(service: &Service, witness: &Witness, cosigner: &dyn Cosigner) -> Duration {
    let name = witness.key.name();
    match service.push_to(witness, cosigner) {
        // There may be a newer head already.
        Ok(Pushed::Cosigned(size)) => {
            tracing::debug!(%name, size, "cosigned");
            return Duration::ZERO;
        }
        Ok(Pushed::Nothing | Pushed::Until(_)) => {}
        Ok(Pushed::Failed(trouble @ (Trouble::Inconsistent | Trouble::Ahead))) => {
            tracing::error!(%name, trouble = trouble.word(), "{}", trouble.texts().1);
        }
        Ok(Pushed::Failed(trouble)) => tracing::warn!(%name, trouble = trouble.word(), "not cosigned"),
        Err(refusal) => tracing::error!(%name, "witness: {refusal} {:?}", refusal.cause),
    }
    EVERY
}
