//! Recorded audio: a file in, 8 kHz mono samples out.
//!
//! An edge room (it opens files), shared by the prompts, `replay` and the
//! phone. What a file is shows in its bytes, not in its name; only `.raw`,
//! which has no mark, goes by the name.

mod encoded;
mod error;
mod raw;
mod resample;
mod wav;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

pub use error::AudioError;

use encoded::Encoded;
use raw::Raw;

/// Samples a second of what comes out.
pub const SAMPLE_RATE: u32 = 8000;

/// The longest file that [`decode_file`] takes: an hour, 58 MB of samples.
const LONGEST_CLIP: usize = 3600 * SAMPLE_RATE as usize;

/// A recording that is read block by block.
pub struct Recording<'a> {
    source: Source<'a>,
}

enum Source<'a> {
    Raw(Raw<Box<dyn Read + 'a>>),
    Encoded(Box<Encoded>),
}

impl Recording<'static> {
    /// Opens a WAV (PCM of 8 to 32 bits, float, both G.711 laws), FLAC, MP3 or
    /// Ogg Vorbis file, or signed 16-bit little-endian 8 kHz mono samples in a
    /// file named `.raw`.
    pub fn open(path: &Path) -> Result<Self, AudioError> {
        let mut file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(AudioError::Directory);
        }
        let mut mark = [0; 4];
        let marked = read_start(&mut file, &mut mark)?;
        if marked == 0 {
            return Err(AudioError::Empty);
        }
        let is_raw = path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("raw"));
        let source = if is_raw && !is_container(&mark) {
            std::io::Seek::rewind(&mut file)?;
            Source::Raw(Raw::new(Box::new(BufReader::new(file))))
        } else {
            Source::Encoded(Box::new(Encoded::open(file)?))
        };
        Ok(Recording { source })
    }
}

impl<'a> Recording<'a> {
    /// Signed 16-bit little-endian 8 kHz mono samples as they arrive.
    pub fn from_raw(reader: impl Read + 'a) -> Self {
        Recording { source: Source::Raw(Raw::new(Box::new(reader))) }
    }

    /// The next samples, as many as there happen to be; `None` at the end.
    ///
    /// A recording that breaks off gives what it holds before its error.
    pub fn next_block(&mut self) -> Result<Option<&[i16]>, AudioError> {
        match &mut self.source {
            Source::Raw(raw) => raw.next_block(),
            Source::Encoded(encoded) => encoded.next_block(),
        }
    }
}

/// A WAV file of 8 kHz mono samples: as much of them as its 32-bit lengths can name.
pub fn wav(pcm: &[i16]) -> Vec<u8> {
    const MOST_SAMPLES: usize = (u32::MAX as usize - 36) / 2;
    let pcm = &pcm[..pcm.len().min(MOST_SAMPLES)];
    let data_bytes = pcm.len() as u32 * 2;
    let mut file = Vec::with_capacity(44 + data_bytes as usize);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + data_bytes).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    // PCM and one channel; then bytes a second, bytes a frame and bits a sample.
    file.extend_from_slice(&[1, 0, 1, 0]);
    file.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    file.extend_from_slice(&(SAMPLE_RATE * 2).to_le_bytes());
    file.extend_from_slice(&[2, 0, 16, 0]);
    file.extend_from_slice(b"data");
    file.extend_from_slice(&data_bytes.to_le_bytes());
    pcm.iter().for_each(|sample| file.extend_from_slice(&sample.to_le_bytes()));
    file
}

/// All samples of a file, of at most an hour.
pub fn decode_file(path: &Path) -> Result<Vec<i16>, AudioError> {
    let mut recording = Recording::open(path)?;
    let mut samples = Vec::new();
    while let Some(block) = recording.next_block()? {
        if samples.len() + block.len() > LONGEST_CLIP {
            return Err(AudioError::TooLong);
        }
        samples.extend_from_slice(block);
    }
    Ok(samples)
}

/// Reads until `start` is full or the file ends.
fn read_start(file: &mut File, start: &mut [u8]) -> std::io::Result<usize> {
    let mut count = 0;
    while count < start.len() {
        match file.read(&mut start[count..])? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

/// True for the mark of a file that is certainly no raw audio.
fn is_container(mark: &[u8; 4]) -> bool {
    [b"RIFF", b"fLaC", b"OggS"].contains(&mark)
}
