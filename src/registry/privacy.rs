//! What privacy adds to the registry: attachments (附件), lawful erasure (删除), rotation of the
//! sealing key; their life cycles, what an attachment may be, and the tombstone of somebody erased.
//!
//! Sources: 财库〔2016〕198号 arts 6, 7 (which documents an application holds); 个人信息保护法 arts 19
//! (shortest storage), 47 (erasure on request or when the purpose is done); 密码应用 is not decided here.
//! Limits of sizes and numbers are the project's own (`项目规则`).
//!
//! *Deliberately not here:* sealing, files, who looks at them (`service`).

use crate::codec::{Hash, Json, Object, ShapeError, object};

use super::expert::ExpertNumber;
use super::image::Imaged;
use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};
use super::standing::{DismissalReason, Standing};

/// The largest attachment, in bytes.
pub const ATTACHMENT_LIMIT: usize = 5 << 20;

/// The most attachments of one person or application.
pub const ATTACHMENTS_MAX: usize = 64;

/// An attachment: kept sealed until the person is erased.
pub const ATTACHMENT: Lifecycle = Lifecycle {
    name: "attachment",
    title_zh: "附件",
    transitions: &[
        Transition {
            from: BEGINNING,
            event: "file",
            to: "kept",
            by: &[Party::Applicant, Party::Expert, Party::Registrar, Party::Agency],
            needs: "PDF、JPEG 或 PNG，不超过 5 MiB，每人不超过 64 件",
            needs_en: "PDF, JPEG or PNG, at most 5 MiB, at most 64 a person",
            source: "198号 art 7; limits 项目规则",
        },
        Transition {
            from: "kept",
            event: "erase",
            to: "erased",
            by: &[Party::Approver],
            needs: "仅随其人删除",
            needs_en: "with the person's erasure only",
            source: "个人信息保护法 art 47",
        },
    ],
};

/// An erasure: proposed by one account, confirmed by another.
pub const ERASURE: Lifecycle = Lifecycle {
    name: "erasure",
    title_zh: "删除个人信息",
    transitions: &[
        Transition {
            from: BEGINNING,
            event: "propose",
            to: "proposed",
            by: &[Party::Registrar, Party::Reviewer],
            needs: "已解聘、已故、已并入、已禁止的专家，或未入库的申请；法定依据",
            needs_en: "an expert who was dismissed, died, was merged or banned, or an application that failed; a legal ground",
            source: "个人信息保护法 arts 19, 47",
        },
        Transition {
            from: "proposed",
            event: "confirm",
            to: "done",
            by: &[Party::Approver],
            needs: "提出者以外的账号；条件仍然具备",
            needs_en: "another account than the one that proposed; the conditions still hold",
            source: "双人复核 项目规则",
        },
        Transition {
            from: "proposed",
            event: "reject",
            to: "rejected",
            by: &[Party::Approver],
            needs: "说明理由",
            needs_en: "a reason",
            source: "项目规则",
        },
    ],
};

/// What a draw keeps of a panel's member who was erased: number and name, which the announcement named
/// and the evidence has to open, for as long as the draw's own documents are kept.
pub const KEPT_OPENING: Lifecycle = Lifecycle {
    name: "kept_opening",
    title_zh: "抽取记录中保留的姓名",
    transitions: &[Transition {
        from: BEGINNING,
        event: "keep",
        to: "kept",
        by: &[Party::Approver],
        needs: "其人已入选且被删除；随抽取档案保存",
        needs_en: "the person sat in the panel and is erased; kept with the draw's documents",
        source: "政府采购法 art 42",
    }],
};

/// A rotation of the sealing key: begun once, finished when every data key is under the new one.
pub const SEALING_ROTATION: Lifecycle = Lifecycle {
    name: "sealing_rotation",
    title_zh: "更换封存密钥",
    transitions: &[
        Transition {
            from: BEGINNING,
            event: "start",
            to: "running",
            by: &[Party::Administrator],
            needs: "没有进行中的更换",
            needs_en: "no rotation is running",
            source: "商用密码管理条例 art 41; 项目规则",
        },
        Transition {
            from: "running",
            event: "finish",
            to: "done",
            by: &[Party::Clock],
            needs: "全部数据密钥已改由新密钥封装",
            needs_en: "every data key is wrapped under the new key",
            source: "项目规则",
        },
    ],
};

/// What an attachment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttachmentKind {
    /// 照片.
    Photo,
    /// 身份证件.
    IdCard,
    /// 个人简历.
    Cv,
    /// 本人签署的申请书.
    Application,
    /// 承诺书.
    Commitment,
    /// 学历学位证书.
    Degree,
    /// 职称证书.
    Title,
    /// 职业资格证书.
    Certificate,
    /// 同等专业水平证明.
    EqualLevelProof,
    /// 需要回避的信息.
    RecusalDeclaration,
    /// 主管预算单位同意自行选定的文件.
    Consent,
    /// 其他.
    Other,
}

impl AttachmentKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Photo,
        Self::IdCard,
        Self::Cv,
        Self::Application,
        Self::Commitment,
        Self::Degree,
        Self::Title,
        Self::Certificate,
        Self::EqualLevelProof,
        Self::RecusalDeclaration,
        Self::Consent,
        Self::Other,
    ];

    /// The word in the API and the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::IdCard => "id_card",
            Self::Cv => "cv",
            Self::Application => "application",
            Self::Commitment => "commitment",
            Self::Degree => "degree",
            Self::Title => "title",
            Self::Certificate => "certificate",
            Self::EqualLevelProof => "equal_level_proof",
            Self::RecusalDeclaration => "recusal_declaration",
            Self::Consent => "consent",
            Self::Other => "other",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }
}

/// The types of content that are taken; no others, so that nothing kept here can run in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// PDF (ISO 32000).
    Pdf,
    /// JPEG (ISO/IEC 10918).
    Jpeg,
    /// PNG (ISO/IEC 15948).
    Png,
}

impl Media {
    /// The type of a content by its first bytes, whatever its name or label says.
    pub fn of(content: &[u8]) -> Option<Self> {
        if content.starts_with(b"%PDF-") {
            Some(Self::Pdf)
        } else if content.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if content.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else {
            None
        }
    }

    /// The media type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// Reads the media type.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Pdf, Self::Jpeg, Self::Png].into_iter().find(|media| media.name() == name)
    }

    /// The ending of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

/// What is left of an expert who was erased: the number, and of those who must not come back the
/// keyed hash of their id number with the reason.
///
/// *Invariant:* there is no name, no date and no code in it. The hash is random for everybody else,
/// so that nobody can test whether somebody had been an expert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The expert number.
    pub number: ExpertNumber,
    /// HMAC of the id number for those who stay on the check list, random bytes for others.
    pub id_hash: Hash,
    /// `banned`, or the dismissal reason 3 or 4, for those who stay on the check list.
    pub barred: Option<Barred>,
}

/// Why somebody erased stays on the check list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// Banned by a punishment decision (政府采购法实施条例 art 75).
    Banned,
    /// Dismissed for art-29 bad conduct (198号 art 11 (3)).
    BadConduct,
    /// Dismissed for criminal punishment (198号 art 11 (4)).
    Criminal,
}

impl Barred {
    /// Whom a standing keeps on the check list.
    pub fn of(standing: Standing) -> Option<Self> {
        match standing {
            Standing::Banned => Some(Self::Banned),
            Standing::Dismissed(DismissalReason::BadConduct) => Some(Self::BadConduct),
            Standing::Dismissed(DismissalReason::CriminalPunishment) => Some(Self::Criminal),
            _ => None,
        }
    }

    /// The word in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Banned => "banned",
            Self::BadConduct => "bad_conduct",
            Self::Criminal => "criminal",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Banned, Self::BadConduct, Self::Criminal].into_iter().find(|barred| barred.name() == word)
    }
}

impl Imaged for Tombstone {
    fn card(&self) -> Json {
        Object::new().with("number", self.number.as_str()).into()
    }

    fn rest(&self) -> Json {
        Object::new()
            .with("v", 1u32)
            .with("erased", 1u32)
            .with("id_hash", self.id_hash)
            .with_some("barred", self.barred.map(|barred| barred.name().to_owned()))
            .into()
    }

    fn from_image(card: &Json, rest: &Json) -> Result<Self, ShapeError> {
        let number = object(card, "card", |f| {
            let number = ExpertNumber::parse(f.str("number")?);
            number.ok_or_else(|| f.wrong("number", "must be an expert number"))
        })?;
        object(rest, "rest", |f| {
            f.int("v", 1..=1)?;
            f.int("erased", 1..=1)?;
            let barred = match f.optional("barred") {
                None => None,
                Some(word) => {
                    let barred = word.as_str().and_then(Barred::parse);
                    Some(barred.ok_or_else(|| f.wrong("barred", "must be banned, bad_conduct or criminal"))?)
                }
            };
            Ok(Self { number, id_hash: f.hash("id_hash")?, barred })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::SealedImage;

    #[test]
    fn the_first_bytes_decide_what_a_content_is() {
        assert_eq!(Media::of(b"%PDF-1.7\n"), Some(Media::Pdf));
        assert_eq!(Media::of(b"\xff\xd8\xff\xe0\0\x10JFIF"), Some(Media::Jpeg));
        assert_eq!(Media::of(b"\x89PNG\r\n\x1a\n\0\0"), Some(Media::Png));
        for other in [
            &b""[..],
            b"<svg xmlns",
            b"<!DOCTYPE html>",
            b"GIF89a",
            b" %PDF-1.7",
            b"\x89PNG\n",
            b"PK\x03\x04",
        ] {
            assert_eq!(Media::of(other), None);
        }
        for media in [Media::Pdf, Media::Jpeg, Media::Png] {
            assert_eq!(Media::parse(media.name()), Some(media));
        }
        assert!(AttachmentKind::ALL.into_iter().all(|kind| AttachmentKind::parse(kind.name()) == Some(kind)));
    }

    #[test]
    fn a_tombstone_reads_back_and_is_no_expert() {
        let number = ExpertNumber::from_random([7; 10]);
        for barred in [None, Some(Barred::Banned), Some(Barred::BadConduct), Some(Barred::Criminal)] {
            let tombstone = Tombstone { number: number.clone(), id_hash: Hash([3; 32]), barred };
            let bytes = tombstone.seal([1; 32], [2; 32]).to_bytes();
            let image = SealedImage::from_bytes(&bytes).unwrap();
            assert_eq!(image.open::<Tombstone>().unwrap(), tombstone);
            assert!(image.open::<crate::registry::Expert>().is_err());
        }
        assert_eq!(Barred::of(Standing::Dismissed(DismissalReason::OwnRequest)), None);
        assert_eq!(Barred::of(Standing::Banned), Some(Barred::Banned));
    }
}
