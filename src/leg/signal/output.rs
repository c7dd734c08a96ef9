//! What a leg wants done: datagrams, events, records. Queued here until the gateway polls them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

use super::tokens::Tokens;
use crate::leg::record::LegRecord;
use crate::leg::{Cause, CauseKind, SignalEvent};
use crate::sip::message::{Transport, WriteError};
use crate::sip::transaction::Effects;

/// The other end of one hop: by which transport, and at which address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The transport.
    pub transport: Transport,
    /// The address. On TCP the gateway uses the connection that it has to there, else a new one.
    pub address: SocketAddr,
}

/// Bytes to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// By which transport.
    pub transport: Transport,
    /// Where to.
    pub destination: SocketAddr,
    /// One whole message.
    pub bytes: Bytes,
}

/// Whether there is anybody at a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetNews {
    /// The INVITE could not be delivered there, or nothing came back (RFC 3263 §4.3).
    Failed(Peer),
    /// A first response came.
    Answered(Peer),
}

/// A wish that the store keep something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordRequest {
    /// The INVITE is withheld until `handle_recorded` says that this is durable.
    BeforeInvite(LegRecord),
    /// The first 2xx came; its ACK has not waited.
    Answered(LegRecord),
}

/// The queues between a leg and the gateway.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    transmits: VecDeque<Transmit>,
    events: VecDeque<SignalEvent>,
    records: VecDeque<RecordRequest>,
}

impl Outbox {
    pub(super) fn transmit(&mut self, peer: &Peer, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        let transport = peer.transport.clone();
        self.transmits.push_back(Transmit { transport, destination: peer.address, bytes });
    }

    /// Sends what a transaction wants sent.
    pub(super) fn carry_out(&mut self, peer: &Peer, effects: &Effects) {
        if let Some(bytes) = &effects.send {
            self.transmit(peer, bytes.clone());
        }
    }

    pub(super) fn event(&mut self, event: SignalEvent) {
        self.events.push_back(event);
    }

    pub(super) fn events_extend(&mut self, events: impl IntoIterator<Item = SignalEvent>) {
        self.events.extend(events);
    }

    /// Tells the end of a leg.
    pub(super) fn end(&mut self, cause: Cause) {
        self.event(match cause.kind {
            CauseKind::HungUpByFar => SignalEvent::HungUp(cause),
            CauseKind::Refused
            | CauseKind::Unauthorised
            | CauseKind::TimedOut
            | CauseKind::HungUpByUs
            | CauseKind::NoUsableMedia
            | CauseKind::Transport => SignalEvent::Ended(cause),
        });
    }

    pub(super) fn record(&mut self, request: RecordRequest) {
        self.records.push_back(request);
    }

    pub(super) fn poll_transmit(&mut self) -> Option<Transmit> {
        pop(&mut self.transmits)
    }

    pub(super) fn poll_event(&mut self) -> Option<SignalEvent> {
        pop(&mut self.events)
    }

    pub(super) fn poll_record(&mut self) -> Option<RecordRequest> {
        pop(&mut self.records)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.transmits.is_empty() && self.events.is_empty() && self.records.is_empty()
    }
}

/// The first of a queue. One that is empty gives its room back: thousands of legs have nothing to say.
fn pop<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let first = queue.pop_front();
    if queue.is_empty() {
        *queue = VecDeque::new();
    }
    first
}

/// What a step of a leg works with: the moment, the random words, the queues.
pub(super) struct Cx<'a> {
    pub(super) now: Instant,
    pub(super) tokens: &'a mut Tokens,
    pub(super) out: &'a mut Outbox,
}

/// The wire form of a message of ours.
///
/// A value that would break out of its line cannot come from the reader; one from a configuration is
/// caught when the INVITE is written. What cannot be written is empty, and nothing empty is sent. The
/// bytes are copied to their length, since a transaction may keep them for 32 s.
pub(super) fn wire(written: Result<Vec<u8>, WriteError>) -> Bytes {
    written.map(|bytes| Bytes::copy_from_slice(&bytes)).unwrap_or_default()
}
