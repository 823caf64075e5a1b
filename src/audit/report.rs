//! What an audit says: as text for people, Chinese first, and as one JSON value
//! (`api-spec/audit-v1.md` §4).

use std::collections::BTreeMap;
use std::fmt::Write;

use super::entries::Entries;
use super::files::FileTold;
use super::finding::{Finding, Severity};
use super::packages::PackageTold;
use crate::codec::{Hash, Json, Object, to_hex};
use crate::log::Checkpoint;

/// One draw in the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawLine {
    /// Its alpha.
    pub alpha: Hash,
    /// Log index of the commitment.
    pub index: u64,
    /// Time of the commitment, Unix seconds.
    pub time: i64,
    /// Whether it is a draw of sites.
    pub of_sites: bool,
    /// Attempt.
    pub attempt: u32,
    /// How it stands.
    pub standing: &'static str,
    /// The level by the auditor's own files; `None`: no file was looked at.
    pub level: Option<&'static str>,
    /// Forced seats.
    pub forced: u32,
    /// Passed over on the operator's word alone.
    pub on_operators_word: u32,
    /// Plan and package, once opened.
    pub number: Option<(String, String)>,
}

/// The report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The head that was audited.
    pub head: Checkpoint,
    /// Its note, which the next audit is held against.
    pub note: String,
    /// Heads that the quorum has dated.
    pub dated_heads: usize,
    /// Keys that the log registers.
    pub keys: usize,
    /// Draws in the order of the log.
    pub draws: Vec<DrawLine>,
    /// Packages.
    pub packages: Vec<PackageTold>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// Whether evidence files were looked at.
    pub with_evidence: bool,
    /// What a replay of private records has rebuilt; `None`: there was none.
    pub private: Option<PrivateTold>,
}

/// What a replay of private records has rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateTold {
    /// Entries of the export.
    pub size: u64,
    /// Draws whose pools were rebuilt.
    pub draws: u64,
    /// People judged again, over all draws.
    pub people: u64,
    /// People of those draws who were erased since.
    pub erased: u64,
}

impl Report {
    pub(super) fn new(
        (head, note): (Checkpoint, String),
        dated_heads: usize,
        entries: &Entries,
        packages: Vec<PackageTold>,
        told: BTreeMap<Hash, FileTold>,
        findings: Vec<Finding>,
        with_evidence: bool,
    ) -> Self {
        let line = |alpha: &Hash| {
            let draw = entries.draws.all.get(alpha)?;
            let file = told.get(alpha).filter(|file| file.digest.is_some());
            Some(DrawLine {
                alpha: *alpha,
                index: draw.index,
                time: draw.time,
                of_sites: draw.of_sites,
                attempt: draw.attempt,
                standing: draw.standing.name(),
                level: file.filter(|file| file.verified).map(|file| file.level),
                forced: file.map_or(0, |file| file.forced),
                on_operators_word: file.map_or(0, |file| file.on_operators_word),
                number: file.and_then(|file| file.number.clone()),
            })
        };
        Self {
            head,
            note,
            dated_heads,
            keys: entries.book.as_ref().map_or(0, |book| book.all().len()),
            draws: entries.draws.order.iter().filter_map(line).collect(),
            packages,
            findings,
            with_evidence,
            private: None,
        }
    }

    /// Adds what a replay of private records has found.
    pub fn add_private(&mut self, told: PrivateTold, findings: Vec<Finding>) {
        self.private = Some(told);
        self.findings.extend(findings);
        self.findings.sort_by_key(|found| (found.severity(), found.index, found.name));
    }

    /// Whether nothing breaks a rule.
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|found| found.severity() != Severity::Violation)
    }

    /// Draws by how they stand, and by level.
    fn counts(&self) -> (BTreeMap<&'static str, u64>, BTreeMap<&'static str, u64>) {
        let (mut standing, mut levels) = (BTreeMap::new(), BTreeMap::new());
        for draw in &self.draws {
            *standing.entry(draw.standing).or_default() += 1;
            if let Some(level) = draw.level {
                *levels.entry(level).or_default() += 1;
            }
        }
        (standing, levels)
    }

    /// For people.
    pub fn text(&self, english: bool) -> String {
        let mut out = String::new();
        let say = |zh: String, en: String| if english { en } else { zh };
        let Checkpoint { origin, size, root } = &self.head;
        let _ = writeln!(
            out,
            "{}",
            say(
                format!("日志 {origin}，共 {size} 条，树根 {root}"),
                format!("log {origin}, {size} entries, root {root}")
            )
        );
        let (draws, packages, keys, dated) =
            (self.draws.len(), self.packages.len(), self.keys, self.dated_heads);
        let _ = writeln!(
            out,
            "{}",
            say(
                format!(
                    "抽取 {draws} 次，包 {packages} 个，登记密钥 {keys} 个，达到见证数的日志头 {dated} 个"
                ),
                format!(
                    "{draws} draws, {packages} packages, {keys} registered keys, {dated} heads with the quorum"
                ),
            )
        );
        let (standing, levels) = self.counts();
        let listed = |counts: &BTreeMap<&str, u64>| {
            counts.iter().map(|(word, n)| format!("{word} {n}")).collect::<Vec<_>>().join("；")
        };
        let _ = writeln!(out, "{}{}", say("抽取状态：".into(), "standing: ".into()), listed(&standing));
        if self.with_evidence {
            let _ = writeln!(out, "{}{}", say("保证等级：".into(), "levels: ".into()), listed(&levels));
        } else {
            let _ = writeln!(
                out,
                "{}",
                say(
                    "未核对证据文件（未给出 --evidence）".into(),
                    "evidence files were not looked at (no --evidence)".into()
                )
            );
        }
        if let Some(PrivateTold { size, draws, people, erased }) = self.private {
            let _ = writeln!(
                out,
                "{}",
                say(
                    format!(
                        "私有记录（{size} 条）：重建候选池 {draws} 次，重新判定 {people} 人次，其后依法删除 {erased} 人次"
                    ),
                    format!(
                        "private records ({size} entries): {draws} pools rebuilt, {people} people judged again, {erased} erased since"
                    ),
                )
            );
        }
        let seen: u32 = self.packages.iter().map(|package| package.seen_voids).sum();
        let forced: u32 = self.draws.iter().map(|draw| draw.forced).sum();
        let word: u32 = self.draws.iter().map(|draw| draw.on_operators_word).sum();
        let _ = writeln!(
            out,
            "{}",
            say(
                format!("已知结果后作废：{seen}；必选席位：{forced}；仅凭运营方单方记录而越过：{word}"),
                format!(
                    "seen voids: {seen}; forced seats: {forced}; passed over on the operator's word: {word}"
                ),
            )
        );
        for found in &self.findings {
            let (zh, en) = found.titles();
            let mark = if found.severity() == Severity::Violation { '✗' } else { '!' };
            let index = found.index.map_or(String::new(), |index| format!(" #{index}"));
            let alpha = found.alpha.map_or(String::new(), |alpha| format!(" {alpha}"));
            let title = if english { en } else { zh };
            let _ = writeln!(out, "{mark} {}{index}{alpha} {title}：{}", found.name, found.detail);
        }
        let verdict = if self.is_clean() {
            say("结论：未发现违反规则之处".into(), "verdict: nothing breaks a rule".into())
        } else {
            let n = self.findings.iter().filter(|f| f.severity() == Severity::Violation).count();
            say(format!("结论：发现 {n} 处违反规则"), format!("verdict: {n} violations"))
        };
        let _ = writeln!(out, "{verdict}");
        let limits = if self.private.is_some() {
            say(
                "本次审计不能证明：专家库中的人员和资料真实；两个账号背后不是同一人".into(),
                "not shown: that the people and facts of the registry are real; that two accounts are two people".into(),
            )
        } else {
            say(
                "本次审计不能证明：候选池完整且人员真实（须核对专家库，见 --private）；两个账号背后不是同一人".into(),
                "not shown: that pools were complete and their people real (--private); that two accounts are two people".into(),
            )
        };
        let _ = writeln!(out, "{limits}");
        out
    }

    /// As one JSON value.
    pub fn to_json(&self) -> Json {
        let draw = |draw: &DrawLine| -> Json {
            let (plan, package) = draw.number.clone().unzip();
            Object::new()
                .with("alpha", draw.alpha)
                .with("index", draw.index)
                .with("time", draw.time)
                .with("of", if draw.of_sites { "sites" } else { "experts" })
                .with("attempt", draw.attempt)
                .with("standing", draw.standing)
                .with_some("level", draw.level)
                .with("forced_seats", draw.forced)
                .with("passed_over_on_operators_word", draw.on_operators_word)
                .with_some("plan", plan.as_deref())
                .with_some("package", package.as_deref())
                .into()
        };
        let package = |package: &PackageTold| -> Json {
            Object::new()
                .with("tag", to_hex(&package.tag))
                .with("of", if package.of_sites { "sites" } else { "experts" })
                .with("draws", package.draws.iter().map(|alpha| Json::from(*alpha)).collect::<Json>())
                .with("seen_voids", package.seen_voids)
                .into()
        };
        Object::new()
            .with("v", 1u32)
            .with("format", "expert-draw/audit-v1")
            .with("verdict", if self.is_clean() { "clean" } else { "violations" })
            .with("log", self.head.origin.as_str())
            .with("size", self.head.size)
            .with("root", self.head.root)
            .with("dated_heads", self.dated_heads as u64)
            .with("keys", self.keys as u64)
            .with("evidence", if self.with_evidence { "looked_at" } else { "not_looked_at" })
            .with_some("private", self.private.map(PrivateTold::to_json))
            .with("draws", self.draws.iter().map(draw).collect::<Json>())
            .with("packages", self.packages.iter().map(package).collect::<Json>())
            .with("findings", self.findings.iter().map(Finding::to_json).collect::<Json>())
            .into()
    }
}

impl PrivateTold {
    fn to_json(self) -> Json {
        Object::new()
            .with("size", self.size)
            .with("draws", self.draws)
            .with("people", self.people)
            .with("erased", self.erased)
            .into()
    }
}
