//! A service with its server on a free port, three accounts, and short ways to ask.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use expert_draw::codes::{CreditCode, NationalId};
use expert_draw::http::server::{Running, Serving, spawn};
use expert_draw::keys::Keys;
use expert_draw::outside::gateway::Gateway;
use expert_draw::outside::reference::{ReferenceGateway, Settings, Unkind};
use expert_draw::ports::{FixedClock, SeededEntropy, SystemEntropy};
use expert_draw::rules::{Profile, embedded, embedded_registry};
use expert_draw::service::access::AccessRules;
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::fsck::fsck;
use expert_draw::service::passwords::PasswordCost;
use expert_draw::service::private_export::{self, PrivateExport};
use expert_draw::service::refusal::Refusal;
use expert_draw::service::replay::{self, Replayed};
use expert_draw::service::witnesses::Witness;
use expert_draw::service::{Service, ServiceConfig};
use expert_draw::store::{Against, Depth, Failpoints, Finding, Reader};
use expert_draw::time::Timestamp;
use serde_json::{Value, json};

use crate::support::{Fresh, Kind};

/// 2026-11-24T02:00:00Z.
pub const NOW: Timestamp = Timestamp(1_795_485_600);

pub struct TestApp {
    pub running: Running,
    pub service: Arc<Service>,
    pub clock: Arc<FixedClock>,
    pub bureau: String,
    pub agency: String,
    pub auditor: String,
    pub other_agency: String,
    agent: ureq::Agent,
    // Last, so that the database goes when nobody uses it any more.
    pub fresh: Fresh,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl TestApp {
    pub fn new(kind: Kind) -> Self {
        Self::with_access(kind, AccessRules::default())
    }

    /// With other rules of sign-in; passwords are hashed with the least work (a unit test holds the
    /// real cost).
    pub fn with_access(kind: Kind, access: AccessRules) -> Self {
        Self::with(kind, access, "registry-hunan-2023", NOW, 30, true)
    }

    /// With the clock at another time; the tokens last a year.
    #[allow(dead_code)]
    pub fn at(kind: Kind, now: Timestamp) -> Self {
        Self::with(kind, AccessRules::default(), "registry-hunan-2023", now, 366, true)
    }

    /// As a bureau runs once its records have moved in: nobody enters or changes anybody alone.
    #[allow(dead_code)]
    pub fn closed(kind: Kind) -> Self {
        Self::with(kind, AccessRules::default(), "registry-hunan-2023", NOW, 30, false)
    }

    /// Under another registry profile.
    pub fn under(kind: Kind, registry_profile: &str) -> Self {
        Self::with(kind, AccessRules::default(), registry_profile, NOW, 30, true)
    }

    /// Under a rule profile of draws that comes with the product (`national`, `hunan`, …), or that a text of
    /// TOML under one of them makes.
    #[allow(dead_code)]
    pub fn drawing_under(kind: Kind, profile: Profile) -> Self {
        let access = AccessRules::default();
        Self::with_profile(kind, access, profile, "registry-hunan-2023", NOW, 30, true)
    }

    /// Under the rule profile of version 2 of that name.
    #[allow(dead_code)]
    pub fn ruled(kind: Kind, source: &str) -> Self {
        Self::drawing_under(kind, expert_draw::profile_source::embedded(source).unwrap().profile)
    }

    fn with(
        kind: Kind,
        access: AccessRules,
        registry_profile: &str,
        now: Timestamp,
        days: u32,
        direct_entry: bool,
    ) -> Self {
        let profile = embedded("hunan-2023").unwrap();
        Self::with_profile(kind, access, profile, registry_profile, now, days, direct_entry)
    }

    fn with_profile(
        kind: Kind,
        access: AccessRules,
        profile: Profile,
        registry_profile: &str,
        now: Timestamp,
        days: u32,
        direct_entry: bool,
    ) -> Self {
        let same = |config| config;
        Self::with_config(kind, access, profile, registry_profile, (now, days), direct_entry, same)
    }

    /// Under a rule profile, with more in the configuration of the service.
    #[allow(dead_code)]
    pub fn configured(
        kind: Kind,
        profile: Profile,
        more: impl FnOnce(ServiceConfig) -> ServiceConfig,
    ) -> Self {
        let access = AccessRules::default();
        Self::with_config(kind, access, profile, "registry-hunan-2023", (NOW, 30), true, more)
    }

    fn with_config(
        kind: Kind,
        access: AccessRules,
        profile: Profile,
        registry_profile: &str,
        (now, days): (Timestamp, u32),
        direct_entry: bool,
        more: impl FnOnce(ServiceConfig) -> ServiceConfig,
    ) -> Self {
        let fresh = Fresh::new(kind);
        let clock = Arc::new(FixedClock::new(now));
        let entropy = Arc::new(SeededEntropy::new(7));
        let keys =
            Keys::create(&fresh.folder.join("keys"), "draw.example/430600", "430600", entropy.as_ref())
                .unwrap();
        let registry = embedded_registry(registry_profile).unwrap();
        let config = ServiceConfig {
            checkpoint_path: Some(fresh.checkpoint_path()),
            direct_entry,
            gateways: vec![gateway_key()],
            access: AccessRules { password_cost: PasswordCost::least(), ..access },
            ..ServiceConfig::new(fresh.database.clone(), keys, clock.clone(), entropy, profile, registry)
        };
        let service = Arc::new(Service::open(more(config)).unwrap());
        let account = |role: &str, unit: Option<u32>| {
            let draft = AccountDraft::new(role, &format!("测试 {role}"), unit.map(credit_code), days);
            service.found_account(&draft).unwrap().token.unwrap()
        };
        let (bureau, auditor) = (account("bureau", None), account("auditor", None));
        let (agency, other_agency) = (account("agency", Some(1)), account("agency", Some(2)));
        let running = spawn(service.clone(), Serving::on("127.0.0.1:0".parse().unwrap())).unwrap();
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Self { running, service, clock, bureau, agency, auditor, other_agency, agent, fresh }
    }

    /// Pools and exclusions of all draws, rebuilt from the journal: beside the service, and from an export as
    /// an auditor does it. Both say the same.
    #[allow(dead_code)]
    pub fn replay(&self) -> Replayed {
        let keys = Keys::load(&self.fresh.folder.join("keys")).unwrap();
        let reader = Reader::open(&self.fresh.database, 1, Duration::from_secs(20)).unwrap();
        let beside = replay::pools(&reader, &keys, &SystemEntropy, &mut |_, _| {}).unwrap();
        let (folder, key) = self.private_export();
        let export = PrivateExport::open(&folder, &key).unwrap();
        let offline = export.replay(&SystemEntropy, 0, &mut |_, _, _| true).unwrap();
        assert_eq!(offline, beside, "an export gives what the journal gives");
        beside
    }

    /// An export of private records with its key file.
    #[allow(dead_code)]
    pub fn private_export(&self) -> (PathBuf, PathBuf) {
        let keys = Keys::load(&self.fresh.folder.join("keys")).unwrap();
        let reader = Reader::open(&self.fresh.database, 1, Duration::from_secs(20)).unwrap();
        let number = (1..).find(|n| !self.fresh.folder.join(format!("private-{n}")).exists()).unwrap();
        let folder = self.fresh.folder.join(format!("private-{number}"));
        let key = self.fresh.folder.join(format!("private-{number}.key"));
        private_export::export(&reader, &keys, &SystemEntropy, &folder, &key, &mut |_, _| {}).unwrap();
        (folder, key)
    }

    /// What fsck finds, with the replay of pools; empty if the tables are what the journal adds up to.
    pub fn fsck(&self) -> Vec<String> {
        let keys = Keys::load(&self.fresh.folder.join("keys")).unwrap();
        let reader = Reader::open(&self.fresh.database, 1, Duration::from_secs(20)).unwrap();
        let checkpoint = self.fresh.checkpoint_path();
        let against = Against {
            signer: &keys,
            now: self.service.now(),
            checkpoint_path: Some(&checkpoint),
            depth: Depth::Full,
        };
        let mut found = fsck(&reader, &keys, &SystemEntropy, &against, &mut |_, _| {}).unwrap();
        found.extend(self.replay().findings.into_iter().map(Finding::from));
        found.iter().map(ToString::to_string).collect()
    }

    /// Another service over the same database, as a second process would be.
    pub fn second_process(&self) -> Service {
        self.process_with(Arc::default())
    }

    /// The same with places that fail on demand; each draws other random bytes.
    pub fn process_with(&self, failpoints: Arc<Failpoints>) -> Service {
        let entropy = Arc::new(SeededEntropy::new(100 + self.size()));
        let keys = Keys::load(&self.fresh.folder.join("keys")).unwrap();
        let (profile, registry) =
            (embedded("hunan-2023").unwrap(), embedded_registry("registry-hunan-2023").unwrap());
        let database = self.fresh.database.clone();
        let config = ServiceConfig::new(database, keys, self.clock.clone(), entropy, profile, registry);
        Service::open(ServiceConfig { failpoints, ..config }).unwrap()
    }

    /// Another process over the same database, whose log these witnesses cosign.
    #[allow(dead_code)]
    pub fn process_watched(&self, witnesses: Vec<Witness>) -> Service {
        let entropy = Arc::new(SeededEntropy::new(100 + self.size()));
        let keys = Keys::load(&self.fresh.folder.join("keys")).unwrap();
        let (profile, registry) =
            (embedded("hunan-2023").unwrap(), embedded_registry("registry-hunan-2023").unwrap());
        let database = self.fresh.database.clone();
        let config = ServiceConfig::new(database, keys, self.clock.clone(), entropy, profile, registry);
        Service::open(ServiceConfig { witnesses, ..config }).unwrap()
    }

    /// GET of any address.
    #[allow(dead_code)]
    pub fn fetch(&self, url: &str) -> Answer {
        let mut response = self.agent.get(url).call().unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap(),
        }
    }

    /// The same database opened under another rule profile of draws.
    #[allow(dead_code)]
    pub fn reopened(&self, profile: Profile) -> Result<Service, Refusal> {
        let entropy = Arc::new(SeededEntropy::new(9));
        let keys = Keys::load(&self.fresh.folder.join("keys")).unwrap();
        let registry = embedded_registry("registry-hunan-2023").unwrap();
        let database = self.fresh.database.clone();
        Service::open(ServiceConfig::new(database, keys, self.clock.clone(), entropy, profile, registry))
    }

    /// Entries in the journal.
    pub fn size(&self) -> u64 {
        self.service.health().unwrap().1
    }

    /// A gateway of the reference, whose key the service trusts, and the service's way to it.
    #[allow(dead_code)]
    pub fn gateway(&self, unkind: Unkind) -> (ReferenceGateway, Gateway) {
        let settings = Settings {
            secret: [3; 32],
            seed: GATEWAY_SEED,
            unkind,
            clock: self.clock.clone(),
            entropy: Arc::new(SeededEntropy::new(11)),
        };
        let gateway = ReferenceGateway::start("127.0.0.1:0".parse().unwrap(), settings).unwrap();
        gateway.report_to(Some(self.url("/api/v1/gateway/answers")));
        let client = Gateway::new(&gateway.url(), [3; 32].into(), self.clock.clone());
        (gateway, client)
    }

    pub fn url(&self, path: &str) -> String {
        let byte = |b: u8| if b.is_ascii() { char::from(b).to_string() } else { format!("%{b:02X}") };
        format!("http://{}{}", self.running.address, path.bytes().map(byte).collect::<String>())
    }

    /// Any request.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = if body.is_empty() && !headers.iter().any(|(name, _)| *name == "Content-Type") {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body).unwrap())
        };
        let mut response = response.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap(),
        }
    }

    pub fn get(&self, token: &str, path: &str) -> Answer {
        self.ask("GET", path, &[("Authorization", &bearer(token))], b"")
    }

    /// POST of JSON text under an Idempotency-Key.
    pub fn post_text(&self, token: &str, path: &str, key: &str, body: &[u8]) -> Answer {
        let headers = [
            ("Authorization", bearer(token)),
            ("Idempotency-Key", key.to_owned()),
            ("Content-Type", "application/json".to_owned()),
        ];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.ask("POST", path, &headers, body)
    }

    pub fn post(&self, token: &str, path: &str, key: &str, body: &Value) -> Answer {
        self.post_text(token, path, key, body.to_string().as_bytes())
    }

    pub fn patch(&self, token: &str, path: &str, etag: &str, body: &Value) -> Answer {
        let (authorization, body) = (bearer(token), body.to_string());
        let mut headers =
            vec![("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
        if !etag.is_empty() {
            headers.push(("If-Match", etag));
        }
        self.ask("PATCH", path, &headers, body.as_bytes())
    }

    #[allow(dead_code)]
    pub fn put(&self, token: &str, path: &str, etag: &str, body: &Value) -> Answer {
        let (authorization, body) = (bearer(token), body.to_string());
        let mut headers =
            vec![("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
        if !etag.is_empty() {
            headers.push(("If-Match", etag));
        }
        self.ask("PUT", path, &headers, body.as_bytes())
    }

    pub fn delete(&self, token: &str, path: &str) -> Answer {
        self.ask("DELETE", path, &[("Authorization", &bearer(token))], b"")
    }

    pub fn import(&self, key: &str, query: &str, csv: &str) -> Answer {
        let authorization = bearer(&self.bureau);
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Idempotency-Key", key),
            ("Content-Type", "text/csv"),
        ];
        self.ask("POST", &format!("/api/v1/imports/experts{query}"), &headers, csv.as_bytes())
    }

    /// Registers an expert and answers the number.
    pub fn expert(&self, serial: u32) -> String {
        let path = "/api/v1/experts";
        let made = self.post(&self.bureau, path, &format!("expert-{serial}"), &expert(serial)).expect(201);
        made.json()["number"].as_str().unwrap().to_owned()
    }
}

impl Answer {
    /// Fails with the body if the status is another.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Fails unless this is a whole problem document with this status and code.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("Content-Type"), "application/problem+json", "{}", self.text());
        let body = self.json();
        assert_eq!(body["type"], format!("/problems/{code}"), "{body}");
        assert_eq!(body["status"], status, "{body}");
        for key in ["title", "title_en", "detail", "detail_en"] {
            assert!(body[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {body}");
        }
        assert_eq!(body["instance"], self.header("X-Request-Id"), "{body}");
        body
    }

    /// Fails unless the first problem is of this field and rule.
    pub fn names(&self, status: u16, field: &str, rule: &str) {
        let body = self.json();
        assert_eq!(self.status, status, "{body}");
        let found = &body["errors"][0];
        assert_eq!((found["field"].as_str(), found["rule"].as_str()), (Some(field), Some(rule)), "{body}");
        assert!(found["message"].is_string() && found["message_en"].is_string(), "{body}");
    }
}

/// Seed of the key of the gateway of the tests.
const GATEWAY_SEED: [u8; 32] = [44; 32];

/// The key of that gateway.
fn gateway_key() -> expert_draw::outside::wire::GatewayKey {
    let secret = ed25519_dalek::SigningKey::from_bytes(&GATEWAY_SEED);
    let public = expert_draw::codec::to_hex(&secret.verifying_key().to_bytes());
    expert_draw::outside::wire::GatewayKey::from_hex(&public).unwrap()
}

pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// A credit code in a range that belongs to nobody.
pub fn credit_code(serial: u32) -> String {
    let body = format!("91990000{serial:09}");
    format!("{body}{}", CreditCode::check_character(&body).unwrap())
}

/// An id number in a range that belongs to nobody.
pub fn id_number(serial: u32) -> String {
    let body = format!("990000{}{:03}", 19_700_101 + serial / 900, 100 + serial % 900);
    format!("{body}{}", NationalId::check_character(&body).unwrap())
}

/// A sound expert.
pub fn expert(serial: u32) -> Value {
    json!({
        "name": "王小明",
        "id_kind": "111",
        "id_number": id_number(serial),
        "phone": "13800000000",
        "employments": [{"unit": credit_code(11), "name": "岳阳某大学", "since": "2015-09-01"}],
        "past": [{"unit": credit_code(12), "from": "1995-07-01", "to": "2015-08-31"}],
        "title_level": "senior",
        "field_since": "1995-07-01",
        "specialities": ["ndrc316:A0832", "ndrc316:C0602"],
        "regions": ["430600", "430100"],
        "declared_units": [credit_code(13)],
        "term_from": "2025-01-01",
        "term_to": "2027-12-31"
    })
}

/// A sound package of the agency with credit code 1.
pub fn package(number: u32) -> Value {
    let party = |serial: u32| json!({"code": credit_code(serial), "name": format!("单位{serial}")});
    json!({
        "plan_no": "HNYY-2026-1024",
        "package_no": number.to_string(),
        "title": "智慧校园软件",
        "purchaser": party(21),
        "agency": party(1),
        "suppliers": [party(31), party(32), party(33)]
    })
}
