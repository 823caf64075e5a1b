//! Lists as files, CSV or XLSX, with the filters of the lists.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::experts::region;
use super::looks::account;
use super::problem::Problem;
use super::query::{Params, flag};
use super::run::run;
use super::search::asked;
use super::table_file::{Form, FormParams, file};
use crate::service::Service;
use crate::service::exports::{CasesExported, Platform};
use crate::service::refusal::Refusal;
use crate::service::tables::{self, Table};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(experts).service(units).service(cases).service(accounts).service(ggzy);
    config.service(looks).service(packages).service(draws);
}

/// Which experts, in which form.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExpertsExported {
    /// `xlsx`, `csv` or `csv_gb18030`; `xlsx` if absent.
    format: Option<String>,
    /// As in a search.
    #[param(max_length = 64)]
    name: Option<String>,
    /// As in a search.
    r#match: Option<String>,
    /// As in a search.
    #[param(max_length = 17)]
    number: Option<String>,
    /// As in a search.
    unit: Option<String>,
    /// As in a search.
    speciality: Option<String>,
    /// As in a search.
    region: Option<String>,
    /// As in a search.
    standing: Option<String>,
    /// As in a search.
    title_level: Option<String>,
    /// In the tier of this name (`GET /api/v1/tiers`), as computed today.
    #[param(max_length = 64)]
    tier: Option<String>,
    /// As in a search.
    term_to_before: Option<String>,
    /// `true`: with names; one look is recorded with its purpose and the number of people.
    #[param(value_type = Option<bool>)]
    names: Option<String>,
    /// Why names are looked for or shown; needed only then.
    #[param(max_length = 200)]
    purpose: Option<String>,
}

/// Which units, in which form.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UnitsExported {
    /// `xlsx`, `csv` or `csv_gb18030`; `xlsx` if absent.
    format: Option<String>,
    /// With its seat in this region or a part of it.
    region: Option<String>,
}

/// Which cases, in which form.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CasesParams {
    /// `xlsx`, `csv` or `csv_gb18030`; `xlsx` if absent.
    format: Option<String>,
    /// Of this kind.
    #[param(max_length = 32)]
    kind: Option<String>,
    /// In this state.
    #[param(max_length = 32)]
    state: Option<String>,
    /// In this region or a part of it.
    region: Option<String>,
}

/// Which looks, in which form.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LooksExported {
    /// `xlsx`, `csv` or `csv_gb18030`; `xlsx` if absent.
    format: Option<String>,
    /// Of this account.
    #[param(max_length = 64)]
    account: Option<String>,
}

/// Which experts for which platform.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GgzyParams {
    /// `xlsx` (with a sheet on what each field rests on), `csv` or `csv_gb18030`; `xlsx` if absent.
    format: Option<String>,
    /// Code of the platform, 10 digits or capital letters.
    platform: String,
    /// Number of the library, one digit or capital letter; 1 if absent.
    library: Option<String>,
    /// As in a search.
    region: Option<String>,
    /// As in a search.
    standing: Option<String>,
    /// As in a search.
    speciality: Option<String>,
    /// Why; recorded with the number of people.
    #[param(max_length = 200)]
    purpose: String,
}

/// 导出专家 · A list of experts as a file, at most 200,000 rows. It names nobody unless names are asked for.
#[utoipa::path(
    tag = "exports",
    params(ExpertsExported),
    responses((status = 200, content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    )))
)]
#[get("/exports/experts")]
async fn experts(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<ExpertsExported>,
) -> Result<HttpResponse, Problem> {
    let params = params.0;
    let form = Form::parse(params.format.as_deref())?;
    let names = flag("names", params.names.as_deref())?;
    let asked = asked([
        ("name", params.name),
        ("match", params.r#match),
        ("number", params.number),
        ("unit", params.unit),
        ("speciality", params.speciality),
        ("region", params.region),
        ("standing", params.standing),
        ("title_level", params.title_level),
        ("tier", params.tier),
        ("term_to_before", params.term_to_before),
    ])?;
    let purpose = params.purpose;
    made(&service, form, move |service| service.export_experts(&caller.0, &asked, names, purpose.as_deref()))
        .await
}

/// 导出单位 · The list of units as a file.
#[utoipa::path(
    tag = "exports",
    params(UnitsExported),
    responses((status = 200, content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    )))
)]
#[get("/exports/units")]
async fn units(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<UnitsExported>,
) -> Result<HttpResponse, Problem> {
    let form = Form::parse(params.0.format.as_deref())?;
    let region = params.0.region.as_deref().map(region).transpose()?;
    made(&service, form, move |service| service.export_units(&caller.0, region)).await
}

/// 导出办件 · The list of cases as a file: no names, no bodies.
#[utoipa::path(
    tag = "exports",
    params(CasesParams),
    responses((status = 200, content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    )))
)]
#[get("/exports/cases")]
async fn cases(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<CasesParams>,
) -> Result<HttpResponse, Problem> {
    let params = params.0;
    let form = Form::parse(params.format.as_deref())?;
    let region = params.region.as_deref().map(region).transpose()?;
    let (kind, state) = (word("kind", params.kind)?, word("state", params.state)?);
    let asked = CasesExported { kind, state, region };
    made(&service, form, move |service| service.export_cases(&caller.0, &asked)).await
}

/// 导出账号 · The list of accounts as a file.
#[utoipa::path(
    tag = "exports",
    params(FormParams),
    responses((status = 200, content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    )))
)]
#[get("/exports/accounts")]
async fn accounts(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<FormParams>,
) -> Result<HttpResponse, Problem> {
    let form = Form::parse(params.0.format.as_deref())?;
    made(&service, form, move |service| service.export_accounts(&caller.0)).await
}

/// 按数据规范 V2.0 导出专家 · Experts in the fields of 公共资源交易平台系统数据规范 V2.0 (发改办法规〔2018〕1156号), as far as
/// secondary sources give them. Sealed fields: the look is recorded with its purpose.
#[utoipa::path(
    tag = "exports",
    params(GgzyParams),
    responses((status = 200, content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    )))
)]
#[get("/exports/ggzy-v2/experts")]
async fn ggzy(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<GgzyParams>,
) -> Result<HttpResponse, Problem> {
    let params = params.0;
    let form = Form::parse(params.format.as_deref())?;
    let library = params.library.as_deref().unwrap_or("1");
    let platform = Platform::new(&params.platform, library).ok_or_else(|| {
        let (zh, en) = (
            "平台代码应为 10 位数字或大写字母，库号应为 1 位",
            "a platform's code has 10 digits or capital letters, a library's number 1",
        );
        Problem::field("platform", "platform", zh, en)
    })?;
    let asked =
        asked([("region", params.region), ("standing", params.standing), ("speciality", params.speciality)])?;
    let purpose = params.purpose;
    let bytes = run(&service, move |service| {
        let [table, basis] = service.export_ggzy(&caller.0, &platform, &asked, Some(&purpose))?;
        match form {
            Form::Xlsx => tables::to_xlsx(&[table, basis]),
            Form::Csv(encoding) => table.to_csv(encoding),
        }
    });
    Ok(file("GgzyExpert", form, bytes.await?))
}

/// 导出查看记录 · Looks as a file, newest first.
#[utoipa::path(
    tag = "exports",
    params(LooksExported),
    responses((status = 200, content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    )))
)]
#[get("/exports/looks")]
async fn looks(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<LooksExported>,
) -> Result<HttpResponse, Problem> {
    let form = Form::parse(params.0.format.as_deref())?;
    let account = account(params.0.account)?;
    made(&service, form, move |service| service.export_looks(&caller.0, account.as_deref())).await
}

/// 导出包 · The list of packages as a file; an agency's own.
#[utoipa::path(
    tag = "exports",
    params(FormParams),
    responses((status = 200, content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    )))
)]
#[get("/exports/packages")]
async fn packages(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<FormParams>,
) -> Result<HttpResponse, Problem> {
    let form = Form::parse(params.0.format.as_deref())?;
    made(&service, form, move |service| service.export_packages(&caller.0)).await
}

/// 导出抽取 · The list of draws as a file; an agency's own. No names.
#[utoipa::path(
    tag = "exports",
    params(FormParams),
    responses((status = 200, content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    )))
)]
#[get("/exports/draws")]
async fn draws(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<FormParams>,
) -> Result<HttpResponse, Problem> {
    let form = Form::parse(params.0.format.as_deref())?;
    made(&service, form, move |service| service.export_draws(&caller.0)).await
}

/// Makes table and file off the async threads: it may have many rows.
async fn made(
    service: &web::Data<Service>,
    form: Form,
    table: impl FnOnce(&Service) -> Result<Table, Refusal> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let (title, bytes) = run(service, move |service| {
        let table = table(service)?;
        let bytes = match form {
            Form::Xlsx => table.to_xlsx()?,
            Form::Csv(encoding) => table.to_csv(encoding)?,
        };
        Ok((table.title, bytes))
    })
    .await?;
    Ok(file(&title, form, bytes))
}

/// A word of a closed list, by its form.
fn word(field: &str, value: Option<String>) -> Result<Option<String>, Problem> {
    let sound = value.as_deref().is_none_or(|word| {
        (1..=32).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    });
    if sound {
        return Ok(value);
    }
    let (zh, en) = ("应为小写字母和下划线", "must have lower-case letters and underscores");
    Err(Problem::field(field, "word", zh, en))
}
