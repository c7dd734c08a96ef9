//! Which transaction a message belongs to: RFC 3261 §17.1.3 for clients, §17.2.3 for servers.

use crate::sip::message::{Method, Request, Response, Via};

/// What names a client transaction: the branch of our Via and the method in CSeq.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientKey {
    branch: String,
    method: Method,
}

impl ClientKey {
    /// The key of a request of ours that bears this Via.
    pub fn of_request(via: &Via, method: Method) -> ClientKey {
        ClientKey { branch: via.branch().unwrap_or_default().to_owned(), method }
    }

    /// The key that a response names; `None` where it is not ours to take.
    ///
    /// RFC 3261 §8.1.3.3: "If more than one Via header field value is present in a response, the UAC
    /// SHOULD discard the message."
    pub fn of_response(response: &Response) -> Option<ClientKey> {
        let vias = response.headers.vias().ok()?;
        let [via] = vias.as_slice() else { return None };
        let method = response.headers.cseq().ok()?.method;
        Some(ClientKey { branch: via.branch()?.to_owned(), method })
    }
}

/// What names a server transaction. An ACK bears the key of its INVITE.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerKey {
    /// The branch, where RFC 3261 made it; else all that RFC 2543 compares.
    branch: String,
    sent_by: (String, u16),
    method: Method,
}

impl ServerKey {
    /// The key of a received request; `None` where its Via cannot be read.
    pub fn of_request(request: &Request) -> Option<ServerKey> {
        let via = request.headers.top_via().ok()?;
        let is_ack = request.method == Method::Ack;
        let method = if is_ack { Method::Invite } else { request.method.clone() };
        let branch = via.branch().filter(|_| via.has_rfc3261_branch()).map(str::to_owned);
        let branch = branch.or_else(|| rfc2543_branch(request, &via))?;
        let sent_by = (via.host.to_string().to_ascii_lowercase(), via.sent_by_port());
        Some(ServerKey { branch, sent_by, method })
    }

    /// The key of the INVITE that a CANCEL with this key is about (RFC 3261 §9.2).
    #[must_use]
    pub fn cancelled(&self) -> ServerKey {
        ServerKey { method: Method::Invite, ..self.clone() }
    }
}

/// RFC 3261 §17.2.3: without the magic cookie Request-URI, From tag, Call-ID, CSeq number and top Via
/// are compared. Deviation: the To tag is not, since the ACK's differs from its INVITE's by rule.
fn rfc2543_branch(request: &Request, via: &Via) -> Option<String> {
    let headers = &request.headers;
    let (call_id, number) = (headers.call_id().ok()?, headers.cseq().ok()?.number);
    let from_tag = headers.from_tag().unwrap_or_default();
    let branch = via.branch().unwrap_or_default();
    Some(format!("{} {from_tag} {call_id} {number} {branch}", request.uri))
}
