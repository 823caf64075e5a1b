//! Every table written and read back; lists, filters, cursors; keys and versions.

use expert_draw::store::access_token::AccessToken;
use expert_draw::store::account::Account;
use expert_draw::store::draw::{Draw, DrawFilter};
use expert_draw::store::expert::{Expert, ExpertFilter, ExpertRow};
use expert_draw::store::idempotency::Idempotency;
use expert_draw::store::package::{Package, PackageFilter};
use expert_draw::store::profile::Profile;
use expert_draw::store::sign_in::SignIn;
use expert_draw::store::subject_key::SubjectKey;
use expert_draw::store::unit::{Unit, UnitFilter, UnitRow};
use expert_draw::store::*;

use crate::support::*;

on_both! {
    experts_are_listed_by_every_filter_in_byte_order
    experts_are_found_changed_and_kept_unique
    units_are_written_and_listed
    packages_and_draws_are_written_and_listed
    accounts_are_found_by_token_and_revoked_once
    sessions_are_found_used_and_ended_once
    counters_of_sign_in_are_nought_until_they_are_written
    small_tables_read_back_what_was_written
    sealed_keys_are_rewrapped_and_erased
    a_bulk_insert_of_any_size_reads_back
}

fn expert(number: &str, specialities: &[&str], regions: &[&str]) -> Expert {
    let mut id_hash = vec![0; 32];
    id_hash[..number.len()].copy_from_slice(number.as_bytes());
    let list = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    Expert {
        row: ExpertRow {
            number: number.into(),
            id_hash,
            standing: "active".into(),
            region: "430100".into(),
            unit: None,
            term_to: "2028-12-31".into(),
            version: 1,
            entry: 0,
            title_level: "senior".into(),
            term_from: "2026-01-01".into(),
            confirmed: None,
        },
        specialities: list(specialities),
        regions: list(regions),
    }
}

fn numbers(experts: &[Expert]) -> Vec<&str> {
    experts.iter().map(|expert| expert.row.number.as_str()).collect()
}

fn experts_are_listed_by_every_filter_in_byte_order(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    // Numbers that a database's own collation would order otherwise.
    let mut all = vec![
        expert("a-1", &["mof31:A01", "mof31:A0101"], &["430100"]),
        expert("B-1", &["mof31:A02"], &["430100", "430200"]),
        expert("a1", &["ndrc316:A01"], &["440000"]),
        expert("Z", &["mof31:B05"], &["43"]),
        expert("长沙", &[], &[]),
    ];
    all[1].row.standing = "suspended".into();
    all[2].row.unit = Some("91430000000000000X".into());
    let given = all.clone();
    store.write("experts", move |tx| expert::insert_many(tx, &given)).unwrap();
    all.sort_by(|a, b| a.row.number.as_bytes().cmp(b.row.number.as_bytes()));
    let list =
        |filter: &ExpertFilter, page: &Page| store.read(|conn| expert::list(conn, filter, page)).unwrap();
    assert_eq!(list(&ExpertFilter::default(), &Page::first(100)), all);
    // Page by page comes the same.
    let (mut paged, mut page) = (Vec::new(), Page::first(2));
    loop {
        let rows = list(&ExpertFilter::default(), &page);
        let Some(last) = rows.last() else { break };
        page = Page::after(&last.row.number, 2);
        paged.extend(rows);
    }
    assert_eq!(paged, all);
    let by = |change: fn(&mut ExpertFilter)| {
        let mut filter = ExpertFilter::default();
        change(&mut filter);
        numbers(&list(&filter, &Page::first(100))).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(by(|f| f.standing = Some("suspended".into())), ["B-1"]);
    assert_eq!(by(|f| f.unit = Some("91430000000000000X".into())), ["a1"]);
    assert_eq!(by(|f| f.region_prefix = Some("43".into())), ["B-1", "Z", "a-1"]);
    assert_eq!(by(|f| f.region_prefix = Some("4302".into())), ["B-1"]);
    assert_eq!(by(|f| f.speciality_prefix = Some("mof31:A".into())), ["B-1", "a-1"]);
    assert_eq!(by(|f| f.speciality_prefix = Some("mof31:A01".into())), ["a-1"]);
    assert_eq!(by(|f| f.title_level = Some("junior".into())), Vec::<String>::new());
    let both = |f: &mut ExpertFilter| {
        f.speciality_prefix = Some("mof31:A".into());
        f.region_prefix = Some("430200".into());
    };
    assert_eq!(by(both), ["B-1"]);
}

fn experts_are_found_changed_and_kept_unique(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let first = expert("E1", &["mof31:A01"], &["430100"]);
    let given = first.clone();
    store.write("insert", move |tx| expert::insert(tx, &given)).unwrap();
    assert_eq!(store.read(|conn| expert::find(conn, "E1")).unwrap(), Some(first.clone()));
    assert_eq!(store.read(|conn| expert::find(conn, "E2")).unwrap(), None);
    let id_hash = first.row.id_hash.clone();
    assert_eq!(store.read(|conn| expert::number_of(conn, &id_hash)).unwrap().as_deref(), Some("E1"));
    let conflict = |new: Expert| store.write("again", move |tx| expert::insert(tx, &new)).unwrap_err();
    let taken = |key: &str| WriteError::Call(StoreError::Conflict(key.into()));
    let mut same_number = expert("E1", &[], &[]);
    same_number.row.id_hash = vec![9; 32];
    assert_eq!(conflict(same_number), taken("expert.number"));
    let mut same_person = expert("E2", &[], &[]);
    same_person.row.id_hash = first.row.id_hash.clone();
    assert_eq!(conflict(same_person), taken("expert.id_hash"));
    let mut changed = expert("E1", &["mof31:B01", "mof31:B02"], &[]);
    changed.row.version = 2;
    changed.row.unit = Some("U".into());
    let given = changed.clone();
    store.write("update", move |tx| expert::update(tx, &given, 1)).unwrap();
    assert_eq!(store.read(|conn| expert::find(conn, "E1")).unwrap(), Some(changed.clone()));
    // None is written too, and an old version changes nothing.
    let mut freed = changed.clone();
    freed.row.unit = None;
    let given = freed.clone();
    let stale = store.write("stale", move |tx| expert::update(tx, &given, 1));
    assert_eq!(stale, Err(WriteError::Call(StoreError::Stale("expert E1".into()))));
    let given = freed.clone();
    store.write("update", move |tx| expert::update(tx, &given, 2)).unwrap();
    assert_eq!(store.read(|conn| expert::find(conn, "E1")).unwrap(), Some(freed));
    assert_eq!(store.read(expert::count).unwrap(), 1);
}

fn units_are_written_and_listed(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let unit = |code: &str, region: &str| Unit {
        row: UnitRow {
            code: code.into(),
            name: "单位".into(),
            region: region.into(),
            entry: 4,
            version: 1,
            excluded_kind: None,
            merged_into: None,
        },
        links: vec![("kind".into(), "agency".into()), ("name".into(), format!("单位{code}"))],
    };
    let units = [unit("U1", "430100"), unit("U2", "440100"), unit("u0", "430200")];
    let given = units.clone();
    store.write("units", move |tx| unit::insert_many(tx, &given)).unwrap();
    let by = |change: fn(&mut UnitFilter)| {
        let mut filter = UnitFilter::default();
        change(&mut filter);
        store.read(|conn| unit::list(conn, &filter, &Page::first(9))).unwrap()
    };
    assert_eq!(by(|_| ()), units);
    assert_eq!(by(|f| f.region_prefix = Some("43".into())), [units[0].clone(), units[2].clone()]);
    assert_eq!(by(|f| f.name = Some("位U".into())).len(), 2);
    assert_eq!(by(|f| f.name = Some("%".into())), []);
    assert_eq!(by(|f| f.links = vec![("kind", "agency".into())]).len(), 3);
    assert_eq!(by(|f| f.links = vec![("kind", "agency".into()), ("name", "单位u0".into())]).len(), 1);
    let mut moved = units[0].clone();
    moved.row.region = "440300".into();
    moved.row.version = 2;
    moved.row.merged_into = Some("U2".into());
    moved.links.truncate(1);
    let given = moved.clone();
    store.write("move", move |tx| unit::update(tx, &given, 1)).unwrap();
    assert_eq!(store.read(|conn| unit::find(conn, "U1")).unwrap(), Some(moved.clone()));
    assert_eq!(by(|f| f.merged_into = Some("U2".into())), [moved.clone()]);
    let stale = store.write("again", move |tx| unit::update(tx, &moved, 1)).unwrap_err();
    assert!(matches!(stale, WriteError::Call(StoreError::Stale(_))));
    let missing = unit("U9", "430100");
    assert!(store.write("none", move |tx| unit::update(tx, &missing, 1)).is_err());
    let taken = store.write("again", move |tx| unit::insert(tx, &unit("U2", "4"))).unwrap_err();
    assert_eq!(taken, WriteError::Call(StoreError::Conflict("unit.code".into())));
}

fn packages_and_draws_are_written_and_listed(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let package = |id: &str, plan_no: &str, agency: &str| Package {
        id: id.into(),
        plan_no: plan_no.into(),
        package_no: "1".into(),
        agency: agency.into(),
        purchaser: "P".into(),
        state: "open".into(),
        version: 1,
        entry: 0,
        created: 7,
    };
    let draw = |id: &str, package: &str, attempt: i64| Draw {
        id: id.into(),
        package: package.into(),
        attempt,
        state: "committed".into(),
        alpha: Some(vec![7; 32]),
        committed_entry: Some(3),
        drawn_entry: None,
        ended_entry: None,
        version: 1,
        created: 7,
        updated: 7,
        proposal: None,
    };
    let packages = [package("p1", "2026-1", "A"), package("p2", "2026-2", "B")];
    let draws = [draw("d1", "p1", 1), draw("d2", "p2", 1), draw("d3", "p1", 2)];
    let (given, drawn) = (packages.clone(), draws.clone());
    store
        .write("all", move |tx| -> Result<(), StoreError> {
            given.iter().try_for_each(|package| package::insert(tx, package))?;
            drawn.iter().try_for_each(|draw| draw::insert(tx, draw))
        })
        .unwrap();
    let twice = packages[0].clone();
    let taken =
        store.write("twice", move |tx| package::insert(tx, &Package { id: "p9".into(), ..twice.clone() }));
    let conflict = StoreError::Conflict("package.plan_no, package.package_no".into());
    assert_eq!(taken, Err(WriteError::Call(conflict)));
    let taken = store.write("twice", move |tx| draw::insert(tx, &draw("d9", "p1", 2)));
    assert_eq!(taken, Err(WriteError::Call(StoreError::Conflict("draw.package, draw.attempt".into()))));
    assert!(
        store.write("orphan", move |tx| draw::insert(tx, &draw("d9", "p9", 1))).is_err(),
        "no such package"
    );
    let found = store.read(|conn| package::by_numbers(conn, "2026-2", "1")).unwrap();
    assert_eq!(found.as_ref(), Some(&packages[1]));
    let of = PackageFilter { agency: Some("A".into()), state: Some("open".into()) };
    assert_eq!(store.read(|conn| package::list(conn, &of, &Page::first(9))).unwrap(), packages[..1]);
    assert_eq!(
        store.read(|conn| draw::of_package(conn, "p1")).unwrap(),
        [draws[0].clone(), draws[2].clone()]
    );
    let of = DrawFilter { agency: Some("B".into()), ..DrawFilter::default() };
    assert_eq!(store.read(|conn| draw::list(conn, &of, &Page::first(9))).unwrap(), draws[1..2]);
    let of = DrawFilter { package: Some("p1".into()), state: Some("committed".into()), agency: None };
    assert_eq!(store.read(|conn| draw::list(conn, &of, &Page::after("d1", 9))).unwrap(), draws[2..]);
    let mut voided = draws[0].clone();
    (voided.state, voided.version, voided.alpha) = ("voided".into(), 2, None);
    voided.proposal = Some("reason".into());
    let given = voided.clone();
    store.write("void", move |tx| draw::update(tx, &given, 1)).unwrap();
    assert_eq!(store.read(|conn| draw::find(conn, "d1")).unwrap().as_ref(), Some(&voided));
    let stale = store.write("stale", move |tx| draw::update(tx, &voided, 1));
    assert_eq!(stale, Err(WriteError::Call(StoreError::Stale("draw d1".into()))));
    let mut closed = packages[0].clone();
    (closed.state, closed.version) = ("closed".into(), 2);
    let given = closed.clone();
    store.write("close", move |tx| package::update(tx, &given, 1)).unwrap();
    assert_eq!(store.read(|conn| package::find(conn, "p1")).unwrap(), Some(closed));
}

fn accounts_are_found_by_token_and_revoked_once(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let account = Account {
        id: "acc-1".into(),
        role: "bureau".into(),
        name: "财政局".into(),
        token_hash: Some(vec![5; 32]),
        created: 1,
        expires: 100,
        login: Some("wang.li".into()),
        region: Some("430600".into()),
        person: Some(vec![8; 32]),
        totp_required: true,
        ..Account::default()
    };
    let given = account.clone();
    store.write("account", move |tx| account::insert(tx, &given)).unwrap();
    assert_eq!(store.read(|conn| account::by_token(conn, &[5; 32])).unwrap(), Some(account.clone()));
    assert_eq!(store.read(|conn| account::by_token(conn, &[6; 32])).unwrap(), None);
    let mut second = account.clone();
    (second.id, second.login) = ("acc-2".into(), Some("li.wang".into()));
    let given = second.clone();
    let taken = store.write("same token", move |tx| account::insert(tx, &given)).unwrap_err();
    assert_eq!(taken, WriteError::Call(StoreError::Conflict("account.token_hash".into())));
    (second.login, second.token_hash) = (account.login.clone(), Some(vec![6; 32]));
    let given = second.clone();
    let taken = store.write("same login", move |tx| account::insert(tx, &given)).unwrap_err();
    assert_eq!(taken, WriteError::Call(StoreError::Conflict("account.login".into())));
    let revoked = Account { revoked: Some(50), entry: 9, ..account };
    let revoke = || {
        let revoked = revoked.clone();
        store.write("revoke", move |tx| account::update(tx, &revoked, 0))
    };
    revoke().unwrap();
    assert_eq!(revoke(), Err(WriteError::Call(StoreError::Stale("account acc-1".into()))));
    assert_eq!(store.read(|conn| account::by_login(conn, "wang.li")).unwrap(), Some(revoked.clone()));
    assert_eq!(
        store.read(|conn| account::list(conn, &Page::first(9))).unwrap(),
        std::slice::from_ref(&revoked)
    );
    let within = |prefix: &'static str| {
        store.read(|conn| account::list_within(conn, Some(prefix), &Page::first(9))).unwrap().len()
    };
    assert_eq!((within("4306"), within("43060"), within("4301")), (1, 1, 0));
    assert_eq!(store.read(|conn| account::of_person(conn, &[8; 32])).unwrap().len(), 1);
    assert_eq!(store.read(|conn| account::of_expert(conn, "E1")).unwrap().len(), 0);
    assert_eq!(store.read(|conn| account::find(conn, "acc-1")).unwrap(), Some(revoked));
}

fn sessions_are_found_used_and_ended_once(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let session = |id: &str, fill: u8| AccessToken {
        id: id.into(),
        account: "acc-1".into(),
        kind: "session".into(),
        hash: vec![fill; 32],
        label: None,
        scopes: None,
        created: 10,
        expires: 100,
        ended: None,
        used: 10,
        entry: 3,
    };
    let rows = [session("S1", 1), session("S2", 2)];
    let given = rows.clone();
    store
        .write("sessions", move |tx| given.iter().try_for_each(|row| access_token::insert(tx, row)))
        .unwrap();
    let again = session("S3", 2);
    let taken = store.write("same secret", move |tx| access_token::insert(tx, &again)).unwrap_err();
    assert_eq!(taken, WriteError::Call(StoreError::Conflict("access_token.hash".into())));
    assert_eq!(store.read(|conn| access_token::by_hash(conn, &[2; 32])).unwrap(), Some(rows[1].clone()));
    // A use is never put back.
    for time in [40, 30] {
        store.write("use", move |tx| access_token::used(tx, "S1", time)).unwrap();
    }
    assert_eq!(store.read(|conn| access_token::find(conn, "S1")).unwrap().unwrap().used, 40);
    let end = || store.write("end", |tx| access_token::end(tx, "S2", 50, 4));
    end().unwrap();
    assert_eq!(end(), Err(WriteError::Call(StoreError::Stale("access token S2".into()))));
    let open = |now, since| {
        let page = Page::first(9);
        let open = |conn: &mut Conn| access_token::open(conn, "acc-1", "session", now, since, &page);
        store.read(open).unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!((open(99, 39), open(100, 39), open(99, 40)), (vec!["S1".to_owned()], vec![], vec![]));
    assert_eq!(
        store.read(|conn| access_token::list(conn, &Page::after("S1", 9))).unwrap()[0].ended,
        Some(50)
    );
}

fn counters_of_sign_in_are_nought_until_they_are_written(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let nought = SignIn { account: "acc-1".into(), ..SignIn::default() };
    assert_eq!(store.read(|conn| sign_in::find(conn, "acc-1")).unwrap(), nought);
    for failures in [1, 2] {
        let row = SignIn { failures, step: 7, pending: Some(vec![1]), ..nought.clone() };
        let given = row.clone();
        store.write("count", move |tx| sign_in::put(tx, &given)).unwrap();
        assert_eq!(store.read(|conn| sign_in::find(conn, "acc-1")).unwrap(), row);
    }
    let given = nought.clone();
    store.write("reset", move |tx| sign_in::put(tx, &given)).unwrap();
    assert_eq!(store.read(|conn| sign_in::find(conn, "acc-1")).unwrap(), nought);
}

fn small_tables_read_back_what_was_written(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let profile = |digest: &str, entry| Profile {
        digest: digest.into(),
        name: "湖南 2026".into(),
        text: "[rules]\n".into(),
        entry,
    };
    let key = Idempotency {
        account: "a".into(),
        key: "k".into(),
        request: vec![1; 32],
        resource: "draw/d1".into(),
        status: 201,
        created: 10,
    };
    let given = (profile("f", 2), profile("0", 5), key.clone());
    store
        .write("small", move |tx| -> Result<(), StoreError> {
            profile::insert(tx, &given.0)?;
            profile::insert(tx, &given.1)?;
            idempotency::insert(tx, &given.2)
        })
        .unwrap();
    assert_eq!(store.read(profile::all).unwrap(), [profile("f", 2), profile("0", 5)]);
    assert_eq!(store.read(profile::newest).unwrap(), Some(profile("0", 5)));
    assert_eq!(store.read(|conn| profile::find(conn, "f")).unwrap(), Some(profile("f", 2)));
    assert_eq!(store.read(|conn| idempotency::find(conn, "a", "k")).unwrap(), Some(key.clone()));
    assert_eq!(store.read(|conn| idempotency::find(conn, "b", "k")).unwrap(), None);
    let taken = store.write("again", move |tx| idempotency::insert(tx, &key)).unwrap_err();
    assert_eq!(taken, WriteError::Call(StoreError::Conflict("idempotency.account, idempotency.key".into())));
    let forgotten = |time| store.write("forget", move |tx| idempotency::forget_before(tx, time)).unwrap();
    assert_eq!((forgotten(10), forgotten(11)), (0, 1));
}

fn sealed_keys_are_rewrapped_and_erased(kind: Kind) {
    let fresh = Fresh::new(kind);
    let store = fresh.open();
    let key = |wrapped: u8| SubjectKey {
        subject: "expert:1".into(),
        wrapped: vec![wrapped],
        generation: wrapped.into(),
    };
    store.write("key", move |tx| subject_key::insert(tx, &key(1))).unwrap();
    let behind = |generation| store.read(|conn| subject_key::behind(conn, generation, 9)).unwrap();
    assert_eq!((behind(1), behind(2)), (vec![], vec![key(1)]));
    assert_eq!(store.read(|conn| subject_key::counts(conn, 2)).unwrap(), (1, 1));
    let rewrap =
        |to: u8, was: u8| store.write("rewrap", move |tx| subject_key::rewrap(tx, &key(to), &[was])).unwrap();
    assert!(!rewrap(2, 9), "a key that is another by now is left alone");
    assert!(rewrap(2, 1));
    assert_eq!(store.read(|conn| subject_key::find(conn, "expert:1")).unwrap(), Some(key(2)));
    assert_eq!(behind(2), vec![]);
    let erase = || store.write("erase", |tx| subject_key::erase(tx, "expert:1")).unwrap();
    assert_eq!((erase(), erase()), (true, false));
    assert!(!rewrap(3, 2));
}

fn a_bulk_insert_of_any_size_reads_back(kind: Kind) {
    // Around the borders where the way of inserting changes.
    for count in [0, 1, 199, 200, 501] {
        let fresh = Fresh::new(kind);
        let store = fresh.open();
        let many: Vec<_> = (0..count)
            .map(|n| {
                let mut one =
                    expert(&format!("{n:06}"), &["mof31:A01", "mof31:A02"], &["43\t\\N\n", "430100"]);
                one.row.unit = (n % 2 == 0).then(|| String::from("NULL"));
                one.row.id_hash[31] = 0;
                one
            })
            .collect();
        let given = many.clone();
        store.write("bulk", move |tx| expert::insert_many(tx, &given)).unwrap();
        let read =
            store.read(|conn| expert::list(conn, &ExpertFilter::default(), &Page::first(1000))).unwrap();
        assert_eq!(read, many);
    }
}
