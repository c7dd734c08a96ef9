//! ITU-T G.711: pulse code modulation, 8 bits, by either companding law.
//!
//! Encoding follows the integer rules of ITU-T G.191's reference (negative
//! samples by one's complement), so that every encoder output is the
//! standard's and not merely near it. All four directions are one table look-up.

/// The two companding laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// µ-law, RTP's PCMU.
    Mu,
    /// A-law, RTP's PCMA.
    A,
}

impl Law {
    /// The linear value of one code, in the 16-bit range.
    pub fn decode(self, code: u8) -> i16 {
        match self {
            Law::Mu => MU_DECODE[usize::from(code)],
            Law::A => A_DECODE[usize::from(code)],
        }
    }

    /// The code of one linear value; what overloads the law takes its outermost code.
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Law::Mu => MU_ENCODE[usize::from((sample >> 2) as u16 & 0x3FFF)],
            Law::A => A_ENCODE[usize::from((sample >> 4) as u16 & 0x0FFF)],
        }
    }

    /// Decodes as many codes as both slices hold.
    pub fn decode_into(self, codes: &[u8], samples: &mut [i16]) {
        for (sample, code) in samples.iter_mut().zip(codes) {
            *sample = self.decode(*code);
        }
    }

    /// Encodes as many samples as both slices hold.
    pub fn encode_into(self, samples: &[i16], codes: &mut [u8]) {
        for (code, sample) in codes.iter_mut().zip(samples) {
            *code = self.encode(*sample);
        }
    }

    /// The code of silence, positive zero: 0xFF and 0xD5 on the wire.
    pub fn silence(self) -> u8 {
        self.encode(0)
    }
}

static MU_DECODE: [i16; 256] = mu_decode_table();
static A_DECODE: [i16; 256] = a_decode_table();
/// By the sample's upper 14 bits, which are all that the law sees.
static MU_ENCODE: [u8; 1 << 14] = mu_encode_table();
/// By the sample's upper 12 bits, likewise.
static A_ENCODE: [u8; 1 << 12] = a_encode_table();

const fn mu_decode_table() -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        // G.711 Table 2: all bits of the character signal are inverted.
        let bits = !code as i32;
        let exponent = (bits >> 4) & 7;
        let step = 8 << exponent;
        let magnitude = (0x80 << exponent) + step * (bits & 15) + step / 2 - 4 * 33;
        table[code] = if code < 128 { -magnitude } else { magnitude } as i16;
        code += 1;
    }
    table
}

const fn a_decode_table() -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        // G.711 Table 1: the even bits of the character signal are inverted.
        let bits = (code as i32 ^ 0x55) & 0x7F;
        let exponent = bits >> 4;
        let mantissa = (bits & 15) + if exponent > 0 { 16 } else { 0 };
        let magnitude = ((mantissa << 4) + 8) << if exponent > 1 { exponent - 1 } else { 0 };
        table[code] = if code < 128 { -magnitude } else { magnitude } as i16;
        code += 1;
    }
    table
}

const fn mu_encode_table() -> [u8; 1 << 14] {
    let mut table = [0; 1 << 14];
    let mut index: i32 = 0;
    while index < 1 << 14 {
        let negative = index >= 1 << 13;
        let magnitude = if negative { (1 << 14) - 1 - index } else { index } + 33;
        let biased = if magnitude > 0x1FFF { 0x1FFF } else { magnitude } as u32;
        // The bias puts the leading one between bit 5 (segment 0) and bit 12.
        let segment = 31 - biased.leading_zeros() - 5;
        let mantissa = (biased >> (segment + 1)) & 15;
        let sign = if negative { 0x80 } else { 0 };
        table[index as usize] = !(sign | (segment << 4) | mantissa) as u8;
        index += 1;
    }
    table
}

const fn a_encode_table() -> [u8; 1 << 12] {
    let mut table = [0; 1 << 12];
    let mut index: i32 = 0;
    while index < 1 << 12 {
        let negative = index >= 1 << 11;
        let magnitude = if negative { (1 << 12) - 1 - index } else { index } as u32;
        let bits = if magnitude > 15 {
            let exponent = 31 - magnitude.leading_zeros() - 3;
            (exponent << 4) | ((magnitude >> (exponent - 1)) & 15)
        } else {
            magnitude
        };
        let sign = if negative { 0 } else { 0x80 };
        table[index as usize] = ((sign | bits) ^ 0x55) as u8;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G.711 Table 2a: the first decoder value y of each positive µ-law
    /// segment, from the outermost, in the table's 14-bit units.
    const MU_SEGMENTS: [(u8, i16); 8] = [
        (0x80, 8031),
        (0x90, 3999),
        (0xA0, 1983),
        (0xB0, 975),
        (0xC0, 471),
        (0xD0, 219),
        (0xE0, 93),
        (0xF0, 30),
    ];

    /// G.711 Table 1a: the outermost value of each positive A-law segment, in
    /// the table's 13-bit units, and the value next to zero.
    const A_SEGMENTS: [(u8, i16); 8] = [
        (0xFF, 4032),
        (0xEF, 2016),
        (0xDF, 1008),
        (0xCF, 504),
        (0xBF, 252),
        (0xAF, 126),
        (0x9F, 63),
        (0x80, 1),
    ];

    #[test]
    fn mu_law_decodes_to_the_values_of_table_2a() {
        for (code, value) in MU_SEGMENTS {
            assert_eq!(Law::Mu.decode(code), value * 4, "code {code:#04x}");
            assert_eq!(Law::Mu.decode(code & 0x7F), -value * 4);
        }
        assert_eq!(Law::Mu.decode(0xFF), 0);
    }

    #[test]
    fn a_law_decodes_to_the_values_of_table_1a() {
        for (before_inversion, value) in A_SEGMENTS {
            let code = before_inversion ^ 0x55;
            assert_eq!(Law::A.decode(code), value * 8, "code {code:#04x}");
            assert_eq!(Law::A.decode(code ^ 0x80), -value * 8);
        }
    }

    #[test]
    fn every_code_survives_decode_and_encode() {
        for code in 0..=255u8 {
            assert_eq!(Law::A.encode(Law::A.decode(code)), code);
            // The µ-law has two zeros; the negative one (0x7F) comes back positive.
            let expected = if code == 0x7F { 0xFF } else { code };
            assert_eq!(Law::Mu.encode(Law::Mu.decode(code)), expected);
        }
    }

    #[test]
    fn every_sample_takes_the_code_of_its_decision_interval() {
        // G.711 Tables 1 and 2: a value decodes to the middle of its interval,
        // so the error is at most half the step around the decoded value.
        for sample in i16::MIN..=i16::MAX {
            for (law, finest, overload) in [(Law::Mu, 4, 32124), (Law::A, 8, 32256)] {
                let decoded = i32::from(law.decode(law.encode(sample)));
                let clipped = i32::from(sample).clamp(-overload, overload);
                let allowed = finest.max(decoded.abs() / 30 + 4);
                assert!((decoded - clipped).abs() <= allowed, "{law:?} {sample} became {decoded}");
            }
        }
    }

    #[test]
    fn encoding_never_reverses_order() {
        for law in [Law::Mu, Law::A] {
            let decoded = |s: i16| law.decode(law.encode(s));
            assert!((i16::MIN..i16::MAX).all(|s| decoded(s) <= decoded(s + 1)), "{law:?}");
        }
    }

    #[test]
    fn the_digital_milliwatt_decodes_to_0_dbm0() {
        // G.711 Tables 5 and 6: the periodic sequences of a 1 kHz sine at 0 dBm0.
        let sequences = [
            (Law::A, [0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4]),
            (Law::Mu, [0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E]),
        ];
        for (law, codes) in sequences {
            let energy: f32 = codes.iter().map(|c| f32::from(law.decode(*c)).powi(2)).sum();
            let level = super::super::units::Dbm0::from_mean_square(energy / 8.0);
            assert!(level.0.abs() < 0.1, "{law:?}: {level}");
        }
    }

    #[test]
    fn silence_is_positive_zero_on_the_wire() {
        assert_eq!(Law::Mu.silence(), 0xFF);
        assert_eq!(Law::A.silence(), 0xD5);
    }
}
