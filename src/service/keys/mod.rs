//! Keys in generations: registered, succeeded, retired, each an entry of the log (`api-spec/log-v2.md`).
//!
//! | file | holds |
//! |---|---|
//! | this file | the list; rotation, retirement, registration of others' keys |
//! | `moved` | the packages whose tags move when the tag key is rotated |
//!
//! *Invariants:* a key's file is on disk, synced, before the entry that registers it. A crash between the
//! two leaves a file that the log does not know: nothing signs with it, a start leaves it alone, and the
//! next rotation of its use takes it instead of making another. What the rules of log-v2 refuse is refused
//! under the lock, so two rotations at once give one key.
//!
//! Deliberately not here: who signs what at which index (`log::KeyBook`, `store::signing`), private keys
//! (`keys`).

mod moved;

use crate::codec::Hash;
use crate::log::{
    KeyBook, KeyRefusal, KeyRegistered, KeyRetired, KeyUse, RegisteredKey, RetiredBecause, TagsMoved,
    key_digest,
};
use crate::registry::Problem;
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::refusal::{Kind, Refusal};
use crate::store::{self, Append, Tx};

/// Subject of the entries about keys.
const SUBJECT: &str = "keys";

/// A key that the log registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLine {
    /// The key.
    pub key: RegisteredKey,
    /// Whether it is in force; of the operator's keys only.
    pub in_force: Option<bool>,
}

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The key that is in force now.
    pub key: RegisteredKey,
    /// Digest of the key before it.
    pub before: Hash,
    /// Whether its file lay ready.
    pub lay_ready: bool,
    /// Packages whose tags were moved.
    pub packages: usize,
}

/// A key of somebody else, to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// `witness`, `witness_vrf` or `supervisor`.
    pub usage: KeyUse,
    /// The public key.
    pub key: [u8; 32],
    /// Who holds it.
    pub name: String,
    /// Digest of the witness's signing key; for `witness_vrf`.
    pub witness: Option<Hash>,
}

impl Service {
    /// The keys of the log as its journal says now; what this process knows of them follows.
    pub fn follow_keys(&self) -> Result<KeyBook, Refusal> {
        use crate::ports::LogSigner;
        let book = self.store.read(store::signing::key_book)?;
        let book = book.ok_or_else(|| Refusal::internal("the log registers no keys"))?;
        self.keys.follow(&book);
        Ok(book)
    }

    /// Every key that the log registers, in that order.
    pub fn registered_keys(&self) -> Result<Vec<KeyLine>, Refusal> {
        let book = self.follow_keys()?;
        let line = |key: &RegisteredKey| {
            let newest = || book.in_force(key.usage, u64::MAX).is_some_and(|now| now.digest == key.digest);
            KeyLine { key: key.clone(), in_force: key.usage.is_operators().then(newest) }
        };
        Ok(book.all().iter().map(line).collect())
    }

    /// Makes the next key of a use without registering it, to be copied to every machine.
    pub fn prepare_key(&self, actor: &Actor, usage: KeyUse) -> Result<Hash, Refusal> {
        actor.check(Action::KeepKeys)?;
        own(usage)?;
        self.follow_keys()?;
        let (said, _) = self.keys.prepare(usage, self.entropy.as_ref())?;
        Ok(key_digest(&said.key))
    }

    /// Registers the next key of one of the operator's uses; it is in force from the next entry on. The
    /// tags of packages that are not closed move with the tag key, in the same write.
    pub fn rotate_key(&self, actor: &Actor, usage: KeyUse) -> Result<Rotated, Refusal> {
        actor.check(Action::KeepKeys)?;
        own(usage)?;
        let book = self.follow_keys()?;
        let before = book.in_force(usage, u64::MAX).map(|key| key.digest);
        let before = before.ok_or_else(|| Refusal::internal("no key in force"))?;
        let (said, made) = self.keys.prepare(usage, self.entropy.as_ref())?;
        let digest = key_digest(&said.key);
        let mut tags = moved::Moved::default();
        if usage == KeyUse::TagVrf {
            tags = self.moved_tags(&before, &digest)?;
        }
        let (packages, account) = (tags.count(), actor.account.clone());
        self.store.write("register key", move |tx| {
            if tx.key_in_force(usage) != Some(before) {
                return Err(moving());
            }
            if !tags.is_empty() && tags.are_stale(tx)? {
                return Err(moving());
            }
            append_registered(tx, &account, &said)?;
            for statement in &tags.statements {
                tx.append(entry(&account, TagsMoved::TYPE, statement.fields()))?;
            }
            Ok::<_, Refusal>(())
        })?;
        let book = self.follow_keys()?;
        let key = book.find(&digest).cloned().ok_or_else(|| Refusal::internal("key not registered"))?;
        Ok(Rotated { key, before, lay_ready: !made, packages })
    }

    /// Retires a key: one of the operator's only after its successor.
    pub fn retire_key(&self, actor: &Actor, said: KeyRetired) -> Result<RegisteredKey, Refusal> {
        actor.check(Action::KeepKeys)?;
        self.follow_keys()?;
        let account = actor.account.clone();
        self.store.write("retire key", move |tx| {
            let mut book = book_of(tx)?;
            book.retire(tx.next_index(), &said).map_err(|refusal| refused(refusal, &said.key.to_hex()))?;
            tx.append(entry(&account, KeyRetired::TYPE, said.fields()))?;
            Ok::<_, Refusal>(())
        })?;
        let book = self.follow_keys()?;
        book.find(&said.key).cloned().ok_or_else(|| Refusal::internal("key not registered"))
    }

    /// Registers the key of a witness or a supervisor. It makes nobody independent: whom an auditor holds
    /// for independent is the auditor's own word (`api-spec/parties-v1.md`).
    pub fn register_key(&self, actor: &Actor, new: NewKey) -> Result<RegisteredKey, Refusal> {
        actor.check(Action::KeepKeys)?;
        if new.usage.is_operators() {
            let (zh, en) = ("本方密钥用 keys rotate 更换", "the operator's own keys are rotated");
            return Err(Refusal::field("use", new.usage.name(), "not_others", zh, en));
        }
        let said = KeyRegistered {
            usage: new.usage,
            key: new.key,
            proof: None,
            name: Some(new.name),
            witness: new.witness,
        };
        if KeyRegistered::read(&said.fields().into()).is_err() {
            let zh = "须填写持有人（1–128字节）；witness_vrf 还须填写见证人签名公钥的摘要";
            let en = "name of the holder, 1 to 128 bytes; for witness_vrf the digest of the witness's key, otherwise none";
            return Err(Refusal::field("name", said.name.as_deref().unwrap_or_default(), "shape", zh, en));
        }
        let (digest, account) = (key_digest(&said.key), actor.account.clone());
        self.store.write("register key", move |tx| append_registered(tx, &account, &said))?;
        let book = self.follow_keys()?;
        book.find(&digest).cloned().ok_or_else(|| Refusal::internal("key not registered"))
    }
}

/// The end of a key, from words; `doubtful_from` belongs to `compromised` and to nothing else.
pub fn retirement(key: &str, reason: &str, doubtful_from: Option<u64>) -> Result<KeyRetired, Refusal> {
    let problem = |field: &str, value: &str, zh: &str, en: &str| {
        Refusal::invalid(vec![Problem::new(field, value, "shape", zh, en)])
    };
    let digest = Hash::from_hex(key).ok_or_else(|| {
        problem("key", key, "须为密钥摘要，64位十六进制小写", "must be the digest of a key, 64 hex digits")
    })?;
    let reason = match (reason, doubtful_from) {
        ("succeeded", None) => RetiredBecause::Succeeded,
        ("retired", None) => RetiredBecause::Retired,
        ("compromised", Some(doubtful_from)) => RetiredBecause::Compromised { doubtful_from },
        ("compromised", None) => {
            let (zh, en) = ("泄露停用须指明从哪一条目起存疑", "say from which log index on it is doubtful");
            return Err(problem("doubtful_from", "", zh, en));
        }
        ("succeeded" | "retired", Some(_)) => {
            let (zh, en) = ("仅泄露停用可填写", "only for compromised keys");
            return Err(problem("doubtful_from", "", zh, en));
        }
        _ => {
            let zh = "须为 succeeded（已更换）、retired（停止参与）或 compromised（泄露）";
            return Err(problem("reason", reason, zh, "must be succeeded, retired or compromised"));
        }
    };
    Ok(KeyRetired { key: digest, reason })
}

fn append_registered(tx: &mut Tx<'_>, account: &str, said: &KeyRegistered) -> Result<(), Refusal> {
    let mut book = book_of(tx)?;
    let key = key_digest(&said.key).to_hex();
    book.register(tx.next_index(), said).map_err(|refusal| refused(refusal, &key))?;
    tx.append(entry(account, KeyRegistered::TYPE, said.fields()))?;
    Ok(())
}

fn entry(account: &str, kind: &str, fields: crate::codec::Object) -> Append {
    Append {
        actor: account.to_owned(),
        kind: kind.to_owned(),
        subject: SUBJECT.to_owned(),
        statement: fields.with("type", kind),
        image: None,
        registry: false,
    }
}

fn book_of(tx: &Tx<'_>) -> Result<KeyBook, Refusal> {
    tx.key_book().cloned().ok_or_else(|| Refusal::internal("the log registers no keys"))
}

/// Only the operator's uses have generations here.
fn own(usage: KeyUse) -> Result<(), Refusal> {
    if usage.is_operators() {
        return Ok(());
    }
    let (zh, en) =
        ("他人的密钥由持有人更换，用 keys register 登记", "keys of others are registered, not rotated");
    Err(Refusal::field("use", usage.name(), "not_own", zh, en))
}

fn moving() -> Refusal {
    let en = "another rotation or a commitment came first, try again";
    Refusal::new(Kind::Conflict, "keys_moving", "另有更换或抽取承诺在先，请重试", en)
}

/// A rule of log-v2 §5 in words.
fn refused(refusal: KeyRefusal, key: &str) -> Refusal {
    let (field, zh) = match refusal {
        KeyRefusal::Key => ("key", "不是有效公钥"),
        KeyRefusal::NotNew => ("key", "该公钥已登记过"),
        KeyRefusal::Witness => ("witness", "没有登记这样的见证人签名公钥"),
        KeyRefusal::Proof => ("proof", "持有证明不成立"),
        KeyRefusal::UnknownKey => ("key", "没有登记这样的密钥"),
        KeyRefusal::RetiredBefore => ("key", "该密钥已停用"),
        KeyRefusal::InForce => ("key", "该密钥正在使用，请先用 keys rotate 更换"),
        KeyRefusal::DoubtfulFrom => ("doubtful_from", "须大于登记该密钥的条目序号，且不大于现在的条目数"),
    };
    Refusal::field(field, key, refusal.name(), zh, &refusal.to_string())
}
