//! What the ear tells does not depend on how the audio comes in, and says when.
#![allow(clippy::unwrap_used, reason = "a test's helpers fail as its assertions do")]

mod ear;

use ear::{Audio, Press, ends, listen, ms};
use octothorpe::dsp::dtmf::{Detector, Event, Gap, Key};
use octothorpe::dsp::goertzel::{BLOCK, Bank, bin_frequency};
use octothorpe::dsp::tone::KeyTone;
use octothorpe::dsp::units::{Db, Dbm0, Samples};
use rand::RngExt;
use rand::rngs::StdRng;

fn hash() -> Key {
    Key::from_char('#').unwrap()
}

/// Keys of many lengths in noise.
fn keys_in_noise(rng: &mut StdRng) -> Vec<i16> {
    let mut audio = Audio::silence(60_000);
    for (n, key) in Key::all().enumerate() {
        let length = rng.random_range(40.0..250.0);
        Press::plain(-14.0, length).put(rng, &mut audio, key, 1000 + 3600 * n);
    }
    audio.noise(rng, Dbm0(-35.0));
    audio.quantised(None)
}

/// REPORT_MS is the end of the last sample that the decision used, whatever the block size
/// (contract, section 5).
#[test]
fn blocks_of_any_length_give_the_same_events() {
    let samples = keys_in_noise(&mut ear::seeded("blocks", 3));
    let whole = listen(&samples);
    assert_eq!(ends(&whole).len(), 16);
    for length in [1, 7, 80, 160, 1000] {
        let mut events = Vec::new();
        let mut ear = Detector::new();
        for block in samples.chunks(length) {
            let before = ear.position();
            ear.feed(block, &mut |event| events.push((event, before)));
        }
        ear.finish(&mut |event| events.push((event, Samples(0))));
        for (event, before) in &events {
            if let Event::Began(began) = event {
                let block_end = Samples(before.0 + length as u64);
                assert!(began.told_at > *before && began.told_at <= block_end, "told by its own block");
            }
        }
        let events: Vec<Event> = events.into_iter().map(|(event, _)| event).collect();
        assert_eq!(events, whole, "blocks of {length}");
    }
}

/// Beyond the 23 ms that must not be a key, as early as is sure.
#[test]
fn a_key_is_told_28_to_36_ms_after_its_onset() {
    let mut rng = ear::seeded("latency", 4);
    for key in Key::all() {
        for _ in 0..20 {
            let mut audio = Audio::silence(4000);
            let begin = rng.random_range(800..1200);
            Press::plain(-12.0, 100.0).put(&mut rng, &mut audio, key, begin);
            audio.noise(&mut rng, Dbm0(-29.0));
            let heard = ends(&listen(&audio.quantised(None)));
            assert_eq!(heard.len(), 1);
            let told = heard[0].told_at.0 as i64 - begin as i64;
            assert!((ms(28.0) as i64..=ms(36.0) as i64).contains(&told), "told after {told} samples");
            assert!((heard[0].onset.0 as i64 - begin as i64).abs() <= 12, "onset {:?}", heard[0].onset);
            let end = begin as i64 + ms(100.0) as i64;
            assert!((heard[0].end.0 as i64 - end).abs() <= 12, "end {:?} of {end}", heard[0].end);
        }
    }
}

/// Began comes while the key is down; its end, level, twist and SNR when it is up.
#[test]
fn level_twist_and_snr_are_told_as_they_were() {
    let mut rng = ear::seeded("figures", 5);
    for (twist, snr) in [(-7.0, 30.0), (0.0, 20.0), (3.0, 16.0)] {
        let mut samples = vec![0; 4000];
        let mut tone = KeyTone::with_twist(hash(), Dbm0(-15.0), Db(twist), Samples::from_ms(200));
        tone.fill(&mut samples[1000..]);
        let mut audio = Audio(samples.iter().map(|sample| f32::from(*sample)).collect());
        let level = Dbm0(-15.0) + Db(3.01);
        // The part of white noise above the high-pass: 3.7 of 4 kHz.
        audio.noise(&mut rng, level + Db(0.34 - snr));
        let events = listen(&audio.quantised(None));
        assert!(matches!(events[0], Event::Began(began) if began.key == hash()));
        let Event::Ended(key) = events[1] else { panic!("{events:?}") };
        assert!((key.level - level).0.abs() < 0.5, "{:?}", key.level);
        assert!((key.twist.0 - twist).abs() < 1.0, "{:?}", key.twist);
        assert!((key.snr.0 - snr).abs() < 2.0, "{:?} for {snr}", key.snr);
    }
}

#[test]
fn a_call_s_ear_fits_its_share_of_32_kib() {
    assert!(size_of::<Detector>() < 1024, "{} bytes", size_of::<Detector>());
}

/// A turn of many lines tells each line's keys where the line by itself would.
#[test]
fn a_bank_of_lines_hears_what_each_would_by_itself() {
    let mut rng = ear::seeded("bank of lines", 8);
    let lines: Vec<Vec<i16>> = (0..40).map(|_| keys_in_noise(&mut rng)).collect();
    let mut ears = vec![Detector::new(); lines.len()];
    let mut together = vec![Vec::new(); lines.len()];
    for begin in (0..lines[0].len()).step_by(160) {
        let frames: Vec<&[i16]> = lines.iter().map(|line| &line[begin..begin + 160]).collect();
        Detector::feed_each(&mut ears, &frames, &mut |line, event| together[line].push(event));
    }
    for (line, (ear, mut events)) in lines.iter().zip(ears.iter_mut().zip(together)) {
        ear.finish(&mut |event| events.push(event));
        assert_eq!(events, listen(line));
    }
}

/// Feeds a key of which a part never came, and what follows.
fn with_gap(key_ms: u64, gap_at_ms: usize, gap: u64, kind: Gap) -> Vec<Event> {
    let mut samples = vec![0; ms(50.0)];
    let mut tone = vec![0; Samples::from_ms(key_ms).0 as usize];
    KeyTone::new(hash(), Dbm0(-12.0), Samples::from_ms(key_ms)).fill(&mut tone);
    samples.extend(tone);
    samples.extend(std::iter::repeat_n(0, ms(100.0)));
    let lost = gap_at_ms * 8..gap_at_ms * 8 + Samples::from_ms(gap).0 as usize;
    let mut events = Vec::new();
    let mut ear = Detector::new();
    ear.feed(&samples[..lost.start], &mut |event| events.push(event));
    ear.feed_gap(Samples::from_ms(gap), kind, &mut |event| events.push(event));
    ear.feed(&samples[lost.end..], &mut |event| events.push(event));
    assert_eq!(ear.position(), Samples(samples.len() as u64));
    ear.finish(&mut |event| events.push(event));
    events
}

/// What was lost is neither tone nor pause: 20, 60 and 200 ms lost within a key make no second key.
#[test]
fn a_hole_in_a_key_does_not_double_it() {
    for (key_ms, gap) in [(80, 20), (160, 20), (160, 60), (400, 200)] {
        for gap_at in (50..50 + key_ms as usize - gap as usize).step_by(5) {
            let heard = ends(&with_gap(key_ms, gap_at, gap, Gap::Lost));
            assert!(heard.len() <= 1, "{key_ms} ms, {gap} lost at {gap_at}: {}", heard.len());
            let sure = key_ms - gap >= 100 || gap == 20;
            assert!(!sure || heard.len() == 1, "{key_ms} ms, {gap} lost at {gap_at}: missed");
        }
    }
}

/// The stretches told as undecided.
fn undecided(events: &[Event]) -> Vec<(Samples, Samples)> {
    let stretch = |event: &Event| match event {
        Event::Undecided { from, to } => Some((*from, *to)),
        Event::Began(_) | Event::Ended(_) => None,
    };
    events.iter().filter_map(stretch).collect()
}

/// Two tones for 16 to 23 ms are no key (Q.24), but damage may have left no more of one.
#[test]
fn what_fell_short_of_a_key_is_told_once_and_no_key_is() {
    let mut rng = ear::seeded("fell short", 9);
    for _ in 0..200 {
        let mut audio = Audio::silence(4000);
        let (key, begin) = (ear::any_key(&mut rng), rng.random_range(800..1200));
        let short = Press::plain(rng.random_range(-30.0..-6.0), rng.random_range(16.0..23.0));
        short.put(&mut rng, &mut audio, key, begin);
        audio.noise(&mut rng, ear::below(short.level(), 25.0));
        let events = listen(&audio.quantised(None));
        let [(from, to)] = undecided(&events)[..] else { panic!("{short:?}: {events:?}") };
        assert_eq!(events.len(), 1, "and nothing else");
        assert!(from.0 + 64 >= begin as u64 && to.0 <= (begin + short.count) as u64 + 64, "{from:?} {to:?}");
    }
}

/// A key's own edges and residue are no traces of another.
#[test]
fn a_key_that_is_told_leaves_nothing_undecided() {
    let samples = keys_in_noise(&mut ear::seeded("told", 10));
    let events = listen(&samples);
    assert_eq!((ends(&events).len(), undecided(&events)), (16, Vec::new()));
    for key in ends(&events) {
        assert!(key.confidence > 0.5, "{}", key.confidence);
    }
}

/// 60 ms on end that were not received may have held a key, 40 ms may not; in one piece or frame by frame.
#[test]
fn a_long_hole_is_undecided_and_a_short_one_is_not() {
    for (frames, told) in [(2, false), (3, true), (10, true)] {
        for pieces in [1, frames] {
            let mut events = Vec::new();
            let mut ear = Detector::new();
            ear.feed(&[0; 1000], &mut |event| events.push(event));
            for _ in 0..pieces {
                let missing = Samples(160 * frames / pieces);
                ear.feed_gap(missing, Gap::Lost, &mut |event| events.push(event));
            }
            ear.feed(&[0; 1000], &mut |event| events.push(event));
            let hole = (Samples(1000), Samples(1000 + 160 * frames));
            assert_eq!(undecided(&events), if told { vec![hole] } else { vec![] }, "{frames} in {pieces}");
        }
    }
}

/// RFC 3389: who sends comfort noise is silent, which is a pause of the key.
#[test]
fn a_pause_that_the_sender_tells_ends_the_key() {
    let heard = ends(&with_gap(400, 200, 100, Gap::Silence));
    assert_eq!(heard.len(), 2, "the key before the pause and the one after it");
    assert_eq!(ends(&with_gap(400, 200, 100, Gap::Lost)).len(), 1);
}

/// A gap of any length costs little and keeps the time.
#[test]
fn an_endless_gap_ends_a_key_and_keeps_the_time() {
    let mut samples = vec![0; 800];
    KeyTone::new(hash(), Dbm0(-12.0), Samples(800)).fill(&mut samples);
    for kind in [Gap::Lost, Gap::Silence] {
        let mut events = Vec::new();
        let mut ear = Detector::new();
        ear.feed(&samples, &mut |event| events.push(event));
        ear.feed_gap(Samples(1 << 40), kind, &mut |event| events.push(event));
        assert_eq!(ends(&events).len(), 1, "{kind:?}");
        assert_eq!(ear.position(), Samples(800 + (1 << 40)));
    }
}

#[test]
fn a_key_at_the_very_end_of_the_audio_is_told() {
    let mut samples = vec![0; 320];
    KeyTone::new(hash(), Dbm0(-12.0), Samples(320)).fill(&mut samples);
    let heard = ends(&listen(&samples));
    assert_eq!(heard.len(), 1);
    assert!(heard[0].end <= Samples(320));
}

/// The kept crate's Goertzel filter, an oracle that shares no line with ours.
fn oracle(samples: &[f32], frequency: f64) -> f64 {
    let input: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
    // Its argument is 2π times the angular frequency.
    let argument = 4.0 * std::f64::consts::PI.powi(2) * frequency / 8000.0;
    let states = goertzel_filter::filter_naive(&input, argument);
    states.last().unwrap().norm_sqr()
}

#[test]
fn the_bank_agrees_with_goertzel_filter() {
    let mut rng = ear::seeded("oracle", 6);
    let bank = Bank::default();
    for _ in 0..50 {
        let samples: [i16; BLOCK] = std::array::from_fn(|_| rng.random_range(-20_000..20_000));
        let floats = samples.map(f32::from);
        let energies = bank.bins(&samples).energies();
        for (bin, ours) in energies.into_iter().enumerate() {
            let theirs = oracle(&floats, f64::from(bin_frequency(bin).0)) * 2.0 / BLOCK as f64;
            let scale = floats.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
            assert!((f64::from(ours) - theirs).abs() < 1e-4 * scale, "bin {bin}: {ours} {theirs}");
        }
    }
}

/// Why the oracle is `filter_naive`: `dft_power` moves 941 Hz to 900 Hz at 160 samples and loses
/// nineteen parts in twenty of a tone.
#[test]
fn the_oracle_s_other_entry_would_mislead() {
    let step = std::f64::consts::TAU * 941.0 / 8000.0;
    let tone: Vec<f64> = (0..160).map(|n| (step * n as f64).sin()).collect();
    let argument = 4.0 * std::f64::consts::PI.powi(2) * 941.0 / 8000.0;
    let snapped = goertzel_filter::dft_power(&tone, argument);
    let exact = goertzel_filter::filter_naive(&tone, argument).last().unwrap().norm_sqr();
    assert!(snapped < 0.1 * exact, "{snapped} of {exact}");
}
