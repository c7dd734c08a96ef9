//! The classical detector, Asterisk's `AMD()`, from its documentation: frames are silence or not by their
//! mean amplitude, words are counted, and four times decide.

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Amd {
    Human,
    Machine,
    NotSure,
}

/// Its documented defaults, in ms where nothing else is said.
const INITIAL_SILENCE: u32 = 2_500;
const GREETING: u32 = 1_500;
const AFTER_GREETING_SILENCE: u32 = 800;
const TOTAL: u32 = 5_000;
const MIN_WORD: u32 = 100;
const BETWEEN_WORDS: u32 = 50;
const MOST_WORDS: u32 = 2;
/// Mean amplitude of a 16-bit sample.
const SILENCE: u32 = 256;
const FRAME: u32 = 20;

/// Judges what arrives from the answer on; the time is when it is sure, in ms.
pub(crate) fn judge(samples: &[i16]) -> (Amd, u32) {
    let (mut silence, mut voice, mut word, mut words) = (0, 0, 0, 0);
    let (mut in_word, mut in_greeting) = (false, false);
    for (index, frame) in samples.chunks_exact(8 * FRAME as usize).enumerate() {
        let now = (index as u32 + 1) * FRAME;
        let mean = frame.iter().map(|x| u32::from(x.unsigned_abs())).sum::<u32>() / frame.len() as u32;
        if mean < SILENCE {
            silence += FRAME;
            if silence >= BETWEEN_WORDS {
                (in_word, word) = (false, 0);
            }
            if !in_greeting && silence >= INITIAL_SILENCE {
                return (Amd::Machine, now);
            }
            if in_greeting && silence >= AFTER_GREETING_SILENCE {
                return (Amd::Human, now);
            }
        } else {
            (word, voice) = (word + FRAME, voice + FRAME);
            if word >= MIN_WORD {
                (silence, in_greeting) = (0, true);
                words += u32::from(!std::mem::replace(&mut in_word, true));
            }
            if words > MOST_WORDS || in_greeting && voice >= GREETING {
                return (Amd::Machine, now);
            }
        }
        if now >= TOTAL {
            return (Amd::NotSure, now);
        }
    }
    (Amd::NotSure, TOTAL)
}
