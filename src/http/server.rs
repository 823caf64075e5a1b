//! Listening and ending: HTTP/1.1 on one address, TLS at the proxy. Ctrl-C and SIGTERM let running
//! requests end, then the server ends well (exit 0).

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;

use actix_web::dev::{Server, ServerHandle};
use actix_web::rt::{self, System};
use actix_web::{HttpServer, web};

use super::app::{Shared, app};
use super::body::Limits;
use super::sealing;
use crate::service::Service;

/// How to serve.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Threads that speak HTTP; use-cases run on a pool of their own.
    pub workers: usize,
    /// How long bodies may be.
    pub limits: Limits,
    /// How long running requests may take to end, in seconds.
    pub shutdown_timeout_s: u64,
}

impl Serving {
    /// On an address, with 2 workers and the usual limits.
    pub fn on(listen: SocketAddr) -> Self {
        Self { listen, workers: 2, limits: Limits::default(), shutdown_timeout_s: 30 }
    }
}

/// Serves until Ctrl-C or SIGTERM. `ready` hears the address once connections are accepted.
pub fn serve(service: Arc<Service>, serving: Serving, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let listener = TcpListener::bind(serving.listen)?;
    let address = listener.local_addr()?;
    System::new().block_on(async move {
        let server = server(service, serving, listener)?;
        let handle = server.handle();
        // Before `ready`: whoever hears of the address may ask for the end at once.
        let asked_to_end = asked_to_end()?;
        rt::spawn(async move {
            asked_to_end.await;
            tracing::info!("ending: running requests are finished first");
            handle.stop(true).await;
        });
        ready(address);
        server.await
    })
}

/// A server on a thread of its own, until it is stopped or dropped. For tests and the demo.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Serves on a thread of its own.
pub fn spawn(service: Arc<Service>, serving: Serving) -> io::Result<Running> {
    let listener = TcpListener::bind(serving.listen)?;
    let address = listener.local_addr()?;
    let (tell, told) = sync_channel(1);
    let thread = std::thread::Builder::new().name("http".into()).spawn(move || {
        System::new().block_on(async move {
            let server = server(service, serving, listener)?;
            // The receiver waits below until it has the handle.
            let _ = tell.send(server.handle());
            server.await
        })
    })?;
    match told.recv() {
        Ok(handle) => Ok(Running { address, handle, thread: Some(thread) }),
        Err(_) => match thread.join() {
            Ok(Err(error)) => Err(error),
            _ => Err(io::Error::other("the server did not start")),
        },
    }
}

impl Running {
    /// Lets running requests end, then ends.
    pub fn stop(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        // The answer is the thread's end; the returned future need not be awaited.
        drop(self.handle.stop(true));
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the server panicked")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

fn server(service: Arc<Service>, serving: Serving, listener: TcpListener) -> io::Result<Server> {
    let service = web::Data::from(service);
    // A rotation that a crash or an end interrupted is gone on with.
    sealing::go_on(&service);
    let shared = Shared::new(service, serving.limits);
    let server = HttpServer::new(move || app(&shared))
        .workers(serving.workers.max(1))
        .disable_signals()
        .shutdown_timeout(serving.shutdown_timeout_s)
        .listen(listener)?
        .run();
    Ok(server)
}

/// Listens for Ctrl-C and SIGTERM from this call on; what is returned ends with the first of them.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(std::future::poll_fn(move |context| {
        let asked = interrupt.poll_recv(context).is_ready() || terminate.poll_recv(context).is_ready();
        if asked { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    }))
}

#[cfg(not(unix))]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = rt::signal::ctrl_c().await;
    })
}
