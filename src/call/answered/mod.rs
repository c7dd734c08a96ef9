//! Who answered: a person, a mailbox, a call screener, a menu or a fax.
//!
//! An [`Impression`] is told what the far end does while we speak, and says at any moment what the far
//! end seems to be. It is advice for the script, which serves a person whatever it says.
//!
//! - `talk`: how long the far end spoke, and when it came back.
//! - `rules`: what that makes of it, as one table.

mod rules;
mod talk;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use rules::{Facts, RULES, Rule};

use crate::leg::LineSound;
use crate::report::record::AnsweredBy;
use talk::Talk;

/// What was said is over after this pause; shorter ones are within it.
pub(super) const OVER: Duration = Duration::from_millis(1_500);

/// A greeting has come to its end when it has paused this long, and a long one is answered then: call
/// screeners listen for 1.5 s.
pub(super) const GREETING_PAUSE: Duration = Duration::from_millis(800);

/// A voice after so long a silence is somebody who has come on.
const CAME_ON_AFTER: Duration = Duration::from_millis(4_500);

/// Who has come on is answered when this much was said, be it without a pause.
const CAME_ON_FOR: Duration = Duration::from_millis(2_000);

/// A beep this long after the last voice is no mailbox's: phones and recorders beep too.
const BEEP_WITHIN: Duration = Duration::from_secs(6);

/// How often the prompt is begun anew for one reason: a mailbox may pause after each sentence.
const MOST_STARTS: u8 = 3;

/// What the script should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Advice {
    /// What greeted at length has paused: say who calls and why, then the prompt anew.
    Introduce,
    /// Somebody has come on: say the prompt anew.
    PromptAnew,
    /// A mailbox records from now on: hang up.
    HangUp,
}

/// The first label that was not [`AnsweredBy::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// What was decided.
    pub label: AnsweredBy,
    /// When.
    pub at: Instant,
}

/// What the far end seems to be.
#[derive(Debug, Default)]
pub struct Impression {
    answered: Option<Instant>,
    /// The time of what was told last.
    seen: Option<Instant>,
    talk: Talk,
    heard: Facts,
    first: Option<Decision>,
    /// The pause after which the far end was answered, and the return for which the prompt was begun anew.
    introduced_at: Option<Instant>,
    anew_at: Option<Instant>,
    introductions: u8,
    returns: u8,
    advice: VecDeque<Advice>,
}

impl Impression {
    /// The call was answered; what is told of earlier moments was the network's.
    pub fn handle_answered(&mut self, now: Instant) {
        self.answered = Some(now);
        self.seen = Some(now);
    }

    /// A voice began at `at`.
    pub fn handle_voice_began(&mut self, now: Instant, at: Instant) {
        if let Some(answered) = self.answered {
            self.talk.begin(at.max(answered));
            self.decide(now);
        }
    }

    /// That voice ended at `at`.
    pub fn handle_voice_ended(&mut self, now: Instant, at: Instant) {
        self.talk.end(at);
        self.decide(now);
        self.advise(now);
    }

    /// The line said what no person says, from `from` on.
    pub fn handle_sound(&mut self, now: Instant, sound: LineSound, from: Instant) {
        if self.answered.is_none_or(|answered| from < answered) {
            return;
        }
        match sound {
            LineSound::Tone => self.heard.tone |= self.follows(from),
            LineSound::Beep if self.follows(from) => self.hear_beep(),
            LineSound::Beep => {}
            LineSound::Ringback => self.heard.ringback |= self.talk.spoke(),
            LineSound::CallTone => self.heard.engaged = true,
            LineSound::Information => self.heard.information = true,
            LineSound::Fax => self.heard.fax = true,
        }
        // It has a name now.
        self.heard.tone &= sound == LineSound::Tone;
        self.decide(now);
    }

    /// A key came that counts: a person pressed it in answer to us.
    pub fn handle_key(&mut self, now: Instant) {
        self.heard.pressed = true;
        self.decide(now);
    }

    /// A deadline of [`poll_timeout`](Impression::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.decide(now);
        self.advise(now);
    }

    /// When [`handle_timeout`](Impression::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let seen = self.seen?;
        let next = [
            self.talk.quiet_since().map(|since| since + GREETING_PAUSE),
            self.talk.quiet_since().map(|since| since + OVER),
            self.talk.reaches(rules::MACHINE_SHORTEST),
            self.talk.came_on().map(|came_on| came_on + CAME_ON_FOR),
        ];
        next.into_iter().flatten().filter(|at| *at > seen).min()
    }

    /// What the script should do next.
    pub fn poll_advice(&mut self) -> Option<Advice> {
        self.advice.pop_front()
    }

    /// What the far end seems to be, by what was told so far; `None` before the answer.
    pub fn label(&self) -> Option<AnsweredBy> {
        self.seen.map(|seen| rules::label(&self.talk.facts(seen, self.heard)))
    }

    /// The first label that told anything.
    pub fn first(&self) -> Option<Decision> {
        self.first
    }

    fn decide(&mut self, now: Instant) {
        self.seen = self.seen.max(Some(now));
        let label = self.label().filter(|label| *label != AnsweredBy::Unknown);
        if let (None, Some(label)) = (self.first, label) {
            self.first = Some(Decision { label, at: now });
        }
    }

    /// Whether what was heard from `from` on came soon after a voice or the answer.
    fn follows(&self, from: Instant) -> bool {
        let is_near = |since: Instant| from.saturating_duration_since(since) <= BEEP_WITHIN;
        self.talk.last_voice().or(self.answered).is_some_and(is_near)
    }

    /// Nobody who has pressed a key is hung up on.
    fn hear_beep(&mut self) {
        self.heard.beep = true;
        if !self.heard.pressed {
            self.advice.push_back(Advice::HangUp);
        }
    }

    fn advise(&mut self, now: Instant) {
        if !self.talk.greeted(rules::HUMAN_LONGEST) {
            return;
        }
        let paused = self.talk.quiet_since().filter(|since| now >= *since + GREETING_PAUSE);
        match (self.talk.came_on(), paused) {
            (Some(came_on), _) => self.welcome(now, came_on),
            (None, Some(since)) if self.introduced_at != Some(since) && self.introductions < MOST_STARTS => {
                self.introduced_at = Some(since);
                self.introductions += 1;
                self.advice.push_back(Advice::Introduce);
            }
            (None, Some(_) | None) => {}
        }
    }

    /// Somebody came on: the prompt is begun anew when they have said something, or do not stop.
    fn welcome(&mut self, now: Instant, came_on: Instant) {
        let is_due = self.talk.quiet_since().is_some() || now >= came_on + CAME_ON_FOR;
        if is_due && self.anew_at != Some(came_on) && self.returns < MOST_STARTS {
            self.anew_at = Some(came_on);
            self.returns += 1;
            self.advice.push_back(Advice::PromptAnew);
        }
    }
}

#[cfg(test)]
mod tests;
