//! Parameters of a profile in plain Chinese.

use crate::rules::facts::{Category, Method};
use crate::rules::parameters::{MethodsRow, Parameters, Raise, RemoteExempt};
use crate::rules::registry_profile::Mark;
use crate::rules::{Rule, Status};

/// How sure a source is, in words.
pub(super) fn mark(mark: Mark) -> String {
    match mark {
        Mark::Policy => "项目规则".to_owned(),
        Mark::Source(Status::Text) => "见过原文".to_owned(),
        Mark::Source(Status::Secondary) => "见过转述".to_owned(),
        Mark::Source(Status::Knowledge(percent)) => format!("仅凭一般知识，把握{percent}%"),
    }
}

/// Whether a source rests on memory only.
pub(super) fn from_memory(mark: Mark) -> bool {
    matches!(mark, Mark::Source(Status::Knowledge(_)))
}

/// An amount of fen in yuan or 万元.
fn yuan(fen: u64) -> String {
    match fen {
        fen if fen % 1_000_000 == 0 => format!("{}万元", fen / 1_000_000),
        fen if fen % 100 == 0 => format!("{}元", fen / 100),
        fen => format!("{}.{:02}元", fen / 100, fen % 100),
    }
}

fn methods(methods: &[Method]) -> String {
    methods.iter().map(|method| method.title_zh()).collect::<Vec<_>>().join("、")
}

fn categories(categories: &[Category]) -> String {
    categories.iter().map(|category| category.title_zh()).collect::<Vec<_>>().join("、")
}

/// What a rule's parameters say, line by line; none for a rule without parameters.
pub(super) fn parameters(rule: Rule, given: &Parameters) -> Vec<String> {
    match rule {
        Rule::AgeLimit => {
            let scarce = given.max_age_scarce.map(|age| format!("；获准放宽的紧缺专业未满{age}周岁"));
            vec![format!("评审之日未满{}周岁{}", given.max_age, scarce.unwrap_or_default())]
        }
        Rule::TitleOrEqual => {
            given.title.iter().map(|level| format!("最低职称：{}", level.title_zh())).collect()
        }
        Rule::YearsInField => {
            let mut text = format!("中级职称满{}年，", given.years_intermediate);
            text += &match given.years_senior {
                0 => "高级职称不要求年限".to_owned(),
                years => format!("高级职称满{years}年"),
            };
            if let Some(years) = given.years_scarce_doctor {
                text += &format!("；紧缺专业博士满{years}年");
            }
            if let Some(years) = given.years_scarce_master {
                text += &format!("、硕士满{years}年");
            }
            vec![text]
        }
        Rule::ConflictEmployment3y => vec![back(given.employment_years)],
        Rule::ConflictDirector3y => vec![back(given.director_years)],
        Rule::ConflictControl3y => vec![back(given.control_years)],
        Rule::ConflictKinship => {
            let positions: Vec<&str> = given.kin_positions.iter().map(|p| position(*p)).collect();
            vec![format!("亲属在供应商的任职：{}", positions.join("、"))]
        }
        Rule::ConflictOther if given.affiliates => {
            vec![format!(
                "{}，曾任职于供应商的控股方或者被控股方的，视为有此关系",
                back(given.affiliate_years)
            )]
        }
        Rule::ConflictOther => vec!["不推及关联单位".to_owned()],
        Rule::OwnUnitOnlyAsRep => {
            let mut who = vec!["采购人"];
            who.extend(given.own_department.then_some("其主管预算部门"));
            who.extend(given.own_tree.then_some("其所属单位"));
            vec![format!("本单位：{}；{}", who.join("、"), back(given.own_unit_years))]
        }
        Rule::NoAgentStaff => {
            let holders = if given.agent_holders { "；股东、董事、监事同样" } else { "" };
            vec![format!("{}{holders}", back(given.agent_years))]
        }
        Rule::Availability => vec![format!("往返途中各计{}小时", given.travel_hours)],
        Rule::LoadCap => vec![format!("{}日内不超过{}次", given.load_days, given.load_reviews)],
        Rule::Cooldown => vec![format!("间隔不少于{}日", given.cooldown_days)],
        Rule::CommitteeSizeOdd => sizes(given),
        Rule::ExpertsTwoThirds => rows("没有这一比例", &given.two_thirds_except),
        Rule::LegalExpertRequired => expertise(given),
        Rule::RemoteSiteMix => remote(given),
        Rule::SelfSelectionConsent => [
            rows("由采购人自行选定，不须同意", &given.selection_free),
            rows("不以技术复杂为限", &given.selection_not_complex),
        ]
        .concat(),
        Rule::DrawNotTooEarly => {
            let when = match given.earliest_working_days {
                0 => "评审当日起可以抽取".to_owned(),
                days => format!("评审前{days}个工作日起可以抽取"),
            };
            let mut except: Vec<&str> = given.earliest_exempt.iter().map(|m| m.title_zh()).collect();
            except.extend(
                given.earliest_remote.filter(|r| *r != RemoteExempt::None).map(RemoteExempt::title_zh),
            );
            let except =
                if except.is_empty() { String::new() } else { format!("；{}除外", except.join("、")) };
            vec![format!("{when}{except}")]
        }
        Rule::MinPoolRatio => {
            let steps: Vec<&str> = given.widening.iter().map(|step| step.title_zh()).collect();
            let widened = if steps.is_empty() {
                "不自动扩大".to_owned()
            } else {
                format!("不足时依次{}", steps.join("、"))
            };
            vec![format!("候选人数不少于席位数的{}倍；{widened}", given.pool_ratio)]
        }
        Rule::EvaluationDue5wd => vec![format!("评审结束后{}个工作日内", given.evaluation_working_days)],
        _ => Vec::new(),
    }
}

/// Exceptions for methods, each with its article.
fn rows(what: &str, rows: &[MethodsRow]) -> Vec<String> {
    let line = |row: &MethodsRow| {
        format!("{}：{what}【{}；{}】", methods(&row.methods), row.rule.source, mark(row.rule.mark))
    };
    rows.iter().map(line).collect()
}

fn back(years: u32) -> String {
    format!("往前推{years}年")
}

fn position(position: crate::registry::Position) -> &'static str {
    use crate::registry::Position;
    match position {
        Position::LegalRepresentative => "法定代表人",
        Position::Principal => "负责人",
        Position::Director => "董事",
        Position::Supervisor => "监事",
        Position::Controller => "控股股东、实际控制人",
    }
}

fn sizes(given: &Parameters) -> Vec<String> {
    let mut lines = Vec::new();
    for row in &given.sizes {
        let about = if row.categories.is_empty() {
            methods(&row.methods)
        } else {
            format!("{}（{}）", methods(&row.methods), categories(&row.categories))
        };
        let raised: Vec<String> = row
            .raised
            .iter()
            .map(|(when, minimum)| {
                let when = match when {
                    Raise::Budget(fen) => format!("预算{}以上", yuan(*fen)),
                    Raise::Complex => "技术复杂".to_owned(),
                    Raise::SocialImpact => "社会影响较大".to_owned(),
                    Raise::Threshold => "达到公开招标数额标准".to_owned(),
                };
                format!("{when}的{minimum}人")
            })
            .collect();
        let raised = if raised.is_empty() { String::new() } else { format!("；{}", raised.join("，")) };
        lines.push(format!(
            "{about}：{}人以上单数{raised}【{}；{}】",
            row.minimum,
            row.rule.source,
            mark(row.rule.mark)
        ));
    }
    lines.extend(rows("不要求组成评审小组", &given.no_group));
    lines
}

fn expertise(given: &Parameters) -> Vec<String> {
    let mut lines: Vec<String> = given
        .expertise
        .iter()
        .map(|row| {
            let when = if row.only_complex { "技术复杂的" } else { "" };
            let (methods, who) = (methods(&row.methods), row.expertise.title_zh());
            format!("{when}{methods}：至少1名{who}【{}；{}】", row.rule.source, mark(row.rule.mark))
        })
        .collect();
    if !given.expertise_codes.is_empty() {
        let codes: Vec<String> = given
            .expertise_codes
            .iter()
            .map(|(expertise, code)| format!("{}为{}", code.as_str(), expertise.title_zh()))
            .collect();
        lines.push(format!("评审专业{}", codes.join("，")));
    }
    lines
}

fn remote(given: &Parameters) -> Vec<String> {
    let mut text = format!("异地评审场所不少于{}个", given.min_sites);
    if given.max_per_site > 0 {
        text += &format!("，每个场所专家不超过{}人", given.max_per_site);
    }
    if given.max_host_percent < 100 {
        text += &format!("，主场专家不超过{}%", given.max_host_percent);
    }
    let mut lines = vec![text];
    for row in &given.compulsory {
        let except = if row.except_methods.is_empty() {
            String::new()
        } else {
            format!("（{}除外）", methods(&row.except_methods))
        };
        lines.push(format!(
            "{}{except}预算{}以上的必须异地评审【{}；{}】",
            categories(&row.categories),
            yuan(row.budget_fen),
            row.rule.source,
            mark(row.rule.mark)
        ));
    }
    lines
}
