//! Conduct (不良行为): clues, the seven codes of article 29, and what a decision may consist of. The life
//! cycle of a conduct case is in `conduct_table`.
//!
//! Sources: 财库〔2016〕198号 arts 11, 27–29 (code list C2), 政府采购法实施条例 arts 63, 75 (C).
//!
//! *Invariants:* amounts are whole yuan within the range that the grounds allow; a ban and a fine of
//! the grave range come together (条例75 second sentence); one of the seven codes is followed by
//! dismissal or ban (198号 art 11 item 3 leaves no choice).
//!
//! *Deliberately not here:* who may see what of a case, and the effect on the standing (`service`).

pub use super::conduct_table::{CLUE_REPORTER, CONDUCT, seen_by_expert};

/// The seven kinds of bad conduct, 198号 art 29.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConductCode {
    /// 1: 未按照采购文件规定的评审程序、评审方法和评审标准进行独立评审.
    NotIndependent,
    /// 2: 泄露评审文件、评审情况.
    Leak,
    /// 3: 与供应商存在利害关系未回避.
    NotRecused,
    /// 4: 收受采购人、采购代理机构、供应商贿赂或者获取其他不正当利益.
    Bribe,
    /// 5: 提供虚假申请材料.
    FalseMaterial,
    /// 6: 拒不履行配合答复供应商询问、质疑、投诉等法定义务.
    NotCooperating,
    /// 7: 以评审专家身份从事有损政府采购公信力的活动.
    HarmsCredibility,
}

impl ConductCode {
    /// All seven, in the order of the article.
    pub const ALL: [Self; 7] = [
        Self::NotIndependent,
        Self::Leak,
        Self::NotRecused,
        Self::Bribe,
        Self::FalseMaterial,
        Self::NotCooperating,
        Self::HarmsCredibility,
    ];

    /// The item's number in art 29, 1–7.
    pub fn number(self) -> u32 {
        match self {
            Self::NotIndependent => 1,
            Self::Leak => 2,
            Self::NotRecused => 3,
            Self::Bribe => 4,
            Self::FalseMaterial => 5,
            Self::NotCooperating => 6,
            Self::HarmsCredibility => 7,
        }
    }

    /// The word in the API, in case bodies and in the table of points.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotIndependent => "art29_1",
            Self::Leak => "art29_2",
            Self::NotRecused => "art29_3",
            Self::Bribe => "art29_4",
            Self::FalseMaterial => "art29_5",
            Self::NotCooperating => "art29_6",
            Self::HarmsCredibility => "art29_7",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == word)
    }

    /// The item in Chinese (C2).
    pub fn title_zh(self) -> &'static str {
        match self {
            Self::NotIndependent => "未按照采购文件规定的评审程序、评审方法和评审标准进行独立评审",
            Self::Leak => "泄露评审文件、评审情况",
            Self::NotRecused => "与供应商存在利害关系未回避",
            Self::Bribe => "收受采购人、采购代理机构、供应商贿赂或者获取其他不正当利益",
            Self::FalseMaterial => "提供虚假申请材料",
            Self::NotCooperating => "拒不履行配合答复供应商询问、质疑、投诉等法定义务",
            Self::HarmsCredibility => "以评审专家身份从事有损政府采购公信力的活动",
        }
    }

    /// Whether 条例75 names it among the grounds of the higher range and of the ban: not recused,
    /// bribed.
    pub fn is_grave(self) -> bool {
        matches!(self, Self::NotRecused | Self::Bribe)
    }
}

/// Where a clue comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClueSource {
    /// 日常监管.
    Supervision,
    /// 投诉举报.
    Complaint,
    /// 审计.
    Audit,
    /// 移送.
    Referral,
    /// 系统预警.
    Alert,
    /// 采购人、代理机构报告 (198号 art 28).
    BuyerReport,
    /// 专家自报.
    SelfReport,
}

impl ClueSource {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Supervision,
        Self::Complaint,
        Self::Audit,
        Self::Referral,
        Self::Alert,
        Self::BuyerReport,
        Self::SelfReport,
    ];

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Supervision => "supervision",
            Self::Complaint => "complaint",
            Self::Audit => "audit",
            Self::Referral => "referral",
            Self::Alert => "alert",
            Self::BuyerReport => "buyer_report",
            Self::SelfReport => "self_report",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == word)
    }
}

/// What a decision does to the standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// 暂停 for 3, 6 or 12 months.
    Suspend(u32),
    /// 解聘 for bad conduct (art 11 item 3).
    Dismiss,
    /// 禁止参加政府采购评审活动.
    Ban,
}

/// A decision as proposed: warning, fine and effect together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measures {
    /// 警告.
    pub warning: bool,
    /// 罚款 in whole yuan.
    pub fine_yuan: Option<u32>,
    /// Whether the review's result was affected (影响中标、成交结果): opens the higher range.
    pub result_affected: bool,
    /// The effect on the standing.
    pub effect: Effect,
}

/// The range of fines of 条例75 first sentence, in yuan (C).
pub const FINE_ORDINARY: (u32, u32) = (2_000, 20_000);
/// The range of 条例75 second sentence: result affected, not recused, bribed (C).
pub const FINE_GRAVE: (u32, u32) = (20_000, 50_000);

/// Why measures are refused: a rule's name, in Chinese, in English, and its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasuresProblem {
    /// Field.
    pub field: &'static str,
    /// Name of the rule.
    pub rule: &'static str,
    /// In Chinese, with the source.
    pub zh: &'static str,
    /// In English, with the source.
    pub en: &'static str,
}

impl Measures {
    /// Holds the measures against the grounds; `out` is whether the expert is dismissed or banned
    /// already. `code` is one of the seven, or `None` for a province's own item.
    ///
    /// # Errors
    /// The first [`MeasuresProblem`].
    pub fn check(&self, code: Option<ConductCode>, out: bool) -> Result<(), MeasuresProblem> {
        let problem = |field, rule, zh, en| Err(MeasuresProblem { field, rule, zh, en });
        let grave = self.result_affected || code.is_some_and(ConductCode::is_grave);
        if let Some(amount) = self.fine_yuan {
            if code.is_none() {
                return problem(
                    "fine_yuan",
                    "no_ground_for_fine",
                    "罚款须以第29条情形为依据（实施条例第75条）",
                    "a fine needs one of the seven codes (Regulations art. 75)",
                );
            }
            let (from, to) = if grave { FINE_GRAVE } else { FINE_ORDINARY };
            if !(from..=to).contains(&amount) {
                return if grave {
                    problem(
                        "fine_yuan",
                        "fine_range",
                        "应为20000至50000元（实施条例第75条：影响结果、未回避或受贿）",
                        "must be 20,000 to 50,000 yuan (Regulations art. 75: result affected, not recused, bribed)",
                    )
                } else {
                    problem(
                        "fine_yuan",
                        "fine_range",
                        "应为2000至20000元（实施条例第75条）",
                        "must be 2,000 to 20,000 yuan (Regulations art. 75)",
                    )
                };
            }
            if !grave && !self.warning {
                return problem(
                    "warning",
                    "warning_with_fine",
                    "罚款与警告并处（实施条例第75条）",
                    "the fine stands beside a warning (Regulations art. 75)",
                );
            }
            if grave && self.effect != Effect::Ban {
                return problem(
                    "effect",
                    "ban_with_grave_fine",
                    "此幅度的罚款须并处禁止参加评审活动（实施条例第75条）",
                    "a fine of this range comes with the ban (Regulations art. 75)",
                );
            }
        }
        if self.effect == Effect::Ban && (!grave || self.fine_yuan.is_none()) {
            return problem(
                "effect",
                "ban_grounds",
                "禁止须有影响结果、未回避或受贿的依据并处罚款（实施条例第75条）",
                "a ban needs a result affected, a missing recusal or a bribe, and the fine (Regulations art. 75)",
            );
        }
        if code.is_some() && !out && !matches!(self.effect, Effect::Dismiss | Effect::Ban) {
            return problem(
                "effect",
                "dismissal_required",
                "有第29条情形的应当解聘（财库〔2016〕198号第11条第3项）",
                "bad conduct of art. 29 is followed by dismissal (198号 art. 11 item 3)",
            );
        }
        if code.is_none() && self.effect == Effect::Dismiss {
            return problem(
                "effect",
                "dismissal_needs_code",
                "以不良行为解聘须有第29条情形（财库〔2016〕198号第11条第3项）",
                "dismissal for bad conduct needs one of the seven codes (198号 art. 11 item 3)",
            );
        }
        if !self.warning && self.fine_yuan.is_none() && self.effect == Effect::None {
            return problem("effect", "no_measure", "处理决定不得为空", "a decision decides something");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measures(warning: bool, fine: Option<u32>, affected: bool, effect: Effect) -> Measures {
        Measures { warning, fine_yuan: fine, result_affected: affected, effect }
    }

    #[test]
    fn a_fine_lies_in_the_range_that_its_grounds_allow() {
        use ConductCode::*;
        use Effect::{Ban, Dismiss};
        let rule = |m: Measures, code| m.check(code, false).err().map(|p| p.rule);
        for (amount, expected) in
            [(1_999, Some("fine_range")), (2_000, None), (20_000, None), (20_001, Some("fine_range"))]
        {
            assert_eq!(rule(measures(true, Some(amount), false, Dismiss), Some(Leak)), expected, "{amount}");
        }
        for (amount, expected) in
            [(19_999, Some("fine_range")), (20_000, None), (50_000, None), (50_001, Some("fine_range"))]
        {
            assert_eq!(rule(measures(false, Some(amount), false, Ban), Some(Bribe)), expected, "{amount}");
            assert_eq!(rule(measures(true, Some(amount), true, Ban), Some(Leak)), expected, "{amount}");
        }
        assert_eq!(rule(measures(false, Some(2_000), false, Dismiss), Some(Leak)), Some("warning_with_fine"));
        let grave = measures(true, Some(30_000), false, Dismiss);
        assert_eq!(rule(grave, Some(NotRecused)), Some("ban_with_grave_fine"));
        let fined = measures(true, Some(2_000), false, Effect::None);
        assert_eq!(rule(fined, None), Some("no_ground_for_fine"));
    }

    #[test]
    fn the_seven_codes_are_followed_by_dismissal_or_ban_and_nothing_else_is() {
        for code in ConductCode::ALL {
            assert_eq!(ConductCode::parse(code.name()), Some(code));
            let warned = measures(true, None, false, Effect::Suspend(3));
            assert_eq!(warned.check(Some(code), false).unwrap_err().rule, "dismissal_required");
            assert!(warned.check(Some(code), true).is_ok(), "somebody already dismissed is only warned");
            assert!(measures(true, None, false, Effect::Dismiss).check(Some(code), false).is_ok());
        }
        let dismiss = measures(true, None, false, Effect::Dismiss);
        assert_eq!(dismiss.check(None, false).unwrap_err().rule, "dismissal_needs_code");
        assert_eq!(
            measures(true, None, true, Effect::Ban).check(None, false).unwrap_err().rule,
            "ban_grounds"
        );
        assert_eq!(
            measures(false, None, false, Effect::None).check(None, false).unwrap_err().rule,
            "no_measure"
        );
        assert!(measures(true, None, false, Effect::Suspend(3)).check(None, false).is_ok());
    }
}
