//! One line of a call, as a media thread drives it.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng as _};

use super::playout::{Finished, Told};
use super::receiver::{Heard, Receiver};
use super::sender::Sender;
use super::terms::Terms;
use crate::dsp::progress::TonePlan;
use crate::leg::{MediaCommand, MediaEvent, MediaFigures};
use crate::rtp::quality;
use crate::rtp::rtcp::Reporter;
use crate::rtp::timestamp::span_of;

/// A buffer of this size takes every packet that a line writes, with room for SRTP.
pub const BUFFER: usize = crate::rtp::packet::BUFFER;

/// The packet length before anything is agreed.
const DEFAULT_PTIME: Duration = Duration::from_millis(20);
/// How far the moment of an event by the audio's clock may lie from that by its own packet.
pub(super) const BELIEVABLE: Duration = Duration::from_millis(500);
/// Keys and traces that wait to be fetched; a media thread fetches after every packet, so more than
/// this comes from no hand.
const MAX_EVENTS: usize = 64;

/// The media half of one leg. Commands, datagrams and ticks go in; packets and events come out.
#[derive(Debug)]
pub struct Line {
    terms: Option<Terms>,
    receiver: Receiver,
    sender: Sender,
    reporter: Reporter,
    /// For the intervals of reports only, which need no secret.
    rng: SmallRng,
    events: VecDeque<MediaEvent>,
    closed: bool,
}

impl Line {
    /// A line that has agreed nothing yet: it sends nothing and takes nothing.
    pub fn new(now: Instant, rng: &mut impl Rng) -> Line {
        let sender = Sender::new(rng);
        Line {
            terms: None,
            receiver: Receiver::default(),
            reporter: Reporter::new(now, sender.ssrc(), rng),
            sender,
            rng: SmallRng::from_rng(rng),
            events: VecDeque::new(),
            closed: false,
        }
    }

    /// The time from one [`tick`](Line::tick) to the next.
    pub fn ptime(&self) -> Duration {
        self.terms.as_ref().map_or(DEFAULT_PTIME, |terms| terms.ptime)
    }

    /// The only address that packets can come from and go to, if that is sure: the locked one,
    /// where it is the signalled one too. A socket may be connected to it.
    pub fn only_peer(&self) -> Option<SocketAddr> {
        let signalled = self.terms.as_ref()?.remote?;
        self.receiver.lock.locked().filter(|locked| *locked == signalled)
    }

    /// Audio is about to be handed over: has what attends to it, apart from the line, brought into the cache.
    pub fn prefetch_attention(&self) {
        self.receiver.prefetch_attention();
    }

    /// Obeys an order. Before [`MediaCommand::Close`] the socket is to be read empty.
    pub fn handle_command(&mut self, _now: Instant, command: MediaCommand) {
        match command {
            MediaCommand::Negotiated(format) => {
                self.receiver.lock.signal(format.remote);
                self.terms = Some(Terms::new(&format));
            }
            MediaCommand::Play { saying, lead, clips } => {
                self.sender.playout.play(saying, lead, clips);
            }
            MediaCommand::Attend { region } => self.receiver.attend(TonePlan::for_region(region)),
            MediaCommand::Bridge { hears, says } => {
                self.receiver.tap(hears);
                self.sender.bridge(says);
            }
            MediaCommand::Stop => self.sender.playout.stop(),
            MediaCommand::Press(orders) => self.sender.keypad.press(orders),
            MediaCommand::Hold(held) => self.sender.hold(held),
            MediaCommand::Close => self.close(),
        }
    }

    /// Takes a datagram from the RTP port; it may be changed in place.
    pub fn handle_rtp(&mut self, now: Instant, from: SocketAddr, datagram: &mut [u8]) -> Heard {
        let Some(terms) = &self.terms else {
            self.receiver.drop_foreign();
            return Heard::Nothing;
        };
        let events = &mut self.events;
        let mut tell = |event| push(events, event);
        self.receiver.handle_packet(now, from, terms, datagram, &mut tell)
    }

    /// Takes a datagram from the RTCP port.
    pub fn handle_rtcp(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        if !self.knows(from.ip()) || !self.reporter.handle_packet(now, datagram) {
            self.receiver.drop_foreign();
        }
    }

    /// The packet of this packet length, written to the front of `buffer` ([`BUFFER`] bytes).
    pub fn tick(&mut self, now: Instant, buffer: &mut [u8]) -> Option<(SocketAddr, usize)> {
        let terms = self.terms.as_ref().filter(|_| !self.closed)?;
        let events = &mut self.events;
        self.receiver.handle_timeout(now, terms, &mut |event| push(events, event));
        let to = terms.remote.map(|signalled| self.receiver.lock.locked().unwrap_or(signalled));
        let receiver = &mut self.receiver;
        let packet = self.sender.tick(now, terms, to, buffer, &mut |told| match told {
            Told::Finished(Finished { saying, clip }) => {
                events.push_back(MediaEvent::Played { saying, clip, at: now });
            }
            Told::Says(excerpt) => receiver.say(now, terms, excerpt),
        });
        if let Some(first_packet) = self.sender.keypad.take_pressed() {
            self.events.push_back(MediaEvent::Pressed { first_packet });
        }
        packet
    }

    /// When [`poll_rtcp`](Line::poll_rtcp) has something to send, and why the thread wakes.
    pub fn poll_timeout(&self) -> (Instant, &'static str) {
        (self.reporter.poll_timeout(), "rtcp report")
    }

    /// The report that is due, written to the front of `buffer` ([`BUFFER`] bytes).
    pub fn poll_rtcp(&mut self, now: Instant, buffer: &mut [u8]) -> Option<(SocketAddr, usize)> {
        if now < self.reporter.poll_timeout() || self.closed {
            return None;
        }
        let to = self.terms.as_ref()?.remote_rtcp;
        let sent = self.sender.sent();
        let sent = (sent.packets > 0).then_some((sent, self.sender.timestamp()));
        let reception = self.receiver.reception();
        let len = self.reporter.report(now, sent, reception, &mut self.rng, buffer)?;
        Some((to?, len))
    }

    /// The next thing to tell.
    pub fn poll_event(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }

    /// Puts back an event that could not be delivered, to be told first.
    pub fn requeue_event(&mut self, event: MediaEvent) {
        self.events.push_front(event);
    }

    /// What the line sent and received so far.
    pub fn figures(&mut self) -> MediaFigures {
        let totals = self.receiver.totals();
        let (expected, lost_received) = self.receiver.expected_and_lost();
        let jitter_samples = self.receiver.reception().map_or(0, |r| r.jitter_samples());
        let jitter = span_of(jitter_samples);
        let told = self.reporter.told();
        // A packet that came too late for the ear is as good as lost.
        let missing = (lost_received + totals.late).min(expected);
        let delay = told.round_trip.unwrap_or_default() / 2 + self.ptime() + 2 * jitter;
        let mos = (totals.audio > 0).then(|| {
            let loss_percent = 100.0 * missing as f64 / expected.max(1) as f64;
            quality::mos(quality::rating(delay, loss_percent))
        });
        MediaFigures {
            packets_sent: self.sender.sent().packets,
            packets_received: totals.received,
            lost_received,
            lost_sent: told.lost,
            jitter_ms: jitter.as_secs_f64() * 1_000.0,
            late: totals.late,
            foreign: totals.foreign,
            mos,
            rtcp_received: self.reporter.received_any(),
        }
    }

    fn close(&mut self) {
        if self.closed {
            return;
        }
        self.closed = true;
        if let Some(terms) = &self.terms {
            let events = &mut self.events;
            self.receiver.finish(terms, &mut |event| push(events, event));
        }
        let figures = self.figures();
        self.events.push_back(MediaEvent::Closed(figures));
    }

    /// Whether RTCP from this host can be the far end's.
    fn knows(&self, host: IpAddr) -> bool {
        let Some(terms) = &self.terms else { return false };
        let known = [self.receiver.lock.locked(), terms.remote, terms.remote_rtcp];
        known.into_iter().flatten().any(|address| address.ip() == host)
    }
}

fn push(events: &mut VecDeque<MediaEvent>, event: MediaEvent) {
    if events.len() < MAX_EVENTS {
        events.push_back(event);
    }
}

#[cfg(test)]
mod tests;
