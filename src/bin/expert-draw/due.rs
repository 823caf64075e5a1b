//! `due`: what a date brings, once; and the thread by which `serve` does it every minute.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use expert_draw::config::Config;
use expert_draw::service::Service;
use expert_draw::time::Date;

use crate::setup::{self, Failure};

/// How often `serve` looks.
const EVERY: Duration = Duration::from_secs(60);

pub fn due(config: &Config) -> Result<ExitCode, Failure> {
    let (service, _) = setup::service(config)?;
    for (step, count) in service.run_due()?.counts {
        println!("{step}: {count}");
    }
    Ok(ExitCode::SUCCESS)
}

/// A thread that runs what is due, until it is dropped.
pub struct Minder {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Minder {
    /// Runs everything at once and with every new day, what can be due at any minute in between.
    pub fn start(service: Arc<Service>) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new().name("due".into()).spawn(move || {
            let mut done_for = None;
            loop {
                let today = Date::of(service.now());
                let whole = done_for != Some(today);
                match if whole { service.run_due() } else { service.run_due_often() } {
                    Ok(report) => {
                        done_for = Some(today);
                        if report.counts.iter().any(|(_, count)| *count > 0) {
                            tracing::info!("due: {:?}", report.counts);
                        }
                    }
                    // The next minute tries again.
                    Err(refusal) => tracing::error!("due: {refusal} {:?}", refusal.cause),
                }
                match stopped.recv_timeout(EVERY) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Minder {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in it was written by the panic hook.
            let _ = thread.join();
        }
    }
}
