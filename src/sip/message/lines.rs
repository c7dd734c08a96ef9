//! Cuts the head of a message into its start line and its logical header lines (RFC 3261 §7.3.1, §25.1).

use super::Flaw;
use super::cursor::is_token;

/// Walks over a head line by line. A line ends with CRLF; a bare LF is taken too, because no two
/// elements can disagree about a message that ends here, and a bare CR is refused.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    visited: usize,
}

/// A physical line without its end.
struct Physical<'a> {
    text: &'a [u8],
    clean: bool,
}

/// A header line with its folds still in the value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// The name without the spaces before its colon; a token.
    pub(crate) name: &'a str,
    /// What stands behind the colon, folds and outer spaces included.
    pub(crate) value: &'a [u8],
    /// Whether the value goes over several physical lines.
    pub(crate) folded: bool,
}

impl<'a> Lines<'a> {
    /// At the start of a message, behind any line ends before it (RFC 3261 §7.5).
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let at = bytes.iter().take_while(|&&b| matches!(b, b'\r' | b'\n')).count();
        Self { bytes, at, visited: at }
    }

    /// Where the next line begins.
    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// How many bytes were looked at.
    pub(crate) const fn visited(&self) -> usize {
        self.visited
    }

    /// The start line.
    pub(crate) fn start_line(&mut self) -> Result<&'a [u8], Flaw> {
        if self.at >= self.bytes.len() {
            return Err(Flaw::Empty);
        }
        let line = self.physical()?;
        if line.clean { Ok(line.text) } else { Err(Flaw::ControlByte) }
    }

    /// The next header line, or `None` behind the empty line that ends the head. After
    /// [`Flaw::ControlByte`] and [`Flaw::HeaderName`] the next line can be read; other flaws are final.
    pub(crate) fn header(&mut self) -> Result<Option<Line<'a>>, Flaw> {
        let start = self.at;
        let first = self.physical()?;
        if first.text.is_empty() {
            return Ok(None);
        }
        let mut clean = first.clean;
        let mut end = start + first.text.len();
        let mut folded = false;
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t')) {
            let continuation_start = self.at;
            let continuation = self.physical()?;
            clean &= continuation.clean;
            end = continuation_start + continuation.text.len();
            folded = true;
        }
        let whole = self.bytes.get(start..end).unwrap_or_default();
        let (name, value) = self.name(whole).ok_or(Flaw::HeaderName)?;
        if !clean {
            return Err(Flaw::ControlByte);
        }
        Ok(Some(Line { name, value, folded }))
    }

    /// Splits at the colon. RFC 3261 §25.1: spaces may stand before it.
    fn name(&mut self, line: &'a [u8]) -> Option<(&'a str, &'a [u8])> {
        let name_end = line.iter().position(|&b| !is_token(b)).unwrap_or(line.len());
        let (name, rest) = line.split_at(name_end);
        let spaces = rest.iter().take_while(|&&b| matches!(b, b' ' | b'\t')).count();
        self.visited += name_end + spaces;
        let (colon, value) = rest.get(spaces..)?.split_first()?;
        let name = std::str::from_utf8(name).ok()?;
        (*colon == b':' && !name.is_empty()).then_some((name, value))
    }

    /// Reads to the end of a line, judging the bytes that could end a line for somebody else.
    fn physical(&mut self) -> Result<Physical<'a>, Flaw> {
        let start = self.at;
        let mut clean = true;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(stop) = find_control(rest) else {
                self.visited += rest.len();
                self.at = self.bytes.len();
                return Err(Flaw::HeadersUnfinished);
            };
            let found = self.at + stop;
            self.at = found + 1;
            self.visited += stop + 1;
            match (rest[stop], rest.get(stop + 1)) {
                (b'\n', _) => return Ok(self.line(start, found, clean)),
                (b'\r', Some(b'\n')) => {
                    self.at += 1;
                    self.visited += 1;
                    return Ok(self.line(start, found, clean));
                }
                // RFC 3261 §25.1: quoted-pair = "\" (%x00-09 / %x0B-0C / %x0E-7F).
                (0, _) if found > start && self.bytes[found - 1] == b'\\' => {}
                (0 | b'\r', _) => clean = false,
                // Other control bytes can end no line: a display name may hold them.
                _ => {}
            }
        }
    }

    fn line(&self, start: usize, end: usize, clean: bool) -> Physical<'a> {
        Physical { text: self.bytes.get(start..end).unwrap_or_default(), clean }
    }
}

impl Line<'_> {
    /// The value as text on one line: each fold is one space (RFC 3261 §7.3.1), outer spaces are gone.
    pub(crate) fn unfolded(&self) -> Text {
        if !self.folded {
            return Text::decode(trim(self.value));
        }
        let mut joined = Vec::with_capacity(self.value.len());
        for part in self.value.split(|&b| b == b'\n') {
            let part = trim(part.strip_suffix(b"\r").unwrap_or(part));
            if !joined.is_empty() && !part.is_empty() {
                joined.push(b' ');
            }
            joined.extend_from_slice(part);
        }
        Text::decode(trim(&joined))
    }
}

/// Text from the wire.
#[derive(Debug)]
pub(crate) struct Text {
    /// The text.
    pub(crate) text: String,
    /// How many bytes it is longer than it was, because it was Latin-1.
    pub(crate) grown_by: usize,
}

impl Text {
    /// UTF-8 (RFC 3261 §7.3.1) or, where it is none, Latin-1, which older phones send in display names.
    /// What is written back is UTF-8.
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self { text: text.to_owned(), grown_by: 0 };
        }
        let text: String = bytes.iter().map(|&b| char::from(b)).collect();
        let grown_by = text.len() - bytes.len();
        Self { text, grown_by }
    }
}

/// Where the first byte below 0x20 stands. Eight bytes are judged at once: reading a message is for the most
/// part looking for the ends of its lines.
pub(crate) fn find_control(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (words, tail) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // A byte borrows from its high bit only if it is below 0x20; a false alarm can only stand behind a
        // true one, so the lowest set bit is right.
        let below = word.wrapping_sub(0x20 * LOW) & !word & HIGH;
        if below != 0 {
            return Some(8 * i + below.trailing_zeros() as usize / 8);
        }
    }
    let tail_start = bytes.len() - tail.len();
    tail.iter().position(|&b| b < 0x20).map(|at| tail_start + at)
}

/// Without outer spaces and tabs.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}
