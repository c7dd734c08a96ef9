//! Where a trunk's name leads: the real binary against a name server that nobody here wrote (dnsmasq),
//! each test in a network of its own with its own `/etc/resolv.conf` and `/etc/hosts`.

#![allow(clippy::disallowed_methods, reason = "a process under test lives on the wall clock")]
#![allow(clippy::print_stderr, reason = "a failed test names the directory that it leaves")]

#[allow(dead_code, reason = "every test binary uses its own part of what they share")]
mod support;

use std::net::UdpSocket;
use std::time::Duration;

use serde_json::Value;
use support::dns::{Dnsmasq, phone};
use support::net::Namespace;
use support::process::Process;
use support::serving;
use support::site::{Outcome, Site, binary};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const NUMBER: &str = "+19995550123";
/// Hosts of the zone: nobody listens at the first.
const HOSTS: [&str; 3] = [
    "--host-record=dead.carrier.example,127.0.0.2",
    "--host-record=live.carrier.example,127.0.0.3",
    "--host-record=carrier.example,127.0.0.4",
];

/// A gateway with one trunk, in a network with a name server.
struct Case {
    network: Namespace,
    site: Site,
    _server: Dnsmasq,
}

impl Case {
    fn new(label: &str, target: &str, records: &[&str]) -> Case {
        let network = Namespace::new();
        network.enter();
        let site = Site::new(label, "127.0.0.1");
        let records: Vec<&str> = HOSTS.iter().chain(records).copied().collect();
        let server = Dnsmasq::start(&network, &site.scratch, &records);
        site.trunk("carrier", target, "");
        Case { network, site, _server: server }
    }

    /// Somebody who is busy.
    fn busy_at(&self, address: &str) -> Process {
        phone(&self.site.scratch, address, &["--answer", "busy"])
    }

    fn start(&self, arguments: &[&str]) -> Process {
        self.site.start_by(self.network.exec(&binary()), arguments)
    }

    fn call(&self) -> Outcome {
        let call = self.start(&["call", NUMBER, "--trunk", "carrier", "--json"]);
        self.site.outcome(call, Duration::from_secs(120))
    }

    /// What `check --online` tells of the trunk.
    fn check(&self) -> Vec<String> {
        let mut check = self.start(&["check", "--online"]);
        check.wait(Duration::from_secs(60));
        let of_trunk = |line: &String| line.contains("carrier: ");
        check.lines().into_iter().map(|line| line.text).filter(of_trunk).collect()
    }
}

/// Seconds from the job's acceptance to its result.
fn lasted_s(result: &Value) -> f64 {
    let at = |field: &str| {
        let text = result[field].as_str().unwrap_or_default();
        OffsetDateTime::parse(text, &Rfc3339).unwrap_or_else(|error| panic!("{field}: {error}; {result:#}"))
    };
    (at("finished_at") - at("accepted_at")).as_seconds_f64()
}

/// RFC 2782: "A client MUST attempt to contact the target host with the lowest-numbered priority it can
/// reach"; RFC 3263 §4.3: a transport failure turns to the next.
#[test]
fn a_dead_first_priority_is_passed_over_within_one_attempt() {
    let case = Case::new(
        "srv-tcp",
        "sip:carrier.example;transport=tcp",
        &[
            "--srv-host=_sip._tcp.carrier.example,dead.carrier.example,5070,10,0",
            "--srv-host=_sip._tcp.carrier.example,live.carrier.example,5070,20,0",
        ],
    );
    let _phone = phone(&case.site.scratch, "127.0.0.3:5070", &[]);
    let outcome = case.call();
    outcome.assert_verified_by("rfc4733");
    assert_eq!(outcome.result["attempts"].as_array().map(Vec::len), Some(1), "{outcome}");
    assert_eq!(outcome.attempt("transport"), "tcp", "{outcome}");
}

/// RFC 3263 §4.3: "Failure also occurs if the transaction layer times out without ever having received
/// any response": Timer B, 32 s. The next call is not kept waiting by what this one found.
#[test]
fn silence_of_the_first_priority_leads_to_the_second_and_is_remembered() {
    let case = Case::new(
        "srv-udp",
        "sip:carrier.example",
        &[
            "--srv-host=_sip._udp.carrier.example,dead.carrier.example,5070,10,0",
            "--srv-host=_sip._udp.carrier.example,live.carrier.example,5070,20,0",
        ],
    );
    let _phone = case.busy_at("127.0.0.3:5070");
    let _gateway = case.start(&["serve"]);
    let ready = || serving::metric("octothorpe_ready") == Some(1.0);
    assert!(support::wait_until(Duration::from_secs(60), ready), "serve is not ready");
    let first = serve_one("first");
    assert_eq!(first["reason"], "busy", "{first:#}");
    assert_eq!(first["attempts"].as_array().map(Vec::len), Some(1), "within one attempt: {first:#}");
    assert_eq!(first["attempts"][0]["transport"], "udp", "{first:#}");
    assert!(lasted_s(&first) >= 32.0, "RFC 3261 §17.1.1.2, Timer B: the first target was tried: {first:#}");
    let second = serve_one("second");
    assert_eq!(second["reason"], "busy", "{second:#}");
    assert!(lasted_s(&second) < 32.0, "a dead host costs one call its 32 s, and not each: {second:#}");
}

/// Submits one job to the gateway that serves; its result.
fn serve_one(id: &str) -> Value {
    assert!(serving::submit(id, NUMBER));
    let mut result = Value::Null;
    support::wait_until(Duration::from_secs(90), || {
        let page = serving::fetch("books", 1).unwrap_or_default();
        result = page.into_iter().map(|(_, told)| told).find(|told| told["job"] == id).unwrap_or_default();
        !result.is_null()
    });
    result
}

/// RFC 3263 §4.1: NAPTR tells the transport that the server prefers; one that the URI names wins over it.
#[test]
fn naptr_leads_to_tcp_unless_the_target_names_udp() {
    let records = [
        "--naptr-record=carrier.example,10,10,s,SIPS+D2T,,_sips._tcp.carrier.example",
        "--naptr-record=carrier.example,20,10,s,SIP+D2T,,_sip._tcp.carrier.example",
        "--naptr-record=carrier.example,30,10,s,SIP+D2U,,_sip._udp.carrier.example",
        "--srv-host=_sip._tcp.carrier.example,live.carrier.example,5070,0,0",
        "--srv-host=_sip._udp.carrier.example,live.carrier.example,5080,0,0",
    ];
    let case = Case::new("naptr", "sip:carrier.example", &records);
    let _tcp = case.busy_at("127.0.0.3:5070");
    let outcome = case.call();
    outcome.assert_ended("unreached", "busy");
    assert_eq!(outcome.attempt("transport"), "tcp", "{outcome}");
    let told = case.check();
    let place = "tcp:127.0.0.3:5070 (live.carrier.example by NAPTR and SRV _sip._tcp.carrier.example)";
    assert!(matches!(&told[..], [line] if line.contains(place)), "{told:?}");

    case.site.trunk("carrier", "sip:carrier.example;transport=udp", "");
    let _udp = case.busy_at("127.0.0.3:5080");
    let outcome = case.call();
    outcome.assert_ended("unreached", "busy");
    assert_eq!(outcome.attempt("transport"), "udp", "{outcome}");
}

/// RFC 3263 §4.2: "If no SRV records were found, the client performs an A or AAAA record lookup of the
/// domain name", at the default port.
#[test]
fn without_srv_the_name_itself_is_called_at_port_5060() {
    let case = Case::new("no-srv", "sip:carrier.example", &[]);
    let _phone = case.busy_at("127.0.0.4:5060");
    let outcome = case.call();
    outcome.assert_ended("unreached", "busy");
    assert_eq!(outcome.attempt("transport"), "udp", "{outcome}");
    let told = case.check();
    let place = "udp:127.0.0.4:5060 (carrier.example) answered 200";
    assert!(matches!(&told[..], [line] if line.contains(place)), "{told:?}");
}

#[test]
fn a_name_that_does_not_exist_fails_the_trunk_in_plain_words() {
    let case = Case::new("nxdomain", "sip:nowhere.example", &[]);
    let outcome = case.call();
    outcome.assert_ended("failed", "trunk_failed");
    let why = "no SRV or IPv4 address record for nowhere.example";
    assert_eq!(outcome.attempt("sip_reason"), why, "{outcome}");
    let told = case.check();
    assert!(matches!(&told[..], [line] if line.contains(why)), "{told:?}");
}

/// RFC 2782: "Larger weights SHOULD be given a proportionately higher probability of being selected."
#[test]
fn weights_share_the_calls() {
    const RUNS: usize = 40;
    let case = Case::new(
        "weights",
        "sip:carrier.example;transport=tcp",
        &[
            "--srv-host=_sip._tcp.carrier.example,dead.carrier.example,5070,10,10",
            "--srv-host=_sip._tcp.carrier.example,live.carrier.example,5070,10,30",
        ],
    );
    let is_heavy = || case.check().first().is_some_and(|line| line.contains("127.0.0.3:5070"));
    let heavy = (0..RUNS).filter(|_| is_heavy()).count();
    // 30 are due, 2.8 the deviation.
    assert!((19..=39).contains(&heavy), "{heavy} of {RUNS} to the host of weight 30 beside 10");
}

/// A laboratory without the DNS, and a name server that is down: no call waits longer than the search.
#[test]
fn hosts_are_read_though_no_name_server_answers() {
    let case = Case::new("hosts", "sip:pbx.example", &[]);
    // This one takes every question and answers none.
    let _silent = UdpSocket::bind("127.0.0.9:53").expect("the network is this test's own");
    case.network.configure("nameserver 127.0.0.9\n", "127.0.0.3 pbx.example\n");
    let _phone = case.busy_at("127.0.0.3:5060");
    case.call().assert_ended("unreached", "busy");
    case.site.trunk("carrier", "sip:elsewhere.example", "");
    let outcome = case.call();
    outcome.assert_ended("failed", "trunk_failed");
    let told = outcome.attempt("sip_reason").as_str().unwrap_or_default();
    assert!(told.starts_with("the name servers do not tell where elsewhere.example is"), "{outcome}");
    assert!(lasted_s(&outcome.result) < 10.0, "the search is bounded: {outcome}");
}
