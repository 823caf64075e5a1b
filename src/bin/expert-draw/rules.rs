//! `expert-draw rules`: what a rule profile requires, in plain Chinese; the table of rules.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use expert_draw::profile_source::{self, Compiled};
use expert_draw::rules::{self, PROFILES, Profile};

use super::setup::{Failure, failed};

/// What can be asked about rules.
#[derive(Subcommand)]
pub enum Rules {
    /// 用中文解释一个规则档案 · explain a profile: requirements, differences from its parent, what rests on memory
    Check {
        /// 内置名称（national、hunan、fujian、guangdong……）或文件（.toml 源文件、.json 编译结果）
        profile: String,
        /// 把编译结果写到文件 · write the compiled JSON
        #[arg(long)]
        out: Option<std::path::PathBuf>,
    },
    /// 列出全部规则和内置档案 · list all rules and the profiles that come with the product
    List,
}

/// Runs the command.
pub fn rules(what: &Rules) -> Result<ExitCode, Failure> {
    match what {
        Rules::Check { profile, out } => {
            let Compiled { profile, parent } = find(profile)?;
            print!("{}", profile_source::explain(&profile, parent.as_ref()));
            if let Some(out) = out {
                fs::write(out, profile.bytes()).map_err(|e| failed(format!("{}: {e}", out.display())))?;
            }
        }
        Rules::List => {
            print!("{}", profile_source::list());
            println!("\n内置规则档案");
            for (name, _) in profile_source::SOURCES {
                if let Some(Compiled { profile, .. }) = profile_source::embedded(name) {
                    println!("  {name:<16}{}（{}）", profile.title(), profile.name());
                }
            }
            for (name, _) in PROFILES {
                if let Some(profile) = rules::embedded(name) {
                    println!("  {name:<16}{}（第1版格式）", profile.title());
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The profile of that name, or of that file: TOML is compiled, JSON is read as it is.
pub fn find(name: &str) -> Result<Compiled, Failure> {
    if let Some(profile) = rules::embedded(name) {
        return Ok(Compiled { profile, parent: None });
    }
    if let Some(compiled) = profile_source::embedded(name) {
        return Ok(compiled);
    }
    let path = Path::new(name);
    let bytes = fs::read(path).map_err(|e| {
        failed(format!("{name} 既不是内置规则档案，也无法作为文件读取 (neither a profile nor a file: {e})"))
    })?;
    if path.extension().is_none_or(|extension| extension != "toml") {
        let profile = Profile::parse(&bytes).map_err(|e| failed(format!("{}: {e}", path.display())))?;
        return Ok(Compiled { profile, parent: None });
    }
    let text = String::from_utf8(bytes).map_err(|e| failed(format!("{}: {e}", path.display())))?;
    let beside = |parent: &str| {
        let own = || fs::read_to_string(path.with_file_name(format!("{parent}.toml"))).ok();
        profile_source::embedded_source(parent).map(str::to_owned).or_else(own)
    };
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or(name);
    profile_source::compile(stem, &text, &beside).map_err(failed)
}
