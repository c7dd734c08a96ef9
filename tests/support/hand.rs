//! The hand that presses: a phone that others wrote, and the way in which it sends its keys.

use std::thread;
use std::time::Duration;

use super::peers::{Baresip, Linphone, LinphoneKeys};
use super::scratch::Scratch;

/// From the answer to the first key: the context is up to 3 s long, and the gate opens after it.
const BEFORE_KEYS: Duration = Duration::from_secs(4);
/// From one key to the next.
const BETWEEN_KEYS: Duration = Duration::from_millis(450);

/// Which phone, and how it sends a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    BaresipEvents,
    BaresipTones,
    LinphoneEvents,
    LinphoneInfo,
}

/// A phone with somebody at it.
#[derive(Debug)]
pub(crate) enum Hand {
    Events(Baresip),
    Tones(Baresip),
    Linphone(Linphone),
}

impl Means {
    /// Where the phone is called.
    pub(crate) fn port(self) -> u16 {
        match self {
            Means::BaresipEvents | Means::BaresipTones => 5071,
            Means::LinphoneEvents | Means::LinphoneInfo => 5091,
        }
    }

    /// The path that a result must name.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Means::BaresipEvents | Means::LinphoneEvents => "rfc4733",
            Means::BaresipTones => "in_band",
            Means::LinphoneInfo => "sip_info",
        }
    }
}

impl Hand {
    /// Starts the phone in the network of this thread; it answers at once as `user`.
    pub(crate) fn start(means: Means, scratch: &Scratch, user: &str) -> Hand {
        match means {
            Means::BaresipEvents => Hand::Events(Baresip::start(scratch, user)),
            Means::BaresipTones => Hand::Tones(Baresip::start(scratch, user)),
            Means::LinphoneEvents => Hand::Linphone(Linphone::start(scratch, LinphoneKeys::Events)),
            Means::LinphoneInfo => Hand::Linphone(Linphone::start(scratch, LinphoneKeys::Info)),
        }
    }

    /// Waits for a call and for its gate; whether a call came.
    pub(crate) fn wait_for_gate(&mut self) -> bool {
        let answered = match self {
            Hand::Events(phone) | Hand::Tones(phone) => phone.wait_answered(),
            Hand::Linphone(phone) => phone.wait_answered(),
        };
        if answered {
            thread::sleep(BEFORE_KEYS);
        }
        answered
    }

    /// Presses one key after the other, and returns when the last one is up.
    pub(crate) fn press(&mut self, keys: &str) {
        if let Hand::Tones(phone) = self {
            phone.press_tones(keys);
            thread::sleep(Duration::from_secs(1) + keys.len() as u32 * Duration::from_millis(500));
            return;
        }
        for key in keys.chars() {
            match self {
                Hand::Events(phone) | Hand::Tones(phone) => phone.press_key(key),
                Hand::Linphone(phone) => phone.press_key(key),
            }
            thread::sleep(BETWEEN_KEYS);
        }
    }
}
