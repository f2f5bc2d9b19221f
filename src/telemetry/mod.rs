//! What operators see: metrics, logs, health, and the admin listener's answers.
//!
//! Nothing here holds a user, an address, a path or a secret (S12, S55): labels are enums, fields are bounded.

pub mod admin;
pub mod health;
pub mod labels;
pub mod logs;
pub mod metrics;
