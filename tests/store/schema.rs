//! Migrations and what a start refuses.

use std::time::Duration;

use expert_draw::store::*;

use crate::support::*;

on_both! {
    migrations_run_up_down_and_up_again
    an_account_of_the_first_version_survives_the_second
    a_start_without_migrations_allowed_refuses_an_empty_database
    a_schema_of_a_newer_program_is_refused
    the_journal_is_append_only_in_the_database_itself
    a_reader_cannot_write
    keys_of_another_log_are_refused
}

fn migrations_run_up_down_and_up_again(kind: Kind) {
    let fresh = Fresh::new(kind);
    let wait = Duration::from_secs(20);
    migrate(&fresh.database, wait).unwrap();
    fresh.by_hand("INSERT INTO subject_key VALUES ('gone', '')").err();
    revert_all(&fresh.database, wait).unwrap();
    assert!(fresh.by_hand("SELECT 1 FROM journal").is_err(), "nothing is left");
    migrate(&fresh.database, wait).unwrap();
    let store = fresh.open();
    assert_eq!(write_note(&store, "a").unwrap().index, 0);
}

fn an_account_of_the_first_version_survives_the_second(kind: Kind) {
    use expert_draw::store::account::{self, Account};
    let fresh = Fresh::new(kind);
    let first = Account { token_hash: Some(vec![1; 32]), ..Account::default() };
    let first =
        Account { id: "A1".into(), role: "bureau".into(), name: "x".into(), expires: 9, entry: 1, ..first };
    let person =
        Account { id: "A2".into(), token_hash: None, login: Some("wang.li".into()), ..first.clone() };
    let store = fresh.open();
    let given = [first.clone(), person];
    store.write("accounts", move |tx| given.iter().try_for_each(|row| account::insert(tx, row))).unwrap();
    drop(store);
    let (down, up) = match kind {
        Kind::Sqlite => (
            include_str!("../../migrations/sqlite/0006_accounts_v2/down.sql"),
            include_str!("../../migrations/sqlite/0006_accounts_v2/up.sql"),
        ),
        Kind::Postgres => (
            include_str!("../../migrations/postgres/0006_accounts_v2/down.sql"),
            include_str!("../../migrations/postgres/0006_accounts_v2/up.sql"),
        ),
    };
    fresh.by_hand(down).unwrap();
    assert!(fresh.by_hand("SELECT login FROM account").is_err(), "the earlier schema");
    fresh.by_hand(up).unwrap();
    // Its record is the same too (service::accounts), so fsck finds nothing after the change. What
    // the earlier schema cannot say, an account without a token, is gone after going back.
    let rows = fresh.open().read(|conn| account::list(conn, &Page::first(9))).unwrap();
    assert_eq!(rows, [first]);
}

fn a_start_without_migrations_allowed_refuses_an_empty_database(kind: Kind) {
    let fresh = Fresh::new(kind);
    let mut config = fresh.config();
    config.migrate = false;
    let Err(StoreError::Schema(_)) = Store::open(config) else { panic!("opened") };
}

fn a_schema_of_a_newer_program_is_refused(kind: Kind) {
    let fresh = Fresh::new(kind);
    drop(fresh.open());
    fresh.by_hand("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')").unwrap();
    let Err(StoreError::Schema(what)) = Store::open(fresh.config()) else { panic!("opened") };
    assert!(what.contains("9999"), "{what}");
}

fn the_journal_is_append_only_in_the_database_itself(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    write_note(&store, "a").unwrap();
    let mut forbidden =
        vec!["UPDATE journal SET actor = 'x'", "UPDATE journal SET image = NULL", "DELETE FROM journal"];
    match kind {
        Kind::Sqlite => {
            forbidden.push("INSERT OR REPLACE INTO journal SELECT * FROM journal");
            forbidden.push("REPLACE INTO journal SELECT * FROM journal WHERE idx = 0");
        }
        Kind::Postgres => {
            forbidden.push("TRUNCATE journal");
            forbidden.push(
                "INSERT INTO journal SELECT * FROM journal ON CONFLICT (idx) DO UPDATE SET actor = 'x'",
            );
        }
    }
    for statement in forbidden {
        let error = fresh.by_hand(statement).unwrap_err();
        assert!(error.contains("the journal is append-only"), "{statement}: {error}");
    }
    drop(store);
    assert_eq!(fresh.findings(), []);
}

fn a_reader_cannot_write(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    // The only function that gets a plain connection to change something is the check's own; a
    // reader's connection refuses even that.
    let refused =
        Reader::open(&fresh.database, 1, Duration::from_secs(5)).unwrap().read(|conn| conn.try_to_write());
    assert!(matches!(refused, Err(StoreError::Database(_))), "{refused:?}");
    // A closure that panics does not spoil the pool.
    let reader = store.reader().clone();
    for _ in 0..6 {
        let reader = reader.clone();
        let panicked =
            std::thread::spawn(move || reader.read(|_| -> Result<(), StoreError> { panic!("on purpose") }));
        assert!(panicked.join().is_err());
    }
    assert_eq!(store.read(head::read).unwrap().size, 0);
}

fn keys_of_another_log_are_refused(kind: Kind) {
    let fresh = Fresh::new(kind);
    write_note(&fresh.open(), "a").unwrap();
    let mut config = fresh.config();
    config.signer = std::sync::Arc::new(TestSigner::new("log.example/other", 1));
    let Err(StoreError::Corrupt(found)) = Store::open(config) else { panic!("opened") };
    assert_eq!(found[0].code, "origin");
    let mut config = fresh.config();
    config.signer = std::sync::Arc::new(TestSigner::new("log.example/test", 50));
    let Err(StoreError::Corrupt(found)) = Store::open(config) else { panic!("opened") };
    let codes: Vec<_> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["signature", "checkpoint", "published"]);
}
