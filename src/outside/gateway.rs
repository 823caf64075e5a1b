//! The client of an SMS and voice gateway (`api-spec/gateway-v1.md`): `POST {base}/messages`, signed, under
//! the message's key as Idempotency-Key.
//!
//! *Invariants:* every call ends within [`TIMEOUT`]; no more than [`wire::BODY_LIMIT`] bytes of an answer are
//! read; no redirect is followed (the signature is for this address, and a phone number goes nowhere else).

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::message::Letter;
use super::wire::{self, SIGNATURE_HEADER, TIME_HEADER};
use super::{Channel, Outcome, is_local};
use crate::codec::{Json, object};
use crate::ports::Clock;

/// The longest that one call may take.
pub const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(5);

/// A gateway.
pub struct Gateway {
    messages: String,
    secret: Zeroizing<[u8; 32]>,
    clock: Arc<dyn Clock>,
    agent: ureq::Agent,
}

/// Whether an address can be a gateway's: `http://` and a host of this machine. The error is what is
/// accepted, in Chinese and English.
pub fn check_address(url: &str) -> Result<(), &'static str> {
    let wrong = "须为本机地址，例如 http://127.0.0.1:9000（加密由本机代理完成） \
                 (must be http:// on this machine; TLS is the local proxy's business)";
    let uri: ureq::http::Uri = url.parse().map_err(|_| wrong)?;
    let plain = uri.scheme_str() == Some("http") && uri.query().is_none() && !url.contains(['@', '#']);
    if plain && uri.host().is_some_and(is_local) { Ok(()) } else { Err(wrong) }
}

impl Gateway {
    /// At a checked address, with the secret that signs requests.
    pub fn new(url: &str, secret: Zeroizing<[u8; 32]>, clock: Arc<dyn Clock>) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .timeout_connect(Some(CONNECT))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build()
            .into();
        Self { messages: format!("{}/messages", url.trim_end_matches('/')), secret, clock, agent }
    }
}

impl Channel for Gateway {
    fn name(&self) -> &'static str {
        "gateway"
    }

    fn send(&self, letter: &Letter) -> Outcome {
        let Some(phone) = &letter.phone else { return Outcome::Never("no_phone") };
        let (body, time) = (wire::request_body(letter, phone), self.clock.now().0);
        let request = self
            .agent
            .post(&self.messages)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", &letter.key)
            .header(TIME_HEADER, time.to_string())
            .header(SIGNATURE_HEADER, wire::sign_request(&self.secret, time, &body));
        // The cause may hold the address of the gateway, never the person's: it is not kept all the same.
        let Ok(mut answer) = request.send(&body) else { return Outcome::Later("gateway_unreachable") };
        match answer.status().as_u16() {
            200..=202 => {
                let limit = wire::BODY_LIMIT as u64;
                let body = answer.body_mut().with_config().limit(limit).read_to_vec().unwrap_or_default();
                if taken(&body, &letter.key) { Outcome::Taken } else { Outcome::Later("gateway_answer") }
            }
            409 => Outcome::Never("gateway_key_reused"),
            400 | 404 | 405 | 410 | 413 | 415 | 422 => Outcome::Never("gateway_refused"),
            401 | 403 => Outcome::Later("gateway_unauthorized"),
            _ => Outcome::Later("gateway_busy"),
        }
    }
}

/// Whether an answer says that this message was taken.
fn taken(body: &[u8], key: &str) -> bool {
    let Ok(json) = Json::parse(body, wire::BODY_LIMIT) else { return false };
    object(&json, "", |f| {
        f.int("v", 1..=1)?;
        Ok(f.str("key")? == key)
    })
    .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_reached_on_this_machine_only() {
        for url in ["http://127.0.0.1:9000", "http://localhost/sms/", "http://[::1]:9000/v1"] {
            assert_eq!(check_address(url), Ok(()), "{url}");
        }
        for url in [
            "https://127.0.0.1",
            "http://10.0.0.7:9000",
            "http://sms.example.cn",
            "http://localhost@sms.example.cn/",
            "http://127.0.0.1/?to=x",
            "ftp://localhost",
            "",
        ] {
            assert!(check_address(url).is_err(), "{url}");
        }
    }

    #[test]
    fn an_answer_about_another_message_is_not_taken_for_this_one() {
        assert!(taken(br#"{"key":"M1","v":1}"#, "M1"));
        assert!(!taken(br#"{"key":"M2","v":1}"#, "M1"));
        assert!(!taken(b"<html>", "M1"));
        assert!(!taken(br#"{"key":"M1","v":1,"more":1}"#, "M1"));
    }
}
