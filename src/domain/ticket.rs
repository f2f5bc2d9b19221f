//! A ticket: how one sign-in reaches another host. It is shown once, at that host, by the browser that asked.

use std::fmt;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::host::HostName;
use super::id::SessionId;
use super::return_to::ReturnTo;
use super::secret::{FlowSecret, TicketHash, base64url, from_base64url};
use super::session::Session;
use super::time::Timestamp;

/// How long a ticket works: two redirects take it from one host to the other.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(30);

/// The browser that a ticket is for, as the host that it is for knows it: a hash of that host's own flow cookie, which
/// tells nobody the cookie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TicketBrowser([u8; 32]);

impl TicketBrowser {
    /// The browser with this flow cookie.
    pub fn of(flow: &FlowSecret) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"doorward ticket browser\0");
        hasher.update(flow.expose());
        Self(hasher.finalize().into())
    }

    /// The browser with this hash, as a store kept it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes that a store keeps.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As it stands in an address.
    pub fn to_text(self) -> String {
        base64url(&self.0)
    }

    /// The one in this text; `None` for anything that is not exactly that.
    pub fn from_text(text: &str) -> Option<Self> {
        from_base64url(text)?.try_into().ok().map(Self)
    }
}

impl fmt::Debug for TicketBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketBrowser(…)")
    }
}

/// A ticket about to be kept.
#[derive(Clone, Debug)]
pub struct NewTicket {
    /// What its token hashes to.
    pub token: TicketHash,
    /// The session that it stands for.
    pub session: SessionId,
    /// The one host at which it is good.
    pub host: HostName,
    /// The one browser in which it is good.
    pub browser: TicketBrowser,
    /// Where the browser goes on that host.
    pub return_to: ReturnTo,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A ticket that was shown where it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenTicket {
    /// The session that it stands for, as it is now.
    pub session: Session,
    /// Where the browser goes.
    pub return_to: ReturnTo,
}
