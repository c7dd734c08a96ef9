//! One captured stream through the line of a call: which keys a call would have heard, and by which
//! paths; beside it the tape, which knows where they lie.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::SmallRng;

use super::signalling::{Formats, InfoKey};
use super::survey::Stream;
use super::tape::Tape;
use crate::cli::replay::film::Film;
use crate::cli::replay::finding::{ByPath, Finding, HeardKey};
use crate::cli::replay::hearing::Wishes;
use crate::dsp::units::Samples;
use crate::leg::key::{Digit, KeyEvent, KeyJoiner, KeyPath, Press};
use crate::leg::media::{BUFFER, Line};
use crate::leg::{Codec, MediaCommand, MediaEvent, MediaFormat};
use crate::rtp::packet::Packet;
use crate::rtp::telephone_event::Payload;
use crate::rtp::timestamp::{RtpTimestamp, samples_in};

/// The time from one tick of a line to the next.
const PTIME: Duration = Duration::from_millis(20);
/// After so long without a packet nothing waits in a line any more.
const SETTLED: Duration = Duration::from_millis(200);
/// How far a press that the line told may lie from where the tape has it: jitter moves the one.
const APART: Samples = Samples::from_ms(250);
/// How far behind an event's last known end its next packet may begin.
const EVENT_JOINT: Samples = Samples::from_ms(100);

/// Hears one stream.
pub(super) struct StreamEar {
    name: String,
    formats: Formats,
    line: Line,
    joiner: KeyJoiner,
    tape: Tape,
    keys: Vec<HeardKey>,
    event: Option<EventPress>,
    last_at: Instant,
    next_tick: Instant,
}

/// What was heard in one stream.
pub(in crate::cli::replay) struct HeardStream {
    pub(in crate::cli::replay) findings: Vec<Finding>,
    /// How many of the findings are keys.
    pub(in crate::cli::replay) keys: usize,
    pub(in crate::cli::replay) film: Option<Film>,
}

/// The event that is being received.
struct EventPress {
    digit: Digit,
    onset: Samples,
    end: Samples,
    /// Its press's place in `keys`.
    key: usize,
}

impl StreamEar {
    /// An ear for a stream of a call with these formats, in a capture that begins at `now`.
    pub(super) fn new(now: Instant, stream: &Stream, formats: &Formats, wishes: &Wishes) -> StreamEar {
        // The seed serves reports that nobody gets.
        let mut line = Line::new(now, &mut SmallRng::seed_from_u64(0));
        let format = media_format(stream.route.map(|(from, _)| from), formats);
        line.handle_command(now, MediaCommand::Negotiated(Arc::new(format)));
        let mut tape = Tape::new(wishes);
        if stream.route.is_none() {
            // Without audio the capture's own time is the time line.
            tape.place_of(now);
        }
        StreamEar {
            name: stream.name(),
            formats: formats.clone(),
            line,
            joiner: KeyJoiner::default(),
            tape,
            keys: Vec::new(),
            event: None,
            last_at: now,
            next_tick: now,
        }
    }

    /// Takes a datagram of the stream.
    pub(super) fn handle_datagram(&mut self, now: Instant, from: SocketAddr, payload: &mut [u8]) {
        self.tick_until(now);
        self.last_at = now;
        let event = Packet::read(payload).and_then(|packet| {
            self.tape.handle_packet(now, &packet, &self.formats);
            let payload = Payload::read(packet.payload)?;
            let is_event = self.formats.events.contains(&packet.header.payload_type);
            is_event.then_some((packet.header.timestamp, payload))
        });
        self.line.handle_rtp(now, from, payload);
        self.drain(event);
        if let Some((timestamp, payload)) = event {
            self.prolong(timestamp, payload);
        }
    }

    /// Takes a key that came by INFO.
    pub(super) fn handle_info(&mut self, now: Instant, info: &InfoKey) {
        self.tick_until(now);
        let arrival = self.tape.place_of(now);
        // INFO tells a press when it is over: it began as long ago as the key was held.
        let began = now.checked_sub(info.held).unwrap_or(now);
        let start = arrival.saturating_sub(Samples(samples_in(info.held).into()));
        let press = Press { digit: info.digit, path: KeyPath::SipInfo, began };
        self.join(press, ByPath { path: press.path, start, end: arrival, report: arrival });
    }

    /// The capture is over: everything that was heard, in the order in which it was told.
    pub(super) fn finish(mut self) -> HeardStream {
        self.tick_until(self.last_at + SETTLED);
        self.line.handle_command(self.next_tick, MediaCommand::Close);
        self.drain(None);
        let StreamEar { name, formats, tape, mut keys, .. } = self;
        let (found, film) = tape.finish(&formats);
        let mut tones: Vec<HeardKey> = Vec::new();
        let mut findings: Vec<Finding> = Vec::new();
        for finding in found {
            match finding {
                Finding::Key(key) => tones.push(key),
                Finding::Undecided { .. } | Finding::Sound { .. } => findings.push(finding),
            }
        }
        for key in &mut keys {
            measure(key, &mut tones);
        }
        let count = keys.len();
        findings.extend(keys.into_iter().map(Finding::Key));
        findings.sort_by_key(Finding::told_at);
        let findings = findings.into_iter().map(|finding| finding.of_stream(&name)).collect();
        HeardStream { findings, keys: count, film }
    }

    /// Ticks the line as a media thread does; a long silence needs no ticks.
    fn tick_until(&mut self, now: Instant) {
        let mut buffer = [0; BUFFER];
        while self.next_tick + PTIME <= now.min(self.last_at + SETTLED) {
            self.next_tick += PTIME;
            self.line.tick(self.next_tick, &mut buffer);
            self.tape.handle_timeout(self.next_tick, &self.formats);
            self.drain(None);
        }
        self.next_tick = self.next_tick.max(now.checked_sub(PTIME).unwrap_or(now));
    }

    /// Takes what the line told; `event` is the telephone-event that was just handed in.
    fn drain(&mut self, event: Option<(RtpTimestamp, Payload)>) {
        while let Some(told) = self.line.poll_event() {
            if let MediaEvent::Key(press) = told {
                self.handle_press(press, event);
            }
        }
    }

    fn handle_press(&mut self, press: Press, event: Option<(RtpTimestamp, Payload)>) {
        let (digit, path) = (press.digit, press.path);
        if let (KeyPath::Rfc4733, Some((timestamp, payload))) = (path, event) {
            let onset = self.tape.place(timestamp);
            let end = onset + Samples(payload.duration.into());
            let key = self.join(press, ByPath { path, start: onset, end, report: end });
            self.event = key.map(|key| EventPress { digit, onset, end, key });
        } else {
            let began = self.tape.place_of(press.began);
            self.join(press, ByPath { path, start: began, end: began, report: began });
        }
    }

    /// Joins a press with those of the other paths; tells its place in `keys`.
    fn join(&mut self, press: Press, told: ByPath) -> Option<usize> {
        match self.joiner.handle_press(press) {
            KeyEvent::Pressed(_) => {}
            KeyEvent::Repeated => return None,
            KeyEvent::Confirmed { press: number, path: _ } => {
                self.keys.get_mut(number)?.further.push(told);
                return Some(number);
            }
        }
        let digit = press.digit.as_char();
        let key = HeardKey { digit, first: told, further: Vec::new(), tones: None, stream: None };
        self.keys.push(key);
        Some(self.keys.len() - 1)
    }

    /// Moves the end of the current event on.
    fn prolong(&mut self, timestamp: RtpTimestamp, payload: Payload) {
        let begin = self.tape.place(timestamp);
        let end = begin + Samples(payload.duration.into());
        let Some(event) = &mut self.event else { return };
        let is_it =
            event.digit.event() == payload.event && begin >= event.onset && begin <= event.end + EVENT_JOINT;
        if !is_it {
            return;
        }
        event.end = event.end.max(end);
        let Some(key) = self.keys.get_mut(event.key) else { return };
        for told in key.paths_mut().filter(|told| told.path == KeyPath::Rfc4733) {
            told.end = event.end;
        }
    }
}

/// Takes what the tape measured of a key's tones out of `tones`.
fn measure(key: &mut HeardKey, tones: &mut Vec<HeardKey>) {
    let digit = key.digit;
    let Some(told) = key.paths_mut().find(|told| told.path == KeyPath::InBand) else { return };
    let apart = |key: &HeardKey| {
        let (one, other) = (key.first.start, told.start);
        one.saturating_sub(other).max(other.saturating_sub(one))
    };
    let same = tones.iter().enumerate().filter(|(_, key)| key.digit == digit);
    let nearest = same.map(|(index, key)| (apart(key), index)).min();
    let Some((_, index)) = nearest.filter(|(apart, _)| *apart <= APART) else { return };
    let measured = tones.remove(index);
    *told = measured.first;
    key.tones = measured.tones;
}

/// What a line that hears this stream agreed: nothing is sent.
fn media_format(remote: Option<SocketAddr>, formats: &Formats) -> MediaFormat {
    MediaFormat {
        remote,
        remote_rtcp: None,
        codec: Codec::Pcmu,
        send_payload: 0,
        receive_payloads: formats.audio.clone(),
        send_event_payload: formats.events.first().copied(),
        receive_event_payload: formats.events.get(1).copied(),
        ptime: PTIME,
        sending: false,
    }
}
