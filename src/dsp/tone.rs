//! Pure tones, made: what a telephone's keypad puts on the line.

use super::dtmf::Key;
use super::units::{Db, Dbm0, Hz, Samples};

/// Rise and fall of a key tone: long enough that its edges do not click into
/// neighbouring keys' frequencies, short beside the 40 ms of ITU-T Q.24.
const RAMP: Samples = Samples::from_ms(3);

/// Two tones that begin and end together, delivered block by block.
///
/// The phase runs on from block to block, and nothing is allocated.
#[derive(Debug, Clone)]
pub struct KeyTone {
    low: Oscillator,
    high: Oscillator,
    at: u64,
    duration: u64,
    ramp: u64,
}

impl KeyTone {
    /// A press of `key` with each tone at `level`, for `duration` from the
    /// first to the last sample that is not silent.
    pub fn new(key: Key, level: Dbm0, duration: Samples) -> Self {
        Self::of_tones((key.low(), level), (key.high(), level), duration)
    }

    /// A press of `key` whose high tone stands `twist` over the low one, both
    /// together carrying the power of two tones at `level`.
    pub fn with_twist(key: Key, level: Dbm0, twist: Db, duration: Samples) -> Self {
        let share_of_high = twist.power_ratio() / (1.0 + twist.power_ratio());
        let high = level + Db::of_powers(2.0 * share_of_high, 1.0);
        let low = high + Db(-twist.0);
        Self::of_tones((key.low(), low), (key.high(), high), duration)
    }

    /// Any two tones, each with its level.
    pub fn of_tones(low: (Hz, Dbm0), high: (Hz, Dbm0), duration: Samples) -> Self {
        Self {
            low: Oscillator::new(low.0, low.1),
            high: Oscillator::new(high.0, high.1),
            at: 0,
            duration: duration.0,
            ramp: RAMP.0,
        }
    }

    /// The same with another rise and fall; zero switches hard, as the test
    /// signals of ITU-T Q.24 do.
    pub fn with_ramp(self, ramp: Samples) -> Self {
        Self { ramp: ramp.0, ..self }
    }

    /// Overwrites `block` with the tone's next samples and tells how many they
    /// were; the rest of the block becomes silence.
    pub fn fill(&mut self, block: &mut [i16]) -> usize {
        let left = usize::try_from(self.duration - self.at).unwrap_or(usize::MAX);
        let (sounding, silent) = block.split_at_mut(left.min(block.len()));
        for sample in sounding.iter_mut() {
            let value = (self.low.next() + self.high.next()) * self.envelope();
            // Rounded, and clipped where two loud tones meet: `as` saturates.
            *sample = value.round() as i16;
            self.at += 1;
        }
        silent.fill(0);
        sounding.len()
    }

    /// True once the last sample has been delivered.
    pub fn is_over(&self) -> bool {
        self.at >= self.duration
    }

    /// Raised cosine at either edge.
    fn envelope(&self) -> f64 {
        let from_edge = (self.at + 1).min(self.duration - self.at);
        if from_edge > self.ramp {
            return 1.0;
        }
        let rise = from_edge as f64 / (self.ramp + 1) as f64;
        0.5 - 0.5 * (std::f64::consts::PI * rise).cos()
    }
}

/// A sine by rotation of a phasor; in f64 its amplitude holds for days.
#[derive(Debug, Clone)]
struct Oscillator {
    re: f64,
    im: f64,
    cos: f64,
    sin: f64,
}

impl Oscillator {
    fn new(frequency: Hz, level: Dbm0) -> Self {
        let step = f64::from(frequency.radians_per_sample());
        Self { re: f64::from(level.sine_peak()), im: 0.0, cos: step.cos(), sin: step.sin() }
    }

    fn next(&mut self) -> f64 {
        let value = self.im;
        let re = self.re * self.cos - self.im * self.sin;
        self.im = self.re * self.sin + self.im * self.cos;
        self.re = re;
        value
    }
}

#[cfg(test)]
mod tests {
    use super::super::level::level;
    use super::*;

    fn hash() -> Key {
        Key::from_char('#').unwrap()
    }

    #[test]
    fn blocks_of_any_length_make_the_same_samples() {
        let mut whole = vec![1i16; 1000];
        let mut tone = KeyTone::new(hash(), Dbm0(-10.0), Samples::from_ms(100));
        assert_eq!(tone.fill(&mut whole), 800);
        for length in [1, 7, 160] {
            let mut tone = KeyTone::new(hash(), Dbm0(-10.0), Samples::from_ms(100));
            let mut parts = vec![1i16; 1000];
            parts.chunks_mut(length).for_each(|block| {
                tone.fill(block);
            });
            assert_eq!(parts, whole, "blocks of {length}");
            assert!(tone.is_over());
        }
        assert!(whole[800..].iter().all(|s| *s == 0));
    }

    #[test]
    fn both_tones_together_have_the_level_asked_for() {
        for twist in [-8.0, 0.0, 4.0] {
            let mut block = vec![0; 8000];
            KeyTone::with_twist(hash(), Dbm0(-12.0), Db(twist), Samples(8000)).fill(&mut block);
            let told = level(&block);
            assert!((told.0 + 12.0 - 3.01).abs() < 0.1, "twist {twist}: {told}");
        }
    }

    #[test]
    fn edges_rise_and_fall_smoothly() {
        let mut block = vec![0; 480];
        KeyTone::new(hash(), Dbm0(-3.0), Samples(480)).fill(&mut block);
        let step = |pair: &[i16]| (i32::from(pair[1]) - i32::from(pair[0])).abs();
        let inside = block.windows(2).map(step).max().unwrap();
        assert!(i32::from(block[0].abs()) < inside / 20);
        assert!(i32::from(block[479].abs()) < inside / 20);
    }

    #[test]
    fn two_tones_over_the_range_are_clipped_and_not_wrapped() {
        let mut loud = vec![0; 800];
        KeyTone::new(hash(), Dbm0(3.0), Samples(800)).fill(&mut loud);
        let mut soft = vec![0; 800];
        KeyTone::new(hash(), Dbm0(-20.0), Samples(800)).fill(&mut soft);
        assert_eq!(loud.iter().max(), Some(&i16::MAX));
        for (loud, soft) in loud.iter().zip(&soft) {
            assert!(soft.signum() * loud.signum() >= 0, "{soft} became {loud}");
        }
    }
}
