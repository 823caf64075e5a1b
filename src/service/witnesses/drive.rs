//! A thread for each witness: after every commit, and every second for the commits of other processes and for
//! what is tried again. One that waits for a slow witness holds up nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::super::Service;
use super::push::Pushed;
use crate::outside::witness::{Cosigner, HttpWitness, Trouble, Witness};

/// How often the log is looked at when this process wrote nothing.
const EVERY: Duration = Duration::from_secs(1);
/// Between two steps, so that a busy log is cosigned a few times a second and not at every commit.
const PACE: Duration = Duration::from_millis(100);

/// The threads; dropping ends them, each after the call that it is in (bounded by the client's time limit).
pub struct Drive {
    stop: Arc<AtomicBool>,
    threads: Vec<(SyncSender<()>, JoinHandle<()>)>,
}

impl Drive {
    /// Begins for every witness of the configuration, over HTTP.
    pub fn start(service: &Arc<Service>) -> std::io::Result<Self> {
        Self::over(service, |witness| Box::new(HttpWitness::new(&witness.url)))
    }

    /// Begins, each witness reached as `reach` says.
    pub fn over(
        service: &Arc<Service>,
        reach: impl Fn(&Witness) -> Box<dyn Cosigner>,
    ) -> std::io::Result<Self> {
        let mut drive = Self { stop: Arc::default(), threads: Vec::new() };
        for witness in service.witnesses() {
            // One waiting call is enough, however many commits there were.
            let (wake, woken) = sync_channel::<()>(1);
            let told = wake.clone();
            service.after_commit(move || {
                let _ = told.try_send(());
            });
            let (service, witness, cosigner) = (Arc::clone(service), witness.clone(), reach(witness));
            let stop = Arc::clone(&drive.stop);
            let name = format!("witness {}", witness.key.name());
            let thread = std::thread::Builder::new()
                .name(name.chars().take(15).collect())
                .spawn(move || serve(&service, &witness, cosigner.as_ref(), &stop, &woken))?;
            drive.threads.push((wake, thread));
        }
        Ok(drive)
    }
}

impl Drop for Drive {
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

fn serve(
    service: &Service,
    witness: &Witness,
    cosigner: &dyn Cosigner,
    stop: &AtomicBool,
    woken: &Receiver<()>,
) {
    let name = witness.key.name();
    while !stop.load(Ordering::SeqCst) {
        let mut rest = EVERY;
        match service.push_to(witness, cosigner) {
            // There may be a newer head already.
            Ok(Pushed::Cosigned(size)) => {
                tracing::debug!(%name, size, "cosigned");
                rest = Duration::ZERO;
            }
            Ok(Pushed::Nothing | Pushed::Until(_)) => {}
            Ok(Pushed::Failed(trouble @ (Trouble::Inconsistent | Trouble::Ahead))) => {
                tracing::error!(%name, trouble = trouble.word(), "{}", trouble.texts().1);
            }
            Ok(Pushed::Failed(trouble)) => tracing::warn!(%name, trouble = trouble.word(), "not cosigned"),
            Err(refusal) => tracing::error!(%name, "witness: {refusal} {:?}", refusal.cause),
        }
        if !stop.load(Ordering::SeqCst) {
            // First the pause: what is written after it is pushed at once.
            std::thread::sleep(PACE);
            let _ = woken.recv_timeout(rest);
        }
    }
}
