//! A fresh database of either kind, a signer with fixed keys, and short ways to write.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use ed25519_dalek::{Signer, SigningKey};
use expert_draw::codec::Object;
use expert_draw::log::{Algorithm, Origin, VerifierKey};
use expert_draw::ports::{FixedClock, LogSigner, SignError};
use expert_draw::store::*;
use expert_draw::time::Timestamp;

/// The kinds of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Makes one test per database out of a function that takes a [`Kind`].
macro_rules! on_both {
    ($($name:ident)*) => {$(
        mod $name {
            #[test]
            fn on_sqlite() {
                super::$name(crate::support::Kind::Sqlite);
            }

            #[test]
            fn on_postgres() {
                super::$name(crate::support::Kind::Postgres);
            }
        }
    )*};
}
pub(crate) use on_both;

/// The keys of the tests.
pub struct TestSigner {
    origin: Origin,
    log: (SigningKey, VerifierKey),
    statements: (SigningKey, VerifierKey),
    /// A device that fails while this is set.
    pub fails: AtomicBool,
}

impl TestSigner {
    pub fn new(origin: &str, fill: u8) -> Self {
        let origin = Origin::new(origin).unwrap();
        let key = |fill: u8, name| {
            let secret = SigningKey::from_bytes(&[fill; 32]);
            let public = secret.verifying_key().to_bytes();
            (secret, VerifierKey::new(name, Algorithm::Ed25519, public).unwrap())
        };
        let log = key(fill, origin.log_key_name().clone());
        let statements = key(fill + 1, origin.statements_key_name());
        Self { origin, log, statements, fails: AtomicBool::new(false) }
    }
}

impl LogSigner for TestSigner {
    fn origin(&self) -> &str {
        self.origin.as_str()
    }

    fn log_key(&self) -> &VerifierKey {
        &self.log.1
    }

    fn statements_key(&self) -> &VerifierKey {
        &self.statements.1
    }

    fn holds(&self, key: &VerifierKey) -> bool {
        *key == self.log.1 || *key == self.statements.1
    }

    fn sign(&self, key: &VerifierKey, text: &[u8]) -> Result<[u8; 64], SignError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(SignError("the device is gone".into()));
        }
        let pairs = [&self.log, &self.statements];
        let pair = pairs.into_iter().find(|(_, public)| public == key);
        let (secret, _) = pair.ok_or_else(|| SignError("not at hand".into()))?;
        Ok(secret.sign(text).to_bytes())
    }
}

/// A fresh, empty database; removed at the end.
pub struct Fresh {
    pub database: Database,
    pub clock: Arc<FixedClock>,
    pub folder: PathBuf,
    name: Option<String>,
}

impl Fresh {
    pub fn new(kind: Kind) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("expert_draw_{}_{number}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        let clock = Arc::new(FixedClock::new(Timestamp(1_700_000_000)));
        let (url, name) = match kind {
            Kind::Sqlite => (format!("sqlite://{}", folder.join("test.db").display()), None),
            Kind::Postgres => {
                sql(&maintenance_url(), &format!("CREATE DATABASE {name}"));
                let (server, _) =
                    maintenance_url().rsplit_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
                (format!("{server}/{name}"), Some(name))
            }
        };
        Self { database: Database::parse(&url).unwrap(), clock, folder, name }
    }

    pub fn config(&self) -> StoreConfig {
        let signer = Arc::new(TestSigner::new("log.example/test", 1));
        let mut config = StoreConfig::new(self.database.clone(), signer, self.clock.clone());
        config.timeout = Duration::from_secs(20);
        config.readers = 4;
        config.checkpoint_path = Some(self.checkpoint_path());
        config
    }

    pub fn checkpoint_path(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    pub fn open(&self) -> Store {
        Store::open(self.config()).unwrap()
    }

    /// Runs SQL beside the store, as somebody with the database in their hands; the error's text
    /// if the database refused.
    pub fn by_hand(&self, statements: &str) -> Result<(), String> {
        match &self.database {
            Database::Sqlite(path) => run_sqlite(path, statements),
            Database::Postgres(url) => run_sql(url, statements),
        }
    }

    /// Everything that somebody with the database in their hands can read: the files of SQLite, WAL
    /// included; on PostgreSQL every row as text.
    #[allow(dead_code)]
    pub fn dump(&self) -> Vec<u8> {
        match &self.database {
            Database::Sqlite(path) => {
                let beside = |end: &str| std::path::PathBuf::from(format!("{}{end}", path.display()));
                let files = ["", "-wal"].map(|end| std::fs::read(beside(end)).unwrap_or_default());
                files.concat()
            }
            Database::Postgres(url) => {
                use diesel::prelude::*;
                #[derive(QueryableByName)]
                struct Dump {
                    #[diesel(sql_type = diesel::sql_types::Text)]
                    dump: String,
                }
                let mut conn = diesel::PgConnection::establish(url).unwrap();
                let query = "SELECT schema_to_xml('public', true, false, '')::text AS dump";
                let rows: Vec<Dump> = diesel::sql_query(query).load(&mut conn).unwrap();
                rows.into_iter().map(|row| row.dump).collect::<String>().into_bytes()
            }
        }
    }

    /// Alters a journal row although the triggers forbid it.
    pub fn alter_journal(&self, change: &str) {
        let (off, on) = match &self.database {
            Database::Sqlite(_) => {
                ("DROP TRIGGER IF EXISTS journal_no_update; DROP TRIGGER IF EXISTS journal_no_delete;", "")
            }
            Database::Postgres(_) => {
                ("ALTER TABLE journal DISABLE TRIGGER ALL;", "ALTER TABLE journal ENABLE TRIGGER ALL;")
            }
        };
        self.by_hand(&format!("{off} {change}; {on}")).unwrap();
    }

    /// What a start finds; empty if it opens.
    pub fn findings(&self) -> Vec<Finding> {
        match Store::open(self.config()) {
            Ok(_) => Vec::new(),
            Err(StoreError::Corrupt(found)) => found,
            Err(other) => panic!("{other}"),
        }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        if let Some(name) = &self.name {
            let _ = run_sql(&maintenance_url(), &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn maintenance_url() -> String {
    std::env::var("EXPERT_DRAW_TEST_POSTGRES").expect(
        "EXPERT_DRAW_TEST_POSTGRES is not set: run `make test`, which starts a private PostgreSQL \
         (tools/postgres-for-tests start)",
    )
}

fn sql(url: &str, statements: &str) {
    run_sql(url, statements).unwrap();
}

fn run_sql(url: &str, statements: &str) -> Result<(), String> {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, PgConnection};
    let mut conn = PgConnection::establish(url).map_err(|error| error.to_string())?;
    conn.batch_execute(statements).map_err(|error| error.to_string())
}

/// Runs SQL on a SQLite file.
pub fn run_sqlite(path: &std::path::Path, statements: &str) -> Result<(), String> {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    // As somebody's own tool would open it: without our settings.
    conn.batch_execute("PRAGMA busy_timeout = 20000").unwrap();
    conn.batch_execute(statements).map_err(|error| error.to_string())
}

/// An entry with nothing special about it.
pub fn note(text: &str) -> Append {
    Append {
        actor: "tester".into(),
        kind: "test.note".into(),
        subject: "subject".into(),
        statement: Object::new().with("type", "test.note").with("text", text),
        image: None,
        registry: false,
    }
}

/// The same as a registry entry.
pub fn registry_note(text: &str) -> Append {
    let statement = Object::new().with("type", "registry.test").with("text", text);
    Append { registry: true, statement, ..note(text) }
}

/// Writes one note.
pub fn write_note(store: &Store, text: &str) -> Result<Appended, WriteError<StoreError>> {
    let text = text.to_owned();
    store.write("note", move |tx| tx.append(note(&text)))
}

/// The head.
pub fn head_of(store: &Store) -> head::Head {
    store.read(head::read).unwrap()
}
