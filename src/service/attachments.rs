//! Attachments (附件): photo and documents of an expert or an application, sealed in files beside the
//! database.
//!
//! Each is a case of kind `attachment`, sealed under the key of the person or application it belongs
//! to. Its content lies in a file of its own, sealed under the same key; the file's name is its
//! **digest**: HMAC-SHA-256 of the content under a key derived from that data key. So equal contents of
//! one person are one attachment, and nobody without the key can tell that two people hold the same
//! document, or that somebody holds a document that they have. The case's id is the digest's first
//! 80 bits; drafts and other cases name an attachment by its digest.
//!
//! *Invariants:* the file is on the disk before the entry that speaks of it is made; a file that no
//! entry speaks of is an orphan and swept at start; nothing but the erasure of the person removes an
//! attachment. Re-wrapping the data keys (rotation) leaves the files as they are.
//!
//! *Deliberately not here:* the name that somebody gave the file: it often holds the person's name and
//! says nothing that the kind does not.

use std::time::Duration;

use super::Service;
use super::actor::{Action, Actor};
use super::applications::Side;
use super::archive::Archive;
use super::cases::{Case, NewCase, all_rows, no_case};
use super::changes::Changes;
use super::experts::no_expert;
use super::idempotency::IdempotencyKey;
use super::refusal::{Kind, Refusal};
use crate::codec::{Fields, Hash, Object, ShapeError, object};
use crate::registry::ExpertNumber;
use crate::registry::lifecycle::Party;
use crate::registry::privacy::{ATTACHMENT, ATTACHMENT_LIMIT, ATTACHMENTS_MAX, AttachmentKind, Media};
use crate::store::case::CaseFilter;
use crate::store::files::Files;
use crate::store::{self, Conn};
use crate::time::Timestamp;

/// What a sealed content is, in its associated data.
const CONTENT: &str = "attachment/";
/// A file without an entry may be one whose entry is being made; after this time it is an orphan.
const ORPHAN_AFTER: Duration = Duration::from_secs(3600);

/// What is known of an attachment without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentView {
    /// Its id.
    pub id: String,
    /// Its digest, hex: how drafts and cases name it.
    pub digest: String,
    /// What it is for.
    pub kind: AttachmentKind,
    /// Type of the content.
    pub media: Media,
    /// Bytes.
    pub size: u64,
    /// Expert number or application that it belongs to.
    pub of: String,
    /// When it was filed.
    pub created: Timestamp,
}

/// Whose an attachment is.
struct Owner {
    /// Expert number or id of the application; whose key seals.
    subject: String,
    region: Option<String>,
}

impl Service {
    /// Files a document of an expert.
    pub fn attach_to_expert(
        &self,
        actor: &Actor,
        number: &str,
        kind: AttachmentKind,
        content: &[u8],
        key: Option<&IdempotencyKey>,
    ) -> Result<AttachmentView, Refusal> {
        actor.check(Action::KeepRegistry)?;
        let owner = self.expert_owner(actor, number)?;
        self.attach(actor, Party::Registrar, owner, kind, content, key)
    }

    /// Files a document of the expert whose account this is.
    pub fn attach_own(
        &self,
        actor: &Actor,
        kind: AttachmentKind,
        content: &[u8],
        key: Option<&IdempotencyKey>,
    ) -> Result<AttachmentView, Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = actor.expert.clone().ok_or_else(no_expert)?;
        let owner = self.expert_owner(actor, &number)?;
        self.attach(actor, Party::Expert, owner, kind, content, key)
    }

    /// Files a document of an application, from the side that writes it.
    pub fn attach_to_application(
        &self,
        actor: &Actor,
        side: Side,
        application: &str,
        kind: AttachmentKind,
        content: &[u8],
        key: Option<&IdempotencyKey>,
    ) -> Result<AttachmentView, Refusal> {
        actor.check(side.action())?;
        let (case, _) = self.application_to_write(actor, side, application)?;
        let party = match side {
            Side::Own => Party::Applicant,
            Side::Bureau => Party::Registrar,
        };
        let owner = Owner { subject: case.sealed_for, region: case.region };
        self.attach(actor, party, owner, kind, content, key)
    }

    /// Files a document of an own plan.
    pub fn attach_to_plan(
        &self,
        actor: &Actor,
        plan: &str,
        kind: AttachmentKind,
        content: &[u8],
        key: Option<&IdempotencyKey>,
    ) -> Result<AttachmentView, Refusal> {
        actor.check(Action::RequestDraw)?;
        let case = self.plan_case(actor, plan)?;
        let owner = Owner { subject: case.id, region: case.region };
        self.attach(actor, Party::Agency, owner, kind, content, key)
    }

    /// The documents of a plan that the account may see, without their content.
    pub fn plan_attachments(&self, actor: &Actor, plan: &str) -> Result<Vec<AttachmentView>, Refusal> {
        actor.check(Action::ReadPlans)?;
        self.plan_case(actor, plan)?;
        self.attachments_of(plan)
    }

    /// The content of a plan's document. The agency reads its own; for everybody else the look is
    /// recorded with its purpose.
    pub fn plan_attachment(
        &self,
        actor: &Actor,
        plan: &str,
        id: &str,
        purpose: Option<&str>,
    ) -> Result<(AttachmentView, Vec<u8>), Refusal> {
        if !self.plan_attachments(actor, plan)?.iter().any(|attachment| attachment.id == id) {
            return Err(no_case());
        }
        if actor.own_agency().is_none() {
            self.record_look(actor, "attachment", plan, purpose.unwrap_or_default())?;
        }
        let case = self.store.read(|conn| self.read_case(conn, id))?.ok_or_else(no_case)?;
        self.content(&case)
    }

    /// The documents of an expert, those of the application included; nothing of their content.
    pub fn attachments(&self, actor: &Actor, number: &str) -> Result<Vec<AttachmentView>, Refusal> {
        actor.check(Action::ReadRegistry)?;
        self.expert_owner(actor, number)?;
        self.attachments_of(number)
    }

    /// The documents of an application.
    pub fn application_attachments(
        &self,
        actor: &Actor,
        application: &str,
    ) -> Result<Vec<AttachmentView>, Refusal> {
        actor.check(Action::ReadCases)?;
        let case = self.application_case(application)?;
        actor.check_region(case.region.as_deref(), "办件", "case")?;
        self.attachments_of(application)
    }

    /// The own documents of an expert's account: of the record and of the applications.
    pub fn own_attachments(&self, actor: &Actor) -> Result<Vec<AttachmentView>, Refusal> {
        actor.check(Action::OwnRecord)?;
        let mut found = match &actor.expert {
            Some(number) => self.attachments_of(number)?,
            None => Vec::new(),
        };
        let owned = CaseFilter {
            kinds: vec![ATTACHMENT.name.into()],
            owner: Some(actor.account.clone()),
            ..CaseFilter::default()
        };
        for case in self.store.read(|conn| self.all_cases(conn, &owned))? {
            let view = view(&case).map_err(Refusal::internal)?;
            if case.state == "kept" && !found.contains(&view) {
                found.push(view);
            }
        }
        Ok(found)
    }

    /// The content of an attachment, after the look is recorded with its purpose.
    pub fn attachment(
        &self,
        actor: &Actor,
        id: &str,
        purpose: &str,
    ) -> Result<(AttachmentView, Vec<u8>), Refusal> {
        actor.check(Action::ReadRegistry)?;
        let case = self.case(actor, &ATTACHMENT, id)?;
        if case.state != "kept" {
            return Err(Refusal::erased());
        }
        let about = case.subject.clone().unwrap_or_else(|| case.id.clone());
        self.record_look(actor, "attachment", &about, purpose)?;
        self.content(&case)
    }

    /// The content of an own attachment; nobody is looked at.
    pub fn own_attachment(&self, actor: &Actor, id: &str) -> Result<(AttachmentView, Vec<u8>), Refusal> {
        actor.check(Action::OwnRecord)?;
        if !self.own_attachments(actor)?.iter().any(|own| own.id == id) {
            return Err(no_case());
        }
        let case = self.store.read(|conn| self.read_case(conn, id))?.ok_or_else(no_case)?;
        self.content(&case)
    }

    fn attach(
        &self,
        actor: &Actor,
        party: Party,
        owner: Owner,
        kind: AttachmentKind,
        content: &[u8],
        key: Option<&IdempotencyKey>,
    ) -> Result<AttachmentView, Refusal> {
        let media = check(content)?;
        let again = |id: &str| {
            let case = self.store.read(|conn| self.read_case(conn, id))?.ok_or_else(no_case)?;
            view(&case).map_err(Refusal::internal)
        };
        self.once(actor, key, again, || {
            let sealing = self.subject_key(&owner.subject, true)?;
            let digest = sealing.name_of(content);
            let id = id_of(&digest);
            let known = self.store.read(|conn| store::case::find(conn, &id))?;
            if known.is_some_and(|row| row.state == "kept") {
                // The same content of the same person: it is kept already.
                return again(&id);
            }
            let count = CaseFilter {
                kinds: vec![ATTACHMENT.name.into()],
                subject: Some(owner.subject.clone()),
                ..CaseFilter::default()
            };
            if self.store.read(|conn| store::case::count(conn, &count))? >= ATTACHMENTS_MAX as u64 {
                let (zh, en) =
                    ("附件数量已达上限 64 件", "there are 64 attachments already, no more are taken");
                return Err(Refusal::new(Kind::Conflict, "too_many_attachments", zh, en));
            }
            let body = Object::new()
                .with("digest", digest)
                .with("kind", kind.name())
                .with("media", media.name())
                .with("size", content.len() as u64);
            let new = NewCase {
                lifecycle: &ATTACHMENT,
                letter: 'F',
                subject: Some(&owner.subject),
                region: owner.region.as_deref(),
                parent: None,
                owner: Some(&actor.account),
                due: None,
                body: body.into(),
                sealed_for: Some(&owner.subject),
            };
            let case = Case { id: id.clone(), ..self.begin_case(actor, &[party], "file", new)? };
            let name = digest.to_hex();
            let sealed = self.sealer().seal(&sealing, &format!("{CONTENT}{name}"), content);
            // On the disk first: an entry never speaks of a file that is not there.
            self.files.put(&name, &sealed).map_err(Refusal::internal)?;
            let changes = Changes::once(self.idempotency_row(actor, key, &id, 201))
                .case(self.case_change_under(&case, sealing));
            match self.write_changes("file attachment", changes) {
                Ok(()) => view(&case).map_err(Refusal::internal),
                Err(refusal) => {
                    // Unknown outcomes and another request's success keep it; the sweep knows better.
                    if !matches!(refusal.kind, Kind::Unknown | Kind::Conflict) {
                        let _ = self.files.remove(&name);
                    }
                    Err(refusal)
                }
            }
        })
    }

    fn content(&self, case: &Case) -> Result<(AttachmentView, Vec<u8>), Refusal> {
        let view = view(case).map_err(Refusal::internal)?;
        let content = self.store.read(|conn| self.archive().content(conn, case, &self.files))?;
        Ok((view, content))
    }

    fn expert_owner(&self, actor: &Actor, number: &str) -> Result<Owner, Refusal> {
        let row = self.store.read(|conn| store::expert::find(conn, number))?.ok_or_else(no_expert)?;
        if row.row.standing == super::erasure::ERASED {
            return Err(Refusal::erased());
        }
        let region = Some(row.row.region);
        actor.check_region(region.as_deref(), "专家", "expert")?;
        Ok(Owner { subject: number.to_owned(), region })
    }

    /// A case of kind `application` (its life cycle is `registry`'s, in its own file).
    fn application_case(&self, id: &str) -> Result<Case, Refusal> {
        let case = self.store.read(|conn| self.read_case(conn, id))?;
        case.filter(|case| case.kind == "application").ok_or_else(no_case)
    }

    /// All that is kept of an expert or an application. An expert's are also those of the cases about
    /// them: what an application held stays with it.
    pub(super) fn attachments_of(&self, subject: &str) -> Result<Vec<AttachmentView>, Refusal> {
        let cases = self.store.read(|conn| {
            let mut subjects = vec![subject.to_owned()];
            if ExpertNumber::parse(subject).is_some() {
                let about = CaseFilter {
                    kinds: vec!["application".into()],
                    subject: Some(subject.to_owned()),
                    ..CaseFilter::default()
                };
                subjects.extend(all_rows(conn, &about)?.into_iter().map(|row| row.id));
            }
            let mut cases = Vec::new();
            for subject in subjects {
                let filter = CaseFilter {
                    kinds: vec![ATTACHMENT.name.into()],
                    states: vec!["kept".into()],
                    subject: Some(subject),
                    ..CaseFilter::default()
                };
                cases.extend(self.all_cases(conn, &filter)?);
            }
            Ok::<_, Refusal>(cases)
        })?;
        cases.iter().map(|case| view(case).map_err(Refusal::internal)).collect()
    }

    /// Removes files that no entry speaks of, and those of people who were erased. Answers how many.
    pub fn sweep_attachments(&self) -> Result<usize, Refusal> {
        let mut swept = self.files.sweep_unfinished(ORPHAN_AFTER).map_err(Refusal::internal)?;
        let erased = self.store.read(|conn| self.archive().erased(conn))?;
        for (name, age) in self.files.names().map_err(Refusal::internal)? {
            let Some(digest) = Hash::from_hex(&name) else { continue };
            let row = self.store.read(|conn| store::case::find(conn, &id_of(&digest)))?;
            let goes = match row {
                Some(row) => {
                    let entry = row.entry.unsigned_abs();
                    row.state != "kept" || row.subject.is_some_and(|subject| erased.covers(&subject, entry))
                }
                None => age >= ORPHAN_AFTER,
            };
            if goes {
                self.files.remove(&name).map_err(Refusal::internal)?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

impl Archive<'_> {
    /// The content of an attachment, held against its digest.
    pub(super) fn content(&self, conn: &mut Conn, case: &Case, files: &Files) -> Result<Vec<u8>, Refusal> {
        let wrong = |what: &str| Refusal::internal(format!("attachment {}: {what}", case.id));
        let name = digest_of(case).map_err(Refusal::internal)?;
        let sealed = files.get(&name.to_hex()).map_err(Refusal::internal)?;
        let sealed = sealed.ok_or_else(|| wrong("the file is missing"))?;
        let key = self.sealer().stored_key(conn, &case.sealed_for)?;
        let content = key.open(&format!("{CONTENT}{}", name.to_hex()), &sealed)?;
        if key.name_of(&content) == name { Ok(content.to_vec()) } else { Err(wrong("is another content")) }
    }
}

/// The id of the attachment with a digest.
pub(super) fn id_of(digest: &Hash) -> String {
    let mut first = [0u8; 10];
    first.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    format!("F{}", ExpertNumber::from_random(first).as_str().trim_start_matches('E'))
}

/// The digest in a case of an attachment.
pub(super) fn digest_of(case: &Case) -> Result<Hash, ShapeError> {
    Ok(body(case)?.0)
}

fn body(case: &Case) -> Result<(Hash, AttachmentKind, Media, u64), ShapeError> {
    let word = |f: &mut Fields<'_>, key: &str| f.str(key).map(str::to_owned);
    object(&case.body, "body", |f| {
        let digest = f.hash("digest")?;
        let kind = AttachmentKind::parse(&word(f, "kind")?);
        let media = Media::parse(&word(f, "media")?);
        let size = f.int("size", 1..=ATTACHMENT_LIMIT as i64)?.unsigned_abs();
        match (kind, media) {
            (Some(kind), Some(media)) => Ok((digest, kind, media, size)),
            _ => Err(f.wrong("kind", "unknown kind or media")),
        }
    })
}

fn view(case: &Case) -> Result<AttachmentView, ShapeError> {
    let (digest, kind, media, size) = body(case)?;
    Ok(AttachmentView {
        id: case.id.clone(),
        digest: digest.to_hex(),
        kind,
        media,
        size,
        of: case.subject.clone().unwrap_or_default(),
        created: Timestamp(case.created),
    })
}

fn check(content: &[u8]) -> Result<Media, Refusal> {
    let problem = |rule, zh: &str, en: &str| Err(Refusal::field("body", "", rule, zh, en));
    if content.is_empty() {
        return problem("required", "附件内容为空", "the attachment is empty");
    }
    if content.len() > ATTACHMENT_LIMIT {
        return problem("length", "附件不得超过 5 MiB", "an attachment must not exceed 5 MiB");
    }
    match Media::of(content) {
        Some(media) => Ok(media),
        None => problem(
            "media",
            "内容须为 PDF、JPEG 或 PNG（按文件内容判断）",
            "the content must be PDF, JPEG or PNG (judged by the content itself)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_beginning_of_the_digest() {
        let (one, other) = (Hash([1; 32]), Hash([2; 32]));
        assert_eq!(id_of(&one).len(), 17);
        assert_ne!(id_of(&one), id_of(&other));
        let mut same_start = [1; 32];
        same_start[31] = 9;
        assert_eq!(id_of(&one), id_of(&Hash(same_start)));
    }
}
