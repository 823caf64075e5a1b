//! Lawful erasure (删除个人信息, 个人信息保护法 art 47): the data keys of a person are replaced, so that
//! what the journal holds of them opens no more, and the log stays as it is.
//!
//! A case of kind `erasure`, proposed by one account and confirmed by another. It has a key of its own
//! and holds no personal data; its last record names the **subjects** whose keys were replaced: the
//! expert's number, cases about the person with keys of their own, an application. In the same
//! transaction an expert's registry entry becomes a tombstone (`registry::privacy::Tombstone`) under
//! the fresh key and the row a tombstone's row. Replay, start and `fsck` believe an erasure only from
//! that signed and sealed record: a key that is gone without one is a fault, as before.
//!
//! Who may be erased: experts who were dismissed, died, were merged or banned; applications that failed.
//! Of those banned, or dismissed for bad conduct or punishment, number, reason and the keyed hash of the
//! id number stay on the check list; of others nothing stays but the number.
//!
//! The person's own accounts are revoked and emptied in the same write.
//!
//! *Deliberately not here:* the files of attachments: they are removed after the commit, and by the
//! sweep at start if that did not happen.

use std::collections::BTreeMap;

use super::Service;
use super::accounts::CHANGED;
use super::actor::{Action, Actor, Role};
use super::archive::SeatedCard;
use super::attachments::digest_of;
use super::cases::{Case, NewCase, all_rows, another_person, no_case};
use super::changes::Changes;
use super::draws::state;
pub use super::erased::ERASED;
use super::erased::{TOMBSTONE, row};
use super::experts::no_expert;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::looks::line;
use super::refusal::{Kind, Refusal};
use crate::codec::{Hash, Json, Object, ShapeError, object};
use crate::evidence::said::REGISTRY_EXPERT;
use crate::registry::lifecycle::Party;
use crate::registry::privacy::{ATTACHMENT, Barred, ERASURE, KEPT_OPENING, Tombstone};
use crate::registry::{ExpertNumber, Imaged};
use crate::store::account::Account;
use crate::store::case::CaseFilter;
use crate::store::{self, Append, Conn, Page, StoreError};
use crate::time::Timestamp;

/// The longest basis or reason, in characters.
const TEXT_MAX: usize = 500;
/// States in which anybody of the pool may still come to sit, so that nobody of it is erased.
const RUNNING: [&str; 5] =
    [state::COMMITTED, state::CALLING, state::FILLED, state::IN_REVIEW, state::REVIEWED];

/// Why somebody is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The person asked for it (art 47 (3) and 45–47).
    Request,
    /// The time of storage is over or the purpose done (arts 19, 47 (1), (2)).
    RetentionEnded,
}

impl Ground {
    /// The word in the API and the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::RetentionEnded => "retention_ended",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Request, Self::RetentionEnded].into_iter().find(|ground| ground.name() == word)
    }
}

/// An erasure as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureView {
    /// Its id.
    pub id: String,
    /// `proposed`, `done`, `rejected`.
    pub state: String,
    /// Expert number or application.
    pub about: String,
    /// Why.
    pub ground: String,
    /// Basis, in words without personal data.
    pub basis: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Subjects whose keys were replaced; empty before.
    pub subjects: Vec<String>,
    /// When it was proposed and last changed.
    pub times: (Timestamp, Timestamp),
    /// Grows with every change.
    pub version: i64,
}

/// Whom an erasure is about, and that the conditions hold.
struct Person {
    region: Option<String>,
    /// The tombstone, for an expert.
    tombstone: Option<(Tombstone, store::expert::Expert)>,
    /// Every subject whose key is replaced.
    subjects: Vec<String>,
    /// Attachments that go.
    attachments: Vec<Case>,
    /// The person's own accounts: revoked, without login, second factor and hash of the id number.
    accounts: Vec<Account>,
    /// What draws in whose panels the person sat keep of them: draw and card.
    kept: Vec<(String, SeatedCard)>,
}

impl Service {
    /// Proposes to erase an expert or an application.
    pub fn propose_erasure(
        &self,
        actor: &Actor,
        about: &str,
        ground: Ground,
        basis: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<ErasureView, Refusal> {
        actor.check(Action::ProposeDecision)?;
        line("basis", basis, TEXT_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
        self.once(
            actor,
            key,
            |id| self.erasure_view(id),
            || {
                let person = self.person(about)?;
                actor.check_region(person.region.as_deref(), "专家或申请", "expert or application")?;
                self.no_other_proposal(about)?;
                let body = Object::new()
                    .with("about", about)
                    .with("ground", ground.name())
                    .with("basis", basis)
                    .with("proposed_by", actor.account.as_str());
                let case = self.begin_case(
                    actor,
                    &actor.parties(),
                    "propose",
                    NewCase {
                        lifecycle: &ERASURE,
                        letter: 'X',
                        subject: Some(about),
                        region: person.region.as_deref(),
                        parent: None,
                        owner: None,
                        due: None,
                        body: body.into(),
                        sealed_for: None,
                    },
                )?;
                let changes = Changes::once(self.idempotency_row(actor, key, &case.id, 201))
                    .case(self.case_change(&case)?);
                self.write_changes("propose erasure", changes)?;
                view(&case).map_err(Refusal::internal)
            },
        )
    }

    /// Erases what another account proposed to erase. It cannot be undone.
    pub fn confirm_erasure(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<ErasureView, Refusal> {
        actor.check(Action::ConfirmDecision)?;
        self.once(
            actor,
            key,
            |id| self.erasure_view(id),
            || {
                let mut case = self.case(actor, &ERASURE, id)?;
                let proposal = view(&case).map_err(Refusal::internal)?;
                self.step_case(actor, &actor.parties(), &ERASURE, &mut case, "confirm")?;
                another_person(actor, &proposal.proposed_by)?;
                let person = self.person(&proposal.about)?;
                let subjects: Json =
                    person.subjects.iter().map(|subject| Json::from(subject.as_str())).collect();
                case.body = with(&case.body, "subjects", subjects).map_err(Refusal::internal)?;
                let names = self.erase(actor, &case, person, id, key)?;
                for name in names {
                    // The commit stands; what cannot be removed now is swept at the next start.
                    if let Err(error) = self.files.remove(&name) {
                        tracing::error!(%error, "an erased attachment's file is still there");
                    }
                }
                view(&case).map_err(Refusal::internal)
            },
        )
    }

    /// Rejects a proposal.
    pub fn reject_erasure(
        &self,
        actor: &Actor,
        id: &str,
        reason: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<ErasureView, Refusal> {
        actor.check(Action::ConfirmDecision)?;
        line("reason", reason, TEXT_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
        self.once(
            actor,
            key,
            |id| self.erasure_view(id),
            || {
                let mut case = self.case(actor, &ERASURE, id)?;
                self.step_case(actor, &actor.parties(), &ERASURE, &mut case, "reject")?;
                let proposal = view(&case).map_err(Refusal::internal)?;
                another_person(actor, &proposal.proposed_by)?;
                case.body = with(&case.body, "reason", Json::from(reason)).map_err(Refusal::internal)?;
                let changes =
                    Changes::once(self.idempotency_row(actor, key, id, 200)).case(self.case_change(&case)?);
                self.write_changes("reject erasure", changes).map_err(Refusal::unversioned)?;
                view(&case).map_err(Refusal::internal)
            },
        )
    }

    /// One erasure.
    pub fn erasure(&self, actor: &Actor, id: &str) -> Result<ErasureView, Refusal> {
        actor.check(Action::ReadCases)?;
        view(&self.case(actor, &ERASURE, id)?).map_err(Refusal::internal)
    }

    /// A page of erasures.
    pub fn erasures(
        &self,
        actor: &Actor,
        state: Option<&str>,
        paging: &Paging,
    ) -> Result<Listed<ErasureView>, Refusal> {
        actor.check(Action::ReadCases)?;
        let filter = CaseFilter {
            kinds: vec![ERASURE.name.into()],
            states: state.map(str::to_owned).into_iter().collect(),
            ..CaseFilter::default()
        };
        let page = self.cases(actor, filter, paging)?;
        let items = page.items.iter().map(view).collect::<Result<_, _>>().map_err(Refusal::internal)?;
        Ok(Listed { items, next: page.next })
    }

    fn erasure_view(&self, id: &str) -> Result<ErasureView, Refusal> {
        let case = self.store.read(|conn| self.read_case(conn, id))?.ok_or_else(no_case)?;
        view(&case).map_err(Refusal::internal)
    }

    fn no_other_proposal(&self, about: &str) -> Result<(), Refusal> {
        let filter = CaseFilter {
            kinds: vec![ERASURE.name.into()],
            states: vec!["proposed".into()],
            subject: Some(about.to_owned()),
            ..CaseFilter::default()
        };
        if self.store.read(|conn| store::case::count(conn, &filter))? == 0 {
            return Ok(());
        }
        let en = "an erasure of this person waits for confirmation already";
        Err(Refusal::new(Kind::Conflict, "already_proposed", "已有待确认的删除提议", en))
    }

    /// Whom it is about, with everything that goes; a refusal if the conditions do not hold.
    fn person(&self, about: &str) -> Result<Person, Refusal> {
        self.store.read(|conn| {
            if ExpertNumber::parse(about).is_some() {
                return self.expert_person(conn, about);
            }
            let case = self.read_case(conn, about)?.filter(|case| case.kind == "application");
            let case = case.ok_or_else(|| Refusal::not_found("专家或申请", "expert or application"))?;
            if !["rejected", "withdrawn"].contains(&case.state.as_str()) {
                return Err(not_erasable(
                    "只有未通过或已撤回的申请可以删除",
                    "only an application that was rejected or withdrawn can be erased",
                ));
            }
            let mut subjects = vec![case.sealed_for.clone()];
            let accounts = self.applicants_account(conn, &case)?;
            subjects.extend(accounts.iter().map(|account| account.id.clone()));
            let attachments = self.kept_attachments(conn, &subjects)?;
            let (tombstone, kept) = (None, Vec::new());
            Ok(Person { region: case.region, tombstone, subjects, attachments, accounts, kept })
        })
    }

    fn expert_person(&self, conn: &mut Conn, number: &str) -> Result<Person, Refusal> {
        let row = store::expert::find(conn, number)?.ok_or_else(no_expert)?;
        if row.row.standing == ERASED {
            return Err(Refusal::erased());
        }
        if !["dismissed", "banned", "deceased", "merged"].contains(&row.row.standing.as_str()) {
            return Err(not_erasable(
                "只有已解聘、已故、已并入或已禁止的专家可以删除",
                "only an expert who was dismissed, died, was merged or banned can be erased",
            ));
        }
        let entry = store::journal::find(conn, row.row.entry.unsigned_abs())?
            .ok_or_else(|| Refusal::internal(format!("expert {number}: no entry {}", row.row.entry)))?;
        let (_, image) = self.archive().image(conn, &entry)?;
        let expert = image.open::<crate::registry::Expert>().map_err(Refusal::internal)?;
        let barred = Barred::of(expert.standing());
        let kept = Hash::from_slice(&row.row.id_hash).filter(|_| barred.is_some());
        let tombstone = Tombstone {
            number: expert.number().clone(),
            id_hash: kept.unwrap_or_else(|| Hash(self.random())),
            barred,
        };
        let mut subjects = vec![number.to_owned()];
        let about = CaseFilter { subject: Some(number.to_owned()), ..CaseFilter::default() };
        for case in all_rows(conn, &about)? {
            // Cases about the person that have a key of their own (an application, before there was a
            // number); erasures hold nothing personal and stay readable.
            if case.kind != ERASURE.name && store::subject_key::find(conn, &case.id)?.is_some() {
                subjects.push(case.id);
            }
        }
        let attachments = self.kept_attachments(conn, &subjects)?;
        let accounts = store::account::of_expert(conn, number)?;
        subjects.extend(accounts.iter().map(|account| account.id.clone()));
        let region = Some(row.row.region.clone());
        let kept = self.panels_of(conn, number)?;
        Ok(Person { region, tombstone: Some((tombstone, row)), subjects, attachments, accounts, kept })
    }

    /// The account of an applicant, if it has no other application and is no registered expert's.
    fn applicants_account(&self, conn: &mut Conn, case: &Case) -> Result<Vec<Account>, Refusal> {
        let Some(owner) = &case.owner else { return Ok(Vec::new()) };
        let filter = CaseFilter {
            kinds: vec![case.kind.clone()],
            owner: Some(owner.clone()),
            ..CaseFilter::default()
        };
        let only = store::case::count(conn, &filter)? == 1;
        let account = store::account::find(conn, owner)?;
        let own = account.filter(|row| only && row.role == Role::Expert.name() && row.expert.is_none());
        Ok(own.into_iter().collect())
    }

    /// Every panel in which somebody sits, with the card that the draw's evidence opens. Reads the
    /// sealed pools of all draws: erasing is rare. Somebody whose draw is still running has to wait.
    fn panels_of(&self, conn: &mut Conn, number: &str) -> Result<Vec<(String, SeatedCard)>, Refusal> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = Page { after: after.clone(), limit: Page::MAX };
            let rows = store::draw::list(conn, &store::draw::DrawFilter::default(), &page)?;
            let Some(last) = rows.last() else { return Ok(found) };
            after = Some(last.id.clone());
            for row in rows.iter().filter(|row| row.committed_entry.is_some()) {
                let (pool, seats) = self.archive().pool_and_seats(conn, row)?;
                let Some(at) = pool.iter().position(|person| person.number == number) else { continue };
                if RUNNING.contains(&row.state.as_str()) {
                    return Err(not_erasable(
                        "其人在进行中的抽取的候选池内，请待抽取结束",
                        "the person is in the pool of a draw that is running; wait for its end",
                    ));
                }
                if let Some(person) = pool.get(at).filter(|_| seats.iter().any(|s| s.position as usize == at))
                {
                    found.push((row.id.clone(), self.archive().seated_card(conn, &row.id, person)?));
                }
            }
        }
    }

    fn kept_attachments(&self, conn: &mut Conn, subjects: &[String]) -> Result<Vec<Case>, Refusal> {
        let mut found = Vec::new();
        for subject in subjects {
            let filter = CaseFilter {
                kinds: vec![ATTACHMENT.name.into()],
                states: vec!["kept".into()],
                subject: Some(subject.clone()),
                ..CaseFilter::default()
            };
            found.extend(self.all_cases(conn, &filter)?);
        }
        Ok(found)
    }

    /// The one transaction; answers the names of the files that are to be removed.
    fn erase(
        &self,
        actor: &Actor,
        case: &Case,
        person: Person,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<Vec<String>, Refusal> {
        let mut keys = BTreeMap::new();
        for subject in &person.subjects {
            keys.insert(subject.clone(), self.subject_key(subject, false)?);
        }
        let missing = || Refusal::internal("an attachment of another subject");
        let (mut attachments, mut names) = (Vec::new(), Vec::new());
        for mut attachment in person.attachments {
            names.push(digest_of(&attachment).map_err(Refusal::internal)?.to_hex());
            self.step_case(actor, &[Party::Approver], &ATTACHMENT, &mut attachment, "erase")?;
            attachment.body = Object::new().into();
            let sealing = keys.get(&attachment.sealed_for).cloned().ok_or_else(missing)?;
            attachments.push(self.case_change_under(&attachment, sealing));
        }
        let mut accounts = Vec::new();
        for account in person.accounts {
            let (before, sealing) =
                (account.entry, keys.get(&account.id).ok_or_else(missing)?.stored_elsewhere());
            let row = Account {
                // What says whose it was goes; id, role and number stay for the entries that name it.
                name: ERASED.to_owned(),
                revoked: account.revoked.or(Some(self.clock.now().0)),
                login: None,
                person: None,
                password: None,
                totp: None,
                ..account
            };
            accounts.push(self.account_change_under(&actor.account, CHANGED, row, Some(before), sealing)?);
        }
        let mut kept = Vec::new();
        for (draw, card) in person.kept {
            let body = Object::new()
                .with("number", card.number)
                .with("name", card.name)
                .with("card_salt", card.card_salt)
                .with("rest", card.rest);
            let case = self.begin_case(
                actor,
                &[Party::Approver],
                "keep",
                NewCase {
                    lifecycle: &KEPT_OPENING,
                    letter: 'K',
                    subject: Some(&draw),
                    region: None,
                    parent: None,
                    owner: None,
                    due: None,
                    body: body.into(),
                    sealed_for: Some(&draw),
                },
            )?;
            kept.push(self.case_change(&case)?);
        }
        let tombstone = match person.tombstone {
            None => None,
            Some((tombstone, old)) => {
                let number = tombstone.number.as_str().to_owned();
                let sealing = keys.get(&number).ok_or_else(missing)?;
                let image = tombstone.seal(self.random(), self.random());
                let entry = Append {
                    actor: actor.account.clone(),
                    kind: TOMBSTONE.into(),
                    subject: number,
                    statement: Object::new().with("type", REGISTRY_EXPERT).with("image", image.digest()),
                    image: Some(self.sealer().seal(sealing, TOMBSTONE, &image.to_bytes())),
                    registry: true,
                };
                Some((entry, row(&tombstone, old.row.version + 1), old.row.version))
            }
        };
        let changes = Changes::once(self.idempotency_row(actor, key, id, 200))
            .part(move |tx| {
                keys.values().try_for_each(|key| key.replace(tx))?;
                if let Some((entry, row, version)) = &tombstone {
                    let mut row = row.clone();
                    row.row.entry = tx.append(entry.clone())?.entry();
                    store::expert::update(tx, &row, *version)?;
                }
                accounts.iter().try_for_each(|change| change.apply(tx).map(drop))?;
                for change in &attachments {
                    let mut row = change.row.clone();
                    row.entry = tx.append(change.entry.clone())?.entry();
                    store::case::update(tx, &row, row.version - 1)?;
                }
                Ok::<_, StoreError>(())
            })
            .case(self.case_change(case)?);
        let changes = kept.into_iter().fold(changes, Changes::case);
        self.write_changes("erase", changes).map_err(Refusal::unversioned)?;
        Ok(names)
    }
}

fn not_erasable(zh: &str, en: &str) -> Refusal {
    Refusal::new(Kind::Conflict, "not_erasable", zh, en)
}

/// A body with one field more.
fn with(body: &Json, key: &str, value: Json) -> Result<Json, ShapeError> {
    let Json::Map(map) = body else { return Err(ShapeError::new("body", "must be an object")) };
    let mut map = map.clone();
    map.insert(key.to_owned(), value);
    Ok(Json::Map(map))
}

pub(super) fn view(case: &Case) -> Result<ErasureView, ShapeError> {
    object(&case.body, "body", |f| {
        Ok(ErasureView {
            id: case.id.clone(),
            state: case.state.clone(),
            about: f.str("about")?.to_owned(),
            ground: f.str("ground")?.to_owned(),
            basis: f.str("basis")?.to_owned(),
            proposed_by: f.str("proposed_by")?.to_owned(),
            reason: f.optional("reason").and_then(|json| json.as_str()).map(str::to_owned),
            subjects: match f.optional("subjects") {
                None => Vec::new(),
                Some(_) => f.each("subjects", |item, path| {
                    let text = item.as_str().map(str::to_owned);
                    text.ok_or_else(|| ShapeError::new(path, "must be a string"))
                })?,
            },
            times: (Timestamp(case.created), Timestamp(case.updated)),
            version: case.version,
        })
    })
}
