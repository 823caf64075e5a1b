//! Fee tables: a bureau loads the one of its region. Two people, because money follows from it.

use crate::codec::Object;
use crate::registry::fee::FEE_TABLE;
use crate::registry::lifecycle::Lifecycle;
use crate::rules::fees::{FEE_TABLE_LIMIT, FeeTable};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::case_body::{CaseFile, CaseLine, free_text, text};
use crate::service::cases::{Case, NewCase, another_person};
use crate::service::changes::Changes;
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::{Kind, Refusal};
use crate::store::case::CaseFilter;

/// First letter of the ids.
const LETTER: char = 'T';

/// A table with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeTableView {
    /// The row.
    pub line: CaseLine,
    /// The table.
    pub table: FeeTable,
    /// The file.
    pub text: String,
}

impl Service {
    /// Proposes a table for a region.
    pub fn propose_fee_table(
        &self,
        actor: &Actor,
        file: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(Action::ProposeDecision)?;
        self.once(
            actor,
            key,
            |id| self.case_line(id),
            || {
                let table = read(file)?;
                if !actor.covers(Some(table.region.as_str())) {
                    let (zh, en) = ("须在本账号的区域之内", "must lie within this account's region");
                    return Err(Refusal::field("region", table.region.as_str(), "outside", zh, en));
                }
                let known = self.fee_table_cases()?;
                if known.iter().any(|case| {
                    text(&case.body, &["name"]) == Some(&table.name)
                        && !matches!(case.state.as_str(), "rejected" | "withdrawn")
                }) {
                    let en = "a table of this name is there already; a changed one gets a new name";
                    let zh = "同名标准已存在；修改后的标准请另起名称";
                    return Err(Refusal::new(Kind::Conflict, "name_taken", zh, en));
                }
                let body = Object::new()
                    .with("name", table.name.as_str())
                    .with("text", file)
                    .with("valid_from", table.valid_from.to_string())
                    .with("proposed_by", actor.account.as_str());
                let new = NewCase {
                    lifecycle: &FEE_TABLE,
                    letter: LETTER,
                    subject: None,
                    region: Some(table.region.as_str()),
                    parent: None,
                    owner: Some(&actor.account),
                    due: None,
                    body: body.into(),
                    sealed_for: None,
                };
                let case = self.begin_case(actor, &actor.parties(), "propose", new)?;
                let changes = Changes::once(self.idempotency_row(actor, key, &case.id, 201));
                self.write_changes("propose fee table", changes.case(self.case_change(&case)?))?;
                Ok(CaseLine::from(&case))
            },
        )
    }

    /// Puts a table in force that another account proposed.
    pub fn confirm_fee_table(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(Action::ConfirmDecision)?;
        self.step_fee_table(actor, id, key, |case| {
            let proposer = text(&case.body, &["proposed_by"]).unwrap_or_default().to_owned();
            another_person(actor, &proposer)?;
            self.step_case(actor, &actor.parties(), &FEE_TABLE, case, "confirm")?;
            case.owner = None;
            Ok(())
        })
    }

    /// Rejects a table that another account proposed, or (without a reason) withdraws an own one.
    pub fn end_fee_table(
        &self,
        actor: &Actor,
        id: &str,
        reason: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(if reason.is_some() { Action::ConfirmDecision } else { Action::ProposeDecision })?;
        if let Some(reason) = reason {
            free_text("reason", reason)?;
        }
        self.step_fee_table(actor, id, key, |case| {
            let proposer = text(&case.body, &["proposed_by"]).unwrap_or_default().to_owned();
            self.end_proposal(actor, &FEE_TABLE, case, &proposer, reason)
        })
    }

    /// Tables in force, and the proposals that the account may decide about.
    pub fn fee_tables(&self, actor: &Actor) -> Result<Vec<FeeTableView>, Refusal> {
        let decides = actor.may(Action::ReadCases);
        let mut views = Vec::new();
        for case in self.fee_table_cases()? {
            let open = case.state == "proposed" && decides && actor.covers(case.region.as_deref());
            if case.state == "in_force" || open {
                let file = text(&case.body, &["text"]).unwrap_or_default().to_owned();
                views.push(FeeTableView { line: CaseLine::from(&case), table: read(&file)?, text: file });
            }
        }
        views.sort_by(|a, b| a.line.id.cmp(&b.line.id));
        Ok(views)
    }

    /// One table with its case, for who may see cases.
    pub fn fee_table(&self, actor: &Actor, id: &str) -> Result<CaseFile, Refusal> {
        actor.check(Action::ReadCases)?;
        Ok(CaseFile::whole(&self.case(actor, &FEE_TABLE, id)?))
    }

    /// All tables in force.
    pub(in crate::service) fn fee_tables_in_force(&self) -> Result<Vec<FeeTable>, Refusal> {
        let cases = self.fee_table_cases()?;
        let in_force = cases.iter().filter(|case| case.state == "in_force");
        in_force.map(|case| read(text(&case.body, &["text"]).unwrap_or_default())).collect()
    }

    fn fee_table_cases(&self) -> Result<Vec<Case>, Refusal> {
        let filter = CaseFilter { kinds: vec![FEE_TABLE.name.to_owned()], ..CaseFilter::default() };
        self.store.read(|conn| self.all_cases(conn, &filter))
    }

    fn step_fee_table(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
        step: impl FnOnce(&mut Case) -> Result<(), Refusal>,
    ) -> Result<CaseLine, Refusal> {
        let lifecycle: &Lifecycle = &FEE_TABLE;
        self.once(
            actor,
            key,
            |id| self.case_line(id),
            || {
                let mut case = self.case(actor, lifecycle, id)?;
                step(&mut case)?;
                let changes = Changes::once(self.idempotency_row(actor, key, id, 200));
                self.write_changes("decide fee table", changes.case(self.case_change(&case)?))
                    .map_err(Refusal::unversioned)?;
                Ok(CaseLine::from(&case))
            },
        )
    }
}

fn read(file: &str) -> Result<FeeTable, Refusal> {
    if file.len() > FEE_TABLE_LIMIT {
        let (zh, en) = ("文件过长", "the file is too long");
        return Err(Refusal::field("table", "", "length", zh, en));
    }
    FeeTable::parse(file.as_bytes()).map_err(|wrong| {
        let field = if wrong.path.is_empty() { "table".to_owned() } else { format!("table.{}", wrong.path) };
        Refusal::field(&field, "", "shape", "不符合标准文件的格式", &wrong.rule)
    })
}
