//! The audit of a whole log, beside the sum of what it cannot do without.
//!
//! `bench_audit [DRAWS] [DIR]` makes a log of so many draws (100,000 if nothing is said) with real keys as a
//! directory, in the format of `export-log` and `export-evidence`: 40 candidates, five seats in three groups
//! of every draw, an evidence file each. Another process of the same program then audits it exactly as
//! `expert-draw audit` does, and measures in the same run what each primitive costs by itself: signatures,
//! VRF proofs, hashes, the stream of lots, sorting, the walk, reading JSON. Count times cost, summed and divided
//! by the threads, is the limit; the goal is at least 0.7 of it.
//!
//! The limit counts every primitive once per place where the audit needs it, on the bytes and sizes of this
//! log: an evidence file is verified as a stranger would, so its entries are counted in the log and again in
//! the file. It leaves out reading files, memory, comparing, decoding what was parsed, and the validation of
//! keys.

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ed25519_dalek::{Signer, SigningKey};
use expert_draw::audit::source::Folder;
use expert_draw::audit::state::State;
use expert_draw::audit::{Audit, trust};
use expert_draw::codec::{Hash, Json, LabelledHash, Object, sha256};
use expert_draw::draw::commitment::{Commitment, Contributor, Group};
use expert_draw::draw::decide;
use expert_draw::draw::identity::DrawKey;
use expert_draw::draw::pool::{self, Candidate, Pool};
use expert_draw::draw::request::{GroupRequest, Organisation, Request, names_digest};
use expert_draw::draw::seed::{self, Contribution};
use expert_draw::draw::statements::{Contributed, Drawn};
use expert_draw::draw::tags::tags;
use expert_draw::draw::vrf::{Proof, VrfSecret};
use expert_draw::evidence::{Audience, Evidence, EvidenceEntry, Format};
use expert_draw::log::opened::LogOpened;
use expert_draw::log::{
    Algorithm, Checkpoint, Origin, Policy, SignedNote, Statement, TILE_WIDTH, TileName, TilePath,
    VerifierKey, key_digest, merkle, pack_entries, sign_note, sign_statement,
};

const PROFILE: &str = include_str!("../src/rules/data/hunan-2023.json");
const START: i64 = 1_790_000_000;
const PEOPLE: usize = 40;
/// Entries before the first draw: the log, the profile, the people.
const BEFORE: u64 = 2 + PEOPLE as u64;
/// Statements of a draw.
const EACH: u64 = 3;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [word, folder] = args.as_slice()
        && word == "run"
    {
        return run(Path::new(folder));
    }
    let draws: u64 = args.first().map_or(100_000, |n| n.parse().expect("DRAWS"));
    let own = std::env::temp_dir().join(format!("expert-draw-audit-{}", std::process::id()));
    let folder = args.get(1).map_or(own.clone(), PathBuf::from);
    make(draws, &folder);
    // A process of its own: what it needs of memory is the audit's alone.
    let status = Command::new(std::env::current_exe().unwrap()).arg("run").arg(&folder).status().unwrap();
    if folder == own {
        fs::remove_dir_all(own).unwrap();
    }
    assert!(status.success());
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The same on every number below `n`, on all processors.
fn on_all(n: u64, work: impl Fn(u64) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads() {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(64, Ordering::Relaxed) as u64;
                    if at >= n {
                        return;
                    }
                    (at..n.min(at + 64)).for_each(&work);
                }
            });
        }
    });
}

// ---- the log ----

fn bytes(name: &str) -> [u8; 32] {
    LabelledHash::new("bench").variable(name.as_bytes()).finish().0
}

struct Operator {
    origin: Origin,
    log: SigningKey,
    statements: SigningKey,
    draw_vrf: VrfSecret,
    tag_vrf: VrfSecret,
}

impl Operator {
    fn new() -> Self {
        Self {
            origin: Origin::new("bench.example/430600").unwrap(),
            log: SigningKey::from_bytes(&bytes("log")),
            statements: SigningKey::from_bytes(&bytes("statements")),
            draw_vrf: VrfSecret::from_seed(bytes("draw vrf")),
            tag_vrf: VrfSecret::from_seed(bytes("tag vrf")),
        }
    }

    fn log_key(&self) -> VerifierKey {
        let name = self.origin.log_key_name().clone();
        VerifierKey::new(name, Algorithm::Ed25519, self.log.verifying_key().to_bytes()).unwrap()
    }

    fn statements_key(&self) -> VerifierKey {
        let key = self.statements.verifying_key().to_bytes();
        VerifierKey::new(self.origin.statements_key_name(), Algorithm::Ed25519, key).unwrap()
    }

    fn policy(&self) -> String {
        format!("log {}\nquorum none\n", self.log_key())
    }

    fn statement(&self, index: u64, kind: &str, fields: Object) -> Statement {
        let Json::Map(body) = Json::from(fields) else { unreachable!() };
        let body: BTreeMap<String, Json> = body;
        Statement::new(kind, self.origin.clone(), START + index as i64, body).unwrap()
    }

    fn note(&self, statement: &Statement) -> SignedNote {
        let key = self.statements_key();
        sign_statement(statement, &key, |text| self.statements.sign(text).to_bytes()).unwrap()
    }
}

struct Made {
    pool: Pool,
    statements: [Statement; EACH as usize],
    alpha: Hash,
}

fn request(number: u64) -> Request {
    let unit = |n: u64| Organisation { code: format!("92{n:016}"), name: format!("单位{n}") };
    let group = |speciality: &str, within: &str, seats, site| GroupRequest {
        speciality: speciality.into(),
        within: vec![within.into()],
        except: vec![],
        seats,
        site,
    };
    Request {
        plan: format!("430600-2026-{}", number + 1),
        package: "1".into(),
        purchaser: unit(1),
        agency: unit(2),
        suppliers: (3..6).map(unit).collect(),
        review_start: START + 200_000_000,
        groups: vec![
            group("ndrc316:A0832", "430600", 2, 1),
            group("ndrc316:A0833", "430000", 2, 2),
            group("ndrc316:C0602", "430000", 1, 2),
        ],
    }
}

fn candidate(n: usize) -> Candidate {
    Candidate {
        number: format!("E{n:016}"),
        image: Hash(bytes(&format!("image {n}"))),
        registry: 2 + n as u64,
        groups: [0b001, 0b010, 0b100, 0b011][n % 4],
        lots: 1,
        unit: (!n.is_multiple_of(9)).then(|| format!("91{:016}", n / 2)),
        further_units: vec![],
    }
}

/// The draw with a number, from its commitment to its result; the same bytes whenever it is made.
fn draw(operator: &Operator, number: u64) -> Made {
    let index = BEFORE + EACH * number;
    let key = DrawKey(bytes(&format!("draw {number}")));
    let candidates: Vec<Candidate> = (0..PEOPLE).map(candidate).collect();
    let pool = pool::build(&key, &candidates, &[]).unwrap();
    let request = request(number);
    let tags = tags(&operator.tag_vrf, &request.plan, &request.package).unwrap();
    let vrf_key = key_digest(operator.draw_vrf.public().as_bytes());
    let commitment = Commitment {
        attempt: 1,
        predecessor: None,
        package_tag: tags.package,
        plan_tag: tags.plan,
        tag_key: key_digest(operator.tag_vrf.public().as_bytes()),
        request: request.digest(&key.request_salt()),
        names: names_digest(&key.names_salt(), &request.groups),
        profile: LabelledHash::new("profile").variable(PROFILE.as_bytes()).finish(),
        registry: BEFORE - 1,
        groups: request.groups.iter().map(|g| Group { seats: g.seats, site: g.site }).collect(),
        unit_cap: 1,
        lots: 1,
        margin: 2,
        window_minutes: 60,
        pool_size: PEOPLE as u32,
        pool_root: pool::root(&pool.leaves),
        excluded: pool::excluded_digest(&key, &[]),
        kept: vec![],
        forced_accepted_by: None,
        contributions: vec![Contributor::Operator { key: vrf_key }],
        deadline: START + index as i64 + 86_400,
    };
    let committed = operator.statement(index, Commitment::TYPE, commitment.fields());
    let alpha = seed::alpha(index, &committed.leaf_hash());
    let proof = operator.draw_vrf.prove(alpha.as_bytes());
    let beta = operator.draw_vrf.public().verify(alpha.as_bytes(), &proof).unwrap();
    let given = Contributed { alpha, key: vrf_key, proof };
    let contributed = operator.statement(index + 1, Contributed::TYPE, given.fields());
    let seed = seed::seed(&alpha, &[Contribution::Operator(beta.0)]).unwrap();
    let decision = decide::panel(&commitment, &pool.leaves, &seed).unwrap();
    let (seats, branches) = (decision.seats, decision.branches);
    let result = Drawn { alpha, contributions: vec![index + 1], seed, seats, branches };
    let drawn = operator.statement(index + 2, Drawn::TYPE, result.fields());
    Made { pool, statements: [committed, contributed, drawn], alpha }
}

/// Every perfect subtree, level by level.
struct Levels(Vec<Vec<Hash>>);

impl Levels {
    fn of(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while levels.last().unwrap().len() > 1 {
            let row = levels.last().unwrap();
            levels.push(row.chunks_exact(2).map(|pair| merkle::node_hash(&pair[0], &pair[1])).collect());
        }
        Self(levels)
    }

    fn root(&self, from: usize, to: usize) -> Hash {
        let width = to - from;
        if width.is_power_of_two() {
            let level = width.trailing_zeros() as usize;
            return self.0[level][from >> level];
        }
        let half = width.next_power_of_two() / 2;
        merkle::node_hash(&self.root(from, from + half), &self.root(from + half, to))
    }

    fn path(&self, index: usize) -> Vec<Hash> {
        let (mut from, mut to, mut path) = (0, self.0[0].len(), vec![]);
        while to - from > 1 {
            let half = (to - from).next_power_of_two() / 2;
            if index < from + half {
                path.push(self.root(from + half, to));
                to = from + half;
            } else {
                path.push(self.root(from, from + half));
                from += half;
            }
        }
        path.reverse();
        path
    }
}

fn make(draws: u64, folder: &Path) {
    let begun = Instant::now();
    let operator = Operator::new();
    let opened = LogOpened {
        jurisdiction: "430600".into(),
        log: operator.log.verifying_key().to_bytes(),
        statements: operator.statements.verifying_key().to_bytes(),
        draw_vrf: *operator.draw_vrf.public().as_bytes(),
        tag_vrf: *operator.tag_vrf.public().as_bytes(),
    };
    let profile = LabelledHash::new("profile").variable(PROFILE.as_bytes()).finish();
    let mut first = vec![
        operator.statement(0, LogOpened::TYPE, opened.fields()),
        operator.statement(1, "profile.loaded", Object::new().with("profile", profile)),
    ];
    for n in 0..PEOPLE {
        let fields = Object::new().with("image", candidate(n).image);
        first.push(operator.statement(2 + n as u64, "registry.expert", fields));
    }
    let size = BEFORE + EACH * draws;
    fs::create_dir_all(folder.join("draws")).unwrap();
    // Whole bundles are made side by side; leaves come back through a slot each.
    let width = u64::from(TILE_WIDTH);
    let leaves: Vec<std::sync::OnceLock<Hash>> = (0..size).map(|_| std::sync::OnceLock::new()).collect();
    on_all(size.div_ceil(width), |bundle| {
        let (from, to) = (bundle * width, size.min((bundle + 1) * width));
        let mut statements: Vec<Statement> = vec![];
        let mut at = from;
        while at < to {
            if at < BEFORE {
                statements.push(first[at as usize].clone());
                at += 1;
                continue;
            }
            let (number, part) = ((at - BEFORE) / EACH, (at - BEFORE) % EACH);
            for statement in draw(&operator, number).statements.into_iter().skip(part as usize) {
                if at < to {
                    statements.push(statement);
                    at += 1;
                }
            }
        }
        for (statement, index) in statements.iter().zip(from..) {
            leaves[index as usize].set(statement.leaf_hash()).unwrap();
        }
        let entries: Vec<Vec<u8>> = statements.iter().map(Statement::to_bytes).collect();
        let lines: Vec<Vec<u8>> = statements
            .iter()
            .map(|statement| format!("{}\n", operator.note(statement).signatures()[0]).into_bytes())
            .collect();
        let path = TilePath::new(TileName::Entries, bundle, (to - from) as u16).unwrap().to_string();
        write(folder, &path, &pack_entries(&entries).unwrap());
        write(folder, &path.replacen("tile/entries/", "signatures/", 1), &pack_entries(&lines).unwrap());
    });
    let levels = Levels::of(leaves.into_iter().map(|leaf| leaf.into_inner().unwrap()).collect());
    let head = Checkpoint { origin: operator.origin.clone(), size, root: levels.root(0, size as usize) };
    let note = sign_note(&head.to_text(), &operator.log_key(), |text| operator.log.sign(text).to_bytes());
    let checkpoint = note.unwrap().to_string();
    write(folder, "checkpoint", checkpoint.as_bytes());
    write(folder, "trust.policy", operator.policy().as_bytes());
    on_all(draws, |number| {
        let made = draw(&operator, number);
        let index = BEFORE + EACH * number;
        let statements = first[..2].iter().chain(&made.statements);
        let entry = |(statement, index): (&Statement, u64)| EvidenceEntry {
            index,
            note: operator.note(statement).to_string(),
            proof: levels.path(index as usize),
        };
        let indices = [0, 1, index, index + 1, index + 2];
        let evidence = Evidence {
            format: Format::V1,
            shared: None,
            audience: Audience::Public,
            checkpoint: checkpoint.clone(),
            entries: statements.zip(indices).map(entry).collect(),
            alpha: made.alpha,
            life: indices[2..].to_vec(),
            profile: PROFILE.into(),
            pool: made.pool.leaves.iter().map(|leaf| leaf.to_bytes()).collect(),
            openings: None,
        };
        write(folder, &format!("draws/{index}"), &evidence.write());
    });
    eprintln!("{draws} draws, {size} entries made in {:.0} s", begun.elapsed().as_secs_f64());
}

fn write(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

// ---- the audit ----

fn run(folder: &Path) {
    let text = fs::read(folder.join("trust.policy")).unwrap();
    let policy = Policy::parse(&text).unwrap();
    let source = Folder(folder.to_owned());
    let jobs = threads();
    let audit = Audit {
        log: &source,
        evidence: Some(&source),
        policy: &policy,
        parties: None,
        trust: trust(&text, None),
        last: None,
        private: None,
        answers: &[],
        chain: None,
        jobs,
        progress: &|_, _, _| {},
        stop: &AtomicBool::new(false),
    };
    let begun = Instant::now();
    let report = audit.run(&mut State::default(), &mut |_| {}).unwrap();
    let took = begun.elapsed().as_secs_f64();
    assert!(report.is_clean() && report.findings.is_empty(), "{}", report.text(true));
    let draws = report.draws.len() as f64;
    let peak = peak_memory();
    let rows = primitives(folder, &policy, draws, report.head.size as f64);
    let limit: f64 = rows.iter().map(|row| row.count * row.cost).sum::<f64>() / jobs as f64;
    println!("| 基本运算 primitive | 次数 count | 每次 µs each | 合计 s total |");
    println!("|---|---|---|---|");
    for Row { name, count, cost } in &rows {
        println!("| {name} | {count:.0} | {:.2} | {:.1} |", cost * 1e6, count * cost);
    }
    println!();
    println!(
        "| 抽取 draws | 条目 entries | 审计 audit s | 抽取/秒 draws/s | 极限 limit s | 极限/审计 limit / audit | 内存峰值 peak MB |"
    );
    println!("|---|---|---|---|---|---|---|");
    let (rate, ratio) = (draws / took, limit / took);
    println!(
        "| {draws:.0} | {} | {took:.1} | {rate:.0} | {limit:.1} | {ratio:.2} | {peak} |",
        report.head.size
    );
}

/// The most memory that this process has held, in MB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}

struct Row {
    name: &'static str,
    count: f64,
    /// Seconds.
    cost: f64,
}

/// Seconds that `work` takes: the median of many rounds.
fn cost<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut once = || {
        let begun = Instant::now();
        black_box(work());
        begun.elapsed()
    };
    let first = once().max(Duration::from_nanos(100));
    let rounds = (Duration::from_millis(300).as_nanos() / first.as_nanos()).clamp(15, 20_000);
    let mut times: Vec<Duration> = (0..rounds).map(|_| once()).collect();
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

/// What an audit of this log cannot do without, each measured by itself on bytes of this log.
fn primitives(folder: &Path, policy: &Policy, draws: f64, entries: f64) -> Vec<Row> {
    let file = fs::read(folder.join(format!("draws/{BEFORE}"))).unwrap();
    let evidence = Evidence::read(&file).unwrap();
    let operator = Operator::new();
    let key = operator.statements_key();
    let head = SignedNote::parse(evidence.checkpoint.as_bytes()).unwrap();
    assert!(policy.accept(&head).is_ok());
    let contributed = Statement::parse(
        SignedNote::parse(evidence.entries[3].note.as_bytes()).unwrap().text().trim_end().as_bytes(),
    )
    .unwrap();
    let proof = contributed.body().get("proof").and_then(|json| json.as_str().map(str::to_owned)).unwrap();
    let proof = Proof::from_hex(&proof).unwrap();
    let public = operator.draw_vrf.public();
    let made = draw(&operator, 0);
    let committed = Commitment::read(&made.statements[0].body_json()).unwrap();
    let beta = public.verify(made.alpha.as_bytes(), &proof).unwrap();
    let seed = seed::seed(&made.alpha, &[Contribution::Operator(beta.0)]).unwrap();
    let pair = [Hash([1; 32]), Hash([2; 32])];
    let in_file = evidence.entries.len() as f64;
    let path = evidence.entries[2].proof.len() as f64;
    // The three statements of a draw in the log, the five entries of a file: each the mean of its kind.
    let notes: Vec<SignedNote> =
        evidence.entries.iter().map(|entry| SignedNote::parse(entry.note.as_bytes()).unwrap()).collect();
    let leaves: Vec<Vec<u8>> = notes.iter().map(|note| note.text().trim_end().as_bytes().to_vec()).collect();
    let verify =
        |some: &[SignedNote]| cost(|| some.iter().all(|note| note.verify(&key).is_ok())) / some.len() as f64;
    let parse = |some: &[Vec<u8>]| {
        cost(|| some.iter().all(|leaf| Statement::parse(leaf).is_ok())) / some.len() as f64
    };
    let hash = |some: &[Vec<u8>]| {
        cost(|| some.iter().map(|leaf| merkle::leaf_hash(leaf).0[0]).fold(0, u8::wrapping_add))
            / some.len() as f64
    };
    vec![
        Row { name: "Ed25519：日志条目 entries of the log", count: entries, cost: verify(&notes[2..]) },
        Row {
            name: "Ed25519：证据文件 entries and checkpoint of files",
            count: draws * (in_file + 1.0),
            cost: verify(&notes),
        },
        Row {
            name: "VRF 证明 proof",
            count: draws,
            cost: cost(|| public.verify(made.alpha.as_bytes(), &proof)),
        },
        Row {
            name: "节点哈希 node hash (tree, paths, pools)",
            count: entries + draws * (in_file * path + PEOPLE as f64),
            cost: cost(|| merkle::node_hash(&pair[0], &pair[1])),
        },
        Row {
            name: "SHA-256：叶 leaves of the log and of files",
            count: entries + draws * in_file,
            cost: hash(&leaves),
        },
        Row {
            name: "SHA-256：叶 leaves of pools",
            count: draws * PEOPLE as f64,
            cost: cost(|| merkle::leaf_hash(&made.pool.leaves[0].to_bytes())),
        },
        Row { name: "SHA-256：文件 file (digest)", count: draws, cost: cost(|| sha256(&[&file])) },
        Row { name: "SHA-256：规则 profile", count: draws, cost: cost(|| sha256(&[PROFILE.as_bytes()])) },
        Row {
            name: "JSON：文件 file",
            count: draws,
            cost: cost(|| Json::parse_canonical(&file, 1 << 29).unwrap()),
        },
        Row { name: "JSON：日志声明 statements of the log", count: entries, cost: parse(&leaves[2..]) },
        Row {
            name: "JSON：文件中的声明 statements of files", count: draws * in_file, cost: parse(&leaves)
        },
        Row {
            name: "JSON：规则 profile",
            count: draws,
            cost: cost(|| Json::parse(PROFILE.as_bytes(), 1 << 20).unwrap()),
        },
        Row {
            name: "签、排序、席位 lots, order, walk",
            count: draws,
            cost: cost(|| decide::panel(&committed, &made.pool.leaves, &seed).unwrap()),
        },
        Row {
            name: "必选席位 forced seats",
            count: draws,
            cost: cost(|| decide::forced_seats(&committed, &made.pool.leaves)),
        },
    ]
}
