//! The threads by which a running service gathers contributions: one for what needs nobody and for the
//! beacon, one for each witness that contributes. A slow witness holds up only the draws that name it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::outside::asking::{HttpAnswerer, HttpRelay, Relay};
use crate::service::Service;

/// How often draws are looked at when nothing was written.
const EVERY: Duration = Duration::from_secs(1);
/// After trouble, so that nobody is asked in a hurry.
const PAUSE: Duration = Duration::from_secs(2);

/// The threads; dropping ends them, each after the call that it is in.
pub struct Gathering {
    stop: Arc<AtomicBool>,
    threads: Vec<(SyncSender<()>, JoinHandle<()>)>,
}

impl Gathering {
    /// Begins, over HTTP.
    pub fn start(service: &Arc<Service>) -> std::io::Result<Self> {
        let mut gathering = Self { stop: Arc::default(), threads: Vec::new() };
        let relays: Vec<Box<dyn Relay>> = service
            .beacon
            .iter()
            .flat_map(|beacon| &beacon.relays)
            .map(|url| Box::new(HttpRelay::new(url)) as Box<dyn Relay>)
            .collect();
        gathering.spawn(service, "contributions", move |service| {
            service.advance_contributions()?;
            service.ask_beacon(&relays)
        })?;
        for witness in service.witnesses().iter().filter(|witness| witness.vrf.is_some()).cloned() {
            let answerer = HttpAnswerer::new(&witness.url);
            gathering.spawn(service, "answers", move |service| service.ask_witness(&witness, &answerer))?;
        }
        Ok(gathering)
    }

    fn spawn(
        &mut self,
        service: &Arc<Service>,
        name: &str,
        step: impl Fn(&Service) -> Result<usize, crate::service::refusal::Refusal> + Send + 'static,
    ) -> std::io::Result<()> {
        let (wake, woken) = sync_channel::<()>(1);
        let told = wake.clone();
        service.after_commit(move || {
            let _ = told.try_send(());
        });
        let (service, stop) = (Arc::clone(service), Arc::clone(&self.stop));
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                let rest = match step(&service) {
                    Ok(_) => EVERY,
                    Err(refusal) => {
                        tracing::error!("contributions: {refusal} {:?}", refusal.cause);
                        PAUSE
                    }
                };
                let _ = woken.recv_timeout(rest);
            }
        })?;
        self.threads.push((wake, thread));
        Ok(())
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for (wake, _) in &self.threads {
            let _ = wake.try_send(());
        }
        for (_, thread) in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
