//! Answers that are files: a [`Table`] as CSV or XLSX with its media type and a name to save it under.
//!
//! The name is Chinese: `filename*` of RFC 8187 carries it, `filename` an ASCII one for what knows no
//! better. Files hold personal data or may: they are never stored by caches.

use actix_web::HttpResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use super::problem::Problem;
use crate::service::tables::{self, Encoding, Table};

/// Media type of XLSX.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Media type of CSV in UTF-8.
pub const CSV: &str = "text/csv; charset=utf-8";
/// Media type of CSV in GB 18030.
pub const CSV_GB18030: &str = "text/csv; charset=gb18030";

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// CSV in an encoding.
    Csv(Encoding),
    /// XLSX.
    Xlsx,
}

/// The part of a query that chooses the form.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FormParams {
    /// `xlsx`, `csv` (UTF-8 with a byte order mark) or `csv_gb18030`; `xlsx` if absent.
    pub format: Option<String>,
}

impl Form {
    /// Reads `xlsx`, `csv` or `csv_gb18030`; absent is `xlsx`.
    ///
    /// # Errors
    /// 400 for another word.
    pub fn parse(word: Option<&str>) -> Result<Self, Problem> {
        match word {
            None | Some("xlsx") => Ok(Self::Xlsx),
            Some("csv") => Ok(Self::Csv(Encoding::Utf8Bom)),
            Some("csv_gb18030") => Ok(Self::Csv(Encoding::Gb18030)),
            Some(_) => {
                let (zh, en) = ("应为 xlsx、csv 或 csv_gb18030", "must be xlsx, csv or csv_gb18030");
                Err(Problem::field("format", "format", zh, en))
            }
        }
    }
}

/// One table as a file.
///
/// # Errors
/// What making it refuses (422 `table_too_large`).
pub fn answer(table: &Table, form: Form) -> Result<HttpResponse, Problem> {
    match form {
        Form::Csv(encoding) => Ok(file(&table.title, form, table.to_csv(encoding)?)),
        Form::Xlsx => Ok(file(&table.title, form, table.to_xlsx()?)),
    }
}

/// Several tables as one workbook named `title`.
///
/// # Errors
/// As [`answer`].
pub fn workbook(title: &str, sheets: &[Table]) -> Result<HttpResponse, Problem> {
    Ok(file(title, Form::Xlsx, tables::to_xlsx(sheets)?))
}

/// Bytes as a file to be saved.
pub fn file(title: &str, form: Form, bytes: Vec<u8>) -> HttpResponse {
    let (media, ending) = match form {
        Form::Xlsx => (XLSX, "xlsx"),
        Form::Csv(Encoding::Gb18030) => (CSV_GB18030, "csv"),
        Form::Csv(_) => (CSV, "csv"),
    };
    HttpResponse::Ok()
        .insert_header(("Content-Type", media))
        .insert_header(("Content-Disposition", disposition(title, ending)))
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(bytes)
}

/// `attachment` with an ASCII name and the name as it is (RFC 6266, RFC 8187).
fn disposition(title: &str, ending: &str) -> String {
    let attr = |b: u8| {
        if b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&b) {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    let title: String = title.chars().filter(|c| !c.is_control() && !matches!(c, '/' | '\\')).collect();
    let coded: String = format!("{title}.{ending}").bytes().map(attr).collect();
    let plain: String =
        title.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    let plain = if plain.is_empty() { "table".to_owned() } else { plain };
    format!("attachment; filename=\"{plain}.{ending}\"; filename*=UTF-8''{coded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chinese_name_is_carried_beside_a_plain_one() {
        assert_eq!(
            disposition("专家 a\r\n\"", "csv"),
            "attachment; filename=\"a.csv\"; filename*=UTF-8''%E4%B8%93%E5%AE%B6%20a%22.csv"
        );
        assert_eq!(
            disposition("汇总", "xlsx"),
            "attachment; filename=\"table.xlsx\"; filename*=UTF-8''%E6%B1%87%E6%80%BB.xlsx"
        );
    }

    #[test]
    fn the_form_is_one_of_three_words() {
        assert_eq!(Form::parse(None).unwrap(), Form::Xlsx);
        assert_eq!(Form::parse(Some("csv")).unwrap(), Form::Csv(Encoding::Utf8Bom));
        assert_eq!(Form::parse(Some("csv_gb18030")).unwrap(), Form::Csv(Encoding::Gb18030));
        assert!(Form::parse(Some("pdf")).is_err());
        let table = Table::new("表", ["甲"]);
        assert_eq!(answer(&table, Form::Xlsx).unwrap().headers().get("Content-Type").unwrap(), XLSX);
    }
}
