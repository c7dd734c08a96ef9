//! One call at an office's attendant: the caller's leg, and the extension's once it is called.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attendant::{Attendant, Deed, Office};
use super::behaviour::Behaviour;
use super::line::Edge;
use super::news::PhoneEvent;
use super::onward;
use crate::gateway::timers::Alarm;
use crate::leg::key::{Digit, KeyEvent, KeyJoiner, KeyPath, Press};
use crate::leg::pipe::Pipe;
use crate::leg::signal::{DTMF_RELAY, Incoming, Outgoing, Peer, Transmit};
use crate::leg::{MediaCommand, MediaEvent, MediaFigures, PressOrder, SignalEvent};
use crate::sip::message::Message;

/// The media of the extension's leg has the caller's number and this bit.
pub(super) const ONWARD: u64 = 1 << 63;
/// Between two keys that are handed on.
const GAP: Duration = Duration::from_millis(60);

/// One of the two legs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Caller,
    Phone,
}

/// One call.
#[derive(Debug)]
pub(super) struct Desk {
    id: u64,
    caller: Incoming,
    phone: Option<Outgoing>,
    attendant: Attendant,
    office: Arc<Office>,
    behaviour: Arc<Behaviour>,
    joiner: KeyJoiner,
    seed: u64,
    /// When it is answered; `None` once it is.
    answer_at: Option<Instant>,
    infos: VecDeque<(Instant, Digit)>,
    /// Whether the media of caller and phone is open.
    media_open: [bool; 2],
    ended_at: Option<Instant>,
    hop: Option<SocketAddr>,
    alarm: Alarm,
}

impl Desk {
    pub(super) fn new(
        now: Instant,
        id: u64,
        caller: Incoming,
        behaviour: Arc<Behaviour>,
        office: Arc<Office>,
        seed: u64,
    ) -> Desk {
        Desk {
            id,
            caller,
            phone: None,
            attendant: Attendant::new(office.clone()),
            office,
            answer_at: Some(now + behaviour.ring),
            behaviour,
            joiner: KeyJoiner::default(),
            seed,
            infos: VecDeque::new(),
            media_open: [true, false],
            ended_at: None,
            hop: None,
            alarm: Alarm::default(),
        }
    }

    /// The 180 leaves.
    pub(super) fn start(&mut self, now: Instant, edge: &mut Edge<'_>) {
        self.caller.ring(now);
        self.pump(now, edge);
    }

    /// The Call-IDs of its legs so far.
    pub(super) fn call_ids(&self) -> impl Iterator<Item = &str> {
        [Some(self.caller.call_id()), self.phone.as_ref().map(Outgoing::call_id)].into_iter().flatten()
    }

    /// Whether both calls are over and told.
    pub(super) fn is_over(&self) -> bool {
        let parted = self.phone.as_ref().is_none_or(Outgoing::has_parted);
        self.ended_at.is_some() && self.media_open == [false, false] && parted
    }

    pub(super) fn is_finished(&self) -> bool {
        self.is_over() && self.caller.is_finished() && self.phone.as_ref().is_none_or(Outgoing::is_finished)
    }

    pub(super) fn uses(&self, destination: SocketAddr) -> bool {
        self.hop == Some(destination)
    }

    pub(super) fn handle_message(
        &mut self,
        now: Instant,
        message: Message,
        source: &Peer,
        edge: &mut Edge<'_>,
    ) {
        let is_callers = message.headers().call_id().is_ok_and(|call_id| call_id == self.caller.call_id());
        match &mut self.phone {
            Some(phone) if !is_callers => phone.handle_message(now, message, source),
            Some(_) | None => self.caller.handle_message(now, message, source),
        }
        self.pump(now, edge);
    }

    pub(super) fn handle_transport_error(&mut self, now: Instant, text: &str, edge: &mut Edge<'_>) {
        self.caller.handle_transport_error(now, text);
        if let Some(phone) = &mut self.phone {
            phone.handle_transport_error(now, text);
        }
        self.pump(now, edge);
    }

    pub(super) fn handle_media(&mut self, now: Instant, line: u64, event: MediaEvent, edge: &mut Edge<'_>) {
        let end = if line & ONWARD == 0 { End::Caller } else { End::Phone };
        match event {
            MediaEvent::Key(press) => self.handle_press(now, end, press, edge),
            MediaEvent::Pressed { first_packet } if end == End::Caller && !self.attendant.is_through() => {
                self.tell(PhoneEvent::Pressed { at: first_packet }, edge);
            }
            MediaEvent::Played { saying, .. } => self.attendant.handle_said(now, saying),
            MediaEvent::Closed(figures) => self.close(now, end, figures, edge),
            MediaEvent::Pressed { .. }
            | MediaEvent::Undecided { .. }
            | MediaEvent::Untrusted { .. }
            | MediaEvent::VoiceBegan { .. }
            | MediaEvent::VoiceEnded { .. }
            | MediaEvent::RingbackBegan { .. }
            | MediaEvent::RingbackEnded { .. }
            | MediaEvent::Engaged { .. }
            | MediaEvent::Sound { .. } => {}
        }
        self.pump(now, edge);
    }

    pub(super) fn hang_up(&mut self, now: Instant, edge: &mut Edge<'_>) {
        self.attendant.handle_caller_ended();
        self.pump(now, edge);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, edge: &mut Edge<'_>) {
        self.alarm.ring(now);
        self.caller.handle_timeout(now);
        if let Some(phone) = &mut self.phone {
            phone.handle_timeout(now);
        }
        if self.answer_at.take_if(|at| *at <= now).is_some() {
            self.answer(now, edge);
        }
        if let Some((_, digit)) = self.infos.pop_front_if(|(at, _)| *at <= now) {
            self.caller.press_info(now, DTMF_RELAY, digit, self.behaviour.held);
            self.tell(PhoneEvent::Pressed { at: now }, edge);
        }
        self.attendant.handle_timeout(now);
        self.pump(now, edge);
    }

    fn answer(&mut self, now: Instant, edge: &Edge<'_>) {
        self.caller.answer(now);
        self.infos = self.behaviour.infos(now);
        let presses = self.behaviour.presses();
        if !presses.is_empty() {
            edge.media.command(self.id, MediaCommand::Press(presses));
        }
        self.tell(PhoneEvent::Answered, edge);
        self.attendant.handle_answered();
    }

    /// A key of either end. Tones cross a bridge by themselves.
    fn handle_press(&mut self, now: Instant, from: End, press: Press, edge: &Edge<'_>) {
        if self.attendant.is_through() {
            return match press.path {
                KeyPath::Rfc4733 | KeyPath::SipInfo => self.hand_on(now, from, press, edge),
                KeyPath::InBand | KeyPath::Modem => {}
            };
        }
        if from == End::Caller && matches!(self.joiner.handle_press(press), KeyEvent::Pressed(_)) {
            self.attendant.handle_key(now, press.digit);
        }
    }

    /// To the caller by the path on which it came; to the phone by event, which INFO is not for.
    fn hand_on(&mut self, now: Instant, from: End, press: Press, edge: &Edge<'_>) {
        let held = self.behaviour.held;
        if from == End::Phone && press.path == KeyPath::SipInfo {
            return self.caller.press_info(now, DTMF_RELAY, press.digit, held);
        }
        let to = if from == End::Caller { self.id | ONWARD } else { self.id };
        let level_dbm0 = self.behaviour.level_dbm0;
        let order = PressOrder { digit: press.digit, path: KeyPath::Rfc4733, after: GAP, held, level_dbm0 };
        edge.media.command(to, MediaCommand::Press(vec![order]));
    }

    fn pump(&mut self, now: Instant, edge: &mut Edge<'_>) {
        loop {
            let event = self.poll_event();
            let deed = if event.is_none() { self.attendant.poll_deed() } else { None };
            match (event, deed) {
                (Some((end, event)), _) => self.take_event(now, end, event, edge),
                (None, Some(deed)) => self.carry_out(now, deed, edge),
                (None, None) => break,
            }
        }
        while let Some(transmit) = self.poll_transmit() {
            self.hop = Some(edge.send(transmit));
        }
        self.arm(edge);
    }

    fn poll_event(&mut self) -> Option<(End, SignalEvent)> {
        let of_phone = |phone: &mut Outgoing| phone.poll_event().map(|event| (End::Phone, event));
        let of_caller = self.caller.poll_event().map(|event| (End::Caller, event));
        of_caller.or_else(|| self.phone.as_mut().and_then(of_phone))
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.caller.poll_transmit().or_else(|| self.phone.as_mut().and_then(Outgoing::poll_transmit))
    }

    fn arm(&mut self, edge: &mut Edge<'_>) {
        let legs = [self.caller.poll_timeout(), self.phone.as_ref().and_then(Outgoing::poll_timeout)];
        let legs = legs.into_iter().flatten().map(|(at, _)| at);
        let own = [self.answer_at, self.infos.front().map(|(at, _)| *at), self.attendant.poll_timeout()];
        self.alarm.arm(legs.chain(own.into_iter().flatten()).min(), self.id, edge.timers);
    }

    fn take_event(&mut self, now: Instant, end: End, event: SignalEvent, edge: &Edge<'_>) {
        let line = self.line(end);
        match event {
            SignalEvent::Answered(format) => {
                edge.media.command(line, MediaCommand::Negotiated(format));
                if end == End::Phone {
                    self.attendant.handle_phone_answered();
                }
            }
            SignalEvent::Renegotiated(format) => edge.media.command(line, MediaCommand::Negotiated(format)),
            SignalEvent::EarlyMedia(format) if end == End::Caller => {
                edge.media.command(line, MediaCommand::Negotiated(format));
            }
            SignalEvent::Held(held) => edge.media.command(line, MediaCommand::Hold(held)),
            SignalEvent::Key(press) => self.handle_press(now, end, press, edge),
            SignalEvent::HungUp(_) | SignalEvent::Ended(_) => {
                edge.media.command(line, MediaCommand::Close);
                match end {
                    End::Caller => {
                        self.ended_at.get_or_insert(now);
                        self.attendant.handle_caller_ended();
                    }
                    End::Phone => self.attendant.handle_phone_ended(),
                }
            }
            SignalEvent::EarlyMedia(_)
            | SignalEvent::Trying
            | SignalEvent::Ringing
            | SignalEvent::Untrusted { .. }
            | SignalEvent::Diverted => {}
        }
    }

    fn carry_out(&mut self, now: Instant, deed: Deed, edge: &mut Edge<'_>) {
        match deed {
            Deed::Say(saying, clip) => {
                let play = MediaCommand::Play { saying, lead: Duration::ZERO, clips: vec![clip] };
                edge.media.command(self.id, play);
            }
            Deed::Ring(extension) => self.call_extension(now, extension, edge),
            Deed::PutThrough => {
                let ((to_caller, from_phone), (to_phone, from_caller)) = (Pipe::between(), Pipe::between());
                let caller = MediaCommand::Bridge { hears: from_caller, says: to_caller };
                let phone = MediaCommand::Bridge { hears: from_phone, says: to_phone };
                edge.media.command(self.id, caller);
                edge.media.command(self.id | ONWARD, phone);
                self.tell(PhoneEvent::PutThrough { keyed: self.attendant.keyed() }, edge);
            }
            Deed::HangUp => {
                self.caller.hang_up(now);
                if let Some(phone) = &mut self.phone {
                    phone.hang_up(now);
                }
            }
        }
    }

    /// Calls an extension; one that cannot be called is one that does not answer.
    fn call_extension(&mut self, now: Instant, extension: usize, edge: &mut Edge<'_>) {
        let phone = self.office.extensions.get(extension).map(|extension| &extension.phone);
        let setup = phone.and_then(|phone| onward::setup(phone, self.id | ONWARD, self.seed, edge));
        let Some(setup) = setup else { return self.attendant.handle_phone_ended() };
        self.media_open[1] = true;
        let mut phone = Outgoing::new(setup);
        phone.start(now);
        // Nothing of this phone outlives it, so that nothing has to be kept before an INVITE leaves.
        while phone.poll_record().is_some() {
            phone.handle_recorded(now);
        }
        self.phone = Some(phone);
    }

    fn line(&self, end: End) -> u64 {
        match end {
            End::Caller => self.id,
            End::Phone => self.id | ONWARD,
        }
    }

    fn close(&mut self, now: Instant, end: End, figures: MediaFigures, edge: &Edge<'_>) {
        match end {
            End::Caller => {
                self.media_open[0] = false;
                let at = self.ended_at.unwrap_or(now);
                let answered = self.caller.facts().answered.is_some();
                self.tell(PhoneEvent::Ended { at, answered, figures }, edge);
            }
            End::Phone => self.media_open[1] = false,
        }
    }

    fn tell(&self, event: PhoneEvent, edge: &Edge<'_>) {
        edge.news.tell(self.caller.call_id(), event);
    }
}
