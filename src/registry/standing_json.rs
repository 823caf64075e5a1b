//! How an image writes a standing: `{state}` with its particulars.
//!
//! | state | further fields |
//! |---|---|
//! | `suspended` | `returns`: `itself`, `request` or `decision`; `until`: last day (not with `decision`) |
//! | `stale` | `why`: `unconfirmed`, `unreachable` or `near_limit` |
//! | `dismissed` | `reason`: item 1–4 of 财库〔2016〕198号 art 11 |
//! | `merged` | `into`: the expert number that goes on |

use crate::codec::{Fields, Json, Object, ShapeError};
use crate::time::Date;

use super::expert::ExpertNumber;
use super::standing::{DismissalReason, StaleReason, Standing, StandingKind, Until};

/// To JSON.
pub(super) fn standing_json(standing: &Standing) -> Json {
    let state = Object::new().with("state", standing.kind().as_str());
    let state = match standing {
        Standing::Active | Standing::Banned | Standing::Deceased => state,
        Standing::Stale(why) => state.with("why", why.as_str()),
        Standing::Dismissed(reason) => state.with("reason", reason.number()),
        Standing::Merged(into) => state.with("into", into.as_str()),
        Standing::Suspended(until) => {
            state.with("returns", until.returns()).with_some("until", until.day().map(|day| day.to_string()))
        }
    };
    state.into()
}

/// From JSON.
pub(super) fn read_standing(f: &mut Fields<'_>) -> Result<Standing, ShapeError> {
    let kind = StandingKind::parse(f.str("state")?).ok_or_else(|| f.wrong("state", "unknown state"))?;
    Ok(match kind {
        StandingKind::Active => Standing::Active,
        StandingKind::Banned => Standing::Banned,
        StandingKind::Deceased => Standing::Deceased,
        StandingKind::Stale => {
            let why = StaleReason::parse(f.str("why")?);
            Standing::Stale(
                why.ok_or_else(|| f.wrong("why", "must be unconfirmed, unreachable or near_limit"))?,
            )
        }
        StandingKind::Merged => {
            let into = ExpertNumber::parse(f.str("into")?);
            Standing::Merged(into.ok_or_else(|| f.wrong("into", "must be an expert number"))?)
        }
        StandingKind::Dismissed => {
            let reason = DismissalReason::from_number(f.u32("reason", 4)?);
            Standing::Dismissed(reason.ok_or_else(|| f.wrong("reason", "must be 1 to 4"))?)
        }
        StandingKind::Suspended => Standing::Suspended(match f.str("returns")? {
            "itself" => Until::Day(read_date(f, "until")?),
            "request" => Until::RequestAfter(read_date(f, "until")?),
            "decision" => Until::Reinstated,
            _ => return Err(f.wrong("returns", "must be itself, request or decision")),
        }),
    })
}

fn read_date(f: &mut Fields<'_>, key: &str) -> Result<Date, ShapeError> {
    let written = f.str(key)?;
    Date::parse(written).map_err(|error| f.wrong(key, error.to_string()))
}
