//! Life cycles as tables: `(state, event, by whom) → state`, each row with what it needs and where it
//! comes from (`api-spec/registry-v1.md` shows the same tables; a test compares them).
//!
//! A record that lives through a process (application, change, conduct record, …) is a **case**
//! (办件). Each kind of case has one [`Lifecycle`]; what a transition needs beyond its row (complete
//! material, another person than before, a day reached) is checked by the use-case and named in the
//! row, so that the table can be read without the code.
//!
//! *Deliberately not here:* clock and permissions; a [`Party`] is who acts in the sense of the rules.

/// Who acts, in the words of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// 申请人: not yet an expert.
    Applicant,
    /// 评审专家本人.
    Expert,
    /// 财政部门登记岗.
    Registrar,
    /// 财政部门初审岗.
    Reviewer,
    /// 财政部门审批岗.
    Approver,
    /// 采购代理机构.
    Agency,
    /// 采购人.
    Purchaser,
    /// 纪检监察.
    Supervisor,
    /// 财政部门抽取监督岗.
    Draws,
    /// 系统管理员.
    Administrator,
    /// 评审场所工作人员.
    Venue,
    /// 期限届满（系统按日期自动办理）.
    Clock,
}

impl Party {
    /// The word in the API and the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::Expert => "expert",
            Self::Registrar => "registrar",
            Self::Reviewer => "reviewer",
            Self::Approver => "approver",
            Self::Agency => "agency",
            Self::Purchaser => "purchaser",
            Self::Supervisor => "supervisor",
            Self::Draws => "draws",
            Self::Administrator => "administrator",
            Self::Venue => "venue",
            Self::Clock => "clock",
        }
    }
}

/// One row of a life cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state before; `–` for the beginning.
    pub from: &'static str,
    /// What happens.
    pub event: &'static str,
    /// The state after.
    pub to: &'static str,
    /// Who may.
    pub by: &'static [Party],
    /// What it needs, in Chinese; empty: nothing further.
    pub needs: &'static str,
    /// The same in English.
    pub needs_en: &'static str,
    /// The article or, where no instrument says so, `项目规则`.
    pub source: &'static str,
}

/// The state before a case exists.
pub const BEGINNING: &str = "–";

/// A kind of case and its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// The kind, `[a-z_]{1,32}`.
    pub name: &'static str,
    /// In Chinese.
    pub title_zh: &'static str,
    /// The rows.
    pub transitions: &'static [Transition],
}

/// Every life cycle of the registry, as the document shows them. A new kind of case is named here.
pub fn all() -> Vec<&'static Lifecycle> {
    use super::privacy::{ATTACHMENT, ERASURE, KEPT_OPENING, SEALING_ROTATION};
    vec![
        &super::standing_table::STANDING,
        &super::rules_in_force::REGISTRY_PROFILE,
        &super::application::APPLICATION,
        &super::change::CHANGE,
        &ATTACHMENT,
        &ERASURE,
        &KEPT_OPENING,
        &SEALING_ROTATION,
        &super::conduct::CONDUCT,
        &super::conduct::CLUE_REPORTER,
        &super::remark::REMARK,
        &super::performance::EVALUATION,
        &super::campaign::CAMPAIGN,
        &super::campaign::CHECK_ITEM,
        &super::unit_merge::UNIT_MERGE,
        &super::claim_migration::CLAIM_MIGRATION,
        &super::saved_list::SAVED_LIST,
        &super::decision::DECISION,
        &super::decision::BULK,
        &super::keeping::LEAVE,
        &super::keeping::CONFIRMATION,
        &super::keeping::REMINDER,
        &super::keeping::UNREACHABLE,
        &super::renewal::RENEWAL_BATCH,
        &super::renewal::RENEWAL,
        &super::plan_table::PLAN,
        &super::venue::VENUE,
        &super::venue::BOOKING,
        &super::day::DAY,
        &super::fee::FEE_TABLE,
        &super::fee::FEE,
    ]
}

/// Why an event is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoStep {
    /// The event does not exist in this state.
    WrongState,
    /// It does, and somebody else may do it.
    NotYours,
}

impl Lifecycle {
    /// The row for an event in a state by somebody who acts as one of `parties`.
    pub fn step(&self, from: &str, event: &str, parties: &[Party]) -> Result<&'static Transition, NoStep> {
        let mut known = false;
        for row in self.transitions {
            if row.from == from && row.event == event {
                known = true;
                if row.by.iter().any(|party| parties.contains(party)) {
                    return Ok(row);
                }
            }
        }
        Err(if known { NoStep::NotYours } else { NoStep::WrongState })
    }

    /// All states, in the order in which the rows name them, without the beginning.
    pub fn states(&self) -> Vec<&'static str> {
        let mut states = Vec::new();
        for row in self.transitions {
            for state in [row.from, row.to] {
                if state != BEGINNING && !states.contains(&state) {
                    states.push(state);
                }
            }
        }
        states
    }

    /// Whether nothing follows a state.
    pub fn is_final(&self, state: &str) -> bool {
        !self.transitions.iter().any(|row| row.from == state)
    }

    /// The rows as the document shows them: a table in Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "| from | event | to | by | needs 条件 | source 依据 |\n|---|---|---|---|---|---|\n",
        );
        for row in self.transitions {
            let by: Vec<&str> = row.by.iter().map(|party| party.name()).collect();
            let needs = match (row.needs, row.needs_en) {
                ("", "") => "–".to_owned(),
                (zh, en) => format!("{zh} · {en}"),
            };
            text.push_str(&format!(
                "| `{}` | `{}` | `{}` | {} | {} | {} |\n",
                row.from,
                row.event,
                row.to,
                by.join(", "),
                needs,
                row.source
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: Lifecycle = Lifecycle {
        name: "test",
        title_zh: "测试",
        transitions: &[
            Transition {
                from: BEGINNING,
                event: "file",
                to: "open",
                by: &[Party::Registrar],
                needs: "",
                needs_en: "",
                source: "项目规则",
            },
            Transition {
                from: "open",
                event: "close",
                to: "closed",
                by: &[Party::Approver],
                needs: "另一人",
                needs_en: "another person",
                source: "项目规则",
            },
        ],
    };

    #[test]
    fn an_event_steps_only_from_its_state_and_by_its_party() {
        let step = |from, event, party| CASE.step(from, event, &[party]).map(|row| row.to);
        assert_eq!(step(BEGINNING, "file", Party::Registrar), Ok("open"));
        assert_eq!(step("open", "close", Party::Approver), Ok("closed"));
        assert_eq!(step("open", "close", Party::Registrar), Err(NoStep::NotYours));
        assert_eq!(step("closed", "close", Party::Approver), Err(NoStep::WrongState));
        assert_eq!(CASE.states(), ["open", "closed"]);
        assert!(CASE.is_final("closed") && !CASE.is_final("open"));
    }

    #[test]
    fn the_document_shows_every_row() {
        let expected = "| `open` | `close` | `closed` | approver | 另一人 · another person | 项目规则 |";
        assert!(CASE.markdown().lines().any(|line| line == expected), "{}", CASE.markdown());
    }
}
