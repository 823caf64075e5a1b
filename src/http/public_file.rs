//! A public file of a draw as an answer: revalidated by the state of the log that it was built after, so that
//! who has it already fetches it again only when something moved.

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

use crate::service::public_files::PublicFile;

/// Owner of the bytes of an answer.
struct Shared(std::sync::Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// 200 with the file, or 304 if the caller has it. `name`: under which to save it, if it is offered for that.
pub fn answer(request: &HttpRequest, file: PublicFile, name: Option<&str>) -> HttpResponse {
    let tag = format!("\"{}\"", file.as_of);
    let held = is_held(request, &tag);
    let mut answer = if held { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "public, max-age=2, must-revalidate"));
    if held {
        return answer.finish();
    }
    if let Some(name) = name {
        answer.insert_header(("Content-Disposition", format!("attachment; filename=\"{name}.json\"")));
    }
    answer.content_type("application/json").body(Bytes::from_owner(Shared(file.bytes)))
}

/// Whether `If-None-Match` names a tag (RFC 9110 §13.1.2, weak comparison).
pub fn is_held(request: &HttpRequest, tag: &str) -> bool {
    let asked = request.headers().get_all(header::IF_NONE_MATCH);
    let known = asked.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    known.map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*")
}
