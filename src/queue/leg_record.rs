//! What is needed to end a leg after a crash. Opaque to engines.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// One leg as it stood when the record was made. Holds the number in the clear; the engine erases it
/// when the job ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "leg", rename_all = "snake_case")]
pub enum LegRecord {
    /// A SIP dialog or the INVITE that asks for one.
    Sip {
        /// How far it got: decides between CANCEL and BYE.
        stage: SipStage,
        /// The INVITE's Request-URI.
        request_uri: String,
        /// The INVITE's Route values, in order.
        route: Vec<String>,
        /// The top Via with its branch: a CANCEL carries the same (RFC 3261 §9.1).
        via: String,
        /// Call-ID.
        call_id: String,
        /// From with its tag.
        from: String,
        /// To as the INVITE had it, without a tag.
        to: String,
        /// The INVITE's CSeq number.
        cseq: u32,
        /// `udp` or `tcp`.
        transport: String,
        /// Where the INVITE went.
        destination: SocketAddr,
        /// Where it left from.
        local: SocketAddr,
        /// The Contact of the 2xx.
        remote_target: Option<String>,
        /// The To tag of the 2xx.
        to_tag: Option<String>,
        /// The route set of the dialog, in order (RFC 3261 §12.1.2).
        route_set: Vec<String>,
    },
}

/// How far a SIP leg got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SipStage {
    /// The INVITE is about to leave.
    Invited,
    /// A 2xx came.
    Answered,
}

impl std::fmt::Debug for LegRecord {
    /// URIs hold the number, so that none of them is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LegRecord::Sip { stage, call_id, cseq, destination, .. } => f
                .debug_struct("Sip")
                .field("stage", stage)
                .field("call_id", call_id)
                .field("cseq", cseq)
                .field("destination", destination)
                .finish_non_exhaustive(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_survives_the_store_and_its_debug_form_hides_the_number() {
        let leg = LegRecord::Sip {
            stage: SipStage::Answered,
            request_uri: "sip:+14252345667@192.0.2.1".into(),
            route: vec!["<sip:192.0.2.9;lr>".into()],
            via: "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1".into(),
            call_id: "c1".into(),
            from: "<sip:+14255550100@192.0.2.2>;tag=a".into(),
            to: "<sip:+14252345667@192.0.2.1>".into(),
            cseq: 2,
            transport: "udp".into(),
            destination: "192.0.2.9:5060".parse().unwrap(),
            local: "192.0.2.2:5060".parse().unwrap(),
            remote_target: Some("sip:+14252345667@192.0.2.7".into()),
            to_tag: Some("b".into()),
            route_set: Vec::new(),
        };
        let kept = serde_json::to_vec(&leg).unwrap();
        assert_eq!(serde_json::from_slice::<LegRecord>(&kept).unwrap(), leg);
        let shown = format!("{leg:?}");
        assert!(shown.contains("c1") && !shown.contains("2345667"), "{shown}");
    }
}
