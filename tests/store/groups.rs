//! The writer: groups, failures within them, unknown outcomes, several processes.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use expert_draw::codec::Object;
use expert_draw::log::{Checkpoint, SignedNote, merkle};
use expert_draw::store::*;
use expert_draw::time::Timestamp;

use crate::support::*;

on_both! {
    a_signer_that_fails_leaves_nothing_behind_and_the_next_write_stands
    an_entry_is_signed_logged_and_published
    calls_that_arrive_together_commit_together
    a_failing_call_takes_only_itself_back
    a_panicking_call_takes_only_itself_back_and_the_writer_lives_on
    a_call_that_hides_a_database_error_is_undone
    time_never_runs_backwards
    a_commit_that_failed_is_told_from_one_that_only_lost_its_answer
    an_unreachable_database_after_commit_is_an_unknown_outcome
    a_waiting_call_gives_up_when_its_time_is_over
    a_process_that_cannot_have_the_lock_in_time_is_busy
    a_connection_that_the_server_closed_is_replaced
    a_statement_that_the_next_start_would_refuse_is_refused_at_once
    two_stores_on_one_database_interleave
    sixteen_threads_write_fifty_each
    a_large_group_of_entries_keeps_the_tiles_right
    hooks_hear_of_every_commit_before_the_answer
}

fn an_entry_is_signed_logged_and_published(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let (first, second) = store
        .write("two", |tx| -> Result<_, StoreError> {
            assert_eq!(tx.next_index(), 0);
            let first = tx.append(registry_note("a"))?;
            assert_eq!((tx.next_index(), tx.last_registry_entry()), (1, Some(0)));
            // A later entry of the same call may speak of the earlier one.
            let mut append = note("b");
            append.statement = append.statement.with("alpha", first.leaf_hash);
            append.image = Some(vec![1, 2, 3]);
            Ok((first, tx.append(append)?))
        })
        .unwrap();
    assert_eq!((first.index, second.index, first.time), (0, 1, Timestamp(1_700_000_000)));
    let entry = store.read(|conn| journal::find(conn, 1)).unwrap().unwrap();
    assert_eq!(entry.image.as_deref(), Some([1, 2, 3].as_slice()));
    assert_eq!(entry.leaf_hash, second.leaf_hash.0);
    assert_eq!(merkle::leaf_hash(&entry.statement), second.leaf_hash);
    let text = String::from_utf8(entry.statement).unwrap();
    let expected = format!(
        r#"{{"alpha":"{}","log":"log.example/test","text":"b","time":1700000000,"type":"test.note","v":1}}"#,
        first.leaf_hash
    );
    assert_eq!(text, expected);
    let head = head_of(&store);
    assert_eq!((head.size, head.last_registry_entry), (2, Some(0)));
    assert_eq!(head.root, merkle::node_hash(&first.leaf_hash, &second.leaf_hash));
    drop(store);
    let published = std::fs::read(fresh.checkpoint_path()).unwrap();
    assert_eq!(published, head.checkpoint.as_bytes());
    let checkpoint = Checkpoint::from_note(&SignedNote::parse(&published).unwrap()).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (2, head.root));
    assert_eq!(fresh.findings(), []);
}

type Boxed<T> = Box<dyn Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + Sync>;

/// Holds the writer, and with it the head row, from when this answers until `go` is dropped.
fn hold(store: &Arc<Store>) -> (mpsc::Sender<()>, JoinHandle<Appended>) {
    let (held, holds) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let store = store.clone();
    let holder = std::thread::spawn(move || {
        let held = store.write("hold", move |tx| {
            // Run once more if a call of its group fails; nobody listens then.
            let _ = held.send(());
            let _ = wait.lock().unwrap().recv();
            tx.append(note("held"))
        });
        held.unwrap()
    });
    holds.recv().unwrap();
    (go, holder)
}

/// Queues calls behind one that holds the writer, so that they make one group; answers their
/// results in order. The holding call takes index 0.
fn together<T: Send + 'static>(
    store: &Arc<Store>,
    calls: Vec<Boxed<T>>,
) -> Vec<Result<T, WriteError<StoreError>>> {
    let (go, holder) = hold(store);
    let mut threads = Vec::new();
    for (n, call) in calls.into_iter().enumerate() {
        let theirs = store.clone();
        threads.push(std::thread::spawn(move || theirs.write("grouped", call)));
        // Their order in the queue is their order here.
        while store.waiting() < n + 1 {
            std::thread::yield_now();
        }
    }
    drop(go);
    assert_eq!(holder.join().unwrap().index, 0);
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn appends(text: &'static str) -> Boxed<u64> {
    Box::new(move |tx| Ok(tx.append(note(text))?.index))
}

fn calls_that_arrive_together_commit_together(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = Arc::new(fresh.open());
    let commits = Arc::new(Mutex::new(Vec::new()));
    let heard = commits.clone();
    store.after_commit(move |size| heard.lock().unwrap().push(size));
    let indices = together(&store, (0..10).map(|_| appends("x")).collect());
    let indices: Vec<_> = indices.into_iter().map(Result::unwrap).collect();
    assert_eq!(indices, (1..11).collect::<Vec<_>>());
    assert_eq!(*commits.lock().unwrap(), [1, 11], "one commit for ten calls");
}

fn a_failing_call_takes_only_itself_back(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = Arc::new(fresh.open());
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let key =
        |subject: &str| subject_key::SubjectKey { subject: subject.into(), wrapped: vec![1], generation: 1 };
    let results = together::<u64>(
        &store,
        vec![
            Box::new(move |tx| {
                counted.fetch_add(1, Ordering::SeqCst);
                subject_key::insert(tx, &key("kept"))?;
                Ok(tx.append(note("kept"))?.index)
            }),
            Box::new(move |tx| {
                subject_key::insert(tx, &key("lost"))?;
                tx.append(registry_note("lost"))?;
                Err(StoreError::Stale("refused by the call".into()))
            }),
            // A database error within the group: the key is taken by the first call.
            Box::new(move |tx| {
                tx.append(note("lost too"))?;
                subject_key::insert(tx, &key("kept"))?;
                Ok(99)
            }),
            Box::new(move |tx| Ok(tx.append(note("kept too"))?.index)),
        ],
    );
    assert_eq!(runs.load(Ordering::SeqCst), 2, "run in the group, then by itself");
    assert_eq!(results[0], Ok(1));
    assert_eq!(results[1], Err(WriteError::Call(StoreError::Stale("refused by the call".into()))));
    assert_eq!(results[2], Err(WriteError::Call(StoreError::Conflict("subject_key.subject".into()))));
    assert_eq!(results[3], Ok(2));
    assert_eq!(store.read(|conn| subject_key::find(conn, "lost")).unwrap(), None);
    assert_eq!(
        store.read(|conn| subject_key::find(conn, "kept")).unwrap().map(|key| key.wrapped),
        Some(vec![1])
    );
    assert_eq!((head_of(&store).size, head_of(&store).last_registry_entry), (3, None));
    drop(store);
    assert_eq!(fresh.findings(), []);
}

fn a_panicking_call_takes_only_itself_back_and_the_writer_lives_on(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = Arc::new(fresh.open());
    let results = together::<u64>(
        &store,
        vec![
            appends("before"),
            Box::new(|tx| {
                tx.append(note("lost"))?;
                panic!("on purpose");
            }),
            appends("after"),
        ],
    );
    assert_eq!(results[0], Ok(1));
    assert_eq!(results[1], Err(WriteError::Store(StoreError::Panic("on purpose".into()))));
    assert_eq!(results[2], Ok(2));
    // Alone in its group too.
    let alone = store.write("alone", |_| -> Result<(), StoreError> { panic!("{}", "again") });
    assert_eq!(alone, Err(WriteError::Store(StoreError::Panic("again".into()))));
    assert_eq!(write_note(&store, "next").unwrap().index, 3);
    drop(store);
    let again = fresh.open();
    assert_eq!(head_of(&again).size, 4, "what was answered is durable");
}

fn a_call_that_hides_a_database_error_is_undone(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let key = || subject_key::SubjectKey { subject: "s".into(), wrapped: vec![], generation: 1 };
    store.write("key", move |tx| subject_key::insert(tx, &key())).unwrap();
    let hidden = store.write("hides", move |tx| -> Result<(), StoreError> {
        tx.append(note("must not stand"))?;
        let _ = subject_key::insert(tx, &key());
        Ok(())
    });
    assert!(matches!(hidden, Err(WriteError::Store(StoreError::Database(_)))), "{hidden:?}");
    assert_eq!(head_of(&store).size, 0);
    assert_eq!(write_note(&store, "next").unwrap().index, 0);
}

fn time_never_runs_backwards(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    assert_eq!(write_note(&store, "a").unwrap().time, Timestamp(1_700_000_000));
    fresh.clock.set(Timestamp(1_600_000_000));
    assert_eq!(write_note(&store, "b").unwrap().time, Timestamp(1_700_000_000));
    fresh.clock.set(Timestamp(1_700_000_007));
    assert_eq!(write_note(&store, "c").unwrap().time, Timestamp(1_700_000_007));
    drop(store);
    fresh.clock.set(Timestamp(1_699_999_000));
    assert_eq!(fresh.findings().iter().map(|finding| finding.code).collect::<Vec<_>>(), ["clock"]);
}

fn a_commit_that_failed_is_told_from_one_that_only_lost_its_answer(kind: Kind) {
    let fresh = Fresh::new(kind);
    let config = fresh.config();
    let failpoints = config.failpoints.clone();
    let store = Store::open(config).unwrap();
    write_note(&store, "first").unwrap();
    failpoints.before_commit.arm(Fault::Error);
    let failed = write_note(&store, "not persisted");
    assert!(matches!(failed, Err(WriteError::Store(StoreError::Database(_)))), "{failed:?}");
    assert_eq!(head_of(&store).size, 1);
    failpoints.after_commit.arm(Fault::Error);
    assert_eq!(write_note(&store, "persisted").unwrap().index, 1);
    assert_eq!(write_note(&store, "next").unwrap().index, 2);
    drop(store);
    assert_eq!(fresh.findings(), []);
}

fn an_unreachable_database_after_commit_is_an_unknown_outcome(kind: Kind) {
    let fresh = Fresh::new(kind);
    let config = fresh.config();
    let failpoints = config.failpoints.clone();
    let store = Store::open(config).unwrap();
    failpoints.after_commit.arm(Fault::Error);
    failpoints.reconnect.arm(Fault::Error);
    assert_eq!(write_note(&store, "unknown"), Err(WriteError::Store(StoreError::Unknown)));
    // The next write finds the database again, and the entry that nobody was told of.
    assert_eq!(write_note(&store, "next").unwrap().index, 1);
    drop(store);
    assert_eq!(fresh.findings(), []);
}

fn a_waiting_call_gives_up_when_its_time_is_over(kind: Kind) {
    let fresh = Fresh::new(kind);
    let mut config = fresh.config();
    config.timeout = Duration::from_millis(200);
    let store = Arc::new(Store::open(config).unwrap());
    let (go, holder) = hold(&store);
    assert_eq!(write_note(&store, "given up"), Err(WriteError::Store(StoreError::Busy)));
    drop(go);
    // The call that runs is waited for, however long it takes, and the other never ran.
    assert_eq!(holder.join().unwrap().index, 0);
    assert_eq!(write_note(&store, "next").unwrap().index, 1);
}

fn a_process_that_cannot_have_the_lock_in_time_is_busy(kind: Kind) {
    let fresh = Fresh::new(kind);
    let slow = Arc::new(fresh.open());
    let mut config = fresh.config();
    config.timeout = Duration::from_millis(200);
    let hasty = Store::open(config).unwrap();
    let (go, holder) = hold(&slow);
    assert_eq!(write_note(&hasty, "too late"), Err(WriteError::Store(StoreError::Busy)));
    drop(go);
    assert_eq!(holder.join().unwrap().index, 0);
    assert_eq!(write_note(&hasty, "in time").unwrap().index, 1);
}

fn a_connection_that_the_server_closed_is_replaced(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    write_note(&store, "before").unwrap();
    if kind == Kind::Postgres {
        let others = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        fresh.by_hand(others).unwrap();
    }
    assert_eq!(write_note(&store, "after").unwrap().index, 1);
    assert_eq!(head_of(&store).size, 2);
}

fn a_statement_that_the_next_start_would_refuse_is_refused_at_once(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let statement = |statement: Object| Append { statement, ..note("") };
    for bad in [
        Object::new(),
        Object::new().with("type", "Not A Type"),
        Object::new().with("type", "test.note").with("time", 5u32),
        Object::new().with("type", "test.note").with("Key", "x"),
        Object::new().with("type", "test.note").with("text", "x".repeat(70_000)),
    ] {
        let append = statement(bad);
        let refused = store.write("bad", move |tx| tx.append(append.clone()));
        assert!(matches!(refused, Err(WriteError::Call(StoreError::Statement(_)))), "{refused:?}");
    }
    assert_eq!(head_of(&store).size, 0);
}

fn two_stores_on_one_database_interleave(kind: Kind) {
    let fresh = Fresh::new(kind);
    let stores = [Arc::new(fresh.open()), Arc::new(fresh.open())];
    let start = Arc::new(Barrier::new(4));
    let threads: Vec<_> = (0..4)
        .map(|n: usize| {
            let (store, start) = (stores[n % 2].clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                (0..40).map(|_| write_note(&store, "x").unwrap().index).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut indices: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    indices.sort_unstable();
    assert_eq!(indices, (0..160).collect::<Vec<_>>());
    drop(stores);
    assert_eq!(fresh.findings(), []);
}

fn sixteen_threads_write_fifty_each(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = Arc::new(fresh.open());
    let threads: Vec<_> = (0..16)
        .map(|n| {
            let store = store.clone();
            std::thread::spawn(move || {
                for i in 0..50 {
                    let key = subject_key::SubjectKey {
                        subject: format!("{n}/{i}"),
                        wrapped: vec![n],
                        generation: 1,
                    };
                    let written = store.write("keyed", move |tx| -> Result<_, StoreError> {
                        subject_key::insert(tx, &key)?;
                        // Every fifth is refused after it has written.
                        if i % 5 == 4 {
                            return Err(StoreError::Stale("refused".into()));
                        }
                        tx.append(note(&key.subject))
                    });
                    assert_eq!(written.is_ok(), i % 5 != 4);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(head_of(&store).size, 640);
    let keys = store.read(|conn| subject_key::list(conn, &Page::first(1000))).unwrap();
    assert_eq!(keys.len(), 640);
    drop(store);
    assert_eq!(fresh.findings(), []);
}

fn a_large_group_of_entries_keeps_the_tiles_right(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    // Sizes around the borders of tiles: within, exactly full, several at once.
    for count in [3u32, 253, 1, 255, 700, 64_400] {
        store.write("many", move |tx| (0..count).try_for_each(|_| tx.append(note("x")).map(|_| ()))).unwrap();
    }
    assert_eq!(head_of(&store).size, 65_612);
    let top = store.read(|conn| tile::find(conn, 2, 0)).unwrap().unwrap();
    assert_eq!(top.len(), 32, "one full tile of tiles");
    drop(store);
    let mut config = fresh.config();
    config.depth = Depth::Hashes;
    assert_eq!(head_of(&Store::open(config).unwrap()).size, 65_612);
}

fn hooks_hear_of_every_commit_before_the_answer(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let heard = sizes.clone();
    store.after_commit(move |size| heard.lock().unwrap().push(size));
    store.after_commit(|_| panic!("a follower that fails harms nobody"));
    for expected in 1..4 {
        write_note(&store, "x").unwrap();
        assert_eq!(sizes.lock().unwrap().last(), Some(&expected));
    }
}

fn a_signer_that_fails_leaves_nothing_behind_and_the_next_write_stands(kind: Kind) {
    let fresh = Fresh::new(kind);
    let signer = std::sync::Arc::new(TestSigner::new("log.example/test", 1));
    let store = Store::open(StoreConfig { signer: signer.clone(), ..fresh.config() }).unwrap();
    write_note(&store, "a").unwrap();
    let before = head_of(&store);
    signer.fails.store(true, std::sync::atomic::Ordering::SeqCst);
    let refused = write_note(&store, "b").unwrap_err();
    assert!(
        matches!(&refused, WriteError::Store(StoreError::Sign(why)) if why.contains("device")),
        "{refused}"
    );
    assert_eq!(head_of(&store), before);
    signer.fails.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(write_note(&store, "c").unwrap().index, 1);
    drop(store);
    assert_eq!(fresh.findings(), []);
}
