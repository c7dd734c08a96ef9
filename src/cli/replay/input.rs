//! One input, heard from its beginning to its end.

use std::io;

use super::capture::{self, CaptureError, HeardStream};
use super::film::Film;
use super::finding::Finding;
use super::hearing::{Hearing, Wishes};
use super::source::{Source, SourceError};

/// Why an input was not heard to its end.
pub(super) enum Stop {
    /// It is damaged, or nothing that can be heard.
    Source(SourceError),
    /// What was heard cannot be told.
    Output(io::Error),
}

impl<E: Into<SourceError>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Source(error.into())
    }
}

/// Takes a finding, and whether several streams of one capture have some.
pub(super) type Tell<'a> = dyn FnMut(&Finding, bool) -> io::Result<()> + 'a;

/// How an input ended, and its film if one was wished for.
pub(super) struct Heard {
    pub(super) film: Option<Film>,
    pub(super) ended: Result<(), Stop>,
}

/// Tells everything that is heard in a source as soon as it is sure. What a damaged one holds before
/// its damage is heard.
pub(super) fn hear(source: Source<'_>, wishes: &Wishes, tell: &mut Tell<'_>) -> Heard {
    match source {
        Source::Recording(mut recording) => {
            hear_blocks(|take| recording.next_block().map(|block| block.map(take).is_some()), wishes, tell)
        }
        Source::G711(mut octets) => {
            hear_blocks(|take| octets.next_block().map(|block| block.map(take).is_some()), wishes, tell)
        }
        Source::Capture(_) if wishes.played.is_some() => {
            Heard { film: None, ended: Err(CaptureError::Played.into()) }
        }
        Source::Capture(path) => match capture::hear(&path, wishes) {
            Ok((streams, damage)) => hear_streams(streams, damage, tell),
            Err(error) => Heard { film: None, ended: Err(error.into()) },
        },
    }
}

/// Hears blocks of samples: `next` hands one to what it is given, and says whether there was one.
fn hear_blocks<E: Into<SourceError>>(
    mut next: impl FnMut(&mut dyn FnMut(&[i16])) -> Result<bool, E>,
    wishes: &Wishes,
    tell: &mut Tell<'_>,
) -> Heard {
    let mut hearing = Hearing::new(wishes);
    let mut findings: Vec<Finding> = Vec::new();
    let mut tell_all = |findings: &mut Vec<Finding>| {
        findings.drain(..).try_for_each(|finding| tell(&finding, false)).map_err(Stop::Output)
    };
    let ended = loop {
        let more = next(&mut |block| hearing.feed(block, &mut |finding| findings.push(finding)));
        let told = tell_all(&mut findings);
        match (more, told) {
            (Ok(true), Ok(())) => {}
            (_, Err(stop)) => break Err(stop),
            (Ok(false), Ok(())) => break Ok(()),
            (Err(error), Ok(())) => break Err(Stop::from(error)),
        }
    };
    let film = hearing.finish(&mut |finding| findings.push(finding));
    let ended = tell_all(&mut findings).and(ended);
    Heard { film, ended }
}

/// Tells what was heard in a capture; its film is that of the stream with the most keys.
fn hear_streams(streams: Vec<HeardStream>, damage: Option<CaptureError>, tell: &mut Tell<'_>) -> Heard {
    let several = streams.iter().filter(|stream| !stream.findings.is_empty()).count() > 1;
    let findings = streams.iter().flat_map(|stream| &stream.findings);
    let told = findings.into_iter().try_for_each(|finding| tell(finding, several)).map_err(Stop::Output);
    let ended = told.and(damage.map_or(Ok(()), |error| Err(error.into())));
    let film = streams.into_iter().rev().max_by_key(|stream| stream.keys).and_then(|stream| stream.film);
    Heard { film, ended }
}
