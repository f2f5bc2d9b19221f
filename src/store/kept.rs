//! What every durable store keeps alike: how long, how much, and under which name.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::PasswordFailures;
use crate::domain::budget::DelayRule;
use crate::domain::time::Timestamp;

/// How long a device is kept that nobody uses.
pub(super) const DEVICE_UNUSED: Duration = Duration::from_secs(90 * 86_400);

/// How long the audit remembers.
pub(super) const AUDIT_KEPT: Duration = Duration::from_secs(90 * 86_400);

/// The most names whose wrong passwords are remembered: a flood of names that nobody has fills some 20 MB, and
/// pushes the oldest out only after far longer than the longest wait.
pub(super) const MOST_PASSWORD_FAILURES: i64 = 200_000;

/// How many of a device's former tokens are kept, to know a copy by.
pub(super) const FORMER_TOKENS: i64 = 64;

/// How long an owner who was told that the budget is spent is not told again.
pub(super) const TOLD_FOR: Duration = Duration::from_secs(86_400);

/// What the wrong passwords of `key` are kept under: of one size, and nothing that somebody typed.
pub(super) fn password_failures_under(key: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"doorward password failures\0");
    hasher.update(key);
    hasher.finalize().into()
}

/// Wrong passwords in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct WrongPasswords {
    pub(super) count: u32,
    pub(super) last_at: Timestamp,
    pub(super) next_try: Timestamp,
}

impl WrongPasswords {
    /// One more at `now`, after those that are kept, and what its owner is told. A clock that was put back shortens no wait.
    pub(super) fn one_more(
        kept: Option<Self>,
        rule: DelayRule,
        now: Timestamp,
    ) -> (Self, PasswordFailures) {
        let kept = kept.filter(|kept| now < kept.last_at + rule.forgotten_after);
        let before = kept.unwrap_or(Self { count: 0, last_at: now, next_try: now });
        let count = before.count.saturating_add(1);
        let next_try = before.next_try.max(now + rule.wait_after(count));
        let now = Self { count, last_at: before.last_at.max(now), next_try };
        (now, PasswordFailures { count, next_try, taken_from: before.next_try })
    }
}
