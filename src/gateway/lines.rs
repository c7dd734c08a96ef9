//! The drivers' side of the event loop: orders in, line numbers out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::line::LineOrder;
use super::media::NoPort;
use crate::job::JobKey;
use crate::leg::record::LegRecord;
use crate::number::Number;
use crate::queue::DialId;

/// Orders waiting for the loop: drivers wait past it.
const ORDERS: usize = 1_024;

/// What the loop is told to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Place this call under this number.
    Open(u64, Box<LineOrder>, oneshot::Sender<Result<(), NoPort>>),
    /// The record that this line waited for is durable.
    Recorded(u64),
    /// The wrong entry that this line told of is durable, and locks for so long, if it does.
    EntryRecorded(u64, Option<Duration>),
    /// Drop this line; none of its INVITEs that waits for a record leaves.
    Abandon(u64),
    /// End this job's call.
    Withdraw(JobKey),
    /// End every call.
    EndAll,
    /// Tell the store that the leg of this dial is over, as soon as this line's far end knows it. Its
    /// driver has noted all that it will.
    Parting(u64, DialId),
    /// End a leg that an earlier process left up, then tell the store that it is over. The number is held
    /// until the far end says so too.
    Cleanup(DialId, Box<(LegRecord, Option<Number>)>),
}

/// Hands orders to the event loop.
#[derive(Debug)]
pub(super) struct Lines {
    next: AtomicU64,
    commands: mpsc::Sender<Command>,
}

impl Lines {
    pub(super) fn new() -> (Lines, mpsc::Receiver<Command>) {
        let (commands, receiver) = mpsc::channel(ORDERS);
        (Lines { next: AtomicU64::new(1), commands }, receiver)
    }

    /// Places a call; its number.
    pub(super) async fn open(&self, order: LineOrder) -> Result<u64, NoPort> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (reply, opened) = oneshot::channel();
        self.send(Command::Open(id, Box::new(order), reply)).await;
        match opened.await {
            Ok(Ok(())) => Ok(id),
            Ok(Err(no_port)) => Err(no_port),
            // The loop is gone: the line's news end, which the driver meets next.
            Err(_) => Ok(id),
        }
    }

    pub(super) async fn recorded(&self, line: u64) {
        self.send(Command::Recorded(line)).await;
    }

    pub(super) async fn entry_recorded(&self, line: u64, locked_for: Option<Duration>) {
        self.send(Command::EntryRecorded(line, locked_for)).await;
    }

    pub(super) async fn abandon(&self, line: u64) {
        self.send(Command::Abandon(line)).await;
    }

    pub(super) async fn withdraw(&self, job: JobKey) {
        self.send(Command::Withdraw(job)).await;
    }

    pub(super) async fn end_all(&self) {
        self.send(Command::EndAll).await;
    }

    pub(super) async fn parting(&self, line: u64, dial: DialId) {
        self.send(Command::Parting(line, dial)).await;
    }

    pub(super) async fn cleanup(&self, dial: DialId, leg: LegRecord, held: Option<Number>) {
        self.send(Command::Cleanup(dial, Box::new((leg, held)))).await;
    }

    /// The loop ends after everybody who sends; an order that meets no loop has no call to change.
    async fn send(&self, command: Command) {
        let _ = self.commands.send(command).await;
    }
}
