//! Who applies: the person of the same identity in the registry, and other applications of one person.
//!
//! *Invariant:* one open application per person and per account; what is compared is the identity
//! document, and no answer repeats it.

use super::Side;
use super::body::ApplicationBody;
use crate::registry::application::{APPLICATION, DRAFT, PENDING, REJECTED};
use crate::registry::{Expert, Standing};
use crate::service::Service;
use crate::service::actor::Actor;
use crate::service::cases::all_rows;
use crate::service::erased::ERASED;
use crate::service::experts::registered;
use crate::service::refusal::{Kind, Refusal};
use crate::store::case::CaseFilter;
use crate::store::{self, Conn};
use crate::time::{Date, Timestamp};

impl Service {
    /// The expert of the same identity, if one was ever registered.
    pub(super) fn same_person(&self, conn: &mut Conn, expert: &Expert) -> Result<Option<Expert>, Refusal> {
        match store::expert::number_of(conn, &self.id_hash(expert))? {
            // An erased record is only found by this hash if the person stays on the check list.
            Some(number) => match self.expert_as_of_now(conn, &number)? {
                Some(known) => Ok(Some(known)),
                None => Err(barred()),
            },
            None => Ok(None),
        }
    }

    pub(in crate::service) fn expert_as_of_now(
        &self,
        conn: &mut Conn,
        number: &str,
    ) -> Result<Option<Expert>, Refusal> {
        let Some(found) = store::expert::find(conn, number)? else { return Ok(None) };
        if found.row.standing == ERASED {
            return Ok(None);
        }
        let index = found.row.entry.unsigned_abs();
        let entry = store::journal::find(conn, index)?
            .ok_or_else(|| Refusal::internal(format!("expert {number}: no entry {index}")))?;
        let (_, image) = self.archive().image(conn, &entry)?;
        image.open::<Expert>().map(Some).map_err(Refusal::internal)
    }

    /// Somebody with an account of an expert applies only when dismissed, and once at a time.
    pub(super) fn check_applicant(&self, actor: &Actor) -> Result<(), Refusal> {
        self.store.read(|conn| {
            if let Some(number) = &actor.expert {
                let expert = self.expert_as_of_now(conn, number)?;
                if !expert.is_some_and(|expert| matches!(expert.standing(), Standing::Dismissed(_))) {
                    return Err(registered());
                }
            }
            let open = CaseFilter {
                kinds: vec![APPLICATION.name.to_owned()],
                states: [DRAFT].iter().chain(&PENDING).map(|&state| state.to_owned()).collect(),
                owner: Some(actor.account.clone()),
                ..CaseFilter::default()
            };
            if store::case::count(conn, &open)? > 0 { Err(other_open()) } else { Ok(()) }
        })
    }

    /// An account that belongs to an expert applies for that expert and nobody else.
    pub(super) fn check_own_number(&self, actor: &Actor, side: Side, known: &Expert) -> Result<(), Refusal> {
        let own = actor.expert.as_deref();
        if side == Side::Own && own.is_some_and(|number| number != known.number().as_str()) {
            return Err(registered());
        }
        Ok(())
    }

    /// No other open application of the same person, and no rejection that is too recent. Identity is
    /// sealed, so the open ones are opened one by one: there are as many as a bureau has before it.
    pub(super) fn no_other_application(
        &self,
        conn: &mut Conn,
        expert: &Expert,
        id: &str,
        today: Date,
    ) -> Result<(), Refusal> {
        let months = self.registry_profile.entry.reapply_months.value;
        let mut states: Vec<String> = PENDING.iter().map(|&state| state.to_owned()).collect();
        if months > 0 {
            states.push(REJECTED.to_owned());
        }
        let filter = CaseFilter { kinds: vec![APPLICATION.name.to_owned()], states, ..CaseFilter::default() };
        for row in all_rows(conn, &filter)? {
            let over = Date::of(Timestamp(row.updated)).plus_months(months);
            if row.id == id || (row.state == REJECTED && over <= today) {
                continue;
            }
            let other = self.open_case(conn, &row)?;
            let other = ApplicationBody::read(&other.body).map_err(Refusal::internal)?;
            let draft = expert.draft();
            if (&other.facts.id_kind, &other.facts.id_number) != (&draft.id_kind, &draft.id_number) {
                continue;
            }
            if row.state == REJECTED {
                let en = format!("rejected less than {months} months ago: apply again later");
                let zh = format!("申请被拒未满 {months} 个月，暂不能再次申请");
                return Err(Refusal::new(Kind::Conflict, "reapply_too_early", zh, en));
            }
            return Err(other_open());
        }
        Ok(())
    }
}

fn other_open() -> Refusal {
    let en = "another application of this person is open: finish or withdraw it first";
    Refusal::new(Kind::Conflict, "application_open", "该人已有在办申请，请先办结或撤回", en)
}

/// What somebody erased is told who was banned, or dismissed for bad conduct or punishment.
fn barred() -> Refusal {
    let en = "this person stays on the check list and cannot be registered again";
    Refusal::new(Kind::Conflict, "barred", "此人在不得入库名单内，不得再次申请", en)
}
