//! `octothorpe load`: many calls at a rate, and the figures of contract §8.

use std::net::SocketAddr;

use clap::Args;

/// Arguments of `load`.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// How many jobs
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: u32,
    /// New jobs a second
    #[arg(long, value_name = "PER_SECOND", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: u32,
    /// The far end, by SIP over UDP
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5070")]
    pub target: SocketAddr,
    /// Speak SIP from this address [default: a free port]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub sip_listen: Option<SocketAddr>,
}
