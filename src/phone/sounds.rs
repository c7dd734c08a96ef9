//! What machines say when the phone plays one.

use std::sync::{Arc, LazyLock};

use crate::clip::Clip;
use crate::dsp::units::{Dbm0, Hz};

/// How loud it is.
const LEVEL: Dbm0 = Dbm0(-10.0);
/// Syllables a second of a voice.
const SYLLABLES: Hz = Hz(4.0);

/// What a mailbox says behind its greeting: 0.6 s of silence, 0.5 s of 1,000 Hz.
pub(super) static BEEP: LazyLock<Arc<Clip>> = LazyLock::new(|| {
    let (step, peak) = (Hz(1_000.0).radians_per_sample(), LEVEL.sine_peak());
    let beep = (0..4_000u16).map(|n| (peak * (step * f32::from(n)).sin()) as i16);
    Arc::new(Clip::new("beep", [0; 4_800].into_iter().chain(beep).collect()))
});

/// The question of a screening assistant that was given no words: 4 s.
pub(super) static QUESTION: LazyLock<Arc<Clip>> = LazyLock::new(|| murmur("question", 32_000));

/// What a person says whom the assistant puts on: 0.6 s.
pub(super) static HELLO: LazyLock<Arc<Clip>> = LazyLock::new(|| murmur("hello", 4_800));

/// Half a second in which nobody speaks.
pub(super) static SILENCE: LazyLock<Arc<Clip>> =
    LazyLock::new(|| Arc::new(Clip::new("silence", vec![0; 4_000])));

/// Noise in syllables: a voice that says nothing.
fn murmur(name: &str, samples: u16) -> Arc<Clip> {
    // A syllable is half a wave.
    let (step, peak) = (SYLLABLES.radians_per_sample() / 2.0, LEVEL.sine_peak());
    let mut random = 1u32;
    let sample = |n| {
        // The generator of "Numerical Recipes": every call is the same.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let white = (random >> 16) as f32 / 32_768.0 - 1.0;
        (peak * white * (step * f32::from(n)).sin().abs()) as i16
    };
    Arc::new(Clip::new(name, (0..samples).map(sample).collect()))
}
