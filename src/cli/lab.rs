//! A gateway in a lab of its own: no configuration but the prompts, one trunk on loopback.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde_json::json;

use super::Common;
use super::exit::Failure;
use super::start::Scratch;
use crate::config::{
    CallerIds, Config, Host, HttpConfig, KeysConfig, Listen, MediaConfig, PolicyConfig, PortRange,
    PromptsConfig, Rates, ScriptConfig, SipConfig, Target, Tenants, Transport, Trunk,
};
use crate::gateway::clock;
use crate::job::Job;

/// The lab's address.
pub(super) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Numbers of the lab begin so; no network has them.
const LAB: &str = "+1999";

/// The lab's configuration: media on these ports, one trunk to `target`.
pub(super) fn config(scratch: &Scratch, prompts: PathBuf, target: SocketAddr, max_cps: u32) -> Config {
    Config {
        http: HttpConfig::default(),
        queue: scratch.queue(),
        sip: SipConfig { listen: vec![free_port()], advertise: None },
        media: media(12_000, 37_999),
        prompts: PromptsConfig { path: prompts, ..PromptsConfig::default() },
        script: ScriptConfig::default(),
        keys: KeysConfig::default(),
        policy: PolicyConfig { test_prefixes: vec![LAB.into()], ..PolicyConfig::default() },
        tenants: Tenants::default(),
        rates: Rates::default(),
        trunks: vec![trunk(target, max_cps)],
    }
}

/// A free UDP port on loopback.
pub(super) fn free_port() -> Listen {
    Listen { transport: Transport::Udp, address: SocketAddr::new(LOOPBACK, 0) }
}

/// Media on loopback.
pub(super) fn media(first: u16, last: u16) -> MediaConfig {
    let ports = PortRange::new(first, last).expect("the ranges of the lab hold pairs");
    MediaConfig { ipv4: Some(LOOPBACK), ipv6: None, ports, advertise: None }
}

fn trunk(target: SocketAddr, max_cps: u32) -> Trunk {
    let target =
        Target { host: Host::Ip(target.ip()), port: Some(target.port()), transport: Some(Transport::Udp) };
    Trunk { max_cps, caller_ids: CallerIds::of(vec!["+14255550100".into()]), ..Trunk::to("lab", target) }
}

/// The packs of the configuration, if there is one; else those beside us.
pub(super) fn prompts(common: &Common) -> Result<PathBuf, Failure> {
    if common.config.is_some() || common.config_path().exists() {
        return Ok(common.load_config()?.prompts.path);
    }
    Ok(PathBuf::from("prompts"))
}

/// The job with this number; each has a phone number of its own.
pub(super) fn job(number: u32) -> Job {
    let order = json!({"to": format!("{LAB}{number:07}")}).to_string();
    Job::read(order.as_bytes(), "default", clock::wall(), rand::random()).expect("the lab's order is a job")
}
