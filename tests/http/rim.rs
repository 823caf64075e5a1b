//! The rim over a bare socket: what no well-behaved client sends, and how the server ends.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::app::{TestApp, expert};
use crate::support::{Kind, on_both};

on_both! {
    a_request_that_is_not_http_ends_its_connection_only
    a_body_that_breaks_off_changes_nothing
    a_stopped_server_takes_no_more_requests
}

fn send(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.running.address).unwrap();
    stream.write_all(bytes).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    // The server may close a connection that it will not serve without reading all of it.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn a_request_that_is_not_http_ends_its_connection_only(kind: Kind) {
    let app = TestApp::new(kind);
    for bytes in
        [&b"\x16\x03\x01\x02\x00"[..], b"GET / HTTP/9.9\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n"]
    {
        let answer = send(&app, bytes);
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    app.ask("GET", "/api/v1/health", &[], b"").expect(200);
}

fn a_body_that_breaks_off_changes_nothing(kind: Kind) {
    let app = TestApp::new(kind);
    let before = app.size();
    let request = format!(
        "POST /api/v1/experts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIdempotency-Key: k\r\n\
         Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{}",
        app.bureau,
        expert(1)
    );
    send(&app, request.as_bytes());
    assert_eq!(app.size(), before);
}

fn a_stopped_server_takes_no_more_requests(kind: Kind) {
    let TestApp { running, service, fresh: _database, .. } = TestApp::new(kind);
    let address = running.address;
    running.stop().unwrap();
    assert!(TcpStream::connect(address).is_err());
    // The service itself lives on until it is dropped.
    assert!(service.health().is_ok());
}
