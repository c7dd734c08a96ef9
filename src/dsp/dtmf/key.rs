//! The sixteen keys of ITU-T Q.23 and their frequencies.

use std::fmt;

use crate::dsp::units::Hz;

/// The low group, one frequency a row of the keypad (ITU-T Q.23 §4).
pub const LOW_GROUP: [Hz; 4] = [Hz(697.0), Hz(770.0), Hz(852.0), Hz(941.0)];

/// The high group, one frequency a column.
pub const HIGH_GROUP: [Hz; 4] = [Hz(1209.0), Hz(1336.0), Hz(1477.0), Hz(1633.0)];

const KEYPAD: [char; 16] = ['1', '2', '3', 'A', '4', '5', '6', 'B', '7', '8', '9', 'C', '*', '0', '#', 'D'];

/// One of the sixteen keys. Which one it is shows only where asked for by
/// [`Key::as_char`]: its `Debug` form names nothing but `#`, so that codes and
/// PINs do not reach a log by way of a struct.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(u8);

impl Key {
    /// The key at a row and a column of the keypad, each 0 to 3.
    pub(crate) fn at(row: usize, column: usize) -> Self {
        Self(((row & 3) * 4 + (column & 3)) as u8)
    }

    /// All sixteen, row by row.
    pub fn all() -> impl Iterator<Item = Key> {
        (0..16).map(Key)
    }

    /// The key of a character of `0-9 * # A-D`, letters in either case.
    pub fn from_char(character: char) -> Option<Self> {
        let wanted = character.to_ascii_uppercase();
        let index = KEYPAD.iter().position(|key| *key == wanted)?;
        Some(Self(index as u8))
    }

    /// The character printed on the key.
    pub fn as_char(self) -> char {
        KEYPAD[self.row() * 4 + self.column()]
    }

    /// Row of the keypad, 0 at the top.
    pub fn row(self) -> usize {
        usize::from(self.0 >> 2) & 3
    }

    /// Column of the keypad, 0 at the left.
    pub fn column(self) -> usize {
        usize::from(self.0 & 3)
    }

    /// Its frequency in the low group.
    pub fn low(self) -> Hz {
        LOW_GROUP[self.row()]
    }

    /// Its frequency in the high group.
    pub fn high(self) -> Hz {
        HIGH_GROUP[self.column()]
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.as_char() == '#' { "Key(#)" } else { "Key(masked)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_row_and_column_of_q23() {
        let hash = Key::from_char('#').unwrap();
        assert_eq!((hash.low(), hash.high()), (Hz(941.0), Hz(1477.0)));
        let one = Key::from_char('1').unwrap();
        assert_eq!((one.low(), one.high()), (Hz(697.0), Hz(1209.0)));
        let d = Key::from_char('d').unwrap();
        assert_eq!((d.low(), d.high()), (Hz(941.0), Hz(1633.0)));
    }

    #[test]
    fn characters_and_keys_are_inverse() {
        assert_eq!(Key::all().count(), 16);
        for key in Key::all() {
            assert_eq!(Key::from_char(key.as_char()), Some(key));
            assert_eq!(Key::at(key.row(), key.column()), key);
        }
        assert_eq!(Key::from_char('x'), None);
    }

    #[test]
    fn a_printed_struct_does_not_tell_the_digit() {
        let five = format!("{:?}", Key::from_char('5').unwrap());
        assert!(!five.contains('5'), "{five}");
        assert_eq!(format!("{:?}", Key::from_char('#').unwrap()), "Key(#)");
    }
}
