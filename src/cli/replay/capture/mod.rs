//! Captures of calls (pcap, pcapng) through the receiving code that calls use.
//!
//! A capture is read twice. The first look finds the call: its streams, what their payload types mean by
//! the SDP that was captured, its keys by SIP INFO; a capture of no call or of several is refused. Then
//! every stream goes through a [`Line`](crate::leg::media::Line) of its own, with the packets' own times
//! as the clock, and the presses of all paths through the
//! [`KeyJoiner`](crate::leg::key::KeyJoiner). Times are told in audio time of their stream.

mod datagram;
mod error;
mod file;
mod flow;
mod signalling;
mod stream;
mod survey;
mod tape;

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::time::{Duration, Instant};

use self::datagram::{Datagram, Unpacker};
use self::file::CaptureFile;
use self::flow::Flows;
use self::signalling::Signalling;
use self::stream::StreamEar;
use self::survey::{Survey, survey};
use super::hearing::Wishes;
use crate::gateway::clock;

pub(super) use self::error::CaptureError;
pub(super) use self::file::is_capture;
pub(super) use self::stream::HeardStream;

/// Everything that was heard in a capture, stream by stream, and why it was not heard to its end, if so.
pub(super) fn hear(
    path: &Path,
    wishes: &Wishes,
) -> Result<(Vec<HeardStream>, Option<CaptureError>), CaptureError> {
    let mut signalling = Signalling::default();
    let mut flows = Flows::default();
    let mut packets = 0;
    let ended = read(
        path,
        |datagram| {
            if !signalling.take(&datagram) {
                flows.take(&datagram);
            }
        },
        &mut packets,
    );
    let surveyed = match (survey(signalling, flows, packets), ended) {
        (Ok(surveyed), _) => surveyed,
        // What is missing may be the call.
        (Err(CaptureError::NoCall { .. }), Err(broken)) => return Err(broken),
        (Err(error), _) => return Err(error),
    };
    let (streams, ended) = hear_streams(path, &surveyed, wishes)?;
    let snapped = surveyed.streams.iter().find_map(|stream| stream.snapped);
    let snapped = snapped.map(|(packet, kept, sent)| CaptureError::Snapped { packet, kept, sent });
    Ok((streams, ended.err().or(snapped)))
}

type Heard = (Vec<HeardStream>, Result<(), CaptureError>);

fn hear_streams(path: &Path, survey: &Survey, wishes: &Wishes) -> Result<Heard, CaptureError> {
    // Any moment serves as the zero of the capture's own clock, if there is time before it.
    let zero = clock::now() + Duration::from_secs(60);
    let mut ears: Vec<StreamEar> =
        survey.streams.iter().map(|stream| StreamEar::new(zero, stream, &survey.formats, wishes)).collect();
    let mut clock = PacketClock { now: zero, last: None };
    let ended = read(
        path,
        |datagram| {
            let now = clock.instant(datagram.at);
            let Datagram { packet, from, to, payload, .. } = datagram;
            let route = Some((from, to));
            let mut payload = payload.into_owned();
            for (stream, ear) in survey.streams.iter().zip(&mut ears) {
                if let Some(info) = stream.info_keys.iter().find(|key| key.packet == packet) {
                    ear.handle_info(now, info);
                } else if stream.route == route {
                    ear.handle_datagram(now, from, &mut payload);
                }
            }
        },
        &mut 0,
    );
    Ok((ears.into_iter().map(StreamEar::finish).collect(), ended))
}

/// The capture's packet times as moments of a clock that never runs back.
struct PacketClock {
    now: Instant,
    last: Option<Duration>,
}

impl PacketClock {
    fn instant(&mut self, at: Duration) -> Instant {
        let last = self.last.map_or(at, |last| last.max(at));
        let passed = last.saturating_sub(self.last.unwrap_or(at));
        self.now = self.now.checked_add(passed).unwrap_or(self.now);
        self.last = Some(last);
        self.now
    }
}

/// Hands every UDP datagram of a capture to `take`, as far as it can be read; counts packets.
fn read(path: &Path, mut take: impl FnMut(Datagram<'_>), packets: &mut u64) -> Result<(), CaptureError> {
    let mut file = File::open(path)?;
    let mut mark = [0; 4];
    file.read_exact(&mut mark).map_err(|_| CaptureError::NotACapture)?;
    file.rewind()?;
    if !is_capture(mark) {
        return Err(CaptureError::NotACapture);
    }
    let mut capture = CaptureFile::new(file, mark)?;
    let mut unpacker = Unpacker::default();
    while let Some(frame) = capture.next_frame()? {
        *packets = frame.number;
        if let Some(datagram) = unpacker.unpack(&frame)? {
            take(datagram);
        }
    }
    Ok(())
}
