//! `octothorpe demo`: a gateway and an answering phone in one process.

use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::json;
use tokio::sync::broadcast;

use super::Common;
use super::exit::{Exit, Failure, Outcome};
use super::keys::{AnswerArg, Keys, PathArg};
use super::lab;
use super::output::Output;
use super::start::{Scratch, Started, start};
use super::story::{tell_job, word};
use crate::config::Transport;
use crate::gateway::media::Options;
use crate::gateway::observer::News;
use crate::gateway::{Gateway, clock};
use crate::phone::{Behaviour, Phone, PhoneConfig};
use crate::queue::{JobStore, Store, Submitted};
use crate::reason::Verdict;

/// From the answer to the key: after the context of the prompt.
const AFTER: Duration = Duration::from_millis(3_500);
/// New calls a second.
const CALLS_A_SECOND: u32 = 50;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How many calls
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub calls: u32,
    /// What the phone presses after the prompt; a comma waits a second, as in "0#,,,,1"
    #[arg(long, value_name = "KEYS", default_value = "#")]
    pub press: Keys,
    /// By which path it presses
    #[arg(long, value_enum, default_value_t = PathArg::Rfc4733)]
    pub path: PathArg,
    /// Who or what answers
    #[arg(long, value_enum, default_value_t = AnswerArg::Human)]
    pub answer: AnswerArg,
}

/// Starts phone and gateway, places the calls, tells them. Done means that all verified.
pub(super) async fn run(args: &DemoArgs, common: &Common, output: &mut Output) -> Outcome {
    let scratch = Scratch::new("demo")?;
    let (phone, news) = Phone::start(phone_config(), behaviour(args))
        .await
        .map_err(|error| Failure::cannot_run(error.to_string()))?;
    // Nobody reads the phone's own events here: the gateway tells the story.
    drop(news);
    let target =
        phone.address(Transport::Udp).ok_or_else(|| Failure::cannot_run("the phone has no address"))?;
    let Started { gateway, store } =
        start(lab::config(&scratch, lab::prompts(common)?, target, CALLS_A_SECOND)).await?;
    let exit = match args.calls {
        1 => {
            let story = tell_job(&gateway, &store, lab::job(0), output).await?;
            story.tell_end(output)?;
            story.exit()
        }
        calls => place(&gateway, &store, calls, output).await?,
    };
    drop(store);
    gateway.shutdown().drain();
    gateway.finished().await;
    phone.stop().await;
    Ok(exit)
}

fn phone_config() -> PhoneConfig {
    PhoneConfig {
        listen: vec![lab::free_port()],
        media: lab::media(45_000, 59_999),
        engine: Options::default(),
        office: None,
    }
}

fn behaviour(args: &DemoArgs) -> Behaviour {
    Behaviour {
        answer: args.answer.into(),
        press: args.press.0.clone(),
        path: args.path.into(),
        after: AFTER,
        ..Behaviour::default()
    }
}

/// Many calls at a time: a bar on a terminal, and a count of reasons at the end.
async fn place(gateway: &Gateway, store: &Store, calls: u32, output: &mut Output) -> Result<Exit, Failure> {
    let mut events = gateway.observer().watch();
    for number in 0..calls {
        match store.submit(lab::job(number), clock::wall()).await {
            Ok(Submitted::New(_) | Submitted::Same(_)) => {}
            Ok(other) => return Err(Failure::cannot_run(format!("the job was not taken in: {other:?}"))),
            Err(error) => return Err(Failure::cannot_run(error.to_string())),
        }
    }
    let target = if output.is_json() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(calls.into()), target);
    let mut reasons = std::collections::BTreeMap::<String, u32>::new();
    let (mut finished, mut verified) = (0, 0);
    while finished < calls {
        match events.recv().await {
            Ok(event) => {
                if let News::Finished(result) = event.news {
                    finished += 1;
                    verified += u32::from(result.verdict == Verdict::Verified);
                    *reasons.entry(word(&result.reason)).or_default() += 1;
                    bar.inc(1);
                }
            }
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => break,
        }
    }
    bar.finish_and_clear();
    if output.is_json() {
        output.object(&json!({"calls": calls, "verified": verified, "reasons": reasons}))?;
    } else {
        for (reason, count) in &reasons {
            output.line(&format!("{count:>6}  {reason}"))?;
        }
        output.line(&format!("{verified} of {calls} calls verified"))?;
    }
    Ok(if verified == calls { Exit::Done } else { Exit::Findings })
}
