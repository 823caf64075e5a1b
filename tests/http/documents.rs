//! What is promised in writing: the committed OpenAPI document is the one of the code.

use expert_draw::http::openapi;

#[test]
fn the_committed_api_document_is_that_of_the_code() {
    let committed = std::fs::read_to_string("api-spec/openapi.json").unwrap_or_default();
    assert!(
        committed == openapi::document(),
        "api-spec/openapi.json is out of date: expert-draw openapi > api-spec/openapi.json"
    );
}
