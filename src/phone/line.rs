//! One call at the phone: ring, answer, press, until somebody hangs up.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::behaviour::{Answer, Behaviour};
use super::news::{News, PhoneEvent};
use crate::gateway::media::MediaHandle;
use crate::gateway::timers::{Alarm, Timers};
use crate::gateway::transport::Sockets;
use crate::gateway::transport_of;
use crate::leg::key::Digit;
use crate::leg::signal::{DTMF_RELAY, Incoming, Peer, Transmit};
use crate::leg::{MediaCommand, MediaEvent, MediaFigures, MediaFormat, SignalEvent};
use crate::sip::message::{Message, Status};

/// What a line needs of the edge.
pub(super) struct Edge<'a> {
    pub(super) sockets: &'a mut Sockets,
    pub(super) media: &'a MediaHandle,
    pub(super) timers: &'a mut Timers,
    pub(super) news: &'a News,
}

impl Edge<'_> {
    /// Sends a leg's message; tells where it went.
    pub(super) fn send(&mut self, transmit: Transmit) -> SocketAddr {
        if let Some(transport) = transport_of(&transmit.transport) {
            self.sockets.send(transport, transmit.destination, transmit.bytes);
        }
        transmit.destination
    }
}

#[derive(Debug)]
enum State {
    Ringing { until: Instant },
    Talking { infos: VecDeque<(Instant, Digit)>, hang_up: Option<Instant> },
    Over,
}

/// One call.
#[derive(Debug)]
pub(super) struct Line {
    id: u64,
    leg: Incoming,
    behaviour: Arc<Behaviour>,
    state: State,
    format: Option<Arc<MediaFormat>>,
    hop: Option<SocketAddr>,
    media_open: bool,
    ended: bool,
    hung_up_at: Option<Instant>,
    alarm: Alarm,
}

impl Line {
    pub(super) fn new(now: Instant, id: u64, leg: Incoming, behaviour: Arc<Behaviour>) -> Line {
        let state = State::Ringing { until: now + behaviour.ring };
        Line {
            id,
            leg,
            behaviour,
            state,
            format: None,
            hop: None,
            media_open: true,
            ended: false,
            hung_up_at: None,
            alarm: Alarm::default(),
        }
    }

    /// The 180 leaves, or the refusal.
    pub(super) fn start(&mut self, now: Instant, edge: &mut Edge<'_>) {
        match self.behaviour.answer {
            Answer::Busy => self.leg.reject(now, Status::BUSY_HERE),
            Answer::Human | Answer::Voicemail | Answer::Screening | Answer::Silent => {
                self.leg.ring(now);
            }
        }
        self.pump(now, edge);
    }

    pub(super) fn call_id(&self) -> &str {
        self.leg.call_id()
    }

    /// Whether the call is over and told; what lingers only absorbs repeats.
    pub(super) fn is_over(&self) -> bool {
        self.ended && !self.media_open
    }

    pub(super) fn is_finished(&self) -> bool {
        self.is_over() && self.leg.is_finished()
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
        self.leg.handle_message(now, message, source);
        self.pump(now, edge);
    }

    pub(super) fn handle_transport_error(&mut self, now: Instant, text: &str, edge: &mut Edge<'_>) {
        self.leg.handle_transport_error(now, text);
        self.pump(now, edge);
    }

    pub(super) fn handle_media(&mut self, now: Instant, event: MediaEvent, edge: &mut Edge<'_>) {
        match event {
            MediaEvent::Pressed { first_packet } => self.tell(PhoneEvent::Pressed { at: first_packet }, edge),
            MediaEvent::Closed(figures) => {
                self.media_open = false;
                self.tell_ended(now, figures, edge);
            }
            MediaEvent::Key(_)
            | MediaEvent::Undecided { .. }
            | MediaEvent::Untrusted { .. }
            | MediaEvent::VoiceBegan { .. }
            | MediaEvent::VoiceEnded { .. }
            | MediaEvent::RingbackBegan { .. }
            | MediaEvent::RingbackEnded { .. }
            | MediaEvent::Engaged { .. }
            | MediaEvent::Sound { .. }
            | MediaEvent::Played { .. } => {}
        }
        self.pump(now, edge);
    }

    pub(super) fn hang_up(&mut self, now: Instant, edge: &mut Edge<'_>) {
        self.leg.hang_up(now);
        self.pump(now, edge);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, edge: &mut Edge<'_>) {
        self.alarm.ring(now);
        self.leg.handle_timeout(now);
        if self.own_timeout().is_some_and(|at| at <= now) {
            self.act(now, edge);
        }
        self.pump(now, edge);
    }

    /// The person's next deed is due.
    fn act(&mut self, now: Instant, edge: &Edge<'_>) {
        match &mut self.state {
            State::Ringing { .. } => {
                self.state = State::Over;
                self.leg.answer(now);
                self.talk(now, edge);
            }
            State::Talking { infos, hang_up } => {
                if let Some((_, digit)) = infos.pop_front_if(|(at, _)| *at <= now) {
                    self.leg.press_info(now, DTMF_RELAY, digit, self.behaviour.held);
                    self.tell(PhoneEvent::Pressed { at: now }, edge);
                } else if hang_up.take_if(|at| *at <= now).is_some() {
                    self.leg.hang_up(now);
                }
            }
            State::Over => {}
        }
    }

    fn talk(&mut self, now: Instant, edge: &Edge<'_>) {
        let infos = self.behaviour.infos(now);
        let hang_up = self.behaviour.hang_up_after.map(|after| now + after);
        self.state = State::Talking { infos, hang_up };
        if let Some(format) = self.format.clone() {
            edge.media.command(self.id, MediaCommand::Negotiated(format));
        }
        let clips = self.behaviour.says();
        if !clips.is_empty() {
            edge.media.command(self.id, MediaCommand::Play { saying: 1, lead: Duration::ZERO, clips });
        }
        let presses = self.behaviour.presses();
        if !presses.is_empty() {
            edge.media.command(self.id, MediaCommand::Press(presses));
        }
        self.tell(PhoneEvent::Answered, edge);
    }

    fn own_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Ringing { until } if self.behaviour.answer != Answer::Busy => Some(*until),
            State::Ringing { .. } | State::Over => None,
            State::Talking { infos, hang_up } => {
                let info = infos.front().map(|(at, _)| *at);
                [info, *hang_up].into_iter().flatten().min()
            }
        }
    }

    fn pump(&mut self, now: Instant, edge: &mut Edge<'_>) {
        while let Some(event) = self.leg.poll_event() {
            self.take_event(now, event, edge);
        }
        while let Some(transmit) = self.leg.poll_transmit() {
            self.hop = Some(edge.send(transmit));
        }
        let deadline = [self.leg.poll_timeout().map(|(at, _)| at), self.own_timeout()];
        self.alarm.arm(deadline.into_iter().flatten().min(), self.id, edge.timers);
    }

    fn take_event(&mut self, now: Instant, event: SignalEvent, edge: &Edge<'_>) {
        match event {
            SignalEvent::EarlyMedia(format)
            | SignalEvent::Answered(format)
            | SignalEvent::Renegotiated(format) => {
                self.format = Some(format.clone());
                edge.media.command(self.id, MediaCommand::Negotiated(format));
            }
            SignalEvent::Held(held) => edge.media.command(self.id, MediaCommand::Hold(held)),
            SignalEvent::HungUp(_) | SignalEvent::Ended(_) => self.end(now, edge),
            SignalEvent::Trying
            | SignalEvent::Ringing
            | SignalEvent::Key(_)
            | SignalEvent::Untrusted { .. }
            | SignalEvent::Diverted => {}
        }
    }

    fn end(&mut self, now: Instant, edge: &Edge<'_>) {
        if !self.ended {
            self.ended = true;
            self.hung_up_at = Some(now);
            self.state = State::Over;
            edge.media.command(self.id, MediaCommand::Close);
        }
    }

    fn tell_ended(&self, now: Instant, figures: MediaFigures, edge: &Edge<'_>) {
        let at = self.hung_up_at.unwrap_or(now);
        let answered = self.leg.facts().answered.is_some();
        self.tell(PhoneEvent::Ended { at, answered, figures }, edge);
    }

    fn tell(&self, event: PhoneEvent, edge: &Edge<'_>) {
        edge.news.tell(self.leg.call_id(), event);
    }
}
