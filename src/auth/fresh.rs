//! The fresh gate: what guards an account is changed only by somebody who has just shown both factors (S36).

use std::time::Duration;

use crate::domain::id::SessionId;
use crate::domain::session::{Method, Session};
use crate::domain::time::Timestamp;

use super::sessions::SignedIn;

/// How long a sign-in is fresh.
pub const FRESH_FOR: Duration = Duration::from_secs(5 * 60);

/// The right to change what guards the account of one session. Only [`gate`] makes it.
#[derive(Clone, Copy, Debug)]
pub struct Fresh<'a> {
    session: &'a Session,
}

impl<'a> Fresh<'a> {
    /// The session that was signed in just now.
    pub(super) const fn session(self) -> &'a Session {
        self.session
    }

    /// Its name.
    pub const fn id(self) -> SessionId {
        self.session.id
    }
}

/// What stands between a session and a change of what guards its account.
#[derive(Clone, Copy, Debug)]
pub enum Gate<'a> {
    /// Nothing.
    Open(Fresh<'a>),
    /// A code; the password was shown just now. A trusted device does not stand in for it.
    SecondFactor,
    /// The whole sign-in, because it is too long ago or had no password.
    Again,
}

/// Whether `signed_in` has shown both factors within [`FRESH_FOR`].
pub fn gate(signed_in: &SignedIn, now: Timestamp) -> Gate<'_> {
    of(&signed_in.session, now)
}

fn of(session: &Session, now: Timestamp) -> Gate<'_> {
    let recent = now.since(session.authenticated_at) <= FRESH_FOR;
    if !recent || !session.methods.has(Method::Password) {
        Gate::Again
    } else if session.methods.has_code() {
        Gate::Open(Fresh { session })
    } else {
        Gate::SecondFactor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::Epoch;
    use crate::domain::client::Client;
    use crate::domain::entropy::OsEntropy;
    use crate::domain::id::{AccountId, FamilyId};
    use crate::domain::session::Methods;

    const SIGNED_IN: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn session(methods: &[Method]) -> Session {
        let id = SessionId::generate(&OsEntropy, SIGNED_IN);
        Session {
            id,
            family: FamilyId::begun_by(id),
            account: AccountId::generate(&OsEntropy, SIGNED_IN),
            epoch: Epoch(0),
            host: "wiki.example".parse().unwrap(),
            methods: Methods::new(methods.iter().copied()),
            authenticated_at: SIGNED_IN,
            created_at: SIGNED_IN,
            seen_at: SIGNED_IN,
            expires_at: SIGNED_IN + Duration::from_secs(43_200),
            idle: Duration::from_secs(3600),
            remembered: false,
            client: Client { address: "192.0.2.1".parse().unwrap(), user_agent: "x".into() },
        }
    }

    fn name(gate: Gate<'_>) -> &'static str {
        match gate {
            Gate::Open(_) => "open",
            Gate::SecondFactor => "second factor",
            Gate::Again => "again",
        }
    }

    #[test]
    fn s36_both_factors_open_it_for_five_minutes_to_the_millisecond() {
        use Method::{BackupCode, MailCode, Password, TrustedDevice};
        for (methods, just_now) in [
            (&[Password, MailCode][..], "open"),
            (&[Password, BackupCode], "open"),
            (&[Password, MailCode, TrustedDevice], "open"),
            (&[Password, TrustedDevice], "second factor"),
            (&[Password], "second factor"),
            (&[MailCode], "again"),
            (&[], "again"),
        ] {
            let session = session(methods);
            let last = SIGNED_IN + FRESH_FOR;
            assert_eq!(name(of(&session, SIGNED_IN)), just_now, "{methods:?}");
            assert_eq!(name(of(&session, last)), just_now, "{methods:?}");
            let over = last + Duration::from_millis(1);
            assert_eq!(name(of(&session, over)), "again", "{methods:?}");
        }
    }
}
