//! Section `entry` and section `changes`: how somebody applies, with what material, who reviews and
//! within which time (财库〔2016〕198号 arts 5, 7, 9; PIPL art. 17).
//!
//! *Invariant:* the material list names every kind of [`Material`] once.

use crate::codec::{Fields, ShapeError};

use super::read::{self, Flag, Number, Rule, Text};

/// How somebody comes to apply (198号 art. 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// 公开征集
    PublicCall,
    /// 单位推荐
    UnitRecommendation,
    /// 自我推荐
    SelfRecommendation,
}

impl Channel {
    /// All three.
    pub const ALL: [Channel; 3] = [Self::PublicCall, Self::UnitRecommendation, Self::SelfRecommendation];

    /// The word in the file and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::PublicCall => "public_call",
            Self::UnitRecommendation => "unit_recommendation",
            Self::SelfRecommendation => "self_recommendation",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Channel> {
        Self::ALL.into_iter().find(|channel| channel.name() == word)
    }
}

/// What an application is made of (198号 art. 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Material {
    /// 个人简历
    Cv,
    /// 本人签署的申请书
    Application,
    /// 承诺书
    Commitment,
    /// 学历学位证书
    Degree,
    /// 专业技术职称证书
    Title,
    /// 具有同等专业水平的证明材料
    EqualLevel,
    /// 居民身份证
    Identity,
    /// 其他材料
    Other,
}

impl Material {
    /// All kinds.
    pub const ALL: [Material; 8] = [
        Self::Cv,
        Self::Application,
        Self::Commitment,
        Self::Degree,
        Self::Title,
        Self::EqualLevel,
        Self::Identity,
        Self::Other,
    ];

    /// The word in the file and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cv => "cv",
            Self::Application => "application",
            Self::Commitment => "commitment",
            Self::Degree => "degree",
            Self::Title => "title",
            Self::EqualLevel => "equal_level_proof",
            Self::Identity => "id_card",
            Self::Other => "other",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Material> {
        Self::ALL.into_iter().find(|material| material.name() == word)
    }
}

/// When a kind of material must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaterialRule {
    /// The kind.
    pub material: Material,
    /// The wording, in Chinese.
    pub title: String,
    /// The same in English.
    pub title_en: String,
    /// Whether an application needs it.
    pub required: bool,
    /// What stands in for it.
    pub instead: Option<Material>,
    /// Its source.
    pub rule: Rule,
}

/// A test before entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryTest {
    /// Whether there is one.
    pub required: Flag,
    /// Points needed, of 100.
    pub pass_mark: Number,
}

/// Until when a level of a review decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Working days for each level.
    pub working_days: Number,
}

/// The section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRules {
    /// How somebody may come, with the source.
    pub channels: Vec<Channel>,
    /// Source of the channels.
    pub channels_rule: Rule,
    /// What is needed.
    pub material: Vec<MaterialRule>,
    /// Whether the units to avoid must be declared, be it "none".
    pub declaration: Flag,
    /// Version of the privacy notice that an applicant has to have read.
    pub privacy_notice: Text,
    /// Days of each level of the review.
    pub review: Review,
    /// The test.
    pub test: EntryTest,
    /// Months after a rejection before the same person applies again.
    pub reapply_months: Number,
    /// Most specialities of one applicant.
    pub specialities_max: Number,
    /// Most review regions of one applicant.
    pub regions_max: Number,
}

impl Review {
    pub(super) fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        Ok(Self { working_days: read::number(f, "working_days", 1, 366)? })
    }
}

impl EntryRules {
    /// The rule of a kind of material; every kind has one.
    pub fn material(&self, material: Material) -> Option<&MaterialRule> {
        self.material.iter().find(|rule| rule.material == material)
    }

    pub(super) fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        let material = f.each("material", |json, path| {
            read::item(json, path, |f| {
                let material = Material::parse(f.str("kind")?);
                let instead = match f.optional("instead") {
                    None => None,
                    Some(word) => {
                        let known = word.as_str().and_then(Material::parse);
                        Some(known.ok_or_else(|| f.wrong("instead", "unknown material"))?)
                    }
                };
                Ok(MaterialRule {
                    material: material.ok_or_else(|| f.wrong("kind", "unknown material"))?,
                    title: read::line(f, "title")?,
                    title_en: read::line(f, "title_en")?,
                    required: read::yes_no(f, "required")?,
                    instead,
                    rule: read::rule(f)?,
                })
            })
        });
        // The place of the list: a kind that is missing has no place of its own.
        let material = material.map_err(|error| match error.rule.as_str() {
            "unknown material" => f.wrong("material", "unknown material"),
            _ => error,
        })?;
        let once = |kind: &Material| material.iter().filter(|rule| rule.material == *kind).count() == 1;
        if !Material::ALL.iter().all(once) {
            return Err(f.wrong("material", "must list every kind of material once"));
        }
        let (channels, channels_rule) =
            f.object("channels", |f| Ok((read::words(f, "value", Channel::parse)?, read::rule(f)?)))?;
        Ok(Self {
            channels,
            channels_rule,
            material,
            declaration: read::flag(f, "declaration")?,
            privacy_notice: read::text(f, "privacy_notice")?,
            review: f.object("review", Review::read)?,
            test: f.object("test", |f| {
                Ok(EntryTest {
                    required: read::flag(f, "required")?,
                    pass_mark: read::number(f, "pass_mark", 0, 100)?,
                })
            })?,
            reapply_months: read::number(f, "reapply_months", 0, 120)?,
            specialities_max: read::number(f, "specialities_max", 1, 16)?,
            regions_max: read::number(f, "regions_max", 1, 8)?,
        })
    }
}
