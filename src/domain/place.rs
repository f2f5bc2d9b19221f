//! Where sign-ins come from, and which of them their owner would wonder at (R23, R24).

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A country by its two letters (ISO 3166-1), upper case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

/// A text is no country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a country is two letters")]
pub struct NotACountry;

impl std::str::FromStr for Country {
    type Err = NotACountry;

    fn from_str(text: &str) -> Result<Self, NotACountry> {
        match text.as_bytes() {
            [first, second] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
                Ok(Self([first.to_ascii_uppercase(), second.to_ascii_uppercase()]))
            }
            _ => Err(NotACountry),
        }
    }
}

impl TryFrom<String> for Country {
    type Error = NotACountry;

    fn try_from(text: String) -> Result<Self, NotACountry> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.to_string()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// Knows in which country an address is.
pub trait Places: Send + Sync {
    /// The country, if it is known.
    fn country(&self, address: IpAddr) -> Option<Country>;
}

/// Knows no country.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Places for Nowhere {
    fn country(&self, _: IpAddr) -> Option<Country> {
        None
    }
}

/// A sign-in, as far as its place matters.
#[derive(Clone, Copy, Debug)]
pub struct SignInPlace {
    /// When it was.
    pub at: Timestamp,
    /// From which address.
    pub address: IpAddr,
    /// From which country, if that is known.
    pub country: Option<Country>,
}

/// What is unusual about a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unusual {
    /// The browser is one that the account does not know.
    NewBrowser,
    /// The account has never signed in from that country.
    NewCountry(Country),
    /// The account has never signed in from that part of the network. Asked only where countries are not known.
    NewNetwork,
    /// The sign-in before was so shortly ago, and elsewhere, that one person can hardly have made both.
    TooQuick {
        /// Where that was.
        elsewhere: IpAddr,
    },
}

/// Two countries within this time are not one person.
const TRAVEL: Duration = Duration::from_secs(3600);
/// Two networks within this time are not one person, where countries are not known.
const SWITCH: Duration = Duration::from_secs(60);

/// What is unusual about the sign-in `now`, after those of `past` (the oldest first). The first of an account never is.
pub fn unusual(now: SignInPlace, past: &[SignInPlace]) -> Vec<Unusual> {
    let Some(last) = past.last() else { return Vec::new() };
    let mut found = Vec::new();
    match now.country {
        Some(country) => {
            let mut known = past.iter().filter_map(|place| place.country).peekable();
            if known.peek().is_some() && known.all(|before| before != country) {
                found.push(Unusual::NewCountry(country));
            }
        }
        None if past.iter().all(|place| network(place.address) != network(now.address)) => {
            found.push(Unusual::NewNetwork);
        }
        None => {}
    }
    let (elsewhere, within) = match (now.country, last.country) {
        (Some(here), Some(there)) => (here != there, TRAVEL),
        _ => (network(now.address) != network(last.address), SWITCH),
    };
    if elsewhere && now.at.since(last.at) < within {
        found.push(Unusual::TooQuick { elsewhere: last.address });
    }
    found
}

/// The part of the network that a provider usually has: /16 of IPv4, /32 of IPv6.
fn network(address: IpAddr) -> (bool, u32) {
    match address.to_canonical() {
        IpAddr::V4(v4) => (false, u32::from(v4) >> 16),
        IpAddr::V6(v6) => (true, u32::try_from(u128::from(v6) >> 96).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(minute: i64, address: &str, country: &str) -> SignInPlace {
        SignInPlace {
            at: Timestamp::from_millis(minute * 60_000),
            address: address.parse().unwrap(),
            country: country.parse().ok(),
        }
    }

    #[test]
    fn a_new_country_is_unusual_and_a_known_one_is_not() {
        let past = [place(0, "192.0.2.1", "DE"), place(10, "198.51.100.1", "FR")];
        let austria = "AT".parse().unwrap();
        let now = place(9000, "203.0.113.1", "at");
        assert_eq!(unusual(now, &past), [Unusual::NewCountry(austria)]);
        assert_eq!(unusual(place(9000, "203.0.113.1", "FR"), &past), []);
        assert_eq!(unusual(now, &[]), [], "the first sign-in of an account is no news");
    }

    #[test]
    fn two_countries_within_an_hour_are_not_one_person() {
        let past = [place(0, "198.51.100.1", "FR"), place(10, "192.0.2.1", "DE")];
        let elsewhere = "192.0.2.1".parse().unwrap();
        let quick = [Unusual::TooQuick { elsewhere }];
        assert_eq!(unusual(place(69, "198.51.100.1", "FR"), &past), quick);
        assert_eq!(unusual(place(70, "198.51.100.1", "FR"), &past), []);
    }

    #[test]
    fn without_countries_the_network_counts() {
        let past = [place(0, "192.0.2.1", ""), place(1, "2001:db8::1", "")];
        assert_eq!(unusual(place(99, "192.0.99.9", ""), &past), []);
        assert_eq!(unusual(place(99, "2001:db8:ffff::1", ""), &past), []);
        assert_eq!(unusual(place(99, "203.0.113.1", ""), &past), [Unusual::NewNetwork]);
    }
}
