//! The steps of a conduct case: who, what it needs, what it adds to the case. The table is
//! `registry::conduct::CONDUCT`; what a row cannot say is checked here.

use super::super::Service;
use super::super::actor::{Action, Actor, Right, Role};
use super::super::case_body::{CaseLine, end_of, free_text, get, int, push, set, take, text};
use super::super::cases::{Case, another_person, no_case};
use super::super::changes::Changes;
use super::super::idempotency::IdempotencyKey;
use super::super::looks::line;
use super::super::refusal::{Kind, Refusal};
use super::day;
use crate::codec::{Json, Object};
use crate::registry::conduct::{CONDUCT, ConductCode, Effect, Measures};
use crate::store;
use crate::time::Date;

/// An extension asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Why.
    pub reason: String,
    /// The new last day.
    pub until: String,
}

/// What was established.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// One of the seven codes, or a province's item of the profile.
    pub code: String,
    /// The facts.
    pub facts: String,
}

/// A decision proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// 警告.
    pub warning: bool,
    /// 罚款, whole yuan.
    pub fine_yuan: Option<u32>,
    /// Whether the result of the review was affected.
    pub result_affected: bool,
    /// `none`, `suspend`, `dismiss`, `ban`.
    pub effect: String,
    /// Months of a suspension: 3, 6, 12.
    pub months: Option<u32>,
    /// The articles it rests on.
    pub basis: String,
    /// Number of the decision's document.
    pub document: Option<String>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The clue is taken into the books under a number.
    Register(String),
    /// It is the same matter as another case.
    Join(String),
    /// Given to a handler with a last day.
    Assign {
        /// Account of the handler.
        handler: String,
        /// Last day.
        until: String,
    },
    /// The hearing begins: what the expert is told.
    Begin(String),
    /// Evidence, with the digest of an attachment if there is one.
    Evidence {
        /// What it shows.
        text: String,
        /// Digest of an attachment, 64 hex digits.
        attachment: Option<String>,
    },
    /// More time asked for.
    AskExtension(Extension),
    /// Granted.
    GrantExtension,
    /// Refused, with a reason.
    RefuseExtension(String),
    /// Nothing to it, with reasons.
    Unfounded(String),
    /// Established.
    Establish(Finding),
    /// A decision proposed.
    Propose(Proposal),
    /// The proposal sent back, with a reason.
    Reject(String),
    /// The proposal confirmed: it takes effect.
    Confirm,
    /// Handed to another organ, with its receipt.
    Transfer {
        /// The organ.
        to: String,
        /// Its receipt.
        receipt: String,
    },
    /// Published.
    Publish {
        /// First day.
        from: String,
        /// Last day.
        to: String,
        /// Where.
        platform: String,
    },
    /// The expert's view.
    State(String),
    /// The expert's appeal.
    Appeal(String),
    /// The appeal refused, with reasons.
    Uphold(String),
    /// The decision reversed, with reasons.
    Reverse(String),
    /// 销号, with the checklist: remedy, sanction executed, library updated, loophole note.
    Clear([String; 4]),
}

impl Step {
    /// The event in the table.
    pub fn event(&self) -> &'static str {
        match self {
            Self::Register(_) => "register",
            Self::Join(_) => "join",
            Self::Assign { .. } => "assign",
            Self::Begin(_) => "begin",
            Self::Evidence { .. } => "evidence",
            Self::AskExtension(_) => "ask_extension",
            Self::GrantExtension => "grant_extension",
            Self::RefuseExtension(_) => "refuse_extension",
            Self::Unfounded(_) => "unfounded",
            Self::Establish(_) => "establish",
            Self::Propose(_) => "propose",
            Self::Reject(_) => "reject",
            Self::Confirm => "confirm",
            Self::Transfer { .. } => "transfer",
            Self::Publish { .. } => "publish",
            Self::State(_) => "state",
            Self::Appeal(_) => "appeal",
            Self::Uphold(_) => "uphold",
            Self::Reverse(_) => "reverse",
            Self::Clear(_) => "clear",
        }
    }

    fn action(&self) -> Action {
        match self {
            Self::Register(_) | Self::Join(_) => Action::ProposeDecision,
            Self::Begin(_)
            | Self::Evidence { .. }
            | Self::AskExtension(_)
            | Self::Unfounded(_)
            | Self::Establish(_)
            | Self::Propose(_) => Action::ReviewCases,
            Self::Assign { .. }
            | Self::GrantExtension
            | Self::RefuseExtension(_)
            | Self::Transfer { .. }
            | Self::Publish { .. }
            | Self::Clear(_) => Action::ApproveCases,
            Self::Reject(_) | Self::Confirm | Self::Uphold(_) | Self::Reverse(_) => Action::ConfirmDecision,
            Self::State(_) | Self::Appeal(_) => Action::OwnRecord,
        }
    }
}

impl Service {
    /// Takes a conduct case one step further.
    pub fn conduct_step(
        &self,
        actor: &Actor,
        id: &str,
        step: &Step,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(step.action())?;
        self.once(
            actor,
            key,
            |id| self.case_line(id),
            || {
                let mut case = match actor.role {
                    Role::Expert => self.own_case(actor, id)?,
                    _ => self.case(actor, &CONDUCT, id)?,
                };
                let before = case.clone();
                self.step_case(actor, &actor.parties(), &CONDUCT, &mut case, step.event())?;
                if step.action() == Action::ReviewCases && before.owner.as_deref() != Some(&actor.account) {
                    return Err(not_the_handler());
                }
                let mut changes = Changes::once(self.idempotency_row(actor, key, id, 200));
                match step {
                    Step::Confirm => {
                        if let Some(expert) = self.take_effect(actor, &mut case)? {
                            changes = changes.expert(expert);
                        }
                    }
                    Step::Reverse(reasons) => {
                        free_text("reasons", reasons)?;
                        if let Some(expert) = self.lift_effect(actor, &mut case, reasons)? {
                            changes = changes.expert(expert);
                        }
                    }
                    other => self.add_to(actor, &mut case, other)?,
                }
                let line = CaseLine::from(&case);
                self.write_changes("step conduct case", changes.case(self.case_change(&case)?))?;
                Ok(line)
            },
        )
    }

    /// What a step without effect on the expert adds to the case.
    fn add_to(&self, actor: &Actor, case: &mut Case, step: &Step) -> Result<(), Refusal> {
        let now = self.clock.now();
        let today = Date::of(now);
        let at = |object: Object| object.with("at", now.0).with("by", actor.account.as_str());
        let one_line = |field: &str, value: &str, max| {
            line(field, value, max).map_err(|problem| Refusal::invalid(vec![problem]))
        };
        match step {
            Step::Register(number) => {
                one_line("number", number, 64)?;
                set(&mut case.body, "number", number.as_str());
            }
            Step::Join(other) => {
                let same = self.store.read(|conn| store::case::find(conn, other))?;
                let same = same.filter(|row| {
                    row.kind == CONDUCT.name && row.subject == case.subject && row.id != case.id
                });
                let same = same.ok_or_else(|| {
                    let (zh, en) = ("须为同一专家的另一件", "must be another case about the same expert");
                    Refusal::field("of", other, "same_expert", zh, en)
                })?;
                set(&mut case.body, "duplicate_of", same.id);
            }
            Step::Assign { handler, until } => {
                let until = future("until", until, today)?;
                self.check_handler(handler)?;
                case.owner = Some(handler.clone());
                case.due = Some(end_of(until));
                set(&mut case.body, "deadline", end_of(until));
                set(&mut case.body, "assigned_by", actor.account.as_str());
            }
            Step::Begin(allegation) => {
                free_text("allegation", allegation)?;
                set(&mut case.body, "allegation", allegation.as_str());
            }
            Step::Evidence { text, attachment } => {
                free_text("text", text)?;
                if let Some(digest) =
                    attachment.as_deref().filter(|d| crate::codec::Hash::from_hex(d).is_none())
                {
                    let (zh, en) = ("应为64位小写十六进制", "must be 64 lower-case hex digits");
                    return Err(Refusal::field("attachment", digest, "digest", zh, en));
                }
                let entry = at(Object::new().with("text", text.as_str()));
                push(&mut case.body, "evidence", entry.with_some("attachment", attachment.clone()))?;
            }
            Step::AskExtension(asked) => {
                free_text("reason", &asked.reason)?;
                let until = future("until", &asked.until, today)?;
                if int(&case.body, &["deadline"]).is_some_and(|deadline| end_of(until) <= deadline) {
                    let (zh, en) = ("应晚于现期限", "must be later than the present limit");
                    return Err(Refusal::field("until", &asked.until, "later", zh, en));
                }
                let asked =
                    Object::new().with("reason", asked.reason.as_str()).with("until", until.to_string());
                set(&mut case.body, "extension", at(asked));
            }
            Step::GrantExtension | Step::RefuseExtension(_) => {
                let Some(asked) = take(&mut case.body, "extension") else { return Err(no_case()) };
                another_person(actor, text(&asked, &["by"]).unwrap_or_default())?;
                let mut answered = Object::new().with("asked", asked.clone());
                if let Step::RefuseExtension(reason) = step {
                    free_text("reason", reason)?;
                    answered = answered.with("answer", "refused").with("reason", reason.as_str());
                } else {
                    let until = day("until", text(&asked, &["until"]).unwrap_or_default())?;
                    case.due = Some(end_of(until));
                    set(&mut case.body, "deadline", end_of(until));
                    answered = answered.with("answer", "granted");
                }
                push(&mut case.body, "extensions", at(answered))?;
            }
            Step::Unfounded(reasons) => {
                free_text("reasons", reasons)?;
                set(&mut case.body, "unfounded", at(Object::new().with("reasons", reasons.as_str())));
                case.due = None;
            }
            Step::Establish(finding) => {
                self.check_code(&finding.code)?;
                free_text("facts", &finding.facts)?;
                let found =
                    Object::new().with("code", finding.code.as_str()).with("facts", finding.facts.as_str());
                set(&mut case.body, "finding", at(found));
            }
            Step::Propose(proposal) => {
                self.check_proposal(case, proposal)?;
                set(&mut case.body, "proposal", at(record(proposal)));
            }
            Step::Reject(reason) => {
                free_text("reason", reason)?;
                let Some(proposal) = take(&mut case.body, "proposal") else { return Err(no_case()) };
                another_person(actor, text(&proposal, &["by"]).unwrap_or_default())?;
                let rejected = Object::new().with("proposal", proposal).with("reason", reason.as_str());
                push(&mut case.body, "rejected", at(rejected))?;
            }
            Step::Transfer { to, receipt } => {
                one_line("to", to, 128)?;
                one_line("receipt", receipt, 128)?;
                let transfer = Object::new().with("to", to.as_str()).with("receipt", receipt.as_str());
                set(&mut case.body, "transfer", at(transfer));
                case.due = None;
            }
            Step::Publish { from, to, platform } => {
                let (first, last) = (day("from", from)?, day("to", to)?);
                one_line("platform", platform, 128)?;
                let decided = text(&case.body, &["decision", "day"]).and_then(|d| Date::parse(d).ok());
                if decided.is_some_and(|decided| first < decided) {
                    let (zh, en) = ("不得早于决定日", "must not lie before the decision");
                    return Err(Refusal::field("from", from, "before_decision", zh, en));
                }
                if last < first {
                    let (zh, en) = ("不得早于起始日", "must not lie before the first day");
                    return Err(Refusal::field("to", to, "before_from", zh, en));
                }
                if get(&case.body, "publication").is_some() {
                    return Err(conflict("already_published", "已公示", "published already"));
                }
                let published = Object::new().with("from", first.to_string()).with("to", last.to_string());
                set(&mut case.body, "publication", at(published.with("platform", platform.as_str())));
            }
            Step::State(view) => {
                free_text("text", view)?;
                push(&mut case.body, "statements", at(Object::new().with("text", view.as_str())))?;
            }
            Step::Appeal(text) => {
                free_text("text", text)?;
                if get(&case.body, "appeal").is_some() {
                    return Err(conflict("appealed_already", "已申诉过一次", "an appeal was made already"));
                }
                set(&mut case.body, "appeal", at(Object::new().with("text", text.as_str())));
            }
            Step::Uphold(reasons) => {
                free_text("reasons", reasons)?;
                not_who_decided(actor, case)?;
                answer_appeal(
                    case,
                    at(Object::new().with("outcome", "upheld").with("reasons", reasons.as_str())),
                );
            }
            Step::Clear(checklist) => {
                if case.owner.as_deref() == Some(&actor.account) {
                    return Err(conflict(
                        "handler_cannot_clear",
                        "承办人不得自行销号",
                        "the handler does not clear",
                    ));
                }
                let published = get(&case.body, "publication").is_some();
                if text(&case.body, &["appeal", "answer", "outcome"]) == Some("upheld") && !published {
                    return Err(conflict("not_published", "尚未公示", "the decision is not published yet"));
                }
                let names = ["remedy", "executed", "library_updated", "loophole"];
                let mut clearing = Object::new();
                for (name, note) in names.into_iter().zip(checklist) {
                    free_text(name, note)?;
                    clearing = clearing.with(name, note.as_str());
                }
                set(&mut case.body, "clearing", at(clearing));
                case.due = None;
            }
            // These two change the expert too; see `effect`.
            Step::Confirm | Step::Reverse(_) => {}
        }
        Ok(())
    }

    /// A handler is an account of a bureau with the right reviewer that can still sign in.
    fn check_handler(&self, handler: &str) -> Result<(), Refusal> {
        let found = self.store.read(|conn| store::account::find(conn, handler))?;
        let now = self.clock.now().0;
        let fits = |row: &store::account::Account| {
            let reviewer = row
                .rights
                .as_deref()
                .is_none_or(|rights| rights.split(' ').any(|right| right == Right::Reviewer.name()));
            row.role == Role::Bureau.name()
                && reviewer
                && row.revoked.is_none()
                && row.locked.is_none()
                && now < row.expires
        };
        if found.as_ref().is_some_and(fits) {
            return Ok(());
        }
        let (zh, en) =
            ("须为有效的财政部门初审岗账号", "must be a valid account of the bureau with the right reviewer");
        Err(Refusal::field("handler", handler, "handler", zh, en))
    }

    /// One of the seven codes, or an item of the profile's own.
    fn check_code(&self, code: &str) -> Result<(), Refusal> {
        let known = ConductCode::parse(code).is_some()
            || self.registry_profile().conduct_points.provincial(code).is_some();
        if known {
            return Ok(());
        }
        let (zh, en) = (
            "应为 art29_1 至 art29_7，或本省规则档案的条目",
            "must be art29_1 to art29_7 or an item of the profile",
        );
        Err(Refusal::field("code", code, "conduct_code", zh, en))
    }

    /// Holds a proposal against the finding and the expert's present standing.
    fn check_proposal(&self, case: &Case, proposal: &Proposal) -> Result<(), Refusal> {
        let line = |field, value: &str, max| line(field, value, max).map_err(|p| Refusal::invalid(vec![p]));
        line("basis", &proposal.basis, 200)?;
        if let Some(document) = &proposal.document {
            line("document", document, 128)?;
        }
        let code = text(&case.body, &["finding", "code"]).unwrap_or_default();
        let standing = self.summary(case.subject.as_deref().unwrap_or_default())?.standing;
        let out = !["active", "suspended", "stale"].contains(&standing.as_str());
        measures(proposal)?
            .check(ConductCode::parse(code), out)
            .map_err(|problem| Refusal::field(problem.field, "", problem.rule, problem.zh, problem.en))
    }
}

/// The measures that a proposal says.
fn measures(proposal: &Proposal) -> Result<Measures, Refusal> {
    let effect = match (proposal.effect.as_str(), proposal.months) {
        ("none", None) => Effect::None,
        ("dismiss", None) => Effect::Dismiss,
        ("ban", None) => Effect::Ban,
        ("suspend", Some(months @ (3 | 6 | 12))) => Effect::Suspend(months),
        ("suspend", _) => {
            return Err(Refusal::field("months", "", "months", "应为 3、6 或 12", "must be 3, 6 or 12"));
        }
        ("none" | "dismiss" | "ban", Some(_)) => {
            return Err(Refusal::field("months", "", "months", "仅暂停时填写", "only for a suspension"));
        }
        (other, _) => {
            let (zh, en) = ("应为 none、suspend、dismiss 或 ban", "must be none, suspend, dismiss or ban");
            return Err(Refusal::field("effect", other, "effect", zh, en));
        }
    };
    let Proposal { warning, fine_yuan, result_affected, .. } = *proposal;
    Ok(Measures { warning, fine_yuan, result_affected, effect })
}

/// A proposal as a case keeps it.
fn record(proposal: &Proposal) -> Object {
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    Object::new()
        .with("warning", yes(proposal.warning))
        .with("result_affected", yes(proposal.result_affected))
        .with("effect", proposal.effect.as_str())
        .with("basis", proposal.basis.as_str())
        .with_some("fine_yuan", proposal.fine_yuan)
        .with_some("months", proposal.months)
        .with_some("document", proposal.document.clone())
}

/// Who decides an appeal neither proposed nor confirmed the decision.
pub(super) fn not_who_decided(actor: &Actor, case: &Case) -> Result<(), Refusal> {
    for who in ["proposed_by", "by"] {
        another_person(actor, text(&case.body, &["decision", who]).unwrap_or_default())?;
    }
    Ok(())
}

/// Puts the answer into the appeal.
pub(super) fn answer_appeal(case: &mut Case, answer: Object) {
    if let Some(mut appeal) = take(&mut case.body, "appeal") {
        set(&mut appeal, "answer", Json::from(answer));
        set(&mut case.body, "appeal", appeal);
    }
}

/// A day that is not past.
fn future(field: &str, text: &str, today: Date) -> Result<Date, Refusal> {
    let found = day(field, text)?;
    if found >= today && found <= today.plus_years(2) {
        return Ok(found);
    }
    Err(Refusal::field(field, text, "future", "应在今天起两年之内", "must lie within two years from today"))
}

fn not_the_handler() -> Refusal {
    conflict("not_the_handler", "须由本件承办人办理", "only the handler of this case does this")
}

pub(super) fn conflict(code: &'static str, zh: &str, en: &str) -> Refusal {
    Refusal::new(Kind::Conflict, code, zh, en)
}
