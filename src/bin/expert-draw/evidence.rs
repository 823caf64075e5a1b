//! `evidence DRAW`: writes the evidence of a draw, even when the service refuses to start.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use expert_draw::config::Config;
use expert_draw::evidence::Audience;
use expert_draw::ports::SystemEntropy;
use expert_draw::service::actor::{Actor, Role};
use expert_draw::service::evidence::evidence_of;

use crate::setup::{self, Failure, failed};

pub fn evidence(
    config: &Config,
    draw: &str,
    audience: &str,
    purpose: Option<&str>,
    out: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let audience = Audience::parse(audience).ok_or_else(|| failed("--audience: public 或 auditor"))?;
    let bytes = match audience {
        Audience::Public => unchecked(config, draw, audience)?,
        Audience::Auditor => {
            let purpose = purpose.ok_or_else(|| failed("--audience auditor 须说明 --purpose 查看目的"))?;
            auditor(config, draw, purpose)?
        }
    };
    match out {
        Some(path) => fs::write(path, bytes).map_err(|e| failed(format!("{}: {e}", path.display())))?,
        None => std::io::stdout().write_all(&bytes)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The look is recorded where that is possible; a database that the service refuses cannot be
/// written to, and the operator is told so.
fn auditor(config: &Config, draw: &str, purpose: &str) -> Result<Vec<u8>, Failure> {
    match setup::service(config) {
        Ok((service, _)) => {
            let actor = Actor::of_role("console", Role::Auditor);
            Ok(service.auditor_evidence(&actor, draw, purpose)?)
        }
        Err(refused) => {
            eprintln!("{refused}\n服务拒绝启动：此次查看无法记入日志 (this look could not be recorded)");
            unchecked(config, draw, Audience::Auditor)
        }
    }
}

fn unchecked(config: &Config, draw: &str, audience: Audience) -> Result<Vec<u8>, Failure> {
    let keys = setup::keys(config)?;
    let reader = setup::reader(config)?;
    Ok(evidence_of(&reader, &keys, &SystemEntropy, draw, audience)?)
}
