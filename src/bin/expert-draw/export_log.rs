//! `export-log`: the whole log as a directory for any web server; works when the service is off.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use expert_draw::config::Config;
use expert_draw::service::log_export::{UpTo, export};

use crate::setup::{self, Failure};

pub fn export_log(config: &Config, out: &Path, witnessed: Option<u32>) -> Result<ExitCode, Failure> {
    let vkeys = || config.witnesses.iter().map(|witness| witness.key.to_string()).collect();
    let up_to = witnessed.map_or(UpTo::Newest, |least| UpTo::Witnessed(least, vkeys()));
    let mut shown = 0;
    let done = export(&setup::reader(config)?, out, &up_to, &mut |files| {
        if files >= shown + 1000 {
            shown = files;
            eprint!("\r已写入 {files} 个文件 (files)");
            let _ = std::io::stderr().flush();
        }
    })?;
    if shown > 0 {
        eprintln!();
    }
    println!(
        "日志共 {} 条（目录中原有 {}），新写 {} 个文件：{}",
        done.size,
        done.before,
        done.written,
        out.display()
    );
    println!(
        "log of {} entries (the directory held {}), {} files written",
        done.size, done.before, done.written
    );
    Ok(ExitCode::SUCCESS)
}
