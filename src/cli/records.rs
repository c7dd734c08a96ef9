//! `octothorpe records`, `record`, `erase`, `stats` and `audit`: what became of jobs, beyond their results.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::Common;
use super::client::{Client, ClientArgs};
use super::exit::{Exit, Failure, Outcome};
use super::output::{Output, table};
use super::show::{self, text};

/// For an export of everything that is kept.
const EXPORT: Duration = Duration::from_secs(600);

/// Arguments of `records`.
#[derive(Debug, Args)]
pub struct RecordsArgs {
    #[command(flatten)]
    which: Which,
    /// Only of this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only that ended by this reason, for instance `no_answer`
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// Only with this verdict, for instance `denied`
    #[arg(long, value_name = "VERDICT")]
    verdict: Option<String>,
    /// All of them for another program: lines of JSON, or CSV with a heading
    #[arg(long, value_name = "FORMAT")]
    export: Option<Export>,
    /// At most so many, where they are not exported
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    #[command(flatten)]
    client: ClientArgs,
}

/// Of which time.
#[derive(Debug, Args)]
struct Which {
    /// Finished then or later, for instance 2026-11-22T00:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Finished before then
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Export {
    Jsonl,
    Csv,
}

/// Parameters that are given.
fn given<'a>(all: &[(&'a str, Option<&'a str>)]) -> Vec<(&'a str, &'a str)> {
    all.iter().filter_map(|(name, value)| Some((*name, (*value)?))).collect()
}

/// Lists or exports records.
pub(super) async fn run(args: &RecordsArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::new(&args.client, common)?;
    let limit = args.limit.to_string();
    let mut query = given(&[
        ("from", args.which.from.as_deref()),
        ("to", args.which.to.as_deref()),
        ("user", args.user.as_deref()),
        ("reason", args.reason.as_deref()),
        ("verdict", args.verdict.as_deref()),
    ]);
    if let Some(format) = args.export {
        query.push(("format", if matches!(format, Export::Csv) { "csv" } else { "jsonl" }));
        let exported = client.get(&["v1", "records"], &query, EXPORT).await?.text()?;
        output.streams().0.write_all(exported.as_bytes())?;
        return Ok(Exit::Done);
    }
    query.push(("limit", &limit));
    let page = client.get(&["v1", "records"], &query, Duration::ZERO).await?.object()?;
    let records = page["records"].as_array().map_or(&[][..], Vec::as_slice);
    if output.is_json() {
        records.iter().try_for_each(|record| output.object(record))?;
        return Ok(Exit::Done);
    }
    const COLUMNS: [&str; 7] = ["finished_at", "job", "user", "to", "verdict", "reason", "microsoft"];
    print(&COLUMNS, records, output)?;
    if !page["next"].is_null() {
        output.note("there are more; --export tells all, --from and --to a part of them");
    }
    Ok(Exit::Done)
}

/// Rows under a heading.
fn print(columns: &[&str], objects: &[Value], output: &mut Output) -> Result<(), Failure> {
    let mut rows = vec![columns.iter().map(|name| (*name).to_owned()).collect()];
    rows.extend(objects.iter().map(|object| columns.iter().map(|name| text(&object[*name])).collect()));
    table(&rows).iter().try_for_each(|line| output.line(line))?;
    Ok(())
}

/// Arguments of `record`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// The job's id
    id: String,
    /// With the full number; needs a token with `disclose`, and is audited
    #[arg(long)]
    number: bool,
    #[command(flatten)]
    client: ClientArgs,
}

/// Shows one record.
pub(super) async fn one(args: &RecordArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::new(&args.client, common)?;
    let query: &[(&str, &str)] = if args.number { &[("number", "true")] } else { &[] };
    let record = client.get(&["v1", "records", &args.id], query, Duration::ZERO).await?.object()?;
    if output.is_json() {
        output.object(&record)?;
        return Ok(Exit::Done);
    }
    let job = serde_json::json!({ "id": record["job"], "state": "finished", "result": record });
    show::print(&job, output)?;
    for name in ["microsoft", "number"] {
        if !record[name].is_null() {
            output.line(&format!("{name}  {}", text(&record[name])))?;
        }
    }
    Ok(Exit::Done)
}

/// Arguments of `erase`.
#[derive(Debug, Args)]
pub struct EraseArgs {
    /// The user, as the jobs named it
    #[arg(long, value_name = "NAME")]
    user: String,
    #[command(flatten)]
    client: ClientArgs,
}

/// Erases what is recorded of a user.
pub(super) async fn erase(args: &EraseArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::new(&args.client, common)?;
    let done = client.delete_with(&["v1", "records"], &[("user", &args.user)]).await?.object()?;
    match output.is_json() {
        true => output.object(&done)?,
        false => output.line(&format!("{} records erased", text(&done["erased"])))?,
    }
    Ok(Exit::Done)
}

/// Arguments of `stats`.
#[derive(Debug, Args)]
pub struct StatsArgs {
    /// What to count by: country, prefix, trunk, tenant or language
    #[arg(long, value_name = "WHAT", default_value = "country")]
    by: String,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    client: ClientArgs,
}

/// Counts how jobs went.
pub(super) async fn stats(args: &StatsArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::new(&args.client, common)?;
    let query = given(&[
        ("by", Some(args.by.as_str())),
        ("from", args.which.from.as_deref()),
        ("to", args.which.to.as_deref()),
    ]);
    let told = client.get(&["v1", "statistics"], &query, Duration::ZERO).await?.object()?;
    let tallies = told["tallies"].as_array().map_or(&[][..], Vec::as_slice);
    if output.is_json() {
        tallies.iter().try_for_each(|tally| output.object(tally))?;
        return Ok(Exit::Done);
    }
    let mut rows = vec![
        [args.by.as_str(), "asked", "rung", "answered", "verified", "reasons"].map(str::to_owned).to_vec(),
    ];
    rows.extend(tallies.iter().map(|tally| {
        let mut row: Vec<String> =
            ["of", "asked", "rung", "answered", "verified"].map(|name| text(&tally[name])).to_vec();
        let reasons = tally["reasons"].as_object().into_iter().flatten();
        row.push(reasons.map(|(reason, count)| format!("{reason} {count}")).collect::<Vec<_>>().join(", "));
        row
    }));
    table(&rows).iter().try_for_each(|line| output.line(line))?;
    Ok(Exit::Done)
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(flatten)]
    client: ClientArgs,
}

/// Shows who made tokens, saw numbers and erased users.
pub(super) async fn audit(args: &AuditArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::new(&args.client, common)?;
    let told = client.get(&["v1", "audit"], &[("limit", "500")], Duration::ZERO).await?.object()?;
    let acts = told["acts"].as_array().map_or(&[][..], Vec::as_slice);
    if output.is_json() {
        acts.iter().try_for_each(|act| output.object(act))?;
        return Ok(Exit::Done);
    }
    print(&["at", "actor", "action", "tenant", "about"], acts, output)?;
    Ok(Exit::Done)
}
