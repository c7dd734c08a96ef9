//! re-INVITE, UPDATE and the ACK that ends an INVITE: RFC 3261 §14.2, RFC 3311 §5.2, RFC 3264 §8.

use std::sync::Arc;

use super::{Standing, Usage};
use crate::leg::signal::accepting::Accepting;
use crate::leg::signal::cause;
use crate::leg::signal::output::{Cx, Peer};
use crate::leg::{Cause, CauseKind, MediaFormat, SignalEvent, Stage};
use crate::sdp::SdpError;
use crate::sip::endpoint::{ALLOW, reply};
use crate::sip::message::{Headers, Name, Request, Response, Status};

/// The media type of every offer and answer.
pub(in crate::leg::signal) const SDP: &str = "application/sdp";

/// What the body of a message is to offer and answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::leg::signal) enum Body<'a> {
    /// There is none.
    None,
    /// A session description.
    Sdp(&'a [u8]),
    /// Something that we do not read.
    Other,
}

/// Sorts the body of a message. One without a Content-Type is taken for what it nearly always is.
pub(in crate::leg::signal) fn body<'a>(headers: &Headers, body: &'a [u8]) -> Body<'a> {
    if body.is_empty() {
        return Body::None;
    }
    match headers.content_type() {
        Ok(Some(found)) if !found.is("application", "sdp") => Body::Other,
        Ok(_) => Body::Sdp(body),
        Err(_) => Body::Other,
    }
}

impl Usage {
    pub(super) fn handle_reinvite(&mut self, cx: &mut Cx<'_>, request: &Request, source: &Peer) {
        if self.is_early() && !self.caller {
            // RFC 3261 §14.2: "A UAS that receives a second INVITE before it sends the final response
            // to a first INVITE with a lower CSeq sequence number on the same dialog MUST return a 500
            // … and MUST include a Retry-After header field with a randomly chosen value of between 0
            // and 10 seconds."
            let mut response = reply(request, Status::SERVER_INTERNAL_ERROR);
            response.headers.push(Name::RetryAfter, cx.tokens.retry_after_s().to_string());
            return self.answer(cx, request, source, &response);
        }
        // RFC 3261 §14.2: "A UAS that receives an INVITE on a dialog while an INVITE it had sent on
        // that dialog is in progress MUST return a 491"; a 2xx of ours without its ACK is no better.
        if self.is_early() || self.accepting.is_some() {
            return self.answer(cx, request, source, &reply(request, Status::REQUEST_PENDING));
        }
        let (offered, response) = match body(&request.headers, &request.body) {
            Body::None => {
                let offer = self.media.offer();
                (true, self.success(request, Some(offer)))
            }
            Body::Sdp(offer) => (false, self.answer_offer(cx, request, offer)),
            Body::Other => (false, wrong_type(request)),
        };
        let response = self.signed(&response);
        let (bytes, peer) = self.servers.answer(cx, request, source, &response);
        if response.status.is_success() {
            let cseq = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
            self.accepting = Some(Accepting::start(cx.now, cseq, offered, bytes, peer));
        }
    }

    pub(super) fn handle_update(&mut self, cx: &mut Cx<'_>, request: &Request, source: &Peer) {
        let response = match body(&request.headers, &request.body) {
            Body::None => self.success(request, None),
            // RFC 3311 §5.2: an offer while ours waits for its answer "MUST" be answered 491.
            Body::Sdp(_) if self.has_open_offer() => reply(request, Status::REQUEST_PENDING),
            Body::Sdp(offer) => self.answer_offer(cx, request, offer),
            Body::Other => wrong_type(request),
        };
        self.answer(cx, request, source, &response);
    }

    /// In an early dialog the offer of our INVITE, until a 18x has answered it.
    fn has_open_offer(&self) -> bool {
        let unanswered = self.is_early() && self.media.format().is_none();
        unanswered || self.accepting.as_ref().is_some_and(|accepting| accepting.offered)
    }

    fn answer_offer(&mut self, cx: &mut Cx<'_>, request: &Request, offer: &[u8]) -> Response {
        match self.media.handle_offer(offer) {
            Ok((answer, format)) => {
                self.updated = true;
                self.tell(cx, format);
                self.success(request, Some(answer))
            }
            // RFC 3261 §14.2: "If the new session description is not acceptable, the UAS can reject
            // it by returning a 488"; the session stays as it was.
            Err(error) => not_acceptable(request, error),
        }
    }

    /// A 2xx to an INVITE or UPDATE: it refreshes our target, as the request refreshed theirs.
    fn success(&mut self, request: &Request, sdp: Option<String>) -> Response {
        self.dialog.refresh_target(&request.headers);
        let mut response = reply(request, Status::OK);
        response.headers.push(Name::Contact, self.us.contact.to_string());
        response.headers.push(Name::Allow, ALLOW);
        if let Some(sdp) = sdp {
            response.set_body(SDP, sdp);
        }
        response
    }

    fn tell(&mut self, cx: &mut Cx<'_>, format: Arc<MediaFormat>) {
        match self.standing {
            Standing::Early => cx.out.event(SignalEvent::EarlyMedia(format)),
            Standing::Confirmed => {
                cx.out.event(SignalEvent::Renegotiated(format));
                self.media.tell_hold(cx.out);
            }
            Standing::Leaving | Standing::Left => {}
        }
    }

    /// Takes the ACK to a 2xx of ours, with the answer if the 2xx bore our offer.
    pub(super) fn handle_ack(&mut self, cx: &mut Cx<'_>, request: &Request) -> Option<Cause> {
        let number = request.headers.cseq().ok()?.number;
        let accepting = self.accepting.take_if(|accepting| accepting.cseq == number)?;
        let cause = if accepting.offered { self.take_answer(cx, &accepting, request) } else { None };
        let leaving = self.standing == Standing::Leaving;
        if leaving || cause.is_some() {
            self.send_bye(cx);
        }
        cause.filter(|_| !leaving)
    }

    fn take_answer(&mut self, cx: &mut Cx<'_>, accepting: &Accepting, ack: &Request) -> Option<Cause> {
        let answer = match body(&ack.headers, &ack.body) {
            Body::Sdp(answer) => self.media.handle_answer(answer),
            Body::None | Body::Other => Err(SdpError::NoAudio),
        };
        match answer {
            Ok(format) if accepting.initial && self.standing == Standing::Confirmed => {
                cx.out.event(SignalEvent::Answered(format));
                self.media.tell_hold(cx.out);
                None
            }
            Ok(format) => {
                self.tell(cx, format);
                None
            }
            // An answer of no use leaves the session as it was; at the first INVITE there is none.
            Err(error) => self
                .media
                .format()
                .is_none()
                .then(|| cause::ours(CauseKind::NoUsableMedia, Stage::Answered, error.to_string())),
        }
    }
}

/// 488, saying why (RFC 3261 §20.43: 399 is a warning of no particular kind).
pub(in crate::leg::signal) fn not_acceptable(request: &Request, error: SdpError) -> Response {
    let mut response = reply(request, Status::NOT_ACCEPTABLE_HERE);
    response.headers.push(Name::Warning, format!("399 octothorpe \"{error}\""));
    response
}

/// 415 with what we read (RFC 3261 §8.2.3).
pub(in crate::leg::signal) fn wrong_type(request: &Request) -> Response {
    let mut response = reply(request, Status::UNSUPPORTED_MEDIA_TYPE);
    response.headers.push(Name::Accept, SDP);
    response
}
