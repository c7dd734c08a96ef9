//! The first look at a capture: is there one call in it, and which streams are its own?

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use super::error::CaptureError;
use super::flow::{Flow, Flows, Route};
use super::signalling::{Formats, InfoKey, Signalling, SipCall};

/// What is to be heard: one call.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) streams: Vec<Stream>,
    /// What the call's payload types mean.
    pub(super) formats: Formats,
}

/// One stream of the call: what one party says.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// From where to where; `None` where keys came by INFO and no RTP was captured.
    pub(super) route: Option<Route>,
    /// Keys that its sender pressed by INFO.
    pub(super) info_keys: Vec<InfoKey>,
    /// The first packet of which only the beginning was kept: its number, bytes kept, bytes sent.
    pub(super) snapped: Option<(u64, usize, usize)>,
}

/// Judges what was seen in all `packets`.
pub(super) fn survey(signalling: Signalling, flows: Flows, packets: u64) -> Result<Survey, CaptureError> {
    let calls = signalling.calls;
    let all = flows.streams(|address| calls.iter().any(|call| call.names(address)));
    let call = the_call(&calls, &all)?;
    let mut formats = call.map(|call| call.formats.clone()).unwrap_or_default();
    if formats.audio.is_empty() {
        formats.audio = Formats::of_static_types().audio;
    }
    for flow in &all {
        formats.add_events(flow.likely_events(&formats));
    }
    let (hearable, other): (Vec<Flow>, Vec<Flow>) =
        all.into_iter().partition(|flow| flow.is_hearable(&formats));
    one_pair(call, &hearable)?;
    let has_info = call.is_some_and(|call| !call.keys.is_empty());
    if hearable.is_empty() && !has_info {
        return Err(nothing(&other, packets));
    }
    let streams = hearable.iter().map(|flow| Stream {
        route: Some(flow.route),
        info_keys: Vec::new(),
        snapped: flow.snapped,
    });
    let mut streams: Vec<Stream> = streams.collect();
    if streams.is_empty() {
        streams.push(Stream::default());
    }
    for key in call.iter().flat_map(|call| call.keys.iter().map(move |key| (call, key))) {
        let (call, key) = key;
        let sender = streams.iter().position(|stream| stream.is_of_sender(call, key)).unwrap_or(0);
        streams[sender].info_keys.push(key.clone());
    }
    Ok(Survey { streams, formats })
}

impl Stream {
    fn is_of_sender(&self, call: &SipCall, key: &InfoKey) -> bool {
        self.route.is_some_and(|(from, _)| call.is_of_sender(key, from))
    }

    /// How it is told apart from others.
    pub(super) fn name(&self) -> String {
        self.route.map_or_else(|| "SIP INFO".to_owned(), |(from, to)| format!("{from} > {to}"))
    }
}

/// The one SIP call that has media or keys, if SIP was captured at all.
fn the_call<'a>(calls: &'a [SipCall], flows: &[Flow]) -> Result<Option<&'a SipCall>, CaptureError> {
    let touches = |call: &SipCall, flow: &Flow| call.names(flow.route.0) || call.names(flow.route.1);
    let is_real = |call: &&SipCall| !call.keys.is_empty() || flows.iter().any(|flow| touches(call, flow));
    let mut real = calls.iter().filter(is_real);
    match (real.next(), real.next()) {
        (Some(one), Some(other)) => {
            let what = format!("Call-IDs {} and {}", one.call_id, other.call_id);
            Err(CaptureError::SeveralCalls(what))
        }
        (call, _) => Ok(call),
    }
}

/// Refuses media of more than one pair of parties, unless the one call's descriptions name it all.
fn one_pair(call: Option<&SipCall>, flows: &[Flow]) -> Result<(), CaptureError> {
    let is_named =
        |flow: &Flow| call.is_some_and(|call| call.names(flow.route.0) || call.names(flow.route.1));
    if flows.iter().all(is_named) {
        return Ok(());
    }
    let hosts: BTreeSet<(IpAddr, IpAddr)> = flows.iter().map(|flow| ordered(hosts_of(flow.route))).collect();
    let mut hosts = hosts.iter();
    if let (Some(one), Some(other)) = (hosts.next(), hosts.next()) {
        let what = format!("media between {} and {}, and between {} and {}", one.0, one.1, other.0, other.1);
        return Err(CaptureError::SeveralCalls(what));
    }
    let groups = groups(flows);
    let is_two = groups
        .iter()
        .enumerate()
        .any(|(index, group)| groups[index + 1..].iter().any(|other| are_two_calls(group, other)));
    match groups.as_slice() {
        [one, other, rest @ ..] if is_two || !rest.is_empty() => {
            let what = format!("media {} > {}, and {} > {}", one[0].0, one[0].1, other[0].0, other[0].1);
            Err(CaptureError::SeveralCalls(what))
        }
        _ => Ok(()),
    }
}

/// Routes that share an address, together.
fn groups(flows: &[Flow]) -> Vec<Vec<Route>> {
    let mut groups: Vec<Vec<Route>> = Vec::new();
    for flow in flows {
        let shares = |route: &Route| {
            let ours: [SocketAddr; 2] = [flow.route.0, flow.route.1];
            ours.contains(&route.0) || ours.contains(&route.1)
        };
        let (near, mut far): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| group.iter().any(shares));
        let mut joined: Vec<Route> = near.into_iter().flatten().collect();
        joined.push(flow.route);
        far.push(joined);
        groups = far;
    }
    groups.sort();
    groups
}

/// Two groups are one call only if they are its two directions: a party that does not send from where
/// it receives.
fn are_two_calls(one: &[Route], other: &[Route]) -> bool {
    let (here, there) = (one[0], other[0]);
    let is_one_way =
        |group: &[Route]| group.iter().all(|route| route.0 == group[0].0 || route.1 == group[0].1);
    let opposed = hosts_of(here) == swapped(hosts_of(there));
    !(opposed && is_one_way(one) && is_one_way(other))
}

fn hosts_of(route: Route) -> (IpAddr, IpAddr) {
    (route.0.ip(), route.1.ip())
}

fn swapped((from, to): (IpAddr, IpAddr)) -> (IpAddr, IpAddr) {
    (to, from)
}

fn ordered((from, to): (IpAddr, IpAddr)) -> (IpAddr, IpAddr) {
    (from.min(to), from.max(to))
}

/// Why there is nothing to hear.
fn nothing(streams: &[Flow], packets: u64) -> CaptureError {
    let types: BTreeSet<u8> = streams.iter().flat_map(Flow::types).collect();
    if types.is_empty() {
        return CaptureError::NoCall { packets };
    }
    let types: Vec<String> = types.iter().map(u8::to_string).collect();
    CaptureError::Unhearable(types.join(", "))
}
