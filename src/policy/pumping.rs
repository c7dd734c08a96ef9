//! Prefixes that are called for the calls' sake, stopped.

use std::time::Duration;

use super::block::{Block, BlockKind, BlockOrder};
use super::change::{Change, Kind};
use super::engine::Engine;
use super::refusal::Refusal;
use super::ticket::Counted;
use super::traffic::{NewCall, Peak, Traffic, Width};
use crate::job::UnixMs;
use crate::reason::Reason;

/// Prefixes that are measured at a time.
const MOST_PREFIXES: usize = 1 << 16;
/// Longer than the past that a prefix is measured against.
const PEAKS_KEPT: Duration = Duration::from_secs(9 * 86_400);
/// Who stops it.
const ACTOR: &str = "octothorpe";

/// A prefix that was stopped: ops have to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The prefix, digits.
    pub prefix: String,
    /// The signals.
    pub why: String,
    /// The block, to be made durable.
    pub changes: Vec<Change>,
}

impl Engine {
    /// The prefixes that were stopped since this was asked last.
    pub fn take_alerts(&mut self) -> Vec<Alert> {
        std::mem::take(&mut self.alerts)
    }

    /// Takes in a row of [`Kind::Prefix`] that an earlier run left.
    pub fn restore_prefix(&mut self, key: &[u8], record: &[u8]) {
        if let (Ok(prefix), Ok(peaks)) =
            (std::str::from_utf8(key), serde_json::from_slice::<Vec<Peak>>(record))
        {
            self.prefixes.entry(prefix.to_owned()).or_default().restore(peaks);
        }
    }

    /// Whether the call's prefixes are sound; one that is pumped is stopped here and now.
    pub(super) fn is_no_pumping(&mut self, call: &Counted, now: UnixMs, wall: UnixMs) -> Result<(), Refusal> {
        if !call.new || !self.settings.policy.pumping.enabled {
            return Ok(());
        }
        let config = self.settings.policy.pumping.clone();
        let priced = self.settings.rates.dearest().is_some();
        let prefixes = [(&call.prefix, Width::Exchange), (&call.rate_prefix, Width::Listed)];
        for (prefix, width) in prefixes {
            let Some(traffic) = self.prefixes.get_mut(prefix).filter(|traffic| traffic.is_due(now)) else {
                continue;
            };
            let signals = traffic.signals(now);
            if signals.tell_pumping(width, priced, &config) {
                traffic.forget_hour();
                self.stop(prefix.clone(), signals.to_string(), wall);
                return Err(Refusal::new(Reason::PrefixRisk));
            }
        }
        Ok(())
    }

    fn stop(&mut self, prefix: String, why: String, wall: UnixMs) {
        let order = BlockOrder {
            kind: BlockKind::Prefix,
            value: format!("+{prefix}"),
            tenant: None,
            reason: format!("pumping: {why}"),
            actor: ACTOR.to_owned(),
            until: Some(wall.plus(self.settings.policy.pumping.stop)),
        };
        let Ok(block) = Block::read(order, &self.marker, wall) else { return };
        let blocking = self.blocking(vec![Block { spares_verified: true, ..block }], wall);
        self.apply(&blocking);
        self.alerts.push(Alert { prefix, why, changes: blocking.changes });
    }

    pub(super) fn count_new(&mut self, call: &Counted, now: UnixMs) {
        if !call.new {
            return;
        }
        let new = NewCall {
            at: call.at,
            number: call.number,
            user: call.user,
            client: call.client,
            outcome: call.outcome,
            charge: call.charge,
        };
        for prefix in prefixes_of(call) {
            if self.prefixes.len() >= MOST_PREFIXES && !self.prefixes.contains_key(prefix) {
                self.prefixes.retain(|_, traffic| !traffic.is_idle(now));
            }
            if self.prefixes.len() < MOST_PREFIXES || self.prefixes.contains_key(prefix) {
                self.prefixes.entry(prefix.to_owned()).or_default().add(new);
            }
        }
    }

    pub(super) fn end_new(&mut self, call: &Counted) {
        for prefix in prefixes_of(call) {
            if let Some(traffic) = self.prefixes.get_mut(prefix) {
                traffic.end(call.at, call.number, call.outcome, call.charge);
            }
        }
    }

    pub(super) fn uncount_new(&mut self, call: &Counted) {
        for prefix in prefixes_of(call) {
            if let Some(traffic) = self.prefixes.get_mut(prefix) {
                traffic.remove(call.at, call.number);
            }
        }
    }

    /// Forgets prefixes that nobody calls any more; what others are measured by is to be kept.
    pub(super) fn sweep_prefixes(&mut self, now: UnixMs) -> Vec<Change> {
        self.prefixes.retain(|_, traffic| !traffic.is_idle(now));
        let until = now.plus(PEAKS_KEPT);
        let row = |(prefix, traffic): (&String, &mut Traffic)| {
            let changed = std::mem::take(&mut traffic.changed);
            changed.then(|| Change::put(Kind::Prefix, prefix.clone().into_bytes(), until, &traffic.peaks()))
        };
        self.prefixes.iter_mut().filter_map(row).collect()
    }
}

/// The number less its last four digits, and the prefix of the price list.
fn prefixes_of(call: &Counted) -> impl Iterator<Item = &str> {
    let rate = Some(call.rate_prefix.as_str()).filter(|rate| !rate.is_empty() && *rate != call.prefix);
    [call.prefix.as_str()].into_iter().chain(rate).filter(|_| call.new)
}
