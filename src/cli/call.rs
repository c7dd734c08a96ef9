//! `octothorpe call NUMBER`: one call now, told as it happens.

use std::net::SocketAddr;

use clap::Args;

use serde_json::json;

use super::Common;
use super::exit::{Failure, Outcome};
use super::output::Output;
use super::start::{Scratch, Started, start};
use super::story::tell_job;
use crate::config::{Config, Listen};
use crate::gateway::clock;
use crate::job::Job;

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
    /// What the person has to do
    #[arg(long, default_value = "confirm", value_parser = ["confirm", "challenge", "pin", "code"], hide_possible_values = true)]
    pub mode: String,
    /// Speak SIP from this address, for a trunk that admits only one port of ours [default: a free port]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub sip_listen: Option<SocketAddr>,
}

impl CallArgs {
    /// Refuses what the contract has and this version does not, by its name.
    fn refuse_unbuilt(&self) -> Result<(), Failure> {
        match self.mode.as_str() {
            "confirm" => Ok(()),
            mode => Err(Failure::not_built(&format!("call --mode {mode}"))),
        }
    }

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

    fn job(&self) -> Result<Job, Failure> {
        let mut order = json!({"to": self.number, "attempts": 1});
        if let Some(trunk) = &self.trunk {
            order["trunk"] = json!(trunk);
        }
        if let Some(locale) = &self.locale {
            order["locale"] = json!(locale);
        }
        let bytes = order.to_string();
        Job::read(bytes.as_bytes(), "default", clock::wall(), rand::random())
            .map_err(|refused| Failure::usage(refused.to_string()))
    }
}

/// Places the call and tells it; done means verified.
pub(super) async fn run(args: &CallArgs, common: &Common, output: &mut Output) -> Outcome {
    args.refuse_unbuilt()?;
    let mut config = common.load_config()?;
    let scratch = Scratch::new("call")?;
    config.queue = scratch.queue();
    config.sip.listen = listen(&config, args.sip_listen);
    args.check_trunk(&config)?;
    let job = args.job()?;
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
