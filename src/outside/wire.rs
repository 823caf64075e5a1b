//! The bytes of the gateway's contract (`api-spec/gateway-v1.md`): what is asked of a gateway and how it is
//! signed, what a gateway reports back and how that is checked.
//!
//! Requests are signed with HMAC-SHA-256 under a secret that both sides hold: they only have to convince
//! the gateway. Reports are signed with the gateway's own Ed25519 key: they are receipts, which have to
//! convince people who trust neither side, so this side must not be able to make them.
//!
//! *Invariant:* a report is read only after its signature was found good.

use ed25519_dalek::{Signature, VerifyingKey};

use super::message::Letter;
use crate::codec::{Hash, Json, Object, ShapeError, from_hex, hmac_sha256, object, sha256, to_hex};

/// Header of the time of a request, Unix seconds.
pub const TIME_HEADER: &str = "Expert-Draw-Time";
/// Header of a signature, either way.
pub const SIGNATURE_HEADER: &str = "Expert-Draw-Signature";
/// Header of the key that signed a report: 64 hex digits, SHA-256 of the public key.
pub const KEY_HEADER: &str = "Expert-Draw-Gateway";
/// The longest body either way, in bytes.
pub const BODY_LIMIT: usize = 16 << 10;
/// How far a request's time may be from the gateway's clock, in seconds.
pub const CLOCK_SLACK_S: i64 = 300;

const REQUEST: &[u8] = b"expert-draw/gateway/v1/request\n";
const REPORT: &[u8] = b"expert-draw/gateway/v1/report\n";

/// The body that asks a gateway to send a letter to a phone.
pub fn request_body(letter: &Letter, phone: &str) -> Vec<u8> {
    Json::from(
        Object::new()
            .with("v", 1u32)
            .with("key", letter.key.as_str())
            .with("kind", letter.notice.kind())
            .with("phone", phone)
            .with("text", letter.notice.text())
            .with("not_after", letter.notice.last_use().0)
            .with_some("answer_by", letter.notice.answer_by().map(|time| time.0)),
    )
    .canonical()
}

/// The signature of a request: `hmac-sha256=` and 64 hex digits.
pub fn sign_request(secret: &[u8; 32], time: i64, body: &[u8]) -> String {
    let time = time.to_string();
    let mac = hmac_sha256(secret, &[REQUEST, time.as_bytes(), b"\n", body]);
    format!("hmac-sha256={}", to_hex(&mac))
}

/// The public key of a gateway's reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayKey {
    key: VerifyingKey,
    digest: Hash,
}

impl GatewayKey {
    /// From 64 hex digits; `None` if they are no Ed25519 public key, or a weak one.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = <[u8; 32]>::try_from(from_hex(text)?).ok()?;
        let key = VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak())?;
        Some(Self { key, digest: sha256(&[&bytes]) })
    }

    /// SHA-256 of the key: its name in headers and in trust files.
    pub fn digest(&self) -> Hash {
        self.digest
    }
}

/// What a gateway reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The person answered.
    Answered {
        /// Whether they come.
        accepted: bool,
        /// Why not, a word of the closed list; only with no.
        reason: Option<String>,
    },
    /// The person had accepted and takes it back.
    Withdrawn,
    /// The message arrived.
    Delivered,
    /// The message cannot be delivered: no such number, refused by the carrier.
    Undeliverable,
}

/// A report with a good signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Key of the message.
    pub key: String,
    /// When it happened, by the gateway's clock.
    pub time: i64,
    /// What.
    pub said: Said,
    /// The signed bytes, to be kept.
    pub body: Vec<u8>,
    /// The signature.
    pub signature: [u8; 64],
    /// Digest of the key that signed.
    pub signed_by: Hash,
}

/// Why a report is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Not signed, by another key, or wrongly.
    #[error("no good signature of the gateway")]
    Signature,
    /// Signed, and not of the contract's form.
    #[error("not a report of gateway-v1: {0}")]
    Form(String),
}

impl Report {
    /// Checks the signature, then reads the body.
    pub fn read(key: &GatewayKey, named: &str, signature: &str, body: &[u8]) -> Result<Self, ReportError> {
        let signature = signature.strip_prefix("ed25519=").and_then(from_hex);
        let signature = signature.and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        let signature = signature.ok_or(ReportError::Signature)?;
        let message = [REPORT, body].concat();
        let good = named == key.digest.to_hex()
            && key.key.verify_strict(&message, &Signature::from_bytes(&signature)).is_ok();
        if !good {
            return Err(ReportError::Signature);
        }
        let form = |error: &dyn std::fmt::Display| ReportError::Form(error.to_string());
        let json = Json::parse_canonical(body, BODY_LIMIT).map_err(|error| form(&error))?;
        let (message, time, said) = read(&json).map_err(|error| form(&error))?;
        Ok(Self { key: message, time, said, body: body.to_vec(), signature, signed_by: key.digest })
    }

    /// The signed receipt as it is kept and shown: canonical `{"body":…,"key":…,"signature":…}`.
    pub fn receipt(&self) -> Vec<u8> {
        let receipt = Object::new()
            .with("body", String::from_utf8_lossy(&self.body).into_owned())
            .with("key", self.signed_by)
            .with("signature", to_hex(&self.signature));
        Json::from(receipt).canonical()
    }

    /// SHA-256 of the receipt, by which a statement names it.
    pub fn digest(&self) -> Hash {
        sha256(&[&self.receipt()])
    }
}

/// The body of a report; for gateways, and the one of the tests.
pub fn report_body(key: &str, time: i64, said: &Said) -> Vec<u8> {
    let report = Object::new().with("v", 1u32).with("key", key).with("time", time);
    let report = match said {
        Said::Answered { accepted, reason } => report
            .with("type", "answered")
            .with("answer", if *accepted { "accepted" } else { "declined" })
            .with_some("reason", reason.as_deref()),
        Said::Withdrawn => report.with("type", "withdrawn"),
        Said::Delivered => report.with("type", "delivered"),
        Said::Undeliverable => report.with("type", "undeliverable"),
    };
    Json::from(report).canonical()
}

/// What a gateway signs.
pub fn report_message(body: &[u8]) -> Vec<u8> {
    [REPORT, body].concat()
}

fn read(json: &Json) -> Result<(String, i64, Said), ShapeError> {
    object(json, "", |f| {
        f.int("v", 1..=1)?;
        let key = f.str("key")?.to_owned();
        let time = f.int("time", 0..=crate::codec::json::MAX_INTEGER)?;
        let said = match f.str("type")? {
            "answered" => {
                let accepted = match f.str("answer")? {
                    "accepted" => true,
                    "declined" => false,
                    _ => return Err(f.wrong("answer", "accepted or declined")),
                };
                let reason = match f.optional("reason") {
                    None => None,
                    Some(_) if accepted => return Err(f.wrong("reason", "only with declined")),
                    Some(reason) => {
                        Some(reason.as_str().ok_or_else(|| f.wrong("reason", "must be a string"))?.to_owned())
                    }
                };
                Said::Answered { accepted, reason }
            }
            "withdrawn" => Said::Withdrawn,
            "delivered" => Said::Delivered,
            "undeliverable" => Said::Undeliverable,
            _ => return Err(f.wrong("type", "answered, withdrawn, delivered or undeliverable")),
        };
        Ok((key, time, said))
    })
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;
    use crate::outside::message::tests::letter;

    fn signed(secret: &SigningKey, body: &[u8]) -> String {
        format!("ed25519={}", to_hex(&secret.sign(&report_message(body)).to_bytes()))
    }

    fn key() -> (SigningKey, GatewayKey) {
        let secret = SigningKey::from_bytes(&[5; 32]);
        let key = GatewayKey::from_hex(&to_hex(&secret.verifying_key().to_bytes())).unwrap();
        (secret, key)
    }

    #[test]
    fn a_request_holds_what_the_contract_names_and_no_more() {
        let body = request_body(&letter(), "13800000000");
        let json = Json::parse_canonical(&body, BODY_LIMIT).unwrap();
        let keys: Vec<&str> = json.as_map().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["answer_by", "key", "kind", "not_after", "phone", "text", "v"]);
        let signature = sign_request(&[1; 32], 7, &body);
        assert_ne!(signature, sign_request(&[2; 32], 7, &body));
        assert_ne!(signature, sign_request(&[1; 32], 8, &body));
        assert_eq!(signature.len(), "hmac-sha256=".len() + 64);
    }

    #[test]
    fn every_report_reads_back_and_its_digest_names_it_alone() {
        let (secret, key) = key();
        let named = key.digest().to_hex();
        let mut digests = std::collections::BTreeSet::new();
        let reports = [
            Said::Delivered,
            Said::Undeliverable,
            Said::Withdrawn,
            Said::Answered { accepted: true, reason: None },
            Said::Answered { accepted: false, reason: None },
            Said::Answered { accepted: false, reason: Some("busy".into()) },
        ];
        for said in reports {
            let body = report_body("M1", 9, &said);
            let report = Report::read(&key, &named, &signed(&secret, &body), &body).unwrap();
            assert_eq!((report.key.as_str(), report.time, &report.said), ("M1", 9, &said));
            assert!(digests.insert(report.digest()));
        }
    }

    #[test]
    fn a_report_that_was_altered_or_signed_by_somebody_else_is_not_read() {
        let (secret, key) = key();
        let named = key.digest().to_hex();
        let body = report_body("M1", 9, &Said::Delivered);
        let signature = signed(&secret, &body);
        for at in 0..body.len() {
            let mut changed = body.clone();
            changed[at] ^= 1;
            assert_eq!(
                Report::read(&key, &named, &signature, &changed),
                Err(ReportError::Signature),
                "byte {at}"
            );
        }
        let other = SigningKey::from_bytes(&[6; 32]);
        assert_eq!(Report::read(&key, &named, &signed(&other, &body), &body), Err(ReportError::Signature));
        assert_eq!(Report::read(&key, "", &signature, &body), Err(ReportError::Signature));
        assert_eq!(Report::read(&key, &named, "", &body), Err(ReportError::Signature));
    }

    #[test]
    fn the_example_of_gateway_v1_is_made_of_these_bytes() {
        let page = include_str!("../../api-spec/gateway-v1.md");
        let start = crate::time::Timestamp(1_795_741_200);
        let letter = Letter { notice: crate::outside::Notice::Cancelled { start }, ..letter() };
        let body = request_body(&letter, "13800000000");
        let secret = SigningKey::from_bytes(&[4; 32]);
        let key = GatewayKey::from_hex(&to_hex(&secret.verifying_key().to_bytes())).unwrap();
        let said = Said::Answered { accepted: false, reason: Some("ill".into()) };
        let reported = report_body("M0123456789abcdef", 1_795_486_000, &said);
        let signature = signed(&secret, &reported);
        let report = Report::read(&key, &key.digest().to_hex(), &signature, &reported).unwrap();
        for part in [
            String::from_utf8(body.clone()).unwrap(),
            sign_request(&[3; 32], 1_795_485_600, &body),
            to_hex(&secret.verifying_key().to_bytes()),
            key.digest().to_hex(),
            String::from_utf8(reported).unwrap(),
            signature,
            report.digest().to_hex(),
        ] {
            assert!(page.contains(&part), "{part}");
        }
    }

    #[test]
    fn a_signed_report_of_another_form_is_refused_by_its_form() {
        let (secret, key) = key();
        let named = key.digest().to_hex();
        for body in [
            r#"{"answer":"perhaps","key":"M1","time":9,"type":"answered","v":1}"#,
            r#"{"answer":"accepted","key":"M1","reason":"busy","time":9,"type":"answered","v":1}"#,
            r#"{"key":"M1","name":"x","time":9,"type":"delivered","v":1}"#,
            r#"{"key":"M1","time":9,"type":"read","v":1}"#,
            r#"{ "key":"M1","time":9,"type":"delivered","v":1}"#,
            r#"{"key":"M1","time":-1,"type":"delivered","v":1}"#,
            "",
        ] {
            let body = body.as_bytes();
            let read = Report::read(&key, &named, &signed(&secret, body), body);
            assert!(matches!(read, Err(ReportError::Form(_))), "{read:?}");
        }
    }
}
