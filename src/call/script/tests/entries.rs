//! Challenge, PIN and code: what a person keys, and what it comes to.

use super::*;
use crate::call::pin::PinCheck;

fn challenge(shown: &str) -> Bench {
    Bench::prompted_for(Task::Challenge { digits: digits(shown) }, prompts())
}

/// The PIN is 2580, and the key "key".
fn pin(tries: u8) -> Bench {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"key").unwrap();
    mac.update(b"2580");
    let check = PinCheck::new(b"key", mac.finalize().into_bytes().into());
    Bench::prompted_for(Task::Pin { check, tries }, prompts())
}

fn code() -> Bench {
    Bench::prompted_for(Task::Code { digits: digits("1907"), repeat: 2 }, prompts())
}

#[test]
fn the_digits_shown_verify_at_the_hash() {
    let mut bench = challenge("42");
    bench.keys("42", 4_000);
    assert_eq!(bench.told(), Vec::<String>::new());
    bench.key('#', 5_000);
    assert_eq!(bench.told(), ["ChallengeMatched", "thanks"]);
}

#[test]
fn who_keys_during_the_prompt_has_heard_enough() {
    let mut bench = Bench::of(Task::Challenge { digits: digits("42") }, prompts());
    bench.played(1, 0, GATE);
    bench.told();
    bench.key('4', GATE + 100);
    assert_eq!(bench.told(), ["stop"], "digits after the gate are the entry");
    bench.played(1, 1, PROMPT_END);
    assert_eq!(bench.told(), Vec::<String>::new(), "what was stopped is not waited for");
    bench.keys("2#", GATE + 500);
    assert_eq!(bench.told(), ["ChallengeMatched", "thanks"]);
}

#[test]
fn a_wrong_entry_is_told_only_when_it_is_durable_and_the_second_ends_the_call() {
    let mut bench = challenge("42");
    bench.keys("43#", 4_000);
    assert_eq!(bench.told(), ["failed Challenge"]);
    bench.keys("42#", 5_300);
    assert_eq!(bench.told(), Vec::<String>::new(), "nobody was asked for the next one yet");
    bench.script.handle_recorded(bench.at(6_600), None);
    assert_eq!(bench.told(), ["wrong+instruction", "prompting"]);
    bench.keys("24#", 7_000);
    assert_eq!(bench.told(), ["stop", "failed Challenge"]);
    bench.script.handle_recorded(bench.at(8_000), None);
    assert_eq!(bench.told(), ["ChallengeWrong", "locked"]);
}

/// "Try again in half an hour": never less than is left, and nothing where that is not known.
#[test]
fn after_the_last_wrong_entry_the_farewell_tells_when_pins_are_taken_again() {
    let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
    let rows = [
        (None, "locked"),
        (minutes(3), "in minutes"),
        (minutes(15), "in half an hour"),
        (minutes(30), "in half an hour"),
        (minutes(31), "in an hour"),
        (minutes(61), "locked"),
    ];
    for (locked_for, farewell) in rows {
        let mut bench = pin(1);
        bench.keys("1111#", 4_000);
        bench.script.handle_recorded(bench.at(6_000), locked_for);
        assert_eq!(bench.told(), ["failed Pin", "PinWrong", farewell], "{locked_for:?}");
    }
}

#[test]
fn the_second_try_may_be_right() {
    let mut bench = challenge("42");
    bench.keys("43#", 4_000);
    bench.script.handle_recorded(bench.at(5_000), None);
    bench.told();
    bench.keys("42#", 7_000);
    assert_eq!(bench.told(), ["stop", "ChallengeMatched", "thanks"]);
}

#[test]
fn a_pin_has_the_tries_of_the_job_and_may_hold_the_fraud_key() {
    let mut bench = pin(3);
    for from in [4_000, 10_000] {
        bench.keys("1111#", from);
        assert_eq!(bench.told().last().unwrap(), "failed Pin");
        bench.script.handle_recorded(bench.at(from + 2_000), None);
        bench.told();
    }
    bench.keys("2580#", 20_000);
    assert_eq!(bench.told(), ["stop", "PinMatched", "thanks"], "it ends in 0, and is no report");
    let mut bench = pin(1);
    bench.keys("25800#", 4_000);
    bench.script.handle_recorded(bench.at(7_000), None);
    assert_eq!(bench.told(), ["failed Pin", "PinWrong", "locked"]);
}

#[test]
fn an_entry_of_the_fraud_key_alone_reports_fraud() {
    for mut bench in [pin(3), challenge("42")] {
        bench.keys("0#", 4_000);
        assert_eq!(bench.told(), ["FraudReported", "fraud_reported"]);
    }
    let mut bench = pin(3);
    bench.keys("0123#", 4_000);
    assert_eq!(bench.told(), ["failed Pin"], "a PIN may begin with it");
}

#[test]
fn a_star_begins_the_entry_anew() {
    let mut bench = pin(3);
    bench.keys("25*2580#", 4_000);
    assert_eq!(bench.told(), ["PinMatched", "thanks"]);
}

#[test]
fn a_bare_hash_is_a_missing_pin_and_costs_no_try() {
    let mut bench = pin(1);
    bench.key('#', 4_000);
    assert_eq!(bench.told(), ["incomplete+instruction", "prompting"]);
    assert_eq!(bench.script.left_unanswered(), Conclusion::PinMissing);
    bench.key('#', 9_000);
    bench.told();
    bench.key('#', 14_000);
    assert_eq!(bench.told(), ["PinMissing", "goodbye"], "as often as the prompt would be said");
}

#[test]
fn digits_without_a_hash_are_given_up_after_5_s_and_asked_for_again() {
    let mut bench = pin(1);
    bench.keys("25", 4_000);
    assert_eq!(bench.script.poll_timeout().unwrap().0, bench.at(4_400 + 5_100));
    bench.timeout(9_500);
    assert_eq!(bench.told(), ["incomplete+instruction", "prompting"]);
    bench.keys("2580#", 10_000);
    assert_eq!(bench.told(), ["stop", "PinMatched", "thanks"], "what was given up is none of it");
}

/// Issue: "a trace of a damaged digit in an entry makes that entry not count as a try".
#[test]
fn damage_neither_verifies_nor_costs_a_try() {
    let mut bench = pin(1);
    bench.keys("258", 4_000);
    bench.script.handle_trace(bench.at(5_300));
    bench.keys("0#", 5_600);
    assert_eq!(bench.told(), ["incomplete+instruction", "prompting"]);
    bench.keys("111", 8_000);
    bench.script.handle_trace(bench.at(9_000));
    bench.key('#', 9_500);
    assert_eq!(bench.told(), ["stop", "incomplete+instruction", "prompting"]);
    bench.keys("2580#", 12_000);
    assert_eq!(bench.told(), ["stop", "PinMatched", "thanks"]);
}

#[test]
fn hanging_up_in_mid_entry_is_a_try_unless_what_was_keyed_was_damaged() {
    let mut bench = pin(3);
    bench.keys("25", 4_000);
    bench.script.handle_hung_up(bench.at(5_000));
    assert_eq!(bench.told(), ["failed Pin"]);
    assert_eq!(bench.script.left_unanswered(), Conclusion::Incomplete);
    let mut bench = pin(3);
    bench.keys("25", 4_000);
    bench.script.handle_trace(bench.at(4_700));
    bench.script.handle_hung_up(bench.at(5_000));
    assert_eq!(bench.told(), Vec::<String>::new());
}

#[test]
fn after_a_wrong_entry_silence_and_a_hang_up_both_leave_it_wrong() {
    let mut bench = pin(3);
    bench.keys("1111#", 4_000);
    bench.script.handle_recorded(bench.at(6_000), None);
    assert_eq!(bench.script.left_unanswered(), Conclusion::PinWrong);
}

#[test]
fn an_entry_after_answer_by_does_not_verify() {
    let mut bench = challenge("42");
    bench.keys("42#", 89_900);
    assert_eq!(bench.told(), ["TooLate", "expired"]);
}

#[test]
fn nothing_of_a_code_is_said_before_the_key_and_it_is_delivered_when_said_once() {
    let mut bench = code();
    bench.timeout(WAIT_END);
    assert_eq!(bench.told(), ["context+instruction", "prompting"]);
    bench.played(2, 0, WAIT_END + 1_000);
    bench.key('#', WAIT_END + 1_500);
    assert_eq!(bench.told(), ["intro+1+9+0+7+again+1+9+0+7+code_goodbye"]);
    for (clip, ms) in [(0, 12_000), (3, 15_000)] {
        bench.played(3, clip, ms);
        assert_eq!(bench.told(), Vec::<String>::new(), "not whole yet");
    }
    bench.played(3, 4, 16_000);
    assert_eq!(bench.told(), ["Delivered"], "and it goes on");
    bench.played(3, 10, 23_000);
    bench.timeout(23_200);
    assert_eq!(bench.told(), ["hang up"]);
}

#[test]
fn hanging_up_before_the_code_was_whole_delivers_nothing() {
    let mut bench = code();
    bench.key('#', 4_000);
    bench.played(2, 3, 7_000);
    bench.script.handle_hung_up(bench.at(7_100));
    assert_eq!(bench.told().len(), 1, "the reading alone");
    assert_eq!(bench.script.left_unanswered(), Conclusion::NoInput);
}

/// Issue: "in `code` mode against the same mailbox nothing of the code stands after the beep".
#[test]
fn a_beep_stops_the_reading_at_once() {
    let mut bench = code();
    bench.key('#', 4_000);
    bench.told();
    bench.script.handle_sound(LineSound::Beep, bench.at(4_500));
    assert_eq!(bench.told(), ["stop", "Untrusted", "hang up"]);
}

#[test]
fn the_script_prints_no_digit_of_any_secret() {
    let secrets =
        [Task::Challenge { digits: digits("4294") }, Task::Code { digits: digits("4294"), repeat: 2 }];
    for task in secrets {
        let mut bench = Bench::prompted_for(task, prompts());
        bench.keys("42", 4_000);
        let printed = format!("{:?}", bench.script.plan.task) + &format!("{:?}", bench.script.entry);
        assert!(printed.contains("?, ?"), "{printed}");
    }
}
