//! `/v1/events` and `/v1/calls/{id}/events`: server-sent events, resumable (contract §6).
//!
//! A follower pulls: it reads pages of the store until it has caught up, then what becomes durable. One
//! that reads slowly holds a page and nothing more; the connection cuts it when it does not read at all.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event as Frame, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use futures_util::stream;
use tokio::time::Instant;

use super::caller::Caller;
use super::calls::{ScopeQuery, TenantQuery, no_such_job};
use super::params::Params;
use super::problem::Problem;
use super::{Front, closed};
use crate::job::JobKey;
use crate::queue::{After, EventFilter, EventStore, Fed, Feed, JobStore, Place, Placed, Store};
use crate::report::progress::Progress;
use crate::report::record::JobResult;

/// A comment so often keeps proxies on the way from cutting a silent stream.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A stream ends so late at the latest; whoever follows comes back, with a token that is still good.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// After the result the end of its call is waited for so long.
const FAREWELL: Duration = Duration::from_secs(150);
/// How soon a follower whose stream has ended comes back.
const RETRY: Duration = Duration::from_secs(2);

/// `GET /v1/calls/{id}/events`: from the job's first event, or after `Last-Event-ID`, to its last.
pub(super) async fn of_job(
    State(front): State<Front>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<TenantQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = JobKey { tenant: caller.reads(query.tenant)?, id };
    let after = last_event_id(&headers, |text| text.parse::<u32>().ok())?.unwrap_or(0);
    let filter = EventFilter::Job(key.clone());
    // Before anything is followed: that there is no such job is a problem document, no stream.
    let page = front.store.events(filter.clone(), After::Number(after.saturating_sub(1))).await?;
    let page = page.ok_or_else(no_such_job)?;
    let job = front.store.get(key).await?.ok_or_else(no_such_job)?;
    let is_last = |placed: &Placed| match (placed.event.event, &job.result) {
        (Progress::Ended, Some(_)) => true,
        (_, Some(result)) => placed.event.result.is_some() && !is_up(result),
        (_, None) => false,
    };
    let last = page.events.last().filter(|last| last.event.n == after);
    if last.is_some_and(is_last) {
        // The HTML standard, §9.2.3: this keeps an `EventSource` from coming back for ever.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let told = page.events.iter().any(|placed| placed.event.n > after && placed.event.result.is_some());
    let concluded = job.result.is_some() && !told;
    let follower = Follower { concluded, ..Follower::new(front, filter, After::Number(after), None).await? };
    Ok(follower.into_response())
}

/// `GET /v1/events`: of all of the tenant's jobs, from now on or after `Last-Event-ID`, without an end.
pub(super) async fn of_all(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<ScopeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let scope = caller.reads_any(query.tenant)?;
    let filter = scope.tenant().map_or(EventFilter::Everybody, |one| EventFilter::Tenant(one.to_owned()));
    let place = match last_event_id(&headers, Place::from_text)? {
        Some(place) => place,
        None => front.store.latest().await?,
    };
    // An id without an event: whoever is cut before the first one resumes from here.
    let first = Frame::default().id(place.cursor().to_string()).retry(RETRY);
    Ok(Follower::new(front, filter, After::Place(place), Some(first)).await?.into_response())
}

/// Where a follower was cut (the HTML standard, §9.2.4), if it was.
fn last_event_id<T>(headers: &HeaderMap, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    read(text).map(Some).ok_or_else(|| {
        Problem::field("Last-Event-ID", "this id was not given out here", "send an id as it was received")
    })
}

/// One stream.
struct Follower<F> {
    front: Front,
    filter: EventFilter,
    after: After,
    feed: F,
    /// Whether the store has events that were not read yet.
    behind: bool,
    read: VecDeque<Arc<Placed>>,
    /// When the stream ends whatever happens.
    until: Instant,
    /// Whether the job's result was told, here or before.
    concluded: bool,
    first: Option<Frame>,
}

impl Follower<<Store as EventStore>::Feed> {
    async fn new(
        front: Front,
        filter: EventFilter,
        after: After,
        first: Option<Frame>,
    ) -> Result<Self, Problem> {
        let feed = front.store.follow().await?;
        let until = Instant::now() + LONGEST;
        let read = VecDeque::new();
        Ok(Follower { front, filter, after, feed, behind: true, read, until, concluded: false, first })
    }

    fn into_response(self) -> Response {
        let frames = stream::unfold(self, |mut follower| async {
            follower.next().await.map(|frame| (Ok::<_, Infallible>(frame), follower))
        });
        Sse::new(frames).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat")).into_response()
    }
}

impl<F: Feed> Follower<F> {
    async fn next(&mut self) -> Option<Frame> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let closing = self.front.closing.clone();
        let until = self.until;
        let placed = tokio::select! {
            biased;
            placed = self.next_event() => placed?,
            () = closed(closing) => return None,
            () = tokio::time::sleep_until(until) => return None,
        };
        self.shorten_after(&placed);
        self.frame(&placed)
    }

    /// The next event that fits, from the store or live; `None` where the stream ends.
    async fn next_event(&mut self) -> Option<Arc<Placed>> {
        loop {
            if let Some(placed) = self.read.pop_front() {
                self.after = self.past(&placed);
                return Some(placed);
            }
            if self.behind {
                self.read_on().await?;
                continue;
            }
            match self.feed.next().await {
                Fed::Event(placed) if self.is_new(&placed) => self.read.push_back(placed),
                Fed::Event(_) => {}
                Fed::Behind => self.behind = true,
                Fed::Closed => return None,
            }
        }
    }

    /// Reads a page; what became durable meanwhile comes by the feed again and is known by its place.
    async fn read_on(&mut self) -> Option<()> {
        let store: &Store = &self.front.store;
        let page = store.events(self.filter.clone(), self.after).await.ok()??;
        match (page.next, self.after) {
            (None, _) => self.behind = false,
            // Of a job's own events none is passed over, so that the last one read says where to go on.
            (Some(place), After::Place(_)) => self.after = After::Place(place),
            (Some(_), After::Number(_)) => {}
        }
        self.read.extend(page.events.into_iter().map(Arc::new));
        Some(())
    }

    fn is_new(&self, placed: &Placed) -> bool {
        let later = match self.after {
            After::Place(place) => placed.place > place,
            After::Number(n) => placed.event.n > n,
        };
        later && self.filter.takes(&placed.event)
    }

    fn past(&self, placed: &Placed) -> After {
        match self.after {
            After::Place(place) => After::Place(place.max(placed.place)),
            After::Number(_) => After::Number(placed.event.n),
        }
    }

    /// A job's stream ends with its last event: the result, or the end of the call that still says goodbye.
    fn shorten_after(&mut self, placed: &Placed) {
        if !matches!(self.filter, EventFilter::Job(_)) {
            return;
        }
        let now = Instant::now();
        match (&placed.event.result, placed.event.event) {
            (Some(result), _) => {
                self.concluded = true;
                let farewell = if is_up(result) { FAREWELL } else { Duration::ZERO };
                self.until = self.until.min(now + farewell);
            }
            (None, Progress::Ended) if self.concluded => self.until = now,
            (None, _) => {}
        }
    }

    fn frame(&self, placed: &Placed) -> Option<Frame> {
        let id = match self.filter {
            EventFilter::Job(_) => placed.event.n.to_string(),
            EventFilter::Tenant(_) | EventFilter::Everybody => placed.place.cursor().to_string(),
        };
        Frame::default().id(id).event(placed.event.event.name()).json_data(&placed.event).ok()
    }
}

/// Whether a call was up when its result became durable.
fn is_up(result: &JobResult) -> bool {
    let last = result.attempts.last();
    last.is_some_and(|last| last.answered_ms.is_some() && last.ended_ms.is_none())
}
