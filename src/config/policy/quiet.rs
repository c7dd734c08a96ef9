//! Quiet hours: from one time of day to another, over midnight where the first is the later one.

use toml::Spanned;

use super::written;
use crate::config::source::Source;

/// A span of the day, in minutes from midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// They begin then.
    pub from_min: u16,
    /// They end then.
    pub to_min: u16,
}

impl QuietHours {
    /// Both keys, or neither.
    pub(in crate::config) fn check(
        written: &written::QuietHours,
        source: &mut Source,
    ) -> Option<Option<QuietHours>> {
        match (&written.from, &written.to) {
            (None, None) => Some(None),
            (Some(from), Some(to)) => {
                let (from_min, to_min) = (time(from, "from", source)?, time(to, "to", source)?);
                if from_min == to_min {
                    return source.refuse(
                        to.span(),
                        "`from` and `to` are the same time, so that the hours are all or none",
                        "Write another time, or leave both out",
                    );
                }
                Some(Some(QuietHours { from_min, to_min }))
            }
            (Some(only), None) | (None, Some(only)) => {
                source.refuse(only.span(), "quiet hours need `from` and `to`", "Write the other one too")
            }
        }
    }

    /// The minutes until they end, when it is this time of the day; `None` outside them.
    pub fn left(self, minute: u16) -> Option<u16> {
        let length = (self.to_min + DAY_MIN - self.from_min) % DAY_MIN;
        let passed = (minute + DAY_MIN - self.from_min) % DAY_MIN;
        length.checked_sub(passed).filter(|left| *left > 0)
    }
}

const DAY_MIN: u16 = 24 * 60;

fn time(text: &Spanned<String>, key: &str, source: &mut Source) -> Option<u16> {
    let read = || {
        let (hours, minutes) = text.get_ref().split_once(':')?;
        let two = |digits: &str| {
            (digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()))
                .then(|| digits.parse::<u16>().ok())?
        };
        let (hours, minutes) = (two(hours)?, two(minutes)?);
        (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
    };
    read().or_else(|| {
        source.refuse(
            text.span(),
            format!("`{key}` is {:?}, expected a time of the day", text.get_ref()),
            "Write for example \"22:00\"",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_goes_over_midnight() {
        let night = QuietHours { from_min: 22 * 60, to_min: 7 * 60 };
        assert_eq!(night.left(22 * 60), Some(9 * 60));
        assert_eq!(night.left(0), Some(7 * 60));
        assert_eq!(night.left(7 * 60 - 1), Some(1));
        assert_eq!((night.left(7 * 60), night.left(12 * 60), night.left(22 * 60 - 1)), (None, None, None));
        let siesta = QuietHours { from_min: 14 * 60, to_min: 16 * 60 };
        assert_eq!((siesta.left(15 * 60), siesta.left(16 * 60), siesta.left(2 * 60)), (Some(60), None, None));
    }
}
