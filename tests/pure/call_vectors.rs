//! `tests/vectors/calls.json`: books of calls without a file around them, step by step, with what must
//! be refused and under which name (`api-spec/draw-v2.md` §8).

use expert_draw::codec::{Hash, Json, Object, object, to_hex};
use expert_draw::draw::calls::{
    Answer, Answered, AnsweredBy, Call, CallBook, Delivered, Invited, Invitee, NewlyOut, Outcome, Reason,
    Remaining, Settled, Shortfall, SignedIn, StopReason, Stopped, Vacated, VacatedBy, Why,
};
use expert_draw::draw::commitment::{Commitment, Contributor, Group, Kept};
use expert_draw::draw::pool::Leaf;
use expert_draw::draw::seats::{self, Candidate, Plan, Seated};
use expert_draw::draw::vrf::Beta;

use crate::vectors::{hold, path};

pub const ALPHA: Hash = Hash([7; 32]);
pub const START: i64 = 1_000;
/// Windows of these cases, in seconds.
pub const WINDOW: i64 = 1_800;

/// The parts of a commitment on which calls depend.
pub struct Setup {
    groups: Vec<(u32, u32)>,
    margin: u32,
    pub attempt: u32,
    pub kept: Vec<Kept>,
    /// Mask, unit and relation tags of each position, tags as numbers.
    pool: Vec<(u32, u8, Vec<u8>)>,
}

pub fn setup(groups: &[(u32, u32)], margin: u32, masks: &[u32]) -> Setup {
    let pool = (0u8..).zip(masks).map(|(n, mask)| (*mask, n, vec![])).collect();
    Setup { groups: groups.to_vec(), margin, attempt: 1, kept: vec![], pool }
}

fn commitment(setup: &Setup) -> Commitment {
    let group = |(seats, site): &(u32, u32)| Group { seats: *seats, site: *site };
    Commitment {
        attempt: setup.attempt,
        predecessor: (setup.attempt > 1).then_some(ALPHA),
        package_tag: Beta([0; 64]),
        plan_tag: Beta([0; 64]),
        tag_key: ALPHA,
        request: ALPHA,
        names: ALPHA,
        profile: ALPHA,
        registry: 0,
        groups: setup.groups.iter().map(group).collect(),
        unit_cap: 1,
        lots: 1,
        margin: setup.margin,
        window_minutes: 30,
        pool_size: setup.pool.len() as u32,
        pool_root: ALPHA,
        excluded: ALPHA,
        kept: setup.kept.clone(),
        forced_accepted_by: None,
        contributions: vec![Contributor::Operator { key: ALPHA }],
        deadline: 0,
    }
}

fn leaves(setup: &Setup) -> Vec<Leaf> {
    let tag = |n: &u8| [*n; 16];
    let leaf = |(groups, unit, relations): &(u32, u8, Vec<u8>)| Leaf {
        identity: ALPHA,
        groups: *groups,
        lots: 1,
        unit: tag(unit),
        relations: relations.iter().map(tag).collect(),
    };
    setup.pool.iter().map(leaf).collect()
}

/// One case on the way.
pub struct Case {
    name: &'static str,
    setup: Setup,
    drawn: Vec<Seated>,
    pub book: CallBook,
    steps: Vec<Json>,
    /// Whether the state says whom a successor keeps.
    remaining: bool,
}

impl Case {
    pub fn new(name: &'static str, setup: Setup) -> Self {
        let (commitment, leaves) = (commitment(&setup), leaves(&setup));
        let order: Vec<u32> = (0..leaves.len() as u32).collect();
        let candidate = |leaf: &Leaf| Candidate {
            groups: leaf.groups,
            unit: leaf.unit,
            relations: leaf.relations.clone(),
        };
        let pool: Vec<Candidate> = leaves.iter().map(candidate).collect();
        let fixed: Vec<seats::Fixed> = setup
            .kept
            .iter()
            .map(|kept| {
                let groups = match kept {
                    Kept::Site { site, .. } => commitment.groups_at(*site),
                    Kept::Group { group, .. } => 1 << (group - 1),
                };
                let position = kept.position();
                seats::Fixed { position, groups: groups & pool[position as usize].groups }
            })
            .collect();
        let plan = Plan { seats: setup.groups.iter().map(|(seats, _)| *seats).collect(), unit_cap: 1 };
        let drawn = seats::complete(&plan, &pool, &order, &fixed, &Default::default()).unwrap().seated;
        let book = CallBook::new(ALPHA, &commitment, &leaves, order, drawn.clone());
        Self { name, setup, drawn, book, steps: vec![], remaining: false }
    }

    fn step(&mut self, time: i64, call: &Call, refused: Option<&str>) {
        let Json::Map(mut fields) = Json::from(call.fields()) else { unreachable!() };
        fields.remove("alpha");
        let step =
            Object::new().with("time", time).with("type", call.kind()).with("fields", Json::Map(fields));
        self.steps.push(step.with_some("refused", refused).into());
    }

    pub fn say(&mut self, time: i64, call: Call) -> &mut Self {
        self.book.apply(&call, time).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        self.step(time, &call, None);
        self
    }

    pub fn refuse(&mut self, time: i64, call: Call, name: &str) -> &mut Self {
        let violation = self.book.apply(&call, time).unwrap_err();
        assert_eq!(violation.name(), name, "{}: {violation}", self.name);
        self.step(time, &call, Some(name));
        self
    }

    pub fn invite(&mut self, time: i64) -> &mut Self {
        let due = self.book.due_invitation(time).unwrap();
        self.say(time, Call::Invited(due))
    }

    pub fn answer(&mut self, time: i64, position: u32, answer: Answer) -> &mut Self {
        let call = self.answered(position, answer);
        self.say(time, call)
    }

    pub fn answered(&self, position: u32, answer: Answer) -> Call {
        Call::Answered(Answered {
            alpha: ALPHA,
            round: self.book.round().max(1),
            position,
            answer,
            by: AnsweredBy::Expert,
            reason: None,
            receipt: None,
        })
    }

    pub fn settle(&mut self, time: i64) -> &mut Self {
        let due = self.book.due_settlement(time).unwrap();
        self.say(time, Call::Settled(due))
    }

    /// The case with `remaining` in its state.
    pub fn with_remaining(mut self) -> Self {
        self.remaining = true;
        self
    }

    fn json(&self) -> Json {
        let kept = |kept: &Kept| -> Json {
            match kept {
                Kept::Site { position, site } => {
                    Object::new().with("position", *position).with("site", *site)
                }
                Kept::Group { position, group } => {
                    Object::new().with("position", *position).with("group", *group)
                }
            }
            .into()
        };
        let person = |leaf: &Leaf| -> Json {
            let relations = leaf.relations.iter().map(|tag| Json::from(to_hex(tag))).collect::<Json>();
            Object::new()
                .with("groups", leaf.groups)
                .with("unit", to_hex(&leaf.unit))
                .with("relations", relations)
                .into()
        };
        let group = |(seats, site): &(u32, u32)| -> Json {
            Object::new().with("seats", *seats).with("site", *site).into()
        };
        Object::new()
            .with("name", self.name)
            .with("groups", self.setup.groups.iter().map(group).collect::<Json>())
            .with("unit_cap", 1u32)
            .with("margin", self.setup.margin)
            .with("window_minutes", 30u32)
            .with("attempt", self.setup.attempt)
            .with("kept", self.setup.kept.iter().map(kept).collect::<Json>())
            .with("pool", leaves(&self.setup).iter().map(person).collect::<Json>())
            .with("order", (0..self.setup.pool.len() as u32).map(Json::from).collect::<Json>())
            .with("panel", self.drawn.iter().map(seat).collect::<Json>())
            .with("steps", self.steps.clone())
            .with("state", self.state(&self.book))
            .into()
    }

    fn state(&self, book: &CallBook) -> Object {
        let remaining = self.remaining.then(|| remaining(book));
        state(book, self.setup.pool.len() as u32).with_some("remaining", remaining)
    }
}

/// Whom a successor keeps and how, ascending by position.
fn remaining(book: &CallBook) -> Json {
    let mut remaining = book.remaining();
    remaining.sort_by_key(|member| member.position);
    let place = |member: Remaining| -> Json {
        let place = Object::new().with("position", member.position);
        match member.group {
            Some(group) => place.with("group", group),
            None => place.with_some("site", member.site),
        }
        .into()
    };
    remaining.into_iter().map(place).collect()
}

fn seat(seat: &Seated) -> Json {
    Object::new().with("position", seat.position).with("group", u32::from(seat.group)).into()
}

/// What a book comes to, as draw-v2 §8 has it.
fn state(book: &CallBook, pool: u32) -> Object {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let out = book.out().into_iter().map(|(position, why, word)| -> Json {
        Object::new().with("position", position).with("why", why.name()).with("word", word.name()).into()
    });
    let told = (0..pool).filter_map(|position| {
        let site = book.site_of(position)?;
        Some(Object::new().with("position", position).with("site", site).into())
    });
    let next = book.next_invitees().into_iter().map(|invitee| -> Json {
        Object::new().with("position", invitee.position).with_some("site", invitee.site).into()
    });
    let open = book.window().map(|window| {
        Object::new()
            .with("round", window.round)
            .with("closes", window.closes)
            .with("unanswered", window.unanswered)
    });
    Object::new()
        .with("panel", book.panel().iter().map(seat).collect::<Json>())
        .with("accepted", (0..pool).filter(|p| book.accepted(*p)).map(Json::from).collect::<Json>())
        .with("standby", book.standby().into_iter().map(Json::from).collect::<Json>())
        .with("out", out.collect::<Json>())
        .with("told", told.collect::<Json>())
        .with("filled", yes(book.is_filled()))
        .with("may_be_unsealed", yes(book.may_be_unsealed()))
        .with_some("open", open)
        .with("next", next.collect::<Json>())
        .with_some("shortfall", book.shortfall().map(Shortfall::name))
        .with_some("stopped", book.stopped().map(StopReason::name))
}

pub fn vacated(position: u32, why: Why, approver: Option<&str>) -> Call {
    Call::Vacated(Vacated {
        alpha: ALPHA,
        position,
        why,
        by: VacatedBy::Operator,
        receipt: None,
        actor: Some("A-1".into()),
        approver: approver.map(str::to_owned),
    })
}

pub fn signed(position: u32, group: u32, site: u32) -> Call {
    Call::SignedIn(SignedIn { alpha: ALPHA, position, group, site })
}

pub fn stopped(reason: StopReason) -> Call {
    Call::Stopped(Stopped { alpha: ALPHA, reason, actor: "A-1".into(), approver: "A-2".into() })
}

pub const AFTER: i64 = START + WINDOW + 1;

pub fn example() -> Setup {
    setup(&[(2, 1), (1, 2)], 1, &[1, 1, 2, 3, 1, 2])
}

fn filled_in_one_round() -> Case {
    let mut case = Case::new("one round, everybody accepts", example());
    case.invite(START);
    for position in [2, 0, 3, 1] {
        case.answer(START + WINDOW, position, Answer::Accepted);
    }
    case.settle(START + WINDOW);
    let due = Settled {
        alpha: ALPHA,
        round: 1,
        out: vec![],
        outcome: Outcome::Seats { seats: case.drawn.clone(), branches: 0 },
    };
    case.refuse(AFTER, Call::Settled(due), "nothing_to_settle");
    case
}

fn filled_while_the_margin_is_open() -> Case {
    let mut case = Case::new("filled, and the margin has not answered", example());
    case.invite(START);
    for position in 0..3 {
        case.answer(START + 1, position, Answer::Accepted);
    }
    case
}

fn worked_example() -> Case {
    let mut case = Case::new("the worked example of draw-v2", example());
    case.invite(START);
    case.answer(START, 3, Answer::Accepted).answer(START, 0, Answer::Declined);
    case.answer(START, 1, Answer::Accepted);
    let due = case.book.due_settlement(AFTER).unwrap();
    case.refuse(START + WINDOW, Call::Settled(due), "window_open").settle(AFTER);
    case.invite(AFTER).answer(AFTER, 4, Answer::Declined).settle(AFTER);
    case.refuse(AFTER, stopped_round(&case.book), "after_shortfall");
    case
}

/// A settlement that says nothing new.
fn stopped_round(book: &CallBook) -> Call {
    let outcome = Outcome::Shortfall(Shortfall::Infeasible);
    Call::Settled(Settled { alpha: ALPHA, round: book.round(), out: vec![], outcome })
}

fn silence_with_and_without_a_receipt() -> Case {
    let mut case = Case::new("silence with and without a receipt of delivery", setup(&[(2, 1)], 0, &[1; 4]));
    let delivered = |position, receipt: u8| {
        Call::Delivered(Delivered { alpha: ALPHA, round: 1, position, receipt: Hash([receipt; 32]) })
    };
    case.refuse(START, delivered(1, 1), "no_round").invite(START);
    case.say(START + WINDOW, delivered(1, 1)).refuse(START + WINDOW, delivered(1, 2), "delivered_before");
    case.refuse(START + WINDOW, delivered(2, 1), "not_invited").refuse(AFTER, delivered(0, 1), "late");
    case.settle(AFTER);
    case
}

fn an_answer_is_one_in_time_and_of_the_open_round() -> Case {
    let mut case = Case::new("an answer is one, in time, of the open round", setup(&[(2, 1)], 1, &[1; 5]));
    let early = case.answered(0, Answer::Accepted);
    case.refuse(START, early, "no_round").invite(START);
    let not_invited = case.answered(3, Answer::Accepted);
    let late = case.answered(0, Answer::Accepted);
    case.refuse(START, not_invited, "not_invited").refuse(AFTER, late, "late");
    let by_channel = Call::Answered(Answered {
        alpha: ALPHA,
        round: 1,
        position: 0,
        answer: Answer::Declined,
        by: AnsweredBy::Channel,
        reason: Some(Reason::Ill),
        receipt: Some(Hash([9; 32])),
    });
    case.say(START, by_channel);
    let changed = case.answered(0, Answer::Accepted);
    case.refuse(START, changed, "answered_before");
    case.answer(START, 1, Answer::Accepted).answer(START, 2, Answer::Accepted).settle(START);
    let closed = case.answered(1, Answer::Accepted);
    case.refuse(START, closed, "no_round");
    case
}

fn sign_in_fixes_the_group() -> Case {
    let mut case =
        Case::new("after sign-in a member keeps the group", setup(&[(1, 1), (1, 1)], 0, &[3, 2, 1, 2]));
    case.invite(START).refuse(START, signed(0, 1, 1), "not_accepted");
    case.answer(START, 0, Answer::Accepted).answer(START, 1, Answer::Accepted).settle(START);
    case.refuse(AFTER, signed(0, 2, 1), "group").refuse(AFTER, signed(0, 1, 2), "site");
    case.say(AFTER, signed(0, 1, 1)).refuse(AFTER, signed(0, 1, 1), "signed_in");
    case.refuse(AFTER, vacated(0, Why::Absent, Some("A-2")), "signed_in");
    case.say(AFTER, vacated(1, Why::Absent, Some("A-2")));
    case.refuse(AFTER, signed(1, 2, 1), "is_out").settle(AFTER);
    case.refuse(AFTER, signed(2, 1, 1), "not_seated").invite(AFTER);
    case
}

fn without_sign_in_the_site_is_kept() -> Case {
    let mut case =
        Case::new("before sign-in a member keeps the site", setup(&[(1, 1), (1, 1)], 0, &[3, 2, 1, 2]));
    case.invite(START).answer(START, 0, Answer::Accepted).answer(START, 1, Answer::Accepted).settle(START);
    case.say(AFTER, vacated(1, Why::Absent, None)).settle(AFTER);
    case
}

fn a_vacancy_comes_before_the_next_round() -> Case {
    let mut case = Case::new("a vacancy is settled before the next round", setup(&[(2, 1)], 1, &[1; 6]));
    case.invite(START).answer(START, 0, Answer::Accepted).answer(START, 1, Answer::Declined);
    case.refuse(START, vacated(3, Why::Withdrawn, None), "not_accepted");
    case.answer(START, 2, Answer::Accepted);
    case.refuse(START, vacated(2, Why::Absent, None), "not_seated");
    case.say(START, vacated(2, Why::Withdrawn, None)).settle(START);
    case.say(START, vacated(0, Why::Conflict, Some("A-2")));
    case.refuse(START, vacated(0, Why::Unfit, None), "is_out");
    let invited = Invited {
        alpha: ALPHA,
        round: 2,
        closes: START + WINDOW,
        invitees: vec![Invitee { position: 3, site: Some(1) }],
    };
    case.refuse(START, Call::Invited(invited), "unsettled").settle(START);
    case
}

fn invitations_are_computed() -> Case {
    let mut case = Case::new("invitations are computed", example());
    let due = case.book.due_invitation(START).unwrap();
    let with = |change: &dyn Fn(&mut Invited)| {
        let mut said = due.clone();
        change(&mut said);
        Call::Invited(said)
    };
    case.refuse(START, with(&|said| said.round = 2), "round");
    case.refuse(START, with(&|said| said.closes += 1), "closes");
    case.refuse(START, with(&|said| said.invitees.truncate(3)), "invitees");
    case.refuse(START, with(&|said| said.invitees[3].position = 4), "invitees");
    case.refuse(START, with(&|said| said.invitees[3].site = Some(2)), "invitees");
    case.refuse(START, with(&|said| said.invitees[0].site = None), "invitees");
    case.invite(START).refuse(START, with(&|_| {}), "round_open");
    case
}

fn settlements_are_computed() -> Case {
    let mut case = Case::new("settlements are computed", example());
    case.invite(START).answer(START, 1, Answer::Accepted).answer(START, 3, Answer::Accepted);
    let due = case.book.due_settlement(AFTER).unwrap();
    let with = |change: &dyn Fn(&mut Settled)| {
        let mut said = due.clone();
        change(&mut said);
        Call::Settled(said)
    };
    let Outcome::Seats { seats, branches } = due.outcome.clone() else { panic!("a panel") };
    let other = |seats: Vec<Seated>, branches| Outcome::Seats { seats, branches };
    let turned: Vec<Seated> = seats.iter().rev().copied().collect();
    case.refuse(AFTER, with(&|said| said.round = 2), "round");
    case.refuse(AFTER, with(&|said| said.out.truncate(1)), "out");
    case.refuse(AFTER, with(&|said| said.out[0].why = Why::Declined), "out");
    case.refuse(AFTER, with(&|said| said.out.push(NewlyOut { position: 5, why: Why::NoAnswer })), "out");
    case.refuse(AFTER, with(&|said| said.outcome = other(turned.clone(), branches)), "seats");
    case.refuse(AFTER, with(&|said| said.outcome = other(seats.clone(), branches + 1)), "branches");
    let shortfall = Outcome::Shortfall(Shortfall::Relations);
    case.refuse(AFTER, with(&|said| said.outcome = shortfall.clone()), "outcome");
    case.say(AFTER, with(&|_| {}));
    case
}

fn conflicts_leave_no_panel() -> Case {
    // One seat each in two groups. Whoever can replace 0 knows 1, who remains.
    let mut related = setup(&[(1, 1), (1, 1)], 0, &[1, 2, 1, 1]);
    related.pool[1].2 = vec![100];
    related.pool[2].2 = vec![100];
    related.pool[3].2 = vec![100];
    let mut case = Case::new("conflicts leave no panel", related);
    case.invite(START).answer(START, 0, Answer::Declined).answer(START, 1, Answer::Accepted).settle(START);
    case.refuse(START, stopped_round(&case.book), "after_shortfall");
    case.say(START, stopped(StopReason::Shortfall));
    case.refuse(START, vacated(1, Why::Withdrawn, None), "stopped");
    case
}

fn branches_are_counted_anew() -> Case {
    // 0 in group 2; 1 in group 1. When 1 declines, two who know each other compete with nobody else
    // for group 1, behind one who fills group 2 only.
    let mut couple = setup(&[(2, 1), (1, 1)], 0, &[1, 2, 1, 2, 1, 1]);
    couple.pool[4].2 = vec![100];
    couple.pool[5].2 = vec![100];
    let mut case = Case::new("branches are counted anew", couple);
    case.invite(START).answer(START, 1, Answer::Declined);
    case.answer(START, 0, Answer::Accepted).answer(START, 2, Answer::Declined).settle(START);
    case
}

fn kept_members() -> Vec<Case> {
    let kept = |attempt| {
        let mut setup = setup(&[(1, 1), (1, 2), (1, 2)], 1, &[3, 6, 6, 1, 6]);
        setup.attempt = attempt;
        setup.kept = vec![Kept::Site { position: 1, site: 2 }, Kept::Group { position: 2, group: 3 }];
        setup
    };
    let mut later = Case::new("kept members of a later attempt have accepted", kept(2));
    later.refuse(START, signed(2, 3, 2), "signed_in").invite(START);
    later.answer(START, 0, Answer::Declined).answer(START, 3, Answer::Accepted).settle(START);
    let mut first = Case::new("kept members of a first attempt are invited", kept(1));
    first.invite(START);
    let mut leaves = Case::new("a kept member leaves before anybody is invited", kept(2));
    leaves.say(START, vacated(1, Why::Withdrawn, Some("A-2"))).settle(START);
    vec![later, first, leaves]
}

fn stops() -> Vec<Case> {
    let mut early = Case::new("a stop for shortfall needs one", example());
    early.refuse(START, stopped(StopReason::Shortfall), "no_shortfall");
    early.invite(START).say(START, stopped(StopReason::ProcurementStopped));
    early.refuse(START, stopped(StopReason::SiteFailure), "stopped");
    let mut nobody = Case::new("nobody is invited when no seat is open", setup(&[(1, 1)], 2, &[1; 3]));
    nobody.invite(START).answer(START, 0, Answer::Accepted).answer(START, 1, Answer::Declined).settle(AFTER);
    let invited = Invited {
        alpha: ALPHA,
        round: 2,
        closes: AFTER + WINDOW,
        invitees: vec![Invitee { position: 0, site: Some(1) }],
    };
    nobody.refuse(AFTER, Call::Invited(invited), "no_open_seat");
    vec![early, nobody]
}

fn all() -> Vec<Case> {
    let mut all = vec![
        filled_in_one_round(),
        filled_while_the_margin_is_open(),
        worked_example(),
        silence_with_and_without_a_receipt(),
        an_answer_is_one_in_time_and_of_the_open_round(),
        sign_in_fixes_the_group(),
        without_sign_in_the_site_is_kept(),
        a_vacancy_comes_before_the_next_round(),
        invitations_are_computed(),
        settlements_are_computed(),
        conflicts_leave_no_panel(),
        branches_are_counted_anew(),
    ];
    all.extend(kept_members());
    all.extend(stops());
    all.extend(crate::call_rules::cases());
    all
}

#[test]
fn calls_step_by_step_are_fixed() {
    let cases: Json = all().iter().map(Case::json).collect();
    hold("calls.json", &Json::from(Object::new().with("cases", cases)).canonical());
}

#[test]
fn the_steps_give_the_states_as_they_lie_there() {
    let bytes = std::fs::read(path("calls.json")).unwrap();
    let json = Json::parse_canonical(&bytes, bytes.len()).unwrap();
    let cases = json.as_map().unwrap()["cases"].as_list().unwrap();
    let (mut refusals, mut settlements) = (std::collections::BTreeSet::new(), 0);
    for (ours, theirs) in all().iter().zip(cases) {
        let theirs = theirs.as_map().unwrap();
        let (commitment, leaves) = (commitment(&ours.setup), leaves(&ours.setup));
        let order = (0..leaves.len() as u32).collect();
        let mut book = CallBook::new(ALPHA, &commitment, &leaves, order, ours.drawn.clone());
        for step in theirs["steps"].as_list().unwrap() {
            object(step, "", |f| {
                let (kind, time) = (f.str("type")?, f.int("time", 0..=i64::MAX)?);
                let Json::Map(mut fields) = f.required("fields")?.clone() else { panic!("fields") };
                fields.insert("alpha".into(), ALPHA.into());
                let call = Call::read(kind, &Json::Map(fields)).unwrap()?;
                let refused = f.optional("refused").and_then(Json::as_str).map(str::to_owned);
                let answer = book.apply(&call, time);
                assert_eq!(answer.as_ref().err().map(|e| e.name()), refused.as_deref(), "{}", ours.name);
                settlements += u32::from(answer.is_ok() && matches!(call, Call::Settled(_)));
                refusals.extend(refused);
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(Json::from(ours.state(&book)), theirs["state"], "{}", ours.name);
    }
    assert!(cases.len() >= 27 && refusals.len() >= 25 && settlements >= 18, "{refusals:?}");
}
