//! A prepared site: keys, a database with a small pool, an agency's token, the trust policy; and the
//! program's commands on it, each run as a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use diesel::deserialize::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};
use expert_draw::codes::CreditCode;
use expert_draw::keys::Keys;
use expert_draw::ports::{Clock, SystemClock, SystemEntropy};
use expert_draw::rules::{embedded, embedded_registry};
use expert_draw::service::{Service, ServiceConfig};
use expert_draw::store::Database;
use expert_draw::time::Date;
use serde_json::{Value, json};

use crate::support::{Fresh, Kind};

/// Experts of the pool: enough for every panel that is asked for, few enough to start quickly.
const EXPERTS: u32 = 300;
/// Seed of the pool: the same people every time.
const POOL_SEED: u64 = 7;

pub struct Site {
    pub fresh: Fresh,
    pub data: PathBuf,
    pub policy: PathBuf,
    pub agency: String,
    /// Settings of the environment for every command.
    pub environment: Vec<(&'static str, String)>,
}

impl Site {
    pub fn new(kind: Kind) -> Self {
        let fresh = Fresh::new(kind);
        let data = fresh.folder.join("data");
        let policy = fresh.folder.join("trust.policy");
        let mut site = Self { fresh, data, policy, agency: String::new(), environment: Vec::new() };
        let csv = site.fresh.folder.join("pool.csv");
        let mut pool = Vec::new();
        let today = Date::of(SystemClock.now());
        expert_draw::pool_sample::write_sample(&mut pool, EXPERTS, POOL_SEED, today).unwrap();
        std::fs::write(&csv, pool).unwrap();
        site.succeeds(&["import", "experts", csv.to_str().unwrap()]);
        let token = ["keys", "token", "--role", "agency", "--name", "代理", "--unit", &credit_code(1)];
        site.agency = site.succeeds(&token).trim().to_owned();
        std::fs::write(&site.policy, site.succeeds(&["keys", "policy"])).unwrap();
        site
    }

    /// The program with this site's settings.
    fn program(&self, args: &[&str]) -> Command {
        let url = match &self.fresh.database {
            Database::Sqlite(path) => format!("sqlite://{}", path.display()),
            Database::Postgres(url) => url.clone(),
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_expert-draw"));
        command.args(args).arg("--data").arg(&self.data).args(["--database", &url]);
        // Draws at once, as the service within this process does.
        command.args(["--profile", "hunan-2023"]);
        command.env_remove("EXPERT_DRAW_FAILPOINT").stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (*name, value)));
        command
    }

    /// The service itself within this process, for what has no command and no request; nobody may serve.
    pub fn service(&self) -> Service {
        let keys = Keys::load(&self.data.join("keys")).unwrap();
        let (profile, registry) =
            (embedded("hunan-2023").unwrap(), embedded_registry("registry-hunan-2023").unwrap());
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let config = ServiceConfig::new(self.fresh.database.clone(), keys, clock, entropy, profile, registry);
        let checkpoint_path = Some(self.data.join("checkpoint"));
        let attachments = self.data.join("attachments");
        Service::open(ServiceConfig { checkpoint_path, attachments, ..config }).unwrap()
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        self.program(args).output().unwrap()
    }

    /// Runs a command that must succeed and answers what it printed.
    pub fn succeeds(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts the service and waits until it listens.
    pub fn serve(&self) -> Server {
        self.try_serve("").unwrap_or_else(|said| panic!("the service did not start: {said}"))
    }

    /// Starts the service with a failpoint armed; the error is what it said when it ended instead.
    pub fn try_serve(&self, failpoint: &str) -> Result<Server, String> {
        // Entries are counted around each commit: what a date brings would come between.
        let mut command = self.program(&["serve", "--listen", "127.0.0.1:0", "--without-due"]);
        command.env("EXPERT_DRAW_FAILPOINT", failpoint);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, rest) = line.split_once("http://")?;
            Some(rest.split('/').next().unwrap().to_owned())
        });
        match address {
            Some(address) => Ok(Server { child, address }),
            None => {
                let mut said = String::new();
                child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                let status = child.wait().unwrap();
                assert!(!status.success(), "ended well without listening: {said}");
                Err(said)
            }
        }
    }

    /// Runs the auditor's binary on an evidence file: its exit code and what it printed.
    pub fn verify(&self, evidence: &[u8]) -> (Option<i32>, String) {
        let file = self.fresh.folder.join("evidence.json");
        std::fs::write(&file, evidence).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_expert-draw-verify"));
        let output = command.arg(&file).arg("--policy").arg(&self.policy).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    }

    /// A number `n`, asked of a database that nobody serves. SQLite's is copied first, so that it is
    /// the service's own start that recovers it.
    pub fn count(&self, question: &str) -> u64 {
        let question = diesel::sql_query(question);
        let count: Count = match &self.fresh.database {
            Database::Postgres(url) => question.get_result(&mut PgConnection::establish(url).unwrap()),
            Database::Sqlite(path) => {
                question.get_result(&mut SqliteConnection::establish(&self.copied(path)).unwrap())
            }
        }
        .unwrap();
        u64::try_from(count.n).unwrap()
    }

    /// Texts `t`, asked of a database that nobody serves; SQLite's is copied first.
    pub fn texts(&self, question: &str) -> Vec<String> {
        let question = diesel::sql_query(question);
        let found: Vec<Words> = match &self.fresh.database {
            Database::Postgres(url) => question.load(&mut PgConnection::establish(url).unwrap()),
            Database::Sqlite(path) => {
                question.load(&mut SqliteConnection::establish(&self.copied(path)).unwrap())
            }
        }
        .unwrap();
        found.into_iter().map(|words| words.t).collect()
    }

    /// A copy of SQLite's files.
    fn copied(&self, path: &std::path::Path) -> String {
        let copy = self.fresh.folder.join("copy.db").display().to_string();
        for end in ["", "-wal", "-shm"] {
            let to = format!("{copy}{end}");
            let _ = std::fs::remove_file(&to);
            let from = PathBuf::from(format!("{}{end}", path.display()));
            if end != "-shm" && from.exists() {
                std::fs::copy(from, to).unwrap();
            }
        }
        copy
    }

    /// A text `t`, asked of a database that nobody serves.
    pub fn text(&self, question: &str) -> String {
        let question = diesel::sql_query(question);
        let text: Words = match &self.fresh.database {
            Database::Postgres(url) => question.get_result(&mut PgConnection::establish(url).unwrap()),
            Database::Sqlite(path) => {
                question.get_result(&mut SqliteConnection::establish(path.to_str().unwrap()).unwrap())
            }
        }
        .unwrap();
        text.t
    }

    /// Fails unless `fsck` finds nothing.
    pub fn is_sound(&self) {
        self.succeeds(&["fsck"]);
    }

    /// What `fsck` says of a database that is not sound.
    pub fn findings(&self) -> String {
        let output = self.run(&["fsck"]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        said
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    t: String,
}

/// A running service; killed when dropped.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    /// SIGKILL, and waits for the end.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for an end that the process brought upon itself; `false` if it is by a signal.
    pub fn ended_by_signal(&mut self) -> bool {
        self.child.wait().unwrap().code().is_none()
    }

    /// SIGTERM; the service must end well.
    pub fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "SIGTERM must end the service well");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A credit code in a range that belongs to nobody.
pub fn credit_code(serial: u32) -> String {
    let body = format!("91990000{serial:09}");
    format!("{body}{}", CreditCode::check_character(&body).unwrap())
}

/// A package of the agency; `name` makes its plan number its own.
pub fn package(name: &str) -> Value {
    let party = |serial: u32| json!({"code": credit_code(serial), "name": format!("单位{serial}")});
    json!({
        "plan_no": format!("TEST-{name}"),
        "package_no": "1",
        "title": "测试项目",
        "purchaser": party(21),
        "agency": party(1),
        "suppliers": [party(31), party(32)]
    })
}

/// Five seats in two groups, of which the pool has plenty.
pub fn request(package: &str) -> Value {
    let start = expert_draw::time::Timestamp(SystemClock.now().0 / 86_400 * 86_400 + 3 * 86_400);
    json!({
        "package": package,
        "review_start": start.to_string(),
        "groups": [
            {"speciality": "ndrc316:A0832", "within": ["430000"], "except": [], "seats": 3, "site": 1},
            {"speciality": "ndrc316:C06", "within": ["430000"], "except": [], "seats": 2, "site": 1}
        ]
    })
}
