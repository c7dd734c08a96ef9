//! The report of fraud and the question that follows it.

use super::*;

fn reported() -> Bench {
    let mut bench = Bench::prompted_for(Task::Confirm, asking_about_fraud());
    bench.keys("0#", 4_000);
    assert_eq!(bench.told(), ["FraudReported", "question"]);
    bench
}

#[test]
fn one_and_silence_and_hanging_up_block_and_any_other_key_does_not() {
    let mut bench = reported();
    bench.key('1', 6_000);
    assert_eq!(bench.told(), ["block", "fraud_blocked"]);

    for key in ['2', '9', '#', '*', '0'] {
        let mut bench = reported();
        bench.key(key, 6_000);
        assert_eq!(bench.told(), ["fraud_kept"], "{key}");
    }

    let mut bench = reported();
    bench.played(2, 0, 9_000);
    bench.timeout(15_099);
    assert_eq!(bench.told(), Vec::<String>::new(), "the wait has not ended");
    bench.timeout(15_100);
    assert_eq!(bench.told(), ["block", "fraud_blocked"]);

    let mut bench = reported();
    bench.script.handle_hung_up(bench.at(6_000));
    assert_eq!(bench.told(), ["block"]);
}

#[test]
fn a_key_pressed_before_the_question_is_no_answer_to_it() {
    let mut bench = reported();
    bench.key('1', 4_405);
    assert_eq!(bench.told(), Vec::<String>::new());
}

#[test]
fn before_the_gate_and_on_an_unclean_call_it_is_reported_and_nobody_is_blocked() {
    let mut bench = Bench::of(Task::Confirm, asking_about_fraud());
    bench.key('0', 300);
    bench.played(1, 0, GATE);
    bench.key('#', GATE + 500);
    assert_eq!(bench.told()[2..], ["ignored BeforeGate", "FraudReported", "fraud_reported"]);

    let mut bench = Bench::prompted_for(Task::Confirm, asking_about_fraud());
    bench.script.handle_sound(LineSound::Beep, bench.at(3_500));
    bench.keys("0#", 4_000);
    assert_eq!(bench.told(), ["FraudReported", "fraud_reported"]);
}

#[test]
fn in_the_farewell_the_verdict_stays_and_the_report_is_told_and_blocks_once() {
    let mut bench = Bench::prompted_for(Task::Confirm, asking_about_fraud());
    bench.key('#', 4_000);
    assert_eq!(bench.told(), ["Confirmed", "thanks"]);
    bench.keys("0#0#", 4_400);
    assert_eq!(bench.told(), ["fraud told", "block"]);
    bench.played(2, 0, 6_000);
    bench.timeout(6_200);
    assert_eq!(bench.told(), ["hang up"], "the farewell goes on");
}

#[test]
fn it_is_reported_in_every_mode_and_while_the_code_is_read() {
    let mut bench =
        Bench::prompted_for(Task::Code { digits: digits("1907"), repeat: 2 }, asking_about_fraud());
    bench.key('#', 4_000);
    bench.told();
    bench.keys("0#", 5_000);
    assert_eq!(bench.told(), ["FraudReported", "question"], "nothing was delivered yet");
}

#[test]
fn a_fraud_key_that_is_a_star_reports_and_clears_nothing() {
    let limits = ScriptLimits {
        lead: Duration::ZERO,
        wait: Duration::from_secs(6),
        sayings: 3,
        fraud_key: Digit::from_char('*').unwrap(),
        confirm_key: ConfirmKey::Hash,
    };
    let mut bench = Bench::limited(Task::Challenge { digits: digits("42") }, prompts(), limits);
    bench.played(1, 0, GATE);
    bench.played(1, 1, PROMPT_END);
    bench.told();
    bench.keys("*#", 4_000);
    assert_eq!(bench.told(), ["FraudReported", "fraud_reported"]);
}
