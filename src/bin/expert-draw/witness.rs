//! `witness`: hold other people's logs to one history, and contribute to draws that name this witness.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use expert_draw::codec::to_hex;
use expert_draw::log::VerifierKey;
use expert_draw::ports::{SystemClock, SystemEntropy};
use expert_draw::witness::keys::WitnessKeys;
use expert_draw::witness::logs::Logs;
use expert_draw::witness::{Witness, journal::Failpoint, server};

use crate::setup::{Failure, failed};

/// What a witness is told.
#[derive(Args)]
pub struct Asked {
    /// 见证密钥目录，首次启动时建立；勿与数据目录同处，勿复制到第二台机器 · directory of the witness's keys, made on first start
    #[arg(long)]
    keys: PathBuf,
    /// 日志检查点公钥，可多次给出（同一日志可有多个） · public key of a log, may be repeated
    #[arg(long = "log", value_name = "VKEY")]
    log: Vec<VerifierKey>,
    /// 日志列表文件，每行 log VKEY · file of logs, lines `log VKEY`
    #[arg(long, value_name = "FILE")]
    logs: Option<PathBuf>,
    /// 见证名称，只在首次启动时用，例如 witness.example/hunan-audit · name of the cosigner, on first start
    #[arg(long)]
    name: Option<String>,
}

/// Serves as a witness until Ctrl-C or SIGTERM.
pub fn witness(data: &Path, listen: SocketAddr, asked: &Asked) -> Result<ExitCode, Failure> {
    let mut known = asked.log.clone();
    if let Some(file) = &asked.logs {
        let text = fs::read_to_string(file).map_err(|e| failed(format!("{}: {e}", file.display())))?;
        known.extend(Logs::keys_in(&text).map_err(failed)?);
    }
    let logs = Logs::new(known).map_err(failed)?;
    let origins: Vec<String> = logs.origins().map(str::to_owned).collect();
    let keys = if WitnessKeys::exist(&asked.keys) {
        WitnessKeys::load(&asked.keys).map_err(failed)?
    } else {
        WitnessKeys::create(&asked.keys, asked.name.as_deref(), &SystemEntropy).map_err(failed)?
    };
    if asked.name.as_deref().is_some_and(|name| name != keys.cosigner().name().as_str()) {
        return Err(failed(format!(
            "密钥目录中的见证名称是 {0}，不能更改 (the keys' name is {0} and cannot be changed)",
            keys.cosigner().name()
        )));
    }
    let failpoint = std::env::var("EXPERT_DRAW_FAILPOINT").ok().and_then(|text| Failpoint::parse(&text));
    let (cosigner, vrf) = (keys.cosigner().clone(), to_hex(keys.vrf.public().as_bytes()));
    let opened = Witness::open(data, keys, logs, Arc::new(SystemClock), failpoint).map_err(failed)?;
    println!("见证公钥 (cosigner vkey): {cosigner}");
    println!("见证公钥十六进制 (cosigner key, hex): {}", to_hex(cosigner.key_bytes()));
    println!("随机数公钥 (VRF key, hex): {vrf}");
    for origin in origins {
        println!("见证的日志 (log): {origin}");
    }
    server::serve(Arc::new(opened), listen, |address| {
        println!("见证已启动 (listening): http://{address}/  （Ctrl-C 结束）");
    })
    .map_err(|e| failed(format!("{listen}: {e}")))?;
    Ok(ExitCode::SUCCESS)
}
