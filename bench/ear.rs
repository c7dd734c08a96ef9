//! The ear's parts: `cargo bench --bench ear`. Times are for one block of 96
//! samples unless the name says otherwise.
#![allow(missing_docs, reason = "a bench is no product")]

#[path = "../tests/ear/mod.rs"]
mod ear;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use goertzel_filter::filter_naive;
use octothorpe::dsp::dtmf::{Detector, Key};
use octothorpe::dsp::goertzel::{BINS, BLOCK, Bank, bin_frequency};
use octothorpe::dsp::highpass::Highpass;
use rand::SeedableRng;
use rand::rngs::StdRng;

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("block of 96 samples");
    group.throughput(Throughput::Elements(BLOCK as u64));
    let samples: [i16; BLOCK] = std::array::from_fn(|n| ((n as f32 * 0.7).sin() * 3000.0) as i16);
    let bank = Bank::default();
    let arch = pulp::Arch::new();
    group.bench_function("eight bins, dot products, plain code", |b| {
        b.iter(|| bank.bins(black_box(&samples)))
    });
    group.bench_function("eight bins, dot products, vector code", |b| {
        b.iter(|| arch.dispatch(Look { bank: &bank, block: black_box(&samples) }));
    });
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

/// The bins, to be compiled for each vector unit.
struct Look<'a> {
    bank: &'a Bank,
    block: &'a [i16; BLOCK],
}

impl pulp::WithSimd for Look<'_> {
    type Output = [f32; BINS];

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> [f32; BINS] {
        self.bank.bins(self.block).energies()
    }
}

fn recurrence(samples: &[f32; BLOCK], bin: usize) -> f32 {
    let factor = 2.0 * bin_frequency(bin).radians_per_sample().cos();
    let (mut newer, mut older) = (0.0, 0.0);
    for x in samples {
        (newer, older) = (x + factor * newer - older, newer);
    }
    newer * newer + older * older - factor * newer * older
}

fn whole(criterion: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(1);
    let speech = ear::sounds::speech(&mut rng, 80_000);
    let mut keys = ear::Audio::silence(80_000);
    for (n, key) in Key::all().enumerate() {
        ear::Press::plain(-10.0, 300.0).put(&mut rng, &mut keys, key, n * 4800);
    }
    let mut group = criterion.benchmark_group("ten seconds in frames of 20 ms");
    group.throughput(Throughput::Elements(80_000));
    for (name, samples) in
        [("made speech", speech), ("keys", keys.quantised(None)), ("silence", vec![0; 80_000])]
    {
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut ear = Detector::new();
                let mut count = 0;
                for frame in samples.chunks(160) {
                    ear.feed(black_box(frame), &mut |_| count += 1);
                }
                count
            });
        });
    }
    group.finish();
}

/// 1,024 lines of made speech, a frame of 20 ms each.
fn bank_of_lines(criterion: &mut Criterion) {
    const LINES: usize = 1024;
    let mut rng = StdRng::seed_from_u64(2);
    let speech = ear::sounds::speech(&mut rng, 160 * LINES);
    let mut ears = vec![Detector::new(); LINES];
    let mut group = criterion.benchmark_group("a frame of 20 ms each for 1,024 lines");
    group.throughput(Throughput::Elements(160 * LINES as u64));
    group.bench_function("gate and test", |b| {
        let mut turn = 0;
        b.iter(|| {
            turn += 1;
            let frame = |line: usize| &speech[(line * 7 + turn) % LINES * 160..][..160];
            let frames: Vec<&[i16]> = (0..LINES).map(frame).collect();
            let mut count = 0;
            Detector::feed_each(&mut ears, &frames, &mut |_, _| count += 1);
            count
        });
    });
    group.finish();
}

criterion_group!(benches, parts, whole, bank_of_lines);
criterion_main!(benches);
