//! What a special check (专项核查) asks about one expert: every condition of the profile, and what the
//! record itself shows. A pure function of facts and a day.
//!
//! A finding is a name, a source and how sure that is; it never repeats a value. Not every finding is a
//! breach: somebody looks at each and decides (`registry::campaign`).

use crate::registry::{ClaimDecision, Expert, StaleReason, Standing};
use crate::time::Date;

use super::conditions::{ConditionFacts, ConductSummary, Purpose, examine};
use super::finding::Answer;
use super::registry_profile::{Condition, RegistryProfile};

/// What the registry as a whole says about one expert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// The conduct record.
    pub conduct: ConductSummary,
    /// Kinds of the present employers, where units of the registry say; `None`: not known.
    pub employer_kinds: Option<Vec<String>>,
    /// Whether the phone was reported dead and nobody has been reached since.
    pub unreachable: bool,
    /// Whether somebody else in the registry has the same phone.
    pub same_phone: bool,
    /// Whether somebody else has the same name and birth date.
    pub same_person: bool,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFinding {
    /// Its name: a condition's, or one of [`RECORD_FINDINGS`].
    pub name: String,
    /// `fail`, or `unknown` where data is missing.
    pub answer: &'static str,
    /// In Chinese.
    pub title: String,
    /// The legal source.
    pub source: String,
    /// How sure the source is: `C`, `C2`, `Knn`, `P`.
    pub status: String,
}

const RULE: &str = "项目规则";

/// Findings beside the conditions: name, in Chinese, source, status.
pub const RECORD_FINDINGS: [(&str, &str, &str, &str); 9] = [
    ("bad_conduct", "有第29条不良行为记录", "财库〔2016〕198号第11条第3项", "C2"),
    ("certificate_expired", "执业资格证书已过期", RULE, "P"),
    ("employer_unknown", "工作单位不详", "财库〔2016〕198号第10条", "C2"),
    ("evidence_missing", "评审专业缺少证明材料", "财库〔2016〕198号第8条", "C2"),
    ("history_incomplete", "近三年任职经历不完整", "政府采购法实施条例第9条", "C"),
    ("same_person", "疑似重复：姓名、出生日期与他人相同", RULE, "P"),
    ("same_phone", "手机号与他人相同", RULE, "P"),
    ("term_ended", "聘期已满", RULE, "P"),
    ("unreachable", "电话无法接通", "财库〔2016〕198号第4条", "C2"),
];

/// The Chinese title of a finding beside the conditions.
pub fn record_finding(name: &str) -> Option<&'static str> {
    RECORD_FINDINGS.into_iter().find(|(known, ..)| *known == name).map(|(_, title, ..)| title)
}

/// Everything found about an expert on a day.
pub fn special_check(
    expert: &Expert,
    around: &Around,
    profile: &RegistryProfile,
    today: Date,
) -> Vec<CheckFinding> {
    let facts = ConditionFacts {
        conduct: Some(around.conduct),
        employer_kinds: around.employer_kinds.clone(),
        ..ConditionFacts::of_draft(&expert.draft())
    };
    let failed = examine(&facts, profile, Purpose::Staying, today).into_iter().filter(|f| f.excludes);
    let mut found: Vec<CheckFinding> = failed
        .map(|f| CheckFinding {
            name: f.condition.name().to_owned(),
            answer: if f.answer == Answer::Unknown { "unknown" } else { "fail" },
            title: f.title,
            source: f.source.to_string(),
            status: f.status.text(),
        })
        .collect();
    let shown = |name: &str| match name {
        "certificate_expired" => {
            expert.particulars().certificates.iter().any(|c| c.valid_to.is_some_and(|day| day < today))
        }
        "evidence_missing" => {
            let approved = |claim: &crate::registry::Claim| claim.decision == ClaimDecision::Approved;
            expert.claims().iter().any(|claim| approved(claim) && claim.evidence.is_empty())
        }
        "history_incomplete" => expert.history_incomplete(today),
        "unreachable" => around.unreachable || expert.standing() == Standing::Stale(StaleReason::Unreachable),
        // Everything that stands, however old: the condition `clean_record` has the years.
        "bad_conduct" => around.conduct.last_bad_conduct.is_some(),
        "employer_unknown" => expert.employments().is_none(),
        "same_person" => around.same_person,
        "same_phone" => around.same_phone,
        "term_ended" => expert.term_to() < today,
        _ => false,
    };
    let record = RECORD_FINDINGS.into_iter().filter(|(name, ..)| shown(name));
    found.extend(record.map(|(name, title, source, status)| CheckFinding {
        name: name.to_owned(),
        answer: "fail",
        title: title.to_owned(),
        source: source.to_owned(),
        status: status.to_owned(),
    }));
    found
}

/// The names of everything that a check can find, conditions first.
pub fn all_names() -> Vec<&'static str> {
    let conditions = Condition::ALL.iter().map(|condition| condition.name());
    conditions.chain(RECORD_FINDINGS.iter().map(|(name, ..)| *name)).collect()
}
