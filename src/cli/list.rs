//! `octothorpe list`: jobs, oldest first.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::Common;
use super::client::{Client, ClientArgs};
use super::exit::{Exit, Failure, Outcome};
use super::output::{Output, table};
use super::show::text;

/// What the front door gives at most in one answer.
const PAGE: usize = 500;

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only jobs in this state, for instance `queued` or `finished`
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// At most so many jobs
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    client: ClientArgs,
}

/// Lists jobs, page by page.
pub(super) async fn run(args: &ListArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::new(&args.client, common)?;
    let heading = ["id", "state", "verdict", "reason", "to"].map(str::to_owned).to_vec();
    let mut rows = vec![heading];
    let mut left = args.limit as usize;
    let mut after = String::new();
    while left > 0 {
        let page = page(&client, args.state.as_deref(), &after, left.min(PAGE)).await?;
        let jobs = page["jobs"].as_array().map_or(&[][..], Vec::as_slice);
        left = left.saturating_sub(jobs.len());
        for job in jobs {
            if output.is_json() {
                output.object(job)?;
            } else {
                rows.push(row(job));
            }
        }
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    if !output.is_json() {
        for line in table(&rows) {
            output.line(&line)?;
        }
    }
    Ok(Exit::Done)
}

async fn page(client: &Client, state: Option<&str>, after: &str, limit: usize) -> Result<Value, Failure> {
    let limit = limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(state.map(|state| ("state", state)));
    query.extend((!after.is_empty()).then_some(("after", after)));
    client.get(&["v1", "calls"], &query, Duration::ZERO).await?.object()
}

fn row(job: &Value) -> Vec<String> {
    let result = &job["result"];
    vec![
        text(&job["id"]),
        text(&job["state"]),
        text(&result["verdict"]),
        text(&result["reason"]),
        text(&result["to"]),
    ]
}
