use std::sync::Arc;

use super::*;
use crate::call::prompts::{CodeClips, DigitClips, FraudClips, LockedClips, SpokenClips};
use crate::clip::Clip;

mod entries;
mod extensions;
mod fraud;
mod unclean;

/// A script under a virtual clock; times are milliseconds after the answer.
struct Bench {
    zero: Instant,
    script: Script,
}

/// With clips of 1 s (context) and 2 s (instruction), said after 200 ms: the gate opens at 1.2 s,
/// the wait runs from 3.2 s to 9.2 s and the latency of a key.
const GATE: u64 = 1_200;
const PROMPT_END: u64 = 3_200;
const WAIT_END: u64 = 9_300;

fn clip(name: &str) -> Arc<Clip> {
    Arc::new(Clip::new(name, vec![0; 8]))
}

fn digit_clips() -> DigitClips {
    std::array::from_fn(|digit| clip(&digit.to_string()))
}

fn prompts() -> Prompts {
    let named = |name: &str| Some(clip(name));
    Prompts {
        context: clip("context"),
        instruction: clip("instruction"),
        screening: Some(clip("screening")),
        invalid: named("invalid"),
        incomplete: named("incomplete"),
        wrong: named("wrong"),
        spoken: Some(SpokenClips {
            ask: clip("ask"),
            then: clip("then"),
            digits: digit_clips(),
            wrong: named("spoken_wrong"),
        }),
        code: Some(CodeClips {
            intro: clip("intro"),
            again: clip("again"),
            digits: digit_clips(),
            goodbye: named("code_goodbye"),
        }),
        fraud: FraudClips {
            question: None,
            blocked: named("fraud_blocked"),
            kept: named("fraud_kept"),
            reported: named("fraud_reported"),
        },
        thanks: named("thanks"),
        expired: named("expired"),
        locked: LockedClips {
            plain: named("locked"),
            waits: [(10, "in minutes"), (30, "in half an hour"), (60, "in an hour")]
                .map(|(minutes, name)| (Duration::from_secs(60 * minutes), clip(name)))
                .into(),
        },
        goodbye: named("goodbye"),
    }
}

fn limits() -> ScriptLimits {
    ScriptLimits {
        lead: Duration::from_millis(200),
        wait: Duration::from_secs(6),
        sayings: 3,
        fraud_key: Digit::from_char('0').unwrap(),
        confirm_key: ConfirmKey::Hash,
    }
}

/// With the question after a report of fraud.
fn asking_about_fraud() -> Prompts {
    let fraud = FraudClips { question: Some(clip("question")), ..prompts().fraud };
    Prompts { fraud, ..prompts() }
}

fn digits(text: &str) -> Vec<Digit> {
    text.chars().map(|c| Digit::from_char(c).unwrap()).collect()
}

impl Bench {
    fn with(prompts: Prompts) -> Bench {
        Bench::of(Task::Confirm, prompts)
    }

    fn of(task: Task, prompts: Prompts) -> Bench {
        Bench::limited(task, prompts, limits())
    }

    fn limited(task: Task, prompts: Prompts, limits: ScriptLimits) -> Bench {
        let mut bench = Bench::unanswered(task, prompts, limits, Vec::new());
        bench.script.handle_answered(bench.zero);
        bench
    }

    fn unanswered(task: Task, prompts: Prompts, limits: ScriptLimits, extension: Vec<ExtensionKey>) -> Bench {
        #[expect(clippy::disallowed_methods, reason = "any instant serves as the virtual zero")]
        let zero = Instant::now();
        let spoken = [Digit::from_char('4').unwrap(), Digit::from_char('7').unwrap()];
        let answer_by = zero + Duration::from_secs(90);
        let script = Script::new(ScriptPlan { task, prompts, limits, answer_by, spoken, extension });
        Bench { zero, script }
    }

    /// Answered, the prompt said once to its end.
    fn prompted() -> Bench {
        Bench::prompted_for(Task::Confirm, prompts())
    }

    fn prompted_for(task: Task, prompts: Prompts) -> Bench {
        let mut bench = Bench::of(task, prompts);
        bench.played(1, 0, GATE);
        bench.played(1, 1, PROMPT_END);
        bench.told();
        bench
    }

    fn at(&self, ms: u64) -> Instant {
        self.zero + Duration::from_millis(ms)
    }

    fn played(&mut self, saying: u32, clip: usize, ms: u64) {
        self.script.handle_played(saying, clip, self.at(ms));
    }

    fn key(&mut self, digit: char, ms: u64) {
        let began = self.at(ms);
        self.script.handle_key(began + Duration::from_millis(40), Digit::from_char(digit).unwrap(), began);
    }

    /// Keys 400 ms apart.
    fn keys(&mut self, keys: &str, from_ms: u64) {
        for (number, key) in keys.chars().enumerate() {
            self.key(key, from_ms + 400 * number as u64);
        }
    }

    fn voice(&mut self, from_ms: u64, to_ms: u64) {
        self.script.handle_voice(self.at(from_ms), true);
        self.script.handle_voice(self.at(to_ms), false);
    }

    fn timeout(&mut self, ms: u64) {
        self.script.handle_timeout(self.at(ms));
    }

    /// The effects so far, as words.
    fn told(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        while let Some(effect) = self.script.poll_effect() {
            words.push(match effect {
                ScriptEffect::Play { clips, .. } => {
                    let names: Vec<&str> = clips.iter().map(|clip| clip.name()).collect();
                    names.join("+")
                }
                ScriptEffect::Prompting => "prompting".into(),
                ScriptEffect::Listening => "listening".into(),
                ScriptEffect::Concluded { conclusion, .. } => format!("{conclusion:?}"),
                ScriptEffect::Met { .. } => "met".into(),
                ScriptEffect::Dial(keys) => format!("dial {}", keys.len()),
                ScriptEffect::Stop => "stop".into(),
                ScriptEffect::Ignored { why, .. } => format!("ignored {why:?}"),
                ScriptEffect::Failed(kind) => format!("failed {kind:?}"),
                ScriptEffect::FraudReported => "fraud told".into(),
                ScriptEffect::Block => "block".into(),
                ScriptEffect::HangUp => "hang up".into(),
            });
        }
        words
    }
}

#[test]
fn a_lone_hash_after_the_gate_verifies_and_the_last_word_is_not_clipped() {
    let mut bench = Bench::with(prompts());
    assert_eq!(bench.told(), ["context+instruction", "prompting"]);
    bench.played(1, 0, GATE);
    bench.key('#', GATE);
    assert_eq!(bench.told(), ["Confirmed", "thanks"], "barge-in: acted on at the key");
    bench.played(2, 0, 3_000);
    bench.timeout(3_199);
    assert_eq!(bench.told(), Vec::<String>::new(), "200 ms of silence follow the last word");
    bench.timeout(3_200);
    assert_eq!(bench.told(), ["hang up"]);
}

#[test]
fn a_hash_that_began_before_the_gate_does_not_count_even_if_it_is_told_after_it() {
    let mut bench = Bench::with(prompts());
    bench.played(1, 0, GATE);
    bench.told();
    bench.key('#', GATE - 1);
    assert_eq!(bench.told(), ["ignored BeforeGate"], "the call goes on");
    assert_eq!(bench.script.left_unanswered(), Conclusion::Untrusted);
    bench.key('#', GATE + 500);
    assert_eq!(bench.told(), ["ignored Unclean", "ask+4+7+then", "prompting"], "a # is not enough any more");
}

/// Contract §2: damage never makes a `#` lone: the `0` of a fraud report may be what was damaged.
#[test]
fn a_trace_of_a_digit_within_three_seconds_makes_the_hash_not_lone() {
    for (ends_before_ms, lone) in [(3_001, true), (3_000, false), (40, false), (39, true)] {
        let mut bench = Bench::prompted();
        bench.script.handle_trace(bench.at(9_000 - ends_before_ms));
        // The residue of the `#` itself hides no older trace.
        bench.script.handle_trace(bench.at(9_000 - 10));
        bench.key('#', 9_000);
        let told = bench.told();
        assert_eq!(told[0] == "Confirmed", lone, "a trace {ends_before_ms} ms before: {told:?}");
    }
}

#[test]
fn other_digits_within_three_seconds_make_the_hash_not_lone_and_the_prompt_is_said_again() {
    let mut bench = Bench::prompted();
    bench.key('5', 4_000);
    bench.key('#', 7_000);
    assert_eq!(bench.told(), ["invalid+context+instruction", "prompting"]);
    // The context is the saying's second clip now: the gate opens behind it, not behind the first.
    bench.played(2, 0, 8_000);
    bench.key('#', 8_500);
    assert_eq!(bench.told(), ["ignored BeforeGate"]);

    let mut bench = Bench::prompted();
    bench.key('5', 4_000);
    bench.key('#', 7_000);
    bench.told();
    bench.played(2, 0, 8_000);
    bench.played(2, 1, 9_000);
    bench.key('#', 10_100);
    assert_eq!(bench.told(), ["Confirmed", "thanks"]);
}

#[test]
fn a_digit_three_seconds_and_a_moment_before_leaves_the_hash_lone() {
    let mut bench = Bench::prompted();
    bench.key('5', 4_000);
    bench.key('#', 7_001);
    assert_eq!(bench.told(), ["Confirmed", "thanks"]);
}

#[test]
fn zero_hash_reports_fraud_before_the_gate_and_however_late() {
    let mut bench = Bench::with(prompts());
    bench.key('0', 300);
    bench.key('#', 900);
    let told = ["context+instruction", "prompting", "ignored BeforeGate", "ignored BeforeGate"];
    assert_eq!(bench.told(), [&told[..], &["FraudReported", "fraud_reported"]].concat());
    let mut bench = Bench::prompted();
    bench.key('0', 3_300);
    bench.key('#', 9_000);
    assert_eq!(bench.told(), ["FraudReported", "fraud_reported"]);
}

#[test]
fn another_digit_disarms_the_fraud_key() {
    let mut bench = Bench::prompted();
    bench.key('0', 3_300);
    bench.key('7', 3_600);
    bench.key('#', 9_000);
    assert_eq!(bench.told(), ["Confirmed", "thanks"]);
}

#[test]
fn the_prompt_said_again_from_its_start_forgets_the_fraud_key_only_after_its_context() {
    let mut bench = Bench::prompted();
    bench.key('0', 3_300);
    bench.timeout(WAIT_END);
    bench.key('#', WAIT_END + 500);
    assert_eq!(bench.told().last().unwrap(), "fraud_reported", "not said again yet");

    let mut bench = Bench::prompted();
    bench.key('0', 3_300);
    bench.timeout(WAIT_END);
    bench.played(2, 0, WAIT_END + 1_000);
    bench.key('#', WAIT_END + 1_500);
    assert_eq!(bench.told().last().unwrap(), "thanks", "said again: the old zero is forgotten");

    let mut bench = Bench::prompted();
    bench.timeout(WAIT_END);
    bench.key('0', WAIT_END + 500);
    bench.played(2, 0, WAIT_END + 1_000);
    bench.key('#', WAIT_END + 1_500);
    assert_eq!(bench.told().last().unwrap(), "fraud_reported", "pressed during the new saying");
}

/// Contract §2: "until … the prompt has been said again from its start", for whatever reason it was.
#[test]
fn the_prompt_begun_anew_for_who_greeted_at_length_forgets_the_fraud_key_after_its_context() {
    let greeted = || {
        let mut bench = Bench::prompted();
        bench.key('0', 3_300);
        bench.script.handle_greeted(bench.at(4_000));
        assert_eq!(bench.told(), ["screening+context+instruction", "prompting"]);
        bench
    };
    let mut bench = greeted();
    bench.key('#', 7_600);
    assert_eq!(bench.told().last().unwrap(), "fraud_reported", "its context was not said yet");
    let mut bench = greeted();
    bench.played(2, 1, 7_000);
    bench.key('#', 7_600);
    assert_eq!(bench.told(), ["Confirmed", "thanks"]);
}

#[test]
fn nobody_presses_anything_three_sayings_then_goodbye() {
    let mut bench = Bench::prompted();
    for saying in 2..=3 {
        let from = u64::from(saying - 2) * 10_000;
        bench.timeout(from + WAIT_END - 1);
        assert_eq!(bench.told(), Vec::<String>::new(), "the wait has not ended");
        bench.timeout(from + WAIT_END);
        assert_eq!(bench.told(), ["context+instruction", "prompting"]);
        bench.played(saying, 0, from + 11_200);
        bench.played(saying, 1, from + 13_200);
        assert_eq!(bench.told(), ["listening"]);
    }
    bench.timeout(20_000 + WAIT_END);
    assert_eq!(bench.told(), ["NoInput", "goodbye"]);
    bench.key('#', 30_000);
    assert_eq!(bench.told(), Vec::<String>::new(), "after the conclusion the verdict stays");
}

#[test]
fn a_key_pressed_at_the_last_moment_counts_though_told_after_the_gate_closed() {
    let mut bench = Bench::prompted();
    bench.timeout(WAIT_END);
    bench.told();
    bench.key('#', WAIT_END - 10);
    assert_eq!(bench.told(), ["Confirmed", "thanks"]);
}

#[test]
fn after_answer_by_a_hash_is_too_late_and_a_fraud_report_is_not() {
    let mut bench = Bench::prompted();
    bench.key('#', 90_001);
    assert_eq!(bench.told(), ["TooLate", "expired"]);
    let mut bench = Bench::prompted();
    bench.key('0', 90_001);
    bench.key('#', 91_001);
    assert_eq!(bench.told(), ["FraudReported", "fraud_reported"]);
}

#[test]
fn on_hold_the_wait_pauses_and_goes_on_where_it_was() {
    let mut bench = Bench::prompted();
    bench.script.handle_hold(bench.at(4_000), true);
    assert_eq!(bench.script.poll_timeout(), None);
    bench.timeout(60_000);
    assert_eq!(bench.told(), Vec::<String>::new());
    bench.script.handle_hold(bench.at(61_000), false);
    bench.timeout(WAIT_END + 56_999);
    assert_eq!(bench.told(), Vec::<String>::new());
    bench.timeout(WAIT_END + 57_000);
    assert_eq!(bench.told(), ["context+instruction", "prompting"]);
}

#[test]
fn a_pack_without_farewell_hangs_up_at_the_key() {
    let mut bench = Bench::with(Prompts { thanks: None, ..prompts() });
    bench.played(1, 0, GATE);
    bench.told();
    bench.key('#', GATE + 1);
    assert_eq!(bench.told(), ["Confirmed", "hang up"]);
}

#[test]
fn the_third_wrong_entry_ends_as_invalid() {
    let mut bench = Bench::prompted();
    for saying in 1..=3u32 {
        let from = u64::from(saying) * 10_000;
        if saying > 1 {
            bench.played(saying, 1, from + 1_000);
            bench.played(saying, 2, from + 2_000);
        }
        bench.told();
        bench.key('1', from + 2_100);
        bench.key('#', from + 2_300);
    }
    assert_eq!(bench.told(), ["Invalid", "goodbye"]);
}

/// Who asked was told who calls and why; whether anybody came on is all that tells a screener.
#[test]
fn a_call_is_screened_when_its_question_was_answered_and_nobody_came_on() {
    let mut bench = Bench::prompted();
    assert!(!bench.script.was_screened());
    bench.script.handle_greeted(bench.at(5_000));
    assert_eq!(bench.told(), ["screening+context+instruction", "prompting"]);
    assert!(bench.script.was_screened());
    bench.script.handle_came_on(bench.at(12_000));
    assert!(!bench.script.was_screened());
    bench.script.handle_greeted(bench.at(16_000));
    assert!(!bench.script.was_screened(), "somebody was there");
    let mut silent = Bench::of(Task::Confirm, Prompts { screening: None, ..prompts() });
    silent.script.handle_greeted(silent.at(5_000));
    assert!(!silent.script.was_screened(), "its question was not answered");
}
