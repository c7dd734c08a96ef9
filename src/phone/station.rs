//! A call at the phone, whoever meets it.

use std::net::SocketAddr;
use std::time::Instant;

use super::desk::Desk;
use super::line::{Edge, Line};
use crate::leg::MediaEvent;
use crate::leg::signal::Peer;
use crate::sip::message::Message;

/// One call.
#[derive(Debug)]
pub(super) enum Station {
    /// A person, or a machine, with one telephone.
    Line(Box<Line>),
    /// An office's attendant.
    Desk(Box<Desk>),
}

impl Station {
    pub(super) fn start(&mut self, now: Instant, edge: &mut Edge<'_>) {
        match self {
            Station::Line(line) => line.start(now, edge),
            Station::Desk(desk) => desk.start(now, edge),
        }
    }

    pub(super) fn handle_message(
        &mut self,
        now: Instant,
        message: Message,
        source: &Peer,
        edge: &mut Edge<'_>,
    ) {
        match self {
            Station::Line(line) => line.handle_message(now, message, source, edge),
            Station::Desk(desk) => desk.handle_message(now, message, source, edge),
        }
    }

    /// What the media of line `id` tells.
    pub(super) fn handle_media(&mut self, now: Instant, id: u64, event: MediaEvent, edge: &mut Edge<'_>) {
        match self {
            Station::Line(line) => line.handle_media(now, event, edge),
            Station::Desk(desk) => desk.handle_media(now, id, event, edge),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, edge: &mut Edge<'_>) {
        match self {
            Station::Line(line) => line.handle_timeout(now, edge),
            Station::Desk(desk) => desk.handle_timeout(now, edge),
        }
    }

    pub(super) fn handle_transport_error(&mut self, now: Instant, text: &str, edge: &mut Edge<'_>) {
        match self {
            Station::Line(line) => line.handle_transport_error(now, text, edge),
            Station::Desk(desk) => desk.handle_transport_error(now, text, edge),
        }
    }

    pub(super) fn hang_up(&mut self, now: Instant, edge: &mut Edge<'_>) {
        match self {
            Station::Line(line) => line.hang_up(now, edge),
            Station::Desk(desk) => desk.hang_up(now, edge),
        }
    }

    pub(super) fn uses(&self, destination: SocketAddr) -> bool {
        match self {
            Station::Line(line) => line.uses(destination),
            Station::Desk(desk) => desk.uses(destination),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        match self {
            Station::Line(line) => line.is_over(),
            Station::Desk(desk) => desk.is_over(),
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        match self {
            Station::Line(line) => line.is_finished(),
            Station::Desk(desk) => desk.is_finished(),
        }
    }

    /// The Call-IDs of its legs.
    pub(super) fn call_ids(&self) -> Vec<String> {
        match self {
            Station::Line(line) => vec![line.call_id().to_owned()],
            Station::Desk(desk) => desk.call_ids().map(str::to_owned).collect(),
        }
    }
}
