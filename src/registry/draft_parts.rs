//! The parts of a [`Draft`](super::Draft) as somebody wrote them: texts and lists of texts, nothing
//! checked. An empty text is one that was not given.
//!
//! Each part is written to canonical JSON as an object of its texts (left out when empty) and lists
//! (left out when empty), and read back from it; what was not asked for is refused. Images and cases
//! hold drafts in this form (`api-spec/registry-v1.md` §B).
//!
//! *Deliberately not here:* the rules about the values (`draft_check`).

use crate::codec::{Fields, Json, Object, ShapeError, object};

/// A part that has a written form.
pub(super) trait Part: Sized {
    /// To JSON.
    fn write(&self) -> Json;

    /// From JSON at a place.
    fn read(item: &Json, path: &str) -> Result<Self, ShapeError>;
}

/// Texts first, then lists of texts.
macro_rules! part {
    ($part:ident { $($text:ident),* $(; $($list:ident),*)? }) => {
        impl Part for $part {
            fn write(&self) -> Json {
                Object::new()
                    $(.with_some(stringify!($text), given(&self.$text)))*
                    $($(.with_some(stringify!($list), given_list(&self.$list)))*)?
                    .into()
            }

            fn read(item: &Json, path: &str) -> Result<Self, ShapeError> {
                object(item, path, |f| {
                    Ok($part {
                        $($text: optional_text(f, stringify!($text))?,)*
                        $($($list: optional_texts(f, stringify!($list))?,)*)?
                    })
                })
            }
        }
    };
}

/// A present employer (工作单位) as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftEmployment {
    /// Credit code.
    pub unit: String,
    /// Full name.
    pub name: String,
    /// First day.
    pub since: String,
}

/// A former employer as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftPast {
    /// Credit code.
    pub unit: String,
    /// Full name; may be missing.
    pub name: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
}

/// A completed education (学历) as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftEducation {
    /// Code of GB/T 4658-2006, two digits.
    pub code: String,
    /// 毕业院校; may be missing.
    pub school: String,
    /// 学位, as the certificate has it; may be missing.
    pub degree: String,
    /// Day of the certificate; may be missing.
    pub date: String,
}

/// A professional title (职称) as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftTitle {
    /// Raw code of GB/T 8561, three digits, never interpreted; may be missing.
    pub code: String,
    /// Its name, as the certificate has it.
    pub name: String,
    /// `senior`, `deputy_senior`, `intermediate`, `junior` or `none`.
    pub level: String,
    /// Day of the certificate; may be missing.
    pub date: String,
    /// 评审（发证）机构; may be missing.
    pub issuer: String,
}

/// What stands for a title (同等专业水平, 财库〔2016〕198号 art 6(2)) as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftEqualLevel {
    /// In which respect the level is equal.
    pub text: String,
    /// Digests of attachments, or what the proof is called.
    pub evidence: Vec<String>,
}

/// A professional qualification (执业资格) as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftCertificate {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: String,
    /// Day of issue.
    pub issued: String,
    /// Last day; missing: without end.
    pub valid_to: String,
}

/// A claimed speciality (申报专业, art 8) with the decision about it, as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftClaim {
    /// `scheme:code`.
    pub speciality: String,
    /// Digests of attachments, or what the proof is called.
    pub evidence: Vec<String>,
    /// `pending`, `approved` or `rejected`; missing: pending.
    pub decision: String,
    /// Day of the decision; may be missing.
    pub decided: String,
    /// Why; may be missing unless rejected.
    pub reason: String,
}

/// A relative as the expert declares them, as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftRelative {
    /// `spouse`, `lineal`, `collateral` or `in_law`.
    pub relation: String,
    /// Name; may be missing.
    pub name: String,
    /// Credit codes of the units that they lead, own or work for.
    pub units: Vec<String>,
}

/// A training (培训) as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftTraining {
    /// What it was.
    pub name: String,
    /// When it was completed.
    pub date: String,
}

/// A relaxation for scarce specialities (art 6, last paragraph) as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftRelaxation {
    /// Why.
    pub reason: String,
    /// Account that approved it.
    pub approved_by: String,
    /// The scarce specialities, `scheme:code`.
    pub specialities: Vec<String>,
}

/// A photo or document as written; its bytes are kept elsewhere under the digest.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftDocument {
    /// `[a-z0-9_]`, for example `photo`, `id_card`, `degree`, `title`, `commitment`.
    pub kind: String,
    /// Digest of the bytes, 64 lower-case hexadecimal digits.
    pub digest: String,
    /// What it is called; may be missing.
    pub name: String,
}

/// The certificate of appointment (聘书) as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftAppointment {
    /// Its number.
    pub number: String,
    /// Day of issue.
    pub issued: String,
}

part!(DraftEmployment { unit, name, since });
part!(DraftPast { unit, name, from, to });
part!(DraftEducation { code, school, degree, date });
part!(DraftTitle { code, name, level, date, issuer });
part!(DraftEqualLevel { text; evidence });
part!(DraftCertificate { name, number, issued, valid_to });
part!(DraftClaim { speciality, decision, decided, reason; evidence });
part!(DraftRelative { relation, name; units });
part!(DraftTraining { name, date });
part!(DraftRelaxation { reason, approved_by; specialities });
part!(DraftDocument { kind, digest, name });
part!(DraftAppointment { number, issued });

/// A text, if there is one.
pub(super) fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A list of texts, if there is anything in it.
pub(super) fn given_list(texts: &[String]) -> Option<Json> {
    (!texts.is_empty()).then(|| list(texts))
}

/// A list of texts.
pub(super) fn list(texts: &[String]) -> Json {
    texts.iter().map(|text| Json::from(text.as_str())).collect()
}

/// A list of parts.
pub(super) fn parts<P: Part>(parts: &[P]) -> Json {
    parts.iter().map(Part::write).collect()
}

/// A list of parts, if there is anything in it.
pub(super) fn given_parts<P: Part>(found: &[P]) -> Option<Json> {
    (!found.is_empty()).then(|| parts(found))
}

/// A text that may be absent: then it is empty.
pub(super) fn optional_text(f: &mut Fields<'_>, key: &str) -> Result<String, ShapeError> {
    if f.optional(key).is_some() { f.str(key).map(str::to_owned) } else { Ok(String::new()) }
}

/// A list of texts that may be absent: then it is empty.
pub(super) fn optional_texts(f: &mut Fields<'_>, key: &str) -> Result<Vec<String>, ShapeError> {
    if f.optional(key).is_none() {
        return Ok(Vec::new());
    }
    f.each(key, |item, path| {
        item.as_str().map(str::to_owned).ok_or_else(|| ShapeError::new(path, "must be a string"))
    })
}

/// A list of parts that may be absent: then it is empty.
pub(super) fn optional_parts<P: Part>(f: &mut Fields<'_>, key: &str) -> Result<Vec<P>, ShapeError> {
    if f.optional(key).is_some() { f.each(key, P::read) } else { Ok(Vec::new()) }
}

/// A part that may be absent.
pub(super) fn optional_part<P: Part>(f: &mut Fields<'_>, key: &str) -> Result<Option<P>, ShapeError> {
    let path = f.at(key);
    f.optional(key).map(|item| P::read(item, &path)).transpose()
}
