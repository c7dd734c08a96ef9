//! Sound for the carriers of the tests, as raw G.711 µ-law at 8 kHz.

use std::f64::consts::TAU;

/// G.711 µ-law of one sample (ITU-T G.711, table 2a), written here anew so that the tests do not
/// rest on the encoder that they judge.
fn ulaw(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = u32::from(sample.unsigned_abs().min(32635)) + 132;
    let segment = (24 - magnitude.leading_zeros()).min(7);
    let step = (magnitude >> (segment + 3)) & 0x0f;
    !(sign | (segment as u8) << 4 | step as u8)
}

/// 10 s of a hum at about -30 dBm0 with no energy near any key tone.
pub(crate) fn noise_ulaw() -> Vec<u8> {
    tones(&[(200.0, 500.0), (310.0, 300.0)], 80_000)
}

/// 20 ms of silence, `#` (941 and 1477 Hz, each about -10 dBm0) for 120 ms, 10 s of silence.
pub(crate) fn pound_ulaw() -> Vec<u8> {
    let mut audio = vec![ulaw(0); 160];
    audio.extend(tones(&[(941.0, 7000.0), (1477.0, 7000.0)], 960));
    audio.extend(vec![ulaw(0); 80_000]);
    audio
}

/// Sines of (hertz, peak amplitude), added up.
fn tones(parts: &[(f64, f64)], samples: u32) -> Vec<u8> {
    let sample = |n: u32| parts.iter().map(|(hertz, peak)| peak * (TAU * hertz * f64::from(n) / 8000.0).sin()).sum::<f64>();
    (0..samples).map(|n| ulaw(sample(n) as i16)).collect()
}
