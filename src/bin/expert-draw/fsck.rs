//! `fsck`: the database against its signed log, then the tables against a replay, then every pool and
//! every exclusion rebuilt.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use expert_draw::config::Config;
use expert_draw::ports::{Clock, SystemClock, SystemEntropy};
use expert_draw::service::{fsck as check, replay};
use expert_draw::store::files::Files;
use expert_draw::store::{Against, Depth, Finding};

use crate::setup::{self, Failure};

pub fn fsck(config: &Config, pools: bool) -> Result<ExitCode, Failure> {
    let keys = setup::keys(config)?;
    let reader = setup::reader(config)?;
    let checkpoint = config.checkpoint_file();
    let against = Against {
        signer: &keys,
        now: SystemClock.now(),
        checkpoint_path: Some(&checkpoint),
        depth: Depth::Full,
    };
    let mut last = Instant::now();
    let mut progress = |done: u64, total: u64| {
        if last.elapsed() >= Duration::from_secs(3) {
            eprintln!("已检查 {done}/{total} 条 (entries checked)");
            last = Instant::now();
        }
    };
    let files = Files::at(config.attachments_dir());
    let checked = check::examine(&reader, &keys, &SystemEntropy, &against, Some(&files), &mut progress)?;
    let mut found = checked.findings;
    if pools {
        let replayed = replay::pools(&reader, &keys, &SystemEntropy, &mut progress)?;
        println!(
            "候选池重建：{} 次抽取，{} 人次 (pools rebuilt: draws, people judged again)",
            replayed.draws, replayed.people
        );
        if replayed.erased > 0 {
            println!(
                "其中 {} 人次已依法删除，无法重新判断 (erased lawfully, not judged again)",
                replayed.erased
            );
        }
        found.extend(replayed.findings.into_iter().map(Finding::from));
        for notice in &replayed.notices {
            println!("! {notice}");
        }
    }
    if checked.erased_subjects > 0 {
        println!(
            "依法删除：{} 个主体，{} 条条目不再可读，不是损坏 (erased lawfully: subjects, entries that open no more)",
            checked.erased_subjects, checked.erased_entries
        );
    }
    for finding in &found {
        println!("✗ {finding}");
    }
    if found.is_empty() {
        println!("✓ 数据库与签名日志一致 (the database is what was signed)");
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "发现 {} 处不一致。不要修改数据库；请保留现场，用 expert-draw evidence 导出证据，并从备份恢复。",
        found.len()
    );
    println!("{} findings. Keep the database as it is, export evidence, restore from a backup.", found.len());
    Ok(ExitCode::FAILURE)
}
