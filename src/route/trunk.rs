//! How a trunk's INVITE is addressed.

use crate::config::{NumberFormat, Trunk};
use crate::number::Number;

/// The user part of the Request-URI: the number as the trunk wants it.
pub fn request_user(trunk: &Trunk, number: &Number) -> String {
    let e164 = number.e164();
    let written = match trunk.number_format {
        NumberFormat::PlusE164 => e164.as_str(),
        NumberFormat::E164 => e164.trim_start_matches('+'),
    };
    format!("{}{written}", trunk.dial_prefix)
}

/// The number that this user part calls, if the trunk writes numbers so.
pub fn called_number(trunk: &Trunk, user: &str) -> Option<Number> {
    let written = user.strip_prefix(trunk.dial_prefix.as_str())?;
    match trunk.number_format {
        NumberFormat::PlusE164 => Number::parse(written).ok(),
        NumberFormat::E164 => Number::parse(&format!("+{written}")).ok(),
    }
}
