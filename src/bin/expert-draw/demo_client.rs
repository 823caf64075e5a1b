//! A small client of the HTTP API, for the demo: JSON in and out, problems as text.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::setup::{Failure, failed};

/// The largest answer that is read: evidence of a large pool.
const ANSWER_LIMIT: u64 = 1 << 30;

/// A client with one account's token.
pub struct Client {
    base: String,
    token: String,
    agent: ureq::Agent,
    count: AtomicU32,
}

impl Client {
    /// For a server's address and a token.
    pub fn new(address: std::net::SocketAddr, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(1_800)))
            .build();
        Self {
            base: format!("http://{address}/api/v1"),
            token: token.to_owned(),
            agent: config.into(),
            count: AtomicU32::new(0),
        }
    }

    /// GET, as bytes.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let answer = request.header("Authorization", format!("Bearer {}", self.token)).call();
        read(path, answer.map_err(failed)?)
    }

    /// GET, as JSON.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        serde_json::from_slice(&self.bytes(path)?).map_err(failed)
    }

    /// POST of JSON, answered by JSON.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(path, "application/json", body.to_string().as_bytes())
    }

    /// POST of any content, answered by JSON.
    pub fn send(&self, path: &str, content: &str, body: &[u8]) -> Result<Value, Failure> {
        let n = self.count.fetch_add(1, Ordering::Relaxed);
        let request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", content)
            .header("Idempotency-Key", format!("demo-{n}"));
        let bytes = read(path, request.send(body).map_err(failed)?)?;
        serde_json::from_slice(&bytes).map_err(failed)
    }
}

fn read(path: &str, mut answer: ureq::http::Response<ureq::Body>) -> Result<Vec<u8>, Failure> {
    let status = answer.status();
    let bytes = answer.body_mut().with_config().limit(ANSWER_LIMIT).read_to_vec().map_err(failed)?;
    if status.is_success() {
        return Ok(bytes);
    }
    Err(failed(format!("{path}: {status}\n{}", String::from_utf8_lossy(&bytes))))
}
