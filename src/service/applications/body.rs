//! What an application says: the body of its case, and what the bureau decided about it.
//!
//! *Invariant:* `read(write(body)) == body`.
//!
//! *Deliberately not here:* whether it is complete (`complete`), who may decide (`review`).

use crate::codec::{Fields, Json, Object, ShapeError, object};
use crate::registry::Draft;
use crate::rules::registry_profile::Channel;

/// What an application says.
#[derive(Clone, PartialEq, Eq)]
pub struct ApplicationBody {
    /// How the person came to apply.
    pub channel: Channel,
    /// Number of the public call.
    pub call: Option<String>,
    /// Credit code of the unit that recommends.
    pub recommender: Option<String>,
    /// Entered by the bureau for somebody recommended, not by the person.
    pub by_bureau: bool,
    /// The record as the person wrote it. Its documents are the material.
    pub facts: Draft,
    /// Units to avoid: declared as listed, or declared that there are none; `None`: not yet declared.
    pub declaration: Option<Declaration>,
    /// Version of the privacy notice that was read.
    pub privacy_notice: Option<String>,
    /// Why the relaxation for scarce specialities is asked for.
    pub relaxation: Option<String>,
    /// What was decided, in order.
    pub opinions: Vec<Opinion>,
    /// Points of the test.
    pub points: Option<u32>,
    /// The number under which the person was entered.
    pub expert: Option<String>,
}

/// What the person declares about units to avoid (198号 art. 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declaration {
    /// There are none.
    None,
    /// They are those of the record.
    Listed,
}

impl Declaration {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Listed => "listed",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::None, Self::Listed].into_iter().find(|known| known.name() == word)
    }
}

/// At which level was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// 初审
    First,
    /// 终审
    Final,
}

impl Level {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Final => "final",
        }
    }
}

/// One of the decisions of a level: yes or no, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it passes.
    pub pass: bool,
    /// Why; always there when it does not pass.
    pub reason: Option<String>,
}

/// What one level decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// The level.
    pub level: Level,
    /// The event that followed: `pass`, `return`, `reject`, `approve`, `enter`.
    pub event: String,
    /// The account.
    pub by: String,
    /// Unix seconds.
    pub at: i64,
    /// Why, for the applicant.
    pub reason: Option<String>,
    /// The material.
    pub material: Option<Verdict>,
    /// Each claimed speciality.
    pub specialities: Vec<(String, Verdict)>,
    /// The credit record.
    pub credit: Option<Verdict>,
    /// Granted: the relaxation for scarce specialities, with the reason and the specialities.
    pub relaxation: Option<(String, Vec<String>)>,
}

impl ApplicationBody {
    /// An empty application.
    pub fn new(channel: Channel, by_bureau: bool) -> Self {
        Self {
            channel,
            call: None,
            recommender: None,
            by_bureau,
            facts: Draft { id_kind: "111".to_owned(), ..Draft::default() },
            declaration: None,
            privacy_notice: None,
            relaxation: None,
            opinions: Vec::new(),
            points: None,
            expert: None,
        }
    }

    /// All claimed specialities, in the order in which they were written.
    pub fn claimed(&self) -> Vec<String> {
        let mut claimed = self.facts.specialities.clone();
        for claim in &self.facts.claims {
            if !claimed.contains(&claim.speciality) {
                claimed.push(claim.speciality.clone());
            }
        }
        claimed
    }

    /// The newest opinion of a level since the application was last handed in, that is, after any
    /// return.
    pub fn opinion(&self, level: Level) -> Option<&Opinion> {
        let current = self.opinions.iter().rev().take_while(|opinion| opinion.event != "return");
        current.into_iter().find(|opinion| opinion.level == level)
    }

    /// As the case keeps it.
    pub fn write(&self) -> Json {
        Object::new()
            .with("v", 1u32)
            .with("channel", self.channel.name())
            .with_some("call", self.call.clone())
            .with_some("recommender", self.recommender.clone())
            .with("by", if self.by_bureau { "bureau" } else { "applicant" })
            .with("facts", self.facts.to_json())
            .with_some("declaration", self.declaration.map(Declaration::name))
            .with_some("privacy_notice", self.privacy_notice.clone())
            .with_some("relaxation", self.relaxation.clone())
            .with("opinions", Json::List(self.opinions.iter().map(Opinion::write).collect()))
            .with_some("points", self.points)
            .with_some("expert", self.expert.clone())
            .into()
    }

    /// Reads what [`ApplicationBody::write`] writes.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            f.int("v", 1..=1)?;
            Ok(Self {
                channel: Channel::parse(f.str("channel")?).ok_or_else(|| f.wrong("channel", "unknown"))?,
                call: text(f, "call")?,
                recommender: text(f, "recommender")?,
                by_bureau: f.str("by")? == "bureau",
                facts: Draft::from_json(f.required("facts")?)?,
                declaration: match text(f, "declaration")? {
                    None => None,
                    Some(word) => {
                        Some(Declaration::parse(&word).ok_or_else(|| f.wrong("declaration", "unknown"))?)
                    }
                },
                privacy_notice: text(f, "privacy_notice")?,
                relaxation: text(f, "relaxation")?,
                opinions: f.each("opinions", Opinion::read)?,
                points: match f.optional("points") {
                    None => None,
                    Some(_) => Some(f.u32("points", 100)?),
                },
                expert: text(f, "expert")?,
            })
        })
    }
}

impl Verdict {
    fn write(&self) -> Json {
        Object::new()
            .with("pass", if self.pass { "yes" } else { "no" })
            .with_some("reason", self.reason.clone())
            .into()
    }

    fn read(json: &Json, path: &str) -> Result<Self, ShapeError> {
        object(json, path, |f| Ok(Self { pass: f.str("pass")? == "yes", reason: text(f, "reason")? }))
    }
}

impl Opinion {
    fn write(&self) -> Json {
        let speciality = |(code, verdict): &(String, Verdict)| {
            Json::from(Object::new().with("code", code.as_str()).with("verdict", verdict.write()))
        };
        let relaxation = self.relaxation.as_ref().map(|(reason, codes)| {
            let codes = Json::List(codes.iter().map(|code| code.as_str().into()).collect());
            Json::from(Object::new().with("reason", reason.as_str()).with("specialities", codes))
        });
        Object::new()
            .with("level", self.level.name())
            .with("event", self.event.as_str())
            .with("by", self.by.as_str())
            .with("at", self.at)
            .with_some("reason", self.reason.clone())
            .with_some("material", self.material.as_ref().map(Verdict::write))
            .with("specialities", Json::List(self.specialities.iter().map(speciality).collect()))
            .with_some("credit", self.credit.as_ref().map(Verdict::write))
            .with_some("relaxation", relaxation)
            .into()
    }

    fn read(json: &Json, path: &str) -> Result<Self, ShapeError> {
        let verdict = |f: &mut Fields<'_>, key: &str| match f.optional(key) {
            None => Ok(None),
            Some(json) => Verdict::read(json, key).map(Some),
        };
        object(json, path, |f| {
            Ok(Self {
                level: match f.str("level")? {
                    "first" => Level::First,
                    "final" => Level::Final,
                    _ => return Err(f.wrong("level", "must be first or final")),
                },
                event: f.str("event")?.to_owned(),
                by: f.str("by")?.to_owned(),
                at: f.int("at", 0..=crate::codec::json::MAX_INTEGER)?,
                reason: text(f, "reason")?,
                material: verdict(f, "material")?,
                specialities: f.each("specialities", |json, path| {
                    object(json, path, |f| {
                        Ok((f.str("code")?.to_owned(), Verdict::read(f.required("verdict")?, path)?))
                    })
                })?,
                credit: verdict(f, "credit")?,
                relaxation: match f.optional("relaxation") {
                    None => None,
                    Some(_) => Some(f.object("relaxation", |f| {
                        let word = |json: &Json, path: &str| {
                            let text = json.as_str().map(str::to_owned);
                            text.ok_or_else(|| ShapeError::new(path, "must be a string"))
                        };
                        Ok((f.str("reason")?.to_owned(), f.each("specialities", word)?))
                    })?),
                },
            })
        })
    }
}

fn text(f: &mut Fields<'_>, key: &str) -> Result<Option<String>, ShapeError> {
    match f.optional(key) {
        None => Ok(None),
        Some(_) => f.str(key).map(|text| Some(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_reads_back_as_it_was_written() {
        let no = Verdict { pass: false, reason: Some("材料不清".into()) };
        let yes = Verdict { pass: true, reason: None };
        let opinion = |level, event: &str| Opinion {
            level,
            event: event.into(),
            by: "A1".into(),
            at: 5,
            reason: Some("补正".into()),
            material: Some(no.clone()),
            specialities: vec![("ndrc316:A0832".into(), yes.clone())],
            credit: Some(yes.clone()),
            relaxation: Some(("紧缺".into(), vec!["ndrc316:A0832".into()])),
        };
        let mut body = ApplicationBody::new(Channel::PublicCall, true);
        assert!(ApplicationBody::read(&body.write()).unwrap() == body);
        body.call = Some("2026-1".into());
        body.declaration = Some(Declaration::None);
        body.opinions = vec![opinion(Level::First, "pass"), opinion(Level::Final, "return")];
        body.points = Some(80);
        assert!(ApplicationBody::read(&body.write()).unwrap() == body);
        assert!(body.opinion(Level::First).is_none(), "what was returned is decided anew");
        body.opinions.push(opinion(Level::First, "pass"));
        assert!(body.opinion(Level::First).is_some() && body.opinion(Level::Final).is_none());
    }
}
