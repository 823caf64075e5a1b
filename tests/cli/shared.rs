//! The whole of a witnessed draw with programs alone: the service, two witnesses as processes of their own, a
//! supervisor's offline tool, the auditor's binary with an own file of parties. Everything over HTTP and files.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Kind, on_both};
use crate::{Bureau, text, verify};

on_both! {
    a_witnessed_draw_with_programs_alone_ends_in_a_verdict_of_the_auditors_own
}

/// A process that is ended when dropped.
struct Process {
    child: Child,
    /// What it printed until it listened.
    said: String,
    url: String,
}

impl Process {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expert-draw"));
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        let mut url = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            said += &line;
            said.push('\n');
            if let Some((_, address)) = line.split_once("http://") {
                url = format!("http://{}", address.split(['/', ' ']).next().unwrap());
                break;
            }
        }
        assert!(!url.is_empty(), "{args:?} did not start: {said}");
        Self { child, said, url }
    }

    /// What follows a label on a line.
    fn after(&self, label: &str) -> String {
        let line = self.said.lines().find(|line| line.contains(label)).unwrap();
        line.rsplit(": ").next().unwrap().trim().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client<'a> {
    url: &'a str,
    agent: ureq::Agent,
}

impl Client<'_> {
    fn new(url: &str) -> Client<'_> {
        Client { url, agent: ureq::Agent::config_builder().http_status_as_error(false).build().into() }
    }

    fn bytes(&self, token: &str, path: &str) -> (u16, Vec<u8>) {
        let mut request = self.agent.get(format!("{}/api/v1{path}", self.url));
        if !token.is_empty() {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut answer = request.call().unwrap();
        (answer.status().as_u16(), answer.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap())
    }

    fn get(&self, token: &str, path: &str) -> Value {
        let (status, bytes) = self.bytes(token, path);
        assert_eq!(status, 200, "{path}: {}", text(&bytes));
        serde_json::from_slice(&bytes).unwrap()
    }

    fn post(&self, token: &str, path: &str, key: &str, body: &str) -> Value {
        let request = self.agent.post(format!("{}/api/v1{path}", self.url));
        let request = request.header("Authorization", format!("Bearer {token}"));
        let request = request.header("Idempotency-Key", key).header("Content-Type", "application/json");
        let mut answer = request.send(body).unwrap();
        let said = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status().is_success(), "{path}: {said}");
        serde_json::from_str(&said).unwrap()
    }
}

fn soon<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A tool of somebody who has no database.
fn tool(args: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_expert-draw")).args(args).output().unwrap();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn profile(folder: &Path) -> PathBuf {
    let path = folder.join("shared.toml");
    let source = "name = \"shared\"\nedition = \"1\"\nparent = \"hunan\"\ntitle = \"测试\"\njurisdiction = \"430000\"\n\
                  valid_from = \"2026-01-01\"\n[rules.plan_approved]\napplies = \"no\"\nsource = \"测试\"\nstatus = \"policy\"\n\
                  [[contributions]]\nwhen = \"always\"\nsupervisors = 1\nwitnesses = 2\nbeacon = \"no\"\nminutes = 60\n\
                  source = \"测试\"\nstatus = \"policy\"\n";
    fs::write(&path, source).unwrap();
    path
}

fn a_witnessed_draw_with_programs_alone_ends_in_a_verdict_of_the_auditors_own(kind: Kind) {
    let bureau = Bureau::new(kind);
    let folder = bureau.fresh.folder.clone();
    let profile = profile(&folder);
    let profile = profile.to_str().unwrap();
    let csv = folder.join("experts.csv");
    fs::write(&csv, bureau.ok(&["pool-sample", "--experts", "600", "--full"])).unwrap();
    bureau.ok(&["import", "experts", csv.to_str().unwrap(), "--profile", profile]);
    let policy = bureau.ok(&["keys", "policy"]);
    let log = policy.lines().find_map(|line| line.strip_prefix("log ")).unwrap().to_owned();
    let origin = log.split('+').next().unwrap().to_owned();

    // Two witnesses on their own machines.
    let witness = |name: &str| {
        let at = folder.join(name);
        let (keys, data) = (at.join("keys"), at.join("data"));
        let name = format!("witness.example/{name}");
        let (keys, data) = (keys.to_str().unwrap(), data.to_str().unwrap());
        Process::start(&[
            "witness",
            "--name",
            &name,
            "--listen",
            "127.0.0.1:0",
            "--log",
            &log,
            "--keys",
            keys,
            "--data",
            data,
        ])
    };
    let witnesses = [witness("audit"), witness("province")];
    let mut config = String::new();
    let (mut quorum, mut parties) = (format!("log {log}\n"), "operator = \"岳阳市财政局\"\n".to_owned());
    for (n, one) in witnesses.iter().enumerate() {
        let (vkey, key, vrf) =
            (one.after("(cosigner vkey)"), one.after("(cosigner key, hex)"), one.after("(VRF key, hex)"));
        config += &format!(
            "[[witness]]\nname = \"见证{n}\"\nurl = \"{}\"\nvkey = \"{vkey}\"\nvrf = \"{vrf}\"\n",
            one.url
        );
        quorum += &format!("witness w{n} {vkey}\n");
        parties += &format!(
            "[[witness]]\nname = \"见证{n}\"\nbody = \"单位{n}\"\nkey = \"{key}\"\nvrf = \"{vrf}\"\n"
        );
        let registered = bureau.ok(&["keys", "register", "witness", &key, "--name", "见证"]);
        let digest = registered.split_whitespace().find(|word| word.len() == 64 && *word != key).unwrap();
        bureau.ok(&["keys", "register", "witness_vrf", &vrf, "--name", "见证", "--witness", digest]);
    }
    quorum += "group both all w0 w1\nquorum both\n";
    fs::write(bureau.data.join("config.toml"), config).unwrap();

    // A supervisor with an own key.
    let (key, state) = (folder.join("supervisor.pem"), folder.join("nonces.json"));
    let (key, state) = (key.to_str().unwrap(), state.to_str().unwrap());
    let made = tool(&["supervisor", "keygen", "--key", key]).unwrap();
    let public = made.lines().next().unwrap().rsplit(": ").next().unwrap().to_owned();
    parties += &format!("[[supervisor]]\nname = \"监督\"\nbody = \"市纪委监委\"\nkey = \"{public}\"\n");
    bureau.ok(&["keys", "register", "supervisor", &public, "--name", "监督"]);

    let token = |role: &str, unit: Option<&str>| {
        let mut args = vec!["keys", "token", "--role", role, "--name", role];
        args.extend(unit.iter().flat_map(|unit| ["--unit", *unit]));
        bureau.ok(&args).trim().to_owned()
    };
    let codes: Vec<String> = (1..6).map(credit_code).collect();
    let (finance, agency) = (token("bureau", None), token("agency", Some(&codes[1])));

    let database = bureau.database();
    let served = Process::start(&[
        "serve",
        "--data",
        bureau.data.to_str().unwrap(),
        "--database",
        &database,
        "--listen",
        "127.0.0.1:0",
        "--profile",
        profile,
    ]);
    let client = Client::new(&served.url);
    let party = |n: usize| json!({"code": codes[n], "name": format!("单位{n}")});
    let package = json!({
        "plan_no": "430600-2026-7", "package_no": "1", "title": "测试", "purchaser": party(0), "agency": party(1),
        "suppliers": [party(2), party(3)],
    });
    let package = client.post(&agency, "/packages", "package", &package.to_string());
    let package = package["id"].as_str().unwrap();
    let next = client.get(&finance, &format!("/packages/{package}/next-attempt"));
    let (tag, attempt) = (next["package_tag"].as_str().unwrap(), next["attempt"].to_string());
    let body = tool(&[
        "supervisor",
        "commit",
        "--key",
        key,
        "--state",
        state,
        "--log",
        &origin,
        "--tag",
        tag,
        "--attempt",
        &attempt,
    ]);
    client.post(&finance, "/nonces", "nonce", &body.unwrap());
    let start = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let start = expert_draw::time::Timestamp(start + 3 * 86_400).to_string();
    let draw = json!({
        "package": package, "review_start": start,
        "groups": [{"speciality": "ndrc316:A0832", "within": ["430000"], "except": [], "seats": 3, "site": 1}],
    });
    let draw = client.post(&agency, "/draws", "draw", &draw.to_string());
    let id = draw["id"].as_str().unwrap();
    assert_eq!(draw["state"], "committed", "it waits for the supervisor: {draw}");

    // The supervisor sees the commitment in a head that both witnesses have cosigned, and reveals.
    let (file, own_policy) = (folder.join("open.json"), folder.join("quorum.policy"));
    fs::write(&own_policy, &quorum).unwrap();
    let body = soon("the commitment is cosigned", || {
        let (status, bytes) = client.bytes("", &format!("/draws/{id}/evidence"));
        assert_eq!(status, 200, "{}", text(&bytes));
        fs::write(&file, bytes).unwrap();
        let (evidence, policy) = (file.to_str().unwrap(), own_policy.to_str().unwrap());
        tool(&[
            "supervisor",
            "reveal",
            "--key",
            key,
            "--state",
            state,
            "--evidence",
            evidence,
            "--policy",
            policy,
        ])
        .ok()
    });
    client.post(&finance, &format!("/draws/{id}/reveals"), "reveal", &body);
    soon("the witnesses answer and the draw is drawn", || {
        let seen = client.get(&finance, &format!("/draws/{id}"));
        (seen["state"] == "drawn").then_some(())
    });

    // The auditor's own two files decide what it is worth.
    let (evidence, parties_file) = (folder.join("drawn.json"), folder.join("trust.parties"));
    fs::write(&parties_file, &parties).unwrap();
    let flags = [Path::new("--policy"), &own_policy, Path::new("--parties"), &parties_file];
    let said = soon("the result is cosigned", || {
        fs::write(&evidence, client.bytes("", &format!("/draws/{id}/evidence")).1).unwrap();
        let (code, said) = verify(&[&evidence, flags[0], flags[1], flags[2], flags[3]]);
        (code == Some(0)).then_some(said)
    });
    assert!(said.contains("保证等级：witnessed"), "{said}");
    assert_eq!(
        said.matches("独立").count(),
        4,
        "three of them contributed, and the level says what that means: {said}"
    );
    // Without the file of parties nobody is independent.
    let (code, said) = verify(&[&evidence, flags[0], flags[1]]);
    assert!(code == Some(0) && said.contains("保证等级：operator"), "{said}");
    // And the whole log, over HTTP; the second time from where the first ended.
    let (state, json, xlsx) = (folder.join("audited"), folder.join("audit.json"), folder.join("audit.xlsx"));
    let audit = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expert-draw"));
        command.args(["audit", "--from", &served.url, "--policy"]).arg(&own_policy);
        command.arg("--parties").arg(&parties_file).arg("--state").arg(&state);
        let checkpoint = state.join("checkpoint");
        if checkpoint.exists() {
            command.arg("--last").arg(checkpoint);
        }
        command.arg("--json").arg(&json).arg("--xlsx").arg(&xlsx).output().unwrap()
    };
    for _ in 0..2 {
        let output = audit();
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
        assert!(text(&output.stdout).contains("witnessed 1"), "{}", text(&output.stdout));
    }
    let report = fs::read_to_string(&json).unwrap();
    assert!(report.contains("\"verdict\":\"clean\"") && fs::metadata(&xlsx).unwrap().len() > 1_000);
    drop(served);
    // The same offline, from directories.
    let exported = folder.join("exported");
    bureau.ok(&["export-log", "--out", exported.to_str().unwrap(), "--witnessed", "2"]);
    bureau.ok(&["export-evidence", "--out", exported.to_str().unwrap()]);
    let from = ["audit", "--from", exported.to_str().unwrap(), "--policy", own_policy.to_str().unwrap()];
    assert!(tool(&from).unwrap().contains("未发现违反规则之处"));
    // Or from one file.
    let archive = folder.join("log.zip");
    let python = std::env::var("EXPERT_DRAW_TEST_PYTHON").expect("EXPERT_DRAW_TEST_PYTHON: run `make test`");
    let packed = Command::new(python).args(["-m", "zipfile", "-c"]).arg(&archive).arg(&exported).status();
    assert!(packed.unwrap().success());
    let one = ["audit", "--from", archive.to_str().unwrap(), "--policy", own_policy.to_str().unwrap()];
    assert!(tool(&one).unwrap().contains("未发现违反规则之处"));
    // With access to private records every pool is rebuilt, offline, and the export was a look on the record.
    let (private, key) = (folder.join("private"), folder.join("private.key"));
    let (private_at, key_at) = (private.to_str().unwrap(), key.to_str().unwrap());
    let asked = ["export-private", "--out", private_at, "--key", key_at, "--purpose", "年度审计"];
    let with_profile = [&asked[..], &["--profile", profile]].concat();
    bureau.ok(&with_profile);
    assert!(!bureau.run(&with_profile).status.success(), "nothing is overwritten");
    let rebuilt = tool(&[&from[..], &["--private", private_at, "--private-key", key_at]].concat()).unwrap();
    assert!(rebuilt.contains("重建候选池 1 次") && rebuilt.contains("未发现违反规则之处"), "{rebuilt}");
    assert!(rebuilt.contains("private_ahead"), "the look itself was not published yet: {rebuilt}");
    fs::write(exported.join("checkpoint"), "nonsense").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_expert-draw")).args(from).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(bureau.ok(&["fsck"]).contains('✓'));
}

/// A valid credit code (GB 32100).
fn credit_code(serial: u32) -> String {
    let body = format!("91990000{serial:09}");
    let check = expert_draw::codes::CreditCode::check_character(&body).unwrap();
    format!("{body}{check}")
}
