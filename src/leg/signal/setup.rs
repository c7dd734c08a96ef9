//! What a leg is told at its start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::media::MediaSetup;
use super::output::Peer;
use crate::sip::digest::Credentials;
use crate::sip::message::{NameAddr, Uri};

/// Who we are in every message of a leg.
#[derive(Debug, Clone)]
pub struct Us {
    /// Where the far end finds us in the dialog (RFC 3261 §8.1.1.8).
    pub contact: NameAddr,
    /// The address in our Via (RFC 3261 §18.1.1); responses come back by `rport` all the same.
    pub sent_by: SocketAddr,
    /// What we call ourselves in User-Agent and Server.
    pub user_agent: String,
}

/// One place where an INVITE may go, and who we are there.
#[derive(Debug, Clone)]
pub struct Target {
    /// The next hop.
    pub peer: Peer,
    /// Who we are by its transport.
    pub us: Arc<Us>,
    /// The address of ours from which messages leave; kept in the record for the next process.
    pub local: SocketAddr,
}

/// One attempt: whom to call, as whom, by which way.
#[derive(Debug, Clone)]
pub struct OutgoingSetup {
    /// The Request-URI.
    pub request_uri: Uri,
    /// The From without a tag.
    pub from: NameAddr,
    /// The To.
    pub to: NameAddr,
    /// The P-Asserted-Identity (RFC 3325), where the trunk wants one.
    pub asserted_identity: Option<NameAddr>,
    /// Where the INVITE goes: the trunk's targets in their order (RFC 3263 §4). At least one.
    pub targets: Vec<Target>,
    /// Our name and password at the trunk, if we have one.
    pub credentials: Option<Credentials>,
    /// Where our media lives and what it speaks.
    pub media: MediaSetup,
    /// How long an unanswered call may last, from the INVITE.
    pub ring_timeout: Duration,
    /// Whether a 183 of this trunk means that the phone rings.
    pub ringing_means_183: bool,
    /// The seed of tags, branches and the Call-ID; random for each leg.
    pub seed: u64,
}

/// One call to be taken by the answering phone.
#[derive(Debug, Clone)]
pub struct IncomingSetup {
    /// Who we are.
    pub us: Arc<Us>,
    /// Where our media lives and what it speaks.
    pub media: MediaSetup,
    /// The seed of tags and branches; random for each leg.
    pub seed: u64,
}
