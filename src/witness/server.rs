//! The witness over HTTP/1.1 on one address (TLS at a proxy): C2SP `add-checkpoint` and monitors' `checkpoint`, and
//! `/expert-draw/v1/…` of `api-spec/witness-v1.md`.
//!
//! Extract, call one operation, map. Bodies are read up to their limit and for at most [`BODY_TIME`]; work that
//! flushes to disk runs on the pool for blocking work.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::rt::{System, time::timeout};
use actix_web::{App, HttpResponse, HttpServer, web};
use serde::Deserialize;

use super::refusal::Refusal;
use super::witness::{LIST_LIMIT, Witness};
use super::{add_checkpoint, answer};
use crate::codec::{Hash, Json, MAX_INTEGER};

/// How long a client may take to send a body.
const BODY_TIME: Duration = Duration::from_secs(30);
/// How long running requests may take to end, in seconds.
const SHUTDOWN_S: u64 = 10;
const TEXT: &str = "text/plain; charset=utf-8";
const SIZE: &str = "text/x.tlog.size";

/// Serves until Ctrl-C or SIGTERM. `ready` hears the address once connections are accepted.
pub fn serve(witness: Arc<Witness>, listen: SocketAddr, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let listener = TcpListener::bind(listen)?;
    let address = listener.local_addr()?;
    System::new().block_on(async move {
        let server = server(witness, listener, true)?;
        ready(address);
        server.await
    })
}

/// A witness on a thread of its own, until it is dropped. For tests and the demo.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Serves on a thread of its own.
pub fn spawn(witness: Arc<Witness>, listen: SocketAddr) -> io::Result<Running> {
    let listener = TcpListener::bind(listen)?;
    let address = listener.local_addr()?;
    let (tell, told) = sync_channel(1);
    let thread = std::thread::Builder::new().name("witness".into()).spawn(move || {
        System::new().block_on(async move {
            let server = server(witness, listener, false)?;
            // The receiver waits below until it has the handle.
            let _ = tell.send(server.handle());
            server.await
        })
    })?;
    let handle = told.recv().map_err(|_| io::Error::other("the witness did not start"))?;
    Ok(Running { address, handle, thread: Some(thread) })
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            drop(self.handle.stop(true));
            let _ = thread.join();
        }
    }
}

fn server(witness: Arc<Witness>, listener: TcpListener, signals: bool) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        // Resources, not bare routes: another method on a known path is a 405.
        let ours = web::scope("/expert-draw/v1")
            .service(web::resource("/answer").route(web::post().to(post_answer)))
            .service(web::resource("/not-released").route(web::post().to(post_not_released)))
            .service(web::resource("/answers").route(web::get().to(answers)))
            .service(web::resource("/answers/{alpha}").route(web::get().to(answer_of)))
            .service(web::resource("/head").route(web::get().to(head)))
            .service(web::resource("/keys").route(web::get().to(keys)));
        App::new()
            .app_data(web::Data::from(Arc::clone(&witness)))
            .app_data(web::QueryConfig::default().error_handler(|error, _| {
                let refused = json(Err(Refusal::Shape(error.to_string())));
                actix_web::error::InternalError::from_response(error, refused).into()
            }))
            .service(web::resource("/add-checkpoint").route(web::post().to(add)))
            .service(web::resource("/{hash}/checkpoint").route(web::get().to(checkpoint)))
            .service(ours)
    });
    let server = if signals { server } else { server.disable_signals() };
    Ok(server.workers(2).shutdown_timeout(SHUTDOWN_S).listen(listener)?.run())
}

#[derive(Deserialize)]
struct Page {
    log: String,
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

#[derive(Deserialize)]
struct OfLog {
    log: String,
}

async fn add(witness: web::Data<Witness>, payload: web::Payload) -> HttpResponse {
    let done = match body(payload, add_checkpoint::BODY_LIMIT).await {
        Ok(body) => blocking(move || witness.add_checkpoint(&body)).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(lines) => HttpResponse::Ok().insert_header((CONTENT_TYPE, TEXT)).body(lines),
        Err(Refusal::OldSize(size)) => {
            HttpResponse::Conflict().insert_header((CONTENT_TYPE, SIZE)).body(format!("{size}\n"))
        }
        Err(refusal) => {
            let said = format!("{}: {}\n{}\n", refusal.word(), refusal.title_en(), refusal.title_zh());
            HttpResponse::build(status(&refusal)).insert_header((CONTENT_TYPE, TEXT)).body(said)
        }
    }
}

async fn post_answer(witness: web::Data<Witness>, payload: web::Payload) -> HttpResponse {
    match body(payload, answer::BODY_LIMIT).await {
        Ok(body) => json(blocking(move || witness.answer(&body)).await),
        Err(refusal) => json(Err(refusal)),
    }
}

async fn post_not_released(witness: web::Data<Witness>, payload: web::Payload) -> HttpResponse {
    match body(payload, answer::BODY_LIMIT).await {
        Ok(body) => json(blocking(move || witness.not_released(&body)).await),
        Err(refusal) => json(Err(refusal)),
    }
}

async fn answers(witness: web::Data<Witness>, query: web::Query<Page>) -> HttpResponse {
    let Page { log, after, limit } = query.into_inner();
    // Numbers beyond canonical JSON name nothing.
    let after = after.min(MAX_INTEGER.unsigned_abs());
    json(blocking(move || witness.answers(&log, after, limit.unwrap_or(LIST_LIMIT))).await)
}

async fn answer_of(witness: web::Data<Witness>, alpha: web::Path<String>) -> HttpResponse {
    let alpha = Hash::from_hex(&alpha).ok_or(Refusal::Unknown);
    json(match alpha {
        Ok(alpha) => blocking(move || witness.answer_of(&alpha)).await,
        Err(refusal) => Err(refusal),
    })
}

async fn head(witness: web::Data<Witness>, query: web::Query<OfLog>) -> HttpResponse {
    note(blocking(move || witness.head(&query.log)).await)
}

async fn checkpoint(witness: web::Data<Witness>, hash: web::Path<String>) -> HttpResponse {
    note(blocking(move || witness.head_by_hash(&hash)).await)
}

async fn keys(witness: web::Data<Witness>) -> HttpResponse {
    json(Ok(witness.public_keys()))
}

/// Reads a body whole. Errors: [`Refusal::TooLarge`], [`Refusal::Shape`] for one that ends early or is too slow.
async fn body(payload: web::Payload, limit: usize) -> Result<web::Bytes, Refusal> {
    match timeout(BODY_TIME, payload.to_bytes_limited(limit)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Err(_)) => Err(Refusal::TooLarge),
        Ok(Ok(Err(error))) => Err(Refusal::Shape(error.to_string())),
        Err(_) => Err(Refusal::Shape("the body did not come in time".into())),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    web::block(work).await.unwrap_or(Err(Refusal::Storage))
}

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn json(done: Result<Json, Refusal>) -> HttpResponse {
    let (status, body) = match &done {
        Ok(value) => (StatusCode::OK, value.canonical()),
        Err(refusal) => (status(refusal), refusal.to_json().canonical()),
    };
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body)
}

fn note(done: Result<String, Refusal>) -> HttpResponse {
    match done {
        Ok(note) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, TEXT))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(note),
        Err(refusal) => json(Err(refusal)),
    }
}
