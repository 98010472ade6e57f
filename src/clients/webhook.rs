//! Calling webhooks (Standard Webhooks): one POST, no redirects, and only to addresses that the
//! operator allows.

use std::{net::IpAddr, time::Duration};

use ureq::{
    Agent, Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

/// What a call needs.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Where.
    pub url: &'a str,
    /// `webhook-id`, `webhook-timestamp` and `webhook-signature`.
    pub headers: [(&'static str, String); 3],
    /// The body, JSON.
    pub body: &'a str,
    /// How long it may take in all.
    pub timeout: Duration,
    /// Whether it may go to private, local and other special addresses.
    pub private_addresses: bool,
}

/// What came of a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The receiver took it.
    Taken,
    /// The receiver wants no more (410).
    Gone,
    /// To be tried again, not before so many seconds where the receiver said so.
    Failed(String, Option<u64>),
}

/// Resolves names to addresses that may be called.
#[derive(Debug, Default)]
struct Guard {
    inner: DefaultResolver,
    private_addresses: bool,
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
            if self.private_addresses || is_public(address.ip()) {
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

/// Makes a call; blocks until there is an answer or the time is up.
pub fn call(call: &Call<'_>) -> Outcome {
    let failed = |why: &str| Outcome::Failed(why.to_owned(), None);
    let Ok(plain) = super::agent(None, call.timeout) else {
        return failed("the client cannot be set up");
    };
    let guard = Guard { private_addresses: call.private_addresses, ..Guard::default() };
    let agent = Agent::with_parts(plain.config().clone(), DefaultConnector::default(), guard);
    let mut request = agent.post(call.url).content_type("application/json");
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    match request.send(call.body) {
        Ok(response) => match response.status().as_u16() {
            200..=299 => Outcome::Taken,
            410 => Outcome::Gone,
            status => {
                let wait = response.headers().get("retry-after");
                let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok());
                Outcome::Failed(format!("it answers with status {status}"), wait)
            }
        },
        Err(Error::Timeout(_)) => failed("it does not answer in time"),
        Err(Error::HostNotFound) => failed("its name leads to no address that may be called"),
        Err(_) => failed("it cannot be reached"),
    }
}

#[cfg(test)]
mod tests {
    use super::is_public;

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
}
