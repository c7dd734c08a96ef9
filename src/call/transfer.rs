//! The way through an office's attendant: when its extension is dialled, and when somebody is there.
//!
//! What the line says goes in with its moments; what is due comes out. Times of the field: an attendant
//! greets, takes keys, says that it transfers, rings, and a person speaks first.

use std::time::{Duration, Instant};

use crate::leg::PressOrder;
use crate::leg::key::{Digit, KeyPath};

/// No attendant takes keys sooner after the answer.
const ANSWERED: Duration = Duration::from_secs(2);
/// A greeting that has paused so long is over.
const PAUSE: Duration = Duration::from_millis(800);
/// A voice is told so long after it began at the latest: that it has paused is known then.
const HEARD: Duration = Duration::from_millis(200);
/// Then it is dialled, whatever is said.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a key is held, and how long none is before the next.
const HELD: Duration = Duration::from_millis(100);
const GAP: Duration = Duration::from_millis(100);
/// Level of each tone where the far end takes no events: as telephones have it (ETSI ES 201 235-2).
const LEVEL_DBM0: f32 = -10.0;
/// A shorter sound is a click, and nobody who answers.
const VOICE: Duration = Duration::from_millis(300);
/// A voice's end is told when it has paused, and that takes so long.
const TOLD: Duration = Duration::from_millis(250);
/// After ringing that has stopped somebody is asked so much later, spoken or not.
const SILENT_ANSWER: Duration = Duration::from_secs(4);
/// After a whole burst the telephone may ring on: no pause of the countries that are known is longer than
/// 4 s, and a burst is told within the rest.
const RING_PAUSE: Duration = Duration::from_millis(4_800);
/// Lengths of the bursts of ringing (ITU-T E.180 Supplement 2), and how far off one may be.
const BURSTS_MS: [u64; 4] = [400, 1_000, 1_500, 2_000];
const BURST_OFF: Duration = Duration::from_millis(120);
/// Longer than the pause of its ringing was so far, until the next burst is told.
const LATE_BURST: Duration = Duration::from_millis(800);
/// Who has not come within this time of the last key does not come.
const NOBODY: Duration = Duration::from_secs(30);
/// Keys that are held back by the far end are not waited for longer than this.
const HELD_BACK: Duration = Duration::from_secs(5);
/// A key of ours that comes back as tone, event or INFO does so within this time.
const RETURNS: Duration = Duration::from_secs(2);
/// What its moment may be heard early.
const EARLY: Duration = Duration::from_millis(100);

/// One key of an extension. Prints masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtensionKey {
    /// Which.
    pub digit: Digit,
    /// To wait before it, besides the usual pause.
    pub pause: Duration,
}

/// What is due.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Due {
    /// Press these keys.
    Dial(Vec<PressOrder>),
    /// Somebody is there, or may be: the prompt is to begin.
    Somebody,
    /// Nobody came.
    Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// Before the answer.
    Unanswered,
    /// The attendant greets.
    Greeted { answered: Instant },
    /// The keys leave; the last one at `until` at the latest.
    Dialling { until: Instant },
    /// All of them left at this moment; a person is waited for.
    Dialled { at: Instant },
    /// A person was met, and may turn out to be none while the telephone rings on.
    Met { dialled: Instant },
    /// Nobody came.
    Over,
}

/// A voice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Voice {
    /// When it began.
    pub began: Instant,
    /// `None` while it is heard.
    pub ended: Option<Instant>,
    /// Whether it can be somebody's who answers: it came after ringing, or after silence.
    answers: bool,
}

/// Bursts of ringing.
#[derive(Debug, Clone, Copy)]
struct Ringing {
    began: Instant,
    /// `None` while it sounds.
    ended: Option<Instant>,
    /// The longest pause before a further burst so far.
    pause: Duration,
}

/// One call's way through an attendant.
#[derive(Debug)]
pub(super) struct Transfer {
    keys: Vec<ExtensionKey>,
    /// When each key left, in order.
    left: Vec<Instant>,
    state: State,
    voice: Option<Voice>,
    ringing: Option<Ringing>,
}

impl Transfer {
    /// To be dialled once an attendant has answered.
    pub(super) fn new(keys: Vec<ExtensionKey>) -> Transfer {
        Transfer { keys, left: Vec::new(), state: State::Unanswered, voice: None, ringing: None }
    }

    /// The attendant answered.
    pub(super) fn handle_answered(&mut self, now: Instant) {
        self.state = State::Greeted { answered: now };
    }

    /// A voice began, or ended after a pause.
    pub(super) fn handle_voice(&mut self, at: Instant, speaking: bool) {
        if !speaking {
            if let Some(voice) = &mut self.voice {
                voice.ended = Some(at);
            }
            return;
        }
        let answers = self.answers(at);
        self.voice = Some(Voice { began: at, ended: None, answers });
    }

    /// A burst of ringing began, or ended.
    pub(super) fn handle_ringback(&mut self, at: Instant, sounds: bool) {
        match &mut self.ringing {
            Some(ringing) if sounds => {
                let pause = ringing.ended.map_or(Duration::ZERO, |ended| at.saturating_duration_since(ended));
                *ringing = Ringing { began: at, ended: None, pause: ringing.pause.max(pause) };
            }
            Some(ringing) => ringing.ended = Some(at),
            None if sounds => self.ringing = Some(Ringing { began: at, ended: None, pause: Duration::ZERO }),
            None => {}
        }
        // Who spoke before it rang on was the attendant.
        if let Some(voice) = self.voice.as_mut().filter(|_| sounds) {
            voice.answers = false;
        }
    }

    /// A key of ours left.
    pub(super) fn handle_pressed(&mut self, at: Instant) {
        if !matches!(self.state, State::Dialling { .. }) {
            return;
        }
        self.left.push(at);
        if self.left.len() == self.keys.len() {
            self.dialled(at + HELD);
        }
    }

    /// A deadline of [`poll_timeout`](Transfer::poll_timeout) has come.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Due> {
        if self.poll_timeout().is_none_or(|(at, _)| now < at) {
            return None;
        }
        match self.state {
            State::Greeted { .. } => {
                let orders = self.orders();
                let takes: Duration = orders.iter().map(|order| order.after + order.held).sum();
                self.state = State::Dialling { until: now + takes + HELD_BACK };
                Some(Due::Dial(orders))
            }
            State::Dialling { until } => {
                self.dialled(until);
                None
            }
            State::Dialled { at } if self.met(at).is_some_and(|(met, _)| met <= now) && now < at + NOBODY => {
                self.state = State::Met { dialled: at };
                Some(Due::Somebody)
            }
            State::Dialled { .. } => {
                self.state = State::Over;
                Some(Due::Nobody)
            }
            State::Unanswered | State::Met { .. } | State::Over => None,
        }
    }

    /// When [`handle_timeout`](Transfer::handle_timeout) is due, and why.
    pub(super) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        match self.state {
            State::Greeted { answered } => Some(self.greeting_over(answered)),
            State::Dialling { until } => Some((until, "keys that were held back")),
            State::Dialled { at } => {
                let nobody = (at + NOBODY, "nobody behind the attendant");
                [Some(nobody), self.met(at)].into_iter().flatten().min_by_key(|(at, _)| *at)
            }
            State::Unanswered | State::Met { .. } | State::Over => None,
        }
    }

    /// The telephone rings on though somebody was met: nobody was.
    pub(super) fn wait_again(&mut self) {
        if let State::Met { dialled } = self.state {
            self.state = State::Dialled { at: dialled };
        }
    }

    /// Whether what began at this moment may have come of the keys: one had left, and nobody was met. An
    /// attendant that knows no such extension does not wait for the last.
    pub(super) fn is_behind(&self, from: Instant) -> bool {
        let has_begun = self.left.first().is_some_and(|first| *first <= from + EARLY);
        has_begun && matches!(self.state, State::Dialling { .. } | State::Dialled { .. })
    }

    /// The voice by which somebody was met, if it was by one.
    pub(super) fn voice(&self) -> Option<Voice> {
        self.voice.filter(|voice| voice.answers)
    }

    /// Whether a key that began at this moment is one that we dialled, and that comes back.
    pub(super) fn returns(&self, digit: Digit, began: Instant) -> bool {
        let ours = |(key, at): (&ExtensionKey, &Instant)| {
            key.digit == digit && began + EARLY >= *at && began <= *at + RETURNS
        };
        self.keys.iter().zip(&self.left).any(ours)
    }

    fn orders(&self) -> Vec<PressOrder> {
        let order = |key: &ExtensionKey| PressOrder {
            digit: key.digit,
            // Where the far end takes no events the media half presses by tone.
            path: KeyPath::Rfc4733,
            after: key.pause + GAP,
            held: HELD,
            level_dbm0: LEVEL_DBM0,
        };
        self.keys.iter().map(order).collect()
    }

    /// What was heard before belongs to the attendant's greeting.
    fn dialled(&mut self, at: Instant) {
        self.state = State::Dialled { at };
        self.ringing = None;
        self.voice = self.voice.take().filter(|voice| voice.ended.is_none());
    }

    fn greeting_over(&self, answered: Instant) -> (Instant, &'static str) {
        let latest = answered + PATIENCE;
        match self.voice {
            Some(Voice { ended: None, .. }) => (latest, "a greeting without end"),
            Some(Voice { ended: Some(ended), .. }) => (
                (ended + PAUSE + HEARD).max(answered + ANSWERED).min(latest),
                "end of the attendant's greeting",
            ),
            None => (answered + ANSWERED, "end of the attendant's greeting"),
        }
    }

    /// Whether a voice that begins now can be somebody's who answers. What comes right behind the keys is
    /// the attendant, which says what it does.
    fn answers(&self, at: Instant) -> bool {
        let State::Dialled { at: dialled } = self.state else { return false };
        if self.ringing.is_some() {
            return true;
        }
        let spoke = self.voice.and_then(|voice| voice.ended).unwrap_or(dialled);
        at.saturating_duration_since(spoke) >= PAUSE
    }

    /// When somebody is taken to be there.
    fn met(&self, dialled: Instant) -> Option<(Instant, &'static str)> {
        self.spoken().or_else(|| self.silent(dialled))
    }

    /// By the first voice that is long enough.
    fn spoken(&self) -> Option<(Instant, &'static str)> {
        let voice = self.voice.filter(|voice| voice.answers)?;
        let at = match voice.ended {
            None => voice.began + VOICE + TOLD,
            Some(ended) if ended.saturating_duration_since(voice.began) >= VOICE => ended,
            Some(_) => return None,
        };
        Some((at, "a voice behind the attendant"))
    }

    /// By the end of ringing, or where it does not ring by that of what the attendant said last.
    fn silent(&self, dialled: Instant) -> Option<(Instant, &'static str)> {
        match (self.ringing, self.voice) {
            (_, Some(Voice { ended: None, .. })) | (Some(Ringing { ended: None, .. }), _) => None,
            (Some(Ringing { began, ended: Some(ended), pause }), _) => {
                let burst = ended.saturating_duration_since(began);
                let is_whole =
                    BURSTS_MS.iter().any(|ms| Duration::from_millis(*ms).abs_diff(burst) <= BURST_OFF);
                let wait = if is_whole { RING_PAUSE.max(pause + LATE_BURST) } else { SILENT_ANSWER };
                Some((ended + wait, "silence after ringing"))
            }
            (None, Some(Voice { began, ended: Some(ended), .. })) if ended > dialled => {
                let is_voice = ended.saturating_duration_since(began) >= VOICE;
                is_voice.then_some((ended + SILENT_ANSWER, "silence after a voice"))
            }
            (None, Some(_) | None) => None,
        }
    }
}

#[cfg(test)]
mod tests;
