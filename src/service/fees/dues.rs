//! What is due to one member of a panel: computed once the draw is unsealed, travel claimed by the expert
//! against vouchers and checked, paid by the payer.

use crate::codec::{Json, Object};
use crate::codes::Region;
use crate::registry::Problem;
use crate::registry::fee::FEE;
use crate::registry::lifecycle::Party;
use crate::rules::fees::{
    Due, FeeTable, NoTravel, Payer, Unpaid, VOUCHERS_MAX, VoucherKind, Work, due, table_at, travel,
};
use crate::service::Service;
use crate::service::actor::{Action, Actor, Role};
use crate::service::case_body::{CaseFile, CaseLine, free_text, int, push, set, text};
use crate::service::cases::{Case, NewCase, no_case};
use crate::service::changes::Changes;
use crate::service::conduct::own_number;
use crate::service::idempotency::IdempotencyKey;
use crate::service::listing::{Listed, Paging};
use crate::service::looks::line;
use crate::service::refusal::{Kind, Refusal};
use crate::store::{self, case::CaseFilter};
use crate::time::{Date, Timestamp};

/// First letter of the ids.
const LETTER: char = 'M';

/// A voucher as claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherDraft {
    /// A kind of [`VoucherKind::ALL`].
    pub kind: String,
    /// Amount, 分.
    pub fen: u64,
    /// Number of the voucher, one line of at most 64 characters.
    pub number: String,
}

/// Whom and what a fee is computed for.
pub(in crate::service) struct FeeOf<'a> {
    /// The draw.
    pub draw: &'a str,
    /// Its package.
    pub package: &'a str,
    /// Position on the panel or of somebody who was replaced.
    pub position: u32,
    /// Expert number and name.
    pub person: (&'a str, &'a str),
    /// The expert's main region.
    pub home: Region,
    /// Where the person reviewed.
    pub place: Region,
    /// The day.
    pub day: Date,
    /// What the person did.
    pub work: &'a Work,
    /// Who pays, and the credit code and name of that unit.
    pub payer: (Payer, &'a str, &'a str),
}

impl Service {
    /// The case of a fee; `None` where no table is in force at the place.
    pub(in crate::service) fn fee_case(
        &self,
        tables: &[FeeTable],
        of: &FeeOf<'_>,
    ) -> Result<Option<Case>, Refusal> {
        let Some(table) = table_at(tables, &of.place, of.day) else { return Ok(None) };
        let found = due(table, of.work);
        let (payer, code, name) = of.payer;
        let body = Object::new()
            .with("draw", of.draw)
            .with("package", of.package)
            .with("position", of.position)
            .with("name", of.person.1)
            .with("day", of.day.to_string())
            .with("place", of.place.as_str())
            .with("home", of.home.as_str())
            .with("table", table.name.as_str())
            .with("payer", payer.name())
            .with("payer_code", code)
            .with("payer_name", name)
            .with("minutes", int_of(found.minutes)?)
            .with("fee_fen", int_of(found.fee_fen)?)
            .with("waiting_fen", int_of(found.waiting_fen)?)
            .with_some("unpaid", found.unpaid.map(Unpaid::name));
        let new = NewCase {
            lifecycle: &FEE,
            letter: LETTER,
            subject: Some(of.person.0),
            region: Some(of.place.as_str()),
            parent: Some(of.draw),
            owner: Some(code),
            due: None,
            body: body.into(),
            sealed_for: Some(of.person.0),
        };
        let event = if found.unpaid.is_some() { "refuse" } else { "compute" };
        self.begin_case(&Actor::of_service(), &[Party::Clock], event, new).map(Some)
    }

    /// Fees of an own draw, with names: they are public by now.
    pub fn fees_of_draw(&self, actor: &Actor, draw: &str) -> Result<Vec<CaseFile>, Refusal> {
        actor.check(Action::PayFees)?;
        self.own_draw(actor, draw)?;
        let filter = CaseFilter {
            kinds: vec![FEE.name.to_owned()],
            parent: Some(draw.to_owned()),
            ..CaseFilter::default()
        };
        let mut files: Vec<CaseFile> =
            self.store.read(|conn| self.all_cases(conn, &filter))?.iter().map(CaseFile::whole).collect();
        files.sort_by(|a, b| a.line.id.cmp(&b.line.id));
        Ok(files)
    }

    /// An expert's own fees.
    pub fn own_fees(&self, actor: &Actor, paging: &Paging) -> Result<Listed<CaseFile>, Refusal> {
        actor.check(Action::OwnRecord)?;
        let filter = CaseFilter {
            kinds: vec![FEE.name.to_owned()],
            subject: Some(own_number(actor)?),
            ..CaseFilter::default()
        };
        let page = self.cases(actor, filter, paging)?;
        let items = page.items.iter().map(CaseFile::whole).collect();
        Ok(Listed { items, next: page.next })
    }

    /// Claims travel to another city, against vouchers.
    pub fn claim_travel(
        &self,
        actor: &Actor,
        id: &str,
        vouchers: &[VoucherDraft],
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = own_number(actor)?;
        self.step_fee(actor, id, key, |case| {
            if case.subject.as_deref() != Some(&number) {
                return Err(no_case());
            }
            check_vouchers(vouchers)?;
            let region = |name: &str| Region::parse(text(&case.body, &[name]).unwrap_or_default());
            let home = region("home").map_err(Refusal::internal)?;
            let place = region("place").map_err(Refusal::internal)?;
            let fens: Vec<u64> = vouchers.iter().map(|voucher| voucher.fen).collect();
            let sum = travel(&home, &place, &due_of(case), &fens).map_err(no_travel)?;
            self.step_case(actor, &actor.parties(), &FEE, case, "claim")?;
            let voucher = |voucher: &VoucherDraft| -> Json {
                Object::new()
                    .with("kind", voucher.kind.as_str())
                    .with("fen", voucher.fen)
                    .with("number", voucher.number.as_str())
                    .into()
            };
            set(&mut case.body, "vouchers", vouchers.iter().map(voucher).collect::<Json>());
            set(&mut case.body, "claimed_fen", int_of(sum)?);
            Ok(())
        })
    }

    /// Checks the vouchers of a claim: settled as claimed, or returned with a reason.
    pub fn check_travel(
        &self,
        actor: &Actor,
        id: &str,
        reason: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(Action::PayFees)?;
        self.step_fee(actor, id, key, |case| {
            self.own_draw(actor, case.parent.as_deref().unwrap_or_default()).map_err(|_| no_case())?;
            let event = if reason.is_some() { "return" } else { "settle" };
            self.step_case(actor, &actor.parties(), &FEE, case, event)?;
            match reason {
                None => {
                    let sum = int(&case.body, &["claimed_fen"]).unwrap_or_default();
                    set(&mut case.body, "travel_fen", sum);
                }
                Some(reason) => {
                    free_text("reason", reason)?;
                    let note = Object::new().with("reason", reason).with("at", case.updated);
                    push(&mut case.body, "returned", note)?;
                }
            }
            Ok(())
        })
    }

    /// Records the payment; only the unit that has to pay does.
    pub fn pay_fee(
        &self,
        actor: &Actor,
        id: &str,
        reference: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(Action::PayFees)?;
        line("reference", reference, 64).map_err(|problem| Refusal::invalid(vec![problem]))?;
        self.step_fee(actor, id, key, |case| {
            if actor.unit.is_none() || actor.unit != case.owner {
                return Err(no_case());
            }
            self.step_case(actor, &actor.parties(), &FEE, case, "pay")?;
            let travel = int(&case.body, &["travel_fen"]).unwrap_or_default();
            let fee = int(&case.body, &["fee_fen"]).unwrap_or_default();
            set(&mut case.body, "paid_fen", fee + travel);
            set(&mut case.body, "payment", reference);
            set(&mut case.body, "paid_on", Date::of(Timestamp(case.updated)).to_string());
            Ok(())
        })
    }

    fn step_fee(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
        step: impl FnOnce(&mut Case) -> Result<(), Refusal>,
    ) -> Result<CaseLine, Refusal> {
        self.once(
            actor,
            key,
            |id| self.case_line(id),
            || {
                let mut case = self.case(actor, &FEE, id)?;
                step(&mut case)?;
                let changes = Changes::once(self.idempotency_row(actor, key, id, 200));
                self.write_changes("step fee", changes.case(self.case_change(&case)?))
                    .map_err(Refusal::unversioned)?;
                Ok(CaseLine::from(&case))
            },
        )
    }

    /// A draw of the account's own unit: its agency's, or its purchaser's. Others do not exist for it.
    pub(in crate::service) fn own_draw(&self, actor: &Actor, id: &str) -> Result<store::draw::Draw, Refusal> {
        let row = self.draw_row(actor, id)?;
        if actor.role == Role::Purchaser {
            let package = self.package_row(actor, &row.package)?;
            if actor.unit.as_deref() != Some(package.purchaser.as_str()) {
                return Err(Refusal::not_found("抽取", "draw"));
            }
        }
        Ok(row)
    }
}

/// What the body says is due.
fn due_of(case: &Case) -> Due {
    let number = |key: &str| int(&case.body, &[key]).and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
    let why = text(&case.body, &["unpaid"]);
    let all = [Unpaid::Absent, Unpaid::LeftEarly, Unpaid::Breach, Unpaid::NotReviewed];
    Due {
        fee_fen: number("fee_fen"),
        waiting_fen: number("waiting_fen"),
        minutes: number("minutes"),
        unpaid: why.and_then(|word| all.into_iter().find(|unpaid| unpaid.name() == word)),
    }
}

fn check_vouchers(vouchers: &[VoucherDraft]) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    if vouchers.is_empty() || vouchers.len() > VOUCHERS_MAX {
        let (zh, en) = (format!("应为 1 至 {VOUCHERS_MAX} 张"), format!("must be 1 to {VOUCHERS_MAX}"));
        problems.push(Problem::new("vouchers", "", "count", zh, en));
    }
    for (at, voucher) in vouchers.iter().enumerate() {
        if VoucherKind::parse(&voucher.kind).is_none() {
            let names = VoucherKind::ALL.map(VoucherKind::name).join(", ");
            let zh = format!("应为 {names} 之一；市内交通不予报销");
            let en = format!("must be one of {names}; transport within a town is not reimbursed");
            problems.push(Problem::new(
                format!("vouchers[{at}].kind"),
                &voucher.kind,
                "voucher_kind",
                zh,
                en,
            ));
        }
        let number = format!("vouchers[{at}].number");
        problems.extend(line(&number, &voucher.number, 64).err());
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::invalid(problems)) }
}

fn no_travel(why: NoTravel) -> Refusal {
    let (code, zh, en) = match why {
        NoTravel::SameCity => (
            "same_city",
            "评审地与本人所在城市相同，不属异地，差旅费不予报销（财库〔2016〕198号第二十五条）",
            "the review was in the expert's own city: no travel (198号 art 25)",
        ),
        NoTravel::NothingDue => (
            "nothing_due",
            "中途离开、违规或未到的，不付报酬和差旅费（财库〔2016〕198号第二十六条）",
            "nothing is due to who left early, was in breach or absent (198号 art 26)",
        ),
        NoTravel::Range => {
            let (zh, en) = ("每张凭据金额应为 1 分至 10 万元", "each voucher from 1 分 to 100,000 元");
            return Refusal::field("vouchers", "", "range", zh, en);
        }
    };
    Refusal::new(Kind::Conflict, code, zh, en)
}

fn int_of(n: u64) -> Result<i64, Refusal> {
    i64::try_from(n).map_err(Refusal::internal)
}
