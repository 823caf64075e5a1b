//! Endings: a void proposed by one person and confirmed by another, and the unsealing after the
//! announcement of the result.
//!
//! Order matters: once a draw is unsealed it cannot be voided, and once it is voided nothing else
//! can be said about it; both are decided under the lock.
//!
//! A void is no way out of an unwelcome result (`api-spec/draw-v3.md` §5): a draw that can be finished is
//! finished first, and a contribution is called missing only if it is, after the deadline.

use super::{DrawView, PLANNED, state, steps, wrong_state};
use crate::codec::{Hash, Json, Object, object};
use crate::draw::contributions::voids::Standing;
use crate::draw::contributions::{VoidFault, may_void};
use crate::draw::statements::{Unsealed, Void, VoidReason};
use crate::rules::process;
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::contributions::{Trail, again_if_moved, not_moving};
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::{Kind, Refusal};
use crate::store::{self, Append, Tx};

impl Service {
    /// Proposes that a committed or drawn draw be voided, for a reason of the fixed list.
    pub fn propose_void(
        &self,
        actor: &Actor,
        id: &str,
        reason: VoidReason,
        key: &IdempotencyKey,
    ) -> Result<DrawView, Refusal> {
        actor.check(Action::ProposeVoid)?;
        let dated = self.finish_if_possible(actor, id)?;
        let proposer = actor.account.clone();
        self.end(actor, id, key, "propose void", move |tx, row| {
            let alpha = open_alpha(row)?;
            voidable(tx, row, reason, dated)?;
            let void = Void { alpha, reason, actor: proposer.clone(), approver: None };
            row.proposal = Some(proposal(&void));
            Ok(Said {
                event: "propose_void",
                kind: Void::PROPOSED,
                fields: void.fields(),
                actor: proposer.clone(),
                ends: false,
                image: None,
            })
        })
    }

    /// Confirms the void that another person proposed; the draw ends.
    pub fn confirm_void(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<DrawView, Refusal> {
        actor.check(Action::ConfirmVoid)?;
        let dated = self.finish_if_possible(actor, id)?;
        let approver = actor.account.clone();
        self.end(actor, id, key, "confirm void", move |tx, row| {
            let alpha = open_alpha(row)?;
            let proposal = row.proposal.as_deref().and_then(read_proposal);
            let (reason, proposer) =
                proposal.ok_or_else(|| wrong_state("尚无作废申请", "nobody proposed a void"))?;
            if proposer == approver {
                return Err(Refusal::new(
                    Kind::Forbidden,
                    "same_person",
                    "作废须由申请人以外的另一账号确认",
                    "another account than the proposer's must confirm",
                ));
            }
            voidable(tx, row, reason, dated)?;
            let void = Void { alpha, reason, actor: proposer, approver: Some(approver.clone()) };
            row.state = state::VOIDED.into();
            Ok(Said {
                event: "void",
                kind: Void::CONFIRMED,
                fields: void.fields(),
                actor: approver.clone(),
                ends: true,
                image: None,
            })
        })
    }

    /// Takes a committed draw as far as it can go before anybody voids it; whether all that it has was dated
    /// in time.
    fn finish_if_possible(&self, actor: &Actor, id: &str) -> Result<bool, Refusal> {
        if self.draw_row(actor, id)?.state != state::COMMITTED {
            return Ok(true);
        }
        // Its deadline may be over, or its key stolen: then the void is what ends it.
        if let Err(refusal) = self.finish(id) {
            tracing::warn!(draw = id, %refusal, cause = refusal.cause, "a draw to be voided stays open");
        }
        let trail = self.store.read(|conn| Trail::read(conn, id))?;
        trail.map_or(Ok(true), |trail| self.is_dated(&trail))
    }

    /// Gives up a plan that nobody accepted; nothing was committed.
    pub fn withdraw_plan(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<DrawView, Refusal> {
        actor.check(Action::RequestDraw)?;
        self.draw_row(actor, id)?;
        let record = self.opaque_record(&Object::new().with("withdrawn", id).into());
        let subject_key = self.subject_key(id, true)?;
        let sealed = self.sealer().seal(&subject_key, PLANNED, &record.bytes);
        let account = actor.account.clone();
        self.end(actor, id, key, "withdraw plan", move |tx, row| {
            if row.state != state::PLANNED {
                return Err(wrong_state("抽取不在待确认状态", "the draw is not waiting for acceptance"));
            }
            // Attempts count commitments; a plan given up makes room for the next one under its number.
            let earlier = store::draw::of_package(tx, &row.package)?;
            let given_up = earlier.iter().map(|draw| draw.attempt).min().unwrap_or_default().min(0);
            row.attempt = given_up - 1;
            row.state = state::WITHDRAWN.into();
            let kind = PLANNED;
            let fields = Object::new().with("image", record.digest);
            let image = Some(sealed.clone());
            Ok(Said { event: "withdraw", kind, fields, actor: account.clone(), ends: true, image })
        })
    }

    /// Opens a drawn draw after the announcement of its result.
    pub fn unseal(
        &self,
        actor: &Actor,
        id: &str,
        announcement: &str,
        key: &IdempotencyKey,
    ) -> Result<DrawView, Refusal> {
        actor.check(Action::Unseal)?;
        let announced = Some(!announcement.trim().is_empty());
        if let Some(finding) = process::opening_the_list(&self.profile, announced).filter(|f| f.blocks) {
            let (zh, en) = (finding.text_zh(), finding.text_en());
            return Err(Refusal::field("announcement", announcement, finding.rule.name(), &zh, &en));
        }
        let length = announcement.len();
        if announcement.trim().is_empty() || length > 128 || announcement.chars().any(char::is_control) {
            return Err(Refusal::field(
                "announcement",
                announcement,
                "length",
                "结果公告编号须为1至128字节，不得空白，不含控制字符",
                "1 to 128 bytes, not blank, without control characters",
            ));
        }
        let row = self.draw_row(actor, id)?;
        self.day_allows_unsealing(&row)?;
        let (announcement, account) = (announcement.to_owned(), actor.account.clone());
        let ended = self.end(actor, id, key, "unseal", move |tx, row| {
            let calls = store::draw_calls::find(tx, &row.id)?;
            if row.state == state::DRAWN && calls.is_some() {
                return Err(wrong_state("尚未通知入选专家", "the panel was not invited yet"));
            }
            if calls.is_some_and(|calls| calls.proposal.is_some()) {
                return Err(wrong_state("存在待确认的终止申请", "a proposed stop is waiting"));
            }
            let opens = [state::DRAWN, state::FILLED, state::IN_REVIEW, state::REVIEWED];
            if !opens.contains(&row.state.as_str()) {
                return Err(wrong_state("只有已抽取的可以公开", "only a drawn draw can be unsealed"));
            }
            if row.proposal.is_some() {
                return Err(wrong_state("存在待确认的作废申请", "a proposed void is waiting"));
            }
            let unsealed = Unsealed { alpha: open_alpha(row)?, announcement: announcement.clone() };
            row.state = state::UNSEALED.into();
            Ok(Said {
                event: "unseal",
                kind: Unsealed::TYPE,
                fields: unsealed.fields(),
                actor: account.clone(),
                ends: true,
                image: None,
            })
        })?;
        self.follow_unsealing_or_leave(id);
        Ok(ended)
    }

    /// One ending step: reads the row under the lock, lets `step` change it and say so.
    fn end(
        &self,
        actor: &Actor,
        id: &str,
        key: &IdempotencyKey,
        name: &'static str,
        step: impl Fn(&mut Tx<'_>, &mut store::draw::Draw) -> Result<Said, Refusal> + Send + Sync + 'static,
    ) -> Result<DrawView, Refusal> {
        self.draw_row(actor, id)?;
        let step = std::sync::Arc::new(step);
        let change = || {
            let idempotency = self.idempotency_row(actor, Some(key), id, 200);
            let (id, step) = (id.to_owned(), step.clone());
            // Whom a void concerns is known by the book of its calls, which belongs to a version.
            let calls = self.calls_if_any(&id)?;
            self.store.write(name, move |tx| {
                let found = store::draw::find(tx, &id)?;
                let mut row = found.ok_or_else(|| Refusal::not_found("抽取", "draw"))?;
                let (version, from) = (row.version, row.state.clone());
                let said = step(tx, &mut row)?;
                if calls.as_ref().is_some_and(|calls| calls.version() != version) {
                    return Err(wrong_state(
                        "通知状态刚有变更，请重试",
                        "the calls moved just now, try again",
                    ));
                }
                // The statement would be refused by every verifier (draw-v2 §6.2).
                if row.state == state::UNSEALED && calls.as_ref().is_some_and(|calls| !calls.filled()) {
                    let en = "not every seat has a member who accepted, or a round is open";
                    return Err(Refusal::new(Kind::Conflict, "not_filled", "尚有席位未补齐，不能公开", en));
                }
                let appended = tx.append(Append {
                    actor: said.actor,
                    kind: said.kind.into(),
                    subject: id.clone(),
                    statement: said.fields.with("type", said.kind),
                    image: said.image,
                    registry: false,
                })?;
                if said.ends {
                    row.ended_entry = Some(appended.entry());
                    if let Some(calls) = &calls {
                        calls.end(tx, &row.state, appended.entry())?;
                    }
                }
                row.version += 1;
                row.updated = tx.time().0;
                steps::step(tx, (&from, version), &row, said.event)?;
                idempotency.insert(tx)?;
                Ok(())
            })?;
            Ok(())
        };
        self.once(actor, Some(key), |_| Ok(()), || again_if_moved(change))?;
        self.draw(actor, id)
    }
}

/// What a step adds to the log.
struct Said {
    /// The event in the table of a draw's life.
    event: &'static str,
    kind: &'static str,
    fields: Object,
    actor: String,
    ends: bool,
    /// The sealed record, of an opaque statement.
    image: Option<Vec<u8>>,
}

/// Alpha of a draw that was committed and has not ended.
fn open_alpha(row: &store::draw::Draw) -> Result<Hash, Refusal> {
    if row.state != state::COMMITTED && !state::STANDING.contains(&row.state.as_str()) {
        return Err(wrong_state("抽取已结束或尚未承诺", "the draw has ended or is not committed"));
    }
    let alpha = row.alpha.as_deref().and_then(Hash::from_slice);
    alpha.ok_or_else(|| Refusal::internal("committed draw without alpha"))
}

/// Whether a draw may be voided for a reason, as its contributions stand under the lock. `dated`: what it has
/// was dated in time.
fn voidable(
    tx: &mut Tx<'_>,
    row: &store::draw::Draw,
    reason: VoidReason,
    dated: bool,
) -> Result<(), Refusal> {
    not_moving(tx, &row.id)?;
    let trail = Trail::of_row(tx, row)?.ok_or_else(|| Refusal::internal("committed draw without alpha"))?;
    let (key, at) = (trail.commitment.operator_key(), tx.next_index());
    let key = key.and_then(|key| tx.key_book().and_then(|book| book.find(&key)));
    let standing = Standing {
        missing: !trail.is_complete() || (row.state == state::COMMITTED && !dated),
        overdue: tx.time().0 > trail.commitment.deadline,
        revealed: !trail.lacks(&[1]),
        operator: trail.operator().is_some(),
        withheld: !trail.withheld.is_empty(),
        compromised: key.is_some_and(|key| !key.may_contribute_at(at)),
    };
    let fault = match may_void(reason, &standing) {
        Ok(()) => return Ok(()),
        // Down from the last reveal to the deadline: the file will fail and say why, yet the draw has to end.
        Err(VoidFault::OperatorOwes) if standing.overdue && reason == VoidReason::ContributionMissing => {
            return Ok(());
        }
        Err(fault) => fault,
    };
    let (code, zh) = match fault {
        VoidFault::NothingMissing => ("nothing_missing", "并无缺少的随机贡献，不能以此为由作废"),
        VoidFault::BeforeDeadline => ("before_deadline", "随机贡献的期限未过，不能以缺少贡献为由作废"),
        VoidFault::OperatorOwes => ("operator_owes", "运营方须先作出自己的随机贡献，不能先行作废"),
    };
    Err(Refusal::new(Kind::Conflict, code, zh, format!("the void {fault}")))
}

fn proposal(void: &Void) -> String {
    let proposal = Object::new().with("reason", void.reason.name()).with("actor", void.actor.as_str());
    String::from_utf8_lossy(&Json::from(proposal).canonical()).into_owned()
}

/// Reason and proposer of a waiting void.
pub(super) fn read_proposal(text: &str) -> Option<(VoidReason, String)> {
    let json = Json::parse(text.as_bytes(), 4_096).ok()?;
    object(&json, "", |f| Ok((f.str("reason")?.to_owned(), f.str("actor")?.to_owned())))
        .ok()
        .and_then(|(reason, actor)| VoidReason::parse(&reason).map(|reason| (reason, actor)))
}
