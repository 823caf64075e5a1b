//! Configuration: defaults, then a TOML file, then the environment, then the command line; checked
//! once, wrong values named with where they came from.
//!
//! | setting | TOML | environment | command line | default |
//! |---|---|---|---|---|
//! | data directory | `data` | `EXPERT_DRAW_DATA` | `--data` | `./data` |
//! | database | `database` | `EXPERT_DRAW_DATABASE` | `--database` | `sqlite://DATA/expert-draw.sqlite` |
//! | address | `listen` | `EXPERT_DRAW_LISTEN` | `--listen` | `127.0.0.1:8471` |
//! | log name | `origin` | `EXPERT_DRAW_ORIGIN` | `--origin` | `draw.example/430600` |
//! | region of the bureau | `jurisdiction` | `EXPERT_DRAW_JURISDICTION` | `--jurisdiction` | `430600` |
//! | rule profile of draws | `profile` | `EXPERT_DRAW_PROFILE` | `--profile` | `hunan` |
//! | rule profile of the registry | `registry_profile` | `EXPERT_DRAW_REGISTRY_PROFILE` | `--registry-profile` | `registry-hunan-2023` |
//! | second factor for bureaus | `require_totp` | `EXPERT_DRAW_REQUIRE_TOTP` | – | `no` |
//! | direct entry of existing records | `direct_entry` | `EXPERT_DRAW_DIRECT_ENTRY` | – | `no` |
//! | SMS and voice gateway | `gateway` | `EXPERT_DRAW_GATEWAY` | – | none |
//! | file of the secret shared with it | `gateway_secret` | `EXPERT_DRAW_GATEWAY_SECRET` | – | `DATA/keys/gateway.key` |
//! | public key of its reports | `gateway_key` | `EXPERT_DRAW_GATEWAY_KEY` | – | none: no reports are taken |
//! | mail relay | `mail_relay` | `EXPERT_DRAW_MAIL_RELAY` | – | none |
//! | sender of mail | `mail_from` | `EXPERT_DRAW_MAIL_FROM` | – | none |
//! | PKCS#11 module (密码设备) | `[pkcs11] module` | `EXPERT_DRAW_PKCS11_MODULE` | – | none: keys lie in files |
//! | label of the token | `[pkcs11] token` | `EXPERT_DRAW_PKCS11_TOKEN` | – | needed with the module |
//! | file of its PIN, mode 0600 | `[pkcs11] pin_file` | `EXPERT_DRAW_PKCS11_PIN_FILE` | – | `DATA/keys/pkcs11.pin` |
//! | label of the log key in it | `[pkcs11] log` | `EXPERT_DRAW_PKCS11_LOG` | – | `expert-draw-log` |
//! | label of the statements key | `[pkcs11] statements` | `EXPERT_DRAW_PKCS11_STATEMENTS` | – | `expert-draw-statements` |
//! | beacon of draws | table `[beacon]`: `beacon` | – | – | none |
//! | witnesses of the log | tables `[[witness]]`: `witness` | – | – | none |
//!
//! Gateway and relay are reached on this machine; encryption to the world is the business of a proxy or
//! relay there (`outside`).
//!
//! *Invariant:* a [`Config`] is valid by construction. Keys are not configuration: they lie in
//! `DATA/keys`.

pub mod beacon;
mod witness;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::codes::Region;
use crate::log::Origin;
use crate::outside::wire::GatewayKey;
use crate::outside::witness::Witness;
use crate::outside::{gateway, mail};

/// Names of the settings, as in the TOML file.
pub const SETTINGS: [&str; 19] = [
    "data",
    "database",
    "listen",
    "origin",
    "jurisdiction",
    "profile",
    "registry_profile",
    "require_totp",
    "direct_entry",
    "gateway",
    "gateway_secret",
    "gateway_key",
    "mail_relay",
    "mail_from",
    "pkcs11_module",
    "pkcs11_token",
    "pkcs11_pin_file",
    "pkcs11_log",
    "pkcs11_statements",
];

/// The TOML table whose settings carry its name in front.
const PKCS11: &str = "pkcs11";
/// The TOML tables of witnesses.
const WITNESS: &str = "witness";
/// The TOML table of the beacon.
const BEACON: &str = "beacon";

/// A token with signing keys (密码设备).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pkcs11 {
    /// The device's library.
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// File of the user PIN.
    pub pin_file: PathBuf,
    /// Label of the log key.
    pub log: String,
    /// Label of the statements key.
    pub statements: String,
}

/// A checked configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Directory of keys, checkpoint and (with SQLite) the database.
    pub data: PathBuf,
    /// Database URL, `sqlite://…` or `postgres://…`.
    pub database: String,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Log name, used when the log is opened.
    pub origin: String,
    /// Region code of the bureau, used when the log is opened.
    pub jurisdiction: String,
    /// Name of a rule profile that comes with the product, or the path of a source (`.toml`) or of a
    /// compiled profile.
    pub profile: String,
    /// Name of the embedded registry profile, or the path of a file.
    pub registry_profile: String,
    /// Whether every account of a bureau that signs in with a password needs a second factor.
    pub require_totp: bool,
    /// Whether one registrar may let people in and change records alone, while existing records move in.
    pub direct_entry: bool,
    /// Address of the SMS and voice gateway.
    pub gateway: Option<String>,
    /// File of the secret that signs requests to it: 64 hex digits.
    pub gateway_secret: PathBuf,
    /// The key that signs its reports.
    pub gateway_key: Option<GatewayKey>,
    /// Mail relay and sender.
    pub mail: Option<(String, String)>,
    /// Who cosigns the heads of the log, in the order of the file.
    pub witnesses: Vec<Witness>,
    /// The beacon whose rounds draws may wait for.
    pub beacon: Option<beacon::Beacon>,
    /// The token with the signing keys.
    pub pkcs11: Option<Pkcs11>,
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Name of the setting, or of the file.
    pub setting: String,
    /// Where the value came from.
    pub source: String,
    /// What is wrong and what is accepted, in Chinese and English.
    pub rule: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "配置项 {}（来自 {}）：{}", self.setting, self.source, self.rule)
    }
}

impl std::error::Error for ConfigError {}

/// Values by setting with their source, later sources replacing earlier ones.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    values: BTreeMap<&'static str, (String, String)>,
    witnesses: Vec<Witness>,
    beacon: Option<beacon::Beacon>,
}

impl Sources {
    /// Takes a value from a source.
    pub fn set(&mut self, setting: &'static str, value: impl Into<String>, source: impl Into<String>) {
        self.values.insert(setting, (value.into(), source.into()));
    }

    /// Takes what a TOML text says; unknown settings and values that are no strings are refused.
    pub fn toml(&mut self, text: &str, file: &str) -> Result<(), ConfigError> {
        let wrong = |setting: &str, rule: String| ConfigError {
            setting: setting.to_owned(),
            source: file.to_owned(),
            rule,
        };
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| {
            wrong(file, format!("不是有效的 TOML (not TOML): {}", e.message()))
        })?;
        if let Some(tables) = table.get(WITNESS) {
            self.witnesses = witness::read(tables).map_err(|(field, rule)| wrong(&field, rule))?;
        }
        let within = match table.get(PKCS11) {
            Some(toml::Value::Table(within)) => within.clone(),
            Some(_) => return Err(wrong(PKCS11, "必须是表 [pkcs11] (must be a table)".into())),
            None => toml::Table::new(),
        };
        if let Some(table) = table.get(BEACON) {
            self.beacon = Some(beacon::read(table).map_err(|(field, rule)| wrong(&field, rule))?);
        }
        let apart = [PKCS11, WITNESS, BEACON];
        let flat =
            table.iter().filter(|(name, _)| !apart.contains(&name.as_str())).map(|(n, v)| (n.clone(), v));
        let within = within.iter().map(|(name, value)| (format!("{PKCS11}_{name}"), value));
        for (name, value) in flat.chain(within) {
            let name = name.as_str();
            let known = SETTINGS.into_iter().find(|known| *known == name);
            let setting = known.ok_or_else(|| {
                wrong(name, format!("未知配置项，可用: {} (unknown setting)", SETTINGS.join(", ")))
            })?;
            let text = value.as_str().ok_or_else(|| wrong(name, "必须是字符串 (must be a string)".into()))?;
            self.set(setting, text, file);
        }
        Ok(())
    }

    /// Takes `EXPERT_DRAW_*` variables; an unknown one is refused, because a misspelt setting would
    /// otherwise be silently ignored. `EXPERT_DRAW_TEST_*` belongs to the tests, `_FAILPOINT` to the
    /// store, `_CONFIG` and `_LOG` to the program.
    pub fn environment(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in variables {
            let Some(rest) = name.strip_prefix("EXPERT_DRAW_") else { continue };
            if rest.starts_with("TEST_") || ["CONFIG", "LOG", "FAILPOINT"].contains(&rest) {
                continue;
            }
            let known = SETTINGS.into_iter().find(|known| *known == rest.to_ascii_lowercase());
            let setting = known.ok_or_else(|| ConfigError {
                setting: name.clone(),
                source: "环境变量 environment".into(),
                rule: "未知配置项 (unknown setting)".into(),
            })?;
            self.set(setting, value, format!("环境变量 {name}"));
        }
        Ok(())
    }

    /// Checks everything and fills in the defaults.
    pub fn check(&self) -> Result<Config, ConfigError> {
        let text = |setting: &str, default: &str| {
            self.values.get(setting).map_or_else(|| default.to_owned(), |(value, _)| value.clone())
        };
        let wrong = |setting: &str, rule: &str| ConfigError {
            setting: setting.to_owned(),
            source: self
                .values
                .get(setting)
                .map_or_else(|| "默认值 default".to_owned(), |(_, source)| source.clone()),
            rule: rule.to_owned(),
        };
        let data = PathBuf::from(text("data", "./data"));
        let database = text("database", &default_database(&data));
        if !["sqlite://", "postgres://", "postgresql://"].iter().any(|scheme| database.starts_with(scheme)) {
            return Err(wrong(
                "database",
                "须为 sqlite://路径 或 postgres://… (must be sqlite:// or postgres://)",
            ));
        }
        let listen = text("listen", "127.0.0.1:8471");
        let listen: SocketAddr = listen
            .parse()
            .map_err(|_| wrong("listen", "须为 地址:端口，例如 127.0.0.1:8471 (address:port)"))?;
        let origin = text("origin", "draw.example/430600");
        Origin::new(origin.as_str())
            .map_err(|_| wrong("origin", "须为日志名称，例如 draw.example/430600 (not a log name)"))?;
        let jurisdiction = text("jurisdiction", "430600");
        Region::parse(&jurisdiction)
            .map_err(|_| wrong("jurisdiction", "须为 GB/T 2260 行政区划代码 (must be a region code)"))?;
        let profile = text("profile", "hunan");
        let registry_profile = text("registry_profile", "registry-hunan-2023");
        let yes = |setting: &'static str| match text(setting, "no").as_str() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(wrong(setting, "须为 yes 或 no (must be yes or no)")),
        };
        let (require_totp, direct_entry) = (yes("require_totp")?, yes("direct_entry")?);
        let given = |setting: &str| self.values.get(setting).map(|(value, _)| value.clone());
        let gateway = given("gateway");
        if let Some(url) = &gateway {
            gateway::check_address(url).map_err(|rule| wrong("gateway", rule))?;
        }
        let gateway_key = match given("gateway_key") {
            None => None,
            Some(key) => Some(GatewayKey::from_hex(&key).ok_or_else(|| {
                wrong("gateway_key", "须为 Ed25519 公钥的64位十六进制 (must be an Ed25519 public key in hex)")
            })?),
        };
        let mail = match (given("mail_relay"), given("mail_from")) {
            (None, None) => None,
            (Some(relay), Some(from)) => {
                mail::check_relay(&relay).map_err(|rule| wrong("mail_relay", rule))?;
                if !mail::is_address(&from) {
                    return Err(wrong("mail_from", "须为邮箱地址 (must be a mail address)"));
                }
                Some((relay, from))
            }
            (None, Some(_)) => {
                return Err(wrong("mail_relay", "与 mail_from 一并填写 (needed with mail_from)"));
            }
            (Some(_), None) => {
                return Err(wrong("mail_from", "与 mail_relay 一并填写 (needed with mail_relay)"));
            }
        };
        let gateway_secret =
            given("gateway_secret").map_or_else(|| data.join("keys").join("gateway.key"), PathBuf::from);
        let pkcs11 = match given("pkcs11_module") {
            Some(module) => Some(Pkcs11 {
                module: PathBuf::from(module),
                token: given("pkcs11_token").ok_or_else(|| {
                    wrong("pkcs11_token", "与 pkcs11_module 一并填写 (needed with pkcs11_module)")
                })?,
                pin_file: given("pkcs11_pin_file")
                    .map_or_else(|| data.join("keys").join("pkcs11.pin"), PathBuf::from),
                log: text("pkcs11_log", "expert-draw-log"),
                statements: text("pkcs11_statements", "expert-draw-statements"),
            }),
            None if given("pkcs11_token").is_some() => {
                return Err(wrong("pkcs11_module", "与 pkcs11_token 一并填写 (needed with pkcs11_token)"));
            }
            None => None,
        };
        if let Some(token) = &pkcs11
            && token.log == token.statements
        {
            return Err(wrong(
                "pkcs11_log",
                "不得与 pkcs11_statements 相同 (must differ from pkcs11_statements)",
            ));
        }
        Ok(Config {
            data,
            database,
            listen,
            origin,
            jurisdiction,
            profile,
            registry_profile,
            require_totp,
            direct_entry,
            gateway,
            gateway_secret,
            gateway_key,
            mail,
            witnesses: self.witnesses.clone(),
            beacon: self.beacon.clone(),
            pkcs11,
        })
    }
}

impl Config {
    /// Directory of the private keys.
    pub fn keys_dir(&self) -> PathBuf {
        self.data.join("keys")
    }

    /// The folder of sealed attachments.
    pub fn attachments_dir(&self) -> PathBuf {
        self.data.join("attachments")
    }

    /// The published checkpoint, a file outside the database.
    pub fn checkpoint_file(&self) -> PathBuf {
        self.data.join("checkpoint")
    }
}

fn default_database(data: &Path) -> String {
    let absolute = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    format!("sqlite://{}", absolute.join("expert-draw.sqlite").display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_sources_replace_earlier_ones() {
        let mut sources = Sources::default();
        sources.toml("listen = \"127.0.0.1:1\"\norigin = \"a.example/1\"", "c.toml").unwrap();
        sources.environment([("EXPERT_DRAW_LISTEN".into(), "127.0.0.1:2".into())].into_iter()).unwrap();
        sources.set("data", "/d", "--data");
        let config = sources.check().unwrap();
        assert_eq!((config.listen.port(), config.origin.as_str()), (2, "a.example/1"));
        assert_eq!(config.database, "sqlite:///d/expert-draw.sqlite");
    }

    #[test]
    fn a_token_is_a_table_or_variables() {
        let mut sources = Sources::default();
        sources.toml("[pkcs11]\nmodule = \"/m.so\"\ntoken = \"t\"\nlog = \"l\"", "c.toml").unwrap();
        sources.environment([("EXPERT_DRAW_PKCS11_LOG".into(), "k".into())].into_iter()).unwrap();
        let token = sources.check().unwrap().pkcs11.unwrap();
        assert_eq!((token.token.as_str(), token.log.as_str()), ("t", "k"));
        assert_eq!(token.pin_file, PathBuf::from("./data/keys/pkcs11.pin"));
        for (setting, value, wrong) in
            [("pkcs11_module", "/m.so", "pkcs11_token"), ("pkcs11_token", "t", "pkcs11_module")]
        {
            let mut sources = Sources::default();
            sources.set(setting, value, "here");
            assert_eq!(sources.check().unwrap_err().setting, wrong);
        }
        sources.set("pkcs11_statements", "k", "here");
        assert_eq!(sources.check().unwrap_err().setting, "pkcs11_log");
    }

    #[test]
    fn wrong_values_are_named_with_their_source() {
        let check = |setting: &'static str, value: &str| {
            let mut sources = Sources::default();
            sources.set(setting, value, "here");
            let error = sources.check().unwrap_err();
            (error.setting, error.source)
        };
        assert_eq!(check("mail_from", "a@b.cn"), ("mail_relay".to_owned(), "默认值 default".to_owned()));
        for (setting, value) in [
            ("database", "mysql://x"),
            ("database", "data.sqlite"),
            ("listen", "localhost"),
            ("origin", "a b"),
            ("jurisdiction", "999999"),
            ("require_totp", "true"),
            ("direct_entry", "1"),
            ("gateway", "http://sms.example.cn"),
            ("gateway_key", "00"),
        ] {
            assert_eq!(check(setting, value), (setting.to_owned(), "here".to_owned()), "{value}");
        }
        let mut sources = Sources::default();
        sources.set("mail_relay", "mail.example.cn:25", "here");
        sources.set("mail_from", "draw@example.cn", "here");
        assert_eq!(sources.check().unwrap_err().setting, "mail_relay");
        let mut sources = Sources::default();
        assert!(sources.toml("listn = \"x\"", "f").is_err());
        assert!(sources.toml("listen = 5", "f").is_err());
        assert!(sources.toml("pkcs11 = \"x\"", "f").is_err());
        assert!(sources.toml("[pkcs11]\nmodul = \"x\"", "f").is_err());
        assert!(sources.environment([("EXPERT_DRAW_LISTN".into(), "x".into())].into_iter()).is_err());
    }
}
