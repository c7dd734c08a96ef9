//! One line of the SIP ladder: what a message is, without numbers.

use super::observer::Rung;
use crate::sip::message::Message;

/// The rung of a message that came.
pub(super) fn received(message: &Message) -> Rung {
    rung(false, message)
}

/// The rung of bytes that leave.
pub(super) fn sent(bytes: &[u8]) -> Rung {
    match Message::read(bytes) {
        Ok(message) => rung(true, &message),
        Err(_) => Rung { sent: true, what: "unreadable".into(), sdp: false },
    }
}

fn rung(sent: bool, message: &Message) -> Rung {
    let what = match message {
        Message::Request(request) => request.method.to_string(),
        Message::Response(response) => {
            let status = response.status;
            match response.headers.cseq() {
                Ok(cseq) => format!("{} {} ({})", status.code(), status.phrase(), cseq.method),
                Err(_) => format!("{} {}", status.code(), status.phrase()),
            }
        }
    };
    Rung { sent, what, sdp: !message.body().is_empty() }
}
