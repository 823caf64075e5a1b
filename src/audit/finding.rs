//! What an audit finds: a stable name, how bad it is, where, and words for people
//! (`api-spec/audit-v1.md` §3).

use crate::codec::{Hash, Json, Object};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The log or a draw breaks its rules: nothing that rests on it can be believed as it stands.
    Violation,
    /// Nothing is broken, and somebody should look.
    Notice,
}

impl Severity {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Violation => "violation",
            Self::Notice => "notice",
        }
    }
}

/// Every finding by name, how bad it is, with its title in Chinese and English.
pub const FINDINGS: [(&str, Severity, &str, &str); 45] = [
    (
        "tree",
        Severity::Violation,
        "日志条目与检查点的树根不符",
        "the entries do not give the checkpoint's root",
    ),
    (
        "history",
        Severity::Violation,
        "日志与上次审计的历史不一致",
        "the log is not a continuation of what was audited before",
    ),
    ("statement", Severity::Violation, "条目不是规定格式的声明", "an entry is no statement of this log"),
    ("type", Severity::Violation, "未知类型的声明", "a statement of an unknown type or shape"),
    ("time", Severity::Violation, "条目时间倒退", "time falls as the index rises"),
    (
        "signature",
        Severity::Violation,
        "条目签名缺失或不能通过核验",
        "the signature of an entry is missing or does not verify",
    ),
    ("key", Severity::Violation, "密钥条目违反规则", "an entry about a key breaks a rule"),
    (
        "log_key",
        Severity::Violation,
        "检查点不是由在用且受信任的日志密钥签署",
        "the checkpoint is not signed by a log key that is in use and pinned",
    ),
    (
        "head",
        Severity::Violation,
        "见证方签过的日志头不在本日志的历史中",
        "a cosigned head is not of this log's history",
    ),
    (
        "clock",
        Severity::Notice,
        "条目时间与日志头的见证时间不符",
        "an entry is dated after the head that covers it was cosigned, or long before one that does not",
    ),
    (
        "doubtful",
        Severity::Notice,
        "密钥已泄露，其后由它签署的内容存疑",
        "a key was compromised: what it signed from there on may not be its holder's",
    ),
    (
        "deadline",
        Severity::Notice,
        "贡献期限超过承诺后七日",
        "contributions may take more than seven days after the commitment",
    ),
    (
        "registry_position",
        Severity::Violation,
        "承诺的专家库位置不是当时最新",
        "a commitment names a registry position that was not the newest",
    ),
    (
        "commitment_keys",
        Severity::Violation,
        "承诺列出的密钥不是在用密钥",
        "a commitment names a key that was not in force or in use",
    ),
    (
        "nobody",
        Severity::Violation,
        "声明所属的抽取不存在",
        "a statement about a draw that was never committed",
    ),
    (
        "contribution",
        Severity::Violation,
        "随机贡献无效、重复或顺序错误",
        "a contribution is invalid, given twice, or out of order",
    ),
    (
        "second_ending",
        Severity::Violation,
        "抽取有两个结果或结束后仍有声明",
        "a second result, or a statement after the end of a draw",
    ),
    (
        "no_result",
        Severity::Violation,
        "期限已过而既无结果也未作废",
        "neither a result nor a void although the deadline has passed",
    ),
    (
        "attempt",
        Severity::Violation,
        "同一包的抽取次数不连续",
        "the attempts at a package do not follow each other",
    ),
    (
        "predecessor",
        Severity::Violation,
        "重新抽取未指明前次，或前次尚未结束",
        "a repeat does not name the attempt before, or that had not ended",
    ),
    (
        "repeats",
        Severity::Violation,
        "同一包有多于一次“已知结果后作废”之后的重抽",
        "more than one seen void of a package has a successor",
    ),
    (
        "blind_voids",
        Severity::Notice,
        "同一包有两次以上不可预知结果的作废",
        "two or more voids of one package are held for blind",
    ),
    ("tags_moved", Severity::Violation, "标签迁移无效", "tags moved that break a rule"),
    ("two_tags", Severity::Violation, "同一包号有两个标签", "one package number has two tags"),
    ("evidence_missing", Severity::Violation, "没有该次抽取的证据文件", "no evidence file of a draw"),
    ("evidence", Severity::Violation, "证据文件未通过核验", "an evidence file is refused"),
    (
        "evidence_life",
        Severity::Violation,
        "证据文件遗漏了日志中该次抽取的条目",
        "an evidence file leaves out entries of its draw that the log has",
    ),
    (
        "evidence_log",
        Severity::Violation,
        "证据文件出自另一日志历史",
        "an evidence file is of another history",
    ),
    (
        "refuted",
        Severity::Violation,
        "以“缺少贡献”作废，而见证方已公布答复",
        "voided for a missing contribution that a witness has published",
    ),
    (
        "private_log",
        Severity::Violation,
        "私有导出不属于本日志的历史",
        "the private export is not of this log's history",
    ),
    (
        "private_ahead",
        Severity::Notice,
        "私有导出比所审计的检查点新，其后的条目只核对了私有记录",
        "the private export is newer than the head that was audited; what follows was not audited in public",
    ),
    (
        "image",
        Severity::Violation,
        "密封记录缺失，或与签名声明不符",
        "a sealed record is missing or is not the one that was signed",
    ),
    ("not_replayed", Severity::Violation, "候选池无法重建", "the pool of a draw cannot be rebuilt"),
    (
        "draw_record",
        Severity::Violation,
        "密封的抽取记录与承诺不符",
        "the sealed record of a draw is not the committed one",
    ),
    (
        "registry_state",
        Severity::Violation,
        "承诺的专家库位置与日志不符",
        "a commitment names another registry position than the journal has",
    ),
    (
        "judged_by",
        Severity::Violation,
        "判定依据不是当时的有效资料，或与批准的方案不符",
        "people were judged by something else than what stood, or than the approved plan says",
    ),
    (
        "contributors",
        Severity::Violation,
        "承诺的随机贡献方与规则档案的要求不符",
        "a commitment waits for others than its rule profile asks for, or leaves out a supervisor who filed a nonce",
    ),
    (
        "pool_dropped",
        Severity::Violation,
        "应入候选池的专家被漏掉",
        "somebody whom the rules let in is missing from a pool",
    ),
    (
        "pool_slipped_in",
        Severity::Violation,
        "不应入候选池的专家被放入",
        "somebody whom the rules keep out is in a pool",
    ),
    (
        "pool_person",
        Severity::Violation,
        "候选人的席位组、单位或档案与专家库不符",
        "a candidate's groups, unit or record differ from the registry",
    ),
    (
        "lots",
        Severity::Violation,
        "候选人的签数与分级表不符",
        "a candidate drew with other lots than the table of tiers gives",
    ),
    (
        "exclusion",
        Severity::Violation,
        "排除的人员或理由与规则不符",
        "whom a draw excluded, or why, is not what the rules come to",
    ),
    (
        "relations",
        Severity::Violation,
        "候选人之间的利害关系与专家库不符",
        "the relations between candidates differ from the registry",
    ),
    (
        "panel_rule",
        Severity::Violation,
        "抽出的成员违反评审组规则",
        "the members who were drawn break a rule about panels",
    ),
    (
        "brief_change",
        Severity::Notice,
        "抽取前后短暂变更的档案改变了候选池",
        "a record that stood for a moment around a draw decided whether somebody was in its pool",
    ),
];

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name, from [`FINDINGS`].
    pub name: &'static str,
    /// Log index, if it is about one.
    pub index: Option<u64>,
    /// The draw, if it is about one.
    pub alpha: Option<Hash>,
    /// What was seen.
    pub detail: String,
}

impl Finding {
    /// A finding about the log as a whole.
    pub fn new(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, index: None, alpha: None, detail: detail.into() }
    }

    /// About an entry.
    pub fn at(self, index: u64) -> Self {
        Self { index: Some(index), ..self }
    }

    /// About a draw.
    pub fn of(self, alpha: Hash) -> Self {
        Self { alpha: Some(alpha), ..self }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        let known = FINDINGS.iter().find(|(name, ..)| *name == self.name);
        known.map_or(Severity::Violation, |(_, severity, ..)| *severity)
    }

    /// Title in Chinese and English.
    pub fn titles(&self) -> (&'static str, &'static str) {
        let known = FINDINGS.iter().find(|(name, ..)| *name == self.name);
        known.map_or(("", ""), |(_, _, zh, en)| (zh, en))
    }

    /// As one JSON value.
    pub fn to_json(&self) -> Json {
        let (zh, en) = self.titles();
        Object::new()
            .with("finding", self.name)
            .with("severity", self.severity().name())
            .with_some("index", self.index)
            .with_some("alpha", self.alpha)
            .with("title_zh", zh)
            .with("title_en", en)
            .with("detail", self.detail.as_str())
            .into()
    }
}
