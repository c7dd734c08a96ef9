//! Any sample rate in, 8 kHz out.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler, WindowFunction};

use super::{AudioError, SAMPLE_RATE};

/// Input samples worked at once. The longer, the steeper the filter: this
/// keeps the telephone band flat to 3.7 kHz.
const CHUNK: usize = 4096;

/// Turns a stream of samples at one rate into one at 8 kHz, without shift in
/// time: the filter's own delay is cut from the start.
pub(super) struct Resample {
    inner: Option<Rubato>,
    rate: u32,
    samples_in: u64,
}

struct Rubato {
    fft: Fft<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
    /// Samples of the filter's delay that are still to be cut.
    delay_left: usize,
    samples_out: u64,
}

impl Resample {
    pub(super) fn new(rate: u32) -> Result<Self, AudioError> {
        if !(4000..=768_000).contains(&rate) {
            return Err(AudioError::SampleRate(rate));
        }
        let inner = if rate == SAMPLE_RATE { None } else { Some(Rubato::new(rate)?) };
        Ok(Self { inner, rate, samples_in: 0 })
    }

    /// Samples of input so far, as milliseconds.
    pub(super) fn position_ms(&self) -> u64 {
        self.frames_as_ms(self.samples_in)
    }

    /// So many frames of input as milliseconds.
    pub(super) fn frames_as_ms(&self, frames: u64) -> u64 {
        frames.saturating_mul(1000) / u64::from(self.rate)
    }

    /// Takes input; what it becomes is appended to `output`.
    pub(super) fn push(&mut self, input: &[f32], output: &mut Vec<i16>) -> Result<(), AudioError> {
        self.samples_in += input.len() as u64;
        match &mut self.inner {
            None => output.extend(input.iter().copied().map(quantise)),
            Some(rubato) => {
                rubato.input.extend_from_slice(input);
                rubato.work(output, None)?;
            }
        }
        Ok(())
    }

    /// The input is over: appends what the filter still holds.
    pub(super) fn finish(&mut self, output: &mut Vec<i16>) -> Result<(), AudioError> {
        let wanted = (self.samples_in * u64::from(SAMPLE_RATE)).div_ceil(u64::from(self.rate));
        let Some(rubato) = &mut self.inner else {
            return Ok(());
        };
        while rubato.samples_out < wanted {
            let padded = rubato.fft.input_frames_next();
            rubato.input.resize(padded, 0.0);
            rubato.work(output, Some(wanted))?;
        }
        Ok(())
    }
}

impl Rubato {
    fn new(rate: u32) -> Result<Self, AudioError> {
        let window = WindowFunction::BlackmanHarris2;
        let fft = Fft::new_custom(rate as usize, SAMPLE_RATE as usize, CHUNK, 1, 1, window, FixedSync::Input)
            .map_err(|_| AudioError::SampleRate(rate))?;
        let delay_left = fft.output_delay();
        let output = vec![0.0; fft.output_frames_max()];
        Ok(Self { fft, input: Vec::new(), output, delay_left, samples_out: 0 })
    }

    /// Works on all whole chunks of input; gives no more than `until` samples in all.
    fn work(&mut self, output: &mut Vec<i16>, until: Option<u64>) -> Result<(), AudioError> {
        const FAILED: AudioError = AudioError::Unsupported("it cannot be resampled");
        let mut used = 0;
        while self.input.len() - used >= self.fft.input_frames_next() {
            let frames = self.fft.input_frames_next();
            let chunk = &self.input[used..used + frames];
            let from = InterleavedSlice::new(chunk, 1, frames).map_err(|_| FAILED)?;
            let room = self.output.len();
            let mut to = InterleavedSlice::new_mut(&mut self.output, 1, room).map_err(|_| FAILED)?;
            let (read, written) =
                self.fft.process_into_buffer(&from, &mut to, None::<&Indexing>).map_err(|_| FAILED)?;
            used += read;
            let cut = self.delay_left.min(written);
            self.delay_left -= cut;
            let left = until.map_or(u64::MAX, |until| until.saturating_sub(self.samples_out));
            let fresh = &self.output[cut..written];
            let fresh = &fresh[..fresh.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
            self.samples_out += fresh.len() as u64;
            output.extend(fresh.iter().copied().map(quantise));
        }
        self.input.drain(..used);
        Ok(())
    }
}

/// Full scale is ±1; what is louder is clipped, for `as` saturates.
fn quantise(sample: f32) -> i16 {
    (sample * 32768.0).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resampled(rate: u32, input: &[f32]) -> Vec<i16> {
        let mut resample = Resample::new(rate).unwrap();
        let mut output = Vec::new();
        for block in input.chunks(777) {
            resample.push(block, &mut output).unwrap();
        }
        resample.finish(&mut output).unwrap();
        output
    }

    #[test]
    fn a_tone_keeps_its_place_its_level_and_its_length() {
        for rate in [6000, 11_025, 16_000, 44_100, 48_000, 96_000] {
            let step = std::f32::consts::TAU * 1000.0 / rate as f32;
            let begin = rate as usize / 2;
            let input: Vec<f32> = (0..rate as usize)
                .map(|n| if n < begin { 0.0 } else { 0.5 * (step * (n - begin) as f32).sin() })
                .collect();
            let output = resampled(rate, &input);
            assert_eq!(output.len(), 8000, "{rate} Hz");
            let first_loud = output.iter().position(|s| s.abs() > 8000).unwrap();
            assert!((4000..4006).contains(&first_loud), "{rate} Hz: at {first_loud}");
            let energy: f64 = output[4400..7600].iter().map(|s| f64::from(*s).powi(2)).sum();
            let peak = (2.0 * energy / 3200.0).sqrt();
            assert!((16_250.0..16_500.0).contains(&peak), "{rate} Hz: {peak}");
        }
    }

    #[test]
    fn input_shorter_than_a_chunk_is_not_lost() {
        assert_eq!(resampled(48_000, &[0.5; 60]).len(), 10);
        assert_eq!(resampled(48_000, &[]).len(), 0);
    }

    #[test]
    fn eight_kilohertz_passes_through_unchanged_and_clipped() {
        let output = resampled(8000, &[0.0, -1.0, 0.25, 1.5, -2.0]);
        assert_eq!(output, [0, -32768, 8192, 32767, -32768]);
    }

    #[test]
    fn rates_out_of_reason_are_refused() {
        assert!(matches!(Resample::new(0), Err(AudioError::SampleRate(0))));
        assert!(Resample::new(4_000_000_000).is_err());
    }
}
