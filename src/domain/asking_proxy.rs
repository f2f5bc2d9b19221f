//! The proxies that ask doorward by forward-auth instead of having it in the way (G6).

use std::fmt;

/// Which proxy asks whether a request may go on. Each tells of the request and takes the answer in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AskingProxy {
    /// nginx, by `auth_request`.
    Nginx,
    /// Traefik, by `forwardAuth`.
    Traefik,
    /// Caddy, by `forward_auth`.
    Caddy,
    /// HAProxy, by an action in Lua.
    HaProxy,
    /// Envoy, by `ext_authz` over HTTP.
    Envoy,
}

impl AskingProxy {
    /// Every one, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::Nginx, Self::Traefik, Self::Caddy, Self::HaProxy, Self::Envoy];

    /// The name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
            Self::Caddy => "caddy",
            Self::HaProxy => "haproxy",
            Self::Envoy => "envoy",
        }
    }
}

impl fmt::Display for AskingProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
