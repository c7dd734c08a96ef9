//! Opening what is to be heard: a recording of any format, headerless G.711, or a capture of a call.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::capture::{self, CaptureError};
use crate::audio::{AudioError, Recording};
use crate::dsp::g711::Law;

/// Octets of headerless G.711 decoded at once.
const BLOCK: usize = 4096;

/// One input.
pub(super) enum Source<'a> {
    /// A recording, or raw samples.
    Recording(Recording<'a>),
    /// G.711 without a head.
    G711(G711),
    /// A capture, read by its path since it is read twice.
    Capture(PathBuf),
}

/// Octets of one law.
pub(super) struct G711 {
    law: Law,
    reader: BufReader<File>,
    octets: Vec<u8>,
    samples: Vec<i16>,
    is_empty: bool,
}

/// Why a file was not heard to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    /// A recording.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// A capture.
    #[error(transparent)]
    Capture(#[from] CaptureError),
}

impl<'a> Source<'a> {
    /// Opens a file by what its bytes are; where they bear no mark its name decides.
    pub(super) fn open(path: &Path) -> Result<Source<'a>, SourceError> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let extension = extension.unwrap_or_default().to_ascii_lowercase();
        if begins_as_capture(path)? {
            return Ok(Source::Capture(path.to_owned()));
        }
        match law_of(&extension) {
            Some(law) if !bears_mark(path)? => return Ok(Source::G711(G711::open(path, law)?)),
            Some(_) | None => {}
        }
        match Recording::open(path) {
            Ok(recording) => Ok(Source::Recording(recording)),
            Err(AudioError::UnknownFormat) if ["pcap", "pcapng", "cap"].contains(&extension.as_str()) => {
                Err(CaptureError::NotACapture.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Raw samples as they arrive.
    pub(super) fn from_raw(reader: impl Read + 'a) -> Source<'a> {
        Source::Recording(Recording::from_raw(reader))
    }
}

/// The law that the extension of a file without a head names, as sox and the SIP world write it.
fn law_of(extension: &str) -> Option<Law> {
    match extension {
        "ul" | "ulaw" | "mulaw" | "pcmu" => Some(Law::Mu),
        "al" | "alaw" | "pcma" => Some(Law::A),
        _ => None,
    }
}

fn begins_as_capture(path: &Path) -> Result<bool, AudioError> {
    Ok(mark(path)?.is_some_and(capture::is_capture))
}

/// Whether a file begins as one with a head does.
fn bears_mark(path: &Path) -> Result<bool, AudioError> {
    Ok(mark(path)?.is_some_and(|mark| [*b"RIFF", *b"fLaC", *b"OggS"].contains(&mark)))
}

/// The first four bytes; `None` for a shorter file, and for what is no file.
fn mark(path: &Path) -> Result<Option<[u8; 4]>, AudioError> {
    let mut file = File::open(path)?;
    let mut mark = [0; 4];
    Ok(file.read_exact(&mut mark).is_ok().then_some(mark))
}

impl G711 {
    fn open(path: &Path, law: Law) -> Result<G711, AudioError> {
        let reader = BufReader::new(File::open(path)?);
        Ok(G711 { law, reader, octets: vec![0; BLOCK], samples: vec![0; BLOCK], is_empty: true })
    }

    /// The next samples; `None` at the end.
    pub(super) fn next_block(&mut self) -> Result<Option<&[i16]>, AudioError> {
        let count = self.reader.read(&mut self.octets)?;
        if count == 0 {
            return if self.is_empty { Err(AudioError::Empty) } else { Ok(None) };
        }
        self.is_empty = false;
        self.law.decode_into(&self.octets[..count], &mut self.samples);
        Ok(Some(&self.samples[..count]))
    }
}
