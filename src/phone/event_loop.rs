//! The task that owns every call of the phone.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use tokio::sync::{mpsc, watch};

use super::attendant::Office;
use super::behaviour::Behaviour;
use super::desk::{Desk, ONWARD};
use super::line::{Edge, Line};
use super::news::{News, PhoneEvent};
use super::station::Station;
use crate::config::Transport;
use crate::gateway::clock;
use crate::gateway::legs::{USER_AGENT, wire};
use crate::gateway::media::{MediaHandle, NoPort};
use crate::gateway::timers::Timers;
use crate::gateway::transport::{Inbound, Sockets, route_to};
use crate::leg::signal::{Incoming, IncomingSetup, MediaSetup, Peer, Us};
use crate::leg::{Codec, MediaCommand, MediaEvent};
use crate::sip::endpoint::{Endpoint, Routing, reply};
use crate::sip::message::{Message, NameAddr, Request, SipUri, Status, Uri};

/// After the phone was told to stop it waits this long for the last BYE's answer.
const STOPPING: Duration = Duration::from_secs(2);

pub(super) struct EventLoop {
    sockets: Sockets,
    media: MediaHandle,
    endpoint: Endpoint,
    behaviour: Arc<Behaviour>,
    /// Whose attendant answers, if one does.
    office: Option<Arc<Office>>,
    news: News,
    lines: HashMap<u64, Station>,
    by_call_id: HashMap<String, u64>,
    timers: Timers,
    next: u64,
    rng: StdRng,
}

impl EventLoop {
    pub(super) fn new(
        sockets: Sockets,
        media: MediaHandle,
        endpoint: Endpoint,
        behaviour: Behaviour,
        office: Option<Office>,
        news: News,
    ) -> EventLoop {
        EventLoop {
            sockets,
            media,
            endpoint,
            behaviour: Arc::new(behaviour),
            office: office.map(Arc::new),
            news,
            lines: HashMap::new(),
            by_call_id: HashMap::new(),
            timers: Timers::default(),
            next: 0,
            rng: rand::make_rng(),
        }
    }

    pub(super) async fn run(
        mut self,
        mut inbound: mpsc::Receiver<Inbound>,
        mut media: mpsc::Receiver<(u64, MediaEvent)>,
        mut stopped: watch::Receiver<bool>,
    ) {
        let mut until = None;
        while until.is_none_or(|until| clock::now() < until && !self.lines.values().all(Station::is_over)) {
            let wake = [self.timers.next(), until].into_iter().flatten().min();
            tokio::select! {
                Some(inbound) = inbound.recv() => self.handle_inbound(inbound),
                Some((id, event)) = media.recv() => {
                    let station = id & !ONWARD;
                    self.with_line(station, |line, edge| line.handle_media(clock::now(), id, event, edge));
                }
                _ = stopped.wait_for(|stopped| *stopped), if until.is_none() => {
                    until = Some(clock::now() + STOPPING);
                    self.hang_up_all();
                }
                () = async { match wake {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                } } => self.handle_timers(),
            }
        }
    }

    fn hang_up_all(&mut self) {
        for id in self.lines.keys().copied().collect::<Vec<_>>() {
            self.with_line(id, |line, edge| line.hang_up(clock::now(), edge));
        }
    }

    fn handle_timers(&mut self) {
        let now = clock::now();
        while let Some(id) = self.timers.pop_due(now) {
            self.with_line(id, |line, edge| line.handle_timeout(now, edge));
        }
    }

    fn handle_inbound(&mut self, inbound: Inbound) {
        match inbound {
            Inbound::Message { transport, source, bytes } => self.handle_bytes(transport, source, &bytes),
            Inbound::Broken { destination, text } => self.handle_broken(destination, &text),
        }
    }

    fn handle_bytes(&mut self, transport: Transport, source: SocketAddr, bytes: &[u8]) {
        let peer = Peer { transport: wire(transport), address: source };
        let message = match Message::read(bytes) {
            Ok(message) => message,
            Err(error) => {
                let routing = self.endpoint.route_malformed(error, source, true);
                return self.answer_outside(routing, transport, source);
            }
        };
        let known = |call_id: &str| self.by_call_id.contains_key(call_id);
        match (self.endpoint.route(&message, source, true, known), message) {
            (Routing::Call(call_id), message) => {
                if let Some(&id) = self.by_call_id.get(&call_id) {
                    self.with_line(id, |line, edge| line.handle_message(clock::now(), message, &peer, edge));
                }
            }
            (Routing::NewCall, Message::Request(invite)) => self.take_call(invite, transport, &peer),
            (other, _) => self.answer_outside(other, transport, source),
        }
    }

    fn answer_outside(&mut self, routing: Routing, transport: Transport, source: SocketAddr) {
        if let Routing::Answer(response) = routing {
            self.sockets.answer(&response, transport, source);
        }
    }

    fn handle_broken(&mut self, destination: SocketAddr, text: &str) {
        let using = |(id, line): (&u64, &Station)| line.uses(destination).then_some(*id);
        for id in self.lines.iter().filter_map(using).collect::<Vec<_>>() {
            self.with_line(id, |line, edge| line.handle_transport_error(clock::now(), text, edge));
        }
    }

    fn take_call(&mut self, invite: Request, transport: Transport, peer: &Peer) {
        let id = self.next;
        self.next += 1;
        let number = invite.uri.user().unwrap_or_default().to_owned();
        let Ok(setup) = self.setup(id, transport, peer.address) else {
            let busy = reply(&invite, Status::SERVICE_UNAVAILABLE);
            return self.sockets.answer(&busy, transport, peer.address);
        };
        let now = clock::now();
        match Incoming::new(now, invite, peer, setup) {
            Ok(leg) => {
                self.news.tell(leg.call_id(), PhoneEvent::Ring { number });
                self.by_call_id.insert(leg.call_id().to_owned(), id);
                let behaviour = self.behaviour.clone();
                let station = match self.office.clone() {
                    None => Station::Line(Box::new(Line::new(now, id, leg, behaviour))),
                    Some(office) => {
                        let seed = self.rng.random();
                        Station::Desk(Box::new(Desk::new(now, id, leg, behaviour, office, seed)))
                    }
                };
                self.lines.insert(id, station);
                self.with_line(id, |line, edge| line.start(now, edge));
            }
            Err(refusal) => {
                self.media.command(id, MediaCommand::Close);
                self.sockets.answer(&refusal, transport, peer.address);
            }
        }
    }

    fn setup(&mut self, id: u64, transport: Transport, source: SocketAddr) -> Result<IncomingSetup, NoPort> {
        let local = self.sockets.local_address(transport, source).unwrap_or(source);
        let rtp = self.media.open(id, source.is_ipv4())?.rtp;
        let ip = if rtp.ip().is_unspecified() { route_to(source).unwrap_or(rtp.ip()) } else { rtp.ip() };
        let contact = SipUri::new(local.ip().into()).with_port(Some(local.port()));
        let us = Us {
            contact: NameAddr::new(Uri::Sip(contact)),
            sent_by: local,
            user_agent: USER_AGENT.to_owned(),
        };
        let media = MediaSetup {
            address: SocketAddr::new(ip, rtp.port()),
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            events: true,
        };
        Ok(IncomingSetup { us: Arc::new(us), media, seed: self.rng.random() })
    }

    fn with_line(&mut self, id: u64, step: impl FnOnce(&mut Station, &mut Edge<'_>)) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let mut edge = Edge {
            sockets: &mut self.sockets,
            media: &self.media,
            timers: &mut self.timers,
            news: &self.news,
        };
        step(line, &mut edge);
        let call_ids = line.call_ids();
        if line.is_finished() {
            self.by_call_id.retain(|_, of| *of != id);
            self.lines.remove(&id);
        } else if call_ids.len() > 1 {
            self.by_call_id.extend(call_ids.into_iter().map(|call_id| (call_id, id)));
        }
    }
}
