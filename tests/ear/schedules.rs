//! Made schedules of presses by tone, by RFC 4733 and by SIP INFO at once, with all that senders and
//! networks do to them.

use std::time::{Duration, Instant};

use octothorpe::leg::key::{Digit, KeyEvent, KeyJoiner, KeyPath, Press};
use octothorpe::rtp::telephone_event::{Payload, Receiver};
use octothorpe::rtp::timestamp::RtpTimestamp;
use rand::RngExt;
use rand::rngs::StdRng;

const PATHS: [KeyPath; 3] = [KeyPath::InBand, KeyPath::Rfc4733, KeyPath::SipInfo];
/// Samples a packet.
const PACKET: u32 = 160;

/// One press of a person.
#[derive(Debug, Clone, Copy)]
pub struct Pressed {
    digit: Digit,
    onset_ms: u64,
    length_ms: u64,
}

impl Pressed {
    fn end_ms(&self) -> u64 {
        self.onset_ms + self.length_ms
    }
}

/// How a sender makes events of a press.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Style {
    /// As RFC 4733 says.
    Plain,
    /// Neither marker nor E bit.
    Bare,
    /// One end packet and nothing else (pjsip #1542).
    EndOnly,
    /// A timestamp that moves from packet to packet (RestComm/media-core #62).
    Moving,
    /// A long press cut into events of 200 ms, each with marker and end (unispeech/asterisk-unimrcp #44).
    Cut,
}

/// What a schedule delivers.
pub struct Schedule {
    pub presses: Vec<Pressed>,
    /// When each told press arrives, in ms, and what it says.
    pub told: Vec<(u64, Press)>,
    /// Which presses each path told.
    heard: Vec<Vec<bool>>,
}

struct Maker<'a> {
    rng: &'a mut StdRng,
    zero: Instant,
}

impl Maker<'_> {
    fn at(&self, ms: u64) -> Instant {
        self.zero + Duration::from_millis(ms)
    }

    fn schedule(&mut self) -> Schedule {
        let presses = self.presses();
        let paths: Vec<KeyPath> = PATHS.into_iter().filter(|_| self.rng.random_bool(0.6)).collect();
        let loss = if self.rng.random_bool(0.5) { 0.1 } else { 0.0 };
        let mut schedule = Schedule { presses, told: Vec::new(), heard: Vec::new() };
        for path in paths {
            let heard: Vec<bool> = schedule.presses.iter().map(|_| !self.rng.random_bool(loss)).collect();
            let presses: Vec<Pressed> =
                schedule.presses.iter().zip(&heard).filter(|(_, heard)| **heard).map(|(p, _)| *p).collect();
            let told = match path {
                KeyPath::InBand => self.by_tone(&presses),
                KeyPath::Rfc4733 => self.by_event(&presses),
                KeyPath::SipInfo | KeyPath::Modem => self.by_info(&presses),
            };
            schedule.told.extend(told);
            schedule.heard.push(heard);
        }
        schedule.told.sort_by_key(|(ms, _)| *ms);
        schedule
    }

    fn presses(&mut self) -> Vec<Pressed> {
        let mut onset_ms = 1_000;
        (0..self.rng.random_range(1..7))
            .map(|_| {
                let digit = Digit::from_char(['0', '1', '#'][self.rng.random_range(0..3)]).expect("a digit");
                let length_ms = if self.rng.random_bool(0.1) {
                    self.rng.random_range(400..3_000)
                } else {
                    self.rng.random_range(40..400)
                };
                let pressed = Pressed { digit, onset_ms, length_ms };
                onset_ms = pressed.end_ms() + self.rng.random_range(80..700);
                pressed
            })
            .collect()
    }

    fn press(&self, pressed: &Pressed, path: KeyPath, began_ms: u64) -> Press {
        Press { digit: pressed.digit, path, began: self.at(began_ms) }
    }

    /// Told 36 ms after the onset, which is known to 8 ms.
    fn by_tone(&mut self, presses: &[Pressed]) -> Vec<(u64, Press)> {
        let told = |pressed: &Pressed| {
            let began = pressed.onset_ms + self.rng.random_range(0..17) - 8;
            let network = self.rng.random_range(0..60);
            (pressed.onset_ms + 36 + network, self.press(pressed, KeyPath::InBand, began))
        };
        presses.iter().map(told).collect()
    }

    /// Told at the end of the press and as late as a proxy makes it, in order.
    fn by_info(&mut self, presses: &[Pressed]) -> Vec<(u64, Press)> {
        let mut last = 0;
        let told = |pressed: &Pressed| {
            let arrives = (pressed.end_ms() + self.rng.random_range(10..500)).max(last + 1);
            last = arrives;
            (arrives, self.press(pressed, KeyPath::SipInfo, arrives - pressed.length_ms))
        };
        presses.iter().map(told).collect()
    }

    /// The packets of every press through the receiver of events.
    fn by_event(&mut self, presses: &[Pressed]) -> Vec<(u64, Press)> {
        let styles = [Style::Plain, Style::Bare, Style::EndOnly, Style::Moving, Style::Cut];
        let style = styles[self.rng.random_range(0..styles.len())];
        let mut receiver = Receiver::default();
        let mut told = Vec::new();
        for pressed in presses {
            for (arrives, timestamp, marker, payload) in self.packets(pressed, style) {
                let Some(heard) = receiver.handle_packet(RtpTimestamp(timestamp), marker, payload) else {
                    continue;
                };
                let press = self.press(pressed, KeyPath::Rfc4733, u64::from(heard.onset.0) / 8);
                told.push((arrives, press));
            }
        }
        told
    }

    /// The packets that arrive of one press. No two in a row are lost, nor the last that is left.
    fn packets(&mut self, pressed: &Pressed, style: Style) -> Vec<(u64, u32, bool, Payload)> {
        let event = pressed.digit.event();
        let (onset, length) = (pressed.onset_ms as u32 * 8, pressed.length_ms as u32 * 8);
        let payload = |end, duration: u32| Payload { event, end, duration: duration as u16 };
        let arrives = |sent: u32| pressed.onset_ms + u64::from(sent) / 8;
        if style == Style::EndOnly {
            return vec![(pressed.end_ms(), onset, false, payload(true, length))];
        }
        let mut packets = Vec::new();
        let mut segment = 0;
        for sent in (PACKET..length + PACKET).step_by(PACKET as usize).map(|sent| sent.min(length)) {
            let last = sent == length;
            packets.push(match style {
                Style::Moving => {
                    (arrives(sent), onset + sent - PACKET.min(sent), sent == PACKET, payload(last, PACKET))
                }
                Style::Cut => {
                    let end = last || sent - segment >= 1_600;
                    let packet = (
                        arrives(sent),
                        onset + segment,
                        sent - segment <= PACKET,
                        payload(end, sent - segment),
                    );
                    segment = if end { sent } else { segment };
                    packet
                }
                Style::Bare => (arrives(sent), onset, false, payload(false, sent)),
                Style::Plain | Style::EndOnly => (arrives(sent), onset, sent == PACKET, payload(last, sent)),
            });
        }
        let mut kept = true;
        packets.retain(|_| {
            kept = !kept || !self.rng.random_bool(0.08);
            kept
        });
        packets
    }
}

impl Schedule {
    pub fn any(rng: &mut StdRng, zero: Instant) -> Schedule {
        Maker { rng, zero }.schedule()
    }

    /// Whether the rules can decide it: two presses of one key within reach of each other, of which
    /// paths have told different ones, may be one press told late or two told once each.
    pub fn is_decidable(&self) -> bool {
        const REACH_MS: u64 = 1_600;
        let count = self.presses.len();
        let pairs = (0..count).flat_map(|i| (i + 1..count).map(move |j| (i, j)));
        let near = |&(i, j): &(usize, usize)| {
            let (a, b) = (self.presses[i], self.presses[j]);
            a.digit == b.digit && b.onset_ms - a.onset_ms <= REACH_MS
        };
        let told = |path: &Vec<bool>, (i, j): (usize, usize)| (path[i], path[j]);
        pairs
            .filter(near)
            .all(|pair| self.heard.windows(2).all(|two| told(&two[0], pair) == told(&two[1], pair)))
    }

    /// The presses that some path told, and those that the joiner made, digits in order of their kind.
    pub fn expected_and_made(&self) -> (Vec<char>, Vec<char>) {
        let is_told = |index: usize| self.heard.iter().any(|path| path[index]);
        let mut expected: Vec<char> = (0..self.presses.len())
            .filter(|index| is_told(*index))
            .map(|index| self.presses[index].digit.as_char())
            .collect();
        let mut joiner = KeyJoiner::default();
        let mut made: Vec<char> = self
            .told
            .iter()
            .filter_map(|(_, press)| match joiner.handle_press(*press) {
                KeyEvent::Pressed(press) => Some(press.digit.as_char()),
                KeyEvent::Confirmed { .. } | KeyEvent::Repeated => None,
            })
            .collect();
        expected.sort_unstable();
        made.sort_unstable();
        (expected, made)
    }
}
