//! The service: use-cases, permissions, the drawing index. The only code that sees both store and
//! core; `http` calls one use-case per request and never touches the store.
//!
//! | file | holds |
//! |---|---|
//! | `actor` | roles and the permission table |
//! | `refusal` | the one error |
//! | `case_body` | tools for what a case keeps, and lists of cases |
//! | `conduct/`, `remarks` | clues, bad conduct, non-punitive records |
//! | `day/` | the day of a review, and what follows the announcement |
//! | `dossier/`, `record_paper` | the archive package; the record on paper |
//! | `fees/` | tables of regions; what is due to the members of a panel |
//! | `performance`, `tier`, `tier_book` | evaluations both ways; tiers computed from them; lots for draws |
//! | `campaigns/` | special checks of the whole registry |
//! | `access` | who a token stands for; the numbers of sign-in |
//! | `accounts`, `account_changes` | accounts: made, listed, changed, locked, revoked |
//! | `sessions`, `own_account`, `tokens` | signing in and out; own password and second factor; API tokens |
//! | `passwords`, `totp` | argon2id and the rule of passwords; one-time codes |
//! | `cases`, `changes` | processes (办件) of every kind: one record, one table, one write |
//! | `applications/` | from the application to the expert: drafts, reviews, entry |
//! | `amendments` | change requests of experts |
//! | `conditions` | the facts that the conditions of selection ask about |
//! | `facts_patch` | facts of a record as applications and changes send them |
//! | `decisions`, `carrying` | decisions about a standing: proposed, confirmed by another, carried out |
//! | `leave` | leave, confirmation, lost contact |
//! | `due`, `reminders` | what a date brings, in steps |
//! | `renewals`, `renewal_persons` | terms renewed in batches; who fails, and the ways out |
//! | `worklists` | cases of every kind as lists, with a body after a look; an expert's own |
//! | `experts`, `units`, `imports` | the registry is kept |
//! | `packages` | what panels are drawn for |
//! | `looks`, `look_lists` | every look at a sealed field is an entry first; who looked at whom |
//! | `sight` | who sees what of an expert, and when: one table |
//! | `attachments` | documents, sealed in files beside the database |
//! | `erasure`, `erased` | a person's data keys are replaced, the log stays; what that closed |
//! | `reseal` | rotation of the sealing key |
//! | `rules_in_force` | the registry profile is loaded with a case of its own |
//! | `listing` | pages of lists |
//! | `archive` | the journal read back with the keys, without a running service |
//! | `fsck`, `fsck_rows` | the tables held against a replay of the journal |
//! | `replay` | every pool and every exclusion rebuilt from the journal |
//! | `schemes`, `scheme_book` | speciality schemes: loaded, browsed; which specialities exist |
//! | `claims` | claims along a crosswalk: report, migration |
//! | `unit_merges` | duplicate records of a unit become one |
//! | `sealing` | data keys of subjects, sealed records |
//! | `search`, `name_index`, `saved_lists` | experts found and counted, by name too; filters kept |
//! | `exports/` | lists as tables, within what the viewer may see |
//! | `tables` | tables that leave the house: CSV, XLSX |
//! | `membership` | prove-me: an expert's own place in an unsealed draw |
//! | `idempotency` | the same key gives the same resource |
//! | `index` | the registry in memory, to draw from |
//! | `plans/` | what is asked for a package: agency, purchaser, bureau, then the draw |
//! | `venues`, `sites_draw/` | places of review and their bookings; sub-venues drawn before the experts |
//! | `draws/` | request → committed → drawn, void, unseal |
//! | `contributions/` | what others contribute to a draw: nonces, witnesses' answers, a beacon's round |
//! | `calls/` | the panel invited, answers, settlements, the outbox |
//! | `engagements` | who is invited, accepted, seated when; past reviews |
//! | `evidence`, `evidence_by_index`, `evidence_export` | the file that a stranger verifies; by log index; all of them as a directory |
//! | `log_reads` | checkpoint, tiles, entries, signatures, proofs |
//! | `log_files`, `log_export` | the log as files under fixed paths; the whole of it as a directory, without a running service |
//! | `public_files` | what anybody may fetch of a draw: few built at once, kept while nothing moves |
//! | `witnesses/` | heads that others cosign; who cosigned what, and how it stands with each |
//!
//! *Invariants:* every change goes through `Store::write` with its journal entry; a look at a sealed
//! field is a write first, then a read; nothing here picks, prefers or removes a person by hand.

pub mod access;
pub mod account_changes;
pub mod accounts;
pub mod actor;
pub mod amendments;
pub mod applications;
pub mod archive;
pub mod attachments;
pub mod calls;
pub mod campaigns;
mod carrying;
pub mod case_body;
pub mod cases;
mod changes;
pub mod claims;
mod conditions;
pub mod conduct;
pub mod contributions;
pub mod day;
pub mod decisions;
mod direct_entry;
pub mod dossier;
pub mod draws;
pub mod due;
pub mod engagements;
pub mod erased;
pub mod erasure;
pub mod evidence;
mod evidence_by_index;
pub mod evidence_export;
pub mod experts;
pub mod exports;
pub mod facts_patch;
pub mod fees;
mod following;
pub mod fsck;
mod fsck_attachments;
mod fsck_calls;
mod fsck_cases;
mod fsck_rows;
pub mod health;
pub mod idempotency;
pub mod imports;
mod index;
pub mod keys;
pub mod leave;
pub mod listing;
pub mod log_export;
pub mod log_files;
pub mod log_reads;
pub mod look_lists;
pub mod looks;
pub mod membership;
mod name_index;
pub mod own_account;
pub mod packages;
pub mod passwords;
pub mod performance;
pub mod permissions;
pub mod plans;
pub mod private_export;
pub mod public_files;
mod record_paper;
pub mod refusal;
pub mod remarks;
mod reminders;
mod renewal_persons;
pub mod renewals;
pub mod replay;
pub mod reseal;
mod rules_in_force;
pub mod saved_lists;
pub mod scheme_book;
pub mod schemes;
pub mod sealing;
pub mod search;
pub mod sessions;
pub mod sight;
pub mod sites_draw;
pub mod tables;
pub mod tier;
mod tier_book;
pub mod tokens;
mod totp;
pub mod unit_merges;
pub mod units;
pub mod venues;
pub mod witnesses;
pub mod workers;
pub mod worklists;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};

use crate::config::beacon::Beacon;
use crate::evidence::said::PROFILE_LOADED;
use crate::keys::Keys;
use crate::log::opened::LogOpened;
use crate::log::{KeyUse, Statement, key_digest};
use crate::outside::wire::GatewayKey;
use crate::outside::witness::Witness;
use crate::ports::{Clock, Entropy};
use crate::rules::{Profile, RegistryProfile};
use crate::store::files::Files;
use crate::store::{self, Append, Database, Failpoints, Store, StoreConfig};
use access::AccessRules;
use archive::Archive;
use index::DrawingIndex;
use looks::LookLimit;
use refusal::Refusal;
use sealing::{OpaqueRecord, Sealer, SubjectKey};

/// Who acts when the service itself does something: opening the log, finishing a draw.
const ITSELF: &str = "service";

/// What a service is opened with.
pub struct ServiceConfig {
    /// Which database.
    pub database: Database,
    /// All private keys.
    pub keys: Keys,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Secret random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The rules in force for draws.
    pub profile: Profile,
    /// The rules in force for the registry.
    pub registry_profile: RegistryProfile,
    /// Where the newest checkpoint is published outside the database.
    pub checkpoint_path: Option<PathBuf>,
    /// The folder of sealed attachments.
    pub attachments: PathBuf,
    /// How often one account may look at sealed fields.
    pub look_limit: LookLimit,
    /// Faults, for tests only.
    pub failpoints: Arc<Failpoints>,
    /// Numbers of sign-in.
    pub access: AccessRules,
    /// Whether one registrar may let people in and change records alone (`direct_entry`).
    pub direct_entry: bool,
    /// Keys of the gateways whose reports are taken.
    pub gateways: Vec<GatewayKey>,
    /// Who cosigns the heads of this log.
    pub witnesses: Vec<Witness>,
    /// The beacon whose rounds draws may wait for.
    pub beacon: Option<Beacon>,
}

impl ServiceConfig {
    /// The least that a service needs; the checkpoint is published nowhere, nothing fails on demand,
    /// sign-in has its default rules, attachments lie beside the keys, direct entry is closed.
    pub fn new(
        database: Database,
        keys: Keys,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        profile: Profile,
        registry_profile: RegistryProfile,
    ) -> Self {
        let attachments = keys.sealing.folder().with_file_name("attachments");
        Self {
            database,
            keys,
            clock,
            entropy,
            profile,
            registry_profile,
            checkpoint_path: None,
            attachments,
            look_limit: LookLimit::default(),
            failpoints: Arc::default(),
            access: AccessRules::default(),
            direct_entry: false,
            gateways: Vec::new(),
            witnesses: Vec::new(),
            beacon: None,
        }
    }
}

/// The service of one log.
pub struct Service {
    store: Store,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    profile: Profile,
    registry_profile: RegistryProfile,
    access: AccessRules,
    hashing: sessions::Hashing,
    index: RwLock<DrawingIndex>,
    tier_book: Mutex<tier_book::TierBook>,
    schemes: scheme_book::Shelf,
    files: Files,
    look_limit: LookLimit,
    direct_entry: bool,
    gateways: Vec<GatewayKey>,
    witnesses: Vec<Witness>,
    beacon: Option<Beacon>,
    engaged: RwLock<engagements::Engagements>,
    books: calls::Books,
    public_files: public_files::PublicFiles,
}

impl Service {
    /// Opens the database after its check, begins the log if it is empty, follows the journal into
    /// the drawing index and finishes every draw that a crash left committed.
    pub fn open(config: ServiceConfig) -> Result<Self, Refusal> {
        if !config.profile.pool_published() {
            return Err(Refusal::internal(
                "规则版本要求不公布匿名候选池，本版本尚不支持 (pool_published \"no\" is not supported yet)",
            ));
        }
        let keys = Arc::new(config.keys);
        let store = Store::open(StoreConfig {
            checkpoint_path: config.checkpoint_path,
            failpoints: config.failpoints,
            ..StoreConfig::new(config.database, keys.clone(), config.clock.clone())
        })?;
        let service = Self {
            store,
            keys,
            clock: config.clock,
            entropy: config.entropy,
            profile: config.profile,
            registry_profile: config.registry_profile,
            access: config.access,
            hashing: sessions::Hashing::default(),
            index: RwLock::default(),
            tier_book: Mutex::default(),
            schemes: scheme_book::Shelf::default(),
            files: Files::at(config.attachments),
            look_limit: config.look_limit,
            direct_entry: config.direct_entry,
            gateways: config.gateways,
            witnesses: config.witnesses,
            beacon: config.beacon,
            engaged: RwLock::default(),
            books: calls::Books::default(),
            public_files: public_files::PublicFiles::default(),
        };
        service.follow_sealing()?;
        service.begin()?;
        service.fill_rows()?;
        drop(service.current_index()?);
        service.sweep_attachments()?;
        service.finish_committed()?;
        service.finish_uncalled()?;
        Ok(service)
    }

    /// The rules in force for draws.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The rules in force for the registry.
    pub fn registry_profile(&self) -> &RegistryProfile {
        &self.registry_profile
    }

    /// The keys, for what is public about them.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The time now.
    pub fn now(&self) -> crate::time::Timestamp {
        self.clock.now()
    }

    /// Entry 0 and the profile's entry, where they are missing; keys that are not this log's are
    /// refused before anything is written.
    fn begin(&self) -> Result<(), Refusal> {
        let opened = self.keys.log_opened();
        let first = self.store.read(|conn| store::journal::find(conn, 0))?;
        if let Some(first) = first {
            let statement = Statement::parse(&first.statement).map_err(Refusal::internal)?;
            let said = LogOpened::read(&statement.body_json()).map_err(Refusal::internal)?;
            // The signing keys in force were asked for when the store was opened.
            let at_hand = [KeyUse::DrawVrf, KeyUse::TagVrf].iter().all(|usage| {
                let digest = key_digest(&self.keys.in_force(*usage));
                self.keys.vrf(&digest).is_ok()
            });
            if said.jurisdiction != opened.jurisdiction || !at_hand {
                return Err(Refusal::internal(
                    "keys 目录不属于此数据库的日志，或缺少现行密钥 (the keys are not those of this log)",
                ));
            }
        } else {
            self.store.write("open log", move |tx| {
                if tx.next_index() > 0 {
                    return Ok::<_, Refusal>(());
                }
                tx.append(Append {
                    actor: ITSELF.into(),
                    kind: LogOpened::TYPE.into(),
                    subject: "log".into(),
                    statement: opened.fields().with("type", LogOpened::TYPE),
                    image: None,
                    registry: false,
                })?;
                Ok(())
            })?;
        }
        self.load_profile()?;
        self.load_registry_profile()
    }

    fn load_profile(&self) -> Result<(), Refusal> {
        let digest = self.profile.digest();
        if self.store.read(|conn| store::profile::find(conn, &digest.to_hex()))?.is_some() {
            return Ok(());
        }
        let named = self.store.read(store::profile::all)?;
        if named.iter().any(|known| known.name == self.profile.name()) {
            return Err(rules_in_force::edited(self.profile.name()));
        }
        let text = String::from_utf8(self.profile.bytes().to_vec()).map_err(Refusal::internal)?;
        let name = self.profile.name().to_owned();
        self.store.write("load profile", move |tx| {
            if store::profile::find(tx, &digest.to_hex())?.is_some() {
                return Ok::<_, Refusal>(());
            }
            let statement = crate::codec::Object::new().with("type", PROFILE_LOADED).with("profile", digest);
            let appended = tx.append(Append {
                actor: ITSELF.into(),
                kind: PROFILE_LOADED.into(),
                subject: name.clone(),
                statement,
                image: None,
                registry: true,
            })?;
            let row = store::profile::Profile {
                digest: digest.to_hex(),
                name: name.clone(),
                text: text.clone(),
                entry: appended.entry(),
            };
            store::profile::insert(tx, &row)?;
            Ok(())
        })?;
        Ok(())
    }

    /// What can be read back from the journal with the keys.
    fn archive(&self) -> Archive<'_> {
        let chain = self.beacon.as_ref().map(|beacon| &beacon.chain);
        Archive::new(&self.keys, self.entropy.as_ref()).with_chain(chain)
    }

    fn sealer(&self) -> Sealer<'_> {
        self.archive().sealer()
    }

    /// A data key for a subject: the stored one, or a fresh one to be stored with the first record.
    fn subject_key(&self, subject: &str, stored: bool) -> Result<SubjectKey, Refusal> {
        if stored {
            self.store.read(|conn| self.sealer().stored_key(conn, subject))
        } else {
            Ok(self.sealer().fresh_key(subject))
        }
    }

    /// A private record behind an opaque statement, under a fresh salt.
    fn opaque_record(&self, record: &crate::codec::Json) -> OpaqueRecord {
        OpaqueRecord::new(record, self.entropy.as_ref())
    }

    /// Random bytes. Drawn before a write, because the writer may run its call twice.
    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0u8; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A fresh opaque id: a letter and 16 characters of Crockford base32 (80 random bits).
    fn opaque_id(&self, letter: char) -> String {
        let number = crate::registry::ExpertNumber::from_random(self.random());
        format!("{letter}{}", number.as_str().trim_start_matches('E'))
    }
}
