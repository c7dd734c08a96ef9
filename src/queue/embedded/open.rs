//! Opening a store: directory, lock, tables, and what a crash left.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::Semaphore;

use super::board::Board;
use super::lock::{Lock, NotLocked};
use super::reading::Reader;
use super::room::Room;
use super::sealing::Seal;
use super::writer::Writer;
use super::{Embedded, Inner, MAX_REQUESTS, derived, schema};
use crate::report::record::Server;

/// What a store is opened with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `[queue] path`: made if it is not there.
    pub directory: PathBuf,
    /// `[queue] reserve_mib`, in bytes: below this much free disk no job is taken in.
    pub reserve_bytes: u64,
    /// `[queue] results_days`: how long a result is kept for consumers that do not acknowledge it.
    pub results_kept: Duration,
    /// `[queue] records_days`: how long the record of a job is kept.
    pub records_kept: Duration,
    /// How many jobs may wait to be claimed.
    pub max_waiting: usize,
    /// Named in the results that the store makes itself.
    pub server: Server,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another gateway has it.
    #[error("the store {} is held by another gateway, {holder}", .directory.display())]
    Held {
        /// The store.
        directory: PathBuf,
        /// Who has it, by its own words.
        holder: String,
    },
    /// A newer gateway made it.
    #[error("the store {} is of a newer gateway (tables {found}, this one knows {})", .directory.display(), schema::VERSION)]
    Newer {
        /// The store.
        directory: PathBuf,
        /// The version of its tables.
        found: i64,
    },
    /// An older gateway made it and still holds it.
    #[error("the store {} is of an older gateway that still runs (tables {found}, this one knows {}); restart the gateway", .directory.display(), schema::VERSION)]
    Older {
        /// The store.
        directory: PathBuf,
        /// The version of its tables.
        found: i64,
    },
    /// A file of it cannot be used.
    #[error("the store {}: {error}", .directory.display())]
    Io {
        /// The store.
        directory: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The database cannot be used.
    #[error("the store {}: {error}", .directory.display())]
    Database {
        /// The store.
        directory: PathBuf,
        /// What the database says.
        #[source]
        error: rusqlite::Error,
    },
}

/// What the steps need to know.
pub(super) struct Facts {
    pub(super) server: Server,
    pub(super) results_kept: Duration,
    pub(super) records_kept: Duration,
    pub(super) seal: Seal,
    pub(super) max_waiting: usize,
    /// Counts the openings of this store: what an earlier one held is nobody's now.
    pub(super) run: i64,
    /// Lives as long as the writer.
    _lock: Lock,
}

impl Embedded {
    /// Opens the store, makes it if there is none, and puts jobs that were claimed but not dialled
    /// back into the queue. `random` becomes the key of the fingerprints of a new store.
    ///
    /// # Errors
    /// [`OpenError`], naming the store and, if there is one, its holder.
    pub fn open(settings: &Settings, random: [u8; 32]) -> Result<Self, OpenError> {
        let directory = &settings.directory;
        let database = |error| OpenError::Database { directory: directory.clone(), error };
        let io = |error| OpenError::Io { directory: directory.clone(), error };
        directory_of(directory).map_err(io)?;
        let lock = Lock::take(directory).map_err(|why| match why {
            NotLocked::Held(holder) => OpenError::Held { directory: directory.clone(), holder },
            NotLocked::Io(error) => io(error),
        })?;
        let path = make_file(directory).map_err(io)?;
        let db = Connection::open(&path).map_err(database)?;
        schema::prepare(&db).map_err(database)?;
        let found = tables(&db).map_err(database)?;
        if found > schema::VERSION {
            return Err(OpenError::Newer { directory: directory.clone(), found });
        }
        let start = restart(&db, random).map_err(database)?;
        let facts = Facts {
            server: settings.server.clone(),
            results_kept: settings.results_kept,
            records_kept: settings.records_kept,
            seal: Seal::new(&derived(&start.key, "records")),
            max_waiting: settings.max_waiting,
            run: start.run,
            _lock: lock,
        };
        let board = Arc::new(Board::new(start.waiting));
        if start.waiting > 0 {
            board.work.notify_one();
        }
        let reader = Connection::open(&path).map_err(database)?;
        let archive = Connection::open(&path).map_err(database)?;
        let room = Room::new(directory, settings.reserve_bytes);
        Ok(Self(Arc::new(Inner {
            writer: Writer::start(db, facts, room, Arc::clone(&board)).map_err(io)?,
            reader: Reader::start(reader, "store-reader").map_err(io)?,
            archive: Reader::start(archive, "store-archive").map_err(io)?,
            board,
            requests: Semaphore::new(MAX_REQUESTS),
            key: start.key,
        })))
    }
}

/// The database within the store's directory.
pub(super) const FILE: &str = "store.sqlite";

/// Makes the store's directory if it is not there, for its owner only.
pub(super) fn directory_of(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// The database's file, for the owner only as the directory is: jobs hold numbers in the clear. The
/// log's files take the database's mode. Only under the lock: closing a file gives up every POSIX
/// lock that this process has on it, those of a database that is open already among them.
pub(super) fn make_file(directory: &Path) -> io::Result<PathBuf> {
    let path = directory.join(FILE);
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path)?;
    Ok(path)
}

/// The version of the tables, after making those that are missing.
pub(super) fn tables(db: &Connection) -> rusqlite::Result<i64> {
    schema::renew(db)
}

struct Start {
    run: i64,
    waiting: i64,
    key: [u8; 32],
}

fn restart(db: &Connection, random: [u8; 32]) -> rusqlite::Result<Start> {
    let tx = db.unchecked_transaction()?;
    let old: Option<[u8; 32]> =
        tx.query_row("SELECT value FROM meta WHERE name = 'content_key'", [], |row| row.get(0)).optional()?;
    let key = old.unwrap_or(random);
    tx.execute("INSERT OR IGNORE INTO meta VALUES('content_key', ?1)", params![key])?;
    let run: i64 = tx.query_row("SELECT coalesce(max(run), 0) + 1 FROM jobs", [], |r| r.get(0))?;
    // Contract §7.2: only a job with a permit may have reached a phone; the others go on at once.
    tx.execute("UPDATE jobs SET phase = 0, fence = fence + 1 WHERE phase = 2", [])?;
    let waiting = tx.query_row("SELECT count(*) FROM jobs WHERE phase < 2", [], |r| r.get(0))?;
    tx.commit()?;
    Ok(Start { run, waiting, key })
}
