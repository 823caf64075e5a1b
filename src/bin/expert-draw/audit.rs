//! `audit`: a whole log from what is public, with `--private` also every pool from an export of private
//! records; `export-evidence` and `export-private` write what it wants beside the log.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use expert_draw::audit::private_state::PrivateState;
use expert_draw::audit::source::{Folder, Source, limit};
use expert_draw::audit::state::{STATE_LIMIT, State};
use expert_draw::audit::{Audit, AuditError, Finding, PrivateTold, Report, Severity, Step, trust};
use expert_draw::codec::{Hash, Json};
use expert_draw::config::Config;
use expert_draw::config::beacon::{default_chain, quicknet};
use expert_draw::draw::contributions::Answer;
use expert_draw::evidence::parties::Parties;
use expert_draw::log::Policy;
use expert_draw::ports::SystemEntropy;
use expert_draw::service::actor::{Actor, Role};
use expert_draw::service::evidence_export;
use expert_draw::service::private_export::{self, PrivateExport};
use indicatif::{ProgressBar, ProgressStyle};
use rust_xlsxwriter::{Workbook, XlsxError};

use crate::Lang;
use crate::log_archive::LogArchive;
use crate::setup::{self, Failure, failed};

/// The longest list of answers.
const ANSWERS_LIMIT: usize = 64 << 20;

/// What an audit is told.
#[derive(Args)]
pub struct Asked {
    /// 日志来源：服务地址（http://…）、导出目录或其 ZIP 档案 · the log: a service or web server, a directory of export-log, or that
    /// as one ZIP archive
    #[arg(long)]
    from: String,
    /// 信任策略 · trust policy
    #[arg(long)]
    policy: PathBuf,
    /// 独立方文件 · file of independent parties
    #[arg(long)]
    parties: Option<PathBuf>,
    /// 证据文件来源，缺省同 --from；none 表示不核对 · where evidence files are; none: not looked at
    #[arg(long)]
    evidence: Option<String>,
    /// 上次审计的检查点 · checkpoint of the last audit
    #[arg(long)]
    last: Option<PathBuf>,
    /// 状态目录：记住已核对的部分和最后的检查点，中断后继续 · what was done, to go on from
    #[arg(long)]
    state: Option<PathBuf>,
    /// 见证方公布的答复（JSON，可多次给出） · answers that witnesses have published, may be repeated
    #[arg(long)]
    answers: Vec<PathBuf>,
    /// 私有导出目录（export-private 的输出）：重建每次抽取的候选池 · directory of export-private: every pool is rebuilt
    #[arg(long, requires = "private_key")]
    private: Option<PathBuf>,
    /// 私有导出的密钥文件 · key file of the private export
    #[arg(long, requires = "private")]
    private_key: Option<PathBuf>,
    /// 另存 JSON 报告 · write the report as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// 另存 XLSX 报告 · write the report as XLSX
    #[arg(long)]
    xlsx: Option<PathBuf>,
    /// 线程数，缺省为处理器数 · threads
    #[arg(long)]
    jobs: Option<usize>,
    /// 语言 · language
    #[arg(long, value_enum, default_value = "zh")]
    lang: Lang,
}

/// Files of a service or of any web server.
struct Site {
    base: String,
    agent: ureq::Agent,
}

impl Site {
    fn new(url: &str) -> Self {
        let base = url.trim_end_matches('/').to_owned();
        // A service's address alone means its API.
        let base = if base.matches('/').count() == 2 { format!("{base}/api/v1/log") } else { base };
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            .build()
            .into();
        Self { base, agent }
    }
}

impl Source for Site {
    fn get(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let mut answer = self.agent.get(format!("{}/{path}", self.base)).call().map_err(io::Error::other)?;
        match answer.status().as_u16() {
            200 => {
                let body = answer.body_mut().with_config().limit(limit(path)).read_to_vec();
                body.map(Some).map_err(io::Error::other)
            }
            // 409: a draw that has not ended.
            404 | 409 => Ok(None),
            status => Err(io::Error::other(format!("HTTP {status}"))),
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn source(from: &str) -> Result<Box<dyn Source>, Failure> {
    if from.starts_with("https://") {
        // Nothing that is read is believed, so nothing is lost without TLS but who asks for what.
        let zh = "本程序不含 TLS：请经本机代理以 http:// 读取，或先下载为目录";
        let en = "no TLS here: read over http:// by a proxy of this machine, or download it as a directory";
        return Err(failed(format!("--from {from}: {zh} ({en}: wget -r, export-log)")));
    }
    if from.starts_with("http://") {
        return Ok(Box::new(Site::new(from)));
    }
    let path = PathBuf::from(from);
    if path.is_file() {
        let archive = LogArchive::open(&path);
        let why = |e| failed(format!("--from {from}: 不是可读的 ZIP 档案 (no archive of a log): {e}"));
        return Ok(Box::new(archive.map_err(why)?));
    }
    if !path.is_dir() {
        return Err(failed(format!("--from {from}: 没有该目录或文件 (no such directory or file)")));
    }
    Ok(Box::new(Folder(path)))
}

/// Audits; exit 0 clean, 1 violations, 2 unusable input.
pub fn audit(asked: &Asked) -> Result<ExitCode, Failure> {
    match run(asked) {
        Ok(report) => {
            print!("{}", report.text(asked.lang == Lang::En));
            Ok(ExitCode::from(if report.is_clean() { 0 } else { 1 }))
        }
        Err(failure) => {
            eprintln!("{failure}");
            Ok(ExitCode::from(2))
        }
    }
}

fn run(asked: &Asked) -> Result<Report, Failure> {
    let read = |path: &Path| fs::read(path).map_err(|e| failed(format!("{}: {e}", path.display())));
    let policy_bytes = read(&asked.policy)?;
    let policy =
        Policy::parse(&policy_bytes).map_err(|e| failed(format!("{}: {e}", asked.policy.display())))?;
    let parties_bytes = asked.parties.as_deref().map(read).transpose()?;
    let parties = parties_bytes.as_deref().map(Parties::parse).transpose().map_err(failed)?;
    let last = asked.last.as_deref().map(read).transpose()?;
    let mut answers = Vec::new();
    for path in &asked.answers {
        answers.extend(published(&read(path)?).ok_or_else(|| {
            failed(format!("{}: 不是见证方的答复列表 (not a witness's list of answers)", path.display()))
        })?);
    }
    let state_file = asked.state.as_ref().map(|folder| folder.join("audit.json"));
    if let Some(folder) = &asked.state {
        fs::create_dir_all(folder)?;
    }
    let mut state = match &state_file {
        Some(path) if path.exists() => {
            let bytes = read(path)?;
            if bytes.len() > STATE_LIMIT {
                return Err(failed(format!("{}: 过长 (too long)", path.display())));
            }
            State::read(&bytes).ok_or_else(|| {
                failed(format!(
                    "{}: 已损坏，删除后重新审计 (damaged; delete it to begin anew)",
                    path.display()
                ))
            })?
        }
        _ => State::default(),
    };
    let log = source(&asked.from)?;
    let evidence = match asked.evidence.as_deref() {
        Some("none") => None,
        Some(from) => Some(source(from)?),
        None => Some(source(&asked.from)?),
    };
    let pinned = parties.as_ref().and_then(|parties| parties.beacon).map(|beacon| beacon.chain);
    let chain = [quicknet(), default_chain()].into_iter().flatten().find(|c| Some(c.hash()) == pinned);
    let bar = bar();
    let progress = |step: Step, done: u64, of: u64| {
        bar.set_message(match step {
            Step::Entries => "日志条目 (entries)",
            Step::Evidence => "证据文件 (evidence)",
        });
        bar.set_length(of);
        bar.set_position(done);
    };
    let stop = stop_on_ctrl_c();
    let private = match (&asked.private, &asked.private_key) {
        (Some(folder), Some(key)) => Some(PrivateExport::open(folder, key)?),
        _ => None,
    };
    let jobs = asked.jobs.or_else(|| std::thread::available_parallelism().ok().map(usize::from));
    let audit = Audit {
        log: log.as_ref(),
        evidence: evidence.as_deref(),
        policy: &policy,
        parties: parties.as_ref(),
        trust: trust(&policy_bytes, parties_bytes.as_deref()),
        last: last.as_deref(),
        private: private.as_ref().map(|private| &private.tree),
        answers: &answers,
        chain,
        jobs: jobs.unwrap_or(1).clamp(1, 256),
        progress: &progress,
        stop,
    };
    let mut lost = None;
    let mut save = |state: &State| {
        if let Some(path) = &state_file
            && let Err(error) = replace(path, &state.write())
        {
            lost = Some(format!("{}: {error}", path.display()));
        }
    };
    let report = audit.run(&mut state, &mut save);
    bar.finish_and_clear();
    if let Some(lost) = lost {
        eprintln!("无法保存状态 (cannot save the state): {lost}");
    }
    let mut report = report.map_err(|error: AuditError| failed(error))?;
    if let Some(private) = &private {
        let file = asked.state.as_ref().map(|folder| folder.join("private.json"));
        rebuild(private, &mut report, file.as_deref(), stop)?;
    }
    if let Some(path) = &asked.json {
        replace(path, &report.to_json().canonical())?;
    }
    if let Some(path) = &asked.xlsx {
        let mut book = workbook(&report).map_err(failed)?;
        replace(path, &book.save_to_buffer().map_err(failed)?)?;
    }
    if report.is_clean()
        && let Some(folder) = &asked.state
    {
        // What the next audit holds the log against.
        replace(&folder.join("checkpoint"), report.note.as_bytes())?;
    }
    Ok(report)
}

/// Adds what a replay of the private export finds; `file` remembers how far it came.
fn rebuild(
    private: &PrivateExport,
    report: &mut Report,
    file: Option<&Path>,
    stop: &AtomicBool,
) -> Result<(), Failure> {
    let known = file.and_then(|path| fs::read(path).ok()).and_then(|bytes| PrivateState::read(&bytes));
    let done = known.map_or(0, |known| known.done(&private.tree));
    let bar = bar();
    bar.set_message("重建候选池 (pools)");
    let mut lost = None;
    let mut reached = 0;
    let replayed = private.replay(&SystemEntropy, done, &mut |next, of, found| {
        bar.set_length(of);
        bar.set_position(next);
        reached = next;
        // Only what is sound need not be looked at again.
        let sound = found.findings.is_empty() && private.findings.is_empty();
        if let (Some(path), Some(state), true) =
            (file, PrivateState::at(next, &private.tree), sound && next > done)
            && let Err(error) = replace(path, &state.write())
        {
            lost = Some(error);
        }
        !stop.load(Ordering::SeqCst)
    })?;
    bar.finish_and_clear();
    if let Some(lost) = lost {
        eprintln!("无法保存状态 (cannot save the state): {lost}");
    }
    if reached < private.tree.size() {
        return Err(failed("已中断；给出 --state 时再次运行即从此处继续 (stopped; run again to go on)"));
    }
    let told = PrivateTold {
        size: private.tree.size(),
        draws: replayed.draws,
        people: replayed.people,
        erased: replayed.erased,
    };
    let alphas: BTreeMap<u64, Hash> = report.draws.iter().map(|draw| (draw.index, draw.alpha)).collect();
    let found = replayed.findings.into_iter().chain(replayed.notices).map(|difference| {
        let found = Finding::new(difference.name, difference.to_string()).at(difference.index);
        match alphas.get(&difference.index) {
            Some(alpha) => found.of(*alpha),
            None => found,
        }
    });
    report.add_private(told, found.collect());
    Ok(())
}

/// A flag that Ctrl-C sets, so that the state is saved before the end.
fn stop_on_ctrl_c() -> &'static AtomicBool {
    static STOP: AtomicBool = AtomicBool::new(false);
    std::thread::spawn(|| {
        let system = actix_web::rt::System::new();
        let _ = system.block_on(actix_web::rt::signal::ctrl_c());
        STOP.store(true, Ordering::SeqCst);
    });
    &STOP
}

/// The answers of witness-v1 §6.
fn published(bytes: &[u8]) -> Option<Vec<(String, u64, Answer)>> {
    let json = Json::parse(bytes, ANSWERS_LIMIT).ok()?;
    let items = json.as_map()?.get("items")?.as_list()?;
    let mut answers = Vec::new();
    for item in items {
        let item = item.as_map()?;
        if item.get("kind").and_then(Json::as_str) == Some("answer") {
            answers.push(Answer::read_published(item.get("value")?).ok()?);
        }
    }
    Some(answers)
}

fn workbook(report: &Report) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("概况 summary")?;
    let head = &report.head;
    let rows = [
        ("日志 log", head.origin.as_str().to_owned()),
        ("条目 entries", head.size.to_string()),
        ("树根 root", head.root.to_hex()),
        ("抽取 draws", report.draws.len().to_string()),
        ("包 packages", report.packages.len().to_string()),
        ("密钥 keys", report.keys.to_string()),
        (
            "结论 verdict",
            if report.is_clean() {
                "未发现违反规则之处 clean"
            } else {
                "有违反规则之处 violations"
            }
            .into(),
        ),
    ];
    for ((name, value), row) in rows.iter().zip(0u32..) {
        sheet.write(row, 0, *name)?;
        sheet.write(row, 1, value.as_str())?;
    }
    sheet.autofit();
    let sheet = book.add_worksheet().set_name("发现 findings")?;
    let titles =
        ["名称 finding", "程度 severity", "条目 index", "抽取 alpha", "说明", "explanation", "详情 detail"];
    for (title, column) in titles.iter().zip(0u16..) {
        sheet.write(0, column, *title)?;
    }
    for (found, row) in report.findings.iter().zip(1u32..) {
        let (zh, en) = found.titles();
        let severity =
            if found.severity() == Severity::Violation { "违反 violation" } else { "提示 notice" };
        sheet.write(row, 0, found.name)?;
        sheet.write(row, 1, severity)?;
        sheet.write(row, 2, found.index.map(|index| index.to_string()).unwrap_or_default())?;
        sheet.write(row, 3, found.alpha.map(|alpha| alpha.to_hex()).unwrap_or_default())?;
        sheet.write(row, 4, zh)?;
        sheet.write(row, 5, en)?;
        sheet.write(row, 6, found.detail.as_str())?;
    }
    sheet.autofit();
    let sheet = book.add_worksheet().set_name("抽取 draws")?;
    let titles = [
        "条目 index",
        "抽取 alpha",
        "对象 of",
        "第几次 attempt",
        "状态 standing",
        "保证等级 level",
        "必选席位 forced",
        "单方记录 on operator's word",
        "计划 plan",
        "包 package",
    ];
    for (title, column) in titles.iter().zip(0u16..) {
        sheet.write(0, column, *title)?;
    }
    for (draw, row) in report.draws.iter().zip(1u32..) {
        let (plan, package) = draw.number.clone().unwrap_or_default();
        sheet.write(row, 0, draw.index.to_string())?;
        sheet.write(row, 1, draw.alpha.to_hex())?;
        sheet.write(row, 2, if draw.of_sites { "副场 sites" } else { "专家 experts" })?;
        sheet.write(row, 3, draw.attempt)?;
        sheet.write(row, 4, draw.standing)?;
        sheet.write(row, 5, draw.level.unwrap_or(""))?;
        sheet.write(row, 6, draw.forced)?;
        sheet.write(row, 7, draw.on_operators_word)?;
        sheet.write(row, 8, plan)?;
        sheet.write(row, 9, package)?;
    }
    sheet.autofit();
    let sheet = book.add_worksheet().set_name("包 packages")?;
    for (title, column) in
        ["包号标签 tag", "对象 of", "次数 attempts", "已知结果后作废 seen voids"].iter().zip(0u16..)
    {
        sheet.write(0, column, *title)?;
    }
    for (package, row) in report.packages.iter().zip(1u32..) {
        sheet.write(row, 0, expert_draw::codec::to_hex(&package.tag))?;
        sheet.write(row, 1, if package.of_sites { "副场 sites" } else { "专家 experts" })?;
        sheet.write(row, 2, u32::try_from(package.draws.len()).unwrap_or(u32::MAX))?;
        sheet.write(row, 3, package.seen_voids)?;
    }
    sheet.autofit();
    Ok(book)
}

/// Replaces a file as a whole.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let draft = path.with_extension("new");
    let written = fs::File::create(&draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    });
    written.map_err(|e| failed(format!("{}: {e}", path.display())))
}

/// Writes every draw's public evidence beside an exported log.
pub fn export_evidence(config: &Config, out: &Path) -> Result<ExitCode, Failure> {
    let keys = setup::keys(config)?;
    let reader = setup::reader(config)?;
    let bar = ProgressBar::new(0);
    let done = evidence_export::export(&reader, &keys, &SystemEntropy, out, &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    println!(
        "证据文件：新写 {}，已有 {}，尚未结束的抽取 {}：{}",
        done.written,
        done.kept,
        done.without,
        out.display()
    );
    println!("evidence files: {} written, {} kept, {} draws without", done.written, done.kept, done.without);
    Ok(ExitCode::SUCCESS)
}

/// Writes what an auditor with access needs to rebuild pools offline. The look is recorded where that is
/// possible; a database that the service refuses cannot be written to, and the operator is told so.
pub fn export_private(config: &Config, out: &Path, key: &Path, purpose: &str) -> Result<ExitCode, Failure> {
    match setup::service(config) {
        Ok((service, _)) => {
            service.record_private_export(&Actor::of_role("console", Role::Auditor), purpose)?;
        }
        Err(refused) => {
            eprintln!("{refused}\n服务拒绝启动：此次导出无法记入日志 (this export could not be recorded)");
        }
    }
    let keys = setup::keys(config)?;
    let reader = setup::reader(config)?;
    let bar = ProgressBar::new(0);
    let done = private_export::export(&reader, &keys, &SystemEntropy, out, key, &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let (file, size) = (PrivateExport::file(out), done.head.size);
    println!(
        "私有导出：{}（日志 {size} 条，密封记录 {} 条），密钥：{}\n两者须分开保管和传送。审计：expert-draw audit --from … --policy … --private {} --private-key {}",
        file.display(),
        done.images,
        key.display(),
        out.display(),
        key.display()
    );
    println!(
        "private export of {size} entries with {} sealed records; keep and send file and key apart",
        done.images
    );
    Ok(ExitCode::SUCCESS)
}
