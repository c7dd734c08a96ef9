//! What happens at the phone, for tests and for the load run.

use std::time::Instant;

use tokio::sync::mpsc;

use crate::leg::MediaFigures;

/// One event of one call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallNews {
    /// The Call-ID, which the gateway's records have too.
    pub call_id: String,
    /// What happened.
    pub event: PhoneEvent,
}

/// What happened to a call at the phone.
#[derive(Debug, Clone, PartialEq)]
pub enum PhoneEvent {
    /// An INVITE came.
    Ring {
        /// The number that was dialled: the user of the Request-URI, in clear. The phone is for
        /// tests, and a test has to know who was called.
        number: String,
    },
    /// It was answered.
    Answered,
    /// A key was pressed.
    Pressed {
        /// When the first packet that holds any of the key left.
        at: Instant,
    },
    /// The attendant put the caller through.
    PutThrough {
        /// The keys of the extension, in clear, as a test has to know them.
        keyed: String,
    },
    /// The call is over.
    Ended {
        /// When the BYE or CANCEL came or left.
        at: Instant,
        /// Whether it had been answered.
        answered: bool,
        /// What the media half counted.
        figures: MediaFigures,
    },
}

/// The sending side. A reader that falls behind by thousands of events loses some, and the log says
/// so; one that is gone wants none.
#[derive(Debug, Clone)]
pub(super) struct News(pub(super) mpsc::Sender<CallNews>);

impl News {
    pub(super) fn tell(&self, call_id: &str, event: PhoneEvent) {
        let news = CallNews { call_id: call_id.to_owned(), event };
        if let Err(mpsc::error::TrySendError::Full(_)) = self.0.try_send(news) {
            tracing::warn!("the phone's events are not read; one is lost");
        }
    }
}
