//! The course of the day: begun, paused and resumed, ended, the report signed; what a date brings.

use super::body::{Day, Pause, Report};
use super::desk::interrupt;
use super::view::DayView;
use super::{Step, not_now};
use crate::codec::Hash;
use crate::registry::day::{DAY, takes_arrivals};
use crate::registry::lifecycle::Party;
use crate::rules::process;
use crate::service::Service;
use crate::service::actor::{Action, Actor, Role};
use crate::service::calls::Turn;
use crate::service::case_body::free_text;
use crate::service::cases::{Case, all_rows};
use crate::service::draws::state;
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::{Kind, Refusal};
use crate::store::{self, case::CaseFilter};
use crate::time::Timestamp;

/// The report of a review as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportDraft {
    /// SHA-256 of the signed report, hex.
    pub digest: String,
    /// How many members signed, representatives included.
    pub signed: u32,
    /// How many with a different opinion.
    pub dissents: u32,
}

impl Service {
    /// Begins the review: everybody is there, has acknowledged and declared, and has chosen a chair.
    pub fn begin_review(&self, actor: &Actor, draw: &str, key: &IdempotencyKey) -> Result<DayView, Refusal> {
        actor.check(Action::RunDay)?;
        let (_, case, day) = self.seen_day(actor, draw)?;
        if takes_arrivals(&case.state) {
            // Once more for everybody: what the sign-in found may have been cut off before it was written, and
            // the registry may know more by now.
            for arrival in day.all_present() {
                self.find_late_conflict(draw, arrival.position)?;
            }
        }
        self.run_day(actor, "begin", draw, key, |turn, case, day| {
            if !turn.book.may_be_unsealed() {
                let en = "not every seat has a member, or a round is open";
                return Err(not_now("not_filled", "尚有席位未补齐，或应答尚未截止", en));
            }
            let mut missing = Vec::new();
            for seat in turn.book.panel() {
                match day.present(seat.position) {
                    Some(arrival) if arrival.acknowledged.is_some() && arrival.declared.is_some() => {}
                    _ => missing.push(seat.position.to_string()),
                }
            }
            if !missing.is_empty() {
                let zh = format!("以下位置尚未签到、确认纪律或声明回避：{}", missing.join("、"));
                let en =
                    format!("not signed in, acknowledged and declared: positions {}", missing.join(", "));
                return Err(Refusal::new(Kind::Conflict, "not_ready", zh, en));
            }
            // A chair is a position on the panel, and no representative has one (87号令 art 45).
            let chosen = day.chair.map(|_| false);
            if let Some(finding) = process::chair(&self.profile, chosen).filter(|finding| finding.blocks) {
                return Err(Refusal::new(Kind::Conflict, "no_chair", finding.text_zh(), finding.text_en()));
            }
            if day.chair.is_none() {
                return Err(not_now("no_chair", "尚未推选组长", "no chair was chosen yet"));
            }
            let now = self.clock.now().0;
            if now < day.review_start {
                return Err(not_now(
                    "too_early",
                    "评审时间未到",
                    "the review does not begin before its time",
                ));
            }
            day.sittings.push((now, None));
            case.due = None;
            Ok(Step { state: Some(state::IN_REVIEW), ..Step::only(()) })
        })
    }

    /// A site failed: the day stands still, and a timer runs.
    pub fn pause_day(
        &self,
        actor: &Actor,
        draw: &str,
        (site, what): (u32, &str),
        key: &IdempotencyKey,
    ) -> Result<DayView, Refusal> {
        free_text("what", what)?;
        self.run_site(actor, "pause", draw, key, |_, case, day| {
            let here = day.site(site).ok_or_else(|| {
                Refusal::field("site", &site.to_string(), "site", "没有该场所", "no such site")
            })?;
            if actor.role == Role::Venue && Some(here.venue.as_str()) != actor.own_venue() {
                return Err(Refusal::forbidden());
            }
            let now = self.clock.now().0;
            let during = case.state == "paused";
            let minutes = if during { day.failure.1 } else { day.failure.0 };
            interrupt(case, day, now);
            day.pauses.push(Pause {
                site,
                what: what.to_owned(),
                by: actor.account.clone(),
                from: now,
                to: None,
                during,
            });
            case.due = Some(now + minutes * 60);
            Ok(Step::only(()))
        })
    }

    /// The failure is mended; the day goes on.
    pub fn resume_day(&self, actor: &Actor, draw: &str, key: &IdempotencyKey) -> Result<DayView, Refusal> {
        self.run_site(actor, "resume", draw, key, |_, case, day| {
            let now = self.clock.now().0;
            let open = day.pauses.iter_mut().find(|pause| pause.to.is_none());
            let Some(pause) = open else {
                return Err(Refusal::internal("a day stands still without a pause"));
            };
            if pause.during && case.due.is_some_and(|due| now > due) {
                let zh = "评审中故障已超过规定时限，须封存并重新组建";
                let en = "the failure lasted longer than allowed: seal and form the committee anew";
                return Err(not_now("failed", zh, en));
            }
            pause.to = Some(now);
            let lost = now - pause.from;
            if pause.during {
                day.sittings.push((now, None));
                case.due = None;
            } else {
                // Nobody is late for a failure of the site.
                day.sign_in.1 += lost;
                case.due = Some(day.review_start);
            }
            Ok(Step::only(()))
        })
    }

    /// Ends the review.
    pub fn end_review(&self, actor: &Actor, draw: &str, key: &IdempotencyKey) -> Result<DayView, Refusal> {
        self.run_day(actor, "end", draw, key, |_, case, day| {
            interrupt(case, day, self.clock.now().0);
            Ok(Step::only(()))
        })
    }

    /// Records the signed report: its digest, who signed, who differed (198号 art 19).
    pub fn sign_report(
        &self,
        actor: &Actor,
        draw: &str,
        draft: &ReportDraft,
        key: &IdempotencyKey,
    ) -> Result<DayView, Refusal> {
        if Hash::from_hex(&draft.digest).is_none() {
            let (zh, en) = ("应为 64 位小写十六进制 SHA-256", "must be 64 lower-case hex digits");
            return Err(Refusal::field("digest", &draft.digest, "digest", zh, en));
        }
        self.run_day(actor, "sign_report", draw, key, |turn, _, day| {
            // Whom the purchaser selected sits and signs like those who were drawn.
            let selected = match self.plan_of_draw(&turn.row)? {
                Some(case) => self.plan_file(&case.id)?.2.selected().len(),
                None => 0,
            };
            let experts = u32::try_from(turn.book.panel().len() + selected).unwrap_or_default();
            let members = experts + day.representatives;
            if draft.signed != members {
                let zh = format!("应由全部 {members} 名成员签署（有异议的写明意见后签署）");
                let en = format!("all {members} members sign, those who differ with their reasons");
                return Err(Refusal::field("signed", &draft.signed.to_string(), "signed", &zh, &en));
            }
            if draft.dissents > draft.signed {
                let (zh, en) = ("不得多于签署人数", "not more than signed");
                return Err(Refusal::field("dissents", &draft.dissents.to_string(), "range", zh, en));
            }
            day.report = Some(Report {
                digest: draft.digest.clone(),
                signed: draft.signed,
                dissents: draft.dissents,
                by: actor.account.clone(),
                at: self.clock.now().0,
            });
            Ok(Step { state: Some(state::REVIEWED), ..Step::only(()) })
        })
    }

    /// Notes a breach of the discipline by somebody who is present (198号 arts 26, 28): neither fee nor travel
    /// follows, and the clue is for the bureau.
    pub fn note_breach(
        &self,
        actor: &Actor,
        draw: &str,
        (position, what): (u32, &str),
        key: &IdempotencyKey,
    ) -> Result<DayView, Refusal> {
        free_text("what", what)?;
        self.run_site(actor, "note_breach", draw, key, |_, _, day| {
            let own = actor.own_venue().map(str::to_owned);
            let site = day.present(position).and_then(|arrival| day.site(arrival.site));
            let elsewhere = own.is_some() && site.is_none_or(|site| Some(&site.venue) != own.as_ref());
            let Some(arrival) = day.present_mut(position).filter(|_| !elsewhere) else {
                let (zh, en) = ("该位置无已签到的成员", "no member has signed in at this position");
                return Err(Refusal::field("position", &position.to_string(), "position", zh, en));
            };
            arrival.breach = Some(what.to_owned());
            Ok(Step::only(()))
        })
    }

    /// What a date brings: failures that lasted too long, days of draws that were stopped.
    pub fn due_days(&self, now: Timestamp) -> Result<u64, Refusal> {
        let filter = CaseFilter { kinds: vec![DAY.name.to_owned()], ..CaseFilter::default() };
        let itself = Actor::of_service();
        let mut done = 0;
        for row in self.store.read(|conn| all_rows(conn, &filter))? {
            let Some(draw) = row.parent.clone() else { continue };
            let of_draw = self.store.read(|conn| store::draw::find(conn, &draw))?;
            let stopped =
                of_draw.is_none_or(|draw| [state::STOPPED, state::VOIDED].contains(&draw.state.as_str()));
            let late = row.due.is_some_and(|due| due < now.0);
            let event = match row.state.as_str() {
                state if stopped && !matches!(state, "stopped" | "announced" | "archived") => "stop",
                "waiting" if late => "overdue",
                "paused" if late => "fail",
                _ => continue,
            };
            let stepped = self.clock_step(&itself, event, &row);
            match stepped {
                Ok(()) => done += 1,
                // Somebody was quicker: the next run reads it anew.
                Err(refusal) if matches!(refusal.kind, Kind::Conflict | Kind::Stale) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(done)
    }

    fn clock_step(
        &self,
        itself: &Actor,
        event: &'static str,
        row: &store::case::CaseRow,
    ) -> Result<(), Refusal> {
        let mut case = self.store.read(|conn| self.open_case(conn, row))?;
        let mut day = Day::read(&case.body).map_err(Refusal::internal)?;
        self.step_case(itself, &[Party::Clock], &DAY, &mut case, event)?;
        if event == "stop" {
            interrupt(&mut case, &mut day, self.clock.now().0);
        }
        case.due = None;
        case.body = day.to_json();
        let changes = crate::service::changes::Changes::default().case(self.case_change(&case)?);
        self.write_changes("day", changes)
    }

    /// A step of the agency's.
    fn run_day(
        &self,
        actor: &Actor,
        event: &'static str,
        draw: &str,
        key: &IdempotencyKey,
        change: impl Fn(&Turn, &mut Case, &mut Day) -> Result<Step<()>, Refusal>,
    ) -> Result<DayView, Refusal> {
        actor.check(Action::RunDay)?;
        self.stepped(actor, event, draw, key, change)
    }

    /// A step of the agency's or of a venue's.
    fn run_site(
        &self,
        actor: &Actor,
        event: &'static str,
        draw: &str,
        key: &IdempotencyKey,
        change: impl Fn(&Turn, &mut Case, &mut Day) -> Result<Step<()>, Refusal>,
    ) -> Result<DayView, Refusal> {
        actor.check(Action::KeepSite)?;
        self.stepped(actor, event, draw, key, change)
    }

    fn stepped(
        &self,
        actor: &Actor,
        event: &'static str,
        draw: &str,
        key: &IdempotencyKey,
        change: impl Fn(&Turn, &mut Case, &mut Day) -> Result<Step<()>, Refusal>,
    ) -> Result<DayView, Refusal> {
        let step = || {
            self.seen_day(actor, draw)?;
            self.day_step(actor, (&actor.parties(), event), draw, Some(key), &change)
        };
        self.once(actor, Some(key), |_| Ok(()), step)?;
        self.day(actor, draw)
    }
}
