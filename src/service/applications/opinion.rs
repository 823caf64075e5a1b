//! What a level decides, as it was sent and as it is kept: three decisions (material, each claimed
//! speciality, credit; 财库〔2016〕198号 art. 9), and the reasons for whatever is negative.

use super::body::{ApplicationBody, Level, Opinion, Verdict};
use super::complete::REASON_MAX;
use crate::registry::Problem;
use crate::service::actor::Actor;
use crate::service::looks::line;
use crate::service::refusal::{Kind, Refusal};

/// What a level decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Passes: on to the next level, or entry.
    Pass,
    /// Back to the applicant, with reasons.
    Return,
    /// Rejected, with reasons.
    Reject,
}

impl Decision {
    /// Reads `pass`, `return`, `reject`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "pass" => Some(Self::Pass),
            "return" => Some(Self::Return),
            "reject" => Some(Self::Reject),
            _ => None,
        }
    }

    pub(super) fn event(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Return => "return",
            Self::Reject => "reject",
        }
    }
}

/// One decision as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictInput {
    /// Whether it passes.
    pub pass: bool,
    /// Why; required when it does not.
    pub reason: Option<String>,
}

/// A review as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewInput {
    /// The decision.
    pub decision: Decision,
    /// Why; required for return and rejection.
    pub reason: Option<String>,
    /// The material.
    pub material: Option<VerdictInput>,
    /// Each claimed speciality.
    pub specialities: Vec<(String, VerdictInput)>,
    /// The credit record.
    pub credit: Option<VerdictInput>,
    /// Granted by the final review only: reason, and the scarce specialities.
    pub relaxation: Option<(String, Vec<String>)>,
    /// Number of the certificate of appointment; the expert's number if absent.
    pub certificate: Option<String>,
}

/// The opinion of a level, checked.
pub(super) fn opinion(
    body: &ApplicationBody,
    level: Level,
    event: &str,
    input: &ReviewInput,
    actor: &Actor,
    now: i64,
) -> Result<Opinion, Refusal> {
    let mut problems = Vec::new();
    let positive = input.decision == Decision::Pass;
    let claimed = body.claimed();
    if !positive && input.reason.is_none() {
        let zh = "退回或不予通过须写明理由";
        problems.push(Problem::new("reason", "", "required", zh, "a return or a rejection needs its reason"));
    }
    problems.extend(input.reason.as_deref().and_then(|reason| line("reason", reason, REASON_MAX).err()));
    let mut verdict = |field: &str, given: Option<&VerdictInput>| -> Option<Verdict> {
        let Some(given) = given else {
            if positive {
                let zh = "材料、专业、信用三项均须有意见";
                let en = "material, each speciality and credit need a decision each";
                problems.push(Problem::new(field, "", "required", zh, en));
            }
            return None;
        };
        let place = format!("{field}.reason");
        match &given.reason {
            None if !given.pass => {
                let zh = "不通过须写明理由";
                problems.push(Problem::new(place, "", "required", zh, "not passing needs its reason"));
            }
            Some(reason) => problems.extend(line(&place, reason, REASON_MAX).err()),
            None => {}
        }
        Some(Verdict { pass: given.pass, reason: given.reason.clone() })
    };
    let material = verdict("material", input.material.as_ref());
    let credit = verdict("credit", input.credit.as_ref());
    let mut specialities = Vec::new();
    for code in &claimed {
        let given = input.specialities.iter().find(|(known, _)| known == code).map(|(_, given)| given);
        if let Some(decided) = verdict(&format!("specialities.{code}"), given) {
            specialities.push((code.clone(), decided));
        }
    }
    for (position, (code, _)) in input.specialities.iter().enumerate() {
        let field = format!("specialities[{position}]");
        if !claimed.contains(code) {
            let zh = "申请中没有申报此专业";
            problems.push(Problem::new(field, code, "not_claimed", zh, "not claimed in the application"));
        } else if input.specialities.iter().take(position).any(|(earlier, _)| earlier == code) {
            problems.push(Problem::new(
                field,
                code,
                "duplicate",
                "与前面的项重复",
                "repeats an earlier entry",
            ));
        }
    }
    if let Some((reason, codes)) = &input.relaxation {
        problems.extend(line("relaxation.reason", reason, REASON_MAX).err());
        let known = codes.iter().all(|code| claimed.contains(code));
        if level == Level::First || !positive || codes.is_empty() || !known {
            let zh = "放宽条件只由终审批准，须写明理由和所申报的紧缺专业";
            let en =
                "a relaxation is granted by the final review, with reason and claimed scarce specialities";
            problems.push(Problem::new("relaxation", "", "relaxation", zh, en));
        }
    }
    if !problems.is_empty() {
        return Err(Refusal::invalid(problems));
    }
    let passes = |verdict: &Option<Verdict>| verdict.as_ref().is_some_and(|verdict| verdict.pass);
    let some = specialities.iter().any(|(_, verdict)| verdict.pass);
    if positive && !(passes(&material) && passes(&credit) && some) {
        let zh = "材料、信用均通过且至少一个专业通过，方可通过；否则请退回或不予通过";
        let en = "to pass, material, credit and at least one speciality must pass; else return or reject";
        return Err(Refusal::new(Kind::Invalid, "decisions_contradict", zh, en));
    }
    Ok(Opinion {
        level,
        event: event.to_owned(),
        by: actor.account.clone(),
        at: now,
        reason: input.reason.clone(),
        material,
        specialities,
        credit,
        relaxation: input.relaxation.clone(),
    })
}
