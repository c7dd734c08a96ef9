//! The sending half: one packet a ptime, from the first agreement to the end.

use std::net::SocketAddr;
use std::time::Instant;

use rand::{Rng, RngExt as _};

use super::keypad::Keypad;
use super::playout::{Playout, Told};
use super::terms::Terms;
use crate::dsp::g711::Law;
use crate::leg::pipe::PipeEnd;
use crate::rtp::packet::{self, Header, MAX_PAYLOAD, Transform};
use crate::rtp::rtcp::Sent;
use crate::rtp::seq::Seq;
use crate::rtp::timestamp::RtpTimestamp;

/// Our outgoing stream.
#[derive(Debug)]
pub(super) struct Sender {
    ssrc: u32,
    seq: Seq,
    timestamp: RtpTimestamp,
    /// Whether the next packet follows a pause (RFC 3551 §4.1).
    marker: bool,
    held: bool,
    transform: Transform,
    sent: Sent,
    pub(super) playout: Playout,
    pub(super) keypad: Keypad,
    /// Another line that is said in place of the playout.
    bridged: Option<Box<PipeEnd>>,
}

impl Sender {
    /// A stream with random beginnings (RFC 3550 §5.1).
    pub(super) fn new(rng: &mut impl Rng) -> Sender {
        Sender {
            ssrc: rng.random(),
            seq: Seq(rng.random()),
            timestamp: RtpTimestamp(rng.random()),
            marker: true,
            held: false,
            transform: Transform::default(),
            sent: Sent::default(),
            playout: Playout::default(),
            keypad: Keypad::default(),
            bridged: None,
        }
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub(super) fn sent(&self) -> Sent {
        self.sent
    }

    /// The timestamp of now, for a sender report.
    pub(super) fn timestamp(&self) -> RtpTimestamp {
        self.timestamp
    }

    /// While held, silence is sent and nothing of the saying is consumed.
    pub(super) fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Says what another line hears from now on.
    pub(super) fn bridge(&mut self, says: PipeEnd) {
        self.bridged = Some(Box::new(says));
    }

    /// The packet of this tick; `None` while the far end does not want to hear us. Time goes on
    /// all the same, so that the timestamp stays true.
    pub(super) fn tick(
        &mut self,
        now: Instant,
        terms: &Terms,
        to: Option<SocketAddr>,
        buffer: &mut [u8],
        tell: &mut impl FnMut(Told<'_>),
    ) -> Option<(SocketAddr, usize)> {
        let samples = terms.samples;
        let begin = self.timestamp;
        self.timestamp = begin.plus(samples);
        let Some(to) = to.filter(|_| terms.sending) else {
            self.marker = true;
            return None;
        };
        let events = terms.send_events;
        let event = self.keypad.event(now, begin, samples, events.is_some());
        let len = match (event, events) {
            (Some(event), Some(payload_type)) => {
                let header = self.header(payload_type, event.marker, event.timestamp);
                self.write(&header, &event.payload, buffer)
            }
            (Some(_), None) | (None, _) => {
                let mut payload = [0; MAX_PAYLOAD];
                let payload = &mut payload[..samples as usize];
                self.fill(now, terms, payload, tell);
                let header = self.header(terms.send_payload, self.marker, begin);
                self.marker = false;
                self.write(&header, payload, buffer)
            }
        };
        Some((to, len))
    }

    fn fill(&mut self, now: Instant, terms: &Terms, payload: &mut [u8], tell: &mut impl FnMut(Told<'_>)) {
        let law = terms.law;
        if self.held {
            payload.fill(law.silence());
        } else {
            match &mut self.bridged {
                Some(bridged) => relay(bridged, law, payload),
                None => self.playout.fill(law, payload, tell),
            }
            self.keypad.sound(now, law, payload, terms.send_events.is_some());
        }
    }

    fn header(&self, payload_type: u8, marker: bool, timestamp: RtpTimestamp) -> Header {
        Header { payload_type, marker, seq: self.seq, timestamp, ssrc: self.ssrc }
    }

    fn write(&mut self, header: &Header, payload: &[u8], buffer: &mut [u8]) -> usize {
        let len = packet::write(header, payload, buffer);
        self.seq = self.seq.next();
        self.sent.packets += 1;
        self.sent.octets += payload.len() as u64;
        self.transform.protect(buffer, len)
    }
}

fn relay(bridged: &mut PipeEnd, law: Law, payload: &mut [u8]) {
    let mut pcm = [0; MAX_PAYLOAD];
    let pcm = &mut pcm[..payload.len().min(MAX_PAYLOAD)];
    bridged.read(pcm);
    law.encode_into(pcm, payload);
}
