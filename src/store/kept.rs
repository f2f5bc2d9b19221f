//! How long, and how much, every durable store keeps.

use std::time::Duration;

/// How long a device is kept that nobody uses.
pub(super) const DEVICE_UNUSED: Duration = Duration::from_secs(90 * 86_400);

/// How long the audit remembers.
pub(super) const AUDIT_KEPT: Duration = Duration::from_secs(90 * 86_400);

/// The most names whose wrong passwords are remembered: a flood of names that nobody has fills some 20 MB, and
/// pushes the oldest out only after far longer than the longest wait.
pub(super) const MOST_PASSWORD_FAILURES: i64 = 200_000;
