//! Clients of the API who remember what they were answered and what they asked last.

use std::sync::Barrier;
use std::time::Duration;

use serde_json::Value;

use crate::site::{package, request};

pub const PACKAGES: &str = "/packages";
pub const DRAWS: &str = "/draws";

/// A request under its Idempotency-Key.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: &'static str,
    pub key: String,
    pub body: Value,
}

impl Asked {
    pub fn new(path: &'static str, key: impl Into<String>, body: Value) -> Self {
        Self { path, key: key.into(), body }
    }
}

/// A client with a token.
pub struct Client {
    base: String,
    token: String,
    agent: ureq::Agent,
}

impl Client {
    pub fn new(address: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self {
            base: format!("http://{address}/api/v1"),
            token: format!("Bearer {token}"),
            agent: config.into(),
        }
    }

    /// The whole answer, or `None` if the server went away before it was given. A request that is
    /// answered by a refusal fails the test.
    pub fn ask(&self, asked: &Asked) -> Option<Value> {
        let request = self.agent.post(format!("{}{}", self.base, asked.path));
        let request = request.header("Authorization", &self.token).header("Idempotency-Key", &asked.key);
        let mut answer = request.send_json(&asked.body).ok()?;
        let body = answer.body_mut().read_to_string().ok()?;
        assert_eq!(answer.status(), 201, "{asked:?}: {body}");
        Some(serde_json::from_str(&body).unwrap())
    }

    pub fn get(&self, path: &str) -> Vec<u8> {
        let request = self.agent.get(format!("{}{path}", self.base)).header("Authorization", &self.token);
        let mut answer = request.call().unwrap();
        let body = answer.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
        assert_eq!(answer.status(), 200, "{path}: {}", String::from_utf8_lossy(&body));
        body
    }

    pub fn get_json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path)).unwrap()
    }

    /// All items of a list, page by page.
    pub fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get_json(&format!("{path}?limit=200{after}"));
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
        }
    }
}

/// What one client was told before the server went away.
#[derive(Default)]
pub struct Told {
    /// Packages recorded, as answered.
    pub packages: Vec<Value>,
    /// Draws made, as answered.
    pub draws: Vec<Value>,
    /// The request that was never answered.
    pub unanswered: Option<Asked>,
}

/// Records packages and draws panels for them until the server goes away. `name` makes the keys and
/// plan numbers this client's own.
pub fn draw_until_the_end(client: &Client, name: &str, ready: &Barrier) -> Told {
    let mut told = Told::default();
    ready.wait();
    for n in 0.. {
        let key = format!("{name}N{n}");
        let asked = Asked::new(PACKAGES, &key, package(&key));
        let Some(recorded) = client.ask(&asked) else {
            told.unanswered = Some(asked);
            break;
        };
        let asked = Asked::new(DRAWS, format!("{key}-draw"), request(id(&recorded)));
        told.packages.push(recorded);
        let Some(drawn) = client.ask(&asked) else {
            told.unanswered = Some(asked);
            break;
        };
        told.draws.push(drawn);
    }
    told
}

/// The id of what was answered.
pub fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}
