//! Fees (评审劳务报酬): the life cycles of a region's table and of what is due to one member of a panel.
//!
//! *Deliberately not here:* amounts (`rules::fees`), taxes, the payment itself.

use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

const PROPOSES: &[Party] = &[Party::Registrar, Party::Reviewer];
const APPROVER: &[Party] = &[Party::Approver];
const BUYERS: &[Party] = &[Party::Agency, Party::Purchaser];
const ART_24: &str = "财库〔2016〕198号第24条（C2）";

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

/// A region's table of fees.
pub const FEE_TABLE: Lifecycle = Lifecycle {
    name: "fee_table",
    title_zh: "劳务报酬标准",
    transitions: &[
        row(
            BEGINNING,
            "propose",
            "proposed",
            PROPOSES,
            (
                "格式正确；名称未用过；辖区内；每个数字有来源和可信度",
                "well-formed; a name never used; within the region; a source and a status for every number",
            ),
            ART_24,
        ),
        row(
            "proposed",
            "confirm",
            "in_force",
            APPROVER,
            ("提出者以外的另一人", "another person than the proposer"),
            ART_24,
        ),
        row(
            "proposed",
            "reject",
            "rejected",
            APPROVER,
            ("提出者以外的另一人；理由", "another person than the proposer; a reason"),
            "项目规则",
        ),
        row("proposed", "withdraw", "withdrawn", PROPOSES, ("提出者本人", "the proposer"), "项目规则"),
    ],
};

/// What is due to one member of a panel.
pub const FEE: Lifecycle = Lifecycle {
    name: "fee",
    title_zh: "评审劳务报酬",
    transitions: &[
        row(
            BEGINNING,
            "compute",
            "computed",
            &[Party::Clock],
            (
                "评审结束并已公开；按评审地标准；付款人：集采目录内为集采机构，目录外为采购人",
                "the review is over and the draw unsealed; by the table of the place; payer: the central body within the catalogue, else the purchaser",
            ),
            "财库〔2016〕198号第23条、第24条（C2）",
        ),
        row(
            BEGINNING,
            "refuse",
            "nothing_due",
            &[Party::Clock],
            (
                "中途离开、违规或未到：不付报酬和差旅费",
                "left early, in breach or absent: neither fee nor travel",
            ),
            "财库〔2016〕198号第26条（C2）",
        ),
        row(
            "computed",
            "claim",
            "claimed",
            &[Party::Expert],
            (
                "本人；异地；凭据逐张列明，市内交通不计",
                "the expert; another city; every voucher listed, no transport within a town",
            ),
            "财库〔2016〕198号第25条（C2）",
        ),
        row(
            "claimed",
            "settle",
            "settled",
            BUYERS,
            ("付款方或代理机构核对凭据", "vouchers checked by the payer or the agency"),
            "财库〔2016〕198号第25条（C2）",
        ),
        row("claimed", "return", "computed", BUYERS, ("理由", "a reason"), "项目规则"),
        row(
            "computed",
            "pay",
            "paid",
            BUYERS,
            ("付款凭证号", "number of the payment"),
            "财库〔2016〕198号第23条（C2）",
        ),
        row(
            "settled",
            "pay",
            "paid",
            BUYERS,
            ("付款凭证号", "number of the payment"),
            "财库〔2016〕198号第23条（C2）",
        ),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_due_is_never_paid() {
        assert!(FEE.is_final("nothing_due") && FEE.is_final("paid"));
        assert!(
            !FEE.transitions.iter().any(|row| row.from == "claimed" && row.event == "pay"),
            "checked first"
        );
    }
}
