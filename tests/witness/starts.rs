//! Starts: what was cosigned is known again; a directory that is empty, older, altered or somebody else's is
//! refused; what a crash leaves is mended; one process at a time.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;

use expert_draw::ports::SeededEntropy;
use expert_draw::witness::journal::OpenError;
use expert_draw::witness::keys::{KeysError, WitnessKeys};

use crate::log::{ORIGIN, TestLog};
use crate::site::{Folder, NAME, NOW, Program, Site, copy, soon};

/// A stopped witness that has cosigned sizes 3, 5 and 8.
fn stopped() -> (Site, TestLog) {
    let log = TestLog::of(12);
    let mut site = Site::new(&[&log.key]);
    for (old, size) in [(0, 3), (3, 5), (5, 8)] {
        site.cosigns(&log, old, size);
    }
    site.stop();
    (site, log)
}

fn refused(site: &Site, log: &TestLog) -> OpenError {
    let open = || site.folder.open(std::slice::from_ref(&log.key), &site.clock).err();
    // A process that another test is just starting holds copies of all files for a moment.
    soon(|| match open().expect("the witness started") {
        OpenError::InUse(_) => None,
        other => Some(other),
    })
}

#[test]
fn after_a_restart_the_newest_head_is_known_and_a_fork_is_still_refused() {
    let (mut site, log) = stopped();
    site.start();
    assert_eq!(site.client.newest(ORIGIN), 8);
    let fork = log.forked_at(7);
    assert_eq!(site.client.add(&fork.body(8, 12)).status, 422);
    assert_eq!(site.client.add(&fork.body(5, 12)).status, 409);
    assert_eq!(site.cosigns(&log, 8, 8), NOW, "the stored line");
    site.cosigns(&log, 8, 12);
}

#[test]
fn an_empty_or_missing_data_directory_is_refused_where_there_was_one() {
    let (mut site, log) = stopped();
    let kept = site.folder.0.join("kept");
    fs::rename(site.folder.data(), &kept).unwrap();
    assert!(matches!(refused(&site, &log), OpenError::Missing(_, 4)));
    fs::create_dir_all(site.folder.data()).unwrap();
    assert!(matches!(refused(&site, &log), OpenError::Missing(_, 4)));
    fs::write(site.folder.journal(), "").unwrap();
    assert!(matches!(refused(&site, &log), OpenError::NotThis { .. }));
    let output = Program::fails(&site.folder, &log.key, "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("refusing to start") && said.contains("拒绝启动"), "{said}");
    fs::remove_dir_all(site.folder.data()).unwrap();
    fs::rename(&kept, site.folder.data()).unwrap();
    site.start();
    assert_eq!(site.client.newest(ORIGIN), 8);
}

#[test]
fn an_older_copy_of_the_data_directory_is_refused() {
    let (mut site, log) = stopped();
    let copied = site.folder.0.join("copy");
    copy(&site.folder.data(), &copied);
    site.start();
    site.cosigns(&log, 8, 12);
    site.stop();
    copy(&copied, &site.folder.data());
    assert!(matches!(refused(&site, &log), OpenError::NotThis { .. }));
}

#[test]
fn every_altered_or_missing_byte_of_the_journal_is_refused() {
    let (mut site, log) = stopped();
    let good = fs::read(site.folder.journal()).unwrap();
    for at in (0..good.len()).step_by(7) {
        let mut changed = good.clone();
        changed[at] ^= 1;
        fs::write(site.folder.journal(), &changed).unwrap();
        assert!(matches!(refused(&site, &log), OpenError::NotThis { .. }), "byte {at}");
        fs::write(site.folder.journal(), &good[..at]).unwrap();
        assert!(matches!(refused(&site, &log), OpenError::NotThis { .. }), "cut at {at}");
    }
    let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
    for left_out in 0..lines.len() {
        let rest = lines.iter().enumerate().filter(|(n, _)| *n != left_out);
        fs::write(site.folder.journal(), rest.map(|(_, line)| *line).collect::<Vec<_>>().concat()).unwrap();
        assert!(matches!(refused(&site, &log), OpenError::NotThis { .. }), "without line {left_out}");
    }
    fs::write(site.folder.journal(), &good).unwrap();
    site.start();
}

#[test]
fn another_witness_s_journal_and_keys_without_their_mark_are_refused() {
    let (site, log) = stopped();
    let (other, _) = stopped();
    let good = fs::read(site.folder.journal()).unwrap();
    let keys = other.folder.keys();
    fs::remove_dir_all(&keys).unwrap();
    WitnessKeys::create(&keys, Some(NAME), &SeededEntropy::new(10)).unwrap();
    fs::write(other.folder.journal(), &good).unwrap();
    assert!(matches!(refused(&other, &log), OpenError::NotThis { .. }));
    fs::remove_file(site.folder.keys().join("mark")).unwrap();
    assert!(matches!(refused(&site, &log), OpenError::Keys(KeysError::Io { .. })));
}

#[test]
fn a_torn_last_line_is_cut_off_and_one_record_more_than_the_mark_counts_is_taken_in() {
    let (mut site, log) = stopped();
    let whole = fs::read(site.folder.journal()).unwrap();
    let mark = fs::read(site.folder.keys().join("mark")).unwrap();
    site.start();
    site.cosigns(&log, 8, 12);
    site.stop();
    let more = fs::read(site.folder.journal()).unwrap();
    let newest_mark = fs::read(site.folder.keys().join("mark")).unwrap();
    for cut in [whole.len() + 1, whole.len() + 70, more.len() - 1] {
        fs::write(site.folder.keys().join("mark"), &mark).unwrap();
        fs::write(site.folder.journal(), &more[..cut]).unwrap();
        site.start();
        assert_eq!(site.client.newest(ORIGIN), 8, "cut at {cut}");
        site.stop();
        assert_eq!(fs::read(site.folder.journal()).unwrap(), whole);
    }
    fs::write(site.folder.journal(), &more).unwrap();
    site.start();
    assert_eq!(site.client.newest(ORIGIN), 12);
    site.stop();
    assert_eq!(fs::read(site.folder.keys().join("mark")).unwrap(), newest_mark);
    // Two more than the mark counts is no crash: the keys' folder is an old copy.
    let keys = site.folder.keys();
    let (first, second) = (String::from_utf8(mark).unwrap(), String::from_utf8(newest_mark).unwrap());
    let id = first.lines().nth(1).unwrap();
    assert!(second.contains(id));
    let opened = String::from_utf8(more).unwrap();
    let digest = &opened.lines().next().unwrap()[..64];
    fs::write(keys.join("mark"), format!("expert-draw/witness-mark-v1\n{id}\n1\n{digest}\n")).unwrap();
    assert!(matches!(refused(&site, &log), OpenError::NotThis { .. }));
}

#[test]
fn a_second_process_gets_neither_the_data_nor_the_keys() {
    let log = TestLog::of(3);
    let site = Site::new(&[&log.key]);
    site.cosigns(&log, 0, 3);
    let keys = std::slice::from_ref(&log.key);
    assert!(matches!(site.folder.open(keys, &site.clock).err(), Some(OpenError::InUse(_))));
    let output = Program::fails(&site.folder, &log.key, "");
    assert!(String::from_utf8(output.stderr).unwrap().contains("in use by another process"));
    // The same keys with a data directory of their own, and the same data with other keys.
    let elsewhere = Folder::new();
    fs::remove_dir_all(elsewhere.0.join("keys")).ok();
    std::os::unix::fs::symlink(site.folder.keys(), elsewhere.keys()).unwrap();
    assert!(matches!(elsewhere.open(keys, &site.clock).err(), Some(OpenError::InUse(_))));
    let others = Folder::new();
    others.load_keys();
    std::os::unix::fs::symlink(site.folder.data(), others.data()).unwrap();
    assert!(matches!(others.open(keys, &site.clock).err(), Some(OpenError::InUse(_))));
}

#[test]
fn when_the_disk_does_not_take_a_record_nothing_is_signed_until_a_restart() {
    let log = TestLog::of(12);
    let mut site = Site::new(&[&log.key]);
    site.cosigns(&log, 0, 3);
    // The mark cannot be replaced while a folder has the name of its draft.
    let draft = site.folder.keys().join("mark.new");
    fs::create_dir(&draft).unwrap();
    assert_eq!(site.client.add(&log.body(3, 5)).status, 503);
    fs::remove_dir(&draft).unwrap();
    assert_eq!(site.client.add(&log.body(3, 5)).status, 503, "what the disk holds is not known");
    assert_eq!(site.client.newest(ORIGIN), 3);
    site.restart();
    assert_eq!(site.client.newest(ORIGIN), 5, "kept, and told to nobody");
    site.cosigns(&log, 5, 12);
}

#[test]
fn keys_are_never_overwritten_and_those_that_others_may_read_are_refused() {
    let folder = Folder::new();
    folder.load_keys();
    let again = WitnessKeys::create(&folder.keys(), Some(NAME), &SeededEntropy::new(1));
    assert!(matches!(again.err(), Some(KeysError::Occupied(_))));
    let pem = fs::read(folder.keys().join("cosigner.pem")).unwrap();
    fs::remove_file(folder.keys().join("cosigner.pem")).unwrap();
    let mut open = fs::OpenOptions::new();
    let mut file =
        open.create_new(true).write(true).mode(0o644).open(folder.keys().join("cosigner.pem")).unwrap();
    std::io::Write::write_all(&mut file, &pem).unwrap();
    assert!(matches!(WitnessKeys::load(&folder.keys()).err(), Some(KeysError::Mode(_))));
    let unnamed = Folder::new();
    let keys = WitnessKeys::create(&unnamed.keys(), None, &SeededEntropy::new(1)).unwrap();
    assert!(keys.cosigner().name().as_str().starts_with("expert-draw-witness/"));
    let wrong = Folder::new();
    let named = WitnessKeys::create(&wrong.keys(), Some("two words"), &SeededEntropy::new(1));
    assert!(matches!(named.err(), Some(KeysError::Name)));
}
