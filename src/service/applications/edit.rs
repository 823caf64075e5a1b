//! What is written of an application besides the record, checked value by value while it is saved.

use super::body::{ApplicationBody, Declaration};
use crate::codes::Region;
use crate::registry::Problem;
use crate::rules::registry_profile::Channel;
use crate::service::refusal::Refusal;

/// What is written besides the record; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationEdit {
    /// `public_call`, `unit_recommendation`, `self_recommendation`.
    pub channel: Option<String>,
    /// Number of the public call.
    pub call: Option<String>,
    /// Credit code of the unit that recommends.
    pub recommender: Option<String>,
    /// `none` or `listed`.
    pub declaration: Option<String>,
    /// Version of the privacy notice that was read.
    pub privacy_notice: Option<String>,
    /// Why a relaxation for scarce specialities is asked for.
    pub relaxation: Option<String>,
    /// Region code of the bureau that it goes to; the main review region, once there is one.
    pub region: Option<String>,
}

/// Puts what is given into the body; answers the region that it now belongs to.
pub(super) fn apply(edit: &ApplicationEdit, body: &mut ApplicationBody) -> Result<Option<String>, Refusal> {
    let mut problems = Vec::new();
    if let Some(word) = &edit.channel {
        match Channel::parse(word) {
            Some(channel) => body.channel = channel,
            None => return Err(no_channel(Some(word))),
        }
    }
    if let Some(word) = &edit.declaration {
        body.declaration = Declaration::parse(word);
        if body.declaration.is_none() {
            let (zh, en) = ("应为 none 或 listed", "must be none or listed");
            problems.push(Problem::new("declaration", word, "declaration", zh, en));
        }
    }
    let put = |field: &mut Option<String>, given: &Option<String>| {
        if let Some(text) = given {
            *field = (!text.is_empty()).then(|| text.clone());
        }
    };
    put(&mut body.call, &edit.call);
    put(&mut body.recommender, &edit.recommender);
    put(&mut body.privacy_notice, &edit.privacy_notice);
    put(&mut body.relaxation, &edit.relaxation);
    problems.extend(body.wrong_values());
    let main = body.facts.regions.first().or(edit.region.as_ref());
    let region = match main.map(|code| (code, Region::parse(code))) {
        None => None,
        Some((_, Ok(region))) => Some(region.as_str().to_owned()),
        Some((code, Err(error))) => {
            let field = if body.facts.regions.is_empty() { "region" } else { "facts.regions[0]" };
            let (zh, en) = (error.message_zh(), error.to_string());
            problems.push(Problem::new(field, code, "unknown_region", zh, en));
            None
        }
    };
    if problems.is_empty() { Ok(region) } else { Err(Refusal::invalid(problems)) }
}

pub(super) fn no_channel(given: Option<&str>) -> Refusal {
    let en = "must be public_call, unit_recommendation or self_recommendation";
    let zh = "应为 public_call、unit_recommendation 或 self_recommendation";
    Refusal::field("channel", given.unwrap_or_default(), "channel", zh, en)
}
