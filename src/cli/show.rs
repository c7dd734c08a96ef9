//! `octothorpe show ID`, and how one job looks to people.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::Common;
use super::client::{Client, ClientArgs};
use super::exit::{Exit, Outcome};
use super::output::{Output, clean, table};

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The job's id
    id: String,
    #[command(flatten)]
    client: ClientArgs,
}

/// Shows one job.
pub(super) async fn run(args: &ShowArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::new(&args.client, common)?;
    let answer = client.get(&["v1", "calls", &args.id], &[], Duration::ZERO).await?;
    print(&answer.object()?, output)?;
    Ok(Exit::Done)
}

/// Prints a job as `POST`, `GET` and `DELETE` answer it.
pub(super) fn print(job: &Value, output: &mut Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.object(job);
    }
    for line in table(&rows(job, output)) {
        output.line(&line)?;
    }
    Ok(())
}

/// The members that are known, each with its name.
fn rows(job: &Value, output: &Output) -> Vec<Vec<String>> {
    let result = &job["result"];
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            rows.push(vec![name.to_owned(), value]);
        }
    };
    row("id", text(&job["id"]));
    row("state", text(&job["state"]));
    let verdict = text(&result["verdict"]);
    if !verdict.is_empty() {
        row("verdict", format!("{} ({})", output.verdict(&verdict), text(&result["reason"])));
    }
    row("message", text(&result["message"]));
    row("to", text(&result["to"]));
    row("user", text(&result["user"]));
    row("fault", text(&result["fault"]));
    row("answered by", text(&result["answered_by"]));
    row("key", key(&result["key"]));
    row("input", text(&result["input"]));
    row("played", text(&result["locale_played"]));
    for attempt in result["attempts"].as_array().into_iter().flatten() {
        row("attempt", attempt_line(attempt));
    }
    row("accepted", text(&result["accepted_at"]));
    row("finished", text(&result["finished_at"]));
    rows
}

/// A value as text without quotes; empty for null.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => clean(text).into_owned(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn key(key: &Value) -> String {
    let paths: Vec<String> = key["paths"].as_array().into_iter().flatten().map(text).collect();
    match paths.is_empty() {
        true => String::new(),
        false => format!("{} after {} ms", paths.join(", "), text(&key["pressed_at_ms"])),
    }
}

/// One dial: trunk, what the network said, how it went.
fn attempt_line(attempt: &Value) -> String {
    let mut parts = vec![text(&attempt["trunk"])];
    let mut part = |label: &str, value: &Value, unit: &str| {
        let value = text(value);
        if !value.is_empty() {
            parts.push(format!("{label}{value}{unit}"));
        }
    };
    part("", &attempt["reason"], "");
    part("SIP ", &attempt["sip_status"], "");
    part("Q.850 ", &attempt["q850"], "");
    part("delay ", &attempt["pdd_ms"], " ms");
    part("answered ", &attempt["answered_ms"], " ms");
    part("ended ", &attempt["ended_ms"], " ms");
    part("", &attempt["codec"], "");
    part("MOS ", &attempt["media"]["mos"], "");
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_known_is_shown() {
        let output = Output::of_process(false);
        let waiting = json!({ "id": "a", "state": "queued", "result": null });
        assert_eq!(table(&rows(&waiting, &output)), ["id     a", "state  queued"]);
        let attempt =
            json!({ "trunk": "lab", "reason": "busy", "sip_status": 486, "q850": 17, "pdd_ms": null });
        assert_eq!(attempt_line(&attempt), "lab, busy, SIP 486, Q.850 17");
    }
}
