//! `import experts FILE`: CSV (UTF-8, GB 18030) or XLSX; a bar on a terminal, a line every few seconds
//! otherwise; every bad row with line, field, class of value and reason, on the screen or as a file.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use expert_draw::config::Config;
use expert_draw::service::imports::{
    BadRow, FileForm, ImportOptions, ImportReport, Progress, Reading, TextEncoding,
};
use expert_draw::service::tables::Encoding;
use indicatif::{ProgressBar, ProgressStyle};

use crate::setup::{self, Failure, failed};

/// Problems shown on the screen; the report has all.
const SHOWN: usize = 1000;

/// What is imported, and how.
#[derive(Args)]
pub struct Experts {
    /// CSV（UTF-8、GB 18030）或 XLSX 文件 · CSV or XLSX file
    file: PathBuf,
    /// 跳过有错误的行并写入此文件 · leave bad rows out, writing them to this file
    #[arg(long, value_name = "REJECTS")]
    skip_bad: Option<Option<PathBuf>>,
    /// 只检查，不写入 · only check, write nothing
    #[arg(long)]
    dry_run: bool,
    /// 把全部问题写入此文件（.csv 或 .xlsx，不含数据） · write all problems to this file, without values
    #[arg(long)]
    report: Option<PathBuf>,
    /// 把表头映射到字段，“-”为略去 · map a heading to a field, - leaves it out; may be repeated
    #[arg(long = "map", value_name = "列名=field")]
    map: Vec<String>,
    /// 工作表名称（默认第一个） · name of the sheet, the first if absent
    #[arg(long)]
    sheet: Option<String>,
    /// 编码 utf-8 或 gb18030（默认自动识别） · encoding, found out if absent
    #[arg(long)]
    encoding: Option<String>,
    /// 未写分类标准的专业代码属于 ndrc316 或 mof31 · scheme of codes that are written without one
    #[arg(long)]
    scheme: Option<String>,
}

impl Experts {
    fn options(&self) -> Result<ImportOptions, Failure> {
        let encoding = self
            .encoding
            .as_deref()
            .map(|word| TextEncoding::parse(word).ok_or_else(|| failed("--encoding: utf-8 / gb18030")));
        let pair = |text: &String| {
            let (heading, field) = text.split_once('=').ok_or_else(|| failed("--map: 列名=field"))?;
            Ok((heading.to_owned(), field.to_owned()))
        };
        Ok(ImportOptions {
            skip_bad: self.skip_bad.is_some(),
            dry_run: self.dry_run,
            reading: Reading { encoding: encoding.transpose()?, sheet: self.sheet.clone() },
            map: self.map.iter().map(pair).collect::<Result<_, Failure>>()?,
            scheme: self.scheme.clone(),
            ..ImportOptions::default()
        })
    }
}

pub fn experts(config: &Config, asked: &Experts) -> Result<ExitCode, Failure> {
    let (file, options) = (&asked.file, asked.options()?);
    let bytes = fs::read(file).map_err(|e| failed(format!("{}: {e}", file.display())))?;
    let (service, _) = setup::service(config)?;
    let mut show = Show::new();
    let report = service.import_experts_at_console(&bytes, &options, &mut |progress| show.at(progress))?;
    show.end();
    let problems: usize = report.bad.iter().map(|row| row.problems.len()).sum();
    report.bad.iter().take(SHOWN).for_each(print_bad);
    if report.bad.len() > SHOWN {
        println!("…（共 {problems} 个问题，见 --report 文件） (all problems: --report FILE)");
    }
    if let Some(form) = &report.form {
        println!("文件 {} (file)", form.name());
    }
    if let Some(path) = &asked.report {
        let table = report.table();
        let xlsx = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx"));
        let bytes = if xlsx { table.to_xlsx()? } else { table.to_csv(Encoding::Utf8Bom)? };
        private_file(path)?.write_all(&bytes)?;
        println!("{problems} 个问题写入 {} (problems written)", path.display());
    }
    if let Some(rejects) = &asked.skip_bad
        && !report.bad.is_empty()
    {
        let path = rejects.clone().unwrap_or_else(|| file.with_extension("rejects.csv"));
        write_rejects(&path, &report)?;
        println!("已跳过 {} 行，写入 {} (rejects written)", report.bad_rows, path.display());
    }
    println!(
        "共 {} 行，导入 {} 人，错误 {} 行 (rows, imported, bad)",
        report.rows, report.imported, report.bad_rows
    );
    if report.dry_run {
        println!(
            "试运行：合格 {} 行，未写入 (dry run: {} good rows, nothing written)",
            report.good, report.good
        );
        return Ok(if report.bad_rows == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if report.imported == 0 && report.bad_rows > 0 {
        println!("未导入任何数据。改正后重试，或加 --skip-bad 跳过错误行 (nothing was imported)");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Line, field, class of value, reason; never the value.
fn print_bad(row: &BadRow) {
    for problem in &row.problems {
        println!(
            "第{}行 {}：{}（{}；{}）· line {}: {} [{}]",
            row.line,
            problem.field,
            problem.message_zh,
            problem.class.zh(),
            problem.rule,
            row.line,
            problem.message_en,
            problem.class.en(),
        );
    }
}

/// The rejected rows as they stood: they are people's data. In a terminal's world no byte order mark
/// is wanted before UTF-8, except that spreadsheets need it for XLSX rejects.
fn write_rejects(path: &Path, report: &ImportReport) -> Result<(), Failure> {
    let bytes = report.rejects()?;
    let plain = report.form == Some(FileForm::Csv(TextEncoding::Utf8));
    let mark = "\u{feff}".as_bytes();
    let bytes = if plain { bytes.strip_prefix(mark).unwrap_or(&bytes) } else { &bytes };
    Ok(private_file(path)?.write_all(bytes)?)
}

/// A file readable by its owner alone.
fn private_file(path: &Path) -> Result<fs::File, Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    Ok(fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?)
}

/// Progress, as the place where it is shown allows.
struct Show {
    bar: Option<ProgressBar>,
    last: Instant,
}

impl Show {
    fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {msg} {pos} {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar
        });
        Self { bar, last: Instant::now() }
    }

    fn at(&mut self, progress: Progress) {
        let (what, done) = match progress {
            Progress::Checked(rows) => ("已校验 checked", rows),
            Progress::Sealed(rows, _) => ("已封存 sealed", rows),
            Progress::Writing(rows) => ("写入中 writing", rows),
            #[allow(unreachable_patterns)]
            _ => return,
        };
        match &self.bar {
            Some(bar) => {
                bar.set_message(what);
                bar.set_position(done as u64);
            }
            None if self.last.elapsed() >= Duration::from_secs(3)
                || matches!(progress, Progress::Writing(_)) =>
            {
                let _ = writeln!(std::io::stderr(), "{what} {done}");
                self.last = Instant::now();
            }
            None => {}
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
