//! The log as a directory: any web server serves it, and whoever reads it back with the paths of tlog-tiles
//! gets every entry, every signature and every root.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use expert_draw::codec::Hash;
use expert_draw::log::*;
use expert_draw::ports::LogSigner as _;
use expert_draw::service::log_export::{Exported, UpTo, export};
use expert_draw::service::refusal::Refusal;
use expert_draw::store::*;

use crate::support::*;

on_both! {
    a_directory_served_by_any_web_server_gives_every_entry_signature_and_root
    a_second_export_writes_only_what_is_new_and_old_checkpoints_stay_readable
    after_a_crash_the_next_export_finishes_and_the_checkpoint_was_never_ahead
    a_directory_of_another_history_or_with_altered_files_is_refused
}

fn add(store: &Store, count: usize) {
    store
        .write("notes", move |tx| {
            for number in 0..count {
                tx.append(note(&format!("条目 {number}")))?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

fn run(fresh: &Fresh, out: &Path) -> Result<Exported, Refusal> {
    let reader = Reader::open(&fresh.database, 1, Duration::from_secs(20)).unwrap();
    export(&reader, out, &UpTo::Newest, &mut |_| {})
}

/// A web server that knows nothing: the bytes of a file, or 404.
fn serve(folder: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            reader.read_line(&mut first).unwrap();
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                line.clear();
            }
            let path = first.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
            let (status, body) = match std::fs::read(folder.join(path)) {
                Ok(bytes) => (200, bytes),
                Err(_) => (404, Vec::new()),
            };
            let head =
                format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    address
}

/// A reader of the log that has an address and a tree size, and takes partial tiles where that size has them.
struct Remote {
    base: String,
    size: u64,
}

impl Remote {
    fn get(&self, path: &str) -> Result<Vec<u8>, String> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.get(format!("{}/{path}", self.base)).call().map_err(|e| e.to_string())?;
        if answer.status() != 200 {
            return Err(format!("{path}: {}", answer.status()));
        }
        answer.body_mut().with_config().limit(64 << 20).read_to_vec().map_err(|e| e.to_string())
    }

    fn bundle(&self, prefix: &str, index: u64) -> Vec<Vec<u8>> {
        let width = tile_width(self.size, 0, index);
        let path = TilePath::new(TileName::Entries, index, width).unwrap().to_string();
        let bytes = self.get(&path.replace("tile/entries/", prefix)).unwrap();
        unpack_entries(&bytes, width).unwrap().into_iter().map(<[u8]>::to_vec).collect()
    }
}

impl NodeSource for Remote {
    type Error = String;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, String> {
        let there = tile_width(self.size, level, index);
        let path = TilePath::new(TileName::Hashes(level), index, there).unwrap();
        let bytes = self.get(&path.to_string())?;
        assert_eq!(bytes.len(), usize::from(there) * 32, "{path}");
        Ok(bytes.chunks_exact(32).take(width.into()).map(|hash| Hash::from_slice(hash).unwrap()).collect())
    }
}

fn checkpoint(bytes: &[u8]) -> Checkpoint {
    let note = SignedNote::parse(bytes).unwrap();
    note.verify(TestSigner::new("log.example/test", 1).log_key()).unwrap();
    Checkpoint::from_note(&note).unwrap()
}

fn a_directory_served_by_any_web_server_gives_every_entry_signature_and_root(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    add(&store, 700);
    let out = fresh.folder.join("out");
    let done = run(&fresh, &out).unwrap();
    assert_eq!((done.before, done.size, done.kept), (0, 700, 0));
    // 3 tiles, 3 bundles, 3 of signatures, 1 tile of level 1, the checkpoint.
    assert_eq!(done.written, 11);
    drop(store);

    let address = serve(out);
    let remote = Remote { base: format!("http://{address}"), size: 700 };
    let head = checkpoint(&remote.get("checkpoint").unwrap());
    assert_eq!((head.origin.as_str(), head.size), ("log.example/test", 700));
    assert_eq!(root_from_tiles(&remote, 700).unwrap(), head.root);
    let signer = TestSigner::new("log.example/test", 1);
    let mut frontier = Frontier::new();
    let mut roots = BTreeMap::new();
    for index in 0..3 {
        let (entries, signatures) =
            (remote.bundle("tile/entries/", index), remote.bundle("signatures/", index));
        assert_eq!(entries.len(), signatures.len());
        for (entry, lines) in entries.iter().zip(&signatures) {
            let note = [entry.as_slice(), b"\n\n", lines].concat();
            SignedNote::parse(&note).unwrap().verify(signer.statements_key()).unwrap();
            frontier.extend([merkle::leaf_hash(entry)]);
            roots.insert(frontier.size(), frontier.root());
        }
    }
    assert_eq!(roots[&700], head.root);
    for size in [1, 2, 255, 256, 257, 511, 512, 513, 699] {
        assert_eq!(root_from_tiles(&remote, size).unwrap(), roots[&size], "{size}");
        let proof = consistency_from_tiles(&remote, size, 700).unwrap();
        merkle::verify_consistency(size, 700, &roots[&size], &head.root, &proof).unwrap();
    }
    for index in [0u64, 255, 256, 600, 699] {
        let entry = &remote.bundle("tile/entries/", index / 256)[(index % 256) as usize];
        let proof = inclusion_from_tiles(&remote, 700, index).unwrap();
        merkle::verify_inclusion(index, 700, &merkle::leaf_hash(entry), &proof, &head.root).unwrap();
    }
    assert!(remote.get("heads/000").is_err(), "no witness, no head");
    assert!(remote.get("tile/0/003").is_err());
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn a_second_export_writes_only_what_is_new_and_old_checkpoints_stay_readable(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let out = fresh.folder.join("out");
    let mut seen: Vec<(Checkpoint, BTreeMap<PathBuf, Vec<u8>>)> = Vec::new();
    for count in [1, 254, 1, 1, 300] {
        add(&store, count);
        let before = seen.last().map(|(head, _)| head.size).unwrap_or_default();
        let done = run(&fresh, &out).unwrap();
        let now = files(&out);
        assert_eq!((done.before, done.size, done.kept), (before, before + count as u64, 0));
        if let Some((_, earlier)) = seen.last() {
            let new = now.keys().filter(|path| !earlier.contains_key(*path)).count();
            assert_eq!(done.written, new as u64 + 1, "the new files and the checkpoint");
            let changed: Vec<_> = earlier.iter().filter(|(path, bytes)| now[*path] != **bytes).collect();
            assert_eq!(changed.len(), 1, "only the checkpoint changes");
        }
        assert_eq!(run(&fresh, &out).unwrap(), Exported { before: done.size, written: 0, kept: 0, ..done });
        seen.push((checkpoint(&now[Path::new("checkpoint")]), now));
    }
    // A client that holds an older checkpoint still finds its partial tiles.
    let address = serve(out);
    for (head, _) in &seen {
        let remote = Remote { base: format!("http://{address}"), size: head.size };
        assert_eq!(root_from_tiles(&remote, head.size).unwrap(), head.root, "{}", head.size);
        let entries = remote.bundle("tile/entries/", (head.size - 1) / 256);
        assert_eq!(entries.len(), usize::from(tile_width(head.size, 0, (head.size - 1) / 256)));
    }
    assert_eq!(seen.len(), 5);
}

fn after_a_crash_the_next_export_finishes_and_the_checkpoint_was_never_ahead(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    add(&store, 300);
    let whole = fresh.folder.join("whole");
    run(&fresh, &whole).unwrap();
    let all = files(&whole);
    // Whatever was there when it ended: the first k files of the order in which they are written.
    let order: Vec<&PathBuf> = all.keys().filter(|path| **path != Path::new("checkpoint")).collect();
    for k in 0..=order.len() {
        let out = fresh.folder.join(format!("crashed-{k}"));
        for path in &order[..k] {
            std::fs::create_dir_all(out.join(path).parent().unwrap()).unwrap();
            std::fs::write(out.join(path), &all[*path]).unwrap();
        }
        std::fs::create_dir_all(out.join("tile/0")).unwrap();
        std::fs::write(out.join("tile/0/.half.tmp"), b"half").unwrap();
        let done = run(&fresh, &out).unwrap();
        assert_eq!(done.written + done.kept, all.len() as u64);
        let mut now = files(&out);
        now.remove(Path::new("tile/0/.half.tmp"));
        assert_eq!(now, all, "{k}");
    }
    // A write in the way of a folder fails before the checkpoint is touched.
    add(&store, 300);
    std::fs::remove_dir_all(whole.join("signatures")).unwrap();
    std::fs::write(whole.join("signatures"), b"a file where a folder must be").unwrap();
    assert_eq!(run(&fresh, &whole).unwrap_err().code, "directory");
    assert_eq!(std::fs::read(whole.join("checkpoint")).unwrap(), all[Path::new("checkpoint")]);
}

fn a_directory_of_another_history_or_with_altered_files_is_refused(kind: Kind) {
    let (fresh, other) = (Fresh::new(kind), Fresh::new(kind));
    let (store, second) = (fresh.open(), other.open());
    add(&store, 10);
    second.write("other", |tx| tx.append(note("anders"))).unwrap();
    add(&second, 20);
    let out = fresh.folder.join("out");
    run(&fresh, &out).unwrap();
    let before = files(&out);
    // The other log has the same keys and name and more entries, but not these.
    let refused = run(&other, &out).unwrap_err();
    assert_eq!(refused.code, "other_history", "{refused}");
    // One that is longer than the database is a restored backup.
    let longer = other.folder.join("out");
    run(&other, &longer).unwrap();
    assert_eq!(run(&fresh, &longer).unwrap_err().code, "other_history");
    assert_eq!(files(&out), before);
    // A file that was altered is not passed over when it is written again.
    std::fs::remove_file(out.join("checkpoint")).unwrap();
    let mut bytes = before[Path::new("tile/entries/000.p/10")].clone();
    bytes[9] ^= 1;
    std::fs::write(out.join("tile/entries/000.p/10"), bytes).unwrap();
    assert_eq!(run(&fresh, &out).unwrap_err().code, "other_history");
    assert!(!out.join("checkpoint").exists());
    // A statement that was altered in the database does not go out.
    drop(store);
    let statement = match kind {
        Kind::Sqlite => "UPDATE journal SET statement = CAST('{}' AS BLOB) WHERE idx = 3",
        Kind::Postgres => "UPDATE journal SET statement = '{}'::bytea WHERE idx = 3",
    };
    fresh.alter_journal(statement);
    let fresh_out = fresh.folder.join("again");
    assert_eq!(run(&fresh, &fresh_out).unwrap_err().code, "internal");
    assert!(!fresh_out.join("checkpoint").exists());
}
