use super::*;

/// One call on a virtual clock: times are ms from the answer.
struct Bench {
    zero: Instant,
    impression: Impression,
    /// What was advised, and when.
    advised: Vec<(Advice, u64)>,
}

impl Bench {
    fn answered() -> Bench {
        #[expect(clippy::disallowed_methods, reason = "any instant serves as the virtual zero")]
        let zero = Instant::now();
        let mut impression = Impression::default();
        impression.handle_answered(zero);
        Bench { zero, impression, advised: Vec::new() }
    }

    fn at(&self, ms: u64) -> Instant {
        self.zero + Duration::from_millis(ms)
    }

    fn pass(&mut self, to: u64) -> &mut Self {
        while let Some(at) = self.impression.poll_timeout().filter(|at| *at <= self.at(to)) {
            self.impression.handle_timeout(at);
            self.note(at.duration_since(self.zero).as_millis() as u64);
        }
        self.impression.handle_timeout(self.at(to));
        self.note(to);
        self
    }

    fn note(&mut self, ms: u64) {
        while let Some(advice) = self.impression.poll_advice() {
            self.advised.push((advice, ms));
        }
    }

    /// A voice; it is told 170 ms into it, its end 270 ms late.
    fn voice(&mut self, from: u64, to: u64) -> &mut Self {
        self.pass(from + 170);
        self.impression.handle_voice_began(self.at(from + 170), self.at(from));
        self.pass(to + 270);
        self.impression.handle_voice_ended(self.at(to + 270), self.at(to));
        self.note(to + 270);
        self
    }

    fn tone(&mut self, sound: LineSound, from: u64) -> &mut Self {
        self.pass(from + 600);
        self.impression.handle_sound(self.at(from + 600), sound, self.at(from));
        self.note(from + 600);
        self
    }

    fn label(&self) -> AnsweredBy {
        self.impression.label().expect("it was answered")
    }

    fn first(&self) -> Option<(AnsweredBy, u64)> {
        let first = self.impression.first()?;
        Some((first.label, first.at.duration_since(self.zero).as_millis() as u64))
    }
}

#[test]
fn who_says_hello_and_listens_is_a_person_and_nothing_is_begun_anew() {
    let mut call = Bench::answered();
    call.voice(300, 900).pass(20_000);
    assert_eq!(call.label(), AnsweredBy::Human);
    assert_eq!(call.first(), Some((AnsweredBy::Human, 2_400)), "1.5 s after the last word");
    assert_eq!(call.advised, []);
}

#[test]
fn who_says_nothing_cannot_be_told() {
    let mut call = Bench::answered();
    call.pass(40_000);
    assert_eq!((call.label(), call.first()), (AnsweredBy::Unknown, None));
}

/// "Voicemail is told, nothing secret is left on it, the call ends at the beep or sooner."
#[test]
fn at_a_beep_the_call_ends_after_a_long_greeting_a_short_one_and_none() {
    for greeting in [Some((500, 7_000)), Some((500, 1_400)), None] {
        let mut call = Bench::answered();
        if let Some((from, to)) = greeting {
            call.voice(from, to);
        }
        let beep = greeting.map_or(1_000, |(_, to)| to + 900);
        call.tone(LineSound::Beep, beep);
        assert_eq!(call.label(), AnsweredBy::Machine, "{greeting:?}");
        assert_eq!(call.advised.last(), Some(&(Advice::HangUp, beep + 600)), "{greeting:?}");
    }
}

/// Phones beep when they are charged and calls when they are recorded: a person is not hung up on.
#[test]
fn a_beep_hangs_up_on_nobody_who_pressed_a_key_or_spoke_long_ago() {
    let mut call = Bench::answered();
    call.voice(300, 900).tone(LineSound::Beep, 9_000);
    assert_eq!((call.label(), call.advised.as_slice()), (AnsweredBy::Human, [].as_slice()));

    let mut call = Bench::answered();
    call.voice(300, 900);
    call.impression.handle_key(call.at(5_000));
    call.tone(LineSound::Beep, 5_500);
    assert_eq!(call.advised, []);
}

/// Call screeners listen for 1.5 s: who calls and why has to begin within it.
#[test]
fn a_screener_is_answered_in_its_pause_and_the_person_it_puts_on_hears_the_prompt_anew() {
    for waits in [5_000, 12_000, 20_000] {
        let mut call = Bench::answered();
        call.voice(400, 4_400).voice(6_500, 7_500);
        let comes_on = 7_500 + waits;
        call.voice(comes_on, comes_on + 600).pass(comes_on + 8_000);
        assert_eq!(call.label(), AnsweredBy::Screening, "{waits} ms");
        let introduced = call.advised.iter().find(|(advice, _)| *advice == Advice::Introduce);
        assert_eq!(introduced.map(|(_, at)| *at), Some(5_200), "0.8 s into its pause");
        let anew = call.advised.iter().filter(|(advice, _)| *advice == Advice::PromptAnew);
        let anew: Vec<u64> = anew.map(|(_, at)| *at).collect();
        assert_eq!(anew, [comes_on + 870], "once, when the person has said hello");
    }
}

#[test]
fn who_comes_on_and_does_not_stop_talking_hears_the_prompt_after_2_s() {
    let mut call = Bench::answered();
    call.voice(400, 4_400).voice(12_000, 19_000);
    assert!(call.advised.contains(&(Advice::PromptAnew, 14_000)), "{:?}", call.advised);
}

/// A mailbox that pauses after each sentence is not answered for ever.
#[test]
fn the_prompt_is_begun_anew_three_times_at_most_for_a_greeting_with_pauses() {
    let mut call = Bench::answered();
    for sentence in 0..8 {
        call.voice(500 + 4_000 * sentence, 3_400 + 4_000 * sentence);
    }
    let introductions = call.advised.iter().filter(|(advice, _)| *advice == Advice::Introduce).count();
    assert_eq!(introductions, 3);
    assert_eq!(call.label(), AnsweredBy::Ivr, "it never came to a beep");
}

#[test]
fn long_openings_are_machines_while_they_speak_and_menus_when_they_go_on() {
    let mut call = Bench::answered();
    call.voice(500, 12_000);
    assert_eq!(call.first(), Some((AnsweredBy::Machine, 5_100)));
    assert_eq!(call.label(), AnsweredBy::Machine);
    call.tone(LineSound::Ringback, 14_000);
    assert_eq!(call.label(), AnsweredBy::Ivr);
}

#[test]
fn faxes_and_announcements_are_known_by_their_tones() {
    let mut call = Bench::answered();
    call.tone(LineSound::Fax, 800);
    assert_eq!(call.label(), AnsweredBy::Fax);
    let mut call = Bench::answered();
    call.tone(LineSound::Information, 100).voice(1_500, 3_500);
    assert_eq!(call.label(), AnsweredBy::Machine);
}

/// Some mailboxes beep at a pitch of the network's own tones; a call that is put through rings at it.
#[test]
fn a_steady_tone_that_gets_no_name_is_a_machines() {
    let mut call = Bench::answered();
    call.voice(500, 1_500).tone(LineSound::Tone, 2_000).pass(9_000);
    assert_eq!(call.label(), AnsweredBy::Machine);
    call.tone(LineSound::Ringback, 2_000);
    assert_eq!(call.label(), AnsweredBy::Human);
}

/// Ringing and announcements before the answer are the network's, and so is a voice's part there.
#[test]
fn what_came_before_the_answer_does_not_count() {
    let mut call = Bench::answered();
    let before = call.zero.checked_sub(Duration::from_secs(9)).expect("the clock has run for a while");
    call.impression.handle_sound(call.zero, LineSound::Beep, before);
    call.impression.handle_voice_began(call.zero, before);
    call.impression.handle_voice_ended(call.at(1_000), call.at(700));
    call.pass(9_000);
    assert_eq!((call.label(), call.advised.as_slice()), (AnsweredBy::Human, [].as_slice()));
}

/// The rows that ops read are the rows that decide.
#[test]
fn the_documentation_has_every_row_in_its_order() {
    let readme = include_str!("../../../README.md");
    let mut rest = readme;
    for Rule { when, label, .. } in RULES {
        let row = format!("| {when} | `{}` |", format!("{label:?}").to_lowercase());
        let place = rest.find(&row).unwrap_or_else(|| panic!("README.md lacks, or has elsewhere: {row}"));
        rest = &rest[place + row.len()..];
    }
}
