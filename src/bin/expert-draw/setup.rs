//! From a configuration to an open service: keys, profile, database; made on first start.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use expert_draw::config::Config;
use expert_draw::keys::Keys;
use expert_draw::keys::token::TokenConfig;
use expert_draw::ports::{Clock, LogSigner, SystemClock, SystemEntropy};
use expert_draw::rules::{self, Profile, RegistryProfile};
use expert_draw::service::access::AccessRules;
use expert_draw::service::refusal::Refusal;
use expert_draw::service::{Service, ServiceConfig};
use expert_draw::store::{self, Database, Failpoints, Reader};
use expert_draw::time::Date;

/// Why a command ends without success; the text is for the operator.
pub struct Failure(String);

/// A failure with its text.
pub fn failed(text: impl fmt::Display) -> Failure {
    Failure(text.to_string())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match &refusal.cause {
            Some(cause) => Self(format!("{refusal}\n{cause}")),
            None => Self(refusal.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Today in China.
pub fn today() -> Date {
    Date::of(SystemClock.now())
}

/// The keys of the data directory.
pub fn keys(config: &Config) -> Result<Keys, Failure> {
    let dir = config.keys_dir();
    if !Keys::exist(&dir) {
        return Err(failed(format!(
            "{}: 尚无密钥。请先运行 expert-draw serve（首次启动会建立密钥和数据库）\nno keys yet: run `expert-draw serve` first",
            dir.display()
        )));
    }
    let keys = Keys::load_with(&dir, token(config).as_ref()).map_err(failed)?;
    // Which of them are in force the log says; where there is no database yet, the first are.
    if let Ok(reader) = reader(config)
        && let Ok(Some(book)) = reader.read(store::signing::key_book)
    {
        keys.follow(&book);
    }
    Ok(keys)
}

/// The keys of another directory, as a backup holds them.
pub fn keys_at(config: &Config, dir: &Path) -> Result<Keys, Failure> {
    Keys::load_with(dir, token(config).as_ref()).map_err(failed)
}

/// The token of the configuration, if one holds the signing keys.
fn token(config: &Config) -> Option<TokenConfig> {
    config.pkcs11.as_ref().map(|token| TokenConfig {
        module: token.module.clone(),
        token: token.token.clone(),
        pin_file: token.pin_file.clone(),
        log: token.log.clone(),
        statements: token.statements.clone(),
    })
}

/// The keys, made now if there are none; whether they were made.
fn keys_or_new(config: &Config) -> Result<(Keys, bool), Failure> {
    let dir = config.keys_dir();
    if Keys::exist(&dir) {
        return Ok((Keys::load_with(&dir, token(config).as_ref()).map_err(failed)?, false));
    }
    fs::create_dir_all(&config.data)?;
    let (origin, jurisdiction) = (&config.origin, &config.jurisdiction);
    let made = Keys::create_with(&dir, origin, jurisdiction, &SystemEntropy, token(config).as_ref());
    Ok((made.map_err(failed)?, true))
}

/// The database of the configuration.
pub fn database(config: &Config) -> Result<Database, Failure> {
    Database::parse(&config.database).map_err(failed)
}

/// A reader that checks nothing, for commands that must work when the service refuses to start.
pub fn reader(config: &Config) -> Result<Reader, Failure> {
    Reader::open(&database(config)?, 1, Duration::from_secs(30)).map_err(failed)
}

/// The rule profile: one that comes with the product, by name, or a file.
fn profile(config: &Config) -> Result<Profile, Failure> {
    let found = super::rules::find(&config.profile);
    found.map(|compiled| compiled.profile).map_err(|failure| failed(format!("配置项 profile：{failure}")))
}

/// The registry profile: an embedded one by name, or a file.
fn registry_profile(config: &Config) -> Result<RegistryProfile, Failure> {
    if let Some(profile) = rules::embedded_registry(&config.registry_profile) {
        return Ok(profile);
    }
    let path = Path::new(&config.registry_profile);
    let bytes = fs::read(path).map_err(|e| {
        let name = &config.registry_profile;
        failed(format!("配置项 registry_profile：{name} 既不是内置规则档案，也无法作为文件读取 ({e})"))
    })?;
    RegistryProfile::parse(&bytes).map_err(|e| failed(format!("{}: {e}", path.display())))
}

/// Opens the service, making what is missing; the flag says whether this was the first start.
pub fn service(config: &Config) -> Result<(Arc<Service>, bool), Failure> {
    let (keys, first) = keys_or_new(config)?;
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let service = Service::open(ServiceConfig {
        checkpoint_path: Some(config.checkpoint_file()),
        attachments: config.attachments_dir(),
        look_limit: Default::default(),
        failpoints: Arc::new(Failpoints::from_env()),
        direct_entry: config.direct_entry,
        gateways: config.gateway_key.clone().into_iter().collect(),
        witnesses: config.witnesses.clone(),
        access: AccessRules { require_totp: config.require_totp, ..AccessRules::default() },
        ..ServiceConfig::new(
            database(config)?,
            keys,
            clock,
            entropy,
            profile(config)?,
            registry_profile(config)?,
        )
    })?;
    Ok((Arc::new(service), first))
}
