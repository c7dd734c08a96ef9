//! `/metrics`: the gateway's counts and gauges in the OpenMetrics text format that Prometheus reads.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::Front;
use super::caller::Caller;
use super::problem::Problem;
use crate::access::Role;
use crate::queue::JobStore;
use crate::report::snapshot::{Counter, GatewaySnapshot, TrunkSnapshot};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`: figures of the gateway and its trunks, so that they are for whoever may see those.
pub(super) async fn metrics(State(front): State<Front>, caller: Caller) -> Result<Response, Problem> {
    caller.must_for_all(Role::Read)?;
    let scrape = Scrape { gateway: front.gateway(), waiting: front.store.depth() };
    let mut registry = Registry::with_prefix("octothorpe");
    registry.register_collector(Box::new(scrape));
    let mut body = String::new();
    // Writing into a string fails only where a collector says so, and ours never does.
    text::encode(&mut body, &registry).expect("every metric is written");
    Ok(([(CONTENT_TYPE, OPENMETRICS)], body).into_response())
}

/// What one scrape tells.
#[derive(Debug)]
struct Scrape {
    gateway: Arc<GatewaySnapshot>,
    waiting: usize,
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let GatewaySnapshot { ready, draining, calls, capacity, lateness, counters, trunks } = &*self.gateway;
        gauge(&mut encoder, "ready", "Whether jobs are worked on", i64::from(*ready))?;
        gauge(&mut encoder, "draining", "Whether the gateway is shutting down", i64::from(*draining))?;
        gauge(&mut encoder, "calls", "Calls in progress", i64::from(*calls))?;
        gauge(&mut encoder, "capacity_calls", "Calls that ports and open files allow", i64::from(*capacity))?;
        gauge(&mut encoder, "waiting_jobs", "Jobs that wait to be claimed", self.waiting as i64)?;
        let help = "How late the media tick was";
        let quantiles = [("0.5", lateness.p50), ("0.99", lateness.p99), ("1", lateness.max)];
        let seconds = quantiles.map(|(quantile, late)| (quantile, late.as_secs_f64()));
        gauges(&mut encoder, "tick_lateness_seconds", help, "quantile", seconds)?;
        count(&mut encoder, counters)?;
        tell_trunks(&mut encoder, trunks)
    }
}

fn gauge<V>(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: V) -> fmt::Result
where
    V: EncodeGaugeValue,
{
    encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
}

/// Gauges of one name, told apart by a label; without any nothing is written.
fn gauges<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &'static str,
    values: impl IntoIterator<Item = (&'a str, f64)>,
) -> fmt::Result {
    let mut values = values.into_iter().peekable();
    if values.peek().is_none() {
        return Ok(());
    }
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (kind, value) in values {
        ConstGauge::new(value).encode(family.encode_family(&[(label, kind)])?)?;
    }
    Ok(())
}

/// The counters, those of one name together as the format wants it.
fn count(encoder: &mut DescriptorEncoder<'_>, counters: &[Counter]) -> fmt::Result {
    let mut sorted: Vec<&Counter> = counters.iter().collect();
    sorted.sort_by(|a, b| (a.name, &a.label).cmp(&(b.name, &b.label)));
    for family in sorted.chunk_by(|a, b| a.name == b.name) {
        let Some(first) = family.first() else { continue };
        let mut metric = encoder.encode_descriptor(first.name, first.help, None, MetricType::Counter)?;
        for counter in family {
            let value = ConstCounter::new(counter.value);
            match &counter.label {
                Some((label, kind)) => value.encode(metric.encode_family(&[(*label, kind.as_str())])?)?,
                None => metric.encode_counter::<NoLabels, _, u64>(&counter.value, None)?,
            }
        }
    }
    Ok(())
}

/// The label set of a counter that has none.
type NoLabels = [(&'static str, &'static str); 0];

/// One figure of a trunk.
type Figure = (&'static str, &'static str, fn(&TrunkSnapshot) -> Option<f64>);

const FIGURES: [Figure; 10] = [
    ("trunk_asr_ratio", "Answered calls of those sent", |trunk| trunk.asr),
    ("trunk_acd_seconds", "Average call duration", |trunk| trunk.acd_s),
    ("trunk_ner_ratio", "Calls that reached the callee's side of those sent", |trunk| trunk.ner),
    ("trunk_pdd_p50_seconds", "Post-dial delay, median", |trunk| trunk.pdd_p50_ms.map(seconds)),
    ("trunk_pdd_p95_seconds", "Post-dial delay, 95 of 100", |trunk| trunk.pdd_p95_ms.map(seconds)),
    ("trunk_verified_ratio", "Verified calls of those answered", |trunk| trunk.verified_rate),
    ("trunk_key_loss_ratio", "Keys lost of those pressed", |trunk| trunk.key_loss),
    ("trunk_mos", "Mean estimated listening quality", |trunk| trunk.mos),
    ("trunk_cps", "New calls in the last second", |trunk| Some(trunk.cps.into())),
    ("trunk_channels", "Calls in use", |trunk| Some(trunk.channels.into())),
];

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

fn tell_trunks(encoder: &mut DescriptorEncoder<'_>, trunks: &[TrunkSnapshot]) -> fmt::Result {
    for (name, help, figure) in FIGURES {
        let known = trunks.iter().filter_map(|trunk| Some((trunk.name.as_str(), figure(trunk)?)));
        gauges(encoder, name, help, "trunk", known)?;
    }
    Ok(())
}
