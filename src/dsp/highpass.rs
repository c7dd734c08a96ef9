//! A second-order high-pass against DC and mains hum, in blocks of eight.

use super::units::{Hz, SAMPLE_RATE};

/// Samples worked at once.
const BLOCK: usize = 8;

/// Where the response is 3 dB down: 31 dB at 50 Hz, 12 dB at 150 Hz, while the
/// lowest key tone loses 0.15 dB.
const CUTOFF: Hz = Hz(300.0);

/// The filter's constants, shared by every line.
#[derive(Debug)]
pub struct Highpass {
    b: [f32; 3],
    a: [f32; 2],
    /// What each input of a block adds to each of the block's outputs.
    from_input: [[f32; BLOCK]; BLOCK],
    /// What the two inputs and two outputs before a block add to its outputs,
    /// in the order of [`Past`].
    from_past: [[f32; BLOCK]; 4],
}

/// One line's state: the last two inputs, then the last two outputs, newest first.
pub type Past = [f32; 4];

impl Default for Highpass {
    /// A Butterworth filter by the bilinear transform.
    fn default() -> Self {
        let warped = (std::f32::consts::PI * CUTOFF.0 / SAMPLE_RATE as f32).tan();
        let norm = 1.0 / (1.0 + std::f32::consts::SQRT_2 * warped + warped * warped);
        let b = [norm, -2.0 * norm, norm];
        let a = [
            2.0 * (warped * warped - 1.0) * norm,
            (1.0 - std::f32::consts::SQRT_2 * warped + warped * warped) * norm,
        ];
        let impulse = |past: Past, first: f32| recur(b, a, past, first);
        let response = impulse([0.0; 4], 1.0);
        let mut from_input = [[0.0; BLOCK]; BLOCK];
        for (delay, row) in from_input.iter_mut().enumerate() {
            row[delay..].copy_from_slice(&response[..BLOCK - delay]);
        }
        let unit = |index: usize| std::array::from_fn(|i| if i == index { 1.0 } else { 0.0 });
        let from_past = std::array::from_fn(|index| impulse(unit(index), 0.0));
        Self { b, a, from_input, from_past }
    }
}

/// One block of the plain recurrence, the input being `first` and then nothing.
fn recur(b: [f32; 3], a: [f32; 2], past: Past, first: f32) -> [f32; BLOCK] {
    let [mut x1, mut x2, mut y1, mut y2] = past;
    std::array::from_fn(|n| {
        let x = if n == 0 { first } else { 0.0 };
        let y = b[0] * x + b[1] * x1 + b[2] * x2 - a[0] * y1 - a[1] * y2;
        (x2, x1, y2, y1) = (x1, x, y1, y);
        y
    })
}

impl Highpass {
    /// Filters whole blocks of eight in place. The recurrence is unrolled over eight samples, so
    /// that its chain from sample to sample does not hold up the vector units.
    #[inline(always)]
    pub fn run(&self, past: &mut Past, samples: &mut [f32]) {
        let (blocks, rest) = samples.as_chunks_mut::<BLOCK>();
        debug_assert!(rest.is_empty(), "whole blocks only");
        for block in blocks {
            let input = *block;
            let mut output = [0.0; BLOCK];
            for (row, x) in self.from_input.iter().zip(input) {
                add_scaled(&mut output, row, x);
            }
            for (row, held) in self.from_past.iter().zip(*past) {
                add_scaled(&mut output, row, held);
            }
            *past = [input[7], input[6], output[7], output[6]];
            *block = output;
        }
    }

    /// The state of a filter that has only ever seen one value, so that an
    /// offset rings nothing.
    pub fn resting_on(value: f32) -> Past {
        [value, value, 0.0, 0.0]
    }

    /// The power that the filter leaves of a tone, as a ratio.
    pub fn power_gain(&self, frequency: Hz) -> f32 {
        let step = frequency.radians_per_sample();
        let power = |c: [f32; 3]| {
            let re = c[0] + c[1] * step.cos() + c[2] * (2.0 * step).cos();
            let im = c[1] * step.sin() + c[2] * (2.0 * step).sin();
            re * re + im * im
        };
        power(self.b) / power([1.0, self.a[0], self.a[1]])
    }
}

#[inline(always)]
fn add_scaled(sum: &mut [f32; BLOCK], row: &[f32; BLOCK], factor: f32) {
    for (s, r) in sum.iter_mut().zip(row) {
        *s += r * factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_of(frequency: f32) -> f32 {
        let filter = Highpass::default();
        let step = Hz(frequency).radians_per_sample();
        let mut samples: [f32; 8000] = std::array::from_fn(|n| (step * n as f32).cos());
        filter.run(&mut [0.0; 4], &mut samples);
        samples[4000..].iter().map(|s| s * s).sum::<f32>() / 2000.0
    }

    #[test]
    fn hum_goes_and_key_tones_stay() {
        assert!(left_of(0.0) < 1e-6);
        assert!(left_of(50.0) < 1e-3, "{}", left_of(50.0));
        assert!(left_of(60.0) < 2e-3);
        assert!(left_of(697.0) > 0.96);
    }

    #[test]
    fn the_gain_told_is_the_gain_done() {
        let filter = Highpass::default();
        for frequency in [60.0, 300.0, 697.0, 1633.0] {
            let told = filter.power_gain(Hz(frequency));
            assert!((told - left_of(frequency)).abs() < 0.01, "{frequency} Hz: {told}");
        }
    }

    #[test]
    fn blocks_do_what_the_plain_recurrence_does() {
        let filter = Highpass::default();
        let [mut x1, mut x2, mut y1, mut y2] = [0.0f32; 4];
        let input: [f32; 64] = std::array::from_fn(|n| ((n * n * 31) % 977) as f32 - 488.0);
        let mut output = input;
        filter.run(&mut [0.0; 4], &mut output);
        for (x, block) in input.into_iter().zip(output) {
            let [b0, b1, b2] = filter.b;
            let y = b0 * x + b1 * x1 + b2 * x2 - filter.a[0] * y1 - filter.a[1] * y2;
            (x2, x1, y2, y1) = (x1, x, y1, y);
            assert!((y - block).abs() < 0.01, "{y} {block}");
        }
    }
}
