//! The same calls with somebody at the keys, through the call's own script: who is asked for a key presses it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use octothorpe::call::prompts::{FraudClips, LockedClips, Prompts, SpokenClips};
use octothorpe::call::script::{ConfirmKey, ScriptLimits, ScriptPlan};
use octothorpe::call::task::Task;
use octothorpe::call::{Call, CallEffect};
use octothorpe::clip::Clip;
use octothorpe::dsp::units::Samples;
use octothorpe::leg::key::{Digit, KeyPath, Press};
use octothorpe::leg::{
    Cause, CauseKind, Codec, MediaCommand, MediaEvent, MediaFigures, MediaFormat, SignalEvent, Stage,
};
use octothorpe::prompt::{ClipName, Pack};
use octothorpe::reason::Reason;

/// What is asked for on an unclean call; none of them is the fraud key.
const SPOKEN: &str = "47";
/// Between two keys.
const GAP: Duration = Duration::from_millis(400);

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) reason: Reason,
    /// Whether two spoken digits were asked for.
    pub(crate) was_asked: bool,
}

impl Served {
    pub(crate) fn is_verified(self) -> bool {
        matches!(self.reason, Reason::KeyPressed | Reason::SpokenMatched)
    }
}

/// Who is at the keys.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hand {
    /// Somebody who answers.
    Answers {
        /// From when on.
        from: Instant,
        /// Presses so long after the last word of what asks for it.
        reaction: Duration,
        /// Whether it hears which digits are asked for: a robot presses `#` there too.
        listens: bool,
    },
    /// A `#` that is part of a recording.
    Recorded(Instant),
}

/// What is to come.
#[derive(Debug, Clone, PartialEq)]
enum Due {
    Played { saying: u32, clip: usize },
    Press(char),
}

struct Desk {
    call: Call,
    hand: Hand,
    due: Vec<(Instant, Due)>,
    served: Option<Reason>,
    was_asked: bool,
}

/// A call that tells this, with such a hand at its keys.
pub(crate) fn serve(pack: &Pack, zero: Instant, told: &[(Instant, MediaEvent)], hand: Hand) -> Served {
    let call = Call::new(plan(pack, zero), Duration::from_secs(120), Duration::ZERO);
    let due = match hand {
        Hand::Answers { .. } => Vec::new(),
        Hand::Recorded(at) => vec![(at, Due::Press('#'))],
    };
    let mut desk = Desk { call, hand, due, served: None, was_asked: false };
    desk.call.handle_signal(zero, SignalEvent::Answered(format()));
    desk.carry_out(zero);
    let mut told = told.iter().peekable();
    loop {
        if let Some(reason) = desk.served {
            return Served { reason, was_asked: desk.was_asked };
        }
        let said = desk.due.iter().map(|(at, _)| *at).min();
        let timeout = desk.call.poll_timeout().map(|(at, _)| at);
        let heard = told.peek().map(|(at, _)| *at);
        let now = [said, timeout, heard].into_iter().flatten().min().expect("a call has a limit");
        if heard == Some(now) {
            let (_, event) = told.next().expect("it was peeked at");
            desk.call.handle_media(now, event.clone());
        } else if said == Some(now) {
            desk.meet(now);
        } else {
            desk.call.handle_timeout(now);
        }
        desk.carry_out(now);
    }
}

impl Desk {
    fn meet(&mut self, now: Instant) {
        let place = self.due.iter().position(|(at, _)| *at == now).expect("something is due");
        match self.due.remove(place).1 {
            Due::Played { saying, clip } => {
                self.call.handle_media(now, MediaEvent::Played { saying, clip, at: now });
            }
            Due::Press(key) => {
                let digit = Digit::from_char(key).expect("a key");
                let press = Press { digit, path: KeyPath::Rfc4733, began: now };
                self.call.handle_media(now, MediaEvent::Key(press));
            }
        }
    }

    fn carry_out(&mut self, now: Instant) {
        while let Some(effect) = self.call.poll_effect() {
            match effect {
                CallEffect::Media(MediaCommand::Play { saying, lead, clips }) => {
                    self.play(now + lead, saying, &clips);
                }
                CallEffect::Media(MediaCommand::Stop) => self.forget(),
                CallEffect::HangUp => self.close(now),
                CallEffect::Verdict(reason) => self.served = Some(reason),
                CallEffect::Media(_)
                | CallEffect::Progress(_)
                | CallEffect::Failed(_)
                | CallEffect::FraudReported
                | CallEffect::Block
                | CallEffect::Ended => {}
            }
        }
    }

    /// Who hears something new waits for its end; a recording goes on.
    fn forget(&mut self) {
        let is_recorded = matches!(self.hand, Hand::Recorded(_));
        self.due.retain(|(_, due)| is_recorded && matches!(due, Due::Press(_)));
    }

    fn play(&mut self, from: Instant, saying: u32, clips: &[Arc<Clip>]) {
        self.forget();
        let mut end = from;
        for (clip, samples) in clips.iter().map(|clip| clip.pcm().len()).enumerate() {
            end += Samples(samples as u64).as_duration();
            self.due.push((end, Due::Played { saying, clip }));
        }
        let is_spoken = clips.first().is_some_and(|clip| clip.name() == "spoken_ask");
        self.was_asked |= is_spoken;
        if let Hand::Answers { from, reaction, listens } = self.hand {
            let keys = if is_spoken && listens { SPOKEN } else { "" };
            let first = (end + reaction).max(from);
            let at = (0..).map(|place| first + GAP * place);
            self.due.extend(at.zip(keys.chars().chain(['#']).map(Due::Press)));
        }
    }

    fn close(&mut self, now: Instant) {
        let cause = Cause {
            kind: CauseKind::HungUpByUs,
            stage: Stage::Answered,
            code: None,
            q850: None,
            text: String::new(),
            retry_after: None,
        };
        self.call.handle_signal(now, SignalEvent::Ended(cause));
        let figures = MediaFigures { packets_received: 500, ..MediaFigures::default() };
        self.call.handle_media(now, MediaEvent::Closed(figures));
    }
}

/// The pack of the prompts that are said.
pub(crate) fn pack() -> Pack {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts/en-US");
    Pack::load(&directory).expect("the shipped pack can be read")
}

fn plan(pack: &Pack, zero: Instant) -> ScriptPlan {
    let clip = |name| pack.clip(name).expect("the shipped pack is whole").clone();
    let digits = ClipName::DIGITS.map(clip);
    let prompts = Prompts {
        context: clip(ClipName::ContextSignIn),
        instruction: clip(ClipName::Instruction),
        screening: Some(clip(ClipName::Screening)),
        invalid: Some(clip(ClipName::Invalid)),
        incomplete: Some(clip(ClipName::EntryIncomplete)),
        wrong: None,
        spoken: Some(SpokenClips {
            ask: clip(ClipName::SpokenAsk),
            then: clip(ClipName::SpokenThen),
            digits,
            wrong: None,
        }),
        code: None,
        fraud: FraudClips::default(),
        thanks: None,
        expired: None,
        locked: LockedClips::default(),
        goodbye: None,
    };
    let digit = |key| Digit::from_char(key).expect("a key");
    let mut spoken = SPOKEN.chars().map(digit);
    ScriptPlan {
        task: Task::Confirm,
        prompts,
        limits: ScriptLimits {
            lead: Duration::from_millis(200),
            wait: Duration::from_secs(6),
            sayings: 3,
            fraud_key: digit('0'),
            confirm_key: ConfirmKey::Hash,
        },
        answer_by: zero + Duration::from_secs(120),
        spoken: std::array::from_fn(|_| spoken.next().expect("two digits")),
        extension: Vec::new(),
    }
}

fn format() -> Arc<MediaFormat> {
    Arc::new(MediaFormat {
        remote: None,
        remote_rtcp: None,
        codec: Codec::Pcmu,
        send_payload: 0,
        receive_payloads: vec![(0, Codec::Pcmu)],
        send_event_payload: None,
        receive_event_payload: None,
        ptime: Duration::from_millis(20),
        sending: true,
    })
}
