//! NAPTR records: which transports a domain offers, and where their SRV records are (RFC 3263 §4.1).

use super::Service;
use crate::sip::message::Transport;

/// One NAPTR record (RFC 3403 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// Records of a lower order are followed before all others.
    pub order: u16,
    /// The preference within one order, low before high.
    pub preference: u16,
    /// What the replacement is: `s` for the name of SRV records.
    pub flags: String,
    /// The service: `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`.
    pub services: String,
    /// The name to go on with, without a dot at its end.
    pub replacement: String,
}

impl Naptr {
    /// Whether the record is about SIP at all; the others of a domain tell of mail, ENUM, XMPP.
    fn is_sip(&self) -> bool {
        let protocol = self.services.split('+').next().unwrap_or_default();
        protocol.eq_ignore_ascii_case("SIP") || protocol.eq_ignore_ascii_case("SIPS")
    }

    /// The service, if it is one of ours. RFC 3263 §4.1: "a client MUST discard any service fields that
    /// identify a resolution service whose value is not "D2X", for values of X that indicate transport
    /// protocols supported by the client." We have no TLS, so `SIPS` is discarded too.
    fn service(&self, ours: &[Transport]) -> Option<Service> {
        const RESOLUTIONS: [(&str, Transport); 2] =
            [("SIP+D2U", Transport::Udp), ("SIP+D2T", Transport::Tcp)];
        let known = RESOLUTIONS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&self.services));
        let (_, transport) = known.filter(|(_, transport)| ours.contains(transport))?;
        let leads_on = self.flags.eq_ignore_ascii_case("s") && !self.replacement.is_empty();
        leads_on.then(|| Service { transport, name: self.replacement.clone() })
    }
}

/// What the NAPTR records of a domain say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Offer {
    /// Nothing of SIP.
    Unsaid,
    /// These services, the most preferred first.
    Services(Vec<Service>),
    /// Only services that we do not speak.
    Foreign(Vec<String>),
}

/// Reads the records in their order.
pub(super) fn offer(mut records: Vec<Naptr>, ours: &[Transport]) -> Offer {
    records.retain(Naptr::is_sip);
    records.sort_by_key(|record| (record.order, record.preference));
    let fitting = |record: &Naptr| Some((record.order, record.service(ours)?));
    let fits: Vec<(u16, Service)> = records.iter().filter_map(fitting).collect();
    match fits.first().map(|(order, _)| *order) {
        // RFC 3403 §4.1: once a record matches, those of a higher order are not considered.
        Some(order) => {
            Offer::Services(fits.into_iter().filter(|fit| fit.0 == order).map(|fit| fit.1).collect())
        }
        None if records.is_empty() => Offer::Unsaid,
        None => Offer::Foreign(records.into_iter().map(|record| record.services).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: [Transport; 2] = [Transport::Udp, Transport::Tcp];

    fn naptr(order: u16, preference: u16, services: &str, replacement: &str) -> Naptr {
        Naptr {
            order,
            preference,
            flags: "s".into(),
            services: services.into(),
            replacement: replacement.into(),
        }
    }

    /// The records of RFC 3263 §4.1, of which the TLS one is not for us.
    fn of_the_rfc() -> Vec<Naptr> {
        vec![
            naptr(50, 50, "SIPS+D2T", "_sips._tcp.example.com"),
            naptr(90, 50, "SIP+D2T", "_sip._tcp.example.com"),
            naptr(100, 50, "SIP+D2U", "_sip._udp.example.com"),
        ]
    }

    fn names(offer: &Offer) -> Vec<&str> {
        match offer {
            Offer::Services(services) => services.iter().map(|service| &*service.name).collect(),
            Offer::Unsaid | Offer::Foreign(_) => panic!("{offer:?}"),
        }
    }

    #[test]
    fn the_most_preferred_transport_that_we_speak_is_taken() {
        assert_eq!(names(&offer(of_the_rfc(), &OURS)), ["_sip._tcp.example.com"]);
        assert_eq!(names(&offer(of_the_rfc(), &[Transport::Udp])), ["_sip._udp.example.com"]);
    }

    #[test]
    fn within_one_order_the_preference_counts_and_all_stay() {
        let records = vec![naptr(10, 20, "SIP+D2U", "u"), naptr(10, 10, "sip+d2t", "t")];
        assert_eq!(names(&offer(records, &OURS)), ["t", "u"]);
    }

    #[test]
    fn what_is_not_ours_is_named_and_what_is_not_sip_is_nothing() {
        let tls = vec![naptr(10, 10, "SIPS+D2T", "_sips._tcp.example.com")];
        assert_eq!(offer(tls, &OURS), Offer::Foreign(vec!["SIPS+D2T".into()]));
        assert_eq!(offer(vec![naptr(10, 10, "E2U+sip", "x")], &OURS), Offer::Unsaid);
        let elsewhere = Naptr { flags: "u".into(), ..naptr(10, 10, "SIP+D2U", "x") };
        assert_eq!(offer(vec![elsewhere], &OURS), Offer::Foreign(vec!["SIP+D2U".into()]));
    }
}
