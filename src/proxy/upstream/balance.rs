//! Which of several endpoints a request goes to. Where all are well this is a few loads and no allocation.

use std::sync::Arc;

use super::Balance;
use super::endpoint::Endpoint;

/// The endpoint for a request; `turn` counts requests, `key` is of whom it is. Endpoints that are out, and those in
/// `tried`, are left aside; where no other is left, the least bad of those not tried.
pub(super) fn choose<'a>(
    balance: Balance,
    endpoints: &'a [Arc<Endpoint>],
    turn: usize,
    key: impl FnOnce() -> u64,
    tried: &[Arc<Endpoint>],
) -> Option<Chosen<'a>> {
    if let ([only], []) = (endpoints, tried) {
        return Some(Chosen { endpoint: only, all_out: Some(!only.health.is_usable()) });
    }
    let untried = |endpoint: &&Arc<Endpoint>| !tried.iter().any(|one| Arc::ptr_eq(one, endpoint));
    let usable = || endpoints.iter().filter(|one| one.health.is_usable()).filter(untried);
    let well = match balance {
        Balance::RoundRobin => in_turn(turn, usable),
        Balance::LeastConnections => least_busy(turn, usable),
        Balance::ByAccount => {
            let key = key();
            let by_score =
                |a: &&Arc<Endpoint>, b: &&Arc<Endpoint>| score(key, a).total_cmp(&score(key, b));
            usable().max_by(by_score)
        }
    };
    if let Some(endpoint) = well {
        return Some(Chosen { endpoint, all_out: tried.is_empty().then_some(false) });
    }
    // Whoever is out may be back by now; turning people away for certain helps nobody.
    let least_bad = endpoints.iter().filter(untried).min_by_key(|one| one.health.badness());
    least_bad.map(|endpoint| Chosen { endpoint, all_out: tried.is_empty().then_some(true) })
}

/// An endpoint that was chosen.
pub(super) struct Chosen<'a> {
    pub(super) endpoint: &'a Arc<Endpoint>,
    /// Whether all are out, and it was chosen nevertheless; a further attempt does not tell.
    pub(super) all_out: Option<bool>,
}

/// Spreads turns over weights so that the shares of one endpoint are not all in a row: the turns of one round are taken
/// in steps that have no divisor in common with their count.
fn in_turn<'a, I>(turn: usize, usable: impl Fn() -> I) -> Option<&'a Arc<Endpoint>>
where
    I: Iterator<Item = &'a Arc<Endpoint>>,
{
    let total: usize = usable().map(|one| one.weight()).sum();
    let mut place = spread(turn, total)?;
    for endpoint in usable() {
        match place.checked_sub(endpoint.weight()) {
            Some(rest) => place = rest,
            None => return Some(endpoint),
        }
    }
    // One of them went out between the two looks.
    usable().next()
}

fn spread(turn: usize, total: usize) -> Option<usize> {
    let place = turn.checked_rem(total)?;
    // About the golden ratio of the round, which spreads neighbours apart.
    let near = total * 5 / 8;
    let step = (near..total).chain([1]).find(|step| gcd(*step, total) == 1).unwrap_or(1);
    place.wrapping_mul(step).checked_rem(total)
}

const fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The fewest requests for its weight; among equals by turn.
fn least_busy<'a, I>(turn: usize, usable: impl Fn() -> I) -> Option<&'a Arc<Endpoint>>
where
    I: Iterator<Item = &'a Arc<Endpoint>>,
{
    let first = turn.checked_rem(usable().count())?;
    let load = |endpoint: &Endpoint| (endpoint.under_way() + 1) * 256 / endpoint.weight();
    let by_place = usable().enumerate().map(|(place, one)| (place < first, place, one));
    by_place.min_by_key(|(before, place, one)| (load(one), *before, *place)).map(|(_, _, one)| one)
}

/// Weighted rendezvous hashing: each account has a favourite among any set of endpoints, and where one leaves or comes
/// only its own accounts move.
fn score(key: u64, endpoint: &Endpoint) -> f64 {
    let mixed = mix(key ^ endpoint.seed) >> 11;
    // Within 0 and 1, both excluded.
    let unit = (mixed as f64 + 0.5) / (1u64 << 53) as f64;
    -(endpoint.weight() as f64) / unit.ln()
}

/// A hash that is the same in every process.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold))
}

const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::endpoint::{Busy, Upstream};
    use super::super::tests::{address, settings};
    use super::*;

    fn endpoints(weights: &[u8]) -> Vec<Arc<Endpoint>> {
        let settings = settings(&[]);
        let one = |(place, weight): (usize, &u8)| {
            let port = 8000 + place as u16;
            let mut address = address(false, "app", port);
            address.weight = (*weight).try_into().unwrap();
            let upstream = Arc::new(Upstream::new(address));
            Arc::new(Endpoint::new(&upstream, ([127, 0, 0, 1], port).into(), &settings))
        };
        weights.iter().enumerate().map(one).collect()
    }

    fn port(chosen: Option<Chosen<'_>>) -> u16 {
        chosen.unwrap().endpoint.address.port()
    }

    fn counts(balance: Balance, endpoints: &[Arc<Endpoint>], turns: usize) -> HashMap<u16, usize> {
        let mut counts = HashMap::new();
        for turn in 0..turns {
            let key = || hash(&turn.to_le_bytes());
            *counts.entry(port(choose(balance, endpoints, turn, key, &[]))).or_default() += 1;
        }
        counts
    }

    #[test]
    fn turns_are_taken_by_weight_and_not_all_in_a_row() {
        let endpoints = endpoints(&[3, 1, 2]);
        let counts = counts(Balance::RoundRobin, &endpoints, 600);
        assert_eq!(counts, HashMap::from([(8000, 300), (8001, 100), (8002, 200)]));
        let taken: Vec<u16> = (0..6)
            .map(|turn| port(choose(Balance::RoundRobin, &endpoints, turn, || 0, &[])))
            .collect();
        assert!(
            taken.windows(3).all(|three| three[0] != three[1] || three[1] != three[2]),
            "{taken:?}"
        );
    }

    #[test]
    fn who_is_out_gets_nothing_and_the_others_share_it() {
        for balance in [Balance::RoundRobin, Balance::LeastConnections, Balance::ByAccount] {
            let endpoints = endpoints(&[1, 1, 1]);
            endpoints[1].health.failed(&settings(&[]).ejection);
            let counts = counts(balance, &endpoints, 900);
            assert_eq!(counts.get(&8001), None, "{balance:?}");
            assert!(counts[&8000] > 400 && counts[&8002] > 400, "{balance:?}: {counts:?}");
        }
    }

    #[test]
    fn where_all_are_out_the_least_bad_is_asked_and_nobody_twice_for_one_request() {
        let endpoints = endpoints(&[1, 1]);
        endpoints[0].health.failed_check(1);
        endpoints[1].health.failed(&settings(&[]).ejection);
        let chosen = choose(Balance::RoundRobin, &endpoints, 0, || 0, &[]).unwrap();
        assert_eq!(chosen.all_out, Some(true));
        assert_eq!(chosen.endpoint.address.port(), 8001);
        let tried = [Arc::clone(chosen.endpoint)];
        let second = choose(Balance::RoundRobin, &endpoints, 0, || 0, &tried);
        assert_eq!(port(second), 8000);
        assert!(choose(Balance::RoundRobin, &endpoints, 0, || 0, &endpoints).is_none());
        assert!(choose(Balance::RoundRobin, &[], 0, || 0, &[]).is_none());
    }

    #[test]
    fn the_one_with_the_fewest_requests_for_its_weight_gets_the_next() {
        let endpoints = endpoints(&[1, 2]);
        let mut busy = Vec::new();
        for turn in 0..6 {
            let chosen = choose(Balance::LeastConnections, &endpoints, turn, || 0, &[]).unwrap();
            busy.push(Busy::with(Arc::clone(chosen.endpoint)));
        }
        assert_eq!((endpoints[0].under_way(), endpoints[1].under_way()), (2, 4));
        drop(busy);
        assert_eq!(endpoints[1].under_way(), 0);
    }

    #[test]
    fn an_account_keeps_its_endpoint_and_only_those_of_one_that_leaves_move() {
        let all = endpoints(&[1, 1, 2]);
        let without: Vec<_> = all[..2].to_vec();
        let mut shares = HashMap::<u16, usize>::new();
        for account in 0..4000u32 {
            let key = || hash(&account.to_le_bytes());
            let first = port(choose(Balance::ByAccount, &all, 0, key, &[]));
            assert_eq!(first, port(choose(Balance::ByAccount, &all, 7, key, &[])));
            *shares.entry(first).or_default() += 1;
            if first != 8002 {
                assert_eq!(first, port(choose(Balance::ByAccount, &without, 0, key, &[])));
            }
        }
        assert!((900..1100).contains(&shares[&8000]), "{shares:?}");
        assert!((1850..2150).contains(&shares[&8002]), "{shares:?}");
    }
}
