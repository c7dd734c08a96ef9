//! Key presses: the digit, the path it came by, and the joining of paths into one key event.
//!
//! The network may deliver one press as a tone, as an RFC 4733 event and as SIP INFO at once.
//! [`KeyJoiner`] makes one [`KeyEvent`] of them, told at the first evidence.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the sixteen keys (ITU-T Q.23). Prints masked, except `#`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digit(u8);

impl Digit {
    /// The pound or hash key.
    pub const HASH: Digit = Digit(b'#');

    /// The key written as `0`–`9`, `*`, `#`, `A`–`D` (small letters too); `None` for anything else.
    pub fn from_char(c: char) -> Option<Digit> {
        let upper = c.to_ascii_uppercase();
        matches!(upper, '0'..='9' | '*' | '#' | 'A'..='D').then_some(Digit(upper as u8))
    }

    /// The key of a DTMF event code 0 to 15 (RFC 4733 §3.2, table 3); `None` above.
    pub fn from_event(code: u8) -> Option<Digit> {
        b"0123456789*#ABCD".get(usize::from(code)).map(|&b| Digit(b))
    }

    /// The DTMF event code (RFC 4733 §3.2, table 3).
    pub fn event(self) -> u8 {
        match self.0 {
            b'*' => 10,
            b'#' => 11,
            letter @ b'A'..=b'D' => 12 + (letter - b'A'),
            number => number - b'0',
        }
    }

    /// The key in clear. For the wire and the script only: never for a log.
    pub fn as_char(self) -> char {
        char::from(self.0)
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Digit::HASH { "#" } else { "?" })
    }
}

/// The path by which a digit reached us (contract, section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyPath {
    /// A tone in the audio, heard by our ear.
    InBand,
    /// A telephone-event in RTP (RFC 4733).
    Rfc4733,
    /// A SIP INFO (`application/dtmf-relay` or `application/dtmf`).
    SipInfo,
    /// A modem's own report (`+DTMF`).
    Modem,
}

/// Why a key did not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distrust {
    /// It was pressed before the answer.
    EarlyMedia,
    /// It was pressed before the person had heard who calls and what is being confirmed.
    BeforeGate,
    /// It was pressed in the speech of what may be a greeting.
    Greeting,
    /// It was made of our own tones, which came back.
    Echo,
    /// It came from an address, an RTP source or a dialog that is not the far end's.
    ForeignSource,
    /// It was sent before: its message is older than one that was taken of the same dialog.
    Stale,
    /// It was pressed in time, but on this call a `#` is not enough.
    Unclean,
}

impl Distrust {
    /// Whether the far end itself sent it now, so that it tells something of what is being keyed.
    pub fn is_of_now(self) -> bool {
        match self {
            Distrust::ForeignSource | Distrust::Stale => false,
            Distrust::EarlyMedia
            | Distrust::BeforeGate
            | Distrust::Greeting
            | Distrust::Echo
            | Distrust::Unclean => true,
        }
    }

    /// Whether nobody can have pressed such a key in answer to us, so that the call is unclean by it.
    pub fn stains(self) -> bool {
        match self {
            Distrust::EarlyMedia | Distrust::BeforeGate | Distrust::Greeting => true,
            Distrust::Echo | Distrust::ForeignSource | Distrust::Stale | Distrust::Unclean => false,
        }
    }
}

/// One press as one path tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Press {
    /// Which key.
    pub digit: Digit,
    /// By which path.
    pub path: KeyPath,
    /// When the press began, on the gateway's media clock.
    pub began: Instant,
}

/// What a further press means beside those already told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KeyEvent {
    /// The same press once more by the same path, as this trunk does.
    Repeated,
    /// A new press of a key.
    Pressed(Press),
    /// The press with this number (from 0, in the order told) came by a further path as well.
    Confirmed {
        /// Number of the press.
        press: usize,
        /// The further path.
        path: KeyPath,
    },
}

/// How far apart the onsets of one press may lie on two media paths.
const MEDIA_WINDOW: Duration = Duration::from_millis(500);
/// The same where one of the paths is SIP INFO, which tells no onset of its own.
const INFO_WINDOW: Duration = Duration::from_millis(1_000);
/// How far the residue of a tone may lie from its event: detection takes a phone under 100 ms, and the
/// paths' clocks differ by less.
const RESIDUE: Duration = Duration::from_millis(100);
/// Presses remembered: joining looks back one second, in which nobody presses more.
const REMEMBERED: usize = 32;

#[derive(Debug)]
struct Told {
    number: usize,
    digit: Digit,
    /// Onset by each path that told it; a path joins a press at most once.
    onsets: Vec<(KeyPath, Instant)>,
}

/// Joins presses that came by several paths; state is bounded.
#[derive(Debug, Default)]
pub struct KeyJoiner {
    told: VecDeque<Told>,
    count: usize,
    repeat: Duration,
}

impl KeyJoiner {
    /// For a trunk that repeats presses: one that begins less than `repeat` after the same key by the
    /// same path began is that press again.
    pub fn new(repeat: Duration) -> KeyJoiner {
        KeyJoiner { repeat, ..KeyJoiner::default() }
    }

    /// Takes one press of one path: a new key, or one already told that came by a further path.
    ///
    /// The k-th press of a digit on one path belongs to the k-th on another: the oldest press in
    /// reach that this path has not told yet is taken.
    pub fn handle_press(&mut self, press: Press) -> KeyEvent {
        if self.told.iter().any(|told| told.is_repeated(&press, self.repeat)) {
            return KeyEvent::Repeated;
        }
        let known = self.told.iter_mut().find(|told| told.is_same(&press));
        if let Some(told) = known {
            told.onsets.push((press.path, press.began));
            return KeyEvent::Confirmed { press: told.number, path: press.path };
        }
        if self.told.len() == REMEMBERED {
            self.told.pop_front();
        }
        let onsets = vec![(press.path, press.began)];
        self.told.push_back(Told { number: self.count, digit: press.digit, onsets });
        self.count += 1;
        KeyEvent::Pressed(press)
    }

    /// Whether what the ear could not decide, from `from` to `to`, is what a phone lets through of the
    /// tone of a press that it sends by another path.
    pub fn is_residue(&self, from: Instant, to: Instant) -> bool {
        self.told.iter().any(|told| told.leaves_residue(from, to))
    }
}

impl Told {
    fn is_same(&self, press: &Press) -> bool {
        self.digit == press.digit
            && self.onsets.iter().all(|(path, _)| *path != press.path)
            && self.onsets.iter().any(|&(path, began)| {
                let info = path == KeyPath::SipInfo || press.path == KeyPath::SipInfo;
                apart(began, press.began) <= if info { INFO_WINDOW } else { MEDIA_WINDOW }
            })
    }

    fn is_repeated(&self, press: &Press, within: Duration) -> bool {
        let same = |&(path, began): &(KeyPath, Instant)| {
            path == press.path && press.began.saturating_duration_since(began) < within
        };
        self.digit == press.digit && self.onsets.iter().any(same)
    }

    fn leaves_residue(&self, from: Instant, to: Instant) -> bool {
        let heard = self.onsets.iter().any(|(path, _)| *path == KeyPath::InBand);
        let near = |&(_, began): &(KeyPath, Instant)| {
            from.saturating_duration_since(began) <= RESIDUE && began.saturating_duration_since(to) <= RESIDUE
        };
        !heard && self.onsets.iter().any(near)
    }
}

fn apart(a: Instant, b: Instant) -> Duration {
    a.saturating_duration_since(b).max(b.saturating_duration_since(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Line {
        zero: Instant,
        joiner: KeyJoiner,
    }

    impl Line {
        fn new() -> Line {
            #[expect(clippy::disallowed_methods, reason = "any instant serves as the virtual zero")]
            let zero = Instant::now();
            Line { zero, joiner: KeyJoiner::default() }
        }

        fn press(&mut self, digit: char, path: KeyPath, ms: u64) -> bool {
            let began = self.zero + Duration::from_millis(ms);
            let press = Press { digit: Digit::from_char(digit).unwrap(), path, began };
            matches!(self.joiner.handle_press(press), KeyEvent::Pressed(_))
        }
    }

    #[test]
    fn a_press_by_three_paths_is_one_press() {
        let mut line = Line::new();
        assert!(line.press('#', KeyPath::InBand, 1_000));
        assert!(!line.press('#', KeyPath::Rfc4733, 1_020));
        assert!(!line.press('#', KeyPath::SipInfo, 1_900));
    }

    /// What a phone lets through of a tone before its event takes over is no trace of another digit;
    /// far from it, or beside a press that was heard, it is one.
    #[test]
    fn residue_of_a_tone_beside_its_event_is_known() {
        let mut line = Line::new();
        line.press('#', KeyPath::Rfc4733, 1_000);
        line.press('5', KeyPath::InBand, 3_000);
        let at = |ms| line.zero + Duration::from_millis(ms);
        for (from, to, residue) in [
            (980, 1_010, true),
            (1_090, 1_110, true),
            (1_101, 1_120, false),
            (860, 899, false),
            (3_000, 3_020, false),
        ] {
            assert_eq!(line.joiner.is_residue(at(from), at(to)), residue, "{from} to {to}");
        }
    }

    /// A trunk known to repeat (`dtmf_repeat_ms`): presses of one path only, and only of one key.
    #[test]
    fn a_repeat_is_no_press_where_the_trunk_repeats() {
        let mut line = Line::new();
        line.joiner = KeyJoiner::new(Duration::from_millis(300));
        assert!(line.press('1', KeyPath::Rfc4733, 1_000));
        assert!(!line.press('1', KeyPath::Rfc4733, 1_299), "the same again");
        assert!(line.press('2', KeyPath::Rfc4733, 1_350));
        assert!(line.press('1', KeyPath::Rfc4733, 1_400));
    }

    #[test]
    fn two_presses_of_one_path_are_two_and_pair_in_order_with_another_path() {
        let mut line = Line::new();
        assert!(line.press('1', KeyPath::Rfc4733, 1_000));
        assert!(line.press('1', KeyPath::Rfc4733, 1_180));
        assert!(!line.press('1', KeyPath::InBand, 1_010));
        assert!(!line.press('1', KeyPath::InBand, 1_190));
        assert!(line.press('1', KeyPath::InBand, 1_400));
    }

    #[test]
    fn paths_join_up_to_500_ms_apart_and_info_up_to_1000() {
        for (path, apart, joined) in [
            (KeyPath::Rfc4733, 500, true),
            (KeyPath::Rfc4733, 501, false),
            (KeyPath::SipInfo, 1_000, true),
            (KeyPath::SipInfo, 1_001, false),
        ] {
            let mut line = Line::new();
            assert!(line.press('#', KeyPath::InBand, 5_000));
            assert_eq!(!line.press('#', path, 5_000 + apart), joined, "{path:?} after {apart} ms");
        }
    }

    #[test]
    fn another_digit_is_another_press() {
        let mut line = Line::new();
        assert!(line.press('0', KeyPath::InBand, 1_000));
        assert!(line.press('#', KeyPath::Rfc4733, 1_000));
    }

    #[test]
    fn every_key_has_its_event_code_and_no_other() {
        for code in 0..16 {
            assert_eq!(Digit::from_event(code).unwrap().event(), code);
        }
        assert_eq!(Digit::from_event(16), None);
        assert_eq!(Digit::from_char('d').unwrap().as_char(), 'D');
        assert_eq!(Digit::from_char('E'), None);
    }

    #[test]
    fn digits_print_masked_except_the_hash() {
        let printed = format!("{:?}{:?}", Digit::from_char('7').unwrap(), Digit::HASH);
        assert_eq!(printed, "?#");
    }
}
