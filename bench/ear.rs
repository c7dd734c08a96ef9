//! The ear's parts: `cargo bench --bench ear`. Times are for one block of 96
//! samples unless the name says otherwise.
#![allow(missing_docs, reason = "a bench is no product")]

#[path = "../tests/ear/mod.rs"]
mod ear;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ear::echoes::{EchoPath, prompt_of, rounded};
use goertzel_filter::filter_naive;
use octothorpe::dsp::dtmf::{Detector, Key};
use octothorpe::dsp::ear::Ear;
use octothorpe::dsp::echo::{EchoModel, Recording};
use octothorpe::dsp::goertzel::{BINS, BLOCK, Bank, HOP, bin_frequency};
use octothorpe::dsp::highpass::Highpass;
use octothorpe::dsp::pairs::Unit;
use octothorpe::dsp::units::{Dbm0, Samples};
use rand::SeedableRng;
use rand::rngs::StdRng;

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("block of 96 samples");
    group.throughput(Throughput::Elements(BLOCK as u64));
    let samples: [i16; BLOCK] = std::array::from_fn(|n| ((n as f32 * 0.7).sin() * 3000.0) as i16);
    for (name, unit) in [("plain code", Unit::Plain), ("vector code", Unit::default())] {
        let bank = Bank::on(unit);
        group.bench_function(format!("eight bins, 16-bit pairs, {name}"), |b| {
            b.iter(|| bank.bins(black_box(&samples)).energies());
        });
    }
    let floats = samples.map(f32::from);
    group.bench_function("eight bins, plain recurrence", |b| {
        b.iter(|| std::array::from_fn::<f32, BINS, _>(|bin| recurrence(black_box(&floats), bin)));
    });
    let doubles: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
    group.bench_function("eight bins, goertzel-filter", |b| {
        b.iter(|| {
            std::array::from_fn::<_, BINS, _>(|bin| {
                let frequency = f64::from(bin_frequency(bin).0);
                let argument = 4.0 * std::f64::consts::PI.powi(2) * frequency / 8000.0;
                filter_naive(black_box(&doubles), argument)
            })
        });
    });
    let highpass = Highpass::default();
    group.bench_function("high-pass", |b| {
        let mut past = [0.0; 4];
        b.iter(|| {
            let mut block = black_box(floats);
            highpass.run(&mut past, &mut block);
            block
        });
    });
    group.finish();
}

fn recurrence(samples: &[f32; BLOCK], bin: usize) -> f32 {
    let factor = 2.0 * bin_frequency(bin).radians_per_sample().cos();
    let (mut newer, mut older) = (0.0, 0.0);
    for x in samples {
        (newer, older) = (x + factor * newer - older, newer);
    }
    newer * newer + older * older - factor * newer * older
}

/// What a hop of 4 ms costs by how far the ear has to look. The pair is too far off to be a key and not
/// to be looked at, so that the exact test is asked at every hop and refuses it.
fn hops(criterion: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(3);
    let mut hiss = ear::Audio::silence(SECONDS_10);
    hiss.noise(&mut rng, Dbm0(-30.0));
    let mut off = ear::Audio::silence(SECONDS_10);
    ear::Press::plain(-10.0, 10_000.0).off(2.2, -2.2).put(&mut rng, &mut off, five(), 0);
    let mut down = ear::Audio::silence(SECONDS_10);
    ear::Press::plain(-10.0, 10_000.0).put(&mut rng, &mut down, five(), 0);
    let mut group = criterion.benchmark_group("10 s by hops of 32 samples");
    group.throughput(Throughput::Elements((SECONDS_10 / HOP) as u64));
    for (name, audio) in
        [("the gate, closed", hiss), ("the exact test at every hop", off), ("a key that is down", down)]
    {
        let samples = audio.quantised(None);
        group.bench_function(name, |b| b.iter(|| keys_in(&samples)));
    }
    group.finish();
}

fn five() -> Key {
    Key::all().nth(5).expect("there are sixteen keys")
}

const SECONDS_10: usize = 80_000;
const PACKET: usize = 160;

fn keys_in(samples: &[i16]) -> usize {
    let (mut ear, mut count) = (Detector::new(), 0);
    for frame in samples.chunks(PACKET) {
        ear.feed(black_box(frame), &mut |_| count += 1);
    }
    count
}

fn whole(criterion: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(1);
    let speech = ear::sounds::speech(&mut rng, SECONDS_10);
    let mut keys = ear::Audio::silence(SECONDS_10);
    for (n, key) in Key::all().enumerate() {
        ear::Press::plain(-10.0, 300.0).put(&mut rng, &mut keys, key, n * 4800);
    }
    let mut group = criterion.benchmark_group("10 s in frames of 20 ms");
    group.throughput(Throughput::Elements(SECONDS_10 as u64));
    for (name, samples) in
        [("made speech", speech), ("keys", keys.quantised(None)), ("silence", vec![0; SECONDS_10])]
    {
        group.bench_function(name, |b| b.iter(|| keys_in(&samples)));
    }
    group.finish();
}

/// A prompt plays for 20 s; the first ten let the model learn what it can, the others are timed.
fn echo_model(criterion: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(4);
    let said = prompt_of(&mut rng, 2 * SECONDS_10);
    let speech = ear::sounds::speech(&mut rng, 2 * SECONDS_10);
    let echo = rounded(&EchoPath::any(&mut rng, [12.0, 18.0]).echo(&said));
    let both: Vec<i16> = echo.iter().zip(&speech).map(|(echo, voice)| echo.saturating_add(*voice)).collect();
    let played = Recording::new(&*said, Samples(0));
    let mut group = criterion.benchmark_group("10 s while a prompt plays");
    group.throughput(Throughput::Elements(SECONDS_10 as u64));
    for (name, received) in [
        ("echo model, the far end silent", vec![0; 2 * SECONDS_10]),
        ("echo model, echo by a path that is known", echo),
        ("echo model, a voice and no echo: the path is looked for", speech),
        ("echo model, a voice over the echo", both.clone()),
    ] {
        let mut learnt = EchoModel::new();
        take_out(&mut learnt, &played, &received[..SECONDS_10], 0);
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                || learnt.clone(),
                |model| take_out(model, &played, &received[SECONDS_10..], SECONDS_10),
                BatchSize::LargeInput,
            );
        });
    }
    group.bench_function("whole ear from the first sample, a voice over the echo", |b| {
        b.iter_batched_ref(
            || (Ear::new(played.clone()), both[..SECONDS_10].to_vec()),
            |(ear, received)| {
                let mut count = 0;
                ear.hear(received, &mut |_| count += 1);
                count
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn take_out(model: &mut EchoModel, played: &Recording, received: &[i16], at: usize) {
    for (n, frame) in received.chunks(PACKET).enumerate() {
        let mut frame: [i16; PACKET] = frame.try_into().expect("whole packets");
        model.take_out(played, Samples((at + n * PACKET) as u64), &mut frame);
        black_box(&frame);
    }
}

/// 1,024 lines of made speech, a frame of 20 ms each.
fn bank_of_lines(criterion: &mut Criterion) {
    const LINES: usize = 1024;
    let mut rng = StdRng::seed_from_u64(2);
    let speech = ear::sounds::speech(&mut rng, PACKET * LINES);
    let mut ears = vec![Detector::new(); LINES];
    let mut group = criterion.benchmark_group("a frame of 20 ms each for 1,024 lines");
    group.throughput(Throughput::Elements((PACKET * LINES) as u64));
    group.bench_function("gate and test", |b| {
        let mut turn = 0;
        b.iter(|| {
            turn += 1;
            let frame = |line: usize| &speech[(line * 7 + turn) % LINES * PACKET..][..PACKET];
            let frames: Vec<&[i16]> = (0..LINES).map(frame).collect();
            let mut count = 0;
            Detector::feed_each(&mut ears, &frames, &mut |_, _| count += 1);
            count
        });
    });
    group.finish();
}

criterion_group!(benches, parts, hops, whole, bank_of_lines, echo_model);
criterion_main!(benches);
