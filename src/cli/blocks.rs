//! `octothorpe blocks`: who is blocked, as a table, as CSV for `block --list`, or what was done.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::Common;
use super::block::{KindArg, ScopeArg};
use super::client::{Client, ClientArgs};
use super::exit::{Exit, Failure, Outcome};
use super::output::{Output, table};
use super::show::text;
use crate::policy::BlockKind;

/// Blocks of one answer.
const PAGE: &str = "1000";
const COLUMNS: [&str; 9] =
    ["kind", "value", "shown", "tenant", "reason", "actor", "created_at", "until", "id"];

/// Arguments of `blocks`.
#[derive(Debug, Args)]
pub struct BlocksArgs {
    /// Only of this kind
    #[arg(long, value_enum, value_name = "KIND")]
    kind: Option<KindArg>,
    /// Only this one, as it was blocked
    #[arg(long, value_name = "VALUE", requires = "kind")]
    value: Option<String>,
    /// As CSV; users and numbers stand there keyed, so that only this gateway can take them in again
    #[arg(long, conflicts_with = "audit")]
    csv: bool,
    /// What was blocked and unblocked by whom, the latest first
    #[arg(long, conflicts_with_all = ["kind", "value"])]
    audit: bool,
    /// For whose jobs: all tells those of every tenant
    #[arg(long, value_enum, value_name = "SCOPE", default_value = "all")]
    scope: ScopeArg,
    #[command(flatten)]
    client: ClientArgs,
}

/// Lists blocks, page by page.
pub(super) async fn run(args: &BlocksArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::new(&args.client, common)?;
    let client = if args.scope == ScopeArg::All { client.for_tenant("*") } else { client };
    if args.audit {
        return audit(&client, output).await;
    }
    let rows = all(&client, &["v1", "blocks"], "blocks", "after", &filter(args)).await?;
    if output.is_json() {
        rows.iter().try_for_each(|block| output.object(block))?;
    } else if args.csv {
        print_csv(&rows, output)?;
    } else {
        let shown = ["kind", "shown", "tenant", "until", "reason", "actor", "id"];
        print(&shown, &rows, output)?;
    }
    Ok(Exit::Done)
}

fn filter(args: &BlocksArgs) -> Vec<(&'static str, String)> {
    let kind = args.kind.map(|kind| ("kind", BlockKind::from(kind).name().to_owned()));
    let value = args.value.clone().map(|value| ("value", value));
    kind.into_iter().chain(value).collect()
}

async fn audit(client: &Client, output: &mut Output) -> Outcome {
    let entries = all(client, &["v1", "blocks", "audit"], "entries", "before", &[]).await?;
    if output.is_json() {
        entries.iter().try_for_each(|entry| output.object(entry))?;
        return Ok(Exit::Done);
    }
    let mut rows =
        vec![["at", "action", "kind", "shown", "tenant", "actor", "reason"].map(str::to_owned).to_vec()];
    for entry in &entries {
        let block = &entry["block"];
        let fields = [&entry["at"], &entry["action"], &block["kind"], &block["shown"], &block["tenant"]];
        let mut row: Vec<String> = fields.into_iter().map(text).collect();
        row.extend([text(&entry["actor"]), text(&entry["reason"])]);
        rows.push(row);
    }
    table(&rows).iter().try_for_each(|line| output.line(line))?;
    Ok(Exit::Done)
}

/// Every page of a list.
async fn all(
    client: &Client,
    path: &[&str],
    list: &str,
    place: &'static str,
    filter: &[(&'static str, String)],
) -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::new();
    let mut next = String::new();
    loop {
        let mut query: Vec<(&str, &str)> =
            filter.iter().map(|(name, value)| (*name, value.as_str())).collect();
        query.push(("limit", PAGE));
        query.extend((!next.is_empty()).then_some((place, next.as_str())));
        let mut page = client.get(path, &query, Duration::ZERO).await?.object()?;
        if let Value::Array(found) = page[list].take() {
            rows.extend(found);
        }
        match page["next"].as_str() {
            Some(after) => next = after.to_owned(),
            None => return Ok(rows),
        }
    }
}

fn print(columns: &[&str], blocks: &[Value], output: &mut Output) -> std::io::Result<()> {
    let heading = columns.iter().map(|column| (*column).to_owned()).collect();
    let row = |block: &Value| columns.iter().map(|column| text(&block[column])).collect();
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain(blocks.iter().map(row)).collect();
    table(&rows).iter().try_for_each(|line| output.line(line))
}

fn print_csv(blocks: &[Value], output: &mut Output) -> Result<(), Failure> {
    let broken = |error: &dyn std::fmt::Display| Failure::cannot_run(format!("no CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|error| broken(&error))?;
    for block in blocks {
        let is_prefix = block["kind"] == BlockKind::Prefix.name();
        // A prefix is kept by its digits and ordered with its +, as it is shown.
        let source =
            |column: &str| if is_prefix && column == "value" { &block["shown"] } else { &block[column] };
        let field = |column: &&str| match (source(column), *column) {
            (Value::Null, "tenant") => "*".to_owned(),
            (Value::String(text), _) => text.clone(),
            (_, _) => String::new(),
        };
        writer.write_record(COLUMNS.iter().map(field)).map_err(|error| broken(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| broken(&error))?;
    for line in String::from_utf8_lossy(&bytes).lines() {
        output.line(line)?;
    }
    Ok(())
}
