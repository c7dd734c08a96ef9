//! How loud samples are: their level, and the active level of speech.

use super::units::{Dbm0, SAMPLE_RATE};

/// Sums that run beside each other: what the compiler makes vectors of.
const LANES: usize = 8;
/// Samples whose squares are summed in f32: of minutes of full-scale audio bits would be lost.
const PART: usize = 128 * LANES;

/// Mean square of samples, in squared sample units; 0 of none.
pub fn mean_square(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let energy: f64 = samples.chunks(PART).map(|part| f64::from(energy(part))).sum();
    (energy / samples.len() as f64) as f32
}

fn energy(part: &[i16]) -> f32 {
    let (lanes, rest) = part.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for samples in lanes {
        for (sum, sample) in sums.iter_mut().zip(samples) {
            *sum += f32::from(*sample) * f32::from(*sample);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|s| f32::from(*s) * f32::from(*s)).sum::<f32>()
}

/// The level of samples as a telephone network counts it.
pub fn level(samples: &[i16]) -> Dbm0 {
    Dbm0::from_mean_square(mean_square(samples))
}

/// A level relative to the overload of the digital range, in decibels:
/// 0 dBov is a full-scale square wave, so a full-scale sine is −3.01 dBov
/// (RFC 6464 §4, ITU-T G.100.1).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Dbov(pub f32);

impl Dbov {
    /// The level of a signal with this mean square, in squared sample units.
    pub fn from_mean_square(mean_square: f32) -> Self {
        Self(10.0 * (mean_square.max(1e-3) / (32768.0 * 32768.0)).log10())
    }
}

/// The level of the parts of `samples` in which somebody speaks.
///
/// Frames of 20 ms count as active within 15.9 dB below the active level
/// itself (ITU-T P.56's margin, found by repetition). `None` of silence.
/// Deviation: P.56 method B gates by an envelope with a hangover of 200 ms;
/// for the lint of prompts a gate by frames is within half a decibel.
pub fn active_level(samples: &[i16]) -> Option<Dbov> {
    const FRAME: usize = SAMPLE_RATE as usize / 50;
    const MARGIN: f32 = 0.0257; // 15.9 dB below, as a ratio of powers
    let frames: Vec<f32> = samples.chunks(FRAME).map(mean_square).collect();
    let mut active = mean_of(&frames, 0.0)?;
    // The gate rises with the level, so the level climbs monotonically to its
    // fixed point; speech needs three or four rounds.
    for _ in 0..16 {
        active = mean_of(&frames, active * MARGIN)?;
    }
    (active >= 1.0).then(|| Dbov::from_mean_square(active))
}

/// Mean of the frames that reach `gate`; `None` where none does.
fn mean_of(frames: &[f32], gate: f32) -> Option<f32> {
    let (sum, count) = frames
        .iter()
        .filter(|energy| **energy >= gate)
        .fold((0.0, 0u32), |(sum, count), energy| (sum + energy, count + 1));
    (count > 0).then(|| sum / count as f32)
}

#[cfg(test)]
mod tests {
    use super::super::units::FULL_SCALE_SINE;
    use super::*;

    fn sine(peak: f32, count: usize) -> Vec<i16> {
        let step = std::f32::consts::TAU / 8.0;
        (0..count).map(|n| (peak * (step * n as f32).sin()) as i16).collect()
    }

    #[test]
    fn a_full_scale_sine_is_minus_3_dbov_and_plus_3_14_dbm0() {
        let samples = sine(32767.0, 8000);
        assert!((level(&samples) - FULL_SCALE_SINE).0.abs() < 0.01);
        let active = active_level(&samples).unwrap();
        assert!((active.0 + 3.01).abs() < 0.01, "{active:?}");
    }

    #[test]
    fn pauses_do_not_lower_the_active_level() {
        let mut samples = sine(3276.7, 8000);
        let alone = active_level(&samples).unwrap().0;
        samples.extend(std::iter::repeat_n(2, 24_000));
        let with_pauses = active_level(&samples).unwrap().0;
        assert!((alone - with_pauses).abs() < 0.1, "{alone} {with_pauses}");
        assert!(level(&samples).0 < Dbm0::from_mean_square(mean_square(&samples[..8000])).0 - 5.0);
    }

    #[test]
    fn silence_has_no_active_level() {
        assert_eq!(active_level(&[]), None);
        assert_eq!(active_level(&[0; 8000]), None);
    }
}
