//! The receiving half: whose packets count, in which order, and what keys they hold.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use super::ear::{Ear, Place};
use super::said::Excerpt;
use super::terms::{Kind, Terms};
use crate::dsp::progress::TonePlan;
use crate::leg::MediaEvent;
use crate::leg::key::{Digit, Distrust, KeyPath, Press};
use crate::leg::pipe::Pipe;
use crate::rtp::jitter_buffer::{Arrival, Chunk, JitterBuffer, Outcome};
use crate::rtp::media_clock::MediaClock;
use crate::rtp::packet::{Header, Packet, Transform};
use crate::rtp::reception::{Reception, Validity};
use crate::rtp::seq::ExtSeq;
use crate::rtp::source::{Admission, SourceLock};
use crate::rtp::telephone_event;
use crate::rtp::timestamp::{RtpTimestamp, span_of};

/// Keys of strangers that are told.
const FOREIGN_KEYS: u8 = 8;

/// Audio packets, a second of them as most send it, after which another synchronisation source than the
/// first is one of the call: who only plays keys in, or plays old ones again, sends no sound before.
const PROBATION: u32 = 50;

/// All that listens on one line.
#[derive(Debug, Default)]
pub(super) struct Receiver {
    pub(super) lock: SourceLock,
    transform: Transform,
    stream: Option<Stream>,
    /// The synchronisation source whose keys count.
    trusted: Option<u32>,
    ear: Ear,
    totals: Totals,
    /// Presses of strangers that were told, and the last one's timestamp.
    foreign_keys: u8,
    foreign_press: Option<RtpTimestamp>,
}

/// One synchronisation source.
#[derive(Debug)]
struct Stream {
    reception: Reception,
    audio: u32,
    ring: JitterBuffer,
    clock: MediaClock,
    events: telephone_event::Receiver,
}

/// What a datagram was to its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Audio of the call.
    Audio,
    /// A key's event, or comfort noise.
    Other,
    /// Not of the call: dropped and counted.
    Nothing,
}

/// Counts over all streams of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Totals {
    /// Packets of ours, of any kind.
    pub(super) received: u64,
    /// Those of them that held audio.
    pub(super) audio: u64,
    pub(super) late: u64,
    pub(super) foreign: u64,
    /// Packets expected by earlier streams, and lost there.
    expected_before: u64,
    lost_before: u64,
}

impl Receiver {
    /// Tells voices, beeps and call tones from now on.
    pub(super) fn attend(&mut self, plan: &'static TonePlan) {
        self.ear.attend(plan);
    }

    /// Hands what is heard to another line too.
    pub(super) fn tap(&mut self, pipe: Arc<Pipe>) {
        self.ear.tap(pipe);
    }

    /// Audio is about to come.
    pub(super) fn prefetch_attention(&self) {
        self.ear.prefetch_attention();
    }

    /// Takes a datagram from the RTP port.
    pub(super) fn handle_packet(
        &mut self,
        now: Instant,
        from: SocketAddr,
        terms: &Terms,
        datagram: &mut [u8],
        tell: &mut impl FnMut(MediaEvent),
    ) -> Heard {
        let packet = self.transform.open(datagram).and_then(Packet::read);
        let known = packet.and_then(|packet| Some((packet, terms.kind(&packet.header)?)));
        let Some((packet, kind)) = known else {
            self.totals.foreign += 1;
            return Heard::Nothing;
        };
        match self.lock.admit(now, from) {
            Admission::Ours => {}
            Admission::NewlyOurs => {
                self.end_stream(tell);
                self.trusted = None;
            }
            Admission::Foreign => {
                self.totals.foreign += 1;
                self.tell_foreign(now, &packet, kind, tell);
                return Heard::Nothing;
            }
        }
        self.handle_ours(now, terms, &packet, kind, tell)
    }

    fn handle_ours(
        &mut self,
        now: Instant,
        terms: &Terms,
        packet: &Packet<'_>,
        kind: Kind,
        tell: &mut impl FnMut(MediaEvent),
    ) -> Heard {
        let is_audio = matches!(kind, Kind::Audio);
        let Some(seq) = self.number(now, &packet.header, is_audio, tell) else {
            self.totals.foreign += 1;
            return Heard::Nothing;
        };
        self.totals.received += 1;
        self.totals.audio += u64::from(is_audio);
        let heard = if is_audio { Heard::Audio } else { Heard::Other };
        let is_trusted = self.is_trusted();
        let tell = &mut |event| tell(trusted(event, is_trusted));
        let Some(stream) = &mut self.stream else { return heard };
        match kind {
            Kind::Event => stream.handle_event(now, packet, tell),
            Kind::Audio => {
                stream.audio = stream.audio.saturating_add(1);
                let end = packet.header.timestamp.plus(packet.payload.len() as u32);
                stream.clock.handle_packet(now, end);
            }
            Kind::ComfortNoise => {}
        }
        let arrival = Arrival {
            seq,
            timestamp: packet.header.timestamp,
            at: now,
            payload_type: packet.header.payload_type,
            audio: is_audio.then_some(packet.payload),
        };
        let Stream { ring, clock, .. } = stream;
        let ear = &mut self.ear;
        let outcome = ring.handle_packet(&arrival, &mut |chunk| hear(ear, terms, clock, chunk, tell));
        self.totals.late += u64::from(outcome == Outcome::Late);
        heard
    }

    /// The packet's extended number in its stream, which it may begin; `None` if it is doubtful.
    fn number(
        &mut self,
        now: Instant,
        header: &Header,
        is_audio: bool,
        tell: &mut impl FnMut(MediaEvent),
    ) -> Option<ExtSeq> {
        let validity = match &mut self.stream {
            Some(stream) => stream.reception.handle_packet(now, header, is_audio),
            None => Validity::Restarted,
        };
        match validity {
            Validity::Valid(seq) => Some(seq),
            Validity::Doubtful => None,
            Validity::Restarted => {
                self.end_stream(tell);
                let (reception, seq) = Reception::begin(now, header, is_audio);
                self.trusted.get_or_insert(header.ssrc);
                self.stream = Some(Stream::new(reception));
                Some(seq)
            }
        }
    }

    /// Whether the current stream's keys count.
    fn is_trusted(&mut self) -> bool {
        let Some(stream) = &self.stream else { return false };
        let ssrc = stream.reception.ssrc();
        if stream.audio >= PROBATION {
            self.trusted = Some(ssrc);
        }
        self.trusted == Some(ssrc)
    }

    /// Gives up holes of the ring whose time is over.
    pub(super) fn handle_timeout(&mut self, now: Instant, terms: &Terms, tell: &mut impl FnMut(MediaEvent)) {
        let is_trusted = self.is_trusted();
        let tell = &mut |event| tell(trusted(event, is_trusted));
        if let Some(Stream { ring, clock, .. }) = &mut self.stream {
            let ear = &mut self.ear;
            ring.handle_timeout(now, &mut |chunk| hear(ear, terms, clock, chunk, tell));
        }
        self.ear.handle_timeout(now, tell);
    }

    /// A stranger's key is told once a press, and no more often than anybody would read.
    fn tell_foreign(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        kind: Kind,
        tell: &mut impl FnMut(MediaEvent),
    ) {
        let press = packet.header.timestamp;
        if kind != Kind::Event || self.foreign_keys == FOREIGN_KEYS || self.foreign_press == Some(press) {
            return;
        }
        self.foreign_press = Some(press);
        self.foreign_keys += 1;
        tell(MediaEvent::Untrusted { why: Distrust::ForeignSource, began: now });
    }

    /// Learns what a packet of ours says that leaves now.
    pub(super) fn say(&mut self, now: Instant, terms: &Terms, excerpt: Excerpt<'_>) {
        self.ear.say(now, terms, excerpt);
    }

    /// Hears what waits in the ring: nothing follows.
    pub(super) fn finish(&mut self, terms: &Terms, tell: &mut impl FnMut(MediaEvent)) {
        let is_trusted = self.is_trusted();
        let tell = &mut |event| tell(trusted(event, is_trusted));
        if let Some(Stream { ring, clock, .. }) = &mut self.stream {
            let ear = &mut self.ear;
            ring.finish(&mut |chunk| hear(ear, terms, clock, chunk, tell));
        }
    }

    /// Counts a datagram that was dropped before anybody looked at it.
    pub(super) fn drop_foreign(&mut self) {
        self.totals.foreign += 1;
    }

    fn end_stream(&mut self, tell: &mut impl FnMut(MediaEvent)) {
        if let Some(stream) = self.stream.take() {
            self.totals.expected_before += stream.reception.expected();
            self.totals.lost_before += u64::try_from(stream.reception.lost()).unwrap_or(0);
            self.ear.finish(tell);
        }
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    /// The account of the current stream.
    pub(super) fn reception(&mut self) -> Option<&mut Reception> {
        self.stream.as_mut().map(|stream| &mut stream.reception)
    }

    /// Packets expected and lost over all streams.
    pub(super) fn expected_and_lost(&self) -> (u64, u64) {
        let now = self.stream.as_ref().map_or((0, 0), |stream| {
            let lost = u64::try_from(stream.reception.lost()).unwrap_or(0);
            (stream.reception.expected(), lost)
        });
        (self.totals.expected_before + now.0, self.totals.lost_before + now.1)
    }
}

impl Stream {
    fn new(reception: Reception) -> Stream {
        Stream {
            reception,
            audio: 0,
            ring: JitterBuffer::default(),
            clock: MediaClock::default(),
            events: telephone_event::Receiver::default(),
        }
    }

    fn handle_event(&mut self, now: Instant, packet: &Packet<'_>, tell: &mut impl FnMut(MediaEvent)) {
        let Some(payload) = telephone_event::Payload::read(packet.payload) else { return };
        let Packet { header, .. } = packet;
        let Some(heard) = self.events.handle_packet(header.timestamp, header.marker, payload) else {
            return;
        };
        let Some(digit) = Digit::from_event(heard.event) else { return };
        // Without audio to set the clock by, the packet itself tells how old the press is.
        let by_packet = now.checked_sub(span_of(u32::from(heard.since_onset))).unwrap_or(now);
        let by_clock = self.clock.instant(heard.onset);
        // A sender whose events run on another clock than its audio would move the press about.
        let near = |at: &Instant| {
            let apart = at.max(&by_packet).duration_since(*at.min(&by_packet));
            apart < super::line::BELIEVABLE
        };
        let began = by_clock.filter(near).unwrap_or(by_packet).min(now);
        tell(MediaEvent::Key(Press { digit, path: KeyPath::Rfc4733, began }));
    }
}

/// What is told of a key from a source that is not trusted.
fn trusted(event: MediaEvent, is_trusted: bool) -> MediaEvent {
    if let (MediaEvent::Key(press), false) = (&event, is_trusted) {
        return MediaEvent::Untrusted { why: Distrust::ForeignSource, began: press.began };
    }
    event
}

fn hear(
    ear: &mut Ear,
    terms: &Terms,
    clock: &MediaClock,
    chunk: Chunk<'_>,
    tell: &mut impl FnMut(MediaEvent),
) {
    match chunk {
        Chunk::Audio { payload_type, octets, end, arrived } => {
            if let Some(law) = terms.law_of(payload_type) {
                ear.hear(law, octets, Place { clock, end, arrived }, tell);
            }
        }
        Chunk::Lost(samples) => ear.miss(samples, clock, tell),
        Chunk::Unsent(samples) => ear.pause(samples, clock, tell),
    }
}
