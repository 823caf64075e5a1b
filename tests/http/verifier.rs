//! The page for browsers at `/verify`: the committed bytes, a policy that allows nothing but itself, kept by caches.

use crate::app::TestApp;
use crate::support::{Kind, on_both};

on_both! {
    the_verifier_is_served_as_committed_and_may_reach_nothing
}

fn the_verifier_is_served_as_committed_and_may_reach_nothing(kind: Kind) {
    let app = TestApp::new(kind);
    let page = app.ask("GET", "/verify", &[], b"").expect(200);
    assert_eq!(page.bytes, std::fs::read("verifier/dist/verify.html").unwrap());
    assert_eq!(page.header("Content-Type"), "text/html; charset=utf-8");
    assert_eq!(page.header("Cache-Control"), "public, max-age=3600, must-revalidate");
    assert_eq!(page.header("X-Content-Type-Options"), "nosniff");
    let policy = page.header("Content-Security-Policy").to_owned();
    let own = page.text();
    let (_, own) = own.split_once("http-equiv=\"Content-Security-Policy\" content=\"").unwrap();
    let (own, _) = own.split_once('"').unwrap();
    assert_eq!(policy, format!("{own}; frame-ancestors 'none'"));
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    let tag = page.header("ETag").to_owned();
    let again = app.ask("GET", "/verify", &[("If-None-Match", &tag)], b"").expect(304);
    assert!(again.bytes.is_empty());
    assert_eq!(again.header("ETag"), tag);
    app.ask("GET", "/verify", &[("If-None-Match", "\"another\"")], b"").expect(200);
    assert!(app.ask("HEAD", "/verify", &[], b"").expect(200).bytes.is_empty());
    let refused = app.ask("POST", "/verify", &[("Content-Type", "text/plain")], b"x").expect(405);
    assert_eq!(refused.header("Allow"), "GET, HEAD");
    app.ask("GET", "/verify/x", &[], b"").expect(404);
}
