//! RTP streams of a capture: which datagrams are some, and what they hold.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use super::datagram::Datagram;
use super::signalling::Formats;
use crate::rtp::packet::Packet;
use crate::rtp::seq::Seq;
use crate::rtp::telephone_event::Payload;

/// Payload types without a fixed meaning (RFC 3551 §6).
const DYNAMIC: std::ops::RangeInclusive<u8> = 96..=127;
/// A packet whose number lies so little ahead of the one before belongs to the same stream.
const STEP: u16 = 100;
/// So many steps make a stream of what nobody described: chance does not.
const PROOF: u32 = 2;

/// From where to where datagrams went.
pub(super) type Route = (SocketAddr, SocketAddr);

/// All routes that may carry RTP.
#[derive(Debug, Default)]
pub(super) struct Flows {
    flows: HashMap<Route, Flow>,
}

/// What was seen on one route.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) route: Route,
    pub(super) first_at: Duration,
    pub(super) last_at: Duration,
    /// Packets that follow another closely.
    steps: u32,
    last_seq: Seq,
    types: BTreeMap<u8, Seen>,
    /// The first packet of which only the beginning was kept: its number, bytes kept, bytes sent.
    pub(super) snapped: Option<(u64, usize, usize)>,
}

/// What was seen of one payload type.
#[derive(Debug, Default)]
struct Seen {
    packets: u32,
    /// Those of them that may be telephone-events.
    events: u32,
}

impl Flows {
    /// Looks at a datagram.
    pub(super) fn take(&mut self, datagram: &Datagram<'_>) {
        let Some(packet) = Packet::read(&datagram.payload) else { return };
        let route = (datagram.from, datagram.to);
        let flow = self.flows.entry(route).or_insert_with(|| Flow {
            route,
            first_at: datagram.at,
            last_at: datagram.at,
            steps: 0,
            last_seq: packet.header.seq,
            types: BTreeMap::new(),
            snapped: None,
        });
        flow.take(datagram, &packet);
    }

    /// Those that are RTP streams, in order of their beginning; `is_named` tells addresses that a
    /// description named, where a single packet is proof enough.
    pub(super) fn streams(self, is_named: impl Fn(SocketAddr) -> bool) -> Vec<Flow> {
        let is_stream = |flow: &Flow| flow.steps >= PROOF || is_named(flow.route.1);
        let mut streams: Vec<Flow> = self.flows.into_values().filter(is_stream).collect();
        streams.sort_by_key(|flow| (flow.first_at, flow.route));
        streams
    }
}

impl Flow {
    fn take(&mut self, datagram: &Datagram<'_>, packet: &Packet<'_>) {
        let step = packet.header.seq.0.wrapping_sub(self.last_seq.0);
        self.steps += u32::from((1..=STEP).contains(&step));
        self.last_seq = packet.header.seq;
        self.last_at = datagram.at.max(self.last_at);
        let seen = self.types.entry(packet.header.payload_type).or_default();
        seen.packets += 1;
        seen.events += u32::from(packet.payload.len() == 4 && Payload::read(packet.payload).is_some());
        if datagram.sent > datagram.payload.len() {
            let snapped = (datagram.packet, datagram.payload.len(), datagram.sent);
            self.snapped.get_or_insert(snapped);
        }
    }

    /// The payload type that is telephone-event by its looks, for captures that do not say.
    pub(super) fn likely_events(&self, formats: &Formats) -> Option<u8> {
        let likely = |(number, seen): &(&u8, &Seen)| {
            DYNAMIC.contains(*number) && formats.codec(**number).is_none() && seen.events == seen.packets
        };
        self.types.iter().find(likely).map(|(number, _)| *number)
    }

    /// Whether there is anything in it to hear.
    pub(super) fn is_hearable(&self, formats: &Formats) -> bool {
        self.types.keys().any(|number| formats.codec(*number).is_some() || formats.events.contains(number))
    }

    /// The payload types that came.
    pub(super) fn types(&self) -> impl Iterator<Item = u8> + '_ {
        self.types.keys().copied()
    }
}
