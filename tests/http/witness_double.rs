//! Witnesses for the tests: one that keeps the protocol (C2SP tlog-witness) in memory, with moods in which it
//! does not; and a server that answers anything at all.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ed25519_dalek::{Signer, SigningKey};
use expert_draw::log::*;
use expert_draw::outside::witness::{Answer, Cosigner, Trouble, Witness};

/// How a witness behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As the specification says.
    Honest,
    /// Signs with another key under its own name.
    OtherKey,
    /// Its signature does not verify.
    BadSignature,
    /// Says another size, whatever it is told.
    WrongSize,
    /// Says the size that it has just been told.
    SameSize,
    /// Has cosigned another tree of the same size, and says so as tlog-witness 1.0.0 has it.
    OtherRoot,
    /// Says a size that the log does not have.
    Ahead,
    /// Does not answer.
    Fails(Trouble),
}

pub struct Double {
    key: SigningKey,
    pub witness: Witness,
    pub log_key: VerifierKey,
    head: Mutex<Option<Checkpoint>>,
    pub mood: Mutex<Mood>,
    pub time: Mutex<i64>,
    pub asked: AtomicUsize,
}

impl Double {
    pub fn new(number: u8, log_key: &VerifierKey) -> Self {
        let key = SigningKey::from_bytes(&[number; 32]);
        let name = KeyName::new(format!("witness.example/{number}")).unwrap();
        let public = key.verifying_key().to_bytes();
        let vkey = VerifierKey::new(name, Algorithm::CosignatureV1, public).unwrap();
        let url = "http://127.0.0.1:9".to_owned();
        let witness = Witness { name: format!("见证方{number}"), url, key: vkey, vrf: None };
        Self {
            key,
            witness,
            log_key: log_key.clone(),
            head: Mutex::default(),
            mood: Mutex::new(Mood::Honest),
            time: Mutex::new(1_795_485_600),
            asked: AtomicUsize::default(),
        }
    }

    pub fn vkey(&self) -> String {
        self.witness.key.to_string()
    }

    pub fn size(&self) -> u64 {
        self.head.lock().unwrap().as_ref().map_or(0, |head| head.size)
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn cosign(&self, head: &Checkpoint, key: &VerifierKey, secret: &SigningKey) -> SignatureLine {
        let time = *self.time.lock().unwrap();
        cosign(head, time, key, |message| secret.sign(message).to_bytes()).unwrap()
    }

    fn honest(&self, request: &AddCheckpoint) -> Result<Answer, Trouble> {
        // What crosses the wire is what the request writes.
        let (request, head) = AddCheckpoint::parse(request.to_string().as_bytes()).unwrap();
        request.note.verify(&self.log_key).map_err(|_| Trouble::Signature)?;
        let mut known = self.head.lock().unwrap();
        let (size, root) = known.as_ref().map_or((0, merkle::empty_root()), |head| (head.size, head.root));
        if request.old > head.size {
            return Err(Trouble::Request);
        }
        if request.old != size {
            return Ok(Answer::Size(size));
        }
        let consistent = match (size, head.size) {
            (0, _) => request.proof.is_empty(),
            (old, new) if old == new => request.proof.is_empty() && root == head.root,
            (old, new) => merkle::verify_consistency(old, new, &root, &head.root, &request.proof).is_ok(),
        };
        if !consistent {
            return Err(Trouble::Inconsistent);
        }
        let line = self.cosign(&head, &self.witness.key, &self.key);
        *known = Some(head);
        Ok(Answer::Lines(vec![SignatureLine::parse("\u{2014} stranger.example AAAAAAA=").unwrap(), line]))
    }
}

impl Cosigner for Double {
    fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<Answer, Trouble> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let head = Checkpoint::from_note(&request.note).unwrap();
        match *self.mood.lock().unwrap() {
            Mood::Honest => self.honest(request),
            Mood::OtherKey => {
                let other = SigningKey::from_bytes(&[99; 32]);
                let public = other.verifying_key().to_bytes();
                let name = self.witness.key.name().clone();
                let key = VerifierKey::new(name, Algorithm::CosignatureV1, public).unwrap();
                Ok(Answer::Lines(vec![self.cosign(&head, &key, &other)]))
            }
            Mood::BadSignature => {
                let mut line = self.cosign(&head, &self.witness.key, &self.key);
                line.signature[40] ^= 1;
                Ok(Answer::Lines(vec![line]))
            }
            Mood::WrongSize => Ok(Answer::Size(if request.old == 1 { 2 } else { 1 })),
            Mood::SameSize => Ok(Answer::Size(request.old)),
            Mood::OtherRoot => Ok(Answer::Size(head.size)),
            Mood::Ahead => Ok(Answer::Size(1 << 40)),
            Mood::Fails(trouble) => Err(trouble),
        }
    }
}

/// What a connection of [`answering`] gets once its request has been read whole.
pub type Reply = fn(&mut TcpStream);

/// A server that reads each request and lets `reply` do with the connection what it likes. It ends with the
/// test's process.
pub fn answering(reply: Reply) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                read_request(&stream);
                reply(&mut stream);
            });
        }
    });
    address
}

fn read_request(stream: &TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    body
}

/// Serves an honest witness over HTTP at the paths of the specification.
pub fn serve(double: std::sync::Arc<Double>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let body = read_request(&stream);
            let (request, _) = AddCheckpoint::parse(&body).unwrap();
            let (status, kind, body) = match double.add_checkpoint(&request) {
                Ok(Answer::Lines(lines)) => {
                    (200, "text/plain", lines.iter().map(|line| format!("{line}\n")).collect::<String>())
                }
                Ok(Answer::Size(size)) => (409, "text/x.tlog.size", format!("{size}\n")),
                Err(Trouble::Inconsistent) => (422, "text/plain", "inconsistent\n".to_owned()),
                Err(_) => (500, "text/plain", "not expected of this test\n".to_owned()),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    address
}
