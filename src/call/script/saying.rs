//! What is said, and when that is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Ask, Conclusion, KEY_LATENCY, SPOKEN_SAYINGS, Script, ScriptEffect, State, TAIL};
use crate::call::entry::Entry;
use crate::call::task::Task;
use crate::clip::Clip;

/// Clips of the saying that plays now, by index.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    /// Opens the gate with its last sample; `None` where it is open already.
    pub(super) gate: Option<usize>,
    /// Ends the first reading of a code.
    pub(super) told: usize,
    /// The last one.
    pub(super) last: usize,
}

impl Script {
    /// The prompt from its start: context, instruction.
    pub(super) fn say_prompt(&mut self, now: Instant, lead: Duration, before: Option<Arc<Clip>>) {
        self.said += 1;
        self.prompt_began = now;
        self.trust.voices.prompt_anew(now);
        let gate = usize::from(before.is_some());
        let prompt = [self.plan.prompts.context.clone(), self.plan.prompts.instruction.clone()];
        self.ask(now, Ask::Task, Some(gate), lead, before.into_iter().chain(prompt).collect());
    }

    /// What greeted at length has paused: it may have asked who calls and why, or may be a person who heard
    /// nothing of the prompt.
    pub fn handle_greeted(&mut self, now: Instant) {
        let introduction = self.plan.prompts.screening.clone();
        self.screened |= introduction.is_some() && self.is_prompting();
        self.begin_anew(now, introduction);
    }

    /// Somebody has come on who has not heard the prompt.
    pub fn handle_came_on(&mut self, now: Instant) {
        self.came_on = true;
        self.begin_anew(now, None);
    }

    /// Whether what greeted was told who calls and why, and nobody has come on since.
    pub fn was_screened(&self) -> bool {
        self.screened && !self.came_on
    }

    /// The prompt from its start, unless somebody is keying; it is no repeat of it.
    fn begin_anew(&mut self, now: Instant, before: Option<Arc<Clip>>) {
        if self.is_prompting() {
            self.said = self.said.saturating_sub(1);
            self.say_prompt(now, Duration::ZERO, before);
        }
    }

    /// Whether the prompt is said, or a key waited for, and none came.
    pub(super) fn is_prompting(&self) -> bool {
        let is_said = matches!(self.state, State::Saying | State::Listening { .. });
        is_said && self.ask == Ask::Task && self.entry.is_empty()
    }

    /// What was wrong, then the instruction; the person knows by now who calls.
    pub(super) fn ask_again(&mut self, now: Instant, what: Option<Arc<Clip>>) {
        self.said += 1;
        let clips = what.into_iter().chain([self.plan.prompts.instruction.clone()]).collect();
        self.ask(now, Ask::Task, None, Duration::ZERO, clips);
    }

    /// Two digits, to be keyed by somebody who hears them. Whether the pack can say them.
    pub(super) fn ask_spoken(&mut self, now: Instant) -> bool {
        let Some(spoken) = &self.plan.prompts.spoken else { return false };
        let clips = spoken.request(&self.plan.spoken);
        let second_digit = self.plan.spoken.len();
        self.spoken_said += 1;
        self.ask(now, Ask::Spoken, Some(second_digit), Duration::ZERO, clips);
        true
    }

    fn ask(&mut self, now: Instant, ask: Ask, gate: Option<usize>, lead: Duration, clips: Vec<Arc<Clip>>) {
        if gate.is_some() {
            self.trust.gate.close(now);
        }
        self.ask = ask;
        self.entry = Entry::new(now);
        self.marks = Marks { gate, ..Marks::default() };
        self.play(lead, clips);
        self.effects.push_back(ScriptEffect::Prompting);
        self.state = State::Saying;
    }

    fn play(&mut self, lead: Duration, clips: Vec<Arc<Clip>>) {
        self.saying += 1;
        self.marks.last = clips.len().saturating_sub(1);
        self.effects.push_back(ScriptEffect::Play { saying: self.saying, lead, clips });
    }

    /// Says no more; what was said of this saying is of no interest any more.
    pub(super) fn stop(&mut self) {
        self.saying += 1;
        self.effects.push_back(ScriptEffect::Stop);
    }

    pub(super) fn open_gate(&mut self, at: Instant) {
        self.trust.gate.open(at);
        if self.ask == Ask::Task {
            // The prompt was said from its start: a fraud digit pressed before it is forgotten.
            self.fraud.forget_before(self.prompt_began);
        }
    }

    pub(super) fn listen(&mut self, at: Instant) {
        self.effects.push_back(ScriptEffect::Listening);
        self.state = State::Listening { until: at + self.plan.limits.wait + KEY_LATENCY };
    }

    /// Nobody answered: what was asked for is said once more, or it was the last time.
    pub(super) fn say_anew(&mut self, now: Instant) {
        match self.ask {
            Ask::Task if self.said < self.plan.limits.sayings => self.say_prompt(now, Duration::ZERO, None),
            Ask::Spoken if self.spoken_said < SPOKEN_SAYINGS => {
                self.ask_spoken(now);
            }
            Ask::Task | Ask::Spoken => self.conclude(self.left, None),
        }
    }

    /// Reads out the code.
    pub(super) fn tell_code(&mut self, now: Instant, began: Instant) {
        let (Task::Code { digits, repeat }, Some(code)) = (&self.plan.task, &self.plan.prompts.code) else {
            return self.conclude(Conclusion::Untrusted, Some(began));
        };
        let clips = code.readings(digits, *repeat);
        self.prompt_began = now;
        self.marks = Marks { told: digits.len(), ..Marks::default() };
        self.code_asked = Some(began);
        self.play(Duration::ZERO, clips);
        self.state = State::Telling;
    }

    /// The first reading is over; further ones go on.
    pub(super) fn conclude_delivered(&mut self) {
        self.settle(Conclusion::Delivered, self.code_asked);
    }

    /// A machine records: nothing more is said to it.
    pub(super) fn fall_silent(&mut self) {
        self.stop();
        if self.concluded.is_none() {
            self.settle(Conclusion::Untrusted, self.code_asked);
        }
        self.hang_up();
    }

    /// What follows the last clip of a farewell.
    pub(super) fn end_if(&mut self, is_last: bool, at: Instant) {
        if is_last {
            self.state = State::Tail { until: at + TAIL };
        }
    }

    /// Settles the call and takes leave.
    pub(super) fn conclude(&mut self, conclusion: Conclusion, at: Option<Instant>) {
        self.settle(conclusion, at);
        let farewell = self.farewell(conclusion);
        self.take_leave(farewell);
    }

    pub(super) fn take_leave(&mut self, farewell: Option<Arc<Clip>>) {
        match farewell {
            Some(clip) => {
                self.play(Duration::ZERO, vec![clip]);
                self.state = State::Farewell;
            }
            None => self.hang_up(),
        }
    }

    pub(super) fn say_alone(&mut self, clip: Arc<Clip>) {
        self.play(Duration::ZERO, vec![clip]);
    }

    /// The verdict is known: what it was held against is not needed any more.
    pub(super) fn settle(&mut self, conclusion: Conclusion, at: Option<Instant>) {
        self.concluded = Some(conclusion);
        self.plan.task = Task::Confirm;
        self.entry = Entry::new(self.prompt_began);
        self.effects.push_back(ScriptEffect::Concluded { conclusion, at });
    }

    fn farewell(&self, conclusion: Conclusion) -> Option<Arc<Clip>> {
        let prompts = &self.plan.prompts;
        let farewell = match conclusion {
            Conclusion::Confirmed
            | Conclusion::ChallengeMatched
            | Conclusion::PinMatched
            | Conclusion::SpokenMatched => &prompts.thanks,
            Conclusion::FraudReported => &prompts.fraud.reported,
            Conclusion::TooLate => &prompts.expired,
            Conclusion::Nobody | Conclusion::Engaged => return None,
            Conclusion::ChallengeWrong | Conclusion::PinWrong => {
                return prompts.locked.farewell(self.locked_for);
            }
            Conclusion::Incomplete
            | Conclusion::PinMissing
            | Conclusion::Invalid
            | Conclusion::Untrusted
            | Conclusion::NoInput
            | Conclusion::Delivered => &prompts.goodbye,
        };
        farewell.clone()
    }

    pub(super) fn hang_up(&mut self) {
        self.state = State::Done;
        self.effects.push_back(ScriptEffect::HangUp);
    }
}
