//! `octothorpe submit FILE|-`: one job, or one a line, to a running gateway.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::Common;
use super::client::{Answer, Client, ClientArgs};
use super::exit::{Exit, Failure, Outcome};
use super::output::Output;
use super::show::text;
use crate::job::MAX_JOB_BYTES;

/// How often a full or closing intake is tried again for one job.
const TRIES: u32 = 10;
/// No longer than this between two tries, whatever the gateway says.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Arguments of `submit`.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// A job as JSON, or several, one a line; `-` reads standard input
    #[arg(value_name = "FILE|-")]
    file: String,
    #[command(flatten)]
    client: ClientArgs,
}

/// Sends every job of the file and prints what became of each.
pub(super) async fn run(args: &SubmitArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::new(&args.client, common)?;
    let mut jobs = Jobs::of(open(&args.file)?);
    let mut worst = Exit::Done;
    while let Some(job) = jobs.next()? {
        match submit(&client, job, output).await {
            Ok(view) => print(&view, output)?,
            // A broken connection ends it all; a refused job does not stop the next.
            Err(failure) if failure.exit == Exit::CannotRun => return Err(jobs.at_line(failure)),
            Err(failure) => {
                let failure = jobs.at_line(failure);
                output.note(&failure.message);
                worst = worst.max(failure.exit);
            }
        }
    }
    match jobs.line {
        0 => Err(Failure::usage(format!("{}: there is no job in it", args.file))),
        _ => Ok(worst),
    }
}

fn open(file: &str) -> Result<Box<dyn BufRead>, Failure> {
    if file == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    match File::open(file) {
        Ok(handle) => Ok(Box::new(BufReader::new(handle))),
        Err(error) => Err(Failure::usage(format!("{file}: {error}"))),
    }
}

/// Sends one job; what is full or closing is tried again when it says so. No job was made then, so
/// that this is safe for a job without an id too.
async fn submit(client: &Client, job: Vec<u8>, output: &mut Output) -> Result<Value, Failure> {
    let mut answer: Answer = client.post(&["v1", "calls"], job.clone()).await?;
    for _ in 1..TRIES {
        let Some(pause) = answer.retry_after.filter(|_| matches!(answer.status, 429 | 503)) else { break };
        let pause = pause.min(LONGEST_PAUSE);
        output.note(&format!("the gateway takes no jobs now; trying again in {} s", pause.as_secs()));
        tokio::time::sleep(pause).await;
        answer = client.post(&["v1", "calls"], job.clone()).await?;
    }
    answer.object()
}

fn print(view: &Value, output: &mut Output) -> io::Result<()> {
    match output.is_json() {
        true => output.object(view),
        false => output.line(&format!("{}  {}", text(&view["id"]), text(&view["state"]))),
    }
}

/// The jobs of a file: one a line, or the file is one job on several lines.
struct Jobs {
    reader: Box<dyn BufRead>,
    /// The line that the last job began on; 0 before the first.
    line: usize,
    /// Lines read.
    read: usize,
    several: bool,
}

impl Jobs {
    fn of(reader: Box<dyn BufRead>) -> Jobs {
        Jobs { reader, line: 0, read: 0, several: false }
    }

    /// The next job's bytes as they stand; whether they are a job is the gateway's to say.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            let mut line = self.bytes_up_to(Some(b'\n'))?;
            if line.is_empty() {
                return Ok(None);
            }
            self.read += 1;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            self.line = self.read;
            // A first line that is no JSON by itself begins a job that goes on below it.
            let whole = serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_ok();
            if !whole && !self.several {
                line.extend(self.bytes_up_to(None)?);
            }
            self.several = true;
            return Ok(Some(line));
        }
    }

    /// Bytes up to and with the delimiter, or to the end; bounded, since no job is longer.
    fn bytes_up_to(&mut self, delimiter: Option<u8>) -> Result<Vec<u8>, Failure> {
        let limit = MAX_JOB_BYTES as u64 + 2;
        let mut bytes = Vec::new();
        let mut bounded = self.reader.by_ref().take(limit);
        let read = match delimiter {
            Some(delimiter) => bounded.read_until(delimiter, &mut bytes),
            None => bounded.read_to_end(&mut bytes),
        };
        read.map_err(|error| Failure::usage(format!("the jobs cannot be read: {error}")))?;
        if bytes.len() as u64 == limit {
            let line = self.read + 1;
            return Err(Failure::usage(format!(
                "line {line}: longer than the {MAX_JOB_BYTES} bytes of a job"
            )));
        }
        Ok(bytes)
    }

    /// Where there are several, says which one it was.
    fn at_line(&self, failure: Failure) -> Failure {
        Failure { exit: failure.exit, message: format!("line {}: {}", self.line, failure.message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(text: &str) -> Result<Vec<(usize, String)>, Failure> {
        let mut jobs = Jobs::of(Box::new(io::Cursor::new(text.to_owned())));
        let mut all = Vec::new();
        while let Some(job) = jobs.next()? {
            all.push((jobs.line, String::from_utf8(job).unwrap().trim().to_owned()));
        }
        Ok(all)
    }

    #[test]
    fn one_job_may_stand_on_several_lines_and_several_on_one_each() {
        assert_eq!(jobs("").unwrap(), []);
        assert_eq!(jobs("\n{\n\"to\": \"+1\"\n}\n").unwrap(), [(2, "{\n\"to\": \"+1\"\n}".to_owned())]);
        let lines = jobs("{\"a\":1}\n\n{\"b\":2}\n{\"c\":").unwrap();
        assert_eq!(
            lines,
            [(1, "{\"a\":1}".to_owned()), (3, "{\"b\":2}".to_owned()), (4, "{\"c\":".to_owned())]
        );
    }

    #[test]
    fn a_line_longer_than_any_job_is_refused_with_its_number() {
        let long = format!("{{}}\n{}", "x".repeat(MAX_JOB_BYTES + 2));
        assert!(jobs(&long).unwrap_err().message.starts_with("line 2: longer"));
        assert!(jobs(&format!("{{\n{}", " ".repeat(MAX_JOB_BYTES + 2))).is_err());
    }
}
