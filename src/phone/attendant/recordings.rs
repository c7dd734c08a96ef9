//! What an attendant says: recordings of a directory.

use std::f32::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audio::{self, AudioError};
use crate::clip::Clip;

/// Samples of a second.
const RATE: usize = 8_000;
/// North American ringing: 440 and 480 Hz at −19 dBm0 each, 2 s on, 4 s off (ITU-T E.180 Supplement 2).
const RINGING_HZ: [f32; 2] = [440.0, 480.0];
const RINGING_PEAK: f32 = 3_600.0;
const RINGING_S: [usize; 2] = [2, 4];

/// What is said, each in a file of that name with any ending that is sound.
#[derive(Debug, Clone)]
pub struct Recordings {
    /// `greeting`: who answered, and to key the extension.
    pub greeting: Arc<Clip>,
    /// `transferring`: behind a known extension.
    pub transferring: Option<Arc<Clip>>,
    /// `ringback`: once while the phone rings, again and again; without it North America's.
    pub ringback: Arc<Clip>,
    /// `nobody`: the phone was not answered.
    pub nobody: Option<Arc<Clip>>,
    /// `unknown`: there is no such extension.
    pub unknown: Option<Arc<Clip>>,
}

/// Why a directory holds no attendant.
#[derive(Debug, thiserror::Error)]
pub enum RecordingsError {
    /// It cannot be read.
    #[error("{0}: {1}")]
    Directory(PathBuf, std::io::Error),
    /// A recording cannot be heard.
    #[error("{0}: {1}")]
    Audio(PathBuf, AudioError),
    /// The one that has to be there is not.
    #[error("{0}: no recording is called `greeting`, for example greeting.wav")]
    NoGreeting(PathBuf),
}

impl Recordings {
    /// Reads a directory.
    ///
    /// # Errors
    /// [`RecordingsError`] names what is missing or cannot be read.
    pub fn read(directory: &Path) -> Result<Recordings, RecordingsError> {
        let unreadable = |error| RecordingsError::Directory(directory.to_owned(), error);
        let mut files = Vec::new();
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            files.push(entry.map_err(unreadable)?.path());
        }
        files.sort();
        let clip = |name: &str| {
            let file = files.iter().find(|file| file.file_stem().is_some_and(|stem| stem == name));
            file.map(|file| read(name, file)).transpose()
        };
        Ok(Recordings {
            greeting: clip("greeting")?.ok_or_else(|| RecordingsError::NoGreeting(directory.to_owned()))?,
            transferring: clip("transferring")?,
            ringback: clip("ringback")?.unwrap_or_else(ringback),
            nobody: clip("nobody")?,
            unknown: clip("unknown")?,
        })
    }
}

fn read(name: &str, file: &Path) -> Result<Arc<Clip>, RecordingsError> {
    let pcm = audio::decode_file(file).map_err(|error| RecordingsError::Audio(file.to_owned(), error))?;
    Ok(Arc::new(Clip::new(name, pcm)))
}

fn ringback() -> Arc<Clip> {
    let sine = |n: usize, hertz: f32| RINGING_PEAK * (TAU * hertz * n as f32 / RATE as f32).sin();
    let [on, off] = RINGING_S.map(|seconds| seconds * RATE);
    let sound = (0..on).map(|n| RINGING_HZ.iter().map(|hertz| sine(n, *hertz)).sum::<f32>() as i16);
    Arc::new(Clip::new("ringback", sound.chain(std::iter::repeat_n(0, off)).collect()))
}
