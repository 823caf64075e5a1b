//! A witness of somebody else's, over HTTP (C2SP tlog-witness): one checkpoint there, cosignatures or the
//! size that it knows back.
//!
//! *Invariants:* every call ends within [`TIMEOUT`]; no more than [`BODY_LIMIT`] bytes of an answer are read;
//! no redirect is followed. Nothing that a witness says is believed here: an answer is lines and numbers, and
//! whether a cosignature verifies is looked at by who asked (`service::witnesses`).
//!
//! *Deliberately not here:* TLS. What goes out is public and signed, so `http://` to any host does; whoever
//! wants `https://` points at a proxy. When to ask, and again, is the service's.

use std::time::Duration;

use super::bounded::{Failed, agent, answered, body};
use crate::log::{AddCheckpoint, SignatureLine, VerifierKey, signature_lines, size_line};

/// The longest that one call may take.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes; 64 cosignatures fit.
pub const BODY_LIMIT: u64 = 64 << 10;
/// What a 409 is called, so that a conflict of something in between is not taken for the witness's.
const SIZE_TYPE: &str = "text/x.tlog.size";

/// A witness of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Who it is, for people.
    pub name: String,
    /// Its submission prefix, without a slash at the end.
    pub url: String,
    /// The key of its cosignatures, algorithm 0x04.
    pub key: VerifierKey,
    /// The VRF key with which it contributes to draws, if it does (`api-spec/witness-v1.md`).
    pub vrf: Option<[u8; 32]>,
}

/// What a witness answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It cosigned: its lines, none of them verified.
    Lines(Vec<SignatureLine>),
    /// It cosigned another size last.
    Size(u64),
}

/// Why there is no cosignature: a class, for the state that people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No connection, or it broke.
    Unreachable,
    /// No whole answer in time.
    Timeout,
    /// An answer longer than is read.
    TooLarge,
    /// An answer that is not what the protocol says.
    Malformed,
    /// Another address was named; it is not asked.
    Redirect,
    /// 400: the request is not one, it says.
    Request,
    /// 403: it does not trust the key of our checkpoints.
    Signature,
    /// 404: it does not know this log.
    UnknownLog,
    /// 422, or 409 with the very size of our head: it is not consistent with the one that it cosigned.
    Inconsistent,
    /// 429, 5xx: not now.
    Busy,
    /// Cosigned, but not with the key that is pinned.
    OtherKey,
    /// A line of the pinned key that does not verify.
    BadCosignature,
    /// It says that it knows the size that it has just refused, or keeps changing its word.
    WrongSize,
    /// It has cosigned a head that is larger than this log: entries are missing here, or the key is used
    /// elsewhere.
    Ahead,
}

impl Trouble {
    /// All classes.
    pub const ALL: [Self; 14] = [
        Self::Unreachable,
        Self::Timeout,
        Self::TooLarge,
        Self::Malformed,
        Self::Redirect,
        Self::Request,
        Self::Signature,
        Self::UnknownLog,
        Self::Inconsistent,
        Self::Busy,
        Self::OtherKey,
        Self::BadCosignature,
        Self::WrongSize,
        Self::Ahead,
    ];

    /// The word in the database and the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::Redirect => "redirect",
            Self::Request => "request_refused",
            Self::Signature => "signature_refused",
            Self::UnknownLog => "unknown_log",
            Self::Inconsistent => "inconsistent",
            Self::Busy => "busy",
            Self::OtherKey => "other_key",
            Self::BadCosignature => "bad_cosignature",
            Self::WrongSize => "wrong_size",
            Self::Ahead => "ahead",
        }
    }

    /// The class of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.word() == word)
    }

    /// What people read, in Chinese and English.
    pub fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Unreachable => ("无法连接见证方", "the witness cannot be reached"),
            Self::Timeout => ("见证方未在时限内答复", "the witness did not answer in time"),
            Self::TooLarge => {
                ("见证方的答复过长，未予读取", "the witness's answer is too long and was not read")
            }
            Self::Malformed => {
                ("见证方的答复不符合 C2SP tlog-witness", "the answer is not one of C2SP tlog-witness")
            }
            Self::Redirect => {
                ("见证方转向其他地址，不予跟随", "the witness names another address, which is not followed")
            }
            Self::Request => {
                ("见证方认为请求不合规范 (400)", "the witness calls the request malformed (400)")
            }
            Self::Signature => {
                ("见证方不信任本日志的密钥 (403)", "the witness does not trust this log's key (403)")
            }
            Self::UnknownLog => ("见证方未登记本日志 (404)", "the witness does not know this log (404)"),
            Self::Inconsistent => (
                "见证方认为本日志与其此前见证的不一致，请立即核查",
                "the witness finds this log inconsistent with what it cosigned before: look into it at once",
            ),
            Self::Busy => ("见证方暂时无法处理", "the witness is busy"),
            Self::OtherKey => {
                ("答复中没有所登记密钥的见证签名", "no cosignature by the pinned key in the answer")
            }
            Self::BadCosignature => ("见证签名不能通过核验", "the cosignature does not verify"),
            Self::WrongSize => {
                ("见证方所称的规模前后不一", "the witness contradicts itself about the size that it knows")
            }
            Self::Ahead => (
                "见证方见证过比本日志更大的规模：本库可能缺少条目，或日志密钥在别处使用，请立即核查",
                "the witness cosigned a head larger than this log: entries are missing here, or the log key is used elsewhere; look into it at once",
            ),
        }
    }
}

/// Whoever takes a checkpoint to be cosigned.
pub trait Cosigner: Send + Sync {
    /// Hands one checkpoint over. May take seconds; must return in bounded time.
    fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<Answer, Trouble>;
}

/// Whether an address can be a witness's: `http://`, a host, no query. The error is what is accepted, in
/// Chinese and English.
pub fn check_address(url: &str) -> Result<(), &'static str> {
    let wrong = "须为 http:// 地址，例如 http://witness.example.cn:8490（https 由代理完成） \
                 (must be http:// with a host and no query; https is a proxy's business)";
    let uri: ureq::http::Uri = url.parse().map_err(|_| wrong)?;
    let plain = uri.scheme_str() == Some("http") && uri.query().is_none() && !url.contains(['@', '#']);
    if plain && uri.host().is_some_and(|host| !host.is_empty()) { Ok(()) } else { Err(wrong) }
}

/// A witness at an address.
pub struct HttpWitness {
    add_checkpoint: String,
    agent: ureq::Agent,
}

impl HttpWitness {
    /// At a checked submission prefix.
    pub fn new(url: &str) -> Self {
        Self::with_timeout(url, TIMEOUT)
    }

    /// With another limit of time, for tests.
    pub fn with_timeout(url: &str, timeout: Duration) -> Self {
        let agent = agent(timeout);
        Self { add_checkpoint: format!("{}/add-checkpoint", url.trim_end_matches('/')), agent }
    }
}

impl Cosigner for HttpWitness {
    fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<Answer, Trouble> {
        let post = self.agent.post(&self.add_checkpoint).header("Content-Type", "text/plain; charset=utf-8");
        let answer = answered(post.send(request.to_string().as_bytes()))?;
        let status = answer.status().as_u16();
        let size_type = answer.headers().get("content-type").is_some_and(|value| value == SIZE_TYPE);
        match status {
            200 => {}
            409 if size_type => {}
            400 => return Err(Trouble::Request),
            403 => return Err(Trouble::Signature),
            404 => return Err(Trouble::UnknownLog),
            422 => return Err(Trouble::Inconsistent),
            429 | 500..=599 => return Err(Trouble::Busy),
            _ => return Err(Trouble::Malformed),
        }
        let body = body(answer, BODY_LIMIT)?;
        let said = match status {
            409 => size_line(&body).map(Answer::Size),
            _ => signature_lines(&body).map(Answer::Lines),
        };
        said.ok_or(Trouble::Malformed)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_witness_is_plain_http_with_a_host() {
        for url in ["http://127.0.0.1:8490", "http://witness.example.cn/w1/", "http://[::1]:1"] {
            assert_eq!(check_address(url), Ok(()), "{url}");
        }
        for url in
            ["https://witness.example.cn", "http://a@b.cn/", "http://w.cn/?x=1", "http:///x", "w.cn", ""]
        {
            assert!(check_address(url).is_err(), "{url}");
        }
    }

    #[test]
    fn every_class_of_trouble_has_a_word_of_its_own() {
        for trouble in Trouble::ALL {
            assert_eq!(Trouble::of_word(trouble.word()), Some(trouble));
            let (zh, en) = trouble.texts();
            assert!(!zh.is_empty() && en.is_ascii(), "{en}");
        }
        assert_eq!(Trouble::of_word("fine"), None);
    }
}
