//! `supervisor`: the offline tool of a supervisor who contributes a nonce. It speaks to nobody: what it prints
//! is the body of a request to the service, in JSON.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use expert_draw::codec::{Json, to_hex};
use expert_draw::log::Policy;
use expert_draw::ports::{Clock, SystemClock, SystemEntropy};
use expert_draw::supervisor::{self as tool, Supervisor};

use crate::setup::{Failure, failed};

/// What a supervisor does.
#[derive(Subcommand)]
pub enum Act {
    /// 生成监督员密钥 · make a key
    Keygen {
        /// 密钥文件，不覆盖 · key file, never overwritten
        #[arg(long)]
        key: PathBuf,
    },
    /// 为下次抽取承诺一个随机数 · commit to a nonce for the next attempt (prints the body of POST /nonces)
    Commit {
        /// 密钥文件 · key file
        #[arg(long)]
        key: PathBuf,
        /// 状态文件：保存随机数及其用途，请妥善保管 · state file: nonces and what they were used for
        #[arg(long)]
        state: PathBuf,
        /// 日志名称 · log name
        #[arg(long)]
        log: String,
        /// 包号标签（GET /packages/…/next-attempt） · package tag
        #[arg(long)]
        tag: String,
        /// 第几次抽取 · attempt
        #[arg(long)]
        attempt: u32,
    },
    /// 核对承诺后公开随机数 · reveal after checking the commitment (prints the body of POST /draws/…/reveals)
    Reveal {
        #[command(flatten)]
        about: About,
    },
    /// 声明未释放且不再释放 · declare that nothing is released (prints the body of POST /draws/…/not-released)
    NotReleased {
        #[command(flatten)]
        about: About,
    },
}

/// A draw that waits.
#[derive(clap::Args)]
pub struct About {
    /// 密钥文件 · key file
    #[arg(long)]
    key: PathBuf,
    /// 状态文件 · state file
    #[arg(long)]
    state: PathBuf,
    /// 抽取的公开证据文件（GET /draws/…/evidence） · the draw's public evidence file
    #[arg(long)]
    evidence: PathBuf,
    /// 监督员自己的信任策略 · the supervisor's own trust policy
    #[arg(long)]
    policy: PathBuf,
}

/// Does what is asked.
pub fn supervisor(act: &Act) -> Result<ExitCode, Failure> {
    let body = match act {
        Act::Keygen { key } => {
            let made = Supervisor::create(key, &SystemEntropy).map_err(failed)?;
            println!("公钥 (public key): {}", to_hex(&made.public()));
            println!("摘要 (digest): {}", made.digest().to_hex());
            println!(
                "登记 (register): expert-draw keys register supervisor {} --name 姓名",
                to_hex(&made.public())
            );
            return Ok(ExitCode::SUCCESS);
        }
        Act::Commit { key, state, log, tag, attempt } => {
            let tag =
                tool::package_tag(tag).ok_or_else(|| failed("--tag 须为128位十六进制 (128 hex digits)"))?;
            load(key)?.commit(state, log, &tag, *attempt, &SystemEntropy).map_err(failed)?
        }
        Act::Reveal { about } => {
            let (evidence, policy) = about.read()?;
            load(&about.key)?.reveal(&about.state, &evidence, &policy).map_err(failed)?
        }
        Act::NotReleased { about } => {
            let (evidence, policy) = about.read()?;
            let now = SystemClock.now().0;
            load(&about.key)?.withhold(&about.state, &evidence, &policy, now).map_err(failed)?
        }
    };
    print(&body);
    Ok(ExitCode::SUCCESS)
}

impl About {
    fn read(&self) -> Result<(Vec<u8>, Policy), Failure> {
        let file = |path: &Path| fs::read(path).map_err(|e| failed(format!("{}: {e}", path.display())));
        let policy = Policy::parse(&file(&self.policy)?);
        let policy = policy.map_err(|e| failed(format!("{}: {e}", self.policy.display())))?;
        Ok((file(&self.evidence)?, policy))
    }
}

fn load(key: &Path) -> Result<Supervisor, Failure> {
    Supervisor::load(key).map_err(failed)
}

fn print(body: &Json) {
    println!("{}", String::from_utf8_lossy(&body.canonical()));
}
