//! Calls to office extensions.

use super::*;
use crate::call::transfer::ExtensionKey;

/// Keys of 100 ms, dialled at 2 s into silence; the last one is up at 2.5 s.
fn dialled(task: Task) -> Bench {
    let mut bench = Bench::unanswered(task, prompts(), limits(), extension("12"));
    bench.script.handle_answered(bench.zero);
    assert_eq!(bench.told(), Vec::<String>::new(), "nobody is asked before a person is there");
    bench.timeout(2_000);
    assert_eq!(bench.told(), ["dial 2"]);
    for ms in [2_200, 2_400] {
        bench.script.handle_pressed(bench.at(ms));
    }
    bench
}

fn extension(keys: &str) -> Vec<ExtensionKey> {
    digits(keys).into_iter().map(|digit| ExtensionKey { digit, pause: Duration::ZERO }).collect()
}

fn rings(bench: &mut Bench, from_ms: u64, to_ms: u64) {
    bench.script.handle_ringback(bench.at(from_ms), true);
    bench.script.handle_ringback(bench.at(to_ms), false);
}

/// It rang, and somebody said hello from 6.0 s to 6.4 s: the prompt begins at 6.55 s.
fn answered_for(task: Task) -> Bench {
    let mut bench = dialled(task);
    rings(&mut bench, 3_000, 5_000);
    bench.script.handle_voice(bench.at(6_000), true);
    bench.script.handle_voice(bench.at(6_400), false);
    bench.timeout(6_550);
    assert_eq!(bench.told(), ["met", "context+instruction", "prompting"]);
    bench
}

fn challenge() -> Task {
    Task::Challenge { digits: digits("42") }
}

#[test]
fn the_person_behind_the_attendant_keys_the_challenge() {
    let mut bench = answered_for(challenge());
    bench.played(1, 0, 8_000);
    bench.keys("42#", 8_500);
    assert_eq!(bench.told(), ["stop", "ChallengeMatched", "thanks"]);
}

/// "The call's greeting rules start anew with the prompt": the attendant's greeting, its key tones and the
/// ringing say nothing of the person.
#[test]
fn what_the_attendant_said_and_pressed_makes_the_person_no_machine() {
    let mut bench = Bench::unanswered(challenge(), prompts(), limits(), extension("12"));
    bench.script.handle_answered(bench.zero);
    bench.voice(100, 6_000);
    bench.script.handle_sound(LineSound::Beep, bench.at(6_100));
    bench.key('#', 6_300);
    assert_eq!(bench.told(), ["ignored BeforeGate"]);
    bench.timeout(7_000);
    assert_eq!(bench.told(), ["dial 2"]);
    for ms in [7_200, 7_400] {
        bench.script.handle_pressed(bench.at(ms));
    }
    rings(&mut bench, 8_000, 10_000);
    bench.script.handle_sound(LineSound::Tone, bench.at(8_000));
    bench.script.handle_voice(bench.at(10_500), true);
    bench.script.handle_voice(bench.at(11_000), false);
    bench.timeout(11_050);
    assert_eq!(bench.told(), ["met", "context+instruction", "prompting"]);
    bench.played(1, 0, 12_500);
    bench.keys("42#", 13_000);
    assert_eq!(bench.told(), ["stop", "ChallengeMatched", "thanks"]);
}

/// The voice that answered is a greeting until it has paused, as on any call.
#[test]
fn a_key_in_the_speech_of_who_came_on_does_not_count() {
    let mut bench = dialled(challenge());
    rings(&mut bench, 3_000, 5_000);
    bench.script.handle_voice(bench.at(6_000), true);
    bench.timeout(6_550);
    bench.told();
    bench.played(1, 0, 8_000);
    bench.key('4', 8_500);
    assert_eq!(bench.told(), ["ignored Greeting"]);
}

/// An attendant presses `#` too.
#[test]
fn a_hash_alone_verifies_nobody_behind_an_attendant() {
    let mut bench = answered_for(challenge());
    bench.played(1, 0, 8_000);
    bench.key('#', 9_000);
    assert_eq!(bench.told(), ["incomplete+instruction", "prompting"]);
}

#[test]
fn nobody_behind_the_attendant_is_no_answer() {
    let mut bench = dialled(challenge());
    bench.timeout(32_499);
    assert_eq!(bench.told(), Vec::<String>::new());
    bench.timeout(32_500);
    assert_eq!(bench.told(), ["Nobody", "hang up"]);
    assert_eq!(dialled(challenge()).script.left_unanswered(), Conclusion::Nobody, "the attendant hung up");
}

/// Contract §4, busy: the attendant's own tones are not the extension's, and who was met has hung up.
#[test]
fn a_busy_tone_behind_the_attendant_ends_the_call_and_any_other_does_not() {
    let mut bench = dialled(challenge());
    bench.script.handle_engaged(bench.at(2_050));
    assert_eq!(bench.told(), Vec::<String>::new(), "it began before a key had left");
    // The first key left at 2.2 s, and what follows at once may be heard as a little early.
    bench.script.handle_engaged(bench.at(2_180));
    assert_eq!(bench.told(), ["Engaged", "hang up"]);
    let mut bench = answered_for(challenge());
    bench.script.handle_engaged(bench.at(9_000));
    assert_eq!(bench.told(), Vec::<String>::new(), "somebody was there");
}

#[test]
fn where_it_rings_on_the_prompt_is_taken_back_and_begins_anew() {
    let mut bench = answered_for(challenge());
    bench.script.handle_ringback(bench.at(7_000), true);
    assert_eq!(bench.told(), ["stop"]);
    bench.script.handle_ringback(bench.at(9_000), false);
    bench.script.handle_voice(bench.at(9_200), true);
    bench.timeout(9_750);
    assert_eq!(bench.told(), ["met", "context+instruction", "prompting"]);
    bench.played(3, 0, 11_000);
    bench.script.handle_voice(bench.at(9_900), false);
    bench.keys("4", 11_500);
    bench.script.handle_ringback(bench.at(11_600), true);
    assert_eq!(bench.told(), ["stop"], "who keys is there: the entry goes on");
    bench.keys("2#", 11_900);
    assert_eq!(bench.told(), ["ChallengeMatched", "thanks"]);
}

/// Holding the caller is how many attendants transfer.
#[test]
fn a_transfer_goes_on_while_it_holds_us() {
    let mut bench = dialled(challenge());
    bench.script.handle_hold(bench.at(2_600), true);
    bench.timeout(32_500);
    assert_eq!(bench.told(), ["Nobody", "hang up"]);
}

/// A diversion is the network's word about the number, whoever answers.
#[test]
fn a_diverted_call_to_an_extension_stays_unclean() {
    let mut bench = Bench::unanswered(challenge(), prompts(), limits(), extension("12"));
    bench.script.handle_diverted();
    bench.script.handle_answered(bench.zero);
    bench.timeout(2_000);
    for ms in [2_200, 2_400] {
        bench.script.handle_pressed(bench.at(ms));
    }
    rings(&mut bench, 3_000, 3_700);
    bench.timeout(7_700);
    bench.told();
    bench.played(1, 0, 9_000);
    bench.keys("42#", 9_500);
    assert_eq!(bench.told(), ["stop", "ignored Unclean", "ask+4+7+then", "prompting"]);
}
