//! Signal processing at 8 kHz: companding, levels, tones, and the ear.
//!
//! Imports no sibling room and knows neither clock nor socket: samples are the
//! only time there is.
//!
//! - [`units`]: `Hz`, `Db`, `Dbm0`, `Samples`.
//! - [`g711`]: both companding laws.
//! - [`level`]: how loud samples are.
//! - [`tone`]: key tones and other pure tones, made.
//! - [`highpass`]: takes DC and mains hum away before the ear listens.
//! - [`pairs`]: 16-bit products summed in pairs, on the vector unit that is there.
//! - [`goertzel`]: the eight bins of the DTMF frequencies.
//! - [`dtmf`]: which key was pressed, from when to when.
//! - [`echo`]: what of the received samples is our own voice.
//! - [`ear`]: both together, as a line that speaks hears.
//! - [`progress`]: what else a line says: voices, call-progress tones, beeps.

use std::sync::LazyLock;

use units::Samples;

/// The widest vector code of this machine, chosen once. Code is handed to it as a [`pulp::WithSimd`]: a
/// closure would be compiled apart from that code, and without it.
static ARCH: LazyLock<pulp::Arch> = LazyLock::new(pulp::Arch::new);

/// Hands so many silent samples over, `N` at a time at most.
fn feed_silence<const N: usize>(count: Samples, mut feed: impl FnMut(&[i16])) {
    let mut left = count.0 as usize;
    while left > 0 {
        let now = left.min(N);
        feed(&[0; N][..now]);
        left -= now;
    }
}

pub mod dtmf;
pub mod ear;
pub mod echo;
pub mod g711;
pub mod goertzel;
pub mod highpass;
pub mod level;
pub mod pairs;
pub mod progress;
pub mod tone;
pub mod units;
