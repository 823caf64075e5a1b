//! A witness on a folder of its own: within this process with a clock that stands, or as the program itself.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use expert_draw::codec::{Hash, Json};
use expert_draw::log::{SignatureLine, SignedNote, VerifierKey, cosigned_at};
use expert_draw::ports::{FixedClock, SeededEntropy};
use expert_draw::time::Timestamp;
use expert_draw::witness::journal::OpenError;
use expert_draw::witness::keys::WitnessKeys;
use expert_draw::witness::logs::Logs;
use expert_draw::witness::{Witness, server};

use crate::log::TestLog;

/// When these tests begin.
pub const NOW: i64 = 1_800_000_000;
pub const NAME: &str = "witness.example/hunan-audit";

pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("expert-draw-witness-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    pub fn journal(&self) -> PathBuf {
        self.data().join("journal")
    }

    pub fn load_keys(&self) -> WitnessKeys {
        let keys = self.keys();
        if WitnessKeys::exist(&keys) {
            return WitnessKeys::load(&keys).unwrap();
        }
        WitnessKeys::create(&keys, Some(NAME), &SeededEntropy::new(9)).unwrap()
    }

    /// Opens the witness within this process.
    pub fn open(&self, keys: &[VerifierKey], clock: &Arc<FixedClock>) -> Result<Witness, OpenError> {
        let logs = Logs::new(keys.iter().cloned()).unwrap();
        Witness::open(&self.data(), self.load_keys(), logs, Arc::clone(clock) as _, None)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An answer over HTTP.
pub struct Told {
    pub status: u16,
    pub kind: String,
    pub body: String,
}

impl Told {
    pub fn json(&self) -> Json {
        Json::parse_canonical(self.body.as_bytes(), 1 << 22).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

/// A client that says what it was told, or that there was nothing to hear.
#[derive(Clone)]
pub struct Client {
    base: String,
    agent: ureq::Agent,
}

impl Client {
    pub fn new(address: impl std::fmt::Display) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(60))).build().into();
        Self { base: format!("http://{address}"), agent }
    }

    pub fn try_post(&self, path: &str, body: &[u8]) -> Option<Told> {
        told(self.agent.post(format!("{}{path}", self.base)).send(body).ok()?)
    }

    pub fn post(&self, path: &str, body: &[u8]) -> Told {
        self.try_post(path, body).unwrap()
    }

    pub fn add(&self, body: &[u8]) -> Told {
        self.post("/add-checkpoint", body)
    }

    pub fn get(&self, path: &str) -> Told {
        told(self.agent.get(format!("{}{path}", self.base)).call().unwrap()).unwrap()
    }

    /// The size that the witness cosigned last for a log.
    pub fn newest(&self, origin: &str) -> u64 {
        let told = self.get(&format!("/expert-draw/v1/head?log={origin}"));
        match told.status {
            404 => 0,
            _ => told.body.lines().nth(1).unwrap().parse().unwrap(),
        }
    }
}

fn told(mut answer: ureq::http::Response<ureq::Body>) -> Option<Told> {
    let body = answer.body_mut().with_config().limit(16 << 20).read_to_string().ok()?;
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    Some(Told { status: answer.status().as_u16(), kind: kind.unwrap_or_default(), body })
}

/// A witness within this process.
pub struct Site {
    pub folder: Folder,
    pub clock: Arc<FixedClock>,
    keys: Vec<VerifierKey>,
    running: Option<(server::Running, Arc<Witness>)>,
    pub client: Client,
    pub cosigner: VerifierKey,
}

impl Site {
    pub fn new(keys: &[&VerifierKey]) -> Self {
        let clock = Arc::new(FixedClock::new(Timestamp(NOW)));
        let folder = Folder::new();
        let cosigner = folder.load_keys().cosigner().clone();
        let keys = keys.iter().map(|key| (*key).clone()).collect();
        let mut site = Self { folder, clock, keys, running: None, client: Client::new("-"), cosigner };
        site.start();
        site
    }

    pub fn start(&mut self) {
        // A process that another test is just starting holds copies of all files for a moment.
        let open = || match self.folder.open(&self.keys, &self.clock) {
            Err(OpenError::InUse(_)) => None,
            other => Some(other.unwrap()),
        };
        let witness = Arc::new(soon(open));
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let running = server::spawn(Arc::clone(&witness), listen).unwrap();
        self.client = Client::new(running.address);
        self.running = Some((running, witness));
    }

    /// Ends the server, and waits until its last thread has let go of the witness.
    pub fn stop(&mut self) {
        if let Some((running, witness)) = self.running.take() {
            drop(running);
            let mut last = Some(witness);
            soon(|| {
                last = last.take().and_then(|witness| Arc::try_unwrap(witness).err());
                last.is_none().then_some(())
            });
        }
    }

    pub fn restart(&mut self) {
        self.stop();
        self.start();
    }

    /// Submits an honest head that must be cosigned, and answers the time in the cosignature.
    pub fn cosigns(&self, log: &TestLog, old: u64, size: u64) -> i64 {
        let told = self.client.add(&log.body(old, size));
        assert_eq!(told.status, 200, "{old} to {size}: {}", told.body);
        cosigned(&self.cosigner, &log.text(size), &told.body)
    }
}

/// Waits up to ten seconds for something.
pub fn soon<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1_000 {
        if let Some(seen) = look() {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not come");
}

/// Checks that an answer is one cosignature line of a text, and answers its time.
pub fn cosigned(cosigner: &VerifierKey, text: &str, answer: &str) -> i64 {
    let line = answer.strip_suffix('\n').unwrap();
    let line = SignatureLine::parse(line).unwrap_or_else(|| panic!("not one signature line: {answer}"));
    cosigned_at(&SignedNote::new(text, vec![line]).unwrap(), cosigner).unwrap()
}

/// The program itself.
pub struct Program {
    pub child: Child,
    pub client: Client,
    pub cosigner: VerifierKey,
}

impl Program {
    pub fn command(folder: &Folder, log: &VerifierKey, failpoint: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expert-draw"));
        command.args(["witness", "--listen", "127.0.0.1:0", "--name", NAME, "--log", &log.to_string()]);
        command.arg("--data").arg(folder.data()).arg("--keys").arg(folder.keys());
        command.env("EXPERT_DRAW_FAILPOINT", failpoint).stdin(Stdio::null());
        command
    }

    /// Runs a witness that is expected to end by itself.
    pub fn fails(folder: &Folder, log: &VerifierKey, failpoint: &str) -> Output {
        let output = Self::command(folder, log, failpoint).output().unwrap();
        assert!(!output.status.success(), "{output:?}");
        output
    }

    pub fn start(folder: &Folder, log: &VerifierKey, failpoint: &str) -> Self {
        let mut command = Self::command(folder, log, failpoint);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut cosigner = None;
        let mut address = None;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some((_, vkey)) = line.split_once("vkey): ") {
                cosigner = Some(vkey.parse().unwrap());
            }
            if let Some((_, rest)) = line.split_once("http://") {
                address = Some(rest.split('/').next().unwrap().to_owned());
                break;
            }
        }
        let Some(address) = address else {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("the witness did not start: {said}");
        };
        Self { child, client: Client::new(address), cosigner: cosigner.unwrap() }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Copies a folder with its files.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// A hash in the answer's field.
pub fn hash(json: &Json, field: &str) -> Hash {
    Hash::from_hex(json.as_map().unwrap()[field].as_str().unwrap()).unwrap()
}
