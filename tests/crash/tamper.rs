//! Somebody with the database in their hands: `fsck` names the entry or the person, the service
//! refuses to start on an altered log, and the evidence, which can still be written, is refused by
//! the auditor's binary.

use expert_draw::codec::{from_hex, to_hex};
use expert_draw::store::Database;

use crate::clients::{Asked, Client, DRAWS, PACKAGES, id};
use crate::site::{Site, package, request};
use crate::support::{Kind, on_both};

on_both! {
    an_altered_entry_of_a_draw_is_named_by_fsck_start_and_verifier
    an_altered_entry_of_an_expert_is_named_by_fsck_and_start
    an_altered_row_is_named_by_fsck
    a_person_whose_data_key_was_taken_away_is_missed_by_fsck_and_start
}

/// A site with one draw, stopped; the draw's id.
fn with_a_draw(kind: Kind) -> (Site, String) {
    let site = Site::new(kind);
    let server = site.serve();
    let client = Client::new(&server.address, &site.agency);
    let recorded = client.ask(&Asked::new(PACKAGES, "package", package("ONE"))).unwrap();
    let drawn = client.ask(&Asked::new(DRAWS, "draw", request(id(&recorded)))).unwrap();
    server.stop();
    site.is_sound();
    let (code, said) = site.verify(site.succeeds(&["evidence", id(&drawn)]).as_bytes());
    assert_eq!(code, Some(0), "{said}");
    (site, id(&drawn).to_owned())
}

/// Index of the entry of a kind about a subject.
fn entry(site: &Site, kind: &str, subject: &str) -> u64 {
    site.count(&format!("SELECT idx AS n FROM journal WHERE kind = '{kind}' AND subject = '{subject}'"))
}

/// The statement of an entry as it stands.
fn statement(site: &Site, index: u64) -> String {
    let hex = match site.fresh.database {
        Database::Sqlite(_) => "lower(hex(statement))",
        Database::Postgres(_) => "encode(statement, 'hex')",
    };
    let hex = site.text(&format!("SELECT {hex} AS t FROM journal WHERE idx = {index}"));
    String::from_utf8(from_hex(&hex).unwrap()).unwrap()
}

fn replace_statement(site: &Site, index: u64, statement: &str) {
    let hex = to_hex(statement.as_bytes());
    let literal = match site.fresh.database {
        Database::Sqlite(_) => format!("x'{hex}'"),
        Database::Postgres(_) => format!("'\\x{hex}'"),
    };
    site.fresh.alter_journal(&format!("UPDATE journal SET statement = {literal} WHERE idx = {index}"));
}

/// The statement with the first character of a hex field changed.
fn with_another(statement: &str, field: &str) -> String {
    let begins = format!("\"{field}\":\"");
    let at = statement.find(&begins).unwrap_or_else(|| panic!("{field}: {statement}")) + begins.len();
    let other = if statement[at..].starts_with('0') { '1' } else { '0' };
    format!("{}{other}{}", &statement[..at], &statement[at + 1..])
}

/// Fails unless `fsck` and the start both name the entry.
fn fsck_and_start_name(site: &Site, index: u64) {
    let entry = format!("entry {index}:");
    let found = site.findings();
    assert!(found.contains(&entry), "fsck: {found}");
    let said = site.try_serve("").err().expect("serves an altered log");
    assert!(said.contains(&entry), "serve: {said}");
}

fn an_altered_entry_of_a_draw_is_named_by_fsck_start_and_verifier(kind: Kind) {
    let (site, draw) = with_a_draw(kind);
    for (kind, field) in [("draw.committed", "root"), ("draw.contributed", "proof"), ("draw.drawn", "seed")] {
        let index = entry(&site, kind, &draw);
        let was = statement(&site, index);
        replace_statement(&site, index, &with_another(&was, field));
        fsck_and_start_name(&site, index);
        // The evidence shows what stands in the database; it is the verifier who judges.
        let evidence = site.succeeds(&["evidence", &draw]);
        let (code, said) = site.verify(evidence.as_bytes());
        assert_eq!(code, Some(1), "{kind}: {said}");
        assert!(said.contains(&format!("entry {index}:")), "{kind}: {said}");
        replace_statement(&site, index, &was);
        site.is_sound();
    }
    site.serve().stop();
}

fn an_altered_entry_of_an_expert_is_named_by_fsck_and_start(kind: Kind) {
    let (site, _) = with_a_draw(kind);
    let expert = site.text("SELECT min(number) AS t FROM expert");
    let index = site.count(&format!("SELECT entry AS n FROM expert WHERE number = '{expert}'"));
    let was = statement(&site, index);
    replace_statement(&site, index, &with_another(&was, "image"));
    fsck_and_start_name(&site, index);
    replace_statement(&site, index, &was);
    site.is_sound();
}

fn an_altered_row_is_named_by_fsck(kind: Kind) {
    let (site, draw) = with_a_draw(kind);
    let expert = site.text("SELECT min(number) AS t FROM expert");
    let account = site.text("SELECT min(id) AS t FROM account");
    let package = site.text("SELECT min(id) AS t FROM package");
    let changes = [
        (
            "expert SET standing = 'suspended' WHERE number",
            "expert SET standing = 'active' WHERE number",
            &expert,
        ),
        (
            "expert SET region = region || '0' WHERE number",
            "expert SET region = substr(region, 1, 6) WHERE number",
            &expert,
        ),
        (
            "expert_speciality SET code = code || '0' WHERE number",
            "expert_speciality SET code = substr(code, 1, length(code) - 1) WHERE number",
            &expert,
        ),
        ("account SET role = 'bureau' WHERE id", "account SET role = 'agency' WHERE id", &account),
        (
            "account SET expires = expires + 1 WHERE id",
            "account SET expires = expires - 1 WHERE id",
            &account,
        ),
        (
            "package SET agency = agency || '0' WHERE id",
            "package SET agency = substr(agency, 1, 18) WHERE id",
            &package,
        ),
        ("draw SET state = 'committed' WHERE id", "draw SET state = 'drawn' WHERE id", &draw),
        ("draw SET attempt = 2 WHERE id", "draw SET attempt = 1 WHERE id", &draw),
    ];
    for (change, undo, id) in changes {
        site.fresh.by_hand(&format!("UPDATE {change} = '{id}'")).unwrap();
        let found = site.findings();
        assert!(found.contains(id.as_str()), "{change}: {found}");
        site.fresh.by_hand(&format!("UPDATE {undo} = '{id}'")).unwrap();
        site.is_sound();
    }
}

fn a_person_whose_data_key_was_taken_away_is_missed_by_fsck_and_start(kind: Kind) {
    let (site, _) = with_a_draw(kind);
    let expert = site.text("SELECT min(number) AS t FROM expert");
    site.fresh.by_hand(&format!("DELETE FROM subject_key WHERE subject = '{expert}'")).unwrap();
    assert!(site.findings().contains(&expert));
    let said = site.try_serve("").err().expect("draws from a pool without this person");
    assert!(said.contains(&expert), "{said}");
}
