//! Which rule a written code breaks. The messages never repeat the code: it may be a person's.

use thiserror::Error;

/// Why a text is not a code of its standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CodeError {
    /// Wrong number of characters.
    #[error("must have {expected} characters")]
    Length {
        /// How many the standard asks for.
        expected: usize,
    },
    /// A character that the standard does not allow at this place.
    #[error("the character at position {position} is not allowed there")]
    Character {
        /// Counted from 1.
        position: usize,
    },
    /// The last character does not follow from the others (ISO 7064 MOD 11-2, GB 32100 modulo 31).
    #[error("the check character is wrong: one of the characters is mistyped")]
    CheckCharacter,
    /// The eight digits of the birth date are no date.
    #[error("the birth date in it does not exist")]
    Date,
    /// Six digits that no division of the embedded table carries.
    #[error("there is no such region in the table of GB/T 2260")]
    UnknownRegion,
    /// No `scheme:` in front, or one that is not known.
    #[error("a speciality is written scheme:code, with a scheme that is loaded, such as ndrc316 or mof31")]
    UnknownScheme,
    /// The scheme has no such code.
    #[error("the scheme has no such speciality code")]
    UnknownSpeciality,
    /// Two digits that are not in the table of GB/T 4658.
    #[error("there is no such code in the table of GB/T 4658")]
    UnknownEducation,
}

impl CodeError {
    /// The same message in Chinese.
    pub fn message_zh(&self) -> String {
        match self {
            CodeError::Length { expected } => format!("应为 {expected} 个字符"),
            CodeError::Character { position } => format!("第 {position} 位的字符不符合标准"),
            CodeError::CheckCharacter => "校验码不符，某一位可能有误".to_owned(),
            CodeError::Date => "其中的出生日期不存在".to_owned(),
            CodeError::UnknownRegion => "行政区划代码表（GB/T 2260）中没有这一地区".to_owned(),
            CodeError::UnknownScheme => {
                "专业应写作“分类标准:代码”，分类标准须已加载，如 ndrc316、mof31".to_owned()
            }
            CodeError::UnknownSpeciality => "该分类标准中没有这一专业代码".to_owned(),
            CodeError::UnknownEducation => "学历代码表（GB/T 4658）中没有这一代码".to_owned(),
        }
    }
}
