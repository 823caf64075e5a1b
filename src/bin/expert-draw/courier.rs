//! The courier: the thread by which `serve` sends what waits in the outbox, and the channels of the
//! configuration; and `expert-draw gateway`, the reference gateway for trials and tests.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use expert_draw::codec::from_hex;
use expert_draw::config::Config;
use expert_draw::outside::gateway::Gateway;
use expert_draw::outside::mail::Mail;
use expert_draw::outside::reference::{ReferenceGateway, Settings, Unkind};
use expert_draw::outside::{Channel, InOrder};
use expert_draw::ports::{Entropy, SystemClock, SystemEntropy};
use expert_draw::service::Service;

use crate::setup::{Failure, failed};

/// How often the outbox is looked at when nothing was written: for what is tried again.
const EVERY: Duration = Duration::from_secs(1);

/// The channels of a configuration in order: gateway, then mail. `None`: people look at their own page.
pub fn channels(config: &Config) -> Result<Option<InOrder>, Failure> {
    let mut channels: Vec<Box<dyn Channel>> = Vec::new();
    if let Some(url) = &config.gateway {
        let secret = secret(&config.gateway_secret)?;
        channels.push(Box::new(Gateway::new(url, secret.into(), Arc::new(SystemClock))));
    }
    if let Some((relay, from)) = &config.mail {
        channels.push(Box::new(Mail::new(relay, from)));
    }
    Ok((!channels.is_empty()).then_some(InOrder(channels)))
}

/// The secret of a file that nobody else may read: 64 hex digits.
fn secret(path: &Path) -> Result<[u8; 32], Failure> {
    let wrong = |why: &str| failed(format!("配置项 gateway_secret：{}: {why}", path.display()));
    let mode = fs::metadata(path).map_err(|e| wrong(&e.to_string()))?.mode();
    if mode & 0o077 != 0 {
        return Err(wrong("权限过宽，请执行 chmod 600 (mode too open, run chmod 600)"));
    }
    let text = fs::read_to_string(path).map_err(|e| wrong(&e.to_string()))?;
    let bytes = from_hex(text.trim_end()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.ok_or_else(|| wrong("须为64位十六进制 (must be 64 hex digits)"))
}

/// A thread that sends what waits, after every commit and every second, until it is dropped.
pub struct Courier {
    stop: Arc<AtomicBool>,
    wake: SyncSender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Courier {
    /// Sends over these channels.
    pub fn start(service: Arc<Service>, channels: InOrder) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel::<()>(1);
        let (stop, told) = (Arc::new(AtomicBool::new(false)), wake.clone());
        // One waiting call is enough, however many commits there were.
        service.after_commit(move || {
            let _ = told.try_send(());
        });
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("courier".into()).spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                match service.send_waiting(&channels) {
                    Ok(report) if report != Default::default() => tracing::info!(?report, "messages"),
                    Ok(_) => {}
                    // The next second tries again.
                    Err(refusal) => tracing::error!("messages: {refusal} {:?}", refusal.cause),
                }
                // Woken or not, the outbox is looked at.
                let _ = woken.recv_timeout(EVERY);
            }
        })?;
        Ok(Self { stop, wake, thread: Some(thread) })
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = self.wake.try_send(());
        if let Some(thread) = self.thread.take() {
            // A panic in it was written by the panic hook.
            let _ = thread.join();
        }
    }
}

/// Runs the reference gateway until the process is ended. It reaches nobody: messages are printed.
pub fn gateway(
    listen: SocketAddr,
    secret_file: &Path,
    report_to: Option<String>,
    unkind: bool,
) -> Result<ExitCode, Failure> {
    let mut seed = [0; 32];
    SystemEntropy.fill(&mut seed);
    let unkind = if unkind {
        Unkind { lose_request: 64, lose_answer: 64, double: 64, delay: 64, reorder: true }
    } else {
        Unkind::default()
    };
    let settings = Settings {
        secret: secret(secret_file)?,
        seed,
        unkind,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    };
    let mut gateway = ReferenceGateway::start(listen, settings)?;
    gateway.report_to(report_to);
    gateway.report_by_itself()?;
    println!("参考通知平台（只用于试验，不发送任何短信）：{}", gateway.url());
    println!("gateway_key = \"{}\"", gateway.public_key());
    let mut printed = 0;
    loop {
        let sent = gateway.sent();
        for message in sent.iter().skip(printed) {
            println!("{} {} → {}：{}", message.key, message.kind, message.phone, message.text);
        }
        printed = sent.len();
        std::thread::sleep(EVERY);
    }
}
