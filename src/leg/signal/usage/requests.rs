//! Requests received in a dialog: RFC 3261 §12.2.2, §15.1.2; INFO and OPTIONS.

use super::{Standing, Usage};
use crate::leg::key::{Distrust, KeyPath, Press};
use crate::leg::signal::cause;
use crate::leg::signal::info::{self, DTMF, DTMF_RELAY, Info};
use crate::leg::signal::output::{Cx, Peer};
use crate::leg::{Cause, SignalEvent};
use crate::sip::endpoint::{capabilities, not_allowed, reply, unsupported};
use crate::sip::message::{Method, Name, Request, Response, Status};

impl Usage {
    /// Takes a request of this dialog; the cause if it ends the call.
    pub(in crate::leg::signal) fn handle_request(
        &mut self,
        cx: &mut Cx<'_>,
        request: &Request,
        source: &Peer,
    ) -> Option<Cause> {
        if self.servers.absorb(cx.now, request, cx.out) {
            return None;
        }
        if request.method == Method::Ack {
            return self.handle_ack(cx, request);
        }
        if let Some(refusal) = self.refusal(request) {
            self.tell_stale(cx, request);
            self.answer(cx, request, source, &refusal);
            return None;
        }
        self.dispatch(cx, request, source)
    }

    /// A key that is older than what was taken of this dialog was sent before. A copy of the last one came
    /// by another way, and tells nothing new.
    fn tell_stale(&self, cx: &mut Cx<'_>, request: &Request) {
        let is_old = request.headers.cseq().is_ok_and(|cseq| self.dialog.is_old(cseq.number));
        if let Some(event) = info::untrusted(cx.now, request, Distrust::Stale).filter(|_| is_old) {
            cx.out.event(event);
        }
    }

    /// What refuses a request whatever it wants.
    fn refusal(&mut self, request: &Request) -> Option<Response> {
        if request.method == Method::Cancel {
            return Some(self.answer_to_cancel(request));
        }
        let Ok(cseq) = request.headers.cseq() else {
            return Some(reply(request, Status::BAD_REQUEST));
        };
        // RFC 3261 §12.2.2: a number that is not above the last "MUST be rejected with a 500".
        if self.dialog.handle_cseq(cseq.number).is_err() {
            return Some(reply(request, Status::SERVER_INTERNAL_ERROR));
        }
        if request.method == Method::Bye {
            // Whoever hangs up has hung up, whatever the BYE requires.
            return None;
        }
        if self.is_left() {
            return Some(reply(request, Status::CALL_DOES_NOT_EXIST));
        }
        unsupported(request)
    }

    /// RFC 3261 §9.2: a CANCEL of an INVITE that has its final answer is answered 200 and changes
    /// nothing; every INVITE in a dialog is answered at once.
    fn answer_to_cancel(&self, request: &Request) -> Response {
        let known = self.servers.knows_cancelled(request);
        reply(request, if known { Status::OK } else { Status::CALL_DOES_NOT_EXIST })
    }

    fn dispatch(&mut self, cx: &mut Cx<'_>, request: &Request, source: &Peer) -> Option<Cause> {
        match &request.method {
            Method::Bye => return self.handle_bye(cx, request, source),
            Method::Invite => self.handle_reinvite(cx, request, source),
            Method::Update => self.handle_update(cx, request, source),
            Method::Info => self.handle_info(cx, request, source),
            Method::Options => self.answer(cx, request, source, &capabilities(request)),
            Method::Ack
            | Method::Cancel
            | Method::Register
            | Method::Prack
            | Method::Subscribe
            | Method::Notify
            | Method::Refer
            | Method::Message
            | Method::Publish
            | Method::Other(_) => self.answer(cx, request, source, &not_allowed(request)),
        }
        None
    }

    fn handle_bye(&mut self, cx: &mut Cx<'_>, request: &Request, source: &Peer) -> Option<Cause> {
        // RFC 3261 §15.1.2: the 200 leaves at once; what the media half still holds is read after it.
        self.answer(cx, request, source, &reply(request, Status::OK));
        let stood = self.standing;
        self.leave();
        match stood {
            // An early dialog is not the call: the 2xx that this BYE overtook is still to come.
            Standing::Early | Standing::Leaving | Standing::Left => None,
            Standing::Confirmed => Some(cause::of_bye(&request.headers)),
        }
    }

    fn handle_info(&mut self, cx: &mut Cx<'_>, request: &Request, source: &Peer) {
        let info = info::of(&request.headers, &request.body);
        if info == Info::UnknownType {
            // RFC 3261 §8.2.3: 415 with an Accept that lists what we read.
            let mut response = reply(request, Status::UNSUPPORTED_MEDIA_TYPE);
            response.headers.push(Name::Accept, format!("{DTMF_RELAY}, {DTMF}"));
            return self.answer(cx, request, source, &response);
        }
        self.answer(cx, request, source, &reply(request, Status::OK));
        if let Info::Key(digit, held) = info
            && self.standing == Standing::Confirmed
        {
            let began = info::began(cx.now, held);
            cx.out.event(SignalEvent::Key(Press { digit, path: KeyPath::SipInfo, began }));
        }
    }

    pub(super) fn answer(&mut self, cx: &mut Cx<'_>, request: &Request, source: &Peer, response: &Response) {
        let response = self.signed(response);
        self.servers.answer(cx, request, source, &response);
    }

    /// A response that says who we are.
    pub(super) fn signed(&self, response: &Response) -> Response {
        let mut response = response.clone();
        response.headers.push(Name::Server, &*self.us.user_agent);
        response
    }
}
