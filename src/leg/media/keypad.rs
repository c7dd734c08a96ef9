//! The phone's hand: keys pressed by tone in the audio or by event beside it.

use std::collections::VecDeque;
use std::time::Instant;

use crate::dsp::dtmf::Key;
use crate::dsp::g711::Law;
use crate::dsp::tone::KeyTone;
use crate::dsp::units::{Dbm0, Samples};
use crate::leg::PressOrder;
use crate::leg::key::KeyPath;
use crate::rtp::packet::MAX_PAYLOAD;
use crate::rtp::telephone_event::{EventPacket, Sender};
use crate::rtp::timestamp::{RtpTimestamp, samples_in};

/// Orders that wait at most; further ones are not taken.
const MAX_ORDERS: usize = 64;

/// The keys that are being pressed.
#[derive(Debug, Default)]
pub(super) struct Keypad {
    orders: VecDeque<PressOrder>,
    phase: Phase,
    /// Whether a packet of the present key has left.
    begun: bool,
    /// When the first of them left, until it is told.
    pressed: Option<Instant>,
}

#[derive(Debug, Default)]
enum Phase {
    /// Nothing to press.
    #[default]
    Idle,
    /// So many samples until the first order.
    Waiting(u32),
    /// A tone sounds.
    Tone(Box<KeyTone>),
    /// An event is sent.
    Event(Sender),
}

impl Keypad {
    /// Takes orders behind those that wait. SIP INFO is not this half's.
    pub(super) fn press(&mut self, orders: Vec<PressOrder>) {
        let ours = orders.into_iter().filter(|order| match order.path {
            KeyPath::InBand | KeyPath::Rfc4733 => true,
            KeyPath::SipInfo | KeyPath::Modem => false,
        });
        let room = MAX_ORDERS.saturating_sub(self.orders.len());
        self.orders.extend(ours.take(room));
        match &self.phase {
            Phase::Idle => self.wait(0),
            Phase::Waiting(_) | Phase::Tone(_) | Phase::Event(_) => {}
        }
    }

    /// The event packet for the packet's time that begins at `onset`, if one is due: it goes in
    /// place of the audio. Without events on the other side a key is pressed by tone instead, as
    /// a telephone does.
    pub(super) fn event(
        &mut self,
        now: Instant,
        onset: RtpTimestamp,
        samples: u32,
        takes_events: bool,
    ) -> Option<EventPacket> {
        if let (Phase::Waiting(0), Some(order)) = (&self.phase, self.orders.front())
            && order.path == KeyPath::Rfc4733
            && takes_events
        {
            let event = order.digit.event();
            self.phase = Phase::Event(Sender::new(event, onset, samples_in(order.held)));
        }
        let packet = match &mut self.phase {
            Phase::Event(sender) => sender.next_packet(samples),
            Phase::Idle | Phase::Waiting(_) | Phase::Tone(_) => return None,
        };
        if packet.is_none() {
            self.next_order(Sender::repeated(samples));
            return self.event(now, onset, samples, takes_events);
        }
        begin(&mut self.begun, &mut self.pressed, now);
        packet
    }

    /// Sounds in an audio payload that is filled with what else is said.
    pub(super) fn sound(&mut self, now: Instant, law: Law, payload: &mut [u8], takes_events: bool) {
        let mut at = 0;
        while at < payload.len() {
            at = match &mut self.phase {
                Phase::Idle | Phase::Event(_) => return,
                Phase::Waiting(left) => {
                    let passed = (*left as usize).min(payload.len() - at);
                    *left -= passed as u32;
                    if *left == 0 && at + passed < payload.len() && !self.begin_tone(takes_events) {
                        return;
                    }
                    at + passed
                }
                Phase::Tone(tone) => {
                    begin(&mut self.begun, &mut self.pressed, now);
                    let sounded = sound(tone, law, &mut payload[at..]);
                    if tone.is_over() {
                        self.next_order(0);
                    }
                    at + sounded
                }
            }
        }
    }

    /// When the first packet that holds any of a key left; told once a key.
    pub(super) fn take_pressed(&mut self) -> Option<Instant> {
        self.pressed.take()
    }

    /// Begins the tone of the first order; `false` if it is an event, which begins with a packet.
    fn begin_tone(&mut self, takes_events: bool) -> bool {
        let Some(order) = self.orders.front() else { return false };
        if order.path == KeyPath::Rfc4733 && takes_events {
            return false;
        }
        let key = Key::from_char(order.digit.as_char());
        let key = key.expect("the dsp room knows all sixteen keys");
        let held = Samples(u64::from(samples_in(order.held)));
        let tone = KeyTone::new(key, Dbm0(order.level_dbm0), held);
        self.phase = Phase::Tone(Box::new(tone));
        true
    }

    /// The present key is up, `passed` samples ago.
    fn next_order(&mut self, passed: u32) {
        self.begun = false;
        self.orders.pop_front();
        self.wait(passed);
    }

    fn wait(&mut self, passed: u32) {
        let first = self.orders.front();
        let after = |order: &PressOrder| samples_in(order.after).saturating_sub(passed);
        self.phase = first.map_or(Phase::Idle, |order| Phase::Waiting(after(order)));
    }
}

fn sound(tone: &mut KeyTone, law: Law, payload: &mut [u8]) -> usize {
    let mut pcm = [0; MAX_PAYLOAD];
    let room = payload.len().min(pcm.len());
    let sounded = tone.fill(&mut pcm[..room]);
    law.encode_into(&pcm[..sounded], payload);
    sounded
}

/// A packet with the present key leaves; the first one is what counts.
fn begin(begun: &mut bool, pressed: &mut Option<Instant>, now: Instant) {
    if !std::mem::replace(begun, true) {
        *pressed = Some(now);
    }
}
