//! What is measured of a clip beside its level: peak, balance, and what a telephone leaves of it.

use crate::dsp::level::Dbov;
use crate::dsp::units::Hz;

/// The corner of the high-pass that stands for an ear-piece and the codecs of the way.
const EAR_PIECE: Hz = Hz(300.0);
/// A half of half a decibel on either side of the peak, as a ratio of amplitudes.
const NEAR_PEAK: f32 = 0.944;

/// The highest sample, taken as a level against full scale.
pub(super) fn peak(pcm: &[i16]) -> Dbov {
    let highest = f32::from(highest(pcm));
    Dbov::from_mean_square(highest * highest)
}

/// The share of samples within half a decibel of the highest one. Speech touches its peak now and
/// then; a clipped recording sits there, also after its level was lowered or its rate changed.
pub(super) fn share_at_peak(pcm: &[i16]) -> f32 {
    let near = f32::from(highest(pcm)) * NEAR_PEAK;
    let count = pcm.iter().filter(|s| f32::from(s.unsigned_abs()) >= near).count();
    count as f32 / pcm.len().max(1) as f32
}

/// The mean of all samples as a share of full scale.
pub(super) fn dc(pcm: &[i16]) -> f32 {
    let sum: i64 = pcm.iter().map(|&s| i64::from(s)).sum();
    sum as f32 / pcm.len().max(1) as f32 / 32_768.0
}

/// The same sound without what lies under 300 Hz: a Butterworth high-pass of second order.
pub(super) fn through_ear_piece(pcm: &[i16]) -> Vec<i16> {
    let k = (EAR_PIECE.radians_per_sample() / 2.0).tan();
    let damping = std::f32::consts::SQRT_2 * k;
    let gain = 1.0 / (1.0 + damping + k * k);
    let (a1, a2) = (2.0 * (k * k - 1.0) * gain, (1.0 - damping + k * k) * gain);
    let (mut z1, mut z2) = (0.0, 0.0);
    let filter = |&sample: &i16| {
        let x = f32::from(sample) * gain;
        let y = x + z1;
        z1 = -2.0 * x - a1 * y + z2;
        z2 = x - a2 * y;
        y as i16
    };
    pcm.iter().map(filter).collect()
}

fn highest(pcm: &[i16]) -> u16 {
    pcm.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::level::active_level;

    fn sine(hz: f32, peak: f32) -> Vec<i16> {
        let step = Hz(hz).radians_per_sample();
        (0..8_000).map(|n| (peak * (step * n as f32).sin()) as i16).collect()
    }

    #[test]
    fn the_ear_piece_halves_the_power_of_its_corner_and_keeps_the_voice() {
        let loss_db = |hz| {
            let tone = sine(hz, 16_000.0);
            active_level(&tone).unwrap().0 - active_level(&through_ear_piece(&tone)).unwrap().0
        };
        assert!((loss_db(300.0) - 3.0).abs() < 0.2, "{}", loss_db(300.0));
        assert!(loss_db(100.0) > 17.0, "{}", loss_db(100.0));
        assert!(loss_db(1_000.0).abs() < 0.1, "{}", loss_db(1_000.0));
    }

    #[test]
    fn the_loudest_negative_sample_is_full_scale() {
        assert_eq!(peak(&[0, i16::MIN, 5]).0, 0.0);
        assert_eq!(dc(&[i16::MIN; 10]), -1.0);
        assert_eq!(share_at_peak(&[100, 1, 1, -99]), 0.5);
    }

    #[test]
    fn of_nothing_there_is_nothing_to_measure() {
        assert!(peak(&[]).0.is_finite());
        assert_eq!((dc(&[]), share_at_peak(&[])), (0.0, 0.0));
    }
}
