//! How a trunk's INVITE is addressed: number, caller id, host.

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

/// The From user: the wished caller id if it is in the trunk's pool, else the pool's first, else
/// the account's name; `None` if the wish is not in the pool.
pub fn caller_id<'a>(trunk: &'a Trunk, wished: Option<&str>) -> Option<&'a str> {
    let mut pool = trunk.caller_ids.iter().map(String::as_str);
    match wished {
        Some(wished) => pool.find(|&id| id == wished),
        None => pool.next().or(trunk.account.as_ref().map(|account| account.username.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::tests::trunk;

    #[test]
    fn a_caller_id_that_is_not_in_the_pool_is_refused() {
        let trunk = trunk("a", None, 10);
        assert_eq!(caller_id(&trunk, None), Some("+14255550100"));
        assert_eq!(caller_id(&trunk, Some("+14255550100")), Some("+14255550100"));
        assert_eq!(caller_id(&trunk, Some("+14255550199")), None);
    }
}
