//! A process that ends within a commit: what it leaves opens, and holds the group or does not.

use std::process::Command;
use std::sync::Arc;

use expert_draw::ports::FixedClock;
use expert_draw::store::*;
use expert_draw::time::Timestamp;

use crate::support::*;

on_both! { a_process_killed_around_commit_leaves_a_log_that_opens }

fn a_process_killed_around_commit_leaves_a_log_that_opens(kind: Kind) {
    for (place, size) in [("before_commit", 1), ("after_commit", 2)] {
        let fresh = Fresh::new(kind);
        write_note(&fresh.open(), "first").unwrap();
        let url = match &fresh.database {
            Database::Sqlite(path) => format!("sqlite://{}", path.display()),
            Database::Postgres(url) => url.clone(),
        };
        let ended = Command::new(std::env::current_exe().unwrap())
            .args(["crash::the_process_to_be_killed", "--exact"])
            .env("EXPERT_DRAW_TEST_CHILD", url)
            .env("EXPERT_DRAW_FAILPOINT", place)
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), None, "killed by a signal, not ended: {ended:?}");
        let store = fresh.open();
        assert_eq!(head_of(&store).size, size, "{place}");
        assert_eq!(write_note(&store, "next").unwrap().index, size);
        drop(store);
        assert_eq!(fresh.findings(), []);
    }
}

/// Does nothing unless the test above starts it in a process of its own.
#[test]
fn the_process_to_be_killed() {
    let Ok(url) = std::env::var("EXPERT_DRAW_TEST_CHILD") else { return };
    let signer = Arc::new(TestSigner::new("log.example/test", 1));
    let clock = Arc::new(FixedClock::new(Timestamp(1_700_000_000)));
    let mut config = StoreConfig::new(Database::parse(&url).unwrap(), signer, clock);
    config.failpoints = Arc::new(Failpoints::from_env());
    let _ = write_note(&Store::open(config).unwrap(), "killed");
}
