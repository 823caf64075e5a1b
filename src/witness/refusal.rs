//! Why a witness does not do what it is asked: one word, an HTTP status, a title in two languages
//! (`api-spec/witness-v1.md`; C2SP tlog-witness for `add-checkpoint`).

use crate::codec::{Json, Object};

/// Every reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not a request of the specification; what is wrong with it.
    Shape(String),
    /// Longer than a request may be.
    TooLarge,
    /// No key of this log was given at the start.
    UnknownLog,
    /// No known key of the log signed the checkpoint, or the line of one does not verify.
    NotSigned,
    /// The old size is not that of the newest cosigned checkpoint, which is this.
    OldSize(u64),
    /// The checkpoint does not extend the newest cosigned one.
    Inconsistent(&'static str),
    /// No checkpoint of this size was cosigned; the newest has this size.
    UnknownHead(u64),
    /// An entry is no statement of the log in the named head.
    Proof(String),
    /// The commitment does not name this witness's VRF key once.
    NotNamed,
    /// The other contributions that it waits for are not all there, or are not valid.
    TooEarly(&'static str),
    /// The commitment's deadline has passed.
    PastDeadline,
    /// It has stated that it never answers: the statement.
    NotReleased(Json),
    /// It has answered: the answer.
    Answered(Json),
    /// Nothing is kept under this name.
    Unknown,
    /// More new heads of this log than are taken in so short a time.
    TooFast,
    /// The clock is before the time of something already signed.
    Clock,
    /// The disk did not take the record. Nothing was signed.
    Storage,
}

impl Refusal {
    /// HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Shape(_) => 400,
            Self::NotSigned
            | Self::NotNamed
            | Self::TooEarly(_)
            | Self::PastDeadline
            | Self::NotReleased(_) => 403,
            Self::UnknownLog | Self::Unknown => 404,
            Self::OldSize(_) | Self::UnknownHead(_) | Self::Answered(_) => 409,
            Self::TooLarge => 413,
            Self::Inconsistent(_) | Self::Proof(_) => 422,
            Self::TooFast => 429,
            Self::Clock | Self::Storage => 503,
        }
    }

    /// The word by which programs tell refusals apart.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Shape(_) => "shape",
            Self::TooLarge => "too_large",
            Self::UnknownLog => "unknown_log",
            Self::NotSigned => "not_signed",
            Self::OldSize(_) => "old_size",
            Self::Inconsistent(_) => "inconsistent",
            Self::UnknownHead(_) => "unknown_head",
            Self::Proof(_) => "proof",
            Self::NotNamed => "not_named",
            Self::TooEarly(_) => "too_early",
            Self::PastDeadline => "past_deadline",
            Self::NotReleased(_) => "not_released",
            Self::Answered(_) => "answered",
            Self::Unknown => "unknown",
            Self::TooFast => "too_fast",
            Self::Clock => "clock",
            Self::Storage => "storage",
        }
    }

    /// Chinese title.
    pub fn title_zh(&self) -> String {
        match self {
            Self::Shape(what) => format!("请求格式不符合规范：{what}"),
            Self::TooLarge => "请求过大".into(),
            Self::UnknownLog => "本见证不见证该日志".into(),
            Self::NotSigned => "检查点没有该日志已知密钥的有效签名".into(),
            Self::OldSize(size) => format!("旧大小不是最近一次见证的大小 {size}"),
            Self::Inconsistent(what) => format!("检查点与已见证的历史不一致：{what}"),
            Self::UnknownHead(size) => format!("没有见证过这个大小的检查点，最近一次见证的大小是 {size}"),
            Self::Proof(what) => format!("条目未被证明属于该检查点：{what}"),
            Self::NotNamed => "该承诺没有指定本见证的密钥".into(),
            Self::TooEarly(what) => format!("为时尚早：{what}"),
            Self::PastDeadline => "已过承诺中的截止时间".into(),
            Self::NotReleased(_) => "本见证已声明对该次抽取永不提供随机数".into(),
            Self::Answered(_) => "本见证已对该次抽取提供随机数".into(),
            Self::Unknown => "没有这一项".into(),
            Self::TooFast => "该日志的检查点来得太快，请稍后再试".into(),
            Self::Clock => "本机时钟早于已签署的时间，请校准时钟".into(),
            Self::Storage => "记录未能写入磁盘，没有签署任何内容".into(),
        }
    }

    /// English title.
    pub fn title_en(&self) -> String {
        match self {
            Self::Shape(what) => format!("not a request of the specification: {what}"),
            Self::TooLarge => "the request is too large".into(),
            Self::UnknownLog => "this witness does not witness that log".into(),
            Self::NotSigned => "no valid signature of a known key of the log".into(),
            Self::OldSize(size) => {
                format!("the old size is not that of the newest cosigned checkpoint, {size}")
            }
            Self::Inconsistent(what) => format!("the checkpoint contradicts what was cosigned: {what}"),
            Self::UnknownHead(size) => {
                format!("no checkpoint of this size was cosigned; the newest has {size}")
            }
            Self::Proof(what) => format!("not proven to be in that checkpoint: {what}"),
            Self::NotNamed => "the commitment does not name this witness's key".into(),
            Self::TooEarly(what) => format!("too early: {what}"),
            Self::PastDeadline => "the commitment's deadline has passed".into(),
            Self::NotReleased(_) => "this witness has stated that it never answers for this draw".into(),
            Self::Answered(_) => "this witness has answered for this draw".into(),
            Self::Unknown => "there is no such thing".into(),
            Self::TooFast => "heads of this log come too fast; try again later".into(),
            Self::Clock => "the clock is before a time that was already signed".into(),
            Self::Storage => "the record could not be written; nothing was signed".into(),
        }
    }

    /// The body of a refusal of our own operations.
    pub fn to_json(&self) -> Json {
        let object = Object::new()
            .with("error", self.word())
            .with("title_en", self.title_en())
            .with("title_zh", self.title_zh());
        match self {
            Self::UnknownHead(size) => object.with("size", *size),
            Self::NotReleased(statement) => object.with("statement", statement.clone()),
            Self::Answered(answer) => object.with("answer", answer.clone()),
            _ => object,
        }
        .into()
    }
}
