//! The API document: OpenAPI 3.1, collected from the handlers as they are routed.
//!
//! What is the same for every operation is added here once: the bearer token, the problem document
//! as the answer to every error, the base path. `api-spec/openapi.json` is [`document`] as committed;
//! a test compares them. Anonymous operations say so with `security(())`.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
    ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};

use super::app;
use super::problem::{MEDIA_TYPE, ProblemBody};

const BEARER: &str = "bearer";

/// The document as pretty JSON with a newline at its end; the same for every build.
pub fn document() -> String {
    let document = finished(app::raw_document());
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// What stands above the paths.
pub(super) fn base() -> OpenApi {
    let license =
        LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("expert-draw")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "政府采购评审专家库与可核验随机抽取。Registry of government-procurement evaluation experts and a \
             random draw that anybody can check.\n\n每个 POST 须带 Idempotency-Key；修改记录须带 If-Match；错误均为 \
             application/problem+json（RFC 9457）。Every POST carries an Idempotency-Key, amendments carry If-Match, \
             errors are application/problem+json (RFC 9457).",
        ))
        .license(Some(license))
        .build();
    OpenApiBuilder::new().info(info).build()
}

/// Adds what every operation shares.
pub(super) fn finished(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    let mut schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    ProblemBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "令牌 edt_…，只放在 Authorization 头中。A token edt_…, in the Authorization header only.",
        ))
        .build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    document.security = Some(vec![SecurityRequirement::new(BEARER, std::iter::empty::<&str>())]);
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete]
            .into_iter()
            .flatten()
        {
            answer_errors(operation);
        }
    }
    document
}

fn answer_errors(operation: &mut Operation) {
    let anonymous = operation.security.is_some();
    let responses = &mut operation.responses.responses;
    if !anonymous {
        for (status, text) in
            [("401", "未登录或令牌无效 · no valid token"), ("403", "无权操作 · not permitted")]
        {
            responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(text)));
        }
    }
    responses.entry("default".to_owned()).or_insert_with(|| RefOr::T(problem("其他错误 · any other error")));
}

fn problem(text: &str) -> Response {
    let schema: RefOr<Schema> = RefOr::Ref(Ref::from_schema_name(ProblemBody::name()));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(text).content(MEDIA_TYPE, content).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_the_same_every_time_and_is_openapi_3_1() {
        let text = document();
        assert_eq!(text, document());
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(json["openapi"].as_str().unwrap().starts_with("3.1"), "{}", json["openapi"]);
        assert!(json["components"]["schemas"]["Problem"].is_object());
    }

    #[test]
    fn every_operation_that_makes_something_takes_an_idempotency_key() {
        let json: serde_json::Value = serde_json::from_str(&document()).unwrap();
        for (path, item) in json["paths"].as_object().unwrap() {
            let Some(post) = item.get("post") else { continue };
            let parameters = post["parameters"].as_array().cloned().unwrap_or_default();
            assert!(parameters.iter().any(|p| p["name"] == "Idempotency-Key"), "POST {path}");
        }
    }
}
