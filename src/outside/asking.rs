//! Asking others for their contribution to a draw: a witness for its VRF answer (`api-spec/witness-v1.md`),
//! a drand relay for a round (drand's HTTP interface).
//!
//! *Invariants:* every call ends within [`TIMEOUT`]; no more than [`ANSWER_LIMIT`] or [`ROUND_LIMIT`] bytes
//! are read; no redirect is followed. Nothing that comes back is believed here: it is fields, and whether
//! they verify is looked at by who asked (`service::contributions`).

use std::time::Duration;

use super::bounded::{Failed, agent, answered, body};
use crate::codec::{Hash, Json, from_hex};

/// The longest that one call may take.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer of a witness that is read, in bytes.
pub const ANSWER_LIMIT: u64 = 16 << 10;
/// The longest answer of a relay that is read, in bytes.
pub const ROUND_LIMIT: u64 = 4 << 10;

/// Why nothing usable came back: a class, for the operator's log and for who asks how a draw stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No connection, or it broke.
    Unreachable,
    /// No whole answer in time.
    Timeout,
    /// An answer longer than is read.
    TooLarge,
    /// An answer that is not of the protocol.
    Malformed,
    /// Another address was named; it is not asked.
    Redirect,
    /// It has nothing yet, or refuses.
    Refused,
    /// It answered about another draw, round or history of the log.
    Other,
    /// What it answered does not verify.
    Unverified,
}

impl Trouble {
    /// What people read, in Chinese and English.
    pub fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Unreachable => ("无法连接", "cannot be reached"),
            Self::Timeout => ("未在时限内答复", "no whole answer in time"),
            Self::TooLarge => ("答复过长，未予读取", "the answer is too long and was not read"),
            Self::Malformed => ("答复不符合约定格式", "the answer is not of the protocol"),
            Self::Redirect => ("转向其他地址，不予跟随", "names another address, which is not followed"),
            Self::Refused => ("暂无或拒绝提供", "has nothing yet, or refuses"),
            Self::Other => {
                ("答复的是另一次抽取、另一轮次或另一日志历史", "answers about another draw, round or history")
            }
            Self::Unverified => ("答复不能通过核验", "the answer does not verify"),
        }
    }
}

impl From<Failed> for Trouble {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Unreachable => Self::Unreachable,
            Failed::Timeout => Self::Timeout,
            Failed::TooLarge => Self::TooLarge,
            Failed::Malformed => Self::Malformed,
            Failed::Redirect => Self::Redirect,
        }
    }
}

/// A witness that can be asked for its contribution.
pub trait Answerer: Send + Sync {
    /// Hands over a request of witness-v1 §4; answers the JSON of a 200.
    fn answer(&self, request: &[u8]) -> Result<Json, Trouble>;
}

/// A relay of a beacon.
pub trait Relay: Send + Sync {
    /// A round of a chain, as the relay says.
    fn round(&self, chain: &Hash, round: u64) -> Result<Round, Trouble>;
    /// Its address, for the operator's log.
    fn address(&self) -> &str;
}

/// A round as a relay says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Its number.
    pub round: u64,
    /// Its signature.
    pub signature: Vec<u8>,
    /// The signature before, in a chained scheme.
    pub previous: Option<Vec<u8>>,
}

/// A witness at an address.
pub struct HttpAnswerer {
    url: String,
    agent: ureq::Agent,
}

impl HttpAnswerer {
    /// At the submission prefix of a witness.
    pub fn new(url: &str) -> Self {
        let url = format!("{}/expert-draw/v1/answer", url.trim_end_matches('/'));
        Self { url, agent: agent(TIMEOUT) }
    }
}

impl Answerer for HttpAnswerer {
    fn answer(&self, request: &[u8]) -> Result<Json, Trouble> {
        let sent = self.agent.post(&self.url).header("Content-Type", "application/json").send(request);
        let bytes = body_of_200(sent, ANSWER_LIMIT)?;
        let limit = usize::try_from(ANSWER_LIMIT).unwrap_or(usize::MAX);
        Json::parse_canonical(&bytes, limit).map_err(|_| Trouble::Malformed)
    }
}

/// A relay at an address.
pub struct HttpRelay {
    url: String,
    agent: ureq::Agent,
}

impl HttpRelay {
    /// At the address of a relay.
    pub fn new(url: &str) -> Self {
        Self::with_timeout(url, TIMEOUT)
    }

    /// With another limit of time, for tests.
    pub fn with_timeout(url: &str, timeout: Duration) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), agent: agent(timeout) }
    }
}

impl Relay for HttpRelay {
    fn round(&self, chain: &Hash, round: u64) -> Result<Round, Trouble> {
        let url = format!("{}/{}/public/{round}", self.url, chain.to_hex());
        let bytes = body_of_200(self.agent.get(&url).call(), ROUND_LIMIT)?;
        read_round(&bytes).ok_or(Trouble::Malformed)
    }

    fn address(&self) -> &str {
        &self.url
    }
}

/// The body of a 200; any other status is a refusal, and what cannot be read is trouble before that.
fn body_of_200(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    limit: u64,
) -> Result<Vec<u8>, Trouble> {
    let answer = answered(answer)?;
    let status = answer.status().as_u16();
    let bytes = body(answer, limit)?;
    if status == 200 { Ok(bytes) } else { Err(Trouble::Refused) }
}

/// Reads a relay's answer; fields beside those that are needed are free.
fn read_round(bytes: &[u8]) -> Option<Round> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let hex = |name: &str| value.get(name).and_then(serde_json::Value::as_str).and_then(from_hex);
    let previous = match value.get("previous_signature") {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::String(text)) if text.is_empty() => None,
        Some(_) => Some(hex("previous_signature")?),
    };
    Some(Round { round: value.get("round")?.as_u64()?, signature: hex("signature")?, previous })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relays_answer_is_read_by_its_fields_and_nothing_else_is() {
        let read = |text: &str| read_round(text.as_bytes());
        let quicknet = read(r#"{"round":7,"randomness":"00","signature":"0a0b"}"#).unwrap();
        assert_eq!(quicknet, Round { round: 7, signature: vec![10, 11], previous: None });
        let chained = read(r#"{"round":7,"signature":"0a","previous_signature":"0c"}"#).unwrap();
        assert_eq!(chained.previous, Some(vec![12]));
        for wrong in [
            "",
            "[]",
            r#"{"round":-1,"signature":"0a"}"#,
            r#"{"round":7}"#,
            r#"{"round":7,"signature":"zz"}"#,
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
