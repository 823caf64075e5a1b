//! `expert-draw-verify EVIDENCE --policy POLICY [--parties PARTIES] [--expect public|auditor] [--predecessor EVIDENCE] [--json] [--lang zh|en]`
//!
//! The auditor's binary: reads two files, prints named checks and a verdict. Offline; no database,
//! web, async or random crate is linked into it. Exit 0 verified, 1 refused, 2 unusable input.

use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;

use expert_draw::evidence::Audience;
use expert_draw::evidence::bundle::FILE_LIMIT;
use expert_draw::evidence::membership;
use expert_draw::evidence::parties::Parties;
use expert_draw::evidence::sites::{self, SitesEvidence, SitesReport};
use expert_draw::evidence::verify::{
    CallFacts, Ending, Level, Out, Report, SharedFacts, verify_after_with, verify_with,
};
use expert_draw::log::Policy;

const USAGE: &str = "用法: expert-draw-verify EVIDENCE --policy POLICY [--parties PARTIES] [--expect public|auditor] [--predecessor EVIDENCE] [--json] [--lang zh|en]\n\
usage: the same; exit 0 verified 核验通过, 1 refused 核验不通过, 2 unusable input 输入无法使用";

/// What the command line asks for.
struct Options {
    evidence: String,
    policy: String,
    /// The auditor's file of independent parties.
    parties: Option<String>,
    expect: Option<Audience>,
    /// The file of the attempt before, to be compared with.
    predecessor: Option<String>,
    json: bool,
    english: bool,
}

fn main() -> ExitCode {
    if std::env::args().any(|arg| arg == "--version") {
        println!(concat!("expert-draw-verify ", env!("CARGO_PKG_VERSION")));
        return ExitCode::SUCCESS;
    }
    match options(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(2)
        }
    }
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let (mut evidence, mut policy, mut expect, mut predecessor) = (None, None, None, None);
    let (mut json, mut english, mut parties) = (false, false, None);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg}: 缺少值 (value missing)\n{USAGE}"));
        match arg.as_str() {
            "--policy" => policy = Some(value()?),
            "--parties" => parties = Some(value()?),
            "--predecessor" => predecessor = Some(value()?),
            "--expect" => {
                let word = value()?;
                expect = Some(Audience::parse(&word).ok_or_else(|| format!("--expect {word}\n{USAGE}"))?);
            }
            "--lang" => match value()?.as_str() {
                "zh" => english = false,
                "en" => english = true,
                other => return Err(format!("--lang {other}\n{USAGE}")),
            },
            "--json" => json = true,
            _ if arg.starts_with('-') || evidence.is_some() => return Err(USAGE.into()),
            _ => evidence = Some(arg),
        }
    }
    match (evidence, policy) {
        (Some(evidence), Some(policy)) => {
            Ok(Options { evidence, policy, parties, expect, predecessor, json, english })
        }
        _ => Err(USAGE.into()),
    }
}

fn run(options: &Options) -> Result<ExitCode, String> {
    let policy = read(&options.policy, 1 << 20)?;
    let policy = Policy::parse(&policy)
        .map_err(|e| format!("{}: 信任策略无法使用 (unusable policy): {e}", options.policy))?;
    let bytes = evidence(&options.evidence)?;
    let of_another_page = SitesEvidence::is_meant(&bytes) || membership::is_membership(&bytes);
    if of_another_page && options.predecessor.is_some() {
        return Err("--predecessor: 只有专家抽取的证据文件才有前次抽取 (only the evidence of a draw of experts has a predecessor)".to_owned());
    }
    if SitesEvidence::is_meant(&bytes) {
        return run_sites(options, &policy, &bytes);
    }
    if membership::is_membership(&bytes) {
        let report = membership::verify(&bytes, &policy);
        let text = if options.json {
            String::from_utf8_lossy(&report.to_json().canonical()).into_owned() + "\n"
        } else {
            of_membership(&report, options.english)
        };
        io::stdout().write_all(text.as_bytes()).map_err(|e| e.to_string())?;
        return Ok(ExitCode::from(if report.verified() { 0 } else { 1 }));
    }
    let parties = parties(options)?;
    let parties = parties.as_ref();
    let report = match &options.predecessor {
        Some(path) => verify_after_with(&bytes, &evidence(path)?, &policy, parties, options.expect),
        None => verify_with(&bytes, &policy, parties, options.expect),
    };
    let text = if options.json { json(&report) } else { text(&report, options.english) };
    io::stdout().write_all(text.as_bytes()).map_err(|e| e.to_string())?;
    Ok(ExitCode::from(if report.verified() { 0 } else { 1 }))
}

/// The auditor's file of independent parties, if one is given.
fn parties(options: &Options) -> Result<Option<Parties>, String> {
    let Some(path) = &options.parties else { return Ok(None) };
    let parsed = Parties::parse(&read(path, 1 << 20)?);
    parsed.map(Some).map_err(|e| format!("{path}: 独立方文件无法使用 (unusable file of parties): {e}"))
}

/// A file of a draw of sites (抽取副场): its own checks, the same exit codes.
fn run_sites(options: &Options, policy: &Policy, bytes: &[u8]) -> Result<ExitCode, String> {
    let report = sites::verify(bytes, policy, options.expect);
    let text = if options.json {
        String::from_utf8_lossy(&report.to_json().canonical()).into_owned() + "\n"
    } else {
        sites_text(&report, options.english)
    };
    io::stdout().write_all(text.as_bytes()).map_err(|e| e.to_string())?;
    Ok(ExitCode::from(if report.verified() { 0 } else { 1 }))
}

fn sites_text(report: &SitesReport, english: bool) -> String {
    let mut out = String::new();
    for check in &report.checks {
        let mark = if check.passed { '✓' } else { '✗' };
        let title = sites::CHECKS.iter().find(|(name, _)| !english && *name == check.name);
        let title = title.map_or(String::new(), |(_, title)| format!("{title}："));
        out += &format!("{mark} {:<20} {title}{}\n", check.name, check.detail);
    }
    let attempt = report.facts.attempt.unwrap_or_default();
    out += &match (report.verified(), english) {
        (true, false) => {
            format!("\n结论：核验通过。副场由其承诺唯一确定；第 {attempt} 次抽取；保证等级：operator\n")
        }
        (true, true) => format!(
            "\nverdict: VERIFIED. the sites follow from their commitment; attempt {attempt}; level: operator\n"
        ),
        (false, false) => "\n结论：核验不通过。\n".to_owned(),
        (false, true) => "\nverdict: REFUSED.\n".to_owned(),
    };
    out
}

/// A file that is not even evidence is unusable input; one that is and fails a check is refused.
fn evidence(path: &str) -> Result<Vec<u8>, String> {
    let bytes = read(path, FILE_LIMIT as u64)?;
    let looks_like_json = bytes.first() == Some(&b'{');
    if looks_like_json {
        Ok(bytes)
    } else {
        Err(format!("{path}: 不是证据文件 (not an evidence file)"))
    }
}

fn read(path: &str, limit: u64) -> Result<Vec<u8>, String> {
    let wrong = |e: io::Error| format!("{path}: 无法读取 (cannot read): {e}");
    if fs::metadata(path).map_err(wrong)?.len() > limit {
        return Err(format!("{path}: 超过 {limit} 字节 (longer than {limit} bytes)"));
    }
    fs::read(path).map_err(wrong)
}

fn json(report: &Report) -> String {
    String::from_utf8_lossy(&report.to_json().canonical()).into_owned() + "\n"
}

fn text(report: &Report, english: bool) -> String {
    let mut out = String::new();
    for check in &report.checks {
        let mark = if check.passed { '✓' } else { '✗' };
        let title = if english { "" } else { check.title() };
        out += &format!(
            "{mark} {:<20} {title}{}{}\n",
            check.name,
            if title.is_empty() { "" } else { "：" },
            check.detail
        );
    }
    out += "\n";
    out += &if english { verdict_en(report) } else { verdict_zh(report) };
    out
}

fn of_membership(report: &membership::Report, english: bool) -> String {
    let mut out = String::new();
    for check in &report.checks {
        let mark = if check.passed { '✓' } else { '✗' };
        let title = if english { String::new() } else { format!("{}：", check.title) };
        out += &format!("{mark} {:<20} {title}{}\n", check.name, check.detail);
    }
    let facts = &report.facts;
    let (number, name) = facts.person.clone().unwrap_or_default();
    let verdict = match (report.verified(), english, facts.position) {
        (false, true, _) => "verdict: REFUSED".to_owned(),
        (false, false, _) => "结论：核验不通过".to_owned(),
        (true, true, Some(position)) => match facts.group {
            Some(group) => format!(
                "verdict: VERIFIED. {number} {name} stood at position {position} and was seated in group {group}"
            ),
            None => {
                format!("verdict: VERIFIED. {number} {name} stood at position {position} and was not seated")
            }
        },
        (true, false, Some(position)) => match facts.group {
            Some(group) => format!(
                "结论：核验通过。{number} {name} 位于候选池第 {position} 位（从 0 起），入选第 {group} 组"
            ),
            None => format!("结论：核验通过。{number} {name} 位于候选池第 {position} 位（从 0 起），未入选"),
        },
        (true, true, None) => {
            format!("verdict: VERIFIED. {number} {name} was excluded by {}", facts.rules.join(", "))
        }
        (true, false, None) => {
            format!("结论：核验通过。{number} {name} 因以下规则被排除：{}", facts.rules.join("、"))
        }
    };
    let rest = if english {
        "not shown by this file: a settlement later than the one quoted"
    } else {
        "本文件不能证明：所引条目之后没有新的结算"
    };
    format!("{out}\n{verdict}\n{rest}\n")
}

fn verdict_zh(report: &Report) -> String {
    let facts = &report.facts;
    if !report.verified() {
        let failed: Vec<&str> = report.checks.iter().filter(|c| !c.passed).map(|c| c.name).collect();
        return format!("结论：核验不通过。未通过：{}\n", failed.join("、"));
    }
    let ending = match facts.ending {
        Some(Ending::Drawn) | None if facts.calls.is_some() => "评审小组由抽取承诺与日志所载答复唯一确定",
        Some(Ending::Drawn) | None => "抽取结果由其承诺唯一确定",
        Some(Ending::Stopped) => "抽取结果与递补由其承诺与日志所载答复唯一确定，但抽取已终止，名单不予解封",
        Some(Ending::Voided) => "本次抽取在产生结果前已作废",
        Some(Ending::Open) => "抽取尚未结束，现有内容与承诺相符",
        Some(Ending::VoidedAfterDrawn) => "抽取结果由其承诺唯一确定，但事后已作废",
    };
    format!(
        "结论：核验通过。{ending}（截至日志第 {} 条）\n\
         保证等级：{}\n\
         第 {} 次抽取；已知结果后作废：{}；必选席位：{}；策略外签名：{}（不计）\n\
         {}本文件不能证明：没有其他抽取或其后的作废；候选池完整且人员真实（须核对整个日志与专家库）\n",
        facts.tree_size.unwrap_or_default(),
        level_zh(facts.shared.as_ref()),
        facts.attempt.unwrap_or_default(),
        report.seen_voids(),
        facts.forced_seats.unwrap_or_default(),
        facts.unknown_signatures,
        facts.shared.as_ref().map(shared_zh).unwrap_or_default()
            + &facts.calls.as_ref().map(calls_zh).unwrap_or_default(),
    )
}

fn verdict_en(report: &Report) -> String {
    let facts = &report.facts;
    if !report.verified() {
        let failed: Vec<&str> = report.checks.iter().filter(|c| !c.passed).map(|c| c.name).collect();
        return format!("verdict: REFUSED. failed: {}\n", failed.join(", "));
    }
    let ending = match facts.ending {
        Some(Ending::Drawn) | None if facts.calls.is_some() => {
            "the panel follows from its commitment and from the answers in the log"
        }
        Some(Ending::Drawn) | None => "the result follows from its commitment",
        Some(Ending::Stopped) => {
            "the panel follows from its commitment and from the answers in the log, and the draw was \
             stopped; its names stay sealed"
        }
        Some(Ending::Voided) => "the draw was voided before a result",
        Some(Ending::Open) => "the draw has not ended; what stands agrees with its commitment",
        Some(Ending::VoidedAfterDrawn) => "the result follows from its commitment, and was voided afterwards",
    };
    format!(
        "verdict: VERIFIED. {ending}, as of tree size {}\n\
         level: {}\n\
         attempt {}; seen voids: {}; forced seats: {}; signatures outside the policy: {} (count for nothing)\n\
         {}not shown by this file: that there was no other attempt or later void; that the pool was complete and its people real\n",
        facts.tree_size.unwrap_or_default(),
        level_en(facts.shared.as_ref()),
        facts.attempt.unwrap_or_default(),
        report.seen_voids(),
        facts.forced_seats.unwrap_or_default(),
        facts.unknown_signatures,
        facts.shared.as_ref().map(shared_en).unwrap_or_default()
            + &facts.calls.as_ref().map(calls_en).unwrap_or_default(),
    )
}

fn level_zh(shared: Option<&SharedFacts>) -> &'static str {
    match shared.map(|shared| (shared.level, shared.contributors.len())) {
        None | Some((Level::Operator, 1)) => "operator（仅运营方贡献随机；运营方在承诺时可能已知结果）",
        Some((Level::Operator, _)) => {
            "operator（没有信任文件认定的独立方的有效贡献；运营方可能已知并选择结果）"
        }
        Some((Level::Witnessed, _)) => "witnessed（运营方须与所列全部独立方串通才可能预知或选择结果）",
        Some((Level::Beacon, _)) => "beacon（其他一切固定之后才产生的公共随机数；无人可能预知结果）",
    }
}

fn level_en(shared: Option<&SharedFacts>) -> &'static str {
    match shared.map(|shared| (shared.level, shared.contributors.len())) {
        None | Some((Level::Operator, 1)) => {
            "operator (only the operator contributed; it could have known the outcome when it committed)"
        }
        Some((Level::Operator, _)) => {
            "operator (no valid contribution of a party that your file holds for independent; the operator could have known and chosen the outcome)"
        }
        Some((Level::Witnessed, _)) => {
            "witnessed (the operator could have known or chosen the outcome only together with every independent party listed)"
        }
        Some((Level::Beacon, _)) => {
            "beacon (a public round that came after everything else was fixed; nobody could have known the outcome)"
        }
    }
}

fn shared_zh(shared: &SharedFacts) -> String {
    let mut out = String::new();
    for (c, place) in shared.contributors.iter().zip(1..) {
        let kind = match c.kind {
            "nonce" => "监督员随机数",
            "operator" => "运营方",
            "witness" => "见证方",
            _ => "公共随机信标",
        };
        let name = c.name.as_deref().unwrap_or(if c.kind == "operator" {
            ""
        } else {
            "（未列入信任文件）"
        });
        let there = if c.there { "已贡献" } else { "缺" };
        let counted = match (c.kind, c.independent) {
            ("operator", _) => "",
            ("beacon", true) => "，计入",
            ("beacon", false) => "，不计入",
            (_, true) => "，独立",
            (_, false) => "，不计为独立",
        };
        out += &format!("  贡献 {place}：{kind}{name}，{there}{counted}\n");
    }
    if let Some(remark) = shared.beacon_remark {
        out += &format!("  信标不计入的原因：{remark}\n");
    }
    out += &format!(
        "  盲作废：{}；缺少的贡献：{}；存疑条目：{}\n",
        shared.blind_voids,
        shared.missing,
        shared.doubtful.len()
    );
    out
}

fn shared_en(shared: &SharedFacts) -> String {
    let mut out = String::new();
    for (c, place) in shared.contributors.iter().zip(1..) {
        let name = c.name.as_deref().unwrap_or(if c.kind == "operator" { "" } else { "(not in your file)" });
        let there = if c.there { "there" } else { "missing" };
        let counted = match (c.kind, c.independent) {
            ("operator", _) => "",
            ("beacon", true) => ", counts",
            ("beacon", false) => ", does not count",
            (_, true) => ", independent",
            (_, false) => ", not independent",
        };
        out += &format!("  contribution {place}: {} {name}, {there}{counted}\n", c.kind);
    }
    if let Some(remark) = shared.beacon_remark {
        out += &format!("  why the beacon does not count: {remark}\n");
    }
    out += &format!(
        "  blind voids: {}; missing contributions: {}; doubtful entries: {}\n",
        shared.blind_voids,
        shared.missing,
        shared.doubtful.len()
    );
    out
}

fn calls_zh(calls: &CallFacts) -> String {
    let state = match (calls.shortfall, calls.filled) {
        (Some(shortfall), _) => format!("席位不足（{}）", shortfall.name()),
        (None, true) => "席位已满".to_owned(),
        (None, false) => "席位未满".to_owned(),
    };
    let kept = if calls.kept > 0 { format!("；沿用上次成员：{}", calls.kept) } else { String::new() };
    format!(
        "信息推送 {} 轮，{state}{kept}；仅凭运营方单方记录而越过：{}；经本系统页面自行退出：{}\n{}",
        calls.rounds,
        calls.passed_over_on_operators_word,
        calls.out_on_own_pages,
        out_lines(calls),
    )
}

fn calls_en(calls: &CallFacts) -> String {
    let state = match (calls.shortfall, calls.filled) {
        (Some(shortfall), _) => format!("shortfall ({})", shortfall.name()),
        (None, true) => "filled".to_owned(),
        (None, false) => "not filled".to_owned(),
    };
    let kept = if calls.kept > 0 { format!("; kept members: {}", calls.kept) } else { String::new() };
    format!(
        "{} rounds of calls, {state}{kept}; passed over on the operator's word: {}; out on the service's own pages: {}\n{}",
        calls.rounds,
        calls.passed_over_on_operators_word,
        calls.out_on_own_pages,
        out_lines(calls),
    )
}

/// Who is out and how, one line each: by number where the file opens it.
fn out_lines(calls: &CallFacts) -> String {
    let line = |out: &Out| {
        let number = out.number.as_deref().unwrap_or("-");
        format!("  out {} {number} {} {}\n", out.position, out.why.name(), out.word.name())
    };
    calls.out.iter().map(line).collect()
}
