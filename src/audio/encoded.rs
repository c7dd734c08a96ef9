//! Files with a container: WAV, FLAC, MP3, Ogg Vorbis, by symphonia.

use std::fs::File;

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};

use super::AudioError;
use super::resample::Resample;
use super::wav::{self, Patched};

/// A packet that cannot be decoded is passed over, as players do; so many in a
/// row are a file that is not what it seemed.
const MOST_BAD_PACKETS: u32 = 16;

/// By so much a whole file may be shorter than its container says: encoders
/// count their padding in different ways.
const PADDING_MS: u64 = 150;

/// One encoded file.
pub(super) struct Encoded {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    resample: Resample,
    /// Bytes that a WAV's header promises and the file holds, if it is short.
    short: Option<(u64, u64)>,
    /// Frames that the container promises, where it does.
    promised_frames: Option<u64>,
    bad_packets: u32,
    interleaved: Vec<f32>,
    mono: Vec<f32>,
    samples: Vec<i16>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// The last samples were given; what remains is how it ended.
    Drained,
}

impl Encoded {
    pub(super) fn open(mut file: File) -> Result<Self, AudioError> {
        let data = wav::find_data(&mut file)?;
        std::io::Seek::rewind(&mut file)?;
        let short = data.and_then(|data| {
            data.promised.filter(|promised| *promised > data.present).map(|p| (p, data.present))
        });
        let source: Box<dyn MediaSource> = match data {
            Some(data) => Box::new(Patched::new(file, data)),
            None => Box::new(file),
        };
        let stream = MediaSourceStream::new(source, Default::default());
        let format = symphonia::default::get_probe()
            .probe(&Hint::new(), stream, Default::default(), Default::default())
            .map_err(unrecognised)?;
        let track = format.default_track(TrackType::Audio).ok_or(AudioError::Empty)?;
        let (track_id, promised_frames) = (track.id, track.num_frames);
        let parameters = track.codec_params.as_ref().and_then(|params| params.audio());
        let parameters = parameters.ok_or(AudioError::UnknownFormat)?;
        let resample = Resample::new(parameters.sample_rate.unwrap_or(0))?;
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(|error| damaged(0, error))?;
        Ok(Self {
            format,
            decoder,
            track: track_id,
            resample,
            short,
            promised_frames,
            bad_packets: 0,
            interleaved: Vec::new(),
            mono: Vec::new(),
            samples: Vec::new(),
            state: State::Reading,
        })
    }

    pub(super) fn next_block(&mut self) -> Result<Option<&[i16]>, AudioError> {
        self.samples.clear();
        while self.state == State::Reading && self.samples.is_empty() {
            match self.decode_packet()? {
                Packet::Mono => self.resample.push(&self.mono, &mut self.samples)?,
                Packet::Skipped => {}
                Packet::End => {
                    self.resample.finish(&mut self.samples)?;
                    self.state = State::Drained;
                }
            }
        }
        if self.samples.is_empty() { self.ended().map(|()| None) } else { Ok(Some(&self.samples)) }
    }

    /// Whether the recording ended as it should.
    fn ended(&self) -> Result<(), AudioError> {
        let at_ms = self.resample.position_ms();
        match self.short {
            Some((promised, present)) => {
                Err(AudioError::CutOff { at_ms, expected_ms: at_ms * promised / present.max(1) })
            }
            None if at_ms == 0 => Err(AudioError::Empty),
            None => match self.promised_frames.map(|frames| self.resample.frames_as_ms(frames)) {
                Some(expected_ms) if at_ms + PADDING_MS < expected_ms => {
                    Err(AudioError::CutOff { at_ms, expected_ms })
                }
                Some(_) | None => Ok(()),
            },
        }
    }

    /// Decodes one packet into `mono`.
    fn decode_packet(&mut self) -> Result<Packet, AudioError> {
        let at_ms = self.resample.position_ms();
        let packet = match self.format.next_packet() {
            Ok(Some(packet)) if packet.track_id == self.track => packet,
            Ok(Some(_)) => return Ok(Packet::Skipped),
            // A file that breaks off within a packet ends before that packet.
            Ok(None) | Err(Error::IoError(_)) => return Ok(Packet::End),
            Err(error) => return Err(damaged(at_ms, error)),
        };
        let decoded = match self.decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(Error::DecodeError(_)) if self.bad_packets < MOST_BAD_PACKETS => {
                self.bad_packets += 1;
                return Ok(Packet::Skipped);
            }
            Err(error) => return Err(damaged(at_ms, error)),
        };
        self.bad_packets = 0;
        let channels = decoded.num_planes().max(1);
        decoded.copy_to_vec_interleaved(&mut self.interleaved);
        self.mono.clear();
        let mix = |frame: &[f32]| frame.iter().sum::<f32>() / channels as f32;
        self.mono.extend(self.interleaved.chunks(channels).map(mix));
        // Checked after the mix: two finite floats may have an infinite sum.
        match self.mono.iter().position(|sample| !sample.is_finite()) {
            None => Ok(Packet::Mono),
            Some(index) => {
                self.mono.truncate(index);
                self.resample.push(&self.mono, &mut self.samples)?;
                Err(AudioError::NotANumber { at_ms: self.resample.position_ms() })
            }
        }
    }
}

/// What reading on gave.
enum Packet {
    /// `mono` holds its samples.
    Mono,
    /// Nothing to hear.
    Skipped,
    /// The file is over.
    End,
}

/// The file cannot even be begun.
#[expect(clippy::wildcard_enum_match_arm, reason = "symphonia's enum may grow")]
fn unrecognised(error: Error) -> AudioError {
    match error {
        Error::DecodeError(what) | Error::LimitError(what) => AudioError::Damaged { at_ms: 0, what },
        _ => AudioError::UnknownFormat,
    }
}

/// The file cannot be read on.
#[expect(clippy::wildcard_enum_match_arm, reason = "symphonia's enum may grow")]
fn damaged(at_ms: u64, error: Error) -> AudioError {
    let what = match error {
        Error::Unsupported(what) => return AudioError::Unsupported(what),
        Error::DecodeError(what) | Error::LimitError(what) => what,
        _ => "it cannot be read on",
    };
    AudioError::Damaged { at_ms, what }
}
