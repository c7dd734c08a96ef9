//! Wrong PINs and challenges across calls: three numbers, as Microsoft's account lockout has them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::table::Fades;
use crate::config::LockConfig;
use crate::job::UnixMs;

/// The wrong entries of one user or number of a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lock {
    /// Wrong entries in a row.
    wrong: u32,
    /// They are forgotten then.
    reset_at: UnixMs,
    /// Locked until then.
    locked_until: UnixMs,
}

impl Lock {
    /// Notes a wrong entry.
    pub(super) fn wrong(&mut self, config: &LockConfig, now: UnixMs) {
        if self.reset_at <= now {
            self.wrong = 0;
        }
        self.wrong = self.wrong.saturating_add(1);
        self.reset_at = now.plus(config.reset);
        if self.wrong >= config.tries {
            self.wrong = 0;
            self.locked_until = now.plus(config.unlock);
        }
    }

    /// How long it stays locked; `None` when it is open.
    pub(super) fn wait(&self, now: UnixMs) -> Option<Duration> {
        (self.locked_until > now).then(|| self.locked_until.since(now))
    }
}

impl Fades for Lock {
    fn needed_until(&self) -> UnixMs {
        self.reset_at.max(self.locked_until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_reset_and_unlock_are_three_numbers() {
        let config =
            LockConfig { tries: 3, reset: Duration::from_secs(600), unlock: Duration::from_secs(3_600) };
        let s = |seconds: u64| UnixMs(seconds * 1_000);
        let mut lock = Lock::default();
        let wrong = |lock: &mut Lock, at| {
            lock.wrong(&config, s(at));
            lock.wait(s(at)).is_some()
        };
        assert!(!wrong(&mut lock, 0) && !wrong(&mut lock, 10));
        assert!(!wrong(&mut lock, 611), "the first two were forgotten 600 s after the second");
        assert!(!wrong(&mut lock, 612));
        assert!(wrong(&mut lock, 613));
        assert_eq!(lock.wait(s(614)), Some(Duration::from_secs(3_599)));
        assert_eq!(lock.wait(s(613 + 3_600)), None);
        assert!(!wrong(&mut lock, 613 + 3_600), "it starts anew");
    }
}
