//! Hosts and origins: one parsed form, by which a request finds its site.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The host of a site, without port: lower case, no trailing dot; an IPv6 address in brackets. Copies share their text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(Arc<str>);

/// Why a text is not a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a host name of the form wiki.example.com")]
pub struct NotAHost;

impl HostName {
    /// The host.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it can only be this machine: `localhost`, a name under it, or a loopback address.
    pub fn is_loopback(&self) -> bool {
        let bare = self.0.trim_start_matches('[').trim_end_matches(']');
        &*self.0 == "localhost"
            || self.0.ends_with(".localhost")
            || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for HostName {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, NotAHost> {
        if let Some(inside) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address: std::net::Ipv6Addr = inside.parse().map_err(|_| NotAHost)?;
            return Ok(Self(format!("[{address}]").into()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if name.len() <= 253 && name.split('.').all(is_label) {
            Ok(Self(name.to_ascii_lowercase().into()))
        } else {
            Err(NotAHost)
        }
    }
}

impl TryFrom<String> for HostName {
    type Error = NotAHost;

    fn try_from(text: String) -> Result<Self, NotAHost> {
        text.parse()
    }
}

impl From<HostName> for String {
    fn from(host: HostName) -> Self {
        host.0.as_ref().into()
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A host and perhaps a port, as `Host` and `:authority` carry them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The host.
    pub host: HostName,
    /// The port, when one was written.
    pub port: Option<u16>,
}

impl FromStr for Authority {
    type Err = NotAHost;

    /// Refuses user names, spaces, several hosts and ports that are none (S49).
    fn from_str(text: &str) -> Result<Self, NotAHost> {
        let colon =
            text.rfind(':').filter(|&at| !text.get(at..).is_some_and(|rest| rest.contains(']')));
        let (host, port) = match colon.and_then(|at| text.split_at_checked(at)) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => (text, None),
        };
        let port = match port {
            None => None,
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| NotAHost)?)
            }
            Some(_) => return Err(NotAHost),
        };
        Ok(Self { host: host.parse()?, port })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => self.host.fmt(f),
        }
    }
}

/// How a site is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP: allowed for loopback hosts alone.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The scheme as it stands in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A site as browsers know it: scheme, host and port (RFC 6454).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The scheme.
    pub scheme: Scheme,
    /// The host.
    pub host: HostName,
    /// The port, unless it is the scheme's own.
    pub port: Option<u16>,
}

/// Why a text is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an origin of the form https://wiki.example.com")]
pub struct NotAnOrigin;

impl Origin {
    /// Whether cookies of this origin carry the `__Host-` prefix and `Secure`: always over TLS.
    pub const fn is_secure(&self) -> bool {
        matches!(self.scheme, Scheme::Https)
    }

    /// The authority as `Host` carries it.
    pub fn authority(&self) -> Authority {
        Authority { host: self.host.clone(), port: self.port }
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let (scheme, rest) = match text.split_once("://") {
            Some(("http", rest)) => (Scheme::Http, rest),
            Some(("https", rest)) => (Scheme::Https, rest),
            _ => return Err(NotAnOrigin),
        };
        let authority: Authority = rest.parse().map_err(|_| NotAnOrigin)?;
        let port = authority.port.filter(|&port| port != scheme.default_port());
        Ok(Self { scheme, host: authority.host, port })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s49_one_host_has_one_form() {
        for same in
            ["wiki.example.com", "WIKI.Example.COM", "wiki.example.com.", "wiki.example.com:443"]
        {
            assert_eq!(same.parse::<Authority>().unwrap().host.as_str(), "wiki.example.com");
        }
        for bad in [
            "",
            ":80",
            "a b",
            "a,b",
            "user@host",
            "host:port",
            "host:70000",
            "a..b",
            "[::1",
            "::1",
            "host/x",
            "a\tb",
            "host:+80",
            "ho%73t",
        ] {
            let parsed = bad.parse::<Authority>();
            assert!(parsed.is_err(), "{bad:?} was taken as {parsed:?}");
        }
        assert_eq!("[::1]:80".parse::<Authority>().unwrap().host.as_str(), "[::1]");
    }

    #[test]
    fn an_origin_drops_its_own_port() {
        assert_eq!(
            "https://a.example:443".parse::<Origin>().unwrap().to_string(),
            "https://a.example"
        );
        assert_eq!(
            "http://localhost:8000".parse::<Origin>().unwrap().to_string(),
            "http://localhost:8000"
        );
        for bad in ["a.example", "ftp://a", "https://a/", "https://u@a", "https://a?x"] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_hosts_are_known() {
        for host in ["localhost", "wiki.localhost", "127.0.0.1", "127.8.8.8", "[::1]"] {
            assert!(host.parse::<HostName>().unwrap().is_loopback(), "{host}");
        }
        for host in ["localhost.example.com", "10.0.0.1", "example.com"] {
            assert!(!host.parse::<HostName>().unwrap().is_loopback(), "{host}");
        }
    }
}
