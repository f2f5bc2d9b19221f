//! Which address a request comes from, when proxies stand in front.

use std::net::IpAddr;

use ipnet::IpNet;

/// The proxies whose forwarded headers are believed. Empty by default: nobody's are (S45).
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Believes proxies in these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Their networks.
    pub fn networks(&self) -> &[IpNet] {
        &self.0
    }

    /// Whether `peer` is one of them.
    pub fn contains(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }

    /// The client's address: `peer` itself, unless it is trusted; then the first address of `X-Forwarded-For`,
    /// walked from the right, that is not trusted. Anything that is no address ends the walk at the last one
    /// believed; what a client has written to the left of it hides nothing, whatever bytes that are.
    pub fn client_address<'a, T: AsRef<[u8]> + ?Sized + 'a>(
        &self,
        peer: IpAddr,
        forwarded_for: impl DoubleEndedIterator<Item = &'a T>,
    ) -> IpAddr {
        let mut believed = peer.to_canonical();
        let hops = forwarded_for.flat_map(|line| line.as_ref().split(|byte| *byte == b','));
        for hop in hops.rev() {
            if !self.contains(believed) {
                break;
            }
            match hop_address(hop) {
                Some(address) => believed = address,
                None => break,
            }
        }
        believed
    }
}

/// The address of one hop in `X-Forwarded-For`, if it is one.
pub fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let address: IpAddr = std::str::from_utf8(hop).ok()?.trim().parse().ok()?;
    Some(address.to_canonical())
}

/// The network by which a client is counted: an IPv4 address, or the /64 of an IPv6 address, inside which one
/// subscriber may pick any address (S45).
pub fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn s45_nobody_is_believed_by_default() {
        let nobody = TrustedProxies::default();
        assert_eq!(
            nobody.client_address(ip("192.0.2.1"), ["1.1.1.1"].into_iter()),
            ip("192.0.2.1")
        );
    }

    #[test]
    fn s45_trust_is_walked_from_the_right() {
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let walk = |lines: &[&str]| trusted.client_address(ip("10.0.0.1"), lines.iter().copied());
        assert_eq!(walk(&["6.6.6.6, 192.0.2.7, 10.0.0.2"]), ip("192.0.2.7"));
        assert_eq!(walk(&["6.6.6.6", "192.0.2.7"]), ip("192.0.2.7"));
        assert_eq!(walk(&["192.0.2.7, junk"]), ip("10.0.0.1"));
        assert_eq!(walk(&[]), ip("10.0.0.1"));
        assert_eq!(walk(&["10.0.0.3"]), ip("10.0.0.3"));
        // A proxy writes behind what a client sent, in the same line.
        let odd = |line: &'static [u8]| trusted.client_address(ip("10.0.0.1"), [line].into_iter());
        assert_eq!(odd(b"\xb2, 192.0.2.7"), ip("192.0.2.7"));
        assert_eq!(odd(b"192.0.2.7, \xb2"), ip("10.0.0.1"));
    }

    #[test]
    fn s45_ipv6_is_counted_by_its_64() {
        assert_eq!(counted_as(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(counted_as(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
