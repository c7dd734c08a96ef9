//! What else the far end says, and what strangers send.

use super::*;
use crate::leg::LineSound;

/// Something like speech: syllables of 200 ms, louder and fainter.
fn speech(bench: &mut Bench, seconds: usize) -> Vec<i16> {
    let loudness = |n: usize| if (n / 1_600).is_multiple_of(2) { 4_000 } else { 900 };
    (0..seconds * 8_000)
        .map(|n| {
            let loudest = loudness(n);
            bench.rng.random_range(-loudest..loudest)
        })
        .collect()
}

fn beep() -> Vec<i16> {
    let sine = |n: usize| (8_000.0 * (std::f32::consts::TAU * n as f32 / 8.0).sin()) as i16;
    (0..4_000).map(sine).collect()
}

/// The far end says this from 1 s on.
fn hearing(attending: bool, says: impl FnOnce(&mut Bench) -> Vec<i16>) -> Bench {
    let mut bench = Bench::agreed(7, Codec::Pcma);
    if attending {
        bench.order(MediaCommand::Attend { region: "US" });
    }
    let pcm = [vec![0; 8_000], says(&mut bench), vec![0; 16_000]].concat();
    let clips = vec![Arc::new(Clip::new("says", pcm))];
    bench.order_phone(MediaCommand::Play { saying: 1, lead: ms(0), clips });
    bench
}

fn heard(bench: &Bench) -> Vec<&(Duration, Told)> {
    bench.told.iter().filter(|(_, told)| matches!(told, Told::Voice(_) | Told::Sound(_))).collect()
}

/// Issue: a key does not count during a greeting's speech, so that its begin has to be known at once.
#[test]
fn a_voice_is_told_while_it_speaks_and_again_when_it_has_paused() {
    let mut bench = hearing(true, |bench| speech(bench, 2));
    bench.run(ms(5_000));
    let [(began, Told::Voice(true)), (ended, Told::Voice(false))] = heard(&bench)[..] else {
        panic!("{:?}", bench.told)
    };
    assert!((ms(1_000)..ms(1_500)).contains(began), "{began:?}");
    assert!((ms(3_200)..ms(3_500)).contains(ended), "{ended:?}");
}

#[test]
fn a_beep_is_told_and_is_no_voice_and_neither_is_a_key() {
    let mut bench = hearing(true, |_| beep());
    bench.run(ms(4_000));
    let [(at, Told::Sound(LineSound::Tone)), (_, Told::Sound(LineSound::Beep))] = heard(&bench)[..] else {
        panic!("{:?}", bench.told)
    };
    assert!(*at < ms(1_400), "while it sounds, before anybody can press a key after it: {at:?}");
    let mut bench = hearing(true, |_| vec![0; 8_000]);
    bench.press(KeyPath::InBand, "4711#");
    bench.run(ms(4_000));
    assert_eq!(heard(&bench), Vec::<&(Duration, Told)>::new(), "a key's own tone is no voice");
}

#[test]
fn a_line_that_nobody_attends_tells_nothing_of_it() {
    let mut bench = hearing(false, |bench| [speech(bench, 2), beep()].concat());
    bench.run(ms(5_000));
    assert_eq!(heard(&bench), Vec::<&(Duration, Told)>::new());
}

/// A far end that sends nothing any more speaks no more: its next key must not stand in a greeting.
#[test]
fn a_voice_ends_when_nothing_comes_any_more() {
    let mut bench = hearing(true, |bench| speech(bench, 10));
    bench.run(ms(3_000));
    bench.loss_percent = 100;
    bench.run(ms(1_000));
    assert!(
        matches!(heard(&bench)[..], [(_, Told::Voice(true)), (_, Told::Voice(false))]),
        "{:?}",
        bench.told
    );
}

/// A stranger's event is no key, and is told once a press.
#[test]
fn a_strangers_key_is_told_as_such() {
    let mut bench = hearing(true, |_| vec![0; 8_000]);
    bench.run(ms(500));
    for (seq, stamp) in [(1, 800), (2, 800), (3, 800), (4, 4_000)] {
        let event = Header { marker: false, ..header(101, seq, stamp) };
        bench.inject("203.0.113.9:4000", event, &[11, 10, 3, 32]);
    }
    bench.run(ms(500));
    let told: Vec<&Told> = bench.told.iter().map(|(_, told)| told).collect();
    assert_eq!(told, [&Told::Foreign, &Told::Foreign]);
}

/// A telephone that rings as the exchanges of a country have it, so many times.
fn ringback(tones: &[f32], cadence: &[usize], times: usize) -> Vec<i16> {
    let sample = |n: usize, hertz: f32| 3_000.0 * (std::f32::consts::TAU * hertz * n as f32 / 8_000.0).sin();
    let sound =
        |ms: usize| (0..ms * 8).map(|n| tones.iter().map(|hertz| sample(n, *hertz)).sum::<f32>() as i16);
    let once: Vec<i16> = cadence
        .chunks(2)
        .flat_map(|times| sound(times[0]).chain(std::iter::repeat_n(0, times[1] * 8)).collect::<Vec<_>>())
        .collect();
    once.repeat(times)
}

/// ITU-T E.180 Supplement 2: each burst of ringing is told while it sounds, and it is no voice; a busy tone
/// of the same frequency is none.
#[test]
fn ringing_is_told_burst_by_burst_by_the_tones_of_the_country() {
    let rings: [(&str, &[f32], &[usize], usize); 6] = [
        ("US", &[440.0, 480.0], &[2_000, 4_000], 2),
        ("GB", &[400.0, 450.0], &[400, 200, 400, 2_000], 4),
        ("FR", &[440.0], &[1_500, 3_500], 2),
        ("DE", &[425.0], &[1_000, 4_000], 2),
        ("JP", &[384.0, 416.0], &[1_000, 2_000], 2),
        ("DE", &[425.0], &[480, 480], 0),
    ];
    for (region, tones, cadence, bursts) in rings {
        let mut bench = Bench::agreed(7, Codec::Pcmu);
        bench.order(MediaCommand::Attend { region });
        let pcm = [vec![0; 8_000], ringback(tones, cadence, 2), vec![0; 8_000]].concat();
        let clips = vec![Arc::new(Clip::new("rings", pcm))];
        bench.order_phone(MediaCommand::Play { saying: 1, lead: ms(0), clips });
        bench.run(ms(16_000));
        let told: Vec<_> = bench
            .told
            .iter()
            .filter(|(_, told)| matches!(told, Told::Ringback(_) | Told::Voice(_)))
            .collect();
        assert_eq!(told.len(), 2 * bursts, "{region} {cadence:?}: {told:?}");
        for (burst, told) in told.chunks(2).enumerate() {
            let [(began, Told::Ringback(true)), (ended, Told::Ringback(false))] = told else {
                panic!("{region}: {told:?}")
            };
            let times: usize = cadence.iter().cycle().take(2 * burst).sum();
            let end = 1_000 + times + cadence[2 * burst % cadence.len()];
            assert!(*began < ms(1_000 + times as u64 + 720), "{region}, while it sounds: {began:?}");
            assert!((ms(end as u64)..ms(end as u64 + 250)).contains(ended), "{region}: {ended:?}");
        }
    }
}

/// Behind an office's attendant a busy tone goes on until somebody hangs up: it has to be known before.
#[test]
fn a_busy_tone_is_told_once_while_it_goes_on_and_two_bursts_are_none() {
    let busy = |times| ringback(&[480.0, 620.0], &[500, 500], times);
    let mut bench = hearing(true, |_| busy(10));
    bench.run(ms(8_000));
    let told: Vec<&(Duration, Told)> = bench.told.iter().filter(|(_, told)| *told == Told::Engaged).collect();
    let [(at, _)] = told[..] else { panic!("{:?}", bench.told) };
    assert!((ms(3_500)..ms(4_000)).contains(at), "at the end of its third burst: {at:?}");
    for other in
        [busy(2), ringback(&[440.0, 480.0], &[2_000, 4_000], 2), ringback(&[350.0, 440.0], &[6_000, 0], 1)]
    {
        let mut bench = hearing(true, |_| other);
        bench.run(ms(15_000));
        assert!(!bench.told.iter().any(|(_, told)| *told == Told::Engaged), "{:?}", bench.told);
    }
}
