//! `/v1/records`, `/v1/statistics`, `/v1/audit`: what became of jobs, kept beyond their results.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Front;
use super::caller::Caller;
use super::calls::no_such_job;
use super::params::{Params, number};
use super::problem::Problem;
use crate::access::Role;
use crate::job::{JobKey, UnixMs};
use crate::queue::{Audited, Cursor, RecordFilter, RecordPage, RecordStore, Store, StoreError};
use crate::report::recorded::{COLUMNS, Record, Tally, TallyBy};

const DEFAULT_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 500;
/// Records of one read of an export, which holds no more than these at a time.
const EXPORT_PAGE: usize = 500;

/// Which records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordsQuery {
    /// The tenant, or `*` for every one.
    #[schemars(regex(pattern = r"^(\*|[A-Za-z0-9_-]{1,64})$"))]
    tenant: Option<String>,
    /// Only of this user.
    user: Option<String>,
    /// Only that ended by this reason.
    reason: Option<String>,
    /// Only with this verdict.
    verdict: Option<String>,
    /// Finished then or later, RFC 3339.
    #[schemars(with = "Option<UnixMs>")]
    from: Option<String>,
    /// Finished before then, RFC 3339.
    #[schemars(with = "Option<UnixMs>")]
    to: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// At most so many records.
    #[schemars(with = "Option<u32>", range(min = 1, max = LARGEST_PAGE))]
    limit: Option<String>,
    /// A page as an object, or all records as lines of JSON or of CSV.
    #[schemars(with = "Option<Format>")]
    format: Option<String>,
}

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Format {
    Json,
    Jsonl,
    Csv,
}

impl Format {
    fn read(name: Option<&str>) -> Result<Format, Problem> {
        match name {
            None | Some("json") => Ok(Format::Json),
            Some("jsonl") => Ok(Format::Jsonl),
            Some("csv") => Ok(Format::Csv),
            Some(_) => Err(Problem::field("format", "there is no such format", "send json, jsonl or csv")),
        }
    }
}

/// `GET /v1/records`: a page, or with `format` all that fits, as a stream.
pub(super) async fn list(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<RecordsQuery>,
) -> Result<Response, Problem> {
    let filter = RecordFilter {
        tenant: caller.reads_any(query.tenant)?.tenant().map(str::to_owned),
        user: query.user,
        reason: query.reason,
        verdict: query.verdict,
        from: moment("from", query.from)?,
        to: moment("to", query.to)?,
    };
    let after = query.after.filter(|after| !after.is_empty()).map(|after| Cursor::from_text(&after));
    let limit = number("limit", query.limit.as_deref(), DEFAULT_PAGE, 1..=LARGEST_PAGE)?;
    match Format::read(query.format.as_deref())? {
        Format::Json => Ok(Json(front.store.records(filter, after, limit as usize).await?).into_response()),
        Format::Jsonl => export(front.store, filter, after, "application/jsonl", lines, "").await,
        Format::Csv => export(front.store, filter, after, "text/csv", csv, &csv_line(&COLUMNS)).await,
    }
}

fn moment(name: &str, text: Option<String>) -> Result<Option<UnixMs>, Problem> {
    let read = |text: String| {
        UnixMs::from_rfc3339(&text).ok_or_else(|| {
            Problem::field(name, "this is no moment", "send RFC 3339, for instance 2026-11-22T14:00:00Z")
        })
    };
    text.map(read).transpose()
}

/// All that fits, a page of the store at a time, as fast as it is read. What is wrong with the request shows
/// with the first page, as a problem; a fault of the store behind it cuts the answer off.
async fn export(
    store: Store,
    filter: RecordFilter,
    after: Option<Cursor>,
    media_type: &'static str,
    write: fn(&[Record]) -> String,
    head: &str,
) -> Result<Response, Problem> {
    let first = store.records(filter.clone(), after, EXPORT_PAGE).await?;
    let state = (store, filter, Ok(first), head.to_owned());
    let pages = stream::unfold(Some(state), move |state| async move {
        let (store, filter, page, head): (_, RecordFilter, Result<RecordPage, StoreError>, String) = state?;
        let page = match page {
            Ok(page) => page,
            Err(error) => return Some((Err(error), None)),
        };
        let text = head + &write(&page.records);
        let Some(next) = page.next else { return Some((Ok(text), None)) };
        let following = store.records(filter.clone(), Some(next), EXPORT_PAGE).await;
        Some((Ok(text), Some((store, filter, following, String::new()))))
    });
    Ok(([(CONTENT_TYPE, media_type)], Body::from_stream(pages)).into_response())
}

fn lines(records: &[Record]) -> String {
    let line = |record: &Record| serde_json::to_string(record).map(|line| line + "\n").unwrap_or_default();
    records.iter().map(line).collect()
}

fn csv(records: &[Record]) -> String {
    records.iter().map(|record| csv_line(&record.cells())).collect()
}

/// One line as RFC 4180 has it.
fn csv_line<T: AsRef<[u8]>>(cells: &[T]) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing into memory fails never; what is text stays text.
    let _ = writer.write_record(cells);
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// `?tenant=&number=`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordQuery {
    /// Whose; without it the token's own tenant, else `default`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    tenant: Option<String>,
    /// With the full number, which needs the role `disclose` and is audited.
    #[schemars(with = "Option<bool>")]
    number: Option<String>,
}

/// `GET /v1/records/{id}`: the record of one job.
pub(super) async fn show(
    State(front): State<Front>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<RecordQuery>,
) -> Result<Json<Record>, Problem> {
    let key = JobKey { tenant: caller.reads(query.tenant)?, id };
    let discloses_to = match query.number.as_deref() {
        None | Some("false") => None,
        Some("true") => {
            caller.must(Role::Disclose)?;
            Some(caller.actor())
        }
        Some(_) => return Err(Problem::field("number", "neither true nor false", "send number=true")),
    };
    let record = front.store.record(key, discloses_to, (front.now)()).await?;
    record.map(Json).ok_or_else(no_such_job)
}

/// `?tenant=&user=`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EraseQuery {
    /// Whose; without it the token's own tenant, else `default`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    tenant: Option<String>,
    /// The user, as the jobs named it.
    #[schemars(required, length(min = 1))]
    user: Option<String>,
}

/// What was erased.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Erased {
    /// How many records.
    erased: usize,
}

/// `DELETE /v1/records?user=`: forgets a user.
pub(super) async fn erase(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<EraseQuery>,
) -> Result<Json<Erased>, Problem> {
    let tenant = caller.changes(Role::Operate, query.tenant)?;
    let user = query.user.filter(|user| !user.is_empty());
    let user = user.ok_or_else(|| Problem::field("user", "the parameter is missing", "send user=NAME"))?;
    let erased = front.store.erase_user(tenant, user, caller.actor(), (front.now)()).await?;
    Ok(Json(Erased { erased }))
}

/// `?tenant=&by=&from=&to=`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TallyQuery {
    /// The tenant, or `*` for every one.
    #[schemars(regex(pattern = r"^(\*|[A-Za-z0-9_-]{1,64})$"))]
    tenant: Option<String>,
    /// What to count by; `country` without it.
    #[schemars(with = "Option<TallyBy>")]
    by: Option<String>,
    /// Finished then or later, RFC 3339.
    #[schemars(with = "Option<UnixMs>")]
    from: Option<String>,
    /// Finished before then, RFC 3339.
    #[schemars(with = "Option<UnixMs>")]
    to: Option<String>,
}

/// The answer of `GET /v1/statistics`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Statistics {
    /// What was counted by.
    by: TallyBy,
    /// One each, in the order of their names.
    tallies: Vec<Tally>,
}

/// `GET /v1/statistics`: asked, rung, answered, verified, reasons.
pub(super) async fn statistics(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<TallyQuery>,
) -> Result<Json<Statistics>, Problem> {
    let by = query.by.as_deref().map_or(Some(TallyBy::Country), TallyBy::from_name);
    let by = by.ok_or_else(|| {
        let names = TallyBy::ALL.map(TallyBy::name).join(", ");
        Problem::field("by", "nothing is counted by this", format!("send one of {names}"))
    })?;
    let filter = RecordFilter {
        tenant: caller.reads_any(query.tenant)?.tenant().map(str::to_owned),
        from: moment("from", query.from)?,
        to: moment("to", query.to)?,
        ..RecordFilter::default()
    };
    Ok(Json(Statistics { by, tallies: front.store.tally(filter, by).await? }))
}

/// `?tenant=&limit=`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    /// The tenant, or `*` for every one.
    #[schemars(regex(pattern = r"^(\*|[A-Za-z0-9_-]{1,64})$"))]
    tenant: Option<String>,
    /// At most so many.
    #[schemars(with = "Option<u32>", range(min = 1, max = LARGEST_PAGE))]
    limit: Option<String>,
}

/// The answer of `GET /v1/audit`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Acts {
    /// The latest first.
    acts: Vec<Audited>,
}

/// `GET /v1/audit`: who made tokens, saw numbers, erased users.
pub(super) async fn audit(
    State(front): State<Front>,
    caller: Caller,
    Params(query): Params<AuditQuery>,
) -> Result<Json<Acts>, Problem> {
    caller.must(Role::Operate)?;
    let scope = caller.reads_any(query.tenant)?;
    let limit = number("limit", query.limit.as_deref(), DEFAULT_PAGE, 1..=LARGEST_PAGE)?;
    Ok(Json(Acts { acts: front.store.audit(scope, limit as usize).await? }))
}
