//! Where outbound calls may go: a name is resolved once, what it leads to is held against what the
//! operator allows, and the call goes to that very address. Redirects go the same way.

use std::net::IpAddr;

use ureq::{
    Agent, Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

/// Addresses that may be called beside those of the public internet.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Allowed(Vec<Network>);

impl Allowed {
    /// Those of the public internet, and these.
    pub fn and(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Every address.
    pub fn all() -> Self {
        let all = |first| Network { first, length: 0 };
        Self(vec![
            all(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED)),
            all(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)),
        ])
    }

    fn holds(&self, address: IpAddr) -> bool {
        is_public(address) || self.0.iter().any(|network| network.holds(address))
    }
}

/// A network: an address and how many of its bits count, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    first: IpAddr,
    length: u32,
}

impl Network {
    /// Reads one; an address alone is a network of its own.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse().ok()?)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().ok()?;
        let longest = if first.is_ipv4() { 32 } else { 128 };
        let length = length.unwrap_or(longest);
        (length <= longest).then_some(Self { first, length })
    }

    fn holds(&self, address: IpAddr) -> bool {
        let same = |a: u128, b: u128, bits: u32| {
            let shift = bits - self.length;
            shift >= 128 || a >> shift == b >> shift
        };
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                same(u32::from(first).into(), u32::from(address).into(), 32)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => same(first.into(), address.into(), 128),
            _ => false,
        }
    }
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| format!("{text:?} is no network such as 10.0.0.0/8"))
    }
}

impl<'de> serde::Deserialize<'de> for Network {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The same client, which goes only where it may.
pub(super) fn guarded(agent: &Agent, allowed: Allowed) -> Agent {
    let guard = Guard { inner: DefaultResolver::default(), allowed };
    Agent::with_parts(agent.config().clone(), DefaultConnector::default(), guard)
}

/// Resolves names to addresses that may be called.
#[derive(Debug)]
struct Guard {
    inner: DefaultResolver,
    allowed: Allowed,
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        for address in found.iter() {
            if self.allowed.holds(address.ip()) {
                allowed.push(*address);
            }
        }
        if allowed.is_empty() { Err(Error::HostNotFound) } else { Ok(allowed) }
    }
}

/// Whether an address is one of the public internet, as far as the registries of special addresses
/// go (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let special = v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (18..20).contains(&b));
            !special
        }
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            match v6.to_ipv4_mapped() {
                Some(v4) => is_public(IpAddr::V4(v4)),
                // Only global unicast, and of that neither tunnels nor what is for documentation.
                None => {
                    (0x2000..0x4000).contains(&first)
                        && first != 0x2002
                        && !(first == 0x2001 && matches!(v6.segments()[1], 0 | 0xdb8))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        for special in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "2001:db8::1",
            "2002::1",
            "2001::1",
            "64:ff9b::a00:1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
        for public in ["8.8.8.8", "1.2.4.8", "2400:3200::1", "2606:4700::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn networks_hold_what_they_say() {
        let network = |text: &str| Network::parse(text).unwrap();
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(network("10.1.0.0/16").holds(address("10.1.255.1")));
        assert!(!network("10.1.0.0/16").holds(address("10.2.0.1")));
        assert!(network("127.0.0.1").holds(address("127.0.0.1")));
        assert!(!network("127.0.0.1").holds(address("127.0.0.2")));
        assert!(network("10.0.0.0/8").holds(address("::ffff:10.0.0.1")));
        assert!(network("fd00::/8").holds(address("fd12::1")));
        assert!(!network("fd00::/8").holds(address("10.0.0.1")));
        for wrong in ["10.0.0.0/33", "10.0.0/8", "x", "::/129", ""] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
        let everywhere = Allowed::all();
        assert!(everywhere.holds(address("127.0.0.1")) && everywhere.holds(address("::1")));
        assert!(!Allowed::default().holds(address("169.254.169.254")));
    }
}
