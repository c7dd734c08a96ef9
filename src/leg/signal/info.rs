//! Key presses in SIP INFO: the two bodies that are in the field, which no RFC defines.
//!
//! `application/dtmf-relay` says `Signal=5` and `Duration=160` (milliseconds) on two lines;
//! `application/dtmf` is the key alone. RFC 6086 §1.1 calls both legacy usage of INFO.

use std::time::{Duration, Instant};

use crate::leg::SignalEvent;
use crate::leg::key::{Digit, Distrust};
use crate::sip::message::{Headers, Method, Request};

/// The media type of the body with `Signal=` and `Duration=`.
pub const DTMF_RELAY: &str = "application/dtmf-relay";
/// The media type of the body that is the key alone.
pub const DTMF: &str = "application/dtmf";
/// A hook-flash by itself; answered, and no key.
const HOOK_FLASH: &str = "application/hook-flash";
/// A body longer than this holds no key press.
const MAX_BODY: usize = 256;
/// A press told as longer than this lasted this long: nobody holds a key for longer to mean it.
const LONGEST_PRESS: Duration = Duration::from_secs(10);

/// What an INFO says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Info {
    /// A key, and how long it was held as far as the body tells.
    Key(Digit, Duration),
    /// Nothing that is a key: no body, a hook-flash, a signal that is none of the sixteen keys.
    Nothing,
    /// A body of a type that we do not read: 415 (RFC 3261 §8.2.3).
    UnknownType,
}

/// What is told of a request that holds a key which must not count; `None` where it holds none.
pub(super) fn untrusted(now: Instant, request: &Request, why: Distrust) -> Option<SignalEvent> {
    if request.method != Method::Info {
        return None;
    }
    match of(&request.headers, &request.body) {
        Info::Key(_, held) => Some(SignalEvent::Untrusted { why, began: began(now, held) }),
        Info::Nothing | Info::UnknownType => None,
    }
}

/// When a press began that is told now: an INFO tells it when it is over, so as long ago as it was held.
pub(super) fn began(now: Instant, held: Duration) -> Instant {
    now.checked_sub(held).unwrap_or(now)
}

/// What an INFO with these headers and this body says.
pub fn of(headers: &Headers, body: &[u8]) -> Info {
    let media_type = headers.content_type().ok().flatten();
    let media_type = media_type.map(|found| format!("{}/{}", found.kind, found.subtype));
    read(media_type.as_deref(), body)
}

/// Reads the body of an INFO of this media type; `None` where there is no Content-Type.
pub fn read(media_type: Option<&str>, body: &[u8]) -> Info {
    let Some(media_type) = media_type.filter(|_| !body.is_empty()) else {
        return Info::Nothing;
    };
    let is = |known: &str| media_type.eq_ignore_ascii_case(known);
    if is(HOOK_FLASH) {
        return Info::Nothing;
    }
    if !is(DTMF_RELAY) && !is(DTMF) {
        return Info::UnknownType;
    }
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= MAX_BODY);
    text.and_then(key).map_or(Info::Nothing, |(digit, held)| Info::Key(digit, held))
}

/// Either body: some senders put `Signal=` under `application/dtmf` as well.
fn key(text: &str) -> Option<(Digit, Duration)> {
    let signal = field(text, "signal").unwrap_or(text);
    let held_ms = field(text, "duration").and_then(|ms| ms.parse().ok()).unwrap_or(0);
    Some((digit(signal.trim())?, Duration::from_millis(held_ms).min(LONGEST_PRESS)))
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A key by its character, or by its event code as some gateways write it (`11` is `#`).
fn digit(signal: &str) -> Option<Digit> {
    let mut chars = signal.chars();
    match (chars.next(), chars.next()) {
        (Some(only), None) => Digit::from_char(only),
        _ => signal.parse().ok().and_then(Digit::from_event),
    }
}

/// The body of a press of ours.
pub(super) fn write(media_type: &str, digit: Digit, held: Duration) -> String {
    if media_type == DTMF {
        return format!("{}\r\n", digit.as_char());
    }
    format!("Signal={}\r\nDuration={}\r\n", digit.as_char(), held.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_key(media_type: &str, body: &str) -> Option<(char, u128)> {
        match read(Some(media_type), body.as_bytes()) {
            Info::Key(digit, held) => Some((digit.as_char(), held.as_millis())),
            Info::Nothing | Info::UnknownType => None,
        }
    }

    #[test]
    fn both_bodies_are_read_in_every_spelling_of_the_field() {
        assert_eq!(read_key(DTMF_RELAY, "Signal=5\r\nDuration=160\r\n"), Some(('5', 160)));
        assert_eq!(read_key(DTMF_RELAY, "Signal= #\nDuration= 100"), Some(('#', 100)));
        assert_eq!(read_key(DTMF_RELAY, "signal=a\r\n"), Some(('A', 0)));
        assert_eq!(read_key(DTMF_RELAY, "Signal=11\r\nDuration=250\r\n"), Some(('#', 250)));
        assert_eq!(read_key("Application/DTMF-Relay", "Signal=*\r\nDuration=x"), Some(('*', 0)));
        assert_eq!(read_key(DTMF, "#"), Some(('#', 0)));
        assert_eq!(read_key(DTMF, "10\r\n"), Some(('*', 0)));
        assert_eq!(read_key(DTMF, "Signal=7\r\nDuration=90"), Some(('7', 90)));
    }

    #[test]
    fn a_hook_flash_and_nonsense_are_no_key() {
        // Pain 5: a hook-flash taken for a key (hass-sip#44).
        for body in ["Signal=hf\r\nDuration=160", "Signal=!\r\n", "Signal=16\r\n", "Signal=\r\n"] {
            assert_eq!(read(Some(DTMF_RELAY), body.as_bytes()), Info::Nothing, "{body:?}");
        }
        assert_eq!(read(Some(DTMF), b"123456789"), Info::Nothing);
        assert_eq!(read(Some(DTMF), &[0xff, b'5']), Info::Nothing);
        assert_eq!(read(Some(DTMF), &[b'5'; 10_000]), Info::Nothing);
        assert_eq!(read(Some(HOOK_FLASH), b"x"), Info::Nothing);
        assert_eq!(read(None, b""), Info::Nothing);
        assert_eq!(read(Some("application/media_control+xml"), b"<x/>"), Info::UnknownType);
    }

    #[test]
    fn a_duration_of_nonsense_length_is_bounded() {
        let body = format!("Signal=5\r\nDuration={}", u64::MAX);
        assert_eq!(read_key(DTMF_RELAY, &body), Some(('5', 10_000)));
    }

    #[test]
    fn what_we_write_is_read_back() {
        for media_type in [DTMF, DTMF_RELAY] {
            let body = write(media_type, Digit::HASH, Duration::from_millis(160));
            assert!(matches!(read(Some(media_type), body.as_bytes()), Info::Key(Digit::HASH, _)));
        }
    }
}
