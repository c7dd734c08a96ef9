//! What the gateway tells about itself from time to time: plain records, never live state.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

/// The gateway at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GatewaySnapshot {
    /// Whether jobs that are taken in now are worked on.
    pub ready: bool,
    /// Whether it is shutting down: no new dial, no new job; calls finish.
    pub draining: bool,
    /// Calls in progress.
    pub calls: u32,
    /// Calls that ports and open files allow at one time.
    pub capacity: u32,
    /// How late the media tick was.
    pub lateness: Lateness,
    /// Everything that is counted, from the start of the process.
    pub counters: Vec<Counter>,
    /// The trunks, in the order of their names.
    pub trunks: Vec<TrunkSnapshot>,
}

/// How late the media tick was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lateness {
    /// Half of the ticks were not later.
    pub p50: Duration,
    /// 99 of 100 ticks were not later.
    pub p99: Duration,
    /// No tick was later.
    pub max: Duration,
}

/// One count that only grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// What is counted, in the words of a metric's name: `sip_datagrams_dropped`.
    pub name: &'static str,
    /// What it means, in one sentence without its full stop.
    pub help: &'static str,
    /// Which kind of it, where one name has several: `("reason", "busy")`. The kinds of one name
    /// share the label's name and its meaning.
    pub label: Option<(&'static str, String)>,
    /// How many.
    pub value: u64,
}

/// How a trunk does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrunkState {
    /// No call was sent there yet.
    Untried,
    /// The last call that was sent there was taken by the network.
    Up,
    /// The last call failed by the trunk's fault.
    Failing,
    /// It asked to be left alone for a while (RFC 3261 §20.33, Retry-After).
    Resting,
}

/// One trunk's state and figures (contract §6). A figure is null while there is nothing to reckon
/// it from.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Trunk", title = "Trunk")]
pub struct TrunkSnapshot {
    /// The trunk's name.
    pub name: String,
    /// How it does.
    pub state: TrunkState,
    /// Answer-seizure ratio, 0 to 1 (ITU-T E.425): answered calls of those sent.
    pub asr: Option<f64>,
    /// Average call duration, in seconds.
    pub acd_s: Option<f64>,
    /// Network effectiveness ratio, 0 to 1 (ITU-T E.425): calls that reached the callee's side,
    /// answered or not, of those sent.
    pub ner: Option<f64>,
    /// Post-dial delay that half of the calls did not exceed, in milliseconds.
    pub pdd_p50_ms: Option<u64>,
    /// Post-dial delay that 95 of 100 calls did not exceed, in milliseconds.
    pub pdd_p95_ms: Option<u64>,
    /// Verified calls of those answered, 0 to 1.
    pub verified_rate: Option<f64>,
    /// Keys that arrived damaged or not at all, as far as that can be told, of those pressed, 0 to 1.
    pub key_loss: Option<f64>,
    /// Mean estimated listening quality (ITU-T G.107 mapped to MOS).
    pub mos: Option<f64>,
    /// New calls in the last second.
    pub cps: u32,
    /// Calls in use.
    pub channels: u32,
}
