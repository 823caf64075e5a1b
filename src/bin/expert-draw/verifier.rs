//! `verifier`: writes the verifier for browsers, one HTML file that needs no network.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use expert_draw::http::verifier::PAGE;

use crate::setup::{Failure, failed};

pub fn verifier(out: Option<&Path>) -> Result<ExitCode, Failure> {
    match out {
        Some(path) => fs::write(path, PAGE).map_err(|e| failed(format!("{}: {e}", path.display())))?,
        None => std::io::stdout().write_all(PAGE)?,
    }
    Ok(ExitCode::SUCCESS)
}
