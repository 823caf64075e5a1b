//! Threads that follow the journal beside the service: each takes a step after every commit of this process,
//! and after a rest for the commits of others. One that waits for a slow party holds up no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Service;

/// The longest name of a thread that Linux keeps.
const NAME: usize = 15;

/// The threads; dropping ends them, each after the step that it is in.
#[derive(Default)]
pub struct Workers {
    stop: Arc<AtomicBool>,
    threads: Vec<(SyncSender<()>, JoinHandle<()>)>,
}

impl Workers {
    /// One more thread. `step` answers how long to rest unless something is committed; `pace` is waited
    /// after every step, so that a busy log is not followed at every commit.
    pub fn spawn(
        &mut self,
        service: &Arc<Service>,
        name: &str,
        pace: Duration,
        mut step: impl FnMut(&Service) -> Duration + Send + 'static,
    ) -> std::io::Result<()> {
        // One waiting call is enough, however many commits there were.
        let (wake, woken) = sync_channel::<()>(1);
        let told = wake.clone();
        service.after_commit(move || {
            let _ = told.try_send(());
        });
        let (service, stop) = (Arc::clone(service), Arc::clone(&self.stop));
        let named = std::thread::Builder::new().name(name.chars().take(NAME).collect());
        let thread = named.spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                let rest = step(&service);
                if !stop.load(Ordering::SeqCst) {
                    // First the pause: what is written after it is heard at once.
                    std::thread::sleep(pace);
                    let _ = woken.recv_timeout(rest);
                }
            }
        })?;
        self.threads.push((wake, thread));
        Ok(())
    }
}

impl Drop for Workers {
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
