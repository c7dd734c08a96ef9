//! How a phone presses keys, as `demo` and `phone` are told it.

use std::str::FromStr;

use clap::ValueEnum;

use crate::leg::key::{Digit, KeyPath};
use crate::phone::Answer;

/// More keys than this nobody presses in one call.
const MOST_KEYS: usize = 64;

/// Keys to press, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(pub Vec<Digit>);

impl FromStr for Keys {
    type Err = String;

    fn from_str(text: &str) -> Result<Keys, String> {
        let keys: Option<Vec<Digit>> = text.chars().map(Digit::from_char).collect();
        keys.filter(|keys| keys.len() <= MOST_KEYS)
            .map(Keys)
            .ok_or_else(|| format!("expected at most {MOST_KEYS} of 0-9 * # A-D"))
    }
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
        assert!("12x".parse::<Keys>().is_err());
        assert!("1".repeat(65).parse::<Keys>().is_err());
    }
}
