//! How many connections there are: in all, and of each client's address. Whoever comes past that is sent away before
//! anything is read or answered, so that one who opens thousands leaves room for others (S53).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::domain::address::{TrustedProxies, counted_as};
use crate::domain::connections::ConnectionLimits;
use crate::telemetry::metrics::{ConnectionEnd, metrics};

/// One door for all listeners of the sites.
#[derive(Debug)]
pub struct Door {
    rules: ArcSwap<Rules>,
    open: AtomicUsize,
    of_address: Mutex<HashMap<IpAddr, usize>>,
    /// When it was last told that somebody was sent away.
    told: Mutex<Option<Instant>>,
}

/// Who is let in.
#[derive(Debug)]
struct Rules {
    limits: ConnectionLimits,
    trusted: TrustedProxies,
}

/// The least time between two lines of the log about connections that were sent away.
const TOLD_EVERY: Duration = Duration::from_secs(60);

impl Door {
    /// A door with these limits, which do not hold for the addresses of `trusted` proxies one by one.
    pub fn new(limits: ConnectionLimits, trusted: TrustedProxies) -> Self {
        let (of_address, told) = (Mutex::default(), Mutex::default());
        let rules = ArcSwap::from_pointee(Rules { limits, trusted });
        Self { rules, open: AtomicUsize::new(0), of_address, told }
    }

    /// Goes by other limits from now on. Connections that are in stay so.
    pub fn renew(&self, limits: ConnectionLimits, trusted: TrustedProxies) {
        self.rules.store(Arc::new(Rules { limits, trusted }));
    }

    /// By which it goes.
    pub fn limits(&self) -> ConnectionLimits {
        self.rules.load().limits
    }

    /// Whether this is the address of a trusted proxy.
    pub(super) fn trusts(&self, peer: IpAddr) -> bool {
        self.rules.load().trusted.contains(peer)
    }

    /// Lets one more connection in, unless there are too many already.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Entered> {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        let entered = Entered { door: Arc::clone(self), address: None };
        metrics().connection_opened();
        if before < self.limits().total {
            return Some(entered);
        }
        self.turn_away(ConnectionEnd::Total);
        None
    }

    /// Counts, and now and then tells, that a connection was closed for `reason`.
    pub(super) fn turn_away(&self, reason: ConnectionEnd) {
        metrics().connection_ended(reason);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if told.is_none_or(|told| now.duration_since(told) >= TOLD_EVERY) {
            *told = Some(now);
            tracing::warn!(
                reason = reason.as_str(),
                connections = self.open.load(Ordering::Relaxed),
                "connections are turned away; the metrics count them"
            );
        }
    }
}

/// A connection that was let in. It counts until it is dropped.
#[derive(Debug)]
pub(super) struct Entered {
    door: Arc<Door>,
    address: Option<IpAddr>,
}

impl Entered {
    /// Counts the connection for its client, too. `false` when that one has too many.
    pub(super) fn is_of(&mut self, client: IpAddr) -> bool {
        if self.door.trusts(client) {
            return true;
        }
        let address = counted_as(client);
        {
            let mut counts = self.door.of_address.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(address).or_default();
            if *count < self.door.limits().per_address {
                *count += 1;
                self.address = Some(address);
                return true;
            }
        }
        self.door.turn_away(ConnectionEnd::Address);
        false
    }

    pub(super) fn door(&self) -> &Door {
        &self.door
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.door.open.fetch_sub(1, Ordering::Relaxed);
        metrics().connection_closed();
        let Some(address) = self.address else { return };
        let mut counts = self.door.of_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(total: usize, per_address: usize) -> Arc<Door> {
        let trusted = TrustedProxies::new(vec!["10.0.0.1/32".parse().unwrap()]);
        let limits = ConnectionLimits { total, per_address, ..ConnectionLimits::default() };
        Arc::new(Door::new(limits, trusted))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn s53_there_is_room_again_when_somebody_has_left() {
        let door = door(2, 2);
        let (first, second) = (door.enter(), door.enter());
        assert!(first.is_some() && second.is_some() && door.enter().is_none());
        drop(first);
        assert!(door.enter().is_some());
        door.renew(ConnectionLimits { total: 1, ..door.limits() }, TrustedProxies::default());
        assert!(door.enter().is_none(), "another limit holds at once");
    }

    #[test]
    fn s45_s53_an_address_has_its_share_ipv6_by_its_64_and_proxies_have_none() {
        let door = door(100, 2);
        let mut kept = Vec::new();
        let mut enters = |address: &str| {
            let mut entered = door.enter().unwrap();
            let is_in = entered.is_of(ip(address));
            kept.push(entered);
            is_in
        };
        assert!(enters("192.0.2.1") && enters("192.0.2.1") && !enters("192.0.2.1"));
        assert!(!enters("::ffff:192.0.2.1") && enters("192.0.2.2"));
        assert!(enters("2001:db8::1") && enters("2001:db8::2:3") && !enters("2001:db8::4"));
        assert!((0..10).all(|_| enters("10.0.0.1")));
        drop(kept);
        assert!(door.of_address.lock().unwrap().is_empty(), "addresses are kept for nobody");
    }
}
