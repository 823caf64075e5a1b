//! The outcome of a verification: named checks and the verdict's facts, as text lines and as JSON.

use super::calls::CallFacts;
use super::standing::{Level, SharedFacts};
use crate::codec::{Hash, Json, Object};

/// A named check with its Chinese title, in the order of `api-spec/evidence-v1.md` §4 and
/// `evidence-v2.md` §4.
pub const CHECKS: [(&str, &str); 24] = [
    ("file", "证据文件格式与摘要"),
    ("checkpoint", "日志检查点签名"),
    ("entries", "日志条目与包含证明"),
    ("keys", "日志登记的公钥"),
    ("signatures", "条目签名"),
    ("heads", "日志历史检查点与时间"),
    ("commitment", "抽取承诺"),
    ("profile", "规则版本"),
    ("pool", "候选池"),
    ("feasible", "承诺时名额可满足"),
    ("contributions", "随机贡献"),
    ("ending", "抽取的结束方式"),
    ("seed", "种子"),
    ("panel", "抽取结果重算"),
    ("calls", "通知与答复"),
    ("settlements", "递补结果重算"),
    ("sign_in", "签到"),
    ("outcome", "结束时席位"),
    ("openings.package", "公开:包号标签"),
    ("openings.names", "公开:席位组要求"),
    ("openings.seated", "公开:入选专家"),
    ("openings.request", "公开:抽取申请"),
    ("openings.candidates", "公开:候选人承诺"),
    ("openings.excluded", "公开:回避与排除表"),
];

/// The checks that only a file of evidence-v2 has.
pub const OF_CALLS: [&str; 4] = ["calls", "settlements", "sign_in", "outcome"];

/// The check that only a file of evidence-v3 has.
pub const HEADS: &str = "heads";

/// The check that compares a file with its predecessor's, with its Chinese title.
pub const PREDECESSOR: (&str, &str) = ("predecessor", "与前次抽取的衔接");

/// One named check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Name, from [`CHECKS`].
    pub name: &'static str,
    /// Whether it passed.
    pub passed: bool,
    /// What was seen, or why it failed.
    pub detail: String,
}

impl Check {
    /// Chinese title.
    pub fn title(&self) -> &'static str {
        let mut all = CHECKS.iter().chain([&PREDECESSOR]);
        all.find(|(name, _)| *name == self.name).map_or("", |(_, title)| title)
    }
}

/// How the draw ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A result stands.
    Drawn,
    /// Voided before a result.
    Voided,
    /// Voided after a result.
    VoidedAfterDrawn,
    /// Stopped after a result, without a panel that sat.
    Stopped,
    /// Neither result nor void yet; evidence-v3 only.
    Open,
}

impl Ending {
    /// The word in the JSON report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drawn => "drawn",
            Self::Voided => "voided",
            Self::VoidedAfterDrawn => "voided_after_drawn",
            Self::Stopped => "stopped",
            Self::Open => "open",
        }
    }
}

/// What the verdict says beside yes or no; filled as far as the checks got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Tree size of the checkpoint.
    pub tree_size: Option<u64>,
    /// Log origin.
    pub origin: Option<String>,
    /// The draw.
    pub alpha: Option<Hash>,
    /// Attempt on the package, from 1.
    pub attempt: Option<u32>,
    /// Log index of the commitment.
    pub committed: Option<u64>,
    /// Candidates.
    pub pool_size: Option<u32>,
    /// Candidates who sit in every full panel.
    pub forced_seats: Option<u32>,
    /// How the draw ended.
    pub ending: Option<Ending>,
    /// Whether the result was announced and the draw unsealed.
    pub unsealed: bool,
    /// Seats as (position, group), in drawn order; of a draw with calls those of its final members.
    pub seats: Vec<(u32, u8)>,
    /// What its calls came to, for a draw that has any.
    pub calls: Option<CallFacts>,
    /// What its contributions are worth to the auditor, in a file of evidence-v3.
    pub shared: Option<SharedFacts>,
    /// Names by seat, where opened.
    pub names: Vec<String>,
    /// Signature lines of keys outside the policy; they count for nothing.
    pub unknown_signatures: u32,
}

/// The outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Checks in their order.
    pub checks: Vec<Check>,
    /// The verdict's facts.
    pub facts: Facts,
}

impl Report {
    /// Whether every check passed.
    pub fn verified(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.passed)
    }

    /// Seen voids shown by this file. Of a file of evidence-v3 by the auditor's own parties; of the
    /// others, which are at level `operator`, every void, and every stop that no settlement had found
    /// necessary.
    pub fn seen_voids(&self) -> u32 {
        if let Some(shared) = &self.facts.shared {
            return shared.seen_voids;
        }
        let voided = matches!(self.facts.ending, Some(Ending::Voided | Ending::VoidedAfterDrawn));
        u32::from(voided || self.facts.calls.as_ref().is_some_and(CallFacts::stopped_by_choice))
    }

    /// The level, by the auditor's own policy and parties; `operator` unless a file of evidence-v3 shows
    /// more.
    pub fn level(&self) -> &'static str {
        self.facts.shared.as_ref().map_or(Level::Operator, |shared| shared.level).name()
    }

    /// The report as one JSON value.
    pub fn to_json(&self) -> Json {
        let facts = &self.facts;
        let check = |check: &Check| -> Json {
            Object::new()
                .with("check", check.name)
                .with("title", check.title())
                .with("result", if check.passed { "passed" } else { "failed" })
                .with("detail", check.detail.as_str())
                .into()
        };
        let seat = |(position, group): &(u32, u8)| -> Json {
            Object::new().with("position", *position).with("group", u32::from(*group)).into()
        };
        let report = Object::new()
            .with("verdict", if self.verified() { "verified" } else { "refused" })
            .with("level", self.level())
            .with_some("tree_size", facts.tree_size)
            .with_some("origin", facts.origin.as_deref())
            .with_some("alpha", facts.alpha)
            .with_some("attempt", facts.attempt)
            .with_some("committed", facts.committed)
            .with_some("pool_size", facts.pool_size)
            .with_some("forced_seats", facts.forced_seats)
            .with_some("ending", facts.ending.map(Ending::name))
            .with("unsealed", if facts.unsealed { "yes" } else { "no" })
            .with("seen_voids", self.seen_voids())
            .with("seats", facts.seats.iter().map(seat).collect::<Json>())
            .with("unknown_signatures", facts.unknown_signatures)
            .with("checks", self.checks.iter().map(check).collect::<Json>())
            .with(
                "not_shown",
                Json::from_iter([
                    Json::from("other attempts or a later void"),
                    Json::from("that the pool was complete and its people real"),
                ]),
            );
        let report = match &facts.shared {
            Some(shared) => shared.write(report),
            None => report,
        };
        match &facts.calls {
            Some(calls) => calls.write(report).into(),
            None => report.into(),
        }
    }
}
