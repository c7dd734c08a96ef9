//! ITU-T Q.24, Annex A (AT&T): what a receiver must take and what it must leave.
#![allow(clippy::print_stdout, reason = "a test's table")]

mod ear;

use ear::damage::lost_frames;
use ear::points::{Point, accepted, measured, refused};
use ear::spandsp::SpanDsp;

/// Fails with the points, all of them, at which fewer trials were right than `least`.
fn assert_points(test: &str, points: Vec<Point>, least: f64) {
    let mut rng = ear::seeded(test, 20_241);
    let trials = ear::short_or_long(20, 320);
    let mut sum = (0, 0);
    for point in points {
        let stream = point.stream(&mut rng, trials);
        let score = stream.score(&ear::reports(&stream.samples));
        if score.right < score.trials {
            println!("{}: {} of {} right", point.name, score.right, score.trials);
        }
        sum = (sum.0 + score.right, sum.1 + score.trials);
    }
    let share = f64::from(sum.0 as u32) / f64::from(sum.1 as u32);
    println!("{test}: {} of {} right", sum.0, sum.1);
    assert!(share >= least, "{test}: {:.3} % right", 100.0 * share);
}

/// Q.24 Annex A: −25 to −3 dBm0, −8 to +4 dB, ±1.5 %, from 40 ms, pauses from 40 ms, breaks to
/// 10 ms, alone and in every corner, clean and at 20 and 15 dB SNR.
#[test]
fn every_point_that_q24_accepts_is_told_once() {
    assert_points("accepted", accepted(), 0.999);
}

/// Q.24 Annex A: −55 dBm0, 3.5 % off, 23 ms; third tones, two keys, one tone, noise.
#[test]
fn nothing_is_told_where_q24_refuses() {
    assert_points("refused", refused(), 1.0);
}

/// Beyond Q.24, what lines really do: mains hum 10 dB over the key (nothing heard by SpanDSP),
/// dial tone under it and 3 dB over each of its tones, a frame of 20 ms lost in it (a key in two for
/// SpanDSP).
#[test]
fn hum_dial_tone_and_a_lost_frame_are_borne() {
    let borne = |point: &Point| {
        ["hum", "12 dB under", "9 dB under", "3 dB over", "0 dBm0"]
            .iter()
            .any(|word| point.name.contains(word))
    };
    assert_points("borne", measured().into_iter().filter(borne).chain(lost_frames()).collect(), 0.995);
}

/// Debian's SpanDSP, which others use, on plain keys: both tell the same.
#[test]
fn plain_keys_are_told_as_spandsp_tells_them() {
    let spandsp = SpanDsp::build();
    let mut rng = ear::seeded("beside SpanDSP", 7);
    let plain = |point: &Point| point.name.starts_with("-10 dBm0") || point.name.contains("four keys");
    for point in accepted().iter().filter(|point| plain(point)) {
        let stream = point.stream(&mut rng, 20);
        let digits = |told: &[(char, u64)]| told.iter().map(|(digit, _)| *digit).collect::<String>();
        let theirs = spandsp.hear(&stream.samples, 0).reports;
        assert_eq!(digits(&ear::reports(&stream.samples)), digits(&theirs), "{}", point.name);
    }
}
