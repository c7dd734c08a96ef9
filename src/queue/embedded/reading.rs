//! The thread that reads, beside the writer, and the views it makes.

use std::sync::mpsc;
use std::thread::JoinHandle;

use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::sync::oneshot;

use super::board::Board;
use super::schema::{phase, prepare, record};
use crate::job::JobKey;
use crate::queue::{Cursor, JobView, ListFilter, Page, StoreError};
use crate::report::progress::Progress;
use crate::report::record::JobResult;

/// Rows looked at for one page: a filter that matches little must not hold the reader for long.
const MAX_SCAN: i64 = 5000;

type Look = Box<dyn FnOnce(&Connection) + Send>;

/// The reader's inbox; the thread ends when this is dropped.
pub(super) struct Reader {
    inbox: Option<mpsc::Sender<Look>>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    pub(super) fn start(db: Connection, name: &str) -> std::io::Result<Self> {
        let (inbox, looks) = mpsc::channel::<Look>();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            if let Err(error) = prepare(&db) {
                tracing::error!(%error, "the store's reader could not start");
                return;
            }
            looks.iter().for_each(|look| look(&db));
        })?;
        Ok(Self { inbox: Some(inbox), thread: Some(thread) })
    }

    pub(super) async fn run<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let look: Look = Box::new(move |db| {
            // The asker may have gone.
            let _ = reply.send(f(db));
        });
        let inbox = self.inbox.as_ref().ok_or(StoreError::Closed)?;
        inbox.send(look).map_err(|_| StoreError::Closed)?;
        let read = answer.await.map_err(|_| StoreError::Closed)?;
        read.map_err(|error| StoreError::Broken(error.to_string()))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A job's row as far as outsiders may see it.
pub(super) struct Seen {
    pub(super) key: JobKey,
    pub(super) content: [u8; 32],
    pub(super) phase: i64,
    pub(super) result: Option<JobResult>,
}

/// Reads a row of `tenant`, `id`, `content`, `phase` and `result`.
pub(super) fn seen(row: &Row<'_>) -> rusqlite::Result<Seen> {
    Ok(Seen {
        key: JobKey { tenant: row.get("tenant")?, id: row.get("id")? },
        content: row.get("content")?,
        phase: row.get("phase")?,
        result: record(row, "result")?,
    })
}

impl Seen {
    pub(super) fn view(self, board: &Board) -> JobView {
        let held = || board.last_event(&self.key);
        let state = match self.phase {
            phase::FINISHED => Progress::Finished,
            // A leg that an earlier run left is still a dial until it has been ended.
            phase::DIALLING => held().unwrap_or(Progress::Dialling),
            _ => held().unwrap_or(Progress::Queued),
        };
        JobView { id: self.key.id, state, result: self.result }
    }
}

pub(super) fn get(db: &Connection, board: &Board, key: &JobKey) -> rusqlite::Result<Option<JobView>> {
    let sql = "SELECT tenant, id, content, phase, result FROM jobs WHERE tenant = ?1 AND id = ?2";
    let found = db.prepare_cached(sql)?.query_row(params![key.tenant, key.id], seen).optional()?;
    Ok(found.map(|seen| seen.view(board)))
}

pub(super) fn list(
    db: &Connection,
    board: &Board,
    filter: &ListFilter,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Page> {
    let sql = "SELECT seq, tenant, id, content, phase, result FROM jobs
               WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([after, MAX_SCAN])?;
    let mut page = Page { jobs: Vec::new(), next: None };
    let (mut last, mut scanned) = (after, 0);
    while let Some(row) = rows.next()? {
        let seen = if fits(filter, row)? { Some(seen(row)?) } else { None };
        let view = seen.map(|seen| seen.view(board));
        let wanted = view.filter(|v| filter.state.is_none_or(|state| state == v.state));
        if wanted.is_some() && page.jobs.len() == limit {
            page.next = Some(Cursor::of_row(last));
            return Ok(page);
        }
        page.jobs.extend(wanted);
        last = row.get("seq")?;
        scanned += 1;
    }
    if scanned == MAX_SCAN {
        page.next = Some(Cursor::of_row(last));
    }
    Ok(page)
}

/// Looks at the cheap columns before the result is parsed.
fn fits(filter: &ListFilter, row: &Row<'_>) -> rusqlite::Result<bool> {
    let tenant = match &filter.tenant {
        Some(tenant) => row.get_ref("tenant")?.as_str()? == tenant,
        None => true,
    };
    let finished = row.get::<_, i64>("phase")? == phase::FINISHED;
    let state = filter.state.is_none_or(|state| (state == Progress::Finished) == finished);
    Ok(tenant && state)
}
