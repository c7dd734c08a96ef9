//! `octothorpe results`: follows the verdicts, and acknowledges what it has printed.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Common;
use super::client::{Client, ClientArgs};
use super::exit::{Exit, Failure, Outcome};
use super::output::Output;
use super::show::text;

/// One poll; the front door waits up to 60 s.
const POLL: Duration = Duration::from_secs(30);
/// Between two tries while the gateway is away.
const AWAY: Duration = Duration::from_secs(2);

/// Arguments of `results`.
#[derive(Debug, Args)]
pub struct ResultsArgs {
    /// Under which name to read: each name has its own place in the sequence, kept by the gateway
    #[arg(long, value_name = "NAME", default_value = "cli")]
    consumer: String,
    /// End when no result has come for so long; 0 prints what is there [default: follow]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u32>,
    #[command(flatten)]
    client: ClientArgs,
}

/// Follows the results of a tenant.
pub(super) async fn run(args: &ResultsArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::new(&args.client, common)?;
    let patience = args.wait.map(|seconds| Duration::from_secs(seconds.into()));
    let mut last = Instant::now();
    let mut met = false;
    loop {
        let left = patience.map(|patience| patience.saturating_sub(last.elapsed()));
        match poll(&client, &args.consumer, left.unwrap_or(POLL).min(POLL)).await {
            Ok(batch) if batch.is_empty() && left.is_some_and(|left| left <= POLL) => return Ok(Exit::Done),
            Ok(batch) if batch.is_empty() => met = true,
            Ok(batch) => {
                print_and_ack(&client, &args.consumer, &batch, output).await?;
                (met, last) = (true, Instant::now());
            }
            // Who follows without an end stays through a restart of the gateway.
            Err(away) if away.exit == Exit::CannotRun && met && patience.is_none() => {
                output.note(&format!("{}; trying again", away.message));
                tokio::time::sleep(AWAY).await;
            }
            Err(failure) => return Err(failure),
        }
    }
}

async fn poll(client: &Client, consumer: &str, wait: Duration) -> Result<Vec<Value>, Failure> {
    // Rounded up, so that the last part of a second is not spent in polls that do not wait.
    let seconds = wait.as_millis().div_ceil(1000).to_string();
    let query = [("consumer", consumer), ("wait", seconds.as_str())];
    let mut page = client.get(&["v1", "results"], &query, wait).await?.object()?;
    let Value::Array(results) = page["results"].take() else {
        return Err(Failure::cannot_run("the gateway answered something else than results"));
    };
    Ok(results)
}

/// Acknowledged is only what has left through standard output.
async fn print_and_ack(
    client: &Client,
    consumer: &str,
    batch: &[Value],
    output: &mut Output,
) -> Result<(), Failure> {
    for published in batch {
        print(&published["result"], output)?;
    }
    let Some(last) = batch.last() else { return Ok(()) };
    let ack = json!({ "consumer": consumer, "cursor": last["cursor"] });
    client.post(&["v1", "results", "ack"], ack.to_string().into_bytes()).await?.object().map(drop)
}

fn print(result: &Value, output: &mut Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.object(result);
    }
    let [time, job, verdict, reason, to] =
        ["finished_at", "job", "verdict", "reason", "to"].map(|name| text(&result[name]));
    let verdict = output.verdict(&verdict).into_owned();
    output.line(&format!("{time}  {job:<26}  {verdict} ({reason})  {to}"))
}
