//! The process ends exactly before or exactly after the COMMIT that registers a key, or with a key file half
//! written: the key is registered or lies ready, the service starts, and the next rotation goes on.

use std::fs;

use crate::clients::{Asked, Client, DRAWS, PACKAGES, id};
use crate::site::{Site, package, request};
use crate::support::{Kind, on_both};

on_both! {
    a_rotation_that_ends_around_its_commit_leaves_a_key_ready_or_registered
    a_retirement_that_ends_around_its_commit_is_undone_or_done
}

/// Lines of `keys list` of a use: digest and state.
fn listed(site: &Site, usage: &str) -> Vec<(String, String)> {
    let said = site.succeeds(&["keys", "list"]);
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        (words.next() == Some(usage))
            .then(|| (words.next().unwrap().to_owned(), words.collect::<Vec<_>>().join(" ")))
    };
    said.lines().filter_map(line).collect()
}

fn entries(site: &Site) -> u64 {
    site.count("SELECT count(*) AS n FROM journal")
}

/// Runs a command that ends within a commit.
fn cut_off(site: &mut Site, place: &str, args: &[&str]) {
    site.environment.push(("EXPERT_DRAW_FAILPOINT", place.to_owned()));
    let output = site.run(args);
    site.environment.pop();
    assert_eq!(output.status.code(), None, "{place}: {output:?}");
}

fn a_rotation_that_ends_around_its_commit_leaves_a_key_ready_or_registered(kind: Kind) {
    let mut site = Site::new(kind);
    for usage in ["log", "statements", "draw_vrf", "tag_vrf"] {
        let before = entries(&site);
        cut_off(&mut site, "before_commit:1", &["keys", "rotate", usage]);
        assert_eq!(entries(&site), before, "{usage}: nothing was registered");
        let keys = listed(&site, usage);
        assert_eq!(keys.len(), 2, "{keys:?}");
        assert!(keys[0].1.contains("in force") && keys[1].1.contains("not registered"), "{keys:?}");
        // A start leaves it alone.
        site.serve().stop();
        assert_eq!((entries(&site), listed(&site, usage)), (before, keys.clone()));
        // Half a file of a crash is nobody's key.
        let torn = site.data.join("keys").join("log-2.pem.new");
        fs::write(&torn, "-----BEGIN").unwrap();
        cut_off(&mut site, "after_commit:1", &["keys", "rotate", usage]);
        assert_eq!(entries(&site), before + 1, "{usage}: registered");
        let after = listed(&site, usage);
        assert_eq!(after.len(), 2, "the key that lay ready was taken: {after:?}");
        assert_eq!(after[1].0, keys[1].0);
        assert!(after[0].1.contains("earlier") && after[1].1.contains("in force"), "{after:?}");
        site.succeeds(&["keys", "rotate", usage]);
        assert_eq!(listed(&site, usage).len(), 3);
    }
    fs::write(&site.policy, site.succeeds(&["keys", "policy"])).unwrap();
    let server = site.serve();
    let client = Client::new(&server.address, &site.agency);
    let made = client.ask(&Asked::new(PACKAGES, "K", package("K"))).unwrap();
    let draw = client.ask(&Asked::new(DRAWS, "draw", request(id(&made)))).unwrap();
    assert_eq!(draw["state"], "drawn");
    let evidence = client.get(&format!("{DRAWS}/{}/evidence", id(&draw)));
    server.stop();
    let (code, said) = site.verify(&evidence);
    assert_eq!(code, Some(0), "{said}");
    site.is_sound();
}

fn a_retirement_that_ends_around_its_commit_is_undone_or_done(kind: Kind) {
    let mut site = Site::new(kind);
    site.succeeds(&["keys", "rotate", "log"]);
    let first = listed(&site, "log")[0].0.clone();
    let retire = ["keys", "retire", &first, "--reason", "succeeded"];
    let in_force = listed(&site, "log")[1].0.clone();
    let refused = site.run(&["keys", "retire", &in_force, "--reason", "succeeded"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("in_force"), "{refused:?}");
    let before = entries(&site);
    cut_off(&mut site, "before_commit:1", &retire);
    assert_eq!(entries(&site), before);
    site.serve().stop();
    cut_off(&mut site, "after_commit:1", &retire);
    assert_eq!(entries(&site), before + 1);
    let keys = listed(&site, "log");
    assert!(keys[0].1.contains("succeeded"), "{keys:?}");
    // The published checkpoint may still carry the retired key's line; the next write brings a newer one.
    site.serve().stop();
    site.succeeds(&["keys", "token", "--role", "auditor", "--name", "后来"]);
    let checkpoint = fs::read_to_string(site.data.join("checkpoint")).unwrap();
    assert_eq!(checkpoint.matches('\u{2014}').count(), 1, "{checkpoint}");
    site.is_sound();
}
