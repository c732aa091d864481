//! Opening the record: SQLite with one writer and pooled readers, or PostgreSQL.

use std::{
    fs::{File, TryLockError},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use faelled_engine::catalog::Catalog;
use faelled_migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
    sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{
    error::StoreError,
    gate::{Gate, Turn},
};

/// Where the record is and how it is used.
#[derive(Clone)]
pub struct RecordConfig {
    /// `sqlite://path?mode=rwc` or `postgres://…`.
    pub url: String,
    /// Connections that read; on PostgreSQL as many others write.
    pub readers: u32,
    /// How many writers may wait for their turn; one more is told that the record is busy.
    pub write_queue: usize,
    /// How long a writer waits, for its turn and then for what others hold locked.
    pub write_wait: Duration,
}

/// The databases that can hold a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// One file, one server process.
    Sqlite,
    /// A database server.
    Postgres,
}

/// The record. Cheap to clone; every clone uses the same connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    kind: DatabaseKind,
    readers: DatabaseConnection,
    writers: DatabaseConnection,
    gate: Gate,
    catalog: Arc<Catalog>,
    statements: Arc<AtomicU64>,
    sqlite_file: Option<PathBuf>,
}

/// The right to serve this record, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct ServingLock {
    _file: Option<File>,
}

/// The key of the advisory lock under which PostgreSQL is migrated: "faelled" in ASCII.
const MIGRATION_LOCK: i64 = 0x0066_6165_6c6c_6564;

impl Store {
    /// Opens the record. Does not migrate it.
    pub async fn connect(config: &RecordConfig, catalog: Arc<Catalog>) -> Result<Self, StoreError> {
        let kind = if config.url.starts_with("sqlite:") {
            DatabaseKind::Sqlite
        } else if config.url.starts_with("postgres://") || config.url.starts_with("postgresql://") {
            DatabaseKind::Postgres
        } else {
            return Err(StoreError::Configuration(
                "its address begins neither with `sqlite:` nor with `postgres://`".into(),
            ));
        };
        let turns = match kind {
            DatabaseKind::Sqlite => 1,
            DatabaseKind::Postgres => config.readers.max(1),
        };
        let sqlite_file = sqlite_file(&config.url)?;
        let statements = Arc::new(AtomicU64::new(0));
        // The writer first: it creates the file and turns on the write-ahead log.
        let mut writers = Database::connect(writing(config, kind, turns))
            .await
            .map_err(|error| cannot_open(&error))?;
        let mut readers = Database::connect(reading(config, kind))
            .await
            .map_err(|error| cannot_open(&error))?;
        for connection in [&mut writers, &mut readers] {
            let statements = Arc::clone(&statements);
            connection.set_metric_callback(move |_| {
                statements.fetch_add(1, Ordering::Relaxed);
            });
        }
        let turns = usize::try_from(turns).unwrap_or(1);
        Ok(Self {
            inner: Arc::new(Inner {
                kind,
                readers,
                writers,
                gate: Gate::new(turns, config.write_queue, config.write_wait),
                catalog,
                statements,
                sqlite_file,
            }),
        })
    }

    /// Which database holds it.
    pub fn kind(&self) -> DatabaseKind {
        self.inner.kind
    }

    /// The catalog that listings are read with.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.inner.catalog
    }

    /// How many statements have been executed through this store, in transactions too; BEGIN and
    /// COMMIT are not counted.
    pub fn statements(&self) -> u64 {
        self.inner.statements.load(Ordering::Relaxed)
    }

    /// Claims the right to serve this record. SQLite serves one server process: a second one is
    /// refused, while a command-line tool, which does not ask, may write beside it. PostgreSQL
    /// serves any number.
    ///
    /// The lock lies beside the record, in a file of its own: locking the record's own file would
    /// get into SQLite's way. The operating system gives it free when the process ends.
    pub fn lock_for_serving(&self) -> Result<ServingLock, StoreError> {
        let Some(record) = &self.inner.sqlite_file else {
            return Ok(ServingLock { _file: None });
        };
        let mut path = record.clone().into_os_string();
        path.push(".serving");
        let path = PathBuf::from(path);
        let cannot = |error: std::io::Error| {
            StoreError::Configuration(format!("{} cannot be locked: {error}", path.display()))
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => Ok(ServingLock { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(StoreError::AlreadyServed {
                lock: path.display().to_string(),
            }),
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }

    /// Applies every migration that is pending, all of them or none. Servers that start together
    /// on one PostgreSQL wait for each other.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let (transaction, _turn) = self.begin().await?;
        if self.inner.kind == DatabaseKind::Postgres {
            transaction
                .execute_raw(Statement::from_sql_and_values(
                    DbBackend::Postgres,
                    "SELECT pg_advisory_xact_lock($1)",
                    [MIGRATION_LOCK.into()],
                ))
                .await?;
        }
        Migrator::up(&transaction, None).await?;
        transaction.commit().await.map_err(StoreError::of_commit)
    }

    /// The names of the migrations that are pending, oldest first.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let pending = Migrator::get_pending_migrations_read_only(&self.inner.readers).await?;
        Ok(pending
            .iter()
            .map(|migration| migration.name().to_owned())
            .collect())
    }

    /// Whether the record answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.inner.readers.ping().await?)
    }

    /// Closes every connection; what is under way ends first.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.inner.readers.close_by_ref().await?;
        self.inner.writers.close_by_ref().await?;
        Ok(())
    }

    /// The connections that read.
    pub(crate) fn readers(&self) -> &DatabaseConnection {
        &self.inner.readers
    }

    /// Waits for a turn and begins a transaction that may write. On SQLite it begins IMMEDIATE:
    /// one that began by reading could not become a writer beside another.
    pub(crate) async fn begin(&self) -> Result<(DatabaseTransaction, Turn), StoreError> {
        let turn = self.inner.gate.enter().await?;
        let mode = match self.inner.kind {
            DatabaseKind::Sqlite => Some(SqliteTransactionMode::Immediate),
            DatabaseKind::Postgres => None,
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: mode,
            ..Default::default()
        };
        let transaction = self.inner.writers.begin_with_options(options).await?;
        Ok((transaction, turn))
    }

    /// A statement in the words of both databases, its values as `$1`, `$2`, …
    pub(crate) fn statement(
        &self,
        sql: impl Into<String>,
        values: impl IntoIterator<Item = sea_orm::Value>,
    ) -> Statement {
        Statement::from_sql_and_values(self.inner.readers.get_database_backend(), sql, values)
    }
}

/// At the start, whatever stands in the way is for the operator to mend. The driver's text names no
/// password.
fn cannot_open(error: &sea_orm::DbErr) -> StoreError {
    StoreError::Configuration(error.to_string())
}

/// The file of a record on SQLite, as the driver reads its address; none of a record elsewhere.
pub fn sqlite_file(url: &str) -> Result<Option<PathBuf>, StoreError> {
    if !url.starts_with("sqlite:") {
        return Ok(None);
    }
    let options: SqliteConnectOptions = url.parse().map_err(|error| {
        StoreError::Configuration(format!("its address does not read: {error}"))
    })?;
    // A record in memory would be another one for every connection.
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(StoreError::Configuration(
            "a SQLite record lies in a file".into(),
        ));
    }
    Ok(Some(options.get_filename().to_path_buf()))
}

fn reading(config: &RecordConfig, kind: DatabaseKind) -> ConnectOptions {
    let mut options = common(config, config.readers.max(1));
    let wait = config.write_wait;
    match kind {
        DatabaseKind::Sqlite => {
            options.map_sqlx_sqlite_opts(move |sqlite| {
                sqlite
                    .create_if_missing(false)
                    .busy_timeout(wait)
                    .pragma("query_only", "on")
            });
        }
        DatabaseKind::Postgres => {
            options.map_sqlx_postgres_opts(|postgres| {
                postgres.options([("default_transaction_read_only", "on")])
            });
        }
    }
    options
}

fn writing(config: &RecordConfig, kind: DatabaseKind, connections: u32) -> ConnectOptions {
    let mut options = common(config, connections);
    let wait = config.write_wait;
    match kind {
        DatabaseKind::Sqlite => {
            options.map_sqlx_sqlite_opts(move |sqlite| {
                sqlite
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(wait)
            });
        }
        DatabaseKind::Postgres => {
            let wait = format!("{}ms", wait.as_millis().max(1));
            options.map_sqlx_postgres_opts(move |postgres| {
                postgres.options([("lock_timeout", wait.as_str())])
            });
        }
    }
    options
}

fn common(config: &RecordConfig, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(config.url.clone());
    options
        .max_connections(connections)
        .acquire_timeout(config.write_wait)
        .test_before_acquire_if_idle_for(Duration::from_secs(5))
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .set_application_name("faelled");
    options
}
