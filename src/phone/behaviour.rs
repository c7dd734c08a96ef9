//! What the phone's person does.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::clip::Clip;
use crate::dsp::units::{Dbm0, Hz};
use crate::leg::PressOrder;
use crate::leg::key::{Digit, KeyPath};

/// What a mailbox says behind its greeting: 0.6 s of silence, 0.5 s of 1,000 Hz.
static BEEP: LazyLock<Arc<Clip>> = LazyLock::new(|| {
    let (step, peak) = (Hz(1_000.0).radians_per_sample(), Dbm0(-10.0).sine_peak());
    let beep = (0..4_000u16).map(|n| (peak * (step * f32::from(n)).sin()) as i16);
    Arc::new(Clip::new("beep", [0; 4_800].into_iter().chain(beep).collect()))
});

/// How a call is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Somebody answers and presses the keys.
    Human,
    /// A mailbox answers: greeting, beep, no key.
    Voicemail,
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
    /// From the answer to the first key.
    pub after: Duration,
    /// How long a key is held.
    pub held: Duration,
    /// Between two keys.
    pub gap: Duration,
    /// Level of each tone of a key pressed in-band, in dBm0.
    pub level_dbm0: f32,
    /// What is said from the answer on.
    pub play: Option<Arc<Clip>>,
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
            hang_up_after: None,
        }
    }
}

impl Behaviour {
    /// What is said from the answer on, clip by clip.
    pub(super) fn says(&self) -> Vec<Arc<Clip>> {
        let beep = (self.answer == Answer::Voicemail).then(|| BEEP.clone());
        self.play.clone().into_iter().chain(beep).collect()
    }

    /// The keys as orders to the media half; none on a path that is not its own.
    pub(super) fn presses(&self) -> Vec<PressOrder> {
        let press = |(number, stroke): (usize, &Stroke)| PressOrder {
            digit: stroke.digit,
            path: self.path,
            after: stroke.pause + if number == 0 { self.after } else { self.gap },
            held: self.held,
            level_dbm0: self.level_dbm0,
        };
        match (self.answer, self.path) {
            (Answer::Human, KeyPath::InBand | KeyPath::Rfc4733) => {
                self.press.iter().enumerate().map(press).collect()
            }
            (Answer::Human, KeyPath::SipInfo | KeyPath::Modem)
            | (Answer::Voicemail | Answer::Busy | Answer::Silent, _) => Vec::new(),
        }
    }

    /// The keys pressed by SIP INFO, each with its time after the answer.
    pub(super) fn infos(&self) -> Vec<(Duration, Digit)> {
        let mut at = self.after;
        let mut press = |stroke: &Stroke| {
            let pressed = at + stroke.pause;
            at = pressed + self.held + self.gap;
            (pressed, stroke.digit)
        };
        match (self.answer, self.path) {
            (Answer::Human, KeyPath::SipInfo) => self.press.iter().map(&mut press).collect(),
            (Answer::Human, KeyPath::InBand | KeyPath::Rfc4733 | KeyPath::Modem)
            | (Answer::Voicemail | Answer::Busy | Answer::Silent, _) => Vec::new(),
        }
    }
}
