//! What offer and answer agreed, in the words of the boundary, and whether we are held.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::output::Outbox;
use crate::leg::{Codec, MediaFormat, SignalEvent};
use crate::sdp::{Agreed, Encoding, Local, SdpError, Session, Settings};

/// Where our media lives and what it speaks.
#[derive(Debug, Clone)]
pub struct MediaSetup {
    /// Our RTP address and port as the far end shall see them.
    pub address: SocketAddr,
    /// The laws that we speak, in our order of preference; not empty.
    pub codecs: Vec<Codec>,
    /// Whether telephone-event is offered and taken.
    pub events: bool,
}

impl MediaSetup {
    pub(super) fn session(&self, session_id: u64) -> Session {
        let local = Local { address: self.address.ip(), port: self.address.port() };
        let encodings = self.codecs.iter().copied().map(encoding).collect();
        Session::new(session_id, local, Settings { encodings, events: self.events })
    }
}

/// Media of one dialog: its offers and answers, and what stands.
#[derive(Debug, Clone)]
pub(super) struct Media {
    session: Session,
    format: Option<Arc<MediaFormat>>,
    held: bool,
}

impl Media {
    pub(super) fn new(session: Session) -> Media {
        Media { session, format: None, held: false }
    }

    /// What stands, if anything was agreed.
    pub(super) fn format(&self) -> Option<&Arc<MediaFormat>> {
        self.format.as_ref()
    }

    /// Our offer.
    pub(super) fn offer(&mut self) -> String {
        self.session.offer()
    }

    /// Takes their answer to our offer.
    pub(super) fn handle_answer(&mut self, body: &[u8]) -> Result<Arc<MediaFormat>, SdpError> {
        let agreed = self.session.handle_answer(body)?;
        Ok(self.stand(&agreed))
    }

    /// Takes their answer to the offer that `offering` made, whatever an earlier answer said.
    ///
    /// Deviation: RFC 3261 §13.2.1, which has the first answer stand; carriers move media in the 200.
    pub(super) fn handle_answer_anew(
        &mut self,
        offering: &Session,
        body: &[u8],
    ) -> Result<Arc<MediaFormat>, SdpError> {
        let mut session = offering.clone();
        let agreed = session.handle_answer(body)?;
        self.session = session;
        Ok(self.stand(&agreed))
    }

    /// Takes their offer: our answer's text, and what stands from now on.
    pub(super) fn handle_offer(&mut self, body: &[u8]) -> Result<(String, Arc<MediaFormat>), SdpError> {
        let answer = self.session.handle_offer(body)?;
        Ok((answer.body, self.stand(&answer.agreed)))
    }

    fn stand(&mut self, agreed: &Agreed) -> Arc<MediaFormat> {
        let format = Arc::new(media_format(agreed));
        self.format = Some(Arc::clone(&format));
        format
    }

    /// Lets go of everything: the dialog is over and may linger.
    pub(super) fn forget(&mut self) {
        let local = Local { address: Ipv4Addr::UNSPECIFIED.into(), port: 0 };
        let silent = Settings { encodings: Vec::new(), events: false };
        *self = Media::new(Session::new(0, local, silent));
    }

    /// Tells whether the far end holds us, if that changed.
    pub(super) fn tell_hold(&mut self, out: &mut Outbox) {
        let held = self.format.as_ref().is_some_and(|format| is_hold(format));
        if held != self.held {
            self.held = held;
            out.event(SignalEvent::Held(held));
        }
    }
}

/// RFC 3264 §8.4: `sendonly` or `inactive` from them, or the old `c=0.0.0.0`.
fn is_hold(format: &MediaFormat) -> bool {
    !format.sending || format.remote.is_none()
}

fn media_format(agreed: &Agreed) -> MediaFormat {
    let receive = agreed.receive_payloads.iter();
    MediaFormat {
        remote: agreed.remote_rtp,
        remote_rtcp: agreed.remote_rtcp,
        codec: codec(agreed.encoding),
        send_payload: agreed.send_payload,
        receive_payloads: receive.map(|&(payload, law)| (payload, codec(law))).collect(),
        send_event_payload: agreed.send_events,
        receive_event_payload: agreed.receive_events,
        ptime: agreed.ptime,
        sending: agreed.direction.sends(),
    }
}

fn codec(encoding: Encoding) -> Codec {
    match encoding {
        Encoding::Pcmu => Codec::Pcmu,
        Encoding::Pcma => Codec::Pcma,
    }
}

fn encoding(codec: Codec) -> Encoding {
    match codec {
        Codec::Pcmu => Encoding::Pcmu,
        Codec::Pcma => Encoding::Pcma,
    }
}
