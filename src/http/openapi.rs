//! The API document: OpenAPI 3.1, collected from the handlers as they are routed.
//!
//! What is the same for every operation is added here once: the bearer token, the problem document
//! as the answer to every error, the base path. `api-spec/openapi.json` is [`document`] as committed;
//! a test compares them. Anonymous operations say so with `security(())`.

use utoipa::openapi::path::{Operation, Parameter};
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
    let shared = REFUSALS.map(|(_, name, text)| (name.to_owned(), RefOr::T(problem(text))));
    components.responses.extend(shared);
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "令牌 edt_… 或会话 eds_…（POST /sessions），只放在 Authorization 头中。A token edt_… or a session eds_… \
             (POST /sessions), in the Authorization header only.",
        ))
        .build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    document.security = Some(vec![SecurityRequirement::new(BEARER, std::iter::empty::<&str>())]);
    for item in document.paths.paths.values_mut() {
        let reads = [&mut item.get].into_iter().flatten().map(|operation| (operation, Method::Read));
        let writes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        let writes = writes.into_iter().flatten().map(|operation| (operation, Method::Write));
        reads.chain(writes).for_each(|(operation, method)| answer_errors(operation, method));
    }
    document
}

/// Every status with which an operation may refuse, named one by one: an answer that is not in the
/// document is a fault, and a tool can say so.
const REFUSALS: [(&str, &str, &str); 14] = [
    ("400", "Malformed", "请求格式有误 · malformed request"),
    ("401", "NotSignedIn", "未登录或令牌无效 · no valid token"),
    ("403", "NotPermitted", "无权操作 · not permitted"),
    ("404", "NotFound", "不存在，或对该账号不可见 · not found, or not visible to this account"),
    ("409", "Conflict", "与现状冲突 · conflict with the present state"),
    ("410", "Erased", "已依法删除 · erased lawfully"),
    ("412", "Changed", "记录已被更改 · changed in the meantime"),
    ("413", "TooLarge", "请求过大 · too large"),
    ("415", "UnsupportedType", "正文类型不支持 · unsupported media type"),
    ("422", "Invalid", "输入无效 · invalid input"),
    ("428", "ConditionMissing", "缺少 If-Match · If-Match is missing"),
    ("429", "TooMany", "操作过于频繁 · too many such requests"),
    ("500", "Fault", "系统错误，未作任何更改 · a fault; nothing was changed"),
    ("503", "Unavailable", "暂时无法处理 · temporarily unavailable"),
];

fn answer_errors(operation: &mut Operation, method: Method) {
    let anonymous = operation.security.is_some();
    let if_match = |one: &RefOr<Parameter>| matches!(one, RefOr::T(one) if one.name == "If-Match");
    let conditional = operation.parameters.iter().flatten().any(if_match);
    for (status, name, _) in REFUSALS {
        let applies = match status {
            "403" | "429" => !anonymous,
            "412" | "428" => conditional,
            "413" | "415" => matches!(method, Method::Write),
            _ => true,
        };
        if applies {
            let shared = || RefOr::Ref(Ref::from_response_name(name));
            operation.responses.responses.entry(status.to_owned()).or_insert_with(shared);
        }
    }
}

#[derive(Clone, Copy)]
enum Method {
    Read,
    Write,
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
