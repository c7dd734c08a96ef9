//! The event loop: the one task that owns every call's signalling and script.
//!
//! It turns what sockets, media threads, drivers and clocks bring into calls of the cores, and
//! carries out what they want. Nothing in it waits for anything but its inputs.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::admission::AdmissionControl;
use super::clock;
use super::figures::Figures;
use super::legs::{LegMaker, wire};
use super::line::{Edge, Line, LineOrder};
use super::lines::Command;
use super::media::{MediaHandle, NoPort};
use super::observer::Observer;
use super::resolver::Resolver;
use super::timers::Timers;
use super::transport::{Inbound, Sockets};
use crate::call::Call;
use crate::call::verdict::Order;
use crate::config::Transport;
use crate::job::JobKey;
use crate::leg::record::LegRecord;
use crate::leg::signal::{Cleanup, Outgoing, Peer};
use crate::leg::{MediaCommand, MediaEvent};
use crate::number::Number;
use crate::queue::{DialId, JobStore, Store};
use crate::sip::endpoint::{Dropped, Endpoint, Routing};
use crate::sip::message::Message;

/// Inputs of one kind taken at a time, so that no kind starves another.
const BATCH: usize = 64;

pub(super) struct EventLoop {
    pub(super) store: Store,
    pub(super) admission: AdmissionControl,
    pub(super) observer: Observer,
    pub(super) resolver: Arc<Resolver>,
    pub(super) figures: Arc<Figures>,
    pub(super) sockets: Sockets,
    pub(super) media: MediaHandle,
    pub(super) endpoint: Endpoint,
    pub(super) legs: LegMaker,
    pub(super) lines: HashMap<u64, Line>,
    pub(super) cleanups: HashMap<u64, Cleanup>,
    /// Of lines and clean-ups: the dials whose legs the store is to forget when they have parted.
    pub(super) parting: HashMap<u64, DialId>,
    /// Of clean-ups: the numbers that are held for their calls.
    pub(super) held: HashMap<u64, Number>,
    pub(super) by_call_id: HashMap<String, u64>,
    pub(super) by_job: HashMap<JobKey, u64>,
    pub(super) timers: Timers,
    /// Addresses of trunks: those that the configuration names, and those that names led to.
    pub(super) trunk_addresses: HashSet<IpAddr>,
}

/// What the loop listens to.
pub(super) struct Inputs {
    pub(super) inbound: mpsc::Receiver<Inbound>,
    pub(super) media: mpsc::Receiver<(u64, MediaEvent)>,
    pub(super) commands: mpsc::Receiver<Command>,
}

impl EventLoop {
    /// Runs until the last driver is gone and the last call is over at both ends.
    pub(super) async fn run(mut self, mut inputs: Inputs) {
        let mut orders = true;
        while orders || !self.lines.values().all(Line::has_parted) {
            let deadline = self.timers.next();
            tokio::select! {
                Some(event) = inputs.media.recv() => {
                    self.handle_media(event);
                    drain(&mut inputs.media, |event| self.handle_media(event));
                }
                Some(inbound) = inputs.inbound.recv() => {
                    self.handle_inbound(inbound);
                    drain(&mut inputs.inbound, |inbound| self.handle_inbound(inbound));
                }
                command = inputs.commands.recv(), if orders => match command {
                    Some(command) => {
                        self.handle_command(command);
                        drain(&mut inputs.commands, |command| self.handle_command(command));
                    }
                    None => orders = false,
                },
                () = sleep_until(deadline) => self.handle_timers(),
            }
        }
    }

    fn handle_timers(&mut self) {
        let now = clock::now();
        while let Some(id) = self.timers.pop_due(now) {
            if let Some(cleanup) = self.cleanups.get_mut(&id) {
                cleanup.handle_timeout(now);
                self.pump_cleanup(id);
            } else {
                self.with_line(id, |line, edge| line.handle_timeout(now, edge));
            }
        }
    }

    fn handle_media(&mut self, (id, event): (u64, MediaEvent)) {
        self.with_line(id, |line, edge| line.handle_media(clock::now(), event, edge));
    }

    fn handle_inbound(&mut self, inbound: Inbound) {
        match inbound {
            Inbound::Message { transport, source, bytes } => self.handle_bytes(transport, source, &bytes),
            Inbound::Broken { destination, text } => self.handle_broken(destination, &text),
        }
    }

    fn handle_bytes(&mut self, transport: Transport, source: SocketAddr, bytes: &[u8]) {
        let is_trunk = self.trunk_addresses.contains(&source.ip().to_canonical());
        let message = match Message::read(bytes) {
            Ok(message) => message,
            Err(error) => {
                let routing = self.endpoint.route_malformed(error, source, is_trunk);
                return self.outside(routing, transport, source);
            }
        };
        let known = |call_id: &str| self.by_call_id.contains_key(call_id);
        match self.endpoint.route(&message, source, is_trunk, known) {
            Routing::Call(call_id) => {
                let peer = Peer { transport: wire(transport), address: source };
                self.handle_message(&call_id, message, &peer);
            }
            outside @ (Routing::Answer(_) | Routing::Drop(_) | Routing::NewCall) => {
                self.outside(outside, transport, source);
            }
        }
    }

    fn handle_message(&mut self, call_id: &str, message: Message, source: &Peer) {
        let Some(&id) = self.by_call_id.get(call_id) else { return };
        let now = clock::now();
        if let Some(cleanup) = self.cleanups.get_mut(&id) {
            cleanup.handle_message(now, message, source);
            return self.pump_cleanup(id);
        }
        self.with_line(id, |line, edge| line.handle_message(now, message, source, edge));
    }

    /// A message that belongs to no call: a stateless answer, or dropped and counted.
    fn outside(&mut self, routing: Routing, transport: Transport, source: SocketAddr) {
        match routing {
            Routing::Answer(response) => self.sockets.answer(&response, transport, source),
            Routing::Drop(why) => self.count(why),
            // Neither arises: calls are routed before, and the gateway takes no calls.
            Routing::Call(_) | Routing::NewCall => {}
        }
    }

    fn count(&self, why: Dropped) {
        self.figures.dropped(why);
        tracing::debug!(?why, "a SIP message was dropped");
    }

    /// A connection broke: the legs that use it hear of it.
    fn handle_broken(&mut self, destination: SocketAddr, text: &str) {
        let now = clock::now();
        let ids: Vec<u64> =
            self.lines.iter().filter(|(_, line)| line.uses(destination)).map(|(id, _)| *id).collect();
        for id in ids {
            self.with_line(id, |line, edge| line.handle_transport_error(now, text, edge));
        }
    }

    fn handle_command(&mut self, command: Command) {
        let now = clock::now();
        match command {
            Command::Open(id, order, reply) => self.open(id, *order, reply),
            Command::Recorded(id) => self.with_line(id, |line, edge| line.handle_recorded(now, edge)),
            Command::EntryRecorded(id, locked_for) => {
                self.with_line(id, |line, edge| line.handle_entry_recorded(now, locked_for, edge));
            }
            Command::Abandon(id) => self.abandon(id),
            Command::Withdraw(job) => {
                if let Some(&id) = self.by_job.get(&job) {
                    self.with_line(id, |line, edge| line.handle_order(now, Order::Withdrawn, edge));
                }
            }
            Command::EndAll => {
                for id in self.lines.keys().copied().collect::<Vec<_>>() {
                    self.with_line(id, |line, edge| line.handle_order(now, Order::Drain, edge));
                }
            }
            Command::Parting(id, dial) => self.part(id, dial),
            Command::Cleanup(dial, left) => self.clean_up(dial, *left),
        }
    }

    fn open(&mut self, id: u64, order: LineOrder, reply: oneshot::Sender<Result<(), NoPort>>) {
        let setup = match self.legs.setup(id, &order, &self.sockets, &self.media) {
            Ok(setup) => setup,
            Err(no_port) => {
                let _ = reply.send(Err(no_port));
                return;
            }
        };
        self.trunk_addresses.extend(order.hops.iter().map(|hop| hop.address.ip()));
        let leg = Outgoing::new(setup);
        let call = Call::new(order.plan.clone(), order.trunk.max_call, order.trunk.dtmf_repeat);
        self.media.command(id, MediaCommand::Attend { region: order.region });
        self.by_call_id.insert(leg.facts().call_id.clone(), id);
        self.by_job.insert(order.job.clone(), id);
        self.lines.insert(id, Line::new(id, leg, call, order));
        // The driver may have gone meanwhile; the line then ends for want of a record.
        let _ = reply.send(Ok(()));
        self.with_line(id, |line, edge| line.start(clock::now(), edge));
    }

    /// No INVITE of this line may leave any more.
    fn abandon(&mut self, id: u64) {
        self.media.command(id, MediaCommand::Close);
        if let Some(line) = self.lines.remove(&id) {
            self.forget(&line);
        }
    }

    fn part(&mut self, id: u64, dial: DialId) {
        if self.lines.get(&id).is_none_or(Line::has_parted) {
            self.store.leg_over(dial);
        } else {
            self.parting.insert(id, dial);
        }
    }

    /// One clean-up a leg: a second BYE would have the CSeq of the first.
    fn clean_up(&mut self, dial: DialId, (leg, held): (LegRecord, Option<Number>)) {
        if self.by_call_id.contains_key(leg.call_id()) {
            return;
        }
        let id = self.legs.next_cleanup();
        match self.legs.cleanup(&leg, clock::now()) {
            Ok(cleanup) => {
                self.by_call_id.insert(leg.call_id().to_owned(), id);
                self.cleanups.insert(id, cleanup);
                self.parting.insert(id, dial);
                self.held.extend(held.map(|number| (id, number)));
                self.pump_cleanup(id);
            }
            Err(error) => tracing::error!(%error, "a stored leg cannot be read; it may be up still"),
        }
    }

    fn pump_cleanup(&mut self, id: u64) {
        let Some(cleanup) = self.cleanups.get_mut(&id) else { return };
        while let Some(transmit) = cleanup.poll_transmit() {
            if let Some(transport) = super::transport_of(&transmit.transport) {
                self.sockets.send(transport, transmit.destination, transmit.bytes);
            }
        }
        if let Some((at, _)) = cleanup.poll_timeout() {
            self.timers.wake(at, id);
        }
        if cleanup.has_parted()
            && let Some(dial) = self.parting.remove(&id)
        {
            self.store.leg_over(dial);
        }
        if cleanup.is_confirmed()
            && let Some(number) = self.held.remove(&id)
        {
            self.admission.let_go(&number);
        }
        if cleanup.is_finished() {
            self.cleanups.remove(&id);
            self.held.remove(&id);
            self.by_call_id.retain(|_, other| *other != id);
        }
    }

    /// Runs one step of a line, and frees it when that was its last.
    fn with_line(&mut self, id: u64, step: impl FnOnce(&mut Line, &mut Edge<'_>)) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let mut edge = Edge {
            sockets: &mut self.sockets,
            media: &self.media,
            timers: &mut self.timers,
            store: &self.store,
            observer: &self.observer,
            resolver: &self.resolver,
        };
        step(line, &mut edge);
        if line.has_parted()
            && let Some(dial) = self.parting.remove(&id)
        {
            self.store.leg_over(dial);
        }
        if line.is_finished()
            && let Some(line) = self.lines.remove(&id)
        {
            self.forget(&line);
        }
    }

    fn forget(&mut self, line: &Line) {
        self.by_call_id.remove(line.call_id());
        if self.by_job.get(line.job()) == Some(&line.id()) {
            self.by_job.remove(line.job());
        }
    }
}

/// Takes what else is there at once, up to a bound.
fn drain<T>(receiver: &mut mpsc::Receiver<T>, mut handle: impl FnMut(T)) {
    for _ in 0..BATCH {
        match receiver.try_recv() {
            Ok(item) => handle(item),
            Err(_) => return,
        }
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
