//! What the ear tells does not depend on how the audio comes in, and says when.
#![allow(clippy::unwrap_used, reason = "a test's helpers fail as its assertions do")]

mod ear;

use ear::{Audio, Press, ends, listen, ms};
use octothorpe::dsp::dtmf::{Detector, Event, Gap, Key};
use octothorpe::dsp::goertzel::{Bank, HOP, bin_frequency};
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
        let samples: Vec<f32> = (0..3 * HOP).map(|_| rng.random_range(-20_000.0..20_000.0)).collect();
        let hops = std::array::from_fn(|n| bank.hop(samples[n * HOP..(n + 1) * HOP].try_into().unwrap()));
        let joined = bank.join(&hops);
        for bin in 0..8 {
            let ours = f64::from(joined[bin]).powi(2) + f64::from(joined[bin + 8]).powi(2);
            let theirs = oracle(&samples, f64::from(bin_frequency(bin).0));
            let scale = samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
            assert!((ours - theirs).abs() < 1e-4 * scale, "bin {bin}: {ours} {theirs}");
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
