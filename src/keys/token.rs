//! Ed25519 keys in a PKCS#11 token (密码设备): the keys of checkpoints and of statements.
//!
//! The token is found by its label, opened with a PIN that stands in a file of mode 0600, and asked for
//! the mechanism CKM_EDDSA before anything is promised. The first generation of a key has the configured
//! label, the nth `LABEL-n`. Keys are made inside the token and never leave it: a backup of the data
//! directory does not hold them.
//!
//! VRF keys stay in files: no token computes ECVRF (RFC 9381), and one that gave its secret scalar out would
//! be no token.
//!
//! *Invariant:* a signature is checked against the public key before it is used. A session that broke
//! (token pulled out and put back) is opened anew once for each signature.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use super::ring::generation_of;
use super::{KeysError, read};
use crate::log::{KeyUse, is_ed25519_key, signed};

/// The curve as PKCS#11 v3 names it: a PrintableString `edwards25519`.
const EDWARDS25519: &[u8] = b"\x13\x0cedwards25519";

/// Where the token is and what its keys are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenConfig {
    /// The device's library, a shared object.
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// File of the user PIN, mode 0600.
    pub pin_file: PathBuf,
    /// Label of the key of checkpoints.
    pub log: String,
    /// Label of the key of statements.
    pub statements: String,
}

/// A token that is open.
pub struct Token {
    config: TokenConfig,
    client: Pkcs11,
    slot: Slot,
    open: Mutex<Option<Open>>,
}

/// A session, and the private keys that were looked up in it.
struct Open {
    session: Session,
    private: BTreeMap<String, ObjectHandle>,
}

/// A key in a token.
#[derive(Clone)]
pub struct TokenKey {
    token: Arc<Token>,
    label: String,
    public: [u8; 32],
}

impl Token {
    /// Opens a token. Errors say in two languages what is missing: the library, the token, the PIN, the
    /// mechanism.
    pub fn open(config: &TokenConfig) -> Result<Arc<Self>, KeysError> {
        let client = Pkcs11::new(&config.module).map_err(|error| {
            let module = config.module.display();
            wrong(format!("无法加载密码设备的模块 {module} (the PKCS#11 module cannot be loaded)"), &error)
        })?;
        match client.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => {
                return Err(wrong("密码设备的模块无法启动 (the PKCS#11 module does not start)", &error));
            }
        }
        let slots = client.get_slots_with_token();
        let slots = slots.map_err(|error| wrong("无法列出密码设备 (the slots cannot be listed)", &error))?;
        let labelled = |slot: &Slot| {
            client.get_token_info(*slot).is_ok_and(|info| info.label().trim_end() == config.token)
        };
        let slot = slots.into_iter().find(labelled).ok_or_else(|| {
            KeysError::Token(format!("没有标签为 {} 的密码设备 (no token with this label)", config.token))
        })?;
        let mechanisms = client.get_mechanism_list(slot);
        let mechanisms = mechanisms
            .map_err(|error| wrong("无法查询密码设备的算法 (mechanisms cannot be listed)", &error))?;
        if !mechanisms.contains(&MechanismType::EDDSA) {
            return Err(KeysError::Token(format!(
                "密码设备 {} 不支持 CKM_EDDSA（Ed25519 签名） (the token lacks CKM_EDDSA)",
                config.token
            )));
        }
        let token = Self { config: config.clone(), client, slot, open: Mutex::new(None) };
        token.with(|_| Ok(()))?;
        Ok(Arc::new(token))
    }

    /// The keys of a use by generation.
    pub(super) fn keys(self: &Arc<Self>, usage: KeyUse) -> Result<Vec<(u32, TokenKey)>, KeysError> {
        let stem = self.label(usage, 1);
        let found = self.with(|Open { session, .. }| {
            let public = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::KeyType(KeyType::EC_EDWARDS)];
            let mut found = Vec::new();
            for object in session.find_objects(&public)? {
                let (mut label, mut point) = (Vec::new(), Vec::new());
                for attribute in
                    session.get_attributes(object, &[AttributeType::Label, AttributeType::EcPoint])?
                {
                    match attribute {
                        Attribute::Label(bytes) => label = bytes,
                        Attribute::EcPoint(bytes) => point = bytes,
                        _ => {}
                    }
                }
                found.push((String::from_utf8_lossy(&label).into_owned(), point));
            }
            Ok(found)
        })?;
        let mut keys = Vec::new();
        for (label, point) in found {
            let Some(generation) = generation_of(&label, &stem) else { continue };
            let public = raw_point(&point).filter(is_ed25519_key).ok_or_else(|| {
                KeysError::Token(format!("密码设备中的 {label} 不是 Ed25519 公钥 (not an Ed25519 key)"))
            })?;
            keys.push((generation, TokenKey { token: self.clone(), label, public }));
        }
        keys.sort_by_key(|(generation, _)| *generation);
        Ok(keys)
    }

    /// Makes a key inside the token.
    pub(super) fn generate(self: &Arc<Self>, usage: KeyUse, generation: u32) -> Result<TokenKey, KeysError> {
        let label = self.label(usage, generation);
        let name = || Attribute::Label(label.clone().into_bytes());
        let public = [
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Verify(true),
            Attribute::EcParams(EDWARDS25519.to_vec()),
            name(),
        ];
        let private = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            name(),
        ];
        self.with(|Open { session, .. }| {
            session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private).map(drop)
        })?;
        let made = self.keys(usage)?.into_iter().find(|(found, _)| *found == generation);
        made.map(|(_, key)| key).ok_or_else(|| {
            KeysError::Token(format!("密码设备未保存新密钥 {label} (the new key is not there)"))
        })
    }

    fn label(&self, usage: KeyUse, generation: u32) -> String {
        let stem = if usage == KeyUse::Log { &self.config.log } else { &self.config.statements };
        if generation == 1 { stem.clone() } else { format!("{stem}-{generation}") }
    }

    fn connect(&self) -> Result<Session, KeysError> {
        let session = self.client.open_rw_session(self.slot);
        let session = session.map_err(|error| wrong("密码设备无法打开会话 (no session)", &error))?;
        let pin = AuthPin::from(read(&self.config.pin_file)?.trim_end().to_owned());
        match session.login(UserType::User, Some(&pin)) {
            // One login is valid for all sessions of the process.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(Error::Pkcs11(RvError::PinIncorrect, _)) => Err(KeysError::Token(format!(
                "密码设备口令不正确，见 {} (the PIN is wrong)",
                self.config.pin_file.display()
            ))),
            Err(error) => Err(wrong("密码设备无法登录 (login failed)", &error)),
        }
    }

    /// Runs something in the session; one that broke is opened anew once.
    fn with<T>(&self, ask: impl Fn(&mut Open) -> Result<T, Error>) -> Result<T, KeysError> {
        let mut slot = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = slot.as_mut()
            && let Ok(answer) = ask(open)
        {
            return Ok(answer);
        }
        // Closed before another is opened, so that the token forgets its login.
        *slot = None;
        let mut open = Open { session: self.connect()?, private: BTreeMap::new() };
        let answer = ask(&mut open).map_err(|error| wrong("密码设备拒绝操作 (the token refuses)", &error))?;
        *slot = Some(open);
        Ok(answer)
    }
}

impl Open {
    /// The private key with a label.
    fn private(&mut self, label: &str) -> Result<Option<ObjectHandle>, Error> {
        if let Some(known) = self.private.get(label) {
            return Ok(Some(*known));
        }
        let template = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::EC_EDWARDS),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        let found = self.session.find_objects(&template)?.into_iter().next();
        if let Some(found) = found {
            self.private.insert(label.to_owned(), found);
        }
        Ok(found)
    }
}

impl TokenKey {
    /// The public half.
    pub(super) fn public(&self) -> [u8; 32] {
        self.public
    }

    /// Signs a text.
    pub(super) fn sign(&self, text: &[u8]) -> Result<[u8; 64], KeysError> {
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
        let signature = self.token.with(|open| {
            let Some(key) = open.private(&self.label)? else { return Ok(None) };
            open.session.sign(&mechanism, key, text).map(Some)
        })?;
        let signature = signature.ok_or_else(|| {
            KeysError::Token(format!("密码设备中没有私钥 {} (no such private key)", self.label))
        })?;
        let fits = <[u8; 64]>::try_from(signature).ok().filter(|bytes| signed(&self.public, text, bytes));
        fits.ok_or_else(|| {
            KeysError::Token(format!(
                "密码设备 {} 的签名核验不通过 (its signature does not verify)",
                self.label
            ))
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("token", &self.config.token).finish_non_exhaustive()
    }
}

/// The 32 bytes of a point: raw, or within a DER OCTET STRING, as devices differ.
fn raw_point(point: &[u8]) -> Option<[u8; 32]> {
    let raw = point.strip_prefix(&[0x04, 0x20]).filter(|rest| rest.len() == 32).unwrap_or(point);
    raw.try_into().ok()
}

fn wrong(what: impl fmt::Display, error: &dyn fmt::Display) -> KeysError {
    KeysError::Token(format!("{what}: {error}"))
}
