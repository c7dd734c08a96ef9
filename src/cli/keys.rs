//! How a phone presses keys, as `demo` and `phone` are told it.

use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;

use crate::leg::key::{Digit, KeyPath};
use crate::phone::{Answer, Stroke};

/// More keys than this nobody presses in one call.
const MOST_KEYS: usize = 64;

/// A comma in a list of keys, as in any modem's dial string.
const COMMA: Duration = Duration::from_secs(1);

/// Keys to press, in order; a comma before one waits a second longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(pub Vec<Stroke>);

impl FromStr for Keys {
    type Err = String;

    fn from_str(text: &str) -> Result<Keys, String> {
        let mut pause = Duration::ZERO;
        let mut strokes = Vec::new();
        for character in text.chars().take(MOST_KEYS + 1) {
            match Digit::from_char(character) {
                None if character == ',' => pause += COMMA,
                Some(digit) => strokes.push(Stroke { digit, pause: std::mem::take(&mut pause) }),
                None => return Err(expected()),
            }
        }
        if text.chars().count() <= MOST_KEYS { Ok(Keys(strokes)) } else { Err(expected()) }
    }
}

fn expected() -> String {
    format!("expected at most {MOST_KEYS} of 0-9 * # A-D, and commas to wait a second")
}

/// The path by which keys are pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PathArg {
    /// A tone in the audio
    #[value(name = "in-band")]
    InBand,
    /// A telephone-event in RTP
    #[value(name = "rfc4733")]
    Rfc4733,
    /// A SIP INFO
    #[value(name = "info")]
    Info,
}

impl From<PathArg> for KeyPath {
    fn from(path: PathArg) -> KeyPath {
        match path {
            PathArg::InBand => KeyPath::InBand,
            PathArg::Rfc4733 => KeyPath::Rfc4733,
            PathArg::Info => KeyPath::SipInfo,
        }
    }
}

/// Who or what answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnswerArg {
    /// A person, who listens and presses
    Human,
    /// A mailbox: a greeting, a beep, and no key
    Voicemail,
    /// An assistant, who asks who calls and why and puts a person on, who presses
    Screening,
    /// Nobody: the line is busy
    Busy,
    /// Somebody who says and presses nothing
    Silent,
}

impl From<AnswerArg> for Answer {
    fn from(answer: AnswerArg) -> Answer {
        match answer {
            AnswerArg::Human => Answer::Human,
            AnswerArg::Voicemail => Answer::Voicemail,
            AnswerArg::Screening => Answer::Screening,
            AnswerArg::Busy => Answer::Busy,
            AnswerArg::Silent => Answer::Silent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_a_phone() {
        assert_eq!("0#".parse::<Keys>().unwrap().0.len(), 2);
        assert_eq!("".parse::<Keys>(), Ok(Keys(Vec::new())), "a person who presses nothing");
        let pauses = "1,,#".parse::<Keys>().unwrap().0.iter().map(|stroke| stroke.pause).collect::<Vec<_>>();
        assert_eq!(pauses, [Duration::ZERO, Duration::from_secs(2)], "a comma is a second");
        assert!("12x".parse::<Keys>().is_err());
        assert!("1".repeat(65).parse::<Keys>().is_err());
    }
}
