//! `octothorpe demo`: a gateway and an answering phone in one process.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::json;
use tokio::sync::broadcast;

use super::Common;
use super::exit::{Exit, Failure, Outcome};
use super::keys::{AnswerArg, Keys, PathArg};
use super::output::Output;
use super::start::{Scratch, Started, start};
use super::story::{tell_job, word};
use crate::config::{
    Config, Host, HttpConfig, Identity, Listen, MediaConfig, NumberFormat, PolicyConfig, PortRange,
    PromptsConfig, RingingSign, ScriptConfig, SipConfig, Target, Transport, Trunk,
};
use crate::gateway::media::Options;
use crate::gateway::observer::News;
use crate::gateway::{Gateway, clock};
use crate::job::Job;
use crate::phone::{Behaviour, Phone, PhoneConfig};
use crate::queue::{JobStore, Store, Submitted};
use crate::reason::Verdict;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Numbers of the demo begin so; no network has them.
const LAB: &str = "+1999";
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
    /// What the phone presses after the prompt
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
    let target = phone.address(Transport::Udp).ok_or_else(|| Failure::cannot_run("the phone has no address"))?;
    let Started { gateway, store } = start(config(&scratch, prompts(common)?, target)).await?;
    let exit = match args.calls {
        1 => {
            let story = tell_job(&gateway, &store, job(0)?, output).await?;
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
        listen: vec![Listen { transport: Transport::Udp, address: SocketAddr::new(LOOPBACK, 0) }],
        media: media(45_000, 59_999),
        engine: Options::default(),
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

fn media(first: u16, last: u16) -> MediaConfig {
    let ports = PortRange::new(first, last).expect("both ranges of the demo hold pairs");
    MediaConfig { ipv4: Some(LOOPBACK), ipv6: None, ports, advertise: None }
}

/// The packs of the configuration, if there is one; else those beside us.
fn prompts(common: &Common) -> Result<PathBuf, Failure> {
    if common.config.is_some() || common.config_path().exists() {
        return Ok(common.load_config()?.prompts.path);
    }
    Ok(PathBuf::from("prompts"))
}

fn config(scratch: &Scratch, prompts: PathBuf, target: SocketAddr) -> Config {
    let trunk = Trunk {
        name: "demo".into(),
        target: Target { host: Host::Ip(target.ip()), port: Some(target.port()), transport: Transport::Udp },
        account: None,
        number_format: NumberFormat::PlusE164,
        dial_prefix: String::new(),
        from_domain: None,
        identity: Identity::From,
        ringing: RingingSign::Ringing180,
        max_calls: None,
        max_cps: CALLS_A_SECOND,
        caller_ids: vec!["+14255550100".into()],
        ring_timeout: Duration::from_secs(30),
        max_call: Duration::from_secs(120),
    };
    Config {
        http: HttpConfig::default(),
        queue: scratch.queue(),
        sip: SipConfig {
            listen: vec![Listen { transport: Transport::Udp, address: SocketAddr::new(LOOPBACK, 0) }],
            advertise: None,
        },
        media: media(20_000, 34_999),
        prompts: PromptsConfig { path: prompts },
        script: ScriptConfig::default(),
        policy: PolicyConfig { countries: Vec::new(), test_prefixes: vec![LAB.into()] },
        trunks: vec![trunk],
    }
}

fn job(number: u32) -> Result<Job, Failure> {
    let order = json!({"to": format!("{LAB}{number:07}")});
    Job::read(order.to_string().as_bytes(), "default", clock::wall(), rand::random())
        .map_err(|refused| Failure::usage(refused.to_string()))
}

/// Many calls at a time: a bar on a terminal, and a count of reasons at the end.
async fn place(gateway: &Gateway, store: &Store, calls: u32, output: &mut Output) -> Result<Exit, Failure> {
    let mut events = gateway.observer().watch();
    for number in 0..calls {
        match store.submit(job(number)?, clock::wall()).await {
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
