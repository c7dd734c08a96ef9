//! Why there is nowhere to go, in the words of whoever keeps the trunk's file.

use std::fmt;

/// Why a domain led to no next hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotFound {
    /// No record of use.
    NoRecords {
        /// The domain.
        domain: String,
        /// Whether records of services were asked for.
        services: bool,
        /// The family of addresses that was asked for, if it is one alone.
        families: &'static str,
        /// Hosts that SRV records name, none of which has an address.
        hosts: Vec<String>,
    },
    /// Its SRV records say that there is no SIP (RFC 2782).
    Refused {
        /// The domain.
        domain: String,
    },
    /// Its NAPTR records offer only what we do not speak.
    Foreign {
        /// The domain.
        domain: String,
        /// The services that they offer.
        services: Vec<String>,
    },
    /// The name servers did not tell.
    Unanswered {
        /// The domain.
        domain: String,
        /// What went wrong.
        text: String,
    },
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotFound::NoRecords { domain, services, families, hosts } if hosts.is_empty() => {
                let services = if *services { "SRV or " } else { "" };
                write!(f, "no {services}{families}address record for {domain}")
            }
            NotFound::NoRecords { domain, families, hosts, .. } => {
                let hosts = hosts.join(", ");
                write!(f, "the SRV records for {domain} name {hosts}, without an {families}address record")
            }
            NotFound::Refused { domain } => {
                write!(f, "the SRV record for {domain} says that there is no SIP (its target is \".\")")
            }
            NotFound::Foreign { domain, services } => {
                let services = services.join(", ");
                write!(
                    f,
                    "the NAPTR records for {domain} offer {services}, of which no `[sip] listen` address is"
                )
            }
            NotFound::Unanswered { domain, text } => {
                write!(f, "the name servers do not tell where {domain} is: {text}")
            }
        }
    }
}

impl std::error::Error for NotFound {}
