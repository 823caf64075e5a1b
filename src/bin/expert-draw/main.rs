//! `expert-draw`: the service and its commands. Each command is one file; this one is the table of
//! contents: what can be said on the command line, and where it goes.

mod audit;
mod backup;
mod courier;
mod demo;
mod demo_client;
mod due;
mod evidence;
mod export_log;
mod fsck;
mod import;
mod keys;
mod log_archive;
mod rules;
mod serve;
mod setup;
mod supervisor;
mod verifier;
mod witness;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use expert_draw::config::{Config, Sources};
use expert_draw::pool_sample;
use expert_draw::time::Date;

use setup::{Failure, failed};

/// 政府采购评审专家库与可核验随机抽取 · Registry of procurement evaluation experts and a verifiable draw
#[derive(Parser)]
#[command(name = "expert-draw", version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// Settings that every command takes; each may also stand in a TOML file or the environment.
#[derive(Args)]
struct Settings {
    /// 数据目录 · directory of keys, checkpoint and SQLite database
    #[arg(long, global = true)]
    data: Option<PathBuf>,
    /// 数据库 · sqlite://PATH or postgres://…
    #[arg(long, global = true)]
    database: Option<String>,
    /// 监听地址 · address:port
    #[arg(long, global = true)]
    listen: Option<String>,
    /// 日志名称 · log name, used when the log is opened
    #[arg(long, global = true)]
    origin: Option<String>,
    /// 所在行政区划 · region code of the bureau, used when the log is opened
    #[arg(long, global = true)]
    jurisdiction: Option<String>,
    /// 规则档案 · name of a rule profile or path of a .toml source or compiled .json
    #[arg(long, global = true)]
    profile: Option<String>,
    /// 专家库规则档案 · name of an embedded registry profile or path of a file
    #[arg(long, global = true)]
    registry_profile: Option<String>,
    /// 配置文件 · TOML file; DATA/config.toml is read when it is there
    #[arg(long, global = true)]
    config: Option<PathBuf>,
}

/// Language of what a command prints.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

#[derive(Subcommand)]
enum Command {
    /// 提供服务；首次启动时建立数据库和密钥 · serve; makes database and keys on first start
    Serve {
        /// 不办理到期事项（同一数据库上由另一进程办理） · leave what a date brings to another process
        #[arg(long)]
        without_due: bool,
    },
    /// 参考通知平台，只用于试验 · the reference gateway, for trials only: reaches nobody, prints what it is asked to send
    #[command(hide = true)]
    Gateway {
        /// 共享密钥文件 · file of the shared secret
        #[arg(long)]
        secret: PathBuf,
        /// 回报地址 · where reports go: http://…/api/v1/gateway/answers
        #[arg(long)]
        report_to: Option<String>,
        /// 丢失、延迟、重复、乱序 · lose, delay, double, reorder
        #[arg(long)]
        unkind: bool,
    },
    /// 见证：监督他人日志只有一个历史，并为指定本见证的抽取提供随机数 · a witness of other people's logs (C2SP tlog-witness)
    Witness(witness::Asked),
    /// 审计整个日志：树、签名、见证、每次抽取及其证据 · audit a whole log from what is public
    Audit(audit::Asked),
    /// 把每次抽取的公开证据写成目录，供离线审计 · write every draw's public evidence beside an exported log
    ExportEvidence {
        /// 目录 · directory
        #[arg(long)]
        out: PathBuf,
    },
    /// 导出重建候选池所需的密封记录，供有权限的审计人员离线使用（记入日志） · what an auditor with access needs to rebuild pools offline; recorded
    ExportPrivate {
        /// 新目录 · new directory
        #[arg(long)]
        out: PathBuf,
        /// 密钥文件，须在该目录之外 · file for the key, outside of that directory
        #[arg(long)]
        key: PathBuf,
        /// 目的，记入日志 · purpose, recorded
        #[arg(long)]
        purpose: String,
    },
    /// 监督员的离线工具：承诺、核对后公开随机数 · the offline tool of a supervisor who contributes a nonce
    Supervisor {
        #[command(subcommand)]
        act: supervisor::Act,
    },
    /// 办理到期事项一次 · run once what a date brings: ended suspensions, reminders, stale records
    Due,
    /// 演示一次完整抽取 · one whole draw through the HTTP API, verified by the auditor's binary
    Demo {
        /// 样例专家人数 · experts in the sample pool
        #[arg(long, default_value_t = 2_000)]
        experts: u32,
        /// 核验后即退出 · end after the verdict
        #[arg(long)]
        no_serve: bool,
        /// 语言 · language
        #[arg(long, value_enum, default_value = "zh")]
        lang: Lang,
    },
    /// 导入 · import from a file
    Import {
        #[command(subcommand)]
        what: Import,
    },
    /// 密钥、信任策略与账号令牌 · keys, trust policy, tokens
    Keys {
        #[command(subcommand)]
        what: keys::Keys,
    },
    /// 规则档案：解释、列出 · rule profiles: explain, list
    Rules {
        #[command(subcommand)]
        what: rules::Rules,
    },
    /// 输出接口文档 · print the OpenAPI document
    Openapi,
    /// 写出浏览器核验程序：一个 HTML 文件，断网可用 · write the verifier for browsers, one HTML file that works offline
    Verifier {
        /// 输出文件；缺省写到标准输出 · output file
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// 检查数据库与日志是否一致 · check the database against its signed log
    Fsck {
        /// 不重建候选池 · do not rebuild pools and exclusions
        #[arg(long)]
        no_pools: bool,
    },
    /// 把整个日志导出为可由任何网站服务器提供的目录 · write the whole log as a directory that any web server can serve
    ExportLog {
        /// 目标目录；已有的文件不再写 · directory; what is there is not written again
        #[arg(long)]
        out: PathBuf,
        /// 截至有这么多见证方签名的最新检查点 · up to the newest checkpoint that so many witnesses have cosigned
        #[arg(long)]
        witnessed: Option<u32>,
    },
    /// 生成合成样例专家库 · print a synthetic pool as CSV
    PoolSample {
        /// 人数 · experts
        #[arg(long)]
        experts: u32,
        /// 种子 · seed; the same seed and day give the same bytes
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// 以此日为今天 · the day taken as today, YYYY-MM-DD
        #[arg(long)]
        today: Option<String>,
        /// 附学历、职称等各列 · with education, titles and the other further columns
        #[arg(long)]
        full: bool,
    },
    /// 备份数据库和密钥到一个目录 · back up database and keys into one directory
    Backup {
        /// 目标目录（不得已存在） · target directory, must not exist
        target: PathBuf,
    },
    /// 从备份恢复到空的数据目录 · restore a backup into an empty data directory
    Restore {
        /// 备份目录 · backup directory
        source: PathBuf,
        /// 确认接受早于已公布检查点的备份 · accept a backup older than what was published
        #[arg(long)]
        accept_older: bool,
    },
    /// 导出一次抽取的证据文件，服务无法启动时也可用 · write the evidence of a draw, even when the service refuses to start
    Evidence {
        /// 抽取编号 · draw id
        draw: String,
        /// public 或 auditor
        #[arg(long, default_value = "public")]
        audience: String,
        /// 查看目的（auditor 必填，记入日志） · purpose, recorded
        #[arg(long)]
        purpose: Option<String>,
        /// 输出文件；缺省写到标准输出 · output file
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Import {
    /// 专家 CSV 或 XLSX · experts from a CSV or XLSX file
    Experts(import::Experts),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("EXPERT_DRAW_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(cli) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let config = cli.settings.config()?;
    match cli.command {
        Command::Serve { without_due } => serve::serve(&config, without_due),
        Command::Gateway { secret, report_to, unkind } => {
            courier::gateway(config.listen, &secret, report_to, unkind)
        }
        Command::Witness(asked) => witness::witness(&config.data, config.listen, &asked),
        Command::Audit(asked) => audit::audit(&asked),
        Command::ExportEvidence { out } => audit::export_evidence(&config, &out),
        Command::ExportPrivate { out, key, purpose } => audit::export_private(&config, &out, &key, &purpose),
        Command::Supervisor { act } => supervisor::supervisor(&act),
        Command::Due => due::due(&config),
        Command::Demo { experts, no_serve, lang } => demo::demo(&config, experts, !no_serve, lang),
        Command::Import { what: Import::Experts(asked) } => import::experts(&config, &asked),
        Command::Keys { what } => keys::keys(&config, &what),
        Command::Rules { what } => rules::rules(&what),
        Command::Openapi => {
            print!("{}", expert_draw::http::openapi::document());
            Ok(ExitCode::SUCCESS)
        }
        Command::Verifier { out } => verifier::verifier(out.as_deref()),
        Command::Fsck { no_pools } => fsck::fsck(&config, !no_pools),
        Command::ExportLog { out, witnessed } => export_log::export_log(&config, &out, witnessed),
        Command::PoolSample { experts, seed, today, full } => sample(experts, seed, today.as_deref(), full),
        Command::Backup { target } => backup::backup(&config, &target),
        Command::Restore { source, accept_older } => backup::restore(&config, &source, accept_older),
        Command::Evidence { draw, audience, purpose, out } => {
            evidence::evidence(&config, &draw, &audience, purpose.as_deref(), out.as_deref())
        }
    }
}

fn sample(experts: u32, seed: u64, today: Option<&str>, full: bool) -> Result<ExitCode, Failure> {
    let today = match today {
        Some(text) => Date::parse(text).map_err(|e| failed(format!("--today {text}: {}", e.message_zh())))?,
        None => setup::today(),
    };
    if experts > pool_sample::MAX_EXPERTS {
        return Err(failed(format!("--experts 不得超过 {} (at most)", pool_sample::MAX_EXPERTS)));
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let write = if full { pool_sample::write_full_sample } else { pool_sample::write_sample };
    write(&mut out, experts, seed, today).map_err(failed)?;
    std::io::Write::flush(&mut out).map_err(failed)?;
    Ok(ExitCode::SUCCESS)
}

impl Settings {
    /// Defaults, file, environment, command line; checked once.
    fn config(&self) -> Result<Config, Failure> {
        let mut sources = Sources::default();
        let environment_data = std::env::var("EXPERT_DRAW_DATA").ok().map(PathBuf::from);
        let data = self.data.clone().or(environment_data).unwrap_or_else(|| PathBuf::from("./data"));
        let named = self.config.clone().or_else(|| std::env::var_os("EXPERT_DRAW_CONFIG").map(PathBuf::from));
        let file = named.clone().unwrap_or_else(|| data.join("config.toml"));
        match std::fs::read_to_string(&file) {
            Ok(text) => sources.toml(&text, &file.display().to_string()).map_err(failed)?,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(format!("{}: {error}", file.display()))),
        }
        sources.environment(std::env::vars()).map_err(failed)?;
        let text = |path: &PathBuf| path.display().to_string();
        let given = [
            ("data", self.data.as_ref().map(text)),
            ("database", self.database.clone()),
            ("listen", self.listen.clone()),
            ("origin", self.origin.clone()),
            ("jurisdiction", self.jurisdiction.clone()),
            ("profile", self.profile.clone()),
            ("registry_profile", self.registry_profile.clone()),
        ];
        for (setting, value) in given {
            if let Some(value) = value {
                sources.set(setting, value, format!("--{}", setting.replace('_', "-")));
            }
        }
        sources.check().map_err(failed)
    }
}
