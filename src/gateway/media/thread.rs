//! One media thread.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rand::RngExt;
use rand::rngs::SmallRng;
use tokio::sync::mpsc::Sender;

use super::lateness::Histogram;
use super::pace::Pace;
use super::port_pool::PortPool;
use super::slot::{Due, SCRATCH, Scratch, Slot};
use crate::gateway::clock;
use crate::leg::media::prefetch;
use crate::leg::{MediaCommand, MediaEvent};

/// Lines served between two looks at the clock.
const LINES_A_LOOK: usize = 8;

/// What a thread is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Take over this line.
    Open(Box<Slot>),
    /// Hand this command to that line.
    Command(u64, MediaCommand),
}

/// What a thread works with.
#[derive(Debug)]
pub(super) struct Worker {
    orders: Receiver<Order>,
    events: Sender<(u64, MediaEvent)>,
    lateness: Arc<Histogram>,
    ports: Arc<Mutex<PortPool>>,
    #[expect(clippy::vec_box, reason = "a slot is 2 KiB: a vector of them would copy and double them")]
    slots: Vec<Box<Slot>>,
    /// When the slot of the same index is due.
    dues: Vec<Due>,
    by_line: HashMap<u64, usize>,
    scratch: Scratch,
    /// The share of packets not to send, and the dice for it.
    loss: f32,
    dice: SmallRng,
}

impl Worker {
    pub(super) fn new(
        orders: Receiver<Order>,
        events: Sender<(u64, MediaEvent)>,
        lateness: Arc<Histogram>,
        loss: f32,
        ports: Arc<Mutex<PortPool>>,
    ) -> Worker {
        let (slots, dues, by_line) = (Vec::new(), Vec::new(), HashMap::new());
        let (scratch, dice) = (SCRATCH, rand::make_rng());
        Worker { orders, events, lateness, ports, slots, dues, by_line, scratch, loss, dice }
    }

    /// Works until nobody can give orders any more.
    pub(super) fn run(mut self) {
        let mut pace = Pace::begin(0);
        loop {
            if self.slots.is_empty() {
                // Nothing to do until an order comes, perhaps for hours.
                let Ok(order) = self.orders.recv() else { return };
                pace = Pace::begin(pace.next());
                self.obey(&pace, order);
            }
            let n = pace.wait();
            if self.take_orders(&pace).is_err() {
                return;
            }
            self.serve(&pace, n);
            self.remove_over();
        }
    }

    fn take_orders(&mut self, pace: &Pace) -> Result<(), TryRecvError> {
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.obey(pace, order),
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(TryRecvError::Disconnected),
            }
        }
    }

    fn obey(&mut self, pace: &Pace, order: Order) {
        match order {
            Order::Open(slot) => {
                self.by_line.insert(slot.id, self.slots.len());
                self.dues.push(Due::new(slot.id, pace.next()));
                self.slots.push(slot);
            }
            Order::Command(line, command) => {
                // A line that is gone has told all it had to tell.
                let Some(&index) = self.by_line.get(&line) else { return };
                self.slots[index].obey(clock::now(), command, &mut self.scratch);
                self.slots[index].tell(&self.events, &mut self.dues[index]);
            }
        }
    }

    /// Serves every line that is due in sub-slot `n`. Each is fetched from memory while the one before
    /// it is served: a thousand lines do not fit the cache.
    fn serve(&mut self, pace: &Pace, n: u64) {
        let mut now = clock::now();
        let mut served = 0;
        let mut next = self.first_due(n, 0);
        while let Some(index) = next {
            next = self.first_due(n, index + 1);
            if let Some(next) = next {
                prefetch(&*self.slots[next]);
            }
            served += 1;
            if served % LINES_A_LOOK == 0 {
                now = clock::now();
            }
            self.serve_line(pace, n, now, index);
        }
    }

    /// The first line from `from` on that is due in sub-slot `n`.
    fn first_due(&self, n: u64, from: usize) -> Option<usize> {
        let found = self.dues[from..].iter().position(|due| due.is_due(n));
        found.map(|ahead| from + ahead)
    }

    fn serve_line(&mut self, pace: &Pace, n: u64, now: Instant, index: usize) {
        let (slot, due, scratch) = (&mut self.slots[index], &mut self.dues[index], &mut self.scratch);
        let reports = due.rtcp <= n;
        if due.read <= n {
            slot.read(n, now, due, scratch);
        }
        if due.send <= n {
            self.lateness.count(late(pace, due.send, now));
            let lost = self.loss > 0.0 && self.dice.random::<f32>() < self.loss;
            slot.send(now, due, lost, scratch);
        }
        if reports {
            slot.report(now, due, scratch);
        }
        slot.tell(&self.events, due);
    }

    /// Lets go of the lines that have told their end: their sockets close, their ports rest.
    fn remove_over(&mut self) {
        while let Some(index) = self.dues.iter().position(|due| due.over) {
            self.dues.swap_remove(index);
            let slot = self.slots.swap_remove(index);
            self.by_line.remove(&slot.id);
            if let Some(moved) = self.slots.get(index) {
                self.by_line.insert(moved.id, index);
            }
            let port = slot.port;
            drop(slot);
            let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
            ports.give_back(clock::now(), port);
        }
    }
}

fn late(pace: &Pace, due: u64, now: Instant) -> std::time::Duration {
    now.saturating_duration_since(pace.due(due))
}
