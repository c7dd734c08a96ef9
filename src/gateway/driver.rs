//! One job from its claim to its durable result: policy, route, attempts, verdict.
//!
//! The linear part of a job is written as one async function, because claim, permit and channel are
//! held by exactly one place at a time. Everything with timers and races of its own (SIP, media,
//! the script) is a core in the [event loop](super::event_loop).

mod called;

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use tokio::sync::mpsc;

use super::Shared;
use super::admission::{Admitted, tell_refusal};
use super::channels::Channel;
use super::clock;
use super::line::{LineFacts, LineNews, LineOrder};
use super::media::NoPort;
use super::observer::News;
use super::terms::Terms;
use crate::call::script::ScriptPlan;
use crate::job::{Job, UnixMs};
use crate::leg::record::LegRecord;
use crate::leg::signal::RecordRequest;
use crate::policy::Refusal;
use crate::prompt::Pack;
use crate::queue::{CallEnd, Claim, DialRefused, EventStore, Finished, JobStore, Permit, StoreError};
use crate::reason::Reason;
use crate::report::progress::Progress;
use crate::report::record::{AttemptRecord, JobResult, Secured, Span};
use crate::route::{self, Callee};
use crate::sip::locate::Hop;

/// News of one line on their way to its driver: a handful of INVITEs, a verdict and an end.
const NEWS: usize = 32;
/// The store repeats what fails; after a failure of its own the driver asks again this much later.
const STORE_AGAIN: Duration = Duration::from_secs(1);

/// Ports come back from quarantine; a job that found none looks again this much later.
const PORT_AGAIN: Duration = Duration::from_millis(200);

/// How one attempt ended.
enum Attempted {
    /// The job's result is durable already; the line has ended too.
    Finished,
    /// Ended without a result: what is known of it, and the permit if one was given.
    Ended(Box<LineFacts>, Option<Permit>),
    /// The store ended the job itself (deadline, withdrawal).
    Refused,
}

/// Drives one claimed job to its end.
pub(super) async fn drive(shared: Arc<Shared>, claim: Claim) {
    let terms = shared.terms.borrow().clone();
    let driver = Driver { shared, terms, claim, admitted: None };
    driver.run().await;
}

struct Driver {
    shared: Arc<Shared>,
    /// Those that were in force when the job was taken up.
    terms: Terms,
    claim: Claim,
    /// What the policy gave; the number is ours until the call is over at both ends.
    admitted: Option<Admitted>,
}

impl Driver {
    async fn run(mut self) {
        match self.shared.admission.admit(self.job()) {
            Ok(admitted) => self.admitted = Some(admitted),
            Err(refusal) => return self.refuse(refusal).await,
        }
        let Some(pack) = self.pack() else {
            return self.finish(Reason::PromptMissing, Vec::new()).await;
        };
        let plan = match self.plan(&pack) {
            Ok(plan) => plan,
            Err(reason) => return self.finish(reason, Vec::new()).await,
        };
        let mut tried = Vec::new();
        loop {
            let Some(channel) = self.channel(&tried).await else { return };
            tried.push(channel.index);
            match self.attempt(&channel, &pack, &plan).await {
                Attempted::Finished => return,
                Attempted::Refused => return self.tell_finished().await,
                Attempted::Ended(facts, permit) => {
                    let Some(pause) = self.next_attempt(&facts, permit.is_some()) else {
                        return self.finish_with(*facts, permit).await;
                    };
                    drop(channel);
                    if !self.close_attempt(*facts, permit).await {
                        return;
                    }
                    self.rest(pause).await;
                }
            }
        }
    }

    /// Waits before a further attempt; a drain needs no attempt of ours, so it ends the waiting.
    async fn rest(&self, pause: Duration) {
        tokio::select! {
            () = self.shared.drained() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    fn job(&self) -> &Job {
        &self.claim.job
    }

    /// The pack that this job asks for; a missing locale falls back, a missing pack does not.
    fn pack(&self) -> Option<Arc<Pack>> {
        let packs = &self.terms.packs;
        let tenant = self.shared.admission.tenant(&self.job().key.tenant);
        let (wanted, tenants) = (self.job().locale.as_deref(), tenant.locale.as_deref());
        // A pack that the job names goes before all else; its tenant's, only where it names no language.
        let of_tenant = tenant.prompts.as_deref().filter(|_| wanted.is_none());
        let pack = match self.job().prompts.as_deref().or(of_tenant) {
            Some(name) => packs.named(name)?,
            None => packs.for_locales(wanted.into_iter().chain(tenants)),
        };
        Some(packs.as_heard_by(&self.job().key.tenant, pack))
    }

    /// A channel with its caller id before the deadline; otherwise the job is finished, or given back when
    /// draining.
    async fn channel(&mut self, tried: &[usize]) -> Option<Channel> {
        let deadline = clock::instant_of(self.job().expires_at);
        let pinned = self.job().trunk.as_deref();
        // A lab's number lies nowhere, and is shown what most of the world is shown.
        let region = self.job().to.validity(&[]).map_or("", |place| place.region);
        let callee = Callee { number: &self.job().to, region, wished: self.job().caller_id.as_deref() };
        let reason = tokio::select! {
            biased;
            () = self.shared.drained() => return self.give_back().await,
            channel = self.shared.channels.acquire(pinned, tried, callee) => match channel {
                Ok(channel) => return Some(channel),
                Err(reason) => reason,
            },
            () = tokio::time::sleep_until(deadline.into()) => Reason::Expired,
        };
        self.finish(reason, self.claim.attempts.clone()).await;
        None
    }

    /// The next gateway on this store takes the job up.
    async fn give_back(&self) -> Option<Channel> {
        if let Err(error) = self.shared.store.release(self.claim.clone(), clock::wall()).await {
            tracing::warn!(job = %self.job().key.id, %error, "the job could not be given back");
        }
        None
    }

    async fn attempt(&mut self, channel: &Channel, pack: &Arc<Pack>, plan: &ScriptPlan) -> Attempted {
        let trunk = &channel.trunk;
        let seed = rand::rng().random();
        match self.shared.resolver.locate(&trunk.target, seed).await {
            Ok(hops) => self.dial(channel, pack, plan, hops).await,
            Err(error) => {
                tracing::warn!(trunk = %trunk.name, %error, "no INVITE can be sent");
                self.unsent(channel, Reason::TrunkFailed, &error.to_string())
            }
        }
    }

    async fn dial(
        &mut self,
        channel: &Channel,
        pack: &Arc<Pack>,
        plan: &ScriptPlan,
        hops: Vec<Hop>,
    ) -> Attempted {
        self.progress(Progress::Dialling);
        let opened = self.open(|news| LineOrder {
            job: self.job().key.clone(),
            request_user: route::request_user(&channel.trunk, &self.job().to),
            caller_id: channel.caller_id.clone(),
            trunk: channel.trunk.clone(),
            hops: hops.clone(),
            plan: plan.clone(),
            region: self.region(),
            news,
        });
        let Some((id, mut told)) = opened.await else {
            return self.unsent(channel, Reason::Expired, "no media port was free in time");
        };
        let mut permit = None;
        loop {
            match told.recv().await {
                Some(LineNews::Record(request)) => {
                    if !self.record(id, *request, &mut permit).await {
                        return Attempted::Refused;
                    }
                }
                Some(LineNews::Verdict(facts)) => {
                    self.leave_alone(channel, &facts);
                    self.note_refusal(&facts);
                    if self.next_attempt(&facts, permit.is_some()).is_none() {
                        self.finish_at_verdict(*facts, pack).await;
                        self.linger(&mut told).await;
                        self.part(id, permit.as_ref()).await;
                        return Attempted::Finished;
                    }
                }
                Some(LineNews::Failed) => self.record_wrong_entry(id).await,
                Some(LineNews::FraudReported) => self.tell_fraud(),
                Some(LineNews::Block) => self.block().await,
                Some(LineNews::Ended(facts)) => {
                    self.part(id, permit.as_ref()).await;
                    return Attempted::Ended(facts, permit);
                }
                None => {
                    self.part(id, permit.as_ref()).await;
                    return self.unsent(channel, Reason::Internal, "the event loop dropped the line");
                }
            }
        }
    }

    /// Opens the line. While no media port is free the job waits, within its deadline.
    async fn open(
        &self,
        order: impl Fn(mpsc::Sender<LineNews>) -> LineOrder,
    ) -> Option<(u64, mpsc::Receiver<LineNews>)> {
        while clock::wall() < self.job().expires_at {
            let (news, told) = mpsc::channel(NEWS);
            match self.shared.lines.open(order(news)).await {
                Ok(id) => return Some((id, told)),
                Err(NoPort) => tokio::time::sleep(PORT_AGAIN).await,
            }
        }
        None
    }

    /// Makes durable what ends the leg after a crash. Whether the line may go on.
    async fn record(&mut self, line: u64, request: RecordRequest, permit: &mut Option<Permit>) -> bool {
        match (request, &*permit) {
            (RecordRequest::BeforeInvite(leg), None) => match self.begin_dial(leg).await {
                Some(given) => *permit = Some(given),
                None => {
                    if let Some(admitted) = &mut self.admitted {
                        admitted.not_dialled();
                    }
                    self.shared.lines.abandon(line).await;
                    return false;
                }
            },
            (RecordRequest::BeforeInvite(leg), Some(permit)) => {
                if let Err(error) = self.shared.store.note_leg(permit, leg).durable().await {
                    tracing::error!(%error, "an INVITE was held back: its record is not durable");
                    self.shared.lines.abandon(line).await;
                    return true;
                }
            }
            // The ACK has not waited; nobody waits for this record.
            (RecordRequest::Answered(leg), Some(permit)) => {
                drop(self.shared.store.note_leg(permit, leg));
                return true;
            }
            (RecordRequest::Answered(_), None) => return true,
        }
        self.shared.lines.recorded(line).await;
        true
    }

    async fn begin_dial(&mut self, leg: LegRecord) -> Option<Permit> {
        if let Some(admitted) = &mut self.admitted {
            admitted.dialled();
        }
        loop {
            match self.shared.store.begin_dial(&self.claim, leg.clone(), clock::wall()).await {
                Ok(Ok(permit)) => return Some(permit),
                Ok(Err(DialRefused::Expired | DialRefused::Cancelled | DialRefused::NotHeld)) => return None,
                Err(StoreError::NoRoom) => {
                    if clock::wall() >= self.job().expires_at {
                        return None;
                    }
                    tokio::time::sleep(STORE_AGAIN).await;
                }
                Err(error) => {
                    tracing::error!(%error, "no dial permit");
                    return None;
                }
            }
        }
    }

    /// After the result: waits for the end of the call, so that its channel stays taken and its
    /// last figures are told.
    async fn linger(&self, told: &mut mpsc::Receiver<LineNews>) {
        while let Some(news) = told.recv().await {
            match news {
                LineNews::Ended(facts) => return self.tell_ended(*facts),
                LineNews::FraudReported => self.tell_fraud(),
                LineNews::Block => self.block().await,
                LineNews::Record(_) | LineNews::Failed | LineNews::Verdict(_) => {}
            }
        }
    }

    /// Has the store forget the leg once it is over at both ends; its BYE may not be answered yet.
    async fn part(&self, line: u64, permit: Option<&Permit>) {
        if let Some(permit) = permit {
            self.shared.lines.parting(line, permit.dial()).await;
        }
    }

    /// A trunk that failed and named a time is left alone until then.
    fn leave_alone(&self, channel: &Channel, facts: &LineFacts) {
        let failed = route::next_attempt(facts.reason, facts.rung, facts.retry_after).is_some();
        if let Some(after) = facts.retry_after.filter(|_| failed) {
            self.shared.channels.rest(channel.index, clock::now() + after);
        }
    }

    /// Who refused the caller id is shown another the next time.
    fn note_refusal(&self, facts: &LineFacts) {
        let after = Duration::from_millis(clock::wall().0.saturating_sub(facts.attempt.started_at.0));
        if route::refuses_caller_id(facts.reason, after) {
            self.shared.channels.caller_id_refused(&self.job().to);
        }
    }

    /// After which pause another attempt follows; `None`: this verdict ends the job.
    fn next_attempt(&self, facts: &LineFacts, dialled: bool) -> Option<Duration> {
        let pause = route::next_attempt(facts.reason, facts.rung, facts.retry_after)?;
        let made = self.claim.attempts.len() + 1;
        let in_time = clock::now() + pause < clock::instant_of(self.job().expires_at);
        (dialled && in_time && made < usize::from(self.job().attempts)).then_some(pause)
    }

    /// Closes the permit of an attempt that came to nothing; whether the job is still ours.
    async fn close_attempt(&mut self, facts: LineFacts, permit: Option<Permit>) -> bool {
        self.tell_ended(facts.clone());
        let Some(permit) = permit else { return true };
        match self.shared.store.end_attempt(permit, facts.attempt, clock::wall()).await {
            Ok(claim) => {
                self.claim = claim;
                true
            }
            Err(error) => {
                tracing::warn!(job = %self.job().key.id, %error, "the job was taken from us");
                false
            }
        }
    }

    /// An attempt that ended before an INVITE was made.
    fn unsent(&self, channel: &Channel, reason: Reason, text: &str) -> Attempted {
        let attempt = AttemptRecord {
            trunk: channel.trunk.name.clone(),
            call_id: String::new(),
            caller_id: None,
            started_at: clock::wall(),
            rung: false,
            ringing_ms: None,
            answered_ms: None,
            ended_ms: None,
            pdd_ms: None,
            sip_status: None,
            sip_reason: Some(text.to_owned()),
            q850: None,
            reason: Some(reason),
            transport: channel.trunk.target.certain_transport().map(|transport| transport.name().to_owned()),
            secured: Secured::None,
            codec: None,
            media: None,
            ignored_keys: Vec::new(),
        };
        Attempted::Ended(Box::new(LineFacts::unsent(reason, attempt)), None)
    }

    async fn finish_with(&mut self, facts: LineFacts, permit: Option<Permit>) {
        let result = self.result(&facts);
        self.note_ended(&facts);
        self.publish(result).await;
        self.watch_ended(facts);
        drop(permit);
    }

    async fn finish_at_verdict(&mut self, facts: LineFacts, pack: &Pack) {
        let mut result = self.result(&facts);
        if facts.attempt.answered_ms.is_some() {
            result.locale_played = Some(pack.locale().to_owned());
            result.prompts_played = Some(pack.name().to_owned());
        }
        self.publish(result).await;
    }

    async fn finish(&mut self, reason: Reason, attempts: Vec<AttemptRecord>) {
        let result = JobResult::new(self.job(), reason, attempts, &self.shared.server, self.span());
        self.publish(result).await;
    }

    /// Stopped by policy: nothing is dialled.
    async fn refuse(&mut self, refusal: Refusal) {
        let attempts = self.claim.attempts.clone();
        let mut result =
            JobResult::new(self.job(), refusal.reason, attempts, &self.shared.server, self.span());
        tell_refusal(refusal, self.job(), &mut result);
        self.publish(result).await;
    }

    fn result(&self, facts: &LineFacts) -> JobResult {
        let mut attempts = self.claim.attempts.clone();
        attempts.push(facts.attempt.clone());
        let mut result = JobResult::new(self.job(), facts.reason, attempts, &self.shared.server, self.span());
        result.key = facts.key.clone();
        result.input = facts.input;
        result.retry_after(self.job(), facts.retry_after);
        result.answered_by = facts.answered_by;
        result
    }

    fn span(&self) -> Span {
        Span { accepted_at: self.claim.accepted_at, finished_at: clock::wall() }
    }

    /// Makes the result durable, then tells it. Nothing is told before it is durable.
    async fn publish(&mut self, result: JobResult) {
        if let Some(admitted) = &mut self.admitted {
            admitted.ended(&result);
        }
        let told = match self.shared.store.finish(&self.claim, result.clone()).await {
            Ok(Finished::Now) => result,
            Ok(Finished::Already(first)) => *first,
            Err(error) => {
                tracing::error!(job = %self.job().key.id, %error, "the result could not be stored");
                return;
            }
        };
        self.shared.figures.finished(&told);
        self.shared.observer.tell(&self.job().key, News::Finished(Arc::new(told)));
    }

    /// The store ended the job itself; its result is told like any other.
    async fn tell_finished(&self) {
        if let Ok(Some(view)) = self.shared.store.get(self.job().key.clone()).await
            && let Some(result) = view.result
        {
            self.shared.figures.finished(&result);
            self.shared.observer.tell(&self.job().key, News::Finished(Arc::new(result)));
        }
    }

    fn tell_ended(&self, facts: LineFacts) {
        self.note_ended(&facts);
        self.watch_ended(facts);
    }

    /// The event `ended`, for whoever follows the job; an attempt that sent nothing was no call.
    fn note_ended(&self, facts: &LineFacts) {
        if !facts.attempt.call_id.is_empty() {
            let end = CallEnd { attempt: facts.attempt.clone(), key: facts.key.clone() };
            self.shared.store.call_ended(&self.claim, end, clock::wall());
        }
    }

    fn watch_ended(&self, facts: LineFacts) {
        self.shared.figures.ended(&facts);
        self.shared.observer.tell(&self.job().key, News::Ended(Arc::new(facts.attempt), facts.key));
    }

    fn progress(&self, progress: Progress) {
        self.shared.store.progress(&self.job().key, progress, clock::wall());
        self.shared.observer.tell(&self.job().key, News::Progress(progress));
    }
}

/// The result of a job whose call an earlier process left up.
pub(super) fn unknown(claim: &Claim, shared: &Shared, now: UnixMs) -> JobResult {
    let span = Span { accepted_at: claim.accepted_at, finished_at: now };
    JobResult::new(&claim.job, Reason::OutcomeUnknown, claim.attempts.clone(), &shared.server, span)
}
