//! A gateway of the contract (`api-spec/gateway-v1.md`) for tests and trials, as unkind as the contract lets
//! it be: it loses requests, takes them and loses its answer, delays, doubles and reorders its reports. It
//! reaches nobody: what it "sent" is a list, one line per key, which is what a test counts.
//!
//! What it never does is break the contract: a key is sent once, reports are signed, an answer is reported
//! until somebody takes it.
//!
//! *Deliberately not here:* anything that a gateway in use would need. Never to be run beside people's
//! phones.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ed25519_dalek::{Signer, SigningKey};

use super::wire::{
    BODY_LIMIT, CLOCK_SLACK_S, KEY_HEADER, SIGNATURE_HEADER, Said, TIME_HEADER, report_body, report_message,
    sign_request,
};
use crate::codec::{Hash, Json, Object, object, sha256, to_hex};
use crate::ports::{Clock, Entropy};

/// Between two rounds of reports.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(10);

/// How unkind the gateway is; each number is a chance in 256.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unkind {
    /// A request is not heard.
    pub lose_request: u8,
    /// A request is taken and its answer lost.
    pub lose_answer: u8,
    /// A report is sent again although it was taken.
    pub double: u8,
    /// A report waits for the next round.
    pub delay: u8,
    /// Reports of a round go out in another order.
    pub reorder: bool,
}

/// What a gateway is made of.
pub struct Settings {
    /// Secret of requests.
    pub secret: [u8; 32],
    /// Seed of the key that signs reports.
    pub seed: [u8; 32],
    /// How unkind it is.
    pub unkind: Unkind,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What its whims come from.
    pub entropy: Arc<dyn Entropy>,
}

/// A message that was sent, once, whatever the number of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its key.
    pub key: String,
    /// Its kind.
    pub kind: String,
    /// To whom.
    pub phone: String,
    /// What it says.
    pub text: String,
    /// Until when an answer counts.
    pub answer_by: Option<i64>,
    /// How often it was asked for.
    pub requests: u32,
    /// The request's bytes; the same for every request of a key.
    body: Vec<u8>,
}

#[derive(Default)]
struct State {
    sent: BTreeMap<String, Sent>,
    /// Keys in the order of their first request.
    order: Vec<String>,
    /// Reports that nobody has taken yet.
    waiting: Vec<Vec<u8>>,
    /// What was answered to each report that was taken: its body, and the answer's.
    taken: Vec<(Vec<u8>, String)>,
    refused: u32,
    callback: Option<String>,
    stop: bool,
}

/// A running gateway; ends when dropped.
pub struct ReferenceGateway {
    address: SocketAddr,
    inner: Arc<Inner>,
    threads: Vec<JoinHandle<()>>,
}

struct Inner {
    settings: Settings,
    key: SigningKey,
    agent: ureq::Agent,
    state: Mutex<State>,
}

impl ReferenceGateway {
    /// Listens on an address of this machine; port 0 takes a free one.
    pub fn start(listen: SocketAddr, settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)?;
        let address = listener.local_addr()?;
        let key = SigningKey::from_bytes(&settings.seed);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(5)))
            .build()
            .into();
        let inner = Arc::new(Inner { settings, key, agent, state: Mutex::default() });
        let hears = inner.clone();
        let listening =
            std::thread::Builder::new().name("gateway".into()).spawn(move || hears.listen(&listener))?;
        Ok(Self { address, inner, threads: vec![listening] })
    }

    /// Reports by itself, round by round; without it [`ReferenceGateway::round`] does it when asked.
    pub fn report_by_itself(&mut self) -> io::Result<()> {
        let inner = self.inner.clone();
        let reporting = std::thread::Builder::new().name("reports".into()).spawn(move || {
            while !inner.state().stop {
                inner.round();
                std::thread::sleep(BETWEEN_ROUNDS);
            }
        })?;
        self.threads.push(reporting);
        Ok(())
    }

    /// Reports what waits, once.
    pub fn round(&self) {
        self.inner.round();
    }

    /// Where requests go.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The public key of its reports, 64 hex digits.
    pub fn public_key(&self) -> String {
        to_hex(&self.inner.key.verifying_key().to_bytes())
    }

    /// Where reports go from now on: the address of `POST /gateway/answers`.
    pub fn report_to(&self, url: Option<String>) {
        self.inner.state().callback = url;
    }

    /// What was sent so far, in the order of first requests.
    pub fn sent(&self) -> Vec<Sent> {
        let state = self.inner.state();
        state.order.iter().filter_map(|key| state.sent.get(key).cloned()).collect()
    }

    /// Requests that were refused: wrongly signed, misshapen, or a key for another message.
    pub fn refused(&self) -> u32 {
        self.inner.state().refused
    }

    /// Reports that were taken: what was reported, and what was answered.
    pub fn taken(&self) -> Vec<(Vec<u8>, String)> {
        self.inner.state().taken.clone()
    }

    /// Reports not taken yet.
    pub fn waiting(&self) -> usize {
        self.inner.state().waiting.len()
    }

    /// Something happened to a message; it is reported until somebody takes it.
    pub fn happened(&self, key: &str, said: &Said) {
        let body = report_body(key, self.inner.settings.clock.now().0, said);
        self.inner.state().waiting.push(body);
    }

    /// A report with its signature headers, for tests that send it themselves.
    pub fn signed(&self, body: &[u8]) -> [(&'static str, String); 2] {
        self.inner.signed(body)
    }
}

impl Drop for ReferenceGateway {
    fn drop(&mut self) {
        self.inner.state().stop = true;
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True with this chance in 256.
    fn whim(&self, chance: u8) -> bool {
        let mut byte = [0];
        self.settings.entropy.fill(&mut byte);
        byte[0] < chance
    }

    fn listen(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.state().stop {
                return;
            }
            if let Ok(stream) = stream {
                let serving = self.clone();
                std::thread::spawn(move || {
                    // A client that goes away in the middle is no concern of a gateway's.
                    let _ = serving.serve(stream);
                });
            }
        }
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let asked = Asked::read(&stream)?;
        if self.whim(self.settings.unkind.lose_request) {
            return Ok(());
        }
        let (status, body) = self.take(&asked);
        if status == 200 && self.whim(self.settings.unkind.lose_answer) {
            return Ok(());
        }
        let head = format!(
            "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), &body].concat())
    }

    /// Takes a message once per key.
    fn take(&self, asked: &Asked) -> (u16, Vec<u8>) {
        let now = self.settings.clock.now().0;
        let (sent, status) = match self.check(asked, now) {
            Ok(sent) => (sent, 200),
            Err(status) => {
                self.state().refused += 1;
                return (status, Vec::new());
            }
        };
        let mut state = self.state();
        let key = sent.key.clone();
        if let Some(before) = state.sent.get_mut(&key) {
            if before.body != sent.body {
                state.refused += 1;
                return (409, Vec::new());
            }
            before.requests += 1;
        } else {
            state.order.push(key.clone());
            state.sent.insert(key.clone(), sent);
        }
        (status, Json::from(Object::new().with("v", 1u32).with("key", key)).canonical())
    }

    fn check(&self, asked: &Asked, now: i64) -> Result<Sent, u16> {
        if asked.line.first().map(String::as_str) != Some("POST")
            || asked.line.get(1).is_none_or(|path| path != "/messages")
        {
            return Err(404);
        }
        let header = |name: &str| asked.headers.get(&name.to_ascii_lowercase()).cloned().unwrap_or_default();
        let time: i64 = header(TIME_HEADER).parse().map_err(|_| 401u16)?;
        let good = (now - time).abs() <= CLOCK_SLACK_S
            && header(SIGNATURE_HEADER) == sign_request(&self.settings.secret, time, &asked.body);
        if !good {
            return Err(401);
        }
        let json = Json::parse_canonical(&asked.body, BODY_LIMIT).map_err(|_| 400u16)?;
        let read = object(&json, "", |f| {
            f.int("v", 1..=1)?;
            f.int("not_after", 0..=i64::MAX)?;
            Ok(Sent {
                key: f.str("key")?.to_owned(),
                kind: f.str("kind")?.to_owned(),
                phone: f.str("phone")?.to_owned(),
                text: f.str("text")?.to_owned(),
                answer_by: f.optional("answer_by").and_then(Json::as_int),
                requests: 1,
                body: asked.body.clone(),
            })
        });
        let sent = read.map_err(|_| 422u16)?;
        if header("Idempotency-Key") == sent.key { Ok(sent) } else { Err(422) }
    }

    fn signed(&self, body: &[u8]) -> [(&'static str, String); 2] {
        let digest: Hash = sha256(&[&self.key.verifying_key().to_bytes()]);
        let signature = self.key.sign(&report_message(body));
        [
            (KEY_HEADER, digest.to_hex()),
            (SIGNATURE_HEADER, format!("ed25519={}", to_hex(&signature.to_bytes()))),
        ]
    }

    /// Reports what waits, each report once at most.
    fn round(&self) {
        let Some(url) = self.state().callback.clone() else { return };
        let mut round = std::mem::take(&mut self.state().waiting);
        if self.settings.unkind.reorder {
            round.sort_by_cached_key(|_| {
                let mut order = [0; 8];
                self.settings.entropy.fill(&mut order);
                order
            });
        }
        for body in round {
            let heard = if self.whim(self.settings.unkind.delay) { None } else { self.post(&url, &body) };
            let again = heard.is_none() || self.whim(self.settings.unkind.double);
            let mut state = self.state();
            if let Some(answer) = heard {
                state.taken.push((body.clone(), answer));
            }
            if again {
                state.waiting.push(body);
            }
        }
    }

    /// The answer's body if the report was taken (2xx), or will never be (4xx, but for 409: not yet).
    fn post(&self, url: &str, body: &[u8]) -> Option<String> {
        let [(key, key_value), (signature, signature_value)] = self.signed(body);
        let request = self
            .agent
            .post(url)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", sha256(&[body]).to_hex())
            .header(key, key_value)
            .header(signature, signature_value);
        let mut answer = request.send(body).ok()?;
        let text = answer.body_mut().with_config().limit(BODY_LIMIT as u64).read_to_string().ok()?;
        let status = answer.status().as_u16();
        (status < 500 && status != 409).then_some(text)
    }
}

/// One HTTP request, read within limits.
struct Asked {
    line: Vec<String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Asked {
    fn read(stream: &TcpStream) -> io::Result<Self> {
        let wrong = || io::Error::from(io::ErrorKind::InvalidData);
        let mut reader = BufReader::new(stream.take(4 * BODY_LIMIT as u64));
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.split_whitespace().map(str::to_owned).collect();
        let mut headers = BTreeMap::new();
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header)? == 0 {
                return Err(wrong());
            }
            let header = header.trim_end();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').ok_or_else(wrong)?;
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length: usize = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
        if length > BODY_LIMIT {
            return Err(wrong());
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Self { line, headers, body })
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::outside::gateway::Gateway;
    use crate::outside::message::tests::letter;
    use crate::outside::{Channel, Letter, Outcome};
    use crate::ports::{FixedClock, SeededEntropy};
    use crate::time::Timestamp;

    fn gateway(unkind: Unkind) -> (ReferenceGateway, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::new(Timestamp(1_795_485_600)));
        let settings = Settings {
            secret: [3; 32],
            seed: [4; 32],
            unkind,
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(1)),
        };
        (ReferenceGateway::start("127.0.0.1:0".parse().unwrap(), settings).unwrap(), clock)
    }

    fn client(gateway: &ReferenceGateway, secret: u8, clock: &Arc<FixedClock>) -> Gateway {
        Gateway::new(&gateway.url(), Zeroizing::new([secret; 32]), clock.clone())
    }

    #[test]
    fn a_message_that_is_asked_for_again_is_sent_once() {
        let (gateway, clock) = gateway(Unkind { lose_answer: 128, lose_request: 64, ..Unkind::default() });
        let client = client(&gateway, 3, &clock);
        let mut taken = 0;
        for n in 0..40 {
            let letter = Letter { key: format!("M{:016}", n % 8), ..letter() };
            match client.send(&letter) {
                Outcome::Taken => taken += 1,
                lost => assert_eq!(lost, Outcome::Later("gateway_unreachable")),
            }
        }
        let sent = gateway.sent();
        let requests: u32 = sent.iter().map(|sent| sent.requests).sum();
        assert_eq!(sent.len(), 8, "every key was heard at least once in five requests");
        assert!(taken > 0 && requests > taken, "{taken} of {requests}");
        assert_eq!(gateway.refused(), 0);
    }

    #[test]
    fn a_key_is_for_one_message_and_a_secret_for_one_sender() {
        let (gateway, clock) = gateway(Unkind::default());
        let one = client(&gateway, 3, &clock);
        assert_eq!(one.send(&letter()), Outcome::Taken);
        let other = Letter { phone: Some("13900000000".into()), ..letter() };
        assert_eq!(one.send(&other), Outcome::Never("gateway_key_reused"));
        let unknown = Letter { phone: None, ..letter() };
        assert_eq!(one.send(&unknown), Outcome::Never("no_phone"));
        assert_eq!(client(&gateway, 9, &clock).send(&letter()), Outcome::Later("gateway_unauthorized"));
        let late = Arc::new(FixedClock::new(Timestamp(1_795_485_600 + CLOCK_SLACK_S + 1)));
        assert_eq!(client(&gateway, 3, &late).send(&letter()), Outcome::Later("gateway_unauthorized"));
        assert_eq!((gateway.sent().len(), gateway.refused()), (1, 3));
        assert_eq!(
            Gateway::new("http://127.0.0.1:1", Zeroizing::new([3; 32]), clock).send(&letter()),
            Outcome::Later("gateway_unreachable")
        );
    }
}
