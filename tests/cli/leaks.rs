//! No sealed value of a seeded pool leaves the house: not in the files of the database (WAL, tables and
//! rows as somebody reads them), not in attachments or backups, not in what a served binary logs at its
//! most talkative, not in errors or answers to roles without sight, not in process arguments.
//!
//! The test looks for every value in every place as text and as hexadecimal digits, and fails if it
//! looked for or into nothing: the expert numbers, which are no secret, must be found by the same search.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use expert_draw::codes::{CreditCode, NationalId};
use expert_draw::store::Database;
use serde_json::{Value, json};

use super::{Bureau, text};
use crate::support::{Kind, on_both};

on_both! {
    no_sealed_value_is_found_anywhere
}

const PEOPLE: u32 = 6;

/// The sealed values of one person; none of them occurs anywhere by chance.
struct Person {
    body: Value,
    secrets: Vec<String>,
    document: Vec<u8>,
}

fn person(n: u32) -> Person {
    let body = format!("990000{}{:03}", 19_710_203 + n, 421 + n);
    let id = format!("{body}{}", NationalId::check_character(&body).unwrap());
    let unit = |serial: u32| {
        let body = format!("91990000{serial:09}");
        format!("{body}{}", CreditCode::check_character(&body).unwrap())
    };
    let name = format!("龘靐齉{}", ["甲", "乙", "丙", "丁", "戊", "己"][n as usize]);
    let phone = format!("1390{:07}", 7_654_321 + n);
    let employer = format!("爨驫大学第{n}学院");
    let (mail, address) = (format!("qwertz.uiop{n}@example.invalid"), format!("龘龘路{n}号靐靐小区"));
    let relative = format!("齉齉爨{n}");
    let scan = format!("SCANNED-DIPLOMA-{n}-QWERTZUIOP");
    let document = format!("%PDF-1.7\n{scan}\n%%EOF").into_bytes();
    let body = json!({
        "name": name, "id_kind": "111", "id_number": id, "phone": phone,
        "employments": [{"unit": unit(700 + n), "name": employer, "since": "2015-09-01"}],
        "past": [], "title_level": "senior", "field_since": "1995-07-01",
        "specialities": ["ndrc316:A0832"], "regions": ["430600"], "declared_units": [],
        "term_from": "2025-01-01", "term_to": "2029-12-31",
        "mail": mail, "address": address,
        "relatives": [{"relation": "spouse", "name": relative, "units": []}]
    });
    Person { body, secrets: vec![name, id, phone, employer, scan, mail, address, relative], document }
}

/// A served binary, killed at the end whatever happens.
struct Served {
    child: Child,
    url: String,
    token: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(bureau: &Bureau, log: &Path) -> Served {
    let mut child = Command::new(env!("CARGO_BIN_EXE_expert-draw"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data", bureau.data.to_str().unwrap(), "--database"])
        .arg(bureau.database())
        .env("EXPERT_DRAW_LOG", "trace")
        // Existing records move in here.
        .env("EXPERT_DRAW_DIRECT_ENTRY", "yes")
        .stdout(Stdio::piped())
        .stderr(fs::File::create(log).unwrap())
        .spawn()
        .unwrap();
    let (mut token, mut url) = (String::new(), String::new());
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(at) = line.find("edt_") {
            token = line[at..].trim().to_owned();
        }
        if let Some(at) = line.find("http://") {
            url = line[at..].split("/api").next().unwrap().to_owned();
            break;
        }
    }
    assert!(!token.is_empty() && !url.is_empty());
    Served { child, url, token }
}

impl Served {
    /// A request; the answer's status and bytes.
    fn ask(
        &self,
        token: &str,
        method: &str,
        path: &str,
        key: &str,
        media: &str,
        body: &[u8],
    ) -> (u16, Vec<u8>) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let encoded: String = path
            .bytes()
            .map(|b| if b.is_ascii() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{encoded}", self.url))
            .header("Authorization", format!("Bearer {token}"));
        if !key.is_empty() {
            request = request.header("Idempotency-Key", key).header("If-Match", "\"1\"");
        }
        let answered = if media.is_empty() {
            agent.run(request.body(()).unwrap())
        } else {
            agent.run(request.header("Content-Type", media).body(body).unwrap())
        };
        let mut answered = answered.unwrap();
        let status = answered.status().as_u16();
        (status, answered.body_mut().read_to_vec().unwrap())
    }

    fn post(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let (status, bytes) =
            self.ask(&self.token, "POST", path, key, "application/json", body.to_string().as_bytes());
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    fn token(&self, role: &str, unit: Option<String>) -> String {
        let draft = json!({"role": role, "name": "某处", "unit": unit, "days": 3});
        let (status, made) = self.post("/api/v1/accounts", &format!("account-{role}"), &draft);
        assert_eq!(status, 201, "{made}");
        made["token"].as_str().unwrap().to_owned()
    }
}

/// A place that was searched.
struct Place {
    name: String,
    bytes: Vec<u8>,
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<Place>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(Place { name: path.display().to_string(), bytes: fs::read(&path).unwrap() });
        }
    }
}

/// Every row of every table, as text: bytes show as hexadecimal digits.
fn rows(url: &str) -> Vec<Place> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        line: String,
    }
    let mut conn = diesel::PgConnection::establish(url).unwrap();
    let mut ask = |query: String| -> Vec<Line> { diesel::sql_query(query).load(&mut conn).unwrap() };
    let tables = ask("SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public'".into());
    let mut found = Vec::new();
    for table in tables {
        let lines = ask(format!("SELECT t::text AS line FROM \"{}\" t", table.line));
        let bytes = lines.into_iter().map(|line| line.line + "\n").collect::<String>().into_bytes();
        found.push(Place { name: format!("table {}", table.line), bytes });
    }
    // The files of this database, where the tests may read the cluster's own.
    let at = "SELECT current_setting('data_directory') || '/base/' || oid AS line FROM pg_database \
              WHERE datname = current_database()";
    let folder =
        diesel::sql_query(at).load::<Line>(&mut conn).ok().and_then(|lines| lines.into_iter().next());
    if let Some(folder) = folder.filter(|folder| Path::new(&folder.line).is_dir()) {
        diesel::sql_query("CHECKPOINT").execute(&mut conn).unwrap();
        files(Path::new(&folder.line), &mut found);
    }
    found
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window[0] == needle[0] && window == needle)
}

/// The needle as text and as the digits of its bytes.
fn found_in(place: &Place, value: &str) -> bool {
    let digits: String = value.bytes().map(|b| format!("{b:02x}")).collect();
    holds(&place.bytes, value.as_bytes()) || holds(&place.bytes, digits.as_bytes())
}

fn no_sealed_value_is_found_anywhere(kind: Kind) {
    let bureau = Bureau::new(kind);
    let log = bureau.fresh.folder.join("served.log");
    let served = serve(&bureau, &log);
    let people: Vec<Person> = (0..PEOPLE).map(person).collect();
    let agency = served.token(
        "agency",
        Some(
            "91990000000000801".to_owned()
                + &CreditCode::check_character("91990000000000801").unwrap().to_string(),
        ),
    );
    let administrator = served.token("administrator", None);
    let auditor = served.token("auditor", None);
    let (mut numbers, mut errors) = (Vec::new(), Vec::new());
    let mut refused = |what: &str, (status, bytes): (u16, Vec<u8>)| {
        assert!((400..500).contains(&status), "{what}: {status} {}", text(&bytes));
        errors.push(Place { name: format!("error: {what}"), bytes });
    };
    for (n, person) in people.iter().enumerate() {
        let key = |what: &str| format!("{what}-{n}");
        let (status, made) = served.post("/api/v1/experts", &key("expert"), &person.body);
        assert_eq!(status, 201, "{made}");
        let number = made["number"].as_str().unwrap().to_owned();
        let one = format!("/api/v1/experts/{number}");
        let filed = served.ask(
            &served.token,
            "POST",
            &format!("{one}/attachments?kind=degree"),
            &key("file"),
            "application/pdf",
            &person.document,
        );
        assert_eq!(filed.0, 201, "{}", text(&filed.1));
        // Lawful looks: the values leave the house here, to those who may see them, and nowhere else.
        let (status, seen) = served.ask(&auditor, "GET", &format!("{one}?purpose=抽查档案"), "", "", b"");
        assert!(status == 200 && holds(&seen, person.secrets[0].as_bytes()));
        let change = br#"{"term_to":"2029-12-30"}"#;
        let amended = served.ask(&served.token, "PATCH", &one, &key("amend"), "application/json", change);
        assert_eq!(amended.0, 200, "{}", text(&amended.1));

        // Wrong in every way in which a value could come back.
        let mut broken = person.body.clone();
        let id = person.secrets[1].clone();
        broken["id_number"] = json!(format!("{}{}", &id[..17], if id.ends_with('0') { '1' } else { '0' }));
        let body = |value: &Value| value.to_string().into_bytes();
        let post = |token: &str, path: &str, what: &str, bytes: &[u8]| {
            served.ask(token, "POST", path, &key(what), "application/json", bytes)
        };
        refused("check character", post(&served.token, "/api/v1/experts", "e1", &body(&broken)));
        refused("registered already", post(&served.token, "/api/v1/experts", "e2", &body(&person.body)));
        let named = format!("{{\"{}\": 1, \"{}\": 2}}", person.secrets[0], person.secrets[1]);
        refused("unknown fields", post(&served.token, "/api/v1/experts", "e3", named.as_bytes()));
        let torn = body(&person.body);
        refused("torn JSON", post(&served.token, "/api/v1/experts", "e4", &torn[..torn.len() - 9]));
        refused("a type", post(&served.token, "/api/v1/experts", "e5", &body(&json!([person.secrets[2]]))));
        let query = format!("/api/v1/experts?standing={}", person.secrets[1]);
        refused("query", served.ask(&served.token, "GET", &query, "", "", b""));
        let query = format!("/api/v1/experts?{}=1", person.secrets[2]);
        refused("parameter", served.ask(&served.token, "GET", &query, "", "", b""));
        let wrong = [&b"no document: "[..], person.secrets[4].as_bytes()].concat();
        let at = format!("{one}/attachments?kind=degree");
        refused("content", served.ask(&served.token, "POST", &at, &key("e6"), "application/pdf", &wrong));
        let csv = format!("name,id_number\n{},{}\n", person.secrets[0], id);
        refused(
            "import",
            served.ask(
                &served.token,
                "POST",
                "/api/v1/imports/experts",
                &key("e7"),
                "text/csv",
                csv.as_bytes(),
            ),
        );
        for token in [&agency, &administrator] {
            refused("no sight", served.ask(token, "GET", &format!("{one}?purpose=核对"), "", "", b""));
            refused("no sight", served.ask(token, "GET", "/api/v1/experts", "", "", b""));
            refused("no sight", served.ask(token, "GET", &format!("{one}/attachments"), "", "", b""));
            refused("no sight", post(token, "/api/v1/experts", "e8", &body(&person.body)));
        }
        numbers.push(number);
    }
    // Lists and looks, which name nobody.
    for (token, path) in [
        (&served.token, "/api/v1/experts"),
        (&served.token, "/api/v1/accounts"),
        (&auditor, "/api/v1/looks"),
        (&auditor, "/api/v1/log/checkpoint"),
    ] {
        let (status, bytes) = served.ask(token, "GET", path, "", "", b"");
        assert_eq!(status, 200, "{path}");
        errors.push(Place { name: format!("answer: {path}"), bytes });
    }

    let mut places = errors;
    let pid = served.child.id();
    let cmdline = fs::read(format!("/proc/{pid}/cmdline")).unwrap();
    assert!(holds(&cmdline, b"serve"));
    places.push(Place { name: "arguments".into(), bytes: cmdline });
    // While it runs: the write-ahead log holds what the main file has not yet.
    files(&bureau.data, &mut places);
    let backup = bureau.fresh.folder.join("backup");
    if kind == Kind::Sqlite || Command::new("pg_dump").arg("--version").output().is_ok() {
        bureau.ok(&["backup", backup.to_str().unwrap()]);
        files(&backup, &mut places);
    }
    drop(served);
    files(&bureau.data, &mut places);
    places.push(Place { name: "log".into(), bytes: fs::read(&log).unwrap() });
    if let Database::Postgres(url) = &bureau.fresh.database {
        places.extend(rows(url));
    }

    let kinds = |what: &str| places.iter().filter(|place| place.name.contains(what)).count();
    assert!(kinds("attachments/") >= PEOPLE as usize && kinds("error:") >= 90, "{}", places.len());
    if kind == Kind::Sqlite {
        assert!(kinds(".sqlite") >= 3 && kinds("-wal") >= 1, "main file, backup and write-ahead log");
    } else {
        assert!(kinds("table ") >= 10);
    }
    let bytes: usize = places.iter().map(|place| place.bytes.len()).sum();
    assert!(bytes > 200_000, "{bytes} bytes are not what a registry leaves");
    // The search finds what is there: numbers are in the database and in the log's paths.
    for number in &numbers {
        let hits: Vec<&str> =
            places.iter().filter(|place| found_in(place, number)).map(|place| place.name.as_str()).collect();
        assert!(hits.iter().any(|name| name.contains("log")), "{hits:?}");
        assert!(hits.iter().any(|name| name.contains(".sqlite") || name.contains("table ")), "{hits:?}");
    }
    let (mut searched, mut leaks) = (0, Vec::new());
    for secret in people.iter().flat_map(|person| &person.secrets) {
        for place in &places {
            searched += 1;
            if found_in(place, secret) {
                leaks.push(format!("{}: {secret}", place.name));
            }
        }
    }
    assert_eq!(searched, 8 * PEOPLE as usize * places.len());
    assert!(leaks.is_empty(), "{leaks:#?}");
    println!("{} values, {} places, {bytes} bytes", 8 * PEOPLE, places.len());
}
