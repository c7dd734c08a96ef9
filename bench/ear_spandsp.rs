//! Our ear beside Debian's SpanDSP on the same samples in the same run:
//! `cargo bench --bench ear_spandsp`. Needs gcc and `libspandsp-dev`; hears the
//! recorded prompts of `asterisk-core-sounds-{en,es,fr,it}-wav` where installed.
//!
//! `TRIALS=320` sets the trials a point.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "a bench is no product")]

#[path = "../tests/ear/mod.rs"]
mod ear;

use ear::points::{Must, Point, accepted, measured, refused};
use ear::spandsp::SpanDsp;
use ear::{Score, sounds};
use octothorpe::audio::decode_file;
use octothorpe::dsp::dtmf::Detector;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rustix::time::{ClockId, clock_gettime};

const SEED: u64 = 20_261;

fn main() {
    let spandsp = SpanDsp::build();
    let trials = std::env::var("TRIALS").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    println!("seed {SEED}, {trials} trials a point\n");
    println!("| point | must | ours % | SpanDSP % |\n| --- | --- | --- | --- |");
    let mut sums = [[Score::default(); 2]; 2];
    for point in accepted().into_iter().chain(refused()).chain(measured()) {
        let scores = compare(&point, trials, &spandsp);
        let [ours, theirs] = scores.map(|score| 100.0 * score.share_right());
        println!("| {} | {:?} | {ours:.2} | {theirs:.2} |", point.name, point.must);
        let sum = match point.must {
            Must::Accept => &mut sums[0],
            Must::Refuse => &mut sums[1],
            Must::Measure => continue,
        };
        for (sum, score) in sum.iter_mut().zip(scores) {
            sum.trials += score.trials;
            sum.right += score.right;
        }
    }
    for (name, [ours, theirs]) in [("all to accept", sums[0]), ("all to refuse", sums[1])] {
        let [ours, theirs] = [ours, theirs].map(|score| 100.0 * score.share_right());
        println!("| {name} | | {ours:.3} | {theirs:.3} |");
    }
    talk_off(&spandsp);
}

fn compare(point: &Point, trials: usize, spandsp: &SpanDsp) -> [Score; 2] {
    let stream = point.stream(&mut StdRng::seed_from_u64(SEED), trials);
    let ours = stream.score(&ear::reports(&stream.samples));
    let theirs = stream.score(&spandsp.hear(&stream.samples, 0).reports);
    [ours, theirs]
}

/// Keys heard where there are none, and the time a sample.
fn talk_off(spandsp: &SpanDsp) {
    println!("\n| sound | minutes | ours: keys, # | SpanDSP: keys, # | ours ns | SpanDSP ns | ratio |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let mut rng = StdRng::seed_from_u64(SEED);
    for language in ["en", "es", "fr", "it"] {
        let files = sounds::recorded(language);
        let samples: Vec<i16> = files.iter().flat_map(|file| decode_file(file).unwrap_or_default()).collect();
        if samples.is_empty() {
            println!("| recorded speech, {language} | not installed | | | | | |");
            continue;
        }
        row(&format!("recorded speech, {language}"), &samples, spandsp);
    }
    let minutes_20 = 20 * 60 * 8000;
    row("made speech", &sounds::speech(&mut rng, minutes_20), spandsp);
    row("made music", &sounds::music(&mut rng, minutes_20), spandsp);
    row("silence", &vec![0; minutes_20], spandsp);
}

fn row(name: &str, samples: &[i16], spandsp: &SpanDsp) {
    let ours = ear::reports(samples);
    // The two take turns on the core, so that its other work falls on both.
    let mut least = [f64::MAX; 2];
    for _ in 0..3 {
        least[0] = least[0].min(ns_per_sample(samples));
        let theirs = spandsp.hear(samples, 2).ns_per_sample.unwrap_or(f64::MAX);
        least[1] = least[1].min(theirs);
    }
    let theirs = spandsp.hear(samples, 0).reports;
    let hashes = |told: &[(char, u64)]| told.iter().filter(|(digit, _)| *digit == '#').count();
    println!(
        "| {name} | {:.1} | {}, {} | {}, {} | {:.2} | {:.2} | {:.2} |",
        samples.len() as f64 / 480_000.0,
        ours.len(),
        hashes(&ours),
        theirs.len(),
        hashes(&theirs),
        least[0],
        least[1],
        least[0] / least[1],
    );
}

/// CPU time of one channel in frames of 20 ms.
fn ns_per_sample(samples: &[i16]) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..2 {
        let begin = cpu_ns();
        let mut ear = Detector::new();
        let mut count = 0;
        for frame in samples.chunks(160) {
            ear.feed(frame, &mut |_| count += 1);
        }
        std::hint::black_box(count);
        best = best.min((cpu_ns() - begin) / samples.len() as f64);
    }
    best
}

fn cpu_ns() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}
