//! The verifier for browsers, one HTML file, at `/verify`: who doubts a draw checks it without installing anything.
//!
//! The file is built from `verifier/`, which shares no code with this crate, and embedded as committed
//! (`tests/browser.rs` builds it anew and compares). It verifies in the browser and asks for nothing: no data
//! passes this route. Whoever does not trust this server for it takes the file from elsewhere, or writes it with
//! `expert-draw verifier` from a release.
//!
//! *Invariant:* the policy in the header is the page's own, which pins its scripts by digest, so the header
//! allows nothing that the file on a disk would not.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::problem::Problem;
use super::public_file::is_held;
use crate::codec::sha256;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../verifier/dist/verify.html");
/// Where it is served.
pub const PATH: &str = "/verify";

/// The route; it is outside the API and its document.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource(PATH).route(web::get().to(page)).default_service(web::to(|| async {
        HttpResponse::from_error(Problem::method_not_allowed(&[Method::GET, Method::HEAD]))
    })));
}

async fn page(request: HttpRequest) -> HttpResponse {
    let tag = format!("\"{}\"", sha256(&[PAGE]).to_hex());
    let held = is_held(&request, &tag);
    let mut answer = if held { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600, must-revalidate"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy()));
    if held { answer.finish() } else { answer.content_type("text/html; charset=utf-8").body(PAGE) }
}

/// The page's own policy, and nobody's frame.
fn policy() -> String {
    let own = std::str::from_utf8(PAGE)
        .ok()
        .and_then(|text| text.split_once("http-equiv=\"Content-Security-Policy\" content=\""))
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("default-src 'none'", |(policy, _)| policy);
    format!("{own}; frame-ancestors 'none'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_what_the_page_says_of_itself() {
        let policy = policy();
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
        assert!(policy.ends_with("; frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}
