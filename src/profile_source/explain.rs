//! What a profile requires, where it differs from its parent, and what rests on memory or choice only:
//! plain Chinese for the lawyer of a bureau.

use std::fmt::Write;

use super::words;
use crate::rules::registry_profile::{Mark, Rule as Sourced};
use crate::rules::{Family, Jurisdiction, Profile, Rule, RuleEntry, Terms, UnknownPolicy};

const FAMILIES: [Family; 9] = [
    Family::Standing,
    Family::Matching,
    Family::Conflicts,
    Family::Engagements,
    Family::Seats,
    Family::Committee,
    Family::Timing,
    Family::Process,
    Family::Weights,
];

/// The explanation of a profile, several paragraphs.
pub fn explain(profile: &Profile, parent: Option<&Profile>) -> String {
    let mut out = String::new();
    head(&mut out, profile);
    requirements(&mut out, profile);
    terms(&mut out, profile);
    if let Some(parent) = parent {
        section(&mut out, "与上级档案不同之处", differences(profile, parent), "没有不同。");
    }
    section(&mut out, "仅凭一般知识、未见原文的", resting(profile, words::from_memory), "没有。");
    section(
        &mut out,
        "项目规则（法律没有规定，由部署单位选择）",
        resting(profile, |m| m == Mark::Policy),
        "没有。",
    );
    section(&mut out, "本档案不适用的规则", not_applied(profile), "没有。");
    out
}

/// The table of all rules with their families.
pub fn list() -> String {
    let mut out = String::new();
    for family in FAMILIES {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{}", family.title_zh());
        for rule in Rule::ALL.iter().filter(|rule| rule.family() == family) {
            let _ = writeln!(out, "  {:<28}{}  {}", rule.name(), rule.title_zh(), rule.title_en());
        }
    }
    out
}

fn head(out: &mut String, profile: &Profile) {
    let place = match profile.jurisdiction() {
        Jurisdiction::Country => "全国".to_owned(),
        Jurisdiction::Region(region) => format!("{}（{}）", region.full_name(), region.as_str()),
    };
    let until = profile.valid_to().map_or_else(|| "起".to_owned(), |day| format!("至{day}"));
    let _ = writeln!(out, "规则档案 {}：{}", profile.name(), profile.title());
    let _ = writeln!(out, "适用：{place}，{}{until}", profile.valid_from());
    let _ = writeln!(out, "格式：第{}版；摘要：{}", profile.version(), profile.digest().to_hex());
    for link in profile.chain() {
        let _ = writeln!(out, "来自：{}（{}版，{}）", link.name, link.edition, link.digest.to_hex());
    }
    if let Some(note) = profile.note() {
        let _ = writeln!(out, "说明：{note}");
    }
}

fn requirements(out: &mut String, profile: &Profile) {
    for family in FAMILIES {
        let applied: Vec<(Rule, &RuleEntry)> =
            profile.rules().filter(|(rule, entry)| rule.family() == family && entry.applies).collect();
        if applied.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n【{}】", family.title_zh());
        for (rule, entry) in applied {
            let _ = writeln!(out, "· {}（{}）", entry.title, rule.name());
            let _ = writeln!(out, "    依据：{}（{}）", entry.source, words::mark(entry.status));
            for line in words::parameters(rule, profile.parameters()) {
                let _ = writeln!(out, "    {line}");
            }
            if let Some(unknown) = unknown(rule, entry) {
                let _ = writeln!(out, "    情况不明时：{unknown}");
            }
            if entry.overridable {
                let _ = writeln!(out, "    原则上：说明理由并经他人批准的，可以例外");
            }
            if let Some(note) = &entry.note {
                let _ = writeln!(out, "    注：{note}");
            }
        }
    }
}

fn unknown(rule: Rule, entry: &RuleEntry) -> Option<&'static str> {
    let people = rule.family().about_people();
    let asked = people || rule.family().about_plans();
    asked.then_some(match (entry.unknown, people) {
        (UnknownPolicy::Exclude, true) => "不得抽取",
        (UnknownPolicy::Allow, true) => "可以抽取",
        (UnknownPolicy::Exclude, false) => "不得继续",
        (UnknownPolicy::Allow, false) => "可以继续",
    })
}

fn terms(out: &mut String, profile: &Profile) {
    let Some(terms) = profile.terms() else { return };
    let _ = writeln!(out, "\n【其他参数】");
    for (name, what) in Terms::NUMBERS {
        if let Some(number) = terms.number(name) {
            let _ = writeln!(out, "· {what}：{}（{}）", number.value, origin(&number.rule));
        }
    }
    let _ = writeln!(out, "· 专业分类标准：{}（{}）", terms.scheme.value, origin(&terms.scheme.rule));
    let _ = writeln!(out, "· 公告用语：{}（{}）", terms.publication.value, origin(&terms.publication.rule));
    for row in &terms.contributions {
        let _ = writeln!(out, "· 共同随机·{}（{}）", row.words_zh(), origin(&row.rule));
    }
    if terms.contributions.is_empty() {
        let _ = writeln!(out, "· 共同随机：只有运营方贡献随机（保证等级 operator）");
    }
    match &terms.fees {
        None => {
            let _ = writeln!(out, "· 评审费标准：本档案没有，须由部署单位补充");
        }
        Some(fees) => {
            let _ = writeln!(
                out,
                "· 评审费：{}小时以内{}元，每增加1小时{}元，每日不超过{}元；误工{}元（{}）",
                fees.first_hours,
                fees.first_fen / 100,
                fees.further_hour_fen / 100,
                fees.day_cap_fen / 100,
                fees.lost_work_fen / 100,
                origin(&fees.rule)
            );
        }
    }
}

fn origin(rule: &Sourced) -> String {
    format!("{}；{}", rule.source, words::mark(rule.mark))
}

fn section(out: &mut String, title: &str, lines: Vec<String>, none: &str) {
    let _ = writeln!(out, "\n【{title}】");
    if lines.is_empty() {
        let _ = writeln!(out, "{none}");
    }
    for line in lines {
        let _ = writeln!(out, "· {line}");
    }
}

/// Where a profile differs from its parent.
fn differences(profile: &Profile, parent: &Profile) -> Vec<String> {
    let mut lines = Vec::new();
    for rule in Rule::ALL {
        let (Some(here), Some(there)) = (profile.rule(*rule), parent.rule(*rule)) else { continue };
        let mut said = Vec::new();
        match (here.applies, there.applies) {
            (true, false) => said.push("此处适用，上级不适用".to_owned()),
            (false, true) => said.push("此处不适用，上级适用".to_owned()),
            _ => {}
        }
        let words = |p: &Profile| words::parameters(*rule, p.parameters()).join("；");
        if (here.applies || there.applies) && words(profile) != words(parent) {
            said.push(format!("上级：{}；此处：{}", words(parent), words(profile)));
        }
        if here.unknown != there.unknown {
            said.push(match here.unknown {
                UnknownPolicy::Exclude => "情况不明时此处排除，上级放行".to_owned(),
                UnknownPolicy::Allow => "情况不明时此处放行，上级排除".to_owned(),
            });
        }
        if here.overridable != there.overridable {
            said.push(if here.overridable { "此处为原则上" } else { "此处不得例外" }.to_owned());
        }
        if said.is_empty() && (here.source != there.source || here.title != there.title) {
            said.push("依据或表述不同".to_owned());
        }
        if !said.is_empty() {
            lines.push(format!(
                "{}（{}）：{}（依据：{}）",
                rule.title_zh(),
                rule.name(),
                said.join("；"),
                here.source
            ));
        }
    }
    if let (Some(here), Some(there)) = (profile.terms(), parent.terms()) {
        for (name, what) in Terms::NUMBERS {
            if let (Some(here), Some(there)) = (here.number(name), there.number(name))
                && here != there
            {
                let (now, before, source) = (here.value, there.value, &here.rule.source);
                lines.push(format!("{what}：上级{before}，此处{now}（依据：{source}）"));
            }
        }
        for (what, here, there) in [
            ("专业分类标准", &here.scheme, &there.scheme),
            ("公告用语", &here.publication, &there.publication),
        ] {
            if here != there {
                lines.push(format!("{what}：此处{}（依据：{}）", here.value, here.rule.source));
            }
        }
        if here.contributions != there.contributions {
            lines.push("共同随机的要求不同".to_owned());
        }
        if here.fees != there.fees {
            lines.push("评审费标准不同".to_owned());
        }
    }
    lines
}

/// Everything whose source is such.
fn resting(profile: &Profile, such: impl Fn(Mark) -> bool) -> Vec<String> {
    let mut lines = Vec::new();
    for (rule, entry) in profile.rules().filter(|(_, entry)| entry.applies) {
        if such(entry.status) {
            lines.push(format!("{}（{}）：{}", entry.title, rule.name(), entry.source));
        }
        let given = profile.parameters();
        let rows: Vec<&Sourced> = match rule {
            Rule::CommitteeSizeOdd => {
                let exceptions = given.no_group.iter().map(|row| &row.rule);
                given.sizes.iter().map(|row| &row.rule).chain(exceptions).collect()
            }
            Rule::ExpertsTwoThirds => given.two_thirds_except.iter().map(|row| &row.rule).collect(),
            Rule::SelfSelectionConsent => {
                let exceptions = given.selection_free.iter().chain(&given.selection_not_complex);
                exceptions.map(|row| &row.rule).collect()
            }
            Rule::LegalExpertRequired => given.expertise.iter().map(|row| &row.rule).collect(),
            Rule::RemoteSiteMix => given.compulsory.iter().map(|row| &row.rule).collect(),
            _ => Vec::new(),
        };
        for row in rows.into_iter().filter(|row| such(row.mark)) {
            lines.push(format!("{}（{}）中依{}的一项", rule.title_zh(), rule.name(), row.source));
        }
    }
    if let Some(terms) = profile.terms() {
        for (name, what) in Terms::NUMBERS {
            if let Some(number) = terms.number(name).filter(|number| such(number.rule.mark)) {
                lines.push(format!("{what}：{}（{}）", number.value, number.rule.source));
            }
        }
        let texts = [("专业分类标准", &terms.scheme.rule), ("公告用语", &terms.publication.rule)];
        let fees = terms.fees.iter().map(|fees| ("评审费", &fees.rule));
        let shared = terms.contributions.iter().map(|row| ("共同随机", &row.rule));
        for (what, rule) in texts.into_iter().chain(fees).chain(shared).filter(|(_, rule)| such(rule.mark)) {
            lines.push(format!("{what}（{}）", rule.source));
        }
    }
    lines
}

fn not_applied(profile: &Profile) -> Vec<String> {
    let not = profile.rules().filter(|(_, entry)| !entry.applies);
    not.map(|(rule, entry)| format!("{}（{}）：{}", rule.title_zh(), rule.name(), entry.source)).collect()
}
