//! WAV files whose header does not say how long they are.
//!
//! A recorder that writes to a pipe cannot go back and fill in the length, and
//! a copy that broke off has less than its header says. The decoder reads whole
//! packets only and would drop up to 1151 samples at such an end, which is room
//! for three keys; so it is shown the length that is really there.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

use super::AudioError;

/// Chunks looked at before the audio is given up.
const MOST_CHUNKS: usize = 1024;

/// From here on a length is a mark for "not known", as pipes write it.
const UNKNOWN: u32 = 0x7FFF_0000;

/// Channels that are believed; the decoder multiplies them in 16 bits.
const MOST_CHANNELS: u16 = 64;

/// What the header says about the audio's length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DataChunk {
    /// Where its four bytes of length stand.
    length_at: u64,
    /// What they say, unless that is a mark for "not known".
    pub(super) promised: Option<u64>,
    /// What is there.
    pub(super) present: u64,
}

/// Looks for the audio chunk of a WAV file; leaves the file at its start.
pub(super) fn find_data(file: &mut File) -> Result<Option<DataChunk>, AudioError> {
    let end = file.metadata()?.len();
    let found = scan(file, end);
    file.rewind()?;
    match found {
        Err(AudioError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        found => found,
    }
}

fn scan(file: &mut File, end: u64) -> Result<Option<DataChunk>, AudioError> {
    let mut riff = [0; 12];
    file.rewind()?;
    file.read_exact(&mut riff)?;
    if &riff[..4] != b"RIFF" || &riff[8..] != b"WAVE" {
        return Ok(None);
    }
    let mut at = 12;
    for _ in 0..MOST_CHUNKS {
        let mut header = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut header)?;
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        if &header[..4] == b"data" {
            let present = end.saturating_sub(at + 8);
            // An empty chunk that something follows was never filled in either.
            let is_known = length < UNKNOWN && (length > 0 || present == 0);
            let promised = is_known.then_some(u64::from(length));
            return Ok(Some(DataChunk { length_at: at + 4, promised, present }));
        }
        if &header[..4] == b"fmt " {
            let mut format = [0; 4];
            file.read_exact(&mut format)?;
            let channels = u16::from_le_bytes([format[2], format[3]]);
            if !(1..=MOST_CHANNELS).contains(&channels) {
                return Err(AudioError::Channels(channels));
            }
        }
        // Chunks begin at even places.
        at += 8 + u64::from(length) + u64::from(length & 1);
    }
    Ok(None)
}

/// A file in which four bytes read differently.
pub(super) struct Patched {
    file: File,
    position: u64,
    patch_at: u64,
    patch: [u8; 4],
}

impl Patched {
    /// The file with the audio's length as it really is, where the header
    /// promises more or nothing.
    pub(super) fn new(file: File, data: DataChunk) -> Self {
        let length = data.promised.unwrap_or(data.present).min(data.present);
        let patch = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        Self { file, position: 0, patch_at: data.length_at, patch }
    }
}

impl Read for Patched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        for (place, byte) in (self.patch_at..).zip(self.patch) {
            let index = place.checked_sub(self.position).and_then(|i| usize::try_from(i).ok());
            if let Some(seen) = index.and_then(|index| buffer[..count].get_mut(index)) {
                *seen = byte;
            }
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Patched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.file.seek(to)?;
        Ok(self.position)
    }
}

impl MediaSource for Patched {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        self.file.metadata().ok().map(|metadata| metadata.len())
    }
}
