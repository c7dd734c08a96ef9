//! Block lists as CSV: all good lines are taken, or none.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::block::{BlockKind, BlockOrder};
use crate::job::UnixMs;

/// The columns that a list may have; those that only an export fills in are read over.
const COLUMNS: [&str; 9] =
    ["kind", "value", "tenant", "reason", "actor", "created_at", "until", "id", "shown"];

/// What holds for the lines that do not say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDefaults {
    /// What kind.
    pub kind: BlockKind,
    /// For the jobs of this tenant only; `None` for everybody's.
    pub tenant: Option<String>,
    /// Why.
    pub reason: String,
    /// Who orders it.
    pub actor: String,
    /// It ends then; `None` never.
    pub until: Option<UnixMs>,
}

/// A line that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Which, from 1.
    pub line: u64,
    /// What is wrong, and what to do; never the value.
    pub problem: String,
}

/// A line by its number from 1: what it orders, or what is wrong with it.
type Line = (u64, Result<BlockOrder, String>);

/// Reads a list: with a line of column names (at least `value`), or one value a line.
///
/// # Errors
/// What is wrong with the list as a whole.
pub(super) fn read(text: &str, defaults: &ListDefaults) -> Result<Vec<Line>, String> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let mut columns: Option<Vec<String>> = None;
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| format!("the list is no CSV: {error}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        match &columns {
            None if is_heading(&record) => columns = Some(heading(&record)?),
            None => {
                columns = Some(vec!["value".to_owned()]);
                lines.push((line, order(&["value".to_owned()], &record, defaults)));
            }
            Some(columns) => lines.push((line, order(columns, &record, defaults))),
        }
    }
    Ok(lines)
}

fn is_heading(record: &StringRecord) -> bool {
    record.iter().any(|field| field == "value")
}

fn heading(record: &StringRecord) -> Result<Vec<String>, String> {
    let columns: Vec<String> = record.iter().map(str::to_owned).collect();
    match columns.iter().find(|column| !COLUMNS.contains(&column.as_str())) {
        Some(unknown) => {
            Err(format!("the list has a column {unknown:?}: the columns are {}", COLUMNS.join(", ")))
        }
        None => Ok(columns),
    }
}

fn order(columns: &[String], record: &StringRecord, defaults: &ListDefaults) -> Result<BlockOrder, String> {
    if record.len() != columns.len() {
        return Err(format!("the line has {} fields, expected {}", record.len(), columns.len()));
    }
    let field = |name: &str| {
        let place = columns.iter().position(|column| column == name);
        place.and_then(|place| record.get(place)).filter(|text| !text.is_empty())
    };
    let kind = match field("kind") {
        None => defaults.kind,
        Some(name) => {
            BlockKind::from_name(name).ok_or("`kind` is none of user, number, prefix, tenant and network")?
        }
    };
    let until = match field("until") {
        None => defaults.until,
        Some(time) => Some(
            UnixMs::from_rfc3339(time).ok_or("`until` is no time: write for example 2026-12-31T00:00:00Z")?,
        ),
    };
    let tenant = match field("tenant") {
        None => defaults.tenant.clone(),
        Some("*") => None,
        Some(tenant) => Some(tenant.to_owned()),
    };
    // Who may order for one tenant alone must not reach another by a list.
    if defaults.tenant.is_some() && tenant != defaults.tenant {
        return Err("`tenant` is another one than that of the request".to_owned());
    }
    let text = |name: &str, default: &str| field(name).unwrap_or(default).to_owned();
    Ok(BlockOrder {
        kind,
        value: field("value").ok_or("`value` is empty")?.to_owned(),
        tenant,
        reason: text("reason", &defaults.reason),
        actor: defaults.actor.clone(),
        until,
    })
}
