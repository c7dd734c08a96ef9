//! One search for a server: questions out, answers in (RFC 3263 §4.1, §4.2).

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::naptr::{self, Naptr, Offer};
use super::srv::{self, Srv};
use super::{Hop, MOST_HOPS, NotFound, Question, Service, Sought, Way};
use crate::sip::message::Transport;

/// One search. Ask what [`poll_question`](Search::poll_question) wants, hand in the answer, and
/// again, until it wants nothing; then [`finish`](Search::finish).
#[derive(Debug)]
pub struct Search {
    sought: Sought,
    ways: Vec<Way>,
    rng: StdRng,
    step: Step,
    /// Whether the services are those that NAPTR records name.
    by_naptr: bool,
    /// Hosts that SRV records gave, in their order.
    places: VecDeque<Place>,
    /// Whether an SRV record said that there is no such service.
    refused: bool,
    hops: Vec<Hop>,
    /// Hosts that have no address of use.
    barren: Vec<String>,
    /// The first thing that the name servers did not tell.
    trouble: Option<String>,
    failure: Option<NotFound>,
}

/// A host whose addresses are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    transport: Transport,
    host: String,
    port: u16,
    /// The SRV records that name it.
    service: Option<String>,
}

/// How far the search has come.
#[derive(Debug)]
enum Step {
    /// Which services there are (RFC 3263 §4.1).
    Services,
    /// The hosts of the services that are left, the first of which is asked for (§4.2).
    Hosts(VecDeque<Service>),
    /// The addresses of the places that are left.
    Addresses,
}

impl Search {
    /// A search for a host by our ways out, in the order in which we prefer them; the seed draws
    /// among SRV records of one priority.
    pub fn new(sought: Sought, ways: Vec<Way>, seed: u64) -> Search {
        let mut search = Search {
            sought,
            ways,
            rng: StdRng::seed_from_u64(seed),
            step: Step::Services,
            by_naptr: false,
            places: VecDeque::new(),
            refused: false,
            hops: Vec::new(),
            barren: Vec::new(),
            trouble: None,
            failure: None,
        };
        search.begin();
        search
    }

    /// What the DNS is to be asked next.
    pub fn poll_question(&self) -> Option<Question> {
        match &self.step {
            Step::Services => Some(Question::Naptr(self.sought.domain.clone())),
            Step::Hosts(services) => services.front().map(|service| Question::Srv(service.name.clone())),
            Step::Addresses => {
                let place = self.places.front()?;
                let serves = |is_ipv4| self.has_way(&place.transport, is_ipv4);
                Some(Question::Addresses {
                    host: place.host.clone(),
                    ipv4: serves(true),
                    ipv6: serves(false),
                })
            }
        }
    }

    /// The NAPTR records that were asked for; none if the domain has none.
    pub fn handle_naptr(&mut self, records: Vec<Naptr>) {
        match naptr::offer(records, &self.transports()) {
            Offer::Services(services) => {
                self.by_naptr = true;
                self.step = Step::Hosts(services.into());
            }
            Offer::Unsaid => self.ask_each_service(),
            Offer::Foreign(services) => {
                let domain = self.sought.domain.clone();
                self.fail(NotFound::Foreign { domain, services });
            }
        }
    }

    /// The SRV records that were asked for; none if the name has none.
    pub fn handle_srv(&mut self, records: Vec<Srv>) {
        let Step::Hosts(services) = &mut self.step else { return };
        let Some(service) = services.pop_front() else { return };
        self.refused |= records.iter().any(Srv::is_refusal);
        let hosts = records.into_iter().filter(|record| !record.is_refusal()).collect();
        let places = srv::in_order(hosts, MOST_HOPS, &mut self.rng).into_iter().map(|record| Place {
            transport: service.transport.clone(),
            host: record.target,
            port: record.port,
            service: Some(service.name.clone()),
        });
        self.places.extend(places);
        self.end_hosts_at_the_last();
    }

    /// The addresses that were asked for; the family of our first way is tried first.
    pub fn handle_addresses(&mut self, addresses: &[IpAddr]) {
        let Some(place) = self.places.pop_front() else { return };
        let ways = self.ways.iter().filter(|way| way.transport == place.transport);
        let usable = ways.flat_map(|way| {
            let is_ipv4 = way.is_ipv4;
            addresses.iter().filter(move |ip| ip.is_ipv4() == is_ipv4)
        });
        let hops: Vec<Hop> = usable.map(|ip| self.hop(&place, *ip)).collect();
        if hops.is_empty() {
            self.barren.push(place.host);
        }
        for hop in hops {
            let is_other = |known: &Hop| known.transport != hop.transport || known.address != hop.address;
            if self.hops.len() < MOST_HOPS && self.hops.iter().all(is_other) {
                self.hops.push(hop);
            }
        }
        if self.hops.len() >= MOST_HOPS {
            self.places.clear();
        }
    }

    /// The name servers did not answer what was asked.
    ///
    /// There are servers that drop questions for NAPTR, which they do not know; the search goes on
    /// without. An SRV question that fails is no answer "none": the calls would go to a web server.
    pub fn handle_failure(&mut self, text: &str) {
        match &mut self.step {
            Step::Services => self.ask_each_service(),
            Step::Hosts(services) => {
                services.pop_front();
                self.trouble.get_or_insert_with(|| text.to_owned());
                self.end_hosts_at_the_last();
            }
            Step::Addresses => {
                self.places.pop_front();
                self.trouble.get_or_insert_with(|| text.to_owned());
            }
        }
    }

    /// The hops in the order in which they are tried; never empty.
    ///
    /// # Errors
    /// [`NotFound`] says in plain words why there is none.
    pub fn finish(self) -> Result<Vec<Hop>, NotFound> {
        if !self.hops.is_empty() {
            return Ok(self.hops);
        }
        let domain = self.sought.domain.clone();
        Err(match (self.failure, self.trouble) {
            (Some(failure), _) => failure,
            (None, Some(text)) => NotFound::Unanswered { domain, text },
            (None, None) => NotFound::NoRecords {
                services: self.sought.port.is_none() && !self.sought.is_local,
                families: families(&self.ways),
                hosts: self.barren.into_iter().filter(|host| *host != domain).collect(),
                domain,
            },
        })
    }

    fn begin(&mut self) {
        match (self.sought.port, &self.sought.transport) {
            // RFC 3263 §4.2: with a port "the client performs an A or AAAA record lookup of the domain
            // name"; §4.1: without a transport it "SHOULD use UDP for a SIP URI".
            (Some(port), _) => self.go_to_domain(port),
            (None, _) if self.sought.is_local => self.go_to_default_port(),
            // §4.2: "if … a transport was specified explicitly, the client performs an SRV query for
            // that specific transport".
            (None, Some(transport)) => {
                let service = Service::of(transport, &self.sought.domain);
                self.step = Step::Hosts([service].into());
            }
            (None, None) => {}
        }
    }

    /// RFC 3263 §4.1: "If no NAPTR records are found, the client constructs SRV queries for those
    /// transport protocols it supports, and does a query for each." All that are found are kept: "The
    /// client MAY use any transport protocol it desires which is supported by the server."
    fn ask_each_service(&mut self) {
        let services = self.transports().into_iter().map(|of| Service::of(&of, &self.sought.domain));
        self.step = Step::Hosts(services.collect());
    }

    /// RFC 3263 §4.2: "If no SRV records were found, the client performs an A or AAAA record lookup of
    /// the domain name."
    fn end_hosts_at_the_last(&mut self) {
        if !matches!(&self.step, Step::Hosts(services) if services.is_empty()) {
            return;
        }
        if !self.places.is_empty() {
            self.step = Step::Addresses;
        } else if self.refused {
            self.fail(NotFound::Refused { domain: self.sought.domain.clone() });
        } else if self.trouble.is_some() {
            self.step = Step::Addresses;
        } else {
            self.go_to_default_port();
        }
    }

    fn go_to_default_port(&mut self) {
        self.go_to_domain(self.transport_of_domain().default_port());
    }

    fn go_to_domain(&mut self, port: u16) {
        let (transport, host) = (self.transport_of_domain(), self.sought.domain.clone());
        self.places = [Place { transport, host, port, service: None }].into();
        self.step = Step::Addresses;
    }

    /// The transport where no SRV record says it: the URI's own, else UDP (RFC 3263 §4.1), else the one
    /// that we have.
    fn transport_of_domain(&self) -> Transport {
        let ours = self.transports();
        let usual = if ours.contains(&Transport::Udp) { None } else { ours.into_iter().next() };
        self.sought.transport.clone().or(usual).unwrap_or(Transport::Udp)
    }

    fn fail(&mut self, failure: NotFound) {
        self.failure = Some(failure);
        self.step = Step::Addresses;
    }

    /// Our transports, each once, in the order of our ways.
    fn transports(&self) -> Vec<Transport> {
        let mut transports = Vec::new();
        for way in &self.ways {
            if !transports.contains(&way.transport) {
                transports.push(way.transport.clone());
            }
        }
        transports
    }

    fn has_way(&self, transport: &Transport, is_ipv4: bool) -> bool {
        self.ways.iter().any(|way| way.transport == *transport && way.is_ipv4 == is_ipv4)
    }

    fn hop(&self, place: &Place, ip: IpAddr) -> Hop {
        let records = match (&place.service, self.by_naptr) {
            (Some(service), true) => format!("{} by NAPTR and SRV {service}", place.host),
            (Some(service), false) => format!("{} by SRV {service}", place.host),
            (None, _) => place.host.clone(),
        };
        let address = SocketAddr::new(ip, place.port);
        Hop { transport: place.transport.clone(), address, found_by: records }
    }
}

/// The families of our ways, where it is one alone.
fn families(ways: &[Way]) -> &'static str {
    match (ways.iter().any(|way| way.is_ipv4), ways.iter().any(|way| !way.is_ipv4)) {
        (true, false) => "IPv4 ",
        (false, true) => "IPv6 ",
        (true, true) | (false, false) => "",
    }
}
