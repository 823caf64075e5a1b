//! The process ends exactly before or exactly after a COMMIT, for each write that makes a draw: what
//! stands afterwards is known to the entry.

use serde_json::Value;

use crate::clients::{Asked, Client, DRAWS, PACKAGES, id};
use crate::site::{Server, Site, package, request};
use crate::support::{Kind, on_both};

on_both! {
    a_process_that_ends_around_a_commit_of_a_draw_leaves_it_undone_or_finishes_it
    a_package_cut_off_before_commit_is_gone_and_after_it_stands
    a_start_that_is_cut_off_while_finishing_is_finished_by_the_next
}

fn client(server: &Server, site: &Site) -> Client {
    Client::new(&server.address, &site.agency)
}

fn size(client: &Client) -> u64 {
    client.get_json("/health")["size"].as_u64().unwrap()
}

fn draws_of(client: &Client, package: &str) -> Vec<Value> {
    client.get_json(&format!("{DRAWS}?package={package}"))["items"].as_array().unwrap().clone()
}

fn new_package(client: &Client, name: &str) -> String {
    id(&client.ask(&Asked::new(PACKAGES, name, package(name))).unwrap()).to_owned()
}

/// Asks a server that is to end within this request.
fn cut_off(site: &Site, failpoint: &str, asked: &Asked) {
    let mut server = site.try_serve(failpoint).unwrap();
    assert!(client(&server, site).ask(asked).is_none(), "{failpoint}: answered");
    assert!(server.ended_by_signal(), "{failpoint}");
}

fn a_process_that_ends_around_a_commit_of_a_draw_leaves_it_undone_or_finishes_it(kind: Kind) {
    let site = Site::new(kind);
    // A draw's writes: commitment, contribution, result. Entries that stand when the process ends.
    let places = [
        ("before_commit:1", 0),
        ("after_commit:1", 1),
        ("before_commit:2", 1),
        ("after_commit:2", 2),
        ("before_commit:3", 2),
        ("after_commit:3", 3),
    ];
    for (place, entries) in places {
        let name = place.to_uppercase().replace(['_', ':'], "-");
        let server = site.serve();
        let id_of_package = new_package(&client(&server, &site), &name);
        let before = size(&client(&server, &site));
        server.stop();

        let asked = Asked::new(DRAWS, format!("{name}-draw"), request(&id_of_package));
        cut_off(&site, place, &asked);
        assert_eq!(entries_in(&site), before + entries, "{place}");

        let server = site.serve();
        let client = client(&server, &site);
        let standing = draws_of(&client, &id_of_package);
        let finished = if entries == 0 { 0 } else { 3 };
        assert_eq!(standing.len(), usize::from(entries > 0), "{place}: {standing:?}");
        assert_eq!(size(&client), before + finished, "{place}: the start finishes what is committed");
        let made = client.ask(&asked).unwrap();
        assert_eq!(made["state"], "drawn", "{place}");
        assert!(standing.iter().all(|draw| id(draw) == id(&made)), "{place}: {standing:?}, {made}");
        assert_eq!(client.ask(&asked).unwrap(), made, "{place}");
        assert_eq!(draws_of(&client, &id_of_package).len(), 1, "{place}");
        assert_eq!(size(&client), before + 3, "{place}");
        let (code, said) = site.verify(&client.get(&format!("{DRAWS}/{}/evidence", id(&made))));
        assert_eq!(code, Some(0), "{place}: {said}");
        server.stop();
        site.is_sound();
    }
}

fn a_package_cut_off_before_commit_is_gone_and_after_it_stands(kind: Kind) {
    let site = Site::new(kind);
    for (place, stands) in [("before_commit", 0), ("after_commit", 1)] {
        let before = entries_in(&site);
        let name = place.to_uppercase().replace('_', "-");
        let asked = Asked::new(PACKAGES, name.clone(), package(&name));
        cut_off(&site, place, &asked);
        assert_eq!(entries_in(&site), before + stands, "{place}");
        let server = site.serve();
        let client = client(&server, &site);
        let made = client.ask(&asked).unwrap();
        assert_eq!(client.ask(&asked).unwrap(), made, "{place}");
        assert_eq!(size(&client), before + 1, "{place}");
        server.stop();
        site.is_sound();
    }
}

fn a_start_that_is_cut_off_while_finishing_is_finished_by_the_next(kind: Kind) {
    let site = Site::new(kind);
    let server = site.serve();
    let package = new_package(&client(&server, &site), "START");
    let before = size(&client(&server, &site));
    server.stop();
    let asked = Asked::new(DRAWS, "draw", request(&package));
    cut_off(&site, "after_commit:1", &asked);
    for (place, entries) in
        [("before_commit:1", 1), ("after_commit:1", 2), ("before_commit:1", 2), ("after_commit:1", 3)]
    {
        assert!(site.try_serve(place).is_err(), "{place}: the start ends within a write");
        assert_eq!(entries_in(&site), before + entries, "{place}");
    }
    let server = site.serve();
    let client = client(&server, &site);
    assert_eq!(size(&client), before + 3, "nothing is left to finish");
    assert_eq!(client.ask(&asked).unwrap()["state"], "drawn");
    assert_eq!(size(&client), before + 3);
    server.stop();
    site.is_sound();
}

/// Entries of the journal, asked of the database itself.
fn entries_in(site: &Site) -> u64 {
    site.count("SELECT count(*) AS n FROM journal")
}
