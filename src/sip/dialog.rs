//! Dialogs: RFC 3261 §12.

use super::message::{
    CSeq, HeaderError, Headers, Method, Name, NameAddr, Request, Response, SipUri, Uri, Via,
};

/// One dialog as one of its ends keeps it (RFC 3261 §12).
#[derive(Debug, Clone)]
pub struct Dialog {
    call_id: String,
    local: NameAddr,
    remote: NameAddr,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    route_set: Vec<NameAddr>,
    remote_target: Uri,
}

/// A request whose CSeq is not above those that came before it (RFC 3261 §12.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfOrder;

impl Dialog {
    /// The caller's end, from a response to its INVITE (RFC 3261 §12.1.2).
    ///
    /// A response without Contact leaves the Request-URI as the remote target; one without a To tag
    /// comes from an RFC 2543 phone and has the empty tag.
    ///
    /// # Errors
    /// A To that cannot be read, or an INVITE without the headers of every request.
    pub fn of_response(invite: &Request, response: &Response) -> Result<Dialog, HeaderError> {
        let mut dialog = Dialog {
            call_id: invite.headers.call_id()?.to_owned(),
            local: invite.headers.from()?,
            remote: response.headers.to()?,
            local_cseq: invite.headers.cseq()?.number,
            remote_cseq: None,
            route_set: Vec::new(),
            remote_target: invite.uri.clone(),
        };
        dialog.confirm(&response.headers);
        Ok(dialog)
    }

    /// The answering end, from the INVITE (RFC 3261 §12.1.1).
    ///
    /// # Errors
    /// A header of the INVITE that cannot be read.
    pub fn of_request(invite: &Request, local_tag: &str) -> Result<Dialog, HeaderError> {
        let headers = &invite.headers;
        let remote = headers.from()?;
        let contact = headers.contact()?.map(|contact| contact.uri);
        Ok(Dialog {
            call_id: headers.call_id()?.to_owned(),
            local: headers.to()?.with_tag(local_tag),
            remote_target: contact.unwrap_or_else(|| remote.uri.clone()),
            remote,
            // RFC 3261 §12.1.1: "The local sequence number MUST be empty"; the first request of ours
            // then takes 1.
            local_cseq: 0,
            remote_cseq: Some(headers.cseq()?.number),
            route_set: headers.record_routes()?,
        })
    }

    /// The caller's end again, from what was kept of it: `local` and `remote` with their tags, the
    /// route set in its order. The next request bears the number after `local_cseq`.
    pub fn resume(
        call_id: &str,
        local: NameAddr,
        remote: NameAddr,
        local_cseq: u32,
        route_set: Vec<NameAddr>,
        remote_target: Uri,
    ) -> Dialog {
        let call_id = call_id.to_owned();
        Dialog { call_id, local, remote, local_cseq, remote_cseq: None, route_set, remote_target }
    }

    /// Takes route set and remote target of the 2xx (RFC 3261 §13.2.2.4: the route set "MUST be
    /// recomputed based on the 2xx response").
    ///
    /// Deviation: a Record-Route or Contact that cannot be read counts as absent. §8.1.3.3 would have
    /// the response dropped, and the phone behind it stay up with nobody to hang up on it.
    pub fn confirm(&mut self, headers: &Headers) {
        let mut route_set = headers.record_routes().unwrap_or_default();
        route_set.reverse();
        self.route_set = route_set;
        self.refresh_target(headers);
    }

    /// Takes the Contact of a target refresh request, if it names one (RFC 3261 §12.2.2).
    pub fn refresh_target(&mut self, headers: &Headers) {
        if let Ok(Some(contact)) = headers.contact() {
            self.remote_target = contact.uri;
        }
    }

    /// Whether a received request belongs to this dialog (RFC 3261 §12.2.2, §12.1.2 for null tags).
    pub fn matches(&self, headers: &Headers) -> bool {
        headers.call_id().is_ok_and(|call_id| call_id == self.call_id)
            && headers.to_tag().as_deref() == self.local.tag()
            && headers.from_tag().unwrap_or_default() == self.remote_tag()
    }

    /// The tag of the far end; empty where it gave none.
    pub fn remote_tag(&self) -> &str {
        self.remote.tag().unwrap_or_default()
    }

    /// The tag of ours.
    pub fn local_tag(&self) -> &str {
        self.local.tag().unwrap_or_default()
    }

    /// The URI at which the far end wants our requests.
    pub fn remote_target(&self) -> &Uri {
        &self.remote_target
    }

    /// The proxies that want to stay on the way, nearest first.
    pub fn route_set(&self) -> &[NameAddr] {
        &self.route_set
    }

    /// The URI of the next hop: the first route, else the remote target (RFC 3261 §8.1.2, §12.2.1.1).
    pub fn next_hop(&self) -> &Uri {
        self.route_set.first().map_or(&self.remote_target, |route| &route.uri)
    }

    /// Whether a request with this number is older than one that was taken.
    pub fn is_old(&self, number: u32) -> bool {
        self.remote_cseq.is_some_and(|last| number < last)
    }

    /// Notes the CSeq of a received request; every one above the last is in order.
    ///
    /// # Errors
    /// The number is not above the last one: to be answered 500 (RFC 3261 §12.2.2). Retransmissions
    /// never come here: their transaction takes them. An equal number is a copy by another way.
    pub fn handle_cseq(&mut self, number: u32) -> Result<(), OutOfOrder> {
        if self.remote_cseq.is_some_and(|last| number <= last) {
            return Err(OutOfOrder);
        }
        self.remote_cseq = Some(number);
        Ok(())
    }

    /// The next request of ours in this dialog (RFC 3261 §12.2.1.1).
    pub fn request(&mut self, method: Method, via: &Via) -> Request {
        self.local_cseq += 1;
        self.build(method, via, self.local_cseq)
    }

    /// The ACK to a 2xx: the CSeq number is that of the INVITE (RFC 3261 §13.2.2.4).
    pub fn ack(&self, via: &Via, invite_cseq: u32) -> Request {
        self.build(Method::Ack, via, invite_cseq)
    }

    fn build(&self, method: Method, via: &Via, cseq: u32) -> Request {
        let (uri, routes) = self.addressing();
        let remote = &self.remote;
        let (call_id, local) = (&self.call_id, &self.local);
        let mut request = Request::with_basics(method, uri, via, local, remote, call_id, cseq);
        for route in routes {
            request.headers.push(Name::Route, route.to_string());
        }
        request
    }

    /// Request-URI and Route values (RFC 3261 §12.2.1.1).
    fn addressing(&self) -> (Uri, Vec<NameAddr>) {
        match self.route_set.split_first() {
            // "If the route set is not empty, and its first URI does not contain the lr parameter,
            // the UAC MUST place the first URI from the route set into the Request-URI, stripping any
            // parameters that are not allowed in a Request-URI … The UAC MUST then place the remote
            // target URI into the Route header field as the last value."
            Some((strict, rest)) if !is_loose(&strict.uri) => {
                let mut routes = rest.to_vec();
                routes.push(NameAddr::new(self.remote_target.clone()));
                (stripped(&strict.uri), routes)
            }
            Some(_) => (stripped(&self.remote_target), self.route_set.clone()),
            None => (stripped(&self.remote_target), Vec::new()),
        }
    }
}

fn is_loose(uri: &Uri) -> bool {
    uri.sip().is_some_and(SipUri::is_loose_router)
}

/// Without what may not stand in a Request-URI: `method` and headers (RFC 3261 §19.1.1, table 1).
fn stripped(uri: &Uri) -> Uri {
    let mut uri = uri.clone();
    if let Uri::Sip(sip) = &mut uri {
        sip.params.remove("method");
        sip.headers = None;
    }
    uri
}

/// The CANCEL of an INVITE of ours (RFC 3261 §9.1).
///
/// "The Request-URI, Call-ID, To, the numeric part of CSeq, and From header fields in the CANCEL request
/// MUST be identical to those in the request being cancelled, including tags. A CANCEL constructed by a
/// client MUST have only a single Via header field value matching the top Via value in the request being
/// cancelled"; a Route of the request is repeated too.
///
/// # Errors
/// The INVITE lacks one of these.
pub fn cancel(invite: &Request) -> Result<Request, HeaderError> {
    hop_by_hop(Method::Cancel, invite, &invite.headers.to()?)
}

/// The ACK to a final response other than 2xx (RFC 3261 §17.1.1.3): like the CANCEL, but its To is that
/// of the response.
///
/// # Errors
/// The INVITE or the response lacks a header that is to be repeated.
pub fn ack_of_refusal(invite: &Request, response: &Response) -> Result<Request, HeaderError> {
    hop_by_hop(Method::Ack, invite, &response.headers.to()?)
}

fn hop_by_hop(method: Method, invite: &Request, to: &NameAddr) -> Result<Request, HeaderError> {
    let headers = &invite.headers;
    let CSeq { number, .. } = headers.cseq()?;
    let (via, from, call_id) = (headers.top_via()?, headers.from()?, headers.call_id()?);
    let uri = invite.uri.clone();
    let mut request = Request::with_basics(method, uri, &via, &from, to, call_id, number);
    request.headers.copy(Name::Route, headers);
    Ok(request)
}
