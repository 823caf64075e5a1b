//! `backup` and `restore`: database **and** keys together, because neither is of use alone.
//!
//! A backup is a directory: `keys/`, `attachments/` (sealed files), `checkpoint`, and
//! `expert-draw.sqlite` or `expert-draw.pgdump`. The files come after the database, so that every
//! attachment that the copied database names is there; one that it does not name is swept later.
//! It holds private keys; it is made with mode 0700 and must be kept like them.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use expert_draw::config::Config;
use expert_draw::keys::Keys;
use expert_draw::store::Database;
use expert_draw::store::backup::copy_sqlite;
use expert_draw::store::files::Files;

use crate::setup::{self, Failure, failed};

const SQLITE: &str = "expert-draw.sqlite";
const PGDUMP: &str = "expert-draw.pgdump";
const KEYS: &str = "keys";
const ATTACHMENTS: &str = "attachments";
const CHECKPOINT: &str = "checkpoint";

pub fn backup(config: &Config, target: &Path) -> Result<ExitCode, Failure> {
    setup::keys(config)?;
    let made = fs::DirBuilder::new().mode(0o700).create(target);
    made.map_err(|e| failed(format!("{}: {e}（备份目录须不存在 must not exist）", target.display())))?;
    // Keys first: a backup without them cannot be opened, so it must not look like one.
    copy_private(&config.keys_dir(), &target.join(KEYS))?;
    if config.checkpoint_file().exists() {
        fs::copy(config.checkpoint_file(), target.join(CHECKPOINT))?;
    }
    match setup::database(config)? {
        database @ Database::Sqlite(_) => {
            copy_sqlite(&database, &target.join(SQLITE), Duration::from_secs(60)).map_err(failed)?;
        }
        Database::Postgres(url) => {
            let file = format!("--file={}", target.join(PGDUMP).display());
            run("pg_dump", &["--format=custom", &file, &url])?;
        }
    }
    copy_files(&Files::at(config.attachments_dir()), &Files::at(target.join(ATTACHMENTS)))?;
    println!("已备份数据库、附件和密钥到 {}。其中有私钥，请按密钥同等保管。", target.display());
    println!("backed up database, attachments and keys; the directory holds private keys, keep it like them");
    if config.pkcs11.is_some() {
        println!("密码设备中的密钥不在备份内，请按设备自身的办法备份。");
        println!("keys in the PKCS#11 token are not in it: back the token up by its own means");
    }
    Ok(ExitCode::SUCCESS)
}

pub fn restore(config: &Config, source: &Path, accept_older: bool) -> Result<ExitCode, Failure> {
    setup::keys_at(config, &source.join(KEYS))?;
    if Keys::exist(&config.keys_dir()) {
        let (zh, en) = ("数据目录已有密钥，恢复须用空目录", "has keys; restore into an empty directory");
        return Err(failed(format!("{}: {zh} ({en})", config.data.display())));
    }
    fs::create_dir_all(&config.data)?;
    match setup::database(config)? {
        Database::Sqlite(path) => {
            if path.exists() {
                return Err(failed(format!("{}: 已存在 (exists)", path.display())));
            }
            fs::copy(source.join(SQLITE), &path)?;
        }
        Database::Postgres(url) => {
            let url = format!("--dbname={url}");
            let file = source.join(PGDUMP).display().to_string();
            run("pg_restore", &["--no-owner", "--exit-on-error", &url, &file])?;
        }
    }
    let published = config.checkpoint_file();
    if published.exists() && accept_older {
        // Kept under another name: what was published stays known, and the operator chose.
        fs::rename(&published, config.data.join("checkpoint.before-restore"))?;
    }
    if !published.exists() && source.join(CHECKPOINT).exists() {
        fs::copy(source.join(CHECKPOINT), &published)?;
    }
    copy_files(&Files::at(source.join(ATTACHMENTS)), &Files::at(config.attachments_dir()))?;
    // Keys last: a data directory that has them is whole.
    copy_private(&source.join(KEYS), &config.keys_dir())?;
    println!("已恢复。请运行 expert-draw fsck 检查，再启动服务 (restored; run fsck, then serve)。");
    println!(
        "若公布的检查点比备份新，服务会拒绝启动：其后的条目已经公布而备份里没有。确认接受后用 restore --accept-older。"
    );
    Ok(ExitCode::SUCCESS)
}

/// Copies the files of a key directory, modes 0700 and 0600.
fn copy_private(from: &Path, to: &Path) -> Result<(), Failure> {
    let copy = || -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            fs::copy(entry.path(), &target)?;
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    };
    copy().map_err(|e| failed(format!("{} → {}: {e}", from.display(), to.display())))
}

/// Copies sealed files; they stay sealed.
fn copy_files(from: &Files, to: &Files) -> Result<(), Failure> {
    for (name, _) in from.names()? {
        // One that an erasure removed meanwhile is not to be copied.
        if let Some(bytes) = from.get(&name)? {
            to.put(&name, &bytes)?;
        }
    }
    Ok(())
}

/// Runs a tool of PostgreSQL.
fn run(tool: &str, args: &[&str]) -> Result<(), Failure> {
    let status = Command::new(tool).args(args).status();
    let status = status.map_err(|e| failed(format!("{tool}: {e}（需要 PostgreSQL 客户端工具）")))?;
    if status.success() { Ok(()) } else { Err(failed(format!("{tool}: {status}"))) }
}
