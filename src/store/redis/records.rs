//! What is kept, as bytes. What scripts read stands in front; the rest is JSON.

use std::net::IpAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::observe::Cause;
use crate::domain::account::Epoch;
use crate::domain::challenge::{Aim, Challenge, Subject};
use crate::domain::client::{Client, UserAgent};
use crate::domain::host::HostName;
use crate::domain::id::{AccountId, ChallengeId, FamilyId, SessionId};
use crate::domain::permit::{Permit, Permitted};
use crate::domain::refresh::Refreshed;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::{RefreshTokenHash, TicketHash};
use crate::domain::session::{Methods, Session};
use crate::domain::ticket::{NewTicket, TicketBrowser};
use crate::domain::time::Timestamp;

/// What is kept is not what this version writes. It never stands for less.
#[derive(Debug, thiserror::Error)]
#[error("what is kept is of another form")]
pub(super) struct OtherForm;

/// The bytes of an identifier.
pub(super) fn bytes(id: &Uuid) -> &[u8] {
    id.as_bytes().as_slice()
}

/// What scripts do not read of a session, without names, for there are many of them: epoch, methods, when it was made, how
/// long before that its owner last proved who they are, whether it is remembered, host, address, browser.
#[derive(Serialize, Deserialize)]
struct SessionRest(Epoch, Methods, Timestamp, i64, u8, HostName, IpAddr, UserAgent);

/// A session of an account: two identifiers, its end and idle span as digits, and the rest.
pub(super) fn of_session(session: &Session) -> Result<Vec<u8>, Cause> {
    let mut record = Vec::with_capacity(320);
    for id in [session.id.as_uuid(), session.family.as_uuid()] {
        record.extend_from_slice(bytes(id));
    }
    let idle = i64::try_from(session.idle.as_millis()).unwrap_or(i64::MAX);
    record.extend_from_slice(format!("{} {idle} ", session.expires_at.as_millis()).as_bytes());
    let created_at = session.created_at.as_millis();
    let rest = SessionRest(
        session.epoch,
        session.methods,
        session.created_at,
        created_at.saturating_sub(session.authenticated_at.as_millis()),
        u8::from(session.remembered),
        session.host.clone(),
        session.client.address,
        session.client.user_agent.clone(),
    );
    serde_json::to_writer(&mut record, &rest)?;
    Ok(record)
}

/// The session of this account in a record, last used at `seen`.
pub(super) fn session(account: &[u8], record: &[u8], seen: i64) -> Result<Session, Cause> {
    let (ids, rest) = record.split_first_chunk::<32>().ok_or(OtherForm)?;
    let mut ids = ids.chunks_exact(16).map(Uuid::from_slice);
    let mut id = || ids.next().ok_or(OtherForm);
    let (own, family) = (id()??, id()??);
    let mut parts = rest.splitn(3, |byte| *byte == b' ');
    let mut number = || -> Result<i64, Cause> {
        Ok(std::str::from_utf8(parts.next().ok_or(OtherForm)?)?.parse()?)
    };
    let (end, idle) = (number()?, number()?);
    let SessionRest(epoch, methods, created_at, before, remembered, host, address, user_agent) =
        serde_json::from_slice(parts.next().ok_or(OtherForm)?)?;
    Ok(Session {
        id: SessionId::from_uuid(own),
        family: FamilyId::from_uuid(family),
        account: AccountId::from_uuid(Uuid::from_slice(account)?),
        epoch,
        host,
        methods,
        authenticated_at: Timestamp::from_millis(created_at.as_millis().saturating_sub(before)),
        created_at,
        seen_at: Timestamp::from_millis(seen),
        expires_at: Timestamp::from_millis(end),
        idle: Duration::from_millis(idle.unsigned_abs()),
        remembered: remembered != 0,
        client: Client { address, user_agent },
    })
}

/// What came of an exchange of a refresh token, as the script tells it.
pub(super) fn refreshed(told: &[Vec<u8>]) -> Result<Refreshed, Cause> {
    let parts: Vec<&[u8]> = told.iter().map(Vec::as_slice).collect();
    Ok(match parts[..] {
        [b"rotated"] => Refreshed::Rotated,
        [b"reused"] => Refreshed::Reused,
        [b"unknown"] => Refreshed::Unknown,
        [b"grace", salt, present] => Refreshed::InGrace {
            salt: salt.try_into()?,
            present: RefreshTokenHash::from_bytes(present.try_into()?),
        },
        _ => return Err(OtherForm.into()),
    })
}

/// What no script reads of a challenge.
#[derive(Serialize, Deserialize)]
pub(super) struct ChallengeRest(ChallengeId, Subject, HostName, String, Aim, Timestamp);

impl ChallengeRest {
    pub(super) fn of(challenge: &Challenge) -> Self {
        Self(
            challenge.id,
            challenge.subject,
            challenge.host.clone(),
            challenge.destination.clone(),
            challenge.aim.clone(),
            challenge.created_at,
        )
    }
}

/// A challenge as every script tells it: the rest, its end, when last sent, how often, guesses, the most of them, when answered.
pub(super) type ToldChallenge = (Vec<u8>, i64, i64, u8, u8, u8, String);

pub(super) fn challenge(told: ToldChallenge) -> Result<Challenge, Cause> {
    let (rest, expires_at, sent_at, sends, attempts, max_attempts, consumed_at) = told;
    let ChallengeRest(id, subject, host, destination, aim, created_at) = from_json(&rest)?;
    let consumed_at = match consumed_at.as_str() {
        "" => None,
        at => Some(Timestamp::from_millis(at.parse()?)),
    };
    Ok(Challenge {
        id,
        subject,
        host,
        destination,
        aim,
        created_at,
        expires_at: Timestamp::from_millis(expires_at),
        sent_at: Timestamp::from_millis(sent_at),
        sends,
        attempts,
        max_attempts: max_attempts.try_into()?,
        consumed_at,
    })
}

/// A ticket.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptTicket {
    pub(super) session: SessionId,
    pub(super) host: HostName,
    browser: [u8; 32],
    pub(super) return_to: ReturnTo,
    pub(super) expires_at: Timestamp,
}

impl KeptTicket {
    /// The ticket without its token, which is its name.
    pub(super) fn of(ticket: NewTicket) -> (TicketHash, Self) {
        let kept = Self {
            session: ticket.session,
            host: ticket.host,
            browser: *ticket.browser.as_bytes(),
            return_to: ticket.return_to,
            expires_at: ticket.expires_at,
        };
        (ticket.token, kept)
    }

    /// Whether it is for this host and this browser, and not over.
    pub(super) fn is_good(&self, host: &HostName, browser: &TicketBrowser, now: Timestamp) -> bool {
        self.host == *host
            && TicketBrowser::from_bytes(self.browser) == *browser
            && self.expires_at > now
    }
}

/// What no script reads of a permit.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptPermit(Permitted, HostName, ReturnTo, Timestamp);

impl From<Permit> for KeptPermit {
    fn from(permit: Permit) -> Self {
        Self(permit.allows, permit.host, permit.return_to, permit.expires_at)
    }
}

impl From<KeptPermit> for Permit {
    fn from(KeptPermit(allows, host, return_to, expires_at): KeptPermit) -> Self {
        Self { allows, host, return_to, expires_at }
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<Vec<u8>, Cause> {
    Ok(serde_json::to_vec(value)?)
}

pub(super) fn from_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Cause> {
    Ok(serde_json::from_slice(text)?)
}
