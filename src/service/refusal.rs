//! The service's one error: what a client is told, and the cause that stays in the log.
//!
//! *Invariant:* texts of a [`Refusal`] never carry a private value (name, id number, phone, token);
//! `cause` is for the operator's log only and is not shown to clients.

use std::fmt;

use crate::keys::KeysError;
use crate::registry::Problem;
use crate::store::{StoreError, WriteError};

/// What kind of "no" it is; `http` maps it to a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The input breaks a rule of form or content (422).
    Invalid,
    /// No valid token (401).
    Unauthenticated,
    /// The role or unit may not do this (403).
    Forbidden,
    /// No such thing, or not visible to this account (404).
    NotFound,
    /// Fits the rules but not the present state (409).
    Conflict,
    /// It existed and was erased lawfully (410).
    Gone,
    /// The record was changed since it was read (412).
    Stale,
    /// Too many calls of this kind in a time (429).
    TooMany,
    /// The service is busy or shutting down; the same call may be repeated (503).
    Busy,
    /// The outcome of a commit is unknown; the same Idempotency-Key finds out (503).
    Unknown,
    /// A fault of the service (500).
    Internal,
}

/// Why a use-case did nothing.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Kind.
    pub kind: Kind,
    /// Name of the rule or fault, `[a-z_]+`; the last part of the problem type.
    pub code: &'static str,
    /// What a client reads, in Chinese.
    pub zh: String,
    /// What a client reads, in English.
    pub en: String,
    /// Problems by field.
    pub problems: Vec<Problem>,
    /// What the operator's log gets.
    pub cause: Option<String>,
}

impl Refusal {
    /// A refusal with its texts.
    pub fn new(kind: Kind, code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { kind, code, zh: zh.into(), en: en.into(), problems: Vec::new(), cause: None }
    }

    /// Input that breaks rules, field by field.
    pub fn invalid(problems: Vec<Problem>) -> Self {
        let texts = ("输入不符合要求，见各字段说明", "the input breaks rules, see each field");
        Self { problems, ..Self::new(Kind::Invalid, "invalid_input", texts.0, texts.1) }
    }

    /// One field that breaks one rule.
    pub fn field(field: &str, value: &str, rule: &'static str, zh: &str, en: &str) -> Self {
        Self::invalid(vec![Problem::new(field, value, rule, zh, en)])
    }

    /// No such thing, or not visible to this account; `what` in Chinese and English.
    pub fn not_found(what_zh: &str, what_en: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("没有该{what_zh}"), format!("no such {what_en}"))
    }

    /// "Changed meanwhile" of an act that named no version: to its caller it is a conflict.
    pub fn unversioned(self) -> Self {
        if self.kind == Kind::Stale { Self { kind: Kind::Conflict, ..self } } else { self }
    }

    /// The record was erased lawfully; that it existed stays known.
    pub fn erased() -> Self {
        let en = "the record was erased lawfully; its entries stay in the log and open no more";
        Self::new(Kind::Gone, "erased", "该记录已依法删除，日志中的条目保留但不再可读", en)
    }

    /// The account may not do this.
    pub fn forbidden() -> Self {
        let en = "this account's role does not allow this";
        Self::new(Kind::Forbidden, "not_permitted", "当前账号的角色不允许此操作", en)
    }

    /// No valid token; one text for every reason, so that a guesser learns nothing.
    pub fn unauthenticated() -> Self {
        let en = "sign in: a valid token is needed in the Authorization header";
        Self::new(Kind::Unauthenticated, "unauthenticated", "请登录：Authorization 头中须有有效令牌", en)
    }

    /// A fault: the cause goes to the log, the client learns that nothing was changed.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let en = "internal fault; nothing was changed";
        let refusal = Self::new(Kind::Internal, "internal", "系统内部错误，未作任何更改", en);
        Self { cause: Some(cause.to_string()), ..refusal }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {} ({})", self.zh, self.en, self.code)?;
        self.problems.iter().try_for_each(|problem| write!(f, "; {problem}"))
    }
}

impl std::error::Error for Refusal {}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let of = |kind, code, zh: &str, en: &str| Self {
            cause: Some(error.to_string()),
            ..Self::new(kind, code, zh, en)
        };
        match &error {
            StoreError::Conflict(_) => {
                of(Kind::Conflict, "already_exists", "已存在相同的记录", "the same record exists already")
            }
            StoreError::Stale(_) => of(
                Kind::Stale,
                "changed_meanwhile",
                "记录已被他人修改，请重新读取后再试",
                "the record was changed meanwhile, read it again",
            ),
            StoreError::Busy | StoreError::Closed => {
                of(Kind::Busy, "busy", "系统繁忙，请稍后重试", "the service is busy, try again")
            }
            StoreError::Unknown => of(
                Kind::Unknown,
                "outcome_unknown",
                "提交结果未知，请用同一 Idempotency-Key 重试以确认",
                "the outcome is unknown, repeat with the same Idempotency-Key",
            ),
            _ => Self::internal(&error),
        }
    }
}

impl From<KeysError> for Refusal {
    fn from(error: KeysError) -> Self {
        Self::internal(error)
    }
}

impl From<WriteError<Refusal>> for Refusal {
    fn from(error: WriteError<Refusal>) -> Self {
        match error {
            WriteError::Call(refusal) => refusal,
            WriteError::Store(error) => error.into(),
        }
    }
}
