//! Records of the DNS and of `/etc/hosts`, asked as this machine's own configuration says.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::{Hosts, TokioResolver};

use crate::sip::locate::{Naptr, Srv};

/// One try at one name server; it is made thrice. A lost datagram must not cost the person seconds.
const TRY: Duration = Duration::from_secs(1);
const REPEATS: usize = 2;

/// This machine's way to the DNS, as its files were when they were read. Answers are kept as long as
/// they say.
#[derive(Debug)]
pub(super) struct Dns {
    resolver: TokioResolver,
    hosts: Arc<Hosts>,
}

impl Dns {
    /// Reads `/etc/resolv.conf` and `/etc/hosts`.
    pub(super) fn read() -> Result<Dns, NetError> {
        let mut builder = TokioResolver::builder_tokio().unwrap_or_else(|error| {
            // resolv.conf(5): without an entry the name server of this machine is asked.
            tracing::warn!(%error, "/etc/resolv.conf names no server; 127.0.0.1 is asked");
            let here = NameServerConfig::udp_and_tcp(Ipv4Addr::LOCALHOST.into());
            let config = ResolverConfig::from_name_servers(vec![here]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        });
        let options = builder.options_mut();
        options.timeout = options.timeout.min(TRY);
        options.attempts = REPEATS;
        let mut resolver = builder.build()?;
        let hosts = Arc::new(Hosts::from_system().unwrap_or_default());
        resolver.set_hosts(hosts.clone());
        Ok(Dns { resolver, hosts })
    }

    /// Whether `/etc/hosts` has the name.
    pub(super) fn has_host(&self, name: &str) -> bool {
        self.has_address(name, RecordType::A) || self.has_address(name, RecordType::AAAA)
    }

    pub(super) async fn naptr(&self, name: &str) -> Result<Vec<Naptr>, String> {
        let records = self.ask(&absolute(name), RecordType::NAPTR).await?;
        Ok(records.iter().filter_map(naptr).collect())
    }

    pub(super) async fn srv(&self, name: &str) -> Result<Vec<Srv>, String> {
        let records = self.ask(&absolute(name), RecordType::SRV).await?;
        Ok(records.iter().filter_map(srv).collect())
    }

    /// The addresses of a host in these families.
    pub(super) async fn addresses(&self, host: &str, ipv4: bool, ipv6: bool) -> Result<Vec<IpAddr>, String> {
        let ipv4 = self.family(host, ipv4, RecordType::A);
        match tokio::join!(ipv4, self.family(host, ipv6, RecordType::AAAA)) {
            (Ok(ipv4), Ok(ipv6)) => Ok([ipv4, ipv6].concat()),
            // One family is enough to call by.
            (Ok(found), Err(_)) | (Err(_), Ok(found)) if !found.is_empty() => Ok(found),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    async fn family(&self, host: &str, wanted: bool, of: RecordType) -> Result<Vec<IpAddr>, String> {
        // A name that the file has in the other family alone is not looked up elsewhere.
        let absent = self.has_host(host) && !self.has_address(host, of);
        if !wanted || absent {
            return Ok(Vec::new());
        }
        let records = self.ask(host, of).await?;
        Ok(records.iter().filter_map(|record| record.data.ip_addr()).collect())
    }

    fn has_address(&self, name: &str, of: RecordType) -> bool {
        let query = Name::from_ascii(name).map(|name| Query::query(name, of));
        query.is_ok_and(|query| self.hosts.lookup_static_host(&query).is_some())
    }

    /// All records of one kind; none where the name or the kind does not exist.
    async fn ask(&self, name: &str, of: RecordType) -> Result<Vec<Record>, String> {
        match self.resolver.lookup(name, of).await {
            Ok(lookup) => Ok(lookup.answers().to_vec()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A name that no search list is added to.
fn absolute(name: &str) -> String {
    format!("{name}.")
}

/// A name as the core has it: in lower case, without the dot at its end.
fn plain(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

fn srv(record: &Record) -> Option<Srv> {
    let RData::SRV(srv) = &record.data else { return None };
    Some(Srv { priority: srv.priority, weight: srv.weight, port: srv.port, target: plain(&srv.target) })
}

fn naptr(record: &Record) -> Option<Naptr> {
    let RData::NAPTR(naptr) = &record.data else { return None };
    Some(Naptr {
        order: naptr.order,
        preference: naptr.preference,
        flags: String::from_utf8_lossy(&naptr.flags).into_owned(),
        services: String::from_utf8_lossy(&naptr.services).into_owned(),
        replacement: plain(&naptr.replacement),
    })
}
