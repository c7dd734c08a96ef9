//! Calls on which a `#` is not enough, and keys that nobody can have pressed in answer to us.

use super::*;

/// A bench on whose call a `#` at 6 s was answered by the request for the digits, which are said by 9 s.
fn asked(mut bench: Bench) -> Bench {
    bench.key('#', 6_000);
    assert_eq!(bench.told().last_chunk().unwrap(), &["ask+4+7+then", "prompting"]);
    bench.played(2, 2, 8_000);
    bench.played(2, 3, 9_000);
    assert_eq!(bench.told(), ["listening"]);
    bench
}

fn after_a_greeting(task: Task) -> Bench {
    let mut bench = Bench::prompted_for(task, prompts());
    bench.voice(300, 3_000);
    bench
}

fn spoken_always() -> Bench {
    let limits = ScriptLimits { confirm_key: ConfirmKey::Spoken, ..Bench::prompted().script.plan.limits };
    let mut bench = Bench::limited(Task::Confirm, prompts(), limits);
    bench.played(1, 0, GATE);
    bench.played(1, 1, PROMPT_END);
    bench.told();
    bench
}

/// Issue item 4: a greeting-like voice, a beep or call tone, a key before the gate, a diversion.
#[test]
fn each_sign_of_a_machine_makes_a_hash_not_enough() {
    type Sign = (&'static str, fn(&mut Bench));
    let signs: [Sign; 6] = [
        ("voice", |bench| bench.voice(300, 3_000)),
        ("beep", |bench| bench.script.handle_sound(LineSound::Beep, bench.at(4_000))),
        ("call tone", |bench| bench.script.handle_sound(LineSound::CallTone, bench.at(4_000))),
        ("fax", |bench| bench.script.handle_sound(LineSound::Fax, bench.at(4_000))),
        ("diversion", |bench| bench.script.handle_diverted()),
        ("early key", |bench| bench.key('5', 100)),
    ];
    for (name, sign) in signs {
        let mut bench = Bench::prompted();
        sign(&mut bench);
        bench.key('#', 6_000);
        let told = bench.told();
        assert_eq!(told.last_chunk().unwrap(), &["ask+4+7+then", "prompting"], "{name}: {told:?}");
    }
    let mut clean = Bench::prompted();
    clean.voice(300, 1_000);
    clean.script.handle_sound(LineSound::CallTone, clean.zero - Duration::from_millis(1));
    clean.key('#', 6_000);
    assert_eq!(
        clean.told(),
        ["Confirmed", "thanks"],
        "\"hello?\", and a tone of the network before the answer"
    );
}

#[test]
fn only_the_two_spoken_digits_verify_then() {
    let mut bench = asked(after_a_greeting(Task::Confirm));
    bench.keys("47#", 9_500);
    assert_eq!(bench.told(), ["SpokenMatched", "thanks"]);
    for wrong in ["74#", "4#", "477#", "4 7#"] {
        let mut bench = asked(after_a_greeting(Task::Confirm));
        bench.keys(&wrong.replace(' ', "1"), 9_500);
        assert_eq!(bench.told(), ["Untrusted", "spoken_wrong"], "{wrong}: one try");
    }
}

#[test]
fn a_recording_that_presses_hash_again_and_again_is_never_verified() {
    let mut bench = asked(after_a_greeting(Task::Confirm));
    bench.key('#', 10_000);
    assert_eq!(bench.told(), ["ask+4+7+then", "prompting"]);
    bench.key('#', 10_500);
    assert_eq!(bench.told(), ["ignored BeforeGate"], "nobody has heard the digits yet");
    bench.played(3, 2, 12_000);
    bench.key('#', 14_000);
    assert_eq!(bench.told(), ["Untrusted", "goodbye"]);
}

#[test]
fn who_does_not_key_them_is_asked_twice() {
    let mut bench = asked(after_a_greeting(Task::Confirm));
    bench.timeout(9_000 + 6_100);
    assert_eq!(bench.told(), ["ask+4+7+then", "prompting"]);
    bench.played(3, 2, 17_000);
    bench.played(3, 3, 18_000);
    bench.timeout(18_000 + 6_100);
    assert_eq!(bench.told(), ["listening", "Untrusted", "goodbye"]);
}

#[test]
fn fraud_is_reported_there_too() {
    let mut bench = asked(after_a_greeting(Task::Confirm));
    bench.keys("0#", 9_500);
    assert_eq!(bench.told(), ["stop", "FraudReported", "fraud_reported"][1..], "it is no digit of the two");
}

#[test]
fn the_right_challenge_and_the_key_for_a_code_lead_there_as_well() {
    let mut bench = after_a_greeting(Task::Challenge { digits: digits("42") });
    bench.keys("42#", 6_000);
    assert_eq!(bench.told(), ["ignored Unclean", "ask+4+7+then", "prompting"]);
    bench.played(2, 2, 8_000);
    bench.keys("47#", 9_500);
    assert_eq!(bench.told(), ["stop", "SpokenMatched", "thanks"]);

    let mut bench = asked(after_a_greeting(Task::Code { digits: digits("1907"), repeat: 1 }));
    bench.keys("47#", 9_500);
    assert_eq!(bench.told(), ["intro+1+9+0+7+code_goodbye"], "and only then anything of the code");
}

#[test]
fn a_pack_that_cannot_say_the_digits_verifies_nobody_on_an_unclean_call() {
    let mut bench = Bench::prompted_for(Task::Confirm, Prompts { spoken: None, ..prompts() });
    bench.voice(300, 3_000);
    bench.key('#', 6_000);
    assert_eq!(bench.told(), ["ignored Unclean", "Untrusted", "goodbye"]);
}

#[test]
fn a_tenant_may_ask_for_the_digits_always() {
    let mut bench = asked(spoken_always());
    bench.keys("47#", 9_500);
    assert_eq!(bench.told(), ["SpokenMatched", "thanks"]);
    let mut bench = asked(spoken_always());
    bench.keys("46#", 9_500);
    assert_eq!(bench.told(), ["Invalid", "spoken_wrong"]);
}

/// Issue item 5: for every path, in a greeting's speech no key counts.
#[test]
fn a_key_in_a_greetings_speech_does_not_count_and_one_after_it_is_not_enough() {
    let mut bench = Bench::prompted();
    bench.script.handle_voice(bench.at(1_000), true);
    bench.key('#', 3_500);
    assert_eq!(bench.told(), ["ignored Greeting"]);
    bench.script.handle_voice(bench.at(4_000), false);
    bench.key('#', 4_799);
    assert_eq!(bench.told(), ["ignored Greeting"], "it has not paused 0.8 s");
    bench.key('#', 4_800);
    assert_eq!(bench.told(), ["ignored Unclean", "ask+4+7+then", "prompting"]);
}

#[test]
fn a_key_under_a_short_hello_does_not_count_and_makes_the_call_unclean() {
    let mut bench = Bench::prompted();
    bench.voice(1_400, 1_900);
    bench.key('#', 1_800);
    assert_eq!(bench.told(), ["ignored Greeting"]);
    bench.key('#', 5_000);
    assert_eq!(bench.told(), ["ignored Unclean", "ask+4+7+then", "prompting"]);
}

#[test]
fn digits_in_a_greeting_are_no_part_of_an_entry_but_leave_it_doubtful() {
    let mut bench = Bench::prompted_for(Task::Challenge { digits: digits("42") }, prompts());
    bench.script.handle_voice(bench.at(1_000), true);
    bench.key('4', 3_600);
    bench.script.handle_voice(bench.at(3_700), false);
    bench.keys("2#", 5_000);
    assert_eq!(bench.told(), ["ignored Greeting", "incomplete+instruction", "prompting"], "no try is lost");
}

#[test]
fn what_a_stranger_sends_stains_no_call_and_spoils_no_entry() {
    let mut bench = Bench::prompted_for(Task::Challenge { digits: digits("42") }, prompts());
    bench.key('4', 4_000);
    bench.script.handle_untrusted(Distrust::ForeignSource, bench.at(4_200), None);
    bench.script.handle_untrusted(Distrust::Stale, bench.at(4_300), Some(KeyPath::SipInfo));
    bench.keys("2#", 4_400);
    assert_eq!(bench.told(), ["ignored ForeignSource", "ignored Stale", "ChallengeMatched", "thanks"]);
    assert_eq!(bench.script.left_unanswered(), Conclusion::Untrusted);
}
