//! An office's attendant: greets, takes an extension, rings there and puts the caller through.
//!
//! What happens goes in, what is to be done comes out; times are arguments.

pub(super) mod recordings;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clip::Clip;
use crate::leg::key::Digit;
use crate::sip::message::SipUri;
use recordings::Recordings;

/// After the greeting, and after a key that may be one of several.
const FIRST_KEY: Duration = Duration::from_secs(6);
const NEXT_KEY: Duration = Duration::from_secs(2);
/// How often the greeting is said while nobody presses a key.
const GREETINGS: u32 = 3;
/// Silence behind the last word, before the BYE.
const TAIL: Duration = Duration::from_millis(300);

/// An office: what its attendant says, and who sits at which extension.
#[derive(Debug, Clone)]
pub struct Office {
    /// What is said.
    pub recordings: Recordings,
    /// Who sits where.
    pub extensions: Vec<Extension>,
}

/// One extension.
#[derive(Debug, Clone)]
pub struct Extension {
    /// The keys that lead there.
    pub keys: Vec<Digit>,
    /// The phone, by its IP address.
    pub phone: SipUri,
}

/// What is to be done for a call.
#[derive(Debug)]
pub(super) enum Deed {
    /// Say this clip in place of what is said.
    Say(u32, Arc<Clip>),
    /// Call this extension.
    Ring(usize),
    /// Let caller and extension talk.
    PutThrough,
    /// End both calls.
    HangUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the answer.
    Unanswered,
    /// Keys are taken; `until` is `None` while the greeting is said.
    Taking { until: Option<Instant> },
    /// What follows is said; then this extension is called.
    Announcing(usize),
    /// The extension rings.
    Ringing,
    /// They talk.
    Through,
    /// A farewell is said.
    Parting { until: Option<Instant> },
    /// The end was ordered.
    Over,
}

/// The attendant in one call.
#[derive(Debug)]
pub(super) struct Attendant {
    office: Arc<Office>,
    state: State,
    keyed: Vec<Digit>,
    greetings: u32,
    saying: u32,
    deeds: VecDeque<Deed>,
}

impl Attendant {
    pub(super) fn new(office: Arc<Office>) -> Attendant {
        Attendant {
            office,
            state: State::Unanswered,
            keyed: Vec::new(),
            greetings: 0,
            saying: 0,
            deeds: VecDeque::new(),
        }
    }

    /// The caller's call is up.
    pub(super) fn handle_answered(&mut self) {
        self.greet();
    }

    /// The caller pressed a key; it may come while the greeting is said.
    pub(super) fn handle_key(&mut self, now: Instant, digit: Digit) {
        if !matches!(self.state, State::Taking { .. }) {
            return;
        }
        self.keyed.push(digit);
        let begin = |extension: &&Extension| extension.keys.starts_with(&self.keyed);
        match (self.known(), self.office.extensions.iter().filter(begin).count()) {
            (Some(known), 1) => self.announce(known),
            (_, 0) => self.part_unknown(),
            (_, _) => self.state = State::Taking { until: Some(now + NEXT_KEY) },
        }
    }

    /// All of a saying was said.
    pub(super) fn handle_said(&mut self, now: Instant, saying: u32) {
        if saying != self.saying {
            return;
        }
        match self.state {
            State::Taking { until: None } => self.state = State::Taking { until: Some(now + FIRST_KEY) },
            State::Announcing(extension) => {
                self.state = State::Ringing;
                self.deeds.push_back(Deed::Ring(extension));
                self.ring_on();
            }
            State::Ringing => self.ring_on(),
            State::Parting { until: None } => self.state = State::Parting { until: Some(now + TAIL) },
            State::Unanswered
            | State::Taking { until: Some(_) }
            | State::Through
            | State::Parting { until: Some(_) }
            | State::Over => {}
        }
    }

    /// The extension answered.
    pub(super) fn handle_phone_answered(&mut self) {
        if self.state == State::Ringing {
            self.state = State::Through;
            self.deeds.push_back(Deed::PutThrough);
        }
    }

    /// The extension hung up, or nobody is there.
    pub(super) fn handle_phone_ended(&mut self) {
        match self.state {
            State::Ringing => self.part(self.office.recordings.nobody.clone()),
            State::Through => self.hang_up(),
            State::Unanswered
            | State::Taking { .. }
            | State::Announcing(_)
            | State::Parting { .. }
            | State::Over => {}
        }
    }

    /// The caller is gone.
    pub(super) fn handle_caller_ended(&mut self) {
        self.hang_up();
    }

    /// A deadline of [`poll_timeout`](Attendant::poll_timeout) has come.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|at| now < at) {
            return;
        }
        match self.state {
            State::Taking { .. } if self.keyed.is_empty() && self.greetings < GREETINGS => self.greet(),
            State::Taking { .. } if self.keyed.is_empty() => self.hang_up(),
            State::Taking { .. } => match self.known() {
                Some(known) => self.announce(known),
                None => self.part_unknown(),
            },
            State::Parting { .. } => self.hang_up(),
            State::Unanswered | State::Announcing(_) | State::Ringing | State::Through | State::Over => {}
        }
    }

    /// When [`handle_timeout`](Attendant::handle_timeout) is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Taking { until } | State::Parting { until } => until,
            State::Unanswered | State::Announcing(_) | State::Ringing | State::Through | State::Over => None,
        }
    }

    /// What is to be done next.
    pub(super) fn poll_deed(&mut self) -> Option<Deed> {
        self.deeds.pop_front()
    }

    /// Whether the caller talks to the extension.
    pub(super) fn is_through(&self) -> bool {
        self.state == State::Through
    }

    /// What the caller keyed, in clear: the phone is for tests.
    pub(super) fn keyed(&self) -> String {
        self.keyed.iter().map(|digit| digit.as_char()).collect()
    }

    fn known(&self) -> Option<usize> {
        self.office.extensions.iter().position(|extension| extension.keys == self.keyed)
    }

    fn greet(&mut self) {
        self.greetings += 1;
        self.state = State::Taking { until: None };
        self.say(self.office.recordings.greeting.clone());
    }

    fn announce(&mut self, extension: usize) {
        self.state = State::Announcing(extension);
        let announcement = self.office.recordings.transferring.clone();
        self.say(announcement.unwrap_or_else(|| Arc::new(Clip::new("nothing", Vec::new()))));
    }

    fn ring_on(&mut self) {
        self.say(self.office.recordings.ringback.clone());
    }

    fn part_unknown(&mut self) {
        self.part(self.office.recordings.unknown.clone());
    }

    fn part(&mut self, farewell: Option<Arc<Clip>>) {
        let Some(farewell) = farewell else { return self.hang_up() };
        self.state = State::Parting { until: None };
        self.say(farewell);
    }

    fn say(&mut self, clip: Arc<Clip>) {
        self.saying += 1;
        self.deeds.push_back(Deed::Say(self.saying, clip));
    }

    fn hang_up(&mut self) {
        if self.state != State::Over {
            self.state = State::Over;
            self.deeds.push_back(Deed::HangUp);
        }
    }
}

#[cfg(test)]
mod tests;
