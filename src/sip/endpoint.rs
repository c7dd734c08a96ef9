//! A message to its call, or a stateless answer: RFC 3261 §8.2, §12.2.2, §18.1.2.
//!
//! The gateway holds the map from Call-ID to call; the endpoint says which entry a message is for, and
//! what becomes of a message that is for none. It keeps no state, so that a flood costs no memory:
//! RFC 3261 §8.2.7 has a stateless server give the same answer to every retransmission.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

use super::message::{Message, Method, Name, ReadError, Request, Response, Status, Transport, Uri};

/// The methods that we take in a dialog, as our Allow says.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routing {
    /// It belongs to the call with this Call-ID.
    Call(String),
    /// An INVITE outside any call, at an endpoint that takes calls.
    NewCall,
    /// Send this response, where [`response_target`] says.
    Answer(Box<Response>),
    /// Drop it and count it under this head.
    Drop(Dropped),
}

/// Why a message is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dropped {
    /// A request outside any call from an address that is no trunk's. Whoever scans learns nothing.
    Stranger,
    /// A response to no call of ours; a leg that a dead process left is a call while it is ended.
    UnknownResponse,
    /// An ACK to no call of ours: an ACK is never answered (RFC 3261 §8.2.6.1).
    UnknownAck,
    /// Bytes that are no message, or none that can be answered.
    Malformed,
}

/// What an endpoint does with calls from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The gateway: it places calls and takes none (403).
    NoCalls,
    /// The answering phone: it takes every call.
    AllCalls,
}

/// Routes messages. One serves a whole process.
#[derive(Debug, Clone)]
pub struct Endpoint {
    admission: Admission,
    user_agent: String,
    secret: u64,
}

impl Endpoint {
    /// An endpoint. `secret` is random, so that nobody can guess the To tags of stateless answers.
    pub fn new(admission: Admission, user_agent: &str, secret: u64) -> Endpoint {
        Endpoint { admission, user_agent: user_agent.to_owned(), secret }
    }

    /// Says what becomes of a message from `source`. `is_trunk` tells whether that address is a
    /// trunk's, `is_known` whether a call has the Call-ID.
    ///
    /// A message of a known call goes to it from any address: a dialog's requests come from its remote
    /// target, which need not be the trunk; the call checks the tags.
    pub fn route(
        &self,
        message: &Message,
        source: SocketAddr,
        is_trunk: bool,
        is_known: impl FnOnce(&str) -> bool,
    ) -> Routing {
        let call_id = message.headers().call_id().ok();
        if let Some(call_id) = call_id.filter(|call_id| is_known(call_id)) {
            return Routing::Call(call_id.to_owned());
        }
        match message {
            Message::Response(_) => Routing::Drop(Dropped::UnknownResponse),
            Message::Request(_) if !is_trunk => Routing::Drop(Dropped::Stranger),
            Message::Request(request) => self.outside(request, source),
        }
    }

    /// Says what becomes of bytes that could not be read: 400 and its kin to a trunk that can be
    /// answered (RFC 3261 §21.4.1), nothing to anybody else.
    pub fn route_malformed(&self, error: ReadError, source: SocketAddr, is_trunk: bool) -> Routing {
        match error.refusal.filter(|_| is_trunk) {
            Some(mut refusal) => {
                refusal.headers.stamp_source(source);
                Routing::Answer(Box::new(self.finish(*refusal)))
            }
            None => Routing::Drop(Dropped::Malformed),
        }
    }

    /// A request of a trunk that belongs to no call (RFC 3261 §8.2).
    ///
    /// Max-Forwards is no matter for the last hop: 483 is a proxy's to send (§16.3), and §11 has
    /// OPTIONS answered whatever it says.
    fn outside(&self, request: &Request, source: SocketAddr) -> Routing {
        if request.method == Method::Ack {
            return Routing::Drop(Dropped::UnknownAck);
        }
        if self.admission == Admission::AllCalls && is_new_call(request) {
            return Routing::NewCall;
        }
        Routing::Answer(Box::new(self.answer(request, source)))
    }

    /// The stateless answer to a request other than ACK that belongs to no dialog and to no call.
    pub fn answer(&self, request: &Request, source: SocketAddr) -> Response {
        let mut response = match &request.method {
            // RFC 3261 §12.2.2: a To tag that names no dialog; §9.2: a CANCEL of nothing.
            _ if request.headers.to_tag().is_some() => reply(request, Status::CALL_DOES_NOT_EXIST),
            Method::Cancel => reply(request, Status::CALL_DOES_NOT_EXIST),
            Method::Invite => reply(request, Status::FORBIDDEN),
            Method::Options => options(request),
            Method::Ack
            | Method::Bye
            | Method::Register
            | Method::Info
            | Method::Prack
            | Method::Update
            | Method::Subscribe
            | Method::Notify
            | Method::Refer
            | Method::Message
            | Method::Publish
            | Method::Other(_) => not_allowed(request),
        };
        response.headers.stamp_source(source);
        self.finish(response)
    }

    fn finish(&self, mut response: Response) -> Response {
        // RFC 3261 §8.2.7: the To tag of a stateless answer is the same for each retransmission.
        let mut hasher = DefaultHasher::new();
        self.secret.hash(&mut hasher);
        for name in [Name::Via, Name::From, Name::CallId, Name::CSeq] {
            response.headers.get(name).hash(&mut hasher);
        }
        response.set_to_tag(&format!("{:016x}", hasher.finish()));
        response.headers.push(Name::Server, &*self.user_agent);
        response
    }
}

fn is_new_call(request: &Request) -> bool {
    request.method == Method::Invite && request.headers.to_tag().is_none()
}

fn options(request: &Request) -> Response {
    if !matches!(request.uri, Uri::Sip(_) | Uri::Tel(_)) {
        // RFC 3261 §8.2.2.1: a Request-URI of a scheme that we do not speak.
        return reply(request, Status::UNSUPPORTED_URI_SCHEME);
    }
    unsupported(request).unwrap_or_else(|| capabilities(request))
}

/// The answer to a request with this status and its registered phrase.
pub fn reply(request: &Request, status: Status) -> Response {
    request.response(status, status.phrase())
}

/// 405 with the methods that we take (RFC 3261 §8.2.1).
pub fn not_allowed(request: &Request) -> Response {
    let mut response = reply(request, Status::METHOD_NOT_ALLOWED);
    response.headers.push(Name::Allow, ALLOW);
    response
}

/// 200 to an OPTIONS (RFC 3261 §11.2).
pub fn capabilities(request: &Request) -> Response {
    let mut response = reply(request, Status::OK);
    response.headers.push(Name::Allow, ALLOW);
    response.headers.push(Name::Accept, "application/sdp");
    response
}

/// 420 naming what the request requires, if it requires anything: we support no extension (RFC 3261
/// §8.2.2.3). `None` also for ACK and CANCEL, in which Require is ignored.
pub fn unsupported(request: &Request) -> Option<Response> {
    if matches!(request.method, Method::Ack | Method::Cancel) {
        return None;
    }
    let required = request.headers.tokens(Name::Require);
    match required {
        Ok(tokens) if tokens.is_empty() => None,
        Ok(tokens) => {
            let mut response = reply(request, Status::BAD_EXTENSION);
            response.headers.push(Name::Unsupported, tokens.join(", "));
            Some(response)
        }
        Err(_) => Some(reply(request, Status::BAD_REQUEST)),
    }
}

/// Where a response goes (RFC 3261 §18.2.2, RFC 3581 §4): on a stream back by its connection, else where
/// the topmost Via says, whose `received` and `rport` were stamped on arrival.
pub fn response_target(response: &Response, transport: &Transport, source: SocketAddr) -> SocketAddr {
    if transport.is_reliable() {
        return source;
    }
    let via = response.headers.top_via().ok();
    via.and_then(|via| via.response_target()).unwrap_or(source)
}
