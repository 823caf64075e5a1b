//! Change requests (变更, 财库〔2016〕198号 art. 10): what an expert changes alone, what is reviewed, and
//! what nobody changes this way.
//!
//! Contacts are entered at once; employer, title, degree, specialities, regions, units to avoid and
//! the name are reviewed (Hunan's practice of 2025). While a change of employer is open the new one
//! counts for conflicts beside the old; a speciality or region that is to go is not drawn from the
//! day of the request (domain of the profile: `changes`).
//!
//! *Deliberately not here:* the change of the record itself (`service::amendments`).

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

/// Under review.
pub const OPEN: &str = "open";
/// In the record.
pub const ENTERED: &str = "entered";
/// Refused, with reasons.
pub const REFUSED: &str = "refused";
/// Taken back.
pub const WITHDRAWN: &str = "withdrawn";

/// Fields of a record that the expert changes alone.
pub const ALONE: [&str; 4] = ["address", "further_phones", "mail", "phone"];

/// Fields that are reviewed.
pub const REVIEWED: [&str; 18] = [
    "certificates",
    "claims",
    "declared_units",
    "documents",
    "e_evaluation",
    "educations",
    "employments",
    "equal_level",
    "field_since",
    "name",
    "past",
    "regions",
    "relatives",
    "specialities",
    "title_level",
    "titles",
    "trainings",
    "work_status",
];

/// How a field of the record is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldClass {
    /// By the expert alone, at once.
    Alone,
    /// After review.
    Reviewed,
    /// Not by a change request: identity, term, appointment, leave, confirmation.
    Fixed,
}

/// The class of a field by its name in the written form of a record.
pub fn class_of(field: &str) -> FieldClass {
    if ALONE.contains(&field) {
        FieldClass::Alone
    } else if REVIEWED.contains(&field) {
        FieldClass::Reviewed
    } else {
        FieldClass::Fixed
    }
}

const WHO_ASKS: &[Party] = &[Party::Expert, Party::Registrar];
const REVIEWER: &[Party] = &[Party::Reviewer];
const ART_10: &str = "财库〔2016〕198号第10条";
const HUNAN: &str = "财库〔2016〕198号第10条；湖南省政府采购评审专家系统（2025）";

const fn row(
    from: &'static str,
    event: &'static str,
    to: &'static str,
    by: &'static [Party],
    needs: (&'static str, &'static str),
    source: &'static str,
) -> Transition {
    Transition { from, event, to, by, needs: needs.0, needs_en: needs.1, source }
}

/// A change request.
pub const CHANGE: Lifecycle = Lifecycle {
    name: "change",
    title_zh: "信息变更",
    transitions: &[
        row(
            BEGINNING,
            "enter_alone",
            ENTERED,
            WHO_ASKS,
            ("只涉及电话、邮箱、通信地址", "phones, mail and address only"),
            HUNAN,
        ),
        row(
            BEGINNING,
            "file",
            OPEN,
            WHO_ASKS,
            (
                "在库；无其他在办变更；新单位即日起一并回避；拟取消的专业、区域即日起停抽",
                "in the registry; no other open change; a new employer counts for conflicts at once; specialities and regions to go are not drawn",
            ),
            HUNAN,
        ),
        row(
            OPEN,
            "approve",
            ENTERED,
            REVIEWER,
            ("另一人；写明理由；资料重新核对", "another person; reasons; the record checked anew"),
            ART_10,
        ),
        row(
            OPEN,
            "refuse",
            REFUSED,
            REVIEWER,
            (
                "另一人；写明理由；停抽的专业、区域恢复",
                "another person; reasons; what was not drawn is drawn again",
            ),
            ART_10,
        ),
        row(
            OPEN,
            "withdraw",
            WITHDRAWN,
            WHO_ASKS,
            ("停抽的专业、区域恢复", "what was not drawn is drawn again"),
            "项目规则",
        ),
        row(OPEN, "urge", OPEN, &[Party::Clock], ("已过期限", "overdue"), "项目规则"),
        row(
            OPEN,
            "end",
            "ended",
            &[Party::Clock],
            ("该专家已解聘、禁止、死亡或并入", "the expert was dismissed, banned, has died or was merged"),
            "项目规则",
        ),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_changed_alone_and_identity_never_this_way() {
        for (field, class) in [
            ("phone", FieldClass::Alone),
            ("employments", FieldClass::Reviewed),
            ("specialities", FieldClass::Reviewed),
            ("id_number", FieldClass::Fixed),
            ("term_to", FieldClass::Fixed),
            ("pending_units", FieldClass::Fixed),
        ] {
            assert_eq!(class_of(field), class, "{field}");
        }
        assert!(ALONE.iter().all(|field| !REVIEWED.contains(field)));
    }

    #[test]
    fn only_a_reviewer_decides() {
        for event in ["approve", "refuse"] {
            assert!(CHANGE.step(OPEN, event, &[Party::Reviewer]).is_ok());
            assert!(CHANGE.step(OPEN, event, WHO_ASKS).is_err());
        }
    }
}
