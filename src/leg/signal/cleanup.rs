//! The end of a leg that a dead process left up: from its [`LegRecord`] the BYE or the CANCEL it owes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::media::{Media, MediaSetup};
use super::output::{Cx, Outbox, Peer, Transmit, wire};
use super::servers::routed;
use super::setup::Us;
use super::tokens::Tokens;
use super::usage::Usage;
use crate::leg::Codec;
use crate::leg::record::{LegRecord, RecordStage, SipRecord};
use crate::sip::dialog::{self, Dialog};
use crate::sip::digest::{Authenticator, Credentials};
use crate::sip::endpoint::reply;
use crate::sip::message::{
    HeaderError, HeaderFlaw, Headers, Message, Method, Name, NameAddr, Request, Response, Status, Transport,
    Uri,
};
use crate::sip::transaction::timer::T1_X64;
use crate::sip::transaction::{ClientKey, Deadline, NonInviteClient, earlier};

/// What the dead process may have sent in the dialog since its record: the BYE's CSeq leaves so many
/// numbers out (RFC 3261 §12.2.2 allows a gap, and refuses a number that was used).
const CSEQ_GAP: u32 = 16;
/// A phone that a CANCEL stopped refuses the INVITE in the same breath; this is past the third sending
/// of that refusal (RFC 3261 §17.2.1, Timer G).
const REFUSAL_WAIT: Duration = Duration::from_secs(2);
/// Dialogs that one INVITE may lead to.
const MAX_FORKS: usize = 16;

/// Ends one leg after a restart, sans-IO.
///
/// Where a 2xx is stored a BYE leaves; else a CANCEL, even where no provisional answer came (Deviation:
/// RFC 3261 §9.1; a stray one earns a 481 and harms nobody, a phone left ringing does). For 64·T1 every
/// 2xx that the peer still repeats is ACKed and BYEd, every refusal ACKed. A call that was answered and
/// ACKed too late for its record betrays itself by the CANCEL's answer, and is BYEd as well.
#[derive(Debug)]
pub struct Cleanup {
    us: Arc<Us>,
    auth: Option<Authenticator>,
    tokens: Tokens,
    out: Outbox,
    invite: Request,
    peer: Peer,
    cancel: Option<NonInviteClient>,
    usages: Vec<Usage>,
    /// A dialog that may be up, from the record and the CANCEL's answer, and when to leave it.
    suspected: Option<(Instant, Dialog)>,
    record: SipRecord,
    /// Whether the INVITE got a final response other than 2xx.
    refused: bool,
    /// Whether the far end answered a BYE, or sent one.
    hung_up: bool,
    until: Instant,
    over: bool,
}

impl Cleanup {
    /// Begins to end the leg of this record. `us` and `credentials` are those of its trunk now, `seed`
    /// is random.
    ///
    /// # Errors
    /// The record holds something that no process of ours wrote.
    pub fn new(
        now: Instant,
        record: &LegRecord,
        us: Arc<Us>,
        credentials: Option<Credentials>,
        seed: u64,
    ) -> Result<Cleanup, HeaderError> {
        let LegRecord::Sip(record) = record;
        let mut cleanup = Cleanup {
            us,
            auth: credentials.map(Authenticator::new),
            tokens: Tokens::new(seed),
            out: Outbox::default(),
            invite: invite(record)?,
            peer: Peer { transport: Transport::from_token(&record.transport), address: record.destination },
            cancel: None,
            usages: Vec::new(),
            suspected: None,
            record: record.clone(),
            refused: false,
            hung_up: false,
            until: now + T1_X64,
            over: false,
        };
        match &record.stage {
            RecordStage::Inviting => cleanup.send_cancel(now)?,
            RecordStage::Answered { to_tag, remote_target, route_set } => {
                let dialog = resumed(record, to_tag, remote_target, route_set)?;
                cleanup.hang_up(now, dialog);
            }
        }
        Ok(cleanup)
    }

    /// Takes a message with the Call-ID of the record.
    pub fn handle_message(&mut self, now: Instant, message: Message, source: &Peer) {
        match message {
            Message::Response(response) => self.handle_response(now, &response),
            Message::Request(mut request) => {
                request.headers.stamp_source(source.address);
                self.handle_request(now, &request, source);
            }
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(cancel) = &mut self.cancel {
            let effects = cancel.handle_timeout(now);
            self.out.carry_out(&self.peer, &effects);
        }
        for usage in &mut self.usages {
            // Nobody is left to be told how the dialog ended.
            let _ = usage.handle_timeout(&mut Cx { now, tokens: &mut self.tokens, out: &mut self.out });
        }
        if let Some((_, dialog)) = self.suspected.take_if(|(at, _)| *at <= now)
            && !self.is_settled()
        {
            self.hang_up(now, dialog);
        }
        self.over |= self.until <= now;
    }

    /// The next message to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.out.poll_transmit()
    }

    /// When `handle_timeout` wants to be called, and why.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let cancel = self.cancel.as_ref().and_then(NonInviteClient::poll_timeout);
        let usages = self.usages.iter().map(Usage::poll_timeout).fold(None, earlier);
        let until = (!self.over).then_some((self.until, "a 2xx may still be repeated"));
        let suspected = self.suspected.as_ref().map(|(at, _)| (*at, "a cancelled call may be up"));
        earlier(earlier(cancel, usages), earlier(until, suspected))
    }

    /// Whether the far end knows that its call is over, as far as that can be known: forget the record.
    /// What lingers only absorbs repeats.
    pub fn has_parted(&self) -> bool {
        let is_settled = self.over || self.is_settled();
        is_settled && self.usages.iter().all(Usage::has_parted) && self.out.is_empty()
    }

    /// Whether the far end itself has said that its call is over, so that the phone is free.
    pub fn is_confirmed(&self) -> bool {
        (self.refused || self.hung_up) && self.has_parted()
    }

    /// RFC 3261 §9.2: a CANCEL is answered with 200 even where it has no effect, so that only the end of
    /// the INVITE, or the dialog that it led to, tells.
    fn is_settled(&self) -> bool {
        self.refused || !self.usages.is_empty()
    }

    /// Whether 64·T1 have passed and nothing is left to be sent: free it.
    pub fn is_finished(&self) -> bool {
        self.over && self.usages.iter().all(Usage::is_ended) && self.out.is_empty()
    }

    fn send_cancel(&mut self, now: Instant) -> Result<(), HeaderError> {
        let request = dialog::cancel(&self.invite)?;
        let reliable = self.peer.transport.is_reliable();
        let (machine, effects) = NonInviteClient::start(now, wire(request.write()), reliable);
        self.out.carry_out(&self.peer, &effects);
        self.cancel = Some(machine);
        Ok(())
    }

    fn hang_up(&mut self, now: Instant, dialog: Dialog) {
        let mut usage = self.usage(dialog);
        usage.sign_with(self.auth.as_ref());
        usage.hang_up(&mut Cx { now, tokens: &mut self.tokens, out: &mut self.out });
        self.usages.push(usage);
    }

    /// A dialog that is only there to be left; it has no media.
    fn usage(&self, dialog: Dialog) -> Usage {
        let setup = MediaSetup { address: self.us.sent_by, codecs: vec![Codec::Pcmu], events: false };
        Usage::early(&self.us, dialog, Media::new(setup.session(0)), self.peer.clone())
    }

    fn handle_response(&mut self, now: Instant, response: &Response) {
        let Some(key) = ClientKey::of_response(response) else { return };
        let Ok(via) = self.invite.headers.top_via() else { return };
        if key == ClientKey::of_request(&via, Method::Invite) {
            return self.handle_invite_response(now, response);
        }
        if key == ClientKey::of_request(&via, Method::Cancel)
            && let Some(cancel) = &mut self.cancel
        {
            let effects = cancel.handle_response(now, response.status.code());
            self.out.carry_out(&self.peer, &effects);
            return self.suspect(now, response);
        }
        // A challenge asks for the BYE once more (RFC 3261 §22.2); a 481 knows of no call.
        let is_challenge = matches!(response.status.code(), 401 | 407);
        let is_to_bye = response.headers.cseq().is_ok_and(|cseq| cseq.method == Method::Bye);
        self.hung_up |= is_to_bye && response.status.is_final() && !is_challenge;
        for usage in &mut self.usages {
            let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
            let _ = usage.handle_response(cx, &key, response);
        }
    }

    fn handle_invite_response(&mut self, now: Instant, response: &Response) {
        self.refused |= response.status.is_final() && !response.status.is_success();
        if response.status.is_success() {
            self.handle_success(now, response);
        } else if response.status.is_final()
            && let Ok(ack) = dialog::ack_of_refusal(&self.invite, response)
        {
            self.out.transmit(&self.peer, wire(ack.write()));
        }
    }

    /// RFC 3261 §9.2: the 200 to a CANCEL has the To tag of the response to the INVITE. Where that is no
    /// refusal it was a 2xx, which the dead process ACKed before it could be stored.
    ///
    /// Deviation: §12.2.1.1 would send the BYE to the Contact, which only that 2xx told; the
    /// Request-URI of the INVITE leads to the same phone.
    fn suspect(&mut self, now: Instant, response: &Response) {
        let tag = response.headers.to_tag().filter(|_| response.status.is_success());
        if let Some(tag) = tag
            && self.suspected.is_none()
            && let Ok(dialog) = resumed(&self.record, &tag, &self.record.request_uri, &self.record.route)
        {
            self.suspected = Some((now + REFUSAL_WAIT, dialog));
        }
    }

    /// A 2xx that is repeated because nobody was there to ACK it.
    fn handle_success(&mut self, now: Instant, response: &Response) {
        let tag = response.headers.to_tag().unwrap_or_default();
        let known = self.usages.iter().position(|usage| usage.dialog.remote_tag() == tag);
        let at = match known {
            Some(at) => at,
            None if self.usages.len() < MAX_FORKS => {
                let Ok(dialog) = Dialog::of_response(&self.invite, response) else { return };
                self.usages.push(self.usage(dialog));
                self.usages.len() - 1
            }
            None => return,
        };
        let usage = &mut self.usages[at];
        if usage.is_acknowledged() {
            return usage.repeat_ack(&mut self.out);
        }
        let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
        usage.acknowledge(cx, &self.invite, self.auth.as_ref());
        usage.hang_up(cx);
    }

    fn handle_request(&mut self, now: Instant, request: &Request, source: &Peer) {
        let usage = self.usages.iter_mut().find(|usage| usage.dialog.matches(&request.headers));
        if let Some(usage) = usage {
            self.hung_up |= request.method == Method::Bye;
            let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
            let _ = usage.handle_request(cx, request, source);
        } else if request.method != Method::Ack {
            let response = reply(request, Status::CALL_DOES_NOT_EXIST);
            let (bytes, peer) = routed(&response, source);
            self.out.transmit(&peer, bytes);
        }
    }
}

/// The INVITE of a record, as far as ACK and CANCEL repeat it.
fn invite(record: &SipRecord) -> Result<Request, HeaderError> {
    let (uri, from, to) = (uri(&record.request_uri)?, addr(&record.from)?, addr(&record.to)?);
    let mut headers = Headers::new();
    headers.push(Name::Via, &*record.via);
    let via = headers.top_via()?;
    let (call_id, cseq) = (&record.call_id, record.cseq);
    let mut invite = Request::with_basics(Method::Invite, uri, &via, &from, &to, call_id, cseq);
    for route in &record.route {
        invite.headers.push(Name::Route, &**route);
    }
    Ok(invite)
}

fn resumed(
    record: &SipRecord,
    to_tag: &str,
    remote_target: &str,
    route_set: &[String],
) -> Result<Dialog, HeaderError> {
    let (local, remote) = (addr(&record.from)?, addr(&record.to)?);
    let remote = if to_tag.is_empty() { remote } else { remote.with_tag(to_tag) };
    let routes = route_set.iter().map(|route| addr(route)).collect::<Result<_, _>>()?;
    let cseq = record.cseq + CSEQ_GAP;
    Ok(Dialog::resume(&record.call_id, local, remote, cseq, routes, uri(remote_target)?))
}

fn addr(text: &str) -> Result<NameAddr, HeaderError> {
    let mut headers = Headers::new();
    headers.push(Name::To, text);
    headers.to()
}

fn uri(text: &str) -> Result<Uri, HeaderError> {
    Uri::parse(text).map_err(|_| HeaderError { name: Name::To, flaw: HeaderFlaw::Uri })
}
