mod answering;

use super::prompts::{FraudClips, LockedClips, Prompts, SpokenClips};
use super::script::{ConfirmKey, ScriptLimits};
use super::task::Task;
use super::transfer::ExtensionKey;
use super::*;
use crate::clip::Clip;
use crate::leg::key::Digit;
use crate::leg::{CauseKind, Codec, LineSound, Stage};

struct Bench {
    zero: Instant,
    call: Call,
}

fn format() -> Arc<MediaFormat> {
    Arc::new(MediaFormat {
        remote: Some(([192, 0, 2, 1], 4000).into()),
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

fn cause(kind: CauseKind, stage: Stage) -> Cause {
    Cause { kind, stage, code: None, q850: None, text: String::new(), retry_after: None }
}

fn figures(packets_received: u64) -> MediaFigures {
    MediaFigures { packets_received, ..MediaFigures::default() }
}

impl Bench {
    fn new() -> Bench {
        Bench::of(Task::Confirm)
    }

    fn of(task: Task) -> Bench {
        Bench::calling(task, None, Vec::new())
    }

    fn with(task: Task, spoken: Option<SpokenClips>) -> Bench {
        Bench::calling(task, spoken, Vec::new())
    }

    fn to_extension(keys: &str) -> Bench {
        let key = |c| ExtensionKey { digit: Digit::from_char(c).unwrap(), pause: Duration::ZERO };
        let digits = vec![Digit::from_char('4').unwrap(); 2];
        Bench::calling(Task::Challenge { digits }, None, keys.chars().map(key).collect())
    }

    fn calling(task: Task, spoken: Option<SpokenClips>, extension: Vec<ExtensionKey>) -> Bench {
        #[expect(clippy::disallowed_methods, reason = "any instant serves as the virtual zero")]
        let zero = Instant::now();
        let clip = |name: &str| Arc::new(Clip::new(name, vec![0; 8]));
        let prompts = Prompts {
            context: clip("context"),
            instruction: clip("instruction"),
            screening: Some(clip("screening")),
            invalid: None,
            incomplete: None,
            wrong: None,
            spoken,
            code: None,
            fraud: FraudClips { question: Some(clip("question")), ..FraudClips::default() },
            thanks: Some(clip("thanks")),
            expired: None,
            locked: LockedClips::default(),
            goodbye: None,
        };
        let limits = ScriptLimits {
            lead: Duration::from_millis(200),
            wait: Duration::from_secs(6),
            sayings: 3,
            fraud_key: Digit::from_char('0').unwrap(),
            confirm_key: ConfirmKey::Hash,
        };
        let spoken = [Digit::from_char('4').unwrap(), Digit::from_char('7').unwrap()];
        let answer_by = zero + Duration::from_secs(300);
        let plan = ScriptPlan { task, prompts, limits, answer_by, spoken, extension };
        Bench { zero, call: Call::new(plan, Duration::from_secs(120), Duration::ZERO) }
    }

    /// Answered at 0 ms, the context said at 1,200 ms.
    fn past_the_gate() -> Bench {
        Bench::past_the_gate_of(Task::Confirm)
    }

    fn past_the_gate_of(task: Task) -> Bench {
        let mut bench = Bench::of(task);
        bench.signal(0, SignalEvent::Ringing);
        bench.signal(0, SignalEvent::Answered(format()));
        let at = bench.at(1_200);
        bench.media(1_200, MediaEvent::Played { saying: 1, clip: 0, at });
        bench.effects();
        bench
    }

    fn at(&self, ms: u64) -> Instant {
        self.zero + Duration::from_millis(ms)
    }

    fn signal(&mut self, ms: u64, event: SignalEvent) {
        self.call.handle_signal(self.at(ms), event);
    }

    fn media(&mut self, ms: u64, event: MediaEvent) {
        self.call.handle_media(self.at(ms), event);
    }

    fn press(&mut self, digit: char, path: KeyPath, ms: u64) {
        let press = Press { digit: Digit::from_char(digit).unwrap(), path, began: self.at(ms) };
        match path {
            KeyPath::SipInfo => self.signal(ms + 40, SignalEvent::Key(press)),
            KeyPath::InBand | KeyPath::Rfc4733 | KeyPath::Modem => {
                self.media(ms + 40, MediaEvent::Key(press))
            }
        }
    }

    fn effects(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        while let Some(effect) = self.call.poll_effect() {
            words.push(match effect {
                CallEffect::Media(MediaCommand::Play { .. }) => "play".into(),
                CallEffect::Media(MediaCommand::Negotiated(format)) if format.sending => "talk".into(),
                CallEffect::Media(MediaCommand::Negotiated(_)) => "listen only".into(),
                CallEffect::Media(command) => format!("{command:?}"),
                CallEffect::Failed(entry) => format!("failed {entry:?}"),
                CallEffect::FraudReported => "fraud told".into(),
                CallEffect::Block => "block".into(),
                CallEffect::HangUp => "hang up".into(),
                CallEffect::Progress(progress) => format!("{progress:?}"),
                CallEffect::Verdict(reason) => format!("verdict {reason:?}"),
                CallEffect::Ended => "ended".into(),
            });
        }
        words
    }
}

#[test]
fn from_ringing_to_a_verdict_at_the_key_before_the_goodbye() {
    let mut bench = Bench::new();
    bench.signal(0, SignalEvent::Ringing);
    bench.signal(0, SignalEvent::Ringing);
    bench.signal(0, SignalEvent::Answered(format()));
    assert_eq!(bench.effects(), ["Ringing", "talk", "Answered", "play", "Prompting"]);
    let at = bench.at(1_200);
    bench.media(1_200, MediaEvent::Played { saying: 1, clip: 0, at });
    bench.press('#', KeyPath::InBand, 2_000);
    assert_eq!(bench.effects(), ["Key", "verdict KeyPressed", "play"]);
    bench.press('#', KeyPath::Rfc4733, 2_010);
    assert_eq!(bench.effects(), Vec::<String>::new(), "the same press by another path is no new key");
    let press = bench.call.deciding_press().unwrap();
    assert_eq!(press.paths, [KeyPath::InBand, KeyPath::Rfc4733]);
    assert_eq!(press.since_answer, Duration::from_millis(2_000));
    let at = bench.at(4_000);
    bench.media(4_000, MediaEvent::Played { saying: 2, clip: 0, at });
    bench.call.handle_timeout(bench.at(4_200));
    assert_eq!(bench.effects(), ["hang up", "Close"]);
    bench.media(4_210, MediaEvent::Closed(figures(200)));
    bench.signal(4_220, SignalEvent::Ended(cause(CauseKind::HungUpByUs, Stage::Answered)));
    assert_eq!(bench.effects(), ["ended"], "one verdict a call");
}

#[test]
fn a_key_whose_packets_came_before_the_bye_counts() {
    let mut bench = Bench::past_the_gate();
    bench.signal(2_000, SignalEvent::HungUp(cause(CauseKind::HungUpByFar, Stage::Answered)));
    assert_eq!(bench.effects(), ["Close"], "no verdict before the socket is read empty");
    bench.press('#', KeyPath::Rfc4733, 1_990);
    bench.media(2_010, MediaEvent::Closed(figures(90)));
    assert_eq!(bench.effects(), ["Key", "verdict KeyPressed", "ended"]);
}

#[test]
fn hanging_up_without_a_key_is_hung_up_and_without_any_media_no_media() {
    for (packets, expected) in [(90, "verdict HungUp"), (0, "verdict NoMedia")] {
        let mut bench = Bench::past_the_gate();
        bench.signal(2_000, SignalEvent::HungUp(cause(CauseKind::HungUpByFar, Stage::Answered)));
        bench.media(2_010, MediaEvent::Closed(figures(packets)));
        assert_eq!(bench.effects(), ["Close", expected, "ended"]);
    }
}

#[test]
fn a_hash_in_early_media_is_no_key_and_nothing_is_sent_into_it() {
    let mut bench = Bench::new();
    bench.signal(0, SignalEvent::EarlyMedia(format()));
    bench.press('#', KeyPath::InBand, 100);
    assert_eq!(bench.effects(), ["EarlyMedia", "listen only"]);
    let ignored = bench.call.ignored();
    assert_eq!(ignored.iter().map(|press| press.why).collect::<Vec<_>>(), [Distrust::EarlyMedia]);
}

/// Issue: "a wrong PIN or challenge is durable before the person is told, hanging up in mid-entry counts".
#[test]
fn a_wrong_challenge_is_told_for_the_record_and_a_hang_up_in_mid_entry_counts() {
    let challenge = || Task::Challenge { digits: vec![Digit::from_char('4').unwrap()] };
    let mut bench = Bench::past_the_gate_of(challenge());
    bench.press('5', KeyPath::Rfc4733, 2_000);
    bench.press('#', KeyPath::Rfc4733, 2_500);
    assert_eq!(bench.effects(), ["Key", "Stop", "Key", "failed Challenge"], "nothing is said yet");
    bench.call.handle_recorded(bench.at(2_600), None);
    assert_eq!(bench.effects(), ["play", "Prompting"]);
    bench.press('5', KeyPath::Rfc4733, 3_000);
    bench.press('#', KeyPath::Rfc4733, 3_500);
    bench.effects();
    bench.call.handle_recorded(bench.at(3_600), None);
    assert_eq!(bench.effects(), ["verdict ChallengeWrong", "hang up", "Close"]);

    let mut bench = Bench::past_the_gate_of(challenge());
    bench.press('5', KeyPath::Rfc4733, 2_000);
    bench.effects();
    bench.signal(2_500, SignalEvent::HungUp(cause(CauseKind::HungUpByFar, Stage::Answered)));
    bench.media(2_510, MediaEvent::Closed(figures(90)));
    assert_eq!(bench.effects(), ["Close", "failed Challenge", "verdict EntryIncomplete", "ended"]);
}

#[test]
fn a_fraud_report_is_a_verdict_at_the_key_and_hanging_up_on_the_question_blocks() {
    let mut bench = Bench::past_the_gate();
    bench.press('0', KeyPath::InBand, 2_000);
    bench.press('#', KeyPath::InBand, 2_500);
    assert_eq!(bench.effects(), ["Key", "Key", "verdict FraudReported", "play"]);
    bench.signal(3_000, SignalEvent::HungUp(cause(CauseKind::HungUpByFar, Stage::Answered)));
    bench.media(3_010, MediaEvent::Closed(figures(90)));
    assert_eq!(bench.effects(), ["Close", "block", "ended"], "the verdict stays");
}

#[test]
fn the_limit_of_the_call_runs_on_during_hold_and_ends_it() {
    let mut bench = Bench::past_the_gate();
    bench.signal(2_000, SignalEvent::Held(true));
    assert_eq!(bench.effects(), ["Hold(true)"]);
    assert_eq!(bench.call.poll_timeout(), Some((bench.at(120_000), "limit of the call")));
    bench.call.handle_timeout(bench.at(120_000));
    assert_eq!(bench.effects(), ["hang up", "Close"]);
    bench.media(120_010, MediaEvent::Closed(figures(500)));
    assert_eq!(bench.effects(), ["verdict NoInput"]);
}

#[test]
fn a_job_withdrawn_while_it_rings_is_cancelled_and_one_already_verified_stays_verified() {
    let mut bench = Bench::new();
    bench.signal(0, SignalEvent::Ringing);
    bench.call.handle_order(Order::Withdrawn);
    assert_eq!(bench.effects(), ["Ringing", "hang up"]);
    bench.signal(500, SignalEvent::Ended(cause(CauseKind::HungUpByUs, Stage::Ringing)));
    bench.media(510, MediaEvent::Closed(figures(0)));
    assert_eq!(bench.effects(), ["Close", "verdict Cancelled", "ended"]);

    let mut bench = Bench::past_the_gate();
    bench.press('#', KeyPath::SipInfo, 2_000);
    bench.call.handle_order(Order::Withdrawn);
    bench.media(2_100, MediaEvent::Closed(figures(100)));
    assert_eq!(bench.effects(), ["Key", "verdict KeyPressed", "play", "hang up", "Close"]);
}

#[test]
fn a_busy_line_ends_without_an_answer() {
    let mut bench = Bench::new();
    let busy = Cause { code: Some(486), ..cause(CauseKind::Refused, Stage::Trying) };
    bench.signal(100, SignalEvent::Ended(busy));
    bench.media(110, MediaEvent::Closed(figures(0)));
    assert_eq!(bench.effects(), ["Close", "verdict Busy", "ended"]);
    assert!(!bench.call.rung());
}

/// "The digits we dial ourselves and get back as tone, event or INFO are none": not even `0#` among them.
#[test]
fn dialled_digits_that_come_back_are_no_keys() {
    let mut bench = Bench::to_extension("0#");
    bench.signal(0, SignalEvent::Answered(format()));
    bench.call.handle_timeout(bench.at(2_000));
    for ms in [2_200, 2_400] {
        let first_packet = bench.at(ms);
        bench.media(ms, MediaEvent::Pressed { first_packet });
    }
    bench.effects();
    for (n, path) in (1..).zip([KeyPath::InBand, KeyPath::Rfc4733, KeyPath::SipInfo]) {
        bench.press('0', path, 2_200 + 100 * n);
        bench.press('#', path, 2_400 + 100 * n);
    }
    assert_eq!(bench.effects(), Vec::<String>::new());
    assert!(bench.call.ignored().is_empty());
    bench.press('#', KeyPath::InBand, 6_000);
    assert_eq!(bench.call.ignored().len(), 1, "whoever presses it later does so himself");
}

#[test]
fn an_attendant_that_hangs_up_before_anybody_came_is_no_answer() {
    let mut bench = Bench::to_extension("12");
    bench.signal(0, SignalEvent::Answered(format()));
    bench.signal(5_000, SignalEvent::HungUp(cause(CauseKind::HungUpByFar, Stage::Answered)));
    bench.media(5_000, MediaEvent::Closed(figures(250)));
    assert_eq!(bench.call.verdict(), Some(Reason::NoAnswer));
}

/// A menu that greets at length and beeps is the way to a person here, and no mailbox.
#[test]
fn an_attendant_makes_no_impression_of_the_person_behind_it() {
    let mut bench = Bench::to_extension("12");
    bench.signal(0, SignalEvent::Answered(format()));
    let voice = |bench: &mut Bench, from: u64, to: u64| {
        let (began, ended) = (bench.at(from), bench.at(to));
        bench.media(from + 100, MediaEvent::VoiceBegan { at: began });
        bench.media(to + 250, MediaEvent::VoiceEnded { at: ended });
    };
    voice(&mut bench, 100, 6_000);
    let from = bench.at(6_200);
    bench.media(6_700, MediaEvent::Sound { sound: LineSound::Beep, from });
    bench.call.handle_timeout(bench.at(7_000));
    let effects = bench.effects();
    assert!(!effects.contains(&"hang up".to_owned()), "{effects:?}");
    for ms in [7_200, 7_400] {
        let first_packet = bench.at(ms);
        bench.media(ms, MediaEvent::Pressed { first_packet });
    }
    voice(&mut bench, 9_000, 9_500);
    bench.call.handle_timeout(bench.at(9_751));
    assert!(bench.effects().contains(&"play".to_owned()), "somebody is asked");
    bench.call.handle_timeout(bench.at(12_000));
    assert_eq!(bench.call.answered_by(), Some(AnsweredBy::Human));
}
