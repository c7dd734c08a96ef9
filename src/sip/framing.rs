//! Messages on a stream (RFC 3261 §18.3, §7.5; keep-alives of RFC 5626 §3.5.1).

use super::message::{Flaw, HeaderFlaw, MAX_HEADERS, MAX_MESSAGE, Name};
use super::message::{content_length, lines};
use thiserror::Error;

/// Cuts a byte stream into messages, in whatever pieces the bytes come.
///
/// After each [`Self::push`] call [`Self::next_frame`] until it has nothing more: then no more than one
/// unfinished message is held. Each byte is looked at a bounded number of times, however small the pieces.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: Vec<u8>,
    /// Where the unread bytes begin; what lies before goes when the next bytes come.
    start: usize,
    state: State,
    failed: Option<FrameError>,
}

/// What was found in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One whole message, for [`super::message::Message::read`].
    Message(Vec<u8>),
    /// A double CRLF between messages, to be answered with one CRLF (RFC 5626 §3.5.1). A single one
    /// means nothing and is passed (RFC 3261 §7.5).
    Ping,
}

/// Why the stream cannot be read on: where the next message begins is unknown, so it is to be closed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameError {
    /// A head or a message past [`MAX_MESSAGE`].
    #[error("a message is too large")]
    TooLarge,
    /// RFC 3261 §20.14: on a stream `Content-Length` must be there, once, as a number.
    #[error("Content-Length is {0}")]
    ContentLength(HeaderFlaw),
    /// A line that cannot be told apart from the next.
    #[error(transparent)]
    Head(Flaw),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Between messages, where line ends mean nothing but keep-alives.
    #[default]
    Between,
    /// In a head: looked at up to `at`; the line there began at `line`. Both are offsets from the start.
    Head { at: usize, line: usize },
    /// The whole message has this many bytes.
    Body { length: usize },
}

impl StreamFramer {
    /// At the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was received; nothing more once the stream has failed.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole thing in the stream, or `None` until more bytes come.
    ///
    /// # Errors
    /// The stream cannot be read on and must be closed; every later call says the same.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.advance();
        if let Err(error) = &result {
            self.failed = Some(error.clone());
            self.buffer = Vec::new();
            self.start = 0;
        }
        result
    }

    fn advance(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            match self.state {
                State::Between => match self.between() {
                    Between::Ping => return Ok(Some(Frame::Ping)),
                    Between::More => return Ok(None),
                    Between::Message => self.state = State::Head { at: 0, line: 0 },
                },
                State::Head { at, line } => match self.head(at, line)? {
                    Some(length) => self.state = State::Body { length },
                    None => return Ok(None),
                },
                State::Body { length } => {
                    let Some(message) = self.unread().get(..length) else { return Ok(None) };
                    let message = message.to_vec();
                    self.start += length;
                    self.state = State::Between;
                    return Ok(Some(Frame::Message(message)));
                }
            }
        }
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Passes line ends. What a CRLF is can only be told by what follows it, however the bytes are split.
    fn between(&mut self) -> Between {
        loop {
            let passed = match self.unread() {
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    self.start += 4;
                    return Between::Ping;
                }
                [b'\r', b'\n', b'\r'] | [b'\r', b'\n'] | [b'\r'] | [] => return Between::More,
                [b'\r', b'\n', ..] => 2,
                [b'\r' | b'\n', ..] => 1,
                _ => return Between::Message,
            };
            self.start += passed;
        }
    }

    /// Looks for the empty line, from where it stopped looking; then tells the message's length.
    fn head(&mut self, mut at: usize, mut line: usize) -> Result<Option<usize>, FrameError> {
        let bytes = self.unread();
        while let Some(found) = bytes.get(at..).and_then(lines::find_control) {
            let end = at + found;
            at = end + 1;
            if at > MAX_MESSAGE {
                return Err(FrameError::TooLarge);
            }
            if bytes.get(end) != Some(&b'\n') {
                continue;
            }
            if matches!(bytes.get(line..end), Some([] | [b'\r'])) {
                let length = at + body_length(bytes.get(..at).unwrap_or_default())?;
                return if length > MAX_MESSAGE { Err(FrameError::TooLarge) } else { Ok(Some(length)) };
            }
            line = at;
        }
        let at = bytes.len();
        if at > MAX_MESSAGE {
            return Err(FrameError::TooLarge);
        }
        self.state = State::Head { at, line };
        Ok(None)
    }
}

/// What stands between two messages.
enum Between {
    Ping,
    Message,
    More,
}

/// The `Content-Length` of a whole head. Lines that are malformed otherwise are the reader's to judge.
fn body_length(head: &[u8]) -> Result<usize, FrameError> {
    let mut lines = lines::Lines::new(head);
    let mut found = None;
    // A start line with a stray control byte still ends at its line feed, so the rest can be cut.
    ignore_malformed(lines.start_line().map(Some))?;
    for _ in 0..=MAX_HEADERS {
        let Some(line) = ignore_malformed(lines.header())? else {
            return found.ok_or(FrameError::ContentLength(HeaderFlaw::Missing));
        };
        let Some(line) = line else { continue };
        if Name::from_token(line.name) != Some(Name::ContentLength) {
            continue;
        }
        if found.is_some() {
            return Err(FrameError::ContentLength(HeaderFlaw::Duplicate));
        }
        let value = line.unfolded().text;
        found = Some(content_length(value.as_bytes()).map_err(FrameError::ContentLength)?);
    }
    Err(FrameError::Head(Flaw::TooManyHeaders))
}

/// The line; `Some(None)` for one that is malformed in itself; `None` at the end of the head.
fn ignore_malformed<T>(line: Result<Option<T>, Flaw>) -> Result<Option<Option<T>>, FrameError> {
    match line {
        Ok(line) => Ok(line.map(Some)),
        Err(Flaw::ControlByte | Flaw::HeaderName) => Ok(Some(None)),
        Err(flaw) => Err(FrameError::Head(flaw)),
    }
}
