//! Our ear beside Debian's SpanDSP on the same samples in the same run:
//! `cargo bench --bench ear_spandsp`. Needs gcc and `libspandsp-dev`; hears the
//! recorded prompts of `asterisk-core-sounds-{en,es,fr,it}-wav` where installed.
//!
//! `TRIALS=320` sets the trials a point. The times are medians of five rounds in which all take turns;
//! the last is of the whole ear while a prompt plays whose echo lies under the sound, 12 to 18 dB down.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "a bench is no product")]

#[path = "../tests/ear/mod.rs"]
mod ear;

use ear::points::{Must, Point, accepted, measured, refused};
use ear::spandsp::SpanDsp;
use ear::timing::{LINES, Sound, median};
use ear::{Score, sounds};
use octothorpe::audio::decode_file;
use rand::SeedableRng;
use rand::rngs::StdRng;

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

/// Times are medians of so many rounds.
const ROUNDS: usize = 5;

/// Keys heard where there are none, and the time a sample.
fn talk_off(spandsp: &SpanDsp) {
    println!(
        "\n| sound | minutes | ours: keys, # | SpanDSP: keys, # | SpanDSP ns | alone ns, ratio \
         | bank of {LINES} ns, ratio | with a prompt ns, ratio |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut rng = StdRng::seed_from_u64(SEED);
    for language in ["en", "es", "fr", "it"] {
        let files = sounds::recorded(language);
        let samples: Vec<i16> = files.iter().flat_map(|file| decode_file(file).unwrap_or_default()).collect();
        if samples.is_empty() {
            println!("| recorded speech, {language} | not installed | | | | | | |");
            continue;
        }
        row(&format!("recorded speech, {language}"), samples, &mut rng, spandsp);
    }
    let minutes_20 = 20 * 60 * 8000;
    let speech = sounds::speech(&mut rng, minutes_20);
    row("made speech", speech, &mut rng, spandsp);
    let music = sounds::music(&mut rng, minutes_20);
    row("made music", music, &mut rng, spandsp);
    row("silence", vec![0; minutes_20], &mut rng, spandsp);
}

fn row(name: &str, samples: Vec<i16>, rng: &mut StdRng, spandsp: &SpanDsp) {
    let minutes = samples.len() as f64 / 480_000.0;
    let (ours, theirs) = (ear::reports(&samples), spandsp.hear(&samples, 0).reports);
    let sound = Sound::make(samples, rng);
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        // They take turns on the core, so that its other work falls on all.
        let theirs = spandsp.hear(&sound.alone, 2).ns_per_sample.unwrap_or(f64::NAN);
        rounds.push((theirs, [sound.ns_alone(), sound.ns_in_a_bank(), sound.ns_with_a_prompt()]));
    }
    let parts = [0, 1, 2].map(|part| {
        let ns = median(rounds.iter().map(|(_, ours)| ours[part]));
        let ratio = median(rounds.iter().map(|(theirs, ours)| ours[part] / theirs));
        format!("{ns:.2}, {ratio:.3}")
    });
    let hashes = |told: &[(char, u64)]| told.iter().filter(|(digit, _)| *digit == '#').count();
    println!(
        "| {name} | {minutes:.1} | {}, {} | {}, {} | {:.2} | {} |",
        ours.len(),
        hashes(&ours),
        theirs.len(),
        hashes(&theirs),
        median(rounds.iter().map(|(theirs, _)| *theirs)),
        parts.join(" | "),
    );
}
