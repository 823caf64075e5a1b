//! What somebody with the database in their hands can alter, and how the start names it.

use expert_draw::store::*;

use crate::support::*;

on_both! {
    every_altered_column_is_found_and_the_start_refused
    a_removed_or_added_entry_is_found
    a_whole_rewritten_log_is_found_by_the_published_checkpoint
    a_restored_backup_is_refused_with_the_way_out
    a_follower_sees_every_entry_and_may_object
    the_hashes_alone_can_be_checked
}

/// A database with a few entries, some of them registry entries, enough for one full tile.
fn filled(kind: Kind) -> Fresh {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    store
        .write("fill", |tx| -> Result<(), StoreError> {
            for n in 0..260 {
                let text = n.to_string();
                tx.append(if n % 7 == 3 { registry_note(&text) } else { note(&text) })?;
            }
            Ok(())
        })
        .unwrap();
    drop(store);
    assert_eq!(fresh.findings(), []);
    fresh
}

/// Bytes as a literal of the database.
fn blob(fresh: &Fresh, hex: &str) -> String {
    match fresh.database {
        Database::Sqlite(_) => format!("x'{hex}'"),
        Database::Postgres(_) => format!("'\\x{hex}'"),
    }
}

fn codes(found: &[Finding]) -> Vec<&'static str> {
    found.iter().map(|finding| finding.code).collect()
}

fn every_altered_column_is_found_and_the_start_refused(kind: Kind) {
    let zeros = "00".repeat(32);
    // Table, change, code expected, entry that must be named.
    let changes: &[(&str, String, &str, Option<u64>)] = &[
        ("journal", "SET statement = BLOB:7b7d WHERE idx = 5".into(), "statement", Some(5)),
        (
            "journal",
            "SET statement = (SELECT statement FROM journal WHERE idx = 6) WHERE idx = 5".into(),
            "leaf-hash",
            Some(5),
        ),
        (
            "journal",
            "SET signature = (SELECT signature FROM journal WHERE idx = 6) WHERE idx = 5".into(),
            "signature",
            Some(5),
        ),
        ("journal", format!("SET leaf_hash = BLOB:{zeros} WHERE idx = 5"), "leaf-hash", Some(5)),
        ("journal", "SET time = time + 1 WHERE idx = 5".into(), "time", Some(5)),
        ("journal", "SET time = time - 1 WHERE idx = 5".into(), "time", Some(5)),
        ("journal", "SET registry = NOT registry WHERE idx = 5".into(), "registry-flag", Some(5)),
        ("journal", "SET registry = NOT registry WHERE idx = 3".into(), "registry-flag", Some(3)),
        ("log_head", "SET size = 256, peaks = BLOB:".to_owned() + &zeros, "size", None),
        ("log_head", format!("SET root = BLOB:{zeros}"), "root", None),
        ("log_head", format!("SET peaks = BLOB:{zeros}{zeros}"), "peaks", None),
        ("log_head", "SET time = time + 9".into(), "head-time", None),
        ("log_head", "SET last_registry_entry = 3".into(), "last-registry-entry", None),
        ("log_head", "SET last_registry_entry = NULL".into(), "last-registry-entry", None),
        ("log_head", "SET last_key_entry = 1".into(), "last-key-entry", None),
        ("log_head", "SET checkpoint = 'x'".into(), "checkpoint", None),
        ("log_tile", format!("SET hashes = BLOB:{zeros} WHERE level = 1"), "tile", None),
        ("log_tile", "SET idx = 7 WHERE level = 0 AND idx = 1".into(), "tile", None),
    ];
    let fresh = filled(kind);
    for (table, change, code, index) in changes {
        let undo = format!("keep_{table}");
        let change = match change.split_once("BLOB:") {
            Some((before, rest)) => {
                let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
                format!("{before}{}{}", blob(&fresh, &rest[..end]), &rest[end..])
            }
            None => change.clone(),
        };
        fresh
            .alter_journal(&format!("CREATE TABLE {undo} AS SELECT * FROM {table}; UPDATE {table} {change}"));
        let found = fresh.findings();
        let named = found.iter().any(|finding| finding.code == *code && finding.index == *index);
        assert!(named, "{table} {change}: {found:?}");
        fresh.alter_journal(&format!(
            "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {undo}; DROP TABLE {undo}"
        ));
    }
    assert_eq!(fresh.findings(), [], "all put back");
}

fn a_removed_or_added_entry_is_found(kind: Kind) {
    let fresh = filled(kind);
    fresh.alter_journal(
        "CREATE TABLE kept AS SELECT * FROM journal WHERE idx = 9; DELETE FROM journal WHERE idx = 9",
    );
    let found = fresh.findings();
    assert_eq!((found[0].code, found[0].index), ("gap", Some(10)));
    fresh.alter_journal("INSERT INTO journal SELECT * FROM kept; DELETE FROM journal WHERE idx = 259");
    assert!(codes(&fresh.findings()).starts_with(&["size", "root"]));
    fresh.by_hand("UPDATE kept SET idx = 259; INSERT INTO journal SELECT * FROM kept").unwrap();
    // The last entry is now a signed statement, but not the one that stood there.
    assert!(codes(&fresh.findings()).contains(&"root"));
}

fn a_whole_rewritten_log_is_found_by_the_published_checkpoint(kind: Kind) {
    // Somebody who holds the keys writes another history of the same length.
    let (honest, other) = (filled(kind), filled(kind));
    let store = other.open();
    write_note(&store, "another history").unwrap();
    drop(store);
    let store = honest.open();
    write_note(&store, "what was published").unwrap();
    drop(store);
    std::fs::copy(honest.checkpoint_path(), other.checkpoint_path()).unwrap();
    assert_eq!(codes(&other.findings()), ["published"]);
    std::fs::write(other.checkpoint_path(), "garbage").unwrap();
    assert_eq!(codes(&other.findings()), ["published"]);
}

fn a_restored_backup_is_refused_with_the_way_out(kind: Kind) {
    let (backup, later) = (filled(kind), filled(kind));
    let store = later.open();
    write_note(&store, "after the backup").unwrap();
    drop(store);
    std::fs::copy(later.checkpoint_path(), backup.checkpoint_path()).unwrap();
    let found = backup.findings();
    assert_eq!(codes(&found), ["behind-published"]);
    assert!(
        found[0].what.contains("260 entries, but 261 were published") && found[0].what.contains("Restore")
    );
    // An older file is no contradiction: a crash may come before the file is written.
    std::fs::copy(backup.checkpoint_path(), later.folder.join("ahead")).unwrap();
    let earlier = filled(kind);
    std::fs::copy(earlier.checkpoint_path(), later.checkpoint_path()).unwrap();
    assert_eq!(later.findings(), []);
}

fn a_follower_sees_every_entry_and_may_object(kind: Kind) {
    struct Counts(u64, u64);
    impl Follow for Counts {
        fn progress(&mut self, done: u64, total: u64) {
            assert_eq!((done, total), (260, 260));
            self.1 += 1;
        }

        fn entry(&mut self, entry: &journal::Entry) -> Vec<Finding> {
            assert_eq!(entry.index(), self.0);
            self.0 += 1;
            if self.0 == 100 { vec![Finding::at("image", 99, "does not open")] } else { Vec::new() }
        }
    }
    let fresh = filled(kind);
    let mut counts = Counts(0, 0);
    let refused = Store::open_following(fresh.config(), &mut counts);
    let Err(StoreError::Corrupt(found)) = refused else { panic!("opened") };
    assert_eq!(found, [Finding::at("image", 99, "does not open")]);
    assert_eq!((counts.0, counts.1), (260, 1));
}

fn the_hashes_alone_can_be_checked(kind: Kind) {
    let fresh = filled(kind);
    fresh.alter_journal("UPDATE journal SET signature = leaf_hash WHERE idx = 4");
    assert_eq!(codes(&fresh.findings()), ["signature"]);
    let mut config = fresh.config();
    config.depth = Depth::Hashes;
    assert!(Store::open(config).is_ok());
}
