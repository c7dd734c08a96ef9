use super::*;

/// A way through an attendant under a virtual clock; times are milliseconds after the answer.
struct Bench {
    zero: Instant,
    transfer: Transfer,
}

fn keys(text: &str) -> Vec<ExtensionKey> {
    let key = |c| ExtensionKey { digit: Digit::from_char(c).unwrap(), pause: Duration::ZERO };
    text.chars().map(key).collect()
}

/// The line's sounds, from when to when.
enum Heard {
    Voice(u64, u64),
    Ring(u64, u64),
}

use Heard::{Ring, Voice};

impl Bench {
    fn answered() -> Bench {
        #[expect(clippy::disallowed_methods, reason = "any instant serves as the virtual zero")]
        let zero = Instant::now();
        let mut transfer = Transfer::new(keys("12"));
        transfer.handle_answered(zero);
        Bench { zero, transfer }
    }

    fn at(&self, ms: u64) -> Instant {
        self.zero + Duration::from_millis(ms)
    }

    fn ms(&self, at: Instant) -> u64 {
        at.duration_since(self.zero).as_millis() as u64
    }

    /// Lives through `heard`, in which ends are told when the line has paused 250 ms, up to a moment; tells
    /// what came due, and when.
    fn live(&mut self, heard: &[Heard], until: u64) -> Vec<(u64, Due)> {
        let mut told: Vec<(u64, u64, bool, bool)> = Vec::new();
        for sound in heard {
            let (from, to, is_voice) = match sound {
                Voice(from, to) => (*from, *to, true),
                Ring(from, to) => (*from, *to, false),
            };
            told.extend([
                (from + 100, from, true, is_voice),
                (to + if is_voice { 250 } else { 40 }, to, false, is_voice),
            ]);
        }
        told.sort_unstable();
        let mut due = Vec::new();
        let mut told = told.into_iter().peekable();
        loop {
            let next = told.peek().map(|(at, ..)| *at).filter(|at| *at <= until);
            let timer = self.transfer.poll_timeout().map(|(at, _)| self.ms(at)).filter(|at| *at <= until);
            match (next, timer) {
                (Some(next), timer) if timer.is_none_or(|timer| next <= timer) => {
                    let (_, at, began, is_voice) = told.next().unwrap();
                    let at = self.at(at);
                    if is_voice {
                        self.transfer.handle_voice(at, began);
                    } else {
                        self.transfer.handle_ringback(at, began);
                    }
                }
                (_, Some(timer)) => {
                    if let Some(step) = self.transfer.handle_timeout(self.at(timer)) {
                        due.push((timer, step));
                    }
                }
                (_, None) => return due,
            }
        }
    }

    /// Dialled into silence: the second of the two keys leaves 100 ms before the moment.
    fn dialled(ms: u64) -> Bench {
        let mut bench = Bench::answered();
        assert_eq!(bench.live(&[], 2_000).len(), 1);
        for at in [ms - 300, ms - 100] {
            bench.transfer.handle_pressed(bench.at(at));
        }
        bench
    }

    /// When the prompt begins after a dialling that ended at 2.5 s; `None` for nobody, with its moment.
    fn met(heard: &[Heard]) -> (u64, bool) {
        let due = Bench::dialled(2_500).live(heard, 60_000);
        match &due[..] {
            [(at, Due::Somebody)] => (*at, true),
            [(at, Due::Nobody)] => (*at, false),
            other => panic!("{other:?}"),
        }
    }
}

/// "Dialled at least 2 s after the answer at the first 0.8 s without voice, at the latest at 15 s."
#[test]
fn the_extension_is_dialled_when_the_greeting_has_paused() {
    for (heard, at) in [
        (&[][..], 2_000),
        (&[Voice(100, 900)], 2_000),
        (&[Voice(100, 1_000)], 2_000),
        (&[Voice(100, 1_300)], 2_300),
        (&[Voice(100, 3_000), Voice(3_790, 7_000)], 8_000),
        (&[Voice(100, 3_000), Voice(4_000, 7_000)], 4_000),
        (&[Voice(1_900, 40_000)], 15_000),
        (&[Voice(100, 14_900)], 15_000),
    ] {
        let due = Bench::answered().live(heard, 15_200);
        assert_eq!(due.len(), 1, "{due:?}");
        assert_eq!(due[0].0, at);
        let Due::Dial(orders) = &due[0].1 else { panic!("{due:?}") };
        let times: Vec<(char, u128, u128)> = orders
            .iter()
            .map(|order| (order.digit.as_char(), order.after.as_millis(), order.held.as_millis()))
            .collect();
        assert_eq!(times, [('1', 100, 100), ('2', 100, 100)], "100 ms on, 100 ms off");
    }
}

#[test]
fn a_comma_is_a_second_of_pause() {
    let pause = Duration::from_secs(2);
    let transfer = Transfer::new(vec![ExtensionKey { pause, ..keys("7")[0] }]);
    assert_eq!(transfer.orders()[0].after, pause + GAP);
}

/// "The prompt starts at the first voice of 300 ms or more after ringback or silence."
#[test]
fn somebody_is_there_at_the_first_voice_after_ringing_or_silence() {
    // What the attendant says right behind the keys is its own, and so is its next sentence.
    let transferring = || [Voice(2_800, 4_000), Voice(4_500, 5_500)];
    let [first, second] = transferring();
    let [third, fourth] = transferring();
    for (heard, met) in [
        (vec![Voice(3_300, 4_500)], 3_850),
        (vec![first, second, Voice(6_400, 8_000)], 6_950),
        (vec![third, fourth, Ring(6_000, 8_000), Voice(8_300, 9_000)], 8_850),
        (vec![Voice(2_700, 3_300), Ring(3_400, 3_900), Voice(3_950, 4_700)], 4_500),
        // A click is nobody; "yes" of 300 ms is somebody, known when it has paused.
        (vec![Ring(3_000, 5_000), Voice(5_500, 5_799), Voice(7_000, 7_300)], 7_550),
        // Another burst: the voice before it was the attendant's.
        (vec![Voice(2_900, 3_100), Ring(3_700, 5_700), Ring(9_700, 11_700), Voice(12_000, 13_000)], 12_550),
    ] {
        let (at, somebody) = Bench::met(&heard);
        assert!(somebody && at.abs_diff(met) <= 250, "{met}: {at}");
    }
}

/// "At the latest 4 s after ringback stops": one that was cut has stopped; one that was whole may go on
/// after its pause.
#[test]
fn somebody_who_answers_and_is_silent_is_asked_all_the_same() {
    for (heard, at) in [
        (vec![Ring(3_000, 3_700)], 7_700),
        (vec![Ring(3_000, 5_000), Ring(9_000, 10_300)], 14_300),
        (vec![Ring(3_000, 5_000)], 9_800),
        (vec![Ring(3_000, 4_000), Ring(9_000, 10_000)], 8_800),
        (vec![Voice(2_700, 3_500)], 7_500),
    ] {
        assert_eq!(Bench::met(&heard), (at, true));
    }
}

/// "Nobody in 30 s is `no_answer`."
#[test]
fn nobody_in_30_s_is_nobody() {
    assert_eq!(Bench::met(&[]), (32_500, false));
    let rings: Vec<Heard> = (0..10).map(|n| Ring(3_000 + 6_000 * n, 5_000 + 6_000 * n)).collect();
    assert_eq!(Bench::met(&rings), (32_500, false), "it rang");
    assert_eq!(Bench::met(&[Voice(2_600, 40_000)]), (32_500, false), "music");
}

#[test]
fn where_it_rings_on_somebody_was_nobody() {
    let mut bench = Bench::dialled(2_500);
    assert_eq!(bench.live(&[Voice(3_400, 5_000)], 5_000).len(), 1);
    bench.transfer.handle_ringback(bench.at(6_000), true);
    bench.transfer.wait_again();
    let due = bench.live(&[Ring(6_000, 8_000), Ring(12_000, 14_000), Voice(14_500, 15_200)], 60_000);
    assert_eq!(due, [(15_050, Due::Somebody)]);
}

/// A pause of 5 s, as Sweden has it, is met once: after that it is known.
#[test]
fn a_pause_that_was_too_long_once_is_waited_for() {
    let mut bench = Bench::dialled(2_500);
    assert_eq!(bench.live(&[Ring(3_000, 4_000)], 8_900), [(8_800, Due::Somebody)]);
    bench.transfer.handle_ringback(bench.at(9_000), true);
    bench.transfer.wait_again();
    bench.transfer.handle_ringback(bench.at(10_000), false);
    assert_eq!(bench.live(&[], 60_000), [(15_800, Due::Somebody)]);
}

/// What rang and spoke before the extension was dialled was the office's own.
#[test]
fn what_was_heard_before_the_extension_was_dialled_says_nothing_of_it() {
    let mut bench = Bench::answered();
    bench.transfer.handle_ringback(bench.at(200), true);
    bench.transfer.handle_ringback(bench.at(1_900), false);
    assert_eq!(bench.live(&[Voice(100, 900)], 2_000).len(), 1);
    for at in [2_200, 2_400] {
        bench.transfer.handle_pressed(bench.at(at));
    }
    assert_eq!(bench.live(&[Voice(2_600, 4_000)], 7_900), []);
}

#[test]
fn keys_that_the_far_end_holds_back_are_not_waited_for_without_end() {
    let mut bench = Bench::answered();
    let due = bench.live(&[], 60_000);
    let [(2_000, Due::Dial(_)), (nobody, Due::Nobody)] = due[..] else { panic!("{due:?}") };
    assert_eq!(nobody, 2_000 + 400 + 5_000 + 30_000);
}

/// "The digits we dial ourselves and get back as tone, event or INFO are none."
#[test]
fn what_we_dialled_is_known_when_it_comes_back() {
    let bench = Bench::dialled(2_500);
    let digit = |c| Digit::from_char(c).unwrap();
    for (key, ms, ours) in [
        ('1', 2_190, true),
        ('1', 4_200, true),
        ('1', 4_201, false),
        ('2', 2_250, false),
        ('2', 4_300, true),
        ('3', 2_300, false),
    ] {
        assert_eq!(bench.transfer.returns(digit(key), bench.at(ms)), ours, "{key} at {ms} ms");
    }
    assert!(
        !format!("{:?}", bench.transfer).contains('1') || !format!("{:?}", bench.transfer.keys).contains('1')
    );
}
