//! The received text, cut into media sections: the facade over ezk-sdp-types.
//!
//! ezk-sdp-types refuses a whole description for one line that it cannot read, for a missing `s=`
//! or `t=`, and for media such as `image udptl`. So only the lines that we use are handed to it,
//! audio sections only, under session lines of our own; of every other section its `m=` line is
//! kept, for the answer must name it (RFC 3264 §6).

use std::fmt::Write as _;

use ezk_sdp_types::{Connection, MediaDescription, SessionDescription};

use super::error::SdpError;

/// Longest description that we read, in bytes; a real one has less than 2 KiB.
const MAX_BYTES: usize = 16 * 1024;
/// Most lines of one description; browsers with ICE come to about 150.
const MAX_LINES: usize = 400;
/// Most media sections of one description.
const MAX_SECTIONS: usize = 16;

/// A received description, as far as we use it.
#[derive(Debug)]
pub(super) struct Description {
    /// The session's `c=`, which holds for every section without one of its own (RFC 8866 §5.7).
    pub(super) connection: Option<Connection>,
    /// All media sections in order.
    pub(super) sections: Vec<Section>,
}

/// One `m=` section.
#[derive(Debug)]
pub(super) struct Section {
    /// The `m=` line, to be repeated with port 0 when we refuse it.
    pub(super) line: MediaLine,
    /// The parsed section, where it is audio.
    pub(super) audio: Option<MediaDescription>,
}

/// The parts of an `m=` line that a refusal repeats (RFC 3264 §6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaLine {
    pub(super) media: String,
    pub(super) proto: String,
    pub(super) formats: String,
}

impl Description {
    /// Reads a body. Bytes that are no UTF-8 can only stand in lines that we do not use.
    pub(super) fn read(body: &[u8]) -> Result<Description, SdpError> {
        if body.len() > MAX_BYTES {
            return Err(SdpError::TooLarge);
        }
        let text = String::from_utf8_lossy(body);
        let lines = text.split(['\n', '\r']).map(str::trim_end).filter(|line| !line.is_empty());
        let lines: Vec<&str> = lines.take(MAX_LINES + 1).collect();
        if lines.len() > MAX_LINES {
            return Err(SdpError::TooLarge);
        }
        let parts: Vec<&[&str]> = split_sections(&lines);
        if parts.len() > 1 + MAX_SECTIONS {
            return Err(SdpError::TooLarge);
        }
        let (session, media) = parts.split_first().ok_or(SdpError::NoAudio)?;
        let sections = media.iter().map(|lines| Section::read(session, lines));
        let sections = sections.collect::<Result<_, _>>()?;
        Ok(Description { connection: parse(session, &[])?.connection, sections })
    }
}

/// Cuts before every `m=` line: the session's lines first, perhaps none.
fn split_sections<'a, 'b>(lines: &'a [&'b str]) -> Vec<&'a [&'b str]> {
    let starts = lines.iter().enumerate().filter(|(_, line)| line.starts_with("m="));
    let mut cuts: Vec<usize> = std::iter::once(0).chain(starts.map(|(at, _)| at)).collect();
    cuts.push(lines.len());
    cuts.windows(2).map(|cut| &lines[cut[0]..cut[1]]).collect()
}

impl Section {
    fn read(session: &[&str], lines: &[&str]) -> Result<Section, SdpError> {
        let line = MediaLine::read(lines.first().copied().unwrap_or_default())?;
        let audio = line.media == "audio" && line.proto.contains("RTP/");
        let audio = if audio { parse(session, lines)?.media_descriptions.pop() } else { None };
        Ok(Section { line, audio })
    }
}

impl MediaLine {
    fn read(line: &str) -> Result<MediaLine, SdpError> {
        // RFC 8866 §9: every field of the line is a token; controls would break our answer.
        if line.chars().any(|c| c.is_control() || !c.is_ascii()) {
            return Err(SdpError::Malformed);
        }
        let mut fields = line.trim_start_matches("m=").split_ascii_whitespace();
        let media = fields.next().ok_or(SdpError::Malformed)?.to_owned();
        let _port = fields.next().ok_or(SdpError::Malformed)?;
        let proto = fields.next().ok_or(SdpError::Malformed)?.to_owned();
        Ok(MediaLine { media, proto, formats: fields.collect::<Vec<_>>().join(" ") })
    }
}

/// Hands ezk-sdp-types the lines that we use, beneath session lines of ours.
fn parse(session: &[&str], media: &[&str]) -> Result<SessionDescription, SdpError> {
    let mut text = String::from("v=0\no=- 0 0 IN IP4 0.0.0.0\ns=-\nt=0 0\n");
    for line in session.iter().chain(media).filter(|line| is_used(line)) {
        // A String takes every write.
        let _ = writeln!(text, "{line}");
    }
    SessionDescription::parse(&text.into()).map_err(|_| SdpError::Malformed)
}

fn is_used(line: &str) -> bool {
    if let Some(map) = line.strip_prefix("a=rtpmap:") {
        return is_rtpmap(map);
    }
    let directions = ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"];
    let prefixes = ["c=", "m=", "a=rtcp:", "a=ptime:", "a=maxptime:"];
    directions.contains(&line) || prefixes.iter().any(|prefix| line.starts_with(prefix))
}

/// Whether an `rtpmap` has the form `number name/clock`; others map nothing.
fn is_rtpmap(map: &str) -> bool {
    let Some((number, rest)) = map.split_once(' ') else {
        return false;
    };
    let Some((_, clock)) = rest.split_once('/') else {
        return false;
    };
    let clock = clock.split('/').next().unwrap_or_default();
    number.parse::<u8>().is_ok() && clock.parse::<u32>().is_ok()
}
