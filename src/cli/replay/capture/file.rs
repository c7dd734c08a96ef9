//! Capture files, packet by packet: classic pcap and pcapng, by the crate pcap-file.

use std::fs::File;
use std::time::Duration;

use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::{Block, PcapNgReader, blocks::interface_description::InterfaceDescriptionOption};
use pcap_file::{DataLink, PcapError, TsResolution};

use super::error::CaptureError;

/// The marks of the files that are read here, in either byte order.
const MARKS: [[u8; 4]; 5] = [
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x4d, 0x3c, 0xb2, 0xa1],
    PCAPNG_MARK,
];
const PCAPNG_MARK: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// Whether a file that begins so is a capture.
pub(in crate::cli::replay) fn is_capture(mark: [u8; 4]) -> bool {
    MARKS.contains(&mark)
}

/// One frame as it was captured.
#[derive(Debug)]
pub(super) struct Frame {
    /// Its place in the file, from 1.
    pub(super) number: u64,
    /// When it was captured, since 1970.
    pub(super) at: Duration,
    /// What its first bytes are.
    pub(super) link: DataLink,
    /// The bytes that were kept.
    pub(super) bytes: Vec<u8>,
}

/// A capture that is being read.
pub(super) struct CaptureFile {
    reader: Reader,
    count: u64,
    last_at: Duration,
}

enum Reader {
    Classic(Box<PcapReader<File>>),
    Ng(Box<PcapNgReader<File>>),
}

impl CaptureFile {
    /// Begins a file that bears a capture's mark.
    pub(super) fn new(file: File, mark: [u8; 4]) -> Result<CaptureFile, CaptureError> {
        let reader = if mark == PCAPNG_MARK {
            PcapNgReader::new(file).map(|reader| Reader::Ng(Box::new(reader)))
        } else {
            PcapReader::new(file).map(|reader| Reader::Classic(Box::new(reader)))
        };
        let reader = reader.map_err(|error| told(error, 0))?;
        Ok(CaptureFile { reader, count: 0, last_at: Duration::ZERO })
    }

    /// The next frame; `None` at the end.
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame>, CaptureError> {
        let next = match &mut self.reader {
            Reader::Classic(reader) => next_classic(reader),
            Reader::Ng(reader) => next_ng(reader, self.last_at),
        };
        let frame = next.map_err(|error| told(error, self.count))?;
        Ok(frame.map(|frame| {
            self.count += 1;
            self.last_at = frame.at;
            Frame { number: self.count, ..frame }
        }))
    }
}

/// A packet of a classic file. It is taken raw, for its length is checked by nobody else's limit: the
/// snap length in the head is often wrong.
fn next_classic(reader: &mut PcapReader<File>) -> Result<Option<Frame>, PcapError> {
    let header = reader.header();
    let Some(packet) = reader.next_raw_packet().transpose()? else { return Ok(None) };
    let fraction = match header.ts_resolution {
        TsResolution::MicroSecond => Duration::from_micros(packet.ts_frac.into()),
        TsResolution::NanoSecond => Duration::from_nanos(packet.ts_frac.into()),
    };
    Ok(Some(Frame {
        number: 0,
        at: Duration::from_secs(packet.ts_sec.into()) + fraction,
        link: header.datalink,
        bytes: packet.data.into_owned(),
    }))
}

/// A packet of a pcapng file; blocks that are none are passed over. One that has no time of its own (a
/// simple packet) stands at `last_at`.
fn next_ng(reader: &mut PcapNgReader<File>, last_at: Duration) -> Result<Option<Frame>, PcapError> {
    loop {
        let Some(block) = reader.next_block().transpose()? else { return Ok(None) };
        let (interface, ticks, bytes) = match &block {
            Block::EnhancedPacket(packet) => {
                // The crate takes every tick for a nanosecond; what a tick is, its interface says.
                let ticks = u64::try_from(packet.timestamp.as_nanos()).unwrap_or(u64::MAX);
                (packet.interface_id, Some(ticks), packet.data.to_vec())
            }
            Block::Packet(packet) => {
                let id = u32::from(packet.interface_id);
                (id, Some(packet.timestamp), packet.data.to_vec())
            }
            Block::SimplePacket(packet) => (0, None, packet.data.to_vec()),
            Block::SectionHeader(_)
            | Block::InterfaceDescription(_)
            | Block::NameResolution(_)
            | Block::InterfaceStatistics(_)
            | Block::SystemdJournalExport(_)
            | Block::Unknown(_) => continue,
        };
        let found = reader.interfaces().get(interface as usize);
        let found = found.ok_or(PcapError::InvalidInterfaceId(interface))?;
        let resolution = found.options.iter().find_map(|option| {
            let InterfaceDescriptionOption::IfTsResol(resolution) = option else { return None };
            Some(*resolution)
        });
        let at = ticks.map_or(last_at, |ticks| span(ticks, resolution));
        return Ok(Some(Frame { number: 0, at, link: found.linktype, bytes }));
    }
}

/// Ticks as time: `if_tsresol` is a power of ten, or of two where its highest bit is set; microseconds
/// without it.
fn span(ticks: u64, resolution: Option<u8>) -> Duration {
    let resolution = resolution.unwrap_or(6);
    let power = u32::from(resolution & 0x7f);
    let base: u128 = if resolution & 0x80 == 0 { 10 } else { 2 };
    let second = base.checked_pow(power).unwrap_or(u128::MAX);
    let nanoseconds = u128::from(ticks).saturating_mul(1_000_000_000) / second;
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

fn told(error: PcapError, after: u64) -> CaptureError {
    let what = match error {
        PcapError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return CaptureError::CutOff { after };
        }
        PcapError::IoError(error) => return CaptureError::Io(error),
        PcapError::IncompleteBuffer => return CaptureError::CutOff { after },
        PcapError::InvalidField(what) => what,
        PcapError::Utf8Error(_) | PcapError::FromUtf8Error(_) => "text that is no UTF-8",
        PcapError::InvalidInterfaceId(_) => "a packet of an interface that was never described",
    };
    CaptureError::Damaged { after, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// draft-ietf-opsawg-pcapng §4.2: "If the Most Significant Bit is equal to zero, the remaining bits
    /// indicate the resolution of the timestamp as a negative power of 10"; else of 2; by default 10^-6.
    #[test]
    fn ticks_are_as_long_as_the_interface_says() {
        for (ticks, resolution, ns) in [
            (1_500_000, None, 1_500_000_000),
            (1_500_000_000, Some(9), 1_500_000_000),
            (1_536, Some(0x80 | 10), 1_500_000_000),
            (7, Some(0x7f), 0),
            (u64::MAX, Some(0), u64::MAX),
        ] {
            assert_eq!(span(ticks, resolution), Duration::from_nanos(ns), "{ticks} {resolution:?}");
        }
    }
}
