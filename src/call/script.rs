//! What one call says and hears: the prompt, the person's answer in its mode, repeats, farewell.
//!
//! The script knows clips, keys and time. It does not know how a key reached us, nor how a call is
//! carried; [`Call`](super::Call) carries out what it returns.
//!
//! A mode is answered by a lone `#` or by an entry, digits and then `#`. Whatever would settle it on a
//! clean call leads to one more question on an unclean one: two digits, spoken now, to be keyed.

mod answer;
mod fraud;
mod saying;
mod transferring;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::effect::{Conclusion, ScriptEffect};
use super::entry::Entry;
use super::prompts::Prompts;
use super::task::Task;
use super::transfer::{ExtensionKey, Transfer};
use super::trust::Trust;
use crate::leg::LineSound;
use crate::leg::key::{Digit, Distrust, KeyPath};
use fraud::FraudKey;
use saying::Marks;

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
    /// What settles a mode that a lone `#` answers.
    pub confirm_key: ConfirmKey,
}

/// What settles a mode that a lone `#` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConfirmKey {
    /// The `#`; on an unclean call two spoken digits.
    #[default]
    Hash,
    /// Two spoken digits, always.
    Spoken,
}

/// All that one call's script depends on.
#[derive(Debug, Clone)]
pub struct ScriptPlan {
    /// What the person has to do.
    pub task: Task,
    /// The clips.
    pub prompts: Prompts,
    /// Timing and keys.
    pub limits: ScriptLimits,
    /// A `#` that begins after it does not verify.
    pub answer_by: Instant,
    /// The digits to ask for where a `#` is not enough: random, none of them the fraud key.
    pub spoken: [Digit; 2],
    /// The office extension, to be dialled before anybody is asked; empty for none.
    pub extension: Vec<ExtensionKey>,
}

/// Silence between the last word and the BYE, so that the last word is never clipped.
const TAIL: Duration = Duration::from_millis(200);
/// Other digits, and traces of digits, this long before a `#` make it not lone (contract, section 2).
const LONE: Duration = Duration::from_secs(3);
/// Traces remembered; no more count, since one is enough.
const TRACES: usize = 16;
/// A key pressed at the last moment of the wait is told only when the ear is sure and the packets
/// are here; the wait ends this much later for its sake.
const KEY_LATENCY: Duration = Duration::from_millis(100);
/// How often the two digits are said while nobody keys them.
const SPOKEN_SAYINGS: u32 = 2;

/// What is asked for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// What the mode says.
    Task,
    /// The two spoken digits.
    Spoken,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// Before the answer.
    Waiting,
    /// An attendant answered; the person is not there yet.
    Transferring,
    /// What is asked for is being said.
    Saying,
    /// It was said; a key is waited for.
    Listening { until: Instant },
    /// Digits of an entry are being keyed.
    Entering { until: Instant },
    /// A wrong entry is being made durable; `last` began the `#` of the last try.
    Recording { last: Option<Instant> },
    /// The code is being read out.
    Telling,
    /// Fraud was reported; whether to block is asked, and the time for it runs when that was said.
    Questioning { until: Option<Instant> },
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
    plan: ScriptPlan,
    state: State,
    ask: Ask,
    /// How often the mode's question was asked, with its context or without.
    said: u32,
    /// How often the spoken digits were.
    spoken_said: u32,
    /// Wrong entries.
    failed: u8,
    /// When the prompt was begun last.
    prompt_began: Instant,
    /// Name of the saying that plays now; farewells count on.
    saying: u32,
    marks: Marks,
    /// The way to the person, where an attendant answers.
    transfer: Option<Transfer>,
    trust: Trust,
    /// For how long wrong entries have locked PINs and challenges.
    locked_for: Option<Duration>,
    /// Whether what greeted was told who calls and why.
    screened: bool,
    /// Whether somebody has come on after a silence.
    came_on: bool,
    fraud: FraudKey,
    entry: Entry,
    /// Onset of the last digit other than `#`.
    last_digit: Option<Instant>,
    /// Onset of the key after which the code is read out.
    code_asked: Option<Instant>,
    /// Ends of the last traces of digits that fell short of a key.
    traces: VecDeque<Instant>,
    /// What the call comes to if nothing better follows.
    left: Conclusion,
    concluded: Option<Conclusion>,
    held_since: Option<Instant>,
    effects: VecDeque<ScriptEffect>,
}

impl Script {
    /// A script that waits for the answer.
    pub fn new(plan: ScriptPlan) -> Script {
        Script {
            state: State::Waiting,
            ask: Ask::Task,
            said: 0,
            spoken_said: 0,
            failed: 0,
            prompt_began: plan.answer_by,
            saying: 0,
            marks: Marks::default(),
            transfer: Some(plan.extension.clone()).filter(|keys| !keys.is_empty()).map(Transfer::new),
            trust: Trust::default(),
            locked_for: None,
            screened: false,
            came_on: false,
            fraud: FraudKey::default(),
            entry: Entry::new(plan.answer_by),
            last_digit: None,
            code_asked: None,
            traces: VecDeque::new(),
            left: Conclusion::NoInput,
            concluded: None,
            held_since: None,
            effects: VecDeque::new(),
            plan,
        }
    }

    /// The person answered: the prompt starts after the lead of silence.
    pub fn handle_answered(&mut self, now: Instant) {
        if self.state == State::Waiting {
            self.trust.answer(now);
            if self.transfer.is_some() {
                return self.meet_attendant(now);
            }
            self.say_prompt(now, self.plan.limits.lead, None);
        }
    }

    /// A clip's last sample was sent at `at`.
    pub fn handle_played(&mut self, saying: u32, clip: usize, at: Instant) {
        if saying != self.saying {
            return;
        }
        let is_last = clip == self.marks.last;
        match self.state {
            State::Saying if self.marks.gate == Some(clip) => self.open_gate(at),
            State::Saying if is_last => self.listen(at),
            State::Telling if clip == self.marks.told && self.concluded.is_none() => {
                self.conclude_delivered();
                self.end_if(is_last, at);
            }
            State::Questioning { .. } if is_last => {
                self.state = State::Questioning { until: Some(at + self.plan.limits.wait + KEY_LATENCY) };
            }
            State::Telling | State::Farewell => self.end_if(is_last, at),
            State::Waiting
            | State::Transferring
            | State::Saying
            | State::Listening { .. }
            | State::Entering { .. }
            | State::Recording { .. }
            | State::Questioning { .. }
            | State::Tail { .. }
            | State::Done => {}
        }
    }

    /// A key whose press began at `began`. Before the answer it is no answer to anybody.
    pub fn handle_key(&mut self, now: Instant, digit: Digit, began: Instant) {
        let doubt = self.trust.doubt(began);
        if let Some(why) = doubt.filter(|_| self.is_asking() || self.is_transferring()) {
            self.ignore(why, began, None);
        }
        if matches!(self.state, State::Waiting | State::Done) {
            return;
        }
        if digit == Digit::HASH && self.fraud.is_armed() {
            return self.report_fraud(now, began, doubt);
        }
        self.note_for_fraud(digit, began, doubt);
        match self.state {
            State::Saying | State::Listening { .. } | State::Entering { .. } | State::Recording { .. } => {
                self.take_answer(now, digit, began, doubt);
            }
            State::Questioning { .. } if began >= self.prompt_began => {
                self.settle_block(digit.as_char() == '1');
            }
            State::Questioning { .. }
            | State::Waiting
            | State::Transferring
            | State::Telling
            | State::Farewell
            | State::Tail { .. }
            | State::Done => {}
        }
    }

    /// A key that must not count, whichever it was; by `path`, where no press tells it.
    pub fn handle_untrusted(&mut self, why: Distrust, began: Instant, path: Option<KeyPath>) {
        if self.is_asking() || matches!(self.state, State::Waiting | State::Transferring) {
            self.ignore(why, began, path);
        }
    }

    /// A trace of a digit ended at `end` that fell short of a key.
    pub fn handle_trace(&mut self, end: Instant) {
        if self.traces.len() == TRACES {
            self.traces.pop_front();
        }
        self.traces.push_back(end);
    }

    /// The far end's voice began, or ended after a pause.
    pub fn handle_voice(&mut self, at: Instant, speaking: bool) {
        if speaking {
            self.trust.voices.begin(at);
        } else {
            self.trust.voices.end(at);
        }
        if let Some(transfer) = &mut self.transfer {
            transfer.handle_voice(at, speaking);
        }
    }

    /// The line said what no person says, from `from` on.
    pub fn handle_sound(&mut self, sound: LineSound, from: Instant) {
        self.trust.hear(sound, from);
        if self.state == State::Telling && self.trust.is_stained() {
            self.fall_silent();
        }
    }

    /// The network led the call elsewhere.
    pub fn handle_diverted(&mut self) {
        self.trust.divert();
    }

    /// The wrong entry of [`ScriptEffect::Failed`] is durable: the person may hear of it, and for how long
    /// PINs and challenges are locked by it now, if they are.
    pub fn handle_recorded(&mut self, now: Instant, locked_for: Option<Duration>) {
        let State::Recording { last } = self.state else { return };
        self.locked_for = locked_for;
        match last {
            Some(began) => self.conclude(self.left, Some(began)),
            None => self.ask_again(now, self.plan.prompts.wrong.clone()),
        }
    }

    /// The far end hung up. Who hangs up in the middle of an entry has had a try, and who hangs up on the
    /// question blocks.
    pub fn handle_hung_up(&mut self, now: Instant) {
        match (self.state, self.plan.task.entry()) {
            (State::Entering { .. }, Some(kind)) if self.is_try(now) => {
                self.note(Conclusion::Incomplete);
                self.effects.push_back(ScriptEffect::Failed(kind));
            }
            (State::Questioning { .. }, _) => self.effects.push_back(ScriptEffect::Block),
            (_, _) => {}
        }
        self.state = State::Done;
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
            State::Transferring => self.go_on_transferring(now),
            State::Listening { .. } => self.say_anew(now),
            State::Entering { .. } => self.give_up_entry(now),
            State::Questioning { .. } => self.settle_block(true),
            State::Tail { .. } => self.hang_up(),
            State::Waiting
            | State::Saying
            | State::Recording { .. }
            | State::Telling
            | State::Farewell
            | State::Done => {}
        }
    }

    /// When [`handle_timeout`](Script::handle_timeout) is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        if self.state == State::Transferring {
            // A transfer goes on while it holds us.
            return self.transfer.as_ref().and_then(Transfer::poll_timeout);
        }
        if self.held_since.is_some() {
            return None;
        }
        match self.state {
            State::Listening { until } => Some((until, "end of the wait for a key")),
            State::Entering { until } => Some((until, "end of the wait for the next digit")),
            State::Questioning { until } => Some((until?, "end of the wait for an answer about fraud")),
            State::Tail { until } => Some((until, "silence after the farewell")),
            State::Waiting
            | State::Transferring
            | State::Saying
            | State::Recording { .. }
            | State::Telling
            | State::Farewell
            | State::Done => None,
        }
    }

    /// What is to be done next.
    pub fn poll_effect(&mut self) -> Option<ScriptEffect> {
        self.effects.pop_front()
    }

    /// What the call comes to if it ends now without a deciding key.
    pub fn left_unanswered(&self) -> Conclusion {
        self.left
    }

    /// Whether the person's answer is still wanted.
    fn is_asking(&self) -> bool {
        match self.state {
            State::Saying | State::Listening { .. } | State::Entering { .. } | State::Recording { .. } => {
                true
            }
            State::Waiting
            | State::Transferring
            | State::Telling
            | State::Questioning { .. }
            | State::Farewell
            | State::Tail { .. }
            | State::Done => false,
        }
    }

    /// A key did not count. One that nobody can have pressed in answer to us makes the call unclean.
    fn ignore(&mut self, why: Distrust, began: Instant, path: Option<KeyPath>) {
        self.effects.push_back(ScriptEffect::Ignored { why, began, path });
        // What comes from an attendant says nothing of the person behind it.
        if self.is_transferring() {
            return;
        }
        self.note(Conclusion::Untrusted);
        if why.is_of_now() {
            self.entry.doubt(began);
        }
        // Between the question and its two digits a second `#` is impatience, no sign of a machine.
        if self.ask == Ask::Task && why.stains() {
            self.trust.stain();
        }
    }

    /// Whether what was keyed so far counts as a try, were it the end.
    fn is_try(&self, now: Instant) -> bool {
        self.ask == Ask::Task && !self.entry.is_empty() && !self.entry.is_damaged(now, &self.traces)
    }

    /// Keeps what says most of the call so far.
    fn note(&mut self, conclusion: Conclusion) {
        if conclusion.weight() > self.left.weight() {
            self.left = conclusion;
        }
    }

    fn postpone(&mut self, by: Duration) {
        match &mut self.state {
            State::Listening { until }
            | State::Entering { until }
            | State::Tail { until }
            | State::Questioning { until: Some(until) } => *until += by,
            State::Waiting
            | State::Transferring
            | State::Saying
            | State::Recording { .. }
            | State::Telling
            | State::Questioning { until: None }
            | State::Farewell
            | State::Done => {}
        }
    }
}

#[cfg(test)]
mod tests;
