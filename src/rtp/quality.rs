//! The estimate of listening quality: ITU-T G.107, reduced to what a gateway can know.
//!
//! An estimate, not a measurement: echo, noise and loudness stand at the recommendation's
//! defaults; delay, loss and the codec's impairment are what varies.

use std::time::Duration;

/// R with every parameter at its default (G.107 table 3).
const R_DEFAULT: f64 = 93.2;
/// Equipment impairment of G.711 (G.113 appendix I).
const IE: f64 = 0.0;
/// Packet-loss robustness of G.711 without concealment (G.113 appendix I): we conceal nothing.
const BPL: f64 = 4.3;
/// Where delay begins to hurt a conversation (the usual two-line form of G.107 §7.4).
const DELAY_KNEE_MS: f64 = 177.3;

/// The transmission rating R, 0 to 100, for a one-way delay and a random loss (G.107 §7).
pub fn rating(one_way_delay: Duration, loss_percent: f64) -> f64 {
    let delay_ms = one_way_delay.as_secs_f64() * 1_000.0;
    let id = 0.024 * delay_ms + 0.11 * (delay_ms - DELAY_KNEE_MS).max(0.0);
    // G.107 §7.5, equation 7-29, with BurstR 1: random loss.
    let ie_eff = IE + (95.0 - IE) * loss_percent / (loss_percent + BPL);
    (R_DEFAULT - id - ie_eff).clamp(0.0, 100.0)
}

/// The mean opinion score of a rating, 1 to 4.5 (G.107 annex B).
pub fn mos(r: f64) -> f64 {
    let r = r.clamp(0.0, 100.0);
    let mos = 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6;
    // Below R 6.5 the polynomial dips under 1.
    mos.clamp(1.0, 4.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(delay_ms: u64, loss_percent: f64) -> f64 {
        mos(rating(Duration::from_millis(delay_ms), loss_percent))
    }

    #[test]
    fn the_scale_has_the_recommendations_landmarks() {
        // G.107 table B.1: R 90 is MOS 4.34, 80 is 4.03, 70 is 3.60, 60 is 3.10, 50 is 2.58.
        for (r, score) in [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)] {
            assert!((mos(r) - score).abs() < 0.01, "R {r}: {}", mos(r));
        }
        assert_eq!(mos(0.0), 1.0);
        assert_eq!(mos(100.0), 4.5);
    }

    #[test]
    fn loss_without_concealment_and_delay_cost_what_they_should() {
        assert!((estimate(0, 0.0) - 4.41).abs() < 0.01);
        assert!(estimate(20, 1.0) > 3.5);
        assert!(estimate(20, 5.0) < 3.0, "the contract's poor line");
        assert!(estimate(400, 0.0) < estimate(150, 0.0) - 0.5);
    }
}
