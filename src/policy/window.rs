//! Sliding windows over remembered moments.

use std::time::Duration;

use crate::config::Rate;
use crate::job::UnixMs;

/// How long until one more fits into every window; `None` when it fits now. `moments` are in order.
pub(super) fn wait<'a>(
    rates: &[Rate],
    moments: impl DoubleEndedIterator<Item = &'a UnixMs> + Clone,
    now: UnixMs,
) -> Option<Duration> {
    let wait = |rate: &Rate| {
        // The one that has to leave the window before another fits.
        let nth = usize::try_from(rate.most).unwrap_or(usize::MAX).saturating_sub(1);
        let blocking = moments.clone().nth_back(nth)?;
        let free_at = blocking.plus(rate.within);
        (free_at > now).then(|| free_at.since(now))
    };
    rates.iter().filter_map(wait).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_waits_until_the_first_of_five_leaves_its_window() {
        let rates = [Rate::new(5, 300), Rate::new(10, 3_600)];
        let at = |s: u64| UnixMs(1_000_000 + s * 1_000);
        let mut moments: Vec<UnixMs> = (0..5).map(|n| at(n * 10)).collect();
        assert_eq!(wait(&rates, moments[..4].iter(), at(40)), None);
        assert_eq!(wait(&rates, moments.iter(), at(60)), Some(Duration::from_secs(240)));
        assert_eq!(wait(&rates, moments.iter(), at(300)), None, "the first has just left");
        assert_eq!(wait(&rates, moments.iter(), at(299)), Some(Duration::from_secs(1)));
        moments.extend((0..5).map(|n| at(310 + n)));
        // Both windows are full: the longer wait is told.
        assert_eq!(wait(&rates, moments.iter(), at(320)), Some(Duration::from_secs(3_600 - 320)));
        // A clock that was set back makes nobody wait longer than the window.
        assert!(wait(&rates, moments.iter(), at(0)) <= Some(Duration::from_secs(3_600 + 320)));
    }
}
