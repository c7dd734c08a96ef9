//! Sound for the far ends of the tests: raw G.711 µ-law for SIPp, WAV for the phones.

use std::f64::consts::TAU;

use octothorpe::prompt::{ClipName, Pack};

use super::wav;

/// Samples a second.
pub(crate) const RATE_HZ: usize = 8_000;

/// G.711 µ-law of one sample (ITU-T G.711, table 2a), written here anew so that the tests do not
/// rest on the encoder that they judge.
fn ulaw(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = u32::from(sample.unsigned_abs().min(32635)) + 132;
    let segment = (24 - magnitude.leading_zeros()).min(7);
    let step = (magnitude >> (segment + 3)) & 0x0f;
    !(sign | (segment as u8) << 4 | step as u8)
}

/// 10 s of a hum, as µ-law.
pub(crate) fn noise_ulaw() -> Vec<u8> {
    hum(80_000).into_iter().map(ulaw).collect()
}

/// 20 ms of silence, `#` for 120 ms, 10 s of silence, as µ-law.
pub(crate) fn pound_ulaw() -> Vec<u8> {
    pound(160, 80_000).into_iter().map(ulaw).collect()
}

/// 20 s of a hum, as WAV.
pub(crate) fn noise_wav() -> Vec<u8> {
    wav::bytes(&hum(160_000))
}

/// 1 s of silence, each key for 200 ms and 300 ms of silence after it, 30 s of silence, as WAV.
pub(crate) fn keys_wav(keys: &str) -> Vec<u8> {
    let key = |key| [tones(&pair(key), 1_600), vec![0; 2_400]].concat();
    wav::bytes(&[vec![0; 8_000], keys.chars().flat_map(key).collect(), vec![0; 240_000]].concat())
}

/// A key's tones.
pub(crate) fn key(key: char, samples: u32) -> Vec<i16> {
    tones(&pair(key), samples)
}

/// Sines of (hertz, peak amplitude), added up.
pub(crate) fn sines(parts: &[(f64, f64)], samples: u32) -> Vec<i16> {
    tones(parts, samples)
}

/// Somebody speaks for about `seconds`.
pub(crate) fn speech(seconds: usize) -> Vec<i16> {
    let prompts = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts/en-US");
    let pack = Pack::load(&prompts).expect("the shipped pack can be read");
    let clip = |name| pack.clip(name).expect("the shipped pack is whole").pcm().to_vec();
    let said = [clip(ClipName::Screening), clip(ClipName::PinLocked), clip(ClipName::FraudBlocked)].concat();
    said.into_iter().cycle().take(seconds * RATE_HZ).collect()
}

/// Nothing, for so long.
pub(crate) fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * RATE_HZ / 1_000]
}

/// What a mailbox records after.
pub(crate) fn beep() -> Vec<i16> {
    sines(&[(1_000.0, 8_000.0)], RATE_HZ as u32 / 2)
}

/// A recording that talks on and on.
pub(crate) fn menu() -> Vec<i16> {
    [silence(400), speech(12), silence(3_000), speech(12), silence(60_000)].concat()
}

/// ITU-T T.30: a fax machine answers with 2,100 Hz for about 3 s.
pub(crate) fn fax() -> Vec<i16> {
    [silence(800), sines(&[(2_100.0, 6_000.0)], 24_000), silence(60_000)].concat()
}

/// The two tones of a key (ITU-T Q.23), at about -10 dBm0 each.
fn pair(key: char) -> [(f64, f64); 2] {
    let place = "123A456B789C*0#D".find(key.to_ascii_uppercase()).expect("one of the sixteen keys");
    let (low, high) = ([697.0, 770.0, 852.0, 941.0], [1209.0, 1336.0, 1477.0, 1633.0]);
    [(low[place / 4], 7000.0), (high[place % 4], 7000.0)]
}

/// At about -30 dBm0, with no energy near any key tone.
fn hum(samples: u32) -> Vec<i16> {
    tones(&[(200.0, 500.0), (310.0, 300.0)], samples)
}

/// `#`, 941 and 1477 Hz at about -10 dBm0 each, for 120 ms between silences.
fn pound(before: usize, after: usize) -> Vec<i16> {
    let tone = tones(&[(941.0, 7000.0), (1477.0, 7000.0)], 960);
    [vec![0; before], tone, vec![0; after]].concat()
}

/// Sines of (hertz, peak amplitude), added up.
fn tones(parts: &[(f64, f64)], samples: u32) -> Vec<i16> {
    let sine = |n: u32, hertz: f64| (TAU * hertz * f64::from(n) / 8000.0).sin();
    (0..samples)
        .map(|n| parts.iter().map(|(hertz, peak)| peak * sine(n, *hertz)).sum::<f64>() as i16)
        .collect()
}
