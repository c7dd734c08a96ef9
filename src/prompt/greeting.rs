//! A recording that somebody brings, checked before anybody hears it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::lint::keys_in;
use super::pack::{PackError, read_pcm};
use super::speech::{Content, content};
use super::tenant::OwnClip;
use crate::dsp::level::{Dbov, active_level};
use crate::dsp::units::Samples;

/// The largest file, in bytes, and the longest recording that is taken.
const LARGEST_BYTES: u64 = 1_000_000;
const LONGEST: Duration = Duration::from_secs(20);
/// A name is said before the context, which has to begin early in a call.
const LONGEST_NAME: Duration = Duration::from_secs(2);
/// Nobody says anything in less.
const SHORTEST: Duration = Duration::from_millis(200);

/// What the packs are mastered to.
const ACTIVE_LEVEL: Dbov = Dbov(-19.0);
/// -3 dBFS.
const HIGHEST_PEAK: f32 = 23_197.0;

/// Why a recording is not taken; each message says what was found, what is wanted and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum GreetingError {
    /// It cannot be read or decoded, or holds nothing.
    #[error(transparent)]
    Unreadable(#[from] PackError),
    /// The file is too large.
    #[error("{bytes} bytes, expected at most 1 MB; save it as mono, or as FLAC or MP3")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// It is too long or too short.
    #[error("{:.1} s long, expected {:.1} to {:.1} s; record it again", length.as_secs_f64(), SHORTEST.as_secs_f64(), longest.as_secs_f64())]
    Length {
        /// How long it is.
        length: Duration,
        /// How long it may be.
        longest: Duration,
    },
    /// There is nothing to hear.
    #[error("it is silent; record it again, nearer to the microphone")]
    Silence,
    /// It is a tone or noise.
    #[error("a tone or noise and no speech; record somebody who speaks")]
    Tone,
    /// It is music.
    #[error("music and no speech; record somebody who speaks, without music")]
    Music,
    /// Our own ear hears keys in it.
    #[error(
        "our ear hears keys in it ({keys}), which would count as pressed when they echo; record it again"
    )]
    Keys {
        /// Which, and where.
        keys: String,
    },
}

/// Reads a recording of speech as 8 kHz samples.
///
/// # Errors
/// [`GreetingError`] says what is wrong with it.
pub fn read_greeting(path: &Path, own: OwnClip) -> Result<Vec<i16>, GreetingError> {
    let unreadable = |source| PackError::Unreadable { path: path.to_owned(), source };
    let bytes = fs::metadata(path).map_err(unreadable)?.len();
    if bytes > LARGEST_BYTES {
        return Err(GreetingError::TooLarge { bytes });
    }
    let pcm = read_pcm(path)?;
    let longest = match own {
        OwnClip::Name => LONGEST_NAME,
        OwnClip::Of(_) => LONGEST,
    };
    check(&pcm, longest)?;
    Ok(pcm)
}

/// A recording at the packs' active level, or as near to it as its peaks allow.
pub fn levelled(pcm: &[i16]) -> Vec<i16> {
    let Some(active) = active_level(pcm) else {
        return pcm.to_vec();
    };
    let peak = pcm.iter().map(|sample| f32::from(sample.unsigned_abs())).fold(1.0, f32::max);
    let gain = 10_f32.powf((ACTIVE_LEVEL.0 - active.0) / 20.0).min(HIGHEST_PEAK / peak);
    pcm.iter().map(|sample| (f32::from(*sample) * gain).round() as i16).collect()
}

fn check(pcm: &[i16], longest: Duration) -> Result<(), GreetingError> {
    let length = Samples(pcm.len() as u64).as_duration();
    if !(SHORTEST..=longest).contains(&length) {
        return Err(GreetingError::Length { length, longest });
    }
    // Keys first: they are tones too, and the answer is to name them.
    if let Some(keys) = keys_in(pcm) {
        return Err(GreetingError::Keys { keys });
    }
    match content(pcm) {
        Content::Speech => Ok(()),
        Content::Silence => Err(GreetingError::Silence),
        Content::Steady => Err(GreetingError::Tone),
        Content::Music => Err(GreetingError::Music),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_brought_to_the_level_of_the_packs_without_clipping() {
        let quiet: Vec<i16> = (0..16_000).map(|n| (n * 7_919 % 400) as i16 - 200).collect();
        let level = active_level(&levelled(&quiet)).unwrap();
        assert!((level.0 - ACTIVE_LEVEL.0).abs() < 0.2, "{level:?}");
        let mut spiky = quiet.clone();
        spiky[8_000] = 20_000;
        let highest = levelled(&spiky).into_iter().map(i16::unsigned_abs).max().unwrap();
        assert!((23_190..=23_197).contains(&highest), "{highest}");
    }

    #[test]
    fn a_recording_that_is_too_long_or_holds_a_key_is_refused_by_name() {
        assert!(matches!(check(&[0; 8_000 * 21], LONGEST), Err(GreetingError::Length { .. })));
        let message = check(&[0; 8_000 * 3], LONGEST_NAME).unwrap_err().to_string();
        assert_eq!(message, "3.0 s long, expected 0.2 to 2.0 s; record it again");
        assert!(matches!(check(&[0; 8_000], LONGEST), Err(GreetingError::Silence)));
    }
}
