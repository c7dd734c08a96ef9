//! Behind an office's attendant: nobody is asked before a person is there.

use std::time::Instant;

use super::{Conclusion, Script, ScriptEffect, State};
use crate::call::transfer::{Due, Transfer};
use crate::leg::key::Digit;

impl Script {
    /// A key of ours left.
    pub fn handle_pressed(&mut self, at: Instant) {
        if let Some(transfer) = &mut self.transfer {
            transfer.handle_pressed(at);
        }
    }

    /// A burst of ringing began, or ended.
    pub fn handle_ringback(&mut self, at: Instant, sounds: bool) {
        let Some(transfer) = &mut self.transfer else { return };
        transfer.handle_ringback(at, sounds);
        if sounds && self.is_talking_to_nobody() {
            self.wait_for_person();
        }
    }

    /// A busy or congestion tone is heard since then: behind the attendant it is the extension's.
    pub fn handle_engaged(&mut self, from: Instant) {
        let is_its = |transfer: &Transfer| transfer.is_behind(from);
        if self.is_transferring() && self.transfer.as_ref().is_some_and(is_its) {
            self.conclude(Conclusion::Engaged, None);
        }
    }

    /// Whether the attendant has not put a person through yet.
    pub fn is_transferring(&self) -> bool {
        self.state == State::Transferring
    }

    /// Whether a key is one that we dialled ourselves, and that comes back.
    pub fn returns(&self, digit: Digit, began: Instant) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| transfer.returns(digit, began))
    }

    pub(super) fn meet_attendant(&mut self, now: Instant) {
        self.state = State::Transferring;
        self.left = Conclusion::Nobody;
        if let Some(transfer) = &mut self.transfer {
            transfer.handle_answered(now);
        }
    }

    pub(super) fn go_on_transferring(&mut self, now: Instant) {
        match self.transfer.as_mut().and_then(|transfer| transfer.handle_timeout(now)) {
            Some(Due::Dial(keys)) => self.effects.push_back(ScriptEffect::Dial(keys)),
            Some(Due::Somebody) => {
                self.trust.begin_anew(now);
                self.left = Conclusion::NoInput;
                let voice = self.transfer.as_ref().and_then(Transfer::voice);
                self.effects.push_back(ScriptEffect::Met { at: now, voice });
                self.say_prompt(now, self.plan.limits.lead, None);
            }
            Some(Due::Nobody) => self.conclude(Conclusion::Nobody, None),
            None => {}
        }
    }

    /// Whether the prompt is said while nobody has keyed anything.
    fn is_talking_to_nobody(&self) -> bool {
        self.is_prompting() && self.failed == 0
    }

    /// It rings on: who seemed to be there was the attendant, or the pause between two bursts.
    fn wait_for_person(&mut self) {
        self.stop();
        self.said = 0;
        self.left = Conclusion::Nobody;
        self.state = State::Transferring;
        if let Some(transfer) = &mut self.transfer {
            transfer.wait_again();
        }
    }
}
