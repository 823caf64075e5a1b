//! What an account must be: a role with what it needs, a login that is no phone number, and never two
//! hands of one person.

use super::AccountDraft;
use crate::codes::{CreditCode, NationalId, Region};
use crate::registry::Problem;
use crate::service::access::DAYS_MAX;
use crate::service::actor::{Right, Role};
use crate::service::looks::line;
use crate::service::refusal::{Kind, Refusal};
use crate::store::account::Account;

const NAME_MAX: usize = 64;

pub(super) fn check(draft: &AccountDraft) -> Result<Role, Refusal> {
    let mut problems = Vec::new();
    let mut problem = |field: &str, value: &str, rule, zh: &str, en: &str| {
        problems.push(Problem::new(field, value, rule, zh, en));
    };
    let role = Role::parse(&draft.role);
    if role.is_none() {
        let names = Role::ALL.map(Role::name).join(", ");
        problem(
            "role",
            &draft.role,
            "role",
            &format!("应为 {names} 之一"),
            &format!("must be one of {names}"),
        );
    }
    match draft.unit.as_deref() {
        None if matches!(role, Some(Role::Agency | Role::Purchaser)) => {
            let (zh, en) = ("采购代理机构、采购人账号必填", "required for an agency and a purchaser");
            problem("unit", "", "required", zh, en);
        }
        None if role == Some(Role::Venue) => {
            let (zh, en) = ("评审场所账号必填场所编号", "a venue's account names its venue");
            problem("unit", "", "required", zh, en);
        }
        None => {}
        Some(venue) if role == Some(Role::Venue) && !is_case_id(venue) => {
            let (zh, en) = ("应为场所编号", "must be the id of a venue");
            problem("unit", venue, "venue", zh, en);
        }
        Some(_) if role == Some(Role::Venue) => {}
        Some(unit) => {
            if let Err(error) = CreditCode::parse(unit) {
                problem("unit", unit, "credit_code", &error.message_zh(), &error.to_string());
            }
        }
    }
    if !(1..=DAYS_MAX).contains(&draft.days) {
        let (zh, en) = (format!("应为 1 至 {DAYS_MAX} 天"), format!("must be 1 to {DAYS_MAX}"));
        problem("days", &draft.days.to_string(), "range", &zh, &en);
    }
    if let Some(rights) = &draft.rights {
        problems.extend(check_rights(role, rights).err());
    }
    if let Some(region) = &draft.region {
        problems.extend(check_region(region).err());
    }
    if let Some(number) = draft.expert.as_deref().filter(|_| role != Some(Role::Expert)) {
        let (zh, en) = ("只用于专家账号", "for an expert's account only");
        problems.push(Problem::new("expert", number, "role", zh, en));
    }
    if let Some(login) = draft.login.as_deref().filter(|login| !is_login(login)) {
        let zh = "应为 3 至 32 个小写字母、数字、点、下划线、连字符，以字母开头";
        let en = "must be 3 to 32 of a-z, 0-9, dot, underscore, hyphen, beginning with a letter";
        problems.push(Problem::new("login", login, "login", zh, en));
    }
    if let Some(number) = draft.id_number.as_deref()
        && let Err(error) = NationalId::parse(number)
    {
        problems.push(Problem::new("id_number", number, "id_number", error.message_zh(), error.to_string()));
    }
    if draft.totp_required && draft.login.is_none() {
        let (zh, en) = ("只用于有登录名的账号", "for an account with a login only");
        problems.push(Problem::new("totp_required", "", "login", zh, en));
    }
    if role != Some(Role::Expert) {
        problems.extend(line("name", &draft.name, NAME_MAX).err());
    }
    role.filter(|_| problems.is_empty()).ok_or_else(|| Refusal::invalid(problems))
}

/// Checks rights: known ones, each once, at least one, and only for a bureau.
pub(in crate::service) fn check_rights(role: Option<Role>, rights: &[String]) -> Result<(), Problem> {
    let known: Option<Vec<Right>> = rights.iter().map(|right| Right::parse(right)).collect();
    let once = known.is_some_and(|mut known| {
        let count = known.len();
        known.sort_unstable();
        known.dedup();
        known.len() == count && count > 0
    });
    if role != Some(Role::Bureau) {
        let (zh, en) = ("只用于财政局账号", "for a bureau's account only");
        return Err(Problem::new("rights", "", "role", zh, en));
    }
    if once {
        return Ok(());
    }
    let names = Right::ALL.map(Right::name).join(", ");
    let zh = format!("至少一项且不重复，可用：{names}");
    Err(Problem::new("rights", "", "rights", zh, format!("one or more of {names}, each once")))
}

/// Checks a region's code.
pub(in crate::service) fn check_region(region: &str) -> Result<Region, Problem> {
    Region::parse(region)
        .map_err(|error| Problem::new("region", region, "region", error.message_zh(), error.to_string()))
}

/// Whether a text has the form of the id of a case: a letter and 16 characters of Crockford base 32.
fn is_case_id(text: &str) -> bool {
    let digits = text.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|b| b"0123456789abcdefghjkmnpqrstvwxyz".contains(&b))
}

pub(super) fn is_login(login: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    (3..=32).contains(&login.len())
        && login.bytes().all(allowed)
        && login.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
}

/// Whether one person may not hold both roles. Experts may work for an agency or a purchaser (whether
/// they may review there is the draw's rule), and an agency or purchaser may keep a venue of its own; all
/// other pairs of different hands are refused, so no expert keeps the desk at which experts sign in.
pub(super) fn apart(one: Role, other: Role) -> bool {
    #[derive(PartialEq, Eq)]
    enum Hand {
        Keeps,
        Uses,
        Reviews,
        Watches,
        Runs,
        Hosts,
    }
    let hand = |role| match role {
        Role::Bureau => Hand::Keeps,
        Role::Agency | Role::Purchaser => Hand::Uses,
        Role::Expert => Hand::Reviews,
        Role::Auditor | Role::Supervisor => Hand::Watches,
        Role::Administrator => Hand::Runs,
        Role::Venue => Hand::Hosts,
    };
    let pair = (hand(one), hand(other));
    let one_person = |a: &Hand, b: &Hand| matches!((a, b), (Hand::Reviews | Hand::Hosts, Hand::Uses));
    pair.0 != pair.1 && !one_person(&pair.0, &pair.1) && !one_person(&pair.1, &pair.0)
}

/// Whether an account still counts for its person.
pub(super) fn in_use(row: &Account, now: i64) -> bool {
    row.revoked.is_none() && now < row.expires
}

/// Refuses a second account of one expert.
pub(in crate::service) fn one_account(others: &[Account], now: i64) -> Result<(), Refusal> {
    if !others.iter().any(|other| in_use(other, now)) {
        return Ok(());
    }
    let en = "this expert has an account already";
    Err(Refusal::new(Kind::Conflict, "expert_has_account", "该专家已有账号", en))
}

pub(super) fn different_hands() -> Refusal {
    let zh = "管用分离：同一人不得同时持有登记管理、抽取使用、监督或系统管理中两类账号";
    let en = "keeping and using the registry are different hands: one person has no accounts of two of them";
    Refusal::new(Kind::Conflict, "different_hands", zh, en)
}

pub(super) fn staff_are_no_experts() -> Refusal {
    let zh = "财政部门监督管理工作人员不得担任评审专家（财库〔2016〕198号第十六条）";
    let en = "a bureau's staff are no experts (财库〔2016〕198号 art. 16)";
    Refusal::new(Kind::Conflict, "staff_are_no_experts", zh, en)
}
