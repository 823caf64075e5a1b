//! Passwords: argon2id as PHC strings, and the rule of what a password must be.
//!
//! Parameters 19 MiB, two passes, one lane (OWASP's first recommendation for argon2id, RFC 9106 form):
//! about 49 ms of one core here. A hash is made for unknown logins too, so that time tells nothing.
//!
//! GB/T 22239-2019 8.1.4.1 a) asks that identification data be complex and changed; it names no
//! numbers. Project rule: 10 to 128 characters, three of four classes, not the login.
//!
//! *Deliberately not here:* lists of leaked passwords (none may be shipped), passwords that expire
//! sooner for some roles.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::refusal::Refusal;
use crate::registry::Problem;

/// The shortest password, in characters.
pub const PASSWORD_MIN: usize = 10;
/// The longest password, in characters.
pub const PASSWORD_MAX: usize = 128;
/// Classes of characters that a password needs, out of lower case, upper case, digits and others.
const CLASSES: usize = 3;

/// Work of a password hash (argon2id).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}

impl PasswordCost {
    /// The least that argon2 allows: for tests, never for passwords in use.
    pub fn least() -> Self {
        Self { memory_kib: 8, passes: 1, lanes: 1 }
    }

    /// The hash of a password as a PHC string.
    pub(super) fn hash(&self, password: &str, salt: &[u8; 16]) -> Result<String, Refusal> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None);
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(Refusal::internal)?);
        let hash = argon.hash_password_with_salt(password.as_bytes(), salt).map_err(Refusal::internal)?;
        Ok(hash.to_string())
    }

    /// Whether a password is the one of a hash. Without a hash the same work is done, and the answer
    /// is no.
    pub(super) fn verify(&self, password: &str, hash: Option<&str>) -> bool {
        match hash {
            Some(hash) => Argon2::default().verify_password(password.as_bytes(), hash).is_ok(),
            None => {
                // The work only: nobody has this hash.
                let _ = self.hash(password, &[0; 16]);
                false
            }
        }
    }
}

/// Checks what a password must be; `field` names it in the problem, its value stands nowhere.
pub(super) fn rules(field: &str, password: &str, login: &str) -> Result<(), Problem> {
    let count = password.chars().count();
    let refuse = |rule, zh: &str, en: &str| Err(Problem::new(field, "", rule, zh, en));
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&count) {
        let zh = format!("应为 {PASSWORD_MIN} 至 {PASSWORD_MAX} 个字符");
        let en = format!("must have {PASSWORD_MIN} to {PASSWORD_MAX} characters");
        return refuse("password_length", &zh, &en);
    }
    if password.chars().any(char::is_control) {
        return refuse("characters", "不得含控制字符", "must have no control characters");
    }
    let has = |test: fn(char) -> bool| usize::from(password.chars().any(test));
    let classes = has(|c| c.is_lowercase())
        + has(|c| c.is_uppercase())
        + has(|c| c.is_numeric())
        + has(|c| !c.is_lowercase() && !c.is_uppercase() && !c.is_numeric());
    if classes < CLASSES {
        let zh = "须含大写字母、小写字母、数字、其他字符中的至少三类";
        let en = "must have three of: upper case, lower case, digits, other characters";
        return refuse("password_classes", zh, en);
    }
    if !login.is_empty() && password.to_lowercase().contains(login) {
        return refuse("password_contains_login", "不得包含登录名", "must not contain the login");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_cost_is_the_one_that_is_documented_and_stands_in_the_hash() {
        let cost = PasswordCost::default();
        assert_eq!(cost, PasswordCost { memory_kib: 19_456, passes: 2, lanes: 1 });
        let hash = cost.hash("Abc-12345678", &[7; 16]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(cost.verify("Abc-12345678", Some(&hash)));
        assert!(!cost.verify("Abc-12345679", Some(&hash)) && !cost.verify("Abc-12345678", None));
        // A hash made at another cost is verified at its own.
        assert!(PasswordCost::least().verify("Abc-12345678", Some(&hash)));
        assert!(!cost.verify("x", Some("not a hash")));
    }

    #[test]
    fn a_password_that_is_too_simple_is_refused_by_name() {
        let rule = |password: &str| rules("p", password, "wang.li").map_err(|problem| problem.rule);
        assert_eq!(rule("Abc-123456"), Ok(()));
        assert_eq!(rule("密码Abc12345"), Ok(()));
        assert_eq!(rule("Abc-12345"), Err("password_length"));
        assert_eq!(rule(&"Aa1-".repeat(33)), Err("password_length"));
        assert_eq!(rule("abcdefgh12"), Err("password_classes"));
        assert_eq!(rule("Abc-1234567\n"), Err("characters"));
        assert_eq!(rule("X1-Wang.Li-9"), Err("password_contains_login"));
    }
}
