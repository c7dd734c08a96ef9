//! Whether two tones that were received had been played before.
//!
//! This needs no echo path and so holds from the first sample on: a key's tones that stood in the
//! reference when an echo of it would have been played are our own.

use super::history::History;
use super::reference::Reference;
use super::slide::energy;
use crate::dsp::dtmf::{Began, Key};
use crate::dsp::units::{Db, Hz};

/// Samples looked at together: 12 ms, over which a tone 1.8 % off still counts as itself.
const STRETCH: usize = 96;

/// Stretches of a key looked at: 36 ms, its last; a key is told after no less.
const STRETCHES: usize = 3;

/// From one delay to the next.
const STEP: usize = 48;

/// The shortest and the longest delay of an echo, 10 to 300 ms, and 10 ms more for what the line adds.
const DELAYS: [usize; 2] = [40, 2480];

/// Looks at the reference between the two delays.
const LOOKS: usize = (DELAYS[1] - DELAYS[0]) / STEP + 2 * STRETCHES;

/// The least share of the reference that its two tones have: what was said comes back in any colour.
const SHARE: f32 = 0.42;

/// By how much a tone's stretches may differ: one may reach over its edge by a third.
const UNEVEN: Db = Db(8.0);

/// An echo is no louder than what was played, but for what a narrow band and two quantisers add.
const LOUDEST_ECHO: Db = Db(9.0);

/// Energies of one stretch.
#[derive(Debug, Clone, Copy, Default)]
struct Stretch {
    low: f32,
    high: f32,
    all: f32,
}

/// Tells whether the tones of a key that was received were in `played` at some delay of an echo.
pub(super) fn explains(
    played: &impl Reference,
    received: &History,
    &Began { key, onset, told_at }: &Began,
) -> bool {
    let count = (told_at.saturating_sub(onset).0 as usize / STRETCH).clamp(1, STRETCHES);
    let end = |back: usize| told_at.0 as i64 - (back * STEP) as i64;
    let heard: [Stretch; STRETCHES] =
        std::array::from_fn(|n| look(key, end(2 * n), |from, out| received.read(from, out)));
    let said: [Stretch; LOOKS] =
        std::array::from_fn(|n| look(key, end(n) - DELAYS[0] as i64, |from, out| played.read(from, out)));
    (0..=LOOKS - 2 * STRETCHES).any(|first| {
        let stretches = || (0..count).map(|n| &said[first + 2 * n]);
        stretches().zip(&heard).all(|(said, heard)| could_echo(said, heard))
            && is_steady(stretches().map(|said| said.low))
            && is_steady(stretches().map(|said| said.high))
    })
}

/// True if energies are as even as those of a tone that is switched.
fn is_steady(energies: impl Iterator<Item = f32>) -> bool {
    let (least, most) =
        energies.fold((f32::MAX, 0.0f32), |(least, most), now| (least.min(now), most.max(now)));
    most <= UNEVEN.power_ratio() * least
}

/// True if what was said is the two tones, and loud enough to come back as what was heard.
fn could_echo(said: &Stretch, heard: &Stretch) -> bool {
    let gain = LOUDEST_ECHO.power_ratio();
    said.low + said.high >= SHARE * said.all && said.low * gain >= heard.low && said.high * gain >= heard.high
}

/// The stretch that ends at a position.
fn look(key: Key, end: i64, read: impl Fn(i64, &mut [f32])) -> Stretch {
    let mut samples = [0.0; STRETCH];
    read(end - STRETCH as i64, &mut samples);
    let at = |tone: Hz| tone_energy(&samples, tone.radians_per_sample());
    Stretch { low: at(key.low()), high: at(key.high()), all: energy(pulp::Scalar, &samples) }
}

/// The energy that a tone explains, by the plain recurrence.
fn tone_energy(samples: &[f32; STRETCH], step: f32) -> f32 {
    let factor = 2.0 * step.cos();
    let (mut newer, mut older) = (0.0, 0.0);
    for x in samples {
        (newer, older) = (x + factor * newer - older, newer);
    }
    (newer * newer + older * older - factor * newer * older).max(0.0) * 2.0 / STRETCH as f32
}
