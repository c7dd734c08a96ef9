//! Calls that something else than a person answers.

use super::*;
use crate::leg::LineSound;

impl Bench {
    /// Time goes on until then.
    fn pass(&mut self, ms: u64) {
        let to = self.at(ms);
        while let Some((at, _)) = self.call.poll_timeout().filter(|(at, _)| *at <= to) {
            self.call.handle_timeout(at);
        }
    }

    /// A voice, told 170 ms into it and 270 ms after it.
    fn voice(&mut self, from: u64, to: u64) {
        self.pass(from + 170);
        self.media(from + 170, MediaEvent::VoiceBegan { at: self.at(from) });
        self.pass(to + 270);
        self.media(to + 270, MediaEvent::VoiceEnded { at: self.at(to) });
    }

    fn sound(&mut self, sound: LineSound, from: u64, ms: u64) {
        self.pass(ms);
        self.media(ms, MediaEvent::Sound { sound, from: self.at(from) });
    }

    fn played(&mut self, saying: u32, clip: usize, ms: u64) {
        self.pass(ms);
        self.media(ms, MediaEvent::Played { saying, clip, at: self.at(ms) });
    }

    /// The far end was hung up on, and everything was read.
    fn closed(&mut self, ms: u64) {
        self.signal(ms, SignalEvent::Ended(cause(CauseKind::HungUpByUs, Stage::Answered)));
        self.media(ms, MediaEvent::Closed(figures(500)));
    }
}

fn spoken() -> SpokenClips {
    let clip = |name: &str| Arc::new(Clip::new(name, vec![0; 8]));
    let digits = std::array::from_fn(|digit| clip(&digit.to_string()));
    SpokenClips { ask: clip("ask"), then: clip("then"), digits, wrong: None }
}

/// Issue "Voicemail is told, nothing secret is left on it, the call ends at the beep or sooner".
#[test]
fn a_mailbox_is_hung_up_on_at_its_beep() {
    let mut bench = Bench::past_the_gate();
    bench.voice(500, 3_900);
    assert_eq!(bench.effects(), [""; 0], "it may go on");
    bench.pass(4_700);
    assert_eq!(bench.effects(), ["play", "Prompting"], "who calls and why, in its pause");
    bench.sound(LineSound::Beep, 4_900, 5_500);
    assert_eq!(bench.effects(), ["hang up", "Close"]);
    bench.closed(5_510);
    assert_eq!(bench.effects(), ["verdict Voicemail", "ended"]);
    assert_eq!(bench.call.answered_by(), Some(AnsweredBy::Machine));
}

/// Issue "A screening that speaks 4 s, listens 1.5 s and puts a person on 5 to 20 s later: verified".
#[test]
fn a_person_whom_a_screener_puts_on_is_verified() {
    for waits in [5_000, 12_000, 20_000] {
        let mut bench = Bench::with(Task::Confirm, Some(spoken()));
        bench.signal(0, SignalEvent::Answered(format()));
        bench.voice(400, 4_400);
        bench.effects();
        bench.pass(5_200);
        assert_eq!(bench.effects(), ["play", "Prompting"], "within the 1.5 s in which it listens");
        let on = 5_900 + waits;
        bench.voice(on, on + 600);
        assert_eq!(bench.effects(), ["play", "Prompting"], "{waits} ms: the prompt anew");
        bench.played(3, 0, on + 3_000);
        bench.press('#', KeyPath::InBand, on + 4_000);
        assert_eq!(bench.effects(), ["Key", "play", "Prompting"], "something greeted: two spoken digits");
        bench.played(4, 2, on + 7_000);
        for (digit, at) in [('4', 8_000), ('7', 8_500), ('#', 9_000)] {
            bench.press(digit, KeyPath::InBand, on + at);
        }
        let told = bench.effects();
        assert!(told.contains(&"verdict SpokenMatched".to_owned()), "{waits} ms: {told:?}");
        assert_eq!(bench.call.answered_by(), Some(AnsweredBy::Screening));
    }
}

/// Issue "people refused because of the label 0": a long business greeting costs two more keys.
#[test]
fn a_late_human_is_served_whatever_the_label() {
    let mut bench = Bench::with(Task::Confirm, Some(spoken()));
    bench.signal(0, SignalEvent::Answered(format()));
    bench.voice(300, 6_000);
    assert_eq!(bench.call.answered_by(), Some(AnsweredBy::Machine));
    bench.pass(6_800);
    bench.played(2, 1, 10_000);
    bench.effects();
    bench.press('#', KeyPath::Rfc4733, 11_000);
    bench.played(3, 2, 14_000);
    for (digit, at) in [('4', 15_000), ('7', 15_500), ('#', 16_000)] {
        bench.press(digit, KeyPath::Rfc4733, at);
    }
    assert_eq!(bench.call.verdict(), Some(Reason::SpokenMatched));
}

#[test]
fn a_person_who_says_hello_is_told_as_one_and_nothing_is_begun_anew() {
    let mut bench = Bench::past_the_gate();
    bench.voice(300, 900);
    bench.pass(4_000);
    assert_eq!(bench.effects(), [""; 0]);
    bench.press('#', KeyPath::Rfc4733, 4_100);
    assert_eq!(bench.call.verdict(), Some(Reason::KeyPressed));
    assert_eq!(bench.call.answered_by(), Some(AnsweredBy::Human));
}

/// After the verdict a beep ends no goodbye, and undoes nothing.
#[test]
fn a_beep_in_the_goodbye_changes_nothing() {
    let mut bench = Bench::past_the_gate();
    bench.voice(300, 900);
    bench.press('#', KeyPath::Rfc4733, 3_000);
    bench.effects();
    bench.sound(LineSound::Beep, 3_500, 4_100);
    assert_eq!(bench.effects(), [""; 0]);
    assert_eq!(bench.call.verdict(), Some(Reason::KeyPressed));
}
