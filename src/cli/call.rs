//! `octothorpe call NUMBER`: one call now, told as it happens.

use std::net::SocketAddr;

use clap::Args;

use rand::RngExt;
use serde_json::{Value, json};

use super::Common;
use super::exit::{Failure, Outcome};
use super::output::Output;
use super::start::{Scratch, Started, start};
use super::story::tell_job;
use crate::config::{Config, Listen};
use crate::gateway::{clock, job_rules};
use crate::job::{Job, JobRules};

/// Arguments of `call`.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// The number: + and country code; spaces, dots, dashes and brackets are allowed
    #[arg(value_name = "NUMBER")]
    pub number: String,
    /// By this trunk [default: by route]
    #[arg(long, value_name = "NAME")]
    pub trunk: Option<String>,
    /// The language to speak
    #[arg(long, value_name = "TAG")]
    pub locale: Option<String>,
    /// What the person has to do: confirm, challenge, code, or a whole mode as JSON. Digits that are not
    /// given are drawn and told
    #[arg(long, default_value = "confirm", value_name = "MODE", value_parser = mode)]
    pub mode: ModeArg,
    /// Whose PIN or sign-in it is
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Speak SIP from this address, for a trunk that admits only one port of ours [default: a free port]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub sip_listen: Option<SocketAddr>,
}

impl CallArgs {
    /// A trunk that is not there is wrong usage, and no call that failed.
    fn check_trunk(&self, config: &Config) -> Result<(), Failure> {
        let Some(name) = &self.trunk else { return Ok(()) };
        if config.trunks.iter().any(|trunk| trunk.name == *name) {
            return Ok(());
        }
        let names: Vec<&str> = config.trunks.iter().map(|trunk| trunk.name.as_str()).collect();
        Err(Failure::usage(format!(
            "--trunk {name}: there is no such trunk; there are: {}",
            names.join(", ")
        )))
    }

    fn job(&self, rules: &JobRules, output: &mut Output) -> Result<Job, Failure> {
        let mut order = json!({"to": self.number, "attempts": 1, "mode": self.mode.order(rules, output)});
        if let Some(trunk) = &self.trunk {
            order["trunk"] = json!(trunk);
        }
        if let Some(locale) = &self.locale {
            order["locale"] = json!(locale);
        }
        if let Some(user) = &self.user {
            order["user"] = json!(user);
        }
        let bytes = order.to_string();
        Job::read(bytes.as_bytes(), "default", clock::wall(), rand::random())
            .and_then(|job| rules.check(&job).map(|()| job))
            .map_err(|refused| Failure::usage(refused.to_string()))
    }
}

/// What the person has to do, as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum ModeArg {
    /// `confirm`.
    Confirm,
    /// `challenge`, with digits that are drawn.
    Challenge,
    /// `code`, with one that is drawn.
    Code,
    /// As a job has it.
    Whole(Value),
}

impl ModeArg {
    /// The mode as a job has it. Digits that were drawn are told: somebody has to show them.
    fn order(&self, rules: &JobRules, output: &mut Output) -> Value {
        match self {
            ModeArg::Confirm => json!({"type": "confirm"}),
            ModeArg::Challenge => {
                let digits = drawn(2, rules.fraud_key);
                output.note(&format!("to be keyed: {digits}"));
                json!({"type": "challenge", "digits": digits})
            }
            ModeArg::Code => {
                let code = drawn(6, rules.fraud_key);
                output.note(&format!("to be read out: {code}"));
                json!({"type": "code", "code": code})
            }
            ModeArg::Whole(mode) => mode.clone(),
        }
    }
}

/// Random digits that do not begin with the fraud key.
fn drawn(count: usize, fraud_key: char) -> String {
    let mut rng = rand::rng();
    let mut digit = || char::from(b'0' + rng.random_range(0..10_u8));
    loop {
        let digits: String = (0..count).map(|_| digit()).collect();
        if !digits.starts_with(fraud_key) {
            return digits;
        }
    }
}

fn mode(text: &str) -> Result<ModeArg, String> {
    if text.starts_with('{') {
        return serde_json::from_str(text).map(ModeArg::Whole).map_err(|error| error.to_string());
    }
    match text {
        "confirm" => Ok(ModeArg::Confirm),
        "challenge" => Ok(ModeArg::Challenge),
        "code" => Ok(ModeArg::Code),
        "pin" => Err("a PIN needs its verifier; give the whole mode as JSON".to_owned()),
        _ => Err("expected confirm, challenge, code, or a mode as JSON".to_owned()),
    }
}

/// Places the call and tells it; done means verified.
pub(super) async fn run(args: &CallArgs, common: &Common, output: &mut Output) -> Outcome {
    let mut config = common.load_config()?;
    let scratch = Scratch::new("call")?;
    config.queue = scratch.queue();
    config.sip.listen = listen(&config, args.sip_listen);
    args.check_trunk(&config)?;
    let job = args.job(&job_rules(&config), output)?;
    let Started { gateway, store } = start(config).await?;
    let story = tell_job(&gateway, &store, job, output).await?;
    story.tell_end(output)?;
    drop(store);
    gateway.shutdown().drain();
    gateway.finished().await;
    Ok(story.exit())
}

/// The configured addresses with free ports, so that `serve` can run beside; or the one that was
/// asked for, by every transport that is configured.
fn listen(config: &Config, wished: Option<SocketAddr>) -> Vec<Listen> {
    let moved = |listen: &Listen| {
        let free = SocketAddr::new(listen.address.ip(), 0);
        Listen { transport: listen.transport, address: wished.unwrap_or(free) }
    };
    let mut listen = Vec::new();
    // Their order stays: it is that in which transports are preferred.
    for address in config.sip.listen.iter().map(moved) {
        if !listen.contains(&address) {
            listen.push(address);
        }
    }
    listen
}
