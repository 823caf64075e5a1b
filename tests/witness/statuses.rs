//! Each status of C2SP tlog-witness for what deserves it, in the order of the specification.

use expert_draw::codec::{Hash, sha256};
use expert_draw::log::{SignatureLine, SignedNote};

use crate::log::{ORIGIN, TestLog, base64, body, text};
use crate::site::{Site, cosigned};

/// A witness that has cosigned size 5 of a log of 12.
fn at_five() -> (Site, TestLog) {
    let log = TestLog::of(12);
    let site = Site::new(&[&log.key]);
    site.cosigns(&log, 0, 5);
    (site, log)
}

#[test]
fn what_is_not_a_request_is_a_400() {
    let (site, log) = at_five();
    let good = String::from_utf8(log.body(5, 12)).unwrap();
    let proof_line = format!("{}\n", base64(&log.proof(5, 12)[0]));
    let padded = good.replacen("=\n", "\n", 1);
    let bad = [
        String::new(),
        "old 5".into(),
        good.replacen("old 5", "5", 1),
        good.replacen("old 5", "old  5", 1),
        good.replacen("old 5", "old 05", 1),
        good.replacen("old 5", "old -5", 1),
        good.replacen("old 5", "old 18446744073709551616", 1),
        good.replacen("old 5\n", "old 5\r\n", 1),
        good.replacen("old 5\n", &format!("old 5\n{}", proof_line.repeat(64)), 1),
        padded,
        good.replacen("\n\n", "\n", 1),
        good.strip_suffix('\n').unwrap().to_owned(),
        good.replacen("\n12\n", "\n012\n", 1),
        good.replacen("\n12\n", "\n\n", 1),
        good.replacen(&base64(&log.root(12)), "AAAA", 1),
        good.replacen("\u{2014} ", "- ", 1),
        format!("{good}\nmore\n"),
        // The old size is above the checkpoint's.
        String::from_utf8(body(13, &[], &log.note(12).to_string())).unwrap(),
        String::from_utf8(body(5, &[], &log.note(4).to_string())).unwrap(),
    ];
    for bad in bad {
        let told = site.client.add(bad.as_bytes());
        assert_eq!(told.status, 400, "{bad:?}: {}", told.body);
    }
    for bad in [b"\xff\xfe\n\n".as_slice(), &[0; 100], &vec![b'\n'; 200_000]] {
        assert_eq!(site.client.add(bad).status, 400);
    }
    assert_eq!(site.client.newest(ORIGIN), 5);
    assert_eq!(site.client.add(good.as_bytes()).status, 200);
}

#[test]
fn a_log_that_was_not_given_is_a_404_and_a_request_that_is_too_long_a_413() {
    let (site, log) = at_five();
    let mut stranger = TestLog::new("draw.example/430100", 1);
    stranger.grow(3);
    assert_eq!(site.client.add(&stranger.body(0, 3)).status, 404);
    let mut long = log.body(5, 12);
    long.resize(3 << 20, b'x');
    // The server may close before a client has sent so much; it never cosigns.
    if let Some(told) = site.client.try_post("/add-checkpoint", &long) {
        assert_eq!(told.status, 413, "{}", told.body);
    }
    assert_eq!(site.client.get("/add-checkpoint").status, 405);
    assert_eq!(site.client.newest(ORIGIN), 5);
}

#[test]
fn without_a_valid_signature_of_a_known_key_it_is_a_403() {
    let (site, log) = at_five();
    let other = TestLog::new(ORIGIN, 2);
    let text = log.text(12);
    let proof = log.proof(5, 12);
    let good = log.line(&text);
    let bad = SignatureLine { signature: vec![1; 64], ..good.clone() };
    let elsewhere = log.line(&log.text(11));
    for lines in [
        vec![other.line(&text)],
        vec![bad.clone()],
        vec![good.clone(), bad],
        vec![elsewhere],
        vec![SignatureLine { signature: good.signature[..63].to_vec(), ..good.clone() }],
    ] {
        let note = SignedNote::new(text.clone(), lines.clone()).unwrap().to_string();
        assert_eq!(site.client.add(&body(5, &proof, &note)).status, 403, "{lines:?}");
        // Signatures come before sizes: without one the newest size is not told.
        assert_eq!(site.client.add(&body(3, &proof, &note)).status, 403);
    }
    // Lines of unknown keys are ignored, and not answered for.
    let note = SignedNote::new(text.clone(), vec![other.line(&text), good]).unwrap().to_string();
    let told = site.client.add(&body(5, &proof, &note));
    assert_eq!(told.status, 200);
    cosigned(&site.cosigner, &text, &told.body);
    let head = site.client.get(&format!("/expert-draw/v1/head?log={ORIGIN}")).body;
    assert_eq!(SignedNote::parse(head.as_bytes()).unwrap().signatures().len(), 2);
}

#[test]
fn another_old_size_than_the_newest_is_a_409_that_says_the_newest() {
    let (site, log) = at_five();
    for (old, size) in [(0, 12), (4, 12), (6, 12), (12, 12), (0, 5), (4, 5), (3, 3)] {
        let told = site.client.add(&log.body(old, size));
        assert_eq!((told.status, told.kind.as_str(), told.body.as_str()), (409, "text/x.tlog.size", "5\n"));
    }
    site.cosigns(&log, 5, 12);
    let told = site.client.add(&log.body(5, 12));
    assert_eq!((told.status, told.body.as_str()), (409, "12\n"));
}

#[test]
fn what_does_not_extend_the_newest_head_is_a_422() {
    let (site, log) = at_five();
    let proof = log.proof(5, 12);
    let note = log.note(12).to_string();
    let mut cases = vec![
        body(5, &[], &note),
        body(5, &proof[1..], &note),
        body(5, &[proof.as_slice(), &[Hash([0; 32])]].concat(), &note),
        body(5, &proof.iter().rev().copied().collect::<Vec<_>>(), &note),
        // A proof where none is wanted.
        body(5, &proof, &log.note(5).to_string()),
    ];
    for at in 0..proof.len() {
        let mut changed = proof.clone();
        changed[at].0[7] ^= 1;
        cases.push(body(5, &changed, &note));
    }
    for case in cases {
        let told = site.client.add(&case);
        assert_eq!(told.status, 422, "{}", told.body);
    }
    // A log of which nothing was cosigned: no proof may come with old size 0; an empty tree has one root.
    let fresh = Site::new(&[&log.key]);
    assert_eq!(fresh.client.add(&body(0, &proof, &note)).status, 422);
    let wrong = log.sign(&text(ORIGIN, 0, &Hash([3; 32]))).to_string();
    assert_eq!(fresh.client.add(&body(0, &[], &wrong)).status, 422);
    assert_eq!(fresh.client.newest(ORIGIN), 0);
    fresh.cosigns(&log, 0, 0);
    fresh.cosigns(&log, 0, 12);
}

#[test]
fn monitors_get_the_newest_head_with_the_logs_line_and_ours() {
    let (site, log) = at_five();
    let path = format!("/{}/checkpoint", sha256(&[ORIGIN.as_bytes()]).to_hex());
    let note = SignedNote::parse(site.client.get(&path).body.as_bytes()).unwrap();
    note.verify(&log.key).unwrap();
    assert_eq!(note.text(), log.text(5));
    assert_eq!(expert_draw::log::cosigned_at(&note, &site.cosigner), Ok(crate::site::NOW));
    assert_eq!(site.client.get(&format!("/{}/checkpoint", sha256(&[b"x"]).to_hex())).status, 404);
    assert_eq!(site.client.get("/expert-draw/v1/head?log=x").status, 404);
    let fresh = Site::new(&[&log.key]);
    assert_eq!(fresh.client.get(&path).status, 404);
    let keys = fresh.client.get("/expert-draw/v1/keys").json();
    assert_eq!(keys.as_map().unwrap()["cosigner"].as_str(), Some(fresh.cosigner.to_string().as_str()));
}
