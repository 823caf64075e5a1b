//! Relays of a beacon over HTTP: one that answers as drand does, and those that stall, flood, lie or point
//! elsewhere. Each is a class of trouble, in bounded time; none makes the draw take another round.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use expert_draw::codec::{Hash, to_hex};
use expert_draw::outside::asking::{Answerer, HttpAnswerer, HttpRelay, Relay, Trouble};

use crate::witness_double::{Reply, answering};

const CHAIN: Hash = Hash([7; 32]);

fn ask(reply: Reply) -> (Result<u64, Trouble>, Duration) {
    let relay = HttpRelay::with_timeout(&format!("http://{}", answering(reply)), Duration::from_millis(700));
    let begun = Instant::now();
    let said = relay.round(&CHAIN, 5).map(|said| said.round);
    (said, begun.elapsed())
}

fn write(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all((head + body).as_bytes());
}

#[test]
fn a_relay_answers_with_the_round_that_it_was_asked_for() {
    let (said, _) = ask(|stream| {
        write(
            stream,
            "200 OK",
            &format!("{{\"round\":5,\"signature\":\"{}\",\"randomness\":\"x\"}}", to_hex(&[1; 48])),
        );
    });
    assert_eq!(said, Ok(5));
}

#[test]
fn every_bad_relay_is_a_class_of_trouble_in_bounded_time() {
    let cases: [(Trouble, Reply); 8] = [
        (Trouble::Timeout, |stream| {
            // Says nothing until it is left.
            let _ = stream.read(&mut [0; 8]);
            std::thread::sleep(Duration::from_secs(2));
        }),
        (Trouble::Timeout, |stream| {
            // One byte at a time, for ever.
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n");
            for _ in 0..40 {
                if stream.write_all(b" ").is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }),
        (Trouble::TooLarge, |stream| write(stream, "200 OK", &" ".repeat(1 << 20))),
        (Trouble::Malformed, |stream| write(stream, "200 OK", "<html>not a round</html>")),
        (Trouble::Malformed, |stream| write(stream, "200 OK", "{\"round\":5}")),
        (Trouble::Refused, |stream| write(stream, "404 Not Found", "{}")),
        (Trouble::Redirect, |stream| {
            let to = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n";
            let _ = stream.write_all(to);
        }),
        (Trouble::Unreachable, |stream| {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }),
    ];
    for (expected, reply) in cases {
        let (said, took) = ask(reply);
        let trouble = said.unwrap_err();
        let broken = [Trouble::Unreachable, Trouble::Malformed];
        assert!(
            trouble == expected || (broken.contains(&expected) && broken.contains(&trouble)),
            "{trouble:?}, expected {expected:?}"
        );
        assert!(took < Duration::from_secs(5), "{trouble:?} took {took:?}");
        let (zh, en) = trouble.texts();
        assert!(!zh.is_empty() && en.is_ascii());
    }
}

#[test]
fn a_witness_that_floods_or_refuses_gives_no_answer() {
    let ask = |reply: Reply| HttpAnswerer::new(&format!("http://{}", answering(reply))).answer(b"{}");
    assert_eq!(ask(|stream| write(stream, "200 OK", &" ".repeat(1 << 20))), Err(Trouble::TooLarge));
    assert_eq!(ask(|stream| write(stream, "200 OK", "{ }")), Err(Trouble::Malformed));
    assert_eq!(ask(|stream| write(stream, "403 Forbidden", "{}")), Err(Trouble::Refused));
    assert!(ask(|stream| write(stream, "200 OK", "{}")).is_ok());
}
