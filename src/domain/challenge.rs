//! A half-signed-in browser: a code is on its way, and nothing is open yet.

use std::num::NonZeroU8;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::Epoch;
use super::host::HostName;
use super::id::{AccountId, ChallengeId};
use super::mail::SealedMail;
use super::secret::{CodeMac, FlowHash, LinkTokenHash};
use super::time::Timestamp;

pub use super::aim::{Aim, CodeForm, Grant, Purpose};

/// Whom a challenge is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An account, or a registration that is to be one, in the epoch that it had.
    Account {
        /// Whose code it is.
        id: AccountId,
        /// Its epoch then; a later one spends the challenge.
        epoch: Epoch,
    },
    /// Nobody: the name that was typed has no account, or the address is another's. It behaves like any other and never
    /// succeeds (S26).
    Decoy {
        /// Whom it would be about.
        stands_for: AccountId,
    },
}

impl Subject {
    /// Whether it is nobody.
    pub const fn is_decoy(self) -> bool {
        matches!(self, Self::Decoy { .. })
    }

    /// The account that it is about, or would be.
    pub const fn id(self) -> AccountId {
        match self {
            Self::Account { id, .. } => id,
            Self::Decoy { stands_for } => stands_for,
        }
    }
}

/// A challenge as a store keeps it, without the MAC of its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Its name in logs and audit.
    pub id: ChallengeId,
    /// Whom it is about.
    pub subject: Subject,
    /// The site that it belongs to.
    pub host: HostName,
    /// Where the code went, masked, for the page.
    pub destination: String,
    /// What answering it gives.
    pub aim: Aim,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When the present code ends.
    pub expires_at: Timestamp,
    /// When the present code was sent.
    pub sent_at: Timestamp,
    /// How many codes were sent, the first included.
    pub sends: u8,
    /// How many guesses were counted.
    pub attempts: u8,
    /// How many guesses there are.
    pub max_attempts: NonZeroU8,
    /// When it was answered, if it was.
    pub consumed_at: Option<Timestamp>,
}

/// How a challenge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeState {
    /// A code can be typed.
    Pending {
        /// The guesses that are left.
        attempts_left: NonZeroU8,
    },
    /// The code's time is over. A new one can be sent.
    Expired,
    /// All guesses are used. Only a new sign-in helps.
    Exhausted,
    /// It was answered.
    Consumed,
}

impl Challenge {
    /// What its codes are for.
    pub const fn purpose(&self) -> Purpose {
        self.aim.purpose()
    }

    /// How it stands at `now`. Being consumed is told before being exhausted, and that before having expired.
    pub fn state(&self, now: Timestamp) -> ChallengeState {
        if self.consumed_at.is_some() {
            return ChallengeState::Consumed;
        }
        match NonZeroU8::new(self.max_attempts.get().saturating_sub(self.attempts)) {
            None => ChallengeState::Exhausted,
            Some(_) if now >= self.expires_at => ChallengeState::Expired,
            Some(attempts_left) => ChallengeState::Pending { attempts_left },
        }
    }
}

/// The other way to answer a challenge: the link in the same mail. Its token finishes only in the browser that asked;
/// opened elsewhere it shows a relay code to type there (S17).
#[derive(Clone, Debug)]
pub struct NewLink {
    /// What the link's token hashes to.
    pub token: LinkTokenHash,
    /// The MAC of the relay code, which is as good as the code.
    pub relay: CodeMac,
}

/// A challenge about to be opened.
#[derive(Clone, Debug)]
pub struct NewChallenge {
    /// The hash of the browser's secret, under which it is found.
    pub flow: FlowHash,
    /// The challenge.
    pub challenge: Challenge,
    /// The MAC of its code.
    pub code: CodeMac,
    /// Its link.
    pub link: NewLink,
    /// The mail that carries the code. A decoy has none, or one that tells the owner of the address (S25).
    pub mail: Option<SealedMail>,
}

/// A new code for a challenge that stands.
#[derive(Clone, Debug)]
pub struct Reissue {
    /// The MAC of the new code.
    pub code: CodeMac,
    /// The new link.
    pub link: NewLink,
    /// The mail that carries it; none for a decoy.
    pub mail: Option<SealedMail>,
    /// When the new code ends.
    pub expires_at: Timestamp,
}

/// When a further code may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResendRule {
    /// How long to wait after the first code; doubled after each further one (R2).
    pub cool_down: Duration,
    /// How many codes a challenge may send, the first included.
    pub max_sends: NonZeroU8,
}

/// Whether a further code may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend {
    /// Now.
    Allowed,
    /// At that instant.
    Wait {
        /// When the cool-down ends.
        until: Timestamp,
    },
    /// No more for this challenge.
    NoneLeft,
    /// The challenge is answered or exhausted.
    Over,
}

impl ResendRule {
    /// Whether `challenge` may send again at `now`. An expired code may be replaced; a spent challenge may not.
    pub fn check(&self, challenge: &Challenge, now: Timestamp) -> Resend {
        match challenge.state(now) {
            ChallengeState::Consumed | ChallengeState::Exhausted => return Resend::Over,
            ChallengeState::Pending { .. } | ChallengeState::Expired => {}
        }
        if challenge.sends >= self.max_sends.get() {
            return Resend::NoneLeft;
        }
        let doublings = u32::from(challenge.sends.saturating_sub(1)).min(16);
        let until = challenge.sent_at + self.cool_down * 2_u32.pow(doublings);
        if now < until { Resend::Wait { until } } else { Resend::Allowed }
    }
}

/// What came of asking for a further code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reissued {
    /// It is in the outbox; the code before it is void (S9).
    Sent(Box<Challenge>),
    /// Not now; why is in [`Resend`], which is never `Allowed` here.
    Refused(Resend),
    /// This browser has no challenge.
    Unknown,
}

/// What came of a guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// It was right, and the challenge is spent.
    Accepted(Box<Challenge>),
    /// It was wrong.
    Wrong {
        /// The guesses that are left.
        attempts_left: NonZeroU8,
    },
    /// It was wrong, and was the last.
    WrongAndExhausted,
    /// The code's time is over; the guess was neither counted nor compared (S8).
    Expired,
    /// No guesses were left; it was not compared (S3).
    Exhausted,
    /// It was answered before (S1).
    Spent,
    /// This browser has no challenge for this purpose (S6, S7).
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entropy::OsEntropy;
    use crate::domain::return_to::ReturnTo;

    fn challenge(sends: u8) -> Challenge {
        let now = Timestamp::from_millis(0);
        Challenge {
            id: ChallengeId::generate(&OsEntropy, now),
            subject: Subject::Decoy { stands_for: AccountId::generate(&OsEntropy, now) },
            host: "a.example".parse().unwrap(),
            destination: "a•••@x".into(),
            aim: Aim::Reset { return_to: ReturnTo::front_page() },
            created_at: now,
            expires_at: now + Duration::from_secs(600),
            sent_at: now,
            sends,
            attempts: 0,
            max_attempts: NonZeroU8::new(5).unwrap(),
            consumed_at: None,
        }
    }

    #[test]
    fn s10_the_cool_down_doubles_and_is_exact() {
        let rule = ResendRule {
            cool_down: Duration::from_secs(30),
            max_sends: NonZeroU8::new(3).unwrap(),
        };
        let at = |secs: i64| Timestamp::from_millis(secs * 1000);
        assert_eq!(rule.check(&challenge(1), at(29)), Resend::Wait { until: at(30) });
        assert_eq!(rule.check(&challenge(1), at(30)), Resend::Allowed);
        assert_eq!(rule.check(&challenge(2), at(59)), Resend::Wait { until: at(60) });
        assert_eq!(rule.check(&challenge(2), at(60)), Resend::Allowed);
        assert_eq!(rule.check(&challenge(3), at(599)), Resend::NoneLeft);
    }

    #[test]
    fn s8_a_code_ends_at_the_second_it_says() {
        let pending = challenge(1);
        assert!(matches!(
            pending.state(Timestamp::from_millis(599_999)),
            ChallengeState::Pending { .. }
        ));
        assert_eq!(pending.state(Timestamp::from_millis(600_000)), ChallengeState::Expired);
    }
}
