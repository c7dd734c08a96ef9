//! The ear: tells the sixteen keys of ITU-T Q.23 in audio, as ITU-T Q.24 asks.
//!
//! Two stages. A `gate` of eight bins looks at every block of 12 ms and opens
//! where a low and a high tone make up most of it, hum and dial tones left
//! out. Where it is open, a `fit` of two tones with free frequencies decides
//! every 4 ms on a `window` of 24 ms; three windows must agree, and more where
//! the tones were there before the key, where they fade or where another note
//! stands beside them. So a key is told 28 to 36 ms after its
//! onset, which is about as early as a tone of 23 ms, which must not be a key,
//! allows. What fell short of a key leaves a `trace`.
//!
//! Everything happens on hops of 4 ms counted from the first sample, so that
//! what is told and when does not depend on the blocks that come in.

mod agreement;
mod companions;
mod detector;
mod event;
mod exam;
mod fit;
mod gate;
mod history;
mod key;
mod limits;
mod press;
mod standing;
mod trace;
mod window;

use std::sync::LazyLock;

pub use detector::Detector;
pub use event::{Began, Ended, Event, Gap};
pub use key::{HIGH_GROUP, Key, LOW_GROUP};

use super::highpass::Highpass;
use gate::Gate;
use limits::Limits;

/// Constants that all lines share.
#[derive(Default)]
struct Tables {
    highpass: Highpass,
    gate: Gate,
    limits: Limits,
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::default);
