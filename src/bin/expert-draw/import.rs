//! `import experts FILE.csv`: a bar on a terminal, a line every few seconds otherwise; every bad row
//! with line, field, class of value and reason.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use expert_draw::config::Config;
use expert_draw::service::imports::{BadRow, ImportOptions, ImportReport, Progress};
use indicatif::{ProgressBar, ProgressStyle};

use crate::setup::{self, Failure, failed};

pub fn experts(config: &Config, file: &Path, skip_bad: Option<Option<PathBuf>>) -> Result<ExitCode, Failure> {
    let csv = fs::read(file).map_err(|e| failed(format!("{}: {e}", file.display())))?;
    let (service, _) = setup::service(config)?;
    let mut show = Show::new();
    let options = ImportOptions { skip_bad: skip_bad.is_some(), ..ImportOptions::default() };
    let report = service.import_experts_at_console(&csv, options, &mut |progress| show.at(progress))?;
    show.end();
    report.bad.iter().for_each(print_bad);
    if let Some(rejects) = skip_bad
        && !report.bad.is_empty()
    {
        let path = rejects.unwrap_or_else(|| file.with_extension("rejects.csv"));
        write_rejects(&path, &report)?;
        println!("已跳过 {} 行，写入 {} (rejects written)", report.bad_rows, path.display());
    }
    println!(
        "共 {} 行，导入 {} 人，错误 {} 行 (rows, imported, bad)",
        report.rows, report.imported, report.bad_rows
    );
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

/// The rejected rows as they stood, readable by the owner alone: they are people's data.
fn write_rejects(path: &Path, report: &ImportReport) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut out = csv::Writer::from_writer(file);
    out.write_byte_record(&report.header.iter().collect()).map_err(failed)?;
    for row in &report.bad {
        out.write_byte_record(&row.cells.iter().collect()).map_err(failed)?;
    }
    out.flush()?;
    Ok(())
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
