//! Mode `confirm`: say who calls, listen for a lone `#`, repeat, take leave.
//!
//! The script knows clips, keys and time. It does not know how a key reached us, nor how a call is
//! carried; [`Call`](super::Call) carries out what it returns.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::gate::Gate;
use crate::clip::Clip;
use crate::leg::key::Digit;

/// The clips of one call, in the order in which a person may hear them.
#[derive(Debug, Clone)]
pub struct Prompts {
    /// Who calls and what is being confirmed.
    pub context: Arc<Clip>,
    /// What to press.
    pub instruction: Arc<Clip>,
    /// After a `#` that counted; `None`: the BYE follows the key at once.
    pub thanks: Option<Arc<Clip>>,
    /// After a fraud report.
    pub fraud_reported: Option<Arc<Clip>>,
    /// After a `#` that was not lone, before the prompt is said again.
    pub invalid: Option<Arc<Clip>>,
    /// After a `#` that came too late for the login page.
    pub expired: Option<Arc<Clip>>,
    /// After the last waiting time.
    pub goodbye: Option<Arc<Clip>>,
}

/// The script's timing and keys (contract, section 9, `[script]`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScriptLimits {
    /// Silence after the answer, before the first word.
    pub lead: Duration,
    /// How long to wait for a key after each saying.
    pub wait: Duration,
    /// How often the prompt is said.
    pub sayings: u32,
    /// The digit that makes the next `#` a fraud report.
    pub fraud_key: Digit,
}

/// Silence between the last word and the BYE, so that the last word is never clipped.
const TAIL: Duration = Duration::from_millis(200);
/// Other digits, and traces of digits, this long before a `#` make it not lone (contract, section 2).
const LONE: Duration = Duration::from_secs(3);
/// A trace that ends less than a pause between two keys before a `#` is that `#`'s own (ITU-T Q.24).
const PAUSE: Duration = Duration::from_millis(40);
/// Traces remembered; no more count, since one is enough.
const TRACES: usize = 16;
/// A key pressed at the last moment of the wait is told only when the ear is sure and the packets
/// are here; the wait ends this much later for its sake.
const KEY_LATENCY: Duration = Duration::from_millis(100);

/// What the script decided about the person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// A lone `#` after the gate.
    Confirmed,
    /// The fraud key's digit, then `#`.
    FraudReported,
    /// A `#` after `answer_by`.
    TooLate,
    /// Only entries that are no lone `#`.
    Invalid,
    /// Only keys that must not count.
    Untrusted,
    /// No key at all.
    NoInput,
}

/// What the call has to do for the script.
#[derive(Debug, Clone)]
pub enum ScriptEffect {
    /// Say these clips.
    Play {
        /// Names the saying in `played`.
        saying: u32,
        /// Silence first.
        lead: Duration,
        /// One after the other.
        clips: Vec<Arc<Clip>>,
    },
    /// The prompt begins.
    Prompting,
    /// The prompt is over; a key is waited for.
    Listening,
    /// The answer is known; `at` is when the deciding press began.
    Concluded {
        /// What was decided.
        conclusion: Conclusion,
        /// Onset of the key that decided it, if a key did.
        at: Option<Instant>,
    },
    /// Nothing is left to say: hang up.
    HangUp,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// Before the answer.
    Waiting,
    /// The prompt is being said.
    Saying,
    /// The prompt was said; a key is waited for.
    Listening { until: Instant },
    /// Concluded; the farewell is being said.
    Farewell,
    /// The farewell was said.
    Tail { until: Instant },
    /// The hang-up was ordered.
    Done,
}

/// The script of one call.
#[derive(Debug)]
pub struct Script {
    prompts: Prompts,
    limits: ScriptLimits,
    answer_by: Instant,
    state: State,
    /// How often the prompt was begun.
    said: u32,
    /// When it was begun last.
    prompt_began: Instant,
    /// Name of the saying that plays now; farewells count on.
    saying: u32,
    /// Which clip of the saying is the context: 1 behind the clip for an invalid entry.
    context_index: usize,
    gate: Gate,
    /// The fraud digit came and nothing has undone it.
    fraud_armed: bool,
    /// Onset of the last digit other than `#`.
    last_digit: Option<Instant>,
    /// Ends of the last traces of digits that fell short of a key.
    traces: VecDeque<Instant>,
    invalid_entry: bool,
    untrusted_key: bool,
    held_since: Option<Instant>,
    effects: VecDeque<ScriptEffect>,
}

impl Script {
    /// A script that waits for the answer; a `#` that begins after `answer_by` does not verify.
    pub fn new(prompts: Prompts, limits: ScriptLimits, answer_by: Instant) -> Script {
        Script {
            prompts,
            limits,
            answer_by,
            state: State::Waiting,
            said: 0,
            prompt_began: answer_by,
            saying: 0,
            context_index: 0,
            gate: Gate::default(),
            fraud_armed: false,
            last_digit: None,
            traces: VecDeque::new(),
            invalid_entry: false,
            untrusted_key: false,
            held_since: None,
            effects: VecDeque::new(),
        }
    }

    /// The person answered: the prompt starts after the lead of silence.
    pub fn handle_answered(&mut self, now: Instant) {
        if self.state == State::Waiting {
            self.say_prompt(now, self.limits.lead, None);
        }
    }

    /// A clip's last sample was sent at `at`.
    pub fn handle_played(&mut self, saying: u32, clip: usize, at: Instant) {
        if saying != self.saying {
            return;
        }
        match self.state {
            State::Saying if clip == self.context_index => self.open_gate(at),
            State::Saying if clip == self.context_index + 1 => self.listen(at),
            State::Farewell => self.state = State::Tail { until: at + TAIL },
            State::Waiting | State::Saying | State::Listening { .. } | State::Tail { .. } | State::Done => {}
        }
    }

    /// A key whose press began at `began`.
    pub fn handle_key(&mut self, now: Instant, digit: Digit, began: Instant) {
        match self.state {
            State::Saying | State::Listening { .. } => {}
            // Before the answer nobody was asked; after the conclusion the verdict stays.
            State::Waiting | State::Farewell | State::Tail { .. } | State::Done => return,
        }
        if digit == Digit::HASH {
            self.handle_hash(now, began);
        } else {
            self.fraud_armed = digit == self.limits.fraud_key;
            self.last_digit = Some(began);
            self.note_entry(began);
        }
    }

    /// A key that must not count, whichever it was.
    pub fn handle_untrusted(&mut self) {
        self.untrusted_key = true;
    }

    /// A trace of a digit ended at `end` that fell short of a key.
    pub fn handle_trace(&mut self, end: Instant) {
        if self.traces.len() == TRACES {
            self.traces.pop_front();
        }
        self.traces.push_back(end);
    }

    /// The far end holds the call or took it back: waiting for a key stops meanwhile.
    pub fn handle_hold(&mut self, now: Instant, held: bool) {
        match (held, self.held_since) {
            (true, None) => self.held_since = Some(now),
            (false, Some(since)) => {
                self.held_since = None;
                self.postpone(now.saturating_duration_since(since));
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// A deadline of [`poll_timeout`](Script::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.poll_timeout() {
            Some((at, _)) if at <= now => {}
            Some(_) | None => return,
        }
        match self.state {
            State::Listening { .. } if self.said < self.limits.sayings => {
                self.say_prompt(now, Duration::ZERO, None);
            }
            State::Listening { .. } => self.conclude(self.left_unanswered(), None),
            State::Tail { .. } => self.hang_up(),
            State::Waiting | State::Saying | State::Farewell | State::Done => {}
        }
    }

    /// When [`handle_timeout`](Script::handle_timeout) is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        if self.held_since.is_some() {
            return None;
        }
        match self.state {
            State::Listening { until } => Some((until, "end of the wait for a key")),
            State::Tail { until } => Some((until, "silence after the farewell")),
            State::Waiting | State::Saying | State::Farewell | State::Done => None,
        }
    }

    /// What is to be done next.
    pub fn poll_effect(&mut self) -> Option<ScriptEffect> {
        self.effects.pop_front()
    }

    /// What the call comes to if it ends now without a deciding key.
    pub fn left_unanswered(&self) -> Conclusion {
        if self.invalid_entry {
            Conclusion::Invalid
        } else if self.untrusted_key {
            Conclusion::Untrusted
        } else {
            Conclusion::NoInput
        }
    }

    fn handle_hash(&mut self, now: Instant, began: Instant) {
        if self.fraud_armed {
            self.conclude(Conclusion::FraudReported, Some(began));
        } else if !self.gate.was_open(began) {
            self.untrusted_key = true;
        } else if began > self.answer_by {
            self.conclude(Conclusion::TooLate, Some(began));
        } else if !self.is_lone(began) {
            self.refuse_entry(now);
        } else {
            self.conclude(Conclusion::Confirmed, Some(began));
        }
    }

    fn is_lone(&self, hash: Instant) -> bool {
        let since = |at: &Instant| hash.saturating_duration_since(*at);
        let trace = |end: &Instant| (PAUSE..=LONE).contains(&since(end));
        !self.last_digit.iter().any(|digit| since(digit) <= LONE) && !self.traces.iter().any(trace)
    }

    /// A digit other than `#`: after the gate it is an entry of its own, before it it does not count.
    fn note_entry(&mut self, began: Instant) {
        if self.gate.was_open(began) {
            self.invalid_entry = true;
        } else {
            self.untrusted_key = true;
        }
    }

    fn refuse_entry(&mut self, now: Instant) {
        self.invalid_entry = true;
        if self.said < self.limits.sayings {
            let invalid = self.prompts.invalid.clone();
            self.say_prompt(now, Duration::ZERO, invalid);
        } else {
            self.conclude(Conclusion::Invalid, None);
        }
    }

    fn say_prompt(&mut self, now: Instant, lead: Duration, before: Option<Arc<Clip>>) {
        self.gate.close(now);
        self.said += 1;
        self.prompt_began = now;
        self.context_index = usize::from(before.is_some());
        let prompt = [self.prompts.context.clone(), self.prompts.instruction.clone()];
        self.play(lead, before.into_iter().chain(prompt).collect());
        self.effects.push_back(ScriptEffect::Prompting);
        self.state = State::Saying;
    }

    fn play(&mut self, lead: Duration, clips: Vec<Arc<Clip>>) {
        self.saying += 1;
        self.effects.push_back(ScriptEffect::Play { saying: self.saying, lead, clips });
    }

    fn open_gate(&mut self, at: Instant) {
        self.gate.open(at);
        if self.said > 1 {
            // The prompt was said again from its start: a fraud digit pressed before it is forgotten.
            let pressed_since = self.last_digit.is_some_and(|digit| digit >= self.prompt_began);
            self.fraud_armed = self.fraud_armed && pressed_since;
        }
    }

    fn listen(&mut self, at: Instant) {
        self.effects.push_back(ScriptEffect::Listening);
        self.state = State::Listening { until: at + self.limits.wait + KEY_LATENCY };
    }

    fn conclude(&mut self, conclusion: Conclusion, at: Option<Instant>) {
        self.effects.push_back(ScriptEffect::Concluded { conclusion, at });
        let farewell = match conclusion {
            Conclusion::Confirmed => &self.prompts.thanks,
            Conclusion::FraudReported => &self.prompts.fraud_reported,
            Conclusion::TooLate => &self.prompts.expired,
            Conclusion::Invalid | Conclusion::Untrusted | Conclusion::NoInput => &self.prompts.goodbye,
        };
        match farewell.clone() {
            Some(clip) => {
                self.play(Duration::ZERO, vec![clip]);
                self.state = State::Farewell;
            }
            None => self.hang_up(),
        }
    }

    fn hang_up(&mut self) {
        self.state = State::Done;
        self.effects.push_back(ScriptEffect::HangUp);
    }

    fn postpone(&mut self, by: Duration) {
        match &mut self.state {
            State::Listening { until } | State::Tail { until } => *until += by,
            State::Waiting | State::Saying | State::Farewell | State::Done => {}
        }
    }
}

#[cfg(test)]
mod tests;
