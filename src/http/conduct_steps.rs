//! The steps of a conduct case, one operation each. All answer the case's line; what each needs is the
//! table CONDUCT in `api-spec/registry-v1.md` §E.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::case_views::{CaseLineView, stepped};
use super::conduct::{ReasonInput, TextInput};
use super::idempotency::Key;
use super::problem::Problem;
use super::run::run;
use crate::service::Service;
use crate::service::conduct::{Extension, Finding, Proposal, Step};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(register).service(join).service(assign).service(begin).service(evidence);
    config.service(ask_extension).service(grant_extension).service(refuse_extension);
    config.service(unfounded).service(establish).service(propose).service(confirm).service(reject);
    config.service(transfer).service(publish).service(uphold).service(reverse).service(clear);
    config.service(state).service(appeal);
}

/// The number under which a clue is taken into the books.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClueNumber {
    /// 线索编号, at most 64 characters.
    number: String,
}

/// The other case about the same matter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SameMatter {
    /// Case id.
    of: String,
}

/// A handler with a time limit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Account of the handler.
    handler: String,
    /// Last day, `YYYY-MM-DD`.
    until: String,
}

/// What the expert is told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Allegation {
    /// 告知事项, at most 2,000 characters; the expert sees it.
    allegation: String,
}

/// A piece of evidence.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceInput {
    /// What it shows, at most 2,000 characters.
    text: String,
    /// Digest of an attachment, 64 hex digits.
    attachment: Option<String>,
}

/// More time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionInput {
    /// Why.
    reason: String,
    /// The new last day, `YYYY-MM-DD`.
    until: String,
}

/// Reasons.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonsInput {
    /// At most 2,000 characters.
    reasons: String,
}

/// What was established.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingInput {
    /// `art29_1` to `art29_7`, or a province's own item of `GET /tiers`.
    code: String,
    /// The facts, at most 2,000 characters; the expert sees them.
    facts: String,
}

/// A decision proposed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalInput {
    /// 警告.
    #[serde(default)]
    warning: bool,
    /// 罚款, whole yuan: 2,000–20,000; 20,000–50,000 with the ban (实施条例第75条).
    fine_yuan: Option<u32>,
    /// Whether the result of the review was affected.
    #[serde(default)]
    result_affected: bool,
    /// `none`, `suspend`, `dismiss`, `ban`.
    effect: String,
    /// Months of a suspension: 3, 6 or 12.
    months: Option<u32>,
    /// The articles it rests on, at most 200 characters.
    basis: String,
    /// Number of the decision's document.
    document: Option<String>,
}

/// The organ that takes over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferInput {
    /// 接收机关.
    to: String,
    /// 回执.
    receipt: String,
}

/// A publication.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicationInput {
    /// First day, `YYYY-MM-DD`.
    from: String,
    /// Last day, `YYYY-MM-DD`.
    to: String,
    /// Where.
    platform: String,
}

/// 销号清单.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    /// 整改.
    remedy: String,
    /// 处理执行.
    executed: String,
    /// 专家库更新.
    library_updated: String,
    /// 制度漏洞.
    loophole: String,
}

/// A step as an operation with a body.
macro_rules! step {
    ($name:ident, $tag:tt, $path:tt, $doc:tt, $body:ident, |$value:ident| $step:expr) => {
        #[doc = $doc]
        #[utoipa::path(
            tag = $tag,
            params(
                ("id" = String, Path, description = "Case id"),
                ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
            ),
            request_body = $body,
            responses((status = 200, body = CaseLineView, headers(("ETag" = String, description = "the version"))))
        )]
        #[post($path)]
        async fn $name(
            caller: Caller,
            key: Key,
            service: web::Data<Service>,
            id: web::Path<String>,
            body: Body<$body>,
        ) -> Result<HttpResponse, Problem> {
            let key = key.of(body.request)?;
            let $value = body.value;
            let step = $step;
            Ok(stepped(run(&service, move |service| service.conduct_step(&caller.0, &id, &step, Some(&key))).await?))
        }
    };
}

/// A step as an operation without a body.
macro_rules! bare_step {
    ($name:ident, $path:tt, $doc:tt, $step:expr) => {
        #[doc = $doc]
        #[utoipa::path(
            tag = "conduct",
            params(
                ("id" = String, Path, description = "Case id"),
                ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
            ),
            responses((status = 200, body = CaseLineView, headers(("ETag" = String, description = "the version"))))
        )]
        #[post($path)]
        async fn $name(
            caller: Caller,
            key: Key,
            service: web::Data<Service>,
            id: web::Path<String>,
            body: Nothing,
        ) -> Result<HttpResponse, Problem> {
            let key = key.of(body.request)?;
            let step = $step;
            Ok(stepped(run(&service, move |service| service.conduct_step(&caller.0, &id, &step, Some(&key))).await?))
        }
    };
}

step!(
    register,
    "conduct",
    "/conduct/{id}/register",
    "登记编号 · Takes a clue into the books.",
    ClueNumber,
    |v| { Step::Register(v.number) }
);
step!(
    join,
    "conduct",
    "/conduct/{id}/join",
    "并案 · It is the same matter as another case.",
    SameMatter,
    |v| { Step::Join(v.of) }
);
step!(
    assign,
    "conduct",
    "/conduct/{id}/assign",
    "交办 · Gives it to a handler with a time limit.",
    Assignment,
    |v| { Step::Assign { handler: v.handler, until: v.until } }
);
step!(begin, "conduct", "/conduct/{id}/begin", "核查并告知 · Begins the hearing.", Allegation, |v| {
    Step::Begin(v.allegation)
});
step!(evidence, "conduct", "/conduct/{id}/evidence", "补充证据 · Adds evidence.", EvidenceInput, |v| {
    Step::Evidence { text: v.text, attachment: v.attachment }
});
step!(
    ask_extension,
    "conduct",
    "/conduct/{id}/extension",
    "申请延期 · Asks for more time.",
    ExtensionInput,
    |v| Step::AskExtension(Extension { reason: v.reason, until: v.until })
);
bare_step!(
    grant_extension,
    "/conduct/{id}/extension/grant",
    "同意延期 · Grants more time; another person.",
    Step::GrantExtension
);
step!(
    refuse_extension,
    "conduct",
    "/conduct/{id}/extension/refuse",
    "不同意延期 · Refuses more time; another person.",
    ReasonInput,
    |v| Step::RefuseExtension(v.reason)
);
step!(unfounded, "conduct", "/conduct/{id}/unfounded", "查无实据 · Nothing to it.", ReasonsInput, |v| {
    Step::Unfounded(v.reasons)
});
step!(establish, "conduct", "/conduct/{id}/establish", "查实 · Established.", FindingInput, |v| {
    Step::Establish(Finding { code: v.code, facts: v.facts })
});
step!(propose, "conduct", "/conduct/{id}/propose", "拟处理 · Proposes a decision.", ProposalInput, |v| {
    Step::Propose(Proposal {
        warning: v.warning,
        fine_yuan: v.fine_yuan,
        result_affected: v.result_affected,
        effect: v.effect,
        months: v.months,
        basis: v.basis,
        document: v.document,
    })
});
bare_step!(
    confirm,
    "/conduct/{id}/confirm",
    "确认处理 · Confirms the decision; another person. It takes effect on the expert at once.",
    Step::Confirm
);
step!(
    reject,
    "conduct",
    "/conduct/{id}/reject",
    "退回处理 · Sends a proposal back.",
    ReasonInput,
    |v| { Step::Reject(v.reason) }
);
step!(
    transfer,
    "conduct",
    "/conduct/{id}/transfer",
    "移送 · Hands over to another organ.",
    TransferInput,
    |v| { Step::Transfer { to: v.to, receipt: v.receipt } }
);
step!(
    publish,
    "conduct",
    "/conduct/{id}/publish",
    "公示 · Publishes the decision.",
    PublicationInput,
    |v| { Step::Publish { from: v.from, to: v.to, platform: v.platform } }
);
step!(
    uphold,
    "conduct",
    "/conduct/{id}/uphold",
    "维持 · Upholds the decision on appeal.",
    ReasonsInput,
    |v| { Step::Uphold(v.reasons) }
);
step!(
    reverse,
    "conduct",
    "/conduct/{id}/reverse",
    "撤销 · Reverses the decision on appeal; its effect is lifted.",
    ReasonsInput,
    |v| Step::Reverse(v.reasons)
);
step!(
    clear,
    "conduct",
    "/conduct/{id}/clear",
    "销号 · Clears the case; not the handler.",
    Checklist,
    |v| { Step::Clear([v.remedy, v.executed, v.library_updated, v.loophole]) }
);
step!(state, "me", "/me/conduct/{id}/statement", "陈述申辩 · The expert's view.", TextInput, |v| {
    Step::State(v.text)
});
step!(appeal, "me", "/me/conduct/{id}/appeal", "申诉 · The expert's appeal, once.", TextInput, |v| {
    Step::Appeal(v.text)
});
