//! What can be wrong with a recording.

use thiserror::Error;

/// Why a recording cannot be used, or not to its end. Each says where.
#[derive(Debug, Error)]
pub enum AudioError {
    /// The file cannot be opened or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A directory was named.
    #[error("is a directory; name a recording")]
    Directory,
    /// There is not one sample in it.
    #[error("holds no audio")]
    Empty,
    /// Nothing in the bytes tells a format that is read here.
    #[error(
        "is no recording that can be read (WAV, FLAC, MP3, Ogg Vorbis; \
         or 16-bit little-endian 8 kHz mono in a file named .raw)"
    )]
    UnknownFormat,
    /// The container or codec is known but a feature of it is not.
    #[error("cannot be decoded: {0}")]
    Unsupported(&'static str),
    /// Its sample rate is missing or out of all reason.
    #[error("has a sample rate of {0} Hz; 4000 to 768000 Hz can be read")]
    SampleRate(u32),
    /// Its header names no channel, or more than anybody records.
    #[error("says that it has {0} channels; 1 to 64 can be read")]
    Channels(u16),
    /// It is damaged.
    #[error("is damaged at {at_ms} ms: {what}")]
    Damaged {
        /// Milliseconds of sound audio before the damage.
        at_ms: u64,
        /// What the decoder says.
        what: &'static str,
    },
    /// It ends before its header says.
    #[error("is cut off at {at_ms} ms of {expected_ms} ms")]
    CutOff {
        /// Milliseconds that are there.
        at_ms: u64,
        /// Milliseconds that its header promises.
        expected_ms: u64,
    },
    /// Raw audio of an odd number of bytes.
    #[error("ends in the middle of a 16-bit sample, at byte {at_byte}")]
    HalfSample {
        /// How many bytes there are.
        at_byte: u64,
    },
    /// A float sample is infinite or not a number.
    #[error("holds a sample that is not a number at {at_ms} ms")]
    NotANumber {
        /// Where.
        at_ms: u64,
    },
    /// Longer than a clip may be.
    #[error("is longer than an hour")]
    TooLong,
}
