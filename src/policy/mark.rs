//! Numbers, users and addresses as the policy remembers them: keyed, so that whoever reads the store
//! without its key learns no number, however few there are to try.

use std::fmt;
use std::net::IpAddr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use ipnet::{IpNet, Ipv6Net};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Sha256;

use crate::number::Number;

/// What an IPv6 subscriber is given at the least (RFC 6177): one person, however many addresses.
const IPV6_SUBSCRIBER_BITS: u8 = 64;

/// The first half of an HMAC-SHA256: names somebody without telling whom.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark([u8; 16]);

impl Mark {
    /// Its bytes, as a key of the store.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What [`Mark::bytes`] gave.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Mark> {
        bytes.try_into().ok().map(Mark)
    }

    /// Its bytes in hexadecimal.
    pub(super) fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// What [`Mark::hex`] wrote.
    pub(super) fn from_hex(text: &str) -> Option<Mark> {
        HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok().and_then(|bytes| Mark::from_bytes(&bytes))
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mark(..)")
    }
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        Mark::from_hex(&text).ok_or_else(|| de::Error::custom("not 32 hexadecimal digits"))
    }
}

/// Makes marks under the store's key.
#[derive(Clone)]
pub(super) struct Marker {
    keyed: Hmac<Sha256>,
}

impl Marker {
    /// A marker of this store.
    pub(super) fn new(key: &[u8; 32]) -> Marker {
        Marker { keyed: Hmac::new_from_slice(key).expect("HMAC takes a key of any length") }
    }

    /// A number, whichever tenant calls it; with an extension that one alone.
    pub(super) fn number(&self, number: &Number) -> Mark {
        self.mark(&[b"number", number.line().as_bytes()])
    }

    /// The number of an office, for all its extensions together.
    pub(super) fn office(&self, number: &Number) -> Mark {
        self.mark(&[b"office", number.e164().as_bytes()])
    }

    /// A user of a tenant.
    pub(super) fn user(&self, tenant: &str, user: &str) -> Mark {
        self.mark(&[b"user", tenant.as_bytes(), user.as_bytes()])
    }

    /// A number as one tenant knows it.
    pub(super) fn number_of(&self, tenant: &str, number: &Number) -> Mark {
        self.mark(&[b"number of", tenant.as_bytes(), number.line().as_bytes()])
    }

    /// A user of a tenant with a number.
    pub(super) fn pair(&self, tenant: &str, user: &str, number: &Number) -> Mark {
        self.mark(&[b"pair", tenant.as_bytes(), user.as_bytes(), number.line().as_bytes()])
    }

    /// A user of a tenant at a client address, IPv6 by /64.
    pub(super) fn home(&self, tenant: &str, user: &str, address: IpAddr) -> Mark {
        let address = subscriber(address).to_string();
        self.mark(&[b"home", tenant.as_bytes(), user.as_bytes(), address.as_bytes()])
    }

    /// A client address, IPv6 by /64.
    pub(super) fn address(&self, address: IpAddr) -> Mark {
        self.mark(&[b"address", subscriber(address).to_string().as_bytes()])
    }

    /// A block of this kind, tenant and value.
    pub(super) fn block(&self, kind: &str, tenant: Option<&str>, value: &str) -> Mark {
        self.mark(&[b"block", kind.as_bytes(), tenant.unwrap_or("*").as_bytes(), value.as_bytes()])
    }

    /// Each part is led by its length, so that no two lists of parts read alike.
    fn mark(&self, parts: &[&[u8]]) -> Mark {
        let mut mac = self.keyed.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        let whole = mac.finalize().into_bytes();
        let mut half = [0; 16];
        half.copy_from_slice(&whole[..16]);
        Mark(half)
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Marker(..)")
    }
}

/// The address itself, or the /64 of an IPv6 one; an IPv4 address in IPv6 clothes is itself.
pub(super) fn subscriber(address: IpAddr) -> IpNet {
    match address.to_canonical() {
        IpAddr::V4(address) => IpNet::from(IpAddr::V4(address)),
        IpAddr::V6(address) => Ipv6Net::new(address, IPV6_SUBSCRIBER_BITS)
            .map_or(IpNet::from(IpAddr::V6(address)), |network| IpNet::V6(network.trunc())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_subscriber_is_one_however_many_addresses_it_takes() {
        let marker = Marker::new(&[1; 32]);
        let of = |text: &str| marker.address(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
    }

    #[test]
    fn a_mark_hangs_on_the_key_and_on_every_part() {
        let marker = Marker::new(&[1; 32]);
        let number = Number::parse("+14252345667").unwrap();
        assert_ne!(marker.user("ab", "c"), marker.user("a", "bc"));
        assert_ne!(marker.number(&number), Marker::new(&[2; 32]).number(&number));
        let mark = marker.number_of("acme", &number);
        assert_eq!(Mark::from_hex(&mark.hex()), Some(mark));
        assert_eq!(serde_json::from_str::<Mark>(&serde_json::to_string(&mark).unwrap()).unwrap(), mark);
        assert_eq!(Mark::from_hex("é"), None);
    }
}
