//! Which contributions to the seed a draw needs beside the operator's, in a profile of version 2
//! (`api-spec/profile-v2.md` §3.3, `draw-v3.md`): a table of rows, of which the first that fits counts.
//!
//! No law asks for any of this; a row says so in its status. A profile without the table asks for the
//! operator's contribution alone.

use crate::codec::{Fields, Json, ShapeError, object};
use crate::registry::plan::Plan;
use crate::rules::registry_profile::{Rule as Sourced, read};

/// The most rows.
const ROW_LIMIT: usize = 32;

/// Which projects a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Every project.
    Always,
    /// A budget of at least so many fen.
    Budget(u64),
    /// Technically complex.
    Complex,
    /// Of large social impact.
    SocialImpact,
    /// Reviewed remotely.
    Remote,
}

/// What is known of a project when it is drawn for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stakes {
    /// Budget in fen.
    pub budget_fen: u64,
    /// Technically complex.
    pub complex: bool,
    /// Of large social impact.
    pub social_impact: bool,
    /// Reviewed remotely.
    pub remote: bool,
}

impl Stakes {
    /// What a plan says of it.
    pub fn of(plan: &Plan) -> Self {
        Self {
            budget_fen: plan.budget_fen.unsigned_abs(),
            complex: plan.complex,
            social_impact: plan.social_impact,
            remote: plan.remote,
        }
    }
}

/// What a row asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contributions {
    /// For which projects.
    pub when: Occasion,
    /// At least so many supervisors' nonces.
    pub supervisors: u32,
    /// At least so many witnesses.
    pub witnesses: u32,
    /// Whether a beacon's round.
    pub beacon: bool,
    /// How long contributions may take, in minutes.
    pub minutes: u32,
    /// Its source.
    pub rule: Sourced,
}

impl Contributions {
    /// Whether a row is for a project; `None`: nothing is known of it but that it is one.
    pub fn fits(&self, stakes: Option<&Stakes>) -> bool {
        match (self.when, stakes) {
            (Occasion::Always, _) => true,
            (_, None) => false,
            (Occasion::Budget(least), Some(stakes)) => stakes.budget_fen >= least,
            (Occasion::Complex, Some(stakes)) => stakes.complex,
            (Occasion::SocialImpact, Some(stakes)) => stakes.social_impact,
            (Occasion::Remote, Some(stakes)) => stakes.remote,
        }
    }

    /// In Chinese, for whoever reads the profile.
    pub fn words_zh(&self) -> String {
        let when = match self.when {
            Occasion::Always => "所有项目".to_owned(),
            Occasion::Budget(least) => format!("预算不低于{}元", least / 100),
            Occasion::Complex => "技术复杂".to_owned(),
            Occasion::SocialImpact => "社会影响较大".to_owned(),
            Occasion::Remote => "异地评审".to_owned(),
        };
        let beacon = if self.beacon { "，公共随机信标" } else { "" };
        format!(
            "{when}：监督员随机数不少于{}个，见证方不少于{}个{beacon}；期限{}分钟",
            self.supervisors, self.witnesses, self.minutes
        )
    }

    /// Reads the optional table `contributions`.
    pub(super) fn read_all(f: &mut Fields<'_>) -> Result<Vec<Self>, ShapeError> {
        if f.optional("contributions").is_none() {
            return Ok(Vec::new());
        }
        let rows = f.each("contributions", Self::read)?;
        if rows.is_empty() || rows.len() > ROW_LIMIT {
            return Err(f.wrong("contributions", "1 to 32 rows"));
        }
        Ok(rows)
    }

    fn read(json: &Json, path: &str) -> Result<Self, ShapeError> {
        object(json, path, |f| {
            let when = match f.str("when")? {
                "always" => Occasion::Always,
                "budget" => Occasion::Budget(f.u64("budget_fen")?),
                "complex" => Occasion::Complex,
                "social_impact" => Occasion::SocialImpact,
                "remote" => Occasion::Remote,
                _ => return Err(f.wrong("when", "must be always, budget, complex, social_impact or remote")),
            };
            Ok(Self {
                when,
                supervisors: read::between(f, "supervisors", 0, 32)?,
                witnesses: read::between(f, "witnesses", 0, 32)?,
                beacon: read::yes_no(f, "beacon")?,
                minutes: read::between(f, "minutes", 5, 10_080)?,
                rule: read::rule(f)?,
            })
        })
    }
}
