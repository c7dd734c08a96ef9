//! `octothorpe call NUMBER`: one call now, told as it happens.

use std::net::SocketAddr;

use clap::Args;

use super::exit::Failure;

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
    pub(super) fn refuse_unbuilt(&self) -> Result<(), Failure> {
        match self.mode.as_str() {
            "confirm" => Ok(()),
            mode => Err(Failure::not_built(&format!("call --mode {mode}"))),
        }
    }
}
