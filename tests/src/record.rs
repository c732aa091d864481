//! A record for one test.

use std::{sync::Arc, time::Duration};

use faelled_engine::catalog::Catalog;
use faelled_store::{DatabaseKind, RecordConfig, Store};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use tempfile::TempDir;

use crate::fixtures;

/// The variable with the address of a PostgreSQL where tests may create databases.
pub const POSTGRES: &str = "FAELLED_TEST_POSTGRES";

/// A migrated, empty record that is gone after the test.
pub struct TestRecord {
    kind: DatabaseKind,
    url: String,
    catalog: Arc<Catalog>,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Database { admin: String, name: String },
}

impl TestRecord {
    /// One on SQLite, in a folder of its own.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!(
            "sqlite://{}?mode=rwc",
            folder.path().join("record.db").display()
        );
        Self::new(DatabaseKind::Sqlite, url, Place::Folder(folder)).await
    }

    /// One on PostgreSQL, in a database of its own.
    pub async fn postgres() -> Self {
        let admin = std::env::var(POSTGRES).unwrap_or_else(|_| {
            panic!(
                "{POSTGRES} is not set, so that this test has no PostgreSQL. Run the tests with \
                 `make test`, which starts one, or start one yourself: `export \
                 $(tests/postgres.sh start /tmp/faelled-postgres)`."
            )
        });
        let name = format!("test_{}", fixtures::uuid().simple());
        connect_as_admin(&admin)
            .await
            .execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await
            .expect("a database for this test");
        let url = with_database(&admin, &name);
        Self::new(DatabaseKind::Postgres, url, Place::Database { admin, name }).await
    }

    async fn new(kind: DatabaseKind, url: String, place: Place) -> Self {
        let record = Self {
            kind,
            url,
            catalog: Arc::new(fixtures::catalog()),
            place,
        };
        record
            .store()
            .await
            .migrate()
            .await
            .expect("migrations apply");
        record
    }

    /// Which database holds it.
    pub const fn kind(&self) -> DatabaseKind {
        self.kind
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The catalog of [`fixtures::catalog`].
    pub const fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// How a test opens it: few connections, patient writers.
    pub fn config(&self) -> RecordConfig {
        RecordConfig {
            url: self.url.clone(),
            readers: 4,
            write_queue: 256,
            write_wait: Duration::from_secs(20),
        }
    }

    /// A store over it, with connections of its own, as another process would have.
    pub async fn store(&self) -> Store {
        self.store_as(&self.config()).await
    }

    /// A store over it, opened as the test likes.
    pub async fn store_as(&self, config: &RecordConfig) -> Store {
        Store::connect(config, Arc::clone(&self.catalog))
            .await
            .expect("the record opens")
    }

    /// A connection past the store, for what a store would not do.
    pub async fn raw(&self) -> DatabaseConnection {
        let mut options = ConnectOptions::new(self.url.clone());
        options.max_connections(1).sqlx_logging(false);
        Database::connect(options).await.expect("the record opens")
    }

    /// Every row of every table, as text, behind the name of its table. Bytes stand in hexadecimal
    /// digits.
    pub async fn rows(&self) -> Vec<String> {
        let raw = self.raw().await;
        let tables = match self.kind {
            DatabaseKind::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
            DatabaseKind::Postgres => {
                "SELECT table_name::text FROM information_schema.tables \
                 WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
            }
        };
        let mut rows = Vec::new();
        for table in texts(&raw, tables).await {
            let select = match self.kind {
                DatabaseKind::Sqlite => {
                    let columns = format!("SELECT name FROM pragma_table_info('{table}')");
                    let columns = texts(&raw, &columns).await;
                    let quoted: Vec<String> = columns
                        .iter()
                        .map(|column| format!("'{column}=' || quote(\"{column}\")"))
                        .collect();
                    format!("SELECT {} FROM \"{table}\"", quoted.join(" || ' ' || "))
                }
                DatabaseKind::Postgres => format!("SELECT row_to_json(t)::text FROM \"{table}\" t"),
            };
            let found = texts(&raw, &select).await;
            rows.extend(found.into_iter().map(|row| format!("{table}: {row}")));
        }
        raw.close().await.expect("the connection closes");
        rows
    }

    /// The bytes of an SQLite record's file and of the journal beside it; of a PostgreSQL, whose
    /// files are its own, none.
    pub fn bytes(&self) -> Vec<u8> {
        let Place::Folder(folder) = &self.place else {
            return Vec::new();
        };
        let files = ["record.db", "record.db-wal", "record.db-journal"];
        let files = files.map(|name| std::fs::read(folder.path().join(name)));
        files.into_iter().flatten().flatten().collect()
    }

    /// Removes it. A failed test leaves it behind, to look at or to lose with the folder.
    pub async fn end(self) {
        match self.place {
            Place::Folder(folder) => folder.close().expect("the folder can be removed"),
            Place::Database { admin, name } => {
                connect_as_admin(&admin)
                    .await
                    .execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)"))
                    .await
                    .expect("the database can be dropped");
            }
        }
    }
}

/// The first column of every row that a statement gives.
async fn texts(raw: &DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(raw.get_database_backend(), sql);
    let rows = raw.query_all_raw(statement).await.expect("rows");
    rows.iter()
        .map(|row| row.try_get_by_index(0).expect("a text"))
        .collect()
}

async fn connect_as_admin(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url.to_owned());
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap_or_else(|error| {
        panic!("{POSTGRES} names a PostgreSQL that does not answer ({error}); run `make test`")
    })
}

/// The same server's address with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let base = address.rsplit_once('/').map_or(address, |(base, _)| base);
    format!("{base}/{name}?{query}")
}
