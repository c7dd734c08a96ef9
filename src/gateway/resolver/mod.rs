//! A trunk's target -> where its INVITE may go, at each attempt (RFC 3263).

mod dns;
mod failed;

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::clock;
use super::legs::wire;
use crate::config::{Host, Listen, MediaConfig, Target, Transport};
use crate::leg::signal::TargetNews;
use crate::sip::locate::{Hop, NotFound, Question, Search, Sought, Way};
use dns::Dns;
use failed::FailedHops;

/// A whole search; the attempt waits for it.
const SEARCH: Duration = Duration::from_secs(8);
/// Of which a question for NAPTR may take so much: there are servers that drop it.
const NAPTR: Duration = Duration::from_secs(2);
/// The files that say how names are found.
const FILES: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

/// When the files were changed last.
type Stamp = [Option<SystemTime>; 2];

/// Finds the next hops of trunks that we have a way to.
#[derive(Debug)]
pub(super) struct Resolver {
    ways: Vec<Way>,
    dns: Mutex<Option<(Stamp, Arc<Dns>)>>,
    failed: Mutex<FailedHops>,
}

impl Resolver {
    /// By these listeners, in their order; media has to have an address of their family.
    pub(super) fn new(listen: &[Listen], media: &MediaConfig) -> Resolver {
        let carries = |listen: &&Listen| media.address_for(listen.address.ip()).is_some();
        let way =
            |listen: &Listen| Way { transport: wire(listen.transport), is_ipv4: listen.address.is_ipv4() };
        Resolver {
            ways: listen.iter().filter(carries).map(way).collect(),
            dns: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// The next hops of a target, in the order in which they are tried; never empty. The seed draws
    /// among SRV records of one priority.
    pub(super) async fn locate(&self, target: &Target, seed: u64) -> Result<Vec<Hop>, NotFound> {
        let domain = match &target.host {
            Host::Ip(ip) => {
                // RFC 3263 §4.1, §4.2: a numeric address is used as it is, by UDP unless the URI says else.
                let transport = wire(target.transport.unwrap_or(Transport::Udp));
                let port = target.port.unwrap_or_else(|| transport.default_port());
                return Ok(vec![Hop { transport, address: (*ip, port).into(), found_by: String::new() }]);
            }
            Host::Name(name) => name.clone(),
        };
        let dns = self.dns().map_err(|text| NotFound::Unanswered { domain: domain.clone(), text })?;
        let sought = Sought {
            // A name without a dot is this network's, by its search list; the DNS has no services for it.
            is_local: !domain.contains('.') || dns.has_host(&domain),
            domain,
            port: target.port,
            transport: target.transport.map(wire),
        };
        let mut search = Search::new(sought, self.ways.clone(), seed);
        let deadline = clock::now() + SEARCH;
        while let Some(question) = search.poll_question() {
            ask(&dns, &mut search, &question, deadline).await;
        }
        let hops = search.finish()?;
        Ok(self.failed().order(clock::now(), hops))
    }

    /// Takes in whether there was anybody at a hop, for the order of the next search.
    pub(super) fn note(&self, now: Instant, news: TargetNews) {
        self.failed().note(now, news);
    }

    fn failed(&self) -> MutexGuard<'_, FailedHops> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way to the DNS that the files tell now.
    fn dns(&self) -> Result<Arc<Dns>, String> {
        let changed = |file| std::fs::metadata(file).and_then(|file| file.modified()).ok();
        let stamp = FILES.map(changed);
        let mut kept = self.dns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, dns)) = kept.as_ref()
            && *read == stamp
        {
            return Ok(dns.clone());
        }
        let dns = Arc::new(Dns::read().map_err(|error| error.to_string())?);
        *kept = Some((stamp, dns.clone()));
        Ok(dns)
    }
}

/// Puts one question to the DNS and its answer, or that there is none in time, to the search.
async fn ask(dns: &Dns, search: &mut Search, question: &Question, deadline: Instant) {
    let told = match question {
        Question::Naptr(name) => {
            let deadline = deadline.min(clock::now() + NAPTR);
            in_time(deadline, dns.naptr(name)).await.map(|records| search.handle_naptr(records))
        }
        Question::Srv(name) => {
            in_time(deadline, dns.srv(name)).await.map(|records| search.handle_srv(records))
        }
        Question::Addresses { host, ipv4, ipv6 } => {
            let addresses = in_time(deadline, dns.addresses(host, *ipv4, *ipv6)).await;
            addresses.map(|addresses| search.handle_addresses(&addresses))
        }
    };
    if let Err(text) = told {
        search.handle_failure(&text);
    }
}

async fn in_time<T>(deadline: Instant, answer: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = || Err("they did not answer in time".to_owned());
    tokio::time::timeout_at(deadline.into(), answer).await.unwrap_or_else(|_| late())
}
