//! Saved lists (常用名单): filters of experts that an account keeps for itself, as cases of kind
//! `saved_list`. What a list finds is looked up when it is opened.
//!
//! *Limits:* [`LISTS_MAX`] lists of an account.

use super::Service;
use super::actor::{Action, Actor};
use super::cases::{Case, NewCase, no_case};
use super::changes::Changes;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::looks::line;
use super::refusal::{Kind, Refusal};
use super::search::SearchAsked;
use crate::codec::{Json, Object};
use crate::registry::saved_list::{DROPPED, KEPT, OWNERS, SAVED_LIST};
use crate::store::case::{self, CaseFilter};

/// The most lists of an account.
pub const LISTS_MAX: u64 = 50;
/// The most characters of a list's name.
const NAME_MAX: usize = 64;

/// A saved list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedList {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// The filter: word and value.
    pub filter: Vec<(String, String)>,
    /// Unix seconds.
    pub created: i64,
}

impl Service {
    /// Keeps a filter under a name.
    pub fn save_list(
        &self,
        actor: &Actor,
        name: &str,
        filter: &[(String, String)],
        key: Option<&IdempotencyKey>,
    ) -> Result<SavedList, Refusal> {
        actor.check(Action::ReadRegistry)?;
        self.once(
            actor,
            key,
            |id| self.saved_list(actor, id).and_then(|case| read(&case)),
            || {
                line("name", name, NAME_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
                let asked = SearchAsked::from_words(words(filter)).map_err(Refusal::invalid)?;
                if asked.name.is_some() {
                    let (zh, en) = ("名单不保存姓名", "a list keeps no person's name");
                    return Err(Refusal::field("filter.name", "", "no_names", zh, en));
                }
                let kept = self.store.read(|conn| case::count(conn, &own(actor)))?;
                if kept >= LISTS_MAX {
                    let zh = format!("每个账号至多保存 {LISTS_MAX} 个名单");
                    let en = format!("an account keeps at most {LISTS_MAX} lists");
                    return Err(Refusal::new(Kind::Conflict, "too_many_lists", zh, en));
                }
                let mut body = Object::new();
                for (word, value) in filter {
                    body = body.with(word.as_str(), value.as_str());
                }
                let begun = self.begin_case(
                    actor,
                    OWNERS,
                    "save",
                    NewCase {
                        lifecycle: &SAVED_LIST,
                        letter: 'L',
                        subject: None,
                        region: actor.region.as_ref().map(|region| region.as_str()),
                        parent: None,
                        owner: Some(&actor.account),
                        due: None,
                        body: Object::new().with("name", name).with("filter", Json::from(body)).into(),
                        sealed_for: None,
                    },
                )?;
                let row = self.idempotency_row(actor, key, &begun.id, 201);
                self.write_changes("save list", Changes::once(row).case(self.case_change(&begun)?))?;
                read(&begun)
            },
        )
    }

    /// The account's own lists.
    pub fn saved_lists(&self, actor: &Actor, paging: &Paging) -> Result<Listed<SavedList>, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let page = self.cases(actor, own(actor), paging)?;
        let items = page.items.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Listed { items, next: page.next })
    }

    /// The filter of one of the account's own lists.
    pub fn saved_filter(&self, actor: &Actor, id: &str) -> Result<SearchAsked, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let list = read(&self.saved_list(actor, id)?)?;
        // A code may have gone since.
        SearchAsked::from_words(words(&list.filter)).map_err(Refusal::invalid)
    }

    /// Gives up one of the account's own lists.
    pub fn drop_list(&self, actor: &Actor, id: &str) -> Result<(), Refusal> {
        actor.check(Action::ReadRegistry)?;
        let mut case = self.saved_list(actor, id)?;
        self.step_case(actor, OWNERS, &SAVED_LIST, &mut case, "drop")?;
        self.write_changes("drop list", Changes::default().case(self.case_change(&case)?))
    }

    fn saved_list(&self, actor: &Actor, id: &str) -> Result<Case, Refusal> {
        let case = self.case(actor, &SAVED_LIST, id)?;
        let own = case.owner.as_deref() == Some(actor.account.as_str()) && case.state != DROPPED;
        if own { Ok(case) } else { Err(no_case()) }
    }
}

fn own(actor: &Actor) -> CaseFilter {
    CaseFilter {
        kinds: vec![SAVED_LIST.name.to_owned()],
        states: vec![KEPT.to_owned()],
        owner: Some(actor.account.clone()),
        ..CaseFilter::default()
    }
}

fn words(filter: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    filter.iter().map(|(word, value)| (word.as_str(), value.as_str()))
}

fn read(case: &Case) -> Result<SavedList, Refusal> {
    let wrong = || Refusal::internal(format!("saved list {} does not read back", case.id));
    let field = |key: &str| case.body.as_map().and_then(|body| body.get(key));
    let name = field("name").and_then(Json::as_str).ok_or_else(wrong)?;
    let filter = field("filter").and_then(Json::as_map).ok_or_else(wrong)?;
    let filter = filter.iter().map(|(word, value)| Some((word.clone(), value.as_str()?.to_owned())));
    Ok(SavedList {
        id: case.id.clone(),
        name: name.to_owned(),
        filter: filter.collect::<Option<_>>().ok_or_else(wrong)?,
        created: case.created,
    })
}
