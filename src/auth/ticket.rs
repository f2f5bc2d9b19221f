//! One sign-in for many hosts: another host asks the portal for a ticket, and the ticket carries the sign-in there.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::host::HostName;
use crate::domain::id::SessionId;
use crate::domain::keys::KeyRing;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::{FlowSecret, SessionToken, TicketToken, base64url, from_base64url};
use crate::domain::session::{Methods, NewSession, Session};
use crate::domain::ticket::{NewTicket, TICKET_LIFETIME, TicketBrowser};
use crate::domain::time::Timestamp;
use crate::store::StoreError;

use super::Auth;
use super::audit::Attempt;
use super::sessions::{Opened, SignedIn};
use super::sign_in::Context;

/// How long a host's question may take to be answered: longer than any sign-in.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3600);

/// The longest page of another host that is come back to, in bytes: the question has to fit into a
/// [`ReturnTo`] of the portal.
pub const LONGEST_PAGE: usize = 2048;

/// What another host asks of the portal. It travels in an address, and only this server can write one: nobody else
/// chooses where a sign-in is carried (S51).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRequest {
    /// The host that asks.
    #[serde(rename = "h")]
    pub host: HostName,
    /// The browser that it asks for.
    #[serde(rename = "b", with = "as_text")]
    pub browser: TicketBrowser,
    /// The page that was wanted there.
    #[serde(rename = "r")]
    pub return_to: ReturnTo,
    /// When it was asked.
    #[serde(rename = "t")]
    pub asked_at: Timestamp,
    /// What the browser has there already and is not enough: the same once more would go round in circles.
    #[serde(rename = "n", skip_serializing_if = "Option::is_none", default)]
    pub not_enough: Option<Shown>,
}

/// What a session proves, as far as policies look at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// How its owner signed in.
    #[serde(rename = "m")]
    pub methods: Methods,
    /// When.
    #[serde(rename = "a")]
    pub authenticated_at: Timestamp,
}

impl Shown {
    /// What this session proves.
    pub fn by(session: &Session) -> Self {
        Self { methods: session.methods, authenticated_at: session.authenticated_at }
    }
}

const MAC_BYTES: usize = 16;

impl TicketRequest {
    /// The request as an address carries it.
    pub fn encode(&self, keys: &KeyRing) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        let mac = keys.ticket_request.mac(&[&text]);
        base64url(&[mac.get(..MAC_BYTES).unwrap_or_default(), &text].concat())
    }

    /// The request in `text`, if this server wrote it.
    pub fn decode(keys: &KeyRing, text: &str) -> Option<Self> {
        let bytes = (text.len() <= ReturnTo::MAX_BYTES).then(|| from_base64url(text)).flatten()?;
        let (mac, text) = bytes.split_first_chunk::<MAC_BYTES>()?;
        keys.ticket_request.verifies(&[text], mac).then(|| serde_json::from_slice(text).ok())?
    }

    /// Whether it is too old to be answered: its host is asked anew.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.asked_at + ANSWERED_WITHIN
    }
}

/// A sign-in that has arrived at another host.
#[derive(Debug)]
pub struct Arrived {
    /// The session of this host; none where the browser has the same one already.
    pub opened: Option<Opened>,
    /// Where the browser goes.
    pub return_to: ReturnTo,
}

impl Auth {
    /// Makes a ticket that carries `signed_in` to the host that asked.
    pub async fn issue_ticket(
        &self,
        signed_in: &SignedIn,
        request: &TicketRequest,
        now: Timestamp,
    ) -> Result<TicketToken, StoreError> {
        let token = TicketToken::generate(&*self.entropy);
        let ticket = NewTicket {
            token: token.hash(),
            session: signed_in.session.id,
            host: request.host.clone(),
            browser: request.browser,
            return_to: request.return_to.clone(),
            expires_at: now + TICKET_LIFETIME,
        };
        self.flow.issue_ticket(ticket).await?;
        Ok(token)
    }

    /// Takes a ticket that the browser with this flow cookie shows, and signs it in as it is signed in at the portal.
    /// `None` when the ticket is not for this browser and host, not of this half minute, or was shown before.
    pub async fn redeem_ticket(
        &self,
        token: &TicketToken,
        flow: &FlowSecret,
        present: Option<&Arc<SignedIn>>,
        context: &Context<'_>,
    ) -> Result<Option<Arrived>, StoreError> {
        let browser = TicketBrowser::of(flow);
        let taken =
            self.flow.take_ticket(&token.hash(), context.host, &browser, context.now).await?;
        let Some(taken) = taken else { return Ok(None) };
        let (source, return_to) = (taken.session, taken.return_to);
        let Some(account) = self.may_carry(&source, context.now).await? else { return Ok(None) };
        if present.is_some_and(|present| is_as_good(&present.session, &source)) {
            return Ok(Some(Arrived { opened: None, return_to }));
        }
        let token = SessionToken::generate(&*self.entropy);
        let session = self.carried(&source, context);
        let remembered_for = session.remembered.then(|| context.now.until(session.expires_at));
        let new =
            NewSession { token: token.hash(), session, replaces: context.replaces, refresh: None };
        let Some(joined) = self.flow.join_session(new, context.now).await? else {
            return Ok(None);
        };
        self.cache.remove_replaced(context.replaces, joined.ended);
        let arrived = Attempt::of(AuditEvent::Ticket, AuditResult::Ok, Some(&account));
        self.remember(arrived, context).await?;
        let opened = Opened { token, remembered_for, device: None, refresh: None };
        Ok(Some(Arrived { opened: Some(opened), return_to }))
    }

    /// The account of a session that can be carried on: neither has ended meanwhile.
    async fn may_carry(
        &self,
        source: &Session,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        if source.has_expired(source.seen_at, now) {
            return Ok(None);
        }
        let account = self.accounts.find_account(source.account).await?;
        Ok(account.filter(|account| account.is_active() && account.epoch == source.epoch))
    }

    /// The session of this host: it proves what the portal's does and lives no longer (S38).
    fn carried(&self, source: &Session, context: &Context<'_>) -> Session {
        Session {
            id: SessionId::generate(&*self.entropy, context.now),
            host: context.session_host.clone(),
            created_at: context.now,
            seen_at: context.now,
            client: context.client.clone(),
            ..source.clone()
        }
    }
}

/// Whether the browser has what the ticket would give: another tab was quicker.
fn is_as_good(present: &Session, source: &Session) -> bool {
    present.family == source.family && Shown::by(present) == Shown::by(source)
}

mod as_text {
    //! A hash in an address.
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::domain::ticket::TicketBrowser;

    pub(super) fn serialize<S: Serializer>(
        browser: &TicketBrowser,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&browser.to_text())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<TicketBrowser, D::Error> {
        let text = String::deserialize(from)?;
        TicketBrowser::from_text(&text).ok_or_else(|| D::Error::custom("not a hash"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entropy::OsEntropy;
    use crate::domain::keys::ServerSecret;
    use crate::domain::session::Method;

    fn keys(byte: u8) -> KeyRing {
        KeyRing::derive(ServerSecret::new(vec![byte; 32]).unwrap(), None)
    }

    fn request(page: &str) -> TicketRequest {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let not_enough = Shown { methods: Methods::new([Method::Password]), authenticated_at: now };
        TicketRequest {
            host: "other.example".parse().unwrap(),
            browser: TicketBrowser::of(&FlowSecret::generate(&OsEntropy)),
            return_to: page.parse().unwrap(),
            asked_at: now,
            not_enough: Some(not_enough),
        }
    }

    #[test]
    fn s51_only_this_server_asks_for_tickets() {
        let request = request("/page?a=b");
        let text = request.encode(&keys(1));
        assert_eq!(TicketRequest::decode(&keys(1), &text), Some(request));
        assert_eq!(TicketRequest::decode(&keys(2), &text), None);
        for place in 0..text.len() {
            let mut forged: Vec<u8> = text.bytes().collect();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(TicketRequest::decode(&keys(1), &forged), None, "byte {place}");
        }
        for malformed in ["", "A", "=", &"A".repeat(100_000)] {
            assert_eq!(TicketRequest::decode(&keys(1), malformed), None);
        }
    }

    #[test]
    fn the_longest_page_fits_into_what_the_portal_returns_to() {
        let page = format!("/{}", "a".repeat(LONGEST_PAGE - 1));
        let mut request = request(&page);
        request.host = vec!["a".repeat(63); 3].join(".").parse().unwrap();
        let target = format!("/_doorward/sso?request={}", request.encode(&keys(1)));
        assert!(target.parse::<ReturnTo>().is_ok(), "{} bytes", target.len());
    }
}
