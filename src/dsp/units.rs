//! Units in types: frequency, ratio, level, time in samples.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// Samples a second, everywhere in this room.
pub const SAMPLE_RATE: u32 = 8000;

/// The level of a sine that just fills the linear range, in dBm0.
///
/// ITU-T G.711 §4: the overload point is +3.14 dBm0 for the A-law and +3.17
/// dBm0 for the µ-law. The A-law's stands for both; 0.03 dB is below what
/// anything here decides by.
#[expect(clippy::approx_constant, reason = "G.711's number, nothing of a circle's")]
pub const FULL_SCALE_SINE: Dbm0 = Dbm0(3.14);

/// Peak of a sine that just fills the linear range.
const FULL_SCALE_PEAK: f32 = 32768.0;

/// A frequency in hertz.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Hz(pub f32);

impl Hz {
    /// Phase step from one sample to the next, in radians.
    pub fn radians_per_sample(self) -> f32 {
        std::f32::consts::TAU * self.0 / SAMPLE_RATE as f32
    }

    /// The frequency whose phase advances by `step` radians a sample.
    pub fn from_radians_per_sample(step: f32) -> Self {
        Self(step * SAMPLE_RATE as f32 / std::f32::consts::TAU)
    }
}

/// A ratio of powers in decibels.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Db(pub f32);

impl Db {
    /// The ratio of two powers (or energies); a silent denominator gives a
    /// very large but finite ratio.
    pub fn of_powers(numerator: f32, denominator: f32) -> Self {
        Self(10.0 * (numerator.max(1e-12) / denominator.max(1e-12)).log10())
    }

    /// The ratio of powers that this is.
    pub fn power_ratio(self) -> f32 {
        10f32.powf(self.0 / 10.0)
    }

    /// The ratio of amplitudes that this is.
    pub fn amplitude_ratio(self) -> f32 {
        10f32.powf(self.0 / 20.0)
    }
}

/// A level relative to one milliwatt at the transmission reference point.
///
/// Only here are levels and sample values converted into each other.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Dbm0(pub f32);

impl Dbm0 {
    /// Mean square, in squared sample units, of a signal at this level.
    pub fn mean_square(self) -> f32 {
        FULL_SCALE_PEAK * FULL_SCALE_PEAK / 2.0 * Db(self.0 - FULL_SCALE_SINE.0).power_ratio()
    }

    /// Peak, in sample units, of a sine at this level.
    pub fn sine_peak(self) -> f32 {
        FULL_SCALE_PEAK * Db(self.0 - FULL_SCALE_SINE.0).amplitude_ratio()
    }

    /// The level of a signal with this mean square, in squared sample units.
    /// Digital silence gives about −200 dBm0, never an infinity.
    pub fn from_mean_square(mean_square: f32) -> Self {
        let full_scale = FULL_SCALE_PEAK * FULL_SCALE_PEAK / 2.0;
        Self(FULL_SCALE_SINE.0 + Db::of_powers(mean_square, full_scale).0)
    }
}

impl Add<Db> for Dbm0 {
    type Output = Dbm0;

    fn add(self, gain: Db) -> Dbm0 {
        Dbm0(self.0 + gain.0)
    }
}

impl Sub for Dbm0 {
    type Output = Db;

    fn sub(self, other: Dbm0) -> Db {
        Db(self.0 - other.0)
    }
}

/// A count of samples at 8 kHz: the time of this room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Samples(pub u64);

impl Samples {
    /// So many whole milliseconds.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * SAMPLE_RATE as u64 / 1000)
    }

    /// In milliseconds, an eighth of a millisecond being the finest step.
    pub fn as_ms(self) -> f64 {
        self.0 as f64 * 1000.0 / f64::from(SAMPLE_RATE)
    }

    /// As a span of time.
    pub fn as_duration(self) -> Duration {
        Duration::from_micros(self.0.saturating_mul(125))
    }

    /// The difference, or zero where `earlier` is later.
    pub fn saturating_sub(self, earlier: Samples) -> Samples {
        Samples(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Samples {
    type Output = Samples;

    fn add(self, more: Samples) -> Samples {
        Samples(self.0.saturating_add(more.0))
    }
}

impl AddAssign for Samples {
    fn add_assign(&mut self, more: Samples) {
        *self = *self + more;
    }
}

impl fmt::Display for Hz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} Hz", self.0)
    }
}

impl fmt::Display for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+.1} dB", self.0)
    }
}

impl fmt::Display for Dbm0 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} dBm0", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_scale_sine_is_plus_3_14_dbm0() {
        // ITU-T G.711 §4, Table 1a note: the theoretical load capacity is +3.14 dBm0.
        assert!((FULL_SCALE_SINE.sine_peak() - 32768.0).abs() < 1.0);
        let level = Dbm0::from_mean_square(32768.0f32.powi(2) / 2.0);
        assert!((level - FULL_SCALE_SINE).0.abs() < 1e-4);
    }

    #[test]
    fn level_and_mean_square_are_inverse() {
        for level in [-55.0, -25.0, -3.0, 0.0] {
            let back = Dbm0::from_mean_square(Dbm0(level).mean_square());
            assert!((back.0 - level).abs() < 1e-3, "{level} came back as {back}");
        }
    }

    #[test]
    fn silence_has_a_finite_level() {
        assert!(Dbm0::from_mean_square(0.0).0.is_finite());
        assert!(Db::of_powers(1.0, 0.0).0.is_finite());
    }

    #[test]
    fn samples_are_eighths_of_a_millisecond() {
        assert_eq!(Samples::from_ms(20), Samples(160));
        assert_eq!(Samples(161).as_ms(), 20.125);
        assert_eq!(Samples(1).as_duration(), Duration::from_micros(125));
    }
}
