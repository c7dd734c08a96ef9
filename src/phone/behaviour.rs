//! What the phone's person does.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::sounds::{BEEP, HELLO, QUESTION, SILENCE};
use crate::clip::Clip;
use crate::dsp::units::Samples;
use crate::leg::PressOrder;
use crate::leg::key::{Digit, KeyPath};

/// How a call is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Somebody answers and presses the keys.
    Human,
    /// A mailbox answers: greeting, beep, no key.
    Voicemail,
    /// An assistant asks who calls and why, listens for 1.5 s, and later puts a person on, who says hello
    /// and presses the keys.
    Screening,
    /// The line is busy (486).
    Busy,
    /// Somebody answers and neither speaks nor presses anything.
    Silent,
}

/// One key to press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stroke {
    /// Which.
    pub digit: Digit,
    /// How much longer than usual the person waits before it.
    pub pause: Duration,
}

impl From<Digit> for Stroke {
    fn from(digit: Digit) -> Stroke {
        Stroke { digit, pause: Duration::ZERO }
    }
}

/// One person's habits; the same for every call.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// How a call is met.
    pub answer: Answer,
    /// How long it rings.
    pub ring: Duration,
    /// The keys to press.
    pub press: Vec<Stroke>,
    /// By which path.
    pub path: KeyPath,
    /// From the answer, or from when the person has come on, to the first key.
    pub after: Duration,
    /// How long a key is held.
    pub held: Duration,
    /// Between two keys.
    pub gap: Duration,
    /// Level of each tone of a key pressed in-band, in dBm0.
    pub level_dbm0: f32,
    /// What is said from the answer on, be it by a mailbox or an assistant.
    pub play: Option<Arc<Clip>>,
    /// From the end of what an assistant listens for to the person whom it puts on, in seconds.
    pub put_on_s: u8,
    /// When the person hangs up, counted from the answer; `None`: never.
    pub hang_up_after: Option<Duration>,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            answer: Answer::Human,
            ring: Duration::from_millis(200),
            press: vec![Digit::HASH.into()],
            path: KeyPath::Rfc4733,
            after: Duration::from_secs(4),
            held: Duration::from_millis(100),
            gap: Duration::from_millis(100),
            level_dbm0: -10.0,
            play: None,
            put_on_s: 10,
            hang_up_after: None,
        }
    }
}

impl Behaviour {
    /// What is said from the answer on, clip by clip.
    pub(super) fn says(&self) -> Vec<Arc<Clip>> {
        let said = self.play.iter();
        match self.answer {
            Answer::Human | Answer::Busy | Answer::Silent => said.cloned().collect(),
            Answer::Voicemail => said.chain([&*BEEP]).cloned().collect(),
            Answer::Screening => {
                let question = self.play.as_ref().unwrap_or(&QUESTION);
                let silence = std::iter::repeat_n(&*SILENCE, 3 + 2 * usize::from(self.put_on_s));
                std::iter::once(question).chain(silence).chain([&*HELLO]).cloned().collect()
            }
        }
    }

    /// From the answer to the first key; `None`: nobody presses any.
    fn first_key(&self) -> Option<Duration> {
        match self.answer {
            Answer::Human => Some(self.after),
            Answer::Screening => {
                let samples = self.says().iter().map(|clip| clip.pcm().len() as u64).sum();
                Some(self.after + Samples(samples).as_duration())
            }
            Answer::Voicemail | Answer::Busy | Answer::Silent => None,
        }
    }

    /// The keys as orders to the media half; none on a path that is not its own.
    pub(super) fn presses(&self) -> Vec<PressOrder> {
        let Some(first) = self.first_key() else { return Vec::new() };
        let press = |(number, stroke): (usize, &Stroke)| PressOrder {
            digit: stroke.digit,
            path: self.path,
            after: stroke.pause + if number == 0 { first } else { self.gap },
            held: self.held,
            level_dbm0: self.level_dbm0,
        };
        match self.path {
            KeyPath::InBand | KeyPath::Rfc4733 => self.press.iter().enumerate().map(press).collect(),
            KeyPath::SipInfo | KeyPath::Modem => Vec::new(),
        }
    }

    /// The keys pressed by SIP INFO, each with its time.
    pub(super) fn infos(&self, answered: Instant) -> VecDeque<(Instant, Digit)> {
        let Some(first) = self.first_key() else { return VecDeque::new() };
        let mut at = answered + first;
        let mut press = |stroke: &Stroke| {
            let pressed = at + stroke.pause;
            at = pressed + self.held + self.gap;
            (pressed, stroke.digit)
        };
        match self.path {
            KeyPath::SipInfo => self.press.iter().map(&mut press).collect(),
            KeyPath::InBand | KeyPath::Rfc4733 | KeyPath::Modem => VecDeque::new(),
        }
    }
}
