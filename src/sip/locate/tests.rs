//! The procedures of RFC 3263 §4, sentence by sentence, over zones in memory.

use std::net::IpAddr;

use super::*;

const SEED: u64 = 202_611;

/// What a name server knows; a name that it does not tell of in time fails.
#[derive(Debug, Default, Clone)]
struct Zone {
    naptr: Vec<(&'static str, u16, &'static str, &'static str)>,
    srv: Vec<(&'static str, u16, u16, &'static str)>,
    addresses: Vec<(&'static str, &'static str)>,
    silent: Vec<&'static str>,
}

impl Zone {
    /// Answers until nothing is asked any more; what was asked, and what came of it.
    fn answer(&self, mut search: Search) -> (Vec<String>, Result<Vec<Hop>, NotFound>) {
        let mut asked = Vec::new();
        while let Some(question) = search.poll_question() {
            assert!(asked.len() < 40, "the search ends: {asked:?}");
            let (word, name) = match &question {
                Question::Naptr(name) => ("NAPTR", name),
                Question::Srv(name) => ("SRV", name),
                Question::Addresses { host, .. } => ("A", host),
            };
            asked.push(format!("{word} {name}"));
            if self.silent.contains(&&*format!("{word} {name}")) {
                search.handle_failure("timed out");
                continue;
            }
            match &question {
                Question::Naptr(name) => search.handle_naptr(self.naptr(name)),
                Question::Srv(name) => search.handle_srv(self.srv(name)),
                Question::Addresses { host, ipv4, ipv6 } => {
                    let known = self.addresses.iter().filter(|(name, _)| name == host);
                    let all = known.map(|(_, ip)| ip.parse().unwrap());
                    let asked = all.filter(|ip: &IpAddr| if ip.is_ipv4() { *ipv4 } else { *ipv6 });
                    search.handle_addresses(&asked.collect::<Vec<_>>());
                }
            }
        }
        (asked, search.finish())
    }

    fn naptr(&self, name: &str) -> Vec<Naptr> {
        let known = self.naptr.iter().filter(|(domain, ..)| *domain == name);
        known
            .map(|(_, order, services, replacement)| Naptr {
                order: *order,
                preference: 0,
                flags: "S".into(),
                services: (*services).into(),
                replacement: (*replacement).into(),
            })
            .collect()
    }

    fn srv(&self, name: &str) -> Vec<Srv> {
        let known = self.srv.iter().filter(|(service, ..)| *service == name);
        known
            .map(|(_, priority, port, target)| Srv {
                priority: *priority,
                weight: 0,
                port: *port,
                target: (*target).into(),
            })
            .collect()
    }

    /// Locates `example.com` with both transports over IPv4.
    fn locate(&self, port: Option<u16>, transport: Option<Transport>) -> (Vec<String>, Vec<String>) {
        self.locate_by(port, transport, &[(Transport::Udp, true), (Transport::Tcp, true)])
    }

    fn locate_by(
        &self,
        port: Option<u16>,
        transport: Option<Transport>,
        ways: &[(Transport, bool)],
    ) -> (Vec<String>, Vec<String>) {
        let (asked, found) = self.answer(search(port, transport, ways));
        let hops = found.unwrap_or_else(|error| panic!("{error}; asked {asked:?}"));
        (asked, hops.iter().map(|hop| format!("{} {}", hop.transport, hop.address)).collect())
    }

    fn error(&self) -> String {
        let ways = [(Transport::Udp, true), (Transport::Tcp, true)];
        self.answer(search(None, None, &ways)).1.unwrap_err().to_string()
    }
}

fn search(port: Option<u16>, transport: Option<Transport>, ways: &[(Transport, bool)]) -> Search {
    let sought = Sought { domain: "example.com".into(), port, transport, is_local: false };
    let way =
        |(transport, is_ipv4): &(Transport, bool)| Way { transport: transport.clone(), is_ipv4: *is_ipv4 };
    Search::new(sought, ways.iter().map(way).collect(), SEED)
}

/// The example of RFC 3263 §4.1 and §4.2.
fn of_the_rfc() -> Zone {
    Zone {
        naptr: vec![
            ("example.com", 50, "SIPS+D2T", "_sips._tcp.example.com"),
            ("example.com", 90, "SIP+D2T", "_sip._tcp.example.com"),
            ("example.com", 100, "SIP+D2U", "_sip._udp.example.com"),
        ],
        srv: vec![
            ("_sip._tcp.example.com", 1, 5060, "server2.example.com"),
            ("_sip._tcp.example.com", 0, 5070, "server1.example.com"),
            ("_sip._udp.example.com", 0, 5060, "server3.example.com"),
        ],
        addresses: vec![
            ("server1.example.com", "192.0.2.1"),
            ("server2.example.com", "192.0.2.2"),
            ("server2.example.com", "2001:db8::2"),
            ("server3.example.com", "192.0.2.3"),
            ("example.com", "192.0.2.80"),
        ],
        silent: vec![],
    }
}

#[test]
fn naptr_chooses_the_transport_and_srv_the_hosts() {
    let (asked, hops) = of_the_rfc().locate(None, None);
    assert_eq!(hops, ["TCP 192.0.2.1:5070", "TCP 192.0.2.2:5060"]);
    let expected =
        ["NAPTR example.com", "SRV _sip._tcp.example.com", "A server1.example.com", "A server2.example.com"];
    assert_eq!(asked, expected);
}

/// §4.1: "If the URI specifies a transport protocol in the transport parameter, that transport protocol
/// SHOULD be used."
#[test]
fn a_transport_in_the_uri_wins_over_naptr() {
    let (asked, hops) = of_the_rfc().locate(None, Some(Transport::Udp));
    assert_eq!(hops, ["UDP 192.0.2.3:5060"]);
    assert_eq!(asked[0], "SRV _sip._udp.example.com");
}

#[test]
fn with_a_port_only_addresses_are_asked_for() {
    let (asked, hops) = of_the_rfc().locate(Some(5080), None);
    assert_eq!((asked.len(), &*hops), (1, &["UDP 192.0.2.80:5080".to_owned()][..]));
    let (_, hops) = of_the_rfc().locate(Some(5080), Some(Transport::Tcp));
    assert_eq!(hops, ["TCP 192.0.2.80:5080"]);
}

/// §4.1: "If no NAPTR records are found, the client constructs SRV queries for those transport protocols
/// it supports".
#[test]
fn without_naptr_each_of_our_transports_is_asked_for_in_our_order() {
    let zone = Zone { naptr: vec![], ..of_the_rfc() };
    let (_, hops) = zone.locate(None, None);
    assert_eq!(hops, ["UDP 192.0.2.3:5060", "TCP 192.0.2.1:5070", "TCP 192.0.2.2:5060"]);
    let (_, hops) = zone.locate_by(None, None, &[(Transport::Tcp, true), (Transport::Udp, true)]);
    assert_eq!(hops[0], "TCP 192.0.2.1:5070");
    let (asked, _) = zone.locate_by(None, None, &[(Transport::Udp, true)]);
    assert!(!asked.iter().any(|name| name.contains("_tcp")), "TCP has no listener: {asked:?}");
}

/// §4.1: "If no SRV records are found, the client SHOULD use … UDP for a SIP URI"; §4.2: at "the default
/// port for that transport".
#[test]
fn without_srv_the_domain_itself_is_the_server() {
    let zone = Zone { naptr: vec![], srv: vec![], ..of_the_rfc() };
    assert_eq!(zone.locate(None, None).1, ["UDP 192.0.2.80:5060"]);
    assert_eq!(zone.locate(None, Some(Transport::Tcp)).1, ["TCP 192.0.2.80:5060"]);
    let tcp_alone = zone.locate_by(None, None, &[(Transport::Tcp, true)]).1;
    assert_eq!(tcp_alone, ["TCP 192.0.2.80:5060"], "we have no UDP");
}

#[test]
fn addresses_of_a_family_that_we_do_not_have_are_passed_over() {
    let both = [(Transport::Udp, false), (Transport::Tcp, false), (Transport::Tcp, true)];
    let (_, hops) = of_the_rfc().locate_by(None, None, &both);
    let expected = ["TCP 192.0.2.1:5070", "TCP [2001:db8::2]:5060", "TCP 192.0.2.2:5060"];
    assert_eq!(hops, expected, "the order of our ways is that of families");
    let (_, hops) = of_the_rfc().locate_by(None, None, &[(Transport::Tcp, false)]);
    assert_eq!(hops, ["TCP [2001:db8::2]:5060"]);
}

/// RFC 2782: "A Target of "." means that the service is decidedly not available at this domain."
#[test]
fn a_service_that_is_decidedly_not_available_is_not_guessed_at() {
    let srv = vec![("_sip._udp.example.com", 0, 0, "")];
    let zone = Zone { naptr: vec![], srv: srv.clone(), ..of_the_rfc() };
    let told = zone.error();
    assert_eq!(told, "the SRV record for example.com says that there is no SIP (its target is \".\")");
    let with_tcp = [srv, vec![("_sip._tcp.example.com", 0, 5060, "server1.example.com")]].concat();
    assert_eq!(Zone { srv: with_tcp, ..zone }.locate(None, None).1, ["TCP 192.0.2.1:5060"]);
}

#[test]
fn what_is_missing_is_told_in_plain_words() {
    assert_eq!(Zone::default().error(), "no SRV or IPv4 address record for example.com");
    let both = [(Transport::Udp, true), (Transport::Udp, false)];
    let error = Zone::default().answer(search(Some(5060), None, &both)).1.unwrap_err();
    assert_eq!(error.to_string(), "no address record for example.com");
    let hostless = Zone { addresses: vec![], naptr: vec![], ..of_the_rfc() };
    let told = hostless.error();
    assert!(told.contains("name server3.example.com, server1.example.com, server2.example.com"), "{told}");
    let tls = Zone { naptr: of_the_rfc().naptr[..1].to_vec(), ..of_the_rfc() };
    assert!(tls.error().contains("offer SIPS+D2T, of which no `[sip] listen` address is"), "{}", tls.error());
}

#[test]
fn a_server_that_drops_questions_for_naptr_costs_no_call() {
    let zone = Zone { silent: vec!["NAPTR example.com"], ..of_the_rfc() };
    assert_eq!(zone.locate(None, None).1[0], "UDP 192.0.2.3:5060");
}

/// The address of a domain is often its web server's: where SRV could not be asked it is not called.
#[test]
fn srv_records_that_could_not_be_asked_for_are_not_taken_for_none() {
    let silent = vec!["SRV _sip._udp.example.com", "SRV _sip._tcp.example.com"];
    let zone = Zone { naptr: vec![], silent, ..of_the_rfc() };
    assert_eq!(zone.error(), "the name servers do not tell where example.com is: timed out");
    let one = Zone { silent: vec!["SRV _sip._udp.example.com", "A server1.example.com"], ..zone };
    assert_eq!(one.locate(None, None).1, ["TCP 192.0.2.2:5060"], "what answers is used");
}

#[test]
fn at_most_eight_hops_are_kept_and_none_twice() {
    let many = (0..20).map(|_| ("_sip._udp.example.com", 0, 5060, "server3.example.com"));
    let zone = Zone { naptr: vec![], srv: many.collect(), ..of_the_rfc() };
    assert_eq!(zone.locate(None, Some(Transport::Udp)).1, ["UDP 192.0.2.3:5060"]);
    const TEN: [&str; 10] = [
        "192.0.2.1",
        "192.0.2.2",
        "192.0.2.3",
        "192.0.2.4",
        "192.0.2.5",
        "192.0.2.6",
        "192.0.2.7",
        "192.0.2.8",
        "192.0.2.9",
        "192.0.2.10",
    ];
    let wide = Zone { addresses: TEN.map(|ip| ("server3.example.com", ip)).to_vec(), ..zone };
    assert_eq!(wide.locate(None, Some(Transport::Udp)).1.len(), MOST_HOPS);
}

/// A name that this machine itself knows (`localhost`) has no services in the DNS.
#[test]
fn a_local_name_is_looked_up_as_it_is() {
    let sought = Sought { domain: "example.com".into(), port: None, transport: None, is_local: true };
    let ways = vec![Way { transport: Transport::Udp, is_ipv4: true }];
    let (asked, hops) = of_the_rfc().answer(Search::new(sought, ways, SEED));
    assert_eq!(asked, ["A example.com"]);
    assert_eq!(hops.unwrap()[0].address, "192.0.2.80:5060".parse().unwrap());
}
