//! Key presses as the record has them.

use std::time::{Duration, Instant};

use crate::leg::key::{Distrust, KeyPath};

/// One key press of the call, for the record: never which digit, except `#`.
#[derive(Debug, Clone, PartialEq)]
pub struct PressRecord {
    /// Every path that told it, the first one first.
    pub paths: Vec<KeyPath>,
    /// When it began, counted from the answer.
    pub since_answer: Duration,
    pub(super) began: Instant,
}

/// One press that did not count, for the record: never which digit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IgnoredPress {
    /// Why it did not count.
    pub why: Distrust,
    /// The path that told it first, if the media half knows it.
    pub path: Option<KeyPath>,
    /// When it began, counted from the answer; zero before it.
    pub since_answer: Duration,
}
