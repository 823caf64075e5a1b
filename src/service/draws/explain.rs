//! Why no full panel exists, as each role may hear it: an agency learns which groups are short, the
//! bureau and the auditor learn the numbers (counts that could name somebody stay inside).

use super::prepare::Unfit;
use crate::service::actor::{Action, Actor};
use crate::service::refusal::{Kind, Refusal};

/// The refusal for a request that no full panel can fill.
pub fn refuse(unfit: &Unfit, actor: &Actor) -> Refusal {
    match unfit {
        Unfit::Short(explanation) => {
            let groups: Vec<String> = explanation.groups.iter().map(u8::to_string).collect();
            let (groups_zh, groups_en) = (groups.join("、"), groups.join(", "));
            let mut zh = format!("席位无法满足：第{groups_zh}组人数不足。可减少席位或扩大区域、专业");
            let mut en = format!(
                "no full panel exists: group(s) {groups_en} are short; ask for fewer seats or widen region or speciality"
            );
            if actor.may(Action::ReadCounts) {
                let e = explanation;
                zh += &format!("。需{}席，符合条件{}人，缺{}席", e.needed, e.candidates, e.shortage);
                en += &format!("; {} seats, {} candidates, {} short", e.needed, e.candidates, e.shortage);
                if !e.binding_units.is_empty() {
                    zh += &format!("；{}个单位受同单位人数上限限制", e.binding_units.len());
                    en += &format!("; {} units are held back by the cap per unit", e.binding_units.len());
                }
                if let Some(cap) = e.relaxed_cap {
                    zh += &format!("；同单位上限放宽到{cap}人即可满足");
                    en += &format!("; a cap of {cap} per unit would do");
                }
            }
            Refusal::new(Kind::Invalid, "no_full_panel", zh, en)
        }
        Unfit::Relations => Refusal::new(
            Kind::Invalid,
            "relations",
            "席位无法满足：人数足够，但候选人之间的关系使其不能同席",
            "no full panel exists: there are enough people, but relations among them keep them apart",
        ),
        Unfit::Limit => Refusal::new(
            Kind::Invalid,
            "relations_limit",
            "候选人之间的关系过于复杂，无法在限定步数内判定，未予抽取",
            "relations among the candidates are too tangled to decide within the limit; nothing was drawn",
        ),
        Unfit::Fault(fault) => Refusal::internal(fault),
        Unfit::Pool(error) => Refusal::new(
            Kind::Invalid,
            "pool_limit",
            "候选池超出限制（人数或单人关系数）",
            format!("the pool breaks a limit: {error}"),
        ),
    }
}

/// The refusal when nobody was ever entered.
pub fn empty_registry() -> Refusal {
    Refusal::new(
        Kind::Conflict,
        "empty_registry",
        "专家库为空，请先导入专家",
        "the registry is empty, import experts first",
    )
}
