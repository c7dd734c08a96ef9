//! A job's events as lines, its ladder and its figures: what `call` and `demo` tell.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use tokio::sync::broadcast;

use super::exit::{Exit, Failure};
use super::output::{Output, clean};
use crate::gateway::observer::{JobEvent, News, Rung};
use crate::gateway::{Gateway, clock};
use crate::job::{Job, JobKey, UnixMs};
use crate::queue::{JobStore, Store, Submitted};
use crate::reason::Verdict;
use crate::report::progress::Progress;
use crate::report::record::{AttemptRecord, JobResult, KeyRecord};

/// Rungs kept for the ladder; a call of the script has about ten.
const RUNGS: usize = 256;

/// Hands a job in and tells it until its call has ended.
pub(super) async fn tell_job(
    gateway: &Gateway,
    store: &Store,
    job: Job,
    output: &mut Output,
) -> Result<Story, Failure> {
    let mut events = gateway.observer().watch_with_ladder();
    let story = Story::new(job.key.clone(), clock::now());
    match store.submit(job, clock::wall()).await {
        Ok(Submitted::New(_) | Submitted::Same(_)) => {}
        Ok(other) => return Err(Failure::cannot_run(format!("the job was not taken in: {other:?}"))),
        Err(error) => return Err(Failure::cannot_run(error.to_string())),
    }
    Ok(story.follow(&mut events, output).await?)
}

/// What became of the job that was watched.
#[derive(Debug)]
pub(super) struct Story {
    job: JobKey,
    began: Instant,
    rungs: Vec<(Instant, Arc<Rung>)>,
    result: Option<Arc<JobResult>>,
    ended: Option<Arc<AttemptRecord>>,
}

#[derive(Serialize)]
struct Step<'a> {
    event: &'a str,
    job: &'a str,
    at: UnixMs,
}

#[derive(Serialize)]
struct Ended<'a> {
    event: &'a str,
    job: &'a str,
    attempt: &'a AttemptRecord,
    key: &'a Option<KeyRecord>,
}

impl Story {
    pub(super) fn new(job: JobKey, began: Instant) -> Story {
        Story { job, began, rungs: Vec::new(), result: None, ended: None }
    }

    /// Follows the job until its result is durable and its call has ended; tells each step.
    pub(super) async fn follow(
        mut self,
        events: &mut broadcast::Receiver<JobEvent>,
        output: &mut Output,
    ) -> io::Result<Story> {
        while !self.is_over() {
            match events.recv().await {
                Ok(event) if event.job == self.job => self.take(event, output)?,
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(lost)) => {
                    output.note(&format!("{lost} events not shown"))
                }
                Err(broadcast::error::RecvError::Closed) => break,
            }
        }
        Ok(self)
    }

    /// Done means verified.
    pub(super) fn exit(&self) -> Exit {
        let verified = self.result.as_ref().is_some_and(|result| result.verdict == Verdict::Verified);
        if verified { Exit::Done } else { Exit::Findings }
    }

    fn is_over(&self) -> bool {
        let dialled = |result: &Arc<JobResult>| !result.attempts.is_empty();
        match &self.result {
            Some(result) => self.ended.is_some() || !dialled(result),
            None => false,
        }
    }

    fn take(&mut self, event: JobEvent, output: &mut Output) -> io::Result<()> {
        match event.news {
            News::Progress(progress) => self.tell_progress(progress, event.at, event.instant, output),
            News::Message(rung) => {
                if self.rungs.len() < RUNGS {
                    self.rungs.push((event.instant, rung));
                }
                Ok(())
            }
            News::Finished(result) => {
                self.result = Some(result);
                self.tell_progress(Progress::Finished, event.at, event.instant, output)
            }
            News::FraudReported => self.tell_aside("fraud_reported", event.at, event.instant, output),
            News::Blocked => self.tell_aside("blocked", event.at, event.instant, output),
            News::Ended(attempt, key) => {
                self.tell_progress(Progress::Ended, event.at, event.instant, output)?;
                if output.is_json() {
                    let (attempt, key) = (&*attempt, &key);
                    output.object(&Ended { event: "attempt_ended", job: &self.job.id, attempt, key })?;
                }
                self.ended = Some(attempt);
                Ok(())
            }
        }
    }

    fn tell_progress(
        &self,
        progress: Progress,
        at: UnixMs,
        instant: Instant,
        output: &mut Output,
    ) -> io::Result<()> {
        if output.is_json() {
            return output.object(&Step { event: progress.name(), job: &self.job.id, at });
        }
        let told = match (progress, &self.result) {
            (Progress::Finished, Some(result)) => {
                let verdict = word(&result.verdict);
                format!("finished   {} ({})", output.verdict(&verdict), word(&result.reason))
            }
            (progress, _) => progress.name().replace('_', " "),
        };
        output.line(&format!("{:>8.3} s  {told}", self.seconds(instant)))
    }

    /// What happened beside the job's progress.
    fn tell_aside(
        &self,
        event: &'static str,
        at: UnixMs,
        instant: Instant,
        output: &mut Output,
    ) -> io::Result<()> {
        if output.is_json() {
            return output.object(&Step { event, job: &self.job.id, at });
        }
        output.line(&format!("{:>8.3} s  {}", self.seconds(instant), event.replace('_', " ")))
    }

    fn seconds(&self, at: Instant) -> f64 {
        at.saturating_duration_since(self.began).as_secs_f64()
    }

    /// The ladder, the media figures and the verdict; for machines the result alone.
    pub(super) fn tell_end(&self, output: &mut Output) -> io::Result<()> {
        let Some(result) = &self.result else { return Ok(()) };
        if output.is_json() {
            return output.object(&**result);
        }
        self.tell_ladder(output)?;
        let attempt = self.ended.as_deref().or(result.attempts.last());
        if let Some(attempt) = attempt {
            for line in figures(attempt) {
                output.line(&line)?;
            }
        }
        output.line("")?;
        let verdict = word(&result.verdict);
        output.line(&format!("verdict  {}  {}", output.verdict(&verdict), word(&result.reason)))?;
        if let Some(who) = &result.answered_by {
            output.line(&format!("who      {}", word(who)))?;
        }
        if let Some(key) = &result.key {
            let paths: Vec<String> = key.paths.iter().map(word).collect();
            output.line(&format!(
                "key      by {}, {} ms after the answer",
                paths.join(" and "),
                key.pressed_at_ms
            ))?;
        }
        output.line(&format!("message  {}", result.message))
    }

    fn tell_ladder(&self, output: &mut Output) -> io::Result<()> {
        if self.rungs.is_empty() {
            return Ok(());
        }
        output.line("")?;
        output.line("            gateway                        trunk")?;
        for (at, rung) in &self.rungs {
            let sdp = if rung.sdp { " (SDP)" } else { "" };
            let what = format!("{}{sdp}", clean(&rung.what));
            let arrow = if rung.sent { format!("|{what:-^30}>|") } else { format!("|<{what:-^30}|") };
            output.line(&format!("{:>8.3} s  {arrow}", self.seconds(*at)))?;
        }
        Ok(())
    }
}

/// The media figures of an attempt, for people.
fn figures(attempt: &AttemptRecord) -> Vec<String> {
    let mut lines = vec![String::new()];
    let status = attempt.sip_status.map(|status| format!(", SIP {status}")).unwrap_or_default();
    let reason = attempt.sip_reason.as_deref().unwrap_or_default();
    lines.push(format!("trunk    {}{status} {}", attempt.trunk, clean(reason)).trim_end().to_owned());
    let ms = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    lines.push(format!(
        "times    PDD {}, rang {}, answered after {}, ended after {}",
        ms(attempt.pdd_ms),
        ms(attempt.ringing_ms),
        ms(attempt.answered_ms),
        ms(attempt.ended_ms)
    ));
    if let Some(media) = &attempt.media {
        let codec = attempt.codec.as_deref().unwrap_or("no codec");
        let lost_sent = media.lost_sent.map_or_else(|| "unknown".to_owned(), |lost| lost.to_string());
        let mos = media.mos.map_or_else(|| "unknown".to_owned(), |mos| format!("{mos:.1} (G.107 estimate)"));
        lines.push(format!(
            "media    {codec}, sent {} (lost {lost_sent}), received {} (lost {}, late {}), jitter {:.1} ms, MOS {mos}",
            media.packets_sent, media.packets_received, media.lost_received, media.late, media.jitter_ms
        ));
    }
    lines
}

/// The contract's word for a value that is one.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
