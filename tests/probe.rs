//! `check --online`: is a trunk there (RFC 3261 §11)?

use octothorpe::config::{CallerIds, Host, Listen, MediaConfig, PortRange, Target, Transport, Trunk};
use octothorpe::gateway::media::Options;
use octothorpe::gateway::probe::{Answered, probe};
use octothorpe::phone::{Behaviour, Phone, PhoneConfig};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn free(transport: Transport) -> Listen {
    Listen { transport, address: SocketAddr::new(LOOPBACK, 0) }
}

fn trunk(host: Host, port: u16, transport: Transport) -> Trunk {
    let target = Target { host, port: Some(port), transport: Some(transport) };
    Trunk { caller_ids: CallerIds::of(vec!["+14255550100".into()]), ..Trunk::to("probed", target) }
}

fn media() -> MediaConfig {
    let ports = PortRange::new(46_000, 46_099).expect("an even first port and the next one in it");
    MediaConfig { ipv4: Some(LOOPBACK), ipv6: None, ports, advertise: None }
}

#[tokio::test]
async fn a_trunk_that_answers_options_is_there_by_udp_and_tcp() {
    let media = media();
    let listen = vec![free(Transport::Udp), free(Transport::Tcp)];
    let config = PhoneConfig {
        listen: listen.clone(),
        media: media.clone(),
        engine: Options::default(),
        office: None,
    };
    let (phone, _news) = Phone::start(config, Behaviour::default()).await.unwrap();
    for transport in [Transport::Udp, Transport::Tcp] {
        let address = phone.address(transport).unwrap();
        let trunk = trunk(Host::Ip(LOOPBACK), address.port(), transport);
        let told = probe(&trunk, &listen, &media).await.unwrap();
        assert!(
            matches!(&told[..], [(hop, Answered::Status(200, _))] if hop.address == address),
            "{transport:?}: {told:?}"
        );
    }
    phone.stop().await;
}

#[tokio::test]
async fn a_name_that_does_not_resolve_and_a_closed_port_are_told_apart() {
    let listen = [free(Transport::Tcp)];
    let unknown = trunk(Host::Name("no-such-carrier.invalid".into()), 5060, Transport::Tcp);
    assert!(probe(&unknown, &listen, &media()).await.is_err());
    let closed = std::net::TcpListener::bind((LOOPBACK, 0)).unwrap().local_addr().unwrap();
    let closed = trunk(Host::Ip(LOOPBACK), closed.port(), Transport::Tcp);
    let told = probe(&closed, &listen, &media()).await.unwrap();
    assert!(matches!(&told[..], [(_, Answered::Unreachable(_))]), "{told:?}");
}
