//! With other people's programs, unchanged: `aics-witness` cosigns our log beside two witnesses of this project, a
//! fork signed with the real key is refused by each, and Go's `sumdb/note` + `sumdb/tlog` and `aics-tlog` read what
//! we serve and export.
//!
//! `tools/test` provides what this needs: Go and golang.org/x/mod from Debian (`go` in PATH), and a Python of at
//! least 3.12 with the packages of `tests/interop/requirements.txt` (`EXPERT_DRAW_TEST_INTEROP_PYTHON`). Without
//! them these tests fail, they never pass by skipping.
#![cfg(feature = "server")]

#[path = "crash/site.rs"]
#[allow(dead_code)]
mod site;
#[path = "store/support.rs"]
#[allow(dead_code)]
mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use expert_draw::codec::Hash;
use expert_draw::keys::Keys;
use expert_draw::log::{AddCheckpoint, Checkpoint, SignedNote, merkle, sign_note};
use expert_draw::outside::witness::{Answer, Cosigner, HttpWitness, Trouble};
use expert_draw::ports::LogSigner as _;

use site::{Server, Site};
use support::{Kind, on_both};

on_both! {
    strangers_cosign_the_log_refuse_a_fork_and_read_it_back
}

/// This project's own witness as a process of its own; ended when dropped.
struct Own {
    url: String,
    vkey: String,
    child: Child,
}

impl Own {
    fn start(folder: &Path, name: &str, keys: &Keys) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expert-draw"));
        command.args(["witness", "--name", name, "--listen", "127.0.0.1:0", "--log"]);
        command.arg(keys.log_key().to_string()).arg("--keys").arg(folder.join("keys"));
        command.arg("--data").arg(folder.join("data")).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (mut vkey, mut url) = (String::new(), String::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some((_, key)) = line.split_once("(cosigner vkey): ") {
                vkey = key.to_owned();
            }
            if let Some((_, address)) = line.split_once("http://") {
                url = format!("http://{}", address.split('/').next().unwrap());
                break;
            }
        }
        assert!(!vkey.is_empty() && !url.is_empty(), "the witness did not start");
        Self { url, vkey, child }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running aics-witness; ended when dropped.
struct Aics {
    config: PathBuf,
    url: String,
    vkey: String,
    child: Child,
}

fn aics(module: &str, args: &[&str]) -> Command {
    let python = std::env::var("EXPERT_DRAW_TEST_INTEROP_PYTHON").expect(
        "EXPERT_DRAW_TEST_INTEROP_PYTHON is not set: run `make test`, which calls tools/interop-python",
    );
    let mut command = Command::new(python);
    command.arg("-m").arg(module).args(args).stdin(Stdio::null());
    command
}

fn succeeds(mut command: Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

impl Aics {
    fn start(folder: &Path, keys: &Keys) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (config, listen) = (folder.join("witness.json"), format!("127.0.0.1:{port}"));
        let path = config.to_str().unwrap().to_owned();
        let init = ["init", "--config", &path, "--name", "witness.interop.example/aics", "--listen", &listen];
        let vkey = succeeds(aics("aics_witness", &init)).trim().to_owned();
        let log = keys.log_key().to_string();
        let add = ["add-log", "--config", &path, "--origin", keys.origin(), "--vkey", &log];
        succeeds(aics("aics_witness", &add));
        let child =
            aics("aics_witness", &["serve", "--config", &path]).stderr(Stdio::null()).spawn().unwrap();
        let url = format!("http://{listen}");
        wait_for("aics-witness listens", || get(&format!("{url}/healthz")).is_ok());
        Self { config, url, vkey, child }
    }

    fn status(&self) -> serde_json::Value {
        let path = self.config.to_str().unwrap();
        let said = succeeds(aics("aics_witness", &["status", "--json", "--config", path]));
        serde_json::from_str(&said).unwrap()
    }
}

impl Drop for Aics {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(url: &str) -> Result<Vec<u8>, String> {
    ureq::get(url).call().and_then(|mut answer| answer.body_mut().read_to_vec()).map_err(|e| e.to_string())
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The served checkpoint as soon as all three have cosigned it.
fn cosigned_by_all(server: &Server) -> SignedNote {
    let at = |query: &str| get(&format!("http://{}/api/v1/log/checkpoint{query}", server.address));
    let mut found = None;
    wait_for("three cosignatures of the newest checkpoint", || {
        let newest = at("").unwrap();
        found = at("?witnessed=3").ok().filter(|witnessed| *witnessed == newest);
        found.is_some()
    });
    SignedNote::parse(&found.unwrap()).unwrap()
}

fn strangers_cosign_the_log_refuse_a_fork_and_read_it_back(kind: Kind) {
    let site = Site::new(kind);
    let keys = Keys::load(&site.data.join("keys")).unwrap();
    let stranger = Aics::start(&site.fresh.folder.join("aics"), &keys);
    let own = [1, 2].map(|number| {
        let name = format!("witness.interop.example/{number}");
        Own::start(&site.fresh.folder.join(format!("witness-{number}")), &name, &keys)
    });
    let mut witnesses: Vec<(String, String)> =
        own.iter().map(|witness| (witness.url.clone(), witness.vkey.clone())).collect();
    witnesses.push((stranger.url.clone(), stranger.vkey.clone()));
    let tables = witnesses.iter().zip(1..).map(|((url, vkey), number)| {
        format!("[[witness]]\nname = \"见证方{number}\"\nurl = \"{url}\"\nvkey = \"{vkey}\"\n")
    });
    std::fs::write(site.data.join("config.toml"), tables.collect::<String>()).unwrap();
    let mut server = site.serve();

    let note = cosigned_by_all(&server);
    assert_eq!(note.signatures().len(), 4);
    let old = Checkpoint::from_note(&note).unwrap();
    assert!(old.size > 256, "more than one tile: {}", old.size);
    assert_eq!(stranger.status()["logs"][0]["size"], old.size);
    let old_file = site.fresh.folder.join("old-checkpoint");
    std::fs::write(&old_file, note.to_string()).unwrap();
    let out = site.fresh.folder.join("exported");
    site.succeeds(&["export-log", "--out", out.to_str().unwrap()]);
    assert_eq!(std::fs::read(out.join("checkpoint")).unwrap(), note.to_string().as_bytes());

    // The log grows, gets another log key while the strangers know the first one, and a second signature that
    // none of them knows; the witnesses are caught up, the directory too.
    server.kill();
    site.succeeds(&["keys", "rotate", "log"]);
    site.succeeds(&["keys", "add-sm2"]);
    let server = site.serve();
    for number in 0..3 {
        let name = format!("代理{number}");
        site.succeeds(&["keys", "token", "--role", "auditor", "--name", &name]);
    }
    wait_for("the log has grown", || {
        let newest = get(&format!("http://{}/api/v1/log/checkpoint", server.address)).unwrap();
        Checkpoint::from_note(&SignedNote::parse(&newest).unwrap()).unwrap().size >= old.size + 4
    });
    let note = cosigned_by_all(&server);
    assert_eq!(note.signatures().len(), 6, "three of the log, three of witnesses");
    let head = Checkpoint::from_note(&note).unwrap();
    site.succeeds(&["export-log", "--out", out.to_str().unwrap(), "--witnessed", "3"]);
    reads_back(&out, out.to_str().unwrap(), &keys, &old_file, &witnesses, &old, &head);
    let served = format!("http://{}/api/v1/log", server.address);
    python_reads(&served, &keys, &old_file, &witnesses, &old, &head);

    fork_is_refused(&keys, &head, &witnesses);
    let status = stranger.status();
    assert_eq!(status["logs"][0]["size"], head.size, "its view is as it was");
    assert_eq!(status["logs"][0]["evidence"], 2, "and both forks are kept as evidence");
    let shown = get(&format!("http://{}/api/v1/log/witnesses", server.address)).unwrap();
    let shown: serde_json::Value = serde_json::from_slice(&shown).unwrap();
    for number in 0..3 {
        assert_eq!(shown["witnesses"][number]["state"], "current", "{shown}");
    }
    server.stop();
    site.is_sound();
}

/// Go and Python agree with each other and with us.
fn reads_back(
    out: &Path,
    source: &str,
    keys: &Keys,
    old_file: &Path,
    witnesses: &[(String, String)],
    old: &Checkpoint,
    head: &Checkpoint,
) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    let mut go = Command::new("go");
    go.arg("run").arg(folder.join("check.go")).arg(out).arg(keys.log_key().to_string()).arg(old_file);
    go.args(witnesses.iter().map(|(_, vkey)| vkey)).stdin(Stdio::null());
    // Debian's packages lie in a GOPATH; nothing is fetched.
    go.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOFLAGS", "");
    go.env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache"));
    let said = succeeds(go);
    let (size, grown) = (head.size, format!("growth from {} to {}", old.size, head.size));
    assert_eq!(said, format!("checkpoint {size}, 3 cosignatures\ninclusion of {size} entries\n{grown}\n"));
    python_reads(source, keys, old_file, witnesses, old, head);
}

fn python_reads(
    source: &str,
    keys: &Keys,
    old_file: &Path,
    witnesses: &[(String, String)],
    old: &Checkpoint,
    head: &Checkpoint,
) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    let python = std::env::var("EXPERT_DRAW_TEST_INTEROP_PYTHON").unwrap();
    let mut check = Command::new(python);
    check.arg(folder.join("check.py")).arg(source).arg(keys.log_key().to_string()).arg(old_file);
    check
        .args(witnesses.iter().map(|(_, vkey)| vkey))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null());
    let said = succeeds(check);
    let size = head.size;
    assert!(said.starts_with(&format!("checkpoint {size}, 3 cosignatures\naudit ")), "{said}");
    let grown = format!("inclusion of {size} entries\ngrowth from {} to {size}\n", old.size);
    assert!(said.ends_with(&grown), "{said}");
}

/// The real key signs another tree: one of the same size, one that grows.
fn fork_is_refused(keys: &Keys, head: &Checkpoint, witnesses: &[(String, String)]) {
    let key = keys.log_key();
    let signed = |size: u64, root: Hash| {
        let text = Checkpoint { size, root, ..head.clone() }.to_text();
        sign_note(&text, key, |text| keys.sign(key, text).unwrap()).unwrap()
    };
    let other = merkle::leaf_hash(b"another history");
    let forks = [
        AddCheckpoint { old: head.size, proof: vec![], note: signed(head.size, other) },
        AddCheckpoint { old: head.size, proof: vec![other; 4], note: signed(head.size + 1, other) },
    ];
    for (url, vkey) in witnesses {
        for fork in &forks {
            let answer = HttpWitness::new(url).add_checkpoint(fork);
            // Of another root at its size tlog-witness 1.0.0 says 409 with that size, later versions 422.
            let refused = answer == Err(Trouble::Inconsistent) || answer == Ok(Answer::Size(head.size));
            assert!(refused, "{vkey}: {answer:?}");
        }
    }
}
