//! Rules about the committee of a plan, before anybody is drawn: its size (财政部令第87号 art 47, 第74号
//! art 7, 财库〔2014〕214号 art 14, 招标投标法 art 37), two thirds of experts, experts of law where asked
//! for, numbers as in the procurement document, sites of a remote review, filing for another
//! province, consent to self-selection (财库〔2016〕198号 art 13). Which apply, with which numbers, says
//! the profile.
//!
//! *Invariant:* a fact that is not known gives unknown, unless the answer is the same whatever it is.
//!
//! *Deliberately not here:* approvals and time (`timing`), the day itself (`process`).

use std::collections::BTreeMap;

use super::facts::{Expertise, GroupFacts, PlanFacts};
use super::finding::Answer;
use super::parameters::{Parameters, Raise, SizeRow, row_of};
use super::plan_finding::{PlanFinding, Said, about, fail, pass, unknown};
use super::profile::Profile;
use super::rule::Rule;

/// What the rules about the committee say of a plan, in the order of [`Rule::ALL`]; rules that the
/// profile does not apply say nothing.
pub fn findings(plan: &PlanFacts, profile: &Profile) -> Vec<PlanFinding> {
    let given = profile.parameters();
    about(
        plan,
        profile,
        &[
            (Rule::CommitteeSizeOdd, &|| size(plan, given)),
            (Rule::ExpertsTwoThirds, &|| two_thirds(plan, given)),
            (Rule::LegalExpertRequired, &|| expertise(plan, given)),
            (Rule::NumbersMatchDocument, &|| numbers(plan)),
            (Rule::RemoteSiteMix, &|| sites(plan, given)),
            (Rule::OtherProvinceFiling, &|| filing(plan)),
            (Rule::SelfSelectionConsent, &|| consent(plan, given)),
        ],
    )
}

/// `committee_size_odd`: an odd number, and at least what method, category, budget and flags ask.
fn size(plan: &PlanFacts, given: &Parameters) -> Said {
    let method = plan.method.title_zh();
    if let Some(row) = row_of(&given.no_group, plan.method) {
        let en = format!("{} needs no drawn committee", plan.method.title_en());
        return pass(format!("{method}不要求组成评审小组"), en).after(&row.rule);
    }
    let of_method = || given.sizes.iter().filter(|row| row.methods.contains(&plan.method));
    let row = match plan.category {
        Some(category) => {
            of_method().find(|row| row.categories.is_empty() || row.categories.contains(&category))
        }
        None => match (of_method().next(), of_method().nth(1)) {
            (Some(only), None) => Some(only),
            (None, _) => None,
            _ => return unknown("未注明货物、工程或服务", "goods, works or services is not stated"),
        },
    };
    let Some(row) = row else {
        let en = format!("the profile has no committee size for {}", plan.method.title_en());
        return unknown(format!("规则档案未载明{method}的小组人数"), en);
    };
    sized(plan, row).after(&row.rule)
}

fn sized(plan: &PlanFacts, row: &SizeRow) -> Said {
    let Some(members) = plan.members() else {
        return unknown(
            "未填写采购人代表人数",
            "the number of the purchaser's representatives is not stated",
        );
    };
    if members % 2 == 0 {
        let en = format!("{members} members: the number must be odd");
        return fail(format!("成员共{members}人，应为单数"), en);
    }
    // The least that surely holds, and the least that holds if every open question is answered yes.
    let (mut least, mut most, mut open) = (row.minimum, row.minimum, None);
    for (when, minimum) in &row.raised {
        let (holds, zh, en) = match when {
            Raise::Budget(fen) => (plan.budget_fen.map(|budget| budget >= *fen), "预算金额", "the budget"),
            Raise::Complex => (plan.complex, "是否技术复杂", "whether it is technically complex"),
            Raise::SocialImpact => {
                (plan.social_impact, "是否社会影响较大", "whether its social impact is large")
            }
            Raise::Threshold => (
                plan.threshold_reached,
                "是否达到公开招标数额标准",
                "whether it reaches the amount of open tender",
            ),
        };
        match holds {
            Some(true) => least = least.max(*minimum),
            Some(false) => {}
            None if *minimum > most => open = Some((zh, en)),
            None => {}
        }
        if holds != Some(false) {
            most = most.max(*minimum);
        }
    }
    if members < least {
        let en = format!("{members} members: at least {least}");
        fail(format!("成员共{members}人，应为{least}人以上单数"), en)
    } else if let Some((zh, en)) = open
        && members < most
    {
        unknown(format!("未注明{zh}，应否为{most}人以上不明"), format!("{en} is not stated"))
    } else {
        let en = format!("{members} members, at least {least}, an odd number");
        pass(format!("成员共{members}人，不少于{least}人，且为单数"), en)
    }
}

/// `experts_two_thirds`: experts ≥ ⌈2n/3⌉.
fn two_thirds(plan: &PlanFacts, given: &Parameters) -> Said {
    if let Some(row) = row_of(&given.two_thirds_except, plan.method) {
        let (zh, en) = (plan.method.title_zh(), plan.method.title_en());
        return pass(format!("{zh}未规定该比例"), format!("no such share for {en}")).after(&row.rule);
    }
    let experts = plan.experts();
    let Some(members) = plan.members() else {
        return unknown(
            "未填写采购人代表人数",
            "the number of the purchaser's representatives is not stated",
        );
    };
    let needed = (u64::from(members) * 2).div_ceil(3);
    let zh = format!("成员{members}人，评审专家{experts}人，应不少于{needed}人");
    let en = format!("{experts} experts of {members} members, at least {needed}");
    if u64::from(experts) >= needed && members > 0 { pass(zh, en) } else { fail(zh, en) }
}

/// `legal_expert_required`: each expertise that the method asks for has a seat.
fn expertise(plan: &PlanFacts, given: &Parameters) -> Said {
    let mut last = pass("未要求法律等专家", "no such expert is asked for");
    for row in given.expertise.iter().filter(|row| row.methods.contains(&plan.method)) {
        let selected = plan
            .self_selection
            .as_ref()
            .is_some_and(|selection| selection.members > 0 && selection.expertise.contains(&row.expertise));
        let there = selected || plan.groups.iter().any(|group| has(group, row.expertise, given));
        let (zh, en) = (row.expertise.title_zh(), row.expertise.title_en());
        let applies = if row.only_complex { plan.complex } else { Some(true) };
        let said = match (applies, there) {
            (_, true) => pass(format!("已有{zh}席位"), format!("{en} has a seat")),
            (Some(false), false) => pass(
                format!("非技术复杂项目，不要求{zh}"),
                format!("{en} is asked for in complex projects only"),
            ),
            (Some(true), false) => {
                fail(format!("应当包含1名{zh}，席位组中没有"), format!("{en} must be among the experts"))
            }
            (None, false) => unknown(
                format!("未注明是否技术复杂，是否应含{zh}不明"),
                format!("whether {en} is asked for depends on complexity, which is not stated"),
            ),
        }
        .after(&row.rule);
        match said.answer {
            Answer::Fail => return said,
            Answer::Unknown => last = said,
            Answer::Pass if last.answer == Answer::Pass => last = said,
            Answer::Pass => {}
        }
    }
    last
}

fn has(group: &GroupFacts, expertise: Expertise, given: &Parameters) -> bool {
    let listed = given.expertise_codes.iter().filter(|(known, _)| *known == expertise);
    group.seats > 0
        && (group.expertise.contains(&expertise)
            || listed.into_iter().any(|(_, code)| code.covers(&group.speciality)))
}

/// `numbers_match_document`: the experts of each speciality are as many as the document says.
fn numbers(plan: &PlanFacts) -> Said {
    let Some(document) = &plan.document_numbers else {
        return unknown(
            "未填写采购文件载明的各专业人数",
            "the numbers of the procurement document are not stated",
        );
    };
    let mut counts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for group in &plan.groups {
        let count = counts.entry(group.speciality.as_str()).or_default();
        count.0 = count.0.saturating_add(group.seats);
    }
    for (speciality, number) in document {
        let count = counts.entry(speciality.as_str()).or_default();
        count.1 = count.1.saturating_add(*number);
    }
    match counts.into_iter().find(|(_, (drawn, stated))| drawn != stated) {
        None => pass("各专业人数与采购文件一致", "the numbers are those of the document"),
        Some((code, (drawn, stated))) => fail(
            format!("专业{code}抽取{drawn}人，采购文件载明{stated}人"),
            format!("{drawn} experts of {code}, the document says {stated}"),
        ),
    }
}

/// `remote_site_mix`: remote where it must be, over enough sites, not too many at one.
fn sites(plan: &PlanFacts, given: &Parameters) -> Said {
    let Some(remote) = plan.remote else {
        return unknown("未注明是否异地评审", "whether the review is remote is not stated");
    };
    if !remote {
        return not_remote(plan, given);
    }
    let mut by_site: BTreeMap<u32, u32> = BTreeMap::new();
    for group in &plan.groups {
        let count = by_site.entry(group.site).or_default();
        *count = count.saturating_add(group.seats);
    }
    let sites = by_site.len();
    if sites < given.min_sites as usize {
        return fail(
            format!("异地评审场所{sites}个，应不少于{}个", given.min_sites),
            format!("{sites} sites, at least {}", given.min_sites),
        );
    }
    let crowded = by_site.iter().find(|(_, seats)| given.max_per_site > 0 && **seats > given.max_per_site);
    if let Some((site, seats)) = crowded {
        return fail(
            format!("场所{site}有专家{seats}人，不得超过{}人", given.max_per_site),
            format!("{seats} experts at site {site}, at most {}", given.max_per_site),
        );
    }
    let total: u64 = by_site.values().map(|seats| u64::from(*seats)).sum();
    if given.max_host_percent < 100 {
        let Some(host) = plan.host_site else {
            return unknown("未注明主场", "the host site is not stated");
        };
        let there = u64::from(by_site.get(&host).copied().unwrap_or(0));
        if there * 100 > total * u64::from(given.max_host_percent) {
            return fail(
                format!("主场专家{there}人，不得超过专家总数的{}%", given.max_host_percent),
                format!("{there} of {total} experts at the host site, at most {}%", given.max_host_percent),
            );
        }
    }
    pass(format!("异地评审，场所{sites}个"), format!("remote review over {sites} sites"))
}

/// Whether a review that is not remote may be so.
fn not_remote(plan: &PlanFacts, given: &Parameters) -> Said {
    let mut open = None;
    for row in given.compulsory.iter().filter(|row| !row.except_methods.contains(&plan.method)) {
        let meant = plan.category.map(|category| row.categories.contains(&category));
        let large = plan.budget_fen.map(|budget| budget >= row.budget_fen);
        match (meant, large) {
            (Some(false), _) | (_, Some(false)) => {}
            (Some(true), Some(true)) => {
                return fail(
                    "属于应当异地评审的项目范围",
                    "projects of this kind and size must be reviewed remotely",
                )
                .after(&row.rule);
            }
            _ => {
                open = Some(
                    unknown(
                        "未注明类别或预算，应否异地评审不明",
                        "category or budget is not stated: it may have to be remote",
                    )
                    .after(&row.rule),
                );
            }
        }
    }
    open.unwrap_or_else(|| pass("不采用异地评审", "not a remote review"))
}

/// `other_province_filing`: experts of another province only after a written filing.
fn filing(plan: &PlanFacts) -> Said {
    if !plan.other_province() {
        return pass("仅使用本省专家", "experts of the own province only");
    }
    match plan.filing {
        Some(true) => pass("已事先书面备案", "filed in writing before"),
        Some(false) => fail("使用外省专家未事先书面备案", "experts of another province without a filing"),
        None => unknown("使用外省专家，未填写备案", "experts of another province: no filing is stated"),
    }
}

/// `self_selection_consent`: only for complex projects, with the written consent of the competent
/// department; experts outside the own unit are preferred.
fn consent(plan: &PlanFacts, given: &Parameters) -> Said {
    let Some(selection) = plan.self_selection.as_ref().filter(|selection| selection.members > 0) else {
        return pass("未自行选定专家", "nobody was selected by the purchaser");
    };
    if let Some(row) = row_of(&given.selection_free, plan.method) {
        let (zh, en) = (plan.method.title_zh(), plan.method.title_en());
        return pass(format!("{zh}由采购人自行选定"), format!("the purchaser selects in {en}"))
            .after(&row.rule);
    }
    let own = match selection.own_unit {
        Some(0) => ("，均非本单位人员", ", none of the own unit"),
        Some(_) => ("，其中有本单位人员，应优先选择本单位以外的专家", ", some of the own unit"),
        None => ("，是否本单位人员未注明", ", own unit not stated"),
    };
    let complex = match row_of(&given.selection_not_complex, plan.method) {
        Some(_) => Some(true),
        None => plan.complex,
    };
    match (selection.consent, complex) {
        (Some(false), _) => fail(
            "自行选定专家未经主管预算单位书面同意",
            "self-selection without the consent of the competent department",
        ),
        (_, Some(false)) => {
            fail("非技术复杂、专业性强的项目不得自行选定专家", "self-selection is for complex projects only")
        }
        (None, _) => unknown("未提交主管预算单位同意文件", "no consent document is stated"),
        (_, None) => unknown("未注明是否技术复杂", "whether the project is complex is not stated"),
        (Some(true), Some(true)) => pass(
            format!("自行选定{}人，已经主管预算单位同意{}", selection.members, own.0),
            format!("{} selected with consent{}", selection.members, own.1),
        ),
    }
}
