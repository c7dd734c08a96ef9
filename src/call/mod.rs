//! One call: joins the two halves of a leg with the script, and ends as facts.
//!
//! A [`Call`] takes what signalling and media tell, and returns what is to be done. It knows no SIP
//! and no RTP type: a modem is another leg.

pub mod answered;
mod effect;
mod entry;
mod gate;
pub mod pin;
mod press;
pub mod prompts;
pub mod script;
pub mod task;
pub mod transfer;
mod trust;
pub mod verdict;
mod voices;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use effect::{Conclusion, ScriptEffect};
pub use press::{IgnoredPress, PressRecord};

use crate::leg::key::{Distrust, KeyEvent, KeyJoiner, KeyPath, Press};
use crate::leg::{Cause, CauseKind, MediaCommand, MediaEvent, MediaFigures, MediaFormat, SignalEvent};
use crate::reason::Reason;
use crate::report::progress::Progress;
use crate::report::record::AnsweredBy;
use answered::{Advice, Impression};
use script::{Script, ScriptPlan};
use task::FailedEntry;
use transfer::Voice;
use verdict::{Facts, Order};

/// Presses kept for the record; more are counted by nobody, because nobody presses more.
const PRESSES: usize = 64;

/// What is to be done for a call.
#[derive(Debug)]
pub enum CallEffect {
    /// Order this of the media half.
    Media(MediaCommand),
    /// Order signalling to end the leg: CANCEL or BYE.
    HangUp,
    /// Tell the job's progress.
    Progress(Progress),
    /// Make a wrong entry durable, then call [`Call::handle_recorded`].
    Failed(FailedEntry),
    /// The verdict is known: make it durable.
    Verdict(Reason),
    /// Fraud was reported after the verdict, which stays.
    FraudReported,
    /// The person wants no more calls, or has not said otherwise.
    Block,
    /// Signalling ended and the media half is closed; nothing follows.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Dialling,
    Answered {
        limit: Instant,
    },
    /// We hung up or the far end did; the media half is read empty.
    Closing,
}

/// One attempt to reach a person, from the INVITE to its end.
#[derive(Debug)]
pub struct Call {
    script: Script,
    /// Of who answered.
    impression: Impression,
    max_call: Duration,
    state: State,
    joiner: KeyJoiner,
    presses: Vec<PressRecord>,
    ignored: Vec<IgnoredPress>,
    /// Whether traces of keys came that were none.
    traced: bool,
    /// Which press decided.
    deciding: Option<usize>,
    conclusion: Option<Conclusion>,
    verdict: Option<Reason>,
    order: Option<Order>,
    rung: bool,
    early_media: bool,
    answered_at: Option<Instant>,
    cause: Option<Cause>,
    figures: Option<MediaFigures>,
    effects: VecDeque<CallEffect>,
}

impl Call {
    /// A call about to be dialled. `max_call` limits it from the answer on, hold included;
    /// `dtmf_repeat` is that of [`KeyJoiner::new`].
    pub fn new(plan: ScriptPlan, max_call: Duration, dtmf_repeat: Duration) -> Call {
        Call {
            script: Script::new(plan),
            impression: Impression::default(),
            max_call,
            state: State::Dialling,
            joiner: KeyJoiner::new(dtmf_repeat),
            presses: Vec::new(),
            ignored: Vec::new(),
            traced: false,
            deciding: None,
            conclusion: None,
            verdict: None,
            order: None,
            rung: false,
            early_media: false,
            answered_at: None,
            cause: None,
            figures: None,
            effects: VecDeque::new(),
        }
    }

    /// Takes what the signalling half tells.
    pub fn handle_signal(&mut self, now: Instant, event: SignalEvent) {
        match event {
            SignalEvent::Trying => {}
            SignalEvent::Ringing => self.ring(),
            SignalEvent::EarlyMedia(format) => self.early_media(format),
            SignalEvent::Answered(format) => self.answer(now, format),
            SignalEvent::Renegotiated(format) => self.media(MediaCommand::Negotiated(format)),
            SignalEvent::Held(held) => {
                self.media(MediaCommand::Hold(held));
                self.script.handle_hold(now, held);
            }
            SignalEvent::Key(press) => self.handle_press(now, press),
            SignalEvent::Untrusted { why, began } => {
                self.script.handle_untrusted(why, began, Some(KeyPath::SipInfo));
            }
            SignalEvent::Diverted => self.script.handle_diverted(),
            SignalEvent::HungUp(cause) | SignalEvent::Ended(cause) => {
                self.cause = Some(cause);
                self.close();
                self.end_if_closed();
            }
        }
        self.run_script();
    }

    /// Takes what the media half tells.
    pub fn handle_media(&mut self, now: Instant, event: MediaEvent) {
        match event {
            MediaEvent::Key(press) => self.handle_press(now, press),
            MediaEvent::Untrusted { why, began } => self.script.handle_untrusted(why, began, None),
            MediaEvent::VoiceBegan { at } => self.hear_voice(now, at, true),
            MediaEvent::VoiceEnded { at } => self.hear_voice(now, at, false),
            MediaEvent::Sound { sound, from } => {
                self.script.handle_sound(sound, from);
                if !self.script.is_transferring() {
                    self.impression.handle_sound(now, sound, from);
                }
            }
            MediaEvent::Undecided { from, to } => self.handle_undecided(from, to),
            MediaEvent::Played { saying, clip, at } => self.script.handle_played(saying, clip, at),
            MediaEvent::Pressed { first_packet } => self.script.handle_pressed(first_packet),
            MediaEvent::RingbackBegan { at } => self.script.handle_ringback(at, true),
            MediaEvent::RingbackEnded { at } => self.script.handle_ringback(at, false),
            MediaEvent::Engaged { from } => self.script.handle_engaged(from),
            MediaEvent::Closed(figures) => {
                if self.cause.as_ref().is_some_and(|cause| cause.kind == CauseKind::HungUpByFar) {
                    self.script.handle_hung_up(now);
                }
                self.run_script();
                self.impression.handle_timeout(now);
                self.figures = Some(figures);
                self.draw_verdict();
                self.end_if_closed();
            }
        }
        self.take_advice(now);
        self.run_script();
    }

    /// The wrong entry of [`CallEffect::Failed`] is durable; it has locked PINs and challenges for so long,
    /// if it has.
    pub fn handle_recorded(&mut self, now: Instant, locked_for: Option<Duration>) {
        self.script.handle_recorded(now, locked_for);
        self.run_script();
    }

    /// Ends the call because somebody said so; what a key decided stays.
    pub fn handle_order(&mut self, order: Order) {
        if self.state != State::Closing {
            self.order = Some(order);
            self.hang_up();
        }
    }

    /// A deadline of [`poll_timeout`](Call::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Answered { limit } if now >= limit => self.hang_up(),
            State::Answered { .. } => {
                self.script.handle_timeout(now);
                self.impression.handle_timeout(now);
                self.take_advice(now);
            }
            State::Dialling | State::Closing => {}
        }
        self.run_script();
    }

    /// When [`handle_timeout`](Call::handle_timeout) is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let State::Answered { limit } = self.state else { return None };
        let script = self.script.poll_timeout();
        let impression = self.impression.poll_timeout().map(|at| (at, "a pause of who answered"));
        let limit = Some((limit, "limit of the call"));
        [limit, script, impression].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// What is to be done next.
    pub fn poll_effect(&mut self) -> Option<CallEffect> {
        self.effects.pop_front()
    }

    /// Whether the phone rang or was answered (contract, section 1).
    pub fn rung(&self) -> bool {
        self.rung
    }

    /// When it was answered.
    pub fn answered_at(&self) -> Option<Instant> {
        self.answered_at
    }

    /// The reason, once it is known.
    pub fn verdict(&self) -> Option<Reason> {
        self.verdict
    }

    /// Who or what answered, as far as can be told by now; `None` before the answer.
    pub fn answered_by(&self) -> Option<AnsweredBy> {
        self.impression.label()
    }

    /// Whether traces of keys came that fell short of one.
    pub fn traced(&self) -> bool {
        self.traced
    }

    /// The press that decided, with the paths known so far.
    pub fn deciding_press(&self) -> Option<&PressRecord> {
        self.deciding.and_then(|index| self.presses.get(index))
    }

    /// The presses that did not count, in the order in which they were told.
    pub fn ignored(&self) -> &[IgnoredPress] {
        &self.ignored
    }

    /// Why the leg ended, once it has.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// What the media half counted, once it is closed.
    pub fn figures(&self) -> Option<&MediaFigures> {
        self.figures.as_ref()
    }

    fn ring(&mut self) {
        if !self.rung {
            self.rung = true;
            self.progress(Progress::Ringing);
        }
    }

    /// Early media is read, so that none of it is old at the answer, and nothing is sent into it.
    fn early_media(&mut self, format: Arc<MediaFormat>) {
        if !self.early_media {
            self.early_media = true;
            self.progress(Progress::EarlyMedia);
        }
        let listening = MediaFormat { sending: false, ..(*format).clone() };
        self.media(MediaCommand::Negotiated(Arc::new(listening)));
    }

    fn answer(&mut self, now: Instant, format: Arc<MediaFormat>) {
        if self.state != State::Dialling {
            return;
        }
        self.rung = true;
        self.answered_at = Some(now);
        self.state = State::Answered { limit: now + self.max_call };
        self.media(MediaCommand::Negotiated(format));
        self.progress(Progress::Answered);
        self.impression.handle_answered(now);
        self.script.handle_answered(now);
    }

    /// What an attendant says makes no impression of the person behind it.
    fn hear_voice(&mut self, now: Instant, at: Instant, speaking: bool) {
        self.script.handle_voice(at, speaking);
        match speaking {
            _ if self.script.is_transferring() => {}
            true => self.impression.handle_voice_began(now, at),
            false => self.impression.handle_voice_ended(now, at),
        }
    }

    /// Somebody is there behind an attendant, by this voice if it was one.
    fn meet(&mut self, now: Instant, voice: Option<Voice>) {
        self.impression = Impression::default();
        self.impression.handle_answered(voice.map_or(now, |voice| voice.began));
        let Some(voice) = voice else { return };
        self.impression.handle_voice_began(now, voice.began);
        if let Some(ended) = voice.ended {
            self.impression.handle_voice_ended(now, ended);
        }
    }

    fn handle_undecided(&mut self, from: Instant, to: Instant) {
        if self.answered_at.is_some() && !self.script.is_transferring() && !self.joiner.is_residue(from, to) {
            self.traced = true;
            self.script.handle_trace(to);
        }
    }

    /// A press by one path. Presses before the answer are no keys: nobody was asked yet.
    fn handle_press(&mut self, now: Instant, press: Press) {
        let Some(answered_at) = self.answered_at else {
            return self.script.handle_untrusted(Distrust::EarlyMedia, press.began, Some(press.path));
        };
        if self.script.returns(press.digit, press.began) {
            return;
        }
        match self.joiner.handle_press(press) {
            KeyEvent::Pressed(press) => {
                if self.presses.len() < PRESSES {
                    let since_answer = press.began.saturating_duration_since(answered_at);
                    let record = PressRecord { paths: vec![press.path], since_answer, began: press.began };
                    self.presses.push(record);
                    self.progress(Progress::Key);
                }
                // At the end of the call too: a key whose packets came before the BYE counts.
                self.script.handle_key(now, press.digit, press.began);
            }
            KeyEvent::Repeated => {}
            KeyEvent::Confirmed { press, path } => {
                if let Some(record) = self.presses.get_mut(press) {
                    record.paths.push(path);
                }
            }
        }
    }

    /// What who answered calls for, as long as nothing is decided.
    fn take_advice(&mut self, now: Instant) {
        while let Some(advice) = self.impression.poll_advice() {
            match advice {
                Advice::Introduce => self.script.handle_greeted(now),
                Advice::PromptAnew => self.script.handle_came_on(now),
                Advice::HangUp if self.conclusion.is_none() => self.hang_up(),
                Advice::HangUp => {}
            }
        }
    }

    fn run_script(&mut self) {
        while let Some(effect) = self.script.poll_effect() {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: ScriptEffect) {
        let over = self.state == State::Closing;
        match effect {
            ScriptEffect::Concluded { conclusion, at } => self.conclude(conclusion, at),
            // The line is closing: a late key may still decide, but nothing is said any more.
            ScriptEffect::Play { .. }
            | ScriptEffect::Dial(_)
            | ScriptEffect::Stop
            | ScriptEffect::Prompting
            | ScriptEffect::Listening
            | ScriptEffect::HangUp
                if over => {}
            ScriptEffect::Play { saying, lead, clips } => {
                self.media(MediaCommand::Play { saying, lead, clips });
            }
            ScriptEffect::Met { at, voice } => self.meet(at, voice),
            ScriptEffect::Dial(keys) => self.media(MediaCommand::Press(keys)),
            ScriptEffect::Stop => self.media(MediaCommand::Stop),
            ScriptEffect::Ignored { why, began, path } => self.ignore(why, began, path),
            ScriptEffect::Failed(entry) => self.effects.push_back(CallEffect::Failed(entry)),
            ScriptEffect::FraudReported => self.effects.push_back(CallEffect::FraudReported),
            ScriptEffect::Block => self.effects.push_back(CallEffect::Block),
            ScriptEffect::Prompting => self.progress(Progress::Prompting),
            ScriptEffect::Listening => self.progress(Progress::Listening),
            ScriptEffect::HangUp => self.hang_up(),
        }
    }

    fn conclude(&mut self, conclusion: Conclusion, at: Option<Instant>) {
        self.conclusion = Some(conclusion);
        self.deciding = at.and_then(|at| self.presses.iter().rposition(|press| press.began == at));
        if let Some(reason) = verdict::reason_at_the_key(conclusion) {
            if let Some(pressed) = at {
                self.impression.handle_key(pressed);
            }
            self.tell_verdict(reason);
        }
    }

    fn ignore(&mut self, why: Distrust, began: Instant, path: Option<KeyPath>) {
        if self.ignored.len() == PRESSES {
            return;
        }
        let press = self.presses.iter().rev().find(|press| press.began == began);
        let path = path.or_else(|| press.and_then(|press| press.paths.first().copied()));
        let since_answer = self.answered_at.map(|at| began.saturating_duration_since(at)).unwrap_or_default();
        self.ignored.push(IgnoredPress { why, path, since_answer });
    }

    fn draw_verdict(&mut self) {
        let answered = self.answered_at.map(|_| self.script.left_unanswered());
        let facts = Facts {
            cause: self.cause.as_ref(),
            order: self.order,
            rung: self.rung,
            conclusion: self.conclusion.or(answered),
            media_heard: self.media_heard(),
            answered_by: self.impression.label(),
            screened: self.script.was_screened(),
        };
        let reason = verdict::reason(&facts);
        self.tell_verdict(reason);
    }

    fn media_heard(&self) -> bool {
        let heard = |figures: &MediaFigures| figures.packets_received > 0 || figures.rtcp_received;
        !self.presses.is_empty() || self.figures.as_ref().is_some_and(heard)
    }

    fn tell_verdict(&mut self, reason: Reason) {
        if self.verdict.is_none() {
            self.verdict = Some(reason);
            self.effects.push_back(CallEffect::Verdict(reason));
        }
    }

    fn hang_up(&mut self) {
        if self.state != State::Closing {
            self.effects.push_back(CallEffect::HangUp);
        }
        // Until an unanswered call is cancelled a 200 may still cross: media waits for the end.
        if self.answered_at.is_some() {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.state != State::Closing {
            self.state = State::Closing;
            self.media(MediaCommand::Close);
        }
    }

    fn end_if_closed(&mut self) {
        if self.cause.is_some() && self.figures.is_some() {
            self.effects.push_back(CallEffect::Ended);
        }
    }

    fn media(&mut self, command: MediaCommand) {
        self.effects.push_back(CallEffect::Media(command));
    }

    fn progress(&mut self, progress: Progress) {
        self.effects.push_back(CallEffect::Progress(progress));
    }
}

#[cfg(test)]
mod tests;
