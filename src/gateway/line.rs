//! One attempt on the event loop: its signalling leg, and its call while it is up.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::clock;
use super::ladder;
use super::media::MediaHandle;
use super::observer::{News, Observer};
use super::resolver::Resolver;
use super::timers::{Alarm, Timers};
use super::transport::Sockets;
use crate::call::script::ScriptPlan;
use crate::call::verdict::Order;
use crate::call::{Call, CallEffect, IgnoredPress};
use crate::config::{Transport, Trunk};
use crate::job::{JobKey, UnixMs};
use crate::leg::signal::{Outgoing, Peer, RecordRequest};
use crate::leg::{Codec, MediaEvent, SignalEvent};
use crate::queue::{JobStore, Store};
use crate::reason::Reason;
use crate::report::record::{
    AnsweredBy, AttemptRecord, IgnoredKey, InputTrouble, KeyRecord, MediaFigures, Secured,
};
use crate::sip::locate::Hop;
use crate::sip::message::Message;

/// More loss than this makes a poor line (contract, section 3).
const POOR_LOSS: f64 = 0.05;
/// A lower estimate than this makes a poor line (contract, section 3).
const POOR_MOS: f64 = 3.0;

/// All that is needed to place one call.
#[derive(Debug)]
pub(super) struct LineOrder {
    pub(super) job: JobKey,
    pub(super) request_user: String,
    pub(super) caller_id: String,
    pub(super) trunk: Trunk,
    /// Where the INVITE may go, in the order in which that is tried.
    pub(super) hops: Vec<Hop>,
    pub(super) plan: ScriptPlan,
    /// The country called, as [`crate::leg::MediaCommand::Attend`] has it.
    pub(super) region: &'static str,
    pub(super) news: mpsc::Sender<LineNews>,
}

/// What a line tells its driver.
#[derive(Debug)]
pub(super) enum LineNews {
    /// Make this durable.
    Record(Box<RecordRequest>),
    /// Make a wrong entry durable, then say that it is.
    Failed,
    /// The reason is known.
    Verdict(Box<LineFacts>),
    /// Fraud was reported after the verdict, which stays.
    FraudReported,
    /// Block calls to this person.
    Block,
    /// The call is over.
    Ended(Box<LineFacts>),
}

/// What is known of an attempt.
#[derive(Debug, Clone)]
pub(super) struct LineFacts {
    pub(super) reason: Reason,
    pub(super) rung: bool,
    pub(super) retry_after: Option<Duration>,
    pub(super) key: Option<KeyRecord>,
    pub(super) input: Option<InputTrouble>,
    pub(super) answered_by: Option<AnsweredBy>,
    /// Datagrams at its media ports that were not its peer's.
    pub(super) foreign: u64,
    pub(super) attempt: AttemptRecord,
}

impl LineFacts {
    pub(super) fn unsent(reason: Reason, attempt: AttemptRecord) -> LineFacts {
        LineFacts {
            reason,
            rung: false,
            retry_after: None,
            key: None,
            input: None,
            answered_by: None,
            foreign: 0,
            attempt,
        }
    }
}

/// What a line needs of the edge to carry out what its cores want.
pub(super) struct Edge<'a> {
    pub(super) sockets: &'a mut Sockets,
    pub(super) media: &'a MediaHandle,
    pub(super) timers: &'a mut Timers,
    pub(super) store: &'a Store,
    pub(super) observer: &'a Observer,
    pub(super) resolver: &'a Resolver,
}

/// One attempt. The leg may outlive the call: its transactions linger (RFC 3261 §17).
#[derive(Debug)]
pub(super) struct Line {
    id: u64,
    job: JobKey,
    leg: Outgoing,
    up: Option<Box<Up>>,
    /// The far end of the connection that it uses.
    hop: Option<SocketAddr>,
    /// The wake-up that stands in the timers.
    alarm: Alarm,
}

/// The part of a line that ends with the call.
#[derive(Debug)]
struct Up {
    call: Call,
    trunk: String,
    caller_id: String,
    started_at: UnixMs,
    codec: Option<Codec>,
    news: mpsc::Sender<LineNews>,
}

impl Line {
    pub(super) fn new(id: u64, leg: Outgoing, call: Call, order: LineOrder) -> Line {
        let up = Up {
            call,
            trunk: order.trunk.name,
            caller_id: order.caller_id,
            started_at: clock::wall(),
            codec: None,
            news: order.news,
        };
        Line { id, job: order.job, leg, up: Some(Box::new(up)), hop: None, alarm: Alarm::default() }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn job(&self) -> &JobKey {
        &self.job
    }

    pub(super) fn call_id(&self) -> &str {
        self.leg.call_id()
    }

    /// Whether its messages go over this connection.
    pub(super) fn uses(&self, destination: SocketAddr) -> bool {
        self.hop == Some(destination)
    }

    /// Whether its call is over at both ends; what lingers only absorbs repeats.
    pub(super) fn has_parted(&self) -> bool {
        self.up.is_none() && self.leg.has_parted()
    }

    /// Whether nothing of it is left to do.
    pub(super) fn is_finished(&self) -> bool {
        self.up.is_none() && self.leg.is_finished()
    }

    pub(super) fn start(&mut self, now: Instant, edge: &mut Edge<'_>) {
        self.leg.start(now);
        self.pump(now, edge);
    }

    pub(super) fn handle_recorded(&mut self, now: Instant, edge: &mut Edge<'_>) {
        self.leg.handle_recorded(now);
        self.pump(now, edge);
    }

    pub(super) fn handle_entry_recorded(
        &mut self,
        now: Instant,
        locked_for: Option<Duration>,
        edge: &mut Edge<'_>,
    ) {
        if let Some(up) = &mut self.up {
            up.call.handle_recorded(now, locked_for);
        }
        self.pump(now, edge);
    }

    pub(super) fn handle_message(
        &mut self,
        now: Instant,
        message: Message,
        source: &Peer,
        edge: &mut Edge<'_>,
    ) {
        if edge.observer.wants_ladder() {
            edge.observer.tell(&self.job, News::Message(ladder::received(&message).into()));
        }
        self.leg.handle_message(now, message, source);
        self.pump(now, edge);
    }

    pub(super) fn handle_transport_error(&mut self, now: Instant, text: &str, edge: &mut Edge<'_>) {
        self.leg.handle_transport_error(now, text);
        self.pump(now, edge);
    }

    pub(super) fn handle_media(&mut self, now: Instant, event: MediaEvent, edge: &mut Edge<'_>) {
        if let Some(up) = &mut self.up {
            up.call.handle_media(now, event);
        }
        self.pump(now, edge);
    }

    pub(super) fn handle_order(&mut self, now: Instant, order: Order, edge: &mut Edge<'_>) {
        if let Some(up) = &mut self.up {
            up.call.handle_order(order);
        }
        self.pump(now, edge);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, edge: &mut Edge<'_>) {
        self.alarm.ring(now);
        self.leg.handle_timeout(now);
        if let Some(up) = &mut self.up {
            up.call.handle_timeout(now);
        }
        self.pump(now, edge);
    }

    /// Carries out all that both cores want, until both are quiet.
    fn pump(&mut self, now: Instant, edge: &mut Edge<'_>) {
        loop {
            let mut quiet = true;
            while let Some(event) = self.leg.poll_event() {
                quiet = false;
                self.take_event(now, event);
            }
            while let Some(effect) = self.up.as_mut().and_then(|up| up.call.poll_effect()) {
                quiet = false;
                self.carry_out(now, effect, edge);
            }
            if quiet {
                break;
            }
        }
        self.transmit(edge);
        if let Some(news) = self.leg.poll_target() {
            edge.resolver.note(now, news);
        }
        while let Some(request) = self.leg.poll_record() {
            self.tell(LineNews::Record(Box::new(request)));
        }
        self.arm(edge.timers);
    }

    fn take_event(&mut self, now: Instant, event: SignalEvent) {
        let Some(up) = &mut self.up else { return };
        if let SignalEvent::Answered(format) | SignalEvent::Renegotiated(format) = &event {
            up.codec = Some(format.codec);
        }
        up.call.handle_signal(now, event);
    }

    fn carry_out(&mut self, now: Instant, effect: CallEffect, edge: &mut Edge<'_>) {
        match effect {
            CallEffect::Media(command) => edge.media.command(self.id, command),
            CallEffect::HangUp => self.leg.hang_up(now),
            CallEffect::Progress(progress) => {
                edge.store.progress(&self.job, progress, clock::wall());
                edge.observer.tell(&self.job, News::Progress(progress));
            }
            CallEffect::Failed(_) => self.tell(LineNews::Failed),
            CallEffect::FraudReported => self.tell(LineNews::FraudReported),
            CallEffect::Block => self.tell(LineNews::Block),
            CallEffect::Verdict(reason) => {
                if let Some(facts) = self.facts(now, reason) {
                    self.tell(LineNews::Verdict(facts));
                }
            }
            CallEffect::Ended => self.end(now),
        }
    }

    fn end(&mut self, now: Instant) {
        let reason = self.up.as_ref().and_then(|up| up.call.verdict()).unwrap_or(Reason::Internal);
        if let Some(facts) = self.facts(now, reason) {
            self.tell(LineNews::Ended(facts));
        }
        self.up = None;
    }

    fn transmit(&mut self, edge: &mut Edge<'_>) {
        while let Some(transmit) = self.leg.poll_transmit() {
            if edge.observer.wants_ladder() {
                edge.observer.tell(&self.job, News::Message(ladder::sent(&transmit.bytes).into()));
            }
            let transport = super::transport_of(&transmit.transport);
            // A connection that breaks is nothing to a line that is on UDP to the same address.
            self.hop = Some(transmit.destination).filter(|_| transport == Some(Transport::Tcp));
            if let Some(transport) = transport {
                edge.sockets.send(transport, transmit.destination, transmit.bytes);
            }
        }
    }

    /// The driver reads all its news until the end; a full queue means that it is gone.
    fn tell(&self, news: LineNews) {
        if let Some(up) = &self.up
            && up.news.try_send(news).is_err()
        {
            tracing::error!(line = self.id, "the driver of this line is gone");
        }
    }

    fn arm(&mut self, timers: &mut Timers) {
        let leg = self.leg.poll_timeout();
        let call = self.up.as_ref().and_then(|up| up.call.poll_timeout());
        let due = [leg, call].into_iter().flatten().map(|(at, _)| at).min();
        self.alarm.arm(due, self.id, timers);
    }

    fn facts(&self, now: Instant, reason: Reason) -> Option<Box<LineFacts>> {
        let up = self.up.as_ref()?;
        let attempt = self.attempt(now, up, reason);
        let key = up
            .call
            .deciding_press()
            .map(|press| KeyRecord { paths: press.paths.clone(), pressed_at_ms: millis(press.since_answer) });
        let retry_after = up.call.cause().and_then(|cause| cause.retry_after);
        let input = input(reason, up.call.traced(), attempt.media.as_ref());
        let foreign = up.call.figures().map_or(0, |figures| figures.foreign);
        let (rung, answered_by) = (up.call.rung(), up.call.answered_by());
        Some(Box::new(LineFacts { reason, rung, retry_after, key, input, answered_by, foreign, attempt }))
    }

    fn attempt(&self, now: Instant, up: &Up, reason: Reason) -> AttemptRecord {
        let facts = self.leg.facts();
        let since = |at: Option<Instant>| Some(millis(at?.saturating_duration_since(facts.invited?)));
        AttemptRecord {
            trunk: up.trunk.clone(),
            call_id: facts.call_id.clone(),
            caller_id: Some(up.caller_id.clone()),
            started_at: up.started_at,
            rung: up.call.rung(),
            ringing_ms: facts.ringing(now).map(millis),
            answered_ms: since(facts.answered),
            ended_ms: since(facts.ended),
            pdd_ms: facts.pdd().map(millis),
            sip_status: facts.sip_status,
            sip_reason: facts.sip_reason.clone(),
            q850: facts.q850,
            reason: Some(reason),
            transport: self.leg.transport().and_then(super::transport_of).map(|of| of.name().to_owned()),
            secured: Secured::None,
            codec: up.codec.map(|codec| codec.name().to_owned()),
            media: up.call.figures().map(media_figures),
            ignored_keys: up.call.ignored().iter().map(ignored_key).collect(),
        }
    }
}

fn ignored_key(press: &IgnoredPress) -> IgnoredKey {
    IgnoredKey { why: press.why, path: press.path, pressed_at_ms: millis(press.since_answer) }
}

fn media_figures(figures: &crate::leg::MediaFigures) -> MediaFigures {
    MediaFigures {
        packets_sent: figures.packets_sent,
        packets_received: figures.packets_received,
        lost_sent: figures.lost_sent,
        lost_received: figures.lost_received,
        jitter_ms: figures.jitter_ms,
        late: figures.late,
        // To a hundredth: no more is meant.
        mos: figures.mos.map(|mos| (100.0 * mos).round() / 100.0),
    }
}

/// Why no key came, where none did (contract, section 3).
fn input(reason: Reason, traced: bool, media: Option<&MediaFigures>) -> Option<InputTrouble> {
    if reason != Reason::NoInput {
        return None;
    }
    if traced {
        return Some(InputTrouble::Damaged);
    }
    let media = media?;
    let expected = media.packets_received + media.lost_received;
    let poor = media.lost_received as f64 > POOR_LOSS * expected as f64
        || media.mos.is_some_and(|mos| mos < POOR_MOS);
    Some(if poor { InputTrouble::PoorLine } else { InputTrouble::None })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
