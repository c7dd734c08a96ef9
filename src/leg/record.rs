//! What ends a leg after a crash: stored before each INVITE leaves and at its first 2xx.
//!
//! The queue keeps a [`LegRecord`] without reading it. After a restart
//! [`Cleanup`](super::signal::Cleanup) makes of it the BYE or the CANCEL that the dead process owes.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// What a later process needs to end one leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum LegRecord {
    /// A leg over SIP.
    Sip(SipRecord),
}

/// One INVITE and, once it is answered, its dialog. Values are header values as they stand on the wire;
/// `Debug` leaves out those that hold a number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipRecord {
    /// Whether a 2xx came, and with it what a BYE needs.
    pub stage: RecordStage,
    /// The Request-URI of the INVITE.
    pub request_uri: String,
    /// The Route values of the INVITE, in their order.
    pub route: Vec<String>,
    /// The top Via of the INVITE, branch included: a CANCEL bears the same (RFC 3261 §9.1).
    pub via: String,
    /// The Call-ID.
    pub call_id: String,
    /// The From of the INVITE, with our tag.
    pub from: String,
    /// The To of the INVITE, without a tag.
    pub to: String,
    /// The CSeq number of the INVITE.
    pub cseq: u32,
    /// The transport by which it left, as a Via names it.
    pub transport: String,
    /// Where it went.
    pub destination: SocketAddr,
    /// The address of ours from which it left.
    pub local: SocketAddr,
}

/// How far the leg had come when its record was stored. `Debug` tells no more than that.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum RecordStage {
    /// The INVITE is about to leave, or left.
    Inviting,
    /// A 2xx came (RFC 3261 §12.1.2).
    Answered {
        /// The tag of its To; empty where an old peer sent none.
        to_tag: String,
        /// The URI of its Contact, to which the BYE goes.
        remote_target: String,
        /// The route set: its Record-Route values, reversed.
        route_set: Vec<String>,
    },
}

impl fmt::Debug for SipRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SipRecord")
            .field("stage", &self.stage)
            .field("call_id", &self.call_id)
            .field("cseq", &self.cseq)
            .field("destination", &self.destination)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RecordStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RecordStage::Inviting => "Inviting",
            RecordStage::Answered { .. } => "Answered",
        })
    }
}

impl LegRecord {
    /// The Call-ID by which messages of this leg are found again.
    pub fn call_id(&self) -> &str {
        match self {
            LegRecord::Sip(record) => &record.call_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> LegRecord {
        LegRecord::Sip(SipRecord {
            stage: RecordStage::Answered {
                to_tag: "314".into(),
                remote_target: "sip:+14255550123@192.0.2.4".into(),
                route_set: vec!["<sip:p2.example.com;lr>".into()],
            },
            request_uri: "sip:+14255550123@192.0.2.1".into(),
            route: Vec::new(),
            via: "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1".into(),
            call_id: "a@b".into(),
            from: "<sip:+14255550100@192.0.2.9>;tag=1".into(),
            to: "<sip:+14255550123@192.0.2.1>".into(),
            cseq: 2,
            transport: "UDP".into(),
            destination: "[2001:db8::1]:5060".parse().unwrap(),
            local: "[2001:db8::2]:5060".parse().unwrap(),
        })
    }

    #[test]
    fn a_record_survives_the_store() {
        let record = record();
        let stored = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<LegRecord>(&stored).unwrap(), record);
        assert_eq!(record.call_id(), "a@b");
    }

    /// Contract: numbers are masked wherever they are printed; errors and logs print with `Debug`.
    #[test]
    fn a_record_is_printed_without_its_number() {
        let shown = format!("{:?}", record());
        assert_eq!(
            shown,
            "Sip(SipRecord { stage: Answered, call_id: \"a@b\", cseq: 2, destination: [2001:db8::1]:5060, .. })"
        );
        let LegRecord::Sip(record) = record();
        assert!(!format!("{record:#?} {:#?}", record.stage).contains("0123"));
    }
}
